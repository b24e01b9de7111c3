//! `zones.geojson`: named areas, which turn a place into a finite set of names.
//!
//! Edges are straight in the file's coordinates: longitude and latitude in degrees in a geodetic recording, x and y in
//! metres in a local one. Of two ways round the Earth an edge takes the shorter one, so an outline may cross the
//! antimeridian. A ring that goes once round the Earth holds the pole of its hemisphere. For speed the zones are painted
//! on a raster: a cell that no outline touches has one answer; only points in the other cells are tested against the
//! outlines. The answers are the same.

use super::PolicyError;
use super::outline::placed;
use super::polygon::{Polygon, Ring};
use super::raster::Raster;
use super::source::Source;
use super::zones_file::{self, Written};
use crate::digest::sha256;
use crate::space::Frame;
use rayon::prelude::*;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The zones as the file has them.
#[derive(Clone, Debug)]
pub(super) struct Zones {
    path: PathBuf,
    zones: BTreeMap<String, Zone>,
}

#[derive(Clone, Debug)]
struct Zone {
    line: usize,
    // The digest of its outline, once it is wanted.
    digest: OnceLock<String>,
    // Polygon, then ring; rings are open: the last corner is not the first one again.
    polygons: Vec<Vec<Ring>>,
}

impl Zones {
    pub(super) fn none() -> Self {
        Self { path: PathBuf::new(), zones: BTreeMap::new() }
    }

    pub(super) fn read(source: &Source) -> Result<Self, PolicyError> {
        let mut all = Self { path: source.path.clone(), zones: BTreeMap::new() };
        for Written { name, line, polygons } in zones_file::read(source)? {
            if let Some(first) = all.zones.get(&name) {
                return Err(source.duplicate("zone", &name, line, first.line));
            }
            let mut zone = Zone { line, digest: OnceLock::new(), polygons };
            let empty = zone.polygons.is_empty() || zone.polygons.iter().any(Vec::is_empty);
            if empty {
                return Err(all.wrong(&name, line, "found no outline".to_owned(), "at least one ring a polygon"));
            }
            for ring in zone.polygons.iter_mut().flatten() {
                if ring.len() < 4 || ring.first() != ring.last() {
                    let ends = [ring.first(), ring.last()].into_iter().flatten().map(|at| format!("{at:?}"));
                    let ends = ends.collect::<Vec<_>>().join(" to ");
                    let found = format!("found a ring of {} positions from {ends}", ring.len());
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

    pub(super) fn names(&self) -> BTreeSet<&str> {
        self.zones.keys().map(String::as_str).collect()
    }

    /// The digest of the outline of a zone, if there is such a zone.
    pub(super) fn digest(&self, zone: &str) -> Option<&str> {
        let zone = self.zones.get(zone)?;
        Some(zone.digest.get_or_init(|| sha256(&zone.bytes())))
    }

    fn wrong(&self, zone: &str, line: usize, found: String, wanted: &'static str) -> PolicyError {
        PolicyError::Zone { path: self.path.clone(), line, zone: zone.to_owned(), found, wanted }
    }
}

impl Zone {
    /// What its digest is of.
    fn bytes(&self) -> Vec<u8> {
        let count = |items: usize| u32::try_from(items).unwrap_or(u32::MAX).to_le_bytes();
        let mut bytes = count(self.polygons.len()).to_vec();
        for polygon in &self.polygons {
            bytes.extend(count(polygon.len()));
            for ring in polygon {
                bytes.extend(count(ring.len()));
                bytes.extend(ring.iter().flatten().flat_map(|value| value.to_le_bytes()));
            }
        }
        bytes
    }
}

/// The zones of a policy in the coordinates of a recording.
#[derive(Clone, Debug)]
pub struct ZoneMap {
    pub(super) frame: Frame,
    names: Vec<String>,
    pub(super) areas: Vec<(u32, Polygon)>,
    raster: Option<Raster>,
    pub(super) sets: Vec<Vec<u32>>,
    pub(super) named: Vec<BTreeSet<String>>,
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
    /// The zones in the text of a `zones.geojson`; `path` is what errors name.
    ///
    /// # Errors
    ///
    /// Text that is none, or an outline that makes no sense in that frame.
    pub fn parse(text: &str, path: &Path, frame: Frame) -> Result<Self, PolicyError> {
        Self::new(&Zones::read(&Source::new(path.to_owned(), text.to_owned()))?, frame)
    }

    pub(super) fn new(zones: &Zones, frame: Frame) -> Result<Self, PolicyError> {
        let zone = |(name, zone): (&String, &Zone)| {
            let mut areas = Vec::new();
            for (number, rings) in (1..).zip(&zone.polygons) {
                let place = if zone.polygons.len() > 1 { format!("polygon {number}: ") } else { String::new() };
                let wrong = |(found, wanted)| zones.wrong(name, zone.line, format!("{place}{found}"), wanted);
                areas.extend(placed(rings, frame).map_err(wrong)?);
            }
            Ok(areas)
        };
        // All are done before the first failure is picked, so that it is the same one on any number of threads.
        let all: Vec<(&String, &Zone)> = zones.zones.iter().collect();
        let all: Vec<Result<Vec<Polygon>, PolicyError>> = all.into_par_iter().map(zone).collect();
        let mut areas = Vec::new();
        for (number, polygons) in (0u32..).zip(all) {
            areas.extend(polygons?.into_iter().map(|area| (number, area)));
        }
        let names = zones.zones.keys().cloned().collect();
        let mut map = Self { frame, names, areas, raster: None, sets: vec![Vec::new()], named: vec![BTreeSet::new()] };
        map.raster = Raster::paint(&mut map);
        Ok(map)
    }

    /// The frame that they are in.
    #[must_use]
    pub fn frame(&self) -> Frame {
        self.frame
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

#[cfg(test)]
mod tests {
    use super::*;

    fn map(features: &[(&str, &str)], frame: Frame) -> ZoneMap {
        let features = features.iter().map(|(name, geometry)| {
            format!(r#"{{"type":"Feature","properties":{{"name":"{name}"}},"geometry":{geometry}}}"#)
        });
        let text = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.collect::<Vec<_>>().join(","));
        ZoneMap::parse(&text, Path::new("zones.geojson"), frame).expect("valid zones")
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
