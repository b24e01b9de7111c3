//! A recording that changes while it is read: an error that names the change, or the picture of the first bytes, and
//! never anything else. What the first pass decided about a class holds for the class, not for its number.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, FileTimes, OpenOptions};
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use trackweave::fusion::executor::Executor;
use trackweave::ingest::{ColumnType, TableWriter, Values};
use trackweave::policy::Lift;
use trackweave::product::{PicturePoint, read_picture};
use trackweave::run::{Besides, Prices, Progress, Request, RunConfig, RunReport, price, run};

/// Contents by path below the output.
type Files = BTreeMap<PathBuf, Vec<u8>>;

/// One detection: time in tenths of a second, place in metres, label.
type Row = (u32, [f64; 2], &'static str);

/// A target that everybody may see, west of one marked `sec`, which bravo may not have.
fn rows() -> Vec<Row> {
    (0..30)
        .flat_map(|k| {
            let x = f64::from(k) * 10.0;
            [(10 * k + 1, [x - 1000.0, 500.0], ""), (10 * k + 1, [x + 2000.0, 1500.0], "sec")]
        })
        .collect()
}

fn csv(rows: &[Row]) -> Vec<u8> {
    let mut text = "time,sensor,x_m,y_m,label\n".to_owned();
    for (tenths, [x, y], label) in rows {
        writeln!(text, "{:04.1},mast,{x:07.1},{y:07.1},{label}", f64::from(*tenths) / 10.0).expect("text");
    }
    text.into_bytes()
}

fn parquet(rows: &[Row]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("detections.parquet");
    let columns = [
        ("time", ColumnType::Float64),
        ("sensor", ColumnType::Text),
        ("x_m", ColumnType::Float64),
        ("y_m", ColumnType::Float64),
        ("label", ColumnType::Text),
    ];
    let mut writer = TableWriter::create(&path, &columns).expect("a table");
    let number = |of: fn(&Row) -> f64| Values::Float64(rows.iter().map(|row| Some(of(row))).collect());
    let values = vec![
        number(|row| f64::from(row.0) / 10.0),
        Values::Text(vec![Some("mast"); rows.len()]),
        number(|row| row.1[0]),
        number(|row| row.1[1]),
        Values::Text(rows.iter().map(|row| Some(row.2)).collect()),
    ];
    writer.append_columns(values).expect("rows");
    writer.finish().expect("a file");
    fs::read(path).expect("the file")
}

const CATALOGUE: &str = "name = \"changes\"\nframe = \"local\"\ntime = \"seconds\"\n[[sensor]]\nname = \"mast\"\n\
    owner = \"alpha\"\nkind = \"position\"\nnoise = { horizontal_m = 10.0 }\ndetection_probability = 0.9\n\
    clutter_per_scan = 1.0\nscan_period_s = 1.0\ncoverage = { x_m = [-5000.0, 5000.0], y_m = [-5000.0, 5000.0] }\n";
const SCHEMA: &str = "entity Partner;\n\
    entity DetectionClass = { sensor: String, owner: String, kind: String, label: String, zones: Set<String>, \
    periods: Set<String>, identified: Bool };\n\
    entity TrackClass = { contributors: Set<String>, labels: Set<String>, zones: Set<String>, periods: Set<String>, \
    status: String };\n\
    action fuse;\naction fuse_full in [fuse] appliesTo { principal: Partner, resource: DetectionClass };\n\
    action receive;\naction receive_full in [receive] appliesTo { principal: Partner, resource: TrackClass };\n";
const RULES: &str = "@id(\"fuse\") permit (principal, action in Action::\"fuse\", resource);\n\
    @id(\"no-sec\") forbid (principal == Partner::\"bravo\", action in Action::\"fuse\", resource)\n\
    when { resource.label == \"sec\" };\n\
    @id(\"receive\") permit (principal, action in Action::\"receive\", resource);\n";

struct Scene {
    folder: TempDir,
    config: RunConfig,
    /// `detections.csv` or `detections.parquet`.
    table: &'static str,
    cache: Option<PathBuf>,
}

impl Scene {
    fn new(table: &'static str, bytes: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let text = include_str!("../data/config/air.toml")
            .replace("report_period_s = 10.0", "report_period_s = 1.0")
            .replace("cell_km = 10.0", "cell_km = 0.5");
        let config = RunConfig::parse(&text, Path::new("test")).expect("a configuration");
        let scene = Self { folder, config, table, cache: None };
        for (name, text) in [
            ("recording/recording.toml", CATALOGUE),
            ("policy/schema.cedarschema", SCHEMA),
            ("policy/rules.cedar", RULES),
            ("policy/partners.toml", "[[partner]]\nid = \"alpha\"\n[[partner]]\nid = \"bravo\"\n"),
            ("policy/levels.toml", "[[fuse]]\nlevel = \"fuse_full\"\n[[receive]]\nlevel = \"receive_full\"\n"),
        ] {
            let path = scene.path(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
            fs::write(path, text).expect("a file is written");
        }
        fs::write(scene.detections(), bytes).expect("detections");
        scene
    }

    /// The same with a cache.
    fn with_cache(mut self) -> Self {
        self.cache = Some(self.path("cache"));
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn detections(&self) -> PathBuf {
        self.path("recording").join(self.table)
    }

    /// A run in which something happens once, when it first tells of some progress.
    fn run(&self, when: fn(Progress) -> bool, change: impl FnOnce()) -> Result<RunReport, String> {
        self.run_besides(Besides::default(), when, change)
    }

    /// The same with what is made besides.
    fn run_besides(
        &self,
        besides: Besides,
        when: fn(Progress) -> bool,
        change: impl FnOnce(),
    ) -> Result<RunReport, String> {
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| self.path(name));
        let request = Request::new(&recording, &policy, &out, &self.config);
        let request = Request { cache: self.cache.as_deref(), besides, ..request };
        let mut change = once(when, change);
        run(&request, Executor::host(), &mut change).map_err(|error| error.to_string())
    }

    /// Prices, made without an output.
    fn price(&self, when: fn(Progress) -> bool, change: impl FnOnce()) -> Result<Prices, String> {
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| self.path(name));
        let request = Request::new(&recording, &policy, &out, &self.config);
        let scratch = tempfile::tempdir().map_err(|error| error.to_string())?;
        let [runs, lanes] = ["runs", "lanes"].map(|name| scratch.path().join(name));
        let mut change = once(when, change);
        let prices = price(&request, (&runs, &lanes), &Executor::host(), &mut |progress| {
            change(progress);
            ControlFlow::Continue(())
        });
        prices.map_err(|error| error.to_string())
    }

    /// The output but for what may differ, and what is in the folder besides.
    fn output(&self) -> Files {
        let mut found = Files::new();
        gather(&self.path("out"), &mut found);
        found.retain(|path, _| !path.ends_with("timings.json"));
        found
    }

    /// Names beside the output, and how many lanes the cache holds.
    fn beside(&self) -> (Vec<String>, usize) {
        let names = |folder: &Path| {
            let entries = fs::read_dir(folder).into_iter().flatten();
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect::<Vec<_>>()
        };
        let mut beside = names(self.folder.path());
        beside.retain(|name| name != "cache");
        beside.sort();
        (beside, names(&self.path("cache")).len())
    }
}

/// Does something once, when it first hears of some progress.
fn once(when: fn(Progress) -> bool, change: impl FnOnce()) -> impl FnMut(Progress) {
    let mut change = Some(change);
    move |progress| {
        if when(progress)
            && let Some(change) = change.take()
        {
            change();
        }
    }
}

fn gather(folder: &Path, found: &mut Files) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            gather(&path, found);
        } else {
            let bytes = fs::read(&path).expect("a file");
            let below = path.components().rev().take(2).collect::<Vec<_>>().into_iter().rev().collect();
            found.insert(below, bytes);
        }
    }
}

/// Writes other bytes into a file that stays the same one, and sets its times back.
fn rewrite(path: &Path, bytes: &[u8]) {
    let times = fs::metadata(path).expect("a file").modified().expect("a time");
    let mut file = OpenOptions::new().write(true).truncate(true).open(path).expect("the file");
    file.write_all(bytes).expect("the bytes");
    file.set_times(FileTimes::new().set_modified(times)).expect("the time");
}

/// Other detections, by what is other about them.
fn others() -> Vec<(&'static str, Vec<Row>)> {
    let exchanged = rows().chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
    let mut moved = rows();
    moved[30].1[0] += 0.5;
    let mut labelled = rows();
    labelled[30].2 = "sec";
    let mut new = rows();
    new[31].2 = "new";
    let longer = rows().into_iter().chain([(300, [-700.0, 500.0], "")]).collect();
    vec![
        ("a row moved", moved),
        ("rows of equal instants exchanged", exchanged),
        ("a label changed to another", labelled),
        ("a label changed to a new one", new),
        ("longer", longer),
        ("shorter", rows()[..40].to_vec()),
        ("empty", Vec::new()),
    ]
}

fn is_fusing(progress: Progress) -> bool {
    matches!(progress, Progress::Fusing(..))
}

fn is_comparing(progress: Progress) -> bool {
    matches!(progress, Progress::Comparing(..))
}

/// The last row has been classed: the next pass has not begun.
fn is_classed(progress: Progress) -> bool {
    matches!(progress, Progress::Classing(_))
}

#[test]
fn bytes_that_change_between_the_passes_are_an_error_that_names_the_change() {
    for (table, write) in [("detections.csv", csv as fn(&[Row]) -> Vec<u8>), ("detections.parquet", parquet)] {
        for cached in [false, true] {
            let scene = Scene::new(table, &write(&rows()));
            let scene = if cached { scene.with_cache() } else { scene };
            for (what, other) in others() {
                let passes: &[fn(Progress) -> bool] =
                    if cached { &[is_classed, is_comparing, is_fusing] } else { &[is_classed, is_fusing] };
                for &when in passes {
                    rewrite(&scene.detections(), &write(&rows()));
                    let path = scene.detections();
                    let done = scene.run(when, || rewrite(&path, &write(&other)));
                    let error = done.expect_err(what);
                    let named = format!("{table} changed while it was read: found ");
                    assert!(error.contains(&named), "{what}: {error}");
                    assert!(error.contains("nothing was written: run again"), "{what}: {error}");
                    assert_eq!(scene.beside(), (vec!["policy".to_owned(), "recording".to_owned()], 0), "{what}");
                }
            }
            // Cut in the middle of a row.
            let whole = write(&rows());
            rewrite(&scene.detections(), &whole);
            let path = scene.detections();
            let done = scene.run(is_classed, || rewrite(&path, &whole[..whole.len() - 5]));
            let error = done.expect_err("cut");
            assert!(error.contains("changed while it was read"), "{error}");
            // Nothing has become of the cache.
            rewrite(&scene.detections(), &whole);
            scene.run(|_| false, || {}).expect("a recording at rest");
            assert_eq!(scene.beside().1, if cached { 2 } else { 0 });
        }
    }
}

#[test]
fn a_file_renamed_over_the_detections_gives_the_picture_of_the_first_bytes() {
    for (table, write) in [("detections.csv", csv as fn(&[Row]) -> Vec<u8>), ("detections.parquet", parquet)] {
        for cached in [false, true] {
            let scene = Scene::new(table, &write(&rows()));
            let scene = if cached { scene.with_cache() } else { scene };
            scene.run(|_| false, || {}).expect("a recording at rest");
            let wanted = scene.output();
            for (what, other) in others() {
                fs::write(scene.detections(), write(&rows())).expect("detections");
                let (path, new) = (scene.detections(), scene.path("new"));
                let done = scene.run(is_classed, || {
                    fs::write(&new, write(&other)).expect("another file");
                    fs::rename(&new, &path).expect("renamed");
                });
                done.expect(what);
                assert!(scene.output() == wanted, "{table}, {what}: another picture");
            }
        }
    }
}

#[test]
fn an_output_that_is_there_stays_when_the_recording_changes() {
    let scene = Scene::new("detections.csv", &csv(&rows()));
    scene.run(|_| false, || {}).expect("a recording at rest");
    let (wanted, path) = (scene.output(), scene.detections());
    let catalogue = scene.path("recording/recording.toml");
    let other = csv(&others()[0].1);
    assert!(scene.run(is_fusing, || rewrite(&path, &other)).is_err());
    assert!(scene.output() == wanted);
    rewrite(&path, &csv(&rows()));
    let error = scene.run(is_fusing, || rewrite(&catalogue, CATALOGUE.replace("10.0", "20.0").as_bytes()));
    let error = error.expect_err("another catalogue");
    assert!(error.contains("recording.toml changed while it was read"), "{error}");
    assert!(scene.output() == wanted);
}

/// The run under the policy as it is has fused; the runs with a rule lifted have not begun.
fn is_scoring(progress: Progress) -> bool {
    progress == Progress::Scoring
}

#[test]
fn prices_are_of_the_recording_that_the_run_has_opened() {
    let besides = Besides { pages: false, prices: true, ..Besides::default() };
    for (table, write) in [("detections.csv", csv as fn(&[Row]) -> Vec<u8>), ("detections.parquet", parquet)] {
        let scene = Scene::new(table, &write(&rows()));
        scene.run_besides(besides, |_| false, || {}).expect("a recording at rest");
        let (wanted, prices) = (scene.output(), scene.price(|_| false, || {}).expect("a recording at rest"));
        let forbid = prices.prices.iter().find(|price| price.lift == Lift::Forbid("no-sec".to_owned()));
        let bravo = forbid.and_then(|price| price.partners.get("bravo")).expect("a price");
        assert_eq!(bravo.gain.detections, 30, "bravo would have what is marked");
        let (path, new) = (scene.detections(), scene.path("new"));
        let rename = |other: &[Row]| {
            fs::write(&new, write(other)).expect("another file");
            fs::rename(&new, &path).expect("renamed");
        };
        for (what, other) in others() {
            fs::write(&path, write(&rows())).expect("detections");
            scene.run_besides(besides, is_scoring, || rename(&other)).expect(what);
            assert!(scene.output() == wanted, "{table}, {what}: other prices");
            fs::write(&path, write(&rows())).expect("detections");
            assert_eq!(scene.price(is_scoring, || rename(&other)).expect(what), prices, "{table}, {what}");
            let change = || rewrite(&path, &write(&other));
            fs::write(&path, write(&rows())).expect("detections");
            let run = scene.run_besides(besides, is_scoring, change).map(drop);
            assert!(scene.output() == wanted, "{table}, {what}: another output");
            rewrite(&path, &write(&rows()));
            for done in [run, scene.price(is_scoring, change).map(drop)] {
                let error = done.expect_err(what);
                assert!(error.contains(&format!("{table} changed while it was read: found ")), "{what}: {error}");
                assert!(error.contains("nothing was written: run again"), "{what}: {error}");
            }
        }
    }
}

/// The first pass meets the classes in one order, the second in the other: a right that is looked up by the number of a
/// class would be that of the other one.
#[test]
fn no_order_of_rows_gives_a_partner_what_it_may_not_see() {
    let scene = Scene::new("detections.csv", &csv(&rows()));
    scene.run(|_| false, || {}).expect("a recording at rest");
    let west = |rows: Vec<PicturePoint>| !rows.is_empty() && rows.iter().all(|row| row.position_m[0] < 500.0);
    let bravo = scene.path("out/bravo");
    assert!(west(read_picture(&bravo).expect("a picture")));
    let exchanged: Vec<Row> = rows().chunks(2).flat_map(|pair| [pair[1], pair[0]]).collect();
    let path = scene.detections();
    for when in [is_classed as fn(Progress) -> bool, is_fusing] {
        rewrite(&path, &csv(&rows()));
        let done = scene.run(when, || rewrite(&path, &csv(&exchanged)));
        assert!(done.is_err() && west(read_picture(&bravo).expect("a picture")));
    }
    // The other order from the start is the same picture.
    scene.run(|_| false, || {}).expect("a recording at rest");
    assert!(west(read_picture(&bravo).expect("a picture")));
}

/// A partner's manifest.
fn computed_from(scene: &Scene, partner: &str) -> Value {
    scene.run(|_| false, || {}).expect("a recording at rest");
    let bytes = fs::read(scene.path("out").join(partner).join("manifest.json")).expect("a manifest");
    serde_json::from_slice::<Value>(&bytes).expect("JSON")["computed_from"].clone()
}

#[test]
fn a_partners_digests_are_of_what_it_may_have_and_of_nothing_else() {
    let scene = Scene::new("detections.csv", &csv(&rows()));
    let (alpha, bravo) = (computed_from(&scene, "alpha"), computed_from(&scene, "bravo"));
    assert_eq!((&alpha["detections"]["rows"], &bravo["detections"]["rows"]), (&json!(60), &json!(30)));
    // A hidden row moves, one is added, and the format changes.
    let mut hidden = rows();
    hidden[31].1[1] += 7.0;
    hidden.insert(5, (20, [0.0, 0.0], "sec"));
    fs::write(scene.detections(), csv(&hidden)).expect("detections");
    assert_eq!(computed_from(&scene, "bravo"), bravo);
    assert_ne!(computed_from(&scene, "alpha")["detections"], alpha["detections"]);
    let other = Scene::new("detections.parquet", &parquet(&hidden)).with_cache();
    assert_eq!(computed_from(&other, "bravo"), bravo);
    assert_eq!(computed_from(&other, "bravo"), bravo, "from the cache");
    // A visible one moves.
    hidden[0].1[1] += 7.0;
    fs::write(scene.detections(), csv(&hidden)).expect("detections");
    assert_ne!(computed_from(&scene, "bravo")["detections"], bravo["detections"]);
    fs::write(scene.detections(), csv(&rows())).expect("detections");

    // Rules of others, comments and names of files are none of bravo's business; its own are.
    let add = |file: &str, text: &str| {
        let path = scene.path("policy").join(file);
        let before = fs::read_to_string(&path).unwrap_or_default();
        fs::write(path, before + text).expect("a file is written");
    };
    add("more.cedar", "// A word.\n@id(\"a\") permit (principal == Partner::\"alpha\", action, resource);\n");
    add("partners.toml", "[[partner]]\nid = \"charlie\"\n");
    assert_eq!(computed_from(&scene, "bravo"), bravo);
    add(
        "more.cedar",
        "@id(\"b\") permit (principal == Partner::\"bravo\", action in Action::\"receive\", resource);\n",
    );
    assert_eq!(computed_from(&scene, "bravo")["detections"], bravo["detections"]);
    assert_ne!(computed_from(&scene, "bravo")["policy_sha256"], bravo["policy_sha256"]);
    // Where a level could withhold something, there is no digest to try guesses against.
    fs::write(
        scene.path("policy/levels.toml"),
        "[[fuse]]\nlevel = \"fuse_full\"\n[[receive]]\nlevel = \"receive_full\"\ncoarsen_m = 100\n",
    )
    .expect("levels");
    assert!(computed_from(&scene, "bravo").get("detections").is_none());
}

#[test]
fn verify_says_which_file_is_not_the_one_that_the_run_read() {
    let scene = Scene::new("detections.csv", &csv(&rows()));
    let config = scene.path("config.toml");
    fs::write(&config, toml::to_string(&scene.config).expect("TOML")).expect("a file");
    scene.run(|_| false, || {}).expect("a recording at rest");
    let verify = |out: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trackweave"));
        command.arg("verify").arg(scene.path(out)).arg("--recording").arg(scene.path("recording"));
        command.arg("--policy").arg(scene.path("policy")).arg("--config").arg(&config);
        let done = command.output().expect("a process");
        (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    assert_eq!(verify("out"), (Some(0), String::new()));
    assert_eq!(verify("out/bravo"), (Some(0), String::new()));
    let found = |name: &str, text: &[u8]| {
        let path = scene.path(name);
        let before = fs::read(&path).ok();
        fs::write(&path, text).expect("a file");
        let said = [verify("out"), verify("out/bravo")];
        match before {
            Some(before) => fs::write(path, before).expect("a file"),
            None => fs::remove_file(path).expect("a file"),
        }
        said
    };
    let mut hidden = rows();
    hidden[31].1[1] += 7.0;
    let [(code, line), alone] = found("recording/detections.csv", &csv(&hidden));
    assert!(
        code == Some(6) && line.contains("recording/detections.csv: found 1736 bytes") && line.contains("SHA-256"),
        "{line}"
    );
    assert_eq!(alone.0, Some(0), "bravo's own detections are the same: {}", alone.1);
    hidden[0].1[1] += 7.0;
    let [_, (code, line)] = found("recording/detections.csv", &csv(&hidden));
    assert!(code == Some(6) && line.contains("manifest.json: found `\"sha256\""), "{line}");
    let [(code, line), (alone, other)] = found("policy/rules.cedar", RULES.replace("\"sec\"", "\"no\"").as_bytes());
    assert!(code == Some(6) && line.contains("policy/rules.cedar: found "), "{line}");
    assert_eq!(alone, Some(6), "{other}");
    let more = b"@id(\"a\") permit (principal == Partner::\"alpha\", action, resource);\n";
    let [(code, line), alone] = found("policy/more.cedar", more);
    assert!(code == Some(6) && line.contains("policy/more.cedar: found ") && line.contains("wanted no file"), "{line}");
    assert_eq!(alone.0, Some(0), "bravo's rules are the same: {}", alone.1);
    let [(code, line), _] =
        found("config.toml", &[fs::read(&config).expect("a file"), b"\n# a word\n".to_vec()].concat());
    assert_eq!(code, Some(0), "a comment is no parameter: {line}");
    let text = fs::read_to_string(&config).expect("a file");
    let text = text.replace("confirm = 0.9", "confirm = 0.91");
    let [(code, line), _] = found("config.toml", text.as_bytes());
    assert!(code == Some(6) && line.contains("configuration: found SHA-256"), "{line}");
}
