// Counts the detections of every cluster. Guard: detections past the end return.
// Twin: src/fusion/associate/mod.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> first_track: array<u32>;
@group(0) @binding(3) var<storage, read_write> clusters: array<Cluster>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn count_detections(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    if first_track[i] != NONE {
        atomicAdd(&clusters[labels[first_track[i]]].detections, 1u);
    }
}
