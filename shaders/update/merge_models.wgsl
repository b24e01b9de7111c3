// Brings the motion models of every track back from the room beside theirs, makes the track their mixture and its odds those
// of all hypotheses. One invocation a track. Guard: tracks past the end return; a track whose lane rests keeps its bits.
// Twin: src/fusion/models.rs

// Largest odds of existence.
override ODDS_MAX: f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<TrackHypotheses>;
@group(0) @binding(2) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(3) var<storage, read> spare_models: array<f32>;
@group(0) @binding(4) var<storage, read_write> models: array<f32>;
@group(0) @binding(5) var<storage, read_write> mean: array<f32>;
@group(0) @binding(6) var<storage, read_write> covariance: array<f32>;
@group(0) @binding(7) var<storage, read_write> odds: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn merge_models(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let row = rows[track];
    if row.start == AT_REST {
        return;
    }
    for (var m = 0u; m < params.models; m++) {
        for (var k = 0u; k < MODEL; k++) {
            models[model_at(track, m, k)] = spare_models[model_at(track, m, k)];
        }
    }
    let first = load_model(track, 0u);
    var sum = model_weight(track, 0u);
    var mixed = State(first.x, first.v, sum * first.pp, sum * first.pv, sum * first.vv);
    for (var m = 1u; m < params.models; m++) {
        let weight = model_weight(track, m);
        if 0.0 < weight {
            mixed = merged(mixed, sum, load_model(track, m), weight);
            sum = sum + weight;
        }
    }
    if 0.0 < sum {
        store_state(track, averaged(mixed, sum));
        for (var m = 0u; m < params.models; m++) {
            models[model_at(track, m, 0u)] = model_weight(track, m) / sum;
        }
    }
    var total = row.missed;
    for (var hypothesis = 0u; hypothesis < row.count; hypothesis++) {
        let weight = edges[row.start + hypothesis].weight;
        if 0.0 < weight {
            total = total + weight;
        }
    }
    let ratio = total / row.gone;
    odds[track] = select(ODDS_MAX, ratio, ratio < ODDS_MAX);
}
