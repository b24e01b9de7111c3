//! Why the guard could not do its work. What it finds is no error.

use crate::ingest::IngestError;
use std::io;
use std::path::PathBuf;

/// Why a folder could not be held against a policy and a recording.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// The recording.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The file system refused.
    #[error("{}: cannot be read", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the policy that the guard cannot read.
    #[error("{}: found {found}, wanted {wanted}", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// What is there.
        found: String,
        /// What would have been right.
        wanted: &'static str,
    },
    /// Cedar refused, or a rule failed: then nothing can be said of what may be released.
    #[error("cannot {doing}: {message}")]
    Cedar {
        /// What was tried.
        doing: &'static str,
        /// What Cedar said.
        message: String,
    },
    /// The configuration lacks what the guard needs of it.
    #[error("configuration: found no number `{key}`, wanted the configuration that the run was made with")]
    Configuration {
        /// The key.
        key: &'static str,
    },
}

impl GuardError {
    /// Names what was tried when Cedar refused.
    pub(super) fn cedar<E: ToString>(doing: &'static str) -> impl FnOnce(E) -> Self {
        move |error| Self::Cedar { doing, message: error.to_string() }
    }
}
