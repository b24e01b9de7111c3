//! Natural Earth below a picture, cut to its surroundings: coasts, lakes, borders, names of countries.
//!
//! What is cut out follows from the picture's own rows (and, for the operator, zones), so the map tells no more than they do.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// The whole world, 1:110m; and 1:10m, simplified.
const WORLD: &str = include_str!("../../page/basemap/world.json");
const FINE: &str = include_str!("../../page/basemap/fine.json");
static FINE_MAP: LazyLock<Option<Map>> = LazyLock::new(|| serde_json::from_str(FINE).ok());
/// The whole world, as a page has it.
static WHOLE: LazyLock<Option<Value>> = LazyLock::new(|| {
    let bounds = [-180.0, -POLE_DEG, 180.0, POLE_DEG];
    serde_json::to_value(Map { bounds, ..serde_json::from_str(WORLD).ok()? }).ok()
});
/// A view wider than this gets the whole world.
const WIDEST_DEG: f64 = 60.0;
/// Beyond this a map of Mercator has no end.
const POLE_DEG: f64 = 85.0;

/// A map as a page has it: coordinates are differences in units of `scale` degrees, longitude first.
#[derive(Clone, Debug, Deserialize, Serialize)]
struct Map {
    scale: f64,
    #[serde(default)]
    bounds: [f64; 4],
    detail: String,
    source: String,
    land: Vec<Vec<i64>>,
    lakes: Vec<Vec<i64>>,
    borders: Vec<Vec<i64>>,
    names: Vec<(String, f64, f64, f64)>,
}

/// The map about tenths of degrees that have something in them.
pub(super) fn about(ground: &BTreeSet<[i32; 2]>) -> Option<Value> {
    match bounds(ground) {
        Some(bounds) => serde_json::to_value(cut(FINE_MAP.as_ref()?, bounds)).ok(),
        None => WHOLE.clone(),
    }
}

/// West, south, east, north of the surroundings; `None` where the whole world is wanted. East may be beyond 180.
fn bounds(ground: &BTreeSet<[i32; 2]>) -> Option<[f64; 4]> {
    let columns: BTreeSet<i32> = ground.iter().map(|[longitude, _]| longitude.rem_euclid(3600)).collect();
    let (first, last) = (columns.first()?, columns.last()?);
    // The widest gap between columns, around the world, is what is outside.
    let gaps = columns.iter().zip(columns.iter().skip(1)).map(|(a, b)| (b - a, *b));
    let (gap, west) = gaps.chain([(first + 3600 - last, *first)]).max_by_key(|(gap, west)| (*gap, -west))?;
    let width = f64::from(3601 - gap) / 10.0;
    let rows = || ground.iter().map(|[_, latitude]| f64::from(*latitude) / 10.0);
    let (south, north) = (rows().reduce(f64::min)?, rows().reduce(f64::max)? + 0.1);
    let west = f64::from(west) / 10.0;
    let west = if west >= 180.0 { west - 360.0 } else { west };
    let [right, up] = [width, north - south].map(|extent| (1.5 * extent).max(2.0));
    let bounds = [west - right, (south - up).max(-POLE_DEG), west + width + right, (north + up).min(POLE_DEG)];
    let [w, s, e, n] = bounds;
    (e - w <= WIDEST_DEG && n - s <= WIDEST_DEG).then_some(bounds)
}

/// What of a map lies within bounds, wherever around the world.
fn cut(map: &Map, bounds: [f64; 4]) -> Map {
    let [w, s, e, n] = bounds;
    let turns =
        [-360.0, 0.0, 360.0].map(|turn| [(w + turn) / map.scale, s / map.scale, (e + turn) / map.scale, n / map.scale]);
    let rings = |rings: &[Vec<i64>]| -> Vec<Vec<i64>> {
        let parts = rings.iter().flat_map(|ring| turns.map(|b| clipped(points(ring), b)));
        parts.filter(|ring| ring.len() > 2).map(|ring| differences(&ring)).collect()
    };
    let lines =
        map.borders.iter().flat_map(|line| turns.iter().flat_map(|b| pieces(&points(line), *b)).collect::<Vec<_>>());
    let borders = lines.map(|line| differences(&line)).collect();
    let named = |(_, longitude, latitude, _): &&(String, f64, f64, f64)| {
        let within = |turn: f64| (w..=e).contains(&(longitude + turn));
        (s..=n).contains(latitude) && [-360.0, 0.0, 360.0].into_iter().any(within)
    };
    let names = map.names.iter().filter(named).cloned().collect();
    Map {
        scale: map.scale,
        bounds,
        detail: map.detail.clone(),
        source: map.source.clone(),
        land: rings(&map.land),
        lakes: rings(&map.lakes),
        borders,
        names,
    }
}

type Point = [f64; 2];

fn points(differences: &[i64]) -> Vec<Point> {
    let mut at = [0i64; 2];
    let step = |step: &[i64]| {
        if let [x, y] = *step {
            at = [at[0].saturating_add(x), at[1].saturating_add(y)];
        }
        at.map(|x| x as f64)
    };
    differences.chunks_exact(2).map(step).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "units of a map, far below 2⁵³")]
fn differences(points: &[Point]) -> Vec<i64> {
    let mut before = [0i64; 2];
    let mut all = Vec::with_capacity(2 * points.len());
    for point in points {
        let at = point.map(|x| libm::round(x) as i64);
        all.extend([at[0].saturating_sub(before[0]), at[1].saturating_sub(before[1])]);
        before = at;
    }
    all
}

/// A ring cut to a box, one side after the other (Sutherland and Hodgman 1974).
fn clipped(ring: Vec<Point>, [w, s, e, n]: [f64; 4]) -> Vec<Point> {
    let sides = [(0, w, 1.0), (0, e, -1.0), (1, s, 1.0), (1, n, -1.0)];
    sides.into_iter().fold(ring, |ring, side| beyond(&ring, side))
}

/// The part of a ring on one side of a line on which one coordinate is constant.
fn beyond(ring: &[Point], (axis, limit, sign): (usize, f64, f64)) -> Vec<Point> {
    let depth = |point: &Point| (if axis == 0 { point[0] } else { point[1] } - limit) * sign;
    let mut kept = Vec::new();
    for (from, to) in ring.iter().cycle().skip(ring.len().saturating_sub(1)).zip(ring) {
        let (a, b) = (depth(from), depth(to));
        if (a >= 0.0) != (b >= 0.0) {
            let share = a / (a - b);
            let cross = [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
            kept.push(if axis == 0 { [limit, cross[1]] } else { [cross[0], limit] });
        }
        if b >= 0.0 {
            kept.push(*to);
        }
    }
    kept
}

/// The pieces of a line in a box, each with the points just outside.
fn pieces(line: &[Point], [w, s, e, n]: [f64; 4]) -> Vec<Vec<Point>> {
    let inside = |point: &Point| (w..=e).contains(&point[0]) && (s..=n).contains(&point[1]);
    let near = |number: usize| {
        let around = number.saturating_sub(1)..(number + 2).min(line.len());
        line.get(around).is_some_and(|around| around.iter().any(inside))
    };
    let kept: Vec<(usize, Point)> = line.iter().copied().enumerate().filter(|(number, _)| near(*number)).collect();
    let runs = kept.chunk_by(|(a, _), (b, _)| a + 1 == *b).filter(|run| run.len() > 1);
    runs.map(|run| run.iter().map(|(_, point)| *point).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surroundings_cross_the_antimeridian_and_fall_back_to_the_world() {
        let ground = |places: &[[i32; 2]]| places.iter().copied().collect::<BTreeSet<_>>();
        assert_eq!(bounds(&ground(&[])), None);
        let [w, s, e, n] = bounds(&ground(&[[1790, 0], [-1790, 5]])).expect("a small part of the world");
        assert!((w - 176.0).abs() < 0.2 && (e - 184.0).abs() < 0.4 && s < 0.0 && n > 0.5, "{w} {e}");
        let [w, _, e, _] = bounds(&ground(&[[80, 470]])).expect("one place");
        assert!((w - 6.0).abs() < 1e-9 && (e - 10.1).abs() < 1e-9, "{w} {e}");
        assert_eq!(bounds(&ground(&[[0, 0], [1700, 0]])), None, "half the world");
    }

    #[test]
    fn a_ring_and_a_line_are_cut_to_the_box() {
        let square = vec![[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]];
        let mut corner = clipped(square.clone(), [5.0, 5.0, 20.0, 20.0]);
        corner.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
        assert_eq!(corner, [[5.0, 5.0], [5.0, 10.0], [10.0, 5.0], [10.0, 10.0]]);
        assert_eq!(clipped(square, [11.0, 11.0, 12.0, 12.0]), Vec::<Point>::new());
        let line: Vec<Point> = (0..10).map(|x| [f64::from(x), 0.0]).collect();
        assert_eq!(pieces(&line, [2.5, -1.0, 4.5, 1.0]), [line[2..6].to_vec()]);
        assert_eq!(differences(&points(&[5, 6, -1, 2])), [5, 6, -1, 2]);
    }

    #[test]
    fn the_maps_are_there() {
        for (ground, few) in [(BTreeSet::new(), false), (BTreeSet::from([[80, 470]]), true)] {
            let map = about(&ground).expect("a map");
            assert_eq!(map["land"].as_array().expect("rings").len() < 10, few);
            assert!(!map["names"].as_array().expect("names").is_empty());
        }
    }
}
