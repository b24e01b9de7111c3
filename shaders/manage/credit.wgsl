// Counts to every track the detections that are its own, and keeps when the last one was made. One invocation a track.
// Guard: places past the end, and those of lanes that rest, return.
// Twin: src/fusion/credit.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> rows: array<TrackHypotheses>;
@group(0) @binding(3) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(4) var<storage, read> owners: array<u32>;
@group(0) @binding(5) var<storage, read> placed: array<Placed>;
@group(0) @binding(6) var<storage, read> times: array<vec2<u32>>;
@group(0) @binding(7) var<storage, read_write> identity: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn credit(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let row = rows[track];
    if row.start == AT_REST {
        return;
    }
    for (var e = row.start; e < row.start + row.count; e++) {
        if edges[e].weight >= params.contributor && owners[edges[e].detection] == e {
            count(track, 1u, time_of(placed[edges[e].detection]));
        }
    }
}
