//! Moves every track to the time of its lane's scan: x' = f(x), P' = F P Fᵀ + Q, r' = P_S r, where the motion model says
//! what f, F and Q are (see [`super::motion`]).
//!
//! A height that nothing measures is no less certain than what is known of heights, σ: where P exceeds that, uᵀ P_pp u =
//! σ² / s², s < 1, it goes through S = I - (1 - s) u uᵀ first, P' = S P Sᵀ for position and velocity alike. A congruence
//! keeps P positive; correlations and all that is horizontal stay, and the vertical settles (of intensity q, at a velocity
//! of variance (q σ / √2)^⅔), so that hours without a height neither overflow nor cost the ground its digits.
//!
//! Existence is kept as odds o = r / (1 - r): o' = P_S o / (1 + (1 - P_S) o). The mean is brought back into the
//! middle of its tile. Units: m, m/s, s. Kernel: `shaders/predict.wgsl`.

use super::arrays::{Arrays, BLOCK, COVARIANCE, Host, Look, MEAN, tri};
use super::motion::{ConstantVelocity, Model};
use super::real::{Real, array};
use super::state::{State, dot3};
use crate::space::TILE_M;
use rayon::prelude::*;

#[expect(clippy::cast_possible_truncation, reason = "1024 is exact")]
const TILE: f32 = TILE_M as f32;

/// Predicts every track of every lane that has a scan.
pub fn predict<R: Real>(arrays: &mut Arrays<Host>) {
    let looks = &arrays.looks;
    arrays
        .tile
        .par_chunks_mut(3 * BLOCK)
        .zip(arrays.mean.par_chunks_mut(MEAN * BLOCK))
        .zip(arrays.covariance.par_chunks_mut(COVARIANCE * BLOCK))
        .zip(arrays.odds.par_chunks_mut(BLOCK))
        .zip(arrays.lane.par_iter())
        .with_min_len(64)
        .for_each(|((((tile, mean), covariance), odds), &lane)| {
            let Some(look) = looks.get(lane as usize).filter(|look| look.awake == 1) else { return };
            for place in (0..BLOCK).step_by(R::WIDTH) {
                invocation::<R, ConstantVelocity>(look, place, tile, mean, covariance, odds);
            }
        });
}

/// One invocation: the tracks at `place`.. of one block.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "bindings and indices as in the kernel")]
fn invocation<R: Real, M: Model>(
    look: &Look,
    place: usize,
    tile: &mut [i32],
    mean: &mut [f32],
    covariance: &mut [f32],
    odds: &mut [f32],
) {
    let t: [R; 3] = array(|a| R::from_fn(|n| tile[a * BLOCK + place + n] as f32));
    let (after, carry) = advance::<R, M>(look, &t, &State::<R>::load(mean, covariance, place));
    after.store(mean, covariance, place);
    for a in 0..3 {
        for n in 0..R::WIDTH {
            let tile = &mut tile[a * BLOCK + place + n];
            *tile = tile.wrapping_add(truncated(carry[a].at(n)));
        }
    }
    lasting(look, R::load(&odds[place..])).store(&mut odds[place..]);
}

/// Odds that a target is still there after the time of a look, in which it has not reported.
#[inline(always)]
pub(super) fn lasting<R: Real>(look: &Look, o: R) -> R {
    let (one, survival, silent) = (R::splat(1.0), R::splat(look.survival), R::splat(1.0 - look.heard));
    survival * o / (one + (one - survival) * o) * silent
}

/// The state at the time of the scan, and by how many tiles it moved.
#[inline(always)]
fn advance<R: Real, M: Model>(look: &Look, tile: &[R; 3], before: &State<R>) -> (State<R>, [R; 3]) {
    let u = up(look, tile, &before.mean);
    let mut after = M::moved(look, &u, &faded(before, &u, look));
    let mut carry = [R::splat(0.0); 3];
    for (x, carry) in after.mean.iter_mut().zip(&mut carry) {
        *carry = (*x * R::splat(1.0 / TILE) + R::splat(0.5)).floor();
        *x = *x - *carry * R::splat(TILE);
    }
    (after, carry)
}

/// Moves one state of the field of undetected targets to the time of the scan.
#[expect(clippy::indexing_slicing, reason = "axes are 0, 1, 2")]
pub fn predict_one(look: &Look, tile: &mut [i32; 3], state: &mut State<f32>) {
    let (after, carry) = advance::<f32, ConstantVelocity>(look, &tile.map(|t| t as f32), state);
    *state = after;
    for a in 0..3 {
        tile[a] = tile[a].wrapping_add(truncated(carry[a]));
    }
}

/// Unit vector upwards at the track.
#[inline(always)]
#[must_use]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub fn up<R: Real>(look: &Look, tile: &[R; 3], x: &[R; MEAN]) -> [R; 3] {
    if look.radial == 0 {
        return [R::splat(0.0), R::splat(0.0), R::splat(1.0)];
    }
    let place: [R; 3] = array(|a| tile[a] * R::splat(TILE) + x[a]);
    let norm = (place[0] * place[0] + place[1] * place[1] + place[2] * place[2] + R::splat(1e-30)).sqrt();
    array(|a| place[a] / norm)
}

/// P u, of the block of P that begins at a row and a column.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
fn columns_along<R: Real>(p: &[R; COVARIANCE], u: &[R; 3], block: (usize, usize)) -> [R; 3] {
    array(|i| {
        let p = |j: usize| p[tri(block.0 + i, block.1 + j)];
        p(0) * u[0] + p(1) * u[1] + p(2) * u[2]
    })
}

/// The state with a height no less certain than what is known of heights.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub(crate) fn faded<R: Real>(state: &State<R>, u: &[R; 3], look: &Look) -> State<R> {
    let one = R::splat(1.0);
    let excess = dot3(&columns_along(&state.covariance, u, (0, 0)), u) * R::splat(look.height_information);
    if !R::any_less(one, excess) {
        return *state;
    }
    let c = one - one / excess.sqrt();
    let mut to = *state;
    for (first, second) in [(0, 0), (0, 3), (3, 3)] {
        let a = columns_along(&state.covariance, u, (first, second)).map(|a| a * c);
        for j in 0..3 {
            let t: [R; 3] = array(|i| state.covariance[tri(first + i, second + j)] - a[i] * u[j]);
            let w = c * dot3(&t, u);
            for i in 0..3 {
                if first < second || i <= j {
                    to.covariance[tri(first + i, second + j)] = t[i] - u[i] * w;
                }
            }
        }
    }
    state.replaced_where_less(one, excess, &to)
}

/// As WGSL converts: towards zero, saturating, NaN to zero.
#[expect(clippy::cast_possible_truncation, reason = "saturating is meant")]
fn truncated(x: f32) -> i32 {
    x as i32
}
