//! Cuts the graph of tracks and detections into clusters: connected components, labelled by their least track.
//!
//! Edges are then laid out cluster by cluster, so that `associate` works on contiguous pieces. Clusters are in the
//! order of their least tracks, tracks within a cluster in theirs; no lane shares a cluster with another.

use super::arrays::{AT_REST, Arrays, Host, Hypothesis, TrackHypotheses};
use super::config::Existence;
use super::credit::owner;
use core::sync::atomic::{AtomicBool, AtomicU32, Ordering::Relaxed};
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
    /// A track above each track in its tree, itself at the root; `NONE` where it has no edge.
    label: Vec<AtomicU32>,
    /// A track of each detection.
    first_of: Vec<AtomicU32>,
    /// Number of members and of edges of each cluster; then where the next ones go.
    next: Vec<[u32; 2]>,
    /// Where the edges of each member were.
    from: Vec<u32>,
    permuted: Vec<Hypothesis>,
    claims: Claims,
    /// Whether edges lie in the order of tracks instead of clusters.
    scattered: bool,
}

/// What tracks claim of one detection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Claim {
    /// The sum of the weights of its edges.
    pub sum: f32,
    /// The greatest of them.
    pub most: f32,
    /// The first edge that weighs as much.
    pub edge: u32,
}

impl Default for Claim {
    fn default() -> Self {
        Self { sum: 0.0, most: 0.0, edge: NONE }
    }
}

impl Claim {
    fn add(&mut self, edge: u32, weight: f32) {
        self.sum += weight;
        if weight > self.most {
            (self.most, self.edge) = (weight, edge);
        }
    }

    fn bits(self) -> [u32; 3] {
        [self.sum.to_bits(), self.most.to_bits(), self.edge]
    }

    fn of_bits([sum, most, edge]: [u32; 3]) -> Self {
        Self { sum: f32::from_bits(sum), most: f32::from_bits(most), edge }
    }
}

/// What tracks claim of the detections of a wave, and which edge has each.
#[derive(Debug, Default)]
pub struct Claims {
    of: Vec<[AtomicU32; 3]>,
    /// By edge, whether its detection is its track's own.
    owns: Vec<AtomicBool>,
}

impl Claims {
    /// Of one detection.
    #[inline]
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "detections are within the wave")]
    pub fn of(&self, detection: usize) -> Claim {
        Claim::of_bits(self.of[detection].each_ref().map(|bits| bits.load(Relaxed)))
    }

    /// Whether the detection of an edge is its track's own.
    #[inline]
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "edges are within the wave")]
    pub fn owns(&self, edge: u32) -> bool {
        self.owns[edge as usize].load(Relaxed)
    }

    /// Claims an edge's weight of its detection; returns what it claims of it now. Tasks share no detection.
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "detections are within the wave")]
    pub(super) fn add(&self, edge: Hypothesis, number: u32) -> Claim {
        let d = edge.detection as usize;
        let mut claim = self.of(d);
        claim.add(number, edge.weight);
        self.of[d].iter().zip(claim.bits()).for_each(|(to, bits)| to.store(bits, Relaxed));
        claim
    }

    /// Claims the weights of some edges, the first of this number, which have all that claim their detections; says which of
    /// them have these.
    #[expect(clippy::indexing_slicing, reason = "edges are within the wave")]
    fn take(&self, first: u32, edges: &[Hypothesis], existence: &Existence) {
        let mut shared = false;
        for (number, edge) in (first..).zip(edges) {
            let mut owns = false;
            if edge.weight.to_bits() != 0 {
                let claim = self.add(*edge, number);
                // Alone until another comes: in mode `assign` none does.
                shared |= claim.sum.to_bits() != edge.weight.to_bits();
                owns = owner(claim, existence) == Some(number);
            }
            self.owns[number as usize].store(owns, Relaxed);
        }
        if shared {
            self.settle(first, edges, existence);
        }
    }

    /// Says which of some edges, the first of this number, have their detections, once all that claim these have.
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "edges are within the wave")]
    pub(super) fn settle(&self, first: u32, edges: &[Hypothesis], existence: &Existence) {
        for (number, edge) in (first..).zip(edges) {
            // Nothing less is anybody's own; asked first, since a claim is far away.
            let owns = edge.weight >= existence.contributor.get()
                && owner(self.of(edge.detection as usize), existence) == Some(number);
            self.owns[number as usize].store(owns, Relaxed);
        }
    }

    /// Nothing of any of so many detections, by so many edges.
    pub(super) fn reset(&mut self, detections: usize, edges: usize) {
        self.of.resize_with(detections, || Claim::default().bits().map(AtomicU32::new));
        let nothing = |claim: &mut [AtomicU32; 3]| *claim = Claim::default().bits().map(AtomicU32::new);
        self.of.par_iter_mut().with_min_len(CHUNK).for_each(nothing);
        self.owns.resize_with(edges, AtomicBool::default);
    }
}

/// Where the edges of clusters are to lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edges {
    /// Cluster by cluster.
    ByCluster,
    /// Where they are.
    AsTheyLie,
}

/// No track.
const NONE: u32 = u32::MAX;

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
    pub fn build(&mut self, arrays: &mut Arrays<Host>) {
        self.connect(&arrays.rows, &arrays.edges, arrays.detections.len());
        self.number(arrays);
        self.lay_out(arrays);
    }

    /// The same from labels that are there already: the least track of each track's cluster. Edges are laid out cluster
    /// by cluster or left where they are.
    pub fn adopt(&mut self, labels: &[u32], arrays: &mut Arrays<Host>, edges: Edges) {
        self.label = labels.iter().map(|label| AtomicU32::new(*label)).collect();
        self.number(arrays);
        self.scattered = edges == Edges::AsTheyLie;
        if edges == Edges::ByCluster {
            self.lay_out(arrays);
        }
    }

    #[expect(clippy::indexing_slicing, reason = "tracks and detections are within the wave")]
    #[expect(clippy::cast_possible_truncation, reason = "tracks are counted in 32 bits")]
    fn number(&mut self, arrays: &Arrays<Host>) {
        // Number the clusters by their least tracks, and count members and edges. Above a track lies a lesser one, whose
        // cluster is known by then.
        self.place.resize(arrays.rows.len(), NONE);
        self.next.clear();
        for (track, row) in arrays.rows.iter().enumerate() {
            let above = self.label[track].load(Relaxed);
            if above == NONE {
                self.place[track] = NONE;
                continue;
            }
            if above as usize == track {
                self.place[track] = self.next.len() as u32;
                self.next.push([0, 0]);
            }
            let cluster = self.place[above as usize];
            self.place[track] = cluster;
            let [members, edges] = &mut self.next[cluster as usize];
            *members += 1;
            *edges += row.count;
        }
        self.starts.clear();
        self.edge_starts.clear();
        let mut sum = [0, 0];
        for count in &mut self.next {
            let [members, edges] = core::mem::replace(count, sum);
            self.starts.push(sum[0]);
            self.edge_starts.push(sum[1]);
            sum = [sum[0] + members, sum[1] + edges];
        }
        self.starts.push(sum[0]);
        self.edge_starts.push(sum[1]);
    }

    /// What the tracks claim of each detection. No two clusters share a detection, so tasks never meet, and within a
    /// cluster tracks come in their order.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "tracks and detections are within the wave")]
    pub fn claims(&mut self, arrays: &Arrays<Host>, existence: &Existence) -> &Claims {
        self.claims.reset(arrays.detections.len(), arrays.edges.len());
        let claims = &self.claims;
        if self.scattered {
            for row in arrays.rows.iter().filter(|row| row.start != AT_REST) {
                (row.start..)
                    .zip(super::manage::edges_of(row, &arrays.edges))
                    .for_each(|(number, edge)| _ = claims.add(*edge, number));
            }
            claims.settle(0, &arrays.edges, existence);
            return claims;
        }
        let chunks: Vec<(u32, u32)> = (0..self.len())
            .step_by(CLAIMING)
            .map(|first| (self.edge_starts[first], self.edge_starts[(first + CLAIMING).min(self.len())]))
            .collect();
        chunks.into_par_iter().for_each(|(first, last)| {
            claims.take(first, &arrays.edges[first as usize..last as usize], existence);
        });
        claims
    }

    /// Unites tracks that share a detection; the least track is the root, whoever comes first.
    #[expect(clippy::indexing_slicing, reason = "tracks and detections are within the wave")]
    #[expect(clippy::cast_possible_truncation, reason = "tracks are counted in 32 bits")]
    fn connect(&mut self, rows: &[TrackHypotheses], edges: &[Hypothesis], detections: usize) {
        let connected = |row: &TrackHypotheses| row.start != AT_REST && row.count > 0;
        let own =
            |(track, row): (usize, &TrackHypotheses)| AtomicU32::new(if connected(row) { track as u32 } else { NONE });
        rows.par_iter().enumerate().with_min_len(CHUNK).map(own).collect_into_vec(&mut self.label);
        let nobody = |_| AtomicU32::new(NONE);
        (0..detections).into_par_iter().with_min_len(CHUNK).map(nobody).collect_into_vec(&mut self.first_of);
        let (label, first_of) = (&self.label, &self.first_of);
        rows.par_iter().enumerate().with_min_len(CHUNK).filter(|(_, row)| connected(row)).for_each(|(track, row)| {
            let track = track as u32;
            for edge in &edges[row.start as usize..(row.start + row.count) as usize] {
                let first = &first_of[edge.detection as usize];
                let mut other = first.load(Relaxed);
                if other == NONE {
                    other = first.compare_exchange(NONE, track, Relaxed, Relaxed).err().unwrap_or(track);
                }
                unite(label, other, track);
            }
        });
    }

    /// Lists members and edges cluster by cluster and points the rows to their new places.
    #[expect(clippy::indexing_slicing, reason = "counted before")]
    #[expect(clippy::cast_possible_truncation, reason = "tracks are counted in 32 bits")]
    fn lay_out(&mut self, arrays: &mut Arrays<Host>) {
        let Arrays { rows, edges, .. } = arrays;
        self.members.resize(self.starts.last().map_or(0, |n| *n as usize), 0);
        self.counts.resize(self.members.len(), 0);
        self.from.resize(self.members.len(), 0);
        for (track, row) in rows.iter_mut().enumerate() {
            let cluster = self.place[track];
            if cluster == NONE {
                continue;
            }
            let [next, next_edge] = &mut self.next[cluster as usize];
            let place = *next;
            *next += 1;
            self.members[place as usize] = track as u32;
            self.counts[place as usize] = row.count;
            self.from[place as usize] = row.start;
            self.place[track] = place;
            row.start = *next_edge;
            *next_edge += row.count;
        }
        self.permuted.resize(edges.len(), Hypothesis::default());
        let (counts, starts, from) = (&self.counts, &self.starts, &self.from);
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
                let edges = &source[from[place] as usize..from[place] as usize + count];
                // Most tracks have one or two: less than a call copies.
                match *edges {
                    [edge] => here[to] = edge,
                    [first, second] => [here[to], here[to + 1]] = [first, second],
                    _ => here[to..to + count].copy_from_slice(edges),
                }
                to += count;
            }
        });
        core::mem::swap(edges, &mut self.permuted);
    }
}

/// Clusters that one task lays out.
const CHUNK: usize = 4096;
/// Clusters whose edges a task claims, and perhaps goes through once more while they are near.
const CLAIMING: usize = 512;

/// Root of a track, halving the path. Others may shorten it or unite roots meanwhile: what was above a track stays so.
#[expect(clippy::indexing_slicing, reason = "labels are tracks")]
fn find(label: &[AtomicU32], mut track: u32) -> u32 {
    loop {
        let above = label[track as usize].load(Relaxed);
        if above == track {
            return track;
        }
        let higher = label[above as usize].load(Relaxed);
        label[track as usize].store(higher, Relaxed);
        track = higher;
    }
}

/// Puts the greater of two roots below the lesser, unless another task was faster: then looks again.
#[expect(clippy::indexing_slicing, reason = "labels are tracks")]
fn unite(label: &[AtomicU32], mut a: u32, mut b: u32) {
    while a != b {
        (a, b) = (find(label, a), find(label, b));
        let (least, other) = if a < b { (a, b) } else { (b, a) };
        if a == b || label[other as usize].compare_exchange(other, least, Relaxed, Relaxed).is_ok() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of a sparse graph: some tracks rest, some have no edge, detections come in no order.
    fn graph(seed: u32, tracks: usize, detections: u32) -> Arrays<Host> {
        let mut state = seed;
        let mut random = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % below
        };
        let mut arrays = Arrays::<Host>::default();
        for _ in 0..tracks {
            let (start, kind) = (u32::try_from(arrays.edges.len()).expect("few"), random(10));
            let count = if kind < 2 { 0 } else { random(3) };
            let here = random(detections);
            for n in 0..count {
                let detection = (here + n * 7 + random(3)) % detections;
                arrays.edges.push(Hypothesis { detection, weight: 1.0 + detection as f32 });
            }
            let start = if kind == 0 { AT_REST } else { start };
            arrays.rows.push(TrackHypotheses { start, count, missed: 0.0, gone: 0.0 });
        }
        arrays.detections = vec![crate::scan::Detection::default(); detections as usize];
        arrays
    }

    /// The least track that each track is connected with, by spreading it until nothing changes.
    fn spread(arrays: &Arrays<Host>) -> Vec<u32> {
        let row = |row: &TrackHypotheses| arrays.edges[row.start as usize..(row.start + row.count) as usize].to_vec();
        let edges: Vec<Vec<Hypothesis>> =
            arrays.rows.iter().map(|r| if r.start == AT_REST || r.count == 0 { vec![] } else { row(r) }).collect();
        let mut label: Vec<u32> = (0..).take(edges.len()).collect();
        let mut least = vec![NONE; arrays.detections.len()];
        loop {
            let before = label.clone();
            for (track, edges) in edges.iter().enumerate() {
                for edge in edges {
                    let least = &mut least[edge.detection as usize];
                    *least = (*least).min(label[track]);
                    label[track] = *least;
                }
            }
            if label == before {
                break;
            }
        }
        label.iter().zip(&edges).map(|(label, edges)| if edges.is_empty() { NONE } else { *label }).collect()
    }

    /// The weights of every detection's edges, summed in the order of tracks, with the greatest and the first track that
    /// has it.
    fn summed(arrays: &Arrays<Host>) -> Vec<(f32, f32, usize)> {
        let mut sums = vec![(0.0, 0.0, usize::MAX); arrays.detections.len()];
        for (track, row) in arrays.rows.iter().enumerate().filter(|(_, row)| row.start != AT_REST) {
            for edge in &arrays.edges[row.start as usize..(row.start + row.count) as usize] {
                let (sum, most, first) = &mut sums[edge.detection as usize];
                *sum += edge.weight;
                if edge.weight > *most {
                    (*most, *first) = (edge.weight, track);
                }
            }
        }
        sums
    }

    /// The same of what is claimed.
    fn claimed(clusters: &mut Clusters, arrays: &Arrays<Host>) -> Vec<(f32, f32, usize)> {
        let has = |row: &TrackHypotheses, edge: u32| {
            row.start != AT_REST && (row.start..row.start + row.count).contains(&edge)
        };
        let track = |edge: u32| arrays.rows.iter().position(|row| has(row, edge)).unwrap_or(usize::MAX);
        let config: crate::fusion::config::Config =
            toml::from_str(include_str!("../../data/config/bench.toml")).expect("a configuration");
        let claims = clusters.claims(arrays, &config.existence);
        for row in arrays.rows.iter().filter(|row| row.start != AT_REST) {
            for (number, edge) in (row.start..).zip(super::super::manage::edges_of(row, &arrays.edges)) {
                let owner = owner(claims.of(edge.detection as usize), &config.existence);
                assert_eq!(claims.owns(number), owner == Some(number), "edge {number}");
            }
        }
        let of = |d| claims.of(d);
        (0..arrays.detections.len()).map(of).map(|Claim { sum, most, edge }| (sum, most, track(edge))).collect()
    }

    #[test]
    fn claims_are_the_sums_in_the_order_of_tracks_however_edges_lie() {
        let (mut by_cluster, mut as_they_lie) = (graph(5, 5000, 2200), graph(5, 5000, 2200));
        for arrays in [&mut by_cluster, &mut as_they_lie] {
            arrays.edges.iter_mut().zip((1u8..=255).cycle()).for_each(|(edge, n)| edge.weight = 1.0 / f32::from(n));
        }
        let (wanted, labels) = (summed(&by_cluster), spread(&by_cluster));
        let mut clusters = Clusters::default();
        clusters.build(&mut by_cluster);
        assert_eq!(claimed(&mut clusters, &by_cluster), wanted);
        clusters.adopt(&labels, &mut as_they_lie, Edges::AsTheyLie);
        assert_eq!(claimed(&mut clusters, &as_they_lie), wanted);
    }

    #[test]
    fn clusters_are_the_connected_components_in_the_order_of_their_least_tracks() {
        for (seed, tracks, detections) in [(1, 40, 30), (2, 9000, 14_000), (3, 30_000, 60_000), (4, 20_000, 9000)] {
            let (mut arrays, before) = (graph(seed, tracks, detections), graph(seed, tracks, detections));
            let label = spread(&before);
            let mut clusters = Clusters::default();
            clusters.build(&mut arrays);
            let mut wanted: Vec<(u32, u32)> = (0..).zip(label).map(|(track, root)| (root, track)).collect();
            wanted.retain(|(root, _)| *root != NONE);
            wanted.sort_unstable();
            let roots: Vec<u32> = wanted.iter().map(|(root, _)| *root).collect();
            assert_eq!(clusters.members, wanted.iter().map(|(_, track)| *track).collect::<Vec<_>>());
            for (c, members) in roots.chunk_by(|a, b| a == b).enumerate() {
                let range = clusters.starts[c] as usize..clusters.starts[c + 1] as usize;
                assert_eq!((range.len(), roots[range.start]), (members.len(), members[0]));
            }
            for (track, (row, was)) in arrays.rows.iter().zip(&before.rows).enumerate() {
                if clusters.place[track] != NONE {
                    let edges = |arrays: &Arrays<Host>, row: &TrackHypotheses| {
                        arrays.edges[row.start as usize..(row.start + row.count) as usize].to_vec()
                    };
                    assert_eq!(edges(&arrays, row), edges(&before, was), "track {track}");
                }
            }
        }
    }
}
