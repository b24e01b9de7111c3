//! Detections and looks in the order of time, held until none that was made before them can come.

use crate::scan::Row;
use crate::sensor::ListedLook;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A detection, with the address that its target sent.
pub(super) type Addressed = (Row, Option<Arc<str>>);

/// What waits.
#[derive(Debug)]
pub(super) enum Item {
    /// A detection.
    Row(Addressed),
    /// A whole look of a sensor, by its number.
    Look(usize, ListedLook, Vec<Addressed>),
}

/// What waits, and how far time has gone.
#[derive(Debug)]
pub(super) struct Held {
    /// By the time at which it begins; those of one time as they came.
    items: BTreeMap<i64, Vec<Item>>,
    wait_us: i64,
    latest_us: Option<i64>,
    gone_us: Option<i64>,
}

impl Held {
    /// Nothing yet; each waits so long for those made before it.
    pub(super) fn new(wait_us: i64) -> Self {
        Self { items: BTreeMap::new(), wait_us, latest_us: None, gone_us: None }
    }

    /// No detection before this time is taken any more.
    pub(super) fn gone_us(&self) -> Option<i64> {
        self.gone_us
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Takes detections; time goes on as far as these let it.
    pub(super) fn push(&mut self, rows: Vec<Addressed>) {
        for row in rows {
            let time_us = row.0.time_us;
            self.latest_us = self.latest_us.max(Some(time_us));
            self.items.entry(time_us).or_default().push(Item::Row(row));
        }
        self.go_on(self.latest_us.map(|latest_us| latest_us.saturating_sub(self.wait_us)));
    }

    /// Takes a look; time goes on as far as its end lets it.
    pub(super) fn push_look(&mut self, sensor: usize, look: ListedLook, rows: Vec<Addressed>) {
        self.latest_us = self.latest_us.max(Some(look.end_us));
        self.items.entry(look.start_us).or_default().push(Item::Look(sensor, look, rows));
        self.push(Vec::new());
    }

    /// Time goes on to here, whatever comes.
    pub(super) fn advance(&mut self, time_us: i64) {
        self.latest_us = self.latest_us.max(Some(time_us));
        self.go_on(Some(time_us));
    }

    /// Time goes on to the latest that was met, and nothing follows.
    pub(super) fn finish(&mut self) -> Option<i64> {
        self.go_on(self.latest_us);
        self.latest_us
    }

    /// What begins at the next time and waits no longer.
    pub(super) fn pop(&mut self) -> Option<(i64, Vec<Item>)> {
        let entry = self.items.first_entry().filter(|entry| Some(*entry.key()) <= self.gone_us)?;
        Some(entry.remove_entry())
    }

    fn go_on(&mut self, to_us: Option<i64>) {
        self.gone_us = self.gone_us.max(to_us);
    }
}
