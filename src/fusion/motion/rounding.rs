//! What 32 bits cost a covariance that one detection makes far smaller.
//!
//! A new track in an orbit knows 5 km/s along two axes and, by its range rate, 1 m/s along the third; ten seconds later its place is
//! known to 50 km, and a radar's range to 10 m. Every entry of P' comes out of entries of P, each rounded to 6e-8 of itself: to
//! 100 m² and more here, as much as P' has, and of 4,000 tracks a third are not positive after their second detection. So an
//! update leaves P' + ε diag P, ε = 2⁻¹⁷: none of the 4,000 is without it, the standard deviation of a velocity is a quarter to
//! twice larger after three detections, and no larger after ten. Where a detection tells little it is nothing. Only of orbits;
//! elsewhere priors are 10⁴ times what is measured at most. Kernel part: `shaders/shared/rounding.wgsl`.

use crate::fusion::arrays::tri;
use crate::fusion::simd::Simd;
use crate::fusion::state::State;

/// ε. Products with it are exact.
pub const ROUNDING: f32 = 1.0 / 131_072.0;

/// The state after an update, no surer than rounding allows beside the one before.
#[cold]
#[inline(never)] // so that it costs nothing where nobody orbits
#[must_use]
#[expect(clippy::indexing_slicing, reason = "indices as in the kernel")]
pub fn rounded<R: Simd>(before: &State<R>, after: &State<R>) -> State<R> {
    let mut to = *after;
    for i in 0..6 {
        let k = tri(i, i);
        to.covariance[k] = after.covariance[k] + R::splat(ROUNDING) * before.covariance[k];
    }
    to
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fusion::arrays::{COVARIANCE, MEAN};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// P' + 2⁻¹⁷ diag P in f64, P' and P over as many powers of ten as orbits have; nothing but variances changes.
    #[test]
    fn variances_grow_by_a_share_of_what_they_were() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let mut state = || State::<f32> {
            mean: [(); MEAN].map(|()| random.random_range(-1e4..1e4)),
            covariance: [(); COVARIANCE].map(|()| 10f32.powf(random.random_range(-4.0..11.0))),
        };
        for _ in 0..1000 {
            let (before, after) = (state(), state());
            let found = rounded(&before, &after);
            assert_eq!(found.mean.map(f32::to_bits), after.mean.map(f32::to_bits));
            for i in 0..MEAN {
                for j in i..MEAN {
                    let k = tri(i, j);
                    let [p, q, found] = [before, after, found].map(|of| f64::from(of.covariance[k]));
                    let wanted = if i == j { q + p / 131_072.0 } else { q };
                    // One rounding to 24 bits; none where nothing is added.
                    let error = if i == j { wanted * 2f64.powi(-24) } else { 0.0 };
                    assert!((found - wanted).abs() <= error, "({i}, {j}): {found}, wanted {wanted}");
                }
            }
        }
    }
}
