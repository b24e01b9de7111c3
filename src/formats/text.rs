//! Formats of text, read line by line.

use std::borrow::Cow;
use std::io::{self, Read};

use super::report::Report;
use super::summary::{Reason, Summary};
use crate::lines::Lines;

/// Lines read at a time.
const BATCH: usize = 4096;

/// Where a format puts what it finds.
#[derive(Debug)]
pub(super) struct Sink<'a> {
    pub(super) summary: &'a mut Summary,
    pub(super) reports: &'a mut Vec<Report>,
}

impl Sink<'_> {
    /// A report.
    pub(super) fn give(&mut self, report: Report) {
        self.summary.count(&report);
        self.reports.push(report);
    }

    /// A line that is not read, or a part of one.
    pub(super) fn reject(&mut self, at: u64, reason: Reason, found: &str) {
        self.summary.reject(at, reason, || found.chars().take(80).collect());
    }
}

/// A format of lines.
pub(super) trait LineFormat {
    /// Reads a line, which has this number; blank ones never come.
    fn line(&mut self, number: u64, line: &str, sink: &mut Sink<'_>);

    /// Says what is left at the end.
    fn end(&mut self, _sink: &mut Sink<'_>) {}
}

/// A file of lines being read.
#[derive(Debug)]
pub(super) struct LineReader<R, F> {
    lines: Lines<R>,
    format: F,
    summary: Summary,
    ended: bool,
}

impl<R: Read, F: LineFormat> LineReader<R, F> {
    pub(super) fn new(source: R, format: F) -> io::Result<Self> {
        Ok(Self { lines: Lines::new(source)?, format, summary: Summary::default(), ended: false })
    }
}

impl<R: Read, F: LineFormat> super::Source for LineReader<R, F> {
    fn read(&mut self, reports: &mut Vec<Report>) -> io::Result<bool> {
        let Self { lines, format, summary, ended } = self;
        if *ended {
            return Ok(false);
        }
        let mut sink = Sink { summary, reports };
        for _ in 0..BATCH {
            let Some(line) = lines.next()? else {
                format.end(&mut sink);
                *ended = true;
                return Ok(true);
            };
            let number = line.number;
            if line.too_long {
                sink.reject(number, Reason::Malformed, "a line of more than 1 MiB; nothing behind it is read");
                *ended = true;
                return Ok(true);
            }
            match std::str::from_utf8(line.bytes) {
                // Files of DOS may end with a control character of their own.
                Ok(text) if text.trim_matches(['\u{1a}', ' ', '\t']).is_empty() => {}
                Ok(text) => format.line(number, text, &mut sink),
                Err(_) => sink.reject(number, Reason::Malformed, &String::from_utf8_lossy(line.bytes)),
            }
        }
        Ok(true)
    }

    fn summary(&self) -> &Summary {
        &self.summary
    }
}

/// The cells of a line of CSV; quotes double within quotes.
pub(super) fn cells(line: &str) -> Vec<Cow<'_, str>> {
    let mut cells = Vec::new();
    let mut rest = Some(line);
    while let Some(text) = rest {
        let (cell, behind) = match text.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => match text.split_once(',') {
                Some((cell, behind)) => (Cow::Borrowed(cell.trim()), Some(behind)),
                None => (Cow::Borrowed(text.trim()), None),
            },
        };
        cells.push(cell);
        rest = behind;
    }
    cells
}

/// A cell behind its opening quote, and what follows its comma.
fn unquoted(text: &str) -> (Cow<'_, str>, Option<&str>) {
    let mut cell = String::new();
    let mut rest = text;
    loop {
        let Some((before, behind)) = rest.split_once('"') else {
            cell.push_str(rest);
            return (Cow::Owned(cell), None);
        };
        cell.push_str(before);
        match behind.strip_prefix('"') {
            Some(behind) => {
                cell.push('"');
                rest = behind;
            }
            None => return (Cow::Owned(cell), behind.split_once(',').map(|(_, behind)| behind)),
        }
    }
}

/// The columns of a table, by their names in the head.
#[derive(Debug, Default)]
pub(super) struct Columns(Vec<String>);

impl Columns {
    /// Reads a head: case and what is no letter or digit do not count.
    pub(super) fn of(head: &str) -> Self {
        Self(cells(head).iter().map(|cell| plain(cell)).collect())
    }

    /// The cell of a column that goes by one of some names; none where it is blank or says that there is nothing.
    pub(super) fn get<'a>(&self, cells: &'a [Cow<'_, str>], names: &[&str]) -> Option<&'a str> {
        let place = self.0.iter().position(|column| names.contains(&column.as_str()))?;
        cells
            .get(place)
            .map(AsRef::as_ref)
            .filter(|cell| !matches!(*cell, "" | "NULL" | "nan" | "NaN" | "None" | "null"))
    }

    /// The cell as a finite number.
    pub(super) fn number(&self, cells: &[Cow<'_, str>], names: &[&str]) -> Option<f64> {
        self.get(cells, names)?.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// Whether it has all of some columns.
    pub(super) fn has(&self, names: &[&str]) -> bool {
        names.iter().all(|name| self.0.iter().any(|column| column == name))
    }
}

/// A name without case and signs.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// A 24-bit address in hexadecimal digits, with or without `~` before, as receivers write those that are no ICAO ones.
pub(super) fn icao(text: &str) -> Option<u32> {
    let digits = text.trim().trim_start_matches('~');
    let all = (1..=6).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| all)
}

/// Octal digits of a Mode 3/A code, which tables may have turned into `1174.0`.
pub(super) fn squawk(text: &str) -> Option<u16> {
    let digits = text.trim().split('.').next()?;
    u16::from_str_radix(digits, 8).ok().filter(|code| *code <= 0o7777)
}

/// Latitude and longitude that can be.
pub(super) fn geodetic(latitude_deg: f64, longitude_deg: f64) -> Option<super::Geodetic> {
    let possible = latitude_deg.abs() <= 90.0 && longitude_deg.abs() <= 180.0;
    possible.then_some(super::Geodetic { latitude_deg, longitude_deg })
}

/// A callsign or name; none where it is blank.
pub(super) fn name(text: &str) -> Option<Box<str>> {
    let text = text.trim_matches([' ', '@', '\0']);
    (!text.is_empty()).then(|| text.into())
}
