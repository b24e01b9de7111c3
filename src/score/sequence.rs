//! Scores the tracks of a whole recording against its truth, streamed by time.
//!
//! For each scan, truth is interpolated to its time, GOSPA matches truth and estimates, and the matches feed the
//! identity counts. Memory: some scans, the truth within the largest gap around them, and one record for each pair of
//! object and track that was ever near. Scans without truth and estimates are counted without being looked at, so time
//! goes with samples, estimates and the scans at which there is any of them.

use serde::Serialize;

use super::further::{Asking, Further, Sums};
use super::gospa::{Gospa, GospaAverage, GospaMetres};
use super::identity::{IdentityCounter, IdentityReport, ratio};
use super::scenes::{Asked, Scene, Waiting};
use super::states::{TrackState, TruthState};
use super::stream::{Event, Outside, each_scan};
use super::{ScoreError, check_metric};
use crate::time::micros;

/// Where a track says that an object is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackPoint {
    /// Time of the scan.
    pub time_us: i64,
    /// The track.
    pub track: u64,
    /// Its position, in the frame of the truth.
    pub position_m: [f64; 3],
}

/// Where an object was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TruthPoint {
    /// When.
    pub time_us: i64,
    /// The object.
    pub object: u32,
    /// Its position.
    pub position_m: [f64; 3],
}

/// When tracks are compared with truth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scans {
    /// At each time at which there is an estimate. Misses at times without any estimate do not count.
    OfEstimates,
    /// At these times, ascending; estimates at other times are counted and left out.
    At(Vec<i64>),
    /// At every multiple of a period from one time to another, both included; other estimates as above.
    Every {
        /// The period, at least 1 µs.
        period_us: i64,
        /// The time before which there is no scan.
        first_us: i64,
        /// The time after which there is none.
        last_us: i64,
    },
}

/// How a recording is scored.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreConfig {
    /// The metric that matches truth and estimates.
    pub gospa: Gospa,
    /// Truth is interpolated between samples no farther apart than this, in seconds.
    pub max_gap_s: f64,
    /// When tracks are compared with truth.
    pub scans: Scans,
}

impl ScoreConfig {
    /// Whether pictures can be scored so at all.
    ///
    /// # Errors
    /// If a parameter is out of range.
    pub fn check(&self) -> Result<(), ScoreError> {
        check_metric(self.gospa.cutoff_m, self.gospa.order)?;
        self.max_gap_us().map(drop)
    }

    /// The largest gap in microseconds.
    pub(crate) fn max_gap_us(&self) -> Result<i64, ScoreError> {
        let found = self.max_gap_s;
        let wrong = ScoreError::Parameter { parameter: "max_gap_s", found, wanted: "0 or more seconds, at most 9e12" };
        micros(found).filter(|&gap| gap >= 0).ok_or(wrong)
    }
}

/// The score of a recording. Ratios and means are `None` where there is nothing to divide by.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScoreReport {
    /// Scans scored.
    pub scans: u64,
    /// Objects there, summed over scans.
    pub truth_points: u64,
    /// Estimates, summed over scans.
    pub estimates: u64,
    /// Estimates at times that are no scan.
    pub estimates_outside_scans: u64,
    /// Truth samples that gave an object a second position at one time; the first one held.
    pub truth_repeats: u64,
    /// Truth points with an estimate nearer than the cut-off.
    pub matched: u64,
    /// Truth points without.
    pub missed: u64,
    /// Estimates without a truth.
    pub false_tracks: u64,
    /// Root mean square over scans of GOSPA and its parts, in metres.
    pub gospa_rms_m: Option<GospaMetres>,
    /// Mean over scans of GOSPA and its parts, in metres.
    pub gospa_mean_m: Option<GospaMetres>,
    /// Share of truth points matched: completeness of SIAP.
    pub coverage: Option<f64>,
    /// Share of estimates that are false: spuriousness of SIAP.
    pub spuriousness: Option<f64>,
    /// Root mean square distance of matched pairs, in metres.
    pub position_rmse_m: Option<f64>,
    /// Mean distance of matched pairs, in metres: MOTP.
    pub position_mean_m: Option<f64>,
    /// `1 − (missed + false tracks + switches from one scan to the next) / truth points`: MOTA.
    pub mota: Option<f64>,
    /// Who was tracked by whom.
    pub identity: IdentityReport,
    /// SIAP, CLEAR MOT, HOTA, NEES and more, where they were asked for.
    #[serde(flatten)]
    pub further: Option<Box<Further>>,
}

/// Scores estimates against truth, both in time order, by GOSPA and who was tracked by whom.
///
/// # Errors
/// If a parameter is out of range, points are out of order or not finite, or a track has two positions in one scan.
pub fn score_points(
    truth: impl IntoIterator<Item = TruthPoint>,
    estimates: impl IntoIterator<Item = TrackPoint>,
    config: &ScoreConfig,
) -> Result<ScoreReport, ScoreError> {
    let asked = Asked { metric: config.gospa, partial_truth: false, zones: None };
    let mut tally = Tally::default();
    let truth = truth.into_iter().map(TruthState::from);
    let outside = solved(truth, estimates.into_iter().map(TrackState::from), config, asked, |step| {
        tally.take(&step, config.gospa);
        Ok(())
    })?;
    Ok(tally.report(outside))
}

/// Scores rows of a picture against truth by everything that there is. `pass` gives both, in time order, and is called twice.
///
/// # Errors
/// As [`score_points`].
pub fn score_states<T, E>(
    mut pass: impl FnMut() -> (T, E),
    config: &ScoreConfig,
    asking: &Asking<'_>,
) -> Result<ScoreReport, ScoreError>
where
    T: Iterator<Item = TruthState>,
    E: Iterator<Item = TrackState>,
{
    let asked = Asked { metric: config.gospa, partial_truth: asking.partial_truth, zones: asking.zones };
    let (mut tally, mut sums) = (Tally::default(), Sums::new(config, asking));
    let (truth, estimates) = pass();
    let outside = solved(truth, estimates, config, asked, |step| {
        tally.take(&step, config.gospa);
        sums.first(&step)
    })?;
    let mut report = tally.report(outside);
    sums.align();
    let (truth, estimates) = pass();
    solved(truth, estimates, config, Asked { zones: None, ..asked }, |step| sums.second(&step))?;
    report.further = Some(Box::new(sums.report(&report, asking)?));
    Ok(report)
}

/// What is handed on while a recording is scored.
pub(super) enum Step {
    /// Scans, in order.
    Scenes(Vec<Scene>),
    /// So many scans without anything.
    Pass(u64),
}

/// Solves every scan, and hands them on in order.
fn solved(
    truth: impl Iterator<Item = TruthState>,
    estimates: impl Iterator<Item = TrackState>,
    config: &ScoreConfig,
    asked: Asked<'_>,
    mut take: impl FnMut(Step) -> Result<(), ScoreError>,
) -> Result<Outside, ScoreError> {
    config.check()?;
    let mut waiting = Waiting::default();
    let mut flush = |waiting: &mut Waiting, pass: Option<u64>| {
        let scenes = waiting.solve(asked).into_iter().collect::<Result<Vec<_>, _>>()?;
        if !scenes.is_empty() {
            take(Step::Scenes(scenes))?;
        }
        pass.map_or(Ok(()), |scans| take(Step::Pass(scans)))
    };
    let outside = each_scan(truth, estimates, config, |event| match event {
        Event::Scan(scan) => {
            if waiting.push(scan) {
                flush(&mut waiting, None)?;
            }
            Ok(())
        }
        Event::Pass(scans) => flush(&mut waiting, Some(scans)),
    })?;
    flush(&mut waiting, None)?;
    Ok(outside)
}

/// Sums over scans.
#[derive(Default)]
struct Tally {
    gospa: GospaAverage,
    identity: IdentityCounter,
    distance_m: f64,
    distance_m2: f64,
}

impl Tally {
    fn take(&mut self, step: &Step, metric: Gospa) {
        match step {
            Step::Pass(scans) => {
                self.gospa.pass(*scans);
                self.identity.pass(*scans);
            }
            Step::Scenes(scenes) => scenes.iter().for_each(|scene| self.scan(scene, metric)),
        }
    }

    fn scan(&mut self, scene: &Scene, metric: Gospa) {
        self.gospa.add(&scene.parts, metric.order);
        for (_, found) in scene.objects() {
            let Some((_, distance_m)) = found else { continue };
            self.distance_m += distance_m;
            self.distance_m2 += distance_m * distance_m;
        }
        let objects = scene.objects().map(|(there, found)| (there.object, found.map(|(state, _)| state.track)));
        self.identity.scan(scene.time_us, objects);
    }

    fn report(self, Outside { estimates: estimates_outside_scans, repeats: truth_repeats }: Outside) -> ScoreReport {
        let counts = self.gospa.counts();
        let identity = self.identity.report();
        let (truth_points, estimates) = (counts.matched + counts.missed, counts.matched + counts.false_tracks);
        let wrong = counts.missed + counts.false_tracks + identity.switches - identity.switches_after_gap;
        let matched = counts.matched as f64;
        ScoreReport {
            scans: self.gospa.scans(),
            truth_points,
            estimates,
            estimates_outside_scans,
            truth_repeats,
            matched: counts.matched,
            missed: counts.missed,
            false_tracks: counts.false_tracks,
            gospa_rms_m: self.gospa.rms(),
            gospa_mean_m: self.gospa.mean(),
            coverage: ratio(matched, truth_points as f64),
            spuriousness: ratio(counts.false_tracks as f64, estimates as f64),
            position_rmse_m: ratio(self.distance_m2, matched).map(f64::sqrt),
            position_mean_m: ratio(self.distance_m, matched),
            mota: ratio(wrong as f64, truth_points as f64).map(|share| 1.0 - share),
            identity,
            further: None,
        }
    }
}
