// Counts the detections in every track's gate, narrowed where it holds too many, or lists them as its edges. One
// invocation a track.
// Guard: places past the end return. Run twice: first `kind` 0, then 1.
// Twin: src/fusion/gate.rs

// A gate that touches more coarse cells than this reads whole rows of them.
override COARSE_MAX: u32;

// Largest weight.
override WEIGHT_MAX: f32;

// Most detections that a track looks at.
override RANK_MAX: u32;

// How often a gate is halved where it holds too many detections, and what says that it was.
override HALVINGS: u32;
override NARROWED: f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> tile: array<i32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> covariance: array<f32>;
@group(0) @binding(5) var<storage, read> windows: array<GateWindow>;
@group(0) @binding(6) var<storage, read> placed: array<Placed>;
@group(0) @binding(7) var<storage, read> observations: array<Observation>;
@group(0) @binding(8) var<storage, read> cells: array<u32>;
@group(0) @binding(9) var<storage, read_write> rows: array<TrackHypotheses>;
@group(0) @binding(10) var<storage, read_write> edges: array<Hypothesis>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn search(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let window = windows[track];
    if !is_awake(window.lane) {
        // The scan has put a number there.
        rows[track].start = AT_REST;
        return;
    }
    let look = looks[params.first_look + window.lane];
    if abs(window.factor) > 0.0 && look.detections > 0u {
        look_around(look, window, track);
    }
}

// Counts or lists the detections in the gate of a track.
fn look_around(look: LaneStep, window: GateWindow, track: u32) {
    track_at = track;
    place_at = tile_of(track);
    state_at = load_state(track);
    up_at = up(look, place_at, state_at.x);
    factor = window.factor;
    gate = look.gate;
    visited = 0u;
    room = rows[track].count;
    let most = params.hypotheses_max;
    seek(look, window.half_u, window.half_v);
    let narrowed = found > most;
    for (var k = 0u; k < HALVINGS; k++) {
        if found <= most {
            break;
        }
        gate *= 0.25;
        seek(look, reach(look, state_at, look.axis_u, gate), reach(look, state_at, look.axis_v, gate));
        if found == 0u {
            // They lie on one another: the first ones of the gate before.
            gate *= 4.0;
            seek(look, reach(look, state_at, look.axis_u, gate), reach(look, state_at, look.axis_v, gate));
            break;
        }
    }
    if params.kind == 0u {
        // More than every driver is known to loop over: more than there can be room for.
        rows[track].count = select(min(found, most), NONE, visited > RANK_MAX);
        rows[track].gone = select(0.0, NARROWED, narrowed);
    }
}

// The track of this invocation.
var<private> track_at: u32;
var<private> place_at: vec3<i32>;
var<private> state_at: State;
var<private> up_at: vec3<f32>;
var<private> factor: f32;
var<private> gate: f32;
var<private> found: u32;
var<private> visited: u32;
// How many edges there is room for, once they are counted.
var<private> room: u32;

// Looks for detections in a box of half the edges `half_u` and `half_v`, until there are too many.
fn seek(look: LaneStep, half_u: f32, half_v: f32) {
    found = 0u;
    let u = place_u(look, place_at, state_at.x);
    let v = place_v(look, place_at, state_at.x);
    let last_u = f32(look.coarse_u * FINE - 1u);
    let last_v = f32(look.coarse_v * FINE - 1u);
    // Rounding may move a place by a part in a thousand of a cell.
    let from_u = floor((u - half_u) * look.cells_per_m - 1e-3);
    let from_v = floor((v - half_v) * look.cells_per_m - 1e-3);
    let to_u = floor((u + half_u) * look.cells_per_m + 1e-3);
    let to_v = floor((v + half_v) * look.cells_per_m + 1e-3);
    if to_u >= 0.0 && from_u <= last_u && to_v >= 0.0 && from_v <= last_v {
        let low = vec2(clamped(from_u, last_u), clamped(from_v, last_v));
        let high = vec2(clamped(to_u, last_u), clamped(to_v, last_v));
        visit_box(look, low, high);
    }
}

// Visits the fine cells from `low` to `high`.
fn visit_box(look: LaneStep, low: vec2<u32>, high: vec2<u32>) {
    let first = low / FINE;
    let last = high / FINE;
    let wide = (last.x - first.x + 1u) * (last.y - first.y + 1u) > COARSE_MAX;
    for (var row = first.y; row <= last.y; row++) {
        if wide {
            // Whole rows of coarse cells.
            let cells_before = look.first_cell + row * look.coarse_u * FINE * FINE;
            visit(look, cells_before + first.x * FINE * FINE, cells_before + (last.x + 1u) * FINE * FINE);
        } else {
            for (var column = first.x; column <= last.x; column++) {
                let base = look.first_cell + (row * look.coarse_u + column) * FINE * FINE;
                let left = max(low.x, column * FINE) - column * FINE;
                let right = min(high.x, column * FINE + FINE - 1u) - column * FINE;
                for (var line = max(low.y, row * FINE); line <= min(high.y, row * FINE + FINE - 1u); line++) {
                    let start = base + (line - row * FINE) * FINE;
                    visit(look, start + left, start + right + 1u);
                }
            }
        }
    }
}

// Weighs the detections of the cells from `first` up to `end`.
fn visit(look: LaneStep, first: u32, end: u32) {
    for (var i = start_of(first); i < cells[end - 1u]; i++) {
        visited++;
        if visited > RANK_MAX || found > params.hypotheses_max {
            return;
        }
        let p = placed[i];
        let d = Detection(p.tile, p.ahead_s, p.offset_m, p.observation);
        let seconds = seconds_since(look, d.ahead_s);
        var s = state_at;
        if look.orbits == 1u {
            s = tangent(s, place_at, d.ahead_s, 1.0);
        }
        if look.turning.turns == 1u {
            s = straightened(s, up_at, look, d.ahead_s);
        }
        if seconds > 0.0 {
            s = without_noise(s, look, seconds, up_at);
        }
        let innovation = innovation_of(d, observations[p.observation], place_at, s);
        if innovation.x < gate {
            // Of a track that the look does not see only what it covers.
            let sign = select(1.0, -1.0, factor < 0.0 && p.fresh > 0.0);
            let weight = sign * factor * density_of(innovation) / p.density;
            if weight > 0.0 && weight <= WEIGHT_MAX {
                if params.kind == 1u && found < room {
                    edges[rows[track_at].start + found] = Hypothesis(i, weight);
                }
                found++;
            }
        }
    }
}
