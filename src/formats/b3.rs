//! Observations of space-surveillance sensors in the B3 archive format: fixed columns of text.
//!
//! Columns from 1: 2 to 6 the satellite, 7 to 9 the sensor, 10 and 11 the year, 12 to 14 its day, 15 to 23 hours, minutes and
//! milliseconds, UTC; 24 to 29 elevation or declination and 31 to 37 azimuth or right ascension, 10⁻⁴ degrees; 39 to 45 range,
//! 10⁻⁵ km times ten to the power in 46; 48 to 54 range rate, 10⁻⁵ km/s; 75 the type, of which 5 and 9 are directions among
//! the stars and 8 and 9 from orbit. A negative number has a sign, or its first digit is overpunched. Right ascension is in
//! hours, minutes and seconds in some types and no file of such was seen: they are rejected as unread. Described at
//! <https://help.agi.com/odtk/content/od/ODObjectsB3OBSType.htm>.

use super::report::{Kind, Polar, Report, Time};
use super::summary::Reason;
use super::text::{LineFormat, Sink};
use crate::time::parse_timestamp;

/// How sure it is that lines are of this format, of 100.
pub(super) fn detect(text: &str) -> u8 {
    let lines = text.lines().filter(|line| !line.trim().is_empty()).take(8);
    let digits = |line: &str, from: usize, to: usize| {
        line.get(from..to).is_some_and(|part| part.bytes().all(|digit| digit.is_ascii_digit()))
    };
    let fits = |line: &str| digits(line, 1, 23) && line.len() >= 75 && line.get(29..30) == Some(" ");
    super::share(lines.map(fits), 80)
}

/// The format.
#[derive(Debug, Default)]
pub(super) struct B3;

/// Columns that are there and are no number.
struct NoNumber;

/// Columns, from 0, as a whole number; none where they are blank. Zeros before it, behind its sign, may be blank too.
fn number(line: &str, from: usize, to: usize) -> Result<Option<f64>, NoNumber> {
    let text: String = line.get(from..to).ok_or(NoNumber)?.chars().filter(|character| *character != ' ').collect();
    if text.is_empty() {
        return Ok(None);
    }
    // An overpunched first digit: `J` to `R` for -1 to -9, `}` for -0.
    let (first, rest) = text.split_at_checked(1).ok_or(NoNumber)?;
    let overpunched = "}JKLMNOPQR".find(first).map(|digit| format!("-{digit}{rest}"));
    let text = overpunched.unwrap_or(text);
    let digits = text.strip_prefix(['-', '+']).unwrap_or(&text);
    let whole = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    if whole { Ok(text.parse().ok()) } else { Err(NoNumber) }
}

fn time(line: &str) -> Option<i64> {
    let part =
        |from: usize, to: usize| line.get(from..to).filter(|part| part.bytes().all(|digit| digit.is_ascii_digit()));
    let two: i64 = part(9, 11)?.parse().ok()?;
    let year = if two <= 50 { 2000 + two } else { 1900 + two };
    let day: i64 = part(11, 14)?.parse().ok().filter(|day| (1..=366).contains(day))?;
    let (hour, minute): (i64, i64) = (part(14, 16)?.parse().ok()?, part(16, 18)?.parse().ok()?);
    let ms: i64 = part(18, 23)?.parse().ok()?;
    let start_us = parse_timestamp(&format!("{year}-01-01T00:00:00Z"))?;
    let possible = hour < 24 && minute < 60 && ms < 60_000;
    possible.then(|| start_us + ((day - 1) * 86_400 + hour * 3600 + minute * 60) * 1_000_000 + ms * 1000)
}

impl LineFormat for B3 {
    fn line(&mut self, at: u64, line: &str, sink: &mut Sink<'_>) {
        let kind = line.get(74..75).map_or("", str::trim);
        if matches!(kind, "5" | "8" | "9") {
            sink.reject(at, Reason::Unread, line);
            return;
        }
        let fields = || {
            let sensor = line.get(6..9).ok_or(NoNumber)?;
            let (elevation, azimuth) = (number(line, 23, 29)?, number(line, 30, 37)?);
            let range = number(line, 38, 45)?.zip(number(line, 45, 46)?);
            let rate = number(line, 47, 54)?;
            Ok::<_, NoNumber>((sensor, time(line).ok_or(NoNumber)?, elevation, azimuth, range, rate))
        };
        let Ok((sensor, time_us, elevation, azimuth, range, rate)) = fields() else {
            sink.reject(at, Reason::Malformed, line);
            return;
        };
        let polar = Polar {
            range_m: range.map(|(mantissa, power)| mantissa * 1e-2 * libm::pow(10.0, power)),
            azimuth_deg: azimuth.map(|angle| angle * 1e-4),
            elevation_deg: elevation.map(|angle| angle * 1e-4),
        };
        if polar.azimuth_deg.is_some_and(|angle| angle > 360.0)
            || polar.elevation_deg.is_some_and(|angle| angle.abs() > 90.0)
        {
            sink.reject(at, Reason::Impossible, line);
            return;
        }
        let mut report = Report {
            at,
            source: sink.summary.source(sensor.trim()),
            message: sink.summary.message(&format!("type {kind}")),
            kind: Kind::Plot,
            time: Some(Time::Utc(time_us)),
            polar: (polar != Polar::default()).then_some(polar),
            range_rate_m_s: rate.map(|rate| rate * 1e-2),
            ..Report::default()
        };
        // What the sensor was told to follow, or what it was taken for.
        report.identity.address = line.get(1..6).and_then(|number| number.trim().parse().ok());
        sink.give(report);
    }
}
