//! Recordings to pictures: `track` without a policy, `run` under one.

use crate::done::{Kept, Run};
use crate::errors::Said;
use crate::recording::Held;
use crate::times::Given;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use trackweave::commands::{Choice, Wish, attempt, choose, describe_run};
use trackweave::export::Format;
use trackweave::ingest::TimeScale;
use trackweave::policy::Files;
use trackweave::product::SigningKey;
use trackweave::run::{Besides, EVERYTHING, Progress, Request, RunConfig, RunReport, Seals, read_memory, run_watched};
use trackweave::tracker::{Executor, Time};

/// The rules of a run.
#[derive(Clone, Debug)]
pub(crate) enum Rules {
    /// There are none.
    Nobody,
    Folder(PathBuf),
    Memory(BTreeMap<String, String>),
}

impl Rules {
    /// Does something with the files.
    pub(crate) fn with<T>(&self, then: impl FnOnce(Files<'_>) -> T) -> T {
        match self {
            Self::Nobody => then(Files::Memory(EVERYTHING)),
            Self::Folder(folder) => then(Files::Folder(folder)),
            Self::Memory(files) => {
                let files: Vec<(&str, &str)> =
                    files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
                then(Files::Memory(&files))
            }
        }
    }
}

/// What computes, by its name on the command line.
pub(crate) fn executor_of(name: &str) -> Result<(Wish, (Executor, Choice)), Said> {
    let wish = match name {
        "auto" => Wish::Auto,
        "device" => Wish::Device,
        "host" => Wish::Host,
        _ => return Err(Said::input(format!("`executor`: found `{name}`, wanted `auto`, `device` or `host`"))),
    };
    Ok((wish, choose(wish)?))
}

/// Whoever hears how far a run is: Python's signals are looked at, and `progress` is called.
struct Listener {
    progress: Option<Py<PyAny>>,
    /// Why the run ends early.
    raised: Option<PyErr>,
}

impl Listener {
    fn hear(&mut self, at: Progress) -> ControlFlow<()> {
        let heard = Python::attach(|py| {
            py.check_signals()?;
            let Some(progress) = &self.progress else { return Ok(()) };
            let (stage, done, all) = words(at);
            progress.call1(py, (stage, done, all)).map(|_| ())
        });
        match heard {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.raised = Some(error);
                ControlFlow::Break(())
            }
        }
    }
}

/// What is done, how much of it, and of how much where that is known.
fn words(at: Progress) -> (&'static str, Option<u64>, Option<u64>) {
    match at {
        Progress::Sorting(rows) => ("sorting", Some(rows), None),
        Progress::Classing(rows) => ("classing", Some(rows), None),
        Progress::Comparing(rows, all) => ("comparing", Some(rows), Some(all)),
        Progress::Fusing(rows, all) => ("fusing", Some(rows), Some(all)),
        Progress::Smoothing => ("smoothing", None, None),
        Progress::Scoring => ("scoring", None, None),
        Progress::Pricing(rules, all) => ("pricing", Some(rules), Some(all)),
        Progress::Publishing => ("publishing", None, None),
        _ => ("working", None, None),
    }
}

/// What is asked of a run, read.
#[expect(clippy::struct_excessive_bools, reason = "each is a keyword of Python")]
struct Asked {
    recording: Held,
    rules: Rules,
    out: PathBuf,
    config: PathBuf,
    executor: String,
    strict: bool,
    as_of: Option<Time>,
    label: Option<String>,
    formats: Vec<String>,
    memory: Option<String>,
    prices: bool,
    sign: Option<PathBuf>,
    encrypt: bool,
}

impl Asked {
    #[expect(clippy::result_large_err, reason = "as the library has it")]
    /// Runs, and gives the report, what is said of it, and the time of the run.
    fn run(&self, listener: &mut Listener) -> Result<(RunReport, String, Option<i64>), Said> {
        let config = RunConfig::chosen(&self.config)?;
        let recording = self.recording.place();
        let as_of_us = self.as_of.map(|time| as_of_us(time, recording.catalogue()?.time)).transpose()?;
        let memory = self.memory.as_deref().map(read_memory).transpose();
        let memory = memory.map_err(|wanted| Said::input(format!("`memory`: {wanted}")))?;
        let format = |name: &String| {
            let known = || Format::ALL.map(Format::name).join(", ");
            Format::named(name)
                .ok_or_else(|| Said::input(format!("`formats` has `{name}`, wanted some of: {}", known())))
        };
        let formats: Vec<Format> = self.formats.iter().map(format).collect::<Result<_, _>>()?;
        let sign = self.sign.as_deref().map(SigningKey::read).transpose()?;
        let seals = Seals { sign: sign.as_ref(), encrypt: self.encrypt };
        let (wish, chosen) = executor_of(&self.executor)?;
        self.rules.with(|policy| {
            let request = Request {
                recording,
                policy,
                strict: self.strict,
                as_of_us,
                label: self.label.as_deref(),
                memory,
                formats: &formats,
                besides: Besides { prices: self.prices, ..Besides::default() },
                ..Request::without_policy(Path::new(""), &self.out, &config)
            };
            let (report, choice) =
                attempt(wish, chosen, |executor| run_watched(&request, seals, executor, &mut |at| listener.hear(at)))?;
            let text = describe_run(&report, (&request, &self.config.to_string_lossy()), &choice);
            Ok((report, text, as_of_us))
        })
    }
}

/// A time as the recording counts it.
fn as_of_us(time: Time, scale: TimeScale) -> Result<i64, Said> {
    match (scale, time) {
        (TimeScale::Timestamp, Time::Timestamp(instant)) => Ok(instant.as_microsecond()),
        #[expect(clippy::cast_possible_truncation, reason = "`as` saturates, and what no recording counts is refused")]
        (TimeScale::Seconds, Time::Seconds(seconds)) if seconds.is_finite() => Ok((seconds * 1e6).round() as i64),
        (TimeScale::Timestamp, _) => {
            Err(Said::input(format!("`as_of` is {time}, wanted a datetime, as the recording counts time")))
        }
        (TimeScale::Seconds, _) => {
            Err(Said::input(format!("`as_of` is {time}, wanted seconds, as the recording counts them")))
        }
    }
}

/// Runs the whole path: `trackweave.run` and `trackweave.track` say of what.
#[pyfunction]
#[pyo3(signature = (
    recording, policy, *, out, config, executor, strict, as_of, label, formats, memory, prices, sign, encrypt, progress
))]
#[expect(clippy::too_many_arguments, clippy::fn_params_excessive_bools, reason = "keywords of Python")]
pub(crate) fn run(
    py: Python<'_>,
    recording: &Bound<'_, PyAny>,
    policy: &Bound<'_, PyAny>,
    out: Option<PathBuf>,
    config: PathBuf,
    executor: String,
    strict: bool,
    as_of: Option<Given>,
    label: Option<String>,
    formats: Vec<String>,
    memory: Option<String>,
    prices: bool,
    sign: Option<PathBuf>,
    encrypt: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<Run> {
    let recording = Held::of(recording)?;
    let rules = if policy.is_none() {
        Rules::Nobody
    } else if policy.is_instance_of::<PyDict>() {
        Rules::Memory(policy.extract()?)
    } else {
        Rules::Folder(policy.extract()?)
    };
    let kept = Arc::new(Kept::new(out)?);
    let out = kept.out().to_owned();
    let as_of = as_of.map(|time| time.0);
    let asked =
        Asked { recording, rules, out, config, executor, strict, as_of, label, formats, memory, prices, sign, encrypt };
    let mut listener = Listener { progress, raised: None };
    let done = py.detach(|| asked.run(&mut listener));
    if let Some(raised) = listener.raised {
        return Err(raised);
    }
    let (report, text, as_of_us) = done?;
    let Asked { recording, rules, .. } = asked;
    Ok(Run::new(kept, (recording, rules), (&report, text, as_of_us))?)
}
