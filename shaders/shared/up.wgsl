// The local vertical. Twin: src/fusion/predict.rs

// Unit vector upwards at the track.
fn up(look: LaneStep, place: vec3<i32>, x: vec3<f32>) -> vec3<f32> {
    if look.radial == 0u {
        return vec3(0.0, 0.0, 1.0);
    }
    let p = vec3<f32>(place) * TILE_M + x;
    return p / sqrt(p.x * p.x + p.y * p.y + p.z * p.z + 1e-30f);
}

// m u, summed column by column.
fn columns_along(m: mat3x3<f32>, u: vec3<f32>) -> vec3<f32> {
    return m[0] * u.x + m[1] * u.y + m[2] * u.z;
}
