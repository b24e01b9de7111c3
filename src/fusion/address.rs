//! Addresses that targets send (an aircraft's ICAO, a ship's MMSI, a partner's track number): a likelihood in association,
//! and what each track is taken to send.
//!
//! Of every track its likeliest address t is known, and the probability p that it is the object's. The address of a
//! detection says one thing: whether it is t. Let ε be the probability that an address is not that of its object alone:
//! it is wrong, or another object sends it too. With a right t an address is t with 1 - ε where the object made the
//! detection and with ε where something else did; with a wrong t it is t with ε in either case. So the weight of a
//! hypothesis, a ratio against no track having made the detection, is multiplied by
//!
//! ```text
//! (p (1 - ε) + (1 - p) ε) / ε                if the address is t,
//! (p ε + (1 - p) (1 - ε)) / (1 - ε)          if it is another one,
//! 1                                          if the detection or the track has none:
//! ```
//!
//! between ε / (1 - ε) and its inverse, so a wrong or doubled address never decides against what was measured, and a
//! missing one says nothing. This is the confusion matrix of Bar-Shalom, Kirubarajan and Gokberk (IEEE TAES 41(3), 2005)
//! with two outcomes. After association p becomes its mean over the hypotheses, each by Bayes' rule; what is left of
//! it goes to the address of the likeliest other detection, which takes the place of t where it is likelier.
//! Kernels: `shaders/gate/weigh_addresses.wgsl`, `shaders/manage/learn_addresses.wgsl`.

use super::arrays::{ADDRESS, ADDRESS_CHANCE, AT_REST, Arrays, BLOCK, Host, Hypothesis, IDENTITY, TrackHypotheses, at};
use super::manage::edges_of;
use rayon::prelude::*;

/// Most that is believed of an address: what a target sends may change.
pub const CERTAIN: f32 = 0.999;

/// What a track is taken to send.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Belief {
    /// The number of an address; 0 for none.
    pub address: u32,
    /// Probability that it is the object's.
    pub probability: f32,
}

impl Belief {
    /// That of a track that a detection with this address begins.
    #[must_use]
    pub fn newborn(address: u32, error: f32) -> Self {
        Self { address, probability: if address == 0 { 0.0 } else { 1.0 - error } }
    }

    /// Of a track.
    #[expect(clippy::indexing_slicing, reason = "a track lies in its block")]
    pub(super) fn of(identity: &[u32], track: usize) -> Self {
        let [address, probability] = [ADDRESS, ADDRESS_CHANCE].map(|k| identity[at(track, k, IDENTITY)]);
        Self { address, probability: f32::from_bits(probability) }
    }

    /// As a track has it.
    #[must_use]
    pub fn words(self) -> [u32; 2] {
        [self.address, self.probability.to_bits()]
    }

    #[expect(clippy::indexing_slicing, reason = "a track lies in its block")]
    pub(super) fn put(self, identity: &mut [u32], track: usize) {
        for (k, word) in [ADDRESS, ADDRESS_CHANCE].into_iter().zip(self.words()) {
            identity[at(track, k, IDENTITY)] = word;
        }
    }

    /// What the weight of a detection with this address is multiplied by, where both have one.
    #[must_use]
    pub fn ratio(self, sent: u32, error: f32) -> f32 {
        let Self { address, probability: p } = self;
        if sent == address {
            return (p * (1.0 - error) + (1.0 - p) * error) / error;
        }
        (p * error + (1.0 - p) * (1.0 - error)) / (1.0 - error)
    }

    /// After a look that `missed` it with a weight, or made one of these detections: weights and addresses.
    #[must_use]
    pub fn learnt(self, missed: f32, hypotheses: impl Iterator<Item = (f32, u32)>, error: f32) -> Self {
        let Self { address, probability: p } = self;
        let (right, wrong) = (1.0 - error, 1.0 - p);
        let (mut total, mut sum) = (missed, missed * p);
        let (mut most, mut other, mut said) = (0.0, 0, false);
        for (weight, sent) in hypotheses {
            let mut then = p;
            said |= sent != 0;
            if sent != 0 && address != 0 {
                then = if sent == address {
                    p * right / (p * right + wrong * error)
                } else {
                    p * error / (p * error + wrong * right)
                };
            }
            total += weight;
            sum += weight * then;
            if sent != 0 && sent != address && weight > most {
                (most, other) = (weight, sent);
            }
        }
        // Where nothing is said not a bit changes: that other lanes of the wave have addresses is nothing to this one.
        if !said || total.is_nan() || total <= 0.0 {
            return self;
        }
        let mean = sum / total;
        let own = if mean < CERTAIN { mean } else { CERTAIN };
        let of_other = most / total * right * (1.0 - own);
        if of_other > own { Self { address: other, probability: of_other } } else { Self { address, probability: own } }
    }
}

/// Tracks that one task takes.
const CHUNK: usize = 32 * BLOCK;

/// Multiplies every hypothesis by what the detection's address says of it.
#[expect(clippy::indexing_slicing, reason = "detections are within the wave")]
pub fn weigh(arrays: &mut Arrays<Host>, error: f32) {
    let Arrays { identity, rows, edges, addresses, .. } = arrays;
    if addresses.is_empty() {
        return;
    }
    // Edges lie in the order of their tracks.
    let mut rest = edges.as_mut_slice();
    let parts: Vec<(usize, &[TrackHypotheses], &mut [Hypothesis])> = (0..)
        .step_by(CHUNK)
        .zip(rows.chunks(CHUNK))
        .map(|(first, rows)| {
            let count: usize = rows.iter().map(|row| row.count as usize).sum();
            let (own, behind) = core::mem::take(&mut rest).split_at_mut(count);
            rest = behind;
            (first, rows, own)
        })
        .collect();
    parts.into_par_iter().for_each(|(first, rows, mut edges)| {
        for (track, row) in (first..).zip(rows).filter(|(_, row)| row.count > 0) {
            let (own, behind) = edges.split_at_mut(row.count as usize);
            let belief = Belief::of(identity, track);
            for edge in own {
                let sent = addresses[edge.detection as usize];
                if sent != 0 && belief.address != 0 {
                    let weight = edge.weight * belief.ratio(sent, error);
                    edge.weight = weight.clamp(f32::MIN_POSITIVE, f32::MAX);
                }
            }
            edges = behind;
        }
    });
}

/// Takes in what a wave's detections say of every track's address.
#[expect(clippy::indexing_slicing, reason = "detections are within the wave")]
pub fn learn(arrays: &mut Arrays<Host>, error: f32) {
    let Arrays { identity, rows, edges, addresses, .. } = arrays;
    if addresses.is_empty() {
        return;
    }
    let blocks = identity.par_chunks_mut(IDENTITY * BLOCK).zip(rows.par_chunks(BLOCK)).with_min_len(16);
    blocks.for_each(|(identity, rows)| {
        for (place, row) in rows.iter().enumerate().filter(|(_, row)| row.start != AT_REST && row.count > 0) {
            let sent = |edge: &Hypothesis| (edge.weight, addresses[edge.detection as usize]);
            let belief = Belief::of(identity, place);
            belief.learnt(row.missed, edges_of(row, edges).iter().map(sent), error).put(identity, place);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const ERROR: f32 = 0.05;

    /// In 64 bits that an address is t, or is not: t being right or wrong, the detection the object's or not.
    fn chance([is_t, right, own]: [bool; 3]) -> f64 {
        let error = f64::from(ERROR);
        let of_t = if right && own { 1.0 - error } else { error };
        if is_t { of_t } else { 1.0 - of_t }
    }

    #[test]
    fn the_ratio_is_that_of_both_chances() {
        for p in [0.0, 0.3, 0.5, 0.95, 0.999] {
            for (sent, is_t) in [(7, true), (8, false)] {
                let of =
                    |own| f64::from(p) * chance([is_t, true, own]) + f64::from(1.0 - p) * chance([is_t, false, own]);
                let found = f64::from(Belief { address: 7, probability: p }.ratio(sent, ERROR));
                assert!((found / (of(true) / of(false)) - 1.0).abs() < 1e-5, "{p} {sent}: {found}");
            }
        }
    }

    #[test]
    fn what_has_no_address_changes_no_bit() {
        let known = Belief { address: 7, probability: 0.123_456_79 };
        assert_eq!(known.learnt(0.3, [(0.1, 0), (0.7, 0)].into_iter(), ERROR), known);
        let mut arrays = Arrays::<Host>::default();
        arrays.resize_blocks(1);
        arrays.rows = vec![TrackHypotheses::default(); BLOCK];
        (arrays.rows[0].count, arrays.rows[1].start, arrays.rows[1].count) = (2, 2, 1);
        let weights = [1e-42, 2.0, 3.0];
        arrays.edges = weights.map(|weight| Hypothesis { detection: 0, weight }).to_vec();
        arrays.edges[1].detection = 1;
        arrays.addresses = vec![0, 7];
        known.put(&mut arrays.identity, 0);
        weigh(&mut arrays, ERROR);
        let found: Vec<f32> = arrays.edges.iter().map(|edge| edge.weight).collect();
        assert_eq!(found, [1e-42, 2.0 * known.ratio(7, ERROR), 3.0]);
    }

    #[test]
    fn what_is_learnt_is_the_mean_over_the_hypotheses() {
        let before = Belief { address: 7, probability: 0.8 };
        let hypotheses = [(0.5_f32, 7), (0.2, 8), (0.1, 0)];
        let after = before.learnt(0.2, hypotheses.into_iter(), ERROR);
        let bayes = |is_t| {
            let [right, wrong] = [(0.8, true), (0.2, false)].map(|(p, right)| p * chance([is_t, right, true]));
            right / (right + wrong)
        };
        let wanted = 0.5 * bayes(true) + 0.2 * bayes(false) + 0.3 * 0.8;
        assert_eq!(after.address, 7);
        assert!((f64::from(after.probability) - wanted).abs() < 1e-6, "{after:?}, wanted {wanted}");
    }

    /// One object, and what it sends, look by look.
    fn after(sent: &[u32]) -> Belief {
        let (first, rest) = sent.split_first().expect("a first one");
        let look = |belief: Belief, sent: &u32| belief.learnt(0.0, [(1.0, *sent)].into_iter(), ERROR);
        rest.iter().fold(Belief::newborn(*first, ERROR), look)
    }

    #[test]
    fn one_wrong_address_is_outvoted_and_a_new_one_is_taken_in_time() {
        assert_eq!(after(&[7, 7, 8, 7]).address, 7);
        assert_eq!(after(&[8, 7, 7]).address, 7);
        assert_eq!(after(&[0, 0, 7, 0]).address, 7);
        assert_eq!(after(&[0, 0]), Belief::default());
        let changed = [vec![7; 100], vec![8; 4]].concat();
        assert_eq!(after(&changed).address, 8, "a target may change its address");
        assert!(after(&[7; 100]).probability <= CERTAIN);
        assert_eq!(Belief::default().learnt(f32::NAN, [(1.0, 7)].into_iter(), ERROR), Belief::default());
    }
}
