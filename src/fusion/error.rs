//! What can be wrong with what fusion is given, and what a device may refuse.

use super::executor::KernelError;
use crate::scan::Wrong;

/// Why a batch did not do as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FusionError {
    /// The device.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// Something that no lane, scan or mask can be; nothing was computed from it.
    #[error(transparent)]
    Input(#[from] Wrong),
    /// More than indices count.
    #[error(
        "a wave over all lanes has {found} {what}, wanted fewer than {most}: fuse fewer lanes, or shorter looks, at once"
    )]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        found: u64,
        /// How many there may not be.
        most: u64,
    },
}

/// What indices of tracks and detections count at most: one bit of a word says other things.
pub(super) const INDEX_MAX: u64 = 1 << 31;
/// What a word counts at most: its last value stands for none.
pub(super) const WORD_MAX: u64 = u32::MAX as u64;

/// `found` as an index, if there are fewer than `most`.
pub(super) fn counted(what: &'static str, found: u64, most: u64) -> Result<u32, FusionError> {
    let too_many = FusionError::TooMany { what, found, most };
    if found < most { u32::try_from(found).or(Err(too_many)) } else { Err(too_many) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_indices_do_not_count_is_an_error_and_never_cut() {
        assert_eq!(counted("detections", INDEX_MAX - 1, INDEX_MAX), Ok(i32::MAX.unsigned_abs()));
        assert_eq!(counted("hypotheses", WORD_MAX - 1, WORD_MAX), Ok(u32::MAX - 1));
        for (what, found, most) in [
            ("detections", INDEX_MAX, INDEX_MAX),
            ("hypotheses", WORD_MAX, WORD_MAX),
            ("hypotheses", (1 << 32) + 7, WORD_MAX),
            ("cells", u64::MAX, u64::MAX),
        ] {
            assert_eq!(counted(what, found, most), Err(FusionError::TooMany { what, found, most }));
        }
        let error = counted("hypotheses", (1 << 32) + 7, WORD_MAX).unwrap_err().to_string();
        assert!(error.starts_with("a wave over all lanes has 4294967303 hypotheses, wanted fewer than "), "{error}");
    }
}
