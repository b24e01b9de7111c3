//! What scores are made from: true states of objects, and rows of a picture, both in metres.

use super::sequence::{TrackPoint, TruthPoint};

/// A true state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TruthState {
    /// When, microseconds.
    pub time_us: i64,
    /// The object.
    pub object: u32,
    /// Its position.
    pub position_m: [f64; 3],
    /// Its velocity, where truth has it.
    pub velocity_m_s: Option<[f64; 3]>,
}

impl From<TruthPoint> for TruthState {
    fn from(TruthPoint { time_us, object, position_m }: TruthPoint) -> Self {
        Self { time_us, object, position_m, velocity_m_s: None }
    }
}

/// A row of a picture; what it does not have is `None`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackState {
    /// Time of the report, microseconds.
    pub time_us: i64,
    /// The track.
    pub track: u64,
    /// Its position.
    pub position_m: [f64; 3],
    /// Its velocity.
    pub velocity_m_s: Option<[f64; 3]>,
    /// The covariance of its position.
    pub covariance_m2: Option<[[f64; 3]; 3]>,
    /// Whether it is confirmed.
    pub confirmed: bool,
    /// When its last detection was made.
    pub last_detection_us: Option<i64>,
}

impl From<TrackPoint> for TrackState {
    fn from(TrackPoint { time_us, track, position_m }: TrackPoint) -> Self {
        let (velocity_m_s, covariance_m2, last_detection_us) = (None, None, None);
        Self { time_us, track, position_m, velocity_m_s, covariance_m2, confirmed: true, last_detection_us }
    }
}

/// An object at the time of a scan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct There {
    /// The object.
    pub(super) object: u32,
    /// Its number in the order in which objects turn up.
    pub(super) index: usize,
    /// Where it is.
    pub(super) position_m: [f64; 3],
    /// How it moves, where truth says so.
    pub(super) velocity_m_s: Option<[f64; 3]>,
}
