//! Lanes on their way into files, and runs all of whose lanes are in logs.

use super::{Request, RunError, origin};
use crate::digest::{hex, sha256};
use crate::fusion::batch::{Answer, WaveLog};
use crate::fusion::credit::Accounts;
use crate::fusion::executor::Executor;
use crate::ingest::Recording;
use crate::lane_log::{Folder, LaneLogError, Made, Reader, Writer};
use crate::policy::Policy;
use crate::product::output_around;
use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

/// The name of what fused a lane, in what a log was made from.
const EXECUTOR: &str = "executor";

/// What the logs of a run are made from, by name: its files, its configuration, its time, this program and what fuses.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn made_from(
    (recording, policy): (&Recording, &Policy),
    request: &Request<'_>,
    executor: &str,
) -> Result<BTreeMap<String, String>, RunError> {
    let as_of_us = request.as_of_us;
    let of = origin(recording, policy, (request.config, as_of_us), request.calibration)?;
    let files = |files| serde_json::to_vec(files).map_or_else(|error| error.to_string(), |text| sha256(&text));
    let named = [
        ("recording", files(&of.recording)),
        ("policy", files(&of.policy)),
        ("configuration", of.configuration_sha256),
        ("time (--as-of)", as_of_us.map_or_else(|| "none".to_owned(), |us| format!("{us} us"))),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ("program", hex(&super::inputs::program()?)),
        (EXECUTOR, executor.to_owned()),
    ];
    let calibration = of.calibration.map(|file| ("calibration", file.sha256));
    Ok(named.into_iter().chain(calibration).map(|(name, value)| (name.to_owned(), value)).collect())
}

/// Opens a folder of lanes, which lies in no output.
///
/// # Errors
/// If it does, or cannot be made or written to.
pub(super) fn folder(path: &Path) -> Result<Folder, LaneLogError> {
    match output_around(path) {
        Some(out) => Err(LaneLogError::InOutput { folder: path.to_owned(), out }),
        None => Folder::open(path),
    }
}

/// A lane that is fused, on its way into its file: reports and waves in the order of time, however an executor hands them
/// over, which gives each wave no later than the reports behind it.
#[derive(Debug)]
pub(super) struct Keeping {
    writer: Writer,
    /// When the reports will be that are not yet there.
    due_us: VecDeque<i64>,
    /// Waves behind the next of them.
    waves: VecDeque<WaveLog>,
}

impl Keeping {
    /// A file with nothing in it, of a lane that will report at `due_us`.
    pub(super) fn new(writer: Writer, due_us: Vec<i64>) -> Self {
        Self { writer, due_us: due_us.into(), waves: VecDeque::new() }
    }

    /// Takes in the next report.
    pub(super) fn report(&mut self, answer: &Answer) -> Result<(), LaneLogError> {
        self.writer.report(answer)?;
        self.due_us.pop_front();
        self.pass()
    }

    /// Takes in the next wave.
    pub(super) fn wave(&mut self, log: WaveLog) -> Result<(), LaneLogError> {
        self.waves.push_back(log);
        self.pass()
    }

    /// Writes the waves that no report comes before.
    fn pass(&mut self) -> Result<(), LaneLogError> {
        let before_us = self.due_us.front().copied().unwrap_or(i64::MAX);
        while let Some(wave) = self.waves.front().filter(|wave| wave.time_us <= before_us) {
            self.writer.wave(wave)?;
            self.waves.pop_front();
        }
        Ok(())
    }

    /// Ends the file.
    pub(super) fn finish(self, accounts: Accounts) -> Result<(), LaneLogError> {
        self.writer.finish(accounts)
    }
}

/// The logs of all lanes of a run, wherever they were made.
#[derive(Debug)]
pub(super) struct Logs {
    /// By number of the lane, each with the digest of what the lane was given.
    files: BTreeMap<usize, (PathBuf, String)>,
    folders: Vec<PathBuf>,
    computed_by: String,
}

impl Logs {
    /// The logs in folders, which must be of the run that is made from `wanted`, whatever fused them all, and of different
    /// lanes. Files of lanes that are no logs are left alone.
    ///
    /// # Errors
    /// A folder or file that cannot be read, or a log of something else.
    pub(super) fn find(folders: &[&Path], mut wanted: BTreeMap<String, String>) -> Result<Self, RunError> {
        let mut files: BTreeMap<usize, (PathBuf, String)> = BTreeMap::new();
        let mut computed_by = None;
        for folder in folders {
            for (path, head) in Folder::heads(folder)? {
                let Some(Made { lane, from, .. }) = head.log else { continue };
                let by = from.get(EXECUTOR).cloned().unwrap_or_default();
                wanted.insert(EXECUTOR.to_owned(), computed_by.get_or_insert(by).clone());
                if let Some((what, found, wanted)) = other(&from, &wanted) {
                    return Err(LaneLogError::Other { path, what, found, wanted }.into());
                }
                if let Some((other, _)) = files.insert(lane, (path.clone(), head.digest)) {
                    return Err(LaneLogError::Twice { path, lane, other }.into());
                }
            }
        }
        let folders = folders.iter().map(|folder| folder.to_path_buf()).collect();
        Ok(Self { files, folders, computed_by: computed_by.unwrap_or_default() })
    }

    /// What fused all lanes.
    pub(super) fn computed_by(&self) -> &str {
        &self.computed_by
    }

    /// Whether the host fused all lanes.
    pub(super) fn is_of_host(&self) -> bool {
        self.computed_by.is_empty() || self.computed_by == Executor::host().identity()
    }

    /// Fails unless there is one of each of so many lanes, and no other.
    ///
    /// # Errors
    /// The first lane of which there is none, or a log of no lane.
    pub(super) fn expect(&self, lanes: usize) -> Result<(), RunError> {
        if let Some(lane) = (0..lanes).find(|lane| !self.files.contains_key(lane)) {
            return Err(self.missing(lane, lanes).into());
        }
        match self.files.range(lanes..).next() {
            None => Ok(()),
            Some((lane, (path, _))) => {
                let (what, wanted) = ("lane".to_owned(), format!("one of {lanes}, from 0 on"));
                Err(LaneLogError::Other { path: path.clone(), what, found: lane.to_string(), wanted }.into())
            }
        }
    }

    fn missing(&self, lane: usize, lanes: usize) -> LaneLogError {
        let folders: Vec<String> = self.folders.iter().map(|folder| folder.display().to_string()).collect();
        LaneLogError::Missing { folders: folders.join(", "), lane, lanes }
    }

    /// Opens the log of a lane that was given what has this digest, and reported at `times_us`.
    ///
    /// # Errors
    /// If it cannot be read, is damaged or is of something else.
    pub(super) fn open(
        &self,
        lane: usize,
        digest: &str,
        times_us: impl Iterator<Item = i64>,
    ) -> Result<Reader, RunError> {
        let (path, found) = self.files.get(&lane).ok_or_else(|| self.missing(lane, lane + 1))?;
        if found == digest {
            return Ok(Reader::open_at(path, digest, times_us)?);
        }
        let what = format!("a lane {lane} with other detections:");
        let (found, wanted) = (found.clone(), digest.to_owned());
        Err(LaneLogError::Other { path: path.clone(), what, found, wanted }.into())
    }
}

/// The first thing in which what a log was made from is not what is wanted: its name, what was found, what is wanted.
fn other(from: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>) -> Option<(String, String, String)> {
    let text = |of: &BTreeMap<String, String>, name| of.get(name).cloned().unwrap_or_else(|| "none".to_owned());
    let name = wanted.keys().chain(from.keys()).find(|name| wanted.get(*name) != from.get(*name))?;
    Some((name.clone(), text(from, name), text(wanted, name)))
}
