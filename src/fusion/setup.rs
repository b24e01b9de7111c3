//! A lane before its first scan.

use super::config::Config;
use super::undetected::Undetected;
use super::views::{VIEWS_MAX, View};
use crate::scan::{self, Wrong, require};
use crate::space::Frame;

/// One independent fusion problem.
#[derive(Clone, Debug)]
pub struct LaneSetup {
    /// Whether up is away from the Earth's centre (ECEF) or the z axis.
    pub radial: bool,
    /// The targets that nothing has detected yet.
    pub undetected: Undetected,
    /// Its views, by number: groups of sensors that see the same objects. Of one nothing need be known.
    pub views: Vec<View>,
}

impl LaneSetup {
    /// The problem of a lane of a recording: a field over all that its sensors cover, and views that each see an object
    /// with the probability that the configuration says.
    #[must_use]
    pub fn new(lane: &scan::Lane, frame: Frame, config: &Config) -> Self {
        let undetected = Undetected::over(lane.plane(), (lane.extent(), lane.heights_m()), &config.undetected);
        let variances = lane.variances_m2();
        let visible_share = config.detectability.visible_share_of(variances.len());
        let persistence_s = f64::from(config.detectability.persistence_s.get());
        let view = |&variance_m2: &f32| View { visible_share, persistence_s, variance_m2 };
        let views = if variances.len() > 1 { variances.iter().map(view).collect() } else { Vec::new() };
        Self { radial: frame == Frame::Geodetic, undetected, views }
    }

    /// Fails unless it can be fused.
    pub(super) fn check(&self, at: impl FnOnce() -> String + Copy) -> Result<(), Wrong> {
        self.undetected.check(at)?;
        require(at, ("views", self.views.len()), |n| *n <= VIEWS_MAX, "at most 8")?;
        let sound = |view: &&View| {
            (0.0..=1.0).contains(&view.visible_share)
                && view.persistence_s > 0.0
                && view.variance_m2 >= 0.0
                && view.variance_m2.is_finite()
        };
        let wrong = self.views.iter().find(|view| !sound(view));
        require(at, ("view", wrong), Option::is_none, "a probability, a persistence above 0, a finite variance")
    }
}
