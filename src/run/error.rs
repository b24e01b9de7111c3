//! What can go wrong on the whole path.

use super::Progress;
use super::scores::TIMES_MAX;
use crate::export::ExportError;
use crate::fusion::error::FusionError;
use crate::fusion::executor::KernelError;
use crate::ingest::IngestError;
use crate::lane_log::LaneLogError;
use crate::policy::PolicyError;
use crate::product::ProductError;
use crate::report::ReportError;
use crate::scan::ScanError;
use crate::score::ScoreError;
use crate::waves::TrackError;
use core::ops::Range;
use std::error::Error;
use std::path::PathBuf;

/// Why a run ended without an output.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The recording.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The device.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// What becomes of rows.
    #[error(transparent)]
    Track(TrackError),
    /// The output folder.
    #[error(transparent)]
    Product(#[from] ProductError),
    /// Pages made from pictures.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// Files made from pictures.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Files of lanes, or this program, whose digest they need.
    #[error(transparent)]
    LaneLog(#[from] LaneLogError),
    /// Lanes that there are not.
    #[error("lanes {}..{}: found {found} lanes under this policy, numbered from 0, wanted some of them", of.start, of.end)]
    NoLanes {
        /// The lanes that were asked for.
        of: Range<usize>,
        /// How many there are.
        found: usize,
    },
    /// A reference that the recording does not have.
    #[error("the reference is `{found}`, wanted one of its sensors: {wanted}")]
    NoReference {
        /// The name.
        found: String,
        /// The sensors.
        wanted: String,
    },
    /// Sensors that see what orbits the Earth.
    #[error(
        "the configuration moves objects by gravity, wanted one of objects that fly, sail or drive: what sensors are off by is not \
         told of orbits"
    )]
    CalibratedOrbits,
    /// A calibration that cannot be read.
    #[error("{}: cannot read the calibration: {what}; wanted a file that `trackweave calibrate` wrote", path.display())]
    NoCalibration {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A calibration of something else.
    #[error(
        "{}: a calibration of another {what}: found {found}, wanted {wanted}; run `trackweave calibrate` anew, or declare what \
         you take from it as `offsets` in recording.toml",
        path.display()
    )]
    OtherCalibration {
        /// The file.
        path: PathBuf,
        /// In what it differs.
        what: &'static str,
        /// What it was made from.
        found: String,
        /// What this run is made from.
        wanted: String,
    },
    /// Prices of a run whose lanes are corrected.
    #[error(
        "found a wish for prices of a run with a calibration, wanted one without: lanes of another policy have no entry in it"
    )]
    PricesOfCalibration,
    /// Prices of an output that is assembled from logs.
    #[error("found a wish for prices of logs, wanted one of a run: lanes that a lifted rule changes are fused")]
    PricesOfLogs,
    /// Associations of an output that is assembled from logs.
    #[error(
        "the configuration has `associations = true`, wanted logs of a run without: which detections tracks took is told where \
         lanes are fused"
    )]
    AssociationsOfLogs,
    /// What was read twice was not the same.
    #[error(
        "{} changed while it was read: found {found}, wanted {wanted}; nothing was written: run again on a recording that \
         nobody writes to",
        path.display()
    )]
    Changed {
        /// The detections.
        path: PathBuf,
        /// What a later pass gave.
        found: String,
        /// What the first one had given.
        wanted: String,
    },
    /// How pictures are to be scored, or what they are scored from.
    #[error("scoring with the configuration's table `score`: {0}")]
    Score(#[from] ScoreError),
    /// Truth that is compared with pictures too often.
    #[error(
        "{}: its truth is there at {found} report times, {report_period_s} s apart; wanted at most {TIMES_MAX}: a longer \
         `report_period_s`, a shorter `max_gap_s`, or a recording without truth",
        recording.display()
    )]
    TooManyTimes {
        /// The recording.
        recording: PathBuf,
        /// Report times, at most.
        found: u64,
        /// The period between them.
        report_period_s: f32,
    },
    /// Tracks that are to be smoothed were fused elsewhere.
    #[error(
        "found {found}, wanted {wanted}, which fused the lanes of these logs, to smooth their tracks: choose it \
         (`--executor`), on the machine that has it"
    )]
    SmoothedBy {
        /// What would smooth.
        found: String,
        /// What fused.
        wanted: String,
    },
    /// The run held more memory than it was allowed.
    #[error(
        "{at}: found {} MB of memory in use, wanted at most {} MB (--memory): allow more, or fuse fewer lanes at once \
         (`trackweave fuse --lanes`, then `assemble`); no picture was written",
        found / 1_000_000,
        wanted / 1_000_000
    )]
    Memory {
        /// How far it was.
        at: Progress,
        /// Bytes.
        found: u64,
        /// At most.
        wanted: u64,
    },
    /// The system does not say how much memory is in use.
    #[error(
        "found no /proc/self/status to tell memory by, wanted one to keep to --memory: leave it out on this system"
    )]
    MemoryUntold,
    /// Whoever started the run had it stopped.
    #[error("stopped before it was done")]
    Stopped,
}

impl From<TrackError> for RunError {
    fn from(error: TrackError) -> Self {
        match error {
            TrackError::Kernel(error) => Self::Kernel(error),
            TrackError::Scan(ScanError::Policy(error)) => Self::Policy(error),
            other => Self::Track(other),
        }
    }
}

impl From<FusionError> for RunError {
    fn from(error: FusionError) -> Self {
        TrackError::from(error).into()
    }
}

impl From<ScanError> for RunError {
    fn from(error: ScanError) -> Self {
        TrackError::from(error).into()
    }
}

/// An error and its causes in one line. A cause that the line has already is left out.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut line = one_line(&error.to_string());
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        if !line.contains(first) {
            line = format!("{line}: {}", one_line(&text));
        }
        cause = error.source();
    }
    line
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{said}")]
    struct Said {
        said: &'static str,
        source: Option<Box<Said>>,
    }

    #[test]
    fn causes_follow_in_one_line_and_none_twice() {
        let disk = Said { said: "no space\n  left", source: None };
        let file = Said { said: "a.toml: cannot be written", source: Some(Box::new(disk)) };
        assert_eq!(chain(&file), "a.toml: cannot be written: no space left");
        let parser = Said { said: "error at line 3\n  |\n3 | x", source: None };
        let file = Said { said: "a.toml: error at line 3: 3 | x", source: Some(Box::new(parser)) };
        assert_eq!(chain(&file), "a.toml: error at line 3: 3 | x");
    }
}
