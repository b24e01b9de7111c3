//! Whether an output is what was written: digests, signatures, chains and roots; no file more, none less.
//!
//! Everything must be a regular file of its own: links, hard links, pipes and paths that lead out of a folder are faults,
//! and nothing is opened through one. In each folder the first fault is reported and the rest of that folder is not looked at: what follows from a fault
//! is no second one. Whether a folder holds more than its partner may have is another question, which the guard
//! (`src/guard/`) answers.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::audit::{AUDIT, Chain, verify_chain};
use super::digest::{entry_of, names_in, no_file, sha256, unhex};
use super::error::{ProductError, io_error};
use super::keys::PublicKey;
use super::manifest::{FileEntry, MANIFEST, OperatorManifest, PartnerManifest, SealedManifest};
use super::operator::{OPERATOR, TIMINGS, wrong_timings};
use super::seal::{SEALED, SIGNATURE};
use super::staging::check_partner;

/// The longest file that is read as a whole.
const LONGEST: u64 = 1 << 28;

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Fault {
    /// The file or folder, below the output.
    pub place: String,
    /// What is there.
    pub found: String,
    /// What would have been right.
    pub wanted: String,
}

/// What was looked at, and what is wrong.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Integrity {
    /// Partners whose folders were found whole.
    pub partners: Vec<String>,
    /// Files whose digests are right.
    pub files: u64,
    /// Lines of audits whose chains and roots are right.
    pub audit_lines: u64,
    /// Signatures that are right.
    pub signatures: u64,
    /// Signatures that nobody gave a key for.
    pub signatures_unchecked: u64,
    /// One for each folder at most.
    pub faults: Vec<Fault>,
    /// Whether it is a whole output, not the folder of one partner.
    pub whole: bool,
}

/// What whoever checks knows beforehand; what is not given is not asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Expected<'a> {
    /// The key that signed.
    pub key: Option<&'a PublicKey>,
    /// The operator's word for the run.
    pub label: Option<&'a str>,
}

/// Checks a whole output, or the folder of one partner alone.
///
/// # Errors
/// A folder that cannot be listed or a file that cannot be read; what is wrong with them is no error but a fault.
pub fn verify_seals(out: &Path, expected: Expected<'_>) -> Result<Integrity, ProductError> {
    let mut check = Check { out, expected, label: None, done: Integrity::default() };
    if no_file(&out.join(MANIFEST)) == Some("no file") {
        check.done.whole = true;
        check.folder(Check::operator)?;
    } else {
        check.folder(|check| check.partner("", None))?;
    }
    Ok(check.done)
}

#[expect(clippy::option_option, reason = "not known yet, or known to be none")]
struct Check<'a> {
    out: &'a Path,
    expected: Expected<'a>,
    /// The label of the operator's manifest, once it is known: that of every folder.
    label: Option<Option<String>>,
    done: Integrity,
}

/// A fault ends the look at a folder, an error that at the output.
enum Stop {
    Fault(Fault),
    Error(ProductError),
}

impl From<ProductError> for Stop {
    fn from(error: ProductError) -> Self {
        Self::Error(error)
    }
}

type Step<T> = Result<T, Stop>;

impl Check<'_> {
    fn folder(&mut self, look: impl FnOnce(&mut Self) -> Step<()>) -> Result<(), ProductError> {
        match look(self) {
            Err(Stop::Error(error)) => return Err(error),
            Err(Stop::Fault(fault)) => self.done.faults.push(fault),
            Ok(()) => {}
        }
        Ok(())
    }

    fn operator(&mut self) -> Step<()> {
        let (manifest, bytes): (OperatorManifest, _) = self.manifest(OPERATOR)?;
        // Keys and numbers of this manifest have one spelling each.
        let spelled = serde_json::to_string_pretty(&manifest).unwrap_or_default() + "\n";
        if spelled.as_bytes() != bytes {
            return fault(below(OPERATOR, MANIFEST), "another spelling", "the manifest as it was written");
        }
        self.signature(OPERATOR, &bytes)?;
        self.labelled(OPERATOR, manifest.label.as_deref())?;
        self.label = Some(manifest.label.clone());
        let partners = manifest.pictures.iter().map(|picture| picture.partner.as_str());
        // A name such as `../elsewhere` would lead out of the output.
        if let Some(partner) = partners.clone().find(|partner| check_partner(partner).is_err()) {
            return fault(below(OPERATOR, MANIFEST), &format!("a picture of `{partner}`"), "the id of a partner");
        }
        let sealed = manifest.sealed_manifest_sha256.as_deref();
        let known: BTreeSet<&str> = partners.chain([OPERATOR]).chain(sealed.map(|_| SEALED)).collect();
        let names = names_in(self.out)?;
        if let Some(name) = names.iter().find(|name| !known.contains(name.as_str())) {
            return fault(name.clone(), "a file or folder", "nothing: the manifest does not name it");
        }
        for picture in &manifest.pictures {
            self.folder(|check| check.partner(&picture.partner, Some(&picture.manifest_sha256)))?;
        }
        if let Some(digest) = sealed {
            self.folder(|check| check.sealed(digest))?;
        }
        self.files(OPERATOR, &manifest.files, &[TIMINGS])?;
        self.timings()?;
        match &manifest.audit {
            Some(chain) => self.audit(OPERATOR, chain),
            None => Ok(()),
        }
    }

    /// A partner's folder; its manifest must have this digest where one is known.
    fn partner(&mut self, folder: &str, digest: Option<&str>) -> Step<()> {
        let (manifest, bytes): (PartnerManifest, _) = self.manifest(folder)?;
        bound(folder, &bytes, digest)?;
        if !folder.is_empty() && manifest.partner != folder {
            return fault(below(folder, MANIFEST), &format!("the manifest of `{}`", manifest.partner), folder);
        }
        self.signature(folder, &bytes)?;
        self.labelled(folder, manifest.label.as_deref())?;
        self.files(folder, &manifest.files, &[])?;
        self.audit(folder, &manifest.audit)?;
        self.done.partners.push(manifest.partner);
        Ok(())
    }

    /// The encrypted folders.
    fn sealed(&mut self, digest: &str) -> Step<()> {
        let (manifest, bytes): (SealedManifest, _) = self.manifest(SEALED)?;
        bound(SEALED, &bytes, Some(digest))?;
        self.signature(SEALED, &bytes)?;
        self.labelled(SEALED, manifest.label.as_deref())?;
        self.files(SEALED, &manifest.files, &[])
    }

    fn manifest<M: DeserializeOwned>(&self, folder: &str) -> Step<(M, Vec<u8>)> {
        let place = below(folder, MANIFEST);
        if !folder.is_empty() && fs::symlink_metadata(self.out.join(folder)).is_ok_and(|there| !there.is_dir()) {
            return fault(folder.to_owned(), "a file or a link", "the folder that a run writes");
        }
        let Some(bytes) = self.bytes(&place)? else {
            return fault(place, "no manifest", "the manifest that a run writes into every folder");
        };
        match serde_json::from_slice(&bytes) {
            Ok(manifest) => Ok((manifest, bytes)),
            Err(error) => fault(place, &error.to_string(), "a manifest as this version writes it"),
        }
    }

    /// What a small file holds; `None` if nothing is there.
    fn bytes(&self, place: &str) -> Step<Option<Vec<u8>>> {
        let path = self.out.join(place);
        match no_file(&path) {
            None => {}
            Some("no file") => return Ok(None),
            Some(found) => return fault(place.to_owned(), found, "the file that a run writes"),
        }
        let length = fs::metadata(&path).map_or(0, |there| there.len());
        if length > LONGEST {
            return fault(place.to_owned(), &format!("{length} bytes"), &format!("at most {LONGEST}"));
        }
        Ok(Some(fs::read(&path).map_err(io_error(&path, "read the file"))?))
    }

    /// Whether a folder has the label that is wanted, and that of the operator's manifest.
    fn labelled(&self, folder: &str, found: Option<&str>) -> Step<()> {
        let wrong = |wanted: Option<&str>| {
            let words = |label: Option<&str>| label.map_or("no label".to_owned(), |label| format!("label `{label}`"));
            fault(below(folder, MANIFEST), &words(found), &words(wanted))
        };
        match (self.expected.label, &self.label) {
            (Some(wanted), _) if found != Some(wanted) => wrong(Some(wanted)),
            (_, Some(wanted)) if found != wanted.as_deref() => wrong(wanted.as_deref()),
            _ => Ok(()),
        }
    }

    /// The file without a digest: absent, or of its form.
    fn timings(&self) -> Step<()> {
        let place = below(OPERATOR, TIMINGS);
        match self.bytes(&place)?.and_then(|bytes| wrong_timings(&bytes)) {
            None => Ok(()),
            Some(found) => fault(place, &found, "seconds and counts, as docs/pictures.md has them"),
        }
    }

    fn signature(&mut self, folder: &str, manifest: &[u8]) -> Step<()> {
        let place = below(folder, SIGNATURE);
        let Some(bytes) = self.bytes(&place)? else {
            return match self.expected.key {
                Some(_) => fault(place, "no signature", "one by the given key: was the run given `--sign`?"),
                None => Ok(()),
            };
        };
        let text = str::from_utf8(&bytes).ok().and_then(|text| text.strip_suffix('\n')).unwrap_or_default();
        if unhex::<64>(text).is_none() {
            return fault(place, "another form", "128 lower-case hexadecimal digits and a newline");
        }
        match self.expected.key {
            None => self.done.signatures_unchecked += 1,
            Some(key) if key.signed(manifest, text) => self.done.signatures += 1,
            Some(key) => return fault(place, "a signature that is not of this manifest by this key", &key.to_string()),
        }
        Ok(())
    }

    /// The files of a folder: those listed, and besides them only the manifest, its signature and `unlisted`.
    fn files(&mut self, folder: &str, listed: &[FileEntry], unlisted: &[&str]) -> Step<()> {
        let names = names_in(&self.out.join(folder))?;
        let known = |name: &str| {
            name == MANIFEST || name == SIGNATURE || unlisted.contains(&name) || listed.iter().any(|f| f.name == name)
        };
        if let Some(name) = names.iter().find(|name| !known(name)) {
            return fault(below(folder, name), "a file", "nothing: the manifest does not name it");
        }
        for entry in listed {
            let place = below(folder, &entry.name);
            // A name with a path in it is the name of nothing in the folder.
            if !names.contains(&entry.name) {
                return fault(place, "no file", "the file that the manifest names");
            }
            if let Some(found) = no_file(&self.out.join(&place)) {
                return fault(place, found, "the file that the manifest names");
            }
            let there = entry_of(&self.out.join(&place))?;
            if there.bytes != entry.bytes {
                return fault(place, &format!("{} bytes", there.bytes), &format!("{} bytes", entry.bytes));
            }
            if there.sha256 != entry.sha256 {
                return fault(place, &format!("SHA-256 {}", there.sha256), &entry.sha256);
            }
            self.done.files += 1;
        }
        Ok(())
    }

    fn audit(&mut self, folder: &str, wanted: &Chain) -> Step<()> {
        let place = below(folder, AUDIT);
        let path = self.out.join(&place);
        if let Some(found) = no_file(&path) {
            return fault(place, found, "the audit that the manifest tells of");
        }
        let found = match verify_chain(&path) {
            Ok(chain) => chain,
            Err(ProductError::Chain { line, found, wanted, .. }) => {
                return fault(format!("{place}:{line}"), &found, &wanted);
            }
            Err(error) => return Err(error.into()),
        };
        if found != *wanted {
            let words = |chain: &Chain| format!("{} lines, head `{}`, root `{}`", chain.lines, chain.head, chain.root);
            return fault(place, &words(&found), &words(wanted));
        }
        self.done.audit_lines += found.lines;
        Ok(())
    }
}

/// Whether a manifest is the one that the operator's manifest tells of.
fn bound(folder: &str, bytes: &[u8], digest: Option<&str>) -> Step<()> {
    let found = sha256(bytes);
    digest.filter(|wanted| **wanted != found).map_or(Ok(()), |wanted| fault(below(folder, MANIFEST), &found, wanted))
}

fn fault<T>(place: String, found: &str, wanted: &str) -> Step<T> {
    Err(Stop::Fault(Fault { place, found: found.to_owned(), wanted: wanted.to_owned() }))
}

/// The path of a file below the output; a partner's folder alone is the output itself.
fn below(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}
