//! What a run read: digests of the recording's and the policy's files and of the configuration, for the operator.
//!
//! They cover all rows and all rules, so they stand in the operator's manifest alone: a partner could try guesses of what
//! is hidden from it against them.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::{ProductError, io_error};
use super::manifest::{FileEntry, MANIFEST, OperatorManifest};
use super::operator::OPERATOR;
use super::verify::Fault;
use crate::digest::FileDigest;

/// What a run read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The files of the recording, with the rows of the detections.
    pub recording: Vec<FileEntry>,
    /// The files of the policy.
    pub policy: Vec<FileEntry>,
    /// SHA-256 of the configuration as compact JSON, keys sorted.
    pub configuration_sha256: String,
    /// The time of the run, if it was given one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub as_of_us: Option<i64>,
    /// The calibration that corrected lanes, if there was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub calibration: Option<FileEntry>,
    /// Whether offsets of sensors were declared, by the recording or by the configuration for the calibration.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub offsets_declared: bool,
}

impl From<FileDigest> for FileEntry {
    fn from(FileDigest { name, bytes, sha256 }: FileDigest) -> Self {
        Self { name, bytes, sha256, rows: None, columns: None }
    }
}

/// In what an output was made from something else than is given here; `None` if it does not say what from.
///
/// # Errors
/// A manifest of the operator that cannot be read.
pub fn verify_origin(out: &Path, given: &Origin) -> Result<Option<Vec<Fault>>, ProductError> {
    Ok(origin_of(out)?.map(|made_from| made_from.differences(given)))
}

/// What an output was made from; `None` if it does not say.
///
/// # Errors
/// A manifest of the operator that cannot be read.
pub fn origin_of(out: &Path) -> Result<Option<Origin>, ProductError> {
    let path = out.join(OPERATOR).join(MANIFEST);
    let bytes = fs::read(&path).map_err(io_error(&path, "read the file"))?;
    let json = |source| ProductError::Json { path: path.clone(), doing: "read as JSON", source };
    let manifest: OperatorManifest = serde_json::from_slice(&bytes).map_err(json)?;
    Ok(manifest.made_from)
}

impl Origin {
    /// The same, with how many rows the table of detections has.
    #[must_use]
    pub fn with_rows(mut self, rows: u64) -> Self {
        for file in self.recording.iter_mut().filter(|file| file.name.starts_with("detections.")) {
            file.rows = Some(rows);
        }
        self
    }

    /// In what something else is given than what the run read.
    fn differences(&self, given: &Self) -> Vec<Fault> {
        let mut faults = files("recording", &given.recording, &self.recording);
        faults.extend(files("policy", &given.policy, &self.policy));
        let of = |place: &str, found: String, wanted: String| {
            (found != wanted).then(|| Fault { place: place.to_owned(), found, wanted: format!("{wanted} of the run") })
        };
        let digest = |origin: &Self| format!("SHA-256 {}", origin.configuration_sha256);
        faults.extend(of("configuration", digest(given), digest(self)));
        let time = |origin: &Self| origin.as_of_us.map_or_else(|| "no time".to_owned(), |us| format!("{us} µs"));
        faults.extend(of("as_of", time(given), time(self)));
        let calibration = |origin: &Self| {
            let of = |file: &FileEntry| format!("SHA-256 {}", file.sha256);
            origin.calibration.as_ref().map_or_else(|| "no calibration".to_owned(), of)
        };
        faults.extend(of("calibration", calibration(given), calibration(self)));
        faults
    }
}

/// The files of a folder that are other than they were, or were not there, or are not.
fn files(folder: &str, given: &[FileEntry], read: &[FileEntry]) -> Vec<Fault> {
    let is = |name: &str, files: &[FileEntry]| {
        let file = files.iter().find(|file| file.name == name);
        file.map_or_else(|| "no file".to_owned(), |file| format!("{} bytes with SHA-256 {}", file.bytes, file.sha256))
    };
    let names = read.iter().chain(given.iter().filter(|file| read.iter().all(|read| read.name != file.name)));
    let compared = names.map(|file| (&file.name, is(&file.name, given), is(&file.name, read)));
    let other = compared.filter(|(_, found, wanted)| found != wanted);
    let fault = |(name, found, wanted): (&String, String, String)| Fault {
        place: format!("{folder}/{name}"),
        found,
        wanted: format!("{wanted}, which the run read"),
    };
    other.map(fault).collect()
}
