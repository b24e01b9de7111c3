//! Lines of a text file, counted as an editor counts them, and no longer than memory is meant for.
//!
//! A line ends with LF, CR LF or CR; the last one need not end. A byte order mark before the first is no part of it.

use std::io::{self, Read};

/// The longest line.
pub(crate) const LINE_MOST: usize = 1 << 20;
/// The longest text in a cell of a table, in bytes.
pub(crate) const CELL_MOST: usize = 1 << 16;

/// Read at a time.
const CHUNK: usize = 1 << 18;

/// A file being read line by line.
#[derive(Debug)]
pub(crate) struct Lines<R> {
    source: R,
    buffer: Vec<u8>,
    /// What is read and not yet given, in `buffer`.
    start: usize,
    end: usize,
    /// Lines given.
    number: u64,
    /// Whether the last line ended with CR, so that an LF belongs to it.
    after_cr: bool,
}

/// A line, or the beginning of one that is too long.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    /// From 1.
    pub(crate) number: u64,
    pub(crate) bytes: &'a [u8],
    pub(crate) too_long: bool,
}

impl<R: Read> Lines<R> {
    pub(crate) fn new(source: R) -> io::Result<Self> {
        let mut lines = Self { source, buffer: vec![0; CHUNK], start: 0, end: 0, number: 0, after_cr: false };
        while lines.end < 3 && lines.fill()? {}
        if lines.rest().starts_with(b"\xef\xbb\xbf") {
            lines.start = 3;
        }
        Ok(lines)
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// The bytes that the next lines begin with, as far as they are read.
    pub(crate) fn ahead(&self) -> &[u8] {
        self.rest()
    }

    /// The next line without its end; none at the end of the file. After one that is too long nothing is right.
    pub(crate) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        let mut seen = 0;
        loop {
            if self.after_cr && self.start < self.end {
                self.start += usize::from(self.rest().first() == Some(&b'\n'));
                self.after_cr = false;
            }
            let rest = self.rest();
            let unseen = rest.get(seen..).unwrap_or_default();
            let found = unseen.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let ends = found.map(|at| (seen + at, unseen.get(at) == Some(&b'\r')));
            seen = ends.map_or(rest.len(), |(length, _)| length);
            let too_long = seen > LINE_MOST;
            if ends.is_none() && !too_long && self.fill()? {
                continue;
            }
            if ends.is_none() && seen == 0 {
                return Ok(None);
            }
            let from = self.start;
            self.number += 1;
            self.start += seen + usize::from(ends.is_some());
            self.after_cr = ends.is_some_and(|(_, cr)| cr);
            let bytes = self.buffer.get(from..from + seen).unwrap_or_default();
            return Ok(Some(Line { number: self.number, bytes, too_long }));
        }
    }

    /// Reads more; false at the end of the file.
    fn fill(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        if self.buffer.len() < self.end + CHUNK / 2 {
            self.buffer.resize(self.end + CHUNK, 0);
        }
        let more = loop {
            match self.source.read(self.buffer.get_mut(self.end..).unwrap_or_default()) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => break done?,
            }
        };
        self.end += more;
        Ok(more > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives its bytes one at a time, so that every place is the end of a chunk once.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let one = self.0.len().min(1);
            let (first, rest) = self.0.split_at(one);
            into[..one].copy_from_slice(first);
            self.0 = rest;
            Ok(one)
        }
    }

    fn lines(bytes: &[u8]) -> Vec<(u64, String)> {
        let mut lines = Lines::new(Slow(bytes)).expect("lines");
        let mut all = Vec::new();
        while let Some(line) = lines.next().expect("a line") {
            all.push((line.number, String::from_utf8_lossy(line.bytes).into_owned()));
        }
        all
    }

    #[test]
    fn lines_are_counted_as_an_editor_does() {
        let wanted = [(1, "a"), (2, ""), (3, "b"), (4, "c")].map(|(number, text)| (number, text.to_owned()));
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a", "", "b", "c"].join(end);
            assert_eq!(lines(text.as_bytes()), wanted, "{end:?}");
            assert_eq!(lines(format!("\u{feff}{text}{end}").as_bytes()), wanted, "{end:?} at the end, a mark before");
        }
        assert_eq!(lines(b"a\r\n\rb\nc"), wanted);
        assert!(lines(b"").is_empty());
        assert!(lines("\u{feff}".as_bytes()).is_empty());
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_and_said_to_be() {
        for (length, too_long) in [(LINE_MOST, false), (LINE_MOST + 1, true), (3 * LINE_MOST, true)] {
            let text = [vec![b'x'; length], b"\nb".to_vec()].concat();
            let mut lines = Lines::new(text.as_slice()).expect("lines");
            let line = lines.next().expect("a line").expect("a line");
            assert_eq!((line.number, line.too_long), (1, too_long), "{length} bytes");
        }
    }
}
