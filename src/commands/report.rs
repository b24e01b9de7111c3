//! `trackweave report`: pages of a finished output.

use super::arguments::Report;
use super::failure::{Code, Failure};
use super::screen::Screen;
use crate::ingest::Recording;
use crate::policy::Policy;
use crate::product::ProductError;
use crate::report::{ReportError, Scene, report};
use crate::run::{Measured, OPTIONS, configuration_of, measured};
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
        Some((path, folder)) => {
            let (recording, policy) = (Recording::open(path)?, Policy::read(folder)?);
            let scene = Scene::of(&recording, &policy, OPTIONS)?.with_truth(&recording)?;
            // The folder of one partner has a page that shows no sensors.
            match configuration_of(from) {
                Err(_) => scene,
                Ok(config) => {
                    let Measured { sensors, lacking, biases } =
                        measured(&recording, &config, scene.rows(), &mut |_| Ok(()))?;
                    scene.with_measured(&sensors, lacking.as_deref()).with_biases(biases)
                }
            }
        }
    };
    let pages = report(from, &scene, out)?;
    screen.publish(&Done { out, pages: &pages }, || {
        pages.iter().map(|page| out.join(page).display().to_string()).collect::<Vec<_>>().join("\n")
    })
}

/// The exit code of what can go wrong with pages.
pub(super) fn of_report(error: &ReportError) -> Code {
    use ReportError::{File, Place, Product, Unsound, Write};
    match error {
        Place { .. } => Code::Usage,
        Product(error) if error.in_place() => Code::Untidy,
        File { .. } | Unsound { .. } | Product(ProductError::Column { .. } | ProductError::Parquet { .. }) => {
            Code::Input
        }
        Product(_) | Write { .. } => Code::Output,
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        Self::new(of_report(&error), error)
    }
}
