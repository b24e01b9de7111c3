//! Every stage on a device: the tracks stay there, and waves are read back only when somebody asks.

use super::{Answer, Engine, Patience, WaveReport, no_lane};
use crate::fusion::associate::Tally;
use crate::fusion::config::{Config, Mode};
use crate::fusion::device::kernels::Status;
use crate::fusion::device::lanes::Tracks;
use crate::fusion::device::{Context, DeviceLanes, Options, WaveBuilder};
use crate::fusion::error::FusionError;
use crate::fusion::estimate::{LaneTracks, born};
use crate::fusion::executor::KernelError;
use crate::fusion::setup::LaneSetup;
use crate::fusion::stage::Timings;
use crate::fusion::timeline::Timeline;
use crate::fusion::wave_log::{Logging, Scanned, Taken, WaveLog};
use crate::scan::{Observation, Scan};
use std::collections::{BTreeMap, VecDeque};

/// Lanes on a device.
#[derive(Debug)]
pub(super) struct DeviceEngine {
    config: Config,
    setups: Vec<LaneSetup>,
    lanes: DeviceLanes,
    builder: WaveBuilder,
    /// The tracks, unless the device has newer ones.
    tracks: Option<Tracks>,
    /// What the snapshots are for that were asked for, in that order.
    snapshots: VecDeque<Snapshot>,
    /// Whether a snapshot was asked for since the last wave.
    asked: bool,
    answers: Vec<Answer>,
    logging: Option<Logging>,
    /// Identities of the tracks as the last log has them.
    before: Vec<u32>,
    logs: Vec<WaveLog>,
}

/// What a snapshot is for.
#[derive(Debug)]
struct Snapshot {
    /// Scans of the wave before, if it is logged.
    scans: Vec<Scanned>,
    requests: Vec<Request>,
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
    pub(super) fn new(
        (context, options): (Context, Options),
        config: Config,
        setups: Vec<LaneSetup>,
    ) -> Result<Self, KernelError> {
        let builder = WaveBuilder::new(&setups);
        let lanes = DeviceLanes::new(context, config.clone(), &setups.iter().collect::<Vec<_>>(), options)?;
        Ok(Self {
            config,
            setups,
            lanes,
            builder,
            tracks: None,
            snapshots: VecDeque::new(),
            asked: false,
            answers: Vec::new(),
            logging: None,
            before: Vec::new(),
            logs: Vec::new(),
        })
    }

    /// Asks for the tracks as they are now.
    fn ask(&mut self, scans: Vec<Scanned>) -> Result<(), KernelError> {
        self.lanes.snapshot()?;
        self.asked = true;
        self.snapshots.push_back(Snapshot { scans, requests: Vec::new() });
        Ok(())
    }

    /// The oldest snapshot that is there, and what it is for.
    fn next(&mut self, patience: Patience) -> Result<Option<(Tracks, Snapshot)>, KernelError> {
        // Between the same two waves more may still be asked.
        if self.snapshots.len() <= usize::from(self.asked && patience == Patience::None) {
            return Ok(None);
        }
        let Some(tracks) = self.lanes.take_snapshot(patience)? else { return Ok(None) };
        let snapshot = self.snapshots.pop_front();
        self.asked &= !self.snapshots.is_empty();
        Ok(snapshot.map(|snapshot| (tracks, snapshot)))
    }

    /// Makes answers and logs of the snapshots that are there.
    fn land(&mut self, patience: Patience) -> Result<(), FusionError> {
        while let Some((tracks, Snapshot { scans, requests })) = self.next(patience)? {
            for Request { lane, time_us, last_us } in requests {
                let (own, timeline) =
                    tracks.lane(lane).zip(self.builder.timeline(lane)).ok_or_else(|| no_lane(lane))?;
                let mut estimates = own.estimates(self.config.existence.report.get());
                timeline.advance(&mut estimates, (last_us, time_us), &self.config);
                self.answers.push(Answer { lane, time_us, estimates });
            }
            self.log_wave(tracks, scans)?;
        }
        Ok(())
    }

    /// Logs the tracks after a wave, with what they took.
    fn log_wave(&mut self, tracks: Tracks, scans: Vec<Scanned>) -> Result<(), FusionError> {
        let Some(logging) = self.logging else { return Ok(()) };
        let mut taken: BTreeMap<usize, Vec<Taken>> = BTreeMap::new();
        for (track, edge, detection) in tracks.hypotheses() {
            let born = born(&self.before, track);
            if let Some(of) = born.and_then(|born| Taken::of(born, *edge, detection.arrived, &self.config.existence)) {
                taken.entry((detection.tag >> 8) as usize).or_default().push(of);
            }
        }
        for scan in scans {
            let own = tracks.lane(scan.lane).ok_or_else(|| no_lane(scan.lane))?;
            self.logs.push(logging.log(scan, taken.remove(&scan.lane).unwrap_or_default(), &own));
        }
        self.before = tracks.arrays.identity;
        Ok(())
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
        let scanned = |scan: &Scan<'_>| {
            let number = self.builder.timeline(scan.lane)?.scans();
            Some(Scanned { lane: scan.lane, time_us: scan.time_us, number })
        };
        let logged = self.logging.is_some().then(|| scans.iter().filter_map(scanned).collect());
        let wave = self.builder.wave(&self.config, &mut self.lanes, scans, observations)?;
        self.lanes.push(wave).map_err(KernelError)?;
        (self.tracks, self.asked) = (None, false);
        logged.map_or(Ok(()), |scans| Ok(self.ask(scans)?))
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
            self.ask(Vec::new())?;
        }
        if let Some(snapshot) = self.snapshots.back_mut() {
            snapshot.requests.push(Request { lane, time_us, last_us });
        }
        Ok(())
    }

    fn answers(&mut self, patience: Patience) -> Result<Vec<Answer>, FusionError> {
        self.land(patience)?;
        Ok(core::mem::take(&mut self.answers))
    }

    fn log(&mut self, logging: Logging) {
        self.logging = Some(logging);
        self.lanes.bring_hypotheses();
    }

    fn logs(&mut self, patience: Patience) -> Result<Vec<WaveLog>, FusionError> {
        self.land(patience)?;
        Ok(core::mem::take(&mut self.logs))
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

/// How association went, as a device counted it.
pub(super) fn tally(status: &Status, mode: Mode) -> Tally {
    Tally {
        exact: u64::from(status.exact),
        belief: u64::from(status.belief),
        unconverged: u64::from(status.unconverged),
        assigned: if mode == Mode::Assign { u64::from(status.clusters) } else { 0 },
    }
}
