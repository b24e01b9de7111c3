//! Addresses that targets send, some of them wrong, doubled or missing: tracking with them is no worse than without, and
//! tracks have the right ones.

#[path = "common/policy.rs"]
mod policy;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use policy::policy;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use trackweave::fusion::config::Identity;
use trackweave::fusion::executor::Executor;
use trackweave::run::{Request, RunConfig, run};
use trackweave::score::sequence::ScoreReport;
use trackweave::simulate::{Scenario, Simulation, simulate};

/// Shares of addresses that are wrong, sent by two objects, and missing.
const FAULTS: [f64; 3] = [0.05, 0.05, 0.2];

/// Boats that cross each other's ways, `density_per_km2` of them, measured to `noise_m`.
fn scenario(seed: u64, (density_per_km2, noise_m): (f64, f64)) -> Scenario {
    let reach_m = (60.0 / density_per_km2).sqrt() * 500.0 + 400.0;
    let text = format!(
        "name = \"boats\"\nseed = {seed}\nscans = 120\nreport_period_s = 5.0\nobjects = 60\ndensity_per_km2 = {density_per_km2:?}\n\
         births_per_scan = 0.0\nsurvival_probability = 1.0\nat_edge = \"turn\"\n[motion]\n\
         horizontal_intensity_m2_s3 = 0.05\nspeed_m_s = [2.0, 12.0]\n[[sensor]]\nname = \"s\"\nowner = \"a\"\n\
         kind = \"position\"\nnoise = {{ horizontal_m = {noise_m:?} }}\ndetection_probability = 0.8\nclutter_per_scan = 3.0\n\
         scan_period_s = 5.0\ntiming = \"spread\"\ncoverage = {{ box = {{ x_m = [-{reach_m:?}, {reach_m:?}], y_m = [-{reach_m:?}, {reach_m:?}] }} }}\n"
    );
    Scenario::parse(&text, "boats").expect("a scenario")
}

/// The same rows with a column of addresses.
fn address(recording: &Path, scenario: &Scenario, seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut simulation = Simulation::new(scenario).expect("a simulation");
    let [wrong, doubled, missing] = FAULTS;
    // Some objects have the address of another one.
    let own: Vec<u64> =
        (0..60).map(|object| if random.random_bool(doubled) { (object + 17) % 60 } else { object }).collect();
    let mut sent = Vec::new();
    while simulation.next_scan() {
        while let Some(detections) = simulation.next_detections() {
            for detection in detections {
                let address = detection.object.filter(|_| !random.random_bool(missing)).map(|object| {
                    if random.random_bool(wrong) {
                        random.random_range(0..60)
                    } else {
                        own[usize::try_from(object).expect("few") % 60]
                    }
                });
                sent.push(address.map(|address| format!("b{address}")));
            }
        }
    }
    let path = recording.join("detections.parquet");
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).expect("a file")).expect("a table");
    let batches: Vec<RecordBatch> = reader.build().expect("a reader").map(|batch| batch.expect("a batch")).collect();
    let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
    assert_eq!(rows, sent.len(), "the simulation gives the rows of the file");
    let mut fields = batches[0].schema().fields().to_vec();
    fields.push(Arc::new(Field::new("identity", DataType::Utf8, true)));
    let schema = Arc::new(Schema::new(fields));
    let mut writer =
        ArrowWriter::try_new(File::create(&path).expect("a file"), Arc::clone(&schema), None).expect("a writer");
    let mut next = sent.into_iter();
    for batch in batches {
        let column: StringArray = next.by_ref().take(batch.num_rows()).collect();
        let mut columns = batch.columns().to_vec();
        columns.push(Arc::new(column) as ArrayRef);
        writer.write(&RecordBatch::try_new(Arc::clone(&schema), columns).expect("a batch")).expect("rows");
    }
    writer.close().expect("a table");
}

fn score(folder: &Path, recording: &Path, error: Option<f32>) -> (ScoreReport, PathBuf) {
    let mut config = RunConfig::chosen(Path::new("sea")).expect("a configuration");
    config.report_period_s = 5.0_f32.try_into().expect("a period");
    config.fusion.identity =
        error.map(|error| Identity { error_probability: error.try_into().expect("a probability") });
    let out = folder.join(if error.is_some() { "with" } else { "without" });
    let report = run(&Request::new(recording, &folder.join("policy"), &out, &config), Executor::host(), &mut |_| {});
    let score = report.expect("a run").partners[0].score.clone().expect("a score");
    (score, out.join("a/tracks.parquet"))
}

/// Where boats are some standard deviations apart, and where they are far from each other.
#[test]
fn wrong_doubled_and_missing_addresses_make_nothing_worse() {
    for world in [(8.0, 25.0), (1.0, 10.0)] {
        hold(world);
    }
}

fn hold(world: (f64, f64)) {
    let (mut switches, mut gospa_m, mut named) = ([0; 2], [0.0; 2], [0; 2]);
    for seed in 1..=4 {
        let folder = tempfile::tempdir().expect("a folder");
        policy(folder.path());
        let (scenario, recording) = (scenario(seed, world), folder.path().join("recording"));
        simulate(&scenario, &recording).expect("a recording");
        address(&recording, &scenario, seed);
        for (which, error) in [None, Some(0.05)].into_iter().enumerate() {
            let (score, tracks) = score(folder.path(), &recording, error);
            switches[which] += score.identity.switches;
            gospa_m[which] += score.gospa_mean_m.expect("scans").total;
            if error.is_some() {
                let [steady, all] = steadiness(&tracks);
                (named[0], named[1]) = (named[0] + steady, named[1] + all);
            }
        }
    }
    println!("switches {switches:?}, GOSPA {gospa_m:?}, rows with their track's usual address {named:?}");
    assert!(switches[1] <= switches[0], "{switches:?} switches without and with addresses");
    assert!(gospa_m[1] <= gospa_m[0], "GOSPA {gospa_m:?} without and with addresses");
    assert!(named[0] * 100 >= named[1] * 90, "of {} rows {} have their track's usual address", named[1], named[0]);
}

/// Rows with the address that their track most often has, and rows with any.
fn steadiness(tracks: &Path) -> [usize; 2] {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(tracks).expect("a file")).expect("a table");
    let mut names: BTreeMap<u64, BTreeMap<String, usize>> = BTreeMap::new();
    for batch in reader.build().expect("a reader") {
        let batch = batch.expect("a batch");
        let track = batch.column_by_name("track").expect("tracks").as_primitive::<arrow_array::types::UInt64Type>();
        let name = batch.column_by_name("identity").expect("addresses").as_string::<i32>();
        for (track, name) in track.values().iter().zip(name).filter_map(|(track, name)| Some((*track, name?))) {
            *names.entry(track).or_default().entry(name.to_owned()).or_default() += 1;
        }
    }
    let usual = names.values().filter_map(|names| names.values().max()).sum();
    [usual, names.values().flat_map(BTreeMap::values).sum()]
}
