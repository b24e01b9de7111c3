//! What of the figures contradicts the catalogue, or asks for a second look, in words.

use serde::Serialize;

use super::figures::Estimated;
use super::pairs::PairFound;
use super::report::SensorFound;
use super::words::{rounded, short, time};
use crate::ingest::{Catalogue, IngestReport};
use crate::sensor::{Looks, Sensor};

/// Something that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// The sensor, the pair of sensors, or the file.
    pub at: String,
    /// What is there.
    pub found: String,
    /// What to do.
    pub wanted: String,
    /// The key of the catalogue that it is about, if it is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<&'static str>,
}

/// Share of rows outside the coverage that noise at its border explains, and of rows that are there twice.
const AT_BORDER: f64 = 0.01;
const TWICE: f64 = 0.001;
/// Fewer rows outside are wild rows, not another coverage.
const FEW: f64 = 0.05;
/// Factors between what is said and what is found from which on it is remarked, and standard errors.
const PERIODS: [f64; 2] = [1.15, 1.7];
const NOISES: f64 = 1.5;
const LESS: f64 = 2.5;
const CLUTTERS: f64 = 2.0;
const FEWER: f64 = 5.0;
const DETECTED: f64 = 0.1;
const SURE: f64 = 0.99;
const ERRORS: f64 = 4.0;

/// What is to be said of rows that were rejected, and of times.
pub(super) fn of_ingest(ingest: &IngestReport) -> Vec<Remark> {
    let file = ingest.file.file_name().unwrap_or_default().to_string_lossy();
    let remark = |place: &dyn std::fmt::Display, found, wanted| Remark {
        at: format!("{file}, {place}"),
        found,
        wanted,
        key: None,
    };
    let rejected = ingest.rejected.iter().filter_map(|(reason, rows)| {
        let first = ingest.first_rejected.iter().find(|row| row.reason == *reason)?;
        let found = format!("{rows} rows rejected as {reason}: in the first `{}` is {}", first.column, first.found);
        Some(remark(&first.at, found, reason.wanted().to_owned()))
    });
    let strays = ingest.strays.iter().map(|stray| {
        let (side, off_s) =
            (if stray.before_us > 0 { "before" } else { "after" }, stray.before_us.unsigned_abs() as f64 * 1e-6);
        let found = format!("time {}, {} {side} all others", stray.found, time(off_s));
        remark(&stray.at, found, "a time among those of the other rows: put it right, or leave the row out".to_owned())
    });
    let wrap = ingest.wrap.iter().map(|wrap| {
        let found = format!("time falls by {}, as seconds of the day do at midnight", time(wrap.by_us as f64 * 1e-6));
        remark(&wrap.at, found, "86400 s more from there on, or timestamps".to_owned())
    });
    rejected.chain(strays).chain(wrap).collect()
}

/// What is to be said of a sensor.
pub(super) fn of_sensor(found: &SensorFound, sensor: &Sensor) -> Vec<Remark> {
    let mut remarks = Remarks { at: format!("sensor `{}`", sensor.name), all: Vec::new() };
    if found.rows == 0 {
        remarks.add(None, "no rows".to_owned(), "its name in the column `sensor`, or no entry for it");
        return remarks.all;
    }
    remarks.rows(found);
    remarks.looks(found, sensor);
    remarks.detection(found, sensor);
    remarks.noise(found, sensor);
    remarks.all
}

/// What is to be said of a sensor that the catalogue lacks.
pub(super) fn of_missing(found: &SensorFound, [what, wanted]: [String; 2]) -> Vec<Remark> {
    let mut remarks = Remarks { at: format!("sensor `{}`", found.name), all: Vec::new() };
    remarks.add(Some("sensor"), what, wanted);
    remarks.rows(found);
    remarks.all
}

/// What is to be said of a sensor whose rows are too many for a gate.
pub(super) fn of_crowd(found: &SensorFound, [what, wanted]: [String; 2]) -> Remark {
    Remark { at: format!("sensor `{}`", found.name), found: what, wanted, key: None }
}

/// What is to be said of a recording without a catalogue.
pub(super) fn of_no_catalogue() -> Remark {
    Remark {
        at: "recording.toml".to_owned(),
        found: "there is none: which columns are filled tells the frame and the kinds of the sensors".to_owned(),
        wanted: "the file below, with what it marks as not known".to_owned(),
        key: None,
    }
}

/// What is to be said of two sensors that see the same objects.
pub(super) fn of_pair(pair: &PairFound, sensors: &[SensorFound], catalogue: &Catalogue) -> Vec<Remark> {
    let [a, b] = &pair.sensors;
    let mut remarks = Remarks { at: format!("sensors `{a}` and `{b}`"), all: Vec::new() };
    let sigma_m = |name: &String| {
        let sensor = catalogue.sensors.iter().find(|sensor| sensor.name == *name);
        sensor.map_or(f64::INFINITY, |sensor| f64::from(sensor.variance_m2()).sqrt())
    };
    let least_m = sigma_m(a).min(sigma_m(b)).max(1.0);
    let sure = |of: &Estimated| of.value.abs() > ERRORS * of.error;
    let told = |of: Estimated, unit: &str| format!("{} ± {} {unit}", rounded(of.value.abs()), rounded(of.error));
    let side = |of: Estimated, [more, less]: [&'static str; 2]| if of.value < 0.0 { less } else { more };
    let [east, north] = [pair.east_m, pair.north_m];
    let off_m = libm::hypot(east.value, north.value);
    let polar = pair.range_m.zip(pair.azimuth_deg).filter(|_| pair.is_polar);
    let is_off = match polar {
        Some((range, azimuth)) => {
            sure(&range) && range.value.abs() > least_m
                || sure(&azimuth) && azimuth.value.abs() > azimuth_deg(pair, catalogue)
        }
        None => off_m > least_m && off_m > ERRORS * libm::hypot(east.error, north.error),
    };
    if is_off {
        let found = match polar {
            Some((range, azimuth)) => format!(
                "the radar's ranges are too {} by {} and its azimuths too {} by {}",
                side(range, ["long", "short"]),
                told(range, "m"),
                side(azimuth, ["large", "small"]),
                told(azimuth, "°")
            ),
            None => format!(
                "the first sees the same objects {} {} and {} {} of where the second does",
                told(east, "m"),
                side(east, ["east", "west"]),
                told(north, "m"),
                side(north, ["north", "south"])
            ),
        };
        let clock = pair.way_s.filter(|_| pair.clock_s.is_none()).map_or_else(String::new, |s| {
            format!("; motion does not tell this from clocks: {} s of their way would do", short(s))
        });
        let few = match (pair.errors_between, pair.objects) {
            ("objects", _) => String::new(),
            (_, 1) => ", by one object: another that moves alike would look the same".to_owned(),
            (_, objects) => format!(", by {objects} objects"),
        };
        let wanted = "the right `site`, and a correction of the rows: fused as they are, one object becomes two";
        remarks.add(None, found + &few + &clock, wanted);
    }
    if let Some(up) = pair.up_m.filter(sure)
        && let Some((name, said_m)) = pressed(pair, up, catalogue)
    {
        let found =
            format!("heights of the first are {} {} those of the second", told(up, "m"), side(up, ["above", "below"]));
        remarks.add(None, found, format!("pressure_correction_m = {} in the entry of `{name}`", said_m.round()));
    }
    let fast = sensors.iter().filter(|sensor| pair.sensors.contains(&sensor.name));
    let fast = fast.filter_map(|sensor| sensor.figures.speed_m_s).map(|speeds| speeds.p95).fold(0.0, f64::max);
    // An offset in which nothing goes as far as the noise is none that matters.
    if let Some(clock) = pair.clock_s.filter(|clock| sure(clock) && clock.value.abs() * fast > least_m) {
        let found =
            format!("the times of the second are {} by {}", side(clock, ["later", "earlier"]), told(clock, "s"));
        remarks.add(None, found, "one clock: a correction of the times of either");
    }
    remarks.all
}

/// The sensor of a pair that alone measures pressure altitudes, and what would correct them, if they are off by more than a
/// fifth of their noise.
fn pressed(pair: &PairFound, up: Estimated, catalogue: &Catalogue) -> Option<(String, f64)> {
    let of = |name: &String| catalogue.sensors.iter().find(|sensor| sensor.name == *name);
    let [a, b] = pair.sensors.each_ref().map(of);
    let (a, b) = a.zip(b)?;
    let (sensor, said_m, more_m) = match (a.altitudes.pressure_correction_m, b.altitudes.pressure_correction_m) {
        (Some(said_m), None) => (a, said_m, -up.value),
        (None, Some(said_m)) => (b, said_m, up.value),
        _ => return None,
    };
    let matters = more_m.abs() > 0.2 * sensor.noise.vertical_m.unwrap_or(0.0);
    matters.then(|| (sensor.name.clone(), said_m + more_m))
}

/// Half the noise of azimuths that is said of the radar of a pair, degrees.
fn azimuth_deg(pair: &PairFound, catalogue: &Catalogue) -> f64 {
    let of = catalogue.sensors.iter().filter(|sensor| pair.sensors.contains(&sensor.name));
    of.filter_map(|sensor| sensor.noise.azimuth_rad).fold(0.0, |_, sigma| sigma.to_degrees() / 2.0)
}

struct Remarks {
    at: String,
    all: Vec<Remark>,
}

impl Remarks {
    fn add(&mut self, key: Option<&'static str>, found: String, wanted: impl Into<String>) {
        self.all.push(Remark { at: self.at.clone(), found, wanted: wanted.into(), key });
    }

    fn rows(&mut self, found: &SensorFound) {
        let of_rows = |count: u64| format!("{count} of {} rows", found.rows);
        if found.outside_coverage as f64 > AT_BORDER * found.rows as f64 {
            let (key, wanted) = if 2 * found.swapped > found.outside_coverage {
                (None, "latitude_deg and longitude_deg the other way round: so most of them would lie within")
            } else if (found.outside_coverage as f64) < FEW * found.rows as f64 {
                (None, "these rows put right, or a `coverage` that holds them: outside, rows begin no track")
            } else {
                (
                    Some("coverage"),
                    "a `coverage` that holds what it sees (the entry below), or its `site`: outside, rows begin no track",
                )
            };
            self.add(key, format!("{} outside its coverage", of_rows(found.outside_coverage)), wanted);
        }
        if found.duplicates as f64 > TWICE * found.rows as f64 {
            let wanted = "every row once";
            self.add(
                None,
                format!("{} are there twice, with the same time and content", of_rows(found.duplicates)),
                wanted,
            );
        }
        if found.repeats as f64 > AT_BORDER * found.rows as f64 {
            let wanted = "rows of what was measured anew, unless these objects are at rest: a value that is held is no new \
                measurement";
            self.add(None, format!("{} repeat an earlier one at another time", of_rows(found.repeats)), wanted);
        }
    }

    fn looks(&mut self, found: &SensorFound, sensor: &Sensor) {
        let Some(interval) = found.interval else { return };
        let median = time(interval.median_s);
        match &sensor.looks {
            Looks::Periodic { period_us } => {
                let said_s = *period_us as f64 * 1e-6;
                let factor = (interval.median_s / said_s).max(said_s / interval.median_s);
                if interval.from_addresses && !interval.steady {
                    let [low, high] = [interval.p10_s, interval.p90_s].map(time);
                    let found = format!("an address reports every {low} to {high}, {median} in the middle");
                    let wanted = format!(
                        "looks = \"reports\" with expected_interval_s = {}: whoever reports when it likes has no looks",
                        super::words::toml(interval.p90_s)
                    );
                    self.add(Some("looks"), found, wanted);
                } else if factor > if interval.steady { PERIODS[0] } else { PERIODS[1] } {
                    let found = format!("an object is seen every {median}, and scan_period_s is {}", short(said_s));
                    self.add(
                        Some("scan_period_s"),
                        found,
                        format!("scan_period_s = {}", super::words::toml(interval.median_s)),
                    );
                }
            }
            Looks::Reports { expected_interval_us } => {
                let said_s = *expected_interval_us as f64 * 1e-6;
                // The longest that is usual, of ships at anchor say: far above what most intervals are.
                if said_s < interval.median_s / 2.0 || said_s > 100.0 * interval.p90_s {
                    let found =
                        format!("an object reports every {median}, and expected_interval_s is {}", short(said_s));
                    let wanted = format!("expected_interval_s = {}", super::words::toml(interval.p90_s));
                    self.add(Some("expected_interval_s"), found, wanted);
                }
            }
            Looks::Listed(_) | Looks::Rotating(_) => {}
        }
    }

    fn detection(&mut self, found: &SensorFound, sensor: &Sensor) {
        if matches!(sensor.looks, Looks::Reports { .. }) || self.all.iter().any(|remark| remark.key == Some("looks")) {
            return;
        }
        if let Some(Estimated { value, error }) = found.figures.detection_probability {
            let said = sensor.detection_probability;
            if (value.min(SURE) - said.min(SURE)).abs() > DETECTED.max(ERRORS * error) {
                let found =
                    format!("{:.0} % of the looks detect an object, and {:.0} % is said", 100.0 * value, 100.0 * said);
                let value = value.min(SURE);
                self.add(Some("detection_probability"), found, format!("detection_probability = {value:.2}"));
            }
        }
        if let Some(Estimated { value, error }) = found.figures.clutter_per_scan {
            let said = sensor.clutter_per_scan;
            let far = value > CLUTTERS * said || said > FEWER * value;
            if far && (value - said).abs() > (ERRORS * error).max(1.0) {
                let found =
                    format!("{} rows a look are of no object that goes on, and {} is said", short(value), short(said));
                let value = value.max(0.01);
                self.add(Some("clutter_per_scan"), found, format!("clutter_per_scan = {}", super::words::toml(value)));
            }
        }
    }

    fn noise(&mut self, found: &SensorFound, sensor: &Sensor) {
        let noise = &found.figures.noise;
        let degrees = |sigma: Option<f64>| sigma.map(f64::to_degrees);
        let elevates = sensor.noise.elevation_rad.is_some();
        for (key, found, said) in [
            ("horizontal_m", noise.horizontal_m, sensor.noise.horizontal_m),
            ("vertical_m", noise.vertical_m.filter(|_| !elevates), sensor.noise.vertical_m),
            ("range_m", noise.range_m, sensor.noise.range_m),
            ("azimuth_deg", noise.azimuth_deg, degrees(sensor.noise.azimuth_rad)),
            ("elevation_deg", noise.elevation_deg, degrees(sensor.noise.elevation_rad)),
        ] {
            let (Some(Estimated { value, error }), Some(said)) = (found, said) else { continue };
            let text = format!(
                "noise from row to row is {} ± {} ({key}), and {} is said",
                short(value),
                short(error),
                short(said)
            );
            if value - ERRORS * error > NOISES * said {
                let wanted =
                    format!("{key} = {} in `noise`, unless rows bring their own deviations", super::words::toml(value));
                self.add(Some(key), text, wanted);
            } else if value > 0.0 && said > LESS * (value + ERRORS * error) {
                // No entry says less: what stays from row to row is an error, too.
                let wanted = "less, if nothing of its error stays from look to look: smoothed or repeated values have such errors, \
                    and pairs of sensors show them";
                self.add(None, text, wanted);
            }
        }
    }
}
