//! Reads files of others, whatever their formats, and prints what they report, a line of JSON for each report, and what was
//! found in each file.
//!
//! ```sh
//! cargo run --release --example format_reports -- recording.ast trace_full_4ca2d1.json.gz
//! ```

use std::error::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use serde_json::{Map, Value, json};
use trackweave::formats::{Options, Report, Summary, Velocity, open};

fn main() -> ExitCode {
    for path in std::env::args().skip(1) {
        if let Err(error) = print(&path) {
            eprintln!("{path}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn print(path: &str) -> Result<(), Box<dyn Error>> {
    let (format, mut source) = open(File::open(path)?, Options::default())?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut reports = Vec::new();
    while source.read(&mut reports)? {
        for report in reports.drain(..) {
            writeln!(out, "{}", line(&report, source.summary()))?;
        }
    }
    eprintln!("{path}: {}: {}", format.name(), source.summary());
    Ok(out.flush()?)
}

/// What a report says, without what it does not say.
fn line(report: &Report, summary: &Summary) -> Value {
    let of = |place: u32| usize::try_from(place).unwrap_or(usize::MAX);
    let mut line = Map::new();
    let mut put = |name: &str, value: Option<Value>| line.extend(value.map(|value| (name.to_owned(), value)));
    put("at", Some(report.at.into()));
    put("source", summary.sources.get(of(report.source)).map(|sender| sender.name.as_str().into()));
    put("message", summary.messages.get(of(report.message)).map(|name| name.as_str().into()));
    put("kind", Some(format!("{:?}", report.kind).into()));
    put("time_us", report.time.map(|time| time.micros().into()));
    put("range_m", report.polar.and_then(|polar| polar.range_m).map(Into::into));
    put("azimuth_deg", report.polar.and_then(|polar| polar.azimuth_deg).map(Into::into));
    put("elevation_deg", report.polar.and_then(|polar| polar.elevation_deg).map(Into::into));
    put("right_ascension_deg", report.celestial.map(|place| place.right_ascension_deg.into()));
    put("declination_deg", report.celestial.map(|place| place.declination_deg.into()));
    put("x_m", report.plane.map(|plane| plane.x_m.into()));
    put("y_m", report.plane.map(|plane| plane.y_m.into()));
    put("latitude_deg", report.geodetic.map(|place| place.latitude_deg.into()));
    put("longitude_deg", report.geodetic.map(|place| place.longitude_deg.into()));
    put("position_m", report.cartesian.map(|place| json!(place.position_m)));
    put("velocity_m_s", report.cartesian.and_then(|place| place.velocity_m_s).map(|velocity| json!(velocity)));
    put("height_m", report.height_m.map(Into::into));
    put("pressure_altitude_m", report.pressure_altitude_m.map(Into::into));
    match report.velocity {
        Some(Velocity::Components { east_m_s, north_m_s }) => {
            put("east_m_s", Some(east_m_s.into()));
            put("north_m_s", Some(north_m_s.into()));
        }
        Some(Velocity::Course { speed_m_s, course_deg }) => {
            put("speed_m_s", Some(speed_m_s.into()));
            put("course_deg", Some(course_deg.into()));
        }
        None => {}
    }
    put("up_m_s", report.up_m_s.map(Into::into));
    put("range_rate_m_s", report.range_rate_m_s.map(Into::into));
    put("sigma_east_m", report.sigmas.east_m.map(Into::into));
    put("sigma_north_m", report.sigmas.north_m.map(Into::into));
    put("address", report.identity.address.map(Into::into));
    put("mode_a", report.identity.mode_a.map(Into::into));
    put("callsign", report.identity.callsign.as_deref().map(Into::into));
    put("track", report.identity.track.map(Into::into));
    line.into()
}
