//! Numbers and names as a page says them.

use crate::space::Frame;
use crate::time::format_timestamp;

/// No-break space: a number stays with its unit.
const NB: char = '\u{a0}';

/// Seconds, minutes or hours.
pub(super) fn seconds(seconds: f64) -> String {
    let (value, unit) = match seconds {
        s if s >= 7200.0 => (s / 3600.0, "h"),
        s if s >= 120.0 => (s / 60.0, "min"),
        s => (s, "s"),
    };
    format!("{}{NB}{unit}", short(value))
}

/// Metres or kilometres.
pub(super) fn metres(metres: f64) -> String {
    if metres >= 1000.0 { format!("{}{NB}km", short(metres / 1000.0)) } else { format!("{}{NB}m", short(metres)) }
}

/// A share, in per cent to a tenth, never 0 or 100 where it is not.
pub(super) fn share(share: f64) -> String {
    percent(100.0 * share)
}

/// The share that some rows are of all.
pub(super) fn share_of(part: u64, of: u64) -> String {
    percent(100.0 * part as f64 / of.max(1) as f64)
}

fn percent(percent: f64) -> String {
    let percent = if percent > 0.0 && percent < 100.0 { percent.clamp(0.1, 99.9) } else { percent };
    let text = format!("{percent:.1}");
    format!("{}{NB}%", text.strip_suffix(".0").unwrap_or(&text))
}

/// A list in words.
pub(super) fn and(texts: &[String]) -> String {
    match texts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A count with commas between thousands.
pub(crate) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Three digits at most, no zeros at the end.
fn short(value: f64) -> String {
    let digits = if value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    let text = format!("{value:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// Text in HTML, between tags or quotes.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}

/// From when to when a recording goes: `1 August 2018, 11:00 to 13:00 UTC`, or how long.
pub(super) fn span([first, last]: [i64; 2], frame: Frame) -> String {
    if frame == Frame::Local {
        return seconds((last - first) as f64 * 1e-6);
    }
    let [first, last] = [first, last].map(|time_us| Moment::of(&format_timestamp(time_us)));
    match (first, last) {
        (Some(first), Some(last)) if first.day == last.day => {
            format!("{}, {} to {} UTC", first.day, first.minute, last.minute)
        }
        (Some(first), Some(last)) => {
            format!("{} {} to {} {} UTC", first.day, first.minute, last.day, last.minute)
        }
        _ => String::new(),
    }
}

struct Moment {
    day: String,
    minute: String,
}

impl Moment {
    /// Of a time as RFC 3339 has it.
    fn of(text: &str) -> Option<Self> {
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let (date, time) = text.split_once('T')?;
        let (date, day) = date.rsplit_once('-')?;
        let (year, month) = date.rsplit_once('-')?;
        let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
        let day = day.trim_start_matches('0');
        Some(Self { day: format!("{day} {month} {year}"), minute: time.get(..5)?.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_keep_their_units() {
        let nb = |text: &str| text.replace(' ', "\u{a0}");
        assert_eq!(
            [10.0, 119.0, 120.0, 5400.0, 7200.0].map(seconds),
            ["10 s", "119 s", "2 min", "90 min", "2 h"].map(nb)
        );
        assert_eq!([0.25, 999.0, 5000.0, 12_345.0].map(metres), ["0.25 m", "999 m", "5 km", "12.3 km"].map(nb));
        let shares = [0.0, 1e-9, 0.094, 0.5, 0.9949, 0.999_99, 1.0];
        assert_eq!(shares.map(share), ["0 %", "0.1 %", "9.4 %", "50 %", "99.5 %", "99.9 %", "100 %"].map(nb));
        assert_eq!([0, 999, 1000, 42_018, 1_234_567].map(count), ["0", "999", "1,000", "42,018", "1,234,567"]);
    }

    #[test]
    fn a_span_says_the_day_once() {
        let at = |text: &str| crate::time::parse_timestamp(text).expect("a time");
        let [a, b, c] = ["2018-08-01T11:00:00Z", "2018-08-01T13:00:05Z", "2018-08-02T01:00:00Z"].map(at);
        assert_eq!(span([a, b], Frame::Geodetic), "1 August 2018, 11:00 to 13:00 UTC");
        assert_eq!(span([a, c], Frame::Geodetic), "1 August 2018 11:00 to 2 August 2018 01:00 UTC");
        assert_eq!(span([0, 90_000_000], Frame::Local), "90\u{a0}s");
    }

    #[test]
    fn text_cannot_leave_its_place() {
        assert_eq!(escaped("<b a='\"&\">"), "&lt;b a=&#39;&quot;&amp;&quot;&gt;");
    }
}
