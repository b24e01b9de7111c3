//! A detection as a level of `fuse` gives it.
//!
//! What is left out or made coarse goes before fusion: the lane is computed from what is left alone, so no byte of a
//! picture depends on the rest. A coarse detection is a function of its sensor, its time, which quantities it has and how
//! sure they are, and the cell that holds it (`obligations::geodetic_cell`, `obligations::local_cell`): it stands at the centre, as
//! a measurement that the sensor would have made there. A range rate goes with it: it belongs to the exact line of sight. So does
//! a reported velocity, whose sum over time would lead from cell to cell more finely than cells do; and so does an address, which
//! tells who is where.
//!
//! Its noise is true for it. Let e be the error of the measurement and q the way from the measured place to the centre:
//! where objects are spread evenly over many cells, q is uniform over the cell and uncorrelated with e, so variances
//! add: σ² + w² / 12 along an edge w of the cell. A position report has its axes along the edges. A radar has them
//! along its line of sight: there the longest edge counts for all three, which is exact for the cubes of a local recording
//! and at most 2 % too cautious in the variance on Earth, more only within a few cells of a pole.
//!
//! True for one detection: while an object stays in its cell the next one is off by the same, and a filter that took that
//! for noise anew would average away what was made coarse. What is left of it is said in `super::measure`.

use super::looks::Row;
use crate::obligations::{Measured, Obligations, geodetic_cell, local_cell};
use crate::sensor::{Measurement, Reading, Sensor};
use crate::space::{Frame, Geodetic, Place};

/// A row as the obligations of its level leave it; `None` if nothing measurable is left.
#[must_use]
pub(crate) fn permitted(
    row: &Row,
    reading: Reading,
    sensor: &Sensor,
    frame: Frame,
    cut: &Obligations<Measured>,
) -> Option<Row> {
    let mut reading = reading;
    if cut.omit.contains(&Measured::RangeRate) {
        reading = reading.without_range_rate();
    }
    if cut.omit.contains(&Measured::Velocity) {
        reading = reading.without_velocity();
    }
    if cut.omit.contains(&Measured::Height) {
        reading = reading.without_height();
    }
    let (metres, measurement) = reading.in_metres(sensor, (frame, row.time_us))?;
    let (metres, measurement) = match cut.coarsen_m {
        None => (metres, measurement),
        Some(size_m) => coarse(reading, metres, size_m, sensor, (frame, row.time_us))?,
    };
    let identity = if gives_identity(cut) { row.identity } else { 0 };
    Some(Row { place: Place::from_metres(metres), measurement, identity, ..*row })
}

/// Whether a level gives addresses: a coarse place with one would tell who is there.
#[must_use]
pub(crate) fn gives_identity(cut: &Obligations<Measured>) -> bool {
    cut.coarsen_m.is_none() && !cut.omit.contains(&Measured::Identity)
}

/// At the centre of its cell, and as uncertain as that makes it.
fn coarse(
    reading: Reading,
    metres: [f64; 3],
    size_m: f64,
    sensor: &Sensor,
    (frame, time_us): (Frame, i64),
) -> Option<([f64; 3], Measurement)> {
    let (centre, variance_m2) = match frame {
        Frame::Local => {
            let cell = local_cell(metres, size_m);
            (cell.centre, cell.variance_m2)
        }
        Frame::Geodetic => {
            let cell = geodetic_cell(Geodetic::from_ecef(metres), size_m);
            (cell.centre.ecef(), cell.variance_m2)
        }
    };
    let (_, mut measurement) = reading.at(centre, sensor, (frame, time_us))?.in_metres(sensor, (frame, time_us))?;
    let added_m2 = sensor.kind.coarse_m2(variance_m2);
    let measured = usize::try_from(measurement.rows).unwrap_or(0);
    let parts = measurement.sigma_m.iter_mut().zip(&mut measurement.coarse_m2);
    for ((sigma_m, coarse_m2), added_m2) in parts.zip(added_m2).take(measured) {
        *sigma_m = narrow(libm::hypot(f64::from(*sigma_m), added_m2.sqrt()));
        *coarse_m2 = narrow(added_m2);
    }
    Some((centre, measurement))
}

#[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
fn narrow(value: f64) -> f32 {
    value as f32
}

#[cfg(test)]
#[path = "coarsen_tests.rs"]
mod tests;
