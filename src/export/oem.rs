//! CCSDS Orbit Ephemeris Message 2.0 (CCSDS 502.0-B), as keywords and values: a segment a track.
//!
//! Places and velocities are those of the rotating Earth, in kilometres and kilometres a second; WGS 84 is ITRF to a few
//! centimetres. A state wants a velocity: rows without one are left out, and a comment says how many. Covariances are left
//! out: the picture has none between places and velocities, and a matrix here has to be whole. `CREATION_DATE` is the last
//! time of the picture: equal pictures give equal bytes.

use std::io::Write;

use super::ExportError;
use super::source::{Row, Source};
use crate::product::NewFile;
use crate::space::Geodetic;
use crate::time::format_timestamp;

/// Writes the file.
pub(super) fn write(source: &Source<'_>, out: &mut NewFile) -> Result<(), ExportError> {
    let last = source.times()?.last().copied().unwrap_or(0);
    writeln!(out, "CCSDS_OEM_VERS = 2.0\nCREATION_DATE = {}\nORIGINATOR = TRACKWEAVE", epoch(last))?;
    source.by_track(|rows| segment(rows, out))
}

fn segment(rows: &[Row], out: &mut NewFile) -> Result<(), ExportError> {
    let states: Vec<(i64, [f64; 6])> = rows.iter().filter_map(|row| Some((row.time_us, state(row)?))).collect();
    let (Some((first, _)), Some((last, _)), Some(row)) = (states.first(), states.last(), rows.first()) else {
        return Ok(());
    };
    let (first, last, track) = (epoch(*first), epoch(*last), row.track);
    writeln!(out, "\nMETA_START\nOBJECT_NAME = {track}\nOBJECT_ID = {track}")?;
    writeln!(out, "CENTER_NAME = EARTH\nREF_FRAME = ITRF2000\nTIME_SYSTEM = UTC")?;
    writeln!(out, "START_TIME = {first}\nSTOP_TIME = {last}\nMETA_STOP")?;
    match rows.len() - states.len() {
        0 => {}
        without => writeln!(out, "COMMENT {without} states without a velocity are left out")?,
    }
    for (time_us, [x, y, z, vx, vy, vz]) in states {
        writeln!(out, "{} {x:.6} {y:.6} {z:.6} {vx:.9} {vy:.9} {vz:.9}", epoch(time_us))?;
    }
    Ok(())
}

/// Place and velocity in kilometres.
fn state(row: &Row) -> Option<[f64; 6]> {
    let [latitude_deg, longitude_deg, altitude_m] = row.position;
    let at = Geodetic { latitude_deg, longitude_deg, altitude_m };
    let ([x, y, z], [east, north, up]) = (at.ecef(), at.enu_axes());
    let [ve, vn, vu] = row.velocity?.map(f64::from);
    let along = |(e, (n, u)): (f64, (f64, f64))| e * ve + n * vn + u * vu;
    let [vx, vy, vz] = core::array::from_fn(|k| {
        let part = |axis: [f64; 3]| axis.get(k).copied().unwrap_or(0.0);
        along((part(east), (part(north), part(up))))
    });
    Some([x, y, z, vx, vy, vz].map(|metres| metres / 1000.0))
}

/// A time without its zone, which `TIME_SYSTEM` says.
fn epoch(time_us: i64) -> String {
    format_timestamp(time_us).trim_end_matches('Z').to_owned()
}
