// Thins the components of every lane, drops the light ones and takes recycled tracks back, in their order.
// Guard: lanes past the end, those that rest, and those with a field of cells return.
// Twin: src/fusion/undetected.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> setups: array<Setup>;
@group(0) @binding(3) var<storage, read> grounds: array<Ground>;
@group(0) @binding(4) var<storage, read> share: array<f32>;
@group(0) @binding(5) var<storage, read> lane_states: array<LaneState>;
@group(0) @binding(6) var<storage, read> view_looks: array<ViewLook>;
@group(0) @binding(7) var<storage, read_write> components: array<Component>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn prune_components(@builtin(global_invocation_id) id: vec3<u32>) {
    let l = index_of(id);
    if l >= params.n {
        return;
    }
    let look = looks[params.first_look + l];
    if !is_awake(l) || setups[l].kind != 1u {
        return;
    }
    let first = l * params.components_max;
    var to = first;
    for (var k = 0u; k < lane_states[l].components; k++) {
        var c = components[first + k];
        c.weight = thinned(l, look, c);
        if c.weight >= setups[l].weight_min {
            components[to] = c;
            to++;
        }
    }
    let recycled = first + lane_states[l].next_components - to;
    for (var k = 0u; k < recycled; k++) {
        components[to + k] = components[first + lane_states[l].components + k];
    }
}
