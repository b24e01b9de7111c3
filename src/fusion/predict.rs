//! Moves every track to the time of its lane's scan: x' = f(x), P' = F P Fᵀ + Q, r' = P_S r, where the motion model says
//! what f, F and Q are (see [`super::motion`]).
//!
//! A height that nothing measures is no less certain than what is known of heights, σ: where P exceeds that, uᵀ P_pp u =
//! σ² / s², s < 1, it goes through S = I - (1 - s) u uᵀ first, P' = S P Sᵀ for position and velocity alike. A congruence
//! keeps P positive; correlations and all that is horizontal stay, and the vertical settles (of intensity q, at a velocity
//! of variance (q σ / √2)^⅔), so that hours without a height neither overflow nor cost the ground its digits.
//!
//! A model may keep what a velocity has beyond 32 bits as a *rest* beside the mean ([`super::motion`]). Tracks of several
//! models: `models.rs`.
//!
//! Existence is kept as odds o = r / (1 - r): o' = P_S o / (1 + (1 - P_S) o). The mean is brought back into the
//! middle of its tile. Units: m, m/s, s. Kernel: `shaders/predict.wgsl`.

use super::arrays::{Arrays, BLOCK, COVARIANCE, Host, LaneStep, MEAN, REST, tri};
use super::motion::{ConstantVelocity, CoordinatedTurn, Model, Moved, Orbit, Precise, TILE};
use super::simd::{Simd, array};
use super::state::{State, dot3};
use rayon::iter::{Either, repeat_n};
use rayon::prelude::*;

/// Predicts every track of every lane that has a scan.
pub fn predict<R: Simd>(arrays: &mut Arrays<Host>) {
    if arrays.widths.has_models() {
        return super::models::predict::<R>(arrays);
    }
    let Arrays { looks, lane, tile, mean, covariance, odds, rest, .. } = arrays;
    let rests = if rest.is_empty() {
        Either::Left(repeat_n((), lane.len()).map(|()| <&mut [f32]>::default()))
    } else {
        Either::Right(rest.par_chunks_mut(REST * BLOCK))
    };
    tile.par_chunks_mut(3 * BLOCK)
        .zip(mean.par_chunks_mut(MEAN * BLOCK))
        .zip(covariance.par_chunks_mut(COVARIANCE * BLOCK))
        .zip(odds.par_chunks_mut(BLOCK))
        .zip(rests)
        .zip(lane.par_iter())
        .with_min_len(64)
        .for_each(|(((((tile, mean), covariance), odds), rest), &lane)| {
            let Some(look) = looks.get(lane as usize).filter(|look| look.awake == 1) else { return };
            let block = (tile, mean, covariance, odds, rest);
            if look.orbits == 1 {
                each_place::<R, Orbit>(look, block);
            } else if look.turning.turns == 1 {
                each_place::<R, CoordinatedTurn>(look, block);
            } else {
                each_place::<R, ConstantVelocity>(look, block);
            }
        });
}

/// The fields of a block: tiles, means, covariances, odds, rests.
type Fields<'a> = (&'a mut [i32], &'a mut [f32], &'a mut [f32], &'a mut [f32], &'a mut [f32]);

/// All tracks of a block; apart for each model.
#[inline(never)]
fn each_place<R: Simd, M: Model>(look: &LaneStep, (tile, mean, covariance, odds, rest): Fields<'_>) {
    for place in (0..BLOCK).step_by(R::WIDTH) {
        invocation::<R, M>(look, place, (&mut *tile, &mut *mean, &mut *covariance, &mut *odds, &mut *rest));
    }
}

/// One invocation: the tracks at `place`.. of one block.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "bindings and indices as in the kernel")]
fn invocation<R: Simd, M: Model>(look: &LaneStep, place: usize, (tile, mean, covariance, odds, rest): Fields<'_>) {
    let t: [R; 3] = array(|a| R::excess(&tile[a * BLOCK + place..], 0));
    let before = Precise {
        state: State::<R>::load(mean, covariance, place),
        rest: if M::RESTS { array(|a| R::load(&rest[a * BLOCK + place..])) } else { [R::splat(0.0); 3] },
    };
    let Moved { tiles, at } = M::moved(look, &t, &before);
    at.state.store(mean, covariance, place);
    for a in 0..3 {
        if M::RESTS {
            at.rest[a].store(&mut rest[a * BLOCK + place..]);
        }
        tiles[a].add_truncated(&mut tile[a * BLOCK + place..]);
    }
    lasting(look, R::load(&odds[place..])).store(&mut odds[place..]);
}

/// Odds that a target is still there after the time of a look, in which it has not reported.
#[inline(always)]
pub(super) fn lasting<R: Simd>(look: &LaneStep, o: R) -> R {
    let (one, survival, silent) = (R::splat(1.0), R::splat(look.survival), R::splat(1.0 - look.heard));
    survival * o / (one + (one - survival) * o) * silent
}

/// Moves one state to the time of the scan.
pub fn predict_one(look: &LaneStep, tile: &mut [i32; 3], state: &mut State<f32>) {
    let (from, before) = (tile.map(|t| t as f32), Precise { state: *state, rest: [0.0; 3] });
    let Moved { tiles, at } = if look.orbits == 1 {
        Orbit::moved(look, &from, &before)
    } else if look.turning.turns == 1 {
        CoordinatedTurn::moved(look, &from, &before)
    } else {
        ConstantVelocity::moved(look, &from, &before)
    };
    *state = at.state;
    for (tile, tiles) in tile.chunks_mut(1).zip(tiles) {
        tiles.add_truncated(tile);
    }
}

/// Unit vector upwards at the track.
#[inline(always)]
#[must_use]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub fn up<R: Simd>(look: &LaneStep, tile: &[R; 3], x: &[R; MEAN]) -> [R; 3] {
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
fn columns_along<R: Simd>(p: &[R; COVARIANCE], u: &[R; 3], block: (usize, usize)) -> [R; 3] {
    array(|i| {
        let p = |j: usize| p[tri(block.0 + i, block.1 + j)];
        p(0) * u[0] + p(1) * u[1] + p(2) * u[2]
    })
}

/// The state with a height no less certain than what is known of heights.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub(crate) fn faded<R: Simd>(state: &State<R>, u: &[R; 3], look: &LaneStep) -> State<R> {
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
