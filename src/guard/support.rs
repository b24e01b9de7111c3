//! Whether some permitted detection can have made a row what it is.
//!
//! Let y be the position that a row shows at time t, v its velocity, and X the state of which they are the mean. Under
//! prediction and under mixing, the second moment E|X - y|² about a fixed y is linear, so a mixture has at least that of
//! one of its hypotheses, back to one that is either a detection's or the birth's. A hypothesis that a detection made
//! at scan s, carried to t, has at least the noise since then: q T³ / 3 for each axis, T = t - s. Hence some permitted
//! detection has
//!
//! ```text
//! |x - y|² + λ |w - v|² + Q_pp(T) + λ Q_vv(T)  ≤  tr P_pp + λ tr P_vv      for every λ ≥ 0,
//! ```
//!
//! x, w: what its hypothesis says at t; traces over the horizontal axes; Q_pp = 2 q T³ / 3, Q_vv = 2 q T. What it says
//! of its own time, x - τ w, lies within √gate standard deviations of what was measured. So a row with little
//! covariance needs a detection near to where it comes from, and not long ago. The smallest covariance that a filter
//! can have, its gains and its weights are of no matter. Where a level hides velocities, speeds are bounded instead.

use super::GuardError;
use super::cells::Cell;
use super::evidence::{Row as Detection, Sight};
use super::table::Row;
use crate::space::{EARTH_A_M, EARTH_F, Frame};
use crate::time::seconds_between;
use serde_json::Value;

/// For what is rounded, and for horizontal planes that tilt on the way.
const SLACK: f64 = 1.02;

/// What of a configuration bounds what a detection explains.
#[derive(Clone, Copy, Debug)]
pub(super) struct Support {
    frame: Frame,
    /// Intensity of the horizontal noise, m²/s³.
    intensity: f64,
    /// Standard deviations that a detection may be off.
    sigmas: f64,
    /// The speed of what is not known to be slower.
    speed_m_s: f64,
}

/// What a row says of itself.
#[derive(Clone, Copy, Debug)]
struct Told {
    velocity_m_s: [f64; 2],
    /// tr P_pp + λ tr P_vv.
    moment_m2: f64,
    /// 1 / λ; 0 where velocities are hidden.
    rate_per_s2: f64,
    /// How much faster than `velocity_m_s` a hypothesis may be.
    speed_m_s: f64,
}

impl Support {
    /// `None`: noise of which the spread over a time depends on how the time is cut, which this does not bound.
    pub(super) fn of(configuration: &Value, frame: Frame, speed_m_s: f64) -> Result<Option<Self>, GuardError> {
        let number = |key: &'static str| {
            configuration.pointer(key).and_then(Value::as_f64).ok_or(GuardError::Configuration { key })
        };
        let sigmas = number("/fusion/gate")?.sqrt();
        let intensity = number("/fusion/motion/horizontal")?;
        let noise = configuration.pointer("/fusion/motion/noise").and_then(Value::as_str);
        Ok((noise == Some("white_acceleration")).then_some(Self { frame, intensity, sigmas, speed_m_s }))
    }

    /// Whether one of the detections of `sight` explains a row; `cell`: the largest that its position may stand for.
    pub(super) fn holds(&self, sight: &Sight, row: &Row, cell: Option<Cell>) -> bool {
        let Some(told) = self.told(row, cell) else { return true };
        let ground = Ground::at(self.frame, row.position);
        for (scan_us, detections) in sight.scans_until(row.time_us) {
            let left_m2 = told.moment_m2 - self.noise_m2(&told, seconds_between(scan_us, row.time_us));
            if left_m2 < 0.0 {
                return false;
            }
            if detections.iter().any(|detection| self.explains(&told, &ground, left_m2, row.time_us, detection)) {
                return true;
            }
        }
        false
    }

    fn told(&self, row: &Row, cell: Option<Cell>) -> Option<Told> {
        let [_, vx, vy, _, xx, _, _, yy, _, _, vxx, _, _, vyy, ..] = row.numbers.map(|number| number.map(f64::from));
        // The centre of a cell is off by at most three times the variance of its places, one of which P has.
        let cell_m2 = cell.map_or(0.0, |cell| 2.0 * cell.variance_m2.iter().take(2).sum::<f64>());
        let position_m2 = (xx? + yy? + cell_m2) * SLACK;
        let unknown =
            Told { velocity_m_s: [0.0; 2], moment_m2: position_m2, rate_per_s2: 0.0, speed_m_s: self.speed_m_s };
        // λ such that both terms weigh the same.
        Some(match (vx, vy, vxx, vyy) {
            (Some(vx), Some(vy), Some(vxx), Some(vyy)) if vxx + vyy > 0.0 && position_m2 > 0.0 => Told {
                velocity_m_s: [vx, vy],
                moment_m2: 2.0 * position_m2,
                rate_per_s2: (vxx + vyy) * SLACK / position_m2,
                speed_m_s: (SLACK - 1.0) * vx.hypot(vy),
            },
            _ => unknown,
        })
    }

    /// Q_pp + λ Q_vv.
    fn noise_m2(&self, told: &Told, elapsed_s: f64) -> f64 {
        let position_m2 = 2.0 * self.intensity * elapsed_s.powi(3) / 3.0;
        let velocity_m2_s2 = 2.0 * self.intensity * elapsed_s;
        position_m2 + if told.rate_per_s2 > 0.0 { velocity_m2_s2 / told.rate_per_s2 } else { 0.0 }
    }

    fn explains(&self, told: &Told, ground: &Ground, left_m2: f64, time_us: i64, detection: &Detection) -> bool {
        let since_s = seconds_between(detection.time_us, time_us);
        let [east_m, north_m] = ground.offset_m(detection.place);
        let [east_m_s, north_m_s] = told.velocity_m_s;
        let apart_m = (east_m + since_s * east_m_s).hypot(north_m + since_s * north_m_s);
        // |x - τ w - (y - τ v)| ≤ √(1 + τ² / λ) √(|x - y|² + λ |w - v|²).
        let drift_m = ((1.0 + since_s * since_s * told.rate_per_s2) * left_m2).sqrt() + told.speed_m_s * since_s;
        apart_m <= (drift_m + self.sigmas * detection.sigma_m + detection.vague_m) * SLACK
    }
}

/// The horizontal plane through a position.
struct Ground {
    frame: Frame,
    position: [f64; 3],
    metres: [f64; 3],
}

impl Ground {
    fn at(frame: Frame, position: [f64; 3]) -> Self {
        let [latitude, longitude, height] = position;
        let metres = if frame == Frame::Geodetic { geocentric([longitude, latitude], height) } else { position };
        Self { frame, position, metres }
    }

    /// How far a place lies along the axes of the plane, east and north or x and y.
    fn offset_m(&self, place: [f64; 2]) -> [f64; 2] {
        let ([a, b, height], [x0, y0, z0]) = (self.position, self.metres);
        if self.frame == Frame::Local {
            let [x, y] = place;
            return [x - a, y - b];
        }
        let [x, y, z] = geocentric(place, height);
        let (dx, dy, dz) = (x - x0, y - y0, z - z0);
        let ((sin_lat, cos_lat), (sin_lon, cos_lon)) = (a.to_radians().sin_cos(), b.to_radians().sin_cos());
        let out = cos_lon * dx + sin_lon * dy;
        [cos_lon * dy - sin_lon * dx, cos_lat * dz - sin_lat * out]
    }
}

/// Longitude, latitude and height on the ellipsoid, in metres from the centre of the Earth.
fn geocentric([longitude, latitude]: [f64; 2], height_m: f64) -> [f64; 3] {
    let e2 = EARTH_F * (2.0 - EARTH_F);
    let ((sin_lat, cos_lat), (sin_lon, cos_lon)) = (latitude.to_radians().sin_cos(), longitude.to_radians().sin_cos());
    let across_m = EARTH_A_M / (1.0 - e2 * sin_lat * sin_lat).sqrt();
    let out_m = (across_m + height_m) * cos_lat;
    [out_m * cos_lon, out_m * sin_lon, (across_m * (1.0 - e2) + height_m) * sin_lat]
}
