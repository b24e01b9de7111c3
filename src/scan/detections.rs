//! Detections of a scan, and how they were measured, as fusion takes them.

use crate::mirror::mirror;
use crate::time::micros;

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

impl Detection {
    /// When it was made, `scan_us` being the time of its scan: to the microsecond less than 16 s from it, farther away to a
    /// part in 16,000,000.
    #[must_use]
    pub fn time_us(&self, scan_us: i64) -> i64 {
        scan_us.saturating_add(micros(f64::from(self.ahead_s)).unwrap_or(0))
    }
}

mirror! {
    /// A direction in which something was measured, and how well.
    pub struct Axis {
        /// A unit vector.
        pub direction: [f32; 3],
        /// Standard deviation, metres or metres a second.
        pub sigma: f32,
    }
}

/// Rows of position that an observation has at most, and as many of velocity.
pub const ROWS_MAX: usize = 3;

/// A kind of row of position: how far it lies from a prediction along its direction.
pub const OFFSET: u32 = 0;
/// Another: a range. Its direction is known only from the prediction; that range along the row's direction leads from the
/// site to the measured place. Of a row of position that was not measured, σ is what is known of the place along it; 0:
/// nothing.
pub const RANGE: u32 = 1;
/// Bits of a kind of row.
pub const KIND_BITS: u32 = 4;

mirror! {
    /// How a position, and perhaps a velocity, was measured: scalar rows, each with its direction and its own noise.
    pub struct Observation {
        /// Rows of position, along orthonormal directions; those beyond `axes` complete the basis.
        pub position: [Axis; 3],
        /// Rows of velocity, along any directions.
        pub velocity: [Axis; 3],
        /// What a row of position measured, metres; 0 for an offset, whose place the detection says.
        pub ranges_m: [f32; 3],
        /// What a row of velocity measured, m/s.
        pub rates_m_s: [f32; 3],
        /// Kinds of the rows of position, [`KIND_BITS`] bits each.
        pub kinds: u32,
        /// Rows of position that were measured, 2 or 3.
        pub axes: u32,
        /// Rows of velocity that were measured.
        pub rates: u32,
        /// Density of false detections in measurement space, per metre to the power of `axes` (and per m/s to that of
        /// `rates`).
        pub clutter: f32,
        /// Density of one undetected object in what lies beyond its horizontal place: height and velocity.
        pub spread: f32,
        /// How far the measured place is from the site of a first row of velocity that is along the line of sight to it,
        /// metres: its direction is then known only from the prediction. 0: its direction is what it is.
        pub sight_m: f32,
    }
}

impl Observation {
    /// Offsets along the first `axes` of three orthonormal directions, with standard deviations in metres.
    #[must_use]
    pub fn offsets(directions: [[f32; 3]; 3], sigma_m: [f32; 3], axes: u32) -> Self {
        let mut position = [Axis::default(); ROWS_MAX];
        for ((row, direction), sigma) in position.iter_mut().zip(directions).zip(sigma_m) {
            *row = Axis { direction, sigma };
        }
        Self { position, axes, ..Self::default() }
    }

    /// With one more row of velocity along a direction, if there is room.
    #[must_use]
    pub fn with_rate(mut self, direction: [f32; 3], rate_m_s: f32, sigma: f32) -> Self {
        let next = usize::try_from(self.rates).unwrap_or(ROWS_MAX);
        if let Some((row, rate)) = self.velocity.get_mut(next).zip(self.rates_m_s.get_mut(next)) {
            (*row, *rate) = (Axis { direction, sigma }, rate_m_s);
            self.rates += 1;
        }
        self
    }

    /// The kind of a row of position.
    #[must_use]
    #[inline]
    pub const fn kind(&self, row: usize) -> u32 {
        (self.kinds >> (KIND_BITS as usize * row)) & ((1 << KIND_BITS) - 1)
    }
}

/// Detections, each with its source: owner and label, numbered within the lane.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sourced {
    detections: Vec<Detection>,
    sources: Vec<u8>,
    addresses: Vec<u32>,
}

impl Sourced {
    /// Detections of one source.
    #[must_use]
    pub fn of(source: u8, detections: Vec<Detection>) -> Self {
        Self { sources: vec![source; detections.len()], detections, addresses: Vec::new() }
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

    /// The same with the number of the address that the target of each sent, 0 for none: equal for equal addresses of a lane.
    #[must_use]
    pub fn with_addresses(self, addresses: Vec<u32>) -> Self {
        Self { addresses, ..self }
    }

    /// These numbers; none where no target is known to have sent one.
    #[must_use]
    pub fn addresses(&self) -> &[u32] {
        &self.addresses
    }

    /// The detections, the source of each, and its address.
    #[must_use]
    pub fn into_parts(self) -> (Vec<Detection>, Vec<u8>, Vec<u32>) {
        (self.detections, self.sources, self.addresses)
    }
}

impl FromIterator<(Detection, u8)> for Sourced {
    fn from_iter<T: IntoIterator<Item = (Detection, u8)>>(pairs: T) -> Self {
        let (detections, sources) = pairs.into_iter().unzip();
        Self { detections, sources, addresses: Vec::new() }
    }
}
