// Sums the words of every chunk: the first part of an exclusive scan. One workgroup a chunk.
// Guard: chunks past the end return, whole workgroups.
// Twin: src/fusion/device/program.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> words: array<u32>;
@group(0) @binding(2) var<storage, read_write> sums: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn reduce(@builtin(local_invocation_index) local: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let chunk = group_of(group);
    if chunk >= params.n {
        return;
    }
    partial[local] = 0u;
    for (var k = local; k < CHUNK; k += WORKGROUP_SIZE) {
        partial[local] = added(partial[local], word_of(chunk * CHUNK + k));
    }
    workgroupBarrier();
    if local == 0u {
        var sum = 0u;
        for (var k = 0u; k < WORKGROUP_SIZE; k++) {
            sum = added(sum, partial[k]);
        }
        sums[chunk] = sum;
    }
}
