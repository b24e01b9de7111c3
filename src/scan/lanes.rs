//! Segments to lanes: what each lane may see, from when to when, of whom, and where it could have seen.

use super::Views;
use super::cells::Planes;
use super::coverage::{Ground, Right};
use super::detections::SOURCES_MAX;
use super::error::{ScanError, require};
use super::looks::Look;
use super::mask::Mask;
use super::measure::{Extent, HEIGHT_M};
use super::plan::looks_between;
use super::planes::planes;
use super::stations::{Station, stations};
use super::views::{From, Sightlines, ViewOf, changes, grouped, holding};
use crate::ingest::Catalogue;
use crate::policy::{
    ClassKey, ClassSummary, Decisions, FuseRights, Measured, Obligations, Policy, PolicyError, Segment, Strata,
    Stratum, ZoneMap,
};
use crate::sensor::{Looks, Sensor};
use crate::space::Frame;
use rayon::prelude::*;
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

/// For each sensor, from which time on how much of it a partner may have fused in which sets of zones, by their numbers on
/// the ground. Times at which no answer changes are not there: what concerns others moves nothing here.
/// The sensors over a ground, and the time in which one moves there.
type Over = (Vec<usize>, [i64; 2]);

type Rights = BTreeMap<usize, From<Vec<Right>>>;

impl Lane {
    /// The lanes of a recording. Partners share one only if they may fuse the same classes and could have seen the
    /// same places.
    ///
    /// # Errors
    /// If a rule fails, or a lane has more sources than fusion can tell apart.
    pub(crate) fn all(basis: &LaneBasis<'_>, decisions: &Decisions) -> Result<Vec<Self>, ScanError> {
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
            let mut ground = Ground::new(planes_over(&sensors, span_us, frame, basis.cell_m), frame, Some(basis.zones));
            let covers: BTreeMap<usize, Covers> =
                sensors.iter().map(|(number, sensor)| (*number, covers(&mut ground, sensor, span_us))).collect();
            for (place, draft) in drafts {
                lanes.extend(draft.lanes(basis, &mut ground, &covers)?.into_iter().map(|lane| (place, lane)));
            }
        }
        lanes.sort_by_key(|(place, _)| *place);
        Ok(lanes.into_iter().map(|(_, lane)| lane).collect())
    }

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
        })
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
