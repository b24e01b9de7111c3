// Coordinated turn about the local vertical. Twin: src/fusion/motion/turn.rs

const HALF_TURN: f32 = 3.1415927;

// Coefficients of g = (a - sin a) / a^3 and h = (1 - cos a) / a^2 in a^2.
const G0: f32 = 1.6666667e-1;
const G1: f32 = -8.33333333e-3;
const G2: f32 = 1.984127e-4;
const G3: f32 = -2.7557319e-6;
const G4: f32 = 2.5052108e-8;
const G5: f32 = -1.6059044e-10;
const G6: f32 = 7.6471637e-13;
const G7: f32 = -2.8114573e-15;
const G8: f32 = 8.220635e-18;
const H0: f32 = 5.0e-1;
const H1: f32 = -4.1666667e-2;
const H2: f32 = 1.3888889e-3;
const H3: f32 = -2.4801587e-5;
const H4: f32 = 2.755732e-7;
const H5: f32 = -2.0876756988e-9;
const H6: f32 = 1.14707456e-11;
const H7: f32 = -4.7794773e-14;
const H8: f32 = 1.5619207e-16;

// How far a velocity takes a place, and what becomes of it.
struct Ways {
    straight_s: f32,
    short_s: f32,
    aside_s: f32,
    lost: f32,
    aside: f32,
}

// The state at the time of a look: F x, F P FT + Q. Its place is counted from the tile of before.
fn moved_in_a_turn(s: State, u: vec3<f32>, look: LaneStep) -> State {
    let t = look.turning;
    let after = taken(s, u, Ways(look.dt_s, t.short_s, t.aside_s, t.lost, t.aside));
    let q = look.noise;
    return noisy(after, vec3(q.pp, q.pv, q.vv), vec3(q.extra_pp, q.extra_pv, q.extra_vv), t.across_pv, u);
}

// The straight line that has the track's place and velocity `tau` from the scan, without the noise since then.
fn straightened(s: State, u: vec3<f32>, look: LaneStep, tau: f32) -> State {
    var before = s;
    let seconds = min(-tau, look.dt_s);
    if 0.0 < seconds {
        let n = noise_over(look, seconds);
        before = noisy(s, -n.flat, -n.extra, -n.across, u);
    }
    let a = angle(look, tau);
    let square = a.x * a.x;
    let straight = 1.0 - square * a.y;
    return taken(
        before,
        u,
        Ways(0.0, tau * square * (a.z - a.y), tau * a.x * (a.z - straight), -(square * a.z), a.x * straight),
    );
}

// The state at the scan of what is a straight line `tau` from it, with the noise of `seconds` since then.
fn curved(s: State, u: vec3<f32>, look: LaneStep, tau: f32, seconds: f32) -> State {
    let a = angle(look, tau);
    let square = a.x * a.x;
    let now = taken(
        s,
        u,
        Ways(0.0, tau * square * a.y, tau * a.x * a.z, -(square * a.z), -(a.x * (1.0 - square * a.y))),
    );
    if 0.0 < seconds {
        let n = noise_over(look, seconds);
        return noisy(now, n.flat, n.extra, n.across, u);
    }
    return now;
}

struct NoiseOver {
    flat: vec3<f32>,
    extra: vec3<f32>,
    across: f32,
}

fn noise_over(look: LaneStep, seconds: f32) -> NoiseOver {
    let a = angle(look, seconds);
    let n = look.noise;
    let squared = seconds * seconds;
    let cubed = seconds * squared;
    let bent = vec2(6.0 * a.y, 2.0 * a.z);
    let pp = n.drive_pp * cubed;
    let pv = n.drive_pv * squared;
    return NoiseOver(
        vec3(pp * bent.x, pv * bent.y, n.drive_vv * seconds),
        vec3(
            n.extra_drive_pp * cubed + pp * (1.0 - bent.x),
            n.extra_drive_pv * squared + pv * (1.0 - bent.y),
            n.extra_drive_vv * seconds,
        ),
        -(n.drive_vv * squared * a.x * a.y),
    );
}

// The angle of so long, at most half a turn either way, and g and h of it.
fn angle(look: LaneStep, seconds: f32) -> vec3<f32> {
    var a = look.turning.rate * seconds;
    if HALF_TURN < a {
        a = HALF_TURN;
    }
    if a < -HALF_TURN {
        a = -HALF_TURN;
    }
    let q = a * a;
    let g = (((((((G8 * q + G7) * q + G6) * q + G5) * q + G4) * q + G3) * q + G2) * q + G1) * q + G0;
    let h = (((((((H8 * q + H7) * q + H6) * q + H5) * q + H4) * q + H3) * q + H2) * q + H1) * q + H0;
    return vec3(a, g, h);
}

// [I, A; 0, B] of a state.
fn taken(s: State, u: vec3<f32>, w: Ways) -> State {
    let a = about(u, w.straight_s, w.short_s, w.aside_s);
    let b = about(u, 1.0, w.lost, w.aside);
    let pv = s.pv + product33(a, s.vv);
    return State(
        s.x + product3(a, s.v),
        product3(b, s.v),
        mirrored(s.pp + product33(a, transpose(s.pv)) + product33(pv, transpose(a))),
        product33(pv, transpose(b)),
        mirrored(product33(product33(b, s.vv), transpose(b))),
    );
}

// diagonal I + short N + aside J.
fn about(u: vec3<f32>, diagonal: f32, short: f32, aside: f32) -> mat3x3<f32> {
    let a = aside * u;
    let d = vec3(
        diagonal + short * (1.0 - u.x * u.x), diagonal + short * (1.0 - u.y * u.y), diagonal + short * (1.0 - u.z * u.z)
    );
    let xy = short * (u.x * u.y);
    let xz = short * (u.x * u.z);
    let yz = short * (u.y * u.z);
    return mat3x3(vec3(d.x, a.z - xy, -a.y - xz), vec3(-a.z - xy, d.y, a.x - yz), vec3(a.y - xz, -a.x - yz, d.z));
}

// a b, summed as `product3`.
fn product33(a: mat3x3<f32>, b: mat3x3<f32>) -> mat3x3<f32> {
    return mat3x3(product3(a, b[0]), product3(a, b[1]), product3(a, b[2]));
}

// A state and noise: along every axis, along the vertical what that has more, and of places with velocities across them.
fn noisy(s: State, flat: vec3<f32>, extra: vec3<f32>, across: f32, u: vec3<f32>) -> State {
    let pv = added(s.pv, flat.y, extra.y, u);
    let a = across * u;
    let x = vec3(pv[0].x, pv[0].y + a.z, pv[0].z - a.y);
    let y = vec3(pv[1].x - a.z, pv[1].y, pv[1].z + a.x);
    let z = vec3(pv[2].x + a.y, pv[2].y - a.x, pv[2].z);
    return State(s.x, s.v, added(s.pp, flat.x, extra.x, u), mat3x3(x, y, z), added(s.vv, flat.z, extra.z, u));
}
