//! `OUT/_operator/releases.json`: what the rules let every partner receive of every class of tracks that a run met.
//!
//! It says of a row in the tables of the operator at which level each partner gets it, whether or not its own lane makes that
//! track. Partners that the rules cannot tell apart stand together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::digest::write_json;
use super::error::{ProductError, io_error};
use super::operator::OPERATOR;
use super::staging::Staging;
use crate::files;
use crate::policy::{Field, Obligations, Status, TrackClass};

/// The name of the file.
const RELEASES: &str = "releases.json";

/// What partners may receive, class by class.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseTable {
    /// The fusion problems, in the order of the run.
    pub lanes: Vec<LaneEntry>,
    /// Partners that the rules cannot tell apart, together.
    pub alike: Vec<Alike>,
    /// What every level of `receive` demands.
    pub levels: BTreeMap<String, Demands>,
    /// The classes of tracks, in order.
    pub classes: Vec<ClassEntry>,
    /// Why there are none, where there would be too many decisions.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub left_out: Option<String>,
}

/// One lane.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneEntry {
    /// The partners whose pictures it makes.
    pub partners: Vec<String>,
    /// Detections that it may fuse.
    pub detections: u64,
    /// Whether these are all that the recording has, as they were measured.
    pub whole: bool,
    /// Until when tracks of it are received that are not delayed, microseconds.
    pub until_us: i64,
}

/// Partners that get the same answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alike {
    /// The partners.
    pub partners: Vec<String>,
    /// The number of their lane; `None`: they may have nothing fused.
    pub lane: Option<usize>,
}

/// What a level demands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demands {
    /// By how many microseconds rows come late.
    pub delay_us: i64,
    /// Edge of the cells that places are in, metres.
    pub coarsen_m: Option<f64>,
    /// What is left out.
    pub omit: BTreeSet<Field>,
}

/// A class of tracks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassEntry {
    /// `tentative` or `confirmed`.
    pub status: String,
    /// Owners whose detections made it.
    pub contributors: BTreeSet<String>,
    /// Their labels.
    pub labels: BTreeSet<String>,
    /// Zones that hold it.
    pub zones: BTreeSet<String>,
    /// Periods that hold the time.
    pub periods: BTreeSet<String>,
    /// The level of each of `alike`, in their order; `None`: they receive none of it.
    pub levels: Vec<Option<String>>,
}

impl From<&Obligations> for Demands {
    fn from(Obligations { delay_us, coarsen_m, omit }: &Obligations) -> Self {
        Self { delay_us: *delay_us, coarsen_m: *coarsen_m, omit: omit.clone() }
    }
}

impl ClassEntry {
    /// A class and its levels.
    #[must_use]
    pub fn new(class: &TrackClass, levels: Vec<Option<String>>) -> Self {
        let TrackClass { contributors, labels, zones, periods, status } = class.clone();
        Self { status: status.name().to_owned(), contributors, labels, zones, periods, levels }
    }

    /// The class; `None` if its status is none.
    #[must_use]
    pub fn class(&self) -> Option<TrackClass> {
        let Self { status, contributors, labels, zones, periods, levels: _ } = self.clone();
        Some(TrackClass { contributors, labels, zones, periods, status: Status::from_name(&status)? })
    }
}

impl Staging {
    /// Writes what partners may receive, `releases.json`.
    ///
    /// # Errors
    /// A table already written, or a disk that is full.
    pub fn releases(&self, table: &ReleaseTable) -> Result<(), ProductError> {
        write_json(&self.operator_file(RELEASES), table).map(drop)
    }
}

/// What partners may receive, from the output folder of a run.
///
/// # Errors
/// A file that is absent or is not such a table.
pub fn read_releases(out: &Path) -> Result<ReleaseTable, ProductError> {
    let path = out.join(OPERATOR).join(RELEASES);
    let text = files::read_text(&path).map_err(io_error(&path, "read what partners may receive"))?;
    serde_json::from_str(&text).map_err(|source| ProductError::Json { path, doing: "read as JSON", source })
}
