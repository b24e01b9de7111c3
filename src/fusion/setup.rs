//! A lane before its first scan.

use super::config::Config;
use super::motion::Motion;
use super::undetected::UndetectedIntensity;
use super::views::{VIEWS_MAX, View};
use crate::scan::{self, ViewOf, Wrong, require};
use crate::space::Frame;

/// Expected intervals for which a report shields an object from what others miss.
const FRESH: f64 = 3.0;

/// One independent fusion problem.
#[derive(Clone, Debug)]
pub struct LaneSetup {
    /// Whether up is away from the Earth's centre (ECEF) or the z axis.
    pub radial: bool,
    /// The targets that nothing has detected yet.
    pub undetected: UndetectedIntensity,
    /// Its views, by number: groups of sensors that see the same objects. Of one nothing need be known.
    pub views: Vec<View>,
}

impl LaneSetup {
    /// The problem of a lane of a recording: a field over all that its sensors cover, and views that each see an object
    /// with the probability that the configuration says.
    #[must_use]
    pub fn new(lane: &scan::Lane, frame: Frame, config: &Config) -> Self {
        // How high satellites are no sensor's limits say.
        let heights_m = if config.motion.is_orbit() { f64::INFINITY } else { lane.heights_m() };
        let extent = (lane.extent(), heights_m);
        let undetected = UndetectedIntensity::over(lane.planes(), extent, lane.reports_per_s(), &config.undetected);
        let of = lane.views_of();
        let visible_share = config.detectability.visible_share_of(of.len());
        let persistence_s = f64::from(config.detectability.persistence_s.get());
        let view = |&ViewOf { variance_m2, expected_interval_us }: &ViewOf| match expected_interval_us {
            None => View { visible_share, persistence_s, variance_m2 },
            // Who has reported may again, for a while; silence tells nothing.
            Some(interval_us) => {
                View { visible_share: 0.0, persistence_s: FRESH * interval_us.max(1) as f64 * 1e-6, variance_m2 }
            }
        };
        let views = if of.len() > 1 { of.iter().map(view).collect() } else { Vec::new() };
        Self { radial: frame == Frame::Geodetic, undetected, views }
    }

    /// Fails unless it can be fused.
    pub(super) fn check(&self, at: impl FnOnce() -> String + Copy, motion: &Motion) -> Result<(), Wrong> {
        self.undetected.check(at)?;
        if motion.is_orbit() {
            let frame = if self.radial { "geodetic" } else { "local" };
            let wanted =
                "`geodetic`: motion model `orbit` is about the Earth; with `constant_velocity` any frame will do";
            require(at, ("frame", frame), |_| self.radial, wanted)?;
            let is_field = matches!(self.undetected, UndetectedIntensity::Field { .. });
            let wanted = "a field of cells: motion model `orbit` moves no Gaussian components";
            require(at, ("undetected targets", "components"), |_| is_field, wanted)?;
        }
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
