// A state at a later time. Twin: src/fusion/predict.rs

// A state at the time of the scan, and the tiles that its place has gone on by.
struct Moved {
    tiles: vec3<i32>,
    s: State,
}

fn moved_by(look: Look, place: vec3<i32>, s: State) -> Moved {
    let u = up(look, place, s.x);
    let before = faded(s, u, look.height_information);
    let x = before.x + look.dt_s * before.v;
    let carry = floor(x * (1.0 / TILE_M) + 0.5);
    return Moved(
        vec3(truncated(carry.x), truncated(carry.y), truncated(carry.z)),
        propagated(State(x - carry * TILE_M, before.v, before.pp, before.pv, before.vv), u, look),
    );
}

// S P ST: what a height is known worse than heights are is taken back.
fn faded(s: State, u: vec3<f32>, height_information: f32) -> State {
    let excess = dot3(columns_along(s.pp, u), u) * height_information;
    if !(excess > 1.0) {
        return s;
    }
    let c = 1.0 - 1.0 / sqrt(excess);
    return State(
        s.x,
        s.v,
        mirrored(faded_block(s.pp, u, c)),
        faded_block(s.pv, u, c),
        mirrored(faded_block(s.vv, u, c)),
    );
}

// S m S with S = I - c u uT.
fn faded_block(m: mat3x3<f32>, u: vec3<f32>, c: f32) -> mat3x3<f32> {
    let a = columns_along(m, u) * c;
    let t = mat3x3(m[0] - a * u.x, m[1] - a * u.y, m[2] - a * u.z);
    return mat3x3(t[0] - u * (c * dot3(t[0], u)), t[1] - u * (c * dot3(t[1], u)), t[2] - u * (c * dot3(t[2], u)));
}

// The same mean with F P FT + Q.
fn propagated(s: State, u: vec3<f32>, look: Look) -> State {
    let dt = look.dt_s;
    return State(
        s.x,
        s.v,
        s.pp + dt * (s.pv + transpose(s.pv)) + dt * (dt * s.vv) + noise(look.noise_pp, look.extra_pp, u),
        s.pv + dt * s.vv + noise(look.noise_pv, look.extra_pv, u),
        s.vv + noise(look.noise_vv, look.extra_vv, u),
    );
}

// flat I + extra u uT. No zero is multiplied or added: a driver may leave that out, and with it a NaN.
fn noise(flat: f32, extra: f32, u: vec3<f32>) -> mat3x3<f32> {
    let x = u * u.x * extra;
    let y = u * u.y * extra;
    let z = u * u.z * extra;
    return mat3x3(vec3(flat + x.x, x.yz), vec3(y.x, flat + y.y, y.z), vec3(z.xy, flat + z.z));
}
