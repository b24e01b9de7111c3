//! What can go wrong between a picture and the files made from it.

use std::io;
use std::path::{Path, PathBuf};

use arrow_schema::ArrowError;

use super::Format;
use crate::product::ProductError;

/// Why a derived file could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// The picture, or the place of a new file.
    #[error(transparent)]
    Product(#[from] ProductError),
    /// Rows that do not decode.
    #[error("{}: cannot read the picture", path.display())]
    Rows {
        /// The partner's folder.
        path: PathBuf,
        /// What the decoder said.
        source: ArrowError,
    },
    /// The file system refused; the caller says where.
    #[error("cannot write the file")]
    Write(#[from] io::Error),
    /// The file system refused.
    #[error("{}: cannot write the file", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A format that knows no local frame.
    #[error(
        "format `{}`: found a recording in metres of its own, wanted one on the Earth (`frame = \"geodetic\"`); formats \
         for both are `csv` and `mot`",
        format.name()
    )]
    Frame {
        /// The format.
        format: Format,
    },
    /// More tracks at one time than the format has numbers for.
    #[error("format `asterix`: found more than 65,535 tracks at one time, wanted as many as 16 bits can number")]
    TooManyTracks,
    /// A folder whose files are not what a run wrote.
    #[error("{place}: found {found}, wanted {wanted}; `trackweave verify` says more")]
    Unsound {
        /// The file.
        place: String,
        /// What is there.
        found: String,
        /// What would have been right.
        wanted: String,
    },
    /// A path that is no partner's folder.
    #[error("{}: found {found}, wanted the folder of one partner, `OUT/PARTNER`", path.display())]
    NotAPicture {
        /// The path.
        path: PathBuf,
        /// What is there.
        found: &'static str,
    },
    /// A folder for exports in a published output, or one that holds something.
    #[error("{}: found {found}, wanted a new or empty folder outside of any output", path.display())]
    Place {
        /// The folder.
        path: PathBuf,
        /// What is there.
        found: String,
    },
}

impl ExportError {
    /// The same with the file that was being written.
    pub(super) fn at(self, path: &Path) -> Self {
        match self {
            Self::Write(source) => Self::File { path: path.to_owned(), source },
            error => error,
        }
    }
}
