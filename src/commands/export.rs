//! `trackweave export`: a finished picture in formats that other tools open.

use super::arguments::Export;
use super::failure::{Code, Failure};
use super::layout::count;
use super::screen::Screen;
use crate::export::{ExportError, export};
use crate::product::{FileEntry, ProductError};
use serde::Serialize;
use std::path::Path;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Done<'a> {
    out: &'a Path,
    files: &'a [FileEntry],
}

/// Runs the command.
pub(super) fn execute(arguments: &Export, screen: Screen) -> Result<(), Failure> {
    let Export { picture, format, out } = arguments;
    let files = export(picture, format, out)?;
    screen.publish(&Done { out, files: &files }, || {
        let line = |file: &FileEntry| format!("{}: {} bytes", out.join(&file.name).display(), count(file.bytes));
        files.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}

/// What went wrong, as the exit code tells it.
pub(super) fn of_export(error: &ExportError) -> Code {
    use ExportError::{File, Frame, NotAPicture, Place, Product, Rows, TooManyTracks, Unsound, Write};
    match error {
        Frame { .. } | Place { .. } => Code::Usage,
        Product(error) if error.in_place() => Code::Untidy,
        Rows { .. }
        | TooManyTracks
        | NotAPicture { .. }
        | Unsound { .. }
        | Product(ProductError::Column { .. } | ProductError::Parquet { .. }) => Code::Input,
        Product(_) | Write(_) | File { .. } => Code::Output,
    }
}

impl From<ExportError> for Failure {
    fn from(error: ExportError) -> Self {
        Self::new(of_export(&error), error)
    }
}
