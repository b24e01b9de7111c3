//! A part of a stream at a time, in memory of fixed size.

use std::io::{self, Read};

/// How much of a stream is in memory.
const SIZE: usize = 1 << 20;

/// A window that moves over a stream.
#[derive(Debug)]
pub(super) struct Window<R> {
    source: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Octets of the stream before `start`.
    offset: u64,
    done: bool,
}

impl<R: Read> Window<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, buffer: vec![0; SIZE], start: 0, end: 0, offset: 0, done: false }
    }

    /// Moves what is left to the front and reads until the window is full or the stream ends.
    pub(super) fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        while !self.done && self.end < self.buffer.len() {
            match self.source.read(self.buffer.get_mut(self.end..).unwrap_or_default()) {
                Ok(0) => self.done = true,
                Ok(more) => self.end += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// What is read and not consumed.
    pub(super) fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Where in the stream that begins.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether nothing comes behind it.
    pub(super) fn is_last(&self) -> bool {
        self.done
    }

    /// Goes on behind so many octets.
    pub(super) fn consume(&mut self, octets: usize) {
        let octets = octets.min(self.end - self.start);
        self.start += octets;
        self.offset += octets as u64;
    }
}
