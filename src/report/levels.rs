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

fn texts(value: Option<&Value>) -> Vec<String> {
    let texts = value.and_then(Value::as_array).into_iter().flatten();
    texts.filter_map(Value::as_str).map(str::to_owned).collect()
}

impl Level {
    /// A level with these demands, keys as in `levels.toml`.
    pub(super) fn of(name: &str, demands: &Value) -> Self {
        let number = |key: &str| demands.get(key).and_then(Value::as_f64).unwrap_or(0.0);
        Self {
            name: name.to_owned(),
            delay_s: number("delay_us") * 1e-6,
            coarsen_m: number("coarsen_m"),
            omit: texts(demands.get("omit")),
            rules: Vec::new(),
        }
    }

    /// The levels of `fuse` at which a partner's detections were taken, and how many at each, from its ledger.
    pub(super) fn taken(ledger: &Value) -> Vec<(Self, u64)> {
        let taken = ledger.get("taken").and_then(Value::as_object).into_iter().flatten();
        taken
            .filter_map(|(name, taken)| Some((Self::of(name, taken.get("demands")?), taken.get("rows")?.as_u64()?)))
            .collect()
    }

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
        let by = if rules.is_empty() { String::new() } else { format!("; permitted by {}", super::words::and(&rules)) };
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
        middle.map(f64::to_bits) == position.map(f64::to_bits)
    }
}

/// The levels that a partner's audit names, the most exact first.
pub(super) fn levels(audit: &[Value]) -> Vec<Level> {
    let mut levels: BTreeMap<&str, Level> = BTreeMap::new();
    for entry in audit {
        // Entries about rows that were given say what that demanded.
        let action = entry.get("action").and_then(Value::as_str);
        let Some((action, demands)) = action.zip(entry.get("obligations")) else { continue };
        let level = levels.entry(action).or_insert_with(|| Level::of(action, demands));
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

/// The level of a row, if only one would have given it so; `columns` are those that the table has, `told` fields that rows may
/// lack at any level, where this one has them.
pub(super) fn level_of(
    levels: &[Level],
    frame: Frame,
    columns: Held,
    (held, told, position): (Held, &[&str], [f64; 3]),
) -> Option<usize> {
    let omits = |level: &Level| told.iter().any(|field| level.omit.iter().any(|omitted| omitted == field));
    let fits = |level: &Level| level.holds().and(columns) == held && !omits(level) && level.shows(frame, position);
    let mut fitting = levels.iter().enumerate().filter(|(_, level)| fits(level));
    let (first, _) = fitting.next()?;
    fitting.next().is_none().then_some(first)
}
