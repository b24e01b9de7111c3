//! Trajectory GOSPA: GOSPA over a whole record, with a price on changing which track stands for which object.
//!
//! `T-GOSPA^p = min over π_1..π_T of Σ_k [ Σ_(i,j) matched at k d^p + c^p/2 · (missed_k + false_k) ] + γ^p · Σ_k s(π_k, π_k+1)`
//! where `π_k` assigns objects to tracks one to one, a pair counts as matched where both exist with d < c, and every
//! object adds to s 1 if it changes from one track to another, 1/2 if it changes from a track to none or back.
//! García-Fernández, Rahmathullah and Svensson, *IEEE TSP* 68, 2020, eqs. 7 to 11. An assignment may be kept through
//! scans in which the pair is not matched.
//!
//! Computed exactly, not by the linear relaxation: Viterbi over the joint assignments of each component of pairs that
//! are ever nearer than the cut-off (any other pair is never worth an assignment). The switching cost is a sum of
//! steps of 1/2, "drop one" and "take one", so the best predecessor of all assignments is found in two sweeps along
//! the lattice of assignments instead of all against all. Work and memory grow with the number of joint assignments;
//! beyond [`STATES_MAX`] the answer is an error.
#![expect(clippy::indexing_slicing, reason = "states and edges are numbered here")]

use std::collections::{BTreeMap, BTreeSet};

use super::assignment::DisjointSets;
use super::gospa::Counts;
use super::ospa::{Trajectory, present};
use super::{ScoreError, check_metric, pairs, power, root};

/// Joint assignments that one component may have.
pub const STATES_MAX: usize = 1 << 18;

/// Parameters of T-GOSPA.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TGospa {
    /// c: a pair farther apart than this is a miss and a false track.
    pub cutoff_m: f64,
    /// p: at least 1.
    pub order: f64,
    /// γ: the price of a switch from one track to another; 0 or more.
    pub switch_m: f64,
}

/// T-GOSPA of a record: `total^p = localisation + missed + false_tracks + switches`, the last four to the power p.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TGospaParts {
    /// The metric in metres. Over T scans, `total / T^(1/p)` compares with RMS GOSPA.
    pub total: f64,
    /// `Σ d^p` over matched pairs and scans.
    pub localisation: f64,
    /// `c^p/2` for each scan of an object without a track.
    pub missed: f64,
    /// `c^p/2` for each scan of a track without an object.
    pub false_tracks: f64,
    /// `γ^p` for each switch.
    pub switches: f64,
    /// Points of each kind, over all scans.
    pub counts: Counts,
    /// Switches; a change between a track and none is a half.
    pub switch_count: f64,
}

/// T-GOSPA between objects and tracks, over all scans in which any exists.
///
/// # Errors
/// If a parameter is out of range, a position is not finite, or a component has more than [`STATES_MAX`] joint
/// assignments.
pub fn t_gospa(truth: &[Trajectory], estimates: &[Trajectory], metric: TGospa) -> Result<TGospaParts, ScoreError> {
    let TGospa { cutoff_m, order, switch_m } = metric;
    check_metric(cutoff_m, order)?;
    if !(0.0..=1e12).contains(&switch_m) {
        return Err(ScoreError::Parameter { parameter: "switch_m", found: switch_m, wanted: "0 to 1e12 metres" });
    }
    let near = near_by_scan(truth, estimates, cutoff_m, order)?;
    let prices = Prices { matched: power(cutoff_m, order), half_switch: 0.5 * power(switch_m, order) };
    let mut best = Path::default();
    for component in components(&near, truth.len()) {
        best = best.plus(&component.best_path(&near, prices)?);
    }
    let points = |tracks: &[Trajectory]| tracks.iter().map(|track| track.positions_m.len()).sum();
    let (truths, tracks): (usize, usize) = (points(truth), points(estimates));
    let counts = Counts {
        matched: best.matched,
        missed: truths as u64 - best.matched,
        false_tracks: tracks as u64 - best.matched,
    };
    let (missed, false_tracks) =
        (0.5 * prices.matched * counts.missed as f64, 0.5 * prices.matched * counts.false_tracks as f64);
    let switches = prices.half_switch * best.half_switches as f64;
    Ok(TGospaParts {
        total: root(best.localisation + missed + false_tracks + switches, order),
        localisation: best.localisation,
        missed,
        false_tracks,
        switches,
        counts,
        switch_count: 0.5 * best.half_switches as f64,
    })
}

/// What a matched pair saves and what a step of 1/2 costs, to the power p.
#[derive(Clone, Copy, Debug)]
struct Prices {
    matched: f64,
    half_switch: f64,
}

/// `d^p` of the pairs nearer than the cut-off in one scan.
type Near = BTreeMap<(u32, u32), f64>;

fn near_by_scan(
    truth: &[Trajectory],
    estimates: &[Trajectory],
    cutoff_m: f64,
    order: f64,
) -> Result<Vec<Near>, ScoreError> {
    let existing: BTreeSet<usize> =
        truth.iter().chain(estimates).flat_map(|track| track.positions_m.keys().copied()).collect();
    let mut scans = Vec::with_capacity(existing.len());
    for scan in existing {
        let (rows, truth_m) = present(truth.iter(), scan);
        let (columns, estimates_m) = present(estimates.iter(), scan);
        let mut near = Near::new();
        pairs::within(&truth_m, &estimates_m, cutoff_m, |row, pairs| {
            for pair in pairs {
                near.insert((rows[row], columns[pair.estimate as usize]), power(pair.distance_m, order));
            }
            Ok(())
        })?;
        scans.push(near);
    }
    Ok(scans)
}

/// Objects and tracks that are connected by pairs which were near in some scan.
struct Component {
    /// The pairs, by object, then by track.
    edges: Vec<(u32, u32)>,
}

/// In ascending order of their first objects.
fn components(near: &[Near], truths: usize) -> Vec<Component> {
    let edges: BTreeSet<(u32, u32)> = near.iter().flat_map(|near| near.keys().copied()).collect();
    let tracks = edges.iter().map(|&(_, track)| track as usize + 1).max().unwrap_or(0);
    let mut sets = DisjointSets::new(truths + tracks);
    for &(object, track) in &edges {
        sets.join(object as usize, truths + track as usize);
    }
    let mut components: BTreeMap<usize, Component> = BTreeMap::new();
    for &edge in &edges {
        let root = sets.root(edge.0 as usize);
        components.entry(root).or_insert_with(|| Component { edges: Vec::new() }).edges.push(edge);
    }
    components.into_values().collect()
}

/// The joint assignments of a component, smaller ones first: number 0 is "nobody has a track".
struct States {
    /// For each but the first: the assignment without its last pair, and that pair.
    grown_from: Vec<(u32, u32)>,
    /// (assignment, the same without one pair), by the first.
    links: Vec<(u32, u32)>,
}

/// The best history that ends in an assignment.
#[derive(Clone, Copy, Debug, Default)]
struct Path {
    cost: f64,
    localisation: f64,
    matched: u64,
    half_switches: u64,
}

impl Path {
    fn plus(&self, other: &Self) -> Self {
        Self {
            cost: self.cost + other.cost,
            localisation: self.localisation + other.localisation,
            matched: self.matched + other.matched,
            half_switches: self.half_switches + other.half_switches,
        }
    }
}

impl Component {
    fn best_path(&self, near: &[Near], prices: Prices) -> Result<Path, ScoreError> {
        let states = self.states()?;
        let step = Path { cost: prices.half_switch, localisation: 0.0, matched: 0, half_switches: 1 };
        let mut paths = vec![Path::default(); states.grown_from.len() + 1];
        let mut now = paths.clone();
        let mut saved = vec![Path::default(); self.edges.len()];
        // A scan without a near pair of this component changes nothing: assignments wait for free.
        let scans = near.iter().filter(|near| self.edges.iter().any(|edge| near.contains_key(edge)));
        for (index, near) in scans.enumerate() {
            if index > 0 {
                for &(from, to) in states.links.iter().rev() {
                    relax(&mut paths, from, to, &step);
                }
                for &(to, from) in &states.links {
                    relax(&mut paths, from, to, &step);
                }
            }
            for (saved, edge) in saved.iter_mut().zip(&self.edges) {
                *saved = near.get(edge).map_or_else(Path::default, |&localisation| Path {
                    cost: localisation - prices.matched,
                    localisation,
                    matched: 1,
                    half_switches: 0,
                });
            }
            for (state, &(from, edge)) in (1..).zip(&states.grown_from) {
                now[state] = now[from as usize].plus(&saved[edge as usize]);
            }
            for (path, now) in paths.iter_mut().zip(&now) {
                *path = path.plus(now);
            }
        }
        let mut best = paths[0];
        for path in &paths {
            if path.cost < best.cost {
                best = *path;
            }
        }
        Ok(best)
    }

    /// All one-to-one assignments along the edges, each grown from a smaller one by a pair of a later object.
    #[expect(clippy::cast_possible_truncation, reason = "at most `STATES_MAX` states, and fewer edges than that")]
    fn states(&self) -> Result<States, ScoreError> {
        let mut number: BTreeMap<Vec<u32>, u32> = BTreeMap::from([(Vec::new(), 0)]);
        let mut all: Vec<Vec<u32>> = vec![Vec::new()];
        let (mut grown_from, mut links) = (Vec::new(), Vec::new());
        let mut next = 0;
        while let Some(state) = all.get(next).cloned() {
            let first = state.last().map_or(0, |&last| last as usize + 1);
            for edge in first..self.edges.len() {
                let (object, track) = self.edges[edge];
                if state.iter().map(|&held| self.edges[held as usize]).any(|held| held.0 == object || held.1 == track) {
                    continue;
                }
                if all.len() >= STATES_MAX {
                    return Err(self.too_many());
                }
                let mut grown = state.clone();
                grown.push(edge as u32);
                for dropped in 0..grown.len() {
                    let mut smaller = grown.clone();
                    smaller.remove(dropped);
                    links.push((all.len() as u32, number[&smaller]));
                }
                grown_from.push((next as u32, edge as u32));
                number.insert(grown.clone(), all.len() as u32);
                all.push(grown);
            }
            next += 1;
        }
        Ok(States { grown_from, links })
    }

    fn too_many(&self) -> ScoreError {
        let mut objects: Vec<_> = self.edges.iter().map(|edge| edge.0).collect();
        let mut tracks: Vec<_> = self.edges.iter().map(|edge| edge.1).collect();
        for ids in [&mut objects, &mut tracks] {
            ids.sort_unstable();
            ids.dedup();
        }
        ScoreError::TooManyStates { truths: objects.len(), estimates: tracks.len(), limit: STATES_MAX }
    }
}

/// Of equal costs the path that was there stays.
fn relax(paths: &mut [Path], from: u32, to: u32, step: &Path) {
    let candidate = paths[from as usize].plus(step);
    if candidate.cost < paths[to as usize].cost {
        paths[to as usize] = candidate;
    }
}
