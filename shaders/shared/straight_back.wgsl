// A step backwards of what goes straight on. Twin: src/refine/smooth.rs

// What the filter made of a state for the wave after.
fn straight_on(look: LaneStep, place: vec3<i32>, s: State) -> Ahead {
    let u = up(look, place, s.x);
    let before = faded(s, u, look.height_information);
    let dt = look.dt_s;
    let q = look.noise;
    let pp = before.pp + dt * before.pv;
    let vp = transpose(before.pv) + dt * before.vv;
    let crossed = Six(
        Column(pp[0], vp[0]), Column(pp[1], vp[1]), Column(pp[2], vp[2]),
        Column(before.pv[0], before.vv[0]), Column(before.pv[1], before.vv[1]), Column(before.pv[2], before.vv[2]),
    );
    let spread = State(s.x, s.v, noise(q.pp, q.extra_pp, u), noise(q.pv, q.extra_pv, u), noise(q.vv, q.extra_vv, u));
    return Ahead(before, moved(before, u, look), vec3(0.0), crossed, spread);
}

// I - G F of a straight way.
fn straight_rest(gain: Six, dt: f32) -> Six {
    let d = plus(gain.d, gain.a, dt);
    let e = plus(gain.e, gain.b, dt);
    let f = plus(gain.f, gain.c, dt);
    return Six(
        Column(vec3(1.0 - gain.a.x.x, -gain.a.x.yz), -gain.a.v),
        Column(vec3(-gain.b.x.x, 1.0 - gain.b.x.y, -gain.b.x.z), -gain.b.v),
        Column(vec3(-gain.c.x.xy, 1.0 - gain.c.x.z), -gain.c.v),
        Column(-d.x, vec3(1.0 - d.v.x, -d.v.yz)),
        Column(-e.x, vec3(-e.v.x, 1.0 - e.v.y, -e.v.z)),
        Column(-f.x, vec3(-f.v.xy, 1.0 - f.v.z)),
    );
}
