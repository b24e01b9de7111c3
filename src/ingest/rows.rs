//! Rows of a table to detections: each checked, converted, and either taken or rejected with its reason.
//!
//! A row is judged by itself, in parallel; only the order of times looks at the rows before it ([`Order`]).

use std::sync::Arc;

use rayon::prelude::*;

use super::catalogue::{Catalogue, TimeScale};
use super::detections::Detections;
use super::error::{IngestError, listed, quoted, short};
use super::labels::Labels;
use super::pass::{Pass, Passing};
use super::report::{Extremes, IngestReport, Reason, RejectedRow};
use super::table::{Table, Time};
use crate::sensor::{Cells, Converted, Offsets, Quantity, Reading, Sensor, Sigma, Sites};
use crate::space::Place;
use crate::time::format_timestamp;

/// How rows are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Whether the first bad row is an error.
    pub strict: bool,
    /// The most rows in a batch; 0 counts as 1. Memory grows with it, nothing else changes.
    pub rows_per_batch: usize,
    /// Whether a row that is earlier than one before it is bad.
    pub order: Order,
}

/// Whether rows must be in the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// A row earlier than an accepted one before it is rejected. So one row may cost others of other owners their
    /// place: where that must not be, take rows in any order and sort what each picture is made from.
    Required,
    /// Rows are taken as they come; [`Recording::sort`](super::Recording::sort) gives them in the order of time.
    Any,
}

/// A row that became a detection, its label still to be numbered.
pub(super) struct Row {
    pub(super) time_us: i64,
    pub(super) sensor: u32,
    pub(super) reading: Reading,
    converted: Converted,
    /// Whether its time is another than was stamped.
    is_retimed: bool,
}

impl Row {
    /// A row that was one before; `None` if it is not.
    pub(super) fn again(kept: &Kept, sites: &Sites<'_>) -> Option<Self> {
        let Kept { time_us, sensor, reading, .. } = *kept;
        let site = sites.at(usize::try_from(sensor).ok()?, time_us)?;
        Some(Self { time_us, sensor, reading, converted: reading.convert(&site)?, is_retimed: false })
    }

    /// Appends it to a batch, with its label and the number of the address that its target sent.
    pub(super) fn put(&self, (label, address): (u32, u64), batch: &mut Detections) {
        batch.time_us.push(self.time_us);
        batch.sensor.push(self.sensor);
        batch.place.push(Place::from_metres(self.converted.metres));
        batch.horizontal.push(self.converted.horizontal);
        batch.measurement.push(self.converted.measurement);
        batch.label.push(label);
        batch.identified.push(address != 0);
        batch.address.push(address);
    }
}

/// What a row that became a detection is kept as, to be sorted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    pub(super) time_us: i64,
    pub(super) sensor: u32,
    pub(super) label: u32,
    pub(super) address: u64,
    /// Index into the addresses that are kept; 0 for none, or where none are.
    pub(super) identity: u32,
    pub(super) reading: Reading,
}

/// A row that did not.
enum Fault {
    Bad {
        column: &'static str,
        reason: Reason,
        found: Option<f64>,
    },
    /// Its sensor can have measured nothing then.
    Untimely {
        time_us: i64,
        reason: Reason,
    },
    Fatal(Box<IngestError>),
}

/// What batches keep that few want.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Keeps {
    /// What was measured, beside what it was converted to.
    pub(super) readings: bool,
    /// The addresses that targets sent.
    pub(super) identities: bool,
}

/// What is carried from batch to batch.
#[derive(Debug)]
pub(super) struct Intake {
    options: Options,
    latest_us: Option<i64>,
    extremes: Extremes,
    scale: Option<TimeScale>,
    /// Whether no row so far is earlier than one before it.
    pub(super) in_order: bool,
    labels: Labels,
    passing: Passing,
    pub(super) keeps: Keeps,
    pub(super) report: IngestReport,
}

impl Intake {
    pub(super) fn new(file: std::path::PathBuf, options: Options) -> Self {
        let report = IngestReport::new(file);
        let (labels, passing) = (Labels::default(), Passing::default());
        let (extremes, scale) = (Extremes::default(), None);
        Self {
            options,
            latest_us: None,
            extremes,
            scale,
            in_order: true,
            labels,
            passing,
            keeps: Keeps::default(),
            report,
        }
    }

    /// What became of the rows so far.
    pub(super) fn pass(&self) -> Pass {
        self.passing.pass()
    }

    /// Turns a table into detections.
    pub(super) fn take(&mut self, mut table: Table, catalogue: &Catalogue) -> Result<Detections, IngestError> {
        self.report.imports.extend(table.ended.drain(..).map(|ended| ended.imported));
        let judge = Judge::new(&table, catalogue);
        let judged: Vec<_> = (0..table.rows()).into_par_iter().map(|row| judge.row(row)).collect();
        self.passing.take(&table, &judged, self.keeps);
        let mut batch = Detections::with_capacity(judged.len());
        if let Some(texts) = table.identity.as_ref().filter(|_| self.keeps.identities) {
            batch.identities.extend(texts.values.iter().map(|text| Arc::from(text.as_str())));
        }
        for (row, outcome) in judged.into_iter().enumerate() {
            match outcome {
                Ok(detection) => self.accept(row, &detection, &table, &mut batch, catalogue)?,
                Err(Fault::Bad { column, reason, found }) => {
                    let found = found.map_or_else(|| "empty".to_owned(), |found| short(&found));
                    self.reject(row, RejectedRow { at: table.at(row), column, found, reason }, &table)?;
                }
                Err(Fault::Untimely { time_us, reason }) => {
                    let (at, found) = (table.at(row), in_words(time_us, catalogue.time));
                    let rejected = RejectedRow { at, column: "time", found, reason };
                    self.reject(row, rejected, &table)?;
                }
                Err(Fault::Fatal(error)) => return Err(*error),
            }
        }
        if let Some((_, error)) = table.broken.take() {
            return Err(error);
        }
        batch.labels = self.labels.names().to_vec();
        Ok(batch)
    }

    /// The end of the table: where no row has a plausible time, the unit is wrong rather than some rows.
    ///
    /// # Errors
    /// The first such row.
    pub(super) fn end(&mut self) -> Result<(), IngestError> {
        if let Some(scale) = self.scale {
            self.report.strays = self.extremes.strays(self.report.rows_accepted, |us| in_words(us, scale));
            self.report.wrap = self.extremes.wrap().filter(|_| scale == TimeScale::Seconds);
        }
        let IngestReport { file, rows_accepted, first_rejected, .. } = &self.report;
        match first_rejected.iter().find(|row| row.reason == Reason::TimeBeyondLimits) {
            Some(RejectedRow { at, column, found, reason }) if *rows_accepted == 0 => Err(IngestError::Rejected {
                path: file.clone(),
                at: *at,
                column,
                found: found.clone(),
                reason: *reason,
            }),
            _ => Ok(()),
        }
    }

    fn accept(
        &mut self,
        row: usize,
        detection: &Row,
        table: &Table,
        batch: &mut Detections,
        catalogue: &Catalogue,
    ) -> Result<(), IngestError> {
        let time_us = detection.time_us;
        let in_order = self.latest_us.is_none_or(|latest_us| latest_us <= time_us);
        if self.options.order == Order::Required && !in_order {
            let found = in_words(time_us, catalogue.time);
            let rejected = RejectedRow { at: table.at(row), column: "time", found, reason: Reason::OutOfOrder };
            return self.reject(row, rejected, table);
        }
        let label = table.label.as_ref().and_then(|label| label.get(row)).unwrap_or_default();
        let label = self.labels.number(label).ok_or_else(|| IngestError::TooManyLabels {
            path: table.path.to_path_buf(),
            at: table.at(row),
            most: Labels::MOST,
        })?;
        self.latest_us = Some(time_us);
        self.in_order &= in_order;
        self.report.accept();
        self.report.rows_retimed += u64::from(detection.is_retimed);
        self.extremes.take(time_us, table.at(row));
        self.scale = Some(catalogue.time);
        detection.put((label, table.address(row)), batch);
        if self.keeps.readings {
            batch.reading.push(detection.reading);
        }
        if self.keeps.identities {
            let index = table.identity.as_ref().and_then(|texts| texts.index(row));
            batch.identity.push(index.map_or(0, |index| index + 1));
        }
        Ok(())
    }

    fn reject(&mut self, row: usize, rejected: RejectedRow, table: &Table) -> Result<(), IngestError> {
        if self.options.strict {
            let RejectedRow { at: _, column, found, reason } = rejected;
            return Err(IngestError::Rejected {
                path: table.path.to_path_buf(),
                at: table.at(row),
                column,
                found,
                reason,
            });
        }
        self.report.reject(rejected);
        Ok(())
    }
}

/// Judges the rows of one table.
struct Judge<'a> {
    table: &'a Table,
    catalogue: &'a Catalogue,
    /// The sensor of each different name in the table.
    sensors: Vec<Option<u32>>,
    sites: Sites<'a>,
}

impl<'a> Judge<'a> {
    fn new(table: &'a Table, catalogue: &'a Catalogue) -> Self {
        let sensors = table.subject.values.iter().map(|name| catalogue.sensor_index(name)).collect();
        let sites = Sites::of(&catalogue.sensors, catalogue.frame);
        Self { table, catalogue, sensors, sites }
    }

    fn row(&self, row: usize) -> Result<Row, Fault> {
        let time_us = match self.table.time.get(row) {
            Some(Time::Us(us)) => *us,
            Some(Time::Bad(found, reason)) => return Err(bad("time", *reason, Some(*found))),
            Some(Time::Missing) | None => return Err(bad("time", Reason::Missing, None)),
        };
        let (index, at, sensor) = self.sensor(row)?;
        let time_us = sensor.true_time_us(time_us);
        let reading = sensor.read(&CellsOf { table: self.table, row, sensor }, self.catalogue.frame)?;
        // Of a range nothing may be left.
        if sensor.offsets != Offsets::default() && !reading.is_sound() {
            return Err(bad(Quantity::Range.name(), Reason::NotPositiveRange, Some(0.0)));
        }
        let outside = || Fault::Untimely { time_us, reason: Reason::OutsideLooks };
        let (time_us, is_retimed) = sensor.timed(time_us, &reading).ok_or_else(outside)?;
        let nowhere = || Fault::Untimely { time_us, reason: Reason::OutsidePlatform };
        let site = self.sites.at(at, time_us).ok_or_else(nowhere)?;
        let out_of_reach = || bad(Quantity::Altitude.name(), Reason::AltitudeOutOfReach, reading.altitude_m());
        let converted = reading.convert(&site).ok_or_else(out_of_reach)?;
        Ok(Row { time_us, sensor: index, reading, converted, is_retimed })
    }

    fn sensor(&self, row: usize) -> Result<(u32, usize, &'a Sensor), Fault> {
        let Some(name) = self.table.subject.get(row) else { return Err(bad("sensor", Reason::Missing, None)) };
        let known = self
            .table
            .subject
            .index(row)
            .and_then(|value| usize::try_from(value).ok())
            .and_then(|value| self.sensors.get(value).copied().flatten())
            .and_then(|index| {
                let at = usize::try_from(index).ok()?;
                Some((index, at, self.catalogue.sensors.get(at)?))
            });
        known.ok_or_else(|| {
            Fault::Fatal(Box::new(IngestError::UnknownSensor {
                path: self.table.path.to_path_buf(),
                at: self.table.at(row),
                found: quoted(name),
                known: listed(self.catalogue.sensors.iter().map(|sensor| sensor.name.as_str())),
            }))
        })
    }
}

/// The cells of one row.
struct CellsOf<'a> {
    table: &'a Table,
    row: usize,
    sensor: &'a Sensor,
}

impl Cells for CellsOf<'_> {
    type Fault = Fault;

    fn empty(&self, quantity: Quantity) -> Result<(), Fault> {
        match self.table.number(quantity, self.row) {
            None => Ok(()),
            Some(value) => Err(bad(quantity.name(), Reason::OfAnotherKind, Some(value))),
        }
    }

    fn required(&self, quantity: Quantity) -> Result<f64, Fault> {
        if self.table.column(quantity).is_none() {
            return Err(Fault::Fatal(Box::new(IngestError::MissingColumn {
                path: self.table.path.to_path_buf(),
                column: quantity.name(),
                because: format!(
                    "{} is of sensor {}, which needs it{}",
                    self.table.at(self.row),
                    quoted(&self.sensor.name),
                    if quantity == Quantity::Altitude { ON_SURFACE } else { "" }
                ),
            })));
        }
        self.optional(quantity)?.ok_or_else(|| bad(quantity.name(), Reason::Missing, None))
    }

    fn optional(&self, quantity: Quantity) -> Result<Option<f64>, Fault> {
        let Some(value) = self.table.number(quantity, self.row) else { return Ok(None) };
        match fault_of(quantity, value) {
            None => Ok(Some(value)),
            Some(reason) => Err(bad(quantity.name(), reason, Some(value))),
        }
    }

    fn sigma(&self, sigma: &Sigma) -> Result<f64, Fault> {
        use Quantity as Q;
        let in_degrees = matches!(sigma.column, Q::SigmaAzimuth | Q::SigmaElevation | Q::SigmaCourse);
        if let Some(value) = self.optional(sigma.column)? {
            return Ok(if in_degrees { value.to_radians() } else { value });
        }
        sigma.noise.ok_or_else(|| {
            Fault::Fatal(Box::new(IngestError::NoNoise {
                path: self.table.path.to_path_buf(),
                at: self.table.at(self.row),
                column: sigma.of.name(),
                sensor: self.sensor.name.as_str().into(),
                key: sigma.key,
                sigma: sigma.column.name(),
            }))
        })
    }
}

/// What else would do in place of an altitude.
const ON_SURFACE: &str =
    ": of what is on the surface, such as ships, say surface_m = [height, standard deviation] in its entry";

/// What is wrong with a value of a quantity, if anything is.
pub(crate) fn fault_of(quantity: Quantity, value: f64) -> Option<Reason> {
    use Quantity as Q;
    if !value.is_finite() {
        return Some(Reason::NotFinite);
    }
    let (right, reason) = match quantity {
        Q::Latitude => (value.abs() <= 90.0, Reason::ImpossibleLatitude),
        Q::Longitude => (value.abs() <= 180.0, Reason::ImpossibleLongitude),
        Q::Altitude => ((-2e4..=1e9).contains(&value), Reason::BeyondLimits),
        // Twenty kilometres below sea level, as an altitude.
        Q::FlightLevel => ((-656.0..=1e7).contains(&value), Reason::BeyondLimits),
        Q::Range if value <= 0.0 => (false, Reason::NotPositiveRange),
        Q::Speed if value < 0.0 => (false, Reason::NegativeSpeed),
        Q::Azimuth | Q::AzimuthFrom | Q::AzimuthTo | Q::Course | Q::Heading => {
            (value.abs() <= 360.0, Reason::ImpossibleAzimuth)
        }
        Q::Roll => (value.abs() <= 180.0, Reason::ImpossibleElevation),
        Q::Elevation | Q::Pitch => (value.abs() <= 90.0, Reason::ImpossibleElevation),
        Q::SigmaAzimuth | Q::SigmaElevation | Q::SigmaCourse => {
            ((1e-6..=60.0).contains(&value), Reason::ImpossibleSigma)
        }
        Q::SigmaHorizontal
        | Q::SigmaVertical
        | Q::SigmaRange
        | Q::SigmaRangeRate
        | Q::SigmaSpeed
        | Q::SigmaVelocity
        | Q::SigmaClimb => ((1e-6..=1e9).contains(&value), Reason::ImpossibleSigma),
        _ => (value.abs() <= 1e9, Reason::BeyondLimits),
    };
    (!right).then_some(reason)
}

/// A time as the table has it.
fn in_words(time_us: i64, scale: TimeScale) -> String {
    match scale {
        TimeScale::Timestamp => format_timestamp(time_us),
        TimeScale::Seconds => (time_us as f64 * 1e-6).to_string(),
    }
}

const fn bad(column: &'static str, reason: Reason, found: Option<f64>) -> Fault {
    Fault::Bad { column, reason, found }
}
