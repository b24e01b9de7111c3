//! Rows along a line of sight, whose direction is known from the prediction alone: a range, and a range rate.
//!
//! With p the position at the detection's time, s the site, ρ u = p - s and v the velocity, a range is ρ and a range rate
//! u · v. Both bend with p, so they are taken to second order (Bar-Shalom, Li and Kirubarajan 2001, 10.3.2), which does in
//! closed form what an unscented filter is taken for elsewhere. Let δ be the error of p across the line, C its covariance:
//!
//! | row | to first order | to second order | mean of that | variance of that |
//! | --- | --- | --- | --- | --- |
//! | range | u · (p - p̂) | δ² / 2ρ | ½ tr(M C) | ½ tr(M C M C) |
//! | range rate | u · (v - v̂) + g · (p - p̂) | δ · ζ / ρ | tr F / ρ | tr(C Z + F F) / ρ² |
//!
//! M = (I - u uᵀ) / ρ; g = (v - (u · v) u) / ρ: a velocity across the line turns it; ζ = η - ½ κ δ, η the error of v across
//! the line, κ = u · v / ρ; F = cov(δ, ζ), Z = cov(ζ). Where a beam is wide, or all heights are possible, these are hundreds
//! of metres and metres a second. An error across the line stays from look to look, and what it bends with it: it is no noise
//! that an average takes away, and counts more often (`AGAIN`, measured) the more it bends. What is over ρ² is divided by ρ twice: a driver takes the square of a root for what was
//! under it. Across a range rate's line are the second and the third row of position. Kernel part:
//! `shaders/shared/sight.wgsl`.

use super::arrays::{COVARIANCE, tri};
use super::real::{Real, array};
use super::state::dot3;

/// The first row of velocity at a prediction.
#[derive(Clone, Copy, Debug)]
pub struct Line<R> {
    /// Its direction: u, or as it was measured.
    pub axis: [R; 3],
    /// g; 0 where the direction does not depend on the place.
    pub pull: [R; 3],
    /// 1 where it does.
    pub turns: R,
    /// Residual, m/s.
    pub nu: R,
    /// Variance of what is beyond first order.
    pub beyond: R,
}

/// How much more often what a range bends counts, over b / ρ: a place open by a tenth of the range across
/// the line has it counted twice, one open by a fifth five times.
pub const AGAIN: f32 = 200.0;

/// ½ tr(M C), and ½ tr(M C M C) as often as it counts, of a range of `rho` along `u` to a place of covariance `c`.
#[inline(always)]
pub fn bent<R: Real>(c: &[R; 6], u: &[R; 3], rho: R) -> [R; 2] {
    let (zero, half) = (R::splat(0.0), R::splat(0.5));
    let m = times3(c, u);
    let along = dot3(u, &m);
    let all = c[0] + c[3] + c[5];
    let diagonal = c[0] * c[0] + c[3] * c[3] + c[5] * c[5];
    let aside = c[1] * c[1] + c[2] * c[2] + c[4] * c[4];
    let once = dot3(&m, &m) - aside;
    let across = ((diagonal + along * along) - once) - once;
    let across = R::where_less(zero, across, across, zero);
    let bias = half * ((all - along) / rho);
    let again = R::splat(1.0) + R::splat(AGAIN) * (bias / rho);
    [bias, half * ((across / rho) / rho) * again]
}

/// tr F / ρ and tr(C Z + F F) / ρ², of a state of covariance `p`, `tau` seconds from its time, across the line `a1`, `a2`.
#[inline(always)]
pub fn veered<R: Real>(p: &[R; COVARIANCE], tau: R, (a1, a2): (&[R; 3], &[R; 3]), (kappa, rho): (R, R)) -> [R; 2] {
    let (zero, half) = (R::splat(0.0), R::splat(0.5) * kappa);
    let c = position_covariance(p, tau);
    let (c1, c2) = (times3(&c, a1), times3(&c, a2));
    let (c11, c12, c22) = (dot3(a1, &c1), dot3(a1, &c2), dot3(a2, &c2));
    let (b1, b2) = (with_velocity(p, tau, a1), with_velocity(p, tau, a2));
    let (b11, b12, b21, b22) = (dot3(a1, &b1), dot3(a1, &b2), dot3(a2, &b1), dot3(a2, &b2));
    let (d1, d2) = (of_velocity(p, a1), of_velocity(p, a2));
    let (d11, d12, d22) = (dot3(a1, &d1), dot3(a1, &d2), dot3(a2, &d2));
    let (f11, f12, f21, f22) = (b11 - half * c11, b12 - half * c12, b21 - half * c12, b22 - half * c22);
    let (z11, z12, z22) = (d11 - half * (b11 + f11), d12 - half * (b12 + f21), d22 - half * (b22 + f22));
    let aside = c12 * z12 + f12 * f21;
    let beyond = ((c11 * z11 + c22 * z22 + f11 * f11 + f22 * f22) + aside) + aside;
    let beyond = R::where_less(zero, beyond, beyond, zero);
    [(f11 + f22) / rho, (beyond / rho) / rho]
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

/// cov(position at `tau`, velocity) a.
#[inline(always)]
pub fn with_velocity<R: Real>(p: &[R; COVARIANCE], tau: R, a: &[R; 3]) -> [R; 3] {
    array(|i| dot3(&velocity_row(p, i, tau), a))
}

/// cov(velocity, position at `tau`) a.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub fn with_position<R: Real>(p: &[R; COVARIANCE], tau: R, a: &[R; 3]) -> [R; 3] {
    let rows = [velocity_row(p, 0, tau), velocity_row(p, 1, tau), velocity_row(p, 2, tau)];
    array(|j| rows[0][j] * a[0] + rows[1][j] * a[1] + rows[2][j] * a[2])
}

/// cov(velocity) a.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub fn of_velocity<R: Real>(p: &[R; COVARIANCE], a: &[R; 3]) -> [R; 3] {
    array(|i| p[tri(3 + i, 3)] * a[0] + p[tri(3 + i, 4)] * a[1] + p[tri(3 + i, 5)] * a[2])
}

/// C a.
#[inline(always)]
pub fn times3<R: Real>(c: &[R; 6], a: &[R; 3]) -> [R; 3] {
    [
        c[0] * a[0] + c[1] * a[1] + c[2] * a[2],
        c[1] * a[0] + c[3] * a[1] + c[4] * a[2],
        c[2] * a[0] + c[4] * a[1] + c[5] * a[2],
    ]
}
