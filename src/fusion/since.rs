//! Process noise between a detection and its scan.
//!
//! A scan has one time, that of its latest detection; the state of a track then is x = y + w: y what it were without the
//! noise since the detection, w ~ N(0, Q(c)) that noise, independent of y. An earlier detection says something of y alone,
//! z = H F(τ) y: so P - Q(c) is what it is compared with and what it updates, and Q(c) comes back on top. With all of P
//! a position would seem less certain than it was, and a range rate to be of the velocity now.
//!
//! c = min(-τ, dt), dt the time since the lane's last scan: P = F P' Fᵀ + Q(dt) and Q(dt) ≥ Q(c), so that P - Q(c) stays a
//! covariance; only a detection from before that scan, of another sensor, has noise left that is not taken off. A new track
//! begins at its detection's time and has all of Q(-τ) added. Where acceleration is constant between scans, noise is not
//! independent of what was before, and none is taken off; nor is it of Gaussian components, whose scans have one time.
//!
//! The optimal filter for one detection of the past: Bar-Shalom, IEEE TAES 38(3), 2002, with the retrodicted noise zero.
//! Q(c) = q \[c³/3, c²/2; c²/2, c\], horizontally and vertically its own q. Units: m, s. Kernel part: `shaders/shared/since.wgsl`.

use super::arrays::{COVARIANCE, LaneStep, tri};
use super::simd::Simd;
use super::state::State;

/// The noise since a detection, or since those of a block.
#[derive(Clone, Copy, Debug)]
pub struct Since<R> {
    /// c, seconds; none where it is not above 0.
    seconds: R,
    /// Upwards.
    up: [R; 3],
    /// Of position, of position with velocity, of velocity: along every axis, and along the vertical what that has more.
    flat: [R; 3],
    extra: [R; 3],
}

impl<R: Simd> Since<R> {
    /// From detections `ahead_s` from the scan of `look` until it; `None` if all are of its time, or targets turn, whose
    /// lines leave it out (`motion/turn.rs`). Only else is it asked
    /// where `up` is.
    #[inline(always)]
    #[must_use]
    pub fn new(look: &LaneStep, ahead_s: R, up: impl FnOnce() -> [R; 3]) -> Option<Self> {
        if look.turning.turns == 1 {
            return None;
        }
        let seconds = seconds_since(look, ahead_s);
        R::any_less(R::splat(0.0), seconds).then(|| Self::over(look, seconds, &up()))
    }

    /// Over some seconds.
    #[inline(always)]
    #[must_use]
    pub fn over(look: &LaneStep, seconds: R, up: &[R; 3]) -> Self {
        let squared = seconds * seconds;
        let blocks = |pp: f32, pv: f32, vv: f32| {
            [R::splat(pp) * seconds * squared, R::splat(pv) * squared, R::splat(vv) * seconds]
        };
        Self {
            seconds,
            up: *up,
            flat: blocks(look.noise.drive_pp, look.noise.drive_pv, look.noise.drive_vv),
            extra: blocks(look.noise.extra_drive_pp, look.noise.extra_drive_pv, look.noise.extra_drive_vv),
        }
    }

    /// The state without the noise.
    #[inline(always)]
    #[must_use]
    pub fn off(&self, state: &State<R>) -> State<R> {
        self.added(state, &self.flat.map(|q| -q), &self.extra.map(|q| -q))
    }

    /// The state with the noise.
    #[inline(always)]
    #[must_use]
    pub fn on(&self, state: &State<R>) -> State<R> {
        self.added(state, &self.flat, &self.extra)
    }

    #[inline(always)]
    fn added(&self, state: &State<R>, flat: &[R; 3], extra: &[R; 3]) -> State<R> {
        let covariance = added(&state.covariance, &self.up, flat, extra);
        state.replaced_where_less(R::splat(0.0), self.seconds, &State { mean: state.mean, covariance })
    }
}

/// c; no time where it is not above 0.
#[inline(always)]
#[must_use]
pub fn seconds_since<R: Simd>(look: &LaneStep, ahead_s: R) -> R {
    let (ago_s, dt_s) = (-ahead_s, R::splat(look.dt_s));
    R::where_less(ago_s, dt_s, ago_s, dt_s)
}

/// P + flat I + extra u uᵀ, in this order: as drivers add products.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub(super) fn added<R: Simd>(p: &[R; COVARIANCE], u: &[R; 3], flat: &[R; 3], extra: &[R; 3]) -> [R; COVARIANCE] {
    let mut q = *p;
    for i in 0..3 {
        for j in 0..3 {
            let along = u[i] * u[j];
            let with = |k: usize, block: usize| {
                let flat = if i == j { p[k] + flat[block] } else { p[k] };
                flat + along * extra[block]
            };
            if i <= j {
                q[tri(i, j)] = with(tri(i, j), 0);
                q[tri(3 + i, 3 + j)] = with(tri(3 + i, 3 + j), 2);
            }
            q[tri(i, 3 + j)] = with(tri(i, 3 + j), 1);
        }
    }
    q
}
