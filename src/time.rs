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
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond)
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
}
