// Tiles. Twin: src/space.rs

// Side of a tile, metres.
override TILE_M: f32;
