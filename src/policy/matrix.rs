//! Partners × classes × levels, in groups that a person can read.
//!
//! Classes for which every partner gets the same, by the same rules, form a group. An attribute that is equal in all
//! classes is told once, for all of them.

use super::PolicyError;
use super::read::Policy;
use super::release::Releaser;
use super::survey::{Survey, attributes_of_detections, attributes_of_tracks};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// What every partner gets of every class.
#[derive(Clone, Debug, Serialize)]
pub struct Matrix {
    /// The partners, in the order of the shares.
    pub partners: Vec<String>,
    /// Attributes that all classes of detections share.
    pub detections_all: BTreeMap<&'static str, String>,
    /// Classes of detections: what may be fused.
    pub detections: Vec<Group>,
    /// Attributes that all classes of tracks share.
    pub tracks_all: BTreeMap<&'static str, String>,
    /// Classes of tracks that could be: what would be received, and who may act.
    pub tracks: Vec<Group>,
}

/// Classes for which every partner gets the same by the same rules.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    /// The values of the attributes that differ between classes.
    pub attributes: BTreeMap<&'static str, BTreeSet<String>>,
    /// How many classes.
    pub classes: usize,
    /// How many detections; of tracks none are known before a run.
    pub detections: Option<u64>,
    /// What each partner gets.
    pub shares: Vec<Share>,
}

/// What one partner gets of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Share {
    /// The highest level; `None`: nothing.
    pub level: Option<String>,
    /// The rules that decided, or the delay that has not passed; none where no policy permits it.
    pub rules: Vec<String>,
    /// The actions that it may take.
    pub authorities: Vec<String>,
}

type Attributes = Vec<(&'static str, String)>;

impl Matrix {
    /// Decides over all classes of a recording.
    ///
    /// # Errors
    /// A rule that fails, or a schema that wants a time where there is none.
    pub fn of(policy: &Policy, survey: &Survey, as_of_us: Option<i64>) -> Result<Self, PolicyError> {
        let keys: Vec<_> = survey.classes.iter().map(|(key, _)| key.clone()).collect();
        let decisions = policy.decide(&keys, as_of_us)?;
        let partners = policy.partners().len();
        let share = |class, partner| {
            let (level, rules) = decisions.outcome(class, partner);
            Share { level: level.map(|level| level.name.clone()), rules, authorities: Vec::new() }
        };
        let detections = survey.classes.iter().enumerate().map(|(class, (key, summary))| {
            let shares = (0..partners).map(|partner| share(class, partner)).collect();
            (attributes_of_detections(key), Some(summary.count), shares)
        });
        let (detections_all, detections) = grouped(detections.collect());
        let mut tracks: Vec<(Attributes, Option<u64>, Vec<Share>)> =
            survey.tracks.iter().map(|class| (attributes_of_tracks(class), None, Vec::new())).collect();
        for partner in 0..partners {
            let mut releaser = Releaser::new(policy, partner, as_of_us)?;
            for (class, (_, _, shares)) in survey.tracks.iter().zip(&mut tracks) {
                let release = releaser.release(class)?;
                shares.push(Share {
                    level: release.level.clone(),
                    rules: release.decided_by.clone(),
                    authorities: release.authorities.clone(),
                });
            }
        }
        let (tracks_all, tracks) = grouped(tracks);
        let partners = policy.partners().iter().map(|partner| partner.id.clone()).collect();
        Ok(Self { partners, detections_all, detections, tracks_all, tracks })
    }
}

/// What is common to all, and the groups: those with more detections first, then by what they are.
fn grouped(classes: Vec<(Attributes, Option<u64>, Vec<Share>)>) -> (BTreeMap<&'static str, String>, Vec<Group>) {
    let mut values: BTreeMap<&'static str, BTreeSet<String>> = BTreeMap::new();
    for (attributes, ..) in &classes {
        for (name, value) in attributes {
            values.entry(name).or_default().insert(value.clone());
        }
    }
    let single = |values: &BTreeSet<String>| if values.len() == 1 { values.first().cloned() } else { None };
    let common: BTreeMap<&'static str, String> =
        values.iter().filter_map(|(name, values)| Some((*name, single(values)?))).collect();
    let mut groups: BTreeMap<Vec<Share>, Group> = BTreeMap::new();
    for (attributes, detections, shares) in classes {
        let group = groups.entry(shares.clone()).or_insert_with(|| Group {
            attributes: BTreeMap::new(),
            classes: 0,
            detections: detections.map(|_| 0),
            shares,
        });
        group.classes += 1;
        group.detections = group.detections.zip(detections).map(|(sum, more)| sum + more);
        for (name, value) in attributes.into_iter().filter(|(name, _)| !common.contains_key(name)) {
            group.attributes.entry(name).or_default().insert(value);
        }
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by(|a, b| b.detections.cmp(&a.detections).then_with(|| a.attributes.cmp(&b.attributes)));
    (common, groups)
}
