//! Detections in batches, one row a detection, in structure-of-arrays form.

use std::path::PathBuf;
use std::sync::Arc;

use ndarray::ArrayView2;

use super::catalogue::Catalogue;
use super::error::IngestError;
use super::report::IngestReport;
use super::rows::{Intake, Options};
use super::table::{Places, Table, Time};
use crate::sensor::{Measurement, Quantity, Reading};
use crate::space::{Frame, Place};

/// A batch of detections, in the order of the table that they are from.
#[derive(Clone, Debug, Default)]
pub struct Detections {
    /// Time of each detection in microseconds.
    pub time_us: Vec<i64>,
    /// Index of the sensor in the catalogue.
    pub sensor: Vec<u32>,
    /// Measured position; for a radar without height the point at height zero (local) or altitude zero (geodetic).
    pub place: Vec<Place>,
    /// The measured position as policy zones see it: x, y in metres or longitude, latitude in degrees.
    pub horizontal: Vec<[f64; 2]>,
    /// How the position was measured.
    pub measurement: Vec<Measurement>,
    /// What was measured, before conversion; empty unless the reader was asked to keep it.
    pub reading: Vec<Reading>,
    /// The owner's marking: index into `labels`.
    pub label: Vec<u32>,
    /// Markings met so far, in order of appearance; entry 0 is the empty label.
    pub labels: Vec<String>,
    /// Whether the target sent an address.
    pub identified: Vec<bool>,
    /// The number of that address, equal for equal ones; 0 for none. For those who look at recordings.
    pub address: Vec<u64>,
    /// The address that the target sent: index into `identities`; empty unless the reader was asked to keep it.
    pub identity: Vec<u32>,
    /// The addresses of the batch; entry 0 is none.
    pub identities: Vec<Arc<str>>,
}

impl Detections {
    pub(super) fn with_capacity(rows: usize) -> Self {
        Self {
            time_us: Vec::with_capacity(rows),
            sensor: Vec::with_capacity(rows),
            place: Vec::with_capacity(rows),
            horizontal: Vec::with_capacity(rows),
            measurement: Vec::with_capacity(rows),
            reading: Vec::new(),
            label: Vec::with_capacity(rows),
            labels: Vec::new(),
            identified: Vec::with_capacity(rows),
            address: Vec::with_capacity(rows),
            identity: Vec::new(),
            identities: vec![Arc::from("")],
        }
    }

    /// How many detections there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.time_us.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.time_us.is_empty()
    }

    /// Position reports of one sensor, without a file: x, y(, z) in metres, or latitude, longitude in degrees and
    /// altitude in metres, a row each.
    ///
    /// # Errors
    /// If the shapes do not fit, or as [`Reader`](super::Reader) has them.
    #[expect(clippy::needless_pass_by_value, reason = "a view is a reference; ndarray passes them by value")]
    pub fn from_positions(
        time_us: &[i64],
        sensor: &str,
        positions: ArrayView2<'_, f64>,
        catalogue: &Catalogue,
        options: Options,
    ) -> Result<(Self, IngestReport), IngestError> {
        let quantities = match catalogue.frame {
            Frame::Local => [Quantity::X, Quantity::Y, Quantity::Z],
            Frame::Geodetic => [Quantity::Latitude, Quantity::Longitude, Quantity::Altitude],
        };
        let fewest = if catalogue.frame == Frame::Local { 2 } else { 3 };
        let found = [positions.nrows(), positions.ncols()];
        if positions.nrows() != time_us.len() || !(fewest..=3).contains(&positions.ncols()) {
            let columns = if fewest == 2 { "2 or 3" } else { "3" };
            let wanted = format!("[{}, {columns}], as there are so many times", time_us.len());
            return Err(IngestError::Shape { array: "positions", found: found.to_vec(), wanted });
        }
        let path = Arc::new(PathBuf::from("positions"));
        let mut table = Table::new(Arc::clone(&path), Places::Rows(0));
        table.time = time_us.iter().map(|us| Time::from_us(*us)).collect();
        for _ in time_us {
            table.subject.push(Some(sensor));
        }
        for (column, quantity) in positions.columns().into_iter().zip(quantities) {
            table.set(quantity, column.iter().map(|value| Some(*value)).collect());
        }
        let mut intake = Intake::new(path.to_path_buf(), options);
        intake.keeps.identities = true;
        let detections = intake.take(table, catalogue)?;
        Ok((detections, intake.report))
    }
}
