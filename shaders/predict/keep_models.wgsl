// Brings the motion models of every track back from the room beside theirs. One invocation a track; a lane that rests keeps
// its bits. Guard: tracks past the end return. Twin: src/fusion/models.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> lane: array<u32>;
@group(0) @binding(3) var<storage, read> spare_models: array<f32>;
@group(0) @binding(4) var<storage, read_write> models: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn keep_models(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    if !is_awake(lane[track / BLOCK]) {
        return;
    }
    for (var m = 0u; m < params.models; m++) {
        for (var k = 0u; k < MODEL; k++) {
            models[model_at(track, m, k)] = spare_models[model_at(track, m, k)];
        }
    }
}
