//! What each partner may have had fused: classes of detections, looks, and which detection could have begun which track.
//!
//! Rows come through the readers of `ingest`, which both sides share: what a file says is one question, who may have it
//! another. All else is done anew here: classes from the outlines and windows themselves, and the numbers of scans
//! from docs/pictures.md: look k of a sensor covers [k, k + 1) of its periods since time 0; looks follow each other in
//! the order of their ends and then of their sensors' names, from the one that holds the first detection to the one
//! that holds the last; each is a scan, empty ones too.

use super::GuardError;
use super::cells::cell;
use super::rules::{Book, Demands, Partner, class, set};
use crate::ingest::{Catalogue, Kind, Options, Order, Reader, Reading};
use crate::space::Frame;
use cedar_policy::{Entity, RestrictedExpression};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Height that a place may be off where a sensor does not know it, metres.
pub(super) const HEIGHT_M: f64 = 20_000.0;

/// The detections of a recording.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) catalogue: Catalogue,
    pub(super) classes: Vec<Class>,
    pub(super) rows: Vec<Row>,
    /// What each row measured.
    pub(super) readings: Vec<Reading>,
}

/// One detection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) time_us: i64,
    pub(super) sensor: u32,
    pub(super) class: u32,
    /// x, y in metres or longitude, latitude in degrees.
    pub(super) place: [f64; 2],
    /// Greatest standard deviation of the place.
    pub(super) sigma_m: f64,
    /// How much farther it may be: a radar's place hangs on a height that it may not know.
    pub(super) vague_m: f64,
}

impl Row {
    /// Whether its level gives it by the time of the run.
    pub(super) fn due(self, demands: &Demands, as_of_us: Option<i64>) -> bool {
        as_of_us.is_none_or(|as_of_us| self.time_us <= as_of_us.saturating_sub(demands.delay_us))
    }

    /// Where its level puts it.
    fn seen_at(self, demands: &Demands, frame: Frame) -> Self {
        let Some(coarsen_m) = demands.coarsen_m else { return self };
        let [x, y] = self.place;
        let cell = cell(frame, if frame == Frame::Geodetic { [y, x, 0.0] } else { [x, y, 0.0] }, coarsen_m);
        let [a, b, _] = cell.centre;
        let sigma_m = self.sigma_m.hypot(cell.variance_m2.into_iter().fold(0.0, f64::max).sqrt());
        Self { place: if frame == Frame::Geodetic { [b, a] } else { [a, b] }, sigma_m, ..self }
    }
}

/// Detections that look alike to the rules.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Class {
    pub(super) sensor: String,
    pub(super) owner: String,
    pub(super) kind: &'static str,
    pub(super) label: String,
    pub(super) zones: BTreeSet<String>,
    pub(super) periods: BTreeSet<String>,
    pub(super) identified: bool,
}

impl Class {
    fn entity(&self) -> Result<Entity, GuardError> {
        let text = |value: &str| RestrictedExpression::new_string(value.to_owned());
        let attributes = vec![
            ("sensor", text(&self.sensor)),
            ("owner", text(&self.owner)),
            ("kind", text(self.kind)),
            ("label", text(&self.label)),
            ("zones", set(&self.zones)),
            ("periods", set(&self.periods)),
            ("identified", RestrictedExpression::new_bool(self.identified)),
            // No kind of sensor that is read measures directions alone.
            ("placed", RestrictedExpression::new_bool(true)),
        ];
        class("DetectionClass", attributes)
    }
}

impl Recording {
    pub(super) fn read(folder: &Path, catalogue: Catalogue, book: &Book) -> Result<Self, GuardError> {
        let mut reader =
            Reader::open(folder, &catalogue, Options { strict: false, rows_per_batch: 1 << 16, order: Order::Any })?
                .with_readings();
        let mut numbers: BTreeMap<Class, u32> = BTreeMap::new();
        let (mut rows, mut readings) = (Vec::new(), Vec::new());
        while let Some(batch) = reader.next_batch()? {
            readings.extend(&batch.reading);
            let columns = batch.time_us.iter().zip(&batch.sensor).zip(&batch.horizontal).zip(&batch.label);
            let columns = columns.zip(&batch.identified).zip(&batch.measurement);
            for (((((&time_us, &sensor), &place), &label), &identified), measurement) in columns {
                let Some(from) = catalogue.sensors.get(sensor as usize) else { continue };
                let class = Class {
                    sensor: from.name.clone(),
                    owner: from.owner.clone(),
                    kind: match from.kind {
                        Kind::Position => "position",
                        Kind::Radar { .. } => "radar",
                    },
                    label: batch.labels.get(label as usize).cloned().unwrap_or_default(),
                    zones: book.zones.at(place),
                    periods: book.periods.at(time_us),
                    identified,
                };
                let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
                let class = *numbers.entry(class).or_insert(next);
                let sigma_m = f64::from(measurement.sigma_m.into_iter().fold(0.0, f32::max));
                let vague_m = if let Kind::Radar { .. } = from.kind { HEIGHT_M } else { 0.0 };
                rows.push(Row { time_us, sensor, class, place, sigma_m, vague_m });
            }
        }
        let mut classes: Vec<(u32, Class)> = numbers.into_iter().map(|(class, number)| (number, class)).collect();
        classes.sort_unstable();
        Ok(Self { catalogue, classes: classes.into_iter().map(|(_, class)| class).collect(), rows, readings })
    }
}

/// What one partner may have had fused.
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// First and last time of a detection.
    pub(super) span_us: Option<[i64; 2]>,
    /// Number of the level, rules that grant it, and how many detections, of each class.
    pub(super) fused: BTreeMap<u32, (usize, Vec<String>, u64)>,
    /// Owner and label with the time of their first detection, the earliest first.
    pub(super) sources: Vec<(i64, String, String)>,
    scans: Vec<(i64, Vec<Row>)>,
}

impl Sight {
    /// A detection is given at the highest level that the rules permit, as soon as that level's delay has passed.
    pub(super) fn of(recording: &Recording, book: &Book, partner: &Partner) -> Result<Self, GuardError> {
        let mut sight = Self::default();
        for (number, class) in (0u32..).zip(&recording.classes) {
            let entity = class.entity()?;
            for (level, rank) in book.fuse.iter().zip(0..) {
                if let Some(rules) = book.grants(partner, &level.deed, &entity)? {
                    sight.fused.insert(number, (rank, rules, 0));
                    break;
                }
            }
        }
        let mut rows = Vec::new();
        let mut first: BTreeMap<(String, String), i64> = BTreeMap::new();
        for row in &recording.rows {
            let Some((rank, _, count)) = sight.fused.get_mut(&row.class) else { continue };
            let Some(level) = book.fuse.get(*rank).filter(|level| row.due(&level.demands, book.as_of_us)) else {
                continue;
            };
            *count += 1;
            rows.push(row.seen_at(&level.demands, recording.catalogue.frame));
            if let Some(class) = recording.classes.get(row.class as usize) {
                let time = first.entry((class.owner.clone(), class.label.clone())).or_insert(row.time_us);
                *time = row.time_us.min(*time);
            }
        }
        sight.sources = first.into_iter().map(|((owner, label), time)| (time, owner, label)).collect();
        sight.sources.sort();
        let times = || rows.iter().map(|row| row.time_us);
        sight.span_us = times().min().zip(times().max()).map(|(first, last)| [first, last]);
        sight.scan(recording, &rows);
        Ok(sight)
    }

    /// The scan and the detection that a track's number names.
    pub(super) fn birth(&self, track: u64) -> Option<(i64, Row)> {
        let (time_us, rows) = self.scans.get(usize::try_from(track >> 32).ok()?)?;
        Some((*time_us, *rows.get(usize::try_from(track & 0xffff_ffff).ok()?)?))
    }

    /// Scans not later than a time, the latest first, with the detections in each.
    pub(super) fn scans_until(&self, time_us: i64) -> impl Iterator<Item = (i64, &[Row])> {
        let until = self.scans.partition_point(|(scan_us, _)| *scan_us <= time_us);
        self.scans.iter().take(until).rev().map(|(scan_us, rows)| (*scan_us, rows.as_slice()))
    }

    /// Sorts rows into looks; a row whose look is over is late and in none.
    fn scan(&mut self, recording: &Recording, rows: &[Row]) {
        let Some([first_us, last_us]) = self.span_us else { return };
        let sensors: BTreeSet<u32> = rows.iter().map(|row| row.sensor).collect();
        let mut open: BTreeMap<(i64, &str), (u32, i64, Vec<Row>)> = BTreeMap::new();
        for (number, sensor) in (0u32..).zip(&recording.catalogue.sensors) {
            if sensors.contains(&number) {
                let period_us = sensor.scan_period_us.max(1);
                let end_us = first_us.div_euclid(period_us).saturating_add(1).saturating_mul(period_us);
                open.insert((end_us, &sensor.name), (number, period_us, Vec::new()));
            }
        }
        let mut rows = rows.iter().peekable();
        while let Some((&(end_us, name), &(_, period_us, _))) = open.first_key_value() {
            match rows.peek() {
                Some(row) if row.time_us < end_us => {
                    let of_sensor = open.iter_mut().find(|(_, (sensor, _, _))| *sensor == row.sensor);
                    if let Some(((end_us, _), (_, period_us, held))) = of_sensor
                        && *end_us - *period_us <= row.time_us
                    {
                        held.push(**row);
                    }
                    rows.next();
                }
                None if end_us - period_us > last_us => return,
                _ => {
                    let Some((_, (sensor, period_us, held))) = open.pop_first() else { return };
                    let own = held.iter().map(|row| row.time_us).max().unwrap_or(end_us);
                    let before = self.scans.last().map_or(own, |(time_us, _)| *time_us);
                    self.scans.push((own.max(before), held));
                    if let Some(next_us) = end_us.checked_add(period_us) {
                        open.insert((next_us, name), (sensor, period_us, Vec::new()));
                    }
                }
            }
        }
    }
}
