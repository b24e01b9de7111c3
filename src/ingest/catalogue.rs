//! The sensor catalogue: `recording.toml`, checked.

use crate::space::Frame;

/// What `recording.toml` says.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// The recording's name.
    pub name: String,
    /// What coordinates mean.
    pub frame: Frame,
    /// The sensors, in the order of the file. Nothing downstream may depend on that order.
    pub sensors: Vec<Sensor>,
}

/// Where measurements come from.
#[derive(Clone, Debug)]
pub struct Sensor {
    /// Unique in the recording.
    pub name: String,
    /// The partner that owns it.
    pub owner: String,
    /// What it measures.
    pub kind: Kind,
    /// Standard deviations where a detection brings none of its own.
    pub noise: Noise,
    /// Probability that a look detects an object in the coverage.
    pub detection_probability: f64,
    /// Mean number of false detections in one look over the whole coverage.
    pub clutter_per_scan: f64,
    /// Length of one look in microseconds; look k covers [k, k + 1) periods since time 0.
    pub scan_period_us: i64,
    /// Where the sensor sees.
    pub coverage: Coverage,
}

/// What a sensor measures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// A position in the recording's frame.
    Position,
    /// Range and azimuth, optionally elevation, altitude and range rate, from a fixed site.
    Radar {
        /// The site in engine coordinates, metres.
        site_m: [f64; 3],
        /// East, north, up at the site, as rows in engine coordinates.
        enu: [[f64; 3]; 3],
    },
}

/// Standard deviations; those that a kind of sensor does not use are `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Noise {
    /// Horizontal position, metres, along each of two axes.
    pub horizontal_m: Option<f64>,
    /// Height or altitude, metres.
    pub vertical_m: Option<f64>,
    /// Slant range, metres.
    pub range_m: Option<f64>,
    /// Azimuth, radians.
    pub azimuth_rad: Option<f64>,
    /// Elevation, radians.
    pub elevation_rad: Option<f64>,
    /// Range rate, metres a second.
    pub range_rate_m_s: Option<f64>,
}

/// Where a sensor sees: a horizontal region and a span of heights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Coverage {
    /// From `min` to `max`: x, y in metres (local) or longitude, latitude in degrees (geodetic).
    /// `min[0] > max[0]` in the geodetic frame crosses the antimeridian.
    Box {
        /// Lower corner.
        min: [f64; 2],
        /// Upper corner.
        max: [f64; 2],
        /// Lowest and highest height in metres; `None` where the recording is planar.
        height_m: Option<[f64; 2]>,
    },
    /// A ring about the site of a radar.
    Ring {
        /// Nearest and farthest range in metres.
        range_m: [f64; 2],
        /// Lowest and highest height in metres; `None` where the recording is planar.
        height_m: Option<[f64; 2]>,
    },
}
