//! What sensors are off by, from what the log of a lane says that tracks took: registration.
//!
//! Offsets of range, azimuth, elevation, time and place are common to all that a sensor measures. The path of every object is
//! marginalised (`path.rs`), so the offsets of all sensors are told together and none is judged by a path that it made itself:
//! the likelihood of the exact model of asynchronous sensors (X. Lin, Y. Bar-Shalom, T. Kirubarajan, "Multisensor-multitarget
//! bias estimation for general asynchronous sensors", IEEE Transactions on Aerospace and Electronic Systems 41(3), 2005), which
//! the filter gives as in B. Friedland, "Treatment of bias in recursive filtering", IEEE Transactions on Automatic Control 14(4),
//! 1969; outliers count as Huber has it (`fit.rs`). Tracks that are one object seen apart are joined first (`objects.rs`).
//!
//! What is found hangs on what the lane was given and on nothing else. A detection that a level makes coarse does not count.

mod plot; // detections, and what offsets make of them
mod path; // the path of an object, marginalised
mod solve; // normal equations
mod fit; // offsets by least squares
mod objects; // tracks that are one object

pub use fit::{Offset, Standing};
pub use plot::Quantity;

use crate::fusion::batch::{Estimate, Taken};
use crate::fusion::config::Config;
use crate::ingest::Catalogue;
use crate::scan::Row;
use crate::sensor::{Kind, Offsets, Placed, Sensor};
use crate::time::micros;
use fit::{Fit, Side, fit};
use objects::Objects;
use path::Motion;
use plot::Plot;
use serde::{Deserialize, Serialize};

/// Detections that are kept at most: the first ones that tracks took.
const MOST: usize = 1_000_000;
/// The probability above which a detection is taken to be of a track.
const LIKELY: f32 = 0.5;
/// Tracks are near each other within what an object goes in so many seconds at the speed that a new one is thought to have.
const NEAR_S: f64 = 30.0;
/// The time over which white acceleration spreads as the configuration's motion does, seconds.
const LAG_S: f64 = 4.0;

/// What is asked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// The sensor whose clock and place are taken to be right; without one a sensor that reports positions, or the one that
    /// sees the most.
    pub reference: Option<&'a str>,
    /// Whether radars may stand elsewhere than the catalogue says.
    pub sites: bool,
}

/// What was found in a lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    /// Detections of objects that several sensors saw.
    pub detections: u64,
    /// These objects.
    pub objects: u64,
    /// How many times as large as they are said to be innovations are, as measured: 1 at least.
    pub scale_before: f64,
    /// The same once the offsets are taken off.
    pub scale_after: f64,
    /// Why nothing of this counts, if it does not.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refused: Option<String>,
    /// The sensors of the lane, by name.
    pub sensors: Vec<Registered>,
}

/// What was found of a sensor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Registered {
    /// Its name.
    pub sensor: String,
    /// Its detections that counted.
    pub detections: u64,
    /// Whether its clock and its place are taken to be right.
    pub is_reference: bool,
    /// Why nothing is told of it, if nothing is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub untold: Option<String>,
    /// What it is off by, beside what the catalogue says already.
    pub offsets: Vec<Offset>,
    /// The key `offsets` of its entry in `recording.toml` with all that counts; absent if nothing does.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub proposed: Option<String>,
}

/// A lane, wave by wave.
#[derive(Debug)]
pub(crate) struct Registering<'a> {
    catalogue: &'a Catalogue,
    config: &'a Config,
    /// The sensors of the lane in the order of their names, by index in the catalogue.
    sensors: Vec<usize>,
    objects: Objects,
    detections: usize,
}

impl<'a> Registering<'a> {
    /// A lane of these sensors, before its first wave.
    pub(crate) fn new(catalogue: &'a Catalogue, config: &'a Config, mut sensors: Vec<usize>) -> Self {
        sensors.sort_by_key(|sensor| catalogue.sensors.get(*sensor).map(|sensor| &sensor.name));
        Self { catalogue, config, sensors, objects: Objects::default(), detections: 0 }
    }

    /// Takes in the rows of a look, the tracks after it and what they took.
    pub(crate) fn wave(&mut self, rows: &[Row], tracks: &[Estimate], taken: &[Taken]) {
        if self.detections >= MOST {
            return;
        }
        let there: Vec<_> =
            tracks.iter().filter(|track| track.confirmed).map(|track| (track.born, track.position_m())).collect();
        let plot = |taken: &Taken| {
            let row = rows.get(taken.detection as usize).filter(|_| taken.weight > LIKELY)?;
            Some((taken.born, self.plot(row)?))
        };
        let plots: Vec<_> = taken.iter().filter_map(plot).collect();
        self.detections += plots.len();
        self.objects.wave(&there, plots, NEAR_S * f64::from(self.config.undetected.speed_m_s));
    }

    /// A row as a fit takes it; `None` of a coarse one, or if nobody knows where its sensor was.
    fn plot(&self, row: &Row) -> Option<Plot> {
        let sensor = self.catalogue.sensors.get(row.sensor)?;
        let of = &row.measurement;
        if of.coarse_m2.iter().any(|m2| *m2 > 0.0) {
            return None;
        }
        Some(Plot {
            time_us: row.time_us,
            sensor: self.sensors.iter().position(|sensor| *sensor == row.sensor)?,
            placed: Placed::of(sensor, (self.catalogue.frame, row.time_us), (&row.place, of))?,
            sigma_m: of.sigma_m.map(f64::from),
            rows: usize::try_from(of.rows).ok()?,
        })
    }

    /// What the lane says of its sensors.
    pub(crate) fn finish(self, asked: Asked<'_>) -> Registration {
        let sensors: Vec<&Sensor> =
            self.sensors.iter().filter_map(|sensor| self.catalogue.sensors.get(*sensor)).collect();
        let sides: Vec<Side> = sensors.iter().map(|sensor| side(sensor, asked)).collect();
        let along = |upwards| 3.0 * self.config.motion.spread_m2(upwards, LAG_S) / LAG_S.powi(3);
        let undetected = &self.config.undetected;
        let speeds = [undetected.speed_m_s, undetected.climb_m_s].map(|speed| 2.0 * f64::from(speed));
        let motion = Motion { intensity: [along(0.0), along(1.0)], speed_m_s: speeds };
        let wished = sensors.iter().position(|sensor| Some(sensor.name.as_str()) == asked.reference);
        let found = fit(&sides, self.objects.finish(), &motion, wished);
        let registered =
            sensors.iter().enumerate().map(|(number, sensor)| registered(number, sensor, &found)).collect();
        let refused = "found offsets that still move after 30 rounds, wanted some that settle: other associations, or a \
                       configuration that fits the objects";
        Registration {
            detections: found.detections.iter().sum(),
            objects: found.objects,
            scale_before: found.scale[0],
            scale_after: found.scale[1],
            refused: (!found.is_settled).then(|| refused.to_owned()),
            sensors: registered,
        }
    }
}

/// What is asked of a sensor.
fn side(sensor: &Sensor, asked: Asked<'_>) -> Side {
    use Quantity as Q;
    let is_position = sensor.kind == Kind::Position;
    let elevates = sensor.noise.elevation_rad.is_some();
    let is_asked = |quantity: &Quantity| match quantity {
        Q::RangeM | Q::AzimuthDeg => !is_position,
        Q::ElevationDeg => !is_position && elevates,
        Q::TimeS => true,
        Q::EastM | Q::NorthM => is_position || asked.sites,
    };
    Side { is_position, asked: Q::ALL.into_iter().filter(is_asked).collect() }
}

fn registered(number: usize, sensor: &Sensor, found: &Fit) -> Registered {
    let detections = found.detections.get(number).copied().unwrap_or_default();
    let alone = "follows no object that another sensor of the segment follows, too: alone it cannot be told";
    let offsets = found.offsets.get(number).cloned().flatten().unwrap_or_default();
    Registered {
        sensor: sensor.name.clone(),
        detections,
        is_reference: found.is_reference.get(number) == Some(&true),
        untold: (detections == 0).then(|| alone.to_owned()),
        proposed: proposed(sensor, &offsets).filter(|_| found.is_settled),
        offsets,
    }
}

/// The key of a catalogue with what it says already and what counts, as far as it takes that; `None` if nothing new does.
fn proposed(sensor: &Sensor, offsets: &[Offset]) -> Option<String> {
    let of = counted(sensor, sensor.offsets, offsets);
    let parts: Vec<String> =
        of.named().map(|(key, value)| format!("{key} = {:?}", (value * 1e5).round() / 1e5)).collect();
    (of != sensor.offsets && !parts.is_empty()).then(|| format!("offsets = {{ {} }}", parts.join(", ")))
}

/// What counts, added to offsets of a sensor as far as its catalogue may have it.
pub(crate) fn counted(sensor: &Sensor, beside: Offsets, found: &[Offset]) -> Offsets {
    let mut of = beside;
    let counts = |of: &&Offset| of.standing == Standing::Significant && sensor.takes_offset(of.quantity.name());
    for Offset { quantity, value, .. } in found.iter().filter(counts) {
        let value = value.unwrap_or_default();
        match quantity {
            Quantity::RangeM => of.range_m += value,
            Quantity::AzimuthDeg => of.azimuth_rad += value.to_radians(),
            Quantity::ElevationDeg => of.elevation_rad += value.to_radians(),
            Quantity::TimeS => of.time_us += micros(value).unwrap_or_default(),
            Quantity::EastM => of.east_m += value,
            Quantity::NorthM => of.north_m += value,
        }
    }
    of
}
