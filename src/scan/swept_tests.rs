//! Sectors that an antenna swept, against an antenna and a point target simulated apart: the angle of the one and the azimuth of
//! the other as functions of time. Where the one passes the other there is one opportunity, in one look, and no other look has one.

use super::*;
use crate::sensor::{Altitudes, Kind, Looks, Noise, Rotation, Sense, Turns};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const PERIOD_S: f64 = 4.0;

fn radar(sectors: u32, sense: Sense) -> Sensor {
    let turns = Turns::Steady { north_us: 0 };
    Sensor {
        name: "s".to_owned(),
        owner: "o".to_owned(),
        kind: Kind::radar_at_m([30.0, -20.0, 0.0]),
        noise: Noise::default(),
        detection_probability: 0.9,
        clutter_per_scan: 1.0,
        looks: Looks::Rotating(Rotation { period_us: 4_000_000, sectors, sense, tolerance_deg: 3.0, turns }),
        coverage: Coverage::Ring { range_m: [0.0, 1e6], height_m: None },
        offsets: crate::sensor::Offsets::default(),
        altitudes: Altitudes::default(),
        view: None,
    }
}

/// How many turns the antenna is past a target, but for whole ones.
fn past(t: f64, sense: Sense, [x, y]: [f64; 2]) -> f64 {
    let azimuth = (x - 30.0).atan2(y + 20.0) / std::f64::consts::TAU;
    (t / PERIOD_S - sense.turned(azimuth)).rem_euclid(1.0)
}

/// Whether the antenna passes the target between two times, found in steps of a thousandth of a turn; `None` within a
/// millionth of a turn of either.
fn passes(from: f64, to: f64, sense: Sense, at: impl Fn(f64) -> [f64; 2]) -> Option<bool> {
    let edge = |t: f64| (past(t, sense, at(t)) + 0.5).rem_euclid(1.0) - 0.5;
    if edge(from).abs() < 1e-6 || edge(to).abs() < 1e-6 {
        return None;
    }
    // A sector is a quarter of a turn at most.
    let steps = 250u32;
    let time = |k: u32| from + (to - from) * f64::from(k) / f64::from(steps);
    let falls = |k: u32| past(time(k + 1), sense, at(time(k + 1))) < past(time(k), sense, at(time(k))) - 0.5;
    Some((0..steps).any(falls))
}

#[expect(clippy::cast_possible_truncation, reason = "as tracks have it")]
fn place(metres: [f64; 2], velocity: [f64; 2]) -> ([i32; 3], [f32; 6]) {
    let place = Place::from_metres([metres[0], metres[1], 0.0]);
    let [x, y, z] = place.offset_m;
    (place.tile, [x, y, z, velocity[0] as f32, velocity[1] as f32, 0.0])
}

#[test]
fn a_target_has_an_opportunity_in_the_look_in_which_the_antenna_passes_it_and_in_no_other() {
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let (mut counts, mut border) = ([0u32; 2], 0u32);
    // With and against the rotation, slow and as fast as a sixth of it.
    let mut turned = [f64::INFINITY, f64::NEG_INFINITY];
    for case in 0..60 {
        let sectors = [4, 7, 16, 64][case % 4];
        let sense = if case % 3 == 0 { Sense::Counterclockwise } else { Sense::Clockwise };
        let sensor = radar(sectors, sense);
        let Looks::Rotating(rotation) = &sensor.looks else { continue };
        let shapes: Vec<([f64; 2], Shape)> = (0..sectors)
            .map(|sector| rotation.sector_deg(sector))
            .map(|sector_deg| (sector_deg, Shape::of(&sensor, (Frame::Local, 0), Some(sector_deg))))
            .collect();
        let (miss, speed) = (random.random_range(300.0..6e3), random.random_range(0.0..900.0));
        let (heading, side) = (random.random_range(0.0..std::f64::consts::TAU), if case % 2 == 0 { 1.0 } else { -1.0 });
        let (s, c) = heading.sin_cos();
        let at = |t: f64| {
            let along = speed * (t - 60.0);
            [30.0 + s * along + side * c * miss, -20.0 + c * along - side * s * miss]
        };
        let (mut found, mut wanted) = (0u32, 0u32);
        let first = rotation.look_at(0).expect("a look").number;
        for number in first..first + 30 * i64::from(sectors) {
            let look = rotation.look(number).expect("a look");
            let [from, to] = [look.start_us, look.end_us].map(|us| us as f64 * 1e-6);
            let (tile, mean) = place(at(to), [speed * s, speed * c]);
            let bits = |sector_deg: [f64; 2]| sector_deg.map(f64::to_bits);
            let of_look = shapes.iter().find(|(sector_deg, _)| bits(*sector_deg) == bits(look.sector_deg));
            let holds = of_look.is_some_and(|(_, shape)| shape.holds(&tile, &mean));
            let Some(passed) = passes(from, to, sense, at) else {
                border += 1;
                continue;
            };
            assert_eq!(holds, passed, "{case}: look {number} of {sectors} at {from}");
            counts[usize::from(passed)] += 1;
            found += u32::from(holds);
            wanted += u32::from(passed);
        }
        assert_eq!(found, wanted);
        turned = [turned[0].min(f64::from(found)), turned[1].max(f64::from(found))];
    }
    assert!(border < 10 && counts[1] > 1_500, "{border} {counts:?}");
    assert!(turned[0] < 30.0 && turned[1] > 30.0, "fewer of those that flee, more of those that come: {turned:?}");
}

#[test]
fn every_place_that_stands_still_is_in_one_sector() {
    let mut random = ChaCha8Rng::seed_from_u64(12);
    for (sectors, sense) in [(4, Sense::Clockwise), (16, Sense::Counterclockwise), (360, Sense::Clockwise)] {
        let sensor = radar(sectors, sense);
        let Looks::Rotating(rotation) = &sensor.looks else { continue };
        let shapes: Vec<Shape> = (0..sectors)
            .map(|sector| Shape::of(&sensor, (Frame::Local, 0), Some(rotation.sector_deg(sector))))
            .collect();
        for k in 0..4_000 {
            let azimuth = match k % 4 {
                0 => f64::from(random.random_range(0..sectors)) / f64::from(sectors),
                _ => random.random_range(0.0..1.0),
            };
            let (s, c) = (azimuth * std::f64::consts::TAU).sin_cos();
            let range = 10f64.powf(random.random_range(0.0..5.9));
            let (tile, mean) = place([30.0 + range * s, -20.0 + range * c], [0.0; 2]);
            let holding = shapes.iter().filter(|shape| shape.holds(&tile, &mean[..3])).count();
            assert_eq!(holding, 1, "{azimuth} of {sectors} at {range}");
        }
    }
}

#[test]
fn a_track_that_turns_and_is_predicted_straight_has_one_opportunity_a_revolution_in_the_mean() {
    // Round the radar at 3 km and 250 m/s: 4.8 degrees a second against 90.
    for (sense, round) in
        [Sense::Clockwise, Sense::Counterclockwise].into_iter().flat_map(|sense| [(sense, 1.0), (sense, -1.0)])
    {
        let sensor = radar(16, sense);
        let Looks::Rotating(rotation) = &sensor.looks else { continue };
        let rate = round * 250.0 / 3_000.0;
        let mut found = 0u32;
        let last = 16 * 250;
        for number in 0..last {
            let look = rotation.look(number).expect("a look");
            let angle = rate * look.end_us as f64 * 1e-6 + 0.3;
            let (s, c) = angle.sin_cos();
            let velocity = [3_000.0 * rate * c, -3_000.0 * rate * s];
            let (tile, mean) = place([30.0 + 3_000.0 * s, -20.0 + 3_000.0 * c], velocity);
            found += u32::from(Shape::of(&sensor, (Frame::Local, 0), Some(look.sector_deg)).holds(&tile, &mean));
        }
        // The antenna gains so many turns on it in a thousand seconds.
        let turns = 1_000.0 * (1.0 / PERIOD_S - sense.turned(rate) / std::f64::consts::TAU);
        assert!((f64::from(found) - turns).abs() <= 1.0, "{sense:?} {rate}: {found} of {turns}");
    }
}
