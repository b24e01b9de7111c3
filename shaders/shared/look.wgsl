// What one lane does in one wave. Twin: src/fusion/arrays.rs
struct Look {
    awake: u32,
    first_track: u32,
    tracks: u32,
    first_detection: u32,
    detections: u32,
    radial: u32,
    dt_s: f32,
    survival: f32,
    noise_pp: f32,
    noise_pv: f32,
    noise_vv: f32,
    extra_pp: f32,
    extra_pv: f32,
    extra_vv: f32,
    detection_probability: f32,
    gate: f32,
}
