//! What an inspection gives: for people in words, for programs field by field (`docs/inspect.md`).

use serde::Serialize;

use super::choice::Proposal;
use super::crowd::Crowd;
use super::excerpt::Sampling;
use super::extent::Extent;
use super::figures::Figures;
use super::pairs::{PairFound, Unpaired};
use super::period::Interval;
use super::remarks::Remark;
use super::survey::{RowOrder, Silence};
use super::turning::Turning;
use crate::ingest::IngestReport;

/// What is in a recording.
#[derive(Clone, Debug, Serialize)]
pub struct Inspection {
    /// Of these fields: a later version may add some, and changes none.
    pub schema: u32,
    /// Its name.
    pub recording: String,
    /// `geodetic` or `local`.
    pub frame: &'static str,
    /// `timestamp` or `seconds`; times are in microseconds since 1970, or of the recording's own clock.
    pub time: &'static str,
    /// What became of the rows.
    pub ingest: IngestReport,
    /// The order of the rows in the file.
    pub order: RowOrder,
    /// The first time and the last, microseconds.
    pub span_us: Option<[i64; 2]>,
    /// Rows that were looked at more closely; counts are of all rows.
    pub excerpt: Sampling,
    /// The sensors, in the order of the catalogue.
    pub sensors: Vec<SensorFound>,
    /// Pairs of sensors that see the same objects.
    pub pairs: Vec<PairFound>,
    /// Pairs that were compared, and tell nothing of each other.
    pub unpaired: Vec<Unpaired>,
    /// What a person should look at.
    pub remarks: Vec<Remark>,
    /// A configuration that fits what was seen.
    pub configuration: Option<Proposal>,
    /// Entries of the catalogue, proposed where figures contradict it or it lacks them, as TOML; the whole of it where there is
    /// none.
    pub catalogue: Option<String>,
}

/// The share of its rows that agree with its revolutions, from which on an antenna is taken to turn as these say.
const SWEPT: f64 = 0.98;

impl SensorFound {
    /// Whether its revolutions are those in which its rows were seen.
    pub(crate) fn is_swept(&self) -> bool {
        self.swept.is_some_and(|share| share >= SWEPT)
    }
}

/// What is there of a sensor.
#[derive(Clone, Debug, Serialize)]
pub struct SensorFound {
    /// Its name.
    pub name: String,
    /// Its owner.
    pub owner: String,
    /// Whether the catalogue has it. Else its kind is that of the columns that its rows fill, its owner `unknown`, and where a
    /// radar stands is not known, so that it has no extent and is in no pair.
    pub is_listed: bool,
    /// Its kind.
    pub kind: &'static str,
    /// Detections.
    pub rows: u64,
    /// Those whose target sent an address.
    pub identified: u64,
    /// Detections a second, from the first to the last.
    pub rows_per_s: Option<f64>,
    /// The first time and the last, microseconds.
    pub span_us: Option<[i64; 2]>,
    /// The longest times without a detection, longest first.
    pub silences: Vec<Silence>,
    /// Rows with the time and the content of another one.
    pub duplicates: u64,
    /// Rows with the content of an earlier one; at least so many.
    pub repeats: u64,
    /// Rows outside its coverage.
    pub outside_coverage: u64,
    /// Of these, rows that are within it with latitude and longitude the other way round.
    pub swapped: u64,
    /// How long it takes until an object is seen again.
    pub interval: Option<Interval>,
    /// What the catalogue says of that, seconds; of listed looks nothing.
    pub said_period_s: Option<f64>,
    /// How its antenna turns, if azimuths and times of its rows say that it does.
    pub rotation: Option<Turning>,
    /// The share of its rows that agree with revolutions from north to north in the table of looks.
    #[serde(skip)]
    pub(crate) swept: Option<f64>,
    /// Where its rows are.
    pub extent: Option<Extent>,
    /// Detections in the gate of a track beside its own, with the configuration that is proposed.
    pub crowd: Option<Crowd>,
    /// What rows that are linked from look to look say.
    pub figures: Figures,
}
