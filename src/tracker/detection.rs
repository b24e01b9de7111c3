//! Detections made in code. What a sensor asks of them, and what they may be, is what rows of a table are asked (`docs/formats.md`).

use super::error::{Error, ErrorKind};
use super::time::Time;
use crate::ingest::{Reason, fault_of};
use crate::sensor::{Cells, Quantity, Sensor, Sigma};
use crate::space::Frame;
use std::sync::Arc;

/// One measurement of one sensor, with its own time. Standard deviations that it does not bring are those of its sensor.
#[derive(Clone, Debug, PartialEq)]
pub struct Detection {
    pub(super) time: Time,
    pub(super) identity: Option<Arc<str>>,
    values: Vec<(Quantity, f64)>,
}

/// Declares the quantities that a detection may have besides.
macro_rules! quantities {
    ($($(#[$doc:meta])* $method:ident = $quantity:ident;)+) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $method(self, value: f64) -> Self {
            self.with(Quantity::$quantity, value)
        })+
    };
}

impl Detection {
    /// A plot of a radar: range in metres, azimuth in degrees clockwise from north, or from y.
    #[must_use]
    pub fn plot(time: impl Into<Time>, range_m: f64, azimuth_deg: f64) -> Self {
        Self::new(time, [(Quantity::Range, range_m), (Quantity::Azimuth, azimuth_deg)])
    }

    /// A position in a tracker in metres.
    #[must_use]
    pub fn at_m(time: impl Into<Time>, x_m: f64, y_m: f64) -> Self {
        Self::new(time, [(Quantity::X, x_m), (Quantity::Y, y_m)])
    }

    /// A position in a tracker on Earth, degrees.
    #[must_use]
    pub fn at_deg(time: impl Into<Time>, latitude_deg: f64, longitude_deg: f64) -> Self {
        Self::new(time, [(Quantity::Latitude, latitude_deg), (Quantity::Longitude, longitude_deg)])
    }

    fn new<const N: usize>(time: impl Into<Time>, values: [(Quantity, f64); N]) -> Self {
        Self { time: time.into(), identity: None, values: values.to_vec() }
    }

    quantities! {
        /// Height in a tracker in metres.
        z_m = Z;
        /// Altitude on Earth, metres above the ellipsoid.
        altitude_m = Altitude;
        /// Elevation, degrees above the horizon.
        elevation_deg = Elevation;
        /// Range rate, metres a second, positive when opening.
        range_rate_m_s = RangeRate;
        /// Speed over ground, metres a second, beside a course.
        speed_m_s = Speed;
        /// Course over ground, degrees clockwise from north, or from y, beside a speed.
        course_deg = Course;
        /// Standard deviation of the position along each of two horizontal axes, metres.
        sigma_horizontal_m = SigmaHorizontal;
        /// That of the height or altitude, metres.
        sigma_vertical_m = SigmaVertical;
        /// That of the range, metres.
        sigma_range_m = SigmaRange;
        /// That of the azimuth, degrees.
        sigma_azimuth_deg = SigmaAzimuth;
        /// That of the elevation, degrees.
        sigma_elevation_deg = SigmaElevation;
        /// That of the range rate, metres a second.
        sigma_range_rate_m_s = SigmaRangeRate;
        /// That of the speed, metres a second.
        sigma_speed_m_s = SigmaSpeed;
        /// That of the course, degrees.
        sigma_course_deg = SigmaCourse;
        /// That of the velocity along each of two horizontal axes, metres a second.
        sigma_velocity_m_s = SigmaVelocity;
        /// That of the velocity upwards, metres a second.
        sigma_climb_m_s = SigmaClimb;
    }

    /// Velocity along x and y in a tracker in metres, along east and north on Earth, metres a second.
    #[must_use]
    pub fn velocity_m_s(self, [first, second]: [f64; 2]) -> Self {
        let [a, b] = if self.is_on_earth() { [Quantity::East, Quantity::North] } else { [Quantity::Vx, Quantity::Vy] };
        self.with(a, first).with(b, second)
    }

    /// Velocity upwards, metres a second.
    #[must_use]
    pub fn climb_m_s(self, climb_m_s: f64) -> Self {
        let up = if self.is_on_earth() { Quantity::Up } else { Quantity::Vz };
        self.with(up, climb_m_s)
    }

    /// The address that its target sent, such as `4ca2d1`. It counts where the configuration has a table `identity`.
    #[must_use]
    pub fn identity(mut self, address: &str) -> Self {
        self.identity = Some(address.into()).filter(|address: &Arc<str>| !address.is_empty());
        self
    }

    fn with(mut self, quantity: Quantity, value: f64) -> Self {
        self.values.retain(|(of, _)| *of != quantity);
        self.values.push((quantity, value));
        self
    }

    fn is_on_earth(&self) -> bool {
        self.value(Quantity::Latitude).is_some()
    }

    fn value(&self, quantity: Quantity) -> Option<f64> {
        self.values.iter().find(|(of, _)| *of == quantity).map(|(_, value)| *value)
    }

    /// What it has that the other frame has: its name.
    pub(super) fn foreign(&self, frame: Frame) -> Option<(&'static str, f64)> {
        use Quantity as Q;
        let foreign: &[Quantity] = match frame {
            Frame::Local => &[Q::Latitude, Q::Longitude, Q::Altitude, Q::East, Q::North, Q::Up],
            Frame::Geodetic => &[Q::X, Q::Y, Q::Z, Q::Vx, Q::Vy, Q::Vz],
        };
        self.values.iter().find(|(of, _)| foreign.contains(of)).map(|(of, value)| (of.name(), *value))
    }
}

/// The values of a detection, as its sensor asks for them.
pub(super) struct CellsOf<'a> {
    pub(super) detection: &'a Detection,
    pub(super) sensor: &'a Sensor,
}

impl CellsOf<'_> {
    fn wrong(quantity: Quantity, found: Option<f64>, reason: Reason) -> Error {
        let found = found.map_or_else(|| "none".to_owned(), |found| found.to_string());
        let text = format!("found {} = {found}, wanted {}", quantity.name(), reason.wanted());
        Error::new(ErrorKind::Detection, text)
    }
}

impl Cells for CellsOf<'_> {
    type Fault = Error;

    fn empty(&self, quantity: Quantity) -> Result<(), Error> {
        let found = self.detection.value(quantity);
        found.map_or(Ok(()), |value| Err(Self::wrong(quantity, Some(value), Reason::OfAnotherKind)))
    }

    fn required(&self, quantity: Quantity) -> Result<f64, Error> {
        self.optional(quantity)?.ok_or_else(|| Self::wrong(quantity, None, Reason::Missing))
    }

    fn optional(&self, quantity: Quantity) -> Result<Option<f64>, Error> {
        let Some(value) = self.detection.value(quantity) else { return Ok(None) };
        fault_of(quantity, value).map_or(Ok(Some(value)), |reason| Err(Self::wrong(quantity, Some(value), reason)))
    }

    fn sigma(&self, sigma: &Sigma) -> Result<f64, Error> {
        use Quantity as Q;
        let in_degrees = matches!(sigma.column, Q::SigmaAzimuth | Q::SigmaElevation | Q::SigmaCourse);
        if let Some(value) = self.optional(sigma.column)? {
            return Ok(if in_degrees { value.to_radians() } else { value });
        }
        sigma.noise.ok_or_else(|| {
            let text = format!(
                "found no standard deviation of {}, wanted `noise_{}` of sensor `{}`, or `{}` of the detection",
                sigma.of.name(),
                sigma.key,
                self.sensor.name,
                sigma.column.name()
            );
            Error::new(ErrorKind::Detection, text)
        })
    }
}
