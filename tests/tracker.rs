//! A tracker of one's own: the tracks of a run, bit for bit; waiting, smoothing; runs without a policy.

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

#[test]
fn the_live_example_is_short() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/live.rs")).expect("the example");
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.trim().starts_with("//")).count();
    assert!(lines <= 20, "{lines} lines");
}
