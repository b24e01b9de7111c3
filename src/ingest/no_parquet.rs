//! Parquet in a program that does not read it: an error that says so.

use std::fs::File;
use std::path::PathBuf;

use super::error::IngestError;
use super::layout::Layout;
use super::table::Table;

/// A table in Parquet: there is none.
#[derive(Debug)]
pub(super) enum ParquetRows {}

impl ParquetRows {
    /// # Errors
    /// Always.
    pub(super) fn open(path: PathBuf, _file: File, _layout: Layout, _rows: usize) -> Result<Self, IngestError> {
        let what = "found Parquet, wanted CSV: this program was built without trackweave's feature `parquet`";
        Err(IngestError::Unreadable { path, what: what.to_owned() })
    }

    pub(super) fn next(&mut self) -> Result<Option<Table>, IngestError> {
        match *self {}
    }
}
