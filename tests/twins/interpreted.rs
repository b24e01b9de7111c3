//! The same comparisons on an interpreter instead of a driver: bit for bit under every schedule, and no race on the way.
//!
//! What is known and left is listed in [`KNOWN`].

use crate::smooth::Moves;
use crate::waves::{Covers, PLAIN, Sensor, World, agree, same_tracks};
use crate::{cases, changed, models, open, orbits, smooth, turns};
use libtest_mimic::{Failed, Trial};
use std::cell::RefCell;
use std::collections::BTreeSet;
use trackweave::fusion::config::Mode;
use trackweave::fusion::device::{AdapterReport, Context, KERNELS, Kind, Options};
use trackweave::fusion::executor::Executor;
use trackweave::fusion::stage::Stage;
use trackweave::fusion::{predict, update};
use trackweave::refine::Interval;
use trackweave_interpreter::{Fault, Finding, Interpreter, Journal, Options as How, Schedule, Stores};

thread_local! {
    /// What stands for a device in this thread.
    static INTERPRETER: RefCell<Option<Interpreter>> = const { RefCell::new(None) };
}

/// A device of this thread's interpreter, if it has one.
pub(crate) fn context() -> Option<Context> {
    INTERPRETER.with_borrow(|interpreter| interpreter.as_ref().map(context_of))
}

/// A device that interprets.
pub(crate) fn context_of(interpreter: &Interpreter) -> Context {
    let (device, queue) = interpreter.open();
    let report = AdapterReport {
        name: "interpreter".to_owned(),
        kind: Kind::Software,
        backend: "naga".to_owned(),
        driver: "none".to_owned(),
        binding_bytes_max: 128 << 20,
        buffer_bytes_max: 1 << 30,
        storage_buffers_max: 10,
        workgroup_size_max: 256,
        workgroup_bytes_max: 16 << 10,
        timestamps: false,
        lacks: None,
        auto: false,
    };
    Context::over(device, queue, report)
}

/// Does `work` with an interpreter for a device; gives what that found.
fn interpreted(how: How, work: &dyn Fn() -> Result<(), Failed>) -> (Result<(), Failed>, Journal) {
    let interpreter = Interpreter::new(how);
    INTERPRETER.set(Some(interpreter.clone()));
    let done = work();
    INTERPRETER.set(None);
    (done, interpreter.journal())
}

/// What is run: a stage by itself, waves, waves backwards.
type Work = Box<dyn Fn() -> Result<(), Failed> + Send + Sync>;

fn works() -> Vec<(&'static str, Work)> {
    let soft = World { mode: Mode::Soft, ..PLAIN };
    let whole = |world: World| -> Work { Box::new(move || agree(world, Options::USUAL)) };
    let all = Some(Options::USUAL);
    let (predicted, updated) = (predict::predict::<f32>, update::update::<f32>);
    let backward = |moves: Moves| -> Work {
        Box::new(move || smooth::agrees((moves, Interval::Fixed), Options::USUAL, &smooth::waves(moves, 65, 1, None)))
    };
    let forced = |number: usize| -> Work {
        let (stage, (twin, _)) = orbits::FORCED[number];
        Box::new(move || orbits::agrees_forced((stage, twin), Options::USUAL, &orbits::forced(65, 1, None)))
    };
    vec![
        ("predict", Box::new(move || crate::agrees(Stage::Predict, predicted, all, &cases::wave(65, 1)))),
        ("update", Box::new(move || crate::agrees(Stage::Update, updated, all, &cases::wave(65, 1)))),
        (
            "predict::models",
            Box::new(move || models::agrees((Stage::Predict, predicted), all, &models::tracks(65, 1, 3))),
        ),
        ("update::models", Box::new(move || models::agrees((Stage::Update, updated), all, &models::tracks(65, 1, 3)))),
        (
            "predict::turns_and_levels",
            Box::new(move || models::agrees((Stage::Predict, predicted), all, &models::tracks(65, 1, 4))),
        ),
        (
            "update::turns_and_levels",
            Box::new(move || models::agrees((Stage::Update, updated), all, &models::tracks(65, 1, 4))),
        ),
        (
            "predict::turns",
            Box::new(move || crate::agrees(Stage::Predict, predicted, all, &turns::turning(cases::wave(65, 1)))),
        ),
        (
            "update::turns",
            Box::new(move || crate::agrees(Stage::Update, updated, all, &turns::turning(cases::wave(65, 1)))),
        ),
        ("predict::orbits", Box::new(move || orbits::agrees(all, &orbits::flights(65, 1)))),
        ("predict::orbit_models", forced(0)),
        ("update::orbit_models", forced(1)),
        ("smooth::flat", backward(Moves::Flat)),
        ("smooth::round", backward(Moves::Round)),
        ("smooth::orbits", backward(Moves::Orbits)),
        ("smooth::turn", backward(Moves::Turn)),
        ("smooth::levels", backward(Moves::Levels)),
        ("smooth::turns", backward(Moves::Turns)),
        ("smooth::forced", backward(Moves::Forced)),
        ("waves::assign::n33", whole(World { objects: 33, ..PLAIN })),
        ("waves::assign::n65", whole(World { objects: 65, ..PLAIN })),
        ("waves::soft::n65", whole(World { objects: 65, ..soft })),
        ("waves::soft::belief_alone", whole(World { exact_max: 0, ..soft })),
        ("waves::assign::components", whole(World { components: true, ..PLAIN })),
        ("waves::assign::radar", whole(World { sensor: Sensor::Radar, ..PLAIN })),
        ("waves::assign::views", whole(World { views: 3, covers: Covers::Shaped, objects: 65, ..PLAIN })),
        (
            "waves::soft::shaped_addresses",
            whole(World { covers: Covers::Shaped, addresses: true, objects: 65, ..soft }),
        ),
        ("waves::assign::models", whole(World { models: 2, objects: 33, ..PLAIN })),
        ("waves::assign::turns_and_levels", whole(World { models: 4, objects: 33, ..PLAIN })),
        ("waves::assign::turns", whole(World { models: turns::ALONE, objects: 33, ..PLAIN })),
        (
            "waves::soft::orbits",
            Box::new(|| {
                let of = |executor| orbits::fuse((1, Mode::Soft, Sensor::Position), executor);
                same_tracks(&of(Executor::device(open()?, Options::USUAL))?, &of(Executor::host())?)
            }),
        ),
    ]
}

/// How many more seeds are tried: what `KERNEL_SEEDS` says; else 4, and none of whole waves, which take seconds each.
fn seeds(name: &str) -> u64 {
    let asked = std::env::var("KERNEL_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    asked.unwrap_or(if name.starts_with("waves") { 0 } else { 4 })
}

/// Indices past the end that are known, by kernel and line: fields of lanes are rounded up to whole blocks, and the cells that are
/// none ask for what no mask has; nobody reads what comes of it.
const KNOWN: [(&str, &str); 2] = [
    ("misdetect", "seen = share[look.cover + (i - grounds[l].first)];"),
    ("misdetect", "seen = share[view.cover + cell];"),
];

/// Faults that are not known.
fn unknown(journal: &Journal) -> Vec<String> {
    let known = |finding: &Finding| {
        finding.fault == Fault::OutOfBounds && KNOWN.contains(&(finding.kernel.as_str(), finding.line.as_str()))
    };
    let found = journal.findings.keys().filter(|finding| !known(finding));
    found.map(ToString::to_string).collect()
}

/// Bit for bit what the twin gives, and nothing found.
fn clean(how: How, work: &Work) -> Result<Journal, Failed> {
    let (done, journal) = interpreted(how, work);
    done.map_err(|error| format!("{how:?}: {error:?}"))?;
    let faults = unknown(&journal);
    if faults.is_empty() { Ok(journal) } else { Err(format!("{how:?}: {}", faults.join("; ")).into()) }
}

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for (name, work) in works() {
        trials.push(Trial::test(format!("interpreted::{name}"), move || {
            clean(How::default(), &work)?;
            clean(How { schedule: Schedule::AllAtOnce, ..How::default() }, &work)?;
            clean(How { schedule: Schedule::Seeded, stores: Stores::AtBarriers, ..How::default() }, &work)?;
            for seed in 0..seeds(name) {
                clean(How { seed, schedule: Schedule::Seeded, ..How::default() }, &work)?;
            }
            Ok(())
        }));
    }
    trials.push(Trial::test("interpreted::every_kernel_is_run", || {
        let mut run = BTreeSet::new();
        for (_, work) in works() {
            run.extend(interpreted(How::default(), &work).1.counts.into_keys());
        }
        let missing: Vec<&str> = KERNELS.iter().map(|kernel| kernel.name).filter(|name| !run.contains(*name)).collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("not run: {missing:?}").into()) }
    }));
    for kernel in ["reduce", "scan_sums", "downsweep", "exact"] {
        trials.push(Trial::test(format!("interpreted::a_barrier_left_out_is_seen::{kernel}"), move || {
            let kernels = changed(&[(kernel, "workgroupBarrier();".to_owned(), String::new())]);
            let world = World { mode: Mode::Soft, objects: 65, ..PLAIN };
            let work = move || agree(world, Options { kernels, ..Options::USUAL });
            let (_, journal) = interpreted(How { schedule: Schedule::Seeded, ..How::default() }, &work);
            let races = |finding: &Finding| matches!(finding.fault, Fault::RaceWithinWorkgroup { .. });
            match journal.findings.keys().find(|finding| races(finding) && finding.kernel == kernel) {
                Some(_) => Ok(()),
                None => Err("it went unseen".into()),
            }
        }));
    }
    trials.push(Trial::test("interpreted::nothing_hangs_on_num_workgroups", || {
        // More workgroups than one dimension has.
        let predicted = predict::predict::<f32>;
        let options = Some(Options { workgroup_size: 1, ..Options::USUAL });
        let work: Work = Box::new(move || crate::agrees(Stage::Predict, predicted, options, &cases::wave(66_000, 5)));
        clean(How { forgets_num_workgroups: true, ..How::default() }, &work).map(|_| ())
    }));
    if std::env::var_os("KERNEL_COUNTS").is_some() {
        trials.push(Trial::test("interpreted::counts", counts));
    }
    trials
}

/// Prints what the kernels of a settled picture read and write.
#[expect(clippy::print_stderr, reason = "asked for")]
fn counts() -> Result<(), Failed> {
    let world = World { objects: 400, ..PLAIN };
    let (done, journal) = interpreted(How::default(), &|| agree(world, Options::USUAL));
    done?;
    eprintln!("{:>24} {:>10} {:>12} {:>12} {:>10}", "kernel", "dispatches", "words read", "written", "atomics");
    for (kernel, of) in &journal.counts {
        let (read, written, atomics) = (of.words_read, of.words_written, of.atomics);
        eprintln!("{kernel:>24} {:>10} {read:>12} {written:>12} {atomics:>10}", of.dispatches);
    }
    Ok(())
}
