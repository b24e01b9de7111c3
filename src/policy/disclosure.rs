//! What a partner's own audit may name.
//!
//! A class of detections or tracks is described by names: of zones, periods, sensors, labels. A partner may read a name
//! where the rules which concern it compare it with just that attribute, as a text or by way of one of its own
//! attributes. A zone that only another partner's rules speak of would tell it that there is such a zone, also where
//! the zone is called like a period of its own, or like itself.
//!
//! A rule's id, too, says something: that some track fulfilled what the rule asks. So where a level hides an attribute
//! (by coarsening the zones, by omission the contributors), rules that read it, or may, are not named beside it.

use super::PolicyError;
use super::partners::Partner;
use super::read::Policy;
use super::speech::{Named, Speech};
use crate::obligations::Obligations;
use std::collections::{BTreeMap, BTreeSet};

/// What one partner's audit may name; from [`Policy::disclosure`].
#[derive(Clone, Debug, Default)]
pub struct Disclosure<'a> {
    // By attribute.
    names: BTreeMap<&'a str, BTreeSet<&'a str>>,
    rules: BTreeMap<&'a str, &'a Speech>,
    /// Whether nothing that a rule could permit this partner to receive carries an obligation.
    pub plain: bool,
}

impl Policy {
    /// What the audit of the partner with this number may name.
    ///
    /// # Errors
    ///
    /// There is no such partner.
    pub fn disclosure(&self, partner: usize) -> Result<Disclosure<'_>, PolicyError> {
        let plainly = self.receives_plainly(partner)?;
        let partner = self.partner(partner)?;
        let mut disclosure = Disclosure::default();
        for (id, rule) in self.concerning(partner) {
            for (attribute, name) in &rule.speaks.compared {
                let names = disclosure.names.entry(kind(attribute)).or_default();
                names.extend(values(name, partner));
            }
            disclosure.rules.insert(id, &rule.speaks);
        }
        let mut fuse = self.fuse.iter().filter(|(level, _)| level.obligations != Obligations::default());
        disclosure.plain = plainly && !fuse.any(|(_, action)| self.could_get(partner, action));
        Ok(disclosure)
    }
}

/// A track's labels are those of its detections.
fn kind(attribute: &str) -> &str {
    if attribute == "labels" { "label" } else { attribute }
}

fn values<'a>(name: &'a Named, partner: &'a Partner) -> BTreeSet<&'a str> {
    match name {
        Named::Text(text) => BTreeSet::from([text.as_str()]),
        Named::Held(attribute) => partner.attributes.get(attribute).into_iter().flat_map(|held| held.names()).collect(),
    }
}

impl Disclosure<'_> {
    /// Whether a name may be read as one of this attribute: `sensor`, `label`, `zones` or `periods`.
    #[must_use]
    pub fn names(&self, attribute: &str, name: &str) -> bool {
        self.names.get(attribute).is_some_and(|names| names.contains(name))
    }

    /// All names that may be read as one of this attribute.
    pub(super) fn named(&self, attribute: &str) -> impl Iterator<Item = &str> {
        self.names.get(attribute).into_iter().flatten().copied()
    }

    /// Those of some names of an attribute that may be read.
    #[must_use]
    pub fn among<'a>(&self, attribute: &str, names: &'a BTreeSet<String>) -> Vec<&'a str> {
        names.iter().map(String::as_str).filter(|name| self.names(attribute, name)).collect()
    }

    /// Those of some rules that read none of the attributes that are `hidden`.
    #[must_use]
    pub fn rules<'a>(&self, ids: &'a [String], hidden: &[&str]) -> Vec<&'a str> {
        let open = |id: &&str| self.rules.get(*id).is_some_and(|speaks| !speaks.reads_any(hidden));
        ids.iter().map(String::as_str).filter(open).collect()
    }
}
