//! A file to entries.

use super::error::{LaneLogError, failed};
use super::format::{Entry, Head, not};
use super::seal;
use crate::files;
use crate::fusion::batch::{Answer, Estimate, Taken};
use crate::fusion::credit::Accounts;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

/// A wave of a log: its time in microseconds, the tracks after it, and the detections that they took.
pub type Wave = (i64, Vec<Estimate>, Vec<Taken>);

/// A file that was checked from its head to its last byte.
#[derive(Debug)]
pub struct Reader {
    path: PathBuf,
    head: Head,
    file: BufReader<io::Take<File>>,
}

impl Reader {
    /// Opens a file, and reads it whole first: entries of what no lane can hold are not handed over.
    ///
    /// # Errors
    /// If it cannot be read, or is damaged.
    pub fn open(path: &Path) -> Result<Self, LaneLogError> {
        Self::opened(path, |_| true)
    }

    /// The same of a file of the lane that was given what has this digest, with reports at `times_us` and no others.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_at(path: &Path, digest: &str, mut times_us: impl Iterator<Item = i64>) -> Result<Self, LaneLogError> {
        let reader = Self::opened(path, |time_us| times_us.next() == time_us)?;
        if reader.head.digest == digest {
            return Ok(reader);
        }
        Err(LaneLogError::Damaged { path: path.to_owned(), found: format!("the lane {}", reader.head.digest) })
    }

    fn opened(path: &Path, are_at: impl FnMut(Option<i64>) -> bool) -> Result<Self, LaneLogError> {
        Self::checked(path, are_at).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
                LaneLogError::Damaged { path: path.to_owned(), found: error.to_string() }
            }
            _ => failed(path, "read the lane")(error),
        })
    }

    /// Opens a file whose reports `are_at` the times that they are to be at.
    pub(super) fn checked(path: &Path, are_at: impl FnMut(Option<i64>) -> bool) -> io::Result<Self> {
        let mut file = files::open(path)?;
        let Some(body) = seal::body(file.metadata()?.len()) else { return Err(not("too few bytes")) };
        seal::check(&mut file, body)?;
        let begin = || {
            let mut file = file.try_clone()?;
            file.rewind()?;
            let mut file = BufReader::new(file.take(body));
            Ok::<_, io::Error>(Self { path: path.to_owned(), head: Head::read(&mut file)?, file })
        };
        begin()?.check(are_at)?;
        begin()
    }

    /// Reads all entries, which must be what a lane can hold.
    fn check(mut self, mut are_at: impl FnMut(Option<i64>) -> bool) -> io::Result<()> {
        let (mut last_us, mut wave_us) = (i64::MIN, i64::MIN);
        loop {
            match Entry::read(&mut self.file)? {
                Entry::Report { time_us, tracks } => {
                    if !are_at(Some(time_us)) {
                        return Err(not(format!("a report at {time_us} us, which nobody asked for")));
                    }
                    are_tracks((&tracks, time_us >= wave_us && time_us >= last_us))?;
                    last_us = time_us;
                }
                Entry::Wave { time_us, tracks, taken } => {
                    let least = self.head.log.as_ref().map(|log| log.existence_min.get());
                    let are_logged = least.is_some_and(|least| tracks.iter().all(|track| track.existence >= least));
                    let is_in_order = time_us >= wave_us && time_us >= last_us;
                    are_tracks((&tracks, are_logged && is_in_order && are_taken(&taken)))?;
                    wave_us = time_us;
                }
                Entry::End(_) => break,
            }
        }
        if !are_at(None) {
            return Err(not("fewer reports than were asked for"));
        }
        if self.file.fill_buf()?.is_empty() { Ok(()) } else { Err(not("bytes behind its last entry")) }
    }

    /// What the file says of itself.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// The next entry; the last one says what became of the lane's detections.
    ///
    /// # Errors
    /// If the file cannot be read, or has no more.
    pub fn entry(&mut self) -> Result<Entry, LaneLogError> {
        Entry::read(&mut self.file).map_err(failed(&self.path, "read the next entry"))
    }

    /// The next wave; passes over reports. `None` behind the last one.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub fn wave(&mut self) -> Result<Option<Wave>, LaneLogError> {
        loop {
            match self.entry()? {
                Entry::Wave { time_us, tracks, taken } => return Ok(Some((time_us, tracks, taken))),
                Entry::Report { .. } => {}
                Entry::End(_) => return Ok(None),
            }
        }
    }

    /// Writes all entries that are left, as they are.
    pub(super) fn copy(&mut self, to: &mut impl io::Write) -> io::Result<u64> {
        io::copy(&mut self.file, to)
    }

    /// The next report, of `lane` at `time_us`; passes over waves.
    ///
    /// # Errors
    /// If the file cannot be read, or holds another report.
    pub fn report(&mut self, lane: usize, time_us: i64) -> Result<Answer, LaneLogError> {
        let found = loop {
            match self.entry()? {
                Entry::Wave { .. } => {}
                Entry::Report { time_us: found_us, tracks } if found_us == time_us => {
                    return Ok(Answer { lane, time_us, estimates: tracks });
                }
                Entry::Report { time_us, .. } => break format!("found a report at {time_us}"),
                Entry::End(_) => break "found its end".to_owned(),
            }
        };
        Err(failed(&self.path, "read a report")(not(format!("{found}, wanted one at {time_us}"))))
    }

    /// What became of the lane's detections, behind all reports; passes over waves.
    ///
    /// # Errors
    /// If the file cannot be read, or a report was not asked for.
    pub fn finish(mut self) -> Result<Accounts, LaneLogError> {
        loop {
            match self.entry()? {
                Entry::Wave { .. } => {}
                Entry::End(accounts) => return Ok(accounts),
                Entry::Report { time_us, .. } => {
                    let found = not(format!("found a report at {time_us}, wanted the end"));
                    return Err(failed(&self.path, "read what became of detections")(found));
                }
            }
        }
    }
}

/// Fails unless an entry is of tracks as fusion gives them, and `is_sound` otherwise.
fn are_tracks((tracks, is_sound): (&[Estimate], bool)) -> io::Result<()> {
    let is_track = |Estimate { existence, state, belief, models, .. }: &Estimate| {
        let probabilities = [existence, &belief.probability].into_iter().chain(models);
        probabilities.into_iter().all(|p| (0.0..=1.0).contains(p))
            && state.mean.iter().chain(&state.covariance).all(|number| number.is_finite())
    };
    let are_in_order = tracks.is_sorted_by(|a, b| a.born < b.born);
    if is_sound && are_in_order && tracks.iter().all(is_track) { Ok(()) } else { Err(not("an entry that no lane has")) }
}

/// Whether detections are taken as fusion says it.
fn are_taken(taken: &[Taken]) -> bool {
    let is_likely = |of: &Taken| of.weight > 0.0 && of.weight.is_finite();
    taken.is_sorted_by(|a, b| (a.born, a.detection) < (b.born, b.detection)) && taken.iter().all(is_likely)
}
