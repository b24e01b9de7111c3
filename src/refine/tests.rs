//! Smoothing against what needs no smoother: all states of a record solved for at once, and every end a track can have.

use super::{History, Interval, Known, Record, Room, Smoother, Track};
use crate::fusion::address::Belief;
use crate::fusion::arrays::{COVARIANCE, SOURCE_WORDS, tri};
use crate::fusion::batch::Estimate;
use crate::fusion::motion::{ConstantVelocity, Motion, Noise};
use crate::fusion::past::Trace;
use crate::fusion::state::State;
use crate::space::Place;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

const SECOND_US: i64 = 1_000_000;

fn motion(survival_per_s: f64) -> Motion {
    Motion {
        model: ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal: 2.0, vertical: 0.5 }.into(),
        survival_per_s,
    }
}

fn smoother(motion: &Motion) -> Smoother<'_> {
    Smoother { motion, radial: false, height_information: 0.0, reports_per_s: 0.0 }
}

fn estimate(existence: f64, position_m: [f64; 3], velocity: [f64; 3], covariance: [f32; COVARIANCE]) -> Estimate {
    let Place { tile, offset_m: [x, y, z] } = Place::from_metres(position_m);
    let [a, b, c] = velocity.map(rounded);
    Estimate {
        born: [0, 0],
        confirmed: true,
        existence: rounded(existence),
        tile,
        state: State { mean: [x, y, z, a, b, c], covariance },
        sources: [0; SOURCE_WORDS],
        detections: 1,
        last_detection_us: 0,
        belief: Belief { address: 0, probability: 0.0 },
        models: [0.0; 4],
    }
}

#[expect(clippy::cast_possible_truncation, reason = "rounded once")]
fn rounded(x: f64) -> f32 {
    x as f32
}

/// The inverse, by Gauss and Jordan.
fn inverse(mut a: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = a.len();
    let mut b: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for c in 0..n {
        let pivot = (c..n).max_by(|i, j| a[*i][c].abs().total_cmp(&a[*j][c].abs())).expect("a row");
        a.swap(c, pivot);
        b.swap(c, pivot);
        let d = 1.0 / a[c][c];
        for m in [&mut a, &mut b] {
            m[c].iter_mut().for_each(|x| *x *= d);
        }
        for r in (0..n).filter(|r| *r != c) {
            let f = a[r][c];
            for m in [&mut a, &mut b] {
                let own = m[c].clone();
                m[r].iter_mut().zip(own).for_each(|(x, y)| *x -= f * y);
            }
        }
    }
    b
}

/// A Kalman filter and the solution of all states at once, in f64: one axis, position and velocity, positions measured
/// with a standard deviation of 3 m at some of the waves. The state before the first is 0 ± 1,000 m, 0 ± 50 m/s.
struct Axis {
    /// Mean and covariance after every wave.
    filtered: Vec<([f64; 2], [f64; 3])>,
    /// The same given all.
    all: Vec<([f64; 2], [f64; 3])>,
}

fn axis(steps_s: &[f64], measured: &[Option<f64>], q: f64) -> Axis {
    const PRIOR: [f64; 2] = [1e6, 2500.0];
    const R: f64 = 9.0;
    let n = steps_s.len();
    let (mut x, mut p) = ([0.0, 0.0], [PRIOR[0], 0.0, PRIOR[1]]);
    let mut filtered = Vec::new();
    let mut information = vec![vec![0.0; 2 * n]; 2 * n];
    let mut pull = vec![0.0; 2 * n];
    for (k, (&dt, z)) in steps_s.iter().zip(measured).enumerate() {
        if k > 0 {
            x[0] += dt * x[1];
            p = [
                p[0] + 2.0 * dt * p[1] + dt * dt * p[2] + q * dt.powi(3) / 3.0,
                p[1] + dt * p[2] + q * dt * dt / 2.0,
                p[2] + q * dt,
            ];
            // (x_k - F x_k-1)ᵀ Q⁻¹ (x_k - F x_k-1), of the variables (x, v)_k-1, (x, v)_k.
            let noise = inverse(vec![vec![q * dt.powi(3) / 3.0, q * dt * dt / 2.0], vec![q * dt * dt / 2.0, q * dt]]);
            let rows = [[-1.0, -dt, 1.0, 0.0], [0.0, -1.0, 0.0, 1.0]];
            for i in 0..4 {
                for j in 0..4 {
                    for (a, row) in rows.iter().enumerate() {
                        for (b, other) in rows.iter().enumerate() {
                            information[2 * (k - 1) + i][2 * (k - 1) + j] += row[i] * noise[a][b] * other[j];
                        }
                    }
                }
            }
        } else {
            information[0][0] += 1.0 / PRIOR[0];
            information[1][1] += 1.0 / PRIOR[1];
        }
        if let Some(z) = z {
            let (s, g) = (p[0] + R, [p[0], p[1]]);
            let nu = z - x[0];
            x = [x[0] + g[0] / s * nu, x[1] + g[1] / s * nu];
            p = [p[0] - g[0] * g[0] / s, p[1] - g[0] * g[1] / s, p[2] - g[1] * g[1] / s];
            information[2 * k][2 * k] += 1.0 / R;
            pull[2 * k] += z / R;
        }
        filtered.push((x, p));
    }
    let covariance = inverse(information);
    let mean = |i: usize| covariance[i].iter().zip(&pull).map(|(c, b)| c * b).sum::<f64>();
    let of = |k: usize| {
        let c = |i: usize, j: usize| covariance[2 * k + i][2 * k + j];
        ([mean(2 * k), mean(2 * k + 1)], [c(0, 0), c(0, 1), c(1, 1)])
    };
    Axis { filtered, all: (0..n).map(of).collect() }
}

/// A record of one track that `axes` filter, far from the origin, and what its rows are to be.
fn world(seed: u64) -> (Record, [Axis; 3], Vec<i64>) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let steps_s: Vec<f64> = (0..14).map(|_| f64::from(random.random_range(1_u32..6))).collect();
    let axes = [2.0, 2.0, 0.5].map(|q| {
        let (mut x, v) = (random.random_range(-300.0..300.0), random.random_range(-40.0..40.0));
        let measured: Vec<Option<f64>> = steps_s
            .iter()
            .map(|dt| {
                x += dt * v;
                let noise: f64 = StandardNormal.sample(&mut random);
                (random.random::<f64>() < 0.7).then_some(x + 3.0 * noise)
            })
            .collect();
        axis(&steps_s, &measured, q)
    });
    let mut record = Record::default();
    let (mut time_us, mut times_us) = (0, Vec::new());
    for (k, dt) in steps_s.iter().enumerate() {
        #[expect(clippy::cast_possible_truncation, reason = "whole seconds")]
        if k > 0 {
            time_us += *dt as i64 * SECOND_US;
        }
        let mut p = [0.0; COVARIANCE];
        for (a, axis) in axes.iter().enumerate() {
            let [pp, pv, vv] = axis.filtered[k].1.map(rounded);
            (p[tri(a, a)], p[tri(a, 3 + a)], p[tri(3 + a, 3 + a)]) = (pp, pv, vv);
        }
        let of = |part: usize| [0, 1, 2].map(|a: usize| axes[a].filtered[k].0[part]);
        let position = [0, 1, 2].map(|a: usize| of(0)[a] + FAR_M[a]);
        record.push(time_us, &[estimate(0.9, position, of(1), p)]).expect("in order");
        times_us.push(time_us);
    }
    (record, axes, times_us)
}

const FAR_M: [f64; 3] = [4_200_000.0, -170_000.0, 0.0];

#[test]
fn smoothed_states_are_those_of_all_states_solved_for_at_once() {
    let motion = motion(1.0);
    for seed in 0..30 {
        let (record, axes, _) = world(seed);
        let smoothed = smoother(&motion).smooth(&record, Interval::Fixed, |_, _| 0.0);
        let [Track { rows, .. }] = smoothed.as_slice() else { panic!("one track: {smoothed:?}") };
        for (k, row) in rows.iter().enumerate() {
            let [x, y, z, ..] = row.state.mean;
            let position = Place { tile: row.tile, offset_m: [x, y, z] }.metres();
            for (a, axis) in axes.iter().enumerate() {
                let (mean, [pp, pv, vv]) = axis.all[k];
                let off = [position[a] - FAR_M[a] - mean[0], f64::from(row.state.mean[3 + a]) - mean[1]];
                let sigma = [pp.sqrt(), vv.sqrt()];
                assert!(
                    off[0].abs() < 0.01 * sigma[0] && off[1].abs() < 0.01 * sigma[1],
                    "{seed} {k} {a}: {off:?} {sigma:?}"
                );
                let p = |i, j| f64::from(row.state.covariance[tri(i, j)]);
                for (found, wanted, scale) in
                    [(p(a, a), pp, pp), (p(a, 3 + a), pv, sigma[0] * sigma[1]), (p(3 + a, 3 + a), vv, vv)]
                {
                    assert!((found - wanted).abs() < 0.005 * scale, "{seed} {k} {a}: {found} for {wanted}");
                }
            }
        }
    }
}

#[test]
fn existence_is_that_of_every_end_that_a_track_can_have() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let mut checked = 0;
    for _ in 0..400 {
        let survival: f64 = random.random_range(0.5..0.999);
        let likelihood: Vec<f64> =
            (0..8).map(|_| if random.random::<f64>() < 0.5 { random.random_range(1.0..30.0) } else { 0.2 }).collect();
        let first: f64 = random.random_range(0.1..0.9);
        // Alive until a wave or to the end: its chance before, and what the detections say of it.
        let mut weights = vec![(1.0 - first) / first];
        for last in 0..8 {
            let ends = if last == 7 { 1.0 } else { 1.0 - survival };
            weights.push(
                survival.powi(last) * ends * likelihood[..=usize::try_from(last).expect("few")].iter().product::<f64>(),
            );
        }
        let all: f64 = weights.iter().sum();
        let (mut record, mut r) = (Record::default(), first);
        for (k, l) in (0_i64..).zip(&likelihood) {
            r = if k > 0 { survival * r } else { r };
            r = r * l / (1.0 - r + r * l);
            record.push(k * SECOND_US, &[estimate(r, [0.0; 3], [0.0; 3], [1.0; COVARIANCE])]).expect("in order");
        }
        let motion = motion(survival);
        let smoothed = smoother(&motion).smooth(&record, Interval::Fixed, |_, _| 0.0);
        // Where a row was left out, what it would have told is not known.
        if smoothed[0].rows.len() < likelihood.len() {
            continue;
        }
        checked += 1;
        for row in &smoothed[0].rows {
            let alive: f64 = weights[row.wave + 1..].iter().sum::<f64>() / all;
            assert!((f64::from(row.existence) - alive).abs() < 1e-4, "{row:?} for {alive}");
        }
    }
    assert!(checked > 100, "{checked}");
}

#[test]
fn a_track_that_lingers_is_taken_back_to_its_end() {
    let motion = motion(0.99);
    let mut record = Record::default();
    for (k, existence) in [0.99, 0.99, 0.9, 0.6, 0.2].into_iter().enumerate() {
        let k = i64::try_from(k).expect("few");
        record.push(k * SECOND_US, &[estimate(existence, [0.0; 3], [0.0; 3], [1.0; COVARIANCE])]).expect("in order");
    }
    record.push(5 * SECOND_US, &[]).expect("in order");
    let smoothed = smoother(&motion).smooth(&record, Interval::Fixed, |_, _| 0.0);
    let existence: Vec<f32> = smoothed[0].rows.iter().map(|row| row.existence).collect();
    // 0.2 * 0.01 / (1 - 0.99 * 0.2), then what that leaves of 0.6 * 0.01 / (1 - 0.99 * 0.6) and so on.
    let mut wanted = 0.0;
    for (k, r) in [0.99, 0.99, 0.9, 0.6, 0.2_f32].into_iter().enumerate().rev() {
        wanted += (1.0 - wanted) * (r * 0.01 / (1.0 - 0.99 * r));
        assert!((existence[k] - wanted).abs() < 1e-5, "{existence:?}");
    }
    assert!(existence[2] < 0.5 && existence[1] > 0.5, "{existence:?}");
}

#[test]
fn a_lag_is_between_the_filter_and_the_whole_record() {
    let motion = motion(0.99);
    for seed in 0..10 {
        let (record, _, times_us) = world(seed);
        let rows = |interval| smoother(&motion).smooth(&record, interval, |_, _| 0.0).remove(0).rows;
        let filtered: Vec<_> = record.tracks().next().expect("a track").1.to_vec();
        assert_eq!(rows(Interval::Lag(0)), filtered);
        assert_eq!(rows(Interval::Lag(i64::MAX)), rows(Interval::Fixed));
        // A record cut where a row's lag ends tells the same of it.
        let lag_us = 7 * SECOND_US;
        for (k, row) in rows(Interval::Lag(lag_us)).into_iter().enumerate() {
            let mut cut = Record::default();
            for (wave, time_us) in times_us.iter().enumerate().filter(|(_, time_us)| **time_us <= times_us[k] + lag_us)
            {
                let row = filtered[wave];
                let known = Estimate {
                    tile: row.tile,
                    state: row.state,
                    ..estimate(0.9, [0.0; 3], [0.0; 3], [0.0; COVARIANCE])
                };
                cut.push(*time_us, &[known]).expect("in order");
            }
            let whole = smoother(&motion).smooth(&cut, Interval::Fixed, |_, _| 0.0).remove(0);
            assert_eq!(whole.rows[k], row, "{seed} {k}");
        }
    }
}

#[test]
fn a_track_goes_back_along_its_way_as_long_as_it_was_probably_there() {
    let motion = motion(1.0);
    let mut record = Record::default();
    for k in 0..4 {
        record.push(k * SECOND_US, &[]).expect("in order");
    }
    record
        .push(4 * SECOND_US, &[estimate(0.8, [500.0, 0.0, 0.0], [100.0, -20.0, 0.0], [1.0; COVARIANCE])])
        .expect("in order");
    let smoothed = smoother(&motion).smooth(&record, Interval::Fixed, |wave, _| [0.0, 0.0, 0.5, 0.5, 0.5][wave]);
    let rows = &smoothed[0].rows;
    let found: Vec<(usize, f32)> = rows.iter().map(|row| (row.wave, row.existence)).collect();
    assert_eq!(found, [(1, 0.1), (2, 0.2), (3, 0.4), (4, 0.8)]);
    for row in rows {
        let [x, y, z, ..] = row.state.mean;
        let back = 4.0 - f64::from(u8::try_from(row.wave).expect("few"));
        let place = Place { tile: row.tile, offset_m: [x, y, z] }.metres();
        let wanted = [500.0 - 100.0 * back, 20.0 * back, 0.0];
        assert!(place.iter().zip(wanted).all(|(found, wanted)| (found - wanted).abs() < 1e-9), "{place:?}");
    }
    // Variances a second before: of 1, 1 and 1 those of x - v, 0 here, and the noise of the way.
    let p = rows[2].state.covariance;
    assert!(
        (p[tri(0, 0)] - 2.0 / 3.0).abs() < 1e-6
            && (p[tri(0, 3)] + 1.0).abs() < 1e-6
            && (p[tri(3, 3)] - 3.0).abs() < 1e-6
    );
}

#[test]
fn waves_come_in_the_order_of_time() {
    let mut record = Record::default();
    record.push(5, &[]).expect("the first");
    let error = record.push(4, &[]).expect_err("earlier");
    assert_eq!(error.to_string(), "a wave at 4 us cannot follow one at 5 us: push waves in the order of time");
    assert_eq!(record.times_us(), [5]);
}

/// Tracks that begin and end at random, wave by wave, one of them never; births in the order of scans.
fn many(seed: u64) -> Vec<(i64, Vec<Estimate>)> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut alive, mut waves, mut time_us): (Vec<Estimate>, _, _) = (Vec::new(), Vec::new(), 0);
    for scan in 0..25 {
        // Some waves are at one time.
        time_us += random.random_range(0..3) * SECOND_US;
        alive.retain(|track| track.born == [0, 0] || random.random::<f64>() < 0.9);
        for track in &mut alive {
            track.existence = random.random_range(0.05..0.99);
            track.tile[0] += random.random_range(-1..2);
            track.state.mean = core::array::from_fn(|_| random.random_range(-90.0..90.0));
            track.sources[0] |= 1 << random.random_range(0..8);
            track.last_detection_us = time_us;
            track.detections += 1;
        }
        let begun = (0..random.random_range(u32::from(scan == 0)..4)).map(|k| Estimate {
            born: [scan, k],
            last_detection_us: time_us,
            ..estimate(0.5, [f64::from(k) * 900.0, 0.0, 0.0], [3.0, 0.0, 0.0], {
                let mut p = [0.0; COVARIANCE];
                (0..6).for_each(|i| p[tri(i, i)] = 25.0 + i as f32);
                p
            })
        });
        alive.extend(begun);
        waves.push((time_us, alive.clone()));
    }
    waves
}

/// With what probability a track was there at each wave before the one in which it began.
fn trace(waves: &[(i64, Vec<Estimate>)], born: [u32; 2]) -> Trace {
    let mut random = ChaCha8Rng::seed_from_u64(u64::from(born[0]) << 8 | u64::from(born[1]));
    let mut there = 1.0;
    let mut points = Vec::new();
    for (time_us, _) in waves[..=born[0] as usize].iter().rev() {
        // Of waves at one time the latest tells.
        if points.last().is_none_or(|(later_us, _)| later_us > time_us) {
            points.push((*time_us, there));
        }
        there *= random.random_range(0.3..1.0);
    }
    Trace::from_points(points)
}

#[test]
fn a_history_is_smoothed_as_a_record_wherever_its_waves_are() {
    let (folder, motion) = (tempfile::tempdir().expect("a folder"), motion(0.97));
    let smoother = smoother(&motion);
    for seed in 0..12 {
        let waves = many(seed);
        let until = waves.len() - usize::try_from(seed % 4).expect("few");
        let wanted_waves: Vec<bool> = (0..waves.len()).map(|wave| wave % 3 != 1).collect();
        for interval in [Interval::Fixed, Interval::Lag(0), Interval::Lag(5 * SECOND_US), Interval::Lag(i64::MAX)] {
            let tells = interval == Interval::Fixed && seed % 2 == 0;
            let traced = |born: [u32; 2]| if tells { trace(&waves, born) } else { Trace::default() };
            let (mut record, mut history) = (Record::default(), History::new(folder.path(), Room::NONE));
            for (number, (time_us, tracks)) in waves.iter().enumerate() {
                if number < until {
                    record.push(*time_us, tracks).expect("in order");
                }
                let begun = tracks.iter().filter(|track| tells && track.born[0] as usize == number);
                let begun: Vec<_> = begun.map(|track| (track.born, traced(track.born))).collect();
                history.room =
                    if (seed + number as u64).is_multiple_of(3) { Room::within(u64::MAX) } else { Room::NONE };
                history.push_begun(*time_us, (tracks, &begun)).expect("a wave");
            }
            let before = |wave: usize, track: &Track| {
                let trace = traced(track.born);
                if tells { trace.at(waves[wave - 1].0) / trace.at(waves[wave].0) } else { 0.0 }
            };
            let tracks = smoother.smooth(&record, interval, before);
            let (mut spill, mut next, mut early) = (History::new(folder.path(), Room::NONE), 0, 0);
            let given = |wave: usize, found: Vec<Known>, history: &mut History| {
                let filtered = waves[wave].1.iter().map(|track| (track.born, track.position_m()));
                assert_eq!(history.places(wave)?, filtered.collect::<Vec<_>>());
                next = (next..until).find(|wave| wanted_waves[*wave]).expect("another wave");
                assert_eq!(wave, next);
                next += 1;
                let of = |track: &Track| track.rows.iter().find(|row| row.wave == wave).map(|row| (track.born, *row));
                let wanted: Vec<_> = tracks.iter().filter_map(of).collect();
                assert_eq!(found.len(), wanted.len(), "{seed} {wave} {interval:?}");
                for (Known { estimate, known_us }, (born, row)) in found.iter().zip(&wanted) {
                    let same = (estimate.born, estimate.tile, estimate.state) == (*born, row.tile, row.state);
                    assert!(same && estimate.existence.to_bits() == row.existence.to_bits(), "{seed} {wave}");
                    assert_eq!(*known_us, row.known_us);
                    // Sources are those of the last wave that it rests on, counts those of its own.
                    let at = |wave: usize| waves[wave].1.iter().find(|track| track.born == *born);
                    let last = (0..until).rev().find(|wave| {
                        waves[*wave].1.iter().any(|track| (track.born, track.last_detection_us) == (*born, *known_us))
                    });
                    assert_eq!(Some(estimate.sources), last.and_then(at).map(|last| last.sources));
                    assert_eq!(estimate.detections, at(wave).map_or(0, |own| own.detections));
                    early += u32::from(at(wave).is_none());
                }
                Ok::<(), Box<dyn std::error::Error>>(())
            };
            smoother.pass((&mut history, until), (interval, &wanted_waves), (&mut spill, None), given).expect("a pass");
            assert!((next..until).all(|wave| !wanted_waves[wave]), "every wave");
            assert_eq!(early > 10, tells, "{early} rows before the first detections");
        }
    }
}

#[test]
fn a_wave_of_many_parts_is_as_it_was_and_one_value_is_kept_once() {
    let track = |k: u32| Estimate {
        born: [k / 700, k % 700],
        last_detection_us: i64::from(k) << 31,
        ..estimate(0.5, [f64::from(k), 0.0, 0.0], [1.0; 3], [2.0; COVARIANCE])
    };
    for count in [0, 1, 511, 512, 513, 1500] {
        let tracks: Vec<Known> =
            (0..count).map(|k| Known { known_us: i64::MAX - i64::from(k), ..track(k).into() }).collect();
        let begun: Vec<_> =
            (0..count.min(3)).map(|k| ([2, k], Trace::from_points(vec![(9, 1.0), (-4, 0.25)]))).collect();
        for room in [Room::NONE, Room::within(u64::MAX)] {
            let folder = tempfile::tempdir().expect("a folder");
            let mut history = History::new(folder.path(), room);
            history.push_begun(3, (&tracks, &begun)).expect("a wave");
            assert_eq!(history.tracks(0).expect("a wave"), tracks);
            let wave = history.wave(0).expect("a wave");
            assert_eq!(wave.traces().into_iter().collect::<Vec<_>>(), begun);
            let first = [1, 40];
            let since: Vec<Known> = tracks.iter().filter(|known| known.estimate.born >= first).copied().collect();
            assert_eq!(wave.since(first), since);
            let [here, on_disk] = history.bytes();
            assert_eq!(here > 0 && on_disk == 0, room != Room::NONE && count > 0);
            // Born, existence alone is one; tile, place, time: eight columns and a word of every other.
            assert!(
                here + on_disk <= 4 * (u64::from(count) * 9 + 200 * (u64::from(count) / 512 + 1)),
                "{here} {on_disk}"
            );
        }
    }
}

#[test]
fn a_wave_that_is_not_there_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut history = History::new(folder.path(), Room::NONE);
    history.push::<Known>(7, &[]).expect("a wave");
    assert_eq!((history.tracks(0).expect("a wave"), history.times_us()), (Vec::new(), &[7][..]));
    assert!(history.tracks(1).is_err());
}
