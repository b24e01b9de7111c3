//! The digest of the detections that a lane was given.
//!
//! It stands in the manifests of the lane's partners, so it is made from what they may have alone, after delay, coarsening
//! and omission, in the order of time, whatever the recording's format and order, its batches and the rows between them;
//! detections of one time are in the order of what follows sensor, number by number, and then of their sensors' names. Sensors are
//! numbered as they turn up among these rows: no name goes in. For every detection, little endian: time in microseconds
//! (i64), sensor (u32), tile (3 × i32), offset (3 × f32), measured axes (u32), standard deviations (3 × f32), range (f32),
//! whether the range is slant (u8), 1 and the range rate with its standard deviation if there is one, 2 and the velocity if there
//! is one, else 0 (u8, 2 or 8 × f32). Where addresses are fused, also the bytes of the address, their number first (u32), none
//! where none is given; detections of one sensor that are equal but for it are in the order of these bytes.

use crate::digest::hex;
use crate::fusion::config::Config;
use crate::ingest::Catalogue;
use crate::scan::Row;
use crate::sensor::Measurement;
use crate::space::Place;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes that are hashed together.
const BLOCK: usize = 1 << 14;

/// Rows of one time with their addresses, of which more may come, in an order that only they decide.
#[derive(Debug)]
pub(super) struct Held {
    /// The place of every sensor in the order of names.
    ranks: Arc<[usize]>,
    rows: Vec<(Row, Arc<str>)>,
    /// The number of the next row that comes out.
    next: u64,
}

impl Held {
    /// None yet.
    pub(super) fn new(ranks: Arc<[usize]>) -> Self {
        Self { ranks, rows: Vec::new(), next: 0 }
    }

    /// Whether no more will come, since one of this time does.
    pub(super) fn are_all(&self, next_us: i64) -> bool {
        self.rows.first().is_some_and(|(first, _)| first.time_us != next_us)
    }

    /// Takes in one more; none is earlier than the one before.
    pub(super) fn push(&mut self, row: Row, identity: Option<&Arc<str>>) {
        self.rows.push((row, identity.map_or_else(Arc::default, Arc::clone)));
    }

    /// All of them, numbered on from those before.
    pub(super) fn numbered(&mut self) -> impl Iterator<Item = (Row, Arc<str>)> + use<'_> {
        let rank = |row: &Row| self.ranks.get(row.sensor);
        self.rows.sort_by(|(a, x), (b, y)| {
            let by_sensor = || rank(a).cmp(&rank(b));
            a.compare_measured(b).then_with(by_sensor).then_with(|| x.cmp(y)).then_with(|| a.source.cmp(&b.source))
        });
        let numbers = self.next..;
        self.next += self.rows.len() as u64;
        self.rows.drain(..).zip(numbers).map(|((row, identity), number)| (Row { number, ..row }, identity))
    }
}

/// Detections, as a lane takes them.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    rows: u64,
    sensors: BTreeMap<usize, u32>,
    /// Whether addresses are fused.
    identities: bool,
    bytes: Vec<u8>,
    hash: Sha256,
}

/// The place of every sensor of a catalogue in the order of names: their order in the file is nothing that a partner has.
pub(super) fn ranks(catalogue: &Catalogue) -> Arc<[usize]> {
    let mut by_name: Vec<usize> = (0..catalogue.sensors.len()).collect();
    by_name.sort_by_key(|sensor| catalogue.sensors.get(*sensor).map(|sensor| &sensor.name));
    let mut ranks: Vec<(usize, usize)> = by_name.into_iter().zip(0..).collect();
    ranks.sort_unstable();
    ranks.into_iter().map(|(_, rank)| rank).collect()
}

impl Taken {
    /// None yet.
    pub(crate) fn new(config: &Config) -> Self {
        Self { identities: config.identity.is_some(), ..Self::default() }
    }

    /// Takes in one more, in the order of those that were [`Held`].
    pub(crate) fn push(&mut self, row: &Row, identity: &str) {
        let next = u32::try_from(self.sensors.len()).unwrap_or(u32::MAX);
        let sensor = *self.sensors.entry(row.sensor).or_insert(next);
        let Place { tile, offset_m } = row.place;
        // The axes follow from the sensor's place and the detection's.
        let Measurement { axes: _, coarse_m2: _, curved: _, sigma_m, rows, range_m, slant, range_rate_m_s, velocity } =
            row.measurement;
        let bytes = &mut self.bytes;
        let reals = |bytes: &mut Vec<u8>, reals: &[f32]| {
            bytes.extend(reals.iter().flat_map(|real| real.to_bits().to_le_bytes()));
        };
        bytes.extend(row.time_us.to_le_bytes());
        bytes.extend(sensor.to_le_bytes());
        bytes.extend(tile.iter().flat_map(|tile| tile.to_le_bytes()));
        reals(bytes, &offset_m);
        bytes.extend(rows.to_le_bytes());
        reals(bytes, &sigma_m);
        reals(bytes, &[range_m]);
        // No kind of sensor measures both.
        bytes.extend([u8::from(slant), u8::from(range_rate_m_s.is_some()) + 2 * u8::from(velocity.is_some())]);
        reals(bytes, range_rate_m_s.as_ref().map_or(&[], |rate| rate));
        if let Some(velocity) = velocity {
            reals(bytes, &velocity.numbers());
        }
        if self.identities {
            bytes.extend(u32::try_from(identity.len()).unwrap_or(u32::MAX).to_le_bytes());
            bytes.extend(identity.as_bytes());
        }
        self.rows += 1;
        if self.bytes.len() >= BLOCK {
            self.hash.update(&self.bytes);
            self.bytes.clear();
        }
    }

    /// How many there were, and their digest.
    pub(crate) fn finish(mut self) -> (u64, String) {
        self.hash.update(&self.bytes);
        (self.rows, hex(&self.hash.finalize()))
    }
}
