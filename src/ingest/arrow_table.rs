//! Arrow batches, decoded: also the second half of reading Parquet.
//!
//! Numbers come from floats, integers and decimals, text from UTF-8 in any layout, dictionaries and integers, times as the
//! catalogue's time scale says. Every other type is refused by name, before a row is read.

use std::borrow::Cow;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type,
    UInt16Type, UInt32Type, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Schema, TimeUnit};

use super::catalogue::{Catalogue, TimeScale};
use super::detections::Detections;
use super::dialect::{TimeForm, Unit, number};
use super::error::{IngestError, quoted};
use super::layout::{Cells, Field, Form, Layout, Role};
use super::report::IngestReport;
use super::rows::{Intake, Options};
use super::table::{Places, Table, Texts, Time};
use crate::lines::CELL_MOST;

impl Detections {
    /// Detections in the columns that a `detections.parquet` has, without a file.
    ///
    /// # Errors
    /// As [`Reader`](super::Reader) has them.
    pub fn from_record_batch(
        batch: &RecordBatch,
        catalogue: &Catalogue,
        options: Options,
    ) -> Result<(Self, IngestReport), IngestError> {
        let path = Arc::new(PathBuf::from("record batch"));
        let layout = Layout::detections(catalogue.frame, catalogue.time, &catalogue.dialects.detections);
        let fields = fields(&path, &batch.schema(), &layout)?;
        let table = decode(&path, batch, &fields, &layout, Places::Rows(0));
        let mut intake = Intake::new(path.to_path_buf(), options);
        intake.keeps.identities = true;
        let detections = intake.take(table, catalogue)?;
        Ok((detections, intake.report))
    }
}

/// Where the columns are in a batch, once every name and type is known to fit.
pub(super) fn fields(path: &Path, schema: &Schema, layout: &Layout) -> Result<Vec<Field>, IngestError> {
    let names = schema.fields().iter().map(|field| field.name().as_str()).collect::<Vec<_>>();
    let fields = layout.fields(path, &names)?;
    for field in &fields {
        for column in field.cells.columns() {
            let found = schema.field(*column);
            if let Err(wanted) = fits(found.data_type(), field, layout) {
                let (column, found) = (found.name().clone(), found.data_type().to_string());
                return Err(IngestError::ColumnType { path: path.to_owned(), column, found, wanted });
            }
        }
    }
    Ok(fields)
}

/// Whether a type holds the cells of a column, or what would.
fn fits(found: &DataType, field: &Field, layout: &Layout) -> Result<(), String> {
    let decimal = matches!(found, DataType::Decimal128(_, 0..=22));
    let number = matches!(found, DataType::Float32 | DataType::Float64) || found.is_integer() || decimal;
    let time = matches!(found, DataType::Timestamp(..)) && matches!(field.cells, Cells::Column(_));
    let says = match layout.time {
        TimeScale::Timestamp => "recording.toml says time = \"timestamp\"",
        TimeScale::Seconds => "recording.toml says time = \"seconds\"",
    };
    let (fits, wanted) = match &field.form {
        Form::Time(TimeForm::Text { .. }) => {
            let unit = format!("{} = {{ column = \"{}\", unit = \"s\" }}", layout.name(field.role), field.name);
            let table = layout.table;
            let wanted =
                format!("Timestamp or RFC 3339 text ({says}), or {unit} in [{table}.columns] for numbers since 1970");
            (time || is_text(found), wanted)
        }
        Form::Time(TimeForm::Number(_)) => (number && !decimal, format!("a float or an integer ({says})")),
        Form::Text => (is_text(found) || found.is_integer(), "text or an integer".to_owned()),
        Form::Number(_) => (number, "a float or an integer".to_owned()),
    };
    if fits || *found == DataType::Null { Ok(()) } else { Err(wanted) }
}

fn is_text(found: &DataType) -> bool {
    match found {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, value) => matches!(**value, DataType::Utf8 | DataType::LargeUtf8),
        _ => false,
    }
}

/// Decodes a batch whose columns are known to fit `fields`.
pub(super) fn decode(
    path: &Arc<PathBuf>,
    batch: &RecordBatch,
    fields: &[Field],
    layout: &Layout,
    places: Places,
) -> Table {
    let (mut table, rows) = (Table::new(Arc::clone(path), places), batch.num_rows());
    for field in fields {
        let array = field.cells.columns().first().and_then(|column| batch.columns().get(*column)).map(AsRef::as_ref);
        let texts = || -> Column<'_, Cow<'_, str>> {
            match (&field.cells, array) {
                (Cells::Columns([_, time]), Some(date)) => match batch.columns().get(*time) {
                    Some(time) => Box::new(texts(date).zip(texts(time.as_ref())).map(joined)),
                    None => Box::new(iter::repeat_n(None, rows)),
                },
                (Cells::Text(text), _) => Box::new(iter::repeat_n(Some(Cow::Borrowed(text.as_str())), rows)),
                (_, Some(array)) => texts(array),
                (_, None) => Box::new(iter::repeat_n(None, rows)),
            }
        };
        let texts = || texts().map(|cell| cell.filter(|cell| !layout.dialect.missing.iter().any(|none| none == cell)));
        match (&field.form, field.role) {
            (Form::Time(form), role) => {
                let times = match form {
                    TimeForm::Number(unit) => {
                        array.map_or_else(Vec::new, |array| numbered(array, *unit, field, &mut table))
                    }
                    TimeForm::Text { ahead_us, .. } => array
                        .and_then(|array| timestamps(array, ahead_us.unwrap_or(0)))
                        .unwrap_or_else(|| written(texts(), form, (field, layout), &mut table)),
                };
                if role == Role::End { table.end = times } else { table.time = times }
            }
            (Form::Text, Role::Label) => table.label = Some(text(texts(), field, &mut table)),
            (Form::Text, Role::Identity) => table.identity = Some(text(texts(), field, &mut table)),
            (Form::Text, _) => table.subject = text(texts(), field, &mut table),
            (Form::Number(unit), Role::Number(quantity)) => {
                let cells: Column<'_, f64> = match (&field.cells, array) {
                    (Cells::Number(number), _) => Box::new(iter::repeat_n(Some(*number), rows)),
                    (_, Some(array)) => numbers(array),
                    (_, None) => Box::new(iter::repeat_n(None, rows)),
                };
                let convert = |number| unit.map_or(number, |unit| unit.convert(number));
                table.set(quantity, cells.map(|cell| cell.map(convert)).collect());
            }
            (Form::Number(_), _) => {}
        }
    }
    table
}

/// A date and a time of day as one text; nothing where both are nothing.
fn joined<'a>((date, time): (Option<Cow<'a, str>>, Option<Cow<'a, str>>)) -> Option<Cow<'a, str>> {
    (date.is_some() || time.is_some())
        .then(|| Cow::Owned(format!("{} {}", date.unwrap_or_default(), time.unwrap_or_default())))
}

fn numbered(array: &dyn Array, unit: Unit, field: &Field, table: &mut Table) -> Vec<Time> {
    const COARSE_US: f64 = 1000.0;
    let step = |number: f32| unit.convert(f64::from(number.abs().next_up()) - f64::from(number.abs()));
    let coarse = |cell: Option<f32>| cell.filter(|number| number.is_finite() && step(*number) > COARSE_US);
    if let Some(cells) = array.as_primitive_opt::<Float32Type>()
        && let Some((row, found)) = cells.iter().enumerate().find_map(|(row, cell)| Some((row, coarse(cell)?)))
    {
        let found = format!("{found} in a float32, whose steps there are {} s", step(found) * 1e-6);
        let (path, at, column) = (table.path.to_path_buf(), table.at(row), field.name.clone());
        let wanted = "steps of at most a millisecond: a float64".into();
        table.broken_at(row, IngestError::Cell { path, at, column, found, wanted });
    }
    numbers(array).map(|cell| cell.map_or(Time::Missing, |number| Time::of(number, unit))).collect()
}

/// The times of a column of timestamps, so far ahead of UTC where the column says no zone; `None` if it is no such column.
fn timestamps(array: &dyn Array, ahead_us: i64) -> Option<Vec<Time>> {
    fn scaled<T: ArrowPrimitiveType<Native = i64>>(
        array: &dyn Array,
        ahead_us: i64,
        to_us: impl Fn(i64) -> Option<i64>,
    ) -> Vec<Time> {
        let instant = |value: i64| {
            let us = to_us(value).and_then(|us| us.checked_sub(ahead_us));
            us.map_or(Time::Bad(value as f64, super::Reason::TimeBeyondLimits), Time::from_us)
        };
        array.as_primitive::<T>().iter().map(|cell| cell.map_or(Time::Missing, instant)).collect()
    }
    let DataType::Timestamp(unit, zone) = array.data_type() else { return None };
    let ahead_us = if zone.is_some() { 0 } else { ahead_us };
    Some(match unit {
        TimeUnit::Second => scaled::<TimestampSecondType>(array, ahead_us, |s| s.checked_mul(1_000_000)),
        TimeUnit::Millisecond => scaled::<TimestampMillisecondType>(array, ahead_us, |ms| ms.checked_mul(1_000)),
        TimeUnit::Microsecond => scaled::<TimestampMicrosecondType>(array, ahead_us, Some),
        TimeUnit::Nanosecond => scaled::<TimestampNanosecondType>(array, ahead_us, |ns| Some(ns.div_euclid(1_000))),
    })
}

/// The times of a column of text.
fn written<'a>(
    texts: impl Iterator<Item = Option<Cow<'a, str>>>,
    form: &TimeForm,
    (field, layout): (&Field, &Layout),
    table: &mut Table,
) -> Vec<Time> {
    let mut times = Vec::new();
    for (row, cell) in texts.enumerate() {
        let Some(text) = cell.filter(|text| !text.is_empty()) else {
            times.push(Time::Missing);
            continue;
        };
        let Some(time) = form.read(&text, number) else {
            let (path, at, column) = (table.path.to_path_buf(), table.at(row), field.name.clone());
            let (found, wanted) = (quoted(&text), layout.wanted_time(form, field, &text).into());
            table.broken_at(row, IngestError::Cell { path, at, column, found, wanted });
            break;
        };
        times.push(time);
    }
    times
}

/// Cells of a column.
type Column<'a, T> = Box<dyn Iterator<Item = Option<T>> + 'a>;

fn numbers(array: &dyn Array) -> Column<'_, f64> {
    fn of<'a, T: ArrowPrimitiveType>(array: &'a dyn Array, to: impl Fn(T::Native) -> f64 + 'a) -> Column<'a, f64> {
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
        // Up to 2⁵³ and 22 places both are exact, and one division rounds once.
        DataType::Decimal128(_, places) => {
            let ten = 10_f64.powi(i32::from(*places));
            of::<Decimal128Type>(array, move |v| v as f64 / ten)
        }
        _ => Box::new(iter::repeat_n(None, array.len())),
    }
}

fn text<'a>(texts: impl Iterator<Item = Option<Cow<'a, str>>>, field: &Field, table: &mut Table) -> Texts {
    let mut column = Texts::default();
    for (row, cell) in texts.enumerate() {
        let length = cell.as_deref().map_or(0, str::len);
        if length > CELL_MOST {
            let (path, at) = (table.path.to_path_buf(), table.at(row));
            let found = format!("{length} bytes in column `{}`", field.name);
            table.broken_at(row, IngestError::Line { path, at, found, wanted: format!("at most {CELL_MOST}") });
            break;
        }
        column.push(cell.as_deref());
    }
    column
}

fn texts(array: &dyn Array) -> Column<'_, Cow<'_, str>> {
    fn of<T: ArrowPrimitiveType>(array: &dyn Array) -> Column<'_, Cow<'_, str>>
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
        _ => Box::new(iter::repeat_n(None, array.len())),
    }
}

fn dictionary(array: &dyn Array) -> Column<'_, Cow<'_, str>> {
    let Some(dictionary) = array.as_any_dictionary_opt().filter(|dictionary| !dictionary.values().is_empty()) else {
        return Box::new(iter::repeat_n(None, array.len()));
    };
    let values = texts(dictionary.values().as_ref()).collect::<Vec<_>>();
    let keys = dictionary.normalized_keys();
    let cell = move |(row, key): (usize, usize)| {
        if dictionary.keys().is_null(row) { None } else { values.get(key).cloned().flatten() }
    };
    Box::new(keys.into_iter().enumerate().map(cell))
}
