//! Files of others to a recording: detected, read, written as tables, with a `recording.toml` drafted for a person to
//! complete (`docs/formats-in.md`).
//!
//! The rows are those that a run gets which reads the same files in place (`[[import]]` of `recording.toml`). What the draft
//! says comes from the messages of the senders and from [`inspect`](crate::inspect); what neither tells is left out or
//! marked, so that nobody takes it for known. The folder appears whole or not at all; the same files give the same bytes.

mod error; // why there is no recording
mod folder; // whole or not at all
mod draft; // recording.toml
mod report; // what was found

pub use error::ImportError;
pub use report::{FileReport, ImportReport, SenderReport};

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::path::Path;

use crate::ingest::{
    Ended, Import, Listing, Passed, TimeScale, Told, Turns, import_detections, import_looks, import_truth,
};
use crate::inspect::{Inspection, draft as inspected};
use crate::space::Geodetic;
use folder::Folder;

/// What becomes a recording.
#[derive(Debug)]
pub struct Request<'a> {
    /// Files of detections, and how they are read.
    pub imports: Vec<Import>,
    /// Files that say where the objects truly were; they have an identity and a place on the Earth.
    pub truth: Vec<Import>,
    /// Whether the files are read in place by every run, and no table of detections is written.
    pub in_place: bool,
    /// Where sensors stand that do not say it.
    pub sites: BTreeMap<String, Geodetic>,
    /// The folder.
    pub out: &'a Path,
}

/// Writes the folder of a recording; `watch` hears how many rows have been read, with `None` that the folder is being put in
/// its place, and may stop it.
///
/// # Errors
/// A file that cannot be read or is of no known format, a sensor that is not there, files without a detection, or a folder
/// that cannot be written.
pub fn import(
    request: &Request<'_>,
    mut watch: impl FnMut(Option<u64>) -> ControlFlow<()>,
) -> Result<ImportReport, ImportError> {
    let mut watched = |rows: Option<u64>| if watch(rows).is_break() { Err(ImportError::Stopped) } else { Ok(()) };
    let folder = Folder::beside(request.out)?;
    let time = time(request)?;
    let table = folder.path().join("detections.parquet");
    let into = (!request.in_place).then_some(table.as_path());
    let ended = import_detections((&request.imports, time), into, &mut |rows| watched(Some(rows)))?;
    check(request, &ended)?;
    let truth = if request.truth.is_empty() {
        None
    } else {
        let table = folder.path().join("truth.parquet");
        Some(import_truth((&request.truth, time), (&table, &folder.path()), &mut |rows| watched(Some(rows)))?)
    };
    let head = draft::head(request, time, &ended)?;
    folder.write("recording.toml", &head)?;
    let told = told(request, &ended);
    let mut turning = turning(&ended);
    let looks = folder.path().join("looks.parquet");
    if !turning.is_empty() {
        import_looks(&turning, time, &looks)?;
    }
    let inspection =
        inspected(&folder.path(), |name| told.get(name).copied().unwrap_or_default(), &mut |rows| watched(Some(rows)))?;
    // Only of antennas whose rows agree with them.
    let agrees = |name: &str| inspection.sensors.iter().any(|found| found.name == name && found.is_swept());
    let before = turning.len();
    turning.retain(|name, _| agrees(name));
    if turning.len() < before {
        folder.remove("looks.parquet")?;
        if !turning.is_empty() {
            import_looks(&turning, time, &looks)?;
        }
    }
    let entries = inspection.catalogue.clone().unwrap_or_default();
    folder.write("recording.toml", &format!("{head}\n{entries}"))?;
    watched(None)?;
    folder.publish()?;
    Ok(report(request, (time, ended, truth), inspection))
}

/// What times are: those of the first file that has some.
fn time(request: &Request<'_>) -> Result<TimeScale, ImportError> {
    let mut has_date = false;
    for import in request.imports.iter().chain(&request.truth) {
        has_date |= import.has_date()?.unwrap_or(false);
    }
    Ok(if has_date { TimeScale::Timestamp } else { TimeScale::Seconds })
}

/// Whether there is a row, and a sensor wherever one was named.
fn check(request: &Request<'_>, ended: &[Ended]) -> Result<(), ImportError> {
    let sensors: BTreeSet<&str> =
        ended.iter().flat_map(|ended| ended.heard.sensors.keys().map(String::as_str)).collect();
    let origins = request.imports.iter().flat_map(|import| import.origins.keys().map(|name| ("--origin", name)));
    let named = origins.chain(request.sites.keys().map(|name| ("--site", name)));
    if ended.iter().all(|ended| ended.imported.rows == 0) {
        let mut passed: BTreeMap<Passed, u64> = BTreeMap::new();
        for (why, count) in ended.iter().flat_map(|ended| &ended.imported.passed_over) {
            *passed.entry(*why).or_default() += count;
        }
        let passed: Vec<String> = passed.iter().map(|(why, count)| format!("{count} {}", why.name())).collect();
        let reports = ended.iter().map(|ended| ended.imported.reports).sum();
        return Err(ImportError::NoRows { reports, passed: passed.join(", ") });
    }
    for (of, name) in named {
        if !sensors.contains(name.as_str()) {
            let known = sensors.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            return Err(ImportError::UnknownSensor { of, found: name.clone(), known });
        }
    }
    Ok(())
}

/// The deviation of a pressure altitude in steps of 100 ft: 30.48 m / √12.
const FLIGHT_LEVEL_M: f64 = 8.8;

/// What the files and the request say of each sensor.
fn told(request: &Request<'_>, ended: &[Ended]) -> BTreeMap<String, Told> {
    let (mut all, turning) = (BTreeMap::new(), turning(ended));
    for Ended { heard, .. } in ended {
        for (name, sensor) in &heard.sensors {
            let stated = request.sites.get(name).map(|site| (*site, "stated"));
            let said = heard.sites.get(&sensor.source).map(|site| (*site, "found: its own messages say it"));
            let told: &mut Told = all.entry(name.clone()).or_default();
            *told = Told {
                reports: told.reports || sensor.own * 2 > sensor.rows,
                looks: if turning.contains_key(name.as_str()) { Listing::Revolutions } else { Listing::Looks },
                turn_s: told.turn_s.or_else(|| heard.turns.get(&sensor.source)?.period_s()),
                site: stated.or(told.site).or(said),
                vertical_m: told.vertical_m.or_else(|| (sensor.heights[1] > 0).then_some(FLIGHT_LEVEL_M)),
                is_draft: true,
            };
        }
    }
    all
}

/// The revolutions of radars that say when their antennas pointed north, by sensor, in the order of time.
fn turning(ended: &[Ended]) -> BTreeMap<&str, Vec<[i64; 2]>> {
    let mut all: BTreeMap<&str, Turns> = BTreeMap::new();
    for Ended { heard, .. } in ended {
        for (name, sensor) in heard.sensors.iter().filter(|(_, sensor)| sensor.polar > 0 && sensor.own == 0) {
            if let Some(turns) = heard.turns.get(&sensor.source) {
                all.entry(name).or_default().join(turns);
            }
        }
    }
    let turning = all.into_iter().map(|(name, turns)| (name, turns.revolutions()));
    turning.filter(|(_, turns)| !turns.is_empty()).collect()
}

/// True states: how many, and the files that they came from.
type Truth = (u64, Vec<Ended>);

fn report(
    request: &Request<'_>,
    (time, ended, truth): (TimeScale, Vec<Ended>, Option<Truth>),
    inspection: Inspection,
) -> ImportReport {
    let known = told(request, &ended);
    let sites = inspection.sensors.iter().filter(|sensor| sensor.kind == "radar");
    let sites = sites.filter(|sensor| known.get(&sensor.name).is_none_or(|told| told.site.is_none()));
    let mut to_state: Vec<String> =
        inspection.sensors.iter().map(|sensor| format!("owner of {}", sensor.name)).collect();
    to_state.extend(sites.map(|sensor| format!("site of {}", sensor.name)));
    ImportReport {
        out: request.out.to_string_lossy().into_owned(),
        time: if time == TimeScale::Seconds { "seconds" } else { "timestamp" },
        rows: ended.iter().map(|ended| ended.imported.rows).sum(),
        rejected: inspection.ingest.rejected,
        truth_rows: truth.as_ref().map(|(rows, _)| *rows),
        files: ended.iter().map(FileReport::of).collect(),
        truth: truth.iter().flat_map(|(_, ended)| ended).map(FileReport::of).collect(),
        to_state,
        configuration: inspection.configuration,
    }
}
