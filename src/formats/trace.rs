//! Traces of readsb and tar1090: a day of an aircraft in JSON (`trace_full_4ca2d1.json`, mostly in gzip).
//!
//! A point is seconds since `timestamp`, latitude, longitude, altitude in feet or `"ground"`, ground speed in knots, course,
//! flags (4: the rate of climb is geometric, 8: the altitude is), rate of climb in feet a minute, details from time to time,
//! where it came from, and the geometric altitude in feet
//! (<https://github.com/wiedehopf/readsb/blob/dev/README-json.md#trace-jsons>). Details say how good a place is, until others do.

use std::io::{self, Read};

use serde::Deserialize;
use serde_json::Value;

use super::accuracy;
use super::report::{Kind, Marks, Report, Sigmas, Time, Velocity};
use super::summary::{Reason, Summary};
use super::text::{geodetic, icao, name, squawk};
use crate::time::micros;

const FOOT_M: f64 = 0.3048;
const KNOT_M_S: f64 = 1852.0 / 3600.0;

/// The longest file: a day of one aircraft has a few MB.
const TEXT_MOST: u64 = 1 << 26;

/// How sure it is that a text is of this format, of 100.
pub(super) fn detect(text: &str) -> u8 {
    let object = text.trim_start().starts_with('{');
    let all = ["\"icao\"", "\"timestamp\"", "\"trace\""].iter().all(|key| text.contains(key));
    if object && all { 95 } else { 0 }
}

#[derive(Deserialize)]
struct Document {
    icao: String,
    timestamp: f64,
    trace: Vec<Vec<Value>>,
}

/// A trace being read.
#[derive(Debug)]
pub(super) struct Trace<R> {
    source: Option<R>,
    summary: Summary,
}

impl<R: Read> Trace<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source: Some(source), summary: Summary::default() }
    }
}

impl<R: Read> super::Source for Trace<R> {
    fn read(&mut self, reports: &mut Vec<Report>) -> io::Result<bool> {
        let Some(source) = self.source.take() else { return Ok(false) };
        let mut text = Vec::new();
        source.take(TEXT_MOST + 1).read_to_end(&mut text)?;
        if text.len() as u64 > TEXT_MOST {
            self.summary.reject(0, Reason::Unread, || format!("more than {TEXT_MOST} octets in one trace"));
            return Ok(true);
        }
        let document: Result<Document, _> = serde_json::from_slice(&text);
        let document = match document {
            Ok(document) => document,
            Err(error) => {
                let (line, column) = (error.line(), error.column());
                self.summary.reject(line as u64, Reason::Malformed, || format!("no trace from column {column} on"));
                return Ok(true);
            }
        };
        let Some(address) = icao(&document.icao) else {
            self.summary.reject(0, Reason::Malformed, || format!("the address `{}`", document.icao));
            return Ok(true);
        };
        // `~` says that the address is none of ICAO's.
        let mut known =
            Known { address: Some(address).filter(|_| !document.icao.starts_with('~')), ..Known::default() };
        for (number, point) in (1..).zip(&document.trace) {
            match known.report(number, document.timestamp, point) {
                Ok(mut report) => {
                    report.source = self.summary.source("readsb");
                    let from = point.get(9).and_then(Value::as_str).unwrap_or("unknown");
                    report.message = self.summary.message(from);
                    self.summary.count(&report);
                    reports.push(report);
                }
                Err(reason) => self.summary.reject(number, reason, || format!("point {number} of the trace")),
            }
        }
        Ok(true)
    }

    fn summary(&self) -> &Summary {
        &self.summary
    }
}

/// What holds until something else is said.
#[derive(Debug, Default)]
struct Known {
    address: Option<u32>,
    callsign: Option<Box<str>>,
    mode_a: Option<u16>,
    sigmas: Sigmas,
}

impl Known {
    fn report(&mut self, number: u64, start_s: f64, point: &[Value]) -> Result<Report, Reason> {
        let value = |place: usize| point.get(place).and_then(Value::as_f64);
        let time = value(0).and_then(|since| micros(start_s + since)).ok_or(Reason::Malformed)?;
        let (latitude, longitude) = value(1).zip(value(2)).ok_or(Reason::Incomplete)?;
        let place = geodetic(latitude, longitude).ok_or(Reason::Impossible)?;
        if let Some(details) = point.get(8).filter(|details| details.is_object()) {
            self.take(details);
        }
        let flags = point.get(6).and_then(Value::as_u64).unwrap_or(0);
        let mut report = Report {
            at: number,
            kind: Kind::Own,
            time: Some(Time::Utc(time)),
            geodetic: Some(place),
            ..Report::default()
        };
        let altitude_m = value(3).map(|feet| feet * FOOT_M);
        let geometric_m = value(10).map(|feet| feet * FOOT_M);
        if flags & 8 == 0 {
            (report.pressure_altitude_m, report.height_m) = (altitude_m, geometric_m);
        } else {
            report.height_m = geometric_m.or(altitude_m);
        }
        let course = value(4).zip(value(5));
        report.velocity =
            course.map(|(knots, course_deg)| Velocity::Course { speed_m_s: knots * KNOT_M_S, course_deg });
        report.up_m_s = value(11).or_else(|| value(7)).map(|feet_a_minute| feet_a_minute * FOOT_M / 60.0);
        report.sigmas = self.sigmas;
        report.sigmas.height_m = report.sigmas.height_m.filter(|_| report.height_m.is_some());
        report.identity.address = self.address;
        report.identity.callsign.clone_from(&self.callsign);
        report.identity.mode_a = self.mode_a;
        report.marks.put(Marks::GROUND, point.get(3).and_then(Value::as_str) == Some("ground"));
        Ok(report)
    }

    fn take(&mut self, details: &Value) {
        let code = |key: &str| details.get(key).and_then(Value::as_u64);
        self.callsign = details.get("flight").and_then(Value::as_str).and_then(name).or_else(|| self.callsign.take());
        self.mode_a = details.get("squawk").and_then(Value::as_str).and_then(squawk).or(self.mode_a);
        let horizontal = code("nac_p").map_or(self.sigmas.east_m, accuracy::nac_p);
        (self.sigmas.east_m, self.sigmas.north_m) = (horizontal, horizontal);
        self.sigmas.velocity_m_s = code("nac_v").map_or(self.sigmas.velocity_m_s, accuracy::nac_v);
        self.sigmas.height_m = code("gva").map_or(self.sigmas.height_m, accuracy::gva);
    }
}
