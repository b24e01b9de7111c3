// Puts the edges of every column into the order of their tracks. Guard: edges past the end return.
// Twin: src/fusion/cluster.rs

// Longest list that is put in order by ranks.
override RANK_MAX: u32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(2) var<storage, read_write> status: array<Status>;
@group(0) @binding(3) var<storage, read> columns: array<u32>;
@group(0) @binding(4) var<storage, read> loose: array<u32>;
@group(0) @binding(5) var<storage, read_write> entries: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn sort_columns(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    if i >= atomicLoad(&status[0].edges) {
        return;
    }
    let e = loose[i];
    let d = edges[e].detection;
    var place = column_of(d);
    if columns[d] - place > RANK_MAX {
        atomicMax(&status[0].longest, columns[d] - place);
        return;
    }
    for (var other = place; other < columns[d]; other++) {
        place += select(0u, 1u, loose[other] < e);
    }
    entries[place] = e;
}
