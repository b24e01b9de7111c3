//! Formats of others: octets in, typed reports out.
//!
//! A format is a file or a folder. It says how sure it is of octets that a file begins with, reads a stream in memory that
//! does not grow with it, and gives reports, and a summary of who sends, what, from when to when, and what could not be
//! read and why. What a report means in a recording is for the rooms behind.

mod accuracy;
mod ais;
pub mod asterix;
mod b3;
mod beast;
mod coast_guard;
mod cot;
mod cpr;
mod mode_s;
mod oem;
mod opensky;
mod report;
mod sbs;
mod summary;
mod text;
mod trace;
mod traffic;
mod window;

pub use report::{
    Cartesian, Celestial, Frame, Geodetic, Identity, Kind, Marks, Plane, Polar, Report, Sigmas, Time, Velocity,
};
pub use summary::{Reason, Reject, Sender, Summary};

use std::io::{self, Read};

use thiserror::Error;

use crate::unpack::gzip;

/// A file being read.
pub trait Source {
    /// Appends the next reports, which may be none; false at the end.
    ///
    /// # Errors
    ///
    /// The stream cannot be read.
    fn read(&mut self, reports: &mut Vec<Report>) -> io::Result<bool>;

    /// What was found so far.
    fn summary(&self) -> &Summary;
}

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// ASTERIX, in any framing.
    Asterix,
    /// Extended squitters of Mode S in Beast.
    Beast,
    /// The same in AVR.
    Avr,
    /// SBS, or BaseStation.
    Sbs,
    /// Traces of readsb.
    Trace,
    /// Trajectories of the library traffic as JSON.
    Traffic,
    /// State vectors of the OpenSky Network as CSV.
    OpenSky,
    /// AIS in sentences of NMEA 0183.
    Ais,
    /// AIS of the United States' coast guard as CSV.
    CoastGuard,
    /// Observations of space-surveillance sensors.
    B3,
    /// Orbit ephemeris messages of CCSDS.
    Oem,
    /// Cursor on Target.
    Cot,
}

/// What octets do not say.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What ASTERIX does not say.
    pub asterix: asterix::Options,
    /// Where the receiver of Mode S stands: without it an aircraft that was never in the air has no place.
    pub receiver: Option<Geodetic>,
}

/// Why a file is not read at all.
#[derive(Debug, Error)]
pub enum FormatError {
    /// It cannot be read.
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It is of no format that is known.
    #[error("the file begins with {found}; wanted {}: see docs/formats-in.md", names())]
    Unknown {
        /// What it begins with.
        found: String,
    },
}

/// How much of a file says of which format it is.
const HEAD: u64 = 1 << 17;

impl Format {
    /// The formats, in the order in which they are tried.
    pub const ALL: [Self; 12] = [
        Self::Asterix,
        Self::Beast,
        Self::Avr,
        Self::Sbs,
        Self::Trace,
        Self::Traffic,
        Self::OpenSky,
        Self::Ais,
        Self::CoastGuard,
        Self::B3,
        Self::Oem,
        Self::Cot,
    ];

    /// The name in texts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asterix => "ASTERIX",
            Self::Beast => "Beast",
            Self::Avr => "AVR",
            Self::Sbs => "SBS",
            Self::Trace => "a trace of readsb",
            Self::Traffic => "trajectories of traffic",
            Self::OpenSky => "state vectors of OpenSky",
            Self::Ais => "AIS in NMEA 0183",
            Self::CoastGuard => "AIS as CSV of the coast guard",
            Self::B3 => "B3",
            Self::Oem => "OEM",
            Self::Cot => "Cursor on Target",
        }
    }

    /// The name in files and arguments.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Asterix => "asterix",
            Self::Beast => "beast",
            Self::Avr => "avr",
            Self::Sbs => "sbs",
            Self::Trace => "trace",
            Self::Traffic => "traffic",
            Self::OpenSky => "opensky",
            Self::Ais => "ais",
            Self::CoastGuard => "coast-guard",
            Self::B3 => "b3",
            Self::Oem => "oem",
            Self::Cot => "cot",
        }
    }

    /// The format with a [`key`](Self::key).
    #[must_use]
    pub fn with_key(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.key() == key)
    }

    /// What [`Report::at`] counts.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            Self::Asterix | Self::Beast | Self::Traffic | Self::Cot => "octet",
            Self::Trace => "point",
            Self::Avr | Self::Sbs | Self::OpenSky | Self::Ais | Self::CoastGuard | Self::B3 | Self::Oem => "line",
        }
    }

    /// How sure it is that a file that begins so is of this format, of 100; unpacked, and a few thousand octets at least or
    /// all.
    #[must_use]
    pub fn detect(self, octets: &[u8]) -> u8 {
        let text = || {
            let whole = std::str::from_utf8(octets).or_else(|error| {
                // The last character may be cut.
                let cut = error.error_len().is_none();
                std::str::from_utf8(octets.get(..error.valid_up_to()).filter(|_| cut).unwrap_or_default())
            });
            whole.unwrap_or_default().trim_start_matches('\u{feff}')
        };
        match self {
            Self::Asterix => asterix::detect(octets),
            Self::Beast => beast::detect(octets),
            Self::Avr => beast::detect_text(text()),
            Self::Sbs => sbs::detect(text()),
            Self::Trace => trace::detect(text()),
            Self::Traffic => traffic::detect(text()),
            Self::OpenSky => opensky::detect(text()),
            Self::Ais => ais::detect(text()),
            Self::CoastGuard => coast_guard::detect(text()),
            Self::B3 => b3::detect(text()),
            Self::Oem => oem::detect(text()),
            Self::Cot => cot::detect(text()),
        }
    }

    /// The format that is the surest of the octets that a file begins with.
    #[must_use]
    pub fn of(octets: &[u8]) -> Option<Self> {
        let sure = Self::ALL.iter().map(|format| (format.detect(octets), *format)).filter(|(sure, _)| *sure >= 50);
        sure.rev().max_by_key(|(sure, _)| *sure).map(|(_, format)| format)
    }

    /// Reads a stream of this format, unpacked.
    ///
    /// # Errors
    ///
    /// The stream cannot be read.
    pub fn read<'a>(self, source: impl Read + 'a, options: Options) -> io::Result<Box<dyn Source + 'a>> {
        let squitters = mode_s::Squitters::of(options.receiver);
        Ok(match self {
            Self::Asterix => Box::new(asterix::Reader::new(source, options.asterix)),
            Self::Beast => Box::new(beast::Beast::new(source, squitters)),
            Self::Avr => Box::new(text::LineReader::new(source, beast::Avr(squitters))?),
            Self::Sbs => Box::new(text::LineReader::new(source, sbs::Sbs)?),
            Self::Trace => Box::new(trace::Trace::new(source)),
            Self::Traffic => Box::new(traffic::Traffic::new(source)),
            Self::OpenSky => Box::new(text::LineReader::new(source, opensky::OpenSky::default())?),
            Self::Ais => Box::new(text::LineReader::new(source, ais::Ais::default())?),
            Self::CoastGuard => Box::new(text::LineReader::new(source, coast_guard::CoastGuard::default())?),
            Self::B3 => Box::new(text::LineReader::new(source, b3::B3)?),
            Self::Oem => Box::new(text::LineReader::new(source, oem::Oem::default())?),
            Self::Cot => Box::new(cot::Cot::new(source)),
        })
    }
}

fn names() -> String {
    Format::ALL.map(Format::name).join(", ")
}

/// Reads a stream, whose format is found, and which may be in gzip.
///
/// # Errors
///
/// It cannot be read, or is of no known format.
pub fn open<'a>(source: impl Read + 'a, options: Options) -> Result<(Format, Box<dyn Source + 'a>), FormatError> {
    open_as(None, source, options)
}

/// The same of a stream whose format somebody may have said.
///
/// # Errors
///
/// As [`open`].
pub fn open_as<'a>(
    format: Option<Format>,
    source: impl Read + 'a,
    options: Options,
) -> Result<(Format, Box<dyn Source + 'a>), FormatError> {
    let (mut head, rest) = ahead(source)?;
    let mut source: Box<dyn Read + 'a> = Box::new(io::Cursor::new(head.clone()).chain(rest));
    if gzip::begins(&head) {
        let (unpacked, rest) = ahead(gzip::Gunzip::new(source))?;
        source = Box::new(io::Cursor::new(unpacked.clone()).chain(rest));
        head = unpacked;
    }
    let format = format.or_else(|| Format::of(&head)).ok_or_else(|| {
        let start: String = String::from_utf8_lossy(head.get(..head.len().min(40)).unwrap_or_default()).into_owned();
        FormatError::Unknown { found: if head.is_empty() { "nothing".to_owned() } else { format!("{start:?}") } }
    })?;
    Ok((format, format.read(source, options)?))
}

/// What a stream begins with, and the rest of it.
fn ahead<R: Read>(mut source: R) -> io::Result<(Vec<u8>, R)> {
    let mut head = Vec::new();
    source.by_ref().take(HEAD).read_to_end(&mut head)?;
    Ok((head, source))
}

/// `sure` times the share that is so; 0 of nothing.
fn share(all: impl Iterator<Item = bool>, sure: u8) -> u8 {
    let (so, count) = all.fold((0_u32, 0_u32), |(so, count), is| (so + u32::from(is), count + 1));
    (so * u32::from(sure)).checked_div(count).and_then(|sure| u8::try_from(sure).ok()).unwrap_or(0)
}
