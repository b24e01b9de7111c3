// Moves Gaussian components to the time of the scan, and adds births. One invocation a lane.
// Guard: lanes past the end, and those that rest, return.
// Twin: src/fusion/predict.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> setups: array<Setup>;
@group(0) @binding(3) var<storage, read> component_births: array<Component>;
@group(0) @binding(4) var<storage, read_write> components: array<Component>;
@group(0) @binding(5) var<storage, read_write> lane_states: array<LaneState>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn predict_components(@builtin(global_invocation_id) id: vec3<u32>) {
    let l = index_of(id);
    if l >= params.n {
        return;
    }
    let look = looks[params.first_look + l];
    let setup = setups[l];
    if !is_awake(l) || setup.kind != 1u {
        return;
    }
    let first = l * params.components_max;
    let count = lane_states[l].components;
    for (var k = 0u; k < count; k++) {
        let c = components[first + k];
        let moved = moved_by(look, c.tile, state_of_component(c));
        components[first + k] = component_of(c.weight * (look.survival * (1.0 - look.heard)), c.tile + moved.tiles, moved.s);
    }
    for (var k = 0u; k < min(setup.births, params.components_max - count); k++) {
        components[first + count + k] = component_births[setup.first_birth + k];
    }
    lane_states[l].components = min(count + setup.births, params.components_max);
}
