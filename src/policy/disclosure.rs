//! What a partner's own audit may name.
//!
//! A class of detections or tracks is described by names: of zones, periods, sensors, owners, labels. A partner may read
//! those that the rules which concern it hold, those that its own attributes hold, and its own. A zone that only
//! another partner's rules speak of would tell it that there is such a zone.
//!
//! A rule's id, too, says something: that some track fulfilled what the rule asks. So where a level hides an attribute
//! (by coarsening the zones, by omission the contributors), rules that read it are not named beside it.

use super::PolicyError;
use super::levels::Obligations;
use super::read::Policy;
use super::speech::json;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What one partner's audit may name; from [`Policy::disclosure`].
#[derive(Clone, Debug, Default)]
pub struct Disclosure {
    names: BTreeSet<String>,
    reads: BTreeMap<String, BTreeSet<String>>,
    /// Whether nothing that a rule could permit this partner to receive carries an obligation.
    pub plain: bool,
}

impl Policy {
    /// What the audit of the partner with this number may name.
    ///
    /// # Errors
    ///
    /// There is no such partner, or a rule that cannot be taken apart.
    pub fn disclosure(&self, partner: usize) -> Result<Disclosure, PolicyError> {
        let partner = self.partner(partner)?;
        let mut disclosure = Disclosure { plain: true, ..Disclosure::default() };
        disclosure.names.insert(partner.id.clone());
        disclosure.names.extend(partner.attributes.values().flat_map(super::partners::Attribute::names));
        let concerning: BTreeSet<usize> = partner.rules.iter().flatten().copied().collect();
        for (number, (id, rule)) in self.rules.rules.iter().enumerate() {
            if concerning.contains(&number) {
                let mut read = BTreeSet::new();
                gather(&json(&rule.policy)?, &mut disclosure.names, &mut read);
                disclosure.reads.insert(id.clone(), read);
            }
        }
        let fuse = self.fuse.iter().filter(|(level, _)| level.obligations != Obligations::default());
        let receive = self.receive.iter().filter(|(level, _)| level.obligations != Obligations::default());
        let mut obliged = fuse.map(|(_, action)| action).chain(receive.map(|(_, action)| action));
        disclosure.plain = !obliged.any(|action| self.could_get(partner, action));
        Ok(disclosure)
    }
}

impl Disclosure {
    /// Whether a name may be read.
    #[must_use]
    pub fn names(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Those of some names that may be read.
    #[must_use]
    pub fn among<'a>(&self, names: &'a BTreeSet<String>) -> Vec<&'a str> {
        names.iter().map(String::as_str).filter(|name| self.names(name)).collect()
    }

    /// Those of some rules that read none of the attributes that are `hidden`.
    #[must_use]
    pub fn rules<'a>(&self, ids: &'a [String], hidden: &[&str]) -> Vec<&'a str> {
        let open = |id: &&str| self.reads.get(*id).is_none_or(|read| !hidden.iter().any(|name| read.contains(*name)));
        ids.iter().map(String::as_str).filter(open).collect()
    }
}

/// The texts in a rule, and the attributes of `resource` that it reads.
fn gather(expression: &Value, texts: &mut BTreeSet<String>, read: &mut BTreeSet<String>) {
    match expression {
        Value::Array(items) => items.iter().for_each(|item| gather(item, texts, read)),
        Value::Object(members) => {
            for (operator, operands) in members {
                match (operator.as_str(), operands) {
                    ("Value", Value::String(text)) => {
                        texts.insert(text.clone());
                    }
                    ("." | "has", access) if access.pointer("/left/Var").is_some_and(|of| of == "resource") => {
                        read.extend(access.get("attr").and_then(Value::as_str).map(str::to_owned));
                    }
                    _ => gather(operands, texts, read),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
