//! Radars that know heights and radars that do not, on the Earth and on a plane, and objects that coast far along the
//! Earth's curve: the guard is silent on what a run makes of them.

use super::scene::Scene;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use tempfile::TempDir;
use trackweave::export::Format;
use trackweave::fusion::executor::Executor;
use trackweave::guard::{self, Report, inspect};
use trackweave::run::{Request, RunConfig, run};
use trackweave::space::Geodetic;

const SCHEMA: &str = concat!(
    "entity Group;\nentity Partner in [Group] = { owner: String };\n",
    include_str!("../policy/classes.cedarschema"),
    r"action fuse;
action fuse_full, fuse_flat in [fuse] appliesTo { principal: Partner, resource: DetectionClass };
action receive;
action receive_full in [receive] appliesTo { principal: Partner, resource: TrackClass };
"
);

/// Everybody has what is its own; `flatter` has the radar `solid` or `tall` without heights.
const RULES: &str = r#"
@id("own")
permit (principal, action == Action::"fuse_full", resource) when { resource.owner == principal.owner };
@id("without-heights")
permit (principal, action == Action::"fuse_flat", resource)
when { principal.owner == "flatter" && ["solid", "tall"].contains(resource.owner) };
@id("all")
permit (principal, action == Action::"receive_full", resource) when { principal.owner != "" };
"#;

const LEVELS: &str = r#"
fuse = [{ level = "fuse_full" }, { level = "fuse_flat", omit = ["height", "range_rate"] }]
receive = [{ level = "receive_full" }]
"#;

/// Numbers from -1 to 1 of a fixed sequence.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * 0.5 * (self.next() + 1.0)
    }
}

/// What somebody recorded, and how it is fused.
struct World {
    owners: Vec<&'static str>,
    recording: String,
    detections: String,
    config: RunConfig,
}

impl World {
    /// Runs it into `folder`.
    fn make(&self, folder: &Path) {
        self.make_with(folder, [SCHEMA, RULES, LEVELS], &[]);
    }

    fn make_with(&self, folder: &Path, [schema, rules, levels]: [&str; 3], formats: &[Format]) {
        let partners = self.owners.iter().fold(String::new(), |mut text, owner| {
            write!(text, "[[partner]]\nid = \"{owner}\"\nattributes = {{ owner = \"{owner}\" }}\n").expect("text");
            text
        });
        for (name, text) in [
            ("recording/recording.toml", self.recording.as_str()),
            ("recording/detections.csv", &self.detections),
            ("policy/schema.cedarschema", schema),
            ("policy/partners.toml", &partners),
            ("policy/levels.toml", levels),
            ("policy/rules.cedar", rules),
        ] {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
            fs::write(path, text).expect("a file is written");
        }
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| folder.join(name));
        let request = Request { formats, ..Request::new(&recording, &policy, &out, &self.config) };
        run(&request, Executor::host(), &mut |_| {}).expect("a run");
    }

    /// What the guard says of what was run into `folder`.
    fn report(&self, folder: &Path) -> Report {
        let configuration = serde_json::to_value(&self.config).expect("JSON");
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| folder.join(name));
        let request = guard::Request {
            out: &out,
            policy: &policy,
            recording: &recording,
            configuration: &configuration,
            as_of_us: None,
            label: None,
            calibration: None,
        };
        inspect(&request).expect("the guard does its work")
    }
}

fn scene(make: fn() -> World, kept: &'static OnceLock<TempDir>) -> Scene {
    let folder = kept.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        make().make(folder.path());
        folder
    });
    Scene::of(folder.path(), make().config, None)
}

/// A radar of `tall` with elevations and one of `slant` without, on the Earth.
pub(crate) fn earth() -> Scene {
    static KEPT: OnceLock<TempDir> = OnceLock::new();
    scene(|| Pass::steady(true).world(&mut Dice(3)), &KEPT)
}

/// The same with exports, where `tall` receives coarse places, and neither existence nor velocities, covariances or
/// contributors.
pub(crate) fn exported() -> Scene {
    static KEPT: OnceLock<TempDir> = OnceLock::new();
    let make = || Pass::steady(true).world(&mut Dice(3));
    let folder = KEPT.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let schema = SCHEMA.replace("action receive_full in", "action receive_full, receive_coarse in");
        let rules = RULES.replace("principal.owner != \"\"", "principal.owner == \"slant\"")
            + "@id(\"coarse\")\npermit (principal, action == Action::\"receive_coarse\", resource) when { principal.owner == \"tall\" };";
        let coarse = ", { level = \"receive_coarse\", coarsen_m = 1000, omit = [\"existence\", \"velocity\", \"covariance\", \"contributors\"] }]";
        let levels = LEVELS.replace("\"receive_full\" }]", &format!("\"receive_full\" }}{coarse}"));
        make().make_with(folder.path(), [&schema, &rules, &levels], &Format::ALL);
        folder
    });
    Scene::of(folder.path(), make().config, None)
}

/// A radar of `solid` with elevations and one of `flat` without, on a plane.
pub(crate) fn plane() -> Scene {
    static KEPT: OnceLock<TempDir> = OnceLock::new();
    scene(|| Pass::steady(false).world(&mut Dice(5)), &KEPT)
}

/// An object of `low` 800 km up at 7 km/s, and one of `high` 20,000 km up, each seen for a minute or two.
pub(crate) fn space() -> Scene {
    static KEPT: OnceLock<TempDir> = OnceLock::new();
    scene(|| in_space(&mut Dice(7), [[800e3, 7000.0, 1.5], [20_000e3, 3900.0, 0.6]], 900.5), &KEPT)
}

fn config(replaced: &[(&str, &str)]) -> RunConfig {
    let text = replaced.iter().fold(include_str!("../../data/config/air.toml").to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replace(from, to)
    });
    RunConfig::parse(&text, Path::new("test")).expect("a configuration")
}

/// A flight past two radars at one site.
#[derive(Clone, Copy, Debug)]
struct Pass {
    earth: bool,
    latitude_deg: f64,
    height_m: f64,
    speed_m_s: f64,
    /// How far ahead it begins, and how far aside it passes.
    from_m: [f64; 2],
    look_s: f64,
    looks: u32,
    sigma: [f64; 3],
    detected: f64,
}

impl Pass {
    #[expect(clippy::fn_params_excessive_bools, reason = "on the Earth, or on a plane")]
    fn steady(earth: bool) -> Self {
        Self {
            earth,
            latitude_deg: 50.0,
            height_m: 9000.0,
            speed_m_s: 220.0,
            from_m: [80e3, 25e3],
            look_s: 10.0,
            looks: 60,
            sigma: [50.0, 0.1, 0.2],
            detected: 1.0,
        }
    }

    #[expect(clippy::fn_params_excessive_bools, reason = "on the Earth, or on a plane")]
    fn random(dice: &mut Dice, earth: bool) -> Self {
        Self {
            earth,
            latitude_deg: dice.between(-75.0, 75.0),
            height_m: dice.between(150.0, 14e3),
            speed_m_s: dice.between(60.0, 500.0),
            from_m: [dice.between(5e3, 130e3), dice.between(300.0, 40e3)],
            look_s: dice.between(4.0, 12.0).round(),
            looks: 70,
            sigma: [dice.between(20.0, 200.0), dice.between(0.05, 0.4), dice.between(0.1, 0.6)],
            detected: dice.between(0.6, 1.0),
        }
    }

    /// East, north, up of the site after a time.
    fn enu(&self, site: &Geodetic, time_s: f64) -> [f64; 3] {
        let [ahead_m, aside_m] = self.from_m;
        let [east, north] = [time_s * self.speed_m_s - ahead_m, aside_m];
        if !self.earth {
            return [east, north, self.height_m - 20.0];
        }
        // Along a parallel, at one altitude.
        let metre = 360.0 / 40_030_000.0;
        let latitude_deg = site.latitude_deg + north * metre;
        let longitude_deg = site.longitude_deg + east * metre / site.latitude_deg.to_radians().cos();
        let at = Geodetic { latitude_deg, longitude_deg, altitude_m: self.height_m }.ecef();
        let [x, y, z] = site.ecef();
        site.enu_axes().map(|[a, b, c]| a * (at[0] - x) + b * (at[1] - y) + c * (at[2] - z))
    }

    fn world(&self, dice: &mut Dice) -> World {
        let site = Geodetic { latitude_deg: self.latitude_deg, longitude_deg: 10.0, altitude_m: 120.0 };
        let (frame, place, names) = if self.earth {
            let place = format!("latitude_deg = {:?}, longitude_deg = 10.0, altitude_m = 120.0", self.latitude_deg);
            ("geodetic", place, ["tall", "slant"])
        } else {
            ("local", "x_m = 0.0, y_m = 0.0, z_m = 20.0".to_owned(), ["solid", "flat"])
        };
        let [range_m, azimuth_deg, elevation_deg] = self.sigma;
        let look_s = self.look_s;
        let mut recording = format!("name = \"pass\"\nframe = \"{frame}\"\ntime = \"seconds\"\n");
        for (name, heights) in names.iter().zip([true, self.earth]) {
            let heights = if heights { ", height_m = [0.0, 15000.0]" } else { "" };
            write!(
                recording,
                "[[sensor]]\nname = \"{name}\"\nowner = \"{name}\"\nkind = \"radar\"\nsite = {{ {place} }}\n\
                 noise = {{ range_m = {range_m:?}, azimuth_deg = {azimuth_deg:?}, elevation_deg = {elevation_deg:?} }}\n\
                 detection_probability = 0.9\nclutter_per_scan = 0.1\nscan_period_s = {look_s:?}\n\
                 coverage = {{ range_m = [10.0, 160000.0]{heights} }}\n"
            )
            .expect("text");
        }
        let mut detections = "time,sensor,range_m,azimuth_deg,elevation_deg\n".to_owned();
        for look in 0..self.looks {
            let time_s = (f64::from(look) + 0.4) * look_s;
            let [east, north, up] = self.enu(&site, time_s);
            let ground = east.hypot(north);
            for (number, name) in names.iter().enumerate() {
                // Noise of a flat top, with the variance that is said.
                let [a, b, c] = [dice.next(), dice.next(), dice.next()].map(|x| x * 3f64.sqrt());
                if dice.between(0.0, 1.0) > self.detected {
                    continue;
                }
                let range = if self.earth || number == 0 { ground.hypot(up) } else { ground } + a * range_m;
                let azimuth = (east.atan2(north).to_degrees() + b * azimuth_deg).rem_euclid(360.0);
                let elevation = (up.atan2(ground).to_degrees() + c * elevation_deg).min(90.0);
                let elevation = if number == 0 { elevation.to_string() } else { String::new() };
                writeln!(detections, "{time_s},{name},{range},{azimuth},{elevation}").expect("text");
            }
        }
        let config = config(&[
            ("horizontal = 400.0", "horizontal = 20.0"),
            ("initial_per_km2 = 0.001", "initial_per_km2 = 0.01"),
            ("position_sigma_max_m = 5000.0", "position_sigma_max_m = 50000.0"),
        ]);
        World { owners: vec![names[0], names[1], "flatter"], recording, detections, config }
    }
}

/// Objects that are seen from close below for a minute, and coast until something else is seen. Of each: height, speed, and
/// its course, radians from east.
fn in_space(dice: &mut Dice, objects: [[f64; 3]; 2], last_s: f64) -> World {
    let mut recording = "name = \"space\"\nframe = \"geodetic\"\ntime = \"seconds\"\n".to_owned();
    let mut rows = Vec::new();
    for (name, [height_m, speed_m_s, course]) in ["low", "high"].into_iter().zip(objects) {
        write!(
            recording,
            "[[sensor]]\nname = \"{name}\"\nowner = \"{name}\"\nkind = \"position\"\n\
             noise = {{ horizontal_m = 50.0, vertical_m = 50.0 }}\ndetection_probability = 0.5\n\
             clutter_per_scan = 0.001\nscan_period_s = 1.0\n\
             coverage = {{ longitude_deg = [0.0, 5.0], latitude_deg = [0.0, 5.0], height_m = [0.0, 40000000.0] }}\n"
        )
        .expect("text");
        // It is seen for a minute, until it is nearly out of what is covered, which it then leaves.
        let (ahead, aside) = (course.cos(), course.sin());
        // High up its five degrees are wider than on the ground.
        let edge_m = 274e3 * (1.0 + height_m / 6.371e6);
        let first_m = edge_m / ahead.abs().max(aside.abs()) - 60.0 * speed_m_s;
        let middle = Geodetic { latitude_deg: 2.5, longitude_deg: 2.5, altitude_m: height_m };
        let ([east, north, _], at) = (middle.enu_axes(), middle.ecef());
        for look in 0..60 {
            let time_s = f64::from(look) + 0.5;
            let way_m = [ahead, aside].map(|part| part * (first_m + speed_m_s * time_s));
            let seen = [0, 1, 2].map(|k| at[k] + way_m[0] * east[k] + way_m[1] * north[k] + 80.0 * dice.next());
            rows.push((time_s, name, Geodetic::from_ecef(seen)));
        }
        rows.push((last_s, name, Geodetic { latitude_deg: 4.0, longitude_deg: 4.0, altitude_m: 50e3 }));
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut detections = "time,sensor,latitude_deg,longitude_deg,altitude_m\n".to_owned();
    for (time_s, name, Geodetic { latitude_deg, longitude_deg, altitude_m }) in rows {
        writeln!(detections, "{time_s},{name},{latitude_deg},{longitude_deg},{altitude_m}").expect("text");
    }
    let config = config(&[
        ("horizontal = 400.0", "horizontal = 100.0"),
        ("vertical = 10.0", "vertical = 100.0"),
        ("initial_per_km2 = 0.001", "initial_per_km2 = 1e-6"),
        ("births_per_km2_h = 0.002", "births_per_km2_h = 1e-6"),
        ("position_sigma_max_m = 5000.0", "position_sigma_max_m = 1000000.0"),
        ("\ncell_km = 10.0", "\ncell_km = 50.0"),
        ("speed_m_s = 150.0", "speed_m_s = 7000.0"),
        ("climb_m_s = 8.0", "climb_m_s = 100.0"),
    ]);
    World { owners: vec!["low", "high"], recording, detections, config }
}

#[test]
fn steady_passes_and_long_coasts_raise_no_alarm() {
    for (scene, least) in [(earth(), 100), (plane(), 100), (space(), 100)] {
        assert_eq!(scene.breaches(), []);
        let partners = fs::read_dir(scene.out()).expect("the output").map(|entry| entry.expect("an entry").path());
        let tables = partners.map(|folder| folder.join("tracks.parquet")).filter(|table| table.exists());
        let rows: usize = tables.map(|table| super::scene::read(&table).num_rows()).sum();
        assert!(rows > least, "{rows} rows: too few to say anything");
    }
}

#[test]
fn random_passes_of_radars_raise_no_alarm() {
    let mut rows = 0;
    for number in 0..16 {
        let mut dice = Dice(1000 + number);
        let pass = Pass::random(&mut dice, number % 2 == 0);
        let world = pass.world(&mut dice);
        let folder = tempfile::tempdir().expect("a folder");
        world.make(folder.path());
        let report = world.report(folder.path());
        assert_eq!((report.breaches, report.undecided), (Vec::new(), 0), "{number}: {pass:?}");
        rows += report.rows;
    }
    assert!(rows > 1500, "{rows} rows: too few to say anything");
}

#[test]
fn random_coasts_in_space_raise_no_alarm() {
    let mut rows = 0;
    for number in 0..8 {
        let mut dice = Dice(2000 + number);
        let objects = [(); 2].map(|()| {
            let height_m = 10f64.powf(dice.between(5.3, 7.55));
            [height_m, dice.between(2500.0, 7500.0), dice.between(0.0, 1.5)]
        });
        let world = in_space(&mut dice, objects, 61.5 + 150.0 * number as f64);
        let folder = tempfile::tempdir().expect("a folder");
        world.make(folder.path());
        let report = world.report(folder.path());
        assert_eq!((report.breaches, report.undecided), (Vec::new(), 0), "{number}: {objects:?}");
        rows += report.rows;
    }
    assert!(rows > 300, "{rows} rows: too few to say anything");
}
