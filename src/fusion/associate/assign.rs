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

use super::super::simd::ln;
use super::Cluster;

const NONE: u32 = u32::MAX;
/// Order of the first column that stands for "none".
const FIRST_NONE: u32 = 1 << 31;
/// What a detection is worth over none, in nats.
pub const PREFERENCE: f32 = 8.0;
/// The likelihood ratio at which a detection is worth as much as none: e to the power of minus the preference.
pub const CUT_WEIGHT: f32 = 3.354_626_3e-4;

/// Most columns that the search for a path looks at; a search that needs more leaves its track alone.
pub const SEARCH_MAX: usize = 128;
/// Farther than any column.
pub const DISTANCE_MAX: f32 = f32::MAX;

/// Scratch memory.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    numbers: Numbers,
    /// Column and cost of each edge.
    column: Vec<u32>,
    cost: Vec<f32>,
    starts: Vec<usize>,
    /// The detections, then a "none" for each track.
    columns: Vec<Column>,
    /// Columns that a search has reached, and those whose distance is final.
    open: Vec<u32>,
    closed: Vec<u32>,
    /// The way to the nearest free column found; what lies farther is not looked at.
    bound: f32,
    /// Edge that each track keeps.
    kept: Vec<u32>,
    /// Tracks that found their cheapest column taken.
    waiting: Vec<usize>,
}

/// What a track may take.
#[derive(Clone, Copy, Debug)]
struct Column {
    /// The detection; those that stand for "none" come behind all detections, in the order of tracks.
    order: u32,
    /// The track that has it.
    owner: u32,
    /// The edge that it was taken by.
    taken: u32,
    price: f32,
    // Of the search under way.
    distance: f32,
    parent: u32,
    done: bool,
}

impl Column {
    fn new(order: u32) -> Self {
        Self { order, owner: NONE, taken: NONE, price: 0.0, distance: DISTANCE_MAX, parent: NONE, done: false }
    }
}

/// Numbers detections as they come: a table with open addresses. Which number one gets decides nothing.
#[derive(Debug, Default)]
struct Numbers {
    entries: Vec<(u32, u32)>,
    shift: u32,
    count: u32,
}

impl Numbers {
    /// Forgets all and makes room for so many.
    fn clear(&mut self, room: usize) {
        let size = (2 * room).next_power_of_two().max(8);
        self.entries.clear();
        self.entries.resize(size, (NONE, NONE));
        self.shift = 32 - size.trailing_zeros().min(31);
        self.count = 0;
    }

    /// The number of a detection, and whether it is new.
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "the mask keeps a place within the table")]
    fn number(&mut self, detection: u32) -> (u32, bool) {
        let mask = self.entries.len() - 1;
        let mut place = (detection.wrapping_mul(0x9e37_79b1) >> self.shift) as usize & mask;
        loop {
            let entry = &mut self.entries[place];
            if entry.0 == detection {
                return (entry.1, false);
            }
            if entry.0 == NONE {
                *entry = (detection, self.count);
                self.count += 1;
                return (entry.1, true);
            }
            place = (place + 1) & mask;
        }
    }
}

/// Solves one cluster and sets its weights; a track's assigned edge becomes the first of its row.
#[expect(clippy::indexing_slicing, reason = "sized here")]
pub(super) fn solve(cluster: &mut Cluster<'_>, scratch: &mut Scratch) {
    let tracks = cluster.counts.len();
    if !scratch.everyone_gets_the_best(cluster) {
        let detections = scratch.prepare(cluster);
        for track in 0..tracks {
            if !scratch.take_if_free(track, detections) {
                scratch.waiting.push(track);
            }
        }
        for n in 0..scratch.waiting.len() {
            scratch.augment(scratch.waiting[n], detections);
        }
        scratch.kept.fill(NONE);
        for column in &scratch.columns[..detections] {
            if column.owner != NONE {
                scratch.kept[column.owner as usize] = column.taken;
            }
        }
    }
    let mut start = 0;
    for ((nothing, &count), &kept) in cluster.nothing.iter_mut().zip(cluster.counts).zip(&scratch.kept) {
        let row = &mut cluster.edges[start..start + count as usize];
        *nothing = 1.0;
        let weight = (kept != NONE).then(|| row[kept as usize - start].weight);
        for edge in &mut *row {
            edge.weight = 0.0;
        }
        if let Some(weight) = weight {
            *nothing = 1.0 / (1.0 + weight);
            row[kept as usize - start].weight = weight / (1.0 + weight);
            row.swap(0, kept as usize - start);
        }
        start += count as usize;
    }
}

impl Scratch {
    /// Whether no two tracks have the same best detection: then there is nothing to solve. Fills `kept`.
    #[expect(clippy::indexing_slicing, reason = "sized here")]
    #[expect(clippy::cast_possible_truncation, reason = "elements of a cluster are counted in 32 bits")]
    fn everyone_gets_the_best(&mut self, cluster: &Cluster<'_>) -> bool {
        self.kept.clear();
        if cluster.counts.len() > 1 {
            self.numbers.clear(cluster.counts.len());
        }
        let mut distinct = true;
        let mut start = 0;
        for &count in cluster.counts {
            let row = &cluster.edges[start..start + count as usize];
            let (mut best, mut weight) = (0, row[0].weight);
            for (e, edge) in row.iter().enumerate().skip(1) {
                if edge.weight > weight {
                    (best, weight) = (e, edge.weight);
                }
            }
            let worth = weight > CUT_WEIGHT;
            self.kept.push(if worth { (start + best) as u32 } else { NONE });
            if worth && cluster.counts.len() > 1 {
                distinct &= self.numbers.number(row[best].detection).1;
                if !distinct {
                    self.kept.resize(cluster.counts.len(), NONE);
                    break;
                }
            }
            start += count as usize;
        }
        distinct
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
        let column = &mut self.columns[best];
        let free = column.owner == NONE;
        if free {
            column.owner = track as u32;
            column.taken = edge;
        }
        free
    }

    /// Numbers the detections, and prices all edges; returns how many detections there are.
    #[expect(clippy::cast_possible_truncation, reason = "elements of a cluster are counted in 32 bits")]
    fn prepare(&mut self, cluster: &Cluster<'_>) -> usize {
        self.waiting.clear();
        self.numbers.clear(cluster.edges.len());
        self.columns.clear();
        self.column.clear();
        for edge in cluster.edges.iter() {
            let (number, new) = self.numbers.number(edge.detection);
            self.column.push(number);
            if new {
                self.columns.push(Column::new(edge.detection));
            }
        }
        self.cost.clear();
        self.cost.extend(cluster.edges.iter().map(|edge| -ln(edge.weight.max(f32::MIN_POSITIVE)) - PREFERENCE));
        let detections = self.columns.len();
        self.starts.clear();
        self.starts.push(0);
        let mut start = 0;
        for (track, &count) in cluster.counts.iter().enumerate() {
            start += count as usize;
            self.starts.push(start);
            self.columns.push(Column::new(FIRST_NONE + track as u32));
        }
        detections
    }

    /// Brings one more track in along the shortest augmenting path.
    #[expect(clippy::indexing_slicing, reason = "columns are sized in `prepare`")]
    fn augment(&mut self, track: usize, detections: usize) {
        self.bound = DISTANCE_MAX;
        let (mut row, mut base) = (track, 0.0f32);
        // The row's potential: what its own column costs now, so that reduced costs stay at least zero.
        let mut own = self.least_cost(track, detections);
        let last = loop {
            self.relax(row, base, own, detections);
            let mut nearest = 0;
            for n in 1..self.open.len() {
                let (this, best) = (&self.columns[self.open[n] as usize], &self.columns[self.open[nearest] as usize]);
                if this.distance < best.distance || (this.distance <= best.distance && this.order < best.order) {
                    nearest = n;
                }
            }
            // A track's own column of "none" is free before it is brought in, so a path always ends.
            if self.open.is_empty() {
                break NONE;
            }
            let best = self.open.swap_remove(nearest);
            self.closed.push(best);
            let column = &mut self.columns[best as usize];
            base = column.distance;
            column.done = true;
            if column.owner == NONE {
                break best;
            }
            row = column.owner as usize;
            own = self.cost.get(column.taken as usize).copied().unwrap_or(0.0) - column.price;
        };
        for &column in &self.closed {
            let column = &mut self.columns[column as usize];
            column.price += column.distance - base;
        }
        self.flip(last, track, detections);
        for column in self.open.drain(..).chain(self.closed.drain(..)) {
            let column = &mut self.columns[column as usize];
            (column.distance, column.done, column.parent) = (DISTANCE_MAX, false, NONE);
        }
    }

    /// Offers every column of a row at `base` plus its reduced cost.
    #[expect(clippy::indexing_slicing, reason = "columns are sized in `prepare`")]
    #[expect(clippy::cast_possible_truncation, reason = "elements of a cluster are counted in 32 bits")]
    fn relax(&mut self, row: usize, base: f32, own: f32, detections: usize) {
        let none = (detections + row) as u32;
        let edges = (self.starts[row]..self.starts[row + 1]).map(Some);
        // "None" comes first, so that a search that is cut still finds an end.
        for e in core::iter::once(None).chain(edges) {
            let (column, cost) = e.map_or((none, 0.0), |e: usize| (self.column[e], self.cost[e]));
            let to = &mut self.columns[column as usize];
            let new = to.distance >= DISTANCE_MAX;
            if to.done || (new && self.open.len() + self.closed.len() == SEARCH_MAX) {
                continue;
            }
            let distance = base + (cost - to.price - own);
            if distance < to.distance && distance <= self.bound {
                if new {
                    self.open.push(column);
                }
                if to.owner == NONE {
                    self.bound = distance;
                }
                to.distance = distance;
                to.parent = row as u32;
            }
        }
    }

    /// The least reduced cost of a row.
    #[expect(clippy::indexing_slicing, reason = "columns are sized in `prepare`")]
    fn least_cost(&self, row: usize, detections: usize) -> f32 {
        let edges = self.starts[row]..self.starts[row + 1];
        edges.fold(-self.columns[detections + row].price, |least, e| {
            least.min(self.cost[e] - self.columns[self.column[e] as usize].price)
        })
    }

    /// Hands the columns of the path over, from its end to the new track.
    #[expect(clippy::indexing_slicing, reason = "columns are sized in `prepare`")]
    #[expect(clippy::cast_possible_truncation, reason = "elements of a cluster are counted in 32 bits")]
    fn flip(&mut self, mut column: u32, track: usize, detections: usize) {
        while column != NONE {
            let row = self.columns[column as usize].parent;
            // The column that this row leaves is the next to be handed over.
            let mut left = NONE;
            if row as usize != track {
                let none = (detections + row as usize) as u32;
                left = if self.columns[none as usize].owner == row {
                    none
                } else {
                    let range = self.starts[row as usize]..self.starts[row as usize + 1];
                    let own = |c: &u32| self.columns[*c as usize].owner == row;
                    self.column[range].iter().copied().find(own).unwrap_or(NONE)
                };
            }
            self.columns[column as usize].owner = row;
            if (column as usize) < detections {
                let range = self.starts[row as usize]..self.starts[row as usize + 1];
                let within = self.column[range.clone()].iter().position(|c| *c == column);
                self.columns[column as usize].taken = within.map_or(NONE, |n| (range.start + n) as u32);
            }
            if row as usize == track {
                break;
            }
            column = left;
        }
    }
}
