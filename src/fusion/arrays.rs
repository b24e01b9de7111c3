//! The arrays of a batch, declared once for both sides, and the structs that exist in Rust and WGSL alike.
//!
//! Track fields lie in blocks of [`BLOCK`] tracks: field k of track i of an array with K fields is at
//! `((i / BLOCK) * K + k) * BLOCK + i % BLOCK`. A block is contiguous, so the host splits an array by blocks and a
//! workgroup reads whole cache lines. Every lane begins at a block of its own; the tail of its last block is unused.
//!
//! Memory: a track takes 43 words (172 bytes), four more where a lane of its batch has several views, three more in orbits,
//! 28 more for each of several motion models, twice while lanes are compacted, and a row of 16 bytes with 8 a hypothesis; a detection takes 32 bytes, and 144 more where its noise is its
//! own; see [`Arrays`].

use super::motion::{ModelLook, ProcessNoise, Turning};
pub use super::track::{Graph, Widths};
use super::track::{TASK, arrays};
use super::views::ViewLook;
use crate::mirror::mirror;
use crate::scan::{Detection, Observation, SOURCES_MAX};
use bytemuck::Pod;
use core::fmt::Debug;
use rayon::iter::ParallelIterator as _;

/// Tracks in a block.
pub const BLOCK: usize = 32;
/// Components of a mean: position offset in the tile, then velocity; metres and metres a second.
pub const MEAN: usize = 6;
/// Components of a covariance: the upper triangle, row by row.
pub const COVARIANCE: usize = MEAN * (MEAN + 1) / 2;
/// Numbers of a rest, what a velocity has beyond 32 bits.
pub const REST: usize = 3;
/// Words of one of several motion models of a track: its probability, then its mean and covariance.
pub const MODEL: usize = 1 + MEAN + COVARIANCE;
/// Words of a set of contributing sources.
pub const SOURCE_WORDS: usize = SOURCES_MAX / 32;
/// Of a track's identity and age: scan of its birth.
pub const BORN_SCAN: usize = 0;
/// Detection of its birth, as it arrived.
pub const BORN_DETECTION: usize = 1;
/// Flags.
pub const FLAGS: usize = 2;
/// Number of its detections.
pub const COUNTED: usize = 3;
/// Time of the last one, the lower word.
pub const LAST_LOW: usize = 4;
/// The higher word.
pub const LAST_HIGH: usize = 5;
/// Number of its address.
pub const ADDRESS: usize = 6;
/// Probability that this is its own, as bits.
pub const ADDRESS_CHANCE: usize = 7;
/// Words of an identity: these.
pub const IDENTITY: usize = 8;
/// Largest odds of existence; beyond it 1 - r is below f32's smallest normal number.
pub const ODDS_MAX: f32 = 1e30;
/// No index.
pub const NONE: u32 = u32::MAX;
/// `TrackHypotheses::start` of a track whose lane rests in this wave: nothing of it may change.
pub const AT_REST: u32 = u32::MAX;

/// Where arrays live.
pub trait Side {
    /// A growable array of plain data.
    type Array<T: Pod + Debug>: Debug;
}

/// Host memory.
#[derive(Clone, Copy, Debug)]
pub struct Host;

impl Side for Host {
    type Array<T: Pod + Debug> = Vec<T>;
}

arrays! {
    /// All that a wave reads and writes.
    pub struct Arrays of widths;
    tracks {
        /// Tile of each track. \[blocks\]\[3\]
        tile: i32 [3] = Tile,
        /// Mean of each track's state. \[blocks\]\[`MEAN`\]
        mean: f32 [MEAN] = Mean,
        /// Covariance of each track's state. \[blocks\]\[`COVARIANCE`\]
        covariance: f32 [COVARIANCE] = Covariance,
        /// Odds of existence, r / (1 - r): as exact near 1 as near 0. \[blocks\]
        odds: f32 [1] = Odds,
        /// Birth, flags, what was counted to it, its address. \[blocks\]\[8\]
        identity: u32 [IDENTITY] = Identity,
        /// Sources that contributed. \[blocks\]\[4\]
        sources: u32 [SOURCE_WORDS] = Sources,
        /// Log-odds that each view sees a track, two a word. \[blocks\]\[`view_words`\]
        views: u32 [widths.view_words] = Views,
        /// What its velocity has beyond that of its mean, m/s; where tracks are in orbits. \[blocks\]\[`rest_words`\]
        rest: f32 [widths.rest_words] = Rest,
        /// Each of its motion models: probability, mean about the same tile, covariance; where there are several, of which
        /// mean and covariance are the mixture's. \[blocks\]\[models\]\[`MODEL`\]
        models: f32 [widths.models * MODEL] = Models,
    }
    wave {
        /// What each lane does in this wave. \[lanes\]
        looks: LaneStep,
        /// What each lane knows of each of its views in this wave; none where every lane has one. \[lanes\]\[8\]
        view_looks: ViewLook,
        /// What each lane's look is to each of several motion models; none where there is one. \[lanes\]\[4\]
        model_looks: ModelLook,
        /// Detections of the wave, lane by lane, within a lane by cell of its grid.
        detections: Detection,
        /// The number of the address that the target of each sent, 0 for none; none where no target did. \[detections\]
        addresses: u32,
        /// How detections were measured; detections with equal noise share one.
        observations: Observation,
        /// One row of hypotheses a track. \[tracks, in block order\]
        rows: TrackHypotheses,
        /// Hypotheses: a detection and, in turn, its likelihood ratio and its weight.
        edges: Hypothesis,
    }
}

/// Index of field `k` of track `i` in an array with `fields` fields.
#[must_use]
#[inline(always)]
pub fn at(i: usize, k: usize, fields: usize) -> usize {
    ((i / BLOCK) * fields + k) * BLOCK + i % BLOCK
}

/// Place of element (i, j) in the upper triangle of a covariance, row by row.
#[must_use]
#[inline(always)]
pub const fn tri(i: usize, j: usize) -> usize {
    let (i, j) = if i < j { (i, j) } else { (j, i) };
    i * (2 * MEAN - 1 - i) / 2 + j
}

mirror! {
    /// What one lane does in one wave.
    pub struct LaneStep {
        /// 1 if the lane has a scan in this wave, 0 if it rests.
        pub awake: u32,
        /// First track; a multiple of the block.
        pub first_track: u32,
        /// Number of tracks.
        pub tracks: u32,
        /// First detection.
        pub first_detection: u32,
        /// Number of detections.
        pub detections: u32,
        /// 0: up is the z axis; 1: up is away from the Earth's centre.
        pub radial: u32,
        /// Seconds since the lane's last scan.
        pub dt_s: f32,
        /// What they are more than a whole number of half seconds, before they were rounded; of orbits.
        pub part_s: f32,
        /// 1 if targets are in orbits.
        pub orbits: u32,
        /// Probability of surviving them.
        pub survival: f32,
        /// Probability that an object would have reported in them; 0 where somebody looks.
        pub heard: f32,
        /// Share of the undetected targets of a cell that are still there and undetected.
        pub left: f32,
        /// The same seconds, at most the mean time until a target ends or reports: those whose births are still undetected.
        pub births_s: f32,
        /// What they add to covariances.
        pub noise: ProcessNoise,
        /// How velocities turn in them.
        pub turning: Turning,
        /// One over the variance that heights are at most known to, m⁻²; 0 where nothing is known of them.
        pub height_information: f32,
        /// Probability that the look detects what it covers.
        pub detection_probability: f32,
        /// Largest squared Mahalanobis distance of a hypothesis.
        pub gate: f32,
        /// First axis of its grid.
        pub axis_u: u32,
        /// Second axis of its grid.
        pub axis_v: u32,
        /// Tile of the grid's corner along the first axis.
        pub base_u: i32,
        /// Along the second.
        pub base_v: i32,
        /// Offset of the corner in that tile, metres.
        pub low_u_m: f32,
        /// Along the second axis.
        pub low_v_m: f32,
        /// Fine cells a metre.
        pub cells_per_m: f32,
        /// Coarse cells along the first axis.
        pub coarse_u: u32,
        /// Along the second.
        pub coarse_v: u32,
        /// First time of a detection less the scan's, seconds.
        pub early_s: f32,
        /// Last time of a detection less the scan's.
        pub late_s: f32,
        /// Largest standard deviation of a measured axis, metres.
        pub sigma_m: f32,
        /// How far a measured place may lie off along what was not measured, metres.
        pub slack_m: f32,
        /// First of its cells in the wave.
        pub first_cell: u32,
        /// First part of its mask on the device, or [`NONE`].
        pub mask: u32,
        /// First of the shares of cells that it covers there, or [`NONE`].
        pub cover: u32,
        /// Number of the scan in its lane, from 0.
        pub scan: u32,
        /// 1 if the lane's tracks are put in spatial order.
        pub reorder: u32,
        /// Views of the lane; 0 of one that has one.
        pub views: u32,
        /// The one that looks.
        pub view: u32,
        /// 1 if its objects report when they like: a report is of one that does.
        pub reports: u32,
    }
}

mirror! {
    /// A detection in its cell, with what no track explains of it.
    pub struct Placed {
        /// Tile of the measured position.
        pub tile: [i32; 3],
        /// Time of the detection less time of the scan, seconds.
        pub ahead_s: f32,
        /// Offset in the tile, metres.
        pub offset_m: [f32; 3],
        /// Index of the observation.
        pub observation: u32,
        /// Density of detections that no track made.
        pub density: f32,
        /// The part of it that undetected targets make.
        pub fresh: f32,
        /// Lane, and source in the low eight bits.
        pub tag: u32,
        /// Place in the scan as it arrived.
        pub arrived: u32,
    }
}

mirror! {
    /// The hypotheses of one track.
    pub struct TrackHypotheses {
        /// First edge, or [`AT_REST`].
        pub start: u32,
        /// Number of edges.
        pub count: u32,
        /// From `gate`: odds of existing undetected, o (1 - P_D). From `associate`: probability of it.
        pub missed: f32,
        /// From `gate`: 1 if the gate was narrowed. From `associate`: probability of not existing.
        pub gone: f32,
    }
}

mirror! {
    /// One hypothesis: this track made that detection.
    pub struct Hypothesis {
        /// Index of the detection.
        pub detection: u32,
        /// From `gate`: likelihood ratio against no track having made it. From `associate`: its probability.
        pub weight: f32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_triangle_is_counted_row_by_row() {
        let order: Vec<usize> = (0..MEAN).flat_map(|i| (i..MEAN).map(move |j| tri(i, j))).collect();
        assert_eq!(order, (0..COVARIANCE).collect::<Vec<_>>());
        assert_eq!(tri(4, 1), tri(1, 4));
    }

    #[test]
    fn fields_of_a_block_are_contiguous() {
        assert_eq!(at(0, 1, 6), BLOCK);
        assert_eq!(at(BLOCK, 0, 6), 6 * BLOCK);
        assert_eq!(at(BLOCK + 3, 2, 6), 8 * BLOCK + 3);
    }
}
