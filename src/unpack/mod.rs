//! Files packed by gzip or zstd, unpacked as they are read: which it is, the first octets say.

pub(crate) mod gzip;

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
            Box::new(zstd::Decoder::new(file)?)
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
