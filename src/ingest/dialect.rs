//! How a table is written in its file, where that is not as `docs/formats.md` has it.
//!
//! Which column of the file holds what, in which unit, and how times, numbers and cells are written: the tables
//! `[detections]`, `[looks]` and `[truth]` of `recording.toml`. A recording that says nothing has the dialect that is
//! empty: every column bears its own name and unit.

use std::collections::BTreeMap;
use std::f64::consts::PI;
use std::sync::Arc;

use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::Offset;

use super::layout::Role;
use super::table::Time;
use crate::sensor::Quantity;
use crate::time::{SECOND_US, parse_timestamp_in};

/// The dialects of a recording's tables.
#[derive(Clone, Debug, Default)]
pub struct Dialects {
    pub(super) detections: Arc<Dialect>,
    pub(super) looks: Arc<Dialect>,
    pub(super) platform: Arc<Dialect>,
    pub(super) truth: Arc<Dialect>,
}

/// How a table is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Dialect {
    /// Between the cells of a line of CSV; a header tells where this does not.
    pub(super) separator: Option<u8>,
    /// Whether numbers in text have a comma where others have a point.
    pub(super) decimal_comma: bool,
    /// What lines of CSV begin with that are no rows.
    pub(super) comment: Option<String>,
    /// The names of the columns of CSV without a header.
    pub(super) header: Option<Vec<String>>,
    /// Text that stands for no value.
    pub(super) missing: Vec<String>,
    /// How far ahead of UTC times are that say no zone.
    pub(super) ahead_us: Option<i64>,
    /// Columns that are passed over.
    pub(super) ignore: Vec<String>,
    /// Where the columns of a table come from, by their own names.
    pub(super) columns: BTreeMap<&'static str, Origin>,
}

/// Where the values of a column come from, and how they are written there.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub(super) from: Place,
    pub(super) unit: Option<Unit>,
    /// How times are written, in directives of strptime.
    pub(super) format: Option<String>,
}

/// Where the values of a column come from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Place {
    /// A column of the file.
    Column(String),
    /// A date and a time of day.
    Columns([String; 2]),
    /// All rows have this text.
    Text(String),
    /// All rows have this number.
    Number(f64),
}

/// A unit: what it measures, and its size as a fraction, so that whole numbers of it are converted as exactly as they are
/// written in the unit of the column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit {
    name: &'static str,
    of: Dimension,
    /// Numerator and denominator, in the unit of the column; in microseconds of a time.
    size: (f64, f64),
}

/// What a unit measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dimension {
    Length,
    Speed,
    Angle,
    Time,
}

impl Unit {
    const ALL: [Self; 15] = [
        Self::new("m", Dimension::Length, (1.0, 1.0)),
        Self::new("km", Dimension::Length, (1000.0, 1.0)),
        Self::new("ft", Dimension::Length, (381.0, 1250.0)),
        Self::new("FL", Dimension::Length, (762.0, 25.0)),
        Self::new("NM", Dimension::Length, (1852.0, 1.0)),
        Self::new("m/s", Dimension::Speed, (1.0, 1.0)),
        Self::new("km/h", Dimension::Speed, (5.0, 18.0)),
        Self::new("kn", Dimension::Speed, (463.0, 900.0)),
        Self::new("ft/min", Dimension::Speed, (127.0, 25_000.0)),
        Self::new("deg", Dimension::Angle, (1.0, 1.0)),
        Self::new("rad", Dimension::Angle, (180.0, PI)),
        Self::new("s", Dimension::Time, (1e6, 1.0)),
        Self::new("ms", Dimension::Time, (1e3, 1.0)),
        Self::new("us", Dimension::Time, (1.0, 1.0)),
        Self::new("ns", Dimension::Time, (1.0, 1e3)),
    ];

    const fn new(name: &'static str, of: Dimension, size: (f64, f64)) -> Self {
        Self { name, of, size }
    }

    /// The unit of times that are numbers, where nothing else is said.
    pub(super) const SECONDS: Self = Self::new("s", Dimension::Time, (1e6, 1.0));

    /// The unit of a name, for a column.
    pub(super) fn named(name: &str, role: Role) -> Option<Self> {
        let of = Dimension::of(role)?;
        Self::ALL.into_iter().find(|unit| unit.name == name && unit.of == of)
    }

    /// A number of it in the unit of the column.
    pub(super) fn convert(self, number: f64) -> f64 {
        let (numerator, denominator) = self.size;
        number * numerator / denominator
    }
}

impl Dimension {
    /// What a column measures, as its name says.
    fn of(role: Role) -> Option<Self> {
        match role {
            Role::Time | Role::End => Some(Self::Time),
            // Flight levels are hundreds of feet by definition.
            Role::Number(Quantity::FlightLevel) | Role::Subject | Role::Label | Role::Identity | Role::Amplitude => {
                None
            }
            Role::Number(quantity) => Some(match quantity.name() {
                name if name.ends_with("_deg") => Self::Angle,
                name if name.ends_with("_m_s") => Self::Speed,
                _ => Self::Length,
            }),
        }
    }

    /// What may be its unit, in words.
    pub(super) fn units(role: Role) -> &'static str {
        match Self::of(role) {
            Some(Self::Length) => "one of \"m\", \"km\", \"ft\", \"FL\", \"NM\"",
            Some(Self::Speed) => "one of \"m/s\", \"km/h\", \"kn\", \"ft/min\"",
            Some(Self::Angle) => "one of \"deg\", \"rad\"",
            Some(Self::Time) => "one of \"s\", \"ms\", \"us\", \"ns\"",
            None => "no unit: it is text, has its own, or is not used",
        }
    }
}

/// How times are written.
#[derive(Clone, Debug)]
pub(super) enum TimeForm {
    /// Numbers, since 1970 or an epoch of the recording's own.
    Number(Unit),
    /// Text.
    Text {
        /// How far ahead of UTC what says no zone is; without it every time says its zone.
        ahead_us: Option<i64>,
        /// Directives of strptime; without them RFC 3339.
        format: Option<String>,
    },
}

impl TimeForm {
    /// Reads a cell that is not empty, with what reads its numbers; `None` if it is no such time.
    pub(super) fn read(&self, cell: &str, number: fn(&str) -> Option<f64>) -> Option<Time> {
        match self {
            Self::Number(unit) => number(cell).map(|number| Time::of(number, *unit)),
            Self::Text { ahead_us, format: None } => parse_timestamp_in(cell, *ahead_us).map(Time::from_us),
            Self::Text { ahead_us, format: Some(format) } => formatted(cell, format, *ahead_us).map(Time::from_us),
        }
    }
}

/// Reads a time that is written in directives of strptime, as microseconds since 1970.
fn formatted(cell: &str, format: &str, ahead_us: Option<i64>) -> Option<i64> {
    let parts = BrokenDownTime::parse(format, cell).ok()?;
    if parts.offset().is_some() || parts.timestamp().is_some() {
        return parts.to_timestamp().ok().map(jiff::Timestamp::as_microsecond);
    }
    let utc = Offset::UTC.to_timestamp(parts.to_datetime().ok()?).ok()?;
    Some(utc.as_microsecond() - ahead_us?)
}

/// Whether a format says all of a time to the minute: what it writes, it reads; and whether it says the zone.
pub(super) fn is_whole(format: &str) -> Option<bool> {
    let time = jiff::civil::datetime(2018, 11, 28, 17, 46, 35, 0);
    let mut parts = BrokenDownTime::from(time);
    parts.set_offset(Some(Offset::UTC));
    let text = parts.to_string(format).ok()?;
    let zoned = formatted(&text, format, None);
    let wanted_us = Offset::UTC.to_timestamp(time).ok()?.as_microsecond();
    let found_us = zoned.or_else(|| formatted(&text, format, Some(0)))?;
    (found_us.div_euclid(60 * SECOND_US) == wanted_us.div_euclid(60 * SECOND_US)).then_some(zoned.is_some())
}

/// Reads a number with a decimal point.
///
/// Up to 15 digits and 22 places are whole numbers in an f64, and one division rounds once, as any right reading does.
pub(super) fn number(cell: &str) -> Option<f64> {
    const TENS: [f64; 23] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ];
    let parsed = || cell.parse().ok();
    let (sign, digits) = match cell.as_bytes() {
        [b'-', digits @ ..] => (-1.0, digits),
        digits => (1.0, digits),
    };
    if digits.len() > 16 {
        return parsed();
    }
    let (mut whole, mut point) = (0_u64, None);
    for (at, digit) in digits.iter().enumerate() {
        match digit {
            b'0'..=b'9' => whole = whole * 10 + u64::from(digit - b'0'),
            b'.' if point.is_none() => point = Some(at),
            _ => return parsed(),
        }
    }
    let places = point.map_or(0, |at| digits.len() - 1 - at);
    match TENS.get(places) {
        Some(tens) if digits.len() > usize::from(point.is_some()) && whole < 1 << 53 => {
            Some(sign * (whole as f64 / tens))
        }
        _ => parsed(),
    }
}

/// Reads a number with a decimal comma, in which a point has no place.
pub(super) fn number_with_comma(cell: &str) -> Option<f64> {
    if cell.contains('.') { None } else { number(&cell.replacen(',', ".", 1)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_standard_library() {
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for round in 0..200_000_u64 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let digits = (random >> 11).to_string();
            let digits = digits.get(..1 + usize::try_from(round % 16).expect("small")).unwrap_or(&digits);
            let at = usize::try_from(random % 17).expect("small").min(digits.len());
            let (before, after) = digits.split_at(at);
            for text in [format!("{before}.{after}"), format!("-{before}{after}"), digits.to_owned()] {
                let wanted = text.parse::<f64>().ok();
                assert_eq!(number(&text).map(f64::to_bits), wanted.map(f64::to_bits), "{text}");
                let comma = number_with_comma(&text.replace('.', ","));
                assert_eq!(comma.map(f64::to_bits), wanted.map(f64::to_bits), "{text}");
            }
        }
        for text in [
            "",
            ".",
            "-",
            "-.",
            "+1",
            "1e3",
            "1.5E-3",
            "nan",
            "inf",
            "--1",
            "1-",
            "1.2.3",
            "1_0",
            "0x1",
            "-0",
            "9007199254740993",
            "१",
        ] {
            let wanted = text.parse::<f64>().ok();
            assert_eq!(number(text).map(f64::to_bits), wanted.map(f64::to_bits), "{text}");
        }
        assert_eq!(
            (number_with_comma("1.5"), number_with_comma("1,234,5"), number_with_comma("1.234,5")),
            (None, None, None)
        );
    }

    #[test]
    fn whole_numbers_of_a_unit_become_what_is_written_in_the_unit_of_the_column() {
        let of = |name: &str, quantity| Unit::named(name, Role::Number(quantity)).expect("a unit");
        let cases = [
            (of("ft", Quantity::Altitude), 35_000.0, "10668"),
            (of("ft", Quantity::Altitude), 1.0, "0.3048"),
            (of("FL", Quantity::Altitude), 123.0, "3749.04"),
            (of("NM", Quantity::Range), 7.0, "12964"),
            (of("km", Quantity::X), -3.0, "-3000"),
            (of("km/h", Quantity::Speed), 90.0, "25"),
            (of("kn", Quantity::SigmaSpeed), 900.0, "463"),
            (of("ft/min", Quantity::Up), -1000.0, "-5.08"),
            (of("rad", Quantity::Azimuth), PI, "180"),
        ];
        for (unit, number, wanted) in cases {
            let found = unit.convert(number);
            assert_eq!(found.to_string(), wanted, "{number} {}", unit.name);
        }
        assert_eq!(Unit::named("kn", Role::Number(Quantity::Altitude)), None);
        assert_eq!(Unit::named("m", Role::Identity), None);
        assert_eq!(Unit::named("ms", Role::End), Some(Unit::ALL[12]));
    }

    #[test]
    fn formats_say_all_of_a_time_or_are_none() {
        for (format, zoned) in [
            ("%d.%m.%Y %H:%M:%S", Some(false)),
            ("%Y-%m-%dT%H:%M:%S%.f", Some(false)),
            ("%m/%d/%y %I:%M %p", Some(false)),
            ("%Y%j%H%M%S", Some(false)),
            ("%Y-%m-%d %H:%M:%S %z", Some(true)),
            ("%s", Some(true)),
            ("%d.%m. %H:%M", None),
            ("%Y-%m-%d", None),
            ("%H:%M:%S", None),
            ("%Y-%m-%d %H:%M:%S %Q", Some(true)),
            ("%", None),
            ("", None),
        ] {
            assert_eq!(is_whole(format), zoned, "{format}");
        }
        let noon_us = crate::time::parse_timestamp("2018-08-01T12:00:00.25Z");
        let form = |ahead_us| TimeForm::Text { ahead_us, format: Some("%d.%m.%Y %H:%M:%S%.f".to_owned()) };
        assert_eq!(form(Some(3_600 * SECOND_US)).read("01.08.2018 13:00:00.25", number), noon_us.map(Time::from_us));
        assert_eq!(form(None).read("01.08.2018 13:00:00.25", number), None);
        assert_eq!(form(Some(0)).read("31.02.2018 13:00:00", number), None);
    }
}
