//! Cursor on Target 2.0: an event a row, a line each, in one XML document.
//!
//! `uid` is the track's over its whole life. `type` is `a-u-X`: an object, of unknown side, of no known domain; `how` is
//! `m-f`, fused by a machine. `ce` and `le` are one standard deviation, along the largest axis on the ground and along
//! the vertical, or 9999999 where the picture does not give them. An event is stale when three reports are missed: after
//! three times the median time between the picture's times.

use std::io::Write;

use super::ExportError;
use super::source::{Row, Source};
use super::xml::escaped;
use crate::product::NewFile;
use crate::time::{SECOND_US, format_timestamp};

/// What an error is where it is not known.
const UNKNOWN: &str = "9999999.0";

/// Reports that an event outlasts.
const REPORTS: i64 = 3;

/// Writes the file.
pub(super) fn write(source: &Source<'_>, out: &mut NewFile) -> Result<(), ExportError> {
    let life_us = median_gap(&source.times()?).unwrap_or(SECOND_US).saturating_mul(REPORTS);
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<events>")?;
    source.each(|row| event(&row, life_us, out))?;
    Ok(writeln!(out, "</events>")?)
}

fn event(row: &Row, life_us: i64, out: &mut NewFile) -> Result<(), ExportError> {
    let (time, stale) = (format_timestamp(row.time_us), format_timestamp(row.time_us.saturating_add(life_us)));
    let [longitude, latitude, altitude] = row.lon_lat_alt();
    let metres = |error: Option<f64>| error.map_or_else(|| UNKNOWN.to_owned(), |error| format!("{error:.2}"));
    let (ce, le) = (metres(row.circular_m()), metres(row.vertical_m()));
    write!(out, "<event version=\"2.0\" uid=\"trackweave.{}\" type=\"a-u-X\" how=\"m-f\" ", row.track)?;
    write!(out, "time=\"{time}\" start=\"{time}\" stale=\"{stale}\">")?;
    write!(out, "<point lat=\"{latitude:.7}\" lon=\"{longitude:.7}\" hae=\"{altitude:.2}\" ce=\"{ce}\" le=\"{le}\"/>")?;
    write!(out, "<detail>")?;
    if let Some(identity) = &row.identity {
        write!(out, "<contact callsign=\"{}\"/>", escaped(identity))?;
    }
    if let Some((course, speed)) = row.course_and_speed() {
        write!(out, "<track course=\"{course:.2}\" speed=\"{speed:.2}\"/>")?;
    }
    write!(out, "<__trackweave status=\"{}\"", row.status())?;
    if let Some(existence) = row.existence {
        write!(out, " existence=\"{existence}\"")?;
    }
    write!(out, ">")?;
    for (name, texts) in row.lists() {
        for text in texts {
            write!(out, "<{name}>{}</{name}>", escaped(text))?;
        }
    }
    Ok(writeln!(out, "</__trackweave></detail></event>")?)
}

/// The median of the times between these, which are in order: of two in the middle the lesser.
fn median_gap(times: &[i64]) -> Option<i64> {
    let mut gaps: Vec<i64> = times.iter().zip(times.iter().skip(1)).map(|(a, b)| b.saturating_sub(*a)).collect();
    let middle = gaps.len().checked_sub(1)? / 2;
    Some(*gaps.select_nth_unstable(middle).1)
}
