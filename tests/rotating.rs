//! Antennas that turn: a look a sector, at the sector's own time. A target is passed once a revolution, on a seam too; what time
//! and azimuth of a detection say is brought together or told; and how an antenna turns is the business of those who may have what
//! it detects.

#[path = "common/files.rs"]
mod files;
#[path = "common/guarded.rs"]
mod guarded;
#[path = "common/schema.rs"]
mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use trackweave::fusion::device::{Context, Options, Wanted};
use trackweave::fusion::executor::Executor;
use trackweave::ingest::{Catalogue, Reason, read_truth};
use trackweave::product::{PicturePoint, read_picture};
use trackweave::run::{Request, RunConfig, RunReport, run};
use trackweave::sensor::{Looks, Sense, Turns};
use trackweave::simulate::{Scenario, simulate};

/// Alpha has all, bravo what north detects, charlie what south does.
const RULES: &str = "@id(\"all\") permit (principal == Partner::\"alpha\", action == Action::\"fuse_full\", resource);\n\
    @id(\"north\") permit (principal == Partner::\"bravo\", action == Action::\"fuse_full\", resource)\n\
    when { resource.owner == \"bravo\" };\n\
    @id(\"south\") permit (principal == Partner::\"charlie\", action == Action::\"fuse_full\", resource)\n\
    when { resource.owner == \"charlie\" };\n\
    @id(\"receive\") permit (principal, action in Action::\"receive\", resource);\n";

/// Fast objects near two radars, one of which turns the other way.
const SCENARIO: &str = r#"
name = "Two antennas"
seed = 9
scans = 60
report_period_s = 4.0
objects = 20
area_km2 = 900.0
births_per_scan = 0.0
survival_probability = 1.0
at_edge = "turn"
motion = { horizontal_intensity_m2_s3 = 0.01, speed_m_s = [50.0, 300.0] }

[[sensor]]
name = "north"
owner = "bravo"
kind = "radar"
site = { x_m = 0.0, y_m = 4000.0, z_m = 0.0 }
noise = { range_m = 30.0, azimuth_deg = 0.1 }
detection_probability = 0.95
clutter_per_scan = 3.0
scan_period_s = 4.0
timing = { rotating = { sectors = 16 } }
coverage = { ring_m = [50.0, 30000.0] }

[[sensor]]
name = "south"
owner = "charlie"
kind = "radar"
site = { x_m = 2000.0, y_m = -5000.0, z_m = 0.0 }
noise = { range_m = 30.0, azimuth_deg = 0.1 }
detection_probability = 0.95
clutter_per_scan = 3.0
scan_period_s = 5.0
timing = { rotating = { sectors = 12, rotation = "counterclockwise" } }
coverage = { ring_m = [50.0, 30000.0] }
"#;

struct Scene {
    folder: TempDir,
    config: RunConfig,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let text = include_str!("../data/config/air.toml")
            .replace("report_period_s = 10.0", "report_period_s = 4.0")
            .replace("cell_km = 10.0", "cell_km = 2.0");
        let scene = Self { folder, config: RunConfig::parse(&text, Path::new("test")).expect("a configuration") };
        let partners: String = ["alpha", "bravo", "charlie"].map(|id| format!("[[partner]]\nid = \"{id}\"\n")).concat();
        for (name, text) in [
            ("policy/schema.cedarschema", schema::schema(&["fuse_full"], &["receive_full"]).as_str()),
            ("policy/rules.cedar", RULES),
            ("policy/partners.toml", &partners),
            ("policy/levels.toml", "[[fuse]]\nlevel = \"fuse_full\"\n[[receive]]\nlevel = \"receive_full\"\n"),
        ] {
            scene.write(name, text);
        }
        scene
    }

    fn simulated() -> Self {
        let scene = Self::new();
        let scenario = Scenario::parse(SCENARIO, "test").expect("a scenario");
        simulate(&scenario, &scene.path("recording")).expect("a recording");
        scene
    }

    /// One radar at the origin of a planar recording, with these keys of its looks and rows `time,range_m,azimuth_deg`.
    fn by_hand(looks: &str, rows: &str) -> Self {
        let scene = Self::new();
        let toml = format!(
            "name = \"by hand\"\nframe = \"local\"\ntime = \"seconds\"\n[[sensor]]\nname = \"r\"\nowner = \"bravo\"\n\
             kind = \"radar\"\nsite = {{ x_m = 0.0, y_m = 0.0, z_m = 0.0 }}\nnoise = {{ range_m = 20.0, azimuth_deg = 0.1 }}\n\
             detection_probability = 0.9\nclutter_per_scan = 0.5\ncoverage = {{ range_m = [10.0, 4e4] }}\n{looks}\n"
        );
        scene.write("recording/recording.toml", &toml);
        let rows: String = rows.lines().map(|row| format!("r,{row}\n")).collect::<Vec<_>>().concat();
        scene.write("recording/detections.csv", &format!("sensor,time,range_m,azimuth_deg\n{rows}"));
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

    fn edit(&self, from: &str, to: &str) {
        let text = fs::read_to_string(self.path("recording/recording.toml")).expect("a catalogue");
        assert!(text.contains(from), "{from}");
        self.write("recording/recording.toml", &text.replacen(from, to, 1));
    }

    fn try_run(&self, executor: Executor) -> Result<RunReport, String> {
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| self.path(name));
        run(&Request::new(&recording, &policy, &out, &self.config), executor, &mut |_| {})
            .map_err(|error| error.to_string())
    }

    /// Runs it; the guard, which has the rules of looks from the documents, finds nothing.
    fn run(&self) -> RunReport {
        let report = self.try_run(Executor::host()).expect("a run");
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| self.path(name));
        let [rows, undecided] = guarded::guarded([&recording, &policy, &out], &self.config);
        assert!(rows > 0 && undecided == 0, "{rows} {undecided}");
        report
    }

    fn folder(&self, partner: &str) -> BTreeMap<String, Vec<u8>> {
        files::files(&self.path("out").join(partner))
    }

    /// Of a partner's rows after a minute: how many are within 200 m of an object, and how many are not; how many tracks they are
    /// of, and how many rows objects have.
    fn held(&self, partner: &str) -> [usize; 4] {
        let catalogue = Catalogue::read(&self.path("recording")).expect("a catalogue");
        let truth = read_truth(&self.path("recording"), &catalogue).expect("truth").expect("some");
        let mut true_at: BTreeMap<i64, Vec<[f64; 3]>> = BTreeMap::new();
        truth.time_us.iter().zip(&truth.position_m).for_each(|(us, at)| true_at.entry(*us).or_default().push(*at));
        let points = self.picture(partner);
        let settled: Vec<_> = points.iter().filter(|point| point.time_us > 60_000_000).collect();
        let is_near = |point: &&&PicturePoint| {
            let [x, y, _] = point.position_m;
            true_at.get(&point.time_us).is_some_and(|all| all.iter().any(|[a, b, _]| (x - a).hypot(y - b) < 200.0))
        };
        let near = settled.iter().filter(is_near).count();
        let tracks: BTreeSet<_> = settled.iter().map(|point| point.track).collect();
        let all = true_at.iter().filter(|(us, _)| **us > 60_000_000).map(|(_, all)| all.len()).sum();
        [near, settled.len() - near, tracks.len(), all]
    }

    fn picture(&self, partner: &str) -> Vec<PicturePoint> {
        read_picture(&self.path("out").join(partner)).expect("a picture")
    }
}

const PARTNERS: [&str; 3] = ["alpha", "bravo", "charlie"];

#[test]
fn fast_objects_near_antennas_are_held_as_by_sensors_that_look_everywhere_at_once() {
    let scene = Scene::simulated();
    let report = scene.run();
    assert!(report.ingest.rows_rejected() == 0 && report.ingest.rows_retimed > 0, "{}", report.ingest);
    let turning = PARTNERS.map(|partner| scene.held(partner));
    // The same rows, taken as if each revolution were one look.
    scene.edit("looks = \"rotating\"\n", "");
    for key in ["north = 0.0\n", "sectors = 16\n", "rotation = \"clockwise\"\n"] {
        scene.edit(key, "");
    }
    scene.edit("looks = \"rotating\"\n", "");
    for key in ["north = 0.0\n", "sectors = 12\n", "rotation = \"counterclockwise\"\n"] {
        scene.edit(key, "");
    }
    scene.run();
    let periodic = PARTNERS.map(|partner| scene.held(partner));
    println!("turning {turning:?}, periodic {periodic:?}");
    for ([near, far, tracks, all], [was, ..]) in turning.into_iter().zip(periodic) {
        assert!(near as f64 > 0.9 * all as f64 && far < all / 10, "{near} {far} {tracks} {all}");
        assert!(near + all / 100 >= was, "{near}, and {was} of one look a revolution");
    }
}

#[test]
fn how_an_antenna_turns_moves_no_byte_of_those_who_may_not_have_what_it_detects() {
    let bytes = |edits: &[(&str, &str)]| {
        let scene = Scene::simulated();
        for (from, to) in edits {
            scene.edit(from, to);
        }
        scene.run();
        PARTNERS.map(|partner| scene.folder(partner))
    };
    let plain = bytes(&[]);
    // The other way round, a little late, in other sectors, with another tolerance: of the radar in the south.
    for edits in [
        &[("rotation = \"counterclockwise\"", "rotation = \"clockwise\"")] as &[_],
        &[("sectors = 12", "sectors = 30")],
        &[("sectors = 12", "sectors = 12\nazimuth_tolerance_deg = 0.01")],
        &[("scan_period_s = 5.0", "scan_period_s = 5.001")],
    ] {
        let changed = bytes(edits);
        let same: Vec<bool> = plain.iter().zip(&changed).map(|(a, b)| a == b).collect();
        assert_eq!(same, [false, true, false], "bravo has the north alone: {edits:?}");
    }
    let changed = bytes(&[("sectors = 16", "sectors = 8")]);
    let same: Vec<bool> = plain.iter().zip(&changed).map(|(a, b)| a == b).collect();
    assert_eq!(same, [false, false, true], "charlie has the south alone");
}

#[test]
fn a_device_sees_sectors_as_the_host_does() {
    let context = match Context::open(Wanted::Any) {
        Ok(context) => context,
        Err(error) => {
            assert!(std::env::var_os("REQUIRE_GPU").is_none(), "no device: {error}");
            return;
        }
    };
    let scene = Scene::simulated();
    scene.try_run(Executor::host()).expect("a run");
    let host = PARTNERS.map(|partner| scene.picture(partner));
    scene.try_run(Executor::device(context, Options::USUAL)).expect("a run");
    assert_eq!(PARTNERS.map(|partner| scene.picture(partner)), host);
}

/// An object that goes round the radar at a degree a second, seen by an antenna that turns in four seconds: rows by hand, of
/// revolutions `from` to `to`, stamped `late` seconds late.
fn circling(from: u32, to: u32, late: f64) -> String {
    let mut rows = String::new();
    for turn in from..to {
        // t = 4 k + azimuth / 90, azimuth = t: in degrees and seconds.
        let time = 4.0 * f64::from(turn) / (1.0 - 1.0 / 90.0);
        writeln!(rows, "{},{},{}", time + late, 9_000 + turn % 3, time.rem_euclid(360.0)).expect("text");
    }
    rows
}

/// Revolutions in the table of looks.
const TABLE: &str = "looks = \"rotating\"\nscan_period_s = 4.0";
const STEADY: &str = "looks = \"rotating\"\nscan_period_s = 4.0\nnorth = 0.0";

#[test]
fn an_object_that_crosses_seams_is_one_track_and_hardly_ever_missed() {
    let scene = Scene::by_hand(STEADY, &circling(0, 90, 0.0));
    let report = scene.run();
    assert_eq!((report.ingest.rows_rejected(), report.ingest.rows_retimed), (0, 0), "{}", report.ingest);
    let points = scene.picture("bravo");
    let ids: BTreeSet<_> = points.iter().map(|point| point.track).collect();
    assert_eq!(ids.len(), 1, "one object, one track");
    let least = points
        .iter()
        .filter(|point| point.time_us > 40_000_000)
        .filter_map(|point| point.existence)
        .fold(1.0, f64::min);
    // By survival alone 0.998 until the next look, 0.98 after one that missed, 0.83 after two. The track is predicted straight and is
    // 0.14 degrees off the circle: of one revolution in 80 a seam lies between, and the sector of the one is not that of the other.
    assert!(least > 0.97, "two looks in a row missed: {least}");
}

#[test]
fn times_and_azimuths_that_differ_a_little_are_told_and_those_that_contradict_each_other_rejected() {
    // 20 ms late: 1.8 degrees; 60 ms: 5.4.
    let scene = Scene::by_hand(STEADY, &circling(0, 90, 0.02));
    let report = scene.run();
    let retimed = report.ingest.rows_retimed;
    assert!(report.ingest.rows_rejected() == 0 && (4..12).contains(&retimed), "{}", report.ingest);
    assert!(report.ingest.to_string().contains("taken at the times at which the antenna swept the azimuth"));
    let scene = Scene::by_hand(STEADY, &circling(0, 90, 0.06));
    let report = scene.run();
    let rejected = report.ingest.rejected.get(&Reason::OutsideLooks).copied().unwrap_or_default();
    assert!((4..30).contains(&rejected), "{}", report.ingest);
    assert!(
        report.ingest.to_string().contains("the north, scan_period_s and rotation that it had"),
        "{}",
        report.ingest
    );
    let scene = Scene::by_hand(&format!("{STEADY}\nazimuth_tolerance_deg = 6.0"), &circling(0, 90, 0.06));
    assert_eq!(scene.run().ingest.rows_rejected(), 0);
}

#[test]
fn listed_revolutions_are_the_same_as_steady_ones_and_an_antenna_that_stood_missed_nothing() {
    let steady = Scene::by_hand(STEADY, &circling(0, 90, 0.0));
    steady.run();
    let listed = Scene::by_hand(TABLE, &circling(0, 90, 0.0));
    let turns = |of: &mut dyn Iterator<Item = u32>| {
        let rows = of.map(|turn| format!("r,{},{}\n", 4 * turn, 4 * turn + 4));
        format!("sensor,start,end\n{}", rows.collect::<String>())
    };
    listed.write("recording/looks.csv", &turns(&mut (0..95)));
    listed.run();
    assert_eq!(listed.picture("bravo"), steady.picture("bravo"));
    // It stood for 40 s, in which the object went on.
    let rows = circling(0, 40, 0.0) + &circling(50, 90, 0.0);
    let stood = Scene::by_hand(TABLE, &rows);
    stood.write("recording/looks.csv", &turns(&mut (0..41).chain(50..95)));
    assert_eq!(stood.run().ingest.rows_rejected(), 0);
    let least = |scene: &Scene| {
        let points = scene.picture("bravo");
        points.iter().filter(|point| point.time_us > 40_000_000).filter_map(|point| point.existence).fold(1.0, f64::min)
    };
    // Survival over 40 s is 0.98; one miss then would leave 0.83.
    assert!(least(&stood) > 0.95, "{}", least(&stood));
    let turned = Scene::by_hand(STEADY, &rows);
    turned.run();
    // Below a half there is no row.
    assert!(least(&turned) < 0.6, "ten revolutions that missed: {}", least(&turned));
}

#[test]
fn a_long_time_without_a_row_costs_no_more_than_its_ends() {
    let mut rows = circling(0, 30, 0.0);
    let day = 86_400.0 * 50.0;
    writeln!(rows, "{},9000,0.5\n{},9000,0.6", day + 0.0056, day + 4.0067).expect("text");
    let scene = Scene::by_hand(STEADY, &rows);
    assert_eq!(scene.run().ingest.rows_rejected(), 0);
}

#[test]
fn what_a_catalogue_says_of_an_antenna_is_checked() {
    let read = |looks: &str| {
        let scene = Scene::by_hand(looks, "1,9000,0\n");
        Catalogue::read(&scene.path("recording")).map_err(|error| error.to_string())
    };
    let of = |looks: &str| match read(looks).expect("a catalogue").sensors.remove(0).looks {
        Looks::Rotating(rotation) => rotation,
        other => panic!("{other:?}"),
    };
    let plain = of(STEADY);
    assert_eq!(
        (plain.period_us, plain.sectors, plain.sense, plain.tolerance_deg),
        (4_000_000, 16, Sense::Clockwise, 3.0)
    );
    assert_eq!(plain.turns, Turns::Steady { north_us: 0 });
    let narrow = of(&format!("{STEADY}\nsectors = 360"));
    assert!((narrow.tolerance_deg - 1.0).abs() < 1e-9, "no more than a sector");
    for (looks, parts) in [
        ("looks = \"rotating\"\nnorth = 0.0", ["recording.toml:5: ", "`scan_period_s` is missing or too short"]),
        ("looks = \"rotating\"\nscan_period_s = 4.0\nnorth = \"2020-01-01T00:00:00Z\"", ["`north`", "time is seconds"]),
        ("scan_period_s = 4.0\nnorth = 0.0", ["`north` is there", "looks = \"rotating\" alone"]),
        ("scan_period_s = 4.0\nsectors = 8", ["`sectors` is there", "looks = \"rotating\" alone"]),
        (&format!("{STEADY}\nsectors = 3"), ["`sectors` is 3", "from 4 to 360"]),
        (
            &format!("{STEADY}\nazimuth_tolerance_deg = 30.0"),
            ["`azimuth_tolerance_deg` is 30", "the width of a sector"],
        ),
        (&format!("{STEADY}\nrotation = \"left\""), ["left", "clockwise"]),
        (TABLE, ["looks.parquet", "looks.csv"]),
    ] {
        let found = read(looks).expect_err(looks);
        assert!(parts.iter().all(|part| found.contains(part)), "{looks}: {found}");
    }
    for (table, parts) in [
        ("sensor,start,end\nr,0,4\nr,3,7\n", ["line 3", "before that of line 2"]),
        ("sensor,start,end\nr,0,0.000001\n", ["line 2", "less than a microsecond a sector"]),
        (
            "sensor,start,end,azimuth_from_deg,azimuth_to_deg\nr,0,4,10,20\n",
            ["line 2", "a sector of a sensor that turns"],
        ),
    ] {
        let scene = Scene::by_hand(TABLE, "1,9000,0\n");
        scene.write("recording/looks.csv", table);
        let found = Catalogue::read(&scene.path("recording")).map(|_| ()).expect_err(table).to_string();
        assert!(parts.iter().all(|part| found.contains(part)), "{table}: {found}");
    }
}
