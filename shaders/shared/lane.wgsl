// What is known of a lane on the device. Twin: src/fusion/device/kernels.rs
struct LaneState {
    // First place, places, places that hold a track.
    first: u32,
    places: u32,
    live: u32,
    // The same after this wave.
    next_places: u32,
    next_live: u32,
    // Births of this wave, and the first of them.
    births: u32,
    first_birth: u32,
    // 1 if every track stays where it is.
    in_place: u32,
    // 1 if so many tracks share a cell that they are not put in order.
    crowded: u32,
    // Gaussian components of undetected targets, now and after this wave.
    components: u32,
    next_components: u32,
}

// How a lane began: its field of undetected targets.
struct Setup {
    // 0: cells of a plane; 1: Gaussian components.
    kind: u32,
    // 1 if up is away from the Earth's centre.
    radial: u32,
    // Components that are born with every scan: the first, and how many.
    first_birth: u32,
    births: u32,
    // Births a square metre and second.
    birth: f32,
    speed_m_s: f32,
    climb_m_s: f32,
    height_m: f32,
    // Lighter components are dropped.
    weight_min: f32,
}
