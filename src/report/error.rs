//! What can go wrong between an output and its pages.

use std::path::PathBuf;

use crate::product::ProductError;

/// Why a page could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The picture, or the place of the page.
    #[error(transparent)]
    Product(#[from] ProductError),
    /// A file of the output that is not what a run writes.
    #[error("{}: found {found}, wanted {wanted}; `trackweave verify` says more", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is there.
        found: String,
        /// What would have been right.
        wanted: &'static str,
    },
    /// An output whose files are not what a run wrote.
    #[error("{}: found {found}, wanted {wanted}; `trackweave verify` says more", path.display())]
    Unsound {
        /// The file.
        path: PathBuf,
        /// What is there.
        found: String,
        /// What would have been right.
        wanted: String,
    },
    /// A place for pages that is taken.
    #[error("{}: found {found}, wanted a new or empty folder outside of any output: what is published is never changed", path.display())]
    Place {
        /// The folder.
        path: PathBuf,
        /// What is there.
        found: String,
    },
    /// The file system refused.
    #[error("{}: cannot write the page", path.display())]
    Write {
        /// The page.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}
