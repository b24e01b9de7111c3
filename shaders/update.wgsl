// Replaces every track by the moment-matched mixture of its hypotheses. One invocation a track.
// Guard: tracks past the end return; a track whose lane rests keeps its bits. Twin: src/fusion/update.rs

override WORKGROUP_SIZE: u32;
// Start of the row of a track whose lane rests.
override AT_REST: u32;
// Largest odds of existence.
override ODDS_MAX: f32;

// The hypotheses of one track.
struct Row {
    start: u32,
    count: u32,
    missed: f32,
    gone: f32,
}

// One hypothesis: this track made that detection.
struct Edge {
    detection: u32,
    weight: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> detections: array<Detection>;
@group(0) @binding(2) var<storage, read> observations: array<Observation>;
@group(0) @binding(3) var<storage, read> rows: array<Row>;
@group(0) @binding(4) var<storage, read> edges: array<Edge>;
@group(0) @binding(5) var<storage, read> tile: array<i32>;
@group(0) @binding(6) var<storage, read_write> mean: array<f32>;
@group(0) @binding(7) var<storage, read_write> covariance: array<f32>;
@group(0) @binding(8) var<storage, read_write> odds: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn update(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let track = id.x + id.y * (groups.x * WORKGROUP_SIZE);
    if track >= params.tracks {
        return;
    }
    let row = rows[track];
    if row.start == AT_REST {
        return;
    }
    var prior = load_state(track);
    let place = vec3(tile[at(track, 0u, 3u)], tile[at(track, 1u, 3u)], tile[at(track, 2u, 3u)]);
    var total = row.missed;
    var mixed: State;
    for (var k = 0u; k < COVARIANCE; k++) {
        mixed.covariance[k] = row.missed * prior.covariance[k];
    }
    for (var hypothesis = 0u; hypothesis < row.count; hypothesis++) {
        let edge = edges[row.start + hypothesis];
        if 0.0 < edge.weight {
            let d = detections[edge.detection];
            var h = posterior(d, observations[d.observation], place, &prior);
            total = merge(&mixed, total, &h, edge.weight);
        }
    }
    if 0.0 < total {
        for (var k = 0u; k < MEAN; k++) {
            prior.mean[k] = prior.mean[k] + mixed.mean[k];
        }
        for (var k = 0u; k < COVARIANCE; k++) {
            prior.covariance[k] = mixed.covariance[k] / total;
        }
        store_state(track, &prior);
    }
    let ratio = total / row.gone;
    odds[track] = select(ODDS_MAX, ratio, ratio < ODDS_MAX);
}

// Merges hypothesis `h` of weight `w` into the mixture `m` of weight `total`; returns the weight of both.
fn merge(m: ptr<function, State>, total: f32, h: ptr<function, State>, w: f32) -> f32 {
    let sum = total + w;
    let share = w / sum;
    let spread = total * share;
    var delta: array<f32, MEAN>;
    for (var k = 0u; k < MEAN; k++) {
        delta[k] = (*h).mean[k] - (*m).mean[k];
        (*m).mean[k] = (*m).mean[k] + share * delta[k];
    }
    for (var i = 0u; i < MEAN; i++) {
        for (var j = i; j < MEAN; j++) {
            let k = tri(i, j);
            (*m).covariance[k] = (*m).covariance[k] + w * (*h).covariance[k] + spread * (delta[i] * delta[j]);
        }
    }
    return sum;
}
