//! What can go wrong on the whole path.

use super::coverage::REACH_MAX_DEG;
use crate::fusion::arrays::SOURCES_MAX;
use crate::fusion::error::FusionError;
use crate::fusion::executor::KernelError;
use crate::ingest::IngestError;
use crate::policy::PolicyError;
use crate::product::ProductError;
use crate::score::ScoreError;
use std::path::PathBuf;

/// Why a run ended without an output.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The recording.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The device.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// What fusion was given.
    #[error(transparent)]
    Fusion(FusionError),
    /// A detection or a look that reached a lane which may not have it.
    #[error("found {found} in a lane that may not have it, wanted none: a bug of this program, nothing was written")]
    NotAllowed {
        /// What.
        found: String,
    },
    /// The output folder.
    #[error(transparent)]
    Product(#[from] ProductError),
    /// The folder of lanes that were fused before, or this program, whose digest it needs.
    #[error("{}: cannot {doing}", path.display())]
    Cache {
        /// The file or folder.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why it did not work.
        source: std::io::Error,
    },
    /// A cache that the output would carry away.
    #[error(
        "{}: found a cache in {}, wanted a folder that is not in the output", cache.display(), out.display()
    )]
    CacheInOutput {
        /// The cache.
        cache: PathBuf,
        /// The output.
        out: PathBuf,
    },
    /// What was read twice was not the same.
    #[error(
        "{} changed while it was read: found {found}, wanted {wanted}; nothing was written: run again on a recording that \
         nobody writes to",
        path.display()
    )]
    Changed {
        /// The detections.
        path: PathBuf,
        /// What a later pass gave.
        found: String,
        /// What the first one had given.
        wanted: String,
    },
    /// The score.
    #[error(transparent)]
    Score(#[from] ScoreError),
    /// Rows that came too late, where that is fatal.
    #[error("{rows} rows of one segment came after later ones had ended their look, wanted rows in time order")]
    Late {
        /// How many.
        rows: u64,
    },
    /// Coverage that no plane can hold.
    #[error(
        "the sensors that a partner may use reach {reach_deg:.0} degrees from the middle of their coverage, as the Earth's \
         centre sees it, wanted at most {REACH_MAX_DEG}: fuse parts of the recording by themselves"
    )]
    TooWide {
        /// How far.
        reach_deg: f64,
    },
    /// Too many owners and labels in one lane.
    #[error("partner `{partner}` may fuse detections of {found} owners and labels, wanted at most {SOURCES_MAX}")]
    TooManySources {
        /// One of the lane's partners.
        partner: String,
        /// Pairs of owner and label.
        found: usize,
    },
}

impl From<FusionError> for RunError {
    fn from(error: FusionError) -> Self {
        match error {
            FusionError::Kernel(error) => Self::Kernel(error),
            other => Self::Fusion(other),
        }
    }
}
