//! An antenna that turns: it sees an object whenever it points there, north at the first scan and once a look.
//!
//! How far the antenna is past an object, in turns, goes up steadily as long as the object goes round more slowly than it; whenever
//! that reaches a whole number the antenna passes the object: once a turn of one at rest, more often of one that comes towards it,
//! less often of one that flees.

use super::motion::between;
use super::plan::{Measures, Plan, Sensor};
use super::sensing::{Passage, Slice};
use crate::sensor::Sense;

/// The share of a turn between north and an azimuth, in the sense of rotation, at a place seen from a site.
pub(super) fn share([x0, y0, _]: [f64; 3], [x, y, _]: [f64; 3], sense: Sense) -> f64 {
    sense.turned(libm::atan2(x - x0, y - y0) / std::f64::consts::TAU).rem_euclid(1.0)
}

/// When an antenna points at an object within a slice.
#[expect(clippy::cast_possible_truncation, reason = "turns within a slice")]
pub(super) fn passes(
    sensor: &Sensor,
    plan: &Plan,
    sense: Sense,
    passage: Passage<'_>,
    slice: Slice,
) -> impl Iterator<Item = i64> {
    let Slice { from_us, to_us } = slice;
    let site_m = match &sensor.measures {
        Measures::Radar { way, .. } => way.start_m,
        Measures::Position { .. } => [0.0; 3],
    };
    let period_us = sensor.scan_period_us as f64;
    let (now, next) = (passage.object.now, *passage.next);
    let (scan_us, plan_us) = (passage.scan_us, plan.period_us as f64);
    let object = move |time_us: i64| {
        let there = between(&now, &next, (time_us - scan_us) as f64 / plan_us, plan_us * 1e-6);
        share(site_m, there.position_m, sense)
    };
    let first = object(from_us);
    // Turns from whole ones on, so that a long recording loses no digits.
    let since_us = from_us - from_us.rem_euclid(sensor.scan_period_us);
    let past = move |time_us: i64| {
        let moved = object(time_us) - first;
        (time_us - since_us) as f64 / period_us - (first + moved - moved.round())
    };
    let [begun, ended] = [from_us, to_us].map(|time_us| past(time_us).floor() as i64);
    (begun + 1..=ended).map(move |turn| {
        // The last microsecond before it is passed.
        let (mut before_us, mut after_us) = (from_us, to_us);
        while after_us - before_us > 1 {
            let middle_us = before_us + (after_us - before_us) / 2;
            if past(middle_us) < turn as f64 { before_us = middle_us } else { after_us = middle_us }
        }
        before_us
    })
}
