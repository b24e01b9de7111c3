// One column of an assignment, for kernels that share them. Twin: src/fusion/associate/assign.rs
struct Slot {
    price: f32,
    // Track that has it, or NONE.
    owner: atomic<u32>,
    distance: f32,
    // Track by which the search came here, and whether its distance is final.
    mark: u32,
}
