//! The policy with one rule lifted: what it would be without a rule, without the conditions of a permit, or without what a
//! level demands.
//!
//! Without a rule that forbids, somebody may get more; without one that permits, less, and what it is worth shows. What holds a
//! permit back are its conditions: without them it is for all that its head admits.

use super::PolicyError;
use super::read::Policy;
use crate::digest::FileDigest;
use cedar_policy::Effect;
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The file that holds all rules of a lifted policy.
const RULES: &str = "rules.cedar";
/// What stands for no rule at all: a policy has at least one.
const NOTHING: &str = "@id(\"nothing-is-permitted\")\nforbid (principal, action, resource);\n";

/// One change of a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "lifted", content = "name")]
pub enum Lift {
    /// A rule that forbids is not there.
    Forbid(String),
    /// A rule that permits is not there.
    Permit(String),
    /// A rule that permits holds without its conditions.
    Conditions(String),
    /// A level demands nothing.
    Level(String),
}

impl Lift {
    /// What is lifted: the id of a rule, or the name of a level.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Forbid(name) | Self::Permit(name) | Self::Conditions(name) | Self::Level(name) => name,
        }
    }
}

impl Policy {
    /// Every change of one rule or level: rules by id, then levels, highest first.
    #[must_use]
    pub fn lifts(&self) -> Vec<Lift> {
        let mut lifts = Vec::new();
        for (id, rule) in &self.rules.by_id {
            if rule.policy.effect() == Effect::Forbid {
                lifts.push(Lift::Forbid(id.clone()));
                continue;
            }
            lifts.push(Lift::Permit(id.clone()));
            let conditions = rule.form.get("conditions").and_then(|conditions| conditions.as_array());
            if conditions.is_some_and(|conditions| !conditions.is_empty()) {
                lifts.push(Lift::Conditions(id.clone()));
            }
        }
        let fuse = self.fuse_levels().filter(|level| level.obligations != super::Obligations::default());
        let receive = self.receive_levels().filter(|level| level.obligations != super::Obligations::default());
        let names = fuse.map(|level| &level.name).chain(receive.map(|level| &level.name));
        lifts.extend(names.map(|name| Lift::Level(name.clone())));
        lifts
    }

    /// The files of the policy, by name, with one change.
    ///
    /// # Errors
    /// A file that is not what it was when the policy was read, or a rule that Cedar cannot write down.
    pub fn lifted(&self, lift: &Lift) -> Result<BTreeMap<String, String>, PolicyError> {
        let mut files = BTreeMap::from([(RULES.to_owned(), self.rules_with_lifted(lift)?)]);
        for FileDigest { name, sha256, .. } in self.files().iter().filter(|file| !is_rules(&file.name)) {
            let source = self.source(name)?;
            if source.digest().sha256 != *sha256 {
                return Err(refused(name, "it changed after the policy was read"));
            }
            let text = match lift {
                Lift::Level(level) if name == "levels.toml" => without_demands(&source.text, level),
                _ => Ok(source.text),
            };
            files.insert(name.clone(), text.map_err(|message| refused(name, &message))?);
        }
        Ok(files)
    }

    fn rules_with_lifted(&self, lift: &Lift) -> Result<String, PolicyError> {
        let mut text = String::new();
        for (id, rule) in &self.rules.by_id {
            let cedar = match lift {
                Lift::Forbid(lifted) | Lift::Permit(lifted) if lifted == id => continue,
                Lift::Conditions(lifted) if lifted == id => {
                    let mut form = rule.form.clone();
                    form.as_object_mut().and_then(|form| form.insert("conditions".to_owned(), serde_json::json!([])));
                    let bare = cedar_policy::Policy::from_json(None, form);
                    bare.map_err(|error| refused(id, &error.to_string()))?.to_cedar()
                }
                _ => rule.policy.to_cedar(),
            };
            text += &cedar.ok_or_else(|| refused(id, "it cannot be written down"))?;
            text.push('\n');
        }
        Ok(if text.is_empty() { NOTHING.to_owned() } else { text })
    }
}

/// Whether a file holds rules.
fn is_rules(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "cedar")
}

fn refused(what: &str, message: &str) -> PolicyError {
    PolicyError::Refused { what: "a policy with one rule lifted", message: format!("`{what}`: {message}") }
}

/// `levels.toml`, one level of which demands nothing.
fn without_demands(text: &str, level: &str) -> Result<String, String> {
    let mut file: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
    for group in ["fuse", "receive"] {
        let entries = file.get_mut(group).and_then(toml::Value::as_array_mut).into_iter().flatten();
        for entry in entries.filter_map(toml::Value::as_table_mut) {
            if entry.get("level").and_then(toml::Value::as_str) == Some(level) {
                entry.retain(|key, _| key == "level");
            }
        }
    }
    toml::to_string(&file).map_err(|error| error.to_string())
}
