//! The operator's tables of who may act: every track's life in stretches, and the events that need a human.
//!
//! A *stretch* is a part of a track's life in one lane over which its class does not change: what the rules know of it,
//! and who may act on it, are the same from its first report to its last. An *event* is a gap, an overlap or a
//! hand-over of one action. Both go to disk as they come, a row group at a time; neither goes to a partner.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{ListBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{TimestampMicrosecondType, UInt64Type};
use arrow_array::{Array, ArrayRef, RecordBatch, TimestampMicrosecondArray, UInt64Array};
use arrow_schema::SchemaRef;
use parquet::arrow::ProjectionMask;

use super::batch::append_texts;
use super::columns::{Column, Kind, always, element, schema};
use super::digest::TableFile;
use super::error::{ProductError, io_error, parquet_error};
use super::operator::OPERATOR;
use super::picture::ROWS_PER_GROUP;
use super::staging::Staging;
use crate::pages::ParquetFile;
use crate::policy::{Status, TrackClass};
use crate::space::Frame;

/// The name of the table of stretches.
const STRETCHES: &str = "stretches.parquet";
/// The name of the table of events.
const EVENTS: &str = "authority.parquet";

/// Rows of a batch that is read.
const ROWS_PER_BATCH: usize = 8192;

/// The columns of `_operator/stretches.parquet`; in a geodetic recording the times are UTC.
pub const STRETCH_COLUMNS: [Column; 11] = [
    always("lane", Kind::TextList, ""),
    always("track", Kind::Integer, ""),
    always("first", Kind::Instant, "µs"),
    always("last", Kind::Instant, "µs"),
    always("rows", Kind::Integer, ""),
    always("status", Kind::Text, ""),
    always("contributors", Kind::TextList, ""),
    always("labels", Kind::TextList, ""),
    always("zones", Kind::TextList, ""),
    always("periods", Kind::TextList, ""),
    always("holders", Kind::TextList, ""),
];

/// The columns of `_operator/authority.parquet`; in a geodetic recording the times are UTC.
pub const EVENT_COLUMNS: [Column; 13] = [
    always("lane", Kind::TextList, ""),
    always("track", Kind::Integer, ""),
    always("action", Kind::Text, ""),
    always("event", Kind::Text, ""),
    always("first", Kind::Instant, "µs"),
    always("last", Kind::Instant, "µs"),
    always("rows", Kind::Integer, ""),
    always("holders", Kind::TextList, ""),
    always("before", Kind::TextList, ""),
    always("zones", Kind::TextList, ""),
    always("zones_before", Kind::TextList, ""),
    always("periods", Kind::TextList, ""),
    always("periods_before", Kind::TextList, ""),
];

/// A part of a track's life over which its class does not change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// The partners whose pictures the lane makes.
    pub lane: Arc<[String]>,
    /// The track, as the lane numbers it.
    pub track: u64,
    /// Time of its first report.
    pub first_us: i64,
    /// Time of its last report.
    pub last_us: i64,
    /// How many reports.
    pub rows: u64,
    /// What the rules know of it.
    pub class: TrackClass,
    /// Who may act, `partner:action`.
    pub holders: Arc<[String]>,
}

/// What happened to an authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    /// Nobody may take the action on a confirmed track.
    Gap,
    /// Several may, though it is marked exclusive.
    Overlap,
    /// Others may than before.
    HandOver,
}

impl EventKind {
    /// Its name in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Overlap => "overlap",
            Self::HandOver => "hand_over",
        }
    }
}

/// Something about an authority over one confirmed track that the operator should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The partners whose pictures the lane makes.
    pub lane: Arc<[String]>,
    /// The track, as the lane numbers it.
    pub track: u64,
    /// The action.
    pub action: String,
    /// What happened.
    pub kind: EventKind,
    /// From when; of a hand-over, the first report after it.
    pub first_us: i64,
    /// Until when; of a hand-over the same.
    pub last_us: i64,
    /// How many reports; of a hand-over 1.
    pub rows: u64,
    /// Who holds it: none, several, or those after a hand-over.
    pub holders: Arc<BTreeSet<String>>,
    /// Who held it before a hand-over.
    pub before: Arc<BTreeSet<String>>,
    /// Zones of the track at `first_us`, and at the report before a hand-over.
    pub zones: [BTreeSet<String>; 2],
    /// Periods of the track at `first_us`, and at the report before a hand-over.
    pub periods: [BTreeSet<String>; 2],
}

/// Writes both tables; from [`Staging::authority`].
#[derive(Debug)]
pub struct AuthorityWriter {
    frame: Frame,
    stretches: Table<Stretch>,
    events: Table<Event>,
}

#[derive(Debug)]
struct Table<T> {
    file: TableFile,
    schema: SchemaRef,
    waiting: Vec<T>,
    /// Names in the lists of these.
    names: usize,
}

/// Names in the lists of a row group, beyond which the next row begins another: many partners may share a lane, and hold
/// much over each of its tracks.
const NAMES_PER_GROUP: usize = 1 << 20;

impl Staging {
    /// Begins the operator's tables of stretches and of events.
    ///
    /// # Errors
    /// Tables already begun, or a disk that refuses.
    pub fn authority(&self, frame: Frame) -> Result<AuthorityWriter, ProductError> {
        Ok(AuthorityWriter {
            frame,
            stretches: Table::create(&self.operator_file(STRETCHES), &STRETCH_COLUMNS, frame)?,
            events: Table::create(&self.operator_file(EVENTS), &EVENT_COLUMNS, frame)?,
        })
    }
}

impl AuthorityWriter {
    /// Writes a stretch that is over.
    ///
    /// # Errors
    /// A disk that is full.
    pub fn stretch(&mut self, stretch: Stretch) -> Result<(), ProductError> {
        let frame = self.frame;
        let names = stretch.lane.len() + stretch.holders.len();
        self.stretches.push(stretch, names, |rows| stretch_arrays(rows, frame))
    }

    /// Writes an event that is over.
    ///
    /// # Errors
    /// A disk that is full.
    pub fn event(&mut self, event: Event) -> Result<(), ProductError> {
        let frame = self.frame;
        let names = event.lane.len() + event.holders.len() + event.before.len();
        self.events.push(event, names, |rows| event_arrays(rows, frame))
    }

    /// Closes both tables.
    ///
    /// # Errors
    /// A disk that is full.
    pub fn finish(self) -> Result<(), ProductError> {
        let frame = self.frame;
        self.stretches.finish(|rows| stretch_arrays(rows, frame))?;
        self.events.finish(|rows| event_arrays(rows, frame))
    }
}

impl<T> Table<T> {
    fn create(path: &Path, columns: &[Column], frame: Frame) -> Result<Self, ProductError> {
        let timed = |column: &Column| match (column.kind, frame) {
            (Kind::Instant, Frame::Geodetic) => Column { kind: Kind::InstantUtc, ..*column },
            _ => *column,
        };
        let columns: Vec<Column> = columns.iter().map(timed).collect();
        let schema = schema(columns.iter());
        Ok(Self { file: TableFile::create(path, Arc::clone(&schema))?, schema, waiting: Vec::new(), names: 0 })
    }

    fn push(&mut self, row: T, names: usize, arrays: impl Fn(&[T]) -> Vec<ArrayRef>) -> Result<(), ProductError> {
        self.waiting.push(row);
        self.names += names;
        let full = self.waiting.len() == ROWS_PER_GROUP || self.names > NAMES_PER_GROUP;
        if full { self.flush(arrays) } else { Ok(()) }
    }

    fn flush(&mut self, arrays: impl Fn(&[T]) -> Vec<ArrayRef>) -> Result<(), ProductError> {
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays(&self.waiting))
            .map_err(|source| ProductError::Batch { place: OPERATOR.to_owned(), source })?;
        self.waiting.clear();
        self.names = 0;
        self.file.write(&batch)
    }

    fn finish(mut self, arrays: impl Fn(&[T]) -> Vec<ArrayRef>) -> Result<(), ProductError> {
        if !self.waiting.is_empty() {
            self.flush(arrays)?;
        }
        self.file.finish().map(drop)
    }
}

fn stretch_arrays(rows: &[Stretch], frame: Frame) -> Vec<ArrayRef> {
    vec![
        lists(rows, |row| row.lane.iter()),
        numbers(rows, |row| row.track),
        times(rows, frame, |row| row.first_us),
        times(rows, frame, |row| row.last_us),
        numbers(rows, |row| row.rows),
        texts(rows, |row| row.class.status.name()),
        lists(rows, |row| &row.class.contributors),
        lists(rows, |row| &row.class.labels),
        lists(rows, |row| &row.class.zones),
        lists(rows, |row| &row.class.periods),
        lists(rows, |row| row.holders.iter()),
    ]
}

fn event_arrays(rows: &[Event], frame: Frame) -> Vec<ArrayRef> {
    vec![
        lists(rows, |row| row.lane.iter()),
        numbers(rows, |row| row.track),
        texts(rows, |row| row.action.as_str()),
        texts(rows, |row| row.kind.name()),
        times(rows, frame, |row| row.first_us),
        times(rows, frame, |row| row.last_us),
        numbers(rows, |row| row.rows),
        lists(rows, |row| row.holders.as_ref()),
        lists(rows, |row| row.before.as_ref()),
        lists(rows, |Event { zones: [now, _], .. }| now),
        lists(rows, |Event { zones: [_, before], .. }| before),
        lists(rows, |Event { periods: [now, _], .. }| now),
        lists(rows, |Event { periods: [_, before], .. }| before),
    ]
}

fn numbers<T>(rows: &[T], value: impl Fn(&T) -> u64) -> ArrayRef {
    Arc::new(UInt64Array::from_iter_values(rows.iter().map(value)))
}

fn times<T>(rows: &[T], frame: Frame, value: impl Fn(&T) -> i64) -> ArrayRef {
    let times = TimestampMicrosecondArray::from_iter_values(rows.iter().map(value));
    Arc::new(match frame {
        Frame::Geodetic => times.with_timezone("UTC"),
        Frame::Local => times,
    })
}

fn texts<'a, T>(rows: &'a [T], value: impl Fn(&'a T) -> &'a str) -> ArrayRef {
    let mut builder = StringBuilder::new();
    for row in rows {
        builder.append_value(value(row));
    }
    Arc::new(builder.finish())
}

fn lists<'a, T, L: IntoIterator<Item = &'a String>>(rows: &'a [T], value: impl Fn(&'a T) -> L) -> ArrayRef {
    let mut builder = ListBuilder::new(StringBuilder::new()).with_field(element());
    for row in rows {
        let texts: Vec<String> = value(row).into_iter().cloned().collect();
        append_texts(&mut builder, Some(&texts));
    }
    Arc::new(builder.finish())
}

/// The stretches in the output folder of a run, in their order.
///
/// # Errors
/// A file that is absent or is not such a table.
pub fn read_stretches(out: &Path) -> Result<Vec<Stretch>, ProductError> {
    let mut stretches = Vec::new();
    each_stretch(out, |stretch| stretches.push(stretch))?;
    Ok(stretches)
}

/// The same, one after the other.
///
/// # Errors
/// As [`read_stretches`].
pub fn each_stretch(out: &Path, mut take: impl FnMut(Stretch)) -> Result<(), ProductError> {
    let path = out.join(OPERATOR).join(STRETCHES);
    let reading = "read the stretches";
    let file = crate::files::open(&path).map_err(io_error(&path, reading))?;
    let file = ParquetFile::open(file).map_err(parquet_error(&path, reading))?;
    for batch in file.batches(ProjectionMask::all(), ROWS_PER_BATCH) {
        let batch = batch.map_err(parquet_error(&path, reading))?;
        for row in 0..batch.num_rows() {
            take(stretch(&batch, row).ok_or_else(|| ProductError::Column {
                place: path.display().to_string(),
                column: STRETCH_COLUMNS.map(|column| column.name).join(", "),
                found: format!("another table, or nulls, at row {row}"),
                wanted: "the columns in docs/pictures.md",
            })?);
        }
    }
    Ok(())
}

fn stretch(batch: &RecordBatch, row: usize) -> Option<Stretch> {
    let column = |name| batch.column_by_name(name).filter(|column| column.is_valid(row));
    let number = |name| Some(column(name)?.as_primitive_opt::<UInt64Type>()?.value(row));
    let time = |name| Some(column(name)?.as_primitive_opt::<TimestampMicrosecondType>()?.value(row));
    let list = |name| {
        let texts = column(name)?.as_list_opt::<i32>()?.value(row);
        Some(texts.as_string_opt::<i32>()?.iter().flatten().map(str::to_owned).collect::<Vec<String>>())
    };
    let set = |name| Some(list(name)?.into_iter().collect());
    Some(Stretch {
        lane: list("lane")?.into(),
        track: number("track")?,
        first_us: time("first")?,
        last_us: time("last")?,
        rows: number("rows")?,
        class: TrackClass {
            contributors: set("contributors")?,
            labels: set("labels")?,
            zones: set("zones")?,
            periods: set("periods")?,
            status: Status::from_name(column("status")?.as_string_opt::<i32>()?.value(row))?,
        },
        holders: list("holders")?.into(),
    })
}
