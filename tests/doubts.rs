//! What of a recording contradicts its catalogue, or itself, a run says with the sensor or the line and the cure, and only to
//! the operator; what is as it should be raises no doubt.

#[path = "common/files.rs"]
mod files;
#[path = "common/schema.rs"]
mod schema;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use trackweave::fusion::executor::Executor;
use trackweave::product::read_picture;
use trackweave::run::{Request, RunConfig, run};
use trackweave::space::Geodetic;

const RULES: &str = "@id(\"own\") permit (principal, action == Action::\"fuse_full\", resource)\n\
    when { resource.owner == \"alpha\" || principal == Partner::\"bravo\" };\n\
    @id(\"receive\") permit (principal, action in Action::\"receive\", resource);\n";

/// What a run doubts, alpha's folder, and alpha's points.
type Told = (Vec<String>, BTreeMap<String, Vec<u8>>, Vec<(i64, f64)>);

/// A geodetic recording of one sensor of alpha, and one of nobody that tells.
struct Scene {
    time: &'static str,
    looks: &'static str,
    report_period_s: &'static str,
    rows: Vec<String>,
}

impl Scene {
    fn new(rows: impl Iterator<Item = String>) -> Self {
        Self { time: "seconds", looks: "scan_period_s = 10.0", report_period_s: "10.0", rows: rows.collect() }
    }

    fn run(&self) -> Told {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let sensor = |name: &str, owner: &str| {
            format!(
                "[[sensor]]\nname = \"{name}\"\nowner = \"{owner}\"\nkind = \"position\"\n\
                 noise = {{ horizontal_m = 30.0, vertical_m = 30.0 }}\ndetection_probability = 0.9\nclutter_per_scan = 0.1\n{}\n\
                 coverage = {{ longitude_deg = [5.0, 11.0], latitude_deg = [45.0, 48.0], height_m = [0.0, 15e3] }}\n",
                self.looks
            )
        };
        let head = format!("name = \"d\"\nframe = \"geodetic\"\ntime = \"{}\"\n", self.time);
        for name in ["rec", "pol"] {
            fs::create_dir(path(name)).expect("a folder");
        }
        for (name, text) in [
            ("rec/recording.toml", head + &sensor("rx", "alpha") + &sensor("other", "zulu")),
            (
                "rec/detections.csv",
                "time,sensor,latitude_deg,longitude_deg,altitude_m\n".to_owned() + &self.rows.concat(),
            ),
            ("pol/schema.cedarschema", schema::schema(&["fuse_full"], &["receive_full"])),
            ("pol/rules.cedar", RULES.to_owned()),
            ("pol/partners.toml", "[[partner]]\nid = \"alpha\"\n[[partner]]\nid = \"bravo\"\n".to_owned()),
            ("pol/levels.toml", "[[fuse]]\nlevel = \"fuse_full\"\n[[receive]]\nlevel = \"receive_full\"\n".to_owned()),
        ] {
            fs::write(path(name), text).expect("a file");
        }
        let period = format!("report_period_s = {}", self.report_period_s);
        let text = include_str!("../data/config/air.toml").replace("report_period_s = 10.0", &period);
        let config = RunConfig::parse(&text, Path::new("test")).expect("a configuration");
        let (recording, policy, out) = (path("rec"), path("pol"), path("out"));
        let request = Request::new(&recording, &policy, &out, &config);
        let report = run(&request, Executor::host(), &mut |_| {}).expect("a run");
        let doubts =
            report.doubts.iter().map(|doubt| format!("{}: {}; {}", doubt.at, doubt.found, doubt.wanted)).collect();
        let points = read_picture(&out.join("alpha")).expect("a picture");
        let points = points.iter().map(|point| (point.time_us, point.position_m[1])).collect();
        (doubts, files::files(&out.join("alpha")), points)
    }
}

/// Rows of a sensor that is flown past, one every ten seconds.
fn flight(sensor: &'static str) -> impl Iterator<Item = String> {
    (0..40).map(move |k| at(f64::from(k) * 10.0, sensor))
}

fn at(time: f64, sensor: &str) -> String {
    placed(time, sensor, time)
}

/// A row whose place is not that of its time.
fn placed(time: f64, sensor: &str, of: f64) -> String {
    let noise = |k: f64| (of * k).rem_euclid(7.0) * 5e-5;
    format!("{time},{sensor},{:.6},{:.6},9000\n", 46.0 + noise(3.0), 6.0 + 0.002 * of + noise(5.0))
}

fn only(scene: &Scene, parts: &[&str]) {
    let (doubts, ..) = scene.run();
    let [doubt] = &doubts[..] else { panic!("{doubts:?}, wanted {parts:?}") };
    assert!(parts.iter().all(|part| doubt.contains(part)), "{doubt}, wanted {parts:?}");
}

#[test]
fn what_is_as_it_should_be_raises_no_doubt() {
    let (doubts, ..) = Scene::new(flight("rx")).run();
    assert!(doubts.is_empty(), "{doubts:?}");
    // Many objects in a small place, each once a look: neighbours of a look are no nearer than those of the next.
    let crowd = (0..30).flat_map(|k| (0..60).map(move |n| (k, n))).map(|(k, n)| {
        let spread = |of: i32| f64::from((n * of) % 61) * 1e-3;
        let time = f64::from(k) * 10.0 + f64::from(n) * 0.1;
        format!("{time},rx,{:.6},{:.6},9000\n", 46.0 + spread(7), 6.0 + spread(23) + 1e-4 * time)
    });
    let (doubts, ..) = Scene::new(crowd).run();
    // So slow a crowd may be none of aircraft.
    assert!(doubts.iter().all(|doubt| doubt.starts_with("configuration")), "{doubts:?}");
    // Two halves of a day far apart are no strays.
    let (doubts, ..) =
        Scene::new(flight("rx").chain((0..40).map(|k| placed(7200.0 + f64::from(k) * 10.0, "rx", f64::from(k))))).run();
    assert!(doubts.iter().all(|doubt| !doubt.contains("all others")), "{doubts:?}");
}

#[test]
fn detections_above_the_heights_of_their_sensor_begin_tracks_and_raise_no_doubt() {
    let (doubts, _, points) = Scene::new(flight("rx").map(|row| row.replace(",9000", ",16000"))).run();
    assert!(doubts.is_empty() && points.len() > 30, "{doubts:?}, {} rows", points.len());
}

#[test]
fn several_detections_of_one_object_in_a_look_are_named_with_the_cure() {
    let often = || (0..300).map(|k| at(f64::from(k), "rx"));
    let parts = ["sensor `rx`", "several detections of one object in a look", "looks = \"reports\"", "`scan_period_s`"];
    only(&Scene::new(often()), &parts);
    only(&Scene::new(flight("rx").flat_map(|row| [row.clone(), row])), &["every row once"]);
    let reports = Scene { looks: "looks = \"reports\"\nexpected_interval_s = 10.0", ..Scene::new(often()) };
    assert!(reports.run().0.is_empty(), "reports are any number");
}

#[test]
fn detections_outside_the_coverage_are_counted_with_the_likely_cause() {
    let scene = |places: fn(f64) -> [f64; 2]| {
        Scene::new((0..40).map(f64::from).map(move |k| {
            let [latitude, longitude] = places(k);
            format!("{},rx,{latitude},{longitude},9000\n", 10.0 * k)
        }))
    };
    let swapped = scene(|k| [6.0 + 0.02 * k, 46.0]);
    only(&swapped, &["sensor `rx`", "40 of 40 detections outside its coverage", "the other way round"]);
    let elsewhere = scene(|k| [30.0, 60.0 + 0.02 * k]);
    only(&elsewhere, &["40 of 40", "its `coverage`, or its `site`"]);
    let leaving = scene(|k| [46.0, 10.51 + 0.025 * k]);
    only(&leaving, &["20 of 40", "a `coverage` in recording.toml that holds what it sees"]);
}

#[test]
fn a_row_far_from_all_others_in_time_is_named_with_its_line() {
    let with = |time: f64, place: usize| {
        let mut rows: Vec<String> = flight("rx").collect();
        rows.insert(place, placed(time, "rx", 90.0));
        Scene::new(rows.into_iter())
    };
    only(&with(-1.7e9, 20), &["detections.csv, line 22", "54 years before all others", "leave the row out"]);
    only(&with(86_400.0 * 3.0, 5), &["detections.csv, line 7", "3 days after all others"]);
    only(&with(-3.2e7, 0), &["line 2", "before all others"]);
    only(&with(3.2e7, 40), &["line 42", "after all others"]);
    let stamped = flight("rx").zip(0..).map(|(row, k)| {
        let (_, rest) = row.split_once(',').expect("cells");
        let time = if k == 9 {
            "1970-01-01T00:00:00Z".to_owned()
        } else {
            format!("2024-05-01T10:{:02}:{:02}Z", k / 6, k % 6 * 10)
        };
        format!("{time},{rest}")
    });
    let stamped = Scene { time: "timestamp", ..Scene::new(stamped) };
    only(&stamped, &["line 11", "time 1970-01-01T00:00:00Z, 54 years before all others"]);
}

#[test]
fn seconds_that_began_again_at_midnight_are_named_with_their_line() {
    let time = |k: f64| (86_200.0 + 10.0 * k).rem_euclid(86_400.0);
    let wrapped = (0..40).map(f64::from).map(|k| placed(time(k), "rx", 10.0 * k));
    only(&Scene::new(wrapped), &["detections.csv, line 22", "time falls by 86390 s", "86400 s more from there on"]);
}

#[test]
fn a_picture_without_a_report_time_says_why_it_is_empty() {
    let rows = || (1..8).map(|k| at(f64::from(k), "rx"));
    let scene = Scene { looks: "scan_period_s = 1.0", ..Scene::new(rows()) };
    let parts = ["pictures of `alpha`, `bravo`", "no multiple of report_period_s = 10", "a shorter `report_period_s`"];
    only(&scene, &parts);
    let shorter = Scene { looks: "scan_period_s = 1.0", report_period_s: "1.0", ..Scene::new(rows()) };
    let (doubts, _, points) = shorter.run();
    assert!(doubts.is_empty() && points.len() == 7, "{doubts:?} {points:?}");
}

#[test]
fn a_row_on_the_border_of_two_looks_is_in_the_picture_of_its_time() {
    // Looks of ten seconds, a row at the beginning of each: the picture of that very time has the new place, not a
    // prediction from the old one: the aircraft is slower by 40 m/s from 200 s on.
    let along = |k: f64| 0.02 * k - 0.005 * (k - 20.0).max(0.0);
    let rows = (0..40).map(f64::from).map(|k| format!("{},rx,46.0,{:.6},9000\n", 10.0 * k, 6.0 + along(k)));
    let (doubts, _, points) = Scene::new(rows).run();
    assert_eq!((doubts.len(), points.len()), (0, 40), "one row a time");
    for ((time_us, y), k) in points.iter().zip(0..40) {
        assert_eq!(*time_us, i64::from(k) * 10_000_000);
        let longitude_deg = 6.0 + along(f64::from(k));
        let wanted = Geodetic { latitude_deg: 46.0, longitude_deg, altitude_m: 9000.0 }.ecef()[1];
        assert!((y - wanted).abs() < 30.0, "{k}: {y}, wanted {wanted}");
    }
}

#[test]
fn speeds_that_the_configuration_does_not_expect_are_named_with_one_that_does() {
    // A ship at 8 m/s, with the configuration for aircraft.
    let noise = |k: f64| (k * 7.3).sin() * 4e-5;
    let rows = (0..40).map(f64::from);
    let rows =
        rows.map(|k| format!("{},rx,{:.6},{:.6},0\n", 10.0 * k, 46.0 + noise(k), 6.0 + 0.00103 * k + noise(k + 9.0)));
    only(
        &Scene::new(rows),
        &["configuration", "19 of 20 speeds in the first rows are below", "--config sea", "speed_m_s = 150"],
    );
}

#[test]
fn doubts_about_rows_of_others_move_no_byte_of_a_partners_folder() {
    let plain = Scene::new(flight("rx"));
    let strange = flight("rx").chain((0..40).flat_map(|k| {
        let row = |latitude: f64| format!("{},other,{latitude},6.0,9000\n", f64::from(k) * 10.0);
        [row(46.0), row(46.0), row(10.0)]
    }));
    let strange = Scene::new(strange.chain([placed(-1.7e9, "other", 0.0)]));
    let ((_, wanted, _), (doubts, found, _)) = (plain.run(), strange.run());
    assert_eq!(doubts.len(), 3, "{doubts:?}");
    assert_eq!(found, wanted);
}
