//! What is known once the first pass is over: all that lanes and pictures are made from.

use super::RunConfig;
use crate::ingest::{Catalogue, Pass, Recording};
use crate::policy::{ClassKey, ClassSummary, Classifier, Policy, Strata, ZoneMap};
use crate::scan::LaneBasis;

/// What the passes after the first one start from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Basis<'a> {
    /// The files that every pass reads.
    pub(super) recording: &'a Recording,
    /// What the first pass gave: all later ones must give the same.
    pub(super) pass: Pass,
    /// The classes of the first pass, by their keys.
    pub(super) classifier: &'a Classifier,
    /// The sensors.
    pub(super) catalogue: &'a Catalogue,
    /// The rules.
    pub(super) policy: &'a Policy,
    /// The zones of the rules, in the recording's frame.
    pub(super) zones: &'a ZoneMap,
    /// The stretches of time that the rules tell apart.
    pub(super) strata: &'a Strata,
    /// The time that rules may ask for.
    pub(super) as_of_us: Option<i64>,
    /// Parameters.
    pub(super) config: &'a RunConfig,
    /// Whether pictures come with the detections that made their tracks.
    pub(super) associates: bool,
    /// All classes of the recording.
    pub(super) classes: &'a [ClassKey],
    /// Their counts and times.
    pub(super) summaries: &'a [ClassSummary],
}

impl<'a> Basis<'a> {
    /// What lanes are cut from.
    pub(super) fn of_lanes(&self) -> LaneBasis<'a> {
        LaneBasis {
            catalogue: self.catalogue,
            policy: self.policy,
            zones: self.zones,
            strata: self.strata,
            as_of_us: self.as_of_us,
            cell_m: self.config.fusion.undetected.cell_m(),
            shared_share: self.config.fusion.detectability.shared_share.get(),
            classes: self.classes,
            summaries: self.summaries,
        }
    }
}
