//! The path of an object, marginalised: how far each of its detections lies from where all before it say that it is.
//!
//! A Kalman filter of position and velocity, in f64, over the detections of all sensors. A measured row y = h·x + e of variance
//! R has the innovation ν = y − h·x̂ with the variance S = h P hᵀ + R, and innovations of one object are uncorrelated: so Σ ν² / S
//! is what is left of the likelihood of all its rows once its path is integrated out. No detection is held against a path that
//! it made itself, and nothing is thought of where the object began: the first detection begins the path.
//!
//! A row with |ν| > k √S counts for less, as Huber has it: with the weight w = k √S / |ν| its R is taken so much larger that
//! S is S / w, in the filter and in the sum alike.

#![expect(clippy::indexing_slicing, clippy::needless_range_loop, reason = "indices of a state, from 0 to 5")]

use super::plot::Seen;
use crate::space::{Vector, dot, plus};

/// Standard deviations beyond which a row counts for less.
const HUBER: f64 = 1.5;
/// How far a place may lie along an axis of which nothing is known, metres.
const UNKNOWN_M: f64 = 1e4;

/// How objects move.
#[derive(Clone, Copy, Debug)]
pub(super) struct Motion {
    /// Intensity of white acceleration along the horizontal and along the vertical, m²/s³.
    pub(super) intensity: [f64; 2],
    /// Standard deviations of a first velocity along them, m/s.
    pub(super) speed_m_s: [f64; 2],
}

/// What a row says against those before it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Residual {
    /// ν, metres.
    pub(super) off_m: f64,
    /// S, by the weight of the row, m².
    pub(super) variance_m2: f64,
    /// R, by its weight.
    pub(super) noise_m2: f64,
    /// ν² / S without a weight.
    pub(super) square: f64,
}

/// Position, from a point that does not move, and velocity.
struct Path {
    from: Vector,
    mean: [f64; 6],
    covariance: [[f64; 6]; 6],
}

/// How much rows count.
#[derive(Clone, Copy, Debug)]
pub(super) enum Noise<'a> {
    /// As Huber has it, where so many times the standard deviations that are said are true.
    Weighed(f64),
    /// Their R are these, row by row.
    Known(&'a [f64]),
}

/// The rows of detections, all but those of the first one, in their order.
pub(super) fn residuals(seen: &[Seen], up: Vector, motion: &Motion, noise: Noise<'_>) -> Vec<Residual> {
    let Some((first, rest)) = seen.split_first() else { return Vec::new() };
    let mut path = Path::begin(first, up, motion);
    let mut found = Vec::with_capacity(3 * rest.len());
    let mut before_s = first.at_s;
    for detection in rest {
        path.go_on(detection.at_s - before_s, up, motion);
        before_s = detection.at_s;
        for row in 0..detection.rows.min(3) {
            found.push(path.update((detection, row), found.len(), noise));
        }
    }
    found
}

impl Path {
    fn begin(first: &Seen, up: Vector, motion: &Motion) -> Self {
        let mut covariance = [[0.0; 6]; 6];
        for (axis, sigma_m) in first.axes.iter().zip(first.sigma_m) {
            let sigma_m = if sigma_m > 0.0 { sigma_m } else { UNKNOWN_M };
            for i in 0..3 {
                for j in 0..3 {
                    covariance[i][j] += sigma_m * sigma_m * axis[i] * axis[j];
                }
            }
        }
        let speeds = motion.speed_m_s.map(|speed| speed * speed);
        for i in 0..3 {
            for j in 0..3 {
                covariance[3 + i][3 + j] = along(speeds, up, i, j);
            }
        }
        Self { from: first.place, mean: [0.0; 6], covariance }
    }

    fn go_on(&mut self, dt_s: f64, up: Vector, motion: &Motion) {
        for i in 0..3 {
            self.mean[i] += dt_s * self.mean[3 + i];
        }
        let p = &mut self.covariance;
        for i in 0..3 {
            for j in 0..6 {
                p[i][j] += dt_s * p[3 + i][j];
            }
        }
        for i in 0..6 {
            for j in 0..3 {
                p[i][j] += dt_s * p[i][3 + j];
            }
        }
        // A derivative by time may step back by a part of a detection's own.
        let dt_s = dt_s.max(0.0);
        for i in 0..3 {
            for j in 0..3 {
                let q = along(motion.intensity, up, i, j);
                p[i][j] += q * dt_s.powi(3) / 3.0;
                p[i][3 + j] += q * dt_s * dt_s / 2.0;
                p[3 + i][j] += q * dt_s * dt_s / 2.0;
                p[3 + i][3 + j] += q * dt_s;
            }
        }
    }

    /// Takes in one row of a detection.
    fn update(&mut self, (seen, row): (&Seen, usize), number: usize, noise: Noise<'_>) -> Residual {
        let [x, y, z, ..] = self.mean;
        let here = plus(self.from, 1.0, [x, y, z]);
        let (axis, off_m) = match seen.site {
            Some(site) if row == 0 => self.range(seen, plus(here, -1.0, site), site),
            _ => (seen.axes[row], dot(plus(seen.place, -1.0, here), seen.axes[row])),
        };
        let gain: [f64; 6] = core::array::from_fn(|i| (0..3).map(|j| self.covariance[i][j] * axis[j]).sum());
        let spread_m2 = dot([gain[0], gain[1], gain[2]], axis);
        let plain_m2 = spread_m2 + seen.sigma_m[row] * seen.sigma_m[row];
        let square = off_m * off_m / plain_m2;
        let variance_m2 = match noise {
            Noise::Known(noise_m2) => spread_m2 + noise_m2[number],
            Noise::Weighed(scale) => plain_m2 * (square.sqrt() / (HUBER * scale)).max(1.0),
        };
        for i in 0..6 {
            self.mean[i] += gain[i] * off_m / variance_m2;
            for j in 0..6 {
                self.covariance[i][j] -= gain[i] * gain[j] / variance_m2;
            }
        }
        Residual { off_m, variance_m2, noise_m2: variance_m2 - spread_m2, square }
    }
}

impl Path {
    /// A range along the line of sight to the prediction, to second order: what lies across the line is farther away.
    fn range(&self, seen: &Seen, line: Vector, site: Vector) -> (Vector, f64) {
        let far_m = dot(line, line).sqrt().max(1.0);
        let axis = line.map(|x| x / far_m);
        let p = &self.covariance;
        let all_m2: f64 = (0..3).map(|i| p[i][i]).sum();
        let along_m2: f64 = (0..3).map(|i| (0..3).map(|j| axis[i] * p[i][j] * axis[j]).sum::<f64>()).sum();
        let measured = plus(seen.place, -1.0, site);
        (axis, dot(measured, measured).sqrt() - far_m - (all_m2 - along_m2) / (2.0 * far_m))
    }
}

/// An element of what is one number along the horizontal and another along the vertical.
fn along([horizontal, vertical]: [f64; 2], up: Vector, i: usize, j: usize) -> f64 {
    let same = if i == j { horizontal } else { 0.0 };
    same + (vertical - horizontal) * up[i] * up[j]
}
