//! Which detections of a recording lie on a track of a finished picture.
//!
//! A picture counts the detections of a track and does not name them. Here a detection lies on a track if, at its time, it is
//! within the gate of the track's way between reports, Σ ν² / (h P hᵀ + σ²) ≤ gate, if no other track of the picture is
//! nearer in metres, and if it is the nearest of its look. So detections are found by time and place; how many the picture
//! counts is said beside.

use super::innovations::{dot, plus, residuals};
use super::{OPTIONS, RunError};
use crate::fusion::config::Config;
use crate::ingest::Recording;
use crate::policy::Classifier;
use crate::product::PictureRows;
use crate::scan::Row;
use crate::sensor::Sensor;
use crate::space::Frame;
use std::collections::BTreeMap;
use std::path::Path;

/// A report of the track.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fix {
    pub(super) time_us: i64,
    pub(super) at_m: [f64; 3],
    pub(super) velocity_m_s: Option<[f64; 3]>,
    pub(super) covariance_m2: Option<[[f64; 3]; 3]>,
    pub(super) confirmed: bool,
}

/// The reports of a track, in order of time.
#[derive(Clone, Debug, Default)]
pub(super) struct Way {
    pub(super) fixes: Vec<Fix>,
    /// Time between reports, and as long before the first one.
    pub(super) period_us: i64,
    /// When the last of its detections was made, where the picture says.
    pub(super) until_us: Option<i64>,
}

/// A detection that lies on the track.
#[derive(Clone, Copy, Debug)]
pub(super) struct On {
    pub(super) time_us: i64,
    /// Number of its class, as the classifier gives it.
    pub(super) class: u32,
    /// Whether it lies in what its sensor covers.
    pub(super) covered: bool,
}

/// One that may lie on it.
struct Candidate {
    on: On,
    sensor: usize,
    at_m: [f64; 3],
    /// How far it is off: in squares of its uncertainty, and in metres.
    square: f64,
    off_m: f64,
}

/// Where a track was between reports, how uncertain its place was, and for how long it had not been reported.
struct Between {
    at_m: [f64; 3],
    covariance_m2: Option<[[f64; 3]; 3]>,
    lag_s: f64,
}

/// Standard deviation of a place whose covariance the picture withholds, as a share of the cut-off.
const UNKNOWN: f64 = 1.0 / 3.0;

impl Way {
    /// First and last time at which a detection may lie on it: what the picture counts is not later.
    pub(super) fn span_us(&self) -> Option<[i64; 2]> {
        let (first, last) = self.fixes.first().zip(self.fixes.last())?;
        Some([first.time_us.saturating_sub(self.period_us), self.until_us.unwrap_or(last.time_us)])
    }

    /// Where it was; `None` where it was not, or nothing says.
    fn at(&self, time_us: i64) -> Option<Between> {
        let next = self.fixes.partition_point(|fix| fix.time_us <= time_us);
        let (before, after) = (next.checked_sub(1).and_then(|at| self.fixes.get(at)), self.fixes.get(next));
        let lag = |fix: &Fix| time_us.abs_diff(fix.time_us);
        let nearest = before.into_iter().chain(after).min_by_key(|fix| lag(fix))?;
        if lag(nearest) > self.period_us.unsigned_abs() {
            return None;
        }
        let lag_s = (time_us - nearest.time_us) as f64 * 1e-6;
        let alone = || plus(nearest.at_m, lag_s, nearest.velocity_m_s.unwrap_or_default());
        let near = |(a, b): &(&Fix, &Fix)| b.time_us - a.time_us <= 2 * self.period_us;
        let at_m = before.zip(after).filter(near).map_or_else(alone, |(a, b)| between(a, b, time_us));
        Some(Between { at_m, covariance_m2: nearest.covariance_m2, lag_s: lag_s.abs() })
    }
}

/// A cubic through two reports with their velocities; a line without them.
fn between(a: &Fix, b: &Fix, time_us: i64) -> [f64; 3] {
    let span_s = (b.time_us - a.time_us) as f64 * 1e-6;
    let share = (time_us - a.time_us) as f64 * 1e-6 / span_s;
    let step = plus(b.at_m, -1.0, a.at_m);
    let Some((u, v)) = a.velocity_m_s.zip(b.velocity_m_s) else { return plus(a.at_m, share, step) };
    let (square, cube) = (share * share, share * share * share);
    let along = plus(a.at_m, 3.0 * square - 2.0 * cube, step);
    let along = plus(along, span_s * (share - 2.0 * square + cube), u);
    plus(along, span_s * (cube - square), v)
}

/// What detections are held against.
pub(super) struct Against<'a> {
    pub(super) config: &'a Config,
    pub(super) cutoff_m: f64,
    /// The picture with the way, and the number of the track in it.
    pub(super) picture: &'a Path,
    pub(super) track: u64,
}

/// The detections that lie on a way, in order of time; the classifier meets all of the recording.
pub(super) fn on_way(
    way: &Way,
    against: &Against<'_>,
    recording: &Recording,
    classifier: &mut Classifier,
) -> Result<Vec<On>, RunError> {
    let catalogue = recording.catalogue();
    let span_us = way.span_us();
    let mut near = Vec::new();
    let mut reader = recording.reader(OPTIONS)?;
    while let Some(batch) = reader.next_batch()? {
        let classes = classifier.classify(&batch)?;
        for (row, class) in Row::of(&batch, 0).zip(classes) {
            if !span_us.is_some_and(|[first_us, last_us]| (first_us..=last_us).contains(&row.time_us)) {
                continue;
            }
            let Some(sensor) = catalogue.sensors.get(row.sensor) else { continue };
            near.extend(candidate(way, against, (&row, class), (sensor, catalogue.frame)));
        }
    }
    without_rivals(way, against, &mut near)?;
    let mut best: BTreeMap<(usize, i64), Candidate> = BTreeMap::new();
    let mut found = Vec::new();
    for candidate in near {
        let looks = catalogue.sensors.get(candidate.sensor).map(|sensor| &sensor.looks);
        let number = looks.filter(|looks| looks.period_us().is_some());
        let Some(number) = number.and_then(|looks| looks.number_at(candidate.on.time_us)) else {
            found.push(candidate.on);
            continue;
        };
        let look = (candidate.sensor, number);
        if best.get(&look).is_none_or(|other| candidate.square < other.square) {
            best.insert(look, candidate);
        }
    }
    found.extend(best.into_values().map(|candidate| candidate.on));
    found.sort_by_key(|on| (on.time_us, on.class));
    Ok(found)
}

/// A row, if it is within the gate.
fn candidate(
    way: &Way,
    against: &Against<'_>,
    (row, class): (&Row, u32),
    (sensor, frame): (&Sensor, Frame),
) -> Option<Candidate> {
    let there = way.at(row.time_us)?;
    let turned = turning(against.config, there.lag_s);
    let unknown = (UNKNOWN * against.cutoff_m).powi(2);
    let square = residuals(sensor, row, there.at_m).into_iter().map(|(axis, off_m, sigma_m)| {
        let own = there.covariance_m2.map_or(unknown, |covariance| dot(axis, covariance.map(|line| dot(line, axis))));
        off_m * off_m / (sigma_m * sigma_m + own + turned)
    });
    let square: f64 = square.sum();
    let at_m = row.place.metres();
    let off = plus(at_m, -1.0, there.at_m);
    let covered = if row.measurement.rows == 3 || !row.measurement.slant {
        sensor.covers((frame, row.time_us), at_m)
    } else {
        sensor.covers_on_ground((frame, row.time_us), at_m)
    };
    let on = On { time_us: row.time_us, class, covered };
    let within = square <= f64::from(against.config.gate.get());
    within.then(|| Candidate { on, sensor: row.sensor, at_m, square, off_m: dot(off, off).sqrt() })
}

/// What a manoeuvre adds to the variance of a place over a time.
fn turning(config: &Config, lag_s: f64) -> f64 {
    config.motion.spread_m2(0.0, lag_s)
}

/// Drops those to which another track of the picture is nearer.
fn without_rivals(way: &Way, against: &Against<'_>, near: &mut Vec<Candidate>) -> Result<(), RunError> {
    let (Some([first_us, last_us]), Some(farthest_m)) =
        (way.span_us(), near.iter().map(|candidate| candidate.off_m).reduce(f64::max))
    else {
        return Ok(());
    };
    let mut rivals: BTreeMap<u64, Way> = BTreeMap::new();
    for row in PictureRows::open(against.picture)? {
        let row = row?;
        if row.track == against.track || !(first_us..=last_us).contains(&row.time_us) {
            continue;
        }
        let Some(there) = way.at(row.time_us) else { continue };
        let off = plus(row.position_m, -1.0, there.at_m);
        // So far off none of them is nearer, however it goes on until its next report.
        let step_m = row.velocity_m_s.map_or(against.cutoff_m, |v| dot(v, v).sqrt() * way.period_us as f64 * 1e-6);
        if dot(off, off).sqrt() <= 2.0 * (farthest_m + step_m) {
            rivals.entry(row.track).or_default().fixes.push(Fix {
                time_us: row.time_us,
                at_m: row.position_m,
                velocity_m_s: row.velocity_m_s,
                covariance_m2: None,
                confirmed: false,
            });
        }
    }
    let rivals: Vec<Way> = rivals.into_values().map(|rival| Way { period_us: way.period_us, ..rival }).collect();
    near.retain(|candidate| {
        let nearer = |rival: &Way| {
            let off = rival.at(candidate.on.time_us).map(|there| plus(candidate.at_m, -1.0, there.at_m));
            off.is_some_and(|off| dot(off, off).sqrt() < candidate.off_m)
        };
        !rivals.iter().any(nearer)
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(time_us: i64, at_m: [f64; 3], velocity_m_s: Option<[f64; 3]>) -> Fix {
        Fix { time_us, at_m, velocity_m_s, covariance_m2: None, confirmed: true }
    }

    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "whole microseconds")]
    fn a_way_goes_through_its_reports_and_turns_with_their_velocities() {
        // x = t², so that velocities are 2 t.
        let of = |t: f64| fix((1e6 * t) as i64, [t * t, 0.0, 0.0], Some([2.0 * t, 0.0, 0.0]));
        let way = Way { fixes: vec![of(0.0), of(4.0), of(20.0)], period_us: 4_000_000, until_us: None };
        let x = |t: f64| way.at((1e6 * t) as i64).map(|there| there.at_m[0]);
        assert!((x(3.0).unwrap_or_default() - 9.0).abs() < 1e-9);
        assert_eq!(x(4.0), Some(16.0));
        // Beyond two periods nothing lies between two reports: the nearer one is carried on, for a period.
        assert!((x(5.0).unwrap_or_default() - 24.0).abs() < 1e-9);
        assert_eq!(x(12.0), None);
        assert_eq!(x(-4.5), None);
        let lines = Way { fixes: vec![fix(0, [0.0; 3], None), fix(2_000_000, [8.0, 0.0, 0.0], None)], ..way };
        assert_eq!(lines.at(500_000).map(|there| there.at_m), Some([2.0, 0.0, 0.0]));
    }
}
