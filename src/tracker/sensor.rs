//! Sensors made in code. Their keys, defaults and checks are those of `recording.toml` (`docs/formats.md`).

use toml::{Table, Value};

/// A sensor, as an entry of `recording.toml` would describe it. What is wrong with it is said when the tracker is built.
#[derive(Clone, Debug, PartialEq)]
pub struct Sensor {
    entry: Table,
}

/// Declares the standard deviations of a sensor's measurements.
macro_rules! noise {
    ($($(#[$doc:meta])* $method:ident = $key:literal;)+) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $method(self, sigma: f64) -> Self {
            self.within("noise", $key, sigma)
        })+
    };
}

impl Sensor {
    /// A radar, which measures range and azimuth, perhaps elevation, altitude and range rate, from where it stands.
    #[must_use]
    pub fn radar(name: &str) -> Self {
        Self::new(name, "radar")
    }

    /// A source of positions: ADS-B, AIS, a camera with a known ground plane, a log.
    #[must_use]
    pub fn position(name: &str) -> Self {
        Self::new(name, "position")
    }

    fn new(name: &str, kind: &str) -> Self {
        let sensor = Self { entry: Table::new() }.with("name", name).with("owner", name).with("kind", kind);
        sensor
            .with("noise", Table::new())
            .with("coverage", Table::new())
            .detection_probability(0.9)
            .clutter_per_scan(1.0)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.entry.get("name").and_then(Value::as_str).unwrap_or_default()
    }

    /// To whom it belongs; its own name without. A track names the owners of what it was made of.
    #[must_use]
    pub fn owner(self, owner: &str) -> Self {
        self.with("owner", owner)
    }

    /// The view that it belongs to: sensors that see the same objects. Without, a view of its own.
    #[must_use]
    pub fn view(self, view: &str) -> Self {
        self.with("view", view)
    }

    /// Where a radar stands in a tracker in metres: x, y, z.
    #[must_use]
    pub fn at_m(self, [x, y, z]: [f64; 3]) -> Self {
        self.with("site", table([("x_m", x), ("y_m", y), ("z_m", z)]))
    }

    /// Where a radar stands in a tracker on Earth: degrees, and metres above the ellipsoid.
    #[must_use]
    pub fn at_deg(self, latitude_deg: f64, longitude_deg: f64, altitude_m: f64) -> Self {
        let site = [("latitude_deg", latitude_deg), ("longitude_deg", longitude_deg), ("altitude_m", altitude_m)];
        self.with("site", table(site))
    }

    noise! {
        /// Standard deviation of a position along each of two horizontal axes, metres.
        noise_horizontal_m = "horizontal_m";
        /// That of a height or altitude, metres.
        noise_vertical_m = "vertical_m";
        /// That of a range, metres.
        noise_range_m = "range_m";
        /// That of an azimuth, degrees.
        noise_azimuth_deg = "azimuth_deg";
        /// That of an elevation, degrees.
        noise_elevation_deg = "elevation_deg";
        /// That of a range rate, metres a second.
        noise_range_rate_m_s = "range_rate_m_s";
        /// That of a speed over ground, metres a second.
        noise_speed_m_s = "speed_m_s";
        /// That of a course over ground, degrees.
        noise_course_deg = "course_deg";
        /// That of a velocity along each of two horizontal axes, metres a second.
        noise_velocity_m_s = "velocity_m_s";
        /// That of a velocity upwards, metres a second.
        noise_climb_m_s = "climb_m_s";
    }

    /// Probability that a look detects an object in the coverage; 0.9 without.
    #[must_use]
    pub fn detection_probability(self, probability: f64) -> Self {
        self.with("detection_probability", probability)
    }

    /// Mean number of false detections in one look, over the whole coverage; 1 without.
    #[must_use]
    pub fn clutter_per_scan(self, number: f64) -> Self {
        self.with("clutter_per_scan", number)
    }

    /// It looks all the time, so long a look, seconds: what a look does not detect it has missed. Look k covers [k, k + 1) periods
    /// since time 0.
    #[must_use]
    pub fn scan_period_s(self, seconds: f64) -> Self {
        self.with("scan_period_s", seconds)
    }

    /// It tells its looks as they come, by [`Tracker::push_scan`](super::Tracker::push_scan): between them nothing is missed.
    #[must_use]
    pub fn tells_its_scans(self) -> Self {
        self.with("looks", "listed")
    }

    /// Its objects report when they like, so often in the mean, seconds: silence is no miss.
    #[must_use]
    pub fn reports_every_s(self, seconds: f64) -> Self {
        self.with("looks", "reports").with("expected_interval_s", seconds)
    }

    /// A radar sees from a nearest to a farthest range, metres.
    #[must_use]
    pub fn sees_range_m(self, range: [f64; 2]) -> Self {
        self.within("coverage", "range_m", pair(range))
    }

    /// It sees a box of x and y, metres, each from its least to its greatest.
    #[must_use]
    pub fn sees_m(self, x: [f64; 2], y: [f64; 2]) -> Self {
        self.within("coverage", "x_m", pair(x)).within("coverage", "y_m", pair(y))
    }

    /// It sees a box of latitudes, south to north, and longitudes, west to east, degrees.
    #[must_use]
    pub fn sees_deg(self, latitude: [f64; 2], longitude: [f64; 2]) -> Self {
        self.within("coverage", "latitude_deg", pair(latitude)).within("coverage", "longitude_deg", pair(longitude))
    }

    /// It sees from a lowest to a highest height or altitude, metres.
    #[must_use]
    pub fn sees_height_m(self, height: [f64; 2]) -> Self {
        self.within("coverage", "height_m", pair(height))
    }

    /// Its objects are on a surface at this altitude and report none; `sigma_m` is the standard deviation of that, metres.
    #[must_use]
    pub fn surface_m(self, altitude_m: f64, sigma_m: f64) -> Self {
        self.with("surface_m", pair([altitude_m, sigma_m]))
    }

    /// Its entry.
    pub(super) fn entry(&self) -> &Table {
        &self.entry
    }

    fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.entry.insert(key.to_owned(), value.into());
        self
    }

    fn within(mut self, table: &str, key: &str, value: impl Into<Value>) -> Self {
        if let Some(table) = self.entry.get_mut(table).and_then(Value::as_table_mut) {
            table.insert(key.to_owned(), value.into());
        }
        self
    }
}

fn table<const N: usize>(values: [(&str, f64); N]) -> Table {
    values.into_iter().map(|(key, value)| (key.to_owned(), Value::from(value))).collect()
}

fn pair(values: [f64; 2]) -> Vec<Value> {
    values.map(Value::from).to_vec()
}
