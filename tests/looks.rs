//! When a sensor looked: without a pause, in listed looks, or never. What nobody looked at is not missed, what was looked at
//! and not seen is, and two reports of one object never compete.

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
use trackweave::fusion::executor::Executor;
use trackweave::ingest::{Catalogue, ColumnType, Reason, TableWriter, Values};
use trackweave::product::{PicturePoint, read_picture};
use trackweave::run::{Progress, Request, RunConfig, RunReport, run};
use trackweave::sensor::{ListedLook, Looks};

/// Alpha gets all, bravo what is bravo's, charlie coarse places of that.
const RULES: &str = "@id(\"all\") permit (principal == Partner::\"alpha\", action == Action::\"fuse_full\", resource);\n\
    @id(\"own\") permit (principal == Partner::\"bravo\", action == Action::\"fuse_full\", resource)\n\
    when { resource.owner == \"bravo\" };\n\
    @id(\"coarse\") permit (principal == Partner::\"charlie\", action == Action::\"fuse_coarse\", resource)\n\
    when { resource.owner == \"bravo\" };\n\
    @id(\"receive\") permit (principal, action in Action::\"receive\", resource);\n";

/// A radar of alpha or a sensor of positions of bravo; `looks` are its keys of that.
fn sensor(name: &str, looks: &str) -> String {
    let (owner, rest) = if name.starts_with("radar") {
        let site = "kind = \"radar\"\nsite = { x_m = 0.0, y_m = 0.0, z_m = 0.0 }";
        (
            "alpha",
            format!("{site}\nnoise = {{ range_m = 10.0, azimuth_deg = 0.2 }}\ncoverage = {{ range_m = [1.0, 9e3] }}"),
        )
    } else {
        let coverage = "coverage = { x_m = [-9e3, 9e3], y_m = [-9e3, 9e3] }";
        ("bravo", format!("kind = \"position\"\nnoise = {{ horizontal_m = 10.0 }}\n{coverage}"))
    };
    let common = "detection_probability = 0.9\nclutter_per_scan = 0.1";
    format!("[[sensor]]\nname = \"{name}\"\nowner = \"{owner}\"\n{rest}\n{common}\n{looks}\n")
}

const PERIODIC: &str = "scan_period_s = 1.0";
const LISTED: &str = "looks = \"listed\"";
const REPORTS: &str = "looks = \"reports\"\nexpected_interval_s = 10.0";

/// Lines as one text.
fn text(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().concat()
}

/// Rows of positions.
fn positions(name: &str, rows: impl Iterator<Item = (f64, [f64; 2])>) -> String {
    text(rows.map(|(time, [x, y])| format!("{time},{name},{x:.3},{y:.3},,\n")))
}

/// Where an object is: it flies east at 100 m/s, with some noise that hangs on the time.
fn place(time: f64, y: f64) -> [f64; 2] {
    let noise = |k: f64| ((time * 10.0 * k).rem_euclid(11.0) - 5.0) * 2.0;
    [100.0 * time - 4_000.0 + noise(7.0), y + noise(3.0)]
}

fn seconds(from: u32, to: u32) -> impl Iterator<Item = f64> {
    (from..to).map(f64::from)
}

struct Scene {
    folder: TempDir,
    config: RunConfig,
}

impl Scene {
    fn new(sensors: &[String], rows: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let text = include_str!("../data/config/air.toml")
            .replace("report_period_s = 10.0", "report_period_s = 1.0")
            .replace("cell_km = 10.0", "cell_km = 0.5");
        let scene = Self { folder, config: RunConfig::parse(&text, Path::new("test")).expect("a configuration") };
        let catalogue = format!("name = \"looks\"\nframe = \"local\"\ntime = \"seconds\"\n{}", sensors.concat());
        let partners: String = ["alpha", "bravo", "charlie"].map(|id| format!("[[partner]]\nid = \"{id}\"\n")).concat();
        let levels = "[[fuse]]\nlevel = \"fuse_full\"\n[[fuse]]\nlevel = \"fuse_coarse\"\ncoarsen_m = 300\n\
            [[receive]]\nlevel = \"receive_full\"\n";
        for (name, text) in [
            ("recording/recording.toml", catalogue.as_str()),
            ("recording/detections.csv", &format!("time,sensor,x_m,y_m,range_m,azimuth_deg\n{rows}")),
            ("policy/schema.cedarschema", &schema::schema(&["fuse_full", "fuse_coarse"], &["receive_full"])),
            ("policy/rules.cedar", RULES),
            ("policy/partners.toml", &partners),
            ("policy/levels.toml", levels),
        ] {
            scene.write(name, text);
        }
        scene
    }

    fn with_looks(self, rows: &str) -> Self {
        self.write("recording/looks.csv", &format!("sensor,start,end,azimuth_from_deg,azimuth_to_deg\n{rows}"));
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
        fs::write(path, text).expect("a file is written");
    }

    fn try_run(&self, progress: &mut dyn FnMut(Progress)) -> Result<RunReport, String> {
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| self.path(name));
        let request = Request::new(&recording, &policy, &out, &self.config);
        run(&request, Executor::host(), progress).map_err(|error| error.to_string())
    }

    /// Runs it; the guard, which has the rules of looks from the documents, finds nothing.
    fn run(&self) -> RunReport {
        let report = self.try_run(&mut |_| {}).expect("a run");
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| self.path(name));
        let [rows, undecided] = guarded::guarded([&recording, &policy, &out], &self.config);
        assert!(rows > 0 && undecided == 0);
        report
    }

    fn picture(&self, partner: &str) -> Vec<PicturePoint> {
        read_picture(&self.path("out").join(partner)).expect("a picture")
    }

    /// The bytes of a partner's folder.
    fn bytes(&self, partner: &str) -> BTreeMap<String, Vec<u8>> {
        files::files(&self.path("out").join(partner))
    }
}

fn tracks(picture: &[PicturePoint]) -> BTreeSet<u64> {
    picture.iter().map(|point| point.track).collect()
}

/// The whole seconds at which a picture has a row.
fn held(picture: &[PicturePoint]) -> BTreeSet<i64> {
    picture.iter().map(|point| point.time_us / 1_000_000).collect()
}

#[test]
fn any_number_of_reports_of_one_object_is_one_track() {
    // Ten a second, some of them twice, none for 20 s, and one object that reports rarely, far away.
    let often = (0..200).chain(400..600).map(|k| f64::from(k) * 0.1).map(|t| (t, place(t, 0.0)));
    let twice = seconds(3, 12).map(|t| (t, place(t, 0.0)));
    let rare = seconds(0, 12).map(|k| k * 5.0 + 0.25).map(|t| (t, place(t, 5_000.0)));
    let rows = positions("ais", often) + &positions("ais", twice) + &positions("ais", rare);
    let scene = Scene::new(&[sensor("ais", REPORTS)], &rows);
    scene.run();
    for partner in ["alpha", "bravo"] {
        let picture = scene.picture(partner);
        assert_eq!(tracks(&picture).len(), 2, "{partner}: an object is a track");
        assert!((1..60).all(|t| held(&picture).contains(&t)), "silence is no miss");
    }
    let periodic = Scene::new(&[sensor("ais", PERIODIC)], &rows);
    periodic.run();
    assert!(tracks(&periodic.picture("bravo")).len() > 5, "the same as looks: every further report is another object");
}

#[test]
fn an_object_that_falls_silent_fades_by_the_expected_interval() {
    // One falls silent at 30 s, the other reports all the while.
    let rows = positions("ais", seconds(0, 30).map(|t| (t, place(t, 0.0))))
        + &positions("ais", seconds(0, 200).map(|t| (t + 0.5, place(t + 0.5, 5_000.0).map(|m| m * 0.3))));
    let gone = |interval_s: f64| {
        let keys = format!("looks = \"reports\"\nexpected_interval_s = {interval_s}");
        let scene = Scene::new(&[sensor("ais", &keys)], &rows);
        scene.run();
        let picture = scene.picture("bravo");
        assert_eq!(tracks(&picture).len(), 2, "{interval_s}");
        let first: Vec<_> = picture.into_iter().filter(|point| point.position_m[1] < 500.0).collect();
        held(&first).into_iter().max().expect("rows") - 29
    };
    // Where it may have ended for as long, exp(−t / T) s^t / (1 − s^t) = 1: after 24 s and 61 s, less for what was not sure.
    let [short, long] = [4.0, 12.0].map(gone);
    assert!((22..=24).contains(&short) && (55..=61).contains(&long), "{short} {long}");
}

#[test]
fn a_report_after_a_long_silence_leaves_no_twin_for_long() {
    // Every report twice, and none for a minute: the track has become vague, and either copy may begin another one.
    let times = || seconds(0, 30).chain(seconds(90, 150)).flat_map(|t| [t, t]);
    let scene = Scene::new(&[sensor("ais", REPORTS)], &positions("ais", times().map(|t| (t, place(t, 0.0)))));
    scene.run();
    let picture = scene.picture("bravo");
    let rows = |from_s: i64| picture.iter().filter(|point| point.time_us > from_s * 1_000_000).count();
    assert!((25..=30).contains(&rows(120)) && tracks(&picture).len() <= 2, "{} {}", rows(90), rows(120));
}

#[test]
fn a_silent_reporter_misses_nothing_that_others_see() {
    let radar = text(seconds(0, 60).map(|t| {
        let [x, y] = place(t, 3_000.0);
        format!("{},radar,,,{:.3},{:.5}\n", t + 0.5, x.hypot(y), x.atan2(y).to_degrees())
    }));
    // Somebody else reports all the while.
    let other = positions("ais", seconds(0, 60).map(|t| (t, place(t, -5_000.0))));
    let scene = Scene::new(&[sensor("radar", PERIODIC), sensor("ais", REPORTS)], &(radar.clone() + &other));
    scene.run();
    let seen = scene.picture("alpha").into_iter().filter(|point| point.position_m[1] > 0.0);
    let alone = Scene::new(&[sensor("radar", PERIODIC)], &radar);
    alone.run();
    let [seen, alone] = [held(&seen.collect::<Vec<_>>()), held(&alone.picture("alpha"))];
    assert!(alone.len() > 55 && seen.is_superset(&alone), "{} of {}", seen.len(), alone.len());
}

/// Detections of a sensor of positions in seconds 0 to 20 and 50 to 70.
fn interrupted() -> String {
    positions("eye", seconds(0, 20).chain(seconds(50, 70)).map(|t| (t + 0.5, place(t + 0.5, 0.0))))
}

fn listed(seconds: impl Iterator<Item = f64>) -> String {
    text(seconds.map(|t| format!("eye,{t},{},,\n", t + 1.0)))
}

#[test]
fn an_outage_is_no_miss_and_a_look_that_saw_nothing_is_one() {
    let rows = interrupted();
    let outage = Scene::new(&[sensor("eye", LISTED)], &rows).with_looks(&listed(seconds(0, 20).chain(seconds(50, 70))));
    outage.run();
    let picture = outage.picture("bravo");
    assert_eq!(tracks(&picture).len(), 1, "nobody looked: it goes on");
    assert!((2..69).all(|t| held(&picture).contains(&t)), "{:?}", held(&picture));
    let empty = Scene::new(&[sensor("eye", LISTED)], &rows).with_looks(&listed(seconds(0, 70)));
    empty.run();
    let periodic = Scene::new(&[sensor("eye", PERIODIC)], &rows);
    periodic.run();
    let picture = empty.picture("bravo");
    assert!(!(25..50).any(|t| held(&picture).contains(&t)) && tracks(&picture).len() == 2, "looked, and saw nothing");
    assert_eq!(picture, periodic.picture("bravo"), "the looks of a sensor that never pauses, one by one");
}

#[test]
fn a_look_misses_only_in_the_sector_that_it_swept() {
    // An object in the north is seen for 20 s; from then on the radar sweeps the south only, where nothing is.
    let rows = text(seconds(0, 20).map(|t| format!("{t},radar,,,4000,{:.2}\n", 5.0 + 0.1 * t)));
    let south = text((0..5).map(|k| format!("{},radar,,,7000,{}\n", 30 + 2 * k, 170 + 4 * k)));
    let looks = |sector: &str| {
        let all = seconds(0, 20).map(|t| format!("radar,{t},{t},,\n"));
        text(all.chain(seconds(20, 40).map(|t| format!("radar,{t},{t},{sector}\n"))))
    };
    let held_north = |sector: &str| {
        let scene = Scene::new(&[sensor("radar", LISTED)], &(rows.clone() + &south)).with_looks(&looks(sector));
        let report = scene.run();
        assert_eq!(report.ingest.rows_rejected(), 0);
        let north: Vec<_> = scene.picture("alpha").into_iter().filter(|point| point.position_m[1] > 0.0).collect();
        held(&north).into_iter().max()
    };
    assert!(held_north("90,270") >= Some(37), "{:?}: not looked at, so not missed", held_north("90,270"));
    assert!(held_north("350,320") <= Some(25), "missed");
    let scene = Scene::new(&[sensor("radar", LISTED)], &(rows.clone() + &south)).with_looks(&looks("300,90"));
    let report = scene.run();
    assert_eq!(report.ingest.rejected.get(&Reason::OutsideLooks), Some(&5), "where nothing was swept, nothing is seen");
}

#[test]
fn a_detection_in_no_look_of_its_sensor_is_counted_with_its_line_and_the_cure() {
    let rows = interrupted();
    let scene = Scene::new(&[sensor("eye", LISTED)], &rows).with_looks(&listed(seconds(0, 20).chain(seconds(51, 70))));
    let report = scene.run();
    assert_eq!(report.ingest.rejected, BTreeMap::from([(Reason::OutsideLooks, 1)]));
    let text = report.ingest.to_string();
    for part in ["line 22: column `time` is 50.5; wanted a time within a look", "looks.csv", "looks = \"periodic\""] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn what_is_no_table_of_looks_says_so_with_its_line() {
    let complaint = |sensors: &[String], looks: Option<&str>| {
        let scene = Scene::new(sensors, &positions("eye", [(0.5, [0.0, 0.0])].into_iter()));
        let scene = match looks {
            Some(looks) => scene.with_looks(looks),
            None => scene,
        };
        scene.try_run(&mut |_| {}).expect_err("no table")
    };
    let eye = [sensor("eye", LISTED), sensor("radar", LISTED), sensor("ais", REPORTS)];
    for (looks, parts) in [
        ("eye,0,1,,\neye,0.5,2,,\n", ["line 3", "before that of line 2 has ended, of sensor `eye`", "do not overlap"]),
        ("eye,5,6,,\neye,0,6,,\n", ["line 2", "before that of line 3 has ended", "do not overlap"]),
        ("eye,1,0,,\n", ["line 2", "an `end` before the `start`", "not before it"]),
        ("eye,1,,,\n", ["line 2", "`end` is empty", "wanted a value"]),
        ("ais,0,1,,\n", ["line 2", "sensor `ais`", "`eye`, `radar`"]),
        ("nobody,0,1,,\n", ["line 2", "sensor `nobody`", "looks = \"listed\""]),
        ("eye,0,1,10,20\n", ["line 2", "a sector of a sensor without a site", "only a radar"]),
        ("radar,0,1,10,\n", ["line 2", "half a sector", "or neither"]),
        ("radar,0,1,10,10\n", ["line 2", "a sector of no width", "clockwise"]),
        ("radar,0,1,10,400\n", ["line 2", "`azimuth_to_deg` is 400", "between -360 and 360"]),
    ] {
        let found = complaint(&eye, Some(looks));
        assert!(parts.iter().all(|part| found.contains(part)), "{looks}: {found}");
    }
    let found = complaint(&eye, None);
    assert!(found.contains("neither `looks.parquet` nor `looks.csv`"), "{found}");
    let found = complaint(&[sensor("eye", PERIODIC)], Some("eye,0,1,,\n"));
    assert!(found.contains("looks.csv: found a table of looks, which no sensor has"), "{found}");
    for (keys, part) in [
        ("", "`scan_period_s` is missing"),
        ("looks = \"reports\"", "`expected_interval_s` is missing; wanted how often an object reports"),
        ("looks = \"sometimes\"\nscan_period_s = 1.0", "expected one of `periodic`, `listed`, `rotating`, `reports`"),
        ("scan_period_s = 1.0\nexpected_interval_s = 1.0", "with looks = \"reports\" alone"),
        ("looks = \"reports\"\nexpected_interval_s = 0.0", "`expected_interval_s` is 0; wanted at least 0.000001"),
    ] {
        let found = complaint(&[sensor("eye", keys)], None);
        assert!(found.contains(part), "{keys}: {found}");
    }
}

#[test]
fn both_formats_give_the_same_looks() {
    let rows = [("eye", 3.0, 4.0, None), ("radar", 0.0, 1.0, Some([350.0, 10.0])), ("eye", 0.0, 3.0, None)];
    let mut csv = String::new();
    for (name, start, end, sector) in rows {
        let [from, to] = sector.map_or_else(Default::default, |sector: [f64; 2]| sector.map(|deg| deg.to_string()));
        writeln!(csv, "{name},{start},{end},{from},{to}").expect("text");
    }
    let sensors = [sensor("eye", LISTED), sensor("radar", LISTED)];
    let scene = Scene::new(&sensors, "").with_looks(&csv);
    let looks = || Catalogue::read(&scene.path("recording")).expect("a catalogue").sensors.into_iter().map(|s| s.looks);
    let of_csv: Vec<Looks> = looks().collect();
    let look = |start_us, end_us, sector_deg| ListedLook { start_us, end_us, sector_deg };
    let eye = [look(0, 3_000_000, None), look(3_000_000, 4_000_000, None)];
    let radar = [look(0, 1_000_000, Some([350.0, 10.0]))];
    assert_eq!(of_csv, [Looks::Listed(eye.into()), Looks::Listed(radar.into())], "in the order of time");
    fs::remove_file(scene.path("recording/looks.csv")).expect("the file");
    let number = ColumnType::Float64;
    let columns = [("sensor", ColumnType::Text), ("start", number), ("end", number), ("azimuth_from_deg", number)];
    let columns: Vec<_> = columns.into_iter().chain([("azimuth_to_deg", number)]).collect();
    let mut writer = TableWriter::create(&scene.path("recording/looks.parquet"), &columns).expect("a table");
    let values = vec![
        Values::Text(rows.iter().map(|row| Some(row.0)).collect()),
        Values::Float64(rows.iter().map(|row| Some(row.1)).collect()),
        Values::Float64(rows.iter().map(|row| Some(row.2)).collect()),
        Values::Float64(rows.iter().map(|row| row.3.map(|sector| sector[0])).collect()),
        Values::Float64(rows.iter().map(|row| row.3.map(|sector| sector[1])).collect()),
    ];
    writer.append_columns(values).expect("rows");
    writer.finish().expect("a file");
    assert_eq!(looks().collect::<Vec<_>>(), of_csv);
}

#[test]
fn looks_that_change_during_a_run_end_it() {
    let looks = |last: u32| listed(seconds(0, last));
    let scene = Scene::new(&[sensor("eye", LISTED)], &interrupted()).with_looks(&looks(70));
    let mut change = Some(|| scene.write("recording/looks.csv", &looks(71)));
    let error = scene.try_run(&mut |progress| {
        if matches!(progress, Progress::Fusing(..)) {
            change.take().into_iter().for_each(|change| change());
        }
    });
    let error = error.expect_err("other looks than were read");
    assert!(error.contains("looks.csv changed while it was read"), "{error}");
    assert!(!scene.path("out").exists());
}

#[test]
fn looks_and_reports_of_others_move_no_byte_of_a_partners_folder() {
    let own = positions("ais", seconds(0, 40).map(|t| (t * 1.5, place(t * 1.5, 0.0))));
    let eye = positions("eye", seconds(0, 40).map(|t| (t + 0.5, place(t + 0.5, 2_000.0))));
    let hidden = |step: f64, sector: &str| {
        let rows = text(seconds(5, 50).map(|t| format!("{},radar,,,3000,{}\n", t * step, 10.0 + t)));
        let looks = seconds(5, 50).map(|t| format!("radar,{},{},{sector}\n", t * step - 0.25, t * step + 0.25));
        (rows, text(looks))
    };
    let bytes = |hidden: Option<(String, String)>| {
        let (rows, looks) = hidden.unwrap_or_default();
        let sensors = [sensor("ais", REPORTS), sensor("eye", LISTED), sensor("radar", LISTED)];
        let scene = Scene::new(&sensors, &(own.clone() + &eye + &rows));
        let scene = scene.with_looks(&(listed(seconds(0, 40)) + &looks));
        scene.run();
        let alpha = scene.bytes("alpha");
        (["bravo", "charlie"].map(|partner| scene.bytes(partner)), alpha)
    };
    let (without, _) = bytes(None);
    let mut seen = BTreeSet::new();
    for (step, sector) in [(1.0, ","), (0.7, ","), (1.0, "0,180")] {
        let (with, alpha) = bytes(Some(hidden(step, sector)));
        assert_eq!(with, without, "{step} {sector}");
        seen.insert(alpha);
    }
    assert!(seen.len() > 1, "alpha sees the radar, and whether it looked");
}
