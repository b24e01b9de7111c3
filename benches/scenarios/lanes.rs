//! Planar position measurements, all Monte Carlo runs as lanes of one batch.
#![expect(
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    reason = "scans are few; a probability is rounded"
)]

use rayon::prelude::*;
use std::collections::BTreeMap;
use trackweave::fusion::arrays::{COVARIANCE, tri};
use trackweave::fusion::batch::{Batch, LaneSetup};
use trackweave::fusion::config::Config;
use trackweave::fusion::device::{Context, Options, Wanted};
use trackweave::fusion::executor::Executor;
use trackweave::fusion::state::State;
use trackweave::fusion::undetected::Component;
use trackweave::refine::{Interval, Record, Smoother};
use trackweave::scan::{Detection, Observation, Scan, Sight, Sourced, Views};
use trackweave::score::ospa::Trajectory;
use trackweave::space::Place;

/// Positions by name, object or track, in one scan.
pub(crate) type Named = Vec<(u64, [f64; 3])>;

/// One run: true positions and measurements of every scan.
pub(crate) struct Run {
    pub(crate) truth: Vec<Named>,
    pub(crate) scans: Vec<Vec<[f64; 2]>>,
}

/// What all runs of a scenario share.
pub(crate) struct Problem {
    pub(crate) setup: LaneSetup,
    pub(crate) sigma_m: f32,
    pub(crate) clutter_per_m2: f32,
    pub(crate) detection_probability: f32,
    pub(crate) config: Config,
    /// Looks in one second, each of another view where the setup has several.
    pub(crate) looks: usize,
    pub(crate) expected: Expected,
    /// Probability above which a smoothed track is told.
    pub(crate) smoothed_from: f32,
}

/// What was found of each run, scan by scan.
pub(crate) struct Found {
    /// The tracks that the filter reports.
    pub(crate) filtered: Vec<Tracks>,
    /// Those that a smoother has, given all scans.
    pub(crate) smoothed: Vec<Tracks>,
}

/// The tracks of one run, scan by scan.
#[derive(Clone, Default)]
pub(crate) struct Tracks {
    pub(crate) places: Vec<Named>,
    /// Of each, the variances of x and y, and their covariance between, m².
    pub(crate) spreads: Vec<Vec<[f64; 3]>>,
}

/// The variances of x and y of a state, and their covariance between.
fn spread(state: &State<f32>) -> [f64; 3] {
    [(0, 0), (0, 1), (1, 1)].map(|(i, j)| f64::from(state.covariance[tri(i, j)]))
}

/// Undetected targets of a lane, as far as their number goes: those before the first scan, and births a scan.
#[derive(Clone, Copy)]
pub(crate) struct Expected {
    pub(crate) initial: f64,
    pub(crate) births: f64,
}

impl Expected {
    /// With what probability a target that is undetected after the scan before k, or is born then, is the former: for
    /// every k.
    fn before(self, scans: usize, (survival, detection_probability): (f64, f64)) -> Vec<f64> {
        let mut undetected = self.initial;
        let step = |_| {
            let lasting = survival * undetected;
            undetected = (lasting + self.births) * (1.0 - detection_probability);
            lasting / (lasting + self.births)
        };
        (0..scans).map(step).collect()
    }
}

/// Runs the filter, and the smoother, over all runs at once.
pub(crate) fn fuse(runs: &[Run], problem: Problem) -> Found {
    let motion = problem.config.motion;
    let scans = runs.first().map_or(0, |run| run.truth.len());
    let seen = 1.0 - (1.0 - f64::from(problem.detection_probability)).powi(problem.looks as i32);
    let before = problem.expected.before(scans, (motion.survival_per_s, seen));
    let mut records = vec![Record::default(); runs.len()];
    let directions = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let sigma_m = [problem.sigma_m, problem.sigma_m, 0.0];
    let observation =
        Observation { clutter: problem.clutter_per_m2, spread: 1.0, ..Observation::offsets(directions, sigma_m, 2) };
    let lanes = vec![problem.setup.clone(); runs.len()];
    // Everything is asked for; what is reported is cut out of it.
    let mut config = problem.config;
    let report = config.existence.report.get();
    config.existence.report = config.existence.prune;
    let mut batch = Batch::new(config, executor(), lanes).expect("lanes");
    let mut found = vec![Tracks::default(); runs.len()];
    let views = problem.setup.views.len();
    for k in 0..runs.first().map_or(0, |run| run.scans.len()) {
        let sights = if views > 1 { vec![Sight::Everywhere; views] } else { Vec::new() };
        let scan = |(lane, run): (usize, &Run)| Scan {
            lane,
            time_us: (k / problem.looks) as i64 * 1_000_000,
            detection_probability: problem.detection_probability,
            sight: Sight::Everywhere,
            slack_m: 0.0,
            detections: Sourced::of(0, run.scans[k].iter().map(detection).collect()),
            views: Views {
                looking: if views > 1 { k % problem.looks } else { 0 },
                reports: false,
                sights: sights.clone(),
            },
        };
        batch.step(runs.iter().enumerate().map(scan).collect(), vec![observation]).expect("the executor does not fail");
        if (k + 1) % problem.looks > 0 {
            continue;
        }
        for (lane, (found, record)) in found.iter_mut().zip(&mut records).enumerate() {
            let estimates = batch.estimates(lane).expect("the executor does not fail");
            record.push((k / problem.looks) as i64 * 1_000_000, &estimates).expect("in order");
            let reported = estimates.iter().filter(|estimate| estimate.existence >= report);
            found.places.push(reported.clone().map(|e| (name(e.born), e.position_m())).collect());
            found.spreads.push(reported.map(|e| spread(&e.state)).collect());
        }
    }
    let smoother = Smoother { motion: &motion, radial: false, height_information: 0.0, reports_per_s: 0.0 };
    let smooth = |record: &Record| {
        let scans = record.times_us().len();
        let mut tracks = Tracks { places: vec![Named::new(); scans], spreads: vec![Vec::new(); scans] };
        for track in smoother.smooth(record, Interval::Fixed, |wave, _| before[wave] as f32) {
            for row in track.rows.iter().filter(|row| row.existence > problem.smoothed_from) {
                let [x, y, z, ..] = row.state.mean;
                let place = Place { tile: row.tile, offset_m: [x, y, z] };
                tracks.places[row.wave].push((name(track.born), place.metres()));
                tracks.spreads[row.wave].push(spread(&row.state));
            }
        }
        tracks
    };
    Found { filtered: found, smoothed: records.par_iter().map(smooth).collect() }
}

/// One number for a birth.
fn name(born: [u32; 2]) -> u64 {
    u64::from(born[0]) << 32 | u64::from(born[1])
}

/// The host, or the device if `SCENARIOS_EXECUTOR` asks for it.
fn executor() -> Executor {
    if std::env::var("SCENARIOS_EXECUTOR").is_ok_and(|name| name == "device") {
        let context = Context::open(Wanted::Any).expect("a device");
        return Executor::device(context, Options::USUAL);
    }
    Executor::host()
}

/// A detection at x, y at the time of its scan.
fn detection(&[x, y]: &[f64; 2]) -> Detection {
    let Place { tile, offset_m } = Place::from_metres([x, y, 0.0]);
    Detection { tile, ahead_s: 0.0, offset_m, observation: 0 }
}

/// A Gaussian component of the field of undetected targets, at rest at x, y.
pub(crate) fn component(weight: f32, [x, y]: [f32; 2], sigma_m: f32, sigma_m_s: f32) -> Component {
    let mut p = [0.0; COVARIANCE];
    for (axis, sigma) in [(0, sigma_m), (1, sigma_m), (3, sigma_m_s), (4, sigma_m_s)] {
        p[tri(axis, axis)] = sigma * sigma;
    }
    Component { weight, tile: [0; 3], state: State { mean: [x, y, 0.0, 0.0, 0.0, 0.0], covariance: p } }
}

/// The positions alone.
pub(crate) fn places(named: &Named) -> Vec<[f64; 3]> {
    named.iter().map(|(_, place)| *place).collect()
}

/// The same points as trajectories.
pub(crate) fn trajectories(scans: &[Named]) -> Vec<Trajectory> {
    let mut by_name: BTreeMap<u64, Trajectory> = BTreeMap::new();
    for (k, scan) in scans.iter().enumerate() {
        for &(name, place) in scan {
            by_name.entry(name).or_default().positions_m.insert(k, place);
        }
    }
    by_name.into_values().collect()
}
