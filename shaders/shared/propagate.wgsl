// A state at a later time. Twin: src/fusion/predict.rs

// A state at the time of the scan, and the tiles that its place has gone on by.
struct Moved {
    tiles: vec3<i32>,
    s: State,
}

fn moved_by(look: LaneStep, place: vec3<i32>, s: State) -> Moved {
    let u = up(look, place, s.x);
    let before = faded(s, u, look.height_information);
    let after = onward(before, u, look);
    let carry = floor(after.x * (1.0 / TILE_M) + 0.5);
    return Moved(
        vec3(truncated(carry.x), truncated(carry.y), truncated(carry.z)),
        State(after.x - carry * TILE_M, after.v, after.pp, after.pv, after.vv),
    );
}

// A state, its place counted from the tile of before, straight on or in a turn.
fn onward(s: State, u: vec3<f32>, look: LaneStep) -> State {
    if look.turning.turns == 1u {
        return moved_in_a_turn(s, u, look);
    }
    return moved(s, u, look);
}

// S P ST: what a height is known worse than heights are is taken back.
fn faded(s: State, u: vec3<f32>, height_information: f32) -> State {
    let excess = dot3(columns_along(s.pp, u), u) * height_information;
    if excess > 1.0 {
        let c = 1.0 - 1.0 / sqrt(excess);
        return State(
            s.x,
            s.v,
            mirrored(faded_block(s.pp, u, c)),
            faded_block(s.pv, u, c),
            mirrored(faded_block(s.vv, u, c)),
        );
    }
    return s;
}

// S m S with S = I - c u uT.
fn faded_block(m: mat3x3<f32>, u: vec3<f32>, c: f32) -> mat3x3<f32> {
    let a = columns_along(m, u) * c;
    let t = mat3x3(m[0] - a * u.x, m[1] - a * u.y, m[2] - a * u.z);
    return mat3x3(t[0] - u * (c * dot3(t[0], u)), t[1] - u * (c * dot3(t[1], u)), t[2] - u * (c * dot3(t[2], u)));
}
