//! The stages up to one of them on a device, the rest on the host, which has the tracks between waves.

use super::device::tally;
use super::host::{Associated, Done, HostEngine};
use super::{Answer, Engine, Patience, WaveReport};
use crate::fusion::config::Config;
use crate::fusion::device::kernels::LaneState;
use crate::fusion::device::lanes::Wave;
use crate::fusion::device::{Context, DeviceLanes, Options, WaveBuilder};
use crate::fusion::error::FusionError;
use crate::fusion::estimate::LaneTracks;
use crate::fusion::executor::KernelError;
use crate::fusion::lanes::Lane;
use crate::fusion::setup::LaneSetup;
use crate::fusion::stage::{Stage, Timings};
use crate::fusion::timeline::Timeline;
use crate::fusion::wave_log::{Logging, WaveLog};
use crate::scan::{Observation, Scan};

/// Lanes on the host, and a device for the first stages.
#[derive(Debug)]
pub(super) struct SplitEngine {
    host: HostEngine,
    device: DeviceLanes,
    builder: WaveBuilder,
    /// The last stage that runs on the device.
    last: Stage,
}

impl SplitEngine {
    /// Begins with no track in any lane.
    pub(super) fn new(
        (context, options, last): (Context, Options, Stage),
        config: Config,
        setups: Vec<LaneSetup>,
    ) -> Result<Self, KernelError> {
        let builder = WaveBuilder::new(&setups);
        let device = DeviceLanes::new(context, config.clone(), &setups.iter().collect::<Vec<_>>(), options)?;
        Ok(Self { host: HostEngine::new(config, setups), device, builder, last })
    }

    /// Runs the first stages of a wave on the host's tracks and brings back what they made.
    fn first_stages(&mut self, wave: Wave) -> Result<Done, KernelError> {
        let HostEngine { config, lanes, arrays, .. } = &mut self.host;
        let states: Vec<LaneState> = lanes.iter().map(state).collect();
        let setups: Vec<&LaneSetup> = lanes.iter().map(|lane| &lane.setup).collect();
        self.device.load(arrays, &states, &setups)?;
        let status = self.device.run(wave, Stage::Predict..=self.last)?;
        let blocks = arrays.lane.len();
        let mut done = Done { is_predicted: true, ..Done::default() };
        self.device.unload(arrays)?;
        if self.last >= Stage::Gate {
            self.device.unload_graph(arrays, blocks, status.edges)?;
            done.narrowed = Some(arrays.rows.iter().filter(|row| row.gone > 0.0).count() as u64);
        }
        if self.last >= Stage::Cluster {
            done.narrowed = Some(u64::from(status.narrowed));
            done.labels = Some(self.device.labels(blocks)?);
        }
        if self.last >= Stage::Associate {
            let edge_track = if arrays.widths.has_views() { self.device.edge_track(status.edges)? } else { Vec::new() };
            done.associated = Some(Associated { tally: tally(&status, config.association.mode), edge_track });
        }
        done.is_updated = self.last >= Stage::Update;
        Ok(done)
    }
}

impl Engine for SplitEngine {
    fn config(&self) -> &Config {
        self.host.config()
    }

    fn lane(&self, lane: usize) -> Option<(&LaneSetup, &Timeline)> {
        self.host.lane(lane)
    }

    fn step(&mut self, scans: Vec<Scan<'_>>, observations: Vec<Observation>) -> Result<(), FusionError> {
        let config = self.host.config();
        let wave = self.builder.wave(config, &mut self.device, scans.clone(), observations.clone())?;
        let done = self.first_stages(wave)?;
        self.host.wave(scans, observations, done)
    }

    fn tracks(&mut self, lane: usize) -> Result<LaneTracks<'_>, FusionError> {
        self.host.tracks(lane)
    }

    fn request(&mut self, lane: usize, time_us: i64) -> Result<(), FusionError> {
        self.host.request(lane, time_us)
    }

    fn answers(&mut self, patience: Patience) -> Result<Vec<Answer>, FusionError> {
        self.host.answers(patience)
    }

    fn log(&mut self, logging: Logging) {
        self.host.log(logging);
    }

    fn logs(&mut self, patience: Patience) -> Result<Vec<WaveLog>, FusionError> {
        self.host.logs(patience)
    }

    fn take_reports(&mut self) -> Result<Vec<WaveReport>, FusionError> {
        self.host.take_reports()
    }

    fn timings(&self) -> Timings {
        self.host.timings()
    }

    fn device_bytes(&self) -> Option<u64> {
        Some(self.device.bytes())
    }

    fn copy_bandwidth(&self) -> Result<Option<f64>, FusionError> {
        Ok(Some(self.device.copy_bandwidth().map_err(KernelError)?))
    }
}

/// Where a lane's tracks are, as a device sees it.
fn state(lane: &Lane) -> LaneState {
    let count = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
    LaneState {
        first: count(lane.first_track),
        places: count(lane.tracks),
        live: count(lane.live),
        ..LaneState::default()
    }
}
