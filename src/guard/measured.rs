//! One measurement as a level gives it.

use super::cells::cell;
use super::rules::Demands;
use crate::sensor::{Kind, Measurement, Reading, Sensor};
use crate::space::{Frame, Geodetic};

/// A measurement as a level gives it (docs/policy.md): parts left out, then at the centre of its cell with the variance of
/// the cell added, a radar's the greatest along all its axes.
pub(super) fn given(
    reading: Reading,
    sensor: &Sensor,
    (frame, time_us): (Frame, i64),
    demands: &Demands,
) -> Option<([f64; 3], Measurement)> {
    let omits = |part: &str| demands.omit.contains(part);
    let reading = if omits("range_rate") { reading.without_range_rate() } else { reading };
    let reading = if omits("velocity") { reading.without_velocity() } else { reading };
    let reading = if omits("height") { reading.without_height() } else { reading };
    let (metres, measurement) = reading.in_metres(sensor, (frame, time_us))?;
    let Some(coarsen_m) = demands.coarsen_m else { return Some((metres, measurement)) };
    let (centre, variance_m2) = match frame {
        Frame::Local => {
            let cell = cell(frame, metres, coarsen_m);
            (cell.centre, cell.variance_m2)
        }
        Frame::Geodetic => {
            let at = Geodetic::from_ecef(metres);
            let cell = cell(frame, [at.latitude_deg, at.longitude_deg, at.altitude_m], coarsen_m);
            let [latitude_deg, longitude_deg, altitude_m] = cell.centre;
            (Geodetic { latitude_deg, longitude_deg, altitude_m }.ecef(), cell.variance_m2)
        }
    };
    let (_, mut measurement) = reading.at(centre, sensor, (frame, time_us))?.in_metres(sensor, (frame, time_us))?;
    let greatest = variance_m2.into_iter().fold(0.0, f64::max);
    let axes = usize::try_from(measurement.rows).unwrap_or(0);
    for (sigma_m, variance_m2) in measurement.sigma_m.iter_mut().zip(variance_m2).take(axes) {
        let added_m2 = if sensor.kind == Kind::Position { variance_m2 } else { greatest };
        *sigma_m = narrow(libm::hypot(f64::from(*sigma_m), added_m2.sqrt()));
    }
    Some((centre, measurement))
}

#[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
fn narrow(value: f64) -> f32 {
    value as f32
}
