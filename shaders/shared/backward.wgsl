// A state at a wave, given what the wave after made of it. Twin: src/refine/smooth.rs

// A pivot below this share of its variance is rounding: along it nothing is corrected.
override PIVOT_MIN: f32;

// 6 x 6, column by column.
struct Six {
    a: Column,
    b: Column,
    c: Column,
    d: Column,
    e: Column,
    f: Column,
}

// What the filter made of a state for the wave after, whose place it counts so many tiles from before; P FT and Q.
struct Ahead {
    before: State,
    predicted: State,
    tiles: vec3<f32>,
    crossed: Six,
    noise: State,
}

// The covariance of a state.
fn six_of(s: State) -> Six {
    let vp = transpose(s.pv);
    return Six(
        Column(s.pp[0], vp[0]), Column(s.pp[1], vp[1]), Column(s.pp[2], vp[2]),
        Column(s.pv[0], s.vv[0]), Column(s.pv[1], s.vv[1]), Column(s.pv[2], s.vv[2]),
    );
}

// m c, summed column by column.
fn six_times(m: Six, c: Column) -> Column {
    return plus(plus(plus(plus(plus(scaled(m.a, c.x.x), m.b, c.x.y), m.c, c.x.z), m.d, c.v.x), m.e, c.v.y), m.f, c.v.z);
}

fn transposed(m: Six) -> Six {
    return Six(
        Column(vec3(m.a.x.x, m.b.x.x, m.c.x.x), vec3(m.d.x.x, m.e.x.x, m.f.x.x)),
        Column(vec3(m.a.x.y, m.b.x.y, m.c.x.y), vec3(m.d.x.y, m.e.x.y, m.f.x.y)),
        Column(vec3(m.a.x.z, m.b.x.z, m.c.x.z), vec3(m.d.x.z, m.e.x.z, m.f.x.z)),
        Column(vec3(m.a.v.x, m.b.v.x, m.c.v.x), vec3(m.d.v.x, m.e.v.x, m.f.v.x)),
        Column(vec3(m.a.v.y, m.b.v.y, m.c.v.y), vec3(m.d.v.y, m.e.v.y, m.f.v.y)),
        Column(vec3(m.a.v.z, m.b.v.z, m.c.v.z), vec3(m.d.v.z, m.e.v.z, m.f.v.z)),
    );
}

// m P mT of the covariance of a state, whose mean comes back as it is.
fn between(m: Six, s: State) -> State {
    let p = six_of(s);
    let left = Six(
        six_times(m, p.a), six_times(m, p.b), six_times(m, p.c), six_times(m, p.d), six_times(m, p.e), six_times(m, p.f),
    );
    let rows = transposed(m);
    let a = six_times(left, rows.a);
    let b = six_times(left, rows.b);
    let c = six_times(left, rows.c);
    let d = six_times(left, rows.d);
    let e = six_times(left, rows.e);
    let f = six_times(left, rows.f);
    return State(
        s.x, s.v, mirrored(mat3x3(a.x, b.x, c.x)), mat3x3(d.x, e.x, f.x), mirrored(mat3x3(d.v, e.v, f.v))
    );
}

// A column less what an earlier column of L takes of it.
fn reduced(c: Column, l: Column, own: f32, pivot: f32) -> Column {
    return Column(c.x - l.x * own * pivot, c.v - l.v * own * pivot);
}

// One over a pivot; 0 where it is rounding.
fn inverse_of(pivot: f32, variance: f32) -> f32 {
    let some = variance * PIVOT_MIN < pivot;
    return select(0.0, 1.0 / select(1.0, pivot, some), some);
}

// G = P FT P'^-1 of P FT and P' = L D LT.
fn gain_of(crossed: Six, predicted: State) -> Six {
    let p = six_of(predicted);
    let i_a = inverse_of(p.a.x.x, p.a.x.x);
    let a = scaled(p.a, i_a);
    let r_b = reduced(p.b, a, a.x.y, p.a.x.x);
    let i_b = inverse_of(r_b.x.y, p.b.x.y);
    let b = scaled(r_b, i_b);
    let r_c = reduced(reduced(p.c, a, a.x.z, p.a.x.x), b, b.x.z, r_b.x.y);
    let i_c = inverse_of(r_c.x.z, p.c.x.z);
    let c = scaled(r_c, i_c);
    let r_d = reduced(reduced(reduced(p.d, a, a.v.x, p.a.x.x), b, b.v.x, r_b.x.y), c, c.v.x, r_c.x.z);
    let i_d = inverse_of(r_d.v.x, p.d.v.x);
    let d = scaled(r_d, i_d);
    let three_e = reduced(reduced(reduced(p.e, a, a.v.y, p.a.x.x), b, b.v.y, r_b.x.y), c, c.v.y, r_c.x.z);
    let r_e = reduced(three_e, d, d.v.y, r_d.v.x);
    let i_e = inverse_of(r_e.v.y, p.e.v.y);
    let e = scaled(r_e, i_e);
    let three_f = reduced(reduced(reduced(p.f, a, a.v.z, p.a.x.x), b, b.v.z, r_b.x.y), c, c.v.z, r_c.x.z);
    let r_f = reduced(reduced(three_f, d, d.v.z, r_d.v.x), e, e.v.z, r_e.v.y);
    let i_f = inverse_of(r_f.v.z, p.f.v.z);
    // L y = the rows of P FT, D z = y, LT g = z.
    let y_b = minus(crossed.b, crossed.a, a.x.y);
    let y_c = minus(minus(crossed.c, crossed.a, a.x.z), y_b, b.x.z);
    let y_d = minus(minus(minus(crossed.d, crossed.a, a.v.x), y_b, b.v.x), y_c, c.v.x);
    let y_e = minus(minus(minus(minus(crossed.e, crossed.a, a.v.y), y_b, b.v.y), y_c, c.v.y), y_d, d.v.y);
    let four_f = minus(minus(minus(minus(crossed.f, crossed.a, a.v.z), y_b, b.v.z), y_c, c.v.z), y_d, d.v.z);
    let g_f = scaled(minus(four_f, y_e, e.v.z), i_f);
    let g_e = minus(scaled(y_e, i_e), g_f, e.v.z);
    let g_d = minus(minus(scaled(y_d, i_d), g_e, d.v.y), g_f, d.v.z);
    let g_c = minus(minus(minus(scaled(y_c, i_c), g_d, c.v.x), g_e, c.v.y), g_f, c.v.z);
    let g_b = minus(minus(minus(minus(scaled(y_b, i_b), g_c, b.x.z), g_d, b.v.x), g_e, b.v.y), g_f, b.v.z);
    let of_a = minus(minus(minus(minus(scaled(crossed.a, i_a), g_b, a.x.y), g_c, a.x.z), g_d, a.v.x), g_e, a.v.y);
    return Six(minus(of_a, g_f, a.v.z), g_b, g_c, g_d, g_e, g_f);
}

// x + G (x_N - x') and (I - G F) P (I - G F)T + G (P_N + Q) GT, of G and I - G F; the later place is so far ahead in tiles.
fn back(step: Ahead, gain: Six, rest: Six, ahead: vec3<f32>, later: State) -> State {
    let x = (ahead - step.tiles) * TILE_M + (later.x - step.predicted.x);
    let v = later.v - step.predicted.v;
    var mean = plus(plus(plus(Column(step.before.x, step.before.v), gain.a, x.x), gain.b, x.y), gain.c, x.z);
    mean = plus(plus(plus(mean, gain.d, v.x), gain.e, v.y), gain.f, v.z);
    let own = between(rest, step.before);
    let noise = step.noise;
    let beyond = State(later.x, later.v, noise.pp + later.pp, noise.pv + later.pv, noise.vv + later.vv);
    let others = between(gain, beyond);
    return State(mean.x, mean.v, own.pp + others.pp, own.pv + others.pv, own.vv + others.vv);
}

// r of the filter, given that of the wave after.
fn lasted(look: LaneStep, r: f32, later: f32) -> f32 {
    // In no time nothing ends: of what is certain that would be nothing over nothing.
    let ended = r * (1.0 - look.survival) / (1.0 - look.survival * r);
    return later + (1.0 - later) * select(0.0, ended, 0.0 < 1.0 - look.survival);
}
