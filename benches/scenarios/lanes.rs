//! Planar position measurements as lanes of a batch.

use trackweave::fusion::arrays::{Detection, Observation};
use trackweave::space::Place;

/// An observation of x and y with standard deviation `sigma_m` in clutter of density `clutter` a square metre.
pub fn planar(sigma_m: f32, clutter: f32) -> Observation {
    Observation {
        axis_0: [1.0, 0.0, 0.0],
        sigma_0_m: sigma_m,
        axis_1: [0.0, 1.0, 0.0],
        sigma_1_m: sigma_m,
        axis_2: [0.0, 0.0, 1.0],
        axes: 2,
        clutter,
        spread: 1.0,
        ..Observation::default()
    }
}

/// A detection at x, y at the time of its scan.
pub fn detection([x, y]: [f64; 2]) -> Detection {
    let Place { tile, offset_m } = Place::from_metres([x, y, 0.0]);
    Detection { tile, ahead_s: 0.0, offset_m, observation: 0 }
}
