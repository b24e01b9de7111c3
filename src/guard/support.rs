//! Whether some permitted detection can have made a row what it is.
//!
//! Let y be the position that a row shows at time t, v its velocity, and X the state of which they are the mean. Under
//! prediction and under mixing, the second moment E|X - y|² about a fixed y is linear, so a mixture has at least that of
//! one of its hypotheses, back to one that is either a detection's or the birth's. A hypothesis that a detection made
//! at scan s, carried to t, has at least the noise since then, T = t - s. Hence some permitted detection has
//!
//! ```text
//! |x - y|² + λ |w - v|² + q T³/3 + λ q T  ≤  tr W P_pp + λ tr W P_vv      for every λ ≥ 0,
//! ```
//!
//! x, w: what its hypothesis says at t. |·| weighs the way upwards at y by ε: W = I - (1 - ε) u uᵀ, ε such that a height
//! which is hardly known costs a tenth of what the ground does; one that the filter may have taken back, which leaves
//! less than the noise since then, costs nothing. All of it is in the engine's axes, in which objects go
//! straight on: far along the Earth's curve a detection is taken where it was, not under the row. The noise is
//! q = tr W Q = q_h (2 + ε - m) + q_v m, m = u'ᵀ W u' for the vertical u' on the way: ε where the Earth is flat, at most
//! ε + sin² of the angle that the way spans at the Earth's centre.
//!
//! What the hypothesis says of its own time, x - τ w, lies within √gate standard deviations of what was measured, the way
//! along the vertical not counted where no height was, and that of a range without a height up to where heights lead
//! (`Row::offset_m`). So a row with little covariance needs a detection near to where it comes from, and not long ago. The
//! smallest covariance that a filter can have, its gains and its weights are of no matter. Where a level hides velocities,
//! speeds are bounded instead.

use super::GuardError;
use super::cells::Cell;
use super::evidence::{Offset, Row as Detection, Sight};
use super::ground::{axes, dot, length, metres, plus};
use super::table::Row;
use crate::space::Frame;
use crate::time::seconds_between;
use serde_json::Value;

/// For what is rounded in 32 bits.
const SLACK: f64 = 1.02;
/// Share of a velocity and length that 32 bits lose.
const LOST: f64 = 1e-6;
const LOST_M: f64 = 1e-3;
/// What the way upwards may cost of what the ground does.
const UPWARDS: f64 = 0.1;
/// What no height is known worse than, a standard deviation in metres: what a filter has above is taken back. More where
/// sensors cover more than twice as much.
pub(super) const HEIGHT_SIGMA_M: f64 = 7_500.0;
/// A row that tells its height by this share of it or worse may come of a hypothesis whose height was taken back: one
/// whose height costs no more than all that the row leaves, ε σ² ≤ 2 · 1.1 · (P_xx + P_yy) with ε = (P_xx + P_yy) / 10 P_zz.
const TAKEN_BACK: f64 = 0.2;

/// What of a configuration bounds what a detection explains.
#[derive(Clone, Copy, Debug)]
pub(super) struct Support {
    frame: Frame,
    /// Intensity of the horizontal and of the vertical noise, m²/s³.
    intensity: [f64; 2],
    /// Standard deviations that a detection may be off.
    sigmas: f64,
    /// The speed of what is not known to be slower.
    speed_m_s: f64,
    /// Standard deviations of the speed of new tracks, along the horizontal and the vertical.
    new_m_s: [f64; 2],
}

/// What a row says of itself.
#[derive(Clone, Copy, Debug)]
struct Told {
    at_m: [f64; 3],
    axes: [[f64; 3]; 3],
    velocity_m_s: [f64; 3],
    /// ε.
    upwards: f64,
    /// tr W P_pp + λ tr W P_vv.
    moment_m2: f64,
    /// 1 / λ; 0 where velocities are hidden.
    rate_per_s2: f64,
    /// How much faster than `velocity_m_s` a hypothesis may be.
    speed_m_s: f64,
}

impl Support {
    /// `None`: noise of which the spread over a time depends on how the time is cut, which this does not bound; turns and orbits,
    /// which no straight line follows; or several motion models. Of these the gate asks how far a detection is from their mixture,
    /// and what each makes of it lies as far from it as its own prediction did, which no row tells: where two calm ones
    /// disagree, both may stay far off.
    pub(super) fn of(configuration: &Value, frame: Frame, speed_m_s: f64) -> Result<Option<Self>, GuardError> {
        let number = |key: &'static str| {
            configuration.pointer(key).and_then(Value::as_f64).ok_or(GuardError::Configuration { key })
        };
        let has_several = configuration.pointer("/fusion/motion/models").is_some();
        let model = configuration.pointer("/fusion/motion/model").and_then(Value::as_str);
        if has_several || model.is_some_and(|model| model != "constant_velocity") {
            return Ok(None);
        }
        let sigmas = number("/fusion/gate")?.sqrt();
        let intensity = [number("/fusion/motion/horizontal")?, number("/fusion/motion/vertical")?];
        let new_m_s = [number("/fusion/undetected/speed_m_s")?, number("/fusion/undetected/climb_m_s")?];
        let noise = configuration.pointer("/fusion/motion/noise").and_then(Value::as_str);
        Ok((noise == Some("white_acceleration")).then_some(Self { frame, intensity, sigmas, speed_m_s, new_m_s }))
    }

    /// Whether one of the detections of `sight` explains a row; `cell`: the largest that its position may stand for.
    pub(super) fn holds(&self, sight: &Sight, row: &Row, cell: Option<Cell>) -> bool {
        let Some(told) = self.told(row, cell) else { return true };
        for (scan_us, detections) in sight.scans_until(row.time_us) {
            let elapsed_s = seconds_between(scan_us, row.time_us);
            // With a way that may turn as it will, the noise is least, and grows with time.
            let most_m2 = told.moment_m2 - self.noise_m2(&told, 1.0, elapsed_s);
            if most_m2 < 0.0 {
                return false;
            }
            let left_m2 = told.moment_m2 - self.noise_m2(&told, self.turned(&told, most_m2, elapsed_s), elapsed_s);
            let explains = |detection: &Detection| self.explains(&told, left_m2, row.time_us, detection);
            if left_m2 >= 0.0 && detections.iter().any(explains) {
                return true;
            }
        }
        false
    }

    fn told(&self, row: &Row, cell: Option<Cell>) -> Option<Told> {
        let [_, vx, vy, vz, xx, _, _, yy, _, zz, vxx, _, _, vyy, _, vzz] =
            row.numbers.map(|number| number.map(f64::from));
        let ([xx, yy, zz], axes) = ([xx?, yy?, zz?], axes(self.frame, row.position));
        let velocity = vx.zip(vy).zip(vz).zip(vxx.zip(vyy).zip(vzz));
        let velocity = velocity.filter(|(_, ((vxx, vyy), _))| vxx + vyy > 0.0);
        let share = |flat: f64, up: f64| if up > 0.0 { UPWARDS * flat / up } else { 1.0 };
        let of_velocity = velocity.map_or(1.0, |(_, ((vxx, vyy), vzz))| share(vxx + vyy, vzz));
        let vague = zz.sqrt() >= TAKEN_BACK * HEIGHT_SIGMA_M;
        let upwards = if vague { 0.0 } else { share(xx + yy, zz).min(of_velocity) }.clamp(1e-12, 1.0);
        // The centre of a cell is off by at most three times the variance of its places, one of which P has.
        let [cell_x, cell_y, cell_z] = cell.map_or([0.0; 3], |cell| cell.variance_m2);
        let cell_m2 = 2.0 * (cell_x + cell_y + upwards * cell_z);
        let position_m2 = (xx + yy + upwards * zz + cell_m2) * SLACK;
        let unknown = Told {
            at_m: metres(self.frame, row.position),
            axes,
            velocity_m_s: [0.0; 3],
            upwards,
            moment_m2: position_m2,
            rate_per_s2: 0.0,
            speed_m_s: self.speed_m_s,
        };
        let [east, north, up] = axes;
        Some(match velocity {
            Some((((vx, vy), vz), ((vxx, vyy), vzz))) if position_m2 > 0.0 => Told {
                velocity_m_s: plus(plus(plus([0.0; 3], vx, east), vy, north), vz, up),
                // λ such that both terms weigh the same.
                moment_m2: 2.0 * position_m2,
                rate_per_s2: (vxx + vyy + upwards * vzz) * SLACK / position_m2,
                speed_m_s: LOST * (vx.hypot(vy) + vz.abs()),
                ..unknown
            },
            _ => unknown,
        })
    }

    /// The greatest u'ᵀ W u' on the way.
    fn turned(&self, told: &Told, left_m2: f64, elapsed_s: f64) -> f64 {
        if self.frame == Frame::Local {
            return told.upwards;
        }
        // A way upwards turns nothing; what little it costs bounds none.
        let spread_m = told.drift_m(left_m2, elapsed_s) / told.upwards.max(1e-6).sqrt();
        let way_m = elapsed_s * (length(told.velocity_m_s) + told.speed_m_s) + spread_m;
        (told.upwards + (way_m / length(told.at_m)).powi(2)).min(1.0)
    }

    /// q T³/3 + λ q T, for verticals of up to `turned`.
    fn noise_m2(&self, told: &Told, turned: f64, elapsed_s: f64) -> f64 {
        let [flat, upright] = self.intensity;
        let intensity = |turned: f64| flat * (2.0 + told.upwards - turned) + upright * turned;
        let intensity = intensity(told.upwards).min(intensity(turned));
        let velocity_m2 = if told.rate_per_s2 > 0.0 { intensity * elapsed_s / told.rate_per_s2 } else { 0.0 };
        intensity * elapsed_s.powi(3) / 3.0 + velocity_m2
    }

    fn explains(&self, told: &Told, left_m2: f64, time_us: i64, detection: &Detection) -> bool {
        let since_s = seconds_between(detection.time_us, time_us);
        let Offset { way_m, free, vague_m } = detection.offset_m(plus(told.at_m, -since_s, told.velocity_m_s));
        let apart_m = told.apart_m(way_m, free);
        let drift_m = told.drift_m(left_m2, since_s);
        apart_m <= (drift_m + self.sigmas * detection.sigma_among_m(self.new_m_s) + vague_m) * SLACK + LOST_M
    }
}

impl Told {
    /// |x - τ w - (y - τ v)| ≤ √(1 + τ² / λ) √(|x - y|² + λ |w - v|²).
    fn drift_m(&self, left_m2: f64, since_s: f64) -> f64 {
        ((1.0 + since_s * since_s * self.rate_per_s2) * left_m2).sqrt() + self.speed_m_s * since_s
    }

    /// The length of a way, what is free taken off.
    fn apart_m(&self, way_m: [f64; 3], free: Option<[f64; 3]>) -> f64 {
        let [east, north, up] = self.axes;
        let product =
            |a, b| dot(a, east) * dot(b, east) + dot(a, north) * dot(b, north) + self.upwards * dot(a, up) * dot(b, up);
        let taken_m2 = free.map_or(0.0, |free| product(way_m, free).powi(2) / product(free, free));
        (product(way_m, way_m) - taken_m2).max(0.0).sqrt()
    }
}
