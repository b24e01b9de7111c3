// How a position was measured. Twin: src/scan/detections.rs
struct Observation {
    axis_0: vec3<f32>,
    sigma_0_m: f32,
    axis_1: vec3<f32>,
    sigma_1_m: f32,
    axis_2: vec3<f32>,
    sigma_2_m: f32,
    range_m: f32,
    rate_m_s: f32,
    rate_sigma_m_s: f32,
    axes: u32,
    slant: u32,
    clutter: f32,
    spread: f32,
    padding: u32,
}
