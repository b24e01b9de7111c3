//! Track classes to what a partner gets of them: level, obligations, authorities.

use super::PolicyError;
use super::decide::deniers;
use super::judge::{Answers, DecisionRecord, Judge, Verdict, class_entity};
use super::known::{Attributes, ClassValue};
use super::partners::Partner;
use super::read::Policy;
use super::schema::{Action, Types};
use crate::obligations::Obligations;
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

/// What was decided of one class of tracks, for partners that the rules cannot tell apart.
#[derive(Clone, Debug)]
pub struct Decided {
    /// What they get.
    pub release: Arc<Release>,
    // The class in words, which all partners share.
    class: Arc<str>,
    // Everything that was asked: actions with their verdicts.
    verdicts: Vec<(String, Arc<Verdict>)>,
}

impl Decided {
    /// The decisions as those of one of the partners.
    pub fn records(&self, partner: &str) -> impl Iterator<Item = DecisionRecord> {
        self.verdicts.iter().map(move |(action, verdict)| DecisionRecord {
            partner: partner.to_owned(),
            class: self.class.to_string(),
            action: action.clone(),
            allowed: verdict.allowed,
            decided_by: verdict.decided_by.clone(),
        })
    }
}

/// Decides what partners get of tracks, class by class: all partners together, so that what they ask alike is asked once.
#[derive(Debug)]
pub struct Releases<'a> {
    policy: &'a Policy,
    judge: Judge<'a>,
}

impl<'a> Releases<'a> {
    /// For a policy and the time of a run.
    ///
    /// # Errors
    ///
    /// The schema wants a time and there is none.
    pub fn new(policy: &'a Policy, as_of_us: Option<i64>) -> Result<Self, PolicyError> {
        Ok(Self { policy, judge: Judge::new(policy, as_of_us)? })
    }

    /// How many questions Cedar was asked.
    #[must_use]
    pub fn evaluations(&self) -> u64 {
        self.judge.evaluations()
    }

    /// What each of some partners gets of a class of tracks.
    ///
    /// # Errors
    ///
    /// A rule that fails while it is evaluated: then nothing may be released.
    pub fn of(&self, class: &TrackClass, partners: &[usize]) -> Result<Vec<Arc<Decided>>, PolicyError> {
        let entity = class.entity(&self.policy.model.types)?;
        let about = self.policy.rules_about(class.attributes());
        let mut answers = Answers::new(&self.judge, &entity, &about);
        let words: Arc<str> = class.to_string().into();
        let decide = |&partner| self.decide(self.policy.partner(partner)?, &words, &mut answers).map(Arc::new);
        partners.iter().map(decide).collect()
    }

    fn decide(&self, partner: &Partner, class: &Arc<str>, answers: &mut Answers<'_>) -> Result<Decided, PolicyError> {
        let policy = self.policy;
        let mut ask = |action: &Action| match answers.of(partner, action) {
            Ok(verdict) => Ok((action.name.clone(), verdict)),
            Err(failure) => Err(self.judge.error(*failure, partner, class)),
        };
        let levels = policy.receive.iter().map(|(_, action)| ask(action)).collect::<Result<Vec<_>, _>>()?;
        let authorities = policy.authorities.iter().map(&mut ask).collect::<Result<Vec<_>, _>>()?;
        let see = policy.see.iter().map(ask).collect::<Result<Vec<_>, _>>()?;
        let granted = policy.receive.iter().zip(&levels).find(|(_, (_, verdict))| verdict.allowed);
        let verdicts: Vec<&Verdict> = levels.iter().map(|(_, verdict)| verdict.as_ref()).collect();
        let (level, decided_by) = match granted {
            Some(((level, _), (_, verdict))) => (Some(level), verdict.decided_by.clone()),
            None => (None, deniers(&verdicts)),
        };
        let allowed = authorities.iter().filter(|(_, verdict)| verdict.allowed);
        let release = Release {
            level: level.map(|level| level.name.clone()),
            obligations: level.map(|level| level.obligations.clone()).unwrap_or_default(),
            authorities: allowed.map(|(action, _)| action.clone()).collect(),
            sees_holders: see.iter().any(|(_, verdict)| verdict.allowed),
            decided_by,
        };
        let verdicts = levels.into_iter().chain(authorities).chain(see).collect();
        Ok(Decided { release: Arc::new(release), class: Arc::clone(class), verdicts })
    }
}

/// Decides what one partner gets, each class of tracks once.
#[derive(Debug)]
pub struct Releaser<'a> {
    releases: Releases<'a>,
    partner: usize,
    id: &'a str,
    known: BTreeMap<TrackClass, Arc<Decided>>,
}

impl<'a> Releaser<'a> {
    /// For the partner with this number.
    ///
    /// # Errors
    ///
    /// There is no such partner, or the schema wants a time and there is none.
    pub fn new(policy: &'a Policy, partner: usize, as_of_us: Option<i64>) -> Result<Self, PolicyError> {
        let releases = Releases::new(policy, as_of_us)?;
        Ok(Self { releases, partner, id: &policy.partner(partner)?.id, known: BTreeMap::new() })
    }

    /// What the partner gets of a class of tracks.
    ///
    /// # Errors
    ///
    /// A rule that fails while it is evaluated: then nothing may be released.
    pub fn release(&mut self, class: &TrackClass) -> Result<Arc<Release>, PolicyError> {
        if !self.known.contains_key(class) {
            let decided = self.releases.of(class, &[self.partner])?;
            self.known.extend(decided.into_iter().map(|decided| (class.clone(), decided)));
        }
        let partners = self.releases.policy.partners().len();
        let unknown = PolicyError::UnknownPartner { partner: self.partner, partners };
        self.known.get(class).map(|decided| Arc::clone(&decided.release)).ok_or(unknown)
    }

    /// How many questions Cedar was asked.
    #[must_use]
    pub fn evaluations(&self) -> u64 {
        self.releases.evaluations()
    }

    /// Every decision so far with the rules that made it, by class and action: their order tells nothing of when a
    /// class turned up.
    #[must_use]
    pub fn records(&self) -> Vec<DecisionRecord> {
        let mut records: Vec<DecisionRecord> = self.known.values().flat_map(|known| known.records(self.id)).collect();
        records.sort();
        records
    }
}
