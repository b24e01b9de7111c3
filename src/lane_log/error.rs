//! What can go wrong with files of lanes.

use std::io;
use std::path::{Path, PathBuf};

/// Why a lane could not be kept, or is not taken.
#[derive(Debug, thiserror::Error)]
pub enum LaneLogError {
    /// The system, or a file that is not what it should be.
    #[error("{}: cannot {doing}", path.display())]
    Refused {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why it did not work.
        source: io::Error,
    },
    /// A folder that the output would carry away.
    #[error(
        "{}: found a folder of lanes in the output {}, wanted one that is not in an output",
        folder.display(),
        out.display()
    )]
    InOutput {
        /// The folder.
        folder: PathBuf,
        /// The output.
        out: PathBuf,
    },
    /// A log of another run, or of something else than was wanted.
    #[error("{}: found a log of {what} {found}, wanted {wanted}: give the logs of this run alone", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// In what it is another one.
        what: String,
        /// Of what it is.
        found: String,
        /// Of what it should be.
        wanted: String,
    },
    /// Two logs of one lane.
    #[error("{}: found a log of lane {lane}, wanted one alone: {} is another", path.display(), other.display())]
    Twice {
        /// One of them.
        path: PathBuf,
        /// The lane.
        lane: usize,
        /// The other one.
        other: PathBuf,
    },
    /// No log of a lane.
    #[error(
        "{folders}: found no log of lane {lane}, wanted one of each of {lanes} lanes: make it with `trackweave fuse`"
    )]
    Missing {
        /// Where it was looked for.
        folders: String,
        /// The lane.
        lane: usize,
        /// How many lanes there are.
        lanes: usize,
    },
    /// A file that is not what was written.
    #[error("{}: found {found}, wanted a lane as it was written: make it again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        found: String,
    },
}

/// What the system says of a file, and what was tried.
pub(crate) fn failed(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> LaneLogError {
    move |source| LaneLogError::Refused { path: path.to_owned(), doing, source }
}
