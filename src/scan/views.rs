//! Views of a lane: groups of its sensors that see the same objects, and where each of them sees.
//!
//! The catalogue names them (`view = "…"`); a sensor that it puts into none is a view of its own. Only sensors that the lane
//! may use count, so neither how many views there are nor their numbers hang on what is hidden from it.

use super::coverage::{Ground, Right};
use super::error::ScanError;
use super::mask::{Mask, Sight};
use super::shape::Shape;
use super::stations::Station;
use super::{VIEWS_MAX, Views};
use crate::sensor::Sensor;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// From which time on what holds.
pub(super) type From<T> = Vec<(i64, T)>;

/// The views of a lane; nothing where it has one.
#[derive(Debug, Default)]
pub(super) struct Sightlines {
    /// The view of each sensor.
    of: BTreeMap<usize, usize>,
    views: Vec<View>,
}

#[derive(Debug)]
struct View {
    of: ViewOf,
    from: From<Arc<Mask>>,
}

/// What a view is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ViewOf {
    /// The least variance of a position, or of a radar's range, that its sensors measure, m².
    pub variance_m2: f32,
    /// How often an object reports in the mean, microseconds, the longest of its sensors; `None` if one of them looks.
    pub expected_interval_us: Option<i64>,
}

/// The sensors of each view, in an order that does not hang on that of the catalogue.
///
/// # Errors
/// More views than a lane may have.
pub(super) fn grouped(sensors: &[(usize, &Sensor)]) -> Result<Vec<Vec<usize>>, ScanError> {
    let mut groups: BTreeMap<(bool, &str), Vec<usize>> = BTreeMap::new();
    for (number, sensor) in sensors {
        let key = sensor.view.as_deref().map_or((false, sensor.name.as_str()), |view| (true, view));
        groups.entry(key).or_default().push(*number);
    }
    if groups.len() > VIEWS_MAX {
        let names: BTreeSet<&str> = sensors.iter().map(|(_, sensor)| sensor.name.as_str()).collect();
        let sensors = names.into_iter().collect::<Vec<_>>().join("`, `");
        return Err(ScanError::TooManyViews { found: groups.len(), sensors });
    }
    Ok(groups.into_values().collect())
}

impl Sightlines {
    /// Of sensors over one ground, of which `rights` says what each covers and how much of it may be fused, from when on.
    ///
    /// # Errors
    /// More views than a lane may have.
    pub(super) fn new<'r>(
        sensors: &[(usize, &Sensor)],
        ground: &mut Ground,
        rights: impl Fn(usize) -> Option<Covers<'r>>,
    ) -> Result<Self, ScanError> {
        let groups = grouped(sensors)?;
        if groups.len() < 2 {
            return Ok(Self::default());
        }
        let mut to = Self::default();
        for (number, group) in groups.into_iter().enumerate() {
            let from = united(&group.iter().filter_map(|sensor| rights(*sensor)).collect::<Vec<_>>(), ground)?;
            let own = || sensors.iter().filter(|(sensor, _)| group.contains(sensor)).map(|(_, sensor)| *sensor);
            let variance_m2 = own().map(Sensor::variance_m2).fold(f32::INFINITY, f32::min);
            let intervals: Option<Vec<i64>> = own().map(|sensor| sensor.looks.expected_interval_us()).collect();
            let expected_interval_us = intervals.and_then(|intervals| intervals.into_iter().max());
            to.of.extend(group.iter().map(|sensor| (*sensor, number)));
            to.views.push(View { of: ViewOf { variance_m2, expected_interval_us }, from });
        }
        Ok(to)
    }

    /// Which view looks when a sensor does, and where each of them sees at that time.
    pub(super) fn at(&self, sensor: usize, start_us: i64) -> Views<'_> {
        let sights = self.views.iter().map(|view| Some(Sight::Mask(holding(&view.from, start_us)?.as_ref())));
        let sights: Option<Vec<_>> = sights.collect();
        let looking = self.of.get(&sensor).copied().unwrap_or_default();
        let reports = self.views.get(looking).is_some_and(|view| view.of.expected_interval_us.is_some());
        Views { looking, reports, sights: sights.unwrap_or_default() }
    }

    /// What each view is made of.
    pub(super) fn of(&self) -> Vec<ViewOf> {
        self.views.iter().map(|view| view.of).collect()
    }
}

/// What holds at a time.
pub(super) fn holding<T>(from: &From<T>, time_us: i64) -> Option<&T> {
    let after = from.partition_point(|(from_us, _)| *from_us <= time_us);
    from.get(after.checked_sub(1)?).map(|(_, what)| what)
}

/// Of a sensor what it covers, and how much of it may be fused.
pub(super) type Covers<'r> = (&'r From<Station>, &'r From<Vec<Right>>);

/// The times at which one of two things changes.
pub(super) fn changes<A, B>(one: &From<A>, other: &From<B>) -> BTreeSet<i64> {
    one.iter().map(|(from_us, _)| *from_us).chain(other.iter().map(|(from_us, _)| *from_us)).collect()
}

/// Where any of some sensors sees, from when on.
fn united(all: &[Covers<'_>], ground: &mut Ground) -> Result<From<Arc<Mask>>, ScanError> {
    let times: BTreeSet<i64> = all.iter().flat_map(|(stations, rights)| changes(stations, rights)).collect();
    let mut united = From::new();
    for from_us in times {
        let at = |(stations, rights): &Covers<'_>| {
            Some((holding(stations, from_us)?.clone(), holding(rights, from_us)?.clone()))
        };
        let now: Vec<(Station, Vec<Right>)> = all.iter().filter_map(at).collect();
        let shapes = now.iter().filter_map(|(station, _)| Some((station.coverage, station.shape.clone()?)));
        let shapes: BTreeMap<usize, Shape> = shapes.collect();
        let now: BTreeSet<(usize, Vec<Right>)> =
            now.into_iter().map(|(station, rights)| (station.coverage, rights)).collect();
        if !now.is_empty() {
            united.push((from_us, ground.view_at(now.into_iter().collect(), &shapes)?));
        }
    }
    Ok(united)
}
