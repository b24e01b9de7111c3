//! Numbers of a configuration within their bounds.

use serde::{Deserialize, Serialize};

/// What is neither negative nor so large that its square is none any more in 32 bits.
pub(super) fn quantity<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Copy + Into<f64>,
{
    within(from, "a number from 0 to 1000000000", |found| (0.0..=1e9).contains(&found))
}

/// A probability in 64 bits.
pub(super) fn probability<'de, D: serde::Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    within(from, "a probability between 0 and 1", |found| (0.0..=1.0).contains(&found))
}

fn within<'de, D, T>(from: D, wanted: &str, is_in: impl Fn(f64) -> bool) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Copy + Into<f64>,
{
    let number = T::deserialize(from)?;
    let found: f64 = number.into();
    if is_in(found) { Ok(number) } else { Err(serde::de::Error::custom(format!("found {found}, wanted {wanted}"))) }
}

/// A number between 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f32", into = "f32")]
pub struct Probability(f32);

/// A finite number above 0.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f32", into = "f32")]
pub struct Positive(f32);

/// A probability of error: at one half what is said would say nothing, above it the opposite.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f32", into = "f32")]
pub struct Doubt(f32);

/// A number outside its range.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("found {found}, wanted {wanted}")]
pub struct OutOfRange {
    found: f32,
    wanted: &'static str,
}

impl Probability {
    /// One of this program's own.
    pub(super) const fn constant(value: f32) -> Self {
        assert!(value >= 0.0 && value <= 1.0, "a probability");
        Self(value)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> f32 {
        self.0
    }
}

impl Positive {
    /// One of this program's own.
    pub(super) const fn constant(value: f32) -> Self {
        assert!(value > 0.0 && value.is_finite(), "a finite number above 0");
        Self(value)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> f32 {
        self.0
    }
}

impl Probability {
    /// That of what cannot be.
    pub const ZERO: Self = Self(0.0);
}

impl TryFrom<f32> for Probability {
    type Error = OutOfRange;
    fn try_from(found: f32) -> Result<Self, OutOfRange> {
        let wanted = "a probability between 0 and 1";
        if (0.0..=1.0).contains(&found) { Ok(Self(found)) } else { Err(OutOfRange { found, wanted }) }
    }
}

impl Doubt {
    /// One of this program's own.
    pub(super) const fn constant(value: f32) -> Self {
        assert!(value >= 1e-6 && value < 0.5, "a probability of error");
        Self(value)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> f32 {
        self.0
    }
}

impl TryFrom<f32> for Doubt {
    type Error = OutOfRange;
    fn try_from(found: f32) -> Result<Self, OutOfRange> {
        let wanted = "a probability from 0.000001 up to, and below, 0.5";
        if (1e-6..0.5).contains(&found) { Ok(Self(found)) } else { Err(OutOfRange { found, wanted }) }
    }
}

impl TryFrom<f32> for Positive {
    type Error = OutOfRange;
    fn try_from(found: f32) -> Result<Self, OutOfRange> {
        let wanted = "a finite number above 0";
        if found > 0.0 && found.is_finite() { Ok(Self(found)) } else { Err(OutOfRange { found, wanted }) }
    }
}

impl From<Probability> for f32 {
    fn from(value: Probability) -> Self {
        value.0
    }
}

impl From<Doubt> for f32 {
    fn from(value: Doubt) -> Self {
        value.0
    }
}

impl From<Positive> for f32 {
    fn from(value: Positive) -> Self {
        value.0
    }
}
