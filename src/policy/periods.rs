//! `periods.toml`: named windows of time, which turn a time into a finite set of names.
//!
//! A window holds its start and not its end. Windows may overlap; a time is in every window that holds it.

use super::PolicyError;
use super::source::Source;
use crate::time::{micros, parse_timestamp};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;

/// The windows of a policy, cut into stretches of time over which the set of windows does not change.
#[derive(Clone, Debug)]
pub struct Periods {
    names: BTreeSet<String>,
    // Stretch i lasts from starts[i - 1] to starts[i]; the first and the last have no bound.
    starts: Vec<i64>,
    sets: Vec<BTreeSet<String>>,
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
        Self { names: BTreeSet::new(), starts: Vec::new(), sets: vec![BTreeSet::new()] }
    }

    pub(super) fn read(source: &Source) -> Result<Self, PolicyError> {
        let file: File = source.toml()?;
        let mut windows: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
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
        }
        Ok(Self::of(&windows))
    }

    fn of(windows: &BTreeMap<String, (i64, i64)>) -> Self {
        let bounds: BTreeSet<i64> = windows.values().flat_map(|&(start, end)| [start, end]).collect();
        let holding = |at: i64| {
            let inside = windows.iter().filter(|(_, (start, end))| (*start..*end).contains(&at));
            inside.map(|(name, _)| name.clone()).collect()
        };
        // Nothing holds before the first bound; after that, a stretch is like its first microsecond.
        let sets = std::iter::once(BTreeSet::new()).chain(bounds.iter().map(|&at| holding(at))).collect();
        Self { names: windows.keys().cloned().collect(), starts: bounds.into_iter().collect(), sets }
    }

    /// The names of all windows.
    #[must_use]
    pub fn names(&self) -> &BTreeSet<String> {
        &self.names
    }

    /// The windows that hold a time.
    #[must_use]
    pub fn periods_at(&self, time_us: i64) -> &BTreeSet<String> {
        static NONE: BTreeSet<String> = BTreeSet::new();
        self.sets.get(self.stretch(time_us)).unwrap_or(&NONE)
    }

    /// The distinct sets of windows that hold some time from `first_us` to `last_us`.
    #[must_use]
    pub fn sets_between(&self, first_us: i64, last_us: i64) -> BTreeSet<BTreeSet<String>> {
        let stretches = self.stretch(first_us)..=self.stretch(last_us.max(first_us));
        self.sets.get(stretches).unwrap_or(&[]).iter().cloned().collect()
    }

    /// Which stretch a time lies in.
    pub(super) fn stretch(&self, time_us: i64) -> usize {
        self.starts.partition_point(|&start| start <= time_us)
    }

    /// The bounds of a stretch, its start and the start of the next.
    pub(super) fn bounds(&self, stretch: usize) -> (i64, i64) {
        let start = stretch.checked_sub(1).and_then(|before| self.starts.get(before));
        (start.copied().unwrap_or(i64::MIN), self.starts.get(stretch).copied().unwrap_or(i64::MAX))
    }

    /// The sets of windows, stretch by stretch.
    pub(super) fn sets(&self) -> &[BTreeSet<String>] {
        &self.sets
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
