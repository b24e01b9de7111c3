//! What exists as WGSL: one kernel a stage, the arrays that it binds in the order of its bindings, and its constants.
//!
//! Stated once here; `tests/layout.rs` compares it with the shaders.

use crate::fusion::arrays::{AT_REST, BLOCK, COVARIANCE, Detection, Edge, Look, MEAN, ODDS_MAX, Observation, Row};
use crate::fusion::mirror::{Layout, mirror, wgsl};
use crate::space::TILE_M;

/// One kernel.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    /// Its stage: file, entry point, pipeline label, timing key.
    pub name: &'static str,
    /// The joined WGSL.
    pub wgsl: &'static str,
    /// What is bound after `params`, in order: binding 1, 2, ….
    pub bindings: &'static [Binding],
    /// Its `override` constants besides `WORKGROUP_SIZE`.
    pub constants: &'static [(&'static str, f64)],
    /// The mirrored structs that it declares.
    pub layouts: &'static [&'static Layout],
}

/// One array that a kernel binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Binding {
    /// The array.
    pub field: Field,
    /// What the kernel does with it.
    pub access: Access,
}

/// What a kernel does with an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads it.
    Read,
    /// Reads and writes it.
    ReadWrite,
}

/// An array of a wave, by the name of its field in [`crate::fusion::arrays::Arrays`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// What each lane does.
    Looks,
    /// Lane of each block.
    Lane,
    /// Tile of each track.
    Tile,
    /// Mean of each track.
    Mean,
    /// Covariance of each track.
    Covariance,
    /// Odds of each track.
    Odds,
    /// Detections.
    Detections,
    /// Observations.
    Observations,
    /// Hypotheses of each track.
    Rows,
    /// Hypotheses.
    Edges,
}

mirror! {
    /// What one dispatch works on.
    pub struct Params {
        /// Tracks in reach of the bindings.
        pub tracks: u32,
        /// Lanes of the batch.
        pub lanes: u32,
    }
}

/// Invocations of a workgroup, unless a test asks otherwise: two blocks.
pub const WORKGROUP_SIZE: u32 = 64;

/// Most hypotheses of one track. One driver (lavapipe before Mesa 25) ends an invocation after 65,535 iterations of
/// all its loops and says nothing; a kernel's other loops are unrolled or short (`tests/twins/traps.rs`).
pub const HYPOTHESES_MAX: u32 = 32_768;

/// All kernels, in the order of their stages.
pub const KERNELS: &[Kernel] = &[PREDICT, UPDATE];

const PREDICT: Kernel = Kernel {
    name: "predict",
    wgsl: wgsl!("shared/number", "shared/track", "shared/look", "predict"),
    bindings: &[
        read(Field::Looks),
        read(Field::Lane),
        read_write(Field::Tile),
        read_write(Field::Mean),
        read_write(Field::Covariance),
        read_write(Field::Odds),
    ],
    constants: &[("BLOCK", BLOCK as f64), ("MEAN", MEAN as f64), ("COVARIANCE", COVARIANCE as f64), ("TILE_M", TILE_M)],
    layouts: &[&Params::LAYOUT, &Look::LAYOUT],
};

const UPDATE: Kernel = Kernel {
    name: "update",
    wgsl: wgsl!("shared/track", "shared/scalar_update", "shared/observation", "update"),
    bindings: &[
        read(Field::Detections),
        read(Field::Observations),
        read(Field::Rows),
        read(Field::Edges),
        read(Field::Tile),
        read_write(Field::Mean),
        read_write(Field::Covariance),
        read_write(Field::Odds),
    ],
    constants: &[
        ("BLOCK", BLOCK as f64),
        ("MEAN", MEAN as f64),
        ("COVARIANCE", COVARIANCE as f64),
        ("TILE_M", TILE_M),
        ("AT_REST", AT_REST as f64),
        ("ODDS_MAX", ODDS_MAX as f64),
    ],
    layouts: &[&Params::LAYOUT, &Detection::LAYOUT, &Observation::LAYOUT, &Row::LAYOUT, &Edge::LAYOUT],
};

impl Kernel {
    /// The kernel of a stage.
    #[must_use]
    pub fn of(stage: &str) -> Option<&'static Self> {
        KERNELS.iter().find(|kernel| kernel.name == stage)
    }
}

impl Field {
    /// Its name in Rust and in WGSL.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Looks => "looks",
            Self::Lane => "lane",
            Self::Tile => "tile",
            Self::Mean => "mean",
            Self::Covariance => "covariance",
            Self::Odds => "odds",
            Self::Detections => "detections",
            Self::Observations => "observations",
            Self::Rows => "rows",
            Self::Edges => "edges",
        }
    }

    /// Bytes of an element.
    #[must_use]
    pub const fn element_bytes(self) -> usize {
        match self {
            Self::Looks => size_of::<Look>(),
            Self::Lane | Self::Tile | Self::Mean | Self::Covariance | Self::Odds => 4,
            Self::Detections => size_of::<Detection>(),
            Self::Observations => size_of::<Observation>(),
            Self::Rows => size_of::<Row>(),
            Self::Edges => size_of::<Edge>(),
        }
    }

    /// Elements a block of tracks has; `None` for arrays that are not cut by blocks.
    #[must_use]
    pub const fn per_block(self) -> Option<usize> {
        match self {
            Self::Looks | Self::Detections | Self::Observations | Self::Edges => None,
            Self::Lane => Some(1),
            Self::Tile => Some(3 * BLOCK),
            Self::Mean => Some(MEAN * BLOCK),
            Self::Covariance => Some(COVARIANCE * BLOCK),
            Self::Odds | Self::Rows => Some(BLOCK),
        }
    }
}

const fn read(field: Field) -> Binding {
    Binding { field, access: Access::Read }
}

const fn read_write(field: Field) -> Binding {
    Binding { field, access: Access::ReadWrite }
}
