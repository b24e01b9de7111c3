//! Two sensors that see the same objects: how far apart they see them, and at which times.
//!
//! A row of a chain of the first sensor is compared with the chains of the second, each taken where it was at the row's time,
//! on the straight line between its rows before and after. Of two chains that are of one object the difference Δ stays small beside
//! the way that they go. With the first sensor displaced against the second by b, and the second's times later by τ,
//!
//! Δ = b + τ v
//!
//! v being the velocity: different directions of motion tell b from τ. Where one of them is a radar, Δ = b_r u + b_θ g c + τ v is
//! tried as well, u along its line of sight, c across it and g the distance: the better one is told. Weights are Huber's, so
//! that a wrong pair counts for little; standard errors are those between pairs of chains, not between their rows, which share
//! their errors.

use serde::Serialize;

use super::chains::Chain;
use super::excerpt::{Mark, Stretch};
use super::figures::Estimated;
use super::geometry::{Vector, dot, length, level_axes, median, minus, plus, quantile, sight};
use super::near::Near;
use super::solve::{Fitted, Model, Sample, fit};
use crate::sensor::{Kind, Sensor};
use crate::space::Frame;

/// Sensors that are compared with each other at most: those whose chains hold the most rows.
pub const COMPARED: usize = 12;
/// Rows of a pair of chains at least and at most, and pairs of chains at least.
const ROWS: [usize; 2] = [5, 40];
const OBJECTS: usize = 3;
/// Rows of a pair of chains whose errors are taken for one where objects are few, at least and at most.
const PIECE: [usize; 2] = [5, 10];
/// Times the scatter from row to row that may be left of the differences of one object: more is another object's.
const SAME: f64 = 2.0;
/// Times as much as is left of them where objects do not agree.
const WORSE: f64 = 3.0;
/// Median of the size of a standard normal number.
const NORMAL: f64 = 0.6745;
/// A gap of a chain, in periods, over which it says where it was.
const GAP: f64 = 3.2;
/// The way that an object goes is longer than the scatter of its differences by this.
const WAY: f64 = 8.0;
/// The share of the distance between objects that may be left of the differences: chance leaves as much as there is.
const LEFT: f64 = 0.1;
/// Slower rows have no part in the first guess; others move alike if their velocities differ by less than this share.
const SLOW_M_S: f64 = 1.0;
const ALIKE: f64 = 0.2;
/// Times that pairs are looked for, each from the registration found before.
const TURNS: usize = 3;

/// Two sensors that see the same objects.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairFound {
    /// The two.
    pub sensors: [String; 2],
    /// Objects that both followed.
    pub objects: u64,
    /// What errors are between: `objects`, or, of few, `pieces` of their ways. An object that moves like another one all the time
    /// looks like it.
    pub errors_between: &'static str,
    /// Rows that were compared.
    pub rows: u64,
    /// How far east, and x, of the second the first sees them, metres.
    pub east_m: Estimated,
    /// North, and y.
    pub north_m: Estimated,
    /// Up, where both measure heights.
    pub up_m: Option<Estimated>,
    /// Where one of the two is a radar: by how much its ranges are too long, metres, and
    pub range_m: Option<Estimated>,
    /// its azimuths too large, degrees.
    pub azimuth_deg: Option<Estimated>,
    /// Whether range and azimuth explain the differences better than east and north.
    pub is_polar: bool,
    /// By how much the times of the second are later than those of the first, seconds; `None` where motion does not tell.
    pub clock_s: Option<Estimated>,
    /// How many seconds of their own way the first sees them ahead, if nothing but clocks were different.
    pub way_s: Option<f64>,
    /// What is left of the differences, one standard deviation along an axis, metres.
    pub residual_m: f64,
}

/// Two sensors of which neither tells anything of the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unpaired {
    /// The two.
    pub sensors: [String; 2],
    /// Why they could not be compared.
    pub why: String,
}

/// What is known of one sensor.
pub(super) struct Side<'a> {
    pub(super) sensor: &'a Sensor,
    pub(super) stretches: &'a [Stretch],
    pub(super) chains: Vec<Vec<Chain>>,
    pub(super) period_s: f64,
}

impl Side<'_> {
    fn chained(&self) -> usize {
        self.chains.iter().flatten().map(Vec::len).sum()
    }

    /// The first and the last time of its chains.
    fn span_us(&self) -> Option<[i64; 2]> {
        let marks = (0..self.stretches.len()).flat_map(|stretch| self.marks(stretch));
        let times = marks.flatten().map(|row| [row.time_us; 2]);
        times.reduce(|[a, b], [c, d]| [a.min(c), b.max(d)])
    }

    /// Its chains in a stretch.
    fn marks(&self, stretch: usize) -> Vec<Vec<&Mark>> {
        let (Some(rows), Some(chains)) = (self.stretches.get(stretch), self.chains.get(stretch)) else {
            return Vec::new();
        };
        chains.iter().map(|chain| chain.iter().filter_map(|row| rows.rows.get(*row as usize)).collect()).collect()
    }
}

/// All pairs that see the same objects, and why the others of those that are compared are none.
pub(super) fn pairs(sides: &[Side<'_>], frame: Frame) -> (Vec<PairFound>, Vec<Unpaired>) {
    use rayon::prelude::*;
    let mut largest: Vec<usize> = (0..sides.len()).collect();
    largest.sort_by_key(|side| (std::cmp::Reverse(sides.get(*side).map_or(0, Side::chained)), *side));
    largest.truncate(COMPARED);
    largest.sort_unstable();
    let firsts = largest.iter().enumerate();
    let pairs: Vec<[usize; 2]> = firsts.flat_map(|(k, &a)| largest.iter().skip(k + 1).map(move |&b| [a, b])).collect();
    let found = pairs.into_par_iter().filter_map(|[a, b]| {
        let (a, b) = (sides.get(a)?, sides.get(b)?);
        let sensors = || [a, b].map(|side| side.sensor.name.clone());
        Some(pair(a, b, frame).ok_or_else(|| Unpaired { sensors: sensors(), why: why_not((a, b), frame) }))
    });
    let (mut all, mut unpaired) = (Vec::new(), Vec::new());
    for found in found.collect::<Vec<_>>() {
        match found {
            Ok(pair) => all.push(pair),
            Err(none) => unpaired.push(none),
        }
    }
    (all, unpaired)
}

/// Why two sensors are no pair, in words.
fn why_not((a, b): (&Side<'_>, &Side<'_>), frame: Frame) -> String {
    if let Some(side) = [a, b].into_iter().find(|side| side.chained() == 0) {
        return format!("no rows of `{}` go on from look to look", side.sensor.name);
    }
    let apart = a.span_us().zip(b.span_us()).is_some_and(|([a, b], [c, d])| b < c || d < a);
    let why = if apart {
        "they follow nothing at the same time"
    } else if all((a, b), (frame, None)).is_empty() {
        "nothing that one follows lies clearly nearer to an object of the other than to the next"
    } else {
        "too few objects that both may see agree on how far apart the sensors place them"
    };
    why.to_owned()
}

/// A row and the nearest chain at its time.
struct Match {
    sample: Sample,
    second_m: f64,
    up_m: Option<f64>,
}

/// Differences of two chains.
struct Common {
    samples: Vec<Sample>,
    /// How far the next best chain was.
    second_m: f64,
    up_m: Vec<f64>,
    is_moving: bool,
}

fn pair(a: &Side<'_>, b: &Side<'_>, frame: Frame) -> Option<PairFound> {
    let has_radar = [a, b].iter().filter(|side| matches!(side.sensor.kind, Kind::Radar { .. })).count() == 1;
    let polar = |common: &[Common]| if has_radar { fit(&pieces(common)?, Model::Polar) } else { None };
    let least_m = |(common, level): &Registered| {
        polar(common).map_or(level.residual_m, |polar| polar.residual_m.min(level.residual_m))
    };
    let (common, level) = match (of_many((a, b), frame), of_few((a, b), frame)) {
        (Some(many), Some(few)) if least_m(&many) <= WORSE * few.1.residual_m => many,
        (many, few) => few.or(many)?,
    };
    let (moving, polar) = (pieces(&common)?, polar(&common));
    let is_polar = polar.as_ref().is_some_and(|polar| polar.residual_m < 0.98 * level.residual_m);
    let best = polar.as_ref().filter(|_| is_polar).unwrap_or(&level);
    let degrees = |of: Estimated| Estimated { value: of.value.to_degrees(), error: of.error.to_degrees() };
    Some(PairFound {
        sensors: [a.sensor.name.clone(), b.sensor.name.clone()],
        objects: common.iter().filter(|common| common.is_moving).count() as u64,
        errors_between: if are_few(&common) { "pieces" } else { "objects" },
        rows: moving.iter().map(|samples| samples.len() as u64).sum(),
        east_m: level.first,
        north_m: level.second,
        up_m: upwards(&common),
        range_m: polar.as_ref().map(|polar| polar.first),
        azimuth_deg: polar.as_ref().map(|polar| degrees(polar.second)),
        is_polar,
        clock_s: best.clock_s,
        way_s: way_s(&moving),
        residual_m: best.residual_m,
    })
}

/// The objects of two sensors and where the first sees them from the second.
type Registered = (Vec<Common>, Fitted);

/// Where enough objects move that they agree on how the sensors are displaced.
fn of_many(of: (&Side<'_>, &Side<'_>), frame: Frame) -> Option<Registered> {
    let mut known = vote(of, frame);
    let mut common = Vec::new();
    for _ in 0..TURNS {
        common = all(of, (frame, known.as_ref()));
        known = Some(fit(&pieces(&common)?, Model::Level)?);
    }
    let level = known?;
    (!are_few(&common) && is_near(&level, &common)).then_some((common, level))
}

/// Where they are few, or share few with each other: the two chains of one object are the ones that lie nearest beside how far the
/// next one is, and that neither part nor meet. Others count as far as they agree with these.
fn of_few(of: (&Side<'_>, &Side<'_>), frame: Frame) -> Option<Registered> {
    let alone = |common: Common| -> Option<(f64, Registered)> {
        let common = vec![common];
        let fitted = fit(&pieces(&common)?, Model::Level)?;
        let mut offs_m: Vec<f64> =
            common.iter().flat_map(|common| &common.samples).map(|of| libm::hypot(of.off_m[0], of.off_m[1])).collect();
        let nearness = median(&mut offs_m) / common.first()?.second_m;
        (nearness < LEFT && is_near(&fitted, &common) && is_same(&common, &fitted))
            .then_some((nearness, (common, fitted)))
    };
    let each = all(of, (frame, None)).into_iter().filter(|common| common.is_moving).filter_map(alone);
    let (_, mut best) = each.reduce(|best, other| if other.0 < best.0 { other } else { best })?;
    for _ in 0..TURNS {
        let (_, known) = &best;
        let mut common = all(of, (frame, Some(known)));
        common.retain(|common| {
            let alone = std::slice::from_ref(common);
            common.is_moving && is_same(alone, known) && left_m(alone, known) <= WORSE * known.residual_m
        });
        let fitted = fit(&pieces(&common)?, Model::Level)?;
        best = (common, fitted);
    }
    let (common, level) = &best;
    is_near(level, common).then_some(best)
}

fn all(of: (&Side<'_>, &Side<'_>), known: (Frame, Option<&Fitted>)) -> Vec<Common> {
    (0..of.0.stretches.len()).flat_map(|stretch| commons(of, stretch, known)).collect()
}

fn moving(common: &[Common]) -> impl Iterator<Item = &Common> {
    common.iter().filter(|common| common.is_moving)
}

fn are_few(common: &[Common]) -> bool {
    moving(common).count() < 2 * OBJECTS
}

/// Whether what is left of the differences is little beside how far the next objects are.
fn is_near(level: &Fitted, common: &[Common]) -> bool {
    let mut seconds_m: Vec<f64> = moving(common).map(|common| common.second_m).collect();
    level.residual_m <= LEFT * median(&mut seconds_m)
}

/// Whether what is left of the differences changes as much from row to row as in all: chains of two objects part or meet.
fn is_same(common: &[Common], known: &Fitted) -> bool {
    left_m(common, known) <= SAME * scatter_m(common, known)
}

/// The standard deviation along an axis of what is left of differences.
fn left_m(common: &[Common], known: &Fitted) -> f64 {
    let samples = common.iter().flat_map(|common| &common.samples);
    let mut offs: Vec<f64> = samples.flat_map(|sample| sample.left(Some(known))).map(f64::abs).collect();
    median(&mut offs) / NORMAL
}

/// The standard deviation along an axis of what is left of differences, from row to row.
fn scatter_m(common: &[Common], known: &Fitted) -> f64 {
    let mut steps = Vec::new();
    for Common { samples, .. } in common {
        let left = || samples.iter().map(|sample| sample.left(Some(known)));
        steps.extend(left().zip(left().skip(1)).flat_map(|([e, n], [f, o])| [(f - e).abs(), (o - n).abs()]));
    }
    median(&mut steps) / NORMAL / std::f64::consts::SQRT_2
}

/// The differences of each object that moves; where these are few, in pieces.
fn pieces(common: &[Common]) -> Option<Vec<&[Sample]>> {
    let whole: Vec<&[Sample]> = moving(common).map(|common| common.samples.as_slice()).collect();
    let pieces = if whole.len() < 2 * OBJECTS {
        let [least, most] = PIECE;
        let rows: usize = whole.iter().map(|of| of.len()).sum();
        let length = (rows / (2 * OBJECTS)).clamp(least, most);
        whole.iter().flat_map(|of| of.chunks(length)).collect()
    } else {
        whole
    };
    (pieces.len() >= OBJECTS).then_some(pieces)
}

/// Differences along the way, over the speed.
fn way_s(moving: &[&[Sample]]) -> Option<f64> {
    let mut of: Vec<f64> = moving
        .iter()
        .flat_map(|samples| samples.iter())
        .filter_map(|Sample { off_m: [e, n], velocity_m_s: [u, v], .. }| {
            let square = u * u + v * v;
            (square > 0.0).then(|| (e * u + n * v) / square)
        })
        .collect();
    if of.is_empty() { None } else { Some(median(&mut of)) }
}

fn upwards(common: &[Common]) -> Option<Estimated> {
    let mut of: Vec<f64> = common
        .iter()
        .filter(|common| common.is_moving && !common.up_m.is_empty())
        .map(|common| median(&mut common.up_m.clone()))
        .collect();
    if of.len() < OBJECTS {
        return None;
    }
    let n = of.len() as f64;
    let value = median(&mut of);
    let mut off: Vec<f64> = of.iter().map(|up_m| (up_m - value).abs()).collect();
    Some(Estimated { value, error: 1.2533 * 1.4826 * median(&mut off) / n.sqrt() })
}

/// The displacement that most pairs of rows agree on which move alike.
fn vote((a, b): (&Side<'_>, &Side<'_>), frame: Frame) -> Option<Fitted> {
    /// Pairs of rows that are asked for others near them, and at least.
    const ASKED: usize = 500;
    const LEAST: usize = 20;
    /// Rows near a place that are asked.
    const WIDE: usize = 24;
    let mut offs: Vec<[f64; 2]> = Vec::new();
    for stretch in 0..a.stretches.len() {
        let others = b.marks(stretch);
        let index = Index::of(&others, b.period_s);
        for chain in a.marks(stretch) {
            let step = chain.len().div_ceil(ROWS[1]).max(1);
            for (place, row) in chain.iter().enumerate().step_by(step) {
                let Some(velocity) = velocity(&chain, place) else { continue };
                let speed = length(velocity);
                let [east, north, _] = level_axes(frame, row.metres);
                for other in index.at((row, row.ground), WIDE, &others) {
                    if speed > SLOW_M_S && length(minus(velocity, other.velocity)) < ALIKE * speed {
                        let off = minus(row.ground, other.ground);
                        offs.push([dot(off, east), dot(off, north)]);
                    }
                }
            }
        }
    }
    if offs.len() < LEAST {
        return None;
    }
    let mut sizes: Vec<f64> = offs.iter().map(|[e, n]| libm::hypot(*e, *n)).collect();
    let radius_m = quantile(&mut sizes, 0.1).max(1.0);
    let about = |[x, y]: [f64; 2]| {
        offs.iter().filter(move |[e, n]| libm::hypot(e - x, n - y) <= radius_m).copied().collect::<Vec<_>>()
    };
    let asked = offs.iter().step_by(offs.len().div_ceil(ASKED)).map(|off| about(*off));
    let most = asked.reduce(|most, other| if other.len() > most.len() { other } else { most })?;
    let middle = |pick: fn(&[f64; 2]) -> f64| {
        let value = median(&mut most.iter().map(pick).collect::<Vec<_>>());
        Estimated { value, error: radius_m }
    };
    Some(Fitted { first: middle(|[e, _]| *e), second: middle(|[_, n]| *n), clock_s: None, residual_m: radius_m })
}

/// Pairs of chains of a stretch that are of one object.
fn commons((a, b): (&Side<'_>, &Side<'_>), stretch: usize, (frame, known): (Frame, Option<&Fitted>)) -> Vec<Common> {
    let others = b.marks(stretch);
    let index = Index::of(&others, b.period_s);
    let mut found = Vec::new();
    for chain in a.marks(stretch) {
        let step = chain.len().div_ceil(ROWS[1]).max(1);
        let mut by_other: std::collections::BTreeMap<u32, Vec<Match>> = std::collections::BTreeMap::new();
        for (place, row) in chain.iter().enumerate().step_by(step) {
            let Some(velocity) = velocity(&chain, place) else { continue };
            let [east, north, _] = level_axes(frame, row.metres);
            let sample = |other: &Other| {
                let off = minus(row.ground, other.ground);
                sample((a, b), row, [dot(off, east), dot(off, north)], ([east, north], velocity))
            };
            let [e, n] = known.map_or([0.0; 2], |known| [known.first.value, known.second.value]);
            let from = plus(plus(row.ground, -e, east), -n, north);
            let mut all: Vec<(f64, u32, Sample, Option<f64>)> = index
                .at((row, from), 4, &others)
                .into_iter()
                .map(|other| {
                    let sample = sample(&other);
                    let [e, n] = sample.left(known);
                    let up_m = row.height_m.zip(other.height_m).map(|(a, b)| f64::from(a) - b);
                    (libm::hypot(e, n), other.chain, sample, up_m)
                })
                .collect();
            all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            // Of two that are about as near neither is known to be the one.
            let second = all.get(1).map_or(f64::INFINITY, |other| other.0);
            if let Some((off_m, other, sample, up_m)) = all.into_iter().next()
                && off_m < 0.5 * second
            {
                by_other.entry(other).or_default().push(Match { sample, second_m: second, up_m });
            }
        }
        let most = by_other.into_values().max_by_key(Vec::len).filter(|samples| samples.len() >= ROWS[0]);
        found.extend(most.map(|matches| common(&matches, &chain)));
    }
    found
}

fn common(matches: &[Match], chain: &[&Mark]) -> Common {
    let samples: Vec<Sample> = matches.iter().map(|found| found.sample).collect();
    let mut seconds_m: Vec<f64> = matches.iter().map(|found| found.second_m).collect();
    let up_m = matches.iter().filter_map(|found| found.up_m).collect();
    let scatter = |pick: fn(&Sample) -> f64| {
        let mut of: Vec<f64> = samples.iter().map(pick).collect();
        let middle = median(&mut of);
        for x in &mut of {
            *x = (*x - middle).abs();
        }
        median(&mut of)
    };
    let [e, n] = [scatter(|sample| sample.off_m[0]), scatter(|sample| sample.off_m[1])];
    let ends = chain.first().zip(chain.last());
    let way_m = ends.map_or(0.0, |(first, last)| length(minus(last.ground, first.ground)));
    Common { is_moving: way_m > WAY * libm::hypot(e, n), second_m: median(&mut seconds_m), up_m, samples }
}

/// A difference, with what it hangs on along east and north.
fn sample(
    (a, b): (&Side<'_>, &Side<'_>),
    row: &Mark,
    off_m: [f64; 2],
    ([east, north], velocity): ([Vector; 2], Vector),
) -> Sample {
    let along = |of: Vector| [dot(of, east), dot(of, north)];
    // A bias of the second sensor moves the difference the other way.
    let radar = sight(a.sensor, row.time_us, row.metres)
        .map(|of| (of, 1.0))
        .or_else(|| sight(b.sensor, row.time_us, row.metres).map(|of| (of, -1.0)));
    let polar = radar.map(|(([ahead, across, _], [_, ground_m]), sign)| {
        [along(plus([0.0; 3], sign, ahead)), along(plus([0.0; 3], sign * ground_m, across))]
    });
    Sample { off_m, velocity_m_s: along(velocity), polar }
}

/// The velocity of a chain at one of its rows, from those about it.
fn velocity(chain: &[&Mark], place: usize) -> Option<Vector> {
    let from = chain.get(place.saturating_sub(3))?;
    let to = chain.get((place + 3).min(chain.len() - 1))?;
    let lag_s = (to.time_us - from.time_us) as f64 * 1e-6;
    (lag_s > 0.0).then(|| plus([0.0; 3], 1.0 / lag_s, minus(to.ground, from.ground)))
}

/// Where a chain was at a time.
struct Other {
    chain: u32,
    ground: Vector,
    velocity: Vector,
    height_m: Option<f64>,
}

/// The rows of chains, by time and place.
struct Index {
    first_us: i64,
    step_us: i64,
    gap_us: i64,
    trees: Vec<Near>,
    /// Of every row: its chain, and its place in it.
    rows: Vec<(u32, usize)>,
}

impl Index {
    #[expect(clippy::cast_possible_truncation, reason = "some periods")]
    fn of(chains: &[Vec<&Mark>], period_s: f64) -> Self {
        /// Trees at most.
        const TREES: i64 = 100_000;
        let times = || chains.iter().flatten().map(|row| row.time_us);
        let (first_us, last_us) = (times().min().unwrap_or_default(), times().max().unwrap_or_default());
        let step_us = ((period_s * 1e6) as i64).max((last_us - first_us) / TREES).max(1);
        let mut rows = Vec::new();
        let mut parts: Vec<Vec<(Vector, u32)>> = Vec::new();
        for (chain, number) in chains.iter().zip(0..) {
            for (place, row) in chain.iter().enumerate() {
                let part = usize::try_from((row.time_us - first_us) / step_us).unwrap_or_default();
                if parts.len() <= part {
                    parts.resize(part + 1, Vec::new());
                }
                if let Some(part) = parts.get_mut(part) {
                    part.push((row.ground, u32::try_from(rows.len()).unwrap_or(u32::MAX)));
                }
                rows.push((number, place));
            }
        }
        let trees = parts.into_iter().map(|part| Near::new(part.into_iter())).collect();
        Self { first_us, step_us, gap_us: (GAP * period_s * 1e6) as i64, trees, rows }
    }

    /// The chains near a place at the time of a row, where they were then; of so many rows in each of three looks.
    fn at(&self, (row, from): (&Mark, Vector), most: usize, chains: &[Vec<&Mark>]) -> Vec<Other> {
        let part = (row.time_us - self.first_us).div_euclid(self.step_us);
        let mut near = std::collections::BTreeSet::new();
        for part in part - 1..=part + 1 {
            let tree = usize::try_from(part).ok().and_then(|part| self.trees.get(part));
            let found = tree.map_or_else(Vec::new, |tree| tree.nearest(from, most));
            near.extend(found.iter().filter_map(|(_, of)| self.rows.get(*of as usize)).map(|(chain, _)| *chain));
        }
        let at = |number: u32| {
            let chain = chains.get(number as usize)?;
            let after = chain.partition_point(|other| other.time_us < row.time_us).max(1);
            let (from, to) = (chain.get(after - 1)?, chain.get(after)?);
            let gap_us = to.time_us - from.time_us;
            if !(from.time_us..=to.time_us).contains(&row.time_us) || gap_us > self.gap_us || gap_us <= 0 {
                return None;
            }
            let share = (row.time_us - from.time_us) as f64 / gap_us as f64;
            let heights = from.height_m.zip(to.height_m);
            Some(Other {
                chain: number,
                ground: plus(from.ground, share, minus(to.ground, from.ground)),
                velocity: velocity(chain, after)?,
                height_m: heights.map(|(from, to)| f64::from(from) + share * f64::from(to - from)),
            })
        };
        near.into_iter().filter_map(at).collect()
    }
}
