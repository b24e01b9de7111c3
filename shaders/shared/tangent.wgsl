// The straight line that an orbit touches at the time of a detection. Twin: src/fusion/motion/tangent.rs

// The state at `tau` from the scan as a straight line, for `sign` 1; that of such a line at the scan, for -1.
fn tangent(s: State, place: vec3<i32>, tau: f32, sign: f32) -> State {
    let a = pull(vec3<f32>(place) * TILE_M + s.x, s.v);
    return State(s.x - (0.5 * tau * tau * sign) * a, s.v + (tau * sign) * a, s.pp, s.pv, s.vv);
}
