//! How targets move and last. A motion model is one file here, and its kernel part one of the same name in
//! `shaders/motion/`.

mod constant_velocity; // nearly constant velocity

pub use constant_velocity::ConstantVelocity;

use super::arrays::Look;
use super::bounds::{probability, quantity};
use super::real::Real;
use super::state::State;
use crate::mirror::mirror;
use serde::{Deserialize, Serialize};

/// A motion model. What depends on the time between two scans alone is computed once a look, in f64; states are moved by
/// the look, one or eight at a time. A height that nothing measures, tiles and existence are no concern of it: see
/// [`super::predict`].
pub trait Model {
    /// What `dt_s` without a look add to a covariance.
    fn noise(&self, dt_s: f64) -> ProcessNoise;

    /// The state at the time of a look, its place counted from the tile of before; `u` is upwards there.
    fn moved<R: Real>(look: &Look, u: &[R; 3], before: &State<R>) -> State<R>;
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
#[serde(deny_unknown_fields)]
pub struct Motion {
    /// What kind of noise drives them.
    pub noise: Noise,
    /// Along each horizontal axis: m²/s³ or m/s², as `noise` says.
    #[serde(deserialize_with = "quantity")]
    pub horizontal: f64,
    /// Along the vertical.
    #[serde(deserialize_with = "quantity")]
    pub vertical: f64,
    /// Probability that a target lasts another second.
    #[serde(deserialize_with = "probability")]
    pub survival_per_s: f64,
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
    /// The model by which targets move.
    #[must_use]
    pub fn model(&self) -> ConstantVelocity {
        let Self { noise, horizontal, vertical, .. } = *self;
        ConstantVelocity { noise, horizontal, vertical }
    }

    /// Sets a look's process noise and survival over `dt_s`, in which an object would have reported at a rate: silence
    /// for t seconds has the likelihood exp(−rate · t), as reports come in a Poisson process.
    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
    pub fn over(&self, dt_s: f64, reports_per_s: f64, look: &mut Look) {
        look.dt_s = dt_s as f32;
        // Over long stretches births balance what ends and what reports: at the births of a mean life.
        let decay = reports_per_s - libm::log(self.survival_per_s);
        look.births_s = if decay > 0.0 { dt_s.min(1.0 / decay) as f32 } else { look.dt_s };
        look.survival = libm::pow(self.survival_per_s, dt_s) as f32;
        look.heard = -libm::expm1(-reports_per_s * dt_s) as f32;
        look.noise = self.model().noise(dt_s);
    }
}
