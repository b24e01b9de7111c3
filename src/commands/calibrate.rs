//! `trackweave calibrate`: what the sensors of a recording are off by, by segment.

use super::executor::{attempt, choose};
use super::failure::{Code, Failure};
use super::layout::{count, counted, paragraph, table_of};
use super::policy::as_of_us;
use super::run::watched;
use super::run_arguments::Calibrate;
use super::screen::Screen;
use super::signals::Signals;
use crate::calibrate::{Asked, Offset, Quantity, Registered, Standing};
use crate::inspect::rounded;
use crate::run::{Calibration, Request, RunConfig, Segment, calibrate, calibrate_fused};
use serde::Serialize;
use std::borrow::Cow;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// The first line of a file, by which it is known again.
const FIRST: &str = "# What `trackweave calibrate` found, for the operator alone: docs/calibration.md.\n";

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Done<'a> {
    /// The file.
    out: Cow<'a, str>,
    #[serde(flatten)]
    found: &'a Calibration,
}

/// Runs the command.
pub(super) fn execute(arguments: &Calibrate, screen: Screen) -> Result<(), Failure> {
    let Calibrate { recording, policy, logs, out, reference, sites, executor, config, strict, as_of, memory } =
        arguments;
    refuse_foreign(out)?;
    let config = config.as_deref().map_or_else(RunConfig::air, RunConfig::chosen)?;
    let as_of_us = as_of_us(as_of.as_ref(), recording)?;
    let scratch = tempfile::tempdir().map_err(|error| Failure::new(Code::Output, error))?;
    let own = scratch.path().join("logs");
    let request = match policy {
        Some(policy) => Request::new(recording, policy, &own, &config),
        None => Request::without_policy(recording, &own, &config),
    };
    let request = Request { strict: *strict, as_of_us, memory: *memory, ..request };
    let signals = Signals::take()?;
    let folders: Vec<&Path> = logs.iter().map(AsRef::as_ref).collect();
    let asked = Asked { reference: reference.as_deref(), sites: *sites };
    let found = if folders.is_empty() {
        let found = attempt(*executor, choose(*executor)?, |executor| {
            watched((screen, &signals), |listener| calibrate_fused(&request, asked, &executor, listener))
        });
        found.map(|(found, _)| found)
    } else {
        watched((screen, &signals), |listener| calibrate(&request, &folders, asked, listener))
    };
    let found = found.map_err(|error| signals.name(error.into()))?;
    write(out, &found)?;
    signals.finish();
    let done = Done { out: out.to_string_lossy(), found: &found };
    screen.publish_before(&done, || (describe(out, &found), proposed(&found)))
}

/// Fails where something lies that no earlier call wrote.
fn refuse_foreign(out: &Path) -> Result<(), Failure> {
    let is_ours = || fs::read(out).is_ok_and(|bytes| bytes.starts_with(FIRST.as_bytes()));
    if !out.exists() || is_ours() {
        return Ok(());
    }
    let found = "found something that `trackweave calibrate` did not write";
    let wanted = "wanted a new file, or one of its own to replace";
    Err(Failure::new(Code::Output, format!("{}: {found}, {wanted}", out.display())))
}

/// Writes the file, whole or not at all.
fn write(out: &Path, found: &Calibration) -> Result<(), Failure> {
    let text = toml::to_string(found).map_err(|error| Failure::new(Code::Output, error))?;
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = || -> io::Result<()> {
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(FIRST.as_bytes())?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(out).map_err(|error| error.error)?;
        Ok(())
    };
    written().map_err(|error| Failure::new(Code::Output, format!("{}: {error}", out.display())))
}

fn describe(out: &Path, found: &Calibration) -> String {
    let mut text = paragraph("calibration  ", &format!("{}, in {}", found.recording, out.display()));
    for Segment { lane, partners, found, from: _ } in &found.segment {
        let scales = match found.objects {
            0 => String::new(),
            _ => format!(
                "; innovations over what noise and motion explain, 1 at least: {}, without the offsets {}",
                rounded(found.scale_before),
                rounded(found.scale_after)
            ),
        };
        let of = format!(
            "{}: {} of {} that several sensors saw{scales}",
            partners.join(", "),
            counted(found.detections, "detection"),
            counted(found.objects, "object"),
        );
        text += &paragraph(&format!("\nsegment {lane}  "), &of);
        let told: Vec<&Registered> = found.sensors.iter().filter(|sensor| sensor.untold.is_none()).collect();
        let rows: Vec<Vec<String>> = told.into_iter().flat_map(rows).collect();
        if !rows.is_empty() {
            text += &table_of(2, &["sensor", "off by", "value", "error", "what counts", "detections"], &rows);
        }
        let untold = found.sensors.iter().filter_map(|of| Some((&of.sensor, of.untold.as_ref()?)));
        text.extend(untold.map(|(sensor, why)| paragraph("  ", &format!("`{sensor}` {why}"))));
        text.extend(found.refused.iter().map(|why| paragraph("  ", why)));
    }
    text
}

/// Keys for `recording.toml`, to copy.
fn proposed(found: &Calibration) -> String {
    let mut text = String::new();
    for segment in &found.segment {
        let keys = segment.found.sensors.iter().filter_map(|of| Some((&of.sensor, of.proposed.as_ref()?)));
        text.extend(keys.map(|(sensor, key)| format!("{key}  # {sensor}, by segment {}\n", segment.lane)));
    }
    if text.is_empty() { text } else { format!("\nfor the entries of recording.toml, if you declare them\n\n{text}") }
}

/// The rows of a sensor.
fn rows(of: &Registered) -> impl Iterator<Item = Vec<String>> + '_ {
    let number =
        |number: Option<f64>, quantity| number.map_or_else(|| "-".to_owned(), |number| digits(number, quantity));
    let row = move |Offset { quantity, value, error, standing }: &Offset| {
        vec![
            of.sensor.clone(),
            quantity.name().to_owned(),
            number(*value, *quantity),
            number(*error, *quantity),
            words(*standing).to_owned(),
            count(of.detections),
        ]
    };
    of.offsets.iter().map(row)
}

/// A number with as many digits as its quantity is worth.
fn digits(number: f64, quantity: Quantity) -> String {
    match quantity {
        Quantity::RangeM | Quantity::EastM | Quantity::NorthM => format!("{number:.1}"),
        Quantity::AzimuthDeg | Quantity::ElevationDeg => format!("{number:.4}"),
        Quantity::TimeS => format!("{number:.3}"),
    }
}

const fn words(standing: Standing) -> &'static str {
    match standing {
        Standing::Significant => "counts",
        Standing::NotSignificant => "no: within 3 errors of 0",
        Standing::Reference => "no: it is the reference",
        Standing::Untold => "no: not told from others",
    }
}
