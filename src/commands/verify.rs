//! `trackweave verify`: is an output what was written, and does it hold only what its partners may have?

use super::arguments::Verify;
use super::failure::{Code, Failure};
use super::layout::count;
use super::run::instant;
use super::screen::Screen;
use crate::guard::{self, inspect};
use crate::ingest::Recording;
use crate::policy::Policy;
use crate::product::{Expected, Fault, Integrity, PublicKey, verify_origin, verify_seals};
use crate::run::{RunConfig, origin};
use serde::Serialize;
use std::path::Path;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Done<'a> {
    out: &'a Path,
    sound: bool,
    integrity: &'a Integrity,
    /// In what the run read something else than is given here; absent where that was not asked, or the output does not
    /// say.
    origin: Option<&'a [Fault]>,
    /// Absent where no policy and recording were given, or the output is not what was written.
    guard: Option<&'a guard::Report>,
}

/// Runs the command.
pub(super) fn execute(arguments: &Verify, screen: Screen) -> Result<(), Failure> {
    let Verify { out, policy, recording, config, as_of, calibration, label, public_key } = arguments;
    let key = public_key.as_deref().map(PublicKey::given).transpose()?;
    let integrity = verify_seals(out, Expected { key: key.as_ref(), label: label.as_deref() })
        .map_err(|error| Failure::new(Code::Input, error))?;
    let basis = policy.as_ref().zip(recording.as_ref()).filter(|_| integrity.faults.is_empty());
    let (made_from, guarded) = match basis {
        None => (None, None),
        Some((policy, recording)) => {
            let config = config.as_deref().map_or_else(RunConfig::air, RunConfig::chosen)?;
            let configuration = serde_json::to_value(&config).map_err(|error| Failure::new(Code::Input, error))?;
            let opened = Recording::open(recording)?;
            // Before the guard reads it for itself: this reader refuses what nests too deeply.
            let read = Policy::read(policy)?;
            let as_of_us = as_of.as_deref().map(|text| instant(text, opened.catalogue().time)).transpose()?;
            // The folder of one partner does not say what the whole run read; the guard compares what it says.
            let made_from = if integrity.whole {
                let given = origin(&opened, &read, (&config, as_of_us), calibration.as_deref())?;
                verify_origin(out, &given).map_err(|error| Failure::new(Code::Input, error))?
            } else {
                None
            };
            let (label, configuration, calibration) = (label.as_deref(), &configuration, calibration.as_deref());
            let request = guard::Request { out, policy, recording, configuration, as_of_us, label, calibration };
            (made_from, Some(inspect(&request)?))
        }
    };
    let made_from = made_from.as_deref();
    let first = first(&integrity, made_from, guarded.as_ref());
    let done = Done { out, sound: first.is_none(), integrity: &integrity, origin: made_from, guard: guarded.as_ref() };
    screen.publish(&done, || describe(&integrity, made_from, guarded.as_ref()))?;
    first.map_or(Ok(()), |first| Err(Failure::new(Code::Unsound, first)))
}

/// The first finding, in one line.
fn first(integrity: &Integrity, origin: Option<&[Fault]>, guarded: Option<&guard::Report>) -> Option<String> {
    let fault = integrity
        .faults
        .iter()
        .chain(origin.unwrap_or_default())
        .next()
        .map(|fault| line(&fault.place, &fault.found, &fault.wanted));
    let breach = guarded.and_then(|report| report.breaches.first());
    fault.or_else(|| breach.map(|breach| line(&breach.place, &breach.found, &breach.wanted)))
}

fn line(place: &str, found: &str, wanted: &str) -> String {
    // A name with a line end in it must not look like a finding of its own.
    format!("{place}: found {found}, wanted {wanted}").replace('\n', "\\n")
}

fn describe(integrity: &Integrity, origin: Option<&[Fault]>, guarded: Option<&guard::Report>) -> String {
    let Integrity { partners, files, audit_lines, signatures, signatures_unchecked, faults, whole: _ } = integrity;
    let mut lines = vec![format!(
        "integrity: {} partners, {} files, {} lines of audits, {} signatures: {}",
        count(partners.len() as u64),
        count(*files),
        count(*audit_lines),
        count(*signatures),
        if faults.is_empty() { "as they were written" } else { "NOT as they were written" }
    )];
    if *signatures_unchecked > 0 {
        lines.push(format!("  {} signatures were not checked: no `--public-key`", count(*signatures_unchecked)));
    }
    lines.extend(faults.iter().map(|fault| format!("  {}", line(&fault.place, &fault.found, &fault.wanted))));
    let Some(report) = guarded else {
        let why =
            if faults.is_empty() { "no `--policy` and `--recording`" } else { "the folders are not what was written" };
        lines.push(format!("guard: not run: {why}"));
        return lines.join("\n");
    };
    lines.push(match origin {
        None => "origin: not checked: the folder does not say what the whole run read".to_owned(),
        Some([]) => "origin: recording, policy, configuration and time are those of the run".to_owned(),
        Some(_) => "origin: the run read something ELSE".to_owned(),
    });
    lines.extend(
        origin.into_iter().flatten().map(|fault| format!("  {}", line(&fault.place, &fault.found, &fault.wanted))),
    );
    lines.push(format!(
        "guard: {} folders, {} rows: {}",
        count(report.partners),
        count(report.rows),
        if report.breaches.is_empty() { "nothing beyond what the policy gives" } else { "MORE than the policy gives" }
    ));
    if report.undecided > 0 {
        lines.push(format!("  {} rows were not decided: too many classes are possible", count(report.undecided)));
    }
    for breach in &report.breaches {
        let found = line(&breach.place, &breach.found, &breach.wanted);
        lines.push(format!("  {} ({} of this kind): {found}", breach.beyond.name(), count(breach.count)));
    }
    lines.join("\n")
}
