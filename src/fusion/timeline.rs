//! A lane in time: when it had its last scan, how many it has had, and what a scan is to it. Said once, for the host and
//! for a device.

use super::arrays::LaneStep;
use super::config::Config;
use super::estimate::Estimate;
use super::motion::Between;
use super::setup::LaneSetup;
use super::views::{Outlook, VIEWS_MAX, ViewLook};
use crate::scan::Scan;
use crate::time::seconds_between;
use rayon::prelude::*;

/// A lane between two waves.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    radial: bool,
    height_information: f32,
    reports_per_s: f64,
    /// What is known of its views, if there are several.
    outlook: Option<Outlook>,
    time_us: Option<i64>,
    scans: u32,
}

impl Timeline {
    /// Before the first scan.
    pub(super) fn new(setup: &LaneSetup) -> Self {
        Self {
            radial: setup.radial,
            height_information: setup.undetected.height_information(),
            reports_per_s: setup.undetected.reports_per_s(),
            outlook: Outlook::of(setup),
            time_us: None,
            scans: 0,
        }
    }

    /// Time of the last scan.
    pub(super) fn time_us(&self) -> Option<i64> {
        self.time_us
    }

    /// How many scans it has had.
    pub(super) fn scans(&self) -> u32 {
        self.scans
    }

    /// Whether the lane has several views.
    pub(super) fn has_views(&self) -> bool {
        self.outlook.is_some()
    }

    /// What the lane does in a wave in which it rests.
    pub(super) fn at_rest(&self, config: &Config) -> LaneStep {
        LaneStep {
            radial: u32::from(self.radial),
            height_information: self.height_information,
            gate: config.gate.get(),
            ..LaneStep::default()
        }
    }

    /// Goes on to a scan: what the lane does in its wave, and what it knows of each of its views then. Where its tracks
    /// and detections lie is left to be said.
    pub(super) fn look(&mut self, scan: &Scan<'_>, config: &Config) -> (LaneStep, [ViewLook; VIEWS_MAX]) {
        let mut look = self.at_rest(config);
        let before = self.time_us.unwrap_or(scan.time_us);
        let dt_s = seconds_between(before, scan.time_us);
        config.motion.over(dt_s, self.reports_per_s, &mut look);
        if config.motion.is_orbit() {
            config.undetected.pass(dt_s, &mut look);
        }
        look.awake = 1;
        look.detections = u32::try_from(scan.detections.len()).unwrap_or(u32::MAX);
        look.detection_probability = scan.detection_probability;
        look.scan = self.scans;
        self.time_us = Some(scan.time_us);
        self.scans += 1;
        look.reorder = u32::from(self.scans.is_multiple_of(config.reorder_scans.max(1)));
        let views = self.outlook.as_mut().map(|outlook| outlook.look(scan, &mut look));
        (look, views.unwrap_or_default())
    }

    /// Moves estimates of the lane from the time of a scan to another.
    pub(super) fn advance(&self, estimates: &mut [Estimate], (from_us, to_us): (Option<i64>, i64), config: &Config) {
        let Some(from_us) = from_us else { return };
        let mut look = self.at_rest(config);
        config.motion.over(seconds_between(from_us, to_us).max(0.0), self.reports_per_s, &mut look);
        let between = Between::new(look, &config.motion);
        if look.dt_s > 0.0 {
            estimates.par_iter_mut().with_min_len(1024).for_each(|estimate| {
                let (course, models) = between.of(&estimate.models);
                estimate.models = models;
                course.take(&mut estimate.tile, &mut estimate.state);
                let lives = estimate.existence * look.survival;
                estimate.existence = lives * (1.0 - look.heard) / (1.0 - lives * look.heard);
            });
        }
    }
}
