//! Every stage on the host, in blocks of eight tracks.

use super::{Answer, Engine, Patience, WaveReport, no_lane};
use crate::fusion::address;
use crate::fusion::arrays::{Arrays, BLOCK, Host, LaneStep, Widths};
use crate::fusion::associate::{Tally, associate};
use crate::fusion::cluster::{Clusters, Edges};
use crate::fusion::config::Config;
use crate::fusion::credit::{Ended, Times};
use crate::fusion::error::{FusionError, INDEX_MAX, counted};
use crate::fusion::estimate::{LaneTracks, born};
use crate::fusion::gate::{LaneGate, gate};
use crate::fusion::lanes::{Lane, Prepared, Settled, prepare, settle};
use crate::fusion::manage::{Inputs, Places, Plan, compact, edges_of, end, settle_in_place};
use crate::fusion::predict::predict;
use crate::fusion::setup::LaneSetup;
use crate::fusion::stage::{Stage, Timings};
use crate::fusion::timeline::Timeline;
use crate::fusion::update::update;
use crate::fusion::views::{Sees, VIEWS_MAX, ViewLook, learn, twins::Met};
use crate::fusion::wave_log::{Logging, Scanned, Taken, WaveLog};
use crate::scan::{Observation, Scan};
use rayon::prelude::*;
use std::time::Instant;
use wide::f32x8;

/// Lanes on the host.
#[derive(Debug)]
pub(in crate::fusion) struct HostEngine {
    pub(super) config: Config,
    pub(super) lanes: Vec<Lane>,
    pub(super) arrays: Arrays<Host>,
    spare: Arrays<Host>,
    clusters: Clusters,
    timings: Timings,
    reports: Vec<WaveReport>,
    answers: Vec<Answer>,
    logging: Option<Logging>,
    logs: Vec<WaveLog>,
}

/// What somebody else made of the first stages of a wave; what is not there is still to be done.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Whether tracks are at the time of their scans.
    pub(super) is_predicted: bool,
    /// Tracks whose gates were narrowed, where hypotheses are listed.
    pub(super) narrowed: Option<u64>,
    /// Least track of each track's cluster.
    pub(super) labels: Option<Vec<u32>>,
    /// How likely each hypothesis is.
    pub(super) associated: Option<Associated>,
    /// Whether tracks are their posteriors.
    pub(super) is_updated: bool,
}

/// That hypotheses have their probabilities.
#[derive(Debug)]
pub(super) struct Associated {
    /// How that went.
    pub(super) tally: Tally,
    /// Track of each hypothesis, where a lane has several views.
    pub(super) edge_track: Vec<u32>,
}

impl HostEngine {
    /// Begins with no track in any lane.
    pub(in crate::fusion) fn new(config: Config, setups: Vec<LaneSetup>) -> Self {
        let lanes: Vec<Lane> = setups.into_iter().map(Lane::new).collect();
        let views = lanes.iter().map(|lane| lane.setup.views.len()).max().unwrap_or(0);
        let widths = Widths::of(views).moved_by(&config.motion);
        Self {
            config,
            lanes,
            arrays: Arrays { widths, ..Arrays::default() },
            spare: Arrays { widths, ..Arrays::default() },
            clusters: Clusters::default(),
            timings: Timings::default(),
            reports: Vec::new(),
            answers: Vec::new(),
            logging: None,
            logs: Vec::new(),
        }
    }

    /// Runs one wave, but for what is done.
    pub(super) fn wave(
        &mut self,
        scans: Vec<Scan<'_>>,
        observations: Vec<Observation>,
        done: Done,
    ) -> Result<(), FusionError> {
        let places = self.lanes.iter().map(|lane| lane.tracks.next_multiple_of(BLOCK) as u64);
        counted("places for tracks", places.sum(), INDEX_MAX)?;
        self.looks(&scans);
        self.arrays.observations = observations;
        let start = Instant::now();
        if !done.is_predicted {
            predict::<f32x8>(&mut self.arrays);
        }
        let start = self.timings.note(Stage::Predict, start);
        let mut prepared = self.prepare(scans);
        let densities = self.join(&mut prepared);
        let narrowed = match done.narrowed {
            Some(narrowed) => narrowed,
            None => self.gate(&prepared, &densities)?,
        };
        let start = self.timings.note(Stage::Gate, start);
        let met = self.cluster(&done);
        let start = self.timings.note(Stage::Cluster, start);
        let association = match done.associated {
            Some(associated) => associated.tally,
            None => associate(&mut self.arrays, &self.clusters, &self.config.association),
        };
        let start = self.timings.note(Stage::Associate, start);
        if !done.is_updated {
            self.update(&prepared);
        }
        let start = self.timings.note(Stage::Update, start);
        let taken = self.taken(&prepared);
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
        (report.births, report.merged) = self.manage(&prepared, &densities, &met);
        self.timings.note(Stage::Manage, start);
        self.reports.push(report);
        self.log_wave(taken)
    }

    /// Says for every lane what it does in this wave.
    #[expect(clippy::indexing_slicing, reason = "lanes of scans are checked before")]
    #[expect(clippy::cast_possible_truncation, reason = "tracks and detections are counted before")]
    fn looks(&mut self, scans: &[Scan<'_>]) {
        let placed = |lane: &Lane, look: LaneStep| LaneStep {
            first_track: lane.first_track as u32,
            tracks: lane.tracks as u32,
            ..look
        };
        let Self { config, lanes, arrays, .. } = self;
        arrays.looks.clear();
        arrays.looks.extend(lanes.iter().map(|lane| placed(lane, lane.timeline.at_rest(config))));
        arrays.model_looks.clear();
        arrays.view_looks.clear();
        if arrays.widths.has_views() {
            arrays.view_looks.resize(lanes.len() * VIEWS_MAX, ViewLook::default());
        }
        let mut first_detection = 0;
        for scan in scans {
            let lane = &mut lanes[scan.lane];
            let (look, views) = lane.timeline.look(scan, config);
            arrays.looks[scan.lane] = LaneStep { first_detection: first_detection as u32, ..placed(lane, look) };
            first_detection += scan.detections.len();
            if let Some(own) = arrays.view_looks.get_mut(scan.lane * VIEWS_MAX..(scan.lane + 1) * VIEWS_MAX) {
                own.copy_from_slice(&views);
            }
        }
        let models = config.motion.several().into_iter();
        arrays.model_looks.extend(models.flat_map(|models| arrays.looks.iter().flat_map(|look| models.looks_of(look))));
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
            append(&mut density, &mut lane.density);
            append(&mut fresh, &mut lane.fresh);
        }
        [density, fresh]
    }

    /// Lists the hypotheses; says how many tracks had their gates narrowed.
    fn gate(&mut self, prepared: &[Option<Prepared<'_>>], densities: &[Vec<f32>; 2]) -> Result<u64, FusionError> {
        let most = self.config.association.hypotheses_max.get();
        let lanes: Vec<Option<LaneGate<'_>>> = prepared
            .iter()
            .map(|lane| lane.as_ref().map(|lane| LaneGate { grid: &lane.grid, sees: lane.sees(), most }))
            .collect();
        let narrowed = gate(&mut self.arrays, &lanes, densities.each_ref().map(Vec::as_slice))?;
        if let Some(of) = self.config.identity {
            address::weigh(&mut self.arrays, of.error_probability.get());
        }
        Ok(narrowed)
    }

    /// Finds the clusters; gives the detections in the gates of tracks that may be twins.
    fn cluster(&mut self, done: &Done) -> Met {
        let edges = if done.associated.is_some() { Edges::AsTheyLie } else { Edges::ByCluster };
        match &done.labels {
            Some(labels) => self.clusters.adopt(labels, &mut self.arrays, edges),
            None => self.clusters.build(&mut self.arrays),
        }
        match &done.associated {
            _ if !self.arrays.widths.has_views() => Met::default(),
            Some(associated) => Met::listed(&self.arrays, &associated.edge_track),
            None => Met::in_rows(&self.arrays),
        }
    }

    /// Takes in what the looks said of every track's views, then of its state.
    fn update(&mut self, prepared: &[Option<Prepared<'_>>]) {
        if self.arrays.widths.has_views() {
            let sees: Vec<Option<Sees<'_>>> = prepared.iter().map(|lane| lane.as_ref().map(Prepared::sees)).collect();
            learn(&mut self.arrays, &sees);
        }
        update::<f32x8>(&mut self.arrays);
    }

    /// The detections that tracks took, scan by scan; nothing where no log is kept.
    fn taken(&self, prepared: &[Option<Prepared<'_>>]) -> Vec<(Scanned, Vec<Taken>)> {
        let Self { config, lanes, arrays, .. } = self;
        let of_track = |track: usize, order: &[u32], look: &LaneStep| {
            let born = born(&arrays.identity, track)?;
            let row = edges_of(arrays.rows.get(track)?, &arrays.edges).iter();
            let taken = row.filter_map(|edge| {
                let arrived = order.get(edge.detection.checked_sub(look.first_detection)? as usize)?;
                Taken::of(born, *edge, *arrived, &config.existence)
            });
            Some(taken.collect::<Vec<_>>())
        };
        let of_lane = |(number, prepared): (usize, &Option<Prepared<'_>>)| {
            let order = &prepared.as_ref()?.order;
            let (lane, look) = lanes.get(number).zip(arrays.looks.get(number))?;
            let scan = Scanned { lane: number, time_us: lane.timeline.time_us()?, number: look.scan };
            let tracks = (lane.first_track..lane.first_track + lane.tracks).into_par_iter().with_min_len(4096);
            let taken = tracks.filter_map(|track| of_track(track, order, look)).flatten_iter();
            Some((scan, taken.collect()))
        };
        let all = prepared.iter().enumerate().filter(|_| self.logging.is_some());
        all.filter_map(of_lane).collect()
    }

    /// Logs the tracks after a wave, with what they took.
    fn log_wave(&mut self, taken: Vec<(Scanned, Vec<Taken>)>) -> Result<(), FusionError> {
        let Some(logging) = self.logging else { return Ok(()) };
        for (scan, taken) in taken {
            let log = logging.log(scan, taken, &self.tracks(scan.lane)?);
            self.logs.push(log);
        }
        Ok(())
    }

    /// Merges twins, then ends, keeps and begins tracks; returns how many began, and how many were merged.
    #[expect(clippy::indexing_slicing, reason = "the order of detections is one of their places")]
    fn manage(&mut self, prepared: &[Option<Prepared<'_>>], densities: &[Vec<f32>; 2], met: &Met) -> (u64, u64) {
        if let Some(of) = self.config.identity {
            address::learn(&mut self.arrays, of.error_probability.get());
        }
        let claims = self.clusters.claims(&self.arrays, &self.config.existence);
        let times = |(lane, prepared): (&Lane, &Option<Prepared<'_>>)| {
            let ahead_s = prepared.as_ref().map_or([0.0; 2], |prepared| prepared.grid.ahead_s);
            Times::new(lane.timeline.time_us().unwrap_or_default(), ahead_s)
        };
        let times: Vec<Times> = self.lanes.iter().zip(prepared).map(times).collect();
        let mut source = Vec::with_capacity(self.arrays.detections.len());
        for lane in prepared.iter().flatten() {
            source.par_extend(lane.order.par_iter().with_min_len(8192).map(|&from| lane.sources[from as usize]));
        }
        let existence = &self.config.existence;
        let model_prior = self.config.motion.model_prior();
        let inputs = Inputs { births: &[], source: &source, existence, claims, times: &times, model_prior };
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
                Some(settle(lane, look, (prepared.as_ref()?, densities), (arrays, &counting), config))
            })
            .collect();
        let mut plan = Plan::default();
        let mut births = Vec::new();
        let in_place = settled.iter().flatten().all(|settled| settled.places.in_place);
        let ended: Vec<Ended> = self.lanes.iter().map(|_| Ended::default()).collect();
        for (index, (lane, settled)) in self.lanes.iter_mut().zip(settled).enumerate() {
            let mut settled = settled.unwrap_or_else(|| Settled {
                places: Places::at_rest(lane.first_track..lane.first_track + lane.tracks, lane.live),
                births: Vec::new(),
                fates: Vec::new(),
            });
            if !in_place {
                let counting = inputs.counting(index, &arrays.detections);
                end(&settled.fates, lane.first_track, (arrays, &counting), &ended[index]);
            }
            (lane.tracks, lane.live) = (settled.places.len(), settled.places.live);
            lane.first_track = plan.lane(index, settled.places, births.len());
            append(&mut births, &mut settled.births);
        }
        let inputs = Inputs { births: &births, ..inputs };
        if in_place {
            settle_in_place(&mut self.arrays, &plan, &inputs, &ended);
        } else {
            compact(&self.arrays, &mut self.spare, &plan, &inputs);
            core::mem::swap(&mut self.arrays, &mut self.spare);
        }
        for (lane, ended) in self.lanes.iter_mut().zip(ended) {
            lane.accounts = lane.accounts + ended.accounts();
        }
        (births.len() as u64, merged)
    }
}

impl Engine for HostEngine {
    fn config(&self) -> &Config {
        &self.config
    }

    fn lane(&self, lane: usize) -> Option<(&LaneSetup, &Timeline)> {
        self.lanes.get(lane).map(|lane| (&lane.setup, &lane.timeline))
    }

    fn step(&mut self, scans: Vec<Scan<'_>>, observations: Vec<Observation>) -> Result<(), FusionError> {
        self.wave(scans, observations, Done::default())
    }

    fn tracks(&mut self, lane: usize) -> Result<LaneTracks<'_>, FusionError> {
        let lane = self.lanes.get(lane).ok_or_else(|| no_lane(lane))?;
        Ok(LaneTracks {
            arrays: &self.arrays,
            first: lane.first_track,
            places: lane.tracks,
            live: lane.live,
            ended: lane.accounts,
        })
    }

    fn request(&mut self, lane: usize, time_us: i64) -> Result<(), FusionError> {
        let estimates = self.estimates_at(lane, time_us)?;
        self.answers.push(Answer { lane, time_us, estimates });
        Ok(())
    }

    fn answers(&mut self, _: Patience) -> Result<Vec<Answer>, FusionError> {
        Ok(core::mem::take(&mut self.answers))
    }

    fn log(&mut self, logging: Logging) {
        self.logging = Some(logging);
    }

    fn logs(&mut self, _: Patience) -> Result<Vec<WaveLog>, FusionError> {
        Ok(core::mem::take(&mut self.logs))
    }

    fn take_reports(&mut self) -> Result<Vec<WaveReport>, FusionError> {
        Ok(core::mem::take(&mut self.reports))
    }

    fn timings(&self) -> Timings {
        self.timings
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
