// Updates each motion model of every track by what it gets of the track's hypotheses; to the room beside theirs. One
// invocation a track. Guard: tracks past the end return; a track whose lane rests keeps its bits.
// Twin: src/fusion/models.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> placed: array<Placed>;
@group(0) @binding(2) var<storage, read> observations: array<Observation>;
@group(0) @binding(3) var<storage, read> rows: array<TrackHypotheses>;
@group(0) @binding(4) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(5) var<storage, read> tile: array<i32>;
@group(0) @binding(6) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(7) var<storage, read> model_looks: array<ModelLook>;
@group(0) @binding(8) var<storage, read> lane: array<u32>;
@group(0) @binding(9) var<storage, read> models: array<f32>;
@group(0) @binding(10) var<storage, read_write> spare_models: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn update_models(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let row = rows[track];
    if row.start == AT_REST {
        return;
    }
    let l = lane[track / BLOCK];
    let place = vec3(tile[at(track, 0u, 3u)], tile[at(track, 1u, 3u)], tile[at(track, 2u, 3u)]);
    for (var m = 0u; m < params.models; m++) {
        let prior = load_model(track, m);
        let look = look_of(l, m);
        let u = up(look, place, prior.x);
        var total = row.missed * model_weight(track, m);
        var mixed = State(vec3(0.0), vec3(0.0), total * prior.pp, total * prior.pv, total * prior.vv);
        for (var hypothesis = 0u; hypothesis < row.count; hypothesis++) {
            let edge = edges[row.start + hypothesis];
            if 0.0 < edge.weight {
                let p = placed[edge.detection];
                let d = Detection(p.tile, p.ahead_s, p.offset_m, p.observation);
                let w = edge.weight * share(track, l, m, d, place);
                if 0.0 < w {
                    let then = at_detection(prior, look, d.ahead_s, place, u);
                    let h = posterior(d, observations[d.observation], place, then);
                    mixed = merged(mixed, total, at_scan(prior, h, look, d.ahead_s, u), w);
                    total = total + w;
                }
            }
        }
        if 0.0 < total {
            let s = averaged(mixed, total);
            store_model(track, m, total, State(prior.x + s.x, prior.v + s.v, s.pp, s.pv, s.vv));
        } else {
            store_model(track, m, total, prior);
        }
    }
}

// A look as model `m` of lane `l` has it.
fn look_of(l: u32, m: u32) -> LaneStep {
    var look = looks[params.first_look + l];
    look.noise = model_looks[model_look_at(l, m)].noise;
    look.turning = model_looks[model_look_at(l, m)].turning;
    return look;
}

// A state as a detection `ahead_s` from the scan is compared with it: without the noise since then, as a straight line.
fn at_detection(s: State, look: LaneStep, ahead_s: f32, place: vec3<i32>, u: vec3<f32>) -> State {
    if look.turning.turns == 1u {
        return straightened(s, u, look, ahead_s);
    }
    var then = s;
    if look.orbits == 1u {
        then = tangent(s, place, ahead_s, 1.0);
    }
    let seconds = seconds_since(look, ahead_s);
    if seconds > 0.0 {
        return without_noise(then, look, seconds, u);
    }
    return then;
}

// The way back of a posterior `s` of a model that was `prior`.
fn at_scan(prior: State, s: State, look: LaneStep, ahead_s: f32, u: vec3<f32>) -> State {
    if look.turning.turns == 1u {
        return curved(s, u, look, ahead_s, min(-ahead_s, look.dt_s));
    }
    var now = s;
    let seconds = seconds_since(look, ahead_s);
    if seconds > 0.0 {
        now = with_noise(s, look, seconds, u);
    }
    if look.orbits == 1u {
        now = rounded(prior, now);
    }
    return now;
}

// How much of a detection model `m` of a track gets: by how well each foretold it, relative to the one that did best.
fn share(track: u32, l: u32, m: u32, d: Detection, place: vec3<i32>) -> f32 {
    var distance2: vec4<f32>;
    var root: vec4<f32>;
    var least = 0.0;
    for (var i = 0u; i < params.models; i++) {
        let prior = load_model(track, i);
        let look = look_of(l, i);
        let then = at_detection(prior, look, d.ahead_s, place, up(look, place, prior.x));
        let innovation = innovation_of(d, observations[d.observation], place, then);
        distance2[i] = innovation.x;
        root[i] = sqrt(innovation.y);
        if i == 0u || innovation.x < least {
            least = innovation.x;
        }
    }
    var own = 0.0;
    var sum = 0.0;
    for (var i = 0u; i < params.models; i++) {
        let likely = model_weight(track, i) * (exp_of_nonpositive(-0.5 * (distance2[i] - least)) / root[i]);
        if i == m {
            own = likely;
        }
        if i == 0u {
            sum = likely;
        } else {
            sum = sum + likely;
        }
    }
    if 0.0 < sum {
        return own / sum;
    }
    return model_weight(track, m);
}
