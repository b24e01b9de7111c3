//! What is known once the first pass is over: all that lanes and pictures are made from.

use super::{Request, RunConfig};
use crate::ingest::{Catalogue, Pass, Recording};
use crate::policy::{ClassKey, ClassSummary, Classifier, Policy, Strata, ZoneMap};
use crate::scan::{Lane, LaneBasis};

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
    /// What a first pass and the rules give.
    pub(super) fn of(
        request: &Request<'a>,
        recording: &'a Recording,
        (pass, classifier): (Pass, &'a Classifier),
        (policy, zones, strata): (&'a Policy, &'a ZoneMap, &'a Strata),
    ) -> Self {
        Self {
            recording,
            pass,
            classifier,
            catalogue: recording.catalogue(),
            policy,
            zones,
            strata,
            as_of_us: request.as_of_us,
            config: request.config,
            associates: request.config.associations && request.besides.associations,
            classes: classifier.classes(),
            summaries: classifier.summaries(),
        }
    }

    /// The partners whose pictures are made from a lane.
    pub(super) fn partners_of(&self, lane: &Lane) -> Vec<String> {
        let id = |partner: &usize| self.policy.partners().get(*partner).map(|partner| partner.id.clone());
        lane.partners.iter().filter_map(id).collect()
    }

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
