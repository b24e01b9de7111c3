//! The levels that an audit names, which of them a row shows, and the ledger.

use super::super::cells::cell;
use super::super::table::Row;
use super::words::{and, duration, length};
use crate::space::Frame;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A level, as the entries of an audit tell it.
pub(super) struct Level {
    pub(super) name: String,
    delay_us: i64,
    coarsen_m: f64,
    omit: Vec<String>,
    rules: Vec<String>,
}

/// Accounts of detections, as a manifest names them, as a page does, and what it says of them.
const ACCOUNTS: [(&str, &str, &str); 4] = [
    ("confirmed", "confirmed", "Of tracks that were confirmed at some time."),
    ("unconfirmed", "unconfirmed", "Of tracks that were never confirmed."),
    ("none", "none", "Of no track: clutter, as far as can be told."),
    ("outside_coverage", "outside", "Of no track, where their sensor's coverage expects no object."),
];

/// The levels at which an audit says that rows were given, the finest first.
pub(super) fn of(entries: &[Value]) -> Vec<Level> {
    let mut levels: BTreeMap<&str, Level> = BTreeMap::new();
    for entry in entries {
        let (Some(name), Some(demands)) = (entry.get("action").and_then(Value::as_str), entry.get("obligations"))
        else {
            continue;
        };
        let level = levels.entry(name).or_insert_with(|| Level {
            name: name.to_owned(),
            delay_us: demands.get("delay_us").and_then(Value::as_i64).unwrap_or(0),
            coarsen_m: demands.get("coarsen_m").and_then(Value::as_f64).unwrap_or(0.0),
            omit: texts(demands.get("omit")),
            rules: Vec::new(),
        });
        for rule in texts(entry.get("decided_by")) {
            if !level.rules.contains(&rule) {
                level.rules.push(rule);
            }
        }
    }
    let mut levels: Vec<Level> = levels.into_values().collect();
    levels.sort_by(|a, b| a.coarsen_m.total_cmp(&b.coarsen_m).then(a.delay_us.cmp(&b.delay_us)));
    levels
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let list = list.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The one level that a row can have been given at; none where there are several.
pub(super) fn shown<'a>(levels: &'a [Level], row: &Row, frame: Frame) -> Option<&'a Level> {
    let mut fitting = levels.iter().filter(|level| level.fits(row, frame));
    fitting.next().filter(|_| fitting.next().is_none())
}

impl Level {
    fn fits(&self, row: &Row, frame: Frame) -> bool {
        let omits = |field: &str| self.omit.iter().any(|omitted| omitted == field);
        let [existence, velocity, _, _, covariance, ..] = row.numbers;
        let coarse = self.coarsen_m > 0.0;
        let counts = omits("detections") || omits("existence");
        // Whether the row lacks it, and whether the level withholds it.
        let alike = [
            (existence.is_none(), omits("existence")),
            (velocity.is_none(), omits("velocity")),
            (covariance.is_none(), omits("covariance")),
            (row.contributors.is_none(), omits("contributors")),
            (row.detections.is_none(), counts),
            (row.last_us.is_none(), counts || omits("contributors") || coarse),
        ];
        let placed = || {
            let centre = cell(frame, row.position, self.coarsen_m).centre;
            centre.map(f64::to_bits) == row.position.map(f64::to_bits)
        };
        alike.into_iter().all(|(lacks, withheld)| lacks == withheld)
            && !(row.identity.is_some() && omits("identity"))
            && !(row.holders.is_some() && omits("holders"))
            && (!coarse || placed())
    }

    /// Whether what is given at it is coarse or late.
    fn reduces(&self) -> bool {
        self.coarsen_m > 0.0 || self.delay_us > 0
    }

    pub(super) fn json(&self) -> Value {
        json!({ "name": self.name, "delay_s": self.delay_us as f64 * 1e-6, "coarsen_m": self.coarsen_m,
                "omit": self.omit, "rules": self.rules })
    }

    fn text(&self) -> String {
        let late = (self.delay_us > 0).then(|| format!("{} late", duration(self.delay_us as f64 * 1e-6)));
        let coarse = (self.coarsen_m > 0.0).then(|| format!("in cells of {}", length(self.coarsen_m)));
        let without = (!self.omit.is_empty()).then(|| format!("without {}", self.omit.join(", ")));
        let demands: Vec<String> = [late, coarse, without].into_iter().flatten().collect();
        let demands = if demands.is_empty() { "exact and at once".to_owned() } else { demands.join(", ") };
        let rules: Vec<String> = self.rules.iter().map(|rule| format!("`{rule}`")).collect();
        let by = if rules.is_empty() { String::new() } else { format!("; permitted by {}", and(&rules)) };
        format!("Level `{}`: {demands}{by}.", self.name)
    }
}

/// Rows of which a page's summary tells the shares.
#[derive(Clone, Copy)]
pub(super) struct Shares {
    /// Coarse or late.
    pub(super) coarse: u64,
    /// Of a level that is not known.
    pub(super) untold: u64,
}

/// The ledger of a partner, and what of it the summary tells.
pub(super) fn ledger(partner: &str, manifest: &Value, levels: &[Level], rows: &[Row], frame: Frame) -> (Value, Shares) {
    let account = |key: &str| manifest.pointer("/computed_from/accounts")?.get(key)?.as_u64();
    let accounts = ACCOUNTS.map(|(key, kind, text)| (kind, account(key).unwrap_or(0), text));
    let detections: Vec<Value> = accounts
        .iter()
        .filter(|(_, count, _)| *count > 0)
        .map(|(kind, count, text)| {
            json!({ "kind": kind, "count": count, "reasons": [{ "text": text, "count": count }] })
        })
        .collect();
    let all = accounts.iter().fold(0_u64, |all, (_, count, _)| all.saturating_add(*count));
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for row in rows {
        if let Some(level) = shown(levels, row, frame) {
            *counts.entry(&level.name).or_default() += 1;
        }
    }
    let told: u64 = counts.values().sum();
    let untold = rows.len() as u64 - told;
    let mut parts = Vec::new();
    let mut coarse = 0;
    for (kind, reduced) in [("exact", false), ("coarse", true)] {
        let of = levels.iter().filter(|level| level.reduces() == reduced);
        let of = of.filter_map(|level| Some((level, counts.get(level.name.as_str()).copied()?)));
        let mut reasons: Vec<Value> = Vec::new();
        let mut sum = 0;
        for (level, count) in of {
            sum += count;
            reasons.push(json!({ "text": level.text(), "count": count, "level": level.name }));
        }
        if reduced {
            coarse = sum;
        }
        if sum > 0 {
            parts.push(json!({ "kind": kind, "count": sum, "reasons": reasons }));
        }
    }
    if untold > 0 {
        let text = "Of a level that the row alone does not tell.";
        let reasons = json!([{ "text": text, "count": untold, "level": null }]);
        parts.push(json!({ "kind": "unknown", "count": untold, "reasons": reasons }));
    }
    let ledger = json!([{ "partner": partner, "detections": { "total": all, "parts": detections },
                          "rows": { "total": rows.len(), "parts": parts } }]);
    (ledger, Shares { coarse, untold })
}
