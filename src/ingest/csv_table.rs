//! CSV files, read into tables.
//!
//! The first line that is not blank names the columns, where the dialect does not. Lines are taken in blocks, which all
//! cores decode; an empty cell is a missing value.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;

use super::csv_cells::{CellsOfLine, Splitter, Wrong};
use super::dialect::{Dialect, number, number_with_comma};
use super::error::{At, IngestError, one_line, quoted};
use super::layout::{Cells, Field, Form, Layout, Role};
use super::table::{Places, Table, Texts, Time};
use crate::lines::{CELL_MOST, LINE_MOST, Line, Lines};
use crate::unpack::Unpacked;

/// The most columns that a header is looked at for; tables have fewer.
const COLUMNS_MOST: usize = 1024;

/// Lines that are decoded together, and the bytes after which there are enough of them.
const BLOCK_LINES: usize = 65_536;
const BLOCK_BYTES: usize = 8 << 20;
/// Lines of one core's share, which finds the different texts of a column anew: so it is long beside their number.
const SHARE: usize = 8192;

/// A CSV file being read.
#[derive(Debug)]
pub(super) struct CsvRows {
    path: Arc<PathBuf>,
    layout: Layout,
    fields: Vec<Field>,
    /// Columns of the file.
    columns: usize,
    separator: u8,
    lines: Lines<Unpacked>,
    block: Block,
}

impl CsvRows {
    pub(super) fn open(path: PathBuf, file: File, layout: Layout) -> Result<Self, IngestError> {
        let unreadable = |error: io::Error| IngestError::Unreadable { path: path.clone(), what: one_line(&error) };
        let mut lines = Unpacked::of(file).and_then(Lines::new).map_err(unreadable)?;
        let wrong =
            |line, (found, wanted): Wrong| IngestError::Line { path: path.clone(), at: At::Line(line), found, wanted };
        foreign(lines.ahead()).map_or(Ok(()), |found| Err(wrong(1, found)))?;
        let dialect = &layout.dialect;
        let (separator, header) = match &dialect.header {
            Some(header) => (dialect.separator.unwrap_or(b','), header.clone()),
            None => loop {
                let Some(line) = lines.next().map_err(unreadable)? else {
                    let found = ("no line".to_owned(), "a header that names the columns".to_owned());
                    return Err(wrong(1, found));
                };
                if !is_row(&line, dialect, b' ') {
                    continue;
                }
                let number = line.number;
                break text_of(&line)
                    .and_then(|text| header(text, dialect.separator))
                    .map_err(|found| wrong(number, found))?;
            },
        };
        let names = header.iter().map(String::as_str).collect::<Vec<_>>();
        let fields = layout.fields(&path, &names)?;
        let columns = names.len();
        Ok(Self { path: Arc::new(path), layout, fields, columns, separator, lines, block: Block::default() })
    }

    /// The next rows, at most `most`; none at the end.
    pub(super) fn next(&mut self, most: usize) -> Option<Table> {
        let Self { path, layout, fields, columns, separator, lines, block } = self;
        let sink = Sink { path, layout, fields, columns: *columns, separator: *separator };
        let mut table = sink.table();
        while table.time.len() < most && table.broken.is_none() {
            let ended = block.fill(lines, (&layout.dialect, *separator), most - table.time.len());
            let parts: Vec<Table> =
                block.lines.par_chunks(SHARE).map(|lines| sink.decode(lines, &block.text)).collect();
            for part in parts {
                table.append(part);
                if table.broken.is_some() {
                    break;
                }
            }
            match ended {
                Ok(false) => {}
                Ok(true) => break,
                Err(error) => {
                    let what = one_line(&error);
                    table.broken_at(table.time.len(), IngestError::Unreadable { path: path.to_path_buf(), what });
                }
            }
        }
        (!table.time.is_empty() || table.broken.is_some()).then_some(table)
    }
}

/// Lines that are decoded together.
#[derive(Debug, Default)]
struct Block {
    text: Vec<u8>,
    lines: Vec<Kept>,
}

/// A line of a block.
#[derive(Clone, Copy, Debug)]
struct Kept {
    number: u64,
    start: usize,
    end: usize,
    too_long: bool,
}

impl Block {
    /// Takes in the next rows; true at the end of the file.
    fn fill(
        &mut self,
        lines: &mut Lines<Unpacked>,
        (dialect, separator): (&Dialect, u8),
        most: usize,
    ) -> io::Result<bool> {
        self.text.clear();
        self.lines.clear();
        while self.lines.len() < most.min(BLOCK_LINES) && self.text.len() < BLOCK_BYTES {
            let Some(line) = lines.next()? else { return Ok(true) };
            if is_row(&line, dialect, separator) {
                let start = self.text.len();
                self.text.extend(line.bytes);
                self.lines.push(Kept { number: line.number, start, end: self.text.len(), too_long: line.too_long });
                // After such a line nothing is right.
                if line.too_long {
                    break;
                }
            }
        }
        Ok(false)
    }
}

/// Decodes lines.
struct Sink<'a> {
    path: &'a Arc<PathBuf>,
    layout: &'a Layout,
    fields: &'a [Field],
    columns: usize,
    separator: u8,
}

impl Sink<'_> {
    /// A table without rows.
    fn table(&self) -> Table {
        let mut table = Table::new(Arc::clone(self.path), Places::Lines(Vec::new()));
        for field in self.fields {
            match field.role {
                Role::Label => table.label = Some(Texts::default()),
                Role::Identity => table.identity = Some(Texts::default()),
                Role::Number(quantity) => table.set(quantity, Vec::new()),
                Role::Time | Role::End | Role::Subject | Role::Amplitude => {}
            }
        }
        table
    }

    /// The rows of lines, up to one that is none.
    fn decode(&self, lines: &[Kept], text: &[u8]) -> Table {
        let (mut table, mut splitter) = (self.table(), Splitter::new(self.separator));
        for (row, kept) in lines.iter().enumerate() {
            let bytes = text.get(kept.start..kept.end).unwrap_or_default();
            let line = Line { number: kept.number, bytes, too_long: kept.too_long };
            if let Err(error) = self.push(&line, &mut splitter, &mut table) {
                table.broken_at(row, error);
                break;
            }
        }
        table
    }

    fn push(&self, line: &Line<'_>, splitter: &mut Splitter, table: &mut Table) -> Result<(), IngestError> {
        let at = At::Line(line.number);
        let not_a_row = |(found, wanted): Wrong| IngestError::Line { path: self.path.to_path_buf(), at, found, wanted };
        if let Places::Lines(lines) = &mut table.places {
            lines.push(line.number);
        }
        let cells = text_of(line).and_then(|text| splitter.split(text)).map_err(not_a_row)?;
        for field in self.fields {
            self.field(field, cells, at, table)?;
        }
        if cells.len() == self.columns {
            return Ok(());
        }
        let wanted = match self.layout.dialect.header {
            Some(_) => format!("{}, as `header` has in [{}] of recording.toml", self.columns, self.layout.table),
            None => format!("{}, as in the header", self.columns),
        };
        Err(not_a_row((format!("{} cells", cells.len()), wanted)))
    }

    fn field(&self, field: &Field, cells: CellsOfLine<'_>, at: At, table: &mut Table) -> Result<(), IngestError> {
        match &field.cells {
            Cells::Column(column) if *column < cells.len() => self.cell(field, cells.get(*column), at, table),
            Cells::Columns([date, time]) => {
                let both = format!("{} {}", cells.get(*date), cells.get(*time));
                self.cell(field, both.trim(), at, table)
            }
            // A line that is too short is an error of the line.
            Cells::Column(_) => Ok(()),
            Cells::Text(text) => self.cell(field, text, at, table),
            Cells::Number(number) => {
                put_number(field.role, Some(*number), table);
                Ok(())
            }
        }
    }

    fn cell(&self, field: &Field, cell: &str, at: At, table: &mut Table) -> Result<(), IngestError> {
        if cell.len() > CELL_MOST {
            let found = format!("{} bytes in column `{}`", cell.len(), field.name);
            return Err(IngestError::Line {
                path: self.path.to_path_buf(),
                at,
                found,
                wanted: format!("at most {CELL_MOST}"),
            });
        }
        let dialect = &self.layout.dialect;
        let cell = if dialect.missing.iter().any(|missing| missing == cell) { "" } else { cell };
        let read_number = if dialect.decimal_comma { number_with_comma } else { number };
        let wrong = |wanted: String| IngestError::Cell {
            path: self.path.to_path_buf(),
            at,
            column: field.name.clone(),
            found: quoted(cell),
            wanted: wanted.into(),
        };
        match &field.form {
            Form::Text => put_text(field.role, cell, table),
            Form::Number(unit) => {
                let number = match cell {
                    "" => None,
                    _ => Some(read_number(cell).ok_or_else(|| wrong(self.layout.wanted_number(cell)))?),
                };
                let converted = unit.map_or(number, |unit| number.map(|number| unit.convert(number)));
                put_number(field.role, converted, table);
            }
            Form::Time(form) => {
                let time = match cell {
                    "" => Time::Missing,
                    _ => {
                        form.read(cell, read_number).ok_or_else(|| wrong(self.layout.wanted_time(form, field, cell)))?
                    }
                };
                if field.role == Role::End { table.end.push(time) } else { table.time.push(time) }
            }
        }
        Ok(())
    }
}

fn put_text(role: Role, cell: &str, table: &mut Table) {
    match role {
        Role::Label => table.label.get_or_insert_default().push(Some(cell)),
        Role::Identity => table.identity.get_or_insert_default().push(Some(cell)),
        _ => table.subject.push(Some(cell)),
    }
}

fn put_number(role: Role, number: Option<f64>, table: &mut Table) {
    if let Role::Number(quantity) = role {
        table.column_mut(quantity).push(number);
    }
}

/// Whether a line is neither a comment nor blank: without anything in a cell.
fn is_row(line: &Line<'_>, dialect: &Dialect, separator: u8) -> bool {
    let comment = dialect.comment.as_ref().is_some_and(|comment| line.bytes.starts_with(comment.as_bytes()));
    !comment && line.bytes.iter().any(|byte| *byte != separator && !byte.is_ascii_whitespace())
}

/// What a file is that is no CSV in UTF-8, by its first bytes.
fn foreign(ahead: &[u8]) -> Option<Wrong> {
    let wanted = |what: &str| format!("CSV in UTF-8{what}");
    match ahead {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            Some(("UTF-16 text".to_owned(), wanted("; a spreadsheet calls it `CSV UTF-8`")))
        }
        [b'P', b'A', b'R', b'1', ..] => Some(("a Parquet file".to_owned(), wanted(", or the ending `.parquet`"))),
        [b'P', b'K', 3, 4, ..] => {
            Some(("a workbook or another archive".to_owned(), wanted("; a spreadsheet saves as it")))
        }
        _ => None,
    }
}

/// The separator and the names of the columns. Where nobody says the separator, it is the comma, or what stands in a
/// header without one.
fn header(text: &str, separator: Option<u8>) -> Result<(u8, Vec<String>), Wrong> {
    let names = |separator| -> Result<Vec<String>, Wrong> {
        Splitter::new(separator).split(text).map(|cells| cells.iter().map(str::to_owned).collect())
    };
    let (mut separator, said) = (separator.unwrap_or(b','), separator.is_some());
    let mut header = names(separator)?;
    let others =
        [b';', b'\t', b'|'].into_iter().find(|sign| !said && header.len() == 1 && text.as_bytes().contains(sign));
    if let Some(other) = others {
        (separator, header) = (other, names(other)?);
    }
    if header.len() > COLUMNS_MOST {
        return Err((format!("{} columns", header.len()), format!("at most {COLUMNS_MOST}")));
    }
    Ok((separator, header))
}

/// The text of a line.
fn text_of<'a>(line: &Line<'a>) -> Result<&'a str, Wrong> {
    if line.too_long {
        return Err((format!("more than {LINE_MOST} bytes"), format!("a line of at most {LINE_MOST}")));
    }
    if line.bytes.contains(&0) {
        return Err(("a NUL byte".to_owned(), "text".to_owned()));
    }
    std::str::from_utf8(line.bytes).map_err(|error| {
        let before = line.bytes.iter().take(error.valid_up_to());
        let cell = 1 + before.filter(|byte| **byte == b',').count();
        (format!("cell {cell}, which is not UTF-8"), "UTF-8 text".to_owned())
    })
}
