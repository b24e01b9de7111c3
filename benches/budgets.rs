//! What a run costs where its files are unusual: time and memory beside the budgets of `docs/limits.md`.
//!
//! `cargo bench --bench budgets` writes recordings and policies, runs the program on each, and prints seconds and the
//! most memory that it held, with what it may take; it fails where one takes more. `-- NAME` runs those whose name holds
//! NAME.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

/// A recording and a policy, and what a run of them may take.
struct Case {
    name: &'static str,
    budget: (f64, u64),
    sensors: usize,
    period_s: f64,
    rows: Vec<f64>,
    partners: usize,
    /// Rules that concern everybody, and rules of each partner.
    rules: [usize; 2],
    /// Zones, and corners of each.
    zones: [usize; 2],
    periods: usize,
    cell_km: f64,
}

fn every_second(rows: u32) -> Vec<f64> {
    (0..rows).map(f64::from).collect()
}

fn cases() -> Vec<Case> {
    let usual = || Case {
        name: "usual",
        budget: (5.0, 500),
        sensors: 1,
        period_s: 1.0,
        rows: every_second(600),
        partners: 1,
        rules: [0; 2],
        zones: [0; 2],
        periods: 0,
        cell_km: 1.0,
    };
    let far = |at_s: f64| [at_s].into_iter().chain(every_second(600)).collect::<Vec<_>>();
    vec![
        usual(),
        Case { name: "a row 54 years before the others", rows: far(-1.7e9), ..usual() },
        Case { name: "looks of a microsecond", period_s: 1e-6, ..usual() },
        // 10⁶ cells in each of some 900 looks.
        Case {
            name: "60 sensors, 40 periods",
            budget: (15.0, 500),
            sensors: 60,
            periods: 40,
            cell_km: 0.01,
            ..usual()
        },
        Case { name: "100,000 sensors", budget: (5.0, 1_000), sensors: 100_000, ..usual() },
        Case { name: "1,000 partners", budget: (10.0, 500), partners: 1_000, ..usual() },
        Case { name: "10,000 partners", budget: (60.0, 2_000), partners: 10_000, ..usual() },
        Case { name: "100 partners, 500 rules", budget: (10.0, 500), partners: 100, rules: [500, 0], ..usual() },
        Case { name: "100 partners, 500 rules each", budget: (10.0, 1_500), partners: 100, rules: [0, 500], ..usual() },
        Case { name: "1,000 partners, 500 rules", budget: (10.0, 1_000), partners: 1_000, rules: [500, 0], ..usual() },
        Case { name: "4,000 partners, a rule each", budget: (30.0, 1_000), partners: 4_000, rules: [0, 1], ..usual() },
        Case { name: "10,000 zones of 100 corners", zones: [10_000, 100], ..usual() },
        Case { name: "a zone of 1,000,000 corners", budget: (5.0, 1_000), zones: [1, 1_000_000], ..usual() },
    ]
}

fn main() -> ExitCode {
    // Cargo itself passes `--bench`.
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let mut over = false;
    println!("{:36} {:>9} {:>9}   budget", "", "seconds", "MB");
    for case in cases().iter().filter(|case| case.name.contains(&wanted)) {
        let folder = tempfile::tempdir().expect("a folder");
        case.write(folder.path());
        let (taken, megabytes) = run(folder.path());
        let (seconds, most) = case.budget;
        let fits = taken.as_secs_f64() <= seconds && megabytes <= most;
        over |= !fits;
        let mark = if fits { "" } else { "  OVER" };
        println!("{:36} {:9.2} {megabytes:9}   {seconds} s, {most} MB{mark}", case.name, taken.as_secs_f64());
    }
    ExitCode::from(u8::from(over))
}

/// How long the program takes, and the most memory that it held.
fn run(folder: &Path) -> (Duration, u64) {
    let started = Instant::now();
    let mut program = Command::new(env!("CARGO_BIN_EXE_trackweave"))
        .args(["run", "recording", "--policy", "policy", "--out", "out", "--executor", "host", "--config", "c.toml"])
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program");
    let status = format!("/proc/{}/status", program.id());
    let mut most = 0;
    loop {
        if let Some(done) = program.try_wait().expect("the program") {
            assert!(done.success(), "{done}");
            return (started.elapsed(), most);
        }
        let text = fs::read_to_string(&status).unwrap_or_default();
        let held = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        most = most.max(held.unwrap_or(0) / 1024);
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Case {
    /// Round zones in rows and columns over the field of view, each a little rough.
    fn outlines(&self) -> String {
        let [zones, corners] = self.zones;
        let along = (zones as f64).sqrt().ceil().max(1.0);
        let mut features = Vec::with_capacity(zones);
        for zone in 0..zones {
            let [x, y] = [zone as f64 % along, (zone as f64 / along).floor()].map(|at| 1e4 * (at + 0.5) / along);
            let mut ring = String::new();
            for corner in (0..corners).chain([0]) {
                let angle = std::f64::consts::TAU * corner as f64 / corners as f64;
                let radius = 4500.0 / along * (1.0 + 0.05 * (37.0 * angle).sin());
                let comma = if ring.is_empty() { "" } else { "," };
                write!(ring, "{comma}[{:.6},{:.6}]", x + radius * angle.cos(), y + radius * angle.sin()).expect("text");
            }
            let geometry = format!(r#"{{"type":"Polygon","coordinates":[[{ring}]]}}"#);
            features.push(format!(r#"{{"type":"Feature","properties":{{"name":"z{zone}"}},"geometry":{geometry}}}"#));
        }
        format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
    }

    fn write(&self, folder: &Path) {
        let mut catalogue = "name = \"budget\"\nframe = \"local\"\ntime = \"seconds\"\n".to_owned();
        for number in 0..self.sensors {
            write!(
                catalogue,
                "[[sensor]]\nname = \"s{number}\"\nowner = \"p0\"\nkind = \"position\"\nnoise = {{ horizontal_m = 5.0 }}\n\
                 detection_probability = 0.9\nclutter_per_scan = 0.5\nscan_period_s = {:?}\n\
                 coverage = {{ x_m = [0.0, 10000.0], y_m = [0.0, 10000.0] }}\nview = \"all\"\n",
                self.period_s
            )
            .expect("text");
        }
        let mut rows = "time,sensor,x_m,y_m\n".to_owned();
        for (number, time_s) in self.rows.iter().enumerate() {
            let x = 10 * (number % 1000);
            writeln!(rows, "{time_s:?},s{},{x},500", number % self.sensors).expect("text");
        }
        let mut partners = String::new();
        for number in 0..self.partners {
            writeln!(partners, "[[partner]]\nid = \"p{number}\"").expect("text");
        }
        let mut periods = String::new();
        for number in 0..self.periods {
            let start_s = 600.0 * number as f64 / self.periods as f64;
            writeln!(periods, "[[period]]\nname = \"q{number}\"\nstart = {start_s:?}\nend = {:?}", start_s + 7.0)
                .expect("text");
        }
        let mut rules = "@id(\"fuse\") permit (principal, action == Action::\"fuse_full\", resource);\n\
                     @id(\"receive\") permit (principal, action == Action::\"receive_full\", resource);\n"
            .to_owned();
        let mut forbid = |who: &str, number: usize| {
            let id = rules.len();
            let action = "action in Action::\"fuse\"";
            writeln!(
                rules,
                "@id(\"r{id}\") forbid (principal{who}, {action}, resource) when {{ resource.label == \"l{number}\" }};"
            )
            .expect("text");
        };
        let [general, own] = self.rules;
        (0..general).for_each(|number| forbid("", number));
        for partner in 0..self.partners {
            (0..own).for_each(|number| forbid(&format!(" == Partner::\"p{partner}\""), number));
        }
        let config =
            include_str!("../data/config/air.toml").replace("cell_km = 10.0", &format!("cell_km = {:?}", self.cell_km));
        for (path, text) in [
            ("recording/recording.toml", catalogue),
            ("recording/detections.csv", rows),
            ("policy/schema.cedarschema", include_str!("../data/demo/policy/schema.cedarschema").to_owned()),
            ("policy/levels.toml", include_str!("../data/demo/policy/levels.toml").to_owned()),
            ("policy/partners.toml", partners),
            ("policy/rules.cedar", rules),
            ("policy/periods.toml", periods),
            ("policy/zones.geojson", self.outlines()),
            ("c.toml", config),
        ] {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
            fs::write(path, text).expect("a file is written");
        }
    }
}
