//! What of a policy concerns one partner.
//!
//! Its entry in `partners.toml` but for its keys, the rules whose head admits it, the levels that such a rule could give
//! it, with what they demand, and the zones and periods that such a rule compares with just that attribute of what it
//! asks about. Nothing else goes in: a change of what concerns others alone leaves the view, and so
//! its digest in the partner's manifest, as it was. Comments, order and file names do not count.

use super::PolicyError;
use super::disclosure::Disclosure;
use super::levels::Level;
use super::partners::{Attribute, Partner};
use super::read::Policy;
use super::schema::Action;
use crate::digest::sha256;
use crate::obligations::Obligations;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

impl Policy {
    /// The SHA-256 of the view of the partner with this number, as compact JSON with sorted keys.
    ///
    /// # Errors
    ///
    /// There is no such partner.
    pub fn view_sha256(&self, partner: usize) -> Result<String, PolicyError> {
        Ok(sha256(self.view(self.partner(partner)?, &self.disclosure(partner)?).as_bytes()))
    }

    /// Put together from texts: a rule for everybody is in every view, and made to text once.
    fn view(&self, partner: &Partner, disclosure: &Disclosure<'_>) -> String {
        let sorted = |mut value: Value| {
            value.sort_all_objects();
            value.to_string()
        };
        let Partner { id, attributes, groups, .. } = partner;
        let attributes: BTreeMap<&str, Value> =
            attributes.iter().map(|(name, value)| (name.as_str(), value.json())).collect();
        let zones = disclosure.named("zones").filter_map(|name| Some((name, self.zones.digest(name)?)));
        let periods = disclosure.named("periods").filter_map(|name| Some((name, self.periods().window(name)?)));
        let rules: Vec<String> =
            self.concerning(partner).map(|(id, rule)| format!("{}:{}", json!(id), rule.text())).collect();
        let (zones, periods): (BTreeMap<_, _>, BTreeMap<_, _>) = (zones.collect(), periods.collect());
        format!(
            r#"{{"fuse":{},"partner":{},"periods":{},"receive":{},"rules":{{{}}},"zones":{}}}"#,
            sorted(self.levels_of(partner, &self.fuse).into()),
            sorted(json!({ "id": id, "attributes": attributes, "groups": groups })),
            json!(periods),
            sorted(self.levels_of(partner, &self.receive).into()),
            rules.join(","),
            json!(zones),
        )
    }

    /// The levels that the partner could get, highest first.
    fn levels_of<Part: Serialize>(&self, partner: &Partner, levels: &[(Level<Part>, Action)]) -> Vec<Value> {
        let could = levels.iter().filter(|(_, action)| self.could_get(partner, action));
        could.map(|(level, _)| json!({ "level": level.name, "demands": demands(&level.obligations) })).collect()
    }

    /// Whether no rule could let the partner with this number receive something later or less exact than it is. Only
    /// then may it have a digest of the detections that its picture is from: otherwise it could try guesses of what is
    /// withheld against it.
    ///
    /// # Errors
    ///
    /// There is no such partner.
    pub fn receives_plainly(&self, partner: usize) -> Result<bool, PolicyError> {
        let partner = self.partner(partner)?;
        let obliged = self.receive.iter().filter(|(level, _)| level.obligations != Obligations::default());
        Ok(!obliged.into_iter().any(|(_, action)| self.could_get(partner, action)))
    }

    /// The longest delay of the levels of `receive` that some rule could permit this partner, microseconds.
    ///
    /// # Errors
    ///
    /// There is no such partner.
    pub fn longest_delay_us(&self, partner: usize) -> Result<i64, PolicyError> {
        let partner = self.partner(partner)?;
        let could = self.receive.iter().filter(|(_, action)| self.could_get(partner, action));
        Ok(could.map(|(level, _)| level.obligations.delay_us).max().unwrap_or(0))
    }
}

/// What a level demands, keys as in `levels.toml`.
fn demands<Part: Serialize>(obligations: &Obligations<Part>) -> Value {
    let Obligations { delay_us, coarsen_m, omit } = obligations;
    let omit: BTreeSet<String> = omit.iter().filter_map(|part| json!(part).as_str().map(str::to_owned)).collect();
    json!({ "delay_us": delay_us, "coarsen_m": coarsen_m, "omit": omit })
}

impl Attribute {
    fn json(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Flag(flag) => json!(flag),
            Self::Number(number) => json!(number),
            Self::Names(names) => json!(names),
        }
    }
}
