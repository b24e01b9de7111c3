// Lists the tracks of the clusters that are solved exactly, in whatever order they come. Guard: places past the end return.
// Twin: src/fusion/associate/exact.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read_write> clusters: array<Cluster>;
@group(0) @binding(3) var<storage, read_write> members: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn list_tracks(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let label = labels[track];
    if label == NONE {
        return;
    }
    if atomicLoad(&clusters[label].kind) == EXACT {
        let slot = atomicAdd(&clusters[label].listed_tracks, 1u);
        members[atomicLoad(&clusters[label].first_member) + slot] = track;
    }
}
