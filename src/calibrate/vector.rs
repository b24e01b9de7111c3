//! Vectors of three, turned.

pub(super) use crate::inspect::{Vector, dot, plus};

use crate::inspect::cross;

/// A vector turned about a unit one by an angle in radians, counterclockwise as seen from its tip.
pub(super) fn turned(of: Vector, about: Vector, angle: f64) -> Vector {
    let (sin, cos) = libm::sincos(angle);
    let along = dot(of, about) * (1.0 - cos);
    plus(plus(of.map(|x| cos * x), sin, cross(about, of)), along, about)
}
