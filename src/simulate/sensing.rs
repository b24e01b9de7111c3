//! What a sensor makes of an object, or of nothing: detections with their own times, and clutter.
//!
//! A radar measures slant range, azimuth clockwise from y (north), elevation above the horizontal plane of its site
//! and range rate, positive when opening; from a platform, those that it sees as it moves. Clutter is uniform over the region and the heights, exact where it lies;
//! its range rate is uniform between minus and plus the highest speed at which objects start.

use super::motion::{Motion, Object, between};
use super::plan::{Instant, Measures, Plan, Region, Sensor};
use super::platform::Stand;
use super::random::{Key, Purpose, Stream};
use super::turning;
use crate::sensor::Sense;

/// A detection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimulatedDetection {
    /// When, in microseconds from the first scan.
    pub time_us: i64,
    /// Index of the sensor in the scenario.
    pub sensor: u32,
    /// The object that it comes from; `None` for clutter. No file has this.
    pub object: Option<u64>,
    /// Position sensors: x, y, z in metres, velocity along x and y in metres a second. Radars: range in metres, azimuth and
    /// elevation in degrees, range rate in metres a second. What the sensor does not measure is 0.
    pub values: [f64; 5],
    /// Orders detections of equal time and sensor, so that the order says nothing of the objects.
    pub(super) shuffle: u64,
}

/// A stretch of time, from its start to just before its end, within one scan.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    pub(super) from_us: i64,
    pub(super) to_us: i64,
}

impl Slice {
    pub(super) fn contains(self, time_us: i64) -> bool {
        (self.from_us..self.to_us).contains(&time_us)
    }
}

/// Slower than this an object rests, as far as its reports are concerned.
const REST_M_S: f64 = 0.5;

/// An object from one scan to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passage<'a> {
    pub(super) object: &'a Object,
    pub(super) next: &'a Motion,
    /// Time of the first of the two scans.
    pub(super) scan_us: i64,
}

/// Whether an object was in the coverage when the look came to it, and what was seen of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Sight {
    Outside,
    Missed,
    Seen(SimulatedDetection),
}

impl Sensor {
    /// The looks that may see something within a slice.
    pub(super) fn looks_in(&self, slice: Slice) -> impl Iterator<Item = i64> {
        let past = slice.to_us + self.scan_period_us - 1;
        let reaching_in = slice.from_us / self.scan_period_us..past / self.scan_period_us;
        reaching_in.filter(move |look| match self.instant {
            Instant::At(offset_us) => slice.contains(look * self.scan_period_us + offset_us),
            Instant::Spread | Instant::Rotating { .. } | Instant::Reports { .. } => true,
        })
    }

    /// What look `look` of this sensor, number `sensor` of the plan, makes of an object within a slice.
    pub(super) fn sight(&self, plan: &Plan, sensor: u32, look: i64, passage: Passage<'_>, slice: Slice) -> Sight {
        let mut draw = stream(plan, Purpose::Detection, sensor, look, passage.object.id);
        let time_us = self.time_us(look, &mut draw);
        if slice.contains(time_us) { self.sight_at(plan, sensor, time_us, passage, draw) } else { Sight::Outside }
    }

    /// What comes of the reports of an object within a slice, if objects report.
    #[expect(clippy::cast_possible_truncation, reason = "shares of checked intervals")]
    pub(super) fn reports<'a>(
        &'a self,
        plan: &'a Plan,
        sensor: u32,
        passage: Passage<'a>,
        slice: Slice,
    ) -> impl Iterator<Item = Sight> + 'a {
        let times = match self.instant {
            Instant::Reports { every_us, at_rest_us } => {
                let mut draw = stream(plan, Purpose::Reports, sensor, 0, passage.object.id);
                let [vx, vy, vz] = passage.object.now.velocity_m_s;
                let own_us = draw.between(every_us.map(|us| us as f64)) as i64;
                let rests = vx * vx + vy * vy + vz * vz < REST_M_S * REST_M_S;
                let every_us = at_rest_us.filter(|_| rests).unwrap_or(own_us);
                let phase_us = (draw.uniform() * every_us as f64) as i64;
                let first_us = phase_us + (slice.from_us - phase_us + every_us - 1).div_euclid(every_us) * every_us;
                (first_us..slice.to_us).step_by(usize::try_from(every_us).unwrap_or(usize::MAX))
            }
            Instant::At(_) | Instant::Spread | Instant::Rotating { .. } => (0..0).step_by(1),
        };
        times.map(move |time_us| {
            let draw = stream(plan, Purpose::Detection, sensor, time_us, passage.object.id);
            self.sight_at(plan, sensor, time_us, passage, draw)
        })
    }

    /// What comes of an antenna that turns and points at an object within a slice.
    pub(super) fn passes<'a>(
        &'a self,
        plan: &'a Plan,
        (sensor, sense): (u32, Sense),
        passage: Passage<'a>,
        slice: Slice,
    ) -> impl Iterator<Item = Sight> + 'a {
        turning::passes(self, plan, sense, passage, slice).map(move |time_us| {
            let draw = stream(plan, Purpose::Detection, sensor, time_us, passage.object.id);
            self.sight_at(plan, sensor, time_us, passage, draw)
        })
    }

    fn sight_at(&self, plan: &Plan, sensor: u32, time_us: i64, passage: Passage<'_>, mut draw: Stream) -> Sight {
        let share = (time_us - passage.scan_us) as f64 / plan.period_us as f64;
        let there = between(&passage.object.now, passage.next, share, plan.period_us as f64 * 1e-6);
        if !self.region.contains(there.position_m, time_us) {
            return Sight::Outside;
        }
        if draw.uniform() >= self.detection_probability {
            return Sight::Missed;
        }
        let shuffle = draw.bits();
        let values = self.measures.measure(&there, time_us, Some(&mut draw));
        Sight::Seen(SimulatedDetection { time_us, sensor, object: Some(passage.object.id), values, shuffle })
    }

    /// How many false detections a look has.
    pub(super) fn clutter_count(&self, plan: &Plan, sensor: u32, look: i64) -> u64 {
        stream(plan, Purpose::ClutterCount, sensor, look, 0).poisson(self.clutter_per_scan)
    }

    /// False detection number `index` of a look.
    #[expect(clippy::cast_possible_truncation, reason = "a share of a checked period")]
    pub(super) fn clutter(&self, plan: &Plan, sensor: u32, look: i64, index: u64) -> SimulatedDetection {
        let mut draw = stream(plan, Purpose::Clutter, sensor, look, index);
        let time_us = self.time_us(look, &mut draw);
        let shuffle = draw.bits();
        let there =
            Motion { position_m: self.region.sample((plan.height_m, time_us), &mut draw), velocity_m_s: [0.0; 3] };
        let time_us = match (self.instant, &self.measures) {
            (Instant::Rotating { sense }, Measures::Radar { way, .. }) => {
                let share = turning::share(way.start_m, there.position_m, sense);
                // The look that holds all of a turn ends before the next one begins.
                look * self.scan_period_us + ((share * self.scan_period_us as f64) as i64).min(self.scan_period_us - 1)
            }
            _ => time_us,
        };
        let mut values = self.measures.measure(&there, time_us, None);
        if let (Measures::Radar { range_rate_m_s: Some(_), .. }, [_, _, _, range_rate, _]) =
            (&self.measures, &mut values)
        {
            let [_, fastest] = plan.motion.speed_m_s;
            *range_rate = draw.between([-fastest, fastest]);
        }
        SimulatedDetection { time_us, sensor, object: None, values, shuffle }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a share of a checked period")]
    fn time_us(&self, look: i64, draw: &mut Stream) -> i64 {
        look * self.scan_period_us
            + match self.instant {
                Instant::At(offset_us) => offset_us,
                Instant::Spread | Instant::Rotating { .. } | Instant::Reports { .. } => {
                    (draw.uniform() * self.scan_period_us as f64) as i64
                }
            }
    }
}

fn stream(plan: &Plan, purpose: Purpose, sensor: u32, look: i64, index: u64) -> Stream {
    Stream::new(Key { seed: plan.seed, purpose, sensor, step: look.unsigned_abs(), index })
}

impl Region {
    fn contains(&self, [x, y, z]: [f64; 3], time_us: i64) -> bool {
        match self {
            Self::Box { x_m: [west, east], y_m: [south, north] } => {
                (west..=east).contains(&&x) && (south..=north).contains(&&y)
            }
            // In a planar scenario z and z0 are 0.
            Self::Ring { centre, range_m: [nearest, farthest] } => {
                let [x0, y0, z0] = centre.at(time_us).metres;
                let [dx, dy, dz] = [x - x0, y - y0, z - z0];
                (nearest * nearest..=farthest * farthest).contains(&(dx * dx + dy * dy + dz * dz))
            }
        }
    }

    /// Uniform over the region at a time and the heights.
    fn sample(&self, (height_m, time_us): (Option<[f64; 2]>, i64), draw: &mut Stream) -> [f64; 3] {
        match self {
            Self::Box { x_m, y_m } => {
                let [x, y] = [draw.between(*x_m), draw.between(*y_m)];
                [x, y, height_m.map_or(0.0, |height_m| draw.between(height_m))]
            }
            Self::Ring { centre, range_m: [nearest, farthest] } => {
                let [x0, y0, z0] = centre.at(time_us).metres;
                let (z, squares) = ring_at_height(z0, [*nearest, *farthest], height_m, draw);
                let range = draw.between(squares).sqrt();
                let (sin, cos) = libm::sincos(draw.between([0.0, std::f64::consts::TAU]));
                [x0 + range * cos, y0 + range * sin, z]
            }
        }
    }
}

/// A height at which a ring about a site at `z0` is met, as often as the ring is wide there, and the squares of the
/// least and greatest horizontal distance at it.
fn ring_at_height(z0: f64, range_m: [f64; 2], height_m: Option<[f64; 2]>, draw: &mut Stream) -> (f64, [f64; 2]) {
    /// More would be spent only where next to nothing of the ring lies within the heights.
    const MOST_DRAWS: usize = 64;
    let [_, farthest] = range_m;
    let Some([low, high]) = height_m else { return (0.0, range_m.map(|range| range * range)) };
    let within = [low.max(z0 - farthest), high.min(z0 + farthest)];
    let mut found = (z0, [0.0; 2]);
    for _ in 0..MOST_DRAWS {
        let z = draw.between(within);
        let [least, greatest] = range_m.map(|range| (range * range - (z - z0) * (z - z0)).max(0.0));
        found = (z, [least, greatest]);
        if draw.uniform() * farthest * farthest < greatest - least {
            break;
        }
    }
    found
}

impl Measures {
    /// The measurement of an object at a time, with noise if there is a stream to draw it from.
    fn measure(&self, there: &Motion, time_us: i64, noise: Option<&mut Stream>) -> [f64; 5] {
        let [e0, e1, e2, e3, e4] = noise.map_or([0.0; 5], |draw| [(); 5].map(|()| draw.gaussian()));
        let [x, y, z] = there.position_m;
        match self {
            Self::Position { horizontal_m, vertical_m, velocity_m_s } => {
                let up = vertical_m.map_or(0.0, |vertical_m| z + vertical_m * e2);
                let [vx, vy, _] = there.velocity_m_s;
                let [vx, vy] = velocity_m_s.map_or([0.0; 2], |sigma| [vx + sigma * e3, vy + sigma * e4]);
                [x + horizontal_m * e0, y + horizontal_m * e1, up, vx, vy]
            }
            Self::Radar { way, range_m, azimuth_deg, elevation_deg, range_rate_m_s } => {
                let Stand { metres: [x0, y0, z0], velocity_m_s: [ux, uy, uz], heading_rad } = way.at(time_us);
                let [dx, dy, dz] = [x - x0, y - y0, z - z0];
                let ground = (dx * dx + dy * dy).sqrt();
                let range = (ground * ground + dz * dz).sqrt();
                let azimuth = (libm::atan2(dx, dy) - heading_rad).to_degrees() + azimuth_deg * e1;
                let elevation = elevation_deg
                    .map_or(0.0, |sigma| (libm::atan2(dz, ground).to_degrees() + sigma * e2).clamp(-90.0, 90.0));
                let [vx, vy, vz] = there.velocity_m_s;
                let [vx, vy, vz] = [vx - ux, vy - uy, vz - uz];
                let closing = (dx * vx + dy * vy + dz * vz) / range.max(f64::MIN_POSITIVE);
                let range_rate = range_rate_m_s.map_or(0.0, |sigma| closing + sigma * e3);
                // A range is positive, also when noise is larger than it.
                [(range + range_m * e0).abs().max(1e-6), azimuth.rem_euclid(360.0), elevation, range_rate, 0.0]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::platform::Way;
    use super::*;

    #[test]
    fn clutter_of_a_ring_is_uniform_over_the_part_of_it_within_the_heights() {
        // A shell from 3 to 5 km about the site, cut at 0 and 4 km above it: its volume is that of the half ball of 5 km
        // without the cap above 4 km, 2π/3 · 125 − π/3 · 14, less the half ball of 3 km, 2π/3 · 27, in km³.
        let region = Region::Ring { centre: Way::standing([1000.0, 2000.0, 100.0]), range_m: [3000.0, 5000.0] };
        let height_m = Some([100.0, 4100.0]);
        let (n, mut low) = (20_000_u32, 0);
        for index in 0..u64::from(n) {
            let key = Key { seed: 1, purpose: Purpose::Clutter, sensor: 0, step: 0, index };
            let there = region.sample((height_m, 0), &mut Stream::new(key));
            let [.., z] = there;
            assert!(region.contains(there, 0) && (100.0..=4100.0).contains(&z), "{there:?} is outside");
            low += u32::from(z < 1100.0);
        }
        // Up to a height h within both balls, the shell has volume π (25 − 9) h.
        let wanted = 16.0 / (2.0 / 3.0 * 125.0 - 14.0 / 3.0 - 2.0 / 3.0 * 27.0);
        let found = f64::from(low) / f64::from(n);
        let bound = 5.0 * (wanted * (1.0 - wanted) / f64::from(n)).sqrt();
        assert!((found - wanted).abs() < bound, "{found} of the clutter below 1 km, wanted {wanted} ± {bound}");
    }

    #[test]
    fn a_radar_measures_range_azimuth_elevation_and_range_rate_from_its_site() {
        let radar = Measures::Radar {
            way: Way::standing([100.0, 200.0, 10.0]),
            range_m: 5.0,
            azimuth_deg: 0.1,
            elevation_deg: Some(0.1),
            range_rate_m_s: Some(1.0),
        };
        // South-east of the site and above it, flying east: 300 east, 300 south, √180000 up.
        let up = 180_000.0_f64.sqrt();
        let there = Motion { position_m: [400.0, -100.0, 10.0 + up], velocity_m_s: [60.0, 0.0, 0.0] };
        let found = radar.measure(&there, 0, None);
        for (found, wanted) in found.iter().zip([600.0, 135.0, 45.0, 30.0]) {
            assert!((found - wanted).abs() < 1e-9, "{found}, wanted {wanted}");
        }
    }

    #[test]
    fn azimuths_are_clockwise_from_north_within_one_turn() {
        let radar = Measures::Radar {
            way: Way::default(),
            range_m: 1.0,
            azimuth_deg: 1.0,
            elevation_deg: None,
            range_rate_m_s: None,
        };
        for (position_m, wanted) in
            [([0.0, 9.0, 0.0], 0.0), ([9.0, 0.0, 0.0], 90.0), ([0.0, -9.0, 0.0], 180.0), ([-9.0, 0.0, 0.0], 270.0)]
        {
            let [range, azimuth, ..] = radar.measure(&Motion { position_m, ..Motion::default() }, 0, None);
            assert!((range - 9.0).abs() < 1e-12 && (azimuth - wanted).abs() < 1e-12, "{azimuth}, wanted {wanted}");
        }
    }
}
