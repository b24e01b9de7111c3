//! Times as Python has them: numbers of seconds, or datetimes with a time zone.

use crate::errors::Said;
use pyo3::prelude::*;
use pyo3::types::PyDateTime;
use trackweave::jiff::Timestamp;
use trackweave::tracker::Time;

/// A time that Python gave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given(pub(crate) Time);

impl<'py> FromPyObject<'_, 'py> for Given {
    type Error = PyErr;

    fn extract(given: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if !given.is_instance_of::<PyDateTime>() {
            return Ok(Self(Time::Seconds(given.extract()?)));
        }
        if given.getattr("tzinfo")?.is_none() {
            let text =
                format!("found {}, wanted a datetime with a time zone, such as datetime.timezone.utc", given.repr()?);
            return Err(Said::input(text).into());
        }
        // A float holds microseconds of our centuries with a digit to spare.
        let seconds: f64 = given.call_method0("timestamp")?.extract()?;
        #[expect(clippy::cast_possible_truncation, reason = "datetimes end with the year 9999, and `as` saturates")]
        let micros = (seconds * 1e6).round() as i64;
        let instant = Timestamp::from_microsecond(micros).map_err(|error| Said::input(error.to_string()))?;
        Ok(Self(Time::Timestamp(instant)))
    }
}
