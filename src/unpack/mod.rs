//! Files packed by gzip or zstd, unpacked as they are read: which it is, the first octets say.

#[cfg(feature = "parquet")]
pub(crate) mod gzip; // gzip (RFC 1952)
#[cfg(not(feature = "parquet"))]
#[path = "no_gzip.rs"]
pub(crate) mod gzip; // an error in its place

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek};

use gzip::Gunzip;

/// What a file in zstd begins with.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// A file being read, unpacked where it is packed.
pub(crate) struct Unpacked(Box<dyn Read + Send + Sync>);

impl fmt::Debug for Unpacked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unpacked")
    }
}

impl Unpacked {
    /// Reads a file from where it is.
    pub(crate) fn of(mut file: File) -> io::Result<Self> {
        let (start, mut head) = (file.stream_position()?, Vec::new());
        Read::by_ref(&mut file).take(4).read_to_end(&mut head)?;
        file.seek(io::SeekFrom::Start(start))?;
        Ok(Self(if gzip::begins(&head) {
            Box::new(Gunzip::new(file))
        } else if head == ZSTD {
            unpacked(file)?
        } else {
            Box::new(file)
        }))
    }
}

impl Read for Unpacked {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

/// A file in zstd.
#[cfg(feature = "parquet")]
fn unpacked(file: File) -> io::Result<Box<dyn Read + Send + Sync>> {
    Ok(Box::new(zstd::Decoder::new(file)?))
}

#[cfg(not(feature = "parquet"))]
fn unpacked(_file: File) -> io::Result<Box<dyn Read + Send + Sync>> {
    Err(not_built("zstd"))
}

/// That this program unpacks nothing.
#[cfg(not(feature = "parquet"))]
fn not_built(found: &str) -> io::Error {
    let wanted = "a file that is not packed: this program was built without trackweave's feature `parquet`";
    io::Error::new(io::ErrorKind::Unsupported, format!("found {found}, wanted {wanted}"))
}
