// Moves every track to the time of its lane's scan. One invocation a track; a lane that rests keeps its bits.
// Guard: tracks past the end return. Twin: src/fusion/predict.rs

override WORKGROUP_SIZE: u32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<Look>;
@group(0) @binding(2) var<storage, read> lane: array<u32>;
@group(0) @binding(3) var<storage, read_write> tile: array<i32>;
@group(0) @binding(4) var<storage, read_write> mean: array<f32>;
@group(0) @binding(5) var<storage, read_write> covariance: array<f32>;
@group(0) @binding(6) var<storage, read_write> odds: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn predict(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let track = id.x + id.y * (groups.x * WORKGROUP_SIZE);
    if track >= params.tracks {
        return;
    }
    let l = lane[track / BLOCK];
    if l >= params.lanes || looks[l].awake != 1u {
        return;
    }
    let look = looks[l];
    let before = load_state(track);
    let place = tile_of(track);
    let u = up(look, place, before.x);
    let moved = before.x + look.dt_s * before.v;
    let carry = floor(moved * (1.0 / TILE_M) + 0.5);
    tile[at(track, 0u, 3u)] = place.x + truncated(carry.x);
    tile[at(track, 1u, 3u)] = place.y + truncated(carry.y);
    tile[at(track, 2u, 3u)] = place.z + truncated(carry.z);
    store_state(track, propagated(State(moved - carry * TILE_M, before.v, before.pp, before.pv, before.vv), u, look));
    let o = odds[track];
    odds[track] = look.survival * o / (1.0 + (1.0 - look.survival) * o);
}

// Unit vector upwards at the track.
fn up(look: Look, place: vec3<i32>, x: vec3<f32>) -> vec3<f32> {
    if look.radial == 0u {
        return vec3(0.0, 0.0, 1.0);
    }
    let p = vec3<f32>(place) * TILE_M + x;
    return p / sqrt(p.x * p.x + p.y * p.y + p.z * p.z + 1e-30f);
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
