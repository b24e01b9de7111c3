//! Parquet files, streamed through Arrow batches into tables.
//!
//! A batch is decoded as it is asked for; memory holds the batch and the pages that it is cut from. What may ask for
//! more, or make the format's own reader panic, is refused before (`src/pages/mod.rs`).

use std::collections::BTreeSet;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use super::arrow_table;
use super::error::IngestError;
use super::layout::{Field, Layout, Role};
use super::table::{Places, Table};
use crate::pages::{Batches, ParquetFile, words};

/// A Parquet file being read.
#[derive(Debug)]
pub(super) struct ParquetRows {
    path: Arc<PathBuf>,
    layout: Layout,
    fields: Vec<Field>,
    batches: Batches,
    /// The first row of every row group.
    starts: Arc<[u64]>,
    next_row: u64,
}

impl ParquetRows {
    pub(super) fn open(path: PathBuf, file: File, layout: Layout, rows_per_batch: usize) -> Result<Self, IngestError> {
        let unreadable = |what: String| IngestError::Unreadable { path: path.clone(), what };
        let file = ParquetFile::open(file).map_err(|error| unreadable(words(&error)))?;
        let mut fields = arrow_table::fields(&path, file.schema(), &layout)?;
        fields.retain(|field| field.role != Role::Amplitude);
        let mut starts = Vec::with_capacity(file.metadata().num_row_groups());
        let mut start = 0_u64;
        for group in file.metadata().row_groups() {
            starts.push(start);
            start = start.saturating_add(u64::try_from(group.num_rows()).unwrap_or_default());
        }
        // A batch has the columns that are used, in the order of the file.
        let used = fields.iter().flat_map(|field| field.cells.columns().to_vec()).collect::<BTreeSet<_>>();
        let mask = file.columns(used.iter().copied());
        for field in &mut fields {
            field.cells.renumber(|column| used.range(..column).count());
        }
        let batches = file.batches(mask, rows_per_batch);
        Ok(Self { path: Arc::new(path), layout, fields, batches, starts: starts.into(), next_row: 0 })
    }

    /// The next rows; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Table>, IngestError> {
        let Some(batch) = self.batches.next() else { return Ok(None) };
        let batch = batch.map_err(|error| {
            let what = words(&error);
            IngestError::Unreadable { path: self.path.to_path_buf(), what }
        })?;
        let places = Places::Groups { starts: Arc::clone(&self.starts), first: self.next_row };
        self.next_row += batch.num_rows() as u64;
        Ok(Some(arrow_table::decode(&self.path, &batch, &self.fields, &self.layout, places)))
    }
}
