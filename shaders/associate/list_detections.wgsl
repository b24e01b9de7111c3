// Lists their detections behind them. Guard: detections past the end return.
// Twin: src/fusion/associate/exact.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> first_track: array<u32>;
@group(0) @binding(3) var<storage, read_write> clusters: array<Cluster>;
@group(0) @binding(4) var<storage, read_write> members: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn list_detections(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    if first_track[i] == NONE {
        return;
    }
    let label = labels[first_track[i]];
    if atomicLoad(&clusters[label].kind) == EXACT {
        let slot = atomicAdd(&clusters[label].moved, 1u);
        members[atomicLoad(&clusters[label].first_member) + atomicLoad(&clusters[label].tracks) + slot] = i;
    }
}
