//! Why a partner gets something, or does not, in terms of the rules: what was decided, by which rule, and which rule
//! would have to change.
//!
//! Where a rule forbids, that rule would have to change. Where no rule permits, every permit for the action is tried by
//! itself: its scope, and each part of its conditions between `&&`, each alone. What fails is what it lacks.

use super::PolicyError;
use super::class::ClassKey;
use super::probe::{Applying, Asked, Probe};
use super::read::Policy;
use super::release::TrackClass;
use super::schema::Action;
use super::source::{message, one_line};
use super::survey::{SurveyError, attributes_of_detections, attributes_of_tracks, detection};
use crate::ingest::Where;
use cedar_policy::{Effect, PolicyId, PolicySet};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Why a partner gets what of one class.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The partner.
    pub partner: String,
    /// What the rules know of the class, name and value.
    pub attributes: Vec<(&'static str, String)>,
    /// Every action in question, levels first, the highest first.
    pub answers: Vec<Answer>,
    /// Levels whose delay has not passed when the run is made. None for a track: it has many times.
    pub not_due: BTreeSet<String>,
}

/// What was decided about one action, and by which rules.
#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    /// The action.
    pub action: String,
    /// Whether it is a level; else it is an authority, or `see_authority`.
    pub level: bool,
    /// Whether it is permitted.
    pub allowed: bool,
    /// The rules that decided: all that permit, or all that forbid. None where no rule permits it.
    pub decided_by: Vec<RuleText>,
    /// Where it is denied, the permits for it that do not apply, or are overruled, and what each lacks; the nearest
    /// first.
    pub permits: Vec<Missing>,
}

/// A rule with its place and its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RuleText {
    /// Its `@id`.
    pub id: String,
    /// The file.
    pub file: PathBuf,
    /// Counted from 1.
    pub line: usize,
    /// As it is written.
    pub text: String,
}

/// A permit, and the parts of it that fail: none where it applies and is overruled.
#[derive(Clone, Debug, Serialize)]
pub struct Missing {
    /// The permit.
    pub rule: RuleText,
    /// Its parts that fail, as they are written in Cedar.
    pub fails: Vec<String>,
}

/// Why a partner may have one detection fused, or not; detections are counted from 1 over the accepted rows. Beside the
/// explanation its time.
///
/// # Errors
/// There is no such detection, a recording that cannot be read, a rule that fails.
pub fn explain_detection<'a>(
    policy: &Policy,
    recording: impl Into<Where<'a>>,
    partner: usize,
    number: u64,
    as_of_us: Option<i64>,
) -> Result<(Explanation, i64), SurveyError> {
    let (key, time_us) = detection(recording.into(), policy, number, as_of_us)?;
    Ok((explain_class(policy, partner, &key, as_of_us)?, time_us))
}

/// Why a partner may have detections of a class fused, or not.
///
/// # Errors
/// A rule that fails.
pub fn explain_class(
    policy: &Policy,
    partner: usize,
    key: &ClassKey,
    as_of_us: Option<i64>,
) -> Result<Explanation, PolicyError> {
    let actions: Vec<&Action> = policy.fuse.iter().map(|(_, action)| action).collect();
    let class = Asked::detections(policy, key)?;
    let mut explanation = explain(policy, partner, &class, &actions, as_of_us)?;
    explanation.attributes = attributes_of_detections(key);
    let not_due = policy.fuse_levels().filter(|level| key.waited_us < Some(level.obligations.delay_us));
    explanation.not_due = not_due.map(|level| level.name.clone()).collect();
    Ok(explanation)
}

/// Why a partner receives tracks of a class, or not, and what it may do with them.
///
/// # Errors
/// A rule that fails, or a schema that wants a time where there is none.
pub fn explain_track(
    policy: &Policy,
    partner: usize,
    track: &TrackClass,
    as_of_us: Option<i64>,
) -> Result<Explanation, PolicyError> {
    let levels = policy.receive.iter().map(|(_, action)| action);
    let actions: Vec<&Action> = levels.chain(&policy.authorities).chain(&policy.see).collect();
    let class = Asked::tracks(policy, track)?;
    let mut explanation = explain(policy, partner, &class, &actions, as_of_us)?;
    explanation.attributes = attributes_of_tracks(track);
    Ok(explanation)
}

fn explain(
    policy: &Policy,
    partner: usize,
    class: &Asked,
    actions: &[&Action],
    as_of_us: Option<i64>,
) -> Result<Explanation, PolicyError> {
    let probe = Probe::new(policy, as_of_us)?;
    let mut answers = Vec::with_capacity(actions.len());
    for action in actions {
        let applying = probe.applying(partner, action, class)?;
        let permits =
            if applying.allowed() { Vec::new() } else { permits(policy, &probe, partner, (action, class), &applying)? };
        answers.push(Answer {
            action: action.name.clone(),
            level: [&policy.model.fuse, &policy.model.receive].iter().any(|group| group.contains_key(&action.name)),
            allowed: applying.allowed(),
            decided_by: applying.deciding().iter().filter_map(|id| policy.rule_text(id)).collect(),
            permits,
        });
    }
    let partner = policy.partner(partner)?.id.clone();
    Ok(Explanation { partner, attributes: Vec::new(), answers, not_due: BTreeSet::new() })
}

/// The permits for an action, and what each lacks; the nearest first.
fn permits(
    policy: &Policy,
    probe: &Probe<'_>,
    partner: usize,
    (action, class): (&Action, &Asked),
    applying: &Applying,
) -> Result<Vec<Missing>, PolicyError> {
    let mut permits = Vec::new();
    for (id, rule) in &policy.rules.by_id {
        let concerns = policy.admits(rule, action);
        let Some(text) = policy.rule_text(id).filter(|_| concerns && rule.policy.effect() == Effect::Permit) else {
            continue;
        };
        let mut fails = Vec::new();
        if !applying.permits.contains(id) {
            for part in parts(&rule.form) {
                let (rules, words) = alone(&part)?;
                if probe.alone(partner, &rules, action, class)? == Some(false) {
                    fails.push(words);
                }
            }
            if !class.placed && !rule.speaks.placed {
                fails.push("a place, or a rule that speaks of `resource.placed`".to_owned());
            }
        }
        permits.push(Missing { rule: text, fails });
    }
    permits.sort_by(|a, b| (a.fails.len(), &a.rule.id).cmp(&(b.fails.len(), &b.rule.id)));
    Ok(permits)
}

/// A rule in parts that can be tried alone, each a rule: its scope, and what stands between `&&` in its conditions.
fn parts(rule: &Value) -> Vec<Value> {
    let everyone = json!({ "op": "All" });
    let part = |principal: &Value, conditions: Value| {
        json!({
            "effect": "permit", "principal": principal, "action": everyone, "resource": everyone,
            "conditions": conditions,
        })
    };
    let principal = rule.get("principal").unwrap_or(&everyone);
    let mut parts = Vec::new();
    if *principal != everyone {
        parts.push(part(principal, json!([])));
    }
    for condition in rule.get("conditions").and_then(Value::as_array).into_iter().flatten() {
        let (kind, body) = (condition.get("kind").unwrap_or(&Value::Null), condition.get("body"));
        let mut bodies = Vec::new();
        if let Some(body) = body {
            // What `unless` says must fail as a whole.
            if kind == "when" { conjuncts(body, &mut bodies) } else { bodies.push(body) }
        }
        parts.extend(bodies.into_iter().map(|body| part(&everyone, json!([{ "kind": kind, "body": body }]))));
    }
    parts
}

fn conjuncts<'a>(body: &'a Value, found: &mut Vec<&'a Value>) {
    match body.get("&&").map(|both| (both.get("left"), both.get("right"))) {
        Some((Some(left), Some(right))) => {
            conjuncts(left, found);
            conjuncts(right, found);
        }
        _ => found.push(body),
    }
}

/// A part as a rule of its own, and its words in Cedar.
fn alone(part: &Value) -> Result<(PolicySet, String), PolicyError> {
    let refused = |message| PolicyError::Refused { what: "a part of a rule", message };
    let policy = cedar_policy::Policy::from_json(Some(PolicyId::new("part")), part.clone())
        .map_err(|error| refused(error.to_string()))?;
    let text = one_line(&policy.to_cedar().unwrap_or_default());
    let words = match text.split_once(") ") {
        Some((_, condition)) => condition.trim_end_matches(';').trim().to_owned(),
        None => text.trim_start_matches("permit(").split(',').next().unwrap_or_default().trim().to_owned(),
    };
    let rules = PolicySet::from_policies([policy]).map_err(|error| refused(message(&(&error).into())))?;
    Ok((rules, words))
}

impl Policy {
    /// All rules with their places and texts, by name.
    pub fn rule_texts(&self) -> impl Iterator<Item = RuleText> {
        self.rules.by_id.keys().filter_map(|id| self.rule_text(id))
    }

    /// A rule with its place and its text.
    fn rule_text(&self, id: &str) -> Option<RuleText> {
        let rule = self.rules.by_id.get(id)?;
        let (path, line) = self.rules.place(rule);
        let text = rule.policy.to_cedar().unwrap_or_default();
        Some(RuleText { id: id.to_owned(), file: path.to_path_buf(), line, text })
    }
}
