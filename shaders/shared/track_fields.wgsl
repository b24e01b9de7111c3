// Where the fields of a track lie. Twin: src/fusion/arrays.rs

// Tracks in a block.
override BLOCK: u32;
// Components of a mean: position offset in the tile, then velocity.
override MEAN: u32;
// Numbers of a rest, what a velocity has beyond 32 bits.
override REST: u32;
// Components of a covariance: the upper triangle of 6 x 6, row by row.
override COVARIANCE: u32;
// Words of an identity, and what they are: scan and detection of birth, flags, number of detections, time of the last one
// in two words, address and the probability that it is its own.
override IDENTITY: u32;
override BORN_SCAN: u32;
override BORN_DETECTION: u32;
override FLAGS: u32;
override COUNTED: u32;
override LAST_LOW: u32;
override LAST_HIGH: u32;
override ADDRESS: u32;
override ADDRESS_CHANCE: u32;
// Words of a set of sources.
override SOURCE_WORDS: u32;
// Flag of a confirmed track.
override CONFIRMED: u32;
// Flag of a track that is, or was once.
override WAS_CONFIRMED: u32;

// Index of field `k` of track `i` in an array with `fields` fields.
fn at(i: u32, k: u32, fields: u32) -> u32 {
    return ((i / BLOCK) * fields + k) * BLOCK + i % BLOCK;
}
