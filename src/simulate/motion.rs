//! Objects: where they start, how they move, when they end.
//!
//! Along each axis the acceleration is white noise of intensity q, so that over one period T position and velocity
//! gain a normal deviate with covariance q · [[T³/3, T²/2], [T²/2, T]]. Between two scans an object is where it is to
//! be expected given both ends, which for this motion is the cubic through positions and velocities (Hermite). What
//! that leaves out, the spread about the cubic, is at most √(q T³ / 192) and zero at the scans.

use super::plan::{Given, Plan};
use super::random::{Key, Purpose, Stream};
use super::scenario::AtEdge;

/// Position in metres and velocity in metres a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Motion {
    pub(super) position_m: [f64; 3],
    pub(super) velocity_m_s: [f64; 3],
}

/// An object that is alive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Object {
    pub(super) id: u64,
    pub(super) now: Motion,
    /// Its last scan, if that is given.
    pub(super) last_scan: Option<u64>,
    pub(super) horizontal_intensity_m2_s3: f64,
}

/// What becomes of an object at the end of a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Lives,
    Dies,
    Leaves,
}

impl Object {
    pub(super) fn given(id: u64, given: &Given) -> Self {
        let now = Motion { position_m: given.position_m, velocity_m_s: given.velocity_m_s };
        let horizontal_intensity_m2_s3 = given.horizontal_intensity_m2_s3;
        Self { id, now, last_scan: Some(given.last_scan), horizontal_intensity_m2_s3 }
    }

    /// Somewhere in the area, in any direction.
    pub(super) fn random(id: u64, plan: &Plan) -> Self {
        let mut draw = Stream::new(Key { seed: plan.seed, purpose: Purpose::Start, sensor: 0, step: 0, index: id });
        let across = [-plan.half_side_m, plan.half_side_m];
        let [x, y] = [draw.between(across), draw.between(across)];
        let speed = draw.between(plan.motion.speed_m_s);
        let (sin, cos) = libm::sincos(draw.between([0.0, std::f64::consts::TAU]));
        let z = plan.height_m.map_or(0.0, |height_m| draw.between(height_m));
        let climb = plan.motion.climb_m_s.map_or(0.0, |climb_m_s| draw.between(climb_m_s));
        let now = Motion { position_m: [x, y, z], velocity_m_s: [speed * cos, speed * sin, climb] };
        let horizontal_intensity_m2_s3 = plan.motion.horizontal_intensity_m2_s3;
        Self { id, now, last_scan: None, horizontal_intensity_m2_s3 }
    }

    /// Where the object is at the next scan, and whether it is there.
    pub(super) fn next(&self, plan: &Plan, scan: u64) -> (Motion, Fate) {
        let key = Key { seed: plan.seed, purpose: Purpose::Motion, sensor: 0, step: scan, index: self.id };
        let mut draw = Stream::new(key);
        let survives = draw.uniform() < plan.survival_probability;
        let period_s = plan.period_us as f64 * 1e-6;
        let horizontal = self.horizontal_intensity_m2_s3;
        let vertical = plan.motion.vertical_intensity_m2_s3.unwrap_or(0.0);
        let half = [-plan.half_side_m, plan.half_side_m];
        let mut next = self.now;
        let axes = next.position_m.iter_mut().zip(&mut next.velocity_m_s).zip([Some(half), Some(half), plan.height_m]);
        for (((position, velocity), bounds), intensity) in axes.zip([horizontal, horizontal, vertical]) {
            if bounds.is_some() {
                step(position, velocity, period_s, intensity, &mut draw);
            }
        }
        let Motion { position_m: [x, y, z], velocity_m_s: [x_velocity, y_velocity, climb] } = &mut next;
        if let Some(height_m) = plan.height_m {
            turn(z, climb, height_m);
        }
        let outside = x.abs().max(y.abs()) > plan.half_side_m;
        if outside && plan.at_edge == AtEdge::Turn {
            turn(x, x_velocity, half);
            turn(y, y_velocity, half);
        }
        let ends = self.last_scan.map_or(!survives, |last_scan| scan >= last_scan);
        let fate = if ends {
            Fate::Dies
        } else if outside && plan.at_edge == AtEdge::Leave {
            Fate::Leaves
        } else {
            Fate::Lives
        };
        (next, fate)
    }
}

/// One period along one axis: the mean moves with the velocity, and the Cholesky factor of the covariance adds noise.
fn step(position: &mut f64, velocity: &mut f64, period_s: f64, intensity: f64, draw: &mut Stream) {
    let t = period_s;
    let spread = intensity.sqrt();
    let [a, b] = [draw.gaussian(), draw.gaussian()];
    *position += *velocity * t + spread * (t * t * t / 3.0).sqrt() * a;
    *velocity += spread * ((3.0 * t).sqrt() / 2.0 * a + t.sqrt() / 2.0 * b);
}

/// Turns back at either end of a span, as often as the way past it is long.
fn turn(position: &mut f64, velocity: &mut f64, [low, high]: [f64; 2]) {
    let spans = (*position - low) / (high - low);
    let whole = spans.floor();
    if (0.0..=1.0).contains(&spans) {
        return;
    }
    let past = (spans - whole) * (high - low);
    if whole % 2.0 == 0.0 {
        *position = low + past;
    } else {
        *position = high - past;
        *velocity = -*velocity;
    }
}

/// Where an object is a `share` of the period after `from`: the cubic through both ends.
pub(super) fn between(from: &Motion, to: &Motion, share: f64, period_s: f64) -> Motion {
    let s = share;
    // Hermite's polynomials and their derivatives; velocities are per period.
    let place = [1.0 + s * s * (2.0 * s - 3.0), s * (1.0 + s * (s - 2.0)), s * s * (3.0 - 2.0 * s), s * s * (s - 1.0)];
    let pace = [6.0 * s * (s - 1.0), 1.0 + s * (3.0 * s - 4.0), 6.0 * s * (1.0 - s), s * (3.0 * s - 2.0)];
    let mut at = Motion::default();
    let ends = from.position_m.iter().zip(&from.velocity_m_s).zip(to.position_m.iter().zip(&to.velocity_m_s));
    for (((p, v), (q, w)), (position, velocity)) in ends.zip(at.position_m.iter_mut().zip(&mut at.velocity_m_s)) {
        let nodes = [*p, *v * period_s, *q, *w * period_s];
        let sum = |weights: [f64; 4]| weights.iter().zip(nodes).map(|(weight, node)| weight * node).sum::<f64>();
        *position = sum(place);
        *velocity = sum(pace) / period_s;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turning_back_keeps_the_way_travelled() {
        for (from, wanted, sign) in
            [(5.0, 5.0, 1.0), (12.0, 8.0, -1.0), (-3.0, 3.0, -1.0), (23.0, 3.0, 1.0), (-12.0, 8.0, 1.0)]
        {
            let (mut position, mut velocity) = (from, 7.0);
            turn(&mut position, &mut velocity, [0.0, 10.0]);
            assert!((position - wanted).abs() < 1e-12 && (velocity - 7.0 * sign).abs() < 1e-12, "{from}: {position}");
        }
    }

    #[test]
    fn between_two_scans_motion_meets_both_ends_and_a_parabola_in_the_middle() {
        // p = 3 + 2 t + 0.5 t², over 4 s.
        let at =
            |t: f64| Motion { position_m: [3.0 + 2.0 * t + 0.5 * t * t, 0.0, 0.0], velocity_m_s: [2.0 + t, 0.0, 0.0] };
        for share in [0.0, 0.3, 0.5, 1.0] {
            let found = between(&at(0.0), &at(4.0), share, 4.0);
            let wanted = at(4.0 * share);
            let [x, ..] = found.position_m;
            let [x_velocity, ..] = found.velocity_m_s;
            let [wanted_x, ..] = wanted.position_m;
            let [wanted_velocity, ..] = wanted.velocity_m_s;
            assert!((x - wanted_x).abs() < 1e-12 && (x_velocity - wanted_velocity).abs() < 1e-12, "{share}: {found:?}");
        }
    }

    #[test]
    fn a_period_adds_the_covariance_of_white_noise_acceleration() {
        let (n, t, q) = (40_000_u32, 2.0, 3.0);
        let key = Key { seed: 1, purpose: Purpose::Motion, sensor: 0, step: 0, index: 0 };
        let mut draw = Stream::new(key);
        let [mut pp, mut pv, mut vv] = [0.0; 3];
        for _ in 0..n {
            let (mut p, mut v) = (1.0, 10.0);
            step(&mut p, &mut v, t, q, &mut draw);
            let [p, v] = [p - 1.0 - 10.0 * t, v - 10.0];
            pp += p * p / f64::from(n);
            pv += p * v / f64::from(n);
            vv += v * v / f64::from(n);
        }
        // Standard deviations of these means are below 1 %: √(2 / n).
        for (found, wanted) in [(pp, q * t * t * t / 3.0), (pv, q * t * t / 2.0), (vv, q * t)] {
            assert!((found / wanted - 1.0).abs() < 0.035, "{found}, wanted {wanted}");
        }
    }
}
