//! The state of one track, or of a block of tracks: mean and covariance, and the scalar update.

use super::arrays::{BLOCK, COVARIANCE, MEAN, tri};
use super::simd::{Simd, array};

/// A pivot of a covariance below this share of its variance is rounding.
pub const PIVOT_MIN: f32 = 1e-6;

/// Mean (offset in the tile, velocity) and covariance (upper triangle row by row).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State<R> {
    /// x: metres in the tile, then metres a second.
    pub mean: [R; MEAN],
    /// P: m², m²/s, m²/s².
    pub covariance: [R; COVARIANCE],
}

impl<R: Simd> State<R> {
    /// A zero state.
    #[must_use]
    pub fn zero() -> Self {
        Self { mean: [R::splat(0.0); MEAN], covariance: [R::splat(0.0); COVARIANCE] }
    }

    /// Loads the tracks at `place`.. of one block's slices.
    #[inline(always)]
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    pub fn load(mean: &[f32], covariance: &[f32], place: usize) -> Self {
        // One check of each length instead of one a number.
        let (mean, covariance) = (&mean[..MEAN * BLOCK], &covariance[..COVARIANCE * BLOCK]);
        Self {
            mean: array(|k| R::load(&mean[k * BLOCK + place..])),
            covariance: array(|k| R::load(&covariance[k * BLOCK + place..])),
        }
    }

    /// Stores to the tracks at `place`.. of one block's slices.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    pub fn store(&self, mean: &mut [f32], covariance: &mut [f32], place: usize) {
        let (mean, covariance) = (&mut mean[..MEAN * BLOCK], &mut covariance[..COVARIANCE * BLOCK]);
        for k in 0..MEAN {
            self.mean[k].store(&mut mean[k * BLOCK + place..]);
        }
        for k in 0..COVARIANCE {
            self.covariance[k].store(&mut covariance[k * BLOCK + place..]);
        }
    }

    /// The state where `a < b`, `self` elsewhere.
    #[inline(always)]
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    pub fn replaced_where_less(&self, a: R, b: R, by: &Self) -> Self {
        Self {
            mean: array(|k| R::where_less(a, b, by.mean[k], self.mean[k])),
            covariance: array(|k| R::where_less(a, b, by.covariance[k], self.covariance[k])),
        }
    }
}

/// P hᵀ.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub fn times<R: Simd>(p: &[R; COVARIANCE], h: &[R; MEAN]) -> [R; MEAN] {
    array(|i| dot(&array(|j| p[tri(i, j)]), h))
}

/// a · b, summed in order.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub fn dot<R: Simd>(a: &[R; MEAN], b: &[R; MEAN]) -> R {
    let mut sum = a[0] * b[0];
    for k in 1..MEAN {
        sum = sum + a[k] * b[k];
    }
    sum
}

/// a · b.
#[inline(always)]
pub fn dot3<R: Simd>(a: &[R; 3], b: &[R; 3]) -> R {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Updates P by one scalar measurement h x with variance `r`, in Joseph form, and returns the gain.
///
/// P' = (I - k h) P (I - k h)ᵀ + k r kᵀ: stays positive where P - k s kᵀ cancels (a prior of 10⁶ m, then 1 m).
/// Bar-Shalom, Li and Kirubarajan 2001, eq. 5.2.3-17.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub fn joseph<R: Simd>(p: &mut [R; COVARIANCE], h: &[R; MEAN], r: R) -> [R; MEAN] {
    let g = times(p, h);
    let inverse = R::splat(1.0) / (dot(h, &g) + r);
    let k: [R; MEAN] = array(|i| g[i] * inverse);
    // b = (I - k h) P, all of it: it is not symmetric after rounding.
    let mut b = [[R::splat(0.0); MEAN]; MEAN];
    for i in 0..MEAN {
        for j in 0..MEAN {
            b[i][j] = p[tri(i, j)] - k[i] * g[j];
        }
    }
    let kr: [R; MEAN] = array(|i| dot(&b[i], h) - k[i] * r);
    for i in 0..MEAN {
        for j in i..MEAN {
            p[tri(i, j)] = b[i][j] - kr[i] * k[j];
        }
    }
    k
}
