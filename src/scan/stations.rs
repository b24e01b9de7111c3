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
        from.push((begins(sensor, time_us, from.len()), Station { coverage, shape: Some(shape) }));
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
fn begins(sensor: &Sensor, time_us: i64, number: usize) -> i64 {
    let period_us = sensor.looks.period_us().unwrap_or(0);
    time_us.saturating_sub(if number == 1 { period_us } else { period_us / 2 })
}

/// The part of a span of looks, and one look more, in which somebody knows where a platform was.
fn reach(sensor: &Sensor, platform: &Platform, [from_us, to_us]: [i64; 2]) -> [i64; 2] {
    let more_us = match &sensor.looks {
        Looks::Periodic { period_us } => *period_us,
        Looks::Listed(_) | Looks::Rotating(_) | Looks::Reports { .. } => 0,
    };
    let [first_us, last_us] = platform.span_us().unwrap_or_default();
    [from_us.max(first_us), to_us.saturating_add(more_us).min(last_us)]
}

fn apart_m(platform: &Platform, a_us: i64, b_us: i64) -> f64 {
    let at = |time_us| platform.at(time_us).map_or([0.0; 3], |carried| carried.metres);
    let ([a, b, c], [x, y, z]) = (at(a_us), at(b_us));
    libm::hypot(libm::hypot(a - x, b - y), c - z)
}

#[cfg(test)]
mod tests {
    use super::super::coverage::Right;
    use super::super::planes::planes;
    use super::super::views::holding;
    use super::*;
    use crate::sensor::{Altitudes, Kind, Noise, Pose};
    use crate::space::{Frame, Place};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;
    use std::sync::Arc;

    const FAR_M: f64 = 8_000.0;

    /// A ship that goes 20 m/s in a circle for an hour from 1,000 s on, and looks every 3 s.
    fn ship() -> Sensor {
        let pose = |k: i64| {
            let angle = 20.0 * 10.0 * k as f64 / 5_000.0;
            let (s, c) = angle.sin_cos();
            let (metres, velocity_m_s) = ([5_000.0 * s, 5_000.0 * c, 10.0], Some([20.0 * c, -20.0 * s, 0.0]));
            Pose { time_us: 1_000_000_000 + k * 10_000_000, metres, velocity_m_s, attitude_rad: None }
        };
        let platform = Platform::new("ship.csv", Frame::Local, (0..=360).map(pose).collect()).expect("a platform");
        Sensor {
            name: "s".to_owned(),
            owner: "o".to_owned(),
            kind: Kind::radar_on(Arc::new(platform)),
            noise: Noise::default(),
            detection_probability: 0.9,
            clutter_per_scan: 1.0,
            offsets: crate::sensor::Offsets::default(),
            altitudes: Altitudes::default(),
            looks: Looks::Periodic { period_us: 3_000_000 },
            coverage: Coverage::Ring { range_m: [500.0, FAR_M], height_m: None },
            view: None,
        }
    }

    #[test]
    fn a_ring_is_about_the_ship_in_the_middle_of_each_look_and_a_cell_has_its_share() {
        let sensor = ship();
        let span_us = [0, 9_000_000_000];
        let mut ground = Ground::new(planes(&[(&sensor, span_us)], Frame::Local, 500.0), Frame::Local, None);
        let from = stations(&mut ground, &sensor, None, span_us);
        assert!(from.is_sorted_by_key(|(from_us, _)| *from_us));
        let coverages: std::collections::BTreeSet<usize> = from.iter().map(|(_, station)| station.coverage).collect();
        // 72 km in steps of 8 m; cells anew every 160 m.
        assert!((9_000..15_000).contains(&from.len()) && (400..720).contains(&coverages.len()), "{}", coverages.len());
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let (mut within, mut beyond) = (0, 0);
        for _ in 0..20_000 {
            let start_us = 1_002_000_000 + 3_000_000 * random.random_range(0..1_199);
            let station = holding(&from, start_us).expect("a station");
            let [x, y, _] = sensor.site_m(start_us + 1_500_000).expect("a place");
            let point = [x, y].map(|of| of + random.random_range(-1.2 * FAR_M..1.2 * FAR_M));
            let range_m = (point[0] - x).hypot(point[1] - y);
            if (range_m - FAR_M).abs() < 9.0 || (range_m - 500.0).abs() < 9.0 {
                continue;
            }
            let place = Place::from_metres([point[0], point[1], 300.0]);
            let is_in = (500.0..=FAR_M).contains(&range_m);
            let shape = station.shape.as_ref().expect("its own");
            assert_eq!(shape.holds(&place.tile, &place.offset_m), is_in, "{start_us}: {range_m}");
            let mask = ground.mask_at(station, &[Right::Part], 0.25).expect("a mask");
            let wanted = if is_in { 0.25 } else { 0.0 };
            assert!((mask.at(&place.tile, &place.offset_m) - wanted).abs() < 1e-6, "permitted wherever it sees");
            let cell = ground.planes().cell(&place.tile, &place.offset_m);
            if is_in && range_m < FAR_M - 1_000.0 && range_m > 1_500.0 {
                let cell = cell.expect("a cell below all that is covered");
                assert!((mask.share()[cell] - 0.25).abs() < 1e-6, "all of a cell far from the border");
                within += 1;
            } else if let Some(cell) = cell.filter(|_| range_m > FAR_M + 1_000.0) {
                assert!(mask.share()[cell] <= 0.0, "{range_m}");
                beyond += 1;
            }
        }
        assert!(within > 5_000 && beyond > 500, "{within} {beyond}");
        let share = |start_us: i64| {
            let station = holding(&from, start_us).expect("a station").clone();
            f64::from(ground.mask_at(&station, &[Right::All], 1.0).expect("a mask").share().iter().sum::<f32>())
        };
        let [before, first, last, after] = [900, 999, 4_599, 4_602].map(|s| s * 1_000_000).map(share);
        let wanted = std::f64::consts::PI * (FAR_M * FAR_M - 500.0 * 500.0) / (500.0 * 500.0);
        assert!((before, after) == (0.0, 0.0), "{before} {after}: nobody knows where it was");
        assert!((first / wanted - 1.0).abs() < 0.01 && (last / wanted - 1.0).abs() < 0.01, "{first} {last} {wanted}");
    }

    #[test]
    fn a_lane_has_stations_of_its_own_time_alone() {
        let sensor = ship();
        let over = |span_us: [i64; 2]| {
            let planes = planes(&[(&sensor, span_us)], Frame::Local, 500.0);
            let mut ground = Ground::new(planes.clone(), Frame::Local, None);
            (planes, stations(&mut ground, &sensor, None, span_us))
        };
        let (planes, from) = over([2_001_000_000, 2_100_000_000]);
        let times: Vec<i64> = from.iter().map(|(from_us, _)| *from_us).collect();
        assert!(times[1] >= 1_990_000_000 && times[times.len() - 2] <= 2_110_000_000, "{times:?}");
        assert!(planes.len() < over([0, i64::MAX]).0.len() / 2, "as large as what is covered in two minutes");
    }
}
