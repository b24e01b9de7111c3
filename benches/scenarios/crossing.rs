//! Scenario A: four targets meet (Williams 2015; García-Fernández et al. 2018).

use crate::lanes::{detection, planar};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Normal, Poisson};
use rayon::prelude::*;
use trackweave::fusion::arrays::{COVARIANCE, tri};
use trackweave::fusion::batch::{Batch, Estimate, LaneSetup, Scan};
use trackweave::fusion::config::{Config, Mode};
use trackweave::fusion::executor::Executor;
use trackweave::fusion::state::State;
use trackweave::fusion::undetected::{Component, Undetected};
use trackweave::score::gospa::{Gospa, GospaAverage, gospa};

const SCANS: usize = 81;
const SIDE_M: f64 = 300.0;
const Q: f64 = 0.02;

/// One run: true positions and measurements of every scan.
struct Run {
    truth: Vec<Vec<[f64; 3]>>,
    scans: Vec<Vec<[f64; 2]>>,
}

fn simulate(seed: u64, detection_probability: f64, clutter: f64) -> Run {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let unit = Normal::new(0.0, 1.0).expect("a normal distribution");
    let step = |state: [f64; 4], forward: f64, rng: &mut ChaCha8Rng| {
        // Cholesky factor of q [1/3, 1/2; 1/2, 1].
        let mut to = state;
        for axis in 0..2 {
            let (a, b) = (unit.sample(rng), unit.sample(rng));
            let (l00, l10, l11) = ((Q / 3.0).sqrt(), Q / 2.0 / (Q / 3.0).sqrt(), (Q / 4.0).sqrt());
            let (p, v) = (state[2 * axis], state[2 * axis + 1]);
            to[2 * axis] = p + forward * v + l00 * a;
            to[2 * axis + 1] = v + forward * (l10 * a + l11 * b);
        }
        to
    };
    let mut truth = vec![Vec::new(); SCANS];
    for target in 0..4 {
        let sd = 0.1f64.sqrt();
        let middle: [f64; 4] = [150.0, 0.0, 150.0, 0.0].map(|m| m + sd * unit.sample(&mut rng));
        let mut states = vec![middle; SCANS];
        for k in 41..SCANS {
            states[k] = step(states[k - 1], 1.0, &mut rng);
        }
        for k in (0..40).rev() {
            states[k] = step(states[k + 1], -1.0, &mut rng);
        }
        let last = if target == 0 { 40 } else { SCANS };
        for k in 0..last {
            truth[k].push([states[k][0], states[k][2], 0.0]);
        }
    }
    let false_alarms = Poisson::new(clutter).expect("a mean above zero");
    let scans = truth
        .iter()
        .map(|targets| {
            let mut scan = Vec::new();
            for target in targets {
                if rng.random::<f64>() < detection_probability {
                    scan.push([target[0] + unit.sample(&mut rng), target[1] + unit.sample(&mut rng)]);
                }
            }
            for _ in 0..false_alarms.sample(&mut rng) as usize {
                scan.push([rng.random::<f64>() * SIDE_M, rng.random::<f64>() * SIDE_M]);
            }
            for i in (1..scan.len()).rev() {
                scan.swap(i, rng.random_range(0..=i));
            }
            scan
        })
        .collect();
    Run { truth, scans }
}

fn component(weight: f32) -> Component {
    let mut p = [0.0; COVARIANCE];
    for (axis, sigma) in [(0, 150.0f32), (1, 150.0), (3, 1.0), (4, 1.0)] {
        p[tri(axis, axis)] = sigma * sigma;
    }
    Component { weight, tile: [0; 3], state: State { mean: [100.0, 100.0, 0.0, 0.0, 0.0, 0.0], covariance: p } }
}

/// Prints the table of all four columns in both modes.
pub fn table(runs: usize) {
    let base: Config = toml::from_str(include_str!("../../data/config/crossing.toml")).expect("the configuration");
    for (mode, exact_max, name) in
        [(Mode::Soft, 0, "soft, belief propagation"), (Mode::Soft, 10, "soft, exact to 10"), (Mode::Assign, 0, "assign")]
    {
        for (p_d, clutter) in [(0.9, 10.0), (0.9, 30.0), (0.7, 10.0), (0.7, 30.0)] {
            let mut config = base.clone();
            config.association.mode = mode;
            config.association.exact_max = exact_max;
            let summary = column(runs, p_d, clutter, config);
            let rms = summary.rms().expect("scans were scored");
            println!("{name:28} P_D {p_d} λ {clutter:4}: {rms:.3?}");
        }
    }
}

fn column(runs: usize, p_d: f64, clutter: f64, config: Config) -> GospaAverage {
    let all: Vec<Run> = (0..runs as u64).into_par_iter().map(|seed| simulate(seed, p_d, clutter)).collect();
    let setup = LaneSetup {
        radial: false,
        undetected: Undetected::Components {
            components: vec![component(3.0)],
            births: vec![component(0.005)],
            weight_min: 1e-5,
        },
    };
    let mut batch = Batch::new(config, Executor::host(), vec![setup; runs]);
    let observation = planar(1.0, (clutter / (SIDE_M * SIDE_M)) as f32);
    let mut summary = GospaAverage::default();
    let metric = Gospa { cutoff_m: 10.0, order: 2.0 };
    for k in 0..SCANS {
        let scans = all
            .iter()
            .enumerate()
            .map(|(lane, run)| Scan {
                lane,
                time_us: k as i64 * 1_000_000,
                detection_probability: p_d as f32,
                mask: None,
                slack_m: 0.0,
                detections: run.scans[k].iter().map(|z| detection(*z)).collect(),
                source: vec![0; run.scans[k].len()],
            })
            .collect();
        batch.step(scans, vec![observation]).expect("the host does not fail");
        for (lane, run) in all.iter().enumerate() {
            let found: Vec<[f64; 3]> = batch
                .estimates(lane)
                .iter()
                .map(Estimate::position_m)
                .collect();
            summary.add(&gospa(&run.truth[k], &found, metric).expect("finite"), 2.0);
        }
    }
    summary
}
