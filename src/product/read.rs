//! Pictures back into engine coordinates, for scoring and for callers that compare pictures.

use std::path::Path;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, TimestampMicrosecondType, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow_schema::{ArrowError, SchemaRef};
use parquet::arrow::ProjectionMask;

use super::error::{ProductError, io_error, parquet_error};
use super::picture::TRACKS;
use crate::pages::{Batches, ParquetFile};
use crate::policy::Status;
use crate::space::{Frame, Geodetic};

/// Rows in a batch.
pub(super) const ROWS_PER_BATCH: usize = 8192;

/// A track at a time as a picture shows it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct PicturePoint {
    /// Microseconds since 1970 (geodetic) or since the recording's epoch (local).
    pub time_us: i64,
    /// Identity.
    pub track: u64,
    /// Tentative or confirmed.
    pub status: Status,
    /// Position in engine coordinates: ECEF or local metres.
    pub position_m: [f64; 3],
    /// Probability that the track is an object; `None` where it is withheld.
    pub existence: Option<f64>,
}

/// All rows of the picture in a partner's folder, in their order.
///
/// # Errors
/// A file that is absent or is not a picture: the column, what was found and what was wanted.
pub fn read_picture(folder: &Path) -> Result<Vec<PicturePoint>, ProductError> {
    let path = folder.join(TRACKS);
    let mut points = Vec::new();
    for batch in batches(&path)? {
        let batch = batch.map_err(parquet_error(&path, "read the picture"))?;
        points.append(&mut points_of(&batch, &path.display().to_string())?);
    }
    Ok(points)
}

/// The picture in a partner's folder as Arrow batches, read one at a time.
///
/// # Errors
/// A file that is absent or is not Parquet.
pub fn read_batches(
    folder: &Path,
) -> Result<impl Iterator<Item = Result<RecordBatch, ArrowError>> + use<>, ProductError> {
    let file = opened(&folder.join(TRACKS))?;
    // Batches as they are decoded have lost what the schema says besides columns.
    let schema = SchemaRef::clone(file.schema());
    let batches = file.batches(ProjectionMask::all(), ROWS_PER_BATCH);
    Ok(batches.map(move |batch| batch.map_err(ArrowError::from)?.with_schema(SchemaRef::clone(&schema))))
}

/// The rows of a table of an output as Arrow batches.
///
/// # Errors
/// A file that is absent or is not Parquet.
pub fn read_table(path: &Path) -> Result<impl Iterator<Item = Result<RecordBatch, ArrowError>> + use<>, ProductError> {
    Ok(batches(path)?.map(|batch| batch.map_err(ArrowError::from)))
}

/// The columns of the picture in a partner's folder, in their order.
///
/// # Errors
/// A file that is absent or is not Parquet.
pub fn read_schema(folder: &Path) -> Result<SchemaRef, ProductError> {
    Ok(SchemaRef::clone(opened(&folder.join(TRACKS))?.schema()))
}

fn batches(path: &Path) -> Result<Batches, ProductError> {
    Ok(opened(path)?.batches(ProjectionMask::all(), ROWS_PER_BATCH))
}

pub(super) fn opened(path: &Path) -> Result<ParquetFile, ProductError> {
    let opening = "open the picture";
    let file = crate::files::open(path).map_err(io_error(path, opening))?;
    ParquetFile::open(file).map_err(parquet_error(path, opening))
}

/// The rows of a batch of a picture, from a file or from [`super::picture_batch`].
///
/// # Errors
/// A batch that is not of a picture: the column, what was found and what was wanted.
pub fn picture_points(batch: &RecordBatch) -> Result<Vec<PicturePoint>, ProductError> {
    points_of(batch, "in memory")
}

pub(super) fn points_of(batch: &RecordBatch, place: &str) -> Result<Vec<PicturePoint>, ProductError> {
    let table = Table { batch, place };
    let frame = if batch.column_by_name("latitude_deg").is_some() { Frame::Geodetic } else { Frame::Local };
    let names = match frame {
        Frame::Geodetic => ["latitude_deg", "longitude_deg", "altitude_m"],
        Frame::Local => ["x_m", "y_m", "z_m"],
    };
    let [a, b, c] = names.map(|name| {
        table.column(name, "float64 without nulls", |column| full(column.as_primitive_opt::<Float64Type>()))
    });
    let (a, b, c) = (a?, b?, c?);
    let time = table.column("time", "a timestamp in microseconds without nulls", |column| {
        full(column.as_primitive_opt::<TimestampMicrosecondType>())
    })?;
    let track =
        table.column("track", "uint64 without nulls", |column| full(column.as_primitive_opt::<UInt64Type>()))?;
    let statuses = table.statuses()?;
    let existence = match batch.column_by_name("existence") {
        None => None,
        Some(_) => Some(table.column("existence", "float32", |column| column.as_primitive_opt::<Float32Type>())?),
    };
    let positions = a.values().iter().zip(b.values()).zip(c.values());
    let rows = time.values().iter().zip(track.values()).zip(positions).zip(statuses).enumerate();
    let point = |(row, (((&time_us, &track), ((&a, &b), &c)), status))| PicturePoint {
        time_us,
        track,
        status,
        position_m: match frame {
            Frame::Geodetic => Geodetic { latitude_deg: a, longitude_deg: b, altitude_m: c }.ecef(),
            Frame::Local => [a, b, c],
        },
        existence: existence.filter(|column| column.is_valid(row)).map(|column| f64::from(column.value(row))),
    };
    Ok(rows.map(point).collect())
}

/// A batch, and what errors call it.
struct Table<'a> {
    batch: &'a RecordBatch,
    place: &'a str,
}

impl<'a> Table<'a> {
    /// A column as `cast` reads it.
    fn column<T>(
        &self,
        name: &str,
        wanted: &'static str,
        cast: impl FnOnce(&'a ArrayRef) -> Option<T>,
    ) -> Result<T, ProductError> {
        let column = self.batch.column_by_name(name).ok_or_else(|| self.wrong(name, "no such column", wanted))?;
        cast(column).ok_or_else(|| {
            self.wrong(name, &format!("{} with {} nulls", column.data_type(), column.null_count()), wanted)
        })
    }

    fn statuses(&self) -> Result<Vec<Status>, ProductError> {
        let wanted = "`tentative` or `confirmed`";
        let column: &StringArray = self.column("status", wanted, |column| full(column.as_string_opt()))?;
        let status = |word: Option<&str>| {
            let word = word.unwrap_or_default();
            Status::from_name(word).ok_or_else(|| self.wrong("status", &format!("`{word}`"), wanted))
        };
        column.iter().map(status).collect()
    }

    fn wrong(&self, column: &str, found: &str, wanted: &'static str) -> ProductError {
        ProductError::Column {
            place: self.place.to_owned(),
            column: column.to_owned(),
            found: found.to_owned(),
            wanted,
        }
    }
}

/// A column only if it has no nulls.
fn full<A: Array>(column: Option<&A>) -> Option<&A> {
    column.filter(|column| column.null_count() == 0)
}
