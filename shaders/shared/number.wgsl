// Numbers as the host treats them. Twin: src/fusion/predict.rs

// By bits: drivers may take x != x for false.
fn is_nan(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

// Towards zero, saturating, NaN to zero.
fn truncated(x: f32) -> i32 {
    if is_nan(x) {
        return 0;
    }
    if x >= 2147483648.0 {
        return 2147483647;
    }
    return i32(x);
}
