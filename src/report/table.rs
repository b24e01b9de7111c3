//! A table of the operator's folder as a page holds it.

use super::ReportError;
use super::column::{ABSENT, Coding, Texts};
use crate::product::read_table;
use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMicrosecondType, UInt64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use serde_json::{Map, Value, json};
use std::path::Path;

/// A column that is being read.
#[derive(Debug, Default)]
struct Column {
    values: Vec<i64>,
    words: Texts,
    is_text: bool,
}

/// The columns of a table with these names; `None` where it has more rows than `most`.
pub(super) fn table(path: &Path, names: &[&str], most: usize) -> Result<Option<Value>, ReportError> {
    let wrong =
        |found: String| ReportError::File { path: path.to_owned(), found, wanted: "the table as a run writes it" };
    let mut columns: Vec<Column> = names.iter().map(|_| Column::default()).collect();
    let mut rows = 0;
    for batch in read_table(path)? {
        let batch = batch.map_err(|error| wrong(error.to_string()))?;
        rows += batch.num_rows();
        if rows > most {
            return Ok(None);
        }
        for (column, name) in columns.iter_mut().zip(names) {
            let values = batch.column_by_name(name).ok_or_else(|| wrong(format!("no column `{name}`")))?;
            column.take(name, values);
        }
    }
    let coded = names.iter().zip(columns).map(|(name, column)| {
        let order = u8::from(matches!(*name, "first" | "last"));
        let column = if column.is_text {
            column.words.column(&column.values, &[rows])
        } else {
            Coding { order, scale: 1.0 }.column(&column.values, &[rows])
        };
        ((*name).to_owned(), column)
    });
    Ok(Some(json!({ "rows": rows, "columns": coded.collect::<Map<String, Value>>() })))
}

impl Column {
    /// Takes the rows of a batch; numbers that name something are texts.
    fn take(&mut self, name: &str, values: &ArrayRef) {
        self.is_text = name == "track" || matches!(values.data_type(), DataType::Utf8 | DataType::List(_));
        for row in 0..values.len() {
            let value = if values.is_null(row) { ABSENT } else { self.value(values, row) };
            self.values.push(value);
        }
    }

    fn value(&mut self, values: &ArrayRef, row: usize) -> i64 {
        let whole = |value: u64| i64::try_from(value).unwrap_or(ABSENT);
        match values.data_type() {
            DataType::UInt64 if self.is_text => {
                self.words.number(&values.as_primitive::<UInt64Type>().value(row).to_string())
            }
            DataType::UInt64 => whole(values.as_primitive::<UInt64Type>().value(row)),
            DataType::Timestamp(..) => values.as_primitive::<TimestampMicrosecondType>().value(row),
            DataType::Utf8 => self.words.number(values.as_string::<i32>().value(row)),
            DataType::List(_) => {
                let list = values.as_list::<i32>().value(row);
                let texts: Vec<&str> = list.as_string::<i32>().iter().flatten().collect();
                self.words.number(&texts.join(", "))
            }
            _ => ABSENT,
        }
    }
}
