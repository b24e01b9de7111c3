//! Platforms: what carries a sensor that moves, by a table of where it was.
//!
//! Between two rows, h seconds apart, the place is that of a cubic in engine coordinates through both places with both
//! velocities (Hermite), where the table has velocities: off by at most h⁴ / 384 times the fourth derivative: in a turn of
//! 3°/s at 100 m/s, rows a second apart, by 0.04 mm. Without velocities it is on the line between the places, on Earth at the
//! altitude between theirs: off by at most h² / 8 times the acceleration, 0.65 m in that turn. A velocity is that of the same curve.
//!
//! Heading, pitch and roll go linearly, the short way. A mount is turned by the heading clockwise from north about the vertical,
//! then its front is raised by the pitch, then its right side is lowered by the roll; azimuths and elevations are those of the
//! mount. Without a heading they are north's and the horizon's.
//!
//! Before the first row and after the last nobody knows where it was: nothing is extrapolated.

use std::f64::consts::TAU;

use crate::space::{Frame, Geodetic};
use crate::time::seconds_between;

/// Where a platform was, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Platform {
    /// The file of its table, from the folder of the recording.
    file: String,
    frame: Frame,
    /// In the order of time, no two at once.
    poses: Box<[Pose]>,
}

/// Where a platform was at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    /// When, microseconds.
    pub time_us: i64,
    /// Engine coordinates, metres.
    pub metres: [f64; 3],
    /// Engine coordinates, metres a second; all rows of a table have it, or none.
    pub velocity_m_s: Option<[f64; 3]>,
    /// Heading clockwise from north (y), pitch, roll, radians; all rows of a table have them, or none.
    pub attitude_rad: Option<[f64; 3]>,
}

/// What a platform carries a sensor to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Carried {
    pub(crate) metres: [f64; 3],
    pub(crate) velocity_m_s: [f64; 3],
    /// Right, ahead and up of the mount, as rows in engine coordinates; east, north and up where nothing turns it.
    pub(crate) axes: [[f64; 3]; 3],
    /// East, north, up.
    pub(crate) level: [[f64; 3]; 3],
}

impl Platform {
    /// Of a table's rows, in any order.
    ///
    /// # Errors
    /// What is wrong: fewer than two rows, two of one time, a number that is not finite, velocities or attitudes in some rows
    /// alone.
    pub fn new(file: &str, frame: Frame, mut poses: Vec<Pose>) -> Result<Self, &'static str> {
        poses.sort_by_key(|pose| pose.time_us);
        if poses.len() < 2 {
            return Err("fewer than two rows");
        }
        let pairs = || poses.iter().zip(poses.iter().skip(1));
        if pairs().any(|(a, b)| a.time_us == b.time_us) {
            return Err("two rows of one time");
        }
        let has = |pose: &Pose| (pose.velocity_m_s.is_some(), pose.attitude_rad.is_some());
        if pairs().any(|(a, b)| has(a) != has(b)) {
            return Err("velocities or attitudes in some rows alone");
        }
        let is_finite = |of: [f64; 3]| of.into_iter().all(f64::is_finite);
        let is_sound = |pose: &Pose| {
            is_finite(pose.metres) && pose.velocity_m_s.is_none_or(is_finite) && pose.attitude_rad.is_none_or(is_finite)
        };
        if !poses.iter().all(is_sound) {
            return Err("a number that is not finite");
        }
        Ok(Self { file: file.to_owned(), frame, poses: poses.into() })
    }

    /// One whose table is still to be read: it was nowhere.
    pub(crate) fn named(file: &str, frame: Frame) -> Self {
        Self { file: file.to_owned(), frame, poses: Box::default() }
    }

    /// The file of its table.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Its rows, in the order of time.
    #[must_use]
    pub fn poses(&self) -> &[Pose] {
        &self.poses
    }

    /// The times of its first and its last row; `None` without a row.
    #[must_use]
    pub fn span_us(&self) -> Option<[i64; 2]> {
        let (first, last) = self.poses.first().zip(self.poses.last())?;
        Some([first.time_us, last.time_us])
    }

    /// Where it carries a sensor at a time; `None` before its first row and after its last.
    pub(crate) fn at(&self, time_us: i64) -> Option<Carried> {
        let after = self.poses.partition_point(|pose| pose.time_us <= time_us);
        // The last row ends the stretch before it.
        let after = if after == self.poses.len() && self.poses.last()?.time_us == time_us { after - 1 } else { after };
        let (from, to) = (self.poses.get(after.checked_sub(1)?)?, self.poses.get(after)?);
        let (gone_s, whole_s) = (seconds_between(from.time_us, time_us), seconds_between(from.time_us, to.time_us));
        let share = gone_s / whole_s;
        let (metres, velocity_m_s) = self.between((from, to), share, whole_s);
        let level = match self.frame {
            Frame::Local => [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            Frame::Geodetic => Geodetic::from_ecef(metres).enu_axes(),
        };
        let axes = match (from.attitude_rad, to.attitude_rad) {
            (Some(from), Some(to)) => turned(level, std::array::from_fn(|k| angle_between(from, to, k, share))),
            _ => level,
        };
        Some(Carried { metres, velocity_m_s, axes, level })
    }

    /// Place and velocity so large a share of the way from one row to the next.
    fn between(&self, (from, to): (&Pose, &Pose), share: f64, whole_s: f64) -> ([f64; 3], [f64; 3]) {
        let (a, b, s) = (from.metres, to.metres, share);
        let Some((u, v)) = from.velocity_m_s.zip(to.velocity_m_s) else {
            let line = combined(&[(1.0 - s, a), (s, b)]);
            let velocity = combined(&[(-1.0 / whole_s, a), (1.0 / whole_s, b)]);
            if self.frame == Frame::Local {
                return (line, velocity);
            }
            let [low, high] = [a, b].map(|metres| Geodetic::from_ecef(metres).altitude_m);
            let place = Geodetic { altitude_m: low + s * (high - low), ..Geodetic::from_ecef(line) };
            return (place.ecef(), velocity);
        };
        let (s2, s3) = (s * s, s * s * s);
        let place = combined(&[
            (2.0 * s3 - 3.0 * s2 + 1.0, a),
            ((s3 - 2.0 * s2 + s) * whole_s, u),
            (3.0 * s2 - 2.0 * s3, b),
            ((s3 - s2) * whole_s, v),
        ]);
        let velocity = combined(&[
            ((6.0 * s2 - 6.0 * s) / whole_s, a),
            (3.0 * s2 - 4.0 * s + 1.0, u),
            ((6.0 * s - 6.0 * s2) / whole_s, b),
            (3.0 * s2 - 2.0 * s, v),
        ]);
        (place, velocity)
    }

    /// Times from one to another at which to look where it is, so that until the next of them, or the end, it is no farther than
    /// `step_m` from there; wider, where it goes more than [`STEPS_MOST`] of these steps. None where it was nowhere.
    pub(crate) fn waypoints(&self, [from_us, to_us]: [i64; 2], step_m: f64) -> Vec<i64> {
        let Some([first_us, last_us]) = self.span_us() else { return Vec::new() };
        let (from_us, to_us) = (from_us.max(first_us), to_us.min(last_us));
        let Some(begun) = self.at(from_us).filter(|_| from_us <= to_us) else { return Vec::new() };
        let way_m: f64 = self.stretches([from_us, to_us]).map(|(_, _, way_m)| way_m).sum();
        let step_m = step_m.max(way_m / STEPS_MOST);
        let (mut times, mut stood) = (vec![from_us], begun.metres);
        for (start_us, end_us, way_m) in self.stretches([from_us, to_us]) {
            // A part is no longer than three times its share of the way: a third of a step, which two thirds may want.
            let parts = parts(9.0 * way_m / step_m);
            for part in 1..=parts {
                let time_us = start_us + share_of(end_us - start_us, part, parts);
                let Some(now) = self.at(time_us).filter(|now| apart_m(now.metres, stood) > step_m * (2.0 / 3.0)) else {
                    continue;
                };
                times.push(time_us);
                stood = now.metres;
            }
        }
        times.dedup();
        times
    }

    /// The stretches between its rows that meet a span of time, each with its ends in it and no less than its way.
    fn stretches(&self, [from_us, to_us]: [i64; 2]) -> impl Iterator<Item = (i64, i64, f64)> {
        let first = self.poses.partition_point(|pose| pose.time_us <= from_us).saturating_sub(1);
        let rows = self.poses.iter().skip(first);
        rows.clone().zip(rows.skip(1)).take_while(move |(from, _)| from.time_us <= to_us).map(move |(from, to)| {
            let whole_s = seconds_between(from.time_us, to.time_us);
            let straight_m = apart_m(from.metres, to.metres);
            // A cubic is no longer than its control polygon (Bézier).
            let speeds = from.velocity_m_s.into_iter().chain(to.velocity_m_s);
            let legs_m = speeds.map(|velocity| length(velocity) * whole_s / 3.0).sum::<f64>();
            (from.time_us.max(from_us), to.time_us.min(to_us), straight_m + 2.0 * legs_m)
        })
    }
}

/// Steps of a way at most.
const STEPS_MOST: f64 = 20_000.0;

/// Parts to look at a stretch in, at least one.
#[expect(clippy::cast_possible_truncation, reason = "bounded by the steps of a way")]
fn parts(of: f64) -> i64 {
    of.ceil().clamp(1.0, 9.0 * STEPS_MOST) as i64
}

/// So many of the parts of a length of time.
fn share_of(length_us: i64, part: i64, parts: i64) -> i64 {
    let share = i128::from(length_us) * i128::from(part) / i128::from(parts);
    i64::try_from(share).unwrap_or(length_us)
}

/// An angle so large a share of the way, the short one.
#[expect(clippy::indexing_slicing, reason = "angles are 0, 1, 2")]
fn angle_between(from: [f64; 3], to: [f64; 3], angle: usize, share: f64) -> f64 {
    let turn = (to[angle] - from[angle]).rem_euclid(TAU);
    let turn = if turn > TAU / 2.0 { turn - TAU } else { turn };
    from[angle] + share * turn
}

/// The axes of a mount: right, ahead, up.
fn turned([east, north, up]: [[f64; 3]; 3], [heading, pitch, roll]: [f64; 3]) -> [[f64; 3]; 3] {
    let [(sh, ch), (sp, cp), (sr, cr)] = [heading, pitch, roll].map(libm::sincos);
    let level = combined(&[(sh, east), (ch, north)]);
    let right = combined(&[(ch, east), (-sh, north)]);
    let ahead = combined(&[(cp, level), (sp, up)]);
    let above = combined(&[(-sp, level), (cp, up)]);
    [combined(&[(cr, right), (-sr, above)]), ahead, combined(&[(sr, right), (cr, above)])]
}

fn combined(terms: &[(f64, [f64; 3])]) -> [f64; 3] {
    terms.iter().fold([0.0; 3], |[x, y, z], (by, [a, b, c])| [x + by * a, y + by * b, z + by * c])
}

fn length([x, y, z]: [f64; 3]) -> f64 {
    libm::hypot(libm::hypot(x, y), z)
}

fn apart_m([a, b, c]: [f64; 3], [x, y, z]: [f64; 3]) -> f64 {
    length([a - x, b - y, c - z])
}

#[cfg(test)]
#[path = "platform_tests.rs"]
mod tests;
