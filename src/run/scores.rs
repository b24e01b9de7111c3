//! Pictures against truth: those of a run that ends, and those of an output folder that is there.

use super::judging::{Judge, Truths, score_picture};
use super::{RunConfig, RunError};
use crate::ingest::{Catalogue, IngestError, Recording};
use crate::policy::Policy;
use crate::score::sequence::{Scans, ScoreConfig, ScoreReport};
use crate::space::Frame;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What makes a folder a picture.
const MANIFEST: &str = "manifest.json";
/// Report times at which there may be truth to compare with: a day a hundred times a second.
pub(super) const TIMES_MAX: u64 = 10_000_000;

/// Why an output cannot be scored.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// The recording.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// A picture, or the score.
    #[error("{}: cannot be scored", picture.display())]
    Run {
        /// The folder of the picture.
        picture: PathBuf,
        /// Why.
        source: Box<RunError>,
    },
    /// There is nothing to score against.
    #[error("{}: found no truth, wanted `truth.parquet` or `truth.csv`", recording.display())]
    NoTruth {
        /// The recording.
        recording: PathBuf,
    },
    /// There is nothing to score.
    #[error("{}: found no picture, wanted the output folder of a run, with a folder for each partner", out.display())]
    NoPicture {
        /// The output folder.
        out: PathBuf,
    },
    /// A file or folder cannot be read.
    #[error("{}: cannot be read", path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A manifest is not one of a picture.
    #[error("{}: is not the manifest of a picture", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// Picture and truth are in different frames.
    #[error("{}: the picture's frame is {found:?}, the recording's {wanted:?}, wanted the same", path.display())]
    Frame {
        /// The manifest.
        path: PathBuf,
        /// Frame of the picture.
        found: Frame,
        /// Frame of the recording.
        wanted: Frame,
    },
}

/// What a picture says of itself, as far as scoring needs it.
#[derive(Debug, Deserialize)]
pub(super) struct Manifest {
    frame: Frame,
    pub(super) configuration: RunConfig,
}

/// How truth is taken, beside what the configuration says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judging<'a> {
    /// Whether there may be objects without truth: what is near no object is then left out, and is not false.
    pub partial_truth: bool,
    /// The policy whose zones scores are told by.
    pub policy: Option<&'a Path>,
}

/// Scores every picture of an output folder against the truth of a recording, with `config` or else with the
/// configuration that the picture was made with; calls `begins` with each partner before its turn.
///
/// # Errors
/// If the output, its pictures or the recording cannot be read, or do not fit each other.
pub fn score_output(
    out: &Path,
    recording: &Path,
    config: Option<&RunConfig>,
    Judging { partial_truth, policy }: Judging<'_>,
    mut begins: impl FnMut(&str),
) -> Result<BTreeMap<String, ScoreReport>, OutputError> {
    let catalogue = Catalogue::read(recording)?;
    let partners = pictures(out)?;
    let failed = |path: &Path, error: RunError| OutputError::Run { picture: path.to_owned(), source: Box::new(error) };
    let zones = policy.map(|folder| Policy::read(folder)?.zone_map(catalogue.frame)).transpose();
    let zones = zones.map_err(|error| failed(policy.unwrap_or(out), error.into()))?;
    let judge = Judge { partial_truth, zones: zones.as_deref() };
    let truth = Truths::read(recording, &catalogue)?;
    let truth = truth.ok_or_else(|| OutputError::NoTruth { recording: recording.to_owned() })?;
    let mut scores = BTreeMap::new();
    for partner in partners {
        begins(&partner);
        let folder = out.join(&partner);
        let (path, Manifest { frame, configuration }) = manifest(&folder)?;
        if frame != catalogue.frame {
            return Err(OutputError::Frame { path, found: frame, wanted: catalogue.frame });
        }
        let config = config.unwrap_or(&configuration);
        let score = truth.times(config).and_then(|times| {
            times.check(recording, config)?;
            score_picture(&folder, &truth, config, judge)
        });
        scores.insert(partner, score.map_err(|error| failed(&folder, error))?);
    }
    Ok(scores)
}

/// The manifest of a picture, and its file.
pub(super) fn manifest(folder: &Path) -> Result<(PathBuf, Manifest), OutputError> {
    let path = folder.join(MANIFEST);
    let text =
        crate::files::read_text(&path).map_err(|source| OutputError::Unreadable { path: path.clone(), source })?;
    let manifest = serde_json::from_str(&text);
    Ok((path.clone(), manifest.map_err(|source| OutputError::Manifest { path, source })?))
}

/// The configuration that the pictures of an output folder were made with.
///
/// # Errors
/// If the output or the manifest of its first picture cannot be read.
pub fn configuration_of(out: &Path) -> Result<RunConfig, OutputError> {
    let partner = pictures(out)?.into_iter().next().unwrap_or_default();
    Ok(manifest(&out.join(partner))?.1.configuration)
}

/// Names of the folders of `out` that hold a picture; the operator's begins with `_`.
fn pictures(out: &Path) -> Result<Vec<String>, OutputError> {
    let unreadable = |source| OutputError::Unreadable { path: out.to_owned(), source };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(out).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        // What cannot be looked at is not taken for absent.
        match std::fs::symlink_metadata(entry.path().join(MANIFEST)) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {}
            Err(error) => return Err(unreadable(error)),
            Ok(there) => names.extend((there.is_file() && !name.starts_with('_')).then_some(name)),
        }
    }
    if names.is_empty() {
        return Err(OutputError::NoPicture { out: out.to_owned() });
    }
    names.sort_unstable();
    Ok(names)
}

/// Reads the truth of a recording once, before anything is made that is to be scored against it; holds one batch.
///
/// # Errors
/// A configuration that nothing can be scored with, a truth that is not one, or one that is there at too many report
/// times.
pub(super) fn check_truth(folder: &Path, recording: &Recording, config: &RunConfig) -> Result<(), RunError> {
    let scoring = config.scoring([0; 2]);
    scoring.check()?;
    let Some(mut reader) = recording.truth_reader()? else { return Ok(()) };
    let mut times = Times::new(&scoring)?;
    while let Some(batch) = reader.next_batch()? {
        batch.time_us.iter().for_each(|time_us| times.add(*time_us));
    }
    times.check(folder, config)
}

/// How often truth is compared with pictures: at the report times between samples that are near enough.
pub(super) struct Times {
    max_gap_us: i64,
    period_us: i64,
    last_us: Option<i64>,
    /// At least as many as those times.
    count: u64,
}

impl Times {
    pub(super) fn new(scoring: &ScoreConfig) -> Result<Self, RunError> {
        let period_us = if let Scans::Every { period_us, .. } = scoring.scans { period_us } else { 1 };
        Ok(Self { max_gap_us: scoring.max_gap_us()?, period_us, last_us: None, count: 0 })
    }

    pub(super) fn add(&mut self, time_us: i64) {
        let gap_us = self.last_us.map_or(0, |last_us| time_us.saturating_sub(last_us));
        if gap_us <= self.max_gap_us {
            self.count = self.count.saturating_add((gap_us / self.period_us).unsigned_abs());
        }
        self.last_us = Some(time_us);
    }

    fn check(&self, recording: &Path, config: &RunConfig) -> Result<(), RunError> {
        if self.count <= TIMES_MAX {
            return Ok(());
        }
        let (recording, report_period_s) = (recording.to_owned(), config.report_period_s.get());
        Err(RunError::TooManyTimes { recording, found: self.count, report_period_s })
    }
}
