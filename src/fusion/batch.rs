//! All lanes of a batch together, wave by wave.
//!
//! A lane is one independent fusion problem. In a wave every lane has at most one scan; a lane without one rests, and
//! not a bit of it changes. Nothing is shared between lanes: no counter, no capacity, no convergence test, no origin.

use super::arrays::{Arrays, BLOCK, Host, Look};
use super::associate::{Tally, associate};
use super::check::check;
use super::cluster::{Clusters, Edges};
use super::config::Config;
use super::device::engine::Patience;
use super::device::kernels::LaneState;
use super::error::{FusionError, INDEX_MAX, counted};
use super::estimate::estimates_of;
use super::executor::Executor;
use super::gate::{LaneGate, gate};
use super::grid::Grid;
use super::manage::{CELL_MAX, Fate, Inputs, Newborn, Places, Plan, compact, fate, settle_in_place, state_of};
use super::predict::{predict, predict_one};
use super::remote::{Partial, Remote, Request, tally};
use super::undetected::Undetected;
use super::update::update;
use crate::scan::{Detection, Observation, Scan, Sight, wrong};
use crate::time::seconds_between;
use rayon::prelude::*;
use std::time::{Duration, Instant};
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
    /// How association went.
    pub association: Tally,
}

/// Lanes of a batch: a detection on a device has its lane and its source in one word.
const LANES_MAX: u64 = 1 << 24;

/// Time spent in each stage, in the order of [`super::executor::STAGES`]. Never part of a result.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timings(pub [Duration; 6]);

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

#[derive(Debug)]
struct Lane {
    setup: LaneSetup,
    /// Time of the last scan that was taken, and of the last one whose tracks the host has.
    taken_us: Option<i64>,
    time_us: Option<i64>,
    scans: u32,
    first_track: usize,
    /// Places for tracks; those without one have odds 0.
    tracks: usize,
    /// Places that hold a track.
    live: usize,
}

impl Lane {
    /// Where its tracks are, as a device sees it.
    fn state(&self) -> LaneState {
        let count = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
        LaneState {
            first: count(self.first_track),
            places: count(self.tracks),
            live: count(self.live),
            ..LaneState::default()
        }
    }
}

/// How each lane began, and its field of undetected targets as it is.
fn setups(lanes: &[Lane]) -> Vec<(bool, &Undetected)> {
    lanes.iter().map(|lane| (lane.setup.radial, &lane.setup.undetected)).collect()
}

/// What one lane's scan adds to the wave.
#[derive(Debug)]
struct Prepared<'a> {
    sight: Sight<'a>,
    detections: Vec<Detection>,
    /// Source of each detection as it arrived.
    sources: Vec<u8>,
    /// Where each detection was before it was sorted by cell.
    order: Vec<u32>,
    grid: Grid,
    /// Density of undetected targets at each detection, and with clutter.
    fresh: Vec<f32>,
    density: Vec<f32>,
}

impl Timings {
    #[expect(clippy::indexing_slicing, reason = "stages are counted")]
    fn note(&mut self, stage: usize, since: Instant) -> Instant {
        let now = Instant::now();
        self.0[stage] += now - since;
        now
    }
}

impl Batch {
    /// Begins with no track in any lane.
    ///
    /// # Errors
    /// If a lane is none: its field of undetected targets is not what it has to be.
    pub fn new(config: Config, executor: Executor, lanes: Vec<LaneSetup>) -> Result<Self, FusionError> {
        counted("lanes", lanes.len() as u64, LANES_MAX)?;
        for (number, lane) in lanes.iter().enumerate() {
            lane.undetected.check(|| format!("lane {number}"))?;
        }
        let lanes = lanes.into_iter().map(|setup| Lane {
            setup,
            taken_us: None,
            time_us: None,
            scans: 0,
            first_track: 0,
            tracks: 0,
            live: 0,
        });
        Ok(Self {
            config,
            executor,
            remote: None,
            lanes: lanes.collect(),
            arrays: Arrays::default(),
            spare: Arrays::default(),
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
            Some(remote) if remote.is_whole() => Timings(remote.times()),
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
        let lane = |lane: usize| self.lanes.get(lane).map(|lane| (&lane.setup.undetected, lane.taken_us));
        check(&scans, &observations, lane)?;
        counted("detections", scans.iter().map(|scan| scan.detections.len() as u64).sum(), INDEX_MAX)?;
        if let Some(device) = self.executor.device.take() {
            self.remote = Some(Remote::new(device, &self.config, &setups(&self.lanes))?);
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
                let lanes = (states.as_slice(), setups(&self.lanes));
                let copies = (scans.clone(), observations.clone());
                let partial = remote.begin(&mut self.arrays, (lanes.0, &lanes.1), copies.0, copies.1)?;
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
        let stages = done.map_or(0, |partial| partial.stages);
        self.looks(&scans);
        self.arrays.observations = observations;
        let start = Instant::now();
        if stages < 1 {
            predict::<f32x8>(&mut self.arrays);
        }
        let start = self.timings.note(0, start);
        let mut prepared = self.prepare(scans);
        let density = self.join(&mut prepared);
        let narrowed = match done {
            Some(partial) if stages >= 3 => u64::from(partial.status.narrowed),
            Some(_) if stages == 2 => self.arrays.rows.iter().filter(|row| row.gone > 0.0).count() as u64,
            _ => self.gate(&prepared, &density)?,
        };
        let start = self.timings.note(1, start);
        match done {
            Some(partial) if stages >= 3 => {
                let edges = if stages < 4 { Edges::ByCluster } else { Edges::AsTheyLie };
                self.clusters.adopt(&partial.labels, &mut self.arrays, edges);
            }
            _ => self.clusters.build(&mut self.arrays),
        }
        let start = self.timings.note(2, start);
        let association = match done {
            Some(partial) if stages >= 4 => tally(&partial.status, self.config.association.mode),
            _ => associate(&mut self.arrays, &self.clusters, &self.config.association),
        };
        let start = self.timings.note(3, start);
        if stages < 5 {
            update::<f32x8>(&mut self.arrays);
        }
        let start = self.timings.note(4, start);
        let mut report = WaveReport {
            tracks: self.lanes.iter().map(|lane| lane.live as u64).sum(),
            detections: self.arrays.detections.len() as u64,
            edges: self.arrays.edges.len() as u64,
            narrowed,
            clusters: self.clusters.len() as u64,
            births: 0,
            association,
        };
        report.births = self.manage(&prepared);
        self.timings.note(5, start);
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

    /// Reads the tracks back if they are on the device.
    fn bring_back(&mut self) -> Result<(), FusionError> {
        let Some(remote) = self.remote.as_mut().filter(|remote| remote.is_whole()) else { return Ok(()) };
        let Some((arrays, states)) = remote.tracks()? else { return Ok(()) };
        self.arrays = arrays;
        for (index, (lane, state)) in self.lanes.iter_mut().zip(states).enumerate() {
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
            let Some(((arrays, states), requests)) = remote.answer(patience)? else { return Ok(answers) };
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
        let ceasing_per_s = setup.undetected.ceasing_per_s();
        self.config.motion.over(seconds_between(from_us, to_us).max(0.0), ceasing_per_s, &mut look);
        if look.dt_s > 0.0 {
            estimates.par_iter_mut().with_min_len(1024).for_each(|estimate| {
                predict_one(&look, &mut estimate.tile, &mut estimate.state);
                estimate.existence *= look.survival;
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
        let mut first_detection = 0;
        for scan in scans {
            let (lane, look) = (&mut self.lanes[scan.lane], &mut self.arrays.looks[scan.lane]);
            let before = lane.time_us.unwrap_or(scan.time_us);
            let ceasing_per_s = lane.setup.undetected.ceasing_per_s();
            self.config.motion.over(seconds_between(before, scan.time_us), ceasing_per_s, look);
            look.awake = 1;
            look.first_detection = first_detection as u32;
            look.detections = scan.detections.len() as u32;
            look.detection_probability = scan.detection_probability;
            first_detection += scan.detections.len();
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
        let (looks, observations) = (&self.arrays.looks, &self.arrays.observations);
        self.lanes
            .par_iter_mut()
            .zip(looks)
            .zip(by_lane)
            .map(|((lane, look), scan)| scan.map(|scan| prepare_lane(lane, look, observations, scan)))
            .collect()
    }

    /// Joins the detections of all lanes; returns the density of what no track made at each.
    fn join(&mut self, prepared: &mut [Option<Prepared<'_>>]) -> Vec<f32> {
        self.arrays.detections.clear();
        let mut density = Vec::new();
        for lane in prepared.iter_mut().flatten() {
            append(&mut self.arrays.detections, &mut lane.detections);
            density.extend_from_slice(&lane.density);
        }
        density
    }

    fn gate(&mut self, prepared: &[Option<Prepared<'_>>], density: &[f32]) -> Result<u64, FusionError> {
        let most = self.config.association.hypotheses_max.get();
        let lanes: Vec<Option<LaneGate<'_>>> = prepared
            .iter()
            .map(|lane| lane.as_ref().map(|lane| LaneGate { grid: &lane.grid, sight: lane.sight, most }))
            .collect();
        gate(&mut self.arrays, &lanes, density)
    }

    /// Ends, keeps and begins tracks; returns how many began.
    #[expect(clippy::indexing_slicing, reason = "the order of detections is one of their places")]
    fn manage(&mut self, prepared: &[Option<Prepared<'_>>]) -> u64 {
        let (arrays, config) = (&self.arrays, &self.config);
        let claimed = self.clusters.claims(arrays);
        let settled: Vec<Option<Settled>> = self
            .lanes
            .par_iter_mut()
            .zip(prepared)
            .zip(&arrays.looks)
            .map(|((lane, prepared), look)| Some(settle(lane, look, prepared.as_ref()?, (arrays, &claimed), config)))
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
        let mut source = Vec::with_capacity(arrays.detections.len());
        for lane in prepared.iter().flatten() {
            source.par_extend(lane.order.par_iter().with_min_len(8192).map(|&from| lane.sources[from as usize]));
        }
        let inputs = Inputs { births: &births, source: &source, existence: &config.existence };
        if in_place {
            settle_in_place(&mut self.arrays, &plan, &inputs);
        } else {
            compact(&self.arrays, &mut self.spare, &plan, &inputs);
            core::mem::swap(&mut self.arrays, &mut self.spare);
        }
        births.len() as u64
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

fn prepare_lane<'a>(lane: &mut Lane, look: &Look, observations: &[Observation], scan: Scan<'a>) -> Prepared<'a> {
    let Scan { sight, slack_m, detections, .. } = scan;
    let (mut detections, sources) = detections.into_parts();
    lane.setup.undetected.predict(look, |component| predict_one(look, &mut component.tile, &mut component.state));
    let (grid, order) = Grid::build(&mut detections, observations, slack_m, look.first_detection);
    let undetected = &lane.setup.undetected;
    let fresh: Vec<f32> = (0..detections.len())
        .into_par_iter()
        .with_min_len(1024)
        .map(|d| undetected.density(look, sight, (&detections, observations), d))
        .collect();
    let clutter = |d: &Detection| observations.get(d.observation as usize).map_or(0.0, |o| o.clutter);
    // Never zero: a detection where neither clutter nor targets are expected is still a detection.
    let density = detections.iter().zip(&fresh).map(|(d, e)| (clutter(d) + e).max(f32::MIN_POSITIVE)).collect();
    Prepared { sight, detections, sources, order, grid, fresh, density }
}

/// What becomes of one lane's tracks.
struct Settled {
    places: Places,
    births: Vec<Newborn>,
}

#[expect(clippy::indexing_slicing, reason = "tracks and detections are within the lane")]
fn settle(
    lane: &mut Lane,
    look: &Look,
    scan: &Prepared<'_>,
    (arrays, claimed): (&Arrays<Host>, &[f32]),
    config: &Config,
) -> Settled {
    let tracks = lane.first_track..lane.first_track + lane.tracks;
    let here = look.first_detection as usize..(look.first_detection + look.detections) as usize;
    let (detections, claimed) = (&arrays.detections[here.clone()], &claimed[here]);
    let undetected = &lane.setup.undetected;
    let number = lane.scans - 1;
    let begin = |d: usize| {
        let existence = (1.0 - claimed[d]).max(0.0) * (scan.fresh[d] / scan.density[d]);
        (existence > 0.0 && existence >= config.existence.prune.get()).then(|| Newborn {
            birth: undetected.birth(look, (detections, &arrays.observations), d),
            existence,
            born: [number, scan.order[d]],
            source: scan.sources[scan.order[d] as usize],
        })
    };
    let births: Vec<Newborn> = (0..detections.len()).into_par_iter().with_min_len(1024).filter_map(begin).collect();
    let fates: Vec<Fate> = tracks
        .clone()
        .into_par_iter()
        .with_min_len(4096)
        .map(|track| fate(arrays, look, &config.existence, track))
        .collect();
    lane.setup.undetected.thin(look, scan.sight);
    let recycled = tracks.zip(&fates).filter(|(_, fate)| **fate == Fate::Recycled).map(|(track, _)| {
        let (tile, state) = state_of(arrays, track);
        let odds = arrays.odds[track];
        (odds / (1.0 + odds), tile, state)
    });
    lane.setup.undetected.take_back(recycled);
    let first = lane.first_track;
    let in_place = if lane.scans.is_multiple_of(config.reorder_scans.max(1)) {
        None
    } else {
        Places::in_place(first, &fates, births.len())
    };
    let places = in_place.unwrap_or_else(|| {
        Places::compacted(first, &fates, births.len(), |kept| {
            let cell = |&track: &u32| {
                let (tile, state) = state_of(arrays, track as usize);
                (scan.grid.cell(&tile, &state.mean), track)
            };
            let mut by_cell: Vec<(u32, u32)> = kept.par_iter().map(cell).collect();
            by_cell.par_sort_unstable();
            if by_cell.chunk_by(|a, b| a.0 == b.0).all(|cell| cell.len() <= CELL_MAX) {
                *kept = by_cell.into_iter().map(|(_, track)| track).collect();
            }
        })
    });
    Settled { places, births }
}
