// What a track is taken to send. Twin: src/fusion/address.rs

// Most that is believed of an address.
override CERTAIN: f32;

struct Belief {
    // The number of an address; 0 for none.
    address: u32,
    // Probability that it is the object's.
    probability: f32,
}

fn belief_of(track: u32) -> Belief {
    return Belief(identity[at(track, ADDRESS, IDENTITY)], bitcast<f32>(identity[at(track, ADDRESS_CHANCE, IDENTITY)]));
}

// The address of a detection of a look.
fn address_of(look: LaneStep, p: Placed) -> u32 {
    return addresses[params.first_detection + look.first_detection + p.arrived];
}
