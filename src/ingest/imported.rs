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
    last_azimuth_deg: f64,
    /// When it pointed north, in the order of the messages.
    north_us: Vec<i64>,
}

impl Turns {
    /// Turns that are kept: some fifty days of an antenna of 4 s, 8 MB.
    const MOST: usize = 1 << 20;
    /// Marks that are missing in a row at most, so that the turns between two others are still told.
    const LOST: i64 = 32;

    fn north(&mut self, us: i64) {
        if self.north_us.len() < Self::MOST {
            self.north_us.push(us);
        }
    }

    /// Takes in what another file tells of the same antenna.
    pub(crate) fn join(&mut self, other: &Self) {
        for us in &other.north_us {
            self.north(*us);
        }
    }

    /// How long turns took, microseconds, the shortest first.
    fn apart_us(&self) -> Vec<i64> {
        let pairs = self.north_us.iter().zip(self.north_us.iter().skip(1));
        let mut apart_us: Vec<i64> = pairs.map(|(from, to)| to - from).filter(|us| *us > 0).collect();
        apart_us.sort_unstable();
        apart_us
    }

    /// The revolutions that marks tell, in the order of time: those between marks, where some are lost as many as fit, one
    /// before the first and one after the last. None of fewer than 8, or of more than are kept.
    pub(crate) fn revolutions(&self) -> Vec<[i64; 2]> {
        let apart_us = self.apart_us();
        let Some(middle_us) = apart_us.get(apart_us.len() / 2).copied() else { return Vec::new() };
        if apart_us.len() < LEAST_TURNS || self.north_us.len() >= Self::MOST {
            return Vec::new();
        }
        let mut marks_us = self.north_us.clone();
        marks_us.sort_unstable();
        // One that was sent twice, or by two, is one.
        marks_us.dedup_by(|later, earlier| *later - *earlier < middle_us / 2);
        let mut all = Vec::new();
        for (from_us, to_us) in marks_us.iter().zip(marks_us.iter().skip(1)) {
            let turns = (to_us - from_us + middle_us / 2) / middle_us;
            let is_whole = (to_us - from_us - turns * middle_us).abs() * 10 <= middle_us;
            if is_whole && (1..=Self::LOST).contains(&turns) {
                let border_us = |turn: i64| from_us + (to_us - from_us) * turn / turns;
                all.extend((0..turns).map(|turn| [border_us(turn), border_us(turn + 1)]));
            }
        }
        let ends = all.first().zip(all.last()).map(|([from_us, _], [_, to_us])| [*from_us, *to_us]);
        if let Some([from_us, to_us]) = ends {
            all.insert(0, [from_us - middle_us, from_us]);
            all.push([to_us, to_us + middle_us]);
        }
        all
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
        let apart_us = self.apart_us();
        let middle = *apart_us.get(apart_us.len() / 2).filter(|_| apart_us.len() >= LEAST_TURNS)?;
        // Of turns near the middle the mean: times are sent in steps of 1/128 s.
        let near: Vec<i64> = apart_us.iter().copied().filter(|us| (us - middle).abs() * 10 < middle).collect();
        Some((near.iter().sum::<i64>() as f64 * 1e-6 / near.len() as f64, near.len()))
    }
}

/// Turns that tell how long one takes, at least.
const LEAST_TURNS: usize = 8;

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
