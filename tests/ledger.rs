//! What pictures say of the detections that tracks were made from, and the account of every row.

#[path = "common/guarded.rs"]
mod guarded;
#[path = "common/schema.rs"]
mod schema;

use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMicrosecondType, UInt64Type};
use arrow_array::{Array, RecordBatch};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use trackweave::fusion::credit::Accounts;
use trackweave::fusion::executor::Executor;
use trackweave::product::read_batches;
use trackweave::run::{PartnerReport, Request, RunConfig, RunReport, run};

const RULES: &str = "@id(\"fuse\") permit (principal, action in Action::\"fuse\", resource);\n\
    @id(\"full\") permit (principal == Partner::\"full\", action == Action::\"receive_full\", resource);\n\
    @id(\"coarse\") permit (principal == Partner::\"coarse\", action == Action::\"receive_coarse\", resource);\n\
    @id(\"nameless\") permit (principal == Partner::\"nameless\", action == Action::\"receive_nameless\", resource);\n\
    @id(\"little\") permit (principal == Partner::\"little\", action == Action::\"receive_little\", resource);\n";
const LEVELS: &str = "[[fuse]]\nlevel = \"fuse_full\"\n\
    [[receive]]\nlevel = \"receive_full\"\n\
    [[receive]]\nlevel = \"receive_coarse\"\ncoarsen_m = 500\n\
    [[receive]]\nlevel = \"receive_nameless\"\nomit = [\"contributors\"]\n\
    [[receive]]\nlevel = \"receive_little\"\nomit = [\"detections\"]\n";
const PARTNERS: [&str; 4] = ["full", "coarse", "nameless", "little"];

struct Scene {
    folder: TempDir,
    config: RunConfig,
}

impl Scene {
    /// Looks of a second each; `rows` of time, x and y.
    fn new(rows: &[(f64, [f64; 2])]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let text = include_str!("../data/config/air.toml")
            .replace("report_period_s = 10.0", "report_period_s = 1.0")
            .replace("cell_km = 10.0", "cell_km = 0.5");
        let scene = Self { folder, config: RunConfig::parse(&text, Path::new("test")).expect("a configuration") };
        let catalogue = "name = \"ledger\"\nframe = \"local\"\ntime = \"seconds\"\n\
            [[sensor]]\nname = \"eye\"\nowner = \"ash\"\nkind = \"position\"\nnoise = { horizontal_m = 10.0 }\n\
            coverage = { x_m = [-9e3, 9e3], y_m = [-9e3, 9e3] }\nscan_period_s = 1.0\n\
            detection_probability = 0.7\nclutter_per_scan = 0.1\n";
        let lines: Vec<String> = rows.iter().map(|(time, [x, y])| format!("{time},eye,{x:.3},{y:.3}\n")).collect();
        let partners: String = PARTNERS.map(|id| format!("[[partner]]\nid = \"{id}\"\n")).concat();
        for (name, text) in [
            ("recording/recording.toml", catalogue),
            ("recording/detections.csv", &format!("time,sensor,x_m,y_m\n{}", lines.concat())),
            (
                "policy/schema.cedarschema",
                &schema::schema(
                    &["fuse_full"],
                    &["receive_full", "receive_coarse", "receive_nameless", "receive_little"],
                ),
            ),
            ("policy/rules.cedar", RULES),
            ("policy/partners.toml", &partners),
            ("policy/levels.toml", LEVELS),
        ] {
            let path = scene.path(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
            fs::write(path, text).expect("a file is written");
        }
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs it; the guard finds nothing.
    fn run(&self) -> RunReport {
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| self.path(name));
        let request = Request::new(&recording, &policy, &out, &self.config);
        let report = run(&request, Executor::host(), &mut |_| {}).expect("a run");
        guarded::guarded([&recording, &policy, &out], &self.config);
        report
    }

    /// Of every row of a picture its time, the number of its track's detections and the time of the last one.
    fn rows(&self, partner: &str) -> Vec<(i64, Option<u64>, Option<i64>)> {
        let batches = read_batches(&self.path("out").join(partner)).expect("a picture");
        batches.flat_map(|batch| told(&batch.expect("a batch"))).collect()
    }
}

fn told(batch: &RecordBatch) -> Vec<(i64, Option<u64>, Option<i64>)> {
    let times = |name: &str| batch.column_by_name(name).expect("a column").as_primitive::<TimestampMicrosecondType>();
    let detections = batch.column_by_name("detections").expect("a column").as_primitive::<UInt64Type>();
    let (time, last) = (times("time"), times("last_detection"));
    let row = |row: usize| {
        let shown = |column: &dyn Array| column.is_valid(row);
        let last_us = shown(last).then(|| last.value(row));
        (time.value(row), shown(detections).then(|| detections.value(row)), last_us)
    };
    (0..batch.num_rows()).map(row).collect()
}

/// An object that is seen a quarter of a second and a microsecond after every second, but for four of them.
fn seen() -> Vec<(f64, [f64; 2])> {
    let times = (0..60).filter(|second| !(41..45).contains(second)).map(|second| f64::from(second) + 0.250_001);
    times.map(|time| (time, [100.0 * time - 3_000.0 + 10.0 * (7.0 * time).sin(), 5.0 * (3.0 * time).cos()])).collect()
}

#[test]
fn a_picture_tells_what_was_seen_from_what_coasts() {
    let scene = Scene::new(&seen());
    scene.run();
    let rows = scene.rows("full");
    for second in 10..=59_i64 {
        // Reports stand at whole seconds, after the look before; that of the last detection is after it.
        let (_, detections, last_us) = rows.iter().find(|row| row.0 == second * 1_000_000).expect("a row");
        let last = if (42..=45).contains(&second) { 40 } else { second - 1 };
        let count = if second > 45 { second - 4 } else { last + 1 };
        assert_eq!(*last_us, Some(last * 1_000_000 + 250_001), "at {second}");
        assert_eq!(*detections, u64::try_from(count).ok(), "at {second}");
    }
}

#[test]
fn every_row_is_in_one_account() {
    // An object, a moment's clutter that is nobody's, what is beyond all coverage, and rows that are none.
    let mut rows = seen();
    rows.extend([(12.5, [4_000.0, 4_000.0]), (30.5, [-4_000.0, 4_000.0])]);
    rows.extend([3.5, 9.5, 33.5].map(|time| (time, [50_000.0, 0.0])));
    rows.extend([f64::NAN, f64::INFINITY].map(|x| (20.0, [x, 0.0])));
    let scene = Scene::new(&rows);
    let report = scene.run();
    let object = u64::try_from(seen().len()).expect("few");
    for PartnerReport { partner, ledger, .. } in &report.partners {
        let Accounts { confirmed, unconfirmed, none, outside_coverage } = ledger.used;
        assert_eq!((confirmed, unconfirmed + none, outside_coverage), (object, 2, 3), "{partner}: {ledger:?}");
        assert_eq!(ledger.sum(), report.ingest.rows_read, "{partner}: {ledger:?}");
        assert_eq!(ledger.rejected.values().sum::<u64>(), 2);
        assert!(ledger.withheld.is_empty() && ledger.not_due.is_empty());
    }
    let manifest = |partner: &str| -> Value {
        let text = fs::read(scene.path("out").join(partner).join("manifest.json")).expect("a manifest");
        serde_json::from_slice(&text).expect("JSON")
    };
    let accounts = |partner: &str| manifest(partner)["computed_from"]["accounts"].clone();
    let used = report.partners[0].ledger.used;
    assert_eq!(accounts("full"), serde_json::to_value(used).expect("JSON"));
    for partner in ["coarse", "nameless", "little"] {
        assert_eq!(accounts(partner), Value::Null, "{partner}: a level demands something");
    }
}

#[test]
fn a_level_that_hides_where_or_whose_hides_when() {
    let scene = Scene::new(&seen());
    scene.run();
    let all = scene.rows("full");
    assert!(all.len() > 40 && all.iter().all(|row| row.1.is_some() && row.2.is_some()));
    for partner in ["coarse", "nameless"] {
        let wanted: Vec<_> = all.iter().map(|row| (row.0, row.1, None)).collect();
        assert_eq!(scene.rows(partner), wanted, "{partner}");
    }
    let wanted: Vec<_> = all.iter().map(|row| (row.0, None, None)).collect();
    assert_eq!(scene.rows("little"), wanted);
}
