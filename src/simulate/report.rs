//! What was simulated, in numbers.

use std::fmt;

use serde::Serialize;

/// Counts of a simulation; the same for the same scenario, whatever machine ran it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct SimulationReport {
    /// Name of the recording.
    pub name: String,
    /// Scans simulated.
    pub scans: u64,
    /// Side of the square area in metres.
    pub side_m: f64,
    /// Objects at the first scan, given ones included.
    pub objects: u64,
    /// Objects that appeared later, given ones included.
    pub born: u64,
    /// Objects that died before the last scan.
    pub died: u64,
    /// Objects that left the area before the last scan.
    pub left: u64,
    /// Rows of truth: objects alive, summed over the scans.
    pub truth_rows: u64,
    /// Detections, clutter included.
    pub detections: u64,
    /// Each sensor, in the order of the scenario.
    pub sensors: Vec<SensorReport>,
}

/// Counts of one sensor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SensorReport {
    /// Its name.
    pub name: String,
    /// Looks that began.
    pub looks: u64,
    /// How often a look came to an object in the coverage: what the detection probability refers to.
    pub opportunities: u64,
    /// Detections, clutter included.
    pub detections: u64,
    /// Clutter.
    pub false_detections: u64,
}

impl fmt::Display for SimulationReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, scans, side_m, objects, born, died, left, truth_rows, detections, sensors } = self;
        writeln!(f, "{name}: {scans} scans over {:.1} km by {:.1} km", side_m / 1000.0, side_m / 1000.0)?;
        writeln!(f, "{objects} objects at first, {born} born, {died} died, {left} left; {truth_rows} rows of truth")?;
        write!(f, "{detections} detections")?;
        for SensorReport { name, looks, opportunities, detections, false_detections } in sensors {
            let true_detections = detections - false_detections;
            write!(f, "\n  {name}: {looks} looks, {true_detections} of {opportunities} passing objects, ")?;
            write!(f, "{false_detections} false")?;
        }
        Ok(())
    }
}
