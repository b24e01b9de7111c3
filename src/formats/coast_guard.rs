//! AIS of the United States' coast guard as CSV (MarineCadastre.gov), with the names of columns of 2009 to 2024 and those
//! since 2025.
//!
//! Times are UTC and have no zone; knots and degrees. A course of 360 and a speed of 102.3 say that there is none
//! (<https://coast.noaa.gov/data/marinecadastre/ais/data-dictionary.pdf>).

use super::report::{Kind, Report, Time, Velocity};
use super::summary::Reason;
use super::text::{Columns, LineFormat, Sink, cells, geodetic, name};
use crate::time::parse_timestamp;

const KNOT_M_S: f64 = 1852.0 / 3600.0;

/// How sure it is that lines are of this format, of 100.
pub(super) fn detect(text: &str) -> u8 {
    let columns = Columns::of(text.lines().next().unwrap_or_default());
    let place = columns.has(&["lat", "lon"]) || columns.has(&["latitude", "longitude"]);
    if place && columns.has(&["mmsi", "basedatetime", "sog", "cog"]) { 95 } else { 0 }
}

/// The format.
#[derive(Debug, Default)]
pub(super) struct CoastGuard {
    columns: Option<Columns>,
}

impl LineFormat for CoastGuard {
    fn line(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) {
        let Some(columns) = &self.columns else {
            self.columns = Some(Columns::of(line));
            return;
        };
        let cells = cells(line);
        let value = |names: &[&str]| columns.number(&cells, names);
        let address = columns.get(&cells, &["mmsi"]).and_then(|mmsi| mmsi.parse().ok());
        let stamp = columns.get(&cells, &["basedatetime"]).map(|stamp| format!("{}Z", stamp.trim_end_matches('Z')));
        let time = stamp.and_then(|stamp| parse_timestamp(&stamp));
        let (Some(address), Some(time_us)) = (address, time) else {
            sink.reject(number, Reason::Malformed, line);
            return;
        };
        let place = value(&["lat", "latitude"]).zip(value(&["lon", "longitude"]));
        let Some(place) = place.and_then(|(latitude, longitude)| geodetic(latitude, longitude)) else {
            sink.reject(number, Reason::Impossible, line);
            return;
        };
        let mut report = Report {
            at: number,
            source: sink.summary.source("ais"),
            message: sink.summary.message("position"),
            kind: Kind::Own,
            time: Some(Time::Utc(time_us)),
            geodetic: Some(place),
            ..Report::default()
        };
        let course = value(&["sog"]).filter(|knots| (0.0..102.25).contains(knots));
        let course = course.zip(value(&["cog"]).filter(|degrees| (0.0..360.0).contains(degrees)));
        report.velocity =
            course.map(|(knots, course_deg)| Velocity::Course { speed_m_s: knots * KNOT_M_S, course_deg });
        report.identity.address = Some(address);
        report.identity.callsign = columns.get(&cells, &["vesselname"]).and_then(name);
        sink.give(report);
    }
}
