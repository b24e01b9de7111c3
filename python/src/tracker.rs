//! A tracker of one's own: detections as they come, tracks at any moment.

use crate::arrow::Table;
use crate::errors::Said;
use crate::run::executor_of;
use crate::sensor::{Detection, Sensor};
use crate::times::Given;
use pyo3::prelude::*;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use trackweave::Error;
use trackweave::space::Frame;
use trackweave::tracker::{self, RunConfig, Track};

/// Tracks objects from the detections of some sensors, as these come.
#[pyclass(frozen, module = "trackweave")]
#[derive(Debug)]
pub(crate) struct Tracker {
    /// `None` once it has finished.
    tracker: Mutex<Option<tracker::Tracker>>,
    frame: Frame,
}

/// The builder of a frame's name.
pub(crate) fn builder(frame: &str, sensors: Vec<Sensor>) -> Result<tracker::TrackerBuilder, Said> {
    let builder = match frame {
        "local" => tracker::Tracker::local(),
        "geodetic" => tracker::Tracker::geodetic(),
        _ => return Err(Said::input(format!("`frame`: found `{frame}`, wanted `local` or `geodetic`"))),
    };
    Ok(sensors.into_iter().fold(builder, |builder, sensor| builder.sensor(sensor.0)))
}

impl Tracker {
    /// Does something with the tracker while others have the interpreter.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut tracker::Tracker) -> Result<T, Error> + Send,
    ) -> PyResult<T> {
        let done = py.detach(|| {
            let mut tracker = self.tracker.lock().unwrap_or_else(PoisonError::into_inner);
            let tracker = tracker.as_mut().ok_or_else(finished)?;
            work(tracker).map_err(|error| Said::of_tracker(&error))
        });
        Ok(done?)
    }

    fn table(&self, tracks: &[Track]) -> PyResult<Table> {
        let batch = Track::batch(tracks, self.frame).map_err(|error| Said::of_tracker(&error))?;
        Ok(Table::new(batch.schema(), vec![batch]))
    }
}

fn finished() -> Said {
    Said::input("found a tracker that has finished, wanted a new one")
}

#[pymethods]
impl Tracker {
    #[new]
    #[pyo3(signature = (sensors, *, frame, config=PathBuf::from("air"), executor="host", wait_s=0.0, keep_record=false))]
    #[expect(
        clippy::too_many_arguments,
        clippy::fn_params_excessive_bools,
        clippy::needless_pass_by_value,
        reason = "keywords of Python"
    )]
    fn new(
        py: Python<'_>,
        sensors: Vec<Sensor>,
        frame: &str,
        config: PathBuf,
        executor: &str,
        wait_s: f64,
        keep_record: bool,
    ) -> PyResult<Self> {
        let builder = builder(frame, sensors)?.wait_s(wait_s);
        let builder = if keep_record { builder.keep_record() } else { builder };
        let made = py.detach(|| -> Result<_, Said> {
            let (executor, _) = executor_of(executor)?.1;
            let builder = builder.config(RunConfig::chosen(&config)?).executor(executor);
            builder.build().map_err(|error| Said::of_tracker(&error))
        });
        Ok(Self {
            tracker: Mutex::new(Some(made?)),
            frame: if frame == "local" { Frame::Local } else { Frame::Geodetic },
        })
    }

    /// Takes detections of one sensor, in any order; on an error none of them.
    fn push(&self, py: Python<'_>, sensor: &str, detections: Vec<Detection>) -> PyResult<()> {
        self.with(py, |tracker| tracker.push(sensor, detections.into_iter().map(|detection| detection.0)))
    }

    /// Takes the detections of one look, from its start to its end, of a sensor that tells its scans.
    fn push_scan(
        &self,
        py: Python<'_>,
        sensor: &str,
        span: (Given, Given),
        detections: Vec<Detection>,
    ) -> PyResult<()> {
        let span = [span.0.0, span.1.0];
        self.with(py, |tracker| tracker.push_scan(sensor, span, detections.into_iter().map(|detection| detection.0)))
    }

    /// Goes on to a time: no detection before it follows.
    fn advance(&self, py: Python<'_>, time: Given) -> PyResult<()> {
        self.with(py, |tracker| tracker.advance(time.0))
    }

    /// The tracks at the time to which the tracker has gone on, or at a later one.
    #[pyo3(signature = (at=None))]
    fn tracks(&self, py: Python<'_>, at: Option<Given>) -> PyResult<Table> {
        let tracks = self.with(py, |tracker| match at {
            None => tracker.tracks(),
            Some(time) => tracker.tracks_at(time.0),
        })?;
        self.table(&tracks)
    }

    /// Every track at every report time, as all detections so far tell of it; of a tracker that keeps its record.
    fn smooth(&self, py: Python<'_>) -> PyResult<Table> {
        let tracks = self.with(py, |tracker| tracker.smooth())?;
        self.table(&tracks)
    }

    /// The tracks at the latest time that the tracker has met; it takes nothing more.
    fn finish(&self, py: Python<'_>) -> PyResult<Table> {
        let tracks = py.detach(|| -> Result<_, Said> {
            let tracker = self.tracker.lock().unwrap_or_else(PoisonError::into_inner).take().ok_or_else(finished)?;
            tracker.finish().map_err(|error| Said::of_tracker(&error))
        });
        self.table(&tracks?)
    }
}
