// Makes every track of a wave what the wave after, smoothed, tells of it. One invocation a track.
// Guard: tracks past the end return. Twin: src/refine/smooth.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> successors: array<u32>;
@group(0) @binding(3) var<storage, read_write> tile: array<i32>;
@group(0) @binding(4) var<storage, read_write> mean: array<f32>;
@group(0) @binding(5) var<storage, read_write> covariance: array<f32>;
@group(0) @binding(6) var<storage, read_write> existence: array<f32>;
@group(0) @binding(7) var<storage, read> spare_tile: array<i32>;
@group(0) @binding(8) var<storage, read> spare_mean: array<f32>;
@group(0) @binding(9) var<storage, read> spare_covariance: array<f32>;
@group(0) @binding(10) var<storage, read> later_existence: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn smooth_tracks(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let look = looks[params.first_look];
    let next = successors[track];
    if next == NONE {
        existence[track] = lasted(look, existence[track], 0.0);
        return;
    }
    existence[track] = lasted(look, existence[track], later_existence[next]);
    let place = tile_of(track);
    let step = straight_on(look, place, load_state(track));
    let gain = gain_of(step.crossed, step.predicted);
    let ahead = vec3<f32>(later_tile(next) - place);
    store_smoothed(track, place, back(step, gain, rest_of(gain, look.dt_s), ahead, load_later(next)));
}

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

// I - G F.
fn rest_of(gain: Six, dt: f32) -> Six {
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
