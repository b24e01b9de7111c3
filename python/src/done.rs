//! What a run made: pictures, their pages, scores, and why a partner sees what.

use crate::arrow::{Table, from_json, of_arrow};
use crate::errors::Said;
use crate::recording::Held;
use crate::run::Rules;
use pyo3::prelude::*;
use serde::Serialize;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use trackweave::commands::{describe_elsewhere, describe_explained};
use trackweave::policy::Policy;
use trackweave::product::{read_batches, read_schema};
use trackweave::run::{About, Elsewhere, Judging, RunReport, elsewhere, explained, score_output};

/// The page in a folder.
const PAGE: &str = "report.html";
/// Pixels of a page in a notebook.
const HEIGHT: u32 = 640;

/// The folder that a run wrote; one that nobody named goes with the last thing that shows it.
#[derive(Debug)]
pub(crate) struct Kept {
    out: PathBuf,
    _scratch: Option<TempDir>,
}

impl Kept {
    pub(crate) fn new(out: Option<PathBuf>) -> PyResult<Self> {
        if let Some(out) = out {
            return Ok(Self { out, _scratch: None });
        }
        let scratch = tempfile::Builder::new().prefix("trackweave-").tempdir()?;
        Ok(Self { out: scratch.path().join("out"), _scratch: Some(scratch) })
    }

    pub(crate) fn out(&self) -> &Path {
        &self.out
    }
}

/// A page as a notebook shows it: in a frame of its own, which has all that it needs.
pub(crate) fn iframe(page: &Path) -> PyResult<String> {
    Ok(framed(&std::fs::read_to_string(page)?))
}

fn framed(html: &str) -> String {
    let quoted = html.replace('&', "&amp;").replace('"', "&quot;");
    format!(
        "<iframe srcdoc=\"{quoted}\" width=\"100%\" height=\"{HEIGHT}\" sandbox=\"allow-scripts allow-downloads\" \
         style=\"border: 0\"></iframe>"
    )
}

/// A page: HTML that needs nothing else.
#[pyclass(frozen, module = "trackweave")]
#[derive(Debug)]
pub(crate) struct Page {
    /// The whole of it.
    #[pyo3(get)]
    html: String,
}

#[pymethods]
impl Page {
    /// Writes it into a file.
    fn save(&self, path: PathBuf) -> PyResult<()> {
        Ok(std::fs::write(path, &self.html)?)
    }

    fn __str__(&self) -> &str {
        &self.html
    }

    fn __repr__(&self) -> String {
        format!("<trackweave.Page: {} bytes of HTML>", self.html.len())
    }

    fn _repr_html_(&self) -> String {
        framed(&self.html)
    }
}

/// An answer: in words, and as data.
#[pyclass(frozen, module = "trackweave")]
#[derive(Debug)]
pub(crate) struct Explanation {
    text: String,
    data: String,
}

impl Explanation {
    fn new(text: String, data: &impl Serialize) -> Result<Self, Said> {
        let data = serde_json::to_string(data).map_err(|error| Said::input(error.to_string()))?;
        Ok(Self { text, data })
    }
}

#[pymethods]
impl Explanation {
    /// What the command prints with `--json`.
    #[getter]
    fn data<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        from_json(py, &self.data)
    }

    fn __str__(&self) -> &str {
        &self.text
    }

    fn __repr__(&self) -> &str {
        &self.text
    }
}

/// What a run made.
#[pyclass(frozen, module = "trackweave")]
#[derive(Debug)]
pub(crate) struct Run {
    kept: Arc<Kept>,
    recording: Held,
    rules: Rules,
    as_of_us: Option<i64>,
    partners: Vec<String>,
    text: String,
    /// The report and the scores, as JSON.
    report: String,
    scores: String,
}

impl Run {
    pub(crate) fn new(
        kept: Arc<Kept>,
        (recording, rules): (Held, Rules),
        (report, text, as_of_us): (&RunReport, String, Option<i64>),
    ) -> Result<Self, Said> {
        let partners: Vec<String> = report.partners.iter().map(|partner| partner.partner.clone()).collect();
        let of =
            |partner: &trackweave::run::PartnerReport| Some((partner.partner.clone(), json!(partner.scores.as_ref()?)));
        let scores = Value::Object(report.partners.iter().filter_map(of).collect()).to_string();
        let report = serde_json::to_string(report).map_err(|error| Said::input(error.to_string()))?;
        Ok(Self { kept, recording, rules, as_of_us, partners, text, report, scores })
    }

    /// The folder of a partner.
    fn folder(&self, partner: &str) -> Result<PathBuf, Said> {
        if self.partners.iter().any(|known| known == partner) {
            return Ok(self.kept.out().join(partner));
        }
        Err(Said::input(format!("found partner `{partner}`, wanted one of: {}", self.partners.join(", "))))
    }

    fn policy(&self) -> Result<Policy, Said> {
        Ok(self.rules.with(Policy::of)?)
    }
}

#[pymethods]
impl Run {
    /// Whoever has a picture.
    #[getter]
    fn partners(&self) -> Vec<String> {
        self.partners.clone()
    }

    /// The folder that the run wrote.
    #[getter]
    fn out(&self) -> PathBuf {
        self.kept.out().to_owned()
    }

    /// What the operator learns of the run: `report` of `trackweave run --json`.
    #[getter]
    fn operator<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        from_json(py, &self.report)
    }

    /// The picture of a partner; of a run without a policy the only one.
    #[pyo3(signature = (partner=None))]
    fn picture(&self, py: Python<'_>, partner: Option<&str>) -> PyResult<Table> {
        let partner = match (partner, self.partners.as_slice()) {
            (Some(partner), _) => partner,
            (None, [only]) => only,
            (None, all) => {
                return Err(Said::input(format!("found no partner, wanted one of: {}", all.join(", "))).into());
            }
        };
        let folder = self.folder(partner)?;
        let (schema, batches) = py.detach(|| -> PyResult<_> {
            let batches = read_batches(&folder).map_err(product)?.collect::<Result<Vec<_>, _>>();
            Ok((read_schema(&folder).map_err(product)?, batches.map_err(|error| of_arrow(&error))?))
        })?;
        Ok(Table::new(schema, batches).shown_by(Arc::clone(&self.kept), folder.join(PAGE)))
    }

    /// The scores of each partner's picture against the truth of the recording, or of another one, in a folder.
    #[pyo3(signature = (truth=None))]
    fn score<'py>(&self, py: Python<'py>, truth: Option<PathBuf>) -> PyResult<Bound<'py, PyAny>> {
        let Some(truth) = truth else { return from_json(py, &self.scores) };
        let scores = py.detach(|| -> Result<_, Said> {
            let scores = score_output(self.kept.out(), &truth, None, Judging::default(), |_| ())?;
            serde_json::to_string(&scores).map_err(|error| Said::input(error.to_string()))
        })?;
        from_json(py, &scores)
    }

    /// A page: the operator's, of everything, or that of a partner's folder.
    #[pyo3(signature = (partner=None))]
    fn report(&self, partner: Option<&str>) -> PyResult<Page> {
        let folder = partner.map_or_else(|| Ok(self.kept.out().join("_operator")), |partner| self.folder(partner))?;
        Ok(Page { html: std::fs::read_to_string(folder.join(PAGE))? })
    }

    /// Why a partner gets a detection, counted from 1 over the accepted rows, or a track of its own lane, or does not.
    #[pyo3(signature = (partner, *, detection=None, track=None))]
    fn explain(
        &self,
        py: Python<'_>,
        partner: &str,
        detection: Option<u64>,
        track: Option<u64>,
    ) -> PyResult<Explanation> {
        let done = py.detach(|| -> Result<_, Said> {
            let recording = self.recording.place();
            let about = match (detection, track) {
                (Some(detection), None) => About::Detection(recording, detection),
                (None, Some(track)) => About::Track(self.kept.out(), track),
                _ => return Err(Said::input("wanted `detection` or `track`, one of the two")),
            };
            let all = explained(&self.policy()?, about, partner, self.as_of_us)?;
            Explanation::new(describe_explained(&all, recording.catalogue()?.time), &all)
        });
        Ok(done?)
    }

    /// What a partner sees of a track in the picture of another, and why not the rest.
    #[pyo3(signature = (partner, *, of, track))]
    fn why_not(&self, py: Python<'_>, partner: &str, of: &str, track: u64) -> PyResult<Explanation> {
        let done = py.detach(|| -> Result<_, Said> {
            let (policy, recording) = (self.policy()?, self.recording.place());
            let answered =
                elsewhere(&Elsewhere { out: self.kept.out(), recording, policy: &policy, of, track, partner })?;
            Explanation::new(describe_elsewhere(&answered, recording.catalogue()?.time), &answered)
        });
        Ok(done?)
    }

    fn __str__(&self) -> &str {
        &self.text
    }

    fn __repr__(&self) -> String {
        format!("<trackweave.Run: {}; in {}>", self.partners.join(", "), self.kept.out().display())
    }

    fn _repr_html_(&self) -> PyResult<String> {
        iframe(&self.kept.out().join("_operator").join(PAGE))
    }
}

/// What is wrong with a file of an output.
fn product(error: trackweave::product::ProductError) -> PyErr {
    Said::from(trackweave::run::RunError::from(error)).into()
}
