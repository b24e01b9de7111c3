//! What files of others gave: counts for everybody, and what their senders say of themselves.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::error::At;
use super::report_rows::Row;
use crate::formats::{Format, Kind, Report, Summary, Time};
use crate::sensor::Quantity;
use crate::space::Geodetic;

/// Why a report that was read is no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Passed {
    /// It is about its sender: north, sectors, status.
    Service,
    /// It is a track of the sender's own tracker, which is no detection.
    Track,
    /// It is the ephemeris of a satellite, which is no detection.
    Ephemeris,
    /// It is a detection, and truth was asked for.
    Detection,
    /// Its target is simulated, or a test.
    Simulated,
    /// Its target is a fixed transponder that monitors the sensor.
    Monitor,
    /// It is extrapolated: nothing was detected.
    Coasted,
    /// It has no place that a recording takes.
    NoPlace,
    /// It has x and y from a point that nobody says.
    NoOrigin,
    /// It has no time.
    NoTime,
    /// It does not say which object it is about.
    NoIdentity,
}

impl Passed {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Track => "track",
            Self::Ephemeris => "ephemeris",
            Self::Detection => "detection",
            Self::Simulated => "simulated",
            Self::Monitor => "monitor",
            Self::Coasted => "coasted",
            Self::NoPlace => "no_place",
            Self::NoOrigin => "no_origin",
            Self::NoTime => "no_time",
            Self::NoIdentity => "no_identity",
        }
    }
}

/// What became of a file of others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Imported {
    /// The name of the file.
    pub file: String,
    /// Its format.
    pub format: &'static str,
    /// Reports in it; the sum of rows and of those passed over.
    pub reports: u64,
    /// Those that became rows.
    pub rows: u64,
    /// Those that did not, by reason.
    pub passed_over: BTreeMap<Passed, u64>,
    /// What could not be read, by reason (`docs/formats-in.md`).
    pub rejected: BTreeMap<&'static str, u64>,
    /// The first three of each reason.
    pub first_rejected: Vec<Unread>,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// Where it stands.
    pub at: At,
    /// Why.
    pub reason: &'static str,
    /// What was found.
    pub found: String,
}

impl Imported {
    pub(super) fn new(file: String, format: Format) -> Self {
        let (passed_over, rejected, first_rejected) = (BTreeMap::new(), BTreeMap::new(), Vec::new());
        Self { file, format: format.key(), reports: 0, rows: 0, passed_over, rejected, first_rejected }
    }

    pub(super) fn pass(&mut self, why: Passed) {
        *self.passed_over.entry(why).or_default() += 1;
    }

    pub(super) fn finish(&mut self, summary: &Summary, at: impl Fn(u64) -> At) {
        self.reports = summary.reports;
        self.rejected = summary.rejected.iter().map(|(reason, count)| (reason.name(), *count)).collect();
        let unread = |reject: &crate::formats::Reject| Unread {
            at: at(reject.at),
            reason: reject.reason.name(),
            found: reject.found.clone(),
        };
        self.first_rejected = summary.first_rejected.iter().map(unread).collect();
    }
}

impl fmt::Display for Imported {
    /// One line for the file, one for each reason, one for each reject shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, format, reports, rows, passed_over, rejected, first_rejected } = self;
        write!(f, "{file}: {format}, {reports} reports, {rows} rows")?;
        for (why, count) in passed_over {
            write!(f, "\n  {count} passed over: {}", why.name())?;
        }
        for (reason, count) in rejected {
            write!(f, "\n  {count} rejected: {reason}")?;
            for unread in first_rejected.iter().filter(|unread| unread.reason == *reason) {
                write!(f, "\n    {}: {}", unread.at, unread.found)?;
            }
        }
        Ok(())
    }
}

/// A file of others at its end.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) imported: Imported,
    pub(crate) heard: Heard,
    /// Who sends, what, from when to when.
    pub(crate) summary: Summary,
}

/// What senders say of themselves, and what their rows have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    /// By the name of the sensor.
    pub(crate) sensors: BTreeMap<String, SensorHeard>,
    /// Turns of antennas, by source.
    pub(crate) turns: BTreeMap<String, Turns>,
    /// Where sources say that they stand.
    pub(crate) sites: BTreeMap<String, Geodetic>,
    /// Heights above the ellipsoid less pressure altitudes of the same reports.
    pub(crate) above_pressure: Moments,
}

/// What the rows of a sensor have.
#[derive(Clone, Debug, Default)]
pub(crate) struct SensorHeard {
    /// Its source in the format.
    pub(crate) source: String,
    /// Rows.
    pub(crate) rows: u64,
    /// Those of targets that report of themselves.
    pub(crate) own: u64,
    /// Those of ranges and azimuths.
    pub(crate) polar: u64,
    /// Those with a velocity over ground.
    pub(crate) moving: u64,
    /// Those with a geometric height, with a pressure altitude in place of one, and with neither.
    pub(crate) heights: [u64; 3],
    /// Reports with x and y from a point that nobody says.
    pub(crate) no_origin: u64,
}

/// Times at which an antenna points north, or an update begins.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns {
    last_us: Option<i64>,
    last_azimuth_deg: f64,
    apart_us: Vec<i64>,
}

impl Turns {
    /// Turns that are kept: what they take does not grow with the file.
    const MOST: usize = 4096;

    fn north(&mut self, us: i64) {
        if let Some(last_us) = self.last_us.replace(us)
            && self.apart_us.len() < Self::MOST
            && us > last_us
        {
            self.apart_us.push(us - last_us);
        }
    }

    /// A sector message: north is passed where azimuths begin again.
    fn sector(&mut self, us: i64, azimuth_deg: f64) {
        if azimuth_deg < self.last_azimuth_deg - 180.0 {
            self.north(us);
        }
        self.last_azimuth_deg = azimuth_deg;
    }

    /// The time from turn to turn that is in the middle of all, seconds, and how many turns say so; none of fewer than 8.
    pub(crate) fn period_s(&self) -> Option<(f64, usize)> {
        let mut apart_us = self.apart_us.clone();
        apart_us.sort_unstable();
        let middle = *apart_us.get(apart_us.len() / 2).filter(|_| apart_us.len() >= 8)?;
        // Of turns near the middle the mean: times are sent in steps of 1/128 s.
        let near: Vec<i64> = apart_us.iter().copied().filter(|us| (us - middle).abs() * 10 < middle).collect();
        Some((near.iter().sum::<i64>() as f64 * 1e-6 / near.len() as f64, near.len()))
    }
}

/// Mean and spread of numbers, as they come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Moments {
    pub(crate) count: u64,
    pub(crate) mean: f64,
    squares: f64,
}

impl Moments {
    fn take(&mut self, number: f64) {
        self.count += 1;
        let off = number - self.mean;
        self.mean += off / self.count as f64;
        self.squares += off * (number - self.mean);
    }

    /// The standard deviation.
    pub(crate) fn sigma(&self) -> f64 {
        (self.squares / self.count.max(1) as f64).sqrt()
    }
}

impl Heard {
    /// What a source says of itself.
    pub(super) fn service(&mut self, source: &str, report: &Report) {
        if let Some(us) = report.time.map(Time::micros) {
            match report.kind {
                Kind::North => self.turns.entry(source.to_owned()).or_default().north(us),
                Kind::Sector(azimuth_deg) => self.turns.entry(source.to_owned()).or_default().sector(us, azimuth_deg),
                Kind::Plot | Kind::Track | Kind::Own | Kind::Ephemeris | Kind::Status => {}
            }
        }
        if let (Some(place), Some(altitude_m)) = (report.geodetic, report.height_m)
            && report.kind != Kind::Own
        {
            let (latitude_deg, longitude_deg) = (place.latitude_deg, place.longitude_deg);
            self.sites.insert(source.to_owned(), Geodetic { latitude_deg, longitude_deg, altitude_m });
        }
    }

    /// What a row of a sensor has.
    pub(super) fn row(&mut self, (sensor, source): (&str, &str), report: &Report, row: &Row) {
        if let Some((height_m, pressure_m)) = report.height_m.zip(report.pressure_altitude_m) {
            self.above_pressure.take(height_m - pressure_m);
        }
        let heard = self.sensor(sensor, source);
        heard.rows += 1;
        heard.own += u64::from(report.kind == Kind::Own);
        heard.polar += u64::from(row.get(Quantity::Range).is_some());
        heard.moving += u64::from(row.get(Quantity::East).is_some());
        let [geometric, pressure, none] = &mut heard.heights;
        *match (report.height_m, report.pressure_altitude_m) {
            (Some(_), _) => geometric,
            (None, Some(_)) => pressure,
            (None, None) => none,
        } += 1;
    }

    /// What is heard of a sensor.
    pub(super) fn sensor(&mut self, sensor: &str, source: &str) -> &mut SensorHeard {
        if !self.sensors.contains_key(sensor) {
            self.sensors.insert(sensor.to_owned(), SensorHeard { source: source.to_owned(), ..Default::default() });
        }
        self.sensors.entry(sensor.to_owned()).or_default()
    }
}
