// Log-odds that a view sees a track, two in a word. Twin: src/fusion/views/mod.rs

// Words of a track's log-odds.
override VIEW_WORDS: u32;
// Steps of log-odds in one nat.
override VIEW_STEPS: f32;

// v and 1 - v of log-odds in steps.
fn chance(steps: i32) -> vec2<f32> {
    let e = exp_of_nonpositive(f32(abs(steps)) / -VIEW_STEPS);
    let more = 1.0 / (1.0 + e);
    let less = e / (1.0 + e);
    return select(vec2(more, less), vec2(less, more), steps < 0);
}

// v and 1 - v now, of what was stored.
fn chance_now(view: ViewLook, steps: i32) -> vec2<f32> {
    let before = chance(steps);
    return vec2(view.gained + view.kept * before.x, view.lost + view.kept * before.y);
}

// The number of view `h` in its word.
fn stored(word: u32, h: u32) -> i32 {
    return bitcast<i32>(word << (16u * (1u - h % 2u))) >> 16u;
}

// A word with another number for view `h`.
fn with_stored(word: u32, h: u32, steps: i32) -> u32 {
    let shift = 16u * (h % 2u);
    return (word & ~(0xffffu << shift)) | ((bitcast<u32>(steps) & 0xffffu) << shift);
}
