//! Detections in memory to tracks in memory: one lane that may see everything; no policy and no files.

use super::lanes::Lane;
use super::looks::{Look, Row};
use super::measure::Measurer;
use super::pictures::row;
use super::{RunConfig, RunError};
use crate::fusion::batch::{Batch, Estimate, Scan};
use crate::fusion::executor::Executor;
use crate::ingest::{Catalogue, Detections};
use crate::policy::Stratum;
use crate::product;
use crate::time::micros;
use std::collections::BTreeSet;

/// A track at a time.
#[derive(Clone, Debug)]
pub struct TrackAt {
    /// When, microseconds.
    pub time_us: i64,
    /// What is known of it then.
    pub estimate: Estimate,
}

impl TrackAt {
    /// The same as a row of a picture, without contributors and authorities.
    #[must_use]
    pub fn row(&self) -> product::Row<'static> {
        row(&self.estimate, self.time_us, self.estimate.position_m(), &[], &[])
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
    let mut rows: Vec<Row> = rows(detections).collect();
    rows.sort_by_key(|row| row.time_us);
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return Ok(Vec::new()) };
    let span_us = [first.time_us, last.time_us];
    let used: BTreeSet<usize> = rows.iter().map(|row| row.sensor).collect();
    let lane = Lane::open(catalogue, &used, span_us, config)?;
    let mut looks = lane.looks(catalogue);
    for row in rows {
        looks.push(row);
    }
    looks.end();
    let batch = Batch::new(config.fusion.clone(), executor, vec![lane.setup(catalogue.frame, config)]);
    let period_us = micros(f64::from(config.report_period_s.get())).unwrap_or(1).max(1);
    let mut tracker = Tracker { catalogue, config, lane, batch, period_us, next_us: None, tracks: Vec::new() };
    let mut before_us = i64::MIN;
    while let Some(look) = looks.next_look() {
        let time_us = look.rows.iter().map(|row| row.time_us).max().unwrap_or(look.end_us).max(before_us);
        tracker.report_until(time_us)?;
        tracker.step(&look, time_us)?;
        before_us = time_us;
    }
    tracker.report_until(span_us[1].saturating_add(1))?;
    Ok(tracker.tracks)
}

/// Detections as looks hold them; all of one class.
fn rows(detections: &Detections) -> impl Iterator<Item = Row> {
    let Detections { time_us, sensor, place, measurement, .. } = detections;
    let columns = time_us.iter().zip(sensor).zip(place).zip(measurement);
    columns.map(|(((&time_us, &sensor), &place), &measurement)| Row {
        time_us,
        sensor: sensor as usize,
        place,
        measurement,
        class: 0,
    })
}

/// The one lane, its tracks so far, and when it is to report next.
struct Tracker<'a> {
    catalogue: &'a Catalogue,
    config: &'a RunConfig,
    lane: Lane,
    batch: Batch,
    period_us: i64,
    next_us: Option<i64>,
    tracks: Vec<TrackAt>,
}

impl Tracker<'_> {
    fn step(&mut self, look: &Look, time_us: i64) -> Result<(), RunError> {
        let Some(sensor) = self.catalogue.sensors.get(look.sensor) else { return Ok(()) };
        let measurer = Measurer::new(sensor, self.catalogue.frame, self.lane.extent, &self.config.fusion.undetected);
        let mut observations = Vec::new();
        let scan = Scan {
            lane: 0,
            time_us,
            detection_probability: measurer.detection_probability(),
            mask: self.lane.mask(look.sensor, &Stratum::default()),
            slack_m: measurer.slack_m(&look.rows),
            detections: look.rows.iter().map(|row| measurer.detection(row, time_us, &mut observations)).collect(),
            source: vec![0; look.rows.len()],
        };
        self.batch.step(vec![scan], observations)?;
        Ok(())
    }

    /// Keeps the tracks at every due time before `time_us`.
    fn report_until(&mut self, time_us: i64) -> Result<(), RunError> {
        let mut next_us = self.next_us.unwrap_or_else(|| -(-time_us).div_euclid(self.period_us) * self.period_us);
        while next_us < time_us {
            let estimates = self.batch.estimates_at(0, next_us)?;
            self.tracks.extend(estimates.into_iter().map(|estimate| TrackAt { time_us: next_us, estimate }));
            next_us += self.period_us;
        }
        self.next_us = Some(next_us);
        Ok(())
    }
}
