//! A measurement in engine coordinates: a place, and standard deviations along measured axes.

/// How a position was measured: along `rows` orthonormal axes, each with its standard deviation.
///
/// A position report has its axes along x, y(, z) or east, north(, up). A radar has them along the line of sight,
/// across it horizontally, and across it upwards (the line-of-sight frame).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measurement {
    /// Unit vectors in engine coordinates; rows beyond `rows` complete the basis.
    pub axes: [[f32; 3]; 3],
    /// Standard deviation along each axis in metres; 0 beyond `rows`.
    pub sigma_m: [f32; 3],
    /// How many axes were measured: 2 or 3.
    pub rows: u32,
    /// Measured slant range in metres; 0 for a position report.
    pub range_m: f32,
    /// Whether height is unknown, so that the range is measured along an axis known only from the prediction.
    pub slant: bool,
    /// Measured range rate in metres a second, and its standard deviation.
    pub range_rate_m_s: Option<[f32; 2]>,
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
