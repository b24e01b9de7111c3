//! The examples that `--help` shows, run as they are written, in a folder that has the tree's `data/`.

use crate::{commands, done, text};
use std::path::Path;
use std::process::Command;

/// The examples in the help of a command, each in one line.
fn examples(name: &str) -> Vec<String> {
    let words: Vec<&str> = name.split(' ').chain(["--help"]).collect();
    let help = done(&words);
    let lines = help.lines().skip_while(|line| *line != "Examples:").skip(1).take_while(|line| !line.is_empty());
    let mut all: Vec<String> = Vec::new();
    for line in lines {
        match all.last_mut().filter(|last| last.ends_with('\\')) {
            Some(last) => *last = format!("{} {}", last.trim_end_matches('\\'), line.trim()),
            None => all.push(line.trim().to_owned()),
        }
    }
    assert!(!all.is_empty(), "{name} has none: {help}");
    all
}

#[test]
#[cfg(unix)]
fn every_example_does_what_it_says() {
    let folder = tempfile::tempdir().expect("a folder");
    std::os::unix::fs::symlink(crate::root().join("data"), folder.path().join("data")).expect("a link");
    std::fs::create_dir(folder.path().join("out")).expect("a folder");
    let bin = Path::new(env!("CARGO_BIN_EXE_trackweave")).parent().expect("a folder").display().to_string();
    let path = format!("{bin}:{}", std::env::var("PATH").unwrap_or_default());
    let run = |example: &str| {
        let line = format!("set -o pipefail; {example}");
        let output = Command::new("bash").args(["-c", &line]).current_dir(folder.path()).env("PATH", &path).output();
        let output = output.expect("a shell");
        assert_eq!(output.status.code(), Some(0), "{example}: {}", text(&output.stderr));
    };
    let mut met = 0;
    let mut names = commands();
    // One of its examples takes what `calibrate` wrote.
    let place = |names: &[String], of: &str| names.iter().position(|name| name == of).expect("a command");
    let run_itself = names.remove(place(&names, "run"));
    names.insert(place(&names, "calibrate") + 1, run_itself);
    for name in names {
        for example in examples(&name) {
            // Each begins where nothing of another example is.
            if name == "policy new" {
                let _ = std::fs::remove_dir_all(folder.path().join("out/policy"));
            }
            run(&example);
            met += 1;
        }
    }
    assert!(met >= 30, "{met}");
    for example in examples("policy") {
        let _ = std::fs::remove_dir_all(folder.path().join("out/policy"));
        run(&example);
    }
}
