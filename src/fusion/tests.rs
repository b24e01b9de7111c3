//! The stages of the filter against a textbook in f64. Blocks against single numbers: `tests/twins/`.

use super::arrays::{COVARIANCE, LaneStep, tri};
use super::motion::{ConstantVelocity, Motion, Noise, ProcessNoise};
use super::observation::LinearizedMeasurement;
use super::predict::{lasting, predict_one};
use super::state::State;
use super::undetected::{Prior, UndetectedIntensity};
use crate::scan::{Detection, Observation, Plane};
use crate::space::Place;

pub(super) type Matrix = [[f64; 6]; 6];

pub(super) fn full(p: &[f32; COVARIANCE]) -> Matrix {
    core::array::from_fn(|i| core::array::from_fn(|j| f64::from(p[tri(i, j)])))
}

pub(super) fn multiply(a: &Matrix, b: &Matrix) -> Matrix {
    core::array::from_fn(|i| core::array::from_fn(|j| (0..6).map(|k| a[i][k] * b[k][j]).sum()))
}

fn transposed(a: &Matrix) -> Matrix {
    core::array::from_fn(|i| core::array::from_fn(|j| a[j][i]))
}

/// A covariance with every element in play: L Lᵀ.
pub(super) fn covariance(scale: f32) -> [f32; COVARIANCE] {
    let l = |i: usize, j: usize| if i == j { 3.0 + i as f32 } else { 0.3 * (i as f32 + 1.0) - 0.2 * j as f32 };
    let mut p = [0.0; COVARIANCE];
    for i in 0..6 {
        for j in i..6 {
            p[tri(i, j)] = scale * (0..=i).map(|k| l(i, k) * l(j, k)).sum::<f32>();
        }
    }
    p
}

pub(super) fn close(found: &[f32; COVARIANCE], wanted: &Matrix, relative: f64) {
    let largest = wanted.iter().flatten().fold(0.0f64, |a, b| a.max(b.abs()));
    for i in 0..6 {
        for j in i..6 {
            let (f, w) = (f64::from(found[tri(i, j)]), wanted[i][j]);
            assert!((f - w).abs() <= relative * largest, "P[{i}][{j}] = {f}, wanted {w}");
        }
    }
}

/// x and P after a linear measurement z = H x + noise, all rows at once.
pub(super) fn textbook_update(x: &[f64; 6], p: &Matrix, h: &[[f64; 6]], z: &[f64], r: &[f64]) -> ([f64; 6], Matrix) {
    let n = h.len();
    let ph: Vec<[f64; 6]> = h.iter().map(|h| core::array::from_fn(|i| (0..6).map(|k| p[i][k] * h[k]).sum())).collect();
    let mut s = vec![vec![0.0; n]; n];
    for (a, row) in s.iter_mut().enumerate() {
        for (b, cell) in row.iter_mut().enumerate() {
            *cell = (0..6).map(|k| h[a][k] * ph[b][k]).sum::<f64>() + if a == b { r[a] } else { 0.0 };
        }
    }
    let inverse = inverted(s);
    let nu: Vec<f64> = (0..n).map(|a| z[a] - (0..6).map(|k| h[a][k] * x[k]).sum::<f64>()).collect();
    let gain: Vec<[f64; 6]> =
        (0..n).map(|b| core::array::from_fn(|i| (0..n).map(|a| ph[a][i] * inverse[a][b]).sum())).collect();
    let to = core::array::from_fn(|i| x[i] + (0..n).map(|a| gain[a][i] * nu[a]).sum::<f64>());
    let cut = core::array::from_fn(|i| {
        core::array::from_fn(|j| p[i][j] - (0..n).map(|a| gain[a][i] * ph[a][j]).sum::<f64>())
    });
    (to, cut)
}

fn inverted(mut a: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
    let n = a.len();
    let mut b: Vec<Vec<f64>> = (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    for c in 0..n {
        let d = a[c][c];
        for j in 0..n {
            a[c][j] /= d;
            b[c][j] /= d;
        }
        for i in (0..n).filter(|i| *i != c) {
            let f = a[i][c];
            for j in 0..n {
                a[i][j] -= f * a[c][j];
                b[i][j] -= f * b[c][j];
            }
        }
    }
    b
}

#[test]
fn prediction_is_the_textbooks() {
    let look = LaneStep {
        radial: 1,
        dt_s: 4.0,
        survival: 0.9,
        noise: ProcessNoise {
            pp: 21.0,
            pv: 8.0,
            vv: 4.0,
            extra_pp: -20.0,
            extra_pv: -7.5,
            extra_vv: -3.75,
            ..ProcessNoise::default()
        },
        ..LaneStep::default()
    };
    let metres = [4_200_000.0, 170_000.0, 4_780_000.0];
    let Place { mut tile, offset_m } = Place::from_metres(metres);
    let velocity = [120.0, -180.0, 40.0];
    let p = covariance(1.0);
    let mut state =
        State { mean: core::array::from_fn(|k| if k < 3 { offset_m[k] } else { velocity[k - 3] }), covariance: p };
    predict_one(&look, &mut tile, &mut state);

    let f: Matrix = core::array::from_fn(|i| {
        core::array::from_fn(|j| {
            if i == j {
                1.0
            } else if j == i + 3 {
                4.0
            } else {
                0.0
            }
        })
    });
    let norm = metres.iter().map(|m| m * m).sum::<f64>().sqrt();
    let u = metres.map(|m| m / norm);
    let block = |flat: f64, extra: f64, i: usize, j: usize| if i == j { flat } else { 0.0 } + extra * u[i] * u[j];
    let mut wanted = multiply(&multiply(&f, &full(&p)), &transposed(&f));
    for i in 0..3 {
        for j in 0..3 {
            wanted[i][j] += block(21.0, -20.0, i, j);
            wanted[i][3 + j] += block(8.0, -7.5, i, j);
            wanted[3 + i][j] += block(8.0, -7.5, i, j);
            wanted[3 + i][3 + j] += block(4.0, -3.75, i, j);
        }
    }
    // A few rounded sums of products of elements up to the largest.
    close(&state.covariance, &wanted, 1e-6);
    let found = Place { tile, offset_m: [state.mean[0], state.mean[1], state.mean[2]] }.metres();
    for a in 0..3 {
        assert!((found[a] - metres[a] - 4.0 * f64::from(velocity[a])).abs() < 1e-3, "axis {a}");
        assert!(state.mean[a].abs() <= 512.0, "the offset stays in its tile");
    }
}

/// Three rows of position and three of velocity, the first as a radar has it.
pub(super) fn radar(ahead_s: f32) -> (Detection, Observation) {
    let place = Place::from_metres([1000.0, 2000.0, 500.0]);
    let detection = Detection { tile: place.tile, ahead_s, offset_m: place.offset_m, observation: 0 };
    let directions = [[0.6, 0.8, 0.0], [0.8, -0.6, 0.0], [0.0, 0.0, 1.0]];
    let observation = Observation::offsets(directions, [30.0, 100.0, 200.0], 3)
        .with_rate(directions[0], 12.0, 2.0)
        .with_rate([0.0, 0.6, 0.8], -7.0, 3.0)
        .with_rate([0.0, 0.0, 1.0], 1.5, 0.5);
    (detection, observation)
}

fn velocity_row(direction: [f32; 3]) -> [f64; 6] {
    core::array::from_fn(|k| if k < 3 { 0.0 } else { f64::from(direction[k - 3]) })
}

#[test]
fn sequential_scalar_updates_are_the_joint_update_of_the_textbook() {
    for ahead_s in [0.0f32, -3.5, 2.0] {
        let (detection, observation) = radar(ahead_s);
        let tile = [1, 2, 0];
        let mean = [-60.0, -10.0, 480.0, 30.0, -20.0, 5.0];
        let state = State { mean, covariance: covariance(100.0) };
        let seen = LinearizedMeasurement::gather(&[detection], &[observation], |_| 0, |_, a| tile[a], &state.mean);
        let found = seen.posterior(&state);

        let axes = observation.position.map(|row| row.direction);
        let tau = f64::from(ahead_s);
        let mut h: Vec<[f64; 6]> = axes
            .iter()
            .map(|a| core::array::from_fn(|k| if k < 3 { f64::from(a[k]) } else { tau * f64::from(a[k - 3]) }))
            .collect();
        h.extend(observation.velocity.map(|row| velocity_row(row.direction)));
        let measured = [1000.0 - 1024.0, 2000.0 - 2048.0, 500.0];
        let mut z: Vec<f64> = axes.iter().map(|a| (0..3).map(|k| f64::from(a[k]) * measured[k]).sum::<f64>()).collect();
        z.extend(observation.rates_m_s.map(f64::from));
        let r = [900.0, 1e4, 4e4, 4.0, 9.0, 0.25];
        let x = mean.map(f64::from);
        let (wanted, p) = textbook_update(&x, &full(&state.covariance), &h, &z, &r);
        for k in 0..6 {
            let f = f64::from(mean[k] + found.mean[k]);
            assert!((f - wanted[k]).abs() < 2e-3, "x[{k}] = {f}, wanted {}", wanted[k]);
        }
        close(&found.covariance, &p, 3e-6);
    }
}

#[test]
fn the_innovation_is_that_of_all_rows_together() {
    let (detection, observation) = radar(1.5);
    let state = State { mean: [-60.0, -10.0, 480.0, 30.0, -20.0, 5.0], covariance: covariance(100.0) };
    let seen = LinearizedMeasurement::gather(&[detection], &[observation], |_| 0, |_, a| [1, 2, 0][a], &state.mean);
    let found = seen.innovation(&state);
    // The density of the rows one after another, from scalar posteriors, in f64.
    let axes = observation.position.map(|row| row.direction);
    let mut h: Vec<[f64; 6]> = axes
        .iter()
        .map(|a| core::array::from_fn(|k| if k < 3 { f64::from(a[k]) } else { 1.5 * f64::from(a[k - 3]) }))
        .collect();
    h.extend(observation.velocity.map(|row| velocity_row(row.direction)));
    let measured = [1000.0 - 1024.0, 2000.0 - 2048.0, 500.0];
    let mut z: Vec<f64> = axes.iter().map(|a| (0..3).map(|k| f64::from(a[k]) * measured[k]).sum::<f64>()).collect();
    z.extend(observation.rates_m_s.map(f64::from));
    let r = [900.0, 1e4, 4e4, 4.0, 9.0, 0.25];
    let (mut x, mut p) = (state.mean.map(f64::from), full(&state.covariance));
    let (mut distance2, mut determinant) = (0.0, 1.0);
    for row in 0..6 {
        let nu = z[row] - (0..6).map(|k| h[row][k] * x[k]).sum::<f64>();
        let s = (0..6).map(|i| (0..6).map(|j| h[row][i] * p[i][j] * h[row][j]).sum::<f64>()).sum::<f64>() + r[row];
        distance2 += nu * nu / s;
        determinant *= s * core::f64::consts::TAU;
        (x, p) = textbook_update(&x, &p, &h[row..=row], &z[row..=row], &r[row..=row]);
    }
    assert!((f64::from(found.distance2) / distance2 - 1.0).abs() < 1e-5, "{} {distance2}", found.distance2);
    assert!((f64::from(found.determinant) / determinant - 1.0).abs() < 1e-5, "{} {determinant}", found.determinant);
}

#[test]
fn a_diffuse_prior_and_a_sharp_measurement_leave_a_positive_covariance() {
    let mut p = [0.0; COVARIANCE];
    for k in 0..6 {
        p[tri(k, k)] = 1e12;
    }
    let mut state = State { mean: [0.0; 6], covariance: p };
    for step in 0..50u8 {
        let noise = ProcessNoise { pp: 0.3, pv: 0.5, vv: 1.0, ..ProcessNoise::default() };
        let look = LaneStep { dt_s: 1.0, survival: 1.0, noise, ..LaneStep::default() };
        let mut tile = [0; 3];
        predict_one(&look, &mut tile, &mut state);
        let detection = Detection { offset_m: [f32::from(step), 0.0, 0.0], ..Detection::default() };
        let directions = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let observation = Observation::offsets(directions, [1.0; 3], 3);
        let seen = LinearizedMeasurement::gather(&[detection], &[observation], |_| 0, |_, a| tile[a], &state.mean);
        let after = seen.posterior(&state);
        state = State { mean: core::array::from_fn(|k| state.mean[k] + after.mean[k]), covariance: after.covariance };
        for k in 0..6 {
            assert!(
                state.covariance[tri(k, k)] > 0.0,
                "variance {k} after step {step}: {}",
                state.covariance[tri(k, k)]
            );
        }
    }
    assert!((state.covariance[0] - 0.75).abs() < 0.25, "settled at {}", state.covariance[0]);
}

/// Over a stretch that nobody looked at, births and deaths balance; over a short one every birth is still there.
#[test]
fn a_field_that_rests_holds_the_births_of_a_mean_life() {
    let motion = Motion {
        model: ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal: 1.0, vertical: 1.0 }.into(),
        survival_per_s: 0.9995,
    };
    let after = |motion: Motion, dt_s: f64| {
        let plane = Plane {
            origin: Place::from_metres([0.0; 3]),
            east: [1.0, 0.0, 0.0],
            north: [0.0, 1.0, 0.0],
            centre: [0.0; 3],
            cell_m: 1.0,
            cells: [1, 1],
        };
        let prior =
            Prior { speed_m_s: 1.0, climb_m_s: 0.0, height_m: 0.0, height_most_m: f32::INFINITY, reports_per_s: 0.0 };
        let mut field = UndetectedIntensity::Field { planes: plane.into(), density: vec![1.0], birth: 1e-3, prior };
        let mut look = LaneStep::default();
        motion.over(dt_s, 0.0, &mut look);
        field.predict(&look, |_| {});
        field.count()
    };
    let near = |found: f64, wanted: f64| assert!((found / wanted - 1.0).abs() < 1e-3, "{found} {wanted}");
    near(after(motion, 10.0), 0.01 + 0.9995_f64.powi(10));
    for dt_s in [1e5, 1e9, 1e12] {
        near(after(motion, dt_s), 1e-3 / -0.9995_f64.ln());
    }
    near(after(Motion { survival_per_s: 1.0, ..motion }, 1e5), 101.0);
}

/// A track of a lane that hears nothing but reports: that it is there and silent against that it has ended, step by step in
/// f64, and what nothing has detected, likewise.
#[test]
fn silence_of_who_reports_counts_as_in_a_poisson_process() {
    let motion = Motion {
        model: ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal: 1.0, vertical: 1.0 }.into(),
        survival_per_s: 0.999,
    };
    let (rate, mut there, mut ended) = (0.02_f64, 0.95_f64, 0.05_f64);
    let (mut odds, mut undetected, mut weight) = (19.0_f32, 0.7_f32, 0.7_f64);
    for dt_s in [1.0, 7.5, 0.0, 30.0, 0.25] {
        let mut look = LaneStep::default();
        motion.over(dt_s, rate, &mut look);
        odds = lasting(&look, odds);
        undetected *= look.survival * (1.0 - look.heard);
        let lasts = 0.999_f64.powf(dt_s);
        (there, ended) = (there * lasts * (-rate * dt_s).exp(), ended + there * (1.0 - lasts));
        weight *= lasts * (-rate * dt_s).exp();
        for (found, wanted) in [(odds, there / ended), (undetected, weight)] {
            assert!((f64::from(found) / wanted - 1.0).abs() < 1e-5, "{found} {wanted}");
        }
    }
    let mut look = LaneStep::default();
    motion.over(1e9, rate, &mut look);
    assert!((look.births_s - 1.0 / (0.02 - 0.999_f32.ln())).abs() < 1e-3, "{}", look.births_s);
}

/// Up, and two horizontal axes, of a place on Earth; f64.
fn axes(metres: [f64; 3]) -> [[f64; 3]; 3] {
    let unit = |v: [f64; 3]| v.map(|m| m / v.iter().map(|m| m * m).sum::<f64>().sqrt());
    let cross =
        |a: [f64; 3], b: [f64; 3]| [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
    let up = unit(metres);
    let east = unit(cross([0.0, 0.0, 1.0], up));
    [up, east, cross(up, east)]
}

/// aᵀ P b of the block of P at row `i` and column `j`.
fn between(p: &[f32; COVARIANCE], (i, j): (usize, usize), a: &[f64; 3], b: &[f64; 3]) -> f64 {
    let p = full(p);
    (0..3).flat_map(|k| (0..3).map(move |l| (k, l))).map(|(k, l)| a[k] * p[i + k][j + l] * b[l]).sum()
}

#[test]
fn a_height_is_no_less_certain_than_heights_are_and_nothing_horizontal_changes() {
    let metres = [4_200_000.0, 170_000.0, 4_780_000.0];
    let (Place { mut tile, offset_m: [x, y, z] }, [up, east, north]) = (Place::from_metres(metres), axes(metres));
    let p = covariance(100.0);
    let variance = between(&p, (0, 0), &up, &up);
    for (excess, faded) in [(0.9, false), (4.0, true)] {
        #[expect(clippy::cast_possible_truncation, reason = "rounded once")]
        let height_information = (excess / variance) as f32;
        let look = LaneStep { radial: 1, survival: 1.0, height_information, ..LaneStep::default() };
        let mut state = State { mean: [x, y, z, 1.0, 2.0, 3.0], covariance: p };
        predict_one(&look, &mut tile, &mut state);
        assert_eq!(state.mean.map(f32::to_bits), [x, y, z, 1.0, 2.0, 3.0].map(f32::to_bits));
        if !faded {
            assert_eq!(state.covariance.map(f32::to_bits), p.map(f32::to_bits));
            continue;
        }
        // S P Sᵀ, S half of what is along the vertical.
        let s: Matrix = core::array::from_fn(|i| {
            core::array::from_fn(|j| {
                let one = if i == j { 1.0 } else { 0.0 };
                if i / 3 == j / 3 { one - 0.5 * up[i % 3] * up[j % 3] } else { 0.0 }
            })
        });
        close(&state.covariance, &multiply(&multiply(&s, &full(&p)), &transposed(&s)), 1e-6);
        for (block, a, b, share) in [
            ((0, 0), &up, &up, 0.25),
            ((3, 3), &up, &up, 0.25),
            ((0, 3), &up, &east, 0.5),
            ((0, 3), &east, &north, 1.0),
            ((0, 0), &east, &east, 1.0),
            ((3, 3), &north, &east, 1.0),
        ] {
            let (found, wanted) = (between(&state.covariance, block, a, b), share * between(&p, block, a, b));
            assert!((found - wanted).abs() < 1e-6 * variance, "{block:?}: {found}, wanted {wanted}");
        }
    }
}

/// The steady variance of a place after measuring it with `r` every `dt`, of a filter in f64 over one axis alone.
fn steady(q: f64, dt: f64, r: f64) -> f64 {
    let [mut pp, mut pv, mut vv] = [1e8, 0.0, 1e5];
    for _ in 0..10_000 {
        pp += dt * (2.0 * pv + dt * vv) + q * dt.powi(3) / 3.0;
        pv += dt * vv + q * dt * dt / 2.0;
        vv += q * dt;
        let (k, l) = (pp / (pp + r), pv / (pp + r));
        (pp, pv, vv) = (pp * (1.0 - k), pv * (1.0 - k), vv - l * pv);
    }
    pp
}

#[test]
fn ten_hours_without_a_height_cost_the_ground_nothing() {
    let metres = [4_200_000.0, 170_000.0, 4_780_000.0];
    let (Place { mut tile, offset_m: [x, y, z] }, axes) = (Place::from_metres(metres), axes(metres));
    let [up, east, north] = axes;
    let motion = Motion {
        model: ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal: 1.0, vertical: 10.0 }.into(),
        survival_per_s: 1.0,
    };
    let height_most_m = 7_500.0f32;
    let mut look = LaneStep { radial: 1, height_information: 1.0 / height_most_m.powi(2), ..LaneStep::default() };
    motion.over(10.0, 0.0, &mut look);
    let mut state = State { mean: [x, y, z, 0.0, 0.0, 0.0], covariance: covariance(1e4) };
    #[expect(clippy::cast_possible_truncation, reason = "unit vectors")]
    let directions = [east, north, up].map(|axis| axis.map(|m| m as f32));
    let observation = Observation::offsets(directions, [30.0, 30.0, 0.0], 2);
    let detection = Detection { tile, offset_m: [x, y, z], ..Detection::default() };
    for _ in 0..3600 {
        predict_one(&look, &mut tile, &mut state);
        let seen = LinearizedMeasurement::gather(&[detection], &[observation], |_| 0, |_, a| tile[a], &state.mean);
        let after = seen.posterior(&state);
        state = State { mean: core::array::from_fn(|k| state.mean[k] + after.mean[k]), covariance: after.covariance };
    }
    let wanted = steady(1.0, 10.0, 900.0);
    for axis in [east, north] {
        let found = between(&state.covariance, (0, 0), &axis, &axis);
        assert!((found / wanted - 1.0).abs() < 0.02, "{found} m², wanted {wanted}");
    }
    let height_m = between(&state.covariance, (0, 0), &up, &up).sqrt() / f64::from(height_most_m);
    assert!((1.0..1.1).contains(&height_m), "{height_m} of what heights are");
    // (q σ / √2)^⅔
    let climb = between(&state.covariance, (3, 3), &up, &up) / (10.0 * 7_500.0 / 2f64.sqrt()).powf(2.0 / 3.0);
    assert!((0.9..1.1).contains(&climb), "{climb} of what it settles at");
}
