//! Kernels against their twins, on whatever device there is: a named trial for every stage and case.
//!
//! A software driver is taken before a GPU, because there the comparison is of bits; `TWINS_ADAPTER` names another.
//! Without an adapter the trials are ignored, in sight; with `REQUIRE_GPU=1` they fail.

mod cases;
mod compare;
mod device;
mod poison;
mod prefixes;
mod traps;

use cases::{copy, wave};
use compare::{Tolerance, compare, written};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use poison::{Poison, spoilt};
use std::process::ExitCode;
use std::sync::{LazyLock, Mutex, PoisonError};
use trackweave::fusion::arrays::{Arrays, BLOCK, Host};
use trackweave::fusion::device::kernels::{Access, WORKGROUP_SIZE};
use trackweave::fusion::device::{Context, DeviceError, KERNELS, Kernel, Options, Runner, Wanted};
use trackweave::fusion::{predict, update};
use wide::f32x8;

/// Around a block (32), a workgroup (64), and many.
const SIZES: [usize; 9] = [0, 1, 31, 32, 33, 63, 64, 65, 1000];
const SEEDS: [u64; 3] = [1, 2, 3];

type Twin = fn(&mut Arrays<Host>);

fn main() -> ExitCode {
    let mut trials = Vec::new();
    for kernel in KERNELS {
        trials.extend(agreement(kernel));
        trials.extend(harness(kernel));
    }
    trials.extend(device::trials());
    trials.extend(prefixes::trials());
    trials.extend(traps::trials());
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// The kernel does what its twin does.
fn agreement(kernel: &'static Kernel) -> Vec<Trial> {
    let name = kernel.name;
    let mut trials = Vec::new();
    for size in SIZES {
        for seed in SEEDS {
            trials.push(trial(format!("{name}::n{size}::seed{seed}"), move || {
                agrees(kernel, Options::LARGEST, &wave(size, seed))
            }));
        }
    }
    for poison in Poison::ALL {
        trials.push(exact_trial(format!("{name}::poisoned::{poison:?}").to_lowercase(), move || {
            SEEDS.into_iter().try_for_each(|seed| agrees(kernel, Options::LARGEST, &spoilt(300, seed, poison)))
        }));
    }
    for workgroup_size in [1, 32, 64, 128, 256] {
        trials.push(trial(format!("{name}::workgroup_size{workgroup_size}"), move || {
            agrees(kernel, Options { workgroup_size, ..Options::LARGEST }, &wave(1000, 4))
        }));
    }
    trials.push(trial(format!("{name}::in_pieces"), move || {
        // 157 blocks in pieces of 64: two whole ones and a rest.
        agrees(kernel, Options { blocks_max: 64, ..Options::LARGEST }, &wave(5000, 5))
    }));
    trials.push(trial(format!("{name}::in_two_dimensions"), move || {
        // More workgroups than one dimension has.
        agrees(kernel, Options { workgroup_size: 1, ..Options::LARGEST }, &wave(66_000, 5))
    }));
    trials.push(Trial::test(format!("{name}::blocks_of_eight"), move || {
        let spoilt = Poison::ALL.map(|poison| spoilt(300, 1, poison));
        for mut one in SEEDS.into_iter().map(|seed| wave(300, seed)).chain(spoilt) {
            let mut eight = copy(&one);
            twin(kernel.name)(&mut one);
            twin_of_eight(kernel.name)(&mut eight);
            written(kernel, &eight, &one, Tolerance::Bits)?;
        }
        Ok(())
    }));
    trials
}

/// The comparison sees what is wrong.
fn harness(kernel: &'static Kernel) -> Vec<Trial> {
    let name = kernel.name;
    let outputs = kernel.bindings.iter().filter(|binding| binding.access == Access::ReadWrite);
    let mut trials: Vec<Trial> = outputs
        .map(|output| {
            let field = output.field;
            Trial::test(format!("{name}::a_wrong_bit_of_{}_is_seen", field.name()), move || {
                let (mut wrong, right) = (wave(100, 6), wave(100, 6));
                let bytes = wrong.bytes_mut(field);
                bytes[4 * 77] ^= 1;
                let census = compare(field, &wrong, &right, Tolerance::Bits).ok_or("a wrong bit went unseen")?;
                let (text, of) = (census.to_string(), right.bytes(field).len() / 4);
                let wanted = format!("1 of {of} differ; the worst is [77]: kernel ");
                if text.contains(&wanted) && text.contains(", 1 ") { Ok(()) } else { Err(text.into()) }
            })
        })
        .collect();
    trials.push(trial(format!("{name}::a_perturbed_input_is_seen"), move || {
        let mut found = wave(100, 7);
        *found.mean.last_mut().ok_or("no tracks")? += 1.0;
        found.mean[0] += found.mean[0] * 1e-3;
        run(kernel, Options::LARGEST, &mut found)?;
        let mut wanted = wave(100, 7);
        twin(kernel.name)(&mut wanted);
        match written(kernel, &found, &wanted, tolerance()?) {
            Ok(()) => Err("an error of 0.1 % went unseen".into()),
            Err(_) => Ok(()),
        }
    }));
    trials.push(trial(format!("{name}::a_wrong_kernel_is_seen"), move || {
        let wrong: &'static [Kernel] = vec![planted(kernel)].leak();
        let mut runner = Runner::new(open()?, wrong, Options::LARGEST).map_err(|error| error.to_string())?;
        let (mut found, mut wanted) = (wave(100, 8), wave(100, 8));
        runner.stage(kernel.name, &mut found).map_err(|error| error.to_string())?;
        twin(kernel.name)(&mut wanted);
        match written(kernel, &found, &wanted, tolerance()?) {
            Ok(()) => Err("a wrong kernel went unseen".into()),
            Err(_) => Ok(()),
        }
    }));
    trials
}

/// A kernel with a small fault in its formula.
pub(crate) fn planted(kernel: &Kernel) -> Kernel {
    let (from, to) = match kernel.name {
        "predict" => ("look.noise_vv, look.extra_vv, u", "look.noise_vv, look.extra_pv, u"),
        "update" => ("spread * outer(dx, dv)", "share * outer(dx, dv)"),
        name => panic!("no fault is thought of for `{name}`"),
    };
    assert!(kernel.wgsl.contains(from), "`{}` has no `{from}`", kernel.name);
    Kernel { wgsl: kernel.wgsl.replace(from, to).leak(), ..*kernel }
}

fn agrees(kernel: &Kernel, options: Options, wave: &Arrays<Host>) -> Result<(), Failed> {
    let (mut found, mut wanted) = (copy(wave), copy(wave));
    run(kernel, options, &mut found)?;
    twin(kernel.name)(&mut wanted);
    Ok(written(kernel, &found, &wanted, tolerance()?)?)
}

/// Runs a kernel; the default options share one open device.
fn run(kernel: &Kernel, options: Options, arrays: &mut Arrays<Host>) -> Result<(), String> {
    static SHARED: LazyLock<Result<Mutex<Runner>, String>> = LazyLock::new(|| {
        let runner = Runner::new(open()?, KERNELS, Options::LARGEST);
        runner.map(Mutex::new).map_err(|error| error.to_string())
    });
    let done = if options == Options::LARGEST {
        let shared = SHARED.as_ref().map_err(Clone::clone)?;
        shared.lock().unwrap_or_else(PoisonError::into_inner).stage(kernel.name, arrays)
    } else {
        Runner::new(open()?, KERNELS, options).and_then(|mut runner| runner.stage(kernel.name, arrays))
    };
    done.map_err(|error| error.to_string())
}

/// The twin of a stage, one track at a time.
fn twin(stage: &str) -> Twin {
    match stage {
        "predict" => predict::predict::<f32>,
        "update" => update::update::<f32>,
        _ => panic!("`{stage}` has no twin"),
    }
}

/// The same, in blocks of eight: the host executor.
fn twin_of_eight(stage: &str) -> Twin {
    match stage {
        "predict" => predict::predict::<f32x8>,
        "update" => update::update::<f32x8>,
        _ => panic!("`{stage}` has no twin"),
    }
}

/// Opens the device that the trials run on.
pub(crate) fn open() -> Result<Context, String> {
    adapter().map_err(|error| error.to_string())
}

fn adapter() -> Result<Context, DeviceError> {
    match std::env::var("TWINS_ADAPTER") {
        Ok(name) => Context::open(Wanted::Named(&name)),
        Err(_) => Context::open(Wanted::Software).or_else(|_| Context::open(Wanted::Any)),
    }
}

fn tolerance() -> Result<Tolerance, String> {
    static TOLERANCE: LazyLock<Result<Tolerance, String>> =
        LazyLock::new(|| open().map(|context| Tolerance::of(context.report())));
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
