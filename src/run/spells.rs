//! The reports of a track as another partner sees them, and the reason where it does not.
//!
//! A report without a track of the partner has the reason of the detections that lie on the track in the last three periods:
//! given ones come before those that are not due, these before withheld ones. Reports in a row with one reason are a spell.

use super::on_track::On;
use crate::policy::{ClassKey, Decisions, Verdicted};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Periods for which a detection says why a report is not seen: about as long as a track takes to be confirmed.
const PERIODS: i64 = 3;

/// What becomes of a detection for the partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It may have it fused.
    Given {
        /// Whether it lies in what its sensor covers.
        covered: bool,
    },
    /// Not yet.
    NotDue {
        /// At which level then.
        level: String,
    },
    /// It may not.
    Withheld {
        /// By which rules.
        rules: Vec<String>,
    },
}

/// What a partner has of a track over a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It sees the object, as `track` of its own picture.
    Sees,
    /// Its lane has the track, and no rule lets it receive it.
    NotReceived,
    /// It receives it at a level whose delay has not passed when the recording, or the run, ends.
    NotYet,
    /// No detection that lies on it may be fused for the partner.
    Withheld,
    /// Detections that lie on it may be fused for it later: the delay of their level has not passed.
    NotDue,
    /// It may have detections that lie on it, all outside what their sensors cover, which begin no track.
    Outside,
    /// It may have detections that lie on it, and its lane has no confirmed track of them.
    Unconfirmed,
    /// No detection lies on it: the track coasts.
    Coasts,
    /// Its lane has confirmed tracks in the same zones that it does not receive; whether one is this object no file says.
    Unknown,
}

/// Reports in a row of which the same holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Spell {
    /// The first report, microseconds.
    pub first_us: i64,
    /// The last one.
    pub last_us: i64,
    /// How many.
    pub reports: u64,
    /// What the partner has of it.
    pub what: What,
    /// The track in the partner's picture, or its lane.
    pub track: Option<u64>,
    /// The level in question.
    pub level: Option<String>,
    /// The rules that withhold it; none where no policy permits it.
    pub rules: BTreeSet<String>,
    /// Detections on it that the partner may have fused.
    pub given: u64,
    /// Those that it may not have yet.
    pub not_due: u64,
    /// Those that it may not have.
    pub withheld: u64,
}

/// Detections that lie on a track and are withheld by the same rules.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Withheld {
    /// The rules; none where no policy permits it.
    pub rules: Vec<String>,
    /// How many.
    pub detections: u64,
    /// Whose they are.
    pub owners: BTreeSet<String>,
    /// Of which sensors.
    pub sensors: BTreeSet<String>,
    /// How they are marked; without those that are not.
    pub labels: BTreeSet<String>,
    /// The zones that hold some of them.
    pub zones: BTreeSet<String>,
    /// The periods that hold some of them.
    pub periods: BTreeSet<String>,
}

/// One report of the track.
#[derive(Clone, Debug, Default)]
pub(super) struct Report {
    time_us: i64,
    /// The partner's own track, and its level.
    seen: Option<(u64, Option<String>)>,
    /// The track of its lane that it does not receive, and the rules.
    refused: Option<(u64, Vec<String>)>,
    /// Whether its lane has the track, so that detections say nothing.
    alike: bool,
    /// A level at which it is not due.
    pub(super) late: Option<String>,
    /// Whether its lane has confirmed tracks in the same zones that it does not receive.
    pub(super) hidden: bool,
}

impl Report {
    pub(super) fn unseen(time_us: i64) -> Self {
        Self { time_us, ..Self::default() }
    }

    pub(super) fn seen(time_us: i64, seen: (u64, Option<String>)) -> Self {
        Self { seen: Some(seen), ..Self::unseen(time_us) }
    }

    pub(super) fn late(time_us: i64, level: String) -> Self {
        Self { late: Some(level), alike: true, ..Self::unseen(time_us) }
    }

    pub(super) fn not_received(time_us: i64, track: u64, rules: Vec<String>) -> Self {
        Self { refused: Some((track, rules)), alike: true, ..Self::unseen(time_us) }
    }

    pub(super) fn is_seen(&self) -> bool {
        self.seen.is_some()
    }

    /// What the partner has of it, with the detections of the last periods.
    fn what(&self, recent: &[(On, Fate)]) -> (What, Option<u64>, Option<String>) {
        let any = |is: fn(&Fate) -> bool| recent.iter().any(|(_, fate)| is(fate));
        let track = self.seen.as_ref().map(|seen| seen.0).or(self.refused.as_ref().map(|refused| refused.0));
        if let Some((_, level)) = &self.seen {
            return (What::Sees, track, level.clone());
        }
        if self.refused.is_some() {
            return (What::NotReceived, track, None);
        }
        if self.alike {
            return (What::NotYet, None, self.late.clone());
        }
        let covered = any(|fate| matches!(fate, Fate::Given { covered: true }));
        let what = match (covered, self.late.is_some(), self.hidden) {
            (true, true, _) => return (What::NotYet, None, self.late.clone()),
            (true, false, true) => What::Unknown,
            (true, false, false) => What::Unconfirmed,
            (false, ..) if any(|fate| matches!(fate, Fate::Given { .. })) => What::Outside,
            (false, ..) if any(|fate| matches!(fate, Fate::NotDue { .. })) => What::NotDue,
            (false, ..) if any(|fate| matches!(fate, Fate::Withheld { .. })) => What::Withheld,
            (false, ..) => What::Coasts,
        };
        (what, None, None)
    }
}

/// The reports in spells; `lying` are the detections in order of time.
pub(super) fn spells(reports: Vec<Report>, lying: &[(On, Fate)], period_us: i64) -> Vec<Spell> {
    let mut spells: Vec<Spell> = Vec::new();
    let mut from = 0;
    for report in reports {
        let until = from + lying.iter().skip(from).take_while(|(on, _)| on.time_us <= report.time_us).count();
        let after_us = report.time_us.saturating_sub(period_us.saturating_mul(PERIODS));
        let first = lying.partition_point(|(on, _)| on.time_us <= after_us);
        let recent = lying.get(first..until.max(first)).unwrap_or_default();
        let (what, track, level) = report.what(recent);
        let is_same = |last: &Spell| (last.what, last.track, &last.level) == (what, track, &level);
        if !spells.last().is_some_and(is_same) {
            let (first_us, rules) = (report.time_us, BTreeSet::new());
            let (last_us, reports, given, not_due, withheld) = (first_us, 0, 0, 0, 0);
            spells.push(Spell { first_us, last_us, reports, what, track, level, rules, given, not_due, withheld });
        }
        let Some(spell) = spells.last_mut() else { continue };
        spell.last_us = report.time_us;
        spell.reports += 1;
        spell.rules.extend(report.refused.into_iter().flat_map(|(_, rules)| rules));
        for (_, fate) in lying.get(from..until).unwrap_or_default() {
            match fate {
                Fate::Given { .. } => spell.given += 1,
                Fate::NotDue { .. } => spell.not_due += 1,
                Fate::Withheld { rules } => {
                    spell.withheld += 1;
                    if what == What::Withheld {
                        spell.rules.extend(rules.iter().cloned());
                    }
                }
            }
        }
        from = until;
    }
    spells
}

/// Withheld detections by the rules that withhold them, those with most first; `reasons` gets of each the class with most.
pub(super) fn withheld(
    kept: &BTreeMap<u32, u64>,
    decisions: &Decisions,
    (partner, classes): (usize, &[ClassKey]),
    reasons: &mut Vec<u32>,
) -> Vec<Withheld> {
    let mut by_rules: BTreeMap<Vec<String>, (Withheld, (u64, u32))> = BTreeMap::new();
    for (&class, &detections) in kept {
        let (Verdicted::Withheld(rules), Some(key)) = (decisions.verdict(class, partner), classes.get(class as usize))
        else {
            continue;
        };
        let (of, most) =
            by_rules.entry(rules.clone()).or_insert((Withheld { rules, ..Withheld::default() }, (0, class)));
        of.detections += detections;
        of.owners.insert(key.owner.clone());
        of.sensors.insert(key.sensor.clone());
        of.labels.extend(Some(key.label.clone()).filter(|label| !label.is_empty()));
        of.zones.extend(key.zones.iter().cloned());
        of.periods.extend(key.periods.iter().cloned());
        if detections > most.0 {
            *most = (detections, class);
        }
    }
    let mut found: Vec<(Withheld, (u64, u32))> = by_rules.into_values().collect();
    found.sort_by(|(a, _), (b, _)| b.detections.cmp(&a.detections).then_with(|| a.rules.cmp(&b.rules)));
    reasons.extend(found.iter().map(|(_, (_, class))| *class));
    found.into_iter().map(|(of, _)| of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unseen_report_has_the_reason_of_the_detections_before_it() {
        let at = |time_us: i64, fate: Fate| (On { time_us, class: 0, covered: true }, fate);
        let kept = || Fate::Withheld { rules: vec!["caveat".to_owned()] };
        let lying = [at(8, kept()), at(18, kept()), at(60, Fate::Given { covered: false }), at(65, kept())];
        let mut reports: Vec<Report> = (1..=9).map(|k| Report::unseen(10 * k)).collect();
        reports.push(Report::seen(100, (4, Some("fine".to_owned()))));
        reports.push(Report::not_received(110, 4, vec!["here".to_owned()]));
        let found = spells(reports, &lying, 10);
        let told: Vec<(What, i64, u64, u64)> =
            found.iter().map(|of| (of.what, of.first_us, of.reports, of.withheld)).collect();
        let wanted = [
            (What::Withheld, 10, 4, 2),
            (What::Coasts, 50, 1, 0),
            (What::Outside, 60, 3, 1),
            (What::Withheld, 90, 1, 0),
            (What::Sees, 100, 1, 0),
            (What::NotReceived, 110, 1, 0),
        ];
        assert_eq!(told, wanted);
        assert!(found.first().is_some_and(|of| of.rules.contains("caveat")));
        assert!(found.last().is_some_and(|of| of.rules.contains("here") && of.track == Some(4)));
    }
}
