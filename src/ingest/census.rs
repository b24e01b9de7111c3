//! Sensors that a recording's tables name and its catalogue lacks: what of their rows is filled, for an entry of theirs.
//!
//! A run wants a catalogue that is whole. Whoever looks at a recording before there is one ([`crate::inspect`]) reads it by
//! entries made up for the occasion, from which columns are filled. Without a `recording.toml` the columns tell the frame, too,
//! and the first time what times are.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::catalogue::{Catalogue, TimeScale};
use super::catalogue_file;
use super::error::{IngestError, listed};
use super::layout::Layout;
use super::reader::Source;
use super::recording::{Opened, Recording};
use super::table::Table;
use crate::sensor::{KindName, Quantity};
use crate::space::{Frame, Geodetic};

/// Names that are taken in: a column with more of them holds something else.
const NAMES_MOST: usize = 100;
const BATCH_ROWS: usize = 1 << 16;

/// What a table of looks has of a sensor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Listing {
    /// Its looks, if anything.
    #[default]
    Looks,
    /// Its revolutions.
    Revolutions,
}

/// What whoever wrote the rows of a sensor knows of it beside them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    /// Its objects report of themselves.
    pub(crate) reports: bool,
    /// How long a turn of it takes, seconds, and how many turns say so.
    pub(crate) turn_s: Option<(f64, usize)>,
    /// What the table of looks has of it.
    pub(crate) looks: Listing,
    /// Where it stands, and who says so.
    pub(crate) site: Option<(Geodetic, &'static str)>,
    /// The deviation of its heights as they are sent, metres.
    pub(crate) vertical_m: Option<f64>,
    /// Whether what nobody knows is left out, so that a run asks for it.
    pub(crate) is_draft: bool,
}

/// A sensor that a table names and the catalogue lacks.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) told: Told,
    pub(crate) rows: u64,
    /// Whether the table of looks has some of it.
    pub(crate) has_looks: bool,
    /// Of each column of numbers: the cells that are filled, and their sum.
    cells: [(u64, f64); Quantity::COUNT],
}

impl Named {
    /// Rows that fill a column.
    pub(crate) fn filled(&self, quantity: Quantity) -> u64 {
        self.cells.get(quantity as usize).map_or(0, |(filled, _)| *filled)
    }

    /// The mean of a column that every row fills.
    pub(crate) fn mean(&self, quantity: Quantity) -> Option<f64> {
        let (filled, sum) = self.cells.get(quantity as usize)?;
        (*filled == self.rows && self.rows > 0).then(|| sum / *filled as f64)
    }

    /// What it measures, by most of its rows.
    pub(crate) fn kind(&self) -> KindName {
        let placed = self.filled(Quantity::X).max(self.filled(Quantity::Latitude));
        if self.filled(Quantity::Range) > placed { KindName::Radar } else { KindName::Position }
    }
}

impl Recording {
    /// Opens a recording whose catalogue may lack sensors, or be missing: `entry` makes up the entry of one, of which `told` has
    /// what is known. Gives the
    /// sensors that were missing, in the order of their first rows.
    ///
    /// # Errors
    /// As [`Recording::open`], and what is wrong with the recording beside.
    pub(crate) fn supplemented(
        folder: &Path,
        told: impl Fn(&str) -> Told,
        entry: impl Fn(&Named, Frame) -> String,
    ) -> Result<(Self, Vec<Named>), IngestError> {
        let described = Opened::described(folder)?;
        let path = folder.join(Catalogue::FILE);
        let text = match &described {
            Some(described) => described.text()?,
            None => head(folder)?,
        };
        let known = catalogue_file::parse_any(&text, &path)?;
        let detections = Opened::detections(folder, &known)?;
        let mut named = census(folder, &detections, &known)?;
        for named in &mut named {
            named.told = told(&named.name);
        }
        let entries = named.iter().map(|named| entry(named, known.frame));
        let text = std::iter::once(text).chain(entries).collect::<Vec<_>>().join("\n");
        let recording = Self::of((described, detections), folder, Catalogue::parse(&text, &path)?)?;
        Ok((recording, named))
    }
}

/// What stands at the head of the catalogue of a recording without one.
fn head(folder: &Path) -> Result<String, IngestError> {
    let missing = || IngestError::NoTable { folder: folder.to_owned(), stem: "detections" };
    let detections = &Opened::table(folder, "detections")?.ok_or_else(missing)?;
    let (mut frame, mut time) = ("local", "seconds");
    let mut fits = fit(detections, (Frame::Local, TimeScale::Seconds));
    for (other, of) in [("local", Frame::Local), ("geodetic", Frame::Geodetic)] {
        for (scale, times) in [("seconds", TimeScale::Seconds), ("timestamp", TimeScale::Timestamp)] {
            if fits.is_err() {
                (frame, time, fits) = (other, scale, fit(detections, (of, times)));
            }
        }
    }
    fits?;
    // The last part of the path, whatever it is.
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    let name = folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().trim().to_owned());
    let name = if name.is_empty() || name.chars().any(char::is_control) { "recording" } else { &name };
    let name = serde_json::Value::String(name.to_owned());
    Ok(format!("name = {name}\nframe = \"{frame}\"\ntime = \"{time}\"\n"))
}

/// Whether the columns and the first rows are those of a frame and of times.
fn fit(detections: &Opened, (frame, time): (Frame, TimeScale)) -> Result<(), IngestError> {
    let layout = Layout::detections(frame, time, &Arc::default());
    match Source::of(detections, detections.digested()?, layout, BATCH_ROWS)?.next()? {
        Some(Table { broken: Some((0, error)), .. }) => Err(error),
        _ => Ok(()),
    }
}

/// The sensors of the tables that the catalogue lacks.
fn census(folder: &Path, detections: &[Opened], known: &Catalogue) -> Result<Vec<Named>, IngestError> {
    let mut found = Found { known, places: BTreeMap::new(), all: Vec::new() };
    let mut source = Source::detections(detections, Opened::digested, known, BATCH_ROWS)?;
    while let Some(table) = source.next()? {
        found.take(&table)?;
        table.broken.map_or(Ok(()), |(_, error)| Err(error))?;
    }
    if let Some(looks) = Opened::table(folder, "looks")? {
        let mut source =
            Source::of(&looks, looks.digested()?, Layout::looks(known.time, &known.dialects.looks), BATCH_ROWS)?;
        while let Some(table) = source.next()? {
            for name in &table.subject.values {
                if let Some(named) = found.places.get(name).and_then(|place| found.all.get_mut(*place)) {
                    named.has_looks = true;
                }
            }
        }
    }
    Ok(found.all)
}

struct Found<'a> {
    known: &'a Catalogue,
    places: BTreeMap<String, usize>,
    all: Vec<Named>,
}

impl Found<'_> {
    fn take(&mut self, table: &Table) -> Result<(), IngestError> {
        let mut places = Vec::with_capacity(table.subject.values.len());
        for name in &table.subject.values {
            places.push(self.place(name, table)?);
        }
        for row in 0..table.rows() {
            let place = table.subject.index(row).and_then(|index| places.get(index as usize).copied().flatten());
            let Some(named) = place.and_then(|place| self.all.get_mut(place)) else { continue };
            named.rows += 1;
            for (cell, of) in named.cells.iter_mut().zip(0..) {
                if let Some(value) = table.cell(of, row) {
                    *cell = (cell.0 + 1, cell.1 + value);
                }
            }
        }
        Ok(())
    }

    fn place(&mut self, name: &str, table: &Table) -> Result<Option<usize>, IngestError> {
        if let Some(place) = self.places.get(name) {
            return Ok(Some(*place));
        }
        if self.known.sensor_index(name).is_some() {
            return Ok(None);
        }
        if self.all.len() >= NAMES_MOST {
            return Err(IngestError::UnknownSensor {
                path: table.path.to_path_buf(),
                at: table.at(0),
                found: format!("more than {NAMES_MOST} names that recording.toml lacks"),
                known: listed(self.known.sensors.iter().map(|sensor| sensor.name.as_str())),
            });
        }
        self.places.insert(name.to_owned(), self.all.len());
        let cells = [(0, 0.0); Quantity::COUNT];
        let told = Told::default();
        self.all.push(Named { name: name.to_owned(), told, rows: 0, has_looks: false, cells });
        Ok(Some(self.all.len() - 1))
    }
}
