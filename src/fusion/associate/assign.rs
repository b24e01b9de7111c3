//! The most likely one-to-one assignment of a cluster, by shortest augmenting paths.
//!
//! Maximises Σ (ln ψ + 8) over the assignments in which every track takes one of its detections or none: a detection in
//! the gate is preferred to none unless it is 3,000 times less likely than clutter, because whether a track has been
//! missed is left to its existence, which is soft. (Without the preference tracks that hesitate starve: on the scenario
//! of four targets it costs 10 to 80 % in GOSPA; a larger one changes nothing.) Where the best detections of all tracks
//! differ, they are the answer. Otherwise every track takes its best one if it is free, and the others come in one at
//! a time, each by a Dijkstra search over reduced costs (Jonker and Volgenant 1987, in its sparse form, in f32).
//!
//! A track keeps only its assigned edge, weighed as if alone: p = ψ / (1 + ψ), so that its existence follows the IPDA
//! ratio r' = r Λ / (1 - r + r Λ), Λ = 1 - P_D + P_D N / κ (Musicki et al. 1994). Ties go to the lower detection.

use super::super::real::ln;
use super::Cluster;

const NONE: u32 = u32::MAX;
/// What a detection is worth over none, in nats.
const PREFERENCE: f32 = 8.0;
/// The likelihood ratio at which a detection is worth as much as none: e to the power of minus the preference.
const LEAST: f32 = 3.354_626_3e-4;

/// Scratch memory.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    column: Vec<u32>,
    cost: Vec<f32>,
    starts: Vec<usize>,
    /// Track of each column; columns beyond the detections stand for "none", one a track.
    owner: Vec<u32>,
    /// Edge that a column was taken by.
    taken: Vec<u32>,
    price: Vec<f32>,
    distance: Vec<f32>,
    parent: Vec<u32>,
    done: Vec<bool>,
    touched: Vec<u32>,
    /// Edge that each track keeps.
    kept: Vec<u32>,
    /// Detections of the cluster, ascending.
    local: Vec<u32>,
    /// Tracks that found their cheapest column taken.
    waiting: Vec<usize>,
}

/// Solves one cluster and sets its weights; a track's assigned edge becomes the first of its row.
#[expect(clippy::indexing_slicing, reason = "sized here")]
#[expect(clippy::cast_possible_truncation, reason = "elements of a cluster are counted in 32 bits")]
pub(super) fn solve(cluster: &mut Cluster<'_>, scratch: &mut Scratch) {
    let tracks = cluster.counts.len();
    if !scratch.everyone_gets_the_best(cluster) {
        let detections = scratch.detections(cluster);
        scratch.prepare(cluster, detections + tracks);
        for track in 0..tracks {
            if !scratch.take_if_free(track, detections) {
                scratch.waiting.push(track);
            }
        }
        for track in core::mem::take(&mut scratch.waiting) {
            scratch.augment(track, detections);
        }
        for column in 0..detections {
            if scratch.owner[column] != NONE {
                scratch.kept[scratch.owner[column] as usize] = scratch.taken[column];
            }
        }
    }
    let mut start = 0;
    for (track, nothing) in cluster.nothing.iter_mut().enumerate() {
        let row = start..start + cluster.counts[track] as usize;
        start = row.end;
        *nothing = 1.0;
        for e in row.clone() {
            let edge = &mut cluster.edges[e];
            if scratch.kept[track] == e as u32 {
                *nothing = 1.0 / (1.0 + edge.weight);
                edge.weight /= 1.0 + edge.weight;
            } else {
                edge.weight = 0.0;
            }
        }
        if scratch.kept[track] != NONE {
            cluster.edges.swap(row.start, scratch.kept[track] as usize);
        }
    }
}

impl Scratch {
    /// Whether no two tracks have the same best detection: then there is nothing to solve. Fills `kept`.
    #[expect(clippy::indexing_slicing, reason = "sized here")]
    #[expect(clippy::cast_possible_truncation, reason = "elements of a cluster are counted in 32 bits")]
    fn everyone_gets_the_best(&mut self, cluster: &Cluster<'_>) -> bool {
        self.kept.clear();
        self.local.clear();
        let mut start = 0;
        for &count in cluster.counts {
            let row = start..start + count as usize;
            start = row.end;
            let mut best = row.start;
            for e in row {
                if cluster.edges[e].weight > cluster.edges[best].weight {
                    best = e;
                }
            }
            let worth = cluster.edges[best].weight > LEAST;
            self.kept.push(if worth { best as u32 } else { NONE });
            if worth {
                self.local.push(cluster.edges[best].detection);
            }
        }
        self.local.sort_unstable();
        let distinct = self.local.windows(2).all(|pair| pair[0] != pair[1]);
        if !distinct {
            self.kept.fill(NONE);
        }
        distinct
    }

    /// Numbers the detections of the cluster; returns how many there are.
    fn detections(&mut self, cluster: &Cluster<'_>) -> usize {
        self.local.clear();
        self.local.extend(cluster.edges.iter().map(|edge| edge.detection));
        self.local.sort_unstable();
        self.local.dedup();
        self.local.len()
    }

    /// Gives a track its cheapest column if nobody has it: with all prices at zero that needs no search.
    #[expect(clippy::indexing_slicing, reason = "columns are sized in `prepare`")]
    #[expect(clippy::cast_possible_truncation, reason = "elements of a cluster are counted in 32 bits")]
    fn take_if_free(&mut self, track: usize, detections: usize) -> bool {
        let (mut best, mut cost, mut edge) = (detections + track, 0.0, NONE);
        for e in self.starts[track]..self.starts[track + 1] {
            if self.cost[e] < cost {
                (best, cost, edge) = (self.column[e] as usize, self.cost[e], e as u32);
            }
        }
        let free = self.owner[best] == NONE;
        if free {
            self.owner[best] = track as u32;
            self.taken[best] = edge;
        }
        free
    }

    #[expect(clippy::cast_possible_truncation, reason = "elements of a cluster are counted in 32 bits")]
    fn prepare(&mut self, cluster: &Cluster<'_>, columns: usize) {
        self.column.clear();
        self.cost.clear();
        self.waiting.clear();
        for edge in cluster.edges.iter() {
            self.column.push(self.local.partition_point(|d| *d < edge.detection) as u32);
            self.cost.push(-ln(edge.weight.max(f32::MIN_POSITIVE)) - PREFERENCE);
        }
        self.starts.clear();
        self.starts.push(0);
        let mut start = 0;
        for &count in cluster.counts {
            start += count as usize;
            self.starts.push(start);
        }
        for (list, value) in [(&mut self.owner, NONE), (&mut self.taken, NONE), (&mut self.parent, NONE)] {
            list.clear();
            list.resize(columns, value);
        }
        self.price.clear();
        self.price.resize(columns, 0.0);
        self.distance.clear();
        self.distance.resize(columns, f32::INFINITY);
        self.done.clear();
        self.done.resize(columns, false);
    }

    /// Brings one more track in along the shortest augmenting path.
    #[expect(clippy::indexing_slicing, reason = "columns are sized in `prepare`")]
    fn augment(&mut self, track: usize, detections: usize) {
        self.touched.clear();
        let mut row = track;
        let mut base = 0.0f32;
        let last = loop {
            self.relax(row, base, detections);
            let mut best = NONE;
            for &column in &self.touched {
                let better = best == NONE
                    || self.distance[column as usize] < self.distance[best as usize]
                    || (self.distance[column as usize] <= self.distance[best as usize] && column < best);
                if !self.done[column as usize] && better {
                    best = column;
                }
            }
            // A track's own column of "none" is free before it is brought in, so a path always ends.
            let Some(owner) = self.owner.get(best as usize) else { break best };
            base = self.distance[best as usize];
            self.done[best as usize] = true;
            if *owner == NONE {
                break best;
            }
            row = *owner as usize;
        };
        for &column in &self.touched {
            if self.done[column as usize] {
                self.price[column as usize] += self.distance[column as usize] - base;
            }
        }
        self.flip(last, track, detections);
        for &column in &self.touched {
            self.distance[column as usize] = f32::INFINITY;
            self.done[column as usize] = false;
            self.parent[column as usize] = NONE;
        }
    }

    /// Offers every column of a row at `base` plus its reduced cost.
    #[expect(clippy::indexing_slicing, reason = "columns are sized in `prepare`")]
    #[expect(clippy::cast_possible_truncation, reason = "elements of a cluster are counted in 32 bits")]
    fn relax(&mut self, row: usize, base: f32, detections: usize) {
        // The row's potential: what its own column costs now, so that reduced costs stay at least zero.
        let own = self.own_cost(row, detections);
        let none = (detections + row) as u32;
        for e in self.starts[row]..=self.starts[row + 1] {
            let (column, cost) = if e == self.starts[row + 1] { (none, 0.0) } else { (self.column[e], self.cost[e]) };
            if self.done[column as usize] {
                continue;
            }
            let distance = base + (cost - self.price[column as usize] - own);
            if distance < self.distance[column as usize] {
                if self.distance[column as usize] == f32::INFINITY {
                    self.touched.push(column);
                }
                self.distance[column as usize] = distance;
                self.parent[column as usize] = row as u32;
            }
        }
    }

    /// Reduced cost of a row's present column; the least of the row if it has none yet.
    #[expect(clippy::indexing_slicing, reason = "columns are sized in `prepare`")]
    fn own_cost(&self, row: usize, detections: usize) -> f32 {
        let none = detections + row;
        let mut least = -self.price[none];
        for e in self.starts[row]..self.starts[row + 1] {
            let column = self.column[e] as usize;
            let reduced = self.cost[e] - self.price[column];
            if self.owner[column] as usize == row {
                return reduced;
            }
            least = least.min(reduced);
        }
        least
    }

    /// Hands the columns of the path over, from its end to the new track.
    #[expect(clippy::indexing_slicing, reason = "columns are sized in `prepare`")]
    #[expect(clippy::cast_possible_truncation, reason = "elements of a cluster are counted in 32 bits")]
    fn flip(&mut self, mut column: u32, track: usize, detections: usize) {
        while column != NONE {
            let row = self.parent[column as usize];
            // The column that this row leaves is the next to be handed over.
            let mut left = NONE;
            if row as usize != track {
                let none = (detections + row as usize) as u32;
                left = if self.owner[none as usize] == row {
                    none
                } else {
                    let range = self.starts[row as usize]..self.starts[row as usize + 1];
                    self.column[range].iter().copied().find(|c| self.owner[*c as usize] == row).unwrap_or(NONE)
                };
            }
            self.owner[column as usize] = row;
            if (column as usize) < detections {
                let range = self.starts[row as usize]..self.starts[row as usize + 1];
                let within = self.column[range.clone()].iter().position(|c| *c == column);
                self.taken[column as usize] = within.map_or(NONE, |n| (range.start + n) as u32);
            }
            if row as usize == track {
                break;
            }
            column = left;
        }
    }
}
