// Ends the clusters that have converged. One invocation a track: those that are roots.
// Guard: places past the end return.
// Twin: src/fusion/associate/belief.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read_write> clusters: array<Cluster>;
@group(0) @binding(3) var<storage, read_write> status: array<Status>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn check_convergence(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    if labels[track] != track || clusters[track].going == 0u {
        return;
    }
    if bitcast<f32>(clusters[track].moved) < params.tolerance {
        clusters[track].going = 0u;
        atomicSub(&status[0].going, 1u);
    } else {
        clusters[track].moved = 0u;
    }
}
