//! Places where an output cannot go: they are refused before anything is read, with a message that says why.

use crate::scene::{Scene, program, skip, tree};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use trackweave::fusion::executor::Executor;
use trackweave::run::{Progress, Request, RunConfig, run};

/// Runs a command in a shell of its own mounts, after `setup` and before `after`, `$W` being the work folder; `None`
/// where mounting is not allowed.
fn mounted(scene: &Scene, [setup, after]: [&str; 2], arguments: &[String]) -> Option<Output> {
    let script = format!("{{ {setup}; }} || exit 99; \"$@\"; code=$?; {after}; exit $code");
    let mut command = Command::new("unshare");
    command.args(["--mount", "--map-root-user", "sh", "-c", &script, "sh", env!("CARGO_BIN_EXE_trackweave")]);
    match command.env("W", scene.at("work")).args(arguments).output() {
        Ok(output) if output.status.code() != Some(99) && !output.stderr.starts_with(b"unshare:") => Some(output),
        _ => {
            skip(&format!("`{setup}` is not allowed here"));
            None
        }
    }
}

fn refused(output: &Output, words: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(stderr.starts_with("trackweave: ") && stderr.lines().count() == 1 && stderr.contains(words), "{stderr}");
}

#[test]
fn a_mount_point_is_refused_before_anything_is_read() {
    let scene = Scene::new();
    scene.prepare();
    // So that reading it would be another error.
    fs::write(scene.at("recording/detections.parquet"), "no table").expect("a file");
    for mount in ["mount --bind \"$W/out\" \"$W/out\"", "mount -t tmpfs none \"$W/out\""] {
        if let Some(output) = mounted(&scene, [mount, "true"], &scene.run()) {
            refused(&output, "cannot be renamed, such as a mount point");
            assert_eq!(fs::read_dir(scene.at("work")).expect("the folder").count(), 3, "nothing is left");
        }
    }
}

#[test]
fn a_file_system_that_is_full_or_fills_leaves_nothing_behind() {
    let scene = Scene::new();
    for (size, filled) in [("64k", "true"), ("16k", "true"), ("64k", "head -c 61440 /dev/zero > \"$W/more\"")] {
        scene.prepare();
        let setup = format!("mount -t tmpfs -o size={size} none \"$W\" && {filled}");
        let arguments = scene.run();
        let Some(output) = mounted(&scene, [&setup, "ls -A \"$W\" >&2"], &arguments) else { return };
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(4), "{size}: {stderr}");
        assert!(stderr.contains("No space left on device"), "{size}: {stderr}");
        let left: Vec<&str> = stderr.lines().skip(1).collect();
        assert!(left.iter().all(|name| ["cache", "more"].contains(name)), "{size}: {left:?}");
    }
}

/// Whatever somebody put into an output, at any depth, is theirs.
#[test]
fn a_file_that_no_run_wrote_is_never_removed() {
    let scene = Scene::new();
    for (place, folder) in [
        ("out/alpha/notes.txt", false),
        ("out/_operator/notes.txt", false),
        ("out/alpha/more", true),
        ("out/notes.txt", false),
        ("out/charlie", true),
    ] {
        scene.prepare();
        let path = scene.at(&format!("work/{place}"));
        if folder { fs::create_dir(&path) } else { fs::write(&path, "mine") }.expect("something of mine");
        let before = tree(Path::new(&scene.at("work")));
        let output = program(&scene.run());
        refused(&output, &format!("found `{}`", place.trim_start_matches("out/")));
        assert!(Path::new(&path).exists() && tree(Path::new(&scene.at("work"))) == before, "{place}");
    }
    // A manifest that names nothing any more makes everything beside it somebody's.
    scene.prepare();
    fs::write(scene.at("work/out/alpha/manifest.json"), "{}").expect("a manifest");
    refused(&program(&scene.run()), "found `alpha/audit.jsonl`");
    #[cfg(unix)]
    {
        scene.prepare();
        fs::rename(scene.at("work/out/alpha"), scene.at("work/elsewhere")).expect("a folder is moved");
        std::os::unix::fs::symlink(scene.at("work/elsewhere"), scene.at("work/out/alpha")).expect("a link");
        refused(&program(&scene.run()), "found `alpha`");
    }
}

/// Everything that can be known before fusion is said before it: the detections are not even read.
#[test]
fn what_can_be_checked_beforehand_is() {
    let scene = Scene::new();
    let detections = scene.at("recording/detections.parquet");
    fs::write(&detections, "no table").expect("a file");
    let fails = |arguments: &[String], code: i32, words: &str| {
        let output = program(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(code) && stderr.contains(words), "wanted {code} and `{words}`: {stderr}");
        assert!(stderr.lines().count() == 1 && !stderr.contains("detections"), "{stderr}");
    };
    scene.prepare();
    let truth = scene.at("recording/truth.parquet");
    let whole = fs::read(&truth).expect("truth");
    fs::remove_file(&truth).expect("truth");
    let (head, csv) = ("time,object,x_m,y_m,z_m\n", scene.at("recording/truth.csv"));
    for (rows, words) in [
        ("0,a,0,0,0\n1,a,nan,0,0\n", "truth.csv, line 3: column `x_m`"),
        ("5,a,0,0,0\n1,a,0,0,0\n", "truth.csv, line 3: column `time` is 1"),
    ] {
        fs::write(&csv, format!("{head}{rows}")).expect("truth");
        fails(&scene.run(), 3, words);
    }
    fs::remove_file(&csv).expect("truth");
    fs::write(&truth, whole).expect("truth");
    let air = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/config/air.toml")).expect("a file");
    for (from, to, words) in [
        ("cutoff_m = 1000.0", "cutoff_m = 1e30", "wrong.toml: table `score`: `cutoff_m` is"),
        ("order = 2.0", "order = 0.5", "wrong.toml: table `score`: `order` is 0.5"),
    ] {
        let wrong = scene.at("wrong.toml");
        assert!(air.contains(from), "{from}");
        fs::write(&wrong, air.replace(from, to)).expect("a configuration");
        let mut run = scene.run();
        *run.iter_mut().find(|word| *word == "air-smoothed").expect("a configuration") = wrong;
        fails(&run, 3, words);
    }
    let [file, deep] = ["file", "file/deep"].map(|name| scene.at(name));
    fs::write(&file, "").expect("a file");
    let mut run = scene.run();
    run[5].clone_from(&file);
    fails(&run, 4, "found a file, wanted the path of a folder");
    run[5].clone_from(&deep);
    fails(&run, 4, "Not a directory");
    let mut run = scene.run();
    run.last_mut().expect("a cache").clone_from(&file);
    fails(&run, 4, "cannot create the folder");
}

/// A truth that is gone when the work is done costs the scores, and nothing else.
#[test]
fn pictures_that_cannot_be_scored_in_the_end_are_published_all_the_same() {
    let scene = Scene::new();
    scene.prepare();
    let [recording, policy, out, truth] =
        ["recording", "policy", "work/out", "recording/truth.parquet"].map(|name| PathBuf::from(scene.at(name)));
    let config = RunConfig::air().expect("a configuration");
    let report = run(&Request::new(&recording, &policy, &out, &config), Executor::host(), &mut |progress| {
        if progress == Progress::Scoring {
            fs::write(&truth, "no table").expect("a file");
        }
    });
    let report = report.expect("an output");
    assert_eq!(report.unscored.keys().collect::<Vec<_>>(), ["alpha", "bravo"]);
    let why = report.unscored.values().next().expect("a reason");
    assert!(why.contains("truth.parquet"), "{why}");
    assert!(report.partners.iter().all(|partner| partner.score.is_none() && partner.rows > 0));
    let read = |name: &str| fs::read_to_string(out.join("_operator").join(name)).expect("a file");
    assert!(read("manifest.json").contains("the scores of `alpha`: ") && read("report.json").contains("\"unscored\""));
    assert!(program(&["verify", &scene.at("work/out")]).status.success());
}

/// What is printed on is no part of the output: where that is full, the output is in place, and the message says so.
#[test]
#[cfg(target_os = "linux")]
fn a_report_that_cannot_be_printed_does_not_hide_that_the_output_is_in_place() {
    let scene = Scene::new();
    scene.prepare();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("a full device");
    let mut command = Command::new(env!("CARGO_BIN_EXE_trackweave"));
    let output = command.args(scene.run()).stdout(full).stderr(Stdio::piped()).output().expect("the program starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(8), "{stderr}");
    assert!(stderr.contains("the new output is in place, but its report cannot be printed: No space left"), "{stderr}");
    assert!(program(&["verify", &scene.at("work/out")]).status.success());
}

/// Lanes of the cache that cannot serve, each in its own way, are fused anew and replaced.
#[test]
fn a_lane_of_the_cache_that_cannot_serve_is_replaced() {
    let scene = Scene::new();
    scene.prepare();
    let json = || {
        let output = program(&[&scene.run()[..], &["--json".to_owned()]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let done: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        done["work"]["damaged"].as_u64().expect("a count")
    };
    assert_eq!(json(), 0);
    let cached = || {
        let lanes = fs::read_dir(scene.at("work/cache")).expect("the cache");
        let mut lanes: Vec<PathBuf> = lanes.map(|entry| entry.expect("a lane").path()).collect();
        lanes.sort();
        lanes
    };
    let lanes = cached();
    assert_eq!(lanes.len(), 2);
    let whole: Vec<_> = lanes.iter().map(|lane| fs::read(lane).expect("a lane")).collect();
    fs::write(&lanes[0], &whole[1]).expect("another lane's reports");
    assert_eq!(json(), 1, "whole, but another lane's");
    fs::write(&lanes[0], &whole[0][..whole[0].len() / 2]).expect("half a lane");
    fs::write(&lanes[1], "").expect("no lane");
    assert_eq!(json(), 2);
    #[cfg(unix)]
    {
        fs::remove_file(&lanes[1]).expect("a lane");
        assert!(Command::new("mkfifo").arg(&lanes[1]).status().expect("mkfifo").success());
        assert_eq!(json(), 1, "a named pipe, which nobody writes to");
    }
    assert_eq!((json(), cached()), (0, lanes.clone()));
    assert_eq!(lanes.iter().map(|lane| fs::read(lane).expect("a lane")).collect::<Vec<_>>(), whole);
    // A folder cannot be replaced by a file: the output is there, and the message says what the cache lacks.
    fs::remove_file(&lanes[1]).expect("a lane");
    fs::create_dir(&lanes[1]).expect("a folder");
    let output = program(&scene.run());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(8) && stderr.contains(".lane: cannot write the file"), "{stderr}");
    assert!(program(&["verify", &scene.at("work/out")]).status.success());
}
