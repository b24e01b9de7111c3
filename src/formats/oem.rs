//! Orbit ephemeris messages of CCSDS in keywords and values (CCSDS 502.0-B-3).
//!
//! A segment has metadata and lines of epoch, position in km and velocity in km/s. Read are segments about the Earth in UTC,
//! TAI, GPS time or TT, and in the frames that a report has a name for; states of others are rejected as unread, as are
//! covariances.

use super::report::{Cartesian, Frame, Kind, Report, Time};
use super::summary::Reason;
use super::text::{LineFormat, Sink, name};
use crate::time::{SECOND_US, parse_timestamp};

/// How sure it is that a text is of this format, of 100.
pub(super) fn detect(text: &str) -> u8 {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with("COMMENT"));
    let key = first.and_then(|line| line.split_once('='));
    if key.is_some_and(|(key, _)| key.trim() == "CCSDS_OEM_VERS") { 99 } else { 0 }
}

/// Days, as UTC has them, from whose beginning on TAI − UTC is so many seconds (IERS Bulletin C).
const LEAPS: [(&str, i64); 28] = [
    ("1972-01-01", 10),
    ("1972-07-01", 11),
    ("1973-01-01", 12),
    ("1974-01-01", 13),
    ("1975-01-01", 14),
    ("1976-01-01", 15),
    ("1977-01-01", 16),
    ("1978-01-01", 17),
    ("1979-01-01", 18),
    ("1980-01-01", 19),
    ("1981-07-01", 20),
    ("1982-07-01", 21),
    ("1983-07-01", 22),
    ("1985-07-01", 23),
    ("1988-01-01", 24),
    ("1990-01-01", 25),
    ("1991-01-01", 26),
    ("1992-07-01", 27),
    ("1993-07-01", 28),
    ("1994-07-01", 29),
    ("1996-01-01", 30),
    ("1997-07-01", 31),
    ("1999-01-01", 32),
    ("2006-01-01", 33),
    ("2009-01-01", 34),
    ("2012-07-01", 35),
    ("2015-07-01", 36),
    ("2017-01-01", 37),
];

/// A scale of time, and what it is behind TAI, microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scale {
    Utc,
    BehindTai(i64),
}

impl Scale {
    fn of(text: &str) -> Option<Self> {
        match text {
            "UTC" => Some(Self::Utc),
            "TAI" => Some(Self::BehindTai(0)),
            "GPS" => Some(Self::BehindTai(19 * SECOND_US)),
            "TT" | "TDT" => Some(Self::BehindTai(-32_184_000)),
            _ => None,
        }
    }

    /// Microseconds since 1970, UTC, of an epoch that was read as if it were UTC.
    fn utc(self, us: i64) -> i64 {
        let Self::BehindTai(behind) = self else { return us };
        let tai = us.saturating_add(behind);
        let begun = |(day, leap): &(&str, i64)| {
            let start = parse_timestamp(&format!("{day}T00:00:00Z"))?;
            (tai >= start + leap * SECOND_US).then_some(*leap)
        };
        tai - LEAPS.iter().filter_map(begun).max().unwrap_or(10) * SECOND_US
    }
}

/// An epoch with a month and day, or with a day of the year, as if it were UTC.
fn epoch(text: &str) -> Option<i64> {
    let text = text.trim_end_matches('Z');
    let (date, clock) = text.split_once('T')?;
    let (year, day) = date.split_once('-')?;
    if day.contains('-') {
        return parse_timestamp(&format!("{text}Z"));
    }
    let number: i64 = day.parse().ok().filter(|number| (1..=366).contains(number) && day.len() == 3)?;
    Some(parse_timestamp(&format!("{year}-01-01T{clock}Z"))? + (number - 1) * 86_400 * SECOND_US)
}

fn frame(text: &str) -> Option<Frame> {
    match text {
        "EME2000" | "J2000" | "GCRF" | "ICRF" => Some(Frame::J2000),
        "TEME" => Some(Frame::Teme),
        "TOD" => Some(Frame::TrueOfDate),
        "ITRF" | "GRC" => Some(Frame::EarthFixed),
        _ if text.starts_with("ITRF") => Some(Frame::EarthFixed),
        _ => None,
    }
}

/// Where in a message one is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Part {
    #[default]
    Head,
    Metadata,
    States,
    Covariances,
}

/// The format.
#[derive(Debug, Default)]
pub(super) struct Oem {
    part: Part,
    originator: String,
    object: String,
    center: String,
    frame: String,
    scale: String,
}

impl LineFormat for Oem {
    fn line(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) {
        let line = line.trim();
        match line {
            _ if line.starts_with("COMMENT") => {}
            "META_START" => {
                self.part = Part::Metadata;
                for text in [&mut self.object, &mut self.center, &mut self.frame, &mut self.scale] {
                    text.clear();
                }
            }
            "META_STOP" | "COVARIANCE_STOP" => self.part = Part::States,
            "COVARIANCE_START" => {
                self.part = Part::Covariances;
                sink.reject(number, Reason::Unread, "covariances");
            }
            _ => match (self.part, line.split_once('=')) {
                (Part::Head | Part::Metadata, Some((key, value))) => self.keyword(key.trim(), value.trim()),
                (Part::Covariances, _) => {}
                (Part::States, None) => self.state(number, line, sink),
                _ => sink.reject(number, Reason::Malformed, line),
            },
        }
    }
}

impl Oem {
    fn keyword(&mut self, key: &str, value: &str) {
        let place = match key {
            "ORIGINATOR" => &mut self.originator,
            "OBJECT_ID" => &mut self.object,
            "CENTER_NAME" => &mut self.center,
            "REF_FRAME" => &mut self.frame,
            "TIME_SYSTEM" => &mut self.scale,
            _ => return,
        };
        value.clone_into(place);
    }

    fn state(&self, number: u64, line: &str, sink: &mut Sink<'_>) {
        let (Some(scale), Some(frame), "EARTH") =
            (Scale::of(&self.scale), frame(&self.frame), self.center.to_ascii_uppercase().as_str())
        else {
            let found = format!("a state about {} in {}, {}", self.center, self.frame, self.scale);
            sink.reject(number, Reason::Unread, &found);
            return;
        };
        let mut words = line.split_whitespace();
        let time = words.next().and_then(epoch);
        let numbers: Option<Vec<f64>> =
            words.map(|word| word.parse().ok().filter(|number: &f64| number.is_finite())).collect();
        // Accelerations may follow.
        let (Some(time_us), Some(&[x, y, z, vx, vy, vz])) =
            (time, numbers.as_ref().and_then(|numbers| numbers.first_chunk()))
        else {
            sink.reject(number, Reason::Malformed, line);
            return;
        };
        let metres = |kilometres: [f64; 3]| kilometres.map(|kilometres| kilometres * 1000.0);
        let mut report = Report {
            at: number,
            source: sink.summary.source(&self.originator),
            message: sink.summary.message("OEM"),
            kind: Kind::Ephemeris,
            time: Some(Time::Utc(scale.utc(time_us))),
            cartesian: Some(Cartesian {
                frame,
                position_m: metres([x, y, z]),
                velocity_m_s: Some(metres([vx, vy, vz])),
            }),
            ..Report::default()
        };
        report.identity.callsign = name(&self.object);
        sink.give(report);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_of_time_are_what_they_are_apart() {
        let utc = |scale: &str, text: &str| Scale::of(scale).zip(epoch(text)).map(|(scale, us)| scale.utc(us));
        let noon = parse_timestamp("2020-03-01T12:00:00Z");
        assert_eq!(utc("UTC", "2020-061T12:00:00"), noon);
        assert_eq!(utc("TAI", "2020-03-01T12:00:37"), noon);
        assert_eq!(utc("GPS", "2020-03-01T12:00:18"), noon);
        assert_eq!(utc("TT", "2020-03-01T12:01:09.184"), noon);
        // The second before the leap second of 2016 and the first of 2017.
        assert_eq!(utc("TAI", "2017-01-01T00:00:35"), parse_timestamp("2016-12-31T23:59:59Z"));
        assert_eq!(utc("TAI", "2017-01-01T00:00:37"), parse_timestamp("2017-01-01T00:00:00Z"));
        assert_eq!(epoch("2020-367T00:00:00"), None);
    }
}
