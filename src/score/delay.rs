//! How long it takes until an object is known, how old what is known is, and how often it is lost.

use serde::Serialize;

use super::identity::ratio;
use super::scenes::Scene;

/// Times, in seconds. Matches are those of GOSPA.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Timeliness {
    /// Objects that a confirmed track was matched to at some time.
    pub confirmed: u64,
    /// Objects that none was.
    pub never_confirmed: u64,
    /// Mean, over objects that were confirmed, of the time from their first scan to the first with a confirmed track.
    pub time_to_confirm_mean_s: Option<f64>,
    /// The median of the same.
    pub time_to_confirm_median_s: Option<f64>,
    /// Mean age of the last detection of matched rows at their report, where the picture has it.
    pub latency_mean_s: Option<f64>,
    /// Rows that latency is the mean of.
    pub latency_rows: u64,
    /// Times that an object lost its track from one scan to the next while it was there.
    pub track_breaks: u64,
    /// Hours that objects were there, from scan to scan.
    pub object_hours: f64,
    /// `track_breaks / object_hours`.
    pub track_breaks_per_object_hour: Option<f64>,
}

/// Sums so far.
#[derive(Debug, Default)]
pub(super) struct DelaySums {
    objects: Vec<Option<Life>>,
    latency_s: f64,
    latency_rows: u64,
    breaks: u64,
    there_s: f64,
}

#[derive(Clone, Copy, Debug)]
struct Life {
    first_us: i64,
    confirmed_us: Option<i64>,
    /// The last scan in which it was there, its time, and the track that it had.
    scan: u64,
    last_us: i64,
    track: Option<u64>,
}

impl DelaySums {
    /// Takes in a scan.
    pub(super) fn take(&mut self, scene: &Scene) {
        let (time_us, number) = (scene.time_us, scene.number);
        for (there, found) in scene.objects() {
            if self.objects.len() <= there.index {
                self.objects.resize(there.index + 1, None);
            }
            let Some(place) = self.objects.get_mut(there.index) else { continue };
            let fresh = Life { first_us: time_us, confirmed_us: None, scan: number, last_us: time_us, track: None };
            let life = place.get_or_insert(fresh);
            let state = found.map(|(state, _)| state);
            let track = state.map(|state| state.track);
            if life.scan + 1 == number {
                self.there_s += time_us.saturating_sub(life.last_us) as f64 * 1e-6;
                self.breaks += u64::from(life.track.is_some() && life.track != track);
            }
            if state.is_some_and(|state| state.confirmed) {
                life.confirmed_us.get_or_insert(time_us);
            }
            if let Some(last_us) = state.and_then(|state| state.last_detection_us).filter(|last_us| *last_us <= time_us)
            {
                self.latency_s += time_us.saturating_sub(last_us) as f64 * 1e-6;
                self.latency_rows += 1;
            }
            (life.scan, life.last_us, life.track) = (number, time_us, track);
        }
    }

    pub(super) fn report(&self) -> Timeliness {
        let lives = || self.objects.iter().flatten();
        let mut waits: Vec<i64> =
            lives().filter_map(|life| Some(life.confirmed_us?.saturating_sub(life.first_us))).collect();
        waits.sort_unstable();
        let seconds = |us: i64| us as f64 * 1e-6;
        let middle = |place: usize| waits.get(place).copied().map(seconds);
        let median = match waits.len() {
            0 => None,
            even if even % 2 == 0 => middle(even / 2 - 1).zip(middle(even / 2)).map(|(a, b)| 0.5 * (a + b)),
            odd => middle(odd / 2),
        };
        let object_hours = self.there_s / 3600.0;
        Timeliness {
            confirmed: waits.len() as u64,
            never_confirmed: lives().count() as u64 - waits.len() as u64,
            time_to_confirm_mean_s: ratio(waits.iter().map(|us| seconds(*us)).sum(), waits.len() as f64),
            time_to_confirm_median_s: median,
            latency_mean_s: ratio(self.latency_s, self.latency_rows as f64),
            latency_rows: self.latency_rows,
            track_breaks: self.breaks,
            object_hours,
            track_breaks_per_object_hour: ratio(self.breaks as f64, object_hours),
        }
    }
}
