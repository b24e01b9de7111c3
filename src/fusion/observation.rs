//! What a detection says of a state: residuals of measured rows, their covariance, and the posterior.
//!
//! A detection measures scalar rows, each with its direction and variance. A row of position at the detection's own time,
//! p + τ v, has hₖ = \[aₖ, τ aₖ\]; a row of velocity has \[0, aₖ\] and νₖ = zₖ - aₖ · v. Kinds of rows of position differ in
//! direction and residual alone (`LinearizedMeasurement::positions`):
//!
//! | kind | direction | residual |
//! | --- | --- | --- |
//! | offset | as measured | aₖ · (z - p - τ v) |
//! | range | u = (p - s) / ρ, ρ = abs(p - s), at the prediction | r - ρ, less what it bends |
//!
//! A range, and a first row of velocity along a line of sight, are taken to second order; the covariance then turns with the
//! line (`super::sight`).
//!
//! For a position report the directions are those of the frame; for a radar they are the line-of-sight frame, so that range,
//! cross-range and height stay uncorrelated and no angle is ever subtracted (converted measurements; Bar-Shalom, Li and
//! Kirubarajan 2001, 10.4.3). Units: m, s. Kernel part:
//! `shaders/shared/observation.wgsl`.

use super::arrays::MEAN;
use super::sight::{
    Line, bent, of_velocity, position_covariance, times3, turned, veered, with_position, with_velocity,
};
use super::simd::{Simd, array, exp_of_nonpositive};
use super::state::{State, dot3, joseph};
use crate::scan::{Detection, Observation, RANGE, ROWS_MAX};
use crate::space::TILE_M;
use core::f32::consts::PI;

#[expect(clippy::cast_possible_truncation, reason = "1024 is exact")]
const TILE: f32 = TILE_M as f32;

/// One detection, or a block of them, as seen from a state.
#[derive(Clone, Copy, Debug)]
pub struct LinearizedMeasurement<R> {
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
    /// Metres to what the first one looks along; 0 where its direction is sure.
    pub sight_m: R,
}

/// Rows of position at a prediction.
#[derive(Clone, Copy, Debug)]
pub struct Positions<R> {
    /// Directions.
    pub axis: [[R; 3]; ROWS_MAX],
    /// Residuals, metres.
    pub nu: [R; ROWS_MAX],
    /// Variances of what is beyond first order, square metres; `None` if there is nothing.
    pub beyond: Option<[R; ROWS_MAX]>,
    /// The first row of velocity, if there is one.
    pub line: Option<Line<R>>,
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
    fn get<R: Simd>(&self, field: impl Fn(&Observation) -> f32) -> R {
        if self.same {
            R::splat(field(&self.observations[self.of[0] as usize]))
        } else {
            R::from_fn(|n| field(&self.observations[self.of[n & 7] as usize]))
        }
    }

    #[inline(always)]
    fn rows<R: Simd>(&self, field: impl Fn(&Observation, usize) -> f32) -> [R; ROWS_MAX] {
        [self.get(|o| field(o, 0)), self.get(|o| field(o, 1)), self.get(|o| field(o, 2))]
    }

    #[inline(always)]
    fn directions<R: Simd>(&self, field: impl Fn(&Observation, usize, usize) -> f32) -> [[R; 3]; ROWS_MAX] {
        [self.rows(|o, a| field(o, 0, a)), self.rows(|o, a| field(o, 1, a)), self.rows(|o, a| field(o, 2, a))]
    }

    /// Whether all are of offsets alone.
    #[inline(always)]
    fn are_offsets(&self) -> bool {
        let of = if self.same { self.of.get(..1).unwrap_or_default() } else { &self.of };
        of.iter().all(|of| self.observations.get(*of as usize).is_none_or(|o| o.kinds == 0 && o.rates == 0))
    }

    #[inline(always)]
    fn ranges<R: Simd>(&self) -> Option<Ranges<R>> {
        let kinds = self.get(|o| o.kinds as f32);
        R::any_less(R::splat(0.5), kinds).then(|| Ranges {
            range_m: self.rows(|o, k| o.ranges_m[k]),
            is_one: self.rows(|o, k| if o.kind(k) == RANGE { 1.0 } else { 0.0 }),
        })
    }

    #[inline(always)]
    fn rates<R: Simd>(&self) -> Option<Rates<R>> {
        let count = self.get(|o| o.rates as f32);
        R::any_less(R::splat(0.5), count).then(|| Rates {
            axis: self.directions(|o, k, a| o.velocity[k].direction[a]),
            rate_m_s: self.rows(|o, k| o.rates_m_s[k]),
            sigma_m_s: self.rows(|o, k| o.velocity[k].sigma),
            count,
            sight_m: self.get(|o| o.sight_m),
        })
    }
}

impl<R: Simd> LinearizedMeasurement<R> {
    /// Gathers detection `which(n)` for each place n, as seen from tiles `tile` and means `x`.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    pub fn gather(
        detections: &[Detection],
        observations: &[Observation],
        which: impl Fn(usize) -> usize,
        tile: impl Fn(usize, usize) -> i32,
        x: &[R; MEAN],
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
        let mut seen = Self {
            difference: array(|a| {
                let tiles = R::from_fn(|n| d(n).tile[a].wrapping_sub(tile(n, a)) as f32);
                let offset = R::from_fn(|n| d(n).offset_m[a]);
                difference(tiles, offset, x[a])
            }),
            ahead_s: R::from_fn(|n| d(n).ahead_s),
            axis: fields.directions(|o, k, a| o.position[k].direction[a]),
            sigma_m: fields.rows(|o, k| o.position[k].sigma),
            axes: fields.get(|o| o.axes as f32),
            ranges: None,
            rates: None,
        };
        if !fields.are_offsets() {
            (seen.ranges, seen.rates) = (fields.ranges(), fields.rates());
        }
        seen
    }

    /// The rows of position of offsets alone, given the residual vector `e` at the time of the detection.
    #[inline(always)]
    #[must_use]
    pub fn offsets(&self, e: &[R; 3]) -> Positions<R> {
        let (a, zero) = (&self.axis, R::splat(0.0));
        let third = if self.has_third() { dot3(&a[2], e) } else { zero };
        let nu = [dot3(&a[0], e), dot3(&a[1], e), third];
        Positions { axis: *a, nu, beyond: None, line: None }
    }

    /// The rows of position, seen from a state.
    #[inline(always)]
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    pub fn positions(&self, prior: &State<R>) -> Positions<R> {
        let e = self.residual(&prior.mean);
        let mut to = self.offsets(&e);
        if let Some(Ranges { range_m, is_one }) = &self.ranges {
            let (a, half) = (&self.axis, R::splat(0.5));
            let c = position_covariance(&prior.covariance, self.ahead_s);
            let mut beyond = [R::splat(0.0); ROWS_MAX];
            for k in 0..ROWS_MAX {
                if R::any_less(half, is_one[k]) {
                    let sight: [R; 3] = array(|i| range_m[k] * a[k][i] - e[i]);
                    let rho = (dot3(&sight, &sight) + R::splat(1e-30)).sqrt();
                    let axis = array(|i| sight[i] / rho);
                    let [bias, more] = bent(&c, &axis, rho);
                    to.axis[k] = array(|i| R::where_less(half, is_one[k], axis[i], a[k][i]));
                    to.nu[k] = R::where_less(half, is_one[k], (range_m[k] - rho) - bias, to.nu[k]);
                    beyond[k] = R::where_less(half, is_one[k], more, beyond[k]);
                }
            }
            to.beyond = Some(beyond);
        }
        to.line = self.rates.as_ref().map(|rates| self.line(rates, prior, &e));
        to
    }

    /// The first row of velocity, given the residual vector `e` at the time of the detection.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    fn line(&self, rates: &Rates<R>, prior: &State<R>, e: &[R; 3]) -> Line<R> {
        let (zero, turns, a) = (R::splat(0.0), rates.sight_m, &rates.axis[0]);
        let v = [prior.mean[3], prior.mean[4], prior.mean[5]];
        let fixed = Line { axis: *a, pull: [zero; 3], turns, nu: rates.residual(0, &prior.mean), beyond: zero };
        if !R::any_less(zero, turns) {
            return fixed;
        }
        let sight: [R; 3] = array(|i| turns * a[i] - e[i]);
        let rho = (dot3(&sight, &sight) + R::splat(1e-30)).sqrt();
        let u: [R; 3] = array(|i| sight[i] / rho);
        let speed = dot3(&u, &v);
        let across = (&self.axis[1], &self.axis[2]);
        let [mean, beyond] = veered(&prior.covariance, self.ahead_s, across, (speed / rho, rho));
        let there = |then: R, otherwise: R| R::where_less(zero, turns, then, otherwise);
        Line {
            axis: array(|i| there(u[i], a[i])),
            pull: array(|i| there((v[i] - speed * u[i]) / rho, zero)),
            turns,
            nu: there((rates.rate_m_s[0] - speed) - mean, fixed.nu),
            beyond: there(beyond, zero),
        }
    }

    /// The variances of the rows of position.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    fn variance(&self, beyond: Option<&[R; ROWS_MAX]>, k: usize) -> R {
        let measured = self.sigma_m[k] * self.sigma_m[k];
        beyond.map_or(measured, |beyond| measured + beyond[k])
    }

    /// The state given this detection, as a change of mean and a covariance: sequential scalar updates.
    #[inline(always)]
    #[must_use]
    pub fn posterior(&self, prior: &State<R>) -> State<R> {
        if self.ranges.is_none() && self.rates.is_none() {
            return self.located(prior, &self.offsets(&self.residual(&prior.mean)));
        }
        { *self }.sighted(&{ *prior })
    }

    /// The same of rows of position alone.
    #[inline(always)]
    fn located(&self, prior: &State<R>, Positions { axis, nu, beyond, .. }: &Positions<R>) -> State<R> {
        let (zero, tau) = (R::splat(0.0), self.ahead_s);
        let variance = |k: usize| self.variance(beyond.as_ref(), k);
        let h = |a: &[R; 3]| [a[0], a[1], a[2], tau * a[0], tau * a[1], tau * a[2]];
        let mut to = State { mean: [zero; MEAN], covariance: prior.covariance };
        scalar(&mut to, &h(&axis[0]), nu[0], variance(0));
        scalar(&mut to, &h(&axis[1]), nu[1], variance(1));
        if self.has_third() {
            let mut third = to;
            scalar(&mut third, &h(&axis[2]), nu[2], variance(2));
            to = to.replaced_where_less(R::splat(2.5), self.axes, &third);
        }
        to
    }

    /// The same of a detection with a line of sight or with rows of velocity; out of the way of those without, whose state
    /// then stays in registers.
    #[inline(never)]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    fn sighted(&self, prior: &State<R>) -> State<R> {
        let (zero, tau) = (R::splat(0.0), self.ahead_s);
        let positions = self.positions(prior);
        let mut to = self.located(prior, &positions);
        if let Some((rates, line)) = self.rates.as_ref().zip(positions.line) {
            let pulled: [R; 3] =
                array(|i| R::where_less(zero, line.turns, line.axis[i] + tau * line.pull[i], line.axis[i]));
            let h = [line.pull[0], line.pull[1], line.pull[2], pulled[0], pulled[1], pulled[2]];
            let sigma = rates.sigma_m_s[0];
            let mut rated = to;
            scalar(&mut rated, &h, line.nu, sigma * sigma + line.beyond);
            to = to.replaced_where_less(before(0), rates.count, &rated);
            rates.update::<1>(&mut to, prior);
            rates.update::<2>(&mut to, prior);
        }
        match self.sight(&prior.mean) {
            None => to,
            Some((has_line, sight)) => turned(&to, &prior.covariance, tau, (&sight, has_line), &self.axis),
        }
    }

    /// From the site to the prediction, and 1 where there is such a line: a first row that is a range, or a first row of
    /// velocity along it; `None` if none of a block has one.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    fn sight(&self, mean: &[R; MEAN]) -> Option<(R, [R; 3])> {
        let (zero, half) = (R::splat(0.0), R::splat(0.5));
        let (mut has_line, mut far, mut axis) = (zero, zero, self.axis[0]);
        if let Some(rates) = &self.rates {
            far = R::where_less(before(0), rates.count, rates.sight_m, zero);
            has_line = far;
            axis = rates.axis[0];
        }
        if let Some(Ranges { range_m, is_one }) = &self.ranges {
            far = R::where_less(half, is_one[0], range_m[0], far);
            has_line = R::where_less(half, is_one[0], is_one[0], has_line);
            axis = array(|i| R::where_less(half, is_one[0], self.axis[0][i], axis[i]));
        }
        let e = self.residual(mean);
        R::any_less(zero, has_line).then(|| (has_line, array(|i| far * axis[i] - e[i])))
    }

    /// Squared Mahalanobis distance and the determinant of the innovation covariance (in units of 2π).
    #[inline(always)]
    #[must_use]
    pub fn innovation(&self, prior: &State<R>) -> Innovation<R> {
        let positions = self.positions(prior);
        self.factor(prior, &positions).innovation(self, &prior.mean, &positions)
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

    /// Factors the innovation covariance.
    #[inline(always)]
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    pub fn factor(&self, prior: &State<R>, Positions { axis: a, beyond, line, .. }: &Positions<R>) -> Factor<R> {
        let also = |variance: R, k: usize| beyond.map_or(variance, |beyond| variance + beyond[k]);
        let (zero, one, two_pi, limit) = (R::splat(0.0), R::splat(1.0), R::splat(2.0 * PI), R::splat(2.5));
        let c = position_covariance(&prior.covariance, self.ahead_s);
        let (m0, m1) = (times3(&c, &a[0]), times3(&c, &a[1]));
        let d0 = also(dot3(&a[0], &m0) + self.sigma_m[0] * self.sigma_m[0], 0);
        let s10 = dot3(&a[1], &m0);
        let s11 = also(dot3(&a[1], &m1) + self.sigma_m[1] * self.sigma_m[1], 1);
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
            let s22 = also(dot3(&a[2], &m2) + self.sigma_m[2] * self.sigma_m[2], 2);
            let d2 = s22 - l20 * s20 - l21 * t21;
            to.variance[2] = d2;
            to.lower[1] = R::where_less(limit, self.axes, l20, zero);
            to.lower[2] = R::where_less(limit, self.axes, l21, zero);
            to.determinant = R::where_less(limit, self.axes, to.determinant * (d2 * two_pi), to.determinant);
        }
        if let Some((rates, line)) = self.rates.as_ref().zip(line.as_ref()) {
            self.add_rate::<0>((rates, line), &mut to, prior, a);
            self.add_rate::<1>((rates, line), &mut to, prior, a);
            self.add_rate::<2>((rates, line), &mut to, prior, a);
        }
        to
    }

    /// Factors row K of velocity, where it is: t are its covariances with the rows before it, given those before them.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    fn add_rate<const K: usize>(
        &self,
        (rates, line): (&Rates<R>, &Line<R>),
        to: &mut Factor<R>,
        prior: &State<R>,
        a: &[[R; 3]; ROWS_MAX],
    ) {
        if !R::any_less(before(K), rates.count) {
            return;
        }
        let (p, tau, row) = (&prior.covariance, self.ahead_s, ROWS_MAX + K);
        let own = if K == 0 { &line.axis } else { &rates.axis[K] };
        // Covariances of the row with the position at the detection and with the velocity.
        let (mut b, mut c) = (with_velocity(p, tau, own), of_velocity(p, own));
        let mut variance = dot3(own, &c) + rates.sigma_m_s[K] * rates.sigma_m_s[K];
        let (zero, turns) = (R::splat(0.0), line.turns);
        if K == 0 && R::any_less(zero, turns) {
            let there = |then: R, otherwise: R| R::where_less(zero, turns, then, otherwise);
            let pulled = times3(&position_covariance(p, tau), &line.pull);
            let with = with_position(p, tau, &line.pull);
            b = array(|i| there(b[i] + pulled[i], b[i]));
            c = array(|i| there(c[i] + with[i], c[i]));
            let all = (dot3(own, &c) + rates.sigma_m_s[0] * rates.sigma_m_s[0]) + line.beyond;
            variance = there(all + dot3(&line.pull, &b), variance);
        }
        let mut t = [zero; 2 * ROWS_MAX];
        for j in 0..ROWS_MAX + K {
            t[j] = match j {
                0..ROWS_MAX => dot3(&a[j], &b),
                ROWS_MAX => {
                    let plain = dot3(&line.axis, &c);
                    R::where_less(zero, turns, plain + dot3(&line.pull, &b), plain)
                }
                _ => dot3(&rates.axis[j - ROWS_MAX], &c),
            };
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
impl<R: Simd> Rates<R> {
    /// Measured less predicted velocity along row k.
    #[inline(always)]
    fn residual(&self, k: usize, mean: &[R; MEAN]) -> R {
        self.rate_m_s[k] - dot3(&self.axis[k], &[mean[3], mean[4], mean[5]])
    }

    /// Updates a state by row K, where it is; `prior` is the state before all updates.
    #[inline(always)]
    fn update<const K: usize>(&self, to: &mut State<R>, prior: &State<R>) {
        if R::any_less(before(K), self.count) {
            let (zero, a) = (R::splat(0.0), &self.axis[K]);
            let (mut rated, nu) = (*to, self.residual(K, &prior.mean));
            scalar(&mut rated, &[zero, zero, zero, a[0], a[1], a[2]], nu, self.sigma_m_s[K] * self.sigma_m_s[K]);
            *to = to.replaced_where_less(before(K), self.count, &rated);
        }
    }

    /// Adds row K, where it is, to a distance; `nu` are the residuals of the rows before it, given those before them.
    #[inline(always)]
    fn add_to<const K: usize>(&self, distance2: &mut R, of: &Factor<R>, residual: R, nu: &mut [R; 2 * ROWS_MAX]) {
        if R::any_less(before(K), self.count) {
            let row = ROWS_MAX + K;
            nu[row] = residual;
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
fn before<R: Simd>(k: usize) -> R {
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

impl<R: Simd> Factor<R> {
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
    pub fn innovation(
        &self,
        seen: &LinearizedMeasurement<R>,
        mean: &[R; MEAN],
        positions: &Positions<R>,
    ) -> Innovation<R> {
        let residuals = &positions.nu;
        let (zero, limit) = (R::splat(0.0), R::splat(2.5));
        let (l, d) = (&self.lower, &self.variance);
        let mut nu = [residuals[0], residuals[1] - l[0] * residuals[0], zero, zero, zero, zero];
        let mut distance2 = nu[0] * nu[0] / d[0] + nu[1] * nu[1] / d[1];
        if seen.has_third() {
            nu[2] = residuals[2] - l[1] * nu[0] - l[2] * nu[1];
            distance2 = R::where_less(limit, seen.axes, distance2 + nu[2] * nu[2] / d[2], distance2);
        }
        if let Some((rates, line)) = seen.rates.as_ref().zip(positions.line.as_ref()) {
            rates.add_to::<0>(&mut distance2, self, line.nu, &mut nu);
            rates.add_to::<1>(&mut distance2, self, rates.residual(1, mean), &mut nu);
            rates.add_to::<2>(&mut distance2, self, rates.residual(2, mean), &mut nu);
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

impl<R: Simd> Innovation<R> {
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
pub fn residual<R: Simd>(difference: &[R; 3], tau: R, mean: &[R; MEAN]) -> [R; 3] {
    array(|a| difference[a] - tau * mean[3 + a])
}

/// Metres from a prediction to a detection along one axis: tiles first.
#[inline(always)]
pub fn difference<R: Simd>(tiles: R, offset_m: R, predicted_m: R) -> R {
    tiles * R::splat(TILE) + (offset_m - predicted_m)
}

#[inline(always)]
fn scalar<R: Simd>(to: &mut State<R>, h: &[R; MEAN], nu: R, variance: R) {
    let nu = nu - super::state::dot(h, &to.mean);
    let k = joseph(&mut to.covariance, h, variance);
    for (mean, k) in to.mean.iter_mut().zip(k) {
        *mean = *mean + k * nu;
    }
}
