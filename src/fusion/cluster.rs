//! Cuts the graph of tracks and detections into clusters: connected components, labelled by their least track.
//!
//! Edges are then laid out cluster by cluster, so that `associate` works on contiguous pieces. Clusters are in the
//! order of their least tracks, tracks within a cluster in theirs; no lane shares a cluster with another.

use super::arrays::{AT_REST, Arrays, Edge, Host, Row};
use core::sync::atomic::{AtomicU32, Ordering::Relaxed};
use rayon::prelude::*;

/// The clusters of a wave.
#[derive(Debug, Default)]
pub struct Clusters {
    /// Tracks, cluster by cluster.
    pub members: Vec<u32>,
    /// Number of edges of each.
    pub counts: Vec<u32>,
    /// First member of each cluster, and the end.
    pub starts: Vec<u32>,
    /// First edge of each cluster, and the end.
    pub edge_starts: Vec<u32>,
    /// Place of each track among the members; `u32::MAX` where it has no edge.
    pub place: Vec<u32>,
    label: Vec<u32>,
    first_of: Vec<u32>,
    permuted: Vec<Edge>,
}

impl Clusters {
    /// Number of clusters.
    #[must_use]
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Finds the clusters and reorders the edges.
    #[expect(clippy::indexing_slicing, reason = "tracks and detections are within the wave")]
    #[expect(clippy::cast_possible_truncation, reason = "tracks are counted in 32 bits")]
    pub fn build(&mut self, arrays: &mut Arrays<Host>) {
        let rows = &arrays.rows;
        self.connect(rows, &arrays.edges, arrays.detections.len());
        // Number the clusters by their least tracks, then count members and edges.
        self.starts.clear();
        self.edge_starts.clear();
        self.place.clear();
        self.place.resize(rows.len(), u32::MAX);
        let mut members = vec![];
        let mut edges = vec![];
        for (track, row) in rows.iter().enumerate() {
            if self.label[track] == u32::MAX {
                continue;
            }
            let root = find(&mut self.label, track as u32) as usize;
            if root == track {
                self.place[track] = members.len() as u32;
                members.push(0u32);
                edges.push(0u32);
            }
            let cluster = self.place[root] as usize;
            self.place[track] = cluster as u32;
            members[cluster] += 1;
            edges[cluster] += row.count;
        }
        self.starts = sums(&members);
        self.edge_starts = sums(&edges);
        self.lay_out(arrays);
    }

    /// Sum of the weights of each detection's edges. No two clusters share a detection, so tasks never meet, and
    /// within a cluster the sum is in the order of tracks.
    #[must_use]
    pub fn claims(&self, arrays: &Arrays<Host>) -> Vec<f32> {
        let claims: Vec<AtomicU32> = arrays.detections.iter().map(|_| AtomicU32::new(0)).collect();
        let chunks: Vec<(u32, u32)> = (0..self.len())
            .step_by(CHUNK)
            .map(|first| (self.edge_starts[first], self.edge_starts[(first + CHUNK).min(self.len())]))
            .collect();
        chunks.into_par_iter().for_each(|(first, last)| {
            for edge in &arrays.edges[first as usize..last as usize] {
                if edge.weight.to_bits() != 0 {
                    let claim = &claims[edge.detection as usize];
                    let sum = f32::from_bits(claim.load(Relaxed)) + edge.weight;
                    claim.store(sum.to_bits(), Relaxed);
                }
            }
        });
        claims.into_iter().map(|claim| f32::from_bits(claim.into_inner())).collect()
    }

    /// Unites tracks that share a detection; the least track is the root.
    #[expect(clippy::indexing_slicing, reason = "tracks and detections are within the wave")]
    #[expect(clippy::cast_possible_truncation, reason = "tracks are counted in 32 bits")]
    fn connect(&mut self, rows: &[Row], edges: &[Edge], detections: usize) {
        self.label.clear();
        self.label.resize(rows.len(), u32::MAX);
        self.first_of.clear();
        self.first_of.resize(detections, u32::MAX);
        for (track, row) in rows.iter().enumerate() {
            if row.start == AT_REST || row.count == 0 {
                continue;
            }
            let track = track as u32;
            self.label[track as usize] = track;
            for edge in &edges[row.start as usize..(row.start + row.count) as usize] {
                let first = &mut self.first_of[edge.detection as usize];
                if *first == u32::MAX {
                    *first = track;
                } else {
                    let a = find(&mut self.label, *first);
                    let b = find(&mut self.label, track);
                    let (least, other) = if a < b { (a, b) } else { (b, a) };
                    self.label[other as usize] = least;
                }
            }
        }
    }

    /// Lists members and edges cluster by cluster and points the rows to their new places.
    #[expect(clippy::indexing_slicing, reason = "counted before")]
    #[expect(clippy::cast_possible_truncation, reason = "tracks are counted in 32 bits")]
    fn lay_out(&mut self, arrays: &mut Arrays<Host>) {
        let Arrays { rows, edges, .. } = arrays;
        self.members.clear();
        self.members.resize(self.starts.last().map_or(0, |n| *n as usize), 0);
        self.counts.clear();
        self.counts.resize(self.members.len(), 0);
        let mut next = self.starts.clone();
        let mut next_edge = self.edge_starts.clone();
        let mut from = vec![0u32; self.members.len()];
        for (track, row) in rows.iter_mut().enumerate() {
            let cluster = self.place[track] as usize;
            if cluster == u32::MAX as usize {
                continue;
            }
            let place = next[cluster];
            next[cluster] += 1;
            self.members[place as usize] = track as u32;
            self.counts[place as usize] = row.count;
            from[place as usize] = row.start;
            self.place[track] = place;
            row.start = next_edge[cluster];
            next_edge[cluster] += row.count;
        }
        self.permuted.clear();
        self.permuted.resize(edges.len(), Edge::default());
        let (counts, starts) = (&self.counts, &self.starts);
        let mut tasks = Vec::new();
        let mut rest = self.permuted.as_mut_slice();
        for first in (0..self.edge_starts.len().saturating_sub(1)).step_by(CHUNK) {
            let last = (first + CHUNK).min(self.edge_starts.len() - 1);
            let (here, behind) = rest.split_at_mut((self.edge_starts[last] - self.edge_starts[first]) as usize);
            rest = behind;
            tasks.push((starts[first] as usize..starts[last] as usize, here));
        }
        let source = &*edges;
        tasks.into_par_iter().for_each(|(range, here)| {
            let mut to = 0;
            for place in range {
                let count = counts[place] as usize;
                here[to..to + count].copy_from_slice(&source[from[place] as usize..from[place] as usize + count]);
                to += count;
            }
        });
        core::mem::swap(edges, &mut self.permuted);
    }
}

/// Clusters that one task lays out.
const CHUNK: usize = 4096;

/// Root of a track, halving the path.
#[expect(clippy::indexing_slicing, reason = "labels are tracks")]
fn find(label: &mut [u32], mut track: u32) -> u32 {
    while label[track as usize] != track {
        let above = label[label[track as usize] as usize];
        label[track as usize] = above;
        track = above;
    }
    track
}

/// Exclusive prefix sums, and the total.
fn sums(counts: &[u32]) -> Vec<u32> {
    let mut sums = Vec::with_capacity(counts.len() + 1);
    let mut sum = 0;
    sums.push(0);
    for count in counts {
        sum += count;
        sums.push(sum);
    }
    sums
}
