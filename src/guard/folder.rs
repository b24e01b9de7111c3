//! The files of a folder: which there are, what the manifest says, what the audit says.

use super::GuardError;
use super::accounts::Accounts;
use super::associations::{self, ASSOCIATIONS};
use super::calibrated::Told;
use super::exports;
use super::finding::{Beyond, Breaches};
use super::given::{Given, digest};
use super::links::{self, LINKS};
use super::page;
use super::rows::{Basis, Counts, Judge, put, text};
use super::rules::Book;
use super::table::{self, Form, Row};
use crate::space::Frame;
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

pub(super) const MANIFEST: &str = "manifest.json";
const TRACKS: &str = "tracks.parquet";
const AUDIT: &str = "audit.jsonl";

/// What [`no_file`] says of a path at which nothing stands.
pub(super) const NOTHING: &str = "no file";

/// What stands at a path instead of a regular file with this name alone. No link is followed: it could show what is not in
/// the folder, and a hard link is the same by another means.
pub(super) fn no_file(path: &Path) -> Option<&'static str> {
    let Ok(there) = fs::symlink_metadata(path) else { return Some(NOTHING) };
    #[cfg(unix)]
    if there.is_file() && std::os::unix::fs::MetadataExt::nlink(&there) > 1 {
        return Some("a file with another name elsewhere (a hard link)");
    }
    (!there.is_file()).then_some("a folder, a link or a device")
}

/// Whether a folder stands there, and no link to one.
pub(super) fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|there| there.is_dir())
}

/// What was looked at in a folder.
#[derive(Debug, Default)]
pub(super) struct Looked {
    pub(super) rows: u64,
    pub(super) undecided: u64,
}

/// Entries of an output that are no partner's.
pub(super) fn strangers(out: &Path, book: &Book, breaches: &mut Breaches) -> Result<(), GuardError> {
    let ours = |name: &str| name == "_operator" || name == "_sealed" || book.partners.iter().any(|p| p.id == name);
    let known = |name: &str| ours(name) && is_folder(&out.join(name));
    for name in names(out)?.iter().filter(|name| !known(name)) {
        breaches.add(Beyond::File, name, "something else", "folders of partners, `_operator` and `_sealed`");
    }
    for partner in book.partners.iter().filter(|partner| !is_folder(&out.join(&partner.id))) {
        breaches.add(Beyond::File, &partner.id, "no folder, or a link", "a folder for every partner");
    }
    for folder in ["_operator", "_sealed"].into_iter().filter(|folder| is_folder(&out.join(folder))) {
        for name in names(&out.join(folder))? {
            if let Some(found) = no_file(&out.join(folder).join(&name)) {
                breaches.add(Beyond::File, &format!("{folder}/{name}"), found, "files of a run");
            }
        }
    }
    Ok(())
}

/// Whether a manifest says that a folder is this partner's.
pub(super) fn is_of(folder: &Path, partner: &str) -> bool {
    let path = folder.join(MANIFEST);
    let manifest = fs::read(&path).ok().filter(|_| no_file(&path).is_none());
    let manifest = manifest.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    manifest.is_some_and(|manifest| manifest.get("partner").and_then(Value::as_str) == Some(partner))
}

/// Holds one partner's folder against what it may have.
pub(super) fn inspect(
    basis: &Basis<'_>,
    folder: &Path,
    name: &str,
    breaches: &mut Breaches,
) -> Result<Looked, GuardError> {
    let at = |file: &str| if name.is_empty() { file.to_owned() } else { format!("{name}/{file}") };
    let frame = basis.recording.catalogue.frame;
    let mut derived = Vec::new();
    let associates = basis.request.associates() && basis.partner.plain;
    for file in names(folder)? {
        let found = match (no_file(&folder.join(&file)), file.as_str()) {
            (Some(found), _) => found,
            (None, MANIFEST | TRACKS | AUDIT) => continue,
            (None, ASSOCIATIONS) if associates => continue,
            (None, LINKS) if basis.request.stitches() => continue,
            (None, name) if name == page::PAGE || exports::knows(name, frame) => {
                derived.push(file);
                continue;
            }
            (None, "manifest.sig") if fs::metadata(folder.join(&file)).is_ok_and(|there| there.len() == 129) => {
                continue;
            }
            (None, _) => "a file that no run writes",
        };
        let wanted = "a table, its page and exports, an audit, a manifest and its signature of 129 bytes";
        breaches.add(Beyond::File, &at(&file), found, wanted);
    }
    let wanted = [MANIFEST, TRACKS, AUDIT, page::PAGE].into_iter().chain(associates.then_some(ASSOCIATIONS));
    let wanted = wanted.chain(basis.request.stitches().then_some(LINKS));
    let mut missing = wanted.map(|file| (file, no_file(&folder.join(file))));
    if let Some((file, Some(found))) = missing.find(|(_, found)| found.is_some()) {
        breaches.add(Beyond::File, &at(file), found, "the file that a run writes");
        return Ok(Looked::default());
    }
    let (identities, smoothing) = (basis.request.fuses_identities(), basis.request.smooths());
    let form = Form { frame, identities, smoothing, joining: basis.request.joins() };
    let rows = table::read(&folder.join(TRACKS), &at(TRACKS), form, breaches).unwrap_or_else(|error| {
        breaches.add(Beyond::Encoding, &at(TRACKS), error.to_string(), "a Parquet table");
        Vec::new()
    });
    let looked = Looked {
        rows: rows.len() as u64,
        undecided: judge(basis, &rows, (&at(TRACKS), &at(AUDIT)), folder, breaches)?,
    };
    let picture = exports::Picture { rows: &rows, frame, identities, smoothing, joining: form.joining };
    for file in derived.iter().filter(|file| *file != page::PAGE) {
        exports::inspect(file, &read(&folder.join(file))?, &picture, &at(file), breaches);
    }
    let [told, audit, tracks] = [MANIFEST, AUDIT, TRACKS].map(|file| read(&folder.join(file)));
    let (told, audit, tracks) = (told?, audit?, tracks?);
    let partner = &basis.partner.id;
    let record = &page::Record::of(folder);
    let wanted = page::Folder { partner, frame, rows: &rows, manifest: &told, audit: &audit, tracks: &tracks, record };
    page::inspect(&read(&folder.join(page::PAGE))?, &wanted, &at(page::PAGE), breaches);
    let mut beside = Vec::new();
    if associates {
        let place = at(ASSOCIATIONS);
        let count = associations::inspect(basis, &folder.join(ASSOCIATIONS), &place, &rows, breaches)?;
        beside.push((ASSOCIATIONS, count));
    }
    if basis.request.stitches() {
        let count = links::inspect(basis, (&folder.join(LINKS), &at(LINKS)), &rows, breaches)?;
        beside.push((LINKS, count));
    }
    manifest(basis, (folder, &derived, &beside), &at(MANIFEST), &rows, breaches)?;
    Ok(looked)
}

fn judge(
    basis: &Basis<'_>,
    rows: &[Row],
    (tracks, audit): (&str, &str),
    folder: &Path,
    breaches: &mut Breaches,
) -> Result<u64, GuardError> {
    let mut judge = Judge::new(*basis)?;
    for (number, row) in (1u64..).zip(rows) {
        judge.row(&format!("{tracks}, row {number}"), row, breaches)?;
    }
    let undecided = judge.undecided;
    let mut counts = judge.counts;
    let level_rows = counts.levels;
    for (class, (level, rules, count)) in &basis.sight.fused {
        let class = basis.recording.classes.get(*class as usize).filter(|_| basis.partner.plain);
        let (Some(class), Some(level)) = (class, basis.book.fuse.get(*level)) else { continue };
        let mut words = json!({
            "of": "detections", "owner": class.owner, "kind": class.kind, "identified": class.identified,
            "zones": basis.partner.among("zones", &class.zones), "periods": basis.partner.among("periods", &class.periods),
        });
        for (key, value) in [("sensor", &class.sensor), ("label", &class.label)] {
            if basis.partner.reads(&class.owner, key, value) {
                put(&mut words, key, json!(value));
            }
        }
        let entry = json!({ "action": level.deed.name, "allowed": true, "class": words, "partner": basis.partner.id,
                            "decided_by": basis.partner.rules(rules, &[]) });
        let entry = text(entry);
        for tally in [&mut counts.may, &mut counts.must] {
            *tally.entry(entry.clone()).or_default() += count;
        }
    }
    read_audit(&folder.join(AUDIT), audit, &counts, (level_rows, undecided), breaches)?;
    Ok(undecided)
}

/// Every line must be one that the rules and the rows give, counted as often as they can, in the order of its text.
fn read_audit(
    path: &Path,
    place: &str,
    counts: &Counts,
    (level_rows, undecided): (u64, u64),
    breaches: &mut Breaches,
) -> Result<(), GuardError> {
    let bytes = read(path)?;
    let lines = String::from_utf8_lossy(&bytes);
    let mut told: BTreeMap<String, u64> = BTreeMap::new();
    let mut previous = "";
    for (number, line) in (1u64..).zip(lines.split_inclusive('\n')) {
        let place = format!("{place}, line {number}");
        let rest = line.get(76..).and_then(|rest| rest.strip_suffix('\n')).unwrap_or("");
        let link = format!("{{\"chain\":\"{}\",", hex(&Sha256::digest(format!("{previous}\n{rest}"))));
        if line.strip_suffix('\n').is_none_or(|line| line.get(..76) != Some(link.as_str())) {
            breaches.add(Beyond::Audit, &place, format!("`{}`", line.get(..76).unwrap_or(line).escape_debug()), link);
        }
        previous = line.trim_end_matches('\n');
        let entry = rest.strip_prefix("\"entry\":").and_then(|rest| rest.strip_suffix('}')).unwrap_or("");
        let mut value: Value = serde_json::from_str(entry).unwrap_or_default();
        let plain = text(value.clone()) == entry;
        let count = value.as_object_mut().and_then(|entry| entry.remove("count")).and_then(|count| count.as_u64());
        let key = text(value);
        let (may, must) = (counts.may.get(&key).copied(), counts.must.get(&key).copied().unwrap_or(0));
        let fits = may.zip(count).is_some_and(|(may, count)| (must..=may + undecided).contains(&count));
        let last = told.last_key_value().is_none_or(|(last, _)| *last < key);
        // A row that could not be decided may stand behind a line that no decided one explains.
        if !(plain && last && count.is_some() && (fits || undecided > 0 && may.is_none())) {
            let wanted =
                may.map_or("no such line".to_owned(), |may| format!("{must} to {may}, in the order of its text"));
            breaches.add(Beyond::Audit, &place, format!("{} of `{key}`", count.unwrap_or(0)), wanted);
        }
        told.insert(key, count.unwrap_or(0));
    }
    if let Some((key, _)) = counts.must.iter().find(|(key, must)| **must > 0 && !told.contains_key(*key)) {
        breaches.add(Beyond::Audit, place, "no such line", format!("`{key}`"));
    }
    let of_levels: u64 = told.iter().filter(|(key, _)| counts.of_levels.contains(*key)).map(|(_, count)| count).sum();
    if of_levels != level_rows && undecided == 0 {
        breaches.add(Beyond::Audit, place, format!("levels of {of_levels} rows"), format!("of {level_rows}"));
    }
    Ok(())
}

#[derive(Serialize)]
struct Manifest<'a> {
    made_by: &'a str,
    engine_version: &'a str,
    partner: &'a str,
    frame: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_of_us: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<&'a str>,
    configuration: &'a Value,
    configuration_sha256: String,
    computed_from: From,
    audit: Log,
    files: Vec<FileOf>,
}

#[derive(Serialize)]
struct From {
    #[serde(skip_serializing_if = "Option::is_none")]
    detections: Option<Given>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accounts: Option<Accounts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calibration: Option<Told>,
    policy_sha256: String,
}

#[derive(Serialize)]
struct Log {
    lines: u64,
    head: String,
    root: String,
}

#[derive(Serialize)]
struct FileOf {
    name: String,
    bytes: usize,
    sha256: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<Vec<String>>,
}

/// The manifest must be, byte for byte, what the folder and the request give.
fn manifest(
    basis: &Basis<'_>,
    (folder, derived, tables): (&Path, &[String], &[(&str, usize)]),
    place: &str,
    rows: &[Row],
    breaches: &mut Breaches,
) -> Result<(), GuardError> {
    let (audit, tracks) = (read(&folder.join(AUDIT))?, read(&folder.join(TRACKS))?);
    let mut configuration = basis.request.configuration.clone();
    configuration.sort_all_objects();
    let file = |name: &str, bytes: &[u8]| FileOf {
        name: name.to_owned(),
        bytes: bytes.len(),
        sha256: hex(&Sha256::digest(bytes)),
        rows: None,
        columns: None,
    };
    let columns_of = |name: &str| {
        let reader = parquet::file::reader::SerializedFileReader::try_from(folder.join(name).as_path()).ok();
        reader.map(|reader| {
            use parquet::file::reader::FileReader;
            let root = reader.metadata().file_metadata().schema_descr().root_schema().clone();
            root.get_fields().iter().map(|field| field.name().to_owned()).collect()
        })
    };
    let Basis { recording, book, partner, sight, .. } = basis;
    let detections = book.receives_plainly(partner).then(|| digest(recording, book, sight));
    let accounts = partner.plain.then(|| Accounts::told(&folder.join(MANIFEST)));
    if let (Some(accounts), Some(given)) = (accounts, &detections) {
        accounts.check(given.rows, rows, place, breaches);
    }
    let mut files = vec![
        file(AUDIT, &audit),
        FileOf { rows: Some(rows.len()), columns: columns_of(TRACKS), ..file(TRACKS, &tracks) },
    ];
    for (name, rows) in tables {
        let bytes = read(&folder.join(name))?;
        files.push(FileOf { rows: Some(*rows), columns: columns_of(name), ..file(name, &bytes) });
    }
    for name in derived {
        files.push(file(name, &read(&folder.join(name))?));
    }
    let wanted = Manifest {
        made_by: "trackweave",
        engine_version: env!("CARGO_PKG_VERSION"),
        partner: &basis.partner.id,
        frame: if basis.recording.catalogue.frame == Frame::Geodetic { "geodetic" } else { "local" },
        as_of_us: basis.request.as_of_us,
        label: basis.request.label,
        configuration_sha256: hex(&Sha256::digest(configuration.to_string())),
        configuration: &configuration,
        computed_from: From {
            detections,
            accounts,
            calibration: sight.calibrated.clone(),
            policy_sha256: basis.book.view_sha256(basis.partner),
        },
        audit: log(&audit),
        files,
    };
    let wanted = serde_json::to_string_pretty(&wanted).unwrap_or_default() + "\n";
    let found = read(&folder.join(MANIFEST))?;
    if found != wanted.as_bytes() {
        let found = String::from_utf8_lossy(&found);
        let mut lines = found.lines().zip(wanted.lines()).filter(|(found, wanted)| found != wanted);
        let (found, wanted) = lines.next().unwrap_or(("another length", "the bytes that the folder gives"));
        breaches.add(Beyond::Manifest, place, format!("`{}`", found.trim()), format!("`{}`", wanted.trim()));
    }
    Ok(())
}

/// Length, head and Merkle root of an audit (RFC 6962, by its recursive definition).
fn log(bytes: &[u8]) -> Log {
    let lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).collect();
    let entry = |line: &&[u8]| {
        let end = line.len().saturating_sub(1);
        Sha256::new().chain_update([0]).chain_update(line.get(84..end).unwrap_or_default()).finalize().to_vec()
    };
    let leaves: Vec<Vec<u8>> = lines.iter().map(entry).collect();
    let head = lines.last().and_then(|line| line.get(10..74)).unwrap_or_default();
    Log { lines: lines.len() as u64, head: String::from_utf8_lossy(head).into_owned(), root: hex(&root(&leaves)) }
}

fn root(leaves: &[Vec<u8>]) -> Vec<u8> {
    match leaves {
        [] => Sha256::digest([]).to_vec(),
        [leaf] => leaf.clone(),
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            Sha256::new().chain_update([1]).chain_update(root(left)).chain_update(root(right)).finalize().to_vec()
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a `String` cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn read(path: &Path) -> Result<Vec<u8>, GuardError> {
    fs::read(path).map_err(|source| GuardError::Read { path: path.to_owned(), source })
}

fn names(folder: &Path) -> Result<Vec<String>, GuardError> {
    let fails = |source| GuardError::Read { path: folder.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(fails)? {
        names.push(entry.map_err(fails)?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}
