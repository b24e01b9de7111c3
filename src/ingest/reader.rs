//! Detections of a recording folder, batch by batch.

use std::path::{Path, PathBuf};

use super::catalogue::Catalogue;
use super::csv_table::CsvRows;
use super::detections::Detections;
use super::error::IngestError;
use super::parquet_table::ParquetRows;
use super::report::IngestReport;
use super::rows::{Intake, Options};
use super::table::{Layout, Table};

/// A table on disk, in either format.
#[derive(Debug)]
pub(super) enum Source {
    Parquet(Box<ParquetRows>),
    Csv {
        rows: Box<CsvRows>,
        rows_per_batch: usize,
    },
    /// At its end, or at an error.
    Done,
}

impl Source {
    /// Opens `stem.parquet` or `stem.csv` in `folder`; `None` if neither is there.
    pub(super) fn open(
        folder: &Path,
        stem: &'static str,
        layout: Layout,
        rows_per_batch: usize,
    ) -> Result<Option<(PathBuf, Self)>, IngestError> {
        let rows_per_batch = rows_per_batch.max(1);
        let parquet = folder.join(format!("{stem}.parquet"));
        let csv = folder.join(format!("{stem}.csv"));
        match (parquet.exists(), csv.exists()) {
            (true, true) => Err(IngestError::TwoTables { folder: folder.to_owned(), stem }),
            (false, false) => Ok(None),
            (true, false) => {
                let rows = ParquetRows::open(parquet.clone(), layout, rows_per_batch)?;
                Ok(Some((parquet, Self::Parquet(Box::new(rows)))))
            }
            (false, true) => {
                let rows = Box::new(CsvRows::open(csv.clone(), layout)?);
                Ok(Some((csv, Self::Csv { rows, rows_per_batch })))
            }
        }
    }

    /// The next rows; none at the end, and none after an error or a row that cannot be decoded.
    pub(super) fn next(&mut self) -> Result<Option<Table>, IngestError> {
        let next = match self {
            Self::Parquet(rows) => rows.next(),
            Self::Csv { rows, rows_per_batch } => Ok(rows.next(*rows_per_batch)),
            Self::Done => Ok(None),
        };
        if !matches!(&next, Ok(Some(table)) if table.broken.is_none()) {
            *self = Self::Done;
        }
        next
    }
}

/// Reads the detections of a recording.
///
/// Memory is bounded by the batch. What is read does not depend on how it is cut into batches: labels keep their
/// numbers, and the first error is the same.
#[derive(Debug)]
pub struct Reader<'a> {
    catalogue: &'a Catalogue,
    source: Source,
    intake: Intake,
}

impl<'a> Reader<'a> {
    /// Opens `detections.parquet` or `detections.csv` in `folder`.
    ///
    /// # Errors
    /// If neither or both are there, the file cannot be read, or a column is unknown, missing or of another type.
    pub fn open(folder: &Path, catalogue: &'a Catalogue, options: Options) -> Result<Self, IngestError> {
        let layout = Layout::detections(catalogue.frame, catalogue.time);
        let (path, source) = Source::open(folder, "detections", layout, options.rows_per_batch)?
            .ok_or_else(|| IngestError::NoTable { folder: folder.to_owned(), stem: "detections" })?;
        Ok(Self { catalogue, source, intake: Intake::new(path, options) })
    }

    /// Keeps what was measured in the batches, beside what it was converted to.
    #[must_use]
    pub fn with_readings(mut self) -> Self {
        self.intake.keeps_readings = true;
        self
    }

    /// The next detections, never none; `None` at the end, and after an error.
    ///
    /// # Errors
    /// A cell of another type, an unknown sensor, a quantity without a standard deviation; if strict, the first bad row.
    pub fn next_batch(&mut self) -> Result<Option<Detections>, IngestError> {
        while let Some(table) = self.source.next()? {
            let taken = self.intake.take(table, self.catalogue);
            if taken.is_err() {
                self.source = Source::Done;
            }
            let batch = taken?;
            if !batch.time_us.is_empty() {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }

    /// What became of the rows so far.
    #[must_use]
    pub const fn report(&self) -> &IngestReport {
        &self.intake.report
    }
}
