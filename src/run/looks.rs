//! Looks of sensors: one lane's rows in time order become, for every sensor, one look after another, empty ones too.
//!
//! Look k of a sensor covers [k, k + 1) periods since time 0, whatever was recorded. Looks come out in the order of
//! their ends, then of their sensors' names. A lane forms its looks from its own rows alone: a row that it may not see
//! can neither end one of its looks nor make one of its rows late.

use crate::ingest::{Measurement, Sensor};
use crate::space::Place;
use std::collections::{BTreeMap, VecDeque};

/// One detection, as a look holds it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// When, microseconds.
    pub(super) time_us: i64,
    /// Index of the sensor in the catalogue.
    pub(super) sensor: usize,
    /// Measured position.
    pub(super) place: Place,
    /// How it was measured.
    pub(super) measurement: Measurement,
    /// Class of the policy.
    pub(super) class: u32,
}

/// One look of one sensor.
#[derive(Debug)]
pub(super) struct Look {
    /// Index of the sensor in the catalogue.
    pub(super) sensor: usize,
    /// When it began, microseconds.
    pub(super) start_us: i64,
    /// When it ended.
    pub(super) end_us: i64,
    /// What it detected.
    pub(super) rows: Vec<Row>,
}

/// Forms the looks of one lane; holds no more than the looks that are still open and the rows not yet placed.
#[derive(Debug)]
pub(super) struct Looks {
    /// By end of the open look, then name.
    open: BTreeMap<(i64, String), Open>,
    ends: BTreeMap<usize, (i64, String)>,
    waiting: VecDeque<Row>,
    last_us: i64,
    ended: bool,
    late: u64,
}

#[derive(Debug)]
struct Open {
    sensor: usize,
    period_us: i64,
    rows: Vec<Row>,
}

impl Looks {
    /// Begins with the looks of `sensors` that hold `first_us`; the last ones hold `last_us`.
    #[must_use]
    pub(super) fn new<'a>(sensors: impl Iterator<Item = (usize, &'a Sensor)>, [first_us, last_us]: [i64; 2]) -> Self {
        let mut looks = Self {
            open: BTreeMap::new(),
            ends: BTreeMap::new(),
            waiting: VecDeque::new(),
            last_us,
            ended: false,
            late: 0,
        };
        for (sensor, Sensor { name, scan_period_us, .. }) in sensors {
            let period_us = (*scan_period_us).max(1);
            let end_us = first_us.div_euclid(period_us).saturating_add(1).saturating_mul(period_us);
            looks.open(end_us, name.clone(), Open { sensor, period_us, rows: Vec::new() });
        }
        looks
    }

    /// Takes one more row, in the order of the recording.
    pub(super) fn push(&mut self, row: Row) {
        self.waiting.push_back(row);
    }

    /// Says that no row follows.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Rows that came after the look that they belong to was over, and were left out.
    #[must_use]
    pub(super) fn late(&self) -> u64 {
        self.late
    }

    /// The next look that the rows so far show to be over.
    pub(super) fn next_look(&mut self) -> Option<Look> {
        loop {
            let (end_us, _) = self.open.first_key_value()?.0;
            match self.waiting.front() {
                Some(row) if *end_us > row.time_us => self.place(),
                Some(_) => return self.close(),
                // The open looks that begin within the span still come, the others never do.
                None if self.ended && self.starts_within() => return self.close(),
                None => return None,
            }
        }
    }

    fn starts_within(&self) -> bool {
        self.open.first_key_value().is_some_and(|((end_us, _), open)| end_us - open.period_us <= self.last_us)
    }

    /// Puts the first waiting row into the open look of its sensor.
    fn place(&mut self) {
        let Some(row) = self.waiting.pop_front() else { return };
        let open = self.ends.get(&row.sensor).and_then(|key| Some((key.0, self.open.get_mut(key)?)));
        match open {
            Some((end_us, open)) if end_us - open.period_us <= row.time_us => open.rows.push(row),
            _ => self.late += 1,
        }
    }

    fn close(&mut self) -> Option<Look> {
        let ((end_us, name), Open { sensor, period_us, rows }) = self.open.pop_first()?;
        self.ends.remove(&sensor);
        if let Some(next_us) = end_us.checked_add(period_us) {
            self.open(next_us, name, Open { sensor, period_us, rows: Vec::new() });
        }
        Some(Look { sensor, start_us: end_us - period_us, end_us, rows })
    }

    fn open(&mut self, end_us: i64, name: String, open: Open) {
        self.ends.insert(open.sensor, (end_us, name.clone()));
        self.open.insert((end_us, name), open);
    }
}
