// Rows along a line of sight, whose direction is known from the prediction alone. Twin: src/fusion/sight.rs

// How much more often what a range bends counts, over b / rho.
override AGAIN: f32;

// A row of velocity at a prediction: its direction, how much it turns with the place, its residual, and the variance of
// what is beyond first order.
struct Line {
    axis: vec3<f32>,
    pull: vec3<f32>,
    turns: bool,
    residual: f32,
    beyond: f32,
}

// Row `k` of velocity, given the residual vector `e` at the time of the detection: the first may be along a line of sight.
fn line_of(o: Observation, k: u32, row: Axis, rate: f32, e: vec3<f32>, s: State, tau: f32) -> Line {
    if k > 0u || !(o.sight_m > 0.0) {
        return Line(row.direction, vec3(0.0), false, rate - dot3(row.direction, s.v), 0.0);
    }
    let sight = o.sight_m * row.direction - e;
    let rho = sqrt(dot3(sight, sight) + 1e-30f);
    let u = sight / rho;
    let speed = dot3(u, s.v);
    let pull = (s.v - speed * u) / rho;
    let second = veered(s, tau, o.position[1].direction, o.position[2].direction, speed / rho, rho);
    return Line(u, pull, true, (rate - speed) - second.x, second.y);
}

// What a range of `rho` along `u` to a place of covariance `c` has beyond first order: mean and variance.
fn bent(c: mat3x3<f32>, u: vec3<f32>, rho: f32) -> vec2<f32> {
    let m = product3(c, u);
    let forward = dot3(u, m);
    let all = c[0].x + c[1].y + c[2].z;
    let diagonal = c[0].x * c[0].x + c[1].y * c[1].y + c[2].z * c[2].z;
    let aside = c[1].x * c[1].x + c[2].x * c[2].x + c[2].y * c[2].y;
    let once = dot3(m, m) - aside;
    let across = ((diagonal + forward * forward) - once) - once;
    let bias = 0.5 * ((all - forward) / rho);
    let again = 1.0 + AGAIN * (bias / rho);
    return vec2(bias, 0.5 * ((select(0.0, across, 0.0 < across) / rho) / rho) * again);
}

// The same of a range rate of `kappa` its share of `rho`, across the line `a1`, `a2`.
fn veered(s: State, tau: f32, a1: vec3<f32>, a2: vec3<f32>, kappa: f32, rho: f32) -> vec2<f32> {
    let half = 0.5 * kappa;
    let c = position_covariance(s, tau);
    let c1 = product3(c, a1);
    let c2 = product3(c, a2);
    let c11 = dot3(a1, c1);
    let c12 = dot3(a1, c2);
    let c22 = dot3(a2, c2);
    let b = s.pv + tau * s.vv;
    let b1 = product3(b, a1);
    let b2 = product3(b, a2);
    let b11 = dot3(a1, b1);
    let b12 = dot3(a1, b2);
    let b21 = dot3(a2, b1);
    let b22 = dot3(a2, b2);
    let d1 = product3(s.vv, a1);
    let d2 = product3(s.vv, a2);
    let d11 = dot3(a1, d1);
    let d12 = dot3(a1, d2);
    let d22 = dot3(a2, d2);
    let f11 = b11 - half * c11;
    let f12 = b12 - half * c12;
    let f21 = b21 - half * c12;
    let f22 = b22 - half * c22;
    let z11 = d11 - half * (b11 + f11);
    let z12 = d12 - half * (b12 + f21);
    let z22 = d22 - half * (b22 + f22);
    let aside = c12 * z12 + f12 * f21;
    let beyond = ((c11 * z11 + c22 * z22 + f11 * f11 + f22 * f22) + aside) + aside;
    return vec2((f11 + f22) / rho, (select(0.0, beyond, 0.0 < beyond) / rho) / rho);
}

// Covariance of the position `tau` seconds from the state's time.
fn position_covariance(s: State, tau: f32) -> mat3x3<f32> {
    return s.pp + tau * (s.pv + transpose(s.pv)) + tau * (tau * s.vv);
}
