//! Shares of cells and places over them against many points, latitudes, longitudes and ranges.

use super::super::planes::planes;
use super::*;
use crate::sensor::{Altitudes, Kind, Looks, Noise};
use crate::space::Geodetic;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn sensor([west, east]: [f64; 2], [south, north]: [f64; 2]) -> Sensor {
    Sensor {
        name: "s".to_owned(),
        owner: "o".to_owned(),
        kind: Kind::Position,
        noise: Noise::default(),
        detection_probability: 0.9,
        clutter_per_scan: 1.0,
        looks: Looks::Periodic { period_us: 1_000_000 },
        coverage: Coverage::Box { min: [west, south], max: [east, north], height_m: None },
        offsets: crate::sensor::Offsets::default(),
        altitudes: Altitudes::default(),
        view: None,
    }
}

const NEVER: [i64; 2] = [0; 2];

fn all(sensors: &[Sensor]) -> Vec<(&Sensor, [i64; 2])> {
    sensors.iter().map(|sensor| (sensor, NEVER)).collect()
}

#[test]
fn a_cell_far_from_the_middle_stands_for_the_ground_that_detections_there_fall_into() {
    let sensor = sensor([-40.0, 40.0], [20.0, 70.0]);
    let planes = planes(&[(&sensor, NEVER)], Frame::Geodetic, 20_000.0);
    let mut ground = Ground::new(planes, Frame::Geodetic, None);
    let coverage = ground.cover(&sensor, None, (0, 0.0));
    let mask = ground.mask(coverage, &[Right::All], 1.0).unwrap();
    for latitude_deg in [25.0, 45.0, 65.0] {
        for (longitude_deg, seen) in [(-39.5, true), (39.5, true), (-40.5, false), (40.5, false)] {
            let place = Place::from_metres(Geodetic { latitude_deg, longitude_deg, altitude_m: 0.0 }.ecef());
            assert!((mask.at(&place.tile, &place.offset_m) > 0.5) == seen, "{latitude_deg} {longitude_deg}");
            let cell = mask.planes().cell(&place.tile, &place.offset_m).expect("a cell");
            assert!((mask.share()[cell] > 0.0) == seen, "{latitude_deg} {longitude_deg}");
        }
    }
}

/// The share of the ground of a cell that a sensor covers, by many points and by its latitudes, longitudes and ranges.
fn counted(ground: &Ground, sensor: &Sensor, cell: usize) -> f64 {
    const SIDE: u32 = 100;
    let at = |k: u32| (f64::from(k) + 0.5) / f64::from(SIDE);
    let is_in = |k: u32| {
        let below = ground.surface.below(cell, [at(k % SIDE), at(k / SIDE)]);
        below.is_some_and(|below| {
            let point = ground.surface.above(below, middle_height_m(sensor));
            sensor.covers_on_ground((ground.frame(), 0), point.metres())
        })
    };
    (0..SIDE * SIDE).filter(|k| is_in(*k)).count() as f64 / f64::from(SIDE * SIDE)
}

#[test]
fn a_cell_has_the_share_of_its_ground_that_is_covered() {
    let site = Geodetic { latitude_deg: 50.0, longitude_deg: 8.0, altitude_m: 0.0 };
    let ring = |kind, range_m, height_m| Sensor {
        kind,
        coverage: Coverage::Ring { range_m, height_m },
        ..sensor([0.0; 2], [0.0; 2])
    };
    let earth = Frame::Geodetic;
    for (sensor, frame, cell_m) in [
        (sensor([0.0, 18e3], [0.0, 18e3]), Frame::Local, 1e4),
        (sensor([0.0, 300.0], [2e3, 2.2e3]), Frame::Local, 1e4),
        (ring(Kind::radar_at_m([0.0, 0.0, 12.0]), [20.0, 2500.0], None), Frame::Local, 1e4),
        (ring(Kind::radar_at_m([0.0, 0.0, 12.0]), [3e3, 2e4], Some([0.0, 4e3])), Frame::Local, 2e3),
        (sensor([5.0, 11.0], [45.0, 48.0]), earth, 1e4),
        (sensor([-40.0, 40.0], [20.0, 70.0]), earth, 2e5),
        (ring(Kind::radar_at(site), [5e4, 4e5], Some([0.0, 12e3])), earth, 2e4),
    ] {
        let planes = planes(&[(&sensor, NEVER)], frame, cell_m);
        let mut ground = Ground::new(planes, frame, None);
        let coverage = ground.cover(&sensor, None, (0, 0.0));
        let mask = ground.mask(coverage, &[Right::All], 1.0).unwrap();
        let (mut partly, mut all) = (0, 0);
        for (cell, share) in mask.share().iter().enumerate() {
            let on_border = *share > 0.0 && *share < 1.0;
            if on_border || cell % 17 == 0 {
                let wanted = counted(&ground, &sensor, cell);
                assert!(
                    (f64::from(*share) - wanted).abs() < 0.05,
                    "{:?} cell {cell}: {share} {wanted}",
                    sensor.coverage
                );
            }
            partly += u32::from(on_border);
            all += u32::from(*share >= 1.0);
        }
        assert!(partly > 0, "{:?}", sensor.coverage);
        if all > 50 && frame == Frame::Local {
            let area_m2 = mask.share().iter().map(|share| f64::from(*share)).sum::<f64>() * cell_m * cell_m;
            assert!((area_m2 / sensor.area_m2(frame) - 1.0).abs() < 0.01, "{area_m2}");
        }
    }
}

#[test]
fn coverage_hangs_on_the_sensor_alone_and_permission_on_the_rules_alone() {
    let sensors = [sensor([0.0, 18e3], [0.0, 18e3]), sensor([3e3, 9e3], [0.0, 2e3])];
    let planes = planes(&all(&sensors), Frame::Local, 1e4);
    let mut ground = Ground::new(planes, Frame::Local, None);
    // Every other cell is in a zone.
    ground.zones_of = (0..ground.places.len()).map(|cell| cell % 2).collect();
    ground.zones = vec![BTreeSet::new(), BTreeSet::from(["a".to_owned()])];
    let rights = [[Right::All, Right::Part], [Right::Nothing, Right::All], [Right::Part, Right::Part]];
    let shares = [[1.0, 0.5], [0.0, 1.0], [0.5, 0.5]];
    let whole = sensors.each_ref().map(|sensor| {
        let coverage = ground.cover(sensor, None, (0, 0.0));
        (coverage, ground.mask(coverage, &[Right::All; 2], 0.5).unwrap())
    });
    for (allowed, shares) in rights.iter().zip(shares) {
        for (coverage, covered) in &whole {
            let mask = ground.mask(*coverage, allowed, 0.5).unwrap();
            let ([part], [all]) = (mask.parts(), covered.parts()) else { unreachable!() };
            assert_eq!((&part.shape, &all.permission), (&all.shape, &None));
            let permission = part.permission.as_ref().expect("a share for each cell");
            for (cell, share) in permission.iter().enumerate() {
                let is_met = ground.covered[*coverage].cells[cell] != Cell::Outside;
                let wanted = if is_met { shares[cell % 2] } else { 0.0 };
                assert!((share - wanted).abs() <= 0.0, "{allowed:?} {cell}");
                assert!((mask.share()[cell] - share * covered.share()[cell]).abs() <= 0.0);
            }
        }
        let view = ground.view(whole.iter().map(|(coverage, _)| (*coverage, allowed.to_vec())).collect()).unwrap();
        let some = |right: Right| if right == Right::Nothing { 0.0 } else { 1.0 };
        for (cell, share) in view.share().iter().enumerate() {
            // The second sensor covers nothing that the first one does not.
            let wanted = some(allowed[cell % 2]) * whole[0].1.share()[cell];
            assert!((share - wanted).abs() <= 0.0, "{allowed:?} {cell}: {share} {wanted}");
        }
    }
}

fn ring(latitude_deg: f64, longitude_deg: f64, range_m: [f64; 2]) -> Sensor {
    let kind = Kind::radar_at(Geodetic { latitude_deg, longitude_deg, altitude_m: 0.0 });
    Sensor { kind, coverage: Coverage::Ring { range_m, height_m: None }, ..sensor([0.0; 2], [0.0; 2]) }
}

fn is_on_the_cube(planes: &Planes) -> bool {
    planes.each().all(|plane| plane.centre.iter().any(|m| m.abs() > 0.0))
}

#[test]
fn all_that_is_covered_lies_over_a_cell_up_to_the_globe_and_to_orbits() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for (sensors, wide) in [
        (vec![sensor([-180.0, 180.0], [-90.0, 90.0])], true),
        (vec![sensor([0.0, 10.0], [-80.0, 80.0])], true),
        (vec![sensor([100.0, -100.0], [-30.0, 60.0])], true),
        (vec![ring(17.0, -62.0, [2e5, 5e6])], true),
        (vec![ring(50.0, 8.0, [0.0, 4e5]), ring(10.0, 40.0, [0.0, 4e5])], false),
        (vec![ring(50.0, 8.0, [0.0, 4e5]), ring(-10.0, 140.0, [0.0, 4e5])], true),
        (vec![ring(89.5, 8.0, [0.0, 4e6])], true),
        (vec![sensor([5.0, 11.0], [45.0, 48.0])], false),
    ] {
        let planes = planes(&all(&sensors), Frame::Geodetic, 1e4);
        assert_eq!(is_on_the_cube(&planes), wide, "{:?}", sensors[0].coverage);
        assert!(planes.len() < 1_020_000, "{}", planes.len());
        let shapes: Vec<Shape> = sensors.iter().map(|sensor| Shape::of(sensor, (Frame::Geodetic, 0), None)).collect();
        let mut covered = 0;
        for k in 0..60_000 {
            let z: f64 = random.random_range(-1.0..1.0);
            let at = Geodetic {
                latitude_deg: z.asin().to_degrees(),
                longitude_deg: random.random_range(-180.0..180.0),
                altitude_m: if wide { [0.0, 11e3, 8e5, 3.6e7][k % 4] } else { [0.0, 11e3][k % 2] },
            };
            let point = Place::from_metres(at.ecef());
            if shapes.iter().any(|shape| shape.holds(&point.tile, &point.offset_m)) {
                covered += 1;
                assert!(planes.cell(&point.tile, &point.offset_m).is_some(), "{:?}: {at:?}", sensors[0].coverage);
            }
        }
        assert!(covered > 10, "{:?}: {covered}", sensors[0].coverage);
    }
}

#[test]
fn the_cells_of_a_globe_have_its_area_and_a_place_is_in_its_cell_at_any_height() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for sensor in [sensor([-180.0, 180.0], [-90.0, 90.0]), sensor([-100.0, 100.0], [-40.0, 75.0])] {
        let planes = planes(&[(&sensor, NEVER)], Frame::Geodetic, 2e5);
        assert!(is_on_the_cube(&planes));
        let mut ground = Ground::new(planes.clone(), Frame::Geodetic, None);
        let coverage = ground.cover(&sensor, None, (0, 0.0));
        let mask = ground.mask(coverage, &[Right::All], 1.0).unwrap();
        let over = |cell: usize, inner: [f64; 2], height_m: f64| {
            let point = ground.surface.above(ground.surface.below(cell, inner).expect("no limb"), height_m);
            planes.cell(&point.tile, &point.offset_m)
        };
        // Sides overlap by half a cell: what lies in two is in the first.
        let own = mask.share().iter().enumerate().filter(|(cell, _)| over(*cell, [0.5; 2], 0.0) == Some(*cell));
        let area_m2: f64 = own.map(|(cell, share)| f64::from(*share) * f64::from(planes.area_m2(cell))).sum();
        let wanted = sensor.area_m2(Frame::Geodetic);
        assert!((area_m2 / wanted - 1.0).abs() < 0.015, "{area_m2} {wanted}");
        for _ in 0..2000 {
            let cell = random.random_range(0..planes.len());
            let inner = [random.random_range(0.1..0.9), random.random_range(0.1..0.9)];
            let on_ground = over(cell, inner, 0.0);
            assert!(on_ground.is_some_and(|found| found <= cell), "{cell} {inner:?}: {on_ground:?}");
            if on_ground == Some(cell) {
                // The vertical leaves the way from the centre by a fifth of a degree: 3 km at such a height.
                let found = [11e3, 8e5].map(|height_m| over(cell, inner, height_m));
                assert_eq!(found, [Some(cell); 2], "{inner:?}");
            }
        }
    }
}

#[test]
fn a_mask_is_made_once_however_many_sensors_and_times_have_it() {
    let sensors: Vec<Sensor> = (0..60).map(|_| sensor([0.0, 1e4], [0.0, 1e4])).collect();
    let planes = planes(&all(&sensors), Frame::Local, 100.0);
    let mut ground = Ground::new(planes, Frame::Local, None);
    let mut seen = BTreeMap::new();
    for period in 0..40 {
        for sensor in &sensors {
            let coverage = ground.cover(sensor, None, (0, 0.0));
            let right = if period % 2 == 0 { Right::All } else { Right::Nothing };
            let mask = ground.mask(coverage, &[right], 1.0).unwrap();
            seen.insert(Arc::as_ptr(&mask), mask);
        }
    }
    assert_eq!((ground.covered.len(), ground.masks.len(), seen.len()), (1, 2, 2));
    let shares: BTreeSet<String> = seen.values().map(|mask| mask.share().iter().sum::<f32>().to_string()).collect();
    assert_eq!(shares, BTreeSet::from(["0", "10000"].map(str::to_owned)), "all of it, or nothing");
    let other = ground.cover(&sensor([0.0, 5e3], [0.0, 1e4]), None, (0, 0.0));
    assert!(other == 1 && ground.mask(other, &[Right::All], 1.0).unwrap().share().iter().sum::<f32>() < 6_000.0);
}
