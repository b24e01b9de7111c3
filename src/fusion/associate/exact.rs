//! Exact marginals of small clusters: closed forms, then sums over subsets.
//!
//! The weight of a joint hypothesis is the product of its ψ; tracks without a detection and detections without a
//! track weigh 1. One side of the bipartite graph, the smaller, becomes bits; the elements u of the other side are
//! taken one after another: F_u\[S\] is the weight of all ways in which the first u use the set S, B_u\[S\] that of all
//! ways to finish after S. Then p(u, b) ∝ ψ_ub Σ_{S∌b} F_{u-1}\[S\] B_u\[S ∪ b\]. Each layer is scaled by its largest
//! element, each u by the sum of its ψ, so that nothing overflows.

use super::Cluster;

/// Most subsets of one cluster, summed over its larger side.
pub const TABLE_MAX: usize = 1 << 16;
/// Most elements of its smaller side.
pub const BITS_MAX: usize = 10;
/// Most elements of its larger side.
pub const OUTER_MAX: usize = 255;

/// Scratch memory.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    forward: Vec<f32>,
    backward: Vec<f32>,
    /// Edges ordered by outer element: (outer, bit, index of the edge).
    links: Vec<(u32, u32, u32)>,
    starts: Vec<usize>,
    track_of: Vec<u32>,
    free: Vec<f32>,
    values: Vec<f32>,
}

/// One track: p_j = ψ_j / (1 + Σ ψ).
pub(super) fn one_track(cluster: &mut Cluster<'_>) {
    let mut sum = 1.0;
    for edge in cluster.edges.iter() {
        sum += edge.weight;
    }
    for edge in cluster.edges.iter_mut() {
        edge.weight /= sum;
    }
    cluster.nothing.fill(1.0 / sum);
}

/// Whether the sum over subsets is small enough: at most `exact_max` bits.
pub(super) fn affordable(cluster: &Cluster<'_>, detections: usize, exact_max: u32) -> bool {
    let tracks = cluster.counts.len();
    let (bits, outer) = if detections <= tracks { (detections, tracks) } else { (tracks, detections) };
    bits <= BITS_MAX.min(exact_max as usize) && outer <= OUTER_MAX && outer << bits <= TABLE_MAX
}

/// Sums over subsets of the smaller side.
#[expect(clippy::indexing_slicing, reason = "tables are sized here")]
pub(super) fn subsets(cluster: &mut Cluster<'_>, detections: &[u32], scratch: &mut Scratch) {
    let tracks = cluster.counts.len();
    let by_track = detections.len() <= tracks;
    let (bits, outer) = if by_track { (detections.len(), tracks) } else { (tracks, detections.len()) };
    let size = 1usize << bits;
    link(cluster, detections, scratch);
    let Scratch { forward, backward, links, starts, free, values, .. } = scratch;
    forward.clear();
    forward.resize((outer + 1) * size, 0.0);
    backward.clear();
    backward.resize((outer + 1) * size, 1.0);
    forward[0] = 1.0;
    for u in 0..outer {
        let (before, after) = forward[u * size..(u + 2) * size].split_at_mut(size);
        let links = &links[starts[u]..starts[u + 1]];
        for (to, from) in after.iter_mut().zip(before.iter()) {
            *to = free[u] * from;
        }
        for link in links {
            let (bit, w) = (1 << link.1, free[u] * cluster.edges[link.2 as usize].weight);
            for set in (0..size).filter(|set| set & bit != 0) {
                after[set] += w * before[set ^ bit];
            }
        }
        scale(after);
    }
    for u in (0..outer).rev() {
        let (to, after) = backward[u * size..(u + 2) * size].split_at_mut(size);
        for (to, from) in to.iter_mut().zip(after.iter()) {
            *to = free[u] * from;
        }
        for link in &links[starts[u]..starts[u + 1]] {
            let (bit, w) = (1 << link.1, free[u] * cluster.edges[link.2 as usize].weight);
            for set in (0..size).filter(|set| set & bit == 0) {
                to[set] += w * after[set | bit];
            }
        }
        scale(to);
    }
    cluster.nothing.fill(0.0);
    for u in 0..outer {
        let before = &forward[u * size..(u + 1) * size];
        let after = &backward[(u + 1) * size..(u + 2) * size];
        let alone = free[u] * folded(values, (0..size).map(|set| before[set] * after[set]));
        let mut total = alone;
        for link in &links[starts[u]..starts[u + 1]] {
            let (bit, edge) = (1 << link.1, &mut cluster.edges[link.2 as usize]);
            let without = |set: usize| if set & bit == 0 { before[set] * after[set | bit] } else { 0.0 };
            let ways = folded(values, (0..size).map(without));
            edge.weight = free[u] * edge.weight * ways;
            total += edge.weight;
        }
        for link in &links[starts[u]..starts[u + 1]] {
            cluster.edges[link.2 as usize].weight /= total;
        }
        if by_track {
            cluster.nothing[u] = alone / total;
        }
    }
    if !by_track {
        let last = &forward[outer * size..];
        let total = folded(values, last.iter().copied());
        for (track, nothing) in cluster.nothing.iter_mut().enumerate() {
            let without = |set: usize| if set & (1 << track) == 0 { last[set] } else { 0.0 };
            *nothing = folded(values, (0..size).map(without)) / total;
        }
    }
}

/// Lists the links of every outer element, and the weight of its staying alone.
#[expect(clippy::indexing_slicing, reason = "tables are sized here")]
#[expect(clippy::cast_possible_truncation, reason = "elements of a cluster are counted in 32 bits")]
fn link(cluster: &Cluster<'_>, detections: &[u32], scratch: &mut Scratch) {
    let tracks = cluster.counts.len();
    let by_track = detections.len() <= tracks;
    let outer = if by_track { tracks } else { detections.len() };
    let Scratch { links, starts, track_of, free, .. } = scratch;
    links.clear();
    track_of.clear();
    for (track, &count) in (0u32..).zip(cluster.counts) {
        track_of.extend(core::iter::repeat_n(track, count as usize));
    }
    for (index, edge) in (0u32..).zip(cluster.edges.iter()) {
        let detection = detections.partition_point(|d| *d < edge.detection) as u32;
        let track = track_of[index as usize];
        links.push(if by_track { (track, detection, index) } else { (detection, track, index) });
    }
    if !by_track {
        links.sort_unstable();
    }
    starts.clear();
    starts.extend((0..=outer as u32).map(|u| links.partition_point(|link| link.0 < u)));
    // The weight of an outer element that stays alone, with its links scaled to sum to at most 1.
    free.clear();
    for u in 0..outer {
        let sum: f32 = links[starts[u]..starts[u + 1]].iter().map(|link| cluster.edges[link.2 as usize].weight).sum();
        free.push(1.0 / (1.0 + sum));
    }
}

/// The sum of a power of two of terms, folded in halves: an order that many invocations can keep together.
#[expect(clippy::indexing_slicing, reason = "sized here")]
fn folded(values: &mut Vec<f32>, terms: impl Iterator<Item = f32>) -> f32 {
    values.clear();
    values.extend(terms);
    let mut half = values.len() / 2;
    while half > 0 {
        for s in 0..half {
            values[s] += values[s + half];
        }
        half /= 2;
    }
    values[0]
}

/// Divides a layer by its largest element.
fn scale(layer: &mut [f32]) {
    let largest = layer.iter().fold(0.0f32, |a, b| a.max(*b));
    if largest > 0.0 {
        for x in layer {
            *x /= largest;
        }
    }
}
