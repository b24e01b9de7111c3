//! Coordinated turn of a known rate: v' = ω u × v + w about the local vertical u, w white acceleration; upwards straight on.
//!
//! With N = I - u uᵀ, J = \[u\]× and θ = ω T: F = \[I, A; 0, B\], A = T I + (sin θ / ω - T) N + (1 - cos θ) / ω J,
//! B = I + (cos θ - 1) N + sin θ J (Bar-Shalom, Li and Kirubarajan 2001, 11.7.1). There noise is constant between scans; here Q =
//! ∫ F(s) \[0; I\] q \[0; I\]ᵀ F(s)ᵀ ds, so that scans may come at any times: horizontally Q_pp = 2 q (θ - sin θ) / ω³ N,
//! Q_pv = q ((1 - cos θ) / ω² N - (θ - sin θ) / ω² J), Q_vv = q T N; vertically that of constant velocity, which all of it is at
//! ω = 0. u is that of where the state is, during the whole step.
//!
//! All of it follows from g = (θ - sin θ) / θ³ and h = (1 - cos θ) / θ², series of θ²: sin θ = θ (1 - θ² g), and so on. Nothing
//! cancels, however small θ is. What depends on a look alone is computed in f64 and rounded once. Between a detection and its
//! scan, τ seconds, g and h are polynomials in f32, of up to half a turn, within 3e-7 of them; beyond, the angle stays there.
//!
//! Detections are compared with p + τ v. [`straightened`] is the straight line that has the track's place and velocity at τ, of the state
//! without the noise since then (see [`crate::fusion::since`]): p + (A(τ) - τ B(τ)) v and B(τ) v, exactly; [`curved`] is the way back.
//! Units: m, s, rad. Kernel part: `shaders/motion/turn.wgsl`.

use super::{ConstantVelocity, Model, Moved, Noise, Precise, ProcessNoise};
use crate::fusion::arrays::{COVARIANCE, LaneStep, tri};
use crate::fusion::predict::{faded, up};
use crate::fusion::simd::{Simd, array};
use crate::fusion::since::{added, seconds_since};
use crate::fusion::state::State;
use crate::mirror::mirror;
use core::array::from_fn;
use core::f32::consts::PI;

/// The series of g and of h in θ², as far as f32 tells their terms from nothing up to half a turn.
#[expect(clippy::excessive_precision, clippy::unreadable_literal, reason = "as in the kernel, digit for digit")]
const G: [f32; 9] = [
    1.6666667e-1,
    -8.33333333e-3,
    1.984127e-4,
    -2.7557319e-6,
    2.5052108e-8,
    -1.6059044e-10,
    7.6471637e-13,
    -2.8114573e-15,
    8.220635e-18,
];
#[expect(clippy::excessive_precision, clippy::unreadable_literal, reason = "as in the kernel, digit for digit")]
const H: [f32; 9] = [
    5.0e-1,
    -4.1666667e-2,
    1.3888889e-3,
    -2.4801587e-5,
    2.755732e-7,
    -2.0876756988e-9,
    1.14707456e-11,
    -4.7794773e-14,
    1.5619207e-16,
];
/// Below this angle, in radians, f64 takes the series, too.
const SMALL: f64 = 0.5;

/// A turn of a known rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoordinatedTurn {
    /// By how much the course goes round, degrees a second, to the right where it is above 0, as azimuths are counted.
    pub turn_deg_s: f64,
    /// Intensity of white acceleration along each horizontal axis, m²/s³.
    pub horizontal: f64,
    /// Along the vertical.
    pub vertical: f64,
}

mirror! {
    /// How velocities turn in the time before a look; all zero where they do not.
    pub struct Turning {
        /// 1 if they turn.
        pub turns: u32,
        /// ω, radians a second, to the left seen from above.
        pub rate: f32,
        /// Of a horizontal velocity after T: how far it has come along it, sin θ / ω, less T; s.
        pub short_s: f32,
        /// How far to its left, (1 - cos θ) / ω; s.
        pub aside_s: f32,
        /// cos θ - 1.
        pub lost: f32,
        /// sin θ.
        pub aside: f32,
        /// What process noise adds to the covariance of a place with the velocity to its left, m² / s.
        pub across_pv: f32,
    }
}

/// g and h.
fn series(theta: f64) -> [f64; 2] {
    let square = theta * theta;
    if theta.abs() >= SMALL {
        return [(theta - libm::sin(theta)) / (square * theta), (1.0 - libm::cos(theta)) / square];
    }
    let of = |first: f64| {
        let term = |k: u32| square / ((first + f64::from(2 * k + 1)) * (first + f64::from(2 * k + 2)));
        (0..10).rev().fold(1.0, |rest, k| 1.0 - term(k) * rest)
    };
    [of(3.0) / 6.0, of(2.0) / 2.0]
}

impl CoordinatedTurn {
    /// ω.
    fn rate(&self) -> f64 {
        -self.turn_deg_s.to_radians()
    }

    /// The noise of one that does not turn.
    pub(super) fn straight(&self) -> ConstantVelocity {
        let Self { horizontal, vertical, .. } = *self;
        ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal, vertical }
    }

    /// How velocities turn in `dt_s`.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
    pub fn turning(&self, dt_s: f64) -> Turning {
        let theta = self.rate() * dt_s;
        let [g, h] = series(theta);
        Turning {
            turns: 1,
            rate: self.rate() as f32,
            short_s: (-dt_s * theta * theta * g) as f32,
            aside_s: (dt_s * theta * h) as f32,
            lost: (-theta * theta * h) as f32,
            aside: libm::sin(theta) as f32,
            across_pv: (-self.horizontal * dt_s * dt_s * theta * g) as f32,
        }
    }

    /// F x and F P Fᵀ + Q, the place counted from the tile of before; `u` is upwards there.
    #[inline(always)]
    pub(crate) fn ahead<R: Simd>(look: &LaneStep, u: &[R; 3], before: &State<R>) -> State<R> {
        Self::spread(look, u, &Ways::of(look).taken(u, before))
    }

    /// The state with Q; `u` is upwards.
    #[inline(always)]
    pub(crate) fn spread<R: Simd>(look: &LaneStep, u: &[R; 3], state: &State<R>) -> State<R> {
        let of = &look.noise;
        let [flat, extra] = [[of.pp, of.pv, of.vv], [of.extra_pp, of.extra_pv, of.extra_vv]].map(|q| q.map(R::splat));
        noisy(u, state, (&flat, &extra, R::splat(look.turning.across_pv)))
    }
}

impl Model for CoordinatedTurn {
    const RESTS: bool = false;

    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
    fn noise(&self, dt_s: f64) -> ProcessNoise {
        let [g, h] = series(self.rate() * dt_s);
        let straight = self.straight().noise(dt_s);
        let (pp, pv) = (2.0 * g * self.horizontal * dt_s * dt_s * dt_s, h * self.horizontal * dt_s * dt_s);
        let upright = |flat: f64, power: f64| self.vertical * dt_s * dt_s * power - flat;
        ProcessNoise {
            pp: pp as f32,
            pv: pv as f32,
            extra_pp: upright(pp, dt_s / 3.0) as f32,
            extra_pv: upright(pv, 0.5) as f32,
            ..straight
        }
    }

    #[inline(always)]
    fn moved<R: Simd>(look: &LaneStep, tile: &[R; 3], before: &Precise<R>) -> Moved<R> {
        let u = up(look, tile, &before.state.mean);
        Moved::into_tile(Self::ahead(look, &u, &faded(&before.state, &u, look)))
    }
}

/// How far a velocity takes a place, and what becomes of it: A = straight I + short N + aside J, B = I + lost N + aside J.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ways<R> {
    pub(crate) straight_s: R,
    pub(crate) short_s: R,
    pub(crate) aside_s: R,
    pub(crate) lost: R,
    pub(crate) aside: R,
}

impl<R: Simd> Ways<R> {
    /// During a look.
    #[inline(always)]
    pub(crate) fn of(look: &LaneStep) -> Self {
        let Turning { short_s, aside_s, lost, aside, .. } = look.turning;
        let [short_s, aside_s, lost, aside] = [short_s, aside_s, lost, aside].map(R::splat);
        Self { straight_s: R::splat(look.dt_s), short_s, aside_s, lost, aside }
    }

    /// A and B.
    #[inline(always)]
    pub(crate) fn blocks(&self, u: &[R; 3]) -> [[[R; 3]; 3]; 2] {
        [about(u, self.straight_s, self.short_s, self.aside_s), about(u, R::splat(1.0), self.lost, self.aside)]
    }

    /// \[I, A; 0, B\] of a state.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    fn taken(&self, u: &[R; 3], of: &State<R>) -> State<R> {
        let ([a, b], x, p) = (self.blocks(u), &of.mean, &of.covariance);
        let [pv, vv] = [0, 3].map(|first| from_fn(|i| array(|j| p[tri(first + i, 3 + j)])));
        let (along, w) = (times(&a, &turned_over(&pv)), times(&a, &vv));
        let w: [[R; 3]; 3] = from_fn(|i| array(|j| pv[i][j] + w[i][j]));
        let aside = times(&w, &turned_over(&a));
        let (crossed, b_turned) = (times(&w, &turned_over(&b)), turned_over(&b));
        let speeds = times(&times(&b, &vv), &b_turned);
        let v = [x[3], x[4], x[5]];
        let row = |m: &[[R; 3]; 3], i: usize| m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2];
        let mut q = *p;
        for i in 0..3 {
            for j in 0..3 {
                if i <= j {
                    q[tri(i, j)] = p[tri(i, j)] + along[i][j] + aside[i][j];
                    q[tri(3 + i, 3 + j)] = speeds[i][j];
                }
                q[tri(i, 3 + j)] = crossed[i][j];
            }
        }
        State { mean: array(|k| if k < 3 { x[k] + row(&a, k) } else { row(&b, k - 3) }), covariance: q }
    }
}

/// diagonal I + short N + aside J.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
fn about<R: Simd>(u: &[R; 3], diagonal: R, short: R, aside: R) -> [[R; 3]; 3] {
    from_fn(|i| {
        array(|j| {
            let k = (6 - i - j) % 3;
            match (3 + j - i) % 3 {
                0 => diagonal + short * (R::splat(1.0) - u[i] * u[i]),
                1 => -(aside * u[k]) - short * (u[i] * u[j]),
                _ => aside * u[k] - short * (u[i] * u[j]),
            }
        })
    })
}

#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
fn times<R: Simd>(a: &[[R; 3]; 3], b: &[[R; 3]; 3]) -> [[R; 3]; 3] {
    from_fn(|i| array(|j| a[i][0] * b[0][j] + a[i][1] * b[1][j] + a[i][2] * b[2][j]))
}

#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
fn turned_over<R: Simd>(m: &[[R; 3]; 3]) -> [[R; 3]; 3] {
    from_fn(|i| array(|j| m[j][i]))
}

/// A state and noise: along every axis, along the vertical what that has more, and of places with velocities across them.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
fn noisy<R: Simd>(u: &[R; 3], state: &State<R>, (flat, extra, across): (&[R; 3], &[R; 3], R)) -> State<R> {
    let mut q: [R; COVARIANCE] = added(&state.covariance, u, flat, extra);
    for (i, j, k) in [(0, 1, 2), (1, 2, 0), (2, 0, 1)] {
        q[tri(i, 3 + j)] = q[tri(i, 3 + j)] - across * u[k];
        q[tri(j, 3 + i)] = q[tri(j, 3 + i)] + across * u[k];
    }
    State { mean: state.mean, covariance: q }
}

/// The angle of so long, at most half a turn either way, and g and h of it.
#[inline(always)]
fn angle<R: Simd>(look: &LaneStep, seconds: R) -> [R; 3] {
    let (theta, half) = (R::splat(look.turning.rate) * seconds, R::splat(PI));
    let theta = R::where_less(half, theta, half, theta);
    let theta = R::where_less(theta, -half, -half, theta);
    let square = theta * theta;
    let of = |series: &[f32; 9]| {
        let [rest @ .., last] = series;
        rest.iter().rev().fold(R::splat(*last), |sum, c| sum * square + R::splat(*c))
    };
    [theta, of(&G), of(&H)]
}

/// The noise of some seconds, as `noisy` takes it.
#[inline(always)]
fn noise_over<R: Simd>(look: &LaneStep, seconds: R) -> ([R; 3], [R; 3], R) {
    let [theta, g, h] = angle(look, seconds);
    let of = &look.noise;
    let (squared, one) = (seconds * seconds, R::splat(1.0));
    let cubed = seconds * squared;
    let (bent_pp, bent_pv) = (R::splat(6.0) * g, R::splat(2.0) * h);
    let (pp, pv) = (R::splat(of.drive_pp) * cubed, R::splat(of.drive_pv) * squared);
    let flat = [pp * bent_pp, pv * bent_pv, R::splat(of.drive_vv) * seconds];
    let extra = [
        R::splat(of.extra_drive_pp) * cubed + pp * (one - bent_pp),
        R::splat(of.extra_drive_pv) * squared + pv * (one - bent_pv),
        R::splat(of.extra_drive_vv) * seconds,
    ];
    (flat, extra, -(R::splat(of.drive_vv) * squared * theta * g))
}

/// The straight line that has the place and the velocity of a track at `ahead_s` from the scan, without the noise since then.
#[inline(never)] // so that it costs nothing where nobody turns
#[must_use]
pub(super) fn straightened<R: Simd>(look: &LaneStep, tile: &[R; 3], ahead_s: R, state: &State<R>) -> State<R> {
    let (u, zero) = (up(look, tile, &state.mean), R::splat(0.0));
    let seconds = seconds_since(look, ahead_s);
    let (flat, extra, across) = noise_over(look, seconds);
    let less = noisy(&u, state, (&flat.map(|q| -q), &extra.map(|q| -q), -across));
    let before = state.replaced_where_less(zero, seconds, &less);
    let ([theta, g, h], one) = (angle(look, ahead_s), R::splat(1.0));
    let square = theta * theta;
    let straight = one - square * g;
    let ways = Ways {
        straight_s: zero,
        short_s: ahead_s * square * (h - g),
        aside_s: ahead_s * theta * (h - straight),
        lost: -(square * h),
        aside: theta * straight,
    };
    ways.taken(&u, &before)
}

/// The state at the scan of what is a straight line at `ahead_s` from it, with the noise of `seconds` since then; `u` is upwards.
#[inline(never)] // so that it costs nothing where nobody turns
#[must_use]
pub fn curved<R: Simd>(look: &LaneStep, u: &[R; 3], (ahead_s, seconds): (R, R), state: &State<R>) -> State<R> {
    let ([theta, g, h], one) = (angle(look, ahead_s), R::splat(1.0));
    let square = theta * theta;
    let ways = Ways {
        straight_s: R::splat(0.0),
        short_s: ahead_s * square * g,
        aside_s: ahead_s * theta * h,
        lost: -(square * h),
        aside: -(theta * (one - square * g)),
    };
    let now = ways.taken(u, state);
    let (flat, extra, across) = noise_over(look, seconds);
    now.replaced_where_less(R::splat(0.0), seconds, &noisy(u, &now, (&flat, &extra, across)))
}

/// By how much a turning way may leave a straight one within so long, metres: ω t² / 2 of the speed, and of what it may be.
#[inline(always)]
#[must_use]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub(super) fn swerve_m<R: Simd>(look: &LaneStep, seconds: f32, state: &State<R>, gate: f32) -> R {
    let (x, p) = (&state.mean, &state.covariance);
    let speed = (x[3] * x[3] + x[4] * x[4] + x[5] * x[5]).sqrt();
    let unsure = (R::splat(gate) * (p[tri(3, 3)] + p[tri(4, 4)] + p[tri(5, 5)])).sqrt();
    R::splat(0.5 * look.turning.rate.abs() * seconds * seconds) * (speed + unsure)
}

/// Second moments of what models turn by, about their mean: c ((of i) - mean) ((of j) - mean), summed over the models, of
/// `short_s`, `aside_s`, `lost` and `aside` in this order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deviations([[f32; 4]; 4]);

impl Deviations {
    /// Of models that are so likely each.
    pub(super) fn about<'a>(mean: &Turning, models: impl Iterator<Item = (&'a Turning, &'a f32)>) -> Self {
        let numbers = |of: &Turning| [of.short_s, of.aside_s, of.lost, of.aside];
        let (mean, mut sum) = (numbers(mean), [[0.0; 4]; 4]);
        for (of, weight) in models {
            let mut apart = numbers(of);
            apart.iter_mut().zip(mean).for_each(|(of, mean)| *of -= mean);
            for (sum, a) in sum.iter_mut().zip(apart) {
                for (sum, b) in sum.iter_mut().zip(apart) {
                    *sum += weight * a * b;
                }
            }
        }
        Self(sum)
    }
}

/// Σ c (F - F̄) (P + x xᵀ) (F - F̄)ᵀ: with M = P_vv + v vᵀ and (a N + b J) M (c N + d J)ᵀ for each block.
#[expect(clippy::indexing_slicing, reason = "indices within arrays")]
pub(crate) fn deviant<R: Simd>(spread: &Deviations, u: &[R; 3], of: &State<R>) -> [R; COVARIANCE] {
    let (zero, one, v) = (R::splat(0.0), R::splat(1.0), [3, 4, 5].map(|k| of.mean[k]));
    let m: [[R; 3]; 3] = from_fn(|i| array(|j| of.covariance[tri(3 + i, 3 + j)] + v[i] * v[j]));
    let (n, j) = (about(u, zero, one, zero), about(u, zero, zero, one));
    let (flat, aside) = (times(&times(&n, &m), &n), times(&times(&j, &m), &turned_over(&j)));
    let mixed = times(&times(&j, &m), &n);
    let crossed = turned_over(&mixed);
    let block = |a: usize, c: usize| -> [[R; 3]; 3] {
        let [aa, ab, ba, bb] = [(a, c), (a, c + 1), (a + 1, c), (a + 1, c + 1)].map(|(i, j)| R::splat(spread.0[i][j]));
        from_fn(|i| array(|j| aa * flat[i][j] + ab * crossed[i][j] + ba * mixed[i][j] + bb * aside[i][j]))
    };
    let (pp, pv, vv) = (block(0, 0), block(0, 2), block(2, 2));
    let mut q = [zero; COVARIANCE];
    for i in 0..3 {
        for j in 0..3 {
            if i <= j {
                q[tri(i, j)] = pp[i][j];
                q[tri(3 + i, 3 + j)] = vv[i][j];
            }
            q[tri(i, 3 + j)] = pv[i][j];
        }
    }
    q
}
