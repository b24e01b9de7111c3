//! The price of segmentation: what each partner would gain or lose if one rule of the policy were lifted.
//!
//! Every row is a whole run with that one change, of which only the lanes that it changes are fused: all others are in the
//! cache, and a picture that was met before is not scored again. Nothing of these runs is kept but their figures and, for the
//! operator's page, pictures that a change makes others.

use super::fuse::Way;
use super::report::Judged;
use super::{
    Besides, Listener, PartnerReport, Progress, Request, RunError, RunReport, Seals, chain, changed_or, hold, opened,
    run_opened, tell,
};
use crate::fusion::executor::Executor;
use crate::ingest::Recording;
use crate::lane_log::failed;
use crate::policy::{Files, Lift, Policy};
use crate::report::{Before, Lifted, Lifts};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::available_parallelism;
use std::time::Duration;

/// The prices of all rules.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Prices {
    /// What each partner has under the policy as it is.
    pub as_it_is: BTreeMap<String, Figures>,
    /// Every rule, with and without its conditions, and every level.
    pub prices: Vec<Price>,
}

/// The price of one rule or level.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Price {
    /// What is lifted.
    #[serde(flatten)]
    pub lift: Lift,
    /// Partners whose figures change.
    pub partners: BTreeMap<String, Changed>,
    /// Why there is no such policy, or no run with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Lanes that had to be fused for it.
    #[serde(skip)]
    pub fused: usize,
}

/// What a partner would have, and what it would gain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Changed {
    /// What it would have.
    pub would_have: Figures,
    /// That less what it has.
    pub gain: Gain,
}

/// What a partner has of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Detections that its picture is computed from.
    pub detections: u64,
    /// Rows of its picture.
    pub rows: u64,
    /// Tracks in it.
    pub tracks: u64,
    /// Share of the truth that a row is near, where the recording has truth.
    pub coverage: Option<f64>,
    /// Share of what the all-source picture has that it has: of the whole picture, whether or not it should see it.
    pub of_all_source: Option<f64>,
    /// Mean delay of its rows, of their levels and of the detections that they are from, in seconds; `None` without rows.
    pub delay_mean_s: Option<f64>,
    /// Root mean square distance of its rows from the all-source picture, metres.
    pub apart_m: Option<f64>,
    /// Rows of tracks on which it may act, once for each action.
    pub may_act: u64,
}

/// Differences of [`Figures`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Gain {
    /// Of detections.
    pub detections: i64,
    /// Of rows.
    pub rows: i64,
    /// Of tracks.
    pub tracks: i64,
    /// Of coverage.
    pub coverage: Option<f64>,
    /// Of what the all-source picture has.
    pub of_all_source: Option<f64>,
    /// Of delay, in seconds: less is a gain.
    pub delay_mean_s: Option<f64>,
    /// Of distance, in metres: less is a gain.
    pub apart_m: Option<f64>,
    /// Of rows that it may act on.
    pub may_act: i64,
}

impl Figures {
    /// Of one partner of a run.
    fn of(report: &RunReport, partner: &PartnerReport) -> Self {
        let coherence = report.coherence.as_ref();
        let all = coherence.map_or(0, |coherence| coherence.all_source_points);
        let beside = coherence.into_iter().flat_map(|coherence| &coherence.against_all_source);
        let beside = beside.into_iter().find(|pair| pair.a.contains(&partner.partner)).map(|pair| &pair.total);
        Self {
            detections: partner.detections,
            rows: partner.rows,
            tracks: partner.tracks as u64,
            coverage: partner.score.as_ref().and_then(|score| score.coverage),
            of_all_source: beside.filter(|_| all > 0).map(|beside| beside.both as f64 / all as f64),
            delay_mean_s: partner.resolution.delay_mean_s,
            apart_m: beside.and_then(|beside| beside.apart_rms_m),
            may_act: partner.authorities.values().sum(),
        }
    }

    fn all(report: &RunReport) -> BTreeMap<String, Self> {
        report.partners.iter().map(|partner| (partner.partner.clone(), Self::of(report, partner))).collect()
    }

    fn less(&self, other: &Self) -> Gain {
        let count = |a: u64, b: u64| i64::try_from(i128::from(a) - i128::from(b)).unwrap_or(i64::MAX);
        let share = |a: Option<f64>, b: Option<f64>| a.zip(b).map(|(a, b)| a - b);
        Gain {
            detections: count(self.detections, other.detections),
            rows: count(self.rows, other.rows),
            tracks: count(self.tracks, other.tracks),
            coverage: share(self.coverage, other.coverage),
            of_all_source: share(self.of_all_source, other.of_all_source),
            delay_mean_s: share(self.delay_mean_s, other.delay_mean_s),
            apart_m: share(self.apart_m, other.apart_m),
            may_act: count(self.may_act, other.may_act),
        }
    }
}

/// Prices a policy: a run as it is, then one for each rule and level; `cache` and `scratch` are folders outside of any output.
///
/// # Errors
/// As [`run_watched`](super::run_watched) of the policy as it is; a policy that cannot be run with one rule lifted has no
/// price, and says why.
pub fn price(
    request: &Request<'_>,
    (scratch, cache): (&Path, &Path),
    executor: &Executor,
    listener: &mut Listener<'_>,
) -> Result<Prices, RunError> {
    let cache = request.keep_logs.or(request.cache).unwrap_or(cache);
    let out = scratch.join("as-it-is");
    let without = Request { label: None, formats: &[], besides: Besides::NOTHING, keep_logs: None, ..*request };
    let as_it_is = Request { out: &out, cache: Some(cache), ..without };
    let (recording, judged) = (opened(request)?, Judged::default());
    let mut priced = || -> Result<Prices, RunError> {
        fs::create_dir_all(scratch).map_err(failed(scratch, "make the folder of runs"))?;
        hold(request, &recording, scratch, listener)?;
        let report = run_opened(&as_it_is, &recording, (Seals::default(), &judged), Way::Fuse(executor), listener)?;
        let policy = Policy::of(request.policy)?;
        let (recording, policy, judged) = (&recording, &policy, &judged);
        let pricing = Pricing { request, recording, policy, scratch, cache, judged, executor };
        Ok(pricing.all(&report, None, listener)?.0)
    };
    priced().map_err(|error| changed_or(error, &recording))
}

/// What it takes to price a policy.
#[derive(Debug)]
pub(super) struct Pricing<'a> {
    pub(super) request: &'a Request<'a>,
    /// What the run under the policy as it is has read; it is held, so that several runs may read it at once.
    pub(super) recording: &'a Recording,
    pub(super) policy: &'a Policy,
    /// Folders outside of any output.
    pub(super) scratch: &'a Path,
    pub(super) cache: &'a Path,
    /// The truth, and scores of pictures that were met.
    pub(super) judged: &'a Judged,
    pub(super) executor: &'a Executor,
}

/// Runs at once on the host, where there are as many cores; each holds what a run holds.
const AT_ONCE: usize = 4;
/// How often it is asked whether to stop.
const ASKED_EVERY: Duration = Duration::from_millis(50);

/// A price, and the pictures that it changes.
type Found = (Price, Vec<Lifted>);

impl Pricing<'_> {
    /// The prices, a run under the policy as it is having given `report`, and the pictures that change, where they are `kept`.
    ///
    /// # Errors
    /// If it is told to stop, or the recording changes or cannot be read any more.
    pub(super) fn all(
        &self,
        report: &RunReport,
        mut kept: Option<Lifts>,
        listener: &mut Listener<'_>,
    ) -> Result<(Prices, Option<Lifts>), RunError> {
        let as_it_is = Figures::all(report);
        let lifts = self.policy.lifts();
        let all = lifts.len() as u64;
        let cores = if self.executor.is_host() { available_parallelism().map_or(1, usize::from) } else { 1 };
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (mut prices, mut early) = (Vec::with_capacity(lifts.len()), BTreeMap::new());
        let done = std::thread::scope(|scope| {
            let (found, finds) = channel();
            for worker in 0..cores.min(AT_ONCE).min(lifts.len()) {
                let (pricing, before, found) = (self, kept.as_ref().map(Lifts::before), found.clone());
                let (lifts, next, stop, as_it_is) = (&lifts, &next, &stop, &as_it_is);
                scope.spawn(move || {
                    let scratch = pricing.scratch.join(worker.to_string());
                    let one = || next.fetch_add(1, Ordering::Relaxed);
                    while let Some((number, lift)) = Some(one()).and_then(|n| Some((n, lifts.get(n)?))) {
                        let price = pricing.one(lift, as_it_is, (&scratch, before.as_deref()), stop);
                        if stop.load(Ordering::Relaxed) || found.send((number, price)).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(found);
            loop {
                let progress = match finds.recv_timeout(ASKED_EVERY) {
                    Ok((number, price)) => {
                        early.insert(number, price.inspect_err(|_| stop.store(true, Ordering::Relaxed))?);
                        // In their order, so that which pictures are left out is the same in every run.
                        while let Some((price, changed)) = early.remove(&prices.len()) {
                            if let Some(kept) = &mut kept {
                                kept.add(&price.lift, changed);
                            }
                            prices.push(price);
                        }
                        Progress::Pricing((prices.len() + early.len()) as u64, all)
                    }
                    Err(RecvTimeoutError::Timeout) => Progress::Lifted,
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                };
                tell(listener, progress).inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
            }
        });
        done.map(|()| (Prices { as_it_is, prices }, kept))
    }

    /// The price of one rule or level, and the pictures that become others than `before`.
    fn one(
        &self,
        lift: &Lift,
        as_it_is: &BTreeMap<String, Figures>,
        (scratch, before): (&Path, Option<&Before>),
        stop: &AtomicBool,
    ) -> Result<Found, RunError> {
        let price = |partners, refused, fused| Price { lift: lift.clone(), partners, refused, fused };
        let out = scratch.join("lifted");
        let run = self.run(lift, (scratch, &out), stop).and_then(|report| {
            Ok((report, before.map(|before| before.read(&out)).transpose().map_err(RunError::from)?))
        });
        Ok(match run {
            // It is of no rule that the recording cannot be read.
            Err(error @ (RunError::Ingest(_) | RunError::Changed { .. })) => return Err(error),
            Err(error) => {
                // Where it was tried is no part of why not, and another place in every run.
                let why = chain(&error).replace(&format!("{}/", scratch.display()), "");
                (price(BTreeMap::new(), Some(why), 0), Vec::new())
            }
            Ok((report, changed)) => {
                let figures = Figures::all(&report).into_iter().filter_map(|(partner, would_have)| {
                    let has = as_it_is.get(&partner).filter(|has| **has != would_have)?;
                    Some((partner, Changed { would_have, gain: would_have.less(has) }))
                });
                let fused = report.work.from_cache.iter().filter(|stored| !**stored).count();
                (price(figures.collect(), None, fused), changed.unwrap_or_default())
            }
        })
    }

    /// A run under the policy with one rule lifted.
    fn run(&self, lift: &Lift, (scratch, out): (&Path, &Path), stop: &AtomicBool) -> Result<RunReport, RunError> {
        let folder = scratch.join("policy");
        let write = || {
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            fs::create_dir_all(&folder)
        };
        write().map_err(failed(&folder, "make the folder of a policy with one rule lifted"))?;
        for (name, text) in self.policy.lifted(lift)? {
            let path = folder.join(name);
            fs::write(&path, text).map_err(failed(&path, "write a policy with one rule lifted"))?;
        }
        let without =
            Request { label: None, formats: &[], besides: Besides::NOTHING, keep_logs: None, ..*self.request };
        let request = Request { policy: Files::Folder(&folder), out, cache: Some(self.cache), ..without };
        // What it tells of its own progress is no progress of the whole; only whether to stop is asked.
        let ask = |_| if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        let executor = Way::Fuse(self.executor);
        run_opened(&request, self.recording, (Seals::default(), self.judged), executor, &mut { ask })
    }
}
