//! Views of a lane: groups of its sensors that see the same objects, and where each of them sees.
//!
//! The catalogue names them (`view = "…"`); a sensor that it puts into none is a view of its own. Only sensors that the lane
//! may use count, so neither how many views there are nor their numbers hang on what is hidden from it.

use super::error::ScanError;
use super::mask::{Mask, Sight};
use super::{VIEWS_MAX, Views};
use crate::sensor::Sensor;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// From which time on which mask holds.
pub(super) type From = Vec<(i64, Arc<Mask>)>;

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
    from: From,
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
    /// Of the masks of sensors, which cover one plane.
    ///
    /// # Errors
    /// More views than a lane may have.
    pub(super) fn new<'m>(
        sensors: &[(usize, &Sensor)],
        masks: impl Fn(usize) -> Option<&'m From>,
    ) -> Result<Self, ScanError> {
        let groups = grouped(sensors)?;
        if groups.len() < 2 {
            return Ok(Self::default());
        }
        let mut to = Self::default();
        for (number, group) in groups.into_iter().enumerate() {
            let from = united(&group.iter().filter_map(|sensor| masks(*sensor)).collect::<Vec<_>>())?;
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

/// The mask that holds at a time.
pub(super) fn holding(from: &From, time_us: i64) -> Option<&Arc<Mask>> {
    let after = from.partition_point(|(from_us, _)| *from_us <= time_us);
    from.get(after.checked_sub(1)?).map(|(_, mask)| mask)
}

/// Where any of some sensors sees, from when on.
fn united(all: &[&From]) -> Result<From, ScanError> {
    let times: BTreeSet<i64> = all.iter().flat_map(|from| from.iter().map(|(from_us, _)| *from_us)).collect();
    let mut known: BTreeMap<Vec<*const Mask>, Arc<Mask>> = BTreeMap::new();
    let mut united = From::new();
    for from_us in times {
        let masks = all.iter().filter_map(|from| holding(from, from_us));
        let masks: BTreeMap<*const Mask, &Arc<Mask>> = masks.map(|mask| (Arc::as_ptr(mask), mask)).collect();
        let key: Vec<_> = masks.keys().copied().collect();
        let mask = if let Some(mask) = known.get(&key) {
            Arc::clone(mask)
        } else {
            let mut masks = masks.into_values();
            let Some(first) = masks.next() else { continue };
            let mask = masks.try_fold(Arc::clone(first), |all, mask| all.union(mask).map(Arc::new))?;
            Arc::clone(known.entry(key).or_insert(mask))
        };
        united.push((from_us, mask));
    }
    Ok(united)
}
