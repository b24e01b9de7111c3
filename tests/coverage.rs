//! What a sensor covers is what its catalogue says, to the metre, however large the cells of the field of undetected objects are:
//! inside objects are tracked and missed, outside they are neither.

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use trackweave::fusion::executor::Executor;
use trackweave::ingest::{Catalogue, Detections, Options, Order};
use trackweave::run::{RunConfig, track};

const LOOKS: u32 = 30;

/// A time, and two columns.
type Row = (f64, [f64; 2]);

/// The tracks of one sensor that looks every second and measures, at a time, two columns; each with its rows. The cells are 10
/// km wide.
fn tracks(frame: &str, sensor: &str, columns: [&str; 2], seen: impl Fn(f64) -> Vec<[f64; 2]>) -> Vec<usize> {
    let text = format!(
        "name = \"case\"\nframe = \"{frame}\"\ntime = \"seconds\"\n[[sensor]]\nname = \"one\"\nowner = \"north\"\n\
         detection_probability = 0.9\nclutter_per_scan = 0.1\nscan_period_s = 1.0\n{sensor}\n"
    );
    let catalogue = Catalogue::parse(&text, Path::new("catalogue")).expect("a catalogue");
    let rows: Vec<Row> = (0..LOOKS)
        .flat_map(|look| {
            let time = f64::from(look) + 0.5;
            seen(time).into_iter().map(move |row| (time, row))
        })
        .collect();
    let column =
        |of: fn(&Row) -> f64| -> ArrayRef { Arc::new(rows.iter().map(|row| Some(of(row))).collect::<Float64Array>()) };
    let sensors: StringArray = rows.iter().map(|_| Some("one")).collect();
    let [first, second] = columns;
    let mut table = vec![
        ("time", column(|row| row.0)),
        ("sensor", Arc::new(sensors) as ArrayRef),
        (first, column(|row| row.1[0])),
        (second, column(|row| row.1[1])),
    ];
    if first == "latitude_deg" {
        table.push(("altitude_m", column(|_| 100.0)));
    }
    let batch = RecordBatch::try_from_iter(table).expect("columns of one length");
    let options = Options { strict: true, rows_per_batch: 0, order: Order::Required };
    let (detections, _) = Detections::from_record_batch(&batch, &catalogue, options).expect("a table");
    let air = include_str!("../data/config/air.toml").replace("report_period_s = 10.0", "report_period_s = 1.0");
    assert!(air.contains("cell_km = 10.0"), "cells of 10 km");
    let config = RunConfig::parse(&air, Path::new("test")).expect("a configuration");
    let rows = track(&catalogue, &detections, &config, Executor::host()).expect("tracks");
    let mut tracks: BTreeMap<[u32; 2], usize> = BTreeMap::new();
    for row in &rows {
        *tracks.entry(row.estimate.born).or_default() += 1;
    }
    tracks.into_values().collect()
}

/// Sensor, frame, what it measures; places within and places beyond.
type Case = (&'static str, &'static str, [&'static str; 2], Vec<[f64; 2]>, Vec<[f64; 2]>);

fn cases() -> Vec<Case> {
    let position = "kind = \"position\"\nnoise = { horizontal_m = 5.0 }\n";
    let on_earth = "kind = \"position\"\nnoise = { horizontal_m = 5.0, vertical_m = 5.0 }\n";
    let radar = "kind = \"radar\"\nnoise = { range_m = 5.0, azimuth_deg = 0.2 }\nsite = { x_m = 30.0, y_m = -20.0, z_m = 12.0 }\n";
    let text = |head: &str, coverage: &str| -> &'static str { format!("{head}coverage = {coverage}").leak() };
    let xy = ["x_m", "y_m"];
    let polar = ["range_m", "azimuth_deg"];
    let edges = [[45.001, 5.001], [45.001, 10.999], [47.999, 5.001], [47.999, 10.999], [45.001, 8.0], [46.5, 5.001]];
    let over = [[44.999, 5.1], [48.001, 10.9], [46.0, 4.999], [46.0, 11.001]];
    vec![
        (
            text(position, "{ x_m = [0.0, 18000.0], y_m = [0.0, 18000.0] }"),
            "local",
            xy,
            vec![[16e3, 9e3], [17_960.0, 60.0], [50.0, 17_950.0]],
            vec![[18_050.0, 9e3], [9e3, -50.0]],
        ),
        // Narrower than a cell, whose middle it does not reach.
        (
            text(position, "{ x_m = [2000.0, 2300.0], y_m = [-900.0, -500.0] }"),
            "local",
            xy,
            vec![[2050.0, -550.0], [2250.0, -850.0]],
            vec![[1950.0, -550.0], [2350.0, -850.0], [2100.0, -950.0]],
        ),
        (
            text(radar, "{ range_m = [20.0, 1500.0] }"),
            "local",
            polar,
            vec![[940.0, 57.0], [1450.0, 250.0]],
            vec![[1560.0, 57.0]],
        ),
        (
            text(radar, "{ range_m = [900.0, 2500.0] }"),
            "local",
            polar,
            vec![[960.0, 57.0], [2450.0, 250.0]],
            vec![[840.0, 10.0]],
        ),
        (
            text(radar, "{ range_m = [20.0, 3000.0] }"),
            "local",
            polar,
            vec![[940.0, 57.0], [2950.0, 250.0]],
            vec![[3060.0, 57.0]],
        ),
        (
            text(on_earth, "{ longitude_deg = [5.0, 11.0], latitude_deg = [45.0, 48.0] }"),
            "geodetic",
            ["latitude_deg", "longitude_deg"],
            edges.to_vec(),
            over.to_vec(),
        ),
    ]
}

/// Some noise that hangs on the time, a thousandth of a degree being some hundred metres.
fn noisy(place: [f64; 2], frame: &str, columns: [&str; 2], time: f64) -> [f64; 2] {
    let noise = |k: f64| ((time * 2.0 * k).rem_euclid(11.0) - 5.0) * 0.8;
    let unit = [0, 1].map(|k| match (frame, columns[k]) {
        ("geodetic", _) => 1e-5,
        (_, "azimuth_deg") => 0.01,
        _ => 1.0,
    });
    [place[0] + unit[0] * noise(7.0), place[1] + unit[1] * noise(3.0)]
}

#[test]
fn what_is_within_a_coverage_is_tracked_and_what_is_beyond_is_not_whatever_the_cells() {
    for (sensor, frame, columns, within, beyond) in cases() {
        let (objects, all) = (within.len(), [within, beyond].concat());
        let found = tracks(frame, sensor, columns, |time| {
            all.iter().map(|place| noisy(*place, frame, columns, time)).collect()
        });
        assert_eq!(found.len(), objects, "{sensor}: {found:?}");
        assert!(found.iter().all(|rows| rows + 5 >= LOOKS as usize), "{sensor}: {found:?}");
    }
}

#[test]
fn coverage_of_any_size_is_one_lane_up_to_the_globe() {
    // Ships, of which two lie on either side of the antimeridian, and one at a pole.
    let globe = "kind = \"position\"\nnoise = { horizontal_m = 20.0, vertical_m = 20.0 }\n\
                 coverage = { longitude_deg = [-180.0, 180.0], latitude_deg = [-90.0, 90.0] }";
    let degrees = ["latitude_deg", "longitude_deg"];
    let ships =
        [[51.0, 1.4], [-33.9, 151.3], [21.3, -157.9], [0.0, 179.99], [0.0, -179.98], [89.99, 20.0], [-75.0, -160.0]];
    let found = tracks("geodetic", globe, degrees, |time| {
        ships.iter().map(|place| noisy(*place, "geodetic", degrees, time)).collect()
    });
    assert_eq!(found.len(), ships.len(), "{found:?}");
    assert!(found.iter().all(|rows| rows + 3 >= LOOKS as usize), "{found:?}");
}

#[test]
fn a_miss_counts_within_a_coverage_and_not_a_hundred_metres_beyond() {
    let sensor = "kind = \"position\"\nnoise = { horizontal_m = 5.0 }\ncoverage = { x_m = [0.0, 18000.0], y_m = [0.0, 18000.0] }";
    // One object stays, another flies east until 10 s, and is then not seen any more.
    let held = |start_m: f64| {
        let found = tracks("local", sensor, ["x_m", "y_m"], |time| {
            let stays = Some([3e3, 3e3]);
            let flies = (time < 10.0).then_some([start_m + 200.0 * time, 9e3]);
            [stays, flies].into_iter().flatten().map(|place| noisy(place, "local", ["x_m", "y_m"], time)).collect()
        });
        assert_eq!(found.len(), 2, "{found:?}");
        found.into_iter().min().unwrap_or_default()
    };
    // At 9.5 s it is 100 m before the border, which it then crosses; or far inside, at the middle of a cell and at its edge.
    let (leaves, inside, at_edge) = (held(16_000.0), held(8_100.0), held(12_900.0));
    assert!(leaves >= 25, "out of sight it is not missed: {leaves}");
    assert!(inside <= 15 && at_edge <= 15, "in sight it is: {inside} {at_edge}");
}

/// A young track is known to a hundred metres and tens of metres a second: it may be taken to be beyond a border within which its
/// object stays.
#[test]
fn an_object_near_the_border_of_a_coverage_is_one_track() {
    let sensor = "kind = \"position\"\nnoise = { horizontal_m = 60.0 }\ncoverage = { x_m = [0.0, 18000.0], y_m = [0.0, 18000.0] }";
    for seed in 1..=5 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut off = || 60.0 * ((0..12).map(|_| random.random_range(0.0..1.0)).sum::<f64>() - 6.0);
        let seen: Vec<[f64; 2]> = (0..LOOKS).map(|look| [70.0 + off(), 9e3 + 8.0 * f64::from(look) + off()]).collect();
        let at = |time: f64| (0..LOOKS).find(|look| f64::from(*look) + 0.5 >= time).unwrap_or(0) as usize;
        let found = tracks("local", sensor, ["x_m", "y_m"], |time| vec![seen[at(time)]]);
        assert!(found.len() == 1 && found[0] + 3 >= LOOKS as usize, "seed {seed}: rows of each track: {found:?}");
    }
}
