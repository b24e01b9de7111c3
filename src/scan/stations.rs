//! Where what a sensor covers is, from when on: always the same, or about what carries it.
//!
//! A carried sensor has a *station* wherever it has moved by more than a thousandth of its range since the one before (or the
//! 20,000th part of its way): there its shape is that of the station's own time. The shares of cells, which are many numbers,
//! are made anew only where it has moved by a quarter of a cell, or a fiftieth of its range, and are no more than
//! [`SHARES_MOST`] numbers in all.
//!
//! Stations are those of a lane's own span: where a platform was before and after what a partner may have moves nothing in its
//! picture. Before the first place of its table and after the last a sensor covers nothing.

use super::coverage::Ground;
use super::shape::Shape;
use super::views::From;
use crate::sensor::{Coverage, Looks, Platform, Sensor};

/// Shares of cells that are made for one sensor, at most.
const SHARES_MOST: f64 = 2e7;
/// The part of its range that a sensor moves from station to station.
const STATION: f64 = 1e-3;
/// That from one outline of all that it covers to the next.
const OUTLINE: f64 = 0.02;

/// What a sensor covers for a while.
#[derive(Clone, Debug)]
pub(super) struct Station {
    /// As the ground numbers it: its shares of cells.
    pub(super) coverage: usize,
    /// Its shape, where that is another than the coverage's.
    pub(super) shape: Option<Shape>,
}

/// When a carried sensor is to be looked at, so that what it covers between is within so many metres of what it covers then:
/// once, at any time, of one that does not move.
pub(super) fn outlines(sensor: &Sensor, span_us: [i64; 2]) -> (Vec<i64>, f64) {
    match moving(sensor) {
        None => (vec![0], 0.0),
        Some((platform, far_m)) => {
            let times = platform.waypoints(reach(sensor, platform, span_us), OUTLINE * far_m);
            let apart_m = times.iter().zip(times.iter().skip(1)).map(|(a, b)| apart_m(platform, *a, *b));
            // Steps may be wider than asked, by as much as the widest of them tells.
            (times.clone(), 1.5 * apart_m.fold(OUTLINE * far_m, f64::max))
        }
    }
}

/// Where a sensor's coverage is, from when on, over a span of time.
pub(super) fn stations(
    ground: &mut Ground,
    sensor: &Sensor,
    sector_deg: Option<[f64; 2]>,
    span_us: [i64; 2],
) -> From<Station> {
    let Some((platform, far_m)) = moving(sensor) else {
        let coverage = ground.cover(sensor, sector_deg, (0, 0.0));
        return vec![(i64::MIN, Station { coverage, shape: None })];
    };
    let frame = ground.frame();
    let span_us = reach(sensor, platform, span_us);
    let nowhere = ground.cover(sensor, sector_deg, (i64::MIN, 0.0));
    let mut from = vec![(i64::MIN, Station { coverage: nowhere, shape: None })];
    let times = platform.waypoints(span_us, STATION * far_m);
    let way_m: f64 = times.iter().zip(times.iter().skip(1)).map(|(a, b)| apart_m(platform, *a, *b)).sum();
    let cells = ground.planes().len() as f64;
    let step_m = (0.25 * ground.cell_m()).max(OUTLINE * far_m).max(way_m * cells / SHARES_MOST);
    let mut shared: Option<(i64, usize)> = None;
    for time_us in times {
        let known = shared.filter(|(since_us, _)| apart_m(platform, *since_us, time_us) <= step_m);
        let (since_us, coverage) =
            known.unwrap_or_else(|| (time_us, ground.cover(sensor, sector_deg, (time_us, 2.0 * step_m))));
        shared = Some((since_us, coverage));
        let shape = Shape::of(sensor, (frame, time_us), sector_deg);
        from.push((begins(sensor, time_us, from.len() == 1), Station { coverage, shape: Some(shape) }));
    }
    if let Some([_, last_us]) = platform.span_us() {
        from.push((last_us.saturating_add(1), Station { coverage: nowhere, shape: None }));
    }
    from
}

/// The platform of a sensor that sees a ring about it, and how far.
fn moving(sensor: &Sensor) -> Option<(&Platform, f64)> {
    match (sensor.kind.platform(), sensor.coverage) {
        (Some(platform), Coverage::Ring { range_m: [_, far_m], .. }) => Some((platform, far_m)),
        _ => None,
    }
}

/// From when on a look is one of a station: that in the middle of which the sensor was there. The first one holds looks that
/// begin before the table does.
fn begins(sensor: &Sensor, time_us: i64, is_first: bool) -> i64 {
    let period_us = sensor.looks.period_us().unwrap_or(0);
    time_us.saturating_sub(if is_first { period_us } else { period_us / 2 })
}

/// The part of a span of looks, and one look more, in which somebody knows where a platform was.
fn reach(sensor: &Sensor, platform: &Platform, [from_us, to_us]: [i64; 2]) -> [i64; 2] {
    let more_us = match &sensor.looks {
        Looks::Periodic { period_us } => *period_us,
        Looks::Listed(_) | Looks::Reports { .. } => 0,
    };
    let [first_us, last_us] = platform.span_us().unwrap_or_default();
    [from_us.max(first_us), to_us.saturating_add(more_us).min(last_us)]
}

fn apart_m(platform: &Platform, a_us: i64, b_us: i64) -> f64 {
    let at = |time_us| platform.at(time_us).map_or([0.0; 3], |carried| carried.metres);
    let ([a, b, c], [x, y, z]) = (at(a_us), at(b_us));
    libm::hypot(libm::hypot(a - x, b - y), c - z)
}
