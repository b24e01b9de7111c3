// Begins tracks from a field of cells: the measured position, and the prior of velocity. One invocation a birth.
// Guard: births past the end, and those of lanes with components, return.
// Twin: src/fusion/undetected.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> status: array<Status>;
@group(0) @binding(2) var<storage, read> looks: array<Look>;
@group(0) @binding(3) var<storage, read> setups: array<Setup>;
@group(0) @binding(4) var<storage, read> placed: array<Placed>;
@group(0) @binding(5) var<storage, read> observations: array<Observation>;
@group(0) @binding(6) var<storage, read> birth_at: array<u32>;
@group(0) @binding(7) var<storage, read> homes: array<u32>;
@group(0) @binding(8) var<storage, read_write> tile: array<i32>;
@group(0) @binding(9) var<storage, read_write> mean: array<f32>;
@group(0) @binding(10) var<storage, read_write> covariance: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn begin_from_field(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let i = index_of(id, groups);
    if i >= params.n {
        return;
    }
    if i >= status[0].births {
        return;
    }
    let d = placed[birth_at[i]];
    let l = d.tag >> 8u;
    let setup = setups[l];
    if setup.kind != 0u {
        return;
    }
    let o = observations[d.observation];
    var third = o.position[2].sigma;
    if o.axes <= 2u {
        third = setup.height_m;
    }
    var upward = vec3(0.0, 0.0, 1.0);
    if setup.radial != 0u {
        let p = d.offset_m + vec3<f32>(d.tile) * TILE_M;
        let length = sqrt(dot3(p, p));
        upward = p / max(length, 1.0);
    }
    let level = setup.speed_m_s * setup.speed_m_s;
    let climb = setup.climb_m_s * setup.climb_m_s - level;
    let vv = mat3x3(
        vec3(level, 0.0, 0.0) + upward * upward.x * climb,
        vec3(0.0, level, 0.0) + upward * upward.y * climb,
        vec3(0.0, 0.0, level) + upward * upward.z * climb,
    );
    let tau = d.ahead_s;
    let measured = along_axis(o.position[0].direction, o.position[0].sigma)
        + along_axis(o.position[1].direction, o.position[1].sigma)
        + along_axis(o.position[2].direction, third);
    var s = State(d.offset_m, vec3(0.0), measured + tau * (tau * vv), -tau * vv, vv);
    var velocity = o.velocity;
    var rates_m_s = o.rates_m_s;
    for (var k = 0u; k < min(o.rates, 3u); k++) {
        s = updated(s, Six(vec3(0.0), velocity[k].direction), rates_m_s[k], velocity[k].sigma);
    }
    if tau < 0.0 {
        s = with_noise(s, looks[params.first_look + l], -tau, upward);
    }
    let home = homes[i];
    place_and_store(home, d.tile, s);
}

// The covariance of what was measured along one axis.
fn along_axis(axis: vec3<f32>, sigma: f32) -> mat3x3<f32> {
    let v = sigma * sigma;
    return mat3x3(v * axis * axis.x, v * axis * axis.y, v * axis * axis.z);
}
