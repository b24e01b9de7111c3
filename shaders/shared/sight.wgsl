// Rows along a line of sight, whose direction is known from the prediction alone. Twin: src/fusion/sight.rs

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
    if k == 0u && o.sight_m > 0.0 {
        let sight = o.sight_m * row.direction - e;
        let rho = sqrt(dot3(sight, sight) + 1e-30f);
        let u = sight / rho;
        let speed = dot3(u, s.v);
        let pull = (s.v - speed * u) / rho;
        let second = veered(s, tau, o.position[1].direction, o.position[2].direction, speed / rho, rho);
        return Line(u, pull, true, (rate - speed) - second.x, second.y);
    }
    return Line(row.direction, vec3(0.0), false, rate - dot3(row.direction, s.v), 0.0);
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

// From the site to the prediction, and 1 where there is such a line, given the residual vector `e` at the detection's time.
fn sight_of(o: Observation, e: vec3<f32>) -> vec4<f32> {
    if kind_of(o.kinds, 0u) == RANGE {
        return vec4(o.ranges_m[0] * o.position[0].direction - e, 1.0);
    }
    if o.rates > 0u && o.sight_m > 0.0 {
        return vec4(o.sight_m * o.velocity[0].direction - e, 1.0);
    }
    return vec4(0.0);
}

fn over(a: f32, b: f32) -> f32 {
    return select(0.0, a / b, 0.0 < b);
}

// The share of the variance along `u` that is independent of what is along `a1` and `a2`, of a place of covariance `c`.
fn apart(c: mat3x3<f32>, u: vec3<f32>, a1: vec3<f32>, a2: vec3<f32>) -> f32 {
    let c1 = product3(c, a1);
    let c2 = product3(c, a2);
    let c11 = dot3(a1, c1);
    let c12 = dot3(a2, c1);
    let all = dot3(u, product3(c, u));
    let first = dot3(u, c1);
    let l = over(c12, c11);
    let c22 = dot3(a2, c2) - l * c12;
    let second = dot3(u, c2) - l * first;
    let left = (all - over(first, c11) * first) - over(second, c22) * second;
    let share = over(left, all);
    return select(0.0, select(1.0, share, share < 1.0), 0.0 < share);
}

// A posterior, as a change of mean and a covariance, turned with the line `sight` to the prediction.
fn leaned(after: State, tau: f32, sight: vec3<f32>, share: f32) -> State {
    let rho = sqrt(dot3(sight, sight) + 1e-30f);
    let u = sight / rho;
    let to = sight + (after.x + tau * after.v);
    let far = sqrt(dot3(to, to) + 1e-30f);
    let w = to / far;
    let t = w - dot3(u, w) * u;
    let vp = transpose(after.pv);
    let place = Six(t, vec3(0.0));
    let velocity = Six(vec3(0.0), t);
    let k = Six(times(after.pp, after.pv, place), times(vp, after.vv, place));
    let l = Six(times(after.pp, after.pv, velocity), times(vp, after.vv, velocity));
    let su = share * u;
    let pp = less_outer(less_outer(after.pp, su, k.x), k.x, su);
    let pv = less_outer(less_outer(after.pv, su, k.v), l.x, su);
    let vv = less_outer(less_outer(after.vv, su, l.v), l.v, su);
    return State(
        after.x,
        after.v,
        mirrored(lengthened(pp, u, share * dot3(t, k.x))),
        lengthened(pv, u, share * dot3(t, k.v)),
        mirrored(lengthened(vv, u, share * dot3(t, l.v))),
    );
}

// m + along u uT.
fn lengthened(m: mat3x3<f32>, u: vec3<f32>, along: f32) -> mat3x3<f32> {
    return mat3x3(m[0] + u * u.x * along, m[1] + u * u.y * along, m[2] + u * u.z * along);
}

// Covariance of the position `tau` seconds from the state's time.
fn position_covariance(s: State, tau: f32) -> mat3x3<f32> {
    return s.pp + tau * (s.pv + transpose(s.pv)) + tau * (tau * s.vv);
}
