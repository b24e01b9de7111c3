// Makes the clusters ready to be counted. Guard: places past the end return.
// Twin: src/fusion/associate/mod.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> clusters: array<Cluster>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn init_clusters(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    clusters[track] = Cluster(0u, 0u, 0u, 0u, 0u, 0u, 0u, 0u);
}
