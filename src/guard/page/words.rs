//! Numbers and times in words, as docs/report.md has them.

use super::super::table::Row;
use super::levels::Shares;
use crate::space::Frame;
use crate::time::{format_timestamp, seconds_between};

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

/// Three figures, at most two of them behind the point, and none there that is 0 at the end.
fn plain(number: f64) -> String {
    let digits = if number >= 100.0 {
        0
    } else if number >= 10.0 {
        1
    } else {
        2
    };
    trimmed(format!("{number:.digits$}"))
}

fn trimmed(text: String) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A length of time.
pub(super) fn duration(seconds: f64) -> String {
    let (number, unit) = match seconds {
        s if s < 120.0 => (s, "s"),
        s if s < 7200.0 => (s / 60.0, "min"),
        s => (s / 3600.0, "h"),
    };
    format!("{}\u{a0}{unit}", plain(number))
}

/// A length.
pub(super) fn length(metres: f64) -> String {
    let (number, unit) = if metres < 1000.0 { (metres, "m") } else { (metres / 1000.0, "km") };
    format!("{}\u{a0}{unit}", plain(number))
}

/// A share of rows: 0 or 100 % of none or all alone.
fn share(part: u64, of: u64) -> String {
    let percent = 100.0 * part as f64 / of as f64;
    let percent = if part == 0 || part == of { percent } else { percent.clamp(0.1, 99.9) };
    format!("{}\u{a0}%", trimmed(format!("{percent:.1}")))
}

/// A number with a comma before every three digits.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A list in words.
pub(super) fn and(texts: &[String]) -> String {
    match texts {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// What a page says before its map.
pub(super) fn summary(partner: &str, frame: Frame, rows: &[Row], tracks: usize, shares: Shares) -> String {
    let all = rows.len() as u64;
    let span = match (rows.first(), rows.last(), frame) {
        (Some(first), Some(last), Frame::Geodetic) => instants(first.time_us, last.time_us),
        (Some(first), Some(last), Frame::Local) => duration(seconds_between(first.time_us, last.time_us)),
        _ => "no rows".to_owned(),
    };
    let told = if rows.is_empty() {
        format!("Your picture is empty: <a href=\"#ledger\">no rule permits</a> {partner} to receive anything yet.")
    } else {
        let s = if tracks == 1 { "" } else { "s" };
        let how = match shares {
            Shares { coarse: 0, untold: 0 } => "all exact and at once".to_owned(),
            Shares { coarse, untold: 0 } => format!("{} of it coarse or late", share(coarse, all)),
            Shares { coarse: 0, untold } => format!("of {} the level not known", share(untold, all)),
            Shares { coarse, untold } => {
                let (coarse, untold) = (share(coarse, all), share(untold, all));
                format!("{coarse} of it coarse or late, of {untold} the level not known")
            }
        };
        let acted = rows.iter().filter(|row| !row.authorities.is_empty()).count() as u64;
        let act = if acted == 0 {
            String::new()
        } else {
            format!(" You may act on <a href=\"#authority\">{}</a> of its rows.", share(acted, all))
        };
        format!("Your picture holds <a href=\"#ledger\">{} track{s}</a>, {how}.{act}", grouped(tracks))
    };
    format!(
        "<header class=\"top\"><p class=\"brand\"><b>Trackweave</b> <span>{span}</span></p>\
         <p class=\"badge\">{partner}’s edition</p></header>\n<p class=\"headline\" id=\"headline\">{told}</p>"
    )
}

/// Two instants, to the minute before.
fn instants(first_us: i64, last_us: i64) -> String {
    let parts = |us: i64| {
        let text = format_timestamp(us);
        let (date, time) = text.split_once('T').unwrap_or_default();
        let (rest, day) = date.rsplit_once('-').unwrap_or_default();
        let (year, month) = rest.rsplit_once('-').unwrap_or_default();
        let month = month.parse().ok().and_then(|month: usize| MONTHS.get(month.wrapping_sub(1))).unwrap_or(&"");
        let date = format!("{} {month} {year}", day.trim_start_matches('0'));
        (date, time.get(..5).unwrap_or_default().to_owned())
    };
    let ((first_day, first), (last_day, last)) = (parts(first_us), parts(last_us));
    if first_day == last_day {
        format!("{first_day}, {first} to {last} UTC")
    } else {
        format!("{first_day} {first} to {last_day} {last} UTC")
    }
}
