//! The arrays that live on the device, by the names that the shaders give them. Those of tracks are declared with the
//! host's (`super::super::arrays`).

use super::kernels::{Cluster, Component, GateWindow, Ground, LaneState, Setup, Slot, Status};
use crate::fusion::arrays::{Hypothesis, LaneStep, Placed, TrackField, TrackHypotheses};
use crate::fusion::motion::ModelLook;
use crate::fusion::views::ViewLook;
use crate::fusion::views::twins::Portrait;
use crate::scan::{Detection, Observation};

/// Declares the arrays: name in Rust, name in WGSL, element, meaning.
macro_rules! fields {
    ($($(#[doc = $doc:literal])+ $field:ident $name:literal $element:ty,)+) => {
        /// An array on the device.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Field {
            /// A field of tracks.
            Track(TrackField),
            /// Room for it while tracks move.
            Spare(TrackField),
            $($(#[doc = $doc])+ $field,)+
        }

        impl Field {
            /// All of them.
            pub fn all() -> impl Iterator<Item = Self> {
                let tracks = TrackField::ALL.iter().flat_map(|of| [Self::Track(*of), Self::Spare(*of)]);
                tracks.chain([$(Self::$field),+])
            }

            /// Its name in WGSL.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    Self::Track(of) => of.name(),
                    Self::Spare(of) => of.spare_name(),
                    $(Self::$field => $name,)+
                }
            }

            /// Bytes of an element.
            #[must_use]
            pub const fn element_bytes(self) -> usize {
                match self {
                    Self::Track(of) | Self::Spare(of) => of.element_bytes(),
                    $(Self::$field => size_of::<$element>(),)+
                }
            }
        }
    };
}

fields! {
    /// What each lane does in each wave of an upload.
    Looks "looks" LaneStep,
    /// What it knows of each of its views in each wave.
    ViewLooks "view_looks" ViewLook,
    /// What each look is to each of several motion models.
    ModelLooks "model_looks" ModelLook,
    /// Detections of an upload, as they arrived.
    Arrived "arrived" Detection,
    /// Their lanes and sources.
    Tags "tags" u32,
    /// The numbers of the addresses that their targets sent.
    Addresses "addresses" u32,
    /// When they were made, the lower word first.
    Times "times" [u32; 2],
    /// How they were measured.
    Observations "observations" Observation,
    /// How each lane began.
    Setups "setups" Setup,
    /// Planes of the lanes' fields, then the parts of masks, each with its limits.
    Grounds "grounds" Ground,
    /// Shares of cells: what is covered, and what is permitted.
    Share "share" f32,
    /// Lane of each block of field cells.
    FieldLane "field_lane" u32,
    /// Components that are born with every scan.
    ComponentBirths "component_births" Component,
    /// Lane of each block of tracks.
    Lane "lane" u32,
    /// What is known of each lane.
    LaneStates "lane_states" LaneState,
    /// Density of undetected targets in each field cell.
    Density "field" f32,
    /// Gaussian components of undetected targets.
    Components "components" Component,
    /// Counts, and the pass that lacked room.
    Status "status" Status,
    /// The same, kept for every wave.
    Reports "reports" Status,
    /// Groups of every size of a pass.
    Arguments "arguments" u32,
    /// Sums of the chunks of a scan.
    Sums "sums" u32,
    /// Cell of each detection, or of each track.
    Keys "keys" u32,
    /// Detections or tracks of each cell; then their end.
    Cells "cells" u32,
    /// Detections or tracks by cell, in any order.
    Unordered "unordered" u32,
    /// Detections in their cells.
    Placed "placed" Placed,
    /// Where tracks look for detections.
    Windows "windows" GateWindow,
    /// Hypotheses of each track.
    Rows "rows" TrackHypotheses,
    /// Hypotheses.
    Edges "edges" Hypothesis,
    /// Track of each edge.
    EdgeTrack "edge_track" u32,
    /// Edges of each detection; then their end.
    Columns "columns" u32,
    /// Edges by detection, in any order.
    Loose "loose" u32,
    /// Edges by detection, in the order of their tracks.
    Entries "entries" u32,
    /// Least track of each detection.
    FirstTrack "first_track" u32,
    /// Least track of each track's cluster.
    Labels "labels" u32,
    /// Columns of the assignment.
    Slots "slots" Slot,
    /// The greatest claim of a waiting track to each detection: the round, and whose it is.
    Claims "claims" u32,
    /// Edge that each track holds.
    Holds "holds" u32,
    /// Tracks that found their best detection taken; nothing where one has come in since.
    Waiting "waiting" u32,
    /// Whether each track has lost the round.
    Lost "lost" u32,
    /// Clusters to be solved.
    Work "work" u32,
    /// Clusters, at the places of their least tracks.
    Clusters "clusters" Cluster,
    /// Members of clusters that are solved exactly.
    Members "members" u32,
    /// Their tables.
    Table "table" f32,
    /// Messages of belief propagation.
    ToDetection "to_detection" f32,
    /// Messages of belief propagation.
    ToTrack "to_track" f32,
    /// Probability that each detection begins a track.
    Chances "chances" f32,
    /// Whether it does; then how many before it do.
    Born "born" u32,
    /// Edge of the track that each detection is counted to.
    Owners "owners" u32,
    /// What became of the detections of each lane, in four accounts.
    Accounts "accounts" [u32; 4],
    /// What is compared of each track that may be a twin.
    Portraits "portraits" Portrait,
    /// The older twin of each track, counted from the last place.
    Elders "elders" u32,
    /// The younger twin that ends in each track, counted from the last place.
    Heirs "heirs" u32,
    /// What becomes of each track.
    Fates "fates" u32,
    /// Whether each track stays; then how many before it do.
    Keep "keep" u32,
    /// The same of tracks that go back into the field of undetected targets.
    Gathered "gathered" u32,
    /// Recycled existence in each field cell, in parts.
    Returned "returned" u32,
    /// Blocks of each lane; then the first of them.
    Blocks "blocks" u32,
    /// Where each track goes.
    Targets "targets" u32,
    /// Where each birth goes.
    Homes "homes" u32,
    /// Detection of each birth.
    BirthAt "birth_at" u32,
    /// The place of each track in the wave after, or [`NONE`](crate::fusion::arrays::NONE).
    Successors "successors" u32,
    /// Probability that each track exists, then those of its models that a wave backwards weighs.
    Existence "existence" f32,
    /// The same of the wave after, smoothed.
    LaterExistence "later_existence" f32,
    /// What a general kernel reads, or changes.
    Words "words" u32,
    /// What a general kernel writes.
    Copies "copies" u32,
}
