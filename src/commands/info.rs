//! `trackweave info`: what this build and machine are, or what a folder or file is and what to do with it next.

use super::arguments::Info;
use super::failure::{Code, Failure};
use super::layout::{count, list, paragraph};
use super::policy_new::TEMPLATES;
use super::screen::Screen;
use crate::export::Format;
use crate::fusion::device::list as adapters;
use crate::ingest::{Catalogue, ENDINGS, TimeScale};
use crate::policy::{Policy, check};
use crate::product::PictureRows;
use crate::run::{NAMED, RunConfig};
use crate::simulate::Scenario;
use crate::space::Frame;
use serde::Serialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// This build and machine.
#[derive(Debug, Serialize)]
struct Build {
    version: &'static str,
    /// Features that it was built with.
    features: Vec<&'static str>,
    os: &'static str,
    architecture: &'static str,
    cores: usize,
    /// What `--executor auto` takes.
    auto: String,
    /// The adapters that answer.
    adapters: Vec<String>,
    configurations: Vec<&'static str>,
    templates: Vec<&'static str>,
    formats: Vec<&'static str>,
}

/// What something is.
#[derive(Debug, Serialize)]
struct Found<'a> {
    path: &'a Path,
    is: Is,
    /// What it says of itself, name and value.
    about: BTreeMap<&'static str, Value>,
    /// What to do with it: commands, each with what it does.
    next: Vec<Next>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Is {
    Recording,
    Policy,
    Output,
    Picture,
    Configuration,
    Scenario,
}

#[derive(Debug, Serialize)]
struct Next {
    command: String,
    does: &'static str,
}

/// What is told, in order.
type About = Vec<(&'static str, Value)>;

/// Runs the command.
pub(super) fn execute(Info { path }: &Info, screen: Screen) -> Result<(), Failure> {
    let Some(path) = path else {
        let build = Build::this();
        return screen.publish(&build, || build.describe());
    };
    let (is, about) = look(path)?;
    let found = Found { path, is, next: next(is, path), about: about.iter().cloned().collect() };
    screen.publish(&found, || describe(&found, &about))
}

impl Build {
    fn this() -> Self {
        let adapters = adapters();
        Self {
            version: env!("CARGO_PKG_VERSION"),
            features: if cfg!(feature = "encrypt") { vec!["encrypt"] } else { Vec::new() },
            os: std::env::consts::OS,
            architecture: std::env::consts::ARCH,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            auto: adapters.iter().find(|adapter| adapter.auto).map_or("host", |adapter| &adapter.name).to_owned(),
            adapters: adapters.into_iter().map(|adapter| adapter.name).collect(),
            configurations: NAMED.iter().map(|(name, _)| *name).collect(),
            templates: TEMPLATES.iter().map(|template| template.name).collect(),
            formats: Format::ALL.map(Format::name).to_vec(),
        }
    }

    fn describe(&self) -> String {
        let Self { version, features, os, architecture, cores, auto, adapters, configurations, templates, formats } =
            self;
        let features =
            if features.is_empty() { "without features".to_owned() } else { format!("with {}", features.join(", ")) };
        let adapters = list(adapters.iter().cloned(), "none answers");
        [
            ("trackweave", format!("{version}, {features}; {os} on {architecture}, {cores} cores")),
            ("executor", format!("--executor auto takes {auto}; adapters: {adapters}")),
            ("configurations", configurations.join(", ")),
            ("templates", templates.join(", ")),
            ("formats", formats.join(", ")),
            (
                "next",
                "`trackweave demo` shows the whole path; `trackweave info PATH` says what something is".to_owned(),
            ),
        ]
        .map(|(name, text)| paragraph(&format!("{name:14}  "), &text))
        .concat()
    }
}

/// What a path is, and what it says of itself.
fn look(path: &Path) -> Result<(Is, About), Failure> {
    let has = |name: &str| path.join(name).is_file();
    if has("recording.toml") {
        return Ok((Is::Recording, recording(path)?));
    }
    if has("_operator/manifest.json") {
        return Ok((Is::Output, output(path)?));
    }
    if has("manifest.json") && has("tracks.parquet") {
        return Ok((Is::Picture, picture(path)?));
    }
    if has("schema.cedarschema") || has("partners.toml") {
        return Ok((Is::Policy, policy(path)?));
    }
    if path.is_file() {
        let config = match RunConfig::read(path) {
            Ok(config) => return Ok((Is::Configuration, configuration(&config))),
            Err(error) => error,
        };
        return match Scenario::read(path) {
            Ok(scenario) => Ok((Is::Scenario, vec![("scans", scenario.scans.into())])),
            Err(_) => Err(Failure::from(config)),
        };
    }
    let found = if path.exists() { "none of these files" } else { "nothing" };
    let text = format!(
        "{}: found {found}, wanted a recording (recording.toml), a policy (partners.toml), an output (_operator/manifest.json), \
         a partner's folder (tracks.parquet and manifest.json), or a file of a configuration or a scenario",
        path.display()
    );
    Err(Failure::new(Code::Input, text))
}

fn recording(path: &Path) -> Result<About, Failure> {
    let catalogue = Catalogue::read(path)?;
    let mut owners: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for sensor in &catalogue.sensors {
        owners.entry(&sensor.owner).or_default().push(&sensor.name);
    }
    let named = |table: &str| ENDINGS.map(|ending| format!("{table}.{ending}"));
    let files = ["detections", "looks", "truth"].into_iter().flat_map(named);
    let files: Vec<String> = files.filter(|name| path.join(name).is_file()).collect();
    let frame = if catalogue.frame == Frame::Geodetic { "geodetic" } else { "local" };
    let time = if catalogue.time == TimeScale::Timestamp { "timestamp" } else { "seconds" };
    Ok(vec![
        ("name", catalogue.name.clone().into()),
        ("frame", frame.into()),
        ("time", time.into()),
        ("sensors", serde_json::json!(owners)),
        ("files", serde_json::json!(files)),
        ("truth", files.iter().any(|name| name.starts_with("truth")).into()),
    ])
}

fn policy(path: &Path) -> Result<About, Failure> {
    let found = check(path, None, None)?;
    let errors = found.findings.iter().filter(|finding| finding.severity == crate::policy::Severity::Error).count();
    let mut about = vec![("errors", errors.into()), ("warnings", (found.findings.len() - errors).into())];
    if errors == 0 {
        let policy = Policy::read(path)?;
        let partners: Vec<&str> = policy.partners().iter().map(|partner| partner.id.as_str()).collect();
        let levels = |names: Vec<String>| serde_json::json!(names);
        about.extend([
            ("rules", found.rules.into()),
            ("partners", serde_json::json!(partners)),
            ("fuse", levels(policy.fuse_levels().map(|level| level.name.clone()).collect())),
            ("receive", levels(policy.receive_levels().map(|level| level.name.clone()).collect())),
        ]);
    }
    Ok(about)
}

fn output(path: &Path) -> Result<About, Failure> {
    let manifest = manifest(&path.join("_operator/manifest.json"))?;
    let pictures = manifest.get("pictures").and_then(Value::as_array).into_iter().flatten();
    let partners: Vec<&str> = pictures.filter_map(|picture| picture.get("partner")?.as_str()).collect();
    let mut rows = BTreeMap::new();
    for partner in &partners {
        rows.insert(
            *partner,
            PictureRows::count(&path.join(partner)).map_err(|error| Failure::new(Code::Input, error))?,
        );
    }
    let signed = path.join("_operator/manifest.sig").is_file();
    let mut about = vec![("rows", serde_json::json!(rows)), ("signed", signed.into())];
    about.extend(said(&manifest));
    about.extend(manifest.get("missing").map(|missing| ("missing", missing.clone())));
    Ok(about)
}

fn picture(path: &Path) -> Result<About, Failure> {
    let manifest = manifest(&path.join("manifest.json"))?;
    let rows = PictureRows::count(path).map_err(|error| Failure::new(Code::Input, error))?;
    let files = manifest.get("files").and_then(Value::as_array).into_iter().flatten();
    let files: Vec<&str> = files.filter_map(|file| file.get("name")?.as_str()).collect();
    let mut about = vec![
        ("partner", manifest.get("partner").cloned().unwrap_or_default()),
        ("frame", manifest.get("frame").cloned().unwrap_or_default()),
        ("rows", rows.into()),
        ("files", serde_json::json!(files)),
        ("signed", path.join("manifest.sig").is_file().into()),
    ];
    about.extend(said(&manifest));
    Ok(about)
}

/// What manifests say of the run.
fn said(manifest: &Map<String, Value>) -> About {
    let keys = ["engine_version", "label", "as_of_us"];
    keys.into_iter().filter_map(|key| Some((key, manifest.get(key)?.clone()))).collect()
}

fn configuration(config: &RunConfig) -> About {
    let named = NAMED.iter().find(|(name, _)| RunConfig::chosen(Path::new(name)).is_ok_and(|named| named == *config));
    vec![
        ("equals", named.map(|(name, _)| *name).into()),
        ("report_period_s", f64::from(config.report_period_s.get()).into()),
    ]
}

fn manifest(path: &Path) -> Result<Map<String, Value>, Failure> {
    let wrong = |error: &dyn std::fmt::Display| {
        Failure::new(Code::Input, format!("{}: found {error}, wanted the manifest of a run", path.display()))
    };
    let text = crate::files::read_text(path).map_err(|error| wrong(&error))?;
    serde_json::from_str(&text).map_err(|error| wrong(&error))
}

/// What to do with something.
fn next(is: Is, path: &Path) -> Vec<Next> {
    let path = path.display();
    let steps: Vec<(String, &'static str)> = match is {
        Is::Recording => vec![
            (format!("trackweave inspect {path}"), "says what is in it and which configuration fits"),
            (format!("trackweave track {path} --out OUT"), "makes tracks and a page of it, without a policy"),
            (
                format!("trackweave policy new POLICY --template open --recording {path}"),
                "begins a policy for its owners",
            ),
            (format!("trackweave run {path} --policy POLICY --out OUT"), "makes a picture for each partner"),
        ],
        Is::Policy => vec![
            (format!("trackweave policy check {path}"), "says what is wrong with it"),
            (format!("trackweave policy matrix {path} --recording RECORDING"), "shows who gets what"),
            (format!("trackweave run RECORDING --policy {path} --out OUT"), "makes a picture for each partner"),
        ],
        Is::Output => vec![
            (format!("open {path}/_operator/report.html"), "is the page of all of it, for the operator alone"),
            (format!("trackweave verify {path}"), "checks that it is as it was written"),
            (format!("trackweave show {path} --partner PARTNER"), "shows rows of a picture"),
            (format!("trackweave coherence {path}"), "says how far the pictures agree"),
            (format!("trackweave score {path} --truth RECORDING"), "holds the pictures against truth"),
        ],
        Is::Picture => vec![
            (format!("open {path}/report.html"), "is the page of it"),
            (format!("trackweave verify {path}"), "checks that it is as it was written"),
            (format!("trackweave show {path}"), "shows its rows"),
            (format!("trackweave export {path} --format geojson --out FOLDER"), "writes it for other tools"),
        ],
        Is::Configuration => vec![
            (format!("trackweave config {path}"), "says in which values it differs from one that is built in"),
            (format!("trackweave track RECORDING --out OUT --config {path}"), "makes tracks with it"),
            (
                format!("trackweave run RECORDING --policy POLICY --out OUT --config {path}"),
                "makes each partner's picture with it",
            ),
        ],
        Is::Scenario => vec![(format!("trackweave simulate {path} --out RECORDING"), "writes its recording")],
    };
    steps.into_iter().map(|(command, does)| Next { command, does }).collect()
}

fn describe(Found { path, is, next, .. }: &Found<'_>, about: &About) -> String {
    let what = match is {
        Is::Recording => "a recording: what sensors saw",
        Is::Policy => "a policy: who gets what",
        Is::Output => "the output of a run: a folder for each partner, and the operator's",
        Is::Picture => "a partner's folder: its picture, and what it was made from",
        Is::Configuration => "a configuration: how a run fuses",
        Is::Scenario => "a scenario: a recording to simulate",
    };
    let mut text = paragraph("", &format!("{}: {what}", path.display()));
    text.extend(about.iter().map(|(name, value)| paragraph(&format!("  {name:15}  "), &words(value))));
    text += "\nnext\n";
    text.extend(next.iter().map(|Next { command, does }| format!("  {command}\n{}", paragraph("    ", does))));
    text
}

/// A value in words.
fn words(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(truth) => if *truth { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => number.as_u64().map_or_else(|| number.to_string(), count),
        Value::String(text) => text.clone(),
        Value::Array(values) => {
            let words: Vec<String> = values.iter().map(words).collect();
            if words.is_empty() { "none".to_owned() } else { words.join(", ") }
        }
        Value::Object(of) => {
            of.iter().map(|(name, value)| format!("{name}: {}", words(value))).collect::<Vec<_>>().join("; ")
        }
    }
}
