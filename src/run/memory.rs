//! Detections in memory to tracks in memory: one lane that may see everything; no policy and no files.

use super::pictures::{known, row};
use super::waves::{Taker, Waves};
use super::{RunConfig, RunError};
use crate::fusion::batch::{Batch, Estimate, LaneSetup};
use crate::fusion::executor::Executor;
use crate::ingest::{Catalogue, Detections};
use crate::product;
use crate::scan::{Lane, Observation, Row, Scan};
use std::collections::BTreeSet;
use std::iter::repeat;
use std::sync::Arc;

/// A track at a time.
#[derive(Clone, Debug)]
pub struct TrackAt {
    /// When, microseconds.
    pub time_us: i64,
    /// What is known of it then.
    pub estimate: Estimate,
    /// The address that it is taken to send, where one is more likely its than not.
    pub identity: Option<Arc<str>>,
}

impl TrackAt {
    /// The same as a row of a picture, without contributors and authorities.
    #[must_use]
    pub fn row(&self) -> product::Row<'_> {
        let mut row = row(&self.estimate, self.time_us, self.estimate.position_m(), &[], &[]);
        row.identity = self.identity.as_deref().map(|text| (text, f64::from(self.estimate.belief.probability)));
        row
    }
}

/// Fuses detections of the sensors of `catalogue`, in any order; gives the tracks at every multiple of the
/// configuration's report period from the first scan to the last detection.
///
/// # Errors
/// If the device fails.
pub fn track(
    catalogue: &Catalogue,
    detections: &Detections,
    config: &RunConfig,
    executor: Executor,
) -> Result<Vec<TrackAt>, RunError> {
    let mut rows: Vec<(Row, u32)> =
        Row::of(detections, 0).zip(detections.identity.iter().copied().chain(repeat(0))).collect();
    rows.sort_by_key(|(row, _)| row.time_us);
    let (Some((first, _)), Some((last, _))) = (rows.first(), rows.last()) else { return Ok(Vec::new()) };
    let span_us = [first.time_us, last.time_us];
    let used: BTreeSet<usize> = rows.iter().map(|(row, _)| row.sensor).collect();
    let mut lane = Lane::open(catalogue, used, f64::from(config.fusion.undetected.cell_km.get()) * 1e3)?;
    (lane.detections, lane.span_us) = (rows.len() as u64, span_us);
    let batch =
        Batch::new(config.fusion.clone(), executor, vec![LaneSetup::new(&lane, catalogue.frame, &config.fusion)])?;
    let mut tracker = Tracker { batch, identities: Vec::new(), tracks: Vec::new() };
    let mut waves = Waves::new(catalogue, config, [(0, &lane)])?;
    for (row, identity) in rows {
        waves.push_open(row, detections.identities.get(identity as usize))?;
    }
    waves.finish(&mut tracker)?;
    Ok(tracker.tracks)
}

/// The one lane, and its tracks so far.
struct Tracker {
    batch: Batch,
    identities: Vec<Arc<str>>,
    tracks: Vec<TrackAt>,
}

impl<'a> Taker<'a> for Tracker {
    fn due(&mut self, lane: usize, time_us: i64) -> Result<(), RunError> {
        let estimates = self.batch.estimates_at(lane, time_us)?;
        let track =
            |estimate: Estimate| TrackAt { time_us, estimate, identity: known(&self.identities, &estimate).cloned() };
        self.tracks.extend(estimates.into_iter().map(track));
        Ok(())
    }

    fn named(&mut self, _lane: usize, identity: &Arc<str>) {
        self.identities.push(Arc::clone(identity));
    }

    fn wave(&mut self, scans: Vec<Scan<'a>>, observations: Vec<Observation>) -> Result<(), RunError> {
        Ok(self.batch.step(scans, observations)?)
    }
}
