//! When sensors looked that say so: `looks.parquet` or `looks.csv`.
//!
//! Looks decide what counts as missed, so nothing is put up with: a bad row is an error. Rows come in any order; the looks
//! of one sensor do not overlap, so that every detection is of one of them.

use std::collections::BTreeSet;

use super::catalogue::Catalogue;
use super::error::{At, IngestError, listed, quoted, short};
use super::layout::Layout;
use super::reader::Source;
use super::recording::{Content, Opened};
use super::report::Reason;
use super::rows::fault_of;
use super::table::{Table, Time};
use crate::sensor::{Kind, ListedLook, Looks, Mount, Quantity, Sensor, Turns};

/// Looks of a recording at most: some 700 MB.
const LOOKS_MOST: usize = 10_000_000;
/// Different sectors of one sensor at most: a mask is made for each.
const SECTORS_MOST: usize = 360;
/// Rows of a batch.
const BATCH_ROWS: usize = 65_536;

/// A row: sensor, look, and where it stands.
type Row = (usize, ListedLook, At);

impl Catalogue {
    /// Whether a sensor has its looks in a table.
    pub(super) fn has_listed(&self) -> bool {
        self.sensors.iter().any(is_listed)
    }

    /// Takes in the looks of a table.
    ///
    /// # Errors
    /// What is wrong with the table, and in which row.
    pub(super) fn take_looks(&mut self, opened: &Opened, content: Content) -> Result<(), IngestError> {
        let mut source = Source::of(opened, content, Layout::looks(self.time, &self.dialects.looks), BATCH_ROWS)?;
        let mut rows: Vec<Row> = Vec::new();
        while let Some(mut table) = source.next()? {
            for row in 0..table.rows() {
                if rows.len() >= LOOKS_MOST {
                    let found = format!("more than {LOOKS_MOST} looks");
                    return Err(wrong(&table, row, found, format!("at most {LOOKS_MOST}")));
                }
                rows.push(self.look(&table, row)?);
            }
            table.broken.take().map_or(Ok(()), |(_, error)| Err(error))?;
        }
        rows.sort_by_key(|(sensor, look, at)| (*sensor, look.start_us, look.end_us, *at));
        for of_sensor in rows.chunk_by(|a, b| a.0 == b.0) {
            self.take_looks_of(opened, of_sensor)?;
        }
        Ok(())
    }

    fn take_looks_of(&mut self, opened: &Opened, rows: &[Row]) -> Result<(), IngestError> {
        let Some(sensor) = rows.first().and_then(|(sensor, ..)| self.sensors.get_mut(*sensor)) else { return Ok(()) };
        let wrong = |at: At, found: String, wanted: &str| {
            let (path, found) = (opened.path.clone(), format!("{found} of sensor {}", quoted(&sensor.name)));
            Err(IngestError::Line { path, at, found, wanted: wanted.to_owned() })
        };
        let overlapping = rows
            .iter()
            .zip(rows.iter().skip(1))
            .find(|((_, before, _), (_, look, _))| look.start_us < before.end_us || look.start_us == before.start_us);
        if let Some(((_, _, other), (_, _, at))) = overlapping {
            let found = format!("a look that begins before that of {other} has ended,");
            return wrong(*at, found, "looks that do not overlap: beams that look at once are sensors of their own");
        }
        if let Looks::Rotating(rotation) = &mut sensor.looks {
            let least_us = i64::from(rotation.sectors);
            let short = rows.iter().find(|(_, look, _)| look.end_us - look.start_us < least_us);
            if let Some((.., at)) = short {
                return wrong(
                    *at,
                    "a revolution of less than a microsecond a sector".to_owned(),
                    "one from north to north",
                );
            }
            rotation.turns = Turns::Listed(rows.iter().map(|(_, look, _)| [look.start_us, look.end_us]).collect());
            return Ok(());
        }
        let mut sectors = BTreeSet::new();
        for (_, look, at) in rows {
            let Some(sector_deg) = look.sector_deg else { continue };
            sectors.insert(sector_deg.map(f64::to_bits));
            if sectors.len() > SECTORS_MOST {
                return wrong(*at, format!("more than {SECTORS_MOST} different sectors"), "sectors of a fixed scheme");
            }
        }
        sensor.looks = Looks::Listed(rows.iter().map(|(_, look, _)| *look).collect());
        Ok(())
    }

    fn look(&self, table: &Table, row: usize) -> Result<Row, IngestError> {
        let missing = |column| rejected(table, row, column, "empty".to_owned(), Reason::Missing);
        let time = |column, cells: &[Time]| match cells.get(row) {
            Some(Time::Us(us)) => Ok(*us),
            Some(Time::Bad(found, reason)) => Err(rejected(table, row, column, short(found), *reason)),
            Some(Time::Missing) | None => Err(missing(column)),
        };
        let (start_us, end_us) = (time("start", &table.time)?, time("end", &table.end)?);
        if end_us < start_us {
            return Err(wrong(table, row, "an `end` before the `start`".to_owned(), "one not before it".to_owned()));
        }
        let name = table.subject.get(row).ok_or_else(|| missing("sensor"))?;
        let number = self.sensors.iter().position(|sensor| sensor.name == name);
        let listed_only = |number: &usize| self.sensors.get(*number).is_some_and(is_listed);
        let number = number.filter(listed_only).ok_or_else(|| {
            let looking = self.sensors.iter().filter(|sensor| is_listed(sensor));
            let known = listed(looking.map(|sensor| sensor.name.as_str()));
            let wanted =
                format!("one of {known}: only with looks = \"listed\", or \"rotating\" without north, in recording.toml a sensor has looks here");
            wrong(table, row, format!("sensor {}", quoted(name)), wanted)
        })?;
        let sector_deg = self.sector(table, row, number)?;
        Ok((number, ListedLook { start_us, end_us, sector_deg }, table.at(row)))
    }

    fn sector(&self, table: &Table, row: usize, sensor: usize) -> Result<Option<[f64; 2]>, IngestError> {
        let cell = |quantity: Quantity| {
            let Some(value) = table.number(quantity, row) else { return Ok(None) };
            let fault = fault_of(quantity, value);
            fault.map_or(Ok(Some(value)), |reason| Err(rejected(table, row, quantity.name(), short(&value), reason)))
        };
        let wanted = "`azimuth_from_deg` and `azimuth_to_deg`, clockwise from one to the other, or neither";
        match (cell(Quantity::AzimuthFrom)?, cell(Quantity::AzimuthTo)?) {
            (None, None) => Ok(None),
            (Some(_), Some(_))
                if self.sensors.get(sensor).is_some_and(|sensor| matches!(sensor.looks, Looks::Rotating(_))) =>
            {
                let wanted = "no azimuths: its looks here are revolutions, from north to north";
                Err(wrong(table, row, "a sector of a sensor that turns".to_owned(), wanted.to_owned()))
            }
            (Some(from), Some(to)) if from.to_bits() != to.to_bits() => {
                let (found, wanted) = match self.sensors.get(sensor).map(|sensor| &sensor.kind) {
                    Some(Kind::Radar { mount: Mount::Fixed { .. } }) => return Ok(Some([from, to])),
                    Some(Kind::Radar { mount: Mount::Moving(_) }) => {
                        ("a sector of a sensor that moves", "no azimuths: what it sees turns with its platform")
                    }
                    _ => ("a sector of a sensor without a site", "no azimuths: only a radar stands somewhere"),
                };
                Err(wrong(table, row, found.to_owned(), wanted.to_owned()))
            }
            (Some(_), Some(_)) => Err(wrong(table, row, "a sector of no width".to_owned(), wanted.to_owned())),
            _ => Err(wrong(table, row, "half a sector".to_owned(), wanted.to_owned())),
        }
    }
}

/// Whether a sensor has its looks in a table, or its revolutions.
fn is_listed(sensor: &Sensor) -> bool {
    match &sensor.looks {
        Looks::Listed(_) => true,
        Looks::Rotating(rotation) => matches!(rotation.turns, Turns::Listed(_)),
        Looks::Periodic { .. } | Looks::Reports { .. } => false,
    }
}

fn wrong(table: &Table, row: usize, found: String, wanted: String) -> IngestError {
    IngestError::Line { path: table.path.to_path_buf(), at: table.at(row), found, wanted }
}

fn rejected(table: &Table, row: usize, column: &'static str, found: String, reason: Reason) -> IngestError {
    IngestError::Rejected { path: table.path.to_path_buf(), at: table.at(row), column, found, reason }
}
