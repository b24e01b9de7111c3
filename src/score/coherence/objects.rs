//! Tracks of several lanes to objects.
//!
//! Lanes join in the order of the world. A track stays with the object that it was of, as long as the two are within their
//! gate; all others of a lane are assigned to objects that no track of this lane has, with least `Σ (d / g)²`, where
//! `g = cutoff + √¾ (c₁ + c₂)` is the gate of two rows in cells of edges c; what is left begins an object. An object keeps its
//! number as long as a track of it lasts. Two that turn out to be one are joined, unless some lane has had tracks of both.

use super::{Shown, World};
use crate::score::ScoreError;
use crate::score::assignment::{Costs, Edge, Skip};
use crate::score::pairs::{distance, within};
use std::collections::{BTreeMap, BTreeSet};

/// Steps of a cost of 1, 2⁴⁰: costs, and sums of thousands of them, are exact.
const COST_STEPS: f64 = (1_u64 << 40) as f64;

/// A track: its lane and its number there.
pub(super) type Track = (usize, u64);

/// An object at the time of a report.
#[derive(Debug)]
pub(super) struct Present<'a> {
    /// Its number.
    pub(super) id: usize,
    /// By picture, in order.
    rows: Vec<(usize, &'a Shown)>,
    /// Place in `rows` of the row in the smallest cell, of equal ones that of the first lane.
    finest: usize,
    /// The track of the first lane that has one.
    pub(super) track: Track,
}

impl<'a> Present<'a> {
    /// The row of a picture.
    pub(super) fn row(&self, picture: usize) -> Option<&'a Shown> {
        let place = self.rows.binary_search_by_key(&picture, |row| row.0).ok()?;
        self.rows.get(place).map(|row| row.1)
    }

    /// The row in the smallest cell.
    pub(super) fn finest(&self) -> Option<&'a Shown> {
        self.rows.get(self.finest).map(|row| row.1)
    }
}

/// What is known of an object.
#[derive(Clone, Debug)]
pub(super) struct Record {
    /// The object that it turned out to be; its own number if none.
    same_as: usize,
    /// Lanes that had tracks of it.
    lanes: BTreeSet<usize>,
    /// When it was first seen, microseconds, and its class then.
    pub(super) first: (i64, usize),
    /// By picture, when its partner first knew of it, microseconds.
    pub(super) known_us: BTreeMap<usize, i64>,
}

/// All objects so far.
#[derive(Debug)]
pub(super) struct Objects {
    /// Place of every lane in the order of lanes.
    rank: BTreeMap<usize, usize>,
    records: Vec<Record>,
    of_track: BTreeMap<Track, usize>,
    joined: u64,
}

/// Rows, each with the number of its picture.
type Rows<'a> = Vec<(usize, &'a Shown)>;

/// A track of a lane at the time of a report.
struct Node<'a> {
    track: Track,
    rows: Rows<'a>,
}

impl<'a> Node<'a> {
    /// The row in the smallest cell, the first of equal ones.
    fn finest(&self) -> Option<&'a Shown> {
        self.rows.iter().map(|row| row.1).reduce(|best, row| if row.cell_m < best.cell_m { row } else { best })
    }
}

/// Tracks that are taken for one object, and where it is.
struct Group<'a> {
    nodes: Vec<Node<'a>>,
    at: &'a Shown,
}

impl Objects {
    pub(super) fn new(world: &World) -> Self {
        let rank = world.lane_order.iter().enumerate().map(|(rank, lane)| (*lane, rank)).collect();
        Self { rank, records: Vec::new(), of_track: BTreeMap::new(), joined: 0 }
    }

    /// Objects that are different.
    pub(super) fn count(&self) -> u64 {
        self.different().count() as u64
    }

    /// Times that two turned out to be one.
    pub(super) fn joined(&self) -> u64 {
        self.joined
    }

    /// What is known of every object.
    pub(super) fn different(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().enumerate().filter(|(id, record)| record.same_as == *id).map(|(_, record)| record)
    }

    /// The number that an object has in the end.
    pub(super) fn root(&self, mut id: usize) -> usize {
        while let Some(record) = self.records.get(id).filter(|record| record.same_as != id) {
            id = record.same_as;
        }
        id
    }

    /// The objects of a report.
    pub(super) fn report<'a>(
        &mut self,
        world: &World,
        time_us: i64,
        pictures: &'a [Vec<Shown>],
    ) -> Result<Vec<Present<'a>>, ScoreError> {
        let mut groups: Vec<Group<'a>> = Vec::new();
        for nodes in self.nodes(world, time_us, pictures)?.into_values() {
            self.join(world, &mut groups, nodes)?;
        }
        let ids = self.number(&groups, time_us);
        Ok(groups.into_iter().zip(ids).map(|(group, id)| self.present(id, group, time_us)).collect())
    }

    /// The tracks of a report, by rank of the lane, in order of their numbers.
    fn nodes<'a>(
        &self,
        world: &World,
        time_us: i64,
        pictures: &'a [Vec<Shown>],
    ) -> Result<BTreeMap<usize, Vec<Node<'a>>>, ScoreError> {
        let mut by_lane: BTreeMap<usize, BTreeMap<Track, Rows<'a>>> = BTreeMap::new();
        for (number, rows) in pictures.iter().enumerate() {
            let lane = world.pictures.get(number).and_then(|picture| picture.lane);
            let Some((lane, rank)) = lane.and_then(|lane| Some((lane, *self.rank.get(&lane)?))) else { continue };
            let tracks = by_lane.entry(rank).or_default();
            for row in rows {
                if !row.position_m.iter().all(|x| x.is_finite()) {
                    return Err(ScoreError::NotFinite { set: "picture", index: row.track, found_m: row.position_m });
                }
                let of_track = tracks.entry((lane, row.track)).or_default();
                if of_track.last().is_some_and(|last| last.0 == number) {
                    return Err(ScoreError::RepeatedTrack { track: row.track, time_us });
                }
                of_track.push((number, row));
            }
        }
        let nodes = |tracks: BTreeMap<Track, _>| tracks.into_iter().map(|(track, rows)| Node { track, rows }).collect();
        Ok(by_lane.into_iter().map(|(rank, tracks)| (rank, nodes(tracks))).collect())
    }

    /// The object that a track was of.
    fn before(&self, track: Track) -> Option<usize> {
        self.of_track.get(&track).map(|id| self.root(*id))
    }

    /// Takes the tracks of one more lane into the groups.
    fn join<'a>(&self, world: &World, groups: &mut Vec<Group<'a>>, nodes: Vec<Node<'a>>) -> Result<(), ScoreError> {
        let mut of_object: BTreeMap<usize, usize> = BTreeMap::new();
        for (place, group) in groups.iter().enumerate() {
            for object in group.nodes.iter().filter_map(|node| self.before(node.track)) {
                of_object.entry(object).or_insert(place);
            }
        }
        let mut taken: BTreeMap<usize, Node<'a>> = BTreeMap::new();
        let mut rest = Vec::new();
        for node in nodes {
            let Some(at) = node.finest() else { continue };
            let place = self.before(node.track).and_then(|object| of_object.get(&object)).copied();
            let near = |place: &usize| groups.get(*place).is_some_and(|group| share(world, group.at, at) < 1.0);
            match place.filter(|place| !taken.contains_key(place)).filter(near) {
                Some(place) => drop(taken.insert(place, node)),
                None => rest.push((at, node)),
            }
        }
        let free: Vec<usize> = (0..groups.len()).filter(|place| !taken.contains_key(place)).collect();
        let there: Vec<&Shown> = free.iter().filter_map(|&place| groups.get(place)).map(|group| group.at).collect();
        let found: Vec<&Shown> = rest.iter().map(|(at, _)| *at).collect();
        let mut fresh = Vec::new();
        for ((at, node), column) in rest.into_iter().zip(assigned(world, &found, &there)?) {
            match column.and_then(|column| free.get(column)) {
                Some(&place) => drop(taken.insert(place, node)),
                None => fresh.push(Group { nodes: vec![node], at }),
            }
        }
        for (place, node) in taken {
            let Some((group, at)) = groups.get_mut(place).zip(node.finest()) else { continue };
            if at.cell_m < group.at.cell_m {
                group.at = at;
            }
            group.nodes.push(node);
        }
        groups.append(&mut fresh);
        Ok(())
    }

    /// The number of every group: that of its first track which had one that no other group has; else a new one.
    fn number(&mut self, groups: &[Group<'_>], time_us: i64) -> Vec<usize> {
        let mut claimed = BTreeSet::new();
        let mut ids = Vec::with_capacity(groups.len());
        for group in groups {
            let mut had = group.nodes.iter().filter_map(|node| self.before(node.track));
            let id = had.find(|id| !claimed.contains(id)).unwrap_or_else(|| {
                let (lanes, known_us) = (BTreeSet::new(), BTreeMap::new());
                self.records.push(Record {
                    same_as: self.records.len(),
                    lanes,
                    first: (time_us, group.at.class),
                    known_us,
                });
                self.records.len() - 1
            });
            claimed.insert(id);
            ids.push(id);
        }
        for (group, &id) in groups.iter().zip(&ids) {
            for node in &group.nodes {
                if let Some(other) = self.before(node.track).filter(|other| !claimed.contains(other)) {
                    self.unite(id, other);
                }
            }
        }
        ids
    }

    /// Takes two objects for one, unless some lane told them apart.
    fn unite(&mut self, id: usize, other: usize) {
        let Some([a, b]) = self.records.get_disjoint_mut([id, other]).ok() else { return };
        if !a.lanes.is_disjoint(&b.lanes) {
            return;
        }
        b.same_as = id;
        a.lanes.append(&mut b.lanes);
        if b.first.0 < a.first.0 {
            a.first = b.first;
        }
        // Of other lanes, so of other pictures.
        a.known_us.append(&mut b.known_us);
        self.joined += 1;
    }

    /// Notes who knows of an object.
    fn present<'a>(&mut self, id: usize, group: Group<'a>, time_us: i64) -> Present<'a> {
        let track = group.nodes.first().map_or((0, 0), |node| node.track);
        let mut rows = Vec::new();
        for node in group.nodes {
            self.of_track.insert(node.track, id);
            if let Some(record) = self.records.get_mut(id) {
                record.lanes.insert(node.track.0);
                for (picture, row) in &node.rows {
                    let known_us = time_us.saturating_add(row.delay_us);
                    let first = record.known_us.entry(*picture).or_insert(known_us);
                    *first = known_us.min(*first);
                }
            }
            rows.extend(node.rows);
        }
        let best = rows.iter().map(|row| row.1.cell_m).fold(f64::INFINITY, f64::min);
        let finest = rows.iter().find(|row| row.1.cell_m <= best).map(|row| row.0);
        rows.sort_by_key(|row| row.0);
        let finest = rows.iter().position(|row| Some(row.0) == finest).unwrap_or(0);
        Present { id, rows, finest, track }
    }
}

/// How far apart two rows are, as a share of their gate.
fn share(world: &World, a: &Shown, b: &Shown) -> f64 {
    distance(a.position_m, b.position_m) / gate_m(world, a, b)
}

fn gate_m(world: &World, a: &Shown, b: &Shown) -> f64 {
    world.cutoff_m + 0.75_f64.sqrt() * (a.cell_m + b.cell_m)
}

/// For each row that is found, the place of the object that it is assigned to.
fn assigned(world: &World, found: &[&Shown], there: &[&Shown]) -> Result<Vec<Option<usize>>, ScoreError> {
    if found.is_empty() || there.is_empty() {
        return Ok(vec![None; found.len()]);
    }
    let places = |rows: &[&Shown]| rows.iter().map(|row| row.position_m).collect::<Vec<_>>();
    let widest = |rows: &[&Shown]| rows.iter().map(|row| row.cell_m).fold(0.0, f64::max);
    let reach_m = world.cutoff_m + 0.75_f64.sqrt() * (widest(found) + widest(there));
    let mut costs = Costs::new(there.len(), Skip { row: 0.5, column: 0.5 })?;
    within(&places(found), &places(there), reach_m, |row, pairs| {
        let edges = pairs.iter().filter_map(|pair| {
            let (a, b) = (found.get(row)?, there.get(pair.estimate as usize)?);
            let share = share(world, a, b);
            // Rounded, so that equal sums are equal: rows in cells are often equally far apart.
            let cost = (share * share * COST_STEPS).round_ties_even() / COST_STEPS;
            (share < 1.0).then_some(Edge { column: pair.estimate, cost })
        });
        costs.push_row(&edges.collect::<Vec<_>>())
    })?;
    Ok(costs.assign().matched.into_iter().map(|edge| edge.map(|edge| edge.column as usize)).collect())
}
