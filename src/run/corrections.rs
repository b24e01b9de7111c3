//! Which entries of a calibration are applied to which lanes.
//!
//! An entry corrects the lane whose partners it names, if it was computed from the very detections that this lane is given, and no
//! other: then its partners may have all fused that it rests on. Whatever does not match is not applied. A calibration of another recording, policy or
//! time of the run is an error, as its entries rest on other rows. With `calibration = "declared"` the operator has one entry
//! over a whole recording correct every lane, and each manifest says so. What does not count is not applied.

use super::basis::Basis;
use super::calibration::{Calibration, Segment, sources};
use super::logs::made_from;
use super::{Besides, Calibrating, Request, RunError};
use crate::calibrate::{Offset, Registered, Standing, counted};
use crate::digest::sha256;
use crate::files::read_text;
use crate::product::{Calibrated, FileEntry};
use crate::scan::{Corrections, Lane};
use crate::sensor::Offsets;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;

/// What a calibration is known by in a manifest: its name, length and digest.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn file(path: &Path) -> Result<FileEntry, RunError> {
    Ok(known(path, &text(path)?))
}

fn known(path: &Path, text: &str) -> FileEntry {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    FileEntry { name, bytes: text.len() as u64, sha256: sha256(text.as_bytes()), rows: None, columns: None }
}

fn text(path: &Path) -> Result<String, RunError> {
    read_text(path).map_err(|error| RunError::NoCalibration { path: path.to_owned(), what: error.to_string() })
}

/// What corrects lanes.
#[derive(Debug)]
pub(super) struct Corrected {
    /// By lane, if anything does.
    pub(super) lanes: Vec<Option<Calibrated>>,
    /// The calibration as it was read.
    file: Option<FileEntry>,
}

impl Corrected {
    /// Fails if what was read is not what the output says.
    ///
    /// # Errors
    /// Another calibration.
    pub(super) fn check(&self, path: Option<&Path>, told: Option<&FileEntry>) -> Result<(), RunError> {
        let digest =
            |file: Option<&FileEntry>| file.map_or_else(String::new, |file| format!("SHA-256 {}", file.sha256));
        let (found, wanted) = (digest(told), digest(self.file.as_ref()));
        if found == wanted {
            return Ok(());
        }
        Err(RunError::Changed { path: path.unwrap_or(Path::new("")).to_owned(), found, wanted })
    }
}

/// Corrects lanes as the request's calibration has it; says by lane what does, the catalogue's offsets among it.
///
/// # Errors
/// A calibration that cannot be read or is of another recording, policy or time; prices of lanes that have no entry.
pub(super) fn correct(request: &Request<'_>, basis: &Basis<'_>, lanes: &mut [Lane]) -> Result<Corrected, RunError> {
    let is_declared = declares(request);
    let found = match request.calibration {
        Some(_) if !is_declared && request.besides.prices => return Err(RunError::PricesOfCalibration),
        Some(path) => Some(read(path, request, basis)?),
        None => None,
    };
    let (found, file) = found.unzip();
    let mut correct = |lane: &mut Lane| {
        let sensors = lane.sensors(basis.catalogue);
        let mut calibrated = Calibrated {
            declared: sensors.iter().any(|(_, sensor)| sensor.offsets != Offsets::default()),
            entry_sha256: None,
        };
        let entry = found.as_ref().and_then(|found| match &found.segment[..] {
            [entry] if is_declared => Some(entry),
            entries => entries.iter().find(|entry| is_of(entry, basis, lane)),
        });
        if let Some(entry) = entry.filter(|entry| entry.found.refused.is_none()) {
            let off = sensors.into_iter().filter_map(|(number, sensor)| {
                let found = entry.found.sensors.iter().find(|found| found.sensor == sensor.name)?;
                Some((number, counted(sensor, Offsets::default(), &found.offsets)))
            });
            let off: BTreeMap<usize, Offsets> = off.filter(|(_, off)| *off != Offsets::default()).collect();
            if !off.is_empty() {
                calibrated.declared |= is_declared;
                calibrated.entry_sha256 = (!is_declared).then(|| entry_sha256(entry));
            }
            lane.correct(Corrections::of(off));
        }
        (calibrated != Calibrated::default()).then_some(calibrated)
    };
    Ok(Corrected { lanes: lanes.iter_mut().map(&mut correct).collect(), file })
}

/// Whether an entry was computed from what a lane is given, and is its partners'.
fn is_of(entry: &Segment, basis: &Basis<'_>, lane: &Lane) -> bool {
    entry.partners == basis.partners_of(lane) && entry.from == sources(basis, lane)
}

/// Whether the operator has one entry correct all lanes.
fn declares(request: &Request<'_>) -> bool {
    request.config.calibration == Some(Calibrating::Declared)
}

/// Reads a calibration, which has to be of what a run is of.
fn read(path: &Path, request: &Request<'_>, basis: &Basis<'_>) -> Result<(Calibration, FileEntry), RunError> {
    let is_declared = declares(request);
    let no = |what: String| RunError::NoCalibration { path: path.to_owned(), what };
    let text = text(path)?;
    let found: Calibration = toml::from_str(&text).map_err(|error| no(error.message().to_owned()))?;
    if found.version != 1 {
        return Err(no(format!("version {}, not 1", found.version)));
    }
    let values = found.segment.iter().flat_map(|segment| &segment.found.sensors).flat_map(|of| &of.offsets);
    let is_no_offset = |of: &&Offset| !of.value.unwrap_or_default().abs().le(&MOST);
    if let Some(of) = values.clone().find(is_no_offset) {
        return Err(no(format!("{} is {:?}, not within {MOST:e}", of.quantity.name(), of.value.unwrap_or_default())));
    }
    let own = Request { calibration: None, besides: Besides::NOTHING, ..*request };
    let wanted = made_from((basis.recording, basis.policy), &own, "")?;
    let bound: &[&'static str] = if is_declared { &["recording"] } else { &["recording", "policy", "time (--as-of)"] };
    for what in bound {
        let [found, wanted] = [&found.made_from, &wanted].map(|of| of.get(*what).cloned().unwrap_or_default());
        if found != wanted {
            return Err(RunError::OtherCalibration { path: path.to_owned(), what, found, wanted });
        }
    }
    if is_declared && found.segment.len() != 1 {
        let segments = found.segment.len();
        return Err(no(format!(
            "{segments} segments, but with `calibration = \"declared\"` one over the whole recording is applied to all lanes \
             (`trackweave calibrate` without `--policy`)"
        )));
    }
    Ok((found, known(path, &text)))
}

/// What an offset is at most, metres, degrees or seconds.
const MOST: f64 = 1e6;

/// What a partner may know an entry by: the digest of what it was computed from and of what counts, and of nothing else.
fn entry_sha256(entry: &Segment) -> String {
    let counts = |of: &Registered| -> BTreeMap<&'static str, Option<f64>> {
        let significant = of.offsets.iter().filter(|of| of.standing == Standing::Significant);
        significant.map(|of| (of.quantity.name(), of.value)).collect()
    };
    let offsets: BTreeMap<&str, _> = entry.found.sensors.iter().map(|of| (of.sensor.as_str(), counts(of))).collect();
    let mut entry: Value = json!({ "from": entry.from, "offsets": offsets });
    entry.sort_all_objects();
    sha256(entry.to_string().as_bytes())
}
