//! Coordinated turns against the differential equation v' = ω u × v + w in f64: its matrix exponential, and van Loan's for the
//! noise (IEEE Trans. Automatic Control 23(3), 1978), by series of squared steps; nothing of the closed forms of the twin.

use super::update::mixed;
use super::{Known, plus};
use crate::fusion::arrays::{LaneStep, tri};
use crate::fusion::motion::{
    Between, ConstantVelocity, CoordinatedTurn, Member, Models, Motion, Noise, ProcessNoise, bend_m, curved, tangent,
};
use crate::fusion::observation::LinearizedMeasurement;
use crate::fusion::predict::{predict_one, up};
use crate::fusion::simd::{Simd, array};
use crate::fusion::state::State;
use crate::fusion::tests::{Matrix, close, covariance, full, multiply, radar};
use crate::scan::Detection;
use crate::space::Place;
use wide::f32x8;

type Big = [[f64; 12]; 12];

fn product(a: &Big, b: &Big) -> Big {
    core::array::from_fn(|i| core::array::from_fn(|j| (0..12).map(|k| a[i][k] * b[k][j]).sum()))
}

fn exponential(a: &Big) -> Big {
    let largest = a.iter().flatten().fold(0.0f64, |most, x| most.max(x.abs()));
    let halvings = (0..64).find(|n| largest * 0.5f64.powi(*n) < 0.01).unwrap_or(0);
    let unit: Big = core::array::from_fn(|i| core::array::from_fn(|j| f64::from(u8::from(i == j))));
    let small = a.map(|row| row.map(|x| x * 0.5f64.powi(halvings)));
    let (mut sum, mut term) = (unit, unit);
    for n in 1..12 {
        term = product(&term, &small).map(|row| row.map(|x| x / f64::from(n)));
        for (sum, term) in sum.iter_mut().flatten().zip(term.iter().flatten()) {
            *sum += term;
        }
    }
    (0..halvings).fold(sum, |power, _| product(&power, &power))
}

/// F and Q after t seconds of a turn by so many degrees a second to the right about `u`, with noise of q along the horizontal and
/// along `u`. Backwards there is no Q.
pub(super) fn flow(turn_deg_s: f64, [level, upright]: [f64; 2], u: [f64; 3], t: f64) -> (Matrix, Matrix) {
    let rate = -turn_deg_s.to_radians();
    let cross = [[0.0, -u[2], u[1]], [u[2], 0.0, -u[0]], [-u[1], u[0], 0.0]];
    let mut a = [[0.0; 12]; 12];
    for i in 0..3 {
        (a[i][3 + i], a[9 + i][6 + i]) = (-t, t);
        for j in 0..3 {
            a[3 + i][3 + j] = -rate * cross[i][j] * t;
            a[9 + i][9 + j] = rate * cross[j][i] * t;
            let flat = if i == j { level } else { 0.0 };
            a[3 + i][9 + j] = (flat + (upright - level) * u[i] * u[j]) * t;
        }
    }
    let all = exponential(&a);
    let f: Matrix = core::array::from_fn(|i| core::array::from_fn(|j| all[6 + j][6 + i]));
    (f, multiply(&f, &core::array::from_fn(|i| core::array::from_fn(|j| all[i][6 + j]))))
}

/// Another axis of the frame, and a unit vector from the Earth's centre.
const FRAMES: [(u32, [f64; 3]); 2] = [(0, [3.0e5, -2.0e5, 4.0e3]), (1, [4_200_000.0, 170_000.0, 4_780_000.0])];
const LEVELS: [f64; 2] = [12.0, 0.7];

fn motion(turn_deg_s: f64) -> Motion {
    let [horizontal, vertical] = LEVELS;
    Motion { model: CoordinatedTurn { turn_deg_s, horizontal, vertical }.into(), survival_per_s: 1.0 }
}

fn look(motion: &Motion, radial: u32, dt_s: f64) -> LaneStep {
    let mut look = LaneStep { awake: 1, radial, ..LaneStep::default() };
    motion.over(dt_s, 0.0, &mut look);
    look
}

fn start(metres: [f64; 3]) -> ([i32; 3], State<f32>) {
    let Place { tile, offset_m: [x, y, z] } = Place::from_metres(metres);
    (tile, State { mean: [x, y, z, 150.0, -80.0, 12.0], covariance: covariance(10.0) })
}

fn upwards(look: &LaneStep, tile: [i32; 3], state: &State<f32>) -> [f64; 3] {
    up(look, &tile.map(|t| t as f32), &state.mean).map(f64::from)
}

fn through(f: &Matrix, Known { x, p }: &Known, noise: &Matrix) -> Known {
    let turned = core::array::from_fn(|i| core::array::from_fn(|j| f[j][i]));
    let x = core::array::from_fn(|i| (0..6).map(|k| f[i][k] * x[k]).sum());
    Known { x, p: plus(&multiply(&multiply(f, p), &turned), noise, 1.0) }
}

/// Places within so many metres, velocities within so many metres a second, covariances within a share of what their standard
/// deviations allow.
fn same(found: &Known, wanted: &Known, [metres, metres_a_s, share]: [f64; 3], what: &str) {
    for k in 0..6 {
        let apart = (found.x[k] - wanted.x[k]).abs();
        assert!(apart < if k < 3 { metres } else { metres_a_s }, "{what}: x[{k}] is {apart} off");
        for j in 0..6 {
            let scale = (wanted.p[k][k] * wanted.p[j][j]).sqrt();
            let apart = (found.p[k][j] - wanted.p[k][j]).abs() / scale;
            assert!(apart < share, "{what}: P[{k}][{j}] is {apart} off");
        }
    }
}

#[test]
fn a_turn_is_the_matrix_exponential_of_its_differential_equation() {
    for (radial, metres) in FRAMES {
        for rate in [3.0, -3.0, 40.0, -0.2, 1e-4, -1e-9] {
            for dt_s in [0.0, 0.25, 4.0, 10.0, 61.0, 400.0] {
                let look = look(&motion(rate), radial, dt_s);
                let (mut tile, mut state) = start(metres);
                let u = upwards(&look, tile, &state);
                // A vertical of 32 bits is not quite of length 1, which turns by as much more or less.
                let turned = f64::abs(rate).to_radians() * dt_s;
                let (f, q) = flow(rate, LEVELS, u, dt_s);
                let wanted = through(&f, &Known::of(tile, &state), &q);
                predict_one(&look, &mut tile, &mut state);
                let what = format!("{rate} deg/s, {dt_s} s, radial {radial}");
                same(
                    &Known::of(tile, &state),
                    &wanted,
                    [2e-3 + 1e-6 * 170.0 * dt_s, 3e-4 + 1e-5 * turned, 2e-5],
                    &what,
                );
            }
        }
    }
}

#[test]
fn after_a_whole_turn_all_is_where_it_began() {
    for (rate, radial) in [(3.0, 0), (-7.5, 0), (3.0, 1)] {
        let mut motion = motion(rate);
        motion.model = CoordinatedTurn { turn_deg_s: rate, horizontal: 0.0, vertical: 0.0 }.into();
        let (first, begun) = start(FRAMES[0].1);
        let (first, begun) = if radial == 1 { start(FRAMES[1].1) } else { (first, begun) };
        let (mut tile, mut state) = (first, begun);
        let climbs = upwards(&look(&motion, radial, 1.0), tile, &state);
        let climb: f64 = (0..3).map(|a| climbs[a] * f64::from(state.mean[3 + a])).sum();
        // In one step, so that the vertical is one.
        predict_one(&look(&motion, radial, 360.0 / f64::abs(rate)), &mut tile, &mut state);
        let (found, wanted) = (Known::of(tile, &state), Known::of(first, &begun));
        for (a, upwards) in climbs.iter().enumerate() {
            let way_m = upwards * climb * 360.0 / f64::abs(rate);
            assert!((found.x[a] - way_m - wanted.x[a]).abs() < 5e-3, "{rate}: {} from {}", found.x[a], wanted.x[a]);
            assert!((found.x[3 + a] - wanted.x[3 + a]).abs() < 1e-4, "{rate}");
        }
    }
}

#[test]
fn a_turn_of_hardly_any_rate_is_constant_velocity() {
    let [horizontal, vertical] = LEVELS;
    let straight = ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal, vertical };
    for dt_s in [1.0, 30.0] {
        let straight = Motion { model: straight.into(), survival_per_s: 1.0 };
        let (mut tile, mut state) = start(FRAMES[1].1);
        let (mut turned_tile, mut turned) = (tile, state);
        predict_one(&look(&straight, 1, dt_s), &mut tile, &mut state);
        predict_one(&look(&motion(1e-12), 1, dt_s), &mut turned_tile, &mut turned);
        same(&Known::of(turned_tile, &turned), &Known::of(tile, &state), [1e-3, 1e-5, 2e-5], "straight on");
    }
}

/// A detection before its scan is what it is at its own time, where the filter stops for it.
#[test]
fn a_detection_before_its_scan_is_one_at_its_own_time() {
    for (rate, ago_s) in [(3.0, 4.0f32), (-9.0, 4.0), (0.01, 1.0), (18.0, 9.0)] {
        let (motion, dt_s, before_s) = (motion(rate), 10.0, f64::from(ago_s));
        let (whole, first, rest) =
            (look(&motion, 0, dt_s), look(&motion, 0, dt_s - before_s), look(&motion, 0, before_s));
        let (place, begun) = start(FRAMES[0].1);
        let (mut tile, mut wanted) = (place, begun);
        predict_one(&first, &mut tile, &mut wanted);
        let (_, observation) = radar(0.0);
        let offset_m = [wanted.mean[0] + 40.0, wanted.mean[1] - 25.0, wanted.mean[2] + 30.0];
        let detection = Detection { tile, ahead_s: 0.0, offset_m, observation: 0 };
        let gathered = |d: Detection, tile: [i32; 3], state: &State<f32>| {
            LinearizedMeasurement::<f32>::gather(&[d], &[observation], |_| 0, |_, a| tile[a], &state.mean)
        };
        let seen = gathered(detection, tile, &wanted);
        let (innovation, after) = (seen.innovation(&wanted), seen.posterior(&wanted));
        wanted = State { mean: array(|k| wanted.mean[k] + after.mean[k]), covariance: after.covariance };
        predict_one(&rest, &mut tile, &mut wanted);

        let (mut tile_now, mut found) = (place, begun);
        predict_one(&whole, &mut tile_now, &mut found);
        let late = Detection { ahead_s: -ago_s, ..detection };
        let from = tile_now.map(|t| t as f32);
        let line = tangent(&whole, &from, late.ahead_s, &found);
        let seen = gathered(late, tile_now, &line);
        let late_innovation = seen.innovation(&line);
        for (found, wanted) in
            [(late_innovation.distance2, innovation.distance2), (late_innovation.determinant, innovation.determinant)]
        {
            assert!((found / wanted - 1.0).abs() < 2e-3, "{rate}: {found}, wanted {wanted}");
        }
        let u = up(&whole, &from, &found.mean);
        let after = curved(&whole, &u, (late.ahead_s, ago_s), &seen.posterior(&line));
        found = State { mean: array(|k| found.mean[k] + after.mean[k]), covariance: after.covariance };
        let wanted = Known::of(tile, &wanted);
        same(&Known::of(tile_now, &found), &wanted, [0.02, 1e-3, 2e-4], &format!("{rate} deg/s, {ago_s} s ago"));
    }
}

#[test]
fn lines_and_curves_undo_one_another_and_stay_within_the_bend() {
    let look = look(&motion(3.0), 1, 30.0);
    let (tile, mut state) = start(FRAMES[1].1);
    state.covariance = core::array::from_fn(|k| state.covariance[k] + look.noise.pp * f32::from(u8::from(k == 0)));
    let from = tile.map(|t| f32x8::splat(t as f32));
    let eight = State { mean: state.mean.map(f32x8::splat), covariance: state.covariance.map(f32x8::splat) };
    let u = up(&look, &from, &eight.mean);
    for ahead_s in [-0.5f32, -4.0, -29.0, -59.0, -200.0] {
        let quiet = LaneStep { noise: ProcessNoise::default(), ..look };
        let line = tangent(&quiet, &from, f32x8::splat(ahead_s), &eight);
        let back = curved(&quiet, &u, (f32x8::splat(ahead_s), f32x8::splat(0.0)), &line);
        let back = State { mean: back.mean.map(|x| x.at(3)), covariance: back.covariance.map(|p| p.at(3)) };
        // Places go by velocities there and back.
        let wide = 1.0 + f64::from(ahead_s * ahead_s) / 40.0;
        same(&Known::of(tile, &back), &Known::of(tile, &state), [1e-2, 1e-3, 2e-5 * wide], &format!("{ahead_s} s"));
        let apart: f64 = (0..3)
            .map(|a| {
                let at = |of: &State<f32x8>| f64::from(of.mean[a].at(0)) + f64::from(ahead_s * of.mean[3 + a].at(0));
                (at(&line) - at(&eight)).powi(2)
            })
            .sum();
        let most = bend_m(&look, ahead_s.abs(), &eight, 16.0).at(0);
        assert!(apart.sqrt() <= f64::from(most), "{ahead_s} s: {} beyond {most}", apart.sqrt());
    }
}

/// Moments of the mixture of what each model makes of a state, forwards and back.
#[test]
fn a_course_has_the_moments_of_what_its_models_say() {
    let [horizontal, vertical] = LEVELS;
    let straight = |horizontal| ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal, vertical };
    let turn = |turn_deg_s| CoordinatedTurn { turn_deg_s, horizontal, vertical };
    let all = [straight(0.3).into(), straight(500.0).into(), turn(3.0).into(), turn(-5.0).into()];
    let sojourns = [75.0, 20.0, 15.0, 9.0];
    let members: Vec<Member> =
        all.into_iter().zip(sojourns).map(|(model, sojourn_s)| Member { model, sojourn_s }).collect();
    let motion = Motion { model: Models::new(&members).expect("four").into(), survival_per_s: 1.0 };
    let of = [(0.0, [0.3, vertical]), (0.0, [500.0, vertical]), (3.0, LEVELS), (-5.0, LEVELS)];
    for (radial, metres) in FRAMES {
        for dt_s in [1.0, 6.0, 20.0] {
            let between = Between::new(look(&motion, radial, dt_s), &motion);
            let weights = [0.1, 0.3, 0.55, 0.05];
            let (place, begun) = start(metres);
            let u = upwards(between.look(), place, &begun);
            let known = Known::of(place, &begun);
            let still = [[0.0; 6]; 6];
            let (course, after) = between.of(&weights);
            let ahead: Vec<(f64, Known)> = of
                .iter()
                .zip(after)
                .map(|((rate, levels), c)| {
                    let (f, q) = flow(*rate, *levels, u, dt_s);
                    (f64::from(c), through(&f, &known, &q))
                })
                .collect();
            let (mut tile, mut state) = (place, begun);
            course.take(&mut tile, &mut state);
            same(&Known::of(tile, &state), &mixed(&ahead).1, [0.01, 1e-3, 2e-5], &format!("{dt_s} s"));
            let (course, _) = between.until(&weights);
            let back: Vec<(f64, Known)> = of
                .iter()
                .zip(weights)
                .map(|((rate, levels), c)| {
                    let noisy = Known { x: known.x, p: plus(&known.p, &flow(*rate, *levels, u, dt_s).1, 1.0) };
                    (f64::from(c), through(&flow(*rate, [0.0; 2], u, -dt_s).0, &noisy, &still))
                })
                .collect();
            let (mut tile, mut state) = (place, begun);
            course.take(&mut tile, &mut state);
            same(&Known::of(tile, &state), &mixed(&back).1, [0.01, 1e-3, 2e-5], &format!("{dt_s} s back"));
        }
    }
}

#[test]
fn noise_that_is_taken_off_leaves_a_covariance() {
    // What is known exactly before, and a detection from before the scan before.
    for rate in [3.0, 30.0] {
        let look = look(&motion(rate), 0, 4.0);
        let (mut tile, mut state) = start(FRAMES[0].1);
        state.covariance = [0.0; 21];
        predict_one(&look, &mut tile, &mut state);
        for ahead_s in [-1.0f32, -3.9, -4.0, -6.0] {
            let line = tangent(&look, &tile.map(|t| t as f32), ahead_s, &state);
            for k in 0..6 {
                assert!(line.covariance[tri(k, k)] >= -1e-3 * state.covariance[tri(k, k)], "{rate} {ahead_s} {k}");
            }
            let on = curved(&look, &[0.0, 0.0, 1.0], (ahead_s, (-ahead_s).min(4.0)), &line);
            close(&on.covariance, &full(&state.covariance), 1e-4);
        }
    }
}
