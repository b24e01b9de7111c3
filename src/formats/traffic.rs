//! Trajectories of the Python library traffic as JSON: rows of a table as objects, in a list or one a line.
//!
//! ```text
//! [{"altitude":13650.0,"callsign":"MSR799","groundspeed":325.0,"icao24":"0101de","latitude":48.48,"longitude":3.83,
//!   "onground":false,"timestamp":1633608773000,"track":311.1,"vertical_rate":-896.0},…]
//! ```
//!
//! Feet, knots, feet a minute, degrees; times in milliseconds since 1970 or as text with a zone, as pandas writes them. A row
//! holds what was last heard: a place that repeats that of the row before is still a row. `altitude` is barometric
//! (<https://traffic-viz.github.io>).

use std::io::{self, Read};

use serde::Deserialize;
use serde_json::Value;

use super::report::{Kind, Marks, Report, Time, Velocity};
use super::summary::{Reason, Summary};
use super::text::{Sink, geodetic, icao, name, squawk};
use super::window::Window;
use crate::time::{micros, parse_timestamp};

const FOOT_M: f64 = 0.3048;
const KNOT_M_S: f64 = 1852.0 / 3600.0;

/// The longest row.
const ROW_MOST: usize = 1 << 16;

/// How sure it is that a text is of this format, of 100.
pub(super) fn detect(text: &str) -> u8 {
    let first = text.trim_start().trim_start_matches('[').trim_start();
    let row = first.starts_with('{').then(|| end(first.as_bytes())).flatten().and_then(|end| first.get(..end));
    let row: Option<Row> = row.and_then(|row| serde_json::from_str(row).ok());
    if row.is_some_and(|row| row.timestamp.is_some() && row.icao24.is_some()) { 85 } else { 0 }
}

/// A row; what is null is not there.
#[derive(Debug, Deserialize)]
struct Row {
    timestamp: Option<Value>,
    icao24: Option<String>,
    callsign: Option<String>,
    squawk: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    altitude: Option<f64>,
    geoaltitude: Option<f64>,
    groundspeed: Option<f64>,
    track: Option<f64>,
    vertical_rate: Option<f64>,
    onground: Option<bool>,
}

/// A file being read.
#[derive(Debug)]
pub(super) struct Traffic<R> {
    window: Window<R>,
    summary: Summary,
}

impl<R: Read> Traffic<R> {
    pub(super) fn new(source: R) -> Self {
        Self { window: Window::new(source), summary: Summary::default() }
    }
}

impl<R: Read> super::Source for Traffic<R> {
    fn read(&mut self, reports: &mut Vec<Report>) -> io::Result<bool> {
        self.window.fill()?;
        let (octets, offset) = (self.window.rest(), self.window.offset());
        if octets.is_empty() {
            return Ok(false);
        }
        let mut sink = Sink { summary: &mut self.summary, reports };
        let mut done = 0;
        while let Some(rest) = octets.get(done..).filter(|rest| !rest.is_empty()) {
            // What stands between rows: brackets, commas, lines.
            let Some(start) = rest.iter().position(|octet| *octet == b'{') else {
                done = octets.len();
                break;
            };
            let row = rest.get(start..).unwrap_or_default();
            let at = offset + (done + start) as u64;
            match end(row) {
                Some(end) => {
                    self::row(at, row.get(..end).unwrap_or_default(), &mut sink);
                    done += start + end;
                }
                None if row.len() > ROW_MOST || self.window.is_last() => {
                    sink.reject(at, Reason::Malformed, "a row without its end");
                    done += start + 1;
                }
                None => {
                    done += start;
                    break;
                }
            }
        }
        self.window.consume(done);
        Ok(true)
    }

    fn summary(&self) -> &Summary {
        &self.summary
    }
}

/// Where an object that begins here ends; none where it does not.
fn end(octets: &[u8]) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for (at, octet) in octets.iter().enumerate().take(ROW_MOST) {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'{' if !quoted => depth += 1,
            b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

fn row(at: u64, octets: &[u8], sink: &mut Sink<'_>) {
    let found = String::from_utf8_lossy(octets);
    let Ok(row) = serde_json::from_slice::<Row>(octets) else {
        sink.reject(at, Reason::Malformed, &found);
        return;
    };
    let time = row.timestamp.as_ref().and_then(|stamp| match stamp.as_f64() {
        Some(ms) => micros(ms * 1e-3),
        None => stamp.as_str().and_then(parse_timestamp),
    });
    let (Some(time_us), Some(address)) = (time, row.icao24.as_deref().and_then(icao)) else {
        sink.reject(at, Reason::Malformed, &found);
        return;
    };
    let Some((latitude, longitude)) = row.latitude.zip(row.longitude) else {
        sink.reject(at, Reason::Incomplete, &found);
        return;
    };
    let Some(place) = geodetic(latitude, longitude) else {
        sink.reject(at, Reason::Impossible, &found);
        return;
    };
    let mut report = Report {
        at,
        source: sink.summary.source("traffic"),
        message: sink.summary.message("row"),
        kind: Kind::Own,
        time: Some(Time::Utc(time_us)),
        geodetic: Some(place),
        pressure_altitude_m: row.altitude.map(|feet| feet * FOOT_M),
        height_m: row.geoaltitude.map(|feet| feet * FOOT_M),
        up_m_s: row.vertical_rate.map(|feet_a_minute| feet_a_minute * FOOT_M / 60.0),
        ..Report::default()
    };
    let course = row.groundspeed.zip(row.track);
    report.velocity = course.map(|(knots, course_deg)| Velocity::Course { speed_m_s: knots * KNOT_M_S, course_deg });
    report.identity.address = Some(address);
    report.identity.callsign = row.callsign.as_deref().and_then(name);
    report.identity.mode_a = row.squawk.as_deref().and_then(squawk);
    report.marks.put(Marks::GROUND, row.onground == Some(true));
    sink.give(report);
}
