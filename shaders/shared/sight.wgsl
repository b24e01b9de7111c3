// Rows along a line of sight, whose direction is known from the prediction alone. Twin: src/fusion/sight.rs

// A row of velocity at a prediction: its direction, how much it turns with the place, and its residual.
struct Line {
    axis: vec3<f32>,
    pull: vec3<f32>,
    turns: bool,
    residual: f32,
}

// A line of sight to a place: its direction, its length, the range rate over it, and two directions across it.
struct Sight {
    axis: vec3<f32>,
    rho: f32,
    kappa: f32,
    first: vec3<f32>,
    second: vec3<f32>,
}

// Moments of what a range and a range rate have beyond first order: means; variances and covariance, A.
struct Arc {
    mean: vec2<f32>,
    spread: vec3<f32>,
}

// Whether an observation has a line of sight: a first row that is a range, or a first row of velocity along one.
fn has_sight(o: Observation) -> bool {
    return kind_of(o.kinds, 0u) == RANGE || (o.rates > 0u && o.sight_m > 0.0);
}

// From the site to the prediction, given the residual vector `e`.
fn sight_to(o: Observation, e: vec3<f32>) -> vec3<f32> {
    if kind_of(o.kinds, 0u) == RANGE {
        return o.ranges_m[0] * o.position[0].direction - e;
    }
    return o.sight_m * o.velocity[0].direction - e;
}

// To the end of `sight`; one direction across it is near `aside`.
fn sight_along(sight: vec3<f32>, velocity: vec3<f32>, aside: vec3<f32>) -> Sight {
    let rho = sqrt(dot3(sight, sight) + 1e-30f);
    let u = sight / rho;
    let across = aside - dot3(u, aside) * u;
    let a = across / sqrt(dot3(across, across) + 1e-30f);
    let b = vec3(u.y * a.z - u.z * a.y, u.z * a.x - u.x * a.z, u.x * a.y - u.y * a.x);
    return Sight(u, rho, dot3(u, velocity) / rho, a, b);
}

// What a range and a range rate along a line have beyond first order.
fn arc_of(line: Sight, s: State) -> Arc {
    let half = 0.5 * line.kappa;
    let rho = line.rho;
    let c1 = product3(s.pp, line.first);
    let c2 = product3(s.pp, line.second);
    let c11 = dot3(line.first, c1);
    let c12 = dot3(line.first, c2);
    let c22 = dot3(line.second, c2);
    let b1 = product3(s.pv, line.first);
    let b2 = product3(s.pv, line.second);
    let b11 = dot3(line.first, b1);
    let b12 = dot3(line.first, b2);
    let b21 = dot3(line.second, b1);
    let b22 = dot3(line.second, b2);
    let d1 = product3(s.vv, line.first);
    let d2 = product3(s.vv, line.second);
    let d11 = dot3(line.first, d1);
    let d12 = dot3(line.first, d2);
    let d22 = dot3(line.second, d2);
    let f11 = b11 - half * c11;
    let f12 = b12 - half * c12;
    let f21 = b21 - half * c12;
    let f22 = b22 - half * c22;
    let z11 = d11 - half * (b11 + f11);
    let z12 = d12 - half * (b12 + f21);
    let z22 = d22 - half * (b22 + f22);
    let once = c12 * c12;
    let place = (c11 * c11 + c22 * c22 + once) + once;
    let both = c11 * f11 + c22 * f22 + c12 * (f12 + f21);
    let aside = c12 * z12 + f12 * f21;
    let rate = ((c11 * z11 + c22 * z22 + f11 * f11 + f22 * f22) + aside) + aside;
    return Arc(
        vec2(0.5 * ((c11 + c22) / rho), (f11 + f22) / rho),
        vec3(0.5 * ((place / rho) / rho), (both / rho) / rho, (select(0.0, rate, 0.0 < rate) / rho) / rho),
    );
}

// Row `k` of velocity, given the residual vector `e` at the time of the detection: the first may be along a line of sight,
// and then the state is of that time.
fn line_of(o: Observation, k: u32, row: Axis, rate: f32, e: vec3<f32>, s: State) -> Line {
    if k > 0u || !(o.sight_m > 0.0) {
        return Line(row.direction, vec3(0.0), false, rate - dot3(row.direction, s.v));
    }
    let line = sight_along(o.sight_m * row.direction - e, s.v, o.position[1].direction);
    let speed = dot3(line.axis, s.v);
    let pull = (s.v - speed * line.axis) / line.rho;
    return Line(line.axis, pull, true, (rate - speed) - arc_of(line, s).mean.y);
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
    return vec2(0.5 * ((all - forward) / rho), 0.5 * ((select(0.0, across, 0.0 < across) / rho) / rho));
}

// Covariance of the position `tau` seconds from the state's time.
fn position_covariance(s: State, tau: f32) -> mat3x3<f32> {
    return s.pp + tau * (s.pv + transpose(s.pv)) + tau * (tau * s.vv);
}
