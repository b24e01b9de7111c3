//! Formats of others: octets in, typed reports out.
//!
//! A format is a file or a folder. It says how sure it is of octets that a file begins with, reads a stream in memory that
//! does not grow with it, and gives reports, and a summary of who sends, what, from when to when, and what could not be
//! read and why. What a report means in a recording is for the rooms behind.

pub mod asterix;
mod b3;
mod coast_guard;
mod opensky;
mod report;
mod sbs;
mod summary;
mod text;
mod window;

pub use report::{
    Cartesian, Celestial, Frame, Geodetic, Identity, Kind, Marks, Plane, Polar, Report, Sigmas, Time, Velocity,
};
pub use summary::{Reason, Reject, Source as Sender, Summary};

use std::io::{self, Read};

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
    /// SBS, or BaseStation.
    Sbs,
    /// State vectors of the OpenSky Network as CSV.
    OpenSky,
    /// AIS of the United States' coast guard as CSV.
    CoastGuard,
    /// Observations of space-surveillance sensors.
    B3,
}

/// What octets do not say.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What ASTERIX does not say.
    pub asterix: asterix::Options,
}

impl Format {
    /// The formats, in the order in which they are tried.
    pub const ALL: [Self; 5] = [Self::Asterix, Self::Sbs, Self::OpenSky, Self::CoastGuard, Self::B3];

    /// How sure it is that a file that begins so is of this format, of 100.
    #[must_use]
    pub fn detect(self, octets: &[u8]) -> u8 {
        let text = || {
            let text = std::str::from_utf8(octets).or_else(|error| {
                // The last character may be cut.
                std::str::from_utf8(octets.get(..error.valid_up_to()).filter(|_| error.error_len().is_none()).unwrap_or_default())
            });
            text.unwrap_or_default().trim_start_matches('\u{feff}')
        };
        match self {
            Self::Asterix => asterix::detect(octets),
            Self::Sbs => sbs::detect(text()),
            Self::OpenSky => opensky::detect(text()),
            Self::CoastGuard => coast_guard::detect(text()),
            Self::B3 => b3::detect(text()),
        }
    }

    /// The format that is the surest of octets that a file begins with, a few thousand at least or all.
    #[must_use]
    pub fn of(octets: &[u8]) -> Option<Self> {
        let sure = Self::ALL.iter().map(|format| (format.detect(octets), *format)).filter(|(sure, _)| *sure >= 50);
        sure.rev().max_by_key(|(sure, _)| *sure).map(|(_, format)| format)
    }

    /// Reads a stream of this format.
    ///
    /// # Errors
    ///
    /// The stream cannot be read.
    pub fn open<'a>(self, source: impl Read + 'a, options: Options) -> io::Result<Box<dyn Source + 'a>> {
        Ok(match self {
            Self::Asterix => Box::new(asterix::Reader::new(source, options.asterix)),
            Self::Sbs => Box::new(text::LineReader::new(source, sbs::Sbs)?),
            Self::OpenSky => Box::new(text::LineReader::new(source, opensky::OpenSky::default())?),
            Self::CoastGuard => Box::new(text::LineReader::new(source, coast_guard::CoastGuard::default())?),
            Self::B3 => Box::new(text::LineReader::new(source, b3::B3)?),
        })
    }
}

/// `sure` times the share that is so; 0 of nothing.
fn share(all: impl Iterator<Item = bool>, sure: u8) -> u8 {
    let (so, count) = all.fold((0_u32, 0_u32), |(so, count), is| (so + u32::from(is), count + 1));
    (so * u32::from(sure)).checked_div(count).and_then(|sure| u8::try_from(sure).ok()).unwrap_or(0)
}
