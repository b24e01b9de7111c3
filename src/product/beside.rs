//! Files beside a finished picture, made from it alone: pages, and formats that other tools open.
//!
//! Whoever writes them is given the folder with the finished table and a place for new files, and nothing else. In a run
//! the place is the folder itself, before its manifest is written, which lists them; afterwards it is another folder.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::digest::HashedFile;
use super::error::ProductError;
use super::manifest::{FileEntry, MANIFEST, PartnerManifest};
use super::operator::OPERATOR;
use super::picture::TRACKS;

/// A finished picture, and where files made from it go.
#[derive(Debug)]
pub struct Beside<'a> {
    picture: &'a Path,
    to: PathBuf,
    files: Vec<FileEntry>,
    manifest: Map<String, Value>,
}

impl<'a> Beside<'a> {
    /// The picture in a partner's folder; new files go to the folder `to`, which exists.
    #[must_use]
    pub fn new(picture: &'a Path, to: PathBuf) -> Self {
        Self { picture, to, files: Vec::new(), manifest: Map::new() }
    }

    /// The same, with what its manifest says, without files that are still to be written.
    #[must_use]
    pub(super) fn with_manifest(self, manifest: &PartnerManifest) -> Self {
        let manifest = serde_json::to_value(manifest).ok().and_then(|manifest| match manifest {
            Value::Object(manifest) => Some(manifest),
            _ => None,
        });
        Self { manifest: manifest.unwrap_or_default(), ..self }
    }

    /// What the manifest says of the picture; empty outside of a run.
    #[must_use]
    pub fn manifest(&self) -> &Map<String, Value> {
        &self.manifest
    }

    /// The folder with the finished table, for [`super::read_batches`] and its like.
    #[must_use]
    pub fn picture(&self) -> &'a Path {
        self.picture
    }

    /// Where new files go.
    #[must_use]
    pub fn to(&self) -> &Path {
        &self.to
    }

    /// Writes a new file; it is on disk when this returns.
    ///
    /// # Errors
    /// A file that is there, a disk that is full, or what `write` fails with.
    pub fn write<E: From<ProductError>>(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut NewFile) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut file = NewFile(HashedFile::create(&self.to.join(name))?);
        write(&mut file)?;
        self.files.push(file.0.finish()?);
        Ok(())
    }

    /// What was written, by name.
    #[must_use]
    pub fn into_files(mut self) -> Vec<FileEntry> {
        self.files.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        self.files
    }
}

/// A file that is being written.
#[derive(Debug)]
pub struct NewFile(HashedFile);

impl std::io::Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

/// Why nothing new can be written at a path: it lies in an output, or something is there.
#[must_use]
pub fn not_free(path: &Path) -> Option<String> {
    if let Some(output) = output_around(path) {
        return Some(format!("a path in the output `{}`", output.display()));
    }
    match std::fs::read_dir(path) {
        Ok(mut entries) => entries.next().map(|_| "a folder that holds something".to_owned()),
        Err(error) => Some(error).filter(|error| error.kind() != ErrorKind::NotFound).map(|error| error.to_string()),
    }
}

/// The output, or the partner's folder, in which a path lies: nothing may be added there.
#[must_use]
pub fn output_around(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // What is not there yet has no links to follow.
    let there = path.ancestors().find_map(|above| std::fs::canonicalize(above).ok()).unwrap_or_default();
    let manifest_in = |folder: &Path| folder.join(MANIFEST).is_file();
    let ours = |above: &&Path| manifest_in(&above.join(OPERATOR)) || manifest_in(above) && above.join(TRACKS).is_file();
    [there.as_path(), &path].into_iter().flat_map(Path::ancestors).find(ours).map(Path::to_owned)
}
