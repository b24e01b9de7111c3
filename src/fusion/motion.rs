//! Motion models: white-noise acceleration, with separate intensity along the horizontal and the vertical.
//!
//! Continuous white noise of intensity q (m²/s³): Q = q \[T³/3, T²/2; T²/2, T\]. Piecewise constant acceleration of
//! standard deviation σ (m/s²): Q = σ² \[T⁴/4, T³/2; T³/2, T²\]. Bar-Shalom, Li and Kirubarajan 2001, 6.2.2 and 6.3.2.

use super::arrays::Look;
use super::bounds::{probability, quantity};
use serde::{Deserialize, Serialize};

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
    /// Sets a look's process noise and survival over `dt_s`, in which an object would have reported at a rate: silence
    /// for t seconds has the likelihood exp(−rate · t), as reports come in a Poisson process.
    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
    pub fn over(&self, dt_s: f64, reports_per_s: f64, look: &mut Look) {
        let squared = dt_s * dt_s;
        let cubed = squared * dt_s;
        let block = |intensity: f64| match self.noise {
            Noise::WhiteAcceleration => [intensity * cubed / 3.0, intensity * squared / 2.0, intensity * dt_s],
            Noise::ConstantAcceleration => {
                let variance = intensity * intensity;
                [variance * (squared * squared) / 4.0, variance * cubed / 2.0, variance * squared]
            }
        };
        let (level, upright) = (block(self.horizontal), block(self.vertical));
        look.dt_s = dt_s as f32;
        // Over long stretches births balance what ends and what reports: at the births of a mean life.
        let decay = reports_per_s - libm::log(self.survival_per_s);
        look.births_s = if decay > 0.0 { dt_s.min(1.0 / decay) as f32 } else { look.dt_s };
        look.survival = libm::pow(self.survival_per_s, dt_s) as f32;
        look.heard = -libm::expm1(-reports_per_s * dt_s) as f32;
        [look.noise_pp, look.noise_pv, look.noise_vv] = level.map(|q| q as f32);
        let [pp, pv, vv]: [f64; 3] = core::array::from_fn(|k| match (upright.get(k), level.get(k)) {
            (Some(up), Some(flat)) => up - flat,
            _ => 0.0,
        });
        [look.extra_pp, look.extra_pv, look.extra_vv] = [pp as f32, pv as f32, vv as f32];
        let [level, upright] = match self.noise {
            Noise::WhiteAcceleration => [self.horizontal, self.vertical],
            Noise::ConstantAcceleration => [0.0; 2],
        };
        let over_any = |q: f64| [q / 3.0, q / 2.0, q].map(|q| q as f32);
        [look.drive_pp, look.drive_pv, look.drive_vv] = over_any(level);
        [look.extra_drive_pp, look.extra_drive_pv, look.extra_drive_vv] = over_any(upright - level);
    }
}
