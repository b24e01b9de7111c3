//! The tracks of one lane after each of its waves, on disk: written in the order of time, read in any.
//!
//! The file has no name, so that whatever ends the program ends it, too.

use crate::fusion::batch::Estimate;
use crate::fusion::credit::{time_us, words};
use rayon::prelude::*;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

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

/// Words of one, as the machine has them: no other reads the file.
const WORDS: usize = Estimate::WORDS + 2;
/// Tracks of a task.
const TASK: usize = 1024;

/// Waves on disk, each with all tracks that the filter kept.
#[derive(Debug)]
pub struct History {
    file: File,
    times_us: Vec<i64>,
    /// Where the tracks of each wave begin, and where the last ones end, bytes.
    places: Vec<u64>,
}

impl History {
    /// Empty, in a folder.
    ///
    /// # Errors
    /// If no file can be made there.
    pub fn create(folder: &Path) -> io::Result<Self> {
        Ok(Self { file: tempfile::tempfile_in(folder)?, times_us: Vec::new(), places: vec![0] })
    }

    /// Times of the waves, microseconds, in the order in which they were pushed.
    #[must_use]
    pub fn times_us(&self) -> &[i64] {
        &self.times_us
    }

    /// Bytes on disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.places.last().copied().unwrap_or(0)
    }

    /// Appends a wave.
    ///
    /// # Errors
    /// If the disk refuses.
    pub fn push(&mut self, time_us: i64, tracks: &[Known]) -> io::Result<()> {
        let mut all = vec![0u32; WORDS * tracks.len()];
        all.par_chunks_mut(WORDS).zip(tracks).with_min_len(TASK).for_each(|(own, Known { estimate, known_us })| {
            let mut own = own.iter_mut();
            let mut put = |word: u32| own.next().into_iter().for_each(|place| *place = word);
            estimate.put(&mut put);
            words(*known_us).into_iter().for_each(put);
        });
        let (begin, bytes) = (self.bytes(), bytemuck::cast_slice(&all));
        self.file.seek(SeekFrom::Start(begin))?;
        self.file.write_all(bytes)?;
        self.times_us.push(time_us);
        self.places.push(begin + bytes.len() as u64);
        Ok(())
    }

    /// The tracks of a wave.
    ///
    /// # Errors
    /// If there is no such wave, or it cannot be read.
    pub fn wave(&mut self, number: usize) -> io::Result<Vec<Known>> {
        let Some(&[begin, end]) = self.places.get(number..).and_then(|places| places.first_chunk()) else {
            return Err(io::Error::other(format!("wave {number} of {}", self.times_us.len())));
        };
        self.file.seek(SeekFrom::Start(begin))?;
        let length = usize::try_from((end - begin) / 4).map_err(io::Error::other)?;
        let mut all = vec![0u32; length];
        self.file.read_exact(bytemuck::cast_slice_mut(&mut all))?;
        let known = |own: &[u32]| {
            let mut own = own.iter().copied();
            let mut word = || own.next().ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof));
            Ok(Known { estimate: Estimate::take(&mut word)?, known_us: time_us([word()?, word()?]) })
        };
        all.par_chunks(WORDS).with_min_len(TASK).map(known).collect()
    }
}
