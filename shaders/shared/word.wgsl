// The array that is scanned. Twin: src/fusion/device/program.rs

// Word `k`; 0 past the end.
fn word_of(k: u32) -> u32 {
    if k >= params.capacity {
        return 0u;
    }
    return words[k * params.stride + params.from_word];
}
