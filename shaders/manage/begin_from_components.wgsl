// Begins tracks from Gaussian components: their mixture given the detection. One invocation a birth.
// Guard: births past the end, and those of lanes with a field of cells, return.
// Twin: src/fusion/undetected.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> lane_states: array<LaneState>;
@group(0) @binding(3) var<storage, read> components: array<Component>;
@group(0) @binding(4) var<storage, read> placed: array<Placed>;
@group(0) @binding(5) var<storage, read> observations: array<Observation>;
@group(0) @binding(6) var<storage, read> birth_at: array<u32>;
@group(0) @binding(7) var<storage, read> homes: array<u32>;
@group(0) @binding(8) var<storage, read_write> tile: array<i32>;
@group(0) @binding(9) var<storage, read_write> mean: array<f32>;
@group(0) @binding(10) var<storage, read_write> covariance: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn begin_from_components(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    if birth_at[i] == NONE {
        return;
    }
    let p = placed[birth_at[i]];
    let l = p.tag >> 8u;
    let count = lane_states[l].components;
    if count == 0u {
        return;
    }
    let look = looks[params.first_look + l];
    let d = Detection(p.tile, p.ahead_s, p.offset_m, p.observation);
    let o = observations[p.observation];
    let first = components[l * params.components_max].tile;
    var density = 0.0;
    var m = State(vec3(0.0), vec3(0.0), mat3x3<f32>(), mat3x3<f32>(), mat3x3<f32>());
    for (var k = 0u; k < count; k++) {
        let c = components[l * params.components_max + k];
        let prior = state_of_component(c);
        let w = look.detection_probability * c.weight * density_of(innovation_of(d, o, c.tile, prior));
        if w > 0.0 {
            var h = posterior(d, o, c.tile, prior);
            h.x = (h.x + prior.x) + vec3<f32>(c.tile - first) * TILE_M;
            h.v = h.v + prior.v;
            let sum = density + w;
            let share = w / sum;
            let keep = density / sum;
            let spread = keep * share;
            let dx = h.x - m.x;
            let dv = h.v - m.v;
            m = State(
                m.x + share * dx,
                m.v + share * dv,
                keep * m.pp + share * h.pp + spread * outer(dx, dx),
                keep * m.pv + share * h.pv + spread * outer(dx, dv),
                keep * m.vv + share * h.vv + spread * outer(dv, dv),
            );
            density = sum;
        }
    }
    place_and_store(homes[i], first, m);
}
