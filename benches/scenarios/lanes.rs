//! Planar position measurements, all Monte Carlo runs as lanes of one batch.
#![expect(clippy::cast_possible_wrap, reason = "scans are few")]

use std::collections::BTreeMap;
use trackweave::fusion::arrays::{COVARIANCE, tri};
use trackweave::fusion::batch::{Batch, LaneSetup};
use trackweave::fusion::config::Config;
use trackweave::fusion::device::{Context, Options, Wanted};
use trackweave::fusion::executor::Executor;
use trackweave::fusion::state::State;
use trackweave::fusion::undetected::Component;
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
}

/// Runs the filter over all runs at once; for each run and scan the reported tracks.
pub(crate) fn fuse(runs: &[Run], problem: Problem) -> Vec<Vec<Named>> {
    let directions = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let sigma_m = [problem.sigma_m, problem.sigma_m, 0.0];
    let observation =
        Observation { clutter: problem.clutter_per_m2, spread: 1.0, ..Observation::offsets(directions, sigma_m, 2) };
    let lanes = vec![problem.setup.clone(); runs.len()];
    let mut batch = Batch::new(problem.config, executor(), lanes).expect("lanes");
    let mut found = vec![Vec::new(); runs.len()];
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
        for (lane, found) in found.iter_mut().enumerate() {
            let name = |born: [u32; 2]| u64::from(born[0]) << 32 | u64::from(born[1]);
            let estimates = batch.estimates(lane).expect("the executor does not fail");
            found.push(estimates.iter().map(|e| (name(e.born), e.position_m())).collect());
        }
    }
    found
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
