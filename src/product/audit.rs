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
//! Over the entries there is a Merkle tree (`merkle`), so that one decision can be shown to be in the
//! log without showing the others. Length, head and root stand in the manifest of the folder, which a seal covers: lines
//! cut off at the end, and a chain rewritten from some line on, show there.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::digest::{HashedFile, hex, hex_of};
use super::error::{ProductError, io_error};
use super::manifest::FileEntry;
use super::merkle::Merkle;

/// The name of the audit in every folder.
pub(super) const AUDIT: &str = "audit.jsonl";
/// What stands before the hash in every line.
const BEFORE: &[u8] = b"{\"chain\":\"";
/// What stands between the hash and the rest of every line.
const AFTER: &[u8] = b"\",";
/// What stands between the rest and its entry.
const ENTRY: &[u8] = b"\"entry\":";
/// Digits of a hash.
const HASH: usize = 64;

/// Writes a chained audit; the operator's is from [`super::Staging::audit`].
#[derive(Debug)]
pub struct Audit {
    file: HashedFile,
    links: Links,
}

/// How far a chain goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// Its lines.
    pub lines: u64,
    /// The `chain` of its last line; empty without lines.
    pub head: String,
    /// The root of the Merkle tree over its entries.
    pub root: String,
}

/// A chain as it grows, whether it is written or read.
#[derive(Debug, Default)]
struct Links {
    lines: u64,
    head: String,
    previous: Vec<u8>,
    merkle: Merkle,
}

impl Links {
    /// The `chain` of the next line, `rest` being what follows it.
    fn next(&self, rest: &[u8]) -> String {
        hex(Sha256::new().chain_update(&self.previous).chain_update(b"\n").chain_update(rest))
    }

    /// Takes in a line with its parts.
    fn add(&mut self, line: Vec<u8>, head: String, entry: &[u8]) {
        self.lines += 1;
        self.head = head;
        self.merkle.push(entry);
        self.previous = line;
    }

    fn chain(&self) -> Chain {
        Chain { lines: self.lines, head: self.head.clone(), root: hex_of(&self.merkle.root()) }
    }
}

impl Audit {
    /// Begins an audit in a file that is not there yet.
    pub(super) fn create(path: &Path) -> Result<Self, ProductError> {
        Ok(Self { file: HashedFile::create(path)?, links: Links::default() })
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
        let rest = [ENTRY, entry.as_bytes(), b"}"].concat();
        let head = self.links.next(&rest);
        let line = [BEFORE, head.as_bytes(), AFTER, &rest].concat();
        self.file.append(&line)?;
        self.file.append(b"\n")?;
        self.links.add(line, head, entry.as_bytes());
        Ok(())
    }

    /// Closes the audit; it is on disk when this returns.
    ///
    /// # Errors
    /// A disk that is full.
    pub fn finish(self) -> Result<Chain, ProductError> {
        self.close().map(|(chain, _)| chain)
    }

    /// Closes the audit; the chain, and what is known of the file.
    pub(super) fn close(self) -> Result<(Chain, FileEntry), ProductError> {
        Ok((self.links.chain(), self.file.finish()?))
    }
}

/// Checks every line of an audit.
///
/// # Errors
/// The first line that is not what was written, or a file that cannot be read.
pub fn verify_chain(path: &Path) -> Result<Chain, ProductError> {
    let reading = "read the audit";
    let mut file = BufReader::new(File::open(path).map_err(io_error(path, reading))?);
    let (mut line, mut links) = (Vec::new(), Links::default());
    while file.read_until(b'\n', &mut line).map_err(io_error(path, reading))? > 0 {
        let wrong = |found: &str, wanted: &str| ProductError::Chain {
            path: path.to_owned(),
            line: links.lines + 1,
            found: found.to_owned(),
            wanted: wanted.to_owned(),
        };
        if line.pop() != Some(b'\n') {
            return Err(wrong("a line without its end", "a newline: the audit is cut short"));
        }
        let (written, rest, entry) =
            parts(&line).ok_or_else(|| wrong("another form", "`{\"chain\":\"<64 hex>\",\"entry\":…}`"))?;
        let head = links.next(rest);
        if written != head.as_bytes() {
            let written = String::from_utf8_lossy(written);
            return Err(wrong(
                &format!("chain `{written}`"),
                &format!("`{head}`: this line or the one before was changed"),
            ));
        }
        let entry = entry.to_vec();
        links.add(std::mem::take(&mut line), head, &entry);
    }
    Ok(links.chain())
}

/// The hash of a line, the rest of it, and the entry in the rest.
fn parts(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (hash, rest) = line.strip_prefix(BEFORE)?.split_at_checked(HASH)?;
    let rest = rest.strip_prefix(AFTER)?;
    Some((hash, rest, rest.strip_prefix(ENTRY)?.strip_suffix(b"}")?))
}
