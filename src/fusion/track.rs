//! What follows from the fields of a track, which `arrays.rs` declares once for both sides.
//!
//! `arrays!` takes the fields of tracks and the arrays of waves and gives plain structs: `Arrays`, in which each is an array;
//! `TrackField`, the names by which tracks are uploaded, read back and moved on a device; and `Blocks`, some of their
//! blocks on the host, which are split, moved and cleared with all of their fields.

use super::arrays::{Hypothesis, REST, TrackHypotheses};
use super::motion::Motion;
use super::views::VIEW_WORDS;
use crate::scan::Detection;

/// Fields of a track of which a batch says how many there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Widths {
    /// Words of what is known of views: none where every lane has one.
    pub view_words: usize,
    /// Words of what a velocity has beyond 32 bits: none but in orbits.
    pub rest_words: usize,
    /// Motion models of a track: none of its own where all move by one.
    pub models: usize,
    /// Whether these are orbits.
    pub orbits: bool,
}

impl Widths {
    /// Of a batch whose lanes have so many views at most.
    #[must_use]
    pub const fn of(views: usize) -> Self {
        Self { view_words: if views > 1 { VIEW_WORDS } else { 0 }, rest_words: 0, models: 0, orbits: false }
    }

    /// The same, whose targets move so.
    #[must_use]
    pub fn moved_by(self, motion: &Motion) -> Self {
        let models = motion.several().map_or(0, |models| models.each().len());
        let (one, orbits) = (models == 0, motion.is_orbit());
        Self { rest_words: if one && orbits { REST } else { 0 }, models, orbits: !one && orbits, ..self }
    }

    /// Whether a lane has several views.
    #[must_use]
    pub const fn has_views(self) -> bool {
        self.view_words > 0
    }

    /// Whether tracks have several models.
    #[must_use]
    pub const fn has_models(self) -> bool {
        self.models > 0
    }

    /// Whether velocities have a rest.
    #[must_use]
    pub const fn has_rest(self) -> bool {
        self.rest_words > 0
    }
}

/// What the hypotheses of a wave are.
#[derive(Clone, Copy, Debug)]
pub struct Graph<'a> {
    /// One row a track.
    pub rows: &'a [TrackHypotheses],
    /// Hypotheses.
    pub edges: &'a [Hypothesis],
    /// Detections.
    pub detections: &'a [Detection],
}

/// Blocks that one task takes at most: to hand over fewer costs more than to walk them.
pub(super) const TASK: usize = 512;

/// Declares the arrays of a batch. `tracks` are the fields of a track: name, element, how many elements a track has, which
/// may depend on the batch's `widths`, and the name that the device knows it by. `wave` are the other arrays.
macro_rules! arrays {
    (
        $(#[$meta:meta])*
        pub struct Arrays of $widths:ident;
        tracks { $($(#[$track_meta:meta])* $track:ident: $element:ident [$words:expr] = $name:ident,)+ }
        wave { $($(#[$wave_meta:meta])* $field:ident: $type:ty,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug)]
        pub struct Arrays<S: Side> {
            /// Fields of a track of which the batch says how many there are.
            pub widths: Widths,
            /// Lane of each block of tracks. \[blocks\]
            pub lane: S::Array<u32>,
            $($(#[$track_meta])* pub $track: S::Array<$element>,)+
            $($(#[$wave_meta])* pub $field: S::Array<$type>,)+
        }

        impl Default for Arrays<Host> {
            fn default() -> Self {
                Self {
                    widths: Widths::default(),
                    lane: Vec::new(),
                    $($track: Vec::new(),)+
                    $($field: Vec::new(),)+
                }
            }
        }

        impl Clone for Arrays<Host> {
            fn clone(&self) -> Self {
                Self {
                    widths: self.widths,
                    lane: self.lane.clone(),
                    $($track: self.$track.clone(),)+
                    $($field: self.$field.clone(),)+
                }
            }
        }

        impl Arrays<Host> {
            /// Gives every track array room for `blocks` blocks; new tracks are zero.
            pub fn resize_blocks(&mut self, blocks: usize) {
                let $widths = self.widths;
                self.lane.resize(blocks, 0);
                $(self.$track.resize(blocks * $words * BLOCK, Default::default());)+
            }

            /// The bytes of a field of tracks.
            #[must_use]
            pub fn bytes(&self, of: TrackField) -> &[u8] {
                match of {
                    $(TrackField::$name => bytemuck::cast_slice(&self.$track),)+
                }
            }

            /// Replaces a field of tracks.
            pub fn set_bytes(&mut self, of: TrackField, bytes: &[u8]) {
                match of {
                    $(TrackField::$name => self.$track = bytemuck::pod_collect_to_vec(bytes),)+
                }
            }

            /// All tracks, and the hypotheses of the wave.
            pub fn blocks_mut(&mut self) -> (Blocks<'_>, Graph<'_>) {
                let (first, len, widths) = (0, self.lane.len(), self.widths);
                let blocks = Blocks { first, len, widths, $($track: &mut self.$track,)+ };
                (blocks, Graph { rows: &self.rows, edges: &self.edges, detections: &self.detections })
            }
        }

        /// A field of tracks.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum TrackField {
            $($(#[$track_meta])* $name,)+
        }

        impl TrackField {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its name, in WGSL, too.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($track),)+
                }
            }

            /// In WGSL, the name of the room for it while tracks move.
            #[must_use]
            pub const fn spare_name(self) -> &'static str {
                match self {
                    $(Self::$name => concat!("spare_", stringify!($track)),)+
                }
            }

            /// The type of an element, in WGSL, too.
            #[must_use]
            pub const fn element(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($element),)+
                }
            }

            /// Bytes of an element.
            #[must_use]
            pub const fn element_bytes(self) -> usize {
                match self {
                    $(Self::$name => size_of::<$element>(),)+
                }
            }

            /// Elements that a track has.
            #[must_use]
            pub const fn words(self, $widths: Widths) -> usize {
                match self {
                    $(Self::$name => $words,)+
                }
            }
        }

        /// The tracks of some blocks, one behind another.
        #[derive(Debug)]
        pub struct Blocks<'a> {
            /// The number of the first one.
            pub first: usize,
            len: usize,
            widths: Widths,
            $($(#[$track_meta])* pub $track: &'a mut [$element],)+
        }

        /// The tracks of one block.
        pub type Block<'a> = Blocks<'a>;

        impl Blocks<'_> {
            /// The first `blocks` of them, and the others.
            #[inline(always)]
            #[must_use]
            pub fn split_at(self, blocks: usize) -> (Self, Self) {
                let ($widths, first, len) = (self.widths, self.first, self.len);
                $(let $track = self.$track.split_at_mut(blocks * $words * BLOCK);)+
                (
                    Self { first, len: blocks, widths: $widths, $($track: $track.0,)+ },
                    Self { first: first + blocks, len: len - blocks, widths: $widths, $($track: $track.1,)+ },
                )
            }

            /// Does something with every block, many at once.
            pub fn for_each(self, act: impl Fn(Block<'_>) + Sync + Send) {
                let halves = |blocks: Self| {
                    let half = blocks.len / 2;
                    if blocks.len <= TASK {
                        return (blocks, None);
                    }
                    let (left, right) = blocks.split_at(half);
                    (left, Some(right))
                };
                rayon::iter::split(self, halves).for_each(|mut rest| {
                    while rest.len > 0 {
                        let (block, behind) = rest.split_at(1);
                        act(block);
                        rest = behind;
                    }
                });
            }
        }

        #[expect(clippy::indexing_slicing, reason = "a place lies in its block")]
        impl Block<'_> {
            /// Makes a place zero.
            pub fn clear(&mut self, place: usize) {
                let $widths = self.widths;
                $(for k in 0..$words {
                    self.$track[k * BLOCK + place] = Default::default();
                })+
            }

            /// Copies a track to a place.
            pub fn copy(&mut self, place: usize, from: &Arrays<Host>, track: usize) {
                let $widths = self.widths;
                $(for k in 0..$words {
                    self.$track[k * BLOCK + place] = from.$track[at(track, k, $words)];
                })+
            }
        }
    };
}
pub(super) use arrays;
