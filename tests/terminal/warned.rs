//! What goes wrong beside an output: the result on stdout, a warning a line on stderr, the new output in place.

use crate::schema::Schema;
use crate::{at, json, program, root, text, trackweave};
use serde_json::{Value, json as value};
use std::fs;
use std::path::Path;
use std::process::{Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

const POLICY: &str = "data/demo/policy";

/// The arguments of a run to `folder/out` under a label.
fn run(folder: &str, recording: &str, label: &str) -> Vec<String> {
    let line = format!("run {recording} --policy {POLICY} --executor host --label {label} --out {folder}/out --json");
    line.split(' ').map(str::to_owned).collect()
}

/// The warnings of a run that ended with `code`, each to the schema as the report is, and that its output is in place.
fn warnings(output: &Output, code: i32, (folder, label): (&str, &str)) -> (Value, Vec<String>) {
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    let schema = Schema::read();
    let report = json(output);
    assert_eq!(schema.faults(&report, "run"), Vec::<String>::new());
    let lines = stderr.lines().filter(|line| line.starts_with('{'));
    let messages = lines.map(|line| {
        let warned: Value = serde_json::from_str(line).expect("JSON");
        assert_eq!(schema.faults(&warned, "Warned"), Vec::<String>::new(), "{line}");
        warned["warning"]["message"].as_str().expect("words").to_owned()
    });
    let messages = messages.collect();
    let verified = trackweave(&["verify", &format!("{folder}/out"), "--label", label]);
    assert_eq!(verified.status.code(), Some(0), "the output of `{label}` is in place: {}", text(&verified.stderr));
    (report, messages)
}

#[test]
fn what_fails_beside_an_output_is_a_warning_and_exit_code_8() {
    let folder = at("untidy");
    fs::create_dir_all(&folder).expect("a folder");
    let cache = format!("{folder}/cache");
    let cached = |label: &str| {
        let with = ["--cache".to_owned(), cache.clone()];
        trackweave(&[run(&folder, "data/demo/recording", label), with.to_vec()].concat())
    };
    let (report, warned) = warnings(&cached("first"), 0, (&folder, "first"));
    assert_eq!((&report["untidy"], warned), (&value!([]), Vec::new()));
    // A folder cannot be replaced by a file.
    for lane in fs::read_dir(&cache).expect("the cache") {
        let lane = lane.expect("a lane").path();
        fs::remove_file(&lane).expect("a lane");
        fs::create_dir(&lane).expect("a folder");
    }
    let (report, warned) = warnings(&cached("second"), 8, (&folder, "second"));
    assert!(warned.len() == 1 && warned[0].contains(".lane: cannot write the file"), "{warned:?}");
    assert_eq!(report["untidy"], value!(warned));
}

#[test]
fn pictures_that_cannot_be_scored_are_a_warning_each_and_exit_code_7() {
    let folder = at("unscored");
    let recording = format!("{folder}/recording");
    fs::create_dir_all(&recording).expect("a folder");
    for name in ["recording.toml", "detections.parquet", "truth.parquet"] {
        fs::copy(root().join("data/demo/recording").join(name), format!("{recording}/{name}")).expect("a copy");
    }
    let truth = fs::read(format!("{recording}/truth.parquet")).expect("a truth");
    // A truth is read before anything is fused and when pictures are scored: it goes while the run is at work in between.
    let output = (0..20).find_map(|_| {
        fs::write(format!("{recording}/truth.parquet"), &truth).expect("a file");
        let mut command = program::program(&run(&folder, &recording, "third"));
        let mut started = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        while !is_at_work(Path::new(&folder)) && started.try_wait().expect("a process").is_none() {
            sleep(Duration::from_millis(1));
        }
        fs::write(format!("{recording}/truth.parquet"), "no table").expect("a file");
        let output = started.wait_with_output().expect("its output");
        (output.status.code() != Some(0)).then_some(output)
    });
    let (report, warned) = warnings(&output.expect("a truth that went in time"), 7, (&folder, "third"));
    let partners = ["aspen", "birch", "clover", "dogwood"];
    assert_eq!(warned.len(), partners.len(), "{warned:?}");
    for (partner, warned) in partners.iter().zip(&warned) {
        let why = report["report"]["unscored"][partner].as_str().expect("why it has no score");
        assert!(why.contains("truth.parquet"), "{why}");
        let message = format!("{folder}/out: the picture of `{partner}` is in place, but could not be scored: {why}");
        assert_eq!(*warned, message);
    }
    let manifest = fs::read_to_string(format!("{folder}/out/_operator/manifest.json")).expect("a manifest");
    assert!(manifest.contains("the scores of `aspen`: "), "{manifest}");
}

/// Whether a run has begun pictures beside the output in a folder.
fn is_at_work(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let mut hidden = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(".trackweave-"));
    hidden.any(|entry| entry.path().join("new/aspen").is_dir())
}
