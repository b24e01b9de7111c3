//! A partner's page: made from its finished folder, and from nothing else.

use super::document::Document;
use super::folder::Folder;
use super::pages::{Pages, Shown};
use super::picture::{Picture, rows_most};
use super::template::{Content, page};
use super::words::{count, escaped, share_of, span};
use super::{PAGE, ReportError, ledger};
use crate::product::Beside;
use crate::space::Frame;
use serde_json::{Map, Value, json};
use std::io::Write as _;
use std::path::Path;

/// Keys of the manifest that a page repeats.
const REPEATED: [&str; 5] = ["label", "as_of_us", "configuration", "configuration_sha256", "computed_from"];

/// Writes the page beside a picture that a run has finished.
///
/// # Errors
/// As [`partner_page`], or a disk that is full.
pub fn write(beside: &mut Beside<'_>, pages: &Pages) -> Result<(), ReportError> {
    let page = partner_page(beside.picture(), beside.manifest(), pages)?;
    let path = beside.to().join(PAGE);
    let refused = |source| ReportError::Write { path: path.clone(), source };
    beside.write(PAGE, |file| file.write_all(page.as_bytes()).map_err(refused))
}

/// The page of the picture in a folder, whose manifest is, or will be, this one.
///
/// # Errors
/// A folder that is not what a run writes.
pub fn partner_page(folder: &Path, manifest: &Map<String, Value>, pages: &Pages) -> Result<String, ReportError> {
    let folder = Folder::read(folder, manifest)?;
    let shown = pages.picture(&folder, folder.rows().div_ceil(rows_most(folder.frame())).max(1))?;
    let picture = &shown.picture;
    let partner = folder.partner();
    let header = match picture.span_us {
        Some(times) => span(times, folder.frame()),
        None => "no rows".to_owned(),
    };
    let name = escaped(partner);
    let summary = format!(
        "<header class=\"top\"><p class=\"brand\"><b>Trackweave</b> <span>{header}</span></p><p class=\"badge\">{name}’s \
         edition</p></header>\n<p class=\"headline\" id=\"headline\">{}</p>",
        headline(picture, &name)
    );
    let title = format!("Trackweave: {partner}");
    let ledger = ledger::of_partner(picture, partner, manifest);
    let data = document(&folder, &shown, &ledger);
    Ok(page(&Content { title: &title, summary: &summary, data: &data }))
}

fn headline(picture: &Picture, partner: &str) -> String {
    let rows: u64 = picture.by_level.iter().sum();
    if rows == 0 {
        return format!(
            "Your picture is empty: <a href=\"#ledger\">no rule permits</a> {partner} to receive anything yet."
        );
    }
    let late = picture.levels.iter().zip(&picture.by_level).filter(|(level, _)| level.is_coarse());
    let late: u64 = late.map(|(_, rows)| rows).sum();
    let untold = picture.by_level.last().copied().unwrap_or_default();
    let mut how = Vec::new();
    if late > 0 {
        how.push(format!("{} of it coarse or late", share_of(late, rows)));
    }
    if untold > 0 {
        how.push(format!("of {} the level not known", share_of(untold, rows)));
    }
    let how = if how.is_empty() { "all exact and at once".to_owned() } else { how.join(", ") };
    let act = match picture.actionable {
        0 => String::new(),
        some => format!(" You may act on <a href=\"#authority\">{}</a> of its rows.", share_of(some, rows)),
    };
    let tracks = match picture.tracks {
        1 => "1 track".to_owned(),
        tracks => format!("{} tracks", count(tracks as u64)),
    };
    format!("Your picture holds <a href=\"#ledger\">{tracks}</a>, {how}.{act}")
}

fn document(folder: &Folder<'_>, shown: &Shown, ledger: &Value) -> Value {
    let mut data = Document::default();
    data.put("edition", Value::from("partner"));
    data.put("partner", Value::from(folder.partner()));
    data.put("version", Value::from(folder.text("engine_version")));
    data.put("frame", Value::from(folder.text("frame")));
    data.put("recording", Value::from(""));
    data.put("span", json!(shown.picture.span_us));
    for key in REPEATED {
        data.put(key, folder.manifest.get(key).cloned());
    }
    data.put("digests", json!({ folder.partner(): folder.digests() }));
    data.put("ledger", json!([ledger]));
    data.put("audit", folder.audit.iter().map(without_partner).collect::<Value>());
    if folder.frame() == Frame::Geodetic {
        data.put("basemap", shown.basemap());
    }
    data.put("pictures", json!([shown.document(folder.partner())]));
    data.finish()
}

fn without_partner(entry: &Value) -> Value {
    let mut entry = entry.clone();
    if let Value::Object(entry) = &mut entry {
        entry.remove("partner");
    }
    entry
}
