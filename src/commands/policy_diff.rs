//! `trackweave policy diff`: what each partner would gain and lose under another policy.

use super::arguments::PolicyDiff;
use super::failure::{Code, Failure};
use super::layout::{count, paragraph};
use super::policy::as_of_us;
use super::policy_matrix::attributes;
use super::screen::Screen;
use super::signals::Signals;
use crate::fusion::executor::Executor;
use crate::policy::{Change, Difference, Grant, Policy, difference};
use crate::run::{PartnerReport, Request, RunConfig, RunReport, Seals, run_watched};
use serde::Serialize;
use std::collections::BTreeMap;
use std::path::Path;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Done<'a> {
    grants_more: bool,
    partners: &'a [Change],
    /// With `--run`: the pictures under the old and the new policy.
    pictures: Option<BTreeMap<String, [Picture; 2]>>,
}

/// What a partner's picture is, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Picture {
    tracks: u64,
    rows: u64,
    levels: BTreeMap<String, u64>,
    authorities: BTreeMap<String, u64>,
}

/// Runs the command.
pub(super) fn execute(arguments: &PolicyDiff, screen: Screen) -> Result<Code, Failure> {
    let PolicyDiff { old, new, recording, run, as_of } = arguments;
    let as_of_us = as_of_us(as_of.as_ref(), recording)?;
    let policies = [Policy::read(old)?, Policy::read(new)?];
    let [before, after] = &policies;
    let found = difference([before, after], recording, as_of_us)?;
    let pictures = if *run { Some(pictures([old, new], recording, as_of_us)?) } else { None };
    let more = found.grants_more();
    let done = Done { grants_more: more, partners: &found.partners, pictures };
    screen.publish(&done, || describe(&found, done.pictures.as_ref()))?;
    Ok(if more { Code::Findings } else { Code::Done })
}

/// The pictures of both policies, by partner; the folder goes when they have been counted.
fn pictures(
    policies: [&Path; 2],
    recording: &Path,
    as_of_us: Option<i64>,
) -> Result<BTreeMap<String, [Picture; 2]>, Failure> {
    let config = RunConfig::air()?;
    let mut pictures: BTreeMap<String, [Picture; 2]> = BTreeMap::new();
    let folder = tempfile::tempdir().map_err(|error| Failure::new(Code::Output, error))?;
    // What is the same under both is fused once.
    let [out, cache] = ["out", "cache"].map(|name| folder.path().join(name));
    let cache = Some(cache.as_path());
    let signals = Signals::take()?;
    for (side, policy) in policies.into_iter().enumerate() {
        let request = Request { as_of_us, cache, ..Request::new(recording, policy, &out, &config) };
        let done = run_watched(&request, Seals::default(), Executor::host(), &mut |_| signals.check());
        let RunReport { partners, .. } = done.map_err(|error| signals.name(error.into()))?;
        for PartnerReport { partner, tracks, rows, levels, authorities, .. } in partners {
            if let Some(picture) = pictures.entry(partner).or_default().get_mut(side) {
                *picture = Picture { tracks: tracks as u64, rows, levels, authorities };
            }
        }
    }
    folder.close().map_err(|error| Failure::new(Code::Output, error))?;
    signals.finish();
    Ok(pictures)
}

fn describe(found: &Difference, pictures: Option<&BTreeMap<String, [Picture; 2]>>) -> String {
    let mut text = String::new();
    for change in &found.partners {
        let picture = pictures.and_then(|pictures| pictures.get(&change.partner));
        text += &describe_partner(change, picture);
    }
    text + if found.grants_more() {
        "\nmore is granted than before\n"
    } else {
        "\nnothing more is granted than before\n"
    }
}

fn describe_partner(change: &Change, picture: Option<&[Picture; 2]>) -> String {
    let [before, after] = change.detections.map(count);
    let mut text = format!("{}\n", change.partner);
    if change.gained.is_empty() && change.lost.is_empty() {
        text += &paragraph("  ", "the same");
    }
    if before != after {
        text += &paragraph("  fused   ", &format!("{before} detections before, {after} after"));
    }
    let owners = |set: &std::collections::BTreeSet<String>| set.iter().cloned().collect::<Vec<_>>().join(", ");
    if !change.owners_gained.is_empty() {
        text += &paragraph("  gains   ", &format!("owners: {}", owners(&change.owners_gained)));
    }
    if !change.owners_lost.is_empty() {
        text += &paragraph("  loses   ", &format!("owners: {}", owners(&change.owners_lost)));
    }
    text.extend(change.gained.iter().map(|grant| paragraph("  gains   ", &words(grant))));
    text.extend(change.lost.iter().map(|grant| paragraph("  loses   ", &words(grant))));
    if let Some([before, after]) = picture {
        let say = |picture: &Picture| {
            let levels = picture.levels.iter().map(|(level, rows)| format!("{} at {level}", count(*rows)));
            let may = picture.authorities.iter().map(|(action, rows)| format!("may {action} on {}", count(*rows)));
            let parts: Vec<String> = levels.chain(may).collect();
            format!("{} tracks, {} rows ({})", count(picture.tracks), count(picture.rows), parts.join("; "))
        };
        if before != after {
            text += &paragraph("  before  ", &say(before));
            text += &paragraph("  after   ", &say(after));
        }
    }
    text
}

fn words(grant: &Grant) -> String {
    let classes = if grant.classes == 1 { "1 class".to_owned() } else { format!("{} classes", grant.classes) };
    let size = grant.detections.map_or(classes.clone(), |detections| format!("{}, {classes}", count(detections)));
    format!("{} ({size}): {}", grant.what, attributes(&grant.attributes))
}
