//! The program, run in the root of the package, and what it writes.

use serde_json::Value;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Output};

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn program<S: AsRef<OsStr>>(arguments: &[S]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trackweave"));
    command.args(arguments).current_dir(root());
    command
}

pub(crate) fn trackweave<S: AsRef<OsStr>>(arguments: &[S]) -> Output {
    program(arguments).output().expect("the program starts")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("the program writes UTF-8")
}

/// What went to stdout, of a run that must succeed.
pub(crate) fn done<S: AsRef<OsStr>>(arguments: &[S]) -> String {
    let output = trackweave(arguments);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// The one value that went to stdout.
pub(crate) fn value(stdout: &str) -> Value {
    assert_eq!(stdout.lines().count(), 1, "one value, one line: {stdout}");
    serde_json::from_str(stdout).expect("JSON")
}
