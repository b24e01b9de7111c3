// The update of a state by one scalar measurement. Twin: src/fusion/state.rs

// Six numbers: of a position, of a velocity.
struct Six {
    x: vec3<f32>,
    v: vec3<f32>,
}

fn dot6(a: Six, b: Six) -> f32 {
    return a.x.x * b.x.x + a.x.y * b.x.y + a.x.z * b.x.z + a.v.x * b.v.x + a.v.y * b.v.y + a.v.z * b.v.z;
}

// a h.x + b h.v, summed column by column.
fn times(a: mat3x3<f32>, b: mat3x3<f32>, h: Six) -> vec3<f32> {
    return a[0] * h.x.x + a[1] * h.x.y + a[2] * h.x.z + b[0] * h.v.x + b[1] * h.v.y + b[2] * h.v.z;
}

// m - a bT.
fn less_outer(m: mat3x3<f32>, a: vec3<f32>, b: vec3<f32>) -> mat3x3<f32> {
    return mat3x3(m[0] - a * b.x, m[1] - a * b.y, m[2] - a * b.z);
}

// The state after one measurement `z` of h x with variance `r`; the covariance in Joseph form.
fn updated(s: State, h: Six, z: f32, r: f32) -> State {
    let nu = z - dot6(h, Six(s.x, s.v));
    let vp = transpose(s.pv);
    let g = Six(times(s.pp, s.pv, h), times(vp, s.vv, h));
    let inverse = 1.0 / (dot6(h, g) + r);
    let k = Six(g.x * inverse, g.v * inverse);
    // b = (I - k h) P, all of it: it is not symmetric after rounding.
    let b_pp = less_outer(s.pp, k.x, g.x);
    let b_pv = less_outer(s.pv, k.x, g.v);
    let b_vp = less_outer(vp, k.v, g.x);
    let b_vv = less_outer(s.vv, k.v, g.v);
    let kr = Six(times(b_pp, b_pv, h) - k.x * r, times(b_vp, b_vv, h) - k.v * r);
    return State(
        s.x + k.x * nu,
        s.v + k.v * nu,
        mirrored(less_outer(b_pp, kr.x, k.x)),
        less_outer(b_pv, kr.x, k.v),
        mirrored(less_outer(b_vv, kr.v, k.v)),
    );
}
