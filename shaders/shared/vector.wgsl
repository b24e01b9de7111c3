// Sums in a fixed order. Twin: src/fusion/state.rs

// Not the built-in: the order of its sum is the driver's.
fn dot3(a: vec3<f32>, b: vec3<f32>) -> f32 {
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

// a bT.
fn outer(a: vec3<f32>, b: vec3<f32>) -> mat3x3<f32> {
    return mat3x3(a * b.x, a * b.y, a * b.z);
}

// m a, summed column by column.
fn product3(m: mat3x3<f32>, a: vec3<f32>) -> vec3<f32> {
    return m[0] * a.x + m[1] * a.y + m[2] * a.z;
}
