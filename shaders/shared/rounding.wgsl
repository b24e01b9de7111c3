// What 32 bits cost a covariance that one detection makes far smaller. Twin: src/fusion/motion/rounding.rs

override ROUNDING: f32;

// The state after an update, no surer than rounding allows beside the one before.
fn rounded(before: State, after: State) -> State {
    return State(after.x, after.v, widened(before.pp, after.pp), after.pv, widened(before.vv, after.vv));
}

fn widened(before: mat3x3<f32>, after: mat3x3<f32>) -> mat3x3<f32> {
    return mat3x3(
        vec3(after[0].x + ROUNDING * before[0].x, after[0].yz),
        vec3(after[1].x, after[1].y + ROUNDING * before[1].y, after[1].z),
        vec3(after[2].xy, after[2].z + ROUNDING * before[2].z),
    );
}
