//! Detections of a scan, and how they were measured, as fusion takes them.

use crate::mirror::mirror;

/// How many sources (owner and label) a lane can tell apart.
pub const SOURCES_MAX: usize = 128;

mirror! {
    /// One measurement.
    pub struct Detection {
        /// Tile of the measured position.
        pub tile: [i32; 3],
        /// Time of the detection less the time of the scan, seconds.
        pub ahead_s: f32,
        /// Offset in the tile, metres.
        pub offset_m: [f32; 3],
        /// Index of the observation.
        pub observation: u32,
    }
}

mirror! {
    /// How a position was measured: along orthonormal axes, each with its standard deviation.
    pub struct Observation {
        /// First axis, a unit vector; the line of sight of a radar.
        pub axis_0: [f32; 3],
        /// Its standard deviation, metres.
        pub sigma_0_m: f32,
        /// Second axis.
        pub axis_1: [f32; 3],
        /// Its standard deviation, metres.
        pub sigma_1_m: f32,
        /// Third axis.
        pub axis_2: [f32; 3],
        /// Its standard deviation, metres.
        pub sigma_2_m: f32,
        /// Measured slant range, metres; 0 for a position report.
        pub range_m: f32,
        /// Measured range rate, m/s.
        pub rate_m_s: f32,
        /// Its standard deviation, m/s; 0 if there is none.
        pub rate_sigma_m_s: f32,
        /// Axes measured, 2 or 3.
        pub axes: u32,
        /// 1 if the first axis is known only from the prediction: a slant range without a height.
        pub slant: u32,
        /// Density of false detections in measurement space, per metre to the power of `axes` (and per m/s).
        pub clutter: f32,
        /// Density of one undetected object in what lies beyond its horizontal place: height and range rate.
        pub spread: f32,
        /// Zero.
        pub padding: u32,
    }
}

/// Detections, each with its source: owner and label, numbered within the lane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sourced {
    detections: Vec<Detection>,
    sources: Vec<u8>,
}

impl Sourced {
    /// Detections of one source.
    #[must_use]
    pub fn of(source: u8, detections: Vec<Detection>) -> Self {
        Self { sources: vec![source; detections.len()], detections }
    }

    /// Adds one.
    pub fn push(&mut self, detection: Detection, source: u8) {
        self.detections.push(detection);
        self.sources.push(source);
    }

    /// The detections.
    #[must_use]
    pub fn detections(&self) -> &[Detection] {
        &self.detections
    }

    /// The source of each.
    #[must_use]
    pub fn sources(&self) -> &[u8] {
        &self.sources
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.detections.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.detections.is_empty()
    }

    /// The detections, and the source of each.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Detection>, Vec<u8>) {
        (self.detections, self.sources)
    }
}

impl FromIterator<(Detection, u8)> for Sourced {
    fn from_iter<T: IntoIterator<Item = (Detection, u8)>>(pairs: T) -> Self {
        let (detections, sources) = pairs.into_iter().unzip();
        Self { detections, sources }
    }
}
