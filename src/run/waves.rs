//! Rows to waves: the looks of some lanes become scans, in each wave the next one of every lane, and their tracks are
//! asked for when they are due.
//!
//! Whoever takes the waves, fusion or the digest of what fusion would be given, gets the same ones. What a lane is fed
//! does not depend on which others are fed beside it.

use super::given::given;
use super::lanes::{self, Basis, Lane};
use super::looks::{Look, Looks, Row};
use super::measure::Measurer;
use super::taken::Taken;
use super::{Request, RunConfig, RunError, options};
use crate::fusion::arrays::Observation;
use crate::fusion::batch::Scan;
use crate::ingest::{Catalogue, Detections};
use crate::policy::{PolicyError, Strata, Stratum};
use crate::product::Given;
use crate::time::micros;

/// What takes the waves.
pub(super) trait Taker<'a> {
    /// A lane's tracks at a time are asked for, before its next scan.
    fn due(&mut self, lane: usize, time_us: i64) -> Result<(), RunError>;
    /// The next scans of some lanes, in the order of their numbers.
    fn wave(&mut self, scans: Vec<Scan<'a>>, observations: Vec<Observation>) -> Result<(), RunError>;
}

/// A lane, as far as it has been fed.
#[derive(Debug)]
struct Fed<'a> {
    /// Its number among all lanes.
    number: usize,
    lane: &'a Lane,
    looks: Looks,
    /// Time of its last scan.
    scanned_us: Option<i64>,
    /// When its tracks are asked for next.
    due_us: Option<i64>,
    /// The digest of its detections, where a partner may have it.
    taken: Option<Taken>,
}

/// What a pass gave a lane.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Rows that came too late.
    pub(super) late: u64,
    /// Its detections, where a partner may have a digest of them.
    pub(super) given: Option<Given>,
}

/// Feeds the lanes with the rows of the recording that each may see; gives what became of each.
///
/// # Errors
/// If the recording cannot be read, or the taker fails.
pub(super) fn feed<'a>(
    request: &Request<'_>,
    basis: &'a Basis<'a>,
    lanes: impl IntoIterator<Item = (usize, &'a Lane)>,
    taker: &mut impl Taker<'a>,
    progress: &mut dyn FnMut(u64),
) -> Result<Vec<Outcome>, RunError> {
    let mut waves = Waves::new(basis.catalogue, basis.config, lanes);
    waves.strata = Some(basis.strata);
    for fed in &mut waves.lanes {
        let plainly = fed.lane.partners.iter().map(|&partner| basis.policy.receives_plainly(partner));
        let any = plainly.collect::<Result<Vec<_>, _>>()?.contains(&true);
        fed.taken = any.then(Taken::default);
    }
    let mut reader = basis.recording.reader(options(request))?;
    if waves.lanes.iter().any(|fed| fed.lane.cuts()) {
        reader = reader.with_readings();
    }
    let mut rows = 0;
    while let Some(batch) = reader.next_batch()? {
        let classes = basis.classifier.find(&batch).map_err(|error| met(basis, rows, error))?;
        waves.push(&batch, &classes);
        waves.pass(taker)?;
        rows += batch.time_us.len() as u64;
        progress(rows);
    }
    let pass = reader.pass();
    if pass != basis.pass {
        return Err(changed(basis, pass.to_string(), &basis.pass.to_string()));
    }
    waves.finish(taker)?;
    let outcome = |fed: Fed<'_>| Outcome { late: fed.looks.late(), given: fed.taken.map(Taken::finish) };
    Ok(waves.lanes.into_iter().map(outcome).collect())
}

/// That a later pass gave something else than the first.
pub(super) fn changed(basis: &Basis<'_>, found: String, wanted: &str) -> RunError {
    RunError::Changed { path: basis.recording.detections().to_owned(), found, wanted: format!("{wanted}, as at first") }
}

/// What it means that a class is not found after so many rows.
fn met(basis: &Basis<'_>, rows: u64, error: PolicyError) -> RunError {
    match error {
        PolicyError::UnmetClass { row, class } => {
            let found = format!("in accepted row {}: {class}", rows + row as u64 + 1);
            changed(basis, found, &format!("one of {} classes", basis.classes.len()))
        }
        error => error.into(),
    }
}

/// The lanes that are fed together.
#[derive(Debug)]
pub(super) struct Waves<'a> {
    catalogue: &'a Catalogue,
    config: &'a RunConfig,
    /// The stretches of time that the rules tell apart; without rules there is one.
    strata: Option<&'a Strata>,
    lanes: Vec<Fed<'a>>,
    period_us: i64,
}

impl<'a> Waves<'a> {
    /// Before the first row, without rules.
    pub(super) fn new(
        catalogue: &'a Catalogue,
        config: &'a RunConfig,
        lanes: impl IntoIterator<Item = (usize, &'a Lane)>,
    ) -> Self {
        let begin = |(number, lane): (usize, &'a Lane)| {
            let looks = lane.looks(catalogue);
            Fed { number, lane, looks, scanned_us: None, due_us: None, taken: None }
        };
        let period_us = micros(f64::from(config.report_period_s.get())).unwrap_or(1).max(1);
        Self { catalogue, config, strata: None, lanes: lanes.into_iter().map(begin).collect(), period_us }
    }

    /// Hands every lane a row that each may see as it is.
    pub(super) fn push_open(&mut self, row: Row) {
        self.lanes.iter_mut().for_each(|fed| fed.looks.push(row));
    }

    /// Hands every lane the rows that it may see, as it may see them.
    fn push(&mut self, batch: &Detections, classes: &[u32]) {
        let catalogue = self.catalogue;
        let columns = batch.time_us.iter().zip(&batch.sensor).zip(&batch.place).zip(&batch.measurement).zip(classes);
        for (number, ((((&time_us, &sensor), &place), &measurement), &class)) in columns.enumerate() {
            let row = Row { time_us, sensor: sensor as usize, place, measurement, class };
            for Fed { lane, looks, taken, .. } in &mut self.lanes {
                let row = match lane.given(class) {
                    None => None,
                    Some(lanes::Given { cut: None, .. }) => Some(row),
                    Some(lanes::Given { cut: Some(cut), .. }) => {
                        let parts = batch.reading.get(number).zip(catalogue.sensors.get(row.sensor));
                        parts.and_then(|(&reading, sensor)| given(&row, reading, sensor, catalogue.frame, cut))
                    }
                };
                if let Some(row) = row {
                    if let Some(taken) = taken {
                        taken.push(&row);
                    }
                    looks.push(row);
                }
            }
        }
    }

    /// Passes on every look that is over.
    fn pass(&mut self, taker: &mut impl Taker<'a>) -> Result<(), RunError> {
        loop {
            let next: Vec<Option<Look>> = self.lanes.iter_mut().map(|fed| fed.looks.next_look()).collect();
            if next.iter().all(Option::is_none) {
                return Ok(());
            }
            let (mut scans, mut observations) = (Vec::new(), Vec::new());
            for (fed, look) in self.lanes.iter_mut().zip(next) {
                let Some(look) = look else { continue };
                let time_us = fed.scan_time(&look);
                fed.report_until(time_us, self.period_us, taker)?;
                fed.scanned_us = Some(time_us);
                let Some(sensor) = self.catalogue.sensors.get(look.sensor) else { continue };
                let births = &self.config.fusion.undetected;
                let measurer = Measurer::new(sensor, self.catalogue.frame, fed.lane.extent, births);
                let stratum = self.strata.map(|strata| strata.at(look.start_us));
                scans.push(fed.scan(&look, (&measurer, stratum), time_us, &mut observations));
            }
            taker.wave(scans, observations)?;
        }
    }

    /// Passes on the looks that are still open, and asks for tracks up to each lane's last detection.
    pub(super) fn finish(&mut self, taker: &mut impl Taker<'a>) -> Result<(), RunError> {
        self.lanes.iter_mut().for_each(|fed| fed.looks.end());
        self.pass(taker)?;
        let period_us = self.period_us;
        self.lanes.iter_mut().try_for_each(|fed| fed.report_until(i64::MAX, period_us, taker))
    }
}

impl<'a> Fed<'a> {
    /// The time of its latest detection, or the end of an empty look; never before the lane's last scan.
    fn scan_time(&self, look: &Look) -> i64 {
        let own = look.rows.iter().map(|row| row.time_us).max().unwrap_or(look.end_us);
        self.scanned_us.map_or(own, |before| own.max(before))
    }

    /// Its share of a wave.
    fn scan(
        &self,
        look: &Look,
        (measurer, stratum): (&Measurer<'_>, Option<&Stratum>),
        time_us: i64,
        observations: &mut Vec<Observation>,
    ) -> Scan<'a> {
        let lane = self.lane;
        // What a class may not give is not there.
        let rows = look.rows.iter().filter_map(|row| Some((row, lane.given(row.class)?.source)));
        let (detections, source) =
            rows.map(|(row, source)| (measurer.detection(row, time_us, observations), source)).unzip();
        Scan {
            lane: self.number,
            time_us,
            detection_probability: measurer.detection_probability(),
            mask: lane.mask(look.sensor, stratum.unwrap_or(&Stratum::default())),
            slack_m: measurer.slack_m(&look.rows),
            detections,
            source,
        }
    }

    /// Asks for the lane's tracks at every due time before `scan_us`, the time of its next scan, and not after its last
    /// detection: a look may end later.
    fn report_until(&mut self, scan_us: i64, period_us: i64, taker: &mut impl Taker<'a>) -> Result<(), RunError> {
        // The first report is due at the first multiple of the period that is not before the first scan.
        let mut next_us = self.due_us.unwrap_or_else(|| -(-scan_us).div_euclid(period_us) * period_us);
        while next_us < scan_us && next_us <= self.lane.span_us[1] {
            taker.due(self.number, next_us)?;
            next_us += period_us;
        }
        self.due_us = Some(next_us);
        Ok(())
    }
}
