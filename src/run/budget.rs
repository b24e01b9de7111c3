//! A run within so much memory: it ends with an error, and leaves the old output or none, before it takes more.
//!
//! What is resident is asked at every wave and batch, so one of these may go beyond it before it is noticed. The figure decides
//! whether a run ends, never what it computes.

use super::{Listener, Progress, RunError};
use crate::resident;
use std::ops::ControlFlow;

/// Has a run told whether it may go on: not once it holds more than `memory` bytes, nor when `listener` says so.
///
/// # Errors
/// Those of the run; that it held too much; that the system does not say how much it holds.
pub(super) fn within<T>(
    memory: Option<u64>,
    listener: &mut Listener<'_>,
    run: impl FnOnce(&mut Listener<'_>) -> Result<T, RunError>,
) -> Result<T, RunError> {
    let Some(wanted) = memory else { return run(listener) };
    if resident::now().is_none() {
        return Err(RunError::MemoryUntold);
    }
    let mut beyond = None;
    let done = run(&mut |progress| match resident::now()
        .filter(|found| *found > wanted && progress != Progress::Publishing)
    {
        Some(found) => {
            beyond.get_or_insert((progress, found));
            ControlFlow::Break(())
        }
        None => listener(progress),
    });
    match (done, beyond) {
        (Err(RunError::Stopped), Some((at, found))) => Err(RunError::Memory { at, found, wanted }),
        (done, _) => done,
    }
}

/// A number of bytes: `8GB`, `512 MB`, `2GiB`, or a bare number of them.
///
/// # Errors
/// What was wanted.
pub fn read_memory(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.find(|letter: char| !letter.is_ascii_digit() && letter != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let scale = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1u64,
        "kb" | "k" => 1_000,
        "mb" | "m" => 1_000_000,
        "gb" | "g" => 1_000_000_000,
        "tb" | "t" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => 0,
    };
    let whole = number.parse::<f64>().ok().filter(|number| number.is_finite() && scale > 0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturating, of a number that is not negative"
    )]
    let bytes = whole.map(|number| (number * scale as f64) as u64);
    bytes
        .filter(|bytes| *bytes >= LEAST)
        .ok_or_else(|| "wanted bytes, as in `8GB` or `512MiB`, 64 MB at least".to_owned())
}

/// Less than this no run takes.
const LEAST: u64 = 64_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_bytes_may_have_any_unit() {
        let same = ["8GB", "8 gb", "8000MB", "8e9", "8000000000", "8G", "8.0 GB"];
        for text in same {
            assert_eq!(read_memory(text).ok(), (text != "8e9").then_some(8_000_000_000), "{text}");
        }
        assert_eq!(read_memory("2GiB"), Ok(2 << 30));
        for text in ["", "GB", "-8GB", "8XB", "1MB", "nan", "8 8GB", "1.2.3GB", "inf GB"] {
            assert!(read_memory(text).is_err(), "{text}");
        }
        assert_eq!(read_memory("99999999999999TB"), Ok(u64::MAX));
    }

    #[test]
    fn a_run_that_holds_more_ends_and_says_where_how_much_and_what_to_do() {
        let step = |listener: &mut Listener<'_>| {
            let told = super::super::tell(listener, Progress::Classing(7));
            told.map(|()| 5)
        };
        let mut told = Vec::new();
        let mut listener = |progress| {
            told.push(progress);
            ControlFlow::Continue(())
        };
        assert_eq!(within(None, &mut listener, step).expect("no budget"), 5);
        assert_eq!(within(Some(u64::MAX), &mut listener, step).expect("enough"), 5);
        let error = within(Some(1), &mut listener, step).expect_err("too little");
        assert!(matches!(error, RunError::Memory { at: Progress::Classing(7), wanted: 1, .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains("wanted at most") && text.contains("--memory"), "{text}");
        assert_eq!(told, [Progress::Classing(7); 2]);
    }
}
