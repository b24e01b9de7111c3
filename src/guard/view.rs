//! What of a policy concerns one partner, once more from docs/pictures.md.

use super::folder::hex;
use super::rules::{Book, Demands, Level, Partner};
use cedar_policy::Effect;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

impl Book {
    /// The digest of a partner's view of the policy.
    pub(super) fn view_sha256(&self, partner: &Partner) -> String {
        let mut rules = Map::new();
        for (id, form) in self.forms.iter().filter(|(id, _)| partner.reads.contains_key(*id)) {
            let mut json = form.clone();
            json.as_object_mut().map(|json| json.remove("annotations"));
            rules.insert(id.clone(), json);
        }
        let levels = |levels: &[Level]| -> Vec<Value> {
            let could = levels.iter().filter(|level| self.could_get(partner, level));
            could.map(|level| json!({ "level": level.deed.name, "demands": demands(&level.demands) })).collect()
        };
        let (none, compared) = (BTreeSet::new(), |attribute| partner.names.get(attribute));
        let mut zones = self.zones.outlines.clone();
        zones.retain(|name, _| compared("zones").is_some_and(|names| names.contains(name)));
        let mut view = json!({
            "partner": partner.entry, "rules": rules, "fuse": levels(&self.fuse), "receive": levels(&self.receive),
            "zones": zones, "periods": self.periods.among(compared("periods").unwrap_or(&none)),
        });
        view.sort_all_objects();
        hex(&Sha256::digest(view.to_string()))
    }

    /// Whether no rule could give the partner a level of `receive` that demands something.
    pub(super) fn receives_plainly(&self, partner: &Partner) -> bool {
        !self.receive.iter().any(|level| level.demands != Demands::default() && self.could_get(partner, level))
    }

    /// The longest delay of the levels of `receive` that some rule could give the partner, microseconds.
    pub(super) fn longest_delay_us(&self, partner: &Partner) -> i64 {
        let could = self.receive.iter().filter(|level| self.could_get(partner, level));
        could.map(|level| level.demands.delay_us).max().unwrap_or(0)
    }

    fn could_get(&self, partner: &Partner, level: &Level) -> bool {
        let mut rules = self.rules.policies().filter(|rule| partner.reads.contains_key(&rule.id().to_string()));
        rules.any(|rule| rule.effect() == Effect::Permit && self.applies(rule, &level.deed.uid))
    }
}

fn demands(Demands { delay_us, coarsen_m, omit }: &Demands) -> Value {
    json!({ "delay_us": delay_us, "coarsen_m": coarsen_m, "omit": omit })
}

/// An entry of `partners.toml` as the view has it: id, attributes and groups, each set in the order of the alphabet.
pub(super) fn entry(id: &str, entry: &toml::Value) -> Value {
    let attributes = entry.get("attributes").and_then(toml::Value::as_table).into_iter().flatten();
    let attributes: Map<String, Value> = attributes.map(|(name, value)| (name.clone(), json(value))).collect();
    let groups = entry.get("groups").map_or_else(|| json!([]), json);
    json!({ "id": id, "attributes": attributes, "groups": groups })
}

fn json(value: &toml::Value) -> Value {
    match value {
        toml::Value::Array(items) => {
            let mut items: Vec<&str> = items.iter().filter_map(toml::Value::as_str).collect();
            items.sort_unstable();
            items.dedup();
            json!(items)
        }
        plain => json!(plain),
    }
}
