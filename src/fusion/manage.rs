//! Ends, keeps and begins tracks: prune, recycle, confirm, births, compaction, order in space.
//!
//! Every lane keeps its blocks to itself, with some places to spare; a place without a track has odds 0, and no stage
//! touches it. Births fill the free places in order. Where they do not suffice, and now and then for speed, a lane is
//! compacted, its tracks sorted by the cell they lie in, so that neighbours in space are neighbours in memory. Whether
//! it is compacted depends on the lane alone: the order of its tracks is the order of its sums. The identity of a track
//! is the scan and the detection of its birth, counted within its lane.

use super::address::Belief;
use super::arrays::{
    Arrays, BLOCK, Block, COUNTED, COVARIANCE, FLAGS, Graph, Host, Hypothesis, LaneStep, MEAN, MODEL, SOURCE_WORDS,
    TrackHypotheses, at, tri,
};
use super::cluster::Claims;
use super::config::Existence;
use super::credit::{Counting, Ended, Own, Times, words};
use super::motion::MODELS_MAX;
use super::predict::up;
use super::state::State;
use super::undetected::Birth;
use super::views::VIEW_WORDS;
use crate::scan::Detection;
use crate::space::TILE_M;
use rayon::prelude::*;

/// Flag of a confirmed track.
pub const CONFIRMED: u32 = 1;
/// Flag of a track that is, or was once.
pub const WAS_CONFIRMED: u32 = 2;
/// Tracks of a lane that may share a cell. Where more do, they keep the order there was: the scan saw so little that its
/// cells do not tell them apart, and kernels rank the tracks of a cell among each other.
pub const CELL_MAX: usize = 32_768;
/// Places that a task looks at.
const CHUNK: usize = 8192;
/// An unused place.
const EMPTY: u32 = u32::MAX;
/// Marks births among the origins of places.
const BORN: u32 = 1 << 31;

/// A track that begins.
#[derive(Clone, Copy, Debug)]
pub struct Newborn {
    /// State and tile.
    pub birth: Birth,
    /// Probability of existence.
    pub existence: f32,
    /// Scan within the lane, detection within the scan.
    pub born: [u32; 2],
    /// Source of its first detection.
    pub source: u8,
    /// 1 if that is counted to it, 0 if another track has it.
    pub detections: u32,
    /// When it was, microseconds.
    pub detected_us: i64,
    /// What it is taken to send.
    pub belief: Belief,
    /// Log-odds that each view sees it.
    pub views: [u32; VIEW_WORDS],
}

/// What becomes of a track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays.
    Kept,
    /// It is dropped.
    Pruned,
    /// It goes back into the field of undetected targets.
    Recycled,
}

/// Decides over one track of the lane of `look`.
#[must_use]
#[inline]
#[expect(clippy::indexing_slicing, reason = "a track lies in its block")]
pub fn fate(arrays: &Arrays<Host>, look: &LaneStep, existence: &Existence, track: usize) -> Fate {
    let odds = arrays.odds[track];
    let r = odds / (1.0 + odds);
    // A free place is no track, and NaN is dropped, too.
    if !(odds > 0.0 && r >= existence.prune.get()) {
        return Fate::Pruned;
    }
    let level = level_variance(arrays, look, track);
    let limit = existence.position_sigma_max_m.get();
    if r < existence.recycle.get() || level.is_nan() || level > 2.0 * (limit * limit) {
        Fate::Recycled
    } else {
        Fate::Kept
    }
}

/// The variance of a track's place over both horizontal axes, tr P_pp - uᵀ P_pp u, m²: u is upwards.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "a track lies in its block")]
fn level_variance(arrays: &Arrays<Host>, look: &LaneStep, track: usize) -> f32 {
    let p = |i, j| arrays.covariance[at(track, tri(i, j), COVARIANCE)];
    if look.radial == 0 { p(0, 0) + p(1, 1) } else { level_variance_on_earth(arrays, look, track) }
}

#[expect(clippy::indexing_slicing, reason = "a track lies in its block")]
fn level_variance_on_earth(arrays: &Arrays<Host>, look: &LaneStep, track: usize) -> f32 {
    let p = |i, j| arrays.covariance[at(track, tri(i, j), COVARIANCE)];
    let tile: [f32; 3] = core::array::from_fn(|a| arrays.tile[at(track, a, 3)] as f32);
    let mean: [f32; MEAN] = core::array::from_fn(|k| arrays.mean[at(track, k, MEAN)]);
    let u = up(look, &tile, &mean);
    let g: [f32; 3] = core::array::from_fn(|i| p(i, 0) * u[0] + p(i, 1) * u[1] + p(i, 2) * u[2]);
    p(0, 0) + p(1, 1) + p(2, 2) - g[0] * u[0] - g[1] * u[1] - g[2] * u[2]
}

/// Where the tracks of every lane come from, in their new order.
#[derive(Debug, Default)]
pub struct Plan {
    /// Origin of every place of the new blocks: an old place, a birth, or nothing.
    pub origins: Vec<u32>,
    /// Lane of every new block.
    pub lanes: Vec<u32>,
}

/// What becomes of one lane's places.
#[derive(Debug)]
pub struct Places {
    /// Origin of each.
    origins: Vec<u32>,
    /// Whether every track stays where it is.
    pub in_place: bool,
    /// How many hold a track.
    pub live: usize,
}

impl Places {
    /// Puts `births` births into the free places of a lane whose places from `first` on have these fates; every track
    /// that is kept stays where it is. `None` if there is no room.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "tracks are counted in 31 bits; the batch checks")]
    pub fn in_place(first: usize, fates: &[Fate], births: usize) -> Option<Self> {
        let free = |fates: &[Fate]| fates.iter().filter(|fate| **fate != Fate::Kept).count();
        let mut begun: Vec<usize> = fates.par_chunks(CHUNK).map(free).collect();
        let mut all = 0;
        for begun in &mut begun {
            (*begun, all) = (all, all + *begun);
        }
        let live = (fates.len() + births).checked_sub(all).filter(|live| *live <= fates.len())?;
        let mut origins = vec![EMPTY; fates.len()];
        let chunks = origins.par_chunks_mut(CHUNK).zip(fates.par_chunks(CHUNK)).zip(begun).enumerate();
        chunks.for_each(|(chunk, ((origins, fates), begun))| {
            let mut born = (begun..births).map(|birth| birth as u32 | BORN);
            let places = (first + chunk * CHUNK) as u32..;
            for ((origin, place), fate) in origins.iter_mut().zip(places).zip(fates) {
                *origin = if *fate == Fate::Kept { place } else { born.next().unwrap_or(EMPTY) };
            }
        });
        Some(Self { origins, in_place: true, live })
    }

    /// Puts the tracks that are kept, in the order that `order` gives them, and then `births` births into new places.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "tracks are counted in 31 bits; the batch checks")]
    pub fn compacted(first: usize, fates: &[Fate], births: usize, order: impl FnOnce(&mut Vec<u32>)) -> Self {
        let mut kept: Vec<u32> =
            (first as u32..).zip(fates).filter(|(_, fate)| **fate == Fate::Kept).map(|(place, _)| place).collect();
        let live = kept.len() + births;
        order(&mut kept);
        kept.extend((0..births as u32).map(|birth| birth | BORN));
        // An eighth to spare, so that most scans find room.
        kept.resize(live + live / 8, EMPTY);
        Self { origins: kept, in_place: false, live }
    }

    /// A lane that rests.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "tracks are counted in 31 bits; the batch checks")]
    pub fn at_rest(places: core::ops::Range<usize>, live: usize) -> Self {
        Self { origins: (places.start as u32..places.end as u32).collect(), in_place: true, live }
    }

    /// Number of places.
    #[must_use]
    pub fn len(&self) -> usize {
        self.origins.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.origins.is_empty()
    }
}

impl Plan {
    /// Origins of the places of a block, and its lane.
    fn block(&self, block: usize) -> Option<(&[u32], usize)> {
        let origins = self.origins.get(block * BLOCK..(block + 1) * BLOCK)?;
        Some((origins, *self.lanes.get(block)? as usize))
    }

    /// Appends one lane, whose births are those of the wave from `births` on. Returns its first place.
    #[expect(clippy::cast_possible_truncation, reason = "tracks are counted in 31 bits; the batch checks")]
    pub fn lane(&mut self, lane: usize, places: Places, births: usize) -> usize {
        let first = self.origins.len();
        let here = |origin: &u32| if *origin < EMPTY && *origin >= BORN { *origin + births as u32 } else { *origin };
        if first + births == 0 {
            self.origins = places.origins;
        } else {
            self.origins.extend(places.origins.iter().map(here));
        }
        self.origins.resize(self.origins.len().next_multiple_of(BLOCK), EMPTY);
        self.lanes.resize(self.origins.len() / BLOCK, lane as u32);
        first
    }
}

/// What settling reads besides the old arrays.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The wave's births.
    pub births: &'a [Newborn],
    /// Source of each detection.
    pub source: &'a [u8],
    /// Thresholds.
    pub existence: &'a Existence,
    /// What tracks claim of each detection.
    pub claims: &'a Claims,
    /// When the detections of each lane were made.
    pub times: &'a [Times],
    /// Probability of each of several motion models of a track that begins.
    pub model_prior: [f32; MODELS_MAX],
}

impl<'a> Inputs<'a> {
    /// What the detections of a lane are counted by.
    #[must_use]
    pub fn counting(&self, lane: usize, detections: &'a [Detection]) -> Counting<'a> {
        let times = self.times.get(lane).copied().unwrap_or_default();
        Counting { claims: self.claims, detections, existence: self.existence, times }
    }
}

/// Counts to a lane what ends of its tracks from `first` on, where they are to be moved.
pub fn end(fates: &[Fate], first: usize, (arrays, counting): (&Arrays<Host>, &Counting<'_>), ended: &Ended) {
    let places = (first..).zip(fates).zip(arrays.rows.get(first..).unwrap_or_default());
    for ((track, _), row) in places.filter(|((_, fate), _)| **fate != Fate::Kept) {
        ended.add((&arrays.identity, track), Own::of(row, &arrays.edges, counting));
    }
}

/// Moves the tracks to their new places in `to`.
pub fn compact(from: &Arrays<Host>, to: &mut Arrays<Host>, plan: &Plan, inputs: &Inputs<'_>) {
    to.resize_blocks(plan.lanes.len());
    to.lane.copy_from_slice(&plan.lanes);
    let (blocks, _) = to.blocks_mut();
    blocks.for_each(|mut block| {
        let Some((origins, lane)) = plan.block(block.first) else { return };
        let counting = inputs.counting(lane, &from.detections);
        for (place, &origin) in origins.iter().enumerate() {
            if origin == EMPTY {
                block.clear(place);
            } else if origin & BORN == 0 {
                block.carry(place, from, origin as usize, (inputs, &counting));
            } else if let Some(newborn) = inputs.births.get((origin ^ BORN) as usize) {
                block.begin(place, newborn, inputs);
            }
        }
    });
}

/// Settles every track where it is: the plan moves none. What ends is counted to its lane in `ended`.
pub fn settle_in_place(arrays: &mut Arrays<Host>, plan: &Plan, inputs: &Inputs<'_>, ended: &[Ended]) {
    let (blocks, Graph { rows, edges, detections }) = arrays.blocks_mut();
    blocks.for_each(|mut block| {
        let first = block.first * BLOCK;
        let Some((origins, lane)) = plan.block(block.first) else { return };
        let counting = inputs.counting(lane, detections);
        let rows = rows.get(first..first + BLOCK).unwrap_or_default();
        for (place, (&origin, row)) in origins.iter().zip(rows).enumerate() {
            if origin & BORN == 0 {
                block.keep(place, (row, edges), (inputs, &counting));
                continue;
            }
            if let Some(ended) = ended.get(lane) {
                ended.add((block.identity, place), Own::of(row, edges, &counting));
            }
            if origin == EMPTY {
                block.free(place);
            } else if let Some(newborn) = inputs.births.get((origin ^ BORN) as usize) {
                block.begin(place, newborn, inputs);
            }
        }
    });
}

#[expect(clippy::indexing_slicing, reason = "a place lies in its block")]
impl Block<'_> {
    /// Ends what was here: without odds nothing else counts, and its detections are accounted for.
    fn free(&mut self, place: usize) {
        self.odds[place] = 0.0;
        let detections = &mut self.identity[COUNTED * BLOCK + place];
        if *detections > 0 {
            *detections = 0;
        }
    }

    /// Leaves a track where it is, with its status, sources and detections as they are now.
    fn keep(
        &mut self,
        place: usize,
        (row, edges): (&TrackHypotheses, &[Hypothesis]),
        (inputs, counting): (&Inputs<'_>, &Counting<'_>),
    ) {
        let before = self.identity[FLAGS * BLOCK + place];
        let flags = status(self.odds[place], before, inputs.existence);
        if flags != before {
            self.identity[FLAGS * BLOCK + place] = flags;
        }
        let mut own = Own::NONE;
        for (edge, number) in edges_of(row, edges).iter().zip(row.start..) {
            if let Some((word, bit)) = contribution(*edge, inputs) {
                // Most are as they were: what is not written need not be brought back to memory.
                let word = &mut self.sources[word * BLOCK + place];
                if *word & bit == 0 {
                    *word |= bit;
                }
                own.add((number, edge), counting);
            }
        }
        own.count(self.identity, place);
    }

    /// Brings a track here, with its status, sources and detections as they are now.
    fn carry(
        &mut self,
        place: usize,
        from: &Arrays<Host>,
        track: usize,
        (inputs, counting): (&Inputs<'_>, &Counting<'_>),
    ) {
        self.copy(place, from, track);
        let flags = &mut self.identity[FLAGS * BLOCK + place];
        *flags = status(self.odds[place], *flags, inputs.existence);
        if let Some(row) = from.rows.get(track) {
            let mut own = Own::NONE;
            for (edge, number) in edges_of(row, &from.edges).iter().zip(row.start..) {
                if let Some((word, bit)) = contribution(*edge, inputs) {
                    self.sources[word * BLOCK + place] |= bit;
                    own.add((number, edge), counting);
                }
            }
            own.count(self.identity, place);
        }
    }

    fn begin(&mut self, place: usize, newborn: &Newborn, inputs: &Inputs<'_>) {
        let Newborn { birth: Birth { tile, state, .. }, existence: r, born, source, detections, .. } = *newborn;
        for k in 0..3 {
            let (tile, offset) = settled(tile[k], state.mean[k]);
            self.tile[k * BLOCK + place] = tile;
            self.mean[k * BLOCK + place] = offset;
            self.mean[(3 + k) * BLOCK + place] = state.mean[3 + k];
        }
        for k in 0..COVARIANCE {
            self.covariance[k * BLOCK + place] = state.covariance[k];
        }
        let odds = (r / (1.0 - r)).min(super::arrays::ODDS_MAX);
        self.odds[place] = odds;
        let [low, high] = words(newborn.detected_us);
        let [address, probability] = newborn.belief.words();
        let identity =
            [born[0], born[1], status(odds, 0, inputs.existence), detections, low, high, address, probability];
        for (k, word) in identity.into_iter().enumerate() {
            self.identity[k * BLOCK + place] = word;
        }
        for k in 0..SOURCE_WORDS {
            let here = usize::from(source) / 32 == k;
            self.sources[k * BLOCK + place] = if here { 1 << (source % 32) } else { 0 };
        }
        for (views, word) in self.views.chunks_mut(BLOCK).zip(newborn.views) {
            views[place] = word;
        }
        for rest in self.rest.chunks_mut(BLOCK) {
            rest[place] = 0.0;
        }
        for (model, prior) in self.models.chunks_mut(MODEL * BLOCK).zip(inputs.model_prior) {
            model[place] = prior;
            for k in 0..MEAN {
                model[(1 + k) * BLOCK + place] = self.mean[k * BLOCK + place];
            }
            for k in 0..COVARIANCE {
                model[(1 + MEAN + k) * BLOCK + place] = state.covariance[k];
            }
        }
    }
}

/// Brings an offset back into the middle of its tile.
#[expect(clippy::cast_possible_truncation, reason = "1024 is exact; saturating is meant")]
pub(crate) fn settled(tile: i32, offset_m: f32) -> (i32, f32) {
    let size = TILE_M as f32;
    let carry = (offset_m / size + 0.5).floor();
    (tile.wrapping_add(carry as i32), offset_m - carry * size)
}

fn status(odds: f32, before: u32, existence: &Existence) -> u32 {
    let r = odds / (1.0 + odds);
    let confirm = existence.confirm.get();
    let confirmed = r >= confirm || (before & CONFIRMED != 0 && r >= 0.5 * confirm);
    (before & WAS_CONFIRMED) | if confirmed { CONFIRMED | WAS_CONFIRMED } else { 0 }
}

/// The edges of a row.
#[must_use]
pub fn edges_of<'a>(row: &TrackHypotheses, edges: &'a [Hypothesis]) -> &'a [Hypothesis] {
    edges.get(row.start as usize..(row.start as usize).saturating_add(row.count as usize)).unwrap_or(&[])
}

/// Word and bit of the source of a detection that the track was probably made of.
#[inline]
#[expect(clippy::indexing_slicing, reason = "every detection has a source, checked to be below the most")]
pub(super) fn contribution(edge: Hypothesis, inputs: &Inputs<'_>) -> Option<(usize, u32)> {
    if edge.weight >= inputs.existence.contributor.get() {
        let source = inputs.source[edge.detection as usize];
        Some((usize::from(source) / 32, 1 << (source % 32)))
    } else {
        None
    }
}

/// Tile of a track, and offset in it.
#[must_use]
#[expect(clippy::indexing_slicing, reason = "a track lies in its block")]
pub fn place_of(arrays: &Arrays<Host>, track: usize) -> ([i32; 3], [f32; 3]) {
    let tile = core::array::from_fn(|a| arrays.tile[at(track, a, 3)]);
    (tile, core::array::from_fn(|a| arrays.mean[at(track, a, MEAN)]))
}

/// State of a track, for recycling.
#[must_use]
#[expect(clippy::indexing_slicing, reason = "a track lies in its block")]
pub fn state_of(arrays: &Arrays<Host>, track: usize) -> ([i32; 3], State<f32>) {
    let (block, place) = (track / BLOCK, track % BLOCK);
    let tile = core::array::from_fn(|a| arrays.tile[at(track, a, 3)]);
    let mean = &arrays.mean[block * MEAN * BLOCK..(block + 1) * MEAN * BLOCK];
    let covariance = &arrays.covariance[block * COVARIANCE * BLOCK..(block + 1) * COVARIANCE * BLOCK];
    (tile, State::load(mean, covariance, place))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// tr of (I - u uᵀ) P, element by element, in f64.
    fn projected(p: &[f32; COVARIANCE], u: [f64; 3]) -> f64 {
        let kept = |i: usize, j: usize| if i == j { 1.0 - u[i] * u[j] } else { -u[i] * u[j] };
        (0..3).flat_map(|i| (0..3).map(move |j| (i, j))).map(|(i, j)| kept(i, j) * f64::from(p[tri(i, j)])).sum()
    }

    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "a limit")]
    fn a_track_ends_by_what_is_horizontal_alone() {
        let place = crate::space::Place::from_metres([4_200_000.0, -2_170_000.0, 4_280_000.0]);
        let norm = place.metres().iter().map(|m| m * m).sum::<f64>().sqrt();
        for (radial, u) in [(0, [0.0, 0.0, 1.0]), (1, place.metres().map(|m| m / norm))] {
            for upright in [0.0, 1e4, 1e8] {
                // 40² m² along every axis, some of them together, and what there is along the vertical.
                let mut p = [0.0; COVARIANCE];
                for (i, j) in [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)] {
                    p[tri(i, j)] = (if i == j { 1600.0 } else { -300.0 } + upright * u[i] * u[j]) as f32;
                }
                let mut arrays = Arrays::<Host>::default();
                arrays.resize_blocks(1);
                arrays.odds[3] = 10.0;
                for a in 0..3 {
                    arrays.tile[at(3, a, 3)] = place.tile[a];
                    arrays.mean[at(3, a, MEAN)] = place.offset_m[a];
                }
                for (k, p) in p.into_iter().enumerate() {
                    arrays.covariance[at(3, k, COVARIANCE)] = p;
                }
                let look = LaneStep { radial, ..LaneStep::default() };
                let wanted = (projected(&p, u) / 2.0).sqrt();
                for (share, fate_then) in [(0.99, Fate::Recycled), (1.01, Fate::Kept)] {
                    let config = include_str!("../../data/config/bench.toml");
                    let mut config: super::super::config::Config = toml::from_str(config).expect("a configuration");
                    config.existence.position_sigma_max_m = ((share * wanted) as f32).try_into().expect("a length");
                    assert_eq!(fate(&arrays, &look, &config.existence, 3), fate_then, "{radial} {upright} {share}");
                }
            }
        }
    }

    #[test]
    fn births_fill_the_free_places_in_order_to_the_last_one() {
        let fates = [Fate::Pruned, Fate::Kept, Fate::Recycled, Fate::Kept, Fate::Pruned];
        let origins = |births| Places::in_place(40, &fates, births).map(|places| (places.origins, places.live));
        assert_eq!(origins(0), Some((vec![EMPTY, 41, EMPTY, 43, EMPTY], 2)));
        assert_eq!(origins(2), Some((vec![BORN, 41, 1 | BORN, 43, EMPTY], 4)));
        assert_eq!(origins(3), Some((vec![BORN, 41, 1 | BORN, 43, 2 | BORN], 5)));
        assert_eq!(origins(4), None, "there is no room");
    }
}
