// Gives every block its lane. One invocation a block. Guard: blocks past the end return.
// Twin: src/fusion/manage.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> blocks: array<u32>;
@group(0) @binding(2) var<storage, read> status: array<Status>;
@group(0) @binding(3) var<storage, read_write> lane: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn assign_blocks(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    lane[i] = NONE;
    if i >= status[0].next_blocks {
        return;
    }
    // The last lane that begins at this block or before it, and is not empty.
    var low = 0u;
    var high = params.lanes;
    for (var step = 0u; step < 32u; step++) {
        if high - low <= 1u {
            break;
        }
        let middle = (low + high) / 2u;
        if blocks[middle] <= i {
            low = middle;
        } else {
            high = middle;
        }
    }
    lane[i] = low;
}
