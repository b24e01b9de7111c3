//! The detections that a partner may have had fused, as its levels give them, and their digest, once more from
//! docs/pictures.md.

use super::cells::cell;
use super::evidence::{Recording, Sight};
use super::folder::hex;
use super::rules::{Book, Demands};
use crate::sensor::{Kind, Measurement, Reading, Sensor};
use crate::space::{Frame, Geodetic, Place};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What a manifest says of the detections.
#[derive(Debug, Serialize)]
pub(super) struct Given {
    rows: u64,
    sha256: String,
}

/// The digest of what one partner's picture may be from.
pub(super) fn digest(recording: &Recording, book: &Book, sight: &Sight) -> Given {
    let frame = recording.catalogue.frame;
    let (mut hash, mut rows, mut numbers) = (Sha256::new(), 0, BTreeMap::new());
    for (row, reading) in recording.rows.iter().zip(&recording.readings) {
        let level = sight.fused.get(&row.class).and_then(|(rank, ..)| book.fuse.get(*rank));
        let Some(level) = level.filter(|level| row.due(&level.demands, book.as_of_us)) else { continue };
        let sensor = recording.catalogue.sensors.get(row.sensor as usize);
        let Some((metres, m)) = sensor.and_then(|sensor| given(*reading, sensor, frame, &level.demands)) else {
            continue;
        };
        let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        let number = *numbers.entry(row.sensor).or_insert(next);
        let Place { tile, offset_m: [x, y, z] } = Place::from_metres(metres);
        let [a, b, c] = m.sigma_m;
        let reals = |reals: &[f32]| reals.iter().flat_map(|real| real.to_le_bytes()).collect::<Vec<u8>>();
        hash.update(row.time_us.to_le_bytes());
        hash.update(number.to_le_bytes());
        hash.update(tile.map(i32::to_le_bytes).concat());
        hash.update(reals(&[x, y, z]));
        hash.update(m.rows.to_le_bytes());
        hash.update(reals(&[a, b, c, m.range_m]));
        hash.update([u8::from(m.slant), u8::from(m.range_rate_m_s.is_some())]);
        hash.update(reals(m.range_rate_m_s.as_ref().map_or(&[], |rate| rate)));
        rows += 1;
    }
    Given { rows, sha256: hex(&hash.finalize()) }
}

/// A measurement as a level gives it (docs/policy.md): parts left out, then at the centre of its cell with the variance of
/// the cell added, a radar's the greatest along all its axes.
fn given(reading: Reading, sensor: &Sensor, frame: Frame, demands: &Demands) -> Option<([f64; 3], Measurement)> {
    let omits = |part: &str| demands.omit.contains(part);
    let reading = if omits("range_rate") { reading.without_range_rate() } else { reading };
    let reading = if omits("height") { reading.without_height() } else { reading };
    let (metres, measurement) = reading.in_metres(sensor, frame)?;
    let Some(coarsen_m) = demands.coarsen_m else { return Some((metres, measurement)) };
    let (centre, variance_m2) = match frame {
        Frame::Local => {
            let cell = cell(frame, metres, coarsen_m);
            (cell.centre, cell.variance_m2)
        }
        Frame::Geodetic => {
            let at = Geodetic::from_ecef(metres);
            let cell = cell(frame, [at.latitude_deg, at.longitude_deg, at.altitude_m], coarsen_m);
            let [latitude_deg, longitude_deg, altitude_m] = cell.centre;
            (Geodetic { latitude_deg, longitude_deg, altitude_m }.ecef(), cell.variance_m2)
        }
    };
    let (_, mut measurement) = reading.at(centre, sensor, frame).in_metres(sensor, frame)?;
    let greatest = variance_m2.into_iter().fold(0.0, f64::max);
    let axes = usize::try_from(measurement.rows).unwrap_or(0);
    for (sigma_m, variance_m2) in measurement.sigma_m.iter_mut().zip(variance_m2).take(axes) {
        let added_m2 = if sensor.kind == Kind::Position { variance_m2 } else { greatest };
        *sigma_m = narrow(f64::from(*sigma_m).hypot(added_m2.sqrt()));
    }
    Some((centre, measurement))
}

#[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
fn narrow(value: f64) -> f32 {
    value as f32
}
