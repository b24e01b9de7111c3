//! `periods.toml`: named windows of time, which turn a time into a finite set of names.
//!
//! A window holds its start and not its end. Windows may overlap; a time is in every window that holds it.

use super::PolicyError;
use super::source::Source;
use crate::ingest::TimeScale;
use crate::time::{micros, parse_timestamp};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use toml::Spanned;

/// The windows of a policy.
#[derive(Clone, Debug)]
pub struct Periods {
    names: BTreeSet<String>,
    // Start and end of each window.
    windows: BTreeMap<String, (i64, i64)>,
    written: Vec<Written>,
    path: PathBuf,
}

/// A time as it is written.
#[derive(Clone, Debug)]
struct Written {
    period: String,
    line: usize,
    text: String,
    scale: TimeScale,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    period: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Spanned<String>,
    start: Spanned<toml::Value>,
    end: Spanned<toml::Value>,
}

impl Periods {
    pub(super) fn none() -> Self {
        Self { names: BTreeSet::new(), windows: BTreeMap::new(), written: Vec::new(), path: PathBuf::new() }
    }

    pub(super) fn read(source: &Source) -> Result<Self, PolicyError> {
        let file: File = source.toml()?;
        let mut windows: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        let mut written = Vec::new();
        for entry in file.period {
            let name = entry.name.get_ref();
            let line = source.line_at(entry.name.span().start);
            if let Some(first) = lines.insert(name.clone(), line) {
                return Err(source.duplicate("period", name, line, first));
            }
            let start = time(source, "start", &entry.start)?;
            let end = time(source, "end", &entry.end)?;
            if end <= start {
                let found = format!("`{}`", entry.end.get_ref());
                return Err(source.value(entry.end.span().start, "end", found, "a time after `start`"));
            }
            windows.insert(name.clone(), (start, end));
            written.extend([("start", &entry.start), ("end", &entry.end)].map(|(key, value)| Written {
                period: name.clone(),
                line: source.line_at(value.span().start),
                text: format!("`{key}` is `{}`", value.get_ref().to_string().trim_matches('"')),
                scale: scale(value.get_ref()),
            }));
        }
        Ok(Self { names: windows.keys().cloned().collect(), windows, written, path: source.path.clone() })
    }

    /// Checks that all times are written as a recording counts them: seconds have no meaning among instants, nor
    /// instants among seconds, and a `forbid` with such a period would never apply.
    pub(super) fn counted_in(&self, scale: TimeScale) -> Result<(), PolicyError> {
        let Some(wrong) = self.written.iter().find(|written| written.scale != scale) else { return Ok(()) };
        let (found, wanted) = match scale {
            TimeScale::Timestamp => (
                format!("{}, seconds, in a recording with `time = \"timestamp\"`", wrong.text),
                "an RFC 3339 time with its offset, such as `2018-08-01T05:30:00Z`",
            ),
            TimeScale::Seconds => (
                format!("{}, an instant, in a recording with `time = \"seconds\"`", wrong.text),
                "seconds, as the recording counts them",
            ),
        };
        let (path, period) = (self.path.clone(), wrong.period.clone());
        Err(PolicyError::Scale { path, line: wrong.line, period, found, wanted })
    }

    /// The names of all windows.
    #[must_use]
    pub fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// The start and the end of a window, if there is such a window.
    pub(super) fn window(&self, name: &str) -> Option<[i64; 2]> {
        self.windows.get(name).map(|&(start, end)| [start, end])
    }

    /// The windows that hold a time.
    #[must_use]
    pub fn periods_at(&self, time_us: i64) -> BTreeSet<String> {
        let holding = self.windows.iter().filter(|(_, (start, end))| (*start..*end).contains(&time_us));
        holding.map(|(name, _)| name.clone()).collect()
    }

    /// Every time at which a window starts or ends.
    pub(super) fn bounds(&self) -> impl Iterator<Item = i64> + '_ {
        self.windows.values().flat_map(|&(start, end)| [start, end])
    }
}

/// The scale of a time that was read.
fn scale(value: &toml::Value) -> TimeScale {
    if matches!(value, toml::Value::Integer(_) | toml::Value::Float(_)) {
        TimeScale::Seconds
    } else {
        TimeScale::Timestamp
    }
}

fn time(source: &Source, key: &str, value: &Spanned<toml::Value>) -> Result<i64, PolicyError> {
    let read = match value.get_ref() {
        toml::Value::String(text) => parse_timestamp(text),
        toml::Value::Datetime(instant) => parse_timestamp(&instant.to_string()),
        toml::Value::Integer(seconds) => seconds.checked_mul(crate::time::SECOND_US),
        toml::Value::Float(seconds) => micros(*seconds),
        toml::Value::Boolean(_) | toml::Value::Array(_) | toml::Value::Table(_) => None,
    };
    read.ok_or_else(|| {
        let wanted = "an RFC 3339 time with its offset, such as `2018-08-01T05:30:00Z`, or seconds";
        source.value(value.span().start, key, format!("`{}`", value.get_ref()), wanted)
    })
}
