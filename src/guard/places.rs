//! Zones and periods, read and asked by the guard's own lines: outlines only, no raster; windows only, no stretches.

use super::GuardError;
use crate::space::Frame;
use crate::time::{micros, parse_timestamp};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

type Point = [f64; 2];
type Ring = Vec<Point>;

/// The named areas of a policy.
#[derive(Debug, Default)]
pub(super) struct Zones {
    /// Name, polygons, rings of corners; longitudes do not jump.
    areas: Vec<(String, Vec<Vec<Ring>>)>,
    turns: Vec<f64>,
}

impl Zones {
    pub(super) fn read(folder: &Path, frame: Frame) -> Result<Self, GuardError> {
        let turns = if frame == Frame::Geodetic { vec![0.0, -360.0, 360.0, -720.0, 720.0] } else { vec![0.0] };
        let path = folder.join("zones.geojson");
        if !path.exists() {
            return Ok(Self { areas: Vec::new(), turns });
        }
        let wrong = |found: String| GuardError::Policy {
            path: path.clone(),
            found,
            wanted: "named polygons, as docs/policy.md has them",
        };
        let text = super::rules::text(&path)?;
        let file: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let mut areas = Vec::new();
        for feature in file.get("features").and_then(Value::as_array).into_iter().flatten() {
            let name = feature.pointer("/properties/name").and_then(Value::as_str);
            let name = name.ok_or_else(|| wrong("an area without a name".to_owned()))?;
            let shape = feature.pointer("/geometry/coordinates").cloned().unwrap_or_default();
            let polygons: Result<Vec<Vec<Ring>>, _> = match feature.pointer("/geometry/type").and_then(Value::as_str) {
                Some("Polygon") => serde_json::from_value(shape).map(|polygon| vec![polygon]),
                _ => serde_json::from_value(shape),
            };
            let mut polygons = polygons.map_err(|error| wrong(format!("zone `{name}`: {error}")))?;
            if frame == Frame::Geodetic {
                if !polygons.iter_mut().flatten().all(|ring| unwrap(ring)) {
                    return Err(wrong(format!("zone `{name}`: a ring that goes round a pole")));
                }
                for polygon in &mut polygons {
                    gather(polygon);
                }
            }
            areas.push((name.to_owned(), polygons));
        }
        Ok(Self { areas, turns })
    }

    /// The zones that hold a point.
    pub(super) fn at(&self, [x, y]: Point) -> BTreeSet<String> {
        let x = if self.turns.len() > 1 { (x + 180.0).rem_euclid(360.0) - 180.0 } else { x };
        let holds = |polygon: &Vec<Ring>| self.turns.iter().any(|turn| inside(polygon, [x + turn, y]));
        let held = self.areas.iter().filter(|(_, polygons)| polygons.iter().any(holds));
        held.map(|(name, _)| name.clone()).collect()
    }

    /// The zones with an outline through a box about a point.
    pub(super) fn near(&self, [x, y]: Point, half: Point) -> BTreeSet<String> {
        let crosses =
            |ring: &Ring| self.turns.iter().any(|turn| edges(ring).any(|edge| meets(edge, [x + turn, y], half)));
        let near = self.areas.iter().filter(|(_, polygons)| polygons.iter().flatten().any(crosses));
        near.map(|(name, _)| name.clone()).collect()
    }
}

fn edges(ring: &[Point]) -> impl Iterator<Item = [Point; 2]> {
    ring.windows(2).filter_map(|pair| <[Point; 2]>::try_from(pair).ok())
}

/// Even-odd, by a ray to the east. An edge holds its lower end and not its upper one (docs/policy.md: a place on a
/// common border is in exactly one area), and its crossing is computed from the lower end.
fn inside(polygon: &[Ring], [x, y]: Point) -> bool {
    let crossed = |&[a, b]: &[Point; 2]| {
        let [[ax, ay], [bx, by]] = if a[1] <= b[1] { [a, b] } else { [b, a] };
        ay <= y && y < by && x < ax + (y - ay) * ((bx - ax) / (by - ay))
    };
    polygon.iter().flat_map(|ring| edges(ring)).filter(crossed).count() % 2 == 1
}

/// Whether an edge meets a box, the box taken a little larger: clipped by the sides of one axis after the other.
fn meets([a, b]: [Point; 2], centre: Point, half: Point) -> bool {
    let (mut from, mut to) = (0.0f64, 1.0f64);
    for (((a, b), c), half) in a.iter().zip(b).zip(centre).zip(half) {
        let half = half * (1.0 + 1e-9) + 1e-9;
        let (low, high, along) = (c - half - a, c + half - a, b - a);
        if along.abs() < f64::MIN_POSITIVE {
            if low > 0.0 || high < 0.0 {
                return false;
            }
        } else {
            let (enter, leave) = (low / along, high / along);
            (from, to) = (from.max(enter.min(leave)), to.min(enter.max(leave)));
        }
    }
    from <= to
}

/// Makes longitudes run on over the antimeridian; `false` where the ring does not close.
fn unwrap(ring: &mut [Point]) -> bool {
    let mut before: Option<f64> = None;
    for [longitude, _] in ring.iter_mut() {
        if let Some(before) = before {
            *longitude -= 360.0 * ((*longitude - before) / 360.0).round();
        }
        before = Some(*longitude);
    }
    ring.first().zip(ring.last()).is_none_or(|([first, _], [last, _])| (first - last).abs() < 1.0)
}

/// Turns holes to where their outline is.
fn gather(polygon: &mut [Ring]) {
    let Some((outer, holes)) = polygon.split_first_mut() else { return };
    let west = outer.iter().map(|[longitude, _]| *longitude).fold(f64::INFINITY, f64::min);
    let east = outer.iter().map(|[longitude, _]| *longitude).fold(f64::NEG_INFINITY, f64::max);
    for hole in holes {
        let fits = |turn: &f64| hole.iter().all(|[longitude, _]| (west..=east).contains(&(longitude + turn)));
        let turn = [0.0, -360.0, 360.0, -720.0, 720.0].into_iter().find(fits).unwrap_or(0.0);
        for [longitude, _] in hole {
            *longitude += turn;
        }
    }
}

/// The named windows of a policy.
#[derive(Debug, Default)]
pub(super) struct Periods(Vec<(String, i64, i64)>);

impl Periods {
    pub(super) fn read(folder: &Path) -> Result<Self, GuardError> {
        let path = folder.join("periods.toml");
        if !path.exists() {
            return Ok(Self::default());
        }
        let file = super::rules::table(&path)?;
        let mut windows = Vec::new();
        for entry in file.get("period").and_then(toml::Value::as_array).into_iter().flatten() {
            let name = entry.get("name").and_then(toml::Value::as_str);
            let [start, end] = ["start", "end"].map(|key| entry.get(key).and_then(instant));
            let (Some(name), Some(start), Some(end)) = (name, start, end) else {
                let found = format!("`{entry}`");
                return Err(GuardError::Policy { path, found, wanted: "a period with a name, a start and an end" });
            };
            windows.push((name.to_owned(), start, end));
        }
        Ok(Self(windows))
    }

    /// The windows that hold a time.
    pub(super) fn at(&self, time_us: i64) -> BTreeSet<String> {
        let holding = self.0.iter().filter(|(_, start, end)| (*start..*end).contains(&time_us));
        holding.map(|(name, _, _)| name.clone()).collect()
    }
}

fn instant(value: &toml::Value) -> Option<i64> {
    match value {
        toml::Value::String(text) => parse_timestamp(text),
        toml::Value::Datetime(instant) => parse_timestamp(&instant.to_string()),
        toml::Value::Integer(seconds) => seconds.checked_mul(1_000_000),
        toml::Value::Float(seconds) => micros(*seconds),
        toml::Value::Boolean(_) | toml::Value::Array(_) | toml::Value::Table(_) => None,
    }
}
