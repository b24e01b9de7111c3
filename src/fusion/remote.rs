//! A batch whose waves run on a device: all of their stages, or the first of them.

use super::arrays::{Arrays, Host};
use super::associate::Tally;
use super::batch::WaveReport;
use super::config::{Config, Mode};
use super::device::engine::{Patience, Tracks, Wave};
use super::device::kernels::{LaneState, Status};
use super::device::{Context, Engine, Feed, Options};
use super::error::FusionError;
use super::executor::KernelError;
use super::setup::LaneSetup;
use super::stage::{Stage, Timings};
use crate::scan::{Observation, Scan};
use std::collections::VecDeque;

/// The device side of a batch.
#[derive(Debug)]
pub(super) struct Remote {
    engine: Engine,
    feed: Feed,
    /// The last stage that runs on the device.
    last: Stage,
    config: Config,
    /// Whether the host has the tracks as the device does.
    fresh: bool,
    reports: Vec<WaveReport>,
    /// What was asked for, snapshot by snapshot.
    requests: VecDeque<Vec<Request>>,
    /// Whether a snapshot was asked for since the last wave.
    asked: bool,
}

/// Tracks that were asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    /// The lane.
    pub(super) lane: usize,
    /// When.
    pub(super) time_us: i64,
    /// Time of the lane's last scan before.
    pub(super) last_us: Option<i64>,
}

/// What the device made of the first stages of a wave, for the host to go on with.
#[derive(Debug)]
pub(super) struct Partial {
    /// The last stage that is done.
    pub(super) last: Stage,
    /// Least track of each track's cluster, where clusters are done.
    pub(super) labels: Vec<u32>,
    /// Track of each hypothesis, where they are settled and a lane has several views.
    pub(super) edge_track: Vec<u32>,
    /// What was counted.
    pub(super) status: Status,
}

impl Remote {
    pub(super) fn new(
        (context, options, last): (Context, Options, Stage),
        config: &Config,
        setups: &[&LaneSetup],
    ) -> Result<Self, KernelError> {
        let feed = Feed::new(setups);
        let engine = Engine::new(context, config.clone(), setups, options)?;
        Ok(Self {
            engine,
            feed,
            last,
            config: config.clone(),
            fresh: true,
            reports: Vec::new(),
            requests: VecDeque::new(),
            asked: false,
        })
    }

    /// Whether every stage runs on the device.
    pub(super) fn is_whole(&self) -> bool {
        self.last == Stage::Manage
    }

    /// Time of a lane's last scan.
    pub(super) fn time_us(&self, lane: usize) -> Option<i64> {
        self.feed.time_us(lane)
    }

    /// Time that the stages took on the device.
    pub(super) fn times(&self) -> Timings {
        self.engine.times()
    }

    /// Bytes of all arrays on the device.
    pub(super) fn bytes(&self) -> u64 {
        self.engine.bytes()
    }

    /// Bytes a second that the device copies.
    pub(super) fn copy_bandwidth(&self) -> Result<f64, KernelError> {
        Ok(self.engine.copy_bandwidth()?)
    }

    /// Takes a wave; all of its stages run on the device, now or with those that follow.
    pub(super) fn push(&mut self, scans: Vec<Scan<'_>>, observations: Vec<Observation>) -> Result<(), FusionError> {
        let wave = self.feed.wave(&self.config, &mut self.engine, scans, observations)?;
        self.engine.push(wave).map_err(KernelError)?;
        self.fresh = false;
        self.asked = false;
        Ok(())
    }

    /// The tracks, if the device has newer ones than were read back last.
    pub(super) fn tracks(&mut self) -> Result<Option<Tracks>, KernelError> {
        if self.fresh {
            return Ok(None);
        }
        let tracks = self.engine.tracks()?;
        self.fresh = true;
        Ok(Some(tracks))
    }

    /// Asks for the tracks of a lane at a time not before its last scan.
    pub(super) fn request(&mut self, lane: usize, time_us: i64) -> Result<(), KernelError> {
        // Lanes that are asked about between the same two waves share what is read back.
        if !self.asked {
            self.engine.snapshot()?;
            self.asked = true;
            self.requests.push_back(Vec::new());
        }
        let last_us = self.feed.time_us(lane);
        if let Some(requests) = self.requests.back_mut() {
            requests.push(Request { lane, time_us, last_us });
        }
        Ok(())
    }

    /// The oldest answer that is there, with what was asked.
    pub(super) fn answer(&mut self, patience: Patience) -> Result<Option<(Tracks, Vec<Request>)>, KernelError> {
        // Between the same two waves more may still be asked.
        if self.requests.len() <= usize::from(self.asked && patience == Patience::None) {
            return Ok(None);
        }
        let Some(tracks) = self.engine.take_snapshot(patience)? else { return Ok(None) };
        let requests = self.requests.pop_front();
        self.asked &= !self.requests.is_empty();
        Ok(requests.map(|requests| (tracks, requests)))
    }

    /// What the waves since the last call did.
    pub(super) fn take_reports(&mut self) -> Result<Vec<WaveReport>, KernelError> {
        let mode = self.config.association.mode;
        let reports = self.engine.take_reports()?;
        self.reports.extend(reports.iter().map(|(status, detections)| report(status, *detections, mode)));
        Ok(core::mem::take(&mut self.reports))
    }

    /// Runs the first stages of one wave on the host's tracks and brings back what they made.
    pub(super) fn begin(
        &mut self,
        arrays: &mut Arrays<Host>,
        (lanes, setups): (&[LaneState], &[&LaneSetup]),
        scans: Vec<Scan<'_>>,
        observations: Vec<Observation>,
    ) -> Result<Partial, FusionError> {
        let wave = self.feed.wave(&self.config, &mut self.engine, scans, observations)?;
        Ok(self.first_stages(arrays, (lanes, setups), wave)?)
    }

    fn first_stages(
        &mut self,
        arrays: &mut Arrays<Host>,
        (lanes, setups): (&[LaneState], &[&LaneSetup]),
        wave: Wave,
    ) -> Result<Partial, KernelError> {
        self.engine.load(arrays, lanes, setups)?;
        let status = self.engine.run(wave, Stage::Predict..=self.last)?;
        let mut labels = Vec::new();
        let blocks = arrays.lane.len();
        self.engine.unload(arrays)?;
        if self.last >= Stage::Gate {
            self.engine.unload_graph(arrays, blocks, status.edges)?;
        }
        if self.last >= Stage::Cluster {
            labels = self.engine.labels(blocks)?;
        }
        let mut edge_track = Vec::new();
        if self.last >= Stage::Associate && arrays.view_words > 0 {
            edge_track = self.engine.edge_track(status.edges)?;
        }
        Ok(Partial { last: self.last, labels, edge_track, status })
    }
}

/// What a wave did, as the device counted it.
fn report(status: &Status, detections: u32, mode: Mode) -> WaveReport {
    WaveReport {
        tracks: u64::from(status.tracks),
        detections: u64::from(detections),
        edges: u64::from(status.edges),
        narrowed: u64::from(status.narrowed),
        clusters: u64::from(status.clusters),
        births: u64::from(status.births),
        merged: u64::from(status.merged),
        association: tally(status, mode),
    }
}

/// How association went, as the device counted it.
pub(super) fn tally(status: &Status, mode: Mode) -> Tally {
    Tally {
        exact: u64::from(status.exact),
        belief: u64::from(status.belief),
        unconverged: u64::from(status.unconverged),
        assigned: if mode == Mode::Assign { u64::from(status.clusters) } else { 0 },
    }
}
