// Puts every index into its cell, in whatever order they come; `stable_rank` puts that right.
// Each cell's start becomes its end. Guard: indices past the end, and those without a cell, return.
// Twin: src/fusion/grid.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> keys: array<u32>;
@group(0) @binding(2) var<storage, read_write> cells: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> unordered: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn scatter(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    let cell = keys[i];
    if cell == NONE {
        return;
    }
    unordered[atomicAdd(&cells[cell], 1u)] = i;
}
