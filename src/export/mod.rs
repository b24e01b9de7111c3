//! Finished pictures to files that other tools open.
//!
//! A derived file is made from the finished `tracks.parquet` of one partner and from nothing else, so it can hold nothing
//! that the picture does not. What the picture withholds stays out or is said to be unknown; nothing is invented, not
//! even an accuracy. Rows are streamed; formats that want a track whole sort by track in bounded memory (`source`).
//! Equal pictures give equal bytes.
//!
//! One file a format. Every field, with its unit and what is left out: `docs/exports.md`.
//!
//! ```
//! use trackweave::export::Format;
//!
//! assert_eq!(Format::named("kml").map(Format::file), Some("tracks.kml"));
//! ```

mod asterix; // ASTERIX category 062
mod cells; // columns of any type, as text
mod cot; // Cursor on Target
mod csv; // a table as text
mod czml; // tracks with times, for Cesium
mod error; // what can go wrong
mod folder; // exports of a finished output
mod geojson; // points
mod kml; // tracks with times, for globes
mod mot; // MOT Challenge
mod oem; // ephemerides
mod source; // a picture, row by row or track by track
mod stanag4676; // XML in its style
mod trip; // lines with times
mod xml; // text in XML

pub use error::ExportError;
pub use folder::export;

use crate::product::{Beside, NewFile};
use crate::space::Frame;
use source::Source;

/// A format that other tools open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Format {
    /// Points with all columns.
    GeoJson,
    /// Lines with times, as kepler.gl and deck.gl animate them.
    Trip,
    /// All columns as text.
    Csv,
    /// Tracks with times for Google Earth and its like.
    Kml,
    /// Tracks with times for Cesium.
    Czml,
    /// Events of Cursor on Target, for TAK.
    Cot,
    /// ASTERIX category 062.
    Asterix,
    /// Lines of the MOT Challenge, in metres.
    Mot,
    /// CCSDS Orbit Ephemeris Message.
    Oem,
    /// XML in the style of STANAG 4676.
    Stanag4676,
}

/// Writes one format.
type Write = fn(&Source<'_>, &mut NewFile) -> Result<(), ExportError>;

impl Format {
    /// All of them, in their order.
    pub const ALL: [Self; 10] = [
        Self::GeoJson,
        Self::Trip,
        Self::Csv,
        Self::Kml,
        Self::Czml,
        Self::Cot,
        Self::Asterix,
        Self::Mot,
        Self::Oem,
        Self::Stanag4676,
    ];

    /// The format of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.form().0
    }

    /// The name of its file.
    #[must_use]
    pub fn file(self) -> &'static str {
        self.form().1
    }

    /// Whether it has a picture of this frame: most formats know places on the Earth only.
    #[must_use]
    pub fn takes(self, frame: Frame) -> bool {
        frame == Frame::Geodetic || matches!(self, Self::Csv | Self::Mot)
    }

    fn form(self) -> (&'static str, &'static str, Write) {
        match self {
            Self::GeoJson => ("geojson", "tracks.geojson", geojson::write),
            Self::Trip => ("trip", "trips.geojson", trip::write),
            Self::Csv => ("csv", "tracks.csv", csv::write),
            Self::Kml => ("kml", "tracks.kml", kml::write),
            Self::Czml => ("czml", "tracks.czml", czml::write),
            Self::Cot => ("cot", "tracks.cot.xml", cot::write),
            Self::Asterix => ("asterix", "tracks.ast", asterix::write),
            Self::Mot => ("mot", "tracks.mot.txt", mot::write),
            Self::Oem => ("oem", "tracks.oem", oem::write),
            Self::Stanag4676 => ("stanag4676", "tracks.4676.xml", stanag4676::write),
        }
    }
}

/// Checks that a frame has these formats.
///
/// # Errors
/// The first one that it has not.
#[doc(hidden)]
pub fn check(formats: &[Format], frame: Frame) -> Result<(), ExportError> {
    formats.iter().find(|format| !format.takes(frame)).map_or(Ok(()), |&format| Err(ExportError::Frame { format }))
}

/// Writes formats of a finished picture, each once.
///
/// # Errors
/// A picture that cannot be read or that a format cannot hold, or a disk that is full.
#[doc(hidden)]
pub fn write(beside: &mut Beside<'_>, formats: &[Format]) -> Result<(), ExportError> {
    let source = Source::open(beside.picture())?;
    check(formats, source.frame())?;
    for format in Format::ALL.into_iter().filter(|format| formats.contains(format)) {
        let (_, name, write) = format.form();
        let path = beside.to().join(name);
        beside.write(name, |file| write(&source, file)).map_err(|error| error.at(&path))?;
    }
    Ok(())
}
