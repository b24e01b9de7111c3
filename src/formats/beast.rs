//! What receivers of Mode S hand on: Beast, which is binary, and AVR, which is text.
//!
//! A message of Beast is `1a`, a letter, a counter of 12 MHz in six octets, the strength of the signal, and two, seven or
//! fourteen octets as the letter 1, 2 or 3 says; a `1a` in it is doubled. One of AVR is hexadecimal digits between `*` and
//! `;`, or `@` and twelve digits of the counter before them, or `<` with two more for the strength. The counter has no
//! date. Without one no place is known: `*` gives identifications and velocities alone.
//! (<https://wiki.jetvision.de/wiki/Mode-S_Beast:Data_Output_Formats>)

use std::io::{self, Read};

use super::mode_s::Squitters;
use super::report::{Report, Time};
use super::summary::{Reason, Summary};
use super::text::{LineFormat, Sink};
use super::window::Window;

const MARK: u8 = 0x1a;

/// Microseconds of a counter of 12 MHz, rounded down.
fn counter(ticks: u64) -> Option<Time> {
    i64::try_from(ticks / 12).ok().map(Time::Counter)
}

/// How many octets a message has behind its letter.
const fn length(letter: u8) -> Option<usize> {
    match letter {
        b'1' => Some(9),
        b'2' => Some(14),
        b'3' => Some(21),
        _ => None,
    }
}

/// How sure it is that octets are Beast, of 100.
pub(super) fn detect(octets: &[u8]) -> u8 {
    let mut found = 0_u32;
    let mut at = 0;
    while let Some((message, size)) = octets.get(at..).and_then(|rest| next(rest).ok()) {
        found += u32::from(!message.is_empty());
        at += size;
    }
    // At most one message may be cut.
    let whole = octets.len().saturating_sub(at) < 64;
    if whole && found > 0 { 90 } else { 0 }
}

/// The message that octets begin with, without doubled marks, its letter first, and how many octets it takes; else how many
/// there are before the next mark, none where more are needed.
fn next(octets: &[u8]) -> Result<(Vec<u8>, usize), Option<usize>> {
    let to_mark = |from: usize| {
        octets
            .get(from..)
            .and_then(|rest| rest.iter().position(|octet| *octet == MARK))
            .map_or(octets.len(), |at| at + from)
    };
    let (Some(&MARK), Some(letter)) = (octets.first(), octets.get(1)) else {
        return Err(if octets.len() < 2 { None } else { Some(to_mark(1)) });
    };
    let Some(wanted) = length(*letter) else { return Err(Some(to_mark(if *letter == MARK { 2 } else { 1 }))) };
    let mut message = vec![*letter];
    let mut at = 2;
    while message.len() <= wanted {
        match (octets.get(at), octets.get(at + 1)) {
            (Some(&MARK), Some(&MARK)) => at += 1,
            (Some(&MARK), Some(_)) => return Err(Some(at)),
            (None, _) | (Some(&MARK), None) => return Err(None),
            _ => {}
        }
        message.push(octets.get(at).copied().unwrap_or(0));
        at += 1;
    }
    Ok((message, at))
}

/// A file of Beast being read.
#[derive(Debug)]
pub(super) struct Beast<R> {
    window: Window<R>,
    squitters: Squitters,
    summary: Summary,
}

impl<R: Read> Beast<R> {
    pub(super) fn new(source: R, squitters: Squitters) -> Self {
        Self { window: Window::new(source), squitters, summary: Summary::default() }
    }
}

impl<R: Read> super::Source for Beast<R> {
    fn read(&mut self, reports: &mut Vec<Report>) -> io::Result<bool> {
        self.window.fill()?;
        let (octets, offset) = (self.window.rest(), self.window.offset());
        if octets.is_empty() {
            return Ok(false);
        }
        let mut sink = Sink { summary: &mut self.summary, reports };
        let mut done = 0;
        while let Some(rest) = octets.get(done..).filter(|rest| !rest.is_empty()) {
            let at = offset + done as u64;
            match next(rest) {
                Ok((message, size)) => {
                    let ticks = message.iter().skip(1).take(6).fold(0, |sum, octet| sum << 8 | u64::from(*octet));
                    let content = message.get(8..).unwrap_or_default();
                    if message.first() == Some(&b'1') {
                        sink.reject(at, Reason::Unread, "a reply in Mode A or C");
                    } else {
                        self.squitters.message(at, content, counter(ticks), &mut sink);
                    }
                    done += size;
                }
                Err(Some(size)) => {
                    sink.reject(at, Reason::Framing, "octets that are no message");
                    done += size.max(1);
                }
                Err(None) if self.window.is_last() => {
                    sink.reject(at, Reason::Short, "a message that is cut off");
                    done = octets.len();
                }
                Err(None) => break,
            }
        }
        self.window.consume(done);
        Ok(true)
    }

    fn summary(&self) -> &Summary {
        &self.summary
    }
}

/// How sure it is that lines are AVR, of 100.
pub(super) fn detect_text(text: &str) -> u8 {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).take(8);
    super::share(lines.map(|line| avr(line).is_some()), 90)
}

/// Time and octets of a line.
fn avr(line: &str) -> Option<(Option<Time>, Vec<u8>)> {
    let inner = line.trim().strip_suffix(';')?;
    let skipped = match inner.as_bytes().first()? {
        b'*' | b':' => 0,
        b'@' | b'%' => 12,
        b'<' => 14,
        _ => return None,
    };
    let (clock, digits) = inner.get(1..)?.split_at_checked(skipped)?;
    let ticks = clock.get(..12).map(|digits| u64::from_str_radix(digits, 16));
    let pairs = digits.as_bytes().chunks(2);
    let octet = |pair: &[u8]| {
        let digit = |place: usize| pair.get(place).and_then(|digit| char::from(*digit).to_digit(16));
        u8::try_from(digit(0)? << 4 | digit(1)?).ok()
    };
    let octets: Vec<u8> = pairs.map(octet).collect::<Option<_>>()?;
    let time = ticks.transpose().ok()?.and_then(counter);
    matches!(octets.len(), 2 | 7 | 14).then_some((time, octets))
}

/// The format of text.
#[derive(Debug)]
pub(super) struct Avr(pub(super) Squitters);

impl LineFormat for Avr {
    fn line(&mut self, number: u64, line: &str, sink: &mut Sink<'_>) {
        match avr(line) {
            Some((time, octets)) => self.0.message(number, &octets, time, sink),
            None => sink.reject(number, Reason::Malformed, line),
        }
    }
}
