//! Non-interference: what a partner may not see, changed, added or deleted, leaves its folder byte-identical; so does
//! what a level of `fuse` hides of what the partner may see.
//!
//! `NONINTERFERENCE_CASES` sets the number of cases (default 1,000) for a long run.

mod change;
mod files;
mod world;

use change::{Change, beneath, changes};
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
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
    let (files, rows, _) = subject_at(world, config, (executor, None), world.as_of_s);
    (files, rows)
}

/// The same at another time, and whether its lane was fused: it may be in the cache.
fn subject_at(
    world: &World,
    config: &RunConfig,
    (executor, cache): (Executor, Option<&Path>),
    as_of_s: f64,
) -> (Files, usize, bool) {
    let folder = scratch();
    world.write(folder.path());
    let [recording, policy, out] = ["recording", "policy", "out"].map(|name| folder.path().join(name));
    let as_of_us = Some(micros(as_of_s));
    let request = Request { as_of_us, cache, ..Request::new(&recording, &policy, &out, config) };
    let report = run(&request, executor, &mut |_| {}).expect("a run");
    let mut lanes = report.lanes.iter().zip(&report.work.from_cache);
    let fused = lanes.any(|(lane, stored)| !stored && lane.partners.iter().any(|partner| partner == SUBJECT));
    let folder = out.join(SUBJECT);
    (files(&folder), read_picture(&folder).expect("a picture").len(), fused)
}

fn runner(cases: u32, shard: u32) -> TestRunner {
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&shard.to_le_bytes());
    let config = ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 64, ..ProptestConfig::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

/// In how many cases something of interest was there.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    with_tracks: u32,
    mixed: u32,
    /// The subject has tracks and sees who may act on them.
    holders: u32,
    /// Full, late, flat, coarse.
    levels: [u32; 4],
    /// Rows that the subject sees were changed where its level hides it, and its picture has rows.
    beneath: u32,
}

impl Counts {
    fn add(&mut self, other: &Self) {
        self.with_tracks += other.with_tracks;
        self.mixed += other.mixed;
        self.holders += other.holders;
        self.beneath += other.beneath;
        self.levels.iter_mut().zip(other.levels).for_each(|(sum, count)| *sum += count);
    }
}

/// Runs the property, and counts.
fn hold(cases: u32, shard: u32, executor: impl Fn() -> Executor) -> Counts {
    let config = config();
    let counts = RefCell::new(Counts::default());
    let caches = proptest::bool::weighted(0.1);
    let result =
        runner(cases, shard).run(&(worlds(), changes(), beneath(), caches), |(world, change, beneath, cached)| {
            let others = world.changed(&change);
            let changed = beneath.iter().fold(others.clone(), |world, change| world.changed(change));
            // In some cases the second run finds what the first one fused: nothing hidden is in a lane's digest either.
            let cache = cached.then(scratch);
            let subject = |world| {
                let cache = cache.as_ref().map(TempDir::path);
                subject_at(world, &config, (executor(), cache), world.as_of_s)
            };
            let (before, rows, _) = subject(&world);
            let (after, _, fused) = subject(&changed);
            prop_assert!(!(cached && fused), "the lane is not found in the cache");
            prop_assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
            for (name, bytes) in &before {
                prop_assert!(after.get(name) == Some(bytes), "`{}` differs", name.display());
            }
            let (seen, hidden) = world.seen();
            let mut counts = counts.borrow_mut();
            counts.with_tracks += u32::from(rows > 0);
            counts.beneath += u32::from(rows > 0 && others.rows != changed.rows);
            counts.holders += u32::from(rows > 0 && world.sees_holders);
            counts.mixed += u32::from(seen.iter().any(|rows| *rows > 0) && hidden > 0);
            for (count, rows) in counts.levels.iter_mut().zip(seen) {
                *count += u32::from(rows > 0);
            }
            Ok(())
        });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    counts.into_inner()
}

/// How many cases on the host; on a device, where a run begins with compiling the kernels, one for every hundred.
fn cases() -> u32 {
    std::env::var("NONINTERFERENCE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000)
}

/// Cases with one seed.
const SHARD: u32 = 250;

#[test]
fn what_a_partner_may_not_see_moves_no_byte_of_its_folder() {
    let cases = cases();
    let (shards, next) = (u32::max(cases / SHARD, 1), AtomicU32::new(0));
    // Some threads, each with a shard after another: a case spends much of its time in code that uses one core.
    let work = || {
        let mut done = Counts::default();
        loop {
            let shard = next.fetch_add(1, Ordering::Relaxed);
            if shard >= shards {
                return done;
            }
            done.add(&hold(cases.min(SHARD), shard, Executor::host));
            if shards > 4 {
                eprintln!("shard {shard} of {shards} holds");
            }
        }
    };
    let mut total = Counts::default();
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..4).map(|_| scope.spawn(work)).collect();
        for thread in running {
            total.add(&thread.join().expect("a shard"));
        }
    });
    eprintln!("{total:?}");
    let Counts { with_tracks, mixed, holders, levels, beneath } = total;
    assert!(holders > cases / 10, "too few cases show who may act: {holders}");
    assert!(beneath > cases / 10, "too few cases change what a level hides: {beneath}");
    assert!(with_tracks > cases / 5 && mixed > cases / 4, "too few cases say anything: {with_tracks}, {mixed}");
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
    hold(cases() / 100, 0, executor);
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
            let (files, rows, _) = subject_at(world, &config(), (Executor::host(), None), last);
            (files, rows)
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
