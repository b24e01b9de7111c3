//! Leaks, planted one at a time, each with the change that must show it.

use crate::runs::{Manner, Outcome};
use crate::worlds::change::Case;
use crate::worlds::{Level, Tuning, World};
use trackweave::fusion::executor::Executor;
use trackweave::run::RunConfig;

/// How a world is run in which something that must not matter does.
type Leak = fn(&World) -> Outcome;

/// Seeds among which a leak must be seen.
const SEEDS: std::ops::Range<u64> = 0..400;

fn with_config(world: &World, leak: impl FnOnce(&mut RunConfig)) -> Outcome {
    let mut manner = Manner::of(world);
    leak(&mut manner.config);
    let mut outcome = run(&manner, world);
    // The manifest names the configuration; the leak must show in the tracks themselves.
    outcome.files.retain(|name, _| name.extension().is_some_and(|extension| extension == "parquet"));
    outcome
}

fn run(manner: &Manner, world: &World) -> Outcome {
    manner.run(world, &Executor::host()).expect("a run")
}

/// The rows of a world as its levels would give them if they hid less.
fn with_levels(world: &World, change: impl Fn(&mut Level)) -> Outcome {
    let mut world = world.clone();
    world.fuse.iter_mut().for_each(change);
    run(&Manner::of(&world), &world)
}

/// What is planted, how a run leaks it, and the change that must show it.
const LEAKS: [(&str, &str, Leak); 9] = [
    ("a threshold from the number of all rows", "delete all hidden rows", |world| {
        let prune = 1e-4 * (1.0 + world.rows.len() as f32 / 64.0);
        with_config(world, |config| config.fusion.existence.prune = prune.try_into().expect("a probability"))
    }),
    ("the size of cells from the number of all rows", "delete all hidden rows", |world| {
        let cell = 0.05 + 1e-3 * world.rows.len() as f32;
        with_config(world, |config| config.fusion.undetected.cell_km = cell.try_into().expect("a length"))
    }),
    ("the last row of all taken for the time of the run", "retime hidden rows", |world| {
        let last = world.rows.iter().map(|row| row.time_us).max();
        let world = World { as_of_us: world.as_of_us.and(last), ..world.clone() };
        run(&Manner::of(&world), &world)
    }),
    ("a threshold from the number of sensors", "add a sensor", |world| {
        let report = 0.4 + 0.01 * world.sensors.len() as f32;
        with_config(world, |config| config.fusion.existence.report = report.try_into().expect("a probability"))
    }),
    ("a threshold from the number of periods", "add a period", |world| {
        let report = 0.4 + 0.01 * world.periods.len() as f32;
        with_config(world, |config| config.fusion.existence.report = report.try_into().expect("a probability"))
    }),
    ("a threshold from the number of partners", "add a partner", |world| {
        let report = 0.4 + 0.01 * world.partners.len() as f32;
        with_config(world, |config| config.fusion.existence.report = report.try_into().expect("a probability"))
    }),
    ("the probability of links from the number of all rows", "delete all hidden rows", |world| {
        let found_again = 0.3 + 1e-3 * world.rows.len() as f32;
        let world = World { tuning: Tuning { stitching: true, ..world.tuning }, ..world.clone() };
        let mut outcome = with_config(&world, |config| {
            let stitching = config.stitching.as_mut().expect("links");
            stitching.found_again = found_again.min(0.9).try_into().expect("a probability");
        });
        outcome.files.retain(|name, _| name.ends_with("links.parquet"));
        outcome
    }),
    ("cells that are finer than the level says", "beneath", |world| {
        with_levels(world, |level| level.cell_m = level.cell_m.map(|_| 1.0))
    }),
    ("heights that the level leaves out", "beneath", |world| {
        with_levels(world, |level| level.omit.retain(|part| part != "height"))
    }),
];

#[test]
fn a_planted_leak_is_seen() {
    for (what, change, leak) in LEAKS {
        let seen = SEEDS.into_iter().find(|seed| {
            let pair = Case::from_seed(*seed).with(change).pair();
            (pair.beneath || !pair.done.is_empty()) && leak(&pair.before).same(&leak(&pair.after)).is_err()
        });
        let seen = seen.unwrap_or_else(|| panic!("{what}: went unseen"));
        eprintln!("{what}: seen at seed {seen}");
    }
}
