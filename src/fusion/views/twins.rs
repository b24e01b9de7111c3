//! Twins: one object as two tracks, each fed by a view that does not see the other one. They are merged.
//!
//! Two tracks that have a detection in both their gates are twins if no view sees both, max_g min(v_a,g, v_b,g) < 0.1; if
//! both exist, r > 0.3; if they are no farther apart along the ground than two measurements of one object,
//! |Δp|² < 9.2 (R_a + R_b), where R is the variance of what the view of the largest v measures, and P is left out: with it a
//! coasting track swallows its neighbours; and if they move alike, Δvᵀ (P_a + P_b)⁻¹ Δv < 9.2 (99 % of χ² with two
//! degrees of freedom).
//!
//! The older one stays where it is, with the larger existence, the larger v of each view, what was counted to both, and the
//! sources of both, which decide who may receive it; the younger one ends, and is counted. A track has one elder at a time, the first in its lane,
//! and an elder one heir, the first: others wait for the next look. Kernels: `portray`,
//! `elder`, `heir`, `merge`.

use super::super::arrays::{
    Arrays, BLOCK, BORN_DETECTION, BORN_SCAN, COVARIANCE, Host, Hypothesis, IDENTITY, LaneStep, MEAN, SOURCE_WORDS, at,
    tri,
};
use super::super::credit::{Own, inherit};
use super::super::manage::{Inputs, contribution, edges_of};
use super::super::predict::up;
use super::super::state::dot3;
use super::{VIEW_WORDS, VIEWS_MAX, ViewLook, chance, stored, with_stored};
use crate::mirror::mirror;
use crate::space::TILE_M;
use core::array::from_fn;
use rayon::prelude::*;

#[expect(clippy::cast_possible_truncation, reason = "1024 is exact")]
const TILE: f32 = TILE_M as f32;

/// Twins exist with more than this probability.
pub const TWIN_EXISTENCE: f32 = 0.3;
/// A view sees both of two tracks if it sees the less likely one with this probability or more.
pub const TWIN_SEEN: f32 = 0.1;
/// 99 % of χ² with two degrees of freedom.
pub const TWIN_GATE: f32 = 9.2;

mirror! {
    /// What is compared of a track that may be a twin.
    pub struct Portrait {
        /// Tile of its position.
        pub tile: [i32; 3],
        /// Odds of existence; 0 if it is no twin.
        pub odds: f32,
        /// Offset in the tile, metres.
        pub offset_m: [f32; 3],
        /// Variance of what the view measures that most likely sees it, m².
        pub variance_m2: f32,
        /// Metres a second.
        pub velocity_m_s: [f32; 3],
        /// Scan of its birth.
        pub scan: u32,
        /// Covariance of the velocity: the upper triangle, row by row.
        pub covariance: [f32; 6],
        /// Detection of its birth.
        pub detection: u32,
        /// 1 if up is away from the Earth's centre.
        pub radial: u32,
        /// v of every view.
        pub seen: [f32; VIEWS_MAX],
    }
}

fn may_be_twin(look: &LaneStep, odds: f32) -> bool {
    look.views > 1 && odds > 0.0 && odds / (1.0 + odds) > TWIN_EXISTENCE
}

/// v of every view of the lane, after the update, and the variance of what it measures.
#[expect(clippy::indexing_slicing, reason = "a track lies in its block")]
fn seen(arrays: &Arrays<Host>, look: &LaneStep, views: &[ViewLook], track: usize) -> impl Iterator<Item = (f32, f32)> {
    views.iter().take(look.views as usize).enumerate().map(move |(h, view)| {
        let steps = stored(|k| arrays.views[at(track, k, VIEW_WORDS)], h);
        // That of the view that looked is of now.
        let [seen, _] = if h == look.view as usize { chance(steps) } else { view.now(steps) };
        (seen, view.variance_m2)
    })
}

impl Portrait {
    /// Of a track of the lane of `look`, after its update.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "a track lies in its block")]
    pub fn of(arrays: &Arrays<Host>, look: &LaneStep, views: &[ViewLook], track: usize) -> Self {
        let odds = arrays.odds[track];
        if !may_be_twin(look, odds) {
            return Self::default();
        }
        let mut to = Self { odds, radial: look.radial, ..Self::default() };
        to.tile = from_fn(|a| arrays.tile[at(track, a, 3)]);
        to.offset_m = from_fn(|a| arrays.mean[at(track, a, MEAN)]);
        to.velocity_m_s = from_fn(|a| arrays.mean[at(track, 3 + a, MEAN)]);
        [to.scan, to.detection] = [BORN_SCAN, BORN_DETECTION].map(|k| arrays.identity[at(track, k, IDENTITY)]);
        to.covariance = from_fn(|k| arrays.covariance[at(track, tri(3, 3) + k, COVARIANCE)]);
        let mut most = -1.0;
        for (seen, (now, variance_m2)) in to.seen.iter_mut().zip(seen(arrays, look, views, track)) {
            *seen = now;
            if now > most {
                (most, to.variance_m2) = (now, variance_m2);
            }
        }
        to
    }

    fn born(&self) -> [u32; 2] {
        [self.scan, self.detection]
    }

    /// Whether `other` is an older twin.
    #[must_use]
    pub fn has_elder(&self, other: &Self) -> bool {
        self.odds > 0.0 && other.odds > 0.0 && other.born() < self.born() && self.is_twin(other)
    }

    #[expect(clippy::neg_cmp_op_on_partial_ord, reason = "what is not a number is nowhere near")]
    fn is_twin(&self, other: &Self) -> bool {
        let both = self.seen.iter().zip(&other.seen).fold(0.0, |most: f32, (a, b)| most.max(a.min(*b)));
        if both >= TWIN_SEEN {
            return false;
        }
        let [[x, y, z], [tx, ty, tz]] = [self.offset_m, self.tile.map(|tile| tile as f32)];
        let look = LaneStep { radial: self.radial, ..LaneStep::default() };
        let [first, second] = level(&up(&look, &[tx, ty, tz], &[x, y, z, 0.0, 0.0, 0.0]));
        let [ox, oy, oz] = other.tile;
        let [sx, sy, sz] = self.tile;
        let tiles = [ox.wrapping_sub(sx), oy.wrapping_sub(sy), oz.wrapping_sub(sz)];
        let apart = difference(&self.offset_m, &other.offset_m, tiles.map(|tiles| tiles as f32 * TILE));
        let (p1, p2) = (dot3(&first, &apart), dot3(&second, &apart));
        if !(p1 * p1 + p2 * p2 < TWIN_GATE * (self.variance_m2 + other.variance_m2)) {
            return false;
        }
        let speed = difference(&self.velocity_m_s, &other.velocity_m_s, [0.0; 3]);
        let (v1, v2) = (dot3(&first, &speed), dot3(&second, &speed));
        let [xx, xy, xz, yy, yz, zz] = sum(&self.covariance, &other.covariance);
        let times = |e: &[f32; 3]| [[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]].map(|row| dot3(&row, e));
        let (m1, m2) = (times(&first), times(&second));
        let (s11, s12, s22) = (dot3(&first, &m1), dot3(&second, &m1), dot3(&second, &m2));
        // S = L D Lᵀ: no sum of products beside a product, which a driver may regroup.
        let lower = s12 / s11;
        let (rest, apart) = (s22 - lower * s12, v2 - lower * v1);
        rest > 0.0 && v1 * (v1 / s11) + apart * (apart / rest) < TWIN_GATE
    }
}

fn difference([x, y, z]: &[f32; 3], [ox, oy, oz]: &[f32; 3], [tx, ty, tz]: [f32; 3]) -> [f32; 3] {
    [tx + (ox - x), ty + (oy - y), tz + (oz - z)]
}

fn sum(a: &[f32; 6], b: &[f32; 6]) -> [f32; 6] {
    let [a0, a1, a2, a3, a4, a5] = *a;
    let [b0, b1, b2, b3, b4, b5] = *b;
    [a0 + b0, a1 + b1, a2 + b2, a3 + b3, a4 + b4, a5 + b5]
}

/// Two unit vectors across `u`, which is one, and each other.
fn level(u: &[f32; 3]) -> [[f32; 3]; 2] {
    let [x, y, z] = *u;
    // From the axis that lies farther from it.
    let [a, b, c] = if z * z < 0.5 { [-y, x, 0.0] } else { [0.0, -z, y] };
    let length = (a * a + b * b + c * c).sqrt();
    let first = [a / length, b / length, c / length];
    let [a, b, c] = first;
    [first, [y * c - z * b, z * a - x * c, x * b - y * a]]
}

/// Bits of all views.
const ALL_VIEWS: u8 = u8::MAX;
const _: () = assert!(VIEWS_MAX <= u8::BITS as usize);

/// The look of a track's lane, and what the lane knows of its views.
fn lane_of(arrays: &Arrays<Host>, track: usize) -> Option<(&LaneStep, &[ViewLook])> {
    let lane = *arrays.lane.get(track / BLOCK)? as usize;
    Some((arrays.looks.get(lane)?, arrays.view_looks.get(lane * VIEWS_MAX..(lane + 1) * VIEWS_MAX)?))
}

/// The detections in the gates of tracks whose lanes have several views, each with the track.
#[derive(Debug, Default)]
pub struct Met(Vec<[u32; 2]>);

impl Met {
    /// As the rows of hypotheses say before they are settled.
    #[must_use]
    pub fn in_rows(arrays: &Arrays<Host>) -> Self {
        let edges = (0u32..).zip(&arrays.rows);
        let edges = edges.flat_map(|(track, row)| edges_of(row, &arrays.edges).iter().map(move |edge| (track, edge)));
        Self::of(arrays, edges)
    }

    /// As a device lists them.
    #[must_use]
    pub fn listed(arrays: &Arrays<Host>, edge_track: &[u32]) -> Self {
        Self::of(arrays, edge_track.iter().copied().zip(&arrays.edges))
    }

    fn of<'a>(arrays: &Arrays<Host>, edges: impl Iterator<Item = (u32, &'a Hypothesis)>) -> Self {
        let views = |track: u32| {
            let lane = arrays.lane.get(track as usize / BLOCK)?;
            Some(arrays.looks.get(*lane as usize)?.views)
        };
        let edges = edges.filter(|(track, _)| views(*track) > Some(1));
        Self(edges.map(|(track, edge)| [edge.detection, track]).collect())
    }

    /// Those in whose gates there may be twins, by detection, then track: of most detections one view sees all tracks.
    #[expect(clippy::indexing_slicing, reason = "detections and tracks are within the wave")]
    fn apart(&self, arrays: &Arrays<Host>) -> Vec<[u32; 2]> {
        let seen_by: Vec<u8> = arrays
            .odds
            .par_iter()
            .enumerate()
            .map(|(track, odds)| {
                let Some((look, views)) = lane_of(arrays, track).filter(|(look, _)| may_be_twin(look, *odds)) else {
                    return ALL_VIEWS;
                };
                let views = (0..).zip(seen(arrays, look, views, track));
                views.fold(0, |seen_by, (h, (v, _))| seen_by | u8::from(v >= TWIN_SEEN) << h)
            })
            .collect();
        let mut all_by = vec![ALL_VIEWS; arrays.detections.len()];
        for [detection, track] in &self.0 {
            all_by[*detection as usize] &= seen_by[*track as usize];
        }
        let mut apart: Vec<[u32; 2]> =
            self.0.iter().filter(|[detection, _]| all_by[*detection as usize] == 0).copied().collect();
        apart.sort_unstable();
        apart
    }

    /// Merges twins; says how many ended.
    pub fn merge(&self, arrays: &mut Arrays<Host>, inputs: &Inputs<'_>) -> u64 {
        if self.0.is_empty() {
            return 0;
        }
        let apart = self.apart(arrays);
        let mut tracks: Vec<u32> = apart.iter().map(|[_, track]| *track).collect();
        tracks.sort_unstable();
        tracks.dedup();
        let portraits: Vec<(u32, Portrait)> = tracks
            .iter()
            .filter_map(|&track| {
                let (look, views) = lane_of(arrays, track as usize)?;
                let portrait = Portrait::of(arrays, look, views, track as usize);
                (portrait.odds > 0.0).then_some((track, portrait))
            })
            .collect();
        let find = |track: u32| {
            let place = portraits.binary_search_by_key(&track, |(known, _)| *known).ok()?;
            Some((place, portraits.get(place)?))
        };
        let mut elders: Vec<Option<usize>> = vec![None; portraits.len()];
        for group in apart.chunk_by(|a, b| a[0] == b[0]) {
            let here: Vec<(usize, &(u32, Portrait))> = group.iter().filter_map(|[_, track]| find(*track)).collect();
            for (place, (_, own)) in &here {
                // By track: the first one of its lane.
                let elder = here.iter().find(|(_, (_, other))| own.has_elder(other)).map(|(elder, _)| *elder);
                if let (Some(known), Some(elder)) = (elders.get_mut(*place), elder) {
                    *known = Some(known.map_or(elder, |known| known.min(elder)));
                }
            }
        }
        let mut heirs: Vec<Option<usize>> = vec![None; portraits.len()];
        for (place, elder) in elders.iter().enumerate() {
            let Some(elder) = elder.filter(|elder| elders.get(*elder) == Some(&None)) else { continue };
            if let Some(heir) = heirs.get_mut(elder) {
                heir.get_or_insert(place);
            }
        }
        let track = |place: usize| portraits.get(place).map(|(track, _)| *track as usize);
        let pairs = heirs.iter().enumerate().filter_map(|(elder, heir)| Some((track(elder)?, track((*heir)?)?)));
        pairs.map(|(elder, heir)| merge(arrays, elder, heir, inputs)).sum()
    }
}

/// Merges the younger of two twins into the older.
#[expect(clippy::indexing_slicing, reason = "a track lies in its block")]
fn merge(arrays: &mut Arrays<Host>, elder: usize, heir: usize, inputs: &Inputs<'_>) -> u64 {
    arrays.odds[elder] = arrays.odds[elder].max(arrays.odds[heir]);
    arrays.odds[heir] = 0.0;
    for h in 0..VIEWS_MAX {
        let steps = |track: usize| stored(|k| arrays.views[at(track, k, VIEW_WORDS)], h);
        let most = steps(elder).max(steps(heir));
        let word = &mut arrays.views[at(elder, h / 2, VIEW_WORDS)];
        *word = with_stored(*word, h, most);
    }
    let mut sources: [u32; SOURCE_WORDS] = from_fn(|k| arrays.sources[at(heir, k, SOURCE_WORDS)]);
    let own = edges_of(&arrays.rows[heir], &arrays.edges).iter();
    own.filter_map(|edge| contribution(*edge, inputs)).for_each(|(word, bit)| sources[word] |= bit);
    for (k, word) in sources.into_iter().enumerate() {
        arrays.sources[at(elder, k, SOURCE_WORDS)] |= word;
    }
    inherit(&mut arrays.identity, elder, heir);
    let lane = arrays.lane[heir / BLOCK] as usize;
    let row = core::mem::take(&mut arrays.rows[heir]);
    Own::of(&row, &arrays.edges, &inputs.counting(lane, &arrays.detections)).count(&mut arrays.identity, elder);
    1
}
