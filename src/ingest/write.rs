//! Writes Parquet tables in the columns that this room reads, batch by batch.
//!
//! The same batches give the same bytes: nothing of the machine or the day is written. Row groups are cut by row count
//! alone, so that memory is bounded however many rows there are. Simulated recordings and tests are made with it.
//!
//! ```
//! use trackweave::ingest::{ColumnType, TableWriter, Values};
//!
//! let folder = tempfile::tempdir()?;
//! let columns = [("time", ColumnType::Float64), ("sensor", ColumnType::Text), ("x_m", ColumnType::Float64)];
//! let mut writer = TableWriter::create(&folder.path().join("detections.parquet"), &columns)?;
//! writer.append_columns(vec![
//!     Values::Float64(vec![Some(0.5), Some(1.0)]),
//!     Values::Text(vec![Some("mast"), Some("mast")]),
//!     Values::Float64(vec![Some(12.0), None]),
//! ])?;
//! assert_eq!(writer.finish()?, 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use super::error::{IngestError, one_line};

/// Rows in a row group: what a writer holds before it goes to the file.
const ROWS_PER_GROUP: usize = 131_072;

/// What a column of a written table holds. Every column may hold nulls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// Numbers, and times in seconds.
    Float64,
    /// Instants in microseconds since 1970, UTC.
    Timestamp,
    /// UTF-8 text.
    Text,
}

impl ColumnType {
    fn arrow(self) -> DataType {
        match self {
            Self::Float64 => DataType::Float64,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Text => DataType::Utf8,
        }
    }
}

/// Cells of one column; `None` is a null.
#[derive(Clone, Debug)]
pub enum Values<'a> {
    /// Of a [`ColumnType::Float64`].
    Float64(Vec<Option<f64>>),
    /// Of a [`ColumnType::Timestamp`], in microseconds since 1970.
    Timestamp(Vec<Option<i64>>),
    /// Of a [`ColumnType::Text`].
    Text(Vec<Option<&'a str>>),
}

impl Values<'_> {
    fn array(self) -> ArrayRef {
        match self {
            Self::Float64(cells) => Arc::new(Float64Array::from(cells)),
            Self::Timestamp(cells) => Arc::new(TimestampMicrosecondArray::from(cells).with_timezone("UTC")),
            Self::Text(cells) => Arc::new(StringArray::from(cells)),
        }
    }
}

/// A Parquet file being written.
#[derive(Debug)]
pub struct TableWriter {
    path: PathBuf,
    schema: SchemaRef,
    writer: ArrowWriter<File>,
    rows: u64,
}

impl TableWriter {
    /// Creates the file, or empties it.
    ///
    /// # Errors
    /// [`IngestError::Write`] if the file cannot be created.
    pub fn create(path: &Path, columns: &[(&str, ColumnType)]) -> Result<Self, IngestError> {
        let fields = columns.iter().map(|(name, kind)| Field::new(*name, kind.arrow(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by("trackweave".to_owned())
            .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
            .build();
        let fails = |what: String| IngestError::Write { path: path.to_owned(), what };
        let file = File::create(path).map_err(|error| fails(error.to_string()))?;
        let writer = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties))
            .map_err(|error| fails(one_line(&error)))?;
        Ok(Self { path: path.to_owned(), schema, writer, rows: 0 })
    }

    /// The Arrow schema that [`TableWriter::append`] takes.
    #[must_use]
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Appends rows of the [schema](TableWriter::schema).
    ///
    /// # Errors
    /// [`IngestError::Write`] if the schema differs or the file cannot be written.
    pub fn append(&mut self, batch: &RecordBatch) -> Result<(), IngestError> {
        self.writer.write(batch).map_err(|error| self.fails(&error))?;
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// Appends rows given as one vector a column, in the order of the columns.
    ///
    /// # Errors
    /// [`IngestError::Write`] if number, types or lengths of the columns differ, or the file cannot be written.
    pub fn append_columns(&mut self, columns: Vec<Values<'_>>) -> Result<(), IngestError> {
        let arrays = columns.into_iter().map(Values::array).collect();
        let batch = RecordBatch::try_new(self.schema(), arrays).map_err(|error| self.fails(&error))?;
        self.append(&batch)
    }

    /// Completes the file and returns how many rows it holds. A file that is dropped unfinished cannot be read.
    ///
    /// # Errors
    /// [`IngestError::Write`] if the file cannot be written.
    pub fn finish(mut self) -> Result<u64, IngestError> {
        self.writer.finish().map_err(|error| self.fails(&error))?;
        Ok(self.rows)
    }

    fn fails(&self, error: &dyn std::error::Error) -> IngestError {
        IngestError::Write { path: self.path.clone(), what: one_line(error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: &Path, cuts: &[usize]) -> Vec<u8> {
        let columns = [("time", ColumnType::Timestamp), ("x_m", ColumnType::Float64), ("label", ColumnType::Text)];
        let mut writer = TableWriter::create(path, &columns).unwrap();
        let mut from = 0_i32;
        for rows in cuts {
            let rows = from..from + i32::try_from(*rows).unwrap();
            from = rows.end;
            let label = |i: i32| (i % 3 != 0).then_some("restricted");
            writer
                .append_columns(vec![
                    Values::Timestamp(rows.clone().map(|i| Some(i64::from(i))).collect()),
                    Values::Float64(rows.clone().map(|i| Some(f64::from(i).sqrt())).collect()),
                    Values::Text(rows.map(label).collect()),
                ])
                .unwrap();
        }
        assert_eq!(writer.finish().unwrap(), u64::try_from(from).unwrap());
        std::fs::read(path).unwrap()
    }

    #[test]
    fn the_same_batches_give_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let once = write(&folder.path().join("a.parquet"), &[1, 130_999, 69_000]);
        let again = write(&folder.path().join("b.parquet"), &[1, 130_999, 69_000]);
        assert!(once == again, "{} and {} bytes", once.len(), again.len());
        assert!(once != write(&folder.path().join("c.parquet"), &[1, 130_999, 68_999]), "a missing row went unseen");
    }

    #[test]
    fn columns_that_do_not_fit_the_table_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let mut writer = TableWriter::create(&path, &[("x_m", ColumnType::Float64)]).unwrap();
        let error = writer.append_columns(vec![Values::Text(vec![Some("1")])]).unwrap_err().to_string();
        assert!(error.contains("a.parquet") && error.contains("Float64") && error.contains("Utf8"), "{error}");
    }
}
