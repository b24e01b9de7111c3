//! The detections that a partner may have had fused, as its levels give them, and their digest, once more from
//! docs/pictures.md.

use super::evidence::{Recording, Sight};
use super::folder::hex;
use super::measured::given;
use super::rules::Book;
use crate::space::Place;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What a manifest says of the detections.
#[derive(Debug, Serialize)]
pub(super) struct Given {
    pub(super) rows: u64,
    sha256: String,
}

/// The digest of what one partner's picture may be from.
pub(super) fn digest(recording: &Recording, book: &Book, sight: &Sight) -> Given {
    let frame = recording.catalogue.frame;
    let (mut hash, mut rows, mut numbers) = (Sha256::new(), 0, BTreeMap::new());
    for &at in &sight.rows {
        let Some((row, reading)) = recording.rows.get(at).zip(recording.readings.get(at)) else { continue };
        let Some(level) = sight.level(row, book) else { continue };
        let sensor = recording.catalogue.sensors.get(row.sensor as usize);
        let Some((metres, m)) = sensor.and_then(|sensor| given(*reading, sensor, (frame, row.time_us), &level.demands))
        else {
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
        let rates = match (m.range_rate_m_s, m.velocity) {
            (Some(rate), _) => (1, rate.to_vec()),
            (None, Some(of)) => (2, [&of.turn[..], &of.rates_m_s, &of.sigma_m_s].concat()),
            (None, None) => (0, Vec::new()),
        };
        hash.update([u8::from(m.slant), rates.0]);
        hash.update(reals(&rates.1));
        if let Some(identity) = recording.identity(at, &level.demands) {
            hash.update(u32::try_from(identity.len()).unwrap_or(u32::MAX).to_le_bytes());
            hash.update(identity.as_bytes());
        }
        rows += 1;
    }
    Given { rows, sha256: hex(&hash.finalize()) }
}
