// The forces of free fall about the Earth. Twin: src/fusion/motion/gravity.rs

override MU: f32;
override OBLATENESS: f32;
override TURN: f32;
override TURN_2: f32;
override RADIUS_MIN_2: f32;

// What gravity is at a place: distance from the centre, mu / r r r, k times that, and s.
struct Gravity {
    r: f32,
    m: f32,
    f: f32,
    s: f32,
}

// The square of the distance from the centre, at least that of 150 km of height.
fn square_of(p: vec3<f32>) -> f32 {
    let square = dot3(p, p);
    return select(square, RADIUS_MIN_2, square < RADIUS_MIN_2);
}

fn gravity_at(p: vec3<f32>) -> Gravity {
    let square = square_of(p);
    let r = sqrt(square);
    let m = MU / (square * r);
    return Gravity(r, m, m * (OBLATENESS / square), 5.0 * p.z * p.z / square);
}

// What a place is multiplied by: c = 1 along the equator, 3 along the axis.
fn stiffness(here: Gravity, c: f32) -> f32 {
    return here.m + here.f * (c - here.s);
}

// The acceleration at a place with a velocity.
fn pull(p: vec3<f32>, v: vec3<f32>) -> vec3<f32> {
    let here = gravity_at(p);
    let level = stiffness(here, 1.0);
    let axial = stiffness(here, 3.0);
    return vec3(
        (TURN_2 * p.x + TURN * (v.y + v.y)) - level * p.x,
        (TURN_2 * p.y - TURN * (v.x + v.x)) - level * p.y,
        -(axial * p.z),
    );
}

// A symmetric matrix: xx, xy, xz; yy, yz, zz.
struct Symmetric {
    x: vec3<f32>,
    yz: vec3<f32>,
}

// The gradient of the acceleration over places.
fn gradient(p: vec3<f32>) -> Symmetric {
    let here = gravity_at(p);
    let level = stiffness(here, 1.0);
    let axial = stiffness(here, 3.0);
    let u = p / here.r;
    let across = weight(here, 5.0);
    let tilted = weight(here, 15.0) * u.z;
    let flat = TURN_2 - level;
    return Symmetric(
        vec3(flat + across * u.x * u.x, across * u.x * u.y, tilted * u.x),
        vec3(flat + across * u.y * u.y, tilted * u.y, weight(here, 25.0) * u.z * u.z - axial),
    );
}

// What the product of two directions counts: 10 more for each that is along the axis.
fn weight(here: Gravity, c: f32) -> f32 {
    return 3.0 * here.m + here.f * (c - 7.0 * here.s);
}

fn symmetric_times(g: Symmetric, a: vec3<f32>) -> vec3<f32> {
    return vec3(
        g.x.x * a.x + g.x.y * a.y + g.x.z * a.z,
        g.x.y * a.x + g.yz.x * a.y + g.yz.y * a.z,
        g.x.z * a.x + g.yz.y * a.y + g.yz.z * a.z,
    );
}
