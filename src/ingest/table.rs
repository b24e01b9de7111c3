//! Rows of a table, column by column, the same whatever the format: what every reader decodes into.

use std::path::PathBuf;
use std::sync::Arc;

use super::dialect::Unit;
use super::error::{At, IngestError};
use super::imported::Ended;
use super::report::Reason;
use crate::digest::fnv1a;
use crate::formats::Format;
use crate::sensor::Quantity;
use crate::time::whole;

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
    pub(super) fn from_us(us: i64) -> Self {
        if plausible_us(us) { Self::Us(us) } else { Self::Bad(us as f64, Reason::TimeBeyondLimits) }
    }

    /// So many of a unit.
    pub(super) fn of(number: f64, unit: Unit) -> Self {
        if !number.is_finite() {
            return Self::Bad(number, Reason::NotFinite);
        }
        match whole(unit.convert(number)).map(Self::from_us) {
            Some(Self::Us(us)) => Self::Us(us),
            _ => Self::Bad(number, Reason::TimeBeyondLimits),
        }
    }
}

/// Whether a time is in the years 1 to 9999: one that is written down. Milliseconds since 1970, taken for seconds, lie beyond,
/// and differences fit an `i64`.
pub(crate) fn plausible_us(us: i64) -> bool {
    (-62_135_596_800_000_000..=253_402_300_799_999_999).contains(&us)
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

    /// Appends the cells of another column.
    pub(super) fn append(&mut self, other: &Self) {
        let before = self.index.len();
        let numbers = other.values.iter().map(|text| {
            self.push(Some(text));
            self.index.last().copied().flatten()
        });
        let numbers = numbers.collect::<Vec<_>>();
        self.index.truncate(before);
        let number = |index: u32| usize::try_from(index).ok().and_then(|index| numbers.get(index).copied().flatten());
        self.index.extend(other.index.iter().map(|index| index.and_then(number)));
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
    /// Rows of an array or of batches, so many being before.
    Rows(u64),
    /// Reports of a file of others.
    Reports {
        file: u32,
        format: Format,
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
            Self::Rows(before) => At::Row(before + row as u64),
            Self::Reports { file, format, at } => {
                At::Report { file: *file, format: *format, at: at.get(row).copied().unwrap_or_default() }
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

    /// Appends the rows of another table with the same columns, which are lines of the same file.
    pub(super) fn append(&mut self, other: Self) {
        let rows = self.time.len();
        if let (Places::Lines(lines), Places::Lines(more)) = (&mut self.places, &other.places) {
            lines.extend(more);
        }
        self.time.extend(other.time);
        self.end.extend(other.end);
        self.subject.append(&other.subject);
        for (texts, more) in [(&mut self.label, &other.label), (&mut self.identity, &other.identity)] {
            if let Some(more) = more {
                texts.get_or_insert_default().append(more);
            }
        }
        for (cells, more) in self.numbers.iter_mut().zip(other.numbers) {
            if let Some(more) = more {
                cells.get_or_insert_default().extend(more);
            }
        }
        if let Some((row, error)) = other.broken {
            self.broken_at(rows + row, error);
        }
    }

    /// Notes a row that cannot be decoded; the first of several counts.
    pub(super) fn broken_at(&mut self, row: usize, error: IngestError) {
        if self.broken.as_ref().is_none_or(|(earlier, _)| row < *earlier) {
            self.broken = Some((row, error));
        }
    }
}
