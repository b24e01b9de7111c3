//! Tracks as a program wants them: along x, y, z, or in degrees and along east, north, up.

use super::time::{Scale, Time};
use crate::space::{Frame, Geodetic};
use crate::waves::TrackAt;
use std::sync::Arc;

/// A track at a time.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Track {
    /// Its number, which stays as long as it lives, and is no other track's later.
    pub id: u64,
    /// When this is known of it.
    pub time: Time,
    /// Probability that there is such an object.
    pub existence: f64,
    /// Whether it is confirmed: its existence has come above the configuration's `confirm`, and not below half of it since.
    pub confirmed: bool,
    /// Position in metres: x, y, z, or on Earth that of WGS 84 (Earth-centred, Earth-fixed).
    pub position_m: [f64; 3],
    /// The same as latitude, longitude and altitude, on Earth.
    pub geodetic: Option<Geodetic>,
    /// Velocity along x, y, z, or on Earth along east, north, up; metres a second.
    pub velocity_m_s: [f64; 3],
    /// Covariance of position and velocity along the axes of the velocity: metres, metres a second.
    pub covariance: [[f64; 6]; 6],
    /// The owners of the sensors whose detections it was made of, in alphabetical order.
    pub sources: Vec<Arc<str>>,
    /// How many detections are counted to it.
    pub detections: u64,
    /// When the last of these was made.
    pub last_detection: Time,
    /// The address that it is taken to send, where one is more likely its than not.
    pub identity: Option<Arc<str>>,
    /// Whether detections after `time` made it better.
    pub smoothed: bool,
}

impl Track {
    /// Degrees north, on Earth.
    #[must_use]
    pub fn latitude_deg(&self) -> Option<f64> {
        self.geodetic.map(|place| place.latitude_deg)
    }

    /// Degrees east, on Earth.
    #[must_use]
    pub fn longitude_deg(&self) -> Option<f64> {
        self.geodetic.map(|place| place.longitude_deg)
    }

    /// What a run has of a track at a time; `owners` are the lane's sources, by number.
    pub(super) fn of(track: &TrackAt, (frame, scale): (Frame, Scale), owners: &[Arc<str>]) -> Self {
        let estimate = &track.estimate;
        let position_m = estimate.position_m();
        let geodetic = (frame == Frame::Geodetic).then(|| Geodetic::from_ecef(position_m));
        let axes = geodetic.map_or([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], |place| place.enu_axes());
        let holds =
            |source: usize| estimate.sources.get(source / 32).is_some_and(|word| word >> (source % 32) & 1 == 1);
        let sources = owners.iter().enumerate().filter(|(source, _)| holds(*source));
        Self {
            id: estimate.number(),
            time: scale.time(track.time_us),
            existence: f64::from(estimate.existence),
            confirmed: estimate.confirmed,
            position_m,
            geodetic,
            velocity_m_s: axes.map(|axis| dot(axis, estimate.velocity_m_s())),
            covariance: turned(axes, &estimate.covariance()),
            sources: sources.map(|(_, owner)| Arc::clone(owner)).collect(),
            detections: u64::from(estimate.detections),
            last_detection: scale.time(estimate.last_detection_us),
            identity: track.identity.clone(),
            smoothed: track.smoothed,
        }
    }
}

fn dot([a, b, c]: [f64; 3], [x, y, z]: [f64; 3]) -> f64 {
    a * x + b * y + c * z
}

/// A P Aᵀ of both halves of a symmetric state; the rows of A are the axes.
pub(super) fn turned(axes: [[f64; 3]; 3], p: &[[f64; 6]; 6]) -> [[f64; 6]; 6] {
    let along = |[a, b, c, d, e, f]: [f64; 6]| {
        let [x, y, z] = axes.map(|axis| dot(axis, [a, b, c]));
        let [u, v, w] = axes.map(|axis| dot(axis, [d, e, f]));
        [x, y, z, u, v, w]
    };
    // P Aᵀ, whose columns are then turned like its rows.
    let half = p.map(along);
    let column = |k: usize| along(half.map(|row| row.get(k).copied().unwrap_or_default()));
    [column(0), column(1), column(2), column(3), column(4), column(5)]
}
