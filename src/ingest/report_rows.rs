//! Reports of files of others, one file behind the other, as rows of a table of detections.
//!
//! A sensor is a source of its format, of ASTERIX a source and a category, since several systems may share a source. A report
//! of a place on the Earth is a position; one of a range and an azimuth is a radar's; one of x and y is a position where the
//! point that they are counted from is said, and then rather that than a range. What the sender's own tracker says, its
//! velocities and numbers of tracks, is no measurement and left out.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::catalogue::TimeScale;
use super::error::{At, IngestError, one_line};
use super::imported::{Ended, Heard, Imported, Passed};
use super::imports::{Heights, Import, Takes};
use super::table::{Places, Table, Texts, Time};
use crate::formats::{self, Cartesian, Format, Identity, Kind, Marks, Report, Summary, Velocity};
use crate::sensor::Quantity;
use crate::space::Geodetic;

/// The columns of numbers that rows of reports have.
pub(super) const COLUMNS: [Quantity; 14] = [
    Quantity::Latitude,
    Quantity::Longitude,
    Quantity::Altitude,
    Quantity::Range,
    Quantity::Azimuth,
    Quantity::Elevation,
    Quantity::RangeRate,
    Quantity::East,
    Quantity::North,
    Quantity::Up,
    Quantity::SigmaHorizontal,
    Quantity::SigmaVertical,
    Quantity::SigmaVelocity,
    Quantity::SigmaClimb,
];

/// Files of others being read.
#[derive(Debug)]
pub(super) struct ReportRows {
    files: std::vec::IntoIter<(PathBuf, File, Import)>,
    number: u32,
    time: TimeScale,
    rows_per_batch: usize,
    reading: Option<Reading>,
}

/// One of them.
struct Reading {
    path: Arc<PathBuf>,
    number: u32,
    import: Import,
    format: Format,
    source: Box<dyn formats::Source>,
    /// Reports that are read and not yet rows.
    reports: Vec<Report>,
    has_ended: bool,
    /// The names of sensors, by source and message.
    names: BTreeMap<(u32, u32), Arc<str>>,
    imported: Imported,
    heard: Heard,
}

impl fmt::Debug for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading").field("path", &self.path).field("format", &self.format).finish_non_exhaustive()
    }
}

impl ReportRows {
    pub(super) fn new(files: Vec<(PathBuf, File, Import)>, time: TimeScale, rows_per_batch: usize) -> Self {
        Self { files: files.into_iter(), number: 0, time, rows_per_batch: rows_per_batch.max(1), reading: None }
    }

    /// The next rows, which may be none where a file ends; none at the end of all files.
    pub(super) fn next(&mut self) -> Result<Option<Table>, IngestError> {
        let mut reading = if let Some(reading) = self.reading.take() {
            reading
        } else {
            let Some(file) = self.files.next() else { return Ok(None) };
            self.number += 1;
            Reading::open(file, self.number)?
        };
        reading.fill(self.rows_per_batch)?;
        let mut table = reading.table(self.rows_per_batch, self.time);
        if reading.has_ended && reading.reports.is_empty() {
            table.ended.push(reading.end()?);
        } else {
            self.reading = Some(reading);
        }
        Ok(Some(table))
    }
}

impl Reading {
    fn open((path, file, import): (PathBuf, File, Import), number: u32) -> Result<Self, IngestError> {
        let (format, source) = import.source(file).map_err(|error| unreadable(&path, &error))?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let imported = Imported::new(name, format);
        Ok(Self {
            path: Arc::new(path),
            number,
            import,
            format,
            source,
            reports: Vec::new(),
            has_ended: false,
            names: BTreeMap::new(),
            imported,
            heard: Heard::default(),
        })
    }

    /// Reads until there are so many reports, or no more.
    fn fill(&mut self, least: usize) -> Result<(), IngestError> {
        while self.reports.len() < least && !self.has_ended {
            let goes_on = self.source.read(&mut self.reports);
            self.has_ended = !goes_on.map_err(|error| unreadable(&self.path, &error))?;
        }
        Ok(())
    }

    /// At most so many reports as rows.
    fn table(&mut self, most: usize, time: TimeScale) -> Table {
        let (file, format) = (self.number, self.format);
        let mut table = Table::new(Arc::clone(&self.path), Places::Reports { file, format, at: Vec::new() });
        table.identity = Some(Texts::default());
        for quantity in COLUMNS {
            table.set(quantity, Vec::new());
        }
        let most = most.min(self.reports.len());
        let rest = self.reports.split_off(most);
        for report in std::mem::replace(&mut self.reports, rest) {
            match self.row(&report, time, &mut table) {
                Ok(()) => self.imported.rows += 1,
                Err(Fault::Passed(why)) => self.imported.pass(why),
                Err(Fault::Scale(found, wanted)) => {
                    let (path, at) = (self.path.to_path_buf(), At::Report { file, format, at: report.at });
                    let (found, wanted) = (found.to_owned(), wanted.to_owned());
                    table.broken_at(table.time.len(), IngestError::Line { path, at, found, wanted });
                    break;
                }
            }
        }
        table
    }

    fn row(&mut self, report: &Report, scale: TimeScale, table: &mut Table) -> Result<(), Fault> {
        let summary = self.source.summary();
        let source = summary.sources.get(report.source as usize).map_or("", |sender| sender.name.as_str());
        self.heard.service(source, report);
        passes(report, self.import.takes)?;
        let key = (report.source, report.message);
        let name = self.names.entry(key).or_insert_with(|| sensor_name(self.format, source, summary, report.message));
        let row = Row::of(report, (&self.import, self.format), name);
        if let Err(Fault::Passed(Passed::NoOrigin)) = row {
            self.heard.sensor(name, source).no_origin += 1;
        }
        let row = row?;
        let time = time(report, scale)?;
        let identity = identity(&report.identity, self.format, report.kind, name);
        if identity.is_none() && self.import.takes == Takes::Truth {
            return Err(Fault::Passed(Passed::NoIdentity));
        }
        self.heard.row((name, source), report, &row);
        table.time.push(time);
        table.subject.push(Some(name));
        if let Some(texts) = &mut table.identity {
            texts.push(identity.as_deref());
        }
        for quantity in COLUMNS {
            table.column_mut(quantity).push(row.get(quantity));
        }
        if let Places::Reports { at, .. } = &mut table.places {
            at.push(report.at);
        }
        Ok(())
    }

    /// What the file gave.
    fn end(mut self) -> Result<Ended, IngestError> {
        let (file, format) = (self.number, self.format);
        let nowhere = self.heard.sensors.iter().find(|(_, heard)| heard.rows == 0 && heard.no_origin > 0);
        if let Some((name, _)) = nowhere {
            return Err(IngestError::NoOrigin { path: self.path.to_path_buf(), sensor: name.clone() });
        }
        let summary = self.source.summary().clone();
        self.imported.finish(&summary, |at| At::Report { file, format, at });
        Ok(Ended { imported: self.imported, heard: self.heard, summary })
    }
}

/// Why a report is no row.
enum Fault {
    Passed(Passed),
    /// Its time is not of the scale of the recording: found and wanted.
    Scale(&'static str, &'static str),
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> IngestError {
    IngestError::Unreadable { path: path.to_owned(), what: one_line(error) }
}

/// What is left out before anybody looks where it was.
fn passes(report: &Report, takes: Takes) -> Result<(), Fault> {
    let why = match (report.kind, takes) {
        (Kind::North | Kind::Sector(_) | Kind::Status, _) => Some(Passed::Service),
        (Kind::Track, Takes::Detections) => Some(Passed::Track),
        (Kind::Ephemeris, Takes::Detections) => Some(Passed::Ephemeris),
        (Kind::Plot, Takes::Truth) => Some(Passed::Detection),
        (Kind::Plot | Kind::Own, Takes::Detections) | (Kind::Track | Kind::Own | Kind::Ephemeris, Takes::Truth) => None,
    };
    let marked = [
        (Marks::SIMULATED, Passed::Simulated),
        (Marks::TEST, Passed::Simulated),
        (Marks::MONITOR, Passed::Monitor),
        (Marks::COASTED, Passed::Coasted),
    ];
    let marked = marked.into_iter().find(|(mark, _)| report.marks.has(*mark)).map(|(_, why)| why);
    why.or(marked).map_or(Ok(()), |why| Err(Fault::Passed(why)))
}

/// How long the name of a source may be.
const NAME_MOST: usize = 100;

/// What a sensor is called: its source, of ASTERIX with the category of the message.
fn sensor_name(format: Format, source: &str, summary: &Summary, message: u32) -> Arc<str> {
    let message = summary.messages.get(message as usize).and_then(|name| name.split(' ').next());
    let name = match (format, message) {
        (Format::Asterix, Some(category)) => format!("{source}/{category}"),
        _ => source.chars().filter(|character| !character.is_control()).take(NAME_MOST).collect(),
    };
    if name.trim().is_empty() { format.key().into() } else { name.trim().into() }
}

fn time(report: &Report, scale: TimeScale) -> Result<Time, Fault> {
    match (report.time, scale) {
        (None, _) => Err(Fault::Passed(Passed::NoTime)),
        (Some(formats::Time::Utc(us)), TimeScale::Timestamp)
        | (Some(formats::Time::OfDay(us) | formats::Time::Counter(us)), TimeScale::Seconds) => {
            let time = Time::from_us(us);
            if matches!(time, Time::Us(_)) { Ok(time) } else { Err(Fault::Passed(Passed::NoTime)) }
        }
        (Some(formats::Time::Utc(_)), TimeScale::Seconds) => {
            Err(Fault::Scale("a time with its date", "seconds, as in the files before: time = \"seconds\""))
        }
        (Some(formats::Time::OfDay(_)), TimeScale::Timestamp) => Err(Fault::Scale(
            "a time of day without a date",
            "the date of its first report: `date` in [[import]], --date",
        )),
        (Some(formats::Time::Counter(_)), TimeScale::Timestamp) => {
            Err(Fault::Scale("a counter of the receiver, which has no date", "a recording of its own for this file"))
        }
    }
}

/// Who the target says it is: a 24-bit address in hexadecimal digits, an MMSI in nine, a catalogue number, a name; a number of
/// a track is one of its sender's.
fn identity(identity: &Identity, format: Format, kind: Kind, sensor: &str) -> Option<String> {
    let name = || identity.callsign.as_deref().map(str::to_owned);
    match format {
        Format::Ais | Format::CoastGuard => identity.address.map(|mmsi| format!("{mmsi:09}")),
        Format::B3 => identity.address.map(|number| number.to_string()),
        Format::Oem | Format::Cot => name(),
        Format::Asterix
        | Format::Beast
        | Format::Avr
        | Format::Sbs
        | Format::Trace
        | Format::Traffic
        | Format::OpenSky => {
            let track =
                || identity.track.filter(|_| kind == Kind::Track).map(|track| format!("{sensor} track {track}"));
            identity.address.map(|address| format!("{address:06x}")).or_else(track)
        }
    }
}

/// The numbers of a row.
pub(super) struct Row([Option<f64>; Quantity::COUNT]);

impl Row {
    fn of(report: &Report, (import, format): (&Import, Format), sensor: &str) -> Result<Self, Fault> {
        let mut row = Self([None; Quantity::COUNT]);
        let origin = import.origins.get(sensor);
        // Ships are at sea level, which is within 110 m of the ellipsoid.
        let at_sea = matches!(format, Format::Ais | Format::CoastGuard).then_some(0.0);
        let otherwise_m = import.altitude_m.or(at_sea);
        let polar = report.polar.and_then(|polar| Some((polar.range_m?, polar.azimuth_deg?, polar.elevation_deg)));
        if let Some(place) = report.geodetic {
            let (altitude_m, sigma_m) = height(report, import, otherwise_m);
            row.place(Some((place.latitude_deg, place.longitude_deg)), altitude_m, sigma_m);
        } else if let Some((origin, plane)) = origin.zip(report.plane) {
            let (altitude_m, sigma_m) = height(report, import, otherwise_m);
            let Geodetic { latitude_deg, longitude_deg, .. } = on_earth(origin, [plane.x_m, plane.y_m], altitude_m);
            row.place(Some((latitude_deg, longitude_deg)), altitude_m, sigma_m);
        } else if let Some(Cartesian { frame: formats::Frame::EarthFixed, position_m, velocity_m_s }) = report.cartesian
        {
            let place = Geodetic::from_ecef(position_m);
            row.place(Some((place.latitude_deg, place.longitude_deg)), Some(place.altitude_m), None);
            let along = |axis: [f64; 3]| velocity_m_s.map(|v| v.iter().zip(axis).map(|(v, a)| v * a).sum());
            let [east, north, up] = place.enu_axes().map(along);
            row.moves((east, north), up, report);
        } else if let Some((range_m, azimuth_deg, elevation_deg)) = polar {
            let (altitude_m, sigma_m) = height(report, import, None);
            row.place(None, altitude_m, sigma_m);
            row.put(Quantity::Range, Some(range_m));
            row.put(Quantity::Azimuth, Some(azimuth_deg));
            row.put(Quantity::Elevation, elevation_deg);
            row.put(Quantity::RangeRate, report.range_rate_m_s);
            return Ok(row);
        } else {
            return Err(Fault::Passed(if report.plane.is_some() { Passed::NoOrigin } else { Passed::NoPlace }));
        }
        let sigma_m = report.sigmas.east_m.zip(report.sigmas.north_m);
        // One number for both axes: the root of the mean of their squares.
        let sigma_m = sigma_m.map(|(east, north)| f64::midpoint(east * east, north * north).sqrt());
        row.put(Quantity::SigmaHorizontal, sigma_m.filter(|sigma| *sigma > 0.0));
        if report.kind != Kind::Plot && report.cartesian.is_none() {
            let components = match report.velocity {
                Some(Velocity::Components { east_m_s, north_m_s }) => (Some(east_m_s), Some(north_m_s)),
                Some(Velocity::Course { speed_m_s, course_deg }) => {
                    let (sin, cos) = libm::sincos(course_deg.to_radians());
                    (Some(speed_m_s * sin), Some(speed_m_s * cos))
                }
                None => (None, None),
            };
            row.moves(components, report.up_m_s, report);
        }
        Ok(row)
    }

    fn put(&mut self, quantity: Quantity, value: Option<f64>) {
        if let Some(cell) = self.0.get_mut(quantity as usize) {
            *cell = value;
        }
    }

    pub(super) fn get(&self, quantity: Quantity) -> Option<f64> {
        self.0.get(quantity as usize).copied().flatten()
    }

    fn place(&mut self, degrees: Option<(f64, f64)>, altitude_m: Option<f64>, sigma_m: Option<f64>) {
        self.put(Quantity::Latitude, degrees.map(|(latitude, _)| latitude));
        self.put(Quantity::Longitude, degrees.map(|(_, longitude)| longitude));
        self.put(Quantity::Altitude, altitude_m);
        self.put(Quantity::SigmaVertical, sigma_m.filter(|sigma| *sigma > 0.0));
    }

    fn moves(&mut self, (east, north): (Option<f64>, Option<f64>), up: Option<f64>, report: &Report) {
        self.put(Quantity::East, east);
        self.put(Quantity::North, north);
        self.put(Quantity::Up, up);
        let sigma = |sigma: Option<f64>, of: Option<f64>| sigma.filter(|sigma| *sigma > 0.0 && of.is_some());
        self.put(Quantity::SigmaVelocity, sigma(report.sigmas.velocity_m_s, east));
        self.put(Quantity::SigmaClimb, sigma(report.sigmas.up_m_s, up));
    }
}

/// The height above the ellipsoid, and its standard deviation where the report says it.
fn height(report: &Report, import: &Import, otherwise_m: Option<f64>) -> (Option<f64>, Option<f64>) {
    let geometric = report.height_m.map(|height_m| (height_m, report.sigmas.height_m));
    let pressure = report.pressure_altitude_m.map(|altitude_m| (altitude_m + import.pressure_correction_m, None));
    let height = match import.heights {
        Heights::Geometric => geometric.or(pressure),
        Heights::Pressure => pressure.or(geometric),
    };
    height.map_or((otherwise_m, None), |(height_m, sigma_m)| (Some(height_m), sigma_m))
}

/// The place at this height above the ellipsoid, x east and y north of an origin in its horizontal plane.
fn on_earth(origin: &Geodetic, [x, y]: [f64; 2], altitude_m: Option<f64>) -> Geodetic {
    let (from, [east, north, up]) = (origin.ecef(), origin.enu_axes());
    let at = |z: f64| {
        let axes = from.iter().zip(east).zip(north).zip(up);
        let mut metres = axes.map(|(((from, east), north), up)| from + x * east + y * north + z * up);
        Geodetic::from_ecef(std::array::from_fn(|_| metres.next().unwrap_or_default()))
    };
    let mut z = 0.0;
    let mut place = at(z);
    // The plane touches the ellipsoid: at 100 km two steps are exact to a millimetre.
    for altitude_m in std::iter::repeat_n(altitude_m, 3).flatten() {
        z += altitude_m - place.altitude_m;
        place = at(z);
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_plane_is_where_a_ray_from_its_origin_meets_its_height() {
        let origin = Geodetic { latitude_deg: 41.3, longitude_deg: 2.1, altitude_m: 50.0 };
        for xy in [[0.0, 0.0], [3_000.0, -4_000.0], [-70_000.0, 70_000.0]] {
            for altitude_m in [50.0, 10_000.0] {
                let place = on_earth(&origin, xy, Some(altitude_m));
                assert!((place.altitude_m - altitude_m).abs() < 1e-3, "{xy:?} {altitude_m}: {place:?}");
                let (there, here) = (place.ecef(), origin.ecef());
                let [east, north, _] = origin.enu_axes();
                let along = |axis: [f64; 3]| (0..3).map(|i| (there[i] - here[i]) * axis[i]).sum::<f64>();
                assert!((along(east) - xy[0]).abs() < 1e-6 && (along(north) - xy[1]).abs() < 1e-6, "{xy:?}");
            }
        }
    }
}
