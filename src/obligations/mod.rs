//! What a level of a policy demands before a detection is fused or a track is handed out.

mod grid; // cells fixed to the world, for coarsening

pub use grid::{COARSEN_RANGE_M, Cell, geodetic_cell, local_cell};

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a level demands of a track that is handed out ([`Field`]) or of a detection that is fused
/// ([`Measured`]). The default demands nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Obligations<Part = Field> {
    /// Nothing is handed out, or fused, earlier than this many microseconds after its time.
    pub delay_us: i64,
    /// Positions are given no finer than cells of this many metres.
    pub coarsen_m: Option<f64>,
    /// What is left out.
    pub omit: BTreeSet<Part>,
}

impl<Part> Default for Obligations<Part> {
    fn default() -> Self {
        Self { delay_us: 0, coarsen_m: None, omit: BTreeSet::new() }
    }
}

/// A part of a track that a level of `receive` can leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Its velocity, with the part of the covariance that belongs to it.
    Velocity,
    /// Its covariance.
    Covariance,
    /// The owners whose detections made it.
    Contributors,
    /// Its probability of existence.
    Existence,
    /// Who may act on it, where the partner may see that at all.
    Holders,
    /// How many detections made it, and when the last one was.
    Detections,
    /// The address that it sends.
    Identity,
}

impl Field {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Velocity,
        Self::Covariance,
        Self::Contributors,
        Self::Existence,
        Self::Holders,
        Self::Detections,
        Self::Identity,
    ];

    /// Its name in `levels.toml`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Velocity => "velocity",
            Self::Covariance => "covariance",
            Self::Contributors => "contributors",
            Self::Existence => "existence",
            Self::Holders => "holders",
            Self::Detections => "detections",
            Self::Identity => "identity",
        }
    }
}

/// A part of a detection that a level of `fuse` can leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measured {
    /// Its range rate.
    RangeRate,
    /// Its height: altitude, z, or elevation, and how fast it changes.
    Height,
    /// The velocity that it reports.
    Velocity,
    /// The address that its target sends; whether there is one stays.
    Identity,
}

impl Measured {
    /// Its name in `levels.toml`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::RangeRate => "range_rate",
            Self::Height => "height",
            Self::Velocity => "velocity",
            Self::Identity => "identity",
        }
    }
}
