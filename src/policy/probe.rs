//! Which rules apply to a question, each for itself: also those that another rule overrules.
//!
//! Cedar names the rules that decide: the forbidding ones where one applies, else the permitting ones. Asked with the
//! permits alone and with the forbids alone, it names all that apply.

use super::PolicyError;
use super::judge::Judge;
use super::partners::Partner;
use super::read::Policy;
use super::schema::Action;
use super::source::message;
use cedar_policy::{Effect, Entity, PolicySet};
use std::collections::BTreeSet;

/// Asks which rules apply.
#[derive(Debug)]
pub(super) struct Probe<'a> {
    judge: Judge<'a>,
    /// Every partner twice: with the permits that concern it, and with the forbids.
    partners: Vec<[Partner; 2]>,
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
        let halves = policy
            .partners()
            .iter()
            .map(|partner| Ok([half(partner, Effect::Permit)?, half(partner, Effect::Forbid)?]));
        Ok(Self { judge, partners: halves.collect::<Result<_, PolicyError>>()? })
    }

    /// The rules that apply when a partner asks for an action on a class; `words` is the class in errors.
    pub(super) fn applying(
        &self,
        partner: usize,
        action: &Action,
        class: &Entity,
        words: &str,
    ) -> Result<Applying, PolicyError> {
        let Some([permitting, forbidding]) = self.partners.get(partner) else { return Ok(Applying::default()) };
        let entities = self.judge.entities(permitting, class)?;
        let ask = |half: &Partner| match self.judge.ask(half, action, &class.uid(), &entities) {
            Ok(verdict) => Ok(verdict.decided_by),
            Err(failure) => Err(self.judge.error(*failure, half, words)),
        };
        Ok(Applying { permits: ask(permitting)?, forbids: ask(forbidding)? })
    }

    /// Whether a partner with no rules but these gets an action on a class; `None` if a rule fails.
    pub(super) fn alone(
        &self,
        partner: usize,
        rules: PolicySet,
        action: &Action,
        class: &Entity,
    ) -> Result<Option<bool>, PolicyError> {
        let Some([partner, _]) = self.partners.get(partner) else { return Ok(None) };
        let entities = self.judge.entities(partner, class)?;
        let alone = Partner { rules, ..partner.clone() };
        Ok(self.judge.ask(&alone, action, &class.uid(), &entities).ok().map(|verdict| verdict.allowed))
    }
}

fn half(partner: &Partner, effect: Effect) -> Result<Partner, PolicyError> {
    let rules = partner.rules.policies().filter(|rule| rule.effect() == effect).cloned();
    let rules = PolicySet::from_policies(rules)
        .map_err(|error| PolicyError::Refused { what: "the rules", message: message(&(&error).into()) })?;
    Ok(Partner { rules, ..partner.clone() })
}

/// Rule ids as a set grows.
pub(super) fn note(applied: &mut BTreeSet<String>, applying: &Applying) {
    for id in applying.permits.iter().chain(&applying.forbids) {
        if !applied.contains(id) {
            applied.insert(id.clone());
        }
    }
}
