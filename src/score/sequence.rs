//! Scores the tracks of a whole recording against its truth, streamed by time.
//!
//! For each scan, truth is interpolated to its time, GOSPA matches truth and estimates, and the matches feed the
//! identity counts. Memory: one scan, the truth within the largest gap around it, and one record for each pair of object
//! and track that was ever matched. Scans without truth and estimates are counted without being looked at, so time goes
//! with samples, estimates and the scans at which there is any of them.

use serde::Serialize;

use super::gospa::{Gospa, GospaAverage, GospaMetres, gospa_matches};
use super::identity::{IdentityCounter, IdentityReport, ratio};
use super::truth::TruthInTime;
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
}

/// Scores estimates against truth, both in time order.
///
/// # Errors
/// If a parameter is out of range, points are out of order or not finite, or a track has two positions in one scan.
pub fn score_points(
    truth: impl IntoIterator<Item = TruthPoint>,
    estimates: impl IntoIterator<Item = TrackPoint>,
    config: &ScoreConfig,
) -> Result<ScoreReport, ScoreError> {
    config.check()?;
    let ScoreConfig { gospa, scans, .. } = config;
    let mut truth = TruthInTime::new(truth.into_iter(), config.max_gap_us()?);
    let mut estimates = ScanByScan::new(estimates.into_iter());
    let mut tally = Tally::default();
    match scans {
        Scans::OfEstimates => {
            while let Some(time_us) = estimates.next_time()? {
                tally.scan(time_us, &truth.at(time_us)?, &estimates.take(time_us)?, *gospa)?;
            }
        }
        Scans::At(times) => {
            let mut before_us = None;
            for &time_us in times {
                if let Some(before_us) = before_us.filter(|&before_us| before_us >= time_us) {
                    return Err(ScoreError::OutOfOrder { set: "scan", before_us, found_us: time_us });
                }
                before_us = Some(time_us);
                estimates.skip_until(Some(time_us))?;
                tally.scan(time_us, &truth.at(time_us)?, &estimates.take(time_us)?, *gospa)?;
            }
            estimates.skip_until(None)?;
        }
        &Scans::Every { period_us, first_us, last_us } => {
            let mut next = multiple(first_us, period_us);
            while let Some(time_us) = next.filter(|time_us| *time_us <= last_us) {
                estimates.skip_until(Some(time_us))?;
                let (there, found) = (truth.at(time_us)?, estimates.take(time_us)?);
                let scans = if there.is_empty() && found.is_empty() {
                    let anything_us = truth.next_time().into_iter().chain(estimates.next_time()?).min();
                    let scans = scans_before(anything_us.unwrap_or(i64::MAX).min(last_us), time_us, period_us);
                    tally.pass(scans);
                    scans
                } else {
                    tally.scan(time_us, &there, &found, *gospa)?;
                    1
                };
                next = after(time_us, scans, period_us);
            }
            estimates.skip_until(None)?;
        }
    }
    Ok(tally.report(estimates.skipped, truth.repeats()))
}

/// The first multiple of a period that is not before a time.
fn multiple(time_us: i64, period_us: i64) -> Option<i64> {
    let period_us = i128::from(period_us.max(1));
    i64::try_from(-(-i128::from(time_us)).div_euclid(period_us) * period_us).ok()
}

/// Scans from one at `time_us` on that are before `until_us`; that one itself in any case.
fn scans_before(until_us: i64, time_us: i64, period_us: i64) -> u64 {
    let span_us = if until_us > time_us { until_us.abs_diff(time_us) } else { 0 };
    span_us.div_ceil(period_us.max(1).unsigned_abs()).max(1)
}

/// The time of the scan that many periods later.
fn after(time_us: i64, scans: u64, period_us: i64) -> Option<i64> {
    i64::try_from(i128::from(time_us) + i128::from(scans) * i128::from(period_us.max(1))).ok()
}

/// Estimates, one scan at a time.
struct ScanByScan<I> {
    source: I,
    ahead: Option<TrackPoint>,
    last_us: i64,
    skipped: u64,
}

impl<I: Iterator<Item = TrackPoint>> ScanByScan<I> {
    fn new(source: I) -> Self {
        Self { source, ahead: None, last_us: i64::MIN, skipped: 0 }
    }

    /// Time of the next estimate.
    fn next_time(&mut self) -> Result<Option<i64>, ScoreError> {
        if self.ahead.is_none() {
            self.ahead = self.source.next();
        }
        let Some(TrackPoint { time_us, track, position_m }) = self.ahead else { return Ok(None) };
        if time_us < self.last_us {
            return Err(ScoreError::OutOfOrder { set: "estimate", before_us: self.last_us, found_us: time_us });
        }
        if !position_m.iter().all(|x| x.is_finite()) {
            return Err(ScoreError::NotFinite { set: "estimate", index: track, found_m: position_m });
        }
        self.last_us = time_us;
        Ok(Some(time_us))
    }

    /// All estimates of a time, in order of their tracks.
    fn take(&mut self, time_us: i64) -> Result<Vec<TrackPoint>, ScoreError> {
        let mut scan = Vec::new();
        while self.next_time()? == Some(time_us) {
            scan.extend(self.ahead.take());
        }
        scan.sort_unstable_by_key(|point| point.track);
        match scan.iter().zip(scan.iter().skip(1)).find(|(a, b)| a.track == b.track) {
            Some((&TrackPoint { track, .. }, _)) => Err(ScoreError::RepeatedTrack { track, time_us }),
            None => Ok(scan),
        }
    }

    /// Counts and drops estimates before a time, or all.
    fn skip_until(&mut self, time_us: Option<i64>) -> Result<(), ScoreError> {
        while self.next_time()?.is_some_and(|next| time_us.is_none_or(|time_us| next < time_us)) {
            self.ahead = None;
            self.skipped += 1;
        }
        Ok(())
    }
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
    fn scan(
        &mut self,
        time_us: i64,
        truth: &[(u32, [f64; 3])],
        estimates: &[TrackPoint],
        metric: Gospa,
    ) -> Result<(), ScoreError> {
        let truth_m: Vec<_> = truth.iter().map(|&(_, position_m)| position_m).collect();
        let estimates_m: Vec<_> = estimates.iter().map(|point| point.position_m).collect();
        let (parts, matches) = gospa_matches(&truth_m, &estimates_m, metric)?;
        self.gospa.add(&parts, metric.order);
        self.distance_m += matches.iter().map(|pair| pair.distance_m).sum::<f64>();
        self.distance_m2 += matches.iter().map(|pair| pair.distance_m * pair.distance_m).sum::<f64>();
        let mut matches = matches.into_iter().peekable();
        let objects = truth.iter().enumerate().map(|(index, &(object, _))| {
            let pair = matches.next_if(|pair| pair.truth == index);
            (object, pair.and_then(|pair| estimates.get(pair.estimate)).map(|point| point.track))
        });
        self.identity.scan(time_us, objects);
        Ok(())
    }

    /// Scans at which nothing was there and nothing was found.
    fn pass(&mut self, scans: u64) {
        self.gospa.pass(scans);
        self.identity.pass(scans);
    }

    fn report(self, estimates_outside_scans: u64, truth_repeats: u64) -> ScoreReport {
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
        }
    }
}
