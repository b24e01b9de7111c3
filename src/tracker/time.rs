//! Times as a program has them: seconds from an epoch of its own, or instants.

use super::error::{Error, ErrorKind};
use crate::ingest::plausible_us;
use crate::time::micros;
use std::fmt;

/// A time. A tracker counts all of its times in one way, that of the first one that it is given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Time {
    /// Seconds from an epoch of the program's own, to a microsecond.
    Seconds(f64),
    /// An instant, to a microsecond.
    Timestamp(jiff::Timestamp),
}

impl From<f64> for Time {
    fn from(seconds: f64) -> Self {
        Self::Seconds(seconds)
    }
}

impl From<jiff::Timestamp> for Time {
    fn from(instant: jiff::Timestamp) -> Self {
        Self::Timestamp(instant)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Seconds(seconds) => write!(f, "{seconds} s"),
            Self::Timestamp(instant) => write!(f, "{instant}"),
        }
    }
}

impl Time {
    /// Seconds from the program's epoch, or from 1970.
    #[must_use]
    pub fn seconds(self) -> f64 {
        match self {
            Self::Seconds(seconds) => seconds,
            Self::Timestamp(instant) => instant.as_microsecond() as f64 * 1e-6,
        }
    }

    /// Microseconds from the program's epoch, or from 1970.
    #[cfg(feature = "policy")]
    pub(super) fn micros(self) -> i64 {
        match self {
            Self::Seconds(seconds) => micros(seconds).unwrap_or_default(),
            Self::Timestamp(instant) => instant.as_microsecond(),
        }
    }

    /// The instant, where the tracker counts in instants.
    #[must_use]
    pub const fn timestamp(self) -> Option<jiff::Timestamp> {
        match self {
            Self::Seconds(_) => None,
            Self::Timestamp(instant) => Some(instant),
        }
    }
}

/// How the times of a tracker are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// Seconds.
    Seconds,
    /// Instants.
    Timestamps,
}

impl Scale {
    /// That of a time.
    pub(super) const fn of(time: Time) -> Self {
        match time {
            Time::Seconds(_) => Self::Seconds,
            Time::Timestamp(_) => Self::Timestamps,
        }
    }

    /// Microseconds, as this scale counts them.
    ///
    /// # Errors
    /// A time of the other scale, one that is no number, or that no clock shows.
    pub(super) fn us(self, time: Time, at: impl FnOnce() -> String) -> Result<i64, Error> {
        let wrong = |wanted: &str| Error::new(ErrorKind::Time, format!("{}: found time {time}, wanted {wanted}", at()));
        match (self, time) {
            (Self::Seconds, Time::Seconds(seconds)) => {
                let us = micros(seconds).filter(|us| plausible_us(*us));
                us.ok_or_else(|| wrong("seconds in a span of 9999 years: seconds, not milliseconds"))
            }
            (Self::Timestamps, Time::Timestamp(instant)) => Ok(instant.as_microsecond()),
            (Self::Seconds, Time::Timestamp(_)) => Err(wrong("seconds, as the tracker's first time was")),
            (Self::Timestamps, Time::Seconds(_)) => Err(wrong("an instant, as the tracker's first time was")),
        }
    }

    /// The time that has so many microseconds.
    pub(super) fn time(self, us: i64) -> Time {
        let seconds = Time::Seconds(us as f64 * 1e-6);
        match self {
            Self::Seconds => seconds,
            Self::Timestamps => jiff::Timestamp::from_microsecond(us).map_or(seconds, Time::Timestamp),
        }
    }
}
