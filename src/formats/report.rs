//! What somebody reported, the same whatever the format: typed, in SI units and degrees.
//!
//! A report says what its format says and nothing else: no frame is changed, no height is taken for another. Where a
//! quality is said by a code, the standard deviation that it stands for has its source beside it.

/// One report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Where it stands: the offset of its first octet in a binary format, the line from 1 in one of text.
    pub at: u64,
    /// Who sent it, by its place in [`Summary::sources`](super::Summary).
    pub source: u32,
    /// What kind of message it is, by its place in [`Summary::messages`](super::Summary).
    pub message: u32,
    /// What it is about.
    pub kind: Kind,
    /// When.
    pub time: Option<Time>,
    /// Where, seen from the sensor.
    pub polar: Option<Polar>,
    /// Where, among the stars.
    pub celestial: Option<Celestial>,
    /// Where, in the plane of the sender.
    pub plane: Option<Plane>,
    /// Where, on the Earth.
    pub geodetic: Option<Geodetic>,
    /// Where, in an Earth-centred or inertial frame.
    pub cartesian: Option<Cartesian>,
    /// Height above the WGS 84 ellipsoid, or above mean sea level where the format has no other, metres.
    pub height_m: Option<f64>,
    /// Pressure altitude, at 1013.25 hPa, metres.
    pub pressure_altitude_m: Option<f64>,
    /// How fast over the ground.
    pub velocity: Option<Velocity>,
    /// How fast upwards, metres a second.
    pub up_m_s: Option<f64>,
    /// How fast away from the sensor, metres a second.
    pub range_rate_m_s: Option<f64>,
    /// How far this may be off.
    pub sigmas: Sigmas,
    /// Who the target says it is, and which number the sender gives it.
    pub identity: Identity,
    /// What else is said of it.
    pub marks: Marks,
}

/// What a report is about.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Kind {
    /// A detection of a sensor.
    #[default]
    Plot,
    /// A track of the sender.
    Track,
    /// A target's report of itself.
    Own,
    /// A satellite or platform on its way, or another truth.
    Ephemeris,
    /// The antenna points north, or an update cycle starts: a look begins.
    North,
    /// The antenna points at this azimuth, degrees clockwise from north.
    Sector(f64),
    /// Another message of a sensor about itself.
    Status,
}

/// When something was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Time {
    /// Microseconds of a counter of the receiver, from wherever it counts.
    Counter(i64),
    /// Microseconds since the midnight that the recording began behind: no date is known. It goes on over midnight.
    OfDay(i64),
    /// Microseconds since 1970, UTC.
    Utc(i64),
}

impl Time {
    /// The microseconds, whatever they count from.
    #[must_use]
    pub const fn micros(self) -> i64 {
        match self {
            Self::Counter(us) | Self::OfDay(us) | Self::Utc(us) => us,
        }
    }
}

/// A place seen from a sensor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Polar {
    /// Slant range, metres; none of a direction alone.
    pub range_m: Option<f64>,
    /// Clockwise from the sensor's north, degrees.
    pub azimuth_deg: Option<f64>,
    /// Above the horizon, degrees.
    pub elevation_deg: Option<f64>,
}

/// A direction among the stars, topocentric, in the frame that the format names.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Celestial {
    /// Right ascension, degrees.
    pub right_ascension_deg: f64,
    /// Declination, degrees.
    pub declination_deg: f64,
}

/// A place in the plane of a sender, from its own origin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Plane {
    /// East, metres.
    pub x_m: f64,
    /// North, metres.
    pub y_m: f64,
}

/// A place on the Earth, WGS 84.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Geodetic {
    /// Degrees north.
    pub latitude_deg: f64,
    /// Degrees east.
    pub longitude_deg: f64,
}

/// A place and a velocity along three axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cartesian {
    /// Which axes.
    pub frame: Frame,
    /// Metres.
    pub position_m: [f64; 3],
    /// Metres a second.
    pub velocity_m_s: Option<[f64; 3]>,
}

/// Axes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Turning with the Earth (ITRF and its kin).
    EarthFixed,
    /// True equator, mean equinox of date.
    Teme,
    /// Mean equator and equinox of J2000, or GCRF, 20 milliarcseconds from it.
    J2000,
    /// True equator and equinox of date.
    TrueOfDate,
}

/// A velocity over the ground, as it was said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Velocity {
    /// East and north of the sender's plane, metres a second.
    Components {
        /// East.
        east_m_s: f64,
        /// North.
        north_m_s: f64,
    },
    /// Speed, metres a second, and course, degrees clockwise from north.
    Course {
        /// Speed over the ground.
        speed_m_s: f64,
        /// Course over the ground.
        course_deg: f64,
    },
}

/// Standard deviations; none where the report does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sigmas {
    /// East, or x, metres.
    pub east_m: Option<f64>,
    /// North, or y, metres.
    pub north_m: Option<f64>,
    /// How far errors east and north go together, -1 to 1.
    pub correlation: Option<f64>,
    /// Of the height or the altitude, metres.
    pub height_m: Option<f64>,
    /// Of either horizontal component of the velocity, metres a second.
    pub velocity_m_s: Option<f64>,
    /// Of the velocity upwards, metres a second.
    pub up_m_s: Option<f64>,
}

/// Names and numbers of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The 24-bit ICAO address, the MMSI, or the catalogue number of a satellite.
    pub address: Option<u32>,
    /// The Mode 3/A code, 0 to 0o7777.
    pub mode_a: Option<u16>,
    /// The callsign or name.
    pub callsign: Option<Box<str>>,
    /// The sender's number of the track.
    pub track: Option<u32>,
}

/// What else a report says, each a bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(u16);

impl Marks {
    /// Made by a simulator.
    pub const SIMULATED: Self = Self(1);
    /// A test target, or of a test transponder.
    pub const TEST: Self = Self(2);
    /// Of a fixed transponder or a field monitor.
    pub const MONITOR: Self = Self(4);
    /// On the ground.
    pub const GROUND: Self = Self(8);
    /// A special position identification.
    pub const SPI: Self = Self(16);
    /// Extrapolated: nothing was detected.
    pub const COASTED: Self = Self(32);
    /// The last report of a track.
    pub const END: Self = Self(64);
    /// Detected by a primary radar.
    pub const PRIMARY: Self = Self(128);
    /// Detected by a secondary radar or multilateration.
    pub const SECONDARY: Self = Self(256);
    /// The track is tentative.
    pub const TENTATIVE: Self = Self(512);
    /// Suspected to be a ghost.
    pub const GHOST: Self = Self(1024);

    /// Adds a mark, where it is so.
    #[expect(clippy::fn_params_excessive_bools, reason = "what is so is a bool")]
    pub const fn put(&mut self, mark: Self, so: bool) {
        if so {
            self.0 |= mark.0;
        }
    }

    /// Whether it has a mark.
    #[must_use]
    pub const fn has(self, mark: Self) -> bool {
        self.0 & mark.0 == mark.0
    }
}
