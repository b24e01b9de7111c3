//! Recordings: folders, or rows of whatever holds them with sensors made in code.

use crate::arrow::{batches, stream};
use crate::errors::Said;
use crate::sensor::Sensor;
use crate::tracker::builder;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict};
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use trackweave::ingest::{Catalogue, Memory, Where};

/// A recording: a folder, or rows in memory.
#[pyclass(frozen, module = "trackweave")]
#[derive(Debug)]
pub(crate) struct Recording {
    held: Held,
    catalogue: Catalogue,
}

#[derive(Clone, Debug)]
pub(crate) enum Held {
    Folder(PathBuf),
    Memory(Memory),
}

impl Held {
    pub(crate) fn place(&self) -> Where<'_> {
        match self {
            Self::Folder(folder) => folder.into(),
            Self::Memory(memory) => memory.into(),
        }
    }

    /// A recording, or the folder of one.
    pub(crate) fn of(given: &Bound<'_, PyAny>) -> PyResult<Self> {
        match given.cast::<Recording>() {
            Ok(recording) => Ok(recording.get().held.clone()),
            Err(_) => Ok(Self::Folder(given.extract()?)),
        }
    }
}

/// Rows, the text of a catalogue, or sensors with what is written of the columns.
struct Rows<'a, 'py> {
    source: &'a Bound<'py, PyAny>,
    sensors: Option<Vec<Sensor>>,
    frame: Option<String>,
    columns: Option<&'a Bound<'py, PyDict>>,
    ignore: Vec<String>,
    catalogue: Option<String>,
    name: &'a str,
}

impl Rows<'_, '_> {
    fn held(self) -> PyResult<Memory> {
        let Self { source, sensors, frame, columns, ignore, catalogue, name } = self;
        let rows = batches(source)?;
        match (catalogue, sensors, frame) {
            (Some(catalogue), None, None) => Ok(Memory::new(&catalogue, rows)),
            (None, Some(sensors), Some(frame)) => {
                let mut written = Map::new();
                if let Some(columns) = columns {
                    written.insert("columns".to_owned(), to_json(columns)?);
                }
                if !ignore.is_empty() {
                    written.insert("ignore".to_owned(), json!(ignore));
                }
                let made = builder(&frame, sensors)?.recording(name, rows, &written);
                Ok(made.map_err(|error| Said::of_tracker(&error))?)
            }
            _ => Err(Said::input("found rows alone, wanted `sensors` and `frame` with them, or a `catalogue`").into()),
        }
    }
}

fn to_json(given: &Bound<'_, PyDict>) -> PyResult<Value> {
    let text: String = given.py().import("json")?.call_method1("dumps", (given,))?.extract()?;
    serde_json::from_str(&text).map_err(|error| Said::input(error.to_string()).into())
}

#[pymethods]
impl Recording {
    #[new]
    #[pyo3(signature = (
        source, sensors=None, *, frame=None, columns=None, ignore=Vec::new(), truth=None, looks=None, catalogue=None,
        name="recording"
    ))]
    #[expect(clippy::too_many_arguments, reason = "keywords of Python")]
    fn new(
        py: Python<'_>,
        source: &Bound<'_, PyAny>,
        sensors: Option<Vec<Sensor>>,
        frame: Option<String>,
        columns: Option<&Bound<'_, PyDict>>,
        ignore: Vec<String>,
        truth: Option<&Bound<'_, PyAny>>,
        looks: Option<&Bound<'_, PyAny>>,
        catalogue: Option<String>,
        name: &str,
    ) -> PyResult<Self> {
        let held = if source.hasattr("__arrow_c_stream__")? {
            let mut memory = Rows { source, sensors, frame, columns, ignore, catalogue, name }.held()?;
            if let Some(truth) = truth {
                memory = memory.truth(batches(truth)?);
            }
            if let Some(looks) = looks {
                memory = memory.looks(batches(looks)?);
            }
            Held::Memory(memory)
        } else if let Ok(folder) = source.extract::<PathBuf>() {
            let told = [sensors.is_some(), frame.is_some(), columns.is_some(), !ignore.is_empty(), catalogue.is_some()];
            if told.contains(&true) || truth.or(looks).is_some() {
                return Err(
                    Said::input("found a folder and more, wanted a folder alone: it has all of a recording").into()
                );
            }
            Held::Folder(folder)
        } else {
            // What it is not is said by whoever wants rows.
            batches(source)?;
            return Err(Said::input("found no rows, wanted a folder or a table").into());
        };
        let catalogue = py.detach(|| held.place().catalogue().map_err(Said::from))?;
        Ok(Self { held, catalogue })
    }

    /// Its name.
    #[getter]
    fn name(&self) -> &str {
        &self.catalogue.name
    }

    /// The names of its sensors.
    #[getter]
    fn sensors(&self) -> Vec<&str> {
        self.catalogue.sensors.iter().map(|sensor| sensor.name.as_str()).collect()
    }

    /// What its `recording.toml` says, or would say.
    #[getter]
    fn catalogue(&self) -> PyResult<String> {
        match &self.held {
            Held::Memory(memory) => Ok(memory.catalogue().to_owned()),
            Held::Folder(folder) => Ok(std::fs::read_to_string(folder.join("recording.toml"))?),
        }
    }

    /// The rows of a recording in memory, where they lie.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        drop(requested_schema);
        let rows = match &self.held {
            Held::Memory(memory) => memory.detections(),
            Held::Folder(_) => &[],
        };
        let Some(first) = rows.first() else {
            return Err(Said::input("found a folder, wanted a recording in memory: read the file of the folder").into());
        };
        stream(py, first.schema(), rows.to_vec())
    }

    fn __repr__(&self) -> String {
        format!("<trackweave.Recording `{}` of {}>", self.name(), self.sensors().join(", "))
    }
}
