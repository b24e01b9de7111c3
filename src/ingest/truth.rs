//! Where the objects truly were: `truth.parquet` or `truth.csv`.
//!
//! Truth is what pictures are measured against, so nothing is put up with: a bad row is an error, and rows are in the
//! order of time.

use std::collections::BTreeMap;
use std::path::Path;

use super::catalogue::{Catalogue, TimeScale};
use super::error::{IngestError, short};
use super::layout::Layout;
use super::reader::Source;
use super::recording::{Content, Opened};
use super::report::Reason;
use super::rows::fault_of;
use super::table::{Table, Time};
use crate::sensor::Quantity;
use crate::space::{Frame, Geodetic};
use crate::time::format_timestamp;

/// True states in the order of time, one row each, in structure-of-arrays form.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Truth {
    /// Time of each state in microseconds.
    pub time_us: Vec<i64>,
    /// Index into `objects`.
    pub object: Vec<u32>,
    /// Names of objects met so far, in order of appearance.
    pub objects: Vec<String>,
    /// Engine coordinates in metres.
    pub position_m: Vec<[f64; 3]>,
    /// Velocity in engine coordinates, metres a second, where the table has it.
    pub velocity_m_s: Option<Vec<[f64; 3]>>,
    /// Of each object the number of its class, where the table has one: the first that a row of it gives.
    pub class_of: Vec<Option<u32>>,
    /// Names of the classes, in order of appearance.
    pub classes: Vec<String>,
}

/// Reads all true states of a recording; `None` if it has none.
///
/// # Errors
/// What is wrong with the file, and in which row.
pub fn read_truth(folder: &Path, catalogue: &Catalogue) -> Result<Option<Truth>, IngestError> {
    TruthReader::open(folder, catalogue, TruthReader::ROWS_PER_BATCH)?.map(TruthReader::all).transpose()
}

/// Reads true states batch by batch; memory is bounded by the batch and the names of the objects.
#[derive(Debug)]
pub struct TruthReader<'a> {
    catalogue: &'a Catalogue,
    source: Source,
    ahead: Option<Table>,
    latest_us: Option<i64>,
    objects: Vec<String>,
    numbers: BTreeMap<String, u32>,
    class_of: Vec<Option<u32>>,
    classes: Vec<String>,
}

impl<'a> TruthReader<'a> {
    /// Rows in a batch where nobody says otherwise.
    pub(super) const ROWS_PER_BATCH: usize = 65_536;

    /// Opens `truth.parquet` or `truth.csv` in `folder`; `None` if neither is there.
    ///
    /// # Errors
    /// If both are there, the file cannot be read, or a column is unknown, missing or of another type.
    pub fn open(folder: &Path, catalogue: &'a Catalogue, rows_per_batch: usize) -> Result<Option<Self>, IngestError> {
        let opened = Opened::table(folder, "truth")?;
        opened.map(|opened| Self::new(&opened, opened.rewound()?, catalogue, rows_per_batch)).transpose()
    }

    /// Reads an open file, whose digest is taken before it is first read.
    pub(super) fn of(opened: &Opened, catalogue: &'a Catalogue, rows_per_batch: usize) -> Result<Self, IngestError> {
        Self::new(opened, opened.digested()?, catalogue, rows_per_batch)
    }

    fn new(
        opened: &Opened,
        content: Content,
        catalogue: &'a Catalogue,
        rows_per_batch: usize,
    ) -> Result<Self, IngestError> {
        let layout = Layout::truth(catalogue.frame, catalogue.time, &catalogue.dialects.truth);
        let mut source = Source::of(opened, content, layout, rows_per_batch)?;
        let ahead = source.next()?;
        Ok(Self {
            catalogue,
            source,
            ahead,
            latest_us: None,
            objects: Vec::new(),
            numbers: BTreeMap::new(),
            class_of: Vec::new(),
            classes: Vec::new(),
        })
    }

    /// All states that are left.
    pub(super) fn all(mut self) -> Result<Truth, IngestError> {
        let mut all = Truth { velocity_m_s: self.first_velocities(), ..Truth::default() };
        while let Some(batch) = self.next_batch()? {
            all.time_us.extend(batch.time_us);
            all.object.extend(batch.object);
            all.position_m.extend(batch.position_m);
            if let (Some(all), Some(batch)) = (&mut all.velocity_m_s, batch.velocity_m_s) {
                all.extend(batch);
            }
        }
        (all.objects, all.class_of, all.classes) = (self.objects, self.class_of, self.classes);
        Ok(all)
    }

    /// The next true states; `None` at the end, and after an error. `objects` and classes are left
    /// empty: see [`TruthReader::objects`] and [`TruthReader::classes`].
    ///
    /// # Errors
    /// The first row that is wrong.
    pub fn next_batch(&mut self) -> Result<Option<Truth>, IngestError> {
        let next = match self.ahead.take() {
            Some(table) => Some(table),
            None => self.source.next()?,
        };
        let Some(table) = next else { return Ok(None) };
        let batch = self.take(table);
        if batch.is_err() {
            self.source = Source::Done;
        }
        batch.map(Some)
    }

    /// Names of the objects met so far, in order of appearance.
    #[must_use]
    pub fn objects(&self) -> &[String] {
        &self.objects
    }

    /// Of each object met so far the number of its class, and the names of the classes.
    #[must_use]
    pub fn classes(&self) -> (&[Option<u32>], &[String]) {
        (&self.class_of, &self.classes)
    }

    /// The class of an object, unless it has one already.
    fn class(&mut self, object: u32, name: &str) {
        let Some(class) = self.class_of.get_mut(object as usize).filter(|class| class.is_none()) else { return };
        let place = self.classes.iter().position(|known| known == name).unwrap_or(self.classes.len());
        if place == self.classes.len() {
            self.classes.push(name.to_owned());
        }
        *class = u32::try_from(place).ok();
    }

    fn first_velocities(&self) -> Option<Vec<[f64; 3]>> {
        self.ahead.as_ref().filter(|table| self.has_velocity(table)).map(|_| Vec::new())
    }

    fn velocity_columns(&self) -> [Quantity; 3] {
        match self.catalogue.frame {
            Frame::Local => [Quantity::Vx, Quantity::Vy, Quantity::Vz],
            Frame::Geodetic => [Quantity::East, Quantity::North, Quantity::Up],
        }
    }

    fn has_velocity(&self, table: &Table) -> bool {
        self.velocity_columns().iter().any(|quantity| table.column(*quantity).is_some())
    }

    fn take(&mut self, mut table: Table) -> Result<Truth, IngestError> {
        let mut batch = Truth { velocity_m_s: self.has_velocity(&table).then(Vec::new), ..Truth::default() };
        for row in 0..table.rows() {
            let time_us = self.time(&table, row)?;
            let name = table.subject.get(row).ok_or_else(|| wrong(&table, row, "object", Reason::Missing, None))?;
            let object = self.number(name);
            if let Some(class) = table.label.as_ref().and_then(|classes| classes.get(row)) {
                self.class(object, class);
            }
            let (position_m, velocity_m_s) = self.state(&table, row)?;
            batch.time_us.push(time_us);
            batch.object.push(object);
            batch.position_m.push(position_m);
            if let Some(velocities) = &mut batch.velocity_m_s {
                velocities.push(velocity_m_s);
            }
        }
        table.broken.take().map_or(Ok(batch), |(_, error)| Err(error))
    }

    fn time(&mut self, table: &Table, row: usize) -> Result<i64, IngestError> {
        let time_us = match table.time.get(row) {
            Some(Time::Us(us)) => *us,
            Some(Time::Bad(found, reason)) => {
                return Err(wrong(table, row, "time", *reason, Some(short(found))));
            }
            Some(Time::Missing) | None => return Err(wrong(table, row, "time", Reason::Missing, None)),
        };
        if self.latest_us.is_some_and(|latest| time_us < latest) {
            let found = match self.catalogue.time {
                TimeScale::Timestamp => format_timestamp(time_us),
                TimeScale::Seconds => (time_us as f64 * 1e-6).to_string(),
            };
            return Err(wrong(table, row, "time", Reason::OutOfOrder, Some(found)));
        }
        self.latest_us = Some(time_us);
        Ok(time_us)
    }

    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        // More than 2³² names do not fit in memory.
        let number = u32::try_from(self.objects.len()).unwrap_or(u32::MAX);
        self.objects.push(name.to_owned());
        self.class_of.push(None);
        self.numbers.insert(name.to_owned(), number);
        number
    }

    fn state(&self, table: &Table, row: usize) -> Result<([f64; 3], [f64; 3]), IngestError> {
        use Quantity as Q;
        let with_velocity = self.has_velocity(table);
        match self.catalogue.frame {
            Frame::Local => {
                let position = [
                    required(table, Q::X, row)?,
                    required(table, Q::Y, row)?,
                    optional(table, Q::Z, row)?.unwrap_or(0.0),
                ];
                if !with_velocity {
                    return Ok((position, [0.0; 3]));
                }
                let vz = optional(table, Q::Vz, row)?.unwrap_or(0.0);
                Ok((position, [required(table, Q::Vx, row)?, required(table, Q::Vy, row)?, vz]))
            }
            Frame::Geodetic => {
                let position = Geodetic {
                    latitude_deg: required(table, Q::Latitude, row)?,
                    longitude_deg: required(table, Q::Longitude, row)?,
                    altitude_m: required(table, Q::Altitude, row)?,
                };
                if !with_velocity {
                    return Ok((position.ecef(), [0.0; 3]));
                }
                let e = required(table, Q::East, row)?;
                let n = required(table, Q::North, row)?;
                let u = optional(table, Q::Up, row)?.unwrap_or(0.0);
                let [east, north, up] = position.enu_axes();
                let along = |((east, north), up): ((f64, f64), f64)| e * east + n * north + u * up;
                let mut axes = east.into_iter().zip(north).zip(up).map(along);
                let velocity = std::array::from_fn(|_| axes.next().unwrap_or_default());
                Ok((position.ecef(), velocity))
            }
        }
    }
}

pub(super) fn required(table: &Table, quantity: Quantity, row: usize) -> Result<f64, IngestError> {
    if table.column(quantity).is_none() {
        let because = "every row needs it".to_owned();
        return Err(IngestError::MissingColumn { path: table.path.to_path_buf(), column: quantity.name(), because });
    }
    optional(table, quantity, row)?.ok_or_else(|| wrong(table, row, quantity.name(), Reason::Missing, None))
}

pub(super) fn optional(table: &Table, quantity: Quantity, row: usize) -> Result<Option<f64>, IngestError> {
    let Some(value) = table.number(quantity, row) else { return Ok(None) };
    match fault_of(quantity, value) {
        None => Ok(Some(value)),
        Some(reason) => Err(wrong(table, row, quantity.name(), reason, Some(short(&value)))),
    }
}

pub(super) fn wrong(
    table: &Table,
    row: usize,
    column: &'static str,
    reason: Reason,
    found: Option<String>,
) -> IngestError {
    IngestError::Rejected {
        path: table.path.to_path_buf(),
        at: table.at(row),
        column,
        found: found.unwrap_or_else(|| "empty".to_owned()),
        reason,
    }
}
