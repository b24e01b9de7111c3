//! Rows along a line of sight, whose direction is known from the prediction alone: a range, and a range rate.
//!
//! With p the position at the detection's time, s the site, ρ u = p - s and v the velocity, a range is ρ and a range rate
//! u · v. Let δ and η be the errors of p and v across the line, κ = u · v / ρ. To second order
//! (Bar-Shalom, Li and Kirubarajan 2001, 10.3.2) they are
//!
//! | row | of first order | and of second, ξ | mean of ξ |
//! | --- | --- | --- | --- |
//! | range | u · (p - p̂) | δ² / 2ρ | tr C / 2ρ |
//! | range rate | u · (v - v̂) + g · (p - p̂) | δ · ζ / ρ | tr F / ρ |
//!
//! g = (v - (u · v) u) / ρ: a velocity across the line turns it; ζ = η - ½ κ δ; C, F, Z: covariances of δ, of δ with ζ, of ζ.
//! The two ξ have the variances ½ tr(C C) / ρ² and tr(C Z + F F) / ρ², and the covariance tr(C F) / ρ²; together, A.
//! Where a beam is wide, or all heights are possible, these are hundreds of metres and metres a second.
//!
//! **Straight coordinates.** What is seen so lies on an arc: sharp in range and range rate, wide across. Of it a Gaussian in
//! space keeps the covariance alone, and an update that takes ξ for noise averages away, look by look, what is the same at
//! every look: the filter grows sure of a place that its arc does not have. In range, range rate and what is across, the
//! rows are linear and the arc is straight (why filters along polar axes stay consistent: Aidala and Hammel, IEEE TAC
//! 28(3), 1983). So a state is taken for what such an arc leaves in space to second order, x = y - ξ along the line,
//! of covariance P = P_y + A; it is straightened, updated by rows that are linear in y, and bent again:
//!
//! 1. [`Bend::predicted`]: P_y = P - A. The arc was there when the lane was looked at before: A is of the state of then, P
//!    less its process noise and moved back, and lies along the line of then. If it is not in P, P - A is no covariance:
//!    B being that of what is along the line given all that is across it, at most s = 1 / μ of A is in it, μ the
//!    largest of the eigenvalues of B⁻¹ A above 1; the rest is noise, P_y = P - s A + (1 - s) A, and s = 0 is the filter of
//!    second order.
//! 2. Rows of range and range rate are predicted with the means of ξ. All rows are linear.
//! 3. [`Bend::bent`]: the mean moved across by d and e, and the arc has another slope there: x = y - ξ(d, e) - ∂ξ (δ, η), of
//!    covariance J P_y Jᵀ + A, A that of the state now along the line to it.
//!
//! What is over ρ² is divided by ρ twice: a driver takes the square of a root for what was under it. Other rows of ranges
//! than the first have ½ tr(C C) / ρ² for noise. Kernel part: `shaders/shared/sight.wgsl`,
//! `bend.wgsl`.

use super::arrays::{COVARIANCE, Look, MEAN, tri};
use super::observation::Seen;
use super::real::{Real, array};
use super::since::Since;
use super::state::{State, dot3};

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
}

/// A line of sight to a place.
#[derive(Clone, Copy, Debug)]
pub struct Sight<R> {
    /// u.
    pub axis: [R; 3],
    /// ρ, metres.
    pub rho: R,
    /// κ, one over seconds.
    kappa: R,
    /// Two unit vectors across it.
    across: [[R; 3]; 2],
}

/// Moments of ξ.
#[derive(Clone, Copy, Debug)]
pub struct Arc<R> {
    /// Means, metres and m/s.
    pub mean: [R; 2],
    /// A: of range, of range with range rate, of range rate.
    pub spread: [R; 3],
}

#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
impl<R: Real> Sight<R> {
    /// To the end of a vector, of a velocity; one direction across it is near `aside`.
    #[inline(always)]
    #[must_use]
    pub fn new(sight: &[R; 3], velocity: &[R; 3], aside: &[R; 3]) -> Self {
        let tiny = R::splat(1e-30);
        let rho = (dot3(sight, sight) + tiny).sqrt();
        let u: [R; 3] = array(|i| sight[i] / rho);
        let along = dot3(&u, aside);
        let a: [R; 3] = array(|i| aside[i] - along * u[i]);
        let norm = (dot3(&a, &a) + tiny).sqrt();
        let a: [R; 3] = array(|i| a[i] / norm);
        let cross = |i: usize, j: usize| u[i] * a[j] - u[j] * a[i];
        Self { axis: u, rho, kappa: dot3(&u, velocity) / rho, across: [a, [cross(1, 2), cross(2, 0), cross(0, 1)]] }
    }

    /// ξ of a state of covariance `p`.
    #[inline(always)]
    #[must_use]
    pub fn arc(&self, p: &[R; COVARIANCE]) -> Arc<R> {
        let Self { rho, across: [a1, a2], .. } = self;
        let (zero, half, rho) = (R::splat(0.0), R::splat(0.5) * self.kappa, *rho);
        let c = of_place(p);
        let (c1, c2) = (times3(&c, a1), times3(&c, a2));
        let (c11, c12, c22) = (dot3(a1, &c1), dot3(a1, &c2), dot3(a2, &c2));
        let (b1, b2) = (place_with_velocity(p, a1), place_with_velocity(p, a2));
        let (b11, b12, b21, b22) = (dot3(a1, &b1), dot3(a1, &b2), dot3(a2, &b1), dot3(a2, &b2));
        let (d1, d2) = (of_velocity(p, a1), of_velocity(p, a2));
        let (d11, d12, d22) = (dot3(a1, &d1), dot3(a1, &d2), dot3(a2, &d2));
        let (f11, f12, f21, f22) = (b11 - half * c11, b12 - half * c12, b21 - half * c12, b22 - half * c22);
        let (z11, z12, z22) = (d11 - half * (b11 + f11), d12 - half * (b12 + f21), d22 - half * (b22 + f22));
        let once = c12 * c12;
        let place = (c11 * c11 + c22 * c22 + once) + once;
        let both = c11 * f11 + c22 * f22 + c12 * (f12 + f21);
        let aside = c12 * z12 + f12 * f21;
        let rate = ((c11 * z11 + c22 * z22 + f11 * f11 + f22 * f22) + aside) + aside;
        let rate = R::where_less(zero, rate, rate, zero);
        Arc {
            mean: [R::splat(0.5) * ((c11 + c22) / rho), (f11 + f22) / rho],
            spread: [R::splat(0.5) * ((place / rho) / rho), (both / rho) / rho, (rate / rho) / rho],
        }
    }

    /// B of a state of covariance `p`: of the position along the line, of it with the velocity along it, of that.
    #[inline(always)]
    fn given_across(&self, p: &[R; COVARIANCE]) -> [R; 3] {
        let (mut p, u) = (*p, &self.axis);
        for a in &self.across {
            let g = column_of_place(&p, a);
            given(&mut p, &g, dot3(a, &[g[0], g[1], g[2]]));
            let g = column_of_velocity(&p, a);
            given(&mut p, &g, dot3(a, &[g[3], g[4], g[5]]));
        }
        [dot3(u, &times3(&of_place(&p), u)), dot3(u, &place_with_velocity(&p, u)), dot3(u, &of_velocity(&p, u))]
    }
}

/// P h, h along `a` of the position.
#[inline(always)]
fn column_of_place<R: Real>(p: &[R; COVARIANCE], a: &[R; 3]) -> [R; 6] {
    let ([x, y, z], [u, v, w]) = (times3(&of_place(p), a), velocity_with_place(p, a));
    [x, y, z, u, v, w]
}

/// P h, h along `a` of the velocity.
#[inline(always)]
fn column_of_velocity<R: Real>(p: &[R; COVARIANCE], a: &[R; 3]) -> [R; 6] {
    let ([x, y, z], [u, v, w]) = (place_with_velocity(p, a), of_velocity(p, a));
    [x, y, z, u, v, w]
}

/// The covariance once a number of this variance is known, of these covariances with the state.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
fn given<R: Real>(p: &mut [R; COVARIANCE], g: &[R; 6], variance: R) {
    let zero = R::splat(0.0);
    let inverse = R::where_less(zero, variance, R::splat(1.0) / variance, zero);
    for i in 0..6 {
        for j in i..6 {
            p[tri(i, j)] = p[tri(i, j)] - (g[i] * inverse) * g[j];
        }
    }
}

/// P with `along` times u uᵀ more in its blocks.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
fn longer<R: Real>(p: &[R; COVARIANCE], u: &[R; 3], along: &[R; 3]) -> [R; COVARIANCE] {
    let mut q = *p;
    for i in 0..3 {
        for j in 0..3 {
            let both = u[i] * u[j];
            if i <= j {
                q[tri(i, j)] = p[tri(i, j)] + both * along[0];
                q[tri(3 + i, 3 + j)] = p[tri(3 + i, 3 + j)] + both * along[2];
            }
            q[tri(i, 3 + j)] = p[tri(i, 3 + j)] + both * along[1];
        }
    }
    q
}

/// A detection along a line of sight, and a state before it in straight coordinates, both at the detection's time.
#[derive(Clone, Copy, Debug)]
pub struct Bend<R> {
    /// The detection as seen from there.
    pub seen: Seen<R>,
    /// The state: its mean of now, P_y of then.
    pub state: State<R>,
    /// 1 where there is a line of sight; all else is as it was.
    has_line: R,
    /// τ.
    ahead_s: R,
    /// To the prediction, metres.
    sight_m: [R; 3],
    line: Sight<R>,
    mean: [R; 2],
}

#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
impl<R: Real> Bend<R> {
    /// A detection as seen from a predicted `state`, and `then`, that without the noise since the detection; `None` if none
    /// of a block has a line of sight.
    #[inline(always)]
    #[must_use]
    pub fn predicted(seen: &Seen<R>, (look, up): (&Look, &[R; 3]), state: &State<R>, then: &State<R>) -> Option<Self> {
        if !seen.has_sight() {
            return None;
        }
        let dt = R::splat(look.dt_s);
        let quiet = if look.dt_s > 0.0 { Since::over(look, dt, up).off(state) } else { *state };
        Self::straight(seen, (&quiet, dt), then)
    }

    /// A detection as seen from a state `then`, straightened by what it was `dt` before: `quiet`, moved back. Out of the way
    /// of detections that have no line of sight.
    #[inline(never)]
    #[must_use]
    pub fn straight(seen: &Seen<R>, (quiet, dt): (&State<R>, R), then: &State<R>) -> Option<Self> {
        let (zero, one, tau) = (R::splat(0.0), R::splat(1.0), seen.ahead_s);
        let e = seen.residual(&then.mean);
        let (has_line, sight_m) = seen.sight(&e)?;
        let (v, aside) = ([then.mean[3], then.mean[4], then.mean[5]], &seen.axis[1]);
        let before = moved(&quiet.covariance, -dt);
        let ago = dt + tau;
        let line = Sight::new(&array(|i| sight_m[i] - ago * v[i]), &v, aside);
        let [a, b, c] = line.arc(&before).spread;
        let share = share_of([a, b, c], line.given_across(&before));
        let rest = (one - share) - share;
        let [a, b, c] = [rest * a, rest * b, rest * c];
        let along = [a + ago * (b + b) + ago * (ago * c), b + ago * c, c];
        let covariance = longer(&moved(&then.covariance, tau), &line.axis, &along);
        let there = |then: R, otherwise: R| R::where_less(zero, has_line, then, otherwise);
        let straight = State { mean: then.mean, covariance };
        let line = Sight::new(&sight_m, &v, aside);
        let mean = line.arc(&straight.covariance).mean;
        Some(Self {
            seen: Seen { difference: array(|i| there(e[i], seen.difference[i])), ahead_s: there(zero, tau), ..*seen },
            state: then.replaced_where_less(zero, has_line, &straight),
            has_line,
            ahead_s: tau,
            sight_m,
            line,
            mean,
        })
    }

    /// A posterior of the state in straight coordinates, as a change of mean and a covariance, in space and at the scan's time.
    #[inline(never)]
    #[must_use]
    pub fn bent(&self, after: &State<R>) -> State<R> {
        let Sight { axis: u, rho, kappa, .. } = self.line;
        let [mx, my, mz, vx, vy, vz] = after.mean;
        let (place, speed) = ([mx, my, mz], [vx, vy, vz]);
        let (far, fast) = (dot3(&u, &place), dot3(&u, &speed));
        let d: [R; 3] = array(|i| place[i] - far * u[i]);
        let e: [R; 3] = array(|i| speed[i] - fast * u[i]);
        let half = R::splat(0.5);
        let zeta: [R; 3] = array(|i| e[i] - (half * kappa) * d[i]);
        let [near, slow] = self.line.arc(&after.covariance).mean;
        let near = self.mean[0] - near - half * (dot3(&d, &d) / rho);
        let slow = self.mean[1] - slow - dot3(&d, &zeta) / rho;
        // Slopes of ξ: of the range by δ, and of the rate by δ and by η.
        let slope: [R; 3] = array(|i| d[i] / rho);
        let turn: [R; 3] = array(|i| (e[i] - kappa * d[i]) / rho);
        let covariance = tilted(&after.covariance, &u, &slope, &turn);
        let moves: [R; MEAN] = array(|k| if k < 3 { place[k] + near * u[k] } else { speed[k - 3] + slow * u[k - 3] });
        let sight = array(|i| self.sight_m[i] + moves[i]);
        let velocity = array(|i| self.state.mean[3 + i] + moves[3 + i]);
        let line = Sight::new(&sight, &velocity, &self.seen.axis[1]);
        let covariance = longer(&covariance, &line.axis, &line.arc(&covariance).spread);
        let back = -self.ahead_s;
        let to = State {
            mean: array(|k| if k < 3 { moves[k] + back * moves[3 + k] } else { moves[k] }),
            covariance: moved(&covariance, back),
        };
        after.replaced_where_less(R::splat(0.0), self.has_line, &to)
    }
}

/// s: the largest share of A, at most 1, that is in B: by the larger eigenvalue of B⁻¹ A, from B = L D Lᵀ.
#[inline(always)]
fn share_of<R: Real>([a, b, c]: [R; 3], [d, e, f]: [R; 3]) -> R {
    let (zero, one, half) = (R::splat(0.0), R::splat(1.0), R::splat(0.5));
    let l = e / d;
    let left = f - l * e;
    let both = b - l * a;
    let rest = (c - l * b) - l * both;
    let (first, second) = (a / d, rest / left);
    let apart = half * (first - second);
    let largest = half * (first + second) + (apart * apart + (both / d) * (both / left)).sqrt();
    let share = R::where_less(one, largest, one / largest, one);
    R::where_less(zero, d, R::where_less(zero, left, share, zero), zero)
}

/// J P Jᵀ, J = I less u slopeᵀ of position by position and of velocity by velocity, and u turnᵀ of velocity by position.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
fn tilted<R: Real>(p: &[R; COVARIANCE], u: &[R; 3], slope: &[R; 3], turn: &[R; 3]) -> [R; COVARIANCE] {
    let k1 = column_of_place(p, slope);
    let (by_place, by_velocity) = (column_of_place(p, turn), column_of_velocity(p, slope));
    let k2: [R; 6] = array(|i| by_place[i] + by_velocity[i]);
    let mut q = *p;
    for i in 0..3 {
        for j in 0..3 {
            if i <= j {
                q[tri(i, j)] = p[tri(i, j)] - u[i] * k1[j] - k1[i] * u[j];
                q[tri(3 + i, 3 + j)] = p[tri(3 + i, 3 + j)] - u[i] * k2[3 + j] - k2[3 + i] * u[j];
            }
            q[tri(i, 3 + j)] = p[tri(i, 3 + j)] - u[i] * k1[3 + j] - k2[i] * u[j];
        }
    }
    let both = dot3(turn, &[k2[0], k2[1], k2[2]]) + dot3(slope, &[k2[3], k2[4], k2[5]]);
    longer(&q, u, &[dot3(slope, &[k1[0], k1[1], k1[2]]), dot3(slope, &[k2[0], k2[1], k2[2]]), both])
}

/// ½ tr(M C), and ½ tr(M C M C), M = (I - u uᵀ) / ρ, of a range of `rho` along `u` to a place of covariance `c`.
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
    [half * ((all - along) / rho), half * ((across / rho) / rho)]
}

/// A covariance `t` seconds from its time, without noise.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub fn moved<R: Real>(p: &[R; COVARIANCE], t: R) -> [R; COVARIANCE] {
    let (mut q, place) = (*p, position_covariance(p, t));
    [q[tri(0, 0)], q[tri(0, 1)], q[tri(0, 2)], q[tri(1, 1)], q[tri(1, 2)], q[tri(2, 2)]] = place;
    for i in 0..3 {
        let row = velocity_row(p, i, t);
        for j in 0..3 {
            q[tri(i, 3 + j)] = row[j];
        }
    }
    q
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

/// Covariance of the position at the state's time.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
fn of_place<R: Real>(p: &[R; COVARIANCE]) -> [R; 6] {
    [p[tri(0, 0)], p[tri(0, 1)], p[tri(0, 2)], p[tri(1, 1)], p[tri(1, 2)], p[tri(2, 2)]]
}

/// cov(position, velocity) a at the state's time.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
fn place_with_velocity<R: Real>(p: &[R; COVARIANCE], a: &[R; 3]) -> [R; 3] {
    array(|i| p[tri(i, 3)] * a[0] + p[tri(i, 4)] * a[1] + p[tri(i, 5)] * a[2])
}

/// cov(velocity, position) a at the state's time.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
fn velocity_with_place<R: Real>(p: &[R; COVARIANCE], a: &[R; 3]) -> [R; 3] {
    array(|j| p[tri(0, 3 + j)] * a[0] + p[tri(1, 3 + j)] * a[1] + p[tri(2, 3 + j)] * a[2])
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
