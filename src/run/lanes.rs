//! Segments to lanes: what each lane may see, from when to when, of whom, and where it could have seen.

use super::coverage::{mask, plane};
use super::looks::Looks;
use super::measure::Extent;
use super::{RunConfig, RunError};
use crate::fusion::arrays::SOURCES_MAX;
use crate::fusion::batch::LaneSetup;
use crate::fusion::undetected::{Mask, Plane, Prior, Undetected};
use crate::ingest::{Catalogue, Pass, Recording, Sensor};
use crate::policy::{
    ClassKey, ClassSummary, Classifier, Decisions, FuseRights, Measured, Obligations, Policy, Strata, Stratum, ZoneMap,
    kind_name,
};
use crate::space::Frame;
use std::collections::{BTreeMap, BTreeSet};

/// One lane: a segment of the recording, and the partners whose pictures come from it.
#[derive(Debug)]
pub(super) struct Lane {
    /// Partners, as the policy numbers them.
    pub(super) partners: Vec<usize>,
    /// Detections in these classes.
    pub(super) detections: u64,
    /// First and last time of a detection that it may fuse.
    pub(super) span_us: [i64; 2],
    /// Owners and labels that it can tell apart; their places are the sources of fusion.
    pub(super) sources: Vec<(String, String)>,
    /// By number of the class, what the lane gets of it; beyond the last one nothing.
    given: Vec<Option<Given>>,
    /// Where each sensor's look could have seen, in each stratum of time.
    masks: BTreeMap<usize, BTreeMap<Stratum, Mask>>,
    plane: Plane,
    /// Whether any of its sensors knows heights.
    pub(super) extent: Extent,
}

/// What a lane gets of a class of detections.
#[derive(Clone, Debug)]
pub(super) struct Given {
    /// Place of its owner and label among the lane's sources.
    pub(super) source: u8,
    /// What its level demands; `None` where that changes no detection.
    pub(super) cut: Option<Obligations<Measured>>,
}

/// What lanes are made from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Basis<'a> {
    /// The files that every pass reads.
    pub(super) recording: &'a Recording,
    /// What the first pass gave: all later ones must give the same.
    pub(super) pass: Pass,
    /// The classes of the first pass, by their keys.
    pub(super) classifier: &'a Classifier,
    /// The sensors.
    pub(super) catalogue: &'a Catalogue,
    /// The rules.
    pub(super) policy: &'a Policy,
    /// The zones of the rules, in the recording's frame.
    pub(super) zones: &'a ZoneMap,
    /// The stretches of time that the rules tell apart.
    pub(super) strata: &'a Strata,
    /// The time that rules may ask for.
    pub(super) as_of_us: Option<i64>,
    /// Parameters.
    pub(super) config: &'a RunConfig,
    /// All classes of the recording.
    pub(super) classes: &'a [ClassKey],
    /// Their counts and times.
    pub(super) summaries: &'a [ClassSummary],
}

impl Lane {
    /// The lanes of a recording. Partners share one only if they may fuse the same classes and could have seen the
    /// same places.
    ///
    /// # Errors
    /// If a rule fails, or a lane has more sources than fusion can tell apart.
    pub(super) fn all(basis: &Basis<'_>, decisions: &Decisions) -> Result<Vec<Self>, RunError> {
        let mut lanes: Vec<Self> = Vec::new();
        for segment in decisions.segments() {
            let first = lanes.len();
            for &partner in &segment.partners {
                let lane = Self::of(basis, &segment.classes, partner)?;
                let same = lanes.iter_mut().skip(first).find(|known| known.masks == lane.masks);
                match same {
                    Some(known) => known.partners.push(partner),
                    None => lanes.push(lane),
                }
            }
        }
        Ok(lanes)
    }

    /// A lane of detections of one owner without a policy, class 0: it may see all that `sensors` see.
    ///
    /// # Errors
    /// If the sensors cover more than a plane can hold.
    pub(super) fn open(
        catalogue: &Catalogue,
        sensors: &BTreeSet<usize>,
        span_us: [i64; 2],
        config: &RunConfig,
    ) -> Result<Self, RunError> {
        let frame = catalogue.frame;
        let used: Vec<(usize, &Sensor)> =
            catalogue.sensors.iter().enumerate().filter(|(index, _)| sensors.contains(index)).collect();
        let plane = plane_over(&used, frame, config)?;
        let seen = |&(index, sensor): &(usize, &Sensor)| {
            Ok((index, BTreeMap::from([(Stratum::default(), mask(&plane, sensor, frame, |_| true)?)])))
        };
        Ok(Self {
            partners: Vec::new(),
            detections: 0,
            span_us,
            sources: vec![(String::new(), String::new())],
            given: vec![Some(Given { source: 0, cut: None })],
            masks: used.iter().map(seen).collect::<Result<_, RunError>>()?,
            extent: extent(&used),
            plane,
        })
    }

    fn of(basis: &Basis<'_>, classes: &BTreeMap<u32, Obligations<Measured>>, partner: usize) -> Result<Self, RunError> {
        let catalogue = basis.catalogue;
        let keys: Vec<(u32, &ClassKey, &ClassSummary)> = classes
            .keys()
            .filter_map(|&c| Some((c, basis.classes.get(c as usize)?, basis.summaries.get(c as usize)?)))
            .collect();
        let first_us = keys.iter().map(|(_, _, summary)| summary.first_us).min().unwrap_or(0);
        let last_us = keys.iter().map(|(_, _, summary)| summary.last_us).max().unwrap_or(0);
        let names: BTreeSet<&str> = keys.iter().map(|(_, key, _)| key.sensor.as_str()).collect();
        let sensors: Vec<(usize, &Sensor)> =
            catalogue.sensors.iter().enumerate().filter(|(_, sensor)| names.contains(sensor.name.as_str())).collect();
        let sources: BTreeSet<(String, String)> =
            keys.iter().map(|(_, key, _)| (key.owner.clone(), key.label.clone())).collect();
        let sources: Vec<(String, String)> = sources.into_iter().collect();
        if sources.len() > SOURCES_MAX {
            let partner = basis.policy.partners().get(partner).map_or_else(String::new, |p| p.id.clone());
            return Err(RunError::TooManySources { partner, found: sources.len() });
        }
        let source = |key: &ClassKey| {
            let place = sources.iter().position(|(owner, label)| *owner == key.owner && *label == key.label);
            place.and_then(|place| u8::try_from(place).ok()).unwrap_or(0)
        };
        let mut given = Vec::new();
        for (class, key, _) in &keys {
            let cut = classes.get(class).filter(|cut| cut.coarsen_m.is_some() || !cut.omit.is_empty());
            given.resize(*class as usize, None);
            given.push(Some(Given { source: source(key), cut: cut.cloned() }));
        }
        let without_height = classes.values().any(|cut| cut.omit.contains(&Measured::Height));
        let plane = plane_over(&sensors, catalogue.frame, basis.config)?;
        let mut lane = Self {
            partners: vec![partner],
            detections: keys.iter().map(|(_, _, summary)| summary.count).sum(),
            span_us: [first_us, last_us],
            given,
            sources,
            masks: BTreeMap::new(),
            // On Earth a position without its height is not one in a plane.
            extent: if without_height && catalogue.frame == Frame::Geodetic { Extent::Space } else { extent(&sensors) },
            plane,
        };
        let mut rights = FuseRights::new(basis.policy, partner, basis.as_of_us)?;
        for (index, sensor) in sensors {
            let kinds: BTreeSet<(&str, bool)> = keys
                .iter()
                .filter(|(_, key, _)| key.sensor == sensor.name)
                .map(|(_, key, _)| (key.label.as_str(), key.identified))
                .collect();
            let masks = lane.masks_of(basis, sensor, &kinds, &mut rights)?;
            lane.masks.insert(index, masks);
        }
        Ok(lane)
    }

    /// The masks of one sensor for every stratum within the lane's span.
    fn masks_of(
        &self,
        basis: &Basis<'_>,
        sensor: &Sensor,
        kinds: &BTreeSet<(&str, bool)>,
        rights: &mut FuseRights<'_>,
    ) -> Result<BTreeMap<Stratum, Mask>, RunError> {
        let mut masks = BTreeMap::new();
        let [first_us, last_us] = self.span_us;
        for stratum in basis.strata.between(first_us, last_us) {
            let mut failed = None;
            let mut known: BTreeMap<BTreeSet<String>, bool> = BTreeMap::new();
            let mut allowed = |zones: &BTreeSet<String>| {
                kinds.iter().any(|(label, identified)| {
                    let class = ClassKey {
                        sensor: sensor.name.clone(),
                        owner: sensor.owner.clone(),
                        kind: kind_name(&sensor.kind).to_owned(),
                        label: (*label).to_owned(),
                        zones: zones.clone(),
                        periods: stratum.periods.clone(),
                        identified: *identified,
                        placed: true,
                        waited_us: stratum.waited_us,
                    };
                    rights.may_fuse(&class).unwrap_or_else(|error| {
                        failed.get_or_insert(error);
                        false
                    })
                })
            };
            let seen = mask(&self.plane, sensor, basis.catalogue.frame, |ground| {
                let zones = basis.zones.zones_at(ground).into_owned();
                known.get(&zones).copied().unwrap_or_else(|| {
                    let answer = allowed(&zones);
                    known.insert(zones, answer);
                    answer
                })
            })?;
            if let Some(error) = failed {
                return Err(error.into());
            }
            masks.insert(stratum, seen);
        }
        Ok(masks)
    }

    /// What the lane gets of a class; `None`: nothing.
    #[must_use]
    pub(super) fn given(&self, class: u32) -> Option<&Given> {
        self.given.get(class as usize)?.as_ref()
    }

    /// Whether it gets some detections other than as they were measured.
    #[must_use]
    pub(super) fn cuts(&self) -> bool {
        self.given.iter().flatten().any(|given| given.cut.is_some())
    }

    /// Where a sensor's look could have seen; `None` if the lane may not use the sensor.
    #[must_use]
    pub(super) fn mask(&self, sensor: usize, stratum: &Stratum) -> Option<&Mask> {
        let masks = self.masks.get(&sensor)?;
        masks.get(stratum).or_else(|| masks.values().next())
    }

    /// The looks of the sensors that the lane may use.
    #[must_use]
    pub(super) fn looks(&self, catalogue: &Catalogue) -> Looks {
        let used = catalogue.sensors.iter().enumerate().filter(|(index, _)| self.masks.contains_key(index));
        Looks::new(used, self.span_us)
    }

    /// The fusion problem before its first scan.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
    pub(super) fn setup(&self, frame: Frame, config: &RunConfig) -> LaneSetup {
        let births = &config.fusion.undetected;
        let planar = self.extent == Extent::Plane;
        let height_m = if planar { 0.0 } else { (super::measure::HEIGHT_M / 2.0) as f32 };
        LaneSetup {
            radial: frame == Frame::Geodetic,
            undetected: Undetected::Field {
                density: vec![(births.initial_per_km2 * 1e-6) as f32; self.plane.len()],
                plane: self.plane.clone(),
                birth: (births.births_per_km2_h * 1e-6 / 3600.0) as f32,
                prior: Prior {
                    speed_m_s: births.speed_m_s,
                    climb_m_s: if planar { 0.0 } else { births.climb_m_s },
                    height_m,
                },
            },
        }
    }
}

/// Space as soon as one of some sensors knows heights.
fn extent(sensors: &[(usize, &Sensor)]) -> Extent {
    let heights = sensors.iter().any(|(_, sensor)| sensor.height_span_m().is_some());
    if heights { Extent::Space } else { Extent::Plane }
}

/// The plane over the coverage of a lane's sensors, whatever their order in the catalogue.
fn plane_over(sensors: &[(usize, &Sensor)], frame: Frame, config: &RunConfig) -> Result<Plane, RunError> {
    let cell_m = f64::from(config.fusion.undetected.cell_km.get()) * 1e3;
    let mut by_name = sensors.to_vec();
    by_name.sort_by(|a, b| a.1.name.cmp(&b.1.name));
    plane(by_name.iter().map(|(_, sensor)| *sensor), frame, cell_m)
}
