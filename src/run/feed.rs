//! The rows of a recording to the lanes that may see them, as they may.

use super::associations::tells;
use super::basis::Basis;
use super::{Request, RunError, options};
use crate::fusion::credit::Accounts;
use crate::policy::PolicyError;
use crate::product::Given;
use crate::scan::Lane;
use crate::waves::{Keeps, Taken, Taker, Waves};

/// That tracks were asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// Of this lane.
    pub(super) lane: usize,
    /// At this time, microseconds.
    pub(super) time_us: i64,
    /// Whether for pictures, or right after a scan to be smoothed.
    pub(super) shown: bool,
}

/// What a pass gave a lane.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Its detections, where a partner may have a digest of them.
    pub(super) given: Option<Given>,
    /// Rows that it may see of which its levels leave nothing.
    pub(super) emptied: u64,
    /// What became of the others, once they are fused.
    pub(super) accounts: Accounts,
}

/// Feeds the lanes with the rows of the recording that each may see; gives what became of each.
///
/// # Errors
/// If the recording cannot be read, or the taker or `progress` fails, which hears of every wave.
pub(super) fn feed<'a>(
    request: &Request<'_>,
    basis: &'a Basis<'a>,
    lanes: impl IntoIterator<Item = (usize, &'a Lane)>,
    taker: &mut impl Taker<'a, Error = RunError>,
    progress: &mut dyn FnMut(u64) -> Result<(), RunError>,
) -> Result<Vec<Outcome>, RunError> {
    let mut waves = Waves::new(basis.catalogue, basis.config, lanes)?;
    waves.keep(|lane| {
        let plainly = lane.partners.iter().map(|&partner| basis.policy.receives_plainly(partner));
        let any = plainly.collect::<Result<Vec<_>, _>>()?.contains(&true);
        let keeps = Keeps { digest: any.then_some(&basis.config.fusion), numbers: tells(basis, lane)? };
        Ok::<_, RunError>(keeps)
    })?;
    let mut reader = basis.recording.reader(options(request))?;
    if waves.cuts() {
        reader = reader.with_readings();
    }
    let mut rows = 0;
    while let Some(batch) = reader.next_batch()? {
        let classes = basis.classifier.find(&batch).map_err(|error| met(basis, rows, error))?;
        waves.push(&batch, &classes)?;
        waves.pass(taker, &mut || progress(rows))?;
        rows += batch.time_us.len() as u64;
    }
    let pass = reader.pass();
    if pass != basis.pass {
        return Err(changed(basis, pass.to_string(), &basis.pass.to_string()));
    }
    waves.end(taker, &mut || progress(rows))?;
    let outcome = |(taken, emptied): (Option<Taken>, u64)| Outcome {
        given: taken.map(given),
        emptied,
        accounts: Accounts::default(),
    };
    Ok(waves.outcomes().map(outcome).collect())
}

/// That a later pass gave something else than the first.
pub(super) fn changed(basis: &Basis<'_>, found: String, wanted: &str) -> RunError {
    RunError::Changed { path: basis.recording.detections().to_owned(), found, wanted: format!("{wanted}, as at first") }
}

/// What it means that a class is not found after so many rows.
fn met(basis: &Basis<'_>, rows: u64, error: PolicyError) -> RunError {
    match error {
        PolicyError::UnmetClass { row, class } => {
            let found = format!("in accepted row {}: {class}", rows + row as u64 + 1);
            changed(basis, found, &format!("one of {} classes", basis.classes.len()))
        }
        error => error.into(),
    }
}

/// The detections that a lane was given, as manifests have them.
pub(super) fn given(taken: Taken) -> Given {
    let (rows, sha256) = taken.finish();
    Given { rows, sha256 }
}
