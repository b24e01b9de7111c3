//! Vectors of three, and the axes of a place.

use crate::sensor::Sensor;
pub(super) use crate::space::{Vector, cross, dot, level_axes, plus};

pub(super) fn minus([a, b, c]: Vector, [x, y, z]: Vector) -> Vector {
    [a - x, b - y, c - z]
}

pub(super) fn length(of: Vector) -> f64 {
    dot(of, of).sqrt()
}

/// A component of a vector.
pub(super) const fn along([x, y, z]: Vector, axis: u8) -> f64 {
    match axis {
        0 => x,
        1 => y,
        _ => z,
    }
}

/// What a radar sees of a place at a time: along the line of sight, across it on the level and upwards, and how far it is, along the
/// line and on the level of its site; `None` of what stands nowhere, and of its own site.
pub(super) fn sight(sensor: &Sensor, time_us: i64, metres: Vector) -> Option<([Vector; 3], [f64; 2])> {
    let (site_m, [east, north, _]) = sensor.level_m(time_us)?;
    let line = minus(metres, site_m);
    let (range_m, e, n) = (length(line), dot(line, east), dot(line, north));
    let ground_m = libm::hypot(e, n);
    if ground_m < 1.0 {
        return None;
    }
    let ahead = plus([0.0; 3], 1.0 / range_m, line);
    let across = plus(plus([0.0; 3], n / ground_m, east), -e / ground_m, north);
    Some(([ahead, across, cross(across, ahead)], [range_m, ground_m]))
}

/// The median of numbers, which are put in order; 0 of none.
pub(crate) fn median(numbers: &mut [f64]) -> f64 {
    quantile(numbers, 0.5)
}

/// The number below which so large a share of numbers lies; they are put in order. 0 of none.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place among them")]
pub(super) fn quantile(numbers: &mut [f64], share: f64) -> f64 {
    numbers.sort_unstable_by(f64::total_cmp);
    let place = (share * numbers.len().saturating_sub(1) as f64).round() as usize;
    numbers.get(place).copied().unwrap_or_default()
}
