// What one lane does in one wave. Twin: src/fusion/arrays.rs

struct LaneStep {
    awake: u32,
    first_track: u32,
    tracks: u32,
    first_detection: u32,
    detections: u32,
    radial: u32,
    dt_s: f32,
    // What it is more than half seconds, and 1 if targets are in orbits.
    part_s: f32,
    orbits: u32,
    survival: f32,
    heard: f32,
    left: f32,
    births_s: f32,
    noise: ProcessNoise,
    turning: Turning,
    // One over the variance that heights are at most known to, or 0.
    height_information: f32,
    detection_probability: f32,
    gate: f32,
    // Its grid: the two axes, the corner (tile, then metres), cells a metre, coarse cells along each axis.
    axis_u: u32,
    axis_v: u32,
    base_u: i32,
    base_v: i32,
    low_u_m: f32,
    low_v_m: f32,
    cells_per_m: f32,
    coarse_u: u32,
    coarse_v: u32,
    // First and last time of a detection less the scan's; largest noise; what was not measured.
    early_s: f32,
    late_s: f32,
    sigma_m: f32,
    slack_m: f32,
    // First of its cells in the wave.
    first_cell: u32,
    // First part of its mask, and first of the shares of cells that it covers, or NONE.
    mask: u32,
    cover: u32,
    // Number of the scan in its lane, from 0.
    scan: u32,
    // 1 if the lane's tracks are put in spatial order.
    reorder: u32,
    // Views of the lane, and the one that looks; 0 of a lane that has one.
    views: u32,
    view: u32,
    // 1 if its objects report when they like.
    reports: u32,
}

// Whether lane `l` has a scan in this wave; a place or a cell without a lane names one past the end.
fn is_awake(l: u32) -> bool {
    if l >= params.lanes {
        return false;
    }
    return looks[params.first_look + l].awake == 1u;
}
