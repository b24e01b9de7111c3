//! What can go wrong between tracks and files.

use std::io;
use std::path::{Path, PathBuf};

use arrow_schema::ArrowError;
use parquet::errors::ParquetError;

/// Why a product could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProductError {
    /// The file system refused.
    #[error("{}: cannot {doing}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The output path cannot name a new folder.
    #[error("{}: found {found}, wanted the path of a folder", path.display())]
    NotAFolder {
        /// The output path.
        path: PathBuf,
        /// What is there.
        found: &'static str,
    },
    /// The output folder holds something that no run made, which replacing it would destroy.
    #[error("{}: found `{entry}`, wanted a new or empty folder, or one that trackweave wrote and nobody added to",
        out.display())]
    Foreign {
        /// The output folder.
        out: PathBuf,
        /// The first entry that is not ours.
        entry: String,
    },
    /// A partner's id cannot safely name a folder.
    #[error(
        "partner `{partner}`: found {found} in the id, wanted 1 to 64 of `a-z A-Z 0-9 - _ .`, first a letter \
        or digit, last not `.`"
    )]
    PartnerName {
        /// The id.
        partner: String,
        /// What is wrong with it.
        found: String,
    },
    /// A label that no manifest can hold.
    #[error("label: found {found}, wanted 1 to 100 letters, digits, spaces and ASCII punctuation in one line")]
    Label {
        /// What is wrong with it.
        found: String,
    },
    /// A number that no picture can hold.
    #[error("picture `{place}`, row {row}, column `{column}`: found {found}, wanted {wanted}")]
    Number {
        /// The partner, or where else the rows were going.
        place: String,
        /// The row, counted from 1.
        row: u64,
        /// The column.
        column: &'static str,
        /// The value.
        found: f64,
        /// What would have been right.
        wanted: &'static str,
    },
    /// A list outgrew what one Arrow batch can hold.
    #[error("picture `{place}`: cannot assemble an Arrow batch")]
    Batch {
        /// The partner, or where else the rows were going.
        place: String,
        /// What Arrow said.
        source: ArrowError,
    },
    /// Parquet could not be written or read.
    #[error("{}: cannot {doing}", path.display())]
    Parquet {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What Parquet said.
        source: ParquetError,
    },
    /// A value could not become JSON, or JSON could not be read.
    #[error("{}: cannot {doing}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// A picture lacks a column, or has it in another type.
    #[error("picture `{place}`, column `{column}`: found {found}, wanted {wanted}")]
    Column {
        /// The file, or where else the rows came from.
        place: String,
        /// The column.
        column: String,
        /// What is there.
        found: String,
        /// What would have been right.
        wanted: &'static str,
    },
    /// A partner's folder was begun and not finished.
    #[error(
        "partner `{partner}`: found a folder without `manifest.json`, wanted the picture finished before publishing"
    )]
    Unfinished {
        /// The partner.
        partner: String,
    },
    /// A line of the audit is not what was written.
    #[error("{}:{line}: found {found}, wanted {wanted}", path.display())]
    Chain {
        /// The audit.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is there.
        found: String,
        /// What would have been right.
        wanted: String,
    },
    /// A folder cannot be encrypted to its partner.
    #[error("partner `{partner}`: found {found}, wanted a key `age1…` in `age_recipient` of partners.toml")]
    Recipient {
        /// The partner.
        partner: String,
        /// What is there.
        found: String,
    },
    /// This program has no encryption.
    #[error("this program was built without the feature `encrypt`, wanted `cargo build --release --features encrypt`")]
    NoEncryption,
    /// The output folder cannot be renamed, which replacing it takes.
    #[error(
        "{}: found a folder that cannot be renamed, such as a mount point; wanted one that can, or a new name in it",
        out.display()
    )]
    Immovable {
        /// The output folder.
        out: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The new output is whole, but could not be put in place.
    #[error("{}: cannot put the new output in place; it is whole in `{}`", out.display(), kept.display())]
    Kept {
        /// The output folder, as it was before.
        out: PathBuf,
        /// Where the new output is.
        kept: PathBuf,
        /// Why.
        source: Box<Self>,
    },
    /// The new output could not be put in place, nor the old one back.
    #[error("{}: cannot put the new output in place; both are whole in `{}`, as `new` and `old`",
        out.display(), kept.display())]
    Stranded {
        /// The output folder, now absent.
        out: PathBuf,
        /// Where both outputs are.
        kept: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The new output is in place, but the folder it came from could not be removed.
    #[error(
        "{}: the new output is in place; the old one and the folder that held it, `{}`, could not be removed",
        out.display(),
        left.display()
    )]
    Remains {
        /// The output folder.
        out: PathBuf,
        /// What is left beside it.
        left: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The new output is in place, but its name may not be on disk.
    #[error(
        "{}: the new output is in place, but that could not be written to disk: after a loss of power the old one \
         may be there",
        out.display()
    )]
    Unsynced {
        /// The output folder.
        out: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl ProductError {
    /// Whether the new output is in place all the same.
    #[must_use]
    pub fn in_place(&self) -> bool {
        matches!(self, Self::Remains { .. } | Self::Unsynced { .. })
    }
}

/// Names the place and the deed of a failed call to the file system.
pub(super) fn io_error(path: &Path, doing: &'static str) -> impl FnOnce(io::Error) -> ProductError {
    let path = path.to_owned();
    move |source| ProductError::Io { path, doing, source }
}

/// Names the place and the deed of a failed call to Parquet.
pub(super) fn parquet_error(path: &Path, doing: &'static str) -> impl FnOnce(ParquetError) -> ProductError {
    let path = path.to_owned();
    move |source| ProductError::Parquet { path, doing, source }
}
