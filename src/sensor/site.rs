//! Where a sensor stands: fixed, or carried by a platform.

use std::sync::Arc;

use super::platform::{Carried, Platform};
use super::{HEIGHT_M, Kind, Sensor};
use crate::space::{Frame, Geodetic};

/// What a sensor stands on.
#[derive(Clone, Debug, PartialEq)]
pub enum Mount {
    /// The ground.
    Fixed {
        /// The site in engine coordinates, metres.
        site_m: [f64; 3],
        /// East, north, up at the site, as rows in engine coordinates.
        enu: [[f64; 3]; 3],
    },
    /// What moves.
    Moving(Arc<Platform>),
}

/// A site in engine coordinates, at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site {
    pub(super) frame: Frame,
    pub(super) metres: [f64; 3],
    /// East, north, up, or right, ahead, up of a mount that is turned, as rows in engine coordinates.
    pub(super) enu: [[f64; 3]; 3],
    /// The vertical, where that of the mount may be another.
    pub(super) vertical: Option<[f64; 3]>,
    /// Its own motion.
    pub(super) velocity_m_s: Option<[f64; 3]>,
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
        let heights_m = [0.0, HEIGHT_M];
        Self { frame, metres, enu, vertical: None, velocity_m_s: None, height_m, heights_m }
    }

    fn carried(frame: Frame, Carried { metres, velocity_m_s, axes, level: [_, _, up] }: Carried) -> Self {
        Self { vertical: Some(up), velocity_m_s: Some(velocity_m_s), ..Self::new(frame, metres, axes) }
    }

    /// The same of a sensor that sees other heights.
    pub(super) fn seeing(self, heights_m: [f64; 2]) -> Self {
        Self { heights_m, ..self }
    }

    /// The same with its mount upright, its heading as it is: in a plane nothing else counts.
    pub(super) fn upright(self) -> Self {
        let ([_, [x, y, _], _], Some(up)) = (self.enu, self.vertical) else { return self };
        let level = libm::hypot(x, y);
        let [s, c] = if level > 0.0 { [x / level, y / level] } else { [0.0, 1.0] };
        Self { enu: [[c, -s, 0.0], [s, c, 0.0], up], ..self }
    }

    /// Engine coordinates, metres.
    pub(crate) const fn metres(&self) -> [f64; 3] {
        self.metres
    }

    /// The vertical.
    pub(crate) fn up(&self) -> [f64; 3] {
        let [_, _, up] = self.enu;
        self.vertical.unwrap_or(up)
    }

    /// East, north, up, or right, ahead, up of a mount that is turned.
    pub(crate) const fn axes(&self) -> [[f64; 3]; 3] {
        self.enu
    }
}

impl Kind {
    /// A radar of a geodetic recording.
    #[must_use]
    pub fn radar_at(site: Geodetic) -> Self {
        Self::Radar { mount: Mount::Fixed { site_m: site.ecef(), enu: site.enu_axes() } }
    }

    /// A radar of a local recording, at x, y, z in metres.
    #[must_use]
    pub const fn radar_at_m(site_m: [f64; 3]) -> Self {
        let enu = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        Self::Radar { mount: Mount::Fixed { site_m, enu } }
    }

    /// A radar that is carried.
    #[must_use]
    pub const fn radar_on(platform: Arc<Platform>) -> Self {
        Self::Radar { mount: Mount::Moving(platform) }
    }

    /// What carries it; `None` of one that does not move, or stands nowhere.
    #[must_use]
    pub const fn platform(&self) -> Option<&Arc<Platform>> {
        match self {
            Self::Radar { mount: Mount::Moving(platform) } => Some(platform),
            Self::Radar { mount: Mount::Fixed { .. } } | Self::Position => None,
        }
    }
}

impl Sensor {
    /// Where it stands at a time, in engine coordinates, metres; `None` of one that stands nowhere, or nobody knows where.
    #[must_use]
    pub fn site_m(&self, time_us: i64) -> Option<[f64; 3]> {
        self.level_m(time_us).map(|(site_m, _)| site_m)
    }

    /// The same, with east, north and up there.
    pub(crate) fn level_m(&self, time_us: i64) -> Option<([f64; 3], [[f64; 3]; 3])> {
        match &self.kind {
            Kind::Radar { mount: Mount::Fixed { site_m, enu } } => Some((*site_m, *enu)),
            Kind::Radar { mount: Mount::Moving(platform) } => {
                platform.at(time_us).map(|carried| (carried.metres, carried.level))
            }
            Kind::Position => None,
        }
    }

    /// Where it stands at a time; that of a position sensor is not used. `None`: nobody knows where.
    pub(crate) fn site(&self, frame: Frame, time_us: i64) -> Option<Site> {
        match &self.kind {
            Kind::Radar { mount: Mount::Moving(platform) } => {
                platform.at(time_us).map(|carried| Site::carried(frame, carried).seeing(self.heights_m()))
            }
            Kind::Radar { mount: Mount::Fixed { site_m, enu } } => {
                Some(Site::new(frame, *site_m, *enu).seeing(self.heights_m()))
            }
            Kind::Position => Some(Site::new(frame, [0.0; 3], [[0.0; 3]; 3])),
        }
    }
}

/// Where the sensors of a catalogue stand, of those that do not move worked out once.
#[derive(Debug)]
pub(crate) struct Sites<'a> {
    frame: Frame,
    sensors: &'a [Sensor],
    fixed: Vec<Option<Site>>,
}

impl<'a> Sites<'a> {
    pub(crate) fn of(sensors: &'a [Sensor], frame: Frame) -> Self {
        let stands = |sensor: &Sensor| sensor.kind.platform().is_none();
        let site = |sensor: &Sensor| sensor.site(frame, 0).filter(|_| stands(sensor));
        Self { frame, sensors, fixed: sensors.iter().map(site).collect() }
    }

    /// Where a sensor stands at a time; `None` if nobody knows.
    pub(crate) fn at(&self, sensor: usize, time_us: i64) -> Option<Site> {
        let fixed = self.fixed.get(sensor).copied().flatten();
        fixed.or_else(|| self.sensors.get(sensor)?.site(self.frame, time_us))
    }
}
