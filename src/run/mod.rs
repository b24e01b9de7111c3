//! The whole path: a recording and a policy in, one picture per partner out.
//!
//! Two passes over the recording, neither of which holds more of it than a batch and the looks that are open. The
//! first finds the classes of detections, which the policy decides over; the second forms looks, hands every lane what
//! it may see of them, fuses, and writes pictures. Nothing of a lane is computed from anything that it may not see.

mod authority; // who may act on each lane's tracks
mod config; // parameters of a run
mod coverage; // what a lane covers, and where its looks could have seen
mod error; // what can go wrong
mod lanes; // segments -> lanes
mod looks; // rows -> looks of sensors
mod given; // a row -> the row as a level of fuse gives it
mod measure; // rows -> detections as fusion sees them
mod pictures; // tracks -> pictures, as each partner may receive them
mod journal; // what was decided, for the operator and for each partner
mod report; // what the operator learns
mod scores; // pictures against truth
mod memory; // detections in memory -> tracks in memory

pub use authority::{ActionAuthority, AuthorityReport, LaneAuthority};
pub use config::{ConfigError, RunConfig, Scoring};
pub use error::RunError;
pub use memory::{TrackAt, track};
pub use report::{LaneReport, PartnerReport, RunReport};
pub use scores::{OutputError, score_output};

use crate::fusion::arrays::Observation;
use crate::fusion::batch::{Batch, Scan};
use crate::fusion::device::engine::Patience;
use crate::fusion::executor::Executor;
use crate::ingest::{Catalogue, Detections, IngestReport, Options, Order, Reader};
use crate::policy::{Classifier, Policy};
use crate::product::{Recipients, Sealing, SigningKey, Staging};
use given::given;
use lanes::{Basis, Given, Lane};
use looks::{Look, Looks, Row};
use measure::Measurer;
use pictures::Pictures;
use std::path::Path;

/// Rows of a batch.
const BATCH_ROWS: usize = 1 << 16;

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Folder of the recording.
    pub recording: &'a Path,
    /// Folder of the policy.
    pub policy: &'a Path,
    /// Folder to write.
    pub out: &'a Path,
    /// Parameters.
    pub config: &'a RunConfig,
    /// Whether a bad row ends the run.
    pub strict: bool,
    /// The time that rules and delays refer to, microseconds; delays refer to a lane's own last detection without it.
    pub as_of_us: Option<i64>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// So many rows have been classed.
    Classing(u64),
    /// So many of so many rows have been fused.
    Fusing(u64, u64),
    /// The pictures are being scored.
    Scoring,
}

/// How a run seals what it writes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seals<'a> {
    /// The key that signs every folder; without one nothing is signed.
    pub sign: Option<&'a SigningKey>,
    /// Whether every partner's folder is also encrypted to its `age_recipient`.
    pub encrypt: bool,
}

/// Runs the whole path and publishes the output folder, unsealed.
///
/// # Errors
/// As [`run_sealed`].
pub fn run(
    request: &Request<'_>,
    executor: Executor,
    progress: &mut dyn FnMut(Progress),
) -> Result<RunReport, RunError> {
    run_sealed(request, Seals::default(), executor, progress)
}

/// Runs the whole path, seals the output folder and publishes it.
///
/// # Errors
/// Anything wrong with the recording, the policy, the output folder, the partners' keys or the device; nothing is
/// published then.
pub fn run_sealed(
    request: &Request<'_>,
    seals: Seals<'_>,
    executor: Executor,
    progress: &mut dyn FnMut(Progress),
) -> Result<RunReport, RunError> {
    let catalogue = Catalogue::read(request.recording)?;
    let policy = Policy::read(request.policy)?;
    let keys = policy.partners().iter().map(|partner| (partner.id.as_str(), partner.age_recipient.as_deref()));
    let recipients = seals.encrypt.then(|| Recipients::of(keys)).transpose()?;
    let zones = policy.zone_map(catalogue.frame)?;
    let strata = policy.strata(request.as_of_us)?;
    let (classifier, ingest) = class(request, &catalogue, &policy, progress)?;
    let decisions = policy.decide(classifier.classes(), request.as_of_us)?;
    let basis = Basis {
        catalogue: &catalogue,
        policy: &policy,
        zones: &zones,
        strata: &strata,
        as_of_us: request.as_of_us,
        config: request.config,
        classes: classifier.classes(),
        summaries: classifier.summaries(),
    };
    let lanes = Lane::all(&basis, &decisions)?;
    let staging = Staging::create(request.out)?;
    let mut pictures = Pictures::begin(&staging, request, &basis, &lanes)?;
    let fusion = {
        let fusing = Fusing::new(request.config, executor, &basis, &lanes, &mut pictures);
        fuse(request, fusing, ingest.rows_accepted, progress)?
    };
    let (released, authority) = pictures.finish(request.config, &decisions)?;
    progress(Progress::Scoring);
    let outcome = report::Outcome { decisions: &decisions, ingest, fusion, released, authority };
    let report = RunReport::assemble(request, &basis, &lanes, outcome, &staging)?;
    staging.publish_sealed(&Sealing { sign: seals.sign, encrypt: recipients.as_ref() })?;
    Ok(report)
}

/// First pass: the classes of all detections.
fn class(
    request: &Request<'_>,
    catalogue: &Catalogue,
    policy: &Policy,
    progress: &mut dyn FnMut(Progress),
) -> Result<(Classifier, IngestReport), RunError> {
    let mut classifier = Classifier::new(policy, catalogue, request.as_of_us)?;
    let mut reader = reader(request, catalogue)?;
    let mut rows = 0;
    while let Some(batch) = reader.next_batch()? {
        classifier.classify(&batch)?;
        rows += batch.time_us.len() as u64;
        progress(Progress::Classing(rows));
    }
    Ok((classifier, reader.report().clone()))
}

fn reader<'a>(request: &Request<'_>, catalogue: &'a Catalogue) -> Result<Reader<'a>, RunError> {
    // Every lane keeps its own order: a row that it may not see must not make one of its own rows late.
    let options = Options { strict: request.strict, rows_per_batch: BATCH_ROWS, order: Order::Any };
    Ok(Reader::open(request.recording, catalogue, options)?)
}

/// Second pass: looks, scans, tracks, pictures.
fn fuse(
    request: &Request<'_>,
    mut fusing: Fusing<'_, '_>,
    rows_accepted: u64,
    progress: &mut dyn FnMut(Progress),
) -> Result<report::Fusion, RunError> {
    let catalogue = fusing.basis.catalogue;
    let mut classifier = Classifier::new(fusing.basis.policy, catalogue, request.as_of_us)?;
    let mut reader = reader(request, catalogue)?;
    if fusing.lanes.iter().any(Lane::cuts) {
        reader = reader.with_readings();
    }
    let mut rows = 0;
    while let Some(batch) = reader.next_batch()? {
        let classes = classifier.classify(&batch)?;
        fusing.take(&batch, &classes);
        fusing.waves()?;
        rows += batch.time_us.len() as u64;
        progress(Progress::Fusing(rows, rows_accepted));
    }
    let done = fusing.finish()?;
    match done.late.iter().find(|late| **late > 0) {
        Some(&rows) if request.strict => Err(RunError::Late { rows }),
        _ => Ok(done),
    }
}

/// The state of the second pass.
struct Fusing<'a, 'p> {
    basis: &'a Basis<'a>,
    lanes: &'a [Lane],
    pictures: &'a mut Pictures<'p>,
    batch: Batch,
    /// Looks of each lane.
    looks: Vec<Looks>,
    /// Time of each lane's last scan.
    times: Vec<Option<i64>>,
    done: report::Fusion,
}

impl<'a, 'p> Fusing<'a, 'p> {
    fn new(
        config: &RunConfig,
        executor: Executor,
        basis: &'a Basis<'a>,
        lanes: &'a [Lane],
        pictures: &'a mut Pictures<'p>,
    ) -> Self {
        let setups = lanes.iter().map(|lane| lane.setup(basis.catalogue.frame, config)).collect();
        let batch = Batch::new(config.fusion.clone(), executor, setups);
        let looks = lanes.iter().map(|lane| lane.looks(basis.catalogue)).collect();
        let times = vec![None; lanes.len()];
        Self { basis, lanes, pictures, batch, looks, times, done: report::Fusion::default() }
    }

    /// Hands every lane the rows that it may see, as it may see them.
    fn take(&mut self, batch: &Detections, classes: &[u32]) {
        let Basis { catalogue, .. } = self.basis;
        let columns = batch.time_us.iter().zip(&batch.sensor).zip(&batch.place).zip(&batch.measurement).zip(classes);
        for (number, ((((&time_us, &sensor), &place), &measurement), &class)) in columns.enumerate() {
            let row = Row { time_us, sensor: sensor as usize, place, measurement, class };
            for (lane, looks) in self.lanes.iter().zip(&mut self.looks) {
                let row = match lane.given(class) {
                    None => None,
                    Some(Given { cut: None, .. }) => Some(row),
                    Some(Given { cut: Some(cut), .. }) => {
                        let parts = batch.reading.get(number).zip(catalogue.sensors.get(row.sensor));
                        parts.and_then(|(&reading, sensor)| given(&row, reading, sensor, catalogue.frame, cut))
                    }
                };
                if let Some(row) = row {
                    looks.push(row);
                }
            }
        }
    }

    /// Fuses every look that is over: in each wave the next one of every lane.
    fn waves(&mut self) -> Result<(), RunError> {
        loop {
            let next: Vec<Option<Look>> = self.looks.iter_mut().map(Looks::next_look).collect();
            if next.iter().all(Option::is_none) {
                return Ok(());
            }
            let mut observations = Vec::new();
            let mut scans = Vec::new();
            for (index, (look, lane)) in next.iter().zip(self.lanes).enumerate() {
                let Some(look) = look else { continue };
                let time_us = self.scan_time(index, look);
                self.pictures.report_until(index, &mut self.batch, time_us)?;
                if let Some(time) = self.times.get_mut(index) {
                    *time = Some(time_us);
                }
                scans.extend(self.basis.scan(index, lane, look, time_us, &mut observations));
            }
            self.batch.step(scans, observations)?;
            self.report(Patience::None)?;
        }
    }

    /// Writes the tracks that were asked for and are there.
    fn report(&mut self, patience: Patience) -> Result<(), RunError> {
        self.batch.answers(patience)?.into_iter().try_for_each(|answer| self.pictures.report(answer))
    }

    /// The time of its latest detection, or the end of an empty look; never before the lane's last scan.
    fn scan_time(&self, lane: usize, look: &Look) -> i64 {
        let own = look.rows.iter().map(|row| row.time_us).max().unwrap_or(look.end_us);
        self.times.get(lane).copied().flatten().map_or(own, |before| own.max(before))
    }

    fn finish(mut self) -> Result<report::Fusion, RunError> {
        self.looks.iter_mut().for_each(Looks::end);
        self.waves()?;
        for index in 0..self.lanes.len() {
            self.pictures.report_last(index, &mut self.batch)?;
        }
        self.report(Patience::Wait)?;
        for wave in self.batch.take_reports()? {
            self.done.add(&wave);
        }
        self.done.timings = self.batch.timings();
        self.done.late = self.looks.iter().map(Looks::late).collect();
        Ok(self.done)
    }
}

impl Basis<'_> {
    /// One lane's share of a wave.
    fn scan<'a>(
        &self,
        index: usize,
        lane: &'a Lane,
        look: &Look,
        time_us: i64,
        observations: &mut Vec<Observation>,
    ) -> Option<Scan<'a>> {
        let sensor = self.catalogue.sensors.get(look.sensor)?;
        let measurer = Measurer::new(sensor, self.catalogue.frame, lane.extent, &self.config.fusion.undetected);
        let rows = &look.rows;
        Some(Scan {
            lane: index,
            time_us,
            detection_probability: measurer.detection_probability(),
            mask: lane.mask(look.sensor, self.strata.at(look.start_us)),
            slack_m: measurer.slack_m(rows),
            detections: rows.iter().map(|row| measurer.detection(row, time_us, observations)).collect(),
            source: rows.iter().map(|row| lane.given(row.class).map_or(0, |given| given.source)).collect(),
        })
    }
}
