//! Detections of a recording folder, batch by batch.

use std::path::Path;

use super::catalogue::Catalogue;
use super::csv_table::CsvRows;
use super::detections::Detections;
use super::error::IngestError;
use super::layout::Layout;
#[cfg(feature = "parquet")]
use super::memory::BatchRows;
use super::parquet_table::ParquetRows;
use super::pass::Pass;
use super::recording::{Content, Opened};
use super::report::IngestReport;
use super::report_rows::ReportRows;
use super::rows::{Intake, Keeps, Options};
use super::sorted::{Sorted, SortedRows, Sorter};
use super::table::Table;

/// A table on disk, in either format, or in memory.
#[derive(Debug)]
pub(super) enum Source {
    Parquet(Box<ParquetRows>),
    Csv {
        rows: Box<CsvRows>,
        rows_per_batch: usize,
    },
    /// Batches in memory.
    #[cfg(feature = "parquet")]
    Memory(Box<BatchRows>),
    /// Files of others.
    Imports(Box<ReportRows>),
    /// At its end, or at an error.
    Done,
}

impl Source {
    /// Reads an open file from its first byte on, or a table in memory from its first row.
    pub(super) fn of(
        opened: &Opened,
        content: Content,
        layout: Layout,
        rows_per_batch: usize,
    ) -> Result<Self, IngestError> {
        let (path, rows_per_batch) = (opened.path.clone(), rows_per_batch.max(1));
        #[cfg(feature = "parquet")]
        if let Content::Rows(rows) = content {
            return Ok(Self::Memory(Box::new(BatchRows::open(path, rows, layout, rows_per_batch)?)));
        }
        let file = content.file(&path)?;
        if opened.is_parquet() {
            return Ok(Self::Parquet(Box::new(ParquetRows::open(path, file, layout, rows_per_batch)?)));
        }
        Ok(Self::Csv { rows: Box::new(CsvRows::open(path, file, layout)?), rows_per_batch })
    }

    /// Reads the detections of a recording, each of its files with its first byte ahead: a table, or files of others.
    pub(super) fn detections(
        files: &[Opened],
        ahead: impl Fn(&Opened) -> Result<Content, IngestError>,
        catalogue: &Catalogue,
        rows_per_batch: usize,
    ) -> Result<Self, IngestError> {
        if let [table] = files
            && table.import.is_none()
        {
            let layout = Layout::detections(catalogue.frame, catalogue.time, &catalogue.dialects.detections);
            return Self::of(table, ahead(table)?, layout, rows_per_batch);
        }
        let file = |opened: &Opened| {
            let file = ahead(opened)?.file(&opened.path)?;
            Ok((opened.path.clone(), file, opened.import.clone().unwrap_or_default()))
        };
        let files = files.iter().map(file).collect::<Result<_, _>>()?;
        Ok(Self::Imports(Box::new(ReportRows::new(files, catalogue.time, rows_per_batch))))
    }

    /// The next rows; none at the end, and none after an error or a row that cannot be decoded.
    pub(super) fn next(&mut self) -> Result<Option<Table>, IngestError> {
        let next = match self {
            Self::Parquet(rows) => rows.next(),
            Self::Csv { rows, rows_per_batch } => Ok(rows.next(*rows_per_batch)),
            #[cfg(feature = "parquet")]
            Self::Memory(rows) => rows.next(),
            Self::Imports(rows) => rows.next(),
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
    options: Options,
    keeps: Keeps,
    rows: Rows<'a>,
}

/// Where the rows of a reader come from.
#[derive(Debug)]
enum Rows<'a> {
    File(Source, Box<Intake>),
    Sorted(Box<SortedRows<'a>>),
}

impl<'a> Reader<'a> {
    /// Opens `detections.parquet` or `detections.csv` in `folder`, or the files that the catalogue has in place of them.
    ///
    /// # Errors
    /// If there are none or both, a file cannot be read, or a column is unknown, missing or of another type.
    pub fn open(folder: &Path, catalogue: &'a Catalogue, options: Options) -> Result<Self, IngestError> {
        let files = Opened::detections(folder, catalogue)?;
        let source = Source::detections(&files, Opened::rewound, catalogue, options.rows_per_batch)?;
        Ok(Self::new(source, &files, catalogue, options))
    }

    /// Reads open files, whose digests are taken before they are first read.
    pub(super) fn of(files: &[Opened], catalogue: &'a Catalogue, options: Options) -> Result<Self, IngestError> {
        let source = Source::detections(files, Opened::digested, catalogue, options.rows_per_batch)?;
        Ok(Self::new(source, files, catalogue, options))
    }

    pub(super) fn new(source: Source, files: &[Opened], catalogue: &'a Catalogue, options: Options) -> Self {
        let file = files.first().map(|opened| opened.path.clone()).unwrap_or_default();
        let rows = Rows::File(source, Box::new(Intake::new(file, options)));
        Self { catalogue, options, keeps: Keeps::default(), rows }
    }

    /// Reads rows that were read and sorted before.
    pub(super) fn sorted(
        (sorted, path): (&'a Sorted, &Path),
        catalogue: &'a Catalogue,
        options: Options,
    ) -> Result<Self, IngestError> {
        let rows = Rows::Sorted(Box::new(SortedRows::of(sorted, path)?));
        Ok(Self { catalogue, options, keeps: Keeps::default(), rows })
    }

    /// Keeps what was measured in the batches, beside what it was converted to.
    #[must_use]
    pub fn with_readings(mut self) -> Self {
        self.keeps.readings = true;
        self
    }

    /// Keeps the addresses that targets sent, as text; memory grows with the different ones of a batch, and of a recording
    /// that is sorted.
    #[must_use]
    pub fn with_identities(mut self) -> Self {
        self.keeps.identities = true;
        self
    }

    /// The next detections, never none; `None` at the end, and after an error.
    ///
    /// # Errors
    /// A cell of another type, an unknown sensor, a quantity without a standard deviation; if strict, the first bad row.
    pub fn next_batch(&mut self) -> Result<Option<Detections>, IngestError> {
        let (source, intake) = match &mut self.rows {
            Rows::File(source, intake) => (source, intake),
            Rows::Sorted(rows) => {
                return rows.next_batch((self.options.rows_per_batch, self.keeps), self.catalogue);
            }
        };
        intake.keeps = self.keeps;
        while let Some(table) = source.next()? {
            let taken = intake.take(table, self.catalogue);
            if taken.is_err() {
                *source = Source::Done;
            }
            let batch = taken?;
            if !batch.time_us.is_empty() {
                return Ok(Some(batch));
            }
        }
        intake.end()?;
        Ok(None)
    }

    /// Whether no detection so far is earlier than one before it.
    #[must_use]
    pub const fn is_in_order(&self) -> bool {
        match &self.rows {
            Rows::File(_, intake) => intake.in_order,
            Rows::Sorted(_) => true,
        }
    }

    /// Reads on to the end and gives the rows in the order of time, a run of `rows_max` of them in memory and the others in
    /// a file without a name in `folder`; `heard` hears how many there are so far.
    pub(super) fn sort<E: From<IngestError>>(
        mut self,
        (folder, rows_max): (&Path, usize),
        heard: &mut dyn FnMut(u64) -> Result<(), E>,
    ) -> Result<Sorted, E> {
        self.keeps.readings = true;
        let mut sorter = Sorter::new(folder, rows_max);
        let (mut rows, mut labels) = (0, Vec::new());
        while let Some(batch) = self.next_batch()? {
            sorter.take(&batch)?;
            rows += batch.len() as u64;
            labels = batch.labels;
            heard(rows)?;
        }
        Ok(sorter.finish(labels, self.report().clone())?)
    }

    /// How many detections there were so far, and a digest of them: equal for passes over equal rows.
    #[must_use]
    pub fn pass(&self) -> Pass {
        match &self.rows {
            Rows::File(_, intake) => intake.pass(),
            Rows::Sorted(rows) => rows.pass(),
        }
    }

    /// What became of the rows so far.
    #[must_use]
    pub const fn report(&self) -> &IngestReport {
        match &self.rows {
            Rows::File(_, intake) => &intake.report,
            Rows::Sorted(rows) => rows.report(),
        }
    }
}
