//! What an import found.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::formats::Time;
use crate::ingest::{Ended, Imported, Reason};
use crate::inspect::Proposal;

/// What an import found and wrote.
#[derive(Clone, Debug, Serialize)]
pub struct ImportReport {
    /// The folder of the recording.
    pub out: String,
    /// What times are: `timestamp`, or `seconds` where the files have no dates.
    pub time: &'static str,
    /// Rows of detections.
    pub rows: u64,
    /// Rows that a run will reject, by reason.
    pub rejected: BTreeMap<Reason, u64>,
    /// Rows of truth, if any was asked for.
    pub truth_rows: Option<u64>,
    /// The files of detections.
    pub files: Vec<FileReport>,
    /// The files of truth.
    pub truth: Vec<FileReport>,
    /// What somebody has to state in the draft before a run.
    pub to_state: Vec<String>,
    /// A configuration that fits what was seen.
    pub configuration: Option<Proposal>,
}

/// A file.
#[derive(Clone, Debug, Serialize)]
pub struct FileReport {
    /// What became of its reports.
    #[serde(flatten)]
    pub imported: Imported,
    /// The first and the last time, microseconds since 1970, or of the day or the receiver's counter.
    pub span_us: Option<[i64; 2]>,
    /// Who sends.
    pub senders: Vec<SenderReport>,
}

/// Who sends.
#[derive(Clone, Debug, Serialize)]
pub struct SenderReport {
    /// Its name in the format.
    pub name: String,
    /// Reports by the kind of message, with its edition.
    pub messages: BTreeMap<String, u64>,
    /// The first and the last time.
    pub span_us: Option<[i64; 2]>,
}

impl FileReport {
    pub(super) fn of(ended: &Ended) -> Self {
        let Ended { imported, summary, .. } = ended;
        let micros = |span: Option<(Time, Time)>| span.map(|(first, last)| [first.micros(), last.micros()]);
        let senders = summary.sources.iter().map(|sender| {
            let name = |message: &u32| summary.messages.get(*message as usize).cloned().unwrap_or_default();
            let messages = sender.reports.iter().map(|(message, count)| (name(message), *count)).collect();
            SenderReport { name: sender.name.clone(), messages, span_us: micros(sender.span) }
        });
        Self { imported: imported.clone(), span_us: micros(summary.span), senders: senders.collect() }
    }
}
