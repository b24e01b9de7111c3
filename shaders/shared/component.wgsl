// Gaussian components of undetected targets. Twin: src/fusion/undetected.rs
struct Component {
    tile: vec3<i32>,
    weight: f32,
    // Position and velocity, then the upper triangle of the covariance, row by row.
    mean: array<f32, 6>,
    covariance: array<f32, 21>,
    padding: u32,
}

fn state_of_component(c: Component) -> State {
    let m = c.mean;
    let p = c.covariance;
    return State(
        vec3(m[0], m[1], m[2]),
        vec3(m[3], m[4], m[5]),
        mat3x3(vec3(p[0], p[1], p[2]), vec3(p[1], p[6], p[7]), vec3(p[2], p[7], p[11])),
        mat3x3(vec3(p[3], p[8], p[12]), vec3(p[4], p[9], p[13]), vec3(p[5], p[10], p[14])),
        mat3x3(vec3(p[15], p[16], p[17]), vec3(p[16], p[18], p[19]), vec3(p[17], p[19], p[20])),
    );
}

fn component_of(weight: f32, place: vec3<i32>, s: State) -> Component {
    return Component(
        place,
        weight,
        array(s.x.x, s.x.y, s.x.z, s.v.x, s.v.y, s.v.z),
        array(
            s.pp[0].x, s.pp[1].x, s.pp[2].x, s.pv[0].x, s.pv[1].x, s.pv[2].x, s.pp[1].y, s.pp[2].y, s.pv[0].y, s.pv[1].y,
            s.pv[2].y, s.pp[2].z, s.pv[0].z, s.pv[1].z, s.pv[2].z, s.vv[0].x, s.vv[1].x, s.vv[2].x, s.vv[1].y, s.vv[2].y,
            s.vv[2].z,
        ),
        0u,
    );
}
