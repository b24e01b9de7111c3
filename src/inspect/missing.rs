//! Entries for sensors that rows name and the catalogue lacks: one by which their rows are read, one to paste.
//!
//! Which columns are filled tells what a sensor measures. Where it stands, whose it is and what its rows do not show is marked
//! `# not known`: the number there makes the entry valid and says nothing.

use super::entry::coverage;
use super::report::SensorFound;
use super::words::{quoted, toml};
use crate::ingest::{Catalogue, Listing, Named};
use crate::sensor::{Kind, KindName, Quantity, Sensor};
use crate::space::{Frame, Geodetic};

/// Standard deviations of the catalogue: the key, the column of the rows' own, and the columns that ask for it.
const NOISES: [(&str, Quantity, &[Quantity]); 10] = [
    ("horizontal_m", Quantity::SigmaHorizontal, &[Quantity::X, Quantity::Latitude]),
    ("vertical_m", Quantity::SigmaVertical, &[Quantity::Z, Quantity::Altitude]),
    ("range_m", Quantity::SigmaRange, &[Quantity::Range]),
    ("azimuth_deg", Quantity::SigmaAzimuth, &[Quantity::Azimuth]),
    ("elevation_deg", Quantity::SigmaElevation, &[Quantity::Elevation]),
    ("range_rate_m_s", Quantity::SigmaRangeRate, &[Quantity::RangeRate]),
    ("speed_m_s", Quantity::SigmaSpeed, &[Quantity::Speed]),
    ("course_deg", Quantity::SigmaCourse, &[Quantity::Course]),
    ("velocity_m_s", Quantity::SigmaVelocity, &[Quantity::Vx, Quantity::East]),
    ("climb_m_s", Quantity::SigmaClimb, &[Quantity::Vz, Quantity::Up]),
];

/// The keys of noise that the rows of a sensor ask for, each with the mean of the rows' own, if all have some.
fn noises(of: &Named, frame: Frame) -> Vec<(&'static str, Option<f64>)> {
    let keys = of.kind().keys(frame);
    let foreign = |key: &str| keys.foreign.iter().any(|(other, _)| *other == key);
    let asked = |key: &str, by: &[Quantity]| {
        keys.needed.contains(&key) || !foreign(key) && by.iter().any(|quantity| of.filled(*quantity) > 0)
    };
    let noises = NOISES.iter().filter(|(key, _, by)| asked(key, by));
    noises.map(|(key, sigma, _)| (*key, of.mean(*sigma).filter(|sigma| *sigma > 0.0))).collect()
}

/// The entry by which the rows of a sensor are read.
pub(super) fn provisional(of: &Named, frame: Frame) -> String {
    let noise: Vec<String> = noises(of, frame)
        .iter()
        .map(|(key, own)| format!("{key} = {}", toml(own.unwrap_or(1.0).clamp(0.01, 50.0))))
        .collect();
    let site = of.told.site.map_or_else(|| nowhere(frame).to_owned(), |(site, _)| written(site));
    let (kind, site, coverage) = match (of.kind(), frame) {
        (KindName::Radar, _) => ("radar", format!("site = {site}\n"), "range_m = [0.0, 1e9]"),
        (KindName::Position, Frame::Local) => ("position", String::new(), "x_m = [-1e9, 1e9], y_m = [-1e9, 1e9]"),
        (KindName::Position, Frame::Geodetic) => {
            ("position", String::new(), "longitude_deg = [-180.0, 180.0], latitude_deg = [-90.0, 90.0]")
        }
    };
    let altitudes = altitudes(of, frame).unwrap_or_default();
    let looks = match of.told.turn_s {
        _ if of.has_looks => "looks = \"listed\"".to_owned(),
        _ if of.told.reports => "looks = \"reports\"\nexpected_interval_s = 1.0".to_owned(),
        turn_s => format!("scan_period_s = {:?}", turn_s.map_or(1.0, |(turn_s, _)| turn_s)),
    };
    format!(
        "[[sensor]]\nname = {}\nowner = \"unknown\"\nkind = \"{kind}\"\n{site}noise = {{ {} }}\ndetection_probability = 0.9\n\
         clutter_per_scan = 1.0\n{altitudes}{looks}\ncoverage = {{ {coverage} }}\n",
        quoted(&of.name),
        noise.join(", ")
    )
}

/// The key by which altitudes are read that are flight levels, or that no row has.
fn altitudes(of: &Named, frame: Frame) -> Option<&'static str> {
    match (frame, of.kind()) {
        (Frame::Geodetic, _) if of.filled(Quantity::FlightLevel) > 0 => Some("altitude = \"pressure\"\n"),
        (Frame::Geodetic, KindName::Position) if of.filled(Quantity::Altitude) == 0 => {
            Some("surface_m = [0.0, 50.0]\n")
        }
        _ => None,
    }
}

/// What stands in a draft for a radar that says when its antenna pointed north.
const ROTATING: &str = "looks = \"rotating\"  # found: its revolutions, from north to north, are in looks.parquet\n";

/// What stands in a draft for an owner.
const OWNER: &str = "owner = \"unknown\"  # to be stated: whose it is\n";

/// What stands in a draft before the coverage of a radar that measures no heights.
const NO_HEIGHTS: &str = "# height_m = [lowest, highest] in coverage: to be stated, since it measures no heights; without it \
                          any from 0 to 15000 m is as likely\n";

/// What stands in a draft for the site of a radar that nobody says: a run asks for the key.
const NO_SITE: &str = "# site = { latitude_deg = ?, longitude_deg = ?, altitude_m = ? }  # to be stated: no message says \
                       where it stands; altitude above the ellipsoid\n";

fn written(site: Geodetic) -> String {
    let Geodetic { latitude_deg, longitude_deg, altitude_m } = site;
    format!("{{ latitude_deg = {latitude_deg:?}, longitude_deg = {longitude_deg:?}, altitude_m = {altitude_m:?} }}")
}

/// A site that says nothing.
const fn nowhere(frame: Frame) -> &'static str {
    match frame {
        Frame::Local => "{ x_m = 0.0, y_m = 0.0, z_m = 0.0 }",
        Frame::Geodetic => "{ latitude_deg = 0.0, longitude_deg = 0.0, altitude_m = 0.0 }",
    }
}

/// The entry that is proposed for a sensor, with what its rows show.
pub(super) fn entry(of: &Named, (found, sensor, frame): (&SensorFound, &Sensor, Frame)) -> String {
    let line = |key: &str, found: Option<String>, other: &str| match found {
        Some(value) => format!("{key} = {value}  # found\n"),
        None => format!("{key} = {other}  # not known\n"),
    };
    let mut text = format!("[[sensor]]\nname = {}\n", quoted(&of.name));
    text += &if of.told.is_draft { OWNER.to_owned() } else { line("owner", None, "\"unknown\"") };
    text += &line("kind", Some(quoted(sensor.kind.name())), "");
    if matches!(sensor.kind, Kind::Radar { .. }) {
        let site = match of.told.site {
            Some((site, who)) => format!("site = {}  # {who}\n", written(site)),
            None if of.told.is_draft => NO_SITE.to_owned(),
            None => line("site", None, nowhere(frame)),
        };
        text += &site;
    }
    text += &noise(of, found, frame);
    if let Some(key) = altitudes(of, frame) {
        let found = if key.starts_with('a') { "flight levels" } else { "no altitudes" };
        let line = format!("{}  # found: {found}\n", key.trim_end());
        text += &line;
    }
    let detected = found.figures.detection_probability.map(|found| toml(found.value.clamp(0.01, 0.99)));
    text += &line("detection_probability", detected, "0.9");
    let clutter = found.figures.clutter_per_scan.map(|found| toml(found.value.max(0.01)));
    // What is decoded by a checksum is hardly ever false.
    text += &line("clutter_per_scan", clutter, if of.told.reports { "0.1" } else { "1.0" });
    text += &match found.interval {
        _ if of.told.looks == Listing::Revolutions && found.is_swept() => of
            .told
            .turn_s
            .map_or_else(String::new, |(turn_s, _)| format!("{ROTATING}scan_period_s = {turn_s:.6}  # found\n")),
        _ if of.has_looks && of.told.looks == Listing::Looks => line("looks", Some(quoted("listed")), ""),
        interval if of.told.reports => {
            let every = interval.map(|interval| toml(interval.p90_s.max(1e-6)));
            line("looks", Some(quoted("reports")), "") + &line("expected_interval_s", every, "10.0")
        }
        _ if of.told.turn_s.is_some() => of.told.turn_s.map_or_else(String::new, |(turn_s, turns)| {
            format!("scan_period_s = {turn_s:.6}  # found: {turns} turns from north to north\n")
        }),
        Some(interval) if interval.from_addresses && !interval.steady => {
            line("looks", Some(quoted("reports")), "")
                + &line("expected_interval_s", Some(toml(interval.p90_s.max(1e-6))), "")
        }
        interval => line("scan_period_s", interval.map(|interval| toml(interval.median_s.max(1e-6))), "1.0"),
    };
    let is_flat = of.filled(Quantity::Altitude) + of.filled(Quantity::Elevation) == 0;
    if of.told.is_draft && is_flat && matches!(sensor.kind, Kind::Radar { .. }) {
        text += NO_HEIGHTS;
    }
    let (coverage, is_found) = coverage(found, sensor, (frame, true));
    text + &line("coverage", is_found.then(|| coverage.clone()), &coverage)
}

/// A deviation that is less, metres, is one of a value that is held.
const LEAST_M: f64 = 1e-3;

/// Its noise, and where that is from.
fn noise(of: &Named, found: &SensorFound, frame: Frame) -> String {
    let figures = &found.figures.noise;
    let (mut parts, mut own, mut steps, mut unknown) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (key, mean) in noises(of, frame) {
        let measured = match key {
            "horizontal_m" => figures.horizontal_m,
            "vertical_m" => figures.vertical_m,
            "range_m" => figures.range_m,
            "azimuth_deg" => figures.azimuth_deg,
            "elevation_deg" => figures.elevation_deg,
            _ => None,
        };
        let measured = measured
            .map(|sigma| sigma.value)
            .filter(|sigma| *sigma > if key.ends_with("_deg") { 1e-6 } else { LEAST_M });
        let step = of.told.vertical_m.filter(|_| key == "vertical_m");
        let sigma = mean.or(measured).or(step).unwrap_or(1.0);
        parts.push(format!("{key} = {}", toml(sigma.clamp(1e-6, if key.ends_with("_deg") { 60.0 } else { 1e9 }))));
        if mean.is_some() {
            own.push(key);
        } else if measured.is_none() && step.is_some() {
            steps.push(key);
        } else if measured.is_none() {
            unknown.push(key);
        }
    }
    let told =
        |what: &str, keys: Vec<&str>| if keys.is_empty() { None } else { Some(format!("{what}: {}", keys.join(", "))) };
    let notes: Vec<String> =
        [told("the mean of the rows' own", own), told("that of steps of 100 ft", steps), told("not known", unknown)]
            .into_iter()
            .flatten()
            .collect();
    let notes = if notes.is_empty() { "found".to_owned() } else { format!("found, but {}", notes.join("; ")) };
    format!("noise = {{ {} }}  # {notes}\n", parts.join(", "))
}

/// What stands above the entries where there is no catalogue.
pub(super) fn head(catalogue: &Catalogue) -> String {
    let frame = if catalogue.frame == Frame::Local { "local" } else { "geodetic" };
    let time = match catalogue.time {
        crate::ingest::TimeScale::Seconds => "seconds",
        crate::ingest::TimeScale::Timestamp => "timestamp",
    };
    format!("name = {}\nframe = \"{frame}\"\ntime = \"{time}\"\n", quoted(&catalogue.name))
}

/// What a sensor measures and what of it is not known, in words.
pub(super) fn told(of: &Named, sensor: &Sensor) -> [String; 2] {
    let found = format!("{} rows of kind {}, and no entry in recording.toml", of.rows, sensor.kind.name());
    let wanted = match sensor.kind {
        Kind::Position => "the entry below, with its owner",
        Kind::Radar { .. } => "the entry below, with its owner and its site: rows tell neither",
    };
    [found, wanted.to_owned()]
}
