//! Where a command writes: its result to stdout, its progress to stderr.

use super::failure::{Code, Failure};
use super::layout::printable;
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::io::{self, ErrorKind, Write};

/// How results and progress are shown.
#[derive(Clone, Copy, Debug)]
pub(super) enum Screen {
    /// Text for people, and progress where stderr is a terminal.
    Text,
    /// One JSON object, and no progress.
    Json,
}

impl Screen {
    /// Writes the result of a command.
    pub(super) fn publish(self, value: &impl Serialize, text: impl FnOnce() -> String) -> Result<(), Failure> {
        let text = match self {
            Self::Text => printable(&text()),
            Self::Json => serde_json::to_string(value).map_err(|error| Failure::new(Code::Output, error))?,
        };
        let mut stdout = io::stdout().lock();
        match writeln!(stdout, "{}", text.trim_end()).and_then(|()| stdout.flush()) {
            // Who reads the first lines only, as `head` does, has what it wanted.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::new(Code::Output, error)),
            _ => Ok(()),
        }
    }

    /// A bar for `length` steps; silent where no one sees it.
    pub(super) fn bar(self, length: u64) -> ProgressBar {
        self.progress(ProgressBar::new(length), "{msg} {bar:40} {percent:>3} % {elapsed}")
    }

    /// A sign of life for work whose length is not known; silent where no one sees it.
    pub(super) fn spinner(self) -> ProgressBar {
        self.progress(ProgressBar::new_spinner(), "{spinner} {msg} {elapsed}")
    }

    fn progress(self, bar: ProgressBar, template: &str) -> ProgressBar {
        match (self, ProgressStyle::with_template(template)) {
            (Self::Json, _) => ProgressBar::hidden(),
            (Self::Text, Ok(style)) => bar.with_style(style),
            (Self::Text, Err(_)) => bar,
        }
    }
}
