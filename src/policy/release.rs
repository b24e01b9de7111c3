//! Track classes to what a partner gets of them: level, obligations, authorities.

use super::PolicyError;
use super::decide::deniers;
use super::judge::{DecisionRecord, Judge, Question, Verdict, class_entity};
use super::known::{Attributes, ClassValue};
use super::levels::Obligations;
use super::partners::Partner;
use super::read::Policy;
use super::schema::{Action, Types};
use cedar_policy::Entity;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// The states of a track, as rules name them.
pub(super) const STATUSES: [&str; 2] = ["tentative", "confirmed"];

/// The state of a track, as rules name it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Perhaps an object.
    #[default]
    Tentative,
    /// An object, as far as the tracker is concerned.
    Confirmed,
}

impl Status {
    /// Its name in rules.
    #[must_use]
    pub fn name(self) -> &'static str {
        let [tentative, confirmed] = STATUSES;
        match self {
            Self::Tentative => tentative,
            Self::Confirmed => confirmed,
        }
    }

    /// The inverse of [`Status::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Tentative, Self::Confirmed].into_iter().find(|status| status.name() == name)
    }
}

/// What the rules may know about a track at one time. Tracks with equal attributes are decided once.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct TrackClass {
    /// The owners whose detections made it.
    pub contributors: BTreeSet<String>,
    /// The markings of the detections that made it, all of them.
    pub labels: BTreeSet<String>,
    /// The zones that it is in.
    pub zones: BTreeSet<String>,
    /// The periods that the time is in.
    pub periods: BTreeSet<String>,
    /// Whether it is confirmed.
    pub status: Status,
}

impl TrackClass {
    pub(super) fn entity(&self, types: &Types) -> Result<Entity, PolicyError> {
        class_entity(&types.tracks, self.attributes())
    }

    /// As rules name them.
    pub(super) fn attributes(&self) -> Attributes<'_> {
        vec![
            ("contributors", ClassValue::Names(&self.contributors)),
            ("labels", ClassValue::Names(&self.labels)),
            ("zones", ClassValue::Names(&self.zones)),
            ("periods", ClassValue::Names(&self.periods)),
            ("status", ClassValue::Text(self.status.name())),
        ]
    }
}

impl fmt::Display for TrackClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { contributors, labels, zones, periods, status } = self;
        write!(f, "{} tracks with contributors {contributors:?}, labels {labels:?}, ", status.name())?;
        write!(f, "zones {zones:?}, periods {periods:?}")
    }
}

/// What a partner gets of a class of tracks.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// The highest level permitted; `None`: the partner gets nothing of it.
    pub level: Option<String>,
    /// What that level demands.
    pub obligations: Obligations,
    /// The actions that the partner may take on it. They are decided apart from the level: a caller writes them only
    /// for a track that the partner gets.
    pub authorities: Vec<String>,
    /// Whether the partner may see who else may act on it.
    pub sees_holders: bool,
    /// The rules that decided the level; empty where no policy permits any.
    pub decided_by: Vec<String>,
}

/// Decides what one partner gets, each class of tracks once.
#[derive(Debug)]
pub struct Releaser<'a> {
    policy: &'a Policy,
    judge: Judge<'a>,
    partner: &'a Partner,
    releases: BTreeMap<TrackClass, Arc<Release>>,
    records: Vec<DecisionRecord>,
}

impl<'a> Releaser<'a> {
    /// For the partner with this number.
    ///
    /// # Errors
    ///
    /// There is no such partner, or the schema wants a time and there is none.
    pub fn new(policy: &'a Policy, partner: usize, as_of_us: Option<i64>) -> Result<Self, PolicyError> {
        let judge = Judge::new(policy, as_of_us)?;
        let partner = policy.partner(partner)?;
        Ok(Self { policy, judge, partner, releases: BTreeMap::new(), records: Vec::new() })
    }

    /// What the partner gets of a class of tracks.
    ///
    /// # Errors
    ///
    /// A rule that fails while it is evaluated: then nothing may be released.
    pub fn release(&mut self, class: &TrackClass) -> Result<Arc<Release>, PolicyError> {
        if let Some(release) = self.releases.get(class) {
            return Ok(Arc::clone(release));
        }
        let release = Arc::new(self.decide(class)?);
        self.releases.insert(class.clone(), Arc::clone(&release));
        Ok(release)
    }

    /// How many questions Cedar was asked.
    #[must_use]
    pub fn evaluations(&self) -> u64 {
        self.judge.evaluations()
    }

    /// Every decision so far with the rules that made it, by class and action: their order tells nothing of when a
    /// class turned up.
    #[must_use]
    pub fn records(&self) -> Vec<DecisionRecord> {
        let mut records = self.records.clone();
        records.sort();
        records
    }

    fn decide(&mut self, class: &TrackClass) -> Result<Release, PolicyError> {
        let policy = self.policy;
        let entity = class.entity(&policy.model.types)?;
        let about = policy.rules_about(&class.attributes());
        let question = Question::new(self.partner, &entity, &about);
        let mut verdicts = Vec::with_capacity(policy.receive.len());
        for (_, action) in &policy.receive {
            verdicts.push(self.ask(action, class, &question)?);
        }
        let mut authorities = Vec::new();
        for action in &policy.authorities {
            if self.ask(action, class, &question)?.allowed {
                authorities.push(action.name.clone());
            }
        }
        let sees_holders = match &policy.see {
            Some(action) => self.ask(action, class, &question)?.allowed,
            None => false,
        };
        let granted = policy.receive.iter().zip(&verdicts).find(|(_, verdict)| verdict.allowed);
        Ok(match granted {
            Some(((level, _), verdict)) => Release {
                level: Some(level.name.clone()),
                obligations: level.obligations.clone(),
                authorities,
                sees_holders,
                decided_by: verdict.decided_by.clone(),
            },
            None => Release {
                level: None,
                obligations: Obligations::default(),
                authorities,
                sees_holders,
                decided_by: deniers(&verdicts),
            },
        })
    }

    fn ask(&mut self, action: &Action, class: &TrackClass, question: &Question<'_>) -> Result<Verdict, PolicyError> {
        let verdict = self.judge.ask(question, action);
        let verdict = verdict.map_err(|failure| self.judge.error(*failure, self.partner, &class.to_string()))?;
        self.records.push(DecisionRecord {
            partner: self.partner.id.clone(),
            class: class.to_string(),
            action: action.name.clone(),
            allowed: verdict.allowed,
            decided_by: verdict.decided_by.clone(),
        });
        Ok(verdict)
    }
}
