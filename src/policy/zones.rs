//! `zones.geojson`: named areas, which turn a place into a finite set of names.
//!
//! Edges are straight in the file's coordinates: longitude and latitude in degrees in a geodetic recording, x and y in
//! metres in a local one. Of two ways round the Earth an edge takes the shorter one, so an outline may cross the
//! antimeridian. A ring that goes once round the Earth holds the pole of its hemisphere. For speed the zones are painted on a raster: a cell that no outline touches has one answer; only
//! points in the other cells are tested against the outlines. The answers are the same.

use super::PolicyError;
use super::polygon::{Polygon, Ring, area};
use super::source::Source;
use crate::space::Frame;
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// The zones as the file has them.
#[derive(Clone, Debug)]
pub(super) struct Zones {
    path: PathBuf,
    zones: BTreeMap<String, Zone>,
}

#[derive(Clone, Debug)]
struct Zone {
    line: usize,
    // Polygon, then ring; rings are open: the last corner is not the first one again.
    polygons: Vec<Vec<Ring>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "type")]
    _kind: CollectionKind,
    features: Vec<Feature>,
}

#[derive(Deserialize)]
enum CollectionKind {
    FeatureCollection,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Feature {
    #[serde(rename = "type")]
    _kind: FeatureKind,
    properties: Properties,
    geometry: Geometry,
}

#[derive(Deserialize)]
enum FeatureKind {
    Feature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Properties {
    name: String,
    #[serde(default, rename = "comment")]
    _comment: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates", deny_unknown_fields)]
enum Geometry {
    Polygon(Vec<Ring>),
    MultiPolygon(Vec<Vec<Ring>>),
}

impl Zones {
    pub(super) fn none() -> Self {
        Self { path: PathBuf::new(), zones: BTreeMap::new() }
    }

    pub(super) fn read(source: &Source) -> Result<Self, PolicyError> {
        let file: File = serde_json::from_str(&source.text).map_err(|error| {
            let text = error.to_string();
            let message = text.split(" at line ").next().unwrap_or(&text);
            source.syntax(error.line().max(1), message)
        })?;
        let mut all = Self { path: source.path.clone(), zones: BTreeMap::new() };
        for feature in file.features {
            let name = feature.properties.name;
            let quoted = format!("{name:?}");
            let line = source.line_with(&quoted);
            if let Some(first) = all.zones.get(&name) {
                let again = source.text.rfind(&quoted).map_or(line, |at| source.line_at(at));
                return Err(source.duplicate("zone", &name, again, first.line));
            }
            let polygons = match feature.geometry {
                Geometry::Polygon(rings) => vec![rings],
                Geometry::MultiPolygon(polygons) => polygons,
            };
            let mut zone = Zone { line, polygons };
            let empty = zone.polygons.is_empty() || zone.polygons.iter().any(Vec::is_empty);
            if empty {
                return Err(all.wrong(&name, line, "found no outline".to_owned(), "at least one ring a polygon"));
            }
            for ring in zone.polygons.iter_mut().flatten() {
                if ring.len() < 4 || ring.first() != ring.last() {
                    let found = format!(
                        "found a ring of {} positions from {:?} to {:?}",
                        ring.len(),
                        ring.first(),
                        ring.last()
                    );
                    return Err(all.wrong(&name, line, found, "at least 4 positions, the last equal to the first"));
                }
                ring.pop();
            }
            all.zones.insert(name, zone);
        }
        Ok(all)
    }

    /// The line of a zone in the file.
    pub(super) fn line(&self, zone: &str) -> usize {
        self.zones.get(zone).map_or(1, |zone| zone.line)
    }

    pub(super) fn names(&self) -> BTreeSet<String> {
        self.zones.keys().cloned().collect()
    }

    fn wrong(&self, zone: &str, line: usize, found: String, wanted: &'static str) -> PolicyError {
        PolicyError::Zone { path: self.path.clone(), line, zone: zone.to_owned(), found, wanted }
    }
}

/// The zones of a policy in the coordinates of a recording.
#[derive(Clone, Debug)]
pub struct ZoneMap {
    frame: Frame,
    names: Vec<String>,
    areas: Vec<(u32, Polygon)>,
    raster: Option<Raster>,
    sets: Vec<Vec<u32>>,
    named: Vec<BTreeSet<String>>,
}

/// Where a point lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Located {
    /// In the zones of [`ZoneMap::sets`] at this place.
    Set(u32),
    /// Near an outline: [`ZoneMap::members`] says.
    NearBorder,
}

impl ZoneMap {
    pub(super) fn new(zones: &Zones, frame: Frame) -> Result<Self, PolicyError> {
        let mut areas = Vec::new();
        for (number, (name, zone)) in (0u32..).zip(&zones.zones) {
            for rings in &zone.polygons {
                let wrong = |(found, wanted)| zones.wrong(name, zone.line, found, wanted);
                areas.extend(placed(rings, frame).map_err(wrong)?.into_iter().map(|area| (number, area)));
            }
        }
        let names = zones.zones.keys().cloned().collect();
        let mut map = Self { frame, names, areas, raster: None, sets: vec![Vec::new()], named: vec![BTreeSet::new()] };
        map.raster = Raster::paint(&mut map);
        Ok(map)
    }

    /// The names of all zones, in order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The zones that hold a point: x, y in metres or longitude, latitude in degrees. No zone holds a point that is
    /// not finite.
    #[must_use]
    pub fn zones_at(&self, place: [f64; 2]) -> Cow<'_, BTreeSet<String>> {
        if let Located::Set(number) = self.locate(place)
            && let Some(set) = self.named.get(number as usize)
        {
            return Cow::Borrowed(set);
        }
        let mut members = Vec::new();
        self.members(place, &mut members);
        Cow::Owned(self.named(&members))
    }

    /// The fast answer, where there is one.
    pub(super) fn locate(&self, place: [f64; 2]) -> Located {
        self.raster.as_ref().map_or(Located::Set(0), |raster| raster.at(self.wrapped(place)))
    }

    /// The numbers of the zones that hold a point, from the outlines.
    pub(super) fn members(&self, place: [f64; 2], members: &mut Vec<u32>) {
        members.clear();
        let place = self.wrapped(place);
        for (zone, area) in &self.areas {
            // The areas of a zone stand together.
            if members.last() != Some(zone) && area.holds(place) {
                members.push(*zone);
            }
        }
    }

    /// Sets of zones that fill a cell of the raster, the empty one first.
    pub(super) fn sets(&self) -> &[Vec<u32>] {
        &self.sets
    }

    pub(super) fn named(&self, members: &[u32]) -> BTreeSet<String> {
        members.iter().filter_map(|&zone| self.names.get(zone as usize)).cloned().collect()
    }

    fn wrapped(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        match self.frame {
            Frame::Local => [x, y],
            Frame::Geodetic if (-180.0..180.0).contains(&x) => [x, y],
            Frame::Geodetic => [(x + 180.0).rem_euclid(360.0) - 180.0, y],
        }
    }
}

type Complaint = (String, &'static str);

/// Turns, in degrees, at which copies of a ring cover longitudes -180 to 180 wherever it was written.
const TURNS: [f64; 5] = [0.0, -360.0, 360.0, -720.0, 720.0];

/// The polygons of some rings; in a geodetic frame all copies, a turn apart, that touch longitudes -180 to 180.
fn placed(rings: &[Ring], frame: Frame) -> Result<Vec<Polygon>, Complaint> {
    let flat = rings.iter().map(|ring| Outline::of(ring, frame)).collect::<Result<Vec<_>, _>>()?;
    if flat.iter().any(|outline| area(outline.ring()).abs() == 0.0) {
        return Err(("found a ring without area".to_owned(), "rings that enclose one"));
    }
    let Some((outer, holes)) = flat.split_first() else { return Ok(Vec::new()) };
    let mut all: Vec<Ring> = vec![outer.ring().clone()];
    for hole in holes {
        all.extend(inside(hole, outer, frame)?);
    }
    let polygon = Polygon::new(&all);
    // A band around a pole already has its copies side by side.
    let turns: &[f64] = if frame == Frame::Local || matches!(outer, Outline::Polar(_)) { &[0.0] } else { &TURNS };
    let copies = turns.iter().map(|&turn| polygon.shifted(turn));
    let touches = |copy: &Polygon| frame == Frame::Local || (copy.min[0] <= 180.0 && copy.max[0] >= -180.0);
    Ok(copies.filter(touches).collect())
}

/// A ring in the plane of its coordinates.
enum Outline {
    /// Closed as it is.
    Plain(Ring),
    /// Once round the Earth: a band from the ring to beyond its pole, over so many turns that no end of it is seen.
    Polar(Ring),
}

impl Outline {
    fn of(ring: &Ring, frame: Frame) -> Result<Self, Complaint> {
        match frame {
            Frame::Local => Ok(Self::Plain(ring.clone())),
            Frame::Geodetic => unwrapped(ring),
        }
    }

    fn ring(&self) -> &Ring {
        match self {
            Self::Plain(ring) | Self::Polar(ring) => ring,
        }
    }
}

/// A ring whose longitudes do not jump at the antimeridian.
fn unwrapped(ring: &[[f64; 2]]) -> Result<Outline, Complaint> {
    let mut turned = Vec::with_capacity(ring.len());
    let mut turn = 0.0;
    let mut before: Option<f64> = None;
    for &[longitude, latitude] in ring.iter().chain(ring.first()) {
        if !(longitude.abs() <= 360.0 && latitude.abs() <= 90.0) {
            let found = format!("found longitude {longitude}, latitude {latitude}");
            return Err((found, "longitudes from -360 to 360 and latitudes from -90 to 90 degrees"));
        }
        let step = before.map_or(0.0, |before| longitude - before);
        if (step.abs() % 360.0 - 180.0).abs() == 0.0 {
            let found = format!("found an edge of {step} degrees of longitude to longitude {longitude}");
            return Err((found, "edges of less than 180 degrees: a corner more decides which way round"));
        }
        turn -= 360.0 * (step / 360.0).round();
        before = Some(longitude);
        turned.push([longitude + turn, latitude]);
    }
    turned.pop();
    match turn.abs() {
        0.0 => Ok(Outline::Plain(turned)),
        360.0 => around_a_pole(turned, turn).map(Outline::Polar),
        _ => Err(("found a ring that goes round the Earth more than once".to_owned(), "once, or not at all")),
    }
}

/// The band between a ring that goes once round the Earth, by `turn`, and the pole of its hemisphere.
fn around_a_pole(mut ring: Ring, turn: f64) -> Result<Ring, Complaint> {
    let on_side = |side: f64| ring.iter().all(|&[_, latitude]| latitude * side > 0.0);
    let side = match (on_side(1.0), on_side(-1.0)) {
        (true, _) => 1.0,
        (_, true) => -1.0,
        _ => {
            let found = "found a ring round the Earth that meets the equator".to_owned();
            return Err((found, "one on one side of it, which says which pole is inside"));
        }
    };
    if turn < 0.0 {
        ring.reverse();
    }
    // The first corner into -180 to 180, then turn after turn eastwards.
    let first = ring.first().map_or(0.0, |&[longitude, _]| longitude);
    let start = (first + 180.0).rem_euclid(360.0) - 180.0 - first;
    let mut band: Ring = Vec::new();
    for by in [-720.0, -360.0, 0.0, 360.0] {
        band.extend(ring.iter().map(|&[longitude, latitude]| [longitude + start + by, latitude]));
    }
    let Some(&[west, latitude]) = band.first() else { return Ok(band) };
    // Beyond the pole, so that the pole itself is inside: an edge does not hold its upper end.
    let beyond = side * 91.0;
    band.extend([[west + 1440.0, latitude], [west + 1440.0, beyond], [west, beyond]]);
    Ok(band)
}

/// A hole, a whole number of turns away from where it was written, so that it lies in its outer ring: all such copies
/// where that goes round the Earth.
fn inside(hole: &Outline, outer: &Outline, frame: Frame) -> Result<Vec<Ring>, Complaint> {
    let around = Polygon::new(std::slice::from_ref(outer.ring()));
    let [[west, south], [east, north]] = [around.min, around.max];
    let fits = |&[x, y]: &[f64; 2]| x >= west && x <= east && y >= south && y <= north;
    let copies: Vec<Ring> = match (hole, outer) {
        // Both bands are seen from -180 to 180 only, where neither has an end.
        (Outline::Polar(ring), Outline::Polar(_)) => {
            Some(ring).filter(|ring| ring.iter().all(|&[_, y]| y >= south && y <= north)).cloned().into_iter().collect()
        }
        (Outline::Polar(_), Outline::Plain(_)) => Vec::new(),
        (Outline::Plain(ring), _) => {
            let turns: &[f64] = if frame == Frame::Geodetic { &TURNS } else { &[0.0] };
            let copies = turns.iter().map(|turn| ring.iter().map(|&[x, y]| [x + turn, y]).collect::<Ring>());
            let most = if matches!(outer, Outline::Polar(_)) { TURNS.len() } else { 1 };
            copies.filter(|ring| ring.iter().all(fits)).take(most).collect()
        }
    };
    if copies.is_empty() {
        let found = format!("found a hole at {:?} outside its outline", hole.ring().first());
        return Err((found, "holes within the first ring"));
    }
    Ok(copies)
}

/// Cells over the bounds of all zones, each with one answer or a border in it.
#[derive(Clone, Debug)]
struct Raster {
    min: [f64; 2],
    cells_per_unit: [f64; 2],
    cells: Vec<Located>,
}

/// Cells along each axis.
const CELLS: usize = 256;

impl Raster {
    /// Paints all zones; the sets that fill cells are added to the map. `None` where there is no zone.
    fn paint(map: &mut ZoneMap) -> Option<Self> {
        let areas = || map.areas.iter().map(|(_, area)| area);
        let least = |axis: fn(&Polygon) -> f64| areas().map(axis).fold(f64::INFINITY, f64::min);
        let most = |axis: fn(&Polygon) -> f64| areas().map(axis).fold(f64::NEG_INFINITY, f64::max);
        // Beyond these no point is asked about.
        let edge = if map.frame == Frame::Geodetic { [180.0, 90.0] } else { [f64::INFINITY; 2] };
        let min = [least(|area| area.min[0]).max(-edge[0]), least(|area| area.min[1]).max(-edge[1])];
        let max = [most(|area| area.max[0]).min(edge[0]), most(|area| area.max[1]).min(edge[1])];
        let cells_per_unit = [CELLS as f64 / (max[0] - min[0]), CELLS as f64 / (max[1] - min[1])];
        let usable = cells_per_unit.iter().chain(&min).all(|value| value.is_finite());
        if !usable {
            return None;
        }
        let mut raster = Self { min, cells_per_unit, cells: vec![Located::Set(0); CELLS * CELLS] };
        for edge in map.areas.iter().flat_map(|(_, area)| &area.edges) {
            raster.mark(*edge);
        }
        raster.fill(map);
        Some(raster)
    }

    /// Marks every cell that an edge touches, and one more all round, for the rounding.
    fn mark(&mut self, [a, b]: [[f64; 2]; 2]) {
        let ([ax, ay], [bx, by]) = (self.in_cells(a), self.in_cells(b));
        let slope = if by > ay { (bx - ax) / (by - ay) } else { 0.0 };
        for row in cell(ay - 1.0)..=cell(by + 1.0) {
            let (low, high) = ((row as f64 - 1.0).clamp(ay, by), (row as f64 + 2.0).clamp(ay, by));
            let mut ends = [ax + slope * (low - ay), ax + slope * (high - ay)];
            if by <= ay {
                ends = [ax, bx];
            }
            let (west, east) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
            let (west, east) = (row * CELLS + cell(west - 1.0), row * CELLS + cell(east + 1.0));
            self.cells.get_mut(west..=east).into_iter().flatten().for_each(|cell| *cell = Located::NearBorder);
        }
    }

    /// Gives every unmarked cell the answer of its centre. Cells side by side with no border between have one answer.
    fn fill(&mut self, map: &mut ZoneMap) {
        let mut numbers: BTreeMap<Vec<u32>, u32> = BTreeMap::from([(Vec::new(), 0)]);
        let mut members = Vec::new();
        let mut before = Located::NearBorder;
        for (index, cell) in self.cells.iter_mut().enumerate() {
            if *cell == Located::NearBorder {
                before = Located::NearBorder;
                continue;
            }
            let (row, column) = (index / CELLS, index % CELLS);
            if before == Located::NearBorder || column == 0 {
                let centre = [column, row].map(|at| at as f64 + 0.5);
                let [x, y] = [0, 1].map(|axis: usize| match axis {
                    0 => self.min[0] + centre[0] / self.cells_per_unit[0],
                    _ => self.min[1] + centre[1] / self.cells_per_unit[1],
                });
                map.members([x, y], &mut members);
                let next = u32::try_from(map.sets.len()).unwrap_or(u32::MAX);
                let number = *numbers.entry(members.clone()).or_insert(next);
                if number == next {
                    map.sets.push(members.clone());
                    map.named.push(map.named(&members));
                }
                before = Located::Set(number);
            }
            *cell = before;
        }
    }

    fn at(&self, place: [f64; 2]) -> Located {
        let [x, y] = self.in_cells(place);
        let edge = CELLS as f64;
        if !(x >= 0.0 && y >= 0.0 && x <= edge && y <= edge) {
            // Beyond all zones, by more than rounding or not: `holds` is exact about the bounds themselves.
            let near = x >= -1.0 && y >= -1.0 && x <= edge + 1.0 && y <= edge + 1.0;
            return if near { Located::NearBorder } else { Located::Set(0) };
        }
        self.cells.get(cell(y) * CELLS + cell(x)).copied().unwrap_or(Located::NearBorder)
    }

    fn in_cells(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [(x - self.min[0]) * self.cells_per_unit[0], (y - self.min[1]) * self.cells_per_unit[1]]
    }
}

/// The cell of a coordinate in cells, the first or last one where it is beyond.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the raster first")]
fn cell(at: f64) -> usize {
    at.clamp(0.0, (CELLS - 1) as f64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(features: &[(&str, &str)], frame: Frame) -> ZoneMap {
        let features = features.iter().map(|(name, geometry)| {
            format!(r#"{{"type":"Feature","properties":{{"name":"{name}"}},"geometry":{geometry}}}"#)
        });
        let text = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.collect::<Vec<_>>().join(","));
        let zones = Zones::read(&Source { path: PathBuf::from("zones.geojson"), text }).expect("valid zones");
        ZoneMap::new(&zones, frame).expect("valid outlines")
    }

    #[test]
    fn the_raster_gives_the_answers_of_the_outlines() {
        let star = r#"{"type":"Polygon","coordinates":[[[0,10],[3,3],[10,0],[3,-3],[0,-10],[-3,-3],[-10,0],[-3,3],[0,10]],
            [[1,1],[1,-1],[-1,-1],[-1,1],[1,1]]]}"#;
        let box_across = r#"{"type":"Polygon","coordinates":[[[2,-2],[14,-2],[14,2],[2,2],[2,-2]]]}"#;
        let map = map(&[("star", star), ("box", box_across)], Frame::Local);
        let mut fast = 0;
        let mut members = Vec::new();
        // Steps that hit corners, edges and cell borders exactly (24 units in 256 cells: 3/32 each), and others.
        for step in [0.093_75, 0.25, 0.171] {
            for (i, j) in (-120..=120).flat_map(|i| (-120..=120).map(move |j| (i, j))) {
                let place = [2.0 + f64::from(i) * step, f64::from(j) * step];
                map.members(place, &mut members);
                if let Located::Set(number) = map.locate(place) {
                    fast += 1;
                    assert_eq!(map.sets[number as usize], members, "at {place:?}");
                }
                assert_eq!(*map.zones_at(place), map.named(&members), "at {place:?}");
            }
        }
        assert!(fast > 100_000, "the raster answered {fast} points only");
        assert_eq!(map.sets().len(), 4, "none, star, box and both fill cells");
    }

    #[test]
    fn points_that_are_not_finite_are_in_no_zone() {
        let everywhere = r#"{"type":"Polygon","coordinates":[[[-9,-9],[9,-9],[9,9],[-9,9],[-9,-9]]]}"#;
        for frame in [Frame::Local, Frame::Geodetic] {
            let map = map(&[("all", everywhere)], frame);
            assert_eq!(map.zones_at([0.0, 0.0]).len(), 1, "{frame:?}");
            for place in [[f64::NAN, 0.0], [0.0, f64::NAN], [f64::INFINITY, 0.0], [0.0, f64::NEG_INFINITY]] {
                assert!(map.zones_at(place).is_empty(), "{frame:?} {place:?}");
            }
        }
    }
}
