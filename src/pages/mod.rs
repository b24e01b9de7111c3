//! Parquet files that are read: measured before they are decoded, in bounded memory, panics contained.
//!
//! The library for the format allocates what a file claims, and an allocation that fails ends the process; on some
//! damaged files it panics. So whatever could ask for memory (the footer, the header of every page, dictionaries, the
//! delta encodings of text) is walked first and refused with figures; the size of a batch follows from the bytes that its
//! rows may have; and what still panics is contained ([`contain`]) and is an error like any other.

pub(crate) mod contain; // panics of other libraries
mod measure; // what a column's pages ask for
mod thrift; // the headers' encoding

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;

use contain::contained;
use measure::Columns;

/// The longest footer, in bytes.
const FOOTER_MOST: u64 = 32 << 20;

/// What the footer must end with, and its length before that.
const TAIL: u64 = 8;

/// Text that a batch may hold, beside the two pages at its ends.
const TEXT_MOST: u64 = 64 << 20;

/// A Parquet file whose footer is sound.
#[derive(Debug)]
pub(crate) struct ParquetFile {
    file: Arc<File>,
    length: u64,
    metadata: ArrowReaderMetadata,
}

impl ParquetFile {
    /// Reads the footer.
    ///
    /// # Errors
    /// What was found in place of a Parquet file, or what it asks for beyond the bounds.
    pub(crate) fn open(file: File) -> Result<Self, ParquetError> {
        contained(|| {
            let length = file.metadata()?.len();
            footer(&file, length)?;
            let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
            Ok(Self { file: Arc::new(file), length, metadata })
        })
        .unwrap_or_else(|| Err(damaged()))
        .map_err(|error| said(&error))
    }

    pub(crate) fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    pub(crate) fn metadata(&self) -> &ParquetMetaData {
        self.metadata.metadata()
    }

    /// The columns at the top of the schema, by number.
    pub(crate) fn columns(&self, columns: impl IntoIterator<Item = usize>) -> ProjectionMask {
        ProjectionMask::roots(self.metadata.parquet_schema(), columns)
    }

    /// The rows of all groups, in batches of at most `rows`.
    pub(crate) fn batches(self, mask: ProjectionMask, rows: usize) -> Batches {
        let groups = 0..self.metadata().num_row_groups();
        Batches { of: self, groups, mask, rows: rows.max(1), text: TEXT_MOST, reader: None }
    }

    /// The rows of one group in batches of at most `rows`; sixteen times as much text as elsewhere may be in one.
    pub(crate) fn group(&self, group: usize, rows: usize) -> Batches {
        let of = Self { file: Arc::clone(&self.file), length: self.length, metadata: self.metadata.clone() };
        let (groups, mask) = (group..group + 1, ProjectionMask::all());
        Batches { of, groups, mask, rows: rows.max(1), text: 16 * TEXT_MOST, reader: None }
    }
}

/// The rows of a file, batch by batch; after an error nothing more.
#[derive(Debug)]
pub(crate) struct Batches {
    of: ParquetFile,
    groups: Range<usize>,
    mask: ProjectionMask,
    rows: usize,
    /// The most bytes of text in a batch.
    text: u64,
    reader: Option<ParquetRecordBatchReader>,
}

impl Batches {
    fn step(&mut self) -> Result<Option<RecordBatch>, ParquetError> {
        loop {
            if let Some(batch) = self.reader.as_mut().and_then(Iterator::next) {
                return Ok(Some(batch?));
            }
            self.reader = None;
            if self.groups.is_empty() {
                return Ok(None);
            }
            self.reader = Some(self.next_groups()?);
        }
    }

    /// A reader of the next groups: of as many as have the rows of a batch together, so that small ones cost little.
    fn next_groups(&mut self) -> Result<ParquetRecordBatchReader, ParquetError> {
        let columns = Columns { file: &self.of.file, length: self.of.length, mask: &self.mask };
        let (mut groups, mut found, mut per_batch) = (Vec::new(), 0_usize, self.rows);
        while found < self.rows
            && let Some(group) = self.groups.next()
        {
            let metadata = self.of.metadata().row_group(group);
            let most = columns.measure(metadata)?;
            per_batch = per_batch.min(usize::try_from(self.text / most.max(1)).unwrap_or(per_batch)).max(1);
            found = found.saturating_add(usize::try_from(metadata.num_rows()).unwrap_or(0));
            groups.push(group);
        }
        let file = self.of.file.try_clone()?;
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.of.metadata.clone());
        builder.with_row_groups(groups).with_projection(self.mask.clone()).with_batch_size(per_batch).build()
    }
}

impl Iterator for Batches {
    type Item = Result<RecordBatch, ParquetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = contained(|| self.step()).unwrap_or_else(|| Err(damaged())).map_err(|error| said(&error));
        if next.is_err() {
            (self.groups, self.reader) = (0..0, None);
        }
        next.transpose()
    }
}

/// What was found and what was wanted, as the format's own errors are.
fn wrong(found: &str, wanted: &str) -> ParquetError {
    ParquetError::General(format!("found {found}, wanted {wanted}"))
}

fn damaged() -> ParquetError {
    wrong("a damaged file", "pages that decode")
}

/// What the library says, in the words of this one: what it found is damage where nothing says otherwise.
fn said(error: &ParquetError) -> ParquetError {
    let text = words(error);
    if text.contains("wanted") {
        return ParquetError::General(text);
    }
    wrong(&format!("a damaged file ({text})"), "one that its writer finished and nothing changed")
}

/// What an error says, on one line and without the name of a library before it.
pub(crate) fn words(error: &ParquetError) -> String {
    let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    text.rsplit("Parquet error: ").next().unwrap_or_default().to_owned()
}

/// Walks the footer.
fn footer(file: &File, length: u64) -> Result<(), ParquetError> {
    let tail = measure::bytes_at(file, length.saturating_sub(TAIL), TAIL)?;
    let begins = measure::bytes_at(file, 0, 4)?;
    let (Some((size, b"PAR1")), b"PAR1", true) = (tail.split_first_chunk(), begins.as_slice(), length >= TAIL + 4)
    else {
        let found = if length == 0 { "an empty file" } else { "no `PAR1` at its beginning and end" };
        return Err(wrong(found, "a Parquet file, whole and not encrypted"));
    };
    let size = u64::from(u32::from_le_bytes(*size));
    let room = length - TAIL - 4;
    if size > room.min(FOOTER_MOST) {
        let wanted = format!("at most {}", room.min(FOOTER_MOST));
        return Err(wrong(&format!("a footer of {size} bytes in a file of {length}"), &wanted));
    }
    thrift::footer(&measure::bytes_at(file, length - TAIL - size, size)?)
}
