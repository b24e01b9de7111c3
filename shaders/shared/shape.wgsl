// Where a sensor sees, exactly. Twin: src/scan/shape.rs

// Along an axis; from a place in a straight line; along the ground; inside two half-planes. What is left is from a parallel.
override SLAB: u32;
override STRAIGHT: u32;
override LEVEL: u32;
override WEDGE: u32;

// Whether a point with a velocity, in m/s, is within all limits of a part.
fn is_covered(part: u32, tile: vec3<i32>, offset_m: vec3<f32>, velocity: vec3<f32>) -> bool {
    var covered = true;
    for (var k = 1u; k <= grounds[part].kind; k++) {
        let g = grounds[part + k];
        let value_m = value_of(g, from_ground(g, tile, offset_m) + g.ahead_s * velocity);
        covered = covered && value_m >= g.least_m && value_m <= g.most_m;
    }
    return covered;
}

// What a limit measures of a point, `d` from its place.
fn value_of(g: Ground, d: vec3<f32>) -> f32 {
    if g.kind == SLAB {
        return dot3(d, g.east);
    }
    if g.kind == STRAIGHT {
        return sqrt(dot3(d, d));
    }
    let across = dot3(d, g.north);
    if g.kind == LEVEL {
        let along = dot3(d, g.east);
        return sqrt(along * along + across * across);
    }
    // From the axis, along the middle: begins with what is no product.
    let out = g.radius_m + d.x * g.east.x + d.y * g.east.y + d.z * g.east.z;
    if g.kind == WEDGE {
        return g.sine * out - g.cosine * abs(across);
    }
    let rho = sqrt(out * out + across * across);
    var bent = rho - out;
    if out > 0.0 {
        bent = across * across / (rho + out);
    }
    let outwards = bent + d.x * g.east.x + d.y * g.east.y + d.z * g.east.z;
    return g.cosine * d.z - g.sine * outwards;
}
