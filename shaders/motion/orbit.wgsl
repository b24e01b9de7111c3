// Free fall about the Earth: a prediction in substeps. Twin: src/fusion/motion/orbit.rs

override SUBSTEPS_MAX: u32;
override STEP: f32;
override HALVES_MAX: f32;
override GRAIN: f32;
override INFLATION: f32;
override VAGUE_INFLATION: f32;
override VAGUE_2: f32;
override LOST_2: f32;
override LOST_SPEED_2: f32;

// What moves, between substeps: the tile that it began in, how many it has gone on by, its state, what its velocity has
// beyond that, and the gradient of gravity.
struct Flight {
    tile: vec3<f32>,
    gone: vec3<f32>,
    s: State,
    rest: vec3<f32>,
    g: Symmetric,
}

// F of one substep.
struct Transition {
    g: Symmetric,
    h: f32,
    half_square: f32,
    bend: f32,
    turn: f32,
    drag: f32,
}

// The state at the time of a look.
fn flown(look: LaneStep, place: vec3<i32>, s: State, rest: vec3<f32>) -> Flight {
    let elapsed = abs(look.dt_s);
    if elapsed <= 0.0 {
        return Flight(vec3<f32>(place), vec3(0.0), s, rest, Symmetric(vec3(0.0), vec3(0.0)));
    }
    var flight = begun(place, s, rest);
    let part = abs(look.part_s);
    let sign = select(1.0, -1.0, look.dt_s < 0.0);
    var left = floor((elapsed - part) * 2.0 + 0.5) * 0.5;
    for (var substep = 0u; substep < SUBSTEPS_MAX; substep++) {
        let most = longest(flight);
        let whole = select(most, left, left < most);
        left = left - whole;
        let more = select(part, 0.0, 0.0 < left);
        flight = after(flight, sign * whole, sign * more, sign * look.noise.drive_vv);
        if left <= 0.0 {
            break;
        }
    }
    if 0.0 < left {
        flight.s = anywhere(flight.s);
    }
    return flight;
}

// Before the first substep: what a velocity has beyond its steps goes to the rest.
fn begun(place: vec3<i32>, s: State, rest: vec3<f32>) -> Flight {
    var flight = Flight(vec3<f32>(place), vec3(0.0), s, rest, Symmetric(vec3(0.0), vec3(0.0)));
    let steps = floor(s.v * (1.0 / GRAIN) + 0.5) * GRAIN;
    flight.rest = rest + (s.v - steps);
    flight.s.v = steps;
    flight.g = gradient(place_of(flight));
    return flight;
}

// A state that nothing is known of but that it is a satellite's.
fn anywhere(s: State) -> State {
    let none = mat3x3(vec3(0.0), vec3(0.0), vec3(0.0));
    return State(s.x, s.v, spread_by(none, LOST_2), none, spread_by(none, LOST_SPEED_2));
}

// m with its diagonal times a factor.
fn inflated(m: mat3x3<f32>, by: f32) -> mat3x3<f32> {
    return mat3x3(vec3(m[0].x * by, m[0].yz), vec3(m[1].x, m[1].y * by, m[1].z), vec3(m[2].xy, m[2].z * by));
}

fn place_of(flight: Flight) -> vec3<f32> {
    return (flight.tile + flight.gone) * TILE_M + flight.s.x;
}

// The longest substep from here, in whole halves of a second.
fn longest(flight: Flight) -> f32 {
    let square = square_of(place_of(flight));
    let halves = sqrt(STEP * square * sqrt(square));
    return floor(select(HALVES_MAX, halves, halves < HALVES_MAX)) * 0.5;
}

// A substep of `whole`, in halves of a second, and `part`; `q` has the sign of time.
fn after(flight: Flight, whole: f32, part: f32, q: f32) -> Flight {
    let h = whole + part;
    let half = 0.5 * h;
    let p = place_of(flight);
    let v = flight.s.v + flight.rest;
    let first = pull(p, v);
    let v_2 = v + half * first;
    let second = pull(p + half * v, v_2);
    let v_3 = v + half * second;
    let third = pull(p + half * v_2, v_3);
    let v_4 = v + h * third;
    let fourth = pull(p + h * v_3, v_4);
    let sixth = (1.0 / 6.0) * h;
    let square = sixth * h;
    let middle = second + third;
    var next = flight;
    drift(&next, whole, part, h, square * (first + middle));
    kick(&next, half * middle + sixth * (fourth - middle + first));
    next.g = gradient(place_of(next));
    let s = carried(transition_of(flight.g, next.g, h), flight.s, q * h);
    next.s = State(next.s.x, next.s.v, s.pp, s.pv, s.vv);
    // Not to grow beyond bounds.
    if LOST_2 < s.pp[0].x + s.pp[1].y + s.pp[2].z {
        next.s = anywhere(next.s);
    }
    return next;
}

// F of a substep of h between places with these gradients.
fn transition_of(here: Symmetric, there: Symmetric, h: f32) -> Transition {
    let half = 0.5 * h;
    let mean = Symmetric(0.5 * (here.x + there.x), 0.5 * (here.yz + there.yz));
    return Transition(mean, h, half * h, (2.0 * TURN) * half * h, (2.0 * TURN) * h, (4.0 * TURN_2) * half * h);
}

// Moves a place by its velocity and what bends the way: exact, also what is left of a tile.
fn drift(next: ptr<function, Flight>, whole: f32, part: f32, h: f32, bend: vec3<f32>) {
    let v = (*next).s.v;
    let coarse = floor(v * 4.0) * 0.25;
    let fine = (v - coarse) + (*next).rest;
    let way = coarse * (whole * (1.0 / TILE_M));
    let tiles = floor(way);
    let x = (*next).s.x + (way - tiles) * TILE_M + coarse * part + fine * h + bend;
    let carry = floor(x * (1.0 / TILE_M) + 0.5);
    (*next).s.x = x - carry * TILE_M;
    (*next).gone = (*next).gone + (tiles + carry);
}

// Adds to a velocity: whole steps to the mean, what is left to the rest.
fn kick(next: ptr<function, Flight>, gain: vec3<f32>) {
    let steps = floor(gain * (1.0 / GRAIN));
    let rest = (*next).rest + (gain - steps * GRAIN);
    let carry = floor(rest * (1.0 / GRAIN) + 0.5);
    (*next).rest = rest - carry * GRAIN;
    (*next).s.v = (*next).s.v + (steps + carry) * GRAIN;
}

// F times a column.
fn transition_times(f: Transition, c: Column) -> Column {
    let x = symmetric_times(f.g, c.x);
    let v = symmetric_times(f.g, c.v);
    let t = c.x + f.half_square * x + f.h * c.v;
    let b = c.v + f.h * x + f.half_square * v;
    return Column(
        vec3(t.x + f.bend * c.v.y, t.y - f.bend * c.v.x, t.z),
        vec3(
            b.x + f.bend * x.y + f.turn * c.v.y - f.drag * c.v.x,
            b.y - f.bend * x.x - f.turn * c.v.x - f.drag * c.v.y,
            b.z,
        ),
    );
}

// F P FT + Q: F times every column of P, then F times every row of that; `spread` is q h.
fn carried(f: Transition, s: State, spread: f32) -> State {
    let vp = transpose(s.pv);
    let c0 = transition_times(f, Column(s.pp[0], vp[0]));
    let c1 = transition_times(f, Column(s.pp[1], vp[1]));
    let c2 = transition_times(f, Column(s.pp[2], vp[2]));
    let c3 = transition_times(f, Column(s.pv[0], s.vv[0]));
    let c4 = transition_times(f, Column(s.pv[1], s.vv[1]));
    let c5 = transition_times(f, Column(s.pv[2], s.vv[2]));
    let pp = transpose(mat3x3(c0.x, c1.x, c2.x));
    let pv = transpose(mat3x3(c3.x, c4.x, c5.x));
    let vx = transpose(mat3x3(c0.v, c1.v, c2.v));
    let vv = transpose(mat3x3(c3.v, c4.v, c5.v));
    let r0 = transition_times(f, Column(pp[0], pv[0]));
    let r1 = transition_times(f, Column(pp[1], pv[1]));
    let r2 = transition_times(f, Column(pp[2], pv[2]));
    let r3 = transition_times(f, Column(vx[0], vv[0]));
    let r4 = transition_times(f, Column(vx[1], vv[1]));
    let r5 = transition_times(f, Column(vx[2], vv[2]));
    let third = (1.0 / 3.0) * f.h * f.h;
    let by = select(INFLATION, VAGUE_INFLATION, VAGUE_2 < s.vv[0].x + s.vv[1].y + s.vv[2].z);
    return State(
        s.x,
        s.v,
        spread_by(inflated(mirrored(transpose(mat3x3(r0.x, r1.x, r2.x))), by), spread * third),
        spread_by(transpose(mat3x3(r0.v, r1.v, r2.v)), spread * (0.5 * f.h)),
        spread_by(inflated(mirrored(transpose(mat3x3(r3.v, r4.v, r5.v))), by), spread),
    );
}

// m + variance I.
fn spread_by(m: mat3x3<f32>, variance: f32) -> mat3x3<f32> {
    return mat3x3(
        vec3(m[0].x + variance, m[0].yz), vec3(m[1].x, m[1].y + variance, m[1].z), vec3(m[2].xy, m[2].z + variance)
    );
}
