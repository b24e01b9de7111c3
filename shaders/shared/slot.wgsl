// One column of an assignment. Twin: src/fusion/associate/assign.rs
struct Slot {
    price: f32,
    // Track that has it, or NONE.
    owner: u32,
}
