//! `trackweave assemble`: the logs of all lanes of a run to its output.

use super::executor::{Choice, choose};
use super::failure::{Code, Failure};
use super::layout::count;
use super::run::{Asked, told, watched};
use super::run_arguments::Assemble;
use super::screen::Screen;
use super::signals::Signals;
use crate::fusion::executor::Executor;
use crate::run::assemble;
use std::path::Path;

/// Runs the command.
pub(super) fn execute(arguments: &Assemble, screen: Screen) -> Result<Code, Failure> {
    let Assemble { recording, policy, logs, out, executor, written } = arguments;
    let asked = Asked::of(&written.made)?;
    let request = asked.request([recording, policy, out], written)?;
    let folders: Vec<&Path> = logs.iter().map(AsRef::as_ref).collect();
    let smooths = request.config.smoothing.is_some();
    let executor = if smooths { choose(*executor)?.0 } else { Executor::host() };
    let signals = Signals::take()?;
    let done = watched((screen, &signals), |listener| {
        assemble(&request, (&folders, &executor), asked.seals(written), listener)
    });
    let report = done.map_err(|error| signals.name(error.into()))?;
    signals.finish();
    let reason = format!("{} lanes, fused before", count(report.work.from_cache.len() as u64));
    told((&request, &asked.named, ""), &(report, Choice::logs(reason)), screen)
}
