// Makes every track of a wave, turning or of several motion models, what the wave after, smoothed, tells of it. One
// invocation a track. Guard: tracks past the end return. Twin: src/refine/smooth.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> successors: array<u32>;
@group(0) @binding(3) var<storage, read_write> tile: array<i32>;
@group(0) @binding(4) var<storage, read_write> mean: array<f32>;
@group(0) @binding(5) var<storage, read_write> covariance: array<f32>;
@group(0) @binding(6) var<storage, read_write> existence: array<f32>;
@group(0) @binding(7) var<storage, read> spare_tile: array<i32>;
@group(0) @binding(8) var<storage, read> spare_mean: array<f32>;
@group(0) @binding(9) var<storage, read> spare_covariance: array<f32>;
@group(0) @binding(10) var<storage, read> later_existence: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn smooth_models(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let course = course_of(track);
    let look = course.look;
    let next = successors[track];
    let own = existence_at(track);
    if next == NONE {
        existence[own] = lasted(look, existence[own], 0.0);
        return;
    }
    existence[own] = lasted(look, existence[own], later_existence[existence_at(next)]);
    let place = tile_of(track);
    let ahead = vec3<f32>(later_tile(next) - place);
    let s = load_state(track);
    if look.turning.turns == 0u {
        let step = straight_on(look, place, s);
        let gain = gain_of(step.crossed, step.predicted);
        store_smoothed(track, place, back(step, gain, straight_rest(gain, look.dt_s), ahead, load_later(next)));
        return;
    }
    let u = up(look, place, s.x);
    let f = transition_of(look, u);
    let step = on_a_turn(course, u, f, faded(s, u, look.height_information));
    let gain = gain_of(step.crossed, step.predicted);
    store_smoothed(track, place, back(step, gain, rest_of(gain, f), ahead, load_later(next)));
}

// F: [I, A; 0, B].
fn transition_of(look: LaneStep, u: vec3<f32>) -> Six {
    let t = look.turning;
    let a = about(u, look.dt_s, t.short_s, t.aside_s);
    let b = about(u, 1.0, t.lost, t.aside);
    return Six(
        Column(vec3(1.0, 0.0, 0.0), vec3(0.0)), Column(vec3(0.0, 1.0, 0.0), vec3(0.0)), Column(vec3(0.0, 0.0, 1.0), vec3(0.0)),
        Column(a[0], b[0]), Column(a[1], b[1]), Column(a[2], b[2]),
    );
}

// What the filter made of a state for the wave after.
fn on_a_turn(course: Course, u: vec3<f32>, f: Six, before: State) -> Ahead {
    let look = course.look;
    var predicted = moved_in_a_turn(before, u, look);
    let q = look.noise;
    let none = mat3x3(vec3(0.0), vec3(0.0), vec3(0.0));
    var noise = noisy(
        State(before.x, before.v, none, none, none),
        vec3(q.pp, q.pv, q.vv),
        vec3(q.extra_pp, q.extra_pv, q.extra_vv),
        look.turning.across_pv,
        u,
    );
    // One model alone is what all do.
    if params.models > 1u {
        let more = deviant(course.spread, u, before);
        predicted = widened_by(predicted, more);
        noise = widened_by(noise, more);
    }
    return Ahead(before, predicted, vec3(0.0), crossed_by(before, f), noise);
}

fn widened_by(s: State, more: State) -> State {
    return State(s.x, s.v, s.pp + more.pp, s.pv + more.pv, s.vv + more.vv);
}

// The sum of c (F - F') (P + x xT) (F - F')T over the models, F' their mean.
fn deviant(spread: mat4x4<f32>, u: vec3<f32>, s: State) -> State {
    let m = s.vv + outer(s.v, s.v);
    let n = about(u, 0.0, 1.0, 0.0);
    let j = about(u, 0.0, 0.0, 1.0);
    let flat = product33(product33(n, m), n);
    let aside = product33(product33(j, m), transpose(j));
    let mixed = product33(product33(j, m), n);
    return State(
        s.x,
        s.v,
        mirrored(block_of(spread[0].xy, spread[1].xy, flat, mixed, aside)),
        block_of(spread[0].zw, spread[1].zw, flat, mixed, aside),
        mirrored(block_of(spread[2].zw, spread[3].zw, flat, mixed, aside)),
    );
}

// Of a block the moments of what goes along and what goes aside, with the one and with the other.
fn block_of(along: vec2<f32>, across: vec2<f32>, flat: mat3x3<f32>, mixed: mat3x3<f32>, aside: mat3x3<f32>) -> mat3x3<f32> {
    return along.x * flat + along.y * transpose(mixed) + across.x * mixed + across.y * aside;
}
