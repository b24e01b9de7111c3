//! An audit whose lines are chained by hashes, so that a changed, added or removed line shows where it was.
//!
//! `audit.jsonl` has one JSON object a line, `{"chain":"<64 hex>","entry":…}`. `chain` is the SHA-256 of the whole
//! previous line (without its newline; nothing before the first line), a newline, and the rest of this line: its
//! bytes from `"entry"` to the closing brace. No JSON has to be normalised to check it:
//!
//! ```text
//! chain(k) = sha256( line(k-1) ‖ "\n" ‖ line(k)[76..] )
//! ```
//!
//! The chain shows edits by anyone who does not also rewrite every later line, and the operator's manifest holds the
//! digest of the file. Against someone who rewrites both, and against lines cut off at the end, keep the
//! head of the chain elsewhere.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::digest::{HashedFile, hex};
use super::error::{ProductError, io_error};

/// What stands before the hash in every line.
const BEFORE: &[u8] = b"{\"chain\":\"";
/// What stands between the hash and the rest of every line.
const AFTER: &[u8] = b"\",";
/// Digits of a hash.
const HASH: usize = 64;

/// Writes the chained audit; from [`super::Staging::audit`].
#[derive(Debug)]
pub struct Audit {
    file: HashedFile,
    previous: Vec<u8>,
    chain: Chain,
}

/// How far a chain goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    /// Its lines.
    pub lines: u64,
    /// The `chain` of its last line; empty without lines.
    pub head: String,
}

impl Audit {
    /// Begins an audit in a file that is not there yet.
    pub(super) fn create(path: &Path) -> Result<Self, ProductError> {
        Ok(Self { file: HashedFile::create(path)?, previous: Vec::new(), chain: Chain::default() })
    }

    /// Appends an entry.
    ///
    /// # Errors
    /// An entry that JSON cannot hold, or a disk that is full.
    pub fn record(&mut self, entry: &impl Serialize) -> Result<(), ProductError> {
        let entry = serde_json::to_string(entry).map_err(|source| ProductError::Json {
            path: self.file.path().to_owned(),
            doing: "write an entry as JSON",
            source,
        })?;
        let rest = format!("\"entry\":{entry}}}");
        let head = link(&self.previous, rest.as_bytes());
        self.previous = [BEFORE, head.as_bytes(), AFTER, rest.as_bytes()].concat();
        self.file.append(&self.previous)?;
        self.file.append(b"\n")?;
        self.chain = Chain { lines: self.chain.lines + 1, head };
        Ok(())
    }

    /// Closes the audit; it is on disk when this returns.
    ///
    /// # Errors
    /// A disk that is full.
    pub fn finish(self) -> Result<Chain, ProductError> {
        self.file.finish()?;
        Ok(self.chain)
    }
}

/// Checks every line of an audit.
///
/// # Errors
/// The first line that is not what was written, or a file that cannot be read.
pub fn verify_chain(path: &Path) -> Result<Chain, ProductError> {
    let reading = "read the audit";
    let mut file = BufReader::new(File::open(path).map_err(io_error(path, reading))?);
    let (mut previous, mut line, mut chain) = (Vec::new(), Vec::new(), Chain::default());
    while file.read_until(b'\n', &mut line).map_err(io_error(path, reading))? > 0 {
        let number = chain.lines + 1;
        let wrong = |found: &str, wanted: &str| ProductError::Chain {
            path: path.to_owned(),
            line: number,
            found: found.to_owned(),
            wanted: wanted.to_owned(),
        };
        if line.pop() != Some(b'\n') {
            return Err(wrong("a line without its end", "a newline: the audit is cut short"));
        }
        let (written, rest) =
            parts(&line).ok_or_else(|| wrong("another form", "`{\"chain\":\"<64 hex>\",\"entry\":…}`"))?;
        let head = link(&previous, rest);
        if written != head.as_bytes() {
            let written = String::from_utf8_lossy(written);
            return Err(wrong(
                &format!("chain `{written}`"),
                &format!("`{head}`: this line or the one before was changed"),
            ));
        }
        chain = Chain { lines: number, head };
        std::mem::swap(&mut previous, &mut line);
        line.clear();
    }
    Ok(chain)
}

/// The hash of a line, and the rest of it.
fn parts(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (hash, rest) = line.strip_prefix(BEFORE)?.split_at_checked(HASH)?;
    Some((hash, rest.strip_prefix(AFTER)?))
}

/// The `chain` of a line.
fn link(previous: &[u8], rest: &[u8]) -> String {
    hex(Sha256::new().chain_update(previous).chain_update(b"\n").chain_update(rest))
}
