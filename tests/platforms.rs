//! Radars that are carried: what they measure is where it is, where they cover moves with them, and where a platform was is the
//! business of those who may have what its radar detects.

#[path = "common/files.rs"]
mod files;
#[path = "common/guarded.rs"]
mod guarded;
#[path = "common/schema.rs"]
mod schema;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use trackweave::fusion::device::{Context, Options, Wanted};
use trackweave::fusion::executor::Executor;
use trackweave::ingest::{Catalogue, ColumnType, Reason, TableWriter, Truth, Values, read_truth};
use trackweave::product::{PicturePoint, read_picture};
use trackweave::run::{Request, RunConfig, RunReport, run};
use trackweave::simulate::{AzimuthsFrom, PlatformScenario, Scenario, simulate};
use trackweave::space::Geodetic;

/// A pier's radar, and that of a ship that passes: alpha has all, bravo the ship's, charlie coarse places of it, delta the pier's.
const RULES: &str = "@id(\"all\") permit (principal == Partner::\"alpha\", action == Action::\"fuse_full\", resource);\n\
    @id(\"ship\") permit (principal == Partner::\"bravo\", action == Action::\"fuse_full\", resource)\n\
    when { resource.owner == \"fleet\" };\n\
    @id(\"coarse\") permit (principal == Partner::\"charlie\", action == Action::\"fuse_coarse\", resource)\n\
    when { resource.owner == \"fleet\" };\n\
    @id(\"pier\") permit (principal == Partner::\"delta\", action == Action::\"fuse_full\", resource)\n\
    when { resource.owner == \"port\" };\n\
    @id(\"receive\") permit (principal, action in Action::\"receive\", resource);\n";

const SCENARIO: &str = r#"
name = "A ship with a radar"
seed = 5
scans = 150
report_period_s = 2.0
objects = 25
area_km2 = 400.0
births_per_scan = 0.0
survival_probability = 1.0
at_edge = "turn"
motion = { horizontal_intensity_m2_s3 = 0.001, speed_m_s = [3.0, 12.0] }

[[sensor]]
name = "pier"
owner = "port"
kind = "radar"
site = { x_m = 9000.0, y_m = 0.0, z_m = 0.0 }
noise = { range_m = 8.0, azimuth_deg = 0.15 }
detection_probability = 0.9
clutter_per_scan = 2.0
scan_period_s = 2.0
timing = "spread"
coverage = { ring_m = [50.0, 9000.0] }

[[sensor]]
name = "ship"
owner = "fleet"
kind = "radar"
site = { x_m = -6000.0, y_m = -3000.0, z_m = 0.0 }
platform = { speed_m_s = 25.0, course_deg = 30.0, turn_deg_s = 0.4, row_period_s = 5.0, azimuths_from = "bow" }
noise = { range_m = 8.0, azimuth_deg = 0.15, range_rate_m_s = 0.3 }
detection_probability = 0.9
clutter_per_scan = 2.0
scan_period_s = 2.0
timing = "spread"
coverage = { ring_m = [50.0, 6000.0] }
"#;

const TABLE: &str = "platform-2.parquet";
const PARTNERS: [&str; 4] = ["alpha", "bravo", "charlie", "delta"];

struct Scene {
    folder: TempDir,
    config: RunConfig,
}

impl Scene {
    /// The scenario, as simulated.
    fn simulated(change: impl Fn(&mut Scenario)) -> Self {
        let mut scenario = Scenario::parse(SCENARIO, "test").expect("a scenario");
        change(&mut scenario);
        let scene = Self::empty();
        simulate(&scenario, &scene.path("recording")).expect("a recording");
        scene
    }

    fn empty() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let text = include_str!("../data/config/air.toml")
            .replace("report_period_s = 10.0", "report_period_s = 4.0")
            .replace("cell_km = 10.0", "cell_km = 1.0");
        let scene = Self { folder, config: RunConfig::parse(&text, Path::new("test")).expect("a configuration") };
        let partners: String = PARTNERS.map(|id| format!("[[partner]]\nid = \"{id}\"\n")).concat();
        let levels = "[[fuse]]\nlevel = \"fuse_full\"\n[[fuse]]\nlevel = \"fuse_coarse\"\ncoarsen_m = 300\n\
            [[receive]]\nlevel = \"receive_full\"\n";
        for (name, text) in [
            ("policy/schema.cedarschema", schema::schema(&["fuse_full", "fuse_coarse"], &["receive_full"]).as_str()),
            ("policy/rules.cedar", RULES),
            ("policy/partners.toml", &partners),
            ("policy/levels.toml", levels),
        ] {
            scene.write(name, text);
        }
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
        fs::write(path, text).expect("a file is written");
    }

    /// Writes the table of the ship anew: its rows, changed, as CSV.
    fn sail(&self, change: impl Fn(Pose) -> Vec<Pose>) {
        let catalogue = Catalogue::read(&self.path("recording")).expect("a catalogue");
        let platform = catalogue.sensors[1].kind.platform().expect("the ship's");
        let mut text = "time,x_m,y_m,vx_m_s,vy_m_s,heading_deg\n".to_owned();
        for pose in platform.poses() {
            let ([x, y, _], [u, v, _]) = (pose.metres, pose.velocity_m_s.expect("velocities"));
            let heading = pose.attitude_rad.expect("a heading")[0].to_degrees();
            for [time, x, y, u, v, heading] in change([pose.time_us as f64 * 1e-6, x, y, u, v, heading]) {
                writeln!(text, "{time},{x},{y},{u},{v},{heading}").expect("text");
            }
        }
        let file = self.path("recording").join(TABLE);
        if file.exists() {
            fs::remove_file(file).expect("the table");
            let toml = fs::read_to_string(self.path("recording/recording.toml")).expect("a catalogue");
            self.write("recording/recording.toml", &toml.replace(TABLE, "ship.csv"));
        }
        self.write("recording/ship.csv", &text);
    }

    fn try_run(&self, executor: Executor) -> Result<RunReport, String> {
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| self.path(name));
        let request = Request::new(&recording, &policy, &out, &self.config);
        run(&request, executor, &mut |_| {}).map_err(|error| error.to_string())
    }

    /// Runs it; the guard finds nothing.
    fn run(&self) -> RunReport {
        let report = self.try_run(Executor::host()).expect("a run");
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| self.path(name));
        let [rows, _] = guarded::guarded([&recording, &policy, &out], &self.config);
        assert!(rows > 0);
        report
    }

    fn picture(&self, partner: &str) -> Vec<PicturePoint> {
        read_picture(&self.path("out").join(partner)).expect("a picture")
    }

    fn bytes(&self, partner: &str) -> BTreeMap<String, Vec<u8>> {
        files::files(&self.path("out").join(partner))
    }

    /// Of a partner's rows how far each is from the nearest object then: their root mean square, metres, of those within 100 m;
    /// the share of those; and how many objects are held in the mean.
    fn errors(&self, partner: &str) -> [f64; 3] {
        let catalogue = Catalogue::read(&self.path("recording")).expect("a catalogue");
        let Truth { time_us, position_m, .. } =
            read_truth(&self.path("recording"), &catalogue).expect("truth").expect("some");
        let mut true_at: BTreeMap<i64, Vec<[f64; 3]>> = BTreeMap::new();
        time_us.iter().zip(&position_m).for_each(|(us, at)| true_at.entry(*us).or_default().push(*at));
        let picture = self.picture(partner);
        let off = |point: &PicturePoint| {
            let [x, y, _] = point.position_m;
            let all = true_at.get(&point.time_us)?.iter();
            all.map(|[a, b, _]| (x - a).hypot(y - b)).min_by(f64::total_cmp)
        };
        // Later than a minute, when tracks are settled.
        let offs: Vec<f64> = picture.iter().filter(|point| point.time_us > 60_000_000).filter_map(off).collect();
        let near: Vec<f64> = offs.iter().copied().filter(|off| *off < 100.0).collect();
        let times = true_at.keys().filter(|us| **us > 60_000_000 && **us % 4_000_000 == 0).count();
        let rms = (near.iter().map(|off| off * off).sum::<f64>() / near.len() as f64).sqrt();
        [rms, near.len() as f64 / offs.len() as f64, near.len() as f64 / times as f64]
    }
}

/// Time, x, y, velocity, heading.
type Pose = [f64; 6];

/// What becomes of a row of the table.
type Change = fn(Pose) -> Vec<Pose>;

#[test]
fn a_ship_sees_what_it_passes_as_well_as_if_it_stood_there() {
    let scene = Scene::simulated(|_| {});
    let report = scene.run();
    assert_eq!(report.ingest.rows_rejected(), 0);
    let moving = scene.errors("bravo");
    let still = Scene::simulated(|scenario| scenario.sensors[1].platform = None);
    still.run();
    let [still, pier, all, coarse] =
        [still.errors("bravo"), scene.errors("delta"), scene.errors("alpha"), scene.errors("charlie")];
    let told = format!("moving {moving:?}, still {still:?}, pier {pier:?}, both {all:?}, coarse {coarse:?}");
    println!("{told}");
    // Objects leave the coverage of who passes them, so more tracks run on unseen.
    assert!(moving[0] < 1.2 * still[0] && moving[1] > 0.94 && still[1] > 0.97, "{told}");
    assert!(moving[2] > 3.0 && all[2] > pier[2].max(moving[2]), "{told}");
    // A table that is five seconds late, 125 m, or two degrees off its bow, shows.
    let changes: [(&str, Change); 2] = [
        ("late", |[t, x, y, u, v, h]| vec![[t + 5.0, x, y, u, v, h]]),
        ("skewed", |[t, x, y, u, v, h]| vec![[t, x, y, u, v, h + 2.0]]),
    ];
    for (wrong, change) in changes {
        let scene = Scene::simulated(|_| {});
        scene.sail(change);
        scene.run();
        let off = scene.errors("bravo");
        assert!(off[0] > 2.0 * moving[0] || off[2] < 0.5 * moving[2], "{wrong}: {off:?}, {told}");
    }
}

#[test]
fn where_a_platform_was_moves_no_byte_of_those_who_may_not_have_its_radar() {
    let bytes = |change: &dyn Fn(Pose) -> Vec<Pose>| {
        let scene = Scene::simulated(|_| {});
        scene.sail(change);
        scene.run();
        PARTNERS.map(|partner| scene.bytes(partner))
    };
    let plain = bytes(&|pose| vec![pose]);
    // Another way, other times of its rows, another heading; the radar's rows as they are.
    for change in [
        (&|[t, x, y, u, v, h]: Pose| vec![[t, x + 30.0, y - 50.0, u, v, h]]) as &dyn Fn(Pose) -> Vec<Pose>,
        &|[t, x, y, u, v, h]: Pose| vec![[t, x, y, u, v, h], [t + 2.5, x + 2.5 * u, y + 2.5 * v, u, v, h]],
        &|[t, x, y, u, v, h]: Pose| vec![[t, x, y, u, v, h + 1.0]],
    ] {
        let changed = bytes(change);
        let same: Vec<bool> = plain.iter().zip(&changed).map(|(a, b)| a == b).collect();
        assert_eq!(same, [false, false, false, true], "delta has the pier alone");
    }
    // Where it was before the first of its rows and after the last is nobody's business.
    let around = bytes(&|pose| match pose {
        [t, ..] if t < 1.0 => vec![[-900.0, 7e5, 0.0, 0.0, 0.0, 0.0], pose],
        [t, ..] if t > 301.0 => vec![pose, [t + 900.0, 0.0, -9e5, 0.0, 0.0, 0.0]],
        _ => vec![pose],
    });
    assert!(around == plain, "alpha and bravo have what the radar saw, not where the ship was when it did not look");
}

#[test]
fn a_device_sees_from_a_platform_what_the_host_does() {
    let context = match Context::open(Wanted::Any) {
        Ok(context) => context,
        Err(error) => {
            assert!(std::env::var_os("REQUIRE_GPU").is_none(), "no device: {error}");
            return;
        }
    };
    let scene = Scene::simulated(|_| {});
    scene.try_run(Executor::host()).expect("a run");
    let host = PARTNERS.map(|partner| scene.picture(partner));
    scene.try_run(Executor::device(context, Options::USUAL)).expect("a run");
    assert_eq!(PARTNERS.map(|partner| scene.picture(partner)), host);
}

#[test]
fn both_formats_and_any_order_of_rows_give_the_same() {
    let scene = Scene::simulated(|_| {});
    let platform = |scene: &Scene| {
        let catalogue = Catalogue::read(&scene.path("recording")).expect("a catalogue");
        catalogue.sensors[1].kind.platform().expect("the ship's").poses().to_vec()
    };
    let parquet = platform(&scene);
    scene.sail(|pose| vec![pose]);
    let csv = platform(&scene);
    assert_eq!(parquet.len(), csv.len());
    let text = fs::read_to_string(scene.path("recording/ship.csv")).expect("the table");
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    scene.write("recording/ship.csv", &lines.join("\n"));
    assert_eq!(platform(&scene), csv);
    // With names of others.
    let named = text.replacen("heading_deg", "hdg", 1).replacen("x_m", "east", 1);
    scene.write("recording/ship.csv", &named);
    let toml = fs::read_to_string(scene.path("recording/recording.toml")).expect("a catalogue");
    let dialect = "[platform.columns]\nheading_deg = \"hdg\"\nx_m = \"east\"\n";
    scene.write("recording/recording.toml", &(toml + dialect));
    assert_eq!(platform(&scene), csv);
}

/// A recording of one radar on a platform on Earth.
fn on_earth(table: &str, rows: &str) -> Scene {
    let scene = Scene::empty();
    let sensor = "name = \"e\"\nframe = \"geodetic\"\ntime = \"seconds\"\n[[sensor]]\nname = \"ship\"\nowner = \"fleet\"\n\
        kind = \"radar\"\nplatform = \"ship.csv\"\nnoise = { range_m = 10.0, azimuth_deg = 0.1 }\n\
        detection_probability = 0.9\nclutter_per_scan = 0.1\nscan_period_s = 2.0\n\
        coverage = { range_m = [10.0, 2e4], height_m = [0.0, 50.0] }\n";
    scene.write("recording/recording.toml", sensor);
    scene.write("recording/ship.csv", table);
    scene.write("recording/detections.csv", &format!("time,sensor,range_m,azimuth_deg\n{rows}"));
    scene
}

#[test]
fn a_row_before_or_after_the_table_is_counted_with_its_line_and_the_cure() {
    let table = "time,latitude_deg,longitude_deg,altitude_m\n10,60,20,15\n60,60.01,20,15\n";
    let rows: String = (0..40).map(|k| format!("{},ship,5000,{}\n", 2 * k, 90.0)).collect::<Vec<_>>().concat();
    let scene = on_earth(table, &rows);
    let report = scene.run();
    // 0 to 8 s and 62 to 78 s.
    assert_eq!(report.ingest.rejected, BTreeMap::from([(Reason::OutsidePlatform, 5 + 9)]));
    let text = report.ingest.to_string();
    for part in ["line 2: column `time` is 0; wanted a time from the first to the last row", "`platform` of its sensor"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!scene.picture("bravo").is_empty());
    // What is east of a ship that goes north goes north, too.
    let last = scene.picture("bravo").last().copied().expect("a row");
    let place = Geodetic::from_ecef(last.position_m);
    assert!((place.latitude_deg - 60.01).abs() < 0.002, "{place:?}");
}

#[test]
fn what_is_no_table_of_a_platform_says_so() {
    let head = "time,latitude_deg,longitude_deg,altitude_m\n";
    let more = "time,latitude_deg,longitude_deg,altitude_m,east_m_s,north_m_s,heading_deg,pitch_deg,roll_deg\n";
    for (table, parts) in [
        (format!("{head}0,60,20,1\n"), ["line 2", "fewer than two rows", "hold the times of its detections"]),
        (format!("{head}0,60,20,1\n9,60,20,1\n9,60,21,1\n"), ["line 4", "the time of line 3 once more", "one place"]),
        (format!("{head}0,60,20,1\n9,60,,1\n"), ["line 3", "`longitude_deg` is empty", "a value"]),
        (format!("{head}0,60,20,1\n9,91,20,1\n"), ["line 3", "`latitude_deg` is 91", "between -90 and 90"]),
        (format!("{head}0,60,20,1\n,60,20,1\n"), ["line 3", "`time` is empty", "a value"]),
        (format!("{more}0,60,20,1,1,,0,,\n1,60,20,1,1,1,0,,\n"), ["line 2", "`north_m_s` is empty", "a value"]),
        (format!("{more}0,60,20,1,1,1,,,\n1,60,20,1,1,1,0,,\n"), ["line 2", "`heading_deg` is empty", "a value"]),
        (format!("{more}0,60,20,1,1,1,0,95,\n1,60,20,1,1,1,0,,\n"), ["line 2", "`pitch_deg` is 95", "between -90"]),
        ("time,x_m,y_m\n0,1,2\n".to_owned(), ["ship.csv", "`x_m`", "`latitude_deg`"]),
    ] {
        let found = on_earth(&table, "1,ship,100,1\n").try_run(Executor::host()).expect_err("no table");
        assert!(parts.iter().all(|part| found.contains(part)), "{table}: {found}");
    }
    let good = format!("{head}0,60,20,1\n9,60,20,1\n");
    for (from, to, part) in [
        ("platform = \"ship.csv\"", "platform = \"gone.csv\"", "gone.csv: cannot be read"),
        ("platform = \"ship.csv\"", "platform = \"../ship.csv\"", "the name of a table beside recording.toml"),
        ("platform = \"ship.csv\"", "platform = \"truth.csv\"", "that is none of the others"),
        ("platform = \"ship.csv\"", "platform = \"ship.txt\"", "such as \"ship.csv\""),
        ("platform = \"ship.csv\"", "", "`site` is missing; wanted the site of the radar, or the platform"),
        (
            "platform = \"ship.csv\"",
            "platform = \"ship.csv\"\nsite = { latitude_deg = 1.0, longitude_deg = 1.0, altitude_m = 1.0 }",
            "either a site or a platform",
        ),
        (
            "coverage = { range_m = [10.0, 2e4], height_m = [0.0, 50.0] }",
            "coverage = { longitude_deg = [1.0, 2.0], latitude_deg = [1.0, 2.0] }",
            "what carries a sensor carries what it covers",
        ),
    ] {
        let scene = on_earth(&good, "1,ship,100,1\n");
        let toml = fs::read_to_string(scene.path("recording/recording.toml")).expect("a catalogue");
        scene.write("recording/recording.toml", &toml.replace(from, to));
        let found = scene.try_run(Executor::host()).expect_err("no catalogue");
        assert!(found.contains(part), "{to}: {found}");
    }
    let scene = on_earth(&good, "1,ship,100,1\n");
    let toml = fs::read_to_string(scene.path("recording/recording.toml")).expect("a catalogue");
    scene.write("recording/recording.toml", &toml.replace("scan_period_s = 2.0", "looks = \"listed\""));
    scene.write("recording/looks.csv", "sensor,start,end,azimuth_from_deg,azimuth_to_deg\nship,0,1,10,20\n");
    let found = scene.try_run(Executor::host()).expect_err("a sector");
    assert!(found.contains("a sector of a sensor that moves") && found.contains("line 2"), "{found}");
}

#[test]
fn a_table_that_changes_during_a_run_ends_it_and_its_digest_is_told() {
    let scene = on_earth(
        "time,latitude_deg,longitude_deg,altitude_m\n0,60,20,15\n60,60.01,20,15\n",
        &(0..20).map(|k| format!("{},ship,5000,90\n", 2 * k)).collect::<Vec<_>>().concat(),
    );
    let [recording, policy, out] = ["recording", "policy", "out"].map(|name| scene.path(name));
    let request = Request::new(&recording, &policy, &out, &scene.config);
    let mut change =
        Some(|| scene.write("recording/ship.csv", "time,latitude_deg,longitude_deg,altitude_m\n0,0,0,0\n"));
    let found = run(&request, Executor::host(), &mut |progress| {
        if matches!(progress, trackweave::run::Progress::Fusing(..)) {
            change.take().into_iter().for_each(|change| change());
        }
    });
    let error = found.map(|_| ()).expect_err("another table than was read").to_string();
    assert!(error.contains("ship.csv changed while it was read"), "{error}");
}

#[test]
fn a_platform_is_simulated_as_parquet_that_anybody_may_write() {
    // The same table by hand: its first rows.
    let scene = Scene::simulated(|scenario| {
        scenario.sensors[1].platform = Some(PlatformScenario {
            speed_m_s: 10.0,
            course_deg: 90.0,
            turn_deg_s: 0.0,
            row_period_s: 100.0,
            azimuths_from: AzimuthsFrom::North,
        });
    });
    let read = || {
        let catalogue = Catalogue::read(&scene.path("recording")).expect("a catalogue");
        let platform = catalogue.sensors[1].kind.platform().expect("one").clone();
        assert_eq!(platform.file(), TABLE);
        platform.poses().to_vec()
    };
    let simulated = read();
    let times = [0.0, 100.0, 200.0, 300.0, 400.0];
    let number = |of: &dyn Fn(f64) -> f64| Values::Float64(times.iter().map(|t| Some(of(*t))).collect());
    let names = ["time", "x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s"];
    let columns = names.map(|name| (name, ColumnType::Float64));
    let mut writer = TableWriter::create(&scene.path("recording").join(TABLE), &columns).expect("a table");
    let still = |_: f64| 0.0;
    let values = vec![
        number(&|t| t),
        number(&|t| 10.0f64.mul_add(t, -6000.0)),
        number(&|_| -3000.0),
        number(&still),
        number(&|_| 10.0),
        number(&still),
        number(&still),
    ];
    writer.append_columns(values).expect("rows");
    writer.finish().expect("a file");
    let by_hand = read();
    assert_eq!(by_hand.len(), simulated.len());
    for (a, b) in simulated.iter().zip(&by_hand) {
        assert_eq!(a.time_us, b.time_us);
        a.metres.iter().zip(b.metres).for_each(|(a, b)| assert!((a - b).abs() < 1e-9, "{a} {b}"));
    }
}
