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

fn first_row(o: Observation, e: vec3<f32>, c: mat3x3<f32>) -> PositionRow {
    return position_row(kind_of(o.kinds, 0u), o.position[0], o.ranges_m[0], e, c);
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
fn with_rate(s: State, line: Line, tau: f32, sigma: f32) -> State {
    var h = Six(line.pull, line.axis);
    if line.turns {
        h.v = line.axis + tau * line.pull;
    }
    return updated(s, h, line.residual, sigma * sigma + line.beyond);
}

// The state given detection `d`, as a change of mean and a covariance: sequential scalar updates.
fn posterior(d: Detection, o: Observation, tile: vec3<i32>, prior: State) -> State {
    let tau = d.ahead_s;
    let e = difference_of(d, tile, prior.x) - tau * prior.v;
    let c = position_covariance(prior, tau);
    var to = State(vec3(0.0), vec3(0.0), prior.pp, prior.pv, prior.vv);
    to = with_position(to, first_row(o, e, c), tau, o.position[0].sigma);
    to = with_position(to, second_row(o, e, c), tau, o.position[1].sigma);
    if 2.5 < f32(o.axes) {
        to = with_position(to, third_row(o, e, c), tau, o.position[2].sigma);
    }
    if o.rates > 0u {
        let line = line_of(o, 0u, o.velocity[0], o.rates_m_s[0], e, prior, tau);
        to = with_rate(to, line, tau, o.velocity[0].sigma);
    }
    if o.rates > 1u {
        let line = line_of(o, 1u, o.velocity[1], o.rates_m_s[1], e, prior, tau);
        to = with_rate(to, line, tau, o.velocity[1].sigma);
    }
    if o.rates > 2u {
        let line = line_of(o, 2u, o.velocity[2], o.rates_m_s[2], e, prior, tau);
        to = with_rate(to, line, tau, o.velocity[2].sigma);
    }
    let sight = sight_of(o, e);
    if sight.w > 0.0 {
        let share = apart(c, sight.xyz, o.position[1].direction, o.position[2].direction);
        if share > 0.0 {
            to = leaned(to, tau, sight.xyz, share);
        }
    }
    return to;
}
