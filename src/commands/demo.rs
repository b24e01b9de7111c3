//! `trackweave demo`: the whole path on the recording and the policy in `data/demo/`.

use super::arguments::Demo;
use super::failure::{Code, Failure};
use super::run::fuse;
use super::screen::Screen;
use crate::run::{Besides, Request, RunConfig, Seals};
use std::path::{Path, PathBuf};

/// Where the demo's data lie in the source tree.
const DATA: &str = "data/demo";

/// What they are fused and smoothed by.
const CONFIGURATION: &str = "air-smoothed";

/// What the data are.
const INTRODUCTION: &str = "\
Two hours of real air traffic over Switzerland, as assumed sensors of three
owners saw it: each of four partners gets the picture that its rights allow.

";

/// Runs the command.
pub(super) fn execute(arguments: &Demo, screen: Screen) -> Result<Code, Failure> {
    let Demo { out, executor, format } = arguments;
    let data = find()?;
    let config = RunConfig::chosen(Path::new(CONFIGURATION))?;
    let (recording, policy) = (data.join("recording"), data.join("policy"));
    let besides = Besides { prices: true, ..Besides::default() };
    let request = Request { formats: format, besides, ..Request::new(&recording, &policy, out, &config) };
    fuse((&request, CONFIGURATION, INTRODUCTION), Seals::default(), *executor, screen)
}

/// The demo's data: in the tree that this program was built from, or below the current folder.
fn find() -> Result<PathBuf, Failure> {
    let places = [Path::new(env!("CARGO_MANIFEST_DIR")).join(DATA), PathBuf::from(DATA)];
    let found = places.iter().find(|place| place.join("recording/recording.toml").is_file());
    found.cloned().ok_or_else(|| {
        let [built, here] = places.map(|place| place.display().to_string());
        let text =
            format!("`{built}` and `{here}` do not hold the demo, wanted one of them; run it in the source tree");
        Failure::new(Code::Input, text)
    })
}
