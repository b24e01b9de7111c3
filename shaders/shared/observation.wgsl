// What a detection says of a state. Twin: src/fusion/observation.rs

override RANGE: u32;
override KIND_BITS: u32;

// A row of position at a prediction: its direction, its residual and the variance of what is beyond first order.
struct PositionRow {
    axis: vec3<f32>,
    residual: f32,
    beyond: f32,
}

// Measured position less predicted position at the scan time, metres; tiles first.
fn difference_of(d: Detection, tile: vec3<i32>, x: vec3<f32>) -> vec3<f32> {
    let tiles = vec3<f32>(d.tile - tile);
    return tiles * TILE_M + (d.offset_m - x);
}

// A row of position, given the residual vector `e` and the covariance `c` of the position at the time of the detection.
fn position_row(kind: u32, row: Axis, range_m: f32, e: vec3<f32>, c: mat3x3<f32>) -> PositionRow {
    let a = row.direction;
    if kind != RANGE {
        return PositionRow(a, dot3(a, e), 0.0);
    }
    let sight = range_m * a - e;
    let rho = sqrt(dot3(sight, sight) + 1e-30f);
    let axis = sight / rho;
    let second = bent(c, axis, rho);
    return PositionRow(axis, (range_m - rho) - second.x, second.y);
}

// The kind of a row of position.
fn kind_of(kinds: u32, row: u32) -> u32 {
    return (kinds >> (KIND_BITS * row)) & ((1u << KIND_BITS) - 1u);
}

// A range in it is linear: the state is in straight coordinates.
fn first_row(o: Observation, e: vec3<f32>, c: mat3x3<f32>) -> PositionRow {
    let row = position_row(kind_of(o.kinds, 0u), o.position[0], o.ranges_m[0], e, c);
    return PositionRow(row.axis, row.residual, 0.0);
}

fn second_row(o: Observation, e: vec3<f32>, c: mat3x3<f32>) -> PositionRow {
    return position_row(kind_of(o.kinds, 1u), o.position[1], o.ranges_m[1], e, c);
}

fn third_row(o: Observation, e: vec3<f32>, c: mat3x3<f32>) -> PositionRow {
    return position_row(kind_of(o.kinds, 2u), o.position[2], o.ranges_m[2], e, c);
}

// The state after a row of position, `tau` seconds from the state's time.
fn with_position(s: State, row: PositionRow, tau: f32, sigma: f32) -> State {
    return updated(s, Six(row.axis, tau * row.axis), row.residual, sigma * sigma + row.beyond);
}

// The state after a row of velocity.
fn with_rate(s: State, line: Line, sigma: f32) -> State {
    return updated(s, Six(line.pull, line.axis), line.residual, sigma * sigma);
}

// The state given detection `d`, as a change of mean and a covariance. `then` is the state without the noise since the
// detection, `quiet` that without the noise of the last `dt` seconds.
fn posterior(d: Detection, o: Observation, tile: vec3<i32>, quiet: State, dt: f32, then: State) -> State {
    let tau = d.ahead_s;
    let e = difference_of(d, tile, then.x) - tau * then.v;
    if !has_sight(o) {
        return given_rows(o, e, tau, then);
    }
    let b = straight(o, e, tau, quiet, dt, then);
    return bent_again(b, o.position[1].direction, given_rows(o, e, 0.0, b.state));
}

// The same given rows `tau` seconds from a state: sequential scalar updates.
fn given_rows(o: Observation, e: vec3<f32>, tau: f32, prior: State) -> State {
    let c = position_covariance(prior, tau);
    var to = State(vec3(0.0), vec3(0.0), prior.pp, prior.pv, prior.vv);
    to = with_position(to, first_row(o, e, c), tau, o.position[0].sigma);
    to = with_position(to, second_row(o, e, c), tau, o.position[1].sigma);
    if 2.5 < f32(o.axes) {
        to = with_position(to, third_row(o, e, c), tau, o.position[2].sigma);
    }
    if o.rates > 0u {
        to = with_rate(to, line_of(o, 0u, o.velocity[0], o.rates_m_s[0], e, prior), o.velocity[0].sigma);
    }
    if o.rates > 1u {
        to = with_rate(to, line_of(o, 1u, o.velocity[1], o.rates_m_s[1], e, prior), o.velocity[1].sigma);
    }
    if o.rates > 2u {
        to = with_rate(to, line_of(o, 2u, o.velocity[2], o.rates_m_s[2], e, prior), o.velocity[2].sigma);
    }
    return to;
}
