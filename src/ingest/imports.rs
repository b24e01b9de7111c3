//! Files of others in place of a table of detections: what `recording.toml` says of each (`[[import]]`).
//!
//! What a row becomes hangs on its report and on these keys alone, so that a file read in place and one imported before give
//! the same rows. Keys: `docs/formats-in.md`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use super::catalogue_file::Checker;
use super::error::{IngestError, one_line, quoted};
use crate::formats::asterix::Tables;
use crate::formats::{Format, FormatError, Options, Source, open_as};
use crate::space::{Frame, Geodetic};
use crate::time::parse_timestamp;

/// A file of others, and what it does not say itself.
#[derive(Clone, Debug, Default)]
pub struct Import {
    /// The file, from the folder of the recording.
    pub file: PathBuf,
    /// Its format; `None`: found in its first octets.
    pub format: Option<Format>,
    /// What its format does not say.
    pub options: Options,
    /// Which height a report has that has two.
    pub heights: Heights,
    /// What lies between a pressure altitude and the height above the ellipsoid, metres: it is added.
    pub pressure_correction_m: f64,
    /// Height above the ellipsoid of what reports none, metres; radars aside.
    pub altitude_m: Option<f64>,
    /// Where x and y of a sensor are counted from.
    pub origins: BTreeMap<String, Geodetic>,
    /// Which reports become rows.
    pub takes: Takes,
}

/// Which of two heights counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heights {
    /// The geometric one, and where there is none the pressure altitude.
    #[default]
    Geometric,
    /// The pressure altitude, and where there is none the geometric height.
    Pressure,
}

/// Which reports become rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Takes {
    /// What sensors detect and what targets say of themselves.
    #[default]
    Detections,
    /// What says where an object was, and which it was.
    Truth,
}

impl Import {
    /// Whether the first time in the file has a date; `None` where it has no times.
    ///
    /// # Errors
    /// It cannot be read, or is of no known format.
    pub(crate) fn has_date(&self) -> Result<Option<bool>, IngestError> {
        let unreadable = |what: String| IngestError::Unreadable { path: self.file.clone(), what };
        let file = crate::files::open(&self.file).map_err(|error| unreadable(error.to_string()))?;
        let (_, mut source) = self.source(file).map_err(|error| unreadable(one_line(&error)))?;
        let mut reports = Vec::new();
        while source.read(&mut reports).map_err(|error| unreadable(one_line(&error)))? {
            if let Some(time) = reports.drain(..).find_map(|report| report.time) {
                return Ok(Some(matches!(time, crate::formats::Time::Utc(_))));
            }
        }
        Ok(None)
    }

    /// Reads the file, open.
    ///
    /// # Errors
    /// It cannot be read, or is of no known format.
    pub(super) fn source(&self, file: File) -> Result<(Format, Box<dyn Source>), FormatError> {
        open_as(self.format, io::BufReader::new(file), self.options.clone())
    }
}

/// An `[[import]]` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportEntry {
    pub(super) file: Spanned<String>,
    format: Option<Spanned<String>>,
    date: Option<Spanned<String>>,
    #[serde(default)]
    editions: BTreeMap<String, Spanned<String>>,
    receiver: Option<ReceiverEntry>,
    #[serde(default)]
    heights: Heights,
    pressure_correction_m: Option<Spanned<f64>>,
    altitude_m: Option<Spanned<f64>>,
    #[serde(default)]
    origins: BTreeMap<String, OriginEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReceiverEntry {
    latitude_deg: Spanned<f64>,
    longitude_deg: Spanned<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OriginEntry {
    latitude_deg: Spanned<f64>,
    longitude_deg: Spanned<f64>,
    altitude_m: Spanned<f64>,
}

/// Reads and checks an entry.
pub(super) fn read(entry: &ImportEntry, of: &Checker<'_>, frame: Frame) -> Result<Import, IngestError> {
    let file = of.name("file", &entry.file)?;
    if frame != Frame::Geodetic {
        let found = "there, where frame is local";
        return Err(of.wrong(
            entry.file.span(),
            "import",
            found,
            "frame = \"geodetic\": reports are placed on the Earth",
        ));
    }
    let degrees = |latitude: &Spanned<f64>, longitude: &Spanned<f64>| {
        let latitude = of.number("latitude_deg", latitude, |v| v.abs() <= 90.0, "between -90 and 90")?;
        Ok((latitude, of.number("longitude_deg", longitude, |v| v.abs() <= 180.0, "between -180 and 180")?))
    };
    let metres = |key, value: &Spanned<f64>| {
        of.number(key, value, |v| (-2e4..=1e5).contains(&v), "metres between -20000 and 100000")
    };
    let optional = |key, value: &Option<Spanned<f64>>| value.as_ref().map(|value| metres(key, value)).transpose();
    let mut origins = BTreeMap::new();
    for (sensor, origin) in &entry.origins {
        let (latitude_deg, longitude_deg) = degrees(&origin.latitude_deg, &origin.longitude_deg)?;
        let altitude_m = metres("altitude_m", &origin.altitude_m)?;
        origins.insert(sensor.clone(), Geodetic { latitude_deg, longitude_deg, altitude_m });
    }
    let receiver = match &entry.receiver {
        None => None,
        Some(receiver) => {
            let (latitude_deg, longitude_deg) = degrees(&receiver.latitude_deg, &receiver.longitude_deg)?;
            Some(crate::formats::Geodetic { latitude_deg, longitude_deg })
        }
    };
    let mut options = Options { receiver, ..Options::default() };
    options.asterix.date_us = entry.date.as_ref().map(|date| day(of, date)).transpose()?;
    for (category, edition) in &entry.editions {
        options.asterix.editions.push(known_edition(of, category, edition)?);
    }
    let wrong = |format: &Spanned<String>| of.wrong(format.span(), "format", quoted(format.get_ref()), FORMATS);
    let format = |text: &Spanned<String>| Format::with_key(text.get_ref()).ok_or_else(|| wrong(text));
    Ok(Import {
        file: PathBuf::from(file),
        format: entry.format.as_ref().map(format).transpose()?,
        options,
        heights: entry.heights,
        pressure_correction_m: optional("pressure_correction_m", &entry.pressure_correction_m)?.unwrap_or(0.0),
        altitude_m: optional("altitude_m", &entry.altitude_m)?,
        origins,
        takes: Takes::Detections,
    })
}

/// The keys of all formats.
const FORMATS: &str = "one of asterix, beast, avr, sbs, trace, traffic, opensky, ais, coast-guard, b3, oem, cot";

fn day(of: &Checker<'_>, date: &Spanned<String>) -> Result<i64, IngestError> {
    let wrong = || of.wrong(date.span(), "date", quoted(date.get_ref()), "a day, such as \"2018-08-01\"");
    day_us(date.get_ref()).ok_or_else(wrong)
}

/// The midnight at which a day, such as `2018-08-01`, begins, microseconds since 1970.
pub(crate) fn day_us(text: &str) -> Option<i64> {
    parse_timestamp(&format!("{text}T00:00:00Z"))
}

fn known_edition(of: &Checker<'_>, category: &str, edition: &Spanned<String>) -> Result<(u8, String), IngestError> {
    let wanted = "a category and an edition of docs/formats-in.md, such as { \"21\" = \"0.23\" }";
    let found = format!("{} = {}", quoted(category), quoted(edition.get_ref()));
    edition_of(category, edition.get_ref()).ok_or_else(|| of.wrong(edition.span(), "editions", found, wanted))
}

/// A category and one of the editions that are known of it.
pub(crate) fn edition_of(category: &str, edition: &str) -> Option<(u8, String)> {
    let category = category.parse().ok()?;
    let known = |table: &crate::formats::asterix::Edition| table.category == category && table.edition == edition;
    Tables::standard().editions().iter().any(known).then(|| (category, edition.to_owned()))
}
