//! Files beside a picture, in other formats, as the guard reads them: byte by byte, knowing from the rows what comes next.
//!
//! Written from `docs/exports.md`, and nothing here is the code that writes them. A reader that took what it understands
//! and skipped the rest would miss what a leak adds: here a file is right if its rows give every byte of it.

mod asterix; // category 062
mod rows; // formats with a record for each row
mod tracks; // formats with a record for each track

use super::finding::{Beyond, Breaches};
use super::reading::Reading;
use super::table::Row;
use crate::space::Frame;
use crate::time::format_timestamp;
use std::collections::BTreeMap;

/// What a file is read against.
#[derive(Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing of its own")]
pub(super) struct Picture<'a> {
    pub(super) rows: &'a [Row],
    pub(super) frame: Frame,
    /// Whether pictures have the columns of addresses.
    pub(super) identities: bool,
    /// Whether they have those of smoothing.
    pub(super) smoothing: bool,
    /// Whether they say of which object their tracks are.
    pub(super) joining: bool,
}

type Read = fn(&mut Reading<'_>, &Picture<'_>);

/// The files, by name, and the frames that have them.
const FILES: [(&str, Read, &[Frame]); 10] = [
    ("tracks.geojson", rows::geojson, &[Frame::Geodetic]),
    ("trips.geojson", tracks::trips, &[Frame::Geodetic]),
    ("tracks.csv", rows::csv, &[Frame::Geodetic, Frame::Local]),
    ("tracks.kml", tracks::kml, &[Frame::Geodetic]),
    ("tracks.czml", tracks::czml, &[Frame::Geodetic]),
    ("tracks.cot.xml", rows::cot, &[Frame::Geodetic]),
    ("tracks.ast", asterix::read, &[Frame::Geodetic]),
    ("tracks.mot.txt", rows::mot, &[Frame::Geodetic, Frame::Local]),
    ("tracks.oem", tracks::oem, &[Frame::Geodetic]),
    ("tracks.4676.xml", tracks::stanag4676, &[Frame::Geodetic]),
];

/// Whether a run over recordings of this frame can write a file of this name.
pub(super) fn knows(name: &str, frame: Frame) -> bool {
    FILES.iter().any(|(known, _, frames)| *known == name && frames.contains(&frame))
}

/// Holds a file against the rows of its picture.
pub(super) fn inspect(name: &str, bytes: &[u8], picture: &Picture<'_>, place: &str, breaches: &mut Breaches) {
    let Some((_, read, _)) = FILES.iter().find(|(known, ..)| *known == name) else { return };
    let mut reading = Reading::of(bytes);
    read(&mut reading, picture);
    reading.finish(Beyond::Export, place, breaches);
}

impl Row {
    fn existence(&self) -> Option<f32> {
        self.numbers.first().copied().flatten()
    }

    /// Along east, north and up.
    fn velocity(&self) -> Option<[f32; 3]> {
        let [_, east, north, up, ..] = self.numbers;
        Some([east?, north?, up?])
    }

    /// Of the place: ee, en, eu, nn, nu, uu.
    fn covariance(&self) -> Option<[f32; 6]> {
        let [_, _, _, _, ee, en, eu, nn, nu, uu, ..] = self.numbers;
        Some([ee?, en?, eu?, nn?, nu?, uu?])
    }

    /// Standard deviations on the ground, along the largest axis, and of the height.
    fn deviations(&self) -> Option<[f64; 2]> {
        let [ee, en, _, nn, _, uu] = self.covariance()?.map(f64::from);
        let apart = ((ee - nn) / 2.0).powi(2) + en * en;
        Some([(f64::midpoint(ee, nn) + apart.sqrt()).sqrt(), uu.sqrt()])
    }

    /// Degrees from north, and speed over ground.
    fn course(&self) -> Option<[f64; 2]> {
        let [east, north, _] = self.velocity()?.map(f64::from);
        let degrees = libm::atan2(east, north).to_degrees();
        Some([if degrees < 0.0 { degrees + 360.0 } else { degrees }, libm::hypot(east, north)])
    }

    /// Longitude and latitude with seven digits, the height with two.
    fn place(&self) -> [String; 3] {
        let [latitude, longitude, height] = self.position;
        [format!("{longitude:.7}"), format!("{latitude:.7}"), format!("{height:.2}")]
    }

    fn instant(&self) -> String {
        format_timestamp(self.time_us)
    }

    /// An element for each text of each list, with a prefix to its name.
    fn elements(&self, prefix: &str) -> String {
        let contributors = self.contributors.iter().flatten().map(|text| ("contributor", text));
        let authorities = self.authorities.iter().map(|text| ("authority", text));
        let holders = self.holders.iter().flatten().map(|text| ("holder", text));
        let all = contributors.chain(authorities).chain(holders);
        let element = |(name, text): (&str, &String)| format!("<{prefix}{name}>{}</{prefix}{name}>", escaped(text));
        all.map(element).collect::<Vec<_>>().concat()
    }
}

/// Times of the rows, each once.
fn times(rows: &[Row]) -> Vec<i64> {
    let mut times: Vec<i64> = rows.iter().map(|row| row.time_us).collect();
    times.dedup();
    times
}

/// The rows of every track.
fn by_track(rows: &[Row]) -> BTreeMap<u64, Vec<&Row>> {
    let mut tracks: BTreeMap<u64, Vec<&Row>> = BTreeMap::new();
    for row in rows {
        tracks.entry(row.track).or_default().push(row);
    }
    tracks
}

/// A text in XML: what XML has no place for is U+FFFD.
fn escaped(text: &str) -> String {
    let allowed = |letter: char| {
        if letter.is_control() || letter == '\u{fffe}' || letter == '\u{ffff}' { '\u{fffd}' } else { letter }
    };
    let text: String = text.chars().map(allowed).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
