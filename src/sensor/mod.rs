//! Kinds of sensors: what each measures, what the catalogue says of it, and what a measurement means.
//!
//! One file a kind, which owns its keys, columns, conversion and what coarsening does to it; [`Kind`] is where they are
//! told apart. Formats: `docs/formats.md`.

mod altitude; // pressure altitudes, and what has none
mod bytes; // measurements, read back
mod columns; // cells of a row, as a kind asks for them
mod coverage; // what a sensor sees
mod looks; // when it looked
mod measurement; // axes and standard deviations
mod platform; // what carries a sensor that moves
mod offsets; // what a sensor is known to say too much
mod placed; // places as they were measured, without offsets
mod position; // a place in the recording's frame
mod radar; // range and angles from a site
mod reading; // what was measured, whole or in part
mod rotation; // how an antenna turns, sector by sector
mod site; // where a sensor stands
mod velocity; // what comes with a position

pub use altitude::Altitudes;
pub use coverage::Coverage;
pub use looks::{ListedLook, Looks};
pub use measurement::{Measurement, VelocityRows};
pub use offsets::Offsets;
pub use platform::{Platform, Pose};
pub use position::Fix;
pub use radar::Polar;
pub use reading::Reading;
pub use rotation::{Rotation, SectorLook, Sense, Turns};
pub use site::Mount;
pub use velocity::{Level, Velocity};

pub(crate) use columns::{Cells, Quantity, Sigma};
pub(crate) use coverage::HEIGHT_M;
pub(crate) use measurement::Converted;
pub(crate) use offsets::keys as offset_keys;
pub(crate) use placed::Placed;
#[cfg(test)]
pub(crate) use placed::Stand;
pub(crate) use site::{Site, Sites};

use crate::space::{Frame, Place};
use serde::Deserialize;

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
    /// Probability that a look detects an object in the coverage; of one that reports, that an object of the kind that does
    /// so reports within the expected interval.
    pub detection_probability: f64,
    /// Mean number of false detections over the whole coverage, in one look or expected interval.
    pub clutter_per_scan: f64,
    /// What it is known to say too much.
    pub offsets: Offsets,
    /// What its altitudes are.
    pub altitudes: Altitudes,
    /// When it looked.
    pub looks: Looks,
    /// Where the sensor sees.
    pub coverage: Coverage,
    /// The view that it belongs to: sensors that see the same objects. `None`: a view of its own.
    pub view: Option<String>,
}

/// What a sensor measures.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// A position in the recording's frame.
    Position,
    /// Range and azimuth, optionally elevation, altitude and range rate, from a site.
    Radar {
        /// What it stands on.
        mount: Mount,
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
    /// Speed over ground, metres a second.
    pub speed_m_s: Option<f64>,
    /// Course over ground, radians.
    pub course_rad: Option<f64>,
    /// Velocity along each of two horizontal axes, metres a second.
    pub velocity_m_s: Option<f64>,
    /// Velocity upwards, metres a second.
    pub climb_m_s: Option<f64>,
}

/// The name of a kind of sensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KindName {
    Position,
    Radar,
}

/// What the catalogue says of a kind of sensor.
pub(crate) struct Keys {
    /// Standard deviations that it needs.
    pub(crate) needed: &'static [&'static str],
    /// Those that it does not have, and what is wanted instead.
    pub(crate) foreign: &'static [(&'static str, &'static str)],
    /// Whether it stands somewhere, and may so see a ring.
    pub(crate) has_site: bool,
}

impl KindName {
    /// What the catalogue says of it.
    pub(crate) fn keys(self, frame: Frame) -> Keys {
        match self {
            Self::Position => position::keys(frame),
            Self::Radar => radar::keys(frame),
        }
    }
}

impl Kind {
    /// The names of all kinds.
    pub const NAMES: [&str; 2] = ["position", "radar"];

    /// Its name, as files and rules know it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        let [position, radar] = Self::NAMES;
        match self {
            Self::Position => position,
            Self::Radar { .. } => radar,
        }
    }

    /// The variance that a cell with these variances along its edges adds along each measured axis.
    #[must_use]
    pub(crate) fn coarse_m2(&self, edges_m2: [f64; 3]) -> [f64; 3] {
        match self {
            Self::Position => edges_m2,
            Self::Radar { .. } => radar::coarse_m2(edges_m2),
        }
    }
}

impl Sensor {
    /// The variance of a position that it measures, m²; of a radar, that of a range; 0 if the catalogue does not say.
    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
    pub(crate) fn variance_m2(&self) -> f32 {
        let sigma_m = match &self.kind {
            Kind::Position => self.noise.horizontal_m,
            Kind::Radar { .. } => self.noise.range_m,
        };
        sigma_m.map_or(0.0, |sigma_m| (sigma_m * sigma_m) as f32)
    }

    /// When one of its rows was measured, if its clock is ahead as is known.
    pub(crate) fn true_time_us(&self, stamped_us: i64) -> i64 {
        stamped_us.saturating_sub(self.offsets.time_us)
    }

    /// Whether the catalogue may say of it that it is off by this: looks that are listed or rotate are of the times and azimuths
    /// that the sensor says.
    pub(crate) fn takes_offset(&self, key: &str) -> bool {
        let is_of_looks = matches!(self.looks, Looks::Listed(_) | Looks::Rotating(_));
        let keys = match self.kind {
            Kind::Position => offset_keys(KindName::Position),
            Kind::Radar { .. } => offset_keys(KindName::Radar),
        };
        keys.contains(&key) && !(is_of_looks && matches!(key, "time_s" | "azimuth_deg"))
    }

    /// The measurement of one of its rows, without what it is known to say too much.
    ///
    /// # Errors
    /// What is wrong with a cell.
    pub(crate) fn read<C: Cells>(&self, cells: &C, frame: Frame) -> Result<Reading, C::Fault> {
        let reading = match &self.kind {
            Kind::Position => {
                let fix = position::read(cells, (&self.noise, &self.altitudes), frame)?;
                let velocity = velocity::read(cells, &self.noise, frame)?;
                velocity.map_or(Reading::Position(fix), |velocity| Reading::Moving(fix, velocity))
            }
            Kind::Radar { .. } => Reading::Radar(radar::read(cells, (&self.noise, &self.altitudes), frame)?),
        };
        Ok(self.offsets.taken_off(reading))
    }

    /// Share of its false detections a square metre where one was measured, its coverage having an area.
    pub(crate) fn clutter_per_m2(&self, measurement: &Measurement, area_m2: f64) -> f64 {
        match (&self.kind, self.coverage) {
            (Kind::Radar { .. }, Coverage::Ring { range_m, .. }) => radar::clutter_per_m2(range_m, measurement.range_m),
            _ => 1.0 / area_m2.max(1.0),
        }
    }

    /// The first axis of a measurement of a time at a place: where that is known only from the prediction, the one that says
    /// where the site is.
    pub(crate) fn first_axis(&self, time_us: i64, place: &Place, measurement: &Measurement) -> [f32; 3] {
        let [axis, ..] = measurement.axes;
        let site_m = if measurement.slant { self.site_m(time_us) } else { None };
        site_m.map_or(axis, |site_m| radar::slant_axis(site_m, place, measurement.range_m))
    }
}
