//! AIS in sentences of NMEA 0183 (ITU-R M.1371-5; IEC 61162-1), as loggers write them.
//!
//! ```text
//! \s:rORBCOMM000,c:1426032000*5C\!AIVDM,1,1,,A,15MgK45P3@G?fl0E`JbR0OwT0@MS,0*4E
//! !AIVDM,1,1,,B,15MwkT1P05G?fl0EJQ8t4?wT0<08,0*22,s-90,d-103,T40.5,x98511,r003669710,1120959341
//! 2016-01-01 00:00:00.123 !AIVDM,...
//! $PGHP,1,2008,5,9,0,0,0,10,338,2,,1,09*17
//! ```
//!
//! A sentence has no time; one is taken from the tag block, or from what the logger wrote behind or before the sentence:
//! seconds or milliseconds since 1970, or a date and a time, which are UTC where they have no zone; or from a `$PGHP` on the
//! line before. Without one a report has no time. Read are positions of ships, boats, aircraft, aids and base stations (types 1 to 4, 9, 11, 18, 19, 21, 27) and
//! names (5, 24). A message of several sentences has the place of its last one.

use std::collections::BTreeMap;

use super::accuracy;
use super::report::{Kind, Report, Time, Velocity};
use super::summary::Reason;
use super::text::{LineFormat, Sink, geodetic, name};
use crate::time::{micros, parse_timestamp};

const KNOT_M_S: f64 = 1852.0 / 3600.0;

/// How many messages may be incomplete at a time.
const PENDING_MOST: usize = 64;

/// How sure it is that lines are of this format, of 100.
pub(super) fn detect(text: &str) -> u8 {
    // Sentences of others, and notes, may stand between.
    let lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with(['#', '$'])).take(8);
    super::share(lines.map(|line| Sentence::find(line).is_some()), 95)
}

/// A sentence within a line.
struct Sentence<'a> {
    before: &'a str,
    /// Between `!` and `*`.
    inner: &'a str,
    check: &'a str,
    behind: &'a str,
}

impl<'a> Sentence<'a> {
    fn find(line: &'a str) -> Option<Self> {
        let at = line.find("VDM,").or_else(|| line.find("VDO,"))?.checked_sub(3)?;
        let before = line.get(..at)?;
        let (inner, rest) = line.get(at..)?.strip_prefix('!')?.split_once('*')?;
        let (check, behind) = rest.split_at_checked(2)?;
        Some(Self { before, inner, check, behind })
    }

    fn holds(&self) -> bool {
        checksum(self.inner, self.check)
    }
}

fn checksum(text: &str, check: &str) -> bool {
    let sum = text.bytes().fold(0, |sum, octet| sum ^ octet);
    u8::from_str_radix(check, 16).is_ok_and(|check| check == sum)
}

/// A message of which sentences are missing.
#[derive(Debug)]
struct Pending {
    at: u64,
    parts: Vec<Option<String>>,
    time: Option<Time>,
}

/// The format.
#[derive(Debug, Default)]
pub(super) struct Ais {
    /// By talker, channel, number of the message and of its parts.
    pending: BTreeMap<String, Pending>,
    /// What the line before said of the next sentence.
    ahead: Option<i64>,
}

impl LineFormat for Ais {
    fn line(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) {
        if line.starts_with('#') {
            return;
        }
        let ahead = self.ahead.take();
        let Some(sentence) = Sentence::find(line) else {
            self.ahead = line.strip_prefix("$PGHP,").and_then(gatehouse);
            if self.ahead.is_some() {
                return;
            }
            let reason = if line.contains('$') || line.contains('!') { Reason::Unread } else { Reason::Malformed };
            sink.reject(number, reason, line);
            return;
        };
        if !sentence.holds() {
            sink.reject(number, Reason::Checksum, line);
            return;
        }
        // A sentence holds without its tag block.
        let (station, time) = tag_block(sentence.before).unwrap_or_else(|()| {
            sink.reject(number, Reason::Checksum, &format!("a tag block: {line}"));
            (None, None)
        });
        let time = time
            .or_else(|| stamp(sentence.behind))
            .or_else(|| stamp(outside(sentence.before)))
            .or(ahead)
            .map(Time::Utc);
        let station = station.or_else(|| station_behind(sentence.behind));
        let words: Vec<&str> = sentence.inner.split(',').collect();
        let &[talker, count, part, message, channel, payload, fill] = words.as_slice() else {
            sink.reject(number, Reason::Malformed, line);
            return;
        };
        let sizes = count.parse::<usize>().ok().zip(part.parse::<usize>().ok());
        let (Some((count, part)), Ok(fill)) = (
            sizes.filter(|(count, part)| (1..=9).contains(count) && (1..=*count).contains(part)),
            fill.parse::<usize>(),
        ) else {
            sink.reject(number, Reason::Malformed, line);
            return;
        };
        let source = station.unwrap_or(talker);
        if count == 1 {
            Message { at: number, payload, fill, time, source }.read(sink);
            return;
        }
        let key = format!("{talker},{channel},{message},{count}");
        let fresh = || Pending { at: number, parts: vec![None; count], time };
        // A part that is there already belongs to another message of the same number.
        if part == 1
            && let Some(old) = self.pending.remove(&key)
        {
            sink.reject(old.at, Reason::Incomplete, &key);
        }
        let pending = self.pending.entry(key.clone()).or_insert_with(fresh);
        pending.time = pending.time.or(time);
        if let Some(place) = pending.parts.get_mut(part - 1) {
            *place = Some(payload.to_owned());
        }
        if pending.parts.iter().all(Option::is_some) {
            let whole: String = pending.parts.iter().flatten().map(String::as_str).collect();
            let time = pending.time;
            self.pending.remove(&key);
            Message { at: number, payload: &whole, fill, time, source }.read(sink);
        } else if self.pending.len() > PENDING_MOST
            && let Some(oldest) = self.pending.iter().min_by_key(|(_, pending)| pending.at).map(|(key, _)| key.clone())
            && let Some(old) = self.pending.remove(&oldest)
        {
            sink.reject(old.at, Reason::Incomplete, &oldest);
        }
    }

    fn end(&mut self, sink: &mut Sink<'_>) {
        for (key, pending) in std::mem::take(&mut self.pending) {
            sink.reject(pending.at, Reason::Incomplete, &key);
        }
    }
}

/// Station and time, microseconds since 1970, of a tag block.
type Tag<'a> = (Option<&'a str>, Option<i64>);

/// Reads the tag block that a text has, if it has one; an error where its checksum does not hold.
fn tag_block(text: &str) -> Result<Tag<'_>, ()> {
    let Some(block) = text.split('\\').nth(1) else { return Ok((None, None)) };
    let (fields, check) = block.rsplit_once('*').ok_or(())?;
    if !checksum(fields, check) {
        return Err(());
    }
    let field = |key: &str| fields.split(',').find_map(|field| field.strip_prefix(key));
    Ok((field("s:"), field("c:").and_then(epoch)))
}

/// What of a text is no tag block.
fn outside(text: &str) -> &str {
    text.split_once('\\').map_or(text, |(before, _)| before)
}

/// Seconds or milliseconds since 1970, told apart by their digits.
fn epoch(text: &str) -> Option<i64> {
    let digits = text.split('.').next()?;
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    match digits.len() {
        9 | 10 => micros(number),
        13 => micros(number / 1000.0),
        _ => None,
    }
}

/// The time of a `$PGHP`: behind its version year, month, day, hour, minute, second and milliseconds.
fn gatehouse(text: &str) -> Option<i64> {
    let numbers: Vec<u32> = text.split(',').skip(1).take(7).map_while(|word| word.parse().ok()).collect();
    let &[year, month, day, hour, minute, second, ms] = numbers.as_slice() else { return None };
    parse_timestamp(&format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z"))
}

/// The station that the coast guard writes behind a sentence, `r003669710` or `b003669710`.
fn station_behind(text: &str) -> Option<&str> {
    let is = |word: &&str| {
        let digits = word.strip_prefix(['r', 'b']);
        digits.is_some_and(|digits| digits.len() >= 3 && digits.bytes().all(|digit| digit.is_ascii_alphanumeric()))
    };
    text.split(',').map(str::trim).find(is)
}

/// A time somewhere in a text, microseconds since 1970: the last number that can be one, else a date and a time.
fn stamp(text: &str) -> Option<i64> {
    let words: Vec<&str> =
        text.split([',', ' ', '\t', '[', ']', '"', ';', '|']).filter(|word| !word.is_empty()).collect();
    if let Some(us) = words.iter().rev().find_map(|word| epoch(word)) {
        return Some(us);
    }
    words.iter().enumerate().find_map(|(place, word)| {
        if word.len() == 14 && word.bytes().all(|digit| digit.is_ascii_digit()) {
            let part = |from: usize| word.get(from..from + 2);
            let date = format!("{}-{}-{}", word.get(..4)?, part(4)?, part(6)?);
            return parse_timestamp(&format!("{date}T{}:{}:{}Z", part(8)?, part(10)?, part(12)?));
        }
        let date = word
            .get(..10)
            .filter(|date| matches!(date.as_bytes(), [_, _, _, _, b'-' | b'/', _, _, b'-' | b'/', ..]))?;
        let date = date.replace('/', "-");
        let clock = word.get(11..).filter(|clock| clock.len() >= 8).or_else(|| words.get(place + 1).copied())?;
        let zoned = clock.ends_with(['Z', 'z']) || clock.get(8..).is_some_and(|rest| rest.contains(['+', '-']));
        parse_timestamp(&format!("{date}T{clock}{}", if zoned { "" } else { "Z" }))
    })
}

/// The bits of a message.
struct Bits(Vec<u8>);

impl Bits {
    /// Six in each character; none where one stands for no number.
    fn of(payload: &str, fill: usize) -> Option<Self> {
        let six = |character: u8| match character {
            48..=87 => Some(character - 48),
            96..=119 => Some(character - 56),
            _ => None,
        };
        let mut bits = Vec::with_capacity(payload.len() * 6);
        for character in payload.bytes() {
            let six = six(character)?;
            bits.extend((0..6).rev().map(|bit| six >> bit & 1));
        }
        bits.truncate(bits.len().saturating_sub(fill.min(5)));
        Some(Self(bits))
    }

    fn unsigned(&self, from: usize, count: usize) -> Option<u32> {
        let bits = self.0.get(from..from + count)?;
        Some(bits.iter().fold(0, |sum, bit| sum << 1 | u32::from(*bit)))
    }

    fn signed(&self, from: usize, count: u32) -> Option<f64> {
        let raw = self.unsigned(from, usize::try_from(count).ok()?)?;
        let above = 32 - count;
        Some(f64::from((raw << above).cast_signed() >> above))
    }

    fn text(&self, from: usize, characters: usize) -> Option<Box<str>> {
        let character = |place: usize| {
            let six = self.unsigned(from + 6 * place, 6)?;
            char::from_u32(if six < 32 { six + 64 } else { six })
        };
        let text: String = (0..characters).map_while(character).take_while(|character| *character != '@').collect();
        name(&text)
    }
}

/// Where the fields of a position stand: accuracy, longitude and latitude and their bits and units a degree, speed and
/// course and their bits.
struct Layout {
    accuracy: usize,
    longitude: (usize, u32),
    latitude: (usize, u32),
    a_degree: f64,
    speed: Option<(usize, usize, f64)>,
    course: Option<(usize, usize, f64)>,
}

impl Layout {
    /// That of a type of message; none of one that says no place.
    fn of(kind: u32) -> Option<Self> {
        let fine = |accuracy: usize, speed, course| Self {
            accuracy,
            longitude: (accuracy + 1, 28),
            latitude: (accuracy + 29, 27),
            a_degree: 600_000.0,
            speed,
            course,
        };
        match kind {
            1..=3 => Some(fine(60, Some((50, 10, 0.1)), Some((116, 12, 0.1)))),
            9 => Some(fine(60, Some((50, 10, 1.0)), Some((116, 12, 0.1)))),
            18 | 19 => Some(fine(56, Some((46, 10, 0.1)), Some((112, 12, 0.1)))),
            4 | 11 => Some(fine(78, None, None)),
            21 => Some(fine(163, None, None)),
            27 => Some(Self {
                accuracy: 38,
                longitude: (44, 18),
                latitude: (62, 17),
                a_degree: 600.0,
                speed: Some((79, 6, 1.0)),
                course: Some((85, 9, 1.0)),
            }),
            _ => None,
        }
    }
}

/// A message, its sentences put together.
struct Message<'a> {
    at: u64,
    payload: &'a str,
    /// Bits at the end that are none of it.
    fill: usize,
    time: Option<Time>,
    source: &'a str,
}

impl Message<'_> {
    fn read(&self, sink: &mut Sink<'_>) {
        let &Self { at, payload, fill, time, source } = self;
        let Some(bits) = Bits::of(payload, fill) else {
            sink.reject(at, Reason::Malformed, payload);
            return;
        };
        let (Some(kind), Some(mmsi)) = (bits.unsigned(0, 6), bits.unsigned(8, 30)) else {
            sink.reject(at, Reason::Short, payload);
            return;
        };
        let mut report = Report { at, time, ..Report::default() };
        report.kind = if matches!(kind, 4 | 11) { Kind::Status } else { Kind::Own };
        report.identity.address = Some(mmsi);
        let said = match Layout::of(kind) {
            Some(layout) => place(&bits, kind, &layout, &mut report),
            None if kind == 5 => named(&bits, 112, &mut report),
            // Of type 24 the first part has the name.
            None if kind == 24 && bits.unsigned(38, 2) == Some(0) => named(&bits, 40, &mut report),
            None => Err(Reason::Unread),
        };
        match said {
            Ok(()) => {
                report.source = sink.summary.source(source);
                report.message = sink.summary.message(&format!("AIS {kind}"));
                sink.give(report);
            }
            Err(reason) => sink.reject(at, reason, &format!("a message of type {kind}: {payload}")),
        }
    }
}

fn named(bits: &Bits, from: usize, report: &mut Report) -> Result<(), Reason> {
    report.identity.callsign = bits.text(from, 20);
    report.identity.callsign.is_some().then_some(()).ok_or(Reason::Empty)
}

fn place(bits: &Bits, kind: u32, layout: &Layout, report: &mut Report) -> Result<(), Reason> {
    let degrees = |(from, count): (usize, u32)| bits.signed(from, count).map(|raw| raw / layout.a_degree);
    let (longitude, latitude) = degrees(layout.longitude).zip(degrees(layout.latitude)).ok_or(Reason::Short)?;
    // 181 degrees east and 91 north say that there is no place.
    if longitude > 180.5 || latitude > 90.5 {
        return Err(Reason::Incomplete);
    }
    report.geodetic = Some(geodetic(latitude, longitude).ok_or(Reason::Impossible)?);
    if bits.unsigned(layout.accuracy, 1) == Some(1) {
        let sigma = Some(accuracy::circle(10.0));
        (report.sigmas.east_m, report.sigmas.north_m) = (sigma, sigma);
    }
    // The last value of a field says that there is none, the one before it that there is more.
    let value = |field: Option<(usize, usize, f64)>, most: f64| {
        let (from, count, step) = field?;
        Some(f64::from(bits.unsigned(from, count)?) * step).filter(|value| *value < most)
    };
    let fastest = match kind {
        9 => 1022.0,
        27 => 63.0,
        _ => 102.2,
    };
    let course = value(layout.speed, fastest).zip(value(layout.course, 360.0));
    report.velocity = course.map(|(knots, course_deg)| Velocity::Course { speed_m_s: knots * KNOT_M_S, course_deg });
    match kind {
        9 => report.height_m = bits.unsigned(38, 12).filter(|metres| *metres < 4095).map(f64::from),
        19 => report.identity.callsign = bits.text(143, 20),
        21 => report.identity.callsign = bits.text(43, 20),
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_wherever_loggers_write_them() {
        let wanted = Some(1_451_606_400_000_000);
        for text in [
            ",1451606400",
            ",s-90,d-103,T40.5,x98511,r003669710,1451606400",
            " 1451606400.0",
            ",1451606400000",
            "2016-01-01 00:00:00 ",
            "2016-01-01T00:00:00Z,",
            "[2016/01/01 00:00:00.000] ",
            "2016-01-01T01:00:00+01:00 ",
            "20160101000000,",
            "\"2016-01-01 00:00:00\",",
        ] {
            assert_eq!(stamp(text), wanted, "{text}");
        }
        for text in ["", ",", ",s-90,d-103", "r003669710", "2016-13-01 00:00:00", "12:00:00"] {
            assert_eq!(stamp(text), None, "{text}");
        }
    }
}
