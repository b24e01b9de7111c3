//! One scan as every score sees it: objects, estimates, the pairs that are near, and who is matched to whom.
//!
//! What needs nothing but the scan is done here, for several scans at once.

use rayon::prelude::*;

use super::ScoreError;
use super::assignment::{Costs, EDGES_MAX, Edge, Skip};
use super::gospa::{Gospa, GospaParts, Match, of_costs};
use super::pairs::{Pair, within};
use super::states::{There, TrackState};
use super::{is, power};

/// The zones of a place, by number.
pub type ZonesAt<'a> = dyn Fn([f64; 3]) -> Vec<usize> + Sync + 'a;

/// Points of the scans that are solved together: what bounds the memory beside one scan for each core.
const POINTS_MAX: usize = 1 << 18;

/// What is asked of every scan.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) metric: Gospa,
    /// Estimates that are near no object are left out.
    pub(super) partial_truth: bool,
    pub(super) zones: Option<&'a ZonesAt<'a>>,
}

/// A scan as it is read.
#[derive(Debug)]
pub(super) struct Scan {
    pub(super) time_us: i64,
    /// Scans before it.
    pub(super) number: u64,
    pub(super) truth: Vec<There>,
    pub(super) estimates: Vec<TrackState>,
}

/// Pairs nearer than the cut-off, by object.
#[derive(Debug, Default)]
pub(super) struct Near {
    ends: Vec<usize>,
    pairs: Vec<Pair>,
}

/// A scan that is solved.
#[derive(Debug)]
pub(super) struct Scene {
    pub(super) time_us: i64,
    pub(super) number: u64,
    pub(super) truth: Vec<There>,
    pub(super) estimates: Vec<TrackState>,
    pub(super) near: Near,
    pub(super) parts: GospaParts,
    /// By object, the estimate that it is matched to.
    pub(super) matched: Vec<Option<Pair>>,
    /// Estimates that were left out.
    pub(super) unjudged: u64,
    /// Zones of every object, and of every estimate; empty where nobody asks.
    pub(super) zones: [Vec<Vec<usize>>; 2],
}

/// Scans that wait to be solved.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    scans: Vec<Scan>,
    points: usize,
}

impl Waiting {
    /// Takes in a scan; whether those that wait should be solved.
    pub(super) fn push(&mut self, scan: Scan) -> bool {
        self.points += scan.truth.len() + scan.estimates.len();
        self.scans.push(scan);
        self.points >= POINTS_MAX && self.scans.len() >= rayon::current_num_threads()
            || self.scans.len() >= 64 * rayon::current_num_threads()
    }

    /// Solves what waits, in order.
    pub(super) fn solve(&mut self, asked: Asked<'_>) -> Vec<Result<Scene, ScoreError>> {
        self.points = 0;
        std::mem::take(&mut self.scans).into_par_iter().map(|scan| Scene::solve(scan, asked)).collect()
    }
}

impl Near {
    fn of(truth: &[[f64; 3]], estimates: &[[f64; 3]], cutoff_m: f64) -> Result<Self, ScoreError> {
        let mut near = Self::default();
        within(truth, estimates, cutoff_m, |_, pairs| {
            near.pairs.extend_from_slice(pairs);
            near.ends.push(near.pairs.len());
            if near.pairs.len() > EDGES_MAX {
                return Err(ScoreError::TooManyPairs { cutoff_m, limit: EDGES_MAX });
            }
            Ok(())
        })?;
        Ok(near)
    }

    /// The pairs of each object, in order of their estimates.
    pub(super) fn rows(&self) -> impl Iterator<Item = &[Pair]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| self.pairs.get(start..end).unwrap_or_default())
    }

    /// An assignment over all pairs.
    pub(super) fn costs(
        &self,
        columns: usize,
        skip: Skip,
        mut cost: impl FnMut(usize, &Pair) -> f64,
    ) -> Result<Costs, ScoreError> {
        let mut costs = Costs::new(columns, skip)?;
        let mut edges = Vec::new();
        for (row, pairs) in self.rows().enumerate() {
            edges.clear();
            edges.extend(pairs.iter().map(|pair| Edge { column: pair.estimate, cost: cost(row, pair) }));
            costs.push_row(&edges)?;
        }
        Ok(costs)
    }

    /// Leaves out estimates without a pair: those that have one, by their numbers before.
    fn compact(&mut self, estimates: usize) -> Vec<usize> {
        let mut number: Vec<Option<u32>> = vec![None; estimates];
        for pair in &self.pairs {
            number.get_mut(pair.estimate as usize).into_iter().for_each(|place| *place = Some(0));
        }
        for (place, next) in number.iter_mut().flatten().zip(0..) {
            *place = next;
        }
        for pair in &mut self.pairs {
            pair.estimate = number.get(pair.estimate as usize).copied().flatten().unwrap_or_default();
        }
        number.iter().enumerate().filter(|(_, place)| place.is_some()).map(|(kept, _)| kept).collect()
    }
}

impl Scene {
    fn solve(scan: Scan, Asked { metric, partial_truth, zones }: Asked<'_>) -> Result<Self, ScoreError> {
        let Scan { time_us, number, truth, mut estimates } = scan;
        let truth_m: Vec<_> = truth.iter().map(|there| there.position_m).collect();
        let places = |estimates: &[TrackState]| estimates.iter().map(|state| state.position_m).collect::<Vec<_>>();
        let mut estimates_m = places(&estimates);
        let mut near = Near::of(&truth_m, &estimates_m, metric.cutoff_m)?;
        let all = estimates.len();
        if partial_truth {
            let kept = near.compact(all);
            estimates = kept.into_iter().filter_map(|place| estimates.get(place).copied()).collect();
            estimates_m = places(&estimates);
        }
        let half = 0.5 * power(metric.cutoff_m, metric.order);
        let skip = Skip { row: half, column: half };
        let costs = near.costs(estimates.len(), skip, |_, pair| power(pair.distance_m, metric.order))?;
        let (parts, matches) = of_costs(&costs, &truth_m, &estimates_m, metric);
        let mut matched = vec![None; truth.len()];
        for Match { truth, estimate, distance_m } in matches {
            let estimate = u32::try_from(estimate).unwrap_or(u32::MAX);
            matched.get_mut(truth).into_iter().for_each(|place| *place = Some(Pair { estimate, distance_m }));
        }
        let zones_of = |places: &[[f64; 3]]| zones.map_or_else(Vec::new, |at| places.iter().map(|m| at(*m)).collect());
        let zones = [zones_of(&truth_m), zones_of(&estimates_m)];
        let unjudged = (all - estimates.len()) as u64;
        Ok(Self { time_us, number, truth, estimates, near, parts, matched, unjudged, zones })
    }

    /// Every object with the estimate that it is matched to.
    pub(super) fn objects(&self) -> impl Iterator<Item = (&There, Option<(&TrackState, f64)>)> {
        self.truth.iter().zip(&self.matched).map(|(there, pair)| {
            let state = pair.and_then(|pair| Some((self.estimates.get(pair.estimate as usize)?, pair.distance_m)));
            (there, state)
        })
    }
}

/// OSPA of a scan from the parts of GOSPA: the two share their assignment.
pub(super) fn ospa_of(parts: &GospaParts, Gospa { cutoff_m, order }: Gospa) -> f64 {
    let counts = parts.counts;
    let (m, k) = (counts.matched + counts.missed, counts.matched + counts.false_tracks);
    if m.max(k) == 0 {
        return 0.0;
    }
    let beyond = power(cutoff_m, order);
    let sum = parts.powers.localisation + beyond * (m.max(k) - counts.matched) as f64;
    let mean = sum / m.max(k) as f64;
    if is(order, 1.0) { mean } else { super::root(mean, order) }
}
