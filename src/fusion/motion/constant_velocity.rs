//! Nearly constant velocity: x' = F x, P' = F P Fᵀ + Q, F = \[I, dt I; 0, I\].
//!
//! Q = q_h (I - u uᵀ) + q_v u uᵀ for each of the blocks pp, pv, vv, where u is the local vertical. Continuous white noise
//! of intensity q (m²/s³): Q = q \[T³/3, T²/2; T²/2, T\]. Piecewise constant acceleration of standard deviation σ (m/s²):
//! Q = σ² \[T⁴/4, T³/2; T³/2, T²\]. Bar-Shalom, Li and Kirubarajan 2001, 6.2.2 and 6.3.2. Units: m, s. Kernel part:
//! `shaders/motion/constant_velocity.wgsl`.

use super::{Model, Moved, Noise, Precise, ProcessNoise};
use crate::fusion::arrays::{COVARIANCE, LaneStep, tri};
use crate::fusion::predict::{faded, up};
use crate::fusion::simd::Simd;
use crate::fusion::state::State;

/// Nearly constant velocity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConstantVelocity {
    /// What kind of noise drives it.
    pub noise: Noise,
    /// Along each horizontal axis: m²/s³ or m/s², as `noise` says.
    pub horizontal: f64,
    /// Along the vertical.
    pub vertical: f64,
}

impl Model for ConstantVelocity {
    const RESTS: bool = false;

    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
    fn noise(&self, dt_s: f64) -> ProcessNoise {
        let squared = dt_s * dt_s;
        let cubed = squared * dt_s;
        let block = |intensity: f64| match self.noise {
            Noise::WhiteAcceleration => [intensity * cubed / 3.0, intensity * squared / 2.0, intensity * dt_s],
            Noise::ConstantAcceleration => {
                let variance = intensity * intensity;
                [variance * (squared * squared) / 4.0, variance * cubed / 2.0, variance * squared]
            }
        };
        let ([pp, pv, vv], [up_pp, up_pv, up_vv]) = (block(self.horizontal), block(self.vertical));
        // Of constant acceleration no part of the time has noise of its own.
        let [level, upright] = match self.noise {
            Noise::WhiteAcceleration => [self.horizontal, self.vertical],
            Noise::ConstantAcceleration => [0.0; 2],
        };
        let more = upright - level;
        ProcessNoise {
            pp: pp as f32,
            pv: pv as f32,
            vv: vv as f32,
            extra_pp: (up_pp - pp) as f32,
            extra_pv: (up_pv - pv) as f32,
            extra_vv: (up_vv - vv) as f32,
            drive_pp: (level / 3.0) as f32,
            drive_pv: (level / 2.0) as f32,
            drive_vv: level as f32,
            extra_drive_pp: (more / 3.0) as f32,
            extra_drive_pv: (more / 2.0) as f32,
            extra_drive_vv: more as f32,
        }
    }

    #[inline(always)]
    fn moved<R: Simd>(look: &LaneStep, tile: &[R; 3], before: &Precise<R>) -> Moved<R> {
        let u = up(look, tile, &before.state.mean);
        Moved::into_tile(Self::straight(look, &u, &faded(&before.state, &u, look)))
    }
}

impl ConstantVelocity {
    /// F x and F P Fᵀ + Q, the place counted from the tile of before; `u` is upwards there.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    pub(crate) fn straight<R: Simd>(look: &LaneStep, u: &[R; 3], before: &State<R>) -> State<R> {
        let (mut x, dt) = (before.mean, R::splat(look.dt_s));
        for a in 0..3 {
            x[a] = x[a] + dt * x[3 + a];
        }
        State { mean: x, covariance: propagated(&before.covariance, u, look) }
    }

    /// Q; `u` is upwards.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    pub(crate) fn spread<R: Simd>(look: &LaneStep, u: &[R; 3]) -> [R; COVARIANCE] {
        let of = &look.noise;
        let mut q = [R::splat(0.0); COVARIANCE];
        for i in 0..3 {
            for j in 0..3 {
                let along = u[i] * u[j];
                let noise = |flat: f32, extra: f32| {
                    let extra = along * R::splat(extra);
                    if i == j { R::splat(flat) + extra } else { extra }
                };
                if i <= j {
                    q[tri(i, j)] = noise(of.pp, of.extra_pp);
                    q[tri(3 + i, 3 + j)] = noise(of.vv, of.extra_vv);
                }
                q[tri(i, 3 + j)] = noise(of.pv, of.extra_pv);
            }
        }
        q
    }
}

/// F P Fᵀ + Q.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
fn propagated<R: Simd>(p: &[R; COVARIANCE], u: &[R; 3], look: &LaneStep) -> [R; COVARIANCE] {
    let dt = R::splat(look.dt_s);
    let mut q = ConstantVelocity::spread(look, u);
    for i in 0..3 {
        for j in 0..3 {
            let (pv, vv) = (p[tri(i, 3 + j)], p[tri(3 + i, 3 + j)]);
            // No product beside the product: of (a b + c d) + e a driver may add e to a b first.
            if i <= j {
                let pp = p[tri(i, j)] + dt * (pv + p[tri(j, 3 + i)]) + dt * (dt * vv);
                q[tri(i, j)] = pp + q[tri(i, j)];
                q[tri(3 + i, 3 + j)] = vv + q[tri(3 + i, 3 + j)];
            }
            q[tri(i, 3 + j)] = pv + dt * vv + q[tri(i, 3 + j)];
        }
    }
    q
}
