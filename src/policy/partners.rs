//! `partners.toml`: who receives a picture, what the rules may know about each, and the groups that they are in.

use super::PolicyError;
use super::schema::Model;
use super::source::{Source, message, one_line};
use crate::secret::has_secret;
use cedar_policy::{Entities, Entity, EntityUid, RestrictedExpression};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

/// A nation or organisation that receives one picture.
#[derive(Clone, Debug)]
pub struct Partner {
    /// Unique in the policy, also without regard to case; the name of the partner's folder.
    pub id: String,
    /// What the rules may know about it.
    pub attributes: BTreeMap<String, Attribute>,
    /// The groups that it is in.
    pub groups: BTreeSet<String>,
    /// Ed25519 key as 64 hexadecimal digits, to which pictures can be sealed.
    pub public_key: Option<String>,
    /// The age key that its folder can be encrypted to: `age1…`.
    pub age_recipient: Option<String>,
    pub(super) entity: Entity,
    /// Where it stands in `partners.toml`.
    pub(super) line: usize,
    // By number of the action, the numbers of the rules whose heads name this partner or a group of its own.
    pub(super) rules: Vec<Vec<usize>>,
}

/// A group of partners that `partners.toml` declares.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) uid: EntityUid,
    pub(super) line: usize,
}

/// A value that the rules may know about a partner.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attribute {
    /// `String` in the schema.
    Text(String),
    /// `Bool` in the schema.
    Flag(bool),
    /// `Long` in the schema.
    Number(i64),
    /// `Set<String>` in the schema.
    Names(BTreeSet<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    partner: Vec<Entry>,
    #[serde(default)]
    group: Vec<Declared>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    id: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: Spanned<String>,
    public_key: Option<Spanned<String>>,
    age_recipient: Option<Spanned<String>>,
    #[serde(default)]
    groups: Vec<Spanned<String>>,
    #[serde(default)]
    attributes: BTreeMap<String, Spanned<toml::Value>>,
}

/// The partners and the groups, by id.
pub(super) fn read(source: &Source, model: &Model) -> Result<(Vec<Partner>, Vec<Group>), PolicyError> {
    let file: File = source.toml()?;
    let groups = groups(source, model, file.group)?;
    let mut partners: BTreeMap<String, Partner> = BTreeMap::new();
    let mut lines: BTreeMap<String, usize> = BTreeMap::new();
    for entry in file.partner {
        let line = source.line_at(entry.id.span().start);
        let partner = entry.checked(source, model, &groups)?;
        if let Some(first) = lines.insert(partner.id.to_lowercase(), line) {
            return Err(source.duplicate("partner", &partner.id, line, first));
        }
        partners.insert(partner.id.clone(), partner);
    }
    // By id, so that the order of the file is no input.
    Ok((partners.into_values().collect(), groups.into_values().collect()))
}

/// The groups by id. They are declared, not only used: a slip in a partner's list of groups would otherwise take it
/// out of a rule that forbids.
fn groups(source: &Source, model: &Model, entries: Vec<Declared>) -> Result<BTreeMap<String, Group>, PolicyError> {
    let mut groups = BTreeMap::new();
    let mut lines = BTreeMap::new();
    for Declared { id } in entries {
        let line = source.line_at(id.span().start);
        let id = id.into_inner();
        let Some(uid) = model.group(&id) else {
            let wanted = "no groups, or `entity Group; entity Partner in [Group] …` in schema.cedarschema";
            return Err(PolicyError::Value {
                path: source.path.clone(),
                line,
                key: "group".to_owned(),
                found: format!("`{id}`"),
                wanted,
            });
        };
        if let Some(first) = lines.insert(id.clone(), line) {
            return Err(source.duplicate("group", &id, line, first));
        }
        groups.insert(id.clone(), Group { id, uid, line });
    }
    Ok(groups)
}

impl Entry {
    fn checked(self, source: &Source, model: &Model, groups: &BTreeMap<String, Group>) -> Result<Partner, PolicyError> {
        let start = self.id.span().start;
        let id = self.id.into_inner();
        if !names_a_folder(&id) {
            let wanted = "1 to 64 of the letters a-z and A-Z, digits, `-` and `_`, a letter or digit first";
            return Err(source.value(start, "id", format!("`{id}`"), wanted));
        }
        if let Some(key) = self.public_key.as_ref().filter(|key| !is_ed25519(digits(key.get_ref()))) {
            let found = format!("`{}`", key.get_ref());
            let wanted = "64 hexadecimal digits (an Ed25519 key), or the line that `trackweave keygen` prints";
            return Err(source.value(key.span().start, "public_key", found, wanted));
        }
        if let Some(key) = self.age_recipient.as_ref().filter(|key| !is_age(key.get_ref())) {
            let found = format!("`{}`", key.get_ref());
            return Err(source.value(
                key.span().start,
                "age_recipient",
                found,
                "an age key, `age1` and 58 letters more, of which the last six check the others",
            ));
        }
        let mut attributes = BTreeMap::new();
        for (name, value) in self.attributes {
            let attribute = attribute(value.get_ref()).ok_or_else(|| {
                let found = format!("`{}`", one_line(&value.get_ref().to_string()));
                source.value(value.span().start, &name, found, "a string, a boolean, an integer or strings in an array")
            })?;
            attributes.insert(name, attribute);
        }
        let mut parents = BTreeSet::new();
        for group in &self.groups {
            let found = || format!("`{}`", group.get_ref());
            let wanted = "groups that a `[[group]]` entry declares";
            let known = groups.get(group.get_ref());
            parents
                .insert(known.ok_or_else(|| source.value(group.span().start, "groups", found(), wanted))?.uid.clone());
        }
        let pairs = attributes.iter().map(|(name, value)| (name.clone(), value.expression()));
        let entity = Entity::new_with_tags(model.partner(&id), pairs, parents, []);
        let entity = entity.map_err(|error| source.syntax(source.line_at(start), &error.to_string()))?;
        Entities::from_entities([entity.clone()], Some(&model.schema)).map_err(|error| {
            let text = message(&(&error).into());
            source.syntax(source.line_at(start), &format!("partner `{id}` does not fit schema.cedarschema: {text}"))
        })?;
        let public_key = self.public_key.map(|key| digits(key.get_ref()).to_owned());
        let groups = self.groups.into_iter().map(Spanned::into_inner).collect();
        let age_recipient = self.age_recipient.map(Spanned::into_inner);
        let line = source.line_at(start);
        Ok(Partner { id, attributes, groups, public_key, age_recipient, entity, line, rules: Vec::new() })
    }
}

fn attribute(value: &toml::Value) -> Option<Attribute> {
    match value {
        toml::Value::String(text) => Some(Attribute::Text(text.clone())),
        toml::Value::Boolean(flag) => Some(Attribute::Flag(*flag)),
        toml::Value::Integer(number) => Some(Attribute::Number(*number)),
        toml::Value::Array(items) => {
            items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>().map(Attribute::Names)
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

impl Attribute {
    /// The texts that it holds.
    pub(super) fn names(&self) -> Vec<&str> {
        match self {
            Self::Text(text) => vec![text],
            Self::Names(names) => names.iter().map(String::as_str).collect(),
            Self::Flag(_) | Self::Number(_) => Vec::new(),
        }
    }

    fn expression(&self) -> RestrictedExpression {
        match self {
            Self::Text(text) => RestrictedExpression::new_string(text.clone()),
            Self::Flag(flag) => RestrictedExpression::new_bool(*flag),
            Self::Number(number) => RestrictedExpression::new_long(*number),
            Self::Names(names) => strings(names),
        }
    }
}

/// A set of strings, as Cedar wants it.
pub(super) fn strings(names: &BTreeSet<String>) -> RestrictedExpression {
    RestrictedExpression::new_set(names.iter().map(|name| RestrictedExpression::new_string(name.clone())))
}

fn names_a_folder(id: &str) -> bool {
    let plain = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    plain && !has_secret(id) && id.len() <= 64 && id.starts_with(|c: char| c.is_ascii_alphanumeric())
}

fn is_ed25519(key: &str) -> bool {
    key.len() == 64 && key.chars().all(|c| c.is_ascii_hexdigit())
}

/// The digits of a key, without the word that `keygen` puts before them.
fn digits(key: &str) -> &str {
    key.strip_prefix("ed25519-public:").unwrap_or(key)
}

/// Whether this is an age key of X25519: 32 bytes in Bech32 (BIP 173), whose checksum finds a slip in any four letters.
fn is_age(key: &str) -> bool {
    const LETTERS: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
    const STEPS: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let Some(data) = key.strip_prefix("age1").filter(|data| data.len() == 58) else { return false };
    let Some(data) = data.chars().map(|letter| LETTERS.find(letter)).collect::<Option<Vec<_>>>() else { return false };
    // The letters of `age`, their high bits, zero, their low bits.
    let human = [3, 3, 3, 0, 1, 7, 5];
    let check = human.into_iter().chain(data.iter().copied()).fold(1_u32, |check, value| {
        let top = check >> 25;
        let next = (check & 0x01ff_ffff) << 5 ^ u32::try_from(value).unwrap_or(u32::MAX);
        STEPS.iter().zip(0..).filter(|(_, bit)| top >> bit & 1 == 1).fold(next, |next, (step, _)| next ^ step)
    });
    // 52 letters hold 260 bits, of which the last four are none of the key's.
    check == 1 && data.get(51).is_some_and(|last| last.trailing_zeros() >= 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_in_an_age_key_is_seen() {
        // From the documentation of age.
        let key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
        assert!(is_age(key));
        for at in 4..key.len() {
            for letter in ["q", "p", "7", "b", "Q"] {
                let slip = format!("{}{letter}{}", &key[..at], &key[at + 1..]);
                assert_eq!(is_age(&slip), slip == key, "{slip}");
            }
        }
        assert!(!is_age(&key[..61]) && !is_age(&key.to_uppercase()) && !is_age("age1é"));
    }
}
