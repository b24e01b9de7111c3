// Multiplies every hypothesis of a track by what the detection's address says of it. One invocation a track.
// Guard: places past the end, and those of lanes that rest, return. Twin: src/fusion/address.rs

// Largest weight, and least.
override WEIGHT_MAX: f32;
override DENSITY_MIN: f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> lane: array<u32>;
@group(0) @binding(3) var<storage, read> identity: array<u32>;
@group(0) @binding(4) var<storage, read> addresses: array<u32>;
@group(0) @binding(5) var<storage, read> placed: array<Placed>;
@group(0) @binding(6) var<storage, read> rows: array<TrackHypotheses>;
@group(0) @binding(7) var<storage, read_write> edges: array<Hypothesis>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn weigh_addresses(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let row = rows[track];
    if row.start == AT_REST {
        return;
    }
    let look = looks[params.first_look + lane[track / BLOCK]];
    let belief = belief_of(track);
    for (var e = row.start; e < row.start + row.count; e++) {
        let sent = address_of(look, placed[edges[e].detection]);
        if sent != 0u && belief.address != 0u {
            edges[e].weight = min(max(edges[e].weight * ratio(belief, sent), DENSITY_MIN), WEIGHT_MAX);
        }
    }
}

fn ratio(belief: Belief, sent: u32) -> f32 {
    let p = belief.probability;
    let error = params.address_error;
    if sent == belief.address {
        return (p * (1.0 - error) + (1.0 - p) * error) / error;
    }
    return (p * error + (1.0 - p) * (1.0 - error)) / (1.0 - error);
}
