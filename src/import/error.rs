//! Why files of others do not become a recording.

use std::io;
use std::path::PathBuf;

use crate::ingest::IngestError;
use crate::product::ProductError;

/// Why there is no recording.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A file cannot be read, or a table not written.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The folder holds something, and is left alone.
    #[error("{}: found something; wanted a new name or an empty folder: what was completed by hand is never replaced", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// A file or folder of the recording cannot be made.
    #[error("{}: cannot be written", path.display())]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A path cannot be written down.
    #[error("{}: found a path that is not UTF-8; wanted one that recording.toml can hold", path.display())]
    Path {
        /// The path.
        path: PathBuf,
    },
    /// No report became a row.
    #[error(
        "found no detection among {reports} reports ({passed}); wanted one: docs/formats-in.md says what becomes a row"
    )]
    NoRows {
        /// Reports in all files.
        reports: u64,
        /// Why they are no rows, in words.
        passed: String,
    },
    /// A place is stated of a sensor that there is not.
    #[error("{of}: found sensor `{found}`; wanted one of {known}")]
    UnknownSensor {
        /// The option.
        of: &'static str,
        /// The name.
        found: String,
        /// The sensors that there are.
        known: String,
    },
    /// The folder cannot be put in its place.
    #[error(transparent)]
    Publish(#[from] ProductError),
    /// Whoever started the import had it stopped.
    #[error("stopped before it was done")]
    Stopped,
}
