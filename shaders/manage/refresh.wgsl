// Keeps status and sources of every track that stays, and frees the places of those that do not.
// Guard: places past the end, and those of lanes that rest, return.
// Twin: src/fusion/manage.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> fates: array<u32>;
@group(0) @binding(2) var<storage, read> rows: array<Row>;
@group(0) @binding(3) var<storage, read> edges: array<Edge>;
@group(0) @binding(4) var<storage, read> placed: array<Placed>;
@group(0) @binding(5) var<storage, read_write> odds: array<f32>;
@group(0) @binding(6) var<storage, read_write> identity: array<u32>;
@group(0) @binding(7) var<storage, read_write> sources: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn refresh(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let track = index_of(id, groups);
    if track >= params.n {
        return;
    }
    if fates[track] != KEPT {
        odds[track] = 0.0;
        return;
    }
    let row = rows[track];
    if row.start == AT_REST {
        return;
    }
    let o = odds[track];
    let r = o / (1.0 + o);
    let flags = at(track, 2u, IDENTITY);
    let confirmed = r >= params.confirm || (identity[flags] != 0u && r >= 0.5 * params.confirm);
    identity[flags] = select(0u, CONFIRMED, confirmed);
    for (var e = row.start; e < row.start + row.count; e++) {
        if edges[e].weight >= params.contributor {
            let source = placed[edges[e].detection].tag & 255u;
            let word = at(track, source / 32u, SOURCE_WORDS);
            sources[word] = sources[word] | (1u << (source % 32u));
        }
    }
}
