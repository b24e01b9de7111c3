//! Errors to exit codes, and to one readable line with the chain of causes.

use super::export::of_export;
use super::layout::printable;
use crate::bench::BenchError;
use crate::export::ExportError;
use crate::fusion::device::DeviceError;
use crate::fusion::error::FusionError;
use crate::guard::GuardError;
use crate::ingest::IngestError;
use crate::policy::{PolicyError, SurveyError};
use crate::product::{KeyError, ProductError};
use crate::report::ReportError;
use crate::run::{ConfigError, RunError, chain};
use crate::secret::hidden;
use crate::simulate::SimulateError;
use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

/// What went wrong, as the exit code tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Code {
    /// Done.
    Done = 0,
    /// Done, and what was looked for was found.
    Findings = 1,
    /// The arguments are wrong.
    Usage = 2,
    /// The recording, the policy, the configuration or the scenario is wrong.
    Input = 3,
    /// The output cannot be written.
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

/// Why a command ended early.
#[derive(Debug)]
pub(super) struct Failure {
    code: Code,
    error: Box<dyn Error>,
}

impl Failure {
    /// An error, and what it says about.
    pub(super) fn new(code: Code, error: impl Into<Box<dyn Error>>) -> Self {
        Self { code, error: error.into() }
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
    pub(super) fn report(&self) -> ExitCode {
        say(&self.to_string());
        self.code.into()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&chain(self.error.as_ref()))
    }
}

/// A line on stderr. Where stderr is gone, the exit code is all that can be said.
pub(super) fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "trackweave: {}", printable(&hidden(line)));
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        use ProductError::{NoEncryption, Number, PartnerName, Recipient};
        let code = match &error {
            RunError::Kernel(_) => Code::Device,
            RunError::Export(ExportError::Frame { .. }) => Code::Usage,
            RunError::Report(ReportError::Write { .. } | ReportError::Product(_)) => Code::Output,
            RunError::Export(ExportError::Write(_) | ExportError::File { .. } | ExportError::Product(_)) => {
                Code::Output
            }
            RunError::Export(error) => of_export(error),
            // The id of a partner comes from the policy, a number from the recording.
            RunError::Product(NoEncryption) | RunError::CacheInOutput { .. } => Code::Usage,
            RunError::Product(PartnerName { .. } | Number { .. } | Recipient { .. }) => Code::Input,
            RunError::Product(error) if error.in_place() => Code::Untidy,
            RunError::Product(_) | RunError::Cache { .. } | RunError::Ingest(IngestError::Unsorted { .. }) => {
                Code::Output
            }
            RunError::Stopped => Code::Interrupted,
            _ => Code::Input,
        };
        Self::new(code, error)
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
        Self::new(code, error)
    }
}

impl From<KeyError> for Failure {
    fn from(error: KeyError) -> Self {
        let wrong = matches!(
            error,
            KeyError::Malformed { .. } | KeyError::Exposed { .. } | KeyError::Io { doing: "read the key", .. }
        );
        Self::new(if wrong { Code::Input } else { Code::Output }, error)
    }
}

impl From<GuardError> for Failure {
    fn from(error: GuardError) -> Self {
        Self::new(Code::Input, error)
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
        Self::new(Code::Input, error)
    }
}

impl From<SurveyError> for Failure {
    fn from(error: SurveyError) -> Self {
        let code = if matches!(error, SurveyError::NoDetection { .. }) { Code::Usage } else { Code::Input };
        Self::new(code, error)
    }
}

impl From<PolicyError> for Failure {
    fn from(error: PolicyError) -> Self {
        Self::new(Code::Input, error)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::new(Code::Input, error)
    }
}
