//! A file of a policy and its lines, so that every complaint can name one.

use super::PolicyError;
use super::folder;
use crate::digest::FileDigest;
use crate::files::read_text;
use cedar_policy::ffi::DetailedError;
use serde::de::DeserializeOwned;
use std::path::PathBuf;

/// A text file in memory.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) text: String,
    // Where its lines end, so that a line is found at once.
    ends: Vec<usize>,
}

impl Source {
    pub(super) fn new(path: PathBuf, text: String) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
        Self { path, text, ends }
    }

    pub(super) fn read(path: PathBuf) -> Result<Self, PolicyError> {
        folder::file(&path)?;
        match read_text(&path) {
            Ok(text) => Ok(Self::new(path, text)),
            Err(source) => Err(PolicyError::Unreadable { path, source }),
        }
    }

    /// What it held when it was read.
    pub(super) fn digest(&self) -> FileDigest {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        FileDigest::of(&name, self.text.as_bytes())
    }

    pub(super) fn toml<T: DeserializeOwned>(&self) -> Result<T, PolicyError> {
        toml::from_str(&self.text).map_err(|error| {
            let line = self.line_at(error.span().map_or(0, |span| span.start));
            self.syntax(line, error.message())
        })
    }

    /// The line, counted from 1, of a byte of the text.
    pub(super) fn line_at(&self, offset: usize) -> usize {
        1 + self.ends.partition_point(|&end| end < offset)
    }

    /// The line of the first occurrence of `words`; 1 where there is none.
    pub(super) fn line_with(&self, words: &str) -> usize {
        self.line_at(self.text.find(words).unwrap_or(0))
    }

    pub(super) fn syntax(&self, line: usize, message: &str) -> PolicyError {
        PolicyError::Syntax { path: self.path.clone(), line, message: one_line(message) }
    }

    /// A complaint of Cedar's parsers, which carries its place in the text.
    pub(super) fn cedar(&self, error: &DetailedError) -> PolicyError {
        let offset = error.source_locations.first().map_or(0, |label| label.loc.start);
        self.syntax(self.line_at(offset), &message(error))
    }

    pub(super) fn value(&self, offset: usize, key: &str, found: String, wanted: &'static str) -> PolicyError {
        PolicyError::Value { path: self.path.clone(), line: self.line_at(offset), key: key.to_owned(), found, wanted }
    }

    pub(super) fn duplicate(&self, what: &'static str, name: &str, line: usize, first_line: usize) -> PolicyError {
        PolicyError::Duplicate {
            path: self.path.clone(),
            line,
            what,
            name: name.to_owned(),
            first_path: self.path.clone(),
            first_line,
        }
    }
}

/// The message of an error of Cedar with its label and its help, where it has them.
pub(super) fn message(error: &DetailedError) -> String {
    let label = error.source_locations.iter().find_map(|location| location.label.clone());
    let parts = [Some(error.message.clone()), label, error.help.clone()];
    one_line(&parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
}

pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
