//! Which detections made which tracks, for partners of whom no level could withhold anything.
//!
//! A wave says which detections of a lane's scan each track took, and how probably. What a detection was off by is told
//! against where its track was to be then: the state after the wave before, carried on. Detections are numbered over all that
//! the lane was given, in the order of docs/pictures.md.

use super::basis::Basis;
use super::{RunConfig, RunError};
use crate::fusion::batch::{Estimate, LaneSetup, Taken, WaveLog};
use crate::fusion::gate::distance2;
use crate::product::Association;
use crate::refine::Smoother;
use crate::scan::{Detection, Lane, Observation, Row, Scan};
use std::collections::VecDeque;
use std::sync::Arc;

/// The lanes of which detections are told.
#[derive(Debug)]
pub(super) struct Associating<'a> {
    config: &'a RunConfig,
    lanes: Vec<Option<Told>>,
}

/// A lane after its last wave.
#[derive(Debug)]
struct Told {
    setup: LaneSetup,
    time_us: i64,
    tracks: Vec<Estimate>,
    /// Numbers and times of the detections of the next scan.
    given: Vec<(u64, i64)>,
    /// The scans of which there is no log yet, in their order.
    scans: VecDeque<Scanned>,
}

#[derive(Debug)]
struct Scanned {
    given: Vec<(u64, i64)>,
    detections: Vec<Detection>,
    /// Those of all lanes.
    observations: Arc<[Observation]>,
}

/// Whether a lane has a partner to whom its detections are told.
///
/// # Errors
/// If there is no such partner.
pub(super) fn tells(basis: &Basis<'_>, lane: &Lane) -> Result<bool, RunError> {
    let plain = |&partner: &usize| Ok(basis.policy.disclosure(partner)?.plain);
    let all: Vec<bool> = lane.partners.iter().map(plain).collect::<Result<_, RunError>>()?;
    Ok(basis.associates && all.contains(&true))
}

impl<'a> Associating<'a> {
    /// Of lanes before their first scan; `None` where none is told.
    ///
    /// # Errors
    /// If a rule fails.
    pub(super) fn new(basis: &Basis<'a>, lanes: &[Lane]) -> Result<Option<Self>, RunError> {
        let told = |lane: &Lane| {
            let setup = LaneSetup::new(lane, basis.catalogue.frame, &basis.config.fusion);
            let (tracks, given, scans) = (Vec::new(), Vec::new(), VecDeque::new());
            Ok(tells(basis, lane)?.then_some(Told { setup, time_us: 0, tracks, given, scans }))
        };
        let lanes: Vec<Option<Told>> = lanes.iter().map(told).collect::<Result<_, RunError>>()?;
        let any = lanes.iter().any(Option::is_some);
        Ok(any.then_some(Self { config: basis.config, lanes }))
    }

    /// Takes in the rows of a lane's next scan.
    pub(super) fn looked(&mut self, lane: usize, rows: &[Row]) {
        if let Some(told) = self.lanes.get_mut(lane).and_then(Option::as_mut) {
            told.given = rows.iter().map(|row| (row.number, row.time_us)).collect();
        }
    }

    /// Takes in the scans of a wave.
    pub(super) fn wave(&mut self, scans: &[Scan<'_>], observations: &[Observation]) {
        let observations: Arc<[Observation]> = observations.into();
        for Scan { lane, detections, .. } in scans {
            let Some(told) = self.lanes.get_mut(*lane).and_then(Option::as_mut) else { continue };
            let (given, detections) = (std::mem::take(&mut told.given), detections.detections().to_vec());
            told.scans.push_back(Scanned { given, detections, observations: Arc::clone(&observations) });
        }
    }

    /// What a lane's tracks took in its next wave, by its log; `None` if the log is of another scan.
    pub(super) fn took(&mut self, lane: usize, log: &WaveLog) -> Option<Vec<Association>> {
        let Some(told) = self.lanes.get_mut(lane).and_then(Option::as_mut) else { return Some(Vec::new()) };
        let scan = told.scans.pop_front()?;
        let smoother = Smoother::of(&told.setup, &self.config.fusion.motion);
        let between = smoother.between(told.time_us, log.time_us);
        let association = |Taken { born, detection, weight }: &Taken| {
            let (&(number, time_us), of) =
                scan.given.get(*detection as usize).zip(scan.detections.get(*detection as usize))?;
            let observation = scan.observations.get(of.observation as usize)?;
            let before = told.tracks.binary_search_by_key(born, |track| track.born).ok();
            let before = before.and_then(|place| told.tracks.get(place));
            Some(Association {
                time_us,
                track: u64::from(born[0]) << 32 | u64::from(born[1]),
                detection: number,
                probability: *weight,
                innovation: before.map(|track| {
                    let (course, _) = between.of(&track.models);
                    distance2(&course, (track.tile, track.state), of, &scan.observations)
                }),
                measured: observation.axes + observation.rates,
                scan_us: log.time_us,
            })
        };
        let found = log.taken.iter().map(association).collect();
        told.time_us = log.time_us;
        told.tracks.clone_from(&log.tracks);
        found
    }
}
