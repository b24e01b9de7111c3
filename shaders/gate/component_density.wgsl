// The same from Gaussian components. Guard: detections past the end, and those of lanes with a field of cells, return.
// Twin: src/fusion/undetected.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> setups: array<Setup>;
@group(0) @binding(3) var<storage, read> lane_states: array<LaneState>;
@group(0) @binding(4) var<storage, read> components: array<Component>;
@group(0) @binding(5) var<storage, read> observations: array<Observation>;
@group(0) @binding(6) var<storage, read> grounds: array<Ground>;
@group(0) @binding(7) var<storage, read> share: array<f32>;
@group(0) @binding(8) var<storage, read> view_looks: array<ViewLook>;
@group(0) @binding(9) var<storage, read_write> placed: array<Placed>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn component_density(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    let p = placed[i];
    let l = p.tag >> 8u;
    if setups[l].kind != 1u {
        return;
    }
    let look = looks[params.first_look + l];
    let o = observations[p.observation];
    let d = Detection(p.tile, p.ahead_s, p.offset_m, p.observation);
    var e = 0.0;
    for (var k = 0u; k < lane_states[l].components; k++) {
        let c = components[l * params.components_max + k];
        let likelihood = density_of(innovation_of(d, o, c.tile, state_of_component(c)));
        let visible = visible_at(l, look, c.tile, vec3(c.mean[0], c.mean[1], c.mean[2]));
        e = e + look.detection_probability * visible * c.weight * likelihood;
    }
    let sum = o.clutter + e;
    // Never zero: a detection where nothing is expected is still a detection.
    placed[i].density = select(DENSITY_MIN, sum, DENSITY_MIN < sum);
    placed[i].fresh = e;
}
