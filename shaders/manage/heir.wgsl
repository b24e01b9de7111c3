// Finds the first track whose elder every track is, if it has none itself. One invocation a track.
// Guard: places past the end, and tracks without an elder that stays, return. Twin: src/fusion/views/twins.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> elders: array<u32>;
@group(0) @binding(2) var<storage, read_write> heirs: array<atomic<u32>>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn heir(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    if elders[track] == 0u {
        return;
    }
    let elder = NONE - elders[track];
    if elders[elder] == 0u {
        atomicMax(&heirs[elder], NONE - track);
    }
}
