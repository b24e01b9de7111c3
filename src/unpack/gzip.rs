//! Files in gzip, unpacked as they are read (RFC 1952).

use std::io::{self, Read};

use miniz_oxide::inflate::stream::{InflateState, inflate};
use miniz_oxide::{DataFormat, MZError, MZFlush, MZStatus};

/// How much packed is in memory.
const INPUT: usize = 1 << 16;

/// Whether octets begin a file in gzip.
pub(crate) fn begins(octets: &[u8]) -> bool {
    octets.starts_with(&[0x1f, 0x8b, 8])
}

/// A stream of one or more members.
pub(crate) struct Gunzip<R> {
    source: R,
    input: Vec<u8>,
    at: usize,
    end: usize,
    state: Box<InflateState>,
    /// Whether the octets of a member come next, and not a head.
    within: bool,
    /// Of the member so far.
    check: u32,
    size: u32,
}

fn wrong(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl<R: Read> Gunzip<R> {
    pub(crate) fn new(source: R) -> Self {
        let state = InflateState::new_boxed(DataFormat::Raw);
        Self { source, input: vec![0; INPUT], at: 0, end: 0, state, within: false, check: !0, size: 0 }
    }

    /// Reads more where nothing is left; false at the end.
    fn fill(&mut self) -> io::Result<bool> {
        while self.at == self.end {
            match self.source.read(&mut self.input) {
                Ok(0) => return Ok(false),
                Ok(more) => (self.at, self.end) = (0, more),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    fn octet(&mut self) -> io::Result<u8> {
        if !self.fill()? {
            return Err(wrong("a gzip file that is cut off"));
        }
        self.at += 1;
        self.input.get(self.at - 1).copied().ok_or_else(|| wrong("a gzip file that is cut off"))
    }

    fn skip_text(&mut self) -> io::Result<()> {
        while self.octet()? != 0 {}
        Ok(())
    }

    /// Reads the head of a member; false where no member follows.
    fn head(&mut self) -> io::Result<bool> {
        if !self.fill()? {
            return Ok(false);
        }
        let mut head = [0; 10];
        for octet in &mut head {
            *octet = self.octet()?;
        }
        let [0x1f, 0x8b, 8, flags, ..] = head else { return Err(wrong("octets behind a gzip file that are no gzip")) };
        if flags & 4 != 0 {
            let length = u16::from_le_bytes([self.octet()?, self.octet()?]);
            for _ in 0..length {
                self.octet()?;
            }
        }
        if flags & 8 != 0 {
            self.skip_text()?;
        }
        if flags & 16 != 0 {
            self.skip_text()?;
        }
        if flags & 2 != 0 {
            self.octet()?;
            self.octet()?;
        }
        self.state.reset(DataFormat::Raw);
        (self.within, self.check, self.size) = (true, !0, 0);
        Ok(true)
    }

    /// Reads what stands behind a member: its check and its size.
    fn tail(&mut self) -> io::Result<()> {
        let mut word = || -> io::Result<u32> {
            Ok(u32::from_le_bytes([self.octet()?, self.octet()?, self.octet()?, self.octet()?]))
        };
        let (check, size) = (word()?, word()?);
        self.within = false;
        if check == !self.check && size == self.size {
            Ok(())
        } else {
            Err(wrong("a gzip file whose checksum does not hold"))
        }
    }
}

/// Remainders of the check of RFC 1952 for one octet, reversed x³² + x²⁶ + … = 0xedb88320.
#[expect(clippy::indexing_slicing, reason = "below 256, when it is compiled")]
const fn remainders() -> [u32; 256] {
    let mut table = [0; 256];
    let mut octet: u32 = 0;
    while octet < 256 {
        let mut rest = octet;
        let mut bit = 0;
        while bit < 8 {
            rest = if rest & 1 == 1 { (rest >> 1) ^ 0xedb8_8320 } else { rest >> 1 };
            bit += 1;
        }
        table[octet as usize] = rest;
        octet += 1;
    }
    table
}

static REMAINDERS: [u32; 256] = remainders();

/// Takes octets into that check.
fn checked(check: u32, octets: &[u8]) -> u32 {
    octets.iter().fold(check, |check, octet| {
        let place = check.to_le_bytes().first().map_or(0, |low| usize::from(low ^ octet));
        (check >> 8) ^ REMAINDERS.get(place).copied().unwrap_or(0)
    })
}

impl<R: Read> Read for Gunzip<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.within && !self.head()? {
                return Ok(0);
            }
            let more = self.fill()?;
            let input = self.input.get(self.at..self.end).unwrap_or_default();
            let done = inflate(&mut self.state, input, into, MZFlush::None);
            self.at += done.bytes_consumed;
            let written = into.get(..done.bytes_written).unwrap_or_default();
            self.check = checked(self.check, written);
            self.size = self.size.wrapping_add(u32::try_from(written.len()).unwrap_or(0));
            // No progress is no error where input or room was wanting.
            let stuck = done.bytes_consumed == 0 && done.bytes_written == 0;
            match done.status {
                Ok(MZStatus::StreamEnd) => self.tail()?,
                Ok(_) | Err(MZError::Buf) if !stuck => {}
                _ if more => return Err(wrong("a gzip file that is damaged")),
                _ => return Err(wrong("a gzip file that is cut off")),
            }
            if done.bytes_written > 0 {
                return Ok(done.bytes_written);
            }
        }
    }
}
