//! Scenario to recording, with truth: objects that move, appear and end, and sensors that see them.
//!
//! Frame: local; x east, y north, z up, metres. Times: microseconds from the first scan. Every random number belongs
//! to a stream named by its purpose, so that the same seed gives the same bytes on every machine and for any number
//! of threads; a change to one sensor leaves the objects and the other sensors as they were. `docs/simulate.md`
//! explains every key of a scenario.
//!
//! ```
//! use trackweave::simulate::{Scenario, Simulation};
//!
//! let mut simulation = Simulation::new(&Scenario::read("data/scenarios/crossing.toml".as_ref())?)?;
//! let mut detections = 0;
//! while simulation.next_scan() {
//!     while let Some(look) = simulation.next_detections() {
//!         detections += look.len();
//!     }
//! }
//! assert!(detections > 1000);
//! # Ok::<(), trackweave::simulate::SimulateError>(())
//! ```

mod error;
mod motion;
mod plan;
mod platform;
mod random;
mod recording;
mod report;
mod scenario;
mod sensing;
mod simulation;
mod turning;

use std::ops::ControlFlow;
use std::path::Path;

#[doc(hidden)]
pub use self::{
    report::SensorReport,
    scenario::{
        AtEdge, AzimuthsFrom, CoverageScenario, GivenObject, Motion, NoiseScenario, PlatformScenario, SensorKind,
        SensorScenario, Site, Timing,
    },
};
pub use error::SimulateError;
pub use report::SimulationReport;
pub use scenario::Scenario;
pub use sensing::SimulatedDetection;
pub use simulation::{Simulation, TrueState};

use recording::{Staging, Tables, write_catalogue};

/// Simulates a scenario and writes it as a recording folder `out`, which appears whole or not at all.
///
/// An earlier recording of that name, or an empty folder, is replaced; anything else is left alone.
///
/// # Errors
/// [`SimulateError`] if a value of the scenario cannot be right, or the folder cannot be written.
pub fn simulate(scenario: &Scenario, out: &Path) -> Result<SimulationReport, SimulateError> {
    simulate_watched(scenario, out, |_| ControlFlow::Continue(()))
}

/// As [`simulate`], and says after every scan what was simulated so far, and with `None` that the recording is being put
/// in its place; stops where it is told to.
///
/// # Errors
/// As [`simulate`], and [`SimulateError::Stopped`].
#[doc(hidden)]
pub fn simulate_watched(
    scenario: &Scenario,
    out: &Path,
    mut watch: impl FnMut(Option<&SimulationReport>) -> ControlFlow<()>,
) -> Result<SimulationReport, SimulateError> {
    let mut simulation = Simulation::new(scenario)?;
    let staging = Staging::beside(out)?;
    let folder = staging.folder();
    write_catalogue(scenario, simulation.plan(), &folder)?;
    platform::write(simulation.plan(), &folder)?;
    let mut tables = Tables::create(simulation.plan(), &folder)?;
    while simulation.next_scan() {
        tables.append_truth(&simulation)?;
        while let Some(detections) = simulation.next_detections() {
            tables.append_detections(&detections)?;
        }
        if watch(Some(simulation.report())).is_break() {
            return Err(SimulateError::Stopped);
        }
    }
    tables.finish()?;
    if watch(None).is_break() {
        return Err(SimulateError::Stopped);
    }
    staging.publish()?;
    Ok(simulation.report().clone())
}
