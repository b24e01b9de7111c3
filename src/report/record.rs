//! What the record brings beside a picture, where its folder has it: detections that tracks took, and links between tracks.
//!
//! A page shows them of any folder whose manifest lists `associations.parquet` or `links.parquet`, and
//! states their digests; a table without a column that is not needed is shown without it.

use super::ReportError;
use super::column::{ABSENT, Coding};
use super::folder::Folder;
use crate::product::{ProductError, read_table};
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float32Type, TimestampMicrosecondType, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Detections that a page has at most of all its pictures, some seven bytes each.
pub(super) const TAKEN_MOST: u64 = 400_000;

pub(super) const ASSOCIATIONS: &str = "associations.parquet";
pub(super) const LINKS: &str = "links.parquet";

/// A detection that a track took: its time, its row, how probably, how far off, and how many numbers it measured.
type Taken = [i64; 5];

/// What is known of it, in its order, with units.
const COLUMNS: [(&str, Coding); 5] = [
    ("time", Coding { order: 1, scale: 1000.0 }),
    ("detection", Coding { order: 1, scale: 1.0 }),
    ("probability", Coding { order: 0, scale: 1e-3 }),
    ("innovation", Coding { order: 0, scale: 1e-2 }),
    ("measured", Coding::PLAIN),
];

/// What a page's picture has of it, key by key; `ids` are those of its tracks, in their order.
pub(super) fn read(folder: &Folder<'_>, ids: &[u64]) -> Result<Map<String, Value>, ReportError> {
    let mut told = Map::new();
    if folder.has(ASSOCIATIONS) {
        told.extend(associations(folder, ids)?);
    }
    if folder.has(LINKS) {
        told.insert("links".to_owned(), links(folder)?);
    }
    Ok(told)
}

fn associations(folder: &Folder<'_>, ids: &[u64]) -> Result<Option<(String, Value)>, ReportError> {
    let numbers: BTreeMap<u64, usize> = ids.iter().enumerate().map(|(number, id)| (*id, number)).collect();
    let (mut taken, mut rows): (Vec<Vec<Taken>>, u64) = (vec![Vec::new(); ids.len()], 0);
    for_each(folder, ASSOCIATIONS, |batch| {
        let time = batch.column_by_name("time").and_then(|of| of.as_primitive_opt::<TimestampMicrosecondType>());
        let (time, track) = (time.ok_or("time")?, needed::<UInt64Type>(batch, "track")?);
        let detection = needed::<UInt64Type>(batch, "detection")?;
        rows += batch.num_rows() as u64;
        for row in 0..batch.num_rows() {
            let Some(of) = numbers.get(&track.value(row)).and_then(|number| taken.get_mut(*number)) else { continue };
            let single = |name: &str| maybe::<Float32Type>(batch, name, row).map(f64::from);
            let values = [
                Some(time.value(row) as f64),
                Some(detection.value(row) as f64),
                single("probability"),
                single("innovation"),
                maybe::<UInt32Type>(batch, "measured", row).map(f64::from),
            ];
            let mut whole = [ABSENT; COLUMNS.len()];
            for ((whole, (_, coding)), value) in whole.iter_mut().zip(COLUMNS).zip(values) {
                *whole = coding.whole(value);
            }
            if rows <= TAKEN_MOST {
                of.push(whole);
            }
        }
        Ok(())
    })?;
    if rows > TAKEN_MOST {
        return Ok(Some(("associations_left_out".to_owned(), rows.into())));
    }
    for of in &mut taken {
        of.sort_unstable();
    }
    let counts: Vec<usize> = taken.iter().map(Vec::len).collect();
    let whole: Vec<i64> = counts.iter().map(|count| i64::try_from(*count).unwrap_or(ABSENT)).collect();
    let mut columns = Map::new();
    for (place, (name, coding)) in COLUMNS.into_iter().enumerate() {
        let values: Vec<i64> = taken.iter().flatten().filter_map(|of| of.get(place).copied()).collect();
        if values.iter().any(|value| *value != ABSENT) {
            columns.insert(name.to_owned(), coding.column(&values, &counts));
        }
    }
    let counts = Coding::PLAIN.column(&whole, &[whole.len()]);
    let rows: i64 = whole.iter().sum();
    Ok(Some(("associations".to_owned(), json!({ "rows": rows, "counts": counts, "columns": columns }))))
}

fn links(folder: &Folder<'_>) -> Result<Value, ReportError> {
    let mut links = Vec::new();
    for_each(folder, LINKS, |batch| {
        let [from, to] = ["from", "to"].map(|name| needed::<UInt64Type>(batch, name));
        let (from, to) = (from?, to?);
        for row in 0..batch.num_rows() {
            let ends = [from.value(row), to.value(row)].map(|id| id.to_string());
            let probability = maybe::<Float32Type>(batch, "probability", row).map(f64::from);
            let probability = Coding { order: 0, scale: 1e-3 }.whole(probability);
            let probability = (probability != ABSENT).then(|| probability as f64 / 1000.0);
            links.push(json!({ "from": ends[0], "to": ends[1], "probability": probability }));
        }
        Ok(())
    })?;
    Ok(links.into())
}

/// Hands over every batch of a table of the folder; `take` gives the name of a column that is not there, or of another type.
fn for_each(
    folder: &Folder<'_>,
    name: &str,
    mut take: impl FnMut(&RecordBatch) -> Result<(), &'static str>,
) -> Result<(), ReportError> {
    let path = folder.path.join(name);
    for batch in read_table(&path)? {
        let batch = batch.map_err(|error| ReportError::File {
            path: path.clone(),
            found: error.to_string(),
            wanted: "rows that decode",
        })?;
        take(&batch).map_err(|column| {
            let (place, found) = (path.display().to_string(), "no such column of its type".to_owned());
            let wanted = "the column as docs/report.md has it";
            ReportError::Product(ProductError::Column { place, column: column.to_owned(), found, wanted })
        })?;
    }
    Ok(())
}

type Numbers<T> = arrow_array::PrimitiveArray<T>;

fn needed<'a, T: ArrowPrimitiveType>(
    batch: &'a RecordBatch,
    name: &'static str,
) -> Result<&'a Numbers<T>, &'static str> {
    let column = batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<T>());
    column.filter(|column| column.null_count() == 0).ok_or(name)
}

fn maybe<T: ArrowPrimitiveType>(batch: &RecordBatch, name: &str, row: usize) -> Option<T::Native> {
    let column = batch.column_by_name(name)?.as_primitive_opt::<T>()?;
    column.is_valid(row).then(|| column.value(row))
}
