//! Coarse detections: true noise, and no trace of where in its cell a detection was.

use super::*;
use crate::ingest::{Catalogue, Detections, Options, Order, Reader};
use crate::sensor::{Kind, Mount};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::fmt::Write as _;

/// One sensor: its frame, its kind, what it measures besides, and its columns.
struct Case {
    frame: Frame,
    sensor: &'static str,
    columns: &'static str,
}

const CASES: [Case; 5] = [
    Case {
        frame: Frame::Local,
        sensor: "kind = \"position\"\nnoise = { horizontal_m = 30.0, vertical_m = 20.0 }\n\
                 coverage = { x_m = [-1e5, 1e5], y_m = [-1e5, 1e5], height_m = [0.0, 2e4] }",
        columns: "x_m,y_m,z_m",
    },
    Case {
        frame: Frame::Geodetic,
        sensor: "kind = \"position\"\nnoise = { horizontal_m = 30.0, vertical_m = 20.0 }\n\
                 coverage = { longitude_deg = [5.0, 9.0], latitude_deg = [45.0, 49.0], height_m = [0.0, 2e4] }",
        columns: "latitude_deg,longitude_deg,altitude_m",
    },
    Case {
        frame: Frame::Local,
        sensor: "kind = \"radar\"\nsite = { x_m = 100.0, y_m = 50.0, z_m = 20.0 }\n\
                 noise = { range_m = 25.0, azimuth_deg = 0.05, elevation_deg = 0.05 }\n\
                 coverage = { range_m = [1e3, 9e4], height_m = [0.0, 2e4] }",
        columns: "range_m,azimuth_deg,elevation_deg",
    },
    Case {
        frame: Frame::Local,
        sensor: "kind = \"radar\"\nsite = { x_m = 100.0, y_m = 50.0, z_m = 0.0 }\n\
                 noise = { range_m = 25.0, azimuth_deg = 0.05 }\ncoverage = { range_m = [1e3, 9e4] }",
        columns: "range_m,azimuth_deg",
    },
    Case {
        frame: Frame::Geodetic,
        sensor: "kind = \"radar\"\nsite = { latitude_deg = 47.0, longitude_deg = 7.0, altitude_m = 500.0 }\n\
                 noise = { range_m = 25.0, azimuth_deg = 0.05, vertical_m = 30.0 }\n\
                 coverage = { range_m = [1e3, 9e4], height_m = [0.0, 2e4] }",
        columns: "range_m,azimuth_deg,altitude_m",
    },
];

impl Case {
    fn catalogue(&self) -> Catalogue {
        let frame = if self.frame == Frame::Local { "local" } else { "geodetic" };
        let text = format!(
            "name = \"t\"\nframe = \"{frame}\"\ntime = \"seconds\"\n[[sensor]]\nname = \"s\"\nowner = \"o\"\n\
             detection_probability = 0.9\nclutter_per_scan = 0.1\nscan_period_s = 1.0\n{}\n",
            self.sensor
        );
        Catalogue::parse(&text, std::path::Path::new("recording.toml")).expect("a catalogue")
    }

    /// What the sensor measures of a point, each quantity with its error in standard deviations.
    fn measured(&self, catalogue: &Catalogue, metres: [f64; 3], error: [f64; 3]) -> String {
        let Sensor { kind, noise, .. } = &catalogue.sensors[0];
        let [a, b, c] = error;
        let spread = |value: Option<f64>| value.unwrap_or(0.0);
        let point = Geodetic::from_ecef(metres);
        match kind {
            Kind::Position => {
                let (h, v) = (spread(noise.horizontal_m), spread(noise.vertical_m));
                let [x, y, z] = match self.frame {
                    Frame::Local => [metres[0] + h * a, metres[1] + h * b, metres[2] + v * c],
                    Frame::Geodetic => {
                        let [east, north, up] = point.enu_axes();
                        let at = |k: usize| metres[k] + h * a * east[k] + h * b * north[k] + v * c * up[k];
                        let seen = Geodetic::from_ecef([at(0), at(1), at(2)]);
                        [seen.latitude_deg, seen.longitude_deg, seen.altitude_m]
                    }
                };
                format!("{x},{y},{z}")
            }
            Kind::Radar { mount: Mount::Moving(_) } => unreachable!("it stands"),
            Kind::Radar { mount: Mount::Fixed { site_m, enu } } => {
                let [e, n, u] = enu.map(|axis| (0..3).map(|k| axis[k] * (metres[k] - site_m[k])).sum::<f64>());
                let planar = !self.columns.contains("elevation") && self.frame == Frame::Local;
                let range = if planar { e.hypot(n) } else { e.hypot(n).hypot(u) };
                let seen = range + a * spread(noise.range_m);
                let azimuth = e.atan2(n) + b * spread(noise.azimuth_rad);
                let head = format!("{seen},{}", azimuth.to_degrees());
                let elevation = (u / range).asin() + c * spread(noise.elevation_rad);
                match self.columns {
                    "range_m,azimuth_deg" => head,
                    "range_m,azimuth_deg,elevation_deg" => format!("{head},{}", elevation.to_degrees()),
                    _ => format!("{head},{}", point.altitude_m + c * spread(noise.vertical_m)),
                }
            }
        }
    }

    fn read(&self, catalogue: &Catalogue, rows: &[String]) -> Detections {
        let folder = tempfile::tempdir().expect("a folder");
        let mut text = format!("time,sensor,{}\n", self.columns);
        for row in rows {
            writeln!(text, "1,s,{row}").expect("text");
        }
        std::fs::write(folder.path().join("detections.csv"), text).expect("a file");
        let options = Options { strict: true, rows_per_batch: 1 << 20, order: Order::Any };
        let mut reader = Reader::open(folder.path(), catalogue, options).expect("a table").with_readings();
        reader.next_batch().expect("rows").expect("some")
    }

    /// Each row of some detections under some obligations.
    fn permitted(&self, catalogue: &Catalogue, batch: &Detections, cut: &Obligations<Measured>) -> Vec<Row> {
        let row = |n: usize| Row {
            time_us: batch.time_us[n],
            sensor: 0,
            place: batch.place[n],
            measurement: batch.measurement[n],
            source: 0,
            identity: 0,
            number: 0,
        };
        let all = 0..batch.len();
        all.map(|n| permitted(&row(n), batch.reading[n], &catalogue.sensors[0], self.frame, cut).expect("a row"))
            .collect()
    }

    fn truth(&self, random: &mut ChaCha8Rng) -> [f64; 3] {
        let [u, v, w] = std::array::from_fn(|_| random.random_range(0.0..1.0));
        match self.frame {
            Frame::Local if self.columns == "range_m,azimuth_deg" => [1e4 + 4e4 * u, 1e4 + 4e4 * v, 0.0],
            Frame::Local => [1e4 + 4e4 * u, 1e4 + 4e4 * v, 2e3 + 1e4 * w],
            Frame::Geodetic => {
                let place =
                    Geodetic { latitude_deg: 47.1 + 0.3 * u, longitude_deg: 7.1 + 0.4 * v, altitude_m: 2e3 + 1e4 * w };
                place.ecef()
            }
        }
    }
}

fn coarse_by(size_m: f64) -> Obligations<Measured> {
    Obligations { coarsen_m: Some(size_m), ..Obligations::default() }
}

/// Mean of error² / variance along each measured axis.
fn consistency(rows: &[Row], truth: &[[f64; 3]]) -> Vec<f64> {
    let axes = rows[0].measurement.rows as usize;
    let mean = |axis: usize| {
        let squares = rows.iter().zip(truth).map(|(row, truth)| {
            let place = row.place.metres();
            let along = (0..3).map(|k| f64::from(row.measurement.axes[axis][k]) * (place[k] - truth[k])).sum::<f64>();
            (along / f64::from(row.measurement.sigma_m[axis])).powi(2)
        });
        squares.sum::<f64>() / rows.len() as f64
    };
    (0..axes).map(mean).collect()
}

#[test]
fn the_noise_of_a_coarse_detection_is_true() {
    let mut random = ChaCha8Rng::seed_from_u64(20_261_124);
    for case in &CASES {
        let catalogue = case.catalogue();
        let truth: Vec<[f64; 3]> = (0..20_000).map(|_| case.truth(&mut random)).collect();
        let mut error = || std::array::from_fn(|_| StandardNormal.sample(&mut random));
        let rows: Vec<String> = truth.iter().map(|point| case.measured(&catalogue, *point, error())).collect();
        let batch = case.read(&catalogue, &rows);
        // 20,000 rows: the standard error of a mean of such squares is at most 0.01.
        for size_m in [60.0, 500.0] {
            let given = case.permitted(&catalogue, &batch, &coarse_by(size_m));
            let means = consistency(&given, &truth);
            assert!(means.iter().all(|mean| (mean - 1.0).abs() < 0.04), "{} {size_m}: {means:?}", case.columns);
        }
        let exact = case.permitted(&catalogue, &batch, &Obligations::default());
        let means = consistency(&exact, &truth);
        assert!(means.iter().all(|mean| (mean - 1.0).abs() < 0.04), "{}: {means:?}", case.columns);
        // A coarse place with the noise of an exact one is seen to be wrong.
        let moved = case.permitted(&catalogue, &batch, &coarse_by(500.0));
        let lies = moved.iter().zip(&exact).map(|(to, from)| Row { measurement: from.measurement, ..*to });
        let means = consistency(&lies.collect::<Vec<_>>(), &truth);
        assert!(means.iter().all(|mean| *mean > 3.0), "{}: {means:?}", case.columns);
    }
}

/// A point of a cell: its centre, moved by shares of its edges.
fn in_cell(frame: Frame, near: [f64; 3], size_m: f64, [a, b, c]: [f64; 3]) -> [f64; 3] {
    match frame {
        Frame::Local => {
            let [x, y, z] = local_cell(near, size_m).centre;
            [x + a * size_m, y + b * size_m, z + c * size_m]
        }
        Frame::Geodetic => {
            let centre = geodetic_cell(Geodetic::from_ecef(near), size_m).centre;
            let [east, north, up] = centre.enu_axes();
            let metres = centre.ecef();
            let at = |k: usize| metres[k] + size_m * (a * east[k] + b * north[k] + c * up[k]);
            [at(0), at(1), at(2)]
        }
    }
}

#[test]
fn nothing_finer_than_the_cell_is_left_in_a_coarse_detection() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for case in &CASES {
        let catalogue = case.catalogue();
        let planar = case.columns == "range_m,azimuth_deg";
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for _ in 0..2_000 {
            let near = case.truth(&mut random);
            for rows in [&mut one, &mut other] {
                let [a, b, c] = std::array::from_fn(|_| random.random_range(-0.45..0.45));
                let point = in_cell(case.frame, near, 400.0, [a, b, if planar { 0.0 } else { c }]);
                rows.push(case.measured(&catalogue, point, [0.0; 3]));
            }
        }
        let [one, other] = [one, other].map(|rows| case.read(&catalogue, &rows));
        let differ = |cut: &Obligations<Measured>| {
            let pairs = case.permitted(&catalogue, &one, cut).into_iter().zip(case.permitted(&catalogue, &other, cut));
            pairs.filter(|(a, b)| (a.place, a.measurement) != (b.place, b.measurement)).count()
        };
        assert_eq!(differ(&coarse_by(400.0)), 0, "{}", case.columns);
        assert_eq!(differ(&Obligations::default()), 2_000, "{}: the comparison sees what is fine", case.columns);
    }
}

#[test]
fn a_height_that_is_left_out_leaves_no_trace_and_what_remains_is_true() {
    let mut random = ChaCha8Rng::seed_from_u64(4);
    let cut = Obligations { omit: [Measured::Height, Measured::RangeRate].into(), ..Obligations::default() };
    for case in CASES.iter().filter(|case| case.columns != "range_m,azimuth_deg") {
        let catalogue = case.catalogue();
        let rows: Vec<String> = (0..500)
            .map(|_| {
                let point = case.truth(&mut random);
                case.measured(&catalogue, point, [0.0; 3])
            })
            .collect();
        // The last column is the height, whatever it is called.
        let other = rows.iter().map(|row| {
            let (head, height) = row.rsplit_once(',').expect("columns");
            format!("{head},{}", height.parse::<f64>().expect("a number") * 0.5)
        });
        let [a, b] = [rows.clone(), other.collect()].map(|rows| {
            let batch = case.read(&catalogue, &rows);
            let exact = case.permitted(&catalogue, &batch, &Obligations::default());
            (case.permitted(&catalogue, &batch, &cut), exact)
        });
        for ((a, b), (exact_a, exact_b)) in a.0.iter().zip(&b.0).zip(a.1.iter().zip(&b.1)) {
            assert_eq!((a.place, a.measurement), (b.place, b.measurement), "{}", case.columns);
            assert_ne!(exact_a.place, exact_b.place, "{}: the comparison sees heights", case.columns);
            assert_eq!((a.measurement.rows, a.measurement.range_rate_m_s), (2, None));
            let radar = matches!(catalogue.sensors[0].kind, Kind::Radar { .. });
            assert_eq!(a.measurement.slant, radar, "{}: a range without a height is a slant one", case.columns);
        }
    }
}
