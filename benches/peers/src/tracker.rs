//! One scan of tracking, put together from public crates and made as fast as they allow.
//!
//! predict, gate (`kiddo`), cluster (`petgraph`), assign (`lapjv`), update, births and deaths, all in the plane, with
//! nearly constant velocity. Both axes have the same noise and no measurement couples them, so one 2 × 2 covariance
//! (position, velocity) serves both: 16 numbers of a planar covariance shrink to 3, and a gate is a circle.
//!
//! What makes it fast, besides rayon in every step that allows it: with [`Order::Place`] detections are put into Morton
//! order first and tracks are put back into it when births have spoilt it, so that the tree, the edges and the clusters
//! are read where they were just written; a pair that is worse than a miss is no edge; a cluster that is a star (one track or one detection) needs no matrix; in the others a
//! missed detection costs 0, so that the matrix is as large as the larger side, not as the sum of both.
//!
//! Units: m, s. The state is f32.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Instant;

use kiddo::leaf_strategies::VecOfArenas;
use kiddo::{Eytzinger, KdTree, SquaredEuclidean};
use lapjv::{Matrix, lapjv};
use petgraph::unionfind::UnionFind;
use rayon::prelude::*;

/// Tracks or clusters that one task takes: small enough to balance, large enough to hide the scheduling.
const CHUNK: usize = 512;

/// No detection, no cluster.
const NONE: u32 = u32::MAX;

/// Consecutive hits that make a track confirmed.
const HITS_CONFIRMED: u8 = 3;

/// Consecutive misses that end a confirmed track; a tentative one ends at the first.
const MISSES_MAX: u8 = 4;

/// Points of the plane with the number of each detection, 32 a leaf.
type Tree = KdTree<f32, u32, Eytzinger, VecOfArenas<f32, u32, 2, 32>, 2, 32>;

/// What the tracker knows of the sensor and of the motion.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// Time from scan to scan.
    pub dt_s: f32,
    /// Standard deviation of a measured coordinate.
    pub sigma_m: f32,
    /// Spectral density of the white-noise acceleration, m²/s³.
    pub intensity: f32,
    /// Standard deviation of a newborn track's velocity on each axis.
    pub birth_sigma_m_s: f32,
    /// Probability that an object is detected.
    pub detection_probability: f32,
    /// False detections and births a square metre and scan.
    pub clutter_per_m2: f32,
    /// Threshold of the squared Mahalanobis distance.
    pub gate: f32,
}

/// In which order the stages walk through detections and tracks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As the detections arrive: the crates and nothing else.
    Arrival,
    /// Along a Z curve, so that neighbours in the plane are neighbours in memory.
    Place,
}

/// A track: the state of both axes, the covariance that they share, and its recent hits.
#[derive(Clone, Copy, Debug)]
pub struct Track {
    /// x, y.
    pub position_m: [f32; 2],
    velocity_m_s: [f32; 2],
    /// Variance of position, covariance of position and velocity, variance of velocity.
    covariance: [f32; 3],
    hits: u8,
    misses: u8,
}

impl Track {
    /// Whether it has been hit often enough to be believed.
    pub fn is_confirmed(&self) -> bool {
        self.hits >= HITS_CONFIRMED
    }
}

/// Seconds that each stage has taken, summed over scans.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stages {
    /// By stage, in the order of [`Stages::NAMES`].
    pub seconds: [f64; 6],
}

impl Stages {
    /// The stages in the order in which they run.
    pub const NAMES: [&str; 6] = ["predict", "gate", "cluster", "assign", "update", "manage"];
}

/// The pairs that passed the gate, one row a track.
#[derive(Debug, Default)]
struct Edges {
    /// Row `i` is `detection[start[i]..start[i + 1]]`.
    start: Vec<u32>,
    detection: Vec<u32>,
    /// Negative log likelihood ratio against a miss; below 0, for what is worse than a miss is no edge.
    cost: Vec<f32>,
}

impl Edges {
    fn row(&self, track: u32) -> impl Iterator<Item = (u32, f32)> + '_ {
        let row = self.start[track as usize] as usize..self.start[track as usize + 1] as usize;
        self.detection[row.clone()].iter().copied().zip(self.cost[row].iter().copied())
    }
}

/// Connected components of the pairs, each with its tracks and its number of detections.
#[derive(Debug, Default)]
struct Clusters {
    /// Cluster `c` has the tracks `track[start[c]..start[c + 1]]`.
    start: Vec<u32>,
    track: Vec<u32>,
    detections: Vec<u32>,
    /// Number of each detection within its cluster.
    slot: Vec<u32>,
}

/// All tracks, and the time that went into them.
#[derive(Debug)]
pub struct Tracker {
    /// Tentative and confirmed tracks.
    pub tracks: Vec<Track>,
    /// Time by stage.
    pub stages: Stages,
    model: Model,
    order: Order,
    born_since_sorting: usize,
}

impl Tracker {
    /// A tracker without tracks.
    pub fn new(model: Model, order: Order) -> Self {
        Self { tracks: Vec::new(), stages: Stages::default(), model, order, born_since_sorting: 0 }
    }

    /// Takes in one scan.
    pub fn scan(&mut self, arrived: &[[f32; 2]]) {
        let mut clock = Instant::now();
        let mut lap = |stage: usize, seconds: &mut [f64; 6]| {
            seconds[stage] += clock.elapsed().as_secs_f64();
            clock = Instant::now();
        };
        self.predict();
        lap(0, &mut self.stages.seconds);
        let detections: &[[f32; 2]] = match self.order {
            Order::Arrival => arrived,
            Order::Place => &in_morton_order(arrived, |&position_m| position_m),
        };
        let edges = self.gate(detections);
        lap(1, &mut self.stages.seconds);
        let clusters = cluster(&edges, self.tracks.len(), detections.len());
        lap(2, &mut self.stages.seconds);
        let assigned = assign(&edges, &clusters, self.tracks.len());
        lap(3, &mut self.stages.seconds);
        self.update(detections, &assigned);
        lap(4, &mut self.stages.seconds);
        self.manage(detections, &assigned);
        lap(5, &mut self.stages.seconds);
    }

    /// x' = F x, P' = F P Fᵀ + Q.
    fn predict(&mut self) {
        let Model { dt_s: t, intensity: q, .. } = self.model;
        let noise = [q * t * t * t / 3.0, q * t * t / 2.0, q * t];
        self.tracks.par_chunks_mut(CHUNK).flatten_iter().for_each(|track| {
            let [pp, pv, vv] = track.covariance;
            for (position, velocity) in track.position_m.iter_mut().zip(track.velocity_m_s) {
                *position += t * velocity;
            }
            track.covariance = [pp + t * (2.0 * pv + t * vv) + noise[0], pv + t * vv + noise[1], vv + noise[2]];
        });
    }

    /// Every pair of track and detection within the track's circle that is better than a miss.
    fn gate(&self, detections: &[[f32; 2]]) -> Edges {
        let Model { sigma_m, detection_probability: p_d, clutter_per_m2, gate, .. } = self.model;
        let miss = (std::f32::consts::TAU * clutter_per_m2 * (1.0 - p_d) / p_d).ln();
        if detections.is_empty() {
            return Edges { start: vec![0; self.tracks.len() + 1], ..Edges::default() };
        }
        let tree = Tree::new_from_slice_parallel(detections).expect("finite points, fewer than 2³²");
        let parts: Vec<(Vec<u32>, Vec<u32>, Vec<f32>)> = (self.tracks.par_chunks(CHUNK))
            .map(|tracks| {
                let (mut ends, mut found, mut costs) = (Vec::with_capacity(CHUNK), Vec::new(), Vec::new());
                found.reserve(3 * CHUNK);
                costs.reserve(3 * CHUNK);
                let mut scratch = tree.create_scratch::<SquaredEuclidean<f32>>();
                for track in tracks {
                    let s = track.covariance[0] + sigma_m * sigma_m;
                    let (base, half_inverse) = (s.ln() + miss, 0.5 / s);
                    tree.query(&track.position_m)
                        .within::<SquaredEuclidean<f32>>(gate * s)
                        .unsorted()
                        .with_scratch(&mut scratch)
                        .visit(|pair| {
                            let cost = pair.distance * half_inverse + base;
                            if cost < 0.0 {
                                found.push(pair.item);
                                costs.push(cost);
                            }
                        });
                    ends.push(found.len() as u32);
                }
                (ends, found, costs)
            })
            .collect();
        let mut edges = Edges::default();
        let pairs = parts.iter().map(|part| part.1.len()).sum();
        edges.start.reserve(self.tracks.len() + 1);
        edges.detection.reserve(pairs);
        edges.cost.reserve(pairs);
        edges.start.push(0);
        for (ends, found, costs) in &parts {
            let offset = edges.detection.len() as u32;
            edges.start.extend(ends.iter().map(|end| offset + end));
            edges.detection.extend_from_slice(found);
            edges.cost.extend_from_slice(costs);
        }
        edges
    }

    /// x = x' + K (z − x'), P = (I − K H) P'; without a detection only the misses are counted.
    fn update(&mut self, detections: &[[f32; 2]], assigned: &[AtomicU32]) {
        let r = self.model.sigma_m * self.model.sigma_m;
        self.tracks.par_iter_mut().zip(assigned).with_min_len(CHUNK).for_each(|(track, detection)| {
            let detection = detection.load(Relaxed);
            if detection == NONE {
                track.misses += 1;
                return;
            }
            let z = detections[detection as usize];
            let [pp, pv, vv] = track.covariance;
            let (k_p, k_v) = (pp / (pp + r), pv / (pp + r));
            let state = track.position_m.iter_mut().zip(&mut track.velocity_m_s);
            for ((position, velocity), z) in state.zip(z) {
                let residual = z - *position;
                *position += k_p * residual;
                *velocity += k_v * residual;
            }
            track.covariance = [(1.0 - k_p) * pp, (1.0 - k_p) * pv, vv - k_v * pv];
            track.hits = track.hits.saturating_add(1);
            track.misses = 0;
        });
    }

    /// Ends tracks that were missed too often and starts one at every detection that no track took.
    fn manage(&mut self, detections: &[[f32; 2]], assigned: &[AtomicU32]) {
        let mut free = vec![true; detections.len()];
        for detection in assigned {
            if let Some(free) = free.get_mut(detection.load(Relaxed) as usize) {
                *free = false;
            }
        }
        self.tracks.retain(|track| track.misses == 0 || track.is_confirmed() && track.misses < MISSES_MAX);
        let (before, model) = (self.tracks.len(), self.model);
        let covariance = [model.sigma_m * model.sigma_m, 0.0, model.birth_sigma_m_s * model.birth_sigma_m_s];
        let unused = detections.iter().zip(&free).filter(|(_, free)| **free);
        self.tracks.extend(unused.map(|(&position_m, _)| Track {
            position_m,
            velocity_m_s: [0.0; 2],
            covariance,
            hits: 1,
            misses: 0,
        }));
        self.born_since_sorting += self.tracks.len() - before;
        if self.order == Order::Place && self.born_since_sorting > self.tracks.len() / 4 {
            self.tracks = in_morton_order(&self.tracks, |track| track.position_m);
            self.born_since_sorting = 0;
        }
    }
}

/// A copy in the order of a Z curve over cells of 16 m, wrapped at 1,000 km.
fn in_morton_order<T: Copy + Send + Sync>(items: &[T], position_m: impl Fn(&T) -> [f32; 2] + Sync) -> Vec<T> {
    let spread = |coordinate: f32| {
        let mut bits = u64::from((coordinate * 0.0625 + 32768.0) as u16);
        bits = (bits | bits << 8) & 0x00ff_00ff;
        bits = (bits | bits << 4) & 0x0f0f_0f0f;
        bits = (bits | bits << 2) & 0x3333_3333;
        (bits | bits << 1) & 0x5555_5555
    };
    let mut keys: Vec<u64> = (items.par_iter().with_min_len(CHUNK).enumerate())
        .map(|(i, item)| {
            let [x, y] = position_m(item);
            (spread(x) | spread(y) << 1) << 32 | i as u64
        })
        .collect();
    keys.par_sort_unstable();
    keys.par_iter().with_min_len(CHUNK).map(|key| items[(key & 0xffff_ffff) as usize]).collect()
}

/// Cuts the pairs into connected components; tracks without a pair are in none.
fn cluster(edges: &Edges, tracks: usize, detections: usize) -> Clusters {
    let mut sets = UnionFind::<u32>::new(tracks + detections);
    for track in 0..tracks as u32 {
        for (detection, _) in edges.row(track) {
            sets.union(tracks as u32 + detection, track);
        }
    }
    let label = sets.into_labeling();
    let mut number = vec![NONE; label.len()];
    let mut clusters = Clusters { slot: vec![0; detections], ..Clusters::default() };
    let mut sizes: Vec<u32> = Vec::new();
    for track in 0..tracks {
        if edges.start[track] < edges.start[track + 1] {
            let number = &mut number[label[track] as usize];
            if *number == NONE {
                *number = sizes.len() as u32;
                sizes.push(0);
            }
            sizes[*number as usize] += 1;
        }
    }
    clusters.detections = vec![0; sizes.len()];
    for (slot, label) in clusters.slot.iter_mut().zip(&label[tracks..]) {
        if let Some(count) = clusters.detections.get_mut(number[*label as usize] as usize) {
            *slot = *count;
            *count += 1;
        }
    }
    let mut next = 0;
    clusters.start.push(0);
    for size in &mut sizes {
        next += *size;
        clusters.start.push(next);
        *size = next - *size;
    }
    clusters.track = vec![0; next as usize];
    for track in 0..tracks {
        if let Some(place) = sizes.get_mut(number[label[track] as usize] as usize) {
            clusters.track[*place as usize] = track as u32;
            *place += 1;
        }
    }
    clusters
}

/// The detection of each track, or [`NONE`]: the cheapest one-to-one assignment in every cluster.
fn assign(edges: &Edges, clusters: &Clusters, tracks: usize) -> Vec<AtomicU32> {
    let assigned: Vec<AtomicU32> = (0..tracks).into_par_iter().map(|_| AtomicU32::new(NONE)).collect();
    let give = |track: u32, detection: u32| assigned[track as usize].store(detection, Relaxed);
    (0..clusters.detections.len()).into_par_iter().with_min_len(CHUNK).for_each(|c| {
        let members = &clusters.track[clusters.start[c] as usize..clusters.start[c + 1] as usize];
        let columns = clusters.detections[c] as usize;
        if members.len() == 1 || columns == 1 {
            let pairs = members.iter().flat_map(|&track| edges.row(track).map(move |pair| (track, pair)));
            if let Some((track, (detection, _))) = pairs.min_by(|a, b| a.1.1.total_cmp(&b.1.1)) {
                give(track, detection);
            }
            return;
        }
        let size = members.len().max(columns);
        let mut costs = Matrix::zeros((size, size));
        for (row, &track) in members.iter().enumerate() {
            for (detection, cost) in edges.row(track) {
                costs[(row, clusters.slot[detection as usize] as usize)] = cost;
            }
        }
        let (column_of, _) = lapjv(&costs).expect("square and finite");
        for (row, &track) in members.iter().enumerate() {
            if costs[(row, column_of[row])] < 0.0 {
                let wanted = |pair: &(u32, f32)| clusters.slot[pair.0 as usize] as usize == column_of[row];
                give(track, edges.row(track).find(wanted).expect("a pair below 0 is an edge").0);
            }
        }
    });
    assigned
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The least total cost over all one-to-one choices, row by row.
    fn least_cost(rows: &[Vec<(u32, f32)>], taken: u32) -> f32 {
        let Some((row, rest)) = rows.split_first() else { return 0.0 };
        let free = row.iter().filter(|(detection, _)| taken & 1 << detection == 0);
        let choices = free.map(|(detection, cost)| cost + least_cost(rest, taken | 1 << detection));
        choices.fold(least_cost(rest, taken), f32::min)
    }

    #[test]
    fn every_cluster_gets_its_cheapest_one_to_one_assignment() {
        let mut state = 1_u32;
        let mut random = |below: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % below
        };
        for _ in 0..200 {
            let (tracks, detections) = (1 + random(6), 1 + random(6));
            let mut edges = Edges { start: vec![0], ..Edges::default() };
            for _ in 0..tracks {
                for detection in 0..detections {
                    if random(3) == 0 {
                        edges.detection.push(detection);
                        edges.cost.push(-0.01 * (1 + random(700)) as f32);
                    }
                }
                edges.start.push(edges.detection.len() as u32);
            }
            let clusters = cluster(&edges, tracks as usize, detections as usize);
            let assigned = assign(&edges, &clusters, tracks as usize);
            let (mut total, mut taken) = (0.0, 0_u32);
            for (track, detection) in assigned.iter().enumerate() {
                let detection = detection.load(Relaxed);
                if detection != NONE {
                    total += edges.row(track as u32).find(|pair| pair.0 == detection).expect("an edge").1;
                    assert_eq!(taken & 1 << detection, 0, "a detection went to two tracks");
                    taken |= 1 << detection;
                }
            }
            let rows: Vec<Vec<_>> = (0..tracks).map(|track| edges.row(track).collect()).collect();
            let least = least_cost(&rows, 0);
            assert!((total - least).abs() < 1e-3, "the assignment costs {total}, the cheapest {least}");
        }
    }
}
