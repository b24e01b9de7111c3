//! A lane before its first scan.

use super::config::Births;
use super::undetected::Undetected;
use crate::scan;
use crate::space::Frame;

/// One independent fusion problem.
#[derive(Clone, Debug)]
pub struct LaneSetup {
    /// Whether up is away from the Earth's centre (ECEF) or the z axis.
    pub radial: bool,
    /// The targets that nothing has detected yet.
    pub undetected: Undetected,
}

impl LaneSetup {
    /// The problem of a lane of a recording: a field over all that its sensors cover.
    #[must_use]
    pub fn new(lane: &scan::Lane, frame: Frame, births: &Births) -> Self {
        let extent = (lane.extent(), lane.heights_m());
        let undetected = Undetected::over(lane.plane(), extent, lane.ceasing_per_s(), births);
        Self { radial: frame == Frame::Geodetic, undetected }
    }
}
