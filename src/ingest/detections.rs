//! Detections in batches, one row a detection, in structure-of-arrays form.

use crate::space::Place;

/// A batch of detections in time order.
#[derive(Clone, Debug, Default)]
pub struct Detections {
    /// Time of each detection in microseconds.
    pub time_us: Vec<i64>,
    /// Index of the sensor in the catalogue.
    pub sensor: Vec<u32>,
    /// Measured position; for a radar without height the point at height zero (local) or altitude zero (geodetic).
    pub place: Vec<Place>,
    /// The measured position as policy zones see it: x, y in metres or longitude, latitude in degrees.
    pub horizontal: Vec<[f64; 2]>,
    /// How the position was measured.
    pub measurement: Vec<Measurement>,
    /// The owner's marking: index into `labels`.
    pub label: Vec<u32>,
    /// Markings met so far, in order of appearance; entry 0 is the empty label.
    pub labels: Vec<String>,
    /// Whether the target sent an address. The address itself never reaches the tracker.
    pub identified: Vec<bool>,
}

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
