//! Text fits 80 columns in a pipe, and has no escape sequence there, nor on a terminal that wants none.

use crate::{at, commands, done, text};
use std::process::Command;

const COLUMNS: usize = 80;

/// The lines that are too long, but for those of one word: paths and ids may be longer by themselves.
fn too_long(text: &str) -> Vec<&str> {
    let wide = |line: &&str| line.chars().count() > COLUMNS;
    let breaks = |line: &&str| {
        line.split_whitespace().count() > 1 && !line.split_whitespace().any(|word| word.chars().count() > 60)
    };
    // A finding of `policy check` keeps to one line, for editors and `grep`.
    let finding =
        |line: &&str| line.starts_with("data/") && [": warning: ", ": error: "].iter().any(|word| line.contains(word));
    text.lines().filter(wide).filter(breaks).filter(|line| !finding(line)).collect()
}

#[test]
fn help_fits() {
    let mut all: Vec<Vec<String>> =
        commands().iter().map(|name| name.split(' ').map(str::to_owned).collect()).collect();
    all.extend([vec![], vec!["policy".to_owned()]]);
    for mut words in all {
        for help in ["--help", "-h"] {
            words.push(help.to_owned());
            let shown = done(&words);
            assert_eq!(too_long(&shown), Vec::<&str>::new(), "{words:?}");
            assert!(!shown.contains('\u{1b}'), "{words:?} has an escape");
            assert!(shown.contains("Examples:\n  trackweave ") && shown.contains("Exit codes:"), "{words:?}: {shown}");
            words.pop();
        }
    }
}

#[test]
fn what_commands_print_fits() {
    let demo = at("demo");
    let (recording, policy) = ("data/demo/recording", "data/demo/policy");
    let lines = [
        format!("demo --executor host --out {}", at("width-demo")),
        format!("run {recording} --policy {policy} --executor host --out {}", at("width-run")),
        format!("fuse {recording} --policy {policy} --executor host --logs {}", at("width-logs")),
        format!(
            "calibrate {recording} --policy {policy} --logs {} --out {}",
            at("width-logs"),
            at("width-calibration.toml")
        ),
        format!("inspect {recording} --config air"),
        format!("inspect {recording}"),
        format!("import data/imports/radar.ast --out {}", at("width-import")),
        format!("policy new {} --template by-region", at("width-policy")),
        format!("policy check {policy} --recording {recording}"),
        format!("policy matrix {policy} --recording {recording}"),
        format!("policy explain {policy} --recording {recording} --partner dogwood --detection 7"),
        format!("policy explain {policy} --recording {recording} --partner birch --track 12 --of aspen --out {demo}"),
        format!("policy explain {policy} --recording {recording} --partner clover --track 9 --of aspen --out {demo}"),
        format!("simulate data/scenarios/crossing.toml --out {}", at("width-crossing")),
        format!("score {demo} --truth {recording} --policy {policy}"),
        format!("coherence {demo}"),
        format!("price {recording} --policy {policy} --executor host"),
        format!("verify {demo} --policy {policy} --recording {recording} --config air-smoothed"),
        "bench --objects 60 --scans 3 --executor host".to_owned(),
        "devices".to_owned(),
        "info".to_owned(),
        format!("info {demo}"),
        format!("info {recording}"),
        format!("info {policy}"),
        format!("show {demo} --limit 20"),
        format!("show {demo}/clover --audit"),
        "config".to_owned(),
        "config air".to_owned(),
        "config data/config/air.toml --from sea".to_owned(),
    ];
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        let shown = done(&words);
        assert_eq!(too_long(&shown), Vec::<&str>::new(), "{line}");
        assert!(!shown.contains('\u{1b}'), "{line} has an escape");
        assert!(!shown.trim().is_empty(), "{line} says nothing");
    }
}

/// Runs the program on a terminal of so many columns, as `script` of util-linux makes one.
fn on_a_terminal(arguments: &str, columns: usize, variables: &[(&str, &str)]) -> Option<String> {
    let line = format!("stty cols {columns} rows 50; {} {arguments}", env!("CARGO_BIN_EXE_trackweave"));
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).current_dir(crate::root()).env_remove("NO_COLOR").env("TERM", "xterm");
    command.envs(variables.iter().copied());
    match command.output() {
        Ok(output) => Some(text(&output.stdout).replace('\r', "")),
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "script of util-linux must be there: {error}");
            eprintln!("NOT TESTED on a terminal: no `script` here: {error}");
            None
        }
    }
}

#[test]
fn on_a_terminal_text_is_as_wide_as_it_and_plain_where_that_is_wished() {
    let widest = |text: &str| text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    let Some(narrow) = on_a_terminal("config", 50, &[]) else { return };
    let wide = on_a_terminal("config", 110, &[]).expect("a terminal");
    assert!(widest(&narrow) <= 50 && widest(&wide) > 80 && widest(&wide) <= 110, "{narrow}\n{wide}");
    let coloured = on_a_terminal("run --help", 80, &[]).expect("a terminal");
    assert!(coloured.contains('\u{1b}'), "help is styled where it may be");
    let plain = [("NO_COLOR", "1"), ("TERM", "dumb")];
    // Continuous integration sets `CI`, and clap's own choice then has colours on a dumb terminal.
    for variables in plain.map(|one| vec![one]).into_iter().chain(plain.map(|one| vec![one, ("CI", "true")])) {
        for arguments in ["run --help", "dmeo", &format!("demo --executor host --out {}", at("plain"))] {
            let shown = on_a_terminal(arguments, 80, &variables).expect("a terminal");
            // A bar moves the cursor: that is no colour, and a terminal that cannot has none.
            let bar = arguments.starts_with("demo") && variables[0].0 == "NO_COLOR";
            let colour = if bar { shown.contains("\u{1b}[3") } else { shown.contains('\u{1b}') };
            assert!(!colour, "{arguments} with {variables:?}: {shown:?}");
        }
    }
}

#[test]
fn a_pipe_that_is_closed_early_is_no_error() {
    let line = format!("{} show {} | head -3", env!("CARGO_BIN_EXE_trackweave"), at("demo/aspen"));
    let output = Command::new("sh").args(["-c", &line]).output().expect("a shell");
    assert_eq!((text(&output.stdout).lines().count(), text(&output.stderr)), (3, String::new()));
}
