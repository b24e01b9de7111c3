//! Looks of sensors: rows in time order become, for every sensor, one look after another, empty ones too.
//!
//! Look k of a sensor covers [k, k + 1) periods since time 0, whatever was recorded. Looks come out in the order of
//! their ends, then of their sensors' names: restricted to the sensors of one lane, that order owes nothing to others.

use crate::ingest::{Catalogue, Detections, Measurement};
use crate::space::Place;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// One detection, as a look holds it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// When, microseconds.
    pub time_us: i64,
    /// Measured position.
    pub place: Place,
    /// How it was measured.
    pub measurement: Measurement,
    /// Class of the policy.
    pub class: u32,
}

/// One look of one sensor.
#[derive(Debug)]
pub struct Look {
    /// Index of the sensor in the catalogue.
    pub sensor: usize,
    /// When it began, microseconds.
    pub start_us: i64,
    /// When it ended.
    pub end_us: i64,
    /// What it detected.
    pub rows: Vec<Row>,
}

/// Collects rows into looks; holds no more than the looks that are still open.
#[derive(Debug)]
pub struct Looks {
    periods_us: Vec<i64>,
    /// Sensors in the order of their names.
    by_name: Vec<usize>,
    open: Vec<Vec<Row>>,
    /// End of the open look and rank of its sensor.
    next: BinaryHeap<Reverse<(i64, usize)>>,
}

impl Looks {
    /// Begins with the looks that hold `first_us`.
    #[must_use]
    pub fn new(catalogue: &Catalogue, first_us: i64) -> Self {
        let mut by_name: Vec<usize> = (0..catalogue.sensors.len()).collect();
        by_name.sort_by_key(|&sensor| catalogue.sensors.get(sensor).map(|sensor| &sensor.name));
        let periods_us: Vec<i64> = catalogue.sensors.iter().map(|sensor| sensor.scan_period_us.max(1)).collect();
        let end = |sensor: &usize| {
            let period = periods_us.get(*sensor).copied().unwrap_or(1);
            first_us.div_euclid(period).saturating_add(1).saturating_mul(period)
        };
        let next = by_name.iter().enumerate().map(|(rank, sensor)| Reverse((end(sensor), rank))).collect();
        Self { open: vec![Vec::new(); periods_us.len()], periods_us, by_name, next }
    }

    /// Takes the rows of a batch; calls `emit` with every look that they show to be over.
    ///
    /// # Errors
    /// Whatever `emit` returns.
    pub fn take<E>(
        &mut self,
        batch: &Detections,
        classes: &[u32],
        mut emit: impl FnMut(Look) -> Result<(), E>,
    ) -> Result<(), E> {
        let columns = batch.time_us.iter().zip(&batch.sensor).zip(&batch.place).zip(&batch.measurement).zip(classes);
        for ((((&time_us, &sensor), &place), &measurement), &class) in columns {
            self.close(time_us, &mut emit)?;
            if let Some(open) = self.open.get_mut(sensor as usize) {
                open.push(Row { time_us, place, measurement, class });
            }
        }
        Ok(())
    }

    /// Emits every look that ended at `until_us` or before.
    ///
    /// # Errors
    /// Whatever `emit` returns.
    pub fn close<E>(&mut self, until_us: i64, emit: &mut impl FnMut(Look) -> Result<(), E>) -> Result<(), E> {
        while let Some(&Reverse((end_us, rank))) = self.next.peek() {
            if end_us > until_us {
                break;
            }
            self.next.pop();
            let Some(&sensor) = self.by_name.get(rank) else { continue };
            let period = self.periods_us.get(sensor).copied().unwrap_or(1);
            let rows = self.open.get_mut(sensor).map(std::mem::take).unwrap_or_default();
            emit(Look { sensor, start_us: end_us - period, end_us, rows })?;
            if let Some(next) = end_us.checked_add(period) {
                self.next.push(Reverse((next, rank)));
            }
        }
        Ok(())
    }

    /// Emits the looks that are still open, up to the longest period after `last_us`.
    ///
    /// # Errors
    /// Whatever `emit` returns.
    pub fn finish<E>(mut self, last_us: i64, mut emit: impl FnMut(Look) -> Result<(), E>) -> Result<(), E> {
        let longest = self.periods_us.iter().copied().max().unwrap_or(0);
        self.close(last_us.saturating_add(longest), &mut emit)
    }
}
