//! Crashes: whatever call of a run, a simulation or `keygen` fails, is the last, or is met by a signal, what was there
//! before is there still, or what was to be there is, whole; and the cache serves the next run.
//!
//! A tracer (`tracer.c`) lists the calls that concern a scratch folder as the kernel sees them, and at one of them kills,
//! signals, or has the call fail. Kill and SIGTERM come at every call that changes what is on disk: between those, the
//! disk is the same. Runs smooth, with no memory stated, so that tracks are kept on disk. EIO meets every call that the kernel can answer so, ENOSPC those that may take space, EACCES those
//! that name a path. Without a C compiler, without Linux, or where a program may not trace another, that is skipped,
//! loudly. `CRASH=all` (`make crash`) tries every call; without it a sample is tried.

mod moments;
mod places;
mod scene;

use scene::{Found, Scene, Trace, all};
use std::collections::BTreeMap;

/// What the tracer does at a call, and the exit codes that may come of it.
const DEEDS: [(&str, &[i32]); 5] = [
    ("kill", &[137]),
    ("term", &[0, 143]),
    ("eio", &[0, 3, 4, 7, 8]),
    ("enospc", &[0, 4, 7, 8]),
    ("eacces", &[0, 3, 4, 7, 8]),
];

/// Whether a deed may befall a call, of which `tracer.c` tells the name, whether it changes the disk, and the path.
fn befalls(deed: &str, call: &str) -> bool {
    let is = |names: &[&str]| names.iter().any(|name| call.starts_with(name));
    let changes = call.contains(" + ");
    match deed {
        "kill" | "term" => changes,
        "eio" => !is(&["close", "lseek"]),
        "enospc" => changes && !is(&["unlink", "rmdir", "fchmod"]),
        _ => is(&["open", "mkdir", "unlink", "rmdir", "rename", "link", "stat", "newfstat", "readlink", "access"]),
    }
}

/// What came of a deed, and how often.
type Tally = BTreeMap<(&'static str, i32, Found), usize>;

/// Every call of a command, or a sample of them, with every deed; `check` says what is wrong after each.
fn at_every_call(
    sample: usize,
    arguments: impl Fn(&Scene) -> Vec<String> + Sync,
    check: impl Fn(&Scene, &Trace) -> Result<Found, String> + Sync,
) {
    let scene = Scene::new();
    scene.prepare();
    let Some(Trace { calls, code, stderr, .. }) = scene.trace(0, "count", &arguments(&scene)) else { return };
    assert!(code == 0 && calls.len() > 10, "{} calls, exit code {code}: {stderr}", calls.len());
    let of = |deed| move |(nth, call): (usize, &String)| befalls(deed, call).then_some(nth + 1);
    let jobs: Vec<(&str, &[i32], usize)> = DEEDS
        .iter()
        .flat_map(|(deed, codes)| calls.iter().enumerate().filter_map(of(deed)).map(|call| (*deed, *codes, call)))
        .collect();
    let chosen: Vec<_> = jobs.iter().step_by(if all() { 1 } else { (jobs.len() / sample).max(1) }).collect();
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let done = std::thread::scope(|scope| {
        let work = |worker: usize| {
            let scene = Scene::new();
            let mut done = Vec::new();
            for (deed, codes, call) in chosen.iter().copied().skip(worker).step_by(workers) {
                scene.prepare();
                let trace = scene.trace(*call, deed, &arguments(&scene)).expect("it was traced before");
                let told = !trace.stderr.contains("panicked") && (trace.code == 0 || *deed == "kill" || trace.speaks());
                let found = check(&scene, &trace).and_then(|found| {
                    let right = told && codes.contains(&trace.code);
                    if right { Ok(found) } else { Err(format!("{found:?}, with a code or a message that is none")) }
                });
                done.push((*deed, trace.code, found.map_err(|fault| format!("{deed}: {fault}: {trace:?}"))));
            }
            done
        };
        let handles: Vec<_> = (0..workers).map(|worker| scope.spawn(move || work(worker))).collect();
        handles.into_iter().flat_map(|handle| handle.join().expect("a worker")).collect::<Vec<_>>()
    });
    let (mut tally, mut faults) = (Tally::new(), Vec::new());
    for (deed, code, found) in done {
        match found {
            Ok(found) => *tally.entry((deed, code, found)).or_default() += 1,
            Err(fault) => faults.push(fault),
        }
    }
    println!("{}: {} calls, {} of {} deeds", arguments(&scene)[0], calls.len(), chosen.len(), jobs.len());
    for ((deed, code, found), times) in tally {
        println!("  {deed:6}  exit code {code:3}  {found:?}: {times}");
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn whatever_call_of_a_run_goes_wrong_the_output_is_the_old_one_or_the_new_one() {
    at_every_call(90, Scene::run, |scene, trace| {
        let found = scene.output(trace)?;
        if scene.again() { Ok(found) } else { Err("the cache does not serve the next run".to_owned()) }
    });
}

#[test]
fn whatever_call_of_a_simulation_goes_wrong_the_recording_is_the_old_one_or_the_new_one() {
    at_every_call(60, Scene::simulate, Scene::recording);
}

#[test]
fn whatever_call_of_keygen_goes_wrong_no_secret_is_without_its_public_half() {
    at_every_call(60, Scene::keygen, Scene::keys);
}
