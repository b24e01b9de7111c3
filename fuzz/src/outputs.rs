//! Outputs that somebody has changed: manifests and audits as text, and files whose digests were made right again.

use super::folder::{copy, files, scratch, with_scratch};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use tempfile::TempDir;
use trackweave::fusion::executor::Executor;
use trackweave::guard::{self, Reference};
use trackweave::product::{Expected, verify_seals};
use trackweave::run::{Judging, Request, RunConfig, run, score_output};

/// The time of the run.
const AS_OF_US: Option<i64> = Some(40_000_000);
/// The files that are changed.
const FILES: [&str; 8] = [
    "fine/tracks.parquet",
    "fine/manifest.json",
    "fine/audit.jsonl",
    "coarse/tracks.parquet",
    "_operator/manifest.json",
    "_operator/audit.jsonl",
    "_operator/report.json",
    "_operator/timings.json",
];

pub(super) fn config() -> RunConfig {
    RunConfig::parse(include_str!("../world/config.toml"), Path::new("config.toml")).expect("a configuration")
}

/// Recording, policy and output of an honest run.
fn world() -> &'static Path {
    static WORLD: OnceLock<TempDir> = OnceLock::new();
    let make = || {
        let folder = scratch();
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join(FROM_ROOT).join("world"), folder.path());
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| folder.path().join(name));
        let config = config();
        let request = Request { as_of_us: AS_OF_US, ..Request::new(&recording, &policy, &out, &config) };
        run(&request, Executor::host(), &mut |_| {}).expect("a run");
        folder
    };
    WORLD.get_or_init(make).path()
}

/// From the manifest of the crate that this is built in to `fuzz/`.
const FROM_ROOT: &str = if cfg!(test) { "fuzz" } else { "." };

/// What a change leaves of the digests.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Digests {
    Stale,
    MadeRight,
}

/// A file of the honest output.
fn honest(name: &str) -> &'static [u8] {
    static HONEST: OnceLock<BTreeMap<PathBuf, Vec<u8>>> = OnceLock::new();
    let out = world().join("out");
    HONEST.get_or_init(|| files(&out)).get(&out.join(name)).expect("a file of the output")
}

/// Calls `with` with an output in which one file of `names` is other bytes, which one, and the byte that chose it.
fn with_changed(names: &[&'static str], data: &[u8], digests: Digests, with: impl FnOnce(&Path, &str, u8)) {
    let Some((&which, data)) = data.split_first() else { return };
    let name = names[usize::from(which) % names.len()];
    with_scratch(|folder| {
        let out = folder.join("out");
        if !out.exists() {
            copy(&world().join("out"), &out);
        }
        fs::write(out.join(name), changed(honest(name).to_vec(), data)).expect("a file");
        if digests == Digests::MadeRight {
            make_right(&out, name);
        }
        with(&out, name, which);
        let manifests = manifests_about(name).into_iter().filter(|_| digests == Digests::MadeRight);
        for name in manifests.chain([name.to_owned()]) {
            fs::write(out.join(&name), honest(&name)).expect("a file");
        }
    });
}

/// The folder of a file.
fn folder(name: &str) -> &str {
    name.split('/').next().unwrap_or_default()
}

/// The manifests that know a file's digest, or that of a manifest which does.
fn manifests_about(name: &str) -> [String; 2] {
    [format!("{}/manifest.json", folder(name)), "_operator/manifest.json".to_owned()]
}

/// A file with the changes that bytes say: place (two bytes), what to do, with what.
pub(super) fn changed(mut file: Vec<u8>, data: &[u8]) -> Vec<u8> {
    for change in data.chunks_exact(4).take(32) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]]));
        let at = if file.is_empty() { 0 } else { at % file.len() };
        match change[2] % 6 {
            0 => file.get_mut(at).map_or((), |byte| *byte = change[3]),
            1 => file.get_mut(at).map_or((), |byte| *byte ^= 1 << (change[3] % 8)),
            2 => file.insert(at, change[3]),
            3 => drop(file.drain(at..(at + usize::from(change[3])).min(file.len()))),
            4 => file.truncate(at),
            _ => {
                let part: Vec<u8> = file[at..(at + usize::from(change[3])).min(file.len())].to_vec();
                file.splice(at..at, part);
            }
        }
    }
    file
}

fn hex(bytes: &[u8]) -> String {
    text(&Sha256::digest(bytes))
}

fn text(hash: &[u8]) -> String {
    hash.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("text");
        text
    })
}

/// An audit with its chain made right: the lines, and their number, head and root.
fn chained(audit: &[u8]) -> (Vec<u8>, Value) {
    let (mut lines, mut before, mut leaves, mut head) = (Vec::new(), Vec::new(), Vec::new(), String::new());
    let lines_of = audit.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    for line in lines_of {
        let rest = line.get(76..).unwrap_or(b"\"entry\":{}}");
        let mut hashed = before;
        hashed.push(b'\n');
        hashed.extend(rest);
        head = hex(&hashed);
        let line = [format!("{{\"chain\":\"{head}\",").as_bytes(), rest].concat();
        let entry = rest.strip_prefix(b"\"entry\":").unwrap_or(rest);
        leaves.push(entry.strip_suffix(b"}").unwrap_or(entry).to_vec());
        lines.extend(&line);
        lines.push(b'\n');
        before = line;
    }
    let chain = json!({ "lines": leaves.len(), "head": head, "root": text(&root(&leaves)) });
    (lines, chain)
}

/// The root of the Merkle tree of RFC 6962, section 2.1.
fn root(leaves: &[Vec<u8>]) -> Vec<u8> {
    let hash = |parts: &[&[u8]]| Sha256::digest(parts.concat()).to_vec();
    match leaves {
        [] => hash(&[]),
        [leaf] => hash(&[&[0], leaf]),
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            hash(&[&[1], &root(left), &root(right)])
        }
    }
}

/// Makes the manifests say the length and digest that the file has now.
fn make_right(out: &Path, name: &str) {
    let (folder, file) = name.split_once('/').expect("a file in a folder");
    let path = out.join(folder).join("manifest.json");
    let edit = |path: &Path, edit: &dyn Fn(&mut Value)| {
        let Ok(bytes) = fs::read(path) else { return };
        let Ok(mut value) = serde_json::from_slice::<Value>(&bytes) else { return };
        edit(&mut value);
        fs::write(path, serde_json::to_string_pretty(&value).expect("JSON") + "\n").expect("a manifest");
    };
    if file == "audit.jsonl" {
        let (lines, chain) = chained(&fs::read(out.join(name)).expect("a file"));
        fs::write(out.join(name), lines).expect("a file");
        edit(&path, &|value| value["audit"] = chain.clone());
    }
    if file != "manifest.json" {
        let bytes = fs::read(out.join(name)).expect("a file");
        edit(&path, &|value| {
            let files = value.get_mut("files").and_then(Value::as_array_mut);
            for entry in files.into_iter().flatten().filter(|entry| entry["name"] == file) {
                entry["bytes"] = bytes.len().into();
                entry["sha256"] = hex(&bytes).into();
            }
        });
    }
    if folder != "_operator" {
        let digest = hex(&fs::read(&path).expect("a manifest"));
        edit(&out.join("_operator/manifest.json"), &|value| {
            let pictures = value.get_mut("pictures").and_then(Value::as_array_mut);
            for entry in pictures.into_iter().flatten().filter(|entry| entry["partner"] == folder) {
                entry["manifest_sha256"] = digest.clone().into();
            }
        });
    }
}

/// Holds an output against recording and policy, which are read once: only outputs are changed.
fn guard(out: &Path) {
    thread_local!(static REFERENCE: OnceCell<Reference> = const { OnceCell::new() });
    let [recording, policy] = ["recording", "policy"].map(|name| world().join(name));
    let configuration = serde_json::to_value(config()).expect("JSON");
    let request = guard::Request {
        out,
        recording: &recording,
        policy: &policy,
        configuration: &configuration,
        as_of_us: AS_OF_US,
        label: None,
        calibration: None,
    };
    REFERENCE.with(|reference| {
        let reference = reference.get_or_init(|| Reference::read(&request).expect("a policy and a recording"));
        let _ = reference.inspect(&request);
    });
}

/// Manifests and audits as they are found: digests are looked at, and do not fit.
pub fn manifests(data: &[u8]) {
    with_changed(&FILES, data, Digests::Stale, |out, name, _| {
        let _ = verify_seals(out, Expected::default());
        let _ = verify_seals(&out.join(folder(name)), Expected::default());
    });
}

/// Digests fit: seals and guard look at what is in the files.
pub fn verify(data: &[u8]) {
    with_changed(&FILES, data, Digests::MadeRight, |out, name, which| {
        let _ = verify_seals(out, Expected::default());
        // The guard holds every folder against the policy by itself: the others are as they were.
        let whole = which > 127 || folder(name) == "_operator";
        guard(&if whole { out.to_owned() } else { out.join(folder(name)) });
    });
}

/// Scores of a picture that somebody has changed, alone in its output.
pub fn score(data: &[u8]) {
    const FILES: [&str; 4] =
        ["fine/tracks.parquet", "fine/manifest.json", "coarse/manifest.json", "coarse/tracks.parquet"];
    let Some((&which, data)) = data.split_first() else { return };
    let name = FILES[usize::from(which) % FILES.len()];
    with_scratch(|scratch| {
        let out = scratch.join("alone").join(folder(name));
        if !out.exists() {
            copy(&world().join("out").join(folder(name)), &out.join(folder(name)));
        }
        fs::write(out.join(name), changed(honest(name).to_vec(), data)).expect("a file");
        let _ = score_output(&out, &world().join("recording"), None, Judging::default(), |_: &str| {});
        fs::write(out.join(name), honest(name)).expect("a file");
    });
}
