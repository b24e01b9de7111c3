//! The folder of a recording that is being made: whole or not at all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::error::ImportError;
use crate::product::replace;

/// A folder beside its final place, until it is complete.
#[derive(Debug)]
pub(super) struct Folder {
    out: PathBuf,
    around: tempfile::TempDir,
}

impl Folder {
    /// Makes an empty folder beside `out`, where nothing may be but an empty folder.
    pub(super) fn beside(out: &Path) -> Result<Self, ImportError> {
        let fails = |source| ImportError::Folder { path: out.to_owned(), source };
        let parent = match out.parent() {
            Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
            Some(parent) => parent,
            None => return Err(ImportError::Occupied { path: out.to_owned() }),
        };
        if !is_free(out).map_err(fails)? {
            return Err(ImportError::Occupied { path: out.to_owned() });
        }
        fs::create_dir_all(parent).map_err(fails)?;
        let around = tempfile::Builder::new().prefix(".trackweave-").tempdir_in(parent).map_err(fails)?;
        fs::create_dir(around.path().join("new")).map_err(fails)?;
        Ok(Self { out: out.to_owned(), around })
    }

    /// Where the files are made.
    pub(super) fn path(&self) -> PathBuf {
        self.around.path().join("new")
    }

    /// Writes a file of text.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<(), ImportError> {
        let path = self.path().join(name);
        fs::write(&path, text).map_err(|source| ImportError::Folder { path, source })
    }

    /// Removes a file.
    pub(super) fn remove(&self, name: &str) -> Result<(), ImportError> {
        let path = self.path().join(name);
        fs::remove_file(&path).map_err(|source| ImportError::Folder { path, source })
    }

    /// Puts the folder in its place.
    pub(super) fn publish(self) -> Result<(), ImportError> {
        let fails = |source| ImportError::Folder { path: self.out.clone(), source };
        for entry in fs::read_dir(self.path()).map_err(fails)? {
            File::open(entry.map_err(fails)?.path()).and_then(|file| file.sync_all()).map_err(fails)?;
        }
        if !is_free(&self.out).map_err(fails)? {
            return Err(ImportError::Occupied { path: self.out });
        }
        replace(self.around, &self.out)?.into_iter().next().map_or(Ok(()), |after| Err(after.into()))
    }
}

fn is_free(out: &Path) -> io::Result<bool> {
    match fs::read_dir(out) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
        Err(error) => Err(error),
    }
}
