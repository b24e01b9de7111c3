//! What the record brings beside a picture: detections that tracks took, links between tracks; from its tables, held against the page.

use super::super::reading::Reading;
use super::columns::{self, Cell, Column};
use crate::pages::ParquetFile;
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float32Type, TimestampMicrosecondType, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use parquet::arrow::ProjectionMask;
use serde_json::json;
use std::fs;
use std::path::Path;

const ASSOCIATIONS: &str = "associations.parquet";
const LINKS: &str = "links.parquet";
/// Rows of a batch, and associations that a page has at most.
const BATCH: usize = 8192;
const MOST: usize = 400_000;
/// Names, orders and units.
const COLUMNS: [(&str, u8, f64); 5] = [
    ("time", 1, 1000.0),
    ("detection", 1, 1.0),
    ("probability", 0, 0.001),
    ("innovation", 0, 0.01),
    ("measured", 0, 1.0),
];

/// The tables of a folder; of one that has none, or whose tables do not decode, nothing.
#[derive(Default)]
pub(in super::super) struct Record {
    /// The bytes of those that are there, by name.
    pub(super) files: Vec<(&'static str, Vec<u8>)>,
    associations: Vec<(u64, [Option<f64>; 5])>,
    links: Vec<([u64; 2], Option<f64>)>,
}

impl Record {
    /// Reads what stands in a folder.
    pub(in super::super) fn of(folder: &Path) -> Self {
        let mut record = Self::default();
        for name in [ASSOCIATIONS, LINKS] {
            let path = folder.join(name);
            let Some(bytes) = super::super::folder::no_file(&path).map_or_else(|| fs::read(&path).ok(), |_| None)
            else {
                continue;
            };
            record.files.push((name, bytes));
        }
        each(&folder.join(ASSOCIATIONS), |batch, row| {
            let time = batch.column_by_name("time").and_then(|of| of.as_primitive_opt::<TimestampMicrosecondType>());
            let of = |value: Option<f32>| value.map(f64::from);
            let values = [
                time.map(|time| time.value(row) as f64),
                cell::<UInt64Type>(batch, "detection", row).map(|number| number as f64),
                of(cell::<Float32Type>(batch, "probability", row)),
                of(cell::<Float32Type>(batch, "innovation", row)),
                cell::<UInt32Type>(batch, "measured", row).map(f64::from),
            ];
            record.associations.extend(cell::<UInt64Type>(batch, "track", row).map(|track| (track, values)));
        });
        each(&folder.join(LINKS), |batch, row| {
            let [from, to] = ["from", "to"].map(|name| cell::<UInt64Type>(batch, name, row));
            let probability = cell::<Float32Type>(batch, "probability", row).map(f64::from);
            record.links.extend(from.zip(to).map(|(from, to)| ([from, to], probability)));
        });
        record
    }

    fn has(&self, name: &str) -> bool {
        self.files.iter().any(|(file, _)| *file == name)
    }

    /// The page has to have it behind the columns of its picture, whose tracks are these.
    pub(super) fn read(&self, tracks: &[u64], file: &mut Reading<'_>) {
        if self.has(ASSOCIATIONS) {
            self.taken(tracks, file);
        }
        if self.has(LINKS) {
            let told = self.links.iter().map(|([from, to], probability)| {
                let probability = probability.map(|probability| (probability / 0.001).round() / 1000.0);
                json!({ "from": from.to_string(), "to": to.to_string(), "probability": probability }).to_string()
            });
            file.enter("links");
            file.next(format!(",\"links\":[{}]", told.collect::<Vec<_>>().join(",")));
        }
    }

    fn taken(&self, tracks: &[u64], file: &mut Reading<'_>) {
        file.enter("associations");
        if self.associations.len() > MOST {
            file.next(format!(",\"associations_left_out\":{}", self.associations.len()));
            return;
        }
        let units = |values: [Option<f64>; 5]| {
            let mut units = values;
            units.iter_mut().zip(COLUMNS).for_each(|(value, (.., scale))| *value = value.map(|value| value / scale));
            units
        };
        let of = |track: &u64| {
            let mut of: Vec<[Option<f64>; 5]> =
                self.associations.iter().filter(|(id, _)| id == track).map(|(_, values)| units(*values)).collect();
            let whole = |of: &[Option<f64>; 5]| of.map(|value| value.map(f64::round));
            of.sort_by(|a, b| whole(a).partial_cmp(&whole(b)).unwrap_or(std::cmp::Ordering::Equal));
            of
        };
        let by_track: Vec<Vec<[Option<f64>; 5]>> = tracks.iter().map(of).collect();
        let counts: Vec<i64> = by_track.iter().map(|of| i64::try_from(of.len()).unwrap_or(i64::MAX)).collect();
        file.next(format!(",\"associations\":{{\"rows\":{},\"counts\":", counts.iter().sum::<i64>()));
        columns::whole(counts).read(file);
        file.next(",\"columns\":{");
        let mut told = 0;
        for (place, (name, order, scale)) in COLUMNS.into_iter().enumerate() {
            let cell = |values: &[Option<f64>; 5]| values.get(place).copied().flatten().map(Cell::real);
            let cells = by_track.iter().map(|of| of.iter().map(cell).collect()).collect();
            let column = Column { name, order, scale, cells, values: None };
            if column.holds() {
                file.enter(format!("associations, {name}"));
                file.next(format!("{}\"{name}\":", if told > 0 { "," } else { "" }));
                column.read(file);
                told += 1;
            }
        }
        file.next("}}");
    }
}

/// Hands over every row of a table, as far as it decodes.
fn each(path: &Path, mut take: impl FnMut(&RecordBatch, usize)) {
    if super::super::folder::no_file(path).is_some() {
        return;
    }
    let opened = fs::File::open(path).ok().and_then(|file| ParquetFile::open(file).ok());
    for batch in opened.into_iter().flat_map(|file| file.batches(ProjectionMask::all(), BATCH)).flatten() {
        (0..batch.num_rows()).for_each(|row| take(&batch, row));
    }
}

fn cell<T: ArrowPrimitiveType>(batch: &RecordBatch, name: &str, row: usize) -> Option<T::Native> {
    let column = batch.column_by_name(name)?.as_primitive_opt::<T>()?;
    column.is_valid(row).then(|| column.value(row))
}
