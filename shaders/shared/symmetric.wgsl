// Symmetric 6 x 6 matrices as upper triangles, and the scalar update. Twin: src/fusion/state.rs

// Place of element (i, j) in the upper triangle, row by row.
fn tri(i: u32, j: u32) -> u32 {
    let row = min(i, j);
    return row * (11u - row) / 2u + max(i, j);
}

fn dot6(a: ptr<function, array<f32, MEAN>>, b: ptr<function, array<f32, MEAN>>) -> f32 {
    return (*a)[0] * (*b)[0] + (*a)[1] * (*b)[1] + (*a)[2] * (*b)[2]
        + (*a)[3] * (*b)[3] + (*a)[4] * (*b)[4] + (*a)[5] * (*b)[5];
}

// Not the built-in: the order of its sum is the driver's.
fn dot3(a: vec3<f32>, b: vec3<f32>) -> f32 {
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

// Updates P by one scalar measurement h x with variance `r`, in Joseph form, and returns the gain.
fn joseph(p: ptr<function, array<f32, COVARIANCE>>, h: ptr<function, array<f32, MEAN>>, r: f32) -> array<f32, MEAN> {
    var g: array<f32, MEAN>;
    for (var i = 0u; i < MEAN; i++) {
        g[i] = (*p)[tri(i, 0u)] * (*h)[0] + (*p)[tri(i, 1u)] * (*h)[1] + (*p)[tri(i, 2u)] * (*h)[2]
            + (*p)[tri(i, 3u)] * (*h)[3] + (*p)[tri(i, 4u)] * (*h)[4] + (*p)[tri(i, 5u)] * (*h)[5];
    }
    let inverse = 1.0 / (dot6(h, &g) + r);
    var k: array<f32, MEAN>;
    for (var i = 0u; i < MEAN; i++) {
        k[i] = g[i] * inverse;
    }
    // b = (I - k h) P, all of it: it is not symmetric after rounding. First b hT - k r, while P is whole.
    var kr: array<f32, MEAN>;
    for (var i = 0u; i < MEAN; i++) {
        var b: array<f32, MEAN>;
        for (var j = 0u; j < MEAN; j++) {
            b[j] = (*p)[tri(i, j)] - k[i] * g[j];
        }
        kr[i] = dot6(&b, h) - k[i] * r;
    }
    for (var i = 0u; i < MEAN; i++) {
        for (var j = i; j < MEAN; j++) {
            let b = (*p)[tri(i, j)] - k[i] * g[j];
            (*p)[tri(i, j)] = b - kr[i] * k[j];
        }
    }
    return k;
}
