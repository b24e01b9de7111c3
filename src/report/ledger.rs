//! Where every row went, as bars whose parts add to the whole, each part with its reasons in words.

use super::levels::Level;
use super::picture::Picture;
use serde_json::{Map, Value, json};

/// A bar, part by part.
#[derive(Debug, Default)]
struct Bar(Vec<Part>);

#[derive(Debug)]
struct Part {
    kind: &'static str,
    count: u64,
    reasons: Vec<Value>,
}

impl Bar {
    /// Adds a part, if there is something in it.
    fn part(&mut self, kind: &'static str, reasons: impl IntoIterator<Item = (u64, Value)>) {
        let reasons: Vec<(u64, Value)> = reasons.into_iter().filter(|(count, _)| *count > 0).collect();
        let count = reasons.iter().map(|(count, _)| count).sum();
        if count > 0 {
            self.0.push(Part { kind, count, reasons: reasons.into_iter().map(|(_, reason)| reason).collect() });
        }
    }

    fn document(self) -> Value {
        let total: u64 = self.0.iter().map(|part| part.count).sum();
        let part = |Part { kind, count, reasons }| json!({ "kind": kind, "count": count, "reasons": reasons });
        json!({ "total": total, "parts": self.0.into_iter().map(part).collect::<Vec<_>>() })
    }
}

fn reason(count: u64, text: &str) -> (u64, Value) {
    (count, json!({ "text": text, "count": count }))
}

/// The accounts of detections that were computed with.
const USED: [(&str, &str, &str); 4] = [
    ("confirmed", "confirmed", "Of tracks that were confirmed at some time."),
    ("unconfirmed", "unconfirmed", "Of tracks that were never confirmed."),
    ("none", "none", "Of no track: clutter, as far as can be told."),
    ("outside_coverage", "outside", "Of no track, where their sensor's coverage expects no object."),
];

fn used(bar: &mut Bar, accounts: &Value) {
    for (account, kind, text) in USED {
        let count = accounts.get(account).and_then(Value::as_u64).unwrap_or_default();
        bar.part(kind, [reason(count, text)]);
    }
}

/// The same, with detections of confirmed tracks by how exactly they were taken, so far as that is known: of which tracks
/// those of a level became is not, so where a lane took some exact and some not, a part may be either.
fn used_at(bar: &mut Bar, ledger: &Value) {
    let count = |key: &str| ledger.get(key).and_then(Value::as_u64).unwrap_or_default();
    let taken = Level::taken(ledger);
    let of = |coarse: bool| taken.iter().filter(move |(level, _)| level.is_coarse() == coarse);
    let exact: u64 = of(false).map(|(_, rows)| rows).sum();
    let all: u64 = USED.iter().map(|(account, ..)| count(account)).sum();
    let (confirmed, coarse) = (count("confirmed"), all.saturating_sub(exact));
    // At least so many are, whatever became of the others.
    let (exactly, coarsely) = (confirmed.saturating_sub(coarse), confirmed.saturating_sub(exact));
    let levels: Vec<String> = of(true).map(|(level, _)| format!("`{}`: {}", level.name, level.demands())).collect();
    let levels = levels.join("; ");
    let [(_, _, text), others @ ..] = USED;
    bar.part("exact", [reason(exactly, text)]);
    bar.part("coarse", [reason(coarsely, &format!("{text} They were taken at level {levels}."))]);
    let either = format!("{text} Some of them were taken exact and at once, others at level {levels}.");
    bar.part("either", [reason(confirmed.saturating_sub(exactly).saturating_sub(coarsely), &either)]);
    for (account, kind, text) in others {
        bar.part(kind, [reason(count(account), text)]);
    }
}

/// The rows of a picture by level: exact ones first, last those of which the level is not known.
fn rows<'a>(bar: &mut Bar, levels: impl Iterator<Item = (u64, Option<&'a Level>)>) {
    let all: Vec<(u64, Option<&Level>)> = levels.collect();
    for (kind, coarse) in [("exact", Some(false)), ("coarse", Some(true)), ("unknown", None)] {
        let of_kind = all.iter().filter(|(_, level)| level.map(Level::is_coarse) == coarse);
        bar.part(
            kind,
            of_kind.map(|(count, level)| {
                let text =
                    level.map_or_else(|| "Of a level that the row alone does not tell.".to_owned(), Level::words);
                let name = level.map(|level| level.name.as_str());
                (*count, json!({ "text": text, "count": count, "level": name }))
            }),
        );
    }
}

/// The bars of a partner's own page: what its folder says and nothing else.
pub(super) fn of_partner(picture: &Picture, partner: &str, manifest: &Map<String, Value>) -> Value {
    let mut detections = Bar::default();
    if let Some(accounts) = manifest.get("computed_from").and_then(|from| from.get("accounts")) {
        used(&mut detections, accounts);
    }
    let mut bar = Bar::default();
    let levels = picture.levels.iter().map(Some).chain([None]);
    rows(&mut bar, picture.by_level.iter().copied().zip(levels));
    json!({ "partner": partner, "detections": detections.document(), "rows": bar.document() })
}

/// The bars of a partner in the operator's page, from the run's report.
pub(super) fn of_report(report: &Value, levels: &[Level]) -> Value {
    let partner = report.get("partner").and_then(Value::as_str).unwrap_or_default();
    let ledger = report.get("ledger").cloned().unwrap_or_default();
    let mut detections = Bar::default();
    used_at(&mut detections, &ledger);
    let due = counts(ledger.get("not_due")).map(|(level, count)| {
        (count, json!({ "text": format!("Not due yet at level `{level}`."), "count": count, "level": level }))
    });
    detections.part("not_due", due);
    detections.part(
        "withheld",
        counts(ledger.get("withheld"))
            .map(|(rule, count)| reason(count, &withheld(rule, partner, "fuse these detections"))),
    );
    detections.part("rejected", counts(ledger.get("rejected")).map(|(why, count)| reason(count, &format!("{why}."))));
    let mut bar = Bar::default();
    let of = |name: &str| levels.iter().find(|level| level.name == name);
    rows(&mut bar, counts(report.get("levels")).map(|(name, count)| (count, of(name))));
    bar.part(
        "withheld",
        counts(report.get("rows_withheld"))
            .map(|(rule, count)| reason(count, &withheld(rule, partner, "receive these rows"))),
    );
    json!({ "partner": partner, "detections": detections.document(), "rows": bar.document() })
}

fn counts(of: Option<&Value>) -> impl Iterator<Item = (&str, u64)> {
    let all = of.and_then(Value::as_object).into_iter().flatten();
    all.filter_map(|(name, count)| Some((name.as_str(), count.as_u64()?)))
}

fn withheld(rule: &str, partner: &str, what: &str) -> String {
    if rule == crate::policy::NO_POLICY {
        format!("No rule permits {partner} to {what}.")
    } else {
        format!("Withheld by `{rule}`.")
    }
}
