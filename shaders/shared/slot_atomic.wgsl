// One column of an assignment, for kernels that read some while others change them. Twin: src/fusion/associate/assign.rs
struct Slot {
    // The bits of a number.
    price: atomic<u32>,
    // Track that has it, or NONE.
    owner: atomic<u32>,
}

fn price_of(column: u32) -> f32 {
    return bitcast<f32>(atomicLoad(&slots[column].price));
}

fn owner_of(column: u32) -> u32 {
    return atomicLoad(&slots[column].owner);
}
