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
use super::source::message;
use cedar_policy::{ActionConstraint, Effect, EntityUid};
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
        for rule in partner.rules.policies() {
            let json = rule
                .to_json()
                .map_err(|error| PolicyError::Refused { what: "a rule as JSON", message: message(&(&error).into()) })?;
            let mut read = BTreeSet::new();
            gather(&json, &mut disclosure.names, &mut read);
            disclosure.reads.insert(rule.id().to_string(), read);
            if rule.effect() == Effect::Permit {
                let obliged = |(level, action): &(super::Level, super::schema::Action)| {
                    level.obligations != Obligations::default() && self.covers(&rule.action_constraint(), &action.uid)
                };
                disclosure.plain &= !self.receive.iter().chain(&self.fuse).any(obliged);
            }
        }
        Ok(disclosure)
    }

    fn covers(&self, constraint: &ActionConstraint, action: &EntityUid) -> bool {
        let holds = |group: &EntityUid| group == action || self.model.hierarchy.is_ancestor_of(group, action);
        match constraint {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(only) => only == action,
            ActionConstraint::In(groups) => groups.iter().any(holds),
        }
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
