//! Tracks of several orbits against the interacting-multiple-model filter of the textbook in f64: forces, transitions and noise
//! from `orbit.rs` of this room, by differences and sums; and satellites that are pushed.

use super::models::{Filter, filter, same, transition};
use super::orbit::{Six, flown, orbit, truth, turned, unturned};
use super::update::mixed;
use super::{Known, Measurement, observation, plus};
use crate::fusion::arrays::{
    AT_REST, Arrays, BLOCK, COVARIANCE, Host, Hypothesis, LaneStep, MEAN, MODEL, TrackHypotheses, Widths, at, tri,
};
use crate::fusion::motion::{Member, Models, Motion, Orbit};
use crate::fusion::predict::predict;
use crate::fusion::simd::Simd;
use crate::fusion::tests::{Matrix, multiply, textbook_update};
use crate::fusion::update::update;
use crate::scan::{Detection, Observation};
use crate::space::Place;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use wide::f32x8;

const TRACKS: usize = 24;
/// Of a standard deviation, and of a probability.
const NEAR: (f64, f64) = (5e-3, 3e-3);
/// Seconds before each wave.
const WAVES_S: [f64; 5] = [10.0, 0.0, 60.0, 2.5, 10.0];
/// Intensity of what pushes, m²/s³, and how long targets keep it, s.
const LEVELS: [[f64; 2]; 3] = [[1e-6, 3600.0], [1e-2, 300.0], [1.0, 60.0]];

fn motion(of: &[[f64; 2]]) -> Motion {
    let member = |[q, sojourn_s]: &[f64; 2]| Member { model: Orbit { q: *q }.into(), sojourn_s: *sojourn_s };
    let model = match of {
        [[q, _]] => Orbit { q: *q }.into(),
        of => Models::new(&of.iter().map(member).collect::<Vec<_>>()).expect("two to four").into(),
    };
    Motion { model, survival_per_s: 1.0 }
}

/// F of a flight, by differences.
fn flow(from: &Six, seconds: f64) -> Matrix {
    let columns: Matrix = core::array::from_fn(|j| {
        let by = if j < 3 { 10.0 } else { 0.01 };
        let shifted =
            |sign: f64| truth(&core::array::from_fn(|k| from[k] + if k == j { sign * by } else { 0.0 }), seconds);
        let (more, less) = (shifted(1.0), shifted(-1.0));
        core::array::from_fn(|i| (more[i] - less[i]) / (2.0 * by))
    });
    transposed(&columns)
}

fn transposed(m: &Matrix) -> Matrix {
    core::array::from_fn(|i| core::array::from_fn(|j| m[j][i]))
}

fn through(f: &Matrix, p: &Matrix) -> Matrix {
    multiply(&multiply(f, p), &transposed(f))
}

/// What white acceleration of intensity 1 along every axis makes of nothing during a flight, by Simpson's rule.
fn spread(from: &Six, seconds: f64) -> Matrix {
    let mut sum = [[0.0; 6]; 6];
    for k in 0..=8u32 {
        let weight = match k {
            0 | 8 => 1.0,
            k if k % 2 == 1 => 4.0,
            _ => 2.0,
        };
        let gone = seconds * f64::from(k) / 8.0;
        let f = flow(&truth(from, gone), seconds - gone);
        let velocities: Matrix = core::array::from_fn(|i| core::array::from_fn(|j| f64::from(i == j && i > 2)));
        sum = plus(&sum, &through(&f, &velocities), weight * seconds / 24.0);
    }
    sum
}

fn predicted(filter: &Filter, of: &[[f64; 2]], t: f64) -> Filter {
    let rates: Vec<[f64; 4]> = of.iter().map(|[_, sojourn_s]| [0.0, 0.0, *sojourn_s, 0.0]).collect();
    let p = transition(&rates, t);
    let after = |j: usize| {
        let parts: Filter = filter.iter().enumerate().map(|(i, (mu, known))| (p[i][j] * mu, *known)).collect();
        let (c, before) = mixed(&parts);
        let f = flow(&before.x, t);
        let p = plus(&through(&f, &before.p), &spread(&before.x, t), of[j][0]);
        (c, Known { x: truth(&before.x, t), p })
    };
    (0..of.len()).map(after).collect()
}

/// What is measured at a time before the scan is of the line that touches the orbit there.
fn line(known: &Known, ahead_s: f64) -> Six {
    let then = truth(&known.x, ahead_s);
    core::array::from_fn(|k| if k < 3 { then[k] - ahead_s * then[3 + k] } else { then[k] })
}

fn since(q: f64, c: f64) -> Matrix {
    core::array::from_fn(|i| {
        core::array::from_fn(|j| match (i / 3, j / 3) {
            _ if i % 3 != j % 3 => 0.0,
            (0, 0) => q * c.powi(3) / 3.0,
            (1, 1) => q * c,
            _ => q * c * c / 2.0,
        })
    })
}

fn updated(filter: &Filter, of: &[[f64; 2]], t: f64, missed: f64, seen: &[(f64, f64, Measurement)]) -> Filter {
    let mut parts: Vec<Filter> = filter.iter().map(|(mu, known)| vec![(missed * mu, *known)]).collect();
    for (weight, ahead_s, measurement) in seen {
        let noise = |m: usize| since(of[m][0], (-ahead_s).min(t).max(0.0));
        let then = |(m, (_, known)): (usize, &(f64, Known))| Known {
            x: line(known, *ahead_s),
            p: plus(&known.p, &noise(m), -1.0),
        };
        let then: Vec<Known> = filter.iter().enumerate().map(then).collect();
        let logs: Vec<f64> = then.iter().map(|then| measurement.log_innovation(then)[1]).collect();
        let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let likely: Vec<f64> = filter.iter().zip(&logs).map(|((mu, _), log)| mu * (log - largest).exp()).collect();
        let all: f64 = likely.iter().sum();
        for (m, (then, (_, prior))) in then.iter().zip(filter).enumerate() {
            let Measurement { h, z, r } = measurement;
            let (x, p) = textbook_update(&then.x, &then.p, h, z, r);
            let x = core::array::from_fn(|k| prior.x[k] + (x[k] - then.x[k]));
            parts[m].push((weight * likely[m] / all, Known { x, p: plus(&p, &noise(m), 1.0) }));
        }
    }
    let merged: Filter = parts.iter().map(|parts| mixed(parts)).collect();
    let all: f64 = merged.iter().map(|(weight, _)| weight).sum();
    merged.into_iter().map(|(weight, known)| (weight / all, known)).collect()
}

/// A track at a place.
#[expect(clippy::cast_possible_truncation, reason = "rounded to what a track holds")]
fn put(arrays: &mut Arrays<Host>, track: usize, from: &Six, [sigma_m, sigma_m_s]: [f32; 2]) {
    let Place { tile, offset_m } = Place::from_metres([from[0], from[1], from[2]]);
    for a in 0..3 {
        arrays.tile[at(track, a, 3)] = tile[a];
        arrays.mean[at(track, a, MEAN)] = offset_m[a];
        arrays.mean[at(track, 3 + a, MEAN)] = from[3 + a] as f32;
        arrays.covariance[at(track, tri(a, a), COVARIANCE)] = sigma_m * sigma_m;
        arrays.covariance[at(track, tri(3 + a, 3 + a), COVARIANCE)] = sigma_m_s * sigma_m_s;
    }
    arrays.odds[track] = 1.0;
}

/// As many models of every track as there are, of such weights, each what the track is and `apart` of its standard deviations off.
fn divide(arrays: &mut Arrays<Host>, tracks: usize, weights: &[f32], mut apart: impl FnMut() -> f32) {
    let words = weights.len() * MODEL;
    for (track, m) in (0..tracks).flat_map(|track| (0..weights.len()).map(move |m| (track, m))) {
        arrays.models[at(track, m * MODEL, words)] = weights[m];
        for k in 0..MEAN {
            let sigma = arrays.covariance[at(track, tri(k, k), COVARIANCE)].sqrt();
            arrays.models[at(track, m * MODEL + 1 + k, words)] = arrays.mean[at(track, k, MEAN)] + apart() * sigma;
        }
        for k in 0..COVARIANCE {
            arrays.models[at(track, m * MODEL + 1 + MEAN + k, words)] = arrays.covariance[at(track, k, COVARIANCE)];
        }
    }
}

fn room(motion: &Motion, tracks: usize) -> Arrays<Host> {
    let mut arrays = Arrays::<Host> { widths: Widths::default().moved_by(motion), ..Arrays::default() };
    arrays.resize_blocks(tracks.div_ceil(BLOCK));
    arrays
}

fn look_at(arrays: &mut Arrays<Host>, motion: &Motion, dt_s: f64) {
    let mut look = LaneStep { awake: 1, radial: 1, gate: 13.816, detection_probability: 0.9, ..LaneStep::default() };
    motion.over(dt_s, 0.0, &mut look);
    arrays.model_looks = motion.several().map(|models| models.looks_of(&look).to_vec()).unwrap_or_default();
    arrays.looks = vec![look];
}

/// Gives every track new hypotheses: none, one or two, each near one of its models at its own time.
#[expect(clippy::cast_possible_truncation, reason = "rounded to what an observation holds")]
fn hypotheses(random: &mut impl Rng, arrays: &mut Arrays<Host>) {
    (arrays.edges, arrays.detections, arrays.observations) = (Vec::new(), Vec::new(), Vec::new());
    arrays.rows = vec![TrackHypotheses { start: AT_REST, ..TrackHypotheses::default() }; arrays.odds.len()];
    for track in 0..TRACKS {
        let of_track = filter(arrays, track);
        let count = random.random_range(0..3u32);
        let mut weights: Vec<f32> = (0..count + 2).map(|_| random.random_range(0.01..1.0)).collect();
        let sum: f32 = weights.iter().sum();
        for weight in &mut weights {
            *weight /= sum;
        }
        let start = u32::try_from(arrays.edges.len()).expect("few");
        arrays.rows[track] = TrackHypotheses { start, count, missed: weights[0], gone: weights[1] };
        for &weight in &weights[2..] {
            let detection = u32::try_from(arrays.detections.len()).expect("few");
            let ahead_s = [0.0, -0.8, -2.0][random.random_range(0..3)];
            let (_, known) = of_track[random.random_range(0..of_track.len())];
            let then = truth(&known.x, f64::from(ahead_s));
            let seen = core::array::from_fn(|a| then[a] + random.random_range(-2.0..2.0) * known.p[a][a].sqrt());
            let Place { tile, offset_m } = Place::from_metres(seen);
            let axes = random.random_range(2..4);
            let mut of = observation(random, axes, 0);
            if random.random_bool(0.3) {
                let direction = of.position[0].direction;
                let rate: f64 = (0..3).map(|a| f64::from(direction[a]) * then[3 + a]).sum();
                of = of.with_rate(direction, (rate + random.random_range(-4.0..4.0)) as f32, 2.0);
            }
            arrays.edges.push(Hypothesis { detection, weight });
            arrays.detections.push(Detection { tile, ahead_s, offset_m, observation: detection });
            arrays.observations.push(of);
        }
    }
}

fn compare<R: Simd>(of: &[[f64; 2]], seed: u64) {
    let (mut random, motion) = (ChaCha8Rng::seed_from_u64(seed), motion(of));
    let mut arrays = room(&motion, TRACKS);
    for track in 0..TRACKS {
        let from = orbit(&mut random, track % 5);
        let sigmas = [random.random_range(50.0..200.0), random.random_range(0.5..2.0)];
        put(&mut arrays, track, &from, sigmas);
    }
    let weights: Vec<f32> = of.iter().map(|_| 1.0 / of.len() as f32).collect();
    divide(&mut arrays, TRACKS, &weights, || random.random_range(-0.7..0.7));
    let mut wanted: Vec<Filter> = (0..TRACKS).map(|track| filter(&arrays, track)).collect();
    for (wave, dt_s) in WAVES_S.into_iter().enumerate() {
        look_at(&mut arrays, &motion, dt_s);
        predict::<R>(&mut arrays);
        wanted = wanted.iter().map(|filter| predicted(filter, of, dt_s)).collect();
        same(&arrays, &wanted, NEAR, &format!("wave {wave} predicted"));
        hypotheses(&mut random, &mut arrays);
        update::<R>(&mut arrays);
        for (track, filter) in wanted.iter_mut().enumerate() {
            let row = arrays.rows[track];
            let edges = &arrays.edges[row.start as usize..(row.start + row.count) as usize];
            let seen = edges.iter().map(|edge| {
                let detection = &arrays.detections[edge.detection as usize];
                let of = Measurement::of(detection, &arrays.observations[detection.observation as usize]);
                (f64::from(edge.weight), f64::from(detection.ahead_s), of)
            });
            *filter = updated(filter, of, dt_s, f64::from(row.missed), &seen.collect::<Vec<_>>());
        }
        same(&arrays, &wanted, NEAR, &format!("wave {wave} updated"));
    }
}

#[test]
fn tracks_of_several_orbits_are_the_textbooks_filter() {
    compare::<f32>(&LEVELS[..2], 1);
    compare::<f32x8>(&LEVELS[..2], 2);
    compare::<f32x8>(&LEVELS, 3);
}

/// Between scans of the satellites that are pushed, seconds, and their number.
const STEP_S: f64 = 10.0;
const SCANS: usize = 120;
/// A report's standard deviation along each axis, metres.
const SIGMA_M: f32 = 50.0;
const PUSHED: usize = 64;

/// Whether and by how much a satellite is pushed along its way at a scan, m/s².
fn push(scan: usize) -> f64 {
    if (50..70).contains(&scan) { 0.05 } else { 0.0 }
}

/// RMS error of places, metres: in free fall long before the push, and from its beginning to a minute after its end; and the mean
/// NEES of places over 3 of all scans but the first ten.
fn pushed(of: &[[f64; 2]]) -> [f64; 3] {
    let (mut random, motion) = (ChaCha8Rng::seed_from_u64(5), motion(of));
    let mut arrays = room(&motion, PUSHED);
    let mut there: Vec<Six> = (0..PUSHED).map(|track| unturned(&orbit(&mut random, track % 2))).collect();
    let mut noise = |sigma: f64| -> f64 {
        let of: f64 = StandardNormal.sample(&mut random);
        sigma * of
    };
    for (track, there) in there.iter().enumerate() {
        let earth = turned(there, 0.0);
        let begun = core::array::from_fn(|k| earth[k] + noise(if k < 3 { 50.0 } else { 5.0 }));
        put(&mut arrays, track, &begun, [50.0, 5.0]);
    }
    if of.len() > 1 {
        #[expect(clippy::cast_possible_truncation, reason = "probabilities")]
        let prior: Vec<f32> =
            motion.several().expect("several").prior()[..of.len()].iter().map(|p| *p as f32).collect();
        divide(&mut arrays, PUSHED, &prior, || 0.0);
    }
    let axes = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    arrays.observations = vec![Observation::offsets(axes, [SIGMA_M; 3], 3)];
    let (mut squares, mut counts, mut nees) = ([0.0; 2], [0.0; 2], [0.0; 2]);
    for scan in 0..SCANS {
        look_at(&mut arrays, &motion, STEP_S);
        predict::<f32x8>(&mut arrays);
        (arrays.edges, arrays.detections) = (Vec::new(), Vec::new());
        arrays.rows = vec![TrackHypotheses { start: AT_REST, ..TrackHypotheses::default() }; arrays.odds.len()];
        for (track, there) in there.iter_mut().enumerate() {
            for _ in 0..10 {
                // The push, half before and half after each second.
                let kick = |s: &mut Six| {
                    let v = (3..6).map(|k| s[k] * s[k]).sum::<f64>().sqrt();
                    for of in &mut s[3..] {
                        *of *= 1.0 + 0.5 * push(scan) / v;
                    }
                };
                kick(there);
                *there = flown(*there, STEP_S / 10.0);
                kick(there);
            }
            let earth = turned(there, STEP_S * (scan + 1) as f64);
            let Place { tile, offset_m } =
                Place::from_metres(core::array::from_fn(|a| earth[a] + noise(f64::from(SIGMA_M))));
            let start = u32::try_from(track).expect("few");
            arrays.rows[track] = TrackHypotheses { start, count: 1, missed: 0.0, gone: 1.0 };
            arrays.edges.push(Hypothesis { detection: start, weight: 1.0 });
            arrays.detections.push(Detection { tile, ahead_s: 0.0, offset_m, observation: 0 });
        }
        update::<f32x8>(&mut arrays);
        let which = usize::from(scan >= 50);
        if (10..76).contains(&scan) {
            for (track, there) in there.iter().enumerate() {
                let (found, earth) = (Known::track(&arrays, track), turned(there, STEP_S * (scan + 1) as f64));
                let p = core::array::from_fn(|i| if i < 3 { found.p[i] } else { [0.0; 6] });
                squares[which] += (0..3).map(|a| (found.x[a] - earth[a]).powi(2)).sum::<f64>();
                counts[which] += 1.0;
                nees[which] += distance2(&p, [0, 1, 2].map(|a| found.x[a] - earth[a]));
            }
        }
    }
    let rms = |k: usize| (squares[k] / counts[k]).sqrt();
    [rms(0), rms(1), (nees[0] + nees[1]) / (counts[0] + counts[1]) / 3.0]
}

/// eᵀ P⁻¹ e of the places of P, by Cramer's rule.
fn distance2(p: &Matrix, e: [f64; 3]) -> f64 {
    let minor = |i: usize, j: usize| {
        let [a, b] = [(i + 1) % 3, (i + 2) % 3];
        let [c, d] = [(j + 1) % 3, (j + 2) % 3];
        p[a][c] * p[b][d] - p[a][d] * p[b][c]
    };
    let determinant: f64 = (0..3).map(|j| p[0][j] * minor(0, j)).sum();
    (0..3).flat_map(|i| (0..3).map(move |j| (i, j))).map(|(i, j)| e[i] * minor(i, j) * e[j]).sum::<f64>() / determinant
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures of the docs")]
fn a_satellite_that_is_pushed_is_followed_and_one_that_is_not_is_known_better() {
    let [calm, lively, both] = [&[[1e-6, 1.0]][..], &[[0.1, 1.0]], &[[1e-6, 3600.0], [0.1, 300.0]]].map(pushed);
    println!("RMS before and during a push, m, NEES/dof: 1e-6 {calm:.2?}, 0.1 {lively:.2?}, both {both:.2?}");
    assert!(both[0] < 0.9 * lively[0], "in free fall: {both:?}, of the lively one {lively:?}");
    assert!(both[1] < 0.5 * calm[1], "pushed: {both:?}, of the calm one {calm:?}");
    assert!((0.7..1.8).contains(&both[2]), "{both:?}");
}

/// Two orbits of one noise are one orbit; but for what a rest keeps.
#[test]
fn orbits_that_are_equal_are_one() {
    let [one, two] = [&[[1e-4, 1.0]][..], &[[1e-4, 300.0], [1e-4, 20.0]]].map(pushed);
    for (one, two) in one.iter().zip(two) {
        assert!((one - two).abs() < 2e-3 * one, "{one}, {two}");
    }
}
