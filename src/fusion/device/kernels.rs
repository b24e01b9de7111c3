//! What a kernel is, the structs that only the device has, and the constants: stated once, and checked against the
//! shaders by `tests/layout.rs`.

use super::backward::BACKWARD;
use super::fields::Field;
use super::program::Size;
use crate::fusion::address::CERTAIN;
use crate::fusion::arrays::{
    ADDRESS, ADDRESS_CHANCE, AT_REST, BLOCK, BORN_DETECTION, BORN_SCAN, COUNTED, COVARIANCE, FLAGS, Hypothesis,
    IDENTITY, LAST_HIGH, LAST_LOW, LaneStep, MEAN, MODEL, NONE, ODDS_MAX, Placed, REST, SOURCE_WORDS, TrackHypotheses,
    Widths,
};
use crate::fusion::associate::{
    BITS_MAX, CLAIM_BITS, CUT_WEIGHT, GATHER, LOOKED_MAX, OUTER_MAX, PREFERENCE, ROUNDS_MAX, SCATTER, SEARCH_MAX,
    TABLE_MAX,
};
use crate::fusion::gate::{HALVINGS, NARROWED};
use crate::fusion::grid::{COARSE_MAX, FINE};
use crate::fusion::manage::{CELL_MAX, CONFIRMED, WAS_CONFIRMED};
use crate::fusion::motion::{
    GRAIN, HALVES_MAX, INFLATION, LOST_2, LOST_SPEED_2, MODELS_MAX, MU, ModelLook, OBLATENESS, ProcessNoise,
    RADIUS_MIN_2, ROUNDING, STEP, SUBSTEPS_MAX, TURN, TURN_2, Turning, VAGUE_2, VAGUE_INFLATION,
};
use crate::fusion::state::PIVOT_MIN;
use crate::fusion::undetected::PART;
use crate::fusion::views::twins::{Portrait, TWIN_EXISTENCE, TWIN_GATE, TWIN_SEEN};
use crate::fusion::views::{VIEW_MOST, VIEW_ODDS, VIEW_STEPS, VIEW_WORDS, VIEWS_MAX, ViewLook};
use crate::mirror::{Layout, mirror};
use crate::scan::{Axis, Detection, KIND_BITS, LEVEL, Observation, RANGE, SLAB, STRAIGHT, WEDGE};
use crate::space::TILE_M;

/// One kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kernel {
    /// Its name: file, entry point, pipeline label.
    pub name: &'static str,
    /// The joined WGSL.
    pub wgsl: &'static str,
}

/// One array that a kernel binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The array.
    pub field: Field,
    /// Whether the kernel writes it.
    pub written: bool,
}

impl Kernel {
    /// The kernel of that name.
    #[must_use]
    pub fn of(name: &str) -> Option<&'static Self> {
        super::KERNELS.iter().find(|kernel| kernel.name == name)
    }

    /// Whether a wave of a batch whose tracks are so wide may run it: some are only of orbits, or of several motion models, or of
    /// waves backwards.
    #[must_use]
    pub fn is_of(&self, widths: Widths) -> bool {
        match self.name {
            "predict_orbits" | "init_rest" => widths.has_rest(),
            backward if BACKWARD.contains(&backward) => false,
            "predict_models" => widths.has_models() && !widths.orbits,
            "predict_orbit_models" => widths.orbits,
            "keep_models" | "update_models" | "merge_models" | "init_models" => widths.has_models(),
            _ => true,
        }
    }

    /// What it binds after `params`, in order, as its text says; arrays that no [`Field`] names are left out.
    #[must_use]
    pub fn bindings(&self) -> Vec<Binding> {
        let lines = self.wgsl.lines().filter_map(|line| line.strip_prefix("@group(0) @binding("));
        let bound = |line: &str| {
            let (access, rest) = line.split_once("var<storage, ")?.1.split_once("> ")?;
            let (name, _) = rest.split_once(':')?;
            let field = Field::all().find(|field| field.name() == name)?;
            Some(Binding { field, written: access == "read_write" })
        };
        lines.filter_map(bound).collect()
    }

    /// The constants that its text asks for, with their values.
    #[must_use]
    pub fn constants(&self) -> Vec<(&'static str, f64)> {
        let asked = |name: &str| self.wgsl.contains(&format!("override {name}:"));
        CONSTANTS.iter().copied().filter(|(name, _)| asked(name)).collect()
    }
}

/// Invocations of a workgroup, unless a test asks otherwise: two blocks.
pub const WORKGROUP_SIZE: u32 = 64;
/// Words of a chunk of a scan: a multiple of every size of a workgroup.
pub const CHUNK: u32 = 1024;
/// Cells of a field that surely belong to one lane.
pub const FIELD_BLOCK: u32 = 64;
/// Workgroups that one dimension of a dispatch can have, by the rules of WebGPU.
pub const GROUPS_MAX: u32 = 65_535;
/// Sizes that a pass can have.
#[expect(clippy::cast_possible_truncation, reason = "few")]
pub const SIZES: u32 = Size::NUMBERS.names.len() as u32;

/// Every constant that shaders take from Rust, but for the size of a workgroup.
pub const CONSTANTS: &[(&str, f64)] = &[
    ("BLOCK", BLOCK as f64),
    ("MEAN", MEAN as f64),
    ("COVARIANCE", COVARIANCE as f64),
    ("REST", REST as f64),
    ("MODEL", MODEL as f64),
    ("MODELS_MAX", MODELS_MAX as f64),
    ("MU", MU as f64),
    ("OBLATENESS", OBLATENESS as f64),
    ("TURN", TURN as f64),
    ("TURN_2", TURN_2 as f64),
    ("RADIUS_MIN_2", RADIUS_MIN_2 as f64),
    ("SUBSTEPS_MAX", SUBSTEPS_MAX as f64),
    ("STEP", STEP as f64),
    ("HALVES_MAX", HALVES_MAX as f64),
    ("GRAIN", GRAIN as f64),
    ("VAGUE_2", VAGUE_2 as f64),
    ("VAGUE_INFLATION", VAGUE_INFLATION as f64),
    ("INFLATION", INFLATION as f64),
    ("ROUNDING", ROUNDING as f64),
    ("PIVOT_MIN", PIVOT_MIN as f64),
    ("LOST_2", LOST_2 as f64),
    ("LOST_SPEED_2", LOST_SPEED_2 as f64),
    ("IDENTITY", IDENTITY as f64),
    ("BORN_SCAN", BORN_SCAN as f64),
    ("BORN_DETECTION", BORN_DETECTION as f64),
    ("FLAGS", FLAGS as f64),
    ("COUNTED", COUNTED as f64),
    ("LAST_LOW", LAST_LOW as f64),
    ("LAST_HIGH", LAST_HIGH as f64),
    ("ADDRESS", ADDRESS as f64),
    ("ADDRESS_CHANCE", ADDRESS_CHANCE as f64),
    ("SOURCE_WORDS", SOURCE_WORDS as f64),
    ("CONFIRMED", CONFIRMED as f64),
    ("WAS_CONFIRMED", WAS_CONFIRMED as f64),
    ("TILE_M", TILE_M),
    ("NONE", NONE as f64),
    ("AT_REST", AT_REST as f64),
    ("ODDS_MAX", ODDS_MAX as f64),
    ("TWO_PI", (2.0 * core::f32::consts::PI) as f64),
    ("DENSITY_MIN", f32::MIN_POSITIVE as f64),
    ("WEIGHT_MAX", f32::MAX as f64),
    ("FINE", FINE as f64),
    ("COARSE_MAX", COARSE_MAX as f64),
    ("HALVINGS", HALVINGS as f64),
    ("NARROWED", NARROWED as f64),
    ("CHUNK", CHUNK as f64),
    ("FIELD_BLOCK", FIELD_BLOCK as f64),
    ("GROUPS_MAX", GROUPS_MAX as f64),
    ("SIZES", SIZES as f64),
    ("CELL_MAX", CELL_MAX as f64),
    ("RANK_MAX", RANK_MAX as f64),
    // Well below the 65,535 iterations after which one driver ends an invocation.
    ("STEPS_MAX", 8192.0),
    ("SEARCH_MAX", SEARCH_MAX as f64),
    ("LOOKED_MAX", LOOKED_MAX as f64),
    ("PREFERENCE", PREFERENCE as f64),
    ("LEAST", CUT_WEIGHT as f64),
    ("CLAIM_BITS", CLAIM_BITS as f64),
    ("SCATTER", SCATTER as f64),
    ("GATHER", GATHER as f64),
    ("ROUNDS_MAX", ROUNDS_MAX as f64),
    ("SINGLE", 1.0),
    ("EXACT", 2.0),
    ("BELIEF", 3.0),
    ("BITS_MAX", BITS_MAX as f64),
    ("OUTER_MAX", OUTER_MAX as f64),
    ("TABLE_MAX", TABLE_MAX as f64),
    ("PRUNED", PRUNED as f64),
    ("KEPT", KEPT as f64),
    ("RECYCLED", RECYCLED as f64),
    ("PART", PART as f64),
    ("RANGE", RANGE as f64),
    ("KIND_BITS", KIND_BITS as f64),
    ("SLAB", SLAB as f64),
    ("STRAIGHT", STRAIGHT as f64),
    ("LEVEL", LEVEL as f64),
    ("WEDGE", WEDGE as f64),
    ("VIEWS_MAX", VIEWS_MAX as f64),
    ("VIEW_WORDS", VIEW_WORDS as f64),
    ("VIEW_STEPS", VIEW_STEPS as f64),
    ("VIEW_MOST", VIEW_MOST as f64),
    ("VIEW_ODDS", VIEW_ODDS as f64),
    ("CERTAIN", CERTAIN as f64),
    ("TWIN_EXISTENCE", TWIN_EXISTENCE as f64),
    ("TWIN_SEEN", TWIN_SEEN as f64),
    ("TWIN_GATE", TWIN_GATE as f64),
];

/// Longest list that is put in order by ranks, and most detections that a track looks at: one driver (lavapipe before
/// Mesa 25) ends an invocation after 65,535 iterations of all its loops, and says nothing.
pub const RANK_MAX: u32 = 32_768;

/// A place is free.
pub const PRUNED: u32 = 0;
/// Its track stays.
pub const KEPT: u32 = 1;
/// Its track goes back into the field of undetected targets.
pub const RECYCLED: u32 = 2;

/// Every struct that Rust and WGSL share.
pub const LAYOUTS: &[&Layout] = &[
    &Params::LAYOUT,
    &ProcessNoise::LAYOUT,
    &Turning::LAYOUT,
    &LaneStep::LAYOUT,
    &Detection::LAYOUT,
    &Placed::LAYOUT,
    &Axis::LAYOUT,
    &Observation::LAYOUT,
    &TrackHypotheses::LAYOUT,
    &Hypothesis::LAYOUT,
    &GateWindow::LAYOUT,
    &Ground::LAYOUT,
    &Setup::LAYOUT,
    &LaneState::LAYOUT,
    &Component::LAYOUT,
    &Status::LAYOUT,
    &ViewLook::LAYOUT,
    &ModelLook::LAYOUT,
    &Portrait::LAYOUT,
    &Slot::LAYOUT,
    &Cluster::LAYOUT,
];

mirror! {
    /// What one dispatch works on, and the parameters of the filter.
    pub struct Params {
        /// Invocations that have work.
        pub n: u32,
        /// Lanes of the batch.
        pub lanes: u32,
        /// Places for tracks.
        pub places: u32,
        /// Detections of this wave.
        pub detections: u32,
        /// Cells of this wave.
        pub cells: u32,
        /// First look of this wave in its upload.
        pub first_look: u32,
        /// First detection of this wave in its upload.
        pub first_detection: u32,
        /// Number of this wave in its upload.
        pub wave: u32,
        /// Cells of the fields of undetected targets.
        pub field_cells: u32,
        /// Of a scan or a copy: words of an element.
        pub stride: u32,
        /// Word read.
        pub from_word: u32,
        /// Word written.
        pub to_word: u32,
        /// Which count a scan notes, or a plan compares with the room there is: a [`Count`](super::program::Count).
        pub counted: u32,
        /// The room there is.
        pub capacity: u32,
        /// Number of the pass in its wave, plus one.
        pub pass_number: u32,
        /// Clusters with at most so many detections or tracks are solved exactly.
        pub exact_max: u32,
        /// Room for Gaussian components of a lane.
        pub components_max: u32,
        /// What a pass that has several uses is asked to do.
        pub kind: u32,
        /// Tracks below are dropped.
        pub prune: f32,
        /// Tracks below go back into the field.
        pub recycle: f32,
        /// Tracks above are confirmed.
        pub confirm: f32,
        /// A detection with at least this probability makes its source a contributor.
        pub contributor: f32,
        /// Twice the square of the largest standard deviation of a position along a horizontal axis, m².
        pub level_max: f32,
        /// Belief propagation stops when no message moves by more.
        pub tolerance: f32,
        /// Detections that a track may choose among.
        pub hypotheses_max: u32,
        /// Probability that an address is not that of its object alone; 0 where addresses do not count.
        pub address_error: f32,
        /// Motion models of a track; 0 where all move by one.
        pub models: u32,
    }
}

mirror! {
    /// Where a track looks for detections.
    pub struct GateWindow {
        /// What the likelihood of a detection is multiplied by; below 0 where the look does not see the track.
        pub factor: f32,
        /// Half the edge of a box about it along the first axis of the grid, metres.
        pub half_u: f32,
        /// Along the second.
        pub half_v: f32,
        /// Its lane.
        pub lane: u32,
    }
}

mirror! {
    /// A plane of square cells, as the field of a lane or as a part of a mask; or one of the limits of such a part.
    pub struct Ground {
        /// Tile of a plane's corner, or of where a limit is measured from.
        pub tile: [i32; 3],
        /// What a limit measures; of a plane how many limits follow it.
        pub kind: u32,
        /// Offset in the tile, metres.
        pub offset_m: [f32; 3],
        /// First of a plane's cells, or of the shares of them that are permitted; [`NONE`]: all of everything.
        pub first: u32,
        /// Unit vector along a row of cells, or along the axis of a limit.
        pub east: [f32; 3],
        /// The next part of the same mask, or [`NONE`].
        pub after: u32,
        /// Unit vector from row to row, or across that axis.
        pub north: [f32; 3],
        /// Edge of a cell, metres.
        pub cell_m: f32,
        /// Cells along the first axis.
        pub cells_u: u32,
        /// Cells along the second axis.
        pub cells_v: u32,
        /// Distance of a limit's place from the axis of a wedge or cone, metres.
        pub radius_m: f32,
        /// Sine of half the wedge, or of the latitude.
        pub sine: f32,
        /// Its cosine.
        pub cosine: f32,
        /// Least that a point may have, metres; of a plane that touches the globe where its corner is along the first axis.
        pub least_m: f32,
        /// Most, metres; along the second.
        pub most_m: f32,
        /// The next plane of the same cells, or [`NONE`].
        pub next: u32,
        /// From the Earth's centre to where a plane touches the globe, metres; zero: it is flat.
        pub centre: [f32; 3],
        /// When a limit is asked of what moves, seconds after the time of the scan.
        pub ahead_s: f32,
    }
}

mirror! {
    /// How a lane began.
    pub struct Setup {
        /// 0: its field is cells of a plane; 1: Gaussian components.
        pub kind: u32,
        /// 1 if up is away from the Earth's centre.
        pub radial: u32,
        /// First component that is born with every scan.
        pub first_birth: u32,
        /// How many are.
        pub births: u32,
        /// Births a square metre and second.
        pub birth: f32,
        /// Prior of the horizontal velocity, m/s.
        pub speed_m_s: f32,
        /// Prior of the vertical velocity, m/s.
        pub climb_m_s: f32,
        /// Prior of a height that was not measured, m.
        pub height_m: f32,
        /// Lighter components are dropped.
        pub weight_min: f32,
    }
}

mirror! {
    /// What is known of a lane.
    pub struct LaneState {
        /// First place.
        pub first: u32,
        /// Places.
        pub places: u32,
        /// Places that hold a track.
        pub live: u32,
        /// Places after this wave.
        pub next_places: u32,
        /// Places that then hold a track.
        pub next_live: u32,
        /// Births of this wave.
        pub births: u32,
        /// The first of them.
        pub first_birth: u32,
        /// 1 if every track stays where it is.
        pub in_place: u32,
        /// 1 if so many tracks share a cell that they are not put in order.
        pub crowded: u32,
        /// Gaussian components.
        pub components: u32,
        /// Gaussian components after this wave.
        pub next_components: u32,
    }
}

mirror! {
    /// A Gaussian component of undetected targets.
    pub struct Component {
        /// Tile of its mean.
        pub tile: [i32; 3],
        /// Expected number of targets.
        pub weight: f32,
        /// Position and velocity.
        pub mean: [f32; MEAN],
        /// Upper triangle of the covariance, row by row.
        pub covariance: [f32; COVARIANCE],
        /// Zero.
        pub padding: u32,
    }
}

mirror! {
    /// What kernels report.
    pub struct Status {
        /// Number of the pass that halted the batch; 0: none has.
        pub halted: u32,
        /// The wave.
        pub wave: u32,
        /// What the pass needed.
        pub needed: u32,
        /// Edges.
        pub edges: u32,
        /// Births.
        pub births: u32,
        /// Blocks after this wave.
        pub next_blocks: u32,
        /// 1 if tracks move to other places.
        pub moves: u32,
        /// Clusters.
        pub clusters: u32,
        /// Of these, solved exactly.
        pub exact: u32,
        /// By belief propagation.
        pub belief: u32,
        /// Of these, those that reached the bound on iterations first; or tracks left alone at the bound on rounds.
        pub unconverged: u32,
        /// Clusters to be solved, or tracks that waited when the assignment began.
        pub work: u32,
        /// Their members.
        pub listed: u32,
        /// Numbers of their tables.
        pub table: u32,
        /// Clusters that belief propagation goes on with.
        pub going: u32,
        /// Largest number of components of a lane.
        pub components: u32,
        /// Not 0 if a bounded search or a count did not end: of an assignment, tracks that wait still.
        pub unfinished: u32,
        /// Rounds of the assignment that are over once those that are planned are.
        pub rounds: u32,
        /// Tracks before births.
        pub tracks: u32,
        /// Longest list that was put in order by ranks.
        pub longest: u32,
        /// Tracks whose gates were narrowed.
        pub narrowed: u32,
        /// Twins that ended.
        pub merged: u32,
    }
}

mirror! {
    /// A column of an assignment.
    pub struct Slot {
        /// Its price.
        pub price: f32,
        /// Track that has it.
        pub owner: u32,
    }
}

mirror! {
    /// A cluster, at the place of its least track.
    pub struct Cluster {
        /// How it is solved.
        pub kind: u32,
        /// Tracks.
        pub tracks: u32,
        /// Detections.
        pub detections: u32,
        /// First of its members.
        pub first_member: u32,
        /// First number of its table.
        pub first_number: u32,
        /// Tracks listed.
        pub listed_tracks: u32,
        /// How far a message moved, as bits.
        pub moved: u32,
        /// 1 until belief propagation has converged.
        pub going: u32,
    }
}
