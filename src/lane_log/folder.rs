//! Files of lanes in a folder.

use super::error::{LaneLogError, failed};
use super::format::{Head, Made};
use super::reader::Reader;
use super::writer::Writer;
use crate::files;
use std::fs::{self, TryLockError};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// What the name of a file begins with that is being written.
const UNFINISHED: &str = ".unfinished-";
/// What the name of a file of a lane ends with.
const ENDING: &str = "lane";

/// A folder of lanes.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

/// What is there of a lane.
#[derive(Debug)]
pub enum Found {
    /// All of it.
    Whole(Reader),
    /// A file that is not what was written, or cannot be read.
    Damaged,
    /// Nothing, or no log where one is wanted.
    Missing,
}

impl Folder {
    /// Opens a folder, made if it is not there, beside the output of a run.
    ///
    /// # Errors
    /// As [`Self::open`]; or if it lies in the output, which is replaced as a whole and has the partners' folders.
    pub fn beside(path: &Path, out: &Path) -> Result<Self, LaneLogError> {
        let place = |path| resolved(path).map_err(failed(path, "resolve the path"));
        if place(path)?.starts_with(place(out)?) {
            return Err(LaneLogError::InOutput { folder: path.to_owned(), out: out.to_owned() });
        }
        Self::open(path)
    }

    /// Opens a folder, made if it is not there.
    ///
    /// # Errors
    /// If it cannot be made or written to.
    pub fn open(path: &Path) -> Result<Self, LaneLogError> {
        make(path).map_err(failed(path, "create the folder"))?;
        remove_left(path).map_err(failed(path, "remove what a killed run left in it"))?;
        let trial = unfinished(path).map_err(failed(path, "create a file in it"))?;
        trial.close().map_err(failed(path, "remove a file from it"))?;
        Ok(Self { path: path.to_owned() })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn file(&self, digest: &str) -> PathBuf {
        self.path.join(format!("{digest}.{ENDING}"))
    }

    /// What is there of a lane with reports at `times_us` and no others, checked whole. A head that is that of a log finds
    /// this log alone; one that is not, any file of the lane.
    pub fn find(&self, head: &Head, mut times_us: impl Iterator<Item = i64>) -> Found {
        match Reader::checked(&self.file(&head.digest), |time_us| times_us.next() == time_us) {
            Ok(reader) if reader.head().digest != head.digest => Found::Damaged,
            Ok(reader) if head.log.is_some() && reader.head().log != head.log => Found::Missing,
            Ok(reader) => Found::Whole(reader),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Missing,
            Err(_) => Found::Damaged,
        }
    }

    /// Begins the file of a lane.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn store(&self, head: &Head) -> Result<Writer, LaneLogError> {
        let path = self.file(&head.digest);
        let file = unfinished(&self.path).map_err(failed(&path, "create the file"))?;
        Writer::new(path, file, head)
    }

    /// The log of the lane that was given what `head` says, whatever run it is of, if it is whole and has as much of every wave.
    #[must_use]
    pub fn log(&self, head: &Head) -> Option<Reader> {
        let reader = Reader::open(&self.file(&head.digest)).ok()?;
        let Head { digest, log } = reader.head();
        let holds = |log: &Option<Made>| log.as_ref().map(|made| made.existence_min);
        (*digest == head.digest && log.is_some() && holds(log) == holds(&head.log)).then_some(reader)
    }

    /// Takes in the entries of a lane, as they are, under this head.
    ///
    /// # Errors
    /// If the disk refuses, or the lane cannot be read any more.
    pub fn take(&self, head: &Head, mut from: Reader) -> Result<(), LaneLogError> {
        self.store(head)?.copy(&mut from)
    }

    /// The files of lanes in a folder, in the order of their names, each with its head, which alone is read.
    ///
    /// # Errors
    /// If the folder or a file cannot be read.
    pub fn heads(path: &Path) -> Result<Vec<(PathBuf, Head)>, LaneLogError> {
        let list = || fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>();
        let mut files = list().map_err(failed(path, "read the folder"))?;
        files.retain(|path| path.extension().is_some_and(|ending| ending == ENDING));
        files.sort();
        let head = |path: PathBuf| {
            let read = || Head::read(&mut BufReader::new(files::open(&path)?));
            let head = read().map_err(failed(&path, "read the head of the lane"))?;
            Ok((path, head))
        };
        files.into_iter().map(head).collect()
    }
}

/// Makes a folder that only its owner reads.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)
}

/// A file to be written, locked where the file system can lock.
fn unfinished(folder: &Path) -> io::Result<NamedTempFile> {
    loop {
        let file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
        // Until it is locked, who opens the folder takes it for what a killed run left, and removes it.
        let is_taken = matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock));
        if !is_taken && file.path().exists() {
            return Ok(file);
        }
    }
}

/// Removes the unfinished files of runs that are no more.
fn remove_left(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_unfinished =
            path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes()));
        // The lock is held until the file is gone, so that nobody writes to one that is about to be removed.
        let left = if is_unfinished { files::open(&path).ok() } else { None };
        if left.as_ref().is_some_and(|left| left.try_lock().is_ok()) {
            // Another run may have been faster.
            fs::remove_file(&path).or_else(|error| if path.exists() { Err(error) } else { Ok(()) })?;
        }
    }
    Ok(())
}

/// An absolute path without links, as far as it is there.
fn resolved(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    let there = path.ancestors().find(|above| above.exists()).unwrap_or(&path);
    let rest = path.strip_prefix(there).map_err(io::Error::other)?;
    Ok(fs::canonicalize(there)?.join(rest))
}
