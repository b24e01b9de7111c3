//! Files of others, written as tables of the project's own: the rows are those of whoever reads the files in place.

use std::collections::BTreeMap;
use std::path::Path;

use super::catalogue::{Catalogue, TimeScale};
use super::dialect::Dialects;
use super::error::IngestError;
use super::imported::Ended;
use super::imports::{Import, Takes};
use super::reader::{Reader, Source};
use super::recording::Opened;
use super::report_rows::COLUMNS;
use super::rows::{Options, Order};
use super::sorted::RUN_ROWS;
use super::table::{Table, Time};
use super::write::{ColumnType, TableWriter, Values};
use crate::sensor::{Fix, Level, Reading};
use crate::space::Frame;

/// Rows of a batch.
const BATCH_ROWS: usize = 1 << 16;

/// Where progress is heard of: how many rows there are so far.
pub(crate) type Heard<'a, E> = &'a mut dyn FnMut(u64) -> Result<(), E>;

/// Reads files of others, and writes their rows as `into`, if that is anywhere.
///
/// # Errors
/// What is wrong with a file, a disk that refuses, or what `heard` gives.
pub(crate) fn import_detections<E: From<IngestError>>(
    (imports, time): (&[Import], TimeScale),
    into: Option<&Path>,
    heard: Heard<'_, E>,
) -> Result<Vec<Ended>, E> {
    let mut columns = vec![("time", column_of(time)), ("sensor", ColumnType::Text), ("identity", ColumnType::Text)];
    columns.extend(COLUMNS.map(|quantity| (quantity.name(), ColumnType::Float64)));
    let mut writer = into.map(|path| TableWriter::create(path, &columns)).transpose()?;
    let (mut rows, mut ended) = (0, Vec::new());
    let catalogue = catalogue(Vec::new(), time);
    let mut source = Source::detections(&opened(imports)?, Opened::rewound, &catalogue, BATCH_ROWS)?;
    while let Some(mut table) = source.next()? {
        if let Some((_, error)) = table.broken.take() {
            return Err(error.into());
        }
        ended.append(&mut table.ended);
        rows += table.rows() as u64;
        if let Some(writer) = &mut writer {
            writer.append_columns(values(&table, time))?;
        }
        heard(rows)?;
    }
    writer.map_or(Ok(0), TableWriter::finish)?;
    Ok(ended)
}

/// Writes the revolutions of antennas, by sensor, as the table of looks `into`.
///
/// # Errors
/// A disk that refuses.
pub(crate) fn import_looks(
    turning: &BTreeMap<&str, Vec<[i64; 2]>>,
    time: TimeScale,
    into: &Path,
) -> Result<(), IngestError> {
    let columns = [("sensor", ColumnType::Text), ("start", column_of(time)), ("end", column_of(time))];
    let mut writer = TableWriter::create(into, &columns)?;
    for (sensor, turns) in turning {
        for turns in turns.chunks(BATCH_ROWS) {
            writer.append_columns(vec![
                Values::Text(vec![Some(*sensor); turns.len()]),
                times(turns.iter().map(|[from_us, _]| Some(*from_us)), time),
                times(turns.iter().map(|[_, to_us]| Some(*to_us)), time),
            ])?;
        }
    }
    writer.finish().map(|_| ())
}

fn opened(imports: &[Import]) -> Result<Vec<Opened>, IngestError> {
    imports.iter().map(|import| Opened::import(Path::new(""), import)).collect()
}

fn catalogue(imports: Vec<Import>, time: TimeScale) -> Catalogue {
    let (frame, dialects) = (Frame::Geodetic, Dialects::default());
    Catalogue { name: "import".to_owned(), frame, time, dialects, sensors: Vec::new(), imports }
}

const fn column_of(time: TimeScale) -> ColumnType {
    match time {
        TimeScale::Timestamp => ColumnType::Timestamp,
        TimeScale::Seconds => ColumnType::Float64,
    }
}

fn times<'a>(us: impl Iterator<Item = Option<i64>>, scale: TimeScale) -> Values<'a> {
    match scale {
        TimeScale::Timestamp => Values::Timestamp(us.collect()),
        TimeScale::Seconds => Values::Float64(us.map(|us| us.map(|us| us as f64 * 1e-6)).collect()),
    }
}

fn values(table: &Table, scale: TimeScale) -> Vec<Values<'_>> {
    let rows = table.rows();
    let us = table.time.iter().map(|time| if let Time::Us(us) = time { Some(*us) } else { None });
    let mut columns = vec![
        times(us, scale),
        Values::Text((0..rows).map(|row| table.subject.get(row)).collect()),
        Values::Text((0..rows).map(|row| table.identity.as_ref()?.get(row)).collect()),
    ];
    columns.extend(COLUMNS.map(|quantity| Values::Float64((0..rows).map(|row| table.number(quantity, row)).collect())));
    columns
}

/// The true states of files of others, in the order of time, as a table; gives how many there are, and what the files gave.
/// What is sorted on disk is held in `folder`.
///
/// # Errors
/// As [`import_detections`].
pub(crate) fn import_truth<E: From<IngestError>>(
    (imports, time): (&[Import], TimeScale),
    (into, folder): (&Path, &Path),
    heard: Heard<'_, E>,
) -> Result<(u64, Vec<Ended>), E> {
    let imports: Vec<Import> = imports.iter().map(|import| Import { takes: Takes::Truth, ..import.clone() }).collect();
    let ended = import_detections((&imports, time), None, heard)?;
    let moves = ended.iter().flat_map(|ended| ended.heard.sensors.values()).all(|heard| heard.moving == heard.rows);
    let mut names: Vec<&str> = ended.iter().flat_map(|ended| ended.heard.sensors.keys().map(String::as_str)).collect();
    names.sort_unstable();
    names.dedup();
    let scale = if time == TimeScale::Seconds { "seconds" } else { "timestamp" };
    let entries: String = names.iter().map(|name| reporter(name)).collect();
    let text = format!("name = \"truth\"\nframe = \"geodetic\"\ntime = \"{scale}\"\n{entries}");
    let catalogue = if names.is_empty() {
        catalogue(imports, time)
    } else {
        Catalogue { imports, ..Catalogue::parse(&text, Path::new("truth"))? }
    };
    let options = Options { strict: false, rows_per_batch: BATCH_ROWS, order: Order::Any };
    let files = opened(&catalogue.imports)?;
    let source = Source::detections(&files, Opened::rewound, &catalogue, BATCH_ROWS)?;
    let reader = Reader::new(source, &files, &catalogue, options).with_identities();
    let sorted = reader.sort((folder, RUN_ROWS), heard)?;
    let mut reader = Reader::sorted((&sorted, into), &catalogue, options)?.with_readings().with_identities();
    let mut columns = vec![("time", column_of(time)), ("object", ColumnType::Text)];
    let numbers = ["latitude_deg", "longitude_deg", "altitude_m", "east_m_s", "north_m_s", "up_m_s"];
    let numbers = numbers.get(..if moves { 6 } else { 3 }).unwrap_or_default();
    columns.extend(numbers.iter().map(|name| (*name, ColumnType::Float64)));
    let mut writer = TableWriter::create(into, &columns)?;
    while let Some(batch) = reader.next_batch()? {
        let object = |at: &u32| batch.identities.get(*at as usize).map(AsRef::as_ref);
        let mut values = vec![
            times(batch.time_us.iter().map(|us| Some(*us)), time),
            Values::Text(batch.identity.iter().map(object).collect()),
        ];
        let states: Vec<[Option<f64>; 6]> = batch.reading.iter().map(state).collect();
        let column = |at: usize| Values::Float64(states.iter().map(|state| state.get(at).copied().flatten()).collect());
        values.extend((0..numbers.len()).map(column));
        writer.append_columns(values)?;
    }
    Ok((writer.finish()?, ended))
}

/// An entry by which the rows of whoever reports are read; its noise is used for nothing.
fn reporter(name: &str) -> String {
    format!(
        "[[sensor]]\nname = {}\nowner = \"o\"\nkind = \"position\"\nnoise = {{ horizontal_m = 1.0, vertical_m = 1.0, \
         velocity_m_s = 1.0, climb_m_s = 1.0 }}\ndetection_probability = 0.9\nclutter_per_scan = 0.0\nlooks = \
         \"reports\"\nexpected_interval_s = 1.0\ncoverage = {{ longitude_deg = [-180.0, 180.0], latitude_deg = [-90.0, \
         90.0] }}\n",
        serde_json::Value::String(name.to_owned())
    )
}

/// Latitude, longitude, altitude, and the velocity east, north and up.
fn state(reading: &Reading) -> [Option<f64>; 6] {
    let (fix, velocity) = match reading {
        Reading::Position(fix) => (fix, None),
        Reading::Moving(fix, velocity) => (fix, Some(velocity)),
        Reading::Radar(_) | Reading::RadarWithoutHeight(_) => return [None; 6],
    };
    let Fix::Geodetic { position, .. } = fix else { return [None; 6] };
    let level = velocity.and_then(|velocity| velocity.level);
    let (east, north) = match level {
        Some(Level::Components { m_s: [east, north], .. }) => (Some(east), Some(north)),
        Some(Level::Course { .. }) | None => (None, None),
    };
    let up = velocity.and_then(|velocity| velocity.climb_m_s).map(|[up, _]| up);
    [Some(position.latitude_deg), Some(position.longitude_deg), Some(position.altitude_m), east, north, up]
}
