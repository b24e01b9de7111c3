// Messages from every track to its detections. The sums that leave one out come from both ends, never by subtraction.
// Guard: places past the end return; so do clusters that have converged.
// Twin: src/fusion/associate/belief.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> labels: array<u32>;
@group(0) @binding(2) var<storage, read> clusters: array<Cluster>;
@group(0) @binding(3) var<storage, read> rows: array<TrackHypotheses>;
@group(0) @binding(4) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(5) var<storage, read> to_track: array<f32>;
@group(0) @binding(6) var<storage, read_write> to_detection: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn track_to_detection(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let label = labels[track];
    if label == NONE {
        return;
    }
    if clusters[label].kind != BELIEF || clusters[label].going == 0u {
        return;
    }
    let row = rows[track];
    var before = 1.0;
    for (var e = row.start; e < row.start + row.count; e++) {
        to_detection[e] = before;
        before = before + edges[e].weight * to_track[e];
    }
    var behind = 0.0;
    for (var k = 0u; k < row.count; k++) {
        let e = row.start + row.count - 1u - k;
        let rest = to_detection[e] + behind;
        to_detection[e] = edges[e].weight / rest;
        behind = behind + edges[e].weight * to_track[e];
    }
}
