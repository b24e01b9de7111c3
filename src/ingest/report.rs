//! What became of the rows: read, accepted, rejected and why.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::error::At;
use super::imported::Imported;

/// How many rejected rows of each reason a report shows.
const SHOWN_PER_REASON: u64 = 3;

/// Why a row cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// A required cell is empty.
    Missing,
    /// A cell is filled that is of another kind of sensor, or says once more what another one says.
    OfAnotherKind,
    /// Not a number, or infinite.
    NotFinite,
    /// A length or speed that no measurement has.
    BeyondLimits,
    /// A time outside the years 1 to 9999, such as milliseconds taken for seconds.
    TimeBeyondLimits,
    /// Earlier than a row before it.
    OutOfOrder,
    /// Not a latitude.
    ImpossibleLatitude,
    /// Not a longitude.
    ImpossibleLongitude,
    /// Not an azimuth.
    ImpossibleAzimuth,
    /// Not an elevation.
    ImpossibleElevation,
    /// A range that is negative or zero.
    NotPositiveRange,
    /// A speed that is negative.
    NegativeSpeed,
    /// A standard deviation that is negative, zero or out of bounds.
    ImpossibleSigma,
    /// An altitude that the measured range does not reach from the site.
    AltitudeOutOfReach,
    /// No look of its sensor was then, or none swept its azimuth.
    OutsideLooks,
    /// Before the first place of its sensor's platform, or after the last.
    OutsidePlatform,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 16] = [
        Self::Missing,
        Self::OfAnotherKind,
        Self::NotFinite,
        Self::BeyondLimits,
        Self::TimeBeyondLimits,
        Self::OutOfOrder,
        Self::ImpossibleLatitude,
        Self::ImpossibleLongitude,
        Self::ImpossibleAzimuth,
        Self::ImpossibleElevation,
        Self::NotPositiveRange,
        Self::NegativeSpeed,
        Self::ImpossibleSigma,
        Self::AltitudeOutOfReach,
        Self::OutsideLooks,
        Self::OutsidePlatform,
    ];

    /// What would have been right.
    #[must_use]
    pub const fn wanted(self) -> &'static str {
        match self {
            Self::Missing => "a value",
            Self::OfAnotherKind => {
                "nothing: it is not a column of this kind of sensor (flight_level: without altitude = \"pressure\"), or the row says \
                 the same in another column"
            }
            Self::NotFinite => "a finite number",
            Self::BeyondLimits => "between -1e9 and 1e9 (an altitude: above -20000)",
            Self::TimeBeyondLimits => {
                "a time in the years 1 to 9999, in seconds, not milliseconds, where time = \"seconds\""
            }
            Self::OutOfOrder => "a time not before that of the row before it",
            Self::ImpossibleLatitude | Self::ImpossibleElevation => "between -90 and 90",
            Self::ImpossibleLongitude => "between -180 and 180",
            Self::ImpossibleAzimuth => "between -360 and 360",
            Self::NotPositiveRange => "above 0",
            Self::NegativeSpeed => "0 or more",
            Self::ImpossibleSigma => "between 1e-6 and 1e9 (of an angle: 60)",
            Self::AltitudeOutOfReach => "an altitude within the measured range of the site",
            Self::OutsideLooks => {
                "a time within a look of its sensor, and an azimuth that this look swept: a row in looks.csv or \
                 looks.parquet that holds it, of an antenna that turns the north, scan_period_s and rotation that it had, or \
                 looks = \"periodic\" or \"reports\" for the sensor in recording.toml"
            }
            Self::OutsidePlatform => {
                "a time from the first to the last row of the file that `platform` of its sensor names: nobody knows where it \
                 was before and after"
            }
        }
    }

    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::OfAnotherKind => "of_another_kind",
            Self::NotFinite => "not_finite",
            Self::BeyondLimits => "beyond_limits",
            Self::TimeBeyondLimits => "time_beyond_limits",
            Self::OutOfOrder => "out_of_order",
            Self::ImpossibleLatitude => "impossible_latitude",
            Self::ImpossibleLongitude => "impossible_longitude",
            Self::ImpossibleAzimuth => "impossible_azimuth",
            Self::ImpossibleElevation => "impossible_elevation",
            Self::NotPositiveRange => "not_positive_range",
            Self::NegativeSpeed => "negative_speed",
            Self::ImpossibleSigma => "impossible_sigma",
            Self::AltitudeOutOfReach => "altitude_out_of_reach",
            Self::OutsideLooks => "outside_looks",
            Self::OutsidePlatform => "outside_platform",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A row that was not used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RejectedRow {
    /// The row.
    pub at: At,
    /// The column at fault.
    pub column: &'static str,
    /// Its value.
    pub found: String,
    /// What is wrong with it.
    pub reason: Reason,
}

/// A row whose time is far from those of all others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StrayRow {
    /// The row.
    pub at: At,
    /// Its time.
    pub found: String,
    /// How far before the others it is, or after them if that is negative, microseconds.
    pub before_us: i64,
}

/// The first and the last rows of a table, as many as may be strays and one more, and where time fell the most.
#[derive(Debug, Default)]
pub(super) struct Extremes {
    first: Vec<(i64, At)>,
    last: Vec<(i64, At)>,
    before_us: Option<i64>,
    fall: Option<(i64, At)>,
}

/// A row at which seconds of the day began again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Wrap {
    /// The row.
    pub at: At,
    /// By how much time fell there, microseconds.
    pub by_us: i64,
}

impl Extremes {
    /// Strays at most on either side, and a row for so many others.
    const STRAYS: usize = 3;
    const OF: u64 = 8;
    /// A stray is farther from the others than so many times the time that these span, and than a minute.
    const SPANS: i64 = 10;
    const LEAST_US: i64 = 60_000_000;
    /// A day, and how much of it time falls at least where its seconds begin again.
    const DAY_US: i64 = 86_400_000_000;
    const FALL_US: i64 = 72_000_000_000;

    /// Takes in a row.
    pub(super) fn take(&mut self, time_us: i64, at: At) {
        let keep = |kept: &mut Vec<(i64, At)>, before: &dyn Fn(i64) -> bool| {
            let full = kept.len() > Self::STRAYS;
            if full && kept.last().is_some_and(|(last_us, _)| !before(*last_us)) {
                return;
            }
            let place = kept.partition_point(|(other_us, _)| !before(*other_us));
            kept.insert(place, (time_us, at));
            kept.truncate(Self::STRAYS + 1);
        };
        let by_us = self.before_us.map_or(0, |before_us| before_us - time_us);
        if by_us > self.fall.map_or(0, |(by_us, _)| by_us) {
            self.fall = Some((by_us, at));
        }
        self.before_us = Some(time_us);
        keep(&mut self.first, &|other_us| time_us < other_us);
        keep(&mut self.last, &|other_us| time_us > other_us);
    }

    /// Where seconds of the day began again, if all times are such seconds.
    pub(super) fn wrap(&self) -> Option<Wrap> {
        let day = 0..=Self::DAY_US;
        let within = |row: Option<&(i64, At)>| row.is_some_and(|(us, _)| day.contains(us));
        let (by_us, at) = self.fall.filter(|(by_us, _)| *by_us >= Self::FALL_US)?;
        (within(self.first.first()) && within(self.last.first())).then_some(Wrap { at, by_us })
    }

    /// Those of `rows` that are strays, the earliest first.
    pub(super) fn strays(&self, rows: u64, in_words: impl Fn(i64) -> String) -> Vec<StrayRow> {
        let most = usize::try_from(rows / Self::OF).unwrap_or(usize::MAX).min(Self::STRAYS);
        let Some((&(from_us, _), &(to_us, _))) = self.first.get(most).zip(self.last.get(most)) else {
            return Vec::new();
        };
        let bound_us = (to_us - from_us).saturating_mul(Self::SPANS).max(Self::LEAST_US);
        let early = self.first.iter().take(most).map(|&(us, at)| (us, at, from_us - us));
        let late = self.last.iter().take(most).rev().map(|&(us, at)| (us, at, to_us - us));
        let far = early.chain(late).filter(|(.., before_us)| before_us.abs() > bound_us);
        far.map(|(us, at, before_us)| StrayRow { at, found: in_words(us), before_us }).collect()
    }
}

/// What became of the rows of one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct IngestReport {
    /// The table.
    pub file: PathBuf,
    /// Rows met; the sum of those accepted and rejected.
    pub rows_read: u64,
    /// Rows that became detections.
    pub rows_accepted: u64,
    /// Accepted rows whose antenna had not swept their azimuth yet at the time that they were stamped with, or just had: they are
    /// taken to be of the nearest time of their azimuth's sector.
    #[serde(skip_serializing_if = "is_zero")]
    pub rows_retimed: u64,
    /// Rows rejected, by reason.
    pub rejected: BTreeMap<Reason, u64>,
    /// The first three of each reason, in the order of the table.
    pub first_rejected: Vec<RejectedRow>,
    /// Accepted rows, at most three on either side, whose times are far from those of all others, once the table is at its
    /// end.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub strays: Vec<StrayRow>,
    /// Where seconds of the day began again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrap: Option<Wrap>,
    /// What became of files of others that stand in place of the table.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub imports: Vec<Imported>,
}

impl IngestReport {
    pub(super) fn new(file: PathBuf) -> Self {
        let (rejected, first_rejected, strays, imports) = (BTreeMap::new(), Vec::new(), Vec::new(), Vec::new());
        Self {
            file,
            rows_read: 0,
            rows_accepted: 0,
            rows_retimed: 0,
            rejected,
            first_rejected,
            strays,
            wrap: None,
            imports,
        }
    }

    /// Rows rejected for any reason.
    #[must_use]
    pub fn rows_rejected(&self) -> u64 {
        self.rejected.values().sum()
    }

    pub(super) fn accept(&mut self) {
        self.rows_read += 1;
        self.rows_accepted += 1;
    }

    pub(super) fn reject(&mut self, row: RejectedRow) {
        self.rows_read += 1;
        let count = self.rejected.entry(row.reason).or_default();
        *count += 1;
        if *count <= SHOWN_PER_REASON {
            self.first_rejected.push(row);
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl fmt::Display for IngestReport {
    /// One line for the table, one for each reason, one for each row shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, rows_read, rows_accepted, .. } = self;
        let rows = if *rows_read == 1 { "row" } else { "rows" };
        write!(f, "{}: {rows_read} {rows} read, {rows_accepted} accepted", file.display())?;
        if self.rows_retimed > 0 {
            let rows = if self.rows_retimed == 1 { "row" } else { "rows" };
            let times = if self.rows_retimed == 1 { "time" } else { "times" };
            write!(f, "\n  {} {rows} taken at the {times} at which the antenna swept the azimuth", self.rows_retimed)?;
        }
        for (reason, count) in &self.rejected {
            write!(f, "\n  {count} rejected: {reason}")?;
            for row in self.first_rejected.iter().filter(|row| row.reason == *reason) {
                write!(f, "\n    {}: column `{}` is {}; wanted {}", row.at, row.column, row.found, reason.wanted())?;
            }
        }
        self.imports.iter().try_for_each(|imported| write!(f, "\n{imported}"))
    }
}
