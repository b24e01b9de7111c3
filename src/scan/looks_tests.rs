//! Looks of sensors, by hand.

use super::super::plan::taken;
use super::*;
use crate::sensor::{Altitudes, Coverage, Kind, ListedLook, Looks, Noise};

fn sensor(name: &str, period_us: i64, detection_probability: f64) -> Sensor {
    Sensor {
        name: name.to_owned(),
        owner: "o".to_owned(),
        kind: Kind::Position,
        noise: Noise::default(),
        detection_probability,
        clutter_per_scan: 1.0,
        looks: Looks::Periodic { period_us },
        coverage: Coverage::Box { min: [0.0; 2], max: [1.0; 2], height_m: None },
        offsets: crate::sensor::Offsets::default(),
        altitudes: Altitudes::default(),
        view: None,
    }
}

fn row(time_us: i64, sensor: usize) -> Row {
    let measurement = Measurement {
        axes: [[0.0; 3]; 3],
        sigma_m: [1.0, 1.0, 0.0],
        coarse_m2: [0.0; 3],
        rows: 2,
        range_m: 0.0,
        slant: false,
        curved: false,
        range_rate_m_s: None,
        velocity: None,
    };
    Row { time_us, sensor, place: Place::from_metres([0.0; 3]), measurement, source: 0, identity: 0, number: 0 }
}

/// Sensor, start, rows and whether it comes after a rest, of every look; rows are handed in `at_once` at a time.
fn looks(sensors: &[Sensor], rows: &[Row], at_once: usize) -> Vec<(usize, i64, usize, bool)> {
    let span_us = [rows[0].time_us, rows[rows.len() - 1].time_us];
    let mut looks = Forming::new(sensors.iter().enumerate().collect(), span_us[0], (0.0, 1.0));
    let mut found = Vec::new();
    let mut take = |looks: &mut Forming| {
        while let Some(Look { sensor, start_us, end_us, rows, after_rest, .. }) = looks.next_look() {
            assert_eq!(Some(end_us - start_us), sensors[sensor].looks.period_us());
            found.push((sensor, start_us, rows.len(), after_rest));
        }
    };
    for rows in rows.chunks(at_once) {
        for row in rows {
            looks.push(*row);
        }
        take(&mut looks);
    }
    looks.end(span_us[1]);
    take(&mut looks);
    assert_eq!(looks.late(), 0);
    found
}

#[test]
fn a_sensor_rests_between_the_looks_that_can_miss_a_track_and_those_that_forget() {
    // 0.9: (1 - 0.9)^36 takes odds of 1e30 to 1e-6.
    let sensors = [sensor("fast", 10, 0.9), sensor("slow", 1_000_000, 0.9)];
    assert_eq!(sensors.each_ref().map(|sensor| taken(sensor, 1.0)), [36; 2]);
    let rows = [row(3, 0), row(7_000_005, 0)];
    let found = looks(&sensors, &rows, 1);
    assert_eq!(found, looks(&sensors, &rows, 2), "however rows arrive");
    let of = |wanted: usize| found.iter().filter(move |look| look.0 == wanted);
    let slow: Vec<i64> = of(1).map(|look| look.1).collect();
    assert_eq!(slow, (0..8).map(|k| k * 1_000_000).collect::<Vec<_>>(), "eight looks are no reason to rest");
    let fast: Vec<i64> = of(0).map(|look| look.1 / 10).collect();
    let wanted: Vec<i64> = (0..=36).chain(700_000 - 36..=700_000).collect();
    assert_eq!(fast, wanted, "one with the row, 36 after it, 36 before the next row, one with its time");
    let rested: Vec<bool> = of(0).map(|look| look.3).collect();
    assert_eq!(rested.iter().position(|rested| *rested), Some(37));
}

#[test]
fn the_last_looks_of_all_sensors_come_however_long_they_last() {
    let sensors = [sensor("fast", 10, 0.9), sensor("slow", 70, 0.9)];
    let found = looks(&sensors, &[row(3, 0), row(75, 1), row(98, 1), row(91, 0)], 1);
    let ends: Vec<_> = found.iter().rev().take(2).map(|look| (look.0, look.1, look.2)).collect();
    assert_eq!(ends, [(1, 70, 2), (0, 90, 1)], "the slow look ends after fast ones that never come");
    assert_eq!(found.iter().map(|look| look.2).sum::<usize>(), 4, "a row is lost");
}

#[test]
fn a_gap_that_is_hardly_longer_has_all_its_looks() {
    let sensors = [sensor("s", 10, 0.9)];
    for (empty, taken) in [(199, 199), (200, 72), (10_000, 72)] {
        let found = looks(&sensors, &[row(5, 0), row(10 * (empty + 1) + 5, 0)], 1);
        assert_eq!(found.len(), 2 + taken, "{empty} empty looks");
        assert_eq!(found.iter().map(|look| look.2).sum::<usize>(), 2);
    }
}

#[test]
fn a_look_holds_so_many_detections_and_no_more() {
    let held = |rows: usize| {
        let mut looks = Forming::new(vec![(0, &sensor("s", 10, 0.9)), (1, &sensor("t", 10, 0.9))], 0, (0.0, 1.0));
        looks.rows_max = 3;
        (0..rows).for_each(|_| looks.push(row(5, 1)));
        looks.push(row(15, 0));
        looks.end(25);
        let found = std::iter::from_fn(|| looks.next_look()).map(|look| look.rows.len()).max();
        (found, looks.overfull())
    };
    assert_eq!(held(3), (Some(3), None));
    assert_eq!(held(4), (Some(3), Some(1)));
}

#[test]
fn time_that_passes_leaves_out_no_look_that_rows_do_not() {
    let sensors = [sensor("s", 10, 0.9), sensor("t", 70, 0.9)];
    let rows = [row(5, 0), row(6, 1), row(905, 0), row(20_005, 0), row(20_006, 1)];
    let by_rows = looks(&sensors, &rows, 1);
    for step_us in [1, 7, 10, 1_000, 19_000] {
        let mut passing = Forming::new(sensors.iter().enumerate().collect(), rows[0].time_us, (0.0, 1.0));
        let mut found = Vec::new();
        let mut take = |looks: &mut Forming| {
            while let Some(look) = looks.next_look() {
                found.push((look.sensor, look.start_us, look.rows.len(), look.after_rest));
            }
        };
        let mut now_us = rows[0].time_us;
        for row in rows {
            while now_us < row.time_us {
                passing.advance(now_us);
                take(&mut passing);
                now_us += step_us;
            }
            passing.push(row);
        }
        passing.end(rows[4].time_us);
        take(&mut passing);
        assert_eq!((passing.late(), found.iter().map(|look| look.2).sum::<usize>()), (0, 5), "{step_us}");
        let is_there = |look: &&(usize, i64, usize, bool)| found.iter().any(|one| one.0 == look.0 && one.1 == look.1);
        assert_eq!(by_rows.iter().find(|look| !is_there(look)), None, "{step_us}");
        assert!(found.len() < 2_300, "{step_us}: a rest is a rest: {}", found.len());
    }
}

#[test]
fn times_at_the_ends_of_what_can_be_counted_are_no_reason_to_hang() {
    let sensors = [sensor("s", 1, 0.9), sensor("t", 9_000_000_000_000_000_000, 1.0)];
    let most = 4_600_000_000_000_000_000;
    assert!(looks(&sensors, &[row(-most, 0), row(most, 0)], 1).len() < 100);
}

/// Sensor, start and end, time of its scan and number of rows.
type Told = (usize, [i64; 2], i64, usize);

/// Every look, and how many rows are in none.
fn all(sensors: &[Sensor], rows: &[Row], last_us: i64) -> (Vec<Told>, u64) {
    let mut looks = Forming::new(sensors.iter().enumerate().collect(), rows[0].time_us, (100.0, 1.0));
    let mut found = Vec::new();
    let mut take = |looks: &mut Forming| {
        while let Some(Look { sensor, start_us, end_us, time_us, rows, .. }) = looks.next_look() {
            found.push((sensor, [start_us, end_us], time_us, rows.len()));
        }
    };
    for row in rows {
        looks.push(*row);
        take(&mut looks);
    }
    looks.end(last_us);
    take(&mut looks);
    (found, looks.late())
}

#[test]
fn a_sensor_looks_when_its_table_says_so_and_never_between() {
    let look = |start_us, end_us| ListedLook { start_us, end_us, sector_deg: None };
    let looks = Looks::Listed([look(0, 10), look(10, 20), look(50, 50), look(60, 70), look(90, 99)].into());
    let sensors = [Sensor { looks, ..sensor("s", 1, 0.9) }, sensor("t", 40, 0.9)];
    let rows = [row(5, 0), row(10, 0), row(20, 0), row(45, 1), row(50, 0), row(55, 0), row(65, 1)];
    let (found, late) = all(&sensors, &rows, 65);
    let wanted = [
        (0, [0, 10], 5, 1),
        (0, [10, 20], 20, 2),
        (1, [0, 40], 40, 0),
        (0, [50, 50], 50, 1),
        (0, [60, 70], 70, 0),
        (1, [40, 80], 70, 2),
    ];
    assert_eq!(found, wanted, "a border is of the later look, an end in its look, and the last one begins after all");
    assert_eq!(late, 1, "the row at 55 is of no look");
}

/// A report at a number of metres.
fn report(time_us: i64, x_m: f64) -> Row {
    Row { place: Place::from_metres([x_m, 0.0, 0.0]), ..row(time_us, 0) }
}

fn reporting() -> [Sensor; 1] {
    [Sensor { looks: Looks::Reports { expected_interval_us: 10_000_000 }, ..sensor("s", 1, 0.9) }]
}

#[test]
fn no_two_reports_of_a_scan_may_be_of_one_object_and_silence_is_no_scan() {
    // Two objects 100 km apart, one of them twice in a second, and twice at the same time; then nothing for a day.
    let day_us = 86_400_000_000;
    let rows = [report(0, 0.0), report(100, 1e5), report(200_000, 9.0), report(200_000, 9.0), report(day_us, 5.0)];
    let (found, late) = all(&reporting(), &rows, day_us);
    let window = [0, WINDOW_US];
    let wanted = [
        (0, window, 100, 2),
        (0, window, 200_000, 1),
        (0, window, 200_000, 1),
        (0, [day_us, day_us + WINDOW_US], day_us, 1),
    ];
    assert_eq!((found.as_slice(), late), (wanted.as_slice(), 0));
}

#[test]
fn reports_of_many_objects_share_a_scan_however_they_are_mixed() {
    let rows: Vec<Row> = (0..3).flat_map(|k| (0..200).map(move |n| report(k * 300_000 + n, n as f64 * 5e3))).collect();
    let (found, _) = all(&reporting(), &rows, 900_000);
    assert_eq!(found.iter().map(|look| look.3).collect::<Vec<_>>(), [200; 3]);
    let vague = |row: Row| Row { measurement: Measurement { sigma_m: [1e4, 1e4, 0.0], ..row.measurement }, ..row };
    let vague: Vec<Row> = rows.into_iter().map(vague).collect();
    let (found, _) = all(&reporting(), &vague, 900_000);
    assert_eq!(found.iter().map(|look| look.3).sum::<usize>(), 600);
    assert!(found.len() > 50, "places that are not known to 10 km may be one object's: {}", found.len());
}
