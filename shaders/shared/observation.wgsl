// What a detection says of a state. Twin: src/fusion/observation.rs

// The first axis and its residual.
struct First {
    axis: vec3<f32>,
    residual: f32,
}

// Measured position less predicted position at the scan time, metres; tiles first.
fn difference_of(d: Detection, tile: vec3<i32>, x: vec3<f32>) -> vec3<f32> {
    let tiles = vec3<f32>(d.tile - tile);
    return tiles * TILE_M + (d.offset_m - x);
}

// First axis and its residual, given the residual vector `e` at the time of the detection.
fn first_of(o: Observation, e: vec3<f32>) -> First {
    if !(0.5 < f32(o.slant)) {
        return First(o.axis_0, dot3(o.axis_0, e));
    }
    let sight = o.range_m * o.axis_0 - e;
    let rho = sqrt(dot3(sight, sight) + 1e-30f);
    return First(sight / rho, o.range_m - rho);
}

// Row of a measured axis `a`, `tau` seconds from the state's time.
fn row_of(a: vec3<f32>, tau: f32) -> Six {
    return Six(a, tau * a);
}

// The state given detection `d`, as a change of mean and a covariance: sequential scalar updates.
fn posterior(d: Detection, o: Observation, tile: vec3<i32>, prior: State) -> State {
    let tau = d.ahead_s;
    let e = difference_of(d, tile, prior.x) - tau * prior.v;
    var to = State(vec3(0.0), vec3(0.0), prior.pp, prior.pv, prior.vv);
    let first = first_of(o, e);
    to = updated(to, row_of(first.axis, tau), first.residual, o.sigma_0_m);
    to = updated(to, row_of(o.axis_1, tau), dot3(o.axis_1, e), o.sigma_1_m);
    if 2.5 < f32(o.axes) {
        to = updated(to, row_of(o.axis_2, tau), dot3(o.axis_2, e), o.sigma_2_m);
    }
    if 0.0 < o.rate_sigma_m_s {
        let rate = Six(vec3(0.0), o.axis_0);
        to = updated(to, rate, o.rate_m_s - dot3(o.axis_0, prior.v), o.rate_sigma_m_s);
    }
    return to;
}
