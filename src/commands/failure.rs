//! Errors to exit codes, and to one readable line with the chain of causes.

use super::export::of_export;
use super::layout::printable;
use super::report::of_report;
use super::screen::Screen;
use crate::bench::BenchError;
use crate::fusion::device::DeviceError;
use crate::fusion::error::FusionError;
use crate::guard::GuardError;
use crate::import::ImportError;
use crate::ingest::IngestError;
use crate::lane_log::LaneLogError;
use crate::policy::{PolicyError, SurveyError};
use crate::product::{KeyError, ProductError};
use crate::run::{ConfigError, OutputError, RunError, TrackError, chain};
use crate::secret::hidden;
use crate::simulate::SimulateError;
use serde::Serialize;
use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

/// What went wrong, as the exit code tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Code {
    /// Done.
    Done = 0,
    /// Done, and what was looked for was found.
    Findings = 1,
    /// The arguments are wrong.
    Usage = 2,
    /// The recording, the policy, the configuration or the scenario is wrong.
    Input = 3,
    /// The output cannot be written, or not within the memory that there is for it.
    Output = 4,
    /// The device is not there, or failed.
    Device = 5,
    /// The output is not what was written, or holds more than its partners may have.
    Unsound = 6,
    /// The output is in place, without scores that it should have.
    Unscored = 7,
    /// The output is in place, but something beside it failed.
    Untidy = 8,
    /// SIGINT ended it.
    Interrupted = 130,
    /// SIGTERM ended it.
    Terminated = 143,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

impl Code {
    /// Its name in JSON.
    const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Findings => "findings",
            Self::Usage => "usage",
            Self::Input => "input",
            Self::Output => "output",
            Self::Device => "device",
            Self::Unsound => "unsound",
            Self::Unscored => "unscored",
            Self::Untidy => "untidy",
            Self::Interrupted => "interrupted",
            Self::Terminated => "terminated",
        }
    }
}

/// Why a command ended early.
#[derive(Debug)]
pub struct Failure {
    code: Code,
    error: Box<dyn Error>,
    /// Where it says more.
    see: &'static str,
}

/// What `--json` prints on stderr where a command fails.
#[derive(Debug, Serialize)]
struct Told {
    error: Body,
}

/// An error: what the message has as its parts, `None` where it has none.
#[derive(Debug, Serialize)]
pub(super) struct Body {
    pub(super) exit_code: u8,
    pub(super) kind: &'static str,
    pub(super) message: String,
    #[serde(rename = "where")]
    pub(super) place: Option<String>,
    pub(super) found: Option<String>,
    pub(super) wanted: Option<String>,
    pub(super) see: String,
}

impl Body {
    pub(super) fn of(code: Code, message: String, see: &str) -> Self {
        let [place, found, wanted] = parts(&message);
        Self { exit_code: code as u8, kind: code.name(), message, place, found, wanted, see: see.to_owned() }
    }

    /// Prints it as one line.
    pub(super) fn print(self) {
        if let Ok(line) = serde_json::to_string(&Told { error: self }) {
            let _ = writeln!(io::stderr().lock(), "{line}");
        }
    }
}

/// What is wrong where, found and wanted, as the messages of the house have it: `PLACE: found F, wanted W`. Before the first
/// colon with a space is the place, unless the message begins with what was found, or in two clauses.
fn parts(message: &str) -> [Option<String>; 3] {
    let words = [", wanted ", "; wanted ", ", expected "];
    let first = words.iter().filter_map(|word| Some((message.find(word)?, word.len()))).min();
    let cut = first.and_then(|(at, length)| Some((message.get(..at)?, message.get(at + length..)?)));
    let (left, wanted) = cut.map_or((message, None), |(left, wanted)| (left, Some(wanted)));
    let (place, found) = match left.split_once(": ") {
        Some((place, found)) if !place.starts_with("found ") && !place.contains("; ") => (Some(place), found),
        _ => (None, left),
    };
    let found = found.rsplit_once(": found ").map_or(found, |(_, found)| found);
    let found = found.strip_prefix("found ").unwrap_or(found);
    [place, Some(found), wanted].map(|part| part.map(str::to_owned))
}

impl Failure {
    /// An error, and what it says about.
    pub(super) fn new(code: Code, error: impl Into<Box<dyn Error>>) -> Self {
        let see = match code {
            Code::Usage => "trackweave --help",
            Code::Device => "docs/command-line.md#executors",
            Code::Unsound => "docs/verification.md",
            _ => "docs/command-line.md",
        };
        Self { code, error: error.into(), see }
    }

    /// What went wrong, as the exit code tells it.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The same error with a page that says more.
    fn see(self, see: &'static str) -> Self {
        Self { see, ..self }
    }

    /// The same error with another exit code.
    pub(super) fn with(self, code: Code) -> Self {
        Self { code, ..self }
    }

    /// Whether the command was told to stop.
    pub(super) fn is_stop(&self) -> bool {
        self.code == Code::Interrupted
    }

    /// Prints the error and gives its exit code.
    pub(super) fn report(&self, screen: Screen) -> ExitCode {
        match screen {
            Screen::Text => say(&self.to_string(), screen),
            Screen::Json => {
                // What was wanted is best said by the error itself, not by its causes.
                let [head, all] = [self.error.to_string(), self.to_string()].map(|text| hidden(&text).into_owned());
                let mut body = Body::of(self.code, all, self.see);
                let [place, found, wanted] = parts(&head);
                if wanted.is_some() {
                    (body.place, body.found, body.wanted) = (place, found, wanted);
                }
                body.print();
            }
        }
        self.code.into()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&chain(self.error.as_ref()))
    }
}

/// A line on stderr. Where stderr is gone, the exit code is all that can be said.
pub(super) fn say(line: &str, screen: Screen) {
    let line = hidden(line);
    let _ = match screen {
        Screen::Text => writeln!(io::stderr().lock(), "trackweave: {}", printable(&line)),
        Screen::Json => writeln!(io::stderr().lock(), "{}", serde_json::json!({ "warning": { "message": line } })),
    };
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        use ProductError::{NoEncryption, Number, PartnerName, Recipient};
        let code = match &error {
            RunError::Kernel(_) => Code::Device,
            RunError::Report(error) => of_report(error),
            RunError::Export(error) => of_export(error),
            // The id of a partner comes from the policy, a number from the recording.
            RunError::Product(NoEncryption)
            | RunError::LaneLog(LaneLogError::InOutput { .. })
            | RunError::NoLanes { .. }
            | RunError::PricesOfLogs
            | RunError::PricesOfCalibration
            | RunError::NoReference { .. }
            | RunError::CalibratedOrbits
            | RunError::MemoryUntold
            | RunError::SmoothedBy { .. }
            | RunError::AssociationsOfLogs => Code::Usage,
            RunError::Product(PartnerName { .. } | Number { .. } | Recipient { .. }) => Code::Input,
            RunError::Product(error) if error.in_place() => Code::Untidy,
            RunError::Product(_)
            | RunError::LaneLog(LaneLogError::Refused { .. })
            | RunError::Track(TrackError::Smoothing { .. })
            | RunError::Memory { .. }
            | RunError::Ingest(IngestError::Unsorted { .. }) => Code::Output,
            RunError::Stopped => Code::Interrupted,
            _ => Code::Input,
        };
        let see = match &error {
            RunError::Ingest(_) => Some("docs/formats.md"),
            RunError::Policy(_) => Some("docs/policy.md"),
            RunError::Export(_) => Some("docs/exports.md"),
            _ => None,
        };
        let failure = Self::new(code, error);
        match see {
            Some(see) => failure.see(see),
            None => failure,
        }
    }
}

impl From<SimulateError> for Failure {
    fn from(error: SimulateError) -> Self {
        use SimulateError::{Publish, Stopped, Toml, Unreadable, Value};
        let code = match &error {
            Unreadable { .. } | Toml { .. } | Value { .. } => Code::Input,
            Publish(error) if error.in_place() => Code::Untidy,
            Stopped => Code::Interrupted,
            _ => Code::Output,
        };
        Self::new(code, error).see("docs/simulate.md")
    }
}

impl From<ImportError> for Failure {
    fn from(error: ImportError) -> Self {
        use ImportError::{Ingest, NoRows, Path, Publish, Stopped, UnknownSensor};
        let code = match &error {
            Ingest(IngestError::Write { .. } | IngestError::Unsorted { .. }) => Code::Output,
            Ingest(_) | NoRows { .. } | Path { .. } => Code::Input,
            UnknownSensor { .. } => Code::Usage,
            Publish(error) if error.in_place() => Code::Untidy,
            Stopped => Code::Interrupted,
            _ => Code::Output,
        };
        Self::new(code, error).see("docs/formats-in.md")
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        let wrong = matches!(
            error,
            KeyError::Malformed { .. } | KeyError::Exposed { .. } | KeyError::Io { doing: "read the key", .. }
        );
        Self::new(if wrong { Code::Input } else { Code::Output }, error).see("docs/verification.md")
    }
}

impl From<GuardError> for Failure {
    fn from(error: GuardError) -> Self {
        Self::new(Code::Input, error).see("docs/verification.md")
    }
}

impl From<BenchError> for Failure {
    fn from(error: BenchError) -> Self {
        let code = match error {
            BenchError::Fusion(FusionError::Kernel(_)) => Code::Device,
            BenchError::Fusion(_) => Code::Input,
            BenchError::Score(_) | BenchError::TooFew { .. } => Code::Usage,
        };
        Self::new(code, error)
    }
}

impl From<DeviceError> for Failure {
    fn from(error: DeviceError) -> Self {
        Self::new(Code::Device, error)
    }
}

impl From<IngestError> for Failure {
    fn from(error: IngestError) -> Self {
        Self::new(Code::Input, error).see("docs/formats.md")
    }
}

impl From<SurveyError> for Failure {
    fn from(error: SurveyError) -> Self {
        let code = if matches!(error, SurveyError::NoDetection { .. }) { Code::Usage } else { Code::Input };
        Self::new(code, error).see("docs/formats.md")
    }
}

impl From<PolicyError> for Failure {
    fn from(error: PolicyError) -> Self {
        Self::new(Code::Input, error).see("docs/policy.md")
    }
}

impl From<OutputError> for Failure {
    fn from(error: OutputError) -> Self {
        Self::new(Code::Input, error)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(Code::Input, error).see("docs/configuration.md")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_its_parts() {
        let told = |message: &str| parts(message).map(Option::unwrap_or_default);
        let line = "p/levels.toml:12: `delay` is `soon`, wanted an ISO 8601 duration, such as PT5M";
        assert_eq!(told(line), ["p/levels.toml:12", "`delay` is `soon`", "an ISO 8601 duration, such as PT5M"]);
        assert_eq!(told("out: found no picture, wanted a folder"), ["out", "no picture", "a folder"]);
        assert_eq!(told("found track 9, wanted one"), ["", "track 9", "one"]);
        assert_eq!(told("x.toml:3: gate: found -1, wanted a number"), ["x.toml:3", "-1", "a number"]);
        let line = "s.toml:4: unknown field `frame`, expected one of `name`, `seed`";
        assert_eq!(told(line), ["s.toml:4", "unknown field `frame`", "one of `name`, `seed`"]);
        assert_eq!(told("a/b: cannot be read: No such file"), ["a/b", "cannot be read: No such file", ""]);
        assert_eq!(told("no adapter; found: none"), ["", "no adapter; found: none", ""]);
        assert_eq!(parts("no adapter").map(|part| part.is_some()), [false, true, false]);
    }
}
