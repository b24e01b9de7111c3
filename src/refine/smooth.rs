//! Smooths the tracks of a record: what each was, and whether it was, given what came later.
//!
//! States: Rauch, Tung and Striebel over a track's own filtered states. With x' = F x and P' = F P Fᵀ + Q of the wave after,
//! G = P Fᵀ P'⁻¹: x_k|N = x + G (x_k+1|N - x'), P_k|N = (I - G F) P (I - G F)ᵀ + G (P_k+1|N + Q) Gᵀ, which is
//! P + G (P_k+1|N - P') Gᵀ as a sum of positive terms, so that rounding cannot make it anything else.
//! Rauch, Tung and Striebel, AIAA Journal 3(8), 1965; the sum: Bierman, Automatica 9(5), 1973. P is what the prediction takes,
//! its height no less certain than what is known of heights ([`crate::fusion::predict`]). Of several motion models F and Q are
//! those of their mixture, by how likely the filter had each for the wave after ([`crate::fusion::motion::Models`]): the best that
//! is linear, as by the filter's moments alone.
//!
//! Existence is a chain of two states, of which the dead one is never left: r_k|N = r_k+1|N + (1 - r_k+1|N) r (1 - p_S) /
//! (1 - p_S r), r what the filter had, and r_k+1|N zero where the track is no more in the wave after. So a track that
//! lingers after its object's end is taken back to that end.
//!
//! Before its first detection an object was undetected, and was there already with a probability that the field of
//! undetected targets tells, p_S D / (p_S D + births); its state goes back along F⁻¹ with the noise of the way, and several
//! models as their chain does. Orbits are not taken back.
//! One lane knows nothing of another. Units: m, m/s, s.

use super::record::{Record, Row, Track};
use crate::fusion::arrays::{COVARIANCE, LaneStep, MEAN, tri};
use crate::fusion::batch::LaneSetup;
use crate::fusion::manage::settled;
use crate::fusion::motion::{
    Between, ConstantVelocity, CoordinatedTurn, Course, INFLATION, MODELS_MAX, Model, Motion, Orbit, Precise, Spread,
    Ways, deviant,
};
use crate::fusion::predict::{faded, up};
use crate::fusion::simd::{Simd, array};
use crate::fusion::state::{PIVOT_MIN, State, dot};
use crate::space::TILE_M;
use crate::time::seconds_between;
use rayon::prelude::*;

#[expect(clippy::cast_possible_truncation, reason = "1024 is exact")]
const TILE: f32 = TILE_M as f32;
/// Rows before a track's first one end where they say less than this of existence.
pub(super) const EXISTENCE_MIN: f32 = 0.01;

/// What a row may know of what came after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// All of the record.
    Fixed,
    /// So many microseconds after it.
    Lag(i64),
}

/// What a lane's tracks move by.
#[derive(Clone, Copy, Debug)]
pub struct Smoother<'a> {
    /// How targets move and last.
    pub motion: &'a Motion,
    /// Whether up is away from the Earth's centre, and not the z axis.
    pub radial: bool,
    /// One over the variance that heights are at most known to, m⁻²; 0 where nothing is known of them.
    pub height_information: f32,
    /// How often an object reports where nobody looks, one over seconds; else 0.
    pub reports_per_s: f64,
}

impl<'a> Smoother<'a> {
    /// Of a lane whose tracks move so.
    #[must_use]
    pub fn of(setup: &LaneSetup, motion: &'a Motion) -> Self {
        let LaneSetup { radial, undetected, .. } = setup;
        let (height_information, reports_per_s) = (undetected.height_information(), undetected.reports_per_s());
        Self { motion, radial: *radial, height_information, reports_per_s }
    }
}

/// 6 × 6.
type Matrix<R> = [[R; 6]; 6];

impl Smoother<'_> {
    /// The tracks of a record as later waves tell of them: a row for each of the record, and those before the first in
    /// which `before` says with what probability an undetected object that is born to a track at wave k, its first
    /// argument, or was undetected there, was there at k - 1 already.
    #[must_use]
    pub fn smooth(
        &self,
        record: &Record,
        interval: Interval,
        before: impl Fn(usize, &Track) -> f32 + Sync,
    ) -> Vec<Track> {
        let tracks: Vec<([u32; 2], &[Row])> = record.tracks().collect();
        let smoothed = |(born, rows): ([u32; 2], &[Row])| {
            let rows = match interval {
                Interval::Fixed => self.interval(record, rows),
                Interval::Lag(lag_us) => self.lagged(record, rows, lag_us),
            };
            let mut track = Track { born, rows };
            self.extend_back(record, &mut track, &before);
            track
        };
        tracks.into_par_iter().map(smoothed).collect()
    }

    /// What happens between two waves.
    fn of_record(&self, record: &Record, from: usize, to: usize) -> Between {
        let time = |wave: usize| record.times_us().get(wave).copied().unwrap_or_default();
        self.between(time(from), time(to))
    }

    /// What happens between two times, microseconds.
    #[must_use]
    pub fn between(&self, from_us: i64, to_us: i64) -> Between {
        let mut look = LaneStep {
            radial: u32::from(self.radial),
            height_information: self.height_information,
            ..LaneStep::default()
        };
        self.motion.over(seconds_between(from_us, to_us), self.reports_per_s, &mut look);
        Between::new(look, self.motion)
    }

    /// Rows given all of them and, where the record goes on without the track, its end.
    fn interval(&self, record: &Record, rows: &[Row]) -> Vec<Row> {
        let mut smoothed: Vec<Row> = Vec::with_capacity(rows.len());
        for row in rows.iter().rev() {
            smoothed.push(self.step(record, row, smoothed.last()));
        }
        smoothed.reverse();
        smoothed
    }

    /// One row, given the next of its track as smoothed, or that there is none.
    fn step(&self, record: &Record, row: &Row, next: Option<&Row>) -> Row {
        let ends = row.wave + 1;
        match next {
            None if ends >= record.times_us().len() => *row,
            None => given(&self.of_record(record, row.wave, ends), row, None),
            Some(next) => given(&self.of_record(record, row.wave, next.wave), row, Some(next)),
        }
    }

    /// Rows given those that are at most so much later.
    fn lagged(&self, record: &Record, rows: &[Row], lag_us: i64) -> Vec<Row> {
        let times_us = record.times_us();
        let one = |(number, row): (usize, &Row)| {
            let until_us = times_us.get(row.wave).copied().unwrap_or_default().saturating_add(lag_us);
            // Waves that are known of: where the track is in none of the later ones, it has ended.
            let waves = times_us.partition_point(|time_us| *time_us <= until_us);
            let known = rows.partition_point(|row| row.wave < waves);
            let mut next: Option<Row> = None;
            for row in rows.get(number..known).unwrap_or_default().iter().rev() {
                let last = next.is_none() && row.wave + 1 >= waves;
                next = Some(if last { *row } else { self.step(record, row, next.as_ref()) });
            }
            next.unwrap_or(*row)
        };
        rows.iter().enumerate().map(one).collect()
    }

    /// Puts rows before the first one, as long as the object was there with some probability.
    fn extend_back(&self, record: &Record, track: &mut Track, before: impl Fn(usize, &Track) -> f32) {
        let Some(mut first) = track.rows.first().copied().filter(|_| !self.motion.is_orbit()) else { return };
        let mut earlier = Vec::new();
        while let Some(wave) = first.wave.checked_sub(1) {
            let existence = first.existence * before(first.wave, track).clamp(0.0, 1.0);
            if existence.is_nan() || existence < EXISTENCE_MIN {
                break;
            }
            taken_back(
                &self.of_record(record, wave, first.wave),
                (&mut first.tile, &mut first.state, &mut first.models),
            );
            first = Row { wave, existence, ..first };
            earlier.push(first);
        }
        earlier.reverse();
        earlier.append(&mut track.rows);
        track.rows = earlier;
    }
}

/// Takes a track back to a time, given what happens from then on: F⁻¹ (P + Q) F⁻ᵀ is F(-dt) P F(-dt)ᵀ and the noise with its
/// cross terms turned round.
pub(super) fn taken_back(
    between: &Between,
    (tile, state, models): (&mut [i32; 3], &mut State<f32>, &mut [f32; MODELS_MAX]),
) {
    let (course, before) = between.until(models);
    course.take(tile, state);
    *models = before;
}

/// A row, given what happens up to the next one of its track as smoothed; without a next one the track ends there.
pub(super) fn given(between: &Between, row: &Row, next: Option<&Row>) -> Row {
    let (course, _) = &between.of(&row.models);
    let own = Moment { existence: row.existence, tile: &row.tile, state: &row.state };
    let later = next.map(|next| Moment { existence: next.existence, tile: &next.tile, state: &next.state });
    let found = moments::<f32>(course, &[own; LANES], &[later; LANES]);
    let mut to = Row { known_us: next.map_or(row.known_us, |next| next.known_us), ..*row };
    found.put(0, &mut to.existence, next.is_some().then_some((&mut to.tile, &mut to.state)));
    to
}

/// Tracks that are smoothed at a time.
pub(super) const LANES: usize = 8;

/// What smoothing asks of a track at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment<'a> {
    pub(super) existence: f32,
    pub(super) tile: &'a [i32; 3],
    pub(super) state: &'a State<f32>,
}

/// Tracks as smoothed, about the tiles that they had before.
pub(super) struct Moments<R> {
    existence: R,
    state: State<R>,
}

/// The first `R::WIDTH` of some tracks, given those of the wave after: none where a track has ended.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices within arrays")]
pub(super) fn moments<R: Simd>(
    Course { look, spread }: &Course,
    own: &[Moment<'_>; LANES],
    later: &[Option<Moment<'_>>; LANES],
) -> Moments<R> {
    // Of a track that has ended it is its own state, which then is not asked for.
    let next: [Moment<'_>; LANES] = core::array::from_fn(|n| later[n].unwrap_or(own[n]));
    let state = |of: &[Moment<'_>; LANES]| State {
        mean: array(|k| R::from_fn(|n| of[n].state.mean[k])),
        covariance: array(|k| R::from_fn(|n| of[n].state.covariance[k])),
    };
    let existence = R::from_fn(|n| own[n].existence);
    let ahead = array(|a| R::from_fn(|n| next[n].tile[a].wrapping_sub(own[n].tile[a]) as f32));
    let tile = array(|a| R::from_fn(|n| own[n].tile[a] as f32));
    Moments {
        existence: lasted(look, existence, R::from_fn(|n| later[n].map_or(0.0, |later| later.existence))),
        state: back((look, spread.as_ref()), &tile, &state(own), (&ahead, &state(&next))),
    }
}

impl<R: Simd> Moments<R> {
    /// Puts one of them in the place of what it was; its existence alone without a place.
    #[inline(always)]
    pub(super) fn put(&self, n: usize, existence: &mut f32, place: Option<(&mut [i32; 3], &mut State<f32>)>) {
        *existence = self.existence.at(n);
        if let Some((tile, state)) = place {
            state.mean = self.state.mean.map(|x| x.at(n));
            state.covariance = self.state.covariance.map(|p| p.at(n));
            for (tile, offset_m) in tile.iter_mut().zip(&mut state.mean) {
                (*tile, *offset_m) = settled(*tile, *offset_m);
            }
        }
    }
}

/// r_k|N from r of the filter and r_k+1|N.
#[inline(always)]
fn lasted<R: Simd>(look: &LaneStep, r: R, later: R) -> R {
    let (zero, one, survival) = (R::splat(0.0), R::splat(1.0), R::splat(look.survival));
    // In no time nothing ends: of what is certain that would be nothing over nothing.
    let ended = r * (one - survival) / (one - survival * r);
    later + (one - later) * R::where_less(zero, one - survival, ended, zero)
}

/// The state at a wave, given the filter's there and the smoothed one of the wave after, its tile so many ahead.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in a kernel")]
fn back<R: Simd>(
    (look, spread): (&LaneStep, Option<&Spread>),
    tile: &[R; 3],
    filtered: &State<R>,
    (ahead, later): (&[R; 3], &State<R>),
) -> State<R> {
    let zero = R::splat(0.0);
    let Ahead { before: State { mean: x, covariance: p }, predicted, tiles, noise, transition } = match () {
        () if look.orbits == 1 => in_orbit(look, tile, filtered),
        () if look.turning.turns == 1 => on_a_turn((look, spread), tile, filtered),
        () => straight_on(look, tile, filtered),
    };
    let mut error = [zero; MEAN];
    for a in 0..3 {
        error[a] = (ahead[a] - tiles[a]) * R::splat(TILE) + (later.mean[a] - predicted.mean[a]);
        error[3 + a] = later.mean[3 + a] - predicted.mean[3 + a];
    }
    let gain = gain(&transition.after(&p), &predicted.covariance);
    let mut rest = transition.through(&gain).map(|row| row.map(|part| -part));
    for (i, row) in rest.iter_mut().enumerate() {
        row[i] = R::splat(1.0) + row[i];
    }
    let beyond = array(|k| noise[k] + later.covariance[k]);
    let (own, others) = (between(&rest, &p), between(&gain, &beyond));
    let mut mean = x;
    for i in 0..6 {
        for j in 0..6 {
            mean[i] = mean[i] + gain[i][j] * error[j];
        }
    }
    State { mean, covariance: array(|k| own[k] + others[k]) }
}

/// A state and what the filter made of it for the wave after.
struct Ahead<R> {
    /// As the prediction takes it.
    before: State<R>,
    /// Its place counted so many tiles from that of before.
    predicted: State<R>,
    tiles: [R; 3],
    /// Q.
    noise: [R; COVARIANCE],
    transition: Transition<R>,
}

/// F.
enum Transition<R> {
    /// \[I, dt I; 0, I\].
    Straight(R),
    /// Any.
    Full(Matrix<R>),
}

fn straight_on<R: Simd>(look: &LaneStep, tile: &[R; 3], filtered: &State<R>) -> Ahead<R> {
    let u = up(look, tile, &filtered.mean);
    let before = faded(filtered, &u, look);
    Ahead {
        before,
        predicted: ConstantVelocity::straight(look, &u, &before),
        tiles: [R::splat(0.0); 3],
        noise: ConstantVelocity::spread(look, &u),
        transition: Transition::Straight(R::splat(look.dt_s)),
    }
}

#[inline(never)] // out of the way of what goes straight on
#[expect(clippy::indexing_slicing, reason = "indices as in a kernel")]
fn on_a_turn<R: Simd>((look, spread): (&LaneStep, Option<&Spread>), tile: &[R; 3], filtered: &State<R>) -> Ahead<R> {
    let (zero, one) = (R::splat(0.0), R::splat(1.0));
    let u = up(look, tile, &filtered.mean);
    let before = faded(filtered, &u, look);
    let mut predicted = CoordinatedTurn::ahead(look, &u, &before);
    let mut noise = CoordinatedTurn::spread(look, &u, &State::zero()).covariance;
    if let Some(spread) = spread {
        let more = deviant(spread, &u, &before);
        noise = array(|k| noise[k] + more[k]);
        predicted.covariance = array(|k| predicted.covariance[k] + more[k]);
    }
    let [a, b] = Ways::of(look).blocks(&u);
    let mut transition = [[zero; 6]; 6];
    for i in 0..3 {
        transition[i][i] = one;
        for j in 0..3 {
            (transition[i][3 + j], transition[3 + i][3 + j]) = (a[i][j], b[i][j]);
        }
    }
    Ahead { before, predicted, tiles: [zero; 3], noise, transition: Transition::Full(transition) }
}

fn in_orbit<R: Simd>(look: &LaneStep, tile: &[R; 3], filtered: &State<R>) -> Ahead<R> {
    let zero = R::splat(0.0);
    let precise = |covariance: &[R; COVARIANCE]| Precise {
        state: State { mean: filtered.mean, covariance: *covariance },
        rest: [zero; 3],
    };
    let (moved, transition) = Orbit::transition(look, tile, &precise(&filtered.covariance));
    let predicted = moved.at.state;
    let mut noise = Orbit::moved(look, tile, &precise(&[zero; COVARIANCE])).at.state.covariance;
    for i in 0..6 {
        // What a prediction adds to variances is noise, too.
        let variance = |of: &[R; COVARIANCE]| of.get(tri(i, i)).copied().unwrap_or(zero);
        let more = variance(&noise) + variance(&predicted.covariance) * R::splat(INFLATION - 1.0);
        if let Some(noise) = noise.get_mut(tri(i, i)) {
            *noise = more;
        }
    }
    let transition = Transition::Full(transition);
    Ahead { before: *filtered, predicted, tiles: moved.tiles, noise, transition }
}

#[expect(clippy::indexing_slicing, reason = "indices as in a kernel")]
impl<R: Simd> Transition<R> {
    /// P Fᵀ.
    #[inline(always)]
    fn after(&self, p: &[R; COVARIANCE]) -> Matrix<R> {
        let mut product = [[R::splat(0.0); 6]; 6];
        for i in 0..6 {
            match self {
                Self::Straight(dt) => {
                    for j in 0..3 {
                        product[i][j] = p[tri(i, j)] + *dt * p[tri(i, 3 + j)];
                        product[i][3 + j] = p[tri(i, 3 + j)];
                    }
                }
                Self::Full(f) => {
                    let row = array(|k| p[tri(i, k)]);
                    product[i] = array(|j| dot(&row, &f[j]));
                }
            }
        }
        product
    }

    /// G F.
    #[inline(always)]
    fn through(&self, gain: &Matrix<R>) -> Matrix<R> {
        let mut product = *gain;
        for i in 0..6 {
            match self {
                Self::Straight(dt) => {
                    for j in 0..3 {
                        product[i][3 + j] = *dt * gain[i][j] + gain[i][3 + j];
                    }
                }
                Self::Full(f) => product[i] = array(|j| dot(&gain[i], &array(|k| f[k][j]))),
            }
        }
        product
    }
}

/// G = P Fᵀ P'⁻¹, by P' = L D Lᵀ, of P Fᵀ and P'.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in a kernel")]
fn gain<R: Simd>(crossed: &Matrix<R>, predicted: &[R; COVARIANCE]) -> Matrix<R> {
    let zero = R::splat(0.0);
    let (mut lower, mut pivot, mut inverse) = ([[zero; 6]; 6], [zero; 6], [zero; 6]);
    for j in 0..6 {
        let full = predicted[tri(j, j)];
        let mut d = full;
        for k in 0..j {
            d = d - lower[j][k] * lower[j][k] * pivot[k];
        }
        pivot[j] = d;
        let some = R::where_less(full * R::splat(PIVOT_MIN), d, d, R::splat(1.0));
        inverse[j] = R::where_less(full * R::splat(PIVOT_MIN), d, R::splat(1.0) / some, zero);
        for i in j + 1..6 {
            let mut l = predicted[tri(i, j)];
            for k in 0..j {
                l = l - lower[i][k] * lower[j][k] * pivot[k];
            }
            lower[i][j] = l * inverse[j];
        }
    }
    let mut gain = [[zero; 6]; 6];
    for i in 0..6 {
        // L y = the row of P Fᵀ, D z = y, Lᵀ g = z.
        let mut g = crossed[i];
        for j in 0..6 {
            for k in 0..j {
                g[j] = g[j] - lower[j][k] * g[k];
            }
        }
        for j in 0..6 {
            g[j] = g[j] * inverse[j];
        }
        for j in (0..6).rev() {
            for k in j + 1..6 {
                g[j] = g[j] - lower[k][j] * g[k];
            }
        }
        gain[i] = g;
    }
    gain
}

/// A P Aᵀ.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in a kernel")]
fn between<R: Simd>(a: &Matrix<R>, p: &[R; COVARIANCE]) -> [R; COVARIANCE] {
    let columns: Matrix<R> = core::array::from_fn(|j| array(|k| p[tri(k, j)]));
    let left: Matrix<R> = core::array::from_fn(|i| array(|j| dot(&a[i], &columns[j])));
    let mut product = [R::splat(0.0); COVARIANCE];
    for i in 0..6 {
        for j in i..6 {
            product[tri(i, j)] = dot(&left[i], &a[j]);
        }
    }
    product
}
