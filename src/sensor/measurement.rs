//! A measurement in engine coordinates: a place, and standard deviations along measured axes.

use std::cmp::Ordering;

use crate::space::Place;

/// How a position was measured: along `rows` orthonormal axes, each with its standard deviation.
///
/// A position report has its axes along x, y(, z) or east, north(, up). A radar has them along the line of sight,
/// across it horizontally, and across it upwards (the line-of-sight frame). Beyond `rows` σ is what is known of the place
/// without a measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measurement {
    /// Unit vectors in engine coordinates; rows beyond `rows` complete the basis.
    pub axes: [[f32; 3]; 3],
    /// Standard deviation along each axis in metres; beyond `rows` 0 if nothing is known along it.
    pub sigma_m: [f32; 3],
    /// The part of their squares that comes of a coarse place: half its cell off, it is so again while the object stays there.
    pub coarse_m2: [f32; 3],
    /// How many axes were measured: 2 or 3.
    pub rows: u32,
    /// Measured slant range in metres; 0 for a position report.
    pub range_m: f32,
    /// Whether height is unknown, so that the range is measured along an axis known only from the prediction.
    pub slant: bool,
    /// Whether the arc that its angles leave open is thicker than its range's noise, so that the range is measured along the
    /// axis of the prediction, too.
    pub curved: bool,
    /// Measured range rate in metres a second, and its standard deviation.
    pub range_rate_m_s: Option<[f32; 2]>,
    /// Reported velocity.
    pub velocity: Option<VelocityRows>,
}

/// A velocity along axes of the place: the first two of its axes turned in their plane, and the third.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct VelocityRows {
    /// The first axis is `turn[0]` times the first of the place and `turn[1]` times the second; the second is a quarter turn to
    /// its left.
    pub turn: [f32; 2],
    /// Velocity along each axis, m/s.
    pub rates_m_s: [f32; 3],
    /// Its standard deviation; 0 where nothing was measured.
    pub sigma_m_s: [f32; 3],
}

impl VelocityRows {
    /// The rows that were measured, each with its axis and standard deviation; `axes` are those of the place.
    #[expect(clippy::indexing_slicing, reason = "axes are 0, 1, 2")]
    pub(crate) fn measured(&self, axes: &[[f32; 3]; 3]) -> impl Iterator<Item = ([f32; 3], f32, f32)> {
        let ([first, second, up], [s, c]) = (*axes, self.turn);
        let along = core::array::from_fn(|k| s * first[k] + c * second[k]);
        let left = core::array::from_fn(|k| s * second[k] - c * first[k]);
        let rows = [along, left, up].into_iter().zip(self.rates_m_s).zip(self.sigma_m_s);
        rows.filter(|(_, sigma)| *sigma > 0.0).map(|((axis, rate), sigma)| (axis, rate, sigma))
    }

    /// All its numbers.
    pub(crate) fn numbers(&self) -> [f32; 8] {
        let ([s, c], [a, b, c3], [x, y, z]) = (self.turn, self.rates_m_s, self.sigma_m_s);
        [s, c, a, b, c3, x, y, z]
    }
}

impl Measurement {
    /// An order of measurements that only what was measured decides: rows of equal time have it, whatever their order in
    /// a file.
    #[must_use]
    pub(crate) fn compare(&self, at: &Place, (other, other_at): (&Self, &Place)) -> Ordering {
        let reals = |a: &[f32], b: &[f32]| {
            let orders = a.iter().zip(b).map(|(a, b)| a.total_cmp(b));
            orders.fold(Ordering::Equal, Ordering::then)
        };
        let rate = |m: &Self| m.range_rate_m_s.unwrap_or_default();
        let velocity = |m: &Self| m.velocity.unwrap_or_default().numbers();
        (at.tile.cmp(&other_at.tile))
            .then_with(|| reals(&at.offset_m, &other_at.offset_m))
            .then_with(|| self.rows.cmp(&other.rows))
            .then_with(|| reals(&self.sigma_m, &other.sigma_m))
            .then_with(|| self.range_m.total_cmp(&other.range_m))
            .then_with(|| self.slant.cmp(&other.slant))
            .then_with(|| self.range_rate_m_s.is_some().cmp(&other.range_rate_m_s.is_some()))
            .then_with(|| reals(&rate(self), &rate(other)))
            .then_with(|| self.velocity.is_some().cmp(&other.velocity.is_some()))
            .then_with(|| reals(&velocity(self), &velocity(other)))
    }
}

/// A measurement with its place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Converted {
    /// Engine coordinates in metres.
    pub(crate) metres: [f64; 3],
    /// x, y in metres or longitude, latitude in degrees.
    pub(crate) horizontal: [f64; 2],
    pub(crate) measurement: Measurement,
}

#[expect(clippy::cast_possible_truncation, reason = "rounded once, after all arithmetic in f64")]
pub(super) fn narrow(value: f64) -> f32 {
    value as f32
}

/// Whether a number and its standard deviation are what they have to be.
pub(super) fn is_pair([number, sigma]: [f64; 2]) -> bool {
    number.is_finite() && sigma > 0.0 && sigma.is_finite()
}
