//! Pages of a finished output, in a folder of their own: what is published is never added to.

use super::{PAGE, Pages, ReportError, Scene, operator_page, partner_page};
use crate::product::{Expected, not_free, replace, verify_seals};
use serde_json::{Map, Value};
use std::fs;
use std::path::{Path, PathBuf};

/// Writes pages into a new folder, which appears whole or not at all: of one partner's folder its `report.html`; of a whole
/// output the operator's, and each partner's in a folder of its name. Returns what was written, by name.
///
/// # Errors
/// A folder that is no output or not as a run wrote it, a place for the new one that is taken or lies in an output, or a disk
/// that is full.
pub fn report(from: &Path, scene: &Scene, out: &Path) -> Result<Vec<PathBuf>, ReportError> {
    not_free(out).map_or(Ok(()), |found| Err(ReportError::Place { path: out.to_owned(), found }))?;
    let integrity = verify_seals(from, Expected::default())?;
    if let Some(fault) = integrity.faults.into_iter().next() {
        return Err(ReportError::Unsound { path: from.join(fault.place), found: fault.found, wanted: fault.wanted });
    }
    let disk = |path: &Path| {
        let path = path.to_owned();
        move |source| ReportError::Write { path, source }
    };
    let parent = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(disk(parent))?;
    let around = tempfile::Builder::new().prefix(".trackweave-").tempdir_in(parent).map_err(disk(parent))?;
    let new = around.path().join("new");
    fs::create_dir(&new).map_err(disk(&new))?;
    let (mut written, pages) = (Vec::new(), Pages::default());
    let mut write = |name: PathBuf, page: String| {
        let path = new.join(&name);
        path.parent().map_or(Ok(()), fs::create_dir_all).map_err(disk(&path))?;
        fs::write(&path, page).map_err(disk(&path))?;
        written.push(name);
        Ok::<(), ReportError>(())
    };
    if integrity.whole {
        let manifest = manifest(&from.join("_operator"))?;
        let made_from = manifest.get("made_from").cloned().unwrap_or_default();
        // Measured times differ between equal runs: a page that a run writes and lists does not have them.
        let mut scene = scene.clone();
        let timings = from.join("_operator/timings.json");
        if timings.is_file() {
            scene.parts.insert("timings".to_owned(), super::operator::json_file(&timings)?);
        }
        write(PathBuf::from(PAGE), operator_page(from, &made_from, &scene, &pages)?)?;
        let pictures = manifest.get("pictures").and_then(Value::as_array).into_iter().flatten();
        for partner in pictures.filter_map(|picture| picture.get("partner")?.as_str()) {
            write(Path::new(partner).join(PAGE), of_partner(&from.join(partner), &pages)?)?;
        }
    } else {
        write(PathBuf::from(PAGE), of_partner(from, &pages)?)?;
    }
    replace(around, out)?.into_iter().next().map_or(Ok(written), |after| Err(after.into()))
}

/// The page of a finished folder: the one that a run writes into it.
fn of_partner(folder: &Path, pages: &Pages) -> Result<String, ReportError> {
    partner_page(folder, &manifest(folder)?, pages)
}

fn manifest(folder: &Path) -> Result<Map<String, Value>, ReportError> {
    super::operator::object(&folder.join("manifest.json"))
}
