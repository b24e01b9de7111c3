// Lists the waiting tracks of every cluster, in whatever order they come. Guard: places past the end return.
// Twin: src/fusion/associate/assign.rs

// Holds nothing yet.
override WAITING: u32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> holds: array<u32>;
@group(0) @binding(3) var<storage, read_write> waiters: array<atomic<u32>>;
@group(0) @binding(4) var<storage, read_write> waiting: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn list_unassigned(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    if holds[track] == WAITING {
        waiting[atomicAdd(&waiters[labels[track]], 1u)] = track;
    }
}
