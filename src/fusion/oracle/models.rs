//! Tracks of several motion models against the interacting-multiple-model filter of the textbook, wave after wave, written
//! from Blom and Bar-Shalom, IEEE Trans. Automatic Control 33(8), 1988, eqs. 5 to 10; hypotheses as in probabilistic data
//! association, whose weights are given (Bar-Shalom, Li and Kirubarajan 2001, 11.6.6 and 3.4.2).

use super::turn::flow;
use super::update::{mixed, near_to};
use super::{Known, Measurement, near, observation, plus, tracks};
use crate::fusion::arrays::{
    AT_REST, Arrays, COVARIANCE, Host, Hypothesis, LaneStep, MEAN, MODEL, TrackHypotheses, Widths, at, tri,
};
use crate::fusion::motion::{ConstantVelocity, CoordinatedTurn, Member, Models, Motion, Noise};
use crate::fusion::predict::predict;
use crate::fusion::simd::Simd;
use crate::fusion::state::State;
use crate::fusion::tests::{Matrix, multiply, textbook_update};
use crate::fusion::update::update;
use core::cell::RefCell;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use wide::f32x8;

const TRACKS: usize = 70;
/// Of a standard deviation, and of a probability.
const NEAR: (f64, f64) = (2e-3, 1e-3);
/// Seconds before each wave.
const WAVES_S: [f64; 6] = [6.0, 0.0, 2.5, 40.0, 1.0, 6.0];
/// Intensities horizontally and vertically, m²/s³, how long targets keep them, s, and by how much they turn, degrees a second.
const ALL: [[f64; 4]; 5] = [
    [0.3, 0.1, 60.0, 0.0],
    [25.0, 2.0, 15.0, 0.0],
    [1000.0, 8.0, 8.0, 0.0],
    [6.0, 0.5, 20.0, 3.0],
    [6.0, 0.5, 20.0, -8.0],
];

fn motion(of: &[[f64; 4]]) -> Motion {
    let member = |[horizontal, vertical, sojourn_s, turn_deg_s]: &[f64; 4]| {
        let (horizontal, vertical, turn_deg_s) = (*horizontal, *vertical, *turn_deg_s);
        let straight = ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal, vertical };
        let turns = CoordinatedTurn { turn_deg_s, horizontal, vertical };
        Member { model: if turn_deg_s.abs() > 0.0 { turns.into() } else { straight.into() }, sojourn_s: *sojourn_s }
    };
    let models = Models::new(&of.iter().map(member).collect::<Vec<_>>()).expect("two to four");
    Motion { model: models.into(), survival_per_s: 0.999 }
}

thread_local! {
    /// Flows that were computed, by model and time: the same few are asked for again and again.
    static FLOWS: RefCell<BTreeMap<[u64; 4], (Matrix, Matrix)>> = const { RefCell::new(BTreeMap::new()) };
}

/// F and Q of a model over c seconds.
fn flow_of([horizontal, vertical, _, turn_deg_s]: [f64; 4], c: f64) -> (Matrix, Matrix) {
    let asked = [horizontal, vertical, turn_deg_s, c].map(f64::to_bits);
    let computed = || flow(turn_deg_s, [horizontal, vertical], [0.0, 0.0, 1.0], c);
    FLOWS.with_borrow_mut(|flows| *flows.entry(asked).or_insert_with(computed))
}

/// What a model's state at the scan is as a straight line that touches its way at `ahead_s`, and the way back.
fn lines(of: [f64; 4], ahead_s: f64) -> [Matrix; 2] {
    let straight = |t: f64| flow_of([0.0; 4], t).0;
    [multiply(&straight(-ahead_s), &flow_of(of, ahead_s).0), multiply(&flow_of(of, -ahead_s).0, &straight(ahead_s))]
}

fn through(f: &Matrix, Known { x, p }: &Known) -> Known {
    let transposed = core::array::from_fn(|i| core::array::from_fn(|j| f[j][i]));
    let x = core::array::from_fn(|i| (0..6).map(|k| f[i][k] * x[k]).sum());
    Known { x, p: multiply(&multiply(f, p), &transposed) }
}

/// exp(t G) by its series: G has -1 / s on its diagonal, and the rest of each row is shared out evenly.
pub(super) fn transition(of: &[[f64; 4]], t: f64) -> Vec<Vec<f64>> {
    let n = of.len();
    let rate = |i: usize, j: usize| t / of[i][2] * if i == j { -1.0 } else { 1.0 / (n as f64 - 1.0) };
    let unit = |i: usize, j: usize| if i == j { 1.0 } else { 0.0 };
    let mut term: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| unit(i, j)).collect()).collect();
    let mut sum = term.clone();
    for k in 1..200 {
        let of_term = |i: usize, j: usize| (0..n).map(|l| term[i][l] * rate(l, j)).sum::<f64>() / f64::from(k);
        term = (0..n).map(|i| (0..n).map(|j| of_term(i, j)).collect()).collect();
        for (sum, term) in sum.iter_mut().flatten().zip(term.iter().flatten()) {
            *sum += term;
        }
    }
    sum
}

/// The models of one track: probability and state of each.
pub(super) type Filter = Vec<(f64, Known)>;

/// Interaction, then each model's prediction.
fn predicted(filter: &Filter, of: &[[f64; 4]], t: f64) -> Filter {
    let p = transition(of, t);
    (0..of.len())
        .map(|j| {
            let parts: Filter = filter.iter().enumerate().map(|(i, (mu, known))| (p[i][j] * mu, *known)).collect();
            let (c, before) = mixed(&parts);
            let (f, q) = flow_of(of[j], t);
            let after = through(&f, &before);
            (c, Known { x: after.x, p: plus(&after.p, &q, 1.0) })
        })
        .collect()
}

/// Each model's update by a missed detection and detections of these weights, and its probability then.
fn updated(filter: &Filter, of: &[[f64; 4]], t: f64, missed: f64, seen: &[(f64, f64, Measurement)]) -> Filter {
    let mut parts: Vec<Filter> = filter.iter().map(|(mu, known)| vec![(missed * mu, *known)]).collect();
    for (weight, ahead_s, measurement) in seen {
        let since = |m: usize| flow_of(of[m], (-ahead_s).min(t).max(0.0)).1;
        let line = |(m, (_, k)): (usize, &(f64, Known))| {
            through(&lines(of[m], *ahead_s)[0], &Known { x: k.x, p: plus(&k.p, &since(m), -1.0) })
        };
        let then: Vec<Known> = filter.iter().enumerate().map(line).collect();
        let logs: Vec<f64> = then.iter().map(|then| measurement.log_innovation(then)[1]).collect();
        // Of what no model foretold exponentials of all are nothing, and ratios are not.
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let likely: Vec<f64> = filter.iter().zip(&logs).map(|((mu, _), log)| mu * (log - largest).exp()).collect();
        let all: f64 = likely.iter().sum();
        for (m, then) in then.iter().enumerate() {
            let Measurement { h, z, r } = measurement;
            let (x, p) = textbook_update(&then.x, &then.p, h, z, r);
            let Known { x, p } = through(&lines(of[m], *ahead_s)[1], &Known { x, p });
            parts[m].push((weight * likely[m] / all, Known { x, p: plus(&p, &since(m), 1.0) }));
        }
    }
    let merged: Filter = parts.iter().map(|parts| mixed(parts)).collect();
    let all: f64 = merged.iter().map(|(weight, _)| weight).sum();
    merged.into_iter().map(|(weight, known)| (weight / all, known)).collect()
}

/// Tracks whose models begin with other states and probabilities.
fn scene(random: &mut ChaCha8Rng, of: &[[f64; 4]]) -> Arrays<Host> {
    let mut arrays = tracks(random, TRACKS);
    arrays.widths = Widths::default().moved_by(&motion(of));
    arrays.resize_blocks(arrays.lane.len());
    let words = of.len() * MODEL;
    arrays.observations = [(3, 0), (2, 0), (3, 1)].map(|(axes, rates)| observation(random, axes, rates)).to_vec();
    for track in 0..TRACKS {
        let weights: Vec<f32> = of.iter().map(|_| random.random_range(0.05..1.0)).collect();
        let sum: f32 = weights.iter().sum();
        for (m, weight) in weights.iter().enumerate() {
            arrays.models[at(track, m * MODEL, words)] = weight / sum;
            for k in 0..MEAN {
                let sigma = arrays.covariance[at(track, tri(k, k), COVARIANCE)].sqrt();
                let mean = arrays.mean[at(track, k, MEAN)] + random.random_range(-0.7..0.7) * sigma;
                arrays.models[at(track, m * MODEL + 1 + k, words)] = mean;
            }
            for k in 0..COVARIANCE {
                let share = [1.0, 0.8, 1.3, 0.9][m];
                arrays.models[at(track, m * MODEL + 1 + MEAN + k, words)] =
                    share * arrays.covariance[at(track, k, COVARIANCE)];
            }
        }
    }
    arrays
}

pub(super) fn filter(arrays: &Arrays<Host>, track: usize) -> Filter {
    let count = arrays.widths.models;
    let tile = core::array::from_fn(|a| arrays.tile[at(track, a, 3)]);
    let word = |m: usize, k: usize| arrays.models[at(track, m * MODEL + k, count * MODEL)];
    let state = |m: usize| State {
        mean: core::array::from_fn(|k| word(m, 1 + k)),
        covariance: core::array::from_fn(|k| word(m, 1 + MEAN + k)),
    };
    (0..count).map(|m| (f64::from(word(m, 0)), Known::of(tile, &state(m)))).collect()
}

/// Gives every track new hypotheses: none, one, or some, each near one of its models.
fn hypotheses(random: &mut impl Rng, arrays: &mut Arrays<Host>) {
    (arrays.edges, arrays.detections) = (Vec::new(), Vec::new());
    arrays.rows = vec![TrackHypotheses { start: AT_REST, ..TrackHypotheses::default() }; arrays.odds.len()];
    for track in 0..TRACKS {
        let of_track = filter(arrays, track);
        let count = random.random_range(0..4u32);
        let mut weights: Vec<f32> = (0..count + 2).map(|_| random.random_range(0.01..1.0)).collect();
        let sum: f32 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= sum;
        }
        let start = u32::try_from(arrays.edges.len()).expect("few");
        arrays.rows[track] = TrackHypotheses { start, count, missed: weights[0], gone: weights[1] };
        for &weight in &weights[2..] {
            let ahead_s = [0.0, -0.8, -8.0][random.random_range(0..3)];
            let of = random.random_range(0..3);
            arrays.edges.push(Hypothesis { detection: u32::try_from(arrays.detections.len()).expect("few"), weight });
            let any = of_track.get(random.random_range(0..of_track.len().max(1)));
            let known = any.map_or_else(|| Known::track(arrays, track), |(_, known)| *known);
            let detection = near(random, &known, of, ahead_s);
            arrays.detections.push(detection);
        }
    }
}

/// States within a share of a standard deviation, and probabilities.
pub(super) fn same(arrays: &Arrays<Host>, wanted: &[Filter], (share, likely): (f64, f64), what: &str) {
    for (track, wanted) in wanted.iter().enumerate() {
        let what = format!("{what}, track {track}");
        let (_, merged) = mixed(wanted);
        near_to(&Known::track(arrays, track), &merged, &merged.p, share, &what);
        for (m, (found, wanted)) in filter(arrays, track).iter().zip(wanted).enumerate() {
            let ((mu, state), (wanted_mu, wanted)) = (found, wanted);
            assert!((mu - wanted_mu).abs() < likely, "{what}: model {m} has {mu}, wanted {wanted_mu}");
            near_to(state, wanted, &merged.p, share, &format!("{what}, model {m}"));
        }
    }
}

fn compare<R: Simd>(of: &[[f64; 4]], seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut arrays = scene(&mut random, of);
    let mut wanted: Vec<Filter> = (0..TRACKS).map(|track| filter(&arrays, track)).collect();
    for (wave, dt_s) in WAVES_S.into_iter().enumerate() {
        let motion = motion(of);
        let mut look = LaneStep { awake: 1, gate: 13.816, detection_probability: 0.9, ..LaneStep::default() };
        motion.over(dt_s, 0.0, &mut look);
        arrays.model_looks = motion.several().map(|models| models.looks_of(&look).to_vec()).unwrap_or_default();
        arrays.looks = vec![look];
        predict::<R>(&mut arrays);
        wanted = wanted.iter().map(|filter| predicted(filter, of, dt_s)).collect();
        same(&arrays, &wanted, NEAR, &format!("wave {wave} predicted"));
        hypotheses(&mut random, &mut arrays);
        update::<R>(&mut arrays);
        for (track, filter) in wanted.iter_mut().enumerate() {
            let row = arrays.rows[track];
            let edges = &arrays.edges[row.start as usize..(row.start + row.count) as usize];
            let seen: Vec<_> = edges
                .iter()
                .map(|edge| {
                    let detection = &arrays.detections[edge.detection as usize];
                    let of = &arrays.observations[detection.observation as usize];
                    (f64::from(edge.weight), f64::from(detection.ahead_s), Measurement::of(detection, of))
                })
                .collect();
            *filter = updated(filter, of, dt_s, f64::from(row.missed), &seen);
            let total = f64::from(row.missed) + seen.iter().map(|(weight, ..)| weight).sum::<f64>();
            let odds = total / f64::from(row.gone);
            assert!((f64::from(arrays.odds[track]) / odds - 1.0).abs() < 1e-5, "{wave} {track}: odds");
        }
        same(&arrays, &wanted, NEAR, &format!("wave {wave} updated"));
    }
}

#[test]
fn tracks_of_two_to_four_models_are_the_textbooks_filter() {
    for seed in 1..4 {
        for of in [&ALL[..2], &ALL[1..3], &ALL[..3], &[ALL[0], ALL[3]], &ALL[1..]] {
            compare::<f32>(of, seed);
            compare::<f32x8>(of, seed);
        }
    }
}

#[test]
fn models_that_are_equal_are_one() {
    let [horizontal, vertical, ..] = ALL[1];
    for of in [&[[horizontal, vertical, 20.0, 0.0], [horizontal, vertical, 3.0, 0.0]][..], &[ALL[1]; 3], &[ALL[1]; 4]] {
        let mut random = ChaCha8Rng::seed_from_u64(9);
        let mut one = tracks(&mut random, TRACKS);
        one.observations = [(3, 0), (2, 0), (3, 1)].map(|(axes, rates)| observation(&mut random, axes, rates)).to_vec();
        let words = of.len() * MODEL;
        let several = motion(of);
        let model = ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal, vertical };
        let single = Motion { model: model.into(), ..several };
        let mut many = one.clone();
        many.widths = Widths::default().moved_by(&several);
        many.resize_blocks(many.lane.len());
        for (track, m) in (0..TRACKS).flat_map(|track| (0..of.len()).map(move |m| (track, m))) {
            many.models[at(track, m * MODEL, words)] = several.model_prior()[m];
            for k in 0..MEAN {
                many.models[at(track, m * MODEL + 1 + k, words)] = one.mean[at(track, k, MEAN)];
            }
            for k in 0..COVARIANCE {
                many.models[at(track, m * MODEL + 1 + MEAN + k, words)] = one.covariance[at(track, k, COVARIANCE)];
            }
        }
        for dt_s in WAVES_S {
            for (arrays, motion) in [(&mut one, &single), (&mut many, &several)] {
                let mut look = LaneStep { awake: 1, ..LaneStep::default() };
                motion.over(dt_s, 0.0, &mut look);
                arrays.model_looks = motion.several().map(|models| models.looks_of(&look).to_vec()).unwrap_or_default();
                arrays.looks = vec![look];
                predict::<f32x8>(arrays);
            }
            hypotheses(&mut random, &mut one);
            (many.edges, many.rows, many.detections) = (one.edges.clone(), one.rows.clone(), one.detections.clone());
            update::<f32x8>(&mut one);
            update::<f32x8>(&mut many);
            for track in 0..TRACKS {
                let wanted = Known::track(&one, track);
                near_to(&Known::track(&many, track), &wanted, &wanted.p, 1e-3, &format!("{dt_s} s, track {track}"));
                assert_eq!(many.odds[track].to_bits(), one.odds[track].to_bits());
            }
        }
    }
}
