// Begins tracks from a field of cells: the measured position, and the prior of velocity. One invocation a birth.
// Guard: births past the end, and those of lanes with components, return.
// Twin: src/fusion/undetected.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> status: array<Status>;
@group(0) @binding(2) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(3) var<storage, read> setups: array<Setup>;
@group(0) @binding(4) var<storage, read> placed: array<Placed>;
@group(0) @binding(5) var<storage, read> observations: array<Observation>;
@group(0) @binding(6) var<storage, read> birth_at: array<u32>;
@group(0) @binding(7) var<storage, read> homes: array<u32>;
@group(0) @binding(8) var<storage, read_write> tile: array<i32>;
@group(0) @binding(9) var<storage, read_write> mean: array<f32>;
@group(0) @binding(10) var<storage, read_write> covariance: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn begin_from_field(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
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
    let sigma = o.position[2].sigma;
    let third = select(setup.height_m, sigma, o.axes > 2u || sigma > 0.0);
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
    let along = vec3(
        o.position[0].sigma * o.position[0].sigma,
        o.position[1].sigma * o.position[1].sigma,
        third * third,
    );
    // A range bends: what is uncertain across it brings the mean nearer and makes it less certain along it.
    var offset_m = d.offset_m;
    var variance = along;
    if kind_of(o.kinds, 0u) == RANGE {
        offset_m = nearer(offset_m, o.position[0], o.ranges_m[0], along.yz);
        variance.x = along.x + longer(o.ranges_m[0], along.yz);
    }
    if kind_of(o.kinds, 1u) == RANGE {
        offset_m = nearer(offset_m, o.position[1], o.ranges_m[1], along.xz);
        variance.y = along.y + longer(o.ranges_m[1], along.xz);
    }
    if kind_of(o.kinds, 2u) == RANGE {
        offset_m = nearer(offset_m, o.position[2], o.ranges_m[2], along.xy);
        variance.z = along.z + longer(o.ranges_m[2], along.xy);
    }
    let measured = along_axis(o.position[0].direction, variance.x)
        + along_axis(o.position[1].direction, variance.y)
        + along_axis(o.position[2].direction, variance.z);
    var s = State(offset_m, vec3(0.0), measured + tau * (tau * vv), -tau * vv, vv);
    let unseen = s;
    var velocity = o.velocity;
    var rates_m_s = o.rates_m_s;
    for (var k = 0u; k < min(o.rates, 3u); k++) {
        var r = velocity[k].sigma * velocity[k].sigma;
        if k == 0u && o.sight_m > 0.0 {
            r = r + (turned(o.position[1].direction, variance.y, o.sight_m, vv)
                + turned(o.position[2].direction, variance.z, o.sight_m, vv));
        }
        s = updated(s, Six(vec3(0.0), velocity[k].direction), rates_m_s[k], r);
    }
    if looks[params.first_look + l].orbits == 1u {
        s = tangent(rounded(unseen, s), d.tile, tau, -1.0);
    }
    if looks[params.first_look + l].turning.turns == 1u {
        s = curved(s, upward, looks[params.first_look + l], tau, -tau);
    } else if tau < 0.0 {
        s = with_noise(s, looks[params.first_look + l], -tau, upward);
    }
    let home = homes[i];
    place_and_store(home, d.tile, s);
}

// What a velocity across a line of sight may add to one along it.
fn turned(a: vec3<f32>, across: f32, sight_m: f32, vv: mat3x3<f32>) -> f32 {
    return (across / (sight_m * sight_m)) * dot3(a, product3(vv, a));
}

fn nearer(offset_m: vec3<f32>, row: Axis, range_m: f32, across: vec2<f32>) -> vec3<f32> {
    return offset_m - 0.5 * ((across.x + across.y) / max(range_m, 1.0)) * row.direction;
}

fn longer(range_m: f32, across: vec2<f32>) -> f32 {
    let r = max(range_m, 1.0);
    return 0.5 * ((across.x * across.x + across.y * across.y) / (r * r));
}

// The covariance of what was measured along one axis, with variance v.
fn along_axis(axis: vec3<f32>, v: f32) -> mat3x3<f32> {
    return mat3x3(v * axis * axis.x, v * axis * axis.y, v * axis * axis.z);
}
