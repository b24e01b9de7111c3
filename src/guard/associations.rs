//! `associations.parquet`, from docs/pictures.md: which detections made the tracks of a picture.
//!
//! What a filter weighed is not known here. But every detection is one that the partner was given, at its time and of an owner
//! whom the row beside it names; every track shows at the first report from the detection's scan on; where detections are
//! assigned, tracks have no more of one than all of it; nothing is off by more than the gate; and the rows explain every byte.

use super::beside::{self, Column, Wanted};
use super::evidence::{Recording, Sight};
use super::finding::{Beyond, Breaches};
use super::measured::given;
use super::rows::Basis;
use super::table::Row;
use super::{GuardError, Request};
use crate::sensor::VelocityRows;
use crate::space::Frame;
use crate::time::micros;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, TimestampMicrosecondType, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// The name of the table in a partner's folder.
pub(super) const ASSOCIATIONS: &str = "associations.parquet";
/// For what is rounded in 32 bits.
const SLACK: f64 = 1e-3;

/// A row.
#[derive(Clone, Copy, Debug)]
struct Association {
    time_us: i64,
    track: u64,
    detection: u64,
    probability: f32,
    innovation: Option<f32>,
    measured: u32,
}

/// What a row says that it must not: found and wanted.
type Complaint = (String, String);

/// How many rows the table of a folder has, once it was held against the rows of its picture.
pub(super) fn inspect(
    basis: &Basis<'_>,
    path: &Path,
    place: &str,
    rows: &[Row],
    breaches: &mut Breaches,
) -> Result<usize, GuardError> {
    let frame = basis.recording.catalogue.frame;
    let mut associations = Vec::new();
    let wanted = Wanted { columns: &columns(frame), heading: "### Associations" };
    beside::each((path, place), frame, &wanted, breaches, |batch| take(batch, &mut associations));
    let mut judge = Judge::new(basis, rows)?;
    for (number, association) in (1u64..).zip(&associations) {
        if let Some((found, wanted)) = judge.complaint(association) {
            breaches.add(Beyond::Association, &format!("{place}, row {number}"), found, wanted);
        }
    }
    Ok(associations.len())
}

struct Judge<'a> {
    sight: &'a Sight,
    recording: &'a Recording,
    basis: &'a Basis<'a>,
    /// By report and track, the row that shows it.
    shown: BTreeMap<(i64, u64), &'a Row>,
    /// What all tracks have of each detection.
    sums: BTreeMap<u64, f64>,
    before: Option<(usize, u64, usize)>,
    period_us: i64,
    gate: f64,
    contributor: f64,
    /// Whether each detection is given to one track.
    chosen: bool,
}

impl<'a> Judge<'a> {
    fn new(basis: &'a Basis<'a>, rows: &'a [Row]) -> Result<Self, GuardError> {
        let Request { configuration, .. } = basis.request;
        let number = |key: &'static str| {
            configuration.pointer(key).and_then(Value::as_f64).ok_or(GuardError::Configuration { key })
        };
        Ok(Self {
            sight: basis.sight,
            recording: basis.recording,
            basis,
            shown: rows.iter().map(|row| ((row.time_us, row.track), row)).collect(),
            sums: BTreeMap::new(),
            before: None,
            period_us: micros(number("/report_period_s")?).unwrap_or(1).max(1),
            gate: number("/fusion/gate")?,
            contributor: number("/fusion/existence/contributor")?,
            chosen: configuration.pointer("/fusion/association/mode").and_then(Value::as_str) == Some("assign"),
        })
    }

    fn complaint(&mut self, row: &Association) -> Option<Complaint> {
        let wrong = |found: String, wanted: &str| Some((found, wanted.to_owned()));
        let Association { time_us, track, detection, probability, innovation, measured } = *row;
        let given = usize::try_from(detection).ok().and_then(|number| self.sight.given(number));
        let Some((of, (scan, place), scan_us)) = given.filter(|(of, ..)| of.time_us == time_us) else {
            return wrong(format!("detection {detection} at {time_us}"), "one that the partner was given, at its time");
        };
        let here = (scan, track, place);
        if self.before.replace(here).is_some_and(|before| before >= here) {
            return wrong(
                format!("track {track} with detection {detection}"),
                "scans, tracks and detections that grow",
            );
        }
        let report_us = scan_us.div_euclid(self.period_us).saturating_add(i64::from(scan_us % self.period_us != 0));
        let report_us = report_us.saturating_mul(self.period_us);
        let Some(shown) = self.shown.get(&(report_us, track)) else {
            return wrong(format!("track {track} at {report_us}"), "a track that the picture shows then");
        };
        let class = self.recording.classes.get(of.class as usize);
        let owner = class.map_or("", |class| class.owner.as_str());
        if shown.contributors.as_ref().is_some_and(|names| !names.contains(owner)) {
            return wrong(format!("a detection of `{owner}`"), "one of the contributors of the row beside it");
        }
        let begins = track == (scan as u64) << 32 | place as u64;
        let least = if begins { 0.0 } else { self.contributor * (1.0 - SLACK) };
        if !(f64::from(probability) >= least && probability > 0.0 && probability <= 1.0) {
            return Some((format!("probability {probability}"), format!("from {} to 1", self.contributor)));
        }
        let sum = self.sums.entry(detection).or_default();
        *sum += f64::from(probability);
        // Belief propagation does not keep to what there is of a detection; a choice does, and who begins a track has what is left.
        if self.chosen && *sum > 1.0 + SLACK {
            return Some((format!("detection {detection} with {sum} in all"), "at most 1".to_owned()));
        }
        match innovation {
            None if begins => {}
            Some(off) if !begins && (0.0..self.gate * 1.01).contains(&f64::from(off)) => {}
            _ => {
                let wanted = format!("below {}, or nothing where the track began", self.gate);
                return Some((format!("innovation {innovation:?}"), wanted));
            }
        }
        let wanted = self.measured(detection)?;
        (measured != wanted).then(|| (format!("{measured} numbers"), wanted.to_string()))
    }

    /// How many numbers a detection measured, as it was given.
    fn measured(&self, detection: u64) -> Option<u32> {
        let number = *self.sight.rows.get(usize::try_from(detection).ok()?)?;
        let row = self.recording.rows.get(number)?;
        let sensor = self.recording.catalogue.sensors.get(row.sensor as usize)?;
        let level = self.sight.level(row, self.basis.book)?;
        let reading = *self.recording.readings.get(number)?;
        let (_, measurement) = given(reading, sensor, (self.recording.catalogue.frame, row.time_us), &level.demands)?;
        let VelocityRows { sigma_m_s, .. } = measurement.velocity.unwrap_or_default();
        let rates = sigma_m_s.into_iter().filter(|sigma| *sigma > 0.0).count();
        let rates = rates + usize::from(measurement.range_rate_m_s.is_some_and(|[_, sigma]| sigma > 0.0));
        Some(measurement.rows + u32::try_from(rates).unwrap_or(u32::MAX))
    }
}

/// The columns of the table.
fn columns(frame: Frame) -> [Column; 6] {
    [
        ("time", beside::instant(frame), false),
        ("track", DataType::UInt64, false),
        ("detection", DataType::UInt64, false),
        ("probability", DataType::Float32, false),
        ("innovation", DataType::Float32, true),
        ("measured", DataType::UInt32, false),
    ]
}

fn take(batch: &RecordBatch, rows: &mut Vec<Association>) {
    let time = batch.column(0).as_primitive::<TimestampMicrosecondType>();
    let [track, detection] = [1, 2].map(|column| batch.column(column).as_primitive::<UInt64Type>());
    let [probability, innovation] = [3, 4].map(|column| batch.column(column).as_primitive::<Float32Type>());
    let measured = batch.column(5).as_primitive::<UInt32Type>();
    rows.extend((0..batch.num_rows()).map(|row| Association {
        time_us: time.value(row),
        track: track.value(row),
        detection: detection.value(row),
        probability: probability.value(row),
        innovation: innovation.is_valid(row).then(|| innovation.value(row)),
        measured: measured.value(row),
    }));
}
