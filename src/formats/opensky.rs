//! State vectors of the OpenSky Network as CSV, as its database gives them.
//!
//! A row says what was last heard of an aircraft when the row was made; its place is of `lastposupdate`. So that is the
//! time of the report, and a row whose place was reported before is rejected as repeated. Metres, metres a second,
//! degrees, seconds since 1970 (<https://opensky-network.org/data/historical-flight-data>).

use std::collections::BTreeMap;

use super::report::{Kind, Marks, Report, Time, Velocity};
use super::summary::Reason;
use super::text::{Columns, LineFormat, Sink, cells, geodetic, icao, name, squawk};
use crate::time::micros;

/// How sure it is that lines are of this format, of 100.
pub(super) fn detect(text: &str) -> u8 {
    let columns = Columns::of(text.lines().next().unwrap_or_default());
    if columns.has(&["time", "icao24", "lat", "lon", "velocity", "heading"]) { 95 } else { 0 }
}

/// The format.
#[derive(Debug, Default)]
pub(super) struct OpenSky {
    columns: Option<Columns>,
    /// When the place of an aircraft was of that was reported last.
    reported: BTreeMap<u32, i64>,
}

impl LineFormat for OpenSky {
    fn line(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) {
        let Some(columns) = &self.columns else {
            self.columns = Some(Columns::of(line));
            return;
        };
        let cells = cells(line);
        let value = |name: &str| columns.number(&cells, &[name]);
        let address = columns.get(&cells, &["icao24"]).and_then(icao);
        let time = value("lastposupdate").or_else(|| value("time")).and_then(micros);
        let (Some(address), Some(time_us)) = (address, time) else {
            sink.reject(number, Reason::Malformed, line);
            return;
        };
        let Some((latitude_deg, longitude_deg)) = value("lat").zip(value("lon")) else {
            sink.reject(number, Reason::Incomplete, line);
            return;
        };
        let Some(place) = geodetic(latitude_deg, longitude_deg) else {
            sink.reject(number, Reason::Impossible, line);
            return;
        };
        if self.reported.insert(address, time_us) == Some(time_us) {
            sink.reject(number, Reason::Repeated, line);
            return;
        }
        let mut report = Report {
            at: number,
            source: sink.summary.source("opensky"),
            message: sink.summary.message("state"),
            kind: Kind::Own,
            time: Some(Time::Utc(time_us)),
            geodetic: Some(place),
            pressure_altitude_m: value("baroaltitude"),
            height_m: value("geoaltitude"),
            up_m_s: value("vertrate"),
            ..Report::default()
        };
        let course = value("velocity").zip(value("heading"));
        report.velocity = course.map(|(speed_m_s, course_deg)| Velocity::Course { speed_m_s, course_deg });
        report.identity.address = Some(address);
        report.identity.callsign = columns.get(&cells, &["callsign"]).and_then(name);
        report.identity.mode_a = columns.get(&cells, &["squawk"]).and_then(squawk);
        let is = |name: &str| matches!(columns.get(&cells, &[name]), Some("True" | "true" | "1" | "t"));
        report.marks.put(Marks::GROUND, is("onground"));
        report.marks.put(Marks::SPI, is("spi"));
        sink.give(report);
    }
}
