//! Replaces every track by the moment-matched mixture of its hypotheses.
//!
//! x' = Σ wₕ xₕ / Σ wₕ, P' = Σ wₕ (Pₕ + (xₕ - x')(xₕ - x')ᵀ) / Σ wₕ over the missed detection and the edges of its row;
//! odds o' = Σ wₕ / w_gone. The mixture is merged one hypothesis at a time, spread terms centred (West 1979), so that
//! nothing cancels: W' = W + w, δ = xₕ - m, m' = m + (w / W') δ, C' = C + w Pₕ + (W w / W') δ δᵀ.
//! Williams, IEEE TAES 51(3), 2015, eqs. 51 to 56. Tracks of several motion models: `models.rs`. Kernel:
//! `shaders/update.wgsl`.

use super::arrays::{
    AT_REST, Arrays, BLOCK, COVARIANCE, Host, Hypothesis, LaneStep, MEAN, ODDS_MAX, TrackHypotheses, tri,
};
use super::motion::{bends, curved, rounded, tangent};
use super::observation::LinearizedMeasurement;
use super::predict::up;
use super::simd::{Simd, array};
use super::since::{Since, seconds_since};
use super::state::State;
use crate::scan::{Detection, Observation};
use rayon::prelude::*;

/// Updates every track of every lane that has a scan.
pub fn update<R: Simd>(arrays: &mut Arrays<Host>) {
    if arrays.widths.has_models() {
        return super::models::update::<R>(arrays);
    }
    let Arrays { looks, lane, tile, mean, covariance, odds, rows, edges, detections, observations, .. } = arrays;
    let inputs = Inputs { detections, observations, edges };
    mean.par_chunks_mut(MEAN * BLOCK)
        .zip(covariance.par_chunks_mut(COVARIANCE * BLOCK))
        .zip(odds.par_chunks_mut(BLOCK))
        .zip(tile.par_chunks(3 * BLOCK))
        .zip(rows.par_chunks(BLOCK))
        .zip(lane.par_iter())
        .with_min_len(16)
        .for_each(|(((((mean, covariance), odds), tile), rows), &lane)| {
            let Some(look) = looks.get(lane as usize) else { return };
            for place in (0..BLOCK).step_by(R::WIDTH) {
                invocation::<R>(&inputs, look, place, rows, tile, mean, covariance, odds);
            }
        });
}

/// What tracks are updated by.
#[derive(Clone, Copy)]
pub(super) struct Inputs<'a> {
    pub(super) detections: &'a [Detection],
    pub(super) observations: &'a [Observation],
    pub(super) edges: &'a [Hypothesis],
}

impl Inputs<'_> {
    /// One hypothesis of each of some tracks, by its number; of those that have fewer, or rest, one of weight 0.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "edges of a row")]
    pub(super) fn hypotheses(&self, rows: &[TrackHypotheses], number: u32) -> [Hypothesis; BLOCK] {
        let mut edges = [Hypothesis::default(); BLOCK];
        for (edge, row) in edges.iter_mut().zip(rows) {
            if row.start != AT_REST && number < row.count {
                *edge = self.edges[(row.start + number) as usize];
            }
        }
        edges
    }
}

/// The most hypotheses that one of some tracks has.
#[inline(always)]
pub(super) fn longest(rows: &[TrackHypotheses]) -> u32 {
    rows.iter().map(|row| if row.start == AT_REST { 0 } else { row.count }).max().unwrap_or(0)
}

/// One invocation: the tracks at `place`.. of one block.
#[inline(always)]
#[expect(clippy::indexing_slicing, clippy::too_many_arguments, reason = "bindings and indices as in the kernel")]
fn invocation<R: Simd>(
    inputs: &Inputs<'_>,
    look: &LaneStep,
    place: usize,
    rows: &[TrackHypotheses],
    tile: &[i32],
    mean: &mut [f32],
    covariance: &mut [f32],
    odds: &mut [f32],
) {
    let (zero, rows) = (R::splat(0.0), &rows[place..place + R::WIDTH]);
    if rows.iter().all(|row| row.start == AT_REST) {
        return;
    }
    let prior = State::<R>::load(mean, covariance, place);
    let u = || up(look, &array(|a| R::excess(&tile[a * BLOCK + place..], 0)), &prior.mean);
    let missed = R::from_fn(|n| rows[n].missed);
    let mut total = missed;
    let mut mixed = State { mean: [zero; MEAN], covariance: array(|k| missed * prior.covariance[k]) };
    for hypothesis in 0..longest(rows) {
        let edges = inputs.hypotheses(rows, hypothesis);
        let edge = |n: usize| &edges[n % BLOCK];
        let w = R::from_fn(|n| edge(n).weight);
        if !R::any_less(zero, w) {
            continue;
        }
        let bent;
        let then = if bends(look) {
            let ahead_s = R::from_fn(|n| inputs.detections[edge(n).detection as usize].ahead_s);
            bent = tangent(look, &array(|a| R::excess(&tile[a * BLOCK + place..], 0)), ahead_s, &prior);
            &bent
        } else {
            &prior
        };
        let seen = LinearizedMeasurement::gather(
            inputs.detections,
            inputs.observations,
            |n| edge(n).detection as usize,
            |n, a| tile[a * BLOCK + place + n],
            &then.mean,
        );
        let posterior = match Since::new(look, seen.ahead_s, u) {
            None => seen.posterior(then),
            Some(since) => earlier(&since, &{ seen }, &{ *then }),
        };
        let posterior = if look.orbits == 1 { rounded(&prior, &posterior) } else { posterior };
        let posterior = if look.turning.turns == 1 {
            let times_s = (seen.ahead_s, seconds_since(look, seen.ahead_s));
            curved(look, &u(), times_s, &posterior)
        } else {
            posterior
        };
        let (merged, sum) = merge(&mixed, total, &posterior, w);
        mixed = mixed.replaced_where_less(zero, w, &merged);
        total = R::where_less(zero, w, sum, total);
    }
    let after =
        State { mean: array(|k| prior.mean[k] + mixed.mean[k]), covariance: array(|k| mixed.covariance[k] / total) };
    let awake = R::from_fn(|n| if rows[n].start == AT_REST { 0.0 } else { 1.0 });
    let changed = R::where_less(zero, awake, total, zero);
    prior.replaced_where_less(zero, changed, &after).store(mean, covariance, place);
    let gone = R::from_fn(|n| rows[n].gone);
    let ratio = total / gone;
    let ratio = R::where_less(ratio, R::splat(ODDS_MAX), ratio, R::splat(ODDS_MAX));
    let before = R::load(&odds[place..]);
    R::where_less(zero, awake, ratio, before).store(&mut odds[place..]);
}

/// The posterior given a detection from before the scan; out of the way of those of its time.
#[inline(never)]
fn earlier<R: Simd>(since: &Since<R>, seen: &LinearizedMeasurement<R>, prior: &State<R>) -> State<R> {
    since.on(&seen.posterior(&since.off(prior)))
}

/// Merges hypothesis `h` of weight `w` into the mixture `m` of weight `total`.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub(super) fn merge<R: Simd>(m: &State<R>, total: R, h: &State<R>, w: R) -> (State<R>, R) {
    let sum = total + w;
    let share = w / sum;
    let spread = total * share;
    let delta: [R; MEAN] = array(|k| h.mean[k] - m.mean[k]);
    let mut to = State { mean: array(|k| m.mean[k] + share * delta[k]), covariance: m.covariance };
    for i in 0..MEAN {
        for j in i..MEAN {
            let k = tri(i, j);
            to.covariance[k] = m.covariance[k] + w * h.covariance[k] + spread * (delta[i] * delta[j]);
        }
    }
    (to, sum)
}
