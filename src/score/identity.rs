//! Who was tracked by whom: identity switches, fragmentations, purity, completeness, time on track.
//!
//! Fed one scan after the other with each object that is there and the track that it is matched to, one to one (from
//! GOSPA, say). With n(o, k) the number of scans in which object o is matched to track k:
//!
//! - purity `Σ_k max_o n(o, k) / Σ_k Σ_o n(o, k)`: of the matched points of a track, the share that is one object's;
//! - completeness `Σ_o max_k n(o, k) / Σ_o (scans of o)`: of an object's life, the share that its best track holds;
//! - switch: an object's track differs from the last one that it had (Bernardin and Stiefelhagen, *EURASIP JIVP*, 2008);
//! - fragmentation: an object is matched, then there but not matched, then matched again;
//! - segment: scans in a row in which an object is matched to the same track. Time on track is the length of its
//!   segments; the share of the longest one is LS of SIAP (Votruba et al., 2001).

use std::collections::BTreeMap;

use serde::Serialize;

/// Counts over all scans so far; memory grows with the pairs of object and track that were ever matched, not with scans.
#[derive(Clone, Debug, Default)]
pub struct IdentityCounter {
    scans: u64,
    objects: BTreeMap<u32, Life>,
    together: BTreeMap<(u32, u64), u64>,
    switches: u64,
    switches_after_gap: u64,
    fragmentations: u64,
}

/// What [`IdentityCounter`] found. Ratios are `None` where they would divide by zero.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IdentityReport {
    /// Objects that were there in some scan.
    pub objects: u64,
    /// Objects that were matched in some scan.
    pub objects_tracked: u64,
    /// Tracks that were matched in some scan.
    pub tracks: u64,
    /// Times that an object's track differed from the last one that it had.
    pub switches: u64,
    /// Those among them where the object was not matched in the scan before.
    pub switches_after_gap: u64,
    /// Times that an object was matched again after scans in which it was there and not matched.
    pub fragmentations: u64,
    /// Share of the matched points of a track that belong to its main object, over all tracks.
    pub purity: Option<f64>,
    /// Share of an object's scans in which its main track is matched to it, over all objects.
    pub completeness: Option<f64>,
    /// Mean over objects of the time in segments, in seconds.
    pub mean_time_on_track_s: Option<f64>,
    /// Sum of each object's longest segment over the sum of their lives.
    pub longest_segment_share: Option<f64>,
}

/// What is known of one object.
#[derive(Clone, Copy, Debug)]
struct Life {
    first_us: i64,
    last_us: i64,
    scans: u64,
    last_match: Option<LastMatch>,
    missed_since: bool,
    on_track_us: i64,
    longest_us: i64,
}

#[derive(Clone, Copy, Debug)]
struct LastMatch {
    track: u64,
    scan: u64,
    time_us: i64,
    segment_start_us: i64,
}

impl IdentityCounter {
    /// Adds a scan: every object that is there, once, and its track. Scans come in time order.
    pub fn scan(&mut self, time_us: i64, objects: impl IntoIterator<Item = (u32, Option<u64>)>) {
        for (object, track) in objects {
            let fresh = Life {
                first_us: time_us,
                last_us: time_us,
                scans: 0,
                last_match: None,
                missed_since: false,
                on_track_us: 0,
                longest_us: 0,
            };
            let life = self.objects.entry(object).or_insert(fresh);
            life.scans += 1;
            life.last_us = time_us;
            let Some(track) = track else {
                life.missed_since = life.last_match.is_some();
                continue;
            };
            *self.together.entry((object, track)).or_insert(0) += 1;
            let mut segment_start_us = time_us;
            if let Some(last) = life.last_match {
                let adjacent = last.scan + 1 == self.scans;
                self.fragmentations += u64::from(life.missed_since);
                if last.track != track {
                    self.switches += 1;
                    self.switches_after_gap += u64::from(!adjacent);
                } else if adjacent {
                    segment_start_us = last.segment_start_us;
                    life.on_track_us = life.on_track_us.saturating_add(time_us.saturating_sub(last.time_us));
                }
            }
            life.longest_us = life.longest_us.max(time_us.saturating_sub(segment_start_us));
            life.missed_since = false;
            life.last_match = Some(LastMatch { track, scan: self.scans, time_us, segment_start_us });
        }
        self.scans = self.scans.saturating_add(1);
    }

    /// Adds scans without any object.
    pub fn pass(&mut self, scans: u64) {
        self.scans = self.scans.saturating_add(scans);
    }

    /// What was found so far.
    #[must_use]
    pub fn report(&self) -> IdentityReport {
        let mut by_track: BTreeMap<u64, u64> = BTreeMap::new();
        let mut by_object: BTreeMap<u32, u64> = BTreeMap::new();
        for (&(object, track), &scans) in &self.together {
            let (of_track, of_object) = (by_track.entry(track).or_insert(0), by_object.entry(object).or_insert(0));
            (*of_track, *of_object) = (scans.max(*of_track), scans.max(*of_object));
        }
        let lives = || self.objects.values();
        let seconds = |of: fn(&Life) -> i64| lives().map(|life| of(life) as f64 * 1e-6).sum::<f64>();
        let scans = lives().map(|life| life.scans).sum::<u64>() as f64;
        let objects = self.objects.len() as u64;
        IdentityReport {
            objects,
            objects_tracked: by_object.len() as u64,
            tracks: by_track.len() as u64,
            switches: self.switches,
            switches_after_gap: self.switches_after_gap,
            fragmentations: self.fragmentations,
            purity: ratio(by_track.values().sum::<u64>() as f64, self.together.values().sum::<u64>() as f64),
            completeness: ratio(by_object.values().sum::<u64>() as f64, scans),
            mean_time_on_track_s: ratio(seconds(|life| life.on_track_us), objects as f64),
            longest_segment_share: ratio(
                seconds(|life| life.longest_us),
                seconds(|life| life.last_us.saturating_sub(life.first_us)),
            ),
        }
    }
}

/// `part / whole`, if there is a whole.
pub(super) fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(scans: &[&[(u32, Option<u64>)]]) -> IdentityReport {
        let mut counter = IdentityCounter::default();
        for (time_s, scan) in (0..).zip(scans) {
            counter.scan(time_s * 1_000_000, scan.iter().copied());
        }
        counter.report()
    }

    #[test]
    fn a_crossing_counts_two_switches_and_halves_purity() {
        let before: &[_] = &[(1, Some(10)), (2, Some(20))];
        let after: &[_] = &[(1, Some(20)), (2, Some(10))];
        let found = report(&[before, before, after, after]);
        assert_eq!((found.switches, found.switches_after_gap, found.fragmentations), (2, 0, 0));
        assert_eq!((found.purity, found.completeness), (Some(0.5), Some(0.5)));
        assert_eq!((found.mean_time_on_track_s, found.longest_segment_share), (Some(2.0), Some(1.0 / 3.0)));
    }

    #[test]
    fn a_gap_is_a_fragmentation_and_a_new_track_after_it_a_switch() {
        let found = report(&[&[(1, Some(10))], &[(1, None)], &[(1, Some(10))], &[(1, None)], &[(1, Some(11))]]);
        assert_eq!((found.switches, found.switches_after_gap, found.fragmentations), (1, 1, 2));
        assert_eq!((found.purity, found.completeness), (Some(1.0), Some(0.4)));
        assert_eq!(found.mean_time_on_track_s, Some(0.0));
    }

    #[test]
    fn an_object_without_truth_for_a_while_is_not_fragmented() {
        let found = report(&[&[(1, Some(10))], &[], &[(1, Some(10))]]);
        assert_eq!((found.fragmentations, found.switches), (0, 0));
        assert_eq!(found.completeness, Some(1.0));
    }

    #[test]
    fn nothing_has_no_ratios() {
        let found = report(&[]);
        assert_eq!(
            (found.objects, found.purity, found.completeness, found.longest_segment_share),
            (0, None, None, None)
        );
    }
}
