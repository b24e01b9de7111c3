//! Trips, as kepler.gl and deck.gl animate them: GeoJSON whose lines have the time as a fourth coordinate.
//!
//! A feature is a track, or a part of one between crossings of the antimeridian (RFC 7946, 3.1.9), with its positions
//! `[longitude, latitude, altitude, time]`; the time is in whole milliseconds since 1970, rounded down. Parts of fewer
//! than three positions are no lines there: they are left out, and their number is `left_out`.

use std::io::Write;

use super::ExportError;
use super::geojson::HEAD;
use super::source::{Row, Source};
use crate::product::NewFile;

/// Fewest positions of a line.
const FEWEST: usize = 3;

/// Writes the file.
pub(super) fn write(source: &Source<'_>, out: &mut NewFile) -> Result<(), ExportError> {
    write!(out, "{HEAD}")?;
    let (mut before, mut left_out) = ("\n", 0_u64);
    source.by_track(|rows| {
        for (part, rows) in parts(rows).enumerate() {
            let Some(first) = rows.first().filter(|_| rows.len() >= FEWEST) else {
                left_out += 1;
                continue;
            };
            let positions: Vec<String> = rows.iter().map(position).collect();
            write!(
                out,
                "{before}{{\"type\":\"Feature\",\"geometry\":{{\"type\":\"LineString\",\"coordinates\":[{}]}},\
                 \"properties\":{{\"track\":\"{}\",\"part\":{part}}}}}",
                positions.join(","),
                first.track
            )?;
            before = ",\n";
        }
        Ok(())
    })?;
    Ok(writeln!(out, "\n],\"left_out\":{left_out}}}")?)
}

/// A track cut where it crosses the antimeridian.
pub(super) fn parts(rows: &[Row]) -> impl Iterator<Item = &[Row]> {
    let longitude = |row: &Row| row.lon_lat_alt()[0];
    rows.chunk_by(move |a, b| (longitude(a) - longitude(b)).abs() <= 180.0)
}

fn position(row: &Row) -> String {
    let [longitude, latitude, altitude] = row.lon_lat_alt();
    format!("[{longitude:.7},{latitude:.7},{altitude:.2},{}]", row.time_us.div_euclid(1000))
}
