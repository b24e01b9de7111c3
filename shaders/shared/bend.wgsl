// A state straightened for a detection along a line of sight, and bent again. Twin: src/fusion/sight.rs

// A state in straight coordinates, both at the detection's time, and the line of sight to it, before it and now.
struct Bend {
    state: State,
    tau: f32,
    sight: vec3<f32>,
    line: Sight,
    mean: vec2<f32>,
}

// P h, h along `a` of the position.
fn column_of_place(s: State, a: vec3<f32>) -> Six {
    return Six(product3(s.pp, a), product3(transpose(s.pv), a));
}

// P h, h along `a` of the velocity.
fn column_of_velocity(s: State, a: vec3<f32>) -> Six {
    return Six(product3(s.pv, a), product3(s.vv, a));
}

// The state once a number of this variance is known, of these covariances with it; mean apart.
fn given(s: State, g: Six, variance: f32) -> State {
    let inverse = select(0.0, 1.0 / variance, 0.0 < variance);
    let x = g.x * inverse;
    let v = g.v * inverse;
    return State(
        s.x,
        s.v,
        mirrored(less_outer(s.pp, x, g.x)),
        less_outer(s.pv, x, g.v),
        mirrored(less_outer(s.vv, v, g.v)),
    );
}

// The state once what is along `a` is known.
fn given_along(s: State, a: vec3<f32>) -> State {
    let place = column_of_place(s, a);
    let left = given(s, place, dot3(a, place.x));
    let velocity = column_of_velocity(left, a);
    return given(left, velocity, dot3(a, velocity.v));
}

// The share of A that is in a state.
fn share_of(spread: vec3<f32>, line: Sight, s: State) -> f32 {
    let left = given_along(given_along(s, line.first), line.second);
    let u = line.axis;
    let d = dot3(u, product3(left.pp, u));
    let e = dot3(u, product3(left.pv, u));
    let f = dot3(u, product3(left.vv, u));
    let l = e / d;
    let rest_of_f = f - l * e;
    let both = spread.y - l * spread.x;
    let rest = (spread.z - l * spread.y) - l * both;
    let first = spread.x / d;
    let second = rest / rest_of_f;
    let apart = 0.5 * (first - second);
    let largest = 0.5 * (first + second) + sqrt(apart * apart + (both / d) * (both / rest_of_f));
    let share = select(1.0, 1.0 / largest, 1.0 < largest);
    return select(0.0, select(0.0, share, 0.0 < rest_of_f), 0.0 < d);
}

// m + along u uT.
fn lengthened(m: mat3x3<f32>, u: vec3<f32>, along: f32) -> mat3x3<f32> {
    return mat3x3(m[0] + u * u.x * along, m[1] + u * u.y * along, m[2] + u * u.z * along);
}

fn state_longer(s: State, u: vec3<f32>, along: vec3<f32>) -> State {
    return State(s.x, s.v, lengthened(s.pp, u, along.x), lengthened(s.pv, u, along.y), lengthened(s.vv, u, along.z));
}

// The covariance `t` seconds from its time, without noise.
fn moved(s: State, t: f32) -> State {
    return State(s.x, s.v, position_covariance(s, t), s.pv + t * s.vv, s.vv);
}

// An observation `tau` seconds from the state `then`, straightened by what it was `dt` before: `quiet`, moved back.
fn straight(o: Observation, e: vec3<f32>, tau: f32, quiet: State, dt: f32, then: State) -> Bend {
    let sight = sight_to(o, e);
    let aside = o.position[1].direction;
    let before = moved(quiet, -dt);
    let ago = dt + tau;
    let line = sight_along(sight - ago * then.v, then.v, aside);
    let spread = arc_of(line, before).spread;
    let share = share_of(spread, line, before);
    let a = ((1.0 - share) - share) * spread;
    let along = vec3(a.x + ago * (a.y + a.y) + ago * (ago * a.z), a.y + ago * a.z, a.z);
    let s = state_longer(moved(then, tau), line.axis, along);
    let now = sight_along(sight, then.v, aside);
    return Bend(s, tau, sight, now, arc_of(now, s).mean);
}

// A posterior in straight coordinates, in space and at the state's time.
fn bent_again(b: Bend, aside: vec3<f32>, after: State) -> State {
    let u = b.line.axis;
    let rho = b.line.rho;
    let d = after.x - dot3(u, after.x) * u;
    let e = after.v - dot3(u, after.v) * u;
    let zeta = e - (0.5 * b.line.kappa) * d;
    let mean = arc_of(b.line, after).mean;
    let near = b.mean.x - mean.x - 0.5 * (dot3(d, d) / rho);
    let slow = b.mean.y - mean.y - dot3(d, zeta) / rho;
    let slope = d / rho;
    let turn = (e - b.line.kappa * d) / rho;
    let tilt = tilted(after, u, slope, turn);
    let x = after.x + near * u;
    let v = after.v + slow * u;
    let line = sight_along(b.sight + x, b.state.v + v, aside);
    let s = moved(state_longer(tilt, line.axis, arc_of(line, tilt).spread), -b.tau);
    return State(x + -b.tau * v, v, s.pp, s.pv, s.vv);
}

// J P JT, J = I less u slopeT of position by position and of velocity by velocity, and u turnT of velocity by position.
fn tilted(s: State, u: vec3<f32>, slope: vec3<f32>, turn: vec3<f32>) -> State {
    let k1 = column_of_place(s, slope);
    let by_place = column_of_place(s, turn);
    let by_velocity = column_of_velocity(s, slope);
    let k2 = Six(by_place.x + by_velocity.x, by_place.v + by_velocity.v);
    let pp = mirrored(less_outer(less_outer(s.pp, u, k1.x), k1.x, u));
    let pv = less_outer(less_outer(s.pv, u, k1.v), k2.x, u);
    let vv = mirrored(less_outer(less_outer(s.vv, u, k2.v), k2.v, u));
    let both = dot3(turn, k2.x) + dot3(slope, k2.v);
    return state_longer(State(s.x, s.v, pp, pv, vv), u, vec3(dot3(slope, k1.x), dot3(slope, k2.x), both));
}
