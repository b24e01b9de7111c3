//! The sensor catalogue: `recording.toml`, checked.
//!
//! What can be wrong is found here, once; downstream a [`Catalogue`] is trusted. Keys: `docs/formats.md`.

use std::path::Path;

use serde::Deserialize;

use super::catalogue_file;
use super::error::IngestError;
use crate::space::Frame;

/// What `recording.toml` says.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// The recording's name.
    pub name: String,
    /// What coordinates mean.
    pub frame: Frame,
    /// What the column `time` holds.
    pub time: TimeScale,
    /// The sensors, in the order of the file. Nothing downstream may depend on that order.
    pub sensors: Vec<Sensor>,
}

/// What the column `time` of a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeScale {
    /// Instants; inside, microseconds since 1970 UTC.
    Timestamp,
    /// Seconds from an epoch of the recording's own; inside, microseconds from it.
    Seconds,
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

impl Catalogue {
    /// The name of its file.
    pub(super) const FILE: &str = "recording.toml";

    /// Reads `recording.toml` in `folder`.
    ///
    /// # Errors
    /// What is wrong with the file, and on which line.
    pub fn read(folder: &Path) -> Result<Self, IngestError> {
        let path = folder.join(Self::FILE);
        let text = crate::files::read_text(&path)
            .map_err(|error| IngestError::Unreadable { path: path.clone(), what: error.to_string() })?;
        Self::parse(&text, &path)
    }

    /// Reads the text of a `recording.toml`; `path` is what errors call it.
    ///
    /// # Errors
    /// What is wrong with the text, and on which line.
    pub fn parse(text: &str, path: &Path) -> Result<Self, IngestError> {
        catalogue_file::parse(text, path)
    }

    /// Index of the sensor called `name`.
    #[must_use]
    pub fn sensor_index(&self, name: &str) -> Option<u32> {
        let index = self.sensors.iter().position(|sensor| sensor.name == name)?;
        u32::try_from(index).ok()
    }
}
