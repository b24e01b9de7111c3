//! What another policy would give each partner more, and less, over one recording, before anything is written.
//!
//! Every detection is classed by both policies, so that zones and periods may differ; every class of tracks that could
//! be made is looked at where and when detections were. Partners are matched by id: one that only one policy has gets
//! nothing under the other. *More* is anything that a partner gets and did not get before: a detection, an owner, a
//! class of tracks, a milder obligation, a field, an authority, the sight of others' authorities.

use super::class::ClassKey;
use super::decide::Decisions;
use super::read::Policy;
use super::release::{Releaser, TrackClass};
use super::survey::{Joint, SurveyError, attributes_of_detections, attributes_of_tracks, made, makings};
use crate::obligations::{Field, Measured, Obligations};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// What changes for every partner of either policy.
#[derive(Clone, Debug, Serialize)]
pub struct Difference {
    /// By id.
    pub partners: Vec<Change>,
}

/// What changes for one partner.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Change {
    /// The partner.
    pub partner: String,
    /// Detections that may be fused under the old and under the new policy.
    pub detections: [u64; 2],
    /// Owners of those that it may only have under the new one, and only under the old one.
    pub owners_gained: BTreeSet<String>,
    /// The same, lost.
    pub owners_lost: BTreeSet<String>,
    /// Single things that it gains.
    pub gained: Vec<Grant>,
    /// Single things that it loses.
    pub lost: Vec<Grant>,
}

/// Something that a partner gets of some classes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Grant {
    /// What: detections, tracks, a field, an authority, …
    pub what: String,
    /// Of which classes: the values of each attribute, as the policy that grants it sees them.
    pub attributes: BTreeMap<&'static str, BTreeSet<String>>,
    /// How many classes.
    pub classes: usize,
    /// How many detections; of tracks none are known before a run.
    pub detections: Option<u64>,
}

impl Difference {
    /// Whether anybody gets anything that it did not get before.
    #[must_use]
    pub fn grants_more(&self) -> bool {
        self.partners.iter().any(|change| !change.gained.is_empty())
    }
}

/// What `new` would give more and less than `old`.
///
/// # Errors
/// A recording that cannot be read, or a rule that fails.
pub fn difference(
    [old, new]: [&Policy; 2],
    recording: &Path,
    as_of_us: Option<i64>,
) -> Result<Difference, SurveyError> {
    let joint = Joint::read(recording, [old, new], as_of_us)?;
    let policies = [old, new];
    let mut decisions = Vec::with_capacity(2);
    for (policy, classes) in policies.iter().zip(&joint.classes) {
        let keys: Vec<ClassKey> = classes.iter().map(|(key, _)| key.clone()).collect();
        decisions.push(policy.decide(&keys, as_of_us)?);
    }
    let tracks = joint_tracks(&joint);
    let ids: BTreeSet<&String> = policies.iter().flat_map(|policy| policy.partners()).map(|p| &p.id).collect();
    let mut partners = Vec::with_capacity(ids.len());
    for id in ids {
        let numbers = policies.map(|policy| policy.partners().iter().position(|partner| partner.id == *id));
        let mut change = Change { partner: id.clone(), ..Change::default() };
        let mut grants = Grants::default();
        compare_detections(&joint, &decisions, numbers, &mut change, &mut grants);
        compare_tracks(policies, numbers, &tracks, as_of_us, &mut grants)?;
        [change.lost, change.gained] = grants.finish();
        partners.push(change);
    }
    Ok(Difference { partners })
}

/// Classes of tracks as the old and the new policy see them, at every place and time of detections.
fn joint_tracks(joint: &Joint<2>) -> BTreeSet<[TrackClass; 2]> {
    let [old, new] = &joint.classes;
    let makings = makings(new.iter().map(|(key, _)| key));
    let mut places: BTreeSet<[(&BTreeSet<String>, &BTreeSet<String>); 2]> = BTreeSet::new();
    for [a, b] in joint.counts.keys() {
        if let (Some((a, _)), Some((b, _))) = (old.get(*a as usize), new.get(*b as usize)) {
            places.insert([(&a.zones, &a.periods), (&b.zones, &b.periods)]);
        }
    }
    let both = places.into_iter().flat_map(|[(old_zones, old_periods), (new_zones, new_periods)]| {
        made(&makings, old_zones, old_periods).zip(made(&makings, new_zones, new_periods))
    });
    both.map(|(old, new)| [old, new]).collect()
}

/// Grants as they are found: first those lost, then those gained.
#[derive(Default)]
struct Grants([BTreeMap<String, Grant>; 2]);

const LOST: usize = 0;
const GAINED: usize = 1;

impl Grants {
    fn add(&mut self, side: usize, what: String, attributes: Vec<(&'static str, String)>, detections: Option<u64>) {
        let Some(side) = self.0.get_mut(side) else { return };
        let grant = side.entry(what.clone()).or_insert_with(|| Grant {
            what,
            attributes: BTreeMap::new(),
            classes: 0,
            detections: detections.map(|_| 0),
        });
        grant.classes += 1;
        grant.detections = grant.detections.zip(detections).map(|(sum, more)| sum + more);
        for (name, value) in attributes {
            grant.attributes.entry(name).or_default().insert(value);
        }
    }

    fn finish(self) -> [Vec<Grant>; 2] {
        self.0.map(|side| side.into_values().collect())
    }
}

fn compare_detections(
    joint: &Joint<2>,
    decisions: &[Decisions],
    numbers: [Option<usize>; 2],
    change: &mut Change,
    grants: &mut Grants,
) {
    let mut owners: [BTreeSet<String>; 2] = Default::default();
    for (classes, &count) in &joint.counts {
        let level = |side: usize| {
            let (class, partner) = (*classes.get(side)?, numbers.get(side).copied().flatten()?);
            decisions.get(side)?.granted(class, partner)
        };
        let key = |side: usize| joint.classes.get(side)?.get(*classes.get(side)? as usize).map(|(key, _)| key);
        let levels = [level(LOST), level(GAINED)];
        for side in [LOST, GAINED] {
            let (Some(Some(own)), Some(key)) = (levels.get(side), key(side)) else { continue };
            let other = levels.get(1 - side).copied().flatten();
            if let Some(detections) = change.detections.get_mut(side) {
                *detections += count;
            }
            if let Some(owners) = owners.get_mut(side) {
                owners.insert(key.owner.clone());
            }
            let gained = match other {
                None => vec![format!("detections at `{}`", own.name)],
                Some(other) => milder("detections", &own.obligations, &other.obligations, Measured::name),
            };
            for what in gained {
                grants.add(side, what, attributes_of_detections(key), Some(count));
            }
        }
    }
    let [old, new] = owners;
    change.owners_gained = new.difference(&old).cloned().collect();
    change.owners_lost = old.difference(&new).cloned().collect();
}

/// What a partner gets of a class of tracks, in parts that can be compared.
#[derive(Clone, Debug, Default)]
struct Received {
    obligations: Option<Obligations>,
    authorities: BTreeSet<String>,
    sees_holders: bool,
}

fn compare_tracks(
    policies: [&Policy; 2],
    numbers: [Option<usize>; 2],
    tracks: &BTreeSet<[TrackClass; 2]>,
    as_of_us: Option<i64>,
    grants: &mut Grants,
) -> Result<(), SurveyError> {
    let mut releasers = Vec::with_capacity(2);
    for (policy, number) in policies.into_iter().zip(numbers) {
        releasers.push(number.map(|number| Releaser::new(policy, number, as_of_us)).transpose()?);
    }
    for classes in tracks {
        let mut received = Vec::with_capacity(2);
        for (releaser, class) in releasers.iter_mut().zip(classes) {
            let Some(releaser) = releaser else {
                received.push(Received::default());
                continue;
            };
            let release = releaser.release(class)?;
            received.push(Received {
                obligations: release.level.as_ref().map(|_| release.obligations.clone()),
                authorities: release.authorities.iter().cloned().collect(),
                sees_holders: release.sees_holders,
            });
        }
        let [old, new] = received.as_slice() else { continue };
        let [old_class, new_class] = classes;
        for (side, (own, other), class) in [(LOST, (old, new), old_class), (GAINED, (new, old), new_class)] {
            for what in beyond(own, other) {
                grants.add(side, what, attributes_of_tracks(class), None);
            }
        }
    }
    Ok(())
}

/// What `own` has that `other` lacks.
fn beyond(own: &Received, other: &Received) -> Vec<String> {
    let mut beyond = Vec::new();
    match (&own.obligations, &other.obligations) {
        (Some(own), Some(other)) => beyond.extend(milder("tracks", own, other, Field::name)),
        (Some(_), None) => beyond.push("tracks".to_owned()),
        (None, _) => {}
    }
    beyond.extend(own.authorities.difference(&other.authorities).map(|action| format!("authority `{action}`")));
    if own.sees_holders && !other.sees_holders {
        beyond.push("the sight of who may act".to_owned());
    }
    beyond
}

/// Where `own` demands less than `other`.
fn milder<Part: Copy + Ord>(
    what: &str,
    own: &Obligations<Part>,
    other: &Obligations<Part>,
    name: impl Fn(Part) -> &'static str,
) -> Vec<String> {
    let mut milder = Vec::new();
    if own.delay_us < other.delay_us {
        let [own, other] = [own, other].map(|obligations| obligations.delay_us as f64 * 1e-6);
        milder.push(format!("{what} {own} s late, not {other} s"));
    }
    let cell = |obligations: &Obligations<Part>| obligations.coarsen_m.unwrap_or(0.0);
    if cell(own) < cell(other) {
        milder.push(format!("{what} in cells of {} m, not {} m", cell(own), cell(other)));
    }
    milder.extend(other.omit.difference(&own.omit).map(|part| format!("{what} with `{}`", name(*part))));
    milder
}
