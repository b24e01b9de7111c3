//! The output appears whole or not at all.
//!
//! Everything is written to a hidden folder beside `OUT`, `.trackweave-<random>/new`, and reaches the disk before it
//! is renamed into place; an output that an earlier run left is renamed to `old` there first, and removed last. What
//! ends early, by an error, a signal or a panic, removes its hidden folder. What is killed leaves it: it is in nobody's
//! way and can be removed. A kill between the two renames leaves no `OUT`, and the old output whole in `old`.
//!
//! What would keep the output from its place is looked for when it is begun: folders that cannot be made or renamed,
//! names that the file system does not take, a full disk, and files that no run wrote, at any depth. What still keeps a
//! finished output from its place costs nobody the work: it stays in the hidden folder, and the error says so.
//!
//! The hidden folder is readable by its owner only; its random name reaches no product.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tempfile::TempDir;

use super::audit::{AUDIT, verify_chain};
use super::columns::Fields;
use super::digest::{entry_of, names_in, write_json};
use super::error::{ProductError, io_error};
use super::manifest::{MANIFEST, OperatorManifest, PictureEntry, SealedManifest, check_label};
use super::operator::{OPERATOR, TIMINGS};
use super::origin::Origin;
use super::picture::PictureWriter;
use super::seal::{SEALED, SIGNATURE, Sealing, sign};
use crate::files;
use crate::space::Frame;

/// Bytes that every file of an output takes at least, and files that an output has for each partner and besides.
const FILE_BYTES: usize = 512;
const FILES_OF_PARTNER: usize = 3;
const FILES_BESIDES: usize = 8;

/// An output that is being written.
#[derive(Debug)]
pub struct Staging {
    out: PathBuf,
    beside: TempDir,
    /// What should be in the output and is not, in words.
    missing: Vec<String>,
    made_from: Option<Origin>,
    /// Goes last: what lies in these folders is gone by then, or stays.
    _parents: Parents,
}

impl Staging {
    /// Begins an output that will be at `out`: a new or empty folder, or one that an earlier run wrote.
    ///
    /// # Errors
    /// A path that is not a folder, a folder that holds what no run wrote or that cannot be replaced, or a disk that
    /// refuses.
    pub fn create(out: &Path) -> Result<Self, ProductError> {
        let out = resolve(out)?;
        refuse_foreign(&out)?;
        let parent = out.parent().ok_or(ProductError::NotAFolder { path: out.clone(), found: "the root" })?;
        let parents = Parents::make(parent)?;
        let beside = tempfile::Builder::new().prefix(".trackweave-").tempdir_in(parent);
        let beside = beside.map_err(io_error(parent, "create a folder in it"))?;
        let staging = Self { out, beside, missing: Vec::new(), made_from: None, _parents: parents };
        staging.try_replacing()?;
        let operator = staging.folder().join(OPERATOR);
        fs::create_dir_all(&operator).map_err(io_error(&operator, "create the folder"))?;
        Ok(staging)
    }

    /// Checks that the disk has room for the pictures of these partners, as far as that is certain before they are
    /// made, and takes the names of their folders.
    ///
    /// # Errors
    /// An id that cannot name a folder, two that the file system takes for one, or a disk that is full.
    pub fn expect<'a>(&self, partners: impl IntoIterator<Item = &'a str>) -> Result<(), ProductError> {
        let trial = self.trial()?;
        let mut files = FILES_BESIDES;
        for partner in partners {
            check_partner(partner)?;
            let folder = trial.join(partner);
            fs::create_dir(&folder).map_err(io_error(&self.out.join(partner), "create the partner's folder"))?;
            files += FILES_OF_PARTNER;
        }
        let space = trial.join(OPERATOR);
        let filled = File::create_new(&space).and_then(|mut file| {
            std::io::copy(&mut std::io::repeat(0).take((files * FILE_BYTES) as u64), &mut file)?;
            file.sync_all()
        });
        filled.map_err(io_error(&self.out, "write a first few bytes to the disk that it is to be on"))?;
        fs::remove_dir_all(&trial).map_err(io_error(&trial, "remove the folder"))
    }

    /// Notes that the output lacks something that should be in it.
    pub fn lacks(&mut self, what: String) {
        self.missing.push(what);
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
        Ok(PictureWriter::new(partner, frame, fields, folder))
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
    pub fn publish(self) -> Result<Vec<ProductError>, ProductError> {
        self.publish_sealed(&Sealing::default())
    }

    /// Seals the output, puts it in its place, and removes the one that was there; gives what went wrong after that,
    /// with the new output in place.
    ///
    /// # Errors
    /// A picture that is not finished, a partner without a key, a foreign folder, or a disk that refuses; then what was
    /// at `out` is still there, unless the error says where it is.
    pub fn publish_sealed(self, sealing: &Sealing<'_>) -> Result<Vec<ProductError>, ProductError> {
        self.seal(sealing)?;
        let folder = self.folder();
        waiting(names_in(&folder)?.len(), || sync_tree(&folder))?;
        match refuse_foreign(&self.out) {
            Ok(()) => replace(self.beside, &self.out),
            Err(error) => Err(kept(self.beside, &self.out, error)),
        }
    }

    /// A folder for trials, as long as there is nothing in the output.
    fn trial(&self) -> Result<PathBuf, ProductError> {
        let trial = self.beside.path().join("trial");
        fs::create_dir(&trial).map_err(io_error(&trial, "create the folder"))?;
        Ok(trial)
    }

    /// Checks that what is at `out` can be moved aside. A folder cannot be renamed to one that is not empty: what else
    /// the system finds wrong, it says first.
    fn try_replacing(&self) -> Result<(), ProductError> {
        if cfg!(not(unix)) || !is_there(&self.out)? {
            return Ok(());
        }
        let trial = self.trial()?;
        let inner = trial.join("inner");
        fs::create_dir(&inner).map_err(io_error(&inner, "create the folder"))?;
        let immovable = |source| ProductError::Immovable { out: self.out.clone(), source };
        match fs::rename(&self.out, &trial) {
            Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists) => (),
            Err(error) => return Err(immovable(error)),
            Ok(()) => return fs::rename(&trial, &self.out).map_err(immovable),
        }
        fs::remove_dir_all(&trial).map_err(io_error(&trial, "remove the folder"))
    }

    /// A hidden folder for what the run needs and the output does not.
    #[must_use]
    pub fn scratch(&self) -> &Path {
        self.beside.path()
    }

    /// The folder that will be `OUT`.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.beside.path().join("new")
    }

    /// Writes the operator's manifest, which marks the output as ours and names what is in it, and the seals.
    fn seal(&self, sealing: &Sealing<'_>) -> Result<(), ProductError> {
        sealing.label.map_or(Ok(()), check_label)?;
        let folder = self.folder();
        let mut pictures = Vec::new();
        for partner in names_in(&folder)? {
            if partner == OPERATOR {
                continue;
            }
            let manifest = folder.join(&partner).join(MANIFEST);
            if !is_there(&manifest)? {
                return Err(ProductError::Unfinished { partner });
            }
            if let Some(key) = sealing.sign {
                sign(&folder.join(&partner), key)?;
            }
            pictures.push(PictureEntry { partner, manifest_sha256: entry_of(&manifest)?.sha256 });
        }
        let mut signed = vec![folder.join(OPERATOR)];
        let mut bound = None;
        if let Some(recipients) = sealing.encrypt {
            let sealed = folder.join(SEALED);
            fs::create_dir(&sealed).map_err(io_error(&sealed, "create the folder"))?;
            let encrypt =
                |picture: &PictureEntry| recipients.encrypt(&picture.partner, &folder.join(&picture.partner), &sealed);
            let files = pictures.iter().map(encrypt).collect::<Result<_, _>>()?;
            bound = Some(write_json(&sealed.join(MANIFEST), &SealedManifest::new(sealing.label, files))?.sha256);
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
        let audit = if is_there(&audit)? { Some(verify_chain(&audit)?) } else { None };
        let manifest = OperatorManifest {
            label: sealing.label.map(str::to_owned),
            made_from: self.made_from.clone(),
            sealed_manifest_sha256: bound,
            missing: self.missing.clone(),
            ..OperatorManifest::new(pictures, audit, files)
        };
        write_json(&operator.join(MANIFEST), &manifest)?;
        sealing.sign.map_or(Ok(()), |key| signed.iter().try_for_each(|folder| sign(folder, key)))
    }
}

/// Folders above the output that were not there: empty ones go again.
#[derive(Debug)]
struct Parents(Vec<PathBuf>);

impl Parents {
    fn make(folder: &Path) -> Result<Self, ProductError> {
        let missing = folder.ancestors().take_while(|above| !above.exists()).map(Path::to_owned).collect();
        let made = Self(missing);
        fs::create_dir_all(folder).map_err(io_error(folder, "create the folder"))?;
        Ok(made)
    }
}

impl Drop for Parents {
    fn drop(&mut self) {
        for folder in &self.0 {
            // One that holds something stays, and so do those above it.
            let _ = fs::remove_dir(folder);
        }
    }
}

/// Puts the folder `new` in `beside` at `out`, and removes what was there; a folder that `beside` lies next to. Gives
/// what went wrong once the new one was in place.
///
/// # Errors
/// A disk that refuses; then what was at `out` is still there, unless the error says where it is, and the new one is
/// where the error says.
pub fn replace(beside: TempDir, out: &Path) -> Result<Vec<ProductError>, ProductError> {
    let (new, old) = (beside.path().join("new"), beside.path().join("old"));
    let replaces = match out.try_exists() {
        Ok(replaces) => replaces,
        Err(error) => return Err(kept(beside, out, io_error(out, "find out whether it is there")(error))),
    };
    if replaces && let Err(source) = fs::rename(out, &old) {
        return Err(kept(beside, out, io_error(out, "move the old output aside")(source)));
    }
    if let Err(source) = fs::rename(&new, out) {
        if replaces && fs::rename(&old, out).is_err() {
            return Err(ProductError::Stranded { out: out.to_owned(), kept: beside.keep(), source });
        }
        return Err(kept(beside, out, io_error(out, "move the new output into place")(source)));
    }
    let mut after = Vec::new();
    if let Some(parent) = out.parent().filter(|parent| !parent.as_os_str().is_empty())
        && let Err(source) = open_and_sync(parent)
    {
        after.push(ProductError::Unsynced { out: out.to_owned(), source });
    }
    let left = beside.path().to_owned();
    if let Err(source) = beside.close() {
        after.push(ProductError::Remains { out: out.to_owned(), left, source });
    }
    Ok(after)
}

/// Keeps a whole output that cannot be put in its place.
fn kept(beside: TempDir, out: &Path, error: ProductError) -> ProductError {
    ProductError::Kept { out: out.to_owned(), kept: beside.keep().join("new"), source: Box::new(error) }
}

/// The absolute path of the output; where it is a link, the path of what it leads to.
fn resolve(out: &Path) -> Result<PathBuf, ProductError> {
    let found = match fs::metadata(out) {
        Ok(there) if there.is_dir() => return fs::canonicalize(out).map_err(io_error(out, "resolve the path")),
        Ok(_) => "a file",
        Err(_) if fs::symlink_metadata(out).is_ok() => "a link that leads nowhere",
        Err(_) if out.file_name().is_none() => "a path without a name",
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(io_error(out, "resolve the path")(error)),
        Err(_) => return std::path::absolute(out).map_err(io_error(out, "resolve the path")),
    };
    Err(ProductError::NotAFolder { path: out.to_owned(), found })
}

/// What any manifest of ours says of its folder: the files in it.
#[derive(Deserialize)]
struct Listing {
    files: Vec<Listed>,
}

#[derive(Deserialize)]
struct Listed {
    name: String,
}

fn is_there(path: &Path) -> Result<bool, ProductError> {
    files::is_there(path).map_err(io_error(path, "find out whether it is there"))
}

/// Refuses a folder with anything in it, at any depth, that no manifest of ours names: publishing would remove it.
fn refuse_foreign(out: &Path) -> Result<(), ProductError> {
    if !is_there(out)? {
        return Ok(());
    }
    let foreign = |entry: String| ProductError::Foreign { out: out.to_owned(), entry };
    let ours = read_json::<OperatorManifest>(&out.join(OPERATOR)).filter(OperatorManifest::is_ours);
    let known: BTreeSet<String> = ours.map_or_else(BTreeSet::new, |manifest| {
        let pictures = manifest.pictures.into_iter().map(|picture| picture.partner);
        pictures.chain([OPERATOR, SEALED].map(str::to_owned)).collect()
    });
    for name in names_in(out)? {
        let folder = out.join(&name);
        if !known.contains(&name) || !fs::symlink_metadata(&folder).is_ok_and(|there| there.is_dir()) {
            return Err(foreign(name));
        }
        let files = read_json::<Listing>(&folder).map_or_else(Vec::new, |listing| listing.files);
        let listed: BTreeSet<String> = files.into_iter().map(|file| file.name).collect();
        for file in names_in(&folder)? {
            let ours = [MANIFEST, SIGNATURE].contains(&file.as_str())
                || name == OPERATOR && file == TIMINGS
                || listed.contains(&file);
            if !ours || !fs::symlink_metadata(folder.join(&file)).is_ok_and(|there| there.is_file()) {
                return Err(foreign(format!("{name}/{file}")));
            }
        }
    }
    Ok(())
}

/// The manifest in a folder, if it is one.
fn read_json<T: DeserializeOwned>(folder: &Path) -> Option<T> {
    files::read(&folder.join(MANIFEST), files::TEXT_MOST).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok())
}

/// Accepts ids that name one folder directly below the output.
pub(super) fn check_partner(partner: &str) -> Result<(), ProductError> {
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
    let below: Vec<PathBuf> = names_in(folder)?.into_iter().map(|name| folder.join(name)).collect();
    let below = below.par_iter().filter(|below| below.is_dir());
    // All are done before the first failure is picked, so that it is the same one on any number of threads.
    let done: Vec<Result<(), ProductError>> = below.map(|below| sync_tree(below)).collect();
    done.into_iter().collect::<Result<(), _>>()?;
    sync_folder(folder)
}

/// Threads that wait for the disk: it takes many requests at once, and many small folders cost little else.
const WAITING: usize = 16;

/// Fewest folders that such threads are made for.
const WAITED_FOR: usize = 64;

/// Does what mostly waits for the disk, for so many folders, on more threads than there are cores, where it is worth it
/// and so many can be had.
pub fn waiting<T: Send>(folders: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = (folders >= WAITED_FOR).then(|| rayon::ThreadPoolBuilder::new().num_threads(WAITING).build());
    match pool {
        Some(Ok(pool)) => pool.install(work),
        Some(Err(_)) | None => work(),
    }
}

/// Waits until the names in a folder are on disk.
fn sync_folder(folder: &Path) -> Result<(), ProductError> {
    open_and_sync(folder).map_err(io_error(folder, "write the folder to disk"))
}

/// Only Unix can open a folder for this.
fn open_and_sync(folder: &Path) -> std::io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
