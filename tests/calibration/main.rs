//! What radars are off by, from a recording of a world that is simulated here, through fusion, logs and the program: found,
//! segment by segment, by nothing but what each segment may have, and applied to no other.

mod applied; // entries correct their own lanes, and no others
mod world; // radars that are off, objects that fly, a policy

use trackweave::calibrate::{Asked, Offset, Quantity, Registered, Standing};
use trackweave::fusion::executor::Executor;
use trackweave::run::{Calibration, Request, Segment, run};
use world::{RADARS, Radar, Scene, rows, world};

#[path = "../common/guarded.rs"]
mod guarded;

fn of<'a>(segment: &'a Segment, sensor: &str) -> &'a Registered {
    let found = segment.found.sensors.iter().find(|found| found.sensor == sensor);
    found.unwrap_or_else(|| panic!("no {sensor}: {segment:?}"))
}

fn of_partner<'a>(found: &'a Calibration, partner: &str) -> &'a Segment {
    let is_of = |segment: &&Segment| segment.partners.iter().any(|id| id == partner);
    found.segment.iter().find(is_of).expect("a segment")
}

/// Seeds of the test; `SEEDS` in the environment asks for others.
fn seeds() -> u64 {
    std::env::var("SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

#[test]
fn what_radars_are_off_by_is_found_through_fusion() {
    let hill = Asked { reference: Some("hill"), sites: false };
    let (mut within, mut squares, mut told) = (0, 0.0, 0_u32);
    for seed in 0..seeds() {
        let found = Scene::new(&rows(seed, 30)).calibrate(None, hill);
        let [segment] = &found.segment[..] else { panic!("{found:?}") };
        assert_eq!(segment.found.refused, None, "{seed}");
        let mut all = true;
        for radar in &RADARS {
            let Registered { offsets, is_reference, detections, .. } = of(segment, radar.name);
            assert_eq!((*is_reference, *detections > 500), (radar.name == "hill", true), "{seed}: {detections}");
            for (Offset { value, error, standing, .. }, truth) in offsets.iter().zip(radar.off) {
                let (Some(value), Some(error)) = (value, error) else { continue };
                let off = (value - truth) / error;
                (squares, told) = (squares + off * off, told + 1);
                all &= off.abs() <= 3.0;
                assert!(truth.abs() < 1e-9 || *standing == Standing::Significant, "{seed}: {segment:?}");
            }
        }
        within += u64::from(all);
        if seed == 0 || !all {
            println!("{seed}: {segment:#?}");
        }
    }
    println!("{within} of {}; mean square of errors {:.2}", seeds(), squares / f64::from(told));
    assert!(within * 100 >= 97 * seeds(), "{within}");
}

#[test]
fn a_segment_is_told_by_its_own_detections_alone() {
    let all = rows(3, 20);
    let scene = Scene::new(&all);
    let found = scene.calibrate(Some("policy"), Asked::default());
    let (beech, cedar) = (of_partner(&found, "beech"), of_partner(&found, "cedar"));
    assert_eq!(of_partner(&found, "ash").found.sensors.len(), 3);
    let names: Vec<&str> = beech.found.sensors.iter().map(|of| of.sensor.as_str()).collect();
    assert_eq!(names, ["coast", "moor"]);
    assert_eq!(of(beech, "coast").offsets.len(), 4);
    // A sensor alone has no offset that can be seen.
    let alone = of(cedar, "moor");
    assert!(alone.offsets.is_empty() && alone.untold.as_ref().is_some_and(|why| why.contains("alone")), "{alone:?}");
    // Without what ash alone may have, moved or gone, the others' entries are the same, bit for bit.
    let gone: Vec<_> = all.iter().filter(|(_, row)| !row.starts_with("hill")).cloned().collect();
    let moved: Vec<_> = all.iter().map(|(time_s, row)| (*time_s, row.replace("hill,", "hill,9"))).collect();
    for other in [gone, moved] {
        scene.detect(&other);
        let other = scene.calibrate(Some("policy"), Asked::default());
        for partner in ["beech", "cedar"] {
            assert_eq!(of_partner(&other, partner).found, of_partner(&found, partner).found, "{partner}");
        }
    }
}

#[test]
fn the_reference_is_asked_for_and_a_wrong_one_is_named() {
    let scene = Scene::new(&rows(5, 12));
    let found = scene.calibrate(None, Asked { reference: Some("moor"), sites: true });
    let [segment] = &found.segment[..] else { panic!("{found:?}") };
    for Registered { sensor, is_reference, offsets, .. } in &segment.found.sensors {
        assert_eq!(*is_reference, sensor == "moor");
        let asked: Vec<Quantity> = offsets.iter().map(|of| of.quantity).collect();
        assert_eq!(asked, Quantity::ALL, "{sensor}");
        for of in offsets.iter().filter(|of| of.standing == Standing::Reference) {
            assert!(*is_reference && of.value.is_none() && of.error.is_none(), "{of:?}");
        }
        assert!(offsets.iter().flat_map(|of| [of.value, of.error]).flatten().all(f64::is_finite), "{offsets:?}");
    }
    let wrong = scene.try_calibrate(None, Asked { reference: Some("fen"), sites: false });
    let said = wrong.expect_err("no such sensor");
    assert_eq!(said, "the reference is `fen`, wanted one of its sensors: hill, coast, moor");
}

/// The key that takes a radar's offsets off.
fn key(radar: &Radar) -> String {
    let [range, azimuth, elevation, time] = radar.off;
    format!(
        "offsets = {{ range_m = {range:?}, azimuth_deg = {azimuth:?}, elevation_deg = {elevation:?}, time_s = {time:?} }}"
    )
}

#[test]
fn declared_offsets_are_taken_off_before_anything_else() {
    let all = rows(7, 3);
    let scene = Scene::new(&all);
    scene.declare(|name| RADARS.iter().find(|radar| radar.name == name).map(key));
    let found = scene.read().expect("detections");
    // The same rows, put right one by one and written again.
    let right: Vec<(f64, String)> = all
        .iter()
        .map(|(time_s, row)| {
            let cells: Vec<&str> = row.split(',').collect();
            let radar = RADARS.iter().find(|radar| radar.name == cells[0]).expect("a radar");
            let number = |k: usize| cells[k].parse::<f64>().expect("a number") - radar.off[k - 1];
            let azimuth = number(2).rem_euclid(360.0);
            (time_s - radar.off[3], format!("{},{:.9},{azimuth:.12},{:.12}", cells[0], number(1), number(3)))
        })
        .collect();
    let wanted = Scene::new(&right).read().expect("detections");
    assert_eq!((found.time_us, found.sensor), (wanted.time_us, wanted.sensor));
    for (found, wanted) in found.place.iter().zip(&wanted.place) {
        let [a, b] = [found.metres(), wanted.metres()];
        assert!(a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3), "{a:?} {b:?}");
    }
}

#[test]
fn offsets_that_a_sensor_cannot_have_are_named() {
    for (key, said) in [
        (
            "offsets = { east_m = 3.0 }",
            "`offsets` is `east_m`; wanted some of range_m, azimuth_deg, elevation_deg, time_s",
        ),
        ("offsets = { range_m = inf }", "`range_m`"),
        ("offsets = { azimuth_deg = 400.0 }", "an offset, of an angle within 360, else within 1e6"),
        ("looks = \"listed\"\noffsets = { time_s = 1.0 }", "neither time_s nor azimuth_deg"),
    ] {
        let scene = Scene::new(&rows(1, 1));
        scene.declare(|name| (name == "coast").then(|| key.to_owned()));
        let error = scene.read().expect_err(key);
        assert!(error.contains(said), "{key}: {error}");
    }
    // A range that is none without its offset is a bad row.
    let scene = Scene::new(&rows(1, 1));
    scene.declare(|name| (name == "coast").then(|| "offsets = { range_m = 90000.0 }".to_owned()));
    let error = scene.read().expect_err("no range");
    assert!(error.contains("range_m"), "{error}");
}

#[test]
fn what_is_found_and_declared_makes_one_track_of_each_object() {
    let (rows, truth) = world(11, 30);
    let scene = Scene::new(&rows);
    scene.write("recording/truth.csv", &truth);
    let [recording, policy, out] = ["recording", "policy", "out"].map(|name| scene.path(name));
    let scored = || {
        let report = run(&Request::new(&recording, &policy, &out, &scene.config), Executor::host(), &mut |_| {});
        let report = report.unwrap_or_else(|error| panic!("{error}"));
        guarded::guarded([&recording, &policy, &out], &scene.config);
        let ash = report.partners.into_iter().find(|partner| partner.partner == "ash").expect("ash");
        let score = ash.score.expect("truth is there");
        let gospa_m = score.gospa_mean_m.as_ref().expect("scans").total;
        (gospa_m, score.estimates as f64 / score.truth_points as f64)
    };
    let (gospa_before, tracks_before) = scored();
    let found = scene.calibrate(Some("policy"), Asked { reference: Some("hill"), sites: false });
    let sensors = &of_partner(&found, "ash").found.sensors;
    scene.declare(|name| sensors.iter().find(|of| of.sensor == name)?.proposed.clone());
    let (gospa_after, tracks_after) = scored();
    println!(
        "GOSPA {gospa_before:.0} m to {gospa_after:.0} m, tracks an object {tracks_before:.2} to {tracks_after:.2}"
    );
    assert!(gospa_after < 0.5 * gospa_before && tracks_after < 1.05, "{gospa_after} {tracks_after}");
    // Nothing is left to find.
    let left = scene.calibrate(Some("policy"), Asked { reference: Some("hill"), sites: false });
    let left = &of_partner(&left, "ash").found;
    let counts = left.sensors.iter().flat_map(|of| &of.offsets).filter(|of| of.standing == Standing::Significant);
    assert_eq!(counts.count(), 0, "{left:?}");
    assert!(left.sensors.iter().all(|of| of.proposed.is_none()), "{left:?}");
}
