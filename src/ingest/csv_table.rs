//! CSV files, read line by line into tables.
//!
//! The first line names the columns. Spaces around cells do not count; an empty cell is a missing value.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord, Trim};

use super::arrow_table::{TIMESTAMP, timestamp};
use super::catalogue::TimeScale;
use super::error::{At, IngestError, one_line, quoted};
use super::table::{Layout, Places, Role, Table, Texts, Time};

/// A CSV file being read.
#[derive(Debug)]
pub(super) struct CsvRows {
    path: Arc<PathBuf>,
    layout: Layout,
    roles: Vec<Role>,
    reader: Reader<File>,
    record: StringRecord,
}

impl CsvRows {
    pub(super) fn open(path: PathBuf, file: File, layout: Layout) -> Result<Self, IngestError> {
        let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(file);
        let headers = reader.headers().map_err(|error| failed(&path, &error, 1))?;
        let roles = layout.roles(&path, headers.iter())?;
        Ok(Self { path: Arc::new(path), layout, roles, reader, record: StringRecord::new() })
    }

    /// The next rows, at most `most`; none at the end.
    pub(super) fn next(&mut self, most: usize) -> Option<Table> {
        let mut table = Table::new(Arc::clone(&self.path), Places::Lines(Vec::new()));
        for role in &self.roles {
            match role {
                Role::Label => table.label = Some(Texts::default()),
                Role::Identity => table.identity = Some(Vec::new()),
                Role::Number(quantity) => table.set(*quantity, Vec::new()),
                Role::Time | Role::Subject | Role::Amplitude => {}
            }
        }
        for row in 0..most {
            let line = self.reader.position().line();
            match self.reader.read_record(&mut self.record) {
                Ok(false) => break,
                Ok(true) => {
                    let line = self.record.position().map_or(line, csv::Position::line);
                    if let Err(error) = self.push(line, &mut table) {
                        table.broken_at(row, error);
                        break;
                    }
                }
                Err(error) => {
                    table.broken_at(row, failed(&self.path, &error, line));
                    break;
                }
            }
        }
        (!table.time.is_empty() || table.broken.is_some()).then_some(table)
    }

    fn push(&self, line: u64, table: &mut Table) -> Result<(), IngestError> {
        let wrong = |role: Role, cell: &str, wanted: &'static str| IngestError::Cell {
            path: self.path.to_path_buf(),
            at: At::Line(line),
            column: self.layout.name(role),
            found: quoted(cell),
            wanted,
        };
        if let Places::Lines(lines) = &mut table.places {
            lines.push(line);
        }
        for (cell, role) in self.record.iter().zip(&self.roles) {
            let number = || match cell {
                "" => Ok(None),
                _ => cell.parse::<f64>().map(Some).map_err(|_not_a_number| wrong(*role, cell, "a number")),
            };
            match role {
                Role::Time => table.time.push(match (cell, self.layout.time) {
                    ("", _) => Time::Missing,
                    (_, TimeScale::Seconds) => number()?.map_or(Time::Missing, Time::from_seconds),
                    (_, TimeScale::Timestamp) => timestamp(cell).map_err(|_quoted| wrong(*role, cell, TIMESTAMP))?,
                }),
                Role::Subject => table.subject.push(Some(cell)),
                Role::Label => {
                    if let Some(label) = &mut table.label {
                        label.push(Some(cell));
                    }
                }
                Role::Identity => {
                    if let Some(identity) = &mut table.identity {
                        identity.push(!cell.is_empty());
                    }
                }
                Role::Amplitude => {
                    number()?;
                }
                Role::Number(quantity) => table.column_mut(*quantity).push(number()?),
            }
        }
        Ok(())
    }
}

fn failed(path: &std::path::Path, error: &csv::Error, line: u64) -> IngestError {
    let path = path.to_owned();
    let at = At::Line(error.position().map_or(line, csv::Position::line));
    match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let found = format!("the line has {len} cells");
            IngestError::Line { path, at, found, wanted: format!("{expected_len}, as in the header") }
        }
        ErrorKind::Utf8 { err, .. } => {
            let found = format!("cell {} is not UTF-8", err.field() + 1);
            IngestError::Line { path, at, found, wanted: "UTF-8 text".to_owned() }
        }
        _ => IngestError::Unreadable { path, what: one_line(error) },
    }
}
