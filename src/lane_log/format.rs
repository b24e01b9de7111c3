//! Heads and entries as bytes.

use crate::files::array;
use crate::fusion::batch::{Estimate, Taken};
use crate::fusion::config::Probability;
use crate::fusion::credit::Accounts;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io::{self, Read, Write};

/// What every file begins with.
pub const MAGIC: [u8; 18] = *b"trackweave lane 7\n";
/// Bytes of a head at most.
const HEAD_MOST: u32 = 1 << 20;

/// What an entry begins with.
const END: u8 = 0;
const REPORT: u8 = 1;
const WAVE: u8 = 2;

/// What a file says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// The digest of all that went into the lane.
    pub digest: String,
    /// What a log says besides; `None` of a file that has reports alone.
    pub log: Option<Made>,
}

/// What a log was made from, and how much of it is there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// Number of the lane among those of its run.
    pub lane: usize,
    /// Tracks that existed with less than this probability after a wave are not in its entry.
    pub existence_min: Probability,
    /// What the run was made from, and what fused it, by name.
    pub from: BTreeMap<String, String>,
}

/// What lies behind a head.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// The tracks that the lane reported at a time, microseconds.
    Report {
        /// When.
        time_us: i64,
        /// The tracks, in the order of their births.
        tracks: Vec<Estimate>,
    },
    /// The tracks after a wave, and what they took: [`crate::fusion::batch::WaveLog`].
    Wave {
        /// Time of the lane's scan.
        time_us: i64,
        /// The tracks, in the order of their births.
        tracks: Vec<Estimate>,
        /// The detections that they took.
        taken: Vec<Taken>,
    },
    /// What became of the lane's detections: the last entry.
    End(Accounts),
}

/// What is not a file of a lane.
pub(super) fn not(what: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.into())
}

impl Head {
    pub(super) fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let text = serde_json::to_vec(self).map_err(io::Error::other)?;
        let length = u32::try_from(text.len()).ok().filter(|length| *length <= HEAD_MOST);
        to.write_all(&MAGIC)?;
        to.write_all(&length.ok_or_else(|| not("a head that is too long"))?.to_le_bytes())?;
        to.write_all(&text)
    }

    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        if array(from)? != MAGIC {
            return Err(not("no lane, or one of another version of the program"));
        }
        let length = u32::from_le_bytes(array(from)?);
        if length > HEAD_MOST {
            return Err(not(format!("a head of {length} bytes")));
        }
        let mut text = Vec::new();
        from.take(length.into()).read_to_end(&mut text)?;
        serde_json::from_slice(&text).map_err(|error| not(format!("a head that is none: {error}")))
    }
}

impl Entry {
    pub(super) fn write_report(to: &mut impl Write, time_us: i64, tracks: &[Estimate]) -> io::Result<()> {
        to.write_all(&[REPORT])?;
        to.write_all(&time_us.to_le_bytes())?;
        write_tracks(to, tracks)
    }

    pub(super) fn write_wave(
        to: &mut impl Write,
        time_us: i64,
        (tracks, taken): (&[Estimate], &[Taken]),
    ) -> io::Result<()> {
        to.write_all(&[WAVE])?;
        to.write_all(&time_us.to_le_bytes())?;
        write_tracks(to, tracks)?;
        to.write_all(&(taken.len() as u64).to_le_bytes())?;
        taken.iter().try_for_each(|Taken { born: [scan, begun_by], detection, weight }| {
            let words = [*scan, *begun_by, *detection, weight.to_bits()];
            words.into_iter().try_for_each(|word| to.write_all(&word.to_le_bytes()))
        })
    }

    pub(super) fn write_end(to: &mut impl Write, accounts: Accounts) -> io::Result<()> {
        to.write_all(&[END])?;
        accounts.words().into_iter().try_for_each(|word| to.write_all(&word.to_le_bytes()))
    }

    pub(super) fn read(from: &mut impl Read) -> io::Result<Self> {
        let [kind] = array(from)?;
        Ok(match kind {
            REPORT => Self::Report { time_us: long(from)?.cast_signed(), tracks: read_tracks(from)? },
            WAVE => {
                let (time_us, tracks) = (long(from)?.cast_signed(), read_tracks(from)?);
                Self::Wave { time_us, tracks, taken: read_taken(from)? }
            }
            END => Self::End(Accounts::of([long(from)?, long(from)?, long(from)?, long(from)?])),
            other => return Err(not(format!("an entry of kind {other}"))),
        })
    }
}

fn write_tracks(to: &mut impl Write, tracks: &[Estimate]) -> io::Result<()> {
    to.write_all(&(tracks.len() as u64).to_le_bytes())?;
    let mut bytes = Vec::with_capacity(4 * Estimate::WORDS);
    tracks.iter().try_for_each(|track| {
        bytes.clear();
        track.put(&mut |word| bytes.extend(word.to_le_bytes()));
        to.write_all(&bytes)
    })
}

fn read_tracks(from: &mut impl Read) -> io::Result<Vec<Estimate>> {
    // As many as are there, whatever is said: nothing is made room for before it is read.
    (0..long(from)?).map(|_| Estimate::take(&mut || word(from))).collect()
}

fn read_taken(from: &mut impl Read) -> io::Result<Vec<Taken>> {
    let count = long(from)?;
    let one = |_| {
        let born = [word(from)?, word(from)?];
        Ok::<_, io::Error>(Taken { born, detection: word(from)?, weight: f32::from_bits(word(from)?) })
    };
    (0..count).map(one).collect()
}

fn word(from: &mut impl Read) -> io::Result<u32> {
    array(from).map(u32::from_le_bytes)
}

fn long(from: &mut impl Read) -> io::Result<u64> {
    array(from).map(u64::from_le_bytes)
}
