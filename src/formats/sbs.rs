//! SBS, or BaseStation: the lines of CSV that receivers of Mode S give on port 30003.
//!
//! ```text
//! MSG,3,1,1,4CA2D1,1,2010/02/19,17:58:13.039,2010/02/19,17:58:13.368,,36000,,,51.45735,1.02826,,,0,0,0,0
//! ```
//!
//! Each line says what one transmission said: a callsign, a place, a velocity. Times are those at which it was generated,
//! and taken as UTC. The format is described at <http://woodair.net/sbs/article/barebones42_socket_data.htm>.

use super::report::{Kind, Marks, Report, Time, Velocity};
use super::summary::Reason;
use super::text::{LineFormat, Sink, cells, geodetic, icao, name, squawk};
use crate::time::parse_timestamp;

const FOOT_M: f64 = 0.3048;
const KNOT_M_S: f64 = 1852.0 / 3600.0;

/// How sure it is that lines are of this format, of 100.
pub(super) fn detect(text: &str) -> u8 {
    let lines = text.lines().filter(|line| !line.trim().is_empty()).take(8);
    let fits = |line: &str| line.starts_with("MSG,") && line.matches(',').count() >= 20;
    super::share(lines.map(fits), 95)
}

/// The format.
#[derive(Debug, Default)]
pub(super) struct Sbs;

impl LineFormat for Sbs {
    fn line(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) {
        let cells = cells(line);
        let cell = |place: usize| cells.get(place).map(AsRef::as_ref).filter(|cell: &&str| !cell.is_empty());
        // Selections, new aircraft, statuses and clicks of the program that began this.
        if matches!(cell(0), Some("SEL" | "ID" | "AIR" | "STA" | "CLK")) {
            sink.reject(number, Reason::Unread, line);
            return;
        }
        let Some(transmission) = cell(1).filter(|_| cell(0) == Some("MSG") && cells.len() >= 22) else {
            sink.reject(number, Reason::Malformed, line);
            return;
        };
        let value =
            |place: usize| cell(place).and_then(|cell| cell.parse::<f64>().ok()).filter(|value| value.is_finite());
        let stamp = cell(6).zip(cell(7)).map(|(date, time)| format!("{}T{time}Z", date.replace('/', "-")));
        let time = stamp.and_then(|stamp| parse_timestamp(&stamp)).map(Time::Utc);
        let (Some(address), Some(time)) = (cell(4).and_then(icao), time) else {
            sink.reject(number, Reason::Malformed, line);
            return;
        };
        let place = value(14).zip(value(15)).map(|(latitude, longitude)| geodetic(latitude, longitude));
        if place == Some(None) {
            sink.reject(number, Reason::Impossible, line);
            return;
        }
        let mut report = Report {
            at: number,
            source: sink.summary.source("sbs"),
            message: sink.summary.message(&format!("MSG,{transmission}")),
            kind: Kind::Own,
            time: Some(time),
            geodetic: place.flatten(),
            pressure_altitude_m: value(11).map(|feet| feet * FOOT_M),
            up_m_s: value(16).map(|feet_a_minute| feet_a_minute * FOOT_M / 60.0),
            ..Report::default()
        };
        let course = value(12).zip(value(13));
        report.velocity =
            course.map(|(knots, course_deg)| Velocity::Course { speed_m_s: knots * KNOT_M_S, course_deg });
        report.identity.address = Some(address);
        report.identity.callsign = cell(10).and_then(name);
        report.identity.mode_a = cell(17).and_then(squawk);
        // Written as 0 and 1, or as -1 for yes.
        report.marks.put(Marks::SPI, matches!(cell(20), Some("1" | "-1")));
        report.marks.put(Marks::GROUND, matches!(cell(21), Some("1" | "-1")));
        sink.give(report);
    }
}
