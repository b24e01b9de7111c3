//! What can be wrong with a recording: where it is, what was found, what was wanted.

use std::fmt;
use std::path::PathBuf;

use serde::{Serialize, Serializer};

use super::report::Reason;

use crate::formats::Format;

/// Where in a table a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// Line of a CSV file; the header is line 1.
    Line(u64),
    /// Row of a Parquet file; both count from 0, as other Parquet tools do.
    RowGroup {
        /// The row group.
        row_group: usize,
        /// The row in it.
        row: u64,
    },
    /// Row of an array or batch in memory, from 0.
    Row(u64),
    /// Report in a file of others.
    Report {
        /// Which of the files of the recording, from 1.
        file: u32,
        /// Its format, which says what is counted: octets from 0, lines or points from 1.
        #[serde(rename = "unit", serialize_with = "counted")]
        format: Format,
        /// The count.
        at: u64,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn counted<S: Serializer>(format: &Format, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(format.unit())
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::RowGroup { row_group, row } => write!(f, "row group {row_group}, row {row}"),
            Self::Row(row) => write!(f, "row {row}"),
            Self::Report { file, format, at } => write!(f, "{} {at} of file {file}", format.unit()),
        }
    }
}

/// Why a recording cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IngestError {
    /// A file cannot be opened or read.
    #[error("{}: cannot be read: {what}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system or the format's reader says.
        what: String,
    },
    /// A file was written to while it was being read.
    #[error(
        "{} changed while it was read: found {found}, wanted {wanted} as at first; nothing was written: run again on a \
         recording that nobody writes to",
        path.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// What it holds.
        found: String,
        /// What it held before it was first read.
        wanted: String,
    },
    /// Rows that are being sorted cannot be held on disk.
    #[error("{}: rows cannot be sorted on this disk: {what}; wanted room for the recording once more", folder.display())]
    Unsorted {
        /// The folder that holds them, or the file that they are from.
        folder: PathBuf,
        /// What the system says.
        what: String,
    },
    /// A file cannot be written.
    #[error("{}: cannot be written: {what}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system or the format's writer says.
        what: String,
    },
    /// A folder lacks a table.
    #[error(
        "{}: found neither `{stem}.parquet` nor `{stem}.csv`; wanted one of them, or `{stem}.csv.gz` or `{stem}.csv.zst`",
        folder.display()
    )]
    NoTable {
        /// The folder.
        folder: PathBuf,
        /// The name without its ending.
        stem: &'static str,
    },
    /// A recording has a table of detections, and files of others in place of one.
    #[error("{}: found beside files in [[import]] of recording.toml; wanted one of the two", path.display())]
    TableBesideImports {
        /// The table.
        path: PathBuf,
    },
    /// Reports have x and y from a point that nobody says.
    #[error(
        "{}: found x and y of sensor {}, and nowhere the point that they are counted from; wanted it in `origins` of the \
         file in [[import]], or --origin {sensor}=LATITUDE,LONGITUDE,ALTITUDE of trackweave import",
        path.display(),
        quoted(sensor)
    )]
    NoOrigin {
        /// The file.
        path: PathBuf,
        /// The sensor.
        sensor: String,
    },
    /// A folder has a table that no sensor asks for.
    #[error(
        "{}: found a table of looks, which no sensor has; wanted looks = \"listed\" for a sensor in recording.toml, or no \
         such file",
        path.display()
    )]
    UnaskedLooks {
        /// The table.
        path: PathBuf,
    },
    /// A folder has a table twice.
    #[error("{}: found {found}; wanted one of them", folder.display())]
    TwoTables {
        /// The folder.
        folder: PathBuf,
        /// The files.
        found: String,
    },
    /// The catalogue is not TOML, or a key is unknown, missing or of another type.
    #[error("{}:{line}: {what}", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the TOML reader found and wanted.
        what: String,
    },
    /// A value in the catalogue cannot be right.
    #[error("{}:{line}: {of}`{key}` is {found}; wanted {wanted}", path.display())]
    Catalogue {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// Which sensor, as "sensor `name`: ", or nothing.
        of: String,
        /// The key.
        key: Box<str>,
        /// The value.
        found: String,
        /// What would have been right.
        wanted: Box<str>,
    },
    /// A table has columns that are none of this recording.
    #[error(
        "{}: {found} unknown here; wanted some of {known}; in recording.toml [{table}.columns] says which of these a column \
         is, and [{table}] with ignore = {ignore} passes over the others",
        path.display()
    )]
    UnknownColumns {
        /// The file.
        path: PathBuf,
        /// The columns, and that they are.
        found: String,
        /// The table, as `recording.toml` calls it.
        table: &'static str,
        /// The columns as a list of TOML.
        ignore: String,
        /// The columns that it may have.
        known: String,
    },
    /// A table lacks a column that `recording.toml` names.
    #[error(
        "{}: column `{column}` is not there, which [{table}.columns] in recording.toml has for `{of}`; wanted one of {there}",
        path.display()
    )]
    AbsentColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The table, as `recording.toml` calls it.
        table: &'static str,
        /// The column of the table that it should be.
        of: &'static str,
        /// The columns that the file has.
        there: String,
    },
    /// A table has a column twice.
    #[error("{}: column `{column}` is there twice; wanted it once", path.display())]
    RepeatedColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
    },
    /// A table lacks a column.
    #[error("{}: column `{column}` is missing; {because}", path.display())]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// Which row and sensor need it, or that every table does.
        because: String,
    },
    /// A column has a type that does not fit.
    #[error("{}: column `{column}` is {found}; wanted {wanted}", path.display())]
    ColumnType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// The type in the file.
        found: String,
        /// The types that fit.
        wanted: String,
    },
    /// A cell does not hold what its column must.
    #[error("{}, {at}: column `{column}` is {found}; wanted {wanted}", path.display())]
    Cell {
        /// The file.
        path: PathBuf,
        /// The row.
        at: At,
        /// The column.
        column: String,
        /// The text of the cell.
        found: String,
        /// What would have been right.
        wanted: Box<str>,
    },
    /// A line of a CSV file is not a row of its table.
    #[error("{}, {at}: found {found}; wanted {wanted}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line.
        at: At,
        /// What is wrong with it.
        found: String,
        /// What would have been right.
        wanted: String,
    },
    /// A row names a sensor that the catalogue lacks.
    #[error("{}, {at}: column `sensor` is {found}; wanted one of {known}", path.display())]
    UnknownSensor {
        /// The file.
        path: PathBuf,
        /// The row.
        at: At,
        /// The name.
        found: String,
        /// The names in the catalogue.
        known: String,
    },
    /// Neither the row nor the catalogue says how uncertain a measured quantity is.
    #[error(
        "{}, {at}: column `{column}` has no standard deviation; wanted `noise.{key}` of sensor `{sensor}` in \
         recording.toml, or column `{sigma}`",
        path.display()
    )]
    NoNoise {
        /// The file.
        path: PathBuf,
        /// The row.
        at: At,
        /// The measured quantity.
        column: &'static str,
        /// The sensor.
        sensor: Box<str>,
        /// The key in the catalogue.
        key: &'static str,
        /// The column that would do instead.
        sigma: &'static str,
    },
    /// A bad row, where bad rows are not put up with.
    #[error("{}, {at}: column `{column}` is {found}; wanted {}", path.display(), reason.wanted())]
    Rejected {
        /// The file.
        path: PathBuf,
        /// The row.
        at: At,
        /// The column.
        column: &'static str,
        /// The value.
        found: String,
        /// What is wrong with it.
        reason: Reason,
    },
    /// Column `label` holds something else than markings.
    #[error("{}, {at}: column `label` has more than {most} different values; wanted markings", path.display())]
    TooManyLabels {
        /// The file.
        path: PathBuf,
        /// The row with one too many.
        at: At,
        /// The bound.
        most: u32,
    },
    /// Arrays that should describe the same rows do not.
    #[error("`{array}` has shape {found:?}; wanted {wanted}")]
    Shape {
        /// The array.
        array: &'static str,
        /// Its shape.
        found: Vec<usize>,
        /// What would have been right.
        wanted: String,
    },
}

/// Text from a file in an error: in backticks, escaped, and cut where it is long.
pub(super) fn quoted(text: &str) -> String {
    const LONGEST: usize = 60;
    if text.is_empty() {
        return "empty".to_owned();
    }
    let mut shown: String = text.chars().take(LONGEST).collect::<String>().escape_debug().collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    format!("`{shown}`")
}

/// A number in an error: with an exponent where it would fill the line.
pub(crate) fn short(number: &dyn fmt::Display) -> String {
    const LONGEST: usize = 24;
    let text = number.to_string();
    match text.parse::<f64>() {
        Ok(number) if text.len() > LONGEST => format!("{number:e}"),
        _ => text,
    }
}

/// What a TOML reader says, on one line, and where all keys are explained if it says nothing of what it wanted.
pub(crate) fn toml_says(error: &toml::de::Error, page: &str) -> String {
    let what = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
    let what = match what.char_indices().nth(600) {
        Some((at, _)) => format!("{}…", what.get(..at).unwrap_or_default()),
        None => what,
    };
    if ["wanted", "expected"].iter().any(|word| what.contains(word)) {
        what
    } else {
        format!("{what}; wanted what {page} says")
    }
}

/// A list of names in an error, cut where it is long.
pub(super) fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const MOST: usize = 24;
    let mut names = names.map(quoted);
    let mut shown = names.by_ref().take(MOST).collect::<Vec<_>>();
    let rest = names.count();
    if rest > 0 {
        shown.push(format!("{rest} more"));
    }
    shown.join(", ")
}

/// What another library says, on one line.
pub(super) fn one_line(error: &dyn std::error::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
