//! Moments in time: a kill, SIGTERM or SIGINT whenever it comes, from outside.

use crate::scene::{Found, Scene, Trace, all};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

fn start<S: AsRef<OsStr>>(arguments: &[S]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trackweave"));
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts")
}

fn send(signal: &str, child: &Child) {
    // One that has ended takes no signal.
    let _ = Command::new("kill").args([signal, &child.id().to_string()]).stderr(Stdio::null()).status();
}

/// What became of it; killed ones have the code that a shell would give them.
fn end(child: Child) -> Trace {
    let output = child.wait_with_output().expect("it ends");
    let code = output.status.code().unwrap_or(137);
    Trace { calls: Vec::new(), code, stderr: String::from_utf8_lossy(&output.stderr).into_owned(), call: String::new() }
}

/// Numbers that look random and are the same in every run.
fn numbers() -> impl FnMut() -> f64 {
    let mut state = 88_172_645_463_325_252_u64;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[test]
#[cfg(unix)]
fn at_whatever_moment_a_run_ends_the_output_is_the_old_one_or_the_new_one() {
    let scene = Scene::new();
    scene.prepare();
    let started = Instant::now();
    assert_eq!(end(start(&scene.run())).code, 0);
    // Also beyond its end.
    let takes = started.elapsed().mul_f64(1.2);
    let mut number = numbers();
    let mut tally = BTreeMap::<(&str, i32, Found), usize>::new();
    for nth in 0..if all() { 1_000 } else { 24 } {
        scene.prepare();
        let signal = ["-KILL", "-TERM", "-INT"][nth % 3];
        let child = start(&scene.run());
        std::thread::sleep(takes.mul_f64(number()));
        send(signal, &child);
        let trace = end(child);
        let found = scene.output(&trace).unwrap_or_else(|fault| panic!("{signal}: {fault}: {trace:?}"));
        // Before the program is ready to take signals, the system has them end it.
        let codes = [0, 137, if signal == "-INT" { 130 } else { 143 }];
        assert!(codes.contains(&trace.code), "{signal}: {trace:?}");
        assert!(scene.again(), "{signal}: the cache does not serve the next run");
        *tally.entry((signal, trace.code, found)).or_default() += 1;
    }
    println!("moments within {takes:?}: {tally:#?}");
}

/// Long enough to be interrupted.
fn long(scene: &Scene) -> [String; 2] {
    let [scenario, out] = ["long.toml", "work/long"].map(|name| scene.at(name));
    let text = fs::read_to_string(scene.at("scenario.toml")).expect("the scenario");
    fs::write(&scenario, text.replace("scans = 8", "scans = 10000000")).expect("a scenario");
    [scenario, out]
}

fn wait_for_work(scene: &Scene) {
    let begun = || {
        let mut names =
            fs::read_dir(scene.at("work")).expect("the folder").map(|entry| entry.expect("one").file_name());
        names.any(|name| name.to_string_lossy().starts_with(".trackweave-"))
    };
    let started = Instant::now();
    while !begun() {
        assert!(started.elapsed() < Duration::from_mins(1), "it does not begin");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
#[cfg(unix)]
fn sigint_and_sigterm_end_with_130_and_143_and_leave_nothing() {
    let scene = Scene::new();
    let [scenario, out] = long(&scene);
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        scene.prepare();
        let child = start(&["simulate", &scenario, "--out", &out]);
        wait_for_work(&scene);
        send(signal, &child);
        let trace = end(child);
        assert_eq!((trace.code, trace.stderr.as_str()), (code, "trackweave: stopped before it was done\n"));
        assert!(!Path::new(&out).exists());
        assert_eq!(fs::read_dir(scene.at("work")).expect("the folder").count(), 2, "nothing is left");
    }
}

/// Stopped for good, whatever it is doing: a process that is stopped takes both signals when it goes on.
#[test]
#[cfg(unix)]
fn a_second_signal_ends_at_once() {
    let scene = Scene::new();
    let [scenario, out] = long(&scene);
    scene.prepare();
    let child = start(&["simulate", &scenario, "--out", &out]);
    wait_for_work(&scene);
    for signal in ["-STOP", "-INT", "-TERM", "-CONT"] {
        send(signal, &child);
    }
    let trace = end(child);
    assert!([130, 143].contains(&trace.code), "{trace:?}");
}
