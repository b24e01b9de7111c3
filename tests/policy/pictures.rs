//! From the policies of the library to pictures: what partners find in their folders.

use arrow_array::cast::AsArray;
use arrow_array::{Array, RecordBatch};
use std::fmt::Write as _;
use std::path::Path;
use tempfile::TempDir;
use trackweave::fusion::executor::Executor;
use trackweave::guard::{self, inspect};
use trackweave::policy::Field;
use trackweave::product::{Of, columns, read_batches, read_picture};
use trackweave::run::{Besides, Request, RunConfig, RunReport, run};
use trackweave::space::Frame;
use trackweave::time::parse_timestamp;

/// 2024-06-05T00:00:00Z.
const START: &str = "2024-06-05T00:00:00Z";
const LOOKS: i64 = 40;

/// A sensor of an owner, and how it labels what it sees of each object.
type Watch = (&'static str, &'static [Option<&'static str>]);

/// Objects 5 km apart that move east at 20 m/s, seen every second by those that label them.
fn recording(folder: &Path, watches: &[Watch]) {
    let mut catalogue = "name = \"t\"\nframe = \"local\"\ntime = \"timestamp\"\n".to_owned();
    let mut rows = "time,sensor,x_m,y_m,label\n".to_owned();
    for (owner, _) in watches {
        writeln!(
            catalogue,
            "[[sensor]]\nname = \"s-{owner}\"\nowner = \"{owner}\"\nkind = \"position\"\nnoise = {{ horizontal_m = 5.0 }}\n\
             detection_probability = 0.9\nclutter_per_scan = 0.01\nscan_period_s = 1.0\n\
             coverage = {{ x_m = [-2e4, 2e4], y_m = [-2e4, 2e4] }}"
        )
        .expect("text");
    }
    let start_us = parse_timestamp(START).expect("a time");
    for look in 0..LOOKS {
        for (owner, labels) in watches {
            for (object, label) in labels.iter().enumerate() {
                let Some(label) = label else { continue };
                let time = trackweave::time::format_timestamp(start_us + look * 1_000_000);
                let (x, y) = (look as f64 * 20.0 + 3.0 * (look % 3) as f64, object as f64 * 5_000.0);
                writeln!(rows, "{time},s-{owner},{x},{y},{label}").expect("text");
            }
        }
    }
    std::fs::write(folder.join("recording.toml"), catalogue).expect("a file");
    std::fs::write(folder.join("detections.csv"), rows).expect("a file");
}

fn pictures(policy: &str, watches: &[Watch], as_of: &str) -> (TempDir, RunReport) {
    let folder = tempfile::tempdir().expect("a folder");
    recording(folder.path(), watches);
    let text = include_str!("../../data/config/air.toml")
        .replace("report_period_s = 10.0", "report_period_s = 1.0")
        .replace("cell_km = 10.0", "cell_km = 1.0")
        .replace("initial_per_km2 = 0.001", "initial_per_km2 = 0.1");
    let config = RunConfig::parse(&text, Path::new("test")).expect("a configuration");
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/policies").join(policy);
    let out = folder.path().join("out");
    let request = Request {
        recording: folder.path().into(),
        policy: policy.as_path().into(),
        out: &out,
        config: &config,
        strict: true,
        as_of_us: parse_timestamp(as_of),
        label: None,
        cache: None,
        keep_logs: None,
        memory: None,
        calibration: None,
        formats: &[],
        besides: Besides::default(),
    };
    let report = run(&request, Executor::host(), &mut |_| {}).unwrap_or_else(|error| panic!("{error}"));
    // The guard agrees, which reads the policy with its own eyes.
    let found = inspect(&guard::Request {
        out: &out,
        policy: &policy,
        recording: folder.path(),
        configuration: &serde_json::to_value(&config).expect("JSON"),
        as_of_us: request.as_of_us,
        label: None,
        calibration: None,
    });
    let found = found.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((found.breaches, found.undecided), (Vec::new(), 0));
    (folder, report)
}

/// Which objects a partner's picture shows.
fn objects(folder: &TempDir, partner: &str) -> Vec<usize> {
    let points = read_picture(&folder.path().join("out").join(partner)).expect("a picture");
    let near = |object: &usize| points.iter().any(|p| (p.position_m[1] - *object as f64 * 5_000.0).abs() < 2_400.0);
    (0..4).filter(near).collect()
}

fn table(folder: &TempDir, partner: &str) -> Vec<RecordBatch> {
    let batches = read_batches(&folder.path().join("out").join(partner)).expect("a table");
    batches.map(|batch| batch.expect("a batch")).collect()
}

#[test]
fn a_label_goes_from_a_detection_to_its_tracks_and_the_caveat_holds_on_both() {
    // oak keeps object 0 to itself, shares 1 with allies and 2 with all; elm sees 2 and 3, and oak marks 3, too.
    let watches: [Watch; 2] = [
        ("oak", &[Some("national"), Some("allies"), Some(""), Some("national")]),
        ("elm", &[None, None, Some(""), Some("")]),
    ];
    let (folder, report) = pictures("national-caveats", &watches, "2024-06-06T00:00:00Z");
    // 3 is made of both for oak, and carries `national`: the second lock holds it back, for oak itself.
    assert_eq!(objects(&folder, "oak"), [0, 1, 2]);
    assert_eq!(objects(&folder, "elm"), [1, 2, 3]);
    assert_eq!(objects(&folder, "visitor"), [2, 3]);
    let of = |partner: &str| report.partners.iter().find(|of| of.partner == partner).expect("a partner");
    assert!(of("oak").rows_withheld.keys().any(|reason| reason.contains("national-tracks-stay")));
    let national = 2 * LOOKS.unsigned_abs();
    assert_eq!(of("elm").ledger.withheld.get("national-never-leaves"), Some(&national));
}

#[test]
fn every_picture_has_all_columns_and_what_is_left_out_is_null_and_never_zero() {
    let watches: [Watch; 2] = [("oak", &[None, None, Some("")]), ("elm", &[None, None, Some("")])];
    let (folder, _) = pictures("national-caveats", &watches, "2024-06-06T00:00:00Z");
    for partner in ["oak", "visitor"] {
        for batch in table(&folder, partner) {
            let schema = batch.schema();
            let found: Vec<_> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            // No address is fused: no picture has any.
            let own = columns(Frame::Local)
                .iter()
                .filter(|column| column.of == Of::Every && !column.fields.contains(&Field::Identity));
            let all: Vec<_> = own.map(|column| column.name).collect();
            assert_eq!(found, all, "{partner}");
            let owners = batch.column_by_name("contributors").expect("owners").as_list::<i32>();
            let hidden = if partner == "visitor" { batch.num_rows() } else { 0 };
            assert!(batch.num_rows() > 0);
            assert_eq!(owners.null_count(), hidden, "{partner}");
        }
    }
}

#[test]
fn what_is_fused_coarse_and_late_makes_a_track_that_is_coarse_late_and_true() {
    let watches: [Watch; 2] = [("east", &[Some(""), None]), ("west", &[None, Some("")])];
    // West's detections are an hour old but for the last 10 seconds.
    let (folder, report) = pictures("hub-and-spoke", &watches, "2024-06-05T01:00:29Z");
    assert_eq!(objects(&folder, "hub"), [0, 1]);
    assert_eq!(objects(&folder, "east"), [0, 1]);
    let of = |partner: &str| report.partners.iter().find(|of| of.partner == partner).expect("a partner");
    assert_eq!((of("hub").detections, of("east").detections), (80, 70));
    assert_eq!(of("east").ledger.not_due.get("fuse_coarse: delay"), Some(&10));
    let sigmas = |partner: &str, object: f64| {
        let (mut sigmas, mut worst) = (Vec::new(), 0.0_f64);
        for batch in table(&folder, partner) {
            let double = |name: &str| {
                batch.column_by_name(name).expect(name).as_primitive::<arrow_array::types::Float64Type>().clone()
            };
            let (x, y) = (double("x_m"), double("y_m"));
            let time = batch
                .column_by_name("time")
                .expect("time")
                .as_primitive::<arrow_array::types::TimestampMicrosecondType>()
                .clone();
            let variance = batch.column_by_name("position_covariance_xx_m2").expect("variance");
            let variance = variance.as_primitive::<arrow_array::types::Float32Type>();
            for row in (0..batch.num_rows()).filter(|&row| (y.value(row) - object).abs() < 2_400.0) {
                let elapsed = (time.value(row) - parse_timestamp(START).expect("a time")) as f64 * 1e-6;
                let sigma = f64::from(variance.value(row)).sqrt();
                sigmas.push(sigma);
                worst = worst.max((x.value(row) - 20.0 * elapsed).abs() / sigma);
            }
        }
        sigmas.sort_by(f64::total_cmp);
        (sigmas[sigmas.len() / 2], worst)
    };
    let (fine, coarse) = (sigmas("hub", 5_000.0), sigmas("east", 5_000.0));
    assert!(fine.0 < 10.0 && coarse.0 > 50.0, "median standard deviations: {fine:?} {coarse:?}");
    assert!(fine.1 < 5.0 && coarse.1 < 5.0, "errors in standard deviations: {fine:?} {coarse:?}");
}

#[test]
fn a_run_as_of_a_time_knows_nothing_later() {
    let watches: [Watch; 2] = [("red", &[Some("")]), ("blue", &[None, Some("")])];
    let (folder, report) = pictures("time-and-embargo", &watches, "2024-06-05T00:00:19.5Z");
    let points = read_picture(&folder.path().join("out/red")).expect("a picture");
    let last_us = points.iter().map(|point| point.time_us).max().expect("rows");
    assert_eq!(last_us, parse_timestamp("2024-06-05T00:00:19Z").expect("a time"));
    let of = |partner: &str| report.partners.iter().find(|of| of.partner == partner).expect("a partner");
    assert_eq!(of("red").detections, 40);
    assert_eq!(of("red").ledger.not_due.get("fuse_full: later than the run"), Some(&40));
    assert_eq!(of("archive").detections, 0);
    assert_eq!(of("archive").ledger.not_due.get("fuse_late: delay"), Some(&40));
}
