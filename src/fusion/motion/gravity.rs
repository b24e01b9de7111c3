//! The forces of free fall about the Earth in the frame that turns with it, and their gradient.
//!
//! a = - μ r / r³ (1 + k (c - s)) + ω² (x, y, 0) + 2 ω (v_y, -v_x, 0) with k = 3/2 J₂ R² / r², s = 5 z² / r² and c = (1, 1, 3) axis by
//! axis: two bodies, the Earth's oblateness, centrifugal and Coriolis force. With m = μ / r³, f = m k and u = r / r,
//! ∂a/∂r = (3 m + (5 - 7 s) f) u uᵀ + 10 f u_z (u ẑᵀ + ẑ uᵀ) - m I - f diag(c - s) + ω² diag(1, 1, 0).
//! Montenbruck and Gill, Satellite Orbits, 2000, 3.2. What is left out: J₃, J₄, C₂₂ and smaller, drag, Sun and Moon.
//!
//! Below 150 km gravity keeps the m and k of that height, so that nothing grows beyond bounds in the Earth. Units: m, s.
//! Kernel part: `shaders/motion/gravity.wgsl`.

use crate::fusion::simd::Simd;
use crate::fusion::state::dot3;

/// μ of the Earth (WGS 84), m³/s²: 3.986 004 418e14, rounded to 32 bits.
pub const MU: f32 = 3.986_004_5e14;
/// 3/2 J₂ R², m²: J₂ = 1.082 626 68e-3, R = 6,378,137 m.
pub const OBLATENESS: f32 = 6.606_290_5e10;
/// ω, rad/s.
pub const TURN: f32 = 7.292_115e-5;
/// ω², s⁻².
pub const TURN_2: f32 = 5.317_494_4e-9;
/// The square of the least distance from the Earth's centre at which gravity is as it is there, (R + 150 km)², m².
pub const RADIUS_MIN_2: f32 = 4.261_657_4e13;

/// What gravity is at a place.
struct Field<R> {
    /// Distance from the Earth's centre, m.
    r: R,
    /// μ / r³, and k times it.
    m: R,
    f: R,
    /// s.
    s: R,
}

impl<R: Simd> Field<R> {
    #[inline(always)]
    fn at(p: &[R; 3]) -> Self {
        let square = radius_squared(p);
        let r = square.sqrt();
        let m = R::splat(MU) / (square * r);
        Self { r, m, f: m * (R::splat(OBLATENESS) / square), s: R::splat(5.0) * p[2] * p[2] / square }
    }

    /// What the product of two directions counts in the gradient: 10 f more for each that is along the axis.
    #[inline(always)]
    fn weight(&self, c: f32) -> R {
        R::splat(3.0) * self.m + self.f * (R::splat(c) - R::splat(7.0) * self.s)
    }

    /// What a place is multiplied by: along the equator, and along the axis.
    #[inline(always)]
    fn stiffness(&self) -> [R; 2] {
        [1.0, 3.0].map(|c| self.m + self.f * (R::splat(c) - self.s))
    }
}

/// The square of the distance from the Earth's centre, m², at least that of 150 km of height.
#[inline(always)]
pub(super) fn radius_squared<R: Simd>(p: &[R; 3]) -> R {
    let (least, square) = (R::splat(RADIUS_MIN_2), dot3(p, p));
    R::where_less(square, least, least, square)
}

/// The acceleration at a place with a velocity, m/s².
#[inline(always)]
pub(super) fn pull<R: Simd>(p: &[R; 3], v: &[R; 3]) -> [R; 3] {
    let [level, axial] = Field::at(p).stiffness();
    let (turn, turn_2) = (R::splat(TURN), R::splat(TURN_2));
    [
        (turn_2 * p[0] + turn * (v[1] + v[1])) - level * p[0],
        (turn_2 * p[1] - turn * (v[0] + v[0])) - level * p[1],
        -(axial * p[2]),
    ]
}

/// The gradient of the acceleration over places, s⁻²: xx, xy, xz, yy, yz, zz.
#[inline(always)]
pub(super) fn gradient<R: Simd>(p: &[R; 3]) -> [R; 6] {
    let here = Field::at(p);
    let [level, axial] = here.stiffness();
    let [x, y, z] = p.map(|p| p / here.r);
    let [across, tilted, along] = [5.0, 15.0, 25.0].map(|c| here.weight(c));
    let (flat, tilted) = (R::splat(TURN_2) - level, tilted * z);
    [flat + across * x * x, across * x * y, tilted * x, flat + across * y * y, tilted * y, along * z * z - axial]
}

/// A symmetric matrix of these six numbers times a vector.
#[inline(always)]
pub(super) fn symmetric<R: Simd>(g: &[R; 6], a: &[R; 3]) -> [R; 3] {
    [
        g[0] * a[0] + g[1] * a[1] + g[2] * a[2],
        g[1] * a[0] + g[3] * a[1] + g[4] * a[2],
        g[2] * a[0] + g[4] * a[1] + g[5] * a[2],
    ]
}
