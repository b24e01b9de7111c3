// Labels every track by the root above it and counts the clusters. Guard: places past the end return.
// Twin: src/fusion/cluster.rs

// Most steps of a search; one that needs more is run again.
override STEPS_MAX: u32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> labels: array<atomic<u32>>;
@group(0) @binding(2) var<storage, read_write> status: array<Status>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn flatten(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    var here = track;
    if atomicLoad(&labels[track]) == NONE {
        return;
    }
    for (var step = 0u; step < STEPS_MAX; step++) {
        let above = atomicLoad(&labels[here]);
        if above == here {
            break;
        }
        here = above;
    }
    atomicMin(&labels[track], here);
    if here == track {
        atomicAdd(&status[0].clusters, 1u);
    } else if atomicLoad(&labels[here]) != here {
        atomicStore(&status[0].unfinished, 1u);
    }
}
