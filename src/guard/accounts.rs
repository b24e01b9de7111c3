//! What a manifest says became of the partner's detections, against their number and the rows of its picture.
//!
//! Which detection a filter gave to which track is not known here. But every one is in one account; and what the rows of one
//! time have, each of its own, is in tracks, that of confirmed ones in tracks that were confirmed.

use super::finding::{Beyond, Breaches};
use super::table::Row;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;

/// The accounts, as a manifest has them.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Accounts {
    confirmed: u64,
    unconfirmed: u64,
    none: u64,
    outside_coverage: u64,
}

impl Accounts {
    /// As the manifest at `path` has them; none are zero.
    pub(super) fn told(path: &Path) -> Self {
        let manifest: Option<Value> = std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let accounts = manifest.as_ref().and_then(|manifest| manifest.pointer("/computed_from/accounts"));
        accounts.and_then(|accounts| Self::deserialize(accounts).ok()).unwrap_or_default()
    }

    /// Holds them against the number of detections and the rows of the picture.
    pub(super) fn check(self, given: u64, rows: &[Row], place: &str, breaches: &mut Breaches) {
        let Self { confirmed, unconfirmed, none, outside_coverage } = self;
        let in_tracks = confirmed.saturating_add(unconfirmed);
        let sum = in_tracks.saturating_add(none).saturating_add(outside_coverage);
        if sum != given {
            breaches.add(Beyond::Accounts, place, format!("{sum} detections"), given.to_string());
        }
        for rows in rows.chunk_by(|a, b| a.time_us == b.time_us) {
            let of = |rows: &mut dyn Iterator<Item = &Row>| rows.filter_map(|row| row.detections).sum::<u64>();
            let all = of(&mut rows.iter());
            let sure = of(&mut rows.iter().filter(|row| row.status == "confirmed"));
            if sure > confirmed || all > in_tracks {
                let found = format!("{confirmed} in confirmed tracks and {unconfirmed} in others");
                breaches.add(
                    Beyond::Accounts,
                    place,
                    found,
                    format!("at least {sure}, and {all} in all, as its rows say"),
                );
            }
        }
    }
}
