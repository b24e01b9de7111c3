//! `OUT/_operator/releases.json`: what the rules let every partner receive of every class of tracks that a run met.
//!
//! It says of a row in the tables of the operator at which level each partner gets it, whether or not its own lane makes that
//! track, and at which levels of `fuse` the lanes took the detections that tracks of that class are from ([`Fusion`]). Partners
//! that the rules cannot tell apart stand together.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::digest::write_json;
use super::error::{ProductError, io_error};
use super::operator::OPERATOR;
use super::staging::Staging;
use crate::files;
use crate::policy::{Field, Measured, Obligations, Status, TrackClass};

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
    /// What every level of `fuse` demands.
    #[serde(default)]
    pub fuse_levels: BTreeMap<String, Demands<Measured>>,
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
    /// Whether these are all that the recording has by the time of the run, as they were measured.
    pub whole: bool,
    /// Until when tracks of it are received that are not delayed, microseconds.
    pub until_us: i64,
    /// At which levels it takes which detections; empty where none of these has a delay or cells.
    #[serde(default)]
    pub taken: Vec<TakenEntry>,
}

/// Detections that a lane takes at one level.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakenEntry {
    /// Their owner.
    pub owner: String,
    /// Their label; empty where they have none.
    pub label: String,
    /// Zones that hold them.
    pub zones: BTreeSet<String>,
    /// Periods that hold their times.
    pub periods: BTreeSet<String>,
    /// The level.
    pub level: String,
    /// How many.
    pub detections: u64,
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

/// What a level demands of tracks that are received ([`Field`]), or of detections that are fused ([`Measured`]).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "Part: Deserialize<'de> + Ord"))]
pub struct Demands<Part = Field> {
    /// By how many microseconds they come late.
    pub delay_us: i64,
    /// Edge of the cells that places are in, metres.
    pub coarsen_m: Option<f64>,
    /// What is left out.
    pub omit: BTreeSet<Part>,
}

impl<Part> Demands<Part> {
    /// The delay and the cell.
    #[must_use]
    pub fn lowered(&self) -> Lowered {
        Lowered { delay_us: self.delay_us, cell_m: self.coarsen_m.unwrap_or(0.0) }
    }
}

/// How late and how coarse something is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Lowered {
    /// By how many microseconds it comes late.
    pub delay_us: i64,
    /// Edge of its cell, metres; 0 where it is exact.
    pub cell_m: f64,
}

impl Lowered {
    /// Whether it is late or coarse at all.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.delay_us > 0 || self.cell_m > 0.0
    }

    /// Both one after the other.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { delay_us: self.delay_us.saturating_add(other.delay_us), cell_m: self.cell_m + other.cell_m }
    }

    /// The least of both, each for itself.
    fn least(self, other: Self) -> Self {
        Self { delay_us: self.delay_us.min(other.delay_us), cell_m: self.cell_m.min(other.cell_m) }
    }
}

/// How late and how coarse the detections are, at least, that tracks of a class are from.
///
/// Which detections made a track is known by owner, label, zones and periods. Of what its lane takes of its contributors, with
/// one of its labels or none, what has the zones and periods of the class counts, if there is any; else all of it.
#[derive(Clone, Debug, Default)]
pub struct Fusion<'a>(Vec<OfLane<'a>>);

/// Owner and label.
type Source<'a> = (&'a str, &'a str);
/// Zones and periods.
type Within<'a> = (&'a BTreeSet<String>, &'a BTreeSet<String>);
/// What is taken, by whose it is.
type Of<'a> = BTreeMap<Source<'a>, Lowered>;

/// What a lane takes.
#[derive(Clone, Debug, Default)]
struct OfLane<'a> {
    within: BTreeMap<Within<'a>, Of<'a>>,
    anywhere: Of<'a>,
}

impl ReleaseTable {
    /// What lanes take, by what it is.
    #[must_use]
    pub fn fusion(&self) -> Fusion<'_> {
        Fusion(self.lanes.iter().map(|lane| OfLane::new(lane, &self.fuse_levels)).collect())
    }

    /// The number of a partner's lane, if anything is fused for it.
    #[must_use]
    pub fn lane_of(&self, partner: &str) -> Option<usize> {
        self.alike.iter().find(|alike| alike.partners.iter().any(|id| id == partner))?.lane
    }
}

impl<'a> OfLane<'a> {
    fn new(lane: &'a LaneEntry, levels: &BTreeMap<String, Demands<Measured>>) -> Self {
        let mut of = Self::default();
        for TakenEntry { owner, label, zones, periods, level, detections: _ } in &lane.taken {
            let lowered = levels.get(level).map(Demands::lowered).unwrap_or_default();
            for all in [of.within.entry((zones, periods)).or_default(), &mut of.anywhere] {
                let least = all.entry((owner.as_str(), label.as_str())).or_insert(lowered);
                *least = least.least(lowered);
            }
        }
        of
    }
}

impl Fusion<'_> {
    /// What tracks of a class are from, in a lane.
    #[must_use]
    pub fn of(&self, lane: Option<usize>, class: &TrackClass) -> Lowered {
        let Some(lane) = lane.and_then(|lane| self.0.get(lane)) else { return Lowered::default() };
        let is_from = |(owner, label): &Source<'_>| {
            class.contributors.contains(*owner) && (label.is_empty() || class.labels.contains(*label))
        };
        let least = |of: &Of<'_>| {
            of.iter().filter(|(from, _)| is_from(from)).map(|(_, lowered)| *lowered).reduce(Lowered::least)
        };
        let within = lane.within.get(&(&class.zones, &class.periods)).and_then(least);
        within.or_else(|| least(&lane.anywhere)).unwrap_or_default()
    }
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

impl<Part: Clone> From<&Obligations<Part>> for Demands<Part> {
    fn from(Obligations { delay_us, coarsen_m, omit }: &Obligations<Part>) -> Self {
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
        let path = self.operator_file(RELEASES);
        if table.left_out.is_none() {
            return write_json(&path, table).map(drop);
        }
        let lanes = table.lanes.iter().map(|lane| LaneEntry { taken: Vec::new(), ..lane.clone() }).collect();
        write_json(&path, &ReleaseTable { lanes, ..table.clone() }).map(drop)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn the_detections_of_a_class_are_as_late_and_as_coarse_as_the_least_that_it_may_be_from() {
        let demands = |delay_us, coarsen_m| Demands { delay_us, coarsen_m, omit: BTreeSet::new() };
        let entry = |[owner, label, zone, level]: [&str; 4]| {
            let ([owner, label, level], zones) = ([owner, label, level].map(str::to_owned), set(&[zone]));
            TakenEntry { owner, label, zones, periods: BTreeSet::new(), level, detections: 1 }
        };
        let taken = [
            ["aspen", "", "east", "exact"],
            ["aspen", "", "west", "late"],
            ["aspen", "navy", "west", "coarse"],
            ["birch", "", "west", "both"],
            ["birch", "navy", "west", "exact"],
        ];
        let of = |name: &str, demands| (name.to_owned(), demands);
        let table = ReleaseTable {
            lanes: vec![LaneEntry { taken: taken.map(entry).to_vec(), ..LaneEntry::default() }, LaneEntry::default()],
            fuse_levels: BTreeMap::from([
                of("exact", demands(0, None)),
                of("late", demands(9, None)),
                of("coarse", demands(0, Some(50.0))),
                of("both", demands(5, Some(100.0))),
            ]),
            ..ReleaseTable::default()
        };
        let fusion = table.fusion();
        let found = |lane, contributors: &[&str], labels: &[&str], zones: &[&str]| {
            let (contributors, labels, zones) = (set(contributors), set(labels), set(zones));
            let periods = BTreeSet::new();
            let Lowered { delay_us, cell_m } =
                fusion.of(lane, &TrackClass { contributors, labels, zones, periods, status: Status::Confirmed });
            (delay_us, cell_m.to_bits())
        };
        let lowered = |delay_us, cell_m: f64| (delay_us, cell_m.to_bits());
        let lane = Some(0);
        assert_eq!(found(lane, &["aspen"], &[], &["east"]), lowered(0, 0.0));
        assert_eq!(found(lane, &["aspen"], &[], &["west"]), lowered(9, 0.0));
        assert_eq!(found(lane, &["birch"], &[], &["west"]), lowered(5, 100.0));
        assert_eq!(found(lane, &["aspen", "birch"], &[], &["west"]), lowered(5, 0.0), "each for itself");
        assert_eq!(found(lane, &["birch"], &["navy"], &["west"]), lowered(0, 0.0), "its label is exact");
        assert_eq!(found(lane, &["birch"], &["army"], &["west"]), lowered(5, 100.0), "not of another label");
        assert_eq!(found(lane, &["birch"], &[], &["east"]), lowered(5, 100.0), "nothing of it is there");
        assert_eq!(found(lane, &["clover"], &[], &["east"]), lowered(0, 0.0));
        assert_eq!(found(Some(1), &["birch"], &[], &["west"]), lowered(0, 0.0), "all exact and at once");
        assert_eq!(found(None, &["birch"], &[], &["west"]), lowered(0, 0.0));
        assert_eq!(
            demands(5, Some(100.0)).lowered().and(demands(2, Some(3.0)).lowered()),
            Lowered { delay_us: 7, cell_m: 103.0 }
        );
    }
}
