//! CSV (RFC 4180): all columns of the picture under their names, a line each row; lines end with a line feed.
//!
//! An empty cell is withheld or not known. Lists are JSON arrays, so that an empty list is told from none.

use std::io::Write;

use super::ExportError;
use super::cells::{Cell, cell, is_plain, listed};
use super::source::Source;
use crate::product::NewFile;

/// Writes the file.
pub(super) fn write(source: &Source<'_>, out: &mut NewFile) -> Result<(), ExportError> {
    let fields = source.schema().fields().iter().filter(|field| is_plain(field));
    let names: Vec<&str> = fields.map(|field| field.name().as_str()).collect();
    writeln!(out, "{}", names.join(","))?;
    for batch in source.batches()? {
        let batch = batch?;
        let schema = batch.schema();
        let columns = schema.fields().iter().zip(batch.columns()).filter(|(field, _)| is_plain(field));
        let columns: Vec<_> = columns.map(|(_, column)| column).collect();
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = columns.iter().map(|column| text(cell(column, row))).collect();
            writeln!(out, "{}", cells.join(","))?;
        }
    }
    Ok(())
}

fn text(cell: Cell) -> String {
    let text = match cell {
        Cell::Null => return String::new(),
        Cell::Number(text) => return text,
        Cell::Truth(truth) => return truth.to_string(),
        Cell::Count(count) => return count.to_string(),
        Cell::Text(text) => text,
        Cell::Texts(texts) => listed(&texts),
    };
    // An empty text is told from none by its quotes.
    let plain = !text.is_empty() && !text.contains(['"', ',', '\n', '\r']);
    if plain { text } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}
