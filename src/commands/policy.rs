//! `trackweave policy`: what a policy does, before anything is shared.

use super::arguments::{Policy as Command, PolicyCheck};
use super::failure::{Code, Failure};
use super::layout::{count, fitted};
use super::run::instant;
use super::screen::Screen;
use super::{policy_diff, policy_explain, policy_matrix, policy_new};
use crate::ingest::Catalogue;
use crate::policy::{Check, Finding, Severity, check};
use std::path::Path;

/// Runs the command.
pub(super) fn execute(command: &Command, screen: Screen) -> Result<Code, Failure> {
    match command {
        Command::New(arguments) => policy_new::execute(arguments, screen).map(|()| Code::Done),
        Command::Check(arguments) => check_policy(arguments, screen),
        Command::Matrix(arguments) => policy_matrix::execute(arguments, screen).map(|()| Code::Done),
        Command::Diff(arguments) => policy_diff::execute(arguments, screen),
        Command::Explain(arguments) => policy_explain::execute(arguments, screen).map(|()| Code::Done),
    }
}

/// The time of a run, as the recording counts it.
pub(super) fn as_of_us(as_of: Option<&String>, recording: &Path) -> Result<Option<i64>, Failure> {
    as_of.map(|text| instant(text, Catalogue::read(recording)?.time)).transpose()
}

fn check_policy(arguments: &PolicyCheck, screen: Screen) -> Result<Code, Failure> {
    let PolicyCheck { policy, recording, as_of } = arguments;
    let as_of_us = recording.as_ref().map_or(Ok(None), |recording| as_of_us(as_of.as_ref(), recording))?;
    let found = check(policy, recording.as_deref(), as_of_us)?;
    // A finding stays in one line: editors and `grep` take it by its file and line.
    screen.publish_before(&found, || (String::new(), describe(&found)))?;
    Ok(if found.has_errors() { Code::Findings } else { Code::Done })
}

fn describe(found: &Check) -> String {
    let line = |finding: &Finding| {
        let Finding { file, line, severity, found, wanted } = finding;
        let severity = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        format!("{}:{line}: {severity}: {found}, wanted {wanted}", file.display())
    };
    let mut lines: Vec<String> = found.findings.iter().map(line).collect();
    let errors = found.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
    let counts = [found.rules, found.partners, found.detection_classes, found.track_classes].map(|n| count(n as u64));
    let [rules, partners, detections, tracks] = counts;
    let mut summary = format!("{errors} errors, {} warnings", found.findings.len() - errors);
    if errors == 0 {
        summary = format!("{summary}; {rules} rules, {partners} partners");
    }
    if found.detection_classes > 0 {
        summary = format!("{summary}, tried on {detections} classes of detections and {tracks} of tracks");
    }
    lines.push(fitted(&summary));
    lines.join("\n")
}
