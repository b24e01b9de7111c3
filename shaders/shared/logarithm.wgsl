// Exponential and logarithm by the same polynomials as on the host. Twin: src/fusion/simd.rs

// exp(x) for x at most 0; 0 below -87, and of NaN.
fn exp_of_nonpositive(x: f32) -> f32 {
    if x > -87.0 {
        let k = floor(x * 1.44269504 + 0.5);
        let f = (x - k * 0.693359375) + k * 2.12194440e-4;
        var p = 1.98756915e-4f;
        p = p * f + 1.39819995e-3;
        p = p * f + 8.3334519e-3;
        p = p * f + 4.1665796e-2;
        p = p * f + 1.66666655e-1;
        p = p * f + 5.0000001e-1;
        let e = (1.0 + f) + p * (f * f);
        return e * bitcast<f32>(u32(i32(k) + 127) << 23u);
    }
    return 0.0;
}

// Natural logarithm of a positive, normal number.
fn ln(x: f32) -> f32 {
    let bits = bitcast<u32>(x);
    var e = f32(i32(bits >> 23u) - 126);
    var m = bitcast<f32>((bits & 0x007fffffu) | 0x3f000000u);
    if m < 0.70710678 {
        e = e - 1.0;
        m = m + m;
    }
    let f = m - 1.0;
    let z = f * f;
    var p = 7.03768363e-2f;
    p = p * f - 1.15146103e-1;
    p = p * f + 1.16769987e-1;
    p = p * f - 1.24201408e-1;
    p = p * f + 1.42493228e-1;
    p = p * f - 1.66680577e-1;
    p = p * f + 2.00007148e-1;
    p = p * f - 2.49999940e-1;
    p = p * f + 3.33333311e-1;
    // Begins with what is no product: its order is kept.
    let y = f + z * (p * f - 0.5);
    return (y - e * 2.12194440e-4) + e * 0.693359375;
}
