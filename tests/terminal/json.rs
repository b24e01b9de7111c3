//! What every command prints with `--json`, where it succeeds and where it fails, against docs/json.schema.json.

use crate::schema::Schema;
use crate::{at, commands, json, root, text, trackweave};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

const RECORDING: &str = "data/demo/recording";
const POLICY: &str = "data/demo/policy";

/// Every command with arguments that succeed, and its exit code.
fn successes() -> Vec<(Vec<String>, i32)> {
    let demo = at("demo");
    let scratch = |name: &str| at(name);
    let [logs, found, corrected] = ["json-logs", "json-calibration.toml", "json-corrected"].map(scratch);
    let lines: Vec<(String, i32)> = vec![
        (format!("demo --executor host --out {}", scratch("json-demo")), 0),
        (format!("inspect {RECORDING} --config air"), 0),
        (format!("track {RECORDING} --executor host --out {}", scratch("json-track")), 0),
        (format!("run {RECORDING} --policy {POLICY} --executor host --format csv --out {}", scratch("json-run")), 0),
        (format!("fuse {RECORDING} --policy {POLICY} --executor host --logs {logs}"), 0),
        (format!("assemble {RECORDING} --policy {POLICY} --logs {logs} --out {}", scratch("json-assembled")), 0),
        (format!("calibrate {RECORDING} --policy {POLICY} --logs {logs} --out {found}"), 0),
        (format!("run {RECORDING} --policy {POLICY} --executor host --calibration {found} --out {corrected}"), 0),
        (format!("import data/imports/states.csv --out {}", scratch("json-import")), 0),
        (format!("policy new {} --template open", scratch("json-policy")), 0),
        (format!("policy check {POLICY} --recording {RECORDING}"), 0),
        ("policy check data/demo/recording".to_owned(), 1),
        (format!("policy matrix {POLICY} --recording {RECORDING}"), 0),
        (format!("policy diff data/policies/all-to-all {POLICY} {RECORDING} --run"), 1),
        (format!("policy explain {POLICY} --recording {RECORDING} --partner dogwood --detection 7"), 0),
        (format!("policy explain {POLICY} --recording {RECORDING} --partner birch --track 1 --out {demo}"), 0),
        (
            format!(
                "policy explain {POLICY} --recording {RECORDING} --partner birch --track 12 --of aspen --out {demo}"
            ),
            0,
        ),
        (
            format!(
                "policy explain {POLICY} --recording {RECORDING} --partner clover --track 12 --of aspen --out {demo}"
            ),
            0,
        ),
        (format!("simulate data/scenarios/crossing.toml --out {}", scratch("json-crossing")), 0),
        (format!("score {demo} --truth {RECORDING} --policy {POLICY}"), 0),
        (format!("coherence {demo}"), 0),
        (format!("price {RECORDING} --policy {POLICY} --executor host"), 0),
        (format!("verify {demo} --policy {POLICY} --recording {RECORDING} --config air-smoothed"), 0),
        (format!("export {demo}/aspen --format geojson,csv --out {}", scratch("json-export")), 0),
        (format!("report {demo} --out {}", scratch("json-report")), 0),
        (format!("keygen --out {}", scratch("json-key")), 0),
        ("bench --objects 60 --scans 3 --executor host".to_owned(), 0),
        ("devices".to_owned(), 0),
        ("info".to_owned(), 0),
        (format!("info {RECORDING}"), 0),
        (format!("info {demo}"), 0),
        (format!("show {demo} --partner birch,dogwood --limit 3"), 0),
        (format!("show {demo}/birch --audit"), 0),
        ("config".to_owned(), 0),
        ("config sea".to_owned(), 0),
        ("config data/config/air.toml --from sea".to_owned(), 0),
        ("completions bash".to_owned(), 0),
        (format!("man --out {}", scratch("json-man")), 0),
    ];
    lines.into_iter().map(|(line, code)| (line.split(' ').map(str::to_owned).collect(), code)).collect()
}

/// The entry of a command: its name, with an underscore for a space.
fn entry(words: &[String]) -> String {
    let names = if words.first().is_some_and(|word| word == "policy") { 2 } else { 1 };
    words[..names].join("_")
}

#[test]
fn every_command_prints_what_the_schema_says() {
    let schema = Schema::read();
    let mut met = BTreeSet::new();
    for (mut words, code) in successes() {
        let entry = entry(&words);
        words.push("--json".to_owned());
        let output = trackweave(&words);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {}", text(&output.stderr));
        let value = json(&output);
        assert_eq!(schema.faults(&value, &entry), Vec::<String>::new(), "{words:?}");
        // The plant: a key by another name is noticed.
        for key in value.as_object().into_iter().flat_map(|object| object.keys()).filter(|_| entry != "score") {
            let mut renamed = value.clone();
            let object = renamed.as_object_mut().expect("an object");
            let held = object.remove(key).expect("the key");
            object.insert(format!("{key}_renamed"), held);
            assert!(!schema.faults(&renamed, &entry).is_empty(), "`{key}` of {words:?} may be renamed");
        }
        met.insert(entry);
    }
    let all: BTreeSet<String> = commands().into_iter().map(|name| name.replace(' ', "_")).collect();
    assert_eq!(met, all, "every command is tried");
}

/// Commands that fail: arguments, exit code, a part of where, found and wanted.
fn failures() -> Vec<(String, i32, [&'static str; 3])> {
    let demo = at("demo");
    let mine = at("mine");
    fs::create_dir_all(&mine).expect("a folder");
    fs::write(format!("{mine}/diary.txt"), "Dear diary").expect("a file");
    let of = format!("{RECORDING} --policy {POLICY}");
    vec![
        ("dmeo".to_owned(), 2, ["dmeo", "", "demo"]),
        (String::new(), 2, ["", "", ""]),
        ("demo --executor abacus".to_owned(), 2, ["--executor", "abacus", "auto, device, host"]),
        (format!("demo --executor host --out {mine}"), 4, ["mine", "diary.txt", ""]),
        (format!("import no/such --out {mine}/imported"), 3, ["no/such", "cannot be read", ""]),
        ("inspect no/such".to_owned(), 3, ["no/such", "neither `detections.parquet`", "one of them"]),
        (format!("track no/such --out {mine}/out"), 3, ["no/such", "", ""]),
        (format!("track {RECORDING} --executor host --out {mine}"), 4, ["mine", "diary.txt", ""]),
        (format!("run {RECORDING} --policy no/such --out {mine}/out"), 3, ["no/such", "", ""]),
        (format!("run {of}"), 2, ["--out", "", ""]),
        (format!("run {of} --out {mine}/c --calibration no/such"), 3, ["no/such", "calibration", "wrote"]),
        (
            format!("fuse {RECORDING} --policy {POLICY} --logs {demo}/logs"),
            2,
            ["logs", "a folder of lanes in the output", "one that is not"],
        ),
        (format!("fuse {of} --logs {mine}/logs --lanes 7..9"), 2, ["lanes 7..9", "2 lanes", "some of them"]),
        (
            format!("assemble {RECORDING} --policy {POLICY} --logs {mine} --out {mine}/out"),
            3,
            ["mine", "no log of lane 0", "one of each of 2 lanes"],
        ),
        (
            format!("calibrate {RECORDING} --logs {mine} --out {mine}/c.toml --reference elm"),
            2,
            ["", "the reference is `elm`", "one of its sensors: aspen-west"],
        ),
        (format!("policy new {mine} --template open"), 4, ["mine", "a folder that holds something", "new or empty"]),
        (format!("policy check {POLICY} --recording no/such"), 3, ["no/such", "", ""]),
        (format!("policy matrix no/such --recording {RECORDING}"), 3, ["no/such", "", ""]),
        (format!("policy diff {POLICY} no/such {RECORDING}"), 3, ["no/such", "", ""]),
        (
            format!("policy explain {POLICY} --recording {RECORDING} --partner elm --detection 7"),
            2,
            ["", "`--partner` is `elm`", "one of: aspen"],
        ),
        (
            format!(
                "policy explain {POLICY} --recording {RECORDING} --partner birch --track 999999 --of aspen --out {demo}"
            ),
            2,
            ["", "no track 999999 in the lane of `aspen`", "one of its"],
        ),
        (format!("simulate {RECORDING}/recording.toml --out {mine}/out"), 3, ["recording.toml", "", ""]),
        (format!("score {demo} --truth data/policies"), 3, ["data/policies", "", ""]),
        ("coherence no/such".to_owned(), 3, ["no/such", "", ""]),
        (format!("price no/such --policy {POLICY}"), 3, ["no/such", "", ""]),
        (format!("verify {demo} --policy no/such --recording {RECORDING}"), 3, ["no/such", "", ""]),
        (format!("export {demo} --format csv --out {mine}/out"), 3, ["demo", "", "the folder of one partner"]),
        (format!("report {POLICY} --out {mine}/out"), 3, ["", "", ""]),
        (format!("keygen --out {mine}/diary.txt"), 4, ["diary.txt", "", ""]),
        ("bench --objects 0".to_owned(), 2, ["--objects", "0", ""]),
        ("info no/such".to_owned(), 3, ["no/such", "nothing", "a recording"]),
        (format!("show {demo} --partner elm"), 2, ["", "`--partner` is `elm`", "one of:"]),
        (format!("show {demo} --columns wings"), 2, ["", "wings", "some of: time"]),
        ("config no/such.toml".to_owned(), 3, ["no/such.toml", "cannot read the configuration", "a file, or one of"]),
        ("completions emacs".to_owned(), 2, ["", "emacs", "bash"]),
        (format!("man --out {mine}/diary.txt"), 4, ["diary.txt", "", ""]),
    ]
}

#[test]
fn every_command_fails_in_json_too() {
    let schema = Schema::read();
    let mut met = BTreeSet::new();
    for (line, code, parts) in failures() {
        let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        words.push("--json".to_owned());
        met.insert(entry(&words));
        let output = trackweave(&words);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {stderr}");
        assert!(output.stdout.is_empty(), "{words:?}: an error is nothing for stdout");
        let lines: Vec<&str> = stderr.lines().filter(|line| line.starts_with('{')).collect();
        assert_eq!(lines.len(), 1, "{words:?}: {stderr}");
        let value: Value = serde_json::from_str(lines[0]).expect("JSON");
        assert_eq!(schema.faults(&value, "Failed"), Vec::<String>::new(), "{words:?}");
        let error = &value["error"];
        assert_eq!(error["exit_code"], code, "{value}");
        for (key, part) in ["where", "found", "wanted"].into_iter().zip(parts) {
            let found = error[key].as_str().unwrap_or_default();
            assert!(found.contains(part), "`{key}` of {words:?} is `{found}`, wanted `{part}`");
        }
        let see = error["see"].as_str().expect("a page").split('#').next().unwrap_or_default();
        assert!(see.starts_with("trackweave ") || root().join(see).is_file(), "{see} is no page");
    }
    let all: BTreeSet<String> = commands().into_iter().map(|name| name.replace(' ', "_")).collect();
    // Nothing that a user says makes `devices` fail.
    let missing: Vec<&String> = all.difference(&met).collect();
    assert_eq!(missing, ["devices"]);
}

#[test]
fn what_verify_finds_is_on_both_streams() {
    let schema = Schema::read();
    let broken = at("broken");
    fs::create_dir_all(&broken).expect("a folder");
    for entry in fs::read_dir(at("demo/birch")).expect("a folder") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, format!("{broken}/{}", path.file_name().expect("a name").to_string_lossy())).expect("a copy");
    }
    let mut audit = fs::read(format!("{broken}/audit.jsonl")).expect("a file");
    audit.pop();
    fs::write(format!("{broken}/audit.jsonl"), audit).expect("a file");
    let output = trackweave(&["verify", &broken, "--json"]);
    assert_eq!(output.status.code(), Some(6));
    let value = json(&output);
    assert_eq!(schema.faults(&value, "verify"), Vec::<String>::new());
    assert_eq!(value["sound"], false);
    let told: Value = serde_json::from_str(text(&output.stderr).trim()).expect("JSON");
    assert_eq!(schema.faults(&told, "Failed"), Vec::<String>::new());
    assert!(told["error"]["where"].as_str().is_some_and(|place| place.contains("audit.jsonl")), "{told}");
}

/// The type of a key in the words of the page.
fn words(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.trim_start_matches("#/$defs/");
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(ways) = schema["anyOf"].as_array() {
        return ways.iter().map(words).collect::<Vec<_>>().join(" or ");
    }
    if let Some(all) = schema["enum"].as_array() {
        return all.iter().filter_map(Value::as_str).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    }
    let one = |name: &str| match name {
        "array" => match schema["prefixItems"].as_array() {
            Some(all) => format!("list of {}", all.iter().map(words).collect::<Vec<_>>().join(", ")),
            None => format!("list of {}", words(&schema["items"])),
        },
        "object" if schema["additionalProperties"].is_object() => {
            format!("by name: {}", words(&schema["additionalProperties"]))
        }
        name => name.to_owned(),
    };
    match &schema["type"] {
        Value::String(name) => one(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).map(one).collect::<Vec<_>>().join(" or "),
        _ => "any".to_owned(),
    }
}

#[test]
fn the_page_has_every_key_with_its_type_and_meaning() {
    let page = fs::read_to_string(root().join("docs/json.md")).expect("the page");
    for (name, schema) in Schema::read().entries() {
        let section = page.split("\n### ").find(|section| section.starts_with(&format!("{name}\n")));
        let section = section.unwrap_or_else(|| panic!("a section on {name}"));
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mut rows = 0;
        for (key, of) in schema["properties"].as_object().into_iter().flatten() {
            let absent = if required.contains(&key.as_str()) { "" } else { " (may be absent)" };
            let meaning = of["description"].as_str().unwrap_or_else(|| panic!("the meaning of `{key}` of {name}"));
            let row = format!("| `{key}` | {}{absent} | {meaning} |", words(of));
            assert!(section.contains(&row), "{row}\nin the section on {name}");
            rows += 1;
        }
        assert_eq!(section.matches("\n| `").count(), rows, "rows of {name}");
    }
}
