//! Who may act on each lane's tracks as their lives go on: stretches, gaps, overlaps and hand-overs.
//!
//! Every lane is looked at by itself: its tracks are a picture of their own, and a track of one lane is not known to be
//! a track of another. On each of its tracks the rules are asked about *every* partner, whether that partner receives
//! the track or not. The *reference* is the lane that may fuse the most detections (of equal ones, the first): it comes
//! nearest to seeing all objects, once each, and is the one to read first. A gap, an overlap or a hand-over needs a
//! confirmed track; what is tentative may be nothing.

use super::RunError;
use super::basis::Basis;
use super::pictures::LaneClass;
use crate::policy::{Held, Holders, Policy, Status, TrackClass};
use crate::product::{AuthorityWriter, Event, EventKind, Stretch};
use crate::scan::Lane;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Who may act, lane by lane.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AuthorityReport {
    /// Every lane, in the order of the run.
    pub lanes: Vec<LaneAuthority>,
}

/// Who may act on the tracks of one lane.
#[derive(Clone, Debug, Default, Serialize)]
pub struct LaneAuthority {
    /// The partners whose pictures it makes.
    pub partners: Vec<String>,
    /// Whether it is the reference: the lane that may fuse the most detections.
    pub reference: bool,
    /// Tracks that were confirmed at some time.
    pub tracks: u64,
    /// Reports of confirmed tracks.
    pub rows: u64,
    /// Of those tracks, the ones on which at some time nobody might take any action.
    pub idle_tracks: u64,
    /// Of those reports, the ones on which nobody might take any action.
    pub idle_rows: u64,
    /// Every authority.
    pub actions: BTreeMap<String, ActionAuthority>,
}

/// How one authority is held over the confirmed tracks of a lane.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ActionAuthority {
    /// Whether one partner at a time may hold it.
    pub exclusive: bool,
    /// Reports on which each partner holds it.
    pub held_rows: BTreeMap<String, u64>,
    /// Tracks that nobody held at some time.
    pub gap_tracks: u64,
    /// Reports on which nobody holds it.
    pub gap_rows: u64,
    /// Tracks that several held at one time, where it is exclusive.
    pub overlap_tracks: u64,
    /// Reports on which several hold it, where it is exclusive.
    pub overlap_rows: u64,
    /// Times that it went from one set of holders to another, or to nobody.
    pub hand_overs: u64,
}

/// Watches the tracks of all lanes.
#[derive(Debug)]
pub(super) struct Watch<'a> {
    policy: &'a Policy,
    holders: Holders<'a>,
    writer: AuthorityWriter,
    lanes: Vec<LaneWatch>,
}

#[derive(Debug, Default)]
struct LaneWatch {
    report: LaneAuthority,
    /// The partners of the report.
    partners: Arc<[String]>,
    lives: BTreeMap<u64, Life>,
    /// By number of the class, reports of confirmed tracks.
    rows: Vec<u64>,
    /// Tracks that were counted: confirmed, without any action, and in a gap or in an overlap of an action.
    confirmed: BTreeSet<u64>,
    idle: BTreeSet<u64>,
    gaps: BTreeMap<String, BTreeSet<u64>>,
    overlaps: BTreeMap<String, BTreeSet<u64>>,
}

/// A track whose life goes on.
#[derive(Debug)]
struct Life {
    /// The stretch that it is in, and the number of its class.
    stretch: Stretch,
    class: usize,
    held: Arc<Held>,
    /// For every action, while the track is confirmed, since when its holders are the same: an event, if it becomes one.
    tenures: BTreeMap<String, Event>,
}

impl<'a> Watch<'a> {
    /// Begins with no track.
    ///
    /// # Errors
    /// If the schema wants a time and there is none.
    pub(super) fn new(basis: &Basis<'a>, lanes: &[Lane], writer: AuthorityWriter) -> Result<Self, RunError> {
        let policy = basis.policy;
        let most = lanes.iter().map(|lane| lane.detections).max();
        let reference = lanes.iter().position(|lane| Some(lane.detections) == most);
        let watch = |(index, lane): (usize, &Lane)| {
            let partners = lane.partners.iter().filter_map(|&partner| policy.partners().get(partner));
            let action = |name: &str| {
                (name.to_owned(), ActionAuthority { exclusive: policy.is_exclusive(name), ..Default::default() })
            };
            let report = LaneAuthority {
                partners: partners.map(|partner| partner.id.clone()).collect(),
                reference: Some(index) == reference,
                actions: policy.authorities().map(action).collect(),
                ..LaneAuthority::default()
            };
            LaneWatch { partners: report.partners.clone().into(), report, ..LaneWatch::default() }
        };
        let lanes = lanes.iter().enumerate().map(watch).collect();
        Ok(Self { policy, holders: Holders::new(policy, basis.as_of_us)?, writer, lanes })
    }

    /// Who may act on tracks of a class.
    ///
    /// # Errors
    /// If a rule fails.
    pub(super) fn holders(&mut self, class: &TrackClass) -> Result<Arc<Held>, RunError> {
        Ok(self.holders.of(class)?)
    }

    /// Takes in one report of a lane: all its tracks at one time, each with the number of its class.
    ///
    /// # Errors
    /// If a table cannot be written.
    pub(super) fn report(
        &mut self,
        lane: usize,
        time_us: i64,
        tracks: impl Iterator<Item = (u64, usize)>,
        classes: &[LaneClass],
    ) -> Result<(), RunError> {
        let Self { policy, holders: _, writer, lanes } = self;
        let Some(lane) = lanes.get_mut(lane) else { return Ok(()) };
        let mut lives = std::mem::take(&mut lane.lives);
        for (track, number) in tracks {
            let Some(class) = classes.get(number) else { continue };
            let mut life = match lives.remove(&track) {
                Some(life) if life.class == number => life,
                before => {
                    let mut life = Life::new(Arc::clone(&lane.partners), track, (number, class), time_us);
                    for action in life.follow(before, policy, writer)? {
                        lane.report.actions.entry(action).or_default().hand_overs += 1;
                    }
                    life.begin_tenures();
                    life
                }
            };
            life.reported(time_us);
            if life.stretch.class.status == Status::Confirmed {
                lane.count(track, number, &life.held);
            }
            lane.lives.insert(track, life);
        }
        lives.into_values().try_for_each(|life| life.end(policy, writer))
    }

    /// Ends all tracks; `classes` are those of each lane.
    ///
    /// # Errors
    /// If a table cannot be written.
    pub(super) fn finish(self, classes: &[Vec<LaneClass>]) -> Result<AuthorityReport, RunError> {
        let Self { policy, holders: _, mut writer, lanes } = self;
        let mut report = AuthorityReport::default();
        for (mut lane, classes) in lanes.into_iter().zip(classes) {
            for life in std::mem::take(&mut lane.lives).into_values() {
                life.end(policy, &mut writer)?;
            }
            report.lanes.push(lane.finish(classes));
        }
        writer.finish()?;
        Ok(report)
    }
}

impl Life {
    fn new(lane: Arc<[String]>, track: u64, (number, of): (usize, &LaneClass), time_us: i64) -> Self {
        let (class, holders) = (of.class.clone(), Arc::clone(&of.holders));
        let stretch = Stretch { lane, track, first_us: time_us, last_us: time_us, rows: 0, class, holders };
        Self { stretch, class: number, held: Arc::clone(&of.held), tenures: BTreeMap::new() }
    }

    /// Takes over from the stretch before: what goes on, and what changed hands, which is the answer.
    fn follow(
        &mut self,
        before: Option<Self>,
        policy: &Policy,
        writer: &mut AuthorityWriter,
    ) -> Result<Vec<String>, RunError> {
        let mut handed_over = Vec::new();
        let Some(Self { stretch, class: _, held: _, tenures }) = before else { return Ok(handed_over) };
        let confirmed = self.stretch.class.status == Status::Confirmed;
        for (action, tenure) in tenures {
            let now = self.held.by_action.get(&action).filter(|_| confirmed);
            if now == Some(&tenure.holders) {
                self.tenures.insert(action, tenure);
                continue;
            }
            if let Some(now) = now.filter(|_| !tenure.holders.is_empty()) {
                let mut hand_over = self.tenure(&action, now);
                hand_over.kind = EventKind::HandOver;
                hand_over.rows = 1;
                hand_over.before = Arc::clone(&tenure.holders);
                hand_over.zones = [self.stretch.class.zones.clone(), stretch.class.zones.clone()];
                hand_over.periods = [self.stretch.class.periods.clone(), stretch.class.periods.clone()];
                writer.event(hand_over)?;
                handed_over.push(action);
            }
            close(tenure, policy, writer)?;
        }
        writer.stretch(stretch)?;
        Ok(handed_over)
    }

    /// A confirmed track is held, by somebody or nobody, from its first report on.
    fn begin_tenures(&mut self) {
        if self.stretch.class.status == Status::Confirmed {
            for (action, holders) in &self.held.by_action {
                if !self.tenures.contains_key(action) {
                    self.tenures.insert(action.clone(), self.tenure(action, holders));
                }
            }
        }
    }

    fn tenure(&self, action: &str, holders: &Arc<BTreeSet<String>>) -> Event {
        let Stretch { lane, track, first_us, class, .. } = &self.stretch;
        Event {
            lane: lane.clone(),
            track: *track,
            action: action.to_owned(),
            kind: EventKind::Gap,
            first_us: *first_us,
            last_us: *first_us,
            rows: 0,
            holders: Arc::clone(holders),
            before: Arc::default(),
            zones: [class.zones.clone(), BTreeSet::new()],
            periods: [class.periods.clone(), BTreeSet::new()],
        }
    }

    fn reported(&mut self, time_us: i64) {
        self.stretch.last_us = time_us;
        self.stretch.rows += 1;
        for tenure in self.tenures.values_mut() {
            tenure.last_us = time_us;
            tenure.rows += 1;
        }
    }

    fn end(self, policy: &Policy, writer: &mut AuthorityWriter) -> Result<(), RunError> {
        for tenure in self.tenures.into_values() {
            close(tenure, policy, writer)?;
        }
        Ok(writer.stretch(self.stretch)?)
    }
}

/// A tenure that is over is a gap, an overlap, or as it should be.
fn close(tenure: Event, policy: &Policy, writer: &mut AuthorityWriter) -> Result<(), RunError> {
    let kind = match tenure.holders.len() {
        0 => EventKind::Gap,
        1 => return Ok(()),
        _ if policy.is_exclusive(&tenure.action) => EventKind::Overlap,
        _ => return Ok(()),
    };
    Ok(writer.event(Event { kind, ..tenure })?)
}

impl LaneWatch {
    /// Counts one report of a confirmed track.
    fn count(&mut self, track: u64, class: usize, held: &Held) {
        self.confirmed.insert(track);
        if self.rows.len() <= class {
            self.rows.resize(class + 1, 0);
        }
        self.rows.get_mut(class).into_iter().for_each(|rows| *rows += 1);
        if held.by_action.values().all(|partners| partners.is_empty()) {
            self.idle.insert(track);
        }
        for (action, partners) in &held.by_action {
            if partners.is_empty() {
                self.gaps.entry(action.clone()).or_default().insert(track);
            }
            if self.is_overlap(action, partners) {
                self.overlaps.entry(action.clone()).or_default().insert(track);
            }
        }
    }

    fn is_overlap(&self, action: &str, partners: &BTreeSet<String>) -> bool {
        partners.len() > 1 && self.report.actions.get(action).is_some_and(|authority| authority.exclusive)
    }

    fn finish(mut self, classes: &[LaneClass]) -> LaneAuthority {
        let counted = std::mem::take(&mut self.rows);
        for (LaneClass { held, .. }, rows) in classes.iter().zip(counted).filter(|(_, rows)| *rows > 0) {
            self.report.rows += rows;
            if held.by_action.values().all(|partners| partners.is_empty()) {
                self.report.idle_rows += rows;
            }
            for (action, partners) in &held.by_action {
                let overlaps = self.is_overlap(action, partners);
                let Some(authority) = self.report.actions.get_mut(action) else { continue };
                for partner in partners.iter() {
                    *authority.held_rows.entry(partner.clone()).or_default() += rows;
                }
                authority.gap_rows += if partners.is_empty() { rows } else { 0 };
                authority.overlap_rows += if overlaps { rows } else { 0 };
            }
        }
        let Self { mut report, confirmed, idle, gaps, overlaps, .. } = self;
        let tracks =
            |sets: &BTreeMap<String, BTreeSet<u64>>, action| sets.get(action).map_or(0, |set| set.len() as u64);
        report.tracks = confirmed.len() as u64;
        report.idle_tracks = idle.len() as u64;
        for (action, authority) in &mut report.actions {
            authority.gap_tracks = tracks(&gaps, action);
            authority.overlap_tracks = tracks(&overlaps, action);
        }
        report
    }
}
