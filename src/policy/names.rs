//! Names in rules that must exist.
//!
//! Cedar cannot know the zones, periods and partners: to it they are strings. A `forbid` with a slip in a zone's name
//! would be valid and never apply, so names that are compared with what the engine fills in are looked up here:
//! partners and groups anywhere; zones, periods, kinds and states of tracks where a rule compares them with an attribute of
//! `resource`, be it a literal or an attribute of `principal`.

use super::PolicyError;
use super::partners::{Group, Partner};
use super::release::STATUSES;
use super::rules::{Rule, Rules};
use super::speech::Named;
use crate::sensor::Kind;
use cedar_policy::EntityUid;
use std::collections::{BTreeMap, BTreeSet};

/// Most names that exist which a message tells.
const TOLD: usize = 20;

/// The names that exist, by attribute of `resource`.
#[derive(Debug)]
pub(super) struct Names<'a> {
    partners: &'a [Partner],
    groups: &'a [Group],
    pub(super) zones: BTreeSet<&'a str>,
    pub(super) periods: BTreeSet<&'a str>,
    entities: BTreeSet<EntityUid>,
    // What any partner holds, by attribute.
    held: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

/// What kind of thing was named, its name, and the names that exist.
type Unknown = (&'static str, String, Vec<String>);

/// By attribute of `resource` and of the partner, the first name that does not exist.
type Looked<'a> = BTreeMap<(&'a str, &'a str), Option<String>>;

impl<'a> Names<'a> {
    pub(super) fn new(
        partners: &'a [Partner],
        groups: &'a [Group],
        zones: BTreeSet<&'a str>,
        periods: &'a BTreeSet<String>,
    ) -> Self {
        let entities = partners.iter().map(|partner| partner.entity.uid());
        let entities = entities.chain(groups.iter().map(|group| group.uid.clone())).collect();
        let mut held: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (name, attribute) in partners.iter().flat_map(|partner| &partner.attributes) {
            held.entry(name).or_default().extend(attribute.names());
        }
        Self { partners, groups, zones, periods: periods.iter().map(String::as_str).collect(), entities, held }
    }

    pub(super) fn check(&self, rules: &Rules) -> Result<(), PolicyError> {
        self.complaints(rules).into_iter().next().map_or(Ok(()), Err)
    }

    /// Every rule that names something that does not exist, by the rule's id.
    pub(super) fn complaints(&self, rules: &Rules) -> Vec<PolicyError> {
        let mut complaints = Vec::new();
        let mut looked = Looked::new();
        for (id, rule) in &rules.by_id {
            let (path, line) = rules.place(rule);
            if let Some(entity) = rule.speaks.bystander.clone() {
                complaints.push(PolicyError::Bystander { path: path.to_path_buf(), line, rule: id.clone(), entity });
            }
            if let Some((what, name, known)) = self.complaint(rule, &mut looked) {
                let more = known.len().checked_sub(TOLD + 1).map(|more| format!("and {} more", more + 1));
                let known: Vec<String> = known.into_iter().take(TOLD).chain(more).collect();
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
        complaints
    }

    /// The names that rules compare with an attribute of `resource`, also by way of an attribute of a partner.
    pub(super) fn used<'r>(&'r self, rules: &'r Rules, attribute: &str) -> BTreeSet<&'r str> {
        let compared = rules.by_id.values().flat_map(|rule| &rule.speaks.compared);
        let compared: BTreeSet<&Named> = compared.filter(|(of, _)| of == attribute).map(|(_, name)| name).collect();
        let mut used = BTreeSet::new();
        for name in compared {
            match name {
                Named::Text(text) => used.extend([text.as_str()]),
                Named::Held(of) => used.extend(self.held.get(of.as_str()).into_iter().flatten().copied()),
            }
        }
        used
    }

    fn complaint<'r>(&self, rule: &'r Rule, looked: &mut Looked<'r>) -> Option<Unknown> {
        let mut literals = rule.policy.entity_literals();
        literals.sort();
        if let Some(wrong) = literals.iter().find(|literal| !self.exists(literal)) {
            let partners = self.partners.iter().map(|partner| partner.entity.uid().to_string());
            let known = partners.chain(self.groups.iter().map(|group| group.uid.to_string())).collect();
            return Some(("entity", wrong.to_string(), known));
        }
        for (attribute, name) in &rule.speaks.compared {
            let unknown = match name {
                Named::Text(text) => Some(text.clone()).filter(|text| self.lacks(attribute, text)),
                Named::Held(of) => looked
                    .entry((attribute, of))
                    .or_insert_with(|| {
                        let held = self.held.get(of.as_str()).into_iter().flatten();
                        held.copied().find(|name| self.lacks(attribute, name)).map(str::to_owned)
                    })
                    .clone(),
            };
            if let Some(name) = unknown {
                let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
                return Some(match attribute.as_str() {
                    "zones" => ("zone", name, owned(self.zones.iter().copied().collect())),
                    "periods" => ("period", name, owned(self.periods.iter().copied().collect())),
                    "kind" => ("kind", name, owned(Kind::NAMES.to_vec())),
                    _ => ("status", name, owned(STATUSES.to_vec())),
                });
            }
        }
        None
    }

    /// Whether an attribute of `resource` has names that the policy must know, and this is none of them.
    fn lacks(&self, attribute: &str, name: &str) -> bool {
        match attribute {
            "zones" => !self.zones.contains(name),
            "periods" => !self.periods.contains(name),
            "kind" => !Kind::NAMES.contains(&name),
            "status" => !STATUSES.contains(&name),
            _ => false,
        }
    }

    /// Actions are the validator's business; classes have no names that a rule could use.
    fn exists(&self, literal: &EntityUid) -> bool {
        literal.type_name().basename() == "Action" || self.entities.contains(literal)
    }
}
