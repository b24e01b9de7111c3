// Counts the components that every lane will have. One invocation a lane.
// Guard: lanes past the end return.
// Twin: src/fusion/undetected.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> setups: array<Setup>;
@group(0) @binding(3) var<storage, read> gathered: array<u32>;
@group(0) @binding(4) var<storage, read> grounds: array<Ground>;
@group(0) @binding(5) var<storage, read> share: array<f32>;
@group(0) @binding(6) var<storage, read> components: array<Component>;
@group(0) @binding(7) var<storage, read> view_looks: array<ViewLook>;
@group(0) @binding(8) var<storage, read_write> lane_states: array<LaneState>;
@group(0) @binding(9) var<storage, read_write> status: array<Status>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn count_components(@builtin(global_invocation_id) id: vec3<u32>) {
    let l = index_of(id);
    if l >= params.n {
        return;
    }
    let s = lane_states[l];
    let look = looks[params.first_look + l];
    var count = s.components;
    if is_awake(l) && setups[l].kind == 1u {
        let recycled = gathered[s.first + s.places] - gathered[s.first];
        count = recycled;
        for (var k = 0u; k < s.components; k++) {
            let c = components[l * params.components_max + k];
            count += select(0u, 1u, thinned(l, look, c) >= setups[l].weight_min);
        }
        atomicMax(&status[0].components, max(s.components + recycled, count + setups[l].births));
    }
    lane_states[l].next_components = count;
}
