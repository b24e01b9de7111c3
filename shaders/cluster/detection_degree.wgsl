// Counts the tracks of every detection, finds the least of them, labels every track by itself, and counts those whose
// gates were narrowed. One invocation a track.
// Guard: places past the end return; tracks without edges get no label.
// Twin: src/fusion/cluster.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<TrackHypotheses>;
@group(0) @binding(2) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(3) var<storage, read_write> labels: array<u32>;
@group(0) @binding(4) var<storage, read_write> columns: array<atomic<u32>>;
@group(0) @binding(5) var<storage, read_write> first_track: array<atomic<u32>>;
@group(0) @binding(6) var<storage, read_write> edge_track: array<u32>;
@group(0) @binding(7) var<storage, read_write> status: array<Status>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn detection_degree(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    labels[track] = NONE;
    let row = rows[track];
    if row.start == AT_REST {
        return;
    }
    if row.gone > 0.0 {
        atomicAdd(&status[0].narrowed, 1u);
    }
    for (var e = row.start; e < row.start + row.count; e++) {
        labels[track] = track;
        edge_track[e] = track;
        atomicAdd(&columns[edges[e].detection], 1u);
        atomicMin(&first_track[edges[e].detection], track);
    }
}
