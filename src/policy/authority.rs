//! Who may act on a class of tracks: the partners that hold each authority.
//!
//! An authority is an action of the schema in neither group. `levels.toml` may say that one partner at a time may hold
//! it (`[[authority]] action = "…", exclusive = true`); two are then an overlap, which the operator is told of. The
//! action `see_authority`, if the schema has it, is no authority: a partner that is permitted it on a class of tracks
//! sees who may act on them. Without a rule that permits it a partner sees its own authorities only.

use super::PolicyError;
use super::judge::{Answers, Judge};
use super::read::Policy;
use super::release::TrackClass;
use super::schema::{Action, Model};
use super::source::Source;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use toml::Spanned;

/// The action that shows a partner who may act.
pub const SEE_AUTHORITY: &str = "see_authority";

/// What `levels.toml` says of one authority.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    action: Spanned<String>,
    exclusive: bool,
}

/// The authorities of a schema, and the action that shows them.
pub(super) fn split(model: &Model) -> (Vec<Action>, Option<Action>) {
    let (see, authorities) =
        model.authorities.values().cloned().partition::<Vec<_>, _>(|action| action.name == SEE_AUTHORITY);
    (authorities, see.into_iter().next())
}

/// The names of the authorities that one partner at a time may hold.
pub(super) fn exclusive(
    source: &Source,
    entries: Vec<Entry>,
    authorities: &[Action],
) -> Result<BTreeSet<String>, PolicyError> {
    let mut lines = BTreeMap::new();
    let mut exclusive = BTreeSet::new();
    for Entry { action, exclusive: alone } in entries {
        let start = action.span().start;
        let name = action.into_inner();
        if !authorities.iter().any(|known| known.name == name) {
            let wanted = "an authority: an action of the schema in neither group";
            return Err(source.value(start, "action", format!("`{name}`"), wanted));
        }
        let line = source.line_at(start);
        if let Some(first) = lines.insert(name.clone(), line) {
            return Err(source.duplicate("authority", &name, line, first));
        }
        if alone {
            exclusive.insert(name);
        }
    }
    Ok(exclusive)
}

impl Policy {
    /// Whether one partner at a time may hold an authority.
    #[must_use]
    pub fn is_exclusive(&self, authority: &str) -> bool {
        self.exclusive.contains(authority)
    }
}

/// Who holds each authority over a class of tracks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The partners that hold each authority, also where none does.
    pub by_action: BTreeMap<String, Arc<BTreeSet<String>>>,
}

impl Held {
    /// The same as texts, `partner:action`, in order.
    #[must_use]
    pub fn texts(&self) -> Vec<String> {
        let mut texts: Vec<String> = self
            .by_action
            .iter()
            .flat_map(|(action, partners)| partners.iter().map(move |partner| format!("{partner}:{action}")))
            .collect();
        texts.sort();
        texts
    }
}

/// Decides who may act, each class of tracks once, over all partners.
///
/// This is the operator's view. A partner gets it only where a rule permits it `see_authority`, for the classes of its
/// own tracks: so it depends on others' rules, as that rule says it may, and on no hidden detection.
#[derive(Debug)]
pub struct Holders<'a> {
    policy: &'a Policy,
    judge: Judge<'a>,
    known: BTreeMap<TrackClass, Arc<Held>>,
}

impl<'a> Holders<'a> {
    /// For a policy and the time of a run.
    ///
    /// # Errors
    ///
    /// The schema wants a time and there is none.
    pub fn new(policy: &'a Policy, as_of_us: Option<i64>) -> Result<Self, PolicyError> {
        Ok(Self { policy, judge: Judge::new(policy, as_of_us)?, known: BTreeMap::new() })
    }

    /// Who may act on tracks of a class.
    ///
    /// # Errors
    ///
    /// A rule that fails while it is evaluated.
    pub fn of(&mut self, class: &TrackClass) -> Result<Arc<Held>, PolicyError> {
        if let Some(held) = self.known.get(class) {
            return Ok(Arc::clone(held));
        }
        let held = Arc::new(self.decide(class)?);
        self.known.insert(class.clone(), Arc::clone(&held));
        Ok(held)
    }

    fn decide(&self, class: &TrackClass) -> Result<Held, PolicyError> {
        let policy = self.policy;
        let entity = class.entity(&policy.model.types)?;
        let about = policy.rules_about(class.attributes());
        let mut answers = Answers::new(&self.judge, &entity, &about);
        let mut held = Held::default();
        for action in &policy.authorities {
            let ask = |&partner: &usize| {
                let partner = policy.partner(partner)?;
                let verdict = answers.of(partner, action);
                let verdict = verdict.map_err(|failure| self.judge.error(*failure, partner, &class.to_string()))?;
                Ok::<bool, PolicyError>(verdict.allowed)
            };
            let allowed = policy.kin.first.iter().map(ask).collect::<Result<Vec<_>, _>>()?;
            let holds = |kin: &usize| allowed.get(*kin).copied().unwrap_or(false);
            let holders = policy.partners().iter().zip(&policy.kin.of).filter(|(_, kin)| holds(kin));
            let holders = holders.map(|(partner, _)| partner.id.clone()).collect();
            held.by_action.insert(action.name.clone(), Arc::new(holders));
        }
        Ok(held)
    }
}
