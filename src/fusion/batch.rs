//! All lanes of a batch together, wave by wave.
//!
//! A lane is one independent fusion problem. In a wave every lane has at most one scan; a lane without one rests, and
//! not a bit of it changes. Nothing is shared between lanes: no counter, no capacity, no convergence test, no origin.

use super::address;
use super::arrays::{Arrays, BLOCK, Host, Look};
use super::associate::{Tally, associate};
use super::check::check;
use super::cluster::{Clusters, Edges};
use super::config::Config;
use super::credit::{Accounts, Own, Times};
use super::device::engine::Patience;
use super::device::kernels::LaneState;
use super::error::{FusionError, INDEX_MAX, counted};
use super::estimate::estimates_of;
use super::executor::Executor;
use super::gate::{LaneGate, gate};
use super::lanes::{Lane, Prepared, Settled, prepare, settle};
use super::manage::{Inputs, Places, Plan, compact, settle_in_place};
use super::predict::{predict, predict_one};
use super::remote::{Partial, Remote, Request, tally};
use super::stage::{Stage, Timings};
use super::update::update;
use super::views::{Sees, VIEW_WORDS, VIEWS_MAX, ViewLook, learn, twins::Met};
use crate::scan::{Observation, Scan, wrong};
use crate::time::seconds_between;
use core::ops::Add;
use rayon::prelude::*;
use std::time::Instant;
use wide::f32x8;

pub use super::estimate::Estimate;
pub use super::setup::LaneSetup;

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

/// Lanes of a batch: a detection on a device has its lane and its source in one word.
const LANES_MAX: u64 = 1 << 24;

/// The lanes of a batch and their tracks.
#[derive(Debug)]
pub struct Batch {
    config: Config,
    executor: Executor,
    lanes: Vec<Lane>,
    remote: Option<Remote>,
    arrays: Arrays<Host>,
    spare: Arrays<Host>,
    clusters: Clusters,
    timings: Timings,
    reports: Vec<WaveReport>,
    answers: Vec<Answer>,
}

/// Tracks of a lane that were asked for.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The lane.
    pub lane: usize,
    /// When.
    pub time_us: i64,
    /// The tracks then, as [`Batch::estimates_at`] gives them.
    pub estimates: Vec<Estimate>,
}

impl Batch {
    /// Begins with no track in any lane.
    ///
    /// # Errors
    /// If a lane is none: its field of undetected targets is not what it has to be.
    pub fn new(config: Config, executor: Executor, lanes: Vec<LaneSetup>) -> Result<Self, FusionError> {
        counted("lanes", lanes.len() as u64, LANES_MAX)?;
        for (number, lane) in lanes.iter().enumerate() {
            lane.check(|| format!("lane {number}"))?;
        }
        let lanes: Vec<Lane> = lanes.into_iter().map(Lane::new).collect();
        let view_words = if lanes.iter().any(|lane| lane.outlook.is_some()) { VIEW_WORDS } else { 0 };
        Ok(Self {
            config,
            executor,
            remote: None,
            lanes,
            arrays: Arrays { view_words, ..Arrays::default() },
            spare: Arrays { view_words, ..Arrays::default() },
            clusters: Clusters::default(),
            timings: Timings::default(),
            reports: Vec::new(),
            answers: Vec::new(),
        })
    }

    /// Time spent in each stage so far, on the device's own clock where all of them run there.
    #[must_use]
    pub fn timings(&self) -> Timings {
        match &self.remote {
            Some(remote) if remote.is_whole() => remote.times(),
            _ => self.timings,
        }
    }

    /// Bytes of all arrays on the device, if there is one.
    #[must_use]
    pub fn device_bytes(&self) -> Option<u64> {
        self.remote.as_ref().map(Remote::bytes)
    }

    /// Bytes a second that the device copies, reading and writing counted, if there is one.
    ///
    /// # Errors
    /// If the device fails.
    pub fn copy_bandwidth(&self) -> Result<Option<f64>, FusionError> {
        Ok(self.remote.as_ref().map(Remote::copy_bandwidth).transpose()?)
    }

    /// Number of tracks of a lane, whatever their existence.
    ///
    /// # Errors
    /// If the device fails.
    pub fn tracks(&mut self, lane: usize) -> Result<usize, FusionError> {
        self.bring_back()?;
        Ok(self.lane(lane)?.live)
    }

    /// Takes one wave: `scans` in the order of lanes, at most one a lane; `observations` are shared by its detections.
    /// The host runs it at once; a device may run it together with later ones.
    ///
    /// # Errors
    /// If a scan is none: then nothing has changed. If the device fails: the batch is then not to be used further.
    pub fn step(&mut self, scans: Vec<Scan<'_>>, observations: Vec<Observation>) -> Result<(), FusionError> {
        let lane = |lane: usize| self.lanes.get(lane).map(|lane| (&lane.setup, lane.taken_us));
        check(&scans, &observations, lane)?;
        counted("detections", scans.iter().map(|scan| scan.detections.len() as u64).sum(), INDEX_MAX)?;
        if let Some(device) = self.executor.device.take() {
            let setups: Vec<&LaneSetup> = self.lanes.iter().map(|lane| &lane.setup).collect();
            self.remote = Some(Remote::new(device, &self.config, &setups)?);
        }
        for scan in &scans {
            if let Some(lane) = self.lanes.get_mut(scan.lane) {
                lane.taken_us = Some(scan.time_us);
            }
        }
        match &mut self.remote {
            None => self.run(scans, observations, None),
            Some(remote) if remote.is_whole() => Ok(remote.push(scans, observations)?),
            Some(remote) => {
                let states: Vec<LaneState> = self.lanes.iter().map(Lane::state).collect();
                let setups: Vec<&LaneSetup> = self.lanes.iter().map(|lane| &lane.setup).collect();
                let copies = (scans.clone(), observations.clone());
                let partial = remote.begin(&mut self.arrays, (&states, &setups), copies.0, copies.1)?;
                self.run(scans, observations, Some(&partial))
            }
        }
    }

    /// Runs one wave on the host, but for the stages that a device has done.
    fn run(
        &mut self,
        scans: Vec<Scan<'_>>,
        observations: Vec<Observation>,
        done: Option<&Partial>,
    ) -> Result<(), FusionError> {
        let places = self.lanes.iter().map(|lane| lane.tracks.next_multiple_of(BLOCK) as u64);
        counted("places for tracks", places.sum(), INDEX_MAX)?;
        let is_done = |stage: Stage| done.is_some_and(|partial| partial.last >= stage);
        self.looks(&scans);
        self.arrays.observations = observations;
        let start = Instant::now();
        if !is_done(Stage::Predict) {
            predict::<f32x8>(&mut self.arrays);
        }
        let start = self.timings.note(Stage::Predict, start);
        let mut prepared = self.prepare(scans);
        let densities = self.join(&mut prepared);
        let narrowed = match done {
            Some(partial) if is_done(Stage::Cluster) => u64::from(partial.status.narrowed),
            Some(_) if is_done(Stage::Gate) => self.arrays.rows.iter().filter(|row| row.gone > 0.0).count() as u64,
            _ => self.gate(&prepared, &densities)?,
        };
        if let Some(of) = self.config.identity.filter(|_| !is_done(Stage::Gate)) {
            address::weigh(&mut self.arrays, of.error_probability.get());
        }
        let start = self.timings.note(Stage::Gate, start);
        match done {
            Some(partial) if is_done(Stage::Cluster) => {
                let edges = if is_done(Stage::Associate) { Edges::AsTheyLie } else { Edges::ByCluster };
                self.clusters.adopt(&partial.labels, &mut self.arrays, edges);
            }
            _ => self.clusters.build(&mut self.arrays),
        }
        let met = match done {
            _ if self.arrays.view_words == 0 => Met::default(),
            Some(partial) if is_done(Stage::Associate) => Met::listed(&self.arrays, &partial.edge_track),
            _ => Met::in_rows(&self.arrays),
        };
        let start = self.timings.note(Stage::Cluster, start);
        let association = match done {
            Some(partial) if is_done(Stage::Associate) => tally(&partial.status, self.config.association.mode),
            _ => associate(&mut self.arrays, &self.clusters, &self.config.association),
        };
        let start = self.timings.note(Stage::Associate, start);
        if !is_done(Stage::Update) {
            if self.arrays.view_words > 0 {
                let sees: Vec<Option<Sees<'_>>> =
                    prepared.iter().map(|lane| lane.as_ref().map(Prepared::sees)).collect();
                learn(&mut self.arrays, &sees);
            }
            update::<f32x8>(&mut self.arrays);
        }
        let start = self.timings.note(Stage::Update, start);
        let mut report = WaveReport {
            tracks: self.lanes.iter().map(|lane| lane.live as u64).sum(),
            detections: self.arrays.detections.len() as u64,
            edges: self.arrays.edges.len() as u64,
            narrowed,
            clusters: self.clusters.len() as u64,
            births: 0,
            merged: 0,
            association,
        };
        (report.births, report.merged) = self.manage(&prepared, &met);
        self.timings.note(Stage::Manage, start);
        self.reports.push(report);
        Ok(())
    }

    /// What the waves since the last call did, in their order.
    ///
    /// # Errors
    /// If the device fails.
    pub fn take_reports(&mut self) -> Result<Vec<WaveReport>, FusionError> {
        match &mut self.remote {
            Some(remote) if remote.is_whole() => Ok(remote.take_reports()?),
            _ => Ok(core::mem::take(&mut self.reports)),
        }
    }

    fn lane(&self, lane: usize) -> Result<&Lane, FusionError> {
        self.lanes.get(lane).ok_or_else(|| wrong(format!("lane {lane}"), "lane", lane, "a lane of the batch").into())
    }

    /// What became of the detections of a lane so far; of those of tracks that go on, by what these have been.
    ///
    /// # Errors
    /// If the device fails.
    pub fn accounts(&mut self, lane: usize) -> Result<Accounts, FusionError> {
        self.bring_back()?;
        let lane = self.lane(lane)?;
        let tracks = lane.first_track..lane.first_track + lane.tracks;
        let accounts = tracks.map(|track| Accounts::of_track(&self.arrays, track, Own::NONE));
        Ok(accounts.fold(lane.accounts, Add::add))
    }

    /// Reads the tracks back if they are on the device.
    fn bring_back(&mut self) -> Result<(), FusionError> {
        let Some(remote) = self.remote.as_mut().filter(|remote| remote.is_whole()) else { return Ok(()) };
        let Some((arrays, states, accounts)) = remote.tracks()? else { return Ok(()) };
        self.arrays = arrays;
        for (index, ((lane, state), accounts)) in self.lanes.iter_mut().zip(states).zip(accounts).enumerate() {
            lane.accounts = Accounts::of(accounts.map(u64::from));
            lane.time_us = remote.time_us(index);
            lane.first_track = state.first as usize;
            lane.tracks = state.places as usize;
            lane.live = state.live as usize;
        }
        Ok(())
    }

    /// Tracks of one lane that the configuration reports, in the order of their identities.
    ///
    /// # Errors
    /// If the device fails.
    pub fn estimates(&mut self, lane: usize) -> Result<Vec<Estimate>, FusionError> {
        self.bring_back()?;
        let lane = self.lane(lane)?;
        Ok(estimates_of(&self.arrays, lane.first_track, lane.tracks, self.config.existence.report.get()))
    }

    /// The same, moved to a time not before the lane's last scan; their order is that of their identities.
    ///
    /// # Errors
    /// If the device fails.
    pub fn estimates_at(&mut self, lane: usize, time_us: i64) -> Result<Vec<Estimate>, FusionError> {
        let mut found = self.estimates(lane)?;
        let lane = self.lane(lane)?;
        self.advance(&mut found, &lane.setup, (lane.time_us, time_us));
        Ok(found)
    }

    /// Asks for the tracks of a lane as [`Self::estimates_at`] gives them now; [`Self::answers`] has them later. A device
    /// goes on with its waves meanwhile.
    ///
    /// # Errors
    /// If the device fails.
    pub fn request(&mut self, lane: usize, time_us: i64) -> Result<(), FusionError> {
        self.lane(lane)?;
        match &mut self.remote {
            Some(remote) if remote.is_whole() => Ok(remote.request(lane, time_us)?),
            _ => {
                let estimates = self.estimates_at(lane, time_us)?;
                self.answers.push(Answer { lane, time_us, estimates });
                Ok(())
            }
        }
    }

    /// What was asked for and is there, in the order in which it was asked for; all of it, if the caller waits.
    ///
    /// # Errors
    /// If the device fails.
    pub fn answers(&mut self, patience: Patience) -> Result<Vec<Answer>, FusionError> {
        let mut answers = core::mem::take(&mut self.answers);
        loop {
            let Some(remote) = self.remote.as_mut().filter(|remote| remote.is_whole()) else { return Ok(answers) };
            let Some(((arrays, states, _), requests)) = remote.answer(patience)? else { return Ok(answers) };
            for Request { lane, time_us, last_us } in requests {
                let own = self.lane(lane)?;
                let missing =
                    || wrong(format!("tracks of lane {lane}"), "lanes", states.len(), "every lane of the batch");
                let state = states.get(lane).ok_or_else(missing)?;
                let threshold = self.config.existence.report.get();
                let mut estimates = estimates_of(&arrays, state.first as usize, state.places as usize, threshold);
                self.advance(&mut estimates, &own.setup, (last_us, time_us));
                answers.push(Answer { lane, time_us, estimates });
            }
        }
    }

    /// Moves estimates from the time of a lane's last scan to another.
    fn advance(&self, estimates: &mut [Estimate], setup: &LaneSetup, (from_us, to_us): (Option<i64>, i64)) {
        let Some(from_us) = from_us else { return };
        let height_information = setup.undetected.height_information();
        let mut look = Look { radial: u32::from(setup.radial), height_information, ..Look::default() };
        let reports_per_s = setup.undetected.reports_per_s();
        self.config.motion.over(seconds_between(from_us, to_us).max(0.0), reports_per_s, &mut look);
        if look.dt_s > 0.0 {
            estimates.par_iter_mut().with_min_len(1024).for_each(|estimate| {
                predict_one(&look, &mut estimate.tile, &mut estimate.state);
                let lives = estimate.existence * look.survival;
                estimate.existence = lives * (1.0 - look.heard) / (1.0 - lives * look.heard);
            });
        }
    }

    /// Says for every lane what it does in this wave.
    #[expect(clippy::indexing_slicing, reason = "lanes of scans are checked in `step`")]
    #[expect(clippy::cast_possible_truncation, reason = "tracks and detections are counted before")]
    fn looks(&mut self, scans: &[Scan<'_>]) {
        let resting = |lane: &Lane| Look {
            first_track: lane.first_track as u32,
            tracks: lane.tracks as u32,
            radial: u32::from(lane.setup.radial),
            height_information: lane.setup.undetected.height_information(),
            gate: self.config.gate.get(),
            ..Look::default()
        };
        self.arrays.looks = self.lanes.iter().map(resting).collect();
        self.arrays.view_looks.clear();
        if self.arrays.view_words > 0 {
            self.arrays.view_looks.resize(self.lanes.len() * VIEWS_MAX, ViewLook::default());
        }
        let mut first_detection = 0;
        for scan in scans {
            let (lane, look) = (&mut self.lanes[scan.lane], &mut self.arrays.looks[scan.lane]);
            let before = lane.time_us.unwrap_or(scan.time_us);
            let reports_per_s = lane.setup.undetected.reports_per_s();
            self.config.motion.over(seconds_between(before, scan.time_us), reports_per_s, look);
            look.awake = 1;
            look.first_detection = first_detection as u32;
            look.detections = scan.detections.len() as u32;
            look.detection_probability = scan.detection_probability;
            first_detection += scan.detections.len();
            if let Some(outlook) = &mut lane.outlook {
                let of_lane = scan.lane * VIEWS_MAX..(scan.lane + 1) * VIEWS_MAX;
                self.arrays.view_looks[of_lane].copy_from_slice(&outlook.look(scan, look));
            }
            lane.time_us = Some(scan.time_us);
            lane.scans += 1;
        }
    }

    /// Moves the fields of undetected targets to the wave and sorts the detections by cell; one entry a lane.
    fn prepare<'a>(&mut self, scans: Vec<Scan<'a>>) -> Vec<Option<Prepared<'a>>> {
        let mut by_lane: Vec<Option<Scan<'a>>> = Vec::new();
        by_lane.resize_with(self.lanes.len(), || None);
        for scan in scans {
            let lane = scan.lane;
            if let Some(place) = by_lane.get_mut(lane) {
                *place = Some(scan);
            }
        }
        let Arrays { looks, view_looks, observations, .. } = &self.arrays;
        let config = &self.config;
        let views = |lane: usize| {
            let own = view_looks.get(lane * VIEWS_MAX..).and_then(|own| own.first_chunk());
            own.copied().unwrap_or_default()
        };
        self.lanes
            .par_iter_mut()
            .zip(looks)
            .zip(by_lane)
            .map(|((lane, look), scan)| {
                scan.map(|scan| prepare(lane, config, (look, views(scan.lane)), observations, scan))
            })
            .collect()
    }

    /// Joins the detections of all lanes; returns the density of what no track made at each, and of undetected targets.
    fn join(&mut self, prepared: &mut [Option<Prepared<'_>>]) -> [Vec<f32>; 2] {
        self.arrays.detections.clear();
        self.arrays.addresses.clear();
        let [mut density, mut fresh] = [Vec::new(), Vec::new()];
        let addressed = prepared.iter().flatten().any(|lane| lane.addresses.iter().any(|address| *address != 0));
        for lane in prepared.iter_mut().flatten() {
            if addressed {
                self.arrays.addresses.extend((0..lane.order.len()).map(|d| lane.address(d)));
            }
            append(&mut self.arrays.detections, &mut lane.detections);
            density.extend_from_slice(&lane.density);
            fresh.extend_from_slice(&lane.fresh);
        }
        [density, fresh]
    }

    fn gate(&mut self, prepared: &[Option<Prepared<'_>>], densities: &[Vec<f32>; 2]) -> Result<u64, FusionError> {
        let most = self.config.association.hypotheses_max.get();
        let lanes: Vec<Option<LaneGate<'_>>> = prepared
            .iter()
            .map(|lane| lane.as_ref().map(|lane| LaneGate { grid: &lane.grid, sees: lane.sees(), most }))
            .collect();
        gate(&mut self.arrays, &lanes, densities.each_ref().map(Vec::as_slice))
    }

    /// Merges twins, then ends, keeps and begins tracks; returns how many began, and how many were merged.
    #[expect(clippy::indexing_slicing, reason = "the order of detections is one of their places")]
    fn manage(&mut self, prepared: &[Option<Prepared<'_>>], met: &Met) -> (u64, u64) {
        if let Some(of) = self.config.identity {
            address::learn(&mut self.arrays, of.error_probability.get());
        }
        let claims = self.clusters.claims(&self.arrays);
        let times = |(lane, prepared): (&Lane, &Option<Prepared<'_>>)| {
            let ahead_s = prepared.as_ref().map_or([0.0; 2], |prepared| prepared.grid.ahead_s);
            Times::new(lane.time_us.unwrap_or_default(), ahead_s)
        };
        let times: Vec<Times> = self.lanes.iter().zip(prepared).map(times).collect();
        let mut source = Vec::with_capacity(self.arrays.detections.len());
        for lane in prepared.iter().flatten() {
            source.par_extend(lane.order.par_iter().with_min_len(8192).map(|&from| lane.sources[from as usize]));
        }
        let existence = &self.config.existence;
        let inputs = Inputs { births: &[], source: &source, existence, claims, times: &times };
        let merged = met.merge(&mut self.arrays, &inputs);
        let (arrays, config) = (&self.arrays, &self.config);
        let settled: Vec<Option<Settled>> = self
            .lanes
            .par_iter_mut()
            .zip(prepared)
            .zip(&arrays.looks)
            .enumerate()
            .map(|(number, ((lane, prepared), look))| {
                let counting = inputs.counting(number, &arrays.detections);
                Some(settle(lane, look, prepared.as_ref()?, (arrays, &counting), config))
            })
            .collect();
        let mut plan = Plan::default();
        let mut births = Vec::new();
        let mut in_place = true;
        for (index, (lane, settled)) in self.lanes.iter_mut().zip(settled).enumerate() {
            let mut settled = settled.unwrap_or_else(|| Settled {
                places: Places::at_rest(lane.first_track..lane.first_track + lane.tracks, lane.live),
                births: Vec::new(),
            });
            (lane.tracks, lane.live) = (settled.places.len(), settled.places.live);
            in_place &= settled.places.in_place;
            lane.first_track = plan.lane(index, settled.places, births.len());
            append(&mut births, &mut settled.births);
        }
        let inputs = Inputs { births: &births, ..inputs };
        if in_place {
            settle_in_place(&mut self.arrays, &plan, &inputs);
        } else {
            compact(&self.arrays, &mut self.spare, &plan, &inputs);
            core::mem::swap(&mut self.arrays, &mut self.spare);
        }
        (births.len() as u64, merged)
    }
}

/// Moves all of `from` to the end of `to`: the first lane, often the only one, without a copy.
fn append<T>(to: &mut Vec<T>, from: &mut Vec<T>) {
    if to.is_empty() {
        core::mem::swap(to, from);
    } else {
        to.append(from);
    }
}
