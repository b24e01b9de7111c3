//! Files of others as recordings: imported, and read in place by a run.

#[path = "common/files.rs"]
mod files;
#[path = "imports/inputs.rs"]
mod inputs;
#[path = "common/program.rs"]
mod program;

use files::files;
use inputs::{Written, written};
use program::{done, program, text, trackweave, value};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

const POLICY: &str = "data/policies/all-to-all";
/// Where the radar of the inputs stands, and where multilateration counts x and y from.
const SITE: &str = "020/129/CAT048=41.3,2.1,95";
const ORIGIN: &str = "000/107/CAT010=41.2971,2.0784,52";

/// Everything that was imported from files of the project's own making, by a command with more words.
fn imported(files: &[PathBuf], out: &Path, words: &[&str]) -> Value {
    let mut arguments = vec!["import".to_owned(), "--json".to_owned(), "--out".to_owned(), out.display().to_string()];
    arguments.extend(files.iter().map(|file| file.display().to_string()));
    arguments.extend(words.iter().map(|word| (*word).to_owned()));
    value(&done(&arguments))
}

/// What a person states in a draft: whose the sensors are.
fn complete(recording: &Path) {
    let path = recording.join("recording.toml");
    let draft = fs::read_to_string(&path).expect("a draft");
    assert!(draft.contains("owner = \"unknown\"  # to be stated"), "{draft}");
    fs::write(&path, draft.replace("owner = \"unknown\"", "owner = \"alder\"")).expect("a folder");
}

/// What every partner gets.
/// The files of a folder, by name.
type Files = Vec<(String, Vec<u8>)>;

fn pictures(recording: &Path, out: &Path) -> Vec<(String, Files)> {
    let [recording, out] = [recording, out].map(|path| path.display().to_string());
    done(&["run", &recording, "--policy", POLICY, "--out", &out, "--executor", "host"]);
    let partners = ["alder", "birch", "cedar", "guest"];
    let of = |partner: &str| files(&Path::new(&out).join(partner)).into_iter().collect();
    partners.iter().map(|partner| ((*partner).to_owned(), of(partner))).collect()
}

/// Options without which files of a kind make no recording.
fn words(of: &Written) -> Vec<&'static str> {
    let mut words = of.words.to_vec();
    words.extend(of.site.then_some(["--site", SITE]).into_iter().flatten());
    words.extend(of.origin.then_some(["--origin", ORIGIN, "--altitude-m", "53"]).into_iter().flatten());
    words
}

#[test]
fn a_run_gives_partners_the_same_bytes_whether_files_are_imported_or_read_in_place() {
    let folder = tempfile::tempdir().expect("a folder");
    for of in written() {
        let file = of.write(folder.path());
        let at = |name: &str| folder.path().join(format!("{}-{name}", of.name));
        let report = imported(std::slice::from_ref(&file), &at("table"), &words(&of));
        assert_eq!(report["rows"], of.rows, "{}: {report}", of.name);
        assert_eq!(report["files"][0]["format"], of.format, "{report}");
        let in_place = [words(&of), vec!["--in-place"]].concat();
        let again = imported(&[file], &at("in-place"), &in_place);
        assert_eq!(again["rows"], of.rows, "{}", of.name);
        assert!(at("table").join("detections.parquet").exists() && !at("in-place").join("detections.parquet").exists());
        for name in ["table", "in-place"] {
            complete(&at(name));
        }
        let table = pictures(&at("table"), &at("out-table"));
        let given = |(partner, files): &(String, Vec<(String, Vec<u8>)>)| {
            partner == "birch" && files.iter().any(|(name, bytes)| name == "tracks.parquet" && !bytes.is_empty())
        };
        assert!(table.iter().any(given), "{}: a picture of alder's sensors", of.name);
        assert!(table == pictures(&at("in-place"), &at("out-in-place")), "{}: pictures differ", of.name);
    }
}

#[test]
fn the_order_of_files_changes_no_byte_of_a_picture_and_the_same_files_give_the_same_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = written();
    let of = |name: &str| all.iter().find(|of| of.name == name).expect("an input").write(folder.path());
    let (radar, multilateration) = (of("radar"), of("multilateration"));
    let at = |name: &str| folder.path().join(name);
    let words = ["--site", SITE, "--origin", ORIGIN, "--altitude-m", "53", "--date", "2018-08-01"];
    for (name, files) in
        [("ab", [radar.clone(), multilateration.clone()]), ("ba", [multilateration.clone(), radar.clone()])]
    {
        imported(&files, &at(name), &words);
        complete(&at(name));
    }
    assert!(pictures(&at("ab"), &at("out-ab")) == pictures(&at("ba"), &at("out-ba")), "the order of files is seen");
    // Of the same name: the draft is called after its folder.
    imported(&[radar, multilateration], &at("again/ab"), &words);
    complete(&at("again/ab"));
    assert!(files(&at("ab")) == files(&at("again/ab")), "the same files give other bytes");
}

#[test]
fn a_radar_that_does_not_say_where_it_stands_is_asked_for_and_one_that_says_so_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = written();
    let radar = all.iter().find(|of| of.name == "radar").expect("an input");
    let file = radar.write(folder.path());
    let at = |name: &str| folder.path().join(name);
    let report = imported(&[file], &at("silent"), &[]);
    let to_state = report["to_state"].to_string();
    assert!(to_state.contains("site of 020/129/CAT048"), "{report}");
    complete(&at("silent"));
    let draft = fs::read_to_string(at("silent").join("recording.toml")).expect("a draft");
    assert!(draft.contains("# site = ") && draft.contains("time = \"seconds\""), "{draft}");
    let [recording, out] = ["silent", "out"].map(|name| at(name).display().to_string());
    let refused = trackweave(&["run", &recording, "--policy", POLICY, "--out", &out]);
    let error = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(3), "{error}");
    assert!(error.contains("`site` is missing; wanted the site of the radar"), "{error}");

    let said = at("said.ast");
    fs::write(&said, inputs::with_service(&radar.octets)).expect("a file");
    let report = imported(&[said], &at("said"), &["--date", "2018-08-01"]);
    assert!(!report["to_state"].to_string().contains("site"), "{report}");
    let draft = fs::read_to_string(at("said").join("recording.toml")).expect("a draft");
    for found in
        ["41.2999", "its own messages", "scan_period_s = 4.0", "turns from north to north", "time = \"timestamp\""]
    {
        assert!(draft.contains(found), "{found}: {draft}");
    }
    complete(&at("said"));
    pictures(&at("said"), &at("out-said"));
}

#[test]
fn an_antenna_whose_plots_agree_with_its_north_marks_is_drafted_as_turning_with_its_revolutions() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let said = at("turning.ast");
    fs::write(&said, inputs::turning()).expect("a file");
    for (name, more) in [("table", [].as_slice()), ("place", &["--in-place"])] {
        imported(std::slice::from_ref(&said), &at(name), &[&["--date", "2018-08-01"], more].concat());
        let draft = fs::read_to_string(at(name).join("recording.toml")).expect("a draft");
        assert!(
            draft.contains("looks = \"rotating\"") && draft.contains("scan_period_s = 4.000000  # found"),
            "{draft}"
        );
        assert!(at(name).join("looks.parquet").is_file());
        complete(&at(name));
        let rows = pictures(&at(name), &at(&format!("out-{name}")));
        assert!(!rows.is_empty());
    }
}

#[test]
fn x_and_y_without_an_origin_end_the_import_with_the_option_that_states_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = written();
    let file = all.iter().find(|of| of.name == "multilateration").expect("an input").write(folder.path());
    let out = folder.path().join("out").display().to_string();
    let refused = trackweave(&["import", &file.display().to_string(), "--out", &out]);
    let error = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(3), "{error}");
    assert!(error.contains("--origin 000/107/CAT010=LATITUDE,LONGITUDE,ALTITUDE"), "{error}");
    let other = ["--origin", "000/108/CAT010=41.3,2.1,52", "--origin", ORIGIN];
    let path = file.display().to_string();
    let arguments = [&["import", path.as_str(), "--out", out.as_str()], other.as_slice()].concat();
    let refused = trackweave(&arguments);
    let error = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{error}");
    assert!(error.contains("found sensor `000/108/CAT010`; wanted one of `000/107/CAT010`"), "{error}");
    assert!(!Path::new(&out).exists(), "something was written");
}

#[test]
fn what_cannot_be_read_is_reported_by_reason_and_place_and_the_rest_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = written();
    let radar = all.iter().find(|of| of.name == "radar").expect("an input");
    let block = usize::from(u16::from_be_bytes([radar.octets[1], radar.octets[2]]));
    let mut octets = radar.octets.clone();
    octets.splice(block..block, *b"no block of ASTERIX");
    let file = folder.path().join("damaged.ast");
    fs::write(&file, octets).expect("a file");
    let report = imported(&[file], &folder.path().join("out"), &["--site", SITE]);
    assert_eq!(report["rows"], radar.rows, "{report}");
    assert_eq!(report["files"][0]["rejected"]["framing"], 1, "{report}");
    let at = &report["files"][0]["first_rejected"][0]["at"]["report"];
    assert_eq!((&at["unit"], &at["at"]), (&"octet".into(), &Value::from(block)), "{report}");
}

#[test]
fn no_prefix_of_a_file_and_no_damage_brings_an_import_down() {
    use trackweave::import::{Request, import};
    use trackweave::ingest::Import;
    let folder = tempfile::tempdir().expect("a folder");
    let mut number = 0;
    for of in written() {
        let file = folder.path().join("damaged");
        for cut in (0..=of.octets.len()).step_by(of.octets.len() / 7 + 1) {
            for damage in [None, Some(cut / 2)] {
                let mut octets = of.octets[..cut].to_vec();
                if let Some(octet) = damage.and_then(|at| octets.get_mut(at)) {
                    *octet ^= 0x55;
                }
                fs::write(&file, octets).expect("a file");
                number += 1;
                let out = folder.path().join(format!("out{number}"));
                let imports = vec![Import { file: file.clone(), ..Import::default() }];
                let request =
                    Request { imports, truth: Vec::new(), in_place: false, sites: BTreeMap::new(), out: &out };
                let done = import(&request, |_| std::ops::ControlFlow::Continue(()));
                assert_eq!(done.is_ok(), out.join("recording.toml").exists(), "{}: {done:?}", of.name);
            }
        }
    }
    let left: Vec<_> =
        fs::read_dir(folder.path()).expect("a folder").map(|entry| entry.expect("one").file_name()).collect();
    assert!(!left.iter().any(|name| name.to_string_lossy().starts_with(".trackweave")), "{left:?}");
}

#[test]
fn an_import_that_is_stopped_leaves_nothing_and_one_that_is_killed_no_recording() {
    use trackweave::import::{ImportError, Request, import};
    use trackweave::ingest::Import;
    let folder = tempfile::tempdir().expect("a folder");
    let all = written();
    let file = all.iter().find(|of| of.name == "opensky").expect("an input").write(folder.path());
    let out = folder.path().join("in/out");
    let imports = vec![Import { file: file.clone(), ..Import::default() }];
    let request = Request { imports, truth: Vec::new(), in_place: false, sites: BTreeMap::new(), out: &out };
    for last in [true, false] {
        let stop = |rows: Option<u64>| match rows {
            Some(_) if last => std::ops::ControlFlow::Continue(()),
            _ => std::ops::ControlFlow::Break(()),
        };
        assert!(matches!(import(&request, stop), Err(ImportError::Stopped)));
        assert_eq!(fs::read_dir(folder.path().join("in")).expect("a folder").count(), 0, "something is left");
    }
    // A pipe that is never written to would be refused; a long file is killed on its way.
    let long = folder.path().join("long.csv");
    let text = fs::read_to_string(&file).expect("text");
    let (head, rows) = text.split_once('\n').expect("a head");
    fs::write(&long, format!("{head}\n{}", rows.repeat(3000))).expect("a file");
    let arguments = ["import", &long.display().to_string(), "--out", &out.display().to_string()].map(str::to_owned);
    let mut child = program(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
    std::thread::sleep(Duration::from_millis(30));
    child.kill().expect("a process");
    child.wait().expect("a process");
    assert!(!out.exists() || out.join("recording.toml").exists(), "half a recording");
}

#[test]
fn a_folder_with_something_in_it_is_left_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = written();
    let file = all.iter().find(|of| of.name == "sbs").expect("an input").write(folder.path());
    let out = folder.path().join("out");
    imported(std::slice::from_ref(&file), &out, &[]);
    complete(&out);
    let before = files(&out);
    let refused = trackweave(&["import", &file.display().to_string(), "--out", &out.display().to_string()]);
    assert_eq!(refused.status.code(), Some(4));
    assert!(text(&refused.stderr).contains("wanted a new name or an empty folder"), "{}", text(&refused.stderr));
    assert!(before == files(&out), "something changed");
}

#[test]
fn truth_is_in_the_order_of_time_and_scores_a_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = written();
    let of = |name: &str| all.iter().find(|of| of.name == name).expect("an input").write(folder.path());
    let (detections, truth) = (of("sbs"), of("opensky"));
    let out = folder.path().join("recording");
    let report = imported(&[detections], &out, &["--truth", &truth.display().to_string()]);
    assert!(report["truth_rows"].as_u64().is_some_and(|rows| rows > 0), "{report}");
    complete(&out);
    pictures(&out, &folder.path().join("out"));
    let scored = done(&[
        "score".to_owned(),
        folder.path().join("out").display().to_string(),
        "--truth".to_owned(),
        out.display().to_string(),
        "--json".to_owned(),
    ]);
    assert!(value(&scored).as_object().is_some_and(|partners| !partners.is_empty()), "{scored}");
}

#[test]
fn files_of_one_recording_agree_whether_times_have_dates() {
    let folder = tempfile::tempdir().expect("a folder");
    let all = written();
    let of = |name: &str| all.iter().find(|of| of.name == name).expect("an input").write(folder.path());
    let (dated, undated) = (of("sbs"), of("radar"));
    let out = folder.path().join("out").display().to_string();
    let files = [&dated, &undated].map(|file| file.display().to_string());
    let refused = trackweave(&["import", &files[0], &files[1], "--out", &out, "--site", SITE]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(text(&refused.stderr).contains("a time of day without a date"), "{}", text(&refused.stderr));
    imported(&[dated, undated], Path::new(&out), &["--site", SITE, "--date", "2018-08-01"]);
}

#[test]
fn a_key_of_an_import_that_cannot_be_is_named_with_its_line() {
    use trackweave::ingest::Catalogue;
    let head = "name = \"t\"\nframe = \"geodetic\"\ntime = \"timestamp\"\n[[import]]\nfile = \"a.ast\"\n";
    let sensor = "[[sensor]]\nname = \"s\"\nowner = \"o\"\nkind = \"position\"\nnoise = { horizontal_m = 1.0, vertical_m = \
                  1.0 }\ndetection_probability = 0.9\nclutter_per_scan = 0.1\nlooks = \"reports\"\nexpected_interval_s = \
                  1.0\ncoverage = { longitude_deg = [0.0, 1.0], latitude_deg = [0.0, 1.0] }\n";
    let parsed = |keys: &str| Catalogue::parse(&format!("{head}{keys}{sensor}"), Path::new("recording.toml"));
    let sound = "date = \"2018-08-01\"\nformat = \"asterix\"\neditions = { \"21\" = \"0.23\" }\nheights = \"pressure\"\n\
                 origins = { \"000/107/CAT010\" = { latitude_deg = 1.0, longitude_deg = 2.0, altitude_m = 3.0 } }\n";
    let catalogue = parsed(sound).expect("a catalogue");
    assert_eq!(catalogue.imports[0].origins.len(), 1);
    for (keys, wanted) in [
        ("date = \"2018-02-30\"\n", "recording.toml:6: `date` is `2018-02-30`; wanted a day"),
        ("format = \"asterisk\"\n", "`format` is `asterisk`; wanted one of asterix, beast"),
        ("editions = { \"21\" = \"9.9\" }\n", "wanted a category and an edition of docs/formats-in.md"),
        ("altitude_m = 1e9\n", "`altitude_m` is 1000000000; wanted metres between"),
        (
            "receiver = { latitude_deg = 91.0, longitude_deg = 0.0 }\n",
            "`latitude_deg` is 91; wanted between -90 and 90",
        ),
        ("hieghts = \"pressure\"\n", "hieghts"),
    ] {
        let error = parsed(keys).expect_err("a key that cannot be").to_string();
        assert!(error.contains(wanted), "{error}");
    }
    let local = format!("{head}{sensor}").replace("geodetic", "local").replace("longitude_deg", "x_m");
    let error = Catalogue::parse(&local.replace("latitude_deg", "y_m"), Path::new("r")).expect_err("local").to_string();
    assert!(error.contains("`import` is there, where frame is local"), "{error}");
    let dialect = Catalogue::parse(&format!("{head}[detections]\nzone = \"UTC\"\n{sensor}"), Path::new("r"));
    let error = dialect.expect_err("a dialect of no table").to_string();
    assert!(error.contains("r:5: `import` is there beside [detections]; wanted either"), "{error}");
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("recording.toml"), format!("{head}{sensor}")).expect("a folder");
    fs::write(folder.path().join("detections.csv"), "time,sensor\n").expect("a folder");
    let error = trackweave::ingest::Recording::open(folder.path()).expect_err("both").to_string();
    assert!(error.contains("found beside files in [[import]]"), "{error}");
}
