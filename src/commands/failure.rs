//! Errors to exit codes, and to one readable line with the chain of causes.

use crate::bench::BenchError;
use crate::fusion::device::DeviceError;
use crate::guard::GuardError;
use crate::ingest::IngestError;
use crate::policy::{PolicyError, SurveyError};
use crate::product::{KeyError, ProductError};
use crate::run::{ConfigError, RunError};
use crate::secret::hidden;
use crate::simulate::SimulateError;
use std::error::Error;
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

    /// Prints the error and gives its exit code.
    pub(super) fn report(&self) -> ExitCode {
        // Where stderr is gone, the exit code is all that can be said.
        let _ = writeln!(io::stderr().lock(), "trackweave: {}", hidden(&chain(self.error.as_ref())));
        self.code.into()
    }
}

/// An error and its causes in one line. A cause that the line has already is left out.
fn chain(error: &dyn Error) -> String {
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

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        use ProductError::{NoEncryption, Number, PartnerName, Recipient};
        let code = match &error {
            RunError::Kernel(_) => Code::Device,
            // The id of a partner comes from the policy, a number from the recording.
            RunError::Product(NoEncryption) | RunError::CacheInOutput { .. } => Code::Usage,
            RunError::Product(PartnerName { .. } | Number { .. } | Recipient { .. }) => Code::Input,
            RunError::Product(_) | RunError::Cache { .. } => Code::Output,
            _ => Code::Input,
        };
        Self::new(code, error)
    }
}

impl From<SimulateError> for Failure {
    fn from(error: SimulateError) -> Self {
        use SimulateError::{Toml, Unreadable, Value};
        let code =
            if matches!(error, Unreadable { .. } | Toml { .. } | Value { .. }) { Code::Input } else { Code::Output };
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
            BenchError::Kernel(_) => Code::Device,
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
