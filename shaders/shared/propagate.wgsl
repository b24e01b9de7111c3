// A state at a later time. Twin: src/fusion/predict.rs

// Unit vector upwards at the track.
fn up(look: Look, place: vec3<i32>, x: vec3<f32>) -> vec3<f32> {
    if look.radial == 0u {
        return vec3(0.0, 0.0, 1.0);
    }
    let p = vec3<f32>(place) * TILE_M + x;
    return p / sqrt(p.x * p.x + p.y * p.y + p.z * p.z + 1e-30f);
}

// A state at the time of the scan, and the tiles that its place has gone on by.
struct Moved {
    tiles: vec3<i32>,
    s: State,
}

fn moved_by(look: Look, place: vec3<i32>, before: State) -> Moved {
    let u = up(look, place, before.x);
    let x = before.x + look.dt_s * before.v;
    let carry = floor(x * (1.0 / TILE_M) + 0.5);
    return Moved(
        vec3(truncated(carry.x), truncated(carry.y), truncated(carry.z)),
        propagated(State(x - carry * TILE_M, before.v, before.pp, before.pv, before.vv), u, look),
    );
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
