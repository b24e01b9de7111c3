//! `trackweave fuse`: lanes of a recording under a policy to logs.

use super::executor::{Choice, attempt, choose};
use super::failure::Failure;
use super::layout::{count, paragraph};
use super::policy::as_of_us;
use super::run::watched;
use super::run_arguments::Fuse;
use super::screen::Screen;
use super::signals::Signals;
use crate::run::{FusedLanes, Request, RunConfig, fuse_lanes};
use serde::Serialize;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Done<'a> {
    /// The folder of the logs.
    logs: &'a str,
    executor: &'a Choice,
    fused: &'a FusedLanes,
}

/// Runs the command.
pub(super) fn execute(arguments: &Fuse, screen: Screen) -> Result<(), Failure> {
    let Fuse { recording, policy, logs, lanes, executor, config, strict, as_of, memory, calibration } = arguments;
    let config = config.as_deref().map_or_else(RunConfig::air, RunConfig::chosen)?;
    let as_of_us = as_of_us(as_of.as_ref(), recording)?;
    let request = Request {
        strict: *strict,
        as_of_us,
        memory: *memory,
        calibration: calibration.as_deref(),
        ..Request::new(recording, policy, logs, &config)
    };
    let signals = Signals::take()?;
    let done = attempt(*executor, choose(*executor)?, |executor| {
        watched((screen, &signals), |listener| fuse_lanes(&request, lanes.clone(), &executor, listener))
    });
    let (fused, choice) = done.map_err(|error| signals.name(error.into()))?;
    signals.finish();
    let logs = logs.to_string_lossy();
    let done = Done { logs: &logs, executor: &choice, fused: &fused };
    screen.publish(&done, || describe(&logs, &fused, &choice))
}

/// The lanes, one a line.
fn describe(logs: &str, fused: &FusedLanes, choice: &Choice) -> String {
    let head = format!("{} of {} lanes are in {logs}", count(fused.logged.len() as u64), count(fused.lanes as u64));
    let lanes = fused.logged.iter().map(|lane| {
        let there = if lane.was_there { ", there already" } else { "" };
        paragraph("  ", &format!("lane {}: {}{there}", lane.lane, lane.partners.join(", ")))
    });
    paragraph("logs      ", &head) + &lanes.collect::<String>() + &paragraph("executor  ", &choice.words())
}
