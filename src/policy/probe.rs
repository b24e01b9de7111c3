//! Which rules apply to a question, each for itself: also those that another rule overrules.
//!
//! Cedar names the rules that decide: the forbidding ones where one applies, else the permitting ones. Asked with the
//! permits alone and with the forbids alone, it names all that apply.

use super::PolicyError;
use super::class::ClassKey;
use super::judge::{Judge, Question};
use super::kin::About;
use super::read::Policy;
use super::release::TrackClass;
use super::schema::Action;
use cedar_policy::{Effect, Entity, PolicySet};
use std::collections::BTreeSet;

/// Asks which rules apply.
#[derive(Debug)]
pub(super) struct Probe<'a> {
    policy: &'a Policy,
    judge: Judge<'a>,
    permitting: About<'a>,
    forbidding: About<'a>,
}

/// A class that is asked about.
#[derive(Debug)]
pub(super) struct Asked {
    entity: Entity,
    /// What it is in errors.
    words: String,
    /// Whether it has a place: else only rules that speak of places permit it.
    pub(super) placed: bool,
}

impl Asked {
    pub(super) fn detections(policy: &Policy, key: &ClassKey) -> Result<Self, PolicyError> {
        Ok(Self { entity: key.entity(&policy.model.types)?, words: key.to_string(), placed: key.placed })
    }

    pub(super) fn tracks(policy: &Policy, class: &TrackClass) -> Result<Self, PolicyError> {
        Ok(Self { entity: class.entity(&policy.model.types)?, words: class.to_string(), placed: true })
    }
}

/// The rules that apply to one question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Applying {
    pub(super) permits: Vec<String>,
    pub(super) forbids: Vec<String>,
}

impl Applying {
    /// What Cedar makes of them.
    pub(super) fn allowed(&self) -> bool {
        self.forbids.is_empty() && !self.permits.is_empty()
    }

    /// Those that decide.
    pub(super) fn deciding(&self) -> &[String] {
        if self.forbids.is_empty() { &self.permits } else { &self.forbids }
    }
}

impl<'a> Probe<'a> {
    pub(super) fn new(policy: &'a Policy, as_of_us: Option<i64>) -> Result<Self, PolicyError> {
        let judge = Judge::new(policy, as_of_us)?;
        let [permitting, forbidding] = [Effect::Permit, Effect::Forbid].map(|effect| policy.rules_with(effect));
        Ok(Self { policy, judge, permitting, forbidding })
    }

    /// The rules that apply when a partner asks for an action on a class.
    pub(super) fn applying(&self, partner: usize, action: &Action, class: &Asked) -> Result<Applying, PolicyError> {
        let partner = self.policy.partner(partner)?;
        let ask = |rules: &About<'_>| match self.judge.ask(&Question::new(partner, &class.entity, rules), action) {
            Ok(verdict) => Ok(verdict.decided_by),
            Err(failure) => Err(self.judge.error(*failure, partner, &class.words)),
        };
        let mut permits = ask(&self.permitting)?;
        permits.retain(|id| class.placed || self.policy.rules.speaks_of_places(id));
        Ok(Applying { permits, forbids: ask(&self.forbidding)? })
    }

    /// Whether a partner gets an action on a class by these rules alone; `None` if a rule fails.
    pub(super) fn alone(
        &self,
        partner: usize,
        rules: &PolicySet,
        action: &Action,
        class: &Asked,
    ) -> Result<Option<bool>, PolicyError> {
        let question = Question::new(self.policy.partner(partner)?, &class.entity, &self.permitting);
        Ok(self.judge.ask_with(rules, &question, action).ok().map(|verdict| verdict.allowed))
    }
}

/// Rule ids as a set grows.
pub(super) fn note(applied: &mut BTreeSet<String>, applying: &Applying) {
    for id in applying.permits.iter().chain(&applying.forbids) {
        if !applied.contains(id) {
            applied.insert(id.clone());
        }
    }
}
