//! The cut of the map of the world about the rows of a picture.

use super::super::table::Row;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Degrees beyond which a page has the whole world, which ends there to the north and south.
const WIDE_DEG: f64 = 60.0;
const POLAR_DEG: f64 = 85.0;
/// Tenths of degrees round the Earth.
const ROUND: i64 = 3600;

type Point = [f64; 2];

/// A map of the world.
#[derive(Deserialize)]
struct Map {
    source: String,
    detail: String,
    scale: f64,
    land: Vec<Vec<i64>>,
    lakes: Vec<Vec<i64>>,
    borders: Vec<Vec<i64>>,
    names: Vec<(String, f64, f64, f64)>,
}

static FINE: LazyLock<Option<Map>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../page/basemap/fine.json")).ok());
static WORLD: LazyLock<Option<Map>> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../page/basemap/world.json")).ok());

/// What a page has of the map.
pub(super) fn about(rows: &[Row]) -> Option<Value> {
    let bounds = bounds(rows);
    if let Some([west, south, east, north]) = bounds
        && east - west <= WIDE_DEG
        && north - south <= WIDE_DEG
    {
        return Some(FINE.as_ref()?.cut([west, south, east, north]));
    }
    let world = WORLD.as_ref()?;
    let whole = [-180.0, -POLAR_DEG, 180.0, POLAR_DEG];
    Some(world.json(whole, &world.land, &world.lakes, &world.borders, &world.names.iter().collect::<Vec<_>>()))
}

/// West, south, east and north of what is shown about the rows.
fn bounds(rows: &[Row]) -> Option<[f64; 4]> {
    #[expect(clippy::cast_possible_truncation, reason = "degrees; what is none is no place")]
    let tenth = |degrees: f64| (degrees * 10.0).floor() as i64;
    let latitude = |row: &Row| tenth(row.position[0]);
    let [lowest, highest] = [rows.iter().map(latitude).min()?, rows.iter().map(latitude).max()?];
    let used: BTreeSet<i64> = rows.iter().map(|row| tenth(row.position[1]).rem_euclid(ROUND)).collect();
    // The box begins behind the widest gap.
    let next = used.iter().skip(1).chain(used.iter().take(1));
    let (first, last) = used.iter().zip(next).map(|(last, first)| (*first, *last)).max_by_key(|(first, last)| {
        let gap = (first - last - 1).rem_euclid(ROUND);
        (gap, -first)
    })?;
    let margin = |extent: f64| (1.5 * extent).max(2.0);
    let west = first as f64 / 10.0;
    let west = if west >= 180.0 { west - 360.0 } else { west };
    let width = ((last - first).rem_euclid(ROUND) + 1) as f64 / 10.0;
    let (south, north) = (lowest as f64 / 10.0, highest as f64 / 10.0 + 0.1);
    let (wide, high) = (margin(width), margin(north - south));
    Some([west - wide, (south - high).max(-POLAR_DEG), west + width + wide, (north + high).min(POLAR_DEG)])
}

impl Map {
    fn json(
        &self,
        bounds: [f64; 4],
        land: &[Vec<i64>],
        lakes: &[Vec<i64>],
        borders: &[Vec<i64>],
        names: &[&(String, f64, f64, f64)],
    ) -> Value {
        json!({ "scale": self.scale, "bounds": bounds, "detail": self.detail, "source": self.source,
                "land": land, "lakes": lakes, "borders": borders, "names": names })
    }

    fn cut(&self, bounds: [f64; 4]) -> Value {
        let [west, south, east, north] = bounds;
        // The same box, as places a turn to the west and to the east have it.
        let turns = [-360.0, 0.0, 360.0].map(|turn| [west - turn, south, east - turn, north]);
        let boxes = turns.map(|bounds| bounds.map(|degrees| degrees / self.scale));
        let rings = |rings: &[Vec<i64>]| -> Vec<Vec<i64>> {
            let rings = rings.iter().map(|ring| points(ring));
            let cut = rings.flat_map(|ring| boxes.map(|bounds| clipped(&ring, bounds)));
            cut.filter(|ring| ring.len() > 2).map(|ring| differences(&ring)).collect()
        };
        let lines = self.borders.iter().map(|line| points(line));
        let borders: Vec<Vec<i64>> = lines.flat_map(|line| boxes.map(|bounds| kept(&line, bounds)).concat()).collect();
        let named = |name: &&(String, f64, f64, f64)| turns.iter().any(|bounds| within([name.1, name.2], *bounds));
        let names: Vec<_> = self.names.iter().filter(named).collect();
        self.json(bounds, &rings(&self.land), &rings(&self.lakes), &borders, &names)
    }
}

fn points(differences: &[i64]) -> Vec<Point> {
    let (mut x, mut y) = (0_i64, 0_i64);
    let points = differences.chunks_exact(2).map(|pair| {
        if let [dx, dy] = pair {
            (x, y) = (x.saturating_add(*dx), y.saturating_add(*dy));
        }
        [x as f64, y as f64]
    });
    points.collect()
}

#[expect(clippy::cast_possible_truncation, reason = "units of a map")]
fn differences(points: &[Point]) -> Vec<i64> {
    let (mut x, mut y) = (0, 0);
    let mut all = Vec::new();
    for point in points {
        let [next_x, next_y] = point.map(|units| units.round() as i64);
        all.extend([next_x - x, next_y - y]);
        (x, y) = (next_x, next_y);
    }
    all
}

fn within([x, y]: Point, [west, south, east, north]: [f64; 4]) -> bool {
    (west..=east).contains(&x) && (south..=north).contains(&y)
}

/// Sutherland and Hodgman: a ring cut at west, east, south and north.
fn clipped(ring: &[Point], [west, south, east, north]: [f64; 4]) -> Vec<Point> {
    let [outside_west, outside_east, outside_south, outside_north] = [
        ring.iter().all(|[x, _]| *x < west),
        ring.iter().all(|[x, _]| *x > east),
        ring.iter().all(|[_, y]| *y < south),
        ring.iter().all(|[_, y]| *y > north),
    ];
    if outside_west || outside_east || outside_south || outside_north {
        return Vec::new();
    }
    let mut ring = ring.to_vec();
    for (axis, limit, sign) in [(0, west, 1.0), (0, east, -1.0), (1, south, 1.0), (1, north, -1.0)] {
        let turned = |point: Point| if axis == 0 { point } else { [point[1], point[0]] };
        let inside = |point: Point| sign * turned(point)[0] >= sign * limit;
        let mut cut = Vec::new();
        let mut before = ring.last().copied();
        for point in ring {
            if let Some(from) = before.filter(|before| inside(*before) != inside(point)) {
                let ([a, b], [c, d]) = (turned(from), turned(point));
                cut.push(turned([limit, b + (limit - a) / (c - a) * (d - b)]));
            }
            if inside(point) {
                cut.push(point);
            }
            before = Some(point);
        }
        ring = cut;
    }
    ring
}

/// The points of a line that lie within, each with its neighbours, in lists of those that follow each other.
fn kept(line: &[Point], bounds: [f64; 4]) -> Vec<Vec<i64>> {
    let inside: Vec<bool> = line.iter().map(|point| within(*point, bounds)).collect();
    let near = |at: usize| {
        let around = [at.checked_sub(1), Some(at), at.checked_add(1)];
        around.into_iter().flatten().any(|at| inside.get(at) == Some(&true))
    };
    let marked: Vec<(bool, Point)> = line.iter().enumerate().map(|(at, point)| (near(at), *point)).collect();
    let runs = marked.chunk_by(|a, b| a.0 == b.0).filter(|run| run.len() > 1 && run.first().is_some_and(|at| at.0));
    runs.map(|run| differences(&run.iter().map(|(_, point)| *point).collect::<Vec<_>>())).collect()
}
