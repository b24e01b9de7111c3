//! `trackweave simulate`: a scenario to a recording with truth.

use super::arguments::Simulate;
use super::failure::Failure;
use super::screen::Screen;
use super::signals::Signals;
use crate::simulate::{Scenario, SimulationReport, simulate_watched};
use serde::Serialize;
use std::borrow::Cow;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Done<'a> {
    out: Cow<'a, str>,
    report: &'a SimulationReport,
}

/// Runs the command.
pub(super) fn execute(arguments: &Simulate, screen: Screen) -> Result<(), Failure> {
    let Simulate { scenario, out } = arguments;
    let scenario = Scenario::read(scenario)?;
    let bar = screen.bar(scenario.scans);
    bar.set_message("scans");
    let signals = Signals::take()?;
    let report = simulate_watched(&scenario, out, |report| {
        let Some(report) = report else { return signals.wait() };
        bar.set_position(report.scans);
        signals.check()
    });
    bar.finish_and_clear();
    let report = report.map_err(|error| signals.name(error.into()))?;
    signals.finish();
    screen.publish(&Done { out: out.to_string_lossy(), report: &report }, || {
        format!("{report}\nrecording: {}", out.display())
    })
}
