//! `trackweave policy explain`: why a partner gets a detection or a track, or does not, in words.

use super::arguments::PolicyExplain;
use super::failure::{Code, Failure};
use super::layout::paragraph;
use super::policy::as_of_us;
use super::screen::Screen;
use crate::ingest::{Catalogue, TimeScale};
use crate::policy::{Answer, Explanation, NO_POLICY, Policy, RuleText, explain_detection, explain_track};
use crate::product::{Stretch, read_stretches};
use crate::time::format_timestamp;
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::Path;

/// One class, when it held, and why.
#[derive(Debug, Serialize)]
struct Explained {
    first_us: i64,
    last_us: i64,
    rows: u64,
    explanation: Explanation,
}

/// Runs the command.
pub(super) fn execute(arguments: &PolicyExplain, screen: Screen) -> Result<(), Failure> {
    let PolicyExplain { policy: folder, recording, partner, detection, track, out, as_of } = arguments;
    let as_of_us = as_of_us(as_of.as_ref(), recording)?;
    let policy = Policy::read(folder)?;
    let number = policy.partners().iter().position(|known| known.id == *partner).ok_or_else(|| {
        let known: Vec<&str> = policy.partners().iter().map(|known| known.id.as_str()).collect();
        let text = format!("`--partner` is `{partner}`, wanted one of: {}", known.join(", "));
        Failure::new(Code::Usage, text)
    })?;
    let mut explained = Vec::new();
    if let Some(detection) = *detection {
        let (explanation, time_us) = explain_detection(&policy, recording, number, detection, as_of_us)?;
        explained.push(Explained { first_us: time_us, last_us: time_us, rows: 1, explanation });
    }
    if let (Some(track), Some(out)) = (*track, out) {
        for Stretch { first_us, last_us, rows, class, .. } in life(out, partner, track)? {
            let explanation = explain_track(&policy, number, &class, as_of_us)?;
            explained.push(Explained { first_us, last_us, rows, explanation });
        }
    }
    let scale = Catalogue::read(recording)?.time;
    screen.publish(&explained, || explained.iter().map(|one| describe(one, scale)).collect())
}

/// The stretches of a track of the lane that makes a partner's picture.
fn life(out: &Path, partner: &str, track: u64) -> Result<Vec<Stretch>, Failure> {
    let all = read_stretches(out).map_err(|error| Failure::new(Code::Input, error))?;
    let own = |stretch: &Stretch| stretch.track == track && stretch.lane.iter().any(|known| known == partner);
    let life: Vec<Stretch> = all.into_iter().filter(own).collect();
    if life.is_empty() {
        let text = format!("{}: found no track {track} in the lane of `{partner}`, wanted one of its", out.display());
        return Err(Failure::new(Code::Usage, text));
    }
    Ok(life)
}

fn describe(one: &Explained, scale: TimeScale) -> String {
    let time = |us: i64| match scale {
        TimeScale::Timestamp => format_timestamp(us),
        TimeScale::Seconds => format!("{} s", us as f64 * 1e-6),
    };
    let attributes: Vec<String> =
        one.explanation.attributes.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let when = if one.first_us == one.last_us {
        time(one.first_us)
    } else {
        format!("{} to {}", time(one.first_us), time(one.last_us))
    };
    let mut text = paragraph("", &format!("{when}: {}", attributes.join(", ")));
    let gets = one.explanation.answers.iter().find(|answer| answer.allowed && answer.level);
    let not_due = &one.explanation.not_due;
    text.extend(one.explanation.answers.iter().map(|answer| describe_answer(answer, gets, not_due)));
    text + "\n"
}

/// An answer in words; `gets` is that of the level which the partner gets, `not_due` are levels that come later.
fn describe_answer(answer: &Answer, gets: Option<&Answer>, not_due: &BTreeSet<String>) -> String {
    let verdict = match (answer.allowed, answer.level) {
        (true, true) if gets.is_some_and(|gets| gets.action != answer.action) => {
            "permitted too, but a higher level is what it gets"
        }
        (true, true) if not_due.contains(&answer.action) => "permitted: this is what it gets, but not as of the run",
        (true, true) => "permitted: this is what it gets",
        (true, false) => "permitted",
        (false, _) => "denied",
    };
    let mut text = paragraph(&format!("  {}  ", answer.action), verdict);
    let by = if answer.allowed { "permitted by" } else { "forbidden by" };
    text.extend(answer.decided_by.iter().map(|rule| describe_rule(&format!("    {by} "), rule)));
    if answer.allowed {
        return text;
    }
    if answer.decided_by.is_empty() {
        text +=
            &paragraph("    ", &format!("{NO_POLICY}; to permit it, one of these would have to change, or a new rule"));
    } else {
        text += &paragraph("    ", "what forbids it would have to change, whatever permits it");
    }
    for permit in &answer.permits {
        if permit.fails.is_empty() {
            text += &describe_rule("    it applies, and is overruled: ", &permit.rule);
        } else {
            text += &describe_rule("    it does not apply: ", &permit.rule);
        }
        text.extend(permit.fails.iter().map(|part| paragraph("      fails  ", part)));
    }
    if answer.permits.is_empty() {
        text += &paragraph("    ", "no rule permits this action to anybody");
    }
    text
}

fn describe_rule(lead: &str, rule: &RuleText) -> String {
    let text: Vec<String> = rule.text.lines().map(|line| format!("      | {line}\n")).collect();
    format!("{lead}`{}`, {}:{}\n{}", rule.id, rule.file.display(), rule.line, text.concat())
}
