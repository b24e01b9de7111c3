//! Marginals of large clusters by loopy belief propagation.
//!
//! μ_ij = ψ_ij / (1 + Σ_{k≠j} ψ_ik ν_ki), ν_ji = 1 / (1 + Σ_{l≠i} μ_lj), until no ν moves by more than the
//! tolerance; p_ij = ψ_ij ν_ji / (1 + Σ_k ψ_ik ν_ki). Williams and Lau, IEEE TAES 50(4), 2014. The sums that leave one
//! term out are built from both ends, never by subtraction: one ψ may be 10⁸ times the others.

use super::super::config::Association;
use super::Cluster;

/// Scratch memory.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    to_detection: Vec<f32>,
    to_track: Vec<f32>,
    /// Edges by detection.
    column: Vec<u32>,
    column_starts: Vec<u32>,
    sums: Vec<f32>,
}

/// Runs to convergence or to the bound on iterations; says whether it converged.
#[expect(clippy::indexing_slicing, reason = "sized here")]
#[expect(clippy::cast_possible_truncation, reason = "edges of a cluster are counted in 32 bits")]
pub(super) fn propagate(
    cluster: &mut Cluster<'_>,
    detections: &[u32],
    how: &Association,
    scratch: &mut Scratch,
) -> bool {
    let edges = &mut *cluster.edges;
    let Scratch { to_detection, to_track, column, column_starts, sums } = scratch;
    let local: Vec<u32> = edges.iter().map(|edge| detections.partition_point(|d| *d < edge.detection) as u32).collect();
    column_starts.clear();
    column_starts.resize(detections.len() + 1, 0);
    for &d in &local {
        column_starts[d as usize + 1] += 1;
    }
    for d in 0..detections.len() {
        column_starts[d + 1] += column_starts[d];
    }
    let mut next = column_starts.clone();
    column.clear();
    column.resize(edges.len(), 0);
    for (edge, &d) in local.iter().enumerate() {
        column[next[d as usize] as usize] = edge as u32;
        next[d as usize] += 1;
    }
    to_track.clear();
    to_track.resize(edges.len(), 1.0);
    to_detection.clear();
    to_detection.resize(edges.len(), 0.0);
    let mut converged = false;
    for _ in 0..how.iterations_max {
        let mut start = 0;
        for &count in cluster.counts {
            let row = start..start + count as usize;
            start = row.end;
            let terms = row.clone().map(|e| edges[e].weight * to_track[e]);
            others(terms, sums);
            for (e, rest) in row.zip(sums.iter()) {
                to_detection[e] = edges[e].weight / rest;
            }
        }
        let mut moved = 0.0f32;
        for d in 0..detections.len() {
            let entries = &column[column_starts[d] as usize..column_starts[d + 1] as usize];
            others(entries.iter().map(|&e| to_detection[e as usize]), sums);
            for (&e, rest) in entries.iter().zip(sums.iter()) {
                let message = 1.0 / rest;
                moved = moved.max((message - to_track[e as usize]).abs());
                to_track[e as usize] = message;
            }
        }
        if moved < how.tolerance {
            converged = true;
            break;
        }
    }
    let mut start = 0;
    for (&count, nothing) in cluster.counts.iter().zip(cluster.nothing.iter_mut()) {
        let row = start..start + count as usize;
        start = row.end;
        let mut sum = 1.0;
        for e in row.clone() {
            edges[e].weight *= to_track[e];
            sum += edges[e].weight;
        }
        for edge in &mut edges[row] {
            edge.weight /= sum;
        }
        *nothing = 1.0 / sum;
    }
    converged
}

/// For each term one more than the sum of all others, from both ends.
#[expect(clippy::indexing_slicing, reason = "sized here")]
fn others(terms: impl DoubleEndedIterator<Item = f32> + ExactSizeIterator + Clone, sums: &mut Vec<f32>) {
    sums.clear();
    let mut before = 1.0;
    for term in terms.clone() {
        sums.push(before);
        before += term;
    }
    let mut behind = 0.0;
    let last = terms.len();
    for (n, term) in terms.rev().enumerate() {
        sums[last - 1 - n] += behind;
        behind += term;
    }
}
