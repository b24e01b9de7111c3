//! All lanes of a batch together, wave by wave.
//!
//! A lane is one independent fusion problem. In a wave every lane has at most one scan; a lane without one rests, and
//! not a bit of it changes. Nothing is shared between lanes: no counter, no capacity, no convergence test, no origin.

use super::check::check;
use super::config::Config;
use super::credit::Accounts;
use super::engine::Engine;
use super::error::{FusionError, INDEX_MAX, counted};
use super::executor::Executor;
use super::stage::Timings;
use crate::scan::{Observation, Scan, require, wrong};
use core::num::NonZeroU32;

pub use super::engine::{Answer, Patience, WaveReport};
pub use super::estimate::Estimate;
pub use super::models::HYPOTHESES_MAX;
pub use super::setup::LaneSetup;
pub use super::wave_log::{Logging, Taken, WaveLog};

/// Lanes of a batch: a detection on a device has its lane and its source in one word.
const LANES_MAX: u64 = 1 << 24;

/// The lanes of a batch and their tracks.
#[derive(Debug)]
pub struct Batch {
    engine: Box<dyn Engine>,
}

impl Batch {
    /// Begins with no track in any lane.
    ///
    /// # Errors
    /// If a lane is none: its field of undetected targets is not what it has to be, or its targets are to orbit the Earth
    /// where there is none. If tracks of several motion models may have more than [`HYPOTHESES_MAX`] hypotheses. If the
    /// device lacks memory, or does not take the kernels.
    pub fn new(config: Config, executor: Executor, lanes: Vec<LaneSetup>) -> Result<Self, FusionError> {
        counted("lanes", lanes.len() as u64, LANES_MAX)?;
        let most = config.association.hypotheses_max;
        let fits = |most: &NonZeroU32| config.motion.several().is_none() || most.get() <= HYPOTHESES_MAX;
        let wanted = "at most 256 where `fusion.motion.models` has several";
        require(|| "fusion.association".to_owned(), ("hypotheses_max", most), fits, wanted)?;
        for (number, lane) in lanes.iter().enumerate() {
            lane.check(|| format!("lane {number}"), &config.motion)?;
        }
        Ok(Self { engine: executor.engine(config, lanes)? })
    }

    /// Keeps a log of every wave, which [`Self::logs`] hands over. A device brings the tracks back after each wave then.
    ///
    /// # Errors
    /// If a lane has had a scan: its log would lack the beginning.
    pub fn log(&mut self, logging: Logging) -> Result<(), FusionError> {
        let lanes = (0..).map_while(|lane| self.engine.lane(lane)).map(|(_, timeline)| timeline.scans());
        if let Some((lane, scans)) = lanes.enumerate().find(|(_, scans)| *scans > 0) {
            return Err(wrong(format!("lane {lane}"), "scans before its log", scans, "none").into());
        }
        self.engine.log(logging);
        Ok(())
    }

    /// Time spent in each stage so far, on the device's own clock where all of them run there.
    #[must_use]
    pub fn timings(&self) -> Timings {
        self.engine.timings()
    }

    /// Bytes of all arrays on the device, if there is one.
    #[must_use]
    pub fn device_bytes(&self) -> Option<u64> {
        self.engine.device_bytes()
    }

    /// Bytes a second that the device copies, reading and writing counted, if there is one.
    ///
    /// # Errors
    /// If the device fails.
    pub fn copy_bandwidth(&self) -> Result<Option<f64>, FusionError> {
        self.engine.copy_bandwidth()
    }

    /// Number of tracks of a lane, whatever their existence.
    ///
    /// # Errors
    /// If there is no such lane, or the device fails.
    pub fn tracks(&mut self, lane: usize) -> Result<usize, FusionError> {
        Ok(self.engine.tracks(lane)?.live)
    }

    /// Takes one wave: `scans` in the order of lanes, at most one a lane; `observations` are shared by its detections.
    /// The host runs it at once; a device may run it together with later ones.
    ///
    /// # Errors
    /// If a scan is none: then nothing has changed. If the device fails: the batch is then not to be used further.
    pub fn step(&mut self, scans: Vec<Scan<'_>>, observations: Vec<Observation>) -> Result<(), FusionError> {
        check(&scans, &observations, |lane| {
            self.engine.lane(lane).map(|(setup, timeline)| (setup, timeline.time_us()))
        })?;
        counted("detections", scans.iter().map(|scan| scan.detections.len() as u64).sum(), INDEX_MAX)?;
        self.engine.step(scans, observations)
    }

    /// What the waves since the last call did, in their order.
    ///
    /// # Errors
    /// If the device fails.
    pub fn take_reports(&mut self) -> Result<Vec<WaveReport>, FusionError> {
        self.engine.take_reports()
    }

    /// What became of the detections of a lane so far; of those of tracks that go on, by what these have been.
    ///
    /// # Errors
    /// If there is no such lane, or the device fails.
    pub fn accounts(&mut self, lane: usize) -> Result<Accounts, FusionError> {
        Ok(self.engine.tracks(lane)?.accounts())
    }

    /// Tracks of one lane that the configuration reports, in the order of their identities.
    ///
    /// # Errors
    /// If there is no such lane, or the device fails.
    pub fn estimates(&mut self, lane: usize) -> Result<Vec<Estimate>, FusionError> {
        self.engine.estimates(lane)
    }

    /// The same, moved to a time not before the lane's last scan; their order is that of their identities.
    ///
    /// # Errors
    /// If there is no such lane, or the device fails.
    pub fn estimates_at(&mut self, lane: usize, time_us: i64) -> Result<Vec<Estimate>, FusionError> {
        self.engine.estimates_at(lane, time_us)
    }

    /// Asks for the tracks of a lane as [`Self::estimates_at`] gives them now; [`Self::answers`] has them later. A device
    /// goes on with its waves meanwhile.
    ///
    /// # Errors
    /// If there is no such lane, or the device fails.
    pub fn request(&mut self, lane: usize, time_us: i64) -> Result<(), FusionError> {
        self.engine.request(lane, time_us)
    }

    /// The logs that are there and were not yet taken, wave by wave, each in the order of lanes; all of them, if the caller
    /// waits. They are held until they are taken: take them every few waves.
    ///
    /// # Errors
    /// If the device fails.
    pub fn logs(&mut self, patience: Patience) -> Result<Vec<WaveLog>, FusionError> {
        self.engine.logs(patience)
    }

    /// What was asked for and is there, in the order in which it was asked for; all of it, if the caller waits.
    ///
    /// # Errors
    /// If the device fails.
    pub fn answers(&mut self, patience: Patience) -> Result<Vec<Answer>, FusionError> {
        self.engine.answers(patience)
    }
}
