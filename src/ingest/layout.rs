//! The columns that a table may have, and which of a file they are.
//!
//! A file names its columns; here each has a place of its own, so that a row is read by index and never by name.

use std::path::Path;
use std::sync::Arc;

use super::catalogue::TimeScale;
use super::dialect::{Dialect, Origin, Place, TimeForm, Unit, number};
use super::error::{IngestError, listed, quoted};
use crate::sensor::Quantity;
use crate::space::Frame;
use crate::time::parse_timestamp_in;

/// What a column of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// When; when it began, of a look.
    Time,
    /// When a look ended.
    End,
    /// The sensor of a detection, the object of a true state.
    Subject,
    /// The marking of a detection, the class of an object.
    Label,
    /// The address that the target sent.
    Identity,
    /// A number that nothing uses yet; not decoded.
    Amplitude,
    /// A quantity.
    Number(Quantity),
}

/// The columns that a table may have, and how they are written.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// The table, as files and `recording.toml` call it.
    pub(super) table: &'static str,
    pub(super) dialect: Arc<Dialect>,
    pub(super) time: TimeScale,
    subject: &'static str,
    needed: &'static [Role],
    known: Vec<Role>,
}

/// A column of a table, as a file has it.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) role: Role,
    pub(super) cells: Cells,
    pub(super) form: Form,
    /// What errors call it: by the names of the file.
    pub(super) name: String,
}

/// Where the cells of a column are.
#[derive(Clone, Debug)]
pub(super) enum Cells {
    /// In a column of the file, by its number.
    Column(usize),
    /// A date and a time of day.
    Columns([usize; 2]),
    /// The same in all rows.
    Text(String),
    /// The same in all rows.
    Number(f64),
}

/// How the cells of a column are written.
#[derive(Clone, Debug)]
pub(super) enum Form {
    Text,
    Time(TimeForm),
    /// Numbers, in a unit where it is not that of the column.
    Number(Option<Unit>),
}

impl Cells {
    /// The columns of the file.
    pub(super) fn columns(&self) -> &[usize] {
        match self {
            Self::Column(column) => std::slice::from_ref(column),
            Self::Columns(columns) => columns,
            Self::Text(_) | Self::Number(_) => &[],
        }
    }

    /// Gives the columns other numbers.
    pub(super) fn renumber(&mut self, number: impl Fn(usize) -> usize) {
        match self {
            Self::Column(column) => *column = number(*column),
            Self::Columns(columns) => *columns = columns.map(number),
            Self::Text(_) | Self::Number(_) => {}
        }
    }
}

impl Layout {
    pub(super) fn detections(frame: Frame, time: TimeScale, dialect: &Arc<Dialect>) -> Self {
        use Quantity as Q;
        let mut known = vec![Role::Time, Role::Subject, Role::Label, Role::Identity, Role::Amplitude];
        let position = match frame {
            Frame::Geodetic => [Q::Latitude, Q::Longitude, Q::Altitude],
            Frame::Local => [Q::X, Q::Y, Q::Z],
        };
        let radar = [Q::Range, Q::Azimuth, Q::Elevation, Q::RangeRate];
        let sigma = [Q::SigmaHorizontal, Q::SigmaVertical, Q::SigmaRange, Q::SigmaAzimuth, Q::SigmaElevation];
        let velocity = match frame {
            Frame::Geodetic => [Q::East, Q::North, Q::Up],
            Frame::Local => [Q::Vx, Q::Vy, Q::Vz],
        };
        let moving = [Q::Speed, Q::Course, Q::SigmaSpeed, Q::SigmaCourse, Q::SigmaVelocity, Q::SigmaClimb];
        known.extend((frame == Frame::Geodetic).then_some(Role::Number(Q::FlightLevel)));
        known.extend(velocity.into_iter().chain(moving).map(Role::Number));
        known.extend(position.into_iter().chain(radar).chain(sigma).chain([Q::SigmaRangeRate]).map(Role::Number));
        let dialect = Arc::clone(dialect);
        Self { table: "detections", dialect, time, subject: "sensor", needed: &[Role::Time, Role::Subject], known }
    }

    pub(super) fn looks(time: TimeScale, dialect: &Arc<Dialect>) -> Self {
        let needed = &[Role::Subject, Role::Time, Role::End];
        let sector = [Quantity::AzimuthFrom, Quantity::AzimuthTo].map(Role::Number);
        let (known, dialect) = (needed.iter().copied().chain(sector).collect(), Arc::clone(dialect));
        Self { table: "looks", dialect, time, subject: "sensor", needed, known }
    }

    pub(super) fn truth(frame: Frame, time: TimeScale, dialect: &Arc<Dialect>) -> Self {
        use Quantity as Q;
        let numbers = match frame {
            Frame::Geodetic => [Q::Latitude, Q::Longitude, Q::Altitude, Q::East, Q::North, Q::Up],
            Frame::Local => [Q::X, Q::Y, Q::Z, Q::Vx, Q::Vy, Q::Vz],
        };
        let known = [Role::Time, Role::Subject, Role::Label].into_iter().chain(numbers.map(Role::Number)).collect();
        let dialect = Arc::clone(dialect);
        Self { table: "truth", dialect, time, subject: "object", needed: &[Role::Time, Role::Subject], known }
    }

    pub(super) fn platform(frame: Frame, time: TimeScale, dialect: &Arc<Dialect>) -> Self {
        use Quantity as Q;
        let state = match frame {
            Frame::Geodetic => [Q::Latitude, Q::Longitude, Q::Altitude, Q::East, Q::North, Q::Up],
            Frame::Local => [Q::X, Q::Y, Q::Z, Q::Vx, Q::Vy, Q::Vz],
        };
        let numbers = state.into_iter().chain([Q::Heading, Q::Pitch, Q::Roll]).map(Role::Number);
        let (known, dialect) = (std::iter::once(Role::Time).chain(numbers).collect(), Arc::clone(dialect));
        Self { table: "platform", dialect, time, subject: "", needed: &[Role::Time], known }
    }

    /// What a column is called here.
    pub(super) fn name(&self, role: Role) -> &'static str {
        match role {
            Role::Time if self.needed.contains(&Role::End) => "start",
            Role::Time => "time",
            Role::End => "end",
            Role::Subject => self.subject,
            Role::Label if self.subject == "object" => "class",
            Role::Label => "label",
            Role::Identity => "identity",
            Role::Amplitude => "amplitude",
            Role::Number(quantity) => quantity.name(),
        }
    }

    /// The column that is called so here.
    pub(super) fn role(&self, name: &str) -> Option<Role> {
        self.known.iter().copied().find(|role| self.name(*role) == name)
    }

    /// The names of all columns, in words.
    pub(super) fn names(&self) -> String {
        self.known.iter().map(|role| quoted(self.name(*role))).collect::<Vec<_>>().join(", ")
    }

    /// Where the columns of this table are in a file with these columns, in the order of the file.
    pub(super) fn fields(&self, path: &Path, columns: &[&str]) -> Result<Vec<Field>, IngestError> {
        let mut fields = Vec::with_capacity(self.known.len());
        for (name, origin) in &self.dialect.columns {
            if let Some(role) = self.role(name) {
                fields.push(self.field(role, origin, (path, columns))?);
            }
        }
        let said = fields.iter().flat_map(|field: &Field| field.cells.columns().to_vec()).collect::<Vec<_>>();
        let mut unknown = Vec::new();
        for (column, name) in columns.iter().enumerate().filter(|(column, _)| !said.contains(column)) {
            let role = self.role(name).filter(|_| !self.dialect.columns.contains_key(name));
            match role {
                _ if is_index(name) || self.dialect.ignore.iter().any(|ignored| ignored == name) => {}
                Some(role) if fields.iter().any(|field| field.role == role) => {
                    return Err(IngestError::RepeatedColumn { path: path.to_owned(), column: (*name).to_owned() });
                }
                Some(role) => {
                    let (cells, form, name) = (Cells::Column(column), self.form(role, None), (*name).to_owned());
                    fields.push(Field { role, cells, form, name });
                }
                None => unknown.push(*name),
            }
        }
        if !unknown.is_empty() {
            return Err(self.unknown(path, &unknown));
        }
        if let Some(role) = self.needed.iter().find(|role| fields.iter().all(|field| field.role != **role)) {
            let because = format!(
                "every row needs it, and the file has {}: say in [{}.columns] of recording.toml which of them it is",
                listed(columns.iter().copied()),
                self.table,
            );
            return Err(IngestError::MissingColumn { path: path.to_owned(), column: self.name(*role), because });
        }
        fields.sort_by_key(|field| field.cells.columns().first().copied().unwrap_or(usize::MAX));
        Ok(fields)
    }

    /// A column that the dialect says where to find.
    fn field(&self, role: Role, origin: &Origin, (path, columns): (&Path, &[&str])) -> Result<Field, IngestError> {
        let place = |name: &String| {
            let mut places = columns.iter().enumerate().filter(|(_, column)| *column == name).map(|(place, _)| place);
            match (places.next(), places.next()) {
                (Some(place), None) => Ok(place),
                (Some(_), Some(_)) => {
                    Err(IngestError::RepeatedColumn { path: path.to_owned(), column: name.to_owned() })
                }
                (None, _) => Err(IngestError::AbsentColumn {
                    path: path.to_owned(),
                    column: name.to_owned(),
                    table: self.table,
                    of: self.name(role),
                    there: listed(columns.iter().copied()),
                }),
            }
        };
        let (cells, name) = match &origin.from {
            Place::Column(name) => (Cells::Column(place(name)?), name.clone()),
            Place::Columns([date, time]) => (Cells::Columns([place(date)?, place(time)?]), format!("{date}` `{time}")),
            Place::Text(text) => (Cells::Text(text.clone()), self.name(role).to_owned()),
            Place::Number(number) => (Cells::Number(*number), self.name(role).to_owned()),
        };
        Ok(Field { role, cells, form: self.form(role, Some(origin)), name })
    }

    fn form(&self, role: Role, origin: Option<&Origin>) -> Form {
        let unit = origin.and_then(|origin| origin.unit);
        match role {
            Role::Subject | Role::Label | Role::Identity => Form::Text,
            Role::Amplitude | Role::Number(_) => Form::Number(unit),
            Role::Time | Role::End => Form::Time(match (unit, self.time) {
                (Some(unit), _) => TimeForm::Number(unit),
                (None, TimeScale::Seconds) => TimeForm::Number(Unit::SECONDS),
                (None, TimeScale::Timestamp) => {
                    let format = origin.and_then(|origin| origin.format.clone());
                    TimeForm::Text { ahead_us: self.dialect.ahead_us, format }
                }
            }),
        }
    }

    /// What would have been right in place of a cell that is no number.
    pub(super) fn wanted_number(&self, cell: &str) -> String {
        let (table, digits) = (self.table, cell.bytes().any(|byte| byte.is_ascii_digit()));
        let signs = |sign: char| cell.chars().filter(|found| *found == sign).count();
        match (signs(','), signs('.')) {
            (1.., 1..) | (2.., _) | (_, 2..) if digits => "a number, without signs between thousands".to_owned(),
            (1, 0) if digits && !self.dialect.decimal_comma => {
                format!("a number with a point, or decimal = \",\" in [{table}] of recording.toml")
            }
            (0, 1) if digits && self.dialect.decimal_comma => {
                format!("a number with a comma, as decimal = \",\" in [{table}] of recording.toml says")
            }
            _ if digits => "a number, without its unit or other signs".to_owned(),
            _ => format!("a number; or, if it stands for none, missing = [{cell:?}] in [{table}] of recording.toml"),
        }
    }

    /// What would have been right in place of a cell that is no time.
    pub(super) fn wanted_time(&self, form: &TimeForm, field: &Field, cell: &str) -> String {
        let (table, of) = (self.table, self.name(field.role));
        let here = format!("{of} = {{ column = \"{}\"", field.name);
        match form {
            TimeForm::Number(_) => self.wanted_number(cell),
            TimeForm::Text { format: Some(format), .. } => format!("a time in the format {format:?}"),
            TimeForm::Text { ahead_us: None, .. } if parse_timestamp_in(cell, Some(0)).is_some() => {
                format!("{TIMESTAMP}, or zone = \"UTC\" in [{table}] of recording.toml for all that say none")
            }
            TimeForm::Text { .. } if number(cell).is_some() => {
                format!(
                    "{TIMESTAMP}, or {here}, unit = \"s\" }} in [{table}.columns] of recording.toml for numbers since 1970"
                )
            }
            TimeForm::Text { .. } => {
                let format = "format = \"%d.%m.%Y %H:%M:%S\"";
                format!("{TIMESTAMP}, or {here}, {format} }} or the like in [{table}.columns] of recording.toml")
            }
        }
    }

    fn unknown(&self, path: &Path, unknown: &[&str]) -> IngestError {
        let names = listed(unknown.iter().copied());
        let found = if unknown.len() == 1 { format!("column {names} is") } else { format!("columns {names} are") };
        let ignore = unknown.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
        let ignore = if ignore.len() > 400 { "[…]".to_owned() } else { format!("[{ignore}]") };
        IngestError::UnknownColumns { path: path.to_owned(), found, table: self.table, ignore, known: self.names() }
    }
}

/// What a timestamp in text must be.
pub(super) const TIMESTAMP: &str = "an RFC 3339 instant with its zone, such as 2018-08-01T05:27:30Z";

/// Whether a column is the index of a data frame, which says nothing: pandas writes it to CSV without a name.
fn is_index(name: &str) -> bool {
    name.is_empty() || name.starts_with("__index_level_")
}
