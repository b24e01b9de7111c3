//! What a detection says of a state: residuals along measured axes, their covariance, and the posterior.
//!
//! A detection measures `axes` orthonormal directions aₖ of the position at its own time, p + τ v, each with its
//! variance: hₖ = \[aₖ, τ aₖ\], νₖ = aₖ · (z - p - τ v). For a position report the axes are those of the frame; for a
//! radar they are the line-of-sight frame, so that range, cross-range and height stay uncorrelated and no angle is
//! ever subtracted (converted measurements; Bar-Shalom, Li and Kirubarajan 2001, 10.4.3). A slant range without a
//! height is linearised at the prediction (extended Kalman filter): a₀ = (p - s) / |p - s|, ν₀ = r - |p - s|. A range
//! rate measures a₀ · v. Units: m, s. Kernel part: `shaders/shared/observation.wgsl`.

use super::arrays::{COVARIANCE, MEAN, tri};
use super::real::{Real, array, exp_of_nonpositive};
use super::state::{State, dot3, joseph};
use crate::scan::{Detection, Observation};
use crate::space::TILE_M;
use core::f32::consts::PI;

#[expect(clippy::cast_possible_truncation, reason = "1024 is exact")]
const TILE: f32 = TILE_M as f32;

/// One detection, or a block of them, as seen from a state.
#[derive(Clone, Copy, Debug)]
pub struct Seen<R> {
    /// Measured position less predicted position at the scan time, metres.
    pub difference: [R; 3],
    /// τ: time of the detection less time of the scan, seconds.
    pub ahead_s: R,
    /// Measured axes, unit vectors.
    pub axis: [[R; 3]; 3],
    /// Their standard deviations, metres.
    pub sigma_m: [R; 3],
    /// Slant range, metres.
    pub range_m: R,
    /// Range rate, m/s.
    pub rate_m_s: R,
    /// Its standard deviation; 0 if there is none.
    pub rate_sigma_m_s: R,
    /// Axes measured, 2 or 3.
    pub axes: R,
    /// 1 if the first axis is known only from the prediction.
    pub slant: R,
}

impl<R: Real> Seen<R> {
    /// Gathers detection `which(n)` for each place n, as seen from tiles `tile` and means `x`.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    pub fn gather(
        detections: &[Detection],
        observations: &[Observation],
        which: impl Fn(usize) -> usize,
        tile: impl Fn(usize, usize) -> i32,
        x: &[R; 6],
    ) -> Self {
        let zero = Detection::default();
        let mut rows = [&zero; 8];
        for (n, row) in rows.iter_mut().enumerate().take(R::WIDTH) {
            *row = &detections[which(n)];
        }
        let d = |n: usize| rows[n & 7];
        let shared = d(0).observation;
        let same = (1..R::WIDTH).all(|n| d(n).observation == shared);
        let field = |get: fn(&Observation) -> f32| {
            if same {
                R::splat(get(&observations[shared as usize]))
            } else {
                R::from_fn(|n| get(&observations[d(n).observation as usize]))
            }
        };
        Self {
            difference: array(|a| {
                let tiles = R::from_fn(|n| d(n).tile[a].wrapping_sub(tile(n, a)) as f32);
                let offset = R::from_fn(|n| d(n).offset_m[a]);
                difference(tiles, offset, x[a])
            }),
            ahead_s: R::from_fn(|n| d(n).ahead_s),
            axis: [
                [field(|o| o.axis_0[0]), field(|o| o.axis_0[1]), field(|o| o.axis_0[2])],
                [field(|o| o.axis_1[0]), field(|o| o.axis_1[1]), field(|o| o.axis_1[2])],
                [field(|o| o.axis_2[0]), field(|o| o.axis_2[1]), field(|o| o.axis_2[2])],
            ],
            sigma_m: [field(|o| o.sigma_0_m), field(|o| o.sigma_1_m), field(|o| o.sigma_2_m)],
            range_m: field(|o| o.range_m),
            rate_m_s: field(|o| o.rate_m_s),
            rate_sigma_m_s: field(|o| o.rate_sigma_m_s),
            axes: field(|o| o.axes as f32),
            slant: field(|o| o.slant as f32),
        }
    }

    /// First axis and its residual, given the residual vector `e` at the time of the detection.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    pub fn first(&self, e: &[R; 3]) -> ([R; 3], R) {
        let half = R::splat(0.5);
        let nu = dot3(&self.axis[0], e);
        if !R::any_less(half, self.slant) {
            return (self.axis[0], nu);
        }
        let sight: [R; 3] = array(|a| self.range_m * self.axis[0][a] - e[a]);
        let rho = (dot3(&sight, &sight) + R::splat(1e-30)).sqrt();
        let axis = array(|a| R::where_less(half, self.slant, sight[a] / rho, self.axis[0][a]));
        (axis, R::where_less(half, self.slant, self.range_m - rho, nu))
    }

    /// The state given this detection, as a change of mean and a covariance: sequential scalar updates.
    #[inline(always)]
    #[must_use]
    pub fn posterior(&self, prior: &State<R>) -> State<R> {
        let zero = R::splat(0.0);
        let tau = self.ahead_s;
        let e = self.residual(&prior.mean);
        let mut to = State { mean: [zero; 6], covariance: prior.covariance };
        let (a, nu) = self.first(&e);
        scalar(&mut to, &[a[0], a[1], a[2], tau * a[0], tau * a[1], tau * a[2]], nu, self.sigma_m[0]);
        let a = self.axis[1];
        let h = [a[0], a[1], a[2], tau * a[0], tau * a[1], tau * a[2]];
        scalar(&mut to, &h, dot3(&a, &e), self.sigma_m[1]);
        let limit = R::splat(2.5);
        if R::any_less(limit, self.axes) {
            let a = self.axis[2];
            let h = [a[0], a[1], a[2], tau * a[0], tau * a[1], tau * a[2]];
            let mut third = to;
            scalar(&mut third, &h, dot3(&a, &e), self.sigma_m[2]);
            to = to.replaced_where_less(limit, self.axes, &third);
        }
        if R::any_less(zero, self.rate_sigma_m_s) {
            let a = self.axis[0];
            let v = [prior.mean[3], prior.mean[4], prior.mean[5]];
            let mut rated = to;
            let nu = self.rate_m_s - dot3(&a, &v);
            scalar(&mut rated, &[zero, zero, zero, a[0], a[1], a[2]], nu, self.rate_sigma_m_s);
            to = to.replaced_where_less(zero, self.rate_sigma_m_s, &rated);
        }
        to
    }

    /// Squared Mahalanobis distance and the determinant of the innovation covariance (in units of 2π).
    #[inline(always)]
    #[must_use]
    pub fn innovation(&self, prior: &State<R>) -> Innovation<R> {
        let e = self.residual(&prior.mean);
        let (axis, nu) = self.first(&e);
        self.factor(prior, axis).innovation(self, &prior.mean, &e, nu)
    }

    /// Whether anything is measured besides two axes.
    #[inline(always)]
    #[must_use]
    pub fn beyond_two(&self) -> bool {
        R::any_less(R::splat(2.5), self.axes) || R::any_less(R::splat(0.0), self.rate_sigma_m_s)
    }

    /// Measured less predicted position at the time of the detection.
    #[inline(always)]
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    pub fn residual(&self, mean: &[R; MEAN]) -> [R; 3] {
        array(|a| self.difference[a] - self.ahead_s * mean[3 + a])
    }

    /// Factors the innovation covariance, its first axis being `a0`.
    #[inline(always)]
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    pub fn factor(&self, prior: &State<R>, a0: [R; 3]) -> Factor<R> {
        let (zero, one, two_pi, limit) = (R::splat(0.0), R::splat(1.0), R::splat(2.0 * PI), R::splat(2.5));
        let p = &prior.covariance;
        let c = position_covariance(p, self.ahead_s);
        let (a1, a2) = (self.axis[1], self.axis[2]);
        let (m0, m1) = (times3(&c, &a0), times3(&c, &a1));
        let d0 = dot3(&a0, &m0) + self.sigma_m[0] * self.sigma_m[0];
        let s10 = dot3(&a1, &m0);
        let s11 = dot3(&a1, &m1) + self.sigma_m[1] * self.sigma_m[1];
        let l10 = s10 / d0;
        let d1 = s11 - l10 * s10;
        let mut to = Factor {
            variance: [d0, d1, one, one],
            lower: [l10, zero, zero, zero, zero, zero],
            determinant: (d0 * two_pi) * (d1 * two_pi),
        };
        if R::any_less(limit, self.axes) {
            let m2 = times3(&c, &a2);
            let s20 = dot3(&a2, &m0);
            let t21 = dot3(&a2, &m1) - l10 * s20;
            let (l20, l21) = (s20 / d0, t21 / d1);
            let d2 = dot3(&a2, &m2) + self.sigma_m[2] * self.sigma_m[2] - l20 * s20 - l21 * t21;
            to.variance[2] = d2;
            to.lower[1] = R::where_less(limit, self.axes, l20, zero);
            to.lower[2] = R::where_less(limit, self.axes, l21, zero);
            to.determinant = R::where_less(limit, self.axes, to.determinant * (d2 * two_pi), to.determinant);
        }
        if R::any_less(zero, self.rate_sigma_m_s) {
            // The range rate as a further row: b = cov(position at the detection, velocity) a0.
            let a = self.axis[0];
            let b: [R; 3] = array(|i| dot3(&velocity_row(p, i, self.ahead_s), &a));
            let s30 = dot3(&a0, &b);
            let t31 = dot3(&a1, &b) - l10 * s30;
            let t32 = dot3(&a2, &b) - to.lower[1] * s30 - to.lower[2] * t31;
            let t32 = R::where_less(limit, self.axes, t32, zero);
            let (l30, l31, l32) = (s30 / d0, t31 / d1, t32 / to.variance[2]);
            let vv: [R; 3] = array(|i| p[tri(3 + i, 3)] * a[0] + p[tri(3 + i, 4)] * a[1] + p[tri(3 + i, 5)] * a[2]);
            let s33 = dot3(&a, &vv) + self.rate_sigma_m_s * self.rate_sigma_m_s;
            let d3 = s33 - l30 * s30 - l31 * t31 - l32 * t32;
            to.variance[3] = d3;
            to.lower = [to.lower[0], to.lower[1], to.lower[2], l30, l31, l32];
            let with = to.determinant * (d3 * two_pi);
            to.determinant = R::where_less(zero, self.rate_sigma_m_s, with, to.determinant);
        }
        to
    }
}

/// The innovation covariance as L D Lᵀ. It depends on the detection only through how and when it was measured, so
/// detections of one scan with equal noise share it.
#[derive(Clone, Copy, Debug)]
pub struct Factor<R> {
    /// D: the axes, then the range rate; what was not measured is 1.
    pub variance: [R; 4],
    /// L below its diagonal, row by row.
    pub lower: [R; 6],
    /// det(2π S).
    pub determinant: R,
}

impl<R: Real> Factor<R> {
    /// The distance of one detection: residual vector `e`, residual `nu0` along the first axis.
    #[inline(always)]
    #[must_use]
    pub fn innovation(&self, seen: &Seen<R>, mean: &[R; MEAN], e: &[R; 3], nu0: R) -> Innovation<R> {
        let (zero, limit) = (R::splat(0.0), R::splat(2.5));
        let (l, d) = (&self.lower, &self.variance);
        let nu1 = dot3(&seen.axis[1], e) - l[0] * nu0;
        let mut distance2 = nu0 * nu0 / d[0] + nu1 * nu1 / d[1];
        let mut nu2 = zero;
        if R::any_less(limit, seen.axes) {
            nu2 = dot3(&seen.axis[2], e) - l[1] * nu0 - l[2] * nu1;
            distance2 = R::where_less(limit, seen.axes, distance2 + nu2 * nu2 / d[2], distance2);
        }
        if R::any_less(zero, seen.rate_sigma_m_s) {
            let v = [mean[3], mean[4], mean[5]];
            let nu3 = seen.rate_m_s - dot3(&seen.axis[0], &v) - l[3] * nu0 - l[4] * nu1 - l[5] * nu2;
            distance2 = R::where_less(zero, seen.rate_sigma_m_s, distance2 + nu3 * nu3 / d[3], distance2);
        }
        Innovation { distance2, determinant: self.determinant }
    }
}

/// How far a detection lies from a prediction.
#[derive(Clone, Copy, Debug)]
pub struct Innovation<R> {
    /// νᵀ S⁻¹ ν.
    pub distance2: R,
    /// det(2π S).
    pub determinant: R,
}

impl<R: Real> Innovation<R> {
    /// N(ν; 0, S).
    #[inline(always)]
    #[must_use]
    pub fn density(&self) -> R {
        exp_of_nonpositive(R::splat(-0.5) * self.distance2) / self.determinant.sqrt()
    }
}

/// Metres from a prediction to a detection along one axis: tiles first.
#[inline(always)]
pub fn difference<R: Real>(tiles: R, offset_m: R, predicted_m: R) -> R {
    tiles * R::splat(TILE) + (offset_m - predicted_m)
}

#[inline(always)]
fn scalar<R: Real>(to: &mut State<R>, h: &[R; 6], nu: R, sigma: R) {
    let nu = nu - super::state::dot6(h, &to.mean);
    let k = joseph(&mut to.covariance, h, sigma * sigma);
    for (mean, k) in to.mean.iter_mut().zip(k) {
        *mean = *mean + k * nu;
    }
}

/// Covariance of the position `tau` seconds from the state's time: xx, xy, xz, yy, yz, zz.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub fn position_covariance<R: Real>(p: &[R; COVARIANCE], tau: R) -> [R; 6] {
    let element = |i: usize, j: usize| {
        p[tri(i, j)] + tau * (p[tri(i, 3 + j)] + p[tri(j, 3 + i)]) + tau * (tau * p[tri(3 + i, 3 + j)])
    };
    [element(0, 0), element(0, 1), element(0, 2), element(1, 1), element(1, 2), element(2, 2)]
}

/// Row i of cov(position at `tau`, velocity).
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
fn velocity_row<R: Real>(p: &[R; COVARIANCE], i: usize, tau: R) -> [R; 3] {
    array(|j| p[tri(i, 3 + j)] + tau * p[tri(3 + i, 3 + j)])
}

#[inline(always)]
fn times3<R: Real>(c: &[R; 6], a: &[R; 3]) -> [R; 3] {
    [
        c[0] * a[0] + c[1] * a[1] + c[2] * a[2],
        c[1] * a[0] + c[3] * a[1] + c[4] * a[2],
        c[2] * a[0] + c[4] * a[1] + c[5] * a[2],
    ]
}
