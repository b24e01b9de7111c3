//! What can go wrong between rows and tracks.

use crate::fusion::error::FusionError;
use crate::fusion::executor::KernelError;
use crate::scan::ScanError;
use std::path::PathBuf;

/// Why rows did not become tracks.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrackError {
    /// The device.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// What fusion was given.
    #[error(transparent)]
    Fusion(FusionError),
    /// What scans are formed from.
    #[error(transparent)]
    Scan(#[from] ScanError),
    /// Tracks that are to be smoothed cannot be kept.
    #[error("{}: tracks that are to be smoothed cannot be kept there", folder.display())]
    Smoothing {
        /// Where.
        folder: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A report period that is none.
    #[error("`report_period_s` is {period_s}, wanted seconds from 0.000001 to 4000000000")]
    ReportPeriod {
        /// The period.
        period_s: f32,
    },
    /// More reports than a picture can hold.
    #[error(
        "`report_period_s` is {period_s}: found {found} reports of one segment, wanted at most {wanted}: choose a longer \
         period"
    )]
    TooManyReports {
        /// The period.
        period_s: f32,
        /// How many reports there could be.
        found: u64,
        /// How many there may be.
        wanted: u64,
    },
}

impl From<FusionError> for TrackError {
    fn from(error: FusionError) -> Self {
        match error {
            FusionError::Kernel(error) => Self::Kernel(error),
            other => Self::Fusion(other),
        }
    }
}
