//! The tracks of a lane as they stand, for those who ask.

use super::address::Belief;
use super::arrays::{Arrays, Host, IDENTITY, SOURCE_WORDS, at};
use super::credit::{Accounts, Own, time_us};
use super::manage::{CONFIRMED, state_of};
use super::state::State;
use crate::space::Place;
use core::ops::Add;
use rayon::prelude::*;

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
}

impl Estimate {
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
        let mut found: Vec<Estimate> = tracks.with_min_len(4096).filter_map(estimate).collect();
        found.par_sort_unstable_by_key(|estimate| estimate.born);
        found
    }

    /// What became of the lane's detections; of those of tracks that go on, by what these have been.
    pub(super) fn accounts(&self) -> Accounts {
        let tracks = self.first..self.first + self.places;
        let accounts = tracks.map(|track| Accounts::of_track(self.arrays, track, Own::NONE));
        accounts.fold(self.ended, Add::add)
    }
}

fn estimate(arrays: &Arrays<Host>, track: usize) -> Option<Estimate> {
    // A place without odds is free, however little is asked for.
    let odds = arrays.odds.get(track).copied().filter(|odds| *odds > 0.0)?;
    let (tile, state) = state_of(arrays, track);
    let identity = |k| arrays.identity.get(at(track, k, IDENTITY)).copied().unwrap_or(0);
    Some(Estimate {
        born: [identity(0), identity(1)],
        confirmed: identity(2) & CONFIRMED != 0,
        existence: odds / (1.0 + odds),
        tile,
        state,
        sources: core::array::from_fn(|k| arrays.sources.get(at(track, k, SOURCE_WORDS)).copied().unwrap_or(0)),
        detections: identity(3),
        last_detection_us: time_us([identity(4), identity(5)]),
        belief: Belief { address: identity(6), probability: f32::from_bits(identity(7)) },
    })
}
