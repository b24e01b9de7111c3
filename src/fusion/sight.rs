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
//! of metres and metres a second. What is over ρ² is divided by ρ twice: a driver takes the square of a root for what was
//! under it. Across a range rate's line are the second and the third row of position.
//!
//! **The line turns.** An update that moves the mean across turns the line to it, from u to w. Sharp along u, wide across: so
//! is what looks before have told. But they have told ranges, and the sphere of a range has the normal w where the mean is
//! now. Left as it is, such an ellipsoid cuts the sphere, and the next range, along w, seems to tell what is across: look
//! by look the filter grows sure of a place on an arc that it has not seen. In polar coordinates nothing of it happens
//! (Aidala and Hammel, IEEE TAC 28(3), 1983). On the sphere, what lies by δ across lies by t · δ nearer along u, t = w -
//! (u · w) u. So in space P is J P Jᵀ, J = I - u tᵀ for position and velocity alike: the correction of a covariance
//! when the error that it is of is reset (Mueller, Hehn and D'Andrea, J. Guidance 40(9), 2017).
//!
//! That is true of what ranges from here have told. What another sensor has told, along lines of its own, stands in space
//! and does not turn. [`apart`] tells them from each other: s = B / V, V the variance along u before the update, B that once
//! what is across is known; 1 where the two are independent, as a range leaves them, about 0 where the ellipsoid is as
//! sharp along another line. P' = (1 - s) P + s J P Jᵀ. As 0 ≤ s ≤ 1, that is a mean of two covariances, so it is one,
//! whatever was rounded in s; and at most four times as large, as abs(t) ≤ 1.
//!
//! Kernel part: `shaders/shared/sight.wgsl`.

use super::arrays::{COVARIANCE, tri};
use super::simd::{Simd, array};
use super::state::{State, dot3, times};

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

/// ½ tr(M C) and ½ tr(M C M C), of a range of `rho` along `u` to a place of covariance `c`.
#[inline(always)]
pub fn bent<R: Simd>(c: &[R; 6], u: &[R; 3], rho: R) -> [R; 2] {
    let (zero, half) = (R::splat(0.0), R::splat(0.5));
    let m = times3(c, u);
    let along = dot3(u, &m);
    let all = c[0] + c[3] + c[5];
    let diagonal = c[0] * c[0] + c[3] * c[3] + c[5] * c[5];
    let aside = c[1] * c[1] + c[2] * c[2] + c[4] * c[4];
    let once = dot3(&m, &m) - aside;
    let across = ((diagonal + along * along) - once) - once;
    let across = R::where_less(zero, across, across, zero);
    [half * ((all - along) / rho), half * ((across / rho) / rho)]
}

/// tr F / ρ and tr(C Z + F F) / ρ², of a state of covariance `p`, `tau` seconds from its time, across the line `a1`, `a2`.
#[inline(always)]
pub fn veered<R: Simd>(p: &[R; COVARIANCE], tau: R, (a1, a2): (&[R; 3], &[R; 3]), (kappa, rho): (R, R)) -> [R; 2] {
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

/// s: the share of the variance along `u`, of any length, that is independent of what is along `a1` and `a2`, of a place of
/// covariance `c`; 0 of what is not a number.
#[inline(always)]
pub fn apart<R: Simd>(c: &[R; 6], u: &[R; 3], (a1, a2): (&[R; 3], &[R; 3])) -> R {
    let (zero, one) = (R::splat(0.0), R::splat(1.0));
    let over = |a: R, b: R| R::where_less(zero, b, a / b, zero);
    let (c1, c2) = (times3(c, a1), times3(c, a2));
    let (c11, c12) = (dot3(a1, &c1), dot3(a2, &c1));
    let (all, first, second) = (dot3(u, &times3(c, u)), dot3(u, &c1), dot3(u, &c2));
    let l = over(c12, c11);
    let (c22, second) = (dot3(a2, &c2) - l * c12, second - l * first);
    let left = (all - over(first, c11) * first) - over(second, c22) * second;
    let share = over(left, all);
    R::where_less(zero, share, R::where_less(share, one, share, one), zero)
}

/// A posterior, as a change of mean and a covariance, turned with the line to the prediction, from a state of covariance
/// `prior`, where there is one; `axes` are those of the detection.
#[inline(always)]
#[must_use]
pub fn turned<R: Simd>(
    after: &State<R>,
    prior: &[R; COVARIANCE],
    tau: R,
    (sight, has_line): (&[R; 3], R),
    [_, a1, a2]: &[[R; 3]; 3],
) -> State<R> {
    let zero = R::splat(0.0);
    let share = apart(&position_covariance(prior, tau), sight, (a1, a2));
    leaned(after, tau, sight, R::where_less(zero, has_line, share, zero))
}

/// A posterior, as a change of mean and a covariance, turned with the line `sight` to the prediction, `tau` seconds from the
/// state's time: where `share` is above 0.
#[inline(always)]
#[must_use]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub fn leaned<R: Simd>(after: &State<R>, tau: R, sight: &[R; 3], share: R) -> State<R> {
    let (zero, tiny) = (R::splat(0.0), R::splat(1e-30));
    let (m, p) = (&after.mean, &after.covariance);
    let rho = (dot3(sight, sight) + tiny).sqrt();
    let u: [R; 3] = array(|i| sight[i] / rho);
    let to: [R; 3] = array(|i| sight[i] + (m[i] + tau * m[3 + i]));
    let far = (dot3(&to, &to) + tiny).sqrt();
    let w: [R; 3] = array(|i| to[i] / far);
    let ahead = dot3(&u, &w);
    let t: [R; 3] = array(|i| w[i] - ahead * u[i]);
    let (k, l) = (times(p, &[t[0], t[1], t[2], zero, zero, zero]), times(p, &[zero, zero, zero, t[0], t[1], t[2]]));
    let su: [R; 3] = array(|i| share * u[i]);
    let [pp, pv, vv] = [[k[0], k[1], k[2]], [k[3], k[4], k[5]], [l[3], l[4], l[5]]].map(|of| share * dot3(&t, &of));
    let mut q = *p;
    for i in 0..3 {
        for j in 0..3 {
            let both = u[i] * u[j];
            if i <= j {
                q[tri(i, j)] = p[tri(i, j)] - su[i] * k[j] - k[i] * su[j] + both * pp;
                let n = tri(3 + i, 3 + j);
                q[n] = p[n] - su[i] * l[3 + j] - l[3 + i] * su[j] + both * vv;
            }
            q[tri(i, 3 + j)] = p[tri(i, 3 + j)] - su[i] * k[3 + j] - l[i] * su[j] + both * pv;
        }
    }
    after.replaced_where_less(zero, share, &State { mean: *m, covariance: q })
}

/// Covariance of the position `tau` seconds from the state's time: xx, xy, xz, yy, yz, zz.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub fn position_covariance<R: Simd>(p: &[R; COVARIANCE], tau: R) -> [R; 6] {
    let element = |i: usize, j: usize| {
        p[tri(i, j)] + tau * (p[tri(i, 3 + j)] + p[tri(j, 3 + i)]) + tau * (tau * p[tri(3 + i, 3 + j)])
    };
    [element(0, 0), element(0, 1), element(0, 2), element(1, 1), element(1, 2), element(2, 2)]
}

/// Row i of cov(position at `tau`, velocity).
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
fn velocity_row<R: Simd>(p: &[R; COVARIANCE], i: usize, tau: R) -> [R; 3] {
    array(|j| p[tri(i, 3 + j)] + tau * p[tri(3 + i, 3 + j)])
}

/// cov(position at `tau`, velocity) a.
#[inline(always)]
pub fn with_velocity<R: Simd>(p: &[R; COVARIANCE], tau: R, a: &[R; 3]) -> [R; 3] {
    array(|i| dot3(&velocity_row(p, i, tau), a))
}

/// cov(velocity, position at `tau`) a.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub fn with_position<R: Simd>(p: &[R; COVARIANCE], tau: R, a: &[R; 3]) -> [R; 3] {
    let rows = [velocity_row(p, 0, tau), velocity_row(p, 1, tau), velocity_row(p, 2, tau)];
    array(|j| rows[0][j] * a[0] + rows[1][j] * a[1] + rows[2][j] * a[2])
}

/// cov(velocity) a.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub fn of_velocity<R: Simd>(p: &[R; COVARIANCE], a: &[R; 3]) -> [R; 3] {
    array(|i| p[tri(3 + i, 3)] * a[0] + p[tri(3 + i, 4)] * a[1] + p[tri(3 + i, 5)] * a[2])
}

/// C a.
#[inline(always)]
pub fn times3<R: Simd>(c: &[R; 6], a: &[R; 3]) -> [R; 3] {
    [
        c[0] * a[0] + c[1] * a[1] + c[2] * a[2],
        c[1] * a[0] + c[3] * a[1] + c[4] * a[2],
        c[2] * a[0] + c[4] * a[1] + c[5] * a[2],
    ]
}
