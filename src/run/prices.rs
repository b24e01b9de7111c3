//! The price of segmentation: what each partner would gain or lose if one rule of the policy were lifted.
//!
//! Every row is a whole run with that one change, of which only the lanes that it changes are fused: all others are in the
//! cache. Nothing of these runs is kept but their figures.

use super::cache::failed;
use super::{
    Besides, Listener, PartnerReport, Progress, Request, RunError, RunReport, Seals, chain, run_watched, tell,
};
use crate::fusion::executor::Executor;
use crate::policy::{Lift, Policy};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

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
    /// Mean delay of its rows, in seconds.
    pub delay_mean_s: f64,
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
    pub delay_mean_s: f64,
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
            delay_mean_s: self.delay_mean_s - other.delay_mean_s,
            apart_m: share(self.apart_m, other.apart_m),
            may_act: count(self.may_act, other.may_act),
        }
    }
}

/// Prices a policy: a run as it is, then one for each rule and level; `cache` and `scratch` are folders outside of any output.
///
/// # Errors
/// As [`run_watched`] of the policy as it is; a policy that cannot be run with one rule lifted has no price, and says why.
pub fn price(
    request: &Request<'_>,
    (scratch, cache): (&Path, &Path),
    executor: &Executor,
    listener: &mut Listener<'_>,
) -> Result<Prices, RunError> {
    let cache = request.cache.unwrap_or(cache);
    let out = scratch.join("as-it-is");
    let without = Request { label: None, formats: &[], besides: Besides::NOTHING, ..*request };
    let as_it_is = Request { out: &out, cache: Some(cache), ..without };
    let report = run_watched(&as_it_is, Seals::default(), executor.clone(), listener)?;
    let policy = Policy::read(request.policy)?;
    prices(request, (&policy, &report), (scratch, cache), executor, listener)
}

/// The prices of a policy, a run under which gave `report`.
///
/// # Errors
/// If it is told to stop.
pub(super) fn prices(
    request: &Request<'_>,
    (policy, report): (&Policy, &RunReport),
    (scratch, cache): (&Path, &Path),
    executor: &Executor,
    listener: &mut Listener<'_>,
) -> Result<Prices, RunError> {
    let as_it_is = Figures::all(report);
    let lifts = policy.lifts();
    let all = lifts.len() as u64;
    let mut prices = Vec::with_capacity(lifts.len());
    for (done, lift) in (0..).zip(lifts) {
        tell(listener, Progress::Pricing(done, all))?;
        let run = lifted(request, (policy, &lift), (scratch, cache), executor, listener);
        prices.push(match run {
            Err(RunError::Stopped) => return Err(RunError::Stopped),
            Err(error) => Price { lift, partners: BTreeMap::new(), refused: Some(chain(&error)), fused: 0 },
            Ok(report) => {
                let figures = Figures::all(&report).into_iter().filter_map(|(partner, would_have)| {
                    let has = as_it_is.get(&partner).filter(|has| **has != would_have)?;
                    Some((partner, Changed { would_have, gain: would_have.less(has) }))
                });
                let fused = report.work.from_cache.iter().filter(|stored| !**stored).count();
                Price { lift, partners: figures.collect(), refused: None, fused }
            }
        });
    }
    Ok(Prices { as_it_is, prices })
}

/// A run under the policy with one rule lifted.
fn lifted(
    request: &Request<'_>,
    (policy, lift): (&Policy, &Lift),
    (scratch, cache): (&Path, &Path),
    executor: &Executor,
    listener: &mut Listener<'_>,
) -> Result<RunReport, RunError> {
    let (folder, out) = (scratch.join("policy"), scratch.join("lifted"));
    let write = || {
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)
    };
    write().map_err(failed(&folder, "make the folder of a policy with one rule lifted"))?;
    for (name, text) in policy.lifted(lift)? {
        let path = folder.join(name);
        fs::write(&path, text).map_err(failed(&path, "write a policy with one rule lifted"))?;
    }
    let without = Request { label: None, formats: &[], besides: Besides::NOTHING, ..*request };
    let request = Request { policy: &folder, out: &out, cache: Some(cache), ..without };
    // What it tells of its own progress is no progress of the whole; only whether to stop is asked.
    run_watched(&request, Seals::default(), executor.clone(), &mut |_| listener(Progress::Lifted))
}
