//! What the operator learns of a run: counts, decisions, audit, scores, timings. No partner gets any of it.

use super::authority::AuthorityReport;
use super::basis::Basis;
use super::coherence::coherence_of;
use super::doubts::Doubt;
use super::feed::Outcome as Fed;
use super::judging::{Judge, Truths, score_picture, score_plainly};
use super::ledger::Ledger;
use super::pictures::{Released, Tally};
use super::prices::Prices;
use super::{Request, RunError, chain, journal};
use crate::fusion::batch::WaveReport;
use crate::ingest::{IngestReport, Recording, Truth};
use crate::policy::{DecisionRecord, Decisions, Finding, Obligations, Policy, TrackClass};
use crate::product::{Calibrated, ReleaseTable, Staging};
use crate::resident;
use crate::scan::Lane;
use crate::score::coherence::CoherenceReport;
use crate::score::sequence::ScoreReport;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

/// What a run did.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct RunReport {
    /// Name of the recording.
    pub recording: String,
    /// Rows read, accepted, rejected and why.
    pub ingest: IngestReport,
    /// Classes of detections.
    pub classes: usize,
    /// Questions that Cedar was asked about detections.
    pub evaluations: u64,
    /// Fusion problems.
    pub lanes: Vec<LaneReport>,
    /// What each partner got, in the order of the policy.
    pub partners: Vec<PartnerReport>,
    /// Who may act on the tracks of each lane.
    pub authority: AuthorityReport,
    /// Pictures without scores although there is truth, by partner, and why; the pictures themselves are whole.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub unscored: BTreeMap<String, String>,
    /// What the policy does, and somebody may not have meant.
    pub warnings: Vec<Finding>,
    /// What of the recording contradicts its catalogue, or itself.
    pub doubts: Vec<Doubt>,
    /// What each level of `receive` demands, by its name.
    #[serde(skip)]
    pub levels: BTreeMap<String, Obligations>,
    /// How far the pictures agree; it has a file of its own.
    #[serde(skip)]
    pub coherence: Option<CoherenceReport>,
    /// What each rule costs whom, if that was asked; it has a file of its own.
    #[serde(skip)]
    pub prices: Option<Prices>,
    /// What went wrong without harm to the output; not in the operator's report, which was written before.
    #[serde(skip)]
    pub untidy: Vec<String>,
    /// What it took; not in the operator's report, which is the same for equal runs.
    #[serde(skip)]
    pub work: WorkReport,
}

/// One lane.
#[derive(Clone, Debug, Serialize)]
pub struct LaneReport {
    /// Partners whose pictures come from it.
    pub partners: Vec<String>,
    /// Detections that it may fuse.
    pub detections: u64,
    /// What corrects them; absent if nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibrated>,
}

/// What one partner got.
#[derive(Clone, Debug, Serialize)]
pub struct PartnerReport {
    /// The partner.
    pub partner: String,
    /// Detections that its picture is computed from.
    pub detections: u64,
    /// Where every row of the recording went.
    pub ledger: Ledger,
    /// Rows of its picture.
    pub rows: u64,
    /// Tracks in it.
    pub tracks: usize,
    /// Rows at each level.
    pub levels: BTreeMap<String, u64>,
    /// Rows withheld, by the rules or the obligation that withheld them.
    pub rows_withheld: BTreeMap<String, u64>,
    /// Rows of tracks on which it may take each action.
    pub authorities: BTreeMap<String, u64>,
    /// Against all of the truth, seen or not; `None` where the recording has none.
    pub score: Option<ScoreReport>,
    /// The same with all that is in `scores.json`.
    #[serde(skip)]
    pub scores: Option<ScoreReport>,
    /// What its levels cost it in time and resolution.
    pub resolution: Resolution,
}

/// How late and how coarse a picture is, and how good at its own resolution.
///
/// A position in a cell lies up to half the cell's diagonal from where it was estimated, so at a cut-off below that even
/// a perfect coarse picture counts as wrong. Here the cut-off is wider by half the diagonal of the coarsest cell that the
/// partner received. At a wide cut-off neighbours may be taken for each other: the coverage here is an upper bound.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Resolution {
    /// Mean delay of its rows, of their levels and of the detections that they are from, in seconds; `None` without rows.
    pub delay_mean_s: Option<f64>,
    /// Edge of the coarsest cells that its levels put it in, in metres; `None` where they put nothing in cells.
    pub cell_m: Option<f64>,
    /// The cut-off, in metres.
    pub within_m: f64,
    /// Share of the truth that a row is near, at that cut-off.
    pub coverage: Option<f64>,
    /// Root mean square distance of those rows from the truth, in metres.
    pub position_rmse_m: Option<f64>,
    /// Share of the rows that are near no object, at that cut-off.
    pub spuriousness: Option<f64>,
}

/// What a run took, and where its tracks are from: equal runs may differ in it.
#[derive(Clone, Debug, Default, Serialize)]
pub struct WorkReport {
    /// For every lane, in the order of the report, whether its tracks were in the cache, or in a log.
    pub from_cache: Vec<bool>,
    /// Files of the cache that were not what had been written to them; their lanes were fused again.
    pub damaged: u64,
    /// Why the cache does not have a lane that was fused; it will be fused again next time.
    #[serde(skip)]
    pub unstored: Option<String>,
    /// Time of each part.
    pub seconds: Seconds,
    /// Seconds of fusion in each stage.
    pub stages_s: BTreeMap<&'static str, f64>,
    /// The most memory that the process held so far, bytes; `None` where the system does not say.
    pub peak_bytes: Option<u64>,
    /// What fusion did in the lanes that were not in the cache.
    pub fusion: FusionReport,
}

/// Time of each part of a run, in seconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Seconds {
    /// Reading, sorting into classes, deciding.
    pub class: f64,
    /// Finding out which lanes are in the cache.
    pub look_up: f64,
    /// Fusing the others, and writing pictures.
    pub fuse: f64,
}

/// What fusion did, summed over waves.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FusionReport {
    /// Waves.
    pub waves: u64,
    /// Detections, each counted in every lane that fused it.
    pub detections: u64,
    /// Hypotheses in gates.
    pub edges: u64,
    /// Tracks in dense spots, once a wave, whose gates were narrowed to `hypotheses_max` detections.
    pub narrowed: u64,
    /// Tracks that began.
    pub births: u64,
    /// Tracks that ended as twins: their object had another track, fed by another view.
    pub merged: u64,
    /// Clusters solved exactly, by belief propagation, one to one.
    pub clusters: [u64; 3],
    /// Clusters in which belief propagation reached its bound first; in mode `assign`, tracks left alone in a look because they waited
    /// for a detection longer than the rounds of the assignment last.
    pub unconverged: u64,
}

impl FusionReport {
    /// Counts one more wave.
    pub(super) fn add(&mut self, wave: &WaveReport) {
        self.waves += 1;
        self.detections += wave.detections;
        self.edges += wave.edges;
        self.narrowed += wave.narrowed;
        self.births += wave.births;
        self.merged += wave.merged;
        let [exact, belief, assigned] = &mut self.clusters;
        *exact += wave.association.exact;
        *belief += wave.association.belief;
        *assigned += wave.association.assigned;
        self.unconverged += wave.association.unconverged;
    }
}

/// What the passes left.
#[derive(Debug)]
pub(super) struct Outcome<'a> {
    /// Decisions over classes of detections.
    pub(super) decisions: &'a Decisions,
    /// Rows read and rejected.
    pub(super) ingest: IngestReport,
    /// What of them contradicts the catalogue.
    pub(super) doubts: Vec<Doubt>,
    /// What it took.
    pub(super) work: WorkReport,
    /// What became of the rows of each lane.
    pub(super) fed: &'a [Fed],
    /// What corrects these.
    pub(super) calibrated: &'a [Option<Calibrated>],
    /// The pictures.
    pub(super) released: Vec<Released>,
    /// Who may act.
    pub(super) authority: AuthorityReport,
    /// What partners may receive, and what lanes take.
    pub(super) releases: &'a ReleaseTable,
}

impl RunReport {
    /// Scores the pictures, writes the operator's folder and says what the run did. What cannot be scored any more, is
    /// said to be: the pictures are none the worse.
    ///
    /// # Errors
    /// If the operator's folder cannot be written.
    pub(super) fn assemble(
        request: &Request<'_>,
        (basis, judged): (&Basis<'_>, &Judged),
        lanes: &[Lane],
        outcome: Outcome<'_>,
        staging: &mut Staging,
    ) -> Result<Self, RunError> {
        let Outcome { decisions, ingest, mut doubts, work, fed, calibrated, released, authority, releases } = outcome;
        let names: Vec<String> = basis.policy.partners().iter().map(|partner| partner.id.clone()).collect();
        let (scores, unscored) = scores(request, (basis, judged), (&released, releases), staging);
        let coherence =
            coherence_of(&staging.folder()).map_err(|error| format!("coherence of the pictures: {}", chain(&error)));
        let mut records: Vec<DecisionRecord> = decisions.records().collect();
        records.extend(released.iter().flat_map(|released| released.records.iter().cloned()));
        let warnings = warnings(basis, decisions, &released);
        let mut audit = staging.audit()?;
        journal::of_operator(basis, &records, &released, |decision| audit.record(decision))?;
        audit.finish()?;
        let of_lanes = lanes.iter().zip(fed);
        let of_lanes = of_lanes.flat_map(|(lane, fed)| lane.partners.iter().map(move |&p| (p, (lane.detections, fed))));
        let of_lanes: BTreeMap<usize, (u64, &Fed)> = of_lanes.collect();
        let partners = names.iter().zip(released).zip(scores).enumerate().map(
            |(index, ((name, released), (score, resolution)))| {
                let Tally { rows, tracks, withheld, levels, authorities, classes: _ } = released.tally;
                PartnerReport {
                    partner: name.clone(),
                    detections: of_lanes.get(&index).map(|(detections, _)| *detections).unwrap_or_default(),
                    ledger: Ledger::of(basis, (decisions, &ingest), index, of_lanes.get(&index).map(|(_, fed)| *fed)),
                    rows,
                    tracks: tracks.len(),
                    levels,
                    rows_withheld: withheld,
                    authorities,
                    score: score.clone().map(|score| ScoreReport { further: None, ..score }),
                    scores: score,
                    resolution,
                }
            },
        );
        let partners: Vec<PartnerReport> = partners.collect();
        doubts.extend(partners.iter().filter_map(|partner| unbalanced(partner, &ingest)));
        let mut report = Self {
            recording: basis.catalogue.name.clone(),
            ingest,
            classes: basis.classes.len(),
            evaluations: decisions.evaluations(),
            partners,
            lanes: lanes
                .iter()
                .zip(calibrated)
                .map(|(lane, calibration)| LaneReport {
                    partners: lane.partners.iter().filter_map(|&p| names.get(p).cloned()).collect(),
                    detections: lane.detections,
                    calibration: calibration.clone(),
                })
                .collect(),
            authority,
            unscored,
            warnings,
            doubts,
            levels: levels(basis.policy),
            untidy: coherence.as_ref().err().cloned().into_iter().collect(),
            coherence: coherence.ok(),
            prices: None,
            work,
        };
        staging.decisions(&records)?;
        for (partner, why) in &report.unscored {
            staging.lacks(format!("the scores of `{partner}`: {why}"));
        }
        report.untidy.iter().for_each(|why| staging.lacks(why.clone()));
        report.work.peak_bytes = resident::peak();
        report.write(staging)?;
        Ok(report)
    }

    fn write(&self, staging: &Staging) -> Result<(), RunError> {
        staging.report(self)?;
        let scores: BTreeMap<&str, Option<&ScoreReport>> =
            self.partners.iter().map(|partner| (partner.partner.as_str(), partner.scores.as_ref())).collect();
        staging.scores(&scores)?;
        self.coherence.as_ref().map_or(Ok(()), |coherence| staging.coherence(coherence))?;
        staging.timings(&self.work)?;
        Ok(())
    }
}

/// The score of a picture, if it has one, and its resolution.
type Scored = (Option<ScoreReport>, Resolution);
/// What runs of one recording and one configuration share that judges their pictures.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Scores of pictures, by the digests of their tables and the cut-offs of their levels.
    scored: Mutex<BTreeMap<(String, u64), Scored>>,
    /// The truth, or why it cannot be had.
    truth: OnceLock<Result<Option<Truth>, String>>,
}

impl Judged {
    /// Whether the truth was read before.
    pub(super) fn knows_truth(&self) -> bool {
        self.truth.get().is_some()
    }

    /// The truth of a recording, which is read once.
    fn truth(&self, recording: &Recording) -> &Result<Option<Truth>, String> {
        self.truth.get_or_init(|| recording.truth().map_err(|error| chain(&RunError::from(error))))
    }

    /// The score of a picture, which is only asked for if it was not met.
    fn of(
        &self,
        table_sha256: &str,
        plain: &Resolution,
        score: impl FnOnce() -> Result<Scored, RunError>,
    ) -> Result<Scored, RunError> {
        let known = || self.scored.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (table_sha256.to_owned(), plain.within_m.to_bits());
        if let Some((score, scored)) = known().get(&key).cloned() {
            return Ok((
                score,
                Resolution {
                    coverage: scored.coverage,
                    position_rmse_m: scored.position_rmse_m,
                    spuriousness: scored.spuriousness,
                    ..*plain
                },
            ));
        }
        let scored = score()?;
        known().insert(key, scored.clone());
        Ok(scored)
    }
}

/// How it went; `None`: there is no truth.
type Scoring = Option<Result<Scored, String>>;

/// The score and the resolution of every picture, and of which pictures there are none although there is truth. Partners
/// that the rules cannot tell apart have one picture.
fn scores(
    request: &Request<'_>,
    (basis, judged): (&Basis<'_>, &Judged),
    (released, releases): (&[Released], &ReleaseTable),
    staging: &Staging,
) -> (Vec<Scored>, BTreeMap<String, String>) {
    let truth = judged.truth(basis.recording).as_ref().map(|truth| truth.as_ref().map(Truths::held));
    let staged = staging.folder();
    let partners = basis.policy.partners();
    let all: Vec<usize> = (0..partners.len()).collect();
    // Partners of a run are those of its policy: there is no other to be unknown.
    let (first, kin) = basis.policy.alike(&all).unwrap_or_else(|_| (all.clone(), all));
    let judge = Judge { partial_truth: false, zones: Some(basis.zones) };
    let fusion = releases.fusion();
    let of_first = first.par_iter().map(|&partner| {
        let (partner, released) = partners.get(partner).zip(released.get(partner))?;
        let late = |class: &TrackClass| fusion.of(releases.lane_of(&partner.id), class).delay_us;
        let plain = Resolution::plain(request, &released.tally, late);
        let folder = staged.join(&partner.id);
        let scored = match &truth {
            Err(why) => Err((*why).clone()),
            Ok(None) => return Some((plain, None)),
            Ok(Some(truth)) => judged
                .of(&released.table_sha256, &plain, || {
                    let score = score_picture(&folder, truth, request.config, judge)?;
                    Ok((Some(score.clone()), plain.scored(request, &folder, truth, &score)?))
                })
                .map_err(|error| chain(&error)),
        };
        Some((plain, Some(scored)))
    });
    let of_first: Vec<Option<(Resolution, Scoring)>> = of_first.collect();
    let (mut scores, mut unscored) = (Vec::new(), BTreeMap::new());
    for (partner, kin) in partners.iter().zip(kin) {
        let Some((plain, scored)) = of_first.get(kin).cloned().flatten() else { continue };
        scores.push(match scored {
            Some(Ok(scored)) => scored,
            Some(Err(why)) => {
                unscored.insert(partner.id.clone(), why);
                (None, plain)
            }
            None => (None, plain),
        });
    }
    (scores, unscored)
}

/// What each level of `receive` demands.
fn levels(policy: &Policy) -> BTreeMap<String, Obligations> {
    policy.receive_levels().map(|level| (level.name.clone(), level.obligations.clone())).collect()
}

/// What the policy does, and somebody may not have meant.
fn warnings(basis: &Basis<'_>, decisions: &Decisions, released: &[Released]) -> Vec<Finding> {
    let records = || released.iter().flat_map(|released| &released.records);
    let denied = records().filter(|record| !record.allowed).flat_map(|record| record.decided_by.iter().cloned());
    let denied: Option<BTreeSet<String>> = records().next().is_some().then(|| denied.collect());
    basis.policy.warnings(decisions, basis.summaries, denied.as_ref())
}

/// That the accounts of a partner are not those of all rows.
fn unbalanced(partner: &PartnerReport, ingest: &IngestReport) -> Option<Doubt> {
    let (found, wanted) = (partner.ledger.sum(), ingest.rows_read);
    (found != wanted).then(|| Doubt {
        at: format!("ledger of `{}`", partner.partner),
        found: format!("{found} rows in its accounts"),
        wanted: format!("the {wanted} that were read, each in one: a fault of this program, please report it"),
    })
}

impl Resolution {
    /// Of a picture that is not scored; `late`: how late, in microseconds, the detections are that tracks of a class are from.
    fn plain(request: &Request<'_>, tally: &Tally, late: impl Fn(&TrackClass) -> i64) -> Self {
        let shown = || tally.classes.iter().filter(|(_, of_class)| of_class.rows > 0);
        let delays = shown().map(|(class, of_class)| {
            let delay_us = of_class.obligations.delay_us.saturating_add(late(class));
            of_class.rows as f64 / tally.rows as f64 * delay_us as f64 * 1e-6
        });
        let cell_m = shown().filter_map(|(_, of_class)| of_class.obligations.coarsen_m).reduce(f64::max);
        let cutoff_m = f64::from(request.config.score.cutoff_m.get());
        Self {
            delay_mean_s: (tally.rows > 0).then(|| delays.sum()),
            cell_m,
            within_m: cutoff_m + cell_m.map_or(0.0, |cell_m| cell_m * 0.75_f64.sqrt()),
            coverage: None,
            position_rmse_m: None,
            spuriousness: None,
        }
    }

    /// The same of one in a folder that has a score.
    fn scored(
        mut self,
        request: &Request<'_>,
        folder: &Path,
        truth: &Truths<'_>,
        score: &ScoreReport,
    ) -> Result<Self, RunError> {
        let near = |score: &ScoreReport| (score.coverage, score.position_rmse_m, score.spuriousness);
        (self.coverage, self.position_rmse_m, self.spuriousness) = near(score);
        if self.cell_m.is_none() {
            return Ok(self);
        }
        let mut config = request.config.clone();
        #[expect(clippy::cast_possible_truncation, reason = "a cut-off of metres")]
        let within_m = self.within_m as f32;
        if let Ok(within_m) = within_m.try_into() {
            config.score.cutoff_m = within_m;
        }
        let score = score_plainly(folder, truth, &config)?;
        (self.coverage, self.position_rmse_m, self.spuriousness) = near(&score);
        Ok(self)
    }
}
