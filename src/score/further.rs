//! The scores beside GOSPA: SIAP, CLEAR MOT, HOTA, OSPA, NEES, times, and all of it by part.

use std::collections::BTreeMap;

use serde::Serialize;

use super::ScoreError;
use super::clear::{Clear, ClearSums};
use super::delay::{DelaySums, Timeliness};
use super::gospa::Gospa;
use super::hota::{Hota, HotaSums};
use super::identity::ratio;
use super::nees::Nees;
use super::parts::{Part, Parts, Stretch};
use super::scenes::{Scene, ZonesAt, ospa_of};
use super::sequence::{Scans, ScoreConfig, ScoreReport, Step};
use super::siap::{Siap, SiapSums};

/// What is asked beside the configuration.
#[derive(Clone, Copy, Default)]
pub struct Asking<'a> {
    /// Whether there may be objects without truth: then an estimate that is near no object is left out, and is not false.
    pub partial_truth: bool,
    /// By object, the number of its class.
    pub class_of: &'a [Option<u32>],
    /// Names of the classes.
    pub classes: &'a [String],
    /// The zones of a place.
    pub zones: Option<&'a ZonesAt<'a>>,
    /// Names of the zones.
    pub zone_names: &'a [String],
}

impl std::fmt::Debug for Asking<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Asking").field("partial_truth", &self.partial_truth).finish_non_exhaustive()
    }
}

/// Scores beside GOSPA.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Further {
    /// Whether estimates that are near no object were left out.
    pub partial_truth: bool,
    /// How many.
    pub unjudged: u64,
    /// Mean over scans of OSPA, metres.
    pub ospa_mean_m: Option<f64>,
    /// The attributes of a single integrated air picture.
    pub siap: Siap,
    /// MOTA, MOTP and what they are made of.
    pub clear: Clear,
    /// HOTA, DetA, AssA, IDF1.
    pub hota: Hota,
    /// Whether covariances are honest.
    pub nees: Nees,
    /// Time to confirm, latency, track breaks.
    pub timeliness: Timeliness,
    /// By class of the objects, where truth has them.
    pub by_class: BTreeMap<String, Part>,
    /// By zone, where there are any; under the empty name what is in none.
    pub by_zone: BTreeMap<String, Part>,
    /// Over time.
    pub over_time: Vec<Stretch>,
    /// What is in none of the figures, or not in all, in words.
    pub left_out: Vec<String>,
}

/// Sums over scans.
pub(super) struct Sums<'a> {
    metric: Gospa,
    scans: u64,
    ospa_m: f64,
    unjudged: u64,
    siap: SiapSums,
    clear: ClearSums,
    hota: HotaSums,
    delay: DelaySums,
    parts: Parts<'a>,
}

impl<'a> Sums<'a> {
    pub(super) fn new(config: &ScoreConfig, asking: &Asking<'a>) -> Self {
        let period_us = if let Scans::Every { period_us, .. } = config.scans { period_us } else { 1 };
        Self {
            metric: config.gospa,
            scans: 0,
            ospa_m: 0.0,
            unjudged: 0,
            siap: SiapSums::default(),
            clear: ClearSums::default(),
            hota: HotaSums::new(config.gospa.cutoff_m),
            delay: DelaySums::default(),
            parts: Parts::new(config.gospa, period_us, asking.class_of),
        }
    }

    /// Takes in a step of the first pass.
    ///
    /// # Errors
    /// More pairs than an assignment takes.
    pub(super) fn first(&mut self, step: &Step) -> Result<(), ScoreError> {
        match step {
            Step::Pass(scans) => {
                self.scans = self.scans.saturating_add(*scans);
                Ok(())
            }
            Step::Scenes(scenes) => scenes.iter().try_for_each(|scene| self.scan(scene)),
        }
    }

    fn scan(&mut self, scene: &Scene) -> Result<(), ScoreError> {
        self.scans = self.scans.saturating_add(1);
        self.ospa_m += ospa_of(&scene.parts, self.metric);
        self.unjudged += scene.unjudged;
        // Each family has sums of its own, so they may be taken at once.
        let Self { siap, clear, hota, delay, parts, .. } = self;
        let ((), (done, ())) = rayon::join(
            || {
                siap.take(scene);
                delay.take(scene);
            },
            || {
                rayon::join(
                    || clear.take(scene),
                    || {
                        hota.first(scene);
                        parts.take(scene);
                    },
                )
            },
        );
        done
    }

    /// Ends the first pass.
    pub(super) fn align(&mut self) {
        self.hota.align();
    }

    /// Takes in a step of the second pass.
    ///
    /// # Errors
    /// As [`Sums::first`].
    pub(super) fn second(&mut self, step: &Step) -> Result<(), ScoreError> {
        match step {
            Step::Pass(_) => Ok(()),
            Step::Scenes(scenes) => self.hota.second(scenes),
        }
    }

    /// All scores.
    ///
    /// # Errors
    /// As [`Sums::first`].
    pub(super) fn report(&self, plain: &ScoreReport, asking: &Asking<'_>) -> Result<Further, ScoreError> {
        let (siap, nees) = (self.siap.report(), self.parts.nees());
        let mut left_out = Vec::new();
        let mut say = |count: u64, what: &str| {
            if count > 0 {
                left_out.push(format!("{count} {what}"));
            }
        };
        say(
            plain.estimates_outside_scans,
            "rows at no report time from the first true state to the last: in no figure",
        );
        say(plain.truth_repeats, "true states of an object that has another one at that time: the first one holds");
        say(self.unjudged, "rows that are near no object: truth is partial, so they are not false, and in no figure");
        say(plain.matched - nees.rows, "matches without a covariance: not in NEES");
        if siap.velocity_accuracy_m_s.is_none() && plain.matched > 0 {
            left_out.push("velocities: the truth or the picture has none".to_owned());
        }
        Ok(Further {
            partial_truth: asking.partial_truth,
            unjudged: self.unjudged,
            ospa_mean_m: ratio(self.ospa_m, self.scans as f64),
            siap,
            clear: self.clear.report(),
            hota: self.hota.report()?,
            nees,
            timeliness: self.delay.report(),
            by_class: self.parts.by_class(asking.classes),
            by_zone: self.parts.by_zone(asking.zone_names),
            over_time: self.parts.over_time(),
            left_out,
        })
    }
}
