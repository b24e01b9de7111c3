//! Cells of any column of a picture as text, for formats that hold all columns.

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, TimestampMicrosecondType, UInt64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, Field, TimeUnit};
use serde_json::Value;

use crate::time::format_timestamp;

/// What a cell holds.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    /// Withheld, or not known.
    Null,
    /// A number, as short as it can be without losing anything.
    Number(String),
    /// One of `true` and `false`.
    Truth(bool),
    /// A whole number that may have more digits than JavaScript keeps.
    Count(u64),
    /// Text, or a time as RFC 3339 has it.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
}

/// Whether cells of such a column can be written: all but geometries, which say in bytes what other columns say in numbers.
pub(super) fn is_plain(field: &Field) -> bool {
    use DataType::{Boolean, Float32, Float64, List, Timestamp, UInt64, Utf8};
    matches!(
        field.data_type(),
        Boolean | Float32 | Float64 | UInt64 | Utf8 | List(_) | Timestamp(TimeUnit::Microsecond, _)
    )
}

/// The cell in a row of a column that [`is_plain`].
pub(super) fn cell(column: &ArrayRef, row: usize) -> Cell {
    if column.is_null(row) {
        return Cell::Null;
    }
    match column.data_type() {
        DataType::Float32 => Cell::Number(column.as_primitive::<Float32Type>().value(row).to_string()),
        DataType::Float64 => Cell::Number(column.as_primitive::<Float64Type>().value(row).to_string()),
        DataType::UInt64 => Cell::Count(column.as_primitive::<UInt64Type>().value(row)),
        DataType::Boolean => Cell::Truth(column.as_boolean().value(row)),
        DataType::Utf8 => Cell::Text(column.as_string::<i32>().value(row).to_owned()),
        DataType::Timestamp(_, zone) => {
            let time_us = column.as_primitive::<TimestampMicrosecondType>().value(row);
            // Without a zone a time counts from the recording's own epoch.
            zone.as_ref().map_or_else(|| Cell::Number(time_us.to_string()), |_| Cell::Text(format_timestamp(time_us)))
        }
        DataType::List(_) => {
            let values = column.as_list::<i32>().value(row);
            Cell::Texts(values.as_string::<i32>().iter().flatten().map(str::to_owned).collect())
        }
        _ => Cell::Null,
    }
}

/// A text as JSON.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// A list as JSON.
pub(super) fn listed(texts: &[String]) -> String {
    Value::from(texts).to_string()
}
