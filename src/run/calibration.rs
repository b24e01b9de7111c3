//! What the sensors of a recording are off by, segment by segment, from the logs of its lanes.
//!
//! The recording is read twice: to know what each lane was given, which its log has to be of, and to lay the rows of every look
//! beside what the log says became of them. A segment's entry comes from its own lane alone.

use super::basis::Basis;
use super::budget::within;
use super::corrections::correct;
use super::feed::{Asked as Due, changed, feed};
use super::inputs::Inputs;
use super::logs::{Logs, made_from};
use super::{Besides, Listener, Progress, Request, RunConfig, RunError, changed_or, classes, fuse_lanes, opened, tell};
use crate::calibrate::{Asked, Registering, Registration};
use crate::fusion::executor::Executor;
use crate::ingest::Recording;
use crate::lane_log::{Reader, failed};
use crate::policy::Policy;
use crate::scan::{Lane, Observation, Row, Scan};
use crate::waves::Taker;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// What sensors are off by, by segment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Calibration {
    /// Of these fields: a later version may add some, and changes none.
    pub version: u32,
    /// The recording's name.
    pub recording: String,
    /// What it was made from, by name: digests of the recording's files, of the policy's and of the configuration, and the time.
    pub made_from: BTreeMap<String, String>,
    /// The segments, in the order of their lanes.
    pub segment: Vec<Segment>,
}

/// What the sensors of a segment are off by, as its own log has it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Segment {
    /// Number of its lane.
    pub lane: usize,
    /// The partners whose pictures are made from it.
    pub partners: Vec<String>,
    /// What was found.
    #[serde(flatten)]
    pub found: Registration,
    /// The detections that it was computed from, in the order of sensors, owners and labels.
    pub from: Vec<Source>,
}

/// Detections of a segment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Source {
    /// Of this sensor.
    pub sensor: String,
    /// Its owner.
    pub owner: String,
    /// Their marking.
    pub label: String,
    /// How many.
    pub detections: u64,
}

/// How often lanes are fused to calibrate them: the first time with detections that pull tracks of one object apart, then with what
/// was found taken off, so that tracks take what is theirs.
const FUSED: usize = 2;

/// What the sensors of a recording are off by: lanes are fused, what is found of each is taken off in it, and they are fused
/// again. Logs and what was found on the way lie in the request's folder `out`; its `calibration` is not used.
///
/// # Errors
/// As [`super::fuse_lanes`] and [`calibrate`].
pub fn calibrate_fused(
    request: &Request<'_>,
    asked: Asked<'_>,
    executor: &Executor,
    listener: &mut Listener<'_>,
) -> Result<Calibration, RunError> {
    // Each entry corrects its own lane.
    let config = RunConfig { calibration: None, ..request.config.clone() };
    let fused = |from: Option<&Path>, round: usize, listener: &mut Listener<'_>| {
        let logs = request.out.join(format!("fused-{round}"));
        let request = Request { config: &config, out: &logs, calibration: from, ..*request };
        fuse_lanes(&request, None, executor, listener)?;
        calibrate(&request, &[&logs], asked, listener)
    };
    let mut found = fused(None, 0, listener)?;
    for round in 1..FUSED {
        let path = request.out.join(format!("found-{round}.toml"));
        let text = toml::to_string(&found).map_err(io::Error::other);
        text.and_then(|text| fs::write(&path, text)).map_err(failed(&path, "write what was found"))?;
        found = fused(Some(&path), round, listener)?;
    }
    Ok(found)
}

/// What the sensors of a recording are off by, from the logs in these folders, which [`super::fuse_lanes`] made with the same
/// request, or a run that keeps logs. The request's folder `out` is not used.
///
/// # Errors
/// As [`super::assemble`]; a reference that is no sensor; and a configuration of orbits.
pub fn calibrate(
    request: &Request<'_>,
    logs: &[&Path],
    asked: Asked<'_>,
    listener: &mut Listener<'_>,
) -> Result<Calibration, RunError> {
    if request.config.fusion.motion.is_orbit() {
        return Err(RunError::CalibratedOrbits);
    }
    let recording = opened(request)?;
    let sensors = &recording.catalogue().sensors;
    if let Some(found) = asked.reference.filter(|name| sensors.iter().all(|sensor| sensor.name != *name)) {
        let names: Vec<&str> = sensors.iter().map(|sensor| sensor.name.as_str()).collect();
        return Err(RunError::NoReference { found: found.to_owned(), wanted: names.join(", ") });
    }
    let request = Request { besides: Besides::NOTHING, ..*request };
    let run = |listener: &mut Listener<'_>| of_logs(&request, &recording, (logs, asked), listener);
    within(request.memory, listener, run).map_err(|error| changed_or(error, &recording))
}

/// The same, the recording's files being open.
fn of_logs(
    request: &Request<'_>,
    recording: &Recording,
    (logs, asked): (&[&Path], Asked<'_>),
    listener: &mut Listener<'_>,
) -> Result<Calibration, RunError> {
    let catalogue = recording.catalogue();
    let policy = Policy::of(request.policy)?;
    let zones = policy.zone_map(catalogue.frame)?;
    let strata = policy.strata(request.as_of_us)?;
    let mut made_from = made_from((recording, &policy), request, "")?;
    let logs = Logs::find(logs, made_from.clone())?;
    let (classifier, pass, ..) = classes(request, recording, (&policy, &std::env::temp_dir()), listener)?;
    let decisions = policy.decide(classifier.classes(), request.as_of_us)?;
    let basis = Basis::of(request, recording, (pass, &classifier), (&policy, &zones, &strata));
    let mut lanes = Lane::all(&basis.of_lanes(), &decisions)?;
    // The logs are of corrected detections then; what is told is told of these as they were measured.
    correct(request, &basis, &mut lanes)?;
    logs.expect(lanes.len())?;
    let rows: u64 = basis.summaries.iter().map(|summary| summary.count).sum();
    let mut progress = |done| tell(listener, Progress::Comparing(done, rows));
    let mut inputs = Inputs::new(&basis, &lanes, logs.computed_by())?;
    feed(request, &basis, lanes.iter().enumerate(), &mut inputs, &mut progress)?;
    let mut reading = Reading { basis: &basis, lanes: of_lanes(&basis, &lanes, (&logs, inputs))? };
    feed(request, &basis, lanes.iter().enumerate(), &mut reading, &mut progress)?;
    recording.check()?;
    let segment = reading.lanes.into_iter().zip(&lanes).enumerate().map(|(number, (read, lane))| Segment {
        lane: number,
        partners: basis.partners_of(lane),
        found: read.registering.finish(asked),
        from: sources(&basis, lane),
    });
    // The others say who made the logs.
    made_from.retain(|name, _| !matches!(name.as_str(), "program" | "executor" | "calibration"));
    Ok(Calibration { version: 1, recording: catalogue.name.clone(), made_from, segment: segment.collect() })
}

/// The detections that a lane is given.
pub(super) fn sources(basis: &Basis<'_>, lane: &Lane) -> Vec<Source> {
    let mut counts: BTreeMap<(&str, &str, &str), u64> = BTreeMap::new();
    for ((class, key), summary) in (0..).zip(basis.classes).zip(basis.summaries) {
        if lane.permitted(class).is_some() {
            *counts.entry((&key.sensor, &key.owner, &key.label)).or_default() += summary.count;
        }
    }
    let source = |((sensor, owner, label), detections): ((&str, &str, &str), u64)| Source {
        sensor: sensor.to_owned(),
        owner: owner.to_owned(),
        label: label.to_owned(),
        detections,
    };
    counts.into_iter().map(source).collect()
}

/// The logs of all lanes, each of what the lane was given.
fn of_lanes<'a>(
    basis: &Basis<'a>,
    lanes: &[Lane],
    (logs, inputs): (&Logs, Inputs<'_>),
) -> Result<Vec<Read<'a>>, RunError> {
    let (digests, order) = inputs.finish();
    let mut times: BTreeMap<usize, Vec<i64>> = BTreeMap::new();
    for Due { lane, time_us, .. } in order {
        times.entry(lane).or_default().push(time_us);
    }
    let read = |((number, lane), digest): ((usize, &Lane), String)| {
        let log = logs.open(number, &digest, times.remove(&number).unwrap_or_default().into_iter())?;
        let sensors = lane.sensors(basis.catalogue).into_iter().map(|(sensor, _)| sensor).collect();
        let registering = Registering::new(basis.catalogue, &basis.config.fusion, sensors);
        Ok(Read { log, rows: Vec::new(), registering })
    };
    lanes.iter().enumerate().zip(digests).map(read).collect()
}

/// A lane whose log is read.
#[derive(Debug)]
struct Read<'a> {
    log: Reader,
    /// The rows of its next scan.
    rows: Vec<Row>,
    registering: Registering<'a>,
}

/// Lanes whose logs are read.
struct Reading<'a, 'b> {
    basis: &'b Basis<'a>,
    lanes: Vec<Read<'a>>,
}

impl<'s> Taker<'s> for Reading<'_, '_> {
    type Error = RunError;

    fn due(&mut self, _lane: usize, _time_us: i64) -> Result<(), RunError> {
        Ok(())
    }

    fn named(&mut self, _lane: usize, _identity: &Arc<str>) {}

    fn looked(&mut self, lane: usize, rows: &[Row]) {
        if let Some(read) = self.lanes.get_mut(lane) {
            rows.clone_into(&mut read.rows);
        }
    }

    fn wave(&mut self, scans: Vec<Scan<'s>>, _observations: Vec<Observation>) -> Result<(), RunError> {
        for scan in scans {
            let Some(read) = self.lanes.get_mut(scan.lane) else { continue };
            let wave = read.log.wave()?.filter(|(time_us, ..)| *time_us == scan.time_us);
            let Some((_, tracks, taken)) = wave else {
                let found = format!("a scan of lane {} that its log does not have", scan.lane);
                return Err(changed(self.basis, found, "the scans of its log"));
            };
            read.registering.wave(&read.rows, &tracks, &taken);
        }
        Ok(())
    }
}
