//! Non-interference: what a partner may not see, changed, added or deleted, leaves its folder byte-identical; so does
//! what a level of `fuse` hides of what the partner may see.
//!
//! `NONINTERFERENCE_CASES` sets the number of cases on the host (default 1,000) for a long run.

mod change;
mod files;
mod world;

use change::{Change, beneath, changes};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use trackweave::fusion::device::{Context, Options, Wanted};
use trackweave::fusion::executor::Executor;
use trackweave::product::read_picture;
use trackweave::run::{Request, RunConfig, run};
use world::{SUBJECT, World, micros, worlds};

type Files = BTreeMap<PathBuf, Vec<u8>>;

fn config() -> RunConfig {
    let text = include_str!("../../data/config/air.toml")
        .replace("report_period_s = 10.0", "report_period_s = 1.0")
        .replace("cell_km = 10.0", "cell_km = 0.1")
        .replace("horizontal = 400.0", "horizontal = 2.0")
        .replace("initial_per_km2 = 0.001", "initial_per_km2 = 5.0")
        .replace("speed_m_s = 150.0", "speed_m_s = 20.0");
    RunConfig::parse(&text, Path::new("test")).expect("a configuration")
}

/// In memory where there is such a place: thousands of runs wait for the disk otherwise.
fn scratch() -> TempDir {
    let memory = Path::new("/dev/shm");
    let inside = memory.is_dir().then(|| tempfile::tempdir_in(memory).ok()).flatten();
    inside.unwrap_or_else(|| tempfile::tempdir().expect("a folder"))
}

/// Every file of one folder.
fn files(folder: &Path) -> Files {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.map(|path| (path.file_name().expect("a name").into(), std::fs::read(path).expect("a file"))).collect()
}

/// The subject's folder in a world, and how many rows its picture has.
fn subject(world: &World, config: &RunConfig, executor: Executor) -> (Files, usize) {
    subject_at(world, config, executor, world.as_of_s)
}

fn subject_at(world: &World, config: &RunConfig, executor: Executor, as_of_s: f64) -> (Files, usize) {
    let folder = scratch();
    world.write(folder.path());
    let [recording, policy, out] = ["recording", "policy", "out"].map(|name| folder.path().join(name));
    let as_of_us = Some(micros(as_of_s));
    let request = Request { recording: &recording, policy: &policy, out: &out, config, strict: false, as_of_us };
    run(&request, executor, &mut |_| {}).expect("a run");
    let folder = out.join(SUBJECT);
    (files(&folder), read_picture(&folder).expect("a picture").len())
}

fn runner(cases: u32, shard: u8) -> TestRunner {
    let config = ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 64, ..ProptestConfig::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[shard; 32]))
}

/// In how many cases something of interest was there.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    with_tracks: u32,
    mixed: u32,
    /// Full, late, flat, coarse.
    levels: [u32; 4],
    /// Rows that the subject sees were changed where its level hides it, and its picture has rows.
    beneath: u32,
}

/// Runs the property, and counts.
fn hold(cases: u32, shard: u8, executor: impl Fn() -> Executor) -> Counts {
    let config = config();
    let counts = RefCell::new(Counts::default());
    let result = runner(cases, shard).run(&(worlds(), changes(), beneath()), |(world, change, beneath)| {
        let others = world.changed(&change);
        let changed = beneath.iter().fold(others.clone(), |world, change| world.changed(change));
        let (before, rows) = subject(&world, &config, executor());
        let (after, _) = subject(&changed, &config, executor());
        prop_assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
        for (name, bytes) in &before {
            prop_assert!(after.get(name) == Some(bytes), "`{}` differs", name.display());
        }
        let (seen, hidden) = world.seen();
        let mut counts = counts.borrow_mut();
        counts.with_tracks += u32::from(rows > 0);
        counts.beneath += u32::from(rows > 0 && others.rows != changed.rows);
        counts.mixed += u32::from(seen.iter().any(|rows| *rows > 0) && hidden > 0);
        for (count, rows) in counts.levels.iter_mut().zip(seen) {
            *count += u32::from(rows > 0);
        }
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    counts.into_inner()
}

#[test]
fn what_a_partner_may_not_see_moves_no_byte_of_its_folder() {
    let cases = std::env::var("NONINTERFERENCE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000);
    // Independent shards, a thread each: a case spends much of its time in code that uses one core.
    let shards: u8 = 4;
    let counts: Vec<Counts> = std::thread::scope(|scope| {
        let start = |shard| scope.spawn(move || hold(cases / u32::from(shards), shard, Executor::host));
        let running: Vec<_> = (0..shards).map(start).collect();
        running.into_iter().map(|shard| shard.join().expect("a shard")).collect()
    });
    let total = |count: fn(&Counts) -> u32| counts.iter().map(count).sum::<u32>();
    let (with_tracks, mixed) = (total(|c| c.with_tracks), total(|c| c.mixed));
    let beneath = total(|c| c.beneath);
    assert!(beneath > cases / 10, "too few cases change what a level hides: {beneath}");
    assert!(with_tracks > cases / 5 && mixed > cases / 4, "too few cases say anything: {with_tracks}, {mixed}");
    let levels: [u32; 4] = std::array::from_fn(|level| counts.iter().map(|count| count.levels[level]).sum());
    assert!(levels.iter().all(|count| *count > cases / 20), "too few cases have the levels: {levels:?}");
}

#[test]
fn nor_does_it_on_the_device() {
    let wanted = Wanted::Any;
    if let Err(error) = Context::open(wanted) {
        assert!(std::env::var_os("REQUIRE_GPU").is_none(), "no device: {error}");
        return;
    }
    let executor = || Executor::device(Context::open(wanted).expect("a device"), Options::USUAL);
    hold(8, 0, executor);
}

/// A leak: how a world is run in which something that must not matter does.
type Leak = fn(&World) -> (Files, usize);

fn with_config(world: &World, leak: impl FnOnce(&mut RunConfig)) -> (Files, usize) {
    let mut config = config();
    leak(&mut config);
    let (mut files, rows) = subject(world, &config, Executor::host());
    // The manifest names the configuration; the leak must show in the tracks themselves.
    files.remove(Path::new("manifest.json"));
    (files, rows)
}

/// Leaks, planted one at a time, each with the changes that must show it.
#[test]
fn a_planted_leak_is_seen() {
    let hidden: [Leak; 3] = [
        // A threshold and a cell size as an engine might choose them "from the data".
        |world| {
            let prune = 1e-4 * (1.0 + world.rows.len() as f32 / 64.0);
            with_config(world, |config| config.fusion.existence.prune = prune.try_into().expect("a probability"))
        },
        |world| {
            let cell = 0.05 + 1e-3 * world.rows.len() as f32;
            with_config(world, |config| config.fusion.undetected.cell_km = cell.try_into().expect("a length"))
        },
        // The last detection of all, taken for the time of the run.
        |world| {
            let last = world.rows.iter().map(|row| row.time_s).fold(0.0, f64::max);
            subject_at(world, &config(), Executor::host(), last)
        },
    ];
    for leak in hidden {
        seen(leak, &Just(Change::DeleteHidden).boxed());
    }
    // Levels that hide less than they say.
    let finer: Leak = |world| subject(&World { cell_m: 1.0, ..world.clone() }, &config(), Executor::host());
    seen(finer, &[0.0..1.0f64, 0.0..1.0f64].prop_map(Change::MoveInCells).boxed());
    let higher: Leak = |world| subject(&World { omits_height: false, ..world.clone() }, &config(), Executor::host());
    seen(higher, &(5.0..40.0f64).prop_map(Change::LiftFlat).boxed());
}

fn seen(leak: Leak, changes: &BoxedStrategy<Change>) {
    let result = runner(200, 0).run(&(worlds(), changes.clone()), |(world, change)| {
        prop_assert_eq!(leak(&world), leak(&world.changed(&change)));
        Ok(())
    });
    assert!(result.is_err(), "a planted leak went unseen");
}
