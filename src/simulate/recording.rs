//! Writes a simulation as a recording folder: catalogue, detections, truth. The folder appears whole or not at all.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::SimulateError;
use super::plan::{Instant, Measures, Plan, Region, Sensor};
use super::platform;
use super::scenario::{NoiseScenario, Scenario, SensorKind, Site, Timing};
use super::sensing::SimulatedDetection;
use super::simulation::Simulation;
use crate::ingest::{ColumnType, TableWriter, Values};
use crate::product::replace;
use crate::sensor::Sense;

/// Rows handed to a table at once.
const ROWS: usize = 65_536;

/// Marks a folder as one that a simulation made, and that another may replace.
const MARKER: &str = ".trackweave-simulation";

/// A folder beside its final place, until it is complete.
#[derive(Debug)]
pub(super) struct Staging {
    out: PathBuf,
    /// Holds the new folder and, for a moment, the one that it replaces.
    around: tempfile::TempDir,
}

impl Staging {
    /// Makes an empty folder beside `out`, which must be free, empty or a recording that a simulation made.
    pub(super) fn beside(out: &Path) -> Result<Self, SimulateError> {
        let occupied = || SimulateError::Occupied { path: out.to_owned() };
        let parent = match out.parent() {
            Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
            Some(parent) => parent,
            None => return Err(occupied()),
        };
        let fails = |source| SimulateError::Folder { path: out.to_owned(), source };
        if !replaceable(out).map_err(fails)? {
            return Err(occupied());
        }
        fs::create_dir_all(parent).map_err(fails)?;
        let around = tempfile::Builder::new().prefix(".trackweave-").tempdir_in(parent).map_err(fails)?;
        let staging = Self { out: out.to_owned(), around };
        fs::create_dir(staging.folder()).map_err(fails)?;
        fs::write(staging.folder().join(MARKER), "").map_err(fails)?;
        Ok(staging)
    }

    /// Where the files are made.
    pub(super) fn folder(&self) -> PathBuf {
        self.around.path().join("new")
    }

    /// Puts the folder in its place; if that fails, what was there still is, unless the error says that it is replaced.
    pub(super) fn publish(self) -> Result<(), SimulateError> {
        let fails = |source| SimulateError::Folder { path: self.out.clone(), source };
        for entry in fs::read_dir(self.folder()).map_err(fails)? {
            File::open(entry.map_err(fails)?.path()).and_then(|file| file.sync_all()).map_err(fails)?;
        }
        if !replaceable(&self.out).map_err(fails)? {
            return Err(SimulateError::Occupied { path: self.out });
        }
        replace(self.around, &self.out)?.into_iter().next().map_or(Ok(()), |after| Err(after.into()))
    }
}

/// Whether nothing is lost when a folder takes this place: only what a simulation wrote is replaced.
fn replaceable(out: &Path) -> io::Result<bool> {
    const OURS: [&str; 4] = [MARKER, "recording.toml", "detections.parquet", "truth.parquet"];
    let entries = match fs::read_dir(out) {
        Ok(entries) => entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<Vec<_>>>()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => return Ok(false),
        Err(error) => return Err(error),
    };
    let marked = entries.iter().any(|name| name == MARKER);
    let is_ours = |name: &std::ffi::OsString| {
        OURS.iter().any(|ours| name == ours) || name.to_str().is_some_and(platform::is_file)
    };
    Ok(entries.is_empty() || marked && entries.iter().all(is_ours))
}

#[derive(Serialize)]
struct CatalogueFile<'a> {
    name: &'a str,
    frame: &'static str,
    time: &'static str,
    sensor: Vec<SensorEntry<'a>>,
}

#[derive(Serialize)]
struct SensorEntry<'a> {
    name: &'a str,
    owner: &'a str,
    kind: SensorKind,
    detection_probability: f64,
    clutter_per_scan: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    looks: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scan_period_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    north: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sectors: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation: Option<Sense>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_interval_s: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<Site>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    noise: NoiseScenario,
    coverage: CoverageEntry,
}

#[derive(Default, Serialize)]
#[expect(clippy::struct_field_names, reason = "the keys of the file, with their units")]
struct CoverageEntry {
    #[serde(skip_serializing_if = "Option::is_none")]
    x_m: Option<[f64; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y_m: Option<[f64; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    range_m: Option<[f64; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    height_m: Option<[f64; 2]>,
}

/// Writes `recording.toml`.
pub(super) fn write_catalogue(scenario: &Scenario, plan: &Plan, folder: &Path) -> Result<(), SimulateError> {
    let sensors = scenario.sensors.iter().zip(&plan.sensors);
    let sensor = sensors
        .enumerate()
        .map(|(number, (words, checked))| {
            let height_m = plan.height_m;
            let coverage = match checked.region {
                Region::Box { x_m, y_m } => {
                    CoverageEntry { x_m: Some(x_m), y_m: Some(y_m), height_m, ..CoverageEntry::default() }
                }
                Region::Ring { range_m, .. } => {
                    CoverageEntry { range_m: Some(range_m), height_m, ..CoverageEntry::default() }
                }
            };
            let reports = matches!(checked.instant, Instant::Reports { .. });
            let turning = match words.timing {
                Timing::Rotating { sectors, rotation } => Some((sectors, rotation)),
                Timing::AtS(_) | Timing::Spread | Timing::Reports { .. } => None,
            };
            SensorEntry {
                name: &checked.name,
                owner: &checked.owner,
                kind: words.kind,
                detection_probability: checked.detection_probability,
                clutter_per_scan: checked.clutter_per_scan,
                looks: reports.then_some("reports").or(turning.map(|_| "rotating")),
                north: turning.map(|_| 0.0),
                sectors: turning.map(|(sectors, _)| sectors),
                rotation: turning.map(|(_, rotation)| rotation),
                scan_period_s: (!reports).then_some(words.scan_period_s),
                expected_interval_s: reports.then_some(words.scan_period_s),
                site: words.site.filter(|_| words.platform.is_none()),
                platform: words.platform.map(|_| platform::file(number)),
                noise: words.noise,
                coverage,
            }
        })
        .collect();
    let path = folder.join("recording.toml");
    let catalogue = CatalogueFile { name: &plan.name, frame: "local", time: "seconds", sensor };
    match toml::to_string(&catalogue) {
        Ok(text) => fs::write(&path, text).map_err(|source| SimulateError::Folder { path, source }),
        Err(source) => Err(SimulateError::Catalogue { path, source }),
    }
}

/// `detections.parquet` and `truth.parquet`, growing.
#[derive(Debug)]
pub(super) struct Tables {
    sensors: Vec<SensorColumns>,
    columns: Vec<&'static str>,
    detections: TableWriter,
    truth: TableWriter,
    /// Axes of a position: 2 or 3.
    dimensions: usize,
}

/// Which column each of a sensor's values goes to.
#[derive(Debug)]
struct SensorColumns {
    name: String,
    values: [Option<&'static str>; 5],
}

impl Tables {
    pub(super) fn create(plan: &Plan, folder: &Path) -> Result<Self, SimulateError> {
        let spatial = plan.height_m.is_some();
        let dimensions = 2 + usize::from(spatial);
        let of = |measures: &Measures| match measures {
            Measures::Position { velocity_m_s, .. } => {
                let [vx, vy] = ["vx_m_s", "vy_m_s"].map(|column| velocity_m_s.map(|_| column));
                [Some("x_m"), Some("y_m"), spatial.then_some("z_m"), vx, vy]
            }
            Measures::Radar { elevation_deg, range_rate_m_s, .. } => [
                Some("range_m"),
                Some("azimuth_deg"),
                elevation_deg.map(|_| "elevation_deg"),
                range_rate_m_s.map(|_| "range_rate_m_s"),
                None,
            ],
        };
        let sensor = |sensor: &Sensor| SensorColumns { name: sensor.name.clone(), values: of(&sensor.measures) };
        let sensors = plan.sensors.iter().map(sensor).collect::<Vec<_>>();
        let mut columns = vec!["x_m", "y_m", "z_m", "vx_m_s", "vy_m_s"];
        columns.extend(["range_m", "azimuth_deg", "elevation_deg", "range_rate_m_s"]);
        columns.retain(|column| sensors.iter().any(|sensor| sensor.values.contains(&Some(*column))));
        let mut typed = vec![("time", ColumnType::Float64), ("sensor", ColumnType::Text)];
        typed.extend(columns.iter().map(|column| (*column, ColumnType::Float64)));
        let detections = TableWriter::create(&folder.join("detections.parquet"), &typed)?;
        let mut typed = vec![("time", ColumnType::Float64), ("object", ColumnType::Text)];
        typed.extend(axes(dimensions, ["x_m", "y_m", "z_m"]).map(|column| (column, ColumnType::Float64)));
        typed.extend(axes(dimensions, ["vx_m_s", "vy_m_s", "vz_m_s"]).map(|column| (column, ColumnType::Float64)));
        let truth = TableWriter::create(&folder.join("truth.parquet"), &typed)?;
        Ok(Self { sensors, columns, detections, truth, dimensions })
    }

    pub(super) fn append_truth(&mut self, simulation: &Simulation) -> Result<(), SimulateError> {
        let time_s = simulation.scan_us() as f64 * 1e-6;
        let mut states = simulation.truth();
        while states.len() > 0 {
            let rows = states.by_ref().take(ROWS).collect::<Vec<_>>();
            let names = rows.iter().map(|state| state.object.to_string()).collect::<Vec<_>>();
            let mut columns = vec![
                Values::Float64(vec![Some(time_s); rows.len()]),
                Values::Text(names.iter().map(|name| Some(name.as_str())).collect()),
            ];
            for axis in axes(self.dimensions, [0, 1, 2]) {
                columns.push(Values::Float64(rows.iter().map(|state| state.position_m.get(axis).copied()).collect()));
            }
            for axis in axes(self.dimensions, [0, 1, 2]) {
                columns.push(Values::Float64(rows.iter().map(|state| state.velocity_m_s.get(axis).copied()).collect()));
            }
            self.truth.append_columns(columns)?;
        }
        Ok(())
    }

    pub(super) fn append_detections(&mut self, detections: &[SimulatedDetection]) -> Result<(), SimulateError> {
        for rows in detections.chunks(ROWS) {
            let sensors = || rows.iter().map(|row| self.sensors.get(row.sensor as usize));
            let mut columns = vec![
                Values::Float64(rows.iter().map(|row| Some(row.time_us as f64 * 1e-6)).collect()),
                Values::Text(sensors().map(|sensor| sensor.map(|sensor| sensor.name.as_str())).collect()),
            ];
            for column in &self.columns {
                let cell = |(row, sensor): (&SimulatedDetection, Option<&SensorColumns>)| {
                    let place = sensor?.values.iter().position(|value| *value == Some(*column))?;
                    row.values.get(place).copied()
                };
                columns.push(Values::Float64(rows.iter().zip(sensors()).map(cell).collect()));
            }
            self.detections.append_columns(columns)?;
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<(), SimulateError> {
        self.detections.finish()?;
        self.truth.finish()?;
        Ok(())
    }
}

/// Two or three of the axes.
fn axes<T>(dimensions: usize, axes: [T; 3]) -> impl Iterator<Item = T> {
    axes.into_iter().take(dimensions)
}
