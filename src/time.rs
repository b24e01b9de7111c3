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
pub fn micros(seconds: f64) -> Option<i64> {
    whole(seconds * 1e6)
}

/// The whole number nearest to a number of microseconds, if it fits.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub(crate) fn whole(us: f64) -> Option<i64> {
    let us = us.round();
    (us.abs() < 9.2e18).then_some(us as i64)
}

/// Reads `2018-08-01T05:27:30Z` (any RFC 3339 instant) as microseconds since 1970; what is finer is cut off.
///
/// A leap second, 23:59:60 UTC at the end of June or December, has no number of its own: all of it is the last
/// microsecond of its day, so that time does not run backwards.
#[must_use]
pub fn parse_timestamp(text: &str) -> Option<i64> {
    parse_timestamp_in(text, None)
}

/// The same of a text that may say no zone: then it is so many microseconds ahead of UTC.
pub(crate) fn parse_timestamp_in(text: &str, ahead_us: Option<i64>) -> Option<i64> {
    let (written, rest) = text.as_bytes().split_first_chunk::<19>()?;
    if !is_digits(written, b"dddd-dd-ddTdd:dd:dd") {
        return None;
    }
    let number = |place: std::ops::Range<usize>| number(written.get(place).unwrap_or_default());
    let (hour, minute, second) = (number(11..13), number(14..16), number(17..19));
    let day = day_of(number(0..4), number(5..7), number(8..10))?;
    let fraction = rest.strip_prefix(b".").map_or(0, |digits| digits.iter().take_while(|d| d.is_ascii_digit()).count());
    let zone = rest.get(if fraction > 0 { 1 + fraction } else { 0 }..)?;
    let ahead_us = if zone.is_empty() { ahead_us? } else { offset_us(zone)? };
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let of_minute_us = ((day * 24 + hour) * 60 + minute) * 60 * SECOND_US - ahead_us;
    let fraction_us = (1..=6).fold(0, |us, digit| {
        us * 10 + rest.get(digit).filter(|_| digit <= fraction).map_or(0, |digit| digit_of(*digit))
    });
    let us = if second == 60 { last_us(of_minute_us)? } else { of_minute_us + second * SECOND_US + fraction_us };
    jiff::Timestamp::from_microsecond(us).ok().map(|_| us)
}

/// The last microsecond of a minute, if a leap second follows it.
fn last_us(of_minute_us: i64) -> Option<i64> {
    let last_us = of_minute_us + 60 * SECOND_US - 1;
    let utc = jiff::tz::Offset::UTC.to_datetime(jiff::Timestamp::from_microsecond(last_us).ok()?);
    let date = ((utc.month(), utc.day()), (utc.hour(), utc.minute()));
    matches!(date, ((6, 30) | (12, 31), (23, 59))).then_some(last_us)
}

/// Days from 1970 to a date of the Gregorian calendar, if there is such a date.
fn day_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    (1..=longest).contains(&day).then_some(days + (153 * month + 2) / 5 + day - 1 - 719_468)
}

/// Whether a text has a digit for every `d` of a pattern, `T`, `t` or a space for `T`, and else the same sign.
fn is_digits(text: &[u8], pattern: &[u8]) -> bool {
    let fits = |(found, wanted): (&u8, &u8)| match wanted {
        b'd' => found.is_ascii_digit(),
        b'T' => matches!(found, b'T' | b't' | b' '),
        sign => found == sign,
    };
    text.len() == pattern.len() && text.iter().zip(pattern).all(fits)
}

fn digit_of(digit: u8) -> i64 {
    i64::from(digit.wrapping_sub(b'0'))
}

fn number(digits: &[u8]) -> i64 {
    digits.iter().fold(0, |number, digit| number * 10 + digit_of(*digit))
}

/// How far a zone is ahead of UTC, which is `Z`, `UTC`, or an offset of less than a day. A name of the zone in brackets
/// behind it is for readers: the offset counts.
pub(crate) fn offset_us(zone: &[u8]) -> Option<i64> {
    let offset =
        zone.iter().position(|sign| *sign == b'[').filter(|_| zone.ends_with(b"]")).and_then(|at| zone.get(..at));
    let (sign, digits) = match offset.unwrap_or(zone) {
        b"Z" | b"z" | b"UTC" | b" UTC" => return Some(0),
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    let (hours, minutes) = match digits.len() {
        2 if is_digits(digits, b"dd") => (digits, [].as_slice()),
        4 if is_digits(digits, b"dddd") => digits.split_at_checked(2)?,
        5 if is_digits(digits, b"dd:dd") => (digits.get(..2)?, digits.get(3..)?),
        _ => return None,
    };
    let (hours, minutes) = (number(hours), number(minutes));
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60 * SECOND_US)
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
            "2018-08-01 12:00:00 UTC",
            "2018-08-01T12:00:00.0000000000UTC",
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
            "2018-08-01T12:00:00 CET",
            "2018-08-01T12:00:00Z UTC",
            "2018-08-01T12:00:00.Z",
            "2018-08-01T12:00:00+",
            "2018-08-01T12:00:00+02:00:00",
            "2018-13-01T12:00:00Z",
            "2018-00-01T12:00:00Z",
            "2018-04-31T12:00:00Z",
            "2018-04-00T12:00:00Z",
            "2100-02-29T12:00:00Z",
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
    #[test]
    fn what_says_no_zone_has_the_one_that_is_given_and_no_other_does() {
        let hour_us = 3600 * SECOND_US;
        let noon = parse_timestamp("2018-08-01T12:00:00Z").expect("a time");
        assert_eq!(parse_timestamp_in("2018-08-01 12:00:00.5", Some(2 * hour_us)), Some(noon - 2 * hour_us + 500_000));
        assert_eq!(parse_timestamp_in("2018-08-01 12:00:00Z", Some(2 * hour_us)), Some(noon));
        assert_eq!(
            (offset_us(b"+02:00"), offset_us(b"-0030"), offset_us(b"CET")),
            (Some(2 * hour_us), Some(-hour_us / 2), None)
        );
    }

    #[test]
    fn every_day_is_the_one_of_another_library() {
        // Steps that are coprime to days, months and seconds of a day, over the years 0 to 9999.
        let (first_us, last_us) = (-62_167_219_200_000_000_i64, 253_370_764_799_999_999_i64);
        for us in (first_us..last_us).step_by(usize::try_from(7_919 * 86_477 * 1_000_003_i64 / 50).expect("positive")) {
            let text = jiff::Timestamp::from_microsecond(us).expect("a time").to_string();
            assert_eq!(parse_timestamp(&text), Some(us), "{text}");
            assert_eq!(
                parse_timestamp(&text),
                text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond)
            );
        }
        for year in [1900, 2000, 2023, 2024] {
            for (month, day) in (1..=12).flat_map(|month| (0..=32).map(move |day| (month, day))) {
                let text = format!("{year:04}-{month:02}-{day:02}T00:00:00Z");
                let wanted = text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond);
                assert_eq!(parse_timestamp(&text), wanted, "{text}");
            }
        }
    }
}
