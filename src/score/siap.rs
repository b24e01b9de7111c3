//! SIAP: the attributes of a single integrated air picture (Votruba, Nisley, Rothrock and Zombro, 2001).
//!
//! Here every estimate belongs to the object that is nearest to it, if that is nearer than the cut-off; several may belong
//! to one. With J objects, J_T of them that have an estimate, N estimates, N_A of them that belong to an object, summed over
//! scans: completeness `J_T / J`, ambiguity `N_A / J_T`, spuriousness `(N − N_A) / N`, accuracies `Σ|error| / N_A`.
//!
//! A *run* is scans in a row in which one track belongs to one object. Track number changes: the fewest tracks that an
//! object needs to be tracked whenever it is, less one, summed over objects that are tracked, over the time in runs.
//! Longest segment: the sum of the longest runs over the sum of lives.

use serde::Serialize;

use super::identity::ratio;
use super::pairs::distance;
use super::scenes::Scene;

/// The attributes; `None` where there is nothing to divide by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Siap {
    /// C: share of objects that have a track.
    pub completeness: Option<f64>,
    /// A: tracks an object that has one.
    pub ambiguity: Option<f64>,
    /// S: share of tracks that belong to no object.
    pub spuriousness: Option<f64>,
    /// PA: mean distance of tracks from their objects, metres.
    pub position_accuracy_m: Option<f64>,
    /// VA: mean error of their velocities, metres a second, where both have one.
    pub velocity_accuracy_m_s: Option<f64>,
    /// R: changes of track number an object and second.
    pub track_number_changes_per_s: Option<f64>,
    /// LS: the longest segment's share of an object's life.
    pub longest_segment_share: Option<f64>,
}

/// Sums so far.
#[derive(Debug, Default)]
pub(super) struct SiapSums {
    truths: u64,
    tracked: u64,
    estimates: u64,
    belonging: u64,
    metres: f64,
    moving: u64,
    metres_a_second: f64,
    objects: Vec<Option<Life>>,
}

/// What is known of an object.
#[derive(Debug)]
struct Life {
    first_us: i64,
    last_us: i64,
    /// The last scan in which it was there, and its tracks then, each with the beginning of its run.
    scan: u64,
    tracks: Vec<(u64, i64)>,
    /// Those of them that would do since the last change.
    enough: Vec<u64>,
    needed: u64,
    in_runs_us: i64,
    longest_us: i64,
}

impl SiapSums {
    /// Takes in a scan.
    pub(super) fn take(&mut self, scene: &Scene) {
        let mut nearest: Vec<Option<(f64, usize)>> = vec![None; scene.estimates.len()];
        for (row, pairs) in scene.near.rows().enumerate() {
            for pair in pairs {
                let Some(place) = nearest.get_mut(pair.estimate as usize) else { continue };
                if place.is_none_or(|(best_m, _)| pair.distance_m < best_m) {
                    *place = Some((pair.distance_m, row));
                }
            }
        }
        let mut tracks: Vec<Vec<u64>> = vec![Vec::new(); scene.truth.len()];
        for (state, nearest) in scene.estimates.iter().zip(nearest) {
            self.estimates += 1;
            let Some((metres, row)) = nearest else { continue };
            let Some((there, of_row)) = scene.truth.get(row).zip(tracks.get_mut(row)) else { continue };
            of_row.push(state.track);
            self.belonging += 1;
            self.metres += metres;
            if let Some((found, wanted)) = state.velocity_m_s.zip(there.velocity_m_s) {
                self.moving += 1;
                self.metres_a_second += distance(found, wanted);
            }
        }
        for (there, tracks) in scene.truth.iter().zip(tracks) {
            self.truths += 1;
            self.tracked += u64::from(!tracks.is_empty());
            if self.objects.len() <= there.index {
                self.objects.resize_with(there.index + 1, || None);
            }
            let Some(life) = self.objects.get_mut(there.index) else { continue };
            life.get_or_insert_with(|| Life::new(scene)).take(scene, &tracks);
        }
    }

    /// The attributes.
    pub(super) fn report(&self) -> Siap {
        let lives = || self.objects.iter().flatten();
        let seconds = |of: fn(&Life) -> i64| lives().map(|life| of(life) as f64 * 1e-6).sum::<f64>();
        let changes: u64 = lives().map(|life| life.needed.saturating_sub(1)).sum();
        let sum = |sum: f64, over: u64| ratio(sum, over as f64);
        Siap {
            completeness: sum(self.tracked as f64, self.truths),
            ambiguity: sum(self.belonging as f64, self.tracked),
            spuriousness: sum((self.estimates - self.belonging) as f64, self.estimates),
            position_accuracy_m: sum(self.metres, self.belonging),
            velocity_accuracy_m_s: sum(self.metres_a_second, self.moving),
            track_number_changes_per_s: ratio(changes as f64, seconds(|life| life.in_runs_us)),
            longest_segment_share: ratio(
                seconds(|life| life.longest_us),
                seconds(|life| life.last_us.saturating_sub(life.first_us)),
            ),
        }
    }
}

impl Life {
    fn new(scene: &Scene) -> Self {
        Self {
            first_us: scene.time_us,
            last_us: scene.time_us,
            scan: scene.number,
            tracks: Vec::new(),
            enough: Vec::new(),
            needed: 0,
            in_runs_us: 0,
            longest_us: 0,
        }
    }

    fn take(&mut self, scene: &Scene, tracks: &[u64]) {
        let adjacent = self.scan + 1 == scene.number;
        let before = if adjacent { std::mem::take(&mut self.tracks) } else { Vec::new() };
        let run = |track: u64| before.iter().find(|(other, _)| *other == track).map(|(_, start_us)| *start_us);
        if tracks.iter().any(|&track| run(track).is_some()) {
            self.in_runs_us = self.in_runs_us.saturating_add(scene.time_us.saturating_sub(self.last_us));
        }
        self.tracks = tracks.iter().map(|&track| (track, run(track).unwrap_or(scene.time_us))).collect();
        for (_, start_us) in &self.tracks {
            self.longest_us = self.longest_us.max(scene.time_us.saturating_sub(*start_us));
        }
        // As long as one of them goes on no change is needed.
        self.enough.retain(|track| adjacent && tracks.contains(track));
        if self.enough.is_empty() && !tracks.is_empty() {
            self.needed += 1;
            self.enough = tracks.to_vec();
        }
        (self.scan, self.last_us) = (scene.number, scene.time_us);
    }
}
