//! Where a command writes: its result to stdout, its progress to stderr.

use super::failure::{Code, Failure};
use super::layout::{fitted, printable};
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
        self.publish_before(value, || (text(), String::new()))
    }

    /// The same, with something after the text whose lines stay as they are, such as a file to copy.
    pub(super) fn publish_before(
        self,
        value: &impl Serialize,
        text: impl FnOnce() -> (String, String),
    ) -> Result<(), Failure> {
        let text = match self {
            Self::Text => {
                let (text, verbatim) = text();
                printable(&(fitted(&text) + &verbatim))
            }
            Self::Json => serde_json::to_string(value).map_err(|error| Failure::new(Code::Output, error))?,
        };
        print(format!("{}\n", text.trim_end()).as_bytes()).map(drop)
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
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        match (self, ProgressStyle::with_template(template)) {
            (Self::Json, _) => ProgressBar::hidden(),
            // A bar moves the cursor, which such a terminal cannot.
            (Self::Text, _) if dumb => ProgressBar::hidden(),
            (Self::Text, Ok(style)) => bar.with_style(style),
            (Self::Text, Err(_)) => bar,
        }
    }
}

/// Writes to stdout; false where nobody reads any more: who reads the first lines only, as `head` does, has what it wanted.
pub(super) fn print(bytes: &[u8]) -> Result<bool, Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Failure::new(Code::Output, error)),
    }
}
