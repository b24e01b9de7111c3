//! When things are: integer microseconds, and their text in files.
//!
//! A file gives time as a timestamp (ISO 8601, UTC) or as seconds from an epoch of its own; inside, a time is a
//! count of microseconds in an `i64`. Only differences become floating point.

/// Microseconds in a second.
pub const SECOND_US: i64 = 1_000_000;

/// Seconds from `from_us` to `to_us`, exact to a microsecond below a century.
#[must_use]
pub fn seconds_between(from_us: i64, to_us: i64) -> f64 {
    (i128::from(to_us) - i128::from(from_us)) as f64 * 1e-6
}

/// Whole microseconds in `seconds`, rounded; `None` if it is not finite or does not fit.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub fn micros(seconds: f64) -> Option<i64> {
    let us = (seconds * 1e6).round();
    (us.abs() < 9.2e18).then_some(us as i64)
}

/// Reads `2018-08-01T05:27:30Z` (any RFC 3339 instant) as microseconds since 1970.
///
/// A leap second, 23:59:60 UTC at the end of June or December, has no number of its own: all of it is the last
/// microsecond of its day, so that time does not run backwards.
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<i64> {
    let (date_to_minute, rest) = text.split_at_checked(17)?;
    let (second, rest) = rest.split_at_checked(2)?;
    if !is_digits(date_to_minute, b"dddd-dd-ddTdd:dd:") || !is_zoned(rest) {
        return None;
    }
    if second != "60" {
        return text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond);
    }
    let instant = format!("{date_to_minute}59{rest}").parse::<jiff::Timestamp>().ok()?;
    let utc = jiff::tz::Offset::UTC.to_datetime(instant);
    let end_of_day = (utc.hour(), utc.minute(), utc.second()) == (23, 59, 59);
    let last = (instant.as_microsecond().div_euclid(SECOND_US) + 1) * SECOND_US - 1;
    (end_of_day && matches!((utc.month(), utc.day()), (6, 30) | (12, 31))).then_some(last)
}

/// Whether a text has a digit for every `d` of a pattern, `T`, `t` or a space for `T`, and else the same sign.
fn is_digits(text: &str, pattern: &[u8]) -> bool {
    let fits = |(found, wanted): (u8, &u8)| match wanted {
        b'd' => found.is_ascii_digit(),
        b'T' => matches!(found, b'T' | b't' | b' '),
        sign => found == *sign,
    };
    text.len() == pattern.len() && text.bytes().zip(pattern).all(fits)
}

/// Whether what follows the second is a fraction or none, and `Z` or an offset of less than a day. A name of the zone
/// in brackets behind it is for readers: the offset counts.
fn is_zoned(text: &str) -> bool {
    let fraction =
        text.strip_prefix('.').map_or(0, |fraction| 1 + fraction.bytes().take_while(u8::is_ascii_digit).count());
    let zone = text.get(fraction..).unwrap_or_default();
    let zone = zone.split_once('[').filter(|_| zone.ends_with(']')).map_or(zone, |(offset, _)| offset);
    let Some(offset) = zone.strip_prefix(['+', '-']) else { return matches!(zone, "Z" | "z") };
    let bounded = |place: std::ops::Range<usize>, most: u8| {
        offset.get(place).and_then(|two| two.parse::<u8>().ok()).is_some_and(|two| two <= most)
    };
    bounded(0..2, 23)
        && match offset.len() {
            2 => true,
            4 => is_digits(offset, b"dddd") && bounded(2..4, 59),
            _ => is_digits(offset, b"dd:dd") && bounded(3..5, 59),
        }
}

/// Reads an ISO 8601 duration such as `PT30S` as microseconds.
#[must_use]
pub fn parse_duration(text: &str) -> Option<i64> {
    let duration = text.parse::<jiff::SignedDuration>().ok()?;
    i64::try_from(duration.as_micros()).ok()
}

/// Writes microseconds since 1970 as an RFC 3339 instant in UTC; numbers out of its range stay numbers.
#[must_use]
pub fn format_timestamp(us: i64) -> String {
    jiff::Timestamp::from_microsecond(us).map_or_else(|_| us.to_string(), |instant| instant.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_written() {
        assert_eq!(parse_timestamp("2018-08-01T05:27:30Z"), Some(1_533_101_250_000_000));
        assert_eq!(format_timestamp(1_533_101_250_000_000), "2018-08-01T05:27:30Z");
        assert_eq!(parse_duration("PT1M30.5S"), Some(90_500_000));
        assert_eq!(micros(0.1), Some(100_000));
        assert_eq!(micros(f64::NAN), None);
        assert_eq!(parse_timestamp("yesterday"), None);
    }

    #[test]
    fn offsets_are_less_than_a_day_and_every_instant_has_its_zone() {
        let noon = parse_timestamp("2018-08-01T12:00:00Z");
        for text in [
            "2018-08-01t12:00:00z",
            "2018-08-01 12:00:00.000Z",
            "2018-08-01T14:00:00+02:00",
            "2018-08-01T14:00:00+0200",
            "2018-08-01T14:00:00+02",
            "2018-08-02T11:59:00+23:59",
            "2018-08-01T12:00:00-00:00",
            "2018-08-01T14:00:00+02:00[Europe/Zurich]",
        ] {
            assert_eq!(parse_timestamp(text), noon, "{text}");
        }
        for text in [
            "2018-08-01T12:00:00",
            "2018-08-01",
            "2018-08-01T12:00Z",
            "20180801T120000Z",
            "2018-08-01T12:00:00+25:00",
            "2018-08-01T12:00:00+24:00",
            "2018-08-01T12:00:00+02:60",
            "2018-08-01T12:00:00+2:00",
            "2018-08-01T24:00:00Z",
            "2018-02-29T12:00:00Z",
            "2018-08-01T12:00:61Z",
            "2018-08-01T12:00:00 UTC",
            "2018-08-01T12:00:00.Z",
            "2018-08-01T12:00:00[Europe/Zurich]",
            "٢٠١٨-08-01T12:00:00Z",
        ] {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }

    #[test]
    fn a_leap_second_is_at_the_end_of_a_half_year_and_time_does_not_run_backwards() {
        let times = [
            "2016-12-31T23:59:59.5Z",
            "2016-12-31T23:59:60Z",
            "2016-12-31T23:59:60.5Z",
            "2017-01-01T00:59:60.9+01:00",
            "2017-01-01T00:00:00Z",
        ];
        let times: Vec<_> = times.iter().map(|text| parse_timestamp(text).expect("a time")).collect();
        assert!(times.is_sorted(), "{times:?}");
        assert!(times.first() < times.get(1) && times.get(3) < times.last());
        for text in
            ["2024-05-01T10:00:60Z", "2016-12-30T23:59:60Z", "2016-12-31T23:59:60+01:00", "2016-05-31T23:59:60Z"]
        {
            assert_eq!(parse_timestamp(text), None, "{text}");
        }
    }
}
