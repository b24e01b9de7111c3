//! The digest of what a pass over detections gave.
//!
//! All that anything downstream uses of a row goes in: time, sensor, measurement before conversion, marking, whether
//! the target sent an address, and which where addresses are kept. Rows are hashed on every core, in blocks of a fixed size, and the digests of the blocks
//! in their order.

use std::fmt;
use std::sync::Arc;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::rows::{Keeps, Kept, Row};
use super::table::Table;
use crate::digest::hex;
use crate::sensor::Reading;

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
    pub(super) fn take<F: Sync>(&mut self, table: &Table, rows: &[Result<Row, F>], keeps: Keeps) {
        self.blocks(rows, |at, row, bytes| {
            let Ok(row) = row else { return };
            let [label, identity] =
                [&table.label, &table.identity].map(|texts| texts.as_ref().and_then(|texts| texts.get(at)));
            let (label, identity) = (label.unwrap_or_default(), identity.unwrap_or_default());
            put((row.time_us, row.sensor, &row.reading), (label, !identity.is_empty()), bytes);
            if keeps.identities {
                put_text(identity, bytes);
            }
        });
        self.rows += rows.iter().filter(|row| row.is_ok()).count() as u64;
    }

    /// Takes in rows that were kept.
    pub(super) fn take_kept(&mut self, rows: &[Kept], labels: &[String], identities: Option<&[Arc<str>]>) {
        self.blocks(rows, |_, row, bytes| {
            let label = labels.get(row.label as usize).map_or("", String::as_str);
            put((row.time_us, row.sensor, &row.reading), (label, row.address != 0), bytes);
            if let Some(identities) = identities {
                put_text(identities.get(row.identity as usize).map_or("", AsRef::as_ref), bytes);
            }
        });
        self.rows += rows.len() as u64;
    }

    fn blocks<T: Sync>(&mut self, rows: &[T], put: impl Fn(usize, &T, &mut Vec<u8>) + Sync) {
        let blocks = rows.par_chunks(BLOCK).enumerate().map(|(block, rows)| {
            let mut bytes = Vec::with_capacity(rows.len() * 96);
            for (row, at) in rows.iter().zip(block * BLOCK..) {
                put(at, row, &mut bytes);
            }
            <[u8; 32]>::from(Sha256::digest(&bytes))
        });
        for digest in blocks.collect::<Vec<_>>() {
            self.hash.update(digest);
        }
    }

    /// So far.
    pub(super) fn pass(&self) -> Pass {
        Pass { rows: self.rows, sha256: self.hash.clone().finalize().into() }
    }
}

fn put((time_us, sensor, reading): (i64, u32, &Reading), (label, identified): (&str, bool), bytes: &mut Vec<u8>) {
    bytes.extend(time_us.to_le_bytes());
    bytes.extend(sensor.to_le_bytes());
    reading.put(bytes);
    put_text(label, bytes);
    bytes.push(u8::from(identified));
}

fn put_text(text: &str, bytes: &mut Vec<u8>) {
    bytes.extend((text.len() as u64).to_le_bytes());
    bytes.extend(text.as_bytes());
}
