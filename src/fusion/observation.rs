//! What a detection says of a state: residuals of measured rows, their covariance, and the posterior.
//!
//! A detection measures scalar rows, each with its direction and variance. A row of position at the detection's own time,
//! p + τ v, has hₖ = \[aₖ, τ aₖ\]; a row of velocity has \[0, aₖ\] and νₖ = zₖ - aₖ · v. Kinds of rows of position differ in
//! direction and residual alone (`Seen::positions`):
//!
//! | kind | direction | residual |
//! | --- | --- | --- |
//! | offset | as measured | aₖ · (z - p - τ v) |
//! | range | (p - s) / abs(p - s), at the prediction (extended Kalman filter) | r - abs(p - s) |
//!
//! For a position report the directions are those of the frame; for a radar they are the line-of-sight frame, so that range,
//! cross-range and height stay uncorrelated and no angle is ever subtracted (converted measurements; Bar-Shalom, Li and
//! Kirubarajan 2001, 10.4.3). A range rate is a row of velocity along the line of sight. Units: m, s. Kernel part:
//! `shaders/shared/observation.wgsl`.

use super::arrays::{COVARIANCE, MEAN, tri};
use super::real::{Real, array, exp_of_nonpositive};
use super::state::{State, dot3, joseph};
use crate::scan::{Detection, Observation, RANGE, ROWS_MAX};
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
    /// Directions of the rows of position, unit vectors.
    pub axis: [[R; 3]; ROWS_MAX],
    /// Their standard deviations, metres.
    pub sigma_m: [R; ROWS_MAX],
    /// How many of them were measured, 2 or 3.
    pub axes: R,
    /// Those that are ranges; `None` if none is.
    pub ranges: Option<Ranges<R>>,
    /// Rows of velocity; `None` if there is none.
    pub rates: Option<Rates<R>>,
}

/// Rows of position that are ranges.
#[derive(Clone, Copy, Debug)]
pub struct Ranges<R> {
    /// What they measured, metres.
    pub range_m: [R; ROWS_MAX],
    /// 1 where a row is one.
    pub is_one: [R; ROWS_MAX],
}

/// Rows of velocity.
#[derive(Clone, Copy, Debug)]
pub struct Rates<R> {
    /// Their directions, unit vectors.
    pub axis: [[R; 3]; ROWS_MAX],
    /// What they measured, m/s.
    pub rate_m_s: [R; ROWS_MAX],
    /// Their standard deviations, m/s.
    pub sigma_m_s: [R; ROWS_MAX],
    /// How many there are.
    pub count: R,
}

/// Rows of position at a prediction.
#[derive(Clone, Copy, Debug)]
pub struct Positions<R> {
    /// Directions.
    pub axis: [[R; 3]; ROWS_MAX],
    /// Residuals, metres.
    pub nu: [R; ROWS_MAX],
}

/// Reads fields of the observations of a block.
struct Fields<'a> {
    observations: &'a [Observation],
    of: [u32; 8],
    /// Whether they are one.
    same: bool,
}

#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
impl Fields<'_> {
    #[inline(always)]
    fn get<R: Real>(&self, field: impl Fn(&Observation) -> f32) -> R {
        if self.same {
            R::splat(field(&self.observations[self.of[0] as usize]))
        } else {
            R::from_fn(|n| field(&self.observations[self.of[n & 7] as usize]))
        }
    }

    #[inline(always)]
    fn rows<R: Real>(&self, field: impl Fn(&Observation, usize) -> f32) -> [R; ROWS_MAX] {
        [self.get(|o| field(o, 0)), self.get(|o| field(o, 1)), self.get(|o| field(o, 2))]
    }

    #[inline(always)]
    fn directions<R: Real>(&self, field: impl Fn(&Observation, usize, usize) -> f32) -> [[R; 3]; ROWS_MAX] {
        [self.rows(|o, a| field(o, 0, a)), self.rows(|o, a| field(o, 1, a)), self.rows(|o, a| field(o, 2, a))]
    }

    #[inline(always)]
    fn ranges<R: Real>(&self) -> Option<Ranges<R>> {
        let kinds = self.get(|o| o.kinds as f32);
        R::any_less(R::splat(0.5), kinds).then(|| Ranges {
            range_m: self.rows(|o, k| o.ranges_m[k]),
            is_one: self.rows(|o, k| if o.kind(k) == RANGE { 1.0 } else { 0.0 }),
        })
    }

    #[inline(always)]
    fn rates<R: Real>(&self) -> Option<Rates<R>> {
        let count = self.get(|o| o.rates as f32);
        R::any_less(R::splat(0.5), count).then(|| Rates {
            axis: self.directions(|o, k, a| o.velocity[k].direction[a]),
            rate_m_s: self.rows(|o, k| o.rates_m_s[k]),
            sigma_m_s: self.rows(|o, k| o.velocity[k].sigma),
            count,
        })
    }
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
        let fields = Fields { observations, of: rows.map(|row| row.observation), same };
        Self {
            difference: array(|a| {
                let tiles = R::from_fn(|n| d(n).tile[a].wrapping_sub(tile(n, a)) as f32);
                let offset = R::from_fn(|n| d(n).offset_m[a]);
                difference(tiles, offset, x[a])
            }),
            ahead_s: R::from_fn(|n| d(n).ahead_s),
            axis: fields.directions(|o, k, a| o.position[k].direction[a]),
            sigma_m: fields.rows(|o, k| o.position[k].sigma),
            axes: fields.get(|o| o.axes as f32),
            ranges: fields.ranges(),
            rates: fields.rates(),
        }
    }

    /// Directions and residuals of the rows of position, given the residual vector `e` at the time of the detection.
    #[inline(always)]
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    pub fn positions(&self, e: &[R; 3]) -> Positions<R> {
        let (a, zero) = (&self.axis, R::splat(0.0));
        let third = if self.has_third() { dot3(&a[2], e) } else { zero };
        let mut to = Positions { axis: *a, nu: [dot3(&a[0], e), dot3(&a[1], e), third] };
        if let Some(Ranges { range_m, is_one }) = &self.ranges {
            let half = R::splat(0.5);
            for k in 0..ROWS_MAX {
                if R::any_less(half, is_one[k]) {
                    let sight: [R; 3] = array(|i| range_m[k] * a[k][i] - e[i]);
                    let rho = (dot3(&sight, &sight) + R::splat(1e-30)).sqrt();
                    to.axis[k] = array(|i| R::where_less(half, is_one[k], sight[i] / rho, a[k][i]));
                    to.nu[k] = R::where_less(half, is_one[k], range_m[k] - rho, to.nu[k]);
                }
            }
        }
        to
    }

    /// The state given this detection, as a change of mean and a covariance: sequential scalar updates.
    #[inline(always)]
    #[must_use]
    pub fn posterior(&self, prior: &State<R>) -> State<R> {
        let (zero, tau) = (R::splat(0.0), self.ahead_s);
        let Positions { axis, nu } = self.positions(&self.residual(&prior.mean));
        let h = |a: &[R; 3]| [a[0], a[1], a[2], tau * a[0], tau * a[1], tau * a[2]];
        let mut to = State { mean: [zero; 6], covariance: prior.covariance };
        scalar(&mut to, &h(&axis[0]), nu[0], self.sigma_m[0]);
        scalar(&mut to, &h(&axis[1]), nu[1], self.sigma_m[1]);
        if self.has_third() {
            let mut third = to;
            scalar(&mut third, &h(&axis[2]), nu[2], self.sigma_m[2]);
            to = to.replaced_where_less(R::splat(2.5), self.axes, &third);
        }
        if let Some(rates) = &self.rates {
            rates.update::<0>(&mut to, &prior.mean);
            rates.update::<1>(&mut to, &prior.mean);
            rates.update::<2>(&mut to, &prior.mean);
        }
        to
    }

    /// Squared Mahalanobis distance and the determinant of the innovation covariance (in units of 2π).
    #[inline(always)]
    #[must_use]
    pub fn innovation(&self, prior: &State<R>) -> Innovation<R> {
        let positions = self.positions(&self.residual(&prior.mean));
        self.factor(prior, &positions.axis).innovation(self, &prior.mean, &positions.nu)
    }

    /// Whether a third row of position was measured.
    #[inline(always)]
    #[must_use]
    pub fn has_third(&self) -> bool {
        R::any_less(R::splat(2.5), self.axes)
    }

    /// Measured less predicted position at the time of the detection.
    #[inline(always)]
    #[must_use]
    pub fn residual(&self, mean: &[R; MEAN]) -> [R; 3] {
        residual(&self.difference, self.ahead_s, mean)
    }

    /// Factors the innovation covariance, `a` being the directions of the rows of position.
    #[inline(always)]
    #[must_use]
    pub fn factor(&self, prior: &State<R>, a: &[[R; 3]; ROWS_MAX]) -> Factor<R> {
        let (zero, one, two_pi, limit) = (R::splat(0.0), R::splat(1.0), R::splat(2.0 * PI), R::splat(2.5));
        let c = position_covariance(&prior.covariance, self.ahead_s);
        let (m0, m1) = (times3(&c, &a[0]), times3(&c, &a[1]));
        let d0 = dot3(&a[0], &m0) + self.sigma_m[0] * self.sigma_m[0];
        let s10 = dot3(&a[1], &m0);
        let s11 = dot3(&a[1], &m1) + self.sigma_m[1] * self.sigma_m[1];
        let l10 = s10 / d0;
        let d1 = s11 - l10 * s10;
        let mut to = Factor {
            variance: [d0, d1, one, one, one, one],
            lower: [zero; LOWER],
            determinant: (d0 * two_pi) * (d1 * two_pi),
        };
        to.lower[0] = l10;
        if self.has_third() {
            let m2 = times3(&c, &a[2]);
            let s20 = dot3(&a[2], &m0);
            let t21 = dot3(&a[2], &m1) - l10 * s20;
            let (l20, l21) = (s20 / d0, t21 / d1);
            let d2 = dot3(&a[2], &m2) + self.sigma_m[2] * self.sigma_m[2] - l20 * s20 - l21 * t21;
            to.variance[2] = d2;
            to.lower[1] = R::where_less(limit, self.axes, l20, zero);
            to.lower[2] = R::where_less(limit, self.axes, l21, zero);
            to.determinant = R::where_less(limit, self.axes, to.determinant * (d2 * two_pi), to.determinant);
        }
        if let Some(rates) = &self.rates {
            self.add_rate::<0>(rates, &mut to, prior, a);
            self.add_rate::<1>(rates, &mut to, prior, a);
            self.add_rate::<2>(rates, &mut to, prior, a);
        }
        to
    }

    /// Factors row K of velocity, where it is: t are its covariances with the rows before it, given those before them.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    fn add_rate<const K: usize>(&self, rates: &Rates<R>, to: &mut Factor<R>, prior: &State<R>, a: &[[R; 3]; ROWS_MAX]) {
        if !R::any_less(before(K), rates.count) {
            return;
        }
        let (p, own, row) = (&prior.covariance, &rates.axis[K], ROWS_MAX + K);
        // b = cov(position at the detection, velocity) aₖ; c = cov(velocity) aₖ.
        let b: [R; 3] = array(|i| dot3(&velocity_row(p, i, self.ahead_s), own));
        let c: [R; 3] = array(|i| p[tri(3 + i, 3)] * own[0] + p[tri(3 + i, 4)] * own[1] + p[tri(3 + i, 5)] * own[2]);
        let mut t = [R::splat(0.0); 2 * ROWS_MAX];
        let mut variance = dot3(own, &c) + rates.sigma_m_s[K] * rates.sigma_m_s[K];
        for j in 0..ROWS_MAX + K {
            t[j] = if j < ROWS_MAX { dot3(&a[j], &b) } else { dot3(&rates.axis[j - ROWS_MAX], &c) };
            for i in 0..j {
                t[j] = t[j] - to.lower[low(j, i)] * t[i];
            }
            if j == 2 {
                t[2] = R::where_less(R::splat(2.5), self.axes, t[2], R::splat(0.0));
            }
            let l = t[j] / to.variance[j];
            to.lower[low(row, j)] = l;
            variance = variance - l * t[j];
        }
        to.variance[row] = variance;
        let with = to.determinant * (variance * R::splat(2.0 * PI));
        to.determinant = R::where_less(before(K), rates.count, with, to.determinant);
    }
}

#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
impl<R: Real> Rates<R> {
    /// Measured less predicted velocity along row k.
    #[inline(always)]
    fn residual(&self, k: usize, mean: &[R; MEAN]) -> R {
        self.rate_m_s[k] - dot3(&self.axis[k], &[mean[3], mean[4], mean[5]])
    }

    /// Updates a state by row K, where it is; `mean` is that of the state before all updates.
    #[inline(always)]
    fn update<const K: usize>(&self, to: &mut State<R>, mean: &[R; MEAN]) {
        if R::any_less(before(K), self.count) {
            let (zero, a) = (R::splat(0.0), &self.axis[K]);
            let mut rated = *to;
            scalar(&mut rated, &[zero, zero, zero, a[0], a[1], a[2]], self.residual(K, mean), self.sigma_m_s[K]);
            *to = to.replaced_where_less(before(K), self.count, &rated);
        }
    }

    /// Adds row K, where it is, to a distance; `nu` are the residuals of the rows before it, given those before them.
    #[inline(always)]
    fn add_to<const K: usize>(&self, distance2: &mut R, of: &Factor<R>, mean: &[R; MEAN], nu: &mut [R; 2 * ROWS_MAX]) {
        if R::any_less(before(K), self.count) {
            let row = ROWS_MAX + K;
            nu[row] = self.residual(K, mean);
            for j in 0..ROWS_MAX + K {
                nu[row] = nu[row] - of.lower[low(row, j)] * nu[j];
            }
            let with = *distance2 + nu[row] * nu[row] / of.variance[row];
            *distance2 = R::where_less(before(K), self.count, with, *distance2);
        }
    }
}

/// A count below which row k of velocity is not there.
#[inline(always)]
fn before<R: Real>(k: usize) -> R {
    R::splat(k as f32 + 0.5)
}

/// Elements of L below its diagonal.
const LOWER: usize = 15;

/// Place of element (i, j), j < i, of L, row by row.
const fn low(i: usize, j: usize) -> usize {
    i * (i - 1) / 2 + j
}

/// The innovation covariance as L D Lᵀ. It depends on the detection only through how and when it was measured, so
/// detections of one scan with equal noise share it.
#[derive(Clone, Copy, Debug)]
pub struct Factor<R> {
    /// D: the rows of position, then those of velocity.
    pub variance: [R; 2 * ROWS_MAX],
    /// L below its diagonal, row by row.
    pub lower: [R; LOWER],
    /// det(2π S).
    pub determinant: R,
}

impl<R: Real> Factor<R> {
    /// The factor of a block of detections with rows of position alone.
    #[inline(always)]
    #[must_use]
    pub fn of_positions([d0, d1, d2]: [R; 3], [l10, l20, l21]: [R; 3], determinant: R) -> Self {
        let (zero, one) = (R::splat(0.0), R::splat(1.0));
        let mut lower = [zero; LOWER];
        [lower[0], lower[1], lower[2]] = [l10, l20, l21];
        Self { variance: [d0, d1, d2, one, one, one], lower, determinant }
    }

    /// The distance of one detection, given the residuals of its rows of position.
    #[inline(always)]
    #[must_use]
    pub fn innovation(&self, seen: &Seen<R>, mean: &[R; MEAN], residuals: &[R; ROWS_MAX]) -> Innovation<R> {
        let (zero, limit) = (R::splat(0.0), R::splat(2.5));
        let (l, d) = (&self.lower, &self.variance);
        let mut nu = [residuals[0], residuals[1] - l[0] * residuals[0], zero, zero, zero, zero];
        let mut distance2 = nu[0] * nu[0] / d[0] + nu[1] * nu[1] / d[1];
        if seen.has_third() {
            nu[2] = residuals[2] - l[1] * nu[0] - l[2] * nu[1];
            distance2 = R::where_less(limit, seen.axes, distance2 + nu[2] * nu[2] / d[2], distance2);
        }
        if let Some(rates) = &seen.rates {
            rates.add_to::<0>(&mut distance2, self, mean, &mut nu);
            rates.add_to::<1>(&mut distance2, self, mean, &mut nu);
            rates.add_to::<2>(&mut distance2, self, mean, &mut nu);
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

/// Measured less predicted position `tau` seconds after the scan, given the difference at its time.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub fn residual<R: Real>(difference: &[R; 3], tau: R, mean: &[R; MEAN]) -> [R; 3] {
    array(|a| difference[a] - tau * mean[3 + a])
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
