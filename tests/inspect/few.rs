//! Two sensors of which few objects are in common.

use super::world::{PLAIN, SKY, True, World, record};
use std::fs;
use std::path::Path;
use trackweave::inspect::{Inspection, PairFound};

const SECOND: True = True { name: "b", off_m: [-120.0, 40.0], clock_s: 0.0, period_s: 5.0, false_rows: 0.0, ..PLAIN };
const FIRST: True = True { false_rows: 0.0, ..PLAIN };

/// A recording of `shared` objects that both see, and `own` that each sees alone.
fn seen((shared, own): (usize, usize), world: &World, folder: &Path) -> Inspection {
    let lines = |objects: usize, seed: u64, sensors: &[True]| {
        let part = tempfile::tempdir().expect("a folder");
        record(&World { objects, seed, ..*world }, sensors, part.path());
        let text = fs::read_to_string(part.path().join("detections.csv")).expect("a file");
        text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    record(&World { objects: shared, ..*world }, &[FIRST, SECOND], folder);
    let path = folder.join("detections.csv");
    let mut all = lines(shared, world.seed, &[FIRST, SECOND]);
    all.extend(lines(own, world.seed + 100, &[FIRST]));
    all.extend(lines(own, world.seed + 200, &[SECOND]));
    let time = |line: &String| line.split(',').next().and_then(|time| time.parse::<f64>().ok()).expect("a time");
    all.sort_by(|a, b| time(a).total_cmp(&time(b)));
    let head = "time,sensor,x_m,y_m,range_m,azimuth_deg,identity\n".to_owned();
    fs::write(path, all.iter().fold(head, |text, line| text + line + "\n")).expect("a file");
    super::look(folder)
}

fn pair_of(objects: (usize, usize), world: &World) -> Option<PairFound> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut pairs = seen(objects, world, folder.path()).pairs;
    assert!(pairs.len() <= 1, "{pairs:?}");
    pairs.pop()
}

fn is_right(pair: Option<PairFound>) {
    let pair = pair.expect("a pair");
    // A chain that breaks off counts as two.
    assert!((1..=2).contains(&pair.objects) && pair.errors_between == "pieces", "{pair:?}");
    for (what, of, wanted) in [("east", pair.east_m, 120.0), ("north", pair.north_m, -40.0)] {
        // Pieces are few: what they say of their errors is rough.
        assert!((of.value - wanted).abs() < 60.0 && of.error < 60.0, "{what}, wanted {wanted}: {pair:?}");
    }
}

#[test]
fn one_object_in_common_tells_how_sensors_are_displaced() {
    for seed in 1..=4 {
        // Alone, for long and for short; among others that each sees by itself.
        is_right(pair_of((1, 0), &World { seed, ..SKY }));
        is_right(pair_of((1, 0), &World { seed, seconds: 100.0, ..SKY }));
        is_right(pair_of((1, 10), &World { seed, ..SKY }));
    }
}

#[test]
fn objects_of_which_none_is_in_common_make_no_pair() {
    for seed in 1..=4 {
        for own in [1, 3, 10] {
            let pair = pair_of((0, own), &World { seed, ..SKY });
            assert!(pair.is_none(), "{own} objects each: {pair:?}");
        }
    }
}

#[test]
fn on_one_course_a_clock_is_not_told_from_a_displacement() {
    let pair = pair_of((1, 0), &World { turning_m2_s3: 0.0, seed: 2, ..SKY }).expect("a pair");
    assert!(pair.clock_s.is_none() && pair.way_s.is_some(), "{pair:?}");
}
