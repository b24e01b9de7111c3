// Scans the sums of the chunks: the second part. One workgroup.
// Its total goes to `status`; where there is not room for so many, the batch halts. Guard: workgroups past the first return.
// Twin: src/fusion/device/program.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> sums: array<u32>;
@group(0) @binding(2) var<storage, read_write> status: array<Status>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn scan_sums(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3<u32>) {
    if group.x >= params.n {
        return;
    }
    let share = (params.capacity + WORKGROUP_SIZE - 1u) / WORKGROUP_SIZE;
    let first = local * share;
    let end = min(first + share, params.capacity);
    partial[local] = 0u;
    for (var k = first; k < end; k++) {
        partial[local] = added(partial[local], sums[k]);
    }
    workgroupBarrier();
    if local == 0u {
        var sum = 0u;
        for (var k = 0u; k < WORKGROUP_SIZE; k++) {
            let here = partial[k];
            partial[k] = sum;
            sum = added(sum, here);
        }
        sums[params.capacity] = sum;
        noted(sum);
    }
    workgroupBarrier();
    var sum = partial[local];
    for (var k = first; k < end; k++) {
        let here = sums[k];
        sums[k] = sum;
        sum = added(sum, here);
    }
}

// Writes the total down.
fn noted(total: u32) {
    if params.counted == COUNT_EDGES {
        status[0].edges = total;
    } else if params.counted == COUNT_BIRTHS {
        status[0].births = total;
    } else if params.counted == COUNT_BLOCKS {
        status[0].next_blocks = total;
    }
}
