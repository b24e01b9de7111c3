//! The output appears whole or not at all.
//!
//! Everything is written to a hidden folder beside `OUT`, `.trackweave-<random>/new`, and reaches the disk before it
//! is renamed into place; an output that an earlier run left is renamed to `old` there first, and removed last. What
//! ends early, by an error or a panic, removes its hidden folder. What is killed leaves it: it is in nobody's way and
//! can be removed. A kill between the two renames leaves no `OUT`, and the old output whole in `old`.
//!
//! The hidden folder is readable by its owner only; its random name reaches no product.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::audit::{AUDIT, verify_chain};
use super::columns::Fields;
use super::digest::{entry_of, names_in, write_json};
use super::error::{ProductError, io_error};
use super::manifest::{MANIFEST, OperatorManifest, PictureEntry, SealedManifest};
use super::operator::{OPERATOR, TIMINGS};
use super::origin::Origin;
use super::picture::PictureWriter;
use super::seal::{SEALED, Sealing, sign};
use crate::space::Frame;

/// An output that is being written.
#[derive(Debug)]
pub struct Staging {
    out: PathBuf,
    beside: TempDir,
    made_from: Option<Origin>,
}

impl Staging {
    /// Begins an output that will be at `out`: a new or empty folder, or one that an earlier run wrote.
    ///
    /// # Errors
    /// A path that is not a folder, a folder that holds what no run wrote, or a disk that refuses.
    pub fn create(out: &Path) -> Result<Self, ProductError> {
        let out = resolve(out)?;
        refuse_foreign(&out)?;
        let parent = out.parent().ok_or(ProductError::NotAFolder { path: out.clone(), found: "the root" })?;
        fs::create_dir_all(parent).map_err(io_error(parent, "create the folder"))?;
        let beside = tempfile::Builder::new().prefix(".trackweave-").tempdir_in(parent);
        let beside = beside.map_err(io_error(parent, "create a folder in it"))?;
        let staging = Self { out, beside, made_from: None };
        let operator = staging.folder().join(OPERATOR);
        fs::create_dir_all(&operator).map_err(io_error(&operator, "create the folder"))?;
        Ok(staging)
    }

    /// Begins the picture of a partner. `fields` are those that its levels can grant at all; the columns of others are
    /// absent from its files.
    ///
    /// # Errors
    /// An id that cannot name a folder, a picture already begun, or a disk that refuses.
    pub fn picture(&self, partner: &str, frame: Frame, fields: &Fields) -> Result<PictureWriter, ProductError> {
        check_partner(partner)?;
        let folder = self.folder().join(partner);
        fs::create_dir(&folder).map_err(io_error(&folder, "create the partner's folder"))?;
        PictureWriter::new(partner, frame, fields, folder)
    }

    /// Says in the operator's manifest what the run read.
    #[must_use]
    pub fn made_from(self, origin: Origin) -> Self {
        Self { made_from: Some(origin), ..self }
    }

    /// Puts the output in its place, unsealed, and removes the one that was there.
    ///
    /// # Errors
    /// As [`Staging::publish_sealed`].
    pub fn publish(self) -> Result<(), ProductError> {
        self.publish_sealed(&Sealing::default())
    }

    /// Seals the output, puts it in its place, and removes the one that was there.
    ///
    /// # Errors
    /// A picture that is not finished, a partner without a key, a foreign folder, or a disk that refuses; then what was
    /// at `out` is still there, unless the error says where it is.
    pub fn publish_sealed(self, sealing: &Sealing<'_>) -> Result<(), ProductError> {
        self.seal(sealing)?;
        sync_tree(&self.folder())?;
        refuse_foreign(&self.out)?;
        replace(self.beside, &self.out)
    }

    /// The folder that will be `OUT`.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.beside.path().join("new")
    }

    /// Writes the operator's manifest, which marks the output as ours and names what is in it, and the seals.
    fn seal(&self, sealing: &Sealing<'_>) -> Result<(), ProductError> {
        let folder = self.folder();
        let mut pictures = Vec::new();
        for partner in names_in(&folder)? {
            if partner == OPERATOR {
                continue;
            }
            let manifest = folder.join(&partner).join(MANIFEST);
            if !manifest.exists() {
                return Err(ProductError::Unfinished { partner });
            }
            if let Some(key) = sealing.sign {
                sign(&folder.join(&partner), key)?;
            }
            pictures.push(PictureEntry { partner, manifest_sha256: entry_of(&manifest)?.sha256 });
        }
        let mut signed = vec![folder.join(OPERATOR)];
        if let Some(recipients) = sealing.encrypt {
            let sealed = folder.join(SEALED);
            fs::create_dir(&sealed).map_err(io_error(&sealed, "create the folder"))?;
            let encrypt =
                |picture: &PictureEntry| recipients.encrypt(&picture.partner, &folder.join(&picture.partner), &sealed);
            let files = pictures.iter().map(encrypt).collect::<Result<_, _>>()?;
            write_json(&sealed.join(MANIFEST), &SealedManifest::new(files))?;
            signed.push(sealed);
        }
        let operator = folder.join(OPERATOR);
        let mut files = Vec::new();
        for name in names_in(&operator)? {
            if name != TIMINGS {
                files.push(entry_of(&operator.join(name))?);
            }
        }
        let audit = operator.join(AUDIT);
        let audit = if audit.exists() { Some(verify_chain(&audit)?) } else { None };
        let mut manifest = OperatorManifest::new(pictures, audit, files);
        manifest.made_from.clone_from(&self.made_from);
        write_json(&operator.join(MANIFEST), &manifest)?;
        sealing.sign.map_or(Ok(()), |key| signed.iter().try_for_each(|folder| sign(folder, key)))
    }
}

/// Puts the folder `new` in `beside` at `out`, and removes what was there; a folder that `beside` lies next to.
///
/// # Errors
/// A disk that refuses; then what was at `out` is still there, unless the error says where it is.
pub fn replace(beside: TempDir, out: &Path) -> Result<(), ProductError> {
    let (new, old) = (beside.path().join("new"), beside.path().join("old"));
    let out = out.to_owned();
    let replaces = out.exists();
    if replaces {
        fs::rename(&out, &old).map_err(io_error(&out, "move the old output aside"))?;
    }
    if let Err(source) = fs::rename(&new, &out) {
        if replaces && fs::rename(&old, &out).is_err() {
            return Err(ProductError::Stranded { out, kept: beside.keep(), source });
        }
        return Err(ProductError::Io { path: out, doing: "move the new output into place", source });
    }
    if let Some(parent) = out.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        sync_folder(parent)?;
    }
    beside.close().map_err(|source| ProductError::Remains { out, source })
}

/// The absolute path of the output; where it is a link, the path of what it leads to.
fn resolve(out: &Path) -> Result<PathBuf, ProductError> {
    let found = match fs::metadata(out) {
        Ok(there) if there.is_dir() => return fs::canonicalize(out).map_err(io_error(out, "resolve the path")),
        Ok(_) => "a file",
        Err(_) if fs::symlink_metadata(out).is_ok() => "a link that leads nowhere",
        Err(_) if out.file_name().is_none() => "a path without a name",
        Err(_) => return std::path::absolute(out).map_err(io_error(out, "resolve the path")),
    };
    Err(ProductError::NotAFolder { path: out.to_owned(), found })
}

/// Refuses a folder with anything in it that no run of ours put there: publishing would remove it.
fn refuse_foreign(out: &Path) -> Result<(), ProductError> {
    if !out.exists() {
        return Ok(());
    }
    let entries = names_in(out)?;
    let ours = fs::read(out.join(OPERATOR).join(MANIFEST)).ok();
    let ours = ours.and_then(|bytes| serde_json::from_slice::<OperatorManifest>(&bytes).ok());
    let ours = ours.filter(OperatorManifest::is_ours);
    let known = |entry: &str| {
        let pictures = ours.iter().flat_map(|manifest| &manifest.pictures);
        ours.is_some()
            && (entry == OPERATOR || entry == SEALED || pictures.into_iter().any(|picture| picture.partner == entry))
    };
    match entries.into_iter().find(|entry| !known(entry)) {
        Some(entry) => Err(ProductError::Foreign { out: out.to_owned(), entry }),
        None => Ok(()),
    }
}

/// Accepts ids that name one folder directly below the output.
fn check_partner(partner: &str) -> Result<(), ProductError> {
    let allowed = |letter: &char| letter.is_ascii_alphanumeric() || ['-', '_', '.'].contains(letter);
    let found = match partner.chars().find(|letter| !allowed(letter)) {
        Some(letter) => format!("{letter:?}"),
        None if partner.is_empty() => "nothing".to_owned(),
        None if partner.len() > 64 => format!("{} letters", partner.len()),
        None if partner.starts_with(['-', '_', '.']) => "a leading `-`, `_` or `.`".to_owned(),
        None if partner.ends_with('.') => "a trailing `.`".to_owned(),
        None => return Ok(()),
    };
    Err(ProductError::PartnerName { partner: partner.to_owned(), found })
}

/// Waits until the names in a folder and in all folders below it are on disk; files were waited for when written.
fn sync_tree(folder: &Path) -> Result<(), ProductError> {
    for name in names_in(folder)? {
        let below = folder.join(name);
        if below.is_dir() {
            sync_tree(&below)?;
        }
    }
    sync_folder(folder)
}

/// Waits until the names in a folder are on disk; only Unix can open a folder for this.
fn sync_folder(folder: &Path) -> Result<(), ProductError> {
    if cfg!(unix) {
        let doing = "write the folder to disk";
        File::open(folder).and_then(|opened| opened.sync_all()).map_err(io_error(folder, doing))?;
    }
    Ok(())
}
