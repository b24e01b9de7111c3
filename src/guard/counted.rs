//! What a row says of its track's detections, how many and when the last one was, against those that its partner may have.
//!
//! A track has no more of them than there are from the scan on in which it began, all tracks of one time have no more than
//! there are, none has fewer than before, and the last one was made when some detection was: the time of a scan and, in 32
//! bits, the seconds from there. Before the scan in which it began a track has none, and says when the one was made that
//! began it.

use super::evidence::Sight;
use super::table::Row;
use crate::time::{micros, seconds_between};
use std::collections::{BTreeMap, BTreeSet};

/// What rows said so far, and what they may say.
#[derive(Debug)]
pub(super) struct Counted {
    /// The scans by their times, and how many detections there are before each.
    scans: Vec<(i64, u64)>,
    all: u64,
    /// Every time of a detection that a row may show, with that of its scan, and the classes of those made then.
    told: BTreeMap<(i64, i64), BTreeSet<u32>>,
    /// What the last row said of each track.
    tracks: BTreeMap<u64, (u64, i64)>,
    /// What all rows of one time said.
    now: (i64, u64),
}

/// A time as a row shows it.
#[expect(clippy::cast_possible_truncation, reason = "as tracks have it")]
fn told_us(scan_us: i64, time_us: i64) -> i64 {
    scan_us.saturating_add(micros(f64::from(seconds_between(scan_us, time_us) as f32)).unwrap_or(0))
}

impl Counted {
    pub(super) fn new(sight: &Sight) -> Self {
        let (mut scans, mut all, mut told) = (Vec::new(), 0, BTreeMap::<_, BTreeSet<u32>>::new());
        for (scan_us, rows) in sight.scans_until(i64::MAX).collect::<Vec<_>>().into_iter().rev() {
            scans.push((scan_us, all));
            all += rows.len() as u64;
            for row in rows {
                told.entry((told_us(scan_us, row.time_us), scan_us)).or_default().insert(row.class);
            }
        }
        Self { scans, all, told, tracks: BTreeMap::new(), now: (i64::MIN, 0) }
    }

    /// The classes of the detections that were made at a time, as a row shows it, in scans not after another one.
    pub(super) fn made(&self, time_us: i64, until_us: i64) -> impl Iterator<Item = u32> {
        self.told.range((time_us, i64::MIN)..=(time_us, until_us)).flat_map(|(_, classes)| classes.iter().copied())
    }

    /// What is wrong with a row of a track whose first detection, in a scan at `born_us`, was made at `first_us`: found
    /// and wanted.
    pub(super) fn complaint(&mut self, row: &Row, born_us: i64, first_us: i64) -> Option<(String, String)> {
        let (known, known_us) = self.tracks.get(&row.track).copied().unwrap_or((0, told_us(born_us, first_us)));
        if let Some(found) = row.detections {
            let before = |scan: usize| self.scans.get(scan).map_or(self.all, |(_, before)| *before);
            let until = before(self.scans.partition_point(|(scan_us, _)| *scan_us <= row.time_us));
            let born = usize::try_from(row.track >> 32).map_or(until, before);
            self.now = (row.time_us, if self.now.0 == row.time_us { self.now.1 } else { 0 } + found);
            let most = until.saturating_sub(born);
            if found < known || found > most {
                return Some((format!("{found} detections"), format!("{known} to {most}")));
            }
            if self.now.1 > until {
                let (found, wanted) = (format!("{} detections of all tracks", self.now.1), format!("at most {until}"));
                return Some((found, wanted));
            }
        }
        if born_us > row.time_us {
            // Before it the one that began the track stands for its last one.
            let found_us = row.last_us.filter(|found_us| *found_us != known_us)?;
            return Some((format!("last detection at {found_us}"), format!("{known_us}, which began the track later")));
        }
        if let Some(found_us) = row.last_us
            && (self.made(found_us, row.time_us).next().is_none() || found_us < known_us)
        {
            let wanted = format!("when one was made that the partner may have, not before {known_us}");
            return Some((format!("last detection at {found_us}"), wanted));
        }
        let told = (row.detections.unwrap_or(known), row.last_us.unwrap_or(known_us));
        self.tracks.insert(row.track, told);
        None
    }
}
