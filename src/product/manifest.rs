//! What is in a folder: files with digests, and what they were made from.
//!
//! A partner's manifest names that partner, its files and the configuration as far as it concerns that partner: who
//! calls must pass nothing else. Keys are in one order, there is no clock, and there are no paths. The operator's
//! manifest names the partners' folders; its presence marks an output as ours.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ENGINE_VERSION;
use super::audit::Chain;
use super::digest::sha256;
use super::error::ProductError;
use super::origin::Origin;
use crate::fusion::credit::Accounts;
use crate::space::Frame;

/// What a picture was made with, as far as it concerns its partner, and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct Made<'a> {
    /// The configuration.
    pub configuration: &'a Value,
    /// The time of the run, microseconds, if it was given one.
    pub as_of_us: Option<i64>,
    /// The operator's word for the run, if it was given one.
    pub label: Option<&'a str>,
    /// The decisions that the partner may know of, in their order.
    pub decisions: &'a [Value],
    /// Digests of what it was computed from.
    pub computed_from: Option<&'a Source>,
}

/// What a picture was computed from: digests of what its partner may have, and of nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The detections that its partner may have fused, as they were given to fusion; absent where some level could
    /// withhold or coarsen what the partner receives.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detections: Option<Given>,
    /// What became of these, each in one account; absent where some level of `fuse` or `receive` demands something.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub accounts: Option<Accounts>,
    /// What corrected the detections; absent if nothing did.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub calibration: Option<Calibrated>,
    /// What of the policy concerns the partner.
    pub policy_sha256: String,
}

/// What corrected the detections of a picture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibrated {
    /// Whether the operator declared offsets of a sensor of which the partner may have detections fused: nothing binds these to
    /// what the partner may have.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub declared: bool,
    /// SHA-256 of the entry of a calibration that was computed from the detections that the partner may have fused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub entry_sha256: Option<String>,
}

/// Detections as they were given to fusion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Given {
    /// How many.
    pub rows: u64,
    /// SHA-256 over them.
    pub sha256: String,
}

/// The SHA-256 of a configuration as compact JSON, keys sorted.
#[must_use]
pub fn configuration_sha256(configuration: &Value) -> String {
    let mut configuration = configuration.clone();
    configuration.sort_all_objects();
    sha256(configuration.to_string().as_bytes())
}

/// The longest label, in characters.
const LABEL_MOST: usize = 100;

/// Takes a label: one short line that a terminal shows as it is.
///
/// # Errors
/// A label that is empty or too long, or that has a character that is no letter, digit, space or ASCII punctuation.
pub fn check_label(label: &str) -> Result<(), ProductError> {
    let shown = |letter: &char| letter.is_alphanumeric() || letter.is_ascii_graphic() || *letter == ' ';
    let found = match (label.chars().count(), label.chars().find(|letter| !shown(letter))) {
        (_, Some(letter)) => format!("{letter:?}"),
        (0, None) => "nothing".to_owned(),
        (letters, None) if letters > LABEL_MOST => format!("{letters} characters"),
        (_, None) => return Ok(()),
    };
    Err(ProductError::Label { found })
}

/// The name of the manifest in every folder.
pub(super) const MANIFEST: &str = "manifest.json";
/// What `made_by` says in a manifest of ours.
const MADE_BY: &str = "trackweave";

/// A file of a product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Its name in its folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, as `sha256sum` prints it.
    pub sha256: String,
    /// Its rows, if it is a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// Its columns in their order, if it is a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
}

/// `OUT/<partner>/manifest.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PartnerManifest {
    made_by: String,
    engine_version: String,
    pub partner: String,
    frame: String,
    /// The time of the run, if it was given one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    as_of_us: Option<i64>,
    /// The operator's word for the run, if it was given one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub label: Option<String>,
    configuration: Value,
    configuration_sha256: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    computed_from: Option<Source>,
    /// How far the partner's audit goes.
    pub audit: Chain,
    pub files: Vec<FileEntry>,
}

impl PartnerManifest {
    /// The manifest of a finished picture. The digest is that of the configuration as compact JSON, keys sorted.
    pub(super) fn new(partner: String, frame: Frame, made: &Made<'_>, audit: Chain, files: Vec<FileEntry>) -> Self {
        let mut configuration = made.configuration.clone();
        configuration.sort_all_objects();
        let frame = match frame {
            Frame::Geodetic => "geodetic",
            Frame::Local => "local",
        };
        Self {
            made_by: MADE_BY.to_owned(),
            engine_version: ENGINE_VERSION.to_owned(),
            partner,
            frame: frame.to_owned(),
            as_of_us: made.as_of_us,
            label: made.label.map(str::to_owned),
            configuration_sha256: configuration_sha256(&configuration),
            configuration,
            computed_from: made.computed_from.cloned(),
            audit,
            files,
        }
    }
}

/// `OUT/_operator/manifest.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OperatorManifest {
    pub made_by: String,
    pub engine_version: String,
    /// The operator's word for the run, if it was given one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub label: Option<String>,
    /// What the run read, if it says so.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub made_from: Option<Origin>,
    /// The partners' folders, each with the digest of its manifest.
    pub pictures: Vec<PictureEntry>,
    /// How far the operator's audit goes, if there is one.
    pub audit: Option<Chain>,
    /// The operator's files; not `timings.json`, which differs between equal runs.
    pub files: Vec<FileEntry>,
    /// The digest of the manifest of the encrypted folders, if there are any.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sealed_manifest_sha256: Option<String>,
    /// What should be in the output and is not, such as the scores of a picture, and why; absent if nothing.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub missing: Vec<String>,
}

/// A partner's folder.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PictureEntry {
    /// The partner.
    pub partner: String,
    /// The digest of its manifest, which has those of its files.
    pub manifest_sha256: String,
}

impl OperatorManifest {
    /// The manifest of a whole output.
    pub(super) fn new(pictures: Vec<PictureEntry>, audit: Option<Chain>, files: Vec<FileEntry>) -> Self {
        Self {
            made_by: MADE_BY.to_owned(),
            engine_version: ENGINE_VERSION.to_owned(),
            label: None,
            made_from: None,
            pictures,
            audit,
            files,
            sealed_manifest_sha256: None,
            missing: Vec::new(),
        }
    }

    /// Whether a run of ours wrote it.
    pub(super) fn is_ours(&self) -> bool {
        self.made_by == MADE_BY
    }
}

/// `OUT/_sealed/manifest.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SealedManifest {
    made_by: String,
    engine_version: String,
    /// The operator's word for the run, if it was given one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub label: Option<String>,
    /// The encrypted folders.
    pub files: Vec<FileEntry>,
}

impl SealedManifest {
    /// The manifest of encrypted folders.
    pub(super) fn new(label: Option<&str>, files: Vec<FileEntry>) -> Self {
        let label = label.map(str::to_owned);
        Self { made_by: MADE_BY.to_owned(), engine_version: ENGINE_VERSION.to_owned(), label, files }
    }
}
