//! Truth and estimates, read in the order of time, to scans.

use super::ScoreError;
use super::scenes::Scan;
use super::sequence::{Scans, ScoreConfig};
use super::states::{TrackState, TruthState};
use super::truth::TruthInTime;

/// What comes next.
pub(super) enum Event {
    /// A scan.
    Scan(Scan),
    /// So many scans without truth and without estimates.
    Pass(u64),
}

/// What was left out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Outside {
    /// Estimates at times that are no scan.
    pub(super) estimates: u64,
    /// Second positions of an object at one time.
    pub(super) repeats: u64,
}

/// Hands on every scan in its order.
pub(super) fn each_scan(
    truth: impl Iterator<Item = TruthState>,
    estimates: impl Iterator<Item = TrackState>,
    config: &ScoreConfig,
    mut take: impl FnMut(Event) -> Result<(), ScoreError>,
) -> Result<Outside, ScoreError> {
    let mut truth = TruthInTime::new(truth, config.max_gap_us()?);
    let mut estimates = ScanByScan::new(estimates);
    let mut number = 0;
    match &config.scans {
        Scans::OfEstimates => {
            while let Some(time_us) = estimates.next_time()? {
                let (there, found) = (truth.at(time_us)?, estimates.take(time_us)?);
                take(Event::Scan(Scan { time_us, number, truth: there, estimates: found }))?;
                number += 1;
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
                let (there, found) = (truth.at(time_us)?, estimates.take(time_us)?);
                take(Event::Scan(Scan { time_us, number, truth: there, estimates: found }))?;
                number += 1;
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
                    take(Event::Pass(scans))?;
                    scans
                } else {
                    take(Event::Scan(Scan { time_us, number, truth: there, estimates: found }))?;
                    1
                };
                number = number.saturating_add(scans);
                next = after(time_us, scans, period_us);
            }
            estimates.skip_until(None)?;
        }
    }
    Ok(Outside { estimates: estimates.skipped, repeats: truth.repeats() })
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
    ahead: Option<TrackState>,
    last_us: i64,
    skipped: u64,
}

impl<I: Iterator<Item = TrackState>> ScanByScan<I> {
    fn new(source: I) -> Self {
        Self { source, ahead: None, last_us: i64::MIN, skipped: 0 }
    }

    /// Time of the next estimate.
    fn next_time(&mut self) -> Result<Option<i64>, ScoreError> {
        if self.ahead.is_none() {
            self.ahead = self.source.next();
        }
        let Some(TrackState { time_us, track, position_m, .. }) = self.ahead else { return Ok(None) };
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
    fn take(&mut self, time_us: i64) -> Result<Vec<TrackState>, ScoreError> {
        let mut scan = Vec::new();
        while self.next_time()? == Some(time_us) {
            scan.extend(self.ahead.take());
        }
        scan.sort_unstable_by_key(|point| point.track);
        match scan.iter().zip(scan.iter().skip(1)).find(|(a, b)| a.track == b.track) {
            Some((&TrackState { track, .. }, _)) => Err(ScoreError::RepeatedTrack { track, time_us }),
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
