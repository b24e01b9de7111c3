//! An entry of the catalogue, proposed: what is said of a sensor, with what was found instead where that contradicts it.

use std::fmt::Write as _;

use super::remarks::Remark;
use super::report::SensorFound;
use super::words::{quoted, toml};
use crate::ingest::TimeScale;
use crate::sensor::{Coverage, Kind, Looks, Mount, Rotation, Sense, Sensor, Turns};
use crate::space::{Frame, Geodetic};
use crate::time::format_timestamp;

/// A margin about what was seen.
const MARGIN: f64 = 0.05;

/// The entry of a sensor as TOML; what was found is marked.
pub(super) fn entry(
    found: &SensorFound,
    sensor: &Sensor,
    (frame, time, remarks): (Frame, TimeScale, &[Remark]),
) -> String {
    let told = |key: &str| remarks.iter().any(|remark| remark.key == Some(key));
    let line = |key: &str, value: String, is_found: bool| {
        format!("{key} = {value}{}\n", if is_found { "  # found" } else { "" })
    };
    let mut text = format!("[[sensor]]\nname = {}\nowner = {}\n", quoted(&sensor.name), quoted(&sensor.owner));
    text += &line("kind", quoted(sensor.kind.name()), false);
    match &sensor.kind {
        Kind::Radar { mount: Mount::Fixed { site_m, .. } } => text += &line("site", site(frame, *site_m), false),
        Kind::Radar { mount: Mount::Moving(platform) } => text += &line("platform", quoted(platform.file()), false),
        Kind::Position => {}
    }
    let (noise, noise_is_found) = noise(found, sensor, &told);
    text += &line("noise", noise, noise_is_found);
    text += &offsets(sensor);
    text += &altitudes(sensor);
    let looks_found = found.interval.filter(|_| told("looks") || told("expected_interval_s"));
    let said = |said: f64, value: Option<super::figures::Estimated>, key: &str| {
        let most = if key == "detection_probability" { 0.99 } else { f64::INFINITY };
        let value = value.filter(|_| told(key)).map(|found| found.value.clamp(0.01, most));
        (toml(value.unwrap_or(said)), value.is_some())
    };
    let (detected, is_found) =
        said(sensor.detection_probability, found.figures.detection_probability, "detection_probability");
    text += &line("detection_probability", detected, is_found);
    let (clutter, is_found) = said(sensor.clutter_per_scan, found.figures.clutter_per_scan, "clutter_per_scan");
    text += &line("clutter_per_scan", clutter, is_found);
    text += &match (&sensor.looks, looks_found) {
        (_, Some(interval)) => {
            line("looks", quoted("reports"), true) + &line("expected_interval_s", toml(interval.p90_s), true)
        }
        (Looks::Listed(_), None) => line("looks", quoted("listed"), false),
        (Looks::Rotating(of), None) => rotating(of, time),
        (Looks::Reports { expected_interval_us }, None) => {
            let expected = toml(*expected_interval_us as f64 * 1e-6);
            line("looks", quoted("reports"), false) + &line("expected_interval_s", expected, false)
        }
        (Looks::Periodic { period_us }, None) => {
            let is_found = found.interval.filter(|_| told("scan_period_s"));
            let period_s = is_found.map_or(*period_us as f64 * 1e-6, |interval| interval.median_s);
            line("scan_period_s", toml(period_s), is_found.is_some())
        }
    };
    if let Some(view) = &sensor.view {
        text += &line("view", quoted(view), false);
    }
    let (coverage, is_found) = coverage(found, sensor, (frame, told("coverage")));
    text + &line("coverage", coverage, is_found)
}

/// How its antenna turns.
fn rotating(of: &Rotation, time: TimeScale) -> String {
    let mut text = format!("looks = \"rotating\"\nsectors = {}\n", of.sectors);
    if of.sense == Sense::Counterclockwise {
        text += "rotation = \"counterclockwise\"\n";
    }
    let _ = writeln!(text, "azimuth_tolerance_deg = {}", toml(of.tolerance_deg));
    let _ = writeln!(text, "scan_period_s = {}", toml(of.period_us as f64 * 1e-6));
    if let Turns::Steady { north_us } = of.turns {
        let _ = writeln!(text, "north = {}", instant(north_us, time));
    }
    text
}

/// A time as a catalogue has it.
fn instant(time_us: i64, time: TimeScale) -> String {
    match time {
        TimeScale::Timestamp => quoted(&format_timestamp(time_us)),
        TimeScale::Seconds => format!("{:?}", time_us as f64 * 1e-6),
    }
}

/// What it is known to say too much, if anything is.
fn offsets(sensor: &Sensor) -> String {
    let parts: Vec<String> = sensor.offsets.named().map(|(key, value)| format!("{key} = {value:?}")).collect();
    if parts.is_empty() { String::new() } else { format!("offsets = {{ {} }}\n", parts.join(", ")) }
}

/// What its altitudes are, if they are not those above the ellipsoid.
fn altitudes(sensor: &Sensor) -> String {
    let pressure = |said_m| format!("altitude = \"pressure\"\npressure_correction_m = {}\n", toml(said_m));
    let surface = |[height_m, sigma_m]: [f64; 2]| format!("surface_m = [{}, {}]\n", toml(height_m), toml(sigma_m));
    let altitudes = &sensor.altitudes;
    altitudes.pressure_correction_m.map(pressure).unwrap_or_default()
        + &altitudes.surface_m.map(surface).unwrap_or_default()
}

fn site(frame: Frame, site_m: [f64; 3]) -> String {
    let [x, y, z] = site_m;
    match frame {
        Frame::Local => format!("{{ x_m = {x:?}, y_m = {y:?}, z_m = {z:?} }}"),
        Frame::Geodetic => {
            let Geodetic { latitude_deg, longitude_deg, altitude_m } = Geodetic::from_ecef(site_m);
            format!(
                "{{ latitude_deg = {latitude_deg:.7}, longitude_deg = {longitude_deg:.7}, altitude_m = {altitude_m:.1} }}"
            )
        }
    }
}

fn noise(found: &SensorFound, sensor: &Sensor, told: &impl Fn(&str) -> bool) -> (String, bool) {
    let (of, said) = (&found.figures.noise, &sensor.noise);
    let degrees = |sigma: Option<f64>| sigma.map(f64::to_degrees);
    let keys = [
        ("horizontal_m", said.horizontal_m, of.horizontal_m),
        ("vertical_m", said.vertical_m, of.vertical_m),
        ("range_m", said.range_m, of.range_m),
        ("azimuth_deg", degrees(said.azimuth_rad), of.azimuth_deg),
        ("elevation_deg", degrees(said.elevation_rad), of.elevation_deg),
        ("range_rate_m_s", said.range_rate_m_s, None),
        ("speed_m_s", said.speed_m_s, None),
        ("course_deg", degrees(said.course_rad), None),
        ("velocity_m_s", said.velocity_m_s, None),
        ("climb_m_s", said.climb_m_s, None),
    ];
    let mut is_found = false;
    let parts: Vec<String> = keys
        .into_iter()
        .filter_map(|(key, said, of)| {
            let of = of.filter(|_| told(key)).map(|found| found.value);
            is_found |= of.is_some();
            Some(format!("{key} = {}", toml(of.or(said)?)))
        })
        .collect();
    (format!("{{ {} }}", parts.join(", ")), is_found)
}

pub(super) fn coverage(found: &SensorFound, sensor: &Sensor, (frame, is_told): (Frame, bool)) -> (String, bool) {
    let heights = |height_m: Option<[f64; 2]>| {
        height_m.map_or_else(String::new, |[low, high]| format!(", height_m = [{low:?}, {high:?}]"))
    };
    let kept = sensor.coverage.height_m();
    let extent = found.extent.filter(|_| is_told);
    let names = if frame == Frame::Local { ["x_m", "y_m"] } else { ["longitude_deg", "latitude_deg"] };
    let wider = |[low, high]: [f64; 2]| {
        let margin = MARGIN * (high - low);
        [low - margin, high + margin]
    };
    let of_box = |min: [f64; 2], max: [f64; 2], height_m| {
        let ([x, y], [west, south], [east, north]) = (names, min, max);
        format!("{{ {x} = [{west:?}, {east:?}], {y} = [{south:?}, {north:?}]{} }}", heights(height_m))
    };
    let heights_found = |found: Option<[f64; 2]>| {
        let round = |[low, high]: [f64; 2]| [low.floor(), high.ceil()];
        kept.map(|[low, high]| match found.map(wider).map(round) {
            Some([least, most]) => [low.min(least), high.max(most)],
            None => [low, high],
        })
    };
    match (sensor.coverage, extent) {
        (Coverage::Box { min, max, .. }, None) => (of_box(min, max, kept), false),
        (Coverage::Ring { range_m: [near, far], .. }, None) => {
            (format!("{{ range_m = [{near:?}, {far:?}]{} }}", heights(kept)), false)
        }
        (Coverage::Box { .. }, Some(extent)) => {
            let ([west, south], [east, north]) = (extent.min, extent.max);
            let digits = if frame == Frame::Local { 1.0 } else { 1e4 };
            let out = |[low, high]: [f64; 2]| {
                let low = (low * digits).floor();
                [low / digits, (high * digits).ceil().max(low + 1.0) / digits]
            };
            let turn = if frame == Frame::Geodetic && west > east { 360.0 } else { 0.0 };
            let [west, east] = match out(wider([west, east + turn])) {
                around if frame == Frame::Local => around,
                [west, east] if east - west >= 360.0 => [-180.0, 180.0],
                around => around.map(|x| x - 360.0 * f64::from(i8::from(x > 180.0) - i8::from(x < -180.0))),
            };
            let [south, north] = out(wider([south, north]));
            let [south, north] = if frame == Frame::Geodetic {
                [south.clamp(-90.0, 89.9999), north.clamp(-89.9999, 90.0)]
            } else {
                [south, north]
            };
            (of_box([west, south], [east, north], heights_found(extent.height_m)), true)
        }
        (Coverage::Ring { .. }, Some(extent)) => {
            let [near, far] = extent.range_m.unwrap_or_default();
            let [near, far] = [(near * 0.9).floor(), (far * (1.0 + MARGIN)).ceil()];
            (format!("{{ range_m = [{near:?}, {far:?}]{} }}", heights(heights_found(extent.height_m))), true)
        }
    }
}
