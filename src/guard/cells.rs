//! The cells of coarse positions, as docs/pictures.md has them, once more.

use crate::space::{EARTH_A_M, EARTH_F, Frame};

/// A cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cell {
    /// Its centre, in the order of the columns.
    pub(super) centre: [f64; 3],
    /// Variance of a position spread evenly over it: east, north, up or x, y, z.
    pub(super) variance_m2: [f64; 3],
    /// Half its width along x and y, or longitude and latitude.
    pub(super) half: [f64; 2],
}

fn nearest(value: f64, step: f64) -> f64 {
    (value / step).round() * step + 0.0
}

/// The cell of edge `c` about a position.
pub(super) fn cell(frame: Frame, [a, b, height]: [f64; 3], c: f64) -> Cell {
    let flat = c * c / 12.0;
    if frame == Frame::Local {
        let centre = [a, b, height].map(|metres| nearest(metres, c));
        return Cell { centre, variance_m2: [flat; 3], half: [c / 2.0; 2] };
    }
    let e2 = EARTH_F * (2.0 - EARTH_F);
    let quarter_m = 90_f64.to_radians() * EARTH_A_M * (1.0 - e2);
    let band = 90.0 / (quarter_m / c).floor().max(1.0);
    let latitude = nearest(a, band).clamp(-90.0, 90.0);
    let altitude = nearest(height, c);
    let (sin, cos) = libm::sincos(latitude.to_radians());
    let across_m = EARTH_A_M / (1.0 - e2 * sin * sin).sqrt();
    let along_m = across_m * (1.0 - e2) / (1.0 - e2 * sin * sin);
    let cells = (std::f64::consts::TAU * across_m * cos / c).floor().max(1.0);
    let width = 360.0 / cells;
    let index = ((b + 180.0).rem_euclid(360.0) / width).floor().min(cells - 1.0);
    let north_m = band.to_radians() * (along_m + altitude);
    let east_m = width.to_radians() * (across_m + altitude) * cos;
    let round = latitude.abs() + 0.5 * band > 90.0;
    let [east, north] =
        if round { [north_m / 16.0 * north_m; 2] } else { [east_m * east_m / 12.0, north_m * north_m / 12.0] };
    Cell {
        centre: [latitude, (index + 0.5) * width - 180.0, altitude],
        variance_m2: [east, north, flat],
        half: [width / 2.0, band / 2.0],
    }
}
