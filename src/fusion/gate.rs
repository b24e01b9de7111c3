//! Finds, for every track, the detections within its gate: νᵀ S⁻¹ ν < gate, with their likelihood ratios.
//!
//! Each scan's detections lie in the cells of a dense grid bounded by that scan, over its two widest axes (dropping an
//! axis only shortens distances, so the candidates stay a superset). Cells come in two sizes: 8 × 8 fine cells are
//! one coarse cell and lie together, so a narrow gate reads rows of fine cells and a wide one whole rows of coarse
//! cells; a coasting track with a huge covariance costs a row of coarse cells, not a million lookups.
//!
//! An edge's weight is ψ = o P_D N(z; h x, S) / ((1 + o (1 - P_D)) κ): odds of existence o, κ the density of
//! detections that no track made (Williams, IEEE TAES 51(3), 2015, eqs. 29 to 33). Units: m, s.

use super::arrays::{AT_REST, Arrays, BLOCK, COVARIANCE, Detection, Edge, Host, Look, MEAN, Row};
use super::grid::Grid;
use super::observation::{Factor, Innovation, Seen, difference, position_covariance};
use super::real::{Real, array};
use super::state::State;
use super::undetected::Mask;
use rayon::prelude::*;
use wide::{f32x8, i32x8};

/// What the gate needs of a lane besides its look.
#[derive(Debug)]
pub struct LaneGate<'a> {
    /// The lane's detections by cell.
    pub grid: &'a Grid,
    /// Where the look could have seen; `None`: everywhere.
    pub mask: Option<&'a Mask>,
}

/// Fills rows and edges. `density` is κ of each detection; `lanes` has an entry for every lane that has a scan.
pub fn gate(arrays: &mut Arrays<Host>, lanes: &[Option<LaneGate<'_>>], density: &[f32]) {
    let rest = Row { start: AT_REST, count: 0, missed: 0.0, gone: 0.0 };
    arrays.rows.clear();
    arrays.rows.resize(arrays.odds.len(), rest);
    let Arrays { looks, lane, tile, mean, covariance, odds, detections, observations, rows, edges, .. } = arrays;
    let tracks = Tracks { tile, mean, covariance, odds };
    let found: Vec<Found> = rows
        .par_chunks_mut(CHUNK * BLOCK)
        .enumerate()
        .map(|(chunk, rows)| {
            let mut found = Found::new(rows.len());
            for (block, rows) in (chunk * CHUNK..).zip(rows.chunks_mut(BLOCK)) {
                let lane = lane.get(block).map_or(0, |lane| *lane as usize);
                let Some((Some(in_lane), look)) = lanes.get(lane).zip(looks.get(lane)) else { continue };
                let ahead = Measured { detections, observations, density };
                let live = (look.first_track + look.tracks) as usize;
                for (place, rows) in (0..BLOCK).step_by(f32x8::WIDTH).zip(rows.chunks_mut(f32x8::WIDTH)) {
                    let first = block * BLOCK + place;
                    let rows = &mut rows[..live.saturating_sub(first).min(f32x8::WIDTH)];
                    invocations(&tracks, look, in_lane, &ahead, first, rows, &mut found);
                }
            }
            found
        })
        .collect();
    concatenate(rows, edges, found);
}

/// Blocks of tracks that one task gates.
const CHUNK: usize = 32;

#[derive(Clone, Copy)]
struct Tracks<'a> {
    tile: &'a [i32],
    mean: &'a [f32],
    covariance: &'a [f32],
    odds: &'a [f32],
}

#[derive(Clone, Copy)]
struct Measured<'a> {
    detections: &'a [Detection],
    observations: &'a [super::arrays::Observation],
    density: &'a [f32],
}

/// Eight invocations, a track each: what depends on the track alone is computed for all at once.
#[inline]
#[expect(clippy::indexing_slicing, clippy::too_many_arguments, reason = "bindings and indices as in the kernel")]
#[expect(clippy::cast_possible_truncation, reason = "detections are counted in 32 bits")]
fn invocations(
    tracks: &Tracks<'_>,
    look: &Look,
    lane: &LaneGate<'_>,
    scan: &Measured<'_>,
    first: usize,
    rows: &mut [Row],
    found: &mut Found,
) {
    let (block, place) = (first / BLOCK, first % BLOCK);
    let mean = &tracks.mean[block * MEAN * BLOCK..(block + 1) * MEAN * BLOCK];
    let covariance = &tracks.covariance[block * COVARIANCE * BLOCK..(block + 1) * COVARIANCE * BLOCK];
    let states = State::<f32x8>::load(mean, covariance, place);
    let half_m = reach(&states, lane.grid, look.gate);
    let alike = lane.grid.alike().map(|d| {
        let seen = Seen::gather(scan.detections, scan.observations, |_| d, |_, _| 0, &states.mean);
        (seen, seen.factor(&states, seen.axis[0]))
    });
    let mut waiting = Waiting::default();
    for (n, row) in rows.iter_mut().enumerate() {
        let (start, odds) = (found.count as u32, tracks.odds[first + n]);
        *row = Row { start, count: 0, missed: 0.0, gone: 0.0 };
        if odds <= 0.0 {
            // A free place.
            continue;
        }
        let tile: [i32; 3] = core::array::from_fn(|a| tracks.tile[(block * 3 + a) * BLOCK + place + n]);
        let x = states.mean.map(|x| x.at(n));
        let seen_share = lane.mask.map_or(1.0, |mask| mask.at(&tile, &x));
        let detected = look.detection_probability * seen_share;
        row.missed = odds * (1.0 - detected);
        let factor = odds * detected / (1.0 + row.missed);
        if factor > 0.0 {
            let half_m = half_m.map(|m| m.at(n));
            if let Some((seen, innovation)) = &alike {
                let near = Near {
                    seen,
                    innovation: innovation.of(n),
                    tile: [0, 1, 2].map(|a| i32x8::splat(tile[a])),
                    mean: array(|k| f32x8::splat(x[k])),
                    factor: f32x8::splat(factor),
                    gate: f32x8::splat(look.gate),
                };
                waiting.count = 0;
                lane.grid.candidates_by_eight(&tile, &x, &half_m, |first, bits| {
                    waiting.add(first, bits);
                    if waiting.count >= f32x8::WIDTH {
                        near.collect(scan, waiting.take(), found);
                    }
                });
                near.collect(scan, waiting.take(), found);
            } else {
                let state = State::<f32>::load(mean, covariance, place + n);
                let mut known = Known::default();
                lane.grid.candidates(&tile, &x, &half_m, |d| {
                    known.collect(scan, d, &tile, &state, factor, look.gate, found);
                });
            }
            row.count = found.count as u32 - start;
        }
    }
}

/// Edges as they are found: written first, then counted if they are any, so that no branch waits for a distance.
#[derive(Debug)]
struct Found {
    edges: Vec<Edge>,
    count: usize,
}

impl Found {
    fn new(tracks: usize) -> Self {
        Self { edges: vec![Edge::default(); tracks * 3], count: 0 }
    }

    /// Room for eight more.
    #[inline]
    fn room(&mut self) -> &mut [Edge] {
        if self.edges.len() < self.count + f32x8::WIDTH {
            self.edges.resize(2 * self.edges.len() + f32x8::WIDTH, Edge::default());
        }
        self.edges.get_mut(self.count..).unwrap_or_default()
    }

    #[inline]
    fn push(&mut self, edge: Edge) {
        if let Some(place) = self.room().first_mut() {
            *place = edge;
            self.count += 1;
        }
    }

    fn all(&self) -> &[Edge] {
        self.edges.get(..self.count).unwrap_or_default()
    }
}

/// Candidates that wait until there are eight.
#[derive(Default)]
struct Waiting {
    detections: [u32; 2 * f32x8::WIDTH],
    count: usize,
}

impl Waiting {
    /// Adds those of the eight from `first` on that have a bit.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "fewer than eight wait")]
    #[expect(clippy::cast_possible_truncation, reason = "detections are counted in 32 bits")]
    fn add(&mut self, first: usize, bits: u32) {
        for n in 0..f32x8::WIDTH {
            self.detections[self.count & 15] = (first + n) as u32;
            self.count += (bits >> n & 1) as usize;
        }
    }

    /// Takes the first eight.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "half of the places")]
    fn take(&mut self) -> ([u32; 8], usize) {
        let eight = array_of(|n| self.detections[n]);
        let count = self.count.min(f32x8::WIDTH);
        self.detections.copy_within(f32x8::WIDTH.., 0);
        self.count -= count;
        (eight, count)
    }
}

#[inline(always)]
fn array_of<T: Copy>(value: impl Fn(usize) -> T) -> [T; 8] {
    [value(0), value(1), value(2), value(3), value(4), value(5), value(6), value(7)]
}

/// One track, eight times, before detections that were measured alike.
struct Near<'a> {
    seen: &'a Seen<f32x8>,
    innovation: Factor<f32x8>,
    tile: [i32x8; 3],
    mean: [f32x8; MEAN],
    factor: f32x8,
    gate: f32x8,
}

impl Near<'_> {
    /// Adds the edges to those of eight detections, the first `count` of them, that lie in the gate.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    fn collect(&self, scan: &Measured<'_>, (eight, count): ([u32; 8], usize), found: &mut Found) {
        // Behind the first `count` may be any numbers.
        let last = scan.detections.len() - 1;
        let at = array_of(|n| (eight[n] as usize).min(last));
        let words = array_of(|n| f32x8::new(bytemuck::cast(scan.detections[at[n]])));
        let [tile_0, tile_1, tile_2, _, offset_0, offset_1, offset_2, _] = f32x8::transpose(words);
        let (tile, offset) = ([tile_0, tile_1, tile_2], [offset_0, offset_1, offset_2]);
        let difference = array(|a| {
            let tiles = f32x8::from_i32x8(bytemuck::cast::<_, i32x8>(tile[a]) - self.tile[a]);
            difference(tiles, offset[a], self.mean[a])
        });
        let seen = Seen { difference, ..*self.seen };
        let e = seen.residual(&self.mean);
        let (_, nu) = seen.first(&e);
        let innovation = self.innovation.innovation(&seen, &self.mean, &e, nu);
        let density = f32x8::new(array_of(|n| scan.density[at[n]]));
        let weight = self.factor * innovation.density() / density;
        let positive = weight.simd_gt(f32x8::splat(0.0)) & weight.simd_lt(f32x8::splat(f32::INFINITY));
        let hits = (innovation.distance2.simd_lt(self.gate) & positive).to_bitmask() & ((1 << count) - 1);
        let weight = weight.to_array();
        let room = found.room();
        let mut next = 0;
        for n in 0..f32x8::WIDTH {
            room[next] = Edge { detection: eight[n], weight: weight[n] };
            next += (hits >> n & 1) as usize;
        }
        found.count += next;
    }
}

/// Half the edges of a box about the track that holds every detection in its gate, metres: |ν_a| ≤ √(gate S_aa) inside
/// the ellipsoid νᵀ S⁻¹ ν ≤ gate, and the track moves within the scan.
#[inline]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
fn reach<R: Real>(state: &State<R>, grid: &Grid, gate: f32) -> [R; 3] {
    let [early, late] = grid.ahead_s;
    let at_first = position_covariance(&state.covariance, R::splat(early));
    let at_last = if early < late { position_covariance(&state.covariance, R::splat(late)) } else { at_first };
    let (zero, gate, slack) = (R::splat(0.0), R::splat(gate), R::splat(grid.slack_m));
    let variance = R::splat(grid.sigma_m * grid.sigma_m);
    let longest = R::splat(early.abs().max(late.abs()));
    array(|a| {
        // Places of the variances in the upper triangle.
        let k = [0, 3, 5][a];
        let widest = R::where_less(at_first[k], at_last[k], at_last[k], at_first[k]);
        let speed = R::where_less(state.mean[3 + a], zero, -state.mean[3 + a], state.mean[3 + a]);
        (gate * (widest + variance)).sqrt() * R::splat(1.0001) + slack + longest * speed
    })
}

/// The last factor of a track's innovation covariance: detections measured alike share it.
#[derive(Default)]
struct Known {
    of: Option<(u32, f32, Seen<f32>, Factor<f32>)>,
}

impl Known {
    /// Adds the edge to detection `d` if it lies in the gate.
    #[inline]
    #[expect(clippy::indexing_slicing, clippy::too_many_arguments, reason = "bindings and indices as in the kernel")]
    #[expect(clippy::cast_possible_truncation, reason = "detections are counted in 32 bits")]
    fn collect(
        &mut self,
        scan: &Measured<'_>,
        d: usize,
        tile: &[i32; 3],
        state: &State<f32>,
        factor: f32,
        gate: f32,
        found: &mut Found,
    ) {
        let detection = &scan.detections[d];
        let difference = array(|a| {
            let tiles = detection.tile[a].wrapping_sub(tile[a]) as f32;
            difference(tiles, detection.offset_m[a], state.mean[a])
        });
        let innovation = self.innovation(scan, d, tile, state, difference);
        if innovation.distance2 < gate {
            let weight = factor * innovation.density() / scan.density[d];
            if weight > 0.0 && weight < f32::INFINITY {
                found.push(Edge { detection: d as u32, weight });
            }
        }
    }

    #[inline]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    fn innovation(
        &mut self,
        scan: &Measured<'_>,
        d: usize,
        tile: &[i32; 3],
        state: &State<f32>,
        difference: [f32; 3],
    ) -> Innovation<f32> {
        let Detection { observation, ahead_s, .. } = scan.detections[d];
        let (seen, factor) = match self.of {
            Some((o, t, seen, factor)) if o == observation && t.to_bits() == ahead_s.to_bits() => {
                (Seen { difference, ..seen }, factor)
            }
            _ => {
                let tiles = |_: usize, a: usize| tile[a];
                let seen = Seen::gather(scan.detections, scan.observations, |_| d, tiles, &state.mean);
                let (axis, _) = seen.first(&seen.residual(&state.mean));
                let factor = seen.factor(state, axis);
                // A slant range is linearised along the line to this very detection's prediction.
                self.of = (seen.slant < 0.5).then_some((observation, ahead_s, seen, factor));
                (seen, factor)
            }
        };
        let e = seen.residual(&state.mean);
        let (_, nu) = seen.first(&e);
        factor.innovation(&seen, &state.mean, &e, nu)
    }
}

/// Joins the edges of all tasks and moves the rows to where they came to lie.
#[expect(clippy::cast_possible_truncation, reason = "edges are counted in 32 bits; the engine checks")]
fn concatenate(rows: &mut [Row], edges: &mut Vec<Edge>, found: Vec<Found>) {
    let total: usize = found.iter().map(|found| found.count).sum();
    edges.clear();
    edges.resize(total, Edge::default());
    let mut rest = edges.as_mut_slice();
    let mut first = 0;
    let mut parts = Vec::with_capacity(found.len());
    for part in found {
        let (here, behind) = rest.split_at_mut(part.count);
        rest = behind;
        let start = first as u32;
        first += part.count;
        parts.push((start, here, part));
    }
    rows.par_chunks_mut(CHUNK * BLOCK).zip(parts.into_par_iter()).for_each(|(rows, (start, here, part))| {
        here.copy_from_slice(part.all());
        for row in rows {
            if row.start != AT_REST {
                row.start += start;
            }
        }
    });
}
