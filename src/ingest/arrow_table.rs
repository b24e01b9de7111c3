//! Arrow batches, decoded: also the second half of reading Parquet.
//!
//! Numbers come from floats and integers, text from UTF-8 in any layout, dictionaries and integers, times as the
//! catalogue's time scale says. Every other type is refused by name, before a row is read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type,
    UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Schema, TimeUnit};

use super::catalogue::TimeScale;
use super::error::{IngestError, quoted};
use super::table::{Layout, Places, Role, Table, Texts, Time};
use crate::pages::CELL_MOST;
use crate::time::parse_timestamp;

/// What each column is, once every name and type is known to fit.
pub(super) fn roles(path: &Path, schema: &Schema, layout: &Layout) -> Result<Vec<Role>, IngestError> {
    let roles = layout.roles(path, schema.fields().iter().map(|field| field.name().as_str()))?;
    for (field, role) in schema.fields().iter().zip(&roles) {
        let (fits, wanted) = fits(field.data_type(), *role, layout.time);
        if !fits {
            let found = field.data_type().to_string();
            return Err(IngestError::ColumnType { path: path.to_owned(), column: layout.name(*role), found, wanted });
        }
    }
    Ok(roles)
}

fn fits(found: &DataType, role: Role, time: TimeScale) -> (bool, &'static str) {
    let number = matches!(found, DataType::Float32 | DataType::Float64) || found.is_integer();
    let empty = *found == DataType::Null;
    match (role, time) {
        (Role::Time | Role::End, TimeScale::Timestamp) => (
            empty || is_text(found) || matches!(found, DataType::Timestamp(..)),
            "Timestamp or RFC 3339 text (recording.toml says time = \"timestamp\")",
        ),
        (Role::Time | Role::End, TimeScale::Seconds) => {
            (empty || number, "a float or an integer (recording.toml says time = \"seconds\")")
        }
        (Role::Subject | Role::Label | Role::Identity, _) => {
            (empty || is_text(found) || found.is_integer(), "text or an integer")
        }
        (Role::Amplitude | Role::Number(_), _) => (empty || number, "a float or an integer"),
    }
}

fn is_text(found: &DataType) -> bool {
    match found {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => matches!(**value, DataType::Utf8 | DataType::LargeUtf8),
        _ => false,
    }
}

/// Decodes a batch whose columns are known to fit `roles`.
pub(super) fn decode(
    path: &Arc<PathBuf>,
    batch: &RecordBatch,
    roles: &[Role],
    layout: &Layout,
    places: Places,
) -> Table {
    let mut table = Table::new(Arc::clone(path), places);
    for (array, role) in batch.columns().iter().zip(roles) {
        let array = array.as_ref();
        match role {
            Role::Time => table.time = times(array, layout, *role, &mut table),
            Role::End => table.end = times(array, layout, *role, &mut table),
            Role::Subject => table.subject = text(array, layout.name(*role), &mut table),
            Role::Label => table.label = Some(text(array, layout.name(*role), &mut table)),
            Role::Identity => table.identity = Some(text(array, layout.name(*role), &mut table)),
            Role::Amplitude => {}
            Role::Number(quantity) => table.set(*quantity, numbers(array).collect()),
        }
    }
    table
}

fn times(array: &dyn Array, layout: &Layout, role: Role, table: &mut Table) -> Vec<Time> {
    match layout.time {
        TimeScale::Seconds => seconds(array, layout.name(role), table),
        TimeScale::Timestamp => timestamps(array, layout.name(role), table),
    }
}

fn seconds(array: &dyn Array, column: &'static str, table: &mut Table) -> Vec<Time> {
    // From here on the steps of a float32 are longer than a millisecond.
    const COARSE_S: f32 = 16_384.0;
    let coarse = |cell: Option<f32>| cell.filter(|s| s.is_finite() && s.abs() >= COARSE_S);
    if let Some(cells) = array.as_primitive_opt::<Float32Type>()
        && let Some((row, found)) = cells.iter().enumerate().find_map(|(row, cell)| Some((row, coarse(cell)?)))
    {
        let step_s = found.abs().next_up() - found.abs();
        let found = format!("{found} in a float32, whose steps there are {step_s} s");
        let (path, at, wanted) = (table.path.to_path_buf(), table.at(row), "steps of at most a millisecond: a float64");
        table.broken_at(row, IngestError::Cell { path, at, column, found, wanted });
    }
    numbers(array).map(|cell| cell.map_or(Time::Missing, Time::from_seconds)).collect()
}

fn timestamps(array: &dyn Array, column: &'static str, table: &mut Table) -> Vec<Time> {
    fn scaled<T: ArrowPrimitiveType<Native = i64>>(array: &dyn Array, to_us: impl Fn(i64) -> Option<i64>) -> Vec<Time> {
        let instant =
            |value: i64| to_us(value).map_or(Time::Bad(value as f64, super::Reason::TimeBeyondLimits), Time::from_us);
        array.as_primitive::<T>().iter().map(|cell| cell.map_or(Time::Missing, instant)).collect()
    }
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => scaled::<TimestampSecondType>(array, |s| s.checked_mul(1_000_000)),
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            scaled::<TimestampMillisecondType>(array, |ms| ms.checked_mul(1_000))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => scaled::<TimestampMicrosecondType>(array, Some),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            scaled::<TimestampNanosecondType>(array, |ns| Some(ns.div_euclid(1_000)))
        }
        _ => {
            let mut times = Vec::with_capacity(array.len());
            for (row, cell) in texts(array).enumerate() {
                let time = cell.filter(|text| !text.is_empty()).map_or(Ok(Time::Missing), |text| timestamp(&text));
                match time {
                    Ok(time) => times.push(time),
                    Err(found) => {
                        let path = table.path.to_path_buf();
                        let error = IngestError::Cell { path, at: table.at(row), column, found, wanted: TIMESTAMP };
                        table.broken_at(row, error);
                        break;
                    }
                }
            }
            times
        }
    }
}

/// What a timestamp in text must be.
pub(super) const TIMESTAMP: &str = "an RFC 3339 instant with its zone, such as 2018-08-01T05:27:30Z";

/// Reads a timestamp, or gives the text for an error.
pub(super) fn timestamp(text: &str) -> Result<Time, String> {
    parse_timestamp(text).map(Time::from_us).ok_or_else(|| quoted(text))
}

type Cells<'a, T> = Box<dyn Iterator<Item = Option<T>> + 'a>;

fn numbers(array: &dyn Array) -> Cells<'_, f64> {
    fn of<'a, T: ArrowPrimitiveType>(array: &'a dyn Array, to: impl Fn(T::Native) -> f64 + 'a) -> Cells<'a, f64> {
        Box::new(array.as_primitive::<T>().iter().map(move |cell| cell.map(&to)))
    }
    match array.data_type() {
        DataType::Float64 => of::<Float64Type>(array, |v| v),
        DataType::Float32 => of::<Float32Type>(array, f64::from),
        DataType::Int8 => of::<Int8Type>(array, f64::from),
        DataType::Int16 => of::<Int16Type>(array, f64::from),
        DataType::Int32 => of::<Int32Type>(array, f64::from),
        DataType::Int64 => of::<Int64Type>(array, |v| v as f64),
        DataType::UInt8 => of::<UInt8Type>(array, f64::from),
        DataType::UInt16 => of::<UInt16Type>(array, f64::from),
        DataType::UInt32 => of::<UInt32Type>(array, f64::from),
        DataType::UInt64 => of::<UInt64Type>(array, |v| v as f64),
        _ => Box::new(std::iter::repeat_n(None, array.len())),
    }
}

fn text(array: &dyn Array, name: &'static str, table: &mut Table) -> Texts {
    let mut column = Texts::default();
    for (row, cell) in texts(array).enumerate() {
        let length = cell.as_deref().map_or(0, str::len);
        if length > CELL_MOST {
            let (path, at) = (table.path.to_path_buf(), table.at(row));
            let found = format!("{length} bytes in column `{name}`");
            table.broken_at(row, IngestError::Line { path, at, found, wanted: format!("at most {CELL_MOST}") });
            break;
        }
        column.push(cell.as_deref());
    }
    column
}

fn texts(array: &dyn Array) -> Cells<'_, std::borrow::Cow<'_, str>> {
    use std::borrow::Cow;
    fn of<T: ArrowPrimitiveType>(array: &dyn Array) -> Cells<'_, Cow<'_, str>>
    where
        T::Native: std::fmt::Display,
    {
        Box::new(array.as_primitive::<T>().iter().map(|cell| cell.map(|number| Cow::Owned(number.to_string()))))
    }
    match array.data_type() {
        DataType::Utf8 => Box::new(array.as_string::<i32>().iter().map(|cell| cell.map(Cow::Borrowed))),
        DataType::LargeUtf8 => Box::new(array.as_string::<i64>().iter().map(|cell| cell.map(Cow::Borrowed))),
        DataType::Utf8View => Box::new(array.as_string_view().iter().map(|cell| cell.map(Cow::Borrowed))),
        DataType::Dictionary(..) => dictionary(array),
        DataType::Int8 => of::<Int8Type>(array),
        DataType::Int16 => of::<Int16Type>(array),
        DataType::Int32 => of::<Int32Type>(array),
        DataType::Int64 => of::<Int64Type>(array),
        DataType::UInt8 => of::<UInt8Type>(array),
        DataType::UInt16 => of::<UInt16Type>(array),
        DataType::UInt32 => of::<UInt32Type>(array),
        DataType::UInt64 => of::<UInt64Type>(array),
        _ => Box::new(std::iter::repeat_n(None, array.len())),
    }
}

fn dictionary(array: &dyn Array) -> Cells<'_, std::borrow::Cow<'_, str>> {
    let Some(dictionary) = array.as_any_dictionary_opt().filter(|dictionary| !dictionary.values().is_empty()) else {
        return Box::new(std::iter::repeat_n(None, array.len()));
    };
    let values = texts(dictionary.values().as_ref()).collect::<Vec<_>>();
    let keys = dictionary.normalized_keys();
    let cell = move |(row, key): (usize, usize)| {
        if dictionary.keys().is_null(row) { None } else { values.get(key).cloned().flatten() }
    };
    Box::new(keys.into_iter().enumerate().map(cell))
}
