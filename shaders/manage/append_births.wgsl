// The births of lanes that were put in order, and the detection of every birth. One invocation a detection.
// Guard: detections past the end, and those that begin nothing, return.
// Twin: src/fusion/manage.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> placed: array<Placed>;
@group(0) @binding(2) var<storage, read> born: array<u32>;
@group(0) @binding(3) var<storage, read> lane_states: array<LaneState>;
@group(0) @binding(4) var<storage, read> blocks: array<u32>;
@group(0) @binding(5) var<storage, read_write> birth_at: array<u32>;
@group(0) @binding(6) var<storage, read_write> homes: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn append_births(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    if i >= born[params.detections] {
        birth_at[i] = NONE;
    }
    let birth = born[i];
    if born[i + 1u] == birth {
        return;
    }
    birth_at[birth] = i;
    let l = placed[i].tag >> 8u;
    let s = lane_states[l];
    if s.in_place == 0u {
        homes[birth] = blocks[l] * BLOCK + (s.next_live - s.births) + (birth - s.first_birth);
    }
}
