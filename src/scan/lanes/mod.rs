//! Lanes: what each may see, from when to when, of whom, and where it could have seen.

#[cfg(feature = "policy")]
mod segments; // segments of a policy -> lanes

#[cfg(feature = "policy")]
pub(crate) use segments::LaneBasis;

use super::Views;
use super::cells::Planes;
use super::corrections::Corrections;
use super::coverage::{Ground, Right};
use super::error::{ScanError, require};
use super::looks::Look;
use super::mask::Mask;
use super::measure::{Extent, HEIGHT_M};
use super::plan::looks_between;
use super::planes::planes;
use super::stations::{Station, stations};
use super::views::{From, Sightlines, ViewOf, changes, holding};
use crate::ingest::Catalogue;
use crate::obligations::{Measured, Obligations};
use crate::sensor::{Looks, Sensor};
use crate::space::Frame;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One lane: a segment of the recording, and the partners whose pictures come from it.
#[derive(Debug)]
pub struct Lane {
    /// Partners, as the policy numbers them.
    pub(crate) partners: Vec<usize>,
    /// Detections in these classes.
    pub(crate) detections: u64,
    /// First and last time of a detection that it may fuse.
    pub(crate) span_us: [i64; 2],
    /// Owners and labels that it can tell apart; their places are the sources of fusion.
    pub(crate) sources: Vec<(String, String)>,
    /// By number of the class, what the lane gets of it; beyond the last one nothing.
    permitted: Vec<Option<Permitted>>,
    /// Where each sensor's looks could have seen.
    masks: BTreeMap<usize, Masks>,
    /// Its views, and where each of them sees.
    views: Sightlines,
    /// The least share of a sensor's detections that it may have where it may have any.
    least_share: f32,
    planes: Planes,
    /// Whether any of its sensors knows heights.
    pub(crate) extent: Extent,
    /// From the lowest height that its sensors cover to the highest, or more.
    heights_m: f64,
    reports_per_s: f64,
    /// What its measurements are corrected by.
    pub(super) corrections: Corrections,
}

/// Where the looks of one sensor could have seen, from the lane's first look to its last.
#[derive(Debug)]
struct Masks {
    /// When these two begin.
    looks_us: [i64; 2],
    /// By sector, from which time on which mask holds.
    of_sector: BTreeMap<Sector, From<Arc<Mask>>>,
}

/// A sector, in bits; `None`: all that a sensor covers.
type Sector = Option<[u64; 2]>;
/// What a sensor covers, from when on.
type Covers = BTreeMap<Sector, From<Station>>;

/// What a lane gets of a class of detections.
#[derive(Clone, Debug)]
pub(crate) struct Permitted {
    /// Place of its owner and label among the lane's sources.
    pub(crate) source: u8,
    /// What its level demands; `None` where that changes no detection.
    pub(crate) cut: Option<Obligations<Measured>>,
}

impl Lane {
    /// A lane without a policy, which may see all that `sensors`, indices in the catalogue, see; its field has cells of
    /// about `cell_m`.
    ///
    /// # Errors
    /// An index of no sensor.
    pub fn open(
        catalogue: &Catalogue,
        sensors: impl IntoIterator<Item = usize>,
        cell_m: f64,
    ) -> Result<Self, ScanError> {
        let at = || "lane".to_owned();
        require(at, ("edge of a cell", cell_m), |m| *m > 0.0 && m.is_finite(), "metres, above 0")?;
        let numbers: BTreeSet<usize> = sensors.into_iter().collect();
        let beyond = numbers.iter().find(|number| **number >= catalogue.sensors.len());
        require(at, ("sensor", beyond), Option::is_none, "indices of sensors in the catalogue")?;
        let used = named(catalogue, numbers.iter());
        let ever = [i64::MIN, i64::MAX];
        let mut ground = Ground::new(planes_over(&used, ever, catalogue.frame, cell_m), catalogue.frame, None);
        let everything: From<Vec<Right>> = vec![(i64::MIN, vec![Right::All])];
        let covers: BTreeMap<usize, Covers> =
            used.iter().map(|(number, sensor)| (*number, covers(&mut ground, sensor, ever))).collect();
        let mut masks: BTreeMap<usize, Masks> = BTreeMap::new();
        for (number, covers) in &covers {
            let of_sector = of_sectors(&mut ground, covers, &everything, 1.0)?;
            masks.insert(*number, Masks { looks_us: [i64::MIN, i64::MAX], of_sector });
        }
        let rights = |sensor: usize| Some((covers.get(&sensor)?.get(&None)?, &everything));
        Ok(Self {
            partners: Vec::new(),
            detections: 0,
            span_us: [i64::MIN, i64::MAX],
            sources: vec![(String::new(), String::new())],
            permitted: vec![Some(Permitted { source: 0, cut: None })],
            views: Sightlines::new(&used, &mut ground, rights)?,
            least_share: 1.0,
            masks,
            extent: extent(&used),
            heights_m: heights_m(&used),
            reports_per_s: reports_per_s(&used),
            planes: ground.planes().clone(),
            corrections: Corrections::default(),
        })
    }

    /// The same as a run has it under rules that withhold nothing: where there are several views, as many looks are taken on either side
    /// of a rest as if they might.
    #[must_use]
    pub(crate) fn like_a_run(mut self, shared_share: f32) -> Self {
        if self.views_of().len() > 1 {
            self.least_share = shared_share;
        }
        self
    }

    /// Has its measurements corrected.
    #[cfg(feature = "policy")]
    pub(crate) fn correct(&mut self, corrections: Corrections) {
        self.corrections = corrections;
    }

    /// The cells over all that its sensors cover.
    #[must_use]
    pub fn planes(&self) -> &Planes {
        &self.planes
    }

    /// Where its objects move.
    #[must_use]
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// How far apart the heights of its objects may be.
    #[must_use]
    pub fn heights_m(&self) -> f64 {
        self.heights_m
    }

    /// How often an object reports, one over seconds, if all that it hears of them is reports; else 0: who looks tells
    /// better.
    #[must_use]
    pub fn reports_per_s(&self) -> f64 {
        self.reports_per_s
    }

    /// What the lane gets of a class; `None`: nothing.
    #[must_use]
    pub(crate) fn permitted(&self, class: u32) -> Option<&Permitted> {
        self.permitted.get(class as usize)?.as_ref()
    }

    /// Whether it gets some detections other than as they were measured.
    #[must_use]
    pub(crate) fn cuts(&self) -> bool {
        self.permitted.iter().flatten().any(|permitted| permitted.cut.is_some())
    }

    /// Where a look could have seen: rights are those of the time at which it begins.
    ///
    /// # Errors
    /// If the lane has no such look: a fault of this program, which must not pass for a look that sees everything.
    pub(crate) fn mask(&self, look: &Look) -> Result<&Mask, ScanError> {
        let Look { sensor, start_us, sector_deg, .. } = *look;
        let masks = self.masks.get(&sensor).filter(|masks| {
            let [first_us, last_us] = masks.looks_us;
            (first_us..=last_us).contains(&start_us)
        });
        let mask = masks.and_then(|Masks { of_sector, .. }| holding(of_sector.get(&bits(sector_deg))?, start_us));
        mask.map(AsRef::as_ref).ok_or_else(|| {
            let found = format!("a look of sensor number {sensor} that begins at {start_us} microseconds");
            ScanError::NotAllowed { found }
        })
    }

    /// Which view looks when a sensor's look begins at `start_us`, and where each of the lane's views sees then.
    #[must_use]
    pub(crate) fn views(&self, sensor: usize, start_us: i64) -> Views<'_> {
        self.views.at(sensor, start_us)
    }

    /// What each of its views is made of, by number; nothing where it has one view.
    #[must_use]
    pub fn views_of(&self) -> Vec<ViewOf> {
        self.views.of()
    }

    /// Whether the lane may use a sensor.
    #[must_use]
    pub(crate) fn uses(&self, sensor: usize) -> bool {
        self.masks.contains_key(&sensor)
    }

    /// The sensors that the lane may use, each with its index.
    #[must_use]
    pub(crate) fn sensors<'a>(&self, catalogue: &'a Catalogue) -> Vec<(usize, &'a Sensor)> {
        named(catalogue, self.masks.keys())
    }

    /// The least share of its sensors' detections that it is taken to have where it may have any.
    #[must_use]
    pub(crate) fn least_share(&self) -> f32 {
        self.least_share
    }

    /// Reports that its picture could ask for: at multiples of a period from each row on, until no track can be left or
    /// the next look tells.
    #[must_use]
    pub(crate) fn reports(&self, catalogue: &Catalogue, period_us: i64, horizon_us: i64) -> u64 {
        let [first_us, last_us] = self.span_us;
        let sensors = self.sensors(catalogue);
        let look_us = sensors.iter().filter_map(|(_, sensor)| sensor.looks.period_us()).min().unwrap_or(0);
        let of_row = u64::try_from(horizon_us.saturating_add(look_us) / period_us).unwrap_or(0).saturating_add(2);
        let of_span = last_us.abs_diff(first_us) / u64::try_from(period_us).unwrap_or(1).max(1) + 1;
        of_row.saturating_mul(self.detections).min(of_span)
    }
}

/// All that a sensor covers over a span of time, and the sectors that its looks swept.
fn covers(ground: &mut Ground, sensor: &Sensor, span_us: [i64; 2]) -> Covers {
    let span_us = if sensor.kind.platform().is_some() { looks_over(sensor, span_us) } else { span_us };
    let mut covers = Covers::from([(None, stations(ground, sensor, None, span_us))]);
    for sector_deg in sensor.sectors_deg() {
        covers.insert(bits(Some(sector_deg)), stations(ground, sensor, Some(sector_deg), span_us));
    }
    covers
}

/// By sector, from when on where the looks of a sensor could have seen.
fn of_sectors(
    ground: &mut Ground,
    covers: &Covers,
    rights: &From<Vec<Right>>,
    part: f32,
) -> Result<BTreeMap<Sector, From<Arc<Mask>>>, ScanError> {
    let mut of_sector = BTreeMap::new();
    for (sector, stations) in covers {
        let mut from = From::new();
        for from_us in changes(stations, rights) {
            let Some((station, allowed)) = holding(stations, from_us).zip(holding(rights, from_us)) else { continue };
            from.push((from_us, ground.mask_at(station, allowed, part)?));
        }
        of_sector.insert(*sector, from);
    }
    Ok(of_sector)
}

fn bits(sector_deg: Option<[f64; 2]>) -> Sector {
    sector_deg.map(|sector_deg| sector_deg.map(f64::to_bits))
}

/// Sensors by number.
fn named<'a, 'n>(catalogue: &'a Catalogue, numbers: impl Iterator<Item = &'n usize>) -> Vec<(usize, &'a Sensor)> {
    numbers.filter_map(|&number| Some((number, catalogue.sensors.get(number)?))).collect()
}

/// Space as soon as one of some sensors knows heights.
fn extent(sensors: &[(usize, &Sensor)]) -> Extent {
    let heights = sensors.iter().any(|(_, sensor)| sensor.height_span_m().is_some());
    if heights { Extent::Space } else { Extent::Plane }
}

/// From the lowest height that some sensors cover to the highest, at least what a radar sees to.
fn heights_m(sensors: &[(usize, &Sensor)]) -> f64 {
    let covered = sensors.iter().filter_map(|(_, sensor)| sensor.coverage.height_m());
    let [low, high] =
        covered.fold([f64::INFINITY, f64::NEG_INFINITY], |all, [low, high]| [low.min(all[0]), high.max(all[1])]);
    (high - low).max(HEIGHT_M)
}

/// Over the longest interval at which objects report to some sensors; 0 if one of these looks.
fn reports_per_s(sensors: &[(usize, &Sensor)]) -> f64 {
    let intervals_us = sensors.iter().map(|(_, sensor)| match sensor.looks {
        Looks::Reports { expected_interval_us } => Some(expected_interval_us),
        Looks::Periodic { .. } | Looks::Listed(_) | Looks::Rotating(_) => None,
    });
    let longest_us = intervals_us.collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().max());
    longest_us.map_or(0.0, |us| 1e6 / us as f64)
}

/// The planes over the coverage of a lane's sensors, whatever their order in the catalogue.
fn planes_over(sensors: &[(usize, &Sensor)], span_us: [i64; 2], frame: Frame, cell_m: f64) -> Planes {
    let mut by_name: Vec<&Sensor> = sensors.iter().map(|(_, sensor)| *sensor).collect();
    by_name.sort_by(|a, b| a.name.cmp(&b.name));
    let over: Vec<(&Sensor, [i64; 2])> =
        by_name.into_iter().map(|sensor| (sensor, looks_over(sensor, span_us))).collect();
    planes(&over, frame, cell_m)
}

/// From the beginning of the first look of a sensor that meets a span of time to that of the last.
fn looks_over(sensor: &Sensor, span_us: [i64; 2]) -> [i64; 2] {
    if span_us == [i64::MIN, i64::MAX] { span_us } else { looks_between(sensor, span_us) }
}
