//! GeoJSON (RFC 7946): a point a row, with all other columns as properties.
//!
//! Coordinates are longitude, latitude in degrees to 1e-7 (a centimetre) and metres above the ellipsoid to a centimetre.
//! `track` is a text: JavaScript keeps 53 bits of a number. Times are RFC 3339; `null` is withheld or not known.

use std::io::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::Float64Type;
use arrow_array::{Array, RecordBatch};
use arrow_schema::DataType;

use super::ExportError;
use super::cells::{Cell, cell, is_plain, listed, quoted};
use super::source::Source;
use crate::product::NewFile;

/// What the geometry has; the other columns are properties.
const PLACE: [&str; 3] = ["longitude_deg", "latitude_deg", "altitude_m"];

/// What every feature collection here begins and ends with.
pub(super) const HEAD: &str = "{\"type\":\"FeatureCollection\",\"features\":[";
pub(super) const FOOT: &str = "\n]}\n";

/// Writes the file.
pub(super) fn write(source: &Source<'_>, out: &mut NewFile) -> Result<(), ExportError> {
    write!(out, "{HEAD}")?;
    let mut before = "\n";
    for batch in source.batches()? {
        let batch = batch?;
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns());
        let columns = columns.filter(|(field, _)| is_plain(field) && !PLACE.contains(&field.name().as_str()));
        let columns: Vec<_> = columns.collect();
        for row in 0..batch.num_rows() {
            let property = |(field, column)| format!("{}:{}", quoted(field), json(field, cell(column, row)));
            let named = columns.iter().map(|(field, column)| (field.name().as_str(), *column));
            let properties: Vec<String> = named.map(property).collect();
            let [longitude, latitude, altitude] = PLACE.map(|name| degrees_or_metres(&batch, name, row));
            write!(
                out,
                "{before}{{\"type\":\"Feature\",\"geometry\":{{\"type\":\"Point\",\"coordinates\":\
                 [{longitude:.7},{latitude:.7},{altitude:.2}]}},\"properties\":{{{}}}}}",
                properties.join(",")
            )?;
            before = ",\n";
        }
    }
    Ok(write!(out, "{FOOT}")?)
}

fn degrees_or_metres(batch: &RecordBatch, name: &str, row: usize) -> f64 {
    let column = batch.column_by_name(name).filter(|column| *column.data_type() == DataType::Float64);
    column.map_or(0.0, |column| column.as_primitive::<Float64Type>().value(row))
}

/// A cell of a column.
fn json(name: &str, cell: Cell) -> String {
    match cell {
        Cell::Null => "null".to_owned(),
        Cell::Number(text) => text,
        Cell::Truth(truth) => truth.to_string(),
        Cell::Count(count) if ["track", "object"].contains(&name) => format!("\"{count}\""),
        Cell::Count(count) => count.to_string(),
        Cell::Text(text) => quoted(&text),
        Cell::Texts(texts) => listed(&texts),
    }
}
