//! Columns of numbers by name, and what a kind of sensor asks of the cells of a row.

/// A column of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Quantity {
    X,
    Y,
    Z,
    Latitude,
    Longitude,
    Altitude,
    Range,
    Azimuth,
    Elevation,
    RangeRate,
    SigmaHorizontal,
    SigmaVertical,
    SigmaRange,
    SigmaAzimuth,
    SigmaElevation,
    SigmaRangeRate,
    Vx,
    Vy,
    Vz,
    East,
    North,
    Up,
    AzimuthFrom,
    AzimuthTo,
    Speed,
    Course,
    SigmaSpeed,
    SigmaCourse,
    SigmaVelocity,
    SigmaClimb,
    Heading,
    Pitch,
    Roll,
    FlightLevel,
}

impl Quantity {
    pub(crate) const COUNT: usize = Self::FlightLevel as usize + 1;

    /// The column's name in files.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::X => "x_m",
            Self::Y => "y_m",
            Self::Z => "z_m",
            Self::Latitude => "latitude_deg",
            Self::Longitude => "longitude_deg",
            Self::Altitude => "altitude_m",
            Self::Range => "range_m",
            Self::Azimuth => "azimuth_deg",
            Self::Elevation => "elevation_deg",
            Self::RangeRate => "range_rate_m_s",
            Self::SigmaHorizontal => "sigma_horizontal_m",
            Self::SigmaVertical => "sigma_vertical_m",
            Self::SigmaRange => "sigma_range_m",
            Self::SigmaAzimuth => "sigma_azimuth_deg",
            Self::SigmaElevation => "sigma_elevation_deg",
            Self::SigmaRangeRate => "sigma_range_rate_m_s",
            Self::Vx => "vx_m_s",
            Self::Vy => "vy_m_s",
            Self::Vz => "vz_m_s",
            Self::East => "east_m_s",
            Self::North => "north_m_s",
            Self::Up => "up_m_s",
            Self::AzimuthFrom => "azimuth_from_deg",
            Self::AzimuthTo => "azimuth_to_deg",
            Self::Speed => "speed_m_s",
            Self::Course => "course_deg",
            Self::SigmaSpeed => "sigma_speed_m_s",
            Self::SigmaCourse => "sigma_course_deg",
            Self::SigmaVelocity => "sigma_velocity_m_s",
            Self::SigmaClimb => "sigma_climb_m_s",
            Self::Heading => "heading_deg",
            Self::Pitch => "pitch_deg",
            Self::Roll => "roll_deg",
            Self::FlightLevel => "flight_level",
        }
    }
}

/// A standard deviation: where a row has it, where the catalogue has it, and of which column it is.
pub(crate) struct Sigma {
    pub(crate) of: Quantity,
    pub(crate) column: Quantity,
    pub(crate) noise: Option<f64>,
    pub(crate) key: &'static str,
}

/// The cells of a row, as the kind of its sensor asks for them.
pub(crate) trait Cells {
    /// Why a row is no detection.
    type Fault;

    /// Fails unless a cell that other kinds have is empty.
    fn empty(&self, quantity: Quantity) -> Result<(), Self::Fault>;
    /// A number that must be there.
    fn required(&self, quantity: Quantity) -> Result<f64, Self::Fault>;
    /// A number, if it is there.
    fn optional(&self, quantity: Quantity) -> Result<Option<f64>, Self::Fault>;
    /// Metres, metres a second or radians.
    fn sigma(&self, sigma: &Sigma) -> Result<f64, Self::Fault>;
}
