// Puts every edge into the column of its detection, in whatever order they come; `sort_columns` puts that right.
// Each column's start becomes its end. Guard: edges past the end return.
// Twin: src/fusion/cluster.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(2) var<storage, read> status: array<Status>;
@group(0) @binding(3) var<storage, read_write> columns: array<atomic<u32>>;
@group(0) @binding(4) var<storage, read_write> loose: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn transpose_edges(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    if i >= status[0].edges {
        return;
    }
    loose[atomicAdd(&columns[edges[i].detection], 1u)] = i;
}
