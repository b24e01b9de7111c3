//! `trackweave import`: files of others to a recording, its catalogue drafted.

use super::failure::{Code, Failure};
use super::layout::{count, paragraph};
use super::screen::Screen;
use super::signals::Signals;
use crate::formats::{self, Format, Options};
use crate::import::{FileReport, ImportReport, Request, SenderReport, import};
use crate::ingest::{Heights, Import, day_us, edition_of};
use crate::space::Geodetic;
use crate::time::format_timestamp;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// Arguments of `trackweave import`.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Files to read: ASTERIX, ADS-B, AIS and others of docs/formats-in.md, also in gzip; the format of each is found
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Folder to write, new or empty: `recording.toml` as a draft to complete, and the detections
    #[arg(long, value_name = "DIR")]
    out: PathBuf,

    /// A file whose reports say where the objects truly were; may be given again
    #[arg(long, value_name = "FILE")]
    truth: Vec<PathBuf>,

    /// Leave the files where they are: every run reads them in place, and no table of detections is written
    #[arg(long)]
    in_place: bool,

    /// The format of the files, where it is not found
    #[arg(long, value_name = "FORMAT", value_parser = format_of)]
    format: Option<Format>,

    /// The day on which each file begins, such as 2018-08-01: ASTERIX has times of day alone
    #[arg(long, value_name = "DATE", value_parser = date_of)]
    date: Option<i64>,

    /// The edition of a category of ASTERIX, such as 21=0.23, where the one that is found is wrong; may be given again
    #[arg(long, value_name = "CATEGORY=EDITION", value_parser = edition)]
    edition: Vec<(u8, String)>,

    /// Where the receiver of Mode S stands: aircraft on the ground have no place without it
    #[arg(long, value_name = "LATITUDE,LONGITUDE", value_parser = receiver_of, allow_hyphen_values = true)]
    receiver: Option<formats::Geodetic>,

    /// Which height counts where a report has two
    #[arg(long, value_enum, default_value_t = HeightsWish::Geometric)]
    heights: HeightsWish,

    /// Metres from pressure altitude to the height above the ellipsoid: added to every pressure altitude
    #[arg(long, value_name = "METRES", default_value_t = 0.0, allow_hyphen_values = true)]
    pressure_correction_m: f64,

    /// Height above the ellipsoid of what reports none, metres; of ships 0 where it is not given
    #[arg(long, value_name = "METRES", allow_hyphen_values = true)]
    altitude_m: Option<f64>,

    /// Where x and y of a sensor are counted from; may be given again
    #[arg(long, value_name = "SENSOR=LATITUDE,LONGITUDE,ALTITUDE", value_parser = placed)]
    origin: Vec<(String, Geodetic)>,

    /// Where a radar stands that does not say it; may be given again
    #[arg(long, value_name = "SENSOR=LATITUDE,LONGITUDE,ALTITUDE", value_parser = placed)]
    site: Vec<(String, Geodetic)>,
}

/// A height to choose.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum HeightsWish {
    /// The geometric one
    Geometric,
    /// The pressure altitude
    Pressure,
}

fn format_of(text: &str) -> Result<Format, String> {
    let known = || Format::ALL.map(Format::key).join(", ");
    Format::with_key(text).ok_or_else(|| format!("wanted one of {}", known()))
}

fn date_of(text: &str) -> Result<i64, String> {
    day_us(text).ok_or_else(|| "wanted a day, such as 2018-08-01".to_owned())
}

fn edition(text: &str) -> Result<(u8, String), String> {
    let found = text.split_once('=').and_then(|(category, edition)| edition_of(category, edition));
    found.ok_or_else(|| "wanted a category and an edition of docs/formats-in.md, such as 21=0.23".to_owned())
}

fn numbers<const N: usize>(text: &str) -> Option<[f64; N]> {
    let numbers = text.split(',').map(|number| number.trim().parse().ok().filter(|number: &f64| number.is_finite()));
    numbers.collect::<Option<Vec<f64>>>()?.try_into().ok()
}

fn receiver_of(text: &str) -> Result<formats::Geodetic, String> {
    let place = numbers(text).filter(|[latitude, longitude]| latitude.abs() <= 90.0 && longitude.abs() <= 180.0);
    let [latitude_deg, longitude_deg] = place.ok_or("wanted degrees north and east, such as 41.3,2.1")?;
    Ok(formats::Geodetic { latitude_deg, longitude_deg })
}

fn placed(text: &str) -> Result<(String, Geodetic), String> {
    let wanted =
        "wanted a sensor, degrees north and east, and metres above the ellipsoid, such as 020/129/CAT048=41.3,2.1,95";
    let (sensor, place) = text.rsplit_once('=').ok_or(wanted)?;
    let place = numbers(place).filter(|[latitude, longitude, altitude]: &[f64; 3]| {
        latitude.abs() <= 90.0 && longitude.abs() <= 180.0 && altitude.abs() <= 1e5
    });
    let [latitude_deg, longitude_deg, altitude_m] = place.ok_or(wanted)?;
    Ok((sensor.to_owned(), Geodetic { latitude_deg, longitude_deg, altitude_m }))
}

impl Arguments {
    fn import(&self, file: &Path) -> Result<Import, Failure> {
        let found = std::fs::canonicalize(file);
        let file =
            found.map_err(|error| Failure::new(Code::Input, format!("{}: cannot be read: {error}", file.display())))?;
        let mut options = Options { receiver: self.receiver, ..Options::default() };
        options.asterix.date_us = self.date;
        options.asterix.editions.clone_from(&self.edition);
        Ok(Import {
            file,
            format: self.format,
            options,
            heights: match self.heights {
                HeightsWish::Geometric => Heights::Geometric,
                HeightsWish::Pressure => Heights::Pressure,
            },
            pressure_correction_m: self.pressure_correction_m,
            altitude_m: self.altitude_m,
            origins: self.origin.iter().cloned().collect(),
            ..Import::default()
        })
    }

    fn all(&self, files: &[PathBuf]) -> Result<Vec<Import>, Failure> {
        files.iter().map(|file| self.import(file)).collect()
    }
}

/// Runs the command.
pub(super) fn execute(arguments: &Arguments, screen: Screen) -> Result<(), Failure> {
    let request = Request {
        imports: arguments.all(&arguments.files)?,
        truth: arguments.all(&arguments.truth)?,
        in_place: arguments.in_place,
        sites: arguments.site.iter().cloned().collect(),
        out: &arguments.out,
    };
    let spinner = screen.spinner();
    let signals = Signals::take()?;
    let report = import(&request, |rows| {
        let Some(rows) = rows else { return signals.wait() };
        spinner.set_message(format!("{} rows read", count(rows)));
        spinner.tick();
        signals.check()
    });
    spinner.finish_and_clear();
    let report = report.map_err(|error| signals.name(error.into()))?;
    signals.finish();
    screen.publish(&report, || describe(&report))
}

fn describe(report: &ImportReport) -> String {
    let mut text: String = report.files.iter().map(|file| of_file(file, "", report.time)).collect();
    text.extend(report.truth.iter().map(|file| of_file(file, "truth: ", report.time)));
    let rejected: Vec<String> = report.rejected.iter().map(|(why, rows)| format!("{} {why}", count(*rows))).collect();
    let rejected =
        if rejected.is_empty() { String::new() } else { format!(", of which a run rejects {}", rejected.join(", ")) };
    let truth = report.truth_rows.map_or_else(String::new, |rows| format!("; {} of truth", count(rows)));
    text += &paragraph("recording  ", &format!("{}: {} rows{rejected}{truth}", report.out, count(report.rows)));
    text += &paragraph("to state   ", &format!("in {}/recording.toml: {}", report.out, report.to_state.join(", ")));
    if let Some(proposal) = &report.configuration {
        text += &paragraph("then       ", &format!("--config {}: {}", proposal.name, proposal.reason));
    }
    text
}

fn of_file(file: &FileReport, before: &str, time: &str) -> String {
    let FileReport { imported, span_us, senders } = file;
    let span = span_us.map_or_else(String::new, |span_us| format!(", {}", span(span_us, time)));
    let head = format!("{}, {} reports, {} rows{span}", imported.format, count(imported.reports), count(imported.rows));
    let mut text = paragraph("", &format!("{before}{}: {head}", imported.file));
    for SenderReport { name, messages, span_us: _ } in senders {
        let messages: Vec<String> =
            messages.iter().map(|(name, reports)| format!("{} {name}", count(*reports))).collect();
        text += &paragraph("  ", &format!("{name}: {}", messages.join(", ")));
    }
    for (why, reports) in &imported.passed_over {
        text += &paragraph("  ", &format!("{} passed over: {}", count(*reports), why.name()));
    }
    for (reason, rejects) in &imported.rejected {
        text += &paragraph("  ", &format!("{} rejected: {reason}", count(*rejects)));
        for unread in imported.first_rejected.iter().filter(|unread| unread.reason == *reason) {
            text += &paragraph("    ", &format!("{}: {}", unread.at, unread.found));
        }
    }
    text
}

fn span([from_us, to_us]: [i64; 2], time: &str) -> String {
    if time == "timestamp" {
        return format!("{} to {}", format_timestamp(from_us), format_timestamp(to_us));
    }
    let clock = |us: i64| {
        let s = us.div_euclid(1_000_000);
        format!("{:02}:{:02}:{:02}", s.div_euclid(3600), s.div_euclid(60).rem_euclid(60), s.rem_euclid(60))
    };
    format!("{} to {} of the day", clock(from_us), clock(to_us))
}
