//! How targets move and last. A motion model is one file here, and its kernel part one of the same name in
//! `shaders/motion/`.

mod constant_velocity; // nearly constant velocity
mod gravity; // the forces of free fall about the Earth, and their gradient
mod models; // several at once
mod orbit; // free fall about the Earth
mod rounding; // covariances of orbits that one detection makes far smaller
mod tangent; // ways that bend between a detection and its scan
mod turn; // coordinated turn
mod written; // motion as configurations have it

pub use constant_velocity::ConstantVelocity;
pub use gravity::{MU, OBLATENESS, RADIUS_MIN_2, TURN, TURN_2};
pub use models::{Between, Course, MODELS_MAX, Member, Mode, ModelLook, Models, Spread};
pub use orbit::{
    GRAIN, HALVES_MAX, INFLATION, LOST_2, LOST_SPEED_2, Orbit, STEP, SUBSTEPS_MAX, VAGUE_2, VAGUE_INFLATION,
};
pub use rounding::{ROUNDING, rounded};
pub use tangent::{bend_m, bends, tangent, untangent};
pub use turn::{CoordinatedTurn, Turning, curved};
pub(crate) use turn::{Ways, deviant};

use super::arrays::LaneStep;
use super::simd::Simd;
use super::state::State;
use crate::mirror::mirror;
use crate::space::TILE_M;
use serde::{Deserialize, Serialize};
use written::Written;

/// A state, its place counted from the tile of before, straight on or in a turn; `u` is upwards there.
#[inline(always)]
pub(super) fn onward<R: Simd>(look: &LaneStep, u: &[R; 3], before: &State<R>) -> State<R> {
    if look.turning.turns == 1 {
        CoordinatedTurn::ahead(look, u, before)
    } else {
        ConstantVelocity::straight(look, u, before)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "1024 is exact")]
pub(super) const TILE: f32 = TILE_M as f32;

/// A motion model. What depends on the time between two scans alone is computed once a look, in f64; states are moved by
/// the look, one or eight at a time. Existence is no concern of it: see [`super::predict`].
pub trait Model {
    /// Whether velocities have a rest.
    const RESTS: bool;

    /// What `dt_s` without a look add to a covariance.
    fn noise(&self, dt_s: f64) -> ProcessNoise;

    /// What a state, its place counted from `tile`, is at the time of a look.
    fn moved<R: Simd>(look: &LaneStep, tile: &[R; 3], before: &Precise<R>) -> Moved<R>;
}

/// A state, and what its velocity has beyond 32 bits.
#[derive(Clone, Copy, Debug)]
pub struct Precise<R> {
    /// Mean and covariance.
    pub state: State<R>,
    /// Velocity beyond that of the mean, m/s; zero but in orbits.
    pub rest: [R; 3],
}

/// A state at a later time.
#[derive(Clone, Copy, Debug)]
pub struct Moved<R> {
    /// By how many tiles its place has gone on.
    pub tiles: [R; 3],
    /// What it is there.
    pub at: Precise<R>,
}

impl<R: Simd> Moved<R> {
    /// A state whose place is brought back into the middle of a tile.
    #[inline(always)]
    #[must_use]
    pub fn into_tile(mut state: State<R>) -> Self {
        let mut tiles = [R::splat(0.0); 3];
        for (x, carry) in state.mean.iter_mut().zip(&mut tiles) {
            *carry = (*x * R::splat(1.0 / TILE) + R::splat(0.5)).floor();
            *x = *x - *carry * R::splat(TILE);
        }
        Self { tiles, at: Precise { state, rest: [R::splat(0.0); 3] } }
    }
}

mirror! {
    /// What the time before a look adds to covariances, of position, position with velocity, velocity.
    pub struct ProcessNoise {
        /// Along the horizontal axes: m².
        pub pp: f32,
        /// m² / s.
        pub pv: f32,
        /// m² / s².
        pub vv: f32,
        /// The same along the vertical, less the horizontal.
        pub extra_pp: f32,
        /// m² / s.
        pub extra_pv: f32,
        /// m² / s².
        pub extra_vv: f32,
        /// Of the noise along the horizontal axes over any time c: that of position over c³, m² / s³; 0 where that does not
        /// hold.
        pub drive_pp: f32,
        /// That of position with velocity over c².
        pub drive_pv: f32,
        /// That of velocity over c.
        pub drive_vv: f32,
        /// The same along the vertical, less the horizontal.
        pub extra_drive_pp: f32,
        /// m² / s³.
        pub extra_drive_pv: f32,
        /// m² / s³.
        pub extra_drive_vv: f32,
    }
}

/// How targets move and last.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Motion {
    /// The model by which they move.
    pub model: Moves,
    /// Probability that a target lasts another second.
    pub survival_per_s: f64,
}

/// The motion models.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Moves {
    /// One, by which all of them move.
    One(Mode),
    /// Any of several.
    Several(Models),
}

impl<T: Into<Mode>> From<T> for Moves {
    fn from(model: T) -> Self {
        Self::One(model.into())
    }
}

impl From<Models> for Moves {
    fn from(models: Models) -> Self {
        Self::Several(models)
    }
}

/// The kind of noise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Noise {
    /// Continuous white-noise acceleration; its intensity in m²/s³.
    WhiteAcceleration,
    /// Acceleration constant between scans; its standard deviation in m/s².
    ConstantAcceleration,
}

impl Motion {
    /// Nearly constant velocity, where that alone is how targets move.
    #[must_use]
    pub fn constant_velocity(&self) -> Option<ConstantVelocity> {
        match self.model {
            Moves::One(Mode::ConstantVelocity(model)) => Some(model),
            Moves::One(_) | Moves::Several(_) => None,
        }
    }

    /// The models, where there are several.
    #[must_use]
    pub fn several(&self) -> Option<&Models> {
        match &self.model {
            Moves::Several(models) => Some(models),
            Moves::One(_) => None,
        }
    }

    /// Probability of each of several models where nothing is known of a target; 0 of what there is not.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
    pub fn model_prior(&self) -> [f32; MODELS_MAX] {
        self.several().map_or([0.0; MODELS_MAX], |models| models.prior().map(|p| p as f32))
    }

    /// Models of which a wave backwards is told how likely each is: all of several, the one of a turn, and none where all
    /// targets go straight on or fall freely.
    #[must_use]
    pub fn weighed(&self) -> usize {
        match &self.model {
            Moves::One(Mode::CoordinatedTurn(_)) => 1,
            Moves::One(_) => 0,
            Moves::Several(models) => models.each().len(),
        }
    }

    /// Whether targets orbit the Earth.
    #[must_use]
    pub fn is_orbit(&self) -> bool {
        match &self.model {
            Moves::One(model) => model.is_orbit(),
            Moves::Several(models) => models.is_orbit(),
        }
    }

    /// What process noise adds to the variance of a place along an axis of which `upwards` of 1 is vertical, over a time,
    /// m²; of orbits, before gravity takes it on; of several models, where nothing is known of the target.
    #[must_use]
    pub fn spread_m2(&self, upwards: f64, lag_s: f64) -> f64 {
        let of = |noise: Noise, [horizontal, vertical]: [f64; 2]| {
            let along = |intensity: f64| match noise {
                Noise::WhiteAcceleration => intensity * lag_s.powi(3) / 3.0,
                Noise::ConstantAcceleration => intensity * intensity * lag_s.powi(4) / 4.0,
            };
            along(horizontal) * (1.0 - upwards) + along(vertical) * upwards
        };
        let straight = |model: &ConstantVelocity| of(model.noise, [model.horizontal, model.vertical]);
        let one = |model: &Mode| match model {
            Mode::ConstantVelocity(model) => straight(model),
            // At most.
            Mode::CoordinatedTurn(model) => straight(&model.straight()),
            Mode::Orbit(model) => straight(&model.unforced()),
        };
        match &self.model {
            Moves::One(model) => one(model),
            Moves::Several(models) => {
                models.each().iter().zip(models.prior()).map(|(member, prior)| prior * one(&member.model)).sum()
            }
        }
    }

    /// Sets a look's process noise and survival over `dt_s`, in which an object would have reported at a rate: silence
    /// for t seconds has the likelihood exp(−rate · t), as reports come in a Poisson process.
    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
    pub fn over(&self, dt_s: f64, reports_per_s: f64, look: &mut LaneStep) {
        look.dt_s = dt_s as f32;
        // Over long stretches births balance what ends and what reports: at the births of a mean life.
        let decay = reports_per_s - libm::log(self.survival_per_s);
        look.births_s = if decay > 0.0 { dt_s.min(1.0 / decay) as f32 } else { look.dt_s };
        look.survival = libm::pow(self.survival_per_s, dt_s) as f32;
        look.heard = -libm::expm1(-reports_per_s * dt_s) as f32;
        look.left = look.survival * (1.0 - look.heard);
        if self.is_orbit() {
            look.orbits = 1;
            look.part_s = (dt_s - 0.5 * (2.0 * dt_s).floor()) as f32;
        }
        match &self.model {
            Moves::One(model) => (look.noise, look.turning) = (model.noise(dt_s), model.turning(dt_s)),
            Moves::Several(models) => look.noise = models.noise(dt_s),
        }
    }
}
