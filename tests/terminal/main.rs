//! The terminal as people and programs use it: JSON to its schema, text within its width, examples, the commands that look.

mod examples; // what `--help` shows works
mod json; // what `--json` prints, and docs/json.md
mod look; // info, show, config, completions, man, policy new
#[path = "../common/program.rs"]
mod program;
mod schema; // a value against a JSON Schema
mod warned; // outputs that are in place, and what they lack
mod width; // columns and escapes

use program::{done, root, text, trackweave, value};
use serde_json::Value;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Output;
use std::sync::OnceLock;
use tempfile::TempDir;

/// The one value on stdout.
fn json(output: &Output) -> Value {
    value(&text(&output.stdout))
}

/// A scratch folder with a run of the demo in `demo`, its prices and all formats among it.
fn scene() -> &'static Path {
    static SCENE: OnceLock<TempDir> = OnceLock::new();
    let folder = SCENE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a scratch folder");
        let out = folder.path().join("demo");
        done(&[OsStr::new("demo"), OsStr::new("--executor"), OsStr::new("host"), OsStr::new("--out"), out.as_os_str()]);
        folder
    });
    folder.path()
}

/// A path in that folder.
fn at(name: &str) -> String {
    scene().join(name).to_str().expect("a path in UTF-8").to_owned()
}

/// Every command, those of `policy` with it, as `--help` lists them.
fn commands() -> Vec<String> {
    let listed = |help: &str| -> Vec<String> {
        let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
        let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
        names.map(str::to_owned).collect()
    };
    let mut all = Vec::new();
    for name in listed(&done(&["--help"])) {
        let below = listed(&done(&[name.as_str(), "--help"]));
        if below.is_empty() {
            all.push(name.clone());
        }
        all.extend(below.into_iter().map(|below| format!("{name} {below}")));
    }
    assert!(all.len() > 20 && all.contains(&"policy explain".to_owned()), "{all:?}");
    all
}
