//! What runs the waves of a batch: the host, a device, or a device as far as one of the stages and the host from there.
//! A batch does not know which.

pub(super) mod host; // every stage on the host
#[cfg(feature = "device")]
mod device; // every stage on a device
#[cfg(feature = "device")]
mod split; // the first stages on a device
#[cfg(feature = "device")]
mod devices; // which of the two
#[cfg(test)]
mod unused_tests;

use super::associate::Tally;
use super::config::Config;
use super::error::FusionError;
use super::estimate::{Estimate, LaneTracks};
use super::executor::KernelError;
use super::motion::Between;
use super::setup::LaneSetup;
use super::stage::Timings;
use super::timeline::Timeline;
use super::wave_log::{Logging, WaveLog};
use crate::scan::{Observation, Scan, wrong};
use core::fmt::Debug;

/// Runs waves over lanes, and has their tracks.
pub(super) trait Engine: Debug + Send + Sync {
    /// Parameters of the filter.
    fn config(&self) -> &Config;

    /// A lane as it began, and how far it is; `None` if there is no such lane.
    fn lane(&self, lane: usize) -> Option<(&LaneSetup, &Timeline)>;

    /// Takes one wave of scans, which are checked: now or with those that follow.
    ///
    /// # Errors
    /// If there are more of something than indices count, or the device fails.
    fn step(&mut self, scans: Vec<Scan<'_>>, observations: Vec<Observation>) -> Result<(), FusionError>;

    /// The tracks of a lane after the waves taken so far.
    ///
    /// # Errors
    /// If there is no such lane, or the device fails.
    fn tracks(&mut self, lane: usize) -> Result<LaneTracks<'_>, FusionError>;

    /// Asks for the tracks of a lane at a time not before its last scan.
    ///
    /// # Errors
    /// If there is no such lane, or the device fails.
    fn request(&mut self, lane: usize, time_us: i64) -> Result<(), FusionError>;

    /// What was asked for and is there, in the order in which it was asked for.
    ///
    /// # Errors
    /// If the device fails.
    fn answers(&mut self, patience: Patience) -> Result<Vec<Answer>, FusionError>;

    /// Keeps a log of every wave; there has been none.
    fn log(&mut self, logging: Logging);

    /// The logs that are there, wave by wave, each in the order of lanes.
    ///
    /// # Errors
    /// If the device fails.
    fn logs(&mut self, patience: Patience) -> Result<Vec<WaveLog>, FusionError>;

    /// What the waves since the last call did, in their order.
    ///
    /// # Errors
    /// If the device fails.
    fn take_reports(&mut self) -> Result<Vec<WaveReport>, FusionError>;

    /// Time spent in each stage so far, on the device's own clock where all of them run there.
    fn timings(&self) -> Timings;

    /// Bytes of all arrays on the device, if there is one.
    fn device_bytes(&self) -> Option<u64> {
        None
    }

    /// Bytes a second that the device copies, reading and writing counted, if there is one.
    ///
    /// # Errors
    /// If the device fails.
    fn copy_bandwidth(&self) -> Result<Option<f64>, FusionError> {
        Ok(None)
    }

    /// Tracks of a lane that the configuration reports, in the order of their identities.
    ///
    /// # Errors
    /// If there is no such lane, or the device fails.
    fn estimates(&mut self, lane: usize) -> Result<Vec<Estimate>, FusionError> {
        let threshold = self.config().existence.report.get();
        Ok(self.tracks(lane)?.estimates(threshold))
    }

    /// The same, moved to a time not before the lane's last scan.
    ///
    /// # Errors
    /// If there is no such lane, or the device fails.
    fn estimates_at(&mut self, lane: usize, time_us: i64) -> Result<Vec<Estimate>, FusionError> {
        let mut found = self.estimates(lane)?;
        let (_, timeline) = self.lane(lane).ok_or_else(|| no_lane(lane))?;
        timeline.advance(&mut found, (timeline.time_us(), time_us), self.config());
        Ok(found)
    }
}

/// What runs stages in place of the host.
pub(super) trait Device: Debug + Send + Sync {
    /// What runs the waves of these lanes.
    ///
    /// # Errors
    /// If the device lacks memory, or does not take the kernels.
    fn engine(&self, config: Config, setups: Vec<LaneSetup>) -> Result<Box<dyn Engine>, KernelError>;

    /// What smooths waves backwards; `None`: the host does.
    ///
    /// # Errors
    /// If the device lacks memory.
    fn backward(&self) -> Result<Option<Box<dyn Backward>>, KernelError>;

    /// What computes, so far as the same input may give other bits elsewhere: stages, adapter and driver.
    fn identity(&self) -> String;
}

/// Smooths the waves of a lane backwards, in place of the host.
pub(super) trait Backward: Debug {
    /// Begins anew, with the tracks of the last wave; so many models of them are weighed ([`super::motion::Motion::weighed`]).
    ///
    /// # Errors
    /// If the device lacks memory or fails.
    fn begin(&mut self, weighed: usize, tracks: &[Estimate]) -> Result<(), KernelError>;

    /// Smooths the tracks of the wave before: states, places and existence. `between` is what happens between the two, and
    /// `successors` the place of each track in the wave after, [`NONE`](super::arrays::NONE) where it has ended.
    ///
    /// # Errors
    /// If the device lacks memory, has no such kernel or fails.
    fn step(&mut self, between: &Between, tracks: &mut [Estimate], successors: &[u32]) -> Result<(), KernelError>;
}

/// Whether to wait for what the device has not brought yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Until it is there.
    Wait,
    /// Not at all.
    None,
}

/// Tracks of a lane that were asked for.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The lane.
    pub lane: usize,
    /// When.
    pub time_us: i64,
    /// The tracks then, as [`super::batch::Batch::estimates_at`] gives them.
    pub estimates: Vec<Estimate>,
}

/// What one wave did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaveReport {
    /// Tracks before births.
    pub tracks: u64,
    /// Detections.
    pub detections: u64,
    /// Hypotheses in all gates.
    pub edges: u64,
    /// Tracks in dense spots, whose gates were narrowed to what they may choose among.
    pub narrowed: u64,
    /// Clusters.
    pub clusters: u64,
    /// Tracks that began.
    pub births: u64,
    /// Twins that ended: one object had two tracks, each fed by another view.
    pub merged: u64,
    /// How association went.
    pub association: Tally,
}

/// That the batch has no lane of this number.
pub(super) fn no_lane(lane: usize) -> FusionError {
    wrong(format!("lane {lane}"), "lane", lane, "a lane of the batch").into()
}
