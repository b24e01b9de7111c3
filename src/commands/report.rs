//! `trackweave report`: pages of a finished output.

use super::arguments::Report;
use super::failure::{Code, Failure};
use super::screen::Screen;
use crate::ingest::Recording;
use crate::policy::Policy;
use crate::product::ProductError;
use crate::report::{ReportError, Scene, report};
use crate::run::OPTIONS;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Done<'a> {
    out: &'a Path,
    pages: &'a [PathBuf],
}

/// Runs the command.
pub(super) fn execute(arguments: &Report, screen: Screen) -> Result<(), Failure> {
    let Report { from, recording, policy, out } = arguments;
    let scene = match recording.as_ref().zip(policy.as_ref()) {
        None => Scene::empty(),
        Some((recording, folder)) => {
            let (recording, policy) = (Recording::open(recording)?, Policy::read(folder)?);
            Scene::of(&recording, (&policy, folder), OPTIONS)?
        }
    };
    let pages = report(from, &scene, out)?;
    screen.publish(&Done { out, pages: &pages }, || {
        pages.iter().map(|page| out.join(page).display().to_string()).collect::<Vec<_>>().join("\n")
    })
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        let code = match &error {
            ReportError::Place { .. } => Code::Usage,
            ReportError::File { .. } | ReportError::Unsound { .. } => Code::Input,
            ReportError::Product(ProductError::Column { .. } | ProductError::Parquet { .. }) => Code::Input,
            ReportError::Product(error) if error.in_place() => Code::Untidy,
            ReportError::Product(_) | ReportError::Write { .. } => Code::Output,
        };
        Self::new(code, error)
    }
}
