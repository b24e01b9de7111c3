//! A scenario with every value checked: whole microseconds, metres, corners. Nothing downstream checks again.

use std::fmt::Display;

use super::error::SimulateError;
use super::platform::{Arc, Way};
use super::scenario::{
    AtEdge, AzimuthsFrom, CoverageScenario, GivenObject, Motion, NoiseScenario, PlatformScenario, Scenario, SensorKind,
    SensorScenario, Timing,
};
use crate::ingest::error::short;
use crate::sensor::{Rotation, Sense};
use crate::time::micros;

/// Most objects at the start and alive later on, and most false detections of a scan; a gigabyte of memory each.
const MOST_OBJECTS: f64 = 1e7;
/// Longest recording: within it, f64 seconds keep every microsecond.
const LONGEST_S: f64 = 4e9;
/// Most looks of one sensor within a report period.
const MOST_LOOKS: i64 = 10_000;
/// Most rows of a platform.
const ROWS_MOST: i64 = 1_000_000;
/// Farthest coordinate, as a catalogue allows it.
const FARTHEST_M: f64 = 1e9;
/// Intensities of acceleration, m²/s³.
const INTENSITY: [f64; 2] = [0.0, 1e9];

/// What the simulation does, checked.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) seed: u64,
    pub(super) scans: u64,
    pub(super) period_us: i64,
    pub(super) objects: u64,
    /// Half the side of the area.
    pub(super) half_side_m: f64,
    pub(super) height_m: Option<[f64; 2]>,
    pub(super) births_per_scan: f64,
    pub(super) survival_probability: f64,
    pub(super) at_edge: AtEdge,
    pub(super) motion: Motion,
    /// In the order of the file; their numbers are their places in it.
    pub(super) given: Vec<Given>,
    pub(super) sensors: Vec<Sensor>,
}

/// An object with a given start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Given {
    pub(super) position_m: [f64; 3],
    pub(super) velocity_m_s: [f64; 3],
    pub(super) first_scan: u64,
    pub(super) last_scan: u64,
    pub(super) horizontal_intensity_m2_s3: f64,
}

/// A sensor.
#[derive(Clone, Debug)]
pub(super) struct Sensor {
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) measures: Measures,
    pub(super) detection_probability: f64,
    pub(super) clutter_per_scan: f64,
    pub(super) scan_period_us: i64,
    pub(super) instant: Instant,
    pub(super) region: Region,
}

/// When a look sees.
#[derive(Clone, Copy, Debug)]
pub(super) enum Instant {
    /// This many microseconds after it begins.
    At(i64),
    /// Each object at its own time.
    Spread,
    /// Each object when an antenna points there.
    Rotating { sense: Sense },
    /// Objects report, with shortest and longest interval, and that of those at rest.
    Reports { every_us: [i64; 2], at_rest_us: Option<i64> },
}

/// What a sensor measures, with standard deviations in metres, radians and metres a second.
#[derive(Clone, Copy, Debug)]
pub(super) enum Measures {
    Position { horizontal_m: f64, vertical_m: Option<f64>, velocity_m_s: Option<f64> },
    Radar { way: Way, range_m: f64, azimuth_deg: f64, elevation_deg: Option<f64>, range_rate_m_s: Option<f64> },
}

/// Where a sensor sees.
#[derive(Clone, Copy, Debug)]
pub(super) enum Region {
    Box { x_m: [f64; 2], y_m: [f64; 2] },
    Ring { centre: Way, range_m: [f64; 2] },
}

/// Knows where a value stands, so that each check is one line.
#[derive(Clone, Copy)]
struct Checker<'a> {
    place: &'a str,
    /// The tables around the keys, with a dot at the end, or nothing.
    within: &'a str,
}

impl Checker<'_> {
    fn wrong(&self, key: &str, found: impl Display, wanted: impl Display) -> SimulateError {
        SimulateError::Value {
            place: self.place.to_owned(),
            key: format!("{}{key}", self.within),
            found: short(&found),
            wanted: wanted.to_string(),
        }
    }

    fn number(&self, key: &str, value: f64, [least, most]: [f64; 2]) -> Result<f64, SimulateError> {
        if (least..=most).contains(&value) {
            return Ok(value);
        }
        Err(self.wrong(key, value, format_args!("a number from {least} to {most}")))
    }

    fn needed(&self, key: &str, value: Option<f64>, bounds: [f64; 2], why: &str) -> Result<f64, SimulateError> {
        let value = value.ok_or_else(|| self.wrong(key, "missing", why))?;
        self.number(key, value, bounds)
    }

    fn absent<T>(&self, key: &str, value: Option<T>, why: &str) -> Result<(), SimulateError> {
        value.map_or(Ok(()), |_| Err(self.wrong(key, "there", why)))
    }

    fn interval(&self, key: &str, [from, to]: [f64; 2], [least, most]: [f64; 2]) -> Result<[f64; 2], SimulateError> {
        if from < to {
            return Ok([self.number(key, from, [least, most])?, self.number(key, to, [least, most])?]);
        }
        Err(self.wrong(key, format_args!("[{from}, {to}]"), "two numbers, the lower first"))
    }

    /// As `interval`, but the two may be equal.
    fn range(&self, key: &str, [from, to]: [f64; 2], bounds: [f64; 2]) -> Result<[f64; 2], SimulateError> {
        if from <= to {
            return Ok([self.number(key, from, bounds)?, self.number(key, to, bounds)?]);
        }
        Err(self.wrong(key, format_args!("[{from}, {to}]"), "two numbers, the lower first"))
    }

    fn period(&self, key: &str, seconds: f64) -> Result<i64, SimulateError> {
        let wanted = format!("seconds from 0.000001 to {LONGEST_S}");
        let us = micros(seconds).filter(|us| *us > 0 && seconds <= LONGEST_S);
        us.ok_or_else(|| self.wrong(key, seconds, wanted))
    }

    fn name(&self, key: &str, name: &str) -> Result<String, SimulateError> {
        if name.is_empty() || name.trim() != name || name.chars().any(char::is_control) {
            let wanted = "a name without spaces at its ends or control characters";
            return Err(self.wrong(key, format_args!("{name:?}"), wanted));
        }
        Ok(name.to_owned())
    }
}

impl Plan {
    pub(super) fn new(scenario: &Scenario, place: &str) -> Result<Self, SimulateError> {
        let check = Checker { place, within: "" };
        let period_us = check.period("report_period_s", scenario.report_period_s)?;
        if scenario.scans == 0 || scenario.scans as f64 * scenario.report_period_s > LONGEST_S {
            return Err(check.wrong("scans", scenario.scans, format_args!("1 or more, at most {LONGEST_S} s in all")));
        }
        check.number("objects", scenario.objects as f64, [0.0, MOST_OBJECTS])?;
        let height_m = scenario.height_m.map(|span| check.interval("height_m", span, [-1e6, 1e8])).transpose()?;
        let mut plan = Self {
            name: check.name("name", &scenario.name)?,
            seed: scenario.seed,
            scans: scenario.scans,
            period_us,
            objects: scenario.objects,
            half_side_m: half_side_m(scenario, check)?,
            height_m,
            births_per_scan: check.number("births_per_scan", scenario.births_per_scan, [0.0, 1e7])?,
            survival_probability: check.number("survival_probability", scenario.survival_probability, [0.0, 1.0])?,
            at_edge: scenario.at_edge,
            motion: motion(&scenario.motion, height_m, Checker { place, within: "motion." })?,
            given: Vec::with_capacity(scenario.given_objects.len()),
            sensors: Vec::with_capacity(scenario.sensors.len()),
        };
        // Mean lifetime in scans, and how many are born in it.
        let lives = (1.0 / (1.0 - plan.survival_probability)).min(plan.scans as f64);
        let alive = plan.objects as f64 + plan.births_per_scan * lives;
        if alive > MOST_OBJECTS {
            let found = format!("{}, by which about {} objects are alive", plan.births_per_scan, alive.round());
            return Err(check.wrong("births_per_scan", found, format_args!("at most {MOST_OBJECTS} alive")));
        }
        for (index, object) in scenario.given_objects.iter().enumerate() {
            plan.given.push(plan.given_object(object, Checker { place, within: &format!("object[{index}].") })?);
        }
        if scenario.sensors.is_empty() {
            return Err(check.wrong("sensor", "missing", "at least one [[sensor]]"));
        }
        for sensor in &scenario.sensors {
            let checked = plan.sensor(sensor, Checker { place, within: &format!("sensor.{}.", sensor.name) })?;
            if plan.sensors.iter().any(|earlier| earlier.name == checked.name) {
                let found = format!("{:?}, the name of an earlier sensor", checked.name);
                return Err(check.wrong("sensor.name", found, "a name of its own"));
            }
            plan.sensors.push(checked);
        }
        Ok(plan)
    }

    fn given_object(&self, object: &GivenObject, check: Checker<'_>) -> Result<Given, SimulateError> {
        let axes = |key, values: &[f64], most: f64| {
            let wanted = if self.height_m.is_some() { "three numbers: x, y, z" } else { "two numbers: x, y" };
            let fits = values.len() == 2 + usize::from(self.height_m.is_some());
            match (fits, values) {
                (true, [x, y, rest @ ..]) => {
                    let z = rest.first().copied().unwrap_or(0.0);
                    let bounds = [-most, most];
                    Ok([check.number(key, *x, bounds)?, check.number(key, *y, bounds)?, check.number(key, z, bounds)?])
                }
                _ => Err(check.wrong(key, format_args!("{values:?}"), wanted)),
            }
        };
        let position_m = axes("position_m", &object.position_m, FARTHEST_M)?;
        let [x, y, z] = position_m;
        let inside = x.abs().max(y.abs()) <= self.half_side_m
            && self.height_m.is_none_or(|[low, high]| (low..=high).contains(&z));
        if !inside {
            let wanted = format!("a place in the area, {0} m from the origin along x and y at most", self.half_side_m);
            return Err(check.wrong("position_m", format_args!("{:?}", object.position_m), wanted));
        }
        let GivenObject { first_scan, last_scan, horizontal_intensity_m2_s3, .. } = *object;
        if last_scan < first_scan || last_scan >= self.scans {
            let wanted = format!("from first_scan ({first_scan}) to {}", self.scans - 1);
            return Err(check.wrong("last_scan", last_scan, wanted));
        }
        let horizontal_intensity_m2_s3 = match horizontal_intensity_m2_s3 {
            Some(own) => check.number("horizontal_intensity_m2_s3", own, INTENSITY)?,
            None => self.motion.horizontal_intensity_m2_s3,
        };
        let velocity_m_s = axes("velocity_m_s", &object.velocity_m_s, 1e6)?;
        Ok(Given { position_m, velocity_m_s, first_scan, last_scan, horizontal_intensity_m2_s3 })
    }

    fn sensor(&self, sensor: &SensorScenario, check: Checker<'_>) -> Result<Sensor, SimulateError> {
        let scan_period_us = check.period("scan_period_s", sensor.scan_period_s)?;
        if self.period_us / scan_period_us > MOST_LOOKS {
            let least = self.period_us as f64 * 1e-6 / MOST_LOOKS as f64;
            let wanted = format!("at least {least}: at most {MOST_LOOKS} looks in a report period");
            return Err(check.wrong("scan_period_s", sensor.scan_period_s, wanted));
        }
        let instant = match sensor.timing {
            Timing::Reports { every_s, at_rest_s } => self.reports(every_s, at_rest_s, check)?,
            Timing::Spread => Instant::Spread,
            Timing::Rotating { sectors, rotation } => rotating(sensor, (sectors, rotation), check)?,
            Timing::AtS(seconds) => {
                let us = micros(seconds).filter(|us| (0..scan_period_us).contains(us));
                let wanted = "seconds from 0 to less than scan_period_s";
                Instant::At(us.ok_or_else(|| check.wrong("timing.at_s", seconds, wanted))?)
            }
        };
        let probability = sensor.detection_probability;
        if probability <= 0.0 {
            return Err(check.wrong("detection_probability", probability, "above 0 and at most 1"));
        }
        let measures = self.measures(sensor, check)?;
        Ok(Sensor {
            name: check.name("name", &sensor.name)?,
            owner: check.name("owner", &sensor.owner)?,
            measures,
            detection_probability: check.number("detection_probability", probability, [0.0, 1.0])?,
            clutter_per_scan: check.number("clutter_per_scan", sensor.clutter_per_scan, [0.0, MOST_OBJECTS])?,
            scan_period_us,
            instant,
            region: self.region(sensor, &measures, check)?,
        })
    }

    fn reports(&self, every_s: [f64; 2], at_rest_s: Option<f64>, check: Checker<'_>) -> Result<Instant, SimulateError> {
        let interval = |key: &str, seconds| {
            let us = check.period(key, seconds)?;
            let least = self.period_us as f64 * 1e-6 / MOST_LOOKS as f64;
            let wanted = || format!("at least {least}: at most {MOST_LOOKS} reports in a report period");
            if self.period_us / us <= MOST_LOOKS { Ok(us) } else { Err(check.wrong(key, seconds, wanted())) }
        };
        let [shortest, longest] = check.range("timing.reports.every_s", every_s, [0.0, LONGEST_S])?;
        let every_us = [interval("timing.reports.every_s", shortest)?, interval("timing.reports.every_s", longest)?];
        let at_rest_us = at_rest_s.map(|seconds| interval("timing.reports.at_rest_s", seconds)).transpose()?;
        Ok(Instant::Reports { every_us, at_rest_us })
    }

    fn measures(&self, sensor: &SensorScenario, check: Checker<'_>) -> Result<Measures, SimulateError> {
        let noise = sensor.noise;
        let NoiseScenario { horizontal_m, vertical_m, range_m, azimuth_deg, elevation_deg, range_rate_m_s, .. } = noise;
        let metres = [1e-6, 1e9];
        let degrees = [1e-6, 60.0];
        let planar = "no such key: the scenario has no height_m";
        if self.height_m.is_none() {
            check.absent("noise.vertical_m", vertical_m, planar)?;
            check.absent("noise.elevation_deg", elevation_deg, planar)?;
        }
        let optional = |key, value: Option<f64>, bounds| value.map(|v| check.number(key, v, bounds)).transpose();
        match sensor.kind {
            SensorKind::Position => {
                let why = "no such key: kind is position";
                check.absent("site", sensor.site, why)?;
                check.absent("platform", sensor.platform, why)?;
                for (key, value) in [
                    ("noise.range_m", range_m),
                    ("noise.azimuth_deg", azimuth_deg),
                    ("noise.elevation_deg", elevation_deg),
                    ("noise.range_rate_m_s", range_rate_m_s),
                ] {
                    check.absent(key, value, why)?;
                }
                let why = "a standard deviation: kind is position";
                let horizontal_m = check.needed("noise.horizontal_m", horizontal_m, metres, why)?;
                if self.height_m.is_some() {
                    check.needed("noise.vertical_m", vertical_m, metres, why)?;
                }
                let velocity_m_s = optional("noise.velocity_m_s", noise.velocity_m_s, metres)?;
                Ok(Measures::Position { horizontal_m, vertical_m, velocity_m_s })
            }
            SensorKind::Radar => {
                let why = "no such key: kind is radar";
                check.absent("noise.horizontal_m", horizontal_m, why)?;
                check.absent("noise.velocity_m_s", noise.velocity_m_s, why)?;
                check.absent("noise.vertical_m", vertical_m, why)?;
                let site = sensor.site.ok_or_else(|| check.wrong("site", "missing", "x_m, y_m, z_m: kind is radar"))?;
                let highest = if self.height_m.is_some() { FARTHEST_M } else { 0.0 };
                let why = "a standard deviation: kind is radar";
                Ok(Measures::Radar {
                    way: Way {
                        start_m: [
                            check.number("site.x_m", site.x_m, [-FARTHEST_M, FARTHEST_M])?,
                            check.number("site.y_m", site.y_m, [-FARTHEST_M, FARTHEST_M])?,
                            check.number("site.z_m", site.z_m, [-highest, highest])?,
                        ],
                        arc: sensor.platform.map(|platform| self.arc(platform, check)).transpose()?,
                    },
                    range_m: check.needed("noise.range_m", range_m, metres, why)?,
                    azimuth_deg: check.needed("noise.azimuth_deg", azimuth_deg, degrees, why)?,
                    elevation_deg: optional("noise.elevation_deg", elevation_deg, degrees)?,
                    range_rate_m_s: optional("noise.range_rate_m_s", range_rate_m_s, metres)?,
                })
            }
        }
    }

    fn arc(&self, platform: PlatformScenario, check: Checker<'_>) -> Result<Arc, SimulateError> {
        let PlatformScenario { speed_m_s, course_deg, turn_deg_s, row_period_s, azimuths_from } = platform;
        let row_us = check.period("platform.row_period_s", row_period_s)?;
        if self.end_us() / row_us > ROWS_MOST {
            let wanted = format!("at most {ROWS_MOST} rows in the recording");
            return Err(check.wrong("platform.row_period_s", row_period_s, wanted));
        }
        Ok(Arc {
            speed_m_s: check.number("platform.speed_m_s", speed_m_s, [0.0, 1e4])?,
            course_rad: check.number("platform.course_deg", course_deg, [-360.0, 360.0])?.to_radians(),
            turn_rad_s: check.number("platform.turn_deg_s", turn_deg_s, [-90.0, 90.0])?.to_radians(),
            row_us,
            from_bow: azimuths_from == AzimuthsFrom::Bow,
        })
    }

    /// When the recording ends, microseconds.
    pub(super) fn end_us(&self) -> i64 {
        i64::try_from(self.scans).unwrap_or(i64::MAX).saturating_mul(self.period_us)
    }

    /// The way of each sensor's site; nothing of one that stands nowhere.
    pub(super) fn ways(&self) -> impl Iterator<Item = Way> {
        self.sensors.iter().map(|sensor| match sensor.measures {
            Measures::Radar { way, .. } => way,
            Measures::Position { .. } => Way::default(),
        })
    }

    fn region(
        &self,
        sensor: &SensorScenario,
        measures: &Measures,
        check: Checker<'_>,
    ) -> Result<Region, SimulateError> {
        let anywhere = [-FARTHEST_M, FARTHEST_M];
        match (sensor.coverage, measures) {
            (CoverageScenario::Share { x, y }, _) => {
                let metres = |key, share| {
                    let share = check.interval(key, share, [0.0, 1.0])?;
                    Ok::<_, SimulateError>(share.map(|s: f64| (2.0 * s - 1.0) * self.half_side_m))
                };
                Ok(Region::Box { x_m: metres("coverage.share.x", x)?, y_m: metres("coverage.share.y", y)? })
            }
            (CoverageScenario::Box { x_m, y_m }, _) => Ok(Region::Box {
                x_m: check.interval("coverage.box.x_m", x_m, anywhere)?,
                y_m: check.interval("coverage.box.y_m", y_m, anywhere)?,
            }),
            (_, Measures::Radar { way: Way { arc: Some(_), .. }, .. })
                if !matches!(sensor.coverage, CoverageScenario::RingM(_)) =>
            {
                Err(check.wrong("coverage", "no ring", "ring_m: what carries a sensor carries what it covers"))
            }
            (CoverageScenario::RingM(range_m), Measures::Radar { way, .. }) => {
                let range_m = check.interval("coverage.ring_m", range_m, [0.0, FARTHEST_M])?;
                let ([_, _, z], [_, farthest]) = (way.start_m, range_m);
                if self.height_m.is_some_and(|[low, high]| low >= z + farthest || high <= z - farthest) {
                    let wanted = "a ring that reaches the heights of the scenario";
                    return Err(check.wrong("coverage.ring_m", format_args!("{range_m:?}"), wanted));
                }
                Ok(Region::Ring { centre: *way, range_m })
            }
            (CoverageScenario::RingM(_), Measures::Position { .. }) => {
                Err(check.wrong("coverage.ring_m", "there", "share or box: only a radar sees a ring"))
            }
        }
    }
}

/// An antenna that turns.
fn rotating(
    sensor: &SensorScenario,
    (sectors, sense): (u32, Sense),
    check: Checker<'_>,
) -> Result<Instant, SimulateError> {
    if sensor.kind != SensorKind::Radar || sensor.platform.is_some() {
        return Err(check.wrong("timing", "rotating", "another one: only a radar at a site turns"));
    }
    let within = Rotation::SECTORS_LEAST..=Rotation::SECTORS_MOST;
    if !within.contains(&sectors) {
        return Err(check.wrong("timing.rotating.sectors", sectors, "a whole number from 4 to 360"));
    }
    Ok(Instant::Rotating { sense })
}

fn half_side_m(scenario: &Scenario, check: Checker<'_>) -> Result<f64, SimulateError> {
    let area_km2 = match (scenario.area_km2, scenario.density_per_km2) {
        (Some(area), None) => check.number("area_km2", area, [1e-6, 1e12])?,
        (None, Some(density)) => {
            let density = check.number("density_per_km2", density, [1e-9, 1e12])?;
            let area = scenario.objects as f64 / density;
            if !(1e-6..=1e12).contains(&area) {
                let found = format!("{density} with {} objects, {area} km²", scenario.objects);
                return Err(check.wrong("density_per_km2", found, "an area from 0.000001 to 1000000000000 km²"));
            }
            area
        }
        (Some(_), Some(_)) => {
            return Err(check.wrong("area_km2", "there beside density_per_km2", "one of them"));
        }
        (None, None) => return Err(check.wrong("density_per_km2", "missing", "it or area_km2")),
    };
    Ok((area_km2 * 1e6).sqrt() / 2.0)
}

fn motion(motion: &Motion, height_m: Option<[f64; 2]>, check: Checker<'_>) -> Result<Motion, SimulateError> {
    check.number("horizontal_intensity_m2_s3", motion.horizontal_intensity_m2_s3, INTENSITY)?;
    check.range("speed_m_s", motion.speed_m_s, [0.0, 1e6])?;
    if height_m.is_none() {
        let why = "no such key: the scenario has no height_m";
        check.absent("vertical_intensity_m2_s3", motion.vertical_intensity_m2_s3, why)?;
        check.absent("climb_m_s", motion.climb_m_s, why)?;
    } else {
        let why = "a number: the scenario has height_m";
        check.needed("vertical_intensity_m2_s3", motion.vertical_intensity_m2_s3, INTENSITY, why)?;
        let climb =
            motion.climb_m_s.ok_or_else(|| check.wrong("climb_m_s", "missing", "two numbers: there is height_m"))?;
        check.range("climb_m_s", climb, [-1e6, 1e6])?;
    }
    Ok(*motion)
}
