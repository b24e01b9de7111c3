//! Measurements as bytes: what was written, read back.

use std::io::{self, Read};

/// The next byte, which tells what follows.
pub(super) fn kind(from: &mut impl Read) -> io::Result<u8> {
    let mut byte = [0];
    from.read_exact(&mut byte)?;
    let [kind] = byte;
    Ok(kind)
}

/// The next numbers.
pub(super) fn numbers<const N: usize>(from: &mut impl Read) -> io::Result<[f64; N]> {
    let mut numbers = [0.0; N];
    for number in &mut numbers {
        let mut bytes = [0; 8];
        from.read_exact(&mut bytes)?;
        *number = f64::from_le_bytes(bytes);
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
