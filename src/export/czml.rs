//! CZML, as Cesium shows it: an object a track, its positions in chunks, an ellipse that does not change.
//!
//! Cesium slows down with long samples and with ellipses that move: positions come in packets of at most [`CHUNK`], which
//! it joins by their `id`, and the ellipse is one circle for the whole track, of the largest standard deviation that the
//! picture gives of any of its positions. A track whose covariances are withheld has none.

use std::io::Write;

use super::ExportError;
use super::cells::quoted;
use super::source::{Row, Source};
use crate::product::NewFile;
use crate::time::{format_timestamp, seconds_between};

/// Positions of a packet.
const CHUNK: usize = 1000;

/// Writes the file.
pub(super) fn write(source: &Source<'_>, out: &mut NewFile) -> Result<(), ExportError> {
    write!(out, "[{{\"id\":\"document\",\"name\":\"tracks\",\"version\":\"1.0\"")?;
    if let [first, .., last] = source.times()?.as_slice() {
        let (first, last) = (format_timestamp(*first), format_timestamp(*last));
        write!(out, ",\"clock\":{{\"interval\":\"{first}/{last}\",\"currentTime\":\"{first}\",\"multiplier\":10}}")?;
    }
    write!(out, "}}")?;
    source.by_track(|rows| track(rows, out))?;
    Ok(writeln!(out, "\n]")?)
}

fn track(rows: &[Row], out: &mut NewFile) -> Result<(), ExportError> {
    let Some((first, last)) = rows.first().zip(rows.last()) else { return Ok(()) };
    let epoch = format_timestamp(first.time_us);
    for (chunk, rows_of_chunk) in rows.chunks(CHUNK).enumerate() {
        write!(out, ",\n{{\"id\":\"{}\"", first.track)?;
        if chunk == 0 {
            let name = first.identity.as_deref().map_or_else(|| first.track.to_string(), str::to_owned);
            write!(out, ",\"name\":{},\"availability\":\"{epoch}/{}\"", quoted(&name), format_timestamp(last.time_us))?;
            write!(out, ",\"point\":{{\"pixelSize\":8}}")?;
            let radius = rows.iter().filter_map(Row::circular_m).max_by(f64::total_cmp);
            if let Some(radius) = radius.filter(|_| rows.iter().all(|row| row.covariance.is_some())) {
                let radius = format!("{{\"number\":{radius:.2}}}");
                write!(out, ",\"ellipse\":{{\"semiMajorAxis\":{radius},\"semiMinorAxis\":{radius}}}")?;
            }
        }
        let sample = |row: &Row| {
            let [longitude, latitude, altitude] = row.lon_lat_alt();
            format!("{:.6},{longitude:.7},{latitude:.7},{altitude:.2}", seconds_between(first.time_us, row.time_us))
        };
        let samples: Vec<String> = rows_of_chunk.iter().map(sample).collect();
        write!(out, ",\"position\":{{\"epoch\":\"{epoch}\",\"cartographicDegrees\":[{}]}}}}", samples.join(","))?;
    }
    Ok(())
}
