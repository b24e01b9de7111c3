//! The whole record: pictures that later detections make better, what they may rest on, whose they are, and that they are
//! better; the detections that tracks took; and which tracks go on as which.

mod rows; // rows of pictures, read back

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, TimestampMicrosecondType, UInt32Type, UInt64Type};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use rows::{Row, rows};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use trackweave::fusion::executor::Executor;
use trackweave::guard::{self, inspect};
use trackweave::ingest::{Options, Order, Recording};
use trackweave::product::read_table;
use trackweave::run::{Request, RunConfig, Smoothing, Stitching, run, track};

const LEVELS: &str = r#"
fuse = [{ level = "fuse_full" }]
receive = [{ level = "receive_full" }, { level = "receive_late", delay = "PT20S" }]
"#;

const SCHEMA: &str = concat!(
    "entity Partner;\n",
    include_str!("../policy/classes.cedarschema"),
    "action fuse;\naction fuse_full in [fuse] appliesTo { principal: Partner, resource: DetectionClass };\n\
     action receive;\n\
     action receive_full, receive_late in [receive] appliesTo { principal: Partner, resource: TrackClass };\n"
);

/// `both` may get tracks that beech has no part in without delay, and all of them late; `apart` gets none that beech has
/// a part in.
const RULES: &str = r#"
@id("fuse") permit (principal, action == Action::"fuse_full", resource);
@id("whole") permit (principal == Partner::"whole", action == Action::"receive_full", resource);
@id("late") permit (principal == Partner::"late", action == Action::"receive_late", resource);
@id("both-now") permit (principal == Partner::"both", action == Action::"receive_full", resource)
unless { resource.contributors.contains("beech") };
@id("both-late") permit (principal == Partner::"both", action == Action::"receive_late", resource);
@id("apart") permit (principal == Partner::"apart", action == Action::"receive_full", resource)
unless { resource.contributors.contains("beech") };
"#;

/// The last detections, and the time of runs.
const END_S: f64 = 80.0;
const AS_OF_US: i64 = 80_000_000;
/// The horizon of who gets something 20 s late.
const HORIZON_US: i64 = 60_000_000;

/// A detection: time, sensor, place.
type Seen = (f64, &'static str, [f64; 2]);

/// Where the objects are.
fn truth(object: usize, time_s: f64) -> [f64; 2] {
    let (from, velocity) = [([150.0, 200.0], [11.0, 3.0]), ([1500.0, 700.0], [-12.0, -4.0])][object];
    [0, 1].map(|k| from[k] + time_s * velocity[k] + 40.0 * (time_s / 9.0 + k as f64).sin())
}

/// Two masts see both objects every two seconds with 10 m of noise; beech's begins to see the first one after 30 s, and never
/// sees the second one.
fn seen() -> Vec<Seen> {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut seen = Vec::new();
    for (offset, mast) in [(0.0, "ash-mast"), (0.7, "beech-mast")] {
        let mut time_s = offset;
        while time_s <= END_S {
            for object in 0..2 {
                let [x, y] = truth(object, time_s).map(|m| {
                    let noise: f64 = StandardNormal.sample(&mut random);
                    m + 10.0 * noise
                });
                let sees = mast == "ash-mast" || (object == 0 && time_s > 30.0);
                if sees && random.random::<f64>() < 0.9 {
                    seen.push((time_s + 0.01 * object as f64, mast, [x, y]));
                }
            }
            time_s += 2.0;
        }
    }
    seen.sort_by(|a, b| a.0.total_cmp(&b.0));
    seen
}

fn config(smoothing: Option<Smoothing>) -> RunConfig {
    let text = include_str!("../../data/config/air.toml")
        .replace("report_period_s = 10.0", "report_period_s = 1.0")
        .replace("cell_km = 10.0", "cell_km = 0.1")
        .replace("horizontal = 400.0", "horizontal = 4.0")
        .replace("initial_per_km2 = 0.001", "initial_per_km2 = 5.0")
        .replace("speed_m_s = 150.0", "speed_m_s = 20.0");
    RunConfig { smoothing, ..RunConfig::parse(&text, Path::new("test")).expect("a configuration") }
}

const WHOLE: Option<Smoothing> = Some(Smoothing { lag_s: None });

fn lagged() -> Smoothing {
    Smoothing { lag_s: Some(6.0_f32.try_into().expect("a length of time")) }
}

struct World {
    folder: TempDir,
    config: RunConfig,
}

impl World {
    fn new(seen: &[Seen], config: RunConfig) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
            fs::write(path, text).expect("a file is written");
        };
        let mut catalogue = "name = \"world\"\nframe = \"local\"\ntime = \"seconds\"\n".to_owned();
        for owner in ["ash", "beech"] {
            let sensor = format!(
                "[[sensor]]\nname = \"{owner}-mast\"\nowner = \"{owner}\"\nkind = \"position\"\n\
                 noise = {{ horizontal_m = 10.0 }}\ndetection_probability = 0.9\nclutter_per_scan = 0.1\n\
                 scan_period_s = 2.0\ncoverage = {{ x_m = [-500.0, 2500.0], y_m = [-500.0, 2500.0] }}\n"
            );
            catalogue += &sensor;
        }
        let mut detections = "time,sensor,x_m,y_m\n".to_owned();
        for (time_s, sensor, [x, y]) in seen {
            writeln!(detections, "{time_s},{sensor},{x},{y}").expect("text");
        }
        write("recording/recording.toml", &catalogue);
        write("recording/detections.csv", &detections);
        let partners = "partner = [{ id = \"whole\" }, { id = \"late\" }, { id = \"both\" }, { id = \"apart\" }]\n";
        for (name, text) in [
            ("policy/schema.cedarschema", SCHEMA),
            ("policy/partners.toml", partners),
            ("policy/levels.toml", LEVELS),
            ("policy/rules.cedar", RULES),
        ] {
            write(name, text);
        }
        Self { folder, config }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs, and has the guard look.
    fn run(&self, out: &str, cache: Option<&Path>) {
        self.run_at(out, cache, Some(AS_OF_US));
    }

    fn run_at(&self, out: &str, cache: Option<&Path>, as_of_us: Option<i64>) {
        let [recording, policy, out] = ["recording", "policy", out].map(|name| self.path(name));
        let request = Request { cache, as_of_us, ..Request::new(&recording, &policy, &out, &self.config) };
        run(&request, Executor::host(), &mut |_| {}).unwrap_or_else(|error| panic!("{error}"));
        let configuration = serde_json::to_value(&self.config).expect("JSON");
        let (configuration, label) = (&configuration, None);
        let (out, policy, recording) = (&*out, &*policy, &*recording);
        let guarded =
            inspect(&guard::Request { out, policy, recording, configuration, as_of_us, label, calibration: None });
        let guarded = guarded.expect("the guard does its work");
        assert!(guarded.breaches.is_empty() && guarded.rows > 0, "{:?}", guarded.breaches);
    }

    fn rows(&self, partner: &str) -> Vec<Row> {
        rows(&self.path("out").join(partner))
    }
}

fn ran(seen: &[Seen], config: RunConfig) -> World {
    let world = World::new(seen, config);
    world.run("out", None);
    world
}

/// The root of the mean squared distance of rows from the object that each is nearest to, metres.
fn error_m(rows: &[Row]) -> f64 {
    let squares = rows.iter().map(|row| {
        let [x, y, _] = row.position_m;
        let apart = |object| {
            let [a, b] = truth(object, row.time_us as f64 * 1e-6);
            (x - a).powi(2) + (y - b).powi(2)
        };
        apart(0).min(apart(1))
    });
    (squares.sum::<f64>() / rows.len() as f64).sqrt()
}

#[test]
fn smoothed_rows_are_nearer_to_the_truth_and_a_lag_is_between() {
    let [filtered, late, smoothed] =
        [None, Some(lagged()), WHOLE].map(|smoothing| ran(&seen(), config(smoothing)).rows("whole"));
    let settled = |rows: &[Row]| {
        let settled: Vec<Row> = rows.iter().filter(|row| row.time_us >= 10_000_000).cloned().collect();
        assert!(settled.len() > 100);
        error_m(&settled)
    };
    let [filtered, late, smoothed] = [filtered, late, smoothed].each_ref().map(|rows| settled(rows));
    eprintln!("{filtered:.2} {late:.2} {smoothed:.2}");
    assert!(smoothed < 0.75 * filtered && late < 0.85 * filtered && smoothed <= late, "{filtered} {late} {smoothed}");
}

#[test]
fn without_a_table_nothing_changes_and_beyond_the_horizon_rows_are_as_the_filter_had_them() {
    let [filtered, smoothed] = [None, WHOLE].map(|smoothing| ran(&seen(), config(smoothing)));
    assert!(filtered.rows("whole").iter().all(|row| row.smoothed.is_none() && row.known_us.is_none()));
    // Who could get something late has a horizon before the end of what it gets at once.
    let by_filter: BTreeMap<(i64, u64), Row> =
        filtered.rows("both").into_iter().map(|row| ((row.time_us, row.track), row)).collect();
    let (mut before, mut beyond) = (0, 0);
    for row in smoothed.rows("both") {
        assert_eq!(row.smoothed, Some(row.time_us <= HORIZON_US), "{row:?}");
        if row.time_us <= HORIZON_US {
            before += 1;
            continue;
        }
        beyond += 1;
        let wanted = &by_filter[&(row.time_us, row.track)];
        assert_eq!((row.known_us, row.filtered_m), (Some(wanted.last_us), Some(wanted.position_m)));
        assert_eq!(Row { smoothed: None, known_us: None, filtered_m: None, ..row }, *wanted);
    }
    assert!(before > 50 && beyond > 15, "{before} {beyond}");
}

/// Beside every smoothed row stands what a run without smoothing shows of its track then, to the bit; nothing before the track's
/// first detection.
#[test]
fn where_the_filter_had_a_track_is_what_a_run_without_smoothing_shows() {
    for seen in [seen(), late_seen()] {
        let by_filter: BTreeMap<(i64, u64), [f64; 3]> = ran(&seen, config(None))
            .rows("whole")
            .into_iter()
            .map(|row| ((row.time_us, row.track), row.position_m))
            .collect();
        for smoothing in [WHOLE, Some(lagged())] {
            let (mut same, mut other, mut early) = (0, 0, 0);
            for row in ran(&seen, config(smoothing)).rows("whole") {
                match (row.filtered_m, by_filter.get(&(row.time_us, row.track))) {
                    (None, None) => early += usize::from(row.last_us > row.time_us),
                    // The filter had it, and did not think it likely enough to show it.
                    (Some(_), None) => other += 1,
                    (found, wanted) => {
                        assert_eq!(found.as_ref(), wanted, "{row:?}");
                        same += 1;
                    }
                }
            }
            assert!(same > 100 && other < same / 10, "{same} {other} {early}");
            assert!(early > 0 || seen.len() > late_seen().len(), "{early}");
        }
    }
}

/// Everything after the horizon is other: nothing that is smoothed moves.
#[test]
fn no_smoothed_row_rests_on_a_detection_after_its_horizon() {
    for smoothing in [WHOLE, Some(lagged())] {
        let before = ran(&seen(), config(smoothing));
        let mut random = ChaCha8Rng::seed_from_u64(9);
        // A look of either mast holds two seconds: those that hold the horizon are left as they are.
        let others: Vec<Seen> = seen()
            .into_iter()
            .map(|(time_s, mast, [x, y])| {
                let by = if time_s < 62.0 { 0.0 } else { random.random_range(-30.0..30.0) };
                (time_s, mast, [x + by, y - by])
            })
            .filter(|(time_s, ..)| *time_s < 62.0 || random_keeps(*time_s))
            .collect();
        let after = ran(&others, config(smoothing));
        for partner in ["late", "both"] {
            let of = |world: &World| -> Vec<Row> {
                world.rows(partner).into_iter().filter(|row| row.smoothed == Some(true)).collect()
            };
            let (found, wanted) = (of(&after), of(&before));
            assert!(wanted.len() > 50 && found == wanted, "{partner}");
            assert!(wanted.iter().all(|row| row.known_us.is_some_and(|known_us| known_us <= HORIZON_US)));
        }
        // Who gets all at once has no such horizon: what came later shows.
        let of = |world: &World| -> Vec<Row> {
            world.rows("whole").into_iter().filter(|row| row.time_us <= HORIZON_US).collect()
        };
        assert_ne!(of(&before), of(&after));
    }
}

fn random_keeps(time_s: f64) -> bool {
    (time_s * 7.3).sin() > -0.5
}

#[test]
fn a_row_before_an_owner_came_is_of_that_owner_too() {
    let world = ran(&seen(), config(WHOLE));
    let early: Vec<Row> = world.rows("whole").into_iter().filter(|row| row.time_us < 25_000_000).collect();
    let has = |rows: &[Row], owner: &str| rows.iter().any(|row| row.contributors.iter().any(|name| name == owner));
    assert!(has(&early, "beech") && early.iter().any(|row| row.contributors == ["ash"]), "{early:?}");
    // By the filter beech had no part then; smoothed it has, so who may not have its tracks has nothing of the first object.
    let filtered = ran(&seen(), config(None));
    let first_object = |rows: Vec<Row>| {
        let near = |row: &Row| (row.position_m[0] - truth(0, row.time_us as f64 * 1e-6)[0]).abs() < 60.0;
        rows.iter().filter(|row| row.time_us < 25_000_000 && near(row)).count()
    };
    assert!(first_object(filtered.rows("apart")) > 10);
    assert_eq!(first_object(world.rows("apart")), 0);
    assert!(world.rows("apart").len() > 30, "the second object stays");
    // With a lag only what comes so soon has a part.
    let lagging = ran(&seen(), config(Some(lagged())));
    let (mut with, mut without) = (0, 0);
    for row in lagging.rows("whole").iter().filter(|row| row.time_us < 24_000_000) {
        assert_eq!(row.contributors, ["ash"], "{row:?}");
        assert!(row.known_us.is_some_and(|known_us| known_us <= row.time_us + 6_000_000), "{row:?}");
        without += 1;
    }
    for row in lagging.rows("whole").iter().filter(|row| (26_000_000..30_000_000).contains(&row.time_us)) {
        with += usize::from(row.contributors.len() == 2);
    }
    assert!(with > 0 && without > 20, "{with} {without}");
}

/// What is seen, but for the second object in the first seconds.
fn late_seen() -> Vec<Seen> {
    seen().into_iter().filter(|(time_s, _, [x, _])| *time_s > 4.0 || *x < 700.0).collect()
}

#[test]
fn a_track_was_there_before_its_first_detection_where_hardly_any_target_is_born() {
    let early = |rows: Vec<Row>| -> Vec<Row> { rows.into_iter().filter(|row| row.last_us > row.time_us).collect() };
    let smoothed = ran(&late_seen(), config(WHOLE));
    let rows = early(smoothed.rows("whole"));
    assert!(rows.len() >= 3, "{rows:?}");
    for row in &rows {
        assert_eq!(row.smoothed, Some(true));
        assert!(row.time_us < 8_100_000 && row.last_us > 4_000_000 && row.known_us.is_some_and(|us| us >= row.last_us));
        let [x, y, _] = row.position_m;
        let [a, b] = truth(1, row.time_us as f64 * 1e-6);
        assert!((x - a).hypot(y - b) < 150.0, "{row:?}");
    }
    // The filter has none, and a lag lets none be earlier than that.
    assert!(early(ran(&late_seen(), config(None)).rows("whole")).is_empty());
    let lagging = early(ran(&late_seen(), config(Some(lagged()))).rows("whole"));
    assert!(!lagging.is_empty() && lagging.iter().all(|row| row.last_us <= row.time_us + 6_000_000), "{lagging:?}");
    // Where many are born it was probably born since the last look.
    let mut busy = config(WHOLE);
    busy.fusion.undetected.births_per_km2_h = 20_000.0;
    let busy = early(ran(&late_seen(), busy).rows("whole"));
    assert!(busy.iter().all(|row| row.last_us - row.time_us < 2_100_000), "{busy:?}");
}

#[test]
fn the_cache_moves_no_byte_of_what_is_smoothed() {
    let world = World::new(&late_seen(), config(WHOLE));
    let cache = world.path("cache");
    for (out, cache) in [("out", None), ("first", Some(&*cache)), ("again", Some(&*cache))] {
        world.run(out, cache);
        for partner in ["whole", "late", "both", "apart"] {
            let files = |out: &str| {
                ["tracks.parquet", "audit.jsonl", "report.html", "manifest.json"]
                    .map(|name| fs::read(world.path(out).join(partner).join(name)).expect("a file"))
            };
            assert!(files(out) == files("out"), "{out}, {partner}");
        }
    }
}

#[test]
fn tracks_in_memory_are_smoothed_alike() {
    // In memory the horizon is the last detection, as in a run without a time.
    let world = World::new(&seen(), config(WHOLE));
    world.run_at("out", None, None);
    let recording = Recording::open(&world.path("recording")).expect("a recording");
    let options = Options { strict: true, rows_per_batch: 1 << 16, order: Order::Required };
    let detections =
        recording.reader(options).and_then(|mut reader| reader.next_batch()).expect("rows").expect("a batch");
    let tracks = track(recording.catalogue(), &detections, &world.config, Executor::host()).expect("tracks");
    let rows: Vec<Row> = world.rows("whole");
    assert!(tracks.len() > 100);
    let mut same = 0;
    for at in &tracks {
        let [x, y, z] = at.estimate.position_m();
        let wanted = rows.iter().find(|row| (row.time_us, row.position_m) == (at.time_us, [x, y, z]));
        assert!(at.smoothed, "{at:?}");
        let is_same = |row: &Row| (row.known_us, row.filtered_m) == (Some(at.as_known_at_us), at.filtered_m);
        same += usize::from(wanted.is_some_and(is_same));
    }
    assert_eq!((same, tracks.len()), (tracks.len(), rows.len()));
}

/// A row of `associations.parquet`: time, track, detection, probability, innovation, how many numbers.
type Association = (i64, u64, u64, f32, Option<f32>, u32);

fn associations(folder: &Path) -> Vec<Association> {
    let mut rows = Vec::new();
    for batch in read_table(&folder.join("associations.parquet")).expect("a table") {
        let batch = batch.expect("rows");
        let column = |name: &str| batch.column_by_name(name).expect("a column");
        let (time, measured) = (column("time").as_primitive::<TimestampMicrosecondType>(), column("measured"));
        let [track, detection] = ["track", "detection"].map(|name| column(name).as_primitive::<UInt64Type>());
        let [probability, innovation] =
            ["probability", "innovation"].map(|name| column(name).as_primitive::<Float32Type>());
        let measured = measured.as_primitive::<UInt32Type>();
        rows.extend((0..batch.num_rows()).map(|row| {
            let innovation = innovation.is_valid(row).then(|| innovation.value(row));
            let (track, detection) = (track.value(row), detection.value(row));
            (time.value(row), track, detection, probability.value(row), innovation, measured.value(row))
        }));
    }
    rows
}

fn associating(smoothing: Option<Smoothing>) -> RunConfig {
    RunConfig { associations: true, ..config(smoothing) }
}

#[test]
fn tracks_take_the_detections_of_their_objects_and_are_off_by_what_they_say() {
    for smoothing in [None, WHOLE] {
        let world = ran(&seen(), associating(smoothing));
        let (all, mut objects): (_, BTreeMap<u64, [usize; 2]>) = (seen(), BTreeMap::new());
        let found = associations(&world.path("out/whole"));
        let (mut taken, mut off, mut numbers) = (BTreeSet::new(), 0.0, 0);
        for (time_us, track, detection, probability, innovation, measured) in found {
            // Whoever may have everything has rows in the order of time.
            let (time_s, _, [x, y]) = all[usize::try_from(detection).expect("a row")];
            #[expect(clippy::cast_possible_truncation, reason = "seconds of a small world")]
            let wanted_us = (time_s * 1e6).round() as i64;
            assert_eq!((time_us, measured), (wanted_us, 2));
            taken.insert(detection);
            let apart = |object| {
                let [a, b] = truth(object, time_s);
                (x - a).hypot(y - b)
            };
            let object = usize::from(apart(1) < apart(0));
            objects.entry(track).or_default()[object] += usize::from(probability > 0.5);
            if let Some(innovation) = innovation.filter(|_| probability > 0.5 && time_s > 20.0) {
                off += f64::from(innovation);
                numbers += measured;
            }
        }
        assert!(taken.len() * 100 > all.len() * 95, "{} of {}", taken.len(), all.len());
        assert!(objects.values().all(|[a, b]| a.min(b) * 50 <= *a.max(b)), "{objects:?}");
        let share = off / f64::from(numbers);
        eprintln!("{numbers} numbers: {share:.2}");
        assert!(numbers > 150 && (0.6..1.4).contains(&share), "{share} of {numbers}");
    }
}

/// Only of tracks that show, and only to whom nothing could be withheld by a level.
#[test]
fn who_gets_which_associations() {
    let world = ran(&seen(), associating(None));
    for partner in ["late", "both"] {
        assert!(!world.path("out").join(partner).join("associations.parquet").exists(), "{partner}");
    }
    let whole: Vec<Association> = associations(&world.path("out/whole"));
    let apart = associations(&world.path("out/apart"));
    let shown: BTreeSet<(i64, u64)> = world.rows("apart").iter().map(|row| (row.time_us, row.track)).collect();
    assert!(apart.len() > 50 && apart.len() < whole.len());
    for row in &apart {
        assert!(whole.contains(row), "{row:?}");
        let report_us = (0..3).map(|k| (row.0 + 999_999) / 1_000_000 * 1_000_000 + k * 1_000_000);
        assert!(report_us.into_iter().any(|report_us| shown.contains(&(report_us, row.1))), "{row:?}");
    }
}

#[test]
fn the_order_of_rows_moves_no_association() {
    let (world, mut rows) = (ran(&seen(), associating(None)), seen());
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for last in (1..rows.len()).rev() {
        rows.swap(last, random.random_range(0..=last));
    }
    let other = ran(&rows, associating(None));
    for partner in ["whole", "apart"] {
        let bytes =
            |world: &World| fs::read(world.path("out").join(partner).join("associations.parquet")).expect("a table");
        assert!(bytes(&world) == bytes(&other), "{partner}");
    }
}

/// A row of `links.parquet`: the tracks, when the one ended and the other one began, and how probably they are one.
type Link = ([u64; 2], [i64; 2], f32);

fn links(folder: &Path) -> Vec<Link> {
    let mut rows = Vec::new();
    for batch in read_table(&folder.join("links.parquet")).expect("a table") {
        let batch = batch.expect("rows");
        let column = |name: &str| batch.column_by_name(name).expect("a column");
        let tracks = ["from", "to"].map(|name| column(name).as_primitive::<UInt64Type>());
        let times = ["ended", "began"].map(|name| column(name).as_primitive::<TimestampMicrosecondType>());
        let probability = column("probability").as_primitive::<Float32Type>();
        rows.extend(
            (0..batch.num_rows())
                .map(|row| (tracks.map(|of| of.value(row)), times.map(|of| of.value(row)), probability.value(row))),
        );
    }
    rows
}

fn stitching(smoothing: Option<Smoothing>) -> RunConfig {
    let half = 0.5_f32.try_into().expect("a probability");
    let gap_max_s = 30.0_f32.try_into().expect("a length of time");
    let stitching = Stitching { gap_max_s, found_again: half, probability_min: half, join: smoothing.is_some() };
    let mut config = config(smoothing);
    // Tracks end while nothing is seen.
    config.fusion.existence.position_sigma_max_m = 70.0_f32.try_into().expect("a length");
    RunConfig { stitching: Some(stitching), ..config }
}

/// Neither mast sees anything from 24 to 44 s, while it looks: tracks end, and beech sees the first object from then on.
fn interrupted() -> Vec<Seen> {
    seen().into_iter().filter(|(time_s, ..)| !(24.0..44.0).contains(time_s)).collect()
}

/// The object that a track is nearest to at its first row, and the times of its first and last rows, from its first detection on.
fn lives(rows: &[Row]) -> BTreeMap<u64, (usize, [i64; 2])> {
    let mut lives: BTreeMap<u64, (usize, [i64; 2])> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.last_us <= row.time_us) {
        let apart = |object| {
            let [x, y] = truth(object, row.time_us as f64 * 1e-6);
            (row.position_m[0] - x).hypot(row.position_m[1] - y)
        };
        let object = usize::from(apart(1) < apart(0));
        lives.entry(row.track).or_insert((object, [row.time_us; 2])).1[1] = row.time_us;
    }
    lives
}

#[test]
fn tracks_that_were_lost_are_joined_with_those_that_began_again() {
    for smoothing in [None, WHOLE] {
        let world = ran(&interrupted(), stitching(smoothing));
        let lives = lives(&world.rows("whole"));
        let found = links(&world.path("out/whole"));
        let objects: BTreeSet<usize> = found.iter().map(|(tracks, ..)| lives[&tracks[0]].0).collect();
        assert_eq!(objects.len(), 2, "{found:?} of {lives:?}");
        for ([from, to], [ended_us, began_us], probability) in found {
            let ((object, [_, last_us]), (other, [first_us, _])) = (lives[&from], lives[&to]);
            assert_eq!((object, began_us), (other, first_us));
            assert!(ended_us <= last_us && ended_us < began_us && probability > 0.5, "{ended_us} {last_us} {began_us}");
        }
    }
}

/// As far as its picture goes, and between tracks that it shows.
#[test]
fn who_gets_which_links() {
    for smoothing in [None, WHOLE] {
        let world = ran(&interrupted(), stitching(smoothing));
        let [whole, late, apart] = ["whole", "late", "apart"].map(|of| links(&world.path("out").join(of)));
        // Of its first object beech sees what goes on.
        let lives = lives(&world.rows("apart"));
        assert!(!apart.is_empty() && apart.iter().all(|(tracks, ..)| lives[&tracks[0]].0 == 1), "{apart:?}");
        let pairs = |links: &[Link]| links.iter().map(|(tracks, ..)| *tracks).collect::<Vec<_>>();
        assert_eq!(pairs(&late), pairs(&whole), "all are known by its horizon");
        // 20 s late, at 55 s: what began again is not yet there. With what others see at once nothing changes.
        world.run_at("early", None, Some(55_000_000));
        let [whole, late] = ["whole", "late"].map(|of| links(&world.path("early").join(of)));
        assert_eq!((whole.len(), late.len()), (2, 0));
    }
}

#[test]
fn the_order_of_rows_moves_no_link_and_what_is_withheld_neither() {
    let (world, mut rows) = (ran(&interrupted(), stitching(WHOLE)), interrupted());
    rows.reverse();
    let other = ran(&rows, stitching(WHOLE));
    let bytes = |world: &World, partner: &str| {
        fs::read(world.path("out").join(partner).join("links.parquet")).expect("a table")
    };
    for partner in ["whole", "late", "both", "apart"] {
        assert!(bytes(&world, partner) == bytes(&other, partner), "{partner}");
    }
    // What is seen later than somebody's horizon moves nothing.
    let early: Vec<Seen> = interrupted().into_iter().filter(|(time_s, ..)| *time_s <= 60.0).collect();
    let early = ran(&early, stitching(WHOLE));
    assert!(bytes(&world, "late") == bytes(&early, "late"));
}
