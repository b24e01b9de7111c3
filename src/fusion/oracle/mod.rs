//! Stages against a textbook in f64, written from their documents: every pair of a track and a detection, every hypothesis
//! and every track by itself, all rows of a measurement at once.

mod gate; // every pair compared
mod intensity; // what nothing has detected, and births of it
mod manage; // tracks as a list
mod models; // several motion models
mod orbit; // orbits in f64
mod orbit_models; // several orbits
mod turn; // turns as matrix exponentials
mod update; // hypotheses, then their mixture
mod wave_log; // what tracks took against all joint hypotheses

use super::arrays::{Arrays, BLOCK, COVARIANCE, Host, LaneStep, MEAN, at, tri};
use super::motion::{ConstantVelocity, Motion, Noise};
use super::state::State;
use super::tests::{Matrix, full};
use crate::scan::{Detection, Observation};
use crate::space::{Place, TILE_M};
use rand::{Rng, RngExt};

/// A look six seconds after the one before, in a plane; horizontal noise is not that along the vertical.
fn look() -> LaneStep {
    let motion = Motion {
        model: ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal: 3.0, vertical: 0.5 }.into(),
        survival_per_s: 0.99,
    };
    let mut look = LaneStep { awake: 1, gate: 13.816, detection_probability: 0.9, ..LaneStep::default() };
    motion.over(6.0, 0.0, &mut look);
    look
}

/// The noise of the last `c` seconds before such a look: q [c³/3, c²/2; c²/2, c] along each axis.
fn noise_since(c: f64) -> Matrix {
    core::array::from_fn(|i| {
        core::array::from_fn(|j| {
            let q = if i % 3 == 2 { 0.5 } else { 3.0 };
            match (i / 3, j / 3) {
                _ if i % 3 != j % 3 => 0.0,
                (0, 0) => q * c.powi(3) / 3.0,
                (1, 1) => q * c,
                _ => q * c * c / 2.0,
            }
        })
    })
}

fn plus(a: &Matrix, b: &Matrix, times: f64) -> Matrix {
    core::array::from_fn(|i| core::array::from_fn(|j| a[i][j] + times * b[i][j]))
}

/// A state in f64, its place counted from the origin of the frame.
#[derive(Clone, Copy, Debug)]
struct Known {
    x: [f64; 6],
    p: Matrix,
}

impl Known {
    fn of(tile: [i32; 3], state: &State<f32>) -> Self {
        let corner = |k: usize| if k < 3 { f64::from(tile[k]) * TILE_M } else { 0.0 };
        Self { x: core::array::from_fn(|k| corner(k) + f64::from(state.mean[k])), p: full(&state.covariance) }
    }

    /// Of a track.
    fn track(arrays: &Arrays<Host>, track: usize) -> Self {
        let tile = core::array::from_fn(|a| arrays.tile[at(track, a, 3)]);
        let mean = core::array::from_fn(|k| arrays.mean[at(track, k, MEAN)]);
        let covariance = core::array::from_fn(|k| arrays.covariance[at(track, k, COVARIANCE)]);
        Self::of(tile, &State { mean, covariance })
    }
}

/// What a detection measured at its own time, as a linear measurement of a state at the time of its scan: z = H x + v,
/// v ~ N(0, R). A row of position is [a, τ a], one of velocity [0, a].
struct Measurement {
    h: Vec<[f64; 6]>,
    z: Vec<f64>,
    r: Vec<f64>,
}

impl Measurement {
    fn of(detection: &Detection, observation: &Observation) -> Self {
        let tau = f64::from(detection.ahead_s);
        let place = Place { tile: detection.tile, offset_m: detection.offset_m }.metres();
        let (mut h, mut z, mut r) = (Vec::new(), Vec::new(), Vec::new());
        for row in &observation.position[..observation.axes as usize] {
            let a = row.direction.map(f64::from);
            h.push([a[0], a[1], a[2], tau * a[0], tau * a[1], tau * a[2]]);
            z.push((0..3).map(|k| a[k] * place[k]).sum());
            r.push(f64::from(row.sigma).powi(2));
        }
        for (row, rate) in observation.velocity.iter().zip(observation.rates_m_s).take(observation.rates as usize) {
            let a = row.direction.map(f64::from);
            h.push([0.0, 0.0, 0.0, a[0], a[1], a[2]]);
            z.push(f64::from(rate));
            r.push(f64::from(row.sigma).powi(2));
        }
        Self { h, z, r }
    }

    /// νᵀ S⁻¹ ν and N(ν; 0, S).
    fn innovation(&self, known: &Known) -> [f64; 2] {
        let [distance2, log_density] = self.log_innovation(known);
        [distance2, log_density.exp()]
    }

    /// νᵀ S⁻¹ ν and ln N(ν; 0, S), by the Cholesky factor of S = H P Hᵀ + R.
    fn log_innovation(&self, Known { x, p }: &Known) -> [f64; 2] {
        let n = self.h.len();
        let product = |a: &[f64; 6], b: &[f64; 6]| -> f64 {
            (0..6).flat_map(|i| (0..6).map(move |j| (i, j))).map(|(i, j)| a[i] * p[i][j] * b[j]).sum()
        };
        let (mut l, mut y) = (vec![vec![0.0; n]; n], vec![0.0; n]);
        let (mut distance2, mut log_density) = (0.0, 0.0);
        for i in 0..n {
            for j in 0..=i {
                let s = product(&self.h[i], &self.h[j]) + if i == j { self.r[i] } else { 0.0 };
                let left: f64 = s - (0..j).map(|k| l[i][k] * l[j][k]).sum::<f64>();
                l[i][j] = if i == j { left.sqrt() } else { left / l[j][j] };
            }
            let nu = self.z[i] - (0..6).map(|k| self.h[i][k] * x[k]).sum::<f64>();
            y[i] = (nu - (0..i).map(|k| l[i][k] * y[k]).sum::<f64>()) / l[i][i];
            distance2 += y[i] * y[i];
            log_density -= (core::f64::consts::TAU.sqrt() * l[i][i]).ln();
        }
        [distance2, log_density - 0.5 * distance2]
    }
}

/// An orthonormal basis; that of two measured axes has the third one upright.
fn basis(random: &mut impl Rng, axes: u32) -> [[f32; 3]; 3] {
    let mut angle = || random.random_range(0.0..core::f64::consts::TAU).sin_cos();
    let ((s, c), (t, d)) = (angle(), if axes == 2 { (0.0, 1.0) } else { angle() });
    #[expect(clippy::cast_possible_truncation, reason = "unit vectors")]
    [[c, s, 0.0], [-s * d, c * d, t], [s * t, -c * t, d]].map(|axis| axis.map(|m| m as f32))
}

/// A way to measure: positions along two axes or three, with up to three rows of velocity.
fn observation(random: &mut impl Rng, axes: u32, rates: usize) -> Observation {
    let sigma_m = [(); 3].map(|()| random.random_range(10.0..40.0));
    let mut to = Observation::offsets(basis(random, axes), sigma_m, axes);
    for _ in 0..rates {
        let [direction, ..] = basis(random, 3);
        to = to.with_rate(direction, random.random_range(-20.0..20.0), random.random_range(2.0..8.0));
    }
    to
}

/// Tracks in a square of 6 km, less certain than measurements or not, with correlations between all of their numbers.
fn tracks(random: &mut impl Rng, count: usize) -> Arrays<Host> {
    let mut arrays = Arrays::<Host>::default();
    arrays.resize_blocks(count.div_ceil(BLOCK));
    for track in 0..count {
        let place = Place::from_metres([6000.0, 6000.0, 900.0].map(|side| random.random_range(0.0..side)));
        for a in 0..3 {
            arrays.tile[at(track, a, 3)] = place.tile[a];
            arrays.mean[at(track, a, MEAN)] = place.offset_m[a];
            arrays.mean[at(track, 3 + a, MEAN)] = random.random_range(-20.0..20.0);
        }
        let scale = 10f32.powf(random.random_range(1.0..2.2));
        let l: [[f32; 6]; 6] = core::array::from_fn(|i| {
            let size = if i < 3 { scale } else { 0.15 * scale };
            core::array::from_fn(|j| size * if i == j { 1.0 } else { random.random_range(-0.4..0.4) })
        });
        // More than the noise of the last six seconds, as what has been predicted is.
        let more = noise_since(6.0);
        for i in 0..6 {
            for j in i..6 {
                let sum: f32 = (0..6).map(|k| l[i][k] * l[j][k]).sum();
                #[expect(clippy::cast_possible_truncation, reason = "rounded once")]
                let sum = sum + more[i][j] as f32;
                arrays.covariance[at(track, tri(i, j), COVARIANCE)] = sum;
            }
        }
        arrays.odds[track] = 10f32.powf(random.random_range(-2.0..3.0));
    }
    arrays
}

/// A detection near a track, of the time of the scan or from before it.
fn near(random: &mut impl Rng, known: &Known, observation: u32, ahead_s: f32) -> Detection {
    let at = core::array::from_fn(|a| {
        let (sigma, moved) = (known.p[a][a].sqrt(), f64::from(ahead_s) * known.x[3 + a]);
        known.x[a] + moved + random.random_range(-3.0..3.0) * sigma
    });
    let Place { tile, offset_m } = Place::from_metres(at);
    Detection { tile, ahead_s, offset_m, observation }
}
