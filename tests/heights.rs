//! What no sensor measures ends no track: positions and a radar in a plane, a radar's range and azimuth on Earth.

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use trackweave::fusion::executor::Executor;
use trackweave::ingest::{Catalogue, Detections, Options, Order};
use trackweave::run::{RunConfig, track};

/// A sensor that looks every `period` seconds, and what it measures of one object at so many looks, two columns of them.
struct Scene {
    frame: &'static str,
    sensor: &'static str,
    period: f64,
    columns: [&'static str; 2],
    seen: fn(f64) -> [f64; 2],
    looks: u32,
    /// How many pictures there are meanwhile.
    pictures: usize,
}

const SCENES: [Scene; 3] = [
    Scene {
        frame: "local",
        sensor: "kind = \"position\"\nnoise = { horizontal_m = 5.0 }\n\
                 coverage = { x_m = [-20000.0, 20000.0], y_m = [-20000.0, 20000.0] }",
        period: 1.0,
        columns: ["x_m", "y_m"],
        seen: |t| [-5000.0 + 2.0 * t, 1000.0],
        looks: 1500,
        pictures: 150,
    },
    Scene {
        frame: "local",
        sensor: "kind = \"radar\"\nnoise = { range_m = 50.0, azimuth_deg = 0.1 }\n\
                 site = { x_m = 0.0, y_m = 0.0, z_m = 0.0 }\ncoverage = { range_m = [500.0, 90000.0] }",
        period: 10.0,
        columns: ["range_m", "azimuth_deg"],
        seen: |t| {
            let [east, north] = [-50e3 + 80.0 * t, 20e3];
            [east.hypot(north), east.atan2(north).to_degrees().rem_euclid(360.0)]
        },
        looks: 120,
        pictures: 120,
    },
    // Along a line 100 km from the radar, 10 km high.
    Scene {
        frame: "geodetic",
        sensor: "kind = \"radar\"\nnoise = { range_m = 50.0, azimuth_deg = 0.05 }\n\
                 site = { latitude_deg = 60.0, longitude_deg = 10.0, altitude_m = 200.0 }\n\
                 coverage = { range_m = [500.0, 300000.0], height_m = [0.0, 15000.0] }",
        period: 10.0,
        columns: ["range_m", "azimuth_deg"],
        seen: |t| {
            let [east, north] = [-120e3 + 120.0 * t, 100e3];
            [east.hypot(north).hypot(9_800.0), east.atan2(north).to_degrees().rem_euclid(360.0)]
        },
        looks: 200,
        pictures: 200,
    },
];

fn catalogue(scene: &Scene) -> Catalogue {
    let text = format!(
        "name = \"case\"\nframe = \"{}\"\ntime = \"seconds\"\n[[sensor]]\nname = \"one\"\nowner = \"north\"\n\
         detection_probability = 0.9\nclutter_per_scan = 0.1\nscan_period_s = {:?}\n{}\n",
        scene.frame, scene.period, scene.sensor
    );
    Catalogue::parse(&text, Path::new("catalogue")).expect("a catalogue")
}

fn table(scene: &Scene) -> RecordBatch {
    let times: Vec<f64> = (0..scene.looks).map(|look| (f64::from(look) + 0.5) * scene.period).collect();
    let column =
        |k: usize| -> ArrayRef { Arc::new(times.iter().map(|t| Some((scene.seen)(*t)[k])).collect::<Float64Array>()) };
    let sensors: StringArray = times.iter().map(|_| Some("one")).collect();
    let [first, second] = scene.columns;
    RecordBatch::try_from_iter([
        ("time", Arc::new(Float64Array::from(times.clone())) as ArrayRef),
        ("sensor", Arc::new(sensors)),
        (first, column(0)),
        (second, column(1)),
    ])
    .expect("columns of one length")
}

#[test]
fn an_object_without_a_height_is_one_track_from_its_first_looks_to_its_last() {
    let config = RunConfig::air().expect("a configuration");
    for scene in &SCENES {
        let (catalogue, columns) = (catalogue(scene), scene.columns);
        let options = Options { strict: true, rows_per_batch: 0, order: Order::Required };
        let (detections, _) = Detections::from_record_batch(&table(scene), &catalogue, options).expect("a table");
        let rows = track(&catalogue, &detections, &config, Executor::host()).expect("tracks");
        let mut tracks: BTreeMap<[u32; 2], usize> = BTreeMap::new();
        for row in &rows {
            *tracks.entry(row.estimate.born).or_default() += 1;
        }
        assert_eq!(tracks.len(), 1, "{columns:?}: {tracks:?}");
        assert!(rows.len() + 3 >= scene.pictures, "{columns:?}: {} of {}", rows.len(), scene.pictures);
    }
}
