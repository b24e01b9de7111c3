//! `associations.parquet`: which detections made the tracks of a picture.

use super::columns::{Column, Kind, always, part, schema_with_meanings};
use super::digest::TableFile;
use super::error::ProductError;
use super::manifest::FileEntry;
use super::picture::ROWS_PER_GROUP;
use crate::policy::Field;
use crate::space::Frame;
use arrow_array::{ArrayRef, Float32Array, RecordBatch, TimestampMicrosecondArray, UInt32Array, UInt64Array};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The name of the table in a partner's folder.
pub(super) const ASSOCIATIONS: &str = "associations.parquet";

/// A detection that a track took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Association {
    /// When the detection was made, microseconds.
    pub time_us: i64,
    /// The track.
    pub track: u64,
    /// The number of the detection among those that the picture is computed from, from 0.
    pub detection: u64,
    /// Probability that the track is an object and made it.
    pub probability: f32,
    /// νᵀ S⁻¹ ν of what was measured against the track's prediction; `None` of the detection that the track began with.
    pub innovation: Option<f32>,
    /// How many numbers were measured.
    pub measured: u32,
    /// The time of its scan, microseconds: it stands beside the track's row at the first report from there on.
    pub scan_us: i64,
}

/// The columns of a table in `frame`.
#[must_use]
pub fn association_columns(frame: Frame) -> [Column; 6] {
    let instant = if frame == Frame::Geodetic { Kind::InstantUtc } else { Kind::Instant };
    [
        always("time", instant, "µs"),
        always("track", Kind::Integer, ""),
        always("detection", Kind::Integer, ""),
        always("probability", Kind::Single, ""),
        // Null of a track's first detection.
        part(&[Field::Covariance], "innovation", Kind::Single, ""),
        always("measured", Kind::Count, ""),
    ]
}

/// A table that is being written.
#[derive(Debug)]
pub(super) struct AssociationTable {
    path: PathBuf,
    frame: Frame,
    waiting: Vec<Association>,
    /// Opened when there is something to write, as that of a picture.
    file: Option<TableFile>,
}

impl AssociationTable {
    /// Begins it in a partner's folder.
    pub(super) fn new(folder: &Path, frame: Frame) -> Self {
        Self { path: folder.join(ASSOCIATIONS), frame, waiting: Vec::new(), file: None }
    }

    /// Appends a row.
    pub(super) fn write(&mut self, row: &Association) -> Result<(), ProductError> {
        self.waiting.push(*row);
        if self.waiting.len() == ROWS_PER_GROUP { self.flush() } else { Ok(()) }
    }

    /// Closes it.
    pub(super) fn finish(mut self) -> Result<FileEntry, ProductError> {
        if !self.waiting.is_empty() {
            self.flush()?;
        }
        self.file()?.finish()
    }

    /// The file, which the caller puts back or closes.
    fn file(&mut self) -> Result<TableFile, ProductError> {
        let columns = || schema_with_meanings(&association_columns(self.frame));
        self.file.take().map_or_else(|| TableFile::create(&self.path, columns()), Ok)
    }

    fn flush(&mut self) -> Result<(), ProductError> {
        let rows = std::mem::take(&mut self.waiting);
        let times = TimestampMicrosecondArray::from_iter_values(rows.iter().map(|row| row.time_us));
        let times = if self.frame == Frame::Geodetic { times.with_timezone("UTC") } else { times };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(times),
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.track))),
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.detection))),
            Arc::new(Float32Array::from_iter_values(rows.iter().map(|row| row.probability))),
            Arc::new(rows.iter().map(|row| row.innovation).collect::<Float32Array>()),
            Arc::new(UInt32Array::from_iter_values(rows.iter().map(|row| row.measured))),
        ];
        let batch = RecordBatch::try_new(schema_with_meanings(&association_columns(self.frame)), columns)
            .map_err(|source| ProductError::Batch { place: ASSOCIATIONS.to_owned(), source })?;
        let mut file = self.file()?;
        file.write(&batch)?;
        self.file = Some(file);
        Ok(())
    }
}
