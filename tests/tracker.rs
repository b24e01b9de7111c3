//! A tracker of one's own: the tracks of a run, bit for bit; words for every misuse; waiting, told scans, smoothing; runs without a policy.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use trackweave::ingest::Catalogue;
use trackweave::prelude::*;
use trackweave::product::{PictureRows, PictureState};
use trackweave::run::{Request, THE_PICTURE, run};
use trackweave::tracker::{Executor, RunConfig};

/// A radar, a camera and a log of positions, of two owners; the log reports when it likes.
const CATALOGUE: &str = r#"
name = "three sensors"
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

[[sensor]]
name = "camera"
owner = "birch"
kind = "position"
noise = { horizontal_m = 30.0 }
detection_probability = 0.8
clutter_per_scan = 0.1
scan_period_s = 2.5
coverage = { x_m = [-30000.0, 30000.0], y_m = [-30000.0, 30000.0] }

[[sensor]]
name = "log"
owner = "birch"
kind = "position"
noise = { horizontal_m = 40.0 }
detection_probability = 0.9
clutter_per_scan = 0.01
looks = "reports"
expected_interval_s = 4.0
coverage = { x_m = [-30000.0, 30000.0], y_m = [-30000.0, 30000.0] }
"#;

/// The last time of [`scene`].
const LAST_S: f64 = 2220.0;

/// A row: time, sensor, and x, y in metres or range in metres, azimuth in degrees.
type Measured = (f64, &'static str, [f64; 2]);

/// Five objects for two minutes, nothing for half an hour, then three objects; in the order of time.
fn scene() -> Vec<Measured> {
    let mut rows: Vec<Measured> = Vec::new();
    for k in 0..240_u32 {
        let t = f64::from(k) * 0.5 + 0.123 + if k < 120 { 0.0 } else { 2_100.0 - 0.123 };
        for object in 0..if k < 120 { 5 } else { 3 } {
            let draw = |of: u32| f64::from((k * 7919 + object * 104_729 + of * 1_299_709) % 1000) / 1000.0 - 0.5;
            let way = f64::from(object) * 1.3;
            let at = [8e3 * way.cos() - 120.0 * t.rem_euclid(2_000.0), 9e3 * way.sin() + 90.0 * (t % 2_000.0) + 2e3];
            let [x, y] = [at[0] + 50.0 * draw(1), at[1] + 50.0 * draw(2)];
            match k % 10 {
                3 if draw(3) < 0.4 => rows.push((t, "radar", [x.hypot(y), x.atan2(y).to_degrees()])),
                1 | 6 if draw(3) < 0.3 => rows.push((t, "camera", [x, y])),
                7 => rows.push((t, "log", [x, y])),
                _ => {}
            }
        }
    }
    rows.push((LAST_S, "camera", [0.0, 12e3]));
    rows
}

fn detection((t, sensor, [a, b]): Measured) -> Detection {
    if sensor == "radar" { Detection::plot(t, a, b) } else { Detection::at_m(t, a, b) }
}

fn catalogue() -> Catalogue {
    Catalogue::parse(CATALOGUE, Path::new("catalogue")).expect("a catalogue")
}

/// Writes a recording.
fn record(rows: &[Measured], recording: &Path) {
    fs::create_dir(recording).expect("a folder");
    fs::write(recording.join("recording.toml"), CATALOGUE).expect("room");
    let mut csv = "time,sensor,x_m,y_m,range_m,azimuth_deg\n".to_owned();
    for (t, sensor, [a, b]) in rows {
        let cells = if *sensor == "radar" { format!(",,{a},{b}") } else { format!("{a},{b},,") };
        writeln!(csv, "{t},{sensor},{cells}").expect("a string");
    }
    fs::write(recording.join("detections.csv"), csv).expect("room");
}

fn rows_of(picture: &Path) -> Vec<PictureState> {
    let rows = PictureRows::open(picture).expect("a picture");
    rows.collect::<Result<_, _>>().expect("rows")
}

/// The picture of who may have everything.
fn picture(rows: &[Measured], preset: &str) -> Vec<PictureState> {
    let folder = tempfile::tempdir().expect("a folder");
    let [recording, out] = ["recording", "out"].map(|name| folder.path().join(name));
    record(rows, &recording);
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/policies/all-to-all");
    let config = RunConfig::chosen(Path::new(preset)).expect("a configuration");
    run(&Request::new(&recording, &policy, &out, &config), Executor::host(), &mut |_| {}).expect("a run");
    rows_of(&out.join("alder"))
}

/// Number, confirmed, detections and the bits of everything else, as a picture has it.
type Bits = (i64, u64, bool, u64, i64, Vec<u64>);

#[expect(clippy::cast_possible_truncation, reason = "the picture's precision")]
fn bits_of(track: &Track) -> Bits {
    let us = |time: Time| (time.seconds() * 1e6).round() as i64;
    let covariance = (0..3).flat_map(|i| (0..3).map(move |j| (i, j))).map(|(i, j)| track.covariance[i][j]);
    let singles = track.velocity_m_s.into_iter().chain(covariance).map(|number| f64::from(number as f32));
    let numbers = track.position_m.into_iter().chain(singles).map(f64::to_bits).collect();
    (us(track.time), track.id, track.confirmed, track.detections, us(track.last_detection), numbers)
}

fn bits_of_row(row: &PictureState) -> Bits {
    let covariance = row.covariance_m2.expect("a covariance").into_iter().flatten();
    let numbers = row.position_m.into_iter().chain(row.velocity_m_s.expect("a velocity")).chain(covariance);
    let confirmed = row.status == trackweave::policy::Status::Confirmed;
    let (detections, last_us) = (row.detections.expect("a number"), row.last_detection_us.expect("a time"));
    (row.time_us, row.track, confirmed, detections, last_us, numbers.map(f64::to_bits).collect())
}

/// Tracks at every tenth second, pushed row by row, and at the end; of a silence that is longer than `silence_s` nothing is told.
fn live(rows: &[Measured], mut tracker: Tracker, silence_s: f64) -> Vec<Track> {
    let (mut tracks, mut due, mut before) = (Vec::new(), 10.0, 0.0);
    for row in rows {
        while row.0 > due {
            if row.0 - before <= silence_s {
                tracker.advance(due).expect("time goes on");
                tracks.extend(tracker.tracks().expect("tracks"));
            }
            due += 10.0;
        }
        tracker.push(row.1, [detection(*row)]).expect("a detection");
        before = row.0;
    }
    tracks.extend(tracker.finish().expect("tracks"));
    tracks
}

#[test]
fn the_same_rows_give_the_tracks_of_a_run_bit_for_bit() {
    let rows = scene();
    let wanted: Vec<Bits> = picture(&rows, "air").iter().map(bits_of_row).collect();
    let tracker = || Tracker::of(catalogue()).build().expect("a tracker");
    let bits = |tracks: &[Track]| tracks.iter().map(bits_of).collect::<Vec<Bits>>();
    assert!(wanted.len() > 40, "{} rows", wanted.len());
    let tracks = live(&rows, tracker(), f64::INFINITY);
    // A run leaves out looks in a long silence, which is told here: numbers count them.
    let numberless =
        |all: &[Bits]| all.iter().cloned().map(|row| (row.0, 0, row.2, row.3, row.4, row.5)).collect::<Vec<Bits>>();
    assert_eq!(numberless(&bits(&tracks)), numberless(&wanted));
    let seen = |(time_us, ..): &Bits| !(60_000_000..2_160_000_000).contains(time_us);
    let wanted: Vec<Bits> = wanted.into_iter().filter(seen).collect();
    let found = bits(&live(&rows, tracker(), 60.0));
    assert_eq!(found.into_iter().filter(seen).collect::<Vec<_>>(), wanted);
    let sources: Vec<&str> = tracks.iter().flat_map(|track| &track.sources).map(AsRef::as_ref).collect();
    assert!(sources.contains(&"alder") && sources.contains(&"birch"), "{sources:?}");
}

#[test]
fn a_smoothed_record_is_the_smoothed_picture_and_leaves_the_tracker_as_it_was() {
    let rows: Vec<Measured> = scene().into_iter().take_while(|row| row.0 < 60.0).collect();
    let mut wanted: Vec<Bits> = picture(&rows, "air-smoothed").iter().map(bits_of_row).collect();
    let builder = Tracker::of(catalogue()).preset("air-smoothed").keep_record();
    let mut tracker = builder.build().expect("a tracker");
    for row in &rows {
        tracker.push(row.1, [detection(*row)]).expect("a detection");
    }
    let before = tracker.tracks().expect("tracks");
    let smoothed = tracker.smooth().expect("tracks");
    let mut found: Vec<Bits> = smoothed.iter().map(bits_of).collect();
    found.sort();
    wanted.sort();
    assert_eq!(found, wanted);
    assert!(smoothed.iter().any(|track| track.smoothed) && before.iter().all(|track| !track.smoothed));
    assert_eq!(before, tracker.tracks().expect("tracks"));
    let plain = Tracker::of(catalogue()).build().expect("a tracker");
    assert_eq!(plain.smooth().expect_err("no record").kind(), ErrorKind::NotBuiltFor);
}

#[test]
fn detections_of_others_may_come_later_where_the_tracker_waits() {
    let rows: Vec<Measured> = scene().into_iter().take_while(|row| row.0 < 60.0).collect();
    let all = |wait_s: f64, order: &[Measured]| {
        let mut tracker = Tracker::of(catalogue()).wait_s(wait_s).build().expect("a tracker");
        for row in order {
            tracker.push(row.1, [detection(*row)])?;
        }
        tracker.finish()
    };
    // Those of the radar come three seconds late.
    let mut late = rows.clone();
    let at = |row: &Measured| row.0 + if row.1 == "radar" { 3.0 } else { 0.0 };
    late.sort_by(|a, b| at(a).total_cmp(&at(b)));
    assert_ne!(rows, late);
    let wanted = all(0.0, &rows).expect("tracks");
    assert!(wanted.len() >= 4);
    assert_eq!(all(3.5, &late).expect("tracks"), wanted);
    let error = all(1.0, &late).expect_err("a second is too short");
    assert_eq!(error.kind(), ErrorKind::Time);
    assert!(error.to_string().contains("or later, to which the tracker has gone on; `wait_s`"), "{error}");
}

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
        (Tracker::of(catalogue()).sensor(radar()), ErrorKind::Sensor, "a name of its own"),
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

#[test]
fn without_a_policy_a_run_gives_the_picture_of_who_may_have_everything() {
    let rows: Vec<Measured> = scene().into_iter().take_while(|row| row.0 < 60.0).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let [recording, out] = ["recording", "out"].map(|name| folder.path().join(name));
    record(&rows, &recording);
    let output = Command::new(env!("CARGO_BIN_EXE_trackweave"))
        .args(["track", "--executor", "host", "--format", "csv", "--out"])
        .args([&out, &recording])
        .output()
        .expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.starts_with("no policy: everything is fused and shown"), "{text}");
    let found: Vec<Bits> = rows_of(&out.join(THE_PICTURE)).iter().map(bits_of_row).collect();
    let wanted: Vec<Bits> = picture(&rows, "air").iter().map(bits_of_row).collect();
    assert!(found == wanted && found.len() > 20, "{} and {} rows", found.len(), wanted.len());
    for file in ["picture/report.html", "picture/tracks.csv", "picture/manifest.json", "_operator/report.html"] {
        assert!(out.join(file).is_file(), "{file}");
    }
    let verified =
        Command::new(env!("CARGO_BIN_EXE_trackweave")).arg("verify").arg(&out).output().expect("the program");
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
}

/// A tracker may live in a thread of its own, and its errors cross threads.
#[test]
fn trackers_and_errors_cross_threads() {
    const fn crosses<T: Send + Sync + 'static>() {}
    crosses::<Tracker>();
    crosses::<Error>();
}

#[test]
fn the_live_example_is_short() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/live.rs")).expect("the example");
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with("//")).count();
    assert!(lines <= 20, "{lines} lines");
}
