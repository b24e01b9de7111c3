//! Non-interference: what a partner may not see, changed, added or deleted, leaves its folder byte-identical.
//!
//! `NONINTERFERENCE_CASES` sets the number of cases on the host (default 256) for a long run.

mod world;

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use trackweave::fusion::device::{Context, KERNELS, Options, Runner, Wanted};
use trackweave::fusion::executor::{Executor, STAGES};
use trackweave::product::read_picture;
use trackweave::run::{Request, RunConfig, run};
use world::{Change, SUBJECT, World, changes, worlds};

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

/// Every file of one folder.
fn files(folder: &Path) -> Files {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.map(|path| (path.file_name().expect("a name").into(), std::fs::read(path).expect("a file"))).collect()
}

/// The subject's folder in a world, and how many rows its picture has.
fn subject(world: &World, config: &RunConfig, executor: Executor) -> (Files, usize) {
    let folder = tempfile::tempdir().expect("a folder");
    world.write(folder.path());
    let [recording, policy, out] = ["recording", "policy", "out"].map(|name| folder.path().join(name));
    let request =
        Request { recording: &recording, policy: &policy, out: &out, config, strict: false, as_of_us: None };
    run(&request, executor, &mut |_| {}).expect("a run");
    let folder = out.join(SUBJECT);
    (files(&folder), read_picture(&folder).expect("a picture").len())
}

fn runner(cases: u32) -> TestRunner {
    let config = ProptestConfig { cases, failure_persistence: None, max_shrink_iters: 64, ..ProptestConfig::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Runs the property; returns how often the subject's picture had rows, and the recording hidden rows beside seen ones.
fn hold(cases: u32, executor: impl Fn() -> Executor) -> (u32, u32) {
    let config = config();
    let counts = RefCell::new((0, 0));
    let result = runner(cases).run(&(worlds(), changes()), |(world, change)| {
        let changed = world.changed(&change);
        let (before, rows) = subject(&world, &config, executor());
        let (after, _) = subject(&changed, &config, executor());
        prop_assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
        for (name, bytes) in &before {
            prop_assert!(after.get(name) == Some(bytes), "`{}` differs", name.display());
        }
        let (seen, hidden) = world.seen_and_hidden();
        let mut counts = counts.borrow_mut();
        counts.0 += u32::from(rows > 0);
        counts.1 += u32::from(seen > 0 && hidden > 0);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
    counts.into_inner()
}

#[test]
fn what_a_partner_may_not_see_moves_no_byte_of_its_folder() {
    let cases = std::env::var("NONINTERFERENCE_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(256);
    let (with_tracks, mixed) = hold(cases, Executor::host);
    assert!(with_tracks > cases / 4 && mixed > cases / 4, "too few cases say anything: {with_tracks}, {mixed}");
}

#[test]
fn nor_does_it_on_the_device() {
    let wanted = Wanted::Any;
    if let Err(error) = Context::open(wanted) {
        assert!(std::env::var_os("REQUIRE_GPU").is_none(), "no device: {error}");
        return;
    }
    let executor = || {
        let context = Context::open(wanted).expect("a device");
        let runner = Runner::new(context, KERNELS, Options::LARGEST).expect("kernels");
        Executor::device(Box::new(runner), STAGES.len())
    };
    hold(8, executor);
}

/// Leaks, planted one at a time by a configuration that depends on all rows: each must be seen.
#[test]
fn a_planted_leak_is_seen() {
    // An iteration bound, a threshold and a cell size as an engine might choose them "from the data".
    let leaks: [fn(&World, &mut RunConfig); 2] = [
        |world, config| {
            let prune = 1e-4 * (1.0 + world.rows.len() as f32 / 64.0);
            config.fusion.existence.prune = prune.try_into().expect("a probability");
        },
        |world, config| {
            let cell = 0.05 + 1e-3 * world.rows.len() as f32;
            config.fusion.undetected.cell_km = cell.try_into().expect("a length");
        },
    ];
    for leak in leaks {
        let result = runner(64).run(&worlds(), |world| {
            let changed = world.changed(&Change::DeleteHidden);
            let folder = |of: &World| {
                let mut config = config();
                leak(of, &mut config);
                let (mut files, _) = subject(of, &config, Executor::host());
                // The manifest names the configuration; the leak must show in the tracks themselves.
                files.remove(Path::new("manifest.json"));
                files
            };
            prop_assert_eq!(folder(&world), folder(&changed));
            Ok(())
        });
        assert!(result.is_err(), "a planted leak went unseen");
    }
}
