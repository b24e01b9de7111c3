//! The digest of what a pass over detections gave.
//!
//! All that anything downstream uses of a row goes in: time, sensor, measurement before conversion, marking, whether
//! the target sent an address. Rows are hashed on every core, in blocks of a fixed size, and the digests of the blocks
//! in their order.

use std::fmt;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::rows::Row;
use super::table::Table;
use crate::digest::hex;

/// Rows that are hashed together.
const BLOCK: usize = 4096;

/// How many detections a pass gave, and a digest of them. It depends on how they were cut into batches: only passes with
/// equal options are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pass {
    /// How many.
    pub rows: u64,
    /// SHA-256 over them.
    pub sha256: [u8; 32],
}

impl fmt::Display for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows with digest {}", self.rows, hex(&self.sha256))
    }
}

/// A pass that is being made.
#[derive(Debug, Default)]
pub(super) struct Passing {
    rows: u64,
    hash: Sha256,
}

impl Passing {
    /// Takes in the rows of a table that became detections.
    pub(super) fn take<F: Sync>(&mut self, table: &Table, rows: &[Result<Row, F>]) {
        let blocks = rows.par_chunks(BLOCK).enumerate().map(|(block, rows)| {
            let mut bytes = Vec::with_capacity(rows.len() * 96);
            for (row, at) in rows.iter().zip(block * BLOCK..) {
                if let Ok(row) = row {
                    put(row, table, at, &mut bytes);
                }
            }
            <[u8; 32]>::from(Sha256::digest(&bytes))
        });
        for digest in blocks.collect::<Vec<_>>() {
            self.hash.update(digest);
        }
        self.rows += rows.iter().filter(|row| row.is_ok()).count() as u64;
    }

    /// So far.
    pub(super) fn pass(&self) -> Pass {
        Pass { rows: self.rows, sha256: self.hash.clone().finalize().into() }
    }
}

fn put(row: &Row, table: &Table, at: usize, bytes: &mut Vec<u8>) {
    bytes.extend(row.time_us.to_le_bytes());
    bytes.extend(row.sensor.to_le_bytes());
    row.reading.put(bytes);
    let label = table.label.as_ref().and_then(|label| label.get(at)).unwrap_or_default();
    bytes.extend((label.len() as u64).to_le_bytes());
    bytes.extend(label.as_bytes());
    bytes.push(u8::from(table.identified(at)));
}
