//! Several motion models at once: which of them a target moves by is a Markov chain in continuous time.
//!
//! A target keeps model i for an exponential time of mean sᵢ and then takes any of the n - 1 others: the generator G has
//! -1 / sᵢ on its diagonal and 1 / (sᵢ (n - 1)) beside it, and over t seconds p(t) = exp(t G). So p(0) = I and
//! p(s) p(t) = p(s + t): scans may come at any times. Of a target of which nothing is known model i has πᵢ = sᵢ / Σ sⱼ, the
//! distribution that p keeps.
//!
//! A model goes straight on or turns about the vertical ([`super::turn`]), and has its own noise; or all of them are orbits, which
//! differ by their noise alone. What it is that a target had
//! before does not tell which model it takes, so with cⱼ = Σᵢ pᵢⱼ μᵢ, F̄ = Σ cⱼ Fⱼ the moments x, P of a mixture go on as F̄ x and
//! F̄ P F̄ᵀ + Σ cⱼ (Qⱼ + (Fⱼ - F̄) (P + x xᵀ) (Fⱼ - F̄)ᵀ), and their covariance with x is F̄ P. F̄ is a turn whose numbers are the mean
//! of the models', and the last term needs their second moments, [`Spread`]; where all go straight on it is none, and F is one.
//! Blom and Bar-Shalom, IEEE Trans. Automatic Control 33(8), 1988; Norris, Markov
//! Chains, 1997, 2.1. Units: s. What tracks do with it: [`crate::fusion::models`].

use super::turn::{Deviations, deviant};
use super::{ConstantVelocity, CoordinatedTurn, Model, Motion, Noise, Orbit, ProcessNoise, Turning};
use crate::fusion::arrays::LaneStep;
use crate::fusion::predict::{predict_one, up};
use crate::fusion::state::State;
use crate::mirror::mirror;

/// Models that a track may have at most.
pub const MODELS_MAX: usize = 4;
/// A Taylor series of a matrix whose entries are at most a half in size ends here: the next term is below 2⁻⁵³.
const TERMS: u32 = 16;
/// So often any number is halved to one below a half.
const DOUBLINGS: u32 = 1100;

/// A model that may be one of several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// Nearly constant velocity.
    ConstantVelocity(ConstantVelocity),
    /// A turn of a known rate.
    CoordinatedTurn(CoordinatedTurn),
    /// Free fall about the Earth; beside others of it alone.
    Orbit(Orbit),
}

impl From<ConstantVelocity> for Mode {
    fn from(model: ConstantVelocity) -> Self {
        Self::ConstantVelocity(model)
    }
}

impl From<CoordinatedTurn> for Mode {
    fn from(model: CoordinatedTurn) -> Self {
        Self::CoordinatedTurn(model)
    }
}

impl From<Orbit> for Mode {
    fn from(model: Orbit) -> Self {
        Self::Orbit(model)
    }
}

impl Mode {
    pub(super) fn is_orbit(&self) -> bool {
        matches!(self, Self::Orbit(_))
    }

    pub(super) fn noise(&self, dt_s: f64) -> ProcessNoise {
        match self {
            Self::ConstantVelocity(model) => model.noise(dt_s),
            Self::CoordinatedTurn(model) => model.noise(dt_s),
            Self::Orbit(model) => model.noise(dt_s),
        }
    }

    pub(super) fn turning(&self, dt_s: f64) -> Turning {
        match self {
            Self::ConstantVelocity(_) | Self::Orbit(_) => Turning::default(),
            Self::CoordinatedTurn(model) => model.turning(dt_s),
        }
    }
}

/// One of several models.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member {
    /// How targets move by it.
    pub model: Mode,
    /// Mean time for which they do at a stretch, seconds, above 0.
    pub sojourn_s: f64,
}

/// Several models: two to four.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Models {
    count: usize,
    each: [Member; MODELS_MAX],
}

mirror! {
    /// What a look of a lane is to one of its models.
    pub struct ModelLook {
        /// Probability that a target of each model has come to this one since the last scan.
        pub transition: [f32; MODELS_MAX],
        /// Probability of the model where nothing is known of a target.
        pub prior: f32,
        /// What it adds to covariances since the last scan.
        pub noise: ProcessNoise,
        /// How it turns velocities since then.
        pub turning: Turning,
    }
}

impl ModelLook {
    /// A look as this model has it.
    #[inline(always)]
    #[must_use]
    pub fn look(&self, look: &LaneStep) -> LaneStep {
        LaneStep { noise: self.noise, turning: self.turning, ..*look }
    }
}

type Matrix = [[f64; MODELS_MAX]; MODELS_MAX];

#[expect(clippy::indexing_slicing, reason = "models are numbered")]
#[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
impl Models {
    /// These; `None` unless they are two to four, with sojourn times above 0, and none or all of them orbits.
    #[must_use]
    pub fn new(of: &[Member]) -> Option<Self> {
        let first = of.first()?;
        let count = of.len();
        let sound = |member: &Member| member.sojourn_s > 0.0 && member.sojourn_s.is_finite();
        let alike = |member: &Member| member.model.is_orbit() == first.model.is_orbit();
        let is_some = (2..=MODELS_MAX).contains(&count) && of.iter().all(|member| sound(member) && alike(member));
        is_some.then(|| Self { count, each: core::array::from_fn(|m| *of.get(m).unwrap_or(first)) })
    }

    /// Each of them.
    #[must_use]
    pub fn each(&self) -> &[Member] {
        &self.each[..self.count]
    }

    /// Whether they are orbits.
    #[must_use]
    pub fn is_orbit(&self) -> bool {
        self.each().iter().all(|member| member.model.is_orbit())
    }

    /// Probability of each where nothing is known of a target; 0 of one that there is not.
    #[must_use]
    pub fn prior(&self) -> [f64; MODELS_MAX] {
        let all: f64 = self.each().iter().map(|member| member.sojourn_s).sum();
        core::array::from_fn(|m| self.each().get(m).map_or(0.0, |member| member.sojourn_s / all))
    }

    /// p\[i\]\[j\]: probability that a target of model i has model j after `dt_s`, at least 0.
    #[must_use]
    pub fn transition(&self, dt_s: f64) -> Matrix {
        let n = self.count;
        let mut step: Matrix = core::array::from_fn(|i| {
            core::array::from_fn(|j| match dt_s / self.each[i].sojourn_s {
                left if i == j && i < n => -left,
                left if i < n && j < n => left / (n - 1) as f64,
                _ => 0.0,
            })
        });
        let largest = |step: &Matrix| (0..n).map(|i| -step[i][i]).fold(0.0, f64::max);
        let mut doublings = 0;
        while largest(&step) > 0.5 && doublings < DOUBLINGS {
            step = step.map(|row| row.map(|rate| 0.5 * rate));
            doublings += 1;
        }
        // exp(A) = I + A (I + A / 2 (I + A / 3 (…))).
        let mut p = identity();
        for term in (1..=TERMS).rev() {
            let with = product(&step, &p);
            p = identity();
            for (row, with) in p.iter_mut().zip(with) {
                for (to, with) in row.iter_mut().zip(with) {
                    *to += with / f64::from(term);
                }
            }
        }
        for _ in 0..doublings {
            // Rows add up to 1 whatever is rounded.
            p = product(&p, &p).map(|row| row.map(|part| part / row.iter().sum::<f64>()));
        }
        p
    }

    /// What a look after `dt_s` is to each.
    #[must_use]
    pub fn looks(&self, dt_s: f64) -> [ModelLook; MODELS_MAX] {
        let (p, prior) = (self.transition(dt_s), self.prior());
        core::array::from_fn(|m| ModelLook {
            transition: core::array::from_fn(|i| if i.max(m) < self.count { p[i][m] as f32 } else { 0.0 }),
            prior: prior[m] as f32,
            noise: self.each[m].model.noise(dt_s),
            turning: self.each[m].model.turning(dt_s),
        })
    }

    /// The same of a look that a lane takes.
    #[must_use]
    pub fn looks_of(&self, look: &LaneStep) -> [ModelLook; MODELS_MAX] {
        self.looks(f64::from(look.dt_s))
    }

    /// What a model that is one of these at least adds: along each axis the least intensity. Of what has moved by any of them
    /// its noise can be taken off again; that of turns is none of straight ways.
    #[must_use]
    pub fn least(&self) -> ConstantVelocity {
        let of = |intensity: fn(&ConstantVelocity) -> f64| {
            self.each().iter().map(move |member| match &member.model {
                Mode::ConstantVelocity(model) if model.noise == Noise::WhiteAcceleration => intensity(model),
                Mode::Orbit(model) => intensity(&model.unforced()),
                Mode::ConstantVelocity(_) | Mode::CoordinatedTurn(_) => 0.0,
            })
        };
        let [horizontal, vertical] =
            [of(|model| model.horizontal), of(|model| model.vertical)].map(|all| all.fold(f64::INFINITY, f64::min));
        ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal, vertical }
    }

    /// What `dt_s` add to the covariance of a target of which nothing is known; and what any time surely adds.
    #[must_use]
    pub fn noise(&self, dt_s: f64) -> ProcessNoise {
        let [pp, pv, vv, extra_pp, extra_pv, extra_vv, ..] = mean(&self.looks(dt_s), &self.prior().map(|p| p as f32));
        ProcessNoise { pp, pv, vv, extra_pp, extra_pv, extra_vv, ..self.least().noise(0.0) }
    }
}

/// Numbers of a noise.
const NUMBERS: usize = size_of::<ProcessNoise>() / size_of::<f32>();

/// The mean of the noises.
fn mean(looks: &[ModelLook; MODELS_MAX], weights: &[f32; MODELS_MAX]) -> [f32; NUMBERS] {
    let mut sum = [0.0; NUMBERS];
    for (look, weight) in looks.iter().zip(weights) {
        let noise: [f32; NUMBERS] = bytemuck::cast(look.noise);
        for (sum, noise) in sum.iter_mut().zip(noise) {
            *sum += weight * noise;
        }
    }
    sum
}

/// How likely the models of a target are at a look, given how likely they were at the last scan, and what since then is added
/// to its covariance.
fn ahead(looks: &[ModelLook; MODELS_MAX], weights: &[f32; MODELS_MAX]) -> ([f32; MODELS_MAX], ProcessNoise) {
    let after = looks.map(|look| look.transition.iter().zip(weights).map(|(p, weight)| p * weight).sum());
    (after, bytemuck::cast(mean(looks, &after)))
}

/// What happens between two times, whatever models a target moves by.
#[derive(Clone, Copy, Debug)]
pub struct Between {
    look: LaneStep,
    weighed: usize,
    models: Option<[ModelLook; MODELS_MAX]>,
    /// The same models going back.
    back: Option<[ModelLook; MODELS_MAX]>,
}

/// What happens to one target between two times: the mean of what its models say.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    /// The look as it has it.
    pub look: LaneStep,
    /// What they differ by.
    pub spread: Option<Spread>,
}

/// Second moments of what models turn by, about their mean: of each pair of `short_s`, `aside_s`, `lost` and `aside`.
pub type Spread = Deviations;

impl Between {
    /// During a look of targets that move so.
    #[must_use]
    pub fn new(look: LaneStep, motion: &Motion) -> Self {
        let models = motion.several().map(|models| models.looks_of(&look));
        let back = models.map(|models| models.map(reversed));
        Self { look, weighed: motion.weighed(), models, back }
    }

    /// As every target has it, but for its noise and its turns.
    #[must_use]
    pub fn look(&self) -> &LaneStep {
        &self.look
    }

    /// Whether targets have several models, and so noises of their own.
    #[must_use]
    pub fn is_of_several(&self) -> bool {
        self.models.is_some()
    }

    /// As each model has it that a wave backwards weighs ([`Motion::weighed`]); as every target has it where there is none.
    pub fn looks(&self) -> impl Iterator<Item = LaneStep> {
        let each = self.models.iter().flatten().take(self.weighed).map(|model| model.look(&self.look));
        each.chain(self.models.is_none().then_some(self.look))
    }

    /// How likely these are at the end, of a target whose models were so likely before.
    #[must_use]
    pub fn weights(&self, weights: &[f32; MODELS_MAX]) -> [f32; MODELS_MAX] {
        match &self.models {
            Some(models) => ahead(models, weights).0,
            None => [1.0, 0.0, 0.0, 0.0],
        }
    }

    /// As a target has it whose models were so likely before; and how likely they are then.
    #[inline]
    #[must_use]
    pub fn of(&self, weights: &[f32; MODELS_MAX]) -> (Course, [f32; MODELS_MAX]) {
        let Some(models) = &self.models else { return (Course { look: self.look, spread: None }, *weights) };
        let (weights, noise) = ahead(models, weights);
        (course(&self.look, noise, models, &weights), weights)
    }

    /// The way back of a target whose models are so likely afterwards; and how likely they were before, where nothing else is
    /// known of that: the chain is the same backwards, as πᵢ pᵢⱼ(t) = πⱼ pⱼᵢ(t). F⁻¹ is F(-dt), and F⁻¹ Q F⁻ᵀ has its cross
    /// terms turned round.
    #[must_use]
    pub fn until(&self, weights: &[f32; MODELS_MAX]) -> (Course, [f32; MODELS_MAX]) {
        let (Some(models), Some(back)) = (&self.models, &self.back) else {
            let ModelLook { noise, turning, .. } =
                reversed(ModelLook { noise: self.look.noise, turning: self.look.turning, ..ModelLook::default() });
            let look = LaneStep { noise, turning, dt_s: -self.look.dt_s, ..self.look };
            return (Course { look, spread: None }, *weights);
        };
        let look = LaneStep { dt_s: -self.look.dt_s, ..self.look };
        let noise = bytemuck::cast(mean(back, weights));
        (course(&look, noise, back, weights), ahead(models, weights).0)
    }
}

/// What a model does on the way back.
fn reversed(model: ModelLook) -> ModelLook {
    let (mut noise, mut turning) = (model.noise, model.turning);
    (noise.pv, noise.extra_pv) = (-noise.pv, -noise.extra_pv);
    (turning.short_s, turning.aside) = (-turning.short_s, -turning.aside);
    ModelLook { noise, turning, ..model }
}

/// The mean of some models, so likely each.
fn course(
    look: &LaneStep,
    noise: ProcessNoise,
    models: &[ModelLook; MODELS_MAX],
    weights: &[f32; MODELS_MAX],
) -> Course {
    let look = LaneStep { noise, ..*look };
    if models.iter().all(|model| model.turning.turns == 0) {
        return Course { look, spread: None };
    }
    let each = || models.iter().zip(weights).map(|(model, weight)| (&model.turning, weight));
    let mean = |of: fn(&Turning) -> f32| each().fold(0.0, |sum, (turning, weight)| sum + weight * of(turning));
    let turning = Turning {
        turns: 1,
        rate: mean(|of| of.rate),
        short_s: mean(|of| of.short_s),
        aside_s: mean(|of| of.aside_s),
        lost: mean(|of| of.lost),
        aside: mean(|of| of.aside),
        across_pv: mean(|of| of.across_pv),
    };
    let spread = Deviations::about(&turning, each());
    Course { look: LaneStep { turning, ..look }, spread: Some(spread) }
}

impl Course {
    /// Moves one state so.
    pub fn take(&self, tile: &mut [i32; 3], state: &mut State<f32>) {
        let (place, before) = (tile.map(|tile| tile as f32), *state);
        predict_one(&self.look, tile, state);
        if let Some(spread) = &self.spread {
            let u = up(&self.look, &place, &before.mean);
            for (to, more) in state.covariance.iter_mut().zip(deviant(spread, &u, &before)) {
                *to += more;
            }
        }
    }
}

fn identity() -> Matrix {
    core::array::from_fn(|i| core::array::from_fn(|j| if i == j { 1.0 } else { 0.0 }))
}

#[expect(clippy::indexing_slicing, reason = "models are numbered")]
fn product(a: &Matrix, b: &Matrix) -> Matrix {
    core::array::from_fn(|i| core::array::from_fn(|j| (0..MODELS_MAX).map(|k| a[i][k] * b[k][j]).sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models(sojourns_s: &[f64]) -> Models {
        let member = |(&sojourn_s, level): (&f64, f64)| Member {
            model: ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal: level, vertical: 0.1 * level }
                .into(),
            sojourn_s,
        };
        let of: Vec<Member> = sojourns_s.iter().zip([0.3, 30.0, 1000.0, 5.0]).map(member).collect();
        Models::new(&of).expect("two to four")
    }

    #[test]
    fn two_models_change_as_the_closed_form_says_over_any_time() {
        let of = models(&[60.0, 20.0]);
        let [steady, lively, ..] = of.prior();
        assert!((steady - 0.75).abs() < 1e-15 && (lively - 0.25).abs() < 1e-15);
        for dt_s in [0.0, 1e-3, 1.0, 10.0, 100.0, 1e4, 1e9] {
            let p = of.transition(dt_s);
            let left = (-dt_s * (1.0 / 60.0 + 1.0 / 20.0)).exp();
            let wanted = [[0.75 + 0.25 * left, 0.25 - 0.25 * left], [0.75 - 0.75 * left, 0.25 + 0.75 * left]];
            for (i, j) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                assert!((p[i][j] - wanted[i][j]).abs() < 1e-12, "{dt_s}: p[{i}][{j}] = {}", p[i][j]);
            }
        }
    }

    #[test]
    fn three_models_change_as_a_chain_of_many_small_steps_does() {
        let of = models(&[60.0, 20.0, 7.0]);
        let together = product(&of.transition(3.0), &of.transition(8.5));
        let mut steps = identity();
        for _ in 0..100_000 {
            let mut small = identity();
            for (i, sojourn_s) in [60.0, 20.0, 7.0].into_iter().enumerate() {
                for (j, p) in small[i].iter_mut().enumerate() {
                    *p += if i == j { -1.0 } else { 0.5 } * 11.5e-5 / sojourn_s;
                }
            }
            steps = product(&steps, &small);
        }
        let (p, prior) = (of.transition(11.5), of.prior());
        for j in 0..3 {
            let kept: f64 = (0..3).map(|i| prior[i] * p[i][j]).sum();
            assert!((kept - prior[j]).abs() < 1e-14, "{kept}");
            for i in 0..3 {
                assert!((p[i][j] - together[i][j]).abs() < 1e-14);
                assert!((p[i][j] - steps[i][j]).abs() < 1e-5, "p[{i}][{j}] = {}, wanted {}", p[i][j], steps[i][j]);
            }
        }
        assert_eq!(of.transition(0.0), identity());
    }

    #[test]
    fn unknown_targets_have_the_mean_noise_and_what_is_taken_off_is_the_least() {
        let of = models(&[60.0, 20.0]);
        let noise = of.noise(2.0);
        let wanted = 0.75 * 0.3 + 0.25 * 30.0;
        assert!((f64::from(noise.vv) - 2.0 * wanted).abs() < 1e-5, "{noise:?}");
        assert!((f64::from(noise.extra_vv) + 0.9 * 2.0 * wanted).abs() < 1e-5, "{noise:?}");
        assert!((noise.drive_vv - 0.3).abs() < 1e-7 && (noise.drive_vv + noise.extra_drive_vv - 0.03).abs() < 1e-7);
        let (after, noise) = ahead(&of.looks(0.0), &[0.0, 1.0, 0.0, 0.0]);
        assert_eq!((after, noise.vv), ([0.0, 1.0, 0.0, 0.0], 0.0));
    }

    #[test]
    fn one_model_is_not_several_and_five_are_too_many() {
        let member = models(&[1.0, 1.0]).each()[0];
        assert_eq!(Models::new(&[]), None);
        assert_eq!(Models::new(&[member]), None);
        assert_eq!(Models::new(&[member; 5]), None);
        assert_eq!(Models::new(&[member, Member { sojourn_s: 0.0, ..member }]), None);
        assert_eq!(Models::new(&[member, Member { sojourn_s: f64::INFINITY, ..member }]), None);
    }
}
