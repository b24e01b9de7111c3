//! Cursor on Target: events in XML, one behind the other or in a document (MITRE, MP090284).
//!
//! ```text
//! <event version="2.0" uid="J-01334" type="a-h-A-M-F-U-M" time="2005-04-05T11:43:38.07Z" start=… stale=… how="m-g">
//!   <point lat="30.0090027" lon="-85.9578735" hae="-42.6" ce="45.3" le="99.5"/>
//!   <detail><track course="30" speed="12.5"/><contact callsign="EAGLE"/></detail>
//! </event>
//! ```
//!
//! Metres above the ellipsoid, metres a second, degrees; `ce` and `le` are standard deviations, 9999999 where they are not
//! known. What was made by a target's own navigation (`how` is `m-g…`) is a report of itself, all else a track. Read are the
//! tags of events: nothing is looked up, and no entities but the five of XML and characters by number are known.

use std::io::{self, Read};

use super::report::{Kind, Report, Time, Velocity};
use super::summary::{Reason, Summary};
use super::text::{Sink, geodetic, name};
use super::window::Window;
use crate::time::parse_timestamp;

/// The longest tag.
const TAG_MOST: usize = 1 << 16;

/// What says that a value is not known.
const UNKNOWN: f64 = 9_999_999.0;

/// How sure it is that a text is of this format, of 100.
pub(super) fn detect(text: &str) -> u8 {
    let event = text.split("<event").skip(1).any(|behind| behind.starts_with(|c: char| c.is_ascii_whitespace()));
    if event && text.contains("uid=") && text.contains("<point") { 90 } else { 0 }
}

/// A file of events being read.
#[derive(Debug)]
pub(super) struct Cot<R> {
    window: Window<R>,
    event: Option<Event>,
    summary: Summary,
}

/// An event, as far as it is read.
#[derive(Debug)]
struct Event {
    report: Report,
    kind: String,
    fault: Option<Reason>,
}

impl<R: Read> Cot<R> {
    pub(super) fn new(source: R) -> Self {
        Self { window: Window::new(source), event: None, summary: Summary::default() }
    }
}

impl<R: Read> super::Source for Cot<R> {
    fn read(&mut self, reports: &mut Vec<Report>) -> io::Result<bool> {
        self.window.fill()?;
        let (octets, offset) = (self.window.rest(), self.window.offset());
        let mut sink = Sink { summary: &mut self.summary, reports };
        if octets.is_empty() {
            if let Some(event) = self.event.take() {
                sink.reject(event.report.at, Reason::Short, "an event without its end");
                return Ok(true);
            }
            return Ok(false);
        }
        let mut done = 0;
        while let Some(rest) = octets.get(done..).filter(|rest| !rest.is_empty()) {
            let at = offset + done as u64;
            match markup(rest) {
                Markup::Text(size) => done += size,
                Markup::Tag(text, size) => {
                    done += size;
                    tag(&mut self.event, at, text, &mut sink);
                }
                Markup::Open if rest.len() > TAG_MOST || self.window.is_last() => {
                    sink.reject(at, Reason::Malformed, "a tag without its end");
                    done += 1;
                }
                Markup::Open => break,
            }
        }
        self.window.consume(done);
        Ok(true)
    }

    fn summary(&self) -> &Summary {
        &self.summary
    }
}

/// What octets of XML begin with.
enum Markup<'a> {
    /// Text, a comment, an instruction, of so many octets.
    Text(usize),
    /// A tag, without its brackets.
    Tag(&'a str, usize),
    /// A tag or a comment that is not whole.
    Open,
}

fn find(octets: &[u8], end: &[u8]) -> Option<usize> {
    octets.windows(end.len()).take(TAG_MOST).position(|part| part == end)
}

fn markup(octets: &[u8]) -> Markup<'_> {
    let text = octets.iter().position(|octet| *octet == b'<').unwrap_or(octets.len());
    if text > 0 {
        return Markup::Text(text);
    }
    for (start, end) in [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>"), ("<!", ">")] {
        if octets.starts_with(start.as_bytes()) {
            return find(octets, end.as_bytes()).map_or(Markup::Open, |at| Markup::Text(at + end.len()));
        }
    }
    let mut quote = None;
    for (at, octet) in octets.iter().enumerate().take(TAG_MOST) {
        match (quote, octet) {
            (None, b'"' | b'\'') => quote = Some(*octet),
            (Some(open), octet) if open == *octet => quote = None,
            (None, b'>') => {
                let inner = octets.get(1..at).and_then(|inner| std::str::from_utf8(inner).ok());
                return inner.map_or(Markup::Text(at + 1), |inner| Markup::Tag(inner, at + 1));
            }
            _ => {}
        }
    }
    Markup::Open
}

/// An attribute of a tag.
fn attribute(tag: &str, wanted: &str) -> Option<String> {
    let mut rest = tag.split_once(|c: char| c.is_ascii_whitespace())?.1;
    loop {
        let (key, behind) = rest.split_once('=')?;
        let behind = behind.trim_start();
        let quote = behind.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let (value, behind) = behind.get(1..)?.split_once(quote)?;
        if key.trim() == wanted {
            return unescaped(value);
        }
        rest = behind;
    }
}

/// A value with its entities replaced; none where it has one that is not known.
fn unescaped(value: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = value;
    while let Some((before, behind)) = rest.split_once('&') {
        let (entity, behind) = behind.split_once(';')?;
        text.push_str(before);
        text.push(match entity {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let number = entity.strip_prefix('#')?;
                let hexadecimal = number.strip_prefix(['x', 'X']).map(|digits| u32::from_str_radix(digits, 16));
                char::from_u32(hexadecimal.unwrap_or_else(|| number.parse()).ok()?)?
            }
        });
        rest = behind;
    }
    text.push_str(rest);
    Some(text)
}

/// Takes in a tag.
fn tag(open: &mut Option<Event>, at: u64, text: &str, sink: &mut Sink<'_>) {
    let element = text.split(|c: char| c.is_ascii_whitespace() || c == '/').find(|word| !word.is_empty());
    let closes = text.starts_with('/');
    let number = |name: &str| {
        attribute(text, name).and_then(|value| value.trim().parse().ok()).filter(|value: &f64| value.is_finite())
    };
    match (element, closes, open.as_mut()) {
        (Some("event"), false, _) => {
            if let Some(unfinished) = open.replace(Event::of(at, text)) {
                sink.reject(unfinished.report.at, Reason::Short, "an event without its end");
            }
            if text.ends_with('/') {
                finish(open, sink);
            }
        }
        (Some("event"), true, _) => finish(open, sink),
        (Some("point"), false, Some(event)) => {
            let report = &mut event.report;
            let place = number("lat").zip(number("lon"));
            report.geodetic = place.and_then(|(latitude, longitude)| geodetic(latitude, longitude));
            if report.geodetic.is_none() {
                event.fault = Some(if place.is_some() { Reason::Impossible } else { Reason::Malformed });
            }
            let known = |value: Option<f64>| value.filter(|value| value.abs() < UNKNOWN);
            report.height_m = known(number("hae"));
            let circle = known(number("ce")).filter(|sigma| *sigma > 0.0);
            (report.sigmas.east_m, report.sigmas.north_m) = (circle, circle);
            report.sigmas.height_m = known(number("le")).filter(|sigma| *sigma > 0.0 && report.height_m.is_some());
        }
        (Some("track"), false, Some(event)) => {
            let course = number("speed").zip(number("course"));
            event.report.velocity = course.map(|(speed_m_s, course_deg)| Velocity::Course { speed_m_s, course_deg });
        }
        (Some("contact"), false, Some(event)) => {
            if let Some(callsign) = attribute(text, "callsign").as_deref().and_then(name) {
                event.report.identity.callsign = Some(callsign);
            }
        }
        _ => {}
    }
}

impl Event {
    /// An event whose tag stands at a place.
    fn of(at: u64, tag: &str) -> Self {
        let time = attribute(tag, "time").and_then(|time| parse_timestamp(&time)).map(Time::Utc);
        let own = attribute(tag, "how").is_some_and(|how| how.starts_with("m-g"));
        let mut report = Report { at, kind: if own { Kind::Own } else { Kind::Track }, time, ..Report::default() };
        // Until a contact has a callsign.
        report.identity.callsign = attribute(tag, "uid").as_deref().and_then(name);
        let kind = attribute(tag, "type").unwrap_or_default();
        let fault = (time.is_none() || report.identity.callsign.is_none()).then_some(Reason::Malformed);
        Self { report, kind, fault }
    }
}

fn finish(open: &mut Option<Event>, sink: &mut Sink<'_>) {
    let Some(Event { mut report, kind, fault }) = open.take() else { return };
    if let Some(reason) = fault.or(report.geodetic.is_none().then_some(Reason::Incomplete)) {
        sink.reject(report.at, reason, &format!("an event of type {kind}"));
        return;
    }
    report.source = sink.summary.source("cot");
    report.message = sink.summary.message(&kind);
    sink.give(report);
}
