// Makes every track of a wave, in free fall about the Earth, what the wave after, smoothed, tells of it. One invocation a
// track. Guard: tracks past the end return. Twin: src/refine/smooth.rs

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
fn smooth_orbits(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let look = course_of(track).look;
    let next = successors[track];
    if next == NONE {
        existence[existence_at(track)] = lasted(look, existence[existence_at(track)], 0.0);
        return;
    }
    existence[existence_at(track)] = lasted(look, existence[existence_at(track)], later_existence[existence_at(next)]);
    let place = tile_of(track);
    let s = load_state(track);
    let all = all_of(look, place, s);
    let predicted = all.flight.s;
    let step = Ahead(s, predicted, all.flight.gone, crossed_by(s, all.f), noise_of(look, place, s, predicted));
    let gain = gain_of(step.crossed, step.predicted);
    let ahead = vec3<f32>(later_tile(next) - place);
    store_smoothed(track, place, back(step, gain, rest_of(gain, all.f), ahead, load_later(next)));
}

// A prediction, and F of all of it.
struct All {
    flight: Flight,
    f: Six,
}

fn all_of(look: LaneStep, place: vec3<i32>, s: State) -> All {
    var f = Six(
        Column(vec3(1.0, 0.0, 0.0), vec3(0.0)), Column(vec3(0.0, 1.0, 0.0), vec3(0.0)), Column(vec3(0.0, 0.0, 1.0), vec3(0.0)),
        Column(vec3(0.0), vec3(1.0, 0.0, 0.0)), Column(vec3(0.0), vec3(0.0, 1.0, 0.0)), Column(vec3(0.0), vec3(0.0, 0.0, 1.0)),
    );
    var flight = begun(place, s, vec3(0.0));
    let elapsed = abs(look.dt_s);
    if elapsed <= 0.0 {
        return All(Flight(flight.tile, vec3(0.0), s, vec3(0.0), flight.g), f);
    }
    let part = abs(look.part_s);
    let sign = select(1.0, -1.0, look.dt_s < 0.0);
    var left = floor((elapsed - part) * 2.0 + 0.5) * 0.5;
    for (var substep = 0u; substep < SUBSTEPS_MAX; substep++) {
        let most = longest(flight);
        let whole = select(most, left, left < most);
        left = left - whole;
        let more = select(part, 0.0, 0.0 < left);
        let next = after(flight, sign * whole, sign * more, sign * look.noise.drive_vv);
        let t = transition_of(flight.g, next.g, sign * whole + sign * more);
        f = Six(
            transition_times(t, f.a), transition_times(t, f.b), transition_times(t, f.c),
            transition_times(t, f.d), transition_times(t, f.e), transition_times(t, f.f),
        );
        flight = next;
        if left <= 0.0 {
            break;
        }
    }
    if 0.0 < left {
        flight.s = anywhere(flight.s);
    }
    return All(flight, f);
}

// What a prediction adds: to a state without covariance, and by inflation.
fn noise_of(look: LaneStep, place: vec3<i32>, s: State, predicted: State) -> State {
    let none = mat3x3(vec3(0.0), vec3(0.0), vec3(0.0));
    let flight = flown(look, place, State(s.x, s.v, none, none, none), vec3(0.0));
    return State(s.x, s.v, swollen(flight.s.pp, predicted.pp), flight.s.pv, swollen(flight.s.vv, predicted.vv));
}

// m, and of the diagonal of p what inflation made of it.
fn swollen(m: mat3x3<f32>, p: mat3x3<f32>) -> mat3x3<f32> {
    let more = INFLATION - 1.0;
    return mat3x3(
        vec3(m[0].x + p[0].x * more, m[0].yz), vec3(m[1].x, m[1].y + p[1].y * more, m[1].z),
        vec3(m[2].xy, m[2].z + p[2].z * more),
    );
}
