//! What a wave leaves behind, lane by lane: the tracks after it, and the detections that they took.
//!
//! A track is in the log of a wave if it exists after it with at least the probability that [`Logging`] asks for. One that
//! is in the log of a lane's wave and not in that of the next has ended, or has become less likely than that.
//!
//! A detection is in the log with every track that was there before the wave and made it with at least the probability
//! that makes its source a contributor, whatever became of the track then; and with the logged track that it begins, to
//! which it is counted if [`Estimate::detections`] says so. Tracks are named by their births, wherever they lie.

use super::arrays::Hypothesis;
use super::config::{Existence, Probability};
use super::estimate::{Estimate, LaneTracks};

/// What of every wave is logged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Logging {
    /// Tracks that exist with less than this probability after a wave are not in its log.
    pub existence_min: Probability,
}

/// A lane after a wave in which it had a scan.
#[derive(Clone, Debug, PartialEq)]
pub struct WaveLog {
    /// The lane.
    pub lane: usize,
    /// Time of the scan, microseconds.
    pub time_us: i64,
    /// The tracks after the wave, at that time, in the order of their births.
    pub tracks: Vec<Estimate>,
    /// The detections that tracks took, by the tracks' births, then in the order in which they were given.
    pub taken: Vec<Taken>,
}

/// A detection that a track took.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Taken {
    /// Scan within the lane and detection within the scan of the track's birth.
    pub born: [u32; 2],
    /// Place of the detection in the lane's scan as it was given.
    pub detection: u32,
    /// Probability that the track exists and made the detection; of a track that it begins, that the track exists.
    pub weight: f32,
}

/// The scan of a lane in a wave.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanned {
    /// The lane.
    pub(super) lane: usize,
    /// Its time, microseconds.
    pub(super) time_us: i64,
    /// Number of the scan in its lane.
    pub(super) number: u32,
}

impl Taken {
    /// That a track takes the detection of a hypothesis, which lies there in its scan; `None` where it is too unlikely.
    #[inline]
    pub(super) fn of(born: [u32; 2], edge: Hypothesis, detection: u32, existence: &Existence) -> Option<Self> {
        let Hypothesis { weight, .. } = edge;
        (weight > 0.0 && weight >= existence.contributor.get()).then_some(Self { born, detection, weight })
    }
}

impl Logging {
    /// The log of a lane's scan: its tracks after it, and what those before it took.
    pub(super) fn log(self, scan: Scanned, mut taken: Vec<Taken>, tracks: &LaneTracks<'_>) -> WaveLog {
        let Scanned { lane, time_us, number } = scan;
        let tracks = tracks.estimates(self.existence_min.get());
        let begun = tracks.iter().filter(|track| track.born[0] == number);
        taken.extend(begun.map(|track| Taken { born: track.born, detection: track.born[1], weight: track.existence }));
        taken.sort_unstable_by_key(|taken| (taken.born, taken.detection));
        WaveLog { lane, time_us, tracks, taken }
    }
}
