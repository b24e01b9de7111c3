//! Detections before their scan, and those along a line of sight, against a textbook in f64.

use super::arrays::{COVARIANCE, LaneStep, tri};
use super::motion::{ConstantVelocity, Motion, Noise};
use super::observation::LinearizedMeasurement;
use super::predict::{predict_one, up};
use super::sight::leaned;
use super::since::Since;
use super::state::State;
use super::tests::{Matrix, close, covariance, full, multiply, radar, textbook_update};
use super::undetected::{Prior, UndetectedIntensity};
use crate::scan::{Detection, Observation, Plane, RANGE};
use crate::space::Place;

/// A look `dt_s` after the one before, of objects driven by very different noise along the horizontal and the vertical.
fn driven(dt_s: f64) -> LaneStep {
    let motion = Motion {
        model: ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal: 400.0, vertical: 10.0 }.into(),
        survival_per_s: 1.0,
    };
    let mut look = LaneStep { radial: 1, ..LaneStep::default() };
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
    let flat = |dt_s: f64| LaneStep { radial: 0, ..driven(dt_s) };
    let (whole, first, rest) = (flat(dt_s), flat(dt_s - ago_s), flat(ago_s));
    let (place, start) = on_earth();
    let (mut tile, mut wanted) = (place, start);
    predict_one(&first, &mut tile, &mut wanted);
    let (_, observation) = radar(0.0);
    let offset_m = [wanted.mean[0] + 700.0, wanted.mean[1] - 500.0, wanted.mean[2] + 900.0];
    let detection = Detection { tile, ahead_s: 0.0, offset_m, observation: 0 };
    let seen = LinearizedMeasurement::gather(&[detection], &[observation], |_| 0, |_, a| tile[a], &wanted.mean);
    let innovation = seen.innovation(&wanted);
    let after = seen.posterior(&wanted);
    wanted = State { mean: core::array::from_fn(|k| wanted.mean[k] + after.mean[k]), covariance: after.covariance };
    let mut tile_then = tile;
    predict_one(&rest, &mut tile_then, &mut wanted);

    let (mut tile_now, mut found) = (place, start);
    predict_one(&whole, &mut tile_now, &mut found);
    let before = Detection { ahead_s: -4.0, ..detection };
    let seen = LinearizedMeasurement::gather(&[before], &[observation], |_| 0, |_, a| tile_now[a], &found.mean);
    let u = up(&whole, &tile_now.map(|t| t as f32), &found.mean);
    let since = Since::new(&whole, seen.ahead_s, || u).expect("it is before its scan");
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
fn full_of(tile: &[i32; 3], look: &LaneStep, state: &State<f32>) -> [f32; COVARIANCE] {
    let (mut tile, mut state) = (*tile, *state);
    predict_one(look, &mut tile, &mut state);
    state.covariance
}

#[test]
fn noise_is_taken_off_since_the_scan_before_and_no_longer() {
    let (tile, state) = on_earth();
    let u = up(&driven(1.0), &tile.map(|t| t as f32), &state.mean);
    let bits = |since: Option<Since<f32>>| since.expect("noise").on(&state).covariance.map(f32::to_bits);
    let of = |dt_s: f64, ahead_s: f32| Since::new(&driven(dt_s), ahead_s, || u);
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
    let field = UndetectedIntensity::Field { planes: plane.into(), density: vec![1.0], birth: 1e-3, prior };
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

/// A function of position and velocity about a mean, by differences in f64: gradient and second derivatives.
fn derivatives(h: impl Fn(&[f64; 6]) -> f64, x: &[f64; 6]) -> ([f64; 6], Matrix) {
    let step = [1.0, 1.0, 1.0, 0.1, 0.1, 0.1];
    let at = |i: usize, a: f64, j: usize, b: f64| {
        let mut x = *x;
        x[i] += a * step[i];
        x[j] += b * step[j];
        h(&x)
    };
    let gradient = core::array::from_fn(|i| (at(i, 1.0, i, 0.0) - at(i, -1.0, i, 0.0)) / (2.0 * step[i]));
    let second = core::array::from_fn(|i| {
        core::array::from_fn(|j| {
            let four = at(i, 1.0, j, 1.0) - at(i, 1.0, j, -1.0) - at(i, -1.0, j, 1.0) + at(i, -1.0, j, -1.0);
            four / (4.0 * step[i] * step[j])
        })
    });
    (gradient, second)
}

/// ½ tr(M C) and ½ tr(M C M C).
fn second_order(m: &Matrix, c: &Matrix) -> [f64; 2] {
    let mc = multiply(m, c);
    let trace = |of: &Matrix| (0..6).map(|i| of[i][i]).sum::<f64>();
    [0.5 * trace(&mc), 0.5 * trace(&multiply(&mc, &mc))]
}

/// A place 25 km from a radar, known to 50 m along the line of sight and to kilometres across it, and its velocity.
fn far_out() -> (State<f32>, [[f32; 3]; 3]) {
    let axes = [[0.8f32, 0.48, 0.36], [0.514_495_76, -0.857_492_9, 0.0], [0.308_697_46, 0.185_218_48, -0.932_952_3]];
    let mut p = [0.0f32; COVARIANCE];
    // σ along the axes, position then velocity, and the correlation of the two.
    for (axis, [far, fast, share]) in axes.iter().zip([[50.0f32, 3.0, 0.3], [900.0, 25.0, 0.5], [3000.0, 40.0, -0.4]]) {
        for i in 0..3 {
            for j in 0..3 {
                let along = axis[i] * axis[j];
                if i <= j {
                    p[tri(i, j)] += far * far * along;
                    p[tri(3 + i, 3 + j)] += fast * fast * along;
                }
                p[tri(i, 3 + j)] += share * far * fast * along;
            }
        }
    }
    (State { mean: [120.0, -80.0, 200.0, 150.0, -90.0, 12.0], covariance: p }, axes)
}

/// A radar's range and range rate without a height, against an extended filter of second order in f64 whose derivatives are
/// taken by differences: no formula of the engine's is in it.
#[test]
fn a_range_and_its_rate_bend_as_much_as_differences_say() {
    let (state, axes) = far_out();
    let (range_m, tau) = (25_000.0f32, -2.0f32);
    let mut observation = Observation::offsets(axes, [50.0, 40.0, 3000.0], 2).with_rate(axes[0], 95.0, 1.0);
    (observation.kinds, observation.ranges_m[0], observation.sight_m) = (RANGE, range_m, range_m);
    let measured = [300.0f32, -250.0, 900.0];
    let detection = Detection { offset_m: measured, ahead_s: tau, ..Detection::default() };
    let seen = LinearizedMeasurement::gather(&[detection], &[observation], |_| 0, |_, _| 0, &state.mean);

    let site: [f64; 3] = core::array::from_fn(|i| f64::from(measured[i]) - f64::from(range_m) * f64::from(axes[0][i]));
    let from_site = |x: &[f64; 6]| core::array::from_fn::<_, 3, _>(|i| x[i] + f64::from(tau) * x[3 + i] - site[i]);
    let length = |v: &[f64; 3]| v.iter().map(|a| a * a).sum::<f64>().sqrt();
    let range = |x: &[f64; 6]| length(&from_site(x));
    let rate = |x: &[f64; 6]| (0..3).map(|i| from_site(x)[i] * x[3 + i]).sum::<f64>() / range(x);
    let across = |x: &[f64; 6]| (0..3).map(|i| f64::from(axes[1][i]) * (x[i] + f64::from(tau) * x[3 + i])).sum::<f64>();
    let (x, p) = (state.mean.map(f64::from), full(&state.covariance));
    let aside = (0..3).map(|i| f64::from(axes[1][i]) * f64::from(measured[i])).sum::<f64>();
    let (mut h, mut z, mut r) = (Vec::new(), Vec::new(), Vec::new());
    let mut add = |gradient: [f64; 6], nu: f64, variance: f64| {
        z.push(nu + (0..6).map(|k| gradient[k] * x[k]).sum::<f64>());
        h.push(gradient);
        r.push(variance);
    };
    let (gradient, second) = derivatives(range, &x);
    let [bias, more] = second_order(&second, &p);
    assert!(bias > 100.0 && more > 1e4, "it bends: {bias} {more}");
    add(gradient, f64::from(range_m) - range(&x) - bias, 2500.0 + more);
    add(derivatives(across, &x).0, aside - across(&x), 1600.0);
    let (gradient, second) = derivatives(rate, &x);
    let [bias, more] = second_order(&second, &p);
    assert!(bias.abs() > 1.0 && more > 10.0, "it veers: {bias} {more}");
    add(gradient, 95.0 - rate(&x) - bias, 1.0 + more);

    let (wanted, covariance) = textbook_update(&x, &p, &h, &z, &r);
    // What is along the line once what is across it is known: by an update of no variance.
    let unit = |sight: [f64; 3]| sight.map(|a| a / length(&sight));
    let at_tau =
        |a: [f64; 3]| -> [f64; 6] { core::array::from_fn(|i| if i < 3 { a[i] } else { f64::from(tau) * a[i - 3] }) };
    let (u, w) = (unit(from_site(&x)), unit(from_site(&wanted)));
    let rows = [1, 2].map(|k| at_tau(axes[k].map(f64::from)));
    let (_, known) = textbook_update(&x, &p, &rows, &[0.0; 2], &[1e-6; 2]);
    let share = quadratic(&known, &at_tau(u)) / quadratic(&p, &at_tau(u));
    assert!((0.1..0.9).contains(&share), "some of it turns: {share}");
    let covariance = mean_of(&covariance, &lean(&covariance, &u, &w), share);
    let found = seen.posterior(&state);
    for k in 0..6 {
        let (f, sigma) = (f64::from(state.mean[k] + found.mean[k]), p[k][k].sqrt());
        assert!((f - wanted[k]).abs() < 0.01 * sigma, "x[{k}] = {f}, wanted {}, of {sigma}", wanted[k]);
    }
    for i in 0..6 {
        for j in i..6 {
            let (f, w) = (f64::from(found.covariance[tri(i, j)]), covariance[i][j]);
            let scale = (covariance[i][i] * covariance[j][j]).sqrt();
            assert!((f - w).abs() < 0.02 * scale, "P[{i}][{j}] = {f}, wanted {w}, of {scale}");
        }
    }
    // One row after another in f64 gives the distance.
    let (mut at, mut q, mut distance2) = (x, p, 0.0);
    for row in 0..3 {
        let nu = z[row] - (0..6).map(|k| h[row][k] * at[k]).sum::<f64>();
        let s = (0..6).map(|i| (0..6).map(|j| h[row][i] * q[i][j] * h[row][j]).sum::<f64>()).sum::<f64>() + r[row];
        distance2 += nu * nu / s;
        (at, q) = textbook_update(&at, &q, &h[row..=row], &z[row..=row], &r[row..=row]);
    }
    let found = f64::from(seen.innovation(&state).distance2);
    assert!((found - distance2).abs() < 0.02 * distance2.max(1.0), "{found}, wanted {distance2}");
}

/// aᵀ P a.
fn quadratic(p: &Matrix, a: &[f64; 6]) -> f64 {
    (0..6).map(|i| (0..6).map(|j| a[i] * p[i][j] * a[j]).sum::<f64>()).sum()
}

/// J P Jᵀ, J = I - u tᵀ of position and of velocity, t what `w` is across `u`.
fn lean(p: &Matrix, u: &[f64; 3], w: &[f64; 3]) -> Matrix {
    let ahead: f64 = (0..3).map(|i| u[i] * w[i]).sum();
    let j: Matrix = core::array::from_fn(|i| {
        core::array::from_fn(|k| {
            let same = if i / 3 == k / 3 { u[i % 3] * (w[k % 3] - ahead * u[k % 3]) } else { 0.0 };
            f64::from(u8::from(i == k)) - same
        })
    });
    let transposed = core::array::from_fn(|i| core::array::from_fn(|k| j[k][i]));
    multiply(&multiply(&j, p), &transposed)
}

fn mean_of(p: &Matrix, q: &Matrix, share: f64) -> Matrix {
    core::array::from_fn(|i| core::array::from_fn(|j| (1.0 - share) * p[i][j] + share * q[i][j]))
}

/// What was sharp along the line is as sharp along the line to where the mean is now, and a covariance stays one, whatever the
/// line, the move and the share are: by the pivots of an elimination in f64.
#[test]
fn a_covariance_that_turns_stays_one() {
    let (far_out, axes) = far_out();
    for (turn, share) in [(0.0f32, 1.0f32), (0.1, 1.0), (0.1, 0.3), (1.5, 1.0), (3.0, 1.0), (3.1, 0.5)] {
        let (sin, cos) = (20_000.0 * turn.sin(), 20_000.0 * turn.cos());
        let sight = axes[0].map(|a| 20_000.0 * a);
        let to: [f32; 3] = core::array::from_fn(|i| cos * axes[0][i] + sin * axes[2][i]);
        let moves: [f32; 6] = core::array::from_fn(|k| if k < 3 { to[k] - sight[k] } else { 0.0 });
        let after = State { mean: moves, covariance: far_out.covariance };
        let found = leaned(&after, -2.0, &sight, share);
        let (before, p) = (full(&after.covariance), full(&found.covariance));
        let unit = |of: [f32; 3]| of.map(|a| f64::from(a) / 20_000.0);
        let wanted = mean_of(&before, &lean(&before, &unit(sight), &unit(to)), f64::from(share));
        close(&found.covariance, &wanted, 1e-4);
        let along =
            |a: [f64; 3], p: &Matrix| quadratic(p, &core::array::from_fn(|k| if k < 3 { a[k] } else { 0.0 })).sqrt();
        if (turn, share) == (0.1, 1.0) {
            let (old, new) = (along(unit(sight), &before), along(unit(to), &p));
            assert!((new / old - 1.0).abs() < 0.02, "{new} m along the new line, {old} along the old one");
            assert!(along(unit(to), &before) > 5.0 * old, "it would have been wide");
        }
        let mut pivots = p;
        for k in 0..6 {
            assert!(pivots[k][k] > 1e-6 * p[k][k], "turn {turn}, share {share}: pivot {k} is {}", pivots[k][k]);
            for i in k + 1..6 {
                let part = pivots[i][k] / pivots[k][k];
                let row = pivots[k];
                pivots[i].iter_mut().zip(row).for_each(|(to, from)| *to -= part * from);
            }
        }
    }
}

/// An ellipsoid that another sensor's line made sharp is no arc of this range: it stays as the update left it. On the
/// ground it is known to 5 m, its height to kilometres, and the range comes from far below.
#[test]
fn what_another_sensor_told_does_not_turn() {
    let mut p = [0.0f32; COVARIANCE];
    for (axis, sigma) in [5.0f32, 5.0, 2000.0, 2.0, 2.0, 5.0].into_iter().enumerate() {
        p[tri(axis, axis)] = sigma * sigma;
    }
    let state = State { mean: [0.0; 6], covariance: p };
    let axes = [[0.6f32, 0.0, 0.8], [0.0, 1.0, 0.0], [0.8, 0.0, -0.6]];
    let mut observation = Observation::offsets(axes, [50.0, 100.0, 4000.0], 2);
    (observation.kinds, observation.ranges_m[0]) = (RANGE, 12_000.0);
    let detection = Detection { offset_m: [900.0, 0.0, 1200.0], ..Detection::default() };
    let seen = LinearizedMeasurement::gather(&[detection], &[observation], |_| 0, |_, _| 0, &state.mean);
    let found = seen.posterior(&state);
    assert!(found.mean[2] > 800.0, "the range tells its height: {}", found.mean[2]);
    let ground = found.covariance[tri(0, 0)].sqrt();
    assert!(ground < 5.1, "{ground} m on the ground");
}
