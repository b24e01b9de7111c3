// What a lane knows of its views in a wave. Twin: src/fusion/views/mod.rs

// Views that a lane has at most.
override VIEWS_MAX: u32;

struct ViewLook {
    // First part of the mask of where it sees, and first of the shares of cells that it covers, or NONE.
    mask: u32,
    cover: u32,
    // What is left of v since its last look, and what v and 1 - v take on instead.
    kept: f32,
    gained: f32,
    lost: f32,
    // v of undetected targets that it covers, before this look's miss.
    field: f32,
    // What is stored for a newborn that it covers, and for one that it does not.
    covered: i32,
    beyond: i32,
    variance_m2: f32,
}

// Where view `h` of lane `l` lies.
fn view_at(l: u32, h: u32) -> u32 {
    return (params.first_look + l) * VIEWS_MAX + h;
}
