//! Free fall about the Earth: the forces of `gravity.rs`, by Runge and Kutta's classical method.
//!
//! Substeps are of at most min(60 s, 0.023 √(r³ / μ)), 19 s to 60 s, whole halves of a second but the last one; shorter ones are no more
//! exact, since rounding rules. With G the mean of the gradients at both ends and O the Coriolis term of the velocity, a
//! substep of h has F = \[I + G h²/2, I h + O h²/2; G h + O G h²/2, I + O h + (G + O²) h²/2\], P' = F P Fᵀ + Q, and
//! Q = q \[h³/3, h²/2; h²/2, h\] along every axis, which later substeps carry on: it stands for what the forces leave out.
//! Variances grow by two units of their last place a substep, else covariances are not positive in 32 bits after hours, and by
//! four millionths as long as nothing but a prior tells the velocity: 50 m beside 7 km/s, and a second hit after minutes. The
//! two units make a silent day's standard deviation half as large again in low orbits, a revolution's not at all.
//! Beyond 50,000 km of standard deviation nothing is known.
//!
//! **Rounding.** 7.5 km/s in 32 bits have steps of 5e-4 m/s, and each prediction would round them: 25 m a revolution. So a velocity is
//! that of the mean, in steps of 2⁻¹⁰ m/s whose sums are exact, and a *rest* beside it: whoever reads the mean alone is off by
//! 5e-4 m/s at most, so no other stage knows of rests, and an update, which moves a mean by more than that, leaves
//! them. A way is counted in whole tiles first: v in steps of ¼ m/s times h in half seconds is exact, and so is what it
//! leaves of a tile.
//!
//! From 150 km to 50,000 km of height and below 16 km/s arithmetic is within 0.01 m after a minute, 0.3 m after ten, 10 m after a
//! revolution and 400 m after a day of the same forces in f64 where orbits are low. Beyond, it is coarser but goes on:
//! below, gravity stays as it is at 150 km; above 16 km/s the rest says nothing. After [`SUBSTEPS_MAX`] substeps, 43 hours or more,
//! a target is anywhere, and its covariance says so. Units: m, s. Kernel part: `shaders/motion/orbit.wgsl`.

use super::gravity::{TURN, TURN_2, gradient, pull, radius_squared, symmetric};
use super::{ConstantVelocity, Model, Moved, Noise, Precise, ProcessNoise, TILE};
use crate::fusion::arrays::{COVARIANCE, LaneStep, tri};
use crate::fusion::simd::{Simd, array};
use crate::fusion::state::State;

/// Substeps that a prediction has at most.
pub const SUBSTEPS_MAX: u32 = 8192;
/// (2 · 0.023)² / μ, s²/m³: times r³ it is the square of twice the longest substep.
pub const STEP: f32 = 5.308_574e-18;
/// Longest substep, halves of a second.
pub const HALVES_MAX: f32 = 120.0;
/// Steps of the mean's velocity, 2⁻¹⁰ m/s: up to 16 km/s their sums are exact.
pub const GRAIN: f32 = 1.0 / 1024.0;
/// What a substep multiplies variances by.
pub const INFLATION: f32 = 1.000_000_2;
/// The same where nothing but a prior tells the velocity: its variance over all axes is above `VAGUE_2`, m²/s².
pub const VAGUE_INFLATION: f32 = 1.000_004;
/// (100 m/s)².
pub const VAGUE_2: f32 = 1e4;
/// The variance of the place of a target that is anywhere, m².
pub const LOST_2: f32 = 2.5e15;
/// That of its velocity, (8 km/s)².
pub const LOST_SPEED_2: f32 = 6.4e7;

/// Free fall about the Earth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Orbit {
    /// Intensity of the accelerations that the forces leave out, along each axis, m²/s³.
    pub q: f64,
}

impl Model for Orbit {
    const RESTS: bool = true;

    fn noise(&self, dt_s: f64) -> ProcessNoise {
        self.unforced().noise(dt_s)
    }

    #[inline(always)]
    fn moved<R: Simd>(look: &LaneStep, tile: &[R; 3], before: &Precise<R>) -> Moved<R> {
        flown(look, tile, before, |_, _| ())
    }
}

impl Orbit {
    /// The noise of one that nothing pulls at.
    pub(crate) fn unforced(self) -> ConstantVelocity {
        ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal: self.q, vertical: self.q }
    }

    /// A state without a rest at the time of a look, its velocity rounded to 32 bits.
    #[inline(always)]
    pub(crate) fn whole<R: Simd>(look: &LaneStep, tile: &[R; 3], state: &State<R>) -> Moved<R> {
        let mut to = Self::moved(look, tile, &Precise { state: *state, rest: [R::splat(0.0); 3] });
        for (v, rest) in to.at.state.mean.iter_mut().skip(3).zip(to.at.rest) {
            *v = *v + rest;
        }
        to
    }

    /// The same of one with a rest, and F of all of it.
    pub(crate) fn transition<R: Simd>(look: &LaneStep, tile: &[R; 3], before: &Precise<R>) -> (Moved<R>, [[R; 6]; 6]) {
        let (zero, one) = (R::splat(0.0), R::splat(1.0));
        // Column by column.
        let mut columns: [[R; 6]; 6] =
            core::array::from_fn(|j| core::array::from_fn(|i| if i == j { one } else { zero }));
        let moved = flown(look, tile, before, |transition, going| {
            for column in &mut columns {
                let next = transition.times(column);
                *column = array(|i| {
                    R::where_less(
                        zero,
                        going,
                        next.get(i).copied().unwrap_or(zero),
                        column.get(i).copied().unwrap_or(zero),
                    )
                });
            }
        });
        (moved, core::array::from_fn(|i| columns.map(|column| column.get(i).copied().unwrap_or(zero))))
    }
}

/// The state at the time of a look; `each` is told of the transition of every substep, and above 0 where that counts.
#[inline(always)]
fn flown<R: Simd>(
    look: &LaneStep,
    tile: &[R; 3],
    before: &Precise<R>,
    mut each: impl FnMut(&Transition<R>, R),
) -> Moved<R> {
    let zero = R::splat(0.0);
    let (elapsed_s, part_s) = (look.dt_s.abs(), look.part_s.abs());
    let elapses = elapsed_s > 0.0;
    if !elapses {
        return Moved { tiles: [zero; 3], at: *before };
    }
    let sign = R::splat(if look.dt_s < 0.0 { -1.0 } else { 1.0 });
    let mut left = R::splat(((elapsed_s - part_s) * 2.0 + 0.5).floor() * 0.5);
    let mut going = R::splat(1.0);
    let mut flight = Flight::from(tile, before);
    for _ in 0..SUBSTEPS_MAX {
        let most = flight.longest();
        let whole = R::where_less(left, most, left, most);
        left = left - whole;
        let part = R::where_less(zero, left, zero, R::splat(part_s));
        let (next, transition) = flight.after(sign * whole, sign * part, sign * R::splat(look.noise.drive_vv));
        each(&transition, going);
        flight = flight.replaced_where_less(zero, going, &next);
        going = R::where_less(zero, left, going, zero);
        if !R::any_less(zero, going) {
            break;
        }
    }
    let state = flight.state.replaced_where_less(zero, left, &anywhere(&flight.state));
    Moved { tiles: flight.gone, at: Precise { state, rest: flight.rest } }
}

/// A state that nothing is known of but that it is a satellite's.
#[inline(always)]
fn anywhere<R: Simd>(state: &State<R>) -> State<R> {
    let mut covariance = [R::splat(0.0); COVARIANCE];
    for i in 0..6 {
        if let Some(variance) = covariance.get_mut(tri(i, i)) {
            *variance = R::splat(if i < 3 { LOST_2 } else { LOST_SPEED_2 });
        }
    }
    State { mean: state.mean, covariance }
}

/// What moves, between substeps.
#[derive(Clone, Copy)]
struct Flight<R> {
    /// The tile that it began in, and how many it has gone on by.
    tile: [R; 3],
    gone: [R; 3],
    state: State<R>,
    rest: [R; 3],
    /// Of gravity, here.
    gradient: [R; 6],
}

/// F of one substep of h.
struct Transition<R> {
    gradient: [R; 6],
    h: R,
    /// h² / 2.
    half_square: R,
    /// What O h² / 2, O h and - O² h² / 2 have off and on their diagonal.
    bend: R,
    turn: R,
    drag: R,
}

#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
impl<R: Simd> Flight<R> {
    #[inline(always)]
    fn from(tile: &[R; 3], before: &Precise<R>) -> Self {
        let Precise { mut state, mut rest } = *before;
        for (v, rest) in state.mean[3..].iter_mut().zip(&mut rest) {
            // What a velocity has beyond its steps goes to the rest.
            let steps = (*v * R::splat(1.0 / GRAIN) + R::splat(0.5)).floor() * R::splat(GRAIN);
            *rest = *rest + (*v - steps);
            *v = steps;
        }
        let mut flight = Self { tile: *tile, gone: [R::splat(0.0); 3], state, rest, gradient: [R::splat(0.0); 6] };
        flight.gradient = gradient(&flight.place());
        flight
    }

    #[inline(always)]
    fn place(&self) -> [R; 3] {
        array(|a| (self.tile[a] + self.gone[a]) * R::splat(TILE) + self.state.mean[a])
    }

    /// The longest substep from here, in whole halves of a second.
    #[inline(always)]
    fn longest(&self) -> R {
        let square = radius_squared(&self.place());
        let halves = (R::splat(STEP) * square * square.sqrt()).sqrt();
        R::where_less(halves, R::splat(HALVES_MAX), halves, R::splat(HALVES_MAX)).floor() * R::splat(0.5)
    }

    /// A substep of `whole`, in halves of a second, and `part`; `q` has the sign of time.
    #[inline(always)]
    fn after(&self, whole: R, part: R, q: R) -> (Self, Transition<R>) {
        let c = R::splat;
        let h = whole + part;
        let half = c(0.5) * h;
        let from = |p: &[R; 3], h: R, v: &[R; 3]| -> [R; 3] { array(|a| p[a] + h * v[a]) };
        let p = self.place();
        let v: [R; 3] = array(|a| self.state.mean[3 + a] + self.rest[a]);
        let first = pull(&p, &v);
        let v_2 = from(&v, half, &first);
        let second = pull(&from(&p, half, &v), &v_2);
        let v_3 = from(&v, half, &second);
        let third = pull(&from(&p, half, &v_2), &v_3);
        let v_4 = from(&v, h, &third);
        let fourth = pull(&from(&p, h, &v_3), &v_4);
        // (first + 2 second + 2 third + fourth) / 6 without the error that a sixth has in 32 bits: 4 m a revolution.
        let sixth = c(1.0 / 6.0) * h;
        let square = sixth * h;
        let mut next = *self;
        for a in 0..3 {
            let middle = second[a] + third[a];
            next.drift(a, (whole, part, h), square * (first[a] + middle));
            next.kick(a, half * middle + sixth * (fourth[a] - middle + first[a]));
        }
        next.gradient = gradient(&next.place());
        let half_square = half * h;
        let transition = Transition {
            gradient: array(|k| c(0.5) * (self.gradient[k] + next.gradient[k])),
            h,
            half_square,
            bend: c(2.0 * TURN) * half * h,
            turn: c(2.0 * TURN) * h,
            drag: c(4.0 * TURN_2) * half * h,
        };
        next.state.covariance = transition.carried(&self.state.covariance, q * h);
        // Not to grow beyond bounds.
        let p = &next.state.covariance;
        let spread = p[tri(0, 0)] + p[tri(1, 1)] + p[tri(2, 2)];
        next.state = next.state.replaced_where_less(c(LOST_2), spread, &anywhere(&next.state));
        (next, transition)
    }

    /// Moves one axis by a velocity and what bends the way.
    #[inline(always)]
    fn drift(&mut self, a: usize, (whole, part, h): (R, R, R), bend: R) {
        let (x, v) = (self.state.mean[a], self.state.mean[3 + a]);
        let coarse = (v * R::splat(4.0)).floor() * R::splat(0.25);
        let fine = (v - coarse) + self.rest[a];
        // Exact, also what is left of a tile.
        let way = coarse * (whole * R::splat(1.0 / TILE));
        let tiles = way.floor();
        let x = x + (way - tiles) * R::splat(TILE) + coarse * part + fine * h + bend;
        let carry = (x * R::splat(1.0 / TILE) + R::splat(0.5)).floor();
        self.state.mean[a] = x - carry * R::splat(TILE);
        self.gone[a] = self.gone[a] + (tiles + carry);
    }

    /// Adds to the velocity of one axis: whole steps to the mean, what is left to the rest.
    #[inline(always)]
    fn kick(&mut self, a: usize, gain: R) {
        let steps = (gain * R::splat(1.0 / GRAIN)).floor();
        let rest = self.rest[a] + (gain - steps * R::splat(GRAIN));
        let carry = (rest * R::splat(1.0 / GRAIN) + R::splat(0.5)).floor();
        self.rest[a] = rest - carry * R::splat(GRAIN);
        self.state.mean[3 + a] = self.state.mean[3 + a] + (steps + carry) * R::splat(GRAIN);
    }

    #[inline(always)]
    fn replaced_where_less(&self, a: R, b: R, by: &Self) -> Self {
        Self {
            tile: self.tile,
            gone: array(|k| R::where_less(a, b, by.gone[k], self.gone[k])),
            state: self.state.replaced_where_less(a, b, &by.state),
            rest: array(|k| R::where_less(a, b, by.rest[k], self.rest[k])),
            gradient: array(|k| R::where_less(a, b, by.gradient[k], self.gradient[k])),
        }
    }
}

#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
impl<R: Simd> Transition<R> {
    /// F times a column.
    #[inline(always)]
    fn times(&self, column: &[R; 6]) -> [R; 6] {
        let Self { gradient, h, half_square, bend, turn, drag } = *self;
        let [x, v] = [[column[0], column[1], column[2]], [column[3], column[4], column[5]]];
        let (of_x, of_v) = (symmetric(&gradient, &x), symmetric(&gradient, &v));
        let t: [R; 3] = array(|a| x[a] + half_square * of_x[a] + h * v[a]);
        let b: [R; 3] = array(|a| v[a] + h * of_x[a] + half_square * of_v[a]);
        [
            t[0] + bend * v[1],
            t[1] - bend * v[0],
            t[2],
            b[0] + bend * of_x[1] + turn * v[1] - drag * v[0],
            b[1] - bend * of_x[0] - turn * v[0] - drag * v[1],
            b[2],
        ]
    }

    /// F P Fᵀ + Q: F times every column of P, then F times every row of that. `spread` is q h.
    #[inline(always)]
    fn carried(&self, p: &[R; COVARIANCE], spread: R) -> [R; COVARIANCE] {
        let third = R::splat(1.0 / 3.0) * self.h * self.h;
        let noise = [spread * third, spread * (R::splat(0.5) * self.h), spread];
        let mut columns = [[R::splat(0.0); 6]; 6];
        for j in 0..6 {
            columns[j] = self.times(&array(|i| p[tri(i, j)]));
        }
        let unknown = p[tri(3, 3)] + p[tri(4, 4)] + p[tri(5, 5)];
        let by = R::where_less(R::splat(VAGUE_2), unknown, R::splat(VAGUE_INFLATION), R::splat(INFLATION));
        let mut q = [R::splat(0.0); COVARIANCE];
        for i in 0..6 {
            let row = self.times(&array(|j| columns[j][i]));
            for j in i..6 {
                q[tri(i, j)] = if i == j {
                    row[j] * by + noise[i / 3 + j / 3]
                } else if i % 3 == j % 3 {
                    row[j] + noise[i / 3 + j / 3]
                } else {
                    row[j]
                };
            }
        }
        q
    }
}
