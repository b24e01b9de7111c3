//! Where a sensor stands.

use super::{HEIGHT_M, Kind};
use crate::space::{Frame, Geodetic};

/// A site in engine coordinates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site {
    pub(super) frame: Frame,
    pub(super) metres: [f64; 3],
    /// East, north, up, as rows in engine coordinates.
    pub(super) enu: [[f64; 3]; 3],
    /// Height (local) or altitude (geodetic).
    pub(super) height_m: f64,
    /// Lowest and highest height of what is seen from it.
    pub(super) heights_m: [f64; 2],
}

impl Site {
    pub(super) fn new(frame: Frame, metres: [f64; 3], enu: [[f64; 3]; 3]) -> Self {
        let height_m = match frame {
            Frame::Local => metres[2],
            Frame::Geodetic => Geodetic::from_ecef(metres).altitude_m,
        };
        Self { frame, metres, enu, height_m, heights_m: [0.0, HEIGHT_M] }
    }

    /// The same of a sensor that sees other heights.
    pub(super) fn seeing(self, heights_m: [f64; 2]) -> Self {
        Self { heights_m, ..self }
    }
}

impl Kind {
    /// A radar of a geodetic recording.
    #[must_use]
    pub fn radar_at(site: Geodetic) -> Self {
        Self::Radar { site_m: site.ecef(), enu: site.enu_axes() }
    }

    /// A radar of a local recording, at x, y, z in metres.
    #[must_use]
    pub fn radar_at_m(site_m: [f64; 3]) -> Self {
        Self::Radar { site_m, enu: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]] }
    }

    /// Where it stands; `None` of one that stands nowhere.
    #[must_use]
    pub const fn site_m(&self) -> Option<[f64; 3]> {
        match self {
            Self::Radar { site_m, .. } => Some(*site_m),
            Self::Position => None,
        }
    }
}
