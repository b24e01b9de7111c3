//! What `SCENARIO.toml` says: objects, how they move, and the sensors that see them. `docs/simulate.md` explains
//! every key.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::SimulateError;
use super::plan::Plan;
use crate::ingest::error::toml_says;
use crate::sensor::Sense;

/// A scenario in the words of its file. [`Scenario::read`] checks the values; so does every use of one made in code.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// Name of the recording.
    pub name: String,
    /// Which of the many recordings with these properties: same seed, same bytes. At most 2⁶³ − 1 in a file.
    pub seed: u64,
    /// How many scans: steps of the motion, and rows of truth for an object that lives throughout.
    pub scans: u64,
    /// Seconds from one scan to the next. Scan k is at k periods; the recording ends at `scans` periods.
    pub report_period_s: f64,
    /// Objects alive at the first scan, placed uniformly over the area; those in `object` come on top.
    pub objects: u64,
    /// Objects per square kilometre at the first scan; with `objects` it gives the area.
    pub density_per_km2: Option<f64>,
    /// The area instead of the density. It is a square about the origin.
    pub area_km2: Option<f64>,
    /// Lowest and highest height in metres; without it the recording is planar.
    pub height_m: Option<[f64; 2]>,
    /// Mean number of objects that appear at each scan after the first; the number is Poisson, the places uniform.
    pub births_per_scan: f64,
    /// Probability that an object of one scan is there at the next.
    pub survival_probability: f64,
    /// What happens at the edge of the area.
    pub at_edge: AtEdge,
    /// How objects move.
    pub motion: Motion,
    /// Objects with a given start, besides the random ones.
    #[serde(default, rename = "object", skip_serializing_if = "Vec::is_empty")]
    pub given_objects: Vec<GivenObject>,
    /// The sensors.
    #[serde(default, rename = "sensor")]
    pub sensors: Vec<SensorScenario>,
}

/// What an object does at the edge of the area.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AtEdge {
    /// It turns back, as light from a mirror, so that the density stays.
    Turn,
    /// It ends with the scan in which it leaves.
    Leave,
}

/// White-noise acceleration, and how objects start.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Motion {
    /// Intensity of the horizontal acceleration along each axis, m²/s³: after t seconds it has changed each
    /// component of the velocity by a standard deviation of √(intensity · t).
    pub horizontal_intensity_m2_s3: f64,
    /// The same upwards; needs `height_m`.
    pub vertical_intensity_m2_s3: Option<f64>,
    /// Lowest and highest horizontal speed at the start, uniform between, in any direction.
    pub speed_m_s: [f64; 2],
    /// Lowest and highest rate of climb at the start, uniform between; needs `height_m`.
    pub climb_m_s: Option<[f64; 2]>,
}

/// An object with a given start.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GivenObject {
    /// x, y, and z where the scenario has heights, at the first scan.
    pub position_m: Vec<f64>,
    /// Velocity along the same axes.
    pub velocity_m_s: Vec<f64>,
    /// The scan at which it appears, from 0.
    pub first_scan: u64,
    /// The last scan at which it is there; random deaths spare it.
    pub last_scan: u64,
    /// Intensity of its own horizontal acceleration instead of that of `motion`, m²/s³; 0: it keeps its velocity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub horizontal_intensity_m2_s3: Option<f64>,
}

/// A sensor. Keys that `recording.toml` also has mean the same there.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SensorScenario {
    /// Unique in the scenario.
    pub name: String,
    /// The partner that owns it.
    pub owner: String,
    /// What it measures.
    pub kind: SensorKind,
    /// Where a radar stands, or is at the first scan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<Site>,
    /// What carries a radar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<PlatformScenario>,
    /// Standard deviations of the measurements.
    pub noise: NoiseScenario,
    /// Probability that a look detects an object in the coverage.
    pub detection_probability: f64,
    /// Mean number of false detections in one look; the number is Poisson, the places uniform over the coverage.
    pub clutter_per_scan: f64,
    /// Length of one look in seconds: look k covers [k, k + 1) periods. Where objects report, the interval that is expected.
    pub scan_period_s: f64,
    /// When, within its look, something is seen. `looks` is an older name, of what `recording.toml` says with it.
    #[serde(alias = "looks")]
    pub timing: Timing,
    /// Where it sees.
    pub coverage: CoverageScenario,
}

/// What a sensor measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SensorKind {
    /// x, y, and z where the scenario has heights.
    Position,
    /// Range and azimuth; elevation and range rate where `noise` has them.
    Radar,
}

/// Where a radar stands, in metres.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// East.
    pub x_m: f64,
    /// North.
    pub y_m: f64,
    /// Up; 0 in a planar scenario.
    pub z_m: f64,
}

/// What carries a radar: at a constant speed and height, straight on or along a circle.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformScenario {
    /// Speed.
    pub speed_m_s: f64,
    /// Direction of motion at the first scan, clockwise from y (north).
    pub course_deg: f64,
    /// How fast it turns, clockwise.
    #[serde(default)]
    pub turn_deg_s: f64,
    /// From row to row of its table.
    pub row_period_s: f64,
    /// What azimuths are counted from.
    #[serde(default)]
    pub azimuths_from: AzimuthsFrom,
}

/// What the azimuths of a carried radar are counted from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AzimuthsFrom {
    /// North.
    #[default]
    North,
    /// The bow: the direction of motion, which its table has as a heading.
    Bow,
}

/// Standard deviations; a kind of sensor has its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NoiseScenario {
    /// Of a position: along x and along y, metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub horizontal_m: Option<f64>,
    /// Of a position: upwards, metres; where the scenario has heights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vertical_m: Option<f64>,
    /// Of a position that brings velocity: along x and along y, metres a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub velocity_m_s: Option<f64>,
    /// Of a radar: slant range, metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range_m: Option<f64>,
    /// Of a radar: azimuth, degrees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azimuth_deg: Option<f64>,
    /// Of a radar that measures elevation, degrees; where the scenario has heights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elevation_deg: Option<f64>,
    /// Of a radar that measures range rate, metres a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range_rate_m_s: Option<f64>,
}

/// When, within its period, a look sees.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Timing {
    /// All at one instant, this many seconds after the look begins.
    AtS(f64),
    /// Each object at a time of its own, uniform over the period.
    Spread,
    /// An antenna turns, once a period and north at the first scan: each object at the time at which it points there.
    Rotating {
        /// Sectors, a look each, as the catalogue says it.
        sectors: u32,
        /// Which way it turns.
        #[serde(default)]
        rotation: Sense,
    },
    /// Objects report, each at an interval of its own, uniform between two, and all slower than half a metre a second at
    /// another.
    Reports {
        /// Shortest and longest interval of an object that moves, seconds.
        every_s: [f64; 2],
        /// Interval of one at rest, seconds; without it as if it moved.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at_rest_s: Option<f64>,
    },
}

/// Where a sensor sees. Heights: all of the scenario's.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum CoverageScenario {
    /// A part of the area: [from, to] along x and along y, as shares of its side, 0 in the south-west and 1 in the
    /// north-east.
    Share {
        /// Along x.
        x: [f64; 2],
        /// Along y.
        y: [f64; 2],
    },
    /// A rectangle.
    Box {
        /// Along x, metres.
        x_m: [f64; 2],
        /// Along y, metres.
        y_m: [f64; 2],
    },
    /// A ring about the site of a radar: least and greatest distance, in a straight line where there are heights.
    RingM([f64; 2]),
}

impl Scenario {
    /// Reads and checks a scenario file.
    ///
    /// # Errors
    /// [`SimulateError`] if the file cannot be read, has an unknown, missing or mistyped key, or an impossible value.
    pub fn read(path: &Path) -> Result<Self, SimulateError> {
        let text = crate::files::read_text(path)
            .map_err(|source| SimulateError::Unreadable { path: path.to_owned(), source })?;
        Self::parse(&text, &path.display().to_string())
    }

    /// Reads and checks the text of a scenario file; `place` names it in errors.
    ///
    /// # Errors
    /// As [`Scenario::read`].
    pub fn parse(text: &str, place: &str) -> Result<Self, SimulateError> {
        let scenario: Self = toml::from_str(text).map_err(|error| {
            let from = error.span().map_or(0, |span| span.start);
            let line = 1 + text.bytes().take(from).filter(|byte| *byte == b'\n').count();
            SimulateError::Toml { place: place.to_owned(), line, what: toml_says(&error, "docs/simulate.md") }
        })?;
        Plan::new(&scenario, place)?;
        Ok(scenario)
    }
}
