// Keeps status and sources of every track that stays; frees the places of those that do not, and accounts for their
// detections.
// Guard: places past the end, and those of lanes that rest, return.
// Twin: src/fusion/manage.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> fates: array<u32>;
@group(0) @binding(2) var<storage, read> rows: array<TrackHypotheses>;
@group(0) @binding(3) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(4) var<storage, read> placed: array<Placed>;
@group(0) @binding(5) var<storage, read_write> odds: array<f32>;
@group(0) @binding(6) var<storage, read_write> identity: array<u32>;
@group(0) @binding(7) var<storage, read_write> sources: array<u32>;
@group(0) @binding(8) var<storage, read> lane: array<u32>;
@group(0) @binding(9) var<storage, read_write> accounts: array<atomic<u32>>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn confirm_tracks(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let flags = at(track, FLAGS, IDENTITY);
    let before = identity[flags];
    if fates[track] != KEPT {
        odds[track] = 0.0;
        let counted = at(track, COUNTED, IDENTITY);
        if identity[counted] > 0u {
            let account = select(1u, 0u, (before & WAS_CONFIRMED) != 0u);
            atomicAdd(&accounts[4u * lane[track / BLOCK] + account], identity[counted]);
            identity[counted] = 0u;
        }
        return;
    }
    let row = rows[track];
    if row.start == AT_REST {
        return;
    }
    let o = odds[track];
    let r = o / (1.0 + o);
    let confirmed = r >= params.confirm || ((before & CONFIRMED) != 0u && r >= 0.5 * params.confirm);
    identity[flags] = (before & WAS_CONFIRMED) | select(0u, CONFIRMED | WAS_CONFIRMED, confirmed);
    for (var e = row.start; e < row.start + row.count; e++) {
        if edges[e].weight >= params.contributor {
            let source = placed[edges[e].detection].tag & 255u;
            let word = at(track, source / 32u, SOURCE_WORDS);
            sources[word] = sources[word] | (1u << (source % 32u));
        }
    }
}
