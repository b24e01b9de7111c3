//! `[detections]`, `[looks]` and `[truth]` of `recording.toml`: how tables are written, key by key, checked.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use toml::Spanned;

use super::catalogue::TimeScale;
use super::catalogue_file::Checker;
use super::dialect::{Dialect, Dimension, Origin, Place, Unit, is_whole};
use super::error::{IngestError, quoted};
use super::layout::{Layout, Role};
use crate::time::offset_us;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DialectEntry {
    separator: Option<Spanned<String>>,
    decimal: Option<Spanned<String>>,
    comment: Option<Spanned<String>>,
    header: Option<Spanned<Vec<String>>>,
    #[serde(default)]
    missing: Vec<String>,
    zone: Option<Spanned<String>>,
    #[serde(default)]
    ignore: Vec<String>,
    #[serde(default)]
    columns: BTreeMap<String, Spanned<OriginEntry>>,
}

/// The name of a column of the file, or a table that says more.
#[derive(Default)]
struct OriginEntry(OriginKeys);

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct OriginKeys {
    column: Option<String>,
    columns: Option<Vec<String>>,
    value: Option<toml::Value>,
    unit: Option<String>,
    format: Option<String>,
}

impl<'de> Deserialize<'de> for OriginEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entry;
        impl<'de> Visitor<'de> for Entry {
            type Value = OriginEntry;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a column of the file, or a table with `column`, `columns` or `value`")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<OriginEntry, E> {
                Ok(OriginEntry(OriginKeys { column: Some(name.to_owned()), ..OriginKeys::default() }))
            }

            fn visit_map<A: MapAccess<'de>>(self, keys: A) -> Result<OriginEntry, A::Error> {
                OriginKeys::deserialize(MapAccessDeserializer::new(keys)).map(OriginEntry)
            }
        }
        deserializer.deserialize_any(Entry)
    }
}

/// Checks how a table is written that has this layout but for that.
pub(super) fn dialect(
    entry: Option<&DialectEntry>,
    checker: &Checker<'_>,
    layout: &Layout,
) -> Result<Arc<Dialect>, IngestError> {
    let Some(entry) = entry else { return Ok(Arc::default()) };
    let DialectEntry { separator, decimal, comment, header, missing, zone, ignore, columns } = entry;
    let one_of = |key, text: &Option<Spanned<String>>, known: &[&str], wanted: &str| {
        let Some(text) = text else { return Ok(None) };
        let sign = text.get_ref().as_bytes().first().copied().filter(|_| known.contains(&text.get_ref().as_str()));
        sign.map(Some).ok_or_else(|| checker.wrong(text.span(), key, quoted(text.get_ref()), wanted))
    };
    let separators = "one of \",\", \";\", \"\\t\", \"|\"";
    let separator = one_of("separator", separator, &[",", ";", "\t", "|"], separators)?;
    let decimal_comma = one_of("decimal", decimal, &[".", ","], "\".\" or \",\"")? == Some(b',');
    if let Some(comment) = comment.as_ref().filter(|comment| comment.get_ref().trim().is_empty()) {
        return Err(checker.wrong(comment.span(), "comment", "blank", "what lines begin with that are no rows"));
    }
    if let Some(header) = header.as_ref().filter(|header| header.get_ref().is_empty()) {
        let wanted = "the names of the columns of a CSV file that has no line of them";
        return Err(checker.wrong(header.span(), "header", "empty", wanted));
    }
    let mut dialect = Dialect {
        separator,
        decimal_comma,
        comment: comment.as_ref().map(|comment| comment.get_ref().clone()),
        header: header.as_ref().map(|header| header.get_ref().clone()),
        missing: missing.clone(),
        ahead_us: zone.as_ref().map(|zone| ahead(zone, checker, layout)).transpose()?,
        ignore: ignore.clone(),
        columns: BTreeMap::new(),
    };
    for (name, origin) in columns {
        let role = layout.role(name).ok_or_else(|| {
            let wanted = format!("one of {}: the names here, each with that of the file", layout.names());
            checker.wrong(origin.span(), name, "no column of this table", wanted)
        })?;
        let of = Of { name, role, span: origin.span(), layout, checker, zoned: dialect.ahead_us.is_some() };
        dialect.columns.insert(layout.name(role), of.origin(&origin.get_ref().0)?);
    }
    Ok(Arc::new(dialect))
}

/// How far ahead of UTC a zone is.
fn ahead(zone: &Spanned<String>, checker: &Checker<'_>, layout: &Layout) -> Result<i64, IngestError> {
    if layout.time == TimeScale::Seconds {
        let wanted = "no zone: time = \"seconds\", which have none";
        return Err(checker.wrong(zone.span(), "zone", "there", wanted));
    }
    let wanted =
        "\"UTC\", or what is to be taken off, such as \"+02:00\"; where clocks are put forward and back, times in UTC";
    let ahead_us = offset_us(zone.get_ref().as_bytes());
    ahead_us.ok_or_else(|| checker.wrong(zone.span(), "zone", quoted(zone.get_ref()), wanted))
}

/// A column of a table whose origin is checked.
struct Of<'a> {
    name: &'a str,
    role: Role,
    span: Range<usize>,
    layout: &'a Layout,
    checker: &'a Checker<'a>,
    /// Whether the table says what zone its times are in.
    zoned: bool,
}

impl Of<'_> {
    fn wrong(&self, found: impl fmt::Display, wanted: impl Into<Box<str>>) -> IngestError {
        self.checker.wrong(self.span.clone(), self.name, found, wanted)
    }

    fn origin(&self, keys: &OriginKeys) -> Result<Origin, IngestError> {
        let OriginKeys { column, columns, value, unit, format } = keys;
        let is_time = matches!(self.role, Role::Time | Role::End);
        let from = match (column, columns.as_deref(), value) {
            (Some(column), None, None) => Place::Column(column.clone()),
            (None, Some([date, time]), None) if is_time && unit.is_none() => {
                Place::Columns([date.clone(), time.clone()])
            }
            (None, Some(_), None) => {
                return Err(self.wrong("from `columns`", "them of a time in text alone: [its date, its time of day]"));
            }
            (None, None, Some(value)) => self.value(value)?,
            _ => return Err(self.wrong("from several places or none", "one of `column`, `columns`, `value`")),
        };
        let named = |unit: &String| {
            Unit::named(unit, self.role)
                .ok_or_else(|| self.wrong(format!("in unit {}", quoted(unit)), Dimension::units(self.role)))
        };
        let unit = unit.as_ref().map(named).transpose()?;
        if let Some(format) = format {
            if !is_time || unit.is_some() || self.layout.time == TimeScale::Seconds {
                let wanted = "a format of times in text alone, where time = \"timestamp\" and there is no `unit`";
                return Err(self.wrong("in a format", wanted));
            }
            self.format(format)?;
        }
        Ok(Origin { from, unit, format: format.clone() })
    }

    /// The value of all rows.
    fn value(&self, value: &toml::Value) -> Result<Place, IngestError> {
        match (self.role, value) {
            (Role::Subject | Role::Label | Role::Identity, toml::Value::String(text)) => Ok(Place::Text(text.clone())),
            (Role::Number(_), toml::Value::Float(number)) => Ok(Place::Number(*number)),
            (Role::Number(_), toml::Value::Integer(number)) => Ok(Place::Number(*number as f64)),
            (Role::Number(_), _) => Err(self.wrong(quoted(&value.to_string()), "a number")),
            (Role::Time | Role::End | Role::Amplitude, _) => {
                Err(self.wrong("one value for all rows", "a column of the file"))
            }
            _ => Err(self.wrong(quoted(&value.to_string()), "text in quotes")),
        }
    }

    fn format(&self, format: &str) -> Result<(), IngestError> {
        let found = format!("in format {}", quoted(format));
        match is_whole(format) {
            None => {
                let wanted =
                    "directives of strptime from the year to the minute at least, such as \"%d.%m.%Y %H:%M:%S\"";
                Err(self.wrong(found, wanted))
            }
            Some(false) if !self.zoned => {
                let table = self.layout.table;
                Err(self.wrong(format!("{found}, which says no zone"), format!("zone = \"UTC\" in [{table}], or `%z`")))
            }
            Some(_) => Ok(()),
        }
    }
}
