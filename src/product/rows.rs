//! The rows of a picture in engine coordinates, with covariances and velocities, read one batch at a time.
//!
//! A covariance is `P = Aᵀ Q A`, where Q is that of the file, in axes at the position shown, and the rows of A are those axes.

use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, TimestampMicrosecondType, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch};

use super::error::{ProductError, io_error, parquet_error};
use super::picture::TRACKS;
use super::read::{PicturePoint, ROWS_PER_BATCH, points_of};
use crate::pages::{Batches, ParquetFile};
use crate::policy::Status;
use crate::space::Geodetic;

/// Columns that nothing here is made from.
const LISTS: [&str; 5] = ["identity", "identity_probability", "contributors", "authorities", "holders"];

/// A symmetric matrix of three rows.
type Matrix = [[f64; 3]; 3];

/// A row of a picture. What its partner's level leaves out, or what is not finite, is `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PictureState {
    /// Time of the report, microseconds.
    pub time_us: i64,
    /// Identity.
    pub track: u64,
    /// Tentative or confirmed.
    pub status: Status,
    /// Position in engine coordinates, metres.
    pub position_m: [f64; 3],
    /// Covariance of the position, m².
    pub covariance_m2: Option<Matrix>,
    /// Velocity, metres a second.
    pub velocity_m_s: Option<[f64; 3]>,
    /// When the last detection of the track was made, microseconds.
    pub last_detection_us: Option<i64>,
    /// How many detections are counted to the track.
    pub detections: Option<u64>,
}

/// The rows of one track of the picture in a partner's folder, in order of time.
///
/// # Errors
/// As [`PictureRows::open`], or a file that is not a picture.
pub fn read_track(folder: &Path, track: u64) -> Result<Vec<PictureState>, ProductError> {
    let own = |row: &Result<PictureState, ProductError>| row.as_ref().map_or(true, |row| row.track == track);
    PictureRows::open(folder)?.filter(own).collect()
}

/// The rows of one picture, in their order.
#[derive(Debug)]
pub struct PictureRows {
    path: PathBuf,
    batches: Batches,
    ready: std::vec::IntoIter<PictureState>,
}

impl PictureRows {
    /// How many rows a picture has.
    ///
    /// # Errors
    /// As [`PictureRows::open`].
    pub fn count(folder: &Path) -> Result<u64, ProductError> {
        let path = folder.join(TRACKS);
        let opening = "open the picture";
        let file = crate::files::open(&path).map_err(io_error(&path, opening))?;
        let file = ParquetFile::open(file).map_err(parquet_error(&path, opening))?;
        Ok(u64::try_from(file.metadata().file_metadata().num_rows()).unwrap_or(0))
    }

    /// Opens the picture in a partner's folder.
    ///
    /// # Errors
    /// A file that is absent or is not Parquet.
    pub fn open(folder: &Path) -> Result<Self, ProductError> {
        let path = folder.join(TRACKS);
        let opening = "open the picture";
        let file = crate::files::open(&path).map_err(io_error(&path, opening))?;
        let file = ParquetFile::open(file).map_err(parquet_error(&path, opening))?;
        let columns =
            file.schema().fields().iter().enumerate().filter(|(_, column)| !LISTS.contains(&column.name().as_str()));
        let mask = file.columns(columns.map(|(place, _)| place));
        Ok(Self { batches: file.batches(mask, ROWS_PER_BATCH), path, ready: Vec::new().into_iter() })
    }
}

impl Iterator for PictureRows {
    type Item = Result<PictureState, ProductError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(state) = self.ready.next() {
                return Some(Ok(state));
            }
            let batch = self.batches.next()?.map_err(parquet_error(&self.path, "read the picture"));
            match batch.and_then(|batch| states(&batch, &self.path.display().to_string())) {
                Ok(states) => self.ready = states.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

fn states(batch: &RecordBatch, place: &str) -> Result<Vec<PictureState>, ProductError> {
    let points = points_of(batch, place)?;
    let geodetic = batch.column_by_name("latitude_deg").is_some();
    let named = |local: &str, geodetic_name: &str| batch.column_by_name(if geodetic { geodetic_name } else { local });
    let covariance =
        [("xx", "ee"), ("xy", "en"), ("xz", "eu"), ("yy", "nn"), ("yz", "nu"), ("zz", "uu")].map(|(local, axes)| {
            named(&format!("position_covariance_{local}_m2"), &format!("position_covariance_{axes}_m2"))
        });
    let velocity = [("x", "east"), ("y", "north"), ("z", "up")]
        .map(|(local, axis)| named(&format!("velocity_{local}_m_s"), &format!("velocity_{axis}_m_s")));
    let [last_detection, detections] = ["last_detection", "detections"].map(|name| batch.column_by_name(name));
    let state = |(row, point): (usize, PicturePoint)| {
        let axes = if geodetic { Geodetic::from_ecef(point.position_m).enu_axes() } else { UNIT };
        PictureState {
            time_us: point.time_us,
            track: point.track,
            status: point.status,
            position_m: point.position_m,
            covariance_m2: numbers(covariance, row).map(|upper| turned(axes, upper)),
            velocity_m_s: numbers(velocity, row).map(|along| combined(axes, along)),
            last_detection_us: last_detection
                .filter(|column| column.is_valid(row))
                .and_then(|column| Some(column.as_primitive_opt::<TimestampMicrosecondType>()?.value(row))),
            detections: detections
                .filter(|column| column.is_valid(row))
                .and_then(|column| Some(column.as_primitive_opt::<UInt64Type>()?.value(row))),
        }
    };
    Ok(points.into_iter().enumerate().map(state).collect())
}

/// The axes of a local picture.
const UNIT: Matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];

/// The numbers of a row, if all of them are there and finite.
fn numbers<const N: usize>(columns: [Option<&ArrayRef>; N], row: usize) -> Option<[f64; N]> {
    let mut numbers = [0.0; N];
    for (number, column) in numbers.iter_mut().zip(columns) {
        let column = column?.as_primitive_opt::<Float32Type>().filter(|column| column.is_valid(row))?;
        *number = Some(f64::from(column.value(row))).filter(|number| number.is_finite())?;
    }
    Some(numbers)
}

/// A vector given along axes.
fn combined([a, b, c]: Matrix, [u, v, w]: [f64; 3]) -> [f64; 3] {
    let mut sum = a.into_iter().zip(b).zip(c).map(|((a, b), c)| u * a + v * b + w * c);
    core::array::from_fn(|_| sum.next().unwrap_or_default())
}

/// A covariance given by its upper triangle along axes.
fn turned(axes: Matrix, [xx, xy, xz, yy, yz, zz]: [f64; 6]) -> Matrix {
    // First the columns, then the rows: the combination of the axes with each row, twice.
    let rows = [[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]].map(|row| combined(axes, row));
    let [a, b, c] = rows;
    let columns = |k: usize| [a, b, c].map(|row| row.get(k).copied().unwrap_or_default());
    [0, 1, 2].map(|k| combined(axes, columns(k)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_covariance_keeps_its_variance_along_every_direction() {
        let axes = Geodetic { latitude_deg: 46.3, longitude_deg: 7.7, altitude_m: 1e4 }.enu_axes();
        let turned = turned(axes, [9.0, 1.0, -2.0, 4.0, 0.5, 25.0]);
        let along = |v: [f64; 3], w: [f64; 3]| -> f64 {
            (0..3).flat_map(|i| (0..3).map(move |j| (i, j))).map(|(i, j)| v[i] * turned[i][j] * w[j]).sum()
        };
        let [east, north, up] = axes;
        let found = [(east, east), (east, north), (east, up), (north, north), (north, up), (up, up)];
        for ((a, b), wanted) in found.into_iter().zip([9.0, 1.0, -2.0, 4.0, 0.5, 25.0]) {
            assert!((along(a, b) - wanted).abs() < 1e-12, "{wanted}");
            assert!((along(b, a) - wanted).abs() < 1e-12, "{wanted}");
        }
    }
}
