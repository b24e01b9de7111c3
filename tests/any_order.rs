//! Rows of a recording may come in any order: none is lost, and no byte of a picture tells which order it was.

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
use trackweave::fusion::executor::Executor;
use trackweave::ingest::{ColumnType, TableWriter, Values};
use trackweave::run::{Progress, Request, RunConfig, RunReport, run};
use trackweave::space::Frame;

/// One detection: time in tenths of a second, sensor, the numbers of its columns, label.
type Row = (i64, &'static str, [Option<f64>; 6], &'static str);
/// Contents by path below the output.
type Files = BTreeMap<PathBuf, Vec<u8>>;

const COLUMNS: [[&str; 6]; 2] = [
    ["x_m", "y_m", "z_m", "range_m", "azimuth_deg", "elevation_deg"],
    ["latitude_deg", "longitude_deg", "altitude_m", "range_m", "azimuth_deg", "elevation_deg"],
];

const LEVELS: &str = "[[fuse]]\nlevel = \"fuse_full\"\n[[fuse]]\nlevel = \"fuse_coarse\"\ncoarsen_m = 400\n\
    omit = [\"height\"]\n[[receive]]\nlevel = \"receive_full\"\n";
/// Charlie gets coarse places without heights, and bravo nothing that is marked.
const RULES: &str = "@id(\"full\") permit (principal, action == Action::\"fuse_full\", resource)\n\
    unless { principal == Partner::\"charlie\" };\n\
    @id(\"coarse\") permit (principal, action == Action::\"fuse_coarse\", resource);\n\
    @id(\"no-sec\") forbid (principal == Partner::\"bravo\", action in Action::\"fuse\", resource)\n\
    when { resource.label == \"sec\" };\n\
    @id(\"receive\") permit (principal, action in Action::\"receive\", resource);\n";
const PARTNERS: [&str; 3] = ["alpha", "bravo", "charlie"];

/// Two sensors that look at the same instants at two pairs of objects, one of them marked; some rows stand twice, once
/// with another label, and objects share cells and heights.
fn rows(frame: Frame) -> Vec<Row> {
    let mut rows = Vec::new();
    for k in 0..40_i64 {
        for (object, label) in (0..4_i64).zip(["", "sec", "", "sec"]) {
            let jitter = ((k * 7 + object * 3) % 11) as f64 - 5.0;
            let [x, y] = [k as f64 * 10.0 - 200.0 + jitter, 600.0 * object as f64 - 900.0 - jitter];
            let z = 300.0 + 50.0 * (object % 2) as f64;
            let place =
                if frame == Frame::Geodetic { [46.0 + y / 111_000.0, 8.0 + x / 77_000.0, z] } else { [x, y, z] };
            let [a, b, c] = place.map(Some);
            rows.push((10 * k, "mast", [a, b, c, None, None, None], label));
            if k % 9 == 4 {
                let other = if label == "sec" { "" } else { "sec" };
                rows.push((10 * k, "mast", [a, b, c, None, None, None], other));
            }
            let flat = x.hypot(y + 5_000.0);
            let polar = [flat.hypot(z), x.atan2(y + 5_000.0).to_degrees(), z.atan2(flat).to_degrees()].map(Some);
            rows.push((10 * k, "dish", [None, None, None, polar[0], polar[1], polar[2]], label));
        }
    }
    rows
}

fn csv(rows: &[Row], frame: Frame) -> Vec<u8> {
    let mut text = format!("time,sensor,label,{}\n", COLUMNS[usize::from(frame == Frame::Geodetic)].join(","));
    for (tenths, sensor, numbers, label) in rows {
        write!(text, "{},{sensor},{label}", *tenths as f64 / 10.0).expect("text");
        for number in numbers {
            write!(text, ",{}", number.map_or_else(String::new, |number| number.to_string())).expect("text");
        }
        text.push('\n');
    }
    text.into_bytes()
}

fn parquet(rows: &[Row], frame: Frame) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("detections.parquet");
    let numbers = COLUMNS[usize::from(frame == Frame::Geodetic)].map(|name| (name, ColumnType::Float64));
    let texts = [("time", ColumnType::Float64), ("sensor", ColumnType::Text), ("label", ColumnType::Text)];
    let columns: Vec<_> = texts.into_iter().chain(numbers).collect();
    let mut writer = TableWriter::create(&path, &columns).expect("a table");
    let mut values = vec![
        Values::Float64(rows.iter().map(|row| Some(row.0 as f64 / 10.0)).collect()),
        Values::Text(rows.iter().map(|row| Some(row.1)).collect()),
        Values::Text(rows.iter().map(|row| Some(row.3)).collect()),
    ];
    values.extend((0..6).map(|column| Values::Float64(rows.iter().map(|row| row.2[column]).collect())));
    writer.append_columns(values).expect("rows");
    writer.finish().expect("a file");
    fs::read(path).expect("the file")
}

/// The same rows in other orders: shuffled, backwards, by sensor, as they arrive up to six seconds late, and those of one
/// instant exchanged.
fn orders(rows: &[Row]) -> Vec<(&'static str, Vec<Row>)> {
    let mut state = 9_u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let mut by = |key: &mut dyn FnMut(&Row, u64) -> i64| {
        let mut keyed: Vec<(i64, Row)> = rows.iter().map(|row| (key(row, random()), *row)).collect();
        keyed.sort_by_key(|(key, _)| *key);
        keyed.into_iter().map(|(_, row)| row).collect::<Vec<_>>()
    };
    vec![
        ("shuffled", by(&mut |_, chance| i64::from(u32::try_from(chance).unwrap_or(0)))),
        ("shuffled again", by(&mut |_, chance| i64::from(u32::try_from(chance).unwrap_or(0)))),
        ("backwards", by(&mut |row, _| -row.0)),
        ("by sensor", by(&mut |row, _| i64::from(row.1 == "dish"))),
        ("as they arrive", by(&mut |row, chance| row.0 + i64::from(u32::try_from(chance % 60).unwrap_or(0)))),
        ("rows of one instant exchanged", by(&mut |row, chance| row.0 * 8 + i64::from(chance % 2 == 0))),
    ]
}

struct Scene {
    folder: TempDir,
    config: RunConfig,
}

impl Scene {
    fn new(frame: Frame, table: &str, bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let text = include_str!("../data/config/air.toml")
            .replace("report_period_s = 10.0", "report_period_s = 1.0")
            .replace("cell_km = 10.0", "cell_km = 0.5");
        let config = RunConfig::parse(&text, Path::new("test")).expect("a configuration");
        let (named, site, coverage) = if frame == Frame::Geodetic {
            let coverage = "{ latitude_deg = [45.9, 46.1], longitude_deg = [7.9, 8.1], height_m = [0.0, 1000.0] }";
            ("geodetic", "{ latitude_deg = 45.955, longitude_deg = 8.0, altitude_m = 0.0 }", coverage)
        } else {
            (
                "local",
                "{ x_m = 0.0, y_m = -5000.0, z_m = 0.0 }",
                "{ x_m = [-3e3, 3e3], y_m = [-3e3, 3e3], height_m = [0.0, 1e3] }",
            )
        };
        let common = "detection_probability = 0.9\nclutter_per_scan = 0.5\nscan_period_s = 2.0\n";
        let catalogue = format!(
            "name = \"orders\"\nframe = \"{named}\"\ntime = \"seconds\"\n[[sensor]]\nname = \"mast\"\nowner = \"alpha\"\n\
             kind = \"position\"\nnoise = {{ horizontal_m = 10.0, vertical_m = 10.0 }}\n{common}coverage = {coverage}\n\
             [[sensor]]\nname = \"dish\"\nowner = \"bravo\"\nkind = \"radar\"\nsite = {site}\n\
             noise = {{ range_m = 10.0, azimuth_deg = 0.2, elevation_deg = 0.2 }}\n{common}coverage = {coverage}\n"
        );
        let partners: String = PARTNERS.map(|id| format!("[[partner]]\nid = \"{id}\"\n")).concat();
        for (name, text) in [
            ("recording/recording.toml", catalogue.as_str()),
            ("policy/schema.cedarschema", &schema::schema(&["fuse_full", "fuse_coarse"], &["receive_full"])),
            ("policy/rules.cedar", RULES),
            ("policy/partners.toml", &partners),
            ("policy/levels.toml", LEVELS),
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
            fs::write(path, text).expect("a file is written");
        }
        fs::write(folder.path().join("recording").join(table), bytes).expect("detections");
        Self { folder, config }
    }

    fn run(&self, heard: &mut dyn FnMut(Progress)) -> Result<RunReport, String> {
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| self.folder.path().join(name));
        let cache = self.folder.path().join("cache");
        let request =
            Request { strict: true, cache: Some(&cache), ..Request::new(&recording, &policy, &out, &self.config) };
        run(&request, Executor::host(), heard).map_err(|error| error.to_string())
    }

    /// What partners get, checked by the guard, and the rows of the recording that fusion was given, lane by lane.
    fn pictures(&self) -> (Files, Vec<u64>) {
        let report = self.run(&mut |_| {}).expect("a run");
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| self.folder.path().join(name));
        guarded::guarded([&recording, &policy, &out], &self.config);
        let mut beside: Vec<_> = fs::read_dir(self.folder.path()).expect("a folder").flatten().collect();
        beside.retain(|entry| entry.file_name().to_string_lossy().starts_with('.'));
        assert!(beside.is_empty(), "left behind: {beside:?}");
        let mut found = Files::new();
        for partner in PARTNERS {
            let files = files::files(&out.join(partner));
            found.extend(files.into_iter().map(|(name, bytes)| (Path::new(partner).join(name), bytes)));
        }
        (found, report.lanes.iter().map(|lane| lane.detections).collect())
    }
}

fn different(a: &Files, b: &Files) -> Vec<PathBuf> {
    a.keys()
        .filter(|name| a.get(*name) != b.get(*name))
        .chain(b.keys().filter(|name| !a.contains_key(*name)))
        .cloned()
        .collect()
}

#[test]
fn every_order_of_rows_gives_the_same_bytes_to_every_partner() {
    for frame in [Frame::Local, Frame::Geodetic] {
        let rows = rows(frame);
        let (wanted, lanes) = Scene::new(frame, "detections.csv", &csv(&rows, frame)).pictures();
        assert_eq!(lanes.iter().max(), Some(&(rows.len() as u64)));
        for partner in PARTNERS {
            let size = wanted[&Path::new(partner).join("tracks.parquet")].len();
            assert!(size > 5_000, "{partner}: {size} bytes: too few to say anything");
        }
        for (order, rows) in orders(&rows) {
            for (table, bytes) in [("detections.csv", csv(&rows, frame)), ("detections.parquet", parquet(&rows, frame))]
            {
                let (found, found_lanes) = Scene::new(frame, table, &bytes).pictures();
                assert_eq!(different(&wanted, &found), Vec::<PathBuf>::new(), "{order}, {table}, {frame:?}");
                assert_eq!(found_lanes, lanes, "{order}");
            }
        }
    }
}

#[test]
fn the_order_of_sensors_in_the_catalogue_gives_the_same_bytes_too() {
    // Two sensors that report the same of one object at one time, then each by itself.
    let mut table = "time,sensor,x_m,y_m,z_m\n".to_owned();
    for k in 0..40 {
        for sensor in ["left", "right"] {
            let apart_m = if k % 3 == 0 { 0.0 } else { sensor.len() as f64 };
            writeln!(table, "{k},{sensor},{},{apart_m},300", 10 * k).expect("text");
        }
    }
    let catalogue = |sensors: [&str; 2]| {
        let sensor = |name: &str| {
            format!(
                "[[sensor]]\nname = \"{name}\"\nowner = \"alpha\"\nkind = \"position\"\nscan_period_s = 2.0\n\
                 noise = {{ horizontal_m = 10.0, vertical_m = 10.0 }}\ndetection_probability = 0.9\nclutter_per_scan = 0.5\n\
                 coverage = {{ x_m = [-3e3, 3e3], y_m = [-3e3, 3e3], height_m = [0.0, 1e3] }}\n"
            )
        };
        format!("name = \"orders\"\nframe = \"local\"\ntime = \"seconds\"\n{}", sensors.map(sensor).concat())
    };
    let pictures = |sensors| {
        let scene = Scene::new(Frame::Local, "detections.csv", table.as_bytes());
        fs::write(scene.folder.path().join("recording/recording.toml"), catalogue(sensors)).expect("a catalogue");
        scene.pictures().0
    };
    let (there, back) = (pictures(["left", "right"]), pictures(["right", "left"]));
    assert_eq!(different(&there, &back), Vec::<PathBuf>::new());
}

#[test]
fn a_recording_in_order_is_not_sorted_and_another_one_once() {
    let rows = rows(Frame::Local);
    let backwards: Vec<Row> = rows.iter().rev().copied().collect();
    for (rows, wanted) in [(rows, false), (backwards, true)] {
        let mut sorted = false;
        let scene = Scene::new(Frame::Local, "detections.csv", &csv(&rows, Frame::Local));
        scene.run(&mut |progress| sorted |= matches!(progress, Progress::Sorting(_))).expect("a run");
        assert_eq!(sorted, wanted);
    }
}

#[test]
fn a_recording_that_changes_after_it_was_sorted_is_an_error() {
    let rows: Vec<Row> = rows(Frame::Local).into_iter().rev().collect();
    let scene = Scene::new(Frame::Local, "detections.csv", &csv(&rows, Frame::Local));
    let path = scene.folder.path().join("recording/detections.csv");
    let mut moved = rows;
    moved[100].0 += 1;
    let mut once = Some(csv(&moved, Frame::Local));
    let found = scene.run(&mut |progress| {
        if matches!(progress, Progress::Fusing(..))
            && let Some(bytes) = once.take()
        {
            fs::write(&path, bytes).expect("the file");
        }
    });
    let error = found.expect_err("an error");
    assert!(error.contains("detections.csv changed while it was read"), "{error}");
    assert!(!scene.folder.path().join("out").exists());
}
