//! Which detections are a track's own: how many they are, and when the last one was made.
//!
//! A detection is counted to the track for which it weighs most, if that is more than what no track claims of it,
//! 1 - Σ w, and at least what makes its source a contributor; of tracks for which it weighs the same, to the first. Else
//! it is counted to the track that it begins, if it begins one. So none is counted twice, and whoever knows the
//! contributors of a track learns of no other owner's detections by it. Of twins that are merged the older one has what
//! was counted to both.
//!
//! Every detection of a lane ends in one of four accounts ([`Accounts`]): with its track, once that ends, or in none, where
//! no track has it and it begins none. Kernels: `birth_probability`, `credit`, `credit_births`, `confirm_tracks`.

use super::address::Belief;
use super::arrays::{COUNTED, FLAGS, Hypothesis, IDENTITY, LAST_HIGH, LAST_LOW, TrackHypotheses, at};
use super::cluster::{Claim, Claims};
use super::config::Existence;
use super::manage::{WAS_CONFIRMED, edges_of};
use crate::scan::Detection;
use core::ops::Add;
use core::sync::atomic::{AtomicU64, Ordering::Relaxed};
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

    /// Those of a track by its identity, if there is one, and what is still to be counted to it.
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "a track lies in its block")]
    pub(super) fn of_track(identity: &[u32], track: usize, more: Own) -> Self {
        let [flags, detections] = [FLAGS, COUNTED].map(|k| &identity[at(track, k, IDENTITY)]);
        let all = u64::from(detections.wrapping_add(more.detections));
        // Most ended places were free before: what is not asked for need not be brought from memory.
        if all == 0 {
            Self::default()
        } else if flags & WAS_CONFIRMED != 0 {
            Self { confirmed: all, ..Self::default() }
        } else {
            Self { unconfirmed: all, ..Self::default() }
        }
    }
}

/// Detections of tracks of a lane that end in a wave: of those that were confirmed, and of those that never were.
#[derive(Debug, Default)]
pub struct Ended([AtomicU64; 2]);

impl Ended {
    /// Takes in a track that ends, by its identity and its row.
    #[inline]
    pub(super) fn add(&self, (identity, track): (&[u32], usize), own: Own) {
        let all = Accounts::of_track(identity, track, own).words();
        self.0.iter().zip(all).filter(|(_, n)| *n > 0).for_each(|(sum, n)| _ = sum.fetch_add(n, Relaxed));
    }

    /// All of them.
    pub(super) fn accounts(self) -> Accounts {
        let [confirmed, unconfirmed] = self.0.map(AtomicU64::into_inner);
        Accounts { confirmed, unconfirmed, ..Accounts::default() }
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
pub fn owner(claim: Claim, existence: &Existence) -> Option<u32> {
    let left = 1.0 - claim.sum;
    (claim.most > left && claim.most >= existence.contributor.get()).then_some(claim.edge)
}

/// What the detections of one lane's scan are counted by.
#[derive(Clone, Copy, Debug)]
pub struct Counting<'a> {
    /// What tracks claim of each detection of the wave.
    pub claims: &'a Claims,
    /// The detections.
    pub detections: &'a [Detection],
    /// Thresholds.
    pub existence: &'a Existence,
    /// When they were made.
    pub times: Times,
}

/// When the detections of a scan were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    scan_us: i64,
    /// All of them, if at one time.
    all_us: Option<i64>,
}

impl Times {
    /// Those of a scan of this time, the first and the last so long after it, seconds.
    #[must_use]
    pub fn new(scan_us: i64, [first, last]: [f32; 2]) -> Self {
        let at_once = Detection { ahead_s: first, ..Detection::default() };
        Self { scan_us, all_us: (first.to_bits() == last.to_bits()).then(|| at_once.time_us(scan_us)) }
    }

    /// That of one of them. Asked for where all have one time it is not looked at: it is far away.
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "detections are within the wave")]
    pub(super) fn of(&self, detections: &[Detection], d: usize) -> i64 {
        self.all_us.unwrap_or_else(|| detections[d].time_us(self.scan_us))
    }
}

/// Detections of a wave that are a track's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Own {
    /// How many.
    pub detections: u32,
    /// When the last one was made.
    pub last_us: i64,
}

impl Own {
    /// None.
    pub const NONE: Self = Self { detections: 0, last_us: i64::MIN };

    /// Those of a track that was there before the wave, by its row.
    #[must_use]
    pub fn of(row: &TrackHypotheses, edges: &[Hypothesis], counting: &Counting<'_>) -> Self {
        let mut own = Self::NONE;
        edges_of(row, edges).iter().zip(row.start..).for_each(|(edge, number)| own.add((number, edge), counting));
        own
    }

    /// Takes in the detection of an edge, if that is its owner's.
    #[inline(always)]
    pub(super) fn add(&mut self, (number, edge): (u32, &Hypothesis), counting: &Counting<'_>) {
        if counting.claims.owns(number) {
            self.detections += 1;
            self.last_us = self.last_us.max(counting.times.of(counting.detections, edge.detection as usize));
        }
    }

    /// Counts them to a track.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "a track lies in its block")]
    pub fn count(self, identity: &mut [u32], track: usize) {
        let of = |k| at(track, k, IDENTITY);
        // What is not written need not be brought back to memory.
        if self == Self::NONE {
            return;
        }
        if self.detections > 0 {
            identity[of(COUNTED)] = identity[of(COUNTED)].wrapping_add(self.detections);
        }
        if self.last_us > time_us([identity[of(LAST_LOW)], identity[of(LAST_HIGH)]]) {
            [identity[of(LAST_LOW)], identity[of(LAST_HIGH)]] = words(self.last_us);
        }
    }
}

/// Gives a track what was counted to another one, which has nothing then.
#[expect(clippy::indexing_slicing, reason = "a track lies in its block")]
pub(super) fn inherit(identity: &mut [u32], to: usize, from: usize) {
    let last_us = time_us([LAST_LOW, LAST_HIGH].map(|k| identity[at(from, k, IDENTITY)]));
    let detections = core::mem::take(&mut identity[at(from, COUNTED, IDENTITY)]);
    identity[at(to, FLAGS, IDENTITY)] |= identity[at(from, FLAGS, IDENTITY)] & WAS_CONFIRMED;
    Own { detections, last_us }.count(identity, to);
    let [own, other] = [to, from].map(|track| Belief::of(identity, track));
    if other.probability > own.probability {
        other.put(identity, to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fusion::arrays::{AT_REST, Arrays, BLOCK, Host};

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
    fn the_times_of_a_scan_are_those_of_its_detections() {
        let detections = [-0.25, 0.5].map(|ahead_s| Detection { ahead_s, ..Detection::default() });
        for (d, detection) in detections.iter().enumerate() {
            let wanted = detection.time_us(7_000_000);
            assert_eq!(Times::new(7_000_000, [-0.25, 0.5]).of(&detections, d), wanted);
            assert_eq!(Times::new(7_000_000, [detection.ahead_s; 2]).of(&[], d), wanted);
        }
    }

    #[test]
    fn a_detection_is_counted_once_to_whom_it_most_likely_is() {
        // Two tracks, three detections: the second one's; neither's, since it begins a track; the first one's by a tie.
        let weights = [[0.3, 0.2, 0.45], [0.6, 0.2, 0.45]];
        let mut arrays = Arrays::<Host>::default();
        arrays.resize_blocks(1);
        arrays.rows = vec![TrackHypotheses { start: AT_REST, ..TrackHypotheses::default() }; BLOCK];
        arrays.detections = [-0.5, -0.25, 0.0].map(|ahead_s| Detection { ahead_s, ..Detection::default() }).to_vec();
        let mut claims = Claims::default();
        claims.reset(3, 6);
        for (track, weights) in weights.into_iter().enumerate() {
            arrays.rows[track] =
                TrackHypotheses { start: 3 * u32::from(track > 0), count: 3, ..TrackHypotheses::default() };
            for (detection, weight) in (0..).zip(weights) {
                let edge = Hypothesis { detection, weight };
                claims.add(edge, u32::try_from(arrays.edges.len()).expect("six"));
                arrays.edges.push(edge);
            }
        }
        for (contributor, counted) in [(0.01, [1, 1]), (0.5, [0, 1])] {
            arrays.identity.fill(0);
            let Arrays { identity, rows, edges, detections, .. } = &mut arrays;
            let existence = &existence(contributor);
            let times = Times::new(7_000_000, [-0.5, 0.0]);
            claims.settle(0, edges, existence);
            let counting = Counting { claims: &claims, detections, existence, times };
            rows.iter().enumerate().for_each(|(track, row)| Own::of(row, edges, &counting).count(identity, track));
            let of = |track, k| arrays.identity[at(track, k, IDENTITY)];
            let last_us = |track| time_us([of(track, LAST_LOW), of(track, LAST_HIGH)]);
            assert_eq!([of(0, COUNTED), of(1, COUNTED)], counted);
            assert_eq!([last_us(0), last_us(1)], [7_000_000 * i64::from(counted[0]), 6_500_000]);
        }
        inherit(&mut arrays.identity, 0, 1);
        let of = |track, k| arrays.identity[at(track, k, IDENTITY)];
        assert_eq!(
            ([of(0, COUNTED), of(1, COUNTED)], time_us([of(0, LAST_LOW), of(0, LAST_HIGH)])),
            ([1, 0], 6_500_000)
        );
    }
}
