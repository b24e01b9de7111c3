//! The operator's page: all partners' pictures, and what the operator's folder says of them.

use super::document::Document;
use super::folder::Folder;
use super::levels::Level;
use super::pages::{Pages, Shown, key};
use super::picture::{Picture, rows_most};
use super::record::TAKEN_MOST;
use super::scene::Scene;
use super::table::table;
use super::template::{Content, page};
use super::words::{count, escaped, seconds, share, span};
use super::{ReportError, basemap, judged, ledger};
use crate::product::ENGINE_VERSION;
use crate::space::Frame;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Rows of tables that a page holds at most.
const STRETCHES_MOST: usize = 400_000;
const EVENTS_MOST: usize = 20_000;
/// Partners that the headline names.
const NAMED: usize = 6;

/// The page of a whole output, finished or still in its staging folder; `made_from`: what the run read.
///
/// # Errors
/// An output that is not what a run writes.
pub fn operator_page(out: &Path, made_from: &Value, scene: &Scene, pages: &Pages) -> Result<String, ReportError> {
    let operator = out.join("_operator");
    let report = json_file(&operator.join("report.json"))?;
    let partners: Vec<&Value> = report.get("partners").and_then(Value::as_array).into_iter().flatten().collect();
    let names: Vec<&str> = partners.iter().filter_map(|partner| partner.get("partner")?.as_str()).collect();
    let folders: Vec<_> = names.iter().map(|name| out.join(name)).collect();
    let manifests: Vec<Map<String, Value>> =
        folders.iter().map(|folder| object(&folder.join("manifest.json"))).collect::<Result<_, _>>()?;
    let folders = folders.iter().zip(&manifests).map(|(path, manifest)| Folder::read(path, manifest));
    let folders: Vec<Folder<'_>> = folders.collect::<Result<_, _>>()?;
    let pictures = pictures(&folders, pages)?;
    let output = Output {
        operator: &operator,
        report: &report,
        partners: &partners,
        folders: &folders,
        pictures: &pictures,
        lifts: maybe(&operator.join("lifts.json"))?,
    };
    let mut data = Document::default();
    output.introduce(&mut data, made_from);
    output.account(&mut data)?;
    output.act(&mut data)?;
    scene.parts.iter().for_each(|(key, part)| data.put(key, part.clone()));
    if output.frame() == Frame::Geodetic {
        let drawn = pictures.iter().filter_map(|picture| picture.as_ref().ok());
        let ground = drawn.flat_map(|shown| &shown.picture.ground).chain(&scene.ground).copied();
        data.put("basemap", basemap::about(&ground.chain(output.lifted_ground()).collect()));
    }
    data.put("pictures", documents(&report, &names, &pictures));
    let recording = report.get("recording").and_then(Value::as_str).unwrap_or_default();
    let title = format!("Trackweave: {recording}");
    Ok(page(&Content { title: &title, summary: &output.summary(recording), data: &data.finish() }))
}

/// What the operator's page is made from.
struct Output<'a> {
    operator: &'a Path,
    report: &'a Value,
    partners: &'a [&'a Value],
    folders: &'a [Folder<'a>],
    pictures: &'a [Shared],
    /// Pictures as they would be with one rule lifted.
    lifts: Option<Value>,
}

impl Output<'_> {
    fn frame(&self) -> Frame {
        self.folders.first().map_or(Frame::Geodetic, Folder::frame)
    }

    /// The picture of a partner by its number, perhaps an earlier one's too.
    fn picture(&self, number: usize) -> Option<&Picture> {
        match self.pictures.get(number)? {
            Ok(shown) => Some(&shown.picture),
            Err(same) => self.pictures.get(*same)?.as_ref().ok().map(|shown| &shown.picture),
        }
    }

    fn span_us(&self) -> Option<[i64; 2]> {
        let spans = self.pictures.iter().filter_map(|shown| shown.as_ref().ok()?.picture.span_us);
        let lifted = self.lifts.as_ref().and_then(|lifts| serde_json::from_value(lifts.get("span_us")?.clone()).ok());
        spans.chain(lifted).reduce(|[a, b], [c, d]| [a.min(c), b.max(d)])
    }

    fn lifted_ground(&self) -> impl Iterator<Item = [i32; 2]> {
        let ground = self.lifts.as_ref().and_then(|lifts| lifts.get("ground")?.as_array()).into_iter().flatten();
        ground.filter_map(|place| serde_json::from_value(place.clone()).ok())
    }

    /// What was run, and what it read.
    fn introduce(&self, data: &mut Document, made_from: &Value) {
        let first = self.folders.first();
        data.put("edition", Value::from("operator"));
        data.put("version", Value::from(ENGINE_VERSION));
        data.put("frame", Value::from(first.map_or("geodetic", |folder| folder.text("frame"))));
        data.put("recording", self.report.get("recording").cloned());
        data.put("span", json!(self.span_us()));
        for key in ["label", "as_of_us", "configuration"] {
            data.put(key, first.and_then(|folder| folder.manifest.get(key)).cloned());
        }
        for key in ["configuration_sha256", "policy"] {
            data.put(key, made_from.get(key).cloned());
        }
        data.put("made_from", made_from.get("recording").map(|files| json!({ "recording": files })));
        let digests = self.folders.iter().map(|folder| (folder.partner().to_owned(), folder.digests()));
        data.put("digests", digests.collect::<Value>());
    }

    /// Where rows went, how good pictures are, and what it took.
    fn account(&self, data: &mut Document) -> Result<(), ReportError> {
        let levels = |number| self.picture(number).map_or(&[][..], |picture| &picture.levels);
        let accounts = self.partners.iter().enumerate().map(|(n, partner)| ledger::of_report(partner, levels(n)));
        data.put("ledger", accounts.collect::<Value>());
        let mut rejected = self.report.get("ingest").cloned().unwrap_or_default();
        rejected.as_object_mut().map(|rejected| rejected.remove("file"));
        data.put("rejected", rejected);
        for key in ["warnings", "doubts"] {
            data.put(key, self.report.get(key).cloned());
        }
        let read = |name: &str| maybe(&self.operator.join(format!("{name}.json")));
        let (scores, coherence) = (read("scores")?, read("coherence")?);
        data.put("panels", judged::panels(scores.as_ref(), coherence.as_ref()));
        data.put("scores", scores.map(without_details));
        data.put("coherence", coherence.as_ref().map(judged::coherence));
        let lane_of = |partner: &str| lane_of(self.report, partner);
        data.put("prices", read("prices")?.map(|prices| judged::prices(&prices, self.lifts.as_ref(), &lane_of)));
        let summaries = self.partners.iter().filter_map(|partner| {
            Some((partner.get("partner")?.as_str()?.to_owned(), json!({ "share": coverage(partner)? })))
        });
        data.put("summaries", summaries.collect::<Value>());
        let resolution = self
            .partners
            .iter()
            .filter_map(|of| Some((of.get("partner")?.as_str()?.to_owned(), of.get("resolution")?.clone())));
        data.put("resolution", resolution.collect::<Value>());
        Ok(())
    }

    /// Who may act, and who decided.
    fn act(&self, data: &mut Document) -> Result<(), ReportError> {
        data.put("authority", self.report.get("authority").cloned());
        data.put("decisions", decisions(self.operator)?);
        let columns = ["lane", "track", "first", "last", "rows", "status", "contributors", "zones", "holders"];
        data.put("stretches", table(&self.operator.join("stretches.parquet"), &columns, STRETCHES_MOST)?);
        let columns =
            ["lane", "track", "action", "event", "first", "last", "rows", "holders", "before", "zones", "zones_before"];
        let events = table(&self.operator.join("authority.parquet"), &columns, EVENTS_MOST)?;
        data.put("authority_events_left_out", events.is_none().then(|| EVENTS_MOST.into()));
        data.put("authority_events", events);
        Ok(())
    }

    /// What stands above the map.
    fn summary(&self, recording: &str) -> String {
        let span_us = self.span_us();
        let when = span_us.map_or_else(|| "no rows".to_owned(), |times| span(times, self.frame()));
        let told = self.partners.iter().enumerate();
        let told: Vec<Told<'_>> = told.map(|(number, report)| Told { report, picture: self.picture(number) }).collect();
        format!(
            "<header class=\"top\"><p class=\"brand\"><b>Trackweave</b> <span>{} · {when}</span></p><p class=\"badge \
             operator\">Operator edition<span class=\"wide\">: names all partners</span></p></header>\n<p \
             class=\"headline\" id=\"headline\">{}</p>",
            escaped(recording),
            headline(&told, span_us, self.report)
        )
    }
}

/// A picture, or the number of an earlier one with the same table and the same audit but for its name.
type Shared = Result<Arc<Shown>, usize>;

fn pictures(folders: &[Folder<'_>], pages: &Pages) -> Result<Vec<Shared>, ReportError> {
    let (same, every) = (same(folders), every(folders));
    let read = |(folder, same): (&Folder<'_>, Option<usize>)| {
        same.map_or_else(|| pages.picture(folder, every).map(Ok), |n| Ok(Err(n)))
    };
    folders.iter().zip(same).map(read).collect()
}

/// The number of an earlier folder with the same picture, by folder.
fn same(folders: &[Folder<'_>]) -> Vec<Option<usize>> {
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let first = |(number, folder): (usize, &Folder<'_>)| {
        let first = *known.entry(key(folder)).or_insert(number);
        Some(first).filter(|first| *first != number)
    };
    folders.iter().enumerate().map(first).collect()
}

/// Every how many-th report time a page of these pictures has.
pub(super) fn every(folders: &[Folder<'_>]) -> u64 {
    let held = folders.iter().zip(same(folders)).filter(|(_, same)| same.is_none());
    let most = rows_most(folders.first().map_or(Frame::Geodetic, Folder::frame));
    held.map(|(folder, _)| folder.rows()).sum::<u64>().div_ceil(most).max(1)
}

/// The number of a partner's lane.
fn lane_of(report: &Value, name: &str) -> Option<usize> {
    let lanes = report.get("lanes").and_then(Value::as_array)?;
    lanes.iter().position(|lane| {
        let partners = lane.get("partners").and_then(Value::as_array).into_iter().flatten();
        partners.filter_map(Value::as_str).any(|partner| partner == name)
    })
}

/// The pictures as a page has them, each with the number of its lane.
fn documents(report: &Value, names: &[&str], pictures: &[Shared]) -> Value {
    let mut taken = 0;
    let document = |(name, picture): (&&str, &Shared)| {
        let mut document = match picture {
            Ok(shown) => shown.document(name),
            Err(same) => Map::from_iter([
                ("same_as".to_owned(), json!(names.get(*same))),
                ("partner".to_owned(), (*name).into()),
            ]),
        };
        if let Some(lane) = lane_of(report, name) {
            document.insert("lane".to_owned(), lane.into());
        }
        if let Some(more) = document.get("associations").and_then(|of| of.get("rows")?.as_u64()) {
            taken += more;
            if taken > TAKEN_MOST {
                document.remove("associations");
                document.insert("associations_left_out".to_owned(), more.into());
            }
        }
        Value::Object(document)
    };
    names.iter().zip(pictures).map(document).collect()
}

/// The decisions, summed over classes, with the rows that they were about.
fn decisions(operator: &Path) -> Result<Value, ReportError> {
    let path = operator.join("audit.jsonl");
    let wrong = |found: String| ReportError::File { path: path.clone(), found, wanted: "lines of JSON" };
    let text = crate::files::read_text(&path).map_err(|error| wrong(error.to_string()))?;
    let mut sums: BTreeMap<String, (Value, u64, u64)> = BTreeMap::new();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).map_err(|error| wrong(error.to_string()))?;
        let Some(entry) = line.get("entry") else { continue };
        let class = entry.get("class").and_then(Value::as_str);
        // "confirmed tracks with …", "identified detections of …".
        let of = class.and_then(|class| class.split(' ').nth(1)).unwrap_or_default();
        let key = json!({
            "partner": entry.get("partner"), "action": entry.get("action"), "allowed": entry.get("allowed"),
            "policies": entry.get("decided_by"), "of": of,
        });
        let sum = sums.entry(key.to_string()).or_insert((key, 0, 0));
        sum.1 += 1;
        sum.2 += entry.get("count").and_then(Value::as_u64).unwrap_or_default();
    }
    let told = sums.into_values().map(|(mut key, classes, count)| {
        if let Value::Object(key) = &mut key {
            key.insert("classes".to_owned(), classes.into());
            key.insert("count".to_owned(), count.into());
        }
        key
    });
    Ok(told.collect())
}

/// A partner, as the headline tells of it.
#[derive(Clone, Copy, Debug)]
struct Told<'a> {
    report: &'a Value,
    picture: Option<&'a Picture>,
}

/// Who sees what share, and how much later; and what nobody may do.
fn headline(told: &[Told<'_>], span_us: Option<[i64; 2]>, report: &Value) -> String {
    let objects = told.iter().find_map(|told| told.report.get("score")?.get("identity")?.get("objects")?.as_u64());
    let partners =
        if told.len() == 1 { "1 partner".to_owned() } else { format!("{} partners", count(told.len() as u64)) };
    let objects = objects.map_or_else(String::new, |objects| format!(", {} objects", count(objects)));
    let [first, last] = span_us.unwrap_or_default();
    let when = format!(" in {}", seconds((last - first) as f64 * 1e-6));
    let mut parts: Vec<String> = told.iter().take(NAMED).map(Told::words).collect();
    if told.len() > NAMED {
        parts.push(format!("and {} more", count((told.len() - NAMED) as u64)));
    }
    let when = if span_us.is_some() { when } else { String::new() };
    format!("{partners}{objects}{when}. {}.{}", parts.join("; "), gaps(report))
}

impl Told<'_> {
    fn words(&self) -> String {
        let partner = self.report.get("partner").and_then(Value::as_str).unwrap_or_default();
        let partner = escaped(partner);
        let link = |part: &str, text: &str| {
            format!("<a href=\"#ledger\" data-partner=\"{partner}\" data-part=\"{part}\">{text}</a>")
        };
        let name = format!("<a href=\"#ledger\" data-partner=\"{partner}\">{partner}</a>");
        let rows = self.report.get("rows").and_then(Value::as_u64).unwrap_or_default();
        if rows == 0 {
            return format!("{name} sees nothing");
        }
        let sees = coverage(self.report).map_or_else(|| format!("{} rows", count(rows)), share);
        let levels = self.picture.map_or(&[][..], |picture| &picture.levels);
        let late: Vec<_> = levels.iter().filter(|level| level.is_coarse()).collect();
        let of =
            |name: &str| self.report.get("levels").and_then(|levels| levels.get(name)?.as_u64()).unwrap_or_default();
        let late_rows: u64 = late.iter().map(|level| of(&level.name)).sum();
        let from = self.lowered();
        let how = match (late.first(), late_rows) {
            (Some(level), 1..) => {
                let demands = level.demands();
                let text = link("coarse", &demands);
                format!(", {} of it {text}", share(late_rows as f64 / rows as f64))
            }
            _ if from.is_empty() => " at once".to_owned(),
            _ => String::new(),
        };
        let from = if from.is_empty() { from } else { format!(", from detections {from}") };
        format!("{name} sees {}{how}{from}", link("confirmed", &sees))
    }

    /// How late and coarse the detections are that it is computed from, and what share of them; empty where none is.
    fn lowered(&self) -> String {
        let taken = self.report.get("ledger").map(Level::taken).unwrap_or_default();
        let all: u64 = taken.iter().map(|(_, rows)| rows).sum();
        let told = taken.iter().filter(|(level, _)| level.is_coarse()).map(|(level, rows)| {
            let of =
                if *rows < all { format!("of which {} ", super::words::share_of(*rows, all)) } else { String::new() };
            of + &level.demands()
        });
        told.collect::<Vec<_>>().join(" and ")
    }
}

/// The share of the truth that a partner's picture is near, at its own resolution.
fn coverage(partner: &Value) -> Option<f64> {
    partner.get("resolution")?.get("coverage")?.as_f64()
}

/// On how many tracks nobody may act, by the reference lane.
fn gaps(report: &Value) -> String {
    let lanes = report.get("authority").and_then(|authority| authority.get("lanes")).and_then(Value::as_array);
    let reference = |lane: &&Value| lane.get("reference").and_then(Value::as_bool).unwrap_or_default();
    let actions = lanes.into_iter().flatten().find(reference).and_then(|lane| lane.get("actions")?.as_object());
    let gap = actions.into_iter().flatten().find_map(|(action, of)| {
        let tracks = of.get("gap_tracks")?.as_u64().filter(|tracks| *tracks > 0)?;
        Some(format!(
            " On {} tracks there are times when <a href=\"#authority\">nobody may {}</a>.",
            count(tracks),
            escaped(&action.replace('_', " "))
        ))
    });
    gap.unwrap_or_default()
}

/// A file of JSON, if it is there: what cannot be looked at is not taken for absent.
fn maybe(path: &Path) -> Result<Option<Value>, ReportError> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        _ => json_file(path).map(Some),
    }
}

pub(super) fn json_file(path: &Path) -> Result<Value, ReportError> {
    let wrong = |found: String| ReportError::File { path: path.to_owned(), found, wanted: "JSON that a run writes" };
    let text = crate::files::read_text(path).map_err(|error| wrong(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))
}

/// Scores without what charts show, and without what only a table would.
fn without_details(mut scores: Value) -> Value {
    for score in scores.as_object_mut().into_iter().flat_map(Map::values_mut).filter_map(Value::as_object_mut) {
        score.remove("over_time");
        score.get_mut("hota").and_then(Value::as_object_mut).map(|hota| hota.remove("within"));
    }
    scores
}

/// A file that holds a JSON object.
pub(super) fn object(path: &Path) -> Result<Map<String, Value>, ReportError> {
    match json_file(path)? {
        Value::Object(object) => Ok(object),
        other => Err(ReportError::File { path: path.to_owned(), found: other.to_string(), wanted: "a manifest" }),
    }
}
