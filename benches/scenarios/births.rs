//! Scenario B: twelve targets are born and die (the linear-Gaussian scenario of Vo and Vo).
#![expect(clippy::cast_possible_truncation, reason = "counts are small; parameters are rounded once")]
#![expect(clippy::cast_sign_loss, reason = "a Poisson count is not negative")]

use crate::lanes::{Expected, Problem, Run, Tracks, component, fuse, places, trajectories};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson, StandardNormal};
use rayon::prelude::*;
use trackweave::fusion::batch::LaneSetup;
use trackweave::fusion::config::{Config, Mode};
use trackweave::fusion::undetected::UndetectedIntensity;
use trackweave::score::ospa::{Ospa, Ospa2, ospa, ospa2_over_scans};

const SCANS: usize = 100;
const HALF_M: f64 = 1000.0;
const SIGMA_M: f64 = 10.0;
const CLUTTER: f64 = 30.0;
const SITES: [[f32; 2]; 4] = [[0.0, 0.0], [400.0, -600.0], [-800.0, -200.0], [-200.0, 800.0]];

/// x, vx, y, vy at birth; first and last scan.
const TARGETS: [([f64; 4], usize, usize); 12] = [
    ([0.0, 0.0, 0.0, -10.0], 1, 70),
    ([400.0, -10.0, -600.0, 5.0], 1, 100),
    ([-800.0, 20.0, -200.0, -5.0], 1, 70),
    ([400.0, -7.0, -600.0, -4.0], 20, 100),
    ([400.0, -2.5, -600.0, 10.0], 20, 100),
    ([0.0, 7.5, 0.0, -5.0], 20, 100),
    ([-800.0, 12.0, -200.0, 7.0], 40, 100),
    ([-200.0, 15.0, 800.0, -10.0], 40, 100),
    ([-800.0, 3.0, -200.0, 15.0], 60, 100),
    ([-200.0, -3.0, 800.0, -15.0], 60, 100),
    ([0.0, -20.0, 0.0, -15.0], 80, 100),
    ([-200.0, 15.0, 800.0, -5.0], 80, 100),
];

fn simulate(seed: u64, detection_probability: f64) -> Run {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let clutter = Poisson::new(CLUTTER).expect("a mean above zero");
    let noise = |random: &mut ChaCha8Rng| {
        let n: f64 = StandardNormal.sample(random);
        SIGMA_M * n
    };
    let mut run = Run { truth: Vec::new(), scans: Vec::new() };
    for scan in 1..=SCANS {
        let alive = (0u64..).zip(TARGETS).filter(|(_, (_, first, last))| (*first..=*last).contains(&scan));
        let place = |([x, vx, y, vy], first, _): ([f64; 4], usize, usize)| {
            // One step from the birth position at the first scan.
            let steps = (scan - first + 1) as f64;
            [x + steps * vx, y + steps * vy, 0.0]
        };
        let truth: Vec<(u64, [f64; 3])> = alive.map(|(name, target)| (name, place(target))).collect();
        let mut detections = Vec::new();
        for (_, [x, y, _]) in &truth {
            if random.random::<f64>() < detection_probability {
                detections.push([x + noise(&mut random), y + noise(&mut random)]);
            }
        }
        for _ in 0..clutter.sample(&mut random) as usize {
            detections.push([(); 2].map(|()| HALF_M * (2.0 * random.random::<f64>() - 1.0)));
        }
        run.truth.push(truth);
        run.scans.push(detections);
    }
    run
}

/// Prints mean OSPA and OSPA(2) in both modes beside the reference.
pub(crate) fn table(runs: usize) {
    println!("B. Twelve targets: {runs} runs, mean OSPA (c = 100 m, p = 1) and OSPA(2) over 10 scans");
    println!("{:32}{:>6}{:>8}{:>10}{:>13}{:>8}", "", "P_D", "OSPA", "OSPA(2)", "reference", "ratio");
    for (p_d, reference) in [(0.98, [11.5, 17.2]), (0.70, [19.7, 27.6])] {
        let all: Vec<Run> = (0..runs as u64).into_par_iter().map(|seed| simulate(seed, p_d)).collect();
        for (name, mode, exact_max) in [
            ("soft, belief propagation alone", Mode::Soft, 0),
            ("soft, exact up to 10", Mode::Soft, 10),
            ("assign", Mode::Assign, 0),
        ] {
            let mut config: Config =
                toml::from_str(include_str!("../../data/config/births.toml")).expect("a configuration");
            config.association.mode = mode;
            config.association.exact_max = exact_max;
            let [[plain, windowed], smoothed] = score(&all, p_d, config);
            println!(
                "{name:32}{p_d:6}{plain:8.2}{windowed:10.2}{:>13}{:8.3}",
                format!("{} / {}", reference[0], reference[1]),
                plain / reference[0]
            );
            let share = smoothed[0] / plain;
            println!(
                "{:32}{:6}{:8.2}{:10.2}{:>13}{share:8.3} of the filter's",
                "  smoothed", "", smoothed[0], smoothed[1], ""
            );
        }
    }
}

fn score(all: &[Run], p_d: f64, config: Config) -> [[f64; 2]; 2] {
    let births = SITES.map(|site| component(0.03, site, 10.0, 10.0)).to_vec();
    let found = fuse(
        all,
        Problem {
            setup: LaneSetup {
                radial: false,
                undetected: UndetectedIntensity::Components { components: Vec::new(), births, weight_min: 1e-5 },
                views: Vec::new(),
            },
            sigma_m: SIGMA_M as f32,
            clutter_per_m2: (CLUTTER / (4.0 * HALF_M * HALF_M)) as f32,
            detection_probability: p_d as f32,
            config,
            looks: 1,
            expected: Expected { initial: 0.0, births: 0.12 },
            smoothed_from: 0.5,
        },
    );
    [&found.filtered, &found.smoothed].map(|found| score_of(all, found))
}

fn score_of(all: &[Run], found: &[Tracks]) -> [f64; 2] {
    let sums: Vec<[f64; 2]> = all
        .par_iter()
        .zip(found)
        .map(|(run, Tracks { places: found, .. })| {
            let metric = Ospa { cutoff_m: 100.0, order: 1.0 };
            let plain = run
                .truth
                .iter()
                .zip(found)
                .map(|(truth, tracks)| ospa(&places(truth), &places(tracks), metric).expect("finite").total);
            let over = Ospa2 { cutoff_m: 100.0, order: 1.0, time_order: 1.0 };
            let windowed =
                ospa2_over_scans(&trajectories(&run.truth), &trajectories(found), (SCANS, 10), over).expect("finite");
            [plain.sum::<f64>(), windowed.iter().map(|parts| parts.total).sum()]
        })
        .collect();
    let scans = (all.len() * SCANS) as f64;
    [0, 1].map(|k| sums.iter().map(|sum| sum[k]).sum::<f64>() / scans)
}
