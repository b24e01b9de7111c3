//! The tracks of a lane as they stand, for those who ask.

use super::address::Belief;
use super::arrays::{
    ADDRESS, ADDRESS_CHANCE, Arrays, BORN_DETECTION, BORN_SCAN, COUNTED, COVARIANCE, FLAGS, Host, IDENTITY, LAST_HIGH,
    LAST_LOW, MEAN, SOURCE_WORDS, at, tri,
};
use super::credit::{Accounts, Own, time_us, words};
use super::manage::{CONFIRMED, state_of};
use super::models::weights;
use super::motion::MODELS_MAX;
use super::state::State;
use crate::space::Place;
use core::ops::Add;
use rayon::prelude::*;

/// Declares an estimate: what is told of a track, and how each part of it lies in words.
macro_rules! estimate {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* pub $field:ident: $type:ty,)+ }) => {
        $(#[$meta])*
        pub struct $name { $($(#[$doc])* pub $field: $type,)+ }

        impl $name {
            /// Words of one.
            pub const WORDS: usize = 0 $(+ <$type as Words>::COUNT)+;

            /// As words, in the order of its parts; a number of 64 bits with the lower one first.
            pub fn put(&self, put: &mut impl FnMut(u32)) {
                $(<$type as Words>::put(&self.$field, put);)+
            }

            /// From such words.
            ///
            /// # Errors
            /// Those of `word`.
            pub fn take<E>(word: &mut impl FnMut() -> Result<u32, E>) -> Result<Self, E> {
                Ok(Self { $($field: <$type as Words>::take(word)?,)+ })
            }
        }
    };
}

estimate! {
    /// One track of one lane, as it stands.
    #[derive(Clone, Copy, Debug, PartialEq)]
    pub struct Estimate {
        /// Scan within the lane and detection within the scan of its birth.
        pub born: [u32; 2],
        /// Whether it is confirmed.
        pub confirmed: bool,
        /// Probability of existence.
        pub existence: f32,
        /// Tile of its position.
        pub tile: [i32; 3],
        /// Offset in the tile and velocity, and their covariance.
        pub state: State<f32>,
        /// Set of sources that contributed.
        pub sources: [u32; SOURCE_WORDS],
        /// How many detections are counted to it: those that were more likely its than anything else.
        pub detections: u32,
        /// When the last of these was made, or the one that began it, microseconds.
        pub last_detection_us: i64,
        /// What it is taken to send.
        pub belief: Belief,
        /// Probability of each of several motion models; 0 where all targets move by one.
        pub models: [f32; MODELS_MAX],
    }
}

/// What lies in a number of words.
trait Words: Sized {
    const COUNT: usize;
    fn put(&self, put: &mut impl FnMut(u32));
    fn take<E>(word: &mut impl FnMut() -> Result<u32, E>) -> Result<Self, E>;
}

/// What lies in one word, by how it becomes one and comes of one.
macro_rules! one_word {
    ($($type:ty: $to:expr, $of:expr;)+) => {
        $(impl Words for $type {
            const COUNT: usize = 1;

            fn put(&self, put: &mut impl FnMut(u32)) {
                put($to(*self));
            }

            fn take<E>(word: &mut impl FnMut() -> Result<u32, E>) -> Result<Self, E> {
                word().map($of)
            }
        })+
    };
}

one_word! {
    u32: core::convert::identity, core::convert::identity;
    i32: i32::cast_unsigned, u32::cast_signed;
    f32: f32::to_bits, f32::from_bits;
    bool: u32::from, |word| word != 0;
}

impl Words for i64 {
    const COUNT: usize = 2;

    fn put(&self, put: &mut impl FnMut(u32)) {
        words(*self).put(put);
    }

    fn take<E>(word: &mut impl FnMut() -> Result<u32, E>) -> Result<Self, E> {
        Words::take(word).map(time_us)
    }
}

impl<T: Words + Copy + Default, const N: usize> Words for [T; N] {
    const COUNT: usize = N * T::COUNT;

    fn put(&self, put: &mut impl FnMut(u32)) {
        for part in self {
            part.put(put);
        }
    }

    fn take<E>(word: &mut impl FnMut() -> Result<u32, E>) -> Result<Self, E> {
        let mut parts = [T::default(); N];
        parts.iter_mut().try_for_each(|part| T::take(word).map(|taken| *part = taken))?;
        Ok(parts)
    }
}

impl Words for State<f32> {
    const COUNT: usize = MEAN + COVARIANCE;

    fn put(&self, put: &mut impl FnMut(u32)) {
        self.mean.put(put);
        self.covariance.put(put);
    }

    fn take<E>(word: &mut impl FnMut() -> Result<u32, E>) -> Result<Self, E> {
        Ok(Self { mean: Words::take(word)?, covariance: Words::take(word)? })
    }
}

impl Words for Belief {
    const COUNT: usize = 2;

    fn put(&self, put: &mut impl FnMut(u32)) {
        self.words().put(put);
    }

    fn take<E>(word: &mut impl FnMut() -> Result<u32, E>) -> Result<Self, E> {
        Ok(Self { address: Words::take(word)?, probability: Words::take(word)? })
    }
}

impl Estimate {
    /// Its number in its lane, of the detection that it was born from: no other track has it.
    #[must_use]
    pub fn number(&self) -> u64 {
        u64::from(self.born[0]) << 32 | u64::from(self.born[1])
    }

    /// Its velocity in metres a second.
    #[must_use]
    pub fn velocity_m_s(&self) -> [f64; 3] {
        let [_, _, _, x, y, z] = self.state.mean;
        [x, y, z].map(f64::from)
    }

    /// Covariance of position and velocity, in that order, m², m²/s, m²/s².
    #[must_use]
    pub fn covariance(&self) -> [[f64; 6]; 6] {
        let p = |i: usize, j: usize| self.state.covariance.get(tri(i, j)).copied().map_or(0.0, f64::from);
        core::array::from_fn(|i| core::array::from_fn(|j| p(i, j)))
    }

    /// Position in engine coordinates, metres.
    #[must_use]
    pub fn position_m(&self) -> [f64; 3] {
        let [x, y, z, ..] = self.state.mean;
        Place { tile: self.tile, offset_m: [x, y, z] }.metres()
    }
}

/// The tracks of one lane as they stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct LaneTracks<'a> {
    /// Where they are.
    pub(super) arrays: &'a Arrays<Host>,
    /// First place.
    pub(super) first: usize,
    /// Places.
    pub(super) places: usize,
    /// Places that hold a track.
    pub(super) live: usize,
    /// Detections of tracks that have ended, and those of none.
    pub(super) ended: Accounts,
}

impl LaneTracks<'_> {
    /// Those with at least the existence `threshold`, in the order of their identities.
    pub(super) fn estimates(&self, threshold: f32) -> Vec<Estimate> {
        let estimate = |track| estimate(self.arrays, track).filter(|estimate| estimate.existence >= threshold);
        let tracks = (self.first..self.first + self.places).into_par_iter();
        let found: Vec<Estimate> = tracks.with_min_len(4096).filter_map(estimate).collect();
        if found.is_sorted_by_key(|estimate| estimate.born) {
            return found;
        }
        // Places are sorted in their stead: they are small.
        let mut order: Vec<([u32; 2], &Estimate)> = found.par_iter().map(|found| (found.born, found)).collect();
        order.par_sort_unstable_by_key(|(born, _)| *born);
        order.into_par_iter().with_min_len(4096).map(|(_, found)| *found).collect()
    }

    /// What became of the lane's detections; of those of tracks that go on, by what these have been.
    pub(super) fn accounts(&self) -> Accounts {
        let tracks = self.first..self.first + self.places;
        let accounts = tracks.map(|track| Accounts::of_track(&self.arrays.identity, track, Own::NONE));
        accounts.fold(self.ended, Add::add)
    }
}

/// Scan and detection of the birth of a track, by its identity; `None` where there is no such place.
pub(super) fn born(identity: &[u32], track: usize) -> Option<[u32; 2]> {
    let word = |k| identity.get(at(track, k, IDENTITY)).copied();
    Some([word(BORN_SCAN)?, word(BORN_DETECTION)?])
}

fn estimate(arrays: &Arrays<Host>, track: usize) -> Option<Estimate> {
    // A place without odds is free, however little is asked for.
    let odds = arrays.odds.get(track).copied().filter(|odds| *odds > 0.0)?;
    let (tile, state) = state_of(arrays, track);
    let identity = |k| arrays.identity.get(at(track, k, IDENTITY)).copied().unwrap_or(0);
    Some(Estimate {
        born: born(&arrays.identity, track)?,
        confirmed: identity(FLAGS) & CONFIRMED != 0,
        existence: odds / (1.0 + odds),
        tile,
        state,
        sources: core::array::from_fn(|k| arrays.sources.get(at(track, k, SOURCE_WORDS)).copied().unwrap_or(0)),
        detections: identity(COUNTED),
        last_detection_us: time_us([identity(LAST_LOW), identity(LAST_HIGH)]),
        belief: Belief { address: identity(ADDRESS), probability: f32::from_bits(identity(ADDRESS_CHANCE)) },
        models: weights(arrays, track),
    })
}
