//! A partner's folder as a page is made from it: what its manifest says, its audit, its table.

use super::ReportError;
use super::record::{ASSOCIATIONS, LINKS};
use crate::space::Frame;
use serde_json::{Map, Value};
use std::path::Path;

/// The folder of one partner, and what the page may take from its manifest.
#[derive(Debug)]
pub(super) struct Folder<'a> {
    pub(super) path: &'a Path,
    pub(super) manifest: &'a Map<String, Value>,
    /// The entries of its audit.
    pub(super) audit: Vec<Value>,
}

/// Files that a page states the digests of, where they are there.
const STATED: [&str; 4] = ["tracks.parquet", "audit.jsonl", ASSOCIATIONS, LINKS];

impl<'a> Folder<'a> {
    /// Reads the audit beside a picture with this manifest.
    pub(super) fn read(path: &'a Path, manifest: &'a Map<String, Value>) -> Result<Self, ReportError> {
        let wrong =
            |found: String| ReportError::File { path: path.join("audit.jsonl"), found, wanted: "lines of JSON" };
        let text = crate::files::read_text(&path.join("audit.jsonl")).map_err(|error| wrong(error.to_string()))?;
        let entry = |line: &str| {
            let mut line: Value = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
            Ok(line.get_mut("entry").map(Value::take).unwrap_or_default())
        };
        let audit = text.lines().map(entry).collect::<Result<_, ReportError>>()?;
        Ok(Self { path, manifest, audit })
    }

    /// The partner.
    pub(super) fn partner(&self) -> &str {
        self.text("partner")
    }

    /// What the manifest says under a key; nothing where it has none.
    pub(super) fn text(&self, key: &str) -> &str {
        self.manifest.get(key).and_then(Value::as_str).unwrap_or_default()
    }

    /// The frame of the picture.
    pub(super) fn frame(&self) -> Frame {
        if self.text("frame") == "local" { Frame::Local } else { Frame::Geodetic }
    }

    /// Rows of the picture.
    pub(super) fn rows(&self) -> u64 {
        let of = |file: &Value| file.get("rows").and_then(Value::as_u64);
        self.files().filter(|(name, _)| *name == "tracks.parquet").find_map(|(_, file)| of(file)).unwrap_or_default()
    }

    /// Whether the manifest lists a file.
    pub(super) fn has(&self, name: &str) -> bool {
        self.files().any(|(listed, _)| listed == name)
    }

    /// The digests that a page states.
    pub(super) fn digests(&self) -> Value {
        let stated = self.files().filter(|(name, _)| STATED.contains(name));
        let digest = |(name, file): (&str, &Value)| Some((name.to_owned(), file.get("sha256")?.clone()));
        Value::Object(stated.filter_map(digest).collect())
    }

    fn files(&self) -> impl Iterator<Item = (&str, &Value)> {
        let files = self.manifest.get("files").and_then(Value::as_array).into_iter().flatten();
        files.filter_map(|file| Some((file.get("name")?.as_str()?, file)))
    }
}
