//! Measurements as bytes: what was written, read back.

use crate::files::array;
use std::io::{self, Read};

/// The next byte, which tells what follows.
pub(super) fn kind(from: &mut impl Read) -> io::Result<u8> {
    array(from).map(|[kind]| kind)
}

/// The next numbers.
pub(super) fn numbers<const N: usize>(from: &mut impl Read) -> io::Result<[f64; N]> {
    let mut numbers = [0.0; N];
    for number in &mut numbers {
        *number = f64::from_le_bytes(array(from)?);
    }
    Ok(numbers)
}

/// Bytes that nobody wrote.
pub(super) fn unknown(kind: u8) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("found a measurement of kind {kind}, wanted one that was written"),
    )
}
