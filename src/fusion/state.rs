//! The state of one track, or of a block of tracks: mean and covariance, and the scalar update.

use super::arrays::{BLOCK, COVARIANCE, MEAN, tri};
use super::real::{Real, array};

/// Mean (offset in the tile, velocity) and covariance (upper triangle row by row).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct State<R> {
    /// x: metres in the tile, then metres a second.
    pub mean: [R; MEAN],
    /// P: m², m²/s, m²/s².
    pub covariance: [R; COVARIANCE],
}

impl<R: Real> State<R> {
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
        Self {
            mean: array(|k| R::load(&mean[k * BLOCK + place..])),
            covariance: array(|k| R::load(&covariance[k * BLOCK + place..])),
        }
    }

    /// Stores to the tracks at `place`.. of one block's slices.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
    pub fn store(&self, mean: &mut [f32], covariance: &mut [f32], place: usize) {
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
pub fn times<R: Real>(p: &[R; COVARIANCE], h: &[R; 6]) -> [R; 6] {
    array(|i| {
        p[tri(i, 0)] * h[0]
            + p[tri(i, 1)] * h[1]
            + p[tri(i, 2)] * h[2]
            + p[tri(i, 3)] * h[3]
            + p[tri(i, 4)] * h[4]
            + p[tri(i, 5)] * h[5]
    })
}

/// a · b.
#[inline(always)]
pub fn dot6<R: Real>(a: &[R; 6], b: &[R; 6]) -> R {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2] + a[3] * b[3] + a[4] * b[4] + a[5] * b[5]
}

/// a · b.
#[inline(always)]
pub fn dot3<R: Real>(a: &[R; 3], b: &[R; 3]) -> R {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// Updates P by one scalar measurement h x with variance `r`, in Joseph form, and returns the gain.
///
/// P' = (I - k h) P (I - k h)ᵀ + k r kᵀ: stays positive where P - k s kᵀ cancels (a prior of 10⁶ m, then 1 m).
/// Bar-Shalom, Li and Kirubarajan 2001, eq. 5.2.3-17.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub fn joseph<R: Real>(p: &mut [R; COVARIANCE], h: &[R; 6], r: R) -> [R; 6] {
    let g = times(p, h);
    let inverse = R::splat(1.0) / (dot6(h, &g) + r);
    let k: [R; 6] = array(|i| g[i] * inverse);
    // b = (I - k h) P, all of it: it is not symmetric after rounding.
    let mut b = [[R::splat(0.0); 6]; 6];
    for i in 0..6 {
        for j in 0..6 {
            b[i][j] = p[tri(i, j)] - k[i] * g[j];
        }
    }
    let kr: [R; 6] = array(|i| dot6(&b[i], h) - k[i] * r);
    for i in 0..6 {
        for j in i..6 {
            p[tri(i, j)] = b[i][j] - kr[i] * k[j];
        }
    }
    k
}
