//! Segments of a policy to lanes.

use super::super::corrections::Corrections;
use super::super::coverage::{Ground, Right};
use super::super::detections::SOURCES_MAX;
use super::super::error::ScanError;
use super::super::measure::Extent;
use super::super::plan::looks_between;
use super::super::views::{From, Sightlines, grouped};
use super::{Covers, Lane, Masks, Permitted, covers, extent, heights_m, named, of_sectors, planes_over, reports_per_s};
use crate::ingest::Catalogue;
use crate::obligations::{Measured, Obligations};
use crate::policy::{
    ClassKey, ClassSummary, Decisions, FuseRights, Policy, PolicyError, Segment, Strata, Stratum, ZoneMap,
};
use crate::sensor::Sensor;
use crate::space::Frame;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What lanes are cut from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LaneBasis<'a> {
    /// The sensors.
    pub(crate) catalogue: &'a Catalogue,
    /// The rules.
    pub(crate) policy: &'a Policy,
    /// The zones of the rules, in the recording's frame.
    pub(crate) zones: &'a ZoneMap,
    /// The stretches of time that the rules tell apart.
    pub(crate) strata: &'a Strata,
    /// The time that rules may ask for.
    pub(crate) as_of_us: Option<i64>,
    /// Edge of a cell of the field, metres; more where a plane would have too many.
    pub(crate) cell_m: f64,
    /// Share of what a sensor detects that a lane is taken to have, where rules may withhold a part.
    pub(crate) shared_share: f32,
    /// All classes of the recording.
    pub(crate) classes: &'a [ClassKey],
    /// Their counts and times.
    pub(crate) summaries: &'a [ClassSummary],
}

/// A segment before it is a lane, or several: where partners could have seen different places.
#[derive(Debug)]
struct Draft<'a> {
    partners: Vec<usize>,
    levels: BTreeMap<u32, Obligations<Measured>>,
    classes: Vec<(u32, &'a ClassKey)>,
    detections: u64,
    span_us: [i64; 2],
    /// Its sensors, each with the labels of its detections and whether they have an identity.
    sensors: BTreeMap<usize, BTreeSet<(&'a str, bool)>>,
    sources: BTreeMap<(&'a str, &'a str), u8>,
    /// Whether they are several views.
    has_views: bool,
}

/// The sensors over a ground, and the time in which one moves there.
type Over = (Vec<usize>, [i64; 2]);

/// For each sensor, from which time on how much of it a partner may have fused in which sets of zones, by their numbers on
/// the ground. Times at which no answer changes are not there: what concerns others moves nothing here.
type Rights = BTreeMap<usize, From<Vec<Right>>>;

impl Lane {
    /// The lanes of a recording. Partners share one only if they may fuse the same classes and could have seen the
    /// same places.
    ///
    /// # Errors
    /// If a rule fails, or a lane has more sources than fusion can tell apart.
    pub(crate) fn all(basis: &LaneBasis<'_>, decisions: &Decisions) -> Result<Vec<Self>, ScanError> {
        let zones_at = |place| basis.zones.zones_at(place);
        let sensors = basis.catalogue.sensors.iter().enumerate();
        let numbers: BTreeMap<&str, usize> = sensors.map(|(number, sensor)| (sensor.name.as_str(), number)).collect();
        // Segments of the same sensors lie over the same ground, of which one is in memory at a time; where one of these moves,
        // only if their time is the same.
        let mut by_sensors: BTreeMap<Over, Vec<(usize, Draft<'_>)>> = BTreeMap::new();
        for (place, segment) in decisions.segments().into_iter().enumerate() {
            let draft = Draft::of(basis, &numbers, segment)?;
            let sensors: Vec<usize> = draft.sensors.keys().copied().collect();
            let moves = |sensor: &usize| {
                basis.catalogue.sensors.get(*sensor).is_some_and(|sensor| sensor.kind.platform().is_some())
            };
            let span_us = if sensors.iter().any(moves) { draft.span_us } else { [0; 2] };
            by_sensors.entry((sensors, span_us)).or_default().push((place, draft));
        }
        let mut lanes: Vec<(usize, Self)> = Vec::new();
        for ((sensors, span_us), drafts) in by_sensors {
            let (frame, sensors) = (basis.catalogue.frame, named(basis.catalogue, sensors.iter()));
            let mut ground = Ground::new(planes_over(&sensors, span_us, frame, basis.cell_m), frame, Some(&zones_at));
            let covers: BTreeMap<usize, Covers> =
                sensors.iter().map(|(number, sensor)| (*number, covers(&mut ground, sensor, span_us))).collect();
            for (place, draft) in drafts {
                lanes.extend(draft.lanes(basis, &mut ground, &covers)?.into_iter().map(|lane| (place, lane)));
            }
        }
        lanes.sort_by_key(|(place, _)| *place);
        Ok(lanes.into_iter().map(|(_, lane)| lane).collect())
    }
}

impl<'a> Draft<'a> {
    fn of(basis: &LaneBasis<'a>, numbers: &BTreeMap<&str, usize>, segment: Segment) -> Result<Self, ScanError> {
        let Segment { classes: levels, partners } = segment;
        let mut draft = Self {
            partners,
            classes: Vec::with_capacity(levels.len()),
            levels,
            detections: 0,
            span_us: [i64::MAX, i64::MIN],
            sensors: BTreeMap::new(),
            sources: BTreeMap::new(),
            has_views: false,
        };
        for &class in draft.levels.keys() {
            let of_class = basis.classes.get(class as usize).zip(basis.summaries.get(class as usize));
            let Some((key, summary)) = of_class else { continue };
            let Some(&sensor) = numbers.get(key.sensor.as_str()) else { continue };
            draft.sensors.entry(sensor).or_default().insert((key.label.as_str(), key.identified));
            draft.sources.insert((&key.owner, &key.label), 0);
            draft.classes.push((class, key));
            draft.detections += summary.count;
            let [first_us, last_us] = &mut draft.span_us;
            (*first_us, *last_us) = (summary.first_us.min(*first_us), summary.last_us.max(*last_us));
        }
        draft.has_views = grouped(&named(basis.catalogue, draft.sensors.keys()))?.len() > 1;
        let found = draft.sources.len();
        for (place, source) in draft.sources.values_mut().enumerate() {
            // Who contributed decides who may receive: no two sources may share a place.
            let place = u8::try_from(place).ok().filter(|_| found <= SOURCES_MAX);
            *source = place.ok_or_else(|| {
                let first = draft.partners.first().and_then(|&partner| basis.policy.partners().get(partner));
                ScanError::TooManySources { partner: first.map_or_else(String::new, |p| p.id.clone()), found }
            })?;
        }
        Ok(draft)
    }

    /// The lanes of partners that could have seen the same places.
    fn lanes(
        &self,
        basis: &LaneBasis<'_>,
        ground: &mut Ground,
        covers: &BTreeMap<usize, Covers>,
    ) -> Result<Vec<Lane>, ScanError> {
        let (kin, kin_of) = basis.policy.alike(&self.partners)?;
        let all = self.rights(basis, ground, covers, &kin)?;
        let (mut lanes, mut lane_of): (Vec<Lane>, Vec<usize>) = (Vec::new(), Vec::with_capacity(all.len()));
        let mut places: BTreeMap<&Rights, usize> = BTreeMap::new();
        for rights in &all {
            let place = *places.entry(rights).or_insert(lanes.len());
            if place == lanes.len() {
                lanes.push(self.lane(basis, ground, covers, rights)?);
            }
            lane_of.push(place);
        }
        for (&partner, kin) in self.partners.iter().zip(kin_of) {
            if let Some(lane) = lane_of.get(kin).and_then(|&lane| lanes.get_mut(lane)) {
                lane.partners.push(partner);
            }
        }
        Ok(lanes)
    }

    /// Where and when each of some partners may have something of each sensor fused. A look is one question to a sensor:
    /// what its mask says holds for all of it, and is what the rules say of the time at which it begins.
    fn rights(
        &self,
        basis: &LaneBasis<'_>,
        ground: &Ground,
        covers: &BTreeMap<usize, Covers>,
        partners: &[usize],
    ) -> Result<Vec<Rights>, ScanError> {
        let may = FuseRights::new(basis.policy, partners, basis.as_of_us)?;
        let mut all = vec![Rights::new(); partners.len()];
        for (&number, kinds) in &self.sensors {
            let whole = covers.get(&number).and_then(|covers| covers.get(&None));
            let Some((sensor, stations)) = basis.catalogue.sensors.get(number).zip(whole) else { continue };
            let [first_us, last_us] = looks_between(sensor, self.span_us);
            let stretches: Vec<(i64, &Stratum)> = basis.strata.stretches(first_us, last_us).collect();
            let strata: BTreeSet<&Stratum> = stretches.iter().map(|(_, stratum)| *stratum).collect();
            let coverages: BTreeSet<usize> = stations.iter().map(|(_, station)| station.coverage).collect();
            let (zones, numbers) = ground.zones(coverages);
            let zones: Vec<(usize, &BTreeSet<String>)> = zones.collect();
            let asked: Vec<(&Stratum, usize, &BTreeSet<String>)> =
                strata.iter().flat_map(|stratum| zones.iter().map(|(zone, names)| (*stratum, *zone, *names))).collect();
            // All are collected before the first failure is picked, so that it is the same one on any number of threads.
            let answers: Vec<Result<Vec<Right>, PolicyError>> =
                asked.par_iter().map(|(stratum, _, names)| self.right(&may, sensor, kinds, names, stratum)).collect();
            let mut allowed: BTreeMap<&Stratum, Vec<(usize, Vec<Right>)>> = BTreeMap::new();
            for ((stratum, zone, _), answers) in asked.into_iter().zip(answers) {
                allowed.entry(stratum).or_default().push((zone, answers?));
            }
            for (place, rights) in all.iter_mut().enumerate() {
                let from = from_when(&stretches, |stratum| {
                    let mut may = vec![Right::Nothing; numbers];
                    for (zone, answers) in allowed.get(stratum).into_iter().flatten() {
                        let answer = answers.get(place).copied().unwrap_or_default();
                        may.get_mut(*zone).into_iter().for_each(|may| *may = answer);
                    }
                    may
                });
                rights.insert(number, from);
            }
        }
        Ok(all)
    }

    /// How much of what a sensor detects in a set of zones and a stratum of time each partner may have fused. With one view
    /// a part is all: nothing else is there to lose a track by it.
    fn right(
        &self,
        may: &FuseRights<'_>,
        sensor: &Sensor,
        kinds: &BTreeSet<(&str, bool)>,
        zones: &BTreeSet<String>,
        stratum: &Stratum,
    ) -> Result<Vec<Right>, PolicyError> {
        let any = may.of_any(classes(sensor, kinds, zones, stratum))?;
        let every = match classes(sensor, kinds, zones, stratum).next().filter(|_| self.has_views) {
            Some(like) if any.contains(&true) => may.of_every(&like)?,
            _ => vec![true; any.len()],
        };
        let right = |(any, every)| match (any, every) {
            (false, _) => Right::Nothing,
            (true, false) => Right::Part,
            (true, true) => Right::All,
        };
        Ok(any.into_iter().zip(every).map(right).collect())
    }

    fn lane(
        &self,
        basis: &LaneBasis<'_>,
        ground: &mut Ground,
        covers: &BTreeMap<usize, Covers>,
        rights: &Rights,
    ) -> Result<Lane, ScanError> {
        let mut permitted = Vec::new();
        for (class, key) in &self.classes {
            let cut = self.levels.get(class).filter(|cut| cut.coarsen_m.is_some() || !cut.omit.is_empty());
            let source = self.sources.get(&(key.owner.as_str(), key.label.as_str()));
            permitted.resize(*class as usize, None);
            permitted.push(source.map(|&source| Permitted { source, cut: cut.cloned() }));
        }
        let mut masks: BTreeMap<usize, Masks> = BTreeMap::new();
        let sensors = named(basis.catalogue, self.sensors.keys());
        for (number, sensor) in &sensors {
            let Some((from, covers)) = rights.get(number).zip(covers.get(number)) else { continue };
            let of_sector = of_sectors(ground, covers, from, basis.shared_share)?;
            masks.insert(*number, Masks { looks_us: looks_between(sensor, self.span_us), of_sector });
        }
        let of_whole = |sensor: usize| Some((covers.get(&sensor)?.get(&None)?, rights.get(&sensor)?));
        let without_height = self.levels.values().any(|cut| cut.omit.contains(&Measured::Height));
        let on_earth = basis.catalogue.frame == Frame::Geodetic;
        Ok(Lane {
            partners: Vec::new(),
            detections: self.detections,
            span_us: self.span_us,
            sources: self.sources.keys().map(|(owner, label)| ((*owner).to_owned(), (*label).to_owned())).collect(),
            permitted,
            views: Sightlines::new(&sensors, ground, of_whole)?,
            least_share: if self.has_views { basis.shared_share } else { 1.0 },
            masks,
            planes: ground.planes().clone(),
            // On Earth a position without its height is not one in a plane.
            extent: if without_height && on_earth { Extent::Space } else { extent(&sensors) },
            heights_m: heights_m(&sensors),
            reports_per_s: reports_per_s(&sensors),
            corrections: Corrections::default(),
        })
    }
}

/// What holds from when on, stretch by stretch; the first from before the first look on, wherever its stretch began.
fn from_when(stretches: &[(i64, &Stratum)], holds: impl Fn(&Stratum) -> Vec<Right>) -> Vec<(i64, Vec<Right>)> {
    let mut from: Vec<(i64, Vec<Right>)> = Vec::new();
    for (start_us, stratum) in stretches {
        let holds = holds(stratum);
        match from.last() {
            None => from.push((i64::MIN, holds)),
            Some((_, before)) if *before == holds => {}
            Some(_) => from.push((*start_us, holds)),
        }
    }
    from
}

/// The classes of detections that a sensor has had, in a set of zones and a stratum of time.
fn classes<'a>(
    sensor: &'a Sensor,
    kinds: &'a BTreeSet<(&'a str, bool)>,
    zones: &'a BTreeSet<String>,
    stratum: &'a Stratum,
) -> impl Iterator<Item = ClassKey> + 'a {
    kinds.iter().map(move |&(label, identified)| ClassKey {
        sensor: sensor.name.clone(),
        owner: sensor.owner.clone(),
        kind: sensor.kind.name().to_owned(),
        label: label.to_owned(),
        zones: zones.clone(),
        periods: stratum.periods.clone(),
        identified,
        placed: true,
        waited_us: stratum.waited_us,
    })
}
