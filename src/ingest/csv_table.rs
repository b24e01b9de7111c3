//! CSV files, read line by line into tables.
//!
//! The first line that is not blank names the columns. Spaces around cells do not count; an empty cell is a missing
//! value. A cell may stand in quotes, a quote in it doubled; no cell goes on to the next line, so that a quote that is
//! not closed is an error where it begins rather than the loss of all that follows.

use std::borrow::Cow;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use super::arrow_table::{TIMESTAMP, timestamp};
use super::catalogue::TimeScale;
use super::error::{At, IngestError, one_line, quoted};
use super::table::{Layout, Places, Role, Table, Texts, Time};
use crate::lines::{LINE_MOST, Line, Lines};
use crate::pages::CELL_MOST;

/// The most columns that a header is looked at for; tables have fewer.
const COLUMNS_MOST: usize = 1024;

/// A CSV file being read.
#[derive(Debug)]
pub(super) struct CsvRows {
    path: Arc<PathBuf>,
    layout: Layout,
    roles: Vec<Role>,
    lines: Lines<File>,
}

/// What is wrong with a line: what was found, what was wanted.
type Wrong = (String, String);

impl CsvRows {
    pub(super) fn open(path: PathBuf, file: File, layout: Layout) -> Result<Self, IngestError> {
        let unreadable = |error: std::io::Error| IngestError::Unreadable { path: path.clone(), what: one_line(&error) };
        let mut lines = Lines::new(file).map_err(unreadable)?;
        let wrong =
            |line, (found, wanted): Wrong| IngestError::Line { path: path.clone(), at: At::Line(line), found, wanted };
        foreign(lines.ahead()).map_or(Ok(()), |found| Err(wrong(1, found)))?;
        let roles = loop {
            let Some(line) = lines.next().map_err(unreadable)? else {
                let found = ("no line".to_owned(), "a header that names the columns".to_owned());
                return Err(wrong(1, found));
            };
            let number = line.number;
            let text = text_of(&line).map_err(|found| wrong(number, found))?;
            if text.trim().is_empty() {
                continue;
            }
            let cells = cells_of(text).map_err(|found| wrong(number, found))?.collect::<Vec<_>>();
            header(&cells).map_err(|found| wrong(number, found))?;
            break layout.roles(&path, cells.iter().map(AsRef::as_ref))?;
        };
        Ok(Self { path: Arc::new(path), layout, roles, lines })
    }

    /// The next rows, at most `most`; none at the end.
    pub(super) fn next(&mut self, most: usize) -> Option<Table> {
        let mut table = Table::new(Arc::clone(&self.path), Places::Lines(Vec::new()));
        for role in &self.roles {
            match role {
                Role::Label => table.label = Some(Texts::default()),
                Role::Identity => table.identity = Some(Texts::default()),
                Role::Number(quantity) => table.set(*quantity, Vec::new()),
                Role::Time | Role::End | Role::Subject | Role::Amplitude => {}
            }
        }
        let (path, sink) = (&self.path, Sink { path: &self.path, layout: &self.layout, roles: &self.roles });
        let mut row = 0;
        while row < most {
            let pushed = match self.lines.next() {
                Ok(None) => break,
                Ok(Some(line)) if line.bytes.trim_ascii().is_empty() => continue,
                Ok(Some(line)) => sink.push(&line, &mut table),
                Err(error) => Err(IngestError::Unreadable { path: path.to_path_buf(), what: one_line(&error) }),
            };
            if let Err(error) = pushed {
                table.broken_at(row, error);
                break;
            }
            row += 1;
        }
        (!table.time.is_empty() || table.broken.is_some()).then_some(table)
    }
}

/// Takes lines into a table.
struct Sink<'a> {
    path: &'a PathBuf,
    layout: &'a Layout,
    roles: &'a [Role],
}

impl Sink<'_> {
    fn push(&self, line: &Line<'_>, table: &mut Table) -> Result<(), IngestError> {
        let at = At::Line(line.number);
        let not_a_row = |(found, wanted): Wrong| IngestError::Line { path: self.path.clone(), at, found, wanted };
        if let Places::Lines(lines) = &mut table.places {
            lines.push(line.number);
        }
        let text = text_of(line).map_err(not_a_row)?;
        let mut cells = cells_of(text).map_err(not_a_row)?;
        for (column, role) in self.roles.iter().enumerate() {
            let Some(cell) = cells.next() else { return Err(not_a_row(self.unequal(column))) };
            if cell.len() > CELL_MOST {
                let found = format!("{} bytes in column `{}`", cell.len(), self.layout.name(*role));
                return Err(not_a_row((found, format!("at most {CELL_MOST}"))));
            }
            self.cell(&cell, *role, at, table)?;
        }
        match cells.count() {
            0 => Ok(()),
            more => Err(not_a_row(self.unequal(self.roles.len() + more))),
        }
    }

    fn unequal(&self, found: usize) -> Wrong {
        (format!("{found} cells"), format!("{}, as in the header", self.roles.len()))
    }

    fn cell(&self, cell: &str, role: Role, at: At, table: &mut Table) -> Result<(), IngestError> {
        let wrong = |wanted| IngestError::Cell {
            path: self.path.clone(),
            at,
            column: self.layout.name(role),
            found: quoted(cell),
            wanted,
        };
        let number = || match cell {
            "" => Ok(None),
            _ => cell.parse::<f64>().map(Some).map_err(|_not_a_number| wrong("a number")),
        };
        match role {
            Role::Time | Role::End => {
                let time = match (cell, self.layout.time) {
                    ("", _) => Time::Missing,
                    (_, TimeScale::Seconds) => number()?.map_or(Time::Missing, Time::from_seconds),
                    (_, TimeScale::Timestamp) => timestamp(cell).map_err(|_quoted| wrong(TIMESTAMP))?,
                };
                if role == Role::End { table.end.push(time) } else { table.time.push(time) }
            }
            Role::Subject => table.subject.push(Some(cell)),
            Role::Label => {
                if let Some(label) = &mut table.label {
                    label.push(Some(cell));
                }
            }
            Role::Identity => {
                if let Some(identity) = &mut table.identity {
                    identity.push(Some(cell));
                }
            }
            Role::Amplitude => {
                number()?;
            }
            Role::Number(quantity) => table.column_mut(quantity).push(number()?),
        }
        Ok(())
    }
}

/// What a file is that is no CSV in UTF-8, by its first bytes.
fn foreign(ahead: &[u8]) -> Option<Wrong> {
    let wanted = |what: &str| format!("CSV in UTF-8{what}");
    match ahead {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            Some(("UTF-16 text".to_owned(), wanted("; a spreadsheet calls it `CSV UTF-8`")))
        }
        [0x1f, 0x8b, ..] => Some(("a file compressed by gzip".to_owned(), wanted(", decompressed"))),
        [b'P', b'A', b'R', b'1', ..] => Some(("a Parquet file".to_owned(), wanted(", or the ending `.parquet`"))),
        _ => None,
    }
}

fn header(cells: &[Cow<'_, str>]) -> Result<(), Wrong> {
    if cells.len() > COLUMNS_MOST {
        return Err((format!("{} columns", cells.len()), format!("at most {COLUMNS_MOST}")));
    }
    if let [only] = cells
        && let Some(sign) = [';', '\t', '|'].into_iter().find(|sign| only.contains(*sign))
    {
        let found = format!("columns apart by `{}`", sign.escape_default());
        return Err((found, "a comma between columns, and a point in numbers".to_owned()));
    }
    match cells.iter().position(|cell| cell.is_empty()) {
        Some(column) => {
            let wanted = "a name for each (pandas: `to_csv(…, index=False)`), and no comma after the last";
            Err((format!("no name for column {}", column + 1), wanted.to_owned()))
        }
        None => Ok(()),
    }
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

/// The cells of a line, without the spaces and quotes around them.
fn cells_of(text: &str) -> Result<Cells<'_>, Wrong> {
    if !text.contains('"') {
        return Ok(Cells::Plain(text.split(',')));
    }
    let (mut cells, mut rest) = (Vec::new(), text);
    loop {
        let Some(quote) = rest.trim_start().strip_prefix('"') else {
            let (cell, after) = rest.split_once(',').map_or((rest, None), |(cell, after)| (cell, Some(after)));
            if cell.contains('"') {
                let found = format!("a quote within cell {}, {}", cells.len() + 1, quoted(cell.trim()));
                return Err((found, "the whole cell in quotes, and every quote in it twice".to_owned()));
            }
            cells.push(Cow::Borrowed(cell.trim()));
            match after {
                Some(after) => rest = after,
                None => break,
            }
            continue;
        };
        let (cell, after) = unquoted(quote).ok_or_else(|| {
            let found = format!("a quote that begins cell {} and is not closed on its line", cells.len() + 1);
            (found, "a quote at the end of the cell; no cell goes on to the next line".to_owned())
        })?;
        cells.push(cell);
        match after.trim_start().strip_prefix(',') {
            Some(after) => rest = after,
            None if after.trim().is_empty() => break,
            None => {
                let found = format!("{} after the quote that closes cell {}", quoted(after.trim()), cells.len());
                return Err((found, "a comma; a quote within a cell stands twice".to_owned()));
            }
        }
    }
    Ok(Cells::Quoted(cells.into_iter()))
}

/// The cell that a quote has begun, and what follows the quote that closes it; `None` if none does.
fn unquoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let (first, mut after) = text.split_once('"')?;
    let mut cell = Cow::Borrowed(first);
    while let Some(more) = after.strip_prefix('"') {
        let (part, rest) = more.split_once('"')?;
        cell.to_mut().push('"');
        cell.to_mut().push_str(part);
        after = rest;
    }
    let cell = match cell {
        Cow::Borrowed(cell) => Cow::Borrowed(cell.trim()),
        Cow::Owned(cell) => Cow::Owned(cell.trim().to_owned()),
    };
    Some((cell, after))
}

enum Cells<'a> {
    Plain(std::str::Split<'a, char>),
    Quoted(std::vec::IntoIter<Cow<'a, str>>),
}

impl<'a> Iterator for Cells<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Plain(cells) => cells.next().map(|cell| Cow::Borrowed(cell.trim())),
            Self::Quoted(cells) => cells.next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_cells_together_and_spaces_outside_them_do_not_count() {
        let cells = |text| cells_of(text).map(Iterator::collect::<Vec<_>>).map_err(|(found, _)| found);
        let sound: [(&str, &[&str]); 6] = [
            ("a, b ,,", &["a", "b", "", ""]),
            (r#""a" , "b,c" ,d"#, &["a", "b,c", "d"]),
            (r#""","a""b""","""""#, &["", r#"a"b""#, r#"""#]),
            (r#"" a ""#, &["a"]),
            (r#""a","#, &["a", ""]),
            ("", &[""]),
        ];
        for (text, wanted) in sound {
            assert_eq!(cells(text).expect("cells"), wanted, "{text}");
        }
        for (text, wanted) in [
            (r#"a,"b,c"#, "a quote that begins cell 2 and is not closed on its line"),
            (r#"a,"b""#, ""),
            (r#"a,b"c"#, r#"a quote within cell 2, `b\"c`"#),
            (r#""a"b,c"#, "`b,c` after the quote that closes cell 1"),
            (r#""a"","#, "a quote that begins cell 1 and is not closed on its line"),
        ] {
            assert_eq!(cells(text).err().unwrap_or_default(), wanted, "{text}");
        }
    }
}
