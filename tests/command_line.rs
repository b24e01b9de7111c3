//! The command line: help, exit codes, errors, JSON, the demo end to end, the examples, and the pages that explain them.

#[path = "common/program.rs"]
mod program;

use program::{done, program, root, text, trackweave, value};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::{env, fs};
use trackweave::fusion::executor::Executor;
use trackweave::ingest::{Catalogue, Options, Order, Reader};
use trackweave::product::read_picture;
use trackweave::run::{RunConfig, track};

const COMMANDS: [&str; 24] = [
    "demo",
    "import",
    "inspect",
    "track",
    "run",
    "fuse",
    "calibrate",
    "assemble",
    "policy",
    "simulate",
    "score",
    "coherence",
    "price",
    "verify",
    "export",
    "report",
    "keygen",
    "bench",
    "devices",
    "info",
    "show",
    "config",
    "completions",
    "man",
];

fn json<S: AsRef<OsStr>>(arguments: &[S]) -> Value {
    value(&done(arguments))
}

/// The one line on stderr, of a run that must end with `code` and print nothing. Mesa may add a line of its own.
fn failed<S: AsRef<OsStr>>(arguments: &[S], code: i32) -> String {
    let output = trackweave(arguments);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(output.stdout.is_empty(), "an error is nothing for stdout");
    let mut lines = stderr.lines().filter(|line| !line.contains("XDG_RUNTIME_DIR"));
    let line = lines.next().expect("an error says why").to_owned();
    assert_eq!(lines.next(), None, "an error is one line: {stderr}");
    assert!(line.starts_with("trackweave: "), "{line}");
    line
}

fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().expect("a scratch folder")
}

fn at(folder: &tempfile::TempDir, name: &str) -> String {
    folder.path().join(name).to_str().expect("a path in UTF-8").to_owned()
}

#[test]
fn the_help_of_every_command_tells_exit_codes() {
    let all = done(&["--help"]);
    for command in COMMANDS {
        assert!(all.contains(&format!("\n  {command} ")), "{command} in {all}");
        let help = done(&[command, "--help"]);
        for code in
            ["0  done", "2  the arguments", "3  the recording", "4  the output", "5  the device", "6  the output"]
        {
            assert!(help.contains(code), "`{code}` in the help of {command}: {help}");
        }
    }
    assert!(done(&["--version"]).starts_with("trackweave "));
}

#[test]
fn a_recording_is_looked_at_before_and_after_a_run() {
    let demo = "data/demo/recording";
    let found = json(&["inspect", demo, "--json"]);
    assert_eq!((&found["schema"], found["sensors"].as_array().map(Vec::len)), (&Value::from(1), Some(4)));
    assert_eq!(found["configuration"]["name"], "air");
    assert!(found["after"].is_null(), "nothing was tried");
    let text = done(&["inspect", demo]);
    assert!(text.contains("configuration  --config air: ") && text.contains("aspen-west"), "{text}");
    let tried = json(&["inspect", demo, "--config", "air", "--json"]);
    assert!(tried["after"]["innovations"].as_array().is_some_and(|of| of.len() >= 8), "{}", tried["after"]);
    assert!(tried["after"]["errors"]["rows"].as_u64() > Some(1000));
    assert!(failed(&["inspect", demo, "--run", demo], 3).contains("found no picture"));
    // What a name would have a terminal do, it does not.
    let folder = scratch();
    let text = fs::read_to_string(root().join(demo).join("recording.toml")).expect("a catalogue");
    fs::write(folder.path().join("recording.toml"), text.replace("name = \"aspen-west\"", "name = \"a\\u202e\""))
        .expect("a file");
    fs::write(folder.path().join("detections.csv"), "time,sensor,latitude_deg,longitude_deg,altitude_m\n")
        .expect("a file");
    let text = done(&[OsStr::new("inspect"), folder.path().as_os_str()]);
    assert!(text.contains("a\\u{202e}") && !text.contains('\u{202e}'), "{text}");
}

/// The exit code and stdout of `policy` and what follows it.
fn policy(arguments: &[&str]) -> (i32, String) {
    let output = trackweave(&[&["policy"], arguments].concat());
    assert!(output.stderr.is_empty(), "{}", text(&output.stderr));
    (output.status.code().expect("an exit code"), text(&output.stdout))
}

#[test]
fn a_policy_is_looked_at_before_anything_is_shared() {
    let (folder, demo, recording) = (scratch(), "data/demo/policy", "data/demo/recording");
    for command in ["check", "matrix", "diff", "explain"] {
        assert!(done(&["policy", command, "--help"]).contains("1  `policy check` found an error"), "{command}");
    }
    let wrong = at(&folder, "wrong");
    fs::create_dir(&wrong).expect("a scratch folder");
    for entry in fs::read_dir(root().join(demo)).expect("the policy") {
        let path = entry.expect("an entry").path();
        fs::copy(&path, Path::new(&wrong).join(path.file_name().expect("a name"))).expect("a copy");
    }
    let levels = fs::read_to_string(root().join(demo).join("levels.toml")).expect("levels");
    fs::write(Path::new(&wrong).join("levels.toml"), levels.replace("PT5M", "PT1M")).expect("a scratch file");
    assert_eq!(policy(&["check", demo]), (0, "0 errors, 0 warnings; 8 rules, 4 partners\n".to_owned()));
    let (code, found) = policy(&["diff", demo, &wrong, recording]);
    assert!(code == 1 && found.contains("gains   tracks 60 s late, not 300 s"), "{found}");
    let (code, found) = policy(&["diff", &wrong, demo, recording]);
    assert!(code == 0 && found.contains("loses   tracks 60 s late") && found.ends_with("than before\n"), "{found}");
    let (code, found) = policy(&["diff", demo, &wrong, recording, "--run"]);
    assert!(code == 1 && found.contains("  after   ") && found.contains("at receive_coarse"), "{found}");

    fs::write(Path::new(&wrong).join("levels.toml"), levels.replace("PT5M", "soon")).expect("a scratch file");
    let (code, found) = policy(&["check", &wrong]);
    assert!(code == 1 && found.contains("levels.toml:12: error: `delay` is `soon`, wanted an ISO 8601"), "{found}");
    assert_eq!(value(&policy(&["check", &wrong, "--json"]).1)["findings"][0]["line"], 12);
    assert!(failed(&["policy", "matrix", &wrong, "--recording", recording], 3).contains("levels.toml:12"));

    let page = at(&folder, "matrix.html");
    let (_, shown) = policy(&["matrix", demo, "--recording", recording, "--html", &page]);
    assert!(shown.contains("37,720 detections in 11 classes") && shown.contains("birch-fuses-its-zone"), "{shown}");
    let page = fs::read_to_string(page).expect("a page");
    assert!(page.contains("color-scheme:light dark") && page.contains("birch-fuses-its-zone"));
    assert!(!page.contains("http") && !page.contains("<script") && !page.contains("src="), "nothing from elsewhere");

    let explain = ["explain", demo, "--recording", recording, "--partner", "dogwood", "--detection", "7"];
    let (code, why) = policy(&explain);
    assert!(code == 0 && why.contains("no policy permits this"), "{why}");
    assert!(
        why.contains("fails  principal == Partner::\"aspen\"") && why.contains("data/demo/policy/fuse.cedar:"),
        "{why}"
    );
    let nobody = ["policy", "explain", demo, "--recording", recording, "--partner", "elm", "--detection", "7"];
    assert!(failed(&nobody, 2).contains("`--partner` is `elm`, wanted one of: aspen, birch"));
}

#[test]
fn wrong_arguments_end_with_2() {
    let cases: [&[&str]; 9] = [
        &["dmeo"],
        &["run", "data/demo/recording", "--out", "x"],
        &["demo", "--executor", "abacus"],
        &["bench", "--objects", "0"],
        &["bench", "--scans", "1"],
        &["demo", "--strict"],
        &["policy", "matrix", "data/demo/policy"],
        &["policy", "explain", "data/demo/policy", "--recording", "data/demo/recording", "--partner", "aspen"],
        &[],
    ];
    for case in cases {
        let output = trackweave(case);
        assert_eq!(output.status.code(), Some(2), "{case:?}");
        assert!(output.stdout.is_empty() && text(&output.stderr).contains("--help"), "{case:?}");
    }
    let run = ["run", "data/demo/recording", "--policy", "data/demo/policy", "--out", "x", "--as-of", "12.5"];
    assert!(failed(&run, 2).contains("`--as-of` is `12.5`, wanted an instant such as"));
}

#[test]
fn wrong_input_ends_with_3_and_names_the_place() {
    let folder = scratch();
    let out = at(&folder, "out");
    let run = |recording: &str, policy: &str, rest: &[&str]| {
        let mut arguments = vec!["run", recording, "--policy", policy, "--out", &out];
        arguments.extend(rest);
        failed(&arguments, 3)
    };
    let (recording, policy) = ("data/demo/recording", "data/demo/policy");
    assert!(run("no/such/folder", policy, &[]).contains("no/such/folder/recording.toml: cannot be read"));
    assert!(run(recording, "no/such/policy", &[]).contains("no/such/policy"));
    let config = at(&folder, "wrong.toml");
    assert!(
        run(recording, policy, &["--config", &config])
            .contains("wrong.toml: cannot read the configuration; wanted a file, or one of `air`, `air-smoothed`")
    );
    let air = fs::read_to_string(root().join("data/config/air.toml")).expect("the configuration");
    fs::write(&config, air.replace("gate = 25.0", "gate = -1.0")).expect("a scratch file");
    let line = run(recording, policy, &["--config", &config]);
    assert!(line.contains("wrong.toml") && line.contains("found -1, wanted a finite number above 0"), "{line}");
    assert!(!Path::new(&out).exists(), "nothing is written");

    let scenario = at(&folder, "scenario.toml");
    fs::write(&scenario, "name = 3\n").expect("a scratch file");
    assert!(failed(&["simulate", &scenario, "--out", &out], 3).contains("scenario.toml:1: "));
    assert!(failed(&["score", &at(&folder, "none"), "--truth", recording], 3).contains("none: cannot be read"));
    let empty = folder.path().to_str().expect("a path in UTF-8");
    assert!(failed(&["score", empty, "--truth", recording], 3).contains("found no picture"));
}

#[test]
fn an_output_that_cannot_be_written_ends_with_4_and_stays_as_it_was() {
    let folder = scratch();
    let mine = at(&folder, "mine");
    fs::create_dir(&mine).expect("a scratch folder");
    fs::write(Path::new(&mine).join("diary.txt"), "Dear diary").expect("a scratch file");
    assert!(failed(&["demo", "--executor", "host", "--out", &mine], 4).contains("found `diary.txt`, wanted"));
    assert!(failed(&["simulate", "data/scenarios/crossing.toml", "--out", &mine], 4).contains("no simulation made"));
    let left: Vec<_> = fs::read_dir(&mine).expect("the folder").collect();
    assert_eq!(left.len(), 1);
    assert_eq!(fs::read_to_string(Path::new(&mine).join("diary.txt")).expect("the file"), "Dear diary");
    assert_eq!(fs::read_dir(folder.path()).expect("the folder").count(), 1, "nothing is left beside it");
}

/// Without a driver there is no device: asking for one fails, leaving the choice to the program does not.
#[test]
#[cfg(target_os = "linux")]
fn a_device_that_is_not_there_ends_with_5() {
    let without = |executor: &str| {
        let arguments = ["bench", "--objects", "20", "--scans", "2", "--json", "--executor", executor].map(OsStr::new);
        let mut command = program(&arguments);
        let nowhere = "/no/such/driver.json";
        command.env("VK_DRIVER_FILES", nowhere).env("VK_ICD_FILENAMES", nowhere).output().expect("the program starts")
    };
    let output = without("device");
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("\"message\":\"no adapter is"), "{}", text(&output.stderr));
    let output = without("auto");
    let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(found["executor"]["executor"], "host");
    assert_eq!(found["executor"]["reason"], "no GPU answers");
}

#[test]
fn pictures_come_in_formats_that_other_tools_open() {
    let folder = scratch();
    let (out, exports) = (at(&folder, "out"), at(&folder, "exports"));
    done(&["demo", "--out", &out, "--executor", "host", "--format", "csv,kml"]);
    let clover = format!("{out}/clover");
    assert!(Path::new(&clover).join("tracks.kml").is_file());
    assert_eq!(json(&["verify", &out, "--json"])["sound"], true);
    let found = json(&["export", &clover, "--format", "csv,geojson", "--out", &exports, "--json"]);
    let names: Vec<_> = found["files"].as_array().expect("files").iter().map(|file| &file["name"]).collect();
    assert_eq!(names, ["tracks.csv", "tracks.geojson"]);
    let read = |folder: &str| fs::read(Path::new(folder).join("tracks.csv")).expect("a file");
    assert_eq!(read(&exports), read(&clover));
    let line = failed(&["export", &clover, "--format", "csv", "--out", &format!("{clover}/more")], 2);
    assert!(line.contains("a path in the output"), "{line}");
    let line = failed(&["export", &out, "--format", "csv", "--out", &at(&folder, "other")], 3);
    assert!(line.contains("the folder of one partner"), "{line}");
    assert_eq!(trackweave(&["export", &clover, "--format", "shp", "--out", &exports]).status.code(), Some(2));
}

#[test]
fn drivers_write_no_line_of_their_own_where_there_is_no_window_system() {
    let mut devices = program(&["devices"]);
    let output =
        devices.env_remove("XDG_RUNTIME_DIR").env_remove("NODEVICE_SELECT").output().expect("the program starts");
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn devices_are_listed_and_the_best_is_taken_when_asked_for() {
    let found = json(&["devices", "--json"]);
    let adapters = found["adapters"].as_array().expect("a list");
    assert!(env::var_os("REQUIRE_GPU").is_none() || !adapters.is_empty(), "this machine must have a device");
    let auto = adapters.iter().find(|adapter| adapter["auto"] == true);
    assert_eq!(found["auto"], auto.map_or("host".into(), |adapter| adapter["name"].clone()));
    let shown = done(&["devices"]);
    assert!(shown.contains(&format!("--executor auto takes: {}", found["auto"].as_str().expect("a name"))), "{shown}");
    let Some(first) = adapters.first().filter(|adapter| adapter["lacks"].is_null()) else { return };
    let name = first["name"].as_str().expect("a name");
    assert!(shown.contains(name), "{shown}");
    let bench = ["bench", "--objects", "50", "--scans", "2", "--json", "--executor", "device"];
    let taken = json(&bench)["executor"].clone();
    assert_eq!(taken["executor"], "device");
    assert!(taken["adapter"].as_str().expect("a name").starts_with(name), "{taken}");
}

#[test]
fn the_bench_measures_every_size_from_small_to_large() {
    let sizes = ["bench", "--scans", "4", "--executor", "host", "--objects", "400", "100", "400"];
    let found = json(&[&sizes[..], &["--json", "--mode", "soft"]].concat());
    let figures = found["figures"].as_array().expect("a list");
    let of = |name: &str| figures.iter().map(|figures| figures[name].clone()).collect::<Vec<_>>();
    assert_eq!(of("objects"), [100, 400]);
    assert_eq!(of("mode"), ["soft", "soft"]);
    assert_eq!(found["executor"]["reason"], "as asked");
    let shown = done(&sizes);
    let head: Vec<&str> = shown.lines().next().expect("a head").split_whitespace().collect();
    assert_eq!(head, ["objects", "100", "400"]);
    for row in ["predict, ms", "manage, ms", "track-scans a second", "objects held", "peak memory so far, MB"] {
        assert!(shown.lines().any(|line| line.starts_with(row)), "`{row}` in {shown}");
    }
    assert!(shown.contains("Mode `assign`"), "the mode of data/config/bench.toml: {shown}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_run_that_would_hold_more_memory_than_it_may_leaves_what_was_there() {
    let folder = scratch();
    let out = at(&folder, "out");
    let [recording, policy] = ["recording", "policy"].map(|name| root().join("data/demo").join(name));
    let [recording, policy] = [&recording, &policy].map(|path| path.to_str().expect("a path"));
    let run = |memory| ["run", recording, "--policy", policy, "--executor", "host", "--memory", memory, "--out", &out];
    let picture = || fs::read(Path::new(&out).join("aspen/tracks.parquet")).expect("a picture");
    done(&run("4GB"));
    let timings = fs::read(Path::new(&out).join("_operator/timings.json")).expect("timings");
    let timings: Value = serde_json::from_slice(&timings).expect("JSON");
    let peak = timings["peak_bytes"].as_u64().expect("a figure");
    assert!((64_000_000..4_000_000_000).contains(&peak), "{peak}");
    let before = picture();
    let said = failed(&run("64MB"), 4);
    assert!(said.contains("wanted at most 64 MB") && said.contains("`trackweave fuse --lanes`"), "{said}");
    assert_eq!(picture(), before);
    assert_eq!(trackweave(&run("8 pigeons")).status.code(), Some(2));
}

#[test]
fn the_demo_shows_four_partners_with_different_rights() {
    let folder = scratch();
    let out = at(&folder, "out");
    let shown = done(&["demo", "--executor", "host", "--out", &out]);
    let readme = fs::read_to_string(root().join("README.md")).expect("the page");
    let lines = readme.split("```text\n").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("a block");
    assert!(shown.contains(lines), "README.md: {lines}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80 || line.contains(&out)), "{shown}");
    for words in ["no policy permits this", "300 s late", "`assign_identity` on", "executor  host (as asked)"] {
        assert!(shown.contains(words), "`{words}` in {shown}");
    }

    let found = json(&["demo", "--json", "--executor", "host", "--out", &out]);
    let report = &found["report"];
    let partners: BTreeMap<&str, &Value> = report["partners"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|partner| (partner["partner"].as_str().expect("a name"), partner))
        .collect();
    let detections = |partner: &str| partners[partner]["detections"].as_u64().expect("a count");
    let withheld = |partner: &str| {
        partners[partner]["ledger"]["withheld"].as_object().expect("counts").values().filter_map(Value::as_u64).sum()
    };
    let all = report["ingest"]["rows_accepted"].as_u64().expect("a count");
    assert_eq!(partners.keys().copied().collect::<Vec<_>>(), ["aspen", "birch", "clover", "dogwood"]);
    assert_eq!((detections("aspen"), withheld("aspen")), (all, 0_u64), "aspen sees everything");
    assert!(detections("birch") > 0 && detections("birch") < all / 2, "birch sees its own zone");
    assert_eq!(detections("birch") + withheld("birch"), all);
    assert!(partners["clover"]["levels"]["receive_coarse"].as_u64() > Some(0), "clover gets coarse positions late");
    assert_eq!((detections("dogwood"), withheld("dogwood")), (0, all), "dogwood has no agreement yet");
    assert_eq!(partners["dogwood"]["rows"], 0);
    for partner in partners.keys() {
        assert!(Path::new(&out).join(partner).join("tracks.parquet").is_file(), "{partner}");
    }
    assert!(Path::new(&out).join("_operator/report.json").is_file());

    score_agrees(&out, &partners);
}

/// `score` gives for finished pictures what the run gave, and something else with another cut-off.
fn score_agrees(out: &str, partners: &BTreeMap<&str, &Value>) {
    let score = ["score", out, "--truth", "data/demo/recording"];
    let again = json(&[&score[..], &["--json"]].concat());
    for (partner, found) in partners {
        for (key, value) in found["score"].as_object().expect("a score") {
            assert_eq!(again[partner][key], *value, "{partner} {key}");
        }
    }
    assert!(done(&score).lines().any(|line| line.starts_with("aspen ")));
    let folder = scratch();
    let narrow = at(&folder, "narrow.toml");
    let air = fs::read_to_string(root().join("data/config/air.toml")).expect("the configuration");
    fs::write(&narrow, air.replace("cutoff_m = 1000.0", "cutoff_m = 50.0")).expect("a scratch file");
    let narrow = json(&[&score[..], &["--json", "--config", &narrow]].concat());
    assert!(narrow["aspen"]["coverage"].as_f64() < again["aspen"]["coverage"].as_f64());

    let local = at(&folder, "local");
    let done = json(&["simulate", "data/scenarios/crossing.toml", "--out", &local, "--json"]);
    assert_eq!(done["report"]["scans"], 60);
    let line = failed(&["score", out, "--truth", &local], 3);
    assert!(line.contains("manifest.json: the picture's frame is Geodetic, the recording's Local"), "{line}");
}

/// Runs an example as its head says.
fn example(name: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO"));
    command.args(["run", "--release", "--locked", "--quiet", "--example", name]);
    if cfg!(feature = "encrypt") {
        // As this test was built: nothing is built twice.
        command.arg("--all-features");
    }
    command.arg("--").args(arguments);
    let output = command.current_dir(root()).output().expect("cargo starts");
    assert!(output.status.success(), "{name}: {}", text(&output.stderr));
    text(&output.stdout)
}

#[test]
fn the_examples_do_what_they_say() {
    assert!(example("fuse_arrays", &[]).starts_with("2 tracks; "));
    let arrow = example("fuse_arrow", &[]);
    assert!(
        arrow.contains("40 rows read, 40 accepted") && arrow.contains("rows of time, track, status, x_m"),
        "{arrow}"
    );
    let live = example("live", &[]);
    let tracked: u32 = live.split(' ').next().and_then(|word| word.parse().ok()).expect("a number");
    assert!(live.ends_with(" of 1000 objects tracked\n") && tracked >= 990, "{live}");
    let folder = scratch();
    let out = at(&folder, "out");
    let shown = example("run_folder", &["data/demo/recording", "data/demo/policy", &out]);
    assert!(shown.contains("dogwood: 0 rows of 0 tracks"), "{shown}");
    assert!(Path::new(&out).join("aspen/manifest.json").is_file());
}

/// Aspen may fuse and receive everything, so its picture is what the same detections give without policy and files.
#[test]
fn tracks_in_memory_are_those_of_the_picture_of_who_sees_everything() {
    let folder = scratch();
    let out = at(&folder, "out");
    done(&["demo", "--executor", "host", "--out", &out]);
    let picture = read_picture(&Path::new(&out).join("aspen")).expect("a picture");

    let recording = root().join("data/demo/recording");
    let catalogue = Catalogue::read(&recording).expect("a catalogue");
    let options = Options { strict: true, rows_per_batch: 1 << 20, order: Order::Any };
    let mut reader = Reader::open(&recording, &catalogue, options).expect("a recording");
    let detections = reader.next_batch().expect("rows").expect("detections");
    assert!(reader.next_batch().expect("rows").is_none(), "all in one batch");
    let config = RunConfig::chosen(Path::new("air-smoothed")).expect("the configuration");
    let tracks = track(&catalogue, &detections, &config, Executor::host()).expect("tracks");

    assert_eq!(tracks.len(), picture.len());
    for (track, point) in tracks.iter().zip(&picture) {
        let row = track.row();
        assert_eq!((row.time_us, row.track, row.status), (point.time_us, point.track, point.status));
        // Through latitude, longitude and altitude and back.
        let distances = row.position_m.iter().zip(point.position_m).map(|(a, b)| (a - b).abs());
        assert!(distances.into_iter().all(|distance| distance < 1e-4), "{row:?} {point:?}");
    }
}

/// Keys of a table with the tables around them, and their values as TOML.
fn flat(table: &toml::Table, before: &str, into: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        match value {
            toml::Value::Table(inner) => flat(inner, &format!("{before}{key}."), into),
            value => {
                into.insert(format!("{before}{key}"), value.to_string());
            }
        }
    }
}

#[test]
fn the_page_on_the_configuration_has_every_key_and_value() {
    let page = fs::read_to_string(root().join("docs/configuration.md")).expect("the page");
    let rows = page.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split(" | ");
        Some((cells.next()?.trim_end_matches('`').to_owned(), cells.next()?.to_owned()))
    });
    let air = fs::read_to_string(root().join("data/config/air.toml")).expect("the configuration");
    let mut wanted = BTreeMap::new();
    flat(&air.parse().expect("TOML"), "", &mut wanted);
    assert_eq!(rows.collect::<BTreeMap<_, _>>(), wanted);
}

#[test]
fn the_page_on_the_command_line_has_every_command_and_option() {
    let page = fs::read_to_string(root().join("docs/command-line.md")).expect("the page");
    for command in COMMANDS {
        let section = page.split("\n## ").find(|section| section.starts_with(&format!("{command}\n")));
        let section = section.unwrap_or_else(|| panic!("a section on {command}"));
        let help = done(&[command, "--help"]);
        let options = help
            .split_whitespace()
            .filter(|word| word.starts_with("--"))
            .map(|word| word.trim_end_matches(|letter: char| !letter.is_ascii_lowercase()));
        for option in options.filter(|option| !["--help", "--json", ""].contains(option)) {
            let option = option.split(['`', ',', '=']).next().unwrap_or(option);
            assert!(section.contains(option), "`{option}` of {command} in docs/command-line.md");
        }
    }
}
