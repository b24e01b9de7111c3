// Replaces every track by the moment-matched mixture of its hypotheses. One invocation a track.
// Guard: tracks past the end return; a track whose lane rests keeps its bits. Twin: src/fusion/update.rs

// Largest odds of existence.
override ODDS_MAX: f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> placed: array<Placed>;
@group(0) @binding(2) var<storage, read> observations: array<Observation>;
@group(0) @binding(3) var<storage, read> rows: array<TrackHypotheses>;
@group(0) @binding(4) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(5) var<storage, read> tile: array<i32>;
@group(0) @binding(6) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(7) var<storage, read> lane: array<u32>;
@group(0) @binding(8) var<storage, read_write> mean: array<f32>;
@group(0) @binding(9) var<storage, read_write> covariance: array<f32>;
@group(0) @binding(10) var<storage, read_write> odds: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn update(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let row = rows[track];
    if row.start == AT_REST {
        return;
    }
    let prior = load_state(track);
    let place = tile_of(track);
    let look = looks[params.first_look + lane[track / BLOCK]];
    let u = up(look, place, prior.x);
    var total = row.missed;
    var mixed = State(vec3(0.0), vec3(0.0), total * prior.pp, total * prior.pv, total * prior.vv);
    for (var hypothesis = 0u; hypothesis < row.count; hypothesis++) {
        let edge = edges[row.start + hypothesis];
        if 0.0 < edge.weight {
            let p = placed[edge.detection];
            let d = Detection(p.tile, p.ahead_s, p.offset_m, p.observation);
            let seconds = seconds_since(look, d.ahead_s);
            var then = prior;
            if look.orbits == 1u {
                then = tangent(prior, place, d.ahead_s, 1.0);
            }
            if look.turning.turns == 1u {
                then = straightened(prior, u, look, d.ahead_s);
            }
            if seconds > 0.0 {
                then = without_noise(then, look, seconds, u);
            }
            var h = posterior(d, observations[d.observation], place, then);
            if seconds > 0.0 {
                h = with_noise(h, look, seconds, u);
            }
            if look.orbits == 1u {
                h = rounded(prior, h);
            }
            if look.turning.turns == 1u {
                h = curved(h, u, look, d.ahead_s, min(-d.ahead_s, look.dt_s));
            }
            mixed = merged(mixed, total, h, edge.weight);
            total = total + edge.weight;
        }
    }
    if 0.0 < total {
        let s = averaged(mixed, total);
        store_state(track, State(prior.x + s.x, prior.v + s.v, s.pp, s.pv, s.vv));
    }
    let ratio = total / row.gone;
    odds[track] = select(ODDS_MAX, ratio, ratio < ODDS_MAX);
}
