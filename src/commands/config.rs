//! `trackweave config`: the configurations that are built in, one of them as it is written, a file beside one of them.

use super::arguments::Configs;
use super::failure::{Code, Failure};
use super::layout::{counted, paragraph, table};
use super::screen::Screen;
use crate::run::{NAMED, RunConfig};
use serde::Serialize;
use serde_json::{Map, Value};
use std::path::Path;

/// One that is built in.
#[derive(Debug, Serialize)]
struct Named {
    name: &'static str,
    /// What it is for, in the words of its first comment.
    #[serde(rename = "for")]
    purpose: String,
}

/// What `--json` prints without an argument.
#[derive(Debug, Serialize)]
struct Listed {
    configurations: Vec<Named>,
}

/// With a name.
#[derive(Debug, Serialize)]
struct Printed<'a> {
    name: &'a str,
    toml: &'a str,
    values: Value,
}

/// With a file.
#[derive(Debug, Serialize)]
struct Compared<'a> {
    file: &'a Path,
    from: String,
    differs: Vec<Differs>,
    values: Value,
}

/// A key whose value is another one.
#[derive(Debug, Serialize)]
struct Differs {
    key: String,
    /// In the file; null where it has no such key.
    found: Value,
    /// In the one that it is compared with.
    from: Value,
}

/// Runs the command.
pub(super) fn execute(arguments: &Configs, screen: Screen) -> Result<(), Failure> {
    let Configs { choice, from } = arguments;
    let Some(choice) = choice else {
        let listed = Listed {
            configurations: NAMED.iter().map(|(name, toml)| Named { name, purpose: purpose(toml) }).collect(),
        };
        return screen.publish(&listed, || list(&listed));
    };
    let values = values(&RunConfig::chosen(choice)?)?;
    let name = NAMED.iter().find(|(name, _)| choice.as_os_str() == *name).filter(|_| from.is_none());
    if let Some((name, toml)) = name {
        let printed = Printed { name, toml, values };
        return screen.publish_before(&printed, || (String::new(), (*toml).to_owned()));
    }
    let (from, differs) = compare(&values, from.as_deref())?;
    let compared = Compared { file: choice, from, differs, values };
    screen.publish(&compared, || describe(&compared))
}

fn values(config: &RunConfig) -> Result<Value, Failure> {
    serde_json::to_value(config).map_err(|error| Failure::new(Code::Input, error))
}

/// The first comment up to the first period or colon: what the configuration is for.
fn purpose(toml: &str) -> String {
    let words = toml.lines().map_while(|line| line.strip_prefix("# ")).collect::<Vec<_>>().join(" ");
    words.split(". ").next().unwrap_or_default().trim_end_matches('.').to_owned()
}

fn list(Listed { configurations }: &Listed) -> String {
    let width = configurations.iter().map(|of| of.name.len()).max().unwrap_or(0);
    let line = |of: &Named| paragraph(&format!("{:width$}  ", of.name), &of.purpose);
    configurations.iter().map(line).collect::<String>()
        + "\n"
        + &paragraph(
            "",
            "`trackweave config NAME` prints one, `trackweave config FILE` compares a file; docs/choosing.md leads to one, `trackweave inspect` proposes one",
        )
}

/// In what values differ from those of a configuration; without one, of the one that they differ least from.
fn compare(values: &Value, from: Option<&Path>) -> Result<(String, Vec<Differs>), Failure> {
    let against = |choice: &Path| -> Result<_, Failure> {
        let mut differs = Vec::new();
        beside(("", values), &self::values(&RunConfig::chosen(choice)?)?, &mut differs);
        Ok((choice.display().to_string(), differs))
    };
    if let Some(from) = from {
        return against(from);
    }
    let mut best: Option<(String, Vec<Differs>)> = None;
    for (name, _) in NAMED {
        let found = against(Path::new(name))?;
        if best.as_ref().is_none_or(|(_, other)| found.1.len() < other.len()) {
            best = Some(found);
        }
    }
    best.ok_or_else(|| Failure::new(Code::Input, "found no configuration that is built in, wanted one"))
}

/// The keys of two tables, with the tables around them, whose values differ.
fn beside((before, found): (&str, &Value), from: &Value, differs: &mut Vec<Differs>) {
    let none = Map::new();
    let is_leaf = |of: &Value| of.as_object().is_none_or(Map::is_empty);
    if is_leaf(found) && is_leaf(from) {
        // A table without keys says something, too.
        if found != from {
            differs.push(Differs { key: before.to_owned(), found: found.clone(), from: from.clone() });
        }
        return;
    }
    let (a, b) = (found.as_object().unwrap_or(&none), from.as_object().unwrap_or(&none));
    let mut keys: Vec<&String> = a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))).collect();
    keys.sort_unstable();
    for key in keys {
        let name = if before.is_empty() { key.clone() } else { format!("{before}.{key}") };
        let value = |of: &Map<String, Value>| of.get(key).cloned().unwrap_or_default();
        beside((&name, &value(a)), &value(b), differs);
    }
}

fn describe(Compared { file, from, differs, .. }: &Compared<'_>) -> String {
    let file = file.display();
    if differs.is_empty() {
        return format!("{file}: a configuration; its values are those of {from}\n");
    }
    let head = ["key", "found", from.as_str()];
    let rows: Vec<Vec<String>> =
        differs.iter().map(|of| vec![of.key.clone(), cell(&of.found), cell(&of.from)]).collect();
    let are = if differs.len() == 1 { "is not that" } else { "are not those" };
    let values = counted(differs.len() as u64, "value");
    let summary = format!("{file}: a configuration; {values} {are} of {from}");
    paragraph("", &summary) + "\n" + &table(&head, &rows) + &paragraph("", "docs/configuration.md explains every key")
}

/// A value as a file has it: numbers that are kept in 32 bits without the digits that those in 64 have beyond.
#[expect(clippy::cast_possible_truncation, reason = "what is cut off is looked at")]
fn cell(value: &Value) -> String {
    let single = value.as_f64().filter(|_| value.is_f64()).map(|number| (number, number as f32));
    match (value, single) {
        (Value::Null, _) => "-".to_owned(),
        (_, Some((number, single))) if f64::from(single).to_bits() == number.to_bits() => format!("{single:?}"),
        _ => value.to_string(),
    }
}
