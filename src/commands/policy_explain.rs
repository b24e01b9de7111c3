//! `trackweave policy explain`: why a partner gets a detection or a track, or does not, in words.

use super::arguments::PolicyExplain;
use super::failure::{Code, Failure};
use super::layout::{paragraph, width, wrapped};
use super::policy::as_of_us;
use super::policy_elsewhere;
use super::screen::Screen;
use crate::ingest::{Catalogue, TimeScale};
use crate::policy::{Answer, Explanation, NO_POLICY, Policy, RuleText};
use crate::run::{About, ExplainError, Explained, explained};
use crate::time::format_timestamp;
use std::collections::BTreeSet;

/// Runs the command.
pub(super) fn execute(arguments: &PolicyExplain, screen: Screen) -> Result<(), Failure> {
    let PolicyExplain { policy: folder, recording, partner, detection, track, of, out, as_of } = arguments;
    if let Some(of) = of {
        return policy_elsewhere::execute(arguments, of, screen);
    }
    let as_of_us = as_of_us(as_of.as_ref(), recording)?;
    let policy = Policy::read(folder)?;
    let detection = detection.map(|number| About::Detection(recording.into(), number));
    let track = track.zip(out.as_deref()).map(|(number, out)| About::Track(out, number));
    let mut all = Vec::new();
    for about in [detection, track].into_iter().flatten() {
        all.extend(explained(&policy, about, partner, as_of_us)?);
    }
    let scale = Catalogue::read(recording)?.time;
    screen.publish(&all, || describe_explained(&all, scale))
}

impl From<ExplainError> for Failure {
    fn from(error: ExplainError) -> Self {
        match error {
            ExplainError::Partner { found, known } => {
                Self::new(Code::Usage, format!("`--partner` is `{found}`, wanted one of: {known}"))
            }
            ExplainError::Survey(error) => (*error).into(),
            ExplainError::Policy(error) => (*error).into(),
            error @ ExplainError::Track { .. } => Self::new(Code::Usage, error),
            error @ ExplainError::Product(_) => Self::new(Code::Input, error),
        }
    }
}

/// All of it in words: whose number a track has, then class by class.
pub fn describe_explained(all: &[Explained], scale: TimeScale) -> String {
    let numbered = all.iter().find_map(|one| one.numbered.as_ref()).map_or_else(String::new, |(track, lane)| {
        let lane = lane.join(", ");
        paragraph(
            "",
            &format!("track {track} as the lane of {lane} numbers it; for a track of another picture, `--of`"),
        )
    });
    all.iter().fold(numbered, |text, one| text + &describe(one, scale))
}

/// A time as the recording has it.
pub(super) fn instant(us: i64, scale: TimeScale) -> String {
    match scale {
        TimeScale::Timestamp => format_timestamp(us),
        TimeScale::Seconds => format!("{} s", us as f64 * 1e-6),
    }
}

fn describe(one: &Explained, scale: TimeScale) -> String {
    let when = if one.first_us == one.last_us {
        instant(one.first_us, scale)
    } else {
        format!("{} to {}", instant(one.first_us, scale), instant(one.last_us, scale))
    };
    describe_explanation(&when, &one.explanation) + "\n"
}

/// Why a partner gets what of a class, under a lead.
pub(super) fn describe_explanation(lead: &str, explanation: &Explanation) -> String {
    let attributes: Vec<String> =
        explanation.attributes.iter().map(|(name, value)| format!("{name} {value}")).collect();
    let mut text = paragraph("", &format!("{lead}: {}", attributes.join(", ")));
    let gets = explanation.answers.iter().find(|answer| answer.allowed && answer.level);
    let not_due = &explanation.not_due;
    text.extend(explanation.answers.iter().map(|answer| describe_answer(answer, gets, not_due)));
    text
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
    let within = width().saturating_sub(10);
    let lines = rule.text.lines().flat_map(|line| {
        let parts = wrapped(line, within).into_iter().enumerate();
        parts.map(|(at, part)| format!("      | {}{part}\n", if at == 0 { "" } else { "  " }))
    });
    let place = format!("`{}`, {}:{}", rule.id, rule.file.display(), rule.line);
    paragraph(lead, &place) + &lines.collect::<String>()
}
