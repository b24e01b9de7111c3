//! Counts to every track the detections that are its own, and keeps when the last one was made.
//!
//! A detection is counted to the track for which it weighs most, if that is more than what no track claims of it,
//! 1 - Σ w, and at least what makes its source a contributor; of tracks for which it weighs the same, to the first. Else
//! it is counted to the track that it begins, if it begins one. So none is counted twice, and whoever knows the
//! contributors of a track learns of no other owner's detections by it. Of twins that are merged the older one has what
//! was counted to both.
//!
//! Every detection of a lane ends in one of four accounts ([`Accounts`]): with its track, once that ends, or in none, where
//! no track has it and it begins none. Kernels: `claim`, `credit`, `credit_births`, `refresh`.

use super::address::Belief;
use super::arrays::{AT_REST, Arrays, BLOCK, Host, IDENTITY, at};
use super::cluster::Claim;
use super::config::Existence;
use super::manage::{WAS_CONFIRMED, edges_of};
use core::ops::Add;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// What became of the detections of a lane, each counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    /// In tracks that were confirmed at some time.
    pub confirmed: u64,
    /// In tracks that never were.
    pub unconfirmed: u64,
    /// In none, where their sensor's coverage expects objects.
    pub none: u64,
    /// In none, where it expects none.
    pub outside_coverage: u64,
}

impl Accounts {
    /// All of them.
    #[must_use]
    pub fn sum(&self) -> u64 {
        self.words().iter().sum()
    }

    /// In the order in which a device has them.
    #[must_use]
    pub fn of([confirmed, unconfirmed, none, outside_coverage]: [u64; 4]) -> Self {
        Self { confirmed, unconfirmed, none, outside_coverage }
    }

    /// The same, in that order.
    #[must_use]
    pub fn words(&self) -> [u64; 4] {
        [self.confirmed, self.unconfirmed, self.none, self.outside_coverage]
    }

    /// Takes in the detections of a track, if there is one.
    #[expect(clippy::indexing_slicing, reason = "a track lies in its block")]
    pub(super) fn add_track(&mut self, arrays: &Arrays<Host>, track: usize) {
        let [flags, detections] = [2, 3].map(|k| arrays.identity[at(track, k, IDENTITY)]);
        let account = if flags & WAS_CONFIRMED != 0 { &mut self.confirmed } else { &mut self.unconfirmed };
        *account += u64::from(detections);
    }

    /// One detection that no track has; `fresh`: the density of undetected targets there.
    pub(super) fn lost(fresh: f32) -> Self {
        let none = u64::from(fresh > 0.0);
        Self { none, outside_coverage: 1 - none, ..Self::default() }
    }
}

impl Add for Accounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let [a, b, c, d] = self.words();
        let [e, f, g, h] = other.words();
        Self::of([a + e, b + f, c + g, d + h])
    }
}

/// A time as a track has it, the lower word first.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "both words are kept")]
pub fn words(time_us: i64) -> [u32; 2] {
    let bits = time_us.cast_unsigned();
    [bits as u32, (bits >> 32) as u32]
}

/// The time that two words stand for.
#[must_use]
pub fn time_us([low, high]: [u32; 2]) -> i64 {
    (u64::from(high) << 32 | u64::from(low)).cast_signed()
}

/// The edge of the track that a detection is counted to, among those that were there.
#[inline]
#[must_use]
pub fn owner(claim: &Claim, existence: &Existence) -> Option<u32> {
    let left = 1.0 - claim.sum;
    (claim.most > left && claim.most >= existence.contributor.get()).then_some(claim.edge)
}

/// Counts the detections of a wave to the tracks that were there before it; `scans_us`: the time of each lane's scan.
#[expect(clippy::indexing_slicing, reason = "detections are within the wave, a place lies in its block")]
pub fn credit(arrays: &mut Arrays<Host>, (claims, existence): (&[Claim], &Existence), scans_us: &[i64]) {
    let Arrays { lane, identity, rows, edges, detections, .. } = arrays;
    let least = existence.contributor.get();
    let blocks = identity.par_chunks_mut(IDENTITY * BLOCK).zip(rows.par_chunks(BLOCK)).zip(lane.par_iter());
    blocks.with_min_len(16).for_each(|((identity, rows), lane)| {
        let scan_us = scans_us.get(*lane as usize).copied().unwrap_or_default();
        for (place, row) in rows.iter().enumerate().filter(|(_, row)| row.start != AT_REST) {
            for (number, edge) in (row.start..).zip(edges_of(row, edges)) {
                let d = edge.detection as usize;
                // Nothing less is anybody's own; asked first, since a claim is far away.
                if edge.weight >= least && owner(&claims[d], existence) == Some(number) {
                    count(identity, place, 1, detections[d].time_us(scan_us));
                }
            }
        }
    });
}

/// Gives a track what was counted to another one, which has nothing then.
#[expect(clippy::indexing_slicing, reason = "a track lies in its block")]
pub(super) fn inherit(identity: &mut [u32], to: usize, from: usize) {
    let [low, high] = [4, 5].map(|k| identity[at(from, k, IDENTITY)]);
    let detections = core::mem::take(&mut identity[at(from, 3, IDENTITY)]);
    identity[at(to, 2, IDENTITY)] |= identity[at(from, 2, IDENTITY)] & WAS_CONFIRMED;
    count(identity, to, detections, time_us([low, high]));
    let [own, other] = [to, from].map(|track| Belief::of(identity, track));
    if other.probability > own.probability {
        other.put(identity, to);
    }
}

/// Counts so many detections to a track, of which the last was made then.
#[expect(clippy::indexing_slicing, reason = "a track lies in its block")]
fn count(identity: &mut [u32], track: usize, detections: u32, last_us: i64) {
    let of = |k| at(track, k, IDENTITY);
    identity[of(3)] = identity[of(3)].wrapping_add(detections);
    if last_us > time_us([identity[of(4)], identity[of(5)]]) {
        [identity[of(4)], identity[of(5)]] = words(last_us);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fusion::arrays::{Edge, Row};
    use crate::scan::Detection;

    fn existence(contributor: f32) -> Existence {
        let config: crate::fusion::config::Config =
            toml::from_str(include_str!("../../data/config/bench.toml")).expect("a configuration");
        Existence { contributor: contributor.try_into().expect("a probability"), ..config.existence }
    }

    #[test]
    fn times_are_kept_in_two_words() {
        for us in [0, 1, -1, i64::MIN, i64::MAX, 1 << 32, -(1 << 32), 1_533_101_250_000_001] {
            assert_eq!(time_us(words(us)), us);
        }
    }

    #[test]
    fn a_detection_is_counted_once_to_whom_it_most_likely_is() {
        // Two tracks, three detections: the second one's; neither's, since it begins a track; the first one's by a tie.
        let weights = [[0.3, 0.2, 0.45], [0.6, 0.2, 0.45]];
        let mut arrays = Arrays::<Host>::default();
        arrays.resize_blocks(1);
        arrays.rows = vec![Row { start: AT_REST, ..Row::default() }; BLOCK];
        arrays.detections = [-0.5, -0.25, 0.0].map(|ahead_s| Detection { ahead_s, ..Detection::default() }).to_vec();
        let mut claims = vec![Claim::default(); 3];
        for (track, weights) in weights.into_iter().enumerate() {
            arrays.rows[track] = Row { start: 3 * u32::from(track > 0), count: 3, ..Row::default() };
            for (detection, weight) in (0..).zip(weights) {
                let (claim, edge) = (&mut claims[detection as usize], arrays.edges.len());
                claim.sum += weight;
                if weight > claim.most {
                    (claim.most, claim.edge) = (weight, u32::try_from(edge).expect("six"));
                }
                arrays.edges.push(Edge { detection, weight });
            }
        }
        for (contributor, counted) in [(0.01, [1, 1]), (0.5, [0, 1])] {
            arrays.identity.fill(0);
            credit(&mut arrays, (&claims, &existence(contributor)), &[7_000_000]);
            let of = |track, k| arrays.identity[at(track, k, IDENTITY)];
            let last_us = |track| time_us([of(track, 4), of(track, 5)]);
            assert_eq!([of(0, 3), of(1, 3)], counted);
            assert_eq!([last_us(0), last_us(1)], [7_000_000 * i64::from(counted[0]), 6_500_000]);
        }
        inherit(&mut arrays.identity, 0, 1);
        let of = |track, k| arrays.identity[at(track, k, IDENTITY)];
        assert_eq!(([of(0, 3), of(1, 3)], time_us([of(0, 4), of(0, 5)])), ([1, 0], 6_500_000));
    }
}
