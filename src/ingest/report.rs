//! What became of the rows: read, accepted, rejected and why.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use super::error::At;

/// How many rejected rows of each reason a report shows.
const SHOWN_PER_REASON: u64 = 3;

/// Why a row cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// A required cell is empty.
    Missing,
    /// A cell of another kind of sensor is filled.
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
    /// A standard deviation that is negative, zero or out of bounds.
    ImpossibleSigma,
    /// An altitude that the measured range does not reach from the site.
    AltitudeOutOfReach,
    /// No listed look of its sensor was then, or none swept its azimuth.
    OutsideLooks,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 14] = [
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
        Self::ImpossibleSigma,
        Self::AltitudeOutOfReach,
        Self::OutsideLooks,
    ];

    /// What would have been right.
    #[must_use]
    pub const fn wanted(self) -> &'static str {
        match self {
            Self::Missing => "a value",
            Self::OfAnotherKind => "nothing: it is not a column of this kind of sensor",
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
            Self::ImpossibleSigma => "between 1e-6 and 1e9 (of an angle: 60)",
            Self::AltitudeOutOfReach => "an altitude within the measured range of the site",
            Self::OutsideLooks => {
                "a time within a look of its sensor, and an azimuth that this look swept: a row in looks.csv or \
                 looks.parquet that holds it, or looks = \"periodic\" or \"reports\" for the sensor in recording.toml"
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
            Self::ImpossibleSigma => "impossible_sigma",
            Self::AltitudeOutOfReach => "altitude_out_of_reach",
            Self::OutsideLooks => "outside_looks",
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

/// What became of the rows of one table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct IngestReport {
    /// The table.
    pub file: PathBuf,
    /// Rows met; the sum of those accepted and rejected.
    pub rows_read: u64,
    /// Rows that became detections.
    pub rows_accepted: u64,
    /// Rows rejected, by reason.
    pub rejected: BTreeMap<Reason, u64>,
    /// The first three of each reason, in the order of the table.
    pub first_rejected: Vec<RejectedRow>,
}

impl IngestReport {
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file, rows_read: 0, rows_accepted: 0, rejected: BTreeMap::new(), first_rejected: Vec::new() }
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

impl fmt::Display for IngestReport {
    /// One line for the table, one for each reason, one for each row shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, rows_read, rows_accepted, .. } = self;
        write!(f, "{}: {rows_read} rows read, {rows_accepted} accepted", file.display())?;
        for (reason, count) in &self.rejected {
            write!(f, "\n  {count} rejected: {reason}")?;
            for row in self.first_rejected.iter().filter(|row| row.reason == *reason) {
                write!(f, "\n    {}: column `{}` is {}; wanted {}", row.at, row.column, row.found, reason.wanted())?;
            }
        }
        Ok(())
    }
}
