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
    var state = load_state(track);
    let u = up(look, track, &state);
    let dt = look.dt_s;
    for (var a = 0u; a < 3u; a++) {
        let moved = state.mean[a] + dt * state.mean[3u + a];
        let carry = floor(moved * (1.0 / TILE_M) + 0.5);
        state.mean[a] = moved - carry * TILE_M;
        let t = at(track, a, 3u);
        tile[t] = tile[t] + truncated(carry);
    }
    propagate(&state, u, look);
    store_state(track, &state);
    let o = odds[track];
    odds[track] = look.survival * o / (1.0 + (1.0 - look.survival) * o);
}

// Unit vector upwards at the track.
fn up(look: Look, track: u32, state: ptr<function, State>) -> vec3<f32> {
    if look.radial == 0u {
        return vec3(0.0, 0.0, 1.0);
    }
    let tiles = vec3(f32(tile[at(track, 0u, 3u)]), f32(tile[at(track, 1u, 3u)]), f32(tile[at(track, 2u, 3u)]));
    let place = tiles * TILE_M + vec3((*state).mean[0], (*state).mean[1], (*state).mean[2]);
    return place / sqrt(dot3(place, place) + 1e-30f);
}

// P becomes F P FT + Q.
fn propagate(state: ptr<function, State>, u: vec3<f32>, look: Look) {
    let dt = look.dt_s;
    var p = (*state).covariance;
    var q: array<f32, COVARIANCE>;
    for (var i = 0u; i < 3u; i++) {
        for (var j = 0u; j < 3u; j++) {
            let pv = p[tri(i, 3u + j)];
            let vv = p[tri(3u + i, 3u + j)];
            let along = u[i] * u[j];
            if i <= j {
                let pp = p[tri(i, j)] + dt * (pv + p[tri(j, 3u + i)]) + dt * (dt * vv);
                q[tri(i, j)] = pp + noise(i == j, look.noise_pp, along * look.extra_pp);
                q[tri(3u + i, 3u + j)] = vv + noise(i == j, look.noise_vv, along * look.extra_vv);
            }
            q[tri(i, 3u + j)] = pv + dt * vv + noise(i == j, look.noise_pv, along * look.extra_pv);
        }
    }
    (*state).covariance = q;
}

// Process noise of two axes: `flat` is that of one with itself.
fn noise(same: bool, flat: f32, extra: f32) -> f32 {
    if same {
        return flat + extra;
    }
    return extra;
}
