// Moves the words of every track to its new place, field by field. One invocation a track.
// Guard: places past the end, and tracks that go nowhere, return.
// Twin: src/fusion/manage.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> targets: array<u32>;
@group(0) @binding(2) var<storage, read> words: array<u32>;
@group(0) @binding(3) var<storage, read_write> copies: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn move_words(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let to = targets[track];
    if to == NONE {
        return;
    }
    for (var k = 0u; k < params.stride; k++) {
        copies[at(to, k, params.stride)] = words[at(track, k, params.stride)];
    }
}
