//! Vectors of three.

/// A vector in engine coordinates, metres or metres a second.
pub(super) type Vector = [f64; 3];

pub(super) fn dot([a, b, c]: Vector, [x, y, z]: Vector) -> f64 {
    a * x + b * y + c * z
}

/// The first, and so much of the second.
pub(super) fn plus([a, b, c]: Vector, by: f64, [x, y, z]: Vector) -> Vector {
    [a + by * x, b + by * y, c + by * z]
}

/// The cross product.
pub(super) fn across([a, b, c]: Vector, [x, y, z]: Vector) -> Vector {
    [b * z - c * y, c * x - a * z, a * y - b * x]
}

/// A vector turned about a unit one by an angle in radians, counterclockwise as seen from its tip.
pub(super) fn turned(of: Vector, about: Vector, angle: f64) -> Vector {
    let (sin, cos) = libm::sincos(angle);
    let along = dot(of, about) * (1.0 - cos);
    plus(plus(of.map(|x| cos * x), sin, across(about, of)), along, about)
}
