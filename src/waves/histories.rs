//! What was known later: the tracks of every lane are kept, wave by wave, until all is there that may make them better.
//!
//! A row of a picture is smoothed up to the picture's *horizon*: its time less the longest delay of a level that some rule could
//! give its partner, so that no row rests on a detection that is not yet due at another one's level. Later rows are as the
//! filter had them. A track has rows before its first detection, as far as it was probably there ([`crate::fusion::past`]). Kept are all tracks that the filter has, however unlikely; of those that are shown, at the times
//! of reports, the filter's rows are the ones that a run without smoothing has.

use super::TrackError;
use crate::config::{RunConfig, Smoothing};
use crate::fusion::batch::{Estimate, LaneSetup};
use crate::fusion::config::{Config, Existence, Probability};
use crate::fusion::executor::{Backward, KernelError};
use crate::fusion::past::{Past, Trace};
use crate::refine::{History, Interval, Known, Room, Smoother};
use crate::scan::{Lane, Scan};
use crate::space::Frame;
use crate::time::micros;
use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};

/// A track at the time of a report, as a run shows it.
#[derive(Debug)]
pub(crate) struct Refined {
    /// As later waves tell of it, where they may.
    pub(crate) known: Known,
    /// Where the filter had it, metres; `None` where it had none yet, and of a run that smooths nothing.
    pub(crate) filtered_m: Option<[f64; 3]>,
}

impl From<Estimate> for Refined {
    /// Of a run that smooths nothing.
    fn from(estimate: Estimate) -> Self {
        Self { known: estimate.into(), filtered_m: None }
    }
}

/// Of what a run may hold, the share up to which the tracks of lanes are in memory: smoothing and pictures need the rest.
const SHARE: [u64; 2] = [3, 4];

/// What the detections of all lanes tell of the time before them, each if it is the first of a track.
#[derive(Debug)]
pub(crate) struct Pasts {
    config: Config,
    lanes: Vec<LanePast>,
}

/// Those of one lane.
#[derive(Debug)]
struct LanePast {
    past: Past,
    /// Of the scans whose tracks are still to come.
    traces: VecDeque<Vec<Trace>>,
    /// The number of the first of these.
    scan: u32,
}

impl Pasts {
    /// All of it, for somebody who brings it back.
    pub(crate) fn taken(&mut self) -> Self {
        Self { config: self.config.clone(), lanes: std::mem::take(&mut self.lanes) }
    }

    /// Takes in the next scan of a lane.
    pub(crate) fn scan(&mut self, scan: &Scan<'_>) {
        if let Some(LanePast { past, traces, .. }) = self.lanes.get_mut(scan.lane) {
            let found = past.scan(scan, &self.config);
            let tells = found.iter().any(|trace| !trace.points().is_empty());
            traces.push_back(if tells { found } else { Vec::new() });
        }
    }

    /// What is known of those of the tracks after a lane's next scan that began in it.
    fn begun(&mut self, lane: usize, tracks: &[Estimate]) -> Vec<([u32; 2], Trace)> {
        let Some(LanePast { traces, scan, .. }) = self.lanes.get_mut(lane) else { return Vec::new() };
        let (traces, number) = (traces.pop_front().unwrap_or_default(), *scan);
        *scan += 1;
        let trace = |track: &Estimate| Some((track.born, traces.get(track.born[1] as usize)?.clone()));
        let begun = tracks.iter().rev().take_while(|track| track.born[0] >= number).filter_map(trace);
        let mut begun: Vec<_> = begun.filter(|(_, trace)| !trace.points().is_empty()).collect();
        begun.reverse();
        begun
    }
}

/// The tracks of all lanes.
#[derive(Debug)]
pub(crate) struct Histories<'a> {
    /// What their detections tell of the time before.
    pub(crate) pasts: Pasts,
    config: &'a RunConfig,
    interval: Interval,
    frame: Frame,
    folder: PathBuf,
    room: Room,
    lanes: Vec<LaneHistory>,
}

/// Those of one lane.
#[derive(Debug)]
struct LaneHistory {
    history: History,
    /// Which of them are at the times of reports.
    shown: Vec<bool>,
    /// Births of the tracks that the filter reports from the last wave on.
    reported: Vec<[u32; 2]>,
}

/// The filter of a run: one that reports all tracks that it has, where they are to be smoothed.
#[must_use]
pub(crate) fn filter(RunConfig { smoothing, fusion, .. }: &RunConfig) -> Config {
    let report = if smoothing.is_some() { Probability::ZERO } else { fusion.existence.report };
    Config { existence: Existence { report, ..fusion.existence }, ..fusion.clone() }
}

/// What cannot be done in a folder.
fn failed(folder: &Path) -> impl Fn(io::Error) -> TrackError {
    move |source| TrackError::Smoothing { folder: folder.to_owned(), source }
}

impl<'a> Histories<'a> {
    /// None yet, of so many lanes; `None` where the configuration smooths nothing. In memory they are while the run holds less
    /// than [`SHARE`] of what it may, if that is stated; else in the folder.
    pub(crate) fn new(
        config: &'a RunConfig,
        frame: Frame,
        (folder, memory): (&Path, Option<u64>),
        lanes: &[Lane],
    ) -> Option<Self> {
        let Smoothing { lag_s } = config.smoothing?;
        let lag_us = |lag_s: f64| micros(lag_s).unwrap_or(i64::MAX);
        let interval = lag_s.map_or(Interval::Fixed, |lag_s| Interval::Lag(lag_us(f64::from(lag_s.get()))));
        let room = memory.map_or(Room::NONE, |memory| Room::within(memory / SHARE[1] * SHARE[0]));
        let past = |lane: &Lane| {
            let past = Past::new(&LaneSetup::new(lane, frame, &config.fusion));
            LanePast { past, traces: VecDeque::new(), scan: 0 }
        };
        let pasts = Pasts { config: config.fusion.clone(), lanes: lanes.iter().map(past).collect() };
        let begin =
            |_: &Lane| LaneHistory { history: History::new(folder, room), shown: Vec::new(), reported: Vec::new() };
        let lanes = lanes.iter().map(begin).collect();
        Some(Self { pasts, config, interval, frame, folder: folder.to_owned(), room, lanes })
    }

    /// Takes in all tracks of a lane at the time of a report, and gives those that the filter reports; or those after a wave,
    /// and gives none.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(crate) fn keep(
        &mut self,
        lane: usize,
        time_us: i64,
        (estimates, shown): (Vec<Estimate>, bool),
    ) -> Result<Vec<Estimate>, TrackError> {
        let Some(kept) = self.lanes.get_mut(lane) else { return Ok(Vec::new()) };
        let begun = if shown { Vec::new() } else { self.pasts.begun(lane, &estimates) };
        kept.history.push_begun(time_us, (&estimates, &begun)).map_err(failed(&self.folder))?;
        kept.shown.push(shown);
        if shown {
            let is_reported = |estimate: &Estimate| kept.reported.binary_search(&estimate.born).is_ok();
            return Ok(estimates.into_iter().filter(is_reported).collect());
        }
        let report = self.config.fusion.existence.report.get();
        let reported = estimates.iter().filter(|estimate| estimate.existence >= report);
        kept.reported = reported.map(|estimate| estimate.born).collect();
        Ok(Vec::new())
    }

    /// Hands over the tracks of a lane at the time of every report, in this order: up to the horizon smoothed, as `true` says,
    /// later ones as the filter had them.
    ///
    /// # Errors
    /// Those of `give`, and if a file cannot be read or written or the device fails.
    pub(crate) fn each<E: From<TrackError>>(
        &mut self,
        (number, lane): (usize, &Lane),
        (horizon_us, device): (i64, Option<&mut Backward>),
        mut give: impl FnMut(i64, Vec<Refined>, bool) -> Result<(), E>,
    ) -> Result<(), E> {
        let Self { config, interval, frame, folder, room, lanes, .. } = self;
        let Some(LaneHistory { history, shown, .. }) = lanes.get_mut(number) else { return Ok(()) };
        let is_shown = |wave: &usize| shown.get(*wave).copied().unwrap_or(false);
        let existence = &config.fusion.existence;
        let setup = LaneSetup::new(lane, *frame, &config.fusion);
        let smoother = Smoother::of(&setup, &config.fusion.motion);
        let times_us = history.times_us().to_vec();
        let time_us = |wave: usize| times_us.get(wave).copied().unwrap_or_default();
        let until = times_us.partition_point(|time_us| *time_us <= horizon_us);
        let mut spill = History::new(folder, *room);
        let smoothed = |wave: usize, tracks: Vec<Known>, history: &mut History| {
            // Before the first detection of all there is nothing to be asked about.
            let asked = time_us(wave) >= lane.span_us[0];
            let is_likely = |track: &Known| asked && track.estimate.existence >= existence.report.get();
            let likely = tracks.into_iter().filter(is_likely);
            let places = history.places(wave)?;
            let confirmed = |track: Known| {
                let confirmed = track.estimate.existence >= existence.confirm.get();
                let known = Known { estimate: Estimate { confirmed, ..track.estimate }, ..track };
                let place = places.binary_search_by_key(&track.estimate.born, |(born, _)| *born);
                Refined { known, filtered_m: place.ok().and_then(|place| Some(places.get(place)?.1)) }
            };
            give(time_us(wave), likely.map(confirmed).collect(), true).map_err(Failed::Given)
        };
        smoother.pass((history, until), (*interval, shown), (&mut spill, device), smoothed).map_err(
            |error| match error {
                Failed::Given(error) => error,
                Failed::Device(error) => TrackError::from(error).into(),
                Failed::Disk(error) => failed(folder)(error).into(),
            },
        )?;
        // What the filter reports is decided after a wave.
        let from = (0..until).rev().find(|wave| !is_shown(wave)).unwrap_or(0);
        let mut reported = Vec::new();
        for wave in from..times_us.len() {
            let tracks = history.tracks(wave).map_err(failed(folder))?;
            if !is_shown(&wave) {
                let likely = tracks.iter().filter(|track| track.estimate.existence >= existence.report.get());
                reported = likely.map(|track| track.estimate.born).collect();
            } else if wave >= until {
                let is_reported = |track: &Known| reported.binary_search(&track.estimate.born).is_ok();
                let itself = |known: Known| Refined { filtered_m: Some(known.estimate.position_m()), known };
                give(time_us(wave), tracks.into_iter().filter(is_reported).map(itself).collect(), false)?;
            }
        }
        Ok(())
    }
}

/// Why a pass ended early.
enum Failed<E> {
    Given(E),
    Device(KernelError),
    Disk(io::Error),
}

impl<E> From<KernelError> for Failed<E> {
    fn from(error: KernelError) -> Self {
        Self::Device(error)
    }
}

impl<E> From<io::Error> for Failed<E> {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}
