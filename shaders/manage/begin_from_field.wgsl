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
    var third = o.sigma_2_m;
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
    let measured = along_axis(o.axis_0, o.sigma_0_m) + along_axis(o.axis_1, o.sigma_1_m) + along_axis(o.axis_2, third);
    var s = State(d.offset_m, vec3(0.0), measured + tau * (tau * vv), -tau * vv, vv);
    if o.rate_sigma_m_s > 0.0 {
        s = updated(s, Six(vec3(0.0), o.axis_0), o.rate_m_s, o.rate_sigma_m_s);
    }
    let home = homes[i];
    place_and_store(home, d.tile, s);
}

// The covariance of what was measured along one axis.
fn along_axis(axis: vec3<f32>, sigma: f32) -> mat3x3<f32> {
    let v = sigma * sigma;
    return mat3x3(v * axis * axis.x, v * axis * axis.y, v * axis * axis.z);
}
