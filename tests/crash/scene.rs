//! A small recording, a policy, an older output, and what is found of them after a crash.
#![expect(clippy::unwrap_in_result, reason = "what a test needs is there, or the test ends")]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use tempfile::TempDir;
use trackweave::product::{PublicKey, SigningKey};

const SCENARIO: &str = r#"
name = "crash"
seed = 7
scans = 8
report_period_s = 5.0
objects = 6
area_km2 = 100.0
height_m = [1000.0, 2000.0]
births_per_scan = 0.1
survival_probability = 0.995
at_edge = "leave"
[motion]
horizontal_intensity_m2_s3 = 1.0
vertical_intensity_m2_s3 = 0.05
speed_m_s = [50.0, 100.0]
climb_m_s = [0.0, 0.0]
[[sensor]]
name = "a1"
owner = "alpha"
kind = "position"
noise = { horizontal_m = 20.0, vertical_m = 20.0 }
detection_probability = 0.95
clutter_per_scan = 0.5
scan_period_s = 5.0
timing = "spread"
coverage = { share = { x = [0.0, 1.0], y = [0.0, 1.0] } }
[[sensor]]
name = "b1"
owner = "bravo"
kind = "position"
noise = { horizontal_m = 20.0, vertical_m = 20.0 }
detection_probability = 0.95
clutter_per_scan = 0.5
scan_period_s = 5.0
timing = "spread"
coverage = { share = { x = [0.0, 1.0], y = [0.0, 1.0] } }
"#;

const SCHEMA: &str = r"
entity Partner = { owner: String };
entity DetectionClass = { sensor: String, owner: String, kind: String, label: String, zones: Set<String>,
  periods: Set<String>, identified: Bool };
entity TrackClass = { contributors: Set<String>, labels: Set<String>, zones: Set<String>, periods: Set<String>,
  status: String };
action fuse;
action fuse_full in [fuse] appliesTo { principal: Partner, resource: DetectionClass };
action receive;
action receive_full, receive_coarse in [receive] appliesTo { principal: Partner, resource: TrackClass };
";

const RULES: &str = r#"
@id("alpha-fuses-all") permit (principal == Partner::"alpha", action == Action::"fuse_full", resource);
@id("own") permit (principal, action == Action::"fuse_full", resource) when { resource.owner == principal.owner };
@id("full") permit (principal == Partner::"alpha", action == Action::"receive_full", resource);
@id("coarse") permit (principal == Partner::"bravo", action == Action::"receive_coarse", resource);
"#;

const LEVELS: &str = r#"
[[fuse]]
level = "fuse_full"
[[receive]]
level = "receive_full"
[[receive]]
level = "receive_coarse"
coarsen_m = 500
"#;

const PARTNERS: &str = r#"
[[partner]]
id = "alpha"
attributes = { owner = "alpha" }
[[partner]]
id = "bravo"
attributes = { owner = "bravo" }
"#;

/// What a command reads lies in a folder, what it writes below it in `work`.
pub(crate) struct Scene {
    folder: TempDir,
    /// Files below a folder, by their paths: of the old and the new output, the old and the new recording.
    old: Tree,
    new: Tree,
    recordings: [Tree; 2],
    tracer: Option<PathBuf>,
}

type Tree = BTreeMap<String, Vec<u8>>;

/// What is there after a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Found {
    /// What was there before.
    Old,
    /// What was to be there.
    New,
    /// The pictures, but not their scores.
    Unscored,
    /// Nothing; the old one is kept.
    Kept,
}

/// What became of a traced program.
pub(crate) struct Trace {
    pub(crate) calls: Vec<String>,
    pub(crate) code: i32,
    pub(crate) stderr: String,
    /// The call at which something was done.
    pub(crate) call: String,
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; exit code {}; {}", self.call, self.code, self.stderr.trim_end())
    }
}

impl Trace {
    /// Whether every line on stderr is one of ours.
    pub(crate) fn speaks(&self) -> bool {
        !self.stderr.is_empty() && self.stderr.lines().all(|line| line.starts_with("trackweave: "))
    }
}

/// Whether everything is to be tried, and not a sample.
pub(crate) fn all() -> bool {
    std::env::var_os("CRASH").is_some_and(|what| what == "all")
}

/// Says that something is not tried.
pub(crate) fn skip(what: &str) {
    println!("SKIPPED: {what}");
    eprintln!("SKIPPED: {what}");
}

pub(crate) fn program<S: AsRef<OsStr>>(arguments: &[S]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_trackweave")).args(arguments).output().expect("the program starts")
}

fn done<S: AsRef<OsStr>>(arguments: &[S]) {
    let output = program(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) fn tree(folder: &Path) -> Tree {
    let mut tree = Tree::new();
    collect(folder, folder, &mut tree);
    tree
}

fn collect(root: &Path, folder: &Path, tree: &mut Tree) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(root, &path, tree);
        } else if path.file_name() != Some("timings.json".as_ref()) {
            let name = path.strip_prefix(root).expect("below the root").to_string_lossy().into_owned();
            tree.insert(name, fs::read(&path).expect("a file"));
        }
    }
}

fn restore(folder: &Path, tree: &Tree) {
    // A folder that is not there need not be removed.
    let _ = fs::remove_dir_all(folder);
    for (name, bytes) in tree {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
}

impl Scene {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("work")).expect("a folder");
        fs::write(at("scenario.toml"), SCENARIO).expect("a scenario");
        fs::write(at("older.toml"), SCENARIO.replace("seed = 7", "seed = 8")).expect("a scenario");
        fs::create_dir(at("policy")).expect("a folder");
        for (name, text) in [
            ("schema.cedarschema", SCHEMA),
            ("rules.cedar", RULES),
            ("levels.toml", LEVELS),
            ("partners.toml", PARTNERS),
        ] {
            fs::write(at("policy").join(name), text).expect("a file of the policy");
        }
        SigningKey::generate(&at("key")).expect("a key");
        let tracer = tracer(folder.path());
        let mut scene = Self { folder, old: Tree::new(), new: Tree::new(), recordings: Default::default(), tracer };
        for (nth, scenario) in ["older.toml", "scenario.toml"].into_iter().enumerate() {
            let [recording, out] = ["recording", "made"].map(|name| scene.at(name));
            done(&["simulate", &scene.at(scenario), "--out", &recording]);
            scene.recordings[nth] = tree(Path::new(&recording));
            done(&scene.run_to(&out));
            let made = tree(Path::new(&out));
            if nth == 0 { scene.old = made } else { scene.new = made }
        }
        scene
    }

    pub(crate) fn at(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("a path in UTF-8").to_owned()
    }

    fn run_to(&self, out: &str) -> Vec<String> {
        let [recording, policy, key] = ["recording", "policy", "key"].map(|name| self.at(name));
        let words = [
            "run",
            &recording,
            "--policy",
            &policy,
            "--out",
            out,
            "--executor",
            "host",
            "--sign",
            &key,
            "--config",
            "air-smoothed",
        ];
        words.map(str::to_owned).to_vec()
    }

    /// A run that replaces an older output, with a cache.
    pub(crate) fn run(&self) -> Vec<String> {
        let mut words = self.run_to(&self.at("work/out"));
        words.extend(["--cache".to_owned(), self.at("work/cache")]);
        words
    }

    /// A simulation that replaces an older recording.
    pub(crate) fn simulate(&self) -> Vec<String> {
        ["simulate".to_owned(), self.at("scenario.toml"), "--out".to_owned(), self.at("work/recording")].to_vec()
    }

    /// New keys.
    pub(crate) fn keygen(&self) -> Vec<String> {
        ["keygen".to_owned(), "--out".to_owned(), self.at("work/key")].to_vec()
    }

    /// Puts the older output and the older recording into `work`, and nothing else.
    pub(crate) fn prepare(&self) {
        fs::remove_dir_all(self.at("work")).expect("the folder is emptied");
        restore(Path::new(&self.at("work/out")), &self.old);
        restore(Path::new(&self.at("work/recording")), &self.recordings[0]);
    }

    /// Runs the program under the tracer; `None` where it cannot.
    pub(crate) fn trace(&self, call: usize, deed: &str, arguments: &[String]) -> Option<Trace> {
        let tracer = self.tracer.as_ref()?;
        let [folder, report] = ["", "report"].map(|name| self.at(name));
        let mut command = Command::new(tracer);
        command.args([&folder, &call.to_string(), deed, &report, env!("CARGO_BIN_EXE_trackweave")]).args(arguments);
        let output = command.env("RAYON_NUM_THREADS", "1").output().expect("the tracer starts");
        let report = fs::read_to_string(&report).expect("a report");
        let calls: Vec<String> = report.lines().map(str::to_owned).collect();
        Some(Trace {
            call: call.checked_sub(1).and_then(|nth| calls.get(nth)).cloned().unwrap_or_default(),
            calls,
            code: output.status.code().expect("an exit code"),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        })
    }

    /// What is at the place of the output after a run, and whether what lies beside it may.
    pub(crate) fn output(&self, trace: &Trace) -> Result<Found, String> {
        let out = self.at("work/out");
        let found = tree(Path::new(&out));
        let beside = self.beside(trace)?;
        let verified = || {
            let output = program(&["verify", &out, "--public-key", &self.at("key.pub")]);
            let told = String::from_utf8_lossy(&output.stderr).into_owned();
            if output.status.success() { Ok(()) } else { Err(format!("the output does not verify: {told}")) }
        };
        if found.is_empty() {
            let whole = beside.iter().any(|folder| tree(&folder.join("old")) == self.old);
            return if whole { Ok(Found::Kept) } else { Err("no output, and the old one is not kept".to_owned()) };
        }
        if found == self.old && self.old != self.new {
            let right = [3, 4, 130, 137, 143].contains(&trace.code);
            return if right { Ok(Found::Old) } else { Err("the old output is there".to_owned()) };
        }
        verified()?;
        if found == self.new {
            let right = [0, 8, 137].contains(&trace.code);
            return if right { Ok(Found::New) } else { Err("the new output is there".to_owned()) };
        }
        let theirs = |tree: &Tree| -> Tree {
            tree.iter().filter(|(name, _)| !name.starts_with('_')).map(|(a, b)| (a.clone(), b.clone())).collect()
        };
        let manifest =
            String::from_utf8_lossy(found.get("_operator/manifest.json").map_or(b"", Vec::as_slice)).into_owned();
        let lacks = |what: &str| manifest.contains(&format!("\"missing\": [\n    \"{what}"));
        let told =
            trace.code == 7 && lacks("the scores of `") || trace.code == 8 && lacks("coherence of the pictures: ");
        if theirs(&found) == theirs(&self.new) && told {
            return Ok(Found::Unscored);
        }
        Err("an output that is neither".to_owned())
    }

    /// Hidden folders in `work`: only what is killed leaves any, or else the message names them.
    fn beside(&self, trace: &Trace) -> Result<Vec<PathBuf>, String> {
        let mut beside = Vec::new();
        for entry in fs::read_dir(self.at("work")).expect("the folder") {
            let path = entry.expect("an entry").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if !name.starts_with('.') {
                continue;
            }
            if trace.code != 137 && !trace.stderr.contains(&name) {
                return Err(format!("{name} is left, and nothing says so"));
            }
            beside.push(path);
        }
        let cache = fs::read_dir(self.at("work/cache")).into_iter().flatten().flatten();
        let stray = cache.map(|entry| entry.file_name()).find(|name| !name.to_string_lossy().ends_with(".lane"));
        match stray {
            Some(name) if trace.code != 137 && !trace.stderr.contains(&*name.to_string_lossy()) => {
                Err(format!("{} is left in the cache", name.display()))
            }
            _ => Ok(beside),
        }
    }

    /// Whether a run after the crash, with the same cache, makes the new output.
    pub(crate) fn again(&self) -> bool {
        let output = program(&self.run());
        output.status.success() && tree(Path::new(&self.at("work/out"))) == self.new
    }

    /// The same for a simulation.
    pub(crate) fn recording(&self, trace: &Trace) -> Result<Found, String> {
        let found = tree(Path::new(&self.at("work/recording")));
        let beside = self.beside(trace)?;
        let [old, new] = &self.recordings;
        let (found, codes) = if found == *new {
            (Found::New, &[0, 8, 137][..])
        } else if found == *old {
            (Found::Old, &[3, 4, 130, 137, 143][..])
        } else if found.is_empty() && beside.iter().any(|folder| tree(&folder.join("old")) == *old) {
            (Found::Kept, &[4, 137][..])
        } else {
            return Err("a recording that is neither".to_owned());
        };
        if codes.contains(&trace.code) { Ok(found) } else { Err(format!("{found:?}")) }
    }

    /// Both halves of a key, or no secret one.
    pub(crate) fn keys(&self, trace: &Trace) -> Result<Found, String> {
        let [secret, public] = ["work/key", "work/key.pub"].map(|name| PathBuf::from(self.at(name)));
        let found = match (secret.exists(), public.exists()) {
            (true, true) => Found::New,
            (true, false) => return Err("a secret key without its public half".to_owned()),
            (false, true) if trace.code != 137 => return Err("a public key without its secret half".to_owned()),
            (false, _) => return Ok(Found::Old),
        };
        let fits = SigningKey::read(&secret).is_ok_and(|key| PublicKey::read(&public).is_ok_and(|p| p == key.public()));
        if fits && [0, 8, 137, 143].contains(&trace.code) { Ok(found) } else { Err("keys that do not fit".to_owned()) }
    }
}

/// The tracer, made once; `None` where it cannot be made or may not trace.
fn tracer(scratch: &Path) -> Option<PathBuf> {
    static MADE: OnceLock<Result<Vec<u8>, String>> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        if !cfg!(target_os = "linux") {
            return Err("only Linux has the calls that the tracer knows".to_owned());
        }
        let (source, program) = (Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/crash/tracer.c"), scratch.join("t"));
        let compiled = Command::new("cc").args(["-O1", "-Wall", "-Werror", "-o"]).arg(&program).arg(&source).output();
        let compiled = compiled.map_err(|error| format!("`cc`: {error}"))?;
        if !compiled.status.success() {
            return Err(format!("`cc`: {}", String::from_utf8_lossy(&compiled.stderr)));
        }
        let mut trial = Command::new(&program);
        trial.arg(scratch).args(["0", "count"]).arg(scratch.join("r")).arg("/bin/true");
        let tried = trial.output().map_err(|error| error.to_string())?;
        if !tried.status.success() {
            return Err(format!("a program may not be traced: {}", String::from_utf8_lossy(&tried.stderr)));
        }
        fs::read(&program).map_err(|error| error.to_string())
    });
    match made {
        Err(why) => {
            skip(&format!("every call: {why}"));
            None
        }
        Ok(bytes) => {
            let path = scratch.join("tracer");
            fs::copy(scratch.join("t"), &path).or_else(|_| fs::write(&path, bytes).map(|()| 0)).ok()?;
            #[cfg(unix)]
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).ok()?;
            Some(path)
        }
    }
}
