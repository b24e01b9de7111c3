//! Trackers by themselves: scans that are told, words for every misuse, time and place on Earth.

use super::{Detection, Error, ErrorKind, Sensor, Time, Track, Tracker};
use crate::ingest::Catalogue;
use std::path::Path;

/// A radar, as a recording has it.
const CATALOGUE: &str = r#"
name = "one sensor"
frame = "local"
time = "seconds"

[[sensor]]
name = "radar"
owner = "alder"
kind = "radar"
site = { x_m = 0.0, y_m = 0.0, z_m = 0.0 }
noise = { range_m = 20.0, azimuth_deg = 0.1 }
detection_probability = 0.9
clutter_per_scan = 0.1
scan_period_s = 5.0
coverage = { range_m = [500.0, 40000.0] }
"#;

#[test]
fn a_sensor_that_tells_its_scans_misses_in_these_alone() {
    let sensor = |name: &str| {
        let sensor = Sensor::position(name).noise_horizontal_m(20.0).clutter_per_scan(0.01);
        sensor.sees_m([-1e4, 1e4], [-1e4, 1e4])
    };
    let tracker = |sensor: Sensor| Tracker::local().sensor(sensor).keep_record().build().expect("a tracker");
    let [mut told, mut periodic] = [tracker(sensor("s").tells_its_scans()), tracker(sensor("s").scan_period_s(2.0))];
    for k in 0..12 {
        let t = f64::from(k) * 2.0;
        let seen = [Detection::at_m(t + 1.0, 100.0 * t, 50.0)];
        told.push_scan("s", [t, t + 2.0], seen.clone()).expect("a scan");
        periodic.push("s", seen).expect("detections");
        periodic.advance(t + 2.0).expect("time goes on");
        assert_eq!(told.tracks().expect("tracks"), periodic.tracks().expect("tracks"), "at {t}");
        assert_eq!(told.tracks().expect("tracks").len(), 1, "{k}");
    }
    for k in 12..20 {
        let t = f64::from(k) * 2.0;
        told.push_scan("s", [t, t + 2.0], []).expect("a scan");
        periodic.advance(t + 2.0).expect("time goes on");
        assert_eq!(told.tracks().expect("tracks"), periodic.tracks().expect("tracks"), "at {t}");
    }
    assert_eq!(told.tracks().expect("tracks"), [], "eight scans have missed it");
    assert_eq!(told.smooth().expect("tracks").len(), periodic.smooth().expect("tracks").len());
    let mut pausing = tracker(sensor("s").tells_its_scans());
    for k in 0..12 {
        let t = f64::from(k) * 2.0;
        pausing.push_scan("s", [t, t + 2.0], [Detection::at_m(t + 1.0, 100.0 * t, 50.0)]).expect("a scan");
    }
    pausing.advance(40.0).expect("time goes on");
    assert_eq!(pausing.tracks().expect("tracks").len(), 1, "nobody looked");
    let wrong = [
        pausing.push_scan("s", [41.0, 40.5], []).expect_err("it ends before it begins"),
        pausing.push_scan("s", [20.0, 22.0], []).expect_err("it is long over"),
        pausing.push_scan("s", [41.0, 42.0], [Detection::at_m(42.0, 0.0, 0.0)]).expect_err("not in its scan"),
    ];
    assert!(wrong.iter().all(|error| error.kind() == ErrorKind::Time), "{wrong:?}");
    let mut frames = tracker(sensor("s").tells_its_scans());
    for k in 0..5 {
        let t = f64::from(k) * 0.5;
        frames.push_scan("s", [t, t], [Detection::at_m(t, 10.0 * t, 50.0)]).expect("a frame");
        assert_eq!(frames.tracks().expect("tracks")[0].last_detection, Time::Seconds(t), "a frame is seen at once");
    }
    assert_eq!(frames.push_scan("s", [2.0, 2.0], []).expect_err("twice").kind(), ErrorKind::Time);
    let push = pausing.push("s", []).expect_err("a sensor that tells its scans");
    assert_eq!(push.kind(), ErrorKind::NotBuiltFor);
    assert_eq!(
        periodic.push_scan("s", [60.0, 62.0], []).expect_err("one that does not").kind(),
        ErrorKind::NotBuiltFor
    );
}

fn radar() -> Sensor {
    let radar = Sensor::radar("radar").at_m([0.0; 3]).noise_range_m(20.0).noise_azimuth_deg(0.1);
    radar.sees_range_m([500.0, 40e3]).scan_period_s(5.0)
}

#[test]
fn every_sensor_that_cannot_be_is_an_error_that_says_what_is_wanted() {
    let box_m = Sensor::position("p").noise_horizontal_m(10.0).scan_period_s(1.0);
    let catalogue = Catalogue::parse(CATALOGUE, Path::new("catalogue")).expect("a catalogue");
    let cases = [
        (Tracker::local(), ErrorKind::Sensor, "at least one"),
        (Tracker::local().sensor(Sensor::radar("r")), ErrorKind::Sensor, "site"),
        (Tracker::local().sensor(radar().at_deg(47.0, 8.0, 400.0)), ErrorKind::Sensor, "frame is local"),
        (Tracker::geodetic().sensor(radar()), ErrorKind::Sensor, "frame is geodetic"),
        (
            Tracker::geodetic().sensor(box_m.clone().noise_vertical_m(9.0).sees_m([0.0, 1.0], [0.0, 1.0])),
            ErrorKind::Sensor,
            "found there, wanted longitude_deg",
        ),
        (
            Tracker::local().sensor(box_m.clone().sees_deg([46.0, 47.0], [7.0, 8.0])),
            ErrorKind::Sensor,
            "frame is local",
        ),
        (Tracker::local().sensor(box_m.clone()), ErrorKind::Sensor, "`x_m`: found missing"),
        (
            Tracker::local().sensor(radar().noise_range_m(0.0)),
            ErrorKind::Sensor,
            "sensor `radar`: `range_m`: found 0, wanted a standard deviation",
        ),
        (
            Tracker::local().sensor(radar().noise_azimuth_deg(f64::NAN)),
            ErrorKind::Sensor,
            "found NaN, wanted degrees between",
        ),
        (
            Tracker::local().sensor(radar().detection_probability(1.5)),
            ErrorKind::Sensor,
            "found 1.5, wanted above 0 and at most 1",
        ),
        (Tracker::local().sensor(radar().scan_period_s(0.0)), ErrorKind::Sensor, "scan_period_s"),
        (Tracker::local().sensor(radar().sees_range_m([40e3, 500.0])), ErrorKind::Sensor, "lo below hi"),
        (Tracker::local().sensor(radar()).sensor(radar()), ErrorKind::Sensor, "a name of its own"),
        (Tracker::of(catalogue).sensor(radar()), ErrorKind::Sensor, "a name of its own"),
        (
            Tracker::local().sensor(radar()).preset("sae"),
            ErrorKind::Configuration,
            "found preset `sae`, wanted one of `air`",
        ),
        (Tracker::local().sensor(radar()).preset("orbits"), ErrorKind::Configuration, "geodetic"),
        (Tracker::local().sensor(radar()).wait_s(-1.0), ErrorKind::Configuration, "found -1, wanted seconds"),
        (Tracker::local().sensor(radar()).wait_s(f64::NAN), ErrorKind::Configuration, "found NaN, wanted seconds"),
    ];
    for (builder, kind, words) in cases {
        let error = builder.build().expect_err(words);
        assert!(
            error.kind() == kind && error.to_string().contains(words),
            "{error} ({:?}), wanted {words}",
            error.kind()
        );
    }
    let many = (0..129).fold(Tracker::local(), |builder, k| {
        builder.sensor(box_m.clone().owner(&format!("o{k}")).sees_m([0.0, 1e3], [0.0, 1e3]).view("one"))
    });
    assert_eq!(many.build().expect_err("sensors of one name").kind(), ErrorKind::Sensor);
}

#[test]
fn every_detection_that_cannot_be_is_an_error_and_changes_nothing() {
    let camera =
        Sensor::position("camera").noise_horizontal_m(10.0).scan_period_s(1.0).sees_m([-1e4, 1e4], [-1e4, 1e4]);
    let mut tracker = Tracker::local().sensor(radar()).sensor(camera).build().expect("a tracker");
    tracker.push("radar", [Detection::plot(10.0, 5e3, 90.0)]).expect("a plot");
    let before = format!("{tracker:?}");
    let plot = || Detection::plot(11.0, 5e3, 90.0);
    let cases = [
        ("radr", plot(), ErrorKind::UnknownSensor, "found sensor `radr`, wanted one of `radar`, `camera`"),
        ("radar", Detection::plot(f64::NAN, 5e3, 90.0), ErrorKind::Time, "found time NaN s"),
        ("radar", Detection::plot(1.7e12, 5e3, 90.0), ErrorKind::Time, "not milliseconds"),
        ("radar", Detection::plot(9.0, 5e3, 90.0), ErrorKind::Time, "found time 9 s, wanted 10 s or later"),
        ("radar", Detection::plot(jiff::Timestamp::UNIX_EPOCH, 5e3, 90.0), ErrorKind::Time, "wanted seconds"),
        (
            "radar",
            Detection::plot(11.0, f64::NAN, 90.0),
            ErrorKind::Detection,
            "found range_m = NaN, wanted a finite number",
        ),
        ("radar", Detection::plot(11.0, -5.0, 90.0), ErrorKind::Detection, "wanted above 0"),
        ("radar", Detection::plot(11.0, 5e3, 1e3), ErrorKind::Detection, "wanted between -360 and 360"),
        ("radar", plot().sigma_range_m(0.0), ErrorKind::Detection, "found sigma_range_m = 0"),
        ("radar", plot().sigma_azimuth_deg(-1.0), ErrorKind::Detection, "found sigma_azimuth_deg = -1"),
        (
            "radar",
            plot().elevation_deg(3.0),
            ErrorKind::Detection,
            "`noise_elevation_deg` of sensor `radar`, or `sigma_elevation_deg`",
        ),
        ("radar", Detection::at_m(11.0, 1.0, 2.0), ErrorKind::Detection, "found x_m = 1"),
        ("camera", plot(), ErrorKind::Detection, "found range_m = 5000"),
        ("camera", Detection::at_deg(11.0, 47.0, 8.0), ErrorKind::Frame, "found latitude_deg = 47, wanted metres"),
        ("camera", Detection::at_m(11.0, 1e12, 0.0), ErrorKind::Detection, "found x_m = 1000000000000"),
        ("camera", Detection::at_m(11.0, 0.0, 0.0).speed_m_s(3.0), ErrorKind::Detection, "noise_speed_m_s"),
    ];
    for (sensor, wrong, kind, words) in cases {
        let error = tracker
            .push(sensor, [plot(), wrong.clone()].into_iter().skip(usize::from(sensor != "radar")))
            .expect_err(words);
        assert!(
            error.kind() == kind && error.to_string().contains(words),
            "{error} ({:?}), wanted {words}",
            error.kind()
        );
    }
    assert_eq!(format!("{tracker:?}"), before);
    assert_eq!(tracker.advance(9.0).expect_err("time runs on").kind(), ErrorKind::Time);
    assert_eq!(tracker.tracks_at(9.0).expect_err("time runs on").kind(), ErrorKind::Time);
    let mut earth = Tracker::geodetic().sensor(radar().at_deg(47.0, 8.0, 400.0)).build().expect("a tracker");
    let error =
        earth.push("radar", [Detection::plot(0.0, 5e3, 90.0), Detection::at_m(0.0, 1.0, 2.0)]).expect_err("metres");
    assert!(
        error.kind() == ErrorKind::Frame && error.to_string().starts_with("detection 1 of sensor `radar`: "),
        "{error}"
    );
}

#[test]
fn a_tracker_on_earth_counts_in_instants_and_speaks_in_degrees() {
    let ads_b = Sensor::position("ads-b").owner("aspen").noise_horizontal_m(30.0).noise_vertical_m(20.0);
    let ads_b = ads_b.reports_every_s(5.0).sees_deg([46.0, 48.0], [7.0, 9.0]).sees_height_m([0.0, 13e3]);
    let mut tracker = Tracker::geodetic().sensor(ads_b).build().expect("a tracker");
    let start: jiff::Timestamp = "2026-11-30T12:00:00Z".parse().expect("an instant");
    for k in 0..12_i64 {
        let t = start.checked_add(jiff::SignedDuration::from_secs(5 * k)).expect("an instant");
        // 0.001 degrees of latitude in 5 s: 111.18 m there, 22.2 m/s.
        let at = Detection::at_deg(t, 47.0 + 0.001 * k as f64, 8.0).altitude_m(3000.0).identity("4ca2d1");
        tracker.push("ads-b", [at]).expect("a report");
    }
    let end = start.checked_add(jiff::SignedDuration::from_secs(60)).expect("an instant");
    tracker.advance(end).expect("time goes on");
    let [track] = <[Track; 1]>::try_from(tracker.tracks().expect("tracks")).expect("one track");
    assert_eq!((track.time, track.confirmed, track.sources[0].as_ref()), (Time::Timestamp(end), true, "aspen"));
    assert_eq!(track.last_detection.timestamp(), start.checked_add(jiff::SignedDuration::from_secs(55)).ok());
    let [latitude, longitude] = [track.latitude_deg(), track.longitude_deg()].map(|degrees| degrees.expect("on Earth"));
    assert!((latitude - 47.012).abs() < 5e-4 && (longitude - 8.0).abs() < 5e-4, "{latitude} {longitude}");
    let [east, north, up] = track.velocity_m_s;
    assert!(east.abs() < 2.0 && (north - 22.2).abs() < 2.0 && up.abs() < 2.0, "{:?}", track.velocity_m_s);
    let p = track.covariance;
    assert!(
        (0..6).all(|i| p[i][i] > 0.0) && (0..36).all(|k| (p[k / 6][k % 6] - p[k % 6][k / 6]).abs() < 1e-6),
        "{p:?}"
    );
    let accounts = tracker.accounts().expect("accounts");
    assert_eq!((accounts.confirmed, accounts.sum()), (12, 12));
    let outside = Detection::at_deg(end, 50.0, 8.0).altitude_m(3000.0);
    tracker.push("ads-b", [outside]).expect("a report");
    tracker.advance(end.checked_add(jiff::SignedDuration::from_secs(5)).expect("an instant")).expect("time goes on");
    assert_eq!(tracker.accounts().expect("accounts").outside_coverage, 1);
}

/// A tracker may live in a thread of its own, and its errors cross threads.
#[test]
fn trackers_and_errors_cross_threads() {
    const fn crosses<T: Send + Sync + 'static>() {}
    crosses::<Tracker>();
    crosses::<Error>();
}
