// Six numbers: of a place and of a velocity. Twin: src/fusion/state.rs

struct Column {
    x: vec3<f32>,
    v: vec3<f32>,
}

// a + b s.
fn plus(a: Column, b: Column, s: f32) -> Column {
    return Column(a.x + b.x * s, a.v + b.v * s);
}

// a - b s.
fn minus(a: Column, b: Column, s: f32) -> Column {
    return Column(a.x - b.x * s, a.v - b.v * s);
}

fn scaled(a: Column, s: f32) -> Column {
    return Column(a.x * s, a.v * s);
}
