//! The commands that look at things, begin a policy, and write what shells and `man` read.

use crate::{at, commands, done, json, root, text, trackweave};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use trackweave::product::{PictureRows, PictureState};

fn value(line: &str) -> Value {
    let words: Vec<&str> = line.split(' ').chain(["--json"]).collect();
    json(&trackweave(&words))
}

fn rows(partner: &str) -> Vec<PictureState> {
    let rows = PictureRows::open(Path::new(&at(&format!("demo/{partner}")))).expect("a picture");
    rows.collect::<Result<_, _>>().expect("rows")
}

#[test]
fn info_says_what_something_is_and_what_to_do_next() {
    let demo = at("demo");
    let tried = [
        ("data/demo/recording".to_owned(), "recording", "trackweave inspect data/demo/recording"),
        ("data/demo/policy".to_owned(), "policy", "trackweave policy check data/demo/policy"),
        (demo.clone(), "output", "/_operator/report.html"),
        (format!("{demo}/clover"), "picture", "/clover/report.html"),
        ("data/config/sea.toml".to_owned(), "configuration", "trackweave config data/config/sea.toml"),
        ("data/scenarios/crossing.toml".to_owned(), "scenario", "trackweave simulate data/scenarios/crossing.toml"),
    ];
    for (path, is, next) in tried {
        let found = value(&format!("info {path}"));
        assert_eq!(found["is"], is, "{path}");
        let shown = done(&["info", &path]);
        assert!(shown.contains("\nnext\n") && shown.contains(next), "{shown}");
    }
    let of = value(&format!("info {demo}"));
    for partner in ["aspen", "birch", "clover", "dogwood"] {
        assert_eq!(of["about"]["rows"][partner], rows(partner).len(), "{partner}");
    }
    let recording = value("info data/demo/recording");
    assert_eq!(recording["about"]["sensors"]["aspen"], serde_json::json!(["aspen-west", "aspen-east"]));
    assert_eq!(recording["about"]["truth"], true);
    let policy = value("info data/demo/policy");
    assert_eq!(policy["about"]["partners"], serde_json::json!(["aspen", "birch", "clover", "dogwood"]));
    assert_eq!(value("info data/config/sea.toml")["about"]["equals"], "sea");
    let build = value("info");
    assert_eq!(build["auto"], value("devices")["auto"]);
    assert_eq!(build["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn show_gives_the_rows_that_are_asked_for_and_no_other() {
    let all = rows("clover");
    let count = |line: &str| {
        let found = value(line);
        found["folders"]
            .as_array()
            .expect("folders")
            .iter()
            .map(|of| of["rows"].as_array().expect("rows").len())
            .sum::<usize>()
    };
    let demo = at("demo");
    assert_eq!(count(&format!("show {demo}/clover")), all.len());
    let tracks = [all[0].track, all[all.len() / 2].track];
    let wanted = all.iter().filter(|row| tracks.contains(&row.track)).count();
    assert_eq!(count(&format!("show {demo} --partner clover --track {},{}", tracks[0], tracks[1])), wanted);
    let middle_us = all[all.len() / 2].time_us;
    let middle = trackweave::time::format_timestamp(middle_us);
    let later = all.iter().filter(|row| row.time_us >= middle_us).count();
    assert_eq!(count(&format!("show {demo}/clover --from-time {middle}")), later);
    let then = all.iter().filter(|row| row.time_us == middle_us).count();
    assert_eq!(count(&format!("show {demo}/clover --from-time {middle} --to-time {middle}")), then);
    assert_eq!(count(&format!("show {demo} --limit 7")), 7);
    let both = rows("birch").len() + all.len();
    assert_eq!(count(&format!("show {demo} --partner birch,clover")), both);

    let first = &value(&format!("show {demo}/clover --limit 1 --columns time,track,velocity_east_m_s"))["folders"][0]["rows"]
        [0];
    assert_eq!((&first["time"], &first["track"]), (&all[0].time_us.into(), &all[0].track.into()));
    assert_eq!(first.as_object().map(serde_json::Map::len), Some(3));
    let shown = done(&["show", &format!("{demo}/clover")]);
    assert_eq!(shown.lines().count(), all.len() + 1, "a head and a line a row");
    let head: Vec<&str> = shown.lines().next().expect("a head").split_whitespace().collect();
    assert_eq!(head[..6], ["time", "track", "status", "latitude", "longitude", "alt"], "{head:?}");
    assert_eq!(done(&["show", &format!("{demo}/dogwood")]).lines().count(), 0);
    let late = trackweave(&["show", &format!("{demo}/clover"), "--from-time", "soon"]);
    assert!(late.status.code() == Some(2) && text(&late.stderr).contains("`--from-time` is `soon`, wanted an instant"));
}

#[test]
fn show_gives_the_decisions_of_an_audit() {
    let demo = at("demo");
    let lines = fs::read_to_string(at("demo/birch/audit.jsonl")).expect("an audit");
    let entries: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["entry"].clone()).collect();
    assert_eq!(value(&format!("show {demo}/birch --audit"))["folders"][0]["rows"], Value::Array(entries));
    let shown = done(&["show", &demo, "--partner", "birch", "--audit"]);
    assert!(shown.contains("birch may `fuse_full`") && shown.contains("by birch-fuses-its-zone"), "{shown}");
    let operator = done(&["show", &demo, "--partner", "_operator", "--audit"]);
    assert!(operator.contains("dogwood may not `fuse_full`") && operator.contains("by no policy permits this"));
}

/// The templates, as the help lists them.
fn templates() -> Vec<String> {
    let help = done(&["policy", "new", "--help"]);
    let lines = help.lines().filter_map(|line| line.trim_start().strip_prefix("- ")?.split_once(':'));
    let all: Vec<String> = lines.map(|(name, _)| name.to_owned()).collect();
    assert!(all.len() >= 7 && all.contains(&"owner-only".to_owned()), "{all:?} in {help}");
    all
}

#[test]
fn every_template_is_a_policy_that_checks_and_runs() {
    // `as-of`: some levels wait.
    let as_of = "2018-08-01T14:00:00Z";
    for template in templates() {
        let folder = at(&format!("template-{template}"));
        let made = value(&format!("policy new {folder} --template {template}"));
        let files: BTreeSet<String> = fs::read_dir(&folder)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        let listed: BTreeSet<String> =
            made["files"].as_array().expect("files").iter().filter_map(Value::as_str).map(str::to_owned).collect();
        assert_eq!(files, listed, "{template}");
        let check = done(&["policy", "check", &folder]);
        assert!(check.starts_with("0 errors") || check.contains("\n0 errors"), "{template}: {check}");
        let out = at(&format!("out-{template}"));
        done(&[
            "run",
            "data/demo/recording",
            "--policy",
            &folder,
            "--executor",
            "host",
            "--as-of",
            as_of,
            "--out",
            &out,
        ]);
        assert!(
            done(&["verify", &out, "--policy", &folder, "--recording", "data/demo/recording", "--as-of", as_of])
                .contains("nothing beyond")
        );
        // What is there stays as it is.
        let again = trackweave(&["policy", "new", &folder, "--template", &template]);
        assert_eq!(again.status.code(), Some(4), "{template}");
        assert!(text(&again.stderr).contains("wanted a folder that is new or empty"));
    }
    let kept: BTreeSet<String> = fs::read_dir(root().join("data/policies"))
        .expect("the library")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_dir())
        .map(|path| fs::read_to_string(path.join("rules.cedar")).expect("rules"))
        .collect();
    let written: BTreeSet<String> = templates()
        .into_iter()
        .filter(|template| template != "demo")
        .map(|template| fs::read_to_string(at(&format!("template-{template}/rules.cedar"))).expect("rules"))
        .collect();
    assert_eq!(written, kept, "the library and the templates are the same");
}

#[test]
fn a_policy_begins_with_the_owners_of_a_recording() {
    let rows_of = |template: &str| -> Vec<u64> {
        let (folder, out) = (at(&format!("owners-{template}")), at(&format!("owners-out-{template}")));
        done(&["policy", "new", &folder, "--template", template, "--recording", "data/demo/recording"]);
        let run = value(&format!("run data/demo/recording --policy {folder} --executor host --out {out}"));
        let partners = run["report"]["partners"].as_array().expect("partners").clone();
        let ids: Vec<&str> = partners.iter().filter_map(|partner| partner["partner"].as_str()).collect();
        assert_eq!(ids, ["aspen", "birch", "clover"], "{template}");
        partners.iter().map(|partner| partner["detections"].as_u64().expect("a count")).collect()
    };
    let open = rows_of("open");
    assert!(open.iter().all(|detections| *detections == open[0]), "{open:?}");
    // What is everybody's own adds up to everything.
    assert_eq!(rows_of("owner-only").iter().sum::<u64>(), open[0]);
    let refused =
        trackweave(&["policy", "new", &at("refused"), "--template", "caveats", "--recording", "data/demo/recording"]);
    assert!(
        refused.status.code() == Some(2)
            && text(&refused.stderr).contains("whose rules name partners; wanted open or owner-only")
    );
}

#[test]
fn config_prints_a_configuration_that_is_one_and_finds_what_a_file_changes() {
    let listed = value("config");
    for of in listed["configurations"].as_array().expect("a list") {
        let name = of["name"].as_str().expect("a name");
        let printed = done(&["config", name]);
        let file = fs::read_to_string(root().join(format!("data/config/{name}.toml"))).expect("the file");
        assert_eq!(printed.trim_end(), file.trim_end(), "{name}");
        let copy = at(&format!("{name}.toml"));
        fs::write(&copy, &printed).expect("a file");
        let same = value(&format!("config {copy}"));
        assert_eq!((&same["from"], &same["differs"]), (&of["name"], &Value::Array(Vec::new())), "{name}");
    }
    let mine = at("mine.toml");
    let sea = done(&["config", "sea"]).replace("report_period_s = 10.0", "report_period_s = 2.5");
    fs::write(&mine, sea).expect("a file");
    let found = value(&format!("config {mine}"));
    assert_eq!(found["from"], "sea");
    assert_eq!(found["differs"], serde_json::json!([{ "key": "report_period_s", "found": 2.5, "from": 10.0 }]));
    assert!(done(&["config", &mine]).contains("1 value is not that of sea"));
    assert!(value(&format!("config {mine} --from air"))["differs"].as_array().is_some_and(|all| all.len() > 1));
    fs::write(&mine, done(&["config", "sea"]).replace("gate = ", "gaet = ")).expect("a file");
    let wrong = trackweave(&["config", &mine]);
    assert!(wrong.status.code() == Some(3) && text(&wrong.stderr).contains("gaet"), "{}", text(&wrong.stderr));
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = done(&["completions", shell]);
        for name in commands() {
            let word = name.split(' ').next_back().expect("a name");
            assert!(script.contains(word), "{name} for {shell}");
        }
    }
    let bash = at("completions.bash");
    fs::write(&bash, done(&["completions", "bash"])).expect("a file");
    let line = format!(
        ". {bash}; COMP_WORDS=(trackweave pol); COMP_CWORD=1; _trackweave trackweave pol trackweave; echo ${{COMPREPLY[*]}}"
    );
    let output = Command::new("bash").args(["-c", &line]).output().expect("bash");
    assert_eq!(text(&output.stdout).trim(), "policy", "{}", text(&output.stderr));
    let pages = at("man");
    done(&["man", "--out", &pages]);
    let found: BTreeSet<String> = fs::read_dir(&pages)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    let mut wanted: BTreeSet<String> =
        commands().iter().map(|name| format!("trackweave-{}.1", name.replace(' ', "-"))).collect();
    wanted.extend(["trackweave.1".to_owned(), "trackweave-policy.1".to_owned()]);
    assert_eq!(found, wanted);
    let page = fs::read_to_string(format!("{pages}/trackweave-policy-explain.1")).expect("a page");
    assert!(
        page.contains(".TH trackweave-policy-explain 1")
            && page.contains("\\-\\-partner")
            && page.contains("Examples:"),
        "{page}"
    );
}
