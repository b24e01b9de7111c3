//! What radars are off by, from a recording of a world that is simulated here, through fusion, logs and the program: found,
//! segment by segment, by nothing but what each segment may have.

use std::f64::consts::TAU;
use std::fmt::Write;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use trackweave::calibrate::{Asked, Offset, Quantity, Registered, Standing};
use trackweave::fusion::executor::Executor;
use trackweave::ingest::{Detections, Options, Order, Recording};
use trackweave::run::{Calibration, Request, RunConfig, RunError, Segment, calibrate, fuse_lanes, run};

#[path = "common/guarded.rs"]
mod guarded;

/// What a radar says too much of range, azimuth in degrees, elevation in degrees and time.
type Off = [f64; 4];

struct Radar {
    name: &'static str,
    owner: &'static str,
    site_m: [f64; 3],
    first_s: f64,
    off: Off,
}

const PERIOD_S: f64 = 6.0;
const SIGMA: [f64; 3] = [50.0, 0.1, 0.15];

const RADARS: [Radar; 3] = [
    Radar { name: "hill", owner: "ash", site_m: [0.0, 0.0, 50.0], first_s: 0.3, off: [0.0; 4] },
    Radar { name: "coast", owner: "beech", site_m: [60e3, 5e3, 80.0], first_s: 1.9, off: [200.0, 0.3, 0.0, 0.5] },
    Radar { name: "moor", owner: "cedar", site_m: [25e3, 55e3, 20.0], first_s: 4.4, off: [-80.0, -0.2, 0.1, 0.0] },
];

/// Ash has all, beech its own and cedar's, cedar its own alone.
const RULES: &str = r#"
@id("ash") permit (principal == Partner::"ash", action == Action::"fuse_full", resource);
@id("beech") permit (principal == Partner::"beech", action == Action::"fuse_full", resource) when { resource.owner != "ash" };
@id("cedar") permit (principal == Partner::"cedar", action == Action::"fuse_full", resource) when { resource.owner == "cedar" };
@id("rows") permit (principal, action == Action::"receive_full", resource);
"#;

/// Random numbers: SplitMix64, and Box and Muller's normal ones.
struct Chance(u64);

impl Chance {
    fn even(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.even()
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.even()).ln()).sqrt() * (TAU * self.even()).cos()
    }
}

/// Rows of a recording, each with its time: objects that fly for five minutes, and false detections.
fn rows(seed: u64, objects: usize) -> Vec<(f64, String)> {
    world(seed, objects).0
}

/// The same, and where objects truly are, every ten seconds.
fn world(seed: u64, objects: usize) -> (Vec<(f64, String)>, String) {
    const STEP_S: f64 = 0.1;
    let mut chance = Chance(seed);
    let (mut rows, mut truth) = (Vec::new(), vec![String::new(); 30]);
    for object in 0..objects {
        let (course, speed) = (chance.between(0.0, TAU), chance.between(120.0, 250.0));
        let mut at = [chance.between(-10e3, 70e3), chance.between(-10e3, 70e3), chance.between(4e3, 11e3)];
        let mut velocity = [speed * course.sin(), speed * course.cos(), 0.0];
        for step in 0..3_000_usize {
            let time_s = step as f64 * STEP_S;
            if step % 100 == 0 {
                let [x, y, z] = at;
                writeln!(truth[step / 100], "{time_s:.1},{object},{x:.3},{y:.3},{z:.3}").expect("text");
            }
            for radar in &RADARS {
                let phase = ((time_s - radar.first_s) / STEP_S).round();
                if phase >= 0.0 && phase % (PERIOD_S / STEP_S).round() < 0.5 && chance.even() < 0.9 {
                    rows.push(row(&mut chance, radar, time_s, at));
                }
            }
            for (k, q) in [0.5_f64, 0.5, 0.01].into_iter().enumerate() {
                at[k] += STEP_S * velocity[k];
                velocity[k] += (q * STEP_S).sqrt() * chance.normal();
            }
        }
    }
    for radar in &RADARS {
        for look in 0..50 {
            let time_s = radar.first_s + f64::from(look) * PERIOD_S;
            let [range, azimuth, elevation] =
                [chance.between(5e3, 9e4), chance.between(0.0, 360.0), chance.between(1.0, 9.0)];
            rows.push((time_s, format!("{},{range:.3},{azimuth:.6},{elevation:.6}", radar.name)));
        }
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    (rows, "time,object,x_m,y_m,z_m\n".to_owned() + &truth.concat())
}

fn row(chance: &mut Chance, radar: &Radar, time_s: f64, at: [f64; 3]) -> (f64, String) {
    let [x, y, z]: [f64; 3] = std::array::from_fn(|k| at[k] - radar.site_m[k]);
    let ground = x.hypot(y);
    let [range, azimuth, elevation] = [ground.hypot(z), x.atan2(y).to_degrees(), z.atan2(ground).to_degrees()];
    let range = range + radar.off[0] + SIGMA[0] * chance.normal();
    let azimuth = (azimuth + radar.off[1] + SIGMA[1] * chance.normal()).rem_euclid(360.0);
    let elevation = elevation + radar.off[2] + SIGMA[2] * chance.normal();
    (time_s + radar.off[3], format!("{},{range:.3},{azimuth:.6},{elevation:.6}", radar.name))
}

struct Scene {
    folder: TempDir,
    config: RunConfig,
}

impl Scene {
    fn new(rows: &[(f64, String)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let scene = Self { folder, config: RunConfig::air().expect("it is built in") };
        let mut toml = "name = \"three radars\"\nframe = \"local\"\ntime = \"seconds\"\n".to_owned();
        for Radar { name, owner, site_m: [x, y, z], .. } in &RADARS {
            writeln!(
                toml,
                "[[sensor]]\nname = \"{name}\"\nowner = \"{owner}\"\nkind = \"radar\"\n\
                 site = {{ x_m = {x:.1}, y_m = {y:.1}, z_m = {z:.1} }}\n\
                 noise = {{ range_m = 50.0, azimuth_deg = 0.1, elevation_deg = 0.15 }}\ndetection_probability = 0.9\n\
                 clutter_per_scan = 1.0\nscan_period_s = {PERIOD_S:.1}\n\
                 coverage = {{ range_m = [500.0, 200000.0], height_m = [0.0, 15000.0] }}"
            )
            .expect("text");
        }
        scene.write("recording/recording.toml", &toml);
        scene.detect(rows);
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo/policy");
        for name in ["schema.cedarschema", "levels.toml"] {
            scene.write(&format!("policy/{name}"), &fs::read_to_string(demo.join(name)).expect("a file"));
        }
        let partners = "partner = [{ id = \"ash\" }, { id = \"beech\" }, { id = \"cedar\" }]\n";
        scene.write("policy/partners.toml", partners);
        scene.write("policy/rules.cedar", RULES);
        scene
    }

    fn detect(&self, rows: &[(f64, String)]) {
        let mut text = "time,sensor,range_m,azimuth_deg,elevation_deg\n".to_owned();
        for (time_s, row) in rows {
            writeln!(text, "{time_s:.6},{row}").expect("text");
        }
        self.write("recording/detections.csv", &text);
    }

    /// Adds a key to the entry of each sensor for which there is one.
    fn declare(&self, key: impl Fn(&str) -> Option<String>) {
        let toml = fs::read_to_string(self.path("recording/recording.toml")).expect("a catalogue");
        let line = |line: &str| {
            let named = line.strip_prefix("name = \"").and_then(|rest| rest.strip_suffix('"'));
            let added = named.and_then(&key).map_or_else(String::new, |key| format!("{key}\n"));
            format!("{line}\n{added}")
        };
        self.write("recording/recording.toml", &toml.lines().map(line).collect::<String>());
    }

    /// All detections, in the order of the file.
    fn read(&self) -> Result<Detections, String> {
        let options = Options { strict: true, rows_per_batch: 1 << 20, order: Order::Any };
        let read = || Recording::open(&self.path("recording"))?.reader(options)?.next_batch();
        read().map(|batch| batch.expect("rows")).map_err(|error| error.to_string())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
        fs::write(path, text).expect("a file is written");
    }

    fn try_calibrate(&self, policy: Option<&str>, asked: Asked<'_>) -> Result<Calibration, String> {
        let logs = self.path("logs");
        // Those of another recording are in nobody's way.
        let _ = fs::remove_dir_all(&logs);
        let (recording, policy) = (self.path("recording"), policy.map(|name| self.path(name)));
        let request = match &policy {
            Some(policy) => Request::new(&recording, policy, &logs, &self.config),
            None => Request::without_policy(&recording, &logs, &self.config),
        };
        let mut watch = |_| ControlFlow::Continue(());
        let text = |error: RunError| error.to_string();
        fuse_lanes(&request, None, &Executor::host(), &mut watch).map_err(text)?;
        calibrate(&request, &[&logs], asked, &mut watch).map_err(text)
    }

    fn calibrate(&self, policy: Option<&str>, asked: Asked<'_>) -> Calibration {
        self.try_calibrate(policy, asked).unwrap_or_else(|error| panic!("{error}"))
    }
}

fn of<'a>(segment: &'a Segment, sensor: &str) -> &'a Registered {
    let found = segment.found.sensors.iter().find(|found| found.sensor == sensor);
    found.unwrap_or_else(|| panic!("no {sensor}: {segment:?}"))
}

fn of_partner<'a>(found: &'a Calibration, partner: &str) -> &'a Segment {
    let is_of = |segment: &&Segment| segment.partners.iter().any(|id| id == partner);
    found.segment.iter().find(is_of).expect("a segment")
}

/// Seeds of the test; `SEEDS` in the environment asks for others.
fn seeds() -> u64 {
    std::env::var("SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

#[test]
fn what_radars_are_off_by_is_found_through_fusion() {
    let hill = Asked { reference: Some("hill"), sites: false };
    let (mut within, mut squares, mut told) = (0, 0.0, 0_u32);
    for seed in 0..seeds() {
        let found = Scene::new(&rows(seed, 30)).calibrate(None, hill);
        let [segment] = &found.segment[..] else { panic!("{found:?}") };
        assert_eq!(segment.found.refused, None, "{seed}");
        let mut all = true;
        for radar in &RADARS {
            let Registered { offsets, is_reference, detections, .. } = of(segment, radar.name);
            assert_eq!((*is_reference, *detections > 500), (radar.name == "hill", true), "{seed}: {detections}");
            for (Offset { value, error, standing, .. }, truth) in offsets.iter().zip(radar.off) {
                let (Some(value), Some(error)) = (value, error) else { continue };
                let off = (value - truth) / error;
                (squares, told) = (squares + off * off, told + 1);
                all &= off.abs() <= 3.0;
                assert!(truth.abs() < 1e-9 || *standing == Standing::Significant, "{seed}: {segment:?}");
            }
        }
        within += u64::from(all);
        if seed == 0 || !all {
            println!("{seed}: {segment:#?}");
        }
    }
    println!("{within} of {}; mean square of errors {:.2}", seeds(), squares / f64::from(told));
    assert!(within * 100 >= 97 * seeds(), "{within}");
}

#[test]
fn a_segment_is_told_by_its_own_detections_alone() {
    let all = rows(3, 20);
    let scene = Scene::new(&all);
    let found = scene.calibrate(Some("policy"), Asked::default());
    let (beech, cedar) = (of_partner(&found, "beech"), of_partner(&found, "cedar"));
    assert_eq!(of_partner(&found, "ash").found.sensors.len(), 3);
    let names: Vec<&str> = beech.found.sensors.iter().map(|of| of.sensor.as_str()).collect();
    assert_eq!(names, ["coast", "moor"]);
    assert_eq!(of(beech, "coast").offsets.len(), 4);
    // A sensor alone has no offset that can be seen.
    let alone = of(cedar, "moor");
    assert!(alone.offsets.is_empty() && alone.untold.as_ref().is_some_and(|why| why.contains("alone")), "{alone:?}");
    // Without what ash alone may have, moved or gone, the others' entries are the same, bit for bit.
    let gone: Vec<_> = all.iter().filter(|(_, row)| !row.starts_with("hill")).cloned().collect();
    let moved: Vec<_> = all.iter().map(|(time_s, row)| (*time_s, row.replace("hill,", "hill,9"))).collect();
    for other in [gone, moved] {
        scene.detect(&other);
        let other = scene.calibrate(Some("policy"), Asked::default());
        for partner in ["beech", "cedar"] {
            assert_eq!(of_partner(&other, partner).found, of_partner(&found, partner).found, "{partner}");
        }
    }
}

#[test]
fn the_reference_is_asked_for_and_a_wrong_one_is_named() {
    let scene = Scene::new(&rows(5, 12));
    let found = scene.calibrate(None, Asked { reference: Some("moor"), sites: true });
    let [segment] = &found.segment[..] else { panic!("{found:?}") };
    for Registered { sensor, is_reference, offsets, .. } in &segment.found.sensors {
        assert_eq!(*is_reference, sensor == "moor");
        let asked: Vec<Quantity> = offsets.iter().map(|of| of.quantity).collect();
        assert_eq!(asked, Quantity::ALL, "{sensor}");
        for of in offsets.iter().filter(|of| of.standing == Standing::Reference) {
            assert!(*is_reference && of.value.is_none() && of.error.is_none(), "{of:?}");
        }
        assert!(offsets.iter().flat_map(|of| [of.value, of.error]).flatten().all(f64::is_finite), "{offsets:?}");
    }
    let wrong = scene.try_calibrate(None, Asked { reference: Some("fen"), sites: false });
    let said = wrong.expect_err("no such sensor");
    assert_eq!(said, "the reference is `fen`, wanted one of its sensors: hill, coast, moor");
}

/// The key that takes a radar's offsets off.
fn key(radar: &Radar) -> String {
    let [range, azimuth, elevation, time] = radar.off;
    format!(
        "offsets = {{ range_m = {range:?}, azimuth_deg = {azimuth:?}, elevation_deg = {elevation:?}, time_s = {time:?} }}"
    )
}

#[test]
fn declared_offsets_are_taken_off_before_anything_else() {
    let all = rows(7, 3);
    let scene = Scene::new(&all);
    scene.declare(|name| RADARS.iter().find(|radar| radar.name == name).map(key));
    let found = scene.read().expect("detections");
    // The same rows, put right one by one and written again.
    let right: Vec<(f64, String)> = all
        .iter()
        .map(|(time_s, row)| {
            let cells: Vec<&str> = row.split(',').collect();
            let radar = RADARS.iter().find(|radar| radar.name == cells[0]).expect("a radar");
            let number = |k: usize| cells[k].parse::<f64>().expect("a number") - radar.off[k - 1];
            let azimuth = number(2).rem_euclid(360.0);
            (time_s - radar.off[3], format!("{},{:.9},{azimuth:.12},{:.12}", cells[0], number(1), number(3)))
        })
        .collect();
    let wanted = Scene::new(&right).read().expect("detections");
    assert_eq!((found.time_us, found.sensor), (wanted.time_us, wanted.sensor));
    for (found, wanted) in found.place.iter().zip(&wanted.place) {
        let [a, b] = [found.metres(), wanted.metres()];
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3), "{a:?} {b:?}");
    }
}

#[test]
fn offsets_that_a_sensor_cannot_have_are_named() {
    for (key, said) in [
        (
            "offsets = { east_m = 3.0 }",
            "`offsets` is `east_m`; wanted some of range_m, azimuth_deg, elevation_deg, time_s",
        ),
        ("offsets = { range_m = inf }", "`range_m`"),
        ("offsets = { azimuth_deg = 400.0 }", "an offset, of an angle within 360, else within 1e6"),
        ("looks = \"listed\"\noffsets = { time_s = 1.0 }", "neither time_s nor azimuth_deg"),
    ] {
        let scene = Scene::new(&rows(1, 1));
        scene.declare(|name| (name == "coast").then(|| key.to_owned()));
        let error = scene.read().expect_err(key);
        assert!(error.contains(said), "{key}: {error}");
    }
    // A range that is none without its offset is a bad row.
    let scene = Scene::new(&rows(1, 1));
    scene.declare(|name| (name == "coast").then(|| "offsets = { range_m = 90000.0 }".to_owned()));
    let error = scene.read().expect_err("no range");
    assert!(error.contains("range_m"), "{error}");
}

#[test]
fn what_is_found_and_declared_makes_one_track_of_each_object() {
    let (rows, truth) = world(11, 30);
    let scene = Scene::new(&rows);
    scene.write("recording/truth.csv", &truth);
    let [recording, policy, out] = ["recording", "policy", "out"].map(|name| scene.path(name));
    let scored = || {
        let report = run(&Request::new(&recording, &policy, &out, &scene.config), Executor::host(), &mut |_| {});
        let report = report.unwrap_or_else(|error| panic!("{error}"));
        guarded::guarded([&recording, &policy, &out], &scene.config);
        let ash = report.partners.into_iter().find(|partner| partner.partner == "ash").expect("ash");
        let score = ash.score.expect("truth is there");
        let gospa_m = score.gospa_mean_m.as_ref().expect("scans").total;
        (gospa_m, score.estimates as f64 / score.truth_points as f64)
    };
    let (gospa_before, tracks_before) = scored();
    let found = scene.calibrate(Some("policy"), Asked { reference: Some("hill"), sites: false });
    let sensors = &of_partner(&found, "ash").found.sensors;
    scene.declare(|name| sensors.iter().find(|of| of.sensor == name)?.proposed.clone());
    let (gospa_after, tracks_after) = scored();
    println!(
        "GOSPA {gospa_before:.0} m to {gospa_after:.0} m, tracks an object {tracks_before:.2} to {tracks_after:.2}"
    );
    assert!(gospa_after < 0.5 * gospa_before && tracks_after < 1.05, "{gospa_after} {tracks_after}");
    // Nothing is left to find.
    let left = scene.calibrate(Some("policy"), Asked { reference: Some("hill"), sites: false });
    let left = &of_partner(&left, "ash").found;
    let counts = left.sensors.iter().flat_map(|of| &of.offsets).filter(|of| of.standing == Standing::Significant);
    assert_eq!(counts.count(), 0, "{left:?}");
    assert!(left.sensors.iter().all(|of| of.proposed.is_none()), "{left:?}");
}
