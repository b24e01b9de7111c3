// One column of an assignment. Twin: src/fusion/associate/assign.rs
struct Slot {
    price: f32,
    // Track that has it, or NONE.
    owner: u32,
}

fn price_of(column: u32) -> f32 {
    return slots[column].price;
}

fn owner_of(column: u32) -> u32 {
    return slots[column].owner;
}
