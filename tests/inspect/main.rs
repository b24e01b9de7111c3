//! What `inspect` says of a recording is what is in it: against a generator with known truth and a catalogue that is wrong.

mod crowded; // more detections in a gate than a track's own
mod few; // objects that two sensors share, and few of them
mod missing; // sensors that the catalogue lacks, and no catalogue
mod orbits; // objects that fall freely
mod world; // the generator

use std::fs;
use std::path::Path;
use trackweave::inspect::{FITS, GATE};
use trackweave::run::{Consistency, RunConfig, consistency, verdicts};
use world::{PLAIN, Random, SKY, Timing, True, World, at, inspected, look, near, paths, record, value};

#[test]
fn a_sensor_is_described_as_it_is_whatever_its_catalogue_says() {
    for (timing, tolerance) in [(Timing::Frame, 0.02), (Timing::Beam, 0.02), (Timing::Any, 0.2)] {
        let found = inspected(&SKY, &[True { timing, ..PLAIN }]);
        let [sensor] = &found.sensors[..] else { panic!("one sensor") };
        let figures = &sensor.figures;
        near("the period", sensor.interval.expect("a period").median_s, 4.0, 4.0 * tolerance);
        value("P_D", figures.detection_probability, 0.8, 0.03 + tolerance);
        value("false rows", figures.clutter_per_scan, 20.0, 2.0 + 20.0 * tolerance);
        value("noise", figures.noise.horizontal_m, 30.0, 2.5);
        let speed = figures.speed_m_s.expect("speeds");
        near("the usual speed", speed.p50, 200.0, 12.0);
        // In ten minutes a velocity changes by 24 m/s along each axis.
        near("the highest speed", speed.p95, 255.0, 15.0);
        assert_eq!(found.configuration.expect("a proposal").name, "air");
        let catalogue = found.catalogue.expect("an entry");
        let entry = format!("name = \"m\"\nframe = \"local\"\ntime = \"seconds\"\n{catalogue}");
        let entry = trackweave::ingest::Catalogue::parse(&entry, Path::new("proposed")).expect("a catalogue");
        near("the proposed noise", entry.sensors[0].noise.horizontal_m.expect("noise"), 30.0, 2.5);
    }
}

#[test]
fn turning_is_told_from_noise() {
    let world = World { turning_m2_s3: 25.0, ..SKY };
    let found = inspected(&world, &[PLAIN]);
    let figures = &found.sensors[0].figures;
    value("noise", figures.noise.horizontal_m, 30.0, 4.0);
    near("turning", figures.turning_m2_s3.expect("turning"), 25.0, 10.0);
}

#[test]
fn a_radar_is_described_along_its_own_axes() {
    let radar = True { timing: Timing::Beam, sigma_m: 0.0, polar: Some([45.0, 0.1, 0.0, 0.0]), ..PLAIN };
    let found = inspected(&SKY, &[radar]);
    let figures = &found.sensors[0].figures;
    value("range noise", figures.noise.range_m, 45.0, 5.0);
    value("azimuth noise", figures.noise.azimuth_deg, 0.1, 0.015);
    value("P_D", figures.detection_probability, 0.8, 0.04);
}

#[test]
fn two_sensors_tell_displacement_and_clocks_apart() {
    let second = True { name: "b", off_m: [-120.0, 40.0], clock_s: 0.3, period_s: 5.0, false_rows: 2.0, ..PLAIN };
    let found = inspected(&SKY, &[PLAIN, second]);
    let [pair] = &found.pairs[..] else { panic!("a pair: {:?}", found.pairs) };
    assert!(pair.objects >= 15 && found.unpaired.is_empty(), "{pair:?}");
    near("east", pair.east_m.value, 120.0, 8.0);
    near("north", pair.north_m.value, -40.0, 8.0);
    value("the clock", pair.clock_s, 0.3, 0.04);
    for (of, wanted) in [(pair.east_m, 120.0), (pair.north_m, -40.0), (pair.clock_s.expect("a clock"), 0.3)] {
        assert!((of.value - wanted).abs() < 4.0 * of.error, "{of:?}, wanted {wanted}");
    }
    let told = |what: &str| found.remarks.iter().any(|remark| remark.found.contains(what));
    assert!(told("east and") && told("the times of the second are later by"), "{:?}", found.remarks);
    // Without either, neither is said.
    let found = inspected(&SKY, &[PLAIN, True { name: "b", period_s: 5.0, false_rows: 2.0, ..PLAIN }]);
    assert!(found.remarks.iter().all(|remark| !remark.at.contains("sensors")), "{:?}", found.remarks);
}

#[test]
fn a_bias_of_range_and_azimuth_is_told_from_a_displacement() {
    let radar = True { name: "r", timing: Timing::Beam, sigma_m: 0.0, polar: Some([40.0, 0.08, 300.0, 0.5]), ..PLAIN };
    let found = inspected(&SKY, &[PLAIN, radar]);
    let [pair] = &found.pairs[..] else { panic!("a pair: {:?}", found.pairs) };
    assert!(pair.is_polar, "{pair:?}");
    value("the range's bias", pair.range_m, 300.0, 25.0);
    value("the azimuth's bias", pair.azimuth_deg, 0.5, 0.04);
    let told = found.remarks.iter().find(|remark| remark.at.contains("sensors")).expect("a remark");
    assert!(told.found.contains("too long by") && told.found.contains("too large by"), "{told:?}");
}

#[test]
fn sensors_without_common_objects_make_no_pair() {
    let folder = tempfile::tempdir().expect("a folder");
    let other = True { name: "b", ..PLAIN };
    record(&World { seed: 5, ..SKY }, &[PLAIN, other], folder.path());
    let path = folder.path().join("detections.csv");
    // The second sees other objects.
    let others = tempfile::tempdir().expect("a folder");
    record(&World { seed: 6, ..SKY }, &[PLAIN, other], others.path());
    let of = |folder: &Path, sensor: &str| {
        let text = fs::read_to_string(folder.join("detections.csv")).expect("a file");
        text.lines().filter(|line| line.contains(sensor)).fold(String::new(), |text, line| text + line + "\n")
    };
    let head = "time,sensor,x_m,y_m,range_m,azimuth_deg,identity\n";
    fs::write(&path, head.to_owned() + &of(folder.path(), ",a,") + &of(others.path(), ",b,")).expect("a file");
    let found = look(folder.path());
    assert!(found.pairs.is_empty(), "{:?}", found.pairs);
    let [none] = &found.unpaired[..] else { panic!("why not: {:?}", found.unpaired) };
    assert_eq!(none.sensors, ["a", "b"]);
    assert!(none.why.contains("objects that both may see") || none.why.contains("nearer to an object"), "{none:?}");
    // One after the other in the file: out of order, and said so.
    assert!(found.order.late_rows > 100, "{:?}", found.order);
    let [a, b] = &found.sensors[..] else { panic!("two sensors") };
    value("P_D", a.figures.detection_probability, 0.8, 0.04);
    value("P_D", b.figures.detection_probability, 0.8, 0.04);
}

#[test]
fn whoever_reports_when_it_likes_has_no_looks() {
    // Ships that report every 6 s or every 180 s.
    let world =
        World { objects: 30, edge_m: 2e4, speed_m_s: [2.0, 9.0], turning_m2_s3: 0.01, seconds: 3600.0, seed: 3 };
    let paths = paths(&world);
    let mut random = Random(9);
    let mut all = Vec::new();
    for (ship, path) in paths.iter().enumerate() {
        let mut time = random.uniform(0.0, 180.0);
        while time < world.seconds - 1.0 {
            let [x, y] = at(path, time);
            all.push((
                time,
                format!("{time:.3},a,{:.2},{:.2},,,id{ship}\n", x + 8.0 * random.normal(), y + 8.0 * random.normal()),
            ));
            time += if ship % 2 == 0 { 6.0 } else { 180.0 } * random.uniform(0.8, 1.2);
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    record(&world, &[True { false_rows: 0.0, ..PLAIN }], folder.path());
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let head = "time,sensor,x_m,y_m,range_m,azimuth_deg,identity\n".to_owned();
    fs::write(folder.path().join("detections.csv"), all.into_iter().fold(head, |text, (_, line)| text + &line))
        .expect("a file");
    let found = look(folder.path());
    let [sensor] = &found.sensors[..] else { panic!("one sensor") };
    assert!(sensor.figures.detection_probability.is_none(), "no looks, no misses");
    assert!(found.remarks.iter().any(|remark| remark.wanted.contains("looks = \"reports\"")), "{:?}", found.remarks);
    assert!(found.catalogue.expect("an entry").contains("looks = \"reports\"  # found"));
    value("noise", sensor.figures.noise.horizontal_m, 8.0, 1.5);
    assert_eq!(found.configuration.expect("a proposal").name, "sea");
}

#[test]
fn rows_that_are_there_twice_or_again_or_out_of_place_are_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    record(&World { seconds: 60.0, ..SKY }, &[True { false_rows: 0.0, detects: 1.0, ..PLAIN }], folder.path());
    let path = folder.path().join("detections.csv");
    let text = fs::read_to_string(&path).expect("a file");
    let lines: Vec<&str> = text.lines().collect();
    let mut rows = vec![lines[0].to_owned()];
    for (k, line) in lines.iter().enumerate().skip(1) {
        rows.push((*line).to_owned());
        if k % 10 == 0 {
            rows.push((*line).to_owned());
        }
    }
    rows.push("500,a,9000000,0,,,".to_owned());
    rows.push("510,a,9000000,0,,,".to_owned());
    fs::write(&path, rows.join("\n") + "\n").expect("a file");
    let found = look(folder.path());
    let [sensor] = &found.sensors[..] else { panic!("one sensor") };
    assert_eq!((sensor.duplicates, sensor.repeats, sensor.outside_coverage), ((lines.len() as u64 - 1) / 10, 1, 2));
    near("the longest silence", sensor.silences[0].seconds(), 444.0, 0.1);
    assert_eq!(found.span_us, Some([0, 510_000_000]));
}

#[test]
fn the_same_recording_gives_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    record(&SKY, &[PLAIN, True { name: "b", timing: Timing::Any, ..PLAIN }], folder.path());
    let text = || serde_json::to_string(&look(folder.path())).expect("text");
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
    assert_eq!(alone.install(text), text());
}

#[test]
fn what_is_proposed_is_what_the_configurations_are_for() {
    for fits in FITS {
        let config = RunConfig::chosen(Path::new(fits.name)).expect("a configuration");
        let text = serde_json::to_value(&config).expect("numbers");
        let number = |path: &str| text.pointer(path).and_then(serde_json::Value::as_f64).expect("a number");
        near("the gate", number("/fusion/gate"), GATE, 1e-9);
        let [density, turning] = [
            number("/fusion/undetected/initial_per_km2"),
            number(if fits.falls { "/fusion/motion/q" } else { "/fusion/motion/horizontal" }),
        ];
        assert!(
            (density / fits.per_km2 - 1.0).abs() < 1e-6 && (turning / fits.turning_m2_s3 - 1.0).abs() < 0.3,
            "{fits:?}"
        );
        near(fits.name, number("/fusion/undetected/speed_m_s") * 2.0, fits.speed_m_s, 0.5);
    }
}

/// What a filter makes of the sky with a noise and an intensity that are said.
fn tried(said_m: f64, turning: f64) -> (Consistency, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let sensor = True { false_rows: 2.0, detects: 0.95, ..PLAIN };
    record(&SKY, &[sensor], folder.path());
    let path = folder.path().join("recording.toml");
    let text = fs::read_to_string(&path).expect("a file");
    let text = text
        .replace("horizontal_m = 5.0", &format!("horizontal_m = {said_m:?}"))
        .replace("scan_period_s = 11.0", "scan_period_s = 4.0")
        .replace("detection_probability = 0.99", "detection_probability = 0.95")
        .replace("clutter_per_scan = 0.1", "clutter_per_scan = 2.0");
    fs::write(&path, text).expect("a file");
    // Truth every second.
    let head = "time,object,x_m,y_m\n".to_owned();
    let paths = paths(&SKY);
    let rows = (0..600).flat_map(|time| (0..SKY.objects).map(move |object| (time, object)));
    let truth = rows.fold(head, |text, (time, object)| {
        let [x, y] = at(&paths[object], f64::from(time));
        text + &format!("{time},o{object},{x:.2},{y:.2}\n")
    });
    fs::write(folder.path().join("truth.csv"), truth).expect("a file");
    let air =
        include_str!("../../data/config/air.toml").replace("horizontal = 400.0", &format!("horizontal = {turning:?}"));
    let config = RunConfig::parse(&air, Path::new("test")).expect("a configuration");
    let found = consistency(folder.path(), &config).expect("a run");
    let inspection = look(folder.path());
    let told = verdicts(&found, &inspection, &config);
    (found, told.iter().map(|remark| format!("{}: {}; {}", remark.at, remark.found, remark.wanted)).collect())
}

#[test]
fn innovations_and_errors_are_as_large_as_is_said_where_it_is_true() {
    let (found, told) = tried(30.0, 1.0);
    let [of] = &found.innovations[..] else { panic!("one axis: {found:?}") };
    assert!(of.key == "horizontal_m" && of.rows > 1000, "{of:?}");
    near("NIS", of.nis, 1.0, 0.15);
    near("NEES", found.errors.expect("truth").nees_position, 1.0, 0.25);
    assert!(told.is_empty(), "{told:?}");
}

#[test]
fn a_verdict_names_the_key_that_is_wrong_and_its_value() {
    let (found, told) = tried(12.0, 1.0);
    assert!(found.innovations[0].nis > 2.0, "{found:?}");
    near("the noise that is wanted", found.innovations[0].sigma_wanted.expect("one"), 30.0, 7.0);
    let (_, value) = told[0].split_once("noise is larger than said; try horizontal_m = ").expect("a verdict");
    near("the noise that is proposed", value.parse().expect("a number"), 30.0, 3.0);
    let (found, told) = tried(30.0, 400.0);
    assert!(found.innovations[0].nis < 0.7, "{found:?}");
    assert!(told.iter().any(|told| told.contains("try `fusion.motion.horizontal` = ")), "{told:?}");
}

#[test]
fn a_sensor_that_stands_elsewhere_than_is_said_is_found_beyond_its_neighbours() {
    // Vehicles some hundred metres apart, and a second sensor that is a kilometre off.
    let world = World { objects: 40, edge_m: 4e3, speed_m_s: [5.0, 20.0], turning_m2_s3: 0.1, seconds: 200.0, seed: 4 };
    let sensor = True { sigma_m: 2.0, period_s: 1.0, false_rows: 0.5, detects: 0.95, ..PLAIN };
    let found = inspected(&world, &[sensor, True { name: "b", off_m: [900.0, -500.0], ..sensor }]);
    let [pair] = &found.pairs[..] else { panic!("a pair: {:?}", found.pairs) };
    near("east", pair.east_m.value, -900.0, 5.0);
    near("north", pair.north_m.value, 500.0, 5.0);
}

#[test]
fn of_a_large_recording_an_excerpt_is_looked_at_and_said_so() {
    let world = World { objects: 4000, edge_m: 4e5, seconds: 75.0, ..SKY };
    let sensor = True { sigma_m: 5.0, period_s: 1.0, false_rows: 400.0, timing: Timing::Beam, ..PLAIN };
    let found = inspected(&world, &[sensor]);
    assert!(found.ingest.rows_accepted > 240_000 && found.excerpt.of_rows == found.ingest.rows_accepted);
    assert!(found.excerpt.rows < 200_000 && found.excerpt.stretches == 8 && found.excerpt.disc_share < 1.0);
    let figures = &found.sensors[0].figures;
    near("the period", found.sensors[0].interval.expect("a period").median_s, 1.0, 0.02);
    value("P_D", figures.detection_probability, 0.8, 0.05);
    value("noise", figures.noise.horizontal_m, 5.0, 0.7);
    value("false rows", figures.clutter_per_scan, 400.0, 160.0);
    let extent = found.sensors[0].extent.expect("an extent");
    near("where its rows begin", extent.min[0], -2e5, 1e4);
    near("where they end", extent.max[1], 2e5, 1e4);
}
