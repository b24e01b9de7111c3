//! What a run costs is bounded by what its files hold, and never by the time between rows: counted, not timed.

#[path = "common/files.rs"]
mod files;
#[path = "common/guarded.rs"]
mod guarded;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use trackweave::fusion::executor::Executor;
use trackweave::product::read_picture;
use trackweave::run::{Request, RunConfig, RunError, RunReport, run};

/// A recording and a policy of the partners `own` and `other`, to change.
#[derive(Clone, Debug)]
struct Scene {
    periods_s: Vec<f64>,
    /// Time and place of each row, of the first sensor.
    rows: Vec<[f64; 3]>,
    windows: Vec<(&'static str, f64, f64)>,
    rules: String,
    config: String,
    partners: usize,
}

const FUSE: &str = "@id(\"fuse\") permit (principal == Partner::\"own\", action == Action::\"fuse_full\", resource);\n";
const RECEIVE: &str = "@id(\"receive\") permit (principal, action == Action::\"receive_full\", resource);\n";

/// One object that moves by 10 m a second and is seen every second.
fn straight(from_s: f64, rows: u32) -> Vec<[f64; 3]> {
    (0..rows).map(f64::from).map(|k| [from_s + k, 100.0 + 10.0 * k, 400.0]).collect()
}

impl Scene {
    fn new(rows: Vec<[f64; 3]>) -> Self {
        let config = include_str!("../data/config/air.toml")
            .replace("report_period_s = 10.0", "report_period_s = 1.0")
            .replace("cell_km = 10.0", "cell_km = 0.1")
            .replace("horizontal = 400.0", "horizontal = 2.0")
            .replace("initial_per_km2 = 0.001", "initial_per_km2 = 5.0")
            .replace("speed_m_s = 150.0", "speed_m_s = 20.0");
        let rules = format!("{FUSE}{RECEIVE}");
        Self { periods_s: vec![1.0], rows, windows: Vec::new(), rules, config, partners: 0 }
    }

    fn write(&self, folder: &Path) -> [PathBuf; 3] {
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| folder.join(name));
        let mut catalogue = "name = \"budget\"\nframe = \"local\"\ntime = \"seconds\"\n".to_owned();
        for (number, period_s) in self.periods_s.iter().enumerate() {
            write!(
                catalogue,
                "[[sensor]]\nname = \"s{number}\"\nowner = \"own\"\nkind = \"position\"\nnoise = {{ horizontal_m = 5.0 }}\n\
                 detection_probability = 0.9\nclutter_per_scan = 0.5\nscan_period_s = {period_s:?}\n\
                 coverage = {{ x_m = [0.0, 1000.0], y_m = [0.0, 1000.0] }}\n"
            )
            .expect("text");
        }
        let mut rows = "time,sensor,x_m,y_m\n".to_owned();
        for [time_s, x, y] in &self.rows {
            writeln!(rows, "{time_s:?},s0,{x:?},{y:?}").expect("text");
        }
        let window = |(name, start, end): &(&str, f64, f64)| {
            format!("[[period]]\nname = \"{name}\"\nstart = {start:?}\nend = {end:?}\n")
        };
        let mut more = String::new();
        for number in 0..self.partners {
            writeln!(more, "[[partner]]\nid = \"more-{number}\"").expect("text");
        }
        let demo = |name: &str| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo/policy").join(name);
            fs::read_to_string(path).expect("a file of the demo")
        };
        let west = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"name":"west"},
            "geometry":{"type":"Polygon","coordinates":[[[0,0],[500,0],[500,1000],[0,1000],[0,0]]]}}]}"#;
        for (path, text) in [
            (recording.join("recording.toml"), catalogue),
            (recording.join("detections.csv"), rows),
            (policy.join("schema.cedarschema"), demo("schema.cedarschema")),
            (policy.join("levels.toml"), demo("levels.toml")),
            (policy.join("partners.toml"), format!("[[partner]]\nid = \"own\"\n{more}")),
            (policy.join("rules.cedar"), self.rules.clone()),
            (policy.join("periods.toml"), self.windows.iter().map(window).collect()),
            (policy.join("zones.geojson"), west.to_owned()),
        ] {
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
            fs::write(path, text).expect("a file is written");
        }
        [recording, policy, out]
    }

    fn try_run(&self) -> (TempDir, Result<RunReport, RunError>) {
        let folder = tempfile::tempdir().expect("a folder");
        let [recording, policy, out] = self.write(folder.path());
        let config = RunConfig::parse(&self.config, Path::new("config.toml")).expect("a configuration");
        let done = run(&Request::new(&recording, &policy, &out, &config), Executor::host(), &mut |_| {});
        (folder, done)
    }

    /// What a run did, and the times of the rows of the picture, in seconds; the guard finds nothing beyond.
    fn run(&self) -> (RunReport, Vec<f64>) {
        let (folder, done) = self.try_run();
        let report = done.unwrap_or_else(|error| panic!("{error}"));
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| folder.path().join(name));
        let config = RunConfig::parse(&self.config, Path::new("config.toml")).expect("a configuration");
        guarded::guarded([&recording, &policy, &out], &config);
        let rows = read_picture(&out.join("own")).expect("a picture");
        (report, rows.iter().map(|row| row.time_us as f64 * 1e-6).collect())
    }

    /// The files of the partner.
    fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let (folder, done) = self.try_run();
        done.unwrap_or_else(|error| panic!("{error}"));
        files::files(&folder.path().join("out/own"))
    }
}

/// Looks that a sensor with P_D = 0.9 may take in a gap: 36 on either side, and 128 that are not worth a rest.
const GAP: u64 = 2 * 36 + 128;

#[test]
fn a_row_years_away_costs_a_bounded_number_of_looks_and_no_report() {
    // So many new objects that one is believed soon, whenever it comes.
    let scene = |rows| {
        let scene = Scene::new(rows);
        let config = scene.config.replace("births_per_km2_h = 0.002", "births_per_km2_h = 2000.0");
        Scene { config, ..scene }
    };
    let (near, alone) = scene(straight(0.0, 40)).run();
    assert!(near.work.fusion.waves <= 41 && alone.len() > 30, "{} rows", alone.len());
    for far_s in [-1.7e9, -3.2e7, 3.2e7, 1.7e9, 4e12] {
        let mut rows = straight(0.0, 40);
        rows.push([far_s, 300.0, 300.0]);
        rows.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let (report, times) = scene(rows).run();
        let waves = report.work.fusion.waves;
        assert!(waves <= 42 + GAP, "{waves} looks with a row at {far_s} s");
        let near = times.iter().filter(|time| (0.0..=40.0).contains(*time)).count();
        assert!(near > 30, "{near} rows near the others, with a row at {far_s} s");
        assert!(times.len() < near + 100, "{} rows, with a row at {far_s} s", times.len());
    }
    // The same where it stands among the others: late, or a reason why they are.
    for far_s in [-1.7e9, 1.7e9] {
        let mut rows = straight(0.0, 40);
        rows.insert(20, [far_s, 300.0, 300.0]);
        let waves = scene(rows).run().0.work.fusion.waves;
        assert!(waves <= 42 + GAP, "{waves} looks with a row at {far_s} s among the others");
    }
}

#[test]
fn looks_that_are_shorter_than_the_time_between_rows_cost_a_bounded_number_a_row() {
    for period_s in [1e-4, 1e-6] {
        let scene = Scene { periods_s: vec![period_s], ..Scene::new(straight(0.0, 40)) };
        let waves = scene.run().0.work.fusion.waves;
        assert!(waves <= 40 * (2 + GAP), "{waves} looks of {period_s} s");
    }
}

/// In a shorter stretch every look is taken: an object that comes back is not taken for one that never left.
#[test]
fn a_short_stretch_without_rows_has_all_its_looks() {
    let rows = straight(0.0, 20).into_iter().chain(straight(100.0, 20)).collect();
    assert_eq!(Scene::new(rows).run().0.work.fusion.waves, 120);
}

#[test]
fn a_report_period_out_of_its_bounds_is_an_error_that_says_what_to_do() {
    for found in ["1e30", "1e-30", "3e38", "1e-7"] {
        let text = include_str!("../data/config/air.toml")
            .replace("report_period_s = 10.0", &format!("report_period_s = {found}"));
        let error = RunConfig::parse(&text, Path::new("config.toml")).expect_err("out of its bounds").to_string();
        assert!(
            error.contains("wanted seconds from 0.000001 to 4000000000") && error.contains("config.toml:3"),
            "{error}"
        );
    }
    let mut scene = Scene::new(straight(0.0, 40));
    scene.config = scene.config.replace("report_period_s = 1.0", "report_period_s = 1e-6");
    let error = scene.try_run().1.expect_err("too many reports").to_string();
    let wanted = "found 39000001 reports of one segment, wanted at most 10000000: choose a longer period";
    assert!(error.contains("report_period_s") && error.contains(wanted), "{error}");
    // Far away from all others a row makes no more reports, whatever the span.
    let mut scene = Scene::new([[-1.7e9, 300.0, 300.0]].into_iter().chain(straight(0.0, 40)).collect());
    scene.config = scene.config.replace("report_period_s = 1.0", "report_period_s = 0.1");
    scene.run();
}

/// What no rule of the partner asks for splits the time of its looks, the first one too, and moves no byte.
#[test]
fn a_period_that_no_rule_asks_for_moves_no_byte_before_the_first_row_either() {
    let rules = "@id(\"fuse\") permit (principal == Partner::\"own\", action == Action::\"fuse_full\", resource)\n\
                 when { !resource.periods.contains(\"mine\") || resource.zones.contains(\"west\") };\n";
    let scene = |hidden: &[(&'static str, f64, f64)]| Scene {
        windows: [("mine", -5.0, 3.45)].into_iter().chain(hidden.iter().copied()).collect(),
        rules: format!("{rules}{RECEIVE}"),
        ..Scene::new(straight(0.5, 40))
    };
    let wanted = scene(&[]).files();
    for hidden in [("a", -3.0, 0.2), ("z", -3.0, 0.2), ("a", 5.2, 5.7), ("z", -100.0, -90.0), ("a", 0.0, 60.0)] {
        for (name, bytes) in scene(&[hidden]).files() {
            assert!(wanted.get(&name) == Some(&bytes), "{name}: {hidden:?} shows");
        }
    }
}

/// The look before the first row has its own mask, not that of another time: what is forbidden at its start is not missed.
#[test]
fn rights_of_a_look_are_those_of_the_time_at_which_it_begins() {
    let rules = "@id(\"fuse\") permit (principal == Partner::\"own\", action == Action::\"fuse_full\", resource)\n\
                 unless { resource.periods.contains(\"early\") };\n";
    let scene = |end_s: f64| Scene {
        windows: vec![("early", -5.0, end_s)],
        rules: format!("{rules}{RECEIVE}"),
        ..Scene::new(straight(0.5, 40))
    };
    // A detection of a look that begins where nothing may be fused begins no track: it is one row later.
    let first = |end_s: f64| scene(end_s).run().1.first().copied().expect("rows");
    assert!(first(0.2) > first(-1.0), "{} {}", first(0.2), first(-1.0));
}

#[test]
fn partners_with_equal_rights_share_a_lane_and_its_looks() {
    let rules = FUSE.replace("principal == Partner::\"own\"", "principal");
    let with =
        |partners: usize| Scene { rules: format!("{rules}{RECEIVE}"), partners, ..Scene::new(straight(0.0, 40)) };
    let (one, many) = (with(0).run().0, with(300).run().0);
    assert_eq!((one.lanes.len(), many.lanes.len(), many.partners.len()), (1, 1, 301));
    assert_eq!(one.work.fusion.waves, many.work.fusion.waves);
    assert!(many.partners.iter().all(|partner| partner.rows == one.partners[0].rows));
}
