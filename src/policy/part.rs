//! Part of a batch of detections, its classes numbered apart, so that parts can be done on every core.

use super::PolicyError;
use super::class::{ClassSummary, nowhere};
use super::strata::Strata;
use super::zones::{Located, ZoneMap};
use crate::ingest::Detections;
use std::collections::BTreeMap;
use std::ops::Range;

/// One row, as numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) sensor: u32,
    pub(super) label: u32,
    pub(super) zones: u32,
    pub(super) stretch: usize,
    pub(super) stratum: u32,
    pub(super) identified: bool,
}

pub(super) type Packed = [u64; 2];

// No row packs to this: it would need 2³² sensors.
const NOTHING: Packed = [u64::MAX; 2];
const RECENT_BITS: u32 = 12;

impl Row {
    pub(super) fn packed(self) -> Packed {
        let Self { sensor, label, zones, stretch: _, stratum, identified } = self;
        let place_and_time = u64::from(zones) << 32 | u64::from(stratum) << 1 | u64::from(identified);
        [u64::from(sensor) << 32 | u64::from(label), place_and_time]
    }
}

/// What is the same for all parts of a batch.
#[derive(Debug)]
pub(super) struct Known<'a> {
    /// How many sensors there are.
    pub(super) sensors: usize,
    /// Number of each label of the batch.
    pub(super) labels: Vec<u32>,
    pub(super) zone_map: &'a ZoneMap,
    /// Numbers of the sets of zones met so far, from 0 on.
    pub(super) zone_sets: &'a BTreeMap<Vec<u32>, u32>,
    pub(super) strata: &'a Strata,
    /// Number of the stratum of each stretch of time.
    pub(super) stratum: &'a [u32],
}

/// Rows of a batch, sorted into classes.
#[derive(Debug)]
pub(super) struct Part {
    /// The first row.
    pub(super) start: usize,
    /// Place of each row's class among `classes`.
    pub(super) rows: Vec<u32>,
    /// In the order in which they turned up.
    pub(super) classes: Vec<(Row, ClassSummary)>,
    /// Sets of zones that were not known: their numbers follow those of the known ones.
    pub(super) zone_sets: Vec<Vec<u32>>,
    numbers: BTreeMap<Packed, u32>,
    recent: Vec<(Packed, u32)>,
}

impl Part {
    /// Sorts rows of a batch whose columns are of one length.
    pub(super) fn of(known: &Known<'_>, batch: &Detections, rows: Range<usize>) -> Result<Self, PolicyError> {
        let mut part = Self {
            start: rows.start,
            rows: Vec::with_capacity(rows.len()),
            classes: Vec::new(),
            zone_sets: Vec::new(),
            numbers: BTreeMap::new(),
            recent: vec![(NOTHING, 0); 1 << RECENT_BITS],
        };
        let columns = batch.time_us.iter().zip(&batch.sensor).zip(&batch.horizontal).zip(&batch.label);
        let columns = columns.zip(&batch.identified).enumerate().skip(rows.start).take(rows.len());
        let mut scratch = Vec::new();
        // Times come in order, so the stretch of the last row is most often that of the next one.
        let mut stretch = 0;
        let (mut from_us, mut to_us) = known.strata.bounds(stretch);
        for (number, ((((&time_us, &sensor), &place), &label), &identified)) in columns {
            let wrong = |found, wanted| Err(PolicyError::Detection { row: number, found, wanted });
            if sensor as usize >= known.sensors {
                return wrong(format!("sensor number {sensor}"), "a number below that of the sensors in the catalogue");
            }
            let Some(&label) = known.labels.get(label as usize) else {
                return wrong(format!("label number {label}"), "a number below that of the labels in the batch");
            };
            let [x, y] = place;
            if !x.is_finite() || !y.is_finite() {
                return wrong(format!("place {x}, {y}"), "finite coordinates");
            }
            if time_us < from_us || time_us >= to_us {
                stretch = known.strata.stretch(time_us);
                (from_us, to_us) = known.strata.bounds(stretch);
            }
            let Some(&stratum) = known.stratum.get(stretch) else {
                return wrong(format!("stretch of time {stretch}"), "one of those of the policy");
            };
            let zones = part.zones(known, place, &mut scratch);
            part.take(Row { sensor, label, zones, stretch, stratum, identified }, time_us);
        }
        Ok(part)
    }

    /// Appends the number of each row's class, given those of the classes.
    pub(super) fn spread(&self, numbers: &[u32], classes: &mut Vec<u32>) -> Result<(), PolicyError> {
        for (row, &class) in self.rows.iter().enumerate() {
            classes.push(*numbers.get(class as usize).ok_or_else(|| nowhere(self.start + row))?);
        }
        Ok(())
    }

    fn zones(&mut self, known: &Known<'_>, place: [f64; 2], scratch: &mut Vec<u32>) -> u32 {
        if let Located::Set(number) = known.zone_map.locate(place) {
            return number;
        }
        known.zone_map.members(place, scratch);
        if let Some(&number) = known.zone_sets.get(scratch) {
            return number;
        }
        let place = self.zone_sets.iter().position(|set| set == scratch).unwrap_or_else(|| {
            self.zone_sets.push(scratch.clone());
            self.zone_sets.len() - 1
        });
        count(known.zone_sets.len() + place)
    }

    fn take(&mut self, row: Row, time_us: i64) {
        let packed = row.packed();
        let slot = slot(packed);
        let recent = self.recent.get(slot).filter(|(recent, _)| *recent == packed).map(|&(_, number)| number);
        let number = recent.unwrap_or_else(|| {
            let next = count(self.classes.len());
            let number = *self.numbers.entry(packed).or_insert(next);
            if number == next {
                self.classes.push((row, ClassSummary { count: 0, first_us: i64::MAX, last_us: i64::MIN }));
            }
            if let Some(recent) = self.recent.get_mut(slot) {
                *recent = (packed, number);
            }
            number
        });
        if let Some((_, summary)) = self.classes.get_mut(number as usize) {
            summary.add(ClassSummary { count: 1, first_us: time_us, last_us: time_us });
        }
        self.rows.push(number);
    }
}

impl ClassSummary {
    /// Counts others in.
    pub(super) fn add(&mut self, others: Self) {
        self.count += others.count;
        self.first_us = self.first_us.min(others.first_us);
        self.last_us = self.last_us.max(others.last_us);
    }
}

/// Where a packed row is remembered: Fibonacci hashing of both words.
fn slot([a, b]: Packed) -> usize {
    let mixed = a.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ b.wrapping_mul(0xC2B2_AE3D_27D4_EB4F);
    (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - RECENT_BITS)) as usize
}

/// A number for the next entry of a table that cannot come near 2³² entries.
pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
