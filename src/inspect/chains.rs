//! Rows of one sensor that are of one object, from look to look: chains.
//!
//! Of a sensor whose rows have addresses, those of an address. Else rows are linked to where a chain would be if it moved on in a
//! straight line, nearest first, one to one. How near they must be comes from how far unrelated rows are apart there, not from
//! the catalogue: with d the distance to the fourth neighbour within a look, one of an unrelated row lies within r with
//! probability 4 r² / d², and r is such that this is [`CHANCE`]. A chain begins with three rows that do so; it ends after
//! [`SILENT`] periods without a row. From a first pass over the rows comes how well straight lines predict; a second one also
//! wants no more than [`DEVIATIONS`] times that.

use std::collections::BTreeMap;

use super::excerpt::Mark;
use super::geometry::{Vector, dot, length, median, minus, plus, sight};
use super::near::Near;
use crate::sensor::Sensor;
use crate::space::Frame;

/// Probability that the link of a first and of a second pass is chance.
const CHANCE: [f64; 2] = [0.05, 0.10];
/// Deviations of a prediction that a link may have.
const DEVIATIONS: f64 = 8.0;
/// Periods without a row that end a chain, and a beginning.
const SILENT: f64 = 5.5;
const BEGINS: f64 = 2.6;
/// Rows of a chain at least, and of one that tells how well it is predicted.
pub(super) const LEAST: usize = 4;
const TELLING: usize = 6;
/// Links that each row may try.
const TRIED: usize = 6;
const BEGUN: usize = 3;
/// Where no other row is near, metres.
const ALONE_M: f64 = 1e6;

/// Rows of one object, by their places in the stretch.
pub(super) type Chain = Vec<u32>;

/// The chains of one stretch.
pub(super) fn chains(rows: &[Mark], sensor: &Sensor, (frame, period_s): (Frame, f64)) -> Vec<Chain> {
    let addressed = rows.iter().filter(|row| row.address != 0).count();
    if 20 * addressed >= 19 * rows.len() {
        return of_addresses(rows, period_s);
    }
    let linked = |scale| Linker { rows, sensor, frame, period_s, scale }.link();
    let first = linked(None);
    match Scale::of((rows, &first), (sensor, frame), period_s) {
        Some(scale) => linked(Some(scale)),
        None => first,
    }
}

fn of_addresses(rows: &[Mark], period_s: f64) -> Vec<Chain> {
    let mut open: BTreeMap<u64, Chain> = BTreeMap::new();
    let mut ended = Vec::new();
    for (row, place) in rows.iter().zip(0..).filter(|(row, _)| row.address != 0) {
        let chain = open.entry(row.address).or_default();
        let last = chain.last().and_then(|last| rows.get(*last as usize));
        let lag_s = last.map_or(0.0, |last| (row.time_us - last.time_us) as f64 * 1e-6);
        if lag_s > 2.0 * SILENT * period_s {
            ended.push(std::mem::take(chain));
        }
        // A second row of one time says nothing of motion.
        if last.is_none() || lag_s > 0.0 {
            chain.push(place);
        }
    }
    ended.extend(open.into_values());
    ended.retain(|chain| chain.len() >= LEAST);
    ended
}

/// How well straight lines predict: deviations in metres, of a radar along its line of sight and across it in radians.
#[derive(Clone, Copy, Debug)]
struct Scale {
    along: f64,
    across: f64,
}

impl Scale {
    fn of((rows, chains): (&[Mark], &[Chain]), (sensor, frame): (&Sensor, Frame), period_s: f64) -> Option<Self> {
        let (mut along, mut across) = (Vec::new(), Vec::new());
        for chain in chains.iter().filter(|chain| chain.len() >= TELLING) {
            let marks: Vec<&Mark> = chain.iter().filter_map(|row| rows.get(*row as usize)).collect();
            for window in marks.windows(5) {
                let [hits @ .., last] = window else { continue };
                let mut line = Line::default();
                for hit in hits {
                    line.push(hit.time_us, hit.ground);
                }
                if line.age_s(last.time_us) > 1.6 * period_s {
                    continue;
                }
                let [a, b] = parts((sensor, frame), last, minus(last.ground, line.at(last.time_us)));
                along.push(a.abs());
                across.push(b.abs());
            }
        }
        (along.len() >= 20).then(|| {
            let of = |numbers: &mut [f64]| (median(numbers) / 0.6745).max(1e-9);
            Self { along: of(&mut along), across: of(&mut across) }
        })
    }
}

/// A residual along the line of sight and, as an angle, across it; of a sensor that stands nowhere both along two axes.
fn parts((sensor, frame): (&Sensor, Frame), of: &Mark, residual: Vector) -> [f64; 2] {
    if let Some(([ahead, ..], [_, ground_m])) = sight(sensor, of.time_us, of.ground) {
        let along = dot(residual, ahead);
        [along, (dot(residual, residual) - along * along).max(0.0).sqrt() / ground_m]
    } else {
        let [east, north, _] = super::geometry::level_axes(frame, of.metres);
        [dot(residual, east), dot(residual, north)]
    }
}

/// A straight line through the last rows of a chain, at most four.
#[derive(Clone, Debug, Default)]
struct Line {
    hits: Vec<(i64, Vector)>,
    /// Where it was at the last of them, and its velocity.
    now: Vector,
    velocity: Vector,
}

impl Line {
    fn push(&mut self, time_us: i64, at: Vector) {
        if self.hits.len() == 4 {
            self.hits.remove(0);
        }
        self.hits.push((time_us, at));
        let n = self.hits.len() as f64;
        let lag_s = |us: i64| (us - time_us) as f64 * 1e-6;
        let mean_s = self.hits.iter().map(|(us, _)| lag_s(*us)).sum::<f64>() / n;
        let mean = self.hits.iter().fold([0.0; 3], |sum, (_, at)| plus(sum, 1.0 / n, *at));
        let squares: f64 = self.hits.iter().map(|(us, _)| (lag_s(*us) - mean_s).powi(2)).sum();
        self.velocity = if squares > 0.0 {
            let sum = |sum, (us, at): &(i64, Vector)| plus(sum, (lag_s(*us) - mean_s) / squares, minus(*at, mean));
            self.hits.iter().fold([0.0; 3], sum)
        } else {
            [0.0; 3]
        };
        self.now = plus(mean, -mean_s, self.velocity);
    }

    fn age_s(&self, time_us: i64) -> f64 {
        self.hits.last().map_or(f64::INFINITY, |(us, _)| (time_us - us) as f64 * 1e-6)
    }

    fn at(&self, time_us: i64) -> Vector {
        plus(self.now, self.age_s(time_us), self.velocity)
    }
}

/// A chain that may go on.
#[derive(Clone, Debug)]
struct Thread {
    rows: Chain,
    line: Line,
    address: u64,
}

impl Thread {
    fn of(place: u32, row: &Mark) -> Self {
        let mut line = Line::default();
        line.push(row.time_us, row.ground);
        Self { rows: vec![place], line, address: row.address }
    }

    fn push(&mut self, place: u32, row: &Mark) {
        self.rows.push(place);
        self.line.push(row.time_us, row.ground);
        self.address = self.address.max(row.address);
    }
}

/// Links the rows of a stretch.
struct Linker<'a> {
    rows: &'a [Mark],
    sensor: &'a Sensor,
    frame: Frame,
    period_s: f64,
    scale: Option<Scale>,
}

/// Chains of three rows or more, pairs, and single rows, while links are made.
#[derive(Default)]
struct Open {
    chains: Vec<Thread>,
    pairs: Vec<Thread>,
    singles: Vec<Thread>,
}

impl Linker<'_> {
    fn link(&self) -> Vec<Chain> {
        let (mut open, mut ended) = (Open::default(), Vec::new());
        let mut used = vec![false; self.rows.len()];
        let (mut from, mut recent) = (0, 0);
        #[expect(clippy::cast_possible_truncation, reason = "a share of a period")]
        let [step_us, look_us] = [self.period_s / 8.0, 0.9 * self.period_s].map(|s| ((s * 1e6) as i64).max(1));
        while let Some(first) = self.rows.get(from) {
            let later = self.rows.get(from..).unwrap_or_default();
            let to = from + later.partition_point(|row| row.time_us < first.time_us.saturating_add(step_us));
            let last_us = self.rows.get(to - 1).map_or(first.time_us, |row| row.time_us);
            while self.rows.get(recent).is_some_and(|row| row.time_us < last_us - look_us) {
                recent += 1;
            }
            self.retire(first.time_us, &mut open, &mut ended);
            let about = Near::new(places(self.rows, recent.min(from), to).map(|(place, row)| (row.ground, place)));
            self.step((from, to), &about, &mut open, &mut used);
            from = to;
        }
        ended.extend(open.chains.into_iter().map(|thread| thread.rows));
        ended.retain(|chain| chain.len() >= LEAST);
        ended
    }

    /// Ends what has been silent for long.
    fn retire(&self, now_us: i64, open: &mut Open, ended: &mut Vec<Chain>) {
        let is_over = |thread: &mut Thread| thread.line.age_s(now_us) > SILENT * self.period_s;
        ended.extend(open.chains.extract_if(.., is_over).map(|thread| thread.rows));
        let begins = |thread: &Thread| thread.line.age_s(now_us) <= BEGINS * self.period_s;
        open.pairs.retain(begins);
        open.singles.retain(begins);
    }

    /// Links rows of about one time.
    fn step(&self, (from, to): (usize, usize), about: &Near, open: &mut Open, used: &mut [bool]) {
        let radii: Vec<f64> = places(self.rows, from, to).map(|(place, row)| spacing_m(about, place, row)).collect();
        let now = (from, to, radii.as_slice());
        for (thread, place) in self.links(now, &open.chains, used) {
            let (Some(thread), Some(row)) = (open.chains.get_mut(thread), self.rows.get(place as usize)) else {
                continue;
            };
            thread.push(place, row);
            mark(used, place);
        }
        for (pair, place) in self.links(now, &open.pairs, used) {
            let (Some(pair), Some(row)) = (open.pairs.get(pair), self.rows.get(place as usize)) else { continue };
            // Another pair of one of its rows may have gone on before.
            if pair.rows.iter().any(|row| is_used(used, *row)) {
                continue;
            }
            let mut thread = pair.clone();
            thread.push(place, row);
            thread.rows.iter().for_each(|row| mark(used, *row));
            open.chains.push(thread);
        }
        open.pairs.retain(|pair| !pair.rows.iter().any(|row| is_used(used, *row)));
        open.singles.retain(|single| !single.rows.iter().any(|row| is_used(used, *row)));
        let singles = tree(&open.singles, self.rows.get(from).map_or(0, |row| row.time_us));
        let mut new = Vec::new();
        for ((place, row), spacing_m) in places(self.rows, from, to).zip(&radii) {
            if is_used(used, place) {
                continue;
            }
            for (off_m2, single) in singles.nearest(row.ground, BEGUN) {
                let Some(single) = open.singles.get(single as usize) else { continue };
                let other = single.address != 0 && row.address != 0 && single.address != row.address;
                if off_m2.sqrt() > 0.7 * spacing_m || single.line.age_s(row.time_us) <= 0.0 || other {
                    continue;
                }
                let mut pair = single.clone();
                pair.push(place, row);
                open.pairs.push(pair);
            }
            new.push(Thread::of(place, row));
        }
        open.singles.extend(new);
    }

    /// Threads and the rows that go on with them, one to one, the surest first.
    fn links(&self, (from, to, radii): (usize, usize, &[f64]), threads: &[Thread], used: &[bool]) -> Vec<(usize, u32)> {
        if threads.is_empty() {
            return Vec::new();
        }
        let tree = tree(threads, self.rows.get(from).map_or(0, |row| row.time_us));
        let mut tried: Vec<(f64, u32, u32)> = Vec::new();
        for ((place, row), spacing_m) in places(self.rows, from, to).zip(radii) {
            if is_used(used, place) {
                continue;
            }
            for (_, thread) in tree.nearest(row.ground, TRIED) {
                let Some(of) = threads.get(thread as usize) else { continue };
                let off = self.off(of, row, *spacing_m);
                if off <= 1.0 {
                    tried.push((off, place, thread));
                }
            }
        }
        tried.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let mut taken = std::collections::BTreeSet::new();
        let mut rows = std::collections::BTreeSet::new();
        tried.retain(|(_, place, thread)| {
            let free = !rows.contains(place) && !taken.contains(thread);
            if free {
                rows.insert(*place);
                taken.insert(*thread);
            }
            free
        });
        tried.into_iter().map(|(_, place, thread)| (thread as usize, place)).collect()
    }

    /// How far a row is from where a thread would be, 1 being as far as it may.
    fn off(&self, thread: &Thread, row: &Mark, spacing_m: f64) -> f64 {
        let age_s = thread.line.age_s(row.time_us);
        let other = thread.address != 0 && row.address != 0 && thread.address != row.address;
        if age_s <= 0.0 || other {
            return f64::INFINITY;
        }
        let residual = minus(row.ground, thread.line.at(row.time_us));
        let [first, second] = CHANCE;
        let chance = if self.scale.is_some() { second } else { first };
        let by_chance = length(residual) / (spacing_m * (chance / 4.0).sqrt()).max(1e-9);
        let Some(Scale { along, across }) = self.scale else { return by_chance };
        let [a, b] = parts((self.sensor, self.frame), row, residual);
        let grown = (age_s / self.period_s).max(1.0);
        by_chance.max(libm::hypot(a / along, b / across) / (DEVIATIONS * grown))
    }
}

/// The distance to the fourth neighbour within a look; of fewer, that at which a fourth would be expected.
fn spacing_m(about: &Near, place: u32, row: &Mark) -> f64 {
    let found = about.nearest(row.ground, 5);
    let others: Vec<f64> = found.iter().filter(|(_, of)| *of != place).map(|(off_m2, _)| off_m2.sqrt()).collect();
    let farthest = others.iter().take(4).fold(0.0, |_, off_m| *off_m);
    if others.is_empty() { ALONE_M } else { farthest * (4.0 / others.len().min(4) as f64).sqrt() }
}

fn places(rows: &[Mark], from: usize, to: usize) -> impl Iterator<Item = (u32, &Mark)> {
    let first = u32::try_from(from).unwrap_or(u32::MAX);
    (first..).zip(rows.get(from..to).unwrap_or_default())
}

/// Where threads would be.
fn tree(threads: &[Thread], time_us: i64) -> Near {
    Near::new(threads.iter().map(|thread| thread.line.at(time_us)).zip(0..))
}

fn mark(used: &mut [bool], place: u32) {
    if let Some(used) = used.get_mut(place as usize) {
        *used = true;
    }
}

fn is_used(used: &[bool], place: u32) -> bool {
    used.get(place as usize).is_some_and(|used| *used)
}
