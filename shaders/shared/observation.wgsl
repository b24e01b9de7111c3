// What a detection says of a state. Twin: src/fusion/observation.rs

override RANGE: u32;
override KIND_BITS: u32;

// A row of position at a prediction: its direction and its residual.
struct PositionRow {
    axis: vec3<f32>,
    residual: f32,
}

// Measured position less predicted position at the scan time, metres; tiles first.
fn difference_of(d: Detection, tile: vec3<i32>, x: vec3<f32>) -> vec3<f32> {
    let tiles = vec3<f32>(d.tile - tile);
    return tiles * TILE_M + (d.offset_m - x);
}

// A row of position along `a`, given the residual vector `e` at the time of the detection.
fn position_row(kind: u32, a: vec3<f32>, range_m: f32, e: vec3<f32>) -> PositionRow {
    if kind != RANGE {
        return PositionRow(a, dot3(a, e));
    }
    let sight = range_m * a - e;
    let rho = sqrt(dot3(sight, sight) + 1e-30f);
    return PositionRow(sight / rho, range_m - rho);
}

// The kind of a row of position.
fn kind_of(kinds: u32, row: u32) -> u32 {
    return (kinds >> (KIND_BITS * row)) & ((1u << KIND_BITS) - 1u);
}

fn first_row(o: Observation, e: vec3<f32>) -> PositionRow {
    return position_row(kind_of(o.kinds, 0u), o.position[0].direction, o.ranges_m[0], e);
}

fn second_row(o: Observation, e: vec3<f32>) -> PositionRow {
    return position_row(kind_of(o.kinds, 1u), o.position[1].direction, o.ranges_m[1], e);
}

fn third_row(o: Observation, e: vec3<f32>) -> PositionRow {
    return position_row(kind_of(o.kinds, 2u), o.position[2].direction, o.ranges_m[2], e);
}

// The state after a row of position, `tau` seconds from the state's time.
fn with_position(s: State, row: PositionRow, tau: f32, sigma: f32) -> State {
    return updated(s, Six(row.axis, tau * row.axis), row.residual, sigma);
}

// The state after a row of velocity, `s` being what changed since `v`.
fn with_rate(s: State, row: Axis, rate: f32, v: vec3<f32>) -> State {
    return updated(s, Six(vec3(0.0), row.direction), rate - dot3(row.direction, v), row.sigma);
}

// The state given detection `d`, as a change of mean and a covariance: sequential scalar updates.
fn posterior(d: Detection, o: Observation, tile: vec3<i32>, prior: State) -> State {
    let tau = d.ahead_s;
    let e = difference_of(d, tile, prior.x) - tau * prior.v;
    var to = State(vec3(0.0), vec3(0.0), prior.pp, prior.pv, prior.vv);
    to = with_position(to, first_row(o, e), tau, o.position[0].sigma);
    to = with_position(to, second_row(o, e), tau, o.position[1].sigma);
    if 2.5 < f32(o.axes) {
        to = with_position(to, third_row(o, e), tau, o.position[2].sigma);
    }
    if o.rates > 0u {
        to = with_rate(to, o.velocity[0], o.rates_m_s[0], prior.v);
    }
    if o.rates > 1u {
        to = with_rate(to, o.velocity[1], o.rates_m_s[1], prior.v);
    }
    if o.rates > 2u {
        to = with_rate(to, o.velocity[2], o.rates_m_s[2], prior.v);
    }
    return to;
}
