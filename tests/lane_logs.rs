//! Logs of lanes give the output of a run, byte for byte, wherever and in whatever order they were made; logs of anything
//! else, and files that are not what was written, give an error and leave the old output.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs;
use std::ops::{ControlFlow, Range};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use trackweave::fusion::device::{Context, Options, Wanted};
use trackweave::fusion::executor::Executor;
use trackweave::lane_log::{Entry, Folder, MAGIC, Reader};
use trackweave::product::read_batches;
use trackweave::run::{
    Besides, FusedLanes, Progress, Request, RunConfig, RunError, RunReport, Seals, Smoothing, Stitching, assemble,
    fuse_lanes, run,
};

/// Contents by path below a folder.
type Files = BTreeMap<PathBuf, Vec<u8>>;

const CATALOGUE: &str = r#"
name = "lanes"
frame = "local"
time = "seconds"
[[sensor]]
name = "mast"
owner = "ash"
kind = "position"
noise = { horizontal_m = 5.0 }
detection_probability = 0.9
clutter_per_scan = 0.5
scan_period_s = 1.0
coverage = { x_m = [-200.0, 1300.0], y_m = [-200.0, 1300.0] }
[[sensor]]
name = "pole"
owner = "beech"
kind = "position"
noise = { horizontal_m = 8.0 }
detection_probability = 0.8
clutter_per_scan = 0.5
scan_period_s = 1.5
coverage = { x_m = [-200.0, 1300.0], y_m = [-200.0, 1300.0] }
"#;
/// Ash and beech fuse their own, cedar all, dogwood what cedar does, elm nothing.
const PARTNERS: &str =
    "partner = [{ id = \"ash\" }, { id = \"beech\" }, { id = \"cedar\" }, { id = \"dogwood\" }, { id = \"elm\" }]\n";
const RULES: &str = r#"
@id("own-ash") permit (principal == Partner::"ash", action == Action::"fuse_full", resource) when { resource.owner == "ash" };
@id("own-beech") permit (principal == Partner::"beech", action == Action::"fuse_full", resource) when { resource.owner == "beech" };
@id("all-cedar") permit (principal == Partner::"cedar", action == Action::"fuse_full", resource);
@id("all-dogwood") permit (principal == Partner::"dogwood", action == Action::"fuse_full", resource);
@id("rows") permit (principal, action == Action::"receive_full", resource);
"#;

/// A recording, a policy and a configuration, and a folder for what is made of them.
struct Scene {
    folder: TempDir,
    recording: PathBuf,
    policy: PathBuf,
    config: RunConfig,
}

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo")
}

fn vehicles() -> RunConfig {
    RunConfig::chosen(Path::new("vehicles")).expect("it is built in")
}

/// Some seconds of objects that two sensors see, false detections among them.
fn detections(shift_m: f64) -> String {
    let mut rows = vec!["time,sensor,x_m,y_m".to_owned()];
    for (sensor, period_s, late_s) in [("mast", 1.0, 0.1), ("pole", 1.5, 0.4)] {
        for look in 0..20_i32 {
            let time = f64::from(look) * period_s + late_s;
            for (object, (x, speed)) in (0..).zip([(150.0, 12.0), (800.0, -9.0), (400.0, 20.0)]) {
                // Now and then one is missed; one ends before the others.
                if (look + 2 * object) % 7 != 3 && (object != 2 || look < 9) {
                    let at = x + speed * time + shift_m;
                    rows.push(format!("{time},{sensor},{at},{}", x + 3.0 * time));
                }
            }
            rows.push(format!("{time},{sensor},{},{}", 37 * look % 900, 53 * look % 700));
        }
    }
    rows.join("\n") + "\n"
}

impl Scene {
    /// The recording and policy above.
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let [recording, policy] = ["recording", "policy"].map(|name| folder.path().join(name));
        for path in [&recording, &policy] {
            fs::create_dir(path).expect("a folder");
        }
        fs::write(recording.join("recording.toml"), CATALOGUE).expect("a file");
        fs::write(recording.join("detections.csv"), detections(0.0)).expect("a file");
        for name in ["schema.cedarschema", "levels.toml"] {
            fs::copy(demo().join("policy").join(name), policy.join(name)).expect("a file");
        }
        for (name, text) in [("partners.toml", PARTNERS), ("rules.cedar", RULES)] {
            fs::write(policy.join(name), text).expect("a file");
        }
        let config = vehicles();
        Self { folder, recording, policy, config }
    }

    /// Those of the demo.
    fn of_demo() -> Self {
        let probability = |of: f32| of.try_into().expect("a probability");
        let gap_max_s = 120.0_f32.try_into().expect("a length of time");
        let stitching =
            Stitching { gap_max_s, found_again: probability(0.5), probability_min: probability(0.5), join: true };
        let config = RunConfig { stitching: Some(stitching), ..RunConfig::air().expect("a configuration") };
        let [recording, policy] = ["recording", "policy"].map(|name| demo().join(name));
        Self { folder: tempfile::tempdir().expect("a folder"), recording, policy, config }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn request<'a>(&'a self, out: &'a Path) -> Request<'a> {
        Request::new(&self.recording, &self.policy, out, &self.config)
    }

    /// A run that keeps logs, if anywhere.
    fn run(&self, executor: &Executor, keep_logs: Option<&Path>) -> (RunReport, Files) {
        self.run_with(executor, (keep_logs, None))
    }

    /// One that keeps logs and a cache, if anywhere.
    fn run_with(&self, executor: &Executor, (keep_logs, cache): (Option<&Path>, Option<&Path>)) -> (RunReport, Files) {
        let out = self.path("out");
        let request = Request { keep_logs, cache, ..self.request(&out) };
        let report = run(&request, executor.clone(), &mut |_| {}).unwrap_or_else(|error| panic!("{error}"));
        (report, output(&out))
    }

    #[expect(clippy::result_large_err, reason = "the error of a run")]
    fn fuse(&self, executor: &Executor, lanes: Option<Range<usize>>, logs: &Path) -> Result<FusedLanes, RunError> {
        fuse_lanes(&self.request(logs), lanes, executor, &mut |_| ControlFlow::Continue(()))
    }

    #[expect(clippy::result_large_err, reason = "the error of a run")]
    fn assemble(&self, logs: &[&Path]) -> Result<(RunReport, Files), RunError> {
        let out = self.path("assembled");
        let by = (logs, &Executor::host());
        let report = assemble(&self.request(&out), by, Seals::default(), &mut |_| ControlFlow::Continue(()))?;
        Ok((report, output(&out)))
    }
}

/// The files of an output, without the one that may differ.
fn output(out: &Path) -> Files {
    let mut found = files(out);
    assert!(found.remove(Path::new("_operator/timings.json")).is_some());
    found
}

fn files(root: &Path) -> Files {
    fn add(root: &Path, folder: &Path, to: &mut Files) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                add(root, &path, to);
            } else {
                to.insert(path.strip_prefix(root).expect("below").to_owned(), fs::read(&path).expect("a file"));
            }
        }
    }
    let mut to = Files::new();
    add(root, root, &mut to);
    to
}

fn same(found: &Files, wanted: &Files) {
    assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>());
    for (name, bytes) in wanted {
        assert!(found.get(name) == Some(bytes), "{}: another file than that of a run", name.display());
    }
}

/// However logs of a scene come about, its output is that of a run.
fn any_way_gives_the_output_of_a_run(scene: &Scene, executor: &Executor, lanes: usize) {
    let (_, wanted) = scene.run(executor, None);
    let kept = scene.path("kept");
    let (report, found) = scene.run(executor, Some(&kept));
    assert_eq!(report.lanes.len(), lanes);
    same(&found, &wanted);
    let (report, found) = scene.assemble(&[&kept]).expect("an output");
    assert!(report.work.from_cache.iter().all(|stored| *stored) && report.work.fusion.waves == 0);
    same(&found, &wanted);

    // By several calls, the last lanes first, into two folders.
    let [first, second] = ["first", "second"].map(|name| scene.path(name));
    let fused = scene.fuse(executor, Some(lanes - 1..lanes), &first).expect("a log");
    assert_eq!((fused.lanes, fused.logged.len()), (lanes, 1));
    assert!(!fused.logged[0].was_there && fused.logged[0].lane == lanes - 1);
    scene.fuse(executor, Some(0..1), &second).expect("a log");
    if lanes > 2 {
        scene.fuse(executor, Some(1..lanes - 1), &first).expect("logs");
    }
    let (_, found) = scene.assemble(&[&second, &first]).expect("an output");
    same(&found, &wanted);
    let mut apart = files(&first);
    apart.extend(files(&second));
    same(&apart, &files(&kept));

    // What is there is not made again.
    let again = scene.fuse(executor, None, &kept).expect("logs");
    assert!(again.logged.iter().all(|lane| lane.was_there) && again.work.fusion.waves == 0);
    let (report, found) = scene.run(executor, Some(&kept));
    assert!(report.work.from_cache.iter().all(|stored| *stored));
    same(&found, &wanted);
}

#[test]
fn logs_of_some_lanes_give_the_output_of_a_run() {
    any_way_gives_the_output_of_a_run(&Scene::new(), &Executor::host(), 3);
}

/// Over the whole record and with a lag; with rows before the first detections, and places of the filter.
#[test]
fn logs_of_lanes_that_are_smoothed_give_the_output_of_a_run() {
    for lag_s in [None, Some(4.0_f32.try_into().expect("a length of time"))] {
        let mut scene = Scene::new();
        scene.config.smoothing = Some(Smoothing { lag_s });
        scene.config.fusion.undetected.births_per_km2_h = 0.1;
        // One object is not seen at first.
        let is_seen = |line: &&str| {
            let numbers: Vec<f64> = line.split(',').filter_map(|cell| cell.parse().ok()).collect();
            !matches!(numbers[..], [time_s, _, y] if time_s < 4.0 && y > 750.0)
        };
        let seen: Vec<String> = detections(0.0).lines().filter(is_seen).map(str::to_owned).collect();
        fs::write(scene.recording.join("detections.csv"), seen.join("\n") + "\n").expect("a file");
        any_way_gives_the_output_of_a_run(&scene, &Executor::host(), 3);
        let (mut early, mut rows) = (0, 0);
        for batch in read_batches(&scene.path("out/cedar")).expect("a picture") {
            let batch = batch.expect("rows");
            let nulls = |name: &str| batch.column_by_name(name).expect("a column").null_count();
            early += nulls("filtered_x_m");
            rows += batch.num_rows() - nulls("as_known_at");
        }
        assert!(early > 0 && rows > 50, "{early} of {rows} rows before first detections");
    }
}

/// Whatever a cache has, a run with it keeps the logs of one without, and the cache serves the next run.
#[test]
fn logs_and_a_cache_are_kept_together() {
    for smoothing in [None, Some(Smoothing::default())] {
        let mut scene = Scene::new();
        scene.config.smoothing = smoothing;
        let host = Executor::host();
        let [kept, first, second, third, cache] =
            ["kept", "first", "second", "third", "cache"].map(|name| scene.path(name));
        let (_, wanted) = scene.run(&host, Some(&kept));
        let run = |logs: Option<&Path>, served: bool| {
            let (report, found) = scene.run_with(&host, (logs, Some(&cache)));
            same(&found, &wanted);
            assert_eq!(report.work.from_cache, [served; 3]);
            assert_eq!(report.work.fusion.waves == 0, served);
            assert!(report.work.unstored.is_none(), "{:?}", report.work.unstored);
            if let Some(logs) = logs {
                same(&files(logs), &files(&kept));
            }
        };
        // A cache with reports alone has to get logs.
        run(None, false);
        run(Some(&first), false);
        run(Some(&second), true);
        run(Some(&second), true);
        run(None, true);
        // A log that is damaged is made again, in either folder.
        let damage = |folder: &Path| {
            let path = by_lane(folder).swap_remove(1);
            let mut bytes = fs::read(&path).expect("a log");
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(&path, bytes).expect("a file");
        };
        damage(&second);
        run(Some(&second), true);
        damage(&cache);
        let (report, _) = scene.run_with(&host, (Some(&third), Some(&cache)));
        assert_eq!(report.work.from_cache, [true, false, true]);
        same(&files(&third), &files(&kept));
        same(&files(&cache), &files(&kept));
        // Another run of the same lanes: its logs say so, and are those of one without a cache.
        fs::write(scene.policy.join("rules.cedar"), format!("{RULES}// A word.\n")).expect("a file");
        let [alone, beside] = ["alone", "beside"].map(|name| scene.path(name));
        scene.run(&host, Some(&alone));
        let (report, _) = scene.run_with(&host, (Some(&beside), Some(&cache)));
        assert_eq!(report.work.from_cache, [true; 3]);
        same(&files(&beside), &files(&alone));
        assert!(files(&alone) != files(&kept));
        scene.assemble(&[&beside]).expect("an output");
    }
}

#[test]
fn logs_of_the_demo_give_its_output() {
    any_way_gives_the_output_of_a_run(&Scene::of_demo(), &Executor::host(), 2);
}

#[test]
fn logs_of_a_device_give_the_output_of_a_run_on_it() {
    match Context::open(Wanted::Any) {
        Ok(context) => {
            let executor = Executor::device(context, Options::USUAL);
            any_way_gives_the_output_of_a_run(&Scene::new(), &executor, 3);
        }
        Err(error) => assert!(std::env::var_os("REQUIRE_GPU").is_none(), "no device: {error}"),
    }
}

/// A log has every wave of its lane, and what it reports are the tracks of its waves.
#[test]
fn a_log_has_every_wave() {
    let scene = Scene::new();
    let logs = scene.path("logs");
    let fused = scene.fuse(&Executor::host(), None, &logs).expect("logs");
    let mut waves_of = Vec::new();
    for (path, head) in Folder::heads(&logs).expect("heads") {
        let made = head.log.expect("a log");
        assert_eq!(made.existence_min, scene.config.fusion.existence.prune);
        let mut reader = Reader::open(&path).expect("a log");
        let (mut waves, mut taken, mut reports) = (0, 0, 0);
        loop {
            match reader.entry().expect("an entry") {
                Entry::Wave { taken: of, .. } => {
                    waves += 1;
                    taken += of.len();
                }
                Entry::Report { .. } => reports += 1,
                Entry::End(accounts) => {
                    assert!(accounts.confirmed > 20 && waves > 15 && taken > 40 && reports > 2, "lane {}", made.lane);
                    break;
                }
            }
        }
        waves_of.push((made.lane, waves));
    }
    waves_of.sort_unstable();
    // Ash has the looks of one sensor, beech those of the other, cedar both, up to the last detection of either.
    assert_eq!(waves_of, [(0, 20), (1, 20), (2, 29 + 20)]);
    assert_eq!(fused.logged[2].partners, ["cedar", "dogwood"]);
}

/// The error of assembling, which leaves what was there.
fn refused(scene: &Scene, logs: &[&Path], parts: &[&str]) {
    let before = files(&scene.path("assembled"));
    let error = scene.assemble(logs).expect_err(parts[0]);
    assert!(matches!(error, RunError::LaneLog(_)), "{error:?}");
    let text = error.to_string();
    assert!(parts.iter().all(|part| text.contains(part)), "{parts:?}: {text}");
    assert!(files(&scene.path("assembled")) == before, "the old output is touched");
}

/// Writes a file that says it is whole.
fn write(path: &Path, body: &[u8]) {
    let digests = body.chunks(65_536).flat_map(Sha256::digest).collect::<Vec<u8>>();
    fs::write(path, [body, &digests, &Sha256::digest(&digests)[..]].concat()).expect("a file");
}

/// A file without what says that it is whole.
fn body(bytes: &[u8]) -> &[u8] {
    let blocks = (bytes.len() - 32).div_ceil(65_536 + 32);
    &bytes[..bytes.len() - 32 * (blocks + 1)]
}

/// The logs in a folder, by the numbers of their lanes.
fn by_lane(logs: &Path) -> Vec<PathBuf> {
    let mut heads = Folder::heads(logs).expect("heads");
    heads.sort_by_key(|(_, head)| head.log.as_ref().map(|made| made.lane));
    heads.into_iter().map(|(path, _)| path).collect()
}

#[test]
fn other_logs_are_refused_and_leave_the_old_output() {
    let mut scene = Scene::new();
    let logs = scene.path("logs");
    scene.fuse(&Executor::host(), None, &logs).expect("logs");
    let honest = files(&logs);
    scene.assemble(&[&logs]).expect("an output");
    let of_lane = by_lane(&logs);
    let heal = || {
        fs::remove_dir_all(&logs).expect("the folder");
        fs::create_dir(&logs).expect("a folder");
        for (name, bytes) in &honest {
            fs::write(logs.join(name), bytes).expect("a file");
        }
    };

    // A changed byte, in the middle and in the head; a cut.
    let whole = fs::read(&of_lane[1]).expect("a log");
    for place in [whole.len() / 2, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        fs::write(&of_lane[1], bytes).expect("a file");
        refused(&scene, &[&logs], &["other bytes than its digests say, in bytes ", "wanted a lane as it was written"]);
    }
    fs::write(&of_lane[1], &whole[..whole.len() / 2]).expect("a file");
    refused(&scene, &[&logs], &["other bytes than its digests say: it is cut"]);
    fs::write(&of_lane[1], b"trackweave lane 6\n").expect("a file");
    refused(&scene, &[&logs], &["cannot read the head of the lane"]);
    heal();

    // A lane that is not there, twice, or of no lane.
    fs::remove_file(&of_lane[2]).expect("a file");
    refused(&scene, &[&logs], &["found no log of lane 2", "one of each of 3 lanes"]);
    heal();
    let copy = scene.path("copy");
    fs::create_dir(&copy).expect("a folder");
    fs::copy(&of_lane[0], copy.join("x.lane")).expect("a copy");
    refused(&scene, &[&logs, &copy], &["x.lane: found a log of lane 0, wanted one alone"]);

    // Lanes that change places, in their heads, with digests that are right.
    let swapped = |from: &Path, [before, after]: [&str; 2]| {
        let bytes = fs::read(from).expect("a log");
        let body = body(&bytes);
        let at = body.windows(before.len()).position(|part| part == before.as_bytes()).expect("it is there");
        assert!(at > MAGIC.len() && before.len() == after.len());
        [&body[..at], after.as_bytes(), &body[at + before.len()..]].concat()
    };
    for (lane, words) in [(0, ["\"lane\":0", "\"lane\":1"]), (1, ["\"lane\":1", "\"lane\":0"])] {
        write(&of_lane[lane], &swapped(&of_lane[lane], words));
    }
    refused(&scene, &[&logs], &["found a log of a lane 0 with other detections: ", "wanted"]);
    heal();
    // What a file is called says nothing.
    let [zeroth, first] = [0, 1].map(|lane: usize| fs::read(&of_lane[lane]).expect("a log"));
    fs::write(&of_lane[0], first).expect("a file");
    fs::write(&of_lane[1], zeroth).expect("a file");
    scene.assemble(&[&logs]).expect("an output");
    heal();

    // Another time, configuration, policy, recording, program.
    let out = scene.path("assembled");
    let later = Request { as_of_us: Some(50_000_000), ..scene.request(&out) };
    let error =
        assemble(&later, (&[&logs], &Executor::host()), Seals::default(), &mut |_: Progress| ControlFlow::Continue(()));
    let error = error.expect_err("another time").to_string();
    assert!(error.contains("found a log of time (--as-of) none, wanted 50000000 us"), "{error}");
    scene.config.fusion.existence.confirm = 0.81.try_into().expect("a probability");
    refused(&scene, &[&logs], &["found a log of configuration ", "give the logs of this run alone"]);
    scene.config = vehicles();
    fs::write(scene.policy.join("rules.cedar"), format!("{RULES}// A word.\n")).expect("a file");
    refused(&scene, &[&logs], &["found a log of policy "]);
    fs::write(scene.policy.join("rules.cedar"), RULES).expect("a file");
    fs::write(scene.recording.join("detections.csv"), detections(0.5)).expect("a file");
    refused(&scene, &[&logs], &["found a log of recording "]);
    fs::write(scene.recording.join("detections.csv"), detections(0.0)).expect("a file");
    write(&of_lane[0], &swapped(&of_lane[0], ["\"executor\":\"host\"", "\"executor\":\"hosu\""]));
    refused(&scene, &[&logs], &["found a log of executor ", "wanted "]);
    heal();
    let (_, found) = scene.assemble(&[&logs]).expect("an output");
    same(&found, &scene.run(&Executor::host(), None).1);
}

#[test]
fn lanes_that_there_are_not_prices_of_logs_and_folders_in_outputs_are_errors() {
    let scene = Scene::new();
    let logs = scene.path("logs");
    let error = scene.fuse(&Executor::host(), Some(1..4), &logs).expect_err("no such lanes").to_string();
    assert_eq!(error, "lanes 1..4: found 3 lanes under this policy, numbered from 0, wanted some of them");
    scene.run(&Executor::host(), None);
    let inside = scene.path("out/ash/logs");
    let error = scene.fuse(&Executor::host(), None, &inside).expect_err("in an output").to_string();
    assert!(error.contains("found a folder of lanes in the output") && !inside.exists(), "{error}");
    let out = scene.path("assembled");
    let priced = Request { besides: Besides { prices: true, ..Besides::default() }, ..scene.request(&out) };
    let error = assemble(&priced, (&[&logs], &Executor::host()), Seals::default(), &mut |_| ControlFlow::Continue(()));
    assert!(matches!(error, Err(RunError::PricesOfLogs)) && !out.exists());
}

/// A run that is told to stop leaves whole logs and no others, and goes on from them.
#[test]
fn what_was_stopped_goes_on() {
    let scene = Scene::new();
    let logs = scene.path("logs");
    scene.fuse(&Executor::host(), Some(0..1), &logs).expect("a log");
    let before = files(&logs);
    let stopped = fuse_lanes(&scene.request(&logs), None, &Executor::host(), &mut |progress| match progress {
        Progress::Fusing(rows, _) if rows > 0 => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    // All rows are one batch: it is told to stop before what is still open is fused, or not at all.
    assert!(matches!(stopped, Err(RunError::Stopped)), "{stopped:?}");
    assert!(files(&logs) == before, "half a log is there");
    scene.fuse(&Executor::host(), None, &logs).expect("logs");
    same(&scene.assemble(&[&logs]).expect("an output").1, &scene.run(&Executor::host(), None).1);
}
