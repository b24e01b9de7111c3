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
use super::real::array;
use super::state::State;
use super::undetected::Mask;
use rayon::prelude::*;

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
    let found: Vec<Vec<Edge>> = rows
        .par_chunks_mut(CHUNK * BLOCK)
        .enumerate()
        .map(|(chunk, rows)| {
            let mut found = Vec::with_capacity(rows.len() * 2);
            for (block, rows) in (chunk * CHUNK..).zip(rows.chunks_mut(BLOCK)) {
                let lane = lane.get(block).map_or(0, |lane| *lane as usize);
                let Some((Some(in_lane), look)) = lanes.get(lane).zip(looks.get(lane)) else { continue };
                let ahead = Measured { detections, observations, density };
                for (place, row) in rows.iter_mut().enumerate() {
                    let track = block * BLOCK + place;
                    if track < (look.first_track + look.tracks) as usize {
                        *row = invocation(&tracks, look, in_lane, &ahead, track, &mut found);
                    }
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

/// One invocation: one track.
#[inline]
#[expect(clippy::indexing_slicing, reason = "bindings and indices as in the kernel")]
#[expect(clippy::cast_possible_truncation, reason = "detections are counted in 32 bits")]
fn invocation(
    tracks: &Tracks<'_>,
    look: &Look,
    lane: &LaneGate<'_>,
    scan: &Measured<'_>,
    track: usize,
    found: &mut Vec<Edge>,
) -> Row {
    let (start, odds) = (found.len() as u32, tracks.odds[track]);
    if odds <= 0.0 {
        // A free place.
        return Row { start, count: 0, missed: 0.0, gone: 0.0 };
    }
    let (block, place) = (track / BLOCK, track % BLOCK);
    let mean = &tracks.mean[block * MEAN * BLOCK..(block + 1) * MEAN * BLOCK];
    let covariance = &tracks.covariance[block * COVARIANCE * BLOCK..(block + 1) * COVARIANCE * BLOCK];
    let tile: [i32; 3] = core::array::from_fn(|a| tracks.tile[(block * 3 + a) * BLOCK + place]);
    let state = State::<f32>::load(mean, covariance, place);
    let seen_share = lane.mask.map_or(1.0, |mask| mask.at(&tile, &state.mean));
    let detected = look.detection_probability * seen_share;
    let missed = odds * (1.0 - detected);
    let factor = odds * detected / (1.0 + missed);
    if factor > 0.0 {
        let grid = lane.grid;
        let mut known = Known::default();
        grid.candidates(&tile, &state.mean, &reach(&state, grid, look.gate), |d| {
            let detection = &scan.detections[d];
            let difference = array(|a| {
                let tiles = detection.tile[a].wrapping_sub(tile[a]) as f32;
                difference(tiles, detection.offset_m[a], state.mean[a])
            });
            let innovation = known.innovation(scan, d, &tile, &state, difference);
            if innovation.distance2 < look.gate {
                let weight = factor * innovation.density() / scan.density[d];
                if weight > 0.0 && weight < f32::INFINITY {
                    found.push(Edge { detection: d as u32, weight });
                }
            }
        });
    }
    Row { start, count: found.len() as u32 - start, missed, gone: 0.0 }
}

/// Half the edges of a box about the track that holds every detection in its gate, metres: |ν_a| ≤ √(gate S_aa) inside
/// the ellipsoid νᵀ S⁻¹ ν ≤ gate, and the track moves within the scan.
#[inline]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
fn reach(state: &State<f32>, grid: &Grid, gate: f32) -> [f32; 3] {
    let [early, late] = grid.ahead_s;
    let at_first = position_covariance(&state.covariance, early);
    let at_last = if early < late { position_covariance(&state.covariance, late) } else { at_first };
    let variance = grid.sigma_m * grid.sigma_m;
    let longest = grid.ahead_s[0].abs().max(grid.ahead_s[1].abs());
    array(|a| {
        // Places of the variances in the upper triangle.
        let k = [0, 3, 5][a];
        let widest = if at_first[k] < at_last[k] { at_last[k] } else { at_first[k] };
        (gate * (widest + variance)).sqrt() * 1.0001 + grid.slack_m + longest * state.mean[3 + a].abs()
    })
}

/// The last factor of a track's innovation covariance: detections measured alike share it.
#[derive(Default)]
struct Known {
    of: Option<(u32, f32, Seen<f32>, Factor<f32>)>,
}

impl Known {
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
                let (axis, _) = seen.first(&seen.residual(state));
                let factor = seen.factor(state, axis);
                // A slant range is linearised along the line to this very detection's prediction.
                self.of = (seen.slant < 0.5).then_some((observation, ahead_s, seen, factor));
                (seen, factor)
            }
        };
        let e = seen.residual(state);
        let (_, nu) = seen.first(&e);
        factor.innovation(&seen, state, &e, nu)
    }
}

/// Joins the edges of all tasks and moves the rows to where they came to lie.
#[expect(clippy::cast_possible_truncation, reason = "edges are counted in 32 bits; the engine checks")]
fn concatenate(rows: &mut [Row], edges: &mut Vec<Edge>, found: Vec<Vec<Edge>>) {
    let total: usize = found.iter().map(Vec::len).sum();
    edges.clear();
    edges.resize(total, Edge::default());
    let mut rest = edges.as_mut_slice();
    let mut first = 0;
    let mut parts = Vec::with_capacity(found.len());
    for part in found {
        let (here, behind) = rest.split_at_mut(part.len());
        rest = behind;
        let start = first as u32;
        first += part.len();
        parts.push((start, here, part));
    }
    rows.par_chunks_mut(CHUNK * BLOCK).zip(parts.into_par_iter()).for_each(|(rows, (start, here, part))| {
        here.copy_from_slice(&part);
        for row in rows {
            if row.start != AT_REST {
                row.start += start;
            }
        }
    });
}
