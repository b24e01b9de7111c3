// Replaces every word by the sum of those before it: the last part. One workgroup a chunk.
// Guard: chunks past the end return, whole workgroups.
// Twin: src/fusion/device/program.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> words: array<u32>;
@group(0) @binding(2) var<storage, read> sums: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn downsweep(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let chunk = group_of(group);
    if chunk >= params.n {
        return;
    }
    let share = CHUNK / WORKGROUP_SIZE;
    let first = chunk * CHUNK + local * share;
    partial[local] = 0u;
    for (var k = first; k < first + share; k++) {
        partial[local] = added(partial[local], word_of(k));
    }
    workgroupBarrier();
    var sum = sums[chunk];
    for (var k = 0u; k < local; k++) {
        sum = added(sum, partial[k]);
    }
    for (var k = first; k < first + share; k++) {
        let here = word_of(k);
        if k < params.capacity {
            words[k * params.stride + params.to_word] = sum;
        }
        sum = added(sum, here);
    }
}
