// Mixtures of states, one part at a time. Twin: src/fusion/update.rs

// The mixture `m` of weight `total` with hypothesis `h` of weight `w`.
fn merged(m: State, total: f32, h: State, w: f32) -> State {
    let share = w / (total + w);
    let spread = total * share;
    let dx = h.x - m.x;
    let dv = h.v - m.v;
    return State(
        m.x + share * dx,
        m.v + share * dv,
        m.pp + w * h.pp + spread * outer(dx, dx),
        m.pv + w * h.pv + spread * outer(dx, dv),
        m.vv + w * h.vv + spread * outer(dv, dv),
    );
}

fn shared_out(m: mat3x3<f32>, total: f32) -> mat3x3<f32> {
    return mat3x3(m[0] / total, m[1] / total, m[2] / total);
}

// Mean and covariance of the mixture `m` of weight `total`, above 0.
fn averaged(m: State, total: f32) -> State {
    return State(m.x, m.v, shared_out(m.pp, total), shared_out(m.pv, total), shared_out(m.vv, total));
}
