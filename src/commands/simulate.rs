//! `trackweave simulate`: a scenario to a recording with truth.

use super::arguments::Simulate;
use super::failure::Failure;
use super::screen::Screen;
use crate::simulate::{Scenario, SimulationReport, simulate_watched};
use serde::Serialize;
use std::path::Path;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Done<'a> {
    out: &'a Path,
    report: &'a SimulationReport,
}

/// Runs the command.
pub(super) fn execute(arguments: &Simulate, screen: Screen) -> Result<(), Failure> {
    let Simulate { scenario, out } = arguments;
    let scenario = Scenario::read(scenario)?;
    let bar = screen.bar(scenario.scans);
    bar.set_message("scans");
    let report = simulate_watched(&scenario, out, |report| bar.set_position(report.scans));
    bar.finish_and_clear();
    let report = report?;
    screen.publish(&Done { out, report: &report }, || format!("{report}\nrecording: {}", out.display()))
}
