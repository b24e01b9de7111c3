//! The page for people, as the guard reads it: byte by byte, knowing from the folder what comes next.
//!
//! Written from `docs/report.md` and `page/`, and nothing here is the code that makes pages. A page that says what the folder
//! says has one spelling, so whatever else stands in it, be it a comment or an entry of a dictionary, is a difference.

mod basemap; // land, lakes, borders and names about the rows
mod columns; // numbers and texts of the rows
mod levels; // levels of the audit, and the ledger
mod record; // detections that tracks took, and links
mod words; // what stands before the map

use super::finding::{Beyond, Breaches};
use super::folder::hex;
use super::reading::Reading;
use super::table::Row;
use crate::space::Frame;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

pub(super) use record::Record;

/// Its name in a folder.
pub(super) const PAGE: &str = "report.html";

const FRAME: &str = include_str!("../../../page/page.html");
const CHARTS: &str = include_str!("../../../page/vendor/uPlot/uPlot.iife.min.js");
const STYLE: [&str; 2] =
    [include_str!("../../../page/vendor/uPlot/uPlot.min.css"), include_str!("../../../page/page.css")];
const ORDER: &str = include_str!("../../../page/order.txt");

/// The scripts of the page, by name.
const SCRIPTS: [(&str, &str); 20] = [
    ("format.js", include_str!("../../../page/format.js")),
    ("codec.js", include_str!("../../../page/codec.js")),
    ("data.js", include_str!("../../../page/data.js")),
    ("relate.js", include_str!("../../../page/relate.js")),
    ("view.js", include_str!("../../../page/view.js")),
    ("basemap.js", include_str!("../../../page/basemap.js")),
    ("symbols.js", include_str!("../../../page/symbols.js")),
    ("tracks.js", include_str!("../../../page/tracks.js")),
    ("detections.js", include_str!("../../../page/detections.js")),
    ("timeline.js", include_str!("../../../page/timeline.js")),
    ("ledger.js", include_str!("../../../page/ledger.js")),
    ("life.js", include_str!("../../../page/life.js")),
    ("story.js", include_str!("../../../page/story.js")),
    ("tables.js", include_str!("../../../page/tables.js")),
    ("panels.js", include_str!("../../../page/panels.js")),
    ("classes.js", include_str!("../../../page/classes.js")),
    ("telling.js", include_str!("../../../page/telling.js")),
    ("controls.js", include_str!("../../../page/controls.js")),
    ("frame.js", include_str!("../../../page/frame.js")),
    ("main.js", include_str!("../../../page/main.js")),
];

/// What a page is read against.
pub(super) struct Folder<'a> {
    pub(super) partner: &'a str,
    pub(super) frame: Frame,
    pub(super) rows: &'a [Row],
    pub(super) manifest: &'a [u8],
    pub(super) audit: &'a [u8],
    pub(super) tracks: &'a [u8],
    pub(super) record: &'a Record,
}

/// Rows that a page has at most, but for first ones of tracks.
const fn most(frame: Frame) -> usize {
    match frame {
        Frame::Geodetic => 1_200_000,
        Frame::Local => 600_000,
    }
}

/// Every how many-th report time is kept, the rows that are, and the same by track.
type By<'a> = (usize, &'a [&'a Row], &'a [Vec<&'a Row>]);

/// Holds a page against its folder.
pub(super) fn inspect(bytes: &[u8], folder: &Folder<'_>, place: &str, breaches: &mut Breaches) {
    let mut file = Reading::of(bytes);
    let scripts: Vec<&str> = ORDER.lines().filter_map(script).collect();
    let scripts = [CHARTS.to_owned(), scripts.join("\n")];
    let entries = entries(folder.audit);
    let levels = levels::of(&entries);
    let manifest: Value = serde_json::from_slice(folder.manifest).unwrap_or_default();
    let (ledger, shares) = levels::ledger(folder.partner, &manifest, &levels, folder.rows, folder.frame);
    let (every, kept) = kept(folder.rows, most(folder.frame));
    let tracks = by_track(&kept);
    let mut rest = FRAME;
    while let Some((before, (name, after))) =
        rest.split_once("{{").and_then(|(before, after)| Some((before, after.split_once("}}")?)))
    {
        file.next(before);
        file.enter(name);
        match name {
            "csp" => file.next(policy(&scripts)),
            "title" => file.next(format!("Trackweave: {}", folder.partner)),
            "style" => file.next(STYLE.concat()),
            "summary" => {
                file.next(words::summary(folder.partner, folder.frame, folder.rows, tracks.len(), shares));
            }
            "data" => {
                data(&mut file, folder, &manifest, (entries.as_slice(), &ledger));
                picture(&mut file, folder, &levels, (every, &kept, &tracks));
            }
            _ => file.next(scripts.each_ref().map(|script| format!("<script>{script}</script>")).concat()),
        }
        file.enter("");
        rest = after;
    }
    file.next(rest);
    file.finish(Beyond::Page, place, breaches);
}

/// Every how many-th report time a page has, and the rows of these with the first row of every track.
fn kept(rows: &[Row], most: usize) -> (usize, Vec<&Row>) {
    let every = rows.len().div_ceil(most).max(1);
    let mut seen = BTreeSet::new();
    let times = rows.chunk_by(|a, b| a.time_us == b.time_us).enumerate();
    let rows = times.flat_map(|(time, rows)| rows.iter().map(move |row| (time, row)));
    (
        every,
        rows.filter(|(time, row)| seen.insert(row.track) || time.is_multiple_of(every)).map(|(_, row)| row).collect(),
    )
}

/// Rows by track, in the order of the tracks' first rows.
fn by_track<'a>(rows: &[&'a Row]) -> Vec<Vec<&'a Row>> {
    let mut numbers: BTreeMap<u64, usize> = BTreeMap::new();
    let mut tracks: Vec<Vec<&Row>> = Vec::new();
    for row in rows {
        let next = tracks.len();
        let number = *numbers.entry(row.track).or_insert(next);
        match tracks.get_mut(number) {
            Some(track) => track.push(row),
            None => tracks.push(vec![row]),
        }
    }
    tracks
}

fn script(name: &str) -> Option<&'static str> {
    SCRIPTS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// The content security policy: nothing but these scripts, and no request.
fn policy(scripts: &[String]) -> String {
    let digests: Vec<String> =
        scripts.iter().map(|script| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script)))).collect();
    format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src {}; img-src data: blob:; base-uri 'none'; \
         form-action 'none'",
        digests.join(" ")
    )
}

/// The entries of an audit, without the partner.
fn entries(audit: &[u8]) -> Vec<Value> {
    let lines = audit.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let entry = |line: &[u8]| {
        let Ok(Value::Object(mut line)) = serde_json::from_slice(line) else { return Value::Null };
        let Some(Value::Object(entry)) = line.remove("entry") else { return Value::Null };
        Value::Object(entry.into_iter().filter(|(key, _)| key != "partner").collect())
    };
    lines.map(entry).collect()
}

/// JSON, so that no text in it ends the element that it stands in.
fn safe(json: &str) -> String {
    json.replace("</", "<\\/").replace("<!--", "<\\u0021--")
}

/// The document up to its picture.
fn data(file: &mut Reading<'_>, folder: &Folder<'_>, manifest: &Value, (audit, ledger): (&[Value], &Value)) {
    let span = folder.rows.first().zip(folder.rows.last()).map(|(first, last)| [first.time_us, last.time_us]);
    let digest = |bytes: &[u8]| hex(&Sha256::digest(bytes));
    let mut digests = Map::new();
    let mut of_files = Map::new();
    of_files.insert("audit.jsonl".to_owned(), digest(folder.audit).into());
    of_files.insert("tracks.parquet".to_owned(), digest(folder.tracks).into());
    of_files.extend(folder.record.files.iter().map(|(name, bytes)| ((*name).to_owned(), digest(bytes).into())));
    digests.insert(folder.partner.to_owned(), of_files.into());
    let told = |key: &str| manifest.get(key).cloned();
    let basemap = (folder.frame == Frame::Geodetic).then(|| basemap::about(folder.rows)).flatten();
    let keys = [
        ("edition", Some(json!("partner"))),
        ("partner", Some(json!(folder.partner))),
        ("version", told("engine_version")),
        ("frame", told("frame")),
        ("recording", Some(json!(""))),
        ("span", Some(json!(span))),
        ("label", told("label")),
        ("as_of_us", told("as_of_us")),
        ("configuration", told("configuration")),
        ("configuration_sha256", told("configuration_sha256")),
        ("computed_from", told("computed_from")),
        ("digests", Some(Value::Object(digests))),
        ("ledger", Some(ledger.clone())),
        ("audit", Some(json!(audit))),
        ("basemap", basemap),
    ];
    file.next("{");
    for (key, value) in keys.into_iter().filter_map(|(key, value)| Some((key, value?))) {
        file.enter(key);
        file.next(safe(&format!("\"{key}\":{value},")));
    }
    file.enter("pictures");
}

/// The picture, and the end of the document.
fn picture(file: &mut Reading<'_>, folder: &Folder<'_>, levels: &[levels::Level], by: By<'_>) {
    let (every, kept, tracks) = by;
    let told: Vec<Value> = levels.iter().map(levels::Level::json).collect();
    let ids: Vec<String> = tracks.iter().filter_map(|rows| rows.first()).map(|row| row.track.to_string()).collect();
    let begin = format!("\"pictures\":[{{\"partner\":{},\"levels\":{}", json!(folder.partner), json!(told));
    file.next(safe(&begin));
    let thinned =
        if every > 1 { format!(",\"every\":{every},\"rows_of\":{}", folder.rows.len()) } else { String::new() };
    file.next(format!(",\"rows\":{}{thinned},\"tracks\":{{\"ids\":{},\"counts\":", kept.len(), json!(ids)));
    file.enter("tracks");
    let counts = tracks.iter().map(|rows| i64::try_from(rows.len()).unwrap_or(i64::MAX)).collect();
    columns::whole(counts).read(file);
    file.next("},\"columns\":{");
    let list = |texts: Vec<String>| texts.join(", ");
    let by = (kept, tracks);
    let mut columns = 0;
    let mut read = |column: columns::Column| {
        if column.holds() {
            file.enter(column.name);
            file.next(format!("{}\"{}\":", if columns > 0 { "," } else { "" }, column.name));
            column.read(file);
            columns += 1;
        }
    };
    for kind in columns::kinds(folder.frame, columns::step_us(kept)) {
        read(kind.over(tracks));
    }
    read(columns::texts("status", by, |row| Some(row.status.clone())));
    read(columns::texts("identity", by, |row| row.identity.clone()));
    read(columns::texts("contributors", by, |row| {
        row.contributors.as_ref().map(|names| list(names.iter().cloned().collect()))
    }));
    read(columns::texts("authorities", by, |row| Some(list(row.authorities.clone()))));
    read(columns::texts("holders", by, |row| row.holders.clone().map(list)));
    read(columns::texts("level", by, |row| levels::shown(levels, row, folder.frame).map(|level| level.name.clone())));
    file.next("}");
    let ids: Vec<u64> = tracks.iter().filter_map(|rows| rows.first()).map(|row| row.track).collect();
    folder.record.read(&ids, file);
    file.next("}]}");
}
