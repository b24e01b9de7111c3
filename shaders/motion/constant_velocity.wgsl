// Nearly constant velocity. Twin: src/fusion/motion/constant_velocity.rs

// The state at the time of a look: F x, F P FT + Q. Its place is counted from the tile of before.
fn moved(s: State, u: vec3<f32>, look: LaneStep) -> State {
    let dt = look.dt_s;
    let q = look.noise;
    return State(
        s.x + dt * s.v,
        s.v,
        s.pp + dt * (s.pv + transpose(s.pv)) + dt * (dt * s.vv) + noise(q.pp, q.extra_pp, u),
        s.pv + dt * s.vv + noise(q.pv, q.extra_pv, u),
        s.vv + noise(q.vv, q.extra_vv, u),
    );
}

// flat I + extra u uT. No zero is multiplied or added: a driver may leave that out, and with it a NaN.
fn noise(flat: f32, extra: f32, u: vec3<f32>) -> mat3x3<f32> {
    let x = u * u.x * extra;
    let y = u * u.y * extra;
    let z = u * u.z * extra;
    return mat3x3(vec3(flat + x.x, x.yz), vec3(y.x, flat + y.y, y.z), vec3(z.xy, flat + z.z));
}
