//! A tracker before its first detection: its frame, sensors and configuration.

use super::error::{Error, ErrorKind};
use super::sensor::Sensor;
use super::{Held, Tracker};
use crate::config::{NAMED, RunConfig};
use crate::fusion::batch::{Batch, LaneSetup};
use crate::fusion::error::FusionError;
use crate::fusion::executor::Executor;
use crate::ingest::{Catalogue, TimeScale};
use crate::scan::{Lane, SOURCES_MAX};
use crate::space::Frame;
use crate::time::micros;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use toml::{Table, Value};

/// What a tracker is built from: by default in metres, for aircraft, on the processor.
#[derive(Clone, Debug, Default)]
pub struct TrackerBuilder {
    catalogue: Option<Catalogue>,
    on_earth: bool,
    sensors: Vec<Sensor>,
    config: Configuration,
    executor: Executor,
    wait_s: f64,
    keeps_record: bool,
}

/// The configuration that was asked for.
#[derive(Clone, Debug)]
enum Configuration {
    Preset(String),
    Own(Box<RunConfig>),
}

impl Default for Configuration {
    fn default() -> Self {
        Self::Preset("air".to_owned())
    }
}

impl TrackerBuilder {
    /// Positions are latitudes, longitudes and altitudes on WGS 84, instead of metres.
    pub(super) fn on_earth(self) -> Self {
        Self { on_earth: true, ..self }
    }

    /// Frame and sensors are those of a catalogue.
    pub(super) fn of(catalogue: Catalogue) -> Self {
        Self { on_earth: catalogue.frame == Frame::Geodetic, catalogue: Some(catalogue), ..Self::default() }
    }

    /// One more sensor.
    #[must_use]
    pub fn sensor(mut self, sensor: Sensor) -> Self {
        self.sensors.push(sensor);
        self
    }

    /// A configuration that is built in, by its name: `air`, `air-smoothed`, `sea`, `vehicles`, `people`, `drones`,
    /// `satellites` or `orbits`.
    #[must_use]
    pub fn preset(self, name: &str) -> Self {
        Self { config: Configuration::Preset(name.to_owned()), ..self }
    }

    /// A configuration of one's own.
    #[must_use]
    pub fn config(self, config: RunConfig) -> Self {
        Self { config: Configuration::Own(Box::new(config)), ..self }
    }

    /// What computes; the processor without.
    #[must_use]
    pub fn executor(self, executor: Executor) -> Self {
        Self { executor, ..self }
    }

    /// Waits so long, seconds, for detections that come later than ones that were made after them; without, they come in the order
    /// of time, push by push.
    #[must_use]
    pub fn wait_s(self, seconds: f64) -> Self {
        Self { wait_s: seconds, ..self }
    }

    /// Keeps all detections, for [`Tracker::smooth`]: some 200 bytes each.
    #[must_use]
    pub fn keep_record(self) -> Self {
        Self { keeps_record: true, ..self }
    }

    /// Builds the tracker.
    ///
    /// # Errors
    /// A sensor that cannot be in this frame, two of one name, none; a preset that there is not; a configuration that the sensors
    /// or the executor cannot have; a device without the memory.
    pub fn build(self) -> Result<Tracker, Error> {
        let catalogue = self.catalogue()?;
        let config = self.config.read()?;
        let wait_us = micros(self.wait_s).filter(|us| *us >= 0).ok_or_else(|| {
            let text = format!("`wait_s`: found {}, wanted seconds, at least 0", self.wait_s);
            Error::new(ErrorKind::Configuration, text)
        })?;
        let (owners, source_of) = sources(&catalogue)?;
        let lane = Lane::open(&catalogue, 0..catalogue.sensors.len(), config.fusion.undetected.cell_m())
            .map_err(|error| Error::because(ErrorKind::Sensor, error))?
            .like_a_run(config.fusion.detectability.shared_share.get());
        let setup = LaneSetup::new(&lane, catalogue.frame, &config.fusion);
        let batch =
            Batch::new(config.fusion.clone(), self.executor.clone(), vec![setup]).map_err(|error| match error {
                FusionError::Input(wrong) => Error::because(ErrorKind::Configuration, wrong),
                error => error.into(),
            })?;
        Ok(Tracker {
            catalogue,
            lane,
            config,
            executor: self.executor,
            batch,
            pending: None,
            held: Held::new(wait_us),
            record: self.keeps_record.then(Vec::new),
            told: BTreeMap::new(),
            scale: None,
            owners,
            source_of,
        })
    }

    /// The sensors, as a recording would have them: read and checked as its `recording.toml`.
    fn catalogue(&self) -> Result<Catalogue, Error> {
        if let (Some(catalogue), []) = (&self.catalogue, self.sensors.as_slice()) {
            return Ok(catalogue.clone());
        }
        let made = made(&self.text(("tracker", TimeScale::Seconds), None)?)?;
        let Some(catalogue) = &self.catalogue else { return Ok(made) };
        if let Some(sensor) = made.sensors.iter().find(|sensor| catalogue.sensor_index(&sensor.name).is_some()) {
            let text = format!("sensor `{}`: found one of this name before, wanted a name of its own", sensor.name);
            return Err(Error::new(ErrorKind::Sensor, text));
        }
        let sensors = catalogue.sensors.iter().cloned().chain(made.sensors).collect();
        Ok(Catalogue { sensors, ..catalogue.clone() })
    }

    /// What the `recording.toml` of a recording of these sensors would say, checked; `written` is its table `detections`.
    #[cfg(feature = "parquet")]
    pub(super) fn described(&self, of: (&str, TimeScale), written: Table) -> Result<String, Error> {
        if self.catalogue.is_some() {
            let text = "found the catalogue of a recording, wanted sensors made in code";
            return Err(Error::new(ErrorKind::NotBuiltFor, text));
        }
        made(&self.text(of, None)?)?;
        self.text(of, Some(written))
    }

    /// The sensors made in code as a `recording.toml`.
    fn text(&self, (name, time): (&str, TimeScale), written: Option<Table>) -> Result<String, Error> {
        let frame = if self.on_earth { "geodetic" } else { "local" };
        let time = if time == TimeScale::Seconds { "seconds" } else { "timestamp" };
        let entries = self.sensors.iter().map(|sensor| Value::from(sensor.entry().clone())).collect();
        let mut file = Table::new();
        for (key, value) in [("name", name), ("frame", frame), ("time", time)] {
            file.insert(key.to_owned(), value.into());
        }
        file.extend(written.map(|written| ("detections".to_owned(), Value::Table(written))));
        file.insert("sensor".to_owned(), Value::Array(entries));
        toml::to_string(&file).map_err(|error| Error::because(ErrorKind::Sensor, error))
    }
}

/// The catalogue of sensors made in code, as a `recording.toml` describes it.
fn made(text: &str) -> Result<Catalogue, Error> {
    Catalogue::parse(text, Path::new("sensors made in code")).map_err(Error::of_sensor)
}

impl Configuration {
    fn read(&self) -> Result<RunConfig, Error> {
        let name = match self {
            Self::Own(config) => return Ok(config.as_ref().clone()),
            Self::Preset(name) => name,
        };
        let preset = NAMED.iter().find(|(of, _)| of == name);
        let (name, text) = preset.ok_or_else(|| {
            let names: Vec<String> = NAMED.iter().map(|(name, _)| format!("`{name}`")).collect();
            let text = format!("found preset `{name}`, wanted one of {}", names.join(", "));
            Error::new(ErrorKind::Configuration, text)
        })?;
        Ok(RunConfig::parse(text, Path::new(name))?)
    }
}

/// The owners of sensors, in alphabetical order, and which of them each sensor has.
fn sources(catalogue: &Catalogue) -> Result<(Vec<Arc<str>>, Vec<u8>), Error> {
    let mut owners: Vec<Arc<str>> = catalogue.sensors.iter().map(|sensor| sensor.owner.as_str().into()).collect();
    owners.sort();
    owners.dedup();
    if owners.len() > SOURCES_MAX {
        let text = format!(
            "found sensors of {} owners, wanted at most {SOURCES_MAX}: say `owner` of sensors that need not be told apart",
            owners.len()
        );
        return Err(Error::new(ErrorKind::Sensor, text));
    }
    let source = |owner: &str| owners.iter().position(|known| **known == *owner).and_then(|at| u8::try_from(at).ok());
    let source_of = catalogue.sensors.iter().filter_map(|sensor| source(&sensor.owner)).collect();
    Ok((owners, source_of))
}
