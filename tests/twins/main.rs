//! Kernels against their twins, on whatever device there is: a named trial for every stage and case.
//!
//! `predict` and `update` are compared by themselves on arrays made up for it; every stage is compared in whole waves
//! (`waves.rs`). A software driver is taken before a GPU, because there the comparison is of bits; `TWINS_ADAPTER` names
//! another. Without an adapter the trials are ignored, in sight; with `REQUIRE_GPU=1` they fail.

mod addresses;
mod cases;
mod compare;
mod device;
mod interpreted;
mod logs;
mod models;
mod orbits;
mod poison;
mod smooth;
mod traps;
mod turns;
mod waves;

use cases::{setups, states, wave};
use compare::{Tolerance, WRITTEN, compare, written};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use poison::{Poison, spoilt};
use std::process::ExitCode;
use std::sync::{LazyLock, Mutex, PoisonError};
use trackweave::fusion::arrays::{Arrays, BLOCK, Host};
use trackweave::fusion::config::Config;
use trackweave::fusion::device::kernels::WORKGROUP_SIZE;
use trackweave::fusion::device::{Context, DeviceError, DeviceLanes, KERNELS, Kernel, Options, Wanted};
use trackweave::fusion::stage::Stage;
use trackweave::fusion::{predict, update};
use wide::f32x8;

/// Around a block (32), a workgroup (64), and many.
pub(crate) const SIZES: [usize; 9] = [0, 1, 31, 32, 33, 63, 64, 65, 1000];
pub(crate) const SEEDS: [u64; 3] = [1, 2, 3];

pub(crate) type Twin = fn(&mut Arrays<Host>);

/// Stages that are one kernel over tracks, their twins, and these in blocks of eight.
pub(crate) const SINGLE: [(Stage, Twin, Twin); 2] = [
    (Stage::Predict, predict::predict::<f32>, predict::predict::<f32x8>),
    (Stage::Update, update::update::<f32>, update::update::<f32x8>),
];

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for (stage, twin, eight) in SINGLE {
        trials.extend(agreement(stage, twin, eight));
        trials.extend(harness(stage, twin));
    }
    trials.extend(device::trials());
    trials.extend(waves::trials());
    trials.extend(orbits::trials());
    trials.extend(smooth::trials());
    trials.extend(models::trials());
    trials.extend(turns::trials());
    trials.extend(traps::trials());
    trials.extend(interpreted::trials());
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The kernel does what its twin does.
fn agreement(stage: Stage, twin: Twin, eight: Twin) -> Vec<Trial> {
    let name = stage.name();
    let mut trials = Vec::new();
    for size in SIZES {
        for seed in SEEDS {
            trials.push(trial(format!("{name}::n{size}::seed{seed}"), move || {
                agrees(stage, twin, None, &wave(size, seed))
            }));
        }
    }
    for poison in Poison::ALL {
        let exact = if poison.makes_denormals() { denormal_trial } else { exact_trial };
        trials.push(exact(format!("{name}::poisoned::{poison:?}").to_lowercase(), move || {
            SEEDS.into_iter().try_for_each(|seed| agrees(stage, twin, None, &spoilt(300, seed, poison)))
        }));
    }
    for workgroup_size in [32, 128, 256] {
        trials.push(trial(format!("{name}::workgroup_size{workgroup_size}"), move || {
            agrees(stage, twin, Some(Options { workgroup_size, ..Options::USUAL }), &wave(1000, 4))
        }));
    }
    trials.push(trial(format!("{name}::in_two_dimensions"), move || {
        // More workgroups than one dimension has.
        agrees(stage, twin, Some(Options { workgroup_size: 1, ..Options::USUAL }), &wave(66_000, 5))
    }));
    trials.push(Trial::test(format!("{name}::blocks_of_eight"), move || {
        let spoilt = Poison::ALL.map(|poison| spoilt(300, 1, poison));
        for mut one in SEEDS.into_iter().map(|seed| wave(300, seed)).chain(spoilt) {
            let mut block = one.clone();
            twin(&mut one);
            eight(&mut block);
            written(&block, &one, Tolerance::Bits)?;
        }
        Ok(())
    }));
    trials
}

/// The comparison sees what is wrong.
fn harness(stage: Stage, twin: Twin) -> Vec<Trial> {
    let name = stage.name();
    let mut trials: Vec<Trial> = WRITTEN
        .into_iter()
        .map(|field| {
            Trial::test(format!("{name}::a_wrong_bit_of_{}_is_seen", field.name()), move || {
                let (mut wrong, right) = (wave(100, 6), wave(100, 6));
                match field.name() {
                    "tile" => wrong.tile[77] ^= 1,
                    "mean" => wrong.mean[77] = flipped(wrong.mean[77]),
                    "covariance" => wrong.covariance[77] = flipped(wrong.covariance[77]),
                    _ => wrong.odds[77] = flipped(wrong.odds[77]),
                }
                let census = compare(field, &wrong, &right, Tolerance::Bits).ok_or("a wrong bit went unseen")?;
                let text = census.to_string();
                let wanted = format!("1 of {} differ; the worst is [77]: kernel ", compare::words(field, &right).len());
                if text.contains(&wanted) && text.contains(", 1 ") { Ok(()) } else { Err(text.into()) }
            })
        })
        .collect();
    trials.push(trial(format!("{name}::a_perturbed_input_is_seen"), move || {
        let mut found = wave(100, 7);
        *found.mean.last_mut().ok_or("no tracks")? += 1.0;
        found.mean[0] += found.mean[0] * 1e-3;
        run(stage, None, &mut found)?;
        let mut wanted = wave(100, 7);
        twin(&mut wanted);
        match written(&found, &wanted, tolerance()?) {
            Ok(()) => Err("an error of 0.1 % went unseen".into()),
            Err(_) => Ok(()),
        }
    }));
    trials.push(trial(format!("{name}::a_wrong_kernel_is_seen"), move || {
        let options = Options { kernels: planted(stage), ..Options::USUAL };
        let (mut found, mut wanted) = (wave(100, 8), wave(100, 8));
        run(stage, Some(options), &mut found)?;
        twin(&mut wanted);
        match written(&found, &wanted, tolerance()?) {
            Ok(()) => Err("a wrong kernel went unseen".into()),
            Err(_) => Ok(()),
        }
    }));
    trials
}

fn flipped(x: f32) -> f32 {
    f32::from_bits(x.to_bits() ^ 1)
}

/// All kernels, one of this stage with a small fault in its formula.
pub(crate) fn planted(stage: Stage) -> &'static [Kernel] {
    let (kernel, from, to) = match stage {
        Stage::Predict => ("predict", "noise(q.vv, q.extra_vv, u)", "noise(q.vv, q.extra_pv, u)"),
        Stage::Gate => ("search", "innovation.x < gate", "innovation.x < 0.5 * gate"),
        Stage::Cluster => ("unite", "unite_both(track, first_track[edges[e].detection]);", ""),
        Stage::Associate => ("assignment_weights", "nothing = 1.0 / (1.0 + weight)", "nothing = 1.0 / (1.5 + weight)"),
        Stage::Update => ("update", "spread * outer(dx, dx)", "share * outer(dx, dx)"),
        Stage::Manage => ("init_births", "let ratio = r / (1.0 - r);", "let ratio = r;"),
    };
    changed(&[(kernel, from.to_owned(), to.to_owned())])
}

/// All kernels, with another text in some of them.
pub(crate) fn changed(changes: &[(&str, String, String)]) -> &'static [Kernel] {
    let mut kernels = KERNELS.to_vec();
    for (kernel, from, to) in changes {
        let known = kernels.iter_mut().find(|known| known.name == *kernel).expect("it exists");
        assert!(known.wgsl.contains(from), "`{kernel}` has no `{from}`");
        known.wgsl = known.wgsl.replace(from, to).leak();
    }
    kernels.leak()
}

pub(crate) fn agrees(stage: Stage, twin: Twin, options: Option<Options>, wave: &Arrays<Host>) -> Result<(), Failed> {
    let (mut found, mut wanted) = (wave.clone(), wave.clone());
    run(stage, options, &mut found)?;
    twin(&mut wanted);
    Ok(written(&found, &wanted, tolerance()?)?)
}

/// The same of a batch of another configuration.
pub(crate) fn agrees_as(
    config: Config,
    (stage, twin): (Stage, Twin),
    options: Option<Options>,
    wave: &Arrays<Host>,
) -> Result<(), Failed> {
    let (mut found, mut wanted) = (wave.clone(), wave.clone());
    let setups = setups();
    let fields: Vec<_> = setups.iter().collect();
    let mut lanes = DeviceLanes::new(open()?, config, &fields, options.unwrap_or(Options::USUAL))?;
    lanes.stage(stage, &mut found, &states(), &fields)?;
    twin(&mut wanted);
    Ok(written(&found, &wanted, tolerance()?)?)
}

/// Runs a stage by itself; the default options share one open device.
fn run(stage: Stage, options: Option<Options>, arrays: &mut Arrays<Host>) -> Result<(), String> {
    static SHARED: LazyLock<Result<Mutex<DeviceLanes>, String>> =
        LazyLock::new(|| lanes(Options::USUAL).map(Mutex::new));
    let setups = setups();
    let fields: Vec<_> = setups.iter().collect();
    let done = match options {
        None => {
            let shared = SHARED.as_ref().map_err(Clone::clone)?;
            shared.lock().unwrap_or_else(PoisonError::into_inner).stage(stage, arrays, &states(), &fields)
        }
        Some(options) => lanes(options)?.stage(stage, arrays, &states(), &fields),
    };
    done.map_err(|error| error.to_string())
}

/// The lanes of the cases on a device.
pub(crate) fn lanes(options: Options) -> Result<DeviceLanes, String> {
    let setups = setups();
    let fields: Vec<_> = setups.iter().collect();
    DeviceLanes::new(open()?, config(), &fields, options).map_err(|error| error.to_string())
}

/// The configuration of the benches.
pub(crate) fn config() -> Config {
    toml::from_str(include_str!("../../data/config/bench.toml")).expect("a configuration")
}

/// The device that the trials run on: one for all of them, so that a kernel is compiled once.
pub(crate) fn open() -> Result<Context, String> {
    static SHARED: LazyLock<Result<Context, String>> = LazyLock::new(fresh);
    interpreted::context().map_or_else(|| SHARED.clone(), Ok)
}

/// A device of one's own, for what it does not survive.
pub(crate) fn fresh() -> Result<Context, String> {
    adapter().map_err(|error| error.to_string())
}

fn adapter() -> Result<Context, DeviceError> {
    match std::env::var("TWINS_ADAPTER") {
        Ok(name) => Context::open(Wanted::Named(&name)),
        Err(_) => Context::open(Wanted::Software).or_else(|_| Context::open(Wanted::Any)),
    }
}

pub(crate) fn tolerance() -> Result<Tolerance, String> {
    static TOLERANCE: LazyLock<Result<Tolerance, String>> =
        LazyLock::new(|| open().map(|context| Tolerance::of(context.report())));
    if interpreted::context().is_some() {
        return Ok(Tolerance::Bits);
    }
    TOLERANCE.clone()
}

/// A trial about bits: only where the driver rounds every operation as Rust does.
pub(crate) fn exact_trial(name: String, run: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    Trial::ignorable_test(name, move || match (missing()?, tolerance()) {
        (Some(reason), _) => Ok(Completion::ignored_with(reason)),
        (None, Ok(Tolerance::Bits)) => run().map(|()| Completion::Completed),
        (None, Ok(Tolerance::Relative(_))) => Ok(Completion::ignored_with("hardware may contract a * b + c")),
        (None, Err(error)) => Err(error.into()),
    })
}

/// A trial about bits of numbers below the smallest normal one: only where the driver keeps them.
pub(crate) fn denormal_trial(name: String, run: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    static KEPT: LazyLock<bool> = LazyLock::new(|| traps::denormals().is_ok());
    Trial::ignorable_test(name, move || match (missing()?, tolerance(), *KEPT) {
        (Some(reason), ..) => Ok(Completion::ignored_with(reason)),
        (None, Ok(Tolerance::Bits), true) => run().map(|()| Completion::Completed),
        (None, Ok(_), _) => Ok(Completion::ignored_with("the driver flushes numbers below the smallest normal one")),
        (None, Err(error), _) => Err(error.into()),
    })
}

/// A trial that needs a device: ignored where there is none, unless one is required.
pub(crate) fn trial(name: String, run: impl FnOnce() -> Result<(), Failed> + Send + 'static) -> Trial {
    Trial::ignorable_test(name, move || match missing()? {
        None => run().map(|()| Completion::Completed),
        Some(reason) => Ok(Completion::ignored_with(reason)),
    })
}

/// Why there is no device; an error where one is required.
fn missing() -> Result<Option<String>, Failed> {
    static MISSING: LazyLock<Option<String>> = LazyLock::new(|| adapter().err().map(|error| error.to_string()));
    match &*MISSING {
        Some(reason) if std::env::var_os("REQUIRE_GPU").is_some_and(|value| value == "1") => Err(reason.into()),
        missing => Ok(missing.clone()),
    }
}

const _: () = assert!(BLOCK == 32 && WORKGROUP_SIZE == 64, "the sizes above straddle a block and a workgroup");
