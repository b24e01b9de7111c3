//! One question to Cedar: may this partner do this with this class?
//!
//! A question holds the partner with the names of its groups, the class and the actions with theirs, and nothing else. A rule that errors is
//! skipped by Cedar, also when it forbids, so an error in the diagnostics fails the run.

use super::PolicyError;
use super::kin::{About, Likeness};
use super::known::Attributes;
use super::partners::Partner;
use super::read::Policy;
use super::schema::{Action, AsOf, as_of_context};
use super::source::message;
use cedar_policy::ffi::DetailedError;
use cedar_policy::{
    AuthorizationError, Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid,
    PolicySet, Request,
};
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What decided where no rule did: deny by default.
pub const NO_POLICY: &str = "no policy permits this";

/// One decision, as the operator's audit has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct DecisionRecord {
    /// Whom it is about.
    pub partner: String,
    /// What it is about, in words.
    pub class: String,
    /// What was asked.
    pub action: String,
    /// What was decided.
    pub allowed: bool,
    /// The ids of the rules that decided; empty where no policy permits it.
    pub decided_by: Vec<String>,
}

impl DecisionRecord {
    /// The rules that decided, in words.
    #[must_use]
    pub fn reason(&self) -> String {
        if self.decided_by.is_empty() { NO_POLICY.to_owned() } else { self.decided_by.join(", ") }
    }
}

/// The answer to one question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) allowed: bool,
    pub(super) decided_by: Vec<String>,
}

/// One partner and one class.
#[derive(Debug)]
pub(super) struct Question<'a> {
    partner: &'a Partner,
    class: &'a Entity,
    // The rules that may apply to the class.
    about: &'a About<'a>,
    // What Cedar may know, built where it is asked.
    entities: OnceCell<Entities>,
}

impl<'a> Question<'a> {
    pub(super) fn new(partner: &'a Partner, class: &'a Entity, about: &'a About<'a>) -> Self {
        Self { partner, class, about, entities: OnceCell::new() }
    }
}

/// The answers about one class: what several partners ask alike is asked once.
#[derive(Debug)]
pub(super) struct Answers<'a> {
    judge: &'a Judge<'a>,
    class: &'a Entity,
    about: &'a About<'a>,
    // By number of the action, the partner's own rules, and what it is asked.
    known: BTreeMap<(usize, Vec<usize>, Likeness), Arc<Verdict>>,
}

impl<'a> Answers<'a> {
    pub(super) fn new(judge: &'a Judge<'a>, class: &'a Entity, about: &'a About<'a>) -> Self {
        Self { judge, class, about, known: BTreeMap::new() }
    }

    /// What Cedar says of a partner and an action; or the failure, which names the partner that met it first.
    pub(super) fn of(&mut self, partner: &Partner, action: &Action) -> Result<Arc<Verdict>, Box<Failure>> {
        let own = self.about.own(self.judge.policy, partner, action);
        let likeness = self.about.likeness(self.judge.policy, partner, &own, action);
        let key = (action.number, own, likeness);
        if let Some(known) = self.known.get(&key) {
            return Ok(Arc::clone(known));
        }
        let question = Question::new(partner, self.class, self.about);
        let verdict = Arc::new(self.judge.ask_rules(&self.about.with(&key.1, action), &question, action)?);
        self.known.insert(key, Arc::clone(&verdict));
        Ok(verdict)
    }
}

/// Asks Cedar on behalf of one run.
#[derive(Debug)]
pub(super) struct Judge<'a> {
    policy: &'a Policy,
    authorizer: Authorizer,
    as_of: Option<Context>,
    asked: AtomicU64,
}

impl<'a> Judge<'a> {
    pub(super) fn new(policy: &'a Policy, as_of_us: Option<i64>) -> Result<Self, PolicyError> {
        if as_of_us.is_none()
            && let Some(action) = policy.asked().find(|action| action.as_of == AsOf::Required)
        {
            return Err(PolicyError::AsOfMissing { action: action.name.clone() });
        }
        let as_of = as_of_us.map(as_of_context).transpose()?;
        Ok(Self { policy, authorizer: Authorizer::new(), as_of, asked: AtomicU64::new(0) })
    }

    pub(super) fn ask(&self, question: &Question<'_>, action: &Action) -> Result<Verdict, Box<Failure>> {
        let own = question.about.own(self.policy, question.partner, action);
        self.ask_rules(&question.about.with(&own, action), question, action)
    }

    /// What no rule is about is denied by none: Cedar need not be asked.
    fn ask_rules(&self, rules: &[usize], question: &Question<'_>, action: &Action) -> Result<Verdict, Box<Failure>> {
        if rules.is_empty() {
            return Ok(Verdict { allowed: false, decided_by: Vec::new() });
        }
        let rules = self.policy.rule_set(rules).map_err(|error| Failure::Request(error.to_string()))?;
        self.ask_with(&rules, question, action)
    }

    /// The partner, the class and the actions with their groups.
    fn entities(&self, question: &Question<'_>) -> Result<Entities, Box<Failure>> {
        let both = [question.partner.entity.clone(), question.class.clone()];
        let all = self.policy.model.hierarchy.clone().add_entities(both, None);
        all.map_err(|error| Box::new(Failure::Request(message(&(&error).into()))))
    }

    /// The same with rules of the caller's choice.
    pub(super) fn ask_with(
        &self,
        rules: &PolicySet,
        question: &Question<'_>,
        action: &Action,
    ) -> Result<Verdict, Box<Failure>> {
        let Question { partner, class, about: _, entities } = question;
        let entities = if let Some(entities) = entities.get() {
            entities
        } else {
            let built = self.entities(question)?;
            entities.get_or_init(|| built)
        };
        let context = match (&self.as_of, action.as_of) {
            (Some(context), AsOf::Optional | AsOf::Required) => context.clone(),
            (None, _) | (_, AsOf::Absent) => Context::empty(),
        };
        // Types and context were checked against the schema when the policy was read.
        let request = Request::new(partner.entity.uid(), action.uid.clone(), class.uid(), context, None)
            .map_err(|error| Failure::Request(message(&(&error).into())))?;
        self.asked.fetch_add(1, Ordering::Relaxed);
        let response = self.authorizer.is_authorized(&request, rules, entities);
        let mut errors: Vec<(String, String)> = response.diagnostics().errors().map(failed_rule).collect();
        errors.sort();
        if let Some((rule, text)) = errors.into_iter().next() {
            return Err(Box::new(Failure::Rule { rule, action: action.name.clone(), message: text }));
        }
        let decided_by: BTreeSet<String> = response.diagnostics().reason().map(ToString::to_string).collect();
        let allowed = response.decision() == Decision::Allow;
        Ok(Verdict { allowed, decided_by: decided_by.into_iter().collect() })
    }

    /// How many questions Cedar was asked.
    pub(super) fn evaluations(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// The error of a run for a question that failed, in words: called once, for the first failure.
    pub(super) fn error(&self, failure: Failure, partner: &Partner, class: &str) -> PolicyError {
        match failure {
            Failure::Request(message) => PolicyError::Refused { what: "a question", message },
            Failure::Rule { rule, action, message } => {
                let place = self.policy.rules.by_id.get(&rule).map(|found| self.policy.rules.place(found));
                let (path, line) = place.unwrap_or((self.policy.folder(), 1));
                PolicyError::RuleFailed {
                    path: path.to_path_buf(),
                    line,
                    rule: rule.into(),
                    partner: partner.id.as_str().into(),
                    action: action.into(),
                    class: class.into(),
                    message: message.into(),
                }
            }
        }
    }
}

/// Why a question has no answer.
#[derive(Debug)]
pub(super) enum Failure {
    Request(String),
    Rule { rule: String, action: String, message: String },
}

fn failed_rule(error: &AuthorizationError) -> (String, String) {
    match error {
        AuthorizationError::PolicyEvaluationError(error) => {
            (error.policy_id().to_string(), message(&DetailedError::from(error.inner())))
        }
    }
}

/// The entity that stands for a class. Its id says nothing, so that no rule can hang on it.
pub(super) fn class_entity(kind: &EntityTypeName, attributes: Attributes<'_>) -> Result<Entity, PolicyError> {
    let uid = EntityUid::from_type_name_and_id(kind.clone(), EntityId::new("class"));
    let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value.expression()));
    Entity::new_with_tags(uid, attributes, [], [])
        .map_err(|error| PolicyError::Refused { what: "a class", message: error.to_string() })
}
