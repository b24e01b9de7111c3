// What the time before a look adds to covariances. Twin: src/fusion/motion/mod.rs

struct ProcessNoise {
    pp: f32,
    pv: f32,
    vv: f32,
    extra_pp: f32,
    extra_pv: f32,
    extra_vv: f32,
    // Over c seconds of white noise: q / 3 c c c, q / 2 c c and q c, horizontally; and vertically, less that.
    drive_pp: f32,
    drive_pv: f32,
    drive_vv: f32,
    extra_drive_pp: f32,
    extra_drive_pv: f32,
    extra_drive_vv: f32,
}
