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
