//! Throughput of fusion at constant density: what a scan costs, stage by stage.
//!
//! Objects move with nearly constant velocity in a square, one per 80 m × 80 m or as asked, so that about two detections fall
//! into a gate: the object's own (detected with probability 0.95) and one of a neighbour; clutter is a tenth of the
//! objects. One object in a hundred ends in each scan and another begins. The detections are made between the scans,
//! and only the scans are timed. `benches/peers` runs public crates over the same world. [`Sensors`] says what looks at it.

use crate::fusion::batch::{Batch, Estimate, LaneSetup, WaveReport};
use crate::fusion::config::Config;
use crate::fusion::error::FusionError;
use crate::fusion::executor::Executor;
use crate::fusion::stage::{Stage, Timings};
use crate::fusion::undetected::{Prior, UndetectedIntensity};
use crate::fusion::views::View;
use crate::refine::Smoother;
use crate::resident;
use crate::scan::{CLUTTER_RATE_M_S, Detection, Observation, Plane, RANGE, Scan, Sight, Sourced, Views};
use crate::score::ScoreError;
use crate::score::gospa::{Gospa, gospa};
use crate::space::Place;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use serde::Serialize;
use std::time::{Duration, Instant};

/// Edge of the square that belongs to one object, metres, unless something else is asked. Little closer, and nearly all tracks
/// are of one cluster: at 64 m each has four detections in its gate.
pub const SPACING_M: f64 = 80.0;
const SIGMA_M: f64 = 10.0;
const SPEED_M_S: f64 = 10.0;
const DETECTION_PROBABILITY: f64 = 0.95;
const CLUTTER: f64 = 0.1;
const RATE_SIGMA_M_S: f64 = 1.0;
const DEATH: f64 = 0.01;

/// What looks at the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sensors {
    /// One sensor of positions.
    #[default]
    Positions,
    /// Two of them in turn, each a view of its own: how likely each sees a track is asked and learnt.
    Views,
    /// A radar beside the square: a detection has a range, a place across it and a range rate along the line of sight.
    Radar,
}

impl Sensors {
    fn views(self) -> usize {
        if self == Self::Views { 2 } else { 0 }
    }
}

/// What to measure.
#[derive(Clone, Debug)]
pub struct Bench {
    /// Number of objects.
    pub objects: usize,
    /// Number of scans; the figures are of the later half, when births and deaths are in balance.
    pub scans: usize,
    /// Seed of the world.
    pub seed: u64,
    /// Parameters of the filter.
    pub config: Config,
    /// What looks.
    pub sensors: Sensors,
    /// Edge of the square that belongs to one object, metres.
    pub spacing_m: f64,
    /// Seconds from scan to scan.
    pub period_s: u32,
}

/// What was measured.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    /// Number of objects.
    pub objects: usize,
    /// Number of scans.
    pub scans: usize,
    /// Objects a square kilometre.
    pub density_per_km2: f64,
    /// Mode of association.
    pub mode: &'static str,
    /// Detections in the median scan.
    pub detections: usize,
    /// Tracks in memory before the last scan, whatever their existence.
    pub tracks: u64,
    /// Hypotheses in the last scan.
    pub edges: u64,
    /// Clusters of the last scan that association solved exactly, by belief propagation, one to one.
    pub clusters: [u64; 3],
    /// Seconds of the median scan.
    pub seconds: f64,
    /// Objects tracked, times scans, a second.
    pub track_scans_per_second: f64,
    /// Detections a second.
    pub detections_per_second: f64,
    /// Milliseconds a scan spends in each stage, on average over the later half.
    pub stages_ms: Vec<(&'static str, f64)>,
    /// Share of the objects with a track within the cut-off of 30 m after the last scan.
    pub held: f64,
    /// Reported tracks that are nobody's, as a share of the objects.
    pub false_tracks: f64,
    /// Peak memory of this process, bytes; `None` where the system does not say.
    pub peak_bytes: Option<u64>,
    /// Memory of all arrays on the device, bytes; `None` on the host.
    pub device_bytes: Option<u64>,
    /// Milliseconds of the median scan that no stage accounts for: detections prepared and uploaded, kernels launched.
    pub beside_ms: f64,
    /// Megabytes that each stage must at least read and write in a scan.
    pub floor_mb: Vec<(&'static str, f64)>,
    /// Gigabytes a second that the device copies, reading and writing counted; `None` on the host.
    pub copy_gb_s: Option<f64>,
}

/// Why a bench ended.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// Fusion failed.
    #[error(transparent)]
    Fusion(#[from] FusionError),
    /// Scoring failed.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// Nothing to measure.
    #[error("found {found} {what}, wanted at least {wanted}")]
    TooFew {
        /// What there is too little of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there must be.
        wanted: usize,
    },
}

impl Bench {
    /// So many objects at the usual density, seen by a sensor of positions once a second.
    #[must_use]
    pub fn new(objects: usize, config: Config) -> Self {
        let sensors = Sensors::Positions;
        Self { objects, scans: 0, seed: 1, config, sensors, spacing_m: SPACING_M, period_s: 1 }
    }

    /// Runs the bench; calls `progress` after each scan.
    ///
    /// # Errors
    /// If there is nothing to measure or the device fails.
    pub fn run(&self, executor: Executor, mut progress: impl FnMut(usize)) -> Result<Figures, BenchError> {
        for (what, found, wanted) in [("objects", self.objects, 1), ("scans", self.scans, 2)] {
            if found < wanted {
                return Err(BenchError::TooFew { what, found, wanted });
            }
        }
        let mut session = Session::new(self, executor)?;
        let mut later = Vec::new();
        let mut before = session.timings();
        let mut report = WaveReport::default();
        for scan in 0..self.scans {
            if scan == self.scans / 2 {
                before = session.timings();
            }
            let (spent, wave) = session.scan()?;
            if scan >= self.scans / 2 {
                later.push((spent, usize::try_from(wave.detections).unwrap_or(usize::MAX)));
            }
            report = wave;
            progress(scan + 1);
        }
        later.sort_unstable();
        let (median, detections) = later.get(later.len() / 2).copied().unwrap_or((Duration::ZERO, 0));
        let seconds = median.as_secs_f64().max(1e-9);
        let (held, false_tracks) = session.world.held(&mut session.batch)?;
        let spent = session.timings();
        let copy_gb_s = session.batch.copy_bandwidth()?.map(|bytes| bytes * 1e-9);
        let stages_ms: Vec<(&'static str, f64)> = spent
            .each()
            .map(|(stage, after)| {
                let spent = after.saturating_sub(before.of(stage));
                (stage.name(), spent.as_secs_f64() * 1e3 / later.len() as f64)
            })
            .collect();
        Ok(Figures {
            objects: self.objects,
            scans: self.scans,
            density_per_km2: 1e6 / (self.spacing_m * self.spacing_m),
            mode: self.config.association.mode.name(),
            detections,
            tracks: report.tracks,
            edges: report.edges,
            clusters: [report.association.exact, report.association.belief, report.association.assigned],
            seconds,
            track_scans_per_second: self.objects as f64 / seconds,
            detections_per_second: detections as f64 / seconds,
            beside_ms: (seconds * 1e3 - stages_ms.iter().map(|(_, ms)| ms).sum::<f64>()).max(0.0),
            floor_mb: floor_mb(&report),
            copy_gb_s,
            stages_ms,
            held,
            false_tracks,
            peak_bytes: resident::peak(),
            device_bytes: session.batch.device_bytes(),
        })
    }
}

/// Megabytes that each stage must read and write once: states of tracks (124 bytes), rows (16), edges (8), detections (36
/// as they arrive, 48 in their cells), labels, fates and places (4 each), identities and sources (28).
fn floor_mb(report: &WaveReport) -> Vec<(&'static str, f64)> {
    let [t, d, e] = [report.tracks, report.detections, report.edges].map(|count| count as f64);
    let bytes = [
        2.0 * 124.0 * t,
        (124.0 + 16.0) * t + (36.0 + 48.0) * d + 8.0 * e,
        (16.0 + 4.0) * t + 8.0 * d + (8.0 + 4.0) * e,
        2.0 * 16.0 * t + 2.0 * 8.0 * e,
        (2.0 * 124.0 + 16.0) * t + (8.0 + 48.0) * e,
        (4.0 + 4.0 + 2.0 * 28.0) * t + (48.0 + 8.0) * d + 12.0 * e,
    ];
    Stage::ALL.into_iter().zip(bytes).map(|(stage, bytes)| (stage.name(), bytes * 1e-6)).collect()
}

/// A bench under way, scan by scan.
#[derive(Debug)]
pub struct Session {
    world: World,
    batch: Batch,
    scans: usize,
}

impl Session {
    /// Before the first scan.
    ///
    /// # Errors
    /// If the configuration gives no lane.
    pub fn new(bench: &Bench, executor: Executor) -> Result<Self, FusionError> {
        let world = World::new(bench);
        let batch = Batch::new(bench.config.clone(), executor, vec![world.lane(&bench.config)])?;
        Ok(Self { world, batch, scans: 0 })
    }

    /// Time spent in each stage so far.
    #[must_use]
    pub fn timings(&self) -> Timings {
        self.batch.timings()
    }

    /// The tracks as they stand, down to the existence that the configuration reports.
    ///
    /// # Errors
    /// If the device fails.
    pub fn tracks(&mut self) -> Result<Vec<Estimate>, FusionError> {
        self.batch.estimates(0)
    }

    /// What its lane's tracks are smoothed by.
    #[must_use]
    pub fn smoother<'a>(&self, config: &'a Config) -> Smoother<'a> {
        Smoother::of(&self.world.lane(config), &config.motion)
    }

    /// Makes the detections of the next scan, then fuses them; the time that fusing took, upload included, and what it
    /// did.
    ///
    /// # Errors
    /// If the device fails.
    pub fn scan(&mut self) -> Result<(Duration, WaveReport), FusionError> {
        let seen = self.look();
        let start = Instant::now();
        let report = self.fuse(seen)?;
        Ok((start.elapsed(), report))
    }

    /// Makes the detections of the next scan.
    pub fn look(&mut self) -> Seen {
        let (detections, observations) = self.world.scan(self.scans);
        let views = self.world.sensors.views();
        let looking = if views == 0 { 0 } else { self.scans % views };
        let scan = Scan {
            lane: 0,
            time_us: i64::try_from(self.scans).unwrap_or(0) * i64::from(self.world.period_s) * crate::time::SECOND_US,
            #[expect(clippy::cast_possible_truncation, reason = "rounded once")]
            detection_probability: DETECTION_PROBABILITY as f32,
            sight: Sight::Everywhere,
            slack_m: 0.0,
            detections: Sourced::of(0, detections),
            views: Views { looking, reports: false, sights: vec![Sight::Everywhere; views] },
        };
        self.scans += 1;
        (scan, observations)
    }

    /// Fuses them.
    ///
    /// # Errors
    /// If the device fails.
    pub fn fuse(&mut self, (scan, observations): Seen) -> Result<WaveReport, FusionError> {
        self.batch.step(vec![scan], observations)?;
        // Waits until the scan is fused, wherever that is.
        Ok(self.batch.take_reports()?.pop().unwrap_or_default())
    }
}

/// A scan, and how its detections were measured.
pub type Seen = (Scan<'static>, Vec<Observation>);

/// One moving object.
#[derive(Clone, Copy, Debug)]
struct Object {
    position_m: [f32; 2],
    velocity_m_s: [f32; 2],
}

#[derive(Debug)]
struct World {
    objects: Vec<Object>,
    side_m: f64,
    seed: u64,
    sensors: Sensors,
    period_s: u32,
}

/// A measured place, and the velocity of what is there; none where nothing is.
type Measured = ([f64; 2], Option<[f32; 2]>);

/// Objects that share one stream of random numbers.
const CHUNK: usize = 4096;

impl World {
    fn new(bench: &Bench) -> Self {
        let side_m = bench.spacing_m * (bench.objects as f64).sqrt();
        let Bench { seed, sensors, period_s, .. } = *bench;
        let mut world = Self { objects: Vec::new(), side_m, seed, sensors, period_s };
        let mut random = world.random(0, 0);
        world.objects = (0..bench.objects).map(|_| newborn(side_m, &mut random)).collect();
        world
    }

    fn random(&self, scan: usize, chunk: usize) -> ChaCha8Rng {
        let mut random = ChaCha8Rng::seed_from_u64(self.seed);
        random.set_stream(((scan as u64) << 32) | chunk as u64);
        random
    }

    fn observation(&self) -> Observation {
        let clutter = CLUTTER * self.objects.len() as f64 / (self.side_m * self.side_m);
        #[expect(clippy::cast_possible_truncation, reason = "rounded once")]
        let (sigma, clutter) = (SIGMA_M as f32, clutter as f32);
        let directions = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        Observation { clutter, spread: 1.0, ..Observation::offsets(directions, [sigma, sigma, 0.0], 2) }
    }

    /// How the radar measured a place and the velocity of what is there. It stands half a side beside the square.
    #[expect(clippy::cast_possible_truncation, reason = "rounded once")]
    fn seen_by_radar(&self, place: [f64; 2], velocity: Option<[f32; 2]>, random: &mut ChaCha8Rng) -> Observation {
        let [east, north] = [place[0] + 0.5 * self.side_m, place[1] - 0.5 * self.side_m];
        let range = libm::hypot(east, north);
        let (u, sigma) = ([east / range, north / range], SIGMA_M as f32);
        let rate = match velocity {
            Some([x, y]) => u[0] * f64::from(x) + u[1] * f64::from(y) + normal(RATE_SIGMA_M_S, random),
            None => random.random_range(-CLUTTER_RATE_M_S..CLUTTER_RATE_M_S),
        };
        let [u, across] = [u, [-u[1], u[0]]].map(|[x, y]| [x as f32, y as f32, 0.0]);
        let speed = libm::hypot(SPEED_M_S, RATE_SIGMA_M_S);
        let spread = libm::exp(-0.5 * (rate / speed).powi(2)) / (speed * core::f64::consts::TAU.sqrt());
        let plain = self.observation();
        Observation {
            clutter: plain.clutter / (2.0 * CLUTTER_RATE_M_S) as f32,
            spread: spread as f32,
            ranges_m: [range as f32, 0.0, 0.0],
            kinds: RANGE,
            sight_m: range as f32,
            ..Observation::offsets([u, across, [0.0, 0.0, 1.0]], [sigma, sigma, 0.0], 2).with_rate(
                u,
                rate as f32,
                RATE_SIGMA_M_S as f32,
            )
        }
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of cells of a kilometre")]
    fn lane(&self, config: &Config) -> LaneSetup {
        let cell_m = f64::from(config.undetected.cell_km.get()) * 1e3;
        let cells = (self.side_m / cell_m) as u32 + 1;
        let plane = Plane {
            origin: Place::from_metres([0.0; 3]),
            east: [1.0, 0.0, 0.0],
            north: [0.0, 1.0, 0.0],
            centre: [0.0; 3],
            cell_m: cell_m as f32,
            cells: [cells; 2],
        };
        let prior = Prior {
            speed_m_s: config.undetected.speed_m_s,
            climb_m_s: config.undetected.climb_m_s,
            height_m: 0.0,
            height_most_m: f32::INFINITY,
            reports_per_s: 0.0,
        };
        let undetected = UndetectedIntensity::Field {
            density: vec![(config.undetected.initial_per_km2 * 1e-6) as f32; plane.len()],
            birth: (config.undetected.births_per_km2_h * 1e-6 / 3600.0) as f32,
            planes: plane.into(),
            prior,
        };
        let view = View { visible_share: 0.9, persistence_s: 60.0, variance_m2: (SIGMA_M * SIGMA_M) as f32 };
        LaneSetup { radial: false, undetected, views: vec![view; self.sensors.views()] }
    }

    /// Moves every object, second by second, until the next scan, and measures. Objects report in their order, which says nothing of place.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    fn scan(&mut self, scan: usize) -> (Vec<Detection>, Vec<Observation>) {
        let (side_m, period_s, this) = (self.side_m, self.period_s, &*self);
        let streams: Vec<ChaCha8Rng> =
            (0..=self.objects.len().div_ceil(CHUNK)).map(|chunk| this.random(scan + 1, chunk)).collect();
        let found: Vec<Vec<Measured>> = self
            .objects
            .par_chunks_mut(CHUNK)
            .zip(streams.par_iter().cloned())
            .map(|(objects, mut random)| {
                let mut found = Vec::with_capacity(objects.len());
                for object in objects {
                    (0..period_s).for_each(|_| step(object, side_m, &mut random));
                    if random.random::<f64>() < DETECTION_PROBABILITY {
                        let place = object.position_m.map(|m| f64::from(m) + normal(SIGMA_M, &mut random));
                        found.push((place, Some(object.velocity_m_s)));
                    }
                }
                found
            })
            .collect();
        let mut measured = found.concat();
        if let Some(mut random) = streams.into_iter().last() {
            let clutter = (CLUTTER * self.objects.len() as f64).round() as usize;
            measured.extend((0..clutter).map(|_| ([(); 2].map(|()| random.random::<f64>() * side_m), None)));
        }
        if self.sensors != Sensors::Radar {
            return (measured.iter().map(|(place, _)| detection(*place, 0)).collect(), vec![self.observation()]);
        }
        let mut random = self.random(scan + 1, u32::MAX as usize);
        let seen = |(number, (place, velocity)): (u32, &Measured)| {
            (detection(*place, number), self.seen_by_radar(*place, *velocity, &mut random))
        };
        (0..).zip(&measured).map(seen).unzip()
    }

    /// Shares of objects with a track near, and of tracks with no object near.
    fn held(&self, batch: &mut Batch) -> Result<(f64, f64), BenchError> {
        let truth: Vec<[f64; 3]> =
            self.objects.iter().map(|o| [f64::from(o.position_m[0]), f64::from(o.position_m[1]), 0.0]).collect();
        let tracks: Vec<[f64; 3]> = batch.estimates(0)?.iter().map(Estimate::position_m).collect();
        let counts = gospa(&truth, &tracks, Gospa { cutoff_m: 30.0, order: 2.0 })?.counts;
        let objects = truth.len() as f64;
        Ok((counts.matched as f64 / objects, counts.false_tracks as f64 / objects))
    }
}

fn normal(sigma: f64, random: &mut ChaCha8Rng) -> f64 {
    let value: f64 = StandardNormal.sample(random);
    sigma * value
}

#[expect(clippy::cast_possible_truncation, reason = "a place in the world")]
fn newborn(side_m: f64, random: &mut ChaCha8Rng) -> Object {
    Object {
        position_m: [(); 2].map(|()| (random.random::<f64>() * side_m) as f32),
        velocity_m_s: [(); 2].map(|()| normal(SPEED_M_S, random) as f32),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a change of velocity")]
fn step(object: &mut Object, side_m: f64, random: &mut ChaCha8Rng) {
    for (position, velocity) in object.position_m.iter_mut().zip(&mut object.velocity_m_s) {
        *position += *velocity;
        *velocity += normal(1.0, random) as f32;
    }
    let left = object.position_m.iter().any(|m| !(0.0..side_m).contains(&f64::from(*m)));
    if left || random.random::<f64>() < DEATH {
        *object = newborn(side_m, random);
    }
}

fn detection([x, y]: [f64; 2], observation: u32) -> Detection {
    let Place { tile, offset_m } = Place::from_metres([x, y, 0.0]);
    Detection { tile, ahead_s: 0.0, offset_m, observation }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_looks_the_world_is_held() {
        let config: Config = toml::from_str(include_str!("../data/config/bench.toml")).expect("a configuration");
        for sensors in [Sensors::Positions, Sensors::Views, Sensors::Radar] {
            let bench = Bench { scans: 24, seed: 3, sensors, ..Bench::new(900, config.clone()) };
            let figures = bench.run(Executor::host(), |_| ()).expect("figures");
            assert!(figures.held > 0.88 && figures.false_tracks < 0.08, "{sensors:?}: {figures:?}");
        }
    }
}
