//! Joins tracks over gaps: which track that began goes on from which that ended, and how probably.
//!
//! Of a track that ended the state is x_e ~ N(e, P_e), after the last detection and predicted over the gap g by the lane's
//! motion model, its noise included; of one that began x_b ~ N(b, P_b), which has in it the prior π of a new track: a place
//! anywhere, one as likely as another, and a velocity ~ N(0, Π). What its detections alone say is proportional to
//! N(x; b, P_b) / π(x). So detections of a track that began are as likely, given that it is the one that ended rather than a new one, as
//!
//! ```text
//! Λ = ∫ N(x; e, P_e) N(x; b, P_b) / π(x) dx,
//! ```
//!
//! which is N(b' - e; 0, P_e + P_b') with b', P_b' the beginning without its prior, in a form that needs no inverse of what the
//! prior alone tells. (Two estimates of one state without their common prior: Chong, Mori and Chang, in Bar-Shalom, Multitarget
//! Multisensor Tracking, 1990, chapter 8.) An object goes on after its track's end with its survival s^g; that it is seen again has
//! the probability q, at any time within the longest gap G alike: that it stayed undetected needs no other reason
//! than that the filter ended its track, having weighed misses, looks and detectability by then. New tracks begin by the births of the lane, β a
//! square metre and second, at heights spread by σ. A link so weighs
//!
//! ```text
//! ψ = r_e r_b · q / (1 - q) · s^g / G · Λ √(2π) σ / β · a,
//! ```
//!
//! r the probabilities that either is an object at all, a the ratio of the addresses that both are taken to send
//! ([`crate::fusion::address`]). A track goes on as at most one, and is gone on from by at most one: over all such matchings
//! the probability of a link is its marginal, exact where ends that compete are few, by belief propagation where they are many
//! ([`crate::fusion::associate`]), and links are those of the likeliest matching that are probable enough.
//! Matching ends with beginnings by likelihood ratios: Zhang, Li and Nevatia, CVPR 2008. Units: m, m/s, s.

use super::factor::{Factor, Matrix, Vector, between, diagonal, dot, plus, times};
use super::reach::{Bounds, Placed, Slab, slabs};
use super::smooth::Smoother;
use crate::fusion::address::Belief;
use crate::fusion::arrays::{Hypothesis, tri};
use crate::fusion::associate::{CUT_WEIGHT, Cluster, Scratch, Tally, decide};
use crate::fusion::config::{Association, Mode};
use crate::fusion::predict::up;
use crate::fusion::state::State;
use crate::fusion::undetected::Prior;
use crate::space::{Place, TILE_M};
use crate::time::seconds_between;
use core::f64::consts::PI;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// Variance that every state has more along every axis, m² and m²/s²: what is known exactly has a density, too.
const LEAST: f64 = 1e-4;
/// Links that weigh less are none.
const PSI_MIN: f64 = 1e-4;
/// Heavier ones weigh as much.
const PSI_MAX: f64 = 1e15;
/// Tracks that one may go on as at most: the likeliest.
const LINKS_MAX: usize = 32;
/// Slabs that the longest gap is cut into, where tracks move straight on.
const SLABS: i64 = 16;
/// The longest slab of orbits, microseconds, and how fast they bend, m/s².
const ORBIT_SLAB_US: i64 = 30_000_000;
const ORBIT_BEND_M_S2: f64 = 10.0;
/// Ends of a task.
const TASK: usize = 64;
/// Ends or beginnings that compete, of which marginals are exact.
const EXACT_MAX: u32 = 10;

/// A track at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Moment {
    /// When, microseconds.
    pub time_us: i64,
    /// When the last detection was made up to then, microseconds.
    pub last_detection_us: i64,
    /// Probability of existence.
    pub existence: f32,
    /// Tile of its position.
    pub tile: [i32; 3],
    /// Offset in the tile and velocity, and their covariance.
    pub state: State<f32>,
    /// What it is taken to send.
    pub belief: Belief,
}

/// What of a track its links depend on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ends {
    /// The track.
    pub track: u64,
    /// As it began.
    pub first: Moment,
    /// As it ended: the first time with its last detection.
    pub last: Moment,
}

/// A track that goes on as another one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// The track that ended.
    pub from: u64,
    /// The one that began.
    pub to: u64,
    /// The first track of the chain: what all of it are, joined.
    pub object: u64,
    /// When the one ended, microseconds.
    pub ended_us: i64,
    /// When the other one began, microseconds.
    pub began_us: i64,
    /// Probability that both are one object.
    pub probability: f32,
}

/// What tracks of a lane are joined by.
#[derive(Clone, Copy, Debug)]
pub struct Stitcher<'a> {
    /// How they move and last.
    pub smoother: Smoother<'a>,
    /// What is known of a new track beforehand.
    pub prior: Prior,
    /// New tracks a square metre and second.
    pub births_per_m2_s: f64,
    /// Largest squared Mahalanobis distance of two places.
    pub gate: f64,
    /// Probability that an address is not that of its object alone; `None` where addresses say nothing.
    pub address_error: Option<f32>,
    /// The longest gap, microseconds.
    pub gap_max_us: i64,
    /// q: the probability that an object that goes on is seen again within it.
    pub found_again: f64,
    /// Less probable links are not told.
    pub probability_min: f32,
}

/// A weighed link: the number of the beginning, and ψ.
type Weighed = (u32, f64);

impl Stitcher<'_> {
    /// The links between tracks, in the order of those that ended, whatever the order of the tracks. There are less than 2³² tracks.
    #[must_use]
    pub fn links(&self, tracks: &[Ends]) -> Vec<Link> {
        let mut tracks = tracks.to_vec();
        tracks.sort_unstable_by_key(|ends| ends.track);
        let beginnings =
            slabs((0..).zip(&tracks).map(|(number, ends)| self.begun(number, &ends.first)).collect(), self.slab_us());
        let weighed: Vec<Vec<Weighed>> =
            tracks.par_iter().with_min_len(TASK).map(|from| self.followers(from, &tracks, &beginnings)).collect();
        let chosen = matched(&weighed);
        let mut told: Vec<(&Ends, &Ends, f32)> = Vec::new();
        for (from, to, probability) in chosen {
            let [from, to] = [from, to].map(|number| tracks.get(number as usize));
            told.extend(from.zip(to).filter(|_| probability >= self.probability_min).map(|(a, b)| (a, b, probability)));
        }
        // A track goes on as one that began later, so that what it is itself is known before.
        told.sort_unstable_by_key(|(from, ..)| (from.first.time_us, from.track));
        let mut objects: BTreeMap<u64, u64> = BTreeMap::new();
        let link = |(from, to, probability): (&Ends, &Ends, f32)| {
            let object = objects.get(&from.track).copied().unwrap_or(from.track);
            objects.insert(to.track, object);
            let (ended_us, began_us) = (from.last.time_us, to.first.time_us);
            Link { from: from.track, to: to.track, object, ended_us, began_us, probability }
        };
        let mut links: Vec<Link> = told.into_iter().map(link).collect();
        links.sort_unstable_by_key(|link| link.from);
        links
    }

    fn orbits(&self) -> bool {
        self.smoother.motion.is_orbit()
    }

    fn slab_us(&self) -> i64 {
        let slab_us = (self.gap_max_us / SLABS).max(1);
        if self.orbits() { slab_us.min(ORBIT_SLAB_US) } else { slab_us }
    }

    fn begun(&self, number: u32, first: &Moment) -> Placed {
        Placed { number, time_us: first.time_us, bounds: self.bounds(first) }
    }

    /// Where a track may be.
    fn bounds(&self, at: &Moment) -> Bounds {
        Bounds::about(metres(at), self.reach_m(at))
    }

    fn reach_m(&self, at: &Moment) -> [f64; 3] {
        let variance = |axis| f64::from(at.state.covariance.get(tri(axis, axis)).copied().unwrap_or(0.0));
        [0, 1, 2].map(|axis| (self.gate * (variance(axis) + LEAST)).sqrt())
    }

    /// A track predicted to a time, if that is later.
    pub(super) fn ahead(&self, at: &Moment, time_us: i64) -> Moment {
        let mut to = *at;
        if time_us > at.time_us {
            // Of several models, as likely as they are in the long run.
            let between = self.smoother.between(at.time_us, time_us);
            let (course, _) = between.of(&self.smoother.motion.model_prior());
            course.take(&mut to.tile, &mut to.state);
            to.time_us = time_us;
        }
        to
    }

    /// The tracks that one may go on as, in the order of their numbers.
    fn followers(&self, from: &Ends, tracks: &[Ends], beginnings: &[Slab]) -> Vec<Weighed> {
        let (mut at, until_us) = (from.last, from.last.time_us.saturating_add(self.gap_max_us));
        let begins = beginnings.partition_point(|slab| slab.span_us[1] < at.time_us);
        let mut found = Vec::new();
        for slab in beginnings.get(begins..).unwrap_or_default() {
            let [first_us, last_us] = slab.span_us;
            if first_us > until_us {
                break;
            }
            let near = self.ahead(&at, first_us);
            if self.orbits() {
                at = near;
            }
            let within = self.swept(&near, &self.ahead(&at, last_us.min(until_us)));
            for placed in slab.within(within) {
                let Some(to) = tracks.get(placed.number as usize).filter(|to| may_follow(from, to)) else { continue };
                if to.first.time_us > until_us {
                    continue;
                }
                let weight = self.weight(from, &self.ahead(&at, to.first.time_us), to);
                found.extend(weight.filter(|psi| *psi >= PSI_MIN).map(|psi| (placed.number, psi)));
            }
        }
        if found.len() > LINKS_MAX {
            found.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            found.truncate(LINKS_MAX);
        }
        found.sort_unstable_by_key(|(number, _)| *number);
        found
    }

    /// Around all that a track passes between two times. A path that bends by a leaves its chord by a t² / 8 at most.
    fn swept(&self, near: &Moment, far: &Moment) -> Bounds {
        let bend_m_s2 = if self.orbits() { ORBIT_BEND_M_S2 } else { 0.0 };
        let aside_m = bend_m_s2 * seconds_between(near.time_us, far.time_us).powi(2) / 8.0;
        let ([a, b, c], [d, e, f]) = (self.reach_m(near), self.reach_m(far));
        let reach_m = [a.max(d), b.max(e), c.max(f)].map(|reach_m| reach_m + aside_m);
        Bounds::about(metres(near), reach_m).and(Bounds::about(metres(far), reach_m))
    }

    /// ψ of a track that ended, as predicted, and one that began; `None` where the places are too far apart, or a covariance
    /// is none.
    pub(super) fn weight(&self, from: &Ends, predicted: &Moment, to: &Ends) -> Option<f64> {
        let log_ratio = self.log_ratio(predicted, &to.first)?;
        let gap_s = seconds_between(from.last.time_us, to.first.time_us);
        let survival = libm::pow(self.smoother.motion.survival_per_s, gap_s);
        let again =
            self.found_again / (1.0 - self.found_again).max(1e-9) / seconds_between(0, self.gap_max_us).max(1e-6);
        let spread_m = (f64::from(self.prior.height_m).powi(2) + 2.0 * LEAST).sqrt();
        let new = self.births_per_m2_s.max(1e-30) / ((2.0 * PI).sqrt() * spread_m);
        let objects = f64::from(from.last.existence) * f64::from(to.first.existence);
        let psi = objects * again * survival * self.addresses(from.last.belief, to.first.belief) / new;
        Some((psi * libm::exp(log_ratio.min(300.0))).min(PSI_MAX))
    }

    /// How much likelier it is that one object sends both addresses than that two do.
    fn addresses(&self, ended: Belief, begun: Belief) -> f64 {
        let Some(error) = self.address_error.filter(|_| ended.address != 0 && begun.address != 0) else { return 1.0 };
        let sent = f64::from(begun.probability);
        sent * f64::from(ended.ratio(begun.address, error)) + (1.0 - sent)
    }

    /// ln Λ. Places are counted from where the track began, velocities from its own: with v_b its velocity, J = Π⁻¹,
    /// Λ' = P_e⁻¹ + P_b⁻¹ - J and h = P_e⁻¹ d + J v_b, d = e - b,
    /// ln Λ = ½ (ln |Π| - ln |P_e| - ln |P_b| - ln |Λ'| - dᵀ P_e⁻¹ d + v_bᵀ J v_b + hᵀ Λ'⁻¹ h - 3 ln 2π).
    pub(super) fn log_ratio(&self, ended: &Moment, begun: &Moment) -> Option<f64> {
        let at_once = self.smoother.between(begun.time_us, begun.time_us);
        let up = up(at_once.look(), &begun.tile.map(|tile| tile as f32), &begun.state.mean).map(f64::from);
        let [_, _, _, vx, vy, vz] = begun.state.mean.map(f64::from);
        let (mut apart, mut own) = (difference(ended, begun), [0.0, 0.0, 0.0, vx, vy, vz]);
        let [mut p_e, mut p_b] = [ended, begun].map(|at| covariance(&at.state));
        if self.prior.height_m <= 0.0 {
            // In a plane nothing is known of heights, whatever noise they have.
            let across = across(&up);
            (apart, own) = (times(&across, &apart), times(&across, &own));
            (p_e, p_b) = (between(&across, &p_e), between(&across, &p_b));
        }
        let [p_e, p_b] = [p_e, p_b].map(|p| plus(&p, &diagonal(LEAST)));
        self.near(&apart, &p_e, &p_b)?;
        let (of_e, of_b) = (Factor::of(&p_e)?, Factor::of(&p_b)?);
        let (j, log_prior) = self.velocities(&up, &p_b);
        let (of_ended, of_begun) = (of_e.inverse(), of_b.inverse());
        let both = Factor::of(&plus(&plus(&of_ended, &of_begun), &j.map(|row| row.map(|entry| -entry))))?;
        let (pull, drawn) = (times(&of_ended, &apart), times(&j, &own));
        let h = both.whitened(&core::array::from_fn(|i| at(&pull, i) + at(&drawn, i)));
        let exponent = dot(&h, &h) + dot(&own, &drawn) - dot(&apart, &pull);
        let determinants = log_prior - of_e.log_determinant() - of_b.log_determinant() - both.log_determinant();
        Some(0.5 * (determinants + exponent - 3.0 * libm::log(2.0 * PI)))
    }

    /// J among zeros, and ln |Π|. A beginning that has been predicted since may know less of a velocity than the prior: then that is
    /// all that there is to take away.
    fn velocities(&self, up: &[f64; 3], p_b: &Matrix) -> (Matrix, f64) {
        let u: Vector = core::array::from_fn(|i| i.checked_sub(3).and_then(|i| up.get(i)).copied().unwrap_or(0.0));
        let rising = dot(&u, &times(p_b, &u));
        let level = (3..6).map(|i| entry(p_b, i, i)).sum::<f64>() - rising;
        let [speed, climb] = [self.prior.speed_m_s, self.prior.climb_m_s].map(|of| f64::from(of).powi(2) + LEAST);
        let (speed, climb) = (speed.max(level), climb.max(rising));
        let j = core::array::from_fn(|i| {
            let equal = |k: usize| f64::from(i == k && i >= 3);
            core::array::from_fn(|k| equal(k) / speed + at(&u, i) * at(&u, k) * (1.0 / climb - 1.0 / speed))
        });
        (j, 2.0 * libm::log(speed) + libm::log(climb))
    }

    /// Whether the places are within the gate of each other.
    fn near(&self, apart: &Vector, p_e: &Matrix, p_b: &Matrix) -> Option<()> {
        let sum: Matrix = core::array::from_fn(|i| {
            core::array::from_fn(|k| match (i < 3, k < 3) {
                (true, true) => entry(p_e, i, k) + entry(p_b, i, k),
                _ => f64::from(i == k),
            })
        });
        let [x, y, z, ..] = *apart;
        let off = Factor::of(&sum)?.whitened(&[x, y, z, 0.0, 0.0, 0.0]);
        (dot(&off, &off) <= self.gate).then_some(())
    }
}

/// Whether a track began after another one ended, and was not seen before that was seen last.
fn may_follow(from: &Ends, to: &Ends) -> bool {
    from.last.time_us <= to.first.time_us
        && from.last.last_detection_us < to.first.last_detection_us
        && (from.first.time_us, from.track) < (to.first.time_us, to.track)
}

fn entry(matrix: &Matrix, i: usize, k: usize) -> f64 {
    matrix.get(i).map_or(0.0, |row| at(row, k))
}

fn at(vector: &Vector, i: usize) -> f64 {
    vector.get(i).copied().unwrap_or(0.0)
}

fn metres(at: &Moment) -> [f64; 3] {
    let [x, y, z, ..] = at.state.mean;
    Place { tile: at.tile, offset_m: [x, y, z] }.metres()
}

/// How far a state is from another one.
fn difference(of: &Moment, from: &Moment) -> Vector {
    core::array::from_fn(|i| {
        let [of_mean, from_mean] = [of, from].map(|at| at.state.mean.get(i).copied().map_or(0.0, f64::from));
        let tiles = of.tile.get(i).zip(from.tile.get(i)).map_or(0, |(of, from)| i64::from(*of) - i64::from(*from));
        tiles as f64 * TILE_M + (of_mean - from_mean)
    })
}

fn covariance(state: &State<f32>) -> Matrix {
    core::array::from_fn(|i| core::array::from_fn(|k| state.covariance.get(tri(i, k)).copied().map_or(0.0, f64::from)))
}

/// I - u uᵀ, of places and of velocities.
fn across(up: &[f64; 3]) -> Matrix {
    core::array::from_fn(|i| {
        core::array::from_fn(|k| {
            let along = up.get(i % 3).zip(up.get(k % 3)).map_or(0.0, |(a, b)| a * b);
            f64::from(i == k) - if i / 3 == k / 3 { along } else { 0.0 }
        })
    })
}

/// The likeliest matching: each link of it, the numbers of both tracks, with its marginal over all matchings. `weighed` has for
/// each track those that it may go on as.
fn matched(weighed: &[Vec<Weighed>]) -> Vec<(u32, u32, f32)> {
    let clusters = clusters(weighed);
    let solved = clusters.into_par_iter().with_min_len(TASK).map_init(Scratch::default, |scratch, members| {
        let rows: Vec<&[Weighed]> =
            members.iter().map(|from| weighed.get(*from as usize).map_or(&[][..], Vec::as_slice)).collect();
        let chosen = decided(&rows, Mode::Assign, scratch);
        let marginal = decided(&rows, Mode::Soft, scratch);
        let mut links = Vec::new();
        for ((from, chosen), marginal) in members.iter().zip(chosen).zip(marginal) {
            let Some(link) = chosen.iter().find(|edge| edge.weight > 0.0) else { continue };
            let found = marginal.iter().find(|edge| edge.detection == link.detection);
            links.extend(found.map(|edge| (*from, link.detection, edge.weight.min(1.0))));
        }
        links
    });
    let mut links: Vec<(u32, u32, f32)> = solved.flatten_iter().collect();
    links.sort_unstable_by_key(|(from, ..)| *from);
    links
}

/// What association makes of a cluster: rows of links with their probabilities, or the chosen link alone with one above zero.
fn decided(rows: &[&[Weighed]], mode: Mode, scratch: &mut Scratch) -> Vec<Vec<Hypothesis>> {
    #[expect(clippy::cast_possible_truncation, reason = "at most LINKS_MAX")]
    let counts: Vec<u32> = rows.iter().map(|row| row.len() as u32).collect();
    // A choice prefers a link to none by so much: none is preferred to links that are less likely than not.
    let scale = if mode == Mode::Assign { f64::from(CUT_WEIGHT) } else { 1.0 };
    #[expect(clippy::cast_possible_truncation, reason = "from 1e-8 to 1e15")]
    let edge = |&(detection, psi): &Weighed| Hypothesis { detection, weight: (psi * scale) as f32 };
    let mut edges: Vec<Hypothesis> = rows.iter().copied().flatten().map(edge).collect();
    let mut nothing = vec![1.0; rows.len()];
    #[expect(clippy::cast_possible_truncation, reason = "at most LINKS_MAX")]
    let tracks: Vec<u32> = (0..rows.len() as u32).collect();
    let how = Association {
        mode,
        exact_max: EXACT_MAX,
        tolerance: 1e-6,
        iterations_max: 1000,
        hypotheses_max: NonZeroU32::MAX,
    };
    decide(
        &mut Cluster { tracks: &tracks, first: 0, counts: &counts, edges: &mut edges, nothing: &mut nothing },
        &how,
        scratch,
        &mut Tally::default(),
    );
    let mut edges = edges.into_iter();
    rows.iter().map(|row| edges.by_ref().take(row.len()).collect()).collect()
}

/// The tracks that go on as any, in groups of those that compete for a beginning, each in the order of numbers.
fn clusters(weighed: &[Vec<Weighed>]) -> Vec<Vec<u32>> {
    let mut above: Vec<u32> = (0..).zip(weighed).map(|(number, _)| number).collect();
    let mut first_of = vec![u32::MAX; weighed.len()];
    for (from, row) in (0_u32..).zip(weighed) {
        for (to, _) in row {
            let Some(first) = first_of.get_mut(*to as usize) else { continue };
            if *first == u32::MAX {
                *first = from;
            }
            let (a, b) = (root(&mut above, *first), root(&mut above, from));
            if let Some(above) = above.get_mut(a.max(b) as usize) {
                *above = a.min(b);
            }
        }
    }
    let linked = (0_u32..).zip(weighed).filter(|(_, row)| !row.is_empty());
    let mut members: Vec<(u32, u32)> =
        linked.map(|(from, _)| from).map(|from| (root(&mut above, from), from)).collect();
    members.sort_unstable();
    members.chunk_by(|a, b| a.0 == b.0).map(|group| group.iter().map(|(_, from)| *from).collect()).collect()
}

/// The root of a number's tree, halving the path.
fn root(above: &mut [u32], mut number: u32) -> u32 {
    let of = |above: &[u32], number: u32| above.get(number as usize).copied().unwrap_or(number);
    loop {
        let higher = of(above, number);
        if higher == number {
            return number;
        }
        let next = of(above, higher);
        if let Some(above) = above.get_mut(number as usize) {
            *above = next;
        }
        number = next;
    }
}
