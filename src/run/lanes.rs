//! Lanes of a recording under a policy to logs, by themselves: what a machine of many does of a run.

use super::basis::Basis;
use super::budget::within;
use super::corrections::correct;
use super::fuse::{Fused, Tracks, fuse};
use super::kept::Kept;
use super::logs::{folder, made_from};
use super::report::WorkReport;
use super::{Besides, Listener, Request, RunError, changed_or, classes, opened};
use crate::fusion::executor::Executor;
use crate::ingest::Recording;
use crate::policy::Policy;
use crate::scan::Lane;
use core::ops::Range;
use serde::Serialize;

/// What became of the lanes.
#[derive(Clone, Debug, Serialize)]
pub struct FusedLanes {
    /// Lanes that the policy makes of the recording; they are numbered from 0.
    pub lanes: usize,
    /// Those that were asked for.
    pub logged: Vec<FusedLane>,
    /// What it took.
    pub work: WorkReport,
}

/// A lane whose log is there.
#[derive(Clone, Debug, Serialize)]
pub struct FusedLane {
    /// Its number.
    pub lane: usize,
    /// The partners whose pictures are made from it.
    pub partners: Vec<String>,
    /// Whether its log was there already.
    pub was_there: bool,
}

/// Fuses the lanes of these numbers, or all, and writes the log of each into the folder that is the request's `out`; those
/// whose logs are there are not fused again. [`super::assemble`] makes the output of them. Nothing else of a run is made.
///
/// # Errors
/// As [`super::run_watched`]; and if there are no such lanes, or a log cannot be written.
pub fn fuse_lanes(
    request: &Request<'_>,
    lanes: Option<Range<usize>>,
    executor: &Executor,
    listener: &mut Listener<'_>,
) -> Result<FusedLanes, RunError> {
    let recording = opened(request)?;
    let request = Request { besides: Besides::NOTHING, ..*request };
    let run = |listener: &mut Listener<'_>| fuse_opened(&request, &recording, (lanes, executor), listener);
    let done = within(request.memory, listener, run);
    done.map_err(|error| changed_or(error, &recording))
}

/// The same, the recording's files being open.
fn fuse_opened(
    request: &Request<'_>,
    recording: &Recording,
    (wanted, executor): (Option<Range<usize>>, &Executor),
    listener: &mut Listener<'_>,
) -> Result<FusedLanes, RunError> {
    let catalogue = recording.catalogue();
    let policy = Policy::of(request.policy)?;
    let zones = policy.zone_map(catalogue.frame)?;
    let strata = policy.strata(request.as_of_us)?;
    let folder = folder(request.out)?;
    let from = made_from((recording, &policy), request, &executor.identity())?;
    let (classifier, pass, ..) = classes(request, recording, (&policy, folder.path()), listener)?;
    let decisions = policy.decide(classifier.classes(), request.as_of_us)?;
    let basis = Basis::of(request, recording, (pass, &classifier), (&policy, &zones, &strata));
    let mut all = Lane::all(&basis.of_lanes(), &decisions)?;
    correct(request, &basis, &mut all)?;
    let wanted = wanted.unwrap_or(0..all.len());
    let within = wanted.end <= all.len() && (wanted.start < wanted.end || all.is_empty());
    if !within {
        return Err(RunError::NoLanes { of: wanted, found: all.len() });
    }
    let tracks = Tracks::Kept(executor, Kept::logs(folder, from, None));
    let Fused { work, unstored, .. } = fuse((request, &tracks), (&basis, &all, wanted.clone()), None, listener)?;
    unstored.map_or(Ok(()), |error| Err(RunError::from(error)))?;
    let of_them = wanted.clone().zip(all.iter().skip(wanted.start)).zip(&work.from_cache);
    let logged = of_them.map(|((number, lane), was_there)| FusedLane {
        lane: number,
        partners: basis.partners_of(lane),
        was_there: *was_there,
    });
    Ok(FusedLanes { lanes: all.len(), logged: logged.collect(), work })
}
