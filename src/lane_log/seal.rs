//! What stands behind the entries of a file: the SHA-256 of every block of its bytes, and that of these digests.

use super::format::not;
use sha2::{Digest, Sha256};
use std::io::{self, Read, Write};

/// Bytes of a block; the last one may have fewer.
const BLOCK: u64 = 1 << 16;
/// Bytes of a digest.
const SIZE: usize = 32;
const DIGEST: u64 = SIZE as u64;

/// Digests of blocks, as their bytes come.
#[derive(Debug, Default)]
pub(super) struct Seal {
    digests: Vec<u8>,
    block: Sha256,
    /// Bytes in it.
    filled: u64,
}

impl Write for Seal {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = usize::try_from(BLOCK - self.filled).unwrap_or(usize::MAX);
        let taken = bytes.get(..room).unwrap_or(bytes);
        self.block.update(taken);
        self.filled += taken.len() as u64;
        if self.filled == BLOCK {
            self.close();
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seal {
    fn close(&mut self) {
        self.digests.extend(self.block.finalize_reset());
        self.filled = 0;
    }

    /// What stands behind all bytes that came.
    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.filled > 0 {
            self.close();
        }
        let last = Sha256::digest(&self.digests);
        self.digests.extend(last);
        self.digests
    }
}

/// Of a file of so many bytes, those before its seal; `None` of one that is too short to have one.
pub(super) fn body(length: u64) -> Option<u64> {
    let blocks = length.checked_sub(DIGEST)?.div_ceil(BLOCK + DIGEST);
    length.checked_sub(DIGEST * (blocks + 1))
}

/// Reads a file of so many bytes before its seal, and fails unless that fits; says which bytes do not, where one place alone is
/// other than it was written.
pub(super) fn check(file: &mut impl Read, body: u64) -> io::Result<()> {
    let mut seal = Seal::default();
    io::copy(&mut file.take(body), &mut seal)?;
    let (wanted, mut found) = (seal.finish(), Vec::new());
    file.read_to_end(&mut found)?;
    if found == wanted {
        return Ok(());
    }
    let place = wanted.chunks(SIZE).zip(found.chunks(SIZE)).position(|(wanted, found)| wanted != found);
    let place = place.unwrap_or_default() as u64;
    let blocks = (wanted.len() as u64 / DIGEST).saturating_sub(1);
    let (digests, last) = found.split_at_checked(found.len().saturating_sub(SIZE)).unwrap_or_default();
    let is_sealed = *last == *Sha256::digest(digests);
    let is_of_wanted = wanted.ends_with(last);
    let (from, to) = match (is_sealed, is_of_wanted) {
        (true, _) => (BLOCK * place, body.min(BLOCK * (place + 1))),
        (false, true) => (body + DIGEST * place, body + DIGEST * (place + 1)),
        (false, false) if place == blocks => (body + DIGEST * blocks, body + DIGEST * (blocks + 1)),
        (false, false) => return Err(not("other bytes than its digests say: it is cut, or changed in several places")),
    };
    Err(not(format!("other bytes than its digests say, in bytes {from} to {}", to.saturating_sub(1))))
}
