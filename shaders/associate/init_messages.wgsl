// Makes the messages to the tracks ready. Guard: edges past the end return.
// Twin: src/fusion/associate/belief.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> status: array<Status>;
@group(0) @binding(2) var<storage, read_write> to_track: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn init_messages(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    if i < status[0].edges {
        to_track[i] = 1.0;
    }
}
