//! XML in the style of STANAG 4676 (Edition A, schema 0.14): a track a `tracks`, with a `TrackPoint` each row.
//!
//! Not a conformant message: what is not known is left out, the security of message, tracks and items before all, and so is
//! a sender. What the standard has no place for stands in elements of a namespace of its own: status, existence, address,
//! contributors, what the partner may do with the track (`authority`), and who may do what (`holder`).

use std::io::Write;

use sha2::{Digest, Sha256};

use super::ExportError;
use super::source::{Row, Source};
use super::xml::escaped;
use crate::product::NewFile;
use crate::time::format_timestamp;

const HEAD: &str = "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<TrackMessage xmlns=\"urn:int:nato:stanag4676:0.14\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
xmlns:tw=\"urn:trackweave:track:1\" schemaVersion=\"0.14\">
<stanagVersion>1.0</stanagVersion>
";

/// Writes the file.
pub(super) fn write(source: &Source<'_>, out: &mut NewFile) -> Result<(), ExportError> {
    write!(out, "{HEAD}")?;
    if let Some(last) = source.times()?.last() {
        writeln!(out, "<msgCreatedTime>{}</msgCreatedTime>", format_timestamp(*last))?;
    }
    source.by_track(|rows| track(rows, out))?;
    Ok(writeln!(out, "</TrackMessage>")?)
}

fn track(rows: &[Row], out: &mut NewFile) -> Result<(), ExportError> {
    let Some(first) = rows.first() else { return Ok(()) };
    writeln!(
        out,
        "<tracks>\n<trackUUID>{}</trackUUID>\n<trackNumber>{}</trackNumber>",
        uuid(first.track),
        first.track
    )?;
    rows.iter().try_for_each(|row| point(row, out))?;
    Ok(writeln!(out, "</tracks>")?)
}

fn point(row: &Row, out: &mut NewFile) -> Result<(), ExportError> {
    let [longitude, latitude, altitude] = row.lon_lat_alt();
    let place = format!(
        "<latitude>{latitude:.7}</latitude><longitude>{longitude:.7}</longitude><elevation>{altitude:.2}</elevation>"
    );
    writeln!(out, "<items xsi:type=\"TrackPoint\">")?;
    writeln!(out, "<trackItemTime>{}</trackItemTime>", format_timestamp(row.time_us))?;
    writeln!(out, "<trackPointPosition>{place}</trackPointPosition>")?;
    if let Some((course, speed)) = row.course_and_speed() {
        writeln!(
            out,
            "<trackPointSpeed>{speed:.2}</trackPointSpeed>\n<trackPointCourse>{course:.2}</trackPointCourse>"
        )?;
    }
    writeln!(out, "<TrackPointDetail>")?;
    writeln!(out, "<pointDetailPosition xsi:type=\"GeodeticPosition\">{place}</pointDetailPosition>")?;
    if let Some([east, north, up]) = row.velocity {
        let velocity = format!("<velx>{east}</velx><vely>{north}</vely><velz>{up}</velz>");
        writeln!(out, "<pointDetailVelocity xsi:type=\"LocalCartesianVelocity\">{velocity}</pointDetailVelocity>")?;
    }
    if let Some([ee, en, eu, nn, nu, uu]) = row.covariance {
        write!(out, "<pointDetailCovarianceMatrix xsi:type=\"CovarianceMatrixPosition\">")?;
        let elements = [("xPosx", ee), ("yPosy", nn), ("zPosz", uu), ("xPosy", en), ("xPosz", eu), ("yPosz", nu)];
        for (pair, element) in elements {
            write!(out, "<covPos{pair}>{element}</covPos{pair}>")?;
        }
        writeln!(out, "</pointDetailCovarianceMatrix>")?;
    }
    write!(out, "</TrackPointDetail>\n<tw:status>{}</tw:status>", row.status())?;
    if let Some(existence) = row.existence {
        write!(out, "<tw:existence>{existence}</tw:existence>")?;
    }
    if let Some(identity) = &row.identity {
        write!(out, "<tw:identity>{}</tw:identity>", escaped(identity))?;
    }
    for (name, texts) in row.lists() {
        for text in texts {
            write!(out, "<tw:{name}>{}</tw:{name}>", escaped(text))?;
        }
    }
    Ok(writeln!(out, "\n</items>")?)
}

/// A UUID of version 8 (RFC 9562): of the digest of the track's number, so that equal pictures have equal ones.
fn uuid(track: u64) -> String {
    let digest = Sha256::digest(format!("track {track}"));
    let number = digest.iter().take(16).fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    let number = number & !(0xf << 76) & !(0x3 << 62) | 0x8 << 76 | 0x2 << 62;
    let [a, b, c, d, e] =
        [number >> 96, number >> 80 & 0xffff, number >> 64 & 0xffff, number >> 48 & 0xffff, number & 0xffff_ffff_ffff];
    format!("{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}")
}
