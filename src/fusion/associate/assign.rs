//! The most likely one-to-one assignment of a cluster, by shortest augmenting paths.
//!
//! Maximises Σ (ln ψ + 8) over the assignments in which every track takes one of its detections or none: a detection in
//! the gate is preferred to none unless it is 3,000 times less likely than clutter, because whether a track has been
//! missed is left to its existence, which is soft. (Without the preference tracks that hesitate starve: on the scenario
//! of four targets it costs 10 to 80 % in GOSPA; a larger one changes nothing.) Every track takes its best detection;
//! where the best of several is the same, the least track has it, and the others come in along the shortest augmenting
//! paths, each found by a Dijkstra search over reduced costs (Jonker and Volgenant 1987, in its sparse form, in f32).
//!
//! They come in rounds. Of those that wait all search at once, from what the assignment was when the round began, and claim
//! every column whose distance became final; whose claim is the greatest on all of them takes its path, the others wait for
//! the next round. Prices never rise, and a column that is taken stays so: what others change beyond the end of a path makes
//! it farther still. So each path is the shortest that it would be if they came in one after another, and the assignment stays
//! the best of those that have come in. Claims are ranked by a permutation of the tracks' places in their lane, so that a
//! round is no chain of neighbours who wait for each other. (Deterministic reservations: Blelloch, Fineman, Gibbons and Shun
//! 2012.)
//!
//! A track keeps only its assigned edge, weighed as if alone: p = ψ / (1 + ψ), so that its existence follows the IPDA
//! ratio r' = r Λ / (1 - r + r Λ), Λ = 1 - P_D + P_D N / κ (Musicki et al. 1994). Ties go to the lower detection.

use super::super::simd::ln;
use super::Cluster;
use rayon::prelude::*;

const NONE: u32 = u32::MAX;
/// Order of the first column that stands for "none".
const FIRST_NONE: u32 = 1 << 31;
/// What a detection is worth over none, in nats.
pub const PREFERENCE: f32 = 8.0;
/// The likelihood ratio at which a detection is worth as much as none: e to the power of minus the preference.
pub const CUT_WEIGHT: f32 = 3.354_626_3e-4;

/// A search that has not ended after so many columns gives up and leaves its track alone.
pub const SEARCH_MAX: usize = 32;
/// Hypotheses that a search looks at; what is left of rows is not looked at then. Kernels know what they have reached by going
/// through it, and one driver ends an invocation after 65,535 iterations.
pub const LOOKED_MAX: usize = 224;
/// Rounds after which those that still wait are left alone. Scenes whose tracks are all of one cluster take some 25.
pub const ROUNDS_MAX: u32 = 252;

/// Bits of a claim that say whose it is; those above count rounds.
pub const CLAIM_BITS: u32 = 28;
/// The golden section of 2^28, made odd: neighbours are far apart in rank.
pub const SCATTER: u32 = 0x9e3_779b;
/// Undoes [`SCATTER`]: their product ends in a 1 and 28 zeros before it.
pub const GATHER: u32 = inverse(SCATTER) & ((1 << CLAIM_BITS) - 1);

/// The inverse of an odd number modulo 2^32, by Newton's iteration: right bits double each time.
const fn inverse(odd: u32) -> u32 {
    let mut of = odd;
    let mut n = 0;
    while n < 5 {
        of = of.wrapping_mul(2u32.wrapping_sub(odd.wrapping_mul(of)));
        n += 1;
    }
    of
}

/// What the track at a place of its lane claims with: unlike all others, greater than nothing.
const fn claim_of(place: u32) -> u32 {
    1 << CLAIM_BITS | place.wrapping_mul(SCATTER) & ((1 << CLAIM_BITS) - 1)
}

/// Waiting tracks of a cluster whose searches are worth a task each.
const PARALLEL: usize = 256;

/// Scratch memory.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    problem: Problem,
    /// Edge that each track keeps.
    kept: Vec<u32>,
    /// Tracks that found their best detection taken.
    waiting: Vec<u32>,
    /// The path of each.
    paths: Vec<Path>,
    marks: Marks,
}

/// The tracks of a cluster, and what they may take.
#[derive(Debug, Default)]
struct Problem {
    numbers: Numbers,
    /// Column and cost of each edge.
    column: Vec<u32>,
    cost: Vec<f32>,
    starts: Vec<usize>,
    /// The detections, then a "none" for each track.
    columns: Vec<Column>,
    detections: usize,
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
    /// The greatest claim of the round, or [`NONE`]: a track has come in by it.
    claim: u32,
}

impl Column {
    fn new(order: u32) -> Self {
        Self { order, owner: NONE, taken: NONE, price: 0.0, claim: 0 }
    }
}

/// A column that a search has come to.
#[derive(Clone, Copy, Debug)]
struct Reached {
    column: u32,
    /// The track by which it came there.
    by: u32,
    distance: f32,
    /// Whether the distance is final.
    done: bool,
}

/// What a search found.
#[derive(Debug, Default)]
struct Path {
    /// The column of "none" of its track, then others.
    reached: Vec<Reached>,
    /// Where it ends, among these.
    end: usize,
    /// Whether it is the shortest still: nobody has come in by one of its columns.
    holds: bool,
}

/// Takes a column as reached, unless it was nearer before.
#[expect(clippy::indexing_slicing, reason = "sized for all columns")]
#[expect(clippy::cast_possible_truncation, reason = "few")]
fn offer(this: Reached, reached: &mut Vec<Reached>, marks: &mut Marks) -> bool {
    let mark = &mut marks.of[this.column as usize];
    if mark[0] != marks.number {
        *mark = [marks.number, reached.len() as u32];
        reached.push(this);
        return true;
    }
    let before = &mut reached[mark[1] as usize];
    let nearer = !before.done && this.distance < before.distance;
    if nearer {
        *before = this;
    }
    nearer
}

/// Where among those that a search has reached each column is: if it bears the search's number.
#[derive(Debug, Default)]
struct Marks {
    of: Vec<[u32; 2]>,
    number: u32,
}

impl Marks {
    /// For another search among so many columns.
    fn begin(&mut self, columns: usize) {
        if self.of.len() < columns || self.number == u32::MAX {
            self.of.clear();
            self.of.resize(columns, [0; 2]);
            self.number = 0;
        }
        self.number += 1;
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

/// Solves one cluster and sets its weights; a track's assigned edge becomes the first of its row. Returns how many tracks were
/// left alone because they waited too long.
#[expect(clippy::indexing_slicing, reason = "sized here")]
pub(super) fn solve(cluster: &mut Cluster<'_>, scratch: &mut Scratch) -> u64 {
    let mut left = 0;
    if !scratch.everyone_gets_the_best(cluster) {
        left = scratch.settle(cluster);
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
    left
}

impl Scratch {
    /// Finds every track's best detection, into `kept`; whether no two have the same: then there is nothing to solve.
    #[expect(clippy::indexing_slicing, reason = "sized here")]
    #[expect(clippy::cast_possible_truncation, reason = "elements of a cluster are counted in 32 bits")]
    fn everyone_gets_the_best(&mut self, cluster: &Cluster<'_>) -> bool {
        let alone = cluster.counts.len() == 1;
        if !alone {
            self.problem.numbers.clear(cluster.counts.len());
        }
        self.kept.clear();
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
            if worth && distinct && !alone {
                distinct = self.problem.numbers.number(row[best].detection).1;
            }
            start += count as usize;
        }
        distinct
    }

    /// Gives every track its best detection, or none, if nobody has it; then those that wait come in, round by round. Returns
    /// how many never do.
    #[expect(clippy::indexing_slicing, reason = "sized here")]
    #[expect(clippy::cast_possible_truncation, reason = "tracks are counted in 32 bits")]
    fn settle(&mut self, cluster: &Cluster<'_>) -> u64 {
        self.problem.prepare(cluster);
        self.waiting.clear();
        for (track, &best) in self.kept.iter().enumerate() {
            if !self.problem.take_if_free(track, best) {
                self.waiting.push(track as u32);
            }
        }
        let Self { waiting, paths, .. } = self;
        paths.resize_with(waiting.len().max(paths.len()), Path::default);
        paths.iter_mut().zip(&*waiting).for_each(|(path, _)| path.holds = false);
        let mut rounds = 0;
        while !self.waiting.is_empty() && rounds < ROUNDS_MAX {
            self.round(cluster);
            rounds += 1;
        }
        self.kept.fill(NONE);
        for column in &self.problem.columns[..self.problem.detections] {
            if column.owner != NONE {
                self.kept[column.owner as usize] = column.taken;
            }
        }
        self.waiting.len() as u64
    }

    /// One round: all that wait search, and those whose columns nobody before them claims come in.
    #[expect(clippy::indexing_slicing, reason = "a track has a place, and those that wait have a path each")]
    fn round(&mut self, cluster: &Cluster<'_>) {
        let Self { problem, waiting, paths, marks, .. } = self;
        let paths = &mut paths[..waiting.len()];
        let search = |marks: &mut Marks, (path, track): (&mut Path, &u32)| {
            if !path.holds {
                problem.search(*track, path, marks);
            }
        };
        if waiting.len() < PARALLEL {
            paths.iter_mut().zip(&*waiting).for_each(|each| search(marks, each));
        } else {
            paths.par_iter_mut().zip(&*waiting).with_min_len(64).for_each_init(Marks::default, search);
        }
        if let ([path], [track]) = (&*paths, waiting.as_slice()) {
            problem.take(path, *track);
            waiting.clear();
            return;
        }
        let claim = |track: u32| claim_of(cluster.tracks[track as usize] - cluster.first);
        for (path, &track) in paths.iter().zip(&*waiting) {
            problem.each(path, |column| column.claim = column.claim.max(claim(track)));
        }
        let mut left = 0;
        for k in 0..paths.len() {
            let mut wins = true;
            problem.each(&paths[k], |column| wins &= column.claim == claim(waiting[k]));
            if wins {
                problem.take(&paths[k], waiting[k]);
            } else {
                // Those that are left stand before those that came in.
                waiting.swap(left, k);
                paths.swap(left, k);
                left += 1;
            }
        }
        waiting.truncate(left);
        for path in &mut paths[..left] {
            let mut holds = true;
            problem.each(path, |column| holds &= column.claim != NONE);
            path.holds = holds;
        }
        for path in &*paths {
            problem.each(path, |column| column.claim = 0);
        }
    }
}

impl Problem {
    /// Numbers the detections, and prices all edges.
    #[expect(clippy::cast_possible_truncation, reason = "elements of a cluster are counted in 32 bits")]
    fn prepare(&mut self, cluster: &Cluster<'_>) {
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
        self.detections = self.columns.len();
        self.starts.clear();
        self.starts.push(0);
        let mut start = 0;
        for (track, &count) in cluster.counts.iter().enumerate() {
            start += count as usize;
            self.starts.push(start);
            self.columns.push(Column::new(FIRST_NONE + track as u32));
        }
    }

    /// Gives a track its best detection, or none, if nobody has it: with all prices at zero that needs no search.
    #[expect(clippy::indexing_slicing, reason = "columns are sized in `prepare`")]
    #[expect(clippy::cast_possible_truncation, reason = "elements of a cluster are counted in 32 bits")]
    fn take_if_free(&mut self, track: usize, best: u32) -> bool {
        let column = self.column.get(best as usize).map_or(self.detections + track, |column| *column as usize);
        let column = &mut self.columns[column];
        let free = column.owner == NONE;
        if free {
            (column.owner, column.taken) = (track as u32, best);
        }
        free
    }

    /// Finds the shortest augmenting path of a track.
    #[expect(clippy::indexing_slicing, reason = "columns are sized in `prepare`")]
    #[expect(clippy::cast_possible_truncation, reason = "elements of a cluster are counted in 32 bits")]
    fn search(&self, track: u32, path: &mut Path, marks: &mut Marks) {
        marks.begin(self.columns.len());
        let own = self.least_cost(track as usize);
        // It may have none: whatever else it may have, there is an end.
        let none = self.detections + track as usize;
        let mut bound = 0.0 - self.columns[none].price - own;
        path.reached.clear();
        path.reached.push(Reached { column: none as u32, by: track, distance: bound, done: false });
        marks.of[none] = [marks.number, 0];
        let (mut row, mut base, mut own, mut left) = (track, 0.0f32, own, LOOKED_MAX);
        for _ in 1..SEARCH_MAX {
            let looked = self.starts[row as usize + 1] - self.starts[row as usize];
            let looked = looked.min(left);
            left -= looked;
            self.relax((row, looked), (base, own), &mut bound, (&mut path.reached, marks));
            let mut nearest: Option<usize> = None;
            for (n, this) in path.reached.iter().enumerate().filter(|(_, this)| !this.done) {
                if nearest.is_none_or(|best| self.is_nearer(this, &path.reached[best])) {
                    nearest = Some(n);
                }
            }
            path.end = nearest.unwrap_or(0);
            let Reached { column, distance, ref mut done, .. } = path.reached[path.end];
            *done = true;
            let column = self.columns[column as usize];
            if column.owner == NONE {
                return;
            }
            // Only the last column of a path is one of "none".
            (row, base, own) = (column.owner, distance, self.cost[column.taken as usize] - column.price);
        }
        path.end = 0;
        path.reached[0].done = true;
    }

    /// Offers the first columns of a row at `base` plus its reduced cost, less that of the column that the row has.
    #[expect(clippy::indexing_slicing, reason = "columns are sized in `prepare`")]
    #[expect(clippy::cast_possible_truncation, reason = "elements of a cluster are counted in 32 bits")]
    fn relax(
        &self,
        (row, looked): (u32, usize),
        (base, own): (f32, f32),
        bound: &mut f32,
        (reached, marks): (&mut Vec<Reached>, &mut Marks),
    ) {
        let none = (self.detections + row as usize) as u32;
        let start = self.starts[row as usize];
        let edges = (start..start + looked).map(|e| (self.column[e], self.cost[e]));
        for (column, cost) in core::iter::once((none, 0.0)).chain(edges) {
            // Farther than the nearest free column nothing is looked at; and no price is above zero.
            if base + (cost - own) <= *bound {
                let to = &self.columns[column as usize];
                let this = Reached { column, by: row, distance: base + (cost - to.price - own), done: false };
                if this.distance <= *bound && offer(this, reached, marks) && to.owner == NONE {
                    *bound = this.distance;
                }
            }
        }
    }

    /// Whether one column is nearer than another; of equals the lower one is.
    #[expect(clippy::indexing_slicing, reason = "columns are sized in `prepare`")]
    fn is_nearer(&self, this: &Reached, other: &Reached) -> bool {
        let order = |of: &Reached| self.columns[of.column as usize].order;
        this.distance < other.distance || (this.distance <= other.distance && order(this) < order(other))
    }

    /// The least reduced cost of a row.
    #[expect(clippy::indexing_slicing, reason = "columns are sized in `prepare`")]
    fn least_cost(&self, row: usize) -> f32 {
        let mut least = 0.0 - self.columns[self.detections + row].price;
        for e in self.starts[row]..self.starts[row + 1] {
            if self.cost[e] < least {
                least = least.min(self.cost[e] - self.columns[self.column[e] as usize].price);
            }
        }
        least
    }

    /// Does something to every column of a path.
    #[expect(clippy::indexing_slicing, reason = "columns are sized in `prepare`")]
    fn each(&mut self, path: &Path, mut with: impl FnMut(&mut Column)) {
        let path = path.reached.iter().filter(|reached| reached.done);
        path.for_each(|reached| with(&mut self.columns[reached.column as usize]));
    }

    /// Brings a track in along its path: moves the prices, and hands the columns over from the end to it.
    #[expect(clippy::indexing_slicing, reason = "columns are sized in `prepare`")]
    #[expect(clippy::cast_possible_truncation, reason = "elements of a cluster are counted in 32 bits")]
    fn take(&mut self, path: &Path, track: u32) {
        let end = &path.reached[path.end];
        for reached in path.reached.iter().filter(|reached| reached.done) {
            let column = &mut self.columns[reached.column as usize];
            column.price += (reached.distance - end.distance).min(0.0);
            column.claim = NONE;
        }
        let mut next = Some(end);
        while let Some(&Reached { column, by: row, .. }) = next {
            let edges = self.starts[row as usize]..self.starts[row as usize + 1];
            // The column that this row leaves is the next to be handed over.
            let own = |c: &&u32| self.columns[**c as usize].owner == row;
            let left = self.column[edges.clone()].iter().find(own).copied();
            let within = self.column[edges.clone()].iter().position(|c| *c == column);
            let to = &mut self.columns[column as usize];
            to.owner = row;
            to.taken = within.map_or(NONE, |n| (edges.start + n) as u32);
            next = left.and_then(|left| path.reached.iter().find(|reached| row != track && reached.column == left));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_of_one_track_each_and_say_whose() {
        for place in (0..100_000).chain([(1 << CLAIM_BITS) - 1]) {
            assert_eq!(claim_of(place) >> CLAIM_BITS, 1);
            assert_eq!(claim_of(place).wrapping_mul(GATHER) & ((1 << CLAIM_BITS) - 1), place);
        }
    }
}
