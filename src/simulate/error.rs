//! What can be wrong with a scenario, or with the folder that its recording goes to.

use std::io;
use std::path::PathBuf;

/// Why a scenario cannot be simulated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimulateError {
    /// The scenario file cannot be read.
    #[error("{}: cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The scenario is not TOML, or a key is unknown, missing or of another type.
    #[error("{place}:{line}: {what}")]
    Toml {
        /// The file.
        place: String,
        /// The line, from 1.
        line: usize,
        /// What the TOML reader found and wanted.
        what: String,
    },
    /// A value cannot be right.
    #[error("{place}: `{key}` is {found}; wanted {wanted}")]
    Value {
        /// The file, or the name of a scenario made in code.
        place: String,
        /// The key with the tables around it, such as `sensor.west.noise.range_m`.
        key: String,
        /// The value.
        found: String,
        /// What would have been right.
        wanted: String,
    },
    /// The folder holds something that no simulation made, and is left alone.
    #[error("{}: found what no simulation made; wanted a new name, or a simulated recording to replace", path.display())]
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
    /// The catalogue cannot be written as TOML.
    #[error("{}: cannot be written", path.display())]
    Catalogue {
        /// The file.
        path: PathBuf,
        /// What the TOML writer says.
        source: toml::ser::Error,
    },
    /// The folder cannot be put in its place.
    #[error(transparent)]
    Publish(#[from] crate::product::ProductError),
    /// Whoever started the simulation had it stopped.
    #[error("stopped before it was done")]
    Stopped,
    /// A table of the recording cannot be written.
    #[error(transparent)]
    Table(#[from] crate::ingest::IngestError),
}
