//! Finds, for every track, the detections within its gate: νᵀ S⁻¹ ν < gate, with their likelihood ratios.
//!
//! Each scan's detections lie in the cells of a dense grid bounded by that scan, over its two widest axes (dropping an
//! axis only shortens distances, so the candidates stay a superset). Cells come in two sizes: 8 × 8 fine cells are
//! one coarse cell and lie together, so a narrow gate reads rows of fine cells and a wide one whole rows of coarse
//! cells; a coasting track with a huge covariance costs a row of coarse cells, not a million lookups.
//!
//! Where all detections of a scan were measured alike, pairs of a track and a detection are computed eight at a time,
//! with the same operations as one by one, so with the same bits.
//!
//! Dense spots: a track chooses among at most `hypotheses_max` detections. Where its gate holds more, the gate is halved
//! until it does not, so that the nearest ones stay; where a halving leaves none (they lie on one another), the first ones
//! of the gate before it stay. So edges are at most tracks × `hypotheses_max`, and a search ends as soon as it has found too
//! many. Which edges stay depends on the track and its lane's own scan alone; such tracks are counted.
//!
//! A detection says that its object is where the look sees: near a border a track may be taken to be beyond it, by the
//! uncertainty of a young one. So a hit asks whether the look covers the detection, where it does not cover the track; a
//! miss asks for the track. Of such a track `factor` has the other sign.
//!
//! An edge's weight is ψ = o P_D N(z; h x, S) / ((1 + o (1 - P_D)) κ): odds of existence o, κ the density of
//! detections that no track made (Williams, IEEE TAES 51(3), 2015, eqs. 29 to 33). Units: m, s.

use super::arrays::{AT_REST, Arrays, BLOCK, COVARIANCE, Host, Hypothesis, LaneStep, MEAN, TrackHypotheses, at};
use super::error::{FusionError, WORD_MAX, counted};
use super::grid::Grid;
use super::motion::{Course, bend_m, bends, tangent};
use super::observation::{Factor, Innovation, LinearizedMeasurement, difference, residual};
use super::predict::up;
use super::sight::position_covariance;
use super::simd::{Simd, array, exp_of_nonpositive};
use super::since::Since;
use super::state::State;
use super::views::{Sees, VIEW_WORDS};
use crate::scan::Detection;
use core::ops::ControlFlow;
use rayon::prelude::*;
use wide::{f32x8, i32x8, u16x8};

/// What the gate needs of a lane besides its look.
#[derive(Debug)]
pub struct LaneGate<'a> {
    /// The lane's detections by cell.
    pub grid: &'a Grid,
    /// What the look sees.
    pub sees: Sees<'a>,
    /// Detections that a track may choose among.
    pub most: u32,
}

/// How often a gate is halved at most.
pub const HALVINGS: u32 = 16;
/// What `gate` leaves in [`TrackHypotheses::gone`] of a track whose gate was narrowed.
pub const NARROWED: f32 = 1.0;

/// Fills rows and edges; gives the number of tracks whose gates were narrowed. `density` is κ of each detection, `fresh` the
/// part of it that undetected targets make: none where the look covers nothing; `lanes` has an entry for every lane that has a scan.
///
/// # Errors
/// If there are more hypotheses than a word counts.
pub fn gate(
    arrays: &mut Arrays<Host>,
    lanes: &[Option<LaneGate<'_>>],
    [density, fresh]: [&[f32]; 2],
) -> Result<u64, FusionError> {
    let rest = TrackHypotheses { start: AT_REST, count: 0, missed: 0.0, gone: 0.0 };
    arrays.rows.resize(arrays.odds.len(), rest);
    let Arrays { looks, lane, tile, mean, covariance, odds, views, detections, observations, rows, edges, .. } = arrays;
    let tracks = Tracks { tile, mean, covariance, odds, views };
    let found: Vec<Found> = rows
        .par_chunks_mut(CHUNK * BLOCK)
        .enumerate()
        .map(|(chunk, rows)| {
            let mut found = Found::new(rows.len());
            for (block, rows) in (chunk * CHUNK..).zip(rows.chunks_mut(BLOCK)) {
                let lane = lane.get(block).map_or(0, |lane| *lane as usize);
                let Some((Some(in_lane), look)) = lanes.get(lane).zip(looks.get(lane)) else {
                    rows.fill(rest);
                    continue;
                };
                let ahead = Measured { look, detections, observations, density, fresh };
                let live = (look.first_track + look.tracks) as usize;
                for (place, rows) in (0..BLOCK).step_by(f32x8::WIDTH).zip(rows.chunks_mut(f32x8::WIDTH)) {
                    let first = block * BLOCK + place;
                    let (rows, spare) = rows.split_at_mut(live.saturating_sub(first).min(f32x8::WIDTH));
                    spare.fill(rest);
                    invocations(&tracks, in_lane, &ahead, first, rows, &mut found);
                }
            }
            found
        })
        .collect();
    let narrowed: u64 = found.iter().map(|found| found.narrowed).sum();
    concatenate(rows, edges, found)?;
    Ok(narrowed)
}

/// Blocks of tracks that one task gates.
const CHUNK: usize = 32;

#[derive(Clone, Copy)]
struct Tracks<'a> {
    tile: &'a [i32],
    mean: &'a [f32],
    covariance: &'a [f32],
    odds: &'a [f32],
    views: &'a [u32],
}

#[derive(Clone, Copy)]
struct Measured<'a> {
    look: &'a LaneStep,
    detections: &'a [Detection],
    observations: &'a [crate::scan::Observation],
    density: &'a [f32],
    fresh: &'a [f32],
}

/// Eight invocations, a track each: what depends on the track alone is computed for all at once.
#[inline]
#[expect(clippy::indexing_slicing, reason = "bindings and indices as in the kernel")]
#[expect(clippy::cast_possible_truncation, reason = "edges are counted in 32 bits; the engine checks")]
fn invocations(
    tracks: &Tracks<'_>,
    lane: &LaneGate<'_>,
    scan: &Measured<'_>,
    first: usize,
    rows: &mut [TrackHypotheses],
    found: &mut Found,
) {
    let (look, block, place) = (scan.look, first / BLOCK, first % BLOCK);
    let mean = &tracks.mean[block * MEAN * BLOCK..(block + 1) * MEAN * BLOCK];
    let covariance = &tracks.covariance[block * COVARIANCE * BLOCK..(block + 1) * COVARIANCE * BLOCK];
    let tiles = |a: usize| &tracks.tile[(block * 3 + a) * BLOCK + place..];
    let states = State::<f32x8>::load(mean, covariance, place);
    let half_m = reach(look, &states, lane.grid, look.gate);
    let windows = lane.grid.windows(|a, base| f32x8::excess(tiles(a), base), &states.mean, &half_m);
    let mut factor = [0.0; f32x8::WIDTH];
    let sure = lane.sees.is_sure();
    for (n, row) in rows.iter_mut().enumerate() {
        let odds = tracks.odds[first + n];
        *row = TrackHypotheses { start: 0, count: 0, missed: 0.0, gone: 0.0 };
        // A free place is no track.
        if odds > 0.0 || odds.is_nan() {
            let word = |k| tracks.views[at(first + n, k, VIEW_WORDS)];
            let sees = || lane.sees.track(&[0, 1, 2].map(|a| tiles(a)[n]), &states.mean.map(|x| x.at(n)), word);
            let share = if sure { 1.0 } else { sees() };
            let detected = look.detection_probability * share;
            row.missed = odds * (1.0 - detected.max(0.0));
            factor[n] = odds * detected / (1.0 + row.missed);
        }
    }
    let one = |n: usize| ([0, 1, 2].map(|a| tiles(a)[n]), State::<f32>::load(mean, covariance, place + n), factor[n]);
    if let Some(d) = lane.grid.alike() {
        let tile = [0, 1, 2].map(|a| tiles(a).first_chunk::<8>().copied().unwrap_or_default());
        let bent;
        let states = if bends(look) {
            let tiles = tile.map(|tile| f32x8::from_i32x8(i32x8::new(tile)));
            bent = tangent(look, &tiles, f32x8::splat(scan.detections[d].ahead_s), &states);
            &bent
        } else {
            &states
        };
        let seen = LinearizedMeasurement::gather(scan.detections, scan.observations, |_| d, |_, _| 0, &states.mean);
        let near = Near::new(look, states, &seen, &tile, factor);
        let mut pairs = Pairs::default();
        for n in (0..rows.len()).filter(|n| factor[*n].abs() > 0.0) {
            let _ = lane.grid.within(&windows, n, |first, bits| {
                pairs.add(n, first, bits);
                if pairs.count >= f32x8::WIDTH {
                    near.collect(scan, &mut pairs, rows, found);
                }
                until_more_than(lane.most, rows[n].count as usize)
            });
            // Those that wait may be too many with those that were found.
            if rows[n].count + pairs.count as u32 > lane.most {
                near.collect(scan, &mut pairs, rows, found);
                lane.narrow(scan, one(n), &mut rows[n], found);
            }
        }
        near.collect(scan, &mut pairs, rows, found);
    } else {
        for (n, row) in rows.iter_mut().enumerate().filter(|(n, _)| factor[*n].abs() > 0.0) {
            let (tile, state, factor) = one(n);
            let mut known = Known::default();
            let before = found.count;
            let _ = lane.grid.within(&windows, n, |first, bits| {
                known.collect_all(scan, (first, bits), (&tile, &state, factor), look.gate, found);
                until_more_than(lane.most, found.count - before)
            });
            row.count = (found.count - before) as u32;
            lane.narrow(scan, (tile, state, factor), row, found);
        }
    }
}

#[inline(always)]
fn until_more_than(most: u32, count: usize) -> ControlFlow<()> {
    if count > most as usize { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

impl LaneGate<'_> {
    /// Narrows the gate of a track that has found more detections than it may choose among, the last ones in `found`.
    #[expect(clippy::cast_possible_truncation, reason = "at most `most`")]
    fn narrow(
        &self,
        scan: &Measured<'_>,
        (tile, state, factor): ([i32; 3], State<f32>, f32),
        row: &mut TrackHypotheses,
        found: &mut Found,
    ) {
        if row.count <= self.most {
            return;
        }
        let (before, most) = (found.count - row.count as usize, self.most as usize);
        let mut known = Known::default();
        let mut search = |gate: f32, found: &mut Found| {
            found.count = before;
            let half_m = reach(scan.look, &state, self.grid, gate);
            let tiles = |a: usize, base: i32| f32::excess(tile.get(a..).unwrap_or_default(), base);
            let windows = self.grid.windows(tiles, &state.mean, &half_m);
            let _ = self.grid.within(&windows, 0, |first, bits| {
                known.collect_all(scan, (first, bits), (&tile, &state, factor), gate, found);
                until_more_than(self.most, found.count - before)
            });
            found.count - before
        };
        let mut gate = scan.look.gate;
        for _ in 0..HALVINGS {
            gate *= 0.25;
            let count = search(gate, found);
            if count == 0 {
                search(4.0 * gate, found);
            }
            if count <= most {
                break;
            }
        }
        found.count = found.count.min(before + most);
        found.narrowed += 1;
        row.count = (found.count - before) as u32;
        row.gone = NARROWED;
    }
}

/// Edges as they are found: written first, then counted if they are any, so that no branch waits for a distance.
#[derive(Debug)]
struct Found {
    edges: Vec<Hypothesis>,
    count: usize,
    /// Tracks whose gates were narrowed.
    narrowed: u64,
}

impl Found {
    fn new(tracks: usize) -> Self {
        Self { edges: vec![Hypothesis::default(); tracks * 3], count: 0, narrowed: 0 }
    }

    /// Room for eight more.
    #[inline]
    fn room(&mut self) -> &mut [Hypothesis] {
        if self.edges.len() < self.count + f32x8::WIDTH {
            self.edges.resize(2 * self.edges.len() + f32x8::WIDTH, Hypothesis::default());
        }
        self.edges.get_mut(self.count..).unwrap_or_default()
    }

    #[inline]
    fn push(&mut self, edge: Hypothesis) {
        if let Some(place) = self.room().first_mut() {
            *place = edge;
            self.count += 1;
        }
    }

    fn all(&self) -> &[Hypothesis] {
        self.edges.get(..self.count).unwrap_or_default()
    }
}

/// Tracks and their candidates, waiting until there are eight.
#[derive(Default)]
struct Pairs {
    track: [u32; 2 * f32x8::WIDTH],
    detection: [u32; 2 * f32x8::WIDTH],
    count: usize,
}

/// For each set of bits which they are, in order, then zeros.
#[expect(clippy::indexing_slicing, reason = "computed when it is compiled")]
static ONES: [[u16; 8]; 256] = {
    let mut ones = [[0; 8]; 256];
    let mut set = 0;
    while set < 256 {
        let (mut bit, mut next) = (0, 0);
        while bit < 8 {
            if set >> bit & 1 == 1 {
                ones[set][next] = bit;
                next += 1;
            }
            bit += 1;
        }
        set += 1;
    }
    ones
};

impl Pairs {
    /// Adds the track `n` with those of the eight detections from `first` on that have a bit; fewer than eight wait.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "fewer than eight wait; sets are of eight bits")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "counted in 31 bits")]
    fn add(&mut self, n: usize, first: usize, bits: u32) {
        let to = self.count..self.count + f32x8::WIDTH;
        let ones = i32x8::from_u16x8(u16x8::new(ONES[bits as usize & 255]));
        let detection: [u32; 8] = bytemuck::cast(i32x8::splat(first as i32) + ones);
        self.detection[to.clone()].copy_from_slice(&detection);
        self.track[to].fill(n as u32);
        self.count += bits.count_ones() as usize;
    }
}

#[inline(always)]
fn eight<T>(value: impl Fn(usize) -> T) -> [T; 8] {
    [value(0), value(1), value(2), value(3), value(4), value(5), value(6), value(7)]
}

/// Eight tracks before detections that were measured alike; the numbers of each track lie together.
struct Near<'a> {
    seen: &'a LinearizedMeasurement<f32x8>,
    /// Whether the look does not see the place of one of them.
    outside: bool,
    gate: f32x8,
    /// Tile, offset, ratio of the odds, √det(2π S).
    place: [f32x8; 8],
    /// Velocity, then D and L of the first two axes.
    level: [f32x8; 8],
    /// D and L of the third axis.
    third: [f32x8; 8],
}

impl<'a> Near<'a> {
    #[inline(always)]
    fn new(
        look: &LaneStep,
        states: &State<f32x8>,
        seen: &'a LinearizedMeasurement<f32x8>,
        tile: &[[i32; 8]; 3],
        factor: [f32; 8],
    ) -> Self {
        let u = || up(look, &tile.map(|tile| f32x8::from_i32x8(i32x8::new(tile))), &states.mean);
        let here = seen.offsets(&[f32x8::splat(0.0); 3]);
        let Factor { variance: d, lower: l, determinant } = match Since::new(look, seen.ahead_s, u) {
            None => seen.factor(states, &here),
            Some(since) => seen.factor(&since.off(states), &here),
        };
        let (x, zero) = (&states.mean, f32x8::splat(0.0));
        let [t0, t1, t2] = tile.map(bytemuck::cast::<_, f32x8>);
        Self {
            seen,
            outside: factor.iter().any(|factor| *factor < 0.0),
            gate: f32x8::splat(look.gate),
            place: f32x8::transpose([t0, t1, t2, x[0], x[1], x[2], f32x8::new(factor), determinant.sqrt()]),
            level: f32x8::transpose([x[3], x[4], x[5], d[0], d[1], l[0], zero, zero]),
            third: f32x8::transpose([d[2], l[1], l[2], zero, zero, zero, zero, zero]),
        }
    }

    /// Adds the edges of up to eight pairs that lie in the gate and counts them in their rows.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    fn collect(&self, scan: &Measured<'_>, pairs: &mut Pairs, rows: &mut [TrackHypotheses], found: &mut Found) {
        // Behind the pairs that wait may be any numbers.
        let last = scan.detections.len() - 1;
        let track = eight(|n| pairs.track[n] as usize & 7);
        let which = eight(|n| (pairs.detection[n] as usize).min(last));
        let [t0, t1, t2, _, z0, z1, z2, _] =
            f32x8::transpose(eight(|n| f32x8::new(bytemuck::cast(scan.detections[which[n]]))));
        let [s0, s1, s2, x0, x1, x2, factor, root] = f32x8::transpose(eight(|n| self.place[track[n]]));
        let [v0, v1, v2, d0, d1, l0, ..] = f32x8::transpose(eight(|n| self.level[track[n]]));
        let (zero, one) = (f32x8::splat(0.0), f32x8::splat(1.0));
        let mut innovation = Factor::of_positions([d0, d1, one], [l0, zero, zero], root);
        if self.seen.has_third() {
            let [d2, l1, l2, ..] = f32x8::transpose(eight(|n| self.third[track[n]]));
            innovation = Factor::of_positions([d0, d1, d2], [l0, l1, l2], root);
        }
        let along = |t: f32x8, s: f32x8, z: f32x8, x: f32x8| {
            let tiles = bytemuck::cast::<_, i32x8>(t) - bytemuck::cast::<_, i32x8>(s);
            difference(f32x8::from_i32x8(tiles), z, x)
        };
        let difference = [along(t0, s0, z0, x0), along(t1, s1, z1, x1), along(t2, s2, z2, x2)];
        let (seen, mean) = (self.seen, [x0, x1, x2, v0, v1, v2]);
        let positions = seen.offsets(&residual(&difference, seen.ahead_s, &mean));
        let distance2 = innovation.innovation(seen, &mean, &positions).distance2;
        let density = f32x8::new(eight(|n| scan.density[which[n]]));
        let mut weight = factor * (exp_of_nonpositive(f32x8::splat(-0.5) * distance2) / root) / density;
        if self.outside {
            let fresh = f32x8::new(eight(|n| scan.fresh[which[n]]));
            weight = f32x8::where_less(zero, fresh, weight.abs(), weight);
        }
        let positive = weight.simd_gt(f32x8::splat(0.0)) & weight.simd_lt(f32x8::splat(f32::INFINITY));
        let there = (1 << pairs.count.min(f32x8::WIDTH)) - 1;
        let hits = (distance2.simd_lt(self.gate) & positive).to_bitmask() & there;
        let weight = weight.to_array();
        let room = &mut found.room()[..f32x8::WIDTH];
        let mut next = 0;
        // Those of each track in a byte, counted without memory between.
        let mut counts = 0_u64;
        for n in 0..f32x8::WIDTH {
            room[next & 7] = Hypothesis { detection: pairs.detection[n], weight: weight[n] };
            let hit = hits >> n & 1;
            next += hit as usize;
            counts += u64::from(hit) << (8 * track[n]);
        }
        found.count += next;
        for (row, count) in rows.iter_mut().zip(counts.to_le_bytes()) {
            row.count += u32::from(count);
        }
        pairs.track.copy_within(f32x8::WIDTH.., 0);
        pairs.detection.copy_within(f32x8::WIDTH.., 0);
        pairs.count = pairs.count.saturating_sub(f32x8::WIDTH);
    }
}

/// Half the edges of a box about the track that holds every detection in its gate, metres: |ν_a| ≤ √(gate S_aa) inside
/// the ellipsoid νᵀ S⁻¹ ν ≤ gate, and the track moves within the scan.
#[inline]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
fn reach<R: Simd>(look: &LaneStep, state: &State<R>, grid: &Grid, gate: f32) -> [R; 3] {
    let [early, late] = grid.ahead_s;
    let at_first = position_covariance(&state.covariance, R::splat(early));
    let at_last = if early < late { position_covariance(&state.covariance, R::splat(late)) } else { at_first };
    let longest = early.abs().max(late.abs());
    let slack = R::splat(grid.slack_m) + bend_m(look, longest, state, gate);
    let (zero, gate) = (R::splat(0.0), R::splat(gate));
    let (variance, longest) = (R::splat(grid.sigma_m * grid.sigma_m), R::splat(longest));
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
    of: Option<(u32, f32, LinearizedMeasurement<f32>, Factor<f32>)>,
}

impl Known {
    /// Adds the edges to those of the detections from `first` on that have a bit and lie in the gate.
    #[inline]
    fn collect_all(
        &mut self,
        scan: &Measured<'_>,
        (first, mut bits): (usize, u32),
        (tile, state, factor): (&[i32; 3], &State<f32>, f32),
        gate: f32,
        found: &mut Found,
    ) {
        while bits != 0 {
            self.collect(scan, first + bits.trailing_zeros() as usize, (tile, state), factor, gate, found);
            bits &= bits - 1;
        }
    }

    /// Adds the edge to detection `d` if it lies in the gate.
    #[inline]
    #[expect(clippy::indexing_slicing, clippy::too_many_arguments, reason = "bindings and indices as in the kernel")]
    #[expect(clippy::cast_possible_truncation, reason = "detections are counted in 32 bits")]
    fn collect(
        &mut self,
        scan: &Measured<'_>,
        d: usize,
        (tile, state): (&[i32; 3], &State<f32>),
        factor: f32,
        gate: f32,
        found: &mut Found,
    ) {
        let detection = &scan.detections[d];
        let bent;
        let state = if bends(scan.look) {
            bent = tangent(scan.look, &tile.map(|tile| tile as f32), detection.ahead_s, state);
            &bent
        } else {
            state
        };
        let difference = array(|a| {
            let tiles = detection.tile[a].wrapping_sub(tile[a]) as f32;
            difference(tiles, detection.offset_m[a], state.mean[a])
        });
        let innovation = self.innovation(scan, d, tile, state, difference);
        if innovation.distance2 < gate {
            let weight = factor * innovation.density() / scan.density[d];
            let weight = if scan.fresh[d] > 0.0 { weight.abs() } else { weight };
            if weight > 0.0 && weight < f32::INFINITY {
                found.push(Hypothesis { detection: d as u32, weight });
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
        if let Some((known, ahead, seen, factor)) = &self.of
            && *known == observation
            && ahead.to_bits() == ahead_s.to_bits()
        {
            let positions = seen.offsets(&residual(&difference, ahead_s, &state.mean));
            return factor.innovation(seen, &state.mean, &positions);
        }
        let seen =
            LinearizedMeasurement::gather(scan.detections, scan.observations, |_| d, |_, a| tile[a], &state.mean);
        let u = || up(scan.look, &tile.map(|tile| tile as f32), &state.mean);
        let earlier = Since::new(scan.look, ahead_s, u).map(|since| since.off(state));
        let then = earlier.as_ref().unwrap_or(state);
        let positions = seen.positions(then);
        let factor = seen.factor(then, &positions);
        // A range is linearised along the line to this very detection's prediction, and rates are hardly ever equal.
        self.of = (seen.ranges.is_none() && seen.rates.is_none()).then_some((observation, ahead_s, seen, factor));
        factor.innovation(&seen, &state.mean, &positions)
    }
}

/// νᵀ S⁻¹ ν of a detection, before what a look says of the time since then: a track as it was, carried on.
#[must_use]
#[expect(clippy::indexing_slicing, reason = "axes are 0, 1, 2")]
pub fn distance2(
    course: &Course,
    (mut tile, mut state): ([i32; 3], State<f32>),
    detection: &Detection,
    observations: &[crate::scan::Observation],
) -> f32 {
    let look = &course.look;
    course.take(&mut tile, &mut state);
    if look.turning.turns == 1 {
        state = tangent(look, &tile.map(|tile| tile as f32), detection.ahead_s, &state);
    }
    let scan = Measured { look, detections: &[*detection], observations, density: &[], fresh: &[] };
    let apart = array(|a| {
        let tiles = detection.tile[a].wrapping_sub(tile[a]) as f32;
        difference(tiles, detection.offset_m[a], state.mean[a])
    });
    Known::default().innovation(&scan, 0, &tile, &state, apart).distance2
}

/// Joins the edges of all tasks and points the rows to them.
#[expect(clippy::cast_possible_truncation, reason = "edges are counted here")]
fn concatenate(
    rows: &mut [TrackHypotheses],
    edges: &mut Vec<Hypothesis>,
    found: Vec<Found>,
) -> Result<(), FusionError> {
    let total: usize = found.iter().map(|found| found.count).sum();
    counted("hypotheses", total as u64, WORD_MAX)?;
    edges.resize(total, Hypothesis::default());
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
        let mut next = start;
        for row in rows.iter_mut().filter(|row| row.start != AT_REST) {
            row.start = next;
            next += row.count;
        }
    });
    Ok(())
}
