//! Every stage on a device: the tracks stay there, and waves are read back only when somebody asks.

use super::{Answer, Engine, Patience, WaveReport, no_lane, tally};
use crate::fusion::config::{Config, Mode};
use crate::fusion::device::kernels::Status;
use crate::fusion::device::lanes::Tracks;
use crate::fusion::device::{Context, DeviceLanes, Options, WaveBuilder};
use crate::fusion::error::FusionError;
use crate::fusion::estimate::LaneTracks;
use crate::fusion::executor::KernelError;
use crate::fusion::setup::LaneSetup;
use crate::fusion::stage::Timings;
use crate::fusion::timeline::Timeline;
use crate::scan::{Observation, Scan};
use std::collections::VecDeque;

/// Lanes on a device.
#[derive(Debug)]
pub(in crate::fusion) struct DeviceEngine {
    config: Config,
    setups: Vec<LaneSetup>,
    lanes: DeviceLanes,
    builder: WaveBuilder,
    /// The tracks, unless the device has newer ones.
    tracks: Option<Tracks>,
    /// What was asked for, snapshot by snapshot.
    requests: VecDeque<Vec<Request>>,
    /// Whether a snapshot was asked for since the last wave.
    asked: bool,
}

/// Tracks that were asked for.
#[derive(Clone, Copy, Debug)]
struct Request {
    lane: usize,
    time_us: i64,
    /// Time of the lane's last scan before.
    last_us: Option<i64>,
}

impl DeviceEngine {
    /// Begins with no track in any lane.
    pub(in crate::fusion) fn new(
        (context, options): (Context, Options),
        config: Config,
        setups: Vec<LaneSetup>,
    ) -> Result<Self, KernelError> {
        let builder = WaveBuilder::new(&setups);
        let lanes = DeviceLanes::new(context, config.clone(), &setups.iter().collect::<Vec<_>>(), options)?;
        let (tracks, requests) = (None, VecDeque::new());
        Ok(Self { config, setups, lanes, builder, tracks, requests, asked: false })
    }

    /// The oldest snapshot that is there, with what was asked of it.
    fn answer(&mut self, patience: Patience) -> Result<Option<(Tracks, Vec<Request>)>, KernelError> {
        // Between the same two waves more may still be asked.
        if self.requests.len() <= usize::from(self.asked && patience == Patience::None) {
            return Ok(None);
        }
        let Some(tracks) = self.lanes.take_snapshot(patience)? else { return Ok(None) };
        let requests = self.requests.pop_front();
        self.asked &= !self.requests.is_empty();
        Ok(requests.map(|requests| (tracks, requests)))
    }
}

impl Engine for DeviceEngine {
    fn config(&self) -> &Config {
        &self.config
    }

    fn lane(&self, lane: usize) -> Option<(&LaneSetup, &Timeline)> {
        self.setups.get(lane).zip(self.builder.timeline(lane))
    }

    fn step(&mut self, scans: Vec<Scan<'_>>, observations: Vec<Observation>) -> Result<(), FusionError> {
        let wave = self.builder.wave(&self.config, &mut self.lanes, scans, observations)?;
        self.lanes.push(wave).map_err(KernelError)?;
        (self.tracks, self.asked) = (None, false);
        Ok(())
    }

    fn tracks(&mut self, lane: usize) -> Result<LaneTracks<'_>, FusionError> {
        let tracks = match self.tracks.take() {
            Some(tracks) => tracks,
            None => self.lanes.tracks().map_err(KernelError)?,
        };
        self.tracks.insert(tracks).lane(lane).ok_or_else(|| no_lane(lane))
    }

    fn request(&mut self, lane: usize, time_us: i64) -> Result<(), FusionError> {
        let last_us = self.builder.timeline(lane).ok_or_else(|| no_lane(lane))?.time_us();
        // Lanes that are asked about between the same two waves share what is read back.
        if !self.asked {
            self.lanes.snapshot().map_err(KernelError)?;
            self.asked = true;
            self.requests.push_back(Vec::new());
        }
        if let Some(requests) = self.requests.back_mut() {
            requests.push(Request { lane, time_us, last_us });
        }
        Ok(())
    }

    fn answers(&mut self, patience: Patience) -> Result<Vec<Answer>, FusionError> {
        let mut answers = Vec::new();
        while let Some((tracks, requests)) = self.answer(patience)? {
            for Request { lane, time_us, last_us } in requests {
                let (own, timeline) =
                    tracks.lane(lane).zip(self.builder.timeline(lane)).ok_or_else(|| no_lane(lane))?;
                let mut estimates = own.estimates(self.config.existence.report.get());
                timeline.advance(&mut estimates, (last_us, time_us), &self.config);
                answers.push(Answer { lane, time_us, estimates });
            }
        }
        Ok(answers)
    }

    fn take_reports(&mut self) -> Result<Vec<WaveReport>, FusionError> {
        let mode = self.config.association.mode;
        let reports = self.lanes.take_reports().map_err(KernelError)?;
        Ok(reports.iter().map(|(status, detections)| report(status, *detections, mode)).collect())
    }

    fn timings(&self) -> Timings {
        self.lanes.times()
    }

    fn device_bytes(&self) -> Option<u64> {
        Some(self.lanes.bytes())
    }

    fn copy_bandwidth(&self) -> Result<Option<f64>, FusionError> {
        Ok(Some(self.lanes.copy_bandwidth().map_err(KernelError)?))
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
