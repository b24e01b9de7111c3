// Where every track looks for detections, and how much a detection there would weigh. One invocation a track.
// Guard: places past the end return; those of no lane, or of one that rests, are at rest.
// Twin: src/fusion/gate.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> lane: array<u32>;
@group(0) @binding(3) var<storage, read> tile: array<i32>;
@group(0) @binding(4) var<storage, read> mean: array<f32>;
@group(0) @binding(5) var<storage, read> covariance: array<f32>;
@group(0) @binding(6) var<storage, read> odds: array<f32>;
@group(0) @binding(7) var<storage, read> grounds: array<Ground>;
@group(0) @binding(8) var<storage, read> share: array<f32>;
@group(0) @binding(9) var<storage, read_write> windows: array<GateWindow>;
@group(0) @binding(10) var<storage, read_write> rows: array<TrackHypotheses>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn gate_window(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let l = lane[track / BLOCK];
    // Where a lane has several views, `detectability` has put it there.
    var detected = windows[track].factor;
    windows[track] = GateWindow(0.0, 0.0, 0.0, l);
    rows[track] = TrackHypotheses(AT_REST, 0u, 0.0, 0.0);
    if !is_awake(l) {
        return;
    }
    let look = looks[params.first_look + l];
    let o = odds[track];
    rows[track] = TrackHypotheses(0u, 0u, 0.0, 0.0);
    if o <= 0.0 {
        return;
    }
    let place = tile_of(track);
    let s = load_state(track);
    if look.views < 2u {
        let seen = seen_of_moving(look, place, s.x, s.v);
        detected = look.detection_probability * select(-1.0, seen, seen > 0.0);
    }
    let missed = o * (1.0 - max(detected, 0.0));
    rows[track].missed = missed;
    let half_u = reach(look, s, look.axis_u, look.gate);
    let half_v = reach(look, s, look.axis_v, look.gate);
    windows[track] = GateWindow(o * detected / (1.0 + missed), half_u, half_v, l);
}
