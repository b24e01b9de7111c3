//! What each level of `receive` demands, as a partner's own audit says, and of which level a row is.
//!
//! A table does not say the level of a row. What is withheld from it tells as much as a page wants to show: a row is of the
//! one level that withholds just that and whose cells have their middle there. Where several levels would have given the
//! row, it has none.

use super::picture::Held;
use crate::policy::{geodetic_cell, local_cell};
use crate::space::{Frame, Geodetic};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A level of `receive`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Level {
    pub(super) name: String,
    pub(super) delay_s: f64,
    pub(super) coarsen_m: f64,
    pub(super) omit: Vec<String>,
    rules: Vec<String>,
}

impl Level {
    /// Whether its rows are late, or coarse.
    pub(super) fn is_coarse(&self) -> bool {
        self.delay_s > 0.0 || self.coarsen_m > 0.0
    }

    /// As a page has it.
    pub(super) fn document(&self) -> Value {
        let Self { name, delay_s, coarsen_m, omit, rules } = self;
        json!({ "name": name, "delay_s": delay_s, "coarsen_m": coarsen_m, "omit": omit, "rules": rules })
    }

    /// What it demands, in words.
    pub(super) fn demands(&self) -> String {
        let mut demands = Vec::new();
        if self.delay_s > 0.0 {
            demands.push(format!("{} late", super::words::seconds(self.delay_s)));
        }
        if self.coarsen_m > 0.0 {
            demands.push(format!("in cells of {}", super::words::metres(self.coarsen_m)));
        }
        if !self.omit.is_empty() {
            demands.push(format!("without {}", self.omit.join(", ")));
        }
        if demands.is_empty() { "exact and at once".to_owned() } else { demands.join(", ") }
    }

    /// The same, and by which rules.
    pub(super) fn words(&self) -> String {
        let rules: Vec<String> = self.rules.iter().map(|rule| format!("`{rule}`")).collect();
        let by = if rules.is_empty() { String::new() } else { format!("; permitted by {}", rules.join(" and ")) };
        format!("Level `{}`: {}{by}.", self.name, self.demands())
    }

    /// What of a row it leaves, as far as rows can show.
    fn holds(&self) -> Held {
        let shows = |field: &str| !self.omit.iter().any(|omitted| omitted == field);
        let counted = shows("detections") && shows("existence");
        let last = counted && shows("contributors") && self.coarsen_m <= 0.0;
        Held([shows("existence"), shows("velocity"), shows("covariance"), counted, last, shows("contributors")])
    }

    /// Whether a position is one that it shows.
    fn shows(&self, frame: Frame, position: [f64; 3]) -> bool {
        if self.coarsen_m <= 0.0 {
            return true;
        }
        let [a, b, c] = position;
        let middle = match frame {
            Frame::Local => local_cell(position, self.coarsen_m).centre,
            Frame::Geodetic => {
                let at = Geodetic { latitude_deg: a, longitude_deg: b, altitude_m: c };
                let at = geodetic_cell(at, self.coarsen_m).centre;
                [at.latitude_deg, at.longitude_deg, at.altitude_m]
            }
        };
        // Degrees or metres: cells are far larger than either.
        middle.iter().zip(position).all(|(middle, at)| (middle - at).abs() < 1e-6)
    }
}

/// The levels that a partner's audit names, the most exact first.
pub(super) fn levels(audit: &[Value]) -> Vec<Level> {
    let mut levels: BTreeMap<&str, Level> = BTreeMap::new();
    let texts = |value: Option<&Value>| -> Vec<String> {
        let texts = value.and_then(Value::as_array).into_iter().flatten();
        texts.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    for entry in audit {
        let action = entry.get("action").and_then(Value::as_str).filter(|action| action.starts_with("receive"));
        let Some(action) = action else { continue };
        let level = levels.entry(action).or_insert_with(|| {
            let demand = |key: &str| entry.get("obligations").and_then(|demands| demands.get(key));
            let number = |key: &str| demand(key).and_then(Value::as_f64).unwrap_or(0.0);
            Level {
                name: action.to_owned(),
                delay_s: number("delay_us") * 1e-6,
                coarsen_m: number("coarsen_m"),
                omit: texts(demand("omit")),
                rules: Vec::new(),
            }
        });
        for rule in texts(entry.get("decided_by")) {
            if !level.rules.contains(&rule) {
                level.rules.push(rule);
            }
        }
    }
    let mut levels: Vec<Level> = levels.into_values().collect();
    levels.sort_by(|a, b| a.coarsen_m.total_cmp(&b.coarsen_m).then(a.delay_s.total_cmp(&b.delay_s)));
    levels
}

/// The level of a row, if only one would have given it so; `columns` are those that the table has.
pub(super) fn level_of(
    levels: &[Level],
    frame: Frame,
    columns: Held,
    (held, position): (Held, [f64; 3]),
) -> Option<usize> {
    let mut fitting = levels.iter().enumerate().filter(|(_, level)| level.holds().and(columns) == held);
    let first = fitting.next()?.0;
    let rest: Vec<usize> = fitting.map(|(number, _)| number).collect();
    if rest.is_empty() {
        return Some(first);
    }
    // The middle of a cell is no exact place, but for one in a million.
    let all = || core::iter::once(first).chain(rest.iter().copied());
    let coarse = all().filter(|n| levels.get(*n).is_some_and(|l| l.coarsen_m > 0.0 && l.shows(frame, position)));
    let exact = || all().filter(|n| levels.get(*n).is_some_and(|level| level.coarsen_m <= 0.0));
    let coarse: Vec<usize> = coarse.collect();
    let mut fitting = if coarse.is_empty() { exact().collect() } else { coarse }.into_iter();
    fitting.next().filter(|_| fitting.next().is_none())
}
