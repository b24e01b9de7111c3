// Puts every recycled track behind the components of its lane, in the order of their places.
// Guard: places past the end, and those of other fates, return.
// Twin: src/fusion/undetected.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> fates: array<u32>;
@group(0) @binding(2) var<storage, read> lane: array<u32>;
@group(0) @binding(3) var<storage, read> gathered: array<u32>;
@group(0) @binding(4) var<storage, read> setups: array<Setup>;
@group(0) @binding(5) var<storage, read> lane_states: array<LaneState>;
@group(0) @binding(6) var<storage, read> odds: array<f32>;
@group(0) @binding(7) var<storage, read> tile: array<i32>;
@group(0) @binding(8) var<storage, read> mean: array<f32>;
@group(0) @binding(9) var<storage, read> covariance: array<f32>;
@group(0) @binding(10) var<storage, read_write> components: array<Component>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn recycle_tracks(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    if fates[track] != RECYCLED {
        return;
    }
    let l = lane[track / BLOCK];
    if setups[l].kind != 1u {
        return;
    }
    let s = lane_states[l];
    let slot = s.components + (gathered[track] - gathered[s.first]);
    let o = odds[track];
    components[l * params.components_max + slot] = component_of(o / (1.0 + o), tile_of(track), load_state(track));
}
