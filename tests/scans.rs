//! A program without files: rows pushed one by one become the scans, and so the tracks, of a run; what is no row is an
//! error.

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use std::path::Path;
use std::sync::Arc;
use trackweave::fusion::batch::{Batch, Estimate, LaneSetup};
use trackweave::fusion::executor::Executor;
use trackweave::ingest::{Catalogue, Detections, Options, Order};
use trackweave::run::{RunConfig, track};
use trackweave::scan::{Lane, Observation, Row, Scan, Scans};
use trackweave::sensor::{Fix, Polar, Reading};
use trackweave::space::Geodetic;

/// Reports, a radar that measures elevation and range rate, one that measures neither height nor rate.
const CATALOGUE: &str = r#"
name = "three sensors"
frame = "geodetic"
time = "seconds"

[[sensor]]
name = "reports"
owner = "aspen"
kind = "position"
noise = { horizontal_m = 30.0, vertical_m = 40.0 }
detection_probability = 0.9
clutter_per_scan = 0.1
scan_period_s = 5.0
coverage = { longitude_deg = [6.0, 8.0], latitude_deg = [46.0, 48.0], height_m = [0.0, 12000.0] }

[[sensor]]
name = "tall"
owner = "birch"
kind = "radar"
site = { latitude_deg = 47.0, longitude_deg = 7.0, altitude_m = 500.0 }
noise = { range_m = 50.0, azimuth_deg = 0.1, elevation_deg = 0.2, range_rate_m_s = 1.0 }
detection_probability = 0.9
clutter_per_scan = 0.1
scan_period_s = 4.0
coverage = { range_m = [500.0, 80000.0], height_m = [0.0, 12000.0] }

[[sensor]]
name = "flat"
owner = "birch"
kind = "radar"
site = { latitude_deg = 47.1, longitude_deg = 7.1, altitude_m = 400.0 }
noise = { range_m = 80.0, azimuth_deg = 0.2 }
detection_probability = 0.8
clutter_per_scan = 0.5
scan_period_s = 3.0
coverage = { range_m = [500.0, 80000.0], height_m = [0.0, 12000.0] }
"#;

fn catalogue() -> Catalogue {
    Catalogue::parse(CATALOGUE, Path::new("catalogue")).expect("a catalogue")
}

fn config() -> RunConfig {
    RunConfig::air().expect("a configuration")
}

fn lane(catalogue: &Catalogue, sensors: &[usize]) -> Lane {
    Lane::open(catalogue, sensors.iter().copied(), 5e3).expect("a lane")
}

/// One object, 40 rows of the three sensors in turn, 1.25 s apart; what each measured, in the order of a table's columns.
fn measured() -> Vec<(i64, usize, [f64; 4])> {
    let row = |k: u32| {
        let t = f64::from(k) * 1.25;
        let noise = f64::from(k * 7 % 5) - 2.0;
        let values = match k % 3 {
            0 => [47.2 + 0.0015 * t, 7.2 + 1e-4 * noise, 8_000.0 + 10.0 * noise, 0.0],
            1 => [28_500.0 + 120.0 * t + 20.0 * noise, 33.0 - 0.2 * t, 15.0 + 0.05 * noise, 120.0],
            _ => [14_500.0 + 150.0 * t + 30.0 * noise, 34.0 - 0.3 * t, 0.0, 0.0],
        };
        (i64::from(k) * 1_250_000, (k % 3) as usize, values)
    };
    (0..40).map(row).collect()
}

/// The same as a table in memory.
fn table() -> RecordBatch {
    let rows = measured();
    let column = |of: [Option<usize>; 3]| -> ArrayRef {
        Arc::new(rows.iter().map(|(_, sensor, values)| of[*sensor].map(|k| values[k])).collect::<Float64Array>())
    };
    let times: Float64Array = rows.iter().map(|(us, ..)| Some(*us as f64 * 1e-6)).collect();
    let sensors: StringArray = rows.iter().map(|(_, sensor, _)| Some(["reports", "tall", "flat"][*sensor])).collect();
    RecordBatch::try_from_iter([
        ("time", Arc::new(times) as ArrayRef),
        ("sensor", Arc::new(sensors)),
        ("latitude_deg", column([Some(0), None, None])),
        ("longitude_deg", column([Some(1), None, None])),
        ("altitude_m", column([Some(2), None, None])),
        ("range_m", column([None, Some(0), Some(0)])),
        ("azimuth_deg", column([None, Some(1), Some(1)])),
        ("elevation_deg", column([None, Some(2), None])),
        ("range_rate_m_s", column([None, Some(3), None])),
    ])
    .expect("columns of one length")
}

/// The same as readings.
fn reading(sensor: usize, [a, b, c, d]: [f64; 4]) -> Reading {
    let degrees = |deg: f64, sigma_deg: f64| [deg, sigma_deg].map(f64::to_radians);
    match sensor {
        0 => Reading::Position(Fix::Geodetic {
            position: Geodetic { latitude_deg: a, longitude_deg: b, altitude_m: c },
            sigma_horizontal_m: 30.0,
            sigma_vertical_m: Some(40.0),
        }),
        1 => Reading::Radar(Polar {
            range_m: [a, 50.0],
            azimuth_rad: degrees(b, 0.1),
            elevation_rad: Some(degrees(c, 0.2)),
            altitude_m: None,
            range_rate_m_s: Some([d, 1.0]),
        }),
        _ => Reading::Radar(Polar {
            range_m: [a, 80.0],
            azimuth_rad: degrees(b, 0.2),
            elevation_rad: None,
            altitude_m: None,
            range_rate_m_s: None,
        }),
    }
}

/// A program of its own: a batch of one lane, whose tracks it asks for every ten seconds.
struct Program {
    batch: Batch,
    due_us: Option<i64>,
    tracks: Vec<(i64, Estimate)>,
    /// Time and number of detections of each scan.
    scans: Vec<(i64, usize)>,
}

impl Program {
    const PERIOD_US: i64 = 10_000_000;

    fn new(catalogue: &Catalogue, lane: &Lane, config: &RunConfig) -> Self {
        let setup = LaneSetup::new(lane, catalogue.frame, &config.fusion);
        let batch = Batch::new(config.fusion.clone(), Executor::host(), vec![setup]).expect("a lane");
        Self { batch, due_us: None, tracks: Vec::new(), scans: Vec::new() }
    }

    /// Fuses every scan that is known.
    fn go_on(&mut self, scans: &mut Scans<'_>, last_us: i64) {
        let mut observations: Vec<Observation> = Vec::new();
        while let Some(scan) = scans.next_scan(0, &mut observations).expect("a look of the lane") {
            let Scan { time_us, .. } = scan;
            let first_us = (time_us + Self::PERIOD_US - 1) / Self::PERIOD_US * Self::PERIOD_US;
            let mut due_us = self.due_us.unwrap_or(first_us);
            while due_us < time_us && due_us <= last_us {
                let tracks = self.batch.estimates_at(0, due_us).expect("the host does not fail");
                self.tracks.extend(tracks.into_iter().map(|track| (due_us, track)));
                due_us += Self::PERIOD_US;
            }
            self.due_us = Some(due_us);
            self.scans.push((time_us, scan.detections.len()));
            self.batch.step(vec![scan], core::mem::take(&mut observations)).expect("a scan");
        }
    }
}

#[test]
fn rows_pushed_one_by_one_make_the_tracks_of_the_same_rows_in_a_table() {
    let (catalogue, mut config) = (catalogue(), config());
    config.report_period_s = 10.0.try_into().expect("a period");
    let options = Options { strict: true, rows_per_batch: 0, order: Order::Required };
    let (detections, _) = Detections::from_record_batch(&table(), &catalogue, options).expect("a table");
    let wanted = track(&catalogue, &detections, &config, Executor::host()).expect("tracks");
    let wanted: Vec<_> = wanted.into_iter().map(|track| (track.time_us, track.estimate)).collect();

    let cell_m = f64::from(config.fusion.undetected.cell_km.get()) * 1e3;
    let lane = Lane::open(&catalogue, 0..3, cell_m).expect("a lane");
    let mut program = Program::new(&catalogue, &lane, &config);
    let mut scans = Scans::new(&catalogue, &lane, 0, config.fusion.undetected.speed_m_s);
    let rows = measured();
    let last_us = rows.last().expect("rows").0;
    for (time_us, sensor, values) in rows {
        // Time that passes says nothing that the row does not say.
        scans.advance(time_us);
        program.go_on(&mut scans, last_us);
        let row = Row::new(&catalogue, sensor, time_us, &reading(sensor, values), 0).expect("a row");
        scans.push(row).expect("a sensor of the lane");
        program.go_on(&mut scans, last_us);
    }
    scans.end(last_us);
    program.go_on(&mut scans, last_us);
    assert_eq!((scans.late(), program.scans.iter().map(|(_, rows)| rows).sum::<usize>()), (0, 40));
    assert!(wanted.iter().any(|(_, track)| track.confirmed), "a track that is there");
    assert_eq!(program.tracks, wanted);
}

#[test]
fn a_look_that_saw_nothing_is_over_when_time_has_passed() {
    let (catalogue, config) = (catalogue(), config());
    let lane = lane(&catalogue, &[0]);
    let mut scans = Scans::new(&catalogue, &lane, 1_000_000, config.fusion.undetected.speed_m_s);
    let mut program = Program::new(&catalogue, &lane, &config);
    scans.push(Row::new(&catalogue, 0, 1_000_000, &reading(0, measured()[0].2), 0).expect("a row")).expect("its own");
    program.go_on(&mut scans, 0);
    assert_eq!(program.scans, [], "the look is not over");
    scans.advance(4_999_999);
    program.go_on(&mut scans, 0);
    assert_eq!(program.scans, [], "nor is it now");
    scans.advance(5_000_000);
    program.go_on(&mut scans, 0);
    assert_eq!(program.scans, [(1_000_000, 1)]);
    scans.advance(17_000_000);
    program.go_on(&mut scans, 0);
    assert_eq!(program.scans, [(1_000_000, 1), (10_000_000, 0), (15_000_000, 0)]);
    scans.push(Row::new(&catalogue, 0, 14_000_000, &reading(0, measured()[0].2), 0).expect("a row")).expect("its own");
    program.go_on(&mut scans, 0);
    assert_eq!((program.scans.len(), scans.late()), (3, 1), "its look is over");
}

/// Something done to a reading of each sensor, and what the error says.
type Fault = (usize, fn(&mut Reading), &'static str);

fn polar(reading: &mut Reading, change: impl Fn(&mut Polar)) {
    if let Reading::Radar(polar) = reading {
        change(polar);
    }
}

#[test]
fn what_is_no_row_is_an_error_that_says_what_was_found_and_wanted() {
    let catalogue = catalogue();
    let faults: [Fault; 12] = [
        (3, |_| (), "found sensor = 3, wanted the index of a sensor in the catalogue"),
        (0, |reading| *reading = self::reading(1, [1e4, 0.0, 5.0, 0.0]), "wanted one of the sensor's kind"),
        (1, |reading| *reading = self::reading(0, [47.0, 7.0, 1e3, 0.0]), "wanted one of the sensor's kind"),
        (
            0,
            |reading| {
                let (horizontal_m, sigma_horizontal_m) = ([1e3, 2e3], 30.0);
                *reading = Reading::Position(Fix::Local { horizontal_m, sigma_horizontal_m, vertical_m: None });
            },
            "in the catalogue's frame",
        ),
        (1, |reading| polar(reading, |polar| polar.range_m[0] = f64::NAN), "that a sensor can measure"),
        (1, |reading| polar(reading, |polar| polar.range_m[1] = f64::NAN), "standard deviations above 0"),
        (1, |reading| polar(reading, |polar| polar.range_m[0] = 0.0), "that a sensor can measure"),
        (1, |reading| polar(reading, |polar| polar.azimuth_rad[1] = -1e-3), "standard deviations above 0"),
        (1, |reading| polar(reading, |polar| polar.range_rate_m_s = Some([0.0, 0.0])), "standard deviations above 0"),
        (
            1,
            |reading| polar(reading, |polar| polar.altitude_m = Some([9e5, 10.0])),
            "an altitude in reach of its range",
        ),
        (2, |reading| polar(reading, |polar| polar.range_m[0] = 1e300), "metres that tiles can count"),
        (
            0,
            |reading| {
                let position = Geodetic { latitude_deg: 47.0, longitude_deg: f64::INFINITY, altitude_m: 0.0 };
                *reading =
                    Reading::Position(Fix::Geodetic { position, sigma_horizontal_m: 3.0, sigma_vertical_m: None });
            },
            "that a sensor can measure",
        ),
    ];
    let right = measured();
    for (sensor, fault, wanted) in faults {
        let mut reading = reading(sensor, right[sensor.min(2)].2);
        fault(&mut reading);
        let error = Row::new(&catalogue, sensor, 0, &reading, 0).expect_err(wanted).to_string();
        assert!(error.contains(wanted) && error.contains(", wanted "), "`{wanted}`: {error}");
    }
}

#[test]
fn a_lane_takes_rows_of_its_own_sensors_and_no_others() {
    let catalogue = catalogue();
    let lane = lane(&catalogue, &[0, 2]);
    let mut scans = Scans::new(&catalogue, &lane, 0, 100.0);
    let row =
        |sensor: usize| Row::new(&catalogue, sensor, 0, &reading(sensor, measured()[sensor].2), 0).expect("a row");
    scans.push(row(2)).expect("its own");
    let error = scans.push(row(1)).expect_err("not its own").to_string();
    assert!(error.contains("found a row of sensor number 1"), "{error}");
    let error = Lane::open(&catalogue, [0, 3], 5e3).expect_err("no such sensor").to_string();
    assert_eq!(error, "lane: found sensor = Some(3), wanted indices of sensors in the catalogue");
    for cell_m in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let error = Lane::open(&catalogue, [0], cell_m).expect_err("no cell").to_string();
        assert!(error.contains("edge of a cell") && error.contains("wanted metres, above 0"), "{error}");
    }
}
