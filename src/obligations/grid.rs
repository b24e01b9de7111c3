//! A grid of cells fixed to the world, for coarsening: a position becomes the centre of its cell.
//!
//! Local frame: cell (i, j, k) is the cube of edge c about (i c, j c, k c). Geodetic frame: bands of latitude about
//! multiples of δ = 90° / n, n the largest number for which a band is at least c wide on the ellipsoid; in each band
//! equal cells of longitude from the antimeridian on, as many as fit around the *snapped* parallel with a width of at
//! least c; layers of altitude about multiples of c. A pole is the centre of one round cell. All is a function of the
//! cell alone: no digit, not even the sign of a zero, tells where in its cell a position was. Snapping a centre
//! gives the same centre.
//!
//! The variance of a coarsened position. Let X be the true position, X̂ = X + e its estimate, e ~ (0, P), and
//! S = X̂ + q the centre of the cell that holds X̂. If objects are spread evenly over many cells, then X modulo the
//! cell is uniform whatever e is, so X̂ modulo the cell is uniform and independent of e, hence q is uniform over the
//! cell, has mean 0, and is uncorrelated with e. The error of what is shown is S − X = e + q, and its covariance is
//! exactly P + diag(w²) / 12, w the edges of the cell. No cross terms arise, neither between axes nor with the
//! velocity. Where objects are not spread evenly (heights near one flight level, say) the centre is the same, the error
//! of an axis is at most w / 2, and its mean square at most w² / 4 instead of w² / 12. Cells beside a pole are sectors
//! of rings, not rectangles; the first ring departs most, and there the horizontal error² / variance is 1.03
//! instead of 1. A pole's disc of diameter d has d² / 16 on both horizontal axes.

use std::ops::RangeInclusive;

use crate::space::{EARTH_A_M, EARTH_F, Geodetic};

/// Sizes of cells that are accepted, in metres: from below any sensor's noise to cells that still lie flat.
pub const COARSEN_RANGE_M: RangeInclusive<f64> = 0.001..=1_000_000.0;

/// A cell: where its centre is shown, and how uncertain that makes a position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell<C> {
    /// The centre.
    pub centre: C,
    /// Variance of a position spread evenly over the cell, along its three axes (ENU, or x, y, z), m².
    pub variance_m2: [f64; 3],
}

/// The nearest multiple of `step`; a negative zero would tell on which side of zero `value` was.
fn multiple(value: f64, step: f64) -> f64 {
    (value / step).round() * step + 0.0
}

/// The cell of edge `size_m` around a position in the local frame.
#[must_use]
pub fn local_cell(position_m: [f64; 3], size_m: f64) -> Cell<[f64; 3]> {
    let centre = position_m.map(|metres| multiple(metres, size_m));
    Cell { centre, variance_m2: [size_m * size_m / 12.0; 3] }
}

/// The cell of about `size_m` around a position on or above the ellipsoid.
#[must_use]
pub fn geodetic_cell(at: Geodetic, size_m: f64) -> Cell<Geodetic> {
    let e2 = EARTH_F * (2.0 - EARTH_F);
    // The meridian bends most at the equator: a degree of latitude is nowhere shorter.
    let shortest_quarter_m = 90_f64.to_radians() * EARTH_A_M * (1.0 - e2);
    let band_deg = 90.0 / (shortest_quarter_m / size_m).floor().max(1.0);
    let latitude_deg = multiple(at.latitude_deg, band_deg).clamp(-90.0, 90.0);
    let altitude_m = multiple(at.altitude_m, size_m);

    // n, m: radii of curvature across and along the meridian at the snapped latitude.
    let (s, c) = libm::sincos(latitude_deg.to_radians());
    let n = EARTH_A_M / (1.0 - e2 * s * s).sqrt();
    let m = n * (1.0 - e2) / (1.0 - e2 * s * s);
    let cells = (std::f64::consts::TAU * n * c / size_m).floor().max(1.0);
    let width_deg = 360.0 / cells;
    // Both names of the antimeridian, -180 and 180, belong to the first cell.
    let index = ((at.longitude_deg + 180.0).rem_euclid(360.0) / width_deg).floor().min(cells - 1.0);
    let longitude_deg = (index + 0.5) * width_deg - 180.0;

    let north_m = band_deg.to_radians() * (m + altitude_m);
    let east_m = width_deg.to_radians() * (n + altitude_m) * c;
    let up_m2 = size_m * size_m / 12.0;
    let pole = latitude_deg.abs() + 0.5 * band_deg > 90.0;
    let variance_m2 = if pole {
        [north_m * north_m / 16.0, north_m * north_m / 16.0, up_m2]
    } else {
        [east_m * east_m / 12.0, north_m * north_m / 12.0, up_m2]
    };
    Cell { centre: Geodetic { latitude_deg, longitude_deg, altitude_m }, variance_m2 }
}
