//! Detections before their scan, and those along a line of sight, against a textbook in f64.

use super::arrays::{COVARIANCE, Look, tri};
use super::motion::{Motion, Noise};
use super::observation::Seen;
use super::predict::{predict_one, up};
use super::sight::Bend;
use super::since::Since;
use super::state::State;
use super::tests::{Matrix, close, covariance, full, radar};
use super::undetected::{Prior, Undetected};
use crate::scan::{Detection, Observation, Plane, RANGE};
use crate::space::Place;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// A look `dt_s` after the one before, of objects driven by very different noise along the horizontal and the vertical.
fn driven(dt_s: f64) -> Look {
    let motion = Motion { noise: Noise::WhiteAcceleration, horizontal: 400.0, vertical: 10.0, survival_per_s: 1.0 };
    let mut look = Look { radial: 1, ..Look::default() };
    motion.over(dt_s, 0.0, &mut look);
    look
}

/// A state on Earth: its tile, and the rest.
fn on_earth() -> ([i32; 3], State<f32>) {
    let Place { tile, offset_m: [x, y, z] } = Place::from_metres([4_200_000.0, 170_000.0, 4_780_000.0]);
    (tile, State { mean: [x, y, z, 120.0, -80.0, 30.0], covariance: covariance(10.0) })
}

/// The same state with its place counted from another tile, and moved.
fn from_tile(tile: [i32; 3], other: [i32; 3], state: &State<f32>) -> State<f32> {
    let mut to = *state;
    for a in 0..3 {
        to.mean[a] += (tile[a] - other[a]) as f32 * 1024.0;
    }
    to
}

/// A detection before its scan is what it is at its own time, where the filter stops for it: the state is predicted until
/// then, updated, and predicted on, and so is its likelihood.
#[test]
fn a_detection_before_its_scan_is_one_at_its_own_time() {
    let (dt_s, ago_s) = (10.0, 4.0);
    // Where the vertical is the same all the way.
    let flat = |dt_s: f64| Look { radial: 0, ..driven(dt_s) };
    let (whole, first, rest) = (flat(dt_s), flat(dt_s - ago_s), flat(ago_s));
    let (place, start) = on_earth();
    let (mut tile, mut wanted) = (place, start);
    predict_one(&first, &mut tile, &mut wanted);
    let (_, observation) = radar(0.0);
    let offset_m = [wanted.mean[0] + 700.0, wanted.mean[1] - 500.0, wanted.mean[2] + 900.0];
    let detection = Detection { tile, ahead_s: 0.0, offset_m, observation: 0 };
    let seen = Seen::gather(&[detection], &[observation], |_| 0, |_, a| tile[a], &wanted.mean);
    let innovation = seen.innovation(&wanted);
    let after = seen.posterior(&wanted);
    wanted = State { mean: core::array::from_fn(|k| wanted.mean[k] + after.mean[k]), covariance: after.covariance };
    let mut tile_then = tile;
    predict_one(&rest, &mut tile_then, &mut wanted);

    let (mut tile_now, mut found) = (place, start);
    predict_one(&whole, &mut tile_now, &mut found);
    let before = Detection { ahead_s: -4.0, ..detection };
    let seen = Seen::gather(&[before], &[observation], |_| 0, |_, a| tile_now[a], &found.mean);
    let u = up(&whole, &tile_now.map(|t| t as f32), &found.mean);
    let since = Since::new(&whole, seen.ahead_s, &u).expect("it is before its scan");
    let late = seen.innovation(&since.off(&found));
    for (name, found, wanted) in
        [("distance", late.distance2, innovation.distance2), ("determinant", late.determinant, innovation.determinant)]
    {
        assert!((found / wanted - 1.0).abs() < 1e-4, "{name}: {found}, wanted {wanted}");
    }
    let after = since.on(&seen.posterior(&since.off(&found)));
    found = State { mean: core::array::from_fn(|k| found.mean[k] + after.mean[k]), covariance: after.covariance };
    let found = from_tile(tile_now, tile_then, &found);
    for k in 0..6 {
        // Some rounded sums of a kilometre.
        assert!((found.mean[k] - wanted.mean[k]).abs() < 0.01, "x[{k}] = {}, wanted {}", found.mean[k], wanted.mean[k]);
    }
    close(&found.covariance, &full(&wanted.covariance), 1e-5);
    // Without it the velocity would be as certain as the range rates are, of a time long past.
    let kept = seen.posterior(&State { mean: start.mean, covariance: full_of(&tile_now, &whole, &start) });
    assert!(kept.covariance[tri(3, 3)] < 0.1 * found.covariance[tri(3, 3)], "{}", kept.covariance[tri(3, 3)]);
}

/// The covariance of a state at the time of a look.
fn full_of(tile: &[i32; 3], look: &Look, state: &State<f32>) -> [f32; COVARIANCE] {
    let (mut tile, mut state) = (*tile, *state);
    predict_one(look, &mut tile, &mut state);
    state.covariance
}

#[test]
fn noise_is_taken_off_since_the_scan_before_and_no_longer() {
    let (tile, state) = on_earth();
    let u = up(&driven(1.0), &tile.map(|t| t as f32), &state.mean);
    let bits = |since: Option<Since<f32>>| since.expect("noise").on(&state).covariance.map(f32::to_bits);
    let of = |dt_s: f64, ahead_s: f32| Since::new(&driven(dt_s), ahead_s, &u);
    assert!(of(4.0, 0.0).is_none() && of(0.0, -3.0).is_none() && of(4.0, 3.0).is_none());
    assert_eq!(bits(of(2.0, -5.0)), bits(of(4.0, -2.0)));
    assert_ne!(bits(of(3.0, -5.0)), bits(of(4.0, -2.0)));
    // All of P but the noise since then is left, however little that is.
    let (mut tile, mut state) = (tile, State { mean: state.mean, covariance: covariance(1e-3) });
    let before = state.covariance;
    predict_one(&driven(4.0), &mut tile, &mut state);
    let left = of(4.0, -4.0).expect("noise").off(&state);
    for k in [tri(3, 3), tri(4, 4), tri(5, 5)] {
        assert!((left.covariance[k] - before[k]).abs() < 2e-3, "{} {}", left.covariance[k], before[k]);
    }
}

#[test]
fn a_track_begins_at_its_detections_time() {
    let plane = Plane {
        origin: Place::from_metres([0.0; 3]),
        east: [1.0, 0.0, 0.0],
        north: [0.0, 1.0, 0.0],
        centre: [0.0; 3],
        cell_m: 1.0,
        cells: [1, 1],
    };
    let prior = Prior { speed_m_s: 150.0, climb_m_s: 8.0, height_m: 100.0, height_most_m: 7500.0, reports_per_s: 0.0 };
    let field = Undetected::Field { planes: plane.into(), density: vec![1.0], birth: 1e-3, prior };
    let (tile, state) = on_earth();
    let (_, observation) = radar(0.0);
    let offset_m = [state.mean[0], state.mean[1], state.mean[2]];
    let at = |ahead_s: f32| {
        let detection = Detection { tile, ahead_s, offset_m, observation: 0 };
        field.birth(&driven(0.0), (&[detection], &[observation]), 0)
    };
    let (mut born, late) = (at(0.0), at(-4.0));
    predict_one(&driven(4.0), &mut born.tile, &mut born.state);
    close(&late.state.covariance, &full(&born.state.covariance), 1e-3);
}

const AXES: [[f64; 3]; 3] =
    [[0.8, 0.48, 0.36], [0.514_495_76, -0.857_492_93, 0.0], [0.308_697_46, 0.185_218_47, -0.932_952_3]];

/// What is along an axis, and across it along the two others.
fn spanned(along: [f64; 3]) -> [f64; 3] {
    core::array::from_fn(|i| (0..3).map(|k| along[k] * AXES[k][i]).sum())
}

fn dot(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Places and velocities from a site whose range and range rate, and what is across the line of sight, are Gaussian: an arc
/// known to 20 m and 0.5 m/s along the line, to 600 and to 1500 m across it. Position, then velocity, `seconds` later.
fn on_an_arc(count: usize, seconds: f64) -> Vec<[f64; 6]> {
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut normal = move || -> f64 { StandardNormal.sample(&mut random) };
    let one = |_| {
        let [a, b, c, d] = [normal(), normal(), normal(), normal()];
        let (first, second) = (600.0 * a, 1500.0 * (0.8 * a + 0.6 * b));
        let (eta, zeta) = (-90.0 + 15.0 * (0.5 * a + 0.866 * c), 12.0 + 20.0 * (-0.4 * b + 0.9165 * d));
        let (range, rate) = (25_000.0 + 20.0 * normal(), 95.0 + 0.5 * normal());
        let ahead = (range * range - first * first - second * second).sqrt();
        let p = spanned([ahead, first, second]);
        let v = spanned([(rate * range - first * eta - second * zeta) / ahead, eta, zeta]);
        core::array::from_fn(|k| if k < 3 { p[k] + seconds * v[k] } else { v[k - 3] })
    };
    (0..count).map(one).collect()
}

/// Mean and covariance of weighted states.
fn moments(states: &[[f64; 6]], weights: &[f64]) -> ([f64; 6], Matrix) {
    let all: f64 = weights.iter().sum();
    let mean: [f64; 6] = core::array::from_fn(|k| states.iter().zip(weights).map(|(x, w)| w * x[k]).sum::<f64>() / all);
    let covariance = core::array::from_fn(|i| {
        core::array::from_fn(|j| {
            states.iter().zip(weights).map(|(x, w)| w * (x[i] - mean[i]) * (x[j] - mean[j])).sum::<f64>() / all
        })
    });
    (mean, covariance)
}

#[expect(clippy::cast_possible_truncation, reason = "rounded once")]
fn state_of(mean: &[f64; 6], p: &Matrix) -> State<f32> {
    let mut covariance = [0.0; COVARIANCE];
    for i in 0..6 {
        for j in i..6 {
            covariance[tri(i, j)] = p[i][j] as f32;
        }
    }
    State { mean: mean.map(|m| m as f32), covariance }
}

/// A radar's range, azimuth and range rate without a height, 1 s before the scan and a look of 4 s after the last one, of a
/// place on an arc: mean, covariance and likelihood against a great many drawn places, weighed by how likely each makes
/// what was measured. No formula of the engine's is in it.
#[test]
#[expect(clippy::cast_possible_truncation, reason = "rounded once")]
fn a_range_and_its_rate_on_an_arc_tell_what_drawn_places_say() {
    let (sigma, measured) = ([25.0, 100.0, 0.7], [25_300.0, 700.0, 95.9]);
    let states = on_an_arc(200_000, 4.0);
    let chance = |x: &[f64; 6]| {
        let v = [x[3], x[4], x[5]];
        let p = [x[0] - v[0], x[1] - v[1], x[2] - v[2]];
        let range = dot(&p, &p).sqrt();
        let found = [range, dot(&p, &AXES[1]), dot(&p, &v) / range];
        let z: f64 = (0..3).map(|k| ((measured[k] - found[k]) / sigma[k]).powi(2)).sum();
        (-0.5 * z).exp() / (sigma.iter().product::<f64>() * core::f64::consts::TAU.powf(1.5))
    };
    let (before, p) = moments(&states, &vec![1.0; states.len()]);
    let weights: Vec<f64> = states.iter().map(chance).collect();
    let (wanted, covariance) = moments(&states, &weights);
    let prior = state_of(&before, &p);

    let directions = AXES.map(|axis| axis.map(|a| a as f32));
    let sigma_m = [sigma[0] as f32, sigma[1] as f32, 0.0];
    let mut observation =
        Observation::offsets(directions, sigma_m, 2).with_rate(directions[0], measured[2] as f32, 0.7);
    let range_m = measured[0] as f32;
    (observation.kinds, observation.ranges_m[0], observation.sight_m) = (RANGE, range_m, range_m);
    // The site is in the middle; its range leads along the first row to the measured place.
    let offset_m = spanned([measured[0], measured[1], 0.0]).map(|m| m as f32);
    let detection = Detection { offset_m, ahead_s: -1.0, ..Detection::default() };
    observation.position[0].direction = offset_m.map(|m| m / range_m);
    observation.velocity[0].direction = observation.position[0].direction;
    let seen = Seen::gather(&[detection], &[observation], |_| 0, |_, _| 0, &prior.mean);
    let look = Look { dt_s: 4.0, ..Look::default() };
    let found = seen.given((&look, &[0.0, 0.0, 1.0]), &prior);
    for k in 0..6 {
        let (f, sigma) = (f64::from(found.mean[k]), covariance[k][k].sqrt());
        let w = wanted[k] - before[k];
        assert!((f - w).abs() < 0.05 * sigma, "x[{k}] = {f}, wanted {w}, of {sigma}");
    }
    // Along the line as well as across it.
    for (name, a) in [("range", AXES[0]), ("azimuth", AXES[1]), ("height", AXES[2])] {
        for first in [0, 3] {
            let of = |m: &dyn Fn(usize, usize) -> f64| -> f64 {
                (0..9).map(|k| a[k / 3] * m(first + k / 3, first + k % 3) * a[k % 3]).sum()
            };
            let f = of(&|i, j| f64::from(found.covariance[tri(i, j)]));
            let w = of(&|i, j| covariance[i][j]);
            assert!((f / w - 1.0).abs() < 0.05, "{name}, {first}: {f}, wanted {w}");
        }
    }
    let bend = Bend::predicted(&seen, (&look, &[0.0, 0.0, 1.0]), &prior, &prior).expect("a line of sight");
    let density = f64::from(bend.seen.innovation(&bend.state).density());
    let w = weights.iter().sum::<f64>() / weights.len() as f64;
    // Fourth-order terms are left.
    assert!((density / w - 1.0).abs() < 0.07, "{density}, wanted {w}");
}

/// Where a place is no arc, what it would bend is in it in part at most: what is straightened stays a covariance, and
/// what is bent again, too.
#[test]
#[expect(clippy::cast_possible_truncation, reason = "rounded once")]
fn a_place_that_is_no_arc_stays_a_covariance() {
    for scale in [0.1, 1.0, 10.0, 1e3, 1e5] {
        for (dt_s, ahead_s) in [(0.0, 0.0), (4.0, -2.0), (1.0, -5.0)] {
            let state = State { mean: [120.0, -80.0, 200.0, 150.0, -90.0, 12.0], covariance: covariance(scale) };
            let mut observation = Observation::offsets(AXES.map(|a| a.map(|a| a as f32)), [1.0, 40.0, 3000.0], 2);
            (observation.kinds, observation.ranges_m[0]) = (RANGE, 3000.0);
            let detection = Detection { offset_m: [300.0, -250.0, 900.0], ahead_s, ..Detection::default() };
            let seen = Seen::gather(&[detection], &[observation], |_| 0, |_, _| 0, &state.mean);
            let look = Look { dt_s, ..Look::default() };
            let bend = Bend::predicted(&seen, (&look, &[0.0, 0.0, 1.0]), &state, &state).expect("a line of sight");
            let after = bend.bent(&bend.seen.posterior(&bend.state));
            for (name, p) in [("straight", bend.state.covariance), ("bent", after.covariance)] {
                let least = least_pivot(&full(&p));
                assert!(least > -1e-4, "{name} at {scale}, {dt_s} s: {least}");
            }
        }
    }
}

/// The least of what elimination leaves on the diagonal, as a share of what was there.
fn least_pivot(p: &Matrix) -> f64 {
    let (mut a, mut least) = (*p, f64::INFINITY);
    for k in 0..6 {
        least = least.min(a[k][k] / p[k][k]);
        for i in k + 1..6 {
            let share = if a[k][k] > 0.0 { a[i][k] / a[k][k] } else { 0.0 };
            let row = a[k];
            a[i].iter_mut().zip(row).skip(k).for_each(|(to, from)| *to -= share * from);
        }
    }
    least
}
