//! Errors of the library as Python exceptions, in the words of the command. The classes are `trackweave/_errors.py`'s.

use pyo3::prelude::*;
use trackweave::commands::{Code, Failure};
use trackweave::secret::hidden;
use trackweave::{Error, ErrorKind};

/// What is said of an error, and by which exception.
#[derive(Debug)]
pub(crate) struct Said {
    class: &'static str,
    text: String,
}

impl Said {
    /// Something that was asked for and cannot be.
    pub(crate) fn input(text: impl Into<String>) -> Self {
        Self { class: "InputError", text: text.into() }
    }
}

impl<E: Into<Failure>> From<E> for Said {
    fn from(error: E) -> Self {
        let failure: Failure = error.into();
        let class = match failure.code() {
            Code::Usage | Code::Input => "InputError",
            Code::Output | Code::Untidy => "OutputError",
            Code::Device => "DeviceError",
            _ => "Error",
        };
        Self { class, text: hidden(&failure.to_string()).into_owned() }
    }
}

impl Said {
    /// What a tracker says.
    pub(crate) fn of_tracker(error: &Error) -> Self {
        let class = if error.kind() == ErrorKind::Resources { "DeviceError" } else { "InputError" };
        Self { class, text: error.to_string() }
    }
}

impl From<Said> for PyErr {
    fn from(Said { class, text }: Said) -> Self {
        Python::attach(|py| {
            let made = || py.import("trackweave._errors")?.getattr(class)?.call1((text,));
            made().map_or_else(|error| error, Self::from_value)
        })
    }
}
