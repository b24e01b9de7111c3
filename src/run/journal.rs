//! What was decided, for the operator and for each partner.
//!
//! The operator's audit has every decision: partner, class, action, answer, rules, obligations, and how many detections
//! or rows the class has. A partner's audit is a function of what its picture may be computed from and of the rules
//! as they concern it, and says no more than its rows do:
//!
//! - Only what was granted. That a class was denied would tell that it is there.
//! - *Tracks*: for every class of which the picture has rows, the level, its obligations, the authorities, whether the
//!   partner may see who else may act, and how many rows. A class is described by what its rows show: status, periods, contributors where the level names them, zones
//!   where it does not coarsen, never labels; and with it stand only rules that read nothing else.
//! - *Detections*: for every class that was fused, the level and how many, if no rule could give the partner a
//!   level with obligations. Where one could, a count would tell of what is still embargoed, and there is none.
//! - Keys stand in the order of the alphabet; one entry, one text.
//! - Names only as far as the partner may read them ([`Disclosure`]).

use super::RunError;
use super::basis::Basis;
use super::pictures::{Released, Tally};
use crate::policy::{ClassKey, DecisionRecord, Decisions, Disclosure, Field, Obligations, TrackClass};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Entries by what they say but for their count.
#[derive(Default)]
struct Entries(BTreeMap<String, (Value, u64)>);

impl Entries {
    fn add(&mut self, mut entry: Value, count: u64) {
        entry.sort_all_objects();
        self.0.entry(entry.to_string()).or_insert((entry, 0)).1 += count;
    }

    /// In the order of their text, which tells nothing of when a class turned up.
    fn into_values(self) -> Vec<Value> {
        let counted = |(mut entry, count): (Value, u64)| {
            if let Some(entry) = entry.as_object_mut() {
                entry.insert("count".to_owned(), count.into());
            }
            entry.sort_all_objects();
            entry
        };
        self.0.into_values().map(counted).collect()
    }
}

/// Why something was granted: rules by what was asked.
type Reasons<'a> = BTreeMap<(String, &'a str), &'a [String]>;

fn reasons<'a>(records: impl Iterator<Item = &'a DecisionRecord>) -> Reasons<'a> {
    let granted = records.filter(|record| record.allowed);
    granted.map(|record| ((record.class.clone(), record.action.as_str()), record.decided_by.as_slice())).collect()
}

/// The audit of one partner.
///
/// # Errors
/// A rule that cannot be taken apart.
pub(super) fn of_partner(
    basis: &Basis<'_>,
    decisions: &Decisions,
    partner: usize,
    (tally, records): (&Tally, &[DecisionRecord]),
) -> Result<Vec<Value>, RunError> {
    let Some(id) = basis.policy.partners().get(partner).map(|partner| &partner.id) else { return Ok(Vec::new()) };
    let knows = basis.policy.disclosure(partner)?;
    let mut entries = Entries::default();
    if knows.plain {
        for ((number, class), summary) in (0u32..).zip(basis.classes).zip(basis.summaries) {
            let Some((level, rules)) = decisions.grant(number, partner) else { continue };
            let class = detections(class, id, &knows);
            entries.add(granted(id, &class, level, &knows.rules(rules, &[]), None), summary.count);
        }
    }
    let reasons = reasons(records.iter());
    for (class, shown) in tally.classes.iter().filter(|(_, shown)| shown.rows > 0) {
        let hidden = hidden(&shown.obligations);
        let words = tracks(class, &hidden, &knows);
        let text = class.to_string();
        let rules = |action: &str| {
            let all = reasons.get(&(text.clone(), action)).copied().unwrap_or_default();
            knows.rules(all, &hidden)
        };
        let demands = Some(&shown.obligations);
        entries.add(granted(id, &words, &shown.level, &rules(&shown.level), demands), shown.rows);
        for action in &shown.actions {
            entries.add(granted(id, &words, action, &rules(action), None), shown.rows);
        }
    }
    Ok(entries.into_values())
}

/// The operator's audit: every decision, in the order in which it was asked for, given to `write` one by one.
///
/// # Errors
/// Those of `write`.
pub(super) fn of_operator<E>(
    basis: &Basis<'_>,
    records: &[DecisionRecord],
    released: &[Released],
    mut write: impl FnMut(&Value) -> Result<(), E>,
) -> Result<(), E> {
    let detections = basis.classes.iter().zip(basis.summaries).map(|(class, of)| (class.to_string(), of.count));
    let detections: BTreeMap<String, u64> = detections.collect();
    let partners = basis.policy.partners().iter().zip(released);
    let tracks: BTreeMap<&str, BTreeMap<String, u64>> = partners
        .map(|(partner, released)| {
            let classes = released.tally.classes.iter();
            (partner.id.as_str(), classes.map(|(class, shown)| (class.to_string(), shown.asked)).collect())
        })
        .collect();
    let policy = basis.policy;
    let fuse = policy.fuse_levels().map(|level| (level.name.as_str(), demands(&level.obligations)));
    let receive = policy.receive_levels().map(|level| (level.name.as_str(), demands(&level.obligations)));
    let levels: BTreeMap<&str, Value> = fuse.chain(receive).collect();
    let entry = |record: &DecisionRecord| {
        let DecisionRecord { partner, class, action, allowed, decided_by } = record;
        let count = detections.get(class).or_else(|| tracks.get(partner.as_str())?.get(class));
        let mut entry = json!({
            "partner": partner, "class": class, "action": action, "allowed": allowed, "decided_by": decided_by,
            "obligations": levels.get(action.as_str()), "count": count,
        });
        entry.sort_all_objects();
        entry
    };
    records.iter().try_for_each(|record| write(&entry(record)))
}

fn granted(partner: &str, class: &Value, action: &str, rules: &[&str], level: Option<&Obligations>) -> Value {
    let mut entry = json!({
        "partner": partner, "class": class, "action": action, "allowed": true, "decided_by": rules,
    });
    if let (Some(entry), Some(obligations)) = (entry.as_object_mut(), level) {
        entry.insert("obligations".to_owned(), demands(obligations));
    }
    entry
}

/// What a level demands, keys as in `levels.toml`.
pub(super) fn demands<Part: Serialize>(obligations: &Obligations<Part>) -> Value {
    let Obligations { delay_us, coarsen_m, omit } = obligations;
    let mut demands = serde_json::Map::new();
    if *delay_us > 0 {
        demands.insert("delay_us".to_owned(), (*delay_us).into());
    }
    if let Some(metres) = coarsen_m {
        demands.insert("coarsen_m".to_owned(), (*metres).into());
    }
    if !omit.is_empty() {
        demands.insert("omit".to_owned(), json!(omit));
    }
    demands.into()
}

/// The attributes of a class of tracks that rows with these obligations do not show.
fn hidden(obligations: &Obligations) -> Vec<&'static str> {
    let coarse = obligations.coarsen_m.map(|_| "zones");
    let nameless = obligations.omit.contains(&Field::Contributors).then_some("contributors");
    ["labels"].into_iter().chain(coarse).chain(nameless).collect()
}

fn detections(class: &ClassKey, partner: &str, knows: &Disclosure<'_>) -> Value {
    let ClassKey { sensor, owner, kind, label, zones, periods, identified, placed: _, waited_us: _ } = class;
    let mut words = json!({
        "of": "detections", "owner": owner, "kind": kind, "identified": identified,
        "zones": knows.among("zones", zones), "periods": knows.among("periods", periods),
    });
    let mut name = |key: &str, name: &str| {
        if let Some(words) = words.as_object_mut() {
            words.insert(key.to_owned(), name.into());
        }
    };
    if owner == partner || knows.names("sensor", sensor) {
        name("sensor", sensor);
    }
    if owner == partner || knows.names("label", label) {
        name("label", label);
    }
    words
}

fn tracks(class: &TrackClass, hidden: &[&str], knows: &Disclosure<'_>) -> Value {
    let TrackClass { contributors, labels: _, zones, periods, status } = class;
    let mut words = json!({ "of": "tracks", "status": status.name(), "periods": knows.among("periods", periods) });
    if let Some(words) = words.as_object_mut() {
        if !hidden.contains(&"zones") {
            words.insert("zones".to_owned(), json!(knows.among("zones", zones)));
        }
        if !hidden.contains(&"contributors") {
            words.insert("contributors".to_owned(), json!(contributors));
        }
    }
    words
}
