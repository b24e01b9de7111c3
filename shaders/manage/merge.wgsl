// Merges the younger of two twins into the older: existence, what views see, detections, sources; the younger one ends.
// Guard: places past the end, and tracks without an heir, return. Twin: src/fusion/views/twins.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> heirs: array<u32>;
@group(0) @binding(2) var<storage, read> rows: array<TrackHypotheses>;
@group(0) @binding(3) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(4) var<storage, read> placed: array<Placed>;
@group(0) @binding(5) var<storage, read_write> odds: array<f32>;
@group(0) @binding(6) var<storage, read_write> views: array<u32>;
@group(0) @binding(7) var<storage, read_write> sources: array<u32>;
@group(0) @binding(8) var<storage, read_write> status: array<Status>;
@group(0) @binding(9) var<storage, read_write> identity: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn merge(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    if heirs[track] == 0u {
        return;
    }
    let heir = NONE - heirs[track];
    odds[track] = max(odds[track], odds[heir]);
    odds[heir] = 0.0;
    for (var h = 0u; h < 2u * VIEW_WORDS; h++) {
        let word = at(track, h / 2u, VIEW_WORDS);
        let most = max(stored(views[word], h), stored(views[at(heir, h / 2u, VIEW_WORDS)], h));
        views[word] = with_stored(views[word], h, most);
    }
    for (var k = 0u; k < SOURCE_WORDS; k++) {
        let word = at(track, k, SOURCE_WORDS);
        sources[word] = sources[word] | sources[at(heir, k, SOURCE_WORDS)];
    }
    let row = rows[heir];
    for (var e = row.start; e < row.start + row.count; e++) {
        if edges[e].weight >= params.contributor {
            let source = placed[edges[e].detection].tag & 255u;
            let word = at(track, source / 32u, SOURCE_WORDS);
            sources[word] = sources[word] | (1u << (source % 32u));
        }
    }
    let counted = at(heir, COUNTED, IDENTITY);
    count(track, identity[counted], vec2(identity[at(heir, LAST_LOW, IDENTITY)], identity[at(heir, LAST_HIGH, IDENTITY)]));
    identity[counted] = 0u;
    let flags = at(track, FLAGS, IDENTITY);
    identity[flags] = identity[flags] | (identity[at(heir, FLAGS, IDENTITY)] & WAS_CONFIRMED);
    let likelier = bitcast<f32>(identity[at(heir, ADDRESS_CHANCE, IDENTITY)]) > bitcast<f32>(identity[at(track, ADDRESS_CHANCE, IDENTITY)]);
    if likelier {
        identity[at(track, ADDRESS, IDENTITY)] = identity[at(heir, ADDRESS, IDENTITY)];
        identity[at(track, ADDRESS_CHANCE, IDENTITY)] = identity[at(heir, ADDRESS_CHANCE, IDENTITY)];
    }
    atomicAdd(&status[0].merged, 1u);
}
