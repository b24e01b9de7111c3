//! What a recording holds, as far as a policy can tell it apart: its classes of detections, and the classes of tracks
//! that could be made of them.
//!
//! Which tracks a run makes is known only after it. What the rules could be asked about is known before: a track lies
//! where and when detections were, and is made of detections of some set of owners and labels. With six pairs of owner
//! and label or fewer all sets are taken; with up to 32 each pair alone, any two together and all together; with more
//! each alone and all together.

use super::PolicyError;
use super::class::{ClassKey, ClassSummary, Classifier, nowhere};
use super::read::Policy;
use super::release::{Status, TrackClass};
use crate::ingest::{Catalogue, IngestError, Options, Order, Reader, Where};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Rows of a batch.
const BATCH_ROWS: usize = 1 << 16;

/// What a recording holds, for one policy.
#[derive(Debug)]
pub struct Survey {
    /// Classes of detections, in order, with their counts and times.
    pub classes: Vec<(ClassKey, ClassSummary)>,
    /// Classes of tracks that could be made of them, in order.
    pub tracks: Vec<TrackClass>,
}

/// Why a recording cannot be surveyed.
#[derive(Debug, thiserror::Error)]
pub enum SurveyError {
    /// The recording.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// The policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// There is no such detection.
    #[error("found detection {found}, wanted one from 1 to {rows}: rows of the table that were accepted, in its order")]
    NoDetection {
        /// The one asked for.
        found: u64,
        /// How many there are.
        rows: u64,
    },
}

impl Survey {
    /// Reads a recording once, for a run made at `as_of_us`.
    ///
    /// # Errors
    /// A recording that cannot be read, zones that make no sense in its frame, or a delay and no time of the run.
    pub fn read(recording: &Path, policy: &Policy, as_of_us: Option<i64>) -> Result<Self, SurveyError> {
        let joint = Joint::read(recording, [policy], as_of_us)?;
        let [mut classes] = joint.classes;
        let tracks = track_classes(classes.iter().map(|(key, _)| key));
        classes.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Self { classes, tracks })
    }
}

/// A recording classed by several policies at once.
#[derive(Debug)]
pub(super) struct Joint<const N: usize> {
    /// The classes of each policy, by number.
    pub(super) classes: [Vec<(ClassKey, ClassSummary)>; N],
    /// How many detections have these classes, one of each policy.
    pub(super) counts: BTreeMap<[u32; N], u64>,
}

impl<const N: usize> Joint<N> {
    pub(super) fn read(recording: &Path, policies: [&Policy; N], as_of_us: Option<i64>) -> Result<Self, SurveyError> {
        let catalogue = Catalogue::read(recording)?;
        let mut classifiers = Vec::with_capacity(N);
        for policy in policies {
            classifiers.push(Classifier::new(policy, &catalogue, as_of_us)?);
        }
        let mut counts = BTreeMap::new();
        let mut reader = Reader::open(recording, &catalogue, options())?;
        while let Some(batch) = reader.next_batch()? {
            let mut columns = Vec::with_capacity(N);
            for classifier in &mut classifiers {
                columns.push(classifier.classify(&batch)?);
            }
            for row in 0..batch.len() {
                let mut classes = [0; N];
                for (class, column) in classes.iter_mut().zip(&columns) {
                    *class = *column.get(row).ok_or_else(|| nowhere(row))?;
                }
                *counts.entry(classes).or_default() += 1;
            }
        }
        let classes = std::array::from_fn(|policy| {
            let found = classifiers.get(policy).map(|c| c.classes().iter().cloned().zip(c.summaries().iter().copied()));
            found.into_iter().flatten().collect()
        });
        Ok(Self { classes, counts })
    }
}

pub(super) fn options() -> Options {
    Options { strict: false, rows_per_batch: BATCH_ROWS, order: Order::Any }
}

/// The classes of tracks that could be made of detections of some classes.
pub(super) fn track_classes<'a>(classes: impl Iterator<Item = &'a ClassKey> + Clone) -> Vec<TrackClass> {
    let makings = makings(classes.clone());
    let places: BTreeSet<(&BTreeSet<String>, &BTreeSet<String>)> =
        classes.map(|key| (&key.zones, &key.periods)).collect();
    let all = places.into_iter().flat_map(|(zones, periods)| made(&makings, zones, periods));
    all.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Tracks of all makings and states at one place and time.
pub(super) fn made<'a>(
    makings: &'a BTreeSet<Making>,
    zones: &'a BTreeSet<String>,
    periods: &'a BTreeSet<String>,
) -> impl Iterator<Item = TrackClass> + 'a {
    makings.iter().flat_map(move |(contributors, labels)| {
        [Status::Tentative, Status::Confirmed].map(|status| TrackClass {
            contributors: contributors.clone(),
            labels: labels.clone(),
            zones: zones.clone(),
            periods: periods.clone(),
            status,
        })
    })
}

/// Owners and labels of the detections that a track is made of.
pub(super) type Making = (BTreeSet<String>, BTreeSet<String>);

/// The sets of owners and labels that tracks could be made of.
pub(super) fn makings<'a>(classes: impl Iterator<Item = &'a ClassKey>) -> BTreeSet<Making> {
    let sources: BTreeSet<(&str, &str)> = classes.map(|key| (key.owner.as_str(), key.label.as_str())).collect();
    let sources: Vec<(&str, &str)> = sources.into_iter().collect();
    let number = sources.len();
    let mut chosen: Vec<Vec<usize>> = vec![(0..number).collect()];
    match number {
        0 => return BTreeSet::new(),
        1..=6 => chosen.extend((1_u32..1 << number).map(|set| (0..number).filter(|at| set >> at & 1 == 1).collect())),
        7..=32 => chosen.extend((0..number).flat_map(|a| (0..=a).map(move |b| vec![a, b]))),
        _ => chosen.extend((0..number).map(|a| vec![a])),
    }
    let making = |places: Vec<usize>| {
        let taken = places.into_iter().filter_map(|at| sources.get(at));
        let mut making = Making::default();
        for (owner, label) in taken {
            making.0.insert((*owner).to_owned());
            making.1.insert((*label).to_owned());
        }
        making.0.remove("");
        making.1.remove("");
        making
    };
    chosen.into_iter().map(making).collect()
}

/// The class of one detection, counted from 1 over the accepted rows in the order of the table, and its time.
pub(super) fn detection(
    recording: Where<'_>,
    policy: &Policy,
    number: u64,
    as_of_us: Option<i64>,
) -> Result<(ClassKey, i64), SurveyError> {
    let recording = recording.open()?;
    let mut classifier = Classifier::new(policy, recording.catalogue(), as_of_us)?;
    let mut reader = recording.reader(options())?;
    let mut before = 0;
    while let Some(batch) = reader.next_batch()? {
        let row = number.checked_sub(before + 1).and_then(|row| usize::try_from(row).ok());
        let classes = classifier.classify(&batch)?;
        let class = row.and_then(|row| classes.get(row)).and_then(|&class| classifier.classes().get(class as usize));
        if let (Some(class), Some(&time_us)) = (class, row.and_then(|row| batch.time_us.get(row))) {
            return Ok((class.clone(), time_us));
        }
        before += batch.len() as u64;
    }
    Err(SurveyError::NoDetection { found: number, rows: before })
}

/// What the policy knows of a class of detections, name and value.
pub(super) fn attributes_of_detections(key: &ClassKey) -> Vec<(&'static str, String)> {
    let ClassKey { sensor, owner, kind, label, zones, periods, identified, placed, waited_us } = key;
    let truth = |truth: &bool| if *truth { "yes" } else { "no" }.to_owned();
    vec![
        ("owner", owner.clone()),
        ("sensor", sensor.clone()),
        ("kind", kind.clone()),
        ("label", none_if_empty(label)),
        ("zones", joined(zones)),
        ("periods", joined(periods)),
        ("identified", truth(identified)),
        ("placed", truth(placed)),
        ("waited", waited_us.map_or_else(|| "later than the run".to_owned(), |us| format!("{} s", us as f64 * 1e-6))),
    ]
}

/// What the rules know of a class of tracks, name and value.
pub(super) fn attributes_of_tracks(class: &TrackClass) -> Vec<(&'static str, String)> {
    let TrackClass { contributors, labels, zones, periods, status } = class;
    vec![
        ("status", status.name().to_owned()),
        ("contributors", joined(contributors)),
        ("labels", joined(labels)),
        ("zones", joined(zones)),
        ("periods", joined(periods)),
    ]
}

fn joined(names: &BTreeSet<String>) -> String {
    none_if_empty(&names.iter().map(String::as_str).collect::<Vec<_>>().join("+"))
}

fn none_if_empty(text: &str) -> String {
    if text.is_empty() { "(none)".to_owned() } else { text.to_owned() }
}
