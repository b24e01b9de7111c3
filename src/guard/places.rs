//! Zones and periods, read and asked by the guard's own lines: outlines only, no raster; windows only, no stretches.

use super::GuardError;
use super::folder::hex;
use crate::space::Frame;
use crate::time::{micros, parse_timestamp};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Point = [f64; 2];

/// A closed line.
#[derive(Clone, Debug)]
struct Ring {
    /// The first corner again at the end; longitudes do not jump, so after a way round the Earth it is a turn further.
    corners: Vec<Point>,
    /// The pole about which it goes, 1 north and -1 south.
    pole: Option<f64>,
}

/// The named areas of a policy.
#[derive(Clone, Debug, Default)]
pub(super) struct Zones {
    /// Name, polygons, rings.
    areas: Vec<(String, Vec<Vec<Ring>>)>,
    /// By name, the digest of the outline as it is written.
    pub(super) outlines: BTreeMap<String, String>,
    turns: Vec<f64>,
}

impl Zones {
    pub(super) fn read(folder: &Path, frame: Frame) -> Result<Self, GuardError> {
        let turns = if frame == Frame::Geodetic { vec![0.0, -360.0, 360.0, -720.0, 720.0] } else { vec![0.0] };
        let path = folder.join("zones.geojson");
        if !path.exists() {
            return Ok(Self { turns, ..Self::default() });
        }
        let wrong = |found: String| GuardError::Policy {
            path: path.clone(),
            found,
            wanted: "named polygons, as docs/policy.md has them",
        };
        let text = super::rules::text(&path)?;
        let file: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let (mut areas, mut outlines) = (Vec::new(), BTreeMap::new());
        for feature in file.get("features").and_then(Value::as_array).into_iter().flatten() {
            let name = feature.pointer("/properties/name").and_then(Value::as_str);
            let name = name.ok_or_else(|| wrong("an area without a name".to_owned()))?;
            let shape = feature.pointer("/geometry/coordinates").cloned().unwrap_or_default();
            let polygons: Result<Vec<Vec<Vec<Point>>>, _> =
                match feature.pointer("/geometry/type").and_then(Value::as_str) {
                    Some("Polygon") => serde_json::from_value(shape).map(|polygon| vec![polygon]),
                    _ => serde_json::from_value(shape),
                };
            let polygons = polygons.map_err(|error| wrong(format!("zone `{name}`: {error}")))?;
            outlines.insert(name.to_owned(), outline(&polygons));
            let ring =
                |corners| if frame == Frame::Geodetic { Ring::around(corners) } else { Ring { corners, pole: None } };
            let polygons = polygons.into_iter().map(|rings| rings.into_iter().map(ring).collect()).collect();
            areas.push((name.to_owned(), polygons));
        }
        Ok(Self { areas, outlines, turns })
    }

    /// The zones that hold a point.
    pub(super) fn at(&self, [x, y]: Point) -> BTreeSet<String> {
        let x = if self.turns.len() > 1 { (x + 180.0).rem_euclid(360.0) - 180.0 } else { x };
        // Holes lie in their outline, so a place is in a polygon that an odd number of its rings hold.
        let held = |ring: &&Ring| ring.holds([x, y], &self.turns);
        let holds = |polygon: &Vec<Ring>| polygon.iter().filter(held).count() % 2 == 1;
        let held = self.areas.iter().filter(|(_, polygons)| polygons.iter().any(holds));
        held.map(|(name, _)| name.clone()).collect()
    }

    /// The zones with an outline through a box about a point.
    pub(super) fn near(&self, [x, y]: Point, half: Point) -> BTreeSet<String> {
        let crosses =
            |ring: &Ring| self.turns.iter().any(|turn| ring.edges().any(|edge| meets(edge, [x + turn, y], half)));
        let near = self.areas.iter().filter(|(_, polygons)| polygons.iter().flatten().any(crosses));
        near.map(|(name, _)| name.clone()).collect()
    }
}

/// The digest of an outline, as docs/pictures.md has it.
fn outline(polygons: &[Vec<Vec<Point>>]) -> String {
    let mut bytes = Vec::new();
    let count =
        |bytes: &mut Vec<u8>, items: usize| bytes.extend(u32::try_from(items).unwrap_or(u32::MAX).to_le_bytes());
    count(&mut bytes, polygons.len());
    for polygon in polygons {
        count(&mut bytes, polygon.len());
        for ring in polygon {
            let open = ring.split_last().map_or([].as_slice(), |(_, open)| open);
            count(&mut bytes, open.len());
            bytes.extend(open.iter().flatten().flat_map(|value| value.to_le_bytes()));
        }
    }
    hex(&Sha256::digest(bytes))
}

impl Ring {
    /// Makes longitudes run on over the antimeridian.
    fn around(mut corners: Vec<Point>) -> Self {
        let mut before: Option<f64> = None;
        for [longitude, _] in &mut corners {
            if let Some(before) = before {
                *longitude -= 360.0 * ((*longitude - before) / 360.0).round();
            }
            before = Some(*longitude);
        }
        let ends = corners.first().zip(corners.last());
        let round = ends.is_some_and(|([first, _], [last, _])| (first - last).abs() > 180.0);
        let pole = ends.filter(|_| round).map(|([_, latitude], _)| latitude.signum());
        Self { corners, pole }
    }

    fn edges(&self) -> impl Iterator<Item = [Point; 2]> {
        self.corners.windows(2).filter_map(|pair| <[Point; 2]>::try_from(pair).ok())
    }

    /// Whether a place is inside, a number of turns away.
    fn holds(&self, [x, y]: Point, turns: &[f64]) -> bool {
        let count = |turn: &f64, of: fn([Point; 2], Point) -> bool| {
            self.edges().filter(|edge| of(*edge, [x + turn, y])).count()
        };
        match self.pole {
            None => turns.iter().any(|turn| count(turn, east_of) % 2 == 1),
            // All meridians cross a ring round the Earth an odd number of times.
            Some(pole) => (turns.iter().map(|turn| count(turn, below)).sum::<usize>() % 2 == 1) == (pole > 0.0),
        }
    }
}

/// Whether a ray to the east crosses an edge. An edge holds its lower end and not its upper one (docs/policy.md: a place
/// on a common border is in exactly one area), and its crossing is computed from the lower end.
fn east_of([a, b]: [Point; 2], [x, y]: Point) -> bool {
    let [[ax, ay], [bx, by]] = if a[1] <= b[1] { [a, b] } else { [b, a] };
    ay <= y && y < by && x < ax + (y - ay) * ((bx - ax) / (by - ay))
}

/// Whether an edge passes below a place, or through it.
fn below([a, b]: [Point; 2], [x, y]: Point) -> bool {
    let [[ax, ay], [bx, by]] = if a[0] <= b[0] { [a, b] } else { [b, a] };
    ax <= x && x < bx && ay + (x - ax) * ((by - ay) / (bx - ax)) <= y
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

/// The named windows of a policy.
#[derive(Clone, Debug, Default)]
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

    /// The start and the end of each window that is among some names.
    pub(super) fn among(&self, names: &BTreeSet<String>) -> BTreeMap<&str, [i64; 2]> {
        let among = self.0.iter().filter(|(name, _, _)| names.contains(name));
        among.map(|(name, start, end)| (name.as_str(), [*start, *end])).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_round_the_earth_holds_its_pole_and_holes_are_left_out() {
        let feature = |name: &str, rings: &str| {
            format!(
                "{{\"type\":\"Feature\",\"properties\":{{\"name\":\"{name}\"}},\"geometry\":{{\"type\":\"Polygon\",\"coordinates\":{rings}}}}}"
            )
        };
        let areas = [
            // Eastwards, with a hole over the antimeridian.
            feature("north", "[[[0,75],[120,75],[240,75],[360,75]],[[170,80],[-170,80],[-170,84],[170,84],[170,80]]]"),
            // Westwards, higher on one side.
            feature("south", "[[[100,-60],[-20,-70],[-140,-60],[100,-60]]]"),
            feature("pacific", "[[[170,-10],[-170,-10],[-170,10],[170,10],[170,-10]]]"),
        ];
        let folder = tempfile::tempdir().expect("a folder");
        let text = format!("{{\"type\":\"FeatureCollection\",\"features\":[{}]}}", areas.join(","));
        std::fs::write(folder.path().join("zones.geojson"), text).expect("a file");
        let zones = Zones::read(folder.path(), Frame::Geodetic).expect("zones");
        for (place, held) in [
            ([0.0, 90.0], "north"),
            ([-33.0, 75.0], "north"),
            ([-33.0, 74.9], ""),
            ([180.0, 82.0], ""),
            ([-175.0, 82.0], ""),
            ([-169.0, 82.0], "north"),
            ([12.0, -90.0], "south"),
            ([-20.0, -69.0], ""),
            ([-20.0, -70.1], "south"),
            ([160.0, -59.9], ""),
            ([160.0, -60.0], ""),
            ([160.0, -60.1], "south"),
            ([40.0, -64.9], ""),
            ([40.0, -65.1], "south"),
            ([180.0, 0.0], "pacific"),
            ([-175.0, 0.0], "pacific"),
            ([-165.0, 0.0], ""),
        ] {
            let found = zones.at(place);
            assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>().concat(), held, "{place:?}");
        }
    }
}
