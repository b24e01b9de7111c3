//! What the rules let every partner receive, whoever made a track, and what lanes take: for the operator.

use super::RunError;
use super::basis::Basis;
use crate::policy::{ClassKey, Decisions, Releases, TrackClass};
use crate::product::{Alike, ClassEntry, Demands, LaneEntry, ReleaseTable, TakenEntry};
use crate::scan::Lane;
use std::collections::{BTreeMap, BTreeSet};

/// Decisions about what partners may receive of tracks that other lanes made, beyond which none are taken.
const DECISIONS_MAX: usize = 200_000;

/// What the rules let every partner receive of some classes of tracks, and what lanes take.
pub(super) fn release_table(
    basis: &Basis<'_>,
    (lanes, decisions): (&[Lane], &Decisions),
    releases: &Releases<'_>,
    met: BTreeSet<&TrackClass>,
    as_of_us: Option<i64>,
) -> Result<ReleaseTable, RunError> {
    let policy = basis.policy;
    let ids: Vec<&String> = policy.partners().iter().map(|partner| &partner.id).collect();
    let (first, of) = policy.alike(&(0..ids.len()).collect::<Vec<_>>())?;
    let named = |partners: &mut dyn Iterator<Item = usize>| {
        partners.filter_map(|partner| ids.get(partner).map(|id| (*id).clone())).collect::<Vec<_>>()
    };
    let alike = |(place, partner): (usize, &usize)| Alike {
        partners: named(&mut of.iter().enumerate().filter(|(_, kin)| **kin == place).map(|(partner, _)| partner)),
        lane: lanes.iter().position(|lane| lane.partners.contains(partner)),
    };
    // What is later than the run is nobody's yet.
    let classes = basis.classes.iter().zip(basis.summaries).filter(|(class, _)| class.waited_us.is_some());
    let all: u64 = classes.map(|(_, summary)| summary.count).sum();
    let lane = |lane: &Lane| LaneEntry {
        partners: named(&mut lane.partners.iter().copied()),
        detections: lane.detections,
        whole: lane.detections == all && !lane.cuts(),
        until_us: as_of_us.unwrap_or(lane.span_us[1]),
        taken: taken(basis, decisions, lane),
    };
    let class = |class: &TrackClass| {
        let decided = releases.of(class, &first)?;
        let levels = decided.iter().map(|decided| decided.release.level.clone()).collect();
        Ok(ClassEntry::new(class, levels))
    };
    let lanes: Vec<LaneEntry> = lanes.iter().map(lane).collect();
    let (found, most) = (met.len().saturating_mul(first.len()), DECISIONS_MAX);
    let takes: usize = lanes.iter().map(|lane| lane.taken.len()).sum();
    let left_out = match (found > most, takes > most) {
        (true, _) => Some(format!(
            "{} classes of tracks × {} partners that differ, at most {most} decisions",
            met.len(),
            first.len()
        )),
        (false, true) => Some(format!("{takes} entries of what lanes take, at most {most}")),
        (false, false) => None,
    };
    let met = if left_out.is_none() { met } else { BTreeSet::new() };
    Ok(ReleaseTable {
        left_out,
        lanes,
        alike: first.iter().enumerate().map(alike).collect(),
        fuse_levels: policy
            .fuse_levels()
            .map(|level| (level.name.clone(), Demands::from(&level.obligations)))
            .collect(),
        levels: policy.receive_levels().map(|level| (level.name.clone(), Demands::from(&level.obligations))).collect(),
        classes: met.into_iter().map(class).collect::<Result<_, RunError>>()?,
    })
}

/// What a lane takes at which level; nothing where none of these has a delay or cells.
fn taken(basis: &Basis<'_>, decisions: &Decisions, lane: &Lane) -> Vec<TakenEntry> {
    let lowering = basis.policy.fuse_levels().filter(|level| Demands::from(&level.obligations).lowered().is_any());
    let lowering: BTreeSet<&str> = lowering.map(|level| level.name.as_str()).collect();
    let Some(&partner) = lane.partners.first() else { return Vec::new() };
    let mut counts: BTreeMap<TakenEntry, u64> = BTreeMap::new();
    for ((number, class), summary) in (0_u32..).zip(basis.classes).zip(basis.summaries) {
        let Some(level) = decisions.level(number, partner).filter(|_| summary.count > 0) else { continue };
        let ClassKey { owner, label, zones, periods, .. } = class.clone();
        let entry = TakenEntry { owner, label, zones, periods, level: level.to_owned(), detections: 0 };
        *counts.entry(entry).or_default() += summary.count;
    }
    if !counts.keys().any(|entry| lowering.contains(entry.level.as_str())) {
        return Vec::new();
    }
    counts.into_iter().map(|(entry, detections)| TakenEntry { detections, ..entry }).collect()
}
