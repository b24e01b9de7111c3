//! Scores by part: by class of the objects, by zone, over time.

use std::collections::BTreeMap;

use serde::Serialize;

use super::gospa::{Gospa, GospaAverage, GospaMetres};
use super::identity::ratio;
use super::nees::{Nees, NeesSums};
use super::scenes::Scene;
use super::spread::mahalanobis2;

/// Stretches of time that are told apart.
const STRETCHES_MAX: i64 = 120;

/// Scores of a part. Matches are those of GOSPA.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Part {
    /// Objects there, summed over scans.
    pub truth_points: u64,
    /// Of these, objects with a match.
    pub matched: u64,
    /// Of these, objects without.
    pub missed: u64,
    /// Estimates without a match there; `None` by class: they are of none.
    pub false_tracks: Option<u64>,
    /// `matched / truth_points`.
    pub coverage: Option<f64>,
    /// `false_tracks / (matched + false_tracks)`.
    pub spuriousness: Option<f64>,
    /// Root mean square distance of matches, metres.
    pub position_rmse_m: Option<f64>,
    /// Times that an object's track differed from the last one that it had.
    pub switches: u64,
    /// Whether covariances are honest.
    pub nees: Nees,
    /// Root mean square over scans of GOSPA and its parts, metres; over time only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gospa_rms_m: Option<GospaMetres>,
}

/// Scores over a stretch of time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stretch {
    /// Where it begins, microseconds.
    pub from_us: i64,
    /// Where the next one begins.
    pub to_us: i64,
    /// Scores in it.
    #[serde(flatten)]
    pub part: Part,
}

/// Sums of a part.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    matched: u64,
    missed: u64,
    false_tracks: u64,
    metres2: f64,
    switches: u64,
    nees: NeesSums,
    gospa: GospaAverage,
}

impl Sums {
    fn add(&mut self, other: &Self) {
        self.matched += other.matched;
        self.missed += other.missed;
        self.false_tracks += other.false_tracks;
        self.metres2 += other.metres2;
        self.switches += other.switches;
        self.nees.merge(other.nees);
        self.gospa.merge(&other.gospa);
    }

    fn part(&self, [with_false, over_time]: [bool; 2]) -> Part {
        let (matched, truth_points) = (self.matched as f64, self.matched + self.missed);
        let false_tracks = self.false_tracks as f64;
        Part {
            truth_points,
            matched: self.matched,
            missed: self.missed,
            false_tracks: with_false.then_some(self.false_tracks),
            coverage: ratio(matched, truth_points as f64),
            spuriousness: ratio(false_tracks, matched + false_tracks).filter(|_| with_false),
            position_rmse_m: ratio(self.metres2, matched).map(f64::sqrt),
            switches: self.switches,
            nees: self.nees.report(),
            gospa_rms_m: self.gospa.rms().filter(|_| over_time),
        }
    }
}

/// All parts so far.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    metric: Gospa,
    /// By object, the number of its class.
    class_of: &'a [Option<u32>],
    all: Sums,
    classes: BTreeMap<u32, Sums>,
    zones: BTreeMap<Option<usize>, Sums>,
    stretches: BTreeMap<i64, Sums>,
    stretch_us: i64,
    first_us: Option<i64>,
    /// By number of the object, the track that it had last.
    last: Vec<Option<u64>>,
}

impl<'a> Parts<'a> {
    pub(super) fn new(metric: Gospa, period_us: i64, class_of: &'a [Option<u32>]) -> Self {
        Self {
            metric,
            class_of,
            all: Sums::default(),
            classes: BTreeMap::new(),
            zones: BTreeMap::new(),
            stretches: BTreeMap::new(),
            stretch_us: period_us.max(1),
            first_us: None,
            last: Vec::new(),
        }
    }

    /// Takes in a scan.
    pub(super) fn take(&mut self, scene: &Scene) {
        let mut of_scan = Sums::default();
        of_scan.gospa.add(&scene.parts, self.metric.order);
        let mut alone = vec![true; scene.estimates.len()];
        let [truth_zones, estimate_zones] = &scene.zones;
        let none = Vec::new();
        let zones = truth_zones.iter().chain(std::iter::repeat(&none));
        for ((place, (there, found)), zones) in scene.objects().enumerate().zip(zones) {
            let mut sums = Sums::default();
            if let Some((state, metres)) = found {
                if let Some(pair) = scene.matched.get(place).copied().flatten() {
                    alone.get_mut(pair.estimate as usize).into_iter().for_each(|alone| *alone = false);
                }
                (sums.matched, sums.metres2) = (1, metres * metres);
                let places = [state.position_m, there.position_m];
                if let Some(error) = state.covariance_m2.and_then(|p| mahalanobis2(places, [p, [[0.0; 3]; 3]])) {
                    sums.nees.add(error);
                }
                if self.last.len() <= there.index {
                    self.last.resize(there.index + 1, None);
                }
                if let Some(last) = self.last.get_mut(there.index) {
                    sums.switches = u64::from(last.replace(state.track).is_some_and(|last| last != state.track));
                }
            } else {
                sums.missed = 1;
            }
            of_scan.add(&sums);
            if let Some(class) = self.class_of.get(there.object as usize).copied().flatten() {
                self.classes.entry(class).or_default().add(&sums);
            }
            if !truth_zones.is_empty() {
                self.in_zones(zones, &sums);
            }
        }
        let zones = estimate_zones.iter().chain(std::iter::repeat(&none));
        for (_, zones) in alone.iter().zip(zones).filter(|(alone, _)| **alone) {
            let sums = Sums { false_tracks: 1, ..Sums::default() };
            of_scan.add(&sums);
            if !estimate_zones.is_empty() {
                self.in_zones(zones, &sums);
            }
        }
        self.all.add(&of_scan);
        self.at(scene.time_us, &of_scan);
    }

    fn in_zones(&mut self, zones: &[usize], sums: &Sums) {
        if zones.is_empty() {
            self.zones.entry(None).or_default().add(sums);
        }
        for zone in zones {
            self.zones.entry(Some(*zone)).or_default().add(sums);
        }
    }

    /// Adds to a stretch of time; stretches become twice as long where there are too many.
    fn at(&mut self, time_us: i64, sums: &Sums) {
        let first_us = *self.first_us.get_or_insert(time_us);
        while time_us.div_euclid(self.stretch_us) - first_us.div_euclid(self.stretch_us) >= STRETCHES_MAX {
            self.stretch_us = self.stretch_us.saturating_mul(2);
            for (stretch, sums) in std::mem::take(&mut self.stretches) {
                self.stretches.entry(stretch.div_euclid(2)).or_default().add(&sums);
            }
        }
        self.stretches.entry(time_us.div_euclid(self.stretch_us)).or_default().add(sums);
    }

    /// NEES over everything.
    pub(super) fn nees(&self) -> Nees {
        self.all.nees.report()
    }

    /// By class.
    pub(super) fn by_class(&self, names: &[String]) -> BTreeMap<String, Part> {
        let named =
            |(class, sums): (&u32, &Sums)| Some((names.get(*class as usize)?.clone(), sums.part([false, false])));
        self.classes.iter().filter_map(named).collect()
    }

    /// By zone; what is in none is under the empty name.
    pub(super) fn by_zone(&self, names: &[String]) -> BTreeMap<String, Part> {
        let name = |zone: &Option<usize>| zone.map_or(Some(String::new()), |zone| names.get(zone).cloned());
        self.zones.iter().filter_map(|(zone, sums)| Some((name(zone)?, sums.part([true, false])))).collect()
    }

    /// Over time.
    pub(super) fn over_time(&self) -> Vec<Stretch> {
        let stretch = |(stretch, sums): (&i64, &Sums)| Stretch {
            from_us: stretch.saturating_mul(self.stretch_us),
            to_us: stretch.saturating_add(1).saturating_mul(self.stretch_us),
            part: sums.part([true, true]),
        };
        self.stretches.iter().map(stretch).collect()
    }
}
