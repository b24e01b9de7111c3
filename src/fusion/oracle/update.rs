//! The moment-matched update against Kalman's for every hypothesis by itself, and the mixture's moments by definition.

use super::{Known, Measurement, look, near, noise_since, observation, plus, tracks};
use crate::fusion::arrays::{Arrays, COVARIANCE, Host, Hypothesis, TrackHypotheses, at, tri};
use crate::fusion::simd::Simd;
use crate::fusion::tests::{Matrix, textbook_update};
use crate::fusion::update::update;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wide::f32x8;

const TRACKS: usize = 200;

/// Tracks with up to five hypotheses each, measured in several ways, at the time of the scan and before it.
fn hypotheses(seed: u64) -> Arrays<Host> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut arrays = tracks(&mut random, TRACKS);
    arrays.looks = vec![look()];
    arrays.observations =
        [(3, 0), (2, 0), (3, 1), (2, 3)].map(|(axes, rates)| observation(&mut random, axes, rates)).to_vec();
    arrays.rows = vec![
        TrackHypotheses { start: crate::fusion::arrays::AT_REST, ..TrackHypotheses::default() };
        arrays.odds.len()
    ];
    for track in 0..TRACKS {
        let known = Known::track(&arrays, track);
        let count = random.random_range(0..6u32);
        let mut weights: Vec<f32> = (0..count + 2).map(|_| random.random_range(0.01..1.0)).collect();
        let sum: f32 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= sum;
        }
        let start = u32::try_from(arrays.edges.len()).expect("few");
        arrays.rows[track] = TrackHypotheses { start, count, missed: weights[0], gone: weights[1] };
        for &weight in &weights[2..] {
            let ahead_s = [0.0, -2.5, -8.0][random.random_range(0..3)];
            let of = random.random_range(0..4);
            let detection = near(&mut random, &known, of, ahead_s);
            arrays.edges.push(Hypothesis { detection: u32::try_from(arrays.detections.len()).expect("few"), weight });
            arrays.detections.push(detection);
        }
    }
    arrays
}

/// Weight and state of every hypothesis: that the track was missed, and that it made each of its detections. Noise since
/// a detection is taken off before it is compared, and comes back.
fn posteriors(arrays: &Arrays<Host>, track: usize) -> Vec<(f64, Known)> {
    let (known, row, look) = (Known::track(arrays, track), arrays.rows[track], &arrays.looks[0]);
    let mut all = vec![(f64::from(row.missed), known)];
    for edge in &arrays.edges[row.start as usize..(row.start + row.count) as usize] {
        let detection = &arrays.detections[edge.detection as usize];
        let Measurement { h, z, r } = Measurement::of(detection, &arrays.observations[detection.observation as usize]);
        let since = noise_since((-f64::from(detection.ahead_s)).min(f64::from(look.dt_s)).max(0.0));
        let (x, p) = textbook_update(&known.x, &plus(&known.p, &since, -1.0), &h, &z, &r);
        all.push((f64::from(edge.weight), Known { x, p: plus(&p, &since, 1.0) }));
    }
    all
}

/// Mean and covariance of a mixture, and its weight.
pub(super) fn mixed(all: &[(f64, Known)]) -> (f64, Known) {
    let total: f64 = all.iter().map(|(weight, _)| weight).sum();
    let x: [f64; 6] = core::array::from_fn(|k| all.iter().map(|(weight, of)| weight * of.x[k]).sum::<f64>() / total);
    let p: Matrix = core::array::from_fn(|i| {
        core::array::from_fn(|j| {
            let of = |(weight, of): &(f64, Known)| weight * (of.p[i][j] + (of.x[i] - x[i]) * (of.x[j] - x[j]));
            all.iter().map(of).sum::<f64>() / total
        })
    });
    (total, Known { x, p })
}

/// Within `share` of what the prior left uncertain.
pub(super) fn near_to(found: &Known, wanted: &Known, prior: &Matrix, share: f64, what: &str) {
    let sigma = |k: usize| prior[k][k].max(wanted.p[k][k]).sqrt();
    for i in 0..6 {
        let off = (found.x[i] - wanted.x[i]).abs() / sigma(i);
        assert!(off < share, "{what}: x[{i}] is {off} standard deviations off");
        for j in i..6 {
            let off = (found.p[i][j] - wanted.p[i][j]).abs() / (sigma(i) * sigma(j));
            assert!(off < share, "{what}: P[{i}][{j}] = {}, wanted {}", found.p[i][j], wanted.p[i][j]);
        }
    }
}

fn compare<R: Simd>(seed: u64) {
    let (before, mut after) = (hypotheses(seed), hypotheses(seed));
    update::<R>(&mut after);
    for track in 0..TRACKS {
        let (total, wanted) = mixed(&posteriors(&before, track));
        let prior = Known::track(&before, track);
        near_to(&Known::track(&after, track), &wanted, &prior.p, 2e-4, &format!("track {track}"));
        let odds = total / f64::from(before.rows[track].gone);
        assert!((f64::from(after.odds[track]) / odds - 1.0).abs() < 1e-5, "track {track}: {}", after.odds[track]);
    }
    // Places behind the last track rest.
    let last = after.odds.len() - 1;
    assert_eq!(after.covariance[at(last, tri(0, 0), COVARIANCE)].to_bits(), 0);
}

#[test]
fn the_update_is_the_mixture_of_kalmans_for_every_hypothesis() {
    for seed in 1..4 {
        compare::<f32>(seed);
        compare::<f32x8>(seed);
    }
}
