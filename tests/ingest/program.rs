//! The same through the command line: what stands in place of a file, damaged pictures, and what a terminal is told.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use super::LOCAL;

fn program(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trackweave"));
    let mut child = command.args(arguments).current_dir(folder);
    child = child.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let mut child = child.spawn().unwrap();
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > Duration::from_mins(1) {
            child.kill().unwrap();
            panic!("{arguments:?} hangs");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    child.wait_with_output().unwrap()
}

const RUN: [&str; 9] = ["run", "rec", "--policy", "pol", "--out", "out", "--executor", "host", "--json"];

/// A recording whose labels are hostile, its truth, and a policy.
fn world() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let policy = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/policies/all-to-all");
    for name in ["rec", "pol"] {
        fs::create_dir(root.join(name)).unwrap();
    }
    for entry in fs::read_dir(policy).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, root.join("pol").join(path.file_name().unwrap())).unwrap();
    }
    fs::write(root.join("rec/recording.toml"), LOCAL).unwrap();
    let (mut rows, mut truth) = ("time,sensor,x_m,y_m,label\n".to_owned(), "time,object,x_m,y_m\n".to_owned());
    for row in 0..40 {
        writeln!(rows, "{row},gps,{row},0,\u{1b}[31mred\u{1b}]0;x\u{7}\u{202e}").unwrap();
        writeln!(truth, "{row},a,{row},0").unwrap();
    }
    fs::write(root.join("rec/detections.csv"), rows).unwrap();
    fs::write(root.join("rec/truth.csv"), truth).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/config/air.toml");
    fs::copy(source, root.join("config.toml")).unwrap();
    folder
}

fn error_of(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains("XDG_RUNTIME_DIR")).collect();
    assert_eq!(lines.len(), 1, "one line: {text}");
    assert!(!text.contains("panicked") && !text.contains('\u{1b}'), "{text}");
    lines[0].to_owned()
}

fn replace(path: &Path, kind: &str) {
    let _gone = fs::remove_file(path);
    match kind {
        "a folder" => fs::create_dir(path).unwrap(),
        "a device" => std::os::unix::fs::symlink("/dev/zero", path).unwrap(),
        "a socket" => drop(std::os::unix::net::UnixListener::bind(path).unwrap()),
        _ => assert!(Command::new("mkfifo").arg(path).status().unwrap().success()),
    }
}

#[cfg(unix)]
#[test]
fn what_stands_in_place_of_a_file_is_refused_by_name_and_nobody_waits() {
    let with_config = [RUN.as_slice(), &["--config", "config.toml"]].concat();
    let inputs: [(&str, &[&str]); 5] = [
        ("rec/recording.toml", &with_config),
        ("rec/detections.csv", &with_config),
        ("config.toml", &with_config),
        ("scenario.toml", &["simulate", "scenario.toml", "--out", "sim"]),
        ("rec/truth.csv", &["score", "empty", "--truth", "rec"]),
    ];
    for (input, arguments) in inputs {
        for kind in ["a named pipe", "a folder", "a device", "a socket"] {
            let folder = world();
            let picture = folder.path().join("empty/p");
            fs::create_dir_all(&picture).unwrap();
            fs::write(picture.join("manifest.json"), "{}").unwrap();
            replace(&folder.path().join(input), kind);
            let output = program(folder.path(), arguments);
            let error = error_of(&output);
            assert_eq!(output.status.code(), Some(3), "{input}, {kind}: {error}");
            assert!(
                error.contains(input) && error.contains(&format!("found {kind}, wanted a regular file")),
                "{input}: {error}"
            );
        }
    }
}

/// The pictures of a run.
fn pictures(out: &Path) -> Vec<PathBuf> {
    let folders = fs::read_dir(out).unwrap().map(|entry| entry.unwrap().path().join("tracks.parquet"));
    folders.filter(|path| path.exists()).collect()
}

#[test]
fn a_damaged_picture_is_an_error_of_score_and_nothing_is_printed_twice() {
    let folder = world();
    let done = program(folder.path(), &RUN);
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let path = pictures(&folder.path().join("out")).remove(0);
    let sound = fs::read(&path).unwrap();
    let mut refused = 0;
    // Bytes that decoders divide by, shift by and allocate.
    for at in (4..sound.len()).step_by(sound.len() / 60) {
        let mut bytes = sound.clone();
        bytes[at] = 0xff;
        fs::write(&path, &bytes).unwrap();
        let output = program(folder.path(), &["score", "out", "--truth", "rec"]);
        if output.status.success() {
            continue;
        }
        let error = error_of(&output);
        assert_eq!(output.status.code(), Some(3), "{error}");
        assert!(error.contains("out/") && (error.contains("found") || error.contains("wanted")), "byte {at}: {error}");
        refused += 1;
    }
    assert!(refused > 5, "{refused} refused");
}

#[test]
fn a_terminal_is_shown_control_characters_and_does_not_get_them() {
    let folder = world();
    let mut shown = 0;
    for arguments in [
        vec!["policy", "matrix", "pol", "--recording", "rec", "--html", "page.html"],
        vec!["policy", "explain", "pol", "--recording", "rec", "--partner", "alder", "--detection", "10"],
        vec!["policy", "check", "pol", "--recording", "rec"],
    ] {
        let output = program(folder.path(), &arguments);
        for text in [&output.stdout, &output.stderr] {
            let text = String::from_utf8(text.clone()).unwrap();
            let obeyed = text.chars().find(|letter| letter.is_control() && *letter != '\n' || *letter == '\u{202e}');
            assert_eq!(obeyed, None, "{arguments:?}: {text:?}");
            shown += usize::from(text.contains("\\u{1b}[31mred"));
        }
        let json = program(folder.path(), &[arguments.as_slice(), &["--json"]].concat());
        serde_json::from_slice::<serde_json::Value>(&json.stdout).unwrap();
    }
    assert!(shown > 0, "no command showed the label");
    assert!(!fs::read_to_string(folder.path().join("page.html")).unwrap().contains('\u{1b}'));
}

/// The files of every partner of an output, by their paths.
fn partners_files(out: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    for partner in fs::read_dir(out).unwrap().map(|entry| entry.unwrap().path()) {
        if partner.file_name().unwrap() != "_operator" && partner.is_dir() {
            for file in fs::read_dir(&partner).unwrap().map(|entry| entry.unwrap().path()) {
                files.insert(file.strip_prefix(out).unwrap().to_owned(), fs::read(&file).unwrap());
            }
        }
    }
    files
}

#[test]
fn a_run_of_another_layout_gives_the_bytes_of_a_run_of_the_same_rows() {
    let (own, other) = (world(), world());
    let said = "[detections]\ndecimal = \",\"\n[detections.columns]\ntime = { column = \"t\", unit = \"ms\" }\n\
                x_m = { column = \"x\", unit = \"km\" }\nsensor = { value = \"gps\" }\n[[sensor]]";
    let (mut rows, mut rows_there) = ("time,sensor,x_m,y_m\n".to_owned(), "y_m;x;t\r\n".to_owned());
    for row in 0..40 {
        writeln!(rows, "{row}.5,gps,{row}000,0.25").unwrap();
        write!(rows_there, "0,25;{row};{row}500\r\n").unwrap();
    }
    fs::write(own.path().join("rec/detections.csv"), rows).unwrap();
    fs::write(other.path().join("rec/detections.csv"), rows_there).unwrap();
    fs::write(other.path().join("rec/recording.toml"), LOCAL.replacen("[[sensor]]", said, 1)).unwrap();
    let files = [&own, &other].map(|world| {
        let output = program(world.path(), &RUN);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        partners_files(&world.path().join("out"))
    });
    assert!(files[0].len() >= 4, "{:?}", files[0].keys());
    assert!(files[0] == files[1], "another layout changed a byte");
}
