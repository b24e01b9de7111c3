//! Rows of a table, column by column, the same whatever the format: what every reader decodes into.
//!
//! A file names its columns; here each has a place of its own, so that a row is read by index and never by name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::catalogue::TimeScale;
use super::error::{At, IngestError, listed};
use super::imported::Ended;
use super::report::Reason;
use crate::digest::fnv1a;
use crate::sensor::Quantity;
use crate::space::Frame;

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
    Number(Quantity),
}

/// The columns that a table may have.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) time: TimeScale,
    subject: &'static str,
    needed: &'static [Role],
    known: Vec<Role>,
}

impl Layout {
    pub(super) fn detections(frame: Frame, time: TimeScale) -> Self {
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
        known.extend(velocity.into_iter().chain(moving).map(Role::Number));
        known.extend(position.into_iter().chain(radar).chain(sigma).chain([Q::SigmaRangeRate]).map(Role::Number));
        Self { time, subject: "sensor", needed: &[Role::Time, Role::Subject], known }
    }

    pub(super) fn looks(time: TimeScale) -> Self {
        let needed = &[Role::Subject, Role::Time, Role::End];
        let sector = [Quantity::AzimuthFrom, Quantity::AzimuthTo].map(Role::Number);
        Self { time, subject: "sensor", needed, known: needed.iter().copied().chain(sector).collect() }
    }

    pub(super) fn truth(frame: Frame, time: TimeScale) -> Self {
        use Quantity as Q;
        let numbers = match frame {
            Frame::Geodetic => [Q::Latitude, Q::Longitude, Q::Altitude, Q::East, Q::North, Q::Up],
            Frame::Local => [Q::X, Q::Y, Q::Z, Q::Vx, Q::Vy, Q::Vz],
        };
        let known = [Role::Time, Role::Subject, Role::Label].into_iter().chain(numbers.map(Role::Number)).collect();
        Self { time, subject: "object", needed: &[Role::Time, Role::Subject], known }
    }

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

    /// What each column of a file is, in the file's order.
    pub(super) fn roles<'a>(
        &self,
        path: &Path,
        columns: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<Role>, IngestError> {
        let mut roles = Vec::with_capacity(self.known.len());
        for column in columns {
            let Some(role) = self.known.iter().find(|role| self.name(**role) == column) else {
                let known = listed(self.known.iter().map(|role| self.name(*role)));
                let column = column.chars().take(60).flat_map(char::escape_debug).collect();
                return Err(IngestError::UnknownColumn { path: path.to_owned(), column, known });
            };
            if roles.contains(role) {
                return Err(IngestError::RepeatedColumn { path: path.to_owned(), column: column.to_owned() });
            }
            roles.push(*role);
        }
        for role in self.needed {
            if !roles.contains(role) {
                let because = "every row needs it".to_owned();
                return Err(IngestError::MissingColumn { path: path.to_owned(), column: self.name(*role), because });
            }
        }
        Ok(roles)
    }
}

/// A cell of the column `time`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Time {
    Missing,
    /// Microseconds.
    Us(i64),
    /// A number that is no time.
    Bad(f64, Reason),
}

impl Time {
    /// The years 1 to 9999: a time that is written down. Milliseconds since 1970, taken for seconds, lie beyond, and
    /// differences fit an `i64`.
    const PLAUSIBLE_US: std::ops::RangeInclusive<i64> = -62_135_596_800_000_000..=253_402_300_799_999_999;

    pub(super) fn from_us(us: i64) -> Self {
        if Self::PLAUSIBLE_US.contains(&us) { Self::Us(us) } else { Self::Bad(us as f64, Reason::TimeBeyondLimits) }
    }

    pub(super) fn from_seconds(seconds: f64) -> Self {
        if !seconds.is_finite() {
            return Self::Bad(seconds, Reason::NotFinite);
        }
        match crate::time::micros(seconds).map(Self::from_us) {
            Some(Self::Us(us)) => Self::Us(us),
            _ => Self::Bad(seconds, Reason::TimeBeyondLimits),
        }
    }
}

/// A column of text: indices into its different values, in order of appearance.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    pub(super) values: Vec<String>,
    pub(super) index: Vec<Option<u32>>,
    order: std::collections::BTreeMap<String, u32>,
}

impl Texts {
    /// Appends a cell; empty text is no text.
    pub(super) fn push(&mut self, cell: Option<&str>) {
        let Some(text) = cell.filter(|text| !text.is_empty()) else { return self.index.push(None) };
        // Neighbours are often alike: the row before answers without a search.
        if let Some(Some(last)) = self.index.last().copied()
            && usize::try_from(last).ok().and_then(|last| self.values.get(last)).is_some_and(|value| value == text)
        {
            return self.index.push(Some(last));
        }
        let found = self.order.get(text).copied().or_else(|| {
            let new = u32::try_from(self.values.len()).ok()?;
            self.values.push(text.to_owned());
            self.order.insert(text.to_owned(), new);
            Some(new)
        });
        self.index.push(found);
    }

    pub(super) fn index(&self, row: usize) -> Option<u32> {
        self.index.get(row).copied().flatten()
    }

    pub(super) fn get(&self, row: usize) -> Option<&str> {
        let index = usize::try_from(self.index(row)?).ok()?;
        self.values.get(index).map(String::as_str)
    }
}

/// The number of an address: equal for equal addresses, never 0 (FNV-1a).
fn address(cell: &str) -> u64 {
    fnv1a(cell.as_bytes()).max(1)
}

/// Where the rows of a table stand in their file.
#[derive(Clone, Debug)]
pub(super) enum Places {
    Lines(Vec<u64>),
    /// Rows from `first` on, in row groups that begin at `starts`.
    Groups {
        starts: Arc<[u64]>,
        first: u64,
    },
    Rows,
    /// Reports of a file of others.
    Reports {
        file: u32,
        unit: &'static str,
        at: Vec<u64>,
    },
}

impl Places {
    pub(super) fn at(&self, row: usize) -> At {
        match self {
            Self::Lines(lines) => At::Line(lines.get(row).copied().unwrap_or_default()),
            Self::Groups { starts, first } => {
                let row = first + row as u64;
                let row_group = starts.partition_point(|start| *start <= row).saturating_sub(1);
                At::RowGroup { row_group, row: row - starts.get(row_group).copied().unwrap_or_default() }
            }
            Self::Rows => At::Row(row as u64),
            Self::Reports { file, unit, at } => {
                At::Report { file: *file, unit, at: at.get(row).copied().unwrap_or_default() }
            }
        }
    }
}

/// Some rows of a table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) path: Arc<PathBuf>,
    pub(super) places: Places,
    pub(super) time: Vec<Time>,
    /// When looks ended; empty in other tables.
    pub(super) end: Vec<Time>,
    pub(super) subject: Texts,
    pub(super) label: Option<Texts>,
    pub(super) identity: Option<Texts>,
    numbers: [Option<Vec<Option<f64>>>; Quantity::COUNT],
    /// The row that cannot be decoded, after which nothing is.
    pub(super) broken: Option<(usize, IngestError)>,
    /// Files of others that end with these rows.
    pub(super) ended: Vec<Ended>,
}

impl Table {
    /// The number of the address that the target of a row sent; 0 if it sent none.
    pub(super) fn address(&self, row: usize) -> u64 {
        self.identity.as_ref().and_then(|cells| cells.get(row)).map_or(0, address)
    }

    pub(super) fn new(path: Arc<PathBuf>, places: Places) -> Self {
        Self {
            path,
            places,
            time: Vec::new(),
            end: Vec::new(),
            subject: Texts::default(),
            label: None,
            identity: None,
            numbers: std::array::from_fn(|_| None),
            broken: None,
            ended: Vec::new(),
        }
    }

    /// Rows that were decoded, up to the one that cannot be.
    pub(super) fn rows(&self) -> usize {
        self.broken.as_ref().map_or(self.time.len(), |(row, _)| self.time.len().min(*row))
    }

    pub(super) fn at(&self, row: usize) -> At {
        self.places.at(row)
    }

    #[expect(clippy::indexing_slicing, reason = "the array has a place for every quantity")]
    pub(super) fn set(&mut self, quantity: Quantity, cells: Vec<Option<f64>>) {
        self.numbers[quantity as usize] = Some(cells);
    }

    #[expect(clippy::indexing_slicing, reason = "the array has a place for every quantity")]
    pub(super) fn column_mut(&mut self, quantity: Quantity) -> &mut Vec<Option<f64>> {
        self.numbers[quantity as usize].get_or_insert_default()
    }

    /// Cells of a column; `None` if the table lacks it.
    #[expect(clippy::indexing_slicing, reason = "the array has a place for every quantity")]
    pub(super) fn column(&self, quantity: Quantity) -> Option<&[Option<f64>]> {
        self.numbers[quantity as usize].as_deref()
    }

    pub(super) fn number(&self, quantity: Quantity, row: usize) -> Option<f64> {
        self.cell(quantity as usize, row)
    }

    /// The same of a quantity by its number.
    pub(super) fn cell(&self, quantity: usize, row: usize) -> Option<f64> {
        self.numbers.get(quantity)?.as_ref()?.get(row).copied().flatten()
    }

    /// Notes a row that cannot be decoded; the first of several counts.
    pub(super) fn broken_at(&mut self, row: usize, error: IngestError) {
        if self.broken.as_ref().is_none_or(|(earlier, _)| row < *earlier) {
            self.broken = Some((row, error));
        }
    }
}
