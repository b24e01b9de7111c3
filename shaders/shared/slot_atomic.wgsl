// One column of an assignment, for kernels that share them. Twin: src/fusion/associate/assign.rs
struct Slot {
    price: f32,
    // Track that has it, or NONE.
    owner: atomic<u32>,
}
