//! The sensor catalogue: `recording.toml`, checked.
//!
//! What can be wrong is found here, once; downstream a [`Catalogue`] is trusted. Keys: `docs/formats.md`.

use std::path::Path;

use serde::Deserialize;

use super::catalogue_file;
use super::dialect::Dialects;
use super::error::IngestError;
use super::imports::Import;
use super::recording::Opened;
use crate::sensor::Sensor;
use crate::space::Frame;

/// What `recording.toml` says.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// The recording's name.
    pub name: String,
    /// What coordinates mean.
    pub frame: Frame,
    /// What the column `time` holds.
    pub time: TimeScale,
    /// How the tables are written, where they do not bear the names of `docs/formats.md`.
    pub dialects: Dialects,
    /// The sensors, in the order of the file. Nothing downstream may depend on that order.
    pub sensors: Vec<Sensor>,
    /// Files of others that stand in place of a table of detections, in the order of the file.
    pub imports: Vec<Import>,
}

/// What the column `time` of a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeScale {
    /// Instants; inside, microseconds since 1970 UTC.
    Timestamp,
    /// Seconds from an epoch of the recording's own; inside, microseconds from it.
    Seconds,
}

impl Catalogue {
    /// The name of its file.
    pub(super) const FILE: &str = "recording.toml";

    /// Reads `recording.toml` in `folder`, the looks of sensors that have theirs in a table, and the tables of platforms.
    ///
    /// # Errors
    /// What is wrong with a file, and on which line.
    pub fn read(folder: &Path) -> Result<Self, IngestError> {
        let path = folder.join(Self::FILE);
        let text = crate::files::read_text(&path)
            .map_err(|error| IngestError::Unreadable { path: path.clone(), what: error.to_string() })?;
        let mut catalogue = Self::parse(&text, &path)?;
        if let Some(opened) = Opened::looks(folder, &catalogue)? {
            catalogue.take_looks(&opened, opened.rewound()?)?;
        }
        catalogue.take_platforms(folder)?;
        Ok(catalogue)
    }

    /// Reads the text of a `recording.toml`; `path` is what errors call it. Sensors with listed looks have none yet, and
    /// platforms were nowhere.
    ///
    /// # Errors
    /// What is wrong with the text, and on which line.
    pub fn parse(text: &str, path: &Path) -> Result<Self, IngestError> {
        catalogue_file::parse(text, path)
    }

    /// Index of the sensor called `name`.
    #[must_use]
    pub fn sensor_index(&self, name: &str) -> Option<u32> {
        let index = self.sensors.iter().position(|sensor| sensor.name == name)?;
        u32::try_from(index).ok()
    }
}
