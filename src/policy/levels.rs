//! `levels.toml`: the order of the levels of a group, highest first, and what each demands.

use super::PolicyError;
use super::authority;
use super::source::Source;
use crate::obligations::{COARSEN_RANGE_M, Field, Measured, Obligations};
use crate::time::parse_duration;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

/// How much a permission grants: an action of the schema with its obligations.
#[derive(Clone, Debug, PartialEq)]
pub struct Level<Part = Field> {
    /// The action.
    pub name: String,
    /// What is done before anything is fused or handed out at this level.
    pub obligations: Obligations<Part>,
}

/// Both groups, highest level first, with the line of each level, and what is said of authorities.
#[derive(Debug)]
pub(super) struct Levels {
    pub(super) source: Source,
    pub(super) fuse: Vec<(Level<Measured>, usize)>,
    pub(super) receive: Vec<(Level, usize)>,
    pub(super) authority: Vec<authority::Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    fuse: Vec<Entry<Measured>>,
    receive: Vec<Entry<Field>>,
    #[serde(default)]
    authority: Vec<authority::Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry<Part> {
    level: Spanned<String>,
    delay: Option<Spanned<String>>,
    coarsen_m: Option<Spanned<f64>>,
    omit: Option<Vec<Part>>,
}

impl Levels {
    pub(super) fn read(source: Source) -> Result<Self, PolicyError> {
        let file: File = source.toml()?;
        let fuse = ranked(&source, file.fuse)?;
        let receive = ranked(&source, file.receive)?;
        Ok(Self { source, fuse, receive, authority: file.authority })
    }
}

fn ranked<Part: Copy + Ord>(
    source: &Source,
    entries: Vec<Entry<Part>>,
) -> Result<Vec<(Level<Part>, usize)>, PolicyError> {
    let mut lines = BTreeMap::new();
    let mut levels = Vec::with_capacity(entries.len());
    for entry in entries {
        let obligations = entry.obligations(source)?;
        let line = source.line_at(entry.level.span().start);
        let name = entry.level.into_inner();
        if let Some(first) = lines.insert(name.clone(), line) {
            return Err(source.duplicate("level", &name, line, first));
        }
        levels.push((Level { name, obligations }, line));
    }
    Ok(levels)
}

impl<Part: Copy + Ord> Entry<Part> {
    fn obligations(&self, source: &Source) -> Result<Obligations<Part>, PolicyError> {
        let delay_us = match &self.delay {
            None => 0,
            Some(text) => duration(text.get_ref()).ok_or_else(|| {
                let found = format!("`{}`", text.get_ref());
                source.value(text.span().start, "delay", found, "an ISO 8601 duration, not negative, such as `PT30S`")
            })?,
        };
        if let Some(metres) = self.coarsen_m.as_ref().filter(|metres| !COARSEN_RANGE_M.contains(metres.get_ref())) {
            let found = format!("`{}`", metres.get_ref());
            return Err(source.value(metres.span().start, "coarsen_m", found, "metres from 0.001 to 1000000"));
        }
        Ok(Obligations {
            delay_us,
            coarsen_m: self.coarsen_m.as_ref().map(|metres| *metres.get_ref()),
            omit: self.omit.iter().flatten().copied().collect(),
        })
    }
}

/// Microseconds of an ISO 8601 duration; the reader of times knows other ways to write one, which files do not.
fn duration(text: &str) -> Option<i64> {
    text.starts_with('P').then(|| parse_duration(text)).flatten().filter(|&us| us >= 0)
}
