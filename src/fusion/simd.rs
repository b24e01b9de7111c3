//! One number or a block of eight: the arithmetic of the stages is written once, over [`Simd`].
//!
//! With `f32` it is the meaning of a stage, one invocation at a time, as the kernel is written; with `f32x8` the
//! same lines are the fast host executor. Each operation is rounded by itself (IEEE 754), so both give the same bits.

use core::ops::{Add, Div, Mul, Neg, Shl, Sub};
use wide::{f32x8, i32x8};

/// An `f32`, or a block of them computed in step.
pub trait Simd:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// How many numbers there are.
    const WIDTH: usize;

    /// The same number in every place.
    fn splat(value: f32) -> Self;
    /// One number a place.
    fn from_fn(value: impl FnMut(usize) -> f32) -> Self;
    /// The first `WIDTH` numbers of a slice.
    fn load(slice: &[f32]) -> Self;
    /// By how much the first `WIDTH` whole numbers of a slice exceed `base`.
    fn excess(slice: &[i32], base: i32) -> Self;
    /// Writes to the first `WIDTH` numbers of a slice.
    fn store(self, slice: &mut [f32]);
    /// The number in one place.
    fn at(self, place: usize) -> f32;
    /// Square root, correctly rounded.
    #[must_use]
    fn sqrt(self) -> Self;
    /// Largest integer not above.
    #[must_use]
    fn floor(self) -> Self;
    /// 2 to the power of a whole number from -126 to 127.
    #[must_use]
    fn power_of_two(self) -> Self;
    /// `then` where `a < b`, else `otherwise` (also where either is NaN).
    fn where_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self;
    /// Whether `a < b` anywhere.
    fn any_less(a: Self, b: Self) -> bool;
}

impl Simd for f32 {
    const WIDTH: usize = 1;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        value
    }
    #[inline(always)]
    fn from_fn(mut value: impl FnMut(usize) -> f32) -> Self {
        value(0)
    }
    #[inline(always)]
    fn load(slice: &[f32]) -> Self {
        slice.first().copied().unwrap_or(0.0)
    }
    #[inline(always)]
    fn excess(slice: &[i32], base: i32) -> Self {
        slice.first().map_or(0.0, |first| first.wrapping_sub(base) as f32)
    }
    #[inline(always)]
    fn store(self, slice: &mut [f32]) {
        if let Some(first) = slice.first_mut() {
            *first = self;
        }
    }
    #[inline(always)]
    fn at(self, _place: usize) -> f32 {
        self
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        f32::sqrt(self)
    }
    #[inline(always)]
    fn floor(self) -> Self {
        f32::floor(self)
    }
    #[inline(always)]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the exponent lies in 1..=254, or wraps as in the kernel"
    )]
    fn power_of_two(self) -> Self {
        f32::from_bits(((self as i32).wrapping_add(127) as u32) << 23)
    }
    #[inline(always)]
    fn where_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
        if a < b { then } else { otherwise }
    }
    #[inline(always)]
    fn any_less(a: Self, b: Self) -> bool {
        a < b
    }
}

impl Simd for f32x8 {
    const WIDTH: usize = 8;

    #[inline(always)]
    fn splat(value: f32) -> Self {
        Self::splat(value)
    }
    #[inline(always)]
    fn from_fn(value: impl FnMut(usize) -> f32) -> Self {
        Self::new(core::array::from_fn(value))
    }
    #[inline(always)]
    fn load(slice: &[f32]) -> Self {
        slice.first_chunk::<8>().map_or_else(|| Self::splat(0.0), |block| Self::new(*block))
    }
    #[inline(always)]
    fn excess(slice: &[i32], base: i32) -> Self {
        let block = slice.first_chunk::<8>().map_or_else(|| i32x8::splat(base), |block| i32x8::new(*block));
        Self::from_i32x8(block - i32x8::splat(base))
    }
    #[inline(always)]
    fn store(self, slice: &mut [f32]) {
        if let Some(block) = slice.first_chunk_mut::<8>() {
            *block = self.to_array();
        }
    }
    #[inline(always)]
    fn at(self, place: usize) -> f32 {
        self.as_array().get(place).copied().unwrap_or(0.0)
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        Self::sqrt(self)
    }
    #[inline(always)]
    fn floor(self) -> Self {
        Self::floor(self)
    }
    #[inline(always)]
    fn power_of_two(self) -> Self {
        bytemuck::cast((self.trunc_int() + i32x8::splat(127)).shl(23_i32))
    }
    #[inline(always)]
    fn where_less(a: Self, b: Self, then: Self, otherwise: Self) -> Self {
        a.simd_lt(b).bitselect(then, otherwise)
    }
    #[inline(always)]
    fn any_less(a: Self, b: Self) -> bool {
        a.simd_lt(b).any()
    }
}

/// One number for each index. (`core::array::from_fn` is not always inlined, which costs half the speed.)
#[inline(always)]
pub fn array<R: Simd, const N: usize>(value: impl Fn(usize) -> R) -> [R; N] {
    let mut to = [R::splat(0.0); N];
    for (index, to) in to.iter_mut().enumerate() {
        *to = value(index);
    }
    to
}

/// exp(x) for x ≤ 0, within 2 ulp; 0 below -87. The kernels use the same polynomial.
///
/// Range reduction by ln 2 in two parts, then the degree-6 polynomial of Cephes `expf`.
#[inline(always)]
#[must_use]
#[expect(clippy::excessive_precision, clippy::approx_constant, reason = "the coefficients as published")]
pub fn exp_of_nonpositive<R: Simd>(x: R) -> R {
    let c = R::splat;
    let least = c(-87.0);
    let bounded = R::where_less(least, x, x, least);
    let k = (bounded * c(1.442_695_04) + c(0.5)).floor();
    let f = (bounded - k * c(0.693_359_375)) + k * c(2.121_944_40e-4);
    let p = c(1.987_569_15e-4);
    let p = p * f + c(1.398_199_95e-3);
    let p = p * f + c(8.333_451_9e-3);
    let p = p * f + c(4.166_579_6e-2);
    let p = p * f + c(1.666_666_55e-1);
    let p = p * f + c(5.000_000_1e-1);
    // Begins with what is no product: kernels keep the order of such a sum.
    let e = (c(1.0) + f) + p * (f * f);
    // Of NaN too the answer is 0.
    R::where_less(least, x, e * k.power_of_two(), c(0.0))
}

/// Natural logarithm of a positive, normal x, within 3 ulp; the kernels use the same polynomial (Cephes `logf`).
#[inline(always)]
#[must_use]
#[expect(clippy::cast_possible_wrap, reason = "an exponent fits")]
#[expect(clippy::excessive_precision, clippy::approx_constant, reason = "the coefficients as published")]
pub fn ln(x: f32) -> f32 {
    let bits = x.to_bits();
    let mut e = ((bits >> 23) as i32 - 126) as f32;
    let mut m = f32::from_bits((bits & 0x007f_ffff) | 0x3f00_0000);
    if m < 0.707_106_78 {
        e -= 1.0;
        m = m + m;
    }
    let f = m - 1.0;
    let z = f * f;
    let p = 7.037_683_63e-2;
    let p = p * f - 1.151_461_03e-1;
    let p = p * f + 1.167_699_87e-1;
    let p = p * f - 1.242_014_08e-1;
    let p = p * f + 1.424_932_28e-1;
    let p = p * f - 1.666_805_77e-1;
    let p = p * f + 2.000_071_48e-1;
    let p = p * f - 2.499_999_40e-1;
    let p = p * f + 3.333_333_11e-1;
    let y = f + z * (p * f - 0.5);
    (y - e * 2.121_944_40e-4) + e * 0.693_359_375
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_and_ln_agree_with_f64_within_a_few_ulp() {
        for i in 0..87_000 {
            let x = -(i as f32) * 1e-3;
            let (found, wanted) = (f64::from(exp_of_nonpositive(x)), f64::from(x).exp());
            assert!((found / wanted - 1.0).abs() < 3e-7, "exp({x}) = {found}, wanted {wanted}");
        }
        for i in 1..100_000 {
            let x = (i as f32) * 1.7e-3;
            let (found, wanted) = (f64::from(ln(x)), f64::from(x).ln());
            assert!((found - wanted).abs() < 3e-7 * wanted.abs().max(1.0), "ln({x}) = {found}, wanted {wanted}");
        }
        for i in -10..2000 {
            let x = f32x8::from_fn(|n| -(i as f32) * 0.05 - n as f32 * 1e-3);
            let found = exp_of_nonpositive(x);
            for n in 0..8 {
                let wanted = exp_of_nonpositive(x.at(n));
                assert_eq!(found.at(n).to_bits(), wanted.to_bits(), "exp({}) in a block", x.at(n));
            }
        }
        assert!(exp_of_nonpositive(f32::NAN).abs() < f32::MIN_POSITIVE, "NaN gates nothing");
        // Of a covariance that is none distances are below 0: nothing to go by, and no reason to end.
        for x in [1e10, 1e30, f32::MAX, f32::INFINITY] {
            std::hint::black_box(exp_of_nonpositive(x));
        }
    }
}
