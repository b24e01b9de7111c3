// What is compared of a track that may be a twin. Twin: src/fusion/views/twins.rs

struct Portrait {
    tile: vec3<i32>,
    // 0: it is no twin.
    odds: f32,
    offset_m: vec3<f32>,
    // Of what the view measures that most likely sees it.
    variance_m2: f32,
    velocity_m_s: vec3<f32>,
    // Scan and detection of its birth.
    scan: u32,
    // Of the velocity: the upper triangle, row by row.
    covariance: array<f32, 6>,
    detection: u32,
    radial: u32,
    // v of every view.
    seen: array<f32, 8>,
}
