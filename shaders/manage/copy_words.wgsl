// Copies words. Guard: words past the end return.
// Twin: src/fusion/manage.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> words: array<u32>;
@group(0) @binding(2) var<storage, read_write> copies: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn copy_words(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    copies[i] = words[i];
}
