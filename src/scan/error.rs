//! What can be wrong with scans and what they are formed from: where, found, wanted.

use super::looks::LOOK_ROWS_MAX;
use super::{SOURCES_MAX, VIEWS_MAX};
#[cfg(feature = "policy")]
use crate::policy::PolicyError;
use core::fmt::Debug;

/// Something that no row, mask, scan or lane can be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: found {what} = {found}, wanted {wanted}")]
pub struct Wrong {
    /// The row, mask, scan, lane or observation.
    pub at: String,
    /// What of it.
    pub what: &'static str,
    /// What it is.
    pub found: String,
    /// What it has to be.
    pub wanted: &'static str,
}

/// Why no scan was formed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ScanError {
    /// What scans are formed from.
    #[error(transparent)]
    Input(#[from] Wrong),
    /// The policy.
    #[cfg(feature = "policy")]
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// A detection or a look that reached a lane which may not have it.
    #[error("found {found} in a lane that may not have it, wanted none: a bug of this program, nothing was written")]
    NotAllowed {
        /// What.
        found: String,
    },
    /// More detections of one look than are held at once.
    #[error(
        "sensor `{sensor}`: found more than {LOOK_ROWS_MAX} detections in one look, wanted at most so many: a shorter \
         `scan_period_s`, or parts of the recording by themselves"
    )]
    LookTooFull {
        /// The sensor.
        sensor: String,
    },
    /// More groups of sensors than one track knows apart.
    #[error(
        "found {found} views in one lane, one of each of the sensors `{sensors}` that has no `view`, wanted at most \
         {VIEWS_MAX}: name views in recording.toml (`view = \"…\"`), one for those that see the same objects"
    )]
    TooManyViews {
        /// How many.
        found: usize,
        /// The lane's sensors.
        sensors: String,
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

/// Fails unless what was found is as it has to be.
pub(crate) fn require<T: Debug>(
    at: impl FnOnce() -> String,
    (what, found): (&'static str, T),
    is_so: impl FnOnce(&T) -> bool,
    wanted: &'static str,
) -> Result<(), Wrong> {
    if is_so(&found) { Ok(()) } else { Err(wrong(at(), what, found, wanted)) }
}

/// Something that cannot be.
pub(crate) fn wrong(at: String, what: &'static str, found: impl Debug, wanted: &'static str) -> Wrong {
    Wrong { at, what, found: format!("{found:?}"), wanted }
}
