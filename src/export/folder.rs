//! Exports of a finished output, into a folder of their own: what is published is never added to.

use std::fs;
use std::path::Path;

use super::{ExportError, Format, write};
use crate::product::{Beside, Expected, FileEntry, not_free, replace, verify_seals};

/// Writes formats of a finished picture into a new folder, which appears whole or not at all.
///
/// # Errors
/// A folder that is not one partner's as a run wrote it, a place for the new one that is taken or lies in an output, a
/// format that the picture's frame does not have, or a disk that is full.
pub fn export(picture: &Path, formats: &[Format], out: &Path) -> Result<Vec<FileEntry>, ExportError> {
    not_free(out).map_or(Ok(()), |found| Err(ExportError::Place { path: out.to_owned(), found }))?;
    sound(picture)?;
    let disk = |source| ExportError::File { path: out.to_owned(), source };
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(disk)?;
    let around = tempfile::Builder::new().prefix(".trackweave-").tempdir_in(parent).map_err(disk)?;
    let new = around.path().join("new");
    fs::create_dir(&new).map_err(disk)?;
    let mut beside = Beside::new(picture, new);
    write(&mut beside, formats)?;
    let files = beside.into_files();
    replace(around, out)?.into_iter().next().map_or(Ok(files), |after| Err(after.into()))
}

/// Whether a folder is one partner's, and what its manifest says.
fn sound(picture: &Path) -> Result<(), ExportError> {
    let wrong = |found| ExportError::NotAPicture { path: picture.to_owned(), found };
    if !picture.is_dir() {
        return Err(wrong("no folder"));
    }
    if !picture.join("tracks.parquet").is_file() {
        return Err(wrong("a folder without `tracks.parquet`"));
    }
    let integrity = verify_seals(picture, Expected::default())?;
    let Some(fault) = integrity.faults.into_iter().next() else { return Ok(()) };
    let place = picture.join(fault.place).display().to_string();
    Err(ExportError::Unsound { place, found: fault.found, wanted: fault.wanted })
}
