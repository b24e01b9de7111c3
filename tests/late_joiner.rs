//! A partner that joins late, and a policy that changes, cost what is new: the lanes of the others come from the cache,
//! and no byte of the output tells whether they did.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use trackweave::fusion::device::{Context, Options, Wanted};
use trackweave::fusion::executor::Executor;
use trackweave::run::{Progress, Request, RunConfig, RunReport, run};

/// Contents by path below the output folder, without the one file that may differ.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// The demo with a policy to change, and a cache.
struct Scene {
    folder: TempDir,
    config: RunConfig,
}

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo")
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let policy = folder.path().join("policy");
        fs::create_dir(&policy).expect("a folder");
        for entry in fs::read_dir(demo().join("policy")).expect("the policy") {
            let entry = entry.expect("a file");
            fs::copy(entry.path(), policy.join(entry.file_name())).expect("a copy");
        }
        Self { folder, config: RunConfig::air().expect("a configuration") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Appends to a file of the policy.
    fn add(&self, file: &str, text: &str) {
        let path = self.path("policy").join(file);
        let before = fs::read_to_string(&path).unwrap_or_default();
        fs::write(path, before + text).expect("a file is written");
    }

    fn run_on(&self, executor: Executor, cache: Option<&Path>) -> (RunReport, Files) {
        let (recording, policy, out) = (demo().join("recording"), self.path("policy"), self.path("out"));
        let request = Request { cache, ..Request::new(&recording, &policy, &out, &self.config) };
        let report = run(&request, executor, &mut |_| {}).unwrap_or_else(|error| panic!("{error}"));
        let mut found = Files::new();
        files(&out, &out, &mut found);
        assert!(found.remove(Path::new("_operator/timings.json")).is_some());
        (report, found)
    }

    /// A run with the cache, whose output must be that of a run without: its files, and partners of lanes that were fused.
    fn run(&self) -> (Files, BTreeSet<String>) {
        let (report, found) = self.run_on(Executor::host(), Some(&self.path("cache")));
        let (alone, wanted) = self.run_on(Executor::host(), None);
        assert!(alone.work.from_cache.iter().all(|stored| !stored) && alone.work.seconds.look_up == 0.0);
        assert_eq!(found.keys().collect::<Vec<_>>(), wanted.keys().collect::<Vec<_>>());
        for (name, bytes) in &wanted {
            assert!(found.get(name) == Some(bytes), "{}: the cache shows", name.display());
        }
        (found, fused(&report))
    }
}

/// The files of a cache.
fn stored(cache: &Path) -> Vec<PathBuf> {
    fs::read_dir(cache).expect("the cache").map(|entry| entry.expect("a file").path()).collect()
}

/// The partners of the lanes that were fused.
fn fused(report: &RunReport) -> BTreeSet<String> {
    assert_eq!(report.lanes.len(), report.work.from_cache.len());
    let lanes = report.lanes.iter().zip(&report.work.from_cache);
    lanes.filter(|(_, stored)| !**stored).flat_map(|(lane, _)| lane.partners.iter().cloned()).collect()
}

fn files(root: &Path, folder: &Path, to: &mut Files) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(root, &path, to);
        } else {
            let name = path.strip_prefix(root).expect("a path below").to_owned();
            to.insert(name, fs::read(&path).expect("a file"));
        }
    }
}

/// The partners whose folders differ.
fn changed(before: &Files, after: &Files) -> BTreeSet<String> {
    let names: BTreeSet<&PathBuf> = before.keys().chain(after.keys()).collect();
    let differ = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    let folder = |name: &PathBuf| name.iter().next().map(|first| first.to_string_lossy().into_owned());
    differ.filter_map(folder).filter(|folder| folder != "_operator").collect()
}

fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

#[test]
fn only_what_is_new_is_fused() {
    let scene = Scene::new();
    let (first, fused) = scene.run();
    // Dogwood may fuse nothing and has no lane.
    assert_eq!(fused, names(["aspen", "birch", "clover"]));
    let (again, fused) = scene.run();
    assert_eq!((changed(&first, &again), fused), (names([]), names([])));

    // A partner joins with rights of its own.
    scene.add("partners.toml", "[[partner]]\nid = \"elm\"\n");
    scene.add(
        "elm.cedar",
        "@id(\"elm-fuses-one\")\npermit (principal == Partner::\"elm\", action == Action::\"fuse_full\", resource)\n\
         when { resource.sensor == \"aspen-west\" };\n\
         @id(\"elm-receives\")\npermit (principal == Partner::\"elm\", action == Action::\"receive_full\", resource);\n",
    );
    let (joined, fused) = scene.run();
    assert_eq!((changed(&again, &joined), fused), (names(["elm"]), names(["elm"])));

    // One joins whose rights another already has.
    scene.add("partners.toml", "[[partner]]\nid = \"fir\"\n");
    scene.add(
        "fir.cedar",
        "@id(\"fir-fuses\")\npermit (principal == Partner::\"fir\", action == Action::\"fuse_full\", resource);\n\
         @id(\"fir-receives\")\npermit (principal == Partner::\"fir\", action == Action::\"receive_coarse\", resource);\n",
    );
    let (both, fused) = scene.run();
    assert_eq!((changed(&joined, &both), fused), (names(["fir"]), names([])));

    // What one receives changes, then what it fuses.
    scene.add(
        "later.cedar",
        "@id(\"elm-receives-little\")\nforbid (principal == Partner::\"elm\", action in Action::\"receive\", resource)\n\
         unless { resource.zones.contains(\"birch-zone\") };\n",
    );
    let (less, fused) = scene.run();
    assert_eq!((changed(&both, &less), fused), (names(["elm"]), names([])));
    scene.add(
        "later.cedar",
        "@id(\"birch-not-by-aspen\")\nforbid (principal == Partner::\"birch\", action in Action::\"fuse\", resource)\n\
         when { resource.owner == \"aspen\" };\n",
    );
    let (last, fused) = scene.run();
    assert_eq!((changed(&less, &last), fused), (names(["birch"]), names(["birch"])));
}

#[test]
fn a_damaged_lane_is_fused_again_and_other_parameters_are_other_lanes() {
    let mut scene = Scene::new();
    let cache = scene.path("cache");
    let (first, wanted) = scene.run_on(Executor::host(), Some(&cache));
    let stored = stored(&cache);
    assert_eq!(stored.len(), first.lanes.len(), "{stored:?}");
    let mut bytes = fs::read(&stored[0]).expect("a lane");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&stored[0], bytes).expect("a lane is written");
    let (report, found) = scene.run_on(Executor::host(), Some(&cache));
    assert_eq!(report.work.from_cache.iter().filter(|stored| !**stored).count(), 1);
    assert!(report.work.damaged == 1 && found == wanted);
    let (report, _) = scene.run_on(Executor::host(), Some(&cache));
    assert!(report.work.damaged == 0 && fused(&report).is_empty());

    scene.config.fusion.existence.confirm = 0.8.try_into().expect("a probability");
    let (report, _) = scene.run_on(Executor::host(), Some(&cache));
    assert!(report.work.from_cache.iter().all(|stored| !stored), "another configuration");
}

#[test]
fn a_recording_that_changes_between_the_passes_is_an_error_and_stores_nothing() {
    let scene = Scene::new();
    let [recording, policy, out, cache] = ["recording", "policy", "out", "cache"].map(|name| scene.path(name));
    fs::create_dir(&recording).expect("a folder");
    let copy = |name: &str| fs::copy(demo().join("recording").join(name), recording.join(name)).expect("a copy");
    copy("recording.toml");
    let head = "time,sensor,latitude_deg,longitude_deg,altitude_m\n";
    let row = |k: u32, longitude_deg: f64| format!("2018-08-01T06:{k:02}:00Z,aspen-west,46.9,{longitude_deg},9000\n");
    for by in [1e-4, 0.0] {
        let [before, after] = [0.0, by].map(|by| {
            let rows: String = (0..10).map(|k| row(k, 7.0 + if k == 7 { by } else { 0.0 })).collect();
            format!("{head}{rows}")
        });
        fs::write(recording.join("detections.csv"), before).expect("detections");
        let request =
            Request { strict: true, cache: Some(&cache), ..Request::new(&recording, &policy, &out, &scene.config) };
        let done = run(&request, Executor::host(), &mut |progress| {
            if let Progress::Comparing(..) = progress {
                fs::write(recording.join("detections.csv"), &after).expect("detections");
            }
        });
        if by > 0.0 {
            let error = done.expect_err("another recording").to_string();
            assert!(error.contains("detections.csv changed while it was read: found "), "{error}");
            assert!(stored(&cache).is_empty() && !out.exists());
        } else {
            done.expect("the same recording");
            assert_eq!(stored(&cache).len(), 1);
        }
    }
}

#[test]
fn what_another_executor_fused_is_not_taken() {
    let open = || Context::open(Wanted::Any);
    if let Err(error) = open() {
        assert!(std::env::var_os("REQUIRE_GPU").is_none(), "no device: {error}");
        return;
    }
    let device = || Executor::device(open().expect("a device"), Options::USUAL);
    let scene = Scene::new();
    let cache = scene.path("cache");
    scene.run_on(Executor::host(), Some(&cache));
    let of_host = stored(&cache);
    let (first, wanted) = scene.run_on(device(), Some(&cache));
    assert!(first.work.from_cache.iter().all(|stored| !stored), "the host's lanes were taken");
    let (again, found) = scene.run_on(device(), Some(&cache));
    assert!(fused(&again).is_empty() && found == wanted);
    // Reports of a lane that is fused come out between those of one that is stored.
    let lane = stored(&cache).into_iter().find(|lane| !of_host.contains(lane)).expect("a lane of the device");
    let bytes = fs::read(&lane).expect("a lane");
    fs::remove_file(&lane).expect("a lane is removed");
    let (again, found) = scene.run_on(device(), Some(&cache));
    assert_eq!(again.work.from_cache.iter().filter(|stored| !**stored).count(), 1);
    assert!(found == wanted && fs::read(&lane).expect("the lane again") == bytes);
}
