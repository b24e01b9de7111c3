//! Parquet files, streamed through Arrow batches into tables.
//!
//! A batch is decoded as it is asked for; memory holds the batch and the pages that it is cut from. The format's reader
//! panics on some damaged files (found by the tests); here that is an error like any other.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;

use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::arrow_table;
use super::error::{IngestError, one_line};
use super::table::{Layout, Places, Role, Table};

/// A Parquet file being read.
#[derive(Debug)]
pub(super) struct ParquetRows {
    path: Arc<PathBuf>,
    layout: Layout,
    roles: Vec<Role>,
    reader: ParquetRecordBatchReader,
    /// The first row of every row group.
    starts: Arc<[u64]>,
    next_row: u64,
}

impl ParquetRows {
    pub(super) fn open(path: PathBuf, file: File, layout: Layout, rows_per_batch: usize) -> Result<Self, IngestError> {
        // Nothing that a panic leaves half done is used afterwards.
        catch_unwind(AssertUnwindSafe(|| Self::open_sound(path.clone(), file, layout, rows_per_batch)))
            .unwrap_or_else(|_payload| Err(damaged(path)))
    }

    fn open_sound(path: PathBuf, file: File, layout: Layout, rows_per_batch: usize) -> Result<Self, IngestError> {
        let unreadable = |what: String| IngestError::Unreadable { path: path.clone(), what };
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| unreadable(one_line(&error)))?;
        let all_roles = arrow_table::roles(&path, builder.schema(), &layout)?;
        let mut starts = Vec::with_capacity(builder.metadata().num_row_groups());
        let mut start = 0_u64;
        for group in builder.metadata().row_groups() {
            starts.push(start);
            start = start.saturating_add(u64::try_from(group.num_rows()).unwrap_or_default());
        }
        let used = || all_roles.iter().enumerate().filter(|(_, role)| **role != Role::Amplitude);
        let mask = ProjectionMask::roots(builder.parquet_schema(), used().map(|(column, _)| column));
        let roles = used().map(|(_, role)| *role).collect();
        let reader = builder
            .with_projection(mask)
            .with_batch_size(rows_per_batch)
            .build()
            .map_err(|error| unreadable(one_line(&error)))?;
        Ok(Self { path: Arc::new(path), layout, roles, reader, starts: starts.into(), next_row: 0 })
    }

    /// The next rows; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Table>, IngestError> {
        // After a panic nothing more is read: see `Source::next`.
        let next = catch_unwind(AssertUnwindSafe(|| self.reader.next()));
        let Some(batch) = next.map_err(|_payload| damaged(self.path.to_path_buf()))? else { return Ok(None) };
        let batch = batch.map_err(|error| {
            let what = one_line(&error);
            IngestError::Unreadable { path: self.path.to_path_buf(), what }
        })?;
        let places = Places::Groups { starts: Arc::clone(&self.starts), first: self.next_row };
        self.next_row += batch.num_rows() as u64;
        Ok(Some(arrow_table::decode(&self.path, &batch, &self.roles, &self.layout, places)))
    }
}

fn damaged(path: PathBuf) -> IngestError {
    IngestError::Unreadable { path, what: "the file is damaged".to_owned() }
}
