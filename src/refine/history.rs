//! The tracks of one lane after each of its waves: written in the order of time, read in any. In memory as far as there is room
//! for them there, else on disk.
//!
//! The file has no name, so that whatever ends the program ends it, too.

use super::wave::{Shapes, Wave};
use crate::fusion::batch::Estimate;
use crate::fusion::past::Trace;
use crate::resident;
use rayon::prelude::*;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// Bytes that are read or written at a time.
const BUFFER: usize = 1 << 20;

/// A track at a wave, and what of the record it rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Known {
    /// The track. Of a smoothed one, sources and address are those of all that it rests on, `detections` and the time of the
    /// last one those of the wave.
    pub estimate: Estimate,
    /// When the last detection was made that it rests on, microseconds.
    pub known_us: i64,
}

impl From<Estimate> for Known {
    /// As it was known at its own time.
    fn from(estimate: Estimate) -> Self {
        Self { estimate, known_us: estimate.last_detection_us }
    }
}

/// What a history may have of memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    most: u64,
}

impl Room {
    /// None: all goes on disk.
    pub const NONE: Self = Self { most: 0 };

    /// As long as the process holds at most so many bytes; none where the system does not say what it holds.
    #[must_use]
    pub const fn within(most: u64) -> Self {
        Self { most }
    }

    fn has(self, bytes: u64) -> bool {
        self != Self::NONE && resident::now().is_some_and(|held| held.saturating_add(bytes) <= self.most)
    }
}

/// Waves, each with all tracks that the filter kept.
#[derive(Debug)]
pub struct History {
    folder: PathBuf,
    pub(super) room: Room,
    /// Made when the first wave finds no room.
    file: Option<File>,
    /// Its length.
    on_disk: u64,
    times_us: Vec<i64>,
    waves: Vec<Kept>,
}

/// A wave, where it is.
#[derive(Debug)]
enum Kept {
    Here(Wave),
    /// From a byte of the file on.
    OnDisk(u64, Shapes),
}

impl History {
    /// Empty; what has no room goes into a folder.
    #[must_use]
    pub fn new(folder: &Path, room: Room) -> Self {
        let folder = folder.to_owned();
        Self { folder, room, file: None, on_disk: 0, times_us: Vec::new(), waves: Vec::new() }
    }

    /// Times of the waves, microseconds, in the order in which they were pushed.
    #[must_use]
    pub fn times_us(&self) -> &[i64] {
        &self.times_us
    }

    /// Bytes in memory, and on disk.
    #[must_use]
    pub fn bytes(&self) -> [u64; 2] {
        let here = |kept: &Kept| if let Kept::Here(wave) = kept { wave.bytes() } else { 0 };
        [self.waves.iter().map(here).sum(), self.on_disk]
    }

    /// Appends a wave.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn push<T: Copy + Into<Known> + Sync>(&mut self, time_us: i64, tracks: &[T]) -> io::Result<()> {
        self.keep(time_us, Wave::of(tracks))
    }

    /// The same, with what is known of the time before the births of some tracks that began in it, in their order.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn push_begun<T: Copy + Into<Known> + Sync>(
        &mut self,
        time_us: i64,
        (tracks, begun): (&[T], &[([u32; 2], Trace)]),
    ) -> io::Result<()> {
        self.keep(time_us, Wave::of(tracks).begun(begun))
    }

    pub(super) fn keep(&mut self, time_us: i64, wave: Wave) -> io::Result<()> {
        let bytes = wave.bytes();
        let kept = if self.room.has(bytes) {
            Kept::Here(wave)
        } else {
            let (begin, file) = (self.on_disk, self.file()?);
            file.seek(SeekFrom::Start(begin))?;
            let mut buffered = BufWriter::with_capacity(BUFFER, file);
            let shapes = wave.write(&mut buffered)?;
            buffered.flush()?;
            drop(buffered);
            self.on_disk += bytes;
            Kept::OnDisk(begin, shapes)
        };
        self.waves.push(kept);
        self.times_us.push(time_us);
        Ok(())
    }

    /// The tracks of a wave.
    ///
    /// # Errors
    /// If there is no such wave, or it cannot be read.
    pub fn tracks(&mut self, number: usize) -> io::Result<Vec<Known>> {
        Ok(self.wave(number)?.tracks())
    }

    /// Where the tracks of a wave were, metres, in the order of their births.
    ///
    /// # Errors
    /// As [`Self::tracks`].
    pub fn places(&mut self, number: usize) -> io::Result<Vec<([u32; 2], [f64; 3])>> {
        let wave = self.wave(number)?;
        let place = |Known { estimate, .. }: Known| (estimate.born, estimate.position_m());
        let of_part = |part: usize| wave.of_parts(part..part + 1).into_iter().map(place);
        Ok((0..wave.parts()).into_par_iter().flat_map_iter(of_part).collect())
    }

    pub(super) fn wave(&mut self, number: usize) -> io::Result<Wave> {
        let Self { file, waves, .. } = self;
        match (waves.get(number), file) {
            (Some(Kept::Here(wave)), _) => Ok(wave.clone()),
            (Some(Kept::OnDisk(begin, shapes)), Some(file)) => {
                file.seek(SeekFrom::Start(*begin))?;
                // No more than the wave: most are far smaller than the buffer.
                Wave::read(&mut BufReader::with_capacity(BUFFER, file.take(shapes.bytes())), shapes)
            }
            _ => Err(io::Error::other(format!("wave {number} of {}", waves.len()))),
        }
    }

    fn file(&mut self) -> io::Result<&mut File> {
        let Self { folder, file, .. } = self;
        match file {
            Some(file) => Ok(file),
            None => Ok(file.insert(tempfile::tempfile_in(folder)?)),
        }
    }
}
