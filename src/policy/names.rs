//! Names in rules that must exist.
//!
//! Cedar cannot know the zones, periods and partners: to it they are strings. A `forbid` with a slip in a zone's name
//! would be valid and never apply, so names that are compared with what the engine fills in are looked up here:
//! partners and groups anywhere; zones, periods, kinds and states of tracks where a rule compares them with an attribute of
//! `resource`, be it a literal or an attribute of `principal`.

use super::PolicyError;
use super::class::KINDS;
use super::partners::{Attribute, Group, Partner};
use super::release::STATUSES;
use super::rules::{Rule, Rules};
use super::speech::json;
use cedar_policy::EntityUid;
use serde_json::Value;
use std::collections::BTreeSet;

/// The names that exist, by attribute of `resource`.
#[derive(Debug)]
pub(super) struct Names<'a> {
    pub(super) partners: &'a [Partner],
    pub(super) groups: &'a [Group],
    pub(super) zones: BTreeSet<String>,
    pub(super) periods: &'a BTreeSet<String>,
}

/// What kind of thing was named, its name, and the names that exist.
type Unknown = (&'static str, String, Vec<String>);

impl Names<'_> {
    pub(super) fn check(&self, rules: &Rules) -> Result<(), PolicyError> {
        self.complaints(rules)?.into_iter().next().map_or(Ok(()), Err)
    }

    /// Every rule that names something that does not exist, by the rule's id.
    pub(super) fn complaints(&self, rules: &Rules) -> Result<Vec<PolicyError>, PolicyError> {
        let mut complaints = Vec::new();
        for (id, rule) in &rules.rules {
            let (path, line) = rules.place(rule);
            if let Some(entity) = rule.speaks.bystander.clone() {
                complaints.push(PolicyError::Bystander { path: path.to_path_buf(), line, rule: id.clone(), entity });
            }
            if let Some((what, name, known)) = self.complaint(rule)? {
                let known = if known.is_empty() { "(there are none)".into() } else { known.join(", ").into() };
                complaints.push(PolicyError::UnknownName {
                    path: path.to_path_buf(),
                    line,
                    rule: id.clone(),
                    what,
                    name,
                    known,
                });
            }
        }
        Ok(complaints)
    }

    /// The names that rules compare with an attribute of `resource`, also by way of an attribute of a partner.
    pub(super) fn used(&self, rules: &Rules, attribute: &str) -> Result<BTreeSet<String>, PolicyError> {
        let mut used = BTreeSet::new();
        for rule in rules.rules.values() {
            let json = json(&rule.policy)?;
            let mut compared = Vec::new();
            comparisons(&json, &mut compared);
            let compared = compared.into_iter().filter(|(found, _)| *found == attribute);
            used.extend(compared.flat_map(|(_, other)| self.values(other)));
        }
        Ok(used)
    }

    fn complaint(&self, rule: &Rule) -> Result<Option<Unknown>, PolicyError> {
        let mut literals = rule.policy.entity_literals();
        literals.sort();
        if let Some(wrong) = literals.iter().find(|literal| !self.exists(literal)) {
            let partners = self.partners.iter().map(|partner| partner.entity.uid().to_string());
            let known = partners.chain(self.groups.iter().map(|group| group.uid.to_string())).collect();
            return Ok(Some(("entity", wrong.to_string(), known)));
        }
        let json = json(&rule.policy)?;
        let mut compared = Vec::new();
        comparisons(&json, &mut compared);
        for (attribute, other) in compared {
            let (what, known): (_, Vec<String>) = match attribute {
                "zones" => ("zone", self.zones.iter().cloned().collect()),
                "periods" => ("period", self.periods.iter().cloned().collect()),
                "kind" => ("kind", KINDS.map(str::to_owned).to_vec()),
                "status" => ("status", STATUSES.map(str::to_owned).to_vec()),
                _ => continue,
            };
            if let Some(name) = self.values(other).into_iter().find(|name| !known.contains(name)) {
                return Ok(Some((what, name, known)));
            }
        }
        Ok(None)
    }

    /// Actions are the validator's business; classes have no names that a rule could use.
    fn exists(&self, literal: &EntityUid) -> bool {
        literal.type_name().basename() == "Action"
            || self.partners.iter().any(|partner| partner.entity.uid() == *literal)
            || self.groups.iter().any(|group| group.uid == *literal)
    }

    /// The strings that an expression can stand for: literals, and attributes of the partners.
    fn values(&self, expression: &Value) -> Vec<String> {
        if let Some(Value::String(text)) = expression.get("Value") {
            return vec![text.clone()];
        }
        if let Some(Value::Array(items)) = expression.get("Set") {
            return items.iter().flat_map(|item| self.values(item)).collect();
        }
        let Some(name) = attribute_of("principal", expression) else { return Vec::new() };
        let held = self.partners.iter().filter_map(|partner| partner.attributes.get(name));
        held.flat_map(Attribute::names).collect()
    }
}

/// Everything that a rule compares with an attribute of `resource`, with that attribute's name.
fn comparisons<'a>(expression: &'a Value, found: &mut Vec<(&'a str, &'a Value)>) {
    match expression {
        Value::Array(items) => items.iter().for_each(|item| comparisons(item, found)),
        Value::Object(members) => {
            for (operator, operands) in members {
                if matches!(operator.as_str(), "==" | "!=" | "contains" | "containsAll" | "containsAny")
                    && let (Some(left), Some(right)) = (operands.get("left"), operands.get("right"))
                {
                    found.extend(attribute_of("resource", left).map(|name| (name, right)));
                    found.extend(attribute_of("resource", right).map(|name| (name, left)));
                }
                comparisons(operands, found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn attribute_of<'a>(variable: &str, expression: &'a Value) -> Option<&'a str> {
    let access = expression.get(".")?;
    let of = access.get("left")?.get("Var")?.as_str()?;
    (of == variable).then(|| access.get("attr")?.as_str())?
}
