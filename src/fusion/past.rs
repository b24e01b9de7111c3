//! With what probability a target was there before its first detection: by how the density of undetected targets came about.
//!
//! Of the density D that a look finds at a place, B were born since the look before, as many as the model says; the others were
//! there then: ρ = 1 - B / D. So a target that is first detected in look k was there at look k - n with probability Π ρ, over
//! looks k - n + 1 to k, and between two looks targets are born evenly. A lane's density is a function of its looks alone but
//! for what tracks of hardly any existence give back to it, which is left out here. Host only: as little as it is, and asked
//! for once a detection. Units: microseconds.

use super::config::Config;
use super::predict::predict_one;
use super::setup::LaneSetup;
use super::timeline::Timeline;
use super::undetected::UndetectedIntensity;
use super::views::Sees;
use crate::scan::Scan;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Looks before a detection that are asked.
const LOOKS_MAX: usize = 16;
/// Probabilities below this are none.
const LEAST: f32 = 0.01;

/// The undetected targets of a lane, look by look.
#[derive(Debug)]
pub struct Past {
    timeline: Timeline,
    undetected: UndetectedIntensity,
    /// The time of the look before, and ρ in each cell, of the last looks; the latest first.
    looks: VecDeque<(i64, Vec<f32>)>,
}

/// With what probability a target was there at times before its first detection; the latest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace(Arc<[(i64, f32)]>);

impl Past {
    /// Of a lane before its first scan.
    #[must_use]
    pub fn new(setup: &LaneSetup) -> Self {
        Self { timeline: Timeline::new(setup), undetected: setup.undetected.clone(), looks: VecDeque::new() }
    }

    /// Takes in the next scan of the lane; gives what each of its detections, as they arrived, tells if it is a target's first.
    /// None tells anything where targets orbit the Earth or are few components.
    pub fn scan(&mut self, scan: &Scan<'_>, config: &Config) -> Vec<Trace> {
        let before_us = self.timeline.time_us();
        let (look, views) = self.timeline.look(scan, config);
        self.undetected.predict(&look, |component| predict_one(&look, &mut component.tile, &mut component.state));
        let mut traces = vec![Trace::default(); scan.detections.len()];
        if let (UndetectedIntensity::Field { planes, density, birth, .. }, 0) = (&self.undetected, look.orbits) {
            let born = birth * look.births_s;
            let older = |d: &f32| if *d > born { 1.0 - born / d } else { 0.0 };
            let here = before_us.map(|before_us| (before_us, density.iter().map(older).collect()));
            if let Some(here) = here {
                self.looks.push_front(here);
            }
            self.looks.truncate(LOOKS_MAX);
            let mut known: BTreeMap<usize, Trace> = BTreeMap::new();
            for (trace, detection) in traces.iter_mut().zip(scan.detections.detections()) {
                if let Some(cell) = planes.cell(&detection.tile, &detection.offset_m) {
                    trace.clone_from(known.entry(cell).or_insert_with(|| Trace::of(scan.time_us, &self.looks, cell)));
                }
            }
        }
        self.undetected.thin(&look, &Sees::new(scan.sight, &scan.views, &views));
        traces
    }
}

impl Trace {
    fn of(time_us: i64, looks: &VecDeque<(i64, Vec<f32>)>, cell: usize) -> Self {
        let (mut points, mut there) = (vec![(time_us, 1.0)], 1.0);
        for (before_us, older) in looks {
            there *= older.get(cell).copied().unwrap_or(0.0);
            points.push((*before_us, there));
            if there < LEAST {
                break;
            }
        }
        if points.get(1).is_some_and(|(_, there)| *there >= LEAST) { Self(points.into()) } else { Self::default() }
    }

    /// Of these times, descending, and probabilities.
    #[must_use]
    pub fn from_points(points: Vec<(i64, f32)>) -> Self {
        Self(points.into())
    }

    /// Those times and probabilities; none where it tells nothing.
    #[must_use]
    pub fn points(&self) -> &[(i64, f32)] {
        &self.0
    }

    /// The probability at a time: 1 from the detection on, 0 before the first look that was asked.
    #[must_use]
    pub fn at(&self, time_us: i64) -> f32 {
        match self.0.first() {
            Some((first_us, there)) if time_us >= *first_us => *there,
            _ => self.0.array_windows().find(|[_, (from_us, _)]| time_us >= *from_us).map_or(0.0, between(time_us)),
        }
    }
}

/// On the line between two points.
fn between(time_us: i64) -> impl Fn(&[(i64, f32); 2]) -> f32 {
    move |&[(to_us, after), (from_us, before)]| {
        let share = (time_us - from_us) as f32 / (to_us - from_us).max(1) as f32;
        before + share * (after - before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fusion::undetected::Prior;
    use crate::scan::{Detection, Plane, Sight, Sourced, Views};
    use crate::space::Place;
    use crate::time::SECOND_US;

    const P_D: f32 = 0.6;
    const TIMES_S: [i64; 6] = [0, 2, 3, 7, 7, 10];

    fn config() -> Config {
        toml::from_str(include_str!("../../data/config/bench.toml")).expect("a configuration")
    }

    fn setup(birth: f32) -> LaneSetup {
        let plane = Plane {
            origin: Place::from_metres([0.0; 3]),
            east: [1.0, 0.0, 0.0],
            north: [0.0, 1.0, 0.0],
            centre: [0.0; 3],
            cell_m: 100.0,
            cells: [2, 1],
        };
        let prior =
            Prior { speed_m_s: 10.0, climb_m_s: 0.0, height_m: 0.0, height_most_m: f32::INFINITY, reports_per_s: 0.0 };
        let undetected = UndetectedIntensity::Field { planes: plane.into(), density: vec![1e-3, 0.0], birth, prior };
        LaneSetup { radial: false, undetected, views: Vec::new() }
    }

    fn traces(birth: f32) -> Vec<Vec<Trace>> {
        let mut past = Past::new(&setup(birth));
        let at = |x: f64| {
            let Place { tile, offset_m } = Place::from_metres([x, 50.0, 0.0]);
            Detection { tile, ahead_s: 0.0, offset_m, observation: 0 }
        };
        let scan = |time_s: &i64| Scan {
            lane: 0,
            time_us: time_s * SECOND_US,
            detection_probability: P_D,
            sight: Sight::Everywhere,
            slack_m: 0.0,
            detections: Sourced::of(0, vec![at(50.0), at(150.0), at(5000.0)]),
            views: Views { looking: 0, reports: false, sights: Vec::new() },
        };
        TIMES_S.iter().map(|time_s| past.scan(&scan(time_s), &config())).collect()
    }

    /// By when each target was born: what is left of the first ones, and of those of each time between looks.
    #[test]
    fn it_is_the_share_of_those_that_were_born_before() {
        for birth in [1e-6_f32, 1e-4] {
            let survival = config().motion.survival_per_s;
            let mut weights = vec![1e-3];
            for (k, found) in traces(birth).iter().enumerate() {
                if k > 0 {
                    let dt_s = (TIMES_S[k] - TIMES_S[k - 1]) as f64;
                    let left = (1.0 - f64::from(P_D)) * survival.powf(dt_s);
                    for weight in &mut weights {
                        *weight *= left;
                    }
                    weights.push(f64::from(birth) * dt_s);
                }
                let all: f64 = weights.iter().sum();
                for before in 0..k {
                    // Of two looks at one time the later one tells of the time.
                    if TIMES_S[before] == TIMES_S[k] || before + 1 < k && TIMES_S[before] == TIMES_S[before + 1] {
                        continue;
                    }
                    let wanted: f64 = weights[..=before].iter().sum::<f64>() / all;
                    let there = f64::from(found[0].at(TIMES_S[before] * SECOND_US));
                    assert!((there - wanted).abs() < 1e-4 || wanted < 0.011, "{birth} {k} {before}: {there} {wanted}");
                }
            }
        }
    }

    #[test]
    fn between_looks_targets_are_born_evenly_and_where_none_are_expected_nothing_is_told() {
        let found = traces(1e-4);
        let [first, last] = [2, 3].map(|time_s| f64::from(found[2][0].at(time_s * SECOND_US)));
        let between = f64::from(found[2][0].at(2_250_000));
        assert!(first > 0.05 && (between - (0.75 * first + 0.25 * last)).abs() < 1e-6, "{first} {between} {last}");
        assert!((last - 1.0).abs() < f64::EPSILON && found[2][0].at(-1).abs() < f32::EPSILON);
        // Outside of all cells.
        assert!(found.iter().all(|scan| scan[2].points().is_empty()));
        // Before the first look nothing is known.
        assert!(found[0].iter().all(|trace| trace.points().is_empty()));
        let empty = traces(0.0);
        assert!(empty.iter().all(|scan| scan[1].points().is_empty()) && !empty[3][0].points().is_empty());
    }
}
