//! Sensors and detections made in code. Each keyword is the method of that name in the library.

use crate::times::Given;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use trackweave::tracker;

/// Gives something what keywords say: each is the method of that name, or one of those told apart.
macro_rules! keywords {
    ($of:expr, $keywords:expr, [$($apart:literal => $does:expr),*], { $($name:ident($($value:ident),+);)+ }) => {{
        let mut of = $of;
        for (key, value) in $keywords.into_iter().flatten() {
            let key: String = key.extract()?;
            of = match key.as_str() {
                $($apart => $does(of, value.extract()?),)*
                $(stringify!($name) => {
                    let ($($value,)+) = keywords!(@value value, $($value),+);
                    of.$name($($value),+)
                })+
                _ => {
                    let known = [$($apart,)* $(stringify!($name)),+].map(|known| format!("`{known}`")).join(", ");
                    return Err(PyTypeError::new_err(format!("found keyword `{key}`, wanted one of {known}")));
                }
            };
        }
        Ok(of)
    }};
    (@value $from:ident, $one:ident) => { ($from.extract()?,) };
    (@value $from:ident, $($many:ident),+) => { $from.extract()? };
}

/// A sensor, as an entry of `recording.toml` would describe it. What is wrong with it is said when it is used.
#[pyclass(frozen, eq, module = "trackweave", from_py_object)]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sensor(pub(crate) tracker::Sensor);

fn described(sensor: tracker::Sensor, keywords: Option<&Bound<'_, PyDict>>) -> PyResult<tracker::Sensor> {
    let tells = |sensor: tracker::Sensor, tells: bool| if tells { sensor.tells_its_scans() } else { sensor };
    keywords!(sensor, keywords, ["tells_its_scans" => tells], {
        owner(owner);
        view(view);
        at_m(place);
        at_deg(latitude, longitude, altitude);
        noise_horizontal_m(sigma);
        noise_vertical_m(sigma);
        noise_range_m(sigma);
        noise_azimuth_deg(sigma);
        noise_elevation_deg(sigma);
        noise_range_rate_m_s(sigma);
        noise_speed_m_s(sigma);
        noise_course_deg(sigma);
        noise_velocity_m_s(sigma);
        noise_climb_m_s(sigma);
        detection_probability(probability);
        clutter_per_scan(number);
        scan_period_s(seconds);
        reports_every_s(seconds);
        sees_range_m(range);
        sees_m(x, y);
        sees_deg(latitude, longitude);
        sees_height_m(height);
        surface_m(altitude, sigma);
    })
}

#[pymethods]
impl Sensor {
    /// A radar, which measures range and azimuth, perhaps elevation, altitude and range rate, from where it stands.
    #[staticmethod]
    #[pyo3(signature = (name, **keywords))]
    fn radar(name: &str, keywords: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        described(tracker::Sensor::radar(name), keywords).map(Self)
    }

    /// A source of positions: ADS-B, AIS, a camera with a known ground plane, a log.
    #[staticmethod]
    #[pyo3(signature = (name, **keywords))]
    fn position(name: &str, keywords: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        described(tracker::Sensor::position(name), keywords).map(Self)
    }

    /// The same sensor with other values.
    #[pyo3(signature = (**keywords))]
    fn replace(&self, keywords: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        described(self.0.clone(), keywords).map(Self)
    }

    fn __repr__(&self) -> String {
        format!("<trackweave.Sensor `{}`>", self.0.name())
    }
}

/// One measurement of one sensor, with its own time.
#[pyclass(frozen, eq, module = "trackweave", from_py_object)]
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Detection(pub(crate) tracker::Detection);

fn measured(detection: tracker::Detection, keywords: Option<&Bound<'_, PyDict>>) -> PyResult<Detection> {
    let made: PyResult<tracker::Detection> = keywords!(detection, keywords, [], {
        z_m(height);
        altitude_m(altitude);
        elevation_deg(elevation);
        range_rate_m_s(rate);
        speed_m_s(speed);
        course_deg(course);
        velocity_m_s(velocity);
        climb_m_s(climb);
        identity(address);
        sigma_horizontal_m(sigma);
        sigma_vertical_m(sigma);
        sigma_range_m(sigma);
        sigma_azimuth_deg(sigma);
        sigma_elevation_deg(sigma);
        sigma_range_rate_m_s(sigma);
        sigma_speed_m_s(sigma);
        sigma_course_deg(sigma);
        sigma_velocity_m_s(sigma);
        sigma_climb_m_s(sigma);
    });
    made.map(Detection)
}

#[pymethods]
impl Detection {
    /// A plot of a radar: range in metres, azimuth in degrees clockwise from north, or from y.
    #[staticmethod]
    #[pyo3(signature = (time, range_m, azimuth_deg, **keywords))]
    fn plot(time: Given, range_m: f64, azimuth_deg: f64, keywords: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        measured(tracker::Detection::plot(time.0, range_m, azimuth_deg), keywords)
    }

    /// A position in a tracker in metres.
    #[staticmethod]
    #[pyo3(signature = (time, x_m, y_m, **keywords))]
    fn at_m(time: Given, x_m: f64, y_m: f64, keywords: Option<&Bound<'_, PyDict>>) -> PyResult<Self> {
        measured(tracker::Detection::at_m(time.0, x_m, y_m), keywords)
    }

    /// A position in a tracker on Earth, degrees.
    #[staticmethod]
    #[pyo3(signature = (time, latitude_deg, longitude_deg, **keywords))]
    fn at_deg(
        time: Given,
        latitude_deg: f64,
        longitude_deg: f64,
        keywords: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        measured(tracker::Detection::at_deg(time.0, latitude_deg, longitude_deg), keywords)
    }

    fn __repr__(&self) -> String {
        format!("{:?}", self.0)
    }
}
