//! Rows that are kept for a closer look: all of them, or eight stretches of time, within a disc where looks are large.
//!
//! What needs neighbours in time and place (how often an object is seen, links from look to look, pairs of sensors) is found in
//! an excerpt of at most [`KEPT`] rows, about 100 bytes each, whatever the size of the recording. A stretch holds all rows of
//! its time, of all sensors; where a look has more than [`LOOK_ROWS`] rows, those within a disc about a typical place. Which rows
//! are kept hangs on the rows alone.

use serde::Serialize;

use super::geometry::{Vector, dot, minus};
use crate::ingest::{Catalogue, Detections};
use crate::sensor::{Level, Reading};
use crate::space::{Frame, Geodetic};

/// Rows that are kept at most, stretches that they are of, and rows of a look that are kept in the mean.
const KEPT: u64 = 200_000;
const STRETCHES: u64 = 8;
const LOOK_ROWS: f64 = 1_500.0;
/// Rows that tell where the rows of all sensors are.
const SPREAD: u64 = 20_000;
/// Places that are asked for a disc.
const ASKED: usize = 4_096;

/// A row that is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) time_us: i64,
    /// The number of its address; 0 without one.
    pub(super) address: u64,
    /// Where it was measured, engine coordinates.
    pub(super) metres: Vector,
    /// The place on the ground below it.
    pub(super) ground: Vector,
    /// Its height, where that was measured, metres.
    pub(super) height_m: Option<f32>,
    /// Its reported speed over ground.
    pub(super) speed_m_s: Option<f32>,
}

/// How the excerpt was taken, if it is not all there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Sampling {
    /// Rows of the excerpt.
    pub rows: u64,
    /// Rows of the recording.
    pub of_rows: u64,
    /// Stretches of time that they are of.
    pub stretches: u64,
    /// The share of all rows that the disc holds; 1: there is none.
    pub disc_share: f64,
}

/// Some places of a recording, evenly spread over its rows.
#[derive(Debug)]
pub(super) struct Places {
    at: Vec<Vector>,
    every: u64,
    next: u64,
    seen: u64,
}

impl Places {
    pub(super) const fn new() -> Self {
        Self { at: Vec::new(), every: 1, next: 0, seen: 0 }
    }

    pub(super) fn take(&mut self, batch: &Detections) {
        for place in &batch.place {
            if self.seen == self.next {
                if self.at.len() >= ASKED {
                    let mut keeps = false;
                    self.at.retain(|_| {
                        keeps = !keeps;
                        keeps
                    });
                    self.every *= 2;
                }
                self.at.push(place.metres());
                self.next += self.every;
            }
            self.seen += 1;
        }
    }

    /// A disc that holds such a share of them: about the one that is nearest to the middle of all along each axis.
    fn disc(&self, share: f64) -> Option<(Vector, f64)> {
        let middle = [0, 1, 2].map(|axis| {
            let mut along: Vec<f64> = self.at.iter().map(|at| super::geometry::along(*at, axis)).collect();
            super::geometry::median(&mut along)
        });
        let off_m2 = |from: Vector, at: &Vector| dot(minus(*at, from), minus(*at, from));
        let nearest = |a: &&Vector, b: &&Vector| off_m2(middle, a).total_cmp(&off_m2(middle, b));
        let centre = *self.at.iter().min_by(nearest)?;
        let mut offs_m2: Vec<f64> = self.at.iter().map(|at| off_m2(centre, at)).collect();
        Some((centre, super::geometry::quantile(&mut offs_m2, share)))
    }
}

/// Rows of one sensor in one stretch, in the order of time.
#[derive(Clone, Debug, Default)]
pub(super) struct Stretch {
    pub(super) rows: Vec<Mark>,
}

/// An excerpt that is being taken.
#[derive(Debug)]
pub(super) struct Excerpt {
    /// By sensor, then by stretch.
    pub(super) sensors: Vec<Vec<Stretch>>,
    /// Some rows of each sensor, evenly spread over the recording.
    pub(super) spread: Vec<Vec<Mark>>,
    /// When each stretch began and ended.
    pub(super) spans_us: Vec<[i64; 2]>,
    pub(super) sampling: Sampling,
    disc: Option<(Vector, f64)>,
    seen: u64,
    /// Rows of a stretch at most, and of the one at hand.
    most: u64,
    held: u64,
}

impl Excerpt {
    /// For a recording of so many rows, the fullest of whose looks have so many.
    pub(super) fn new(sensors: usize, rows: u64, (look_rows, places): (f64, &Places)) -> Self {
        let share = (LOOK_ROWS / look_rows.max(1.0)).min(1.0);
        let disc = if share < 1.0 { places.disc(share) } else { None };
        let stretches = if rows > KEPT { STRETCHES } else { 1 };
        let sampling = Sampling { rows: 0, of_rows: rows, stretches, disc_share: share };
        let (sensors, spread) = (vec![Vec::new(); sensors], vec![Vec::new(); sensors]);
        Self { sensors, spread, spans_us: Vec::new(), sampling, disc, seen: 0, most: KEPT / stretches, held: 0 }
    }

    /// The same of the first rows alone.
    pub(super) fn at_most(self, rows: u64) -> Self {
        let sampling = Sampling { stretches: 1, ..self.sampling };
        Self { most: rows, sampling, ..self }
    }

    /// Takes in detections in the order of time, with their readings.
    pub(super) fn take(&mut self, batch: &Detections, catalogue: &Catalogue) {
        let of_stretch = self.sampling.of_rows.div_ceil(self.sampling.stretches).max(1);
        let every = (self.sampling.of_rows / SPREAD).max(1);
        for row in 0..batch.len() {
            let (Some(&time_us), Some(&sensor), Some(place)) =
                (batch.time_us.get(row), batch.sensor.get(row), batch.place.get(row))
            else {
                return;
            };
            let metres = place.metres();
            if self.seen.is_multiple_of(every)
                && let Some(spread) = self.spread.get_mut(sensor as usize)
            {
                spread.push(mark((batch, row), (time_us, metres), catalogue.frame));
            }
            let begins = self.seen.is_multiple_of(of_stretch);
            self.seen += 1;
            if begins {
                self.held = 0;
                self.spans_us.push([time_us; 2]);
                self.sensors.iter_mut().for_each(|stretches| stretches.push(Stretch::default()));
            }
            if self.held >= self.most {
                continue;
            }
            if let Some([_, to_us]) = self.spans_us.last_mut() {
                *to_us = time_us;
            }
            let within = |(centre, off_m2)| dot(minus(metres, centre), minus(metres, centre)) <= off_m2;
            if !self.disc.is_none_or(within) {
                continue;
            }
            let stretches = self.sensors.get_mut(sensor as usize);
            if let Some(stretch) = stretches.and_then(|stretches| stretches.last_mut()) {
                stretch.rows.push(mark((batch, row), (time_us, metres), catalogue.frame));
                (self.held, self.sampling.rows) = (self.held + 1, self.sampling.rows + 1);
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a height and a speed, for statistics")]
fn mark((batch, row): (&Detections, usize), (time_us, metres): (i64, Vector), frame: Frame) -> Mark {
    let [x, y] = batch.horizontal.get(row).copied().unwrap_or_default();
    let (ground, height_m) = match frame {
        Frame::Local => {
            let [_, _, z] = metres;
            ([x, y, 0.0], z)
        }
        Frame::Geodetic => {
            let below = Geodetic { longitude_deg: x, latitude_deg: y, altitude_m: 0.0 };
            (below.ecef(), Geodetic::from_ecef(metres).altitude_m)
        }
    };
    let measured = batch.measurement.get(row).is_some_and(|measurement| measurement.rows == 3);
    let speed_m_s = batch.reading.get(row).and_then(|reading| match reading {
        Reading::Moving(_, velocity) => velocity.level.map(|level| match level {
            Level::Components { m_s: [a, b], .. } => libm::hypot(a, b),
            Level::Course { speed_m_s: [speed, _], .. } => speed,
        }),
        _ => None,
    });
    Mark {
        time_us,
        address: batch.address.get(row).copied().unwrap_or_default(),
        metres,
        ground,
        height_m: measured.then_some(height_m as f32),
        speed_m_s: speed_m_s.map(|speed| speed as f32),
    }
}
