//! `trackweave track`: a recording to one picture, without a policy.

use super::failure::{Code, Failure};
use super::run::{Asked, fuse};
use super::run_arguments::Track;
use super::screen::Screen;
use crate::run::Request;

/// What is said of rights.
const INTRODUCTION: &str = "no policy: everything is fused and shown, in one picture\n\n";

/// Runs the command.
pub(super) fn execute(arguments: &Track, screen: Screen) -> Result<Code, Failure> {
    let Track { recording, out, executor, made, cache } = arguments;
    let asked = Asked::of(made)?;
    let request = Request { cache: cache.as_deref(), ..asked.open([recording, out]) };
    fuse((&request, &asked.named, INTRODUCTION), asked.signature(), *executor, screen)
}
