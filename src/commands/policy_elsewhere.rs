//! `trackweave policy explain --of`: what a partner sees of a track in another's picture, and why not the rest, in words.

use super::arguments::PolicyExplain;
use super::failure::{Code, Failure};
use super::layout::{count, list, metres, paragraph};
use super::pictures::demands;
use super::policy_explain::{describe_explanation, instant};
use super::screen::Screen;
use crate::ingest::{Catalogue, TimeScale};
use crate::policy::{NO_POLICY, Obligations, Policy};
use crate::product::Demands;
use crate::run::{Answered, Elsewhere, ElsewhereError, Lying, Spell, What, Withheld, elsewhere};
use std::collections::BTreeSet;

/// Spells that are told one by one.
const SPELLS: usize = 24;

/// Runs the command for a track of the picture of `of`.
pub(super) fn execute(arguments: &PolicyExplain, of: &str, screen: Screen) -> Result<(), Failure> {
    let PolicyExplain { policy, recording, partner, track, out, .. } = arguments;
    let (Some(track), Some(out)) = (*track, out) else {
        return Err(Failure::new(Code::Usage, "`--of` wants `--track` and `--out`"));
    };
    let policy = Policy::read(policy)?;
    let asked = Elsewhere { out, recording: recording.into(), policy: &policy, of, track, partner };
    let answered = elsewhere(&asked)?;
    let scale = Catalogue::read(recording)?.time;
    screen.publish(&answered, || describe_elsewhere(&answered, scale))
}

impl From<Box<ElsewhereError>> for Failure {
    fn from(error: Box<ElsewhereError>) -> Self {
        let code = if matches!(*error, ElsewhereError::Unknown { .. }) { Code::Usage } else { Code::Input };
        Self::new(code, *error)
    }
}

/// All of it in words.
pub fn describe_elsewhere(answered: &Answered, scale: TimeScale) -> String {
    let Answered { of, track, numbering, partner, first_us, last_us, reports, confirmed, contributors, .. } = answered;
    let time = |us: i64| instant(us, scale);
    let mut text = paragraph(
        "track      ",
        &format!(
            "{track} of {of}'s picture, {} to {}; confirmed on {} of {} reports; made of detections of {}",
            time(*first_us),
            time(*last_us),
            count(*confirmed),
            count(*reports),
            list(contributors.iter().cloned(), "nobody")
        ),
    );
    let others: Vec<&str> = numbering.iter().filter(|id| *id != of).map(String::as_str).collect();
    let shared = if others.is_empty() {
        "nobody else numbers so".to_owned()
    } else {
        format!("shared with {}", others.join(", "))
    };
    let elsewhere = if answered.same_numbering {
        format!("so it is track {track} to {partner}, too")
    } else if answered.own_tracks.is_empty() {
        format!("a track {track} in {partner}'s picture is another one")
    } else {
        let own = answered.own_tracks.iter().map(|own| {
            format!("{} on {} reports, {} m apart", own.track, count(own.reports), metres(Some(own.apart_rms_m)))
        });
        format!("{partner} has the same object as its own track {}", own.collect::<Vec<_>>().join(", then "))
    };
    text += &paragraph("numbering  ", &format!("{of}'s, {shared}; {elsewhere}"));
    text += &paragraph("in short   ", &in_short(answered));
    text.extend(answered.levels.iter().map(|(level, of)| {
        let Demands { delay_us, coarsen_m, omit } = of.clone();
        let words = demands(&Obligations { delay_us, coarsen_m, omit });
        paragraph("level      ", &format!("`{level}`: {words}"))
    }));
    if let Some(lying) = &answered.detections {
        text += &detections(answered, lying);
    }
    text.extend([format!("\nwhat {partner} has of it\n")]);
    text.extend(answered.spells.iter().take(SPELLS).map(|spell| {
        let span = format!("  {} to {}  ", time(spell.first_us), time(spell.last_us));
        paragraph(&span, &format!("{} reports: {}", count(spell.reports), words(spell, answered)))
    }));
    let more = answered.spells.len().saturating_sub(SPELLS);
    if more > 0 {
        text.extend([format!("  and {} more: with --json\n", count(more as u64))]);
    }
    if answered.spells.is_empty() {
        text += "  no file says when it was reported\n";
    }
    text.extend(answered.explained.iter().map(|explanation| format!("\n{}", describe_explanation("why", explanation))));
    text.extend(answered.unknown.iter().map(|what| paragraph("\nnot known  ", what)));
    text
}

/// All of it in a sentence or two.
fn in_short(answered: &Answered) -> String {
    let partner = &answered.partner;
    let mut by: Vec<(What, u64, BTreeSet<String>)> = Vec::new();
    for spell in &answered.spells {
        match by.iter_mut().find(|(what, ..)| *what == spell.what) {
            Some((_, reports, rules)) => {
                *reports += spell.reports;
                rules.extend(spell.rules.iter().cloned());
            }
            None => by.push((spell.what, spell.reports, spell.rules.clone())),
        }
    }
    by.sort_by_key(|(what, reports, _)| (*what != What::Sees, std::cmp::Reverse(*reports)));
    let all: u64 = by.iter().map(|(_, reports, _)| reports).sum();
    let told = by.iter().map(|(what, reports, rules)| {
        let on = format!("on {} of {} reports", count(*reports), count(all));
        let rules = by_rules(rules);
        match what {
            What::Sees => format!("{partner} sees it {on}"),
            What::NotReceived => format!("{on} its lane has it and it does not receive it: {rules}"),
            What::NotYet => format!("{on} it is not due: the delay of its level"),
            What::Withheld => format!("{on} no detection there may be fused for it: {rules}"),
            What::NotDue => format!("{on} its detections are not due"),
            What::Outside => format!("{on} it has detections only outside their sensors' coverage"),
            What::Unconfirmed => format!("{on} it has detections, and its lane confirmed no track of them"),
            What::Coasts => format!("{on} there is no detection: the track coasts"),
            What::Unknown => format!("{on} no file says whether its lane has it"),
        }
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() { "nothing is known of its reports".to_owned() } else { told.join("; ") }
}

fn detections(answered: &Answered, lying: &Lying) -> String {
    let Lying { detections, counted, given, outside, not_due, withheld } = lying;
    let from = answered.places_from.as_deref().unwrap_or(&answered.of);
    let counted = counted.map_or_else(String::new, |counted| format!("; {from}'s picture counts {}", count(counted)));
    let mut text = format!(
        "\n{}",
        paragraph("detections ", &format!("{} lie on it, by time and place{counted}", count(*detections)))
    );
    let out = if *outside > 0 {
        format!(", {} of all outside their sensors' coverage", count(*outside))
    } else {
        String::new()
    };
    text.extend(
        given.iter().map(|(level, n)| paragraph("  given      ", &format!("{} at level `{level}`{out}", count(*n)))),
    );
    text.extend(
        not_due.iter().map(|(level, n)| paragraph("  not due    ", &format!("{} at level `{level}`", count(*n)))),
    );
    text.extend(withheld.iter().map(|of| {
        let Withheld { rules, detections, owners, sensors, labels, zones, periods } = of;
        let mut words = vec![format!("{}: {}", count(*detections), by_rules(rules))];
        for (name, values) in
            [("owners", owners), ("sensors", sensors), ("labels", labels), ("zones", zones), ("periods", periods)]
        {
            if !values.is_empty() {
                words.push(format!("{name} {}", values.iter().map(String::as_str).collect::<Vec<_>>().join(", ")));
            }
        }
        paragraph("  withheld   ", &words.join("; "))
    }));
    text
}

/// What holds of a spell.
fn words(spell: &Spell, answered: &Answered) -> String {
    let Spell { what, track, level, rules, given, not_due, withheld, .. } = spell;
    let level = level.as_ref().map_or_else(String::new, |level| format!(" at level `{level}`"));
    let number = track.map_or_else(String::new, |track| format!(" as track {track}"));
    let rules = by_rules(rules);
    match what {
        What::Sees if answered.same_numbering => format!("sees it{level}"),
        What::Sees => format!("sees it{number}{level}"),
        What::NotReceived => format!("its lane has it{number}, and it does not receive it: {rules}"),
        What::NotYet => format!("not due{level}: its delay has not passed at the end"),
        What::Withheld => format!("not seen: {} detections withheld: {rules}", count(*withheld)),
        What::NotDue => format!("not seen: {} detections not due", count(*not_due)),
        What::Outside => {
            format!("not seen: {} detections, all outside their sensors' coverage, begin no track", count(*given))
        }
        What::Unconfirmed => {
            format!("not seen: its lane has no confirmed track of the {} detections that it may fuse", count(*given))
        }
        What::Coasts => "not seen: no detection lies on it, the track coasts".to_owned(),
        What::Unknown => "not known: its lane has tracks that it does not receive, and no file says where".to_owned(),
    }
}

fn by_rules(rules: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let rules: Vec<String> = rules.into_iter().map(|rule| rule.as_ref().to_owned()).collect();
    if rules.is_empty() { NO_POLICY.to_owned() } else { rules.join(", ") }
}
