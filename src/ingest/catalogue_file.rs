//! `recording.toml` as it is written: every key, its checks, and the line where it stands.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::catalogue::{Catalogue, TimeScale};
use super::dialect::Dialects;
use super::dialect_file::{DialectEntry, dialect};
use super::error::{IngestError, quoted, short, toml_says};
use super::imports::{self, ImportEntry};
use super::layout::Layout;
use super::looks_file::LooksName;
use super::recording::ENDINGS;
use crate::sensor::{Altitudes, Coverage, Keys, Kind, KindName, Noise, Offsets, Platform, Sense, Sensor, offset_keys};
use crate::space::{Frame, Geodetic};
use crate::time::micros;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: Spanned<String>,
    frame: Frame,
    time: TimeScale,
    detections: Option<DialectEntry>,
    looks: Option<DialectEntry>,
    platform: Option<DialectEntry>,
    truth: Option<DialectEntry>,
    #[serde(default)]
    import: Vec<ImportEntry>,
    #[serde(default)]
    sensor: Vec<Spanned<SensorEntry>>,
}

/// A `[[sensor]]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SensorEntry {
    pub(super) name: Spanned<String>,
    owner: Spanned<String>,
    pub(super) kind: Spanned<KindName>,
    site: Option<Spanned<SiteEntry>>,
    pub(super) platform: Option<Spanned<String>>,
    noise: Spanned<NoiseEntry>,
    offsets: Option<Spanned<BTreeMap<String, Spanned<f64>>>>,
    detection_probability: Spanned<f64>,
    clutter_per_scan: Spanned<f64>,
    #[serde(default)]
    pub(super) looks: LooksName,
    pub(super) scan_period_s: Option<Spanned<f64>>,
    pub(super) expected_interval_s: Option<Spanned<f64>>,
    pub(super) north: Option<Spanned<Value>>,
    pub(super) sectors: Option<Spanned<i64>>,
    pub(super) rotation: Option<Spanned<Sense>>,
    pub(super) azimuth_tolerance_deg: Option<Spanned<f64>>,
    coverage: Spanned<CoverageEntry>,
    altitude: Option<Spanned<AltitudeName>>,
    pressure_correction_m: Option<Spanned<f64>>,
    qnh_hpa: Option<Spanned<f64>>,
    geoid_m: Option<Spanned<f64>>,
    surface_m: Option<Spanned<Vec<f64>>>,
    view: Option<Spanned<String>>,
}

/// What altitudes are.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AltitudeName {
    Ellipsoid,
    Pressure,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct SiteEntry {
    latitude_deg: Option<Spanned<f64>>,
    longitude_deg: Option<Spanned<f64>>,
    altitude_m: Option<Spanned<f64>>,
    x_m: Option<Spanned<f64>>,
    y_m: Option<Spanned<f64>>,
    z_m: Option<Spanned<f64>>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoiseEntry {
    horizontal_m: Option<Spanned<f64>>,
    vertical_m: Option<Spanned<f64>>,
    range_m: Option<Spanned<f64>>,
    azimuth_deg: Option<Spanned<f64>>,
    elevation_deg: Option<Spanned<f64>>,
    range_rate_m_s: Option<Spanned<f64>>,
    speed_m_s: Option<Spanned<f64>>,
    course_deg: Option<Spanned<f64>>,
    velocity_m_s: Option<Spanned<f64>>,
    climb_m_s: Option<Spanned<f64>>,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CoverageEntry {
    x_m: Option<Spanned<Vec<f64>>>,
    y_m: Option<Spanned<Vec<f64>>>,
    longitude_deg: Option<Spanned<Vec<f64>>>,
    latitude_deg: Option<Spanned<Vec<f64>>>,
    range_m: Option<Spanned<Vec<f64>>>,
    height_m: Option<Spanned<Vec<f64>>>,
}

/// Reads and checks the text of a catalogue.
pub(super) fn parse(text: &str, path: &Path) -> Result<Catalogue, IngestError> {
    let catalogue = parse_any(text, path)?;
    if catalogue.sensors.is_empty() {
        let top = Checker { text, path, of: String::new() };
        return Err(top.wrong(0..0, "sensor", "missing", "at least one [[sensor]]"));
    }
    Ok(catalogue)
}

/// The same of one that may have no sensor.
pub(super) fn parse_any(text: &str, path: &Path) -> Result<Catalogue, IngestError> {
    let file: File = toml::from_str(text).map_err(|error| IngestError::Toml {
        path: path.to_owned(),
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        what: toml_says(&error, "docs/formats.md"),
    })?;
    let top = Checker { text, path, of: String::new() };
    let name = top.name("name", &file.name)?;
    let mut sensors: Vec<Sensor> = Vec::with_capacity(file.sensor.len());
    let mut names: BTreeSet<&str> = BTreeSet::new();
    for entry in &file.sensor {
        let of = format!("sensor {}: ", quoted(entry.get_ref().name.get_ref()));
        let checker = Checker { text, path, of };
        let sensor = checker.sensor(entry.get_ref(), (file.frame, file.time))?;
        if !names.insert(entry.get_ref().name.get_ref()) {
            let span = entry.get_ref().name.span();
            return Err(checker.wrong(span, "name", "the name of an earlier sensor", "a name of its own"));
        }
        sensors.push(sensor);
    }
    let dialects = dialects(&file, text, path)?;
    if let (Some(entry), Some(_)) = (file.import.first(), &file.detections) {
        let wanted =
            "either: [detections] says how a table is written, in whose place the files of [[import]] are read";
        return Err(top.wrong(entry.file.span(), "import", "there beside [detections]", wanted));
    }
    let imports = file.import.iter().map(|entry| imports::read(entry, &top, file.frame)).collect::<Result<_, _>>()?;
    Ok(Catalogue { name, frame: file.frame, time: file.time, dialects, sensors, imports })
}

/// How the tables are written.
fn dialects(file: &File, text: &str, path: &Path) -> Result<Dialects, IngestError> {
    let (frame, time, plain) = (file.frame, file.time, Arc::default());
    let of = |entry: &Option<DialectEntry>, layout: Layout| {
        let checker = Checker { text, path, of: format!("[{}]: ", layout.table) };
        dialect(entry.as_ref(), &checker, &layout)
    };
    Ok(Dialects {
        detections: of(&file.detections, Layout::detections(frame, time, &plain))?,
        looks: of(&file.looks, Layout::looks(time, &plain))?,
        platform: of(&file.platform, Layout::platform(frame, time, &plain))?,
        truth: of(&file.truth, Layout::truth(frame, time, &plain))?,
    })
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// Knows where a value stands, so that each check is one line.
pub(super) struct Checker<'a> {
    text: &'a str,
    path: &'a Path,
    /// "sensor `name`: ", "`[table]`: ", or nothing.
    of: String,
}

impl Checker<'_> {
    pub(super) fn wrong(
        &self,
        span: Range<usize>,
        key: &str,
        found: impl Display,
        wanted: impl Into<Box<str>>,
    ) -> IngestError {
        IngestError::Catalogue {
            path: self.path.to_owned(),
            line: line_of(self.text, span.start),
            of: self.of.clone(),
            key: key.into(),
            found: short(&found),
            wanted: wanted.into(),
        }
    }

    pub(super) fn name(&self, key: &'static str, text: &Spanned<String>) -> Result<String, IngestError> {
        let name = text.get_ref();
        if name.is_empty() || name.trim() != name || name.chars().any(char::is_control) {
            let wanted = "a name without spaces at its ends or control characters";
            return Err(self.wrong(text.span(), key, quoted(name), wanted));
        }
        Ok(name.clone())
    }

    pub(super) fn number(
        &self,
        key: &'static str,
        number: &Spanned<f64>,
        right: impl Fn(f64) -> bool,
        wanted: &'static str,
    ) -> Result<f64, IngestError> {
        let value = *number.get_ref();
        if value.is_finite() && right(value) { Ok(value) } else { Err(self.wrong(number.span(), key, value, wanted)) }
    }

    fn required<'v, T>(
        &self,
        parent: Range<usize>,
        key: &'static str,
        value: Option<&'v Spanned<T>>,
        wanted: &'static str,
    ) -> Result<&'v Spanned<T>, IngestError> {
        value.ok_or_else(|| self.wrong(parent, key, "missing", wanted))
    }

    pub(super) fn unused<T>(
        &self,
        key: &'static str,
        value: Option<&Spanned<T>>,
        wanted: &'static str,
    ) -> Result<(), IngestError> {
        value.map_or(Ok(()), |value| Err(self.wrong(value.span(), key, "there", wanted)))
    }

    fn sensor(&self, entry: &SensorEntry, (frame, time): (Frame, TimeScale)) -> Result<Sensor, IngestError> {
        let keys = entry.kind.get_ref().keys(frame);
        if let (Some(_), None) = (&entry.platform, &entry.coverage.get_ref().range_m) {
            let wanted = "range_m: what carries a sensor carries what it covers";
            return Err(self.wrong(entry.coverage.span(), "coverage", "a box", wanted));
        }
        Ok(Sensor {
            name: self.name("name", &entry.name)?,
            owner: self.name("owner", &entry.owner)?,
            kind: self.kind(entry, frame)?,
            noise: self.noise(entry, &keys)?,
            offsets: self.offsets(entry)?,
            altitudes: self.altitudes(entry, frame)?,
            detection_probability: self.number(
                "detection_probability",
                &entry.detection_probability,
                |p| p > 0.0 && p <= 1.0,
                "above 0 and at most 1",
            )?,
            clutter_per_scan: self.number("clutter_per_scan", &entry.clutter_per_scan, |n| n >= 0.0, "0 or more")?,
            looks: self.looks(entry, time)?,
            coverage: self.coverage(&entry.coverage, &keys, frame)?,
            view: entry.view.as_ref().map(|view| self.name("view", view)).transpose()?,
        })
    }

    fn kind(&self, entry: &SensorEntry, frame: Frame) -> Result<Kind, IngestError> {
        match entry.kind.get_ref() {
            KindName::Position => {
                self.unused("site", entry.site.as_ref(), "no site: only a radar has one")?;
                self.unused("platform", entry.platform.as_ref(), "no platform: only a radar has one")?;
                Ok(Kind::Position)
            }
            KindName::Radar => {
                if let Some(file) = &entry.platform {
                    self.unused("site", entry.site.as_ref(), "either a site or a platform")?;
                    return self.platform(file, frame);
                }
                let wanted = "the site of the radar, or the platform that carries it";
                self.site(self.required(entry.kind.span(), "site", entry.site.as_ref(), wanted)?, frame)
            }
        }
    }

    /// A radar on a platform, whose table is still to be read.
    fn platform(&self, file: &Spanned<String>, frame: Frame) -> Result<Kind, IngestError> {
        let name = self.name("platform", file)?;
        let taken = ["detections", "looks", "truth"].iter().any(|stem| name.split('.').next() == Some(stem));
        let is_table = ENDINGS
            .iter()
            .any(|ending| name.strip_suffix(ending).is_some_and(|stem| stem.len() > 1 && stem.ends_with('.')));
        if taken || !is_table || name.contains(['/', '\\']) {
            let wanted = "the name of a table beside recording.toml that is none of the others, such as \"ship.csv\" or \"ship.parquet\"";
            return Err(self.wrong(file.span(), "platform", quoted(&name), wanted));
        }
        Ok(Kind::radar_on(Arc::new(Platform::named(&name, frame))))
    }

    fn site(&self, site: &Spanned<SiteEntry>, frame: Frame) -> Result<Kind, IngestError> {
        let SiteEntry { latitude_deg, longitude_deg, altitude_m, x_m, y_m, z_m } = site.get_ref();
        let span = site.span();
        let read = |key, value: &Option<Spanned<f64>>, most: f64, wanted| {
            let value = self.required(span.clone(), key, value.as_ref(), wanted)?;
            self.number(key, value, |v| v.abs() <= most, wanted)
        };
        match frame {
            Frame::Geodetic => {
                for (key, value) in [("x_m", x_m), ("y_m", y_m), ("z_m", z_m)] {
                    self.unused(key, value.as_ref(), "latitude_deg, longitude_deg and altitude_m: frame is geodetic")?;
                }
                let site = Geodetic {
                    latitude_deg: read("latitude_deg", latitude_deg, 90.0, "a latitude between -90 and 90")?,
                    longitude_deg: read("longitude_deg", longitude_deg, 180.0, "a longitude between -180 and 180")?,
                    altitude_m: read("altitude_m", altitude_m, 1e5, "metres between -100000 and 100000")?,
                };
                Ok(Kind::radar_at(site))
            }
            Frame::Local => {
                for (key, value) in
                    [("latitude_deg", latitude_deg), ("longitude_deg", longitude_deg), ("altitude_m", altitude_m)]
                {
                    self.unused(key, value.as_ref(), "x_m, y_m and z_m: frame is local")?;
                }
                let metres = "metres between -1e9 and 1e9";
                let site_m =
                    [read("x_m", x_m, 1e9, metres)?, read("y_m", y_m, 1e9, metres)?, read("z_m", z_m, 1e9, metres)?];
                Ok(Kind::radar_at_m(site_m))
            }
        }
    }

    /// What its altitudes are.
    fn altitudes(&self, entry: &SensorEntry, frame: Frame) -> Result<Altitudes, IngestError> {
        let SensorEntry { altitude, pressure_correction_m, qnh_hpa, geoid_m, surface_m, .. } = entry;
        let number = |key, value: &Option<Spanned<f64>>, [least, most]: [f64; 2], wanted| {
            value.as_ref().map(|value| self.number(key, value, |v| (least..=most).contains(&v), wanted)).transpose()
        };
        if frame == Frame::Local {
            let wanted = "no altitudes: frame is local, heights are z_m";
            self.unused("altitude", altitude.as_ref(), wanted)?;
            self.unused("surface_m", surface_m.as_ref(), wanted)?;
        }
        let is_pressure = altitude.as_ref().is_some_and(|name| *name.get_ref() == AltitudeName::Pressure);
        if !is_pressure {
            let wanted = "it with altitude = \"pressure\" alone";
            let keys = [("pressure_correction_m", pressure_correction_m), ("qnh_hpa", qnh_hpa), ("geoid_m", geoid_m)];
            keys.into_iter().try_for_each(|(key, value)| self.unused(key, value.as_ref(), wanted))?;
        }
        if pressure_correction_m.is_some() {
            let wanted = "either pressure_correction_m, which has all of it, or qnh_hpa and geoid_m";
            self.unused("qnh_hpa", qnh_hpa.as_ref(), wanted)?;
            self.unused("geoid_m", geoid_m.as_ref(), wanted)?;
        }
        let metres = "metres between -5000 and 5000";
        let correction_m = number("pressure_correction_m", pressure_correction_m, [-5e3, 5e3], metres)?;
        let qnh_hpa = number("qnh_hpa", qnh_hpa, [800.0, 1100.0], "hectopascals between 800 and 1100")?;
        let geoid_m = number("geoid_m", geoid_m, [-150.0, 150.0], "metres between -150 and 150")?;
        let said_m = qnh_hpa.map_or(0.0, Altitudes::of_qnh_m) + geoid_m.unwrap_or(0.0);
        Ok(Altitudes {
            pressure_correction_m: is_pressure.then(|| correction_m.unwrap_or(said_m)),
            surface_m: surface_m.as_ref().map(|surface_m| self.surface(surface_m, entry)).transpose()?,
        })
    }

    fn surface(&self, surface_m: &Spanned<Vec<f64>>, entry: &SensorEntry) -> Result<[f64; 2], IngestError> {
        if *entry.kind.get_ref() != KindName::Position {
            return Err(self.wrong(surface_m.span(), "surface_m", "there", "height_m in `coverage`: kind is radar"));
        }
        match *surface_m.get_ref().as_slice() {
            [height_m, sigma_m] if height_m.abs() <= 1e5 && (1e-6..=1e9).contains(&sigma_m) => Ok([height_m, sigma_m]),
            _ => {
                let wanted =
                    "[height, standard deviation]: metres between -100000 and 100000, and between 1e-6 and 1e9";
                Err(self.wrong(surface_m.span(), "surface_m", format!("{:?}", surface_m.get_ref()), wanted))
            }
        }
    }

    fn noise(&self, entry: &SensorEntry, keys: &Keys) -> Result<Noise, IngestError> {
        let (noise, is_flat) = (&entry.noise, entry.surface_m.is_some());
        let NoiseEntry { horizontal_m, vertical_m, range_m, azimuth_deg, elevation_deg, range_rate_m_s, .. } =
            noise.get_ref();
        let NoiseEntry { speed_m_s, course_deg, velocity_m_s, climb_m_s, .. } = noise.get_ref();
        let entries = [
            ("horizontal_m", horizontal_m),
            ("vertical_m", vertical_m),
            ("range_m", range_m),
            ("azimuth_deg", azimuth_deg),
            ("elevation_deg", elevation_deg),
            ("range_rate_m_s", range_rate_m_s),
            ("speed_m_s", speed_m_s),
            ("course_deg", course_deg),
            ("velocity_m_s", velocity_m_s),
            ("climb_m_s", climb_m_s),
        ];
        let of = |wanted: &str| entries.iter().find(|(key, _)| *key == wanted).and_then(|(_, entry)| entry.as_ref());
        for &key in keys.needed.iter().filter(|key| !is_flat || **key != "vertical_m") {
            let wanted = "a standard deviation: this kind of sensor needs it";
            self.required(noise.span(), key, of(key), wanted)?;
        }
        for &(key, wanted) in keys.foreign {
            self.unused(key, of(key), wanted)?;
        }
        let metres = |key, value: &Option<Spanned<f64>>| {
            let right = |sigma: f64| (1e-6..=1e9).contains(&sigma);
            value.as_ref().map(|v| self.number(key, v, right, "a standard deviation between 1e-6 and 1e9")).transpose()
        };
        let radians = |key, value: &Option<Spanned<f64>>| {
            let right = |sigma: f64| (1e-6..=60.0).contains(&sigma);
            let sigma =
                value.as_ref().map(|v| self.number(key, v, right, "degrees between 1e-6 and 60")).transpose()?;
            Ok(sigma.map(f64::to_radians))
        };
        Ok(Noise {
            horizontal_m: metres("horizontal_m", horizontal_m)?,
            vertical_m: metres("vertical_m", vertical_m)?,
            range_m: metres("range_m", range_m)?,
            azimuth_rad: radians("azimuth_deg", azimuth_deg)?,
            elevation_rad: radians("elevation_deg", elevation_deg)?,
            range_rate_m_s: metres("range_rate_m_s", range_rate_m_s)?,
            speed_m_s: metres("speed_m_s", speed_m_s)?,
            course_rad: radians("course_deg", course_deg)?,
            velocity_m_s: metres("velocity_m_s", velocity_m_s)?,
            climb_m_s: metres("climb_m_s", climb_m_s)?,
        })
    }

    /// What the sensor is known to say too much.
    fn offsets(&self, entry: &SensorEntry) -> Result<Offsets, IngestError> {
        let Some(given) = &entry.offsets else { return Ok(Offsets::default()) };
        let may = offset_keys(*entry.kind.get_ref());
        // Sectors and looks are of the times and azimuths that the sensor says.
        let keeps = !matches!(entry.looks, LooksName::Listed | LooksName::Rotating);
        let mut offsets = Offsets::default();
        for (key, value) in given.get_ref() {
            let Some(key) = may.iter().find(|may| *may == key) else {
                return Err(self.wrong(value.span(), "offsets", quoted(key), format!("some of {}", may.join(", "))));
            };
            if !keeps && ["time_s", "azimuth_deg"].contains(key) {
                let wanted =
                    "neither time_s nor azimuth_deg: looks that are listed or rotate are of what the sensor says";
                return Err(self.wrong(value.span(), "offsets", *key, wanted));
            }
            let most = if key.ends_with("deg") { 360.0 } else { 1e6 };
            let value =
                self.number(key, value, |v| v.abs() <= most, "an offset, of an angle within 360, else within 1e6")?;
            match *key {
                "range_m" => offsets.range_m = value,
                "azimuth_deg" => offsets.azimuth_rad = value.to_radians(),
                "elevation_deg" => offsets.elevation_rad = value.to_radians(),
                "time_s" => offsets.time_us = micros(value).unwrap_or_default(),
                "east_m" => offsets.east_m = value,
                _ => offsets.north_m = value,
            }
        }
        Ok(offsets)
    }

    fn coverage(&self, of: &Spanned<CoverageEntry>, keys: &Keys, frame: Frame) -> Result<Coverage, IngestError> {
        let CoverageEntry { x_m, y_m, longitude_deg, latitude_deg, range_m, height_m } = of.get_ref();
        let height_m = height_m.as_ref().map(|span| self.interval("height_m", span, -1e9..=1e9)).transpose()?;
        let corners = [("x_m", x_m), ("y_m", y_m), ("longitude_deg", longitude_deg), ("latitude_deg", latitude_deg)];
        if let Some(range) = range_m {
            if !keys.has_site {
                return Err(self.wrong(range.span(), "range_m", "there", "a box: only a radar sees a ring"));
            }
            for (key, value) in corners {
                self.unused(key, value.as_ref(), "either a box or range_m")?;
            }
            return Ok(Coverage::Ring { range_m: self.interval("range_m", range, 0.0..=1e9)?, height_m });
        }
        let (across, along, foreign, most, wanted) = match frame {
            Frame::Geodetic => {
                let wanted = "longitude_deg and latitude_deg (or the range_m of a radar): frame is geodetic";
                (
                    ("longitude_deg", longitude_deg),
                    ("latitude_deg", latitude_deg),
                    [("x_m", x_m), ("y_m", y_m)],
                    90.0,
                    wanted,
                )
            }
            Frame::Local => {
                let wanted = "x_m and y_m (or the range_m of a radar): frame is local";
                let foreign = [("longitude_deg", longitude_deg), ("latitude_deg", latitude_deg)];
                (("x_m", x_m), ("y_m", y_m), foreign, 1e9, wanted)
            }
        };
        for (key, value) in foreign {
            self.unused(key, value.as_ref(), wanted)?;
        }
        let first = self.required(of.span(), across.0, across.1.as_ref(), wanted)?;
        let second = self.required(of.span(), along.0, along.1.as_ref(), wanted)?;
        let [west, east] =
            if frame == Frame::Geodetic { self.longitudes(first)? } else { self.interval("x_m", first, -1e9..=1e9)? };
        let [south, north] = self.interval(along.0, second, -most..=most)?;
        Ok(Coverage::Box { min: [west, south], max: [east, north], height_m })
    }

    fn interval(
        &self,
        key: &'static str,
        interval: &Spanned<Vec<f64>>,
        within: std::ops::RangeInclusive<f64>,
    ) -> Result<[f64; 2], IngestError> {
        if let [lo, hi] = *interval.get_ref().as_slice()
            && within.contains(&lo)
            && within.contains(&hi)
            && lo < hi
        {
            return Ok([lo, hi]);
        }
        let wanted = match key {
            "latitude_deg" => "[lo, hi] with lo below hi, both between -90 and 90",
            "range_m" => "[lo, hi] with lo below hi, both between 0 and 1e9",
            _ => "[lo, hi] with lo below hi, both between -1e9 and 1e9",
        };
        Err(self.wrong(interval.span(), key, format!("{:?}", interval.get_ref()), wanted))
    }

    fn longitudes(&self, interval: &Spanned<Vec<f64>>) -> Result<[f64; 2], IngestError> {
        let within = -180.0..=180.0;
        if let [west, east] = *interval.get_ref().as_slice()
            && within.contains(&west)
            && within.contains(&east)
            && (west - east).abs() > 0.0
        {
            return Ok([west, east]);
        }
        let wanted = "[west, east], different, both between -180 and 180 (west above east crosses the antimeridian)";
        Err(self.wrong(interval.span(), "longitude_deg", format!("{:?}", interval.get_ref()), wanted))
    }
}
