//! Entries to a file.

use super::error::{LaneLogError, failed};
use super::format::{Entry, Head};
use super::reader::Reader;
use super::seal::Seal;
use crate::fusion::batch::{Answer, WaveLog};
use crate::fusion::credit::Accounts;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use tempfile::NamedTempFile;

/// A lane that is being written: its file is not there before [`Self::finish`].
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    file: Sealed,
}

/// A file, with the digests of what was written to it.
#[derive(Debug)]
struct Sealed {
    file: BufWriter<NamedTempFile>,
    seal: Seal,
}

impl Write for Sealed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.seal.write_all(bytes.get(..written).unwrap_or_default())?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Writer {
    /// Begins a file that will have its place at `path`.
    pub(super) fn new(path: PathBuf, file: NamedTempFile, head: &Head) -> Result<Self, LaneLogError> {
        let mut writer = Self { path, file: Sealed { file: BufWriter::new(file), seal: Seal::default() } };
        writer.append(|to| head.write(to))?;
        Ok(writer)
    }

    fn append(&mut self, write: impl FnOnce(&mut Sealed) -> io::Result<()>) -> Result<(), LaneLogError> {
        write(&mut self.file).map_err(failed(&self.path, "write the file"))
    }

    /// Appends a report.
    ///
    /// # Errors
    /// A disk that is full.
    pub fn report(&mut self, answer: &Answer) -> Result<(), LaneLogError> {
        self.append(|to| Entry::write_report(to, answer.time_us, &answer.estimates))
    }

    /// Appends a wave.
    ///
    /// # Errors
    /// A disk that is full.
    pub fn wave(&mut self, log: &WaveLog) -> Result<(), LaneLogError> {
        self.append(|to| Entry::write_wave(to, log.time_us, (&log.tracks, &log.taken)))
    }

    /// Puts the file in its place, with what became of the lane's detections.
    ///
    /// # Errors
    /// A disk that is full.
    pub fn finish(mut self, accounts: Accounts) -> Result<(), LaneLogError> {
        self.append(|to| Entry::write_end(to, accounts))?;
        self.close()
    }

    /// Puts the file in its place, with all entries of another one, whose head alone was read.
    pub(super) fn copy(mut self, from: &mut Reader) -> Result<(), LaneLogError> {
        self.append(|to| from.copy(to).map(drop))?;
        self.close()
    }

    fn close(self) -> Result<(), LaneLogError> {
        let Self { path, file: Sealed { mut file, seal } } = self;
        let finish = || {
            file.write_all(&seal.finish())?;
            let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)
        };
        finish().map(drop).map_err(failed(&path, "write the file"))
    }
}
