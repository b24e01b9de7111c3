//! What every row tells by itself or beside the row before: counts, order, gaps, duplicates, coverage.

use std::collections::BTreeSet;

use rayon::prelude::*;
use serde::Serialize;

use crate::digest::fnv1a;
use crate::ingest::{Catalogue, Detections};
use crate::sensor::{Kind, Sensor};
use crate::space::{Frame, Geodetic, Place};
use crate::time::seconds_between;

/// Silences of a sensor that are shown, and the rows of one time that are compared with each other at most.
const SILENCES: usize = 3;
const COMPARED: usize = 1 << 16;
/// Places of the table in which contents are looked up: what was there before is forgotten.
const REMEMBERED: usize = 1 << 18;

/// The order of the rows in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct RowOrder {
    /// Rows that are earlier than one before them.
    pub late_rows: u64,
    /// By how much the latest of them is, seconds.
    pub latest_by_s: f64,
}

/// A time without rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Silence {
    /// The last row before it, microseconds.
    pub from_us: i64,
    /// The first one after it.
    pub to_us: i64,
}

impl Silence {
    /// How long it is.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        seconds_between(self.from_us, self.to_us)
    }
}

/// What the rows of one sensor are.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    pub(super) rows: u64,
    pub(super) identified: u64,
    pub(super) outside: u64,
    /// Of those outside, how many are within if latitude is taken for longitude.
    pub(super) swapped: u64,
    pub(super) span_us: Option<[i64; 2]>,
    /// The longest, longest first.
    pub(super) silences: Vec<Silence>,
    pub(super) duplicates: u64,
    pub(super) repeats: u64,
    before_us: Option<i64>,
}

/// The first pass, in the order of the file.
#[derive(Debug)]
pub(super) struct First {
    pub(super) counts: Vec<Counts>,
    pub(super) order: RowOrder,
    latest_us: Option<i64>,
}

impl First {
    pub(super) fn new(sensors: usize) -> Self {
        Self { counts: vec![Counts::default(); sensors], order: RowOrder::default(), latest_us: None }
    }

    pub(super) fn take(&mut self, batch: &Detections, catalogue: &Catalogue) {
        let outside = |(((number, place), level), time_us): (((&u32, &Place), &[f64; 2]), &i64)| {
            let sensor = catalogue.sensors.get(*number as usize);
            sensor.map_or([false; 2], |sensor| is_outside(sensor, (catalogue.frame, *time_us), (place, *level)))
        };
        let rows = batch.sensor.par_iter().zip(&batch.place).zip(&batch.horizontal).zip(&batch.time_us);
        let outside: Vec<[bool; 2]> = rows.with_min_len(1024).map(outside).collect();
        for (((&time_us, &number), identified), [outside, swapped]) in
            batch.time_us.iter().zip(&batch.sensor).zip(&batch.identified).zip(outside)
        {
            match self.latest_us {
                Some(latest_us) if time_us < latest_us => {
                    self.order.late_rows += 1;
                    self.order.latest_by_s = self.order.latest_by_s.max(seconds_between(time_us, latest_us));
                }
                _ => self.latest_us = Some(time_us),
            }
            let Some(counts) = self.counts.get_mut(number as usize) else { continue };
            counts.rows += 1;
            counts.identified += u64::from(*identified);
            counts.outside += u64::from(outside);
            counts.swapped += u64::from(swapped);
            let [from_us, to_us] = counts.span_us.unwrap_or([time_us; 2]);
            counts.span_us = Some([from_us.min(time_us), to_us.max(time_us)]);
        }
    }
}

/// Whether a row is outside the coverage of its sensor, and would be within if latitude and longitude were swapped.
fn is_outside(sensor: &Sensor, at: (Frame, i64), (place, [x, y]): (&Place, [f64; 2])) -> [bool; 2] {
    if sensor.covers_on_ground(at, place.metres()) {
        return [false; 2];
    }
    let may_be = at.0 == Frame::Geodetic && sensor.kind == Kind::Position && x.abs() <= 90.0;
    let other = Geodetic { latitude_deg: x, longitude_deg: y, altitude_m: 0.0 };
    [true, may_be && sensor.covers_on_ground(at, other.ecef())]
}

/// The second pass, in the order of time.
#[derive(Debug)]
pub(super) struct Second {
    counts: Vec<Counts>,
    /// The time at hand, and the contents of its rows.
    now_us: i64,
    now: BTreeSet<u64>,
    /// Contents without their times, and when they were last met.
    met: Vec<(u64, i64)>,
    bytes: Vec<u8>,
}

impl Second {
    pub(super) fn new(counts: Vec<Counts>) -> Self {
        let met = vec![(0, 0); REMEMBERED];
        Self { counts, now_us: i64::MIN, now: BTreeSet::new(), met, bytes: Vec::new() }
    }

    /// Takes in detections with their readings.
    pub(super) fn take(&mut self, batch: &Detections) {
        let rows = batch.time_us.iter().zip(&batch.sensor).zip(&batch.reading).zip(&batch.address);
        for (((&time_us, &number), reading), &address) in rows {
            let Some(counts) = self.counts.get_mut(number as usize) else { continue };
            counts.silence(time_us);
            self.bytes.clear();
            self.bytes.extend(number.to_le_bytes());
            self.bytes.extend(address.to_le_bytes());
            reading.put(&mut self.bytes);
            let content = sum(&self.bytes);
            if time_us != self.now_us {
                (self.now_us, self.now) = (time_us, BTreeSet::new());
            }
            if self.now.len() < COMPARED && !self.now.insert(content) {
                counts.duplicates += 1;
                continue;
            }
            #[expect(clippy::cast_possible_truncation, reason = "low bits of a sum")]
            if let Some(place) = self.met.get_mut(content as usize % REMEMBERED) {
                counts.repeats += u64::from(place.0 == content && place.1 != time_us);
                *place = (content, time_us);
            }
        }
    }

    pub(super) fn finish(self) -> Vec<Counts> {
        self.counts
    }
}

impl Counts {
    /// Takes in the time of the next row.
    fn silence(&mut self, time_us: i64) {
        let silence = self.before_us.replace(time_us).map(|from_us| Silence { from_us, to_us: time_us });
        let Some(new) = silence.filter(|silence| silence.to_us > silence.from_us) else { return };
        let place = self.silences.partition_point(|old| old.to_us - old.from_us >= new.to_us - new.from_us);
        if place < SILENCES {
            self.silences.insert(place, new);
            self.silences.truncate(SILENCES);
        }
    }
}

/// FNV-1a, its bits mixed; never 0.
fn sum(bytes: &[u8]) -> u64 {
    let sum = fnv1a(bytes);
    ((sum ^ (sum >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (sum >> 29)).max(1)
}
