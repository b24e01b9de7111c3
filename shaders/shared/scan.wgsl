// Sums of words, chunk by chunk. Twin: src/fusion/device/program.rs

// Words of a chunk: a multiple of every size of a workgroup.
override CHUNK: u32;

// The sum of every invocation.
var<workgroup> partial: array<u32, WORKGROUP_SIZE>;

// A sum that stays at the most it can be.
fn added(a: u32, b: u32) -> u32 {
    return select(a + b, 0xffffffffu, a + b < a);
}
