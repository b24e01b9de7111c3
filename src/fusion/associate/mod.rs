//! Turns likelihood ratios into probabilities, cluster by cluster, in one of two modes.
//!
//! - `soft`: the marginal probability of every hypothesis, exact in small clusters (closed forms, then sums over
//!   subsets, `exact`), by loopy belief propagation in large ones (`belief`).
//! - `assign`: the most likely one-to-one assignment (`assign`); each track then keeps only its assigned
//!   detection, weighed as if it were alone with it (the IPDA ratio).
//!
//! A cluster is decided by itself: its own tolerance test, its own iteration count. Nothing crosses lanes.

mod assign;
mod belief;
mod exact;

pub use assign::{CLAIM_BITS, CUT_WEIGHT, GATHER, LOOKED_MAX, PREFERENCE, ROUNDS_MAX, SCATTER, SEARCH_MAX};
pub use exact::{BITS_MAX, OUTER_MAX, TABLE_MAX};

use super::arrays::{AT_REST, Arrays, BLOCK, Host, Hypothesis, LaneStep};
use super::cluster::Clusters;
use super::config::{Association, Mode};
use rayon::prelude::*;

/// What association did, summed over clusters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Clusters solved exactly.
    pub exact: u64,
    /// Clusters solved by belief propagation.
    pub belief: u64,
    /// Of these, those that reached the bound on iterations first; in mode `assign`, tracks left alone at the bound on rounds.
    pub unconverged: u64,
    /// Clusters assigned one to one.
    pub assigned: u64,
}

impl Tally {
    /// Adds another tally.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            exact: self.exact + other.exact,
            belief: self.belief + other.belief,
            unconverged: self.unconverged + other.unconverged,
            assigned: self.assigned + other.assigned,
        }
    }
}

/// One cluster: its tracks' rows of edges.
#[derive(Debug)]
pub struct Cluster<'a> {
    /// Places of its tracks, in their order.
    pub tracks: &'a [u32],
    /// The first place of their lane.
    pub first: u32,
    /// Number of edges of each track; the edges lie one row after another.
    pub counts: &'a [u32],
    /// ψ in, probabilities out.
    pub edges: &'a mut [Hypothesis],
    /// Probability that a track made no detection, out.
    pub nothing: &'a mut [f32],
}

/// Scratch memory of one task.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    detections: Vec<u32>,
    belief: belief::Scratch,
    exact: exact::Scratch,
    assign: assign::Scratch,
}

/// Fills the weights of all edges and rows. Rows of tracks without edges are filled too; in mode `assign` a row keeps
/// only its assigned edge.
pub fn associate(arrays: &mut Arrays<Host>, clusters: &Clusters, how: &Association) -> Tally {
    let Arrays { rows, edges, lane, looks, .. } = arrays;
    let mut nothing = vec![1.0f32; clusters.members.len()];
    let tasks = split(clusters, edges, &mut nothing);
    let tally = tasks
        .into_par_iter()
        .map_init(Scratch::default, |scratch, task| solve(clusters, task, (how, lane, looks), scratch))
        .reduce(Tally::default, Tally::and);
    let edges_in = &*edges;
    rows.par_iter_mut().zip(clusters.place.par_iter()).with_min_len(4096).for_each(|(row, &place)| {
        if row.start == AT_REST {
            return;
        }
        let nothing = nothing.get(place as usize).copied().unwrap_or(1.0);
        let undetected = row.missed;
        row.missed = nothing * (undetected / (1.0 + undetected));
        row.gone = nothing * (1.0 / (1.0 + undetected));
        if place == u32::MAX {
            row.count = 0;
        } else if how.mode == Mode::Assign {
            // The assigned edge is the first of its row; the others weigh nothing.
            let kept = edges_in.get(row.start as usize).is_some_and(|edge| edge.weight > 0.0);
            row.count = u32::from(kept);
        }
    });
    tally
}

/// Clusters that one task solves.
const CHUNK: usize = 256;

struct Task<'a> {
    first: usize,
    last: usize,
    edges: &'a mut [Hypothesis],
    nothing: &'a mut [f32],
}

#[expect(clippy::indexing_slicing, reason = "starts are counted")]
fn split<'a>(clusters: &Clusters, mut edges: &'a mut [Hypothesis], mut nothing: &'a mut [f32]) -> Vec<Task<'a>> {
    let mut tasks = Vec::with_capacity(clusters.len() / CHUNK + 1);
    for first in (0..clusters.len()).step_by(CHUNK) {
        let last = (first + CHUNK).min(clusters.len());
        let (e, e_rest) = edges.split_at_mut((clusters.edge_starts[last] - clusters.edge_starts[first]) as usize);
        let (n, n_rest) = nothing.split_at_mut((clusters.starts[last] - clusters.starts[first]) as usize);
        (edges, nothing) = (e_rest, n_rest);
        tasks.push(Task { first, last, edges: e, nothing: n });
    }
    tasks
}

#[expect(clippy::indexing_slicing, reason = "starts are counted")]
fn solve(
    clusters: &Clusters,
    task: Task<'_>,
    (how, lane, looks): (&Association, &[u32], &[LaneStep]),
    scratch: &mut Scratch,
) -> Tally {
    let mut tally = Tally::default();
    let (mut edges, mut nothing) = (task.edges, task.nothing);
    for c in task.first..task.last {
        let members = clusters.starts[c] as usize..clusters.starts[c + 1] as usize;
        let (e, e_rest) = edges.split_at_mut((clusters.edge_starts[c + 1] - clusters.edge_starts[c]) as usize);
        let (n, n_rest) = nothing.split_at_mut(members.len());
        (edges, nothing) = (e_rest, n_rest);
        let (tracks, counts) = (&clusters.members[members.clone()], &clusters.counts[members]);
        let first = looks[lane[tracks[0] as usize / BLOCK] as usize].first_track;
        decide(&mut Cluster { tracks, first, counts, edges: e, nothing: n }, how, scratch, &mut tally);
    }
    tally
}

/// Chooses the method for one cluster, every track of which has an edge.
pub(crate) fn decide(cluster: &mut Cluster<'_>, how: &Association, scratch: &mut Scratch, tally: &mut Tally) {
    if how.mode == Mode::Assign {
        tally.unconverged += assign::solve(cluster, &mut scratch.assign);
        tally.assigned += 1;
        return;
    }
    if cluster.counts.len() == 1 {
        exact::one_track(cluster);
        tally.exact += 1;
        return;
    }
    scratch.detections.clear();
    scratch.detections.extend(cluster.edges.iter().map(|edge| edge.detection));
    scratch.detections.sort_unstable();
    scratch.detections.dedup();
    if exact::affordable(cluster, scratch.detections.len(), how.exact_max) {
        exact::subsets(cluster, &scratch.detections, &mut scratch.exact);
        tally.exact += 1;
    } else {
        let converged = belief::propagate(cluster, &scratch.detections, how, &mut scratch.belief);
        tally.belief += 1;
        tally.unconverged += u64::from(!converged);
    }
}

#[cfg(test)]
mod tests;
