//! Detections in memory to tracks in memory: one lane that may see everything; no policy and no files.

use super::{Histories, Refined, Taker, TrackError, Waves, filter};
use crate::config::RunConfig;
use crate::fusion::address::Belief;
use crate::fusion::batch::{Batch, Estimate, LaneSetup};
use crate::fusion::executor::Executor;
use crate::ingest::{Catalogue, Detections};
use crate::refine::Known;
use crate::scan::{Lane, Observation, Row, Scan};
use std::collections::BTreeSet;
use std::iter::repeat;
use std::sync::Arc;

/// A track at a time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TrackAt {
    /// When, microseconds.
    pub time_us: i64,
    /// What is known of it then.
    pub estimate: Estimate,
    /// Whether later detections made it better, as the configuration's table `smoothing` says.
    pub smoothed: bool,
    /// When the last detection was made that it rests on, microseconds.
    pub as_known_at_us: i64,
    /// Where the filter had it then, metres, by what was detected up to then; `None` where it had none yet, and where nothing is
    /// smoothed.
    pub filtered_m: Option<[f64; 3]>,
    /// The address that it is taken to send, where one is more likely its than not.
    pub identity: Option<Arc<str>>,
}

impl TrackAt {
    /// A track as the filter has it; `names` are the lane's addresses by number, none first.
    pub(crate) fn filtered(time_us: i64, estimate: Estimate, names: &[Arc<str>]) -> Self {
        let identity = address_of(names.get(1..).unwrap_or_default(), &estimate).cloned();
        let as_known_at_us = estimate.last_detection_us;
        Self { time_us, estimate, smoothed: false, as_known_at_us, filtered_m: None, identity }
    }
}

/// Fuses detections of the sensors of `catalogue`, in any order; gives the tracks at every multiple of the
/// configuration's report period from the first scan to the last detection, smoothed if it says so.
///
/// # Errors
/// If the device fails, or what is to be smoothed cannot be kept in the folder for temporary files.
pub fn track(
    catalogue: &Catalogue,
    detections: &Detections,
    config: &RunConfig,
    executor: Executor,
) -> Result<Vec<TrackAt>, TrackError> {
    let names = detections.identity.iter().copied().chain(repeat(0));
    let named = |identity: u32| detections.identities.get(identity as usize).cloned();
    let rows: Vec<_> = Row::of(detections, 0).zip(names).map(|(row, identity)| (row, named(identity))).collect();
    let used: BTreeSet<usize> = rows.iter().map(|(row, _)| row.sensor).collect();
    track_rows(catalogue, used, rows, (config, executor))
}

/// The same of rows in any order, each with the address that its target sent, of these sensors.
pub(crate) fn track_rows(
    catalogue: &Catalogue,
    sensors: impl IntoIterator<Item = usize>,
    mut rows: Vec<(Row, Option<Arc<str>>)>,
    (config, executor): (&RunConfig, Executor),
) -> Result<Vec<TrackAt>, TrackError> {
    rows.sort_by_key(|(row, _)| row.time_us);
    let (Some((first, _)), Some((last, _))) = (rows.first(), rows.last()) else { return Ok(Vec::new()) };
    let span_us = [first.time_us, last.time_us];
    let lane = Lane::open(catalogue, sensors, config.fusion.undetected.cell_m())?;
    let mut lane = lane.like_a_run(config.fusion.detectability.shared_share.get());
    (lane.detections, lane.span_us) = (rows.len() as u64, span_us);
    let histories =
        Histories::new(config, catalogue.frame, (&std::env::temp_dir(), None), core::slice::from_ref(&lane));
    let setup = LaneSetup::new(&lane, catalogue.frame, &config.fusion);
    let mut device = if histories.is_some() { executor.backward()? } else { None };
    let batch = Batch::new(filter(config), executor, vec![setup])?;
    let mut taken = OneLane { batch, histories, identities: Vec::new(), tracks: Vec::new() };
    let mut waves = Waves::new(catalogue, config, [(0, &lane)])?;
    for (row, identity) in rows {
        waves.push_open(row, identity.as_ref())?;
    }
    waves.finish(&mut taken)?;
    if let Some(mut histories) = taken.histories.take() {
        histories.each((0, &lane), (span_us[1], device.as_mut()), |time_us, tracks, smoothed| {
            taken.show(time_us, (tracks, smoothed));
            Ok::<_, TrackError>(())
        })?;
    }
    Ok(taken.tracks)
}

/// The one lane, and its tracks so far.
struct OneLane<'c> {
    batch: Batch,
    histories: Option<Histories<'c>>,
    identities: Vec<Arc<str>>,
    tracks: Vec<TrackAt>,
}

impl OneLane<'_> {
    fn show(&mut self, time_us: i64, (tracks, smoothed): (Vec<Refined>, bool)) {
        let track = |Refined { known: Known { estimate, known_us: as_known_at_us }, filtered_m }: Refined| {
            let identity = address_of(&self.identities, &estimate).cloned();
            TrackAt { time_us, estimate, smoothed, as_known_at_us, filtered_m, identity }
        };
        self.tracks.extend(tracks.into_iter().map(track));
    }
}

impl<'a> Taker<'a> for OneLane<'_> {
    type Error = TrackError;

    fn due(&mut self, lane: usize, time_us: i64) -> Result<(), TrackError> {
        let estimates = self.batch.estimates_at(lane, time_us)?;
        match &mut self.histories {
            Some(histories) => drop(histories.keep(lane, time_us, (estimates, true))?),
            None => self.show(time_us, (estimates.into_iter().map(Refined::from).collect(), false)),
        }
        Ok(())
    }

    fn passed(&mut self, lane: usize, time_us: i64) -> Result<(), TrackError> {
        let estimates = self.batch.estimates(lane)?;
        self.histories
            .as_mut()
            .map_or(Ok(Vec::new()), |histories| histories.keep(lane, time_us, (estimates, false)))?;
        Ok(())
    }

    fn named(&mut self, _lane: usize, identity: &Arc<str>) {
        self.identities.push(Arc::clone(identity));
    }

    fn wave(&mut self, scans: Vec<Scan<'a>>, observations: Vec<Observation>) -> Result<(), TrackError> {
        if let Some(histories) = &mut self.histories {
            for scan in &scans {
                histories.pasts.scan(scan);
            }
        }
        Ok(self.batch.step(scans, observations)?)
    }
}

/// The address that a track is taken to send, among those of its lane, where it is more likely its than not.
pub(crate) fn address_of<'a>(identities: &'a [Arc<str>], estimate: &Estimate) -> Option<&'a Arc<str>> {
    let Belief { address, probability } = estimate.belief;
    identities.get((address as usize).checked_sub(1)?).filter(|_| probability >= 0.5)
}
