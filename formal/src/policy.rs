//! A policy's folder, as far as proofs need it: schema, rules, and the partners with their groups and attributes.
//!
//! This reads the folder by itself and checks little: `trackweave policy check` is for that.

use cedar_policy::{PolicyId, PolicySet, Schema};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Why nothing is proved.
#[derive(Debug, thiserror::Error)]
pub enum FormalError {
    /// A file or folder cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{}: {message}", path.display())]
    Wrong {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The solver is not there, or gives no answer.
    #[error("cvc5: {message}; wanted cvc5 1.3 or later on the PATH, or its path in the environment variable `CVC5`")]
    Solver {
        /// What happened.
        message: String,
    },
}

/// Schema, rules and partners of a folder.
#[derive(Debug)]
pub struct Policy {
    /// Where it is.
    pub folder: PathBuf,
    /// What the rules may speak of.
    pub schema: Schema,
    /// The rules, with the ids of their `@id`.
    pub rules: PolicySet,
    /// Every partner, and what must hold of `principal` if it is that partner, in Cedar.
    pub partners: BTreeMap<String, String>,
}

impl Policy {
    /// Reads a folder.
    pub fn read(folder: &Path) -> Result<Self, FormalError> {
        let path = folder.join("schema.cedarschema");
        let (schema, _) = Schema::from_cedarschema_str(&text(&path)?).map_err(|error| wrong(&path, &error))?;
        Ok(Self { folder: folder.to_owned(), schema, rules: rules(folder)?, partners: partners(folder)? })
    }
}

fn rules(folder: &Path) -> Result<PolicySet, FormalError> {
    let unreadable = |source| FormalError::Unreadable { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "cedar") {
            paths.push(path);
        }
    }
    paths.sort();
    let mut rules = PolicySet::new();
    for path in paths {
        let set: PolicySet = text(&path)?.parse().map_err(|error| wrong(&path, &error))?;
        for rule in set.policies() {
            let id = rule.annotation("id").map_or_else(|| format!("{}:{}", path.display(), rule.id()), str::to_owned);
            rules.add(rule.new_id(PolicyId::new(id))).map_err(|error| wrong(&path, &error))?;
        }
    }
    Ok(rules)
}

/// What must hold of `principal`: its id, the groups that it is in, and the attributes that the file gives it.
fn partners(folder: &Path) -> Result<BTreeMap<String, String>, FormalError> {
    let path = folder.join("partners.toml");
    let file: toml::Table = text(&path)?.parse().map_err(|error| wrong(&path, &error))?;
    let array = |table: &toml::Table, key| table.get(key).and_then(toml::Value::as_array).cloned().unwrap_or_default();
    let groups = array(&file, "group");
    let mut partners = BTreeMap::new();
    for entry in file.get("partner").and_then(toml::Value::as_array).into_iter().flatten() {
        let Some(id) = entry.get("id").and_then(toml::Value::as_str) else {
            return Err(wrong(&path, &"found a partner without `id`, wanted one"));
        };
        let mut holds = format!("principal == Partner::{id:?}");
        let own = entry.as_table().map(|table| array(table, "groups")).unwrap_or_default();
        for group in groups.iter().filter_map(|group| group.get("id")?.as_str()) {
            let inside = own.iter().any(|own| own.as_str() == Some(group));
            let not = if inside { "" } else { "!" };
            holds += &format!(" && {not}(principal in Group::{group:?})");
        }
        for (name, value) in entry.get("attributes").and_then(toml::Value::as_table).into_iter().flatten() {
            let value = literal(value).ok_or_else(|| wrong(&path, &format!("attribute `{name}` has no Cedar form")))?;
            // An attribute that may be absent is only looked at where it is there.
            holds += &format!(" && principal has {name:?} && principal[{name:?}]{value}");
        }
        partners.insert(id.to_owned(), holds);
    }
    Ok(partners)
}

/// What an attribute's value is compared with, in Cedar.
fn literal(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(format!(" == {text:?}")),
        toml::Value::Integer(number) => Some(format!(" == {number}")),
        toml::Value::Boolean(flag) => Some(format!(" == {flag}")),
        toml::Value::Array(items) if items.is_empty() => Some(".isEmpty()".to_owned()),
        toml::Value::Array(items) => {
            let items: Option<Vec<String>> = items.iter().map(|item| Some(format!("{:?}", item.as_str()?))).collect();
            Some(format!(" == [{}]", items?.join(", ")))
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

fn text(path: &Path) -> Result<String, FormalError> {
    std::fs::read_to_string(path).map_err(|source| FormalError::Unreadable { path: path.to_owned(), source })
}

/// An error about a file.
pub fn wrong(path: &Path, message: &impl ToString) -> FormalError {
    FormalError::Wrong { path: path.to_owned(), message: message.to_string() }
}
