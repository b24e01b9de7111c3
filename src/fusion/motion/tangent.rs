//! The straight line that a way touches at the time of a detection: of an orbit here, of a turn in `turn.rs`.
//!
//! Detections are compared with p + τ v and v, τ seconds from their scan. An orbit bends: 4 m and 9 m/s in a second. With
//! its acceleration a at the scan the line of p - a τ² / 2 and v + a τ has the place and the velocity of the orbit at τ,
//! but for a τ³ / 6 times the change of a, 2 mm after a second and 1.5 m after ten. A new track goes the way back.
//! Covariances are as they were. Units: m, s. Kernel part: `shaders/shared/tangent.wgsl`.

use super::TILE;
use super::gravity::pull;
use super::turn::{straightened, swerve_m};
use crate::fusion::arrays::LaneStep;
use crate::fusion::simd::{Simd, array};
use crate::fusion::state::State;

/// No satellite's velocity changes by more, m/s².
const PULL_MAX: f32 = 12.0;

/// Whether ways bend between a detection and its scan.
#[inline(always)]
#[must_use]
pub fn bends(look: &LaneStep) -> bool {
    look.orbits == 1 || look.turning.turns == 1
}

/// The state at `ahead_s` from the scan as a straight line, of a track whose place is counted from `tile`; of a turn without
/// the noise since then.
#[cold]
#[inline(never)] // so that it costs nothing where nobody orbits: 1 % of a scan
#[must_use]
pub fn tangent<R: Simd>(look: &LaneStep, tile: &[R; 3], ahead_s: R, state: &State<R>) -> State<R> {
    if look.turning.turns == 1 {
        return straightened(look, tile, ahead_s, state);
    }
    shifted(tile, ahead_s, state, R::splat(1.0))
}

/// The state at the scan of what is a straight line at `ahead_s` from it, of an orbit.
#[inline(always)]
#[must_use]
pub fn untangent<R: Simd>(tile: &[R; 3], ahead_s: R, state: &State<R>) -> State<R> {
    shifted(tile, ahead_s, state, R::splat(-1.0))
}

#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
fn shifted<R: Simd>(tile: &[R; 3], ahead_s: R, state: &State<R>, sign: R) -> State<R> {
    let x = &state.mean;
    let a = pull(&array(|a| tile[a] * R::splat(TILE) + x[a]), &[x[3], x[4], x[5]]);
    let (way, change) = (R::splat(0.5) * ahead_s * ahead_s * sign, ahead_s * sign);
    let mean = array(|k| if k < 3 { x[k] - way * a[k] } else { x[k] + change * a[k - 3] });
    State { mean, covariance: state.covariance }
}

/// By how much a way may bend within so long, metres, beside what may lie about it.
#[inline(always)]
#[must_use]
pub fn bend_m<R: Simd>(look: &LaneStep, seconds: f32, state: &State<R>, gate: f32) -> R {
    if look.turning.turns == 1 {
        return swerve_m(look, seconds, state, gate);
    }
    R::splat(if look.orbits == 1 { 0.5 * PULL_MAX * seconds * seconds } else { 0.0 })
}
