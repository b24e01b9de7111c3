//! What a row may rest on: the partner's detections up to its own time, or, where the configuration smooths, up to the
//! picture's horizon, as far as the lag allows.

use super::finding::Beyond;
use super::rows::Basis;
use super::table::Row;
use crate::time::micros;
use serde_json::Value;

/// Up to when detections may make rows better.
#[derive(Clone, Copy, Debug)]
pub(super) struct Horizon {
    /// The time of the picture less the longest delay of a level that the partner could get, where rows are smoothed.
    at_us: Option<i64>,
    lag_us: Option<i64>,
}

impl Horizon {
    pub(super) fn of(basis: &Basis<'_>) -> Self {
        let last_us = basis.sight.span_us.map_or(0, |[_, last_us]| last_us);
        let time_us = basis.request.as_of_us.unwrap_or(last_us);
        let horizon_us = || time_us.saturating_sub(basis.book.longest_delay_us(basis.partner));
        let lag_s = basis.request.configuration.pointer("/smoothing/lag_s").and_then(Value::as_f64);
        Self {
            at_us: basis.request.smooths().then(horizon_us),
            lag_us: lag_s.map(|lag_s| micros(lag_s).unwrap_or(i64::MAX)),
        }
    }

    /// The time of the last detection that a row may rest on.
    pub(super) fn until_us(self, row: &Row) -> i64 {
        let Some(at_us) = self.at_us.filter(|_| row.smoothed) else { return row.time_us };
        let lagged_us = self.lag_us.map_or(i64::MAX, |lag_us| row.time_us.saturating_add(lag_us));
        at_us.min(lagged_us)
    }

    /// What is wrong with what a row says of it; `made` tells whether the partner may have a detection of a time, in a scan up
    /// to another one.
    pub(super) fn complaint(self, row: &Row, made: impl FnOnce(i64, i64) -> bool) -> Option<(Beyond, String, String)> {
        let at_us = self.at_us?;
        let wrong = |found: String, wanted: String| Some((Beyond::Smoothing, found, wanted));
        if row.smoothed != (row.time_us <= at_us) {
            let found = format!("smoothed {} at {}", row.smoothed, row.time_us);
            return wrong(found, format!("rows up to the horizon at {at_us} smoothed, later ones not"));
        }
        let (Some(known_us), Some(last_us)) = (row.known_us, row.last_us) else {
            let said = row.known_us.is_some() != row.last_us.is_some();
            return said.then(|| {
                let found = format!("as known at {:?}, last detection {:?}", row.known_us, row.last_us);
                (Beyond::Smoothing, found, "both or neither".to_owned())
            });
        };
        if !row.smoothed && known_us != last_us {
            return wrong(
                format!("as known at {known_us}"),
                format!("{last_us}, its last detection: it is not smoothed"),
            );
        }
        let until_us = self.until_us(row);
        if known_us < last_us || !made(known_us, until_us) {
            let wanted = format!("when one was made that the partner may have, from {last_us} to {until_us}");
            return wrong(format!("as known at {known_us}"), wanted);
        }
        None
    }
}
