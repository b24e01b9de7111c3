//! Tracks of several motion models: an interacting-multiple-model filter in each track.
//!
//! A track has of every model j its probability μⱼ and a state xⱼ, Pⱼ; what other stages see are the moments of their
//! mixture, kept as the track's mean and covariance. Blom and Bar-Shalom, IEEE Trans. Automatic Control 33(8), 1988; models
//! change as [`super::motion::Models`] says.
//!
//! *Predict.* cⱼ = Σᵢ pᵢⱼ μᵢ; model j goes on from the mixture of all states with weights pᵢⱼ μᵢ / cⱼ, spread about its mean,
//! by its own turn and noise, or in its own orbit; μⱼ becomes cⱼ. A model that nothing comes to keeps its own state.
//! Orbits have no rest ([`super::motion`]) where there are several: a velocity is rounded to 2.4e-4 m/s at every prediction,
//! 30 m after a revolution of 540 of them, beside the 700 m and more that noise makes of it.
//!
//! *Update.* Association is that of the mixture. A detection of weight β goes to the models by how well each foretold it, β μⱼ Lⱼ /
//! Σ μᵢ Lᵢ, Lⱼ the likelihood of its innovation, and the missed detection of weight m as they were, m μⱼ; every model is moment-matched over
//! what it got (see [`super::update`]), and its share of all becomes μⱼ. Where no model can have made a detection, it goes to them by μⱼ.
//! Turn and noise since a detection are each model's own; the gate takes the mixture to go straight on there. The odds of existence are as with one model.
//!
//! Mixtures are merged one part at a time, as in [`super::update`]. Units: m, m/s, s. Kernels: `shaders/models/`.

use super::arrays::{
    AT_REST, Arrays, BLOCK, COVARIANCE, Host, Hypothesis, LaneStep, MEAN, MODEL, ODDS_MAX, TrackHypotheses, at,
};
use super::motion::{MODELS_MAX, ModelLook, Orbit, TILE, bends, curved, onward, rounded, tangent};
use super::observation::LinearizedMeasurement;
use super::predict::{faded, lasting, up};
use super::simd::{Simd, array, exp_of_nonpositive};
use super::since::{Since, seconds_since};
use super::state::State;
use super::update::{Inputs, longest, merge};
use rayon::prelude::*;

/// Hypotheses that a track of several models may have: one driver ends an invocation after 65,535 iterations of all its loops,
/// and says nothing; a hypothesis of four models with rows of velocity takes some 210 of them, as counted by where it ends.
pub const HYPOTHESES_MAX: u32 = 256;

/// One model of a track, or of a block of tracks.
#[derive(Clone, Copy)]
struct Weighed<R> {
    /// Its probability.
    weight: R,
    /// What the track is by it.
    state: State<R>,
}

#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
impl<R: Simd> Weighed<R> {
    /// Nothing.
    fn zero() -> Self {
        Self { weight: R::splat(0.0), state: State::zero() }
    }

    /// The models of the tracks at `place`.. of one block; those that there are not are nothing.
    #[inline(always)]
    fn load(models: &[f32], place: usize) -> [Self; MODELS_MAX] {
        let mut all = [Self::zero(); MODELS_MAX];
        for (to, own) in all.iter_mut().zip(models.chunks(MODEL * BLOCK)) {
            let (mean, covariance) = own[BLOCK..].split_at(MEAN * BLOCK);
            *to = Self { weight: R::load(&own[place..]), state: State::load(mean, covariance, place) };
        }
        all
    }

    /// Stores the model that these words of one block are of.
    #[inline(always)]
    fn store(&self, own: &mut [f32], place: usize) {
        let (weights, state) = own.split_at_mut(BLOCK);
        let (mean, covariance) = state.split_at_mut(MEAN * BLOCK);
        self.weight.store(&mut weights[place..]);
        self.state.store(mean, covariance, place);
    }
}

/// The mixture of some states by their weights, and the sum of these; `otherwise` where that is not above 0.
#[inline(always)]
fn mixture<R: Simd>(parts: impl Iterator<Item = (R, State<R>)>, otherwise: &State<R>) -> (State<R>, R) {
    let zero = R::splat(0.0);
    let mut sum: Option<(State<R>, R)> = None;
    for (weight, state) in parts {
        sum = Some(match sum {
            None => (State { covariance: state.covariance.map(|p| weight * p), ..state }, weight),
            Some((mixed, total)) => {
                let (merged, more) = merge(&mixed, total, &state, weight);
                (mixed.replaced_where_less(zero, weight, &merged), R::where_less(zero, weight, more, total))
            }
        });
    }
    let Some((mixed, total)) = sum else { return (*otherwise, zero) };
    let mixed = State { covariance: mixed.covariance.map(|p| p / total), ..mixed };
    (otherwise.replaced_where_less(zero, total, &mixed), total)
}

/// Predicts every track of every lane that has a scan.
pub(super) fn predict<R: Simd>(arrays: &mut Arrays<Host>) {
    let Arrays { looks, model_looks, lane, tile, mean, covariance, odds, models, widths, .. } = arrays;
    let count = widths.models;
    tile.par_chunks_mut(3 * BLOCK)
        .zip(mean.par_chunks_mut(MEAN * BLOCK))
        .zip(covariance.par_chunks_mut(COVARIANCE * BLOCK))
        .zip(odds.par_chunks_mut(BLOCK))
        .zip(models.par_chunks_mut(count * MODEL * BLOCK))
        .zip(lane.par_iter())
        .with_min_len(16)
        .for_each(|(((((tile, mean), covariance), odds), models), &lane)| {
            let Some(look) = looks.get(lane as usize).filter(|look| look.awake == 1) else { return };
            let Some(of) = own(model_looks, lane, count) else { return };
            for place in (0..BLOCK).step_by(R::WIDTH) {
                predicted::<R>((look, of), place, (&mut *tile, &mut *mean, &mut *covariance, &mut *odds, &mut *models));
            }
        });
}

/// What a lane's look is to each of its models.
fn own(looks: &[ModelLook], lane: u32, count: usize) -> Option<&[ModelLook]> {
    let first = lane as usize * MODELS_MAX;
    looks.get(first..first + count)
}

/// The fields of a block: tiles, means, covariances, odds, models.
type Fields<'a> = (&'a mut [i32], &'a mut [f32], &'a mut [f32], &'a mut [f32], &'a mut [f32]);

/// One invocation: the tracks at `place`.. of one block.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "bindings and indices as in the kernel")]
fn predicted<R: Simd>(
    (look, of): (&LaneStep, &[ModelLook]),
    place: usize,
    (tile, mean, covariance, odds, models): Fields<'_>,
) {
    let prior = State::<R>::load(mean, covariance, place);
    let before = Weighed::<R>::load(models, place);
    let from: [R; 3] = array(|a| R::excess(&tile[a * BLOCK + place..], 0));
    let u = up(look, &from, &prior.mean);
    let (mut after, count) = ([Weighed::zero(); MODELS_MAX], of.len());
    // All of them go to the tile of where the mixture would go on by the mean of before; of orbits, of where the first one does.
    let dt = R::splat(look.dt_s);
    let mut carry: [R; 3] =
        array(|a| ((prior.mean[a] + dt * prior.mean[3 + a]) * R::splat(1.0 / TILE) + R::splat(0.5)).floor());
    for (m, (after, of)) in after.iter_mut().zip(of).enumerate() {
        let parts = before.iter().zip(of.transition).take(count);
        let parts = parts.map(|(before, p)| (R::splat(p) * before.weight, before.state));
        let (mixed, weight) = mixture(parts, &before[m].state);
        let look = of.look(look);
        let (mut state, tiles) = if look.orbits == 1 {
            let flown = Orbit::whole(&look, &from, &mixed);
            if m == 0 {
                carry = flown.tiles;
            }
            (flown.at.state, array(|a| flown.tiles[a] - carry[a]))
        } else {
            (onward(&look, &u, &faded(&mixed, &u, &look)), carry.map(|carry| -carry))
        };
        for (x, tiles) in state.mean.iter_mut().zip(tiles) {
            *x = *x + tiles * R::splat(TILE);
        }
        *after = Weighed { weight, state };
    }
    let parts = after.iter().take(count).map(|after| (after.weight, after.state));
    mixture(parts, &prior).0.store(mean, covariance, place);
    for (after, own) in after.iter().zip(models.chunks_mut(MODEL * BLOCK)) {
        after.store(own, place);
    }
    for a in 0..3 {
        carry[a].add_truncated(&mut tile[a * BLOCK + place..]);
    }
    lasting(look, R::load(&odds[place..])).store(&mut odds[place..]);
}

/// Updates every track of every lane that has a scan.
pub(super) fn update<R: Simd>(arrays: &mut Arrays<Host>) {
    let Arrays {
        looks,
        model_looks,
        lane,
        tile,
        mean,
        covariance,
        odds,
        models,
        rows,
        edges,
        detections,
        observations,
        widths,
        ..
    } = arrays;
    let (inputs, count) = (Inputs { detections, observations, edges }, widths.models);
    mean.par_chunks_mut(MEAN * BLOCK)
        .zip(covariance.par_chunks_mut(COVARIANCE * BLOCK))
        .zip(odds.par_chunks_mut(BLOCK))
        .zip(models.par_chunks_mut(count * MODEL * BLOCK))
        .zip(tile.par_chunks(3 * BLOCK))
        .zip(rows.par_chunks(BLOCK))
        .zip(lane.par_iter())
        .with_min_len(16)
        .for_each(|((((((mean, covariance), odds), models), tile), rows), &lane)| {
            let Some(look) = looks.get(lane as usize) else { return };
            let Some(of) = own(model_looks, lane, count) else { return };
            for place in (0..BLOCK).step_by(R::WIDTH) {
                let Some(rows) = rows.get(place..place + R::WIDTH) else { continue };
                if rows.iter().any(|row| row.start != AT_REST) {
                    let wave = Wave { inputs, look, of, rows, tile };
                    wave.updated::<R>(place, (&mut *mean, &mut *covariance, &mut *odds, &mut *models));
                }
            }
        });
}

/// What the tracks at a place of one block, as many as are computed in step, are updated by.
struct Wave<'a> {
    inputs: Inputs<'a>,
    look: &'a LaneStep,
    of: &'a [ModelLook],
    rows: &'a [TrackHypotheses],
    tile: &'a [i32],
}

#[expect(clippy::indexing_slicing, reason = "bindings and indices as in the kernel")]
impl Wave<'_> {
    /// One invocation.
    #[inline(always)]
    fn updated<R: Simd>(
        &self,
        place: usize,
        (mean, covariance, odds, models): (&mut [f32], &mut [f32], &mut [f32], &mut [f32]),
    ) {
        let (zero, rows, count) = (R::splat(0.0), self.rows, self.of.len());
        let before = Weighed::<R>::load(models, place);
        let missed = R::from_fn(|n| rows[n].missed);
        let mut total = missed;
        let mut mixed = before.map(|Weighed { weight, state }| {
            let weight = missed * weight;
            Weighed { weight, state: State { mean: [zero; MEAN], covariance: state.covariance.map(|p| weight * p) } }
        });
        for number in 0..longest(rows) {
            let edges = self.inputs.hypotheses(rows, number);
            let w = R::from_fn(|n| edges[n % BLOCK].weight);
            if !R::any_less(zero, w) {
                continue;
            }
            let posteriors = self.posteriors(place, &edges, &before);
            for (mixed, posterior) in mixed.iter_mut().zip(&posteriors).take(count) {
                let share = R::where_less(zero, w, w * posterior.weight, zero);
                let (merged, sum) = merge(&mixed.state, mixed.weight, &posterior.state, share);
                mixed.state = mixed.state.replaced_where_less(zero, share, &merged);
                mixed.weight = R::where_less(zero, share, sum, mixed.weight);
            }
            total = R::where_less(zero, w, total + w, total);
        }
        let mut after = mixed;
        for (after, before) in after.iter_mut().zip(&before) {
            let Weighed { weight, state } = *after;
            let state = State {
                mean: array(|k| before.state.mean[k] + state.mean[k]),
                covariance: state.covariance.map(|p| p / weight),
            };
            after.state = before.state.replaced_where_less(zero, weight, &state);
        }
        let awake = R::from_fn(|n| if rows[n].start == AT_REST { 0.0 } else { 1.0 });
        let prior = State::<R>::load(mean, covariance, place);
        let parts = after.iter().take(count).map(|after| (after.weight, after.state));
        let (moments, sum) = mixture(parts, &prior);
        prior.replaced_where_less(zero, awake, &moments).store(mean, covariance, place);
        for ((after, before), own) in after.iter().zip(&before).zip(models.chunks_mut(MODEL * BLOCK)) {
            let weight = R::where_less(zero, sum, after.weight / sum, after.weight);
            let weight = R::where_less(zero, awake, weight, before.weight);
            Weighed { weight, state: before.state.replaced_where_less(zero, awake, &after.state) }.store(own, place);
        }
        let ratio = total / R::from_fn(|n| rows[n].gone);
        let ratio = R::where_less(ratio, R::splat(ODDS_MAX), ratio, R::splat(ODDS_MAX));
        R::where_less(zero, awake, ratio, R::load(&odds[place..])).store(&mut odds[place..]);
    }

    /// What each model becomes by a detection, as a change of mean and a covariance, and its share of it.
    #[inline(always)]
    fn posteriors<R: Simd>(
        &self,
        place: usize,
        edges: &[Hypothesis; BLOCK],
        before: &[Weighed<R>; MODELS_MAX],
    ) -> [Weighed<R>; MODELS_MAX] {
        let (zero, half, count) = (R::splat(0.0), R::splat(-0.5), self.of.len());
        let tile: [R; 3] = array(|a| R::excess(&self.tile[a * BLOCK + place..], 0));
        let (mut posteriors, mut least) = ([Weighed::zero(); MODELS_MAX], zero);
        let mut root = [zero; MODELS_MAX];
        for (m, of) in self.of.iter().enumerate() {
            let (prior, look) = (&before[m].state, of.look(self.look));
            let turns = look.turning.turns == 1;
            let which = |n: usize| edges[n % BLOCK].detection as usize;
            let ahead_s = R::from_fn(|n| self.inputs.detections[which(n)].ahead_s);
            let u = || up(&look, &tile, &prior.mean);
            let since = Since::new(&look, ahead_s, u);
            let bent = if bends(&look) { tangent(&look, &tile, ahead_s, prior) } else { *prior };
            let then = since.as_ref().map_or(bent, |since| since.off(&bent));
            let at = |n: usize, a: usize| self.tile[a * BLOCK + place + n];
            let (detections, observations) = (self.inputs.detections, self.inputs.observations);
            let seen = LinearizedMeasurement::gather(detections, observations, which, at, &then.mean);
            let posterior = seen.posterior(&then);
            let innovation = seen.innovation(&then);
            let state = since.map_or(posterior, |since| since.on(&posterior));
            let state = if look.orbits == 1 { rounded(prior, &state) } else { state };
            let state =
                if turns { curved(&look, &u(), (ahead_s, seconds_since(&look, ahead_s)), &state) } else { state };
            posteriors[m] = Weighed { weight: innovation.distance2, state };
            root[m] = innovation.determinant.sqrt();
            least = if m == 0 { innovation.distance2 } else { smaller(innovation.distance2, least) };
        }
        let mut sum = zero;
        for m in 0..count {
            let density = exp_of_nonpositive(half * (posteriors[m].weight - least)) / root[m];
            posteriors[m].weight = before[m].weight * density;
            sum = if m == 0 { posteriors[m].weight } else { sum + posteriors[m].weight };
        }
        for m in 0..count {
            posteriors[m].weight = R::where_less(zero, sum, posteriors[m].weight / sum, before[m].weight);
        }
        posteriors
    }
}

/// The first of two where it is smaller, else the second.
#[inline(always)]
fn smaller<R: Simd>(a: R, b: R) -> R {
    R::where_less(a, b, a, b)
}

/// The probabilities of the models of a track.
#[must_use]
#[expect(clippy::indexing_slicing, reason = "a track lies in its block")]
pub(super) fn weights(arrays: &Arrays<Host>, track: usize) -> [f32; MODELS_MAX] {
    let count = arrays.widths.models;
    core::array::from_fn(|m| if m < count { arrays.models[at(track, m * MODEL, count * MODEL)] } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::super::batch::{Batch, HYPOTHESES_MAX};
    use super::super::config::Config;
    use super::super::executor::Executor;
    use super::super::motion::{Member, Models};

    #[test]
    fn more_hypotheses_than_tracks_of_several_models_may_have_are_an_error() {
        let mut config: Config = toml::from_str(include_str!("../../data/config/bench.toml")).expect("a configuration");
        let begins = |config: &Config| Batch::new(config.clone(), Executor::host(), Vec::new()).map(drop);
        config.association.hypotheses_max = (HYPOTHESES_MAX + 1).try_into().expect("more than none");
        begins(&config).expect("with one model any number will do");
        let model = config.motion.constant_velocity().expect("constant velocity");
        config.motion.model = Models::new(&[Member { model: model.into(), sojourn_s: 1.0 }; 2]).expect("two").into();
        let error = begins(&config).expect_err("too many").to_string();
        assert!(error.contains("found hypotheses_max = 257, wanted at most 256"), "{error}");
        config.association.hypotheses_max = HYPOTHESES_MAX.try_into().expect("more than none");
        begins(&config).expect("so many will do");
    }
}
