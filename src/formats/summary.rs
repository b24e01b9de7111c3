//! What was found in a file: who sends, what, from when to when, and what could not be read and why.

use std::collections::BTreeMap;
use std::fmt;

use super::report::{Kind, Report, Time};

/// How many rejects of each reason are kept whole.
const SHOWN: u64 = 3;

/// Why something is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// A length that cannot be, or octets that are no block or frame; the next one is looked for.
    Framing,
    /// Of a kind that is not read.
    Unread,
    /// It ends before its fields do.
    Short,
    /// It announces a field that its edition does not have.
    UnknownField,
    /// It holds nothing.
    Empty,
    /// A checksum that does not hold.
    Checksum,
    /// Text that is not as the format has it.
    Malformed,
    /// A value that cannot be.
    Impossible,
    /// A part of a message whose other parts are missing.
    Incomplete,
    /// What was said before, at its own time, and is said again.
    Repeated,
}

impl Reason {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Framing => "framing",
            Self::Unread => "unread",
            Self::Short => "short",
            Self::UnknownField => "unknown_field",
            Self::Empty => "empty",
            Self::Checksum => "checksum",
            Self::Malformed => "malformed",
            Self::Impossible => "impossible",
            Self::Incomplete => "incomplete",
            Self::Repeated => "repeated",
        }
    }
}

/// Something that is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Where it stands, as [`Report::at`] counts.
    pub at: u64,
    /// Why.
    pub reason: Reason,
    /// What was found.
    pub found: String,
}

/// One who sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Its name in the format: `020/129`, `uBlox`.
    pub name: String,
    /// Reports of it, by the name of the message.
    pub reports: BTreeMap<u32, u64>,
    /// The earliest and the latest time.
    pub span: Option<(Time, Time)>,
}

/// What was found so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Those who send, in the order in which they appear.
    pub sources: Vec<Sender>,
    /// Kinds of messages: `CAT048 1.32`, `MSG,3`.
    pub messages: Vec<String>,
    /// How many reports there are.
    pub reports: u64,
    /// Those with a place.
    pub with_position: u64,
    /// The earliest and the latest time.
    pub span: Option<(Time, Time)>,
    /// What is not read, by reason.
    pub rejected: BTreeMap<Reason, u64>,
    /// The first three of each reason.
    pub first_rejected: Vec<Reject>,
    source_numbers: BTreeMap<String, u32>,
    message_numbers: BTreeMap<String, u32>,
}

/// The number of a name, the next one where it is new.
fn number(numbers: &mut BTreeMap<String, u32>, name: &str, add: impl FnOnce()) -> u32 {
    if let Some(known) = numbers.get(name) {
        return *known;
    }
    let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
    numbers.insert(name.to_owned(), next);
    add();
    next
}

fn widen(span: &mut Option<(Time, Time)>, time: Time) {
    *span = Some(span.map_or((time, time), |(first, last)| (first.min(time), last.max(time))));
}

impl Summary {
    /// The number of a source.
    pub(super) fn source(&mut self, name: &str) -> u32 {
        let sources = &mut self.sources;
        number(&mut self.source_numbers, name, || {
            sources.push(Sender { name: name.to_owned(), reports: BTreeMap::new(), span: None });
        })
    }

    /// The number of a kind of message.
    pub(super) fn message(&mut self, name: &str) -> u32 {
        number(&mut self.message_numbers, name, || self.messages.push(name.to_owned()))
    }

    /// Counts a report.
    pub(super) fn count(&mut self, report: &Report) {
        self.reports += 1;
        let placed = report.polar.is_some()
            || report.celestial.is_some()
            || report.plane.is_some()
            || report.geodetic.is_some()
            || report.cartesian.is_some();
        let of_target = matches!(report.kind, Kind::Plot | Kind::Track | Kind::Own | Kind::Ephemeris);
        self.with_position += u64::from(placed && of_target);
        if let Some(time) = report.time {
            widen(&mut self.span, time);
        }
        if let Some(source) = usize::try_from(report.source).ok().and_then(|place| self.sources.get_mut(place)) {
            *source.reports.entry(report.message).or_default() += 1;
            if let Some(time) = report.time {
                widen(&mut source.span, time);
            }
        }
    }

    /// Counts something that is not read.
    pub(super) fn reject(&mut self, at: u64, reason: Reason, found: impl FnOnce() -> String) {
        let count = self.rejected.entry(reason).or_default();
        *count += 1;
        if *count <= SHOWN {
            self.first_rejected.push(Reject { at, reason, found: found() });
        }
    }

    /// How much is not read.
    #[must_use]
    pub fn rejects(&self) -> u64 {
        self.rejected.values().sum()
    }
}

impl fmt::Display for Summary {
    /// One line for the file, one for each source and each reason, and the first rejects.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} reports, {} with a place, {} rejected", self.reports, self.with_position, self.rejects())?;
        for source in &self.sources {
            write!(f, "\n  {}:", source.name)?;
            for (message, count) in &source.reports {
                let name = usize::try_from(*message).ok().and_then(|place| self.messages.get(place));
                write!(f, " {count} {}", name.map_or("", String::as_str))?;
            }
        }
        for (reason, count) in &self.rejected {
            write!(f, "\n  {count} rejected: {}", reason.name())?;
            for reject in self.first_rejected.iter().filter(|reject| reject.reason == *reason) {
                write!(f, "\n    at {}: {}", reject.at, reject.found)?;
            }
        }
        Ok(())
    }
}
