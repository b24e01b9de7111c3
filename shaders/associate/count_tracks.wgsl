// Counts the tracks of every cluster. Guard: places past the end return.
// Twin: src/fusion/associate/mod.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read_write> clusters: array<Cluster>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn count_tracks(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    if labels[track] != NONE {
        atomicAdd(&clusters[labels[track]].tracks, 1u);
    }
}
